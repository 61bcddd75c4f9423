"""The blog under gunicorn: throughput beside Flask's hello world, cold start, memory."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.measure import Timing, compared

CHECKOUT = Path(__file__).parent.parent
_PATIENCE_S = 120.0
_CRAWLERS = 8
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_HREF = re.compile(rb'(?:href|src)="(/[^"#?]*)')
_WRK_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Load:
    """What wrk saw of one server: medians in seconds."""

    timing: Timing
    p50: float
    p99: float


@dataclass(frozen=True)
class Start:
    """A start with empty caches: seconds to the first answer and of CPU, and MiB of the worker after it."""

    wall: float
    cpu: float
    mib: float


class Server:
    """A gunicorn with one worker, at `port`."""

    def __init__(self, master: subprocess.Popen[bytes], port: int) -> None:
        self.master = master
        self.port = port

    def worker(self) -> int:
        """The process id of the one worker."""
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0])

    def mib(self) -> float:
        """Resident memory of the worker, what it shares with others included."""
        status = Path(f"/proc/{self.worker()}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]

    def cpu(self) -> float:
        """CPU seconds that gunicorn and its worker have used."""
        return sum(_cpu(process) for process in (self.master.pid, self.worker()))

    def wait_for(self, path: str) -> None:
        """Until the page at `path` is answered."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
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
    app: str, environ: Mapping[str, str], *, core: int | None = None, workers: int = 1
) -> Iterator[Server]:
    """One worker, unless told, with the settings that are shipped, tied to a core if one is given."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    master = subprocess.Popen(
        [*_tied(core), *command, "--log-level", "error", app],
        cwd=CHECKOUT,
        env={**{k: v for k, v in os.environ.items() if not _is_left_out(k)}, **environ},
        stdin=subprocess.DEVNULL,
    )
    try:
        yield Server(master, port)
    finally:
        master.send_signal(signal.SIGTERM)
        master.wait(60)


def blog_environ(site: Path, cache: Path) -> dict[str, str]:
    return {"BITACORA_SITE": str(site), "BITACORA_CACHE_DIR": str(cache)}


def missing_for_load() -> list[str]:
    """What is not installed, of what the measurement over gunicorn needs."""
    needed = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    return needed if (os.cpu_count() or 1) > 1 else [*needed, "a second core"]


def load(site: Path, cache: Path, url: str, size: int, rounds: int, seconds: int) -> dict[str, Load]:
    """Each server in turn under `wrk -t1 -c16`; one worker on one core, wrk on another."""
    with ExitStack() as stack:
        start: Callable[..., Server] = lambda app, environ: stack.enter_context(gunicorn(app, environ, core=0))  # noqa: E731
        servers = {
            "Flask hello world": (start(f"bench.rivals:hello({size})", {}), "/"),
            "**the blog, warm page**": (start("app:app", blog_environ(site, cache)), url),
            "Flask-Caching's `@cached` view": (start(f"bench.rivals:cached({size})", {}), "/"),
        }
        for server, path in servers.values():
            server.wait_for(path)
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
        delays: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, (server, path) in servers.items():
                cpu = server.cpu()
                requests, per_second, p50, p99 = _wrk(server.port, path, seconds)
                samples[name].append((1 / per_second, (server.cpu() - cpu) / requests))
                delays[name].append((p50, p99))
    timings = compared(samples)
    return {
        name: Load(timings[name], median(p50 for p50, _ in own), median(p99 for _, p99 in own))
        for name, own in delays.items()
    }


def cold_start(site: Path, cache: Path, url: str) -> Start:
    """From nothing to the first answered request."""
    begun = time.perf_counter()
    with gunicorn("app:app", blog_environ(site, cache)) as server:
        server.wait_for(url)
        return Start(time.perf_counter() - begun, server.cpu(), server.mib())


def warm_start(site: Path, cache: Path, url: str) -> Start:
    """The same once more, with what the start before has left in `cache`."""
    with gunicorn("app:app", blog_environ(site, cache)) as server:
        server.wait_for(url)
        _wait_until_idle(server)
    return cold_start(site, cache, url)


def _wait_until_idle(server: Server) -> None:
    """What a start leaves for the next is written beside the first requests."""
    used = -1.0
    while server.cpu() > used:
        used = server.cpu()
        time.sleep(0.5)


def crawled(site: Path, cache: Path) -> tuple[int, float, float]:
    """Addresses that a crawler found, MiB of the worker after it read each once, and after it read each twice."""
    with gunicorn("app:app", blog_environ(site, cache)) as server:
        server.wait_for("/")
        found = _crawl(server.port, {"/"}, follow=True)
        once = server.mib()
        _crawl(server.port, found, follow=False)
        return len(found), once, server.mib()


def _wrk(port: int, path: str, seconds: int) -> tuple[int, float, float, float]:
    """Requests, requests a second, p50 and p99 in seconds."""
    command = [*_tied(1), "wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
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
    return variable.startswith("BITACORA_") or variable == "PYTHONDONTWRITEBYTECODE"


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _tied(core: int | None) -> list[str]:
    return [] if core is None else ["taskset", "-c", str(core)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
