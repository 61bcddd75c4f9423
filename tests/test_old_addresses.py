"""Old addresses: what stands behind their `?` is kept, and may be what tells one from another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from blogs import Blog, make_blog, post

from bitacora.posts.permalink import canonical, with_query
from bitacora.web.page_cache import Question

NEW, OTHER = "/2018/07/17/nuevo/", "/2018/07/18/otro/"
FILES = {
    "posts/2018-07-17-nuevo.md": post(
        "Nuevo",
        aliases="[/viejo/, '/?p=123', '/noticia.php?id=45', '/noticia.php?id=45&lang=pt', '/?ver=año%20nuevo']",
    ),
    "posts/2018-07-18-otro.md": post("Otro", redirect_from="['/?p=7', '/noticias?id=4', '/?p=123']"),
    "pages/noticias.md": post("Noticias"),
}
SETTINGS = """
[redirects]
"/tienda/" = "https://shop.example/?shop=1#top"
"/correo/" = "mailto:ana@example.org"
"/ver.php?id=1" = "/archive/?from=php"
"/uno/?a=1" = "/dos/?b=2"
"/dos/?b=2" = "/uno/?a=1"
"/tres/" = "/cuatro/"
"/cuatro/?z=1" = "/tres/?z=1"
"""


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    folder: Path = tmp_path_factory.mktemp("old")
    with make_blog(folder, FILES, settings=SETTINGS) as made:
        yield made


@pytest.mark.parametrize(
    ("address", "status", "location"),
    [
        ("/viejo/?utm=a%20b", 301, f"{NEW}?utm=a%20b"),
        ("/viejo?utm=1&&x", 301, f"{NEW}?utm=1&&x"),
        (f"{NEW[:-1]}?utm=1", 308, f"{NEW}?utm=1"),
        (f"{NEW[:-1]}.html?utm=1", 308, f"{NEW}?utm=1"),
        (f"/{NEW}?utm=1", 308, f"{NEW}?utm=1"),
        (f"{NEW}share?utm=1", 308, f"{NEW}share/?utm=1"),
        ("/archive?utm=1", 308, "/archive/?utm=1"),
        ("/tienda/?utm=1&shop=2", 301, "https://shop.example/?shop=1&utm=1#top"),
        ("/correo/?utm=1", 301, "mailto:ana@example.org"),
        ("/?p=123", 301, NEW),
        ("/?utm=1&p=123&x", 301, f"{NEW}?utm=1&x"),
        ("/?p=1&p=123", 301, NEW),
        ("/?%70=%3123", 301, NEW),
        ("/?p=7", 301, OTHER),
        ("/?ver=a%C3%B1o+nuevo", 301, NEW),
        ("/noticia.php?id=45", 301, NEW),
        ("/noticia.php?lang=pt&id=45", 301, NEW),
        ("/noticia.php?id=45&lang=es", 301, f"{NEW}?lang=es"),
        ("/noticia.php%3Fid=45", 301, NEW),
        ("/noticias/?id=4", 301, OTHER),
        ("/noticias.html?id=4", 301, OTHER),
        ("/ver.php?id=1&utm=1", 301, "/archive/?from=php&utm=1"),
        ("/tres/?utm=1", 301, "/cuatro/?utm=1"),
        ("/?p=1234", 200, None),
        ("/?P=123", 200, None),
        ("/?p", 200, None),
        ("/noticias/?id=5", 200, None),
        ("/noticia.php", 404, None),
        ("/noticia.php?id=4", 404, None),
        ("/uno/?a=1", 404, None),
        ("/cuatro/?z=1", 404, None),
    ],
)
def test_an_old_address_leads_to_the_new_one_with_the_rest_of_its_query(
    blog: Blog, address: str, status: int, location: str | None
) -> None:
    path, _, query = address.partition("?")
    for _ in range(2):  # before the page of that path is stored, and after
        for method in ("GET", "HEAD"):
            answer = blog.get(path, method, query)
            assert (answer.status, answer.headers.get("Location")) == (status, location)
        blog.get(path)


def test_only_a_query_that_leads_elsewhere_leaves_the_pages_in_memory(blog: Blog) -> None:
    cache, here = blog.parts.page_cache, blog.parts.library.snapshot()
    paths = ("/", "/noticias/", "/archive/")
    for path in paths:
        blog.get(path)

    def is_stored(path: str, query: str) -> bool:
        question = Question("GET", path, "blog.example.org", "", None, "", query=query)
        return cache.look_up(question, here) is not None

    stored = len(cache.store)
    for path in paths:
        for query in ("", "utm=1", "p=1", "id=5", "p=", "&=&", "\xff", "%"):
            assert is_stored(path, query)
            blog.get(path, query=query)
    assert len(cache.store) == stored, "no reader chooses a key"
    assert not is_stored("/", "p=123")
    assert not is_stored("/noticias/", "x&id=4")


def test_what_two_want_and_what_leads_in_circles_is_told(blog: Blog) -> None:
    told = [str(problem) for problem in blog.parts.library.snapshot().clashes]
    assert any(
        "otro.md" in text and "/?p=123 is already that of posts/2018-07-17-nuevo.md" in text for text in told
    )
    assert sum("they would never arrive" in text for text in told) == 3
    assert len(told) == 4


@pytest.mark.parametrize(
    ("url", "query", "whole"),
    [
        ("/a/", "", "/a/"),
        ("/a/", "b=1&c", "/a/?b=1&c"),
        ("/a/?b=2", "b=1&c", "/a/?b=2&c"),
        ("/a/?b=2#d", "b=1", "/a/?b=2#d"),
        ("/a/#d", "b=1", "/a/?b=1#d"),
        ("/a/?", "b=1", "/a/?b=1"),
        ("/a/?b=2", "%62=1&c=%20", "/a/?b=2&c=%20"),
    ],
)
def test_a_target_keeps_what_it_asks_itself(url: str, query: str, whole: str) -> None:
    assert with_query(url, query) == whole


def test_queries_that_ask_the_same_are_the_same() -> None:
    assert canonical("/a?c=%20&b=1#d") == canonical("/a?b=1&c=+") == "/a?b=1&c=+"
    assert canonical("/a?") == canonical("/a#b") == "/a"
