"""The share picture of each post, as the application serves it: named by what it is made from, made once."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import socket
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from blogs import NOON, URL, Answer, Blog, Clock, let_drawing_end, make_blog, post
from conftest import NewBlog
from flask import Flask
from PIL import Image

from bitacora.share import photo
from bitacora.share.card import Card, CardError
from bitacora.web import cards, derived
from bitacora.web.derived import Derived, hash_of

PATIENCE_S = 60.0
POST = "/2018/07/17/x/"
FILE = "posts/2018-07-17-x.md"
REMOTE = "https://i.imgur.com/IIUUlxS.jpg"
PREVIEWER = "WhatsApp/2.23.20.0 A"


def encoded(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def picture(colour: str = "#3060a0", size: tuple[int, int] = (1600, 900)) -> bytes:
    return encoded(Image.new("RGB", size, colour))


def opened(answer: Answer) -> Image.Image:
    with Image.open(io.BytesIO(answer.body)) as image:
        image.load()
        return image.convert("RGB")


def tags(answer: Answer) -> dict[str, str]:
    metas = answer.html.iter("meta")
    return {element.get("property") or element.get("name"): element.get("content") for element in metas}


def card_url(blog: Blog, url: str = POST) -> str:
    """The site-relative address that the tags of a page name."""
    named = tags(blog.get(url))["og:image"]
    assert named.startswith(URL + "/")
    return named.removeprefix(URL)


def own_card(blog: Blog, url: str = POST) -> str:
    """The address of the card of a page, whatever its tags name."""
    here = blog.parts.library.snapshot()
    address: str = blog.parts.cards.url(blog.parts.edition(here), here.by_url[url])
    return address


def words(answer: Answer) -> str:
    return " ".join("".join(answer.html.find(".//main").itertext()).split())


class Draws:
    """Counts what is drawn. `hold` keeps a drawing waiting until `release`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.titles: list[str] = []
        self.begun, self._go_on = threading.Event(), threading.Event()
        self._go_on.set()
        self._draw = cards.draw
        monkeypatch.setattr(cards, "draw", self)

    def __call__(self, text: Any, look: Any) -> Card:
        self.titles.append(text.title)
        self.begun.set()
        assert self._go_on.wait(PATIENCE_S)
        return self._draw(text, look)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._go_on.clear()
        self.begun.clear()
        try:
            yield
        finally:
            self._go_on.set()


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> Draws:
    let_drawing_end()
    return Draws(monkeypatch)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> NoReturn:
        raise AssertionError(f"a connection to {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


# --- what the tags name


@pytest.mark.parametrize(
    ("files", "url", "folder"),
    [
        ({FILE: post()}, POST, POST),
        ({FILE: post(permalink="/a/b.html")}, "/a/b.html", "/a/b/"),
        ({FILE: post(permalink="/a/b")}, "/a/b", "/a/b/"),
        ({FILE: post(permalink="/ñandú/")}, "/%C3%B1and%C3%BA/", "/%C3%B1and%C3%BA/"),
        ({"pages/about.md": post()}, "/about/", "/about/"),
        ({"posts/2018-07-17-x/index.md": post(image="a.jpg"), "posts/2018-07-17-x/a.jpg": picture()}, POST, POST),
    ],
    ids=["post", ".html", "without a slash", "beyond ASCII", "page", "bundle with a picture"],
)
def test_every_post_and_page_names_its_card_at_once(
    new_blog: NewBlog, files: Mapping[str, str | bytes], url: str, folder: str
) -> None:
    blog = new_blog(files)
    found = tags(blog.get(url))
    address = card_url(blog, url)
    assert cards.NAME.fullmatch(address.removeprefix(folder))
    assert found["twitter:image"] == URL + address
    assert [found[f"og:image:{name}"] for name in ("type", "width", "height")] == ["image/jpeg", "1200", "630"]
    assert found["twitter:card"] == "summary_large_image"
    answer = blog.get(address)
    assert (answer.status, answer.headers["Content-Type"], opened(answer).size) == (200, "image/jpeg", (1200, 630))
    assert len(answer.body) <= 300_000


def test_a_drawn_card_is_described_by_its_words_and_a_photograph_by_its_caption(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            FILE: post("La plaza", category="Proyecto", author="Ana Rojas"),
            "posts/2018-07-18-y.md": post("La plaza", image="{img: a.jpg, caption: La plaza llena}"),
            "posts/2018-07-19-z.md": post("La plaza", image="{img: b.jpg, caption: La plaza llena}"),
            "posts/a.jpg": picture(),
        }
    )
    alts = [tags(blog.get(f"/2018/07/{day}/"))["og:image:alt"] for day in ("17/x", "18/y", "19/z")]
    assert alts == ["Proyecto · La plaza · Ana Rojas · El Blog", "La plaza llena", "La plaza · El Blog"]


def test_a_remote_picture_is_named_as_it_is_and_never_asked_for(
    new_blog: NewBlog, no_network: None, draws: Draws
) -> None:
    blog = new_blog({FILE: post(single_image=f"[{{img: {REMOTE}, caption: La plaza}}]")})
    found = tags(blog.get(POST, user_agent=PREVIEWER))
    assert (found["og:image"], found["og:image:alt"], found["og:image:type"]) == (REMOTE, "La plaza", "image/jpeg")
    assert not {"og:image:width", "og:image:height"} & set(found)
    assert "i.imgur.com" in words(blog.get(f"{POST}share/"))
    assert draws.titles == []
    assert opened(blog.get(own_card(blog))).size == (1200, 630)


@pytest.mark.parametrize("address", ["https://a.example/b.svg", "http://[", "https://", "https:///b.jpg"])
def test_a_remote_picture_that_no_network_could_show_is_replaced_by_a_card(
    new_blog: NewBlog, no_network: None, address: str
) -> None:
    blog = new_blog({FILE: post(single_image=f"'{address}'")})
    assert blog.get(card_url(blog)).status == 200
    assert "La imagen no se puede usar" in words(blog.get(f"{POST}share/"))


# --- the address is a hash of all that the card is made from

HEAD = {
    "date": "2018-07-17 20:00:00-0400",
    "permalink": POST,
    "category": "Proyecto",
    "author": "Ana",
    "image": "a.jpg",
}
FILES = {FILE: post("Uno", **HEAD), "posts/a.jpg": picture("#3060a0"), "posts/b.jpg": picture("#a03060")}
SETTINGS = 'accent = "#0a5f63"\nlogo = "logo.png"\n'
LOGO = {"static/logo.png": encoded(Image.new("RGB", (200, 200), "#ffffff"), "PNG")}


def digest(folder: Path, files: Mapping[str, str | bytes], settings: str = SETTINGS) -> str:
    with make_blog(folder, {**LOGO, **files}, settings=settings) as blog:
        return card_url(blog)


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        ({FILE: post("Dos", **HEAD)}, SETTINGS),
        ({FILE: post("Uno", **HEAD, share_title="Dos")}, SETTINGS),
        ({FILE: post("Uno", **HEAD | {"date": "2018-07-18"})}, SETTINGS),
        ({FILE: post("Uno", **HEAD | {"category": "Otra"})}, SETTINGS),
        ({FILE: post("Uno", **HEAD | {"author": "Eva"})}, SETTINGS),
        ({FILE: post("Uno", **HEAD, lang="pt")}, SETTINGS),
        ({FILE: post("Uno", **HEAD | {"image": "b.jpg"})}, SETTINGS),
        ({"posts/a.jpg": picture("#3060a8")}, SETTINGS),
        ({FILE: post("Uno", **HEAD, focus="top")}, SETTINGS),
        ({"static/logo.png": encoded(Image.new("RGB", (200, 200), "#000000"), "PNG")}, SETTINGS),
        ({}, 'accent = "#0a5f64"\nlogo = "logo.png"\n'),
        ({}, SETTINGS + 'card = "ink"\n'),
        ({"site.toml": f'title = "Otro"\nurl = "{URL}"\ntimezone = "America/Santiago"\n{SETTINGS}'}, SETTINGS),
        ({"site.toml": f'title = "El Blog"\nurl = "{URL}"\ntimezone = "Asia/Tokyo"\n{SETTINGS}'}, SETTINGS),
    ],
    ids=[
        *("title", "share title", "date", "category", "author", "language", "picture", "bytes of the picture"),
        *("focus", "bytes of the logo", "accent", "look", "name of the site", "day in the zone of the site"),
    ],
)
def test_each_input_of_a_card_changes_its_address(
    tmp_path: Path, files: Mapping[str, str | bytes], settings: str
) -> None:
    assert digest(tmp_path / "a", FILES) != digest(tmp_path / "b", {**FILES, **files}, settings)


def test_another_way_of_drawing_changes_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(tmp_path / "a", FILES)
    monkeypatch.setattr(cards, "drawing_edition", lambda: "another")
    assert digest(tmp_path / "b", FILES) != before


def test_nothing_else_changes_the_address(tmp_path: Path) -> None:
    more = {FILE: post("Uno", "Otro texto.", **HEAD, tags="[a]", intro="Otra."), "posts/2018-07-18-y.md": post()}
    first = digest(tmp_path / "a", FILES)
    assert first == digest(tmp_path / "b", {**FILES, **more})
    for path in (tmp_path / "a/site").rglob("*.*"):
        os.utime(path, (1e9, 1e9))
    with make_again(tmp_path / "a", settings=SETTINGS) as blog:
        assert card_url(blog) == first
        blog.write("posts/2018-07-19-z.md", post())
        blog.write("posts/a.jpg", picture("#3060a0"))
        assert card_url(blog) == first


@contextmanager
def make_again(folder: Path, **how: Any) -> Iterator[Blog]:
    """Another process on a folder that is there already."""
    old = folder / "site"
    kept = folder / "before"
    old.rename(kept)
    files: dict[str, str | bytes] = {
        str(path.relative_to(kept)): path.read_bytes() for path in kept.rglob("*") if path.is_file()
    }
    with make_blog(folder, files, **how) as blog:
        yield blog


def test_an_edit_is_in_the_address_and_on_the_card_at_the_next_request(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post("Uno", image="a.jpg"), "posts/a.jpg": picture("#3060a0")})
    old = card_url(blog)
    before = opened(blog.get(old)).getpixel((600, 300))
    blog.write("posts/a.jpg", picture("#a03060"))
    new = card_url(blog)
    assert new != old
    after = {opened(blog.get(address)).getpixel((600, 300)) for address in (new, old)}
    assert len(after) == 1
    assert before not in after


def test_a_picture_that_changes_meanwhile_is_not_kept_under_the_hash_of_another(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(image="a.jpg"), "posts/a.jpg": picture("#3060a0")})
    here = blog.parts.library.snapshot()
    old, address = blog.parts.edition(here), own_card(blog)
    blog.write("posts/a.jpg", picture("#a03060"))
    made = blog.parts.cards.made(old, here.by_url[POST])
    assert made.problem.reason_id == "The picture cannot be read from the disk."
    blog.write("posts/a.jpg", picture("#3060a0"))
    assert card_url(blog) == address
    red, _, blue = opened(blog.get(address)).getpixel((600, 300))  # type: ignore[misc]
    assert red < blue


# --- how it is served


def test_a_card_may_be_kept_for_a_day_and_shown_by_any_site(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post()})
    address = card_url(blog)
    answer = blog.get(address)
    assert answer.headers["Cache-Control"].startswith("public, max-age=86400,")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"Set-Cookie", "Vary", "Location", "Date"} & set(answer.headers.keys())


def test_head_says_what_get_says(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post()})
    address = card_url(blog)
    get, head = blog.get(address), blog.get(address, method="HEAD")
    assert head.body == b""
    assert dict(head.headers) == dict(get.headers)
    assert int(get.headers["Content-Length"]) == len(get.body)


def test_who_has_a_card_is_told_that_it_is_the_same(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post()})
    address = card_url(blog)
    etag = blog.get(address).headers["ETag"]
    answer = blog.get(address, if_none_match=etag)
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)
    assert blog.get(address, if_none_match='"another"').status == 200
    assert blog.get(address, range="bytes=0-99", if_match='"another"').status == 200


def test_an_outdated_address_answers_with_the_card_as_it_is_now(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post("Uno")})
    old = blog.get(address := card_url(blog)).body
    blog.write(FILE, post("Dos"))
    answer = blog.get(address)
    assert (answer.status, answer.body) == (200, blog.get(card_url(blog)).body)
    assert answer.body != old


@pytest.mark.parametrize(
    "name", ["card-0123.jpg", "card-0123456789abcdeg.jpg", "card-0123456789abcdef.jpg/", "card.jpg"]
)
def test_what_is_no_address_of_a_card_is_not_found(new_blog: NewBlog, name: str) -> None:
    assert new_blog({FILE: post()}).get(POST + name).status == 404


@pytest.mark.parametrize(
    "head",
    [{"draft": "true"}, {"date": "2030-01-01"}, {"expires": "2020-01-01"}],
    ids=["draft", "scheduled", "expired"],
)
def test_what_is_not_published_has_no_card(new_blog: NewBlog, head: Mapping[str, str], draws: Draws) -> None:
    blog = new_blog({FILE: post(permalink=POST)}, clock=Clock(NOON))
    address = own_card(blog)
    blog.write(FILE, post(permalink=POST, **head))
    assert blog.get(address).status in {404, 410}
    assert draws.titles == []


def test_a_card_may_not_be_kept_longer_than_its_post(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(expires="2026-01-01T13:00:00Z")}, clock=Clock(NOON))
    assert blog.get(card_url(blog)).headers["Cache-Control"] == "public, max-age=3600, stale-while-revalidate=0"


# --- made once


def test_a_card_is_drawn_once_whoever_asks_and_after_a_restart(tmp_path: Path, draws: Draws) -> None:
    with make_blog(tmp_path, {FILE: post("Uno")}) as blog:
        assert draws.titles == []
        address = card_url(blog)
        first = blog.get(address).body
        for path in (POST, f"{POST}share/", address, address.replace("card-", "card-")):
            blog.get(path)
    with make_again(tmp_path) as blog:
        assert blog.get(card_url(blog)).body == first
    assert draws.titles == ["Uno"]


def test_threads_that_ask_at_the_same_time_wait_for_one_drawing(new_blog: NewBlog, draws: Draws) -> None:
    blog = new_blog({FILE: post("Uno")})
    address = own_card(blog)
    with ThreadPoolExecutor(8) as crowd, draws.held():
        answers = [crowd.submit(blog.get, address) for _ in range(8)]
        assert draws.begun.wait(PATIENCE_S)
        draws._go_on.set()
        bodies = {answer.result().body for answer in answers}
    assert len(bodies) == 1
    assert draws.titles == ["Uno"]


def test_threads_wait_for_one_another_even_without_a_folder(tmp_path: Path) -> None:
    store, go_on, made = Derived(Flask("x"), "memory", None), threading.Event(), []

    def make() -> bytes:
        made.append(threading.get_ident())
        assert go_on.wait(PATIENCE_S)
        return b"made"

    with ThreadPoolExecutor(4) as crowd:
        answers = [crowd.submit(store.get, "card", b"x", make) for _ in range(4)]
        go_on.set()
        assert {answer.result() for answer in answers} == {b"made"}
    assert len(made) == 1


def test_other_pages_are_answered_while_a_card_is_drawn(new_blog: NewBlog, draws: Draws) -> None:
    blog = new_blog({FILE: post("Uno"), "posts/2018-07-18-y.md": post("Dos")})
    address = own_card(blog)
    with ThreadPoolExecutor(1) as crowd, draws.held():
        card = crowd.submit(blog.get, address)
        assert draws.begun.wait(PATIENCE_S)
        assert [blog.get(path).status for path in (POST, "/2018/07/18/y/", "/", "/feed.xml")] == [200] * 4
        assert not card.done()
        draws._go_on.set()
        assert card.result().status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_a_card_is_drawn_by_a_thread_that_gives_way_to_readers(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    priorities: list[int] = []
    draw = cards.draw

    def noted(text: Any, look: Any) -> Card:
        priorities.append(os.getpriority(os.PRIO_PROCESS, 0))
        return draw(text, look)

    monkeypatch.setattr(cards, "draw", noted)
    before = os.getpriority(os.PRIO_PROCESS, 0)
    blog = new_blog({FILE: post()})
    blog.get(own_card(blog))
    assert priorities[0] > before
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_store_that_is_dead_costs_no_card(new_blog: NewBlog) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
        blog = new_blog({FILE: post()}, derived_cache=dead)
        assert [blog.get(path).status for path in (POST, card_url(blog), f"{POST}share/")] == [200] * 3


def test_a_worker_that_hangs_while_it_draws_costs_the_others_a_moment(
    new_blog: NewBlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "LOCK_PATIENCE_S", 0.01)
    blog = new_blog({FILE: post()})
    address = card_url(blog)
    (locks,) = tmp_path.rglob("derived-locks")
    held = [os.open(locks / str(number), os.O_RDWR | os.O_CREAT) for number in range(derived._LOCKS)]
    for file in held:
        fcntl.flock(file, fcntl.LOCK_EX)
    assert blog.get(address).status == 200
    for file in held:
        os.close(file)


def test_a_thread_that_hangs_while_it_makes_a_thing_costs_the_others_a_moment(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "LOCK_PATIENCE_S", 0.01)
    store = new_blog({FILE: post()}).parts.derived
    lock = store._threads[hash_of(store.key("card", b"x")) % derived._LOCKS]
    with lock:
        assert store.get("card", b"x", lambda: b"made") == b"made"
    assert not lock.locked()


def test_a_cache_folder_without_locks_costs_no_card(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(95, "not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    blog = new_blog({FILE: post()})
    assert blog.get(card_url(blog)).status == 200


# --- made beforehand


@pytest.mark.parametrize(
    "agent",
    [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Twitterbot/1.0",
        PREVIEWER,
        "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
        "TelegramBot (like TwitterBot)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.example/)",
        "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
        "Mozilla/5.0 (Macintosh) Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    ],
)
def test_a_network_that_reads_a_page_is_served_first(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    blog = new_blog({FILE: post()})
    begun = begun_in(blog, monkeypatch)
    blog.get(POST, user_agent=agent)
    assert begun == [(FILE, True)]


def test_the_page_does_not_wait_for_the_card(new_blog: NewBlog, draws: Draws) -> None:
    blog = new_blog({FILE: post("Uno"), "posts/2018-07-18-y.md": post("Dos")})
    with draws.held():
        assert blog.get(POST, user_agent=PREVIEWER).status == 200
        assert draws.begun.wait(PATIENCE_S)
        assert blog.get("/2018/07/18/y/", user_agent=PREVIEWER).status == 200
        assert draws.titles == ["Uno"], "one at a time"
    assert blog.get(card_url(blog, "/2018/07/18/y/")).status == 200
    assert draws.titles == ["Uno", "Dos"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_first_request_for_a_page_begins_its_card_and_no_other_does(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    blog = new_blog({FILE: post()})
    begun = begun_in(blog, monkeypatch)
    blog.get(POST, method, user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    blog.get(POST, user_agent=PREVIEWER)
    assert blog.dispatched == [POST], "the second one finds the page kept"
    assert begun == [(FILE, False)]


def test_a_card_is_made_of_the_page_that_somebody_read(new_blog: NewBlog, draws: Draws) -> None:
    blog = new_blog({FILE: post("Uno")})
    page = blog.get(POST)
    assert draws.begun.wait(PATIENCE_S)
    blog.get(tags(page)["og:image"].removeprefix(URL))
    assert draws.titles == ["Uno"]


def test_a_card_that_is_kept_is_not_looked_at_again(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    blog = new_blog({FILE: post()})
    here = blog.parts.library.snapshot()
    given = blog.parts.edition(here), here.by_url[POST]
    blog.parts.cards.made(*given)
    made: list[object] = []
    monkeypatch.setattr(blog.parts.cards, "made", lambda *what: made.append(what))
    blog.parts.cards._make_ahead(*given)
    assert made == []
    shutil.rmtree(blog.parts.derived._backend._folder)
    blog.parts.cards._make_ahead(*given)
    assert made == [given]


def test_a_picture_for_x_alone_is_on_its_card_as_early(new_blog: NewBlog) -> None:
    images = f"{{default: '{REMOTE}', x: a.jpg}}"
    blog = new_blog({FILE: post(share_image=images), "posts/a.jpg": picture()})
    here = blog.parts.library.snapshot()
    own, edition, parts = here.by_url[POST], blog.parts.edition(here), blog.parts
    parts.cards._make_ahead(edition, own)
    lacking = [parts.derived.lacks("card", parts.cards._inputs(edition, version)) for version in (own.on_x, own)]
    assert lacking == [False, True], "nobody is told of the one that stands in for the remote picture"


@pytest.mark.parametrize("path", [f"{POST}card-0123456789abcdef.jpg", "/", "/feed.xml", f"{POST[:-1]}.md"])
def test_what_is_no_page_of_a_post_begins_no_card(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    blog = new_blog({FILE: post()})
    begun = begun_in(blog, monkeypatch)
    assert blog.get(path, user_agent=PREVIEWER).status == 200
    assert begun == []


def test_no_card_is_begun_for_our_own_look(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    blog = new_blog({FILE: post("Uno")})
    begun = begun_in(blog, monkeypatch)
    here = blog.parts.library.snapshot()
    with blog.app.app_context():
        blog.parts.desk(here, here.by_url[POST], draws=False)
    assert POST in blog.dispatched
    assert begun == []


def begun_in(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """The files of posts whose card is to be made beside a request, and whether first."""
    begun: list[tuple[str, bool]] = []

    def note(here: object, post: Any, *, is_urgent: bool) -> None:
        begun.append((post.path, is_urgent))

    monkeypatch.setattr(blog.parts.cards, "make_beside", note)
    return begun


def test_a_card_that_fails_beside_a_request_is_drawn_when_it_is_asked_for(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def fail(*_: object) -> NoReturn:
        failed.set()
        raise MemoryError

    blog = new_blog({FILE: post("Uno")})
    with monkeypatch.context() as broken:
        broken.setattr(cards, "draw", fail)
        assert blog.get(POST).status == 200
        assert failed.wait(PATIENCE_S)
    assert blog.get(own_card(blog)).status == 200


# --- bad input


def bomb() -> bytes:
    """A PNG of 30,000 × 30,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def noise(form: str) -> bytes:
    return encoded(Image.effect_noise((600, 400), 80).convert("RGB"), form)


UNUSABLE: Mapping[str, tuple[str, Callable[[], bytes | None], str]] = {
    "missing": ("a.jpg", lambda: None, 'No existe el archivo "a.jpg".'),
    "empty": ("a.jpg", lambda: b"", "El archivo de la imagen está vacío."),
    "no picture": ("a.jpg", lambda: b"Hola" * 100, "no es un archivo JPEG, PNG, WebP, GIF ni AVIF"),
    "cut short": ("a.jpg", lambda: picture()[:3000], "está dañado o incompleto"),
    "20,000 pixels": (
        "a.png",
        lambda: encoded(Image.new("1", (20_000, 700)), "PNG"),
        "20000 × 700 px; se leen como máximo 25 millones",
    ),
    "bomb": ("a.png", bomb, "demasiados píxeles"),
    "tiny": ("a.jpg", lambda: picture(size=(90, 60)), "90 × 60 px; las redes no muestran"),
    "SVG": ("a.svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "es un dibujo SVG"),
    "SVG in disguise": ("a.png", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "es un dibujo SVG"),
    "HEIC": ("a.heic", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "está en HEIC"),
    "PNG cut short": ("a.png", lambda: noise("PNG")[:-20_000], "está dañado o incompleto"),
    "WebP cut short": ("a.webp", lambda: noise("WEBP")[:-2_000], "está dañado o incompleto"),
    "AVIF cut short": ("a.avif", lambda: noise("AVIF")[:-2_000], "está dañado o incompleto"),
    "PNG of zeros": ("a.png", lambda: noise("PNG")[:1000] + bytes(20_000), "está dañado o incompleto"),
    "TIFF": ("a.tiff", lambda: encoded(Image.new("RGB", (1600, 900)), "TIFF"), "no es un archivo JPEG, PNG"),
    "HEIC in disguise": ("a.jpg", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "está en HEIC"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_picture_that_cannot_be_used_is_replaced_and_explained(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    file, make, said = UNUSABLE[name]
    data = make()
    blog = new_blog(
        {FILE: post("Uno", intro="De qué se trata.", single_image=file)}
        | ({f"posts/{file}": data} if data is not None else {})
    )
    share = blog.get(f"{POST}share/")
    assert (share.status, blog.get(POST).status) == (200, 200)
    assert "La imagen no se puede usar" in words(share)
    assert said in words(share)
    assert f"single_image, línea 4 de {FILE}" in words(share)
    card = blog.get(card_url(blog))
    assert (card.status, opened(card).size) == (200, (1200, 630))
    forms = {
        section.get("id") for section in share.html.iter("section") if card_url(blog) in str(pictures(section))
    }
    assert "on-facebook" in forms, "networks show the card that stands in"
    assert len(caplog.records) <= 1


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("a#b.jpg", "a%23b.jpg"),
        ("a?b.jpg", "a%3Fb.jpg"),
        ("a b.jpg", "a b.jpg"),
        ("a b.jpg", "a%20b.jpg"),
        ("100%.jpg", "100%.jpg"),
        ("a%20b.jpg", "a%2520b.jpg"),
        ("ñandú.jpg", "ñandú.jpg"),
        ("a.jpg", "a.jpg?v=2#top"),
    ],
)
def test_a_picture_with_an_odd_name_is_on_the_card(new_blog: NewBlog, file: str, written: str) -> None:
    head = {"intro": "De qué se trata.", "single_image": f"'{written}'"}
    blog = new_blog({FILE: post(**head), f"posts/{file}": picture("#3060a0")})
    assert "La imagen no se puede usar" not in words(blog.get(f"{POST}share/"))
    red, _, blue = opened(blog.get(card_url(blog))).getpixel((600, 300))  # type: ignore[misc]
    assert red < blue


@pytest.mark.parametrize(
    ("file", "meant"), [("a#b.jpg", "a"), ("a?b.jpg", "a"), ("a%20b.jpg", "a b.jpg"), ("a#b.svg", "a")]
)
def test_a_name_with_signs_that_mean_something_in_an_address_is_explained(
    new_blog: NewBlog, file: str, meant: str
) -> None:
    blog = new_blog({FILE: post(single_image=f"'{file}'"), f"posts/{file}": picture()})
    said = words(blog.get(f"{POST}share/"))
    assert f'No existe el archivo "{meant}".' in said
    assert "escribe # como %23, ? como %3F y % como %25" in said
    assert blog.get(card_url(blog)).status == 200


def pictures(element: Any) -> list[str]:
    return [image.get("src") for image in element.iter("img")]


def test_a_picture_that_cannot_be_read_is_explained_and_that_is_not_remembered(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise PermissionError

    blog = new_blog({FILE: post(single_image="a.jpg"), "posts/a.jpg": picture()})
    with monkeypatch.context() as broken:
        broken.setattr(blog.parts.files, "content", refuse)
        drawn = blog.get(card_url(blog))
        assert (drawn.status, "no se puede leer del disco" in words(blog.get(f"{POST}share/"))) == (200, True)
    assert blog.get(card_url(blog)).body != drawn.body


def test_a_picture_of_more_than_40_mb_is_explained(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitacora.web.files.MOST_BYTES", 1000)
    blog = new_blog({FILE: post(single_image="a.jpg"), "posts/a.jpg": picture()})
    assert "pesa más de 40 MB" in words(blog.get(f"{POST}share/"))


def test_a_picture_that_is_a_link_out_of_the_site_is_called_one(new_blog: NewBlog, tmp_path: Path) -> None:
    blog = new_blog({FILE: post(single_image="a.jpg")})
    (tmp_path / "secret.jpg").write_bytes(picture())
    (blog.root / "posts/a.jpg").symlink_to(tmp_path / "secret.jpg")
    blog.write(FILE, post(single_image="a.jpg", intro="x"))
    said = words(blog.get(f"{POST}share/"))
    assert "es un enlace que lleva fuera de la carpeta del sitio" in said
    assert "pesa más de 40 MB" not in said


@pytest.mark.parametrize(
    ("size", "told", "measured"),
    [
        (
            (6_000, 5_000),
            "La imagen es de 6000 × 5000 px; se leen como máximo 25 millones de píxeles, 16 mil por lado.",
            "Medido 6000 × 5000 px Límite 25 millones de px",
        ),
        (
            (20_000, 20_000),
            "La imagen tiene demasiados píxeles.",
            "Medido 400 millones de px Límite 25 millones de px",
        ),
    ],
)
def test_a_picture_of_too_many_pixels_is_told_with_one_measure_and_one_remedy(
    new_blog: NewBlog, size: tuple[int, int], told: str, measured: str
) -> None:
    data = encoded(Image.new("1", size), "PNG")
    blog = new_blog({FILE: post(single_image="a.png"), "posts/a.png": data})
    said = words(blog.get(f"{POST}share/"))
    assert f"La imagen no se puede usar: {told} {measured} Redúcela: bastan 2400 px" in said
    assert said.count(told) == said.count("Redúcela") == 14, "once on top, and once for each network"
    assert "elige otra imagen" not in said.lower()


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_wrong_with_a_picture_can_be_said_without_drawing(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for drawing in ("draw", "crop"):
        monkeypatch.setattr(cards, drawing, refused)
    file, make, said = UNUSABLE[name]
    data = make()
    blog = new_blog({FILE: post(single_image=file)} | ({f"posts/{file}": data} if data is not None else {}))
    here = blog.parts.library.snapshot()
    found = blog.parts.cards.problem(blog.parts.edition(here), here.posts[0])
    assert found is not None
    assert said in blog.parts.say(here, found.reason_id, **found.values)


def refused(*_: object) -> NoReturn:
    raise AssertionError("drawn")


@pytest.mark.parametrize("name", ["CMYK", "16 bits", "animated GIF", "animated WebP", "palette with transparency"])
def test_nothing_is_wrong_with_a_usable_picture_and_what_is_known_of_a_kept_card_is_not_asked_again(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file, make = USABLE[name]
    blog = new_blog({FILE: post(single_image=file), f"posts/{file}": make()})
    here = blog.parts.library.snapshot()
    edition = blog.parts.edition(here)
    assert blog.parts.cards.problem(edition, here.posts[0]) is None
    blog.parts.cards.made(edition, here.posts[0])
    monkeypatch.setattr(cards, "check", refused)
    assert blog.parts.cards.problem(edition, here.posts[0]) is None


USABLE: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "CMYK": ("a.jpg", lambda: encoded(Image.new("CMYK", (1600, 900), (200, 100, 0, 0)))),
    "16 bits": ("a.png", lambda: encoded(Image.new("I;16", (1600, 900), 30_000), "PNG")),
    "animated GIF": ("a.gif", lambda: animated("GIF")),
    "animated WebP": ("a.webp", lambda: animated("WEBP")),
    "animated PNG": ("a.png", lambda: animated("PNG")),
    "palette with transparency": (
        "a.png",
        lambda: encoded(Image.new("RGBA", (1600, 900), "#3060a080").quantize(), "PNG"),
    ),
    "one bit": ("a.png", lambda: encoded(Image.new("1", (1600, 900), 1), "PNG")),
    "JPEG named PNG": ("a.png", picture),
}


def animated(form: str) -> bytes:
    first, *rest = (Image.new("RGB", (1600, 900), colour) for colour in ("#3060a0", "#a03060", "#60a030"))
    return encoded(first, form, save_all=True, append_images=rest)


@pytest.mark.parametrize("name", USABLE)
def test_a_picture_of_an_unusual_kind_becomes_a_card_without_a_word(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    file, make = USABLE[name]
    blog = new_blog({FILE: post("Uno", intro="De qué se trata.", single_image=file), f"posts/{file}": make()})
    assert "no se puede usar" not in words(blog.get(f"{POST}share/"))
    assert opened(blog.get(card_url(blog))).size == (1200, 630)
    assert caplog.records == []


@pytest.mark.parametrize(
    "title",
    [
        "Una frase que no termina nunca. " * 125,
        "🎉🚀🌊",
        "uno\u202edos\u2066tres",
        "ñ" * 300,
        "<b>&amp;</b>",
        "Siete {{ 7*7 }}",
    ],
    ids=["4,000 characters", "emoji", "bidirectional controls", "one long word", "markup", "template"],
)
def test_any_title_has_a_page_a_desk_and_a_card(new_blog: NewBlog, title: str) -> None:
    blog = new_blog({FILE: post(title)})
    answers = [blog.get(path) for path in (POST, f"{POST}share/", card_url(blog))]
    assert [answer.status for answer in answers] == [200] * 3
    assert len(answers[2].body) <= 300_000
    assert not {"\u202e", "\u2066"} & set(answers[0].text + answers[1].text)


def test_characters_that_no_font_can_draw_are_told_on_the_desk(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post("Celebramos 🎉🌊"), "posts/2018-07-18-y.md": post("Celebramos")})
    assert "Ninguna fuente de aquí puede dibujar 🎉🌊" in words(blog.get(f"{POST}share/"))
    assert "casillas vacías" not in words(blog.get("/2018/07/18/y/share/"))


def test_all_that_can_be_wrong_with_a_picture_is_said_in_each_language(new_blog: NewBlog) -> None:
    import ast
    import inspect

    sources = [inspect.getsource(module) for module in (photo, cards)]
    calls = [node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    texts = {
        argument.value if isinstance(argument, ast.Constant) else photo._EXPORT  # the one that has a name
        for call in calls
        if getattr(call.func, "id", "") == CardError.__name__
        for argument in call.args[:2]
        if not isinstance(argument, ast.Starred)
    }
    assert len(texts) > 15
    say = new_blog({}).parts.words.say
    assert [text for text in texts for language in ("es", "pt") if say(language, text) == text] == []


PLANTED = (
    b"", b"x", b"<html>", b"[" * 9_999, b'["", null]\n<html>', b'[1, null]\n\xff\xd8\xff\xd9',
    b'["", ["%d", "", {}]]\n', b'["", ["%(a)99s", "", {"a": 1}]]\n\xff\xd8\xff\xd9',
    b'["", null]\n\xff\xd8\xff cut', b'["", 1]\n\xff\xd8\xff\xd9',
)  # fmt: skip


def test_a_card_that_is_none_is_made_again_and_never_sent(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture
) -> None:
    blog = new_blog({FILE: post("X")})
    url = card_url(blog)
    whole = blog.get(url).body
    here, backend = blog.parts.library.snapshot(), blog.parts.derived._backend
    key = Derived.key("card", blog.parts.cards._inputs(blog.parts.edition(here), here.by_url[POST]))
    assert backend.get(key).endswith(whole)
    for planted in PLANTED:
        backend.set(key, planted)
        answer = blog.get(url)
        assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "image/jpeg", whole), planted
        assert backend.get(key).endswith(whole)
    assert blog.get(POST).status == 200
    assert caplog.text.count("damaged card") == 1


# --- pages that are no posts

LISTS = {
    "/": ("", "El Blog", "blog.example.org"), "/page/2/": ("", "El Blog", "blog.example.org"),
    "/archive/": ("", "Archivo", "El Blog"), "/archive/2018/": ("Archivo", "2018", "El Blog"),
    "/archive/2018/07/": ("Archivo", "julio de 2018", "El Blog"), "/categories/": ("", "Categorías", "El Blog"),
    "/tags/": ("", "Etiquetas", "El Blog"), "/category/proyecto/": ("Categoría", "Proyecto", "El Blog"),
    "/tag/%C3%B1and%C3%BA/": ("Etiqueta", "ñandú", "El Blog"), "/tag/c++/": ("Etiqueta", "C++", "El Blog"),
    "/tag/c/page/2/": ("Etiqueta", "C", "El Blog"), "/author/ana/": ("Autoría", "Ana", "El Blog"),
}  # fmt: skip


def test_every_list_has_a_card_with_its_name_and_that_of_the_site(new_blog: NewBlog, draws: Draws) -> None:
    head = {"categories": "[Proyecto]", "tags": '[C, "C++", ñandú]', "author": "Ana"}
    blog = new_blog({FILE: post(**head), "posts/2018-07-18-y.md": post(**head)}, settings="per_page = 1\n")
    seen: dict[str, str] = {}
    for url, said in LISTS.items():
        found = tags(blog.get(url))
        assert found["og:image"].startswith(URL + url.replace("page/2/", "") + "card-"), url
        assert found["og:image:alt"] == found["twitter:image:alt"] == " · ".join(filter(None, said))
        assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
        assert (found["og:image:type"], found["twitter:card"]) == ("image/jpeg", "summary_large_image")
        answer = blog.get(found["og:image"].removeprefix(URL))
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"].startswith("public, max-age=86400")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert opened(answer).size == (1200, 630)
        seen[found["og:image"]] = url
        assert len(draws.titles) == len(seen), "it is drawn once"
    assert len(seen) == len(LISTS) - 1
    outdated = blog.get("/tag/c/card-0123456789abcdef.jpg")
    assert (outdated.status, "max-age=86400" in outdated.headers["Cache-Control"]) == (200, False)
    for none in (
        "/tag/x/",
        "/archive/2017/",
        "/archive/2018/08/",
        "/author/x/",
        "/tag/c/page/2/",
        "/feed.xml/",
        "/x/",
    ):
        assert blog.get(f"{none}card-0123456789abcdef.jpg").status == 404, none
    assert blog.get("/card-x-0123456789abcdef.jpg").status == 404
    settings = (blog.root / "site.toml").read_text()
    blog.write("site.toml", f'{settings}accent = "#aa0000"\n')
    assert tags(blog.get("/"))["og:image"] not in seen


def test_an_empty_site_has_a_card_too(new_blog: NewBlog) -> None:
    blog = new_blog()
    assert blog.get(tags(blog.get("/"))["og:image"].removeprefix(URL)).status == 200
