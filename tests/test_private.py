"""A crawler that asks for all that is linked and all that can be guessed finds nothing that is not published."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from blogs import Blog, Clock, post
from conftest import NewBlog

from bitacora.web.preview import preview_url, status_url

KEY = "a secret of more than thirty-two bytes"
FOLDER = "posts/2026-03-02-b"
FILE, PICTURE = f"{FOLDER}/index.md", f"{FOLDER}/xqfoto.png"
INNER, INNER_PICTURE = "posts/2018-07-17-publica/otra/index.md", "posts/2018-07-17-publica/otra/xqdentro.png"
PERMALINK = "/2026/03/02/xqslug"
# What a search would be for: it stands beside a mark, and is none, so that a page may say what was searched.
WORD = "zarzaparrilla"
MARKS = {
    "title": b"xqtitulo",
    "intro": b"xqintro",
    "body": b"xqcuerpo",
    "category": b"xqcategoria",
    "tag": b"xqetiqueta",
    "author": b"xqautora",
    "address": b"xqslug",
    "picture": b"xqbytes",
    "name of the picture": b"xqfoto",
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d49484452000002580000013b0802000000") + b"xqbytes"
PUBLIC = {
    "posts/2018-07-17-publica/index.md": post(
        "La pública",
        "[La próxima](../2026-03-02-b/index.md), [otra](otra/index.md).",
        translation_key="k",
        categories="[Común]",
        tags="[abierto]",
        author="Ana",
    ),
    "posts/2018-07-17-publica/plaza.png": PNG[:-7],
    "posts/2026-03-01-vecina.md": post("La vecina", categories="[Común]", highlighted="true"),
    "pages/about.md": post("Acerca de"),
}
OF_THE_SITE = [
    "/", "/page/2/", "/archive/", "/archive/2026/", "/archive/2026/03/", "/categories/", "/tags/",
    "/feed.xml", "/rss.xml", "/feed.json", "/sitemap.xml", "/robots.txt", "/llms.txt", "/manifest.webmanifest",
    "/favicon.svg", "/favicon.ico", "/healthz", "/readyz", "/metrics", "/nothing/", "/search/",
    f"/search/?q={WORD}",
    f"/?q={WORD}", "/search.json", f"/search.json?q={WORD}", "/api/posts", "/preview/", "/preview/x/", "/status/",
    "/status/x/", "/preview", "/status", "/hooks/push", "/oembed",
]  # fmt: skip


def source(**head: str) -> str:
    """The post that nobody may see yet."""
    head = {
        "date": "2026-03-02 12:00:00Z",
        "slug": "xqslug",
        "intro": f"xqintro {WORD}",
        "categories": "[Xqcategoria]",
        "tags": "[xqetiqueta]",
        "author": "Xqautora",
        "image": "xqfoto.png",
        "translation_key": "k",
        "lang": "pt",
        "highlighted": "true",
        "aliases": "[/alias-de-b/]",
        **head,
    }
    return post(f"Xqtitulo {WORD}", f"xqcuerpo {WORD}\n\n![Al pie](xqfoto.png)\n\n## Xqcuerpo\n", **head)


def guesses(card: str) -> Iterator[str]:
    """Where something of the post could be, if it were anywhere."""
    for url in (PERMALINK, "/alias-de-b", "/2018/07/17/publica/otra", "/2026/03/02/b", f"/{FOLDER}", "/xqslug"):
        yield from (url, f"{url}/", f"{url}.html", f"{url}.md", f"{url}.json", f"{url}/index.html", f"{url}.txt")
        yield from (f"{url}/share/", f"{url}/share", f"{url}/index.md", f"{url}/feed.xml", f"{url}/{card}")
        yield from (f"{url}/card-{'0' * 16}.jpg", f"{url}/xqfoto.png", f"{url}/xqdentro.png", f"{url}/plaza.png")
        yield from (
            f"/preview{url}/",
            f"/preview{url}",
            f"/status{url}/",
            f"/static{url}",
            f"/static{url}/xqfoto.png",
        )
    for subject in ("category/xqcategoria", "tag/xqetiqueta", "author/xqautora"):
        for below in ("", "/", "/page/2/", "/feed.xml", "/rss.xml", "/feed.json", ".md", ".json"):
            yield f"/{subject}{below}"
    for path in (FILE, PICTURE, INNER, INNER_PICTURE):
        yield from (f"/{path}", f"/preview/{path}", f"/preview/{path}/", f"/static/{path}", f"/pages/{path}")
    yield from (f"/2018/07/17/publica/otra/{name}" for name in ("index.md", "xqdentro.png", card, "share/"))
    yield from (f"/2018/07/17/publica/{card}", "/2018/07/17/publica/otra%2Fxqdentro.png")
    yield from (f"/2018/07/17/publica/{name}" for name in ("xqslug.md", "index.md", "xqslug/", "otra/index.md"))


ADDRESS = re.compile(rb"(?:https://blog\.example\.org)?(/[^\s\"'<>()\\]*)")


def crawl(blog: Blog, card: str = "card-0123456789abcdef.jpg") -> dict[str, bytes]:
    """All that was answered, headers and body, by address: what is written in any answer is asked for too."""
    waiting = [*OF_THE_SITE, *guesses(card)]
    found: dict[str, bytes] = {}
    while waiting:
        path = waiting.pop()
        if path in found or len(path) > 300:
            continue
        plain, _, query = path.partition("?")
        answer = blog.get(plain, query=query)
        echoed = ("Location", f"{plain}/")  # any address of this form is mended so, were there nothing behind it
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers if (name, value) != echoed).encode()
        found[path] = head + b"\n\n" + answer.body
        if not answer.headers.get("Content-Type", "").startswith("image/"):
            for address in ADDRESS.findall(found[path]):
                waiting.append(address.split(b"#")[0].replace(b"&amp;", b"&").decode())
    return found


def leaks(found: dict[str, bytes], *secret: bytes) -> list[str]:
    """Where anything of the post was found; `secret` are bytes that may stand nowhere either."""
    return sorted(
        f"{mark.decode(errors='replace')[:20]} at {path}"
        for path, answer in found.items()
        for mark in (*MARKS.values(), b"xqdentro", *secret)
        if mark in answer or mark in answer.lower()
    )


def token_urls(blog: Blog) -> list[str]:
    with blog.app.app_context():
        home = preview_url(FILE)
        return [home, f"{home}share/", f"{home}xqfoto.png", preview_url(INNER), status_url()]


def look(blog: Blog) -> tuple[str, bytes]:
    """What an editor does: look at all of the preview, so that every cache has seen it. Gives the card."""
    urls = token_urls(blog)
    answers = [blog.get(url) for url in urls]
    assert [answer.status for answer in answers] == [200] * len(urls)
    assert b"xqcuerpo" in answers[0].body
    assert b"xqbytes" in answers[2].body
    [url] = set(re.findall(rb"/preview/[^\"]*/(card-[0-9a-f]{16}\.jpg)", answers[0].body))
    card = blog.get(f"{urls[0]}{url.decode()}")
    assert card.headers["Content-Type"] == "image/jpeg"
    return url.decode(), card.body


@contextmanager
def being_looked_at(blog: Blog) -> Iterator[list[int]]:
    """Meanwhile another thread looks at previews, again and again."""
    over, statuses, urls = threading.Event(), list[int](), token_urls(blog)

    def look_on() -> None:
        client = blog.app.test_client()
        while not over.is_set():
            statuses.extend(client.get(url, buffered=True).status_code for url in urls)

    thread = threading.Thread(target=look_on)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


def private_blog(new_blog: NewBlog, **how: object) -> Blog:
    blog = new_blog(PUBLIC, secret_key=KEY, **how)
    blog.write(PICTURE, PNG)
    blog.write(INNER_PICTURE, PNG + b"xqdentro")
    blog.write(INNER, post("Xqtitulo dentro", "xqcuerpo", draft="true"))
    return blog


def test_a_crawler_finds_nothing_of_a_draft_before_it_is_published_nor_after_it_was_withdrawn(
    new_blog: NewBlog,
) -> None:
    blog = private_blog(new_blog)
    blog.write(FILE, source(draft="true"))
    assert leaks(crawl(blog)) == []
    name, card = look(blog)
    assert leaks(crawl(blog, name), card) == []

    blog.write(FILE, source())
    found = crawl(blog, name)
    for mark, text in MARKS.items():
        assert any(text in answer.lower() for answer in found.values()), mark
    assert any(card in answer for answer in found.values())

    blog.write(FILE, source(draft="true"))
    assert leaks(crawl(blog, name), card) == []
    look(blog)
    assert leaks(crawl(blog, name), card) == []


def test_a_crawler_finds_nothing_of_a_scheduled_post_until_its_second(new_blog: NewBlog) -> None:
    shift = [0.0]
    blog = private_blog(new_blog, clock=lambda: time.time() + shift[0])
    due = int(time.time()) + 86_400
    blog.write(FILE, source(date=datetime.fromtimestamp(due, UTC).isoformat(), permalink=PERMALINK + "/"))
    assert leaks(crawl(blog)) == []
    name, card = look(blog)
    assert leaks(crawl(blog, name), card) == []
    shift[0] = due - time.time() - 30
    assert leaks(crawl(blog, name), card) == []
    shift[0] = due - time.time() + 1
    assert blog.get(f"{PERMALINK}/").status == 200
    assert leaks(crawl(blog, name), card)


def test_a_crawler_finds_nothing_of_a_draft_that_is_broken(new_blog: NewBlog) -> None:
    blog = private_blog(new_blog)
    broken = source(draft="true", expires="nie")
    for text in (
        broken,
        source(categories="{", draft="true"),
        source(date="2026-02-30"),
        source(draft="xqtitulo"),
    ):
        blog.write(FILE, text)
        assert leaks(crawl(blog)) == [], text
        for url in token_urls(blog):
            blog.get(url)
        assert leaks(crawl(blog)) == [], text


@pytest.mark.slow
def test_a_crawler_finds_nothing_while_previews_are_read(new_blog: NewBlog) -> None:
    blog = private_blog(new_blog)
    blog.write(FILE, source(draft="true"))
    name, card = look(blog)
    with being_looked_at(blog) as statuses:
        for _ in range(3):
            blog.parts.page_cache.store.clear()
            blog.parts.page_cache.beside.clear()
            assert leaks(crawl(blog, name), card) == []
    assert set(statuses) == {200}


UNPUBLISHED = {
    "a draft": {FILE: source(draft="true"), PICTURE: PNG},
    "a scheduled post": {FILE: source(date="2099-01-01"), PICTURE: PNG},
    "a broken post": {FILE: source(date="2026-02-30"), PICTURE: PNG},
    "a draft that would have expired": {FILE: source(draft="true", expires="2020-01-01"), PICTURE: PNG},
    "a draft that wants addresses of others": {
        FILE: source(draft="true", permalink="/2018/07/17/publica/", aliases="[/about/, /feed.xml]"),
        PICTURE: PNG,
    },
    "a draft in the folder of a published post": {"posts/2018-07-17-publica/xqslug.md": source(draft="true")},
    "a page": {"pages/about/xqslug.md": source(draft="true")},
    "a folder of drafts": {"posts/_drafts/xqslug.md": source(), "posts/_drafts/xqfoto.png": PNG},
}


@pytest.mark.slow
def test_with_what_is_not_published_every_answer_is_the_same_to_the_byte(new_blog: NewBlog) -> None:
    """Headers and ETags too: nobody can tell whether there is something to come."""
    clock = Clock(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
    without = crawl(new_blog(PUBLIC, clock=clock, secret_key=KEY))
    for what, files in UNPUBLISHED.items():
        found = crawl(new_blog({**PUBLIC, **files}, clock=clock, secret_key=KEY))
        assert found.keys() == without.keys(), what
        assert [path for path in found if found[path] != without[path]] == [], what


def test_names_of_cached_things_tell_nothing_of_a_draft(new_blog: NewBlog) -> None:
    blog = private_blog(new_blog)
    blog.write(FILE, source(draft="true"))
    look(blog)
    names = [str(path.relative_to(blog.root.parent)) for path in (blog.root.parent / "cache").rglob("*")]
    assert len(names) > 2
    assert [name for name in names if "xq" in name or quote(WORD) in name or "2026" in name] == []
