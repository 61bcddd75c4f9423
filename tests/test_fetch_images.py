"""flask posts fetch-images: remote pictures put beside their posts, asked of a server on this machine."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from blogs import Blog, post
from click.testing import Result
from conftest import NewBlog
from PIL import Image

from bitacora.share import remote
from bitacora.share.remote import RemoteError, fetch_picture

FILE = "posts/2018-07-17-x.md"
LOOPBACK = ("--host", "127.0.0.1")
PATIENCE_S = 60.0


def picture(colour: str = "#3060a0", form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1600, 900), colour).save(file, form)
    return file.getvalue()


BLUE, RED = picture("#3060a0"), picture("#a03060")
Responder = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.agents.append(self.headers["User-Agent"])
        self.server.answers.get(self.path, gone)(self)

    def log_message(self, *_: object) -> None:
        pass


def sends(body: bytes, kind: str = "image/jpeg", length: int | None = None) -> Responder:
    def respond(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def redirects(target: str) -> Responder:
    def respond(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return respond


def gone(handler: Handler) -> None:
    handler.send_error(404)


@dataclass
class Elsewhere:
    """A server of pictures: `answers` by path, `asked` is what it was asked for."""

    port: int
    answers: dict[str, Responder]
    asked: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found = Elsewhere(server.server_port, {"/a.jpg": sends(BLUE), "/b.jpg": sends(RED)})
        server.answers, server.asked, server.agents = found.answers, found.asked, found.agents  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def run(blog: Blog, *words: str) -> Result:
    return blog.app.test_cli_runner().invoke(args=("posts", "fetch-images", *words))


def source(blog: Blog, path: str = FILE) -> str:
    return (blog.root / path).read_bytes().decode()


# --- where pictures land


def test_a_picture_lands_beside_its_post_under_the_name_of_both(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    blog = new_blog({FILE: post(single_image=elsewhere.url("/album/La%20Plaza.JPG"))})
    elsewhere.answers["/album/La%20Plaza.JPG"] = sends(BLUE)
    result = run(blog, *LOOPBACK)
    assert result.exit_code == 0
    assert (blog.root / "posts/x-la-plaza.jpg").read_bytes() == BLUE
    assert result.stdout == f"{FILE}: x-la-plaza.jpg holds {elsewhere.url('/album/La%20Plaza.JPG')} now\n"
    assert elsewhere.agents == ["Bitacora (fetch-images)"]
    assert elsewhere.url("") in source(blog), "without --write nothing is written"


def test_where_there_is_nothing_to_fetch_it_says_so(new_blog: NewBlog) -> None:
    result = run(new_blog({FILE: post(single_image="a.jpg")}))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No head names a picture on another server: there is nothing to fetch.\n"


def test_in_a_bundle_a_picture_bears_its_own_name(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    blog = new_blog({"posts/2018-07-17-x/index.md": post(image=elsewhere.url("/a.jpg"))})
    assert run(blog, *LOOPBACK).exit_code == 0
    assert (blog.root / "posts/2018-07-17-x/a.jpg").read_bytes() == BLUE


def test_the_ending_tells_what_the_picture_really_is(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    elsewhere.answers["/c.jpg?size=large"] = sends(picture(form="PNG"))
    blog = new_blog({FILE: post(image=elsewhere.url("/c.jpg?size=large"))})
    assert run(blog, *LOOPBACK).exit_code == 0
    assert [path.name for path in (blog.root / "posts").glob("*.png")] == ["x-c.png"]


def test_pictures_of_drafts_are_fetched_before_they_are_published(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    blog = new_blog({FILE: post(image=elsewhere.url("/a.jpg"), draft="true")})
    assert run(blog, *LOOPBACK).exit_code == 0
    assert (blog.root / "posts/x-a.jpg").exists()


def test_only_the_posts_that_are_named_are_looked_at(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    other = "posts/2018-07-18-y.md"
    blog = new_blog({FILE: post(image=elsewhere.url("/a.jpg")), other: post(image=elsewhere.url("/b.jpg"))})
    assert run(blog, other, *LOOPBACK).exit_code == 0
    assert elsewhere.asked == ["/b.jpg"]


def test_a_file_that_is_there_stays_and_the_picture_gets_another_name(
    new_blog: NewBlog, elsewhere: Elsewhere
) -> None:
    blog = new_blog({FILE: post(image=elsewhere.url("/a.jpg")), "posts/x-a.jpg": b"mine"})
    result = run(blog, "--write", *LOOPBACK)
    assert result.exit_code == 0
    assert (blog.root / "posts/x-a.jpg").read_bytes() == b"mine"
    assert (blog.root / "posts/x-a-2.jpg").read_bytes() == BLUE
    assert "image: x-a-2.jpg\n" in source(blog)


def test_what_was_fetched_before_is_not_written_again(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    blog = new_blog({FILE: post(image=elsewhere.url("/a.jpg"))})
    run(blog, *LOOPBACK)
    before = (blog.root / "posts/x-a.jpg").stat()
    assert run(blog, "--write", *LOOPBACK).exit_code == 0
    after = (blog.root / "posts/x-a.jpg").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [path.name for path in (blog.root / "posts").iterdir() if path.suffix == ".jpg"] == ["x-a.jpg"]
    assert "image: x-a.jpg\n" in source(blog)


def test_two_pictures_of_one_name_do_not_overwrite_each_other(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    elsewhere.answers["/other/a.jpg"] = sends(RED)
    images = f"[{elsewhere.url('/a.jpg')}, {elsewhere.url('/other/a.jpg')}]"
    blog = new_blog({FILE: post(images=images)})
    assert run(blog, "--write", *LOOPBACK).exit_code == 0
    assert "images: [x-a.jpg, x-a-2.jpg]\n" in source(blog)
    assert [(blog.root / f"posts/{name}").read_bytes() for name in ("x-a.jpg", "x-a-2.jpg")] == [BLUE, RED]


# --- --write


def test_a_post_that_was_rewritten_has_a_picture_of_its_own(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    image = f"[{{img: '{elsewhere.url('/a.jpg')}', caption: La plaza}}]"
    blog = new_blog({FILE: post(single_image=image, intro="De qué se trata.")})
    assert run(blog, "--write", *LOOPBACK).exit_code == 0
    page = blog.get("/2018/07/17/x/").html
    metas = {meta.get("property"): meta.get("content") for meta in page.iter("meta")}
    assert metas["og:image"].startswith("https://blog.example.org/2018/07/17/x/card-")
    assert metas["og:image:alt"] == "La plaza"
    assert any(image.get("src").startswith("/2018/07/17/x/x-a-") for image in page.iter("img"))
    assert blog.get("/2018/07/17/x/x-a.jpg").body == BLUE


HEADS = {
    "plain": "---\ntitle: Uno\nimage: {url}\n---\n{url}\n",
    "quotes, comments and order": "---\n# {url}\nimage:   '{url}'   # {url}\ntitle: \"{url}\"\n---\n![]({url})\n",
    "nested": '---\ntitle: Uno\nsingle_image:\n  - img: "{url}"\n    caption: {url}\n---\n',
    "below header": "---\ntitle: Uno\nheader:\n  image: {url}\n  other: {url}\n---\n",
    "share_image": "---\ntitle: Uno\nshare_image: {{ src: {url}, alt: x }}\nsource: {url}\n---\n",
    "a longer address beside it": "---\ntitle: Uno\nimage: {url}\nsource: {url}/b.jpg\nother: {url}?x\n---\n",
    "lines of Windows": "---\r\ntitle: Uno\r\nimage: {url}\r\n---\r\n\r\n{url}\r\n",
    "byte order mark": "\ufeff---\ntitle: Uno ñ\nimage: {url}\n---\n",
    "TOML": '+++\ntitle = "Uno"\nimage = "{url}"\n+++\n{url}\n',
    "JSON": '{{\n  "title": "Uno",\n  "image": "{url}"\n}}\n\n{url}\n',
    "no line break at the end": "---\ntitle: Uno\nimage: {url}\n---",
    "lines of old Macs": "---\rtitle: Uno\rimage: {url}\r---\rTexto\r",
    "folded quotation": '---\ntitle: Uno\nimage:\n  "{url}"\n---\n',
}


@pytest.mark.parametrize("name", HEADS)
def test_the_name_takes_the_place_of_the_address_and_all_else_stays(
    new_blog: NewBlog, elsewhere: Elsewhere, name: str
) -> None:
    url = elsewhere.url("/a.jpg")
    before = HEADS[name].format(url=url)
    blog = new_blog({FILE: before.encode()})
    (blog.root / FILE).chmod(0o640)
    result = run(blog, "--write", *LOOPBACK)
    assert result.exit_code == 0, result.stdout
    after = source(blog)
    place = next(n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    assert before[place : place + len(url)] == url
    assert after == before[:place] + "x-a.jpg" + before[place + len(url) :]
    assert [image.src for image in images(blog)] == ["x-a.jpg"]
    assert (blog.root / FILE).stat().st_mode & 0o777 == 0o640
    assert not [path for path in (blog.root / "posts").iterdir() if path.name.startswith(".")]


def images(blog: Blog) -> list[Any]:
    (found,) = blog.parts.library.snapshot().candidates
    return [*found.images, *filter(None, (found.share_image, found.share_image_on_x))]


def test_all_pictures_of_a_post_are_written_at_once(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    written = ", ".join(f"{{img: {elsewhere.url(path)}}}" for path in ("/a.jpg", "/b.jpg", "/a.jpg"))
    shared = f"{{default: {elsewhere.url('/b.jpg')}, x: {elsewhere.url('/a.jpg')}}}"
    blog = new_blog({FILE: post(single_image=f"[{written}]", share_image=shared)})
    assert run(blog, "--write", *LOOPBACK).exit_code == 0
    assert [image.src for image in images(blog)] == ["x-a.jpg", "x-b.jpg", "x-a.jpg", "x-b.jpg", "x-a.jpg"]


def test_what_could_not_be_fetched_keeps_its_address(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    pair = f"[{elsewhere.url('/a.jpg')}, {elsewhere.url('/none.jpg')}]"
    blog = new_blog({FILE: post(images=pair)})
    result = run(blog, "--write", *LOOPBACK)
    assert result.exit_code == 1
    assert f"{elsewhere.url('/none.jpg')} was not fetched: the server answers 404" in result.stdout
    assert f"images: [x-a.jpg, {elsewhere.url('/none.jpg')}]\n" in source(blog)


def test_a_post_that_changes_meanwhile_is_left_alone_and_the_others_go_on(
    new_blog: NewBlog, elsewhere: Elsewhere
) -> None:
    other = "posts/2018-07-18-y.md"
    blog = new_blog({FILE: post(image=elsewhere.url("/a.jpg")), other: post(image=elsewhere.url("/b.jpg"))})
    edited = post("Otro título", image=elsewhere.url("/a.jpg"))

    def edit(handler: Handler) -> None:
        blog.write(FILE, edited)
        sends(BLUE)(handler)

    elsewhere.answers["/a.jpg"] = edit
    result = run(blog, "--write", *LOOPBACK)
    assert result.exit_code == 1
    assert f"{FILE}: it was changed meanwhile; nothing was written to it\n" in result.stdout
    assert source(blog) == edited
    assert "image: y-b.jpg\n" in source(blog, other)


def test_an_address_written_with_escapes_is_left_to_the_editor(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    written = elsewhere.url("/a.jpg").replace("/", "\\/")
    before = f'{{"title": "Uno", "image": "{written}"}}\n'
    blog = new_blog({FILE: before})
    result = run(blog, "--write", *LOOPBACK)
    assert result.exit_code == 1
    assert "write the name in its place by hand" in result.stdout
    assert source(blog) == before
    assert (blog.root / "posts/x-a.jpg").read_bytes() == BLUE


# --- limits


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (gone, "the server answers 404"),
        (sends(b"<!doctype html><p>Not here", "image/jpeg"), "is not a JPEG, PNG, WebP, GIF or AVIF file"),
        (sends(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "is an SVG drawing"),
        (sends(b""), "The picture's file is empty"),
        (sends(BLUE[:2000], length=len(BLUE)), "it was cut short"),
        (redirects("https://127.0.0.2/a.jpg"), "127.0.0.2 is not among the hosts that were named"),
        (redirects("file:///etc/passwd"), "the server answers 302"),
        (redirects("ftp://127.0.0.1/a.jpg"), "its address does not begin with https"),
        (redirects("/loop.jpg"), "the server answers 302"),
    ],
    ids=["404", "HTML", "SVG", "empty", "short", "another host", "a file", "another scheme", "a loop"],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing_behind(
    new_blog: NewBlog, elsewhere: Elsewhere, answer: Responder, said: str
) -> None:
    elsewhere.answers |= {"/c.jpg": answer, "/loop.jpg": redirects("/loop.jpg")}
    blog = new_blog({FILE: post(image=elsewhere.url("/c.jpg"))})
    before = source(blog)
    result = run(blog, "--write", *LOOPBACK)
    assert result.exit_code == 1
    assert said in result.stdout
    assert [path.name for path in (blog.root / "posts").iterdir()] == [FILE.removeprefix("posts/")]
    assert source(blog) == before


def test_a_picture_is_followed_over_a_redirect_of_the_same_host(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    elsewhere.answers["/c.jpg"] = redirects("/a.jpg")
    blog = new_blog({FILE: post(image=elsewhere.url("/c.jpg"))})
    assert run(blog, *LOOPBACK).exit_code == 0
    assert (blog.root / "posts/x-c.jpg").read_bytes() == BLUE


def test_more_than_the_limit_is_not_read(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MOST_BYTES", 1024 * 1024)
    monkeypatch.setattr(remote, "_CHUNK", 1000)
    elsewhere.answers["/a.jpg"] = sends(bytes(1024 * 1024 + 1))
    with pytest.raises(RemoteError, match="it has more than 1 MB"):
        fetch_picture(elsewhere.url("/a.jpg"), ["127.0.0.1"])


def test_a_server_that_trickles_is_given_up(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def trickle(handler: Handler) -> None:
        sends(b"x", length=1_000_000)(handler)
        go_on.wait(PATIENCE_S)

    elsewhere.answers["/a.jpg"] = trickle
    times = iter([0.0])
    monkeypatch.setattr(remote.time, "monotonic", lambda: next(times, 60.0))
    with pytest.raises(RemoteError, match="it takes longer than 20 s"):
        fetch_picture(elsewhere.url("/a.jpg"), ["127.0.0.1"])
    go_on.set()


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.jpg"
        with pytest.raises(RemoteError, match=r"it cannot be reached \(.*timed out\)"):
            fetch_picture(url, ["127.0.0.1"])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org/a.jpg", "its address does not begin with https"),
        ("https://[", "it cannot be reached"),
        ("https://", "it cannot be reached"),
        ("https://127.0.0.1:1/ñandú bonito.jpg", "it cannot be reached"),
        ("https://exa mple.invalid/", "it cannot be reached"),
    ],
)
def test_an_address_that_cannot_be_asked_is_an_error_in_words(url: str, said: str) -> None:
    with pytest.raises(RemoteError, match=said):
        fetch_picture(url)


def test_letters_of_all_languages_reach_the_server(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/%C3%B1and%C3%BA%20bonito.jpg?a=%C3%B1"] = sends(BLUE)
    assert fetch_picture(elsewhere.url("/ñandú bonito.jpg?a=ñ"), ["127.0.0.1"]) == BLUE


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_reached_but_never_spoken_to_unless_it_is_named(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as private:
        private.settimeout(PATIENCE_S)
        with pytest.raises(RemoteError, match=f"{host} lies in a private network; name it with --host"):
            fetch_picture(f"https://{host}:{private.getsockname()[1]}/a.jpg")
        connection, _ = private.accept()
        with connection:
            assert connection.recv(1) == b"", "not even the first byte of TLS"


def test_a_host_that_is_not_named_is_not_asked_when_some_are(elsewhere: Elsewhere) -> None:
    with pytest.raises(RemoteError, match=r"127\.0\.0\.1 is not among the hosts that were named"):
        fetch_picture(elsewhere.url("/a.jpg"), ["i.imgur.com"])
    assert elsewhere.asked == []


def test_hosts_are_named_in_any_case_of_letters(elsewhere: Elsewhere) -> None:
    assert fetch_picture(elsewhere.url("/a.jpg", "localhost"), ["LocalHost"]) == BLUE


def test_no_proxy_stands_between(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert fetch_picture(elsewhere.url("/a.jpg"), ["127.0.0.1"]) == BLUE
