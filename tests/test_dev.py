"""`make dev`: what a writer sees while writing, and that readers of a published blog see nothing of it."""

from __future__ import annotations

import json
import re
import runpy
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from blogs import Answer, Blog, Clock, post
from browser import Browser
from conftest import NewBlog, Serve
from folders import MakeFolder
from server import PATIENCE_S, ROOT, Client, Server

from bitacora.library.scan import RETRY_S
from bitacora.settings import read_operator

A = "/2020/01/02/a/"
DRAFT = post("El borrador", date="2020-01-03", draft="true")
SCHEDULED = post("La futura", date="2030-01-04")
BROKEN = "---\ntitle: Una entrada\ndate: 2018-02-30\n---\nTexto.\n"
SITE = {
    "posts/a.md": post("Una entrada", "Primero.", date="2020-01-02"),
    "posts/b.md": post("Otra", date="2020-01-01"),
}


@pytest.fixture
def write(new_blog: NewBlog) -> Callable[..., Blog]:
    """A blog as `make dev` serves it; tests ask under its public name."""

    def make(files: Mapping[str, str | bytes] = SITE, **how: str) -> Blog:
        named = {"dev": "1", "trusted_hosts": "blog.example.org", **how}
        return new_blog(files, settings='language = "en"\n', clock=Clock(), **named)

    return make


def notice(page: Answer) -> str:
    """All that is said for whoever writes."""
    return " ".join(page.words("aside"))


def alert(page: Answer) -> str:
    found = [element for element in page.html.iter() if element.get("role") == "alert"]
    return " ".join("".join(element) for one in found for element in one.itertext())


# --- drafts


@pytest.mark.parametrize("text", [DRAFT, SCHEDULED])
def test_what_is_not_published_is_at_its_address_and_in_lists(write: Callable[..., Blog], text: str) -> None:
    blog = write({**SITE, "posts/new.md": text})
    [address] = {link for link in blog.get("/archive/").links if link.endswith("/new/")}
    page = blog.get(address)
    assert page.status == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Readers do not see" in notice(page)
    assert address in blog.get("/").links


def test_what_is_published_is_not_called_a_draft(write: Callable[..., Blog]) -> None:
    page = write({**SITE, "posts/new.md": DRAFT}).get(A)
    assert notice(page) == ""
    assert "X-Robots-Tag" not in page.headers


def test_lists_name_what_is_not_published(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": DRAFT, "posts/later.md": SCHEDULED})
    assert "2 files are not published yet" in notice(blog.get("/"))


def test_a_draft_without_a_date_comes_first(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": post("Sin fecha", draft="true")})
    assert blog.get("/").words("h2")[0] == "Sin fecha"


def test_a_scheduled_post_is_marked_until_its_second(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": SCHEDULED})
    [address] = {link for link in blog.get("/archive/").links if link.endswith("/new/")}
    assert "Readers do not see this yet" in notice(blog.get(address))
    blog.clock.now += 10 * 365 * 86_400  # type: ignore[attr-defined]
    assert notice(blog.get(address)) == ""


def test_an_expired_post_is_gone_for_its_writer_as_well(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": post(date="2020-01-03", expires="2021-01-01")})
    assert blog.get("/2020/01/03/new/").status == 410


# --- mistakes


def test_a_mistake_is_said_over_the_last_good_version_until_it_is_mended(write: Callable[..., Blog]) -> None:
    blog = write()
    assert alert(blog.get(A)) == ""
    blog.write("posts/a.md", BROKEN)
    page = blog.get(A)
    assert "posts/a.md:3:7" in alert(page)
    assert "February 2018 has 28 days. Write it like" in alert(page)
    assert "last good version" in alert(page)
    assert "Primero." in page.words("p")
    blog.write("posts/a.md", SITE["posts/a.md"] + "\nMás.\n")
    page = blog.get(A)
    assert alert(page) == ""
    assert "Más." in page.words("p")


def test_a_draft_that_breaks_keeps_its_last_good_version(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": DRAFT})
    blog.write("posts/new.md", "---\ntitle: [torn\ndraft: true\n---\n")
    page = blog.get("/2020/01/03/new/")
    assert page.words("h1") == ["El borrador"]
    assert "posts/new.md:" in alert(page)


def test_a_new_file_with_a_mistake_is_told_of_where_its_page_would_be(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": BROKEN})
    page = blog.get("/2018/02/30/new/")
    assert page.status == 404
    assert "posts/new.md:3:7" in alert(page)


def test_a_post_is_not_bothered_with_mistakes_of_others(write: Callable[..., Blog]) -> None:
    blog = write()
    blog.write("posts/a.md", BROKEN)
    assert alert(blog.get("/2020/01/01/b/")) == ""
    assert "posts/a.md:3:7" in alert(blog.get("/"))
    assert "last good version" not in alert(blog.get("/"))


def test_who_loses_an_address_is_told_of_at_that_address(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/c/a.md": post("La misma", date="2020-01-02 10:00")})
    assert "Its address /2020/01/02/a/ is already that of" in alert(blog.get(A))


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("templates/post.html", "\n{% block %}", "templates/post.html:2:1"),
        ("templates/post.html", "\n\n{{ 1 / 0 }}", "templates/post.html:3:1"),
        ("site.toml", 'language = "en"\nper_page = "many"\n', "site.toml:2:1"),
    ],
)
def test_a_mistake_that_concerns_every_page_is_said_on_every_page(
    write: Callable[..., Blog], file: str, text: str, place: str
) -> None:
    blog = write()
    blog.write(file, text)
    assert place in alert(blog.get(A))
    assert "Primero." in blog.get(A).words("p")
    assert place in alert(blog.get("/"))


def test_a_theme_of_ones_own_tells_mistakes_as_well(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "templates/post.html": "<!doctype html><title>x</title><p>{{ post.title }}"})
    blog.write("posts/a.md", BROKEN)
    page = blog.get(A)
    assert "posts/a.md:3:7" in alert(page)
    assert page.text.startswith("<!doctype html><title>x</title><p>Una entrada<link "), (
        "nothing of the page is cut"
    )


def test_of_very_many_mistakes_ten_are_said(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, **{f"posts/bad{n}.md": BROKEN for n in range(13)}})
    assert alert(blog.get("/")).count(".md:3:7") == 10
    assert "And 3 more. They are named by flask posts check." in " ".join(alert(blog.get("/")).split())


# --- what a published blog shows of it, and to whom


def test_a_published_blog_has_nothing_of_it(write: Callable[..., Blog], new_blog: NewBlog) -> None:
    blog = new_blog({**SITE, "posts/new.md": DRAFT}, settings='language = "en"\n', clock=Clock())
    writing = write()
    for path in ("/dev/dev.js", "/dev/dev.css", "/dev/events"):
        assert blog.get(path).status == 404
        assert path == "/dev/events" or writing.get(path).status == 200
    for path in ("/", A, "/nothing/", f"{A}share/"):
        assert "/dev/" not in blog.get(path).text
        added = re.compile(r'<link rel="stylesheet" href="/dev/dev\.css">\s*<script [^>]*></script>\s*(?=</body>)')
        assert added.sub("", writing.get(path).text) == blog.get(path).text


def test_nobody_reads_drafts_under_a_name_that_is_not_this_machines(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": DRAFT}, trusted_hosts="")
    for path in ("/", "/2020/01/03/new/", "/dev/events", "/dev/dev.js"):
        answer = blog.get(path, host="evil.example")
        assert answer.status == 400
        assert answer.text == "400\n"
    assert "El borrador" in blog.get("/", host="127.0.0.1:8000").text


def test_what_is_wrong_while_writing_is_for_names_of_this_machine(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "posts/new.md": DRAFT, "posts/b.md": BROKEN}, trusted_hosts="")
    for path in ("/readyz", "/metrics"):
        assert "posts" in blog.get(path, remote_addr="127.0.0.1").text
        assert "posts" not in blog.get(path, remote_addr="127.0.0.1", host="evil.example:8000").text


def test_pages_of_other_sites_hold_no_thread(write: Callable[..., Blog]) -> None:
    blog = write(SITE)
    for headers in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000", "host": "localhost:8000"},
        {"origin": "null"},
    ):
        answer = blog.get("/dev/events", **headers)
        assert (answer.status, answer.text) == (403, "403\n"), headers


def test_a_draft_seen_while_writing_is_not_kept_for_the_published_blog(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    folder = make_folder({"posts/a.md": DRAFT}, state=tmp_path / "state", shows_drafts=True)
    published = folder.another(shows_drafts=False)
    assert (folder.titles(), folder.titles(published)) == (["El borrador"], [])
    folder.write("posts/a.md", BROKEN)
    assert (folder.titles(), folder.titles(published)) == (["El borrador"], [])
    assert folder.titles(folder.another(shows_drafts=False), after=RETRY_S) == []


def test_browsers_ask_for_pictures_again(write: Callable[..., Blog]) -> None:
    blog = write({"posts/c/index.md": post(date="2020-01-02"), "posts/c/a.png": b"\x89PNG"})
    assert blog.get("/2020/01/02/c/a.png").headers["Cache-Control"] == "no-cache"


def test_files_that_are_pages_themselves_stay_as_they_are(write: Callable[..., Blog]) -> None:
    blog = write({**SITE, "static/own.html": "<p>Own</p>"})
    assert blog.get("/static/own.html").text == "<p>Own</p>"


# --- events, from a real server


class Event(NamedTuple):
    name: str
    id: str
    data: object


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    long = "\n\n".join(f"Párrafo {n}." for n in range(200))
    files = {
        "site.toml": 'title = "Blog"\nlanguage = "en"\nper_page = 50\n',
        "static/style.css": "body { outline-width: 1px }",
        "posts/a.md": post("Una entrada", long, date="2020-01-02"),
        "posts/new.md": DRAFT,
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def server(root: Path, serve: Serve) -> Server:
    return serve(root, workers=1, dev="1")


@contextmanager
def listening(server: Server, since: str = "", last: str = "") -> Iterator[Iterator[Event]]:
    http = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    try:
        http.request("GET", f"/dev/events?since={since}", headers={"Last-Event-ID": last} if last else {})
        response = http.getresponse()
        assert response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        yield events(iter(response.readline, b""))
    finally:
        http.close()


def events(lines: Iterator[bytes]) -> Iterator[Event]:
    """What a browser makes of a stream (HTML standard, 9.2.6), comments left out."""
    fields: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE_S
    for line in lines:
        assert time.monotonic() < deadline, "nothing is told"
        name, _, value = line.decode().rstrip("\n").partition(":")
        if name:
            fields[name] = value.strip()
        elif "event" in fields:
            yield Event(fields["event"], fields["id"], json.loads(fields["data"]))
            fields = {}


def version(server: Server, path: str = "/") -> str:
    client = Client(server.port)
    try:
        [found] = re.findall('data-version="([^"]+)"', client.get(path).text)
    finally:
        client.close()
    return found


@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_an_edit_is_told_to_whoever_listens(root: Path, serve: Serve, watch: str) -> None:
    server = serve(root, workers=1, dev="1", watch=watch)
    with listening(server, version(server)) as told:
        (root / "posts/a.md").write_text(post("Nueva", date="2020-01-02"))
        event = next(told)
        assert event.name == "page"
        assert event.id == version(server)
        (root / "posts/a.md").write_text(BROKEN)
        assert next(told).name == "page"
        (root / "posts/new.md").unlink()
        assert next(told).name == "page"


def test_a_stylesheet_alone_is_told_with_its_new_address(root: Path, server: Server) -> None:
    with listening(server, version(server)) as told:
        (root / "static/style.css").write_text("body { outline-width: 2px }")
        event = next(told)
    assert event.name == "style"
    [address] = event.data  # type: ignore[misc]
    client = Client(server.port)
    assert client.get(address).text == "body { outline-width: 2px }"
    assert address in client.get("/").text
    client.close()


def test_who_missed_something_is_told_at_once(root: Path, server: Server) -> None:
    seen = version(server)
    (root / "posts/a.md").write_text(post("Nueva", date="2020-01-02"))
    now = version(server)
    for how in ({"since": seen}, {"since": now, "last": seen}):
        with listening(server, **how) as told:
            assert next(told) == Event("page", now, None)


@pytest.mark.slow
def test_a_restart_is_no_news(root: Path, server: Server) -> None:
    before = version(server)
    server.restart()
    assert version(server) == before


@pytest.mark.slow
def test_listeners_that_leave_take_no_thread_with_them(server: Server) -> None:
    for _ in range(40):  # more than there are threads while writing
        with listening(server) as told:
            next(told)
    assert version(server)


# --- in a browser

SAID = "document.querySelector('[role=alert]')?.textContent ?? ''"


@pytest.fixture
def window(server: Server, browser: Browser) -> Iterator[Browser]:
    """A browser that listens no more when the server ends."""
    yield browser
    browser.events.clear()
    browser.ask("Page.navigate", url="about:blank")
    browser.wait_for("Page.loadEventFired")


def test_the_browser_reloads_at_the_same_place_and_says_what_is_wrong(
    root: Path, server: Server, window: Browser
) -> None:
    window.open(f"http://127.0.0.1:{server.port}{A}")
    window.run("history.scrollRestoration = 'manual'")  # some browsers go back to a place by themselves
    window.run("scrollTo({ top: 2000, behavior: 'instant' })")
    good = (root / "posts/a.md").read_text()
    save(root / "posts/a.md", BROKEN, window)
    assert "posts/a.md:3:7" in window.run(SAID)
    assert window.run("scrollY") == 2000
    save(root / "posts/a.md", good.replace("Párrafo 0", "Corregido"), window)
    assert window.run(SAID) == ""
    assert window.run("document.body.textContent.includes('Corregido')")
    assert window.run("scrollY") == 2000


def save(file: Path, text: str, window: Browser) -> None:
    """And wait until the browser has loaded its page again by itself."""
    window.events.clear()
    file.write_text(text)
    window.wait_for("Page.loadEventFired")


def test_a_new_stylesheet_needs_no_reload(root: Path, server: Server, window: Browser) -> None:
    window.open(f"http://127.0.0.1:{server.port}{A}")
    window.run("window.isStillHere = true")
    window.wait_for("Network.responseReceived", "/dev/events?")  # else the page may have missed the change
    for width in ("2px", "3px"):
        (root / "static/style.css").write_text(f"body {{ outline-width: {width} }}")
        deadline = time.monotonic() + PATIENCE_S
        while window.run("getComputedStyle(document.body).outlineWidth") != width:
            assert time.monotonic() < deadline
    assert window.run("window.isStillHere")


def test_a_page_that_nobody_sees_listens_when_it_is_seen_again(
    root: Path, server: Server, window: Browser
) -> None:
    window.open(f"http://127.0.0.1:{server.port}{A}")
    look = "Object.defineProperty(document, 'hidden', {{ value: {}, configurable: true }});"
    look += "document.dispatchEvent(new Event('visibilitychange'))"
    window.wait_for("Network.responseReceived", "/dev/events?")
    window.run(look.format("true"))
    window.wait_for("Network.loadingFailed", '"canceled": true')
    window.run("window.isStillHere = true")
    with listening(server, version(server)) as told:
        (root / "posts/a.md").write_text(BROKEN)
        assert next(told).name == "page"
    assert window.run("window.isStillHere")
    window.events.clear()
    window.run(look.format("false"))
    window.wait_for("Page.loadEventFired")
    assert "posts/a.md:3:7" in window.run(SAID)


def test_the_pages_obey_their_content_security_policy(root: Path, server: Server, window: Browser) -> None:
    (root / "posts/b.md").write_text(BROKEN)
    window.open(f"http://127.0.0.1:{server.port}/")
    assert [entry["entry"]["text"] for entry in window.seen("Log.entryAdded")] == []
    assert window.run("getComputedStyle(document.querySelector('.dev')).position") == "sticky"


@pytest.mark.parametrize("said", ["1", " yes ", "True", "on", "0", "no", ""])
def test_gunicorn_is_set_up_for_writing_whenever_the_blog_is(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITACORA_DEV", said)
    is_dev = read_operator({"BITACORA_DEV": said}, ROOT).dev
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["is_dev"] is is_dev
