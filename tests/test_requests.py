"""Whatever is asked, in whatever way: an answer of the few kinds that there are, and no echo."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import sizes
from blogs import Blog, call, make_blog, post
from conftest import Saw
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

ALLOWED = {200, 206, 301, 302, 303, 304, 307, 308, 400, 404, 405, 410, 413, 414, 431}
FILES = {
    "posts/2018-07-17-x.md": post("Uno", "![a](a.png)", categories="[Proyecto]", tags="[ñ]", author="Ana"),
    "posts/a.png": b"\x89PNG",
    "posts/2018-07-16-b/index.md": post("Dos", aliases="[/old/, /añejo.html]"),
    "posts/2018-07-16-b/film.mp4": bytes(5000),
    "posts/2018-07-15-gone.md": post(expires="2019-01-01"),
    "pages/about.md": post("Acerca"),
    "static/mine.svg": "<svg/>",
}
MARK = "zzevilzz"

KNOWN = [
    b"/", b"/page/2/", b"/archive/", b"/archive/2018/", b"/archive/2018/07/", b"/2018/07/17/x/", b"/tags/",
    b"/old/",
    b"/2018/07/17/x/share/", b"/2018/07/17/x/a.png", b"/2018/07/17/x.md", b"/2018/07/16/b/film.mp4", b"/about/",
    b"/2018/07/15/gone/", "/añejo.html".encode(), b"/category/proyecto/", "/tag/ñ/".encode(), b"/categories/",
    b"/author/ana/feed.xml", b"/feed.xml", b"/sitemap.xml", b"/robots.txt", b"/favicon.svg", b"/favicon.ico",
    b"/theme.css", b"/static/style.css", b"/static/mine.svg", b"/static/touch-icon.png", b"/healthz", b"/readyz",
    b"*", b"",
]  # fmt: skip
PIECES = [
    b"/", b"//", b".", b"..", b"../", b"%", b"%2e", b"\x00", b"\xff", b"\xc3", "ñ".encode(), "🎉".encode(),
    b"\r\n",
    b"\\", b"?", b"#", b";", b":", b"@", b"http://", b"share/", b"page/", b"page/99999999999/", b"feed.xml",
    b".md",
    b".html", b"index.html", b"etc/passwd", b".git/config", b"site.toml", b"posts/", b"{{7*7}}", b"' OR 1=1", b"~",
    b"<script>", b"a" * 300, b"/a" * 500, b"\xe2\x80\xae", b"$(id)", b"|", b"0000", b"2018", b"13/", b"-1/",
    b"1e9/",
]  # fmt: skip
HOSTS = [MARK, f"{MARK}:80", f"{MARK}@{MARK}", f"[{MARK}]", f"{MARK}/../", ""]
ENCODINGS = ["gzip", "br", "*;q=0", "gzip;q=x", "a;q=1e999", "br;q=-1"]
RANGES = ["bytes=0-1", "bytes=9999999-", "bytes=0-1,2-3", "bytes=-", "bytes=a-b"]

paths = st.one_of(
    st.sampled_from(KNOWN),
    st.binary(max_size=80).map(lambda raw: b"/" + raw),
    st.lists(st.sampled_from([*KNOWN, *PIECES]), max_size=5).map(lambda parts: b"/" + b"".join(parts)),
)
methods = st.one_of(
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from(["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "X", ""]),
)
latin = st.text(st.characters(max_codepoint=255, exclude_categories=["Cs"]), max_size=60)
conditions = st.sampled_from(["*", '"x"', 'W/"x"', '"x", "y"', "", ",,,", '"', "W/", "\xff", "a" * 5000])
headers = st.fixed_dictionaries(
    {},
    optional={
        "host": st.one_of(
            latin, st.sampled_from([MARK, f"{MARK}:80", f"{MARK}@{MARK}", f"[{MARK}]", f"{MARK}/../", ""])
        ),
        "accept_encoding": st.one_of(
            latin, st.sampled_from(["gzip", "br", "*;q=0", "gzip;q=x", "a;q=1e999", "br;q=-1"])
        ),
        "if_none_match": st.one_of(latin, conditions),
        "if_match": conditions,
        "if_modified_since": st.one_of(latin, st.just("Tue, 17 Jul 2018 00:00:00 GMT")),
        "if_unmodified_since": latin,
        "if_range": st.one_of(latin, conditions),
        "range": st.one_of(latin, st.sampled_from(RANGES)),
        "cookie": latin,
        "authorization": st.one_of(latin, st.sampled_from(["Bearer x", "Basic !!!", "Digest a=b"])),
        "content_type": st.one_of(latin, st.sampled_from(["multipart/form-data", "application/json"])),
        "x_forwarded_for": latin,
        "x_forwarded_host": st.just(MARK),
        "x_forwarded_proto": latin,
        "transfer_encoding": st.sampled_from(["chunked", "x"]),
        "x_http_method_override": st.sampled_from(["DELETE", "X"]),
        "accept_language": latin,
        "remote_addr": st.sampled_from(["127.0.0.1", "", "::1", "x", "203.0.113.7"]),
    },
)


@pytest.fixture(scope="module", params=[{}, {"trust_proxy": "1", "s_maxage": "60", "status_token": "t" * 40}])
def blog(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    """One for all examples: what a request leaves behind must not hurt the next one."""
    with make_blog(
        tmp_path_factory.mktemp("blog"), FILES, settings='accent = "#123456"\n', **request.param
    ) as made:
        yield made


@settings(max_examples=sizes.REQUESTS, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(method=methods, path=paths, query=latin, asked=headers, body=st.binary(max_size=200))
@example(method="GET", path=b"", query="", asked={}, body=b"")
@example(method="GET", path=b"//", query="", asked={}, body=b"")
@example(method="GET", path=b"*", query="", asked={}, body=b"")
def test_no_request_is_more_than_the_server_can_bear(
    blog: Blog, method: str, path: bytes, query: str, asked: dict[str, str], body: bytes
) -> None:
    answer = call(blog.app, method, path, query, asked, body)
    assert answer.status in ALLOWED, answer
    assert MARK not in str(answer.headers), answer
    if MARK not in query:
        assert MARK.encode() not in answer.body, answer
    assert "Content-Security-Policy" in answer.headers
    assert "Set-Cookie" not in answer.headers
    if answer.status in {301, 308}:
        assert answer.headers["Location"].startswith("/")
        assert not answer.headers["Location"].startswith(("//", "/\\"))


def test_a_body_is_never_read(blog: Blog) -> None:
    for size in (1, 70_000, 2_000_000):
        assert blog.get("/2018/07/17/x/", "POST", body=b"x" * size).status == 405
        assert blog.get("/2018/07/17/x/", body=b"x" * size).status == 200


def test_junk_leaves_no_trace_in_memory(blog: Blog, saw: Saw) -> None:
    store = blog.parts.page_cache.store
    for path in KNOWN:
        call(blog.app, "GET", path)
    count, size = len(store), store.size
    for number in range(sizes.REQUESTS):
        junk = random.Random(number).randbytes(8)
        call(blog.app, "GET", b"/" + junk)
        call(blog.app, "GET", b"/2018/07/17/x/" + junk + b".png")
        call(blog.app, "GET", b"/", junk.hex(), {"accept_encoding": junk.hex(), "if_none_match": junk.hex()}, b"")
        call(blog.app, "GET", b"/tag/" + junk + b"/page/2/")
        call(blog.app, "GET", b"/static/style." + junk.hex()[:12].encode() + b".css")
    saw(junk_addresses=5 * sizes.REQUESTS)
    assert (len(store), store.size) == (count, size)


def test_the_path_in_a_page_is_text(blog: Blog) -> None:
    for path in (b"/<script>alert(1)</script>/", b'/"onload="x/', b"/{{7*7}}/"):
        answer = call(blog.app, "GET", path, "<script>", {"referer": "<script>"}, b"")
        assert answer.status == 404
        assert not [script for script in answer.html.iter("script") if script.get("type") != "application/ld+json"]
        assert b"49" not in answer.body


def test_no_file_of_the_site_is_served_as_it_lies(blog: Blog, tmp_path: Path) -> None:
    for file in blog.root.rglob("*"):
        name = file.relative_to(blog.root).as_posix()
        for prefix in ("/", "//", "/./", "/static/../", "/posts/../"):
            if not name.startswith("static"):
                assert blog.get(prefix + name).status in {404, 308}, name
