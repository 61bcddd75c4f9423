"""Our own page as a crawler reads it: asked for, unpacked, cut, parsed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitacora.share.crawl import PLAIN, Answer, Crawl, Head, parse_head

HTML = {"content-type": "text/html; charset=utf-8"}
GZIP = "gzip, deflate"
START = "<!doctype html><html><head>"


def head(inside: str) -> Head:
    return parse_head(f"{START}{inside}</head><body>".encode())


def names(found: Head) -> list[str]:
    return [meta.name for meta in found.metas]


class Site:
    """Answers what it is given, by encoding, and notes what it was asked."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = {PLAIN: answers.get("plain"), GZIP: answers.get("packed")}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def __call__(self, path: str, headers: Mapping[str, str]) -> Answer:
        self.asked.append((path, headers))
        answer = self.answers[headers["Accept-Encoding"]]
        assert answer is not None
        return answer


def packed(html: bytes, encoding: str = "gzip", status: int = 200) -> Answer:
    return Answer(status, HTML | {"content-encoding": encoding}, html)


# --- fetching


def test_a_page_is_asked_for_once_for_each_encoding() -> None:
    site = Site(plain=Answer(200, HTML, b"<title>x</title>"), packed=packed(gzip.compress(b"<title>x</title>")))
    crawl = Crawl(site, "/x/")
    for agent, encoding in [("one", PLAIN), ("two", PLAIN), ("three", GZIP), ("four", GZIP)]:
        assert crawl.page(agent, encoding).html == b"<title>x</title>"
    assert [(path, headers["User-Agent"], headers["Accept-Encoding"]) for path, headers in site.asked] == [
        ("/x/", "one", PLAIN),
        ("/x/", "three", GZIP),
    ]


def test_a_range_is_asked_for_only_by_those_that_do() -> None:
    site = Site(plain=Answer(200, HTML, b""), packed=packed(gzip.compress(b"")))
    crawl = Crawl(site, "/x/")
    crawl.page("a", PLAIN)
    crawl.page("b", GZIP, "bytes=0-524288")
    assert [headers.get("Range") for _, headers in site.asked] == [None, "bytes=0-524288"]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"hola", mtime=0)), ("deflate", zlib.compress(b"hola")), ("identity", b"hola")],
)
def test_what_a_crawler_accepts_is_unpacked(encoding: str, body: bytes) -> None:
    assert Crawl(Site(packed=packed(body, encoding)), "/").page("a", GZIP).html == b"hola"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"\x0b\x01"),
        ("gzip", b"hola"),
        ("gzip", b""),
        ("gzip", gzip.compress(b"hola", mtime=0)[:-9]),
        ("zstd", b"x"),
    ],
)
def test_what_a_crawler_cannot_unpack_is_no_page(encoding: str, body: bytes) -> None:
    assert Crawl(Site(packed=packed(body, encoding)), "/").page("a", GZIP).html is None


def test_a_part_of_a_packed_page_is_read_as_far_as_it_goes() -> None:
    whole = gzip.compress(b"<title>hola</title>" + bytes(range(256)) * 40)
    html = Crawl(Site(packed=packed(whole[:200], status=206)), "/").page("a", GZIP).html
    assert html is not None
    assert html.startswith(b"<title>hola</title>")


def test_a_bomb_is_unpacked_to_a_bound() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    html = Crawl(Site(packed=packed(bomb)), "/").page("a", GZIP).html
    assert html is not None
    assert len(html) == 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("headers", "is_html"),
    [
        ({"content-type": "text/html"}, True),
        ({"content-type": "Text/HTML; charset=utf-8"}, True),
        ({"content-type": "application/xhtml+xml"}, True),
        ({"content-type": "text/plain"}, False),
        ({}, False),
        ({"content-type": "text/html", "content-disposition": "attachment; filename=a"}, False),
        ({"content-type": "text/html", "content-disposition": "inline"}, True),
    ],
)
def test_only_html_that_is_no_download_is_a_page(headers: Mapping[str, str], is_html: bool) -> None:
    assert Crawl(Site(plain=Answer(200, headers, b"x")), "/").page("a", PLAIN).is_html is is_html


# --- cutting


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were parsed, each time that something was."""
    sizes: list[int] = []

    def noted(html: bytes, charset: str = "") -> Head:
        sizes.append(len(html))
        return parse_head(html, charset)

    monkeypatch.setattr("bitacora.share.crawl.parse_head", noted)
    return sizes


def test_a_head_within_every_limit_is_parsed_once_for_all_readers(parsed: list[int]) -> None:
    html = b"<head><title>x</title></head><body>" + b"x" * 2_000_000
    crawl = Crawl(Site(plain=Answer(200, HTML, html), packed=packed(gzip.compress(html))), "/")
    heads = [
        crawl.head(crawl.page("a", encoding), limit)
        for encoding in (PLAIN, GZIP)
        for limit in (0, 300_000, 1_000_000)
    ]
    assert len(set(map(id, heads))) == 1
    assert parsed == [len(html)]


def test_a_limit_within_the_head_hides_what_stands_beyond(parsed: list[int]) -> None:
    html = b"<head><title>x</title>" + b" " * 300_000 + b'<meta property="og:title" content="y"></head>'
    crawl = Crawl(Site(plain=Answer(200, HTML, html)), "/")
    page = crawl.page("a", PLAIN)
    assert names(crawl.head(page)) == ["og:title"]
    assert names(crawl.head(page, 300_000)) == names(crawl.head(page, 300_000)) == []
    assert not crawl.head(page, 300_000).is_whole
    assert parsed == [len(html), 300_000]


@pytest.mark.parametrize("shift", [-1, 0])
def test_the_last_byte_of_a_limit_counts(shift: int) -> None:
    before = '<head><meta property="og:title" content="ñ">'.encode()
    crawl = Crawl(Site(plain=Answer(200, HTML, before + b"</head>")), "/")
    found = crawl.head(crawl.page("a", PLAIN), len(before) + shift)
    assert names(found) == (["og:title"] if shift == 0 else [])


def test_a_tag_that_the_limit_cuts_in_two_is_not_read() -> None:
    html = b'<head><title>x</title><meta name="description" content="abc">'
    assert names(parse_head(html[:-1])) == []
    assert parse_head(html[:-1]).titles == ("x",)
    assert parse_head(html[:12]).titles == ()


# --- parsing


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<meta property="og:title" content="a">', ["og:title"]),
        ("<meta property=og:title content=a><meta name='description' content='b'>", ["og:title", "description"]),
        ('<META PROPERTY="OG:Title" CONTENT="a"/>', ["og:title"]),
        ('<meta name="a" property="og:title" content="x">', ["a", "og:title"]),
        ('<script>var a = "</head><body>";</script><meta name="a">', ["a"]),
        ("<style>a { content: '</head>' }</style><meta name=a>", ["a"]),
        ("<title></head><body></title><meta name=a>", ["a"]),
        ("<!-- </head><body> --><meta name=a>", ["a"]),
        ("<!--[if IE]><meta name=b><![endif]--><meta name=a>", ["a"]),
        ("<![if IE]><meta name=a><![endif]>", ["a"]),
        ("<noscript><link rel=x href=y></noscript><meta name=a>", ["a"]),
        ("<template><meta name=b><div></div>text</template><meta name=a>", ["a"]),
        ("<meta name=a><div><meta name=b></div>", ["a"]),
        ("<meta name=a>text<meta name=b>", ["a"]),
        ("<meta name=a></body><meta name=b>", ["a"]),
        ("<meta name=a><noscript><img src=x></noscript><meta name=b>", ["a"]),
        ("<meta name=a content='1' content='2'>", ["a"]),
        ("<meta><meta content=x><meta name=''><meta name=a>", ["a"]),
        ("<meta name='a' <meta name='b'>", ["a"]),
    ],
)
def test_tags_count_inside_the_head_alone(inside: str, expected: list[str]) -> None:
    assert names(head(inside)) == expected


def test_the_first_of_two_equal_attributes_counts() -> None:
    assert head("<meta name=a content=1 content=2>").first("a") == "1"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Tú &amp; yo", ("Tú & yo",)),
        ("&amp;amp;", ("&amp;",)),
        ("El elemento <main> y <b>", ("El elemento <main> y <b>",)),
        ("  uno\n dos ", ("uno\n dos",)),
        ("", ("",)),
        ("uno</title><title>dos", ("uno", "dos")),
    ],
)
def test_a_title_is_text_with_entities_decoded_once(title: str, expected: tuple[str, ...]) -> None:
    assert head(f"<title>{title}</title>").titles == expected


def test_links_and_data_are_read() -> None:
    found = head(
        "<link rel='canonical' href=/x/><link rel='Shortcut ICON' href=/i.png sizes=32x32>"
        "<link rel=alternate type='application/json+oembed' href='/oembed.json?a&amp;b'>"
        '<script type="application/ld+json">{"a": "&amp;"}</script>'
        '<script type="application/ld+json">{"a": </script><script type="text/javascript">{}</script>'
    )
    assert found.link("canonical") == "/x/"
    assert found.link("icon") == "/i.png"
    assert found.oembed == "/oembed.json?a&b"
    assert [(block.value, bool(block.error)) for block in found.json_ld] == [({"a": "&amp;"}, False), (None, True)]


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, "NaN", '"\ud800"', "", "{'a': 1}"])
def test_data_of_any_form_is_a_value_or_an_error(text: str) -> None:
    (block,) = parse_head(f'<script type="application/ld+json">{text}</script>'.encode("utf-8", "replace")).json_ld
    assert bool(block.error) is (block.value is None)


@pytest.mark.parametrize("before", ["", "\ufeff", "<!-- 👩🏽‍🔬 -->\r\n\n", "<!-- \udcff -->"])
def test_the_end_of_the_head_is_told_in_bytes(before: str) -> None:
    html = f"{before}<head><title>ñ\n👩🏽‍🔬</title>".encode("utf-8", "surrogateescape")
    found = parse_head(html + b"</head><body>" + b"x" * 100)
    assert found.ends_at == len(html)
    assert found.is_whole


def test_a_head_that_never_ends_ends_with_the_page() -> None:
    html = b"<title>x</title><meta name=a content=b>"
    assert parse_head(html).ends_at == len(html)
    assert not parse_head(html).is_whole


@pytest.mark.parametrize(
    ("html", "charset", "expected"),
    [
        ("<title>ñ</title>".encode(), "", "ñ"),
        ("<title>ñ€</title>".encode("cp1252"), "iso-8859-1", "ñ€"),
        ("<meta charset=latin1><title>ñ</title>".encode("latin1"), "", "ñ"),
        ("<meta charset=latin1><title>ñ</title>".encode(), "utf-8", "ñ"),
        (b"\xef\xbb\xbf" + "<meta charset=latin1><title>ñ</title>".encode(), "latin1", "ñ"),
        (b"<title>a\xffb</title>", "", "a\ufffdb"),
        ("<title>ñ</title>".encode(), "no-such-charset", "ñ"),
    ],
)
def test_a_page_is_decoded_as_it_says(html: bytes, charset: str, expected: str) -> None:
    assert parse_head(html, charset).titles == (expected,)


def test_tags_after_the_head_are_noted_as_lost() -> None:
    html = b"<head><title>x</title></head><body><meta property='og:title' content=x><meta name=a><p>og:image"
    assert parse_head(html).stray == ("og:title",)
    assert parse_head(html).metas == ()


# --- hostile heads

PIECES = [
    "<head>", "</head>", "<title>", "</title>", "<meta ", "name=og:title ", "content='", "'", '"', ">", "<", "</",
    "<!--", "-->", "<![", "<![CDATA[", "]]>", "<!doctype", "<?", "?>", "<script>", "</script>", "<style>",
    '<script type="application/ld+json">', "{", "[", "&amp;", "&#0;", "&#xD800;", "&", "\x00", "\ud800", "\ufeff",
    "\u202e", "\r", "\n", "👩🏽‍🔬", "<template>", "</template>", "<noscript>", "<body>",
    "<br/>", "<meta/", "=", "/",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40).map("".join), st.integers(0, 60))
@example("<![if", 0)
@example("<title>" + "👩🏽‍🔬" * 4000, 0)
@example("<!x<title>", 3)
@settings(deadline=None)
def test_no_head_makes_the_parser_raise(text: str, cut: int) -> None:
    html = text.encode("utf-8", "surrogatepass")
    found = parse_head(html[: len(html) - cut] if cut else html)
    assert 0 <= found.ends_at <= len(html)
    for value in (*found.titles, *(meta.content for meta in found.metas)):
        value.encode()


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_raise(html: bytes) -> None:
    assert 0 <= parse_head(b"<head><meta name=a content='" + html).ends_at <= len(html) + 30


def test_a_tag_that_never_ends_is_started_anew_only_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[int] = []
    feed = HTMLParser.feed
    monkeypatch.setattr(HTMLParser, "feed", lambda parser, data: (fed.append(len(data)), feed(parser, data)))
    assert parse_head(b"<head><meta name=a content='" + b"x" * 4_000_000).metas == ()
    assert sum(fed) > 4_000_000
    assert len(fed) < 12
