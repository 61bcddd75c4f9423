"""Work beside requests: urgent posts first, one at a time, bounded, with rests."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import pytest
from blogs import Blog, post
from conftest import NewBlog

from bitacora.posts.post import Post
from bitacora.web import beside
from bitacora.web.beside import Beside
from bitacora.web.edition import Edition

PATIENCE_S = 60.0
FILES = {f"posts/2020-01-01-{name}.md": post(name, permalink=f"/{name}/") for name in "abcdef"}


class Work:
    """Done in the order in which its titles come out of `done`; the first one waits for `go_on`."""

    def __init__(self) -> None:
        self.done: queue.Queue[str] = queue.Queue()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, here: Edition, post: Post) -> None:
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        self.done.put(post.title)

    def order(self, count: int) -> str:
        self.go_on.set()
        return "".join(self.done.get(timeout=PATIENCE_S) for _ in range(count))


class Desk:
    """Asks a `Beside` for posts of a blog by their names; while the first is held, the others wait."""

    def __init__(self, blog: Blog, work: Work) -> None:
        self.blog, self.work, self.beside = blog, work, Beside(work)
        self.ask("a")
        assert work.begun.wait(PATIENCE_S)

    def ask(self, names: str, *, is_urgent: bool = False) -> None:
        here = self.blog.parts.edition(self.blog.parts.library.snapshot())
        for name in names:
            self.beside.ask(here, here.snapshot.by_url[f"/{name}/"], is_urgent=is_urgent)


@pytest.fixture(autouse=True)
def without_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "REST", 0)


@pytest.fixture
def desk(new_blog: NewBlog) -> Iterator[Desk]:
    work = Work()
    yield Desk(new_blog(FILES), work)
    work.go_on.set()


def test_what_is_urgent_comes_first(desk: Desk) -> None:
    desk.ask("bc")
    desk.ask("de", is_urgent=True)
    assert desk.work.order(5) == "adebc"


def test_each_post_waits_once(desk: Desk) -> None:
    desk.ask("bbcb")
    assert desk.work.order(3) == "abc"
    desk.ask("d")
    assert desk.work.order(1) == "d"


def test_of_more_than_may_wait_the_oldest_are_forgotten(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "MOST_WAITING", 2)
    desk = Desk(new_blog(FILES), Work())
    desk.ask("bcde")
    assert desk.work.order(3) == "ade"
    desk.ask("f")
    assert desk.work.order(1) == "f"


def test_a_post_is_worked_on_as_it_is_when_its_turn_comes(desk: Desk) -> None:
    desk.ask("bc")
    desk.blog.write("posts/2020-01-01-c.md", post("C", permalink="/c/"))
    desk.ask("d")
    assert desk.work.order(4) == "abCd"


def test_a_post_that_has_gone_meanwhile_is_left_out(desk: Desk) -> None:
    desk.ask("bc")
    desk.blog.write("posts/2020-01-01-b.md", post("b", permalink="/b/", draft="true"))
    desk.ask("d")
    assert desk.work.order(3) == "acd"


def test_what_fails_is_logged_and_the_next_one_is_done(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Work):
        def __call__(self, here: Edition, post: Post) -> None:
            super().__call__(here, post)
            if post.title == "a":
                raise MemoryError

    desk = Desk(new_blog(FILES), Failing())
    desk.ask("b")
    assert desk.work.order(2) == "ab"
    assert [record.getMessage() for record in caplog.records] == ["the card of posts/2020-01-01-a.md was not made"]


def test_what_is_urgent_does_not_wait_for_the_end_of_a_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "REST", 1e6)
    assert desk.work.order(1) == "a"
    desk.ask("b")
    desk.ask("c", is_urgent=True)
    assert desk.work.order(2) == "cb"
    desk.ask("d", is_urgent=True)
    assert desk.work.order(1) == "d"


def test_a_system_without_a_thread_to_spare_costs_no_page(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    blog, work = new_blog(FILES), Work()
    work.go_on.set()
    here = blog.parts.edition(blog.parts.library.snapshot())
    asked = Beside(work)
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        asked.ask(here, here.snapshot.by_url["/a/"], is_urgent=False)
    assert [record.getMessage() for record in caplog.records] == ["no card is drawn ahead: can't start new thread"]
    asked.ask(here, here.snapshot.by_url["/b/"], is_urgent=False)
    assert work.order(2) == "ab"
