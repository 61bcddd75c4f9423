"""An address has one answer: the same before it is stored, when it is, and after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blogs import NOON, Answer, Blog, Clock, make_blog, post

PAINTED = b"\x89PNG\r\n\x1a\n" + bytes(40)
FILES = {
    "posts/2018-07-17-x/index.md": post("X", "![](foto.png)\n\n" + "Texto. " * 100, tags="[a]", author="Ana"),
    "posts/2018-07-17-x/foto.png": PAINTED,
    "posts/2018-07-17-x/datos.csv": "a,b\n" * 200,
    "pages/acerca.md": post("Acerca"),
    "static/propio.css": "p { color: red }\n" * 40,
    "static/corto.txt": "corto\n",
    "static/dibujo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "static/foto.png": PAINTED,
}
POST = "/2018/07/17/x/"
ASKED: tuple[dict[str, str], ...] = (
    {},
    {"method": "HEAD"},
    {"accept_encoding": "br"},
    {"accept_encoding": "gzip;q=0.5, identity;q=0.1"},
    {"if_none_match": "*"},
    {"if_none_match": "*", "accept_encoding": "gzip"},
    {"if_none_match": '"other"', "method": "HEAD"},
    {"range": "bytes=0-3"},
    {"if_modified_since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    {"if_match": '"other"'},
)
Seen = tuple[int, list[tuple[str, str]], bytes]


@pytest.fixture(scope="module", params=["0", "600"], ids=["no-shared-cache", "shared-cache"])
def blog(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    folder = tmp_path_factory.mktemp("blog")
    settings = 'accent = "#123456"\n'
    with make_blog(folder, FILES, settings=settings, clock=Clock(NOON), s_maxage=request.param) as made:
        yield made


def addresses(blog: Blog) -> list[str]:
    hashed = [
        blog.parts.files.static_url(blog.parts.library.snapshot(), name) for name in ("style.css", "foto.png")
    ]
    old = ["/static/style.0123456789ab.css", "/static/propio.0123456789ab.css"]
    plain = [
        "/static/style.css",
        "/static/propio.css",
        "/static/corto.txt",
        "/static/dibujo.svg",
        "/static/foto.png",
    ]
    drawn = ["/theme.css", "/favicon.svg", "/favicon.ico", "/apple-touch-icon.png"]
    lists = [
        "/",
        "/archive/",
        "/archive/2018/",
        "/feed.xml",
        "/sitemap.xml",
        "/robots.txt",
        "/tag/a/",
        "/author/ana/",
    ]
    card = blog.get(POST).html.find(".//meta[@property='og:image']").get("content").removeprefix(blog_url(blog))
    posts = [POST, f"{POST}share/", POST.rstrip("/") + ".md", f"{POST}foto.png", f"{POST}datos.csv", "/acerca/"]
    return [*hashed, *old, *plain, *drawn, *lists, *posts, card, "/nothing/", "/archive", "//archive/"]


def blog_url(blog: Blog) -> str:
    return str(blog.parts.library.snapshot().site.url)


def seen(answer: Answer) -> Seen:
    return answer.status, sorted(answer.headers.items()), answer.body


def forget(blog: Blog) -> None:
    for store in (blog.parts.page_cache.store, blog.parts.page_cache.beside):
        store.clear()


def test_every_address_has_the_same_answer_stored_or_not(blog: Blog) -> None:
    """Of status, headers and body; whatever was asked for first, and in which encoding it came to be stored."""
    wrong = []
    for path in addresses(blog):
        for asked in ASKED:
            forget(blog)
            first = seen(blog.get(path, **asked))
            again = seen(blog.get(path, **asked))
            blog.get(path, accept_encoding="br")
            late = seen(blog.get(path, **asked))
            wrong += [(path, asked)] * (not first == again == late)
    assert wrong == []


def test_every_address_has_one_tag_for_each_encoding(blog: Blog) -> None:
    """The tag of a 304 is that of the 200, and names it to whoever comes with it first."""
    for path in addresses(blog):
        for encoding in ("", "br", "gzip"):
            whole = blog.get(path, accept_encoding=encoding)
            tag = whole.headers.get("ETag")
            if tag is None:
                continue
            for condition in ("*", tag, f'"other", W/{tag}'):
                forget(blog)
                answer = blog.get(path, accept_encoding=encoding, if_none_match=condition)
                assert (answer.status, answer.headers.get("ETag")) == (304, tag), (path, encoding, condition)
