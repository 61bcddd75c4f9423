"""Throughput: servers in turns under wrk, each with one worker on one core, wrk on another."""

from __future__ import annotations

import http.client
import os
import re
import runpy
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench import nginx
from bench.served import CHECKOUT, Server, blog_environ, gunicorn, tied

HELLO = "Flask hello world"
BARE = "a WSGI function that always gives those bytes and headers"
CACHED = "Flask-Caching's `@cached` view"
NGINX = "nginx, the same bytes from a file"
STOCK = "gthread"
QUIET = "while nobody writes"
EDITED = "while one post is edited each second"
_MANY_PAGES = """\
local paths, place = {%s}, 0
request = function()
  place = place %% #paths + 1
  return wrk.format("GET", paths[place])
end
"""
_OF_GUNICORN = ("Server", "Date", "Connection")
_WRK_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_PATIENCE_S = 60.0


class Round(NamedTuple):
    """What wrk saw of one server in one round: requests a second; CPU of a request, p50 and p99 in seconds."""

    rate: float
    cpu: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Loads:
    """Rounds by the name of the server: all were in each round, so that ratios are taken within one."""

    rounds: Mapping[str, Sequence[Round]]

    def median(self, name: str, part: str) -> float:
        return float(median(getattr(one, part) for one in self.rounds[name]))

    def ratio(self, name: str, base: str, part: str = "rate") -> float | None:
        """Median of the ratios to `base`; None where either was not measured."""
        if name not in self.rounds or base not in self.rounds:
            return None
        pairs = zip(self.rounds[name], self.rounds[base], strict=True)
        return float(median(getattr(own, part) / getattr(other, part) for own, other in pairs))


def missing() -> list[str]:
    """What is not installed, of what this measurement needs."""
    needed = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    return needed if (os.cpu_count() or 1) > 1 else [*needed, "a second core"]


def shipped_class() -> str:
    """The worker class of gunicorn.conf.py."""
    return str(runpy.run_path(str(CHECKOUT / "gunicorn.conf.py"))["worker_class"])


def blog(worker_class: str, posts: int) -> str:
    """The name of a row."""
    return f"**the blog, `{worker_class.rpartition('.')[2]}`, {posts:,} posts**"


def proxied(worker_class: str) -> str:
    return f"nginx before the blog, `{worker_class.rpartition('.')[2]}`"


def on_one_core(
    sites: Mapping[int, Path], folder: Callable[[], Path], url: str, worker_class: str, rounds: int, seconds: int
) -> Loads:
    """Hello, the blog on each site under the stock and the given class, and nginx; `folder` makes empty folders.

    Raises RuntimeError for an answer that is no success.
    """
    with ExitStack() as stack:
        start: Callable[..., Server] = lambda *how, **more: stack.enter_context(gunicorn(*how, core=0, **more))  # noqa: E731
        contenders: dict[str, tuple[Server, str]] = {}
        for own in dict.fromkeys((STOCK, worker_class)):
            for count, site in sites.items():
                environ = blog_environ(site, folder())
                contenders[blog(own, count)] = start("app:app", environ, worker_class=own), url
        for server, path in contenders.values():
            server.wait_for(path)
        server, _ = contenders[blog(worker_class, min(sites))]
        headers, body = _page(server.port, url)
        own = [(name, value) for name, value in headers if name not in _OF_GUNICORN]
        size = len(body)
        for name, rival in (
            (BARE, f"bare({size}, {own})"),
            (CACHED, f"cached({size})"),
            (HELLO, f"hello({size})"),
        ):
            contenders[name] = start(f"bench.rivals:{rival}", {}, worker_class=STOCK), "/"
        if Path(nginx.PROGRAM).exists():
            contenders[NGINX] = stack.enter_context(nginx.of_a_file(body, headers, folder(), 0)), "/"
            before = stack.enter_context(nginx.before(server.port, folder(), 0))
            contenders[proxied(worker_class)] = before, url
        else:
            print("skipped, for want of nginx: its figures and ratios to them")
        for one, path in contenders.values():
            one.wait_for(path)
        behind = {proxied(worker_class): server}
        return Loads(_in_turns(contenders, behind, rounds, seconds))


def as_shipped(
    sites: Mapping[int, Path], folder: Callable[[], Path], paths: Mapping[str, int], rounds: int
) -> Mapping[str, Loads]:
    """The blog on each site with two workers of the shipped settings, tied to no core; loads by path.

    `paths` have the seconds of a round.
    """
    with ExitStack() as stack:
        servers = {}
        for count, site in sites.items():
            environ = blog_environ(site, folder())
            servers[f"{count:,}"] = stack.enter_context(gunicorn("app:app", environ, workers=2))
        loads = {}
        for path, seconds in paths.items():
            contenders = {name: (server, path) for name, server in servers.items()}
            for server in servers.values():
                server.wait_for(path)
            loads[path] = Loads(_in_turns(contenders, {}, rounds, seconds, core=None))
        return loads


def while_edited(site: Path, cache: Path, edited: Path, urls: Sequence[str], seconds: int, rounds: int) -> Loads:
    """Two workers whose readers ask for many pages: while nobody writes, and while a file changes each second.

    The file is as it was before in the end.
    """
    original, quiet, busy = edited.read_text(encoding="utf-8"), list[Round](), list[Round]()
    with TemporaryDirectory() as folder, gunicorn("app:app", blog_environ(site, cache), workers=2) as server:
        script = Path(folder) / "pages.lua"
        script.write_text(_MANY_PAGES % ",".join(f'"{url}"' for url in urls), encoding="utf-8")
        for url in urls:
            server.wait_for(url)
        try:
            for turn in range(rounds + 1):
                for taken, writes in ((quiet, False), (busy, True)):
                    ended = threading.Event()
                    writer = threading.Thread(target=_write, args=(edited, original, ended if writes else None))
                    writer.start()
                    _, rate, p50, p99 = _wrk(server.port, urls[0], seconds if turn else 2, None, script)
                    ended.set()
                    writer.join()
                    if turn:  # the first round warms up
                        taken.append(Round(rate, 0.0, p50, p99))
        finally:
            edited.write_text(original, encoding="utf-8")
    return Loads({QUIET: quiet, EDITED: busy})


def _write(file: Path, text: str, ended: threading.Event | None) -> None:
    number = 0
    while ended is not None and not ended.wait(1.0):
        number += 1
        file.write_text(f"{text}\n{number}\n", encoding="utf-8")


def _in_turns(
    contenders: Mapping[str, tuple[Server, str]],
    behind: Mapping[str, Server],
    rounds: int,
    seconds: int,
    core: int | None = 1,
) -> dict[str, list[Round]]:
    """`behind` names the servers whose CPU counts too."""
    taken: dict[str, list[Round]] = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds + 1):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            server, path = contenders[name]
            servers = [server, *([behind[name]] if name in behind else [])]
            cpu = sum(one.cpu() for one in servers)
            requests, rate, p50, p99 = _wrk(server.port, path, seconds if turn else 1, core)
            if turn:  # the first round warms up
                spent = sum(one.cpu() for one in servers) - cpu
                taken[name].append(Round(rate, spent / requests, p50, p99))
    return taken


def _wrk(
    port: int, path: str, seconds: int, core: int | None, script: Path | None = None
) -> tuple[int, float, float, float]:
    """Requests, requests a second, p50 and p99 in seconds."""
    command = [*tied(core), "wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    command += ["-s", str(script)] if script else []
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + _PATIENCE_S
    ).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    count = re.search(r"(\d+) requests in", told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    shares = {
        share: float(n) * _WRK_UNITS[unit] for share, n, unit in re.findall(r"(\d\d)%\s+([\d.]+)(\w+)", told)
    }
    assert count
    assert rate
    return int(count[1]), float(rate[1]), shares["50"], shares["99"]


def _page(port: int, url: str) -> tuple[list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    connection.request("GET", url)
    with connection.getresponse() as response:
        return response.getheaders(), response.read()
