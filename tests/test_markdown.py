"""Body to HTML. The rules of the syntax are pairs of Markdown and HTML in tests/markdown/*.txt."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitacora.markdown.writer import (
    Figure,
    Heading,
    Html,
    MarkupTooLarge,
    first_heading,
    plain_text,
    render,
)

PAIRS = Path(__file__).parent / "markdown"


class Files:
    """Resolves addresses so that a second time shows, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def link(self, href: str) -> str:
        self.asked.append(href)
        return "/to" + href if href.startswith("/") else href

    def picture(self, src: str) -> tuple[str, int, int]:
        self.asked.append(src)
        return (src, 0, 0) if src.startswith(("http", "/", "data")) else ("/files/" + src, 640, 480)


def html_of(text: str, **options: object) -> Html:
    return render(text, Files(), **options)  # type: ignore[arg-type]


def pairs() -> list[object]:
    found = []
    for file in sorted(PAIRS.glob("*.txt")):
        for pair in ("\n" + file.read_text(encoding="utf-8")).split("\n=== ")[1:]:
            name, _, rest = pair.partition("\n")
            markdown, _, html = rest.partition("\n--->\n")
            found.append(pytest.param(markdown, html.strip("\n"), id=f"{file.stem}: {name}"))
    return found


@pytest.mark.parametrize(("markdown", "html"), pairs())
def test_markdown_becomes_this_html(markdown: str, html: str) -> None:
    assert html_of(markdown, embeds=("video.example",)).body.strip("\n") == html


@pytest.mark.parametrize(("markdown", "html"), pairs())
def test_what_is_rendered_is_valid_html(markdown: str, html: str) -> None:
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    parser.parseFragment(html_of(markdown).body)
    assert [error for _, error, _ in parser.errors] == []


def test_every_address_goes_through_the_resolver_once() -> None:
    text = (
        '[a](/1) ![b](2.png) <https://x.example/3> https://x.example/4 [r]\n\n[r]: /5\n\n<a href="/6"></a>'
        '\n\n<div><img src="7.png" srcset="8.png 2x"><video src="/9" poster="10.png"></video>'
        '<audio><source src="/11"></audio></div>\n\n![c](12.png "Figure")\n\n<iframe src="https://y.example/13"></iframe>'
    )
    files = Files()
    body = render(text, files).body
    links = ["/1", "https://x.example/3", "https://x.example/4", "/5", "/6", "/9", "/11", "https://y.example/13"]
    pictures = ["2.png", "7.png", "8.png", "10.png", "12.png"]
    assert sorted(files.asked) == sorted([*links, *pictures])
    assert "/to/to" not in body
    assert "/files//files" not in body


def test_every_address_goes_through_the_resolver_once_when_trusted() -> None:
    files = Files()
    body = render(
        '[a](/1) ![b](2.png) https://x.example/3\n\n![c](4.png "T")\n\nx[^1]\n\n[^1]: y', files, trusted=True
    ).body
    assert files.asked == ["/1", "2.png", "https://x.example/3", "4.png", "#fn:1", "#fnref:1"]
    assert 'href="/to/1"' in body


def test_html_of_a_trusted_author_goes_out_as_it_is() -> None:
    html = '<my-map zoom="3"><script>draw("<b>")</script></my-map>'
    assert html in html_of(f"a\n\n{html}\n\nb", trusted=True).body


def test_a_trusted_body_looks_like_a_safe_one() -> None:
    text = '# A\n\n*b* ![c](c.png "d") [e](/e)\n\n> [!TIP]\n> x[^1]\n\n```python\nx\n```\n\n[^1]: y\n'
    assert html_of(text, trusted=True).body == html_of(text).body


def test_the_table_of_contents_has_levels_ids_and_texts() -> None:
    toc = html_of("# One & *two*\n\n## `three`\n\n> ## Quoted\n").toc
    assert toc == (Heading(2, "one--two", "One & two"), Heading(3, "three", "three"))


def test_no_two_elements_have_one_id() -> None:
    text = '<p id="a">x</p>\n\n## A\n\n## A {#b}\n\n## B\n\n## a\n\nx[^1][^1] y[^2]\n\n[^1]: z\n[^2]: z\n'
    tree = html5lib.parseFragment(html_of(text).body, namespaceHTMLElements=False)
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == 10
    assert len(ids) == len(set(ids))


def test_labels_speak_the_language_of_the_page() -> None:
    labels = {"note": "Nota", "footnotes": "Notas", "back": "Volver", "table": "Tabla"}
    text = "> [!NOTE]\n> a[^1]\n\n| b |\n|---|\n| c |\n\n> [!TIP]\n> d\n\n[^1]: e\n"
    tree = html5lib.parseFragment(html_of(text, labels=labels).body, namespaceHTMLElements=False)
    titles = [element.text for element in tree.iter() if element.get("class") == "alert-title"]
    assert titles == ["Nota", "Tip"]
    assert {element.get("aria-label") for element in tree.iter()} == {None, "Notas", "Volver", "Tabla"}


def test_pictures_are_listed_in_order_as_their_author_wrote_them() -> None:
    text = '![a](a.png) <img src="b.png">\n\n<div><img src="/c.png"></div>\n\n![d](https://d.example/d.png)'
    expected = ("a.png", "b.png", "/c.png", "https://d.example/d.png")
    assert html_of(text).pictures == expected
    assert html_of(text, trusted=True).pictures == expected


@pytest.mark.parametrize("trusted", [False, True])
def test_the_lead_is_the_first_picture_with_its_caption(trusted: bool) -> None:
    lead = html_of('Text\n\n![An *old* map](map.png "Our map")\n\n![x](x.png)', trusted=trusted).lead
    assert lead == Figure("map.png", "An old map", "Our map")
    assert html_of("No picture", trusted=trusted).lead is None


def test_the_lead_takes_the_caption_of_an_html_figure() -> None:
    html = '<figure><img src="a.png" alt="A"><figcaption>By <em>B &amp; C</em></figcaption></figure>'
    assert html_of(html).lead == Figure("a.png", "A", "By B & C")


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("# Title\n\nFirst *one*.\n\nSecond.", "First one."),
        ("One.\n\n- two\n\n<!--more-->\n\nThree.", "One. two"),
        ("One.\n\nTwo. <!-- more --> Three.", "One. Two."),
        ("![picture](a.png)\n\nText.", "Text."),
        ("<p>From <b>HTML</b> &amp; more</p>", "From HTML & more"),
        ("<script>x()</script>\n\nText.", "Text."),
        ("- a\n- b", "a b"),
        ("- a\n\nParagraph.", "Paragraph."),
        ("```\ncode\n```", ""),
        ("", ""),
        ("{% include x %}\n\nText {{ y }}.", "Text ."),
    ],
)
def test_an_excerpt_is_what_stands_before_more_else_the_first_paragraph(text: str, excerpt: str) -> None:
    assert html_of(text).excerpt == excerpt


def test_a_long_excerpt_is_cut_at_a_word() -> None:
    excerpt = html_of("alpha beta " * 100).excerpt
    assert 290 <= len(excerpt) <= 301
    assert excerpt.endswith(("alpha…", "beta…"))


def test_an_excerpt_never_cuts_a_character_a_reader_sees_as_one() -> None:
    family = "👩‍👩‍👧"
    assert html_of(family * 400).excerpt == family * 300 + "…"
    assert html_of("e\u0301" * 300).excerpt == "e\u0301" * 300


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("One two, don't <b>th</b>ree.", 4),
        ("你好 world", 3),
        ("a\n\n```\nb c d\n```\n\n`e` f", 3),
        ("| a | b |\n|---|---|\n| c | d |", 4),
        ("<script>a b c</script> d", 1),
        ("", 0),
    ],
)
def test_words_are_counted_in_visible_text_without_code_blocks(text: str, words: int) -> None:
    assert html_of(text).words == words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("A plain title", "A plain title"),
        ("Tom &#8217;s &ldquo;x&rdquo; &amp;amp; y", "Tom ’s “x” &amp; y"),
        ("<em>One</em> <a href='x'>two</a> <br> `three`", "One two three"),
        ("**bold** and *it* _it_ ~~gone~~", "bold and it it gone"),
        ("A*B, 2*3*4, snake_case_name, [Updated]", "A*B, 2*3*4, snake_case_name, [Updated]"),
        ("[text](http://x.example) ![alt](y.png)", "text alt"),
        ("List<String> in <leader> mode", "List<String> in <leader> mode"),
        ("`<b>` and `&amp;` are code", "<b> and &amp; are code"),
        ("one\n two\n\nthree", "one two three"),
        ("{{ page.x }}Title{% raw %} {: .big}", "Title"),
        ("Use `{{ x }}`", "Use {{ x }}"),
        (r"\*not\* emphasised", "*not* emphasised"),
        ("R&D at AT&T", "R&D at AT&T"),
        ("a<script>alert(1)</script>b<!-- c -->", "a b"),
        ("bell\x07 and null\x00", "bell and null"),
        ("  padded  ", "padded"),
        ("", ""),
    ],
)
def test_a_title_is_reduced_to_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("# A *b* `c` #\n\n## D", "A b c"),
        ("Text\n\n### Later {#id .x}\n", "Later"),
        ("Under\n===\n", "Under"),
        ("Under\n---\n", "Under"),
        ("```\n# code\n```\n\n~~~~\n# code\n~~~\n# code\n~~~~\n\n## Real", "Real"),
        ("- item\n---\n\n#no heading\n", ""),
        ("<h1>In <b>HTML</b></h1>", "In HTML"),
        ("#\n\n## Second", "Second"),
        ("\n---\n", ""),
        ("", ""),
    ],
)
def test_the_first_heading_of_a_body_is_found(text: str, heading: str) -> None:
    assert first_heading(text) == heading


def test_a_small_body_cannot_make_an_endless_page() -> None:
    definition = "[a]: /" + "x" * 40_000 + "\n\n"
    with pytest.raises(MarkupTooLarge):
        html_of(definition + "[a] " * 10_000)
    with pytest.raises(MarkupTooLarge):
        html_of(definition + "[a] " * 10_000, trusted=True)
    with pytest.raises(MarkupTooLarge):
        html_of("*[a]: " + "x" * 40_000 + "\n\n" + "a " * 10_000)


def test_long_addresses_cannot_make_an_endless_page() -> None:
    class Far(Files):
        def link(self, href: str) -> str:
            return "https://x.example/" + "x" * 10_000

    with pytest.raises(MarkupTooLarge):
        render("[a](/b) " * 3_000, Far())


def test_very_long_code_has_no_colours() -> None:
    code = "```python\nx = 1\n```\n"
    assert 'class="mi"' in html_of(code).body
    assert 'class="mi"' not in html_of(code.replace("x = 1\n", "x = 1\n" * 50_000)).body
    assert html_of(code * 1_000).body.count('class="mi"') < 500


def test_html_that_nests_without_end_is_refused() -> None:
    with pytest.raises(MarkupTooLarge):
        html_of("<div>" * 30_000)
    with pytest.raises(MarkupTooLarge):
        html_of('<div title="</div>">' * 30_000)
    with pytest.raises(MarkupTooLarge):
        html_of("<p>" + "".join(f"<b title={n}>" for n in range(2_000)) + "</p>" + "<p>x</p>" * 2_000)


def test_a_long_plain_body_is_not_refused() -> None:
    text = "<div><b>x</b></div>\n\nAn *ordinary* [paragraph](/a) & more.\n\n" * 400
    assert html_of(text).words == 5 * 400


def test_every_process_renders_the_same_bytes() -> None:
    script = (
        "import sys; sys.path[:0] = ['.', 'tests']\n"
        "from test_markdown import html_of, pairs\n"
        "print(ascii([html_of(pair.values[0], embeds=('video.example',)) for pair in pairs()]))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, check=True, cwd=PAIRS.parent.parent, text=True
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_one_parser_serves_many_threads() -> None:
    texts = [f"# H{n}\n\n*[A{n}]: b{n}\n\nA{n} x[^{n}] [r]\n\n[r]: /{n}\n\n[^{n}]: note {n}\n" for n in range(40)]
    alone = [html_of(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(html_of, texts * 3)) == alone * 3


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in {"br", "hr", "img", "input", "wbr", "col", "source", "track"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


PIECES = (
    "# |## |- |1. |> |```|~~~|`|*|**|_|~~|[|]|(|)|![|](|<|>|<b>|</b>|<div>|</div>|<p>|<table>|<td>|<script>"
    "|</script>|<a href=x>|<iframe src=//x>|</iframe>|<svg>|<!--|-->|<!--more-->|<!|<?|<title>|<T>|\n|\n\n|    "
    "|\t|:|: |---|[^1]|[^1]: |*[A]: |A|[!NOTE]|[ ] |{:|}|{: .a #b}|{%|%}|{{|}}|{% raw %}|{% endraw %}"
    "|{% highlight a %}|{% endhighlight %}"
    "|&|&lt;|\\|\x00|http://a.b|\"|'|é|你|\u200f|\r|javascript:|id=main|[a]: b"
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES.split("|")), max_size=60).map("".join))
def test_whatever_the_text_is_the_page_stays_whole(text: str) -> None:
    for trusted in (False, True):
        html = html_of(text, trusted=trusted)
        assert "\x00" not in html.body
        if not trusted:
            balance = _Balance()
            balance.feed(html.body)
            balance.close()
            assert balance.open == []
    plain_text(text)
    first_heading(text)
