"""Headers: the same protection on every answer, and nothing out of the request in any of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blogs import URL, Answer, Blog, Clock, hashed, post
from conftest import NewBlog
from flask import Response, request

from bitacora.web.files import SHOWN_POLICY

FILES = {
    "posts/2018-07-17-x.md": post("Uno", "![Plaza](foto.png)", categories="[Proyecto]", aliases="[/old/]"),
    "posts/2018-07-16-b/index.md": post("Un paquete", "[Cine](film.mp4)", author="Ana"),
    "posts/2018-07-16-b/film.mp4": b"0123456789",
    "posts/2018-07-16-b/a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "posts/2018-07-15-gone.md": post("Ida", expires="2019-01-01"),
    "posts/foto.png": b"\x89PNG",
    "pages/about.md": post("Acerca de"),
    "static/mine.js": "let x",
}
SETTINGS = 'accent = "#123456"\n[redirects]\n"/moved/" = "/about/"\n"/away/" = "https://other.example/"\n'
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; "
        "media-src 'self' https:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "credentialless",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
POST = "/2018/07/17/x/"
PAGES = (
    "/", POST, f"{POST}share/", "/about/", "/archive/", "/archive/2018/", "/archive/2018/07/", "/categories/",
    "/tags/",
    "/category/proyecto/", "/author/ana/",
)  # fmt: skip
OTHERS = ("/sitemap.xml", "/robots.txt", "/theme.css", "/healthz", "/readyz")
SHARED = (
    "/feed.xml", "/category/proyecto/feed.xml", "/favicon.svg", "/favicon.ico", "/apple-touch-icon.png",
    "/static/style.css", "/static/mine.js", "/static/touch-icon.png", f"{POST}foto.png", "/2018/07/16/b/film.mp4",
    "/2018/07/16/b/a.svg",
)  # fmt: skip
MISSES = {
    "/moved/": 301, "/away/": 301, "/old/": 301, "/archive": 308, "/2018/07/17/x": 308, "//archive//": 308,
    f"{POST}share": 308, "/nothing/": 404, "/2018/07/17/x/other.png": 404, "/static/none.css": 404,
    "/2018/07/15/gone/": 410,
}  # fmt: skip
INVALID = ("evil.example/..//x", "evil.example@evil", "evil example", "[evil", "év\xadil", "")
"""What no Host header may be (RFC 9110, 4.2.1 and 7.2)."""


@pytest.fixture
def blog(new_blog: NewBlog) -> Blog:
    return new_blog(FILES, settings=SETTINGS)


def everything(blog: Blog, **headers: str) -> Iterator[tuple[str, Answer]]:
    """An answer of every kind, first from Flask and then, where there is one, from the page cache."""
    expected = {**dict.fromkeys((*PAGES, *OTHERS, *SHARED), 200), **MISSES}
    for _ in range(2):
        for path, status in expected.items():
            for method in ("GET", "HEAD"):
                answer = blog.get(path, method, **headers)
                assert answer.status == status, path
                yield f"{method} {path}", answer
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"):
            answer = blog.get(POST, method, **headers)
            assert answer.status == 405, method
            yield method, answer
        yield "OPTIONS", blog.get(POST, "OPTIONS", **headers)
        for path in (POST, "/feed.xml", f"{POST}foto.png", "/static/style.css"):
            answer = blog.get(path, if_none_match="*", **headers)
            assert answer.status == 304, path
            yield f"304 {path}", answer
        answer = blog.get("/2018/07/16/b/film.mp4", range="bytes=2-4", **headers)
        assert answer.status == 206
        yield "206", answer
    blog.app.view_functions["pages.tags"] = lambda: 1 / 0
    blog.parts.page_cache.store.clear()
    answer = blog.get("/tags/", **headers)
    assert answer.status == 500
    yield "500", answer


def test_every_answer_carries_the_security_headers(blog: Blog) -> None:
    for what, answer in everything(blog):
        wanted = dict(SECURITY)
        if answer.headers.get("Content-Type", "").startswith("image/svg") or ".svg" in what:
            wanted["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        if answer.headers.get("Content-Type") == "video/mp4":
            wanted["Content-Security-Policy"] = SHOWN_POLICY
        assert {name: answer.headers.get(name) for name in wanted} == wanted, what
        assert "Cache-Control" in answer.headers, what
        names = [name for name, _ in answer.headers]
        assert len(names) == len(set(names)), what


def test_files_and_feeds_may_be_used_elsewhere_and_pages_may_not(blog: Blog) -> None:
    for what, answer in everything(blog):
        shared = answer.status in {200, 206, 304} and any(what.endswith(f" {path}") for path in SHARED)
        expected = "cross-origin" if shared or what == "206" else "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == expected, what


def test_nobody_is_given_a_cookie(blog: Blog) -> None:
    assert not [what for what, answer in everything(blog, cookie="session=1") if "Set-Cookie" in answer.headers]


def test_strict_transport_security_is_for_https_alone(new_blog: NewBlog) -> None:
    blog = new_blog(FILES, settings=SETTINGS, url="http://blog.example.org")
    assert not [what for what, answer in everything(blog) if "Strict-Transport-Security" in answer.headers]


@pytest.mark.parametrize(
    ("hsts", "said"),
    [
        ("subdomains", "max-age=63072000; includeSubDomains"),
        ("preload", "max-age=63072000; includeSubDomains; preload"),
        ("off", None),
    ],
)
def test_only_the_operator_speaks_for_other_hosts_of_the_domain(
    new_blog: NewBlog, hsts: str, said: str | None
) -> None:
    blog = new_blog({}, hsts=hsts)
    assert [blog.get(path).headers.get("Strict-Transport-Security") for path in ("/", "/nothing/")] == [said] * 2


def test_headers_follow_the_settings_live(blog: Blog) -> None:
    blog.get(POST)
    blog.write("site.toml", f'url = "{URL}"\nembeds = ["tube.example"]\n')
    for path in (POST, "/healthz", "/nothing/"):
        headers = blog.get(path).headers
        assert headers["Content-Security-Policy"].endswith("; frame-src https://tube.example")
        assert "Cross-Origin-Embedder-Policy" not in headers


def forged(host: str) -> dict[str, str]:
    return {
        "host": host, "x_forwarded_host": "evil.example", "forwarded": "host=evil.example",
        "x_host": "evil.example",
        "x_forwarded_server": "evil", "x_forwarded_prefix": "/evil", "x_original_url": "/evil",
        "origin": "https://evil",
        "referer": "https://evil.example/", "user_agent": "evil",
    }  # fmt: skip


@pytest.mark.parametrize("host", ["evil.example", "evil.example:81", "EVIL", "evil" * 99])
def test_nothing_is_derived_from_the_host(blog: Blog, host: str) -> None:
    for what, answer in everything(blog, **forged(host)):
        assert b"evil" not in answer.body.lower(), what
        assert "evil" not in str(answer.headers).lower(), what
        assert "localhost" not in str(answer.headers) + str(answer.body), what


@pytest.mark.parametrize("host", INVALID)
def test_a_host_that_cannot_be_is_refused_and_not_repeated(blog: Blog, host: str) -> None:
    for path in (*PAGES, *OTHERS, *SHARED, *MISSES, "/healthz"):
        for method in ("GET", "HEAD", "POST"):
            answer = blog.get(path, method, **forged(host))
            assert (answer.status, answer.body.strip()) == (400, b"" if method == "HEAD" else b"400")
            assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
            assert "evil" not in str(answer.headers).lower()


def test_views_never_learn_the_host(blog: Blog) -> None:
    blog.app.view_functions["pages.tags"] = lambda: Response(request.url)
    assert blog.get("/tags/", host="evil.example").text == "http://localhost/tags/"


def test_a_forged_host_leaves_nothing_for_the_next_reader(blog: Blog) -> None:
    for path in (*PAGES, *OTHERS[:3], *SHARED):
        forged = blog.get(path, host="evil.example")
        assert blog.get(path) == forged


def test_redirects_stay_on_this_host(blog: Blog) -> None:
    for path in (
        "//evil.example",
        "///evil.example/",
        "/\\evil.example/",
        "//evil.example/..",
        "/archive//evil.example",
        "/%2f%2fevil.example/",
        "/%5cevil.example",
        "//evil.example%2f..",
        "/%0d%0aSet-Cookie:x/",
    ):
        for query in ("", "a=1", "//evil.example", "\r\nX: y"):
            location = blog.get(path, query=query).headers.get("Location", "/")
            assert location.startswith("/"), path
            assert not location.startswith(("//", "/\\")), path
            assert location.isprintable()


def test_a_redirect_keeps_the_query(blog: Blog) -> None:
    assert blog.get("/archive", query="q=a%20b&c=d").headers["Location"] == "/archive/?q=a%20b&c=d"


# --- who may ask


def test_a_stranger_host_is_refused_where_hosts_are_named(new_blog: NewBlog) -> None:
    blog = new_blog(FILES, trusted_hosts="blog.example.org, WWW.example.org")
    blog.get(POST)
    for host in ("evil.example", "example.org", "blog.example.org.evil.example", "x.blog.example.org"):
        answer = blog.get(POST, host=host)
        assert answer.status == 400, host
        assert answer.words("h1") == ["Solicitud incorrecta"]
        assert answer.headers["X-Frame-Options"] == "DENY"
    for host in ("blog.example.org@evil", "", "blog.example.org,blog.example.org"):
        assert blog.get(POST, host=host).status == 400, host
    for host in (
        "blog.example.org",
        "BLOG.example.org:8443",
        "www.example.org",
        "localhost:8000",
        "127.0.0.1",
        "[::1]:80",
    ):
        assert blog.get(POST, host=host).status == 200, host
    for path in ("/healthz", "/readyz"):
        assert blog.get(path, host="10.1.2.3").status == 200


# --- how long


def test_errors_are_kept_briefly_and_failures_never(blog: Blog) -> None:
    for what, answer in everything(blog):
        if answer.status in {301, 308, 400, 404, 405, 410}:
            assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=10", what
        if answer.status == 500 or what.endswith(("/healthz", "/readyz")):
            assert answer.headers["Cache-Control"] == "no-store", what


def test_pictures_are_kept_under_their_hash_but_not_longer_than_their_post(new_blog: NewBlog) -> None:
    files = {"posts/2018-07-17-x/index.md": post(expires="2026-01-01T13:00:00Z"), "posts/2018-07-17-x/a.png": b"x"}
    clock = Clock()
    blog = new_blog(files, clock=clock)
    assert blog.get(f"{POST}a.png").headers["Cache-Control"] == "no-cache"
    assert blog.get(hashed(f"{POST}a.png", b"x")).headers["Cache-Control"] == "public, max-age=3600, immutable"
    clock.now += 3600
    assert blog.get(f"{POST}a.png").status == 404
    forever = blog.get("/static/style.css").headers["Cache-Control"]
    assert forever == "no-cache"


def test_a_405_says_what_is_allowed(blog: Blog) -> None:
    for path in (POST, "/", "/nothing/", "/healthz", "/static/style.css"):
        answer = blog.get(path, "POST")
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert set(blog.get(path, "OPTIONS").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_head_is_get_without_a_body(blog: Blog) -> None:
    for path in (*PAGES, *OTHERS, *SHARED, *MISSES):
        got, head = blog.get(path), blog.get(path, "HEAD")
        assert (head.status, head.headers, head.body) == (got.status, got.headers, b""), path
        assert got.headers["Content-Length"] == str(len(got.body)), path
