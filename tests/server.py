"""A real gunicorn of this checkout, and clients that each talk to one of its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple, Self

from programs import PATIENCE_S, free_port

ROOT = Path(__file__).parent.parent
_ESTABLISHED, _CLOSE_WAIT = "01", "08"


class Answer(NamedTuple):
    """`asked` is the moment of the monotonic clock at which the request was sent."""

    status: int
    body: bytes
    asked: float

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """One kept-alive connection, hence one worker. Never connects again and never tries again."""

    def __init__(self, port: int) -> None:
        self._http = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._http.connect()
        self._http.auto_open = 0

    @property
    def port(self) -> int:
        """Our end of the connection."""
        return int(self._http.sock.getsockname()[1])

    def get(self, path: str) -> Answer:
        asked = time.monotonic()
        self._http.request("GET", path)
        response = self._http.getresponse()
        return Answer(response.status, response.read(), asked)

    def close(self) -> None:
        self._http.close()


class Server:
    """gunicorn that serves the folder `site`; `settings` become BITACORA_* variables. A context manager.

    `within` is a command that runs the command after it.
    """

    def __init__(
        self, site: Path, cache: Path, workers: int = 2, within: Sequence[str] = (), **settings: str
    ) -> None:
        self._within = within
        self.port = free_port()
        self.log = cache.with_suffix(f".{self.port}.log")
        self.app = "app:app"
        self._workers = workers
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BITACORA_")},
            "BITACORA_SITE": str(site),
            "BITACORA_CACHE_DIR": str(cache),
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(workers),
            **{f"BITACORA_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: list[Client] = []

    def __enter__(self) -> Self:
        try:
            self.launch()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """At once: how it ends by itself is what tests of that look at, with `stop` or `ended`."""
        self._forget_clients()
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._process = None

    def launch(self) -> None:
        """Start without waiting: requests queue until a worker is there."""
        with self.log.open("ab") as log:
            command = [*self._within, sys.executable, "-m", "gunicorn", self.app]
            self._process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        self.wait_until(lambda: self._probe() == 200)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Probe until it is so; fails with the server's log when it ends, or after PATIENCE_S."""
        assert self._process
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
            if self._process.returncode is not None or time.monotonic() > deadline:
                ended = self._process.returncode
                raise AssertionError(f"not ready (exit status: {ended})\n{self.log.read_text()}")

    def stop(self) -> None:
        self._forget_clients()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)
            finally:
                self._process.kill()
                self._process = None

    def restart(self) -> None:
        self.stop()
        self.launch()
        self.wait_until_ready()

    def clients(self) -> list[Client]:
        """One client for each worker, once all of them are there."""
        found: dict[int, Client] = {}

        def all_are_found() -> bool:
            client = Client(self.port)
            self._clients.append(client)
            client.get("/healthz")  # only an accepted connection has an owner
            worker = self._owner(client)
            if worker is None or worker in found:
                client.close()
            else:
                found[worker] = client
            return len(found) == self._workers

        self.wait_until(all_are_found)
        return list(found.values())

    def send(self, number: signal.Signals) -> None:
        """To the master."""
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        """The master and all workers at once, as a machine that is switched off."""
        assert self._process
        for pid in (self._process.pid, *self.workers()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def ended(self) -> int:
        """The exit status, once it has ended by itself."""
        assert self._process
        return self._process.wait(PATIENCE_S)

    def workers(self) -> list[int]:
        """Process ids."""
        assert self._process
        master = self._process.pid
        return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def connections(self) -> int:
        """Those that are open on the server's side, as the kernel shows them."""
        lines = tcp_connections()
        open_ones = [line.split()[1] for line in lines if line.split()[3] in {_ESTABLISHED, _CLOSE_WAIT}]
        return sum(local.endswith(f":{self.port:04X}") for local in open_ones)

    def has_open(self, worker: int, target: str) -> bool:
        """Whether a worker has a descriptor of this name, as the kernel shows it."""
        return target in _descriptors(worker)

    def _forget_clients(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()

    def _probe(self) -> int:
        """The status of /readyz, 0 while nobody answers."""
        try:
            client = Client(self.port)
        except ConnectionRefusedError:
            return 0
        try:
            return client.get("/readyz").status
        except ConnectionError:
            return 0
        finally:
            client.close()

    def _owner(self, client: Client) -> int | None:
        """The worker that holds the other end of the connection."""
        ends = f":{self.port:04X}", f":{client.port:04X}"
        for line in tcp_connections():
            local, remote = line.split()[1:3]
            if local.endswith(ends[0]) and remote.endswith(ends[1]):
                socket = f"socket:[{line.split()[9]}]"
                return next((pid for pid in self.workers() if self.has_open(pid, socket)), None)
        return None


def late(
    look: Callable[[], Answer], is_new: Callable[[Answer], bool], since: float, patience: float = 5.0
) -> float:
    """Seconds from `since` until the last request that still saw the old state was sent; 0 if none did."""
    last = since
    while not is_new(answer := look()):
        last = answer.asked
        if last > since + patience:
            break
    return last - since


def tcp_connections() -> list[str]:
    """The lines of the kernel's tables, of IPv4 and IPv6: see proc(5)."""
    tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    return [line for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]


def _descriptors(pid: int) -> set[str]:
    names = set()
    with suppress(FileNotFoundError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                names.add(os.readlink(descriptor))
    return names
