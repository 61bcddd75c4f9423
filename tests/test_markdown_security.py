"""What an author without the owner's trust must not be able to do to a reader or to the server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitacora.markdown.writer import render


class AsWritten:
    def link(self, href: str) -> str:
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0


PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/a.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "<script/x>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img src='x' onerror\n=\nalert(1)>",
    "<IMG SRC=jAvAsCrIpT:alert(1)>",
    '<img src="jav\tascript:alert(1)">',
    '<img src="&#106;avascript:alert(1)">',
    '<img src="&#0000106&#0000097;vascript:alert(1)">',
    '<img srcset="javascript:alert(1) 1x, a.png 2x">',
    '<img src="data:image/svg+xml;base64,PHN2Zy8+">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<math><a xlink:href=javascript:alert(1)>x</a></math>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe src="data:text/html,<script>alert(1)</script>"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<iframe><img src=x onerror=alert(1)></iframe>",
    "<iframe src=https://ok.example/x onload=alert(1)><script>alert(1)</script></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    '<a href=" \x01javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="javascript&colon;alert(1)">x</a>',
    "<a href=vbscript:msgbox(1)>x</a>",
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    "<a href=# onclick=alert(1)>x</a>",
    '<a style="background:url(javascript:alert(1))" href=/>x</a>',
    '<div style="position:fixed;inset:0">x</div>',
    "<style>@import '//x.example/a.css'</style>",
    "<link rel=stylesheet href=//x.example/a.css>",
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    "<base href=//x.example/>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
    "<input onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video src=javascript:alert(1) poster=javascript:alert(1) onerror=alert(1)><source src=vbscript:x></video>",
    "<body onload=alert(1)>",
    "<table background=javascript:alert(1)><td background=javascript:alert(1)>x</table>",
    "<template><script>alert(1)</script></template>",
    '<textarea><img title="</textarea><img src=x onerror=alert(1)>">',
    "<title><img src=x onerror=alert(1)></title>",
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>',
    "<plaintext><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    '<!--<img src="--><img src=x onerror=alert(1)//">',
    "<![CDATA[<script>alert(1)</script>]]>",
    '<?xml version="1.0"?><script>alert(1)</script>',
    "[x](javascript:alert(1))",
    "[x](<java script:alert(1)>)",
    "[x](&#x6a;avascript:alert(1))",
    "[x](javascript%3Aalert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](a.png)',
    '![x](a.png "\\" onerror=\\"alert(1)")',
    "[x]: javascript:alert(1)\n\n[x] ![x]",
    '[x](/a "\\"><script>alert(1)</script>")',
    "<javascript:alert(1)>",
    'http://x.example/"onmouseover=alert(1)//',
    '## x {#"><script>alert(1)</script>}',
    'x\n{: onclick="alert(1)" style="color:red" #a"><script>}',
    '[x](/a){: href="javascript:alert(1)" onclick="alert(1)"}',
    '*[A]: "><script>alert(1)</script>\n\nA',
    "x[^1]\n\n[^1]: <script>alert(1)</script>",
    'x[^"><script>]\n\n[^"><script>]: y',
    '```"><script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```',
    "> [!NOTE]\n> <script>alert(1)</script>",
    "|a|\n|---|\n|<img src=x onerror=alert(1)>|",
    '{% highlight "><script>alert(1)</script> %}</code><script>alert(1)</script>{% endhighlight %}',
    "{% raw %}<script>alert(1)</script>{% endraw %}",
    '{{< figure src="javascript:alert(1)" alt="\\"><script>alert(1)</script>" >}}',
    "<scr{{ x }}ipt>alert(1)</scr{{ x }}ipt>",
    "<img src=x on{% x %}error=alert(1)>",
    'java<!-- -->script <a href="java{{ x }}script:alert(1)">x</a>',
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_author_runs_anything_in_the_page(payload: str) -> None:
    for text in (payload, f"before {payload} after", f"> - {payload}\n", f"<div>\n{payload}\n</div>"):
        assert_harmless(text)


HTML = st.sampled_from(
    [
        *PAYLOADS,
        "<p>",
        "</p>",
        "<table>",
        "<td>",
        "<b>",
        "</b>",
        '"',
        "'",
        ">",
        "<",
        "\n\n",
        " ",
        "=",
        "`",
        "<!--",
        "-->",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(HTML, max_size=8).map("".join))
def test_no_mixture_of_attacks_runs_anything_either(text: str) -> None:
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    body = render(text, AsWritten(), embeds=("ok.example",)).body
    # A page in which scripts run, and one in which they do not, read <noscript> and the like in different ways.
    for scripting in (True, False):
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        for element in parser.parseFragment(body, scripting=scripting).iter():
            if isinstance(element.tag, str):
                assert_harmless_element(element.tag, element.attrib)


def assert_harmless_element(tag: str, attributes: dict[str, str]) -> None:
    assert tag not in {
        "script",
        "style",
        "link",
        "meta",
        "base",
        "object",
        "embed",
        "form",
        "svg",
        "math",
        "template",
    }
    for name, value in attributes.items():
        assert not name.startswith("on")
        assert name not in {"style", "srcdoc", "formaction", "action", "background", "xlink:href"}
        address = re.sub(r"[\x00-\x20]", "", value).lower()
        if name in {"href", "src", "poster", "srcset"}:
            assert not address.startswith(("javascript:", "vbscript:", "data:"))
    if tag == "iframe":
        assert attributes["src"].startswith("https://ok.example/")


@pytest.mark.parametrize("scheme", ["http", "https", "mailto", "tel", "sms", "xmpp", "ftp", "irc", "geo"])
def test_a_scheme_that_runs_nothing_stays(scheme: str) -> None:
    assert f'href="{scheme}:x"' in render(f"[a]({scheme}:x)", AsWritten()).body
    assert f'href="{scheme}:x"' in render(f'<a href="{scheme}:x">a</a>', AsWritten()).body


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_a_picture_may_be_in_its_own_address(kind: str) -> None:
    address = f"data:image/{kind};base64,AAAA"
    for text in (f"![x]({address})", f'<img src="{address}">'):
        assert f'src="{address}"' in render(text, AsWritten()).body


def test_author_html_cannot_close_what_holds_the_post() -> None:
    body = render("</div></article></main></body>\n\nx </section></p>", AsWritten()).body
    whole = html5lib.parse(f"<main><article>{body}<i></i></article></main>", namespaceHTMLElements=False)
    assert whole.find("body/main/article/i") is not None


PATHOLOGICAL = [
    "'[' * 50_000",
    "'![' * 20_000 + '](' * 20_000",
    "'*a ' * 20_000 + 'b* ' * 20_000",
    "'**a*b_' * 20_000",
    "'~~a' * 20_000",
    "'`' * 10_000 + 'a'",
    "' '.join('`' * n for n in range(500))",
    "'\\n'.join('  ' * n + '- x' for n in range(500))",
    "'> ' * 20_000 + 'x'",
    "'> - ' * 5_000 + 'x'",
    "'- ' * 20_000 + 'x'",
    "'a\\n' + ': ' * 5_000 + 'x'",
    "'[a]: /' + 'x' * 40_000 + '\\n\\n' + '[a] ' * 20_000",
    "'*[a]: ' + 'x' * 40_000 + '\\n\\n' + 'a ' * 20_000",
    "''.join(f'*[w{n}]: x\\n' for n in range(5_000)) + '\\n' + ' '.join(f'w{n}' for n in range(5_000))",
    "'<div>' * 100_000",
    "'<span><div></span></div>' * 20_000",
    "'<div><table><td></div></table>' * 20_000",
    "'<p>' + ''.join(f'<b title={n}>' for n in range(5_000)) + '</p>' + '<p>x</p>' * 5_000",
    "'<p ' + ' '.join(f'a{n}' for n in range(50_000)) + '>x'",
    "'<script>' * 50_000",
    "'<pre>' * 50_000",
    "'<svg>' * 50_000",
    "'<!--' * 50_000",
    "'<a \"' * 50_000",
    "'<' * 100_000",
    "'&' * 300_000",
    "'\\n' * 2_000_000",
    "' \\n' * 1_000_000",
    "'http://x/' + ')' * 100_000",
    "'{% ' * 50_000",
    "'{{' * 50_000",
    "'{:' * 50_000",
    "'x\\n{: ' + '.a' * 99 + '!}'",
    "'{% highlight x %}' * 20_000",
    "'{% raw %}' * 20_000",
    "'```\\n{%' * 10_000",
    "'```python\\nx\\n```\\n' * 5_000",
    "'```python\\n' + 'x = 1 # a\\n' * 100_000",
    "'|a' * 20_000 + '|\\n' + '|-' * 20_000 + '|\\n'",
    "''.join(f'[^{n}]' for n in range(3_000)) + ''.join(f'\\n\\n[^{n}]: n' for n in range(3_000))",
    "'# a\\n' * 10_000",
]


EACH_IN_A_FORK = """
import os, resource, signal, sys
from bitacora.markdown.writer import MarkupTooLarge, first_heading, plain_text, render

class AsWritten:
    def link(self, href): return href
    def picture(self, src): return src, 0, 0

def put_through(text):
    plain_text(text), first_heading(text)
    for trusted in (False, True):
        try:
            render(text, AsWritten(), trusted=trusted)
        except MarkupTooLarge:
            pass

for expression in sys.stdin:
    if (child := os.fork()) == 0:
        signal.alarm(120)
        resource.setrlimit(resource.RLIMIT_AS, (1500 << 20, 1500 << 20))
        try:
            put_through(eval(eval(expression)))
        except BaseException as error:
            print(repr(error)[:500], file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that puts each text through in one of its own, and where that writes its errors."""
    errors = tmp_path_factory.mktemp("forking") / "errors"
    with errors.open("w") as file:
        command, root = [sys.executable, "-c", EACH_IN_A_FORK], Path(__file__).parent.parent
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=file, text=True, cwd=root) as process:
            yield process, errors


@pytest.mark.parametrize("expression", PATHOLOGICAL)
def test_no_text_hangs_crashes_or_bloats_a_worker(
    forking: tuple[subprocess.Popen[str], Path], expression: str
) -> None:
    """In a process of its own, for a crash would take the tests with it."""
    process, errors = forking
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{expression!r}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "0\n", errors.read_text()
