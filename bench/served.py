"""The blog under gunicorn: starts, memory, and what an edit costs the next reader over HTTP."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.processes import Group, free_port, resident_mib

CHECKOUT = Path(__file__).parent.parent
_PATIENCE_S = 240.0
_CRAWLERS = 8
_BETWEEN_EDITS_S = 0.1
_READY = """
import gc, json, os, sys, time
gc.disable()  # as gunicorn.conf.py does
from app import create_app
wall, cpu = time.perf_counter(), sum(os.times()[:4])  # with those that it starts
create_app(json.loads(sys.argv[1]))
print(time.perf_counter() - wall, sum(os.times()[:4]) - cpu)
"""
_HREF = re.compile(rb'(?:href|src)="(/[^"#?]*)')


@dataclass(frozen=True)
class Start:
    """Seconds until the posts were ready in a process, and until gunicorn's first answer; CPU by then; MiB."""

    ready: float
    ready_cpu: float
    page: float
    cpu: float
    mib: float


@dataclass(frozen=True)
class Edit:
    """Seconds from the first request after an edit until all pages were there, new; of each page; of CPU.

    `first` is from the start until all were there, `mib` the memory of all processes in the end.
    """

    whole: float
    each: Sequence[float]
    cpu: float
    first: float
    mib: float


class Server(Group):
    """A server that answers at `port`: a master, and one worker unless told."""

    def __init__(self, master: subprocess.Popen[bytes], port: int) -> None:
        super().__init__(master)
        self.port = port
        self.begun = time.perf_counter()

    def worker(self) -> int:
        """The process id of the one worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])

    def worker_mib(self) -> float:
        """Resident memory of the worker, what it shares with others included."""
        return resident_mib(self.worker())

    def wait_for(self, path: str) -> None:
        """Until the page at `path` is answered. Raises RuntimeError where the server ends before."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
            try:
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
                time.sleep(0.005)
            except OSError:
                time.sleep(0.005)
            finally:
                connection.close()
        raise TimeoutError(f"no answer to {path}")


@contextmanager
def gunicorn(
    app: str,
    environ: Mapping[str, str],
    *,
    core: int | None = None,
    workers: int = 1,
    worker_class: str | None = None,
) -> Iterator[Server]:
    """One worker, unless told, with the settings that are shipped, tied to a core if one is given."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    if worker_class:
        command += ["--worker-class", worker_class]
    own = {name: value for name, value in os.environ.items() if not _is_left_out(name)}
    with running([*command, "--log-level", "error", app], port, core, {**own, **environ}) as server:
        yield server


@contextmanager
def running(command: Sequence[str], port: int, core: int | None, environ: Mapping[str, str]) -> Iterator[Server]:
    """A server until the end of the block, in a group of its own."""
    master = subprocess.Popen(
        [*tied(core), *command], cwd=CHECKOUT, env=environ, stdin=subprocess.DEVNULL, start_new_session=True
    )
    server = Server(master, port)
    try:
        yield server
    finally:
        server.end()


def tied(core: int | None) -> list[str]:
    """What a command begins with that may run on that core alone."""
    return [] if core is None else ["taskset", "-c", str(core)]


def blog_environ(site: Path, cache: Path) -> dict[str, str]:
    return {"BITACORA_SITE": str(site), "BITACORA_CACHE_DIR": str(cache)}


def cold_start(site: Path, caches: tuple[Path, Path]) -> Start:
    """With two empty folders for caches. The first is left as a start leaves it for the next."""
    kept, empty = caches
    with gunicorn("app:app", blog_environ(site, kept)) as server:
        page, cpu = _first_page(server)
        mib = server.worker_mib()
        server.wait_until_idle()  # what the next start needs is written beside the first requests
    return Start(*_ready(site, empty), page, cpu, mib)


def warm_start(site: Path, cache: Path) -> Start:
    """With what the start before has left in `cache`."""
    with gunicorn("app:app", blog_environ(site, cache)) as server:
        page, cpu = _first_page(server)
        mib = server.worker_mib()
    return Start(*_ready(site, cache), page, cpu, mib)


def _first_page(server: Server) -> tuple[float, float]:
    server.wait_for("/")
    return time.perf_counter() - server.begun, server.cpu()


def _ready(site: Path, cache: Path) -> tuple[float, float]:
    """Seconds, and of CPU, that a process with everything imported needs for the site."""
    command = [sys.executable, "-c", _READY, json.dumps(blog_environ(site, cache))]
    run = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=_PATIENCE_S, check=True)
    wall, cpu = run.stdout.split()[-2:]
    return float(wall), float(cpu)


def edited(site: Path, cache: Path, file: Path, urls: Sequence[str], edits: int) -> Edit:
    """Edit `file` so often, and ask for the pages at `urls` one after the other each time; medians.

    Raises RuntimeError for a page that was not new at its first request.
    """
    original = file.read_text(encoding="utf-8")
    title = re.search(r"\ntitle: '(.*)'\n", original)
    assert title
    taken = []
    with gunicorn("app:app", blog_environ(site, cache)) as server:
        for url in urls:
            server.wait_for(url)
        first = time.perf_counter() - server.begun
        reader = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE_S)
        try:
            for number in range(edits + 1):
                if number == 1:  # the one before warmed up
                    cpu = server.cpu()
                time.sleep(_BETWEEN_EDITS_S)
                mark = f"Mark {number} edit"
                file.write_text(original.replace(title[1], mark, 1), encoding="utf-8")
                taken.append([_seconds_to_get(reader, url, mark.encode()) for url in urls])
        finally:
            file.write_text(original, encoding="utf-8")
        del taken[0]
        cpu = (server.cpu() - cpu) / edits
        each = [median(column) for column in zip(*taken, strict=True)]
        return Edit(median(sum(row) for row in taken), each, cpu, first, server.mib())


def _seconds_to_get(reader: http.client.HTTPConnection, url: str, mark: bytes) -> float:
    begun = time.perf_counter()
    reader.request("GET", url)
    if mark not in reader.getresponse().read():
        raise RuntimeError(f"{url} was old after an edit")
    return time.perf_counter() - begun


def crawled(site: Path, cache: Path) -> tuple[float, int, float, float]:
    """MiB of the worker after a page, addresses that a crawler found, MiB after all were read once, and twice."""
    with gunicorn("app:app", blog_environ(site, cache)) as server:
        server.wait_for("/")
        first = server.worker_mib()
        found = _crawl(server.port, {"/"}, follow=True)
        once = server.worker_mib()
        _crawl(server.port, found, follow=False)
        return first, len(found), once, server.worker_mib()


def _crawl(port: int, addresses: set[str], *, follow: bool) -> set[str]:
    """Read each address once, over a few connections; with `follow` those that pages lead to as well."""
    own = threading.local()

    def read(path: str) -> set[str]:
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
        return _read(own.connection, path)

    known, waiting = set(addresses), set(addresses)
    with ThreadPoolExecutor(_CRAWLERS) as crawlers:
        while waiting:
            links = set().union(*crawlers.map(read, sorted(waiting)))
            waiting = links - known if follow else set()
            known |= waiting
    return known


def _read(connection: http.client.HTTPConnection, path: str) -> set[str]:
    """The addresses on this server that a page names."""
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    response = connection.getresponse()
    body = response.read()
    if response.status >= 500:
        raise RuntimeError(f"{path} answered {response.status}")
    if location := response.headers["Location"]:
        return {urlsplit(location).path}
    if response.headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    return {href.decode() for href in _HREF.findall(body) if not href.startswith(b"//")}


def _is_left_out(variable: str) -> bool:
    """Settings of another blog, and what keeps Python from reading the bytecode of the start before."""
    return variable.startswith(("BITACORA_", "GUNICORN_")) or variable == "PYTHONDONTWRITEBYTECODE"
