"""What an author writes in a body: ids, includes, raw HTML, and shapes that take a reader of Markdown long."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import html5lib
import pytest
from blogs import post
from conftest import NewBlog
from hypothesis import given, settings
from hypothesis import strategies as st

from advisories.reading import dangers, dangers_of_page, elements
from bitacora.markdown import sanitise
from bitacora.markdown.writer import MarkupTooLarge, render

MARK = "zzevilzz"


class AsWritten:
    def link(self, href: str) -> str:
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0


def body_of(text: str) -> str:
    return render(text, AsWritten(), embeds=("ok.example",)).body


PIECES = (
    "<", ">", "</", "/>", '"', "'", "=", " ", "\n", "`", "\\", "&", "&lt;", "&#60;", "&quot;", "{", "}", "on",
    "error", "=alert(1)", "img ", "src=x ", "<img src=x ", "on", "error=alert(1)>", "<scr", "ipt>", "</scr",
    "script", "java", "script:", "style", "=x", "{{ x }}", "{% x %}", "{: x}", "<!--", "-->", "<b", "svg", "<a ",
    "href=", "alert(1)", "{% raw %}", "{% endraw %}", "on<b>error",
)  # fmt: skip
PRODUCERS = (
    "{0}", '![{0}]({1} "{2}")', '[![{0}](a.png "{1}")](/b "{2}")', "> [!NOTE] {0}\n> {1}", "## {0} {{#{1} .{2}}}",
    "x[^{0}]\n\n[^{0}]: {1}", "```{0}\n{1}\n```", "~~~ {0} {1}\n{2}", "*[{0}]: {1}\n\n{0} {2}",
    "| {0} | {1} |\n|:-|-:|\n| {2} |", "- [x] {0}\n{{: .{1} #{2}}}", "{0}\n: {1}",
    '{{{{< figure src="{0}" alt="{1}" caption="{2}" >}}}}', "{{% highlight {0} %}}{1}{{% endhighlight %}}",
    "`{0}`{{: {1}}}", "http://a.example/{0}", "<div {0}>{1}</div>",
    '<figure><img src="{0}"><figcaption>{1}</figcaption></figure>', '<iframe src="{0}" title="{1}"></iframe>',
    "{{% raw %}}{0}{{% endraw %}}", "<http://{0}>", "[a]: /{0} '{1}'\n\n[a]", "[{0}](<{1}> '{2}')",
)  # fmt: skip


@pytest.mark.advisory(10, "GHSA-2c4f-86xc-cr74")
@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(PRODUCERS), min_size=1, max_size=3),
    st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map("".join), min_size=3, max_size=3),
)
def test_what_is_assembled_while_rendering_is_cleaned_after_it_is_whole(
    producers: list[str], parts: list[str]
) -> None:
    """GHSA-2c4f-86xc-cr74 (Grav): the source was validated, and `"on" ~ "error"` assembled afterwards.

    Pieces that only make sense together go through each producer of markup, and what comes out is read again.
    """
    body = body_of("\n\n".join(producer.format(*parts) for producer in producers))
    assert dangers(body) == []
    assert {element.tag for element in elements(body)} <= sanitise.TAGS | {"DOCUMENT_FRAGMENT"}


NASTY = (
    '"><script>alert(1)</script>', "' onmouseover='alert(1)", "<img src=x onerror=alert(1)>", "&lt;script&gt;",
    "&quot;><b>", "</a></li></ol></nav>", "`<b>`", "</h2><script>", "{{7*7}}", "]]>", "<!--", "\\<b>", "a\\\"b",
    "javascript:alert(1)", "％", "\u202eevil",
)  # fmt: skip


@pytest.mark.advisory(14, "CVE-2026-44896", "CVE-2026-44897", "GHSA-6269-cqxg-mhhv")
def test_no_id_class_or_entry_of_the_contents_leaves_its_place(new_blog: NewBlog) -> None:
    """CVE-2026-44896, CVE-2026-44897, GHSA-6269-cqxg-mhhv (mistune): figclass, heading id, TOC entry unescaped."""

    @settings(max_examples=40, deadline=None)
    @given(*[st.one_of(st.text(max_size=12), st.sampled_from(NASTY))] * 4)
    def fuzzed(text: str, identifier: str, kind: str, title: str) -> None:
        attributes = f'#{identifier} .{kind} title="{title}"'
        written = (
            f"## {text} {{{attributes}}}\n\nx\n{{: {attributes}}}\n\n![{text}](a.png '{title}'){{: {attributes}}}"
        )
        html = render(f"{written}\n\n<p id='{identifier}' class=\"{kind}\">x</p>", AsWritten())
        assert dangers(html.body) == []
        there = {element.get("id") for element in elements(html.body)}
        assert {heading.id for heading in html.toc} <= there

    fuzzed()
    text = "".join(f"## {n} {text}\n\n## {n} x {{#i{n}{text} .c{text}}}\n\n" for n, text in enumerate(NASTY))
    blog = new_blog({"posts/2018-07-17-x.md": post("X", text, toc="true")})
    page = blog.get("/2018/07/17/x/")
    assert dangers_of_page(page.text) == []
    ids = [element.get("id") for element in page.html.iter("h2") if element.get("id")]
    entries = [link[1:] for link in page.links if link and link.startswith("#") and link != "#main"]
    assert len(entries) >= 2 * len(NASTY) - 4
    assert set(entries) <= set(ids)


INCLUDES = (
    "{% include FILE %}", "{% include_relative FILE %}", "{% include_cached FILE %}", "{% render 'FILE' %}",
    "{{< readfile FILE >}}", '{{% include "FILE" %}}', '{{< include file="FILE" >}}',
    "{{< highlight file=FILE >}}", '{{ readFile "FILE" }}', "![[FILE]]", "[[FILE]]", '#+INCLUDE: "FILE"',
    ".. include:: FILE", ".. literalinclude:: FILE", ".. raw:: html\n   :file: FILE",
    '<!--#include virtual="FILE" -->', '<esi:include src="FILE"/>', '<xi:include href="FILE" parse="text"/>',
    '--8<-- "FILE"', "{!FILE!}", "```{include} FILE\n```", "```{literalinclude} FILE\n```", "{{#include FILE}}",
    "@import 'FILE'", "!include FILE", "\\input{FILE}", "<?php include 'FILE' ?>", "<%- include('FILE') %>",
    "{{> FILE }}", "#include \"FILE\"", "include::FILE[]", "{{FILE}}", "[!include[x](FILE)]",
    "<object data='FILE'></object>", "<iframe src='FILE'></iframe>", "::: include\nFILE\n:::",
)  # fmt: skip
IN_HEADS = (
    "intro: !include FILE",
    "extra: !!python/name:open FILE",
    "<<: !include FILE",
    "title: !file FILE",
    "body: {include: FILE}",
)


@pytest.mark.advisory(16, "CVE-2026-115350", "CVE-2026-59774")
def test_no_text_includes_another_file(new_blog: NewBlog, reads: list[str]) -> None:
    """CVE-2026-115350 (mistune), CVE-2026-59774 (Gitea): an include directive read other files as raw HTML."""
    targets = (
        "secret.txt",
        "../secret.txt",
        "posts/2018-07-16-draft.md",
        "2018-07-16-draft.md",
        "/etc/hostname",
        "site.toml",
    )
    files = {
        "posts/2018-07-16-draft.md": post(MARK, MARK, draft="true"),
        "secret.txt": MARK,
        "templates/secret.txt": MARK,
    }
    for number, target in enumerate(targets):
        text = "\n\n".join(include.replace("FILE", target) for include in INCLUDES)
        files[f"posts/2018-07-17-x{number}.md"] = post("X", text)
    for number, line in enumerate(IN_HEADS):
        files[f"posts/2018-07-17-y{number}.md"] = (
            f"---\ndate: 2018-07-17\n{line.replace('FILE', 'secret.txt')}\n---\nx\n"
        )
    blog = new_blog(files)
    own = {path for path in files if path != "secret.txt"} | {"site.toml"}
    for path in ("/", "/feed.xml", *blog.parts.library.snapshot().by_url):
        text = blog.get(path).text
        assert MARK not in text, path
        assert "root:" not in text
    assert set(reads) <= own
    assert dangers_of_page(blog.get("/2018/07/17/x0/").text) == []


SHAPES: dict[str, Callable[[int], str]] = {
    "titles of link definitions": lambda n: '[a]: /b "' * n,
    "titles of links": lambda n: '[a](/b "' * n,
    "titles with escapes": lambda n: '[a](/b "' + "\\" * 8 * n + "x",
    "nested emphasis": lambda n: "*a " * 2 * n + "b" + " a*" * 2 * n,
    "emphasis of two kinds": lambda n: "*_" * 4 * n + "a" + "_*" * 4 * n,
    "emphasis that nothing ends": lambda n: "*a " * n + "b* " * n,
    "suffixes of references": lambda n: "[a][" * 2 * n + "]" * 2 * n,
    "references": lambda n: "[a]: /b\n\n" + "[a][a]" * n,
    "brackets": lambda n: "[" * 8 * n + "]" * 8 * n,
    "pictures in pictures": lambda n: "![" * 4 * n + "](a)" * n,
    "quotations": lambda n: ">" * 8 * n + "x",
    "lists": lambda n: "- " * 4 * n + "x",
    "backticks": lambda n: "".join("`" * (k % 60) + "a" for k in range(n // 4)),
    "angle brackets": lambda n: "<a " * 2 * n,
    "comments": lambda n: "<!-" * 2 * n,
    "footnotes": lambda n: "[^1]" * 2 * n + "\n\n[^1]: x",
    "footnotes in footnotes": lambda n: "".join(f"[^{k}]\n\n[^{k}]: [^{k + 1}]\n\n" for k in range(n // 8)),
    "pipes": lambda n: "|" * 8 * n + "\n|-|",
    "headings": lambda n: "# a\n" * n,
    "attribute lists": lambda n: "x {: .a" * n,
    "entities": lambda n: "&#" * 4 * n,
    "bare links": lambda n: "http://a" + ")" * 8 * n,
    "mail addresses": lambda n: "a@" * 4 * n + "<",
    "definitions": lambda n: "a\n: b\n\n" * n,
}


@pytest.mark.advisory(17, "mistune 3.2.1", "LINK_TITLE_RE", "GHSA-2hm2-hc3v-44h9")
def test_no_shape_of_text_takes_more_than_its_length() -> None:
    """mistune 3.2.1 to 3.3.4: LINK_TITLE_RE, nested emphasis and suffixes of references in quadratic time.

    Also GHSA-2hm2-hc3v-44h9. Of eight times the text twenty times the work is let pass, where squares take 64.
    """
    suspects = [name for name, shape in SHAPES.items() if growth(shape) > MOST_GROWTH]
    assert [
        name for name in suspects if growth(SHAPES[name]) > MOST_GROWTH
    ] == []  # others use this machine as well


def growth(shape: Callable[[int], str]) -> float:
    """How much longer eight times the text takes."""
    return cost(shape(4_000)) / max(cost(shape(500)), LEAST_S)


MOST_GROWTH = 20
LEAST_S = 0.005


def cost(text: str) -> float:
    """Seconds of processor time."""
    begun = time.thread_time()
    with suppress(MarkupTooLarge):
        body_of(text)
    return time.thread_time() - begun


DOCUMENT = f"<!doctype html><title>{MARK}</title><body onload=alert(1)>{MARK}<script>alert(1)</script>"
NAMES = (
    "x.html",
    "x.htm",
    "x.xhtml",
    "x.shtml",
    "x.xht",
    "x.HTML",
    "x.md.html",
    "x.html.md",
    "x.svg.html",
    "x.xml",
    "x.mht",
)


@pytest.mark.advisory(19, "CVE-2026-50133", "GO-2026-5313")
def test_no_file_of_html_becomes_a_page(new_blog: NewBlog) -> None:
    """CVE-2026-50133 / GO-2026-5313 (Hugo): content of the type text/html went into pages as it was.

    Only Markdown is content. HTML lies in static/ alone, where the policy lets none of its own scripts run.
    """
    files: dict[str, str | bytes] = {
        "posts/2018-07-16-b/index.md": post("B", "".join(f"[a]({name})" for name in NAMES))
    }
    for name in NAMES:
        for folder in (
            "posts/2018-07-17-",
            "posts/2018-07-16-b/",
            "pages/",
            "static/",
            "posts/_posts/2018-07-15-",
        ):
            files[folder + name] = post("X", DOCUMENT) if name.endswith(".md") else DOCUMENT
    blog = new_blog(files)
    here = blog.parts.library.snapshot()
    content = {path for path in here.entries if path.startswith(("posts/", "pages/"))}
    assert {path for path in content if not path.endswith(".md")} == set()
    for path in here.by_url:
        assert dangers_of_page(blog.get(path).text) == [], path
    stems = ("", "/2018/07/17", "/2018/07/16/b", "/2018/07/15", "/posts/2018-07-16-b", "/static")
    for path in [f"{stem}/{name}" for stem in stems for name in NAMES]:
        answer = blog.get(path)
        if answer.status == 200 and "onload" in answer.text:
            assert path.startswith("/static/"), path
        if answer.status == 200:
            assert "script-src 'self';" in answer.headers["Content-Security-Policy"], path
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


RAW = (
    "iframe",
    "noscript",
    "style",
    "script",
    "xmp",
    "noembed",
    "noframes",
    "textarea",
    "title",
    "plaintext",
    "template",
)
ANNOTATION = "math><annotation-xml"
FOREIGN = (
    "math", "svg", "svg><desc", "svg><foreignObject", "svg><title", "math><mtext", "math><mi", ANNOTATION,
    f'{ANNOTATION} encoding="text/html"', f'{ANNOTATION} encoding="application/xhtml+xml"',
)  # fmt: skip
EVIL = "<img src=x onerror=alert(1)>"
MUTATING = (
    "<{foreign}><{raw}><a title=\"</{raw}>" + EVIL + '">', "<{foreign}><p></p><{raw}><!--</{raw}>" + EVIL + "-->",
    "<{raw}>" + EVIL, "<{foreign}></p><{raw}><a id=\"</{raw}>" + EVIL + '">',
    "<{raw}><p title=\"</{raw}>" + EVIL + '">', "<{foreign}><{raw}>&lt;/{raw}&gt;" + EVIL,
    "<form><{foreign}></form><form><mglyph><{raw}></math>" + EVIL,
    "<{foreign}><table><mglyph><{raw}><!--</{raw}><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<table><{foreign}><{raw}></table>" + EVIL, "<p><{foreign}><{raw}><![CDATA[</{raw}>" + EVIL + "]]>",
    "<{foreign}><a href=\"javascript:alert(1)\"><{raw}>", "<a><{foreign}><a><{raw}>" + EVIL,
    "<select><{foreign}><{raw}><option>" + EVIL, "<{foreign}><br><{raw}><a alt=\"</{raw}><svg onload=alert(1)>\">",
)  # fmt: skip
MUTATIONS = (
    '<svg><animate attributeName=href values="javascript:alert(1)" /><a id=x><text>x</text></a></svg>',
    "<svg><set attributeName=onmouseover to=alert(1)>",
    '<svg><use href="data:image/svg+xml,<svg id=x><script>alert(1)</script></svg>#x"/>',
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x",
    '<a title="&lt;/a&gt;' + EVIL + '">x</a>', "<img alt='`'onerror=alert(1)//`' src=x>",
    '<p title="`<script>alert(1)</script>`">', "<b title=\"a'b&quot;" + EVIL + '">', "<pre>\n\n</pre>" + EVIL,
    "<listing>\n<img title='</listing>" + EVIL + "'>", "<!--!><img src=x onerror=alert(1)>-->",
    "<!-- --!>" + EVIL + "<!-- -->", "<?xml >" + EVIL + "?>", '<details><summary title="</summary>' + EVIL + '">x',
    "<table><tr><td><b><table><td>" + EVIL, '<ruby><rt title="</rt>' + EVIL + '">',
    "<image src=x onerror=alert(1)>", "<a href='&#x6A;avascript:alert(1)'>",
    "<iframe title='</iframe>" + EVIL + "' src=https://ok.example/></iframe>",
    "<iframe src=https://ok.example/>&lt;/iframe&gt;" + EVIL,
)  # fmt: skip


def serialised(body: str, scripting: bool) -> str:
    """The HTML that `innerHTML` of a browser gives for it."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parseFragment(body, scripting=scripting)
    return str(
        html5lib.serialize(
            tree, omit_optional_tags=False, quote_attr_values="always", alphabetical_attributes=False
        )
    )


@pytest.mark.advisory(21, "RUSTSEC-2025-0071", "CVE-2026-63430", "RUSTSEC-2026-0213", "RUSTSEC-2021-0074")
def test_no_markup_changes_what_it_is_when_it_is_written_and_read_again() -> None:
    """RUSTSEC-2025-0071, CVE-2026-63430 (RUSTSEC-2026-0193), RUSTSEC-2026-0213, RUSTSEC-2021-0074: ammonia's mXSS.

    It takes `math` or `svg` beside an element whose content is raw: `iframe` is allowed, so these never may be.
    """
    assert not sanitise.TAGS & {
        "math",
        "svg",
        "annotation-xml",
        "foreignobject",
        "desc",
        "mtext",
        "mglyph",
        "style",
        "template",
    }
    assert {name for name in RAW if name in sanitise.TAGS} == {"iframe"}
    payloads = [shape.format(foreign=foreign, raw=raw) for shape in MUTATING for foreign in FOREIGN for raw in RAW]
    cleaned = {body_of(payload) for payload in [*payloads[::3], *MUTATIONS]}
    cleaned |= {sanitise.clean(payload) for payload in [*payloads, *MUTATIONS]}
    assert len(cleaned) > 100
    for body in cleaned:
        for scripting in (True, False):
            assert dangers(serialised(body, scripting)) == [], body
    once = {sanitise.clean(payload) for payload in payloads}
    assert {sanitise.clean(body) for body in once} == once


@pytest.mark.advisory(22, "GHSA-4p39-36wj-23h4")
def test_no_element_is_read_in_another_way_where_scripts_are_off() -> None:
    """GHSA-4p39-36wj-23h4 (Nokogiri): the text of `noscript` is markup for a browser without scripts."""
    assert "noscript" not in sanitise.TAGS
    for text in (
        '<noscript><p title="</noscript>' + EVIL + '">', "<noscript><style></noscript>" + EVIL,
        "<noscript>" + EVIL + "</noscript>", "<noscript><!--</noscript>" + EVIL + "-->", "<NOSCRIPT\n>" + EVIL,
        "<p><noscript><p title='</p></noscript>" + EVIL + "'>", "<noscript/><a title='</noscript>" + EVIL + "'>",
        "&lt;noscript>" + EVIL, "<noscript><iframe></noscript>" + EVIL,
    ):  # fmt: skip
        for body in (body_of(text), sanitise.clean(text), body_of(f"x {text} y")):
            on, off = ([element.tag for element in elements(body, scripting=how)] for how in (True, False))
            assert on == off, text
            assert "noscript" not in on
            assert dangers(body) == [], text
