"""Stylesheets, icons, pictures and films: the right bytes, of the right type, for the right time."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from blogs import Blog, post
from conftest import NewBlog
from programs import wait_until

SHIPPED = Path(__file__).parent.parent / "static"
FOREVER = "public, max-age=31536000, immutable"
FILM = bytes(range(256)) * 40
BUNDLE = "posts/2018-07-17-x"
URL = "/2018/07/17/x/"


def stylesheet(blog: Blog) -> str:
    """The address of the stylesheet that pages name."""
    [address] = [link.get("href") for link in blog.get("/").html.iter("link") if link.get("rel") == "stylesheet"]
    return str(address)


# --- static files


def test_a_name_with_the_hash_is_for_ever(new_blog: NewBlog) -> None:
    blog = new_blog()
    address = stylesheet(blog)
    assert re.fullmatch(r"/static/style\.[0-9a-f]{12}\.css", address)
    for _ in range(2):
        answer = blog.get(address)
        assert answer.headers["Cache-Control"] == FOREVER
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.body == (SHIPPED / "style.css").read_bytes()


@pytest.mark.parametrize("path", ["/static/style.css", "/static/style.0123456789ab.css", "/static/touch-icon.png"])
def test_any_other_name_is_asked_for_each_time(new_blog: NewBlog, path: str) -> None:
    blog = new_blog()
    for _ in range(2):
        answer = blog.get(path)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
        assert blog.get(path, if_none_match=answer.headers["ETag"]).status == 304


def test_the_hash_follows_the_content_live(new_blog: NewBlog) -> None:
    blog = new_blog({"static/style.css": "a {}"})
    first = stylesheet(blog)
    assert blog.get(first).text == "a {}"
    blog.write("static/style.css", "b {}")
    second = stylesheet(blog)
    assert first != second
    assert (blog.get(second).text, blog.get(second).headers["Cache-Control"]) == ("b {}", FOREVER)
    assert (blog.get(first).text, blog.get(first).headers["Cache-Control"]) == ("b {}", "no-cache")


def test_a_site_s_file_shadows_the_shipped_one_and_gives_it_back(new_blog: NewBlog) -> None:
    blog = new_blog()
    shipped = stylesheet(blog)
    blog.write("static/style.css", "mine {}")
    assert blog.get(stylesheet(blog)).text == "mine {}"
    blog.delete("static/style.css")
    wait_until(lambda: stylesheet(blog) == shipped)
    assert blog.get(shipped).headers["Cache-Control"] == FOREVER


def test_a_file_that_is_being_written_is_sent_to_nobody(new_blog: NewBlog) -> None:
    blog = new_blog({"static/style.css": "a { color: red }", "static/a.png": b"0123456789"})
    sheet, picture = stylesheet(blog), blog.parts.files.static_url(blog.parts.library.snapshot(), "a.png")
    with open(blog.root / "static/style.css", "r+b") as text, open(blog.root / "static/a.png", "r+b") as image:
        for file, address in ((text, sheet), (image, picture)):
            file.write(b"half")
            file.flush()
            file.truncate()
            answer = blog.get(address)
            assert (answer.status, answer.body) == (503, b"")
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Retry-After"] == "2"
            assert "ETag" not in answer.headers
    assert (blog.get(sheet).status, blog.get(sheet).body) == (200, b"half")


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/nothing.css",
        "/static/../site.toml",
        "/static/%2e%2e/site.toml",
        "/static/..%2fsite.toml",
        "/static/....//site.toml",
        "/static/%5c..%5csite.toml",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/style.css%00.png",
        "/static/link.css",
        "/static/folder",
        "/static/folder/",
        "/static/.hidden.css",
        "/static/pipe.css",
        "/static/" + "a" * 300,
    ],
)
def test_nothing_but_static_files_is_there(new_blog: NewBlog, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.css").write_text("secret")
    blog = new_blog({"static/.hidden.css": "secret", "static/folder/a.css": "a {}"})
    (blog.root / "static/link.css").symlink_to(tmp_path / "secret.css")
    os.mkfifo(blog.root / "static/pipe.css")
    blog.get("/")
    answer = blog.get(path)
    assert answer.status in {404, 308}
    assert b"secret" not in answer.body
    assert b"title =" not in answer.body
    assert blog.get("/static/folder/a.css").text == "a {}"


def test_a_link_that_stays_in_the_site_is_followed(new_blog: NewBlog) -> None:
    blog = new_blog({"static/a.css": "a {}"})
    (blog.root / "static/b.css").symlink_to("a.css")
    assert blog.get("/static/b.css").text == "a {}"


@pytest.mark.parametrize("name", ["ñ 中 %41 #1?.css", "a.b.c.css", "noextension", "x.0123456789ab.css"])
def test_a_static_file_may_have_any_name(new_blog: NewBlog, name: str) -> None:
    blog = new_blog({f"static/{name}": "a {}"})
    address = blog.parts.files.static_url(blog.parts.library.snapshot(), name)
    assert address.isascii()
    assert blog.get(address).headers["Cache-Control"] == FOREVER
    assert blog.get(address).text == "a {}"


# --- icons and the accent


def test_the_icon_is_drawn_in_the_accent(new_blog: NewBlog) -> None:
    for settings, colour in (("", "#0a5f63"), ('accent = "#123456"\n', "#123456")):
        answer = new_blog(settings=settings).get("/favicon.svg")
        assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert answer.xml.tag == "{http://www.w3.org/2000/svg}svg"
        assert colour in answer.text


@pytest.mark.parametrize("path", ["/favicon.ico", "/apple-touch-icon.png"])
@pytest.mark.parametrize("settings", ["", 'accent = "#123456"\n', 'logo = "logo.png"\n', 'logo = "none.png"\n'])
def test_phones_and_browsers_find_an_icon(new_blog: NewBlog, path: str, settings: str) -> None:
    blog = new_blog({"static/logo.png": b"no picture"}, settings=settings)
    answer = blog.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.body.startswith(b"\x89PNG")
    assert blog.get(path, if_none_match=answer.headers["ETag"]).status == 304


def test_a_site_s_own_icon_is_given_as_it_is(new_blog: NewBlog) -> None:
    blog = new_blog({"static/touch-icon.png": b"mine"}, settings='accent = "#123456"\n')
    assert blog.get("/favicon.ico").body == b"mine"


def test_the_accent_is_a_stylesheet_of_its_own(new_blog: NewBlog) -> None:
    blog = new_blog(settings='accent = "#123456"\n')
    sheets = [link.get("href") for link in blog.get("/").html.iter("link") if link.get("rel") == "stylesheet"]
    assert sheets[-1] == "/theme.css"
    assert "#123456" in blog.get("/theme.css").text
    assert new_blog().get("/theme.css").status == 404


# --- what lies beside posts


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.JPEG", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("a.mp4", "video/mp4"),
        ("a.webm", "video/webm"),
        ("a.mp3", "audio/mpeg"),
        ("a.vtt", "text/vtt; charset=utf-8"),
        ("a.pdf", "application/pdf"),
    ],
)
def test_what_a_bundle_may_show_has_its_type(new_blog: NewBlog, name: str, kind: str) -> None:
    blog = new_blog({f"{BUNDLE}/index.md": post("X", f"[a]({name})"), f"{BUNDLE}/{name}": b"<x>"})
    answer = blog.get(URL + name)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, kind, b"<x>")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "a.html",
        "a.js",
        "a.py",
        "a.php",
        "a.css",
        "a.xml",
        "a",
        "a.md.bak",
        ".a.png",
        "a.svgz",
    ],
)
def test_what_a_bundle_may_not_show_is_not_there(new_blog: NewBlog, name: str) -> None:
    blog = new_blog({f"{BUNDLE}/index.md": post("X", f"![a]({name})"), f"{BUNDLE}/{name}": b"secret"})
    answer = blog.get(URL + name)
    assert (answer.status, b"secret" in answer.body) == (404, False)


@pytest.mark.parametrize("path", [f"{URL}a.svg", "/static/a.svg"])
def test_a_drawing_opened_by_itself_can_run_nothing(new_blog: NewBlog, path: str) -> None:
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'>%s</svg>"
    files = {f"{BUNDLE}/a.svg": drawing % b"", "static/a.svg": drawing % b"<script>alert(1)</script>"}
    blog = new_blog({f"{BUNDLE}/index.md": post(), **files})
    for _ in range(2):
        assert blog.get(path).headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        )


def test_a_picture_follows_its_file(new_blog: NewBlog) -> None:
    blog = new_blog({f"{BUNDLE}/index.md": post(), f"{BUNDLE}/a.png": b"one"})
    first = blog.get(f"{URL}a.png")
    blog.write(f"{BUNDLE}/a.png", b"two")
    second = blog.get(f"{URL}a.png", if_none_match=first.headers["ETag"])
    assert (second.status, second.body) == (200, b"two")
    assert blog.get(f"{URL}a.png", if_none_match=second.headers["ETag"]).status == 304
    blog.delete(f"{BUNDLE}/a.png")
    blog.get_until(404, f"{URL}a.png")


# --- parts of a film


@pytest.fixture
def film(new_blog: NewBlog) -> Any:
    named = post("X", "[a](a.mp4) [b](empty.mp4)")
    blog = new_blog({f"{BUNDLE}/index.md": named, f"{BUNDLE}/a.mp4": FILM, f"{BUNDLE}/empty.mp4": b""})
    return lambda name="a.mp4", method="GET", **headers: blog.get(URL + name, method, **headers)


PARTS = {
    "bytes=0-0": (0, 1),
    "bytes=5-": (5, 10240),
    "bytes=-3": (10237, 10240),
    "bytes=10000-99999": (10000, 10240),
    "bytes=0-": (0, 10240),
}


@pytest.mark.parametrize("asked", PARTS)
def test_one_part_is_given(film: Any, asked: str) -> None:
    start, end = PARTS[asked]
    answer = film(range=asked)
    assert (answer.status, answer.body) == (206, FILM[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/10240"
    assert answer.headers["Content-Length"] == str(end - start)
    assert answer.headers["ETag"] == film().headers["ETag"]


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-2",
        "bytes=0-1,5-6",
        "bytes=x",
        "lines=1-2",
        "",
        "bytes=" + "9" * 50 + "-",
    ],
)
def test_any_other_wish_is_answered_with_the_whole(film: Any, asked: str) -> None:
    answer = film(range=asked)
    assert (answer.status, answer.body) == (200, FILM)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Content-Range" not in answer.headers
    assert answer.headers["Content-Length"] == "10240"


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_a_part_in_which_there_is_nothing_is_refused_with_the_size(film: Any, asked: str) -> None:
    answer = film(range=asked)
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (416, b"", "bytes */10240")


def test_a_part_of_another_version_is_the_whole(film: Any) -> None:
    etag = film().headers["ETag"]
    assert film(range="bytes=0-3", if_range=etag).status == 206
    assert film(range="bytes=0-3", if_range='"other"').status == 200
    assert film(range="bytes=0-3", if_range="Tue, 17 Jul 2018 00:00:00 GMT").status == 200


def test_who_has_the_film_needs_no_part(film: Any) -> None:
    assert film(range="bytes=0-3", if_none_match=film().headers["ETag"]).status == 304


def test_conditions_of_writers_are_not_for_readers(film: Any) -> None:
    assert film(if_match='"other"').status == 200
    assert film(if_unmodified_since="Tue, 17 Jul 2001 00:00:00 GMT").status == 200


def test_a_head_request_has_no_parts(film: Any) -> None:
    answer = film(method="HEAD", range="bytes=0-3")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "10240")


def test_an_empty_file_is_an_answer(film: Any) -> None:
    for asked in ("bytes=0-", "bytes=-1", ""):
        assert (film("empty.mp4", range=asked).status, film("empty.mp4").body) == (200, b"")
