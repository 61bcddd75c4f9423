"""A long time under readers, junk and pushes: two workers keep their size, descriptors, threads and watches."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import sizes
from conftest import Saw, Serve
from live import SETTINGS, branch, commit_all, commit_beside, git, run, tool
from server import Server

POSTS = 300
LISTS = ("/", "/page/2/", "/archive/", "/feed.xml", "/sitemap.xml", "/tags/", "/readyz")
MOST_GROWTH_MIB = 5.0
RESTS_S = 1.0
REST_PATIENCE_S = 300.0
"""Cards of what was pushed may still be drawn."""
PUSHES_TO_SETTLE = sizes.SOAK_PUSHES * sizes.SOAK_SETTLED // sizes.SOAK_REQUESTS
ROUND_S = sizes.of(10, 1)
SCRIPT = """
local paths = { %s }
local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end
function init()
  math.randomseed(%d + id)
  count = 0
  failed = 0
end
function request()
  count = count + 1
  local junk = string.format("%%d-%d-%%d", id, count)
  if count %% 10 == 0 then
    return wrk.format("GET", "/junk/" .. junk .. "/")
  end
  local path = paths[math.random(#paths)]
  if count %% 10 == 5 then
    path = path .. "?q=" .. junk
  end
  return wrk.format("GET", path)
end
function response(status)
  if status ~= 200 and status ~= 404 then
    failed = failed + 1
  end
end
"""
"""A tenth of all requests is for addresses that never were, a tenth has a query that never was."""


@dataclass(frozen=True)
class Size:
    """What one worker takes."""

    mib: float
    descriptors: tuple[str, ...]
    threads: int
    watches: int

    @property
    def constant(self) -> tuple[tuple[str, ...], int, int]:
        return self.descriptors, self.threads, self.watches

    @classmethod
    def of(cls, worker: int) -> Size:
        proc = Path(f"/proc/{worker}")
        status = (proc / "status").read_text()
        known = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
        watches = sum(info.read_text().count("inotify wd:") for info in (proc / "fdinfo").iterdir())
        targets = (os.readlink(descriptor).split(":")[0] for descriptor in (proc / "fd").iterdir())
        return cls(int(known["VmRSS"]) / 1024, tuple(sorted(targets)), int(known["Threads"]), watches)


class Pusher(threading.Thread):
    """Pushes one version after another, evenly over all of the requests."""

    def __init__(self, author: Path) -> None:
        super().__init__(daemon=True)
        self._author = author
        self._may = threading.Semaphore(0)
        self._news = threading.Condition()
        self._enough = False
        self._allowed = 0
        self.pushed = 0
        self.wrong: list[str] = []

    def allow(self, most: int) -> None:
        """Up to so many of them in all."""
        for _ in range(most - self._allowed):
            self._may.release()
        self._allowed = max(most, self._allowed)

    def run(self) -> None:
        while self.pushed < sizes.SOAK_PUSHES:
            self._may.acquire()
            if self._enough:
                return
            try:
                git(self._author, "push", "-q", "origin", f"{branch(self.pushed + 1)}:main")
            except subprocess.CalledProcessError as error:
                self.wrong.append(error.stderr.decode())
            with self._news:
                self.pushed += 1
                self._news.notify_all()

    def wait_for_rest(self) -> None:
        """Until all that it may push is pushed."""
        with self._news:
            assert self._news.wait_for(lambda: self.pushed == self._allowed, 600)

    def stop(self) -> None:
        self._enough = True
        self._may.release()
        self.join()


def text(number: int, version: int) -> str:
    return (
        f"---\ntitle: Entrada {number} v{version:06}\ntags: [t{number % 20}]\n---\n"
        + f"Soy la v{version:06}. " * 50
    )


def name(number: int) -> str:
    return f"posts/2020-{number % 12 + 1:02}-{number % 28 + 1:02}-p{number}.md"


def address(number: int) -> str:
    return f"/2020/{number % 12 + 1:02}/{number % 28 + 1:02}/p{number}/"


def make(site: Path, author: Path) -> None:
    """A site that can be pushed to, and a clone with a branch for each push: one changes one post."""
    (site / "posts").mkdir(parents=True)
    (site / "site.toml").write_text(SETTINGS)
    for number in range(POSTS):
        (site / name(number)).write_text(text(number, 0))
    git(site, "init", "-q", "-b", "main")
    git(site, "config", "receive.denyCurrentBranch", "updateInstead")
    commit_all(site)
    run("git", "clone", "-q", site, author)
    commit_beside(author, sizes.SOAK_PUSHES, lambda v: {name(v % POSTS): text(v % POSTS, v)})


def asked(server: Server, script: Path, number: int) -> Counter[str]:
    """What wrk tells of one round."""
    paths = [*LISTS * 10, *(address(post) for post in range(POSTS))]
    script.write_text(SCRIPT % (", ".join(f'"{path}"' for path in paths), number, number))
    command = [tool("wrk"), "-t2", "-c16", f"-d{ROUND_S}s", "-s", script, f"http://127.0.0.1:{server.port}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = Counter(requests=int(re.search(r"(\d+) requests in", told)[1]))  # type: ignore[index]
    if other := re.search(r"Non-2xx or 3xx responses: (\d+)", told):
        counts["not_found"] = int(other[1])
    if errors := re.search(r"Socket errors: (.*)", told):
        counts["errors"] = sum(int(count) for count in re.findall(r"\d+", errors[1]))
    return counts


def at_rest(server: Server, pusher: Pusher) -> list[Size]:
    """What each worker takes when it has seen the last push and nothing is asked, pushed or scanned.

    Once a minute a thread looks at all files, with descriptors of its own: one glance may fall into that.
    """
    pusher.wait_for_rest()
    for client in server.clients():
        client.get("/")
        client.close()
    server.wait_until(lambda: server.connections() == 0)
    before: list[Size] = []
    found: list[Size] = []
    since = time.monotonic()

    def rests() -> bool:
        nonlocal before, found, since
        before, found = found, []
        with suppress(FileNotFoundError):  # it was closed meanwhile
            found = [Size.of(worker) for worker in server.workers()]
        if not found or [size.constant for size in before] != [size.constant for size in found]:
            since = time.monotonic()
        return time.monotonic() - since >= RESTS_S

    deadline = time.monotonic() + REST_PATIENCE_S
    while not rests():
        assert time.monotonic() < deadline, f"no rest: {before}, {found}"
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_two_workers_keep_their_size_however_long_they_serve(tmp_path: Path, serve: Serve, saw: Saw) -> None:
    site, author = tmp_path / "site", tmp_path / "author"
    make(site, author)
    server = serve(site, watch="inotify")
    workers = server.workers()
    pusher = Pusher(author)
    pusher.start()
    counts: Counter[str] = Counter()
    settled: list[Size] = []
    number = 0
    try:
        while counts["requests"] < sizes.SOAK_REQUESTS:
            counts += asked(server, tmp_path / "junk.lua", number := number + 1)
            pusher.allow(sizes.SOAK_PUSHES * min(counts["requests"], sizes.SOAK_REQUESTS) // sizes.SOAK_REQUESTS)
            if not settled and counts["requests"] >= sizes.SOAK_SETTLED and pusher.pushed >= PUSHES_TO_SETTLE:
                settled = at_rest(server, pusher)
        pusher.join(600)
    finally:
        pusher.stop()
    assert server.workers() == workers
    for client in server.clients():
        last = client.get(address(sizes.SOAK_PUSHES % POSTS)).text
        assert f"v{sizes.SOAK_PUSHES:06}" in last
        client.close()
    assert settled
    ended = at_rest(server, pusher)
    pairs = list(zip(settled, ended, strict=True))
    growth = max(after.mib - before.mib for before, after in pairs)
    more = {
        "more_descriptors": max(len(after.descriptors) - len(before.descriptors) for before, after in pairs),
        "more_threads": max(after.threads - before.threads for before, after in pairs),
        "more_watches": max(after.watches - before.watches for before, after in pairs),
    }
    junk = counts["requests"] // 5
    saw(
        **counts,
        junk_addresses=junk,
        pushes=pusher.pushed,
        growth_mib=growth,
        worker_mib=max(size.mib for size in ended),
        descriptors=max(len(size.descriptors) for size in ended),
        threads=max(size.threads for size in ended),
        watches=max(size.watches for size in ended),
        **more,
    )
    assert counts["errors"] == 0
    assert pusher.wrong == []
    assert "Traceback" not in server.log.read_text()
    assert abs(counts["not_found"] - counts["requests"] / 10) < 32 + 4 * number, "a tenth of the answers is 404"
    if not sizes.IS_FULL:
        more["more_threads"] = 0  # after so few requests gunicorn has not begun all of its threads
    # Fewer may be: the index of the start is let go when all of its posts were read anew.
    assert max(more.values()) <= 0, (settled, ended)
    assert growth <= MOST_GROWTH_MIB or not sizes.IS_FULL
