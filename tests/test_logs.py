"""The log: a line for an event, whatever a visitor writes, and one line for a problem, however often it shows."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection
from types import SimpleNamespace
from typing import Any

import pytest
from blogs import post
from conftest import NewBlog, Serve
from flask import Flask
from server import ROOT, Server

from bitacora import logs
from bitacora.logs import MOST_ALIKE, PAUSE_S, JsonLines, Sparing, TextLines, spare
from bitacora.web.derived import Derived

NASTY = "a\r\nERROR forged\x1b[2J\x00\x7f\x85\x9b\u2028\u2029\ud800ñ"
CONTROLS = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"}

log = logging.getLogger("bitacora.tests")


class Log:
    """What a handler has written, and the clock by which it spares lines."""

    def __init__(self, form: str) -> None:
        self.handler = logging.StreamHandler(io.StringIO())
        spare(self.handler, form)
        (sparing,) = (own for own in self.handler.filters if isinstance(own, Sparing))
        self.tell_all = sparing.tell_all
        self.now = 100.0

    @property
    def lines(self) -> list[str]:
        return str(self.handler.stream.getvalue()).splitlines()

    def about(self, text: str) -> list[str]:
        return [line for line in self.lines if text in line]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """The log of the engine, as text."""
    found = Log("text")
    monkeypatch.setattr(logs, "time", SimpleNamespace(monotonic=lambda: found.now))
    engine = logging.getLogger("bitacora")
    engine.addHandler(found.handler)
    yield found
    engine.removeHandler(found.handler)


def record(text: str, *given: object, error: BaseException | None = None) -> logging.LogRecord:
    told = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("bitacora.x", logging.ERROR, "x.py", 1, text, given, told)


# --- form


def test_an_event_is_one_object_on_one_line() -> None:
    try:
        raise ValueError(NASTY)
    except ValueError as error:
        line = JsonLines().format(record("%s failed", NASTY, error=error))
    assert not CONTROLS & set(line)
    event = json.loads(line)
    assert event["message"] == f"{NASTY} failed"
    assert event["exception"].startswith("Traceback (most recent call last):\n")
    assert (event["level"], event["logger"]) == ("error", "bitacora.x")


def test_a_line_of_text_is_one_line_without_control_characters() -> None:
    line = TextLines().format(record("%s failed", NASTY))
    assert not CONTROLS & set(line)
    assert line == r"ERROR a\r\nERROR forged\x1b[2J\x00\x7f\x85\x9b\u2028\u2029" + "\ud800ñ failed"


def raw(port: int, request: bytes) -> bytes:
    with create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(request)
        client.shutdown(1)
        return b"".join(iter(lambda: client.recv(1 << 16), b""))


REQUESTS = (
    b'GET /%0a%1b[2J%9b HTTP/1.1\r\nHost: x\r\nUser-Agent: a\x9b\x85"b\r\nConnection: close\r\n\r\n',
    b"GET /x HTTP/1.1\r\nHost: x\r\nBad\x1bHeader: a\r\n\r\n",
    b"GET / HTTP/9.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x1b[2J\r\n\r\n",
)


def test_every_line_of_a_server_is_json(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """From start to stop: the blog's, gunicorn's, one for each answer, and what visitors bring."""
    site = tmp_path / "site"
    (site / "posts").mkdir(parents=True)
    (site / "posts/2018-07-18-bad.md").write_text(post(date="2018-02-30"))
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--access-logfile - --log-level debug")
    server = serve(site, log="json")
    for request in REQUESTS:
        raw(server.port, request)
    server.stop()
    lines = server.log.read_text().splitlines()
    assert not CONTROLS & set("".join(lines))
    events: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert {"gunicorn.error", "gunicorn.access", "bitacora.library.library"} <= {e["logger"] for e in events}
    (answer,) = [event for event in events if event.get("agent", "").startswith("a\x9b")]
    assert (answer["method"], answer["status"]) == ("GET", "404")
    assert answer["microseconds"] > 0
    assert any("Invalid request" in event["message"] for event in events)


def test_why_it_cannot_start_is_said_in_json_too(tmp_path: Path) -> None:
    environ = {**os.environ, "BITACORA_LOG": "json", "BITACORA_SITE": str(tmp_path), "BITACORA_WATCH": "never"}
    done = subprocess.run(
        [sys.executable, "-c", "import app"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 4
    assert "BITACORA_WATCH = 'never'" in json.loads(done.stderr)["message"]


# --- one line for a problem


def test_the_same_problem_has_one_line_until_the_pause_is_over(written: Log) -> None:
    def fail(why: object) -> None:
        log.warning("the cache (%s) fails: %r", "redis", OSError(why))

    for number in range(50):
        fail(number)
    assert len(written.lines) == 1
    written.now += PAUSE_S
    fail("again")
    assert written.lines[1:] == ["WARNING the cache (redis) fails: OSError('again') (49 more like it left out)"]
    fail("soon after")
    assert len(written.lines) == 2


def test_what_was_left_out_is_told_with_the_next_line_about_anything(written: Log) -> None:
    for number in range(3):
        log.warning("it fails: %d", number)
    written.now += PAUSE_S
    log.error("something else")
    assert written.lines == [
        "WARNING it fails: 0",
        "WARNING it fails: 2 (1 more like it left out)",
        "ERROR something else",
    ]
    written.now += PAUSE_S
    log.error("another thing")
    assert len(written.lines) == 4, "nothing new was left out"


def test_what_was_left_out_is_told_at_the_end(written: Log) -> None:
    for number in range(3):
        log.warning("it fails: %d", number)
    written.tell_all()
    assert written.lines[1:] == ["WARNING it fails: 2 (1 more like it left out)"]


def test_problems_that_are_told_in_full_are_told_apart(written: Log) -> None:
    for name in ("a", "b", "a"):
        log.warning("%s", f"posts/{name}.md: wrong")
    assert written.lines == ["WARNING posts/a.md: wrong", "WARNING posts/b.md: wrong"]


def test_faults_are_told_apart_by_where_they_come_from(written: Log) -> None:
    def fail(how: int) -> None:
        try:
            if how:
                raise ValueError
            raise ValueError  # another line
        except ValueError:
            log.exception("GET %r failed", how)

    for how in (0, 1, 0, 1):
        fail(how)
    assert len(written.about("failed")) == 2


def test_a_thousand_problems_at_once_do_not_flood_the_log(written: Log) -> None:
    for number in range(1000):
        log.warning("%s", f"posts/{number}.md: wrong")
    assert len(written.lines) == MOST_ALIKE + 1
    written.now += PAUSE_S
    log.info("on")
    assert written.about("posts/999.md: wrong (898 more like it left out)")
    written.now += PAUSE_S
    log.info("on")
    assert len(written.handler.filters[0]._problems) == 0  # type: ignore[union-attr]


def test_what_is_no_problem_is_never_left_out(written: Log) -> None:
    logging.getLogger("bitacora").setLevel(logging.INFO)
    try:
        for _ in range(5):
            log.info("published")
    finally:
        logging.getLogger("bitacora").setLevel(logging.NOTSET)
    assert len(written.lines) == 5


def test_what_was_left_out_keeps_no_request_alive(written: Log) -> None:
    for _ in range(3):
        try:
            raise ValueError
        except ValueError:
            log.exception("%r failed", "x")
    (problem,) = written.handler.filters[0]._problems.values()  # type: ignore[union-attr]
    assert problem.left_out == 2
    assert problem.last.exc_info is problem.last.args is None


# --- with real files


FILE = "posts/2018-07-17-x.md"


def test_a_post_that_breaks_and_is_mended_again_and_again_has_one_line(new_blog: NewBlog, written: Log) -> None:
    blog = new_blog({FILE: post()})
    for _ in range(20):
        blog.write(FILE, post(date="2018-02-30"))
        blog.get("/")
        assert blog.get("/readyz", remote_addr="127.0.0.1").json["problems"]
        blog.write(FILE, post())
        blog.get("/")
        assert not blog.get("/readyz", remote_addr="127.0.0.1").json["problems"]
    assert len(written.about(FILE)) == 1
    written.now += PAUSE_S
    blog.write(FILE, post(date="2018-02-30"))
    blog.get("/")
    assert written.about("(19 more like it left out)")
    assert len(written.about(FILE)) == 2


def test_a_state_folder_that_cannot_be_written_has_one_line(new_blog: NewBlog, written: Log) -> None:
    names = [f"posts/2018-07-{day}-x.md" for day in range(10, 30)]
    blog = new_blog({name: post(permalink=f"/{name}/") for name in names})
    state = next((blog.root.parent / "cache").rglob("state"))
    for entry in state.iterdir():
        entry.unlink()
    state.rmdir()
    state.write_text("no folder")
    for name in names:
        blog.write(name, post(date="2018-02-30"))
        assert blog.get("/").status == 200
    assert len(written.about("cannot be kept on disk")) == 1


def test_a_store_that_fails_each_time_has_one_line(written: Log) -> None:
    derived = Derived(Flask("x"), "redis://127.0.0.1:1/0", None)
    for number in range(20):
        derived._paused_until = 0.0
        derived.get("card", str(number).encode(), lambda: b"x")
    assert len(written.lines) == 1


def test_a_flapping_post_has_two_lines_from_a_server_that_ends(tmp_path: Path, serve: Serve) -> None:
    site = tmp_path / "site"
    (site / "posts").mkdir(parents=True)
    server: Server = serve(site, workers=1)
    (worker,) = server.clients()
    for text in (post(date="2018-02-30"), post()) * 10:
        (site / FILE).write_text(text)
        worker.get("/")
    server.stop()
    lines = [line for line in server.log.read_text().splitlines() if FILE in line]
    assert len(lines) == 2
    assert lines[1].endswith("(8 more like it left out)")
