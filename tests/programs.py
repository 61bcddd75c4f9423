"""Programs of other people that tests start: proxies, stores, clients."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from itertools import count, islice
from pathlib import Path
from socket import create_connection, create_server
from threading import Thread
from typing import NoReturn, Self

import pytest

PATIENCE_S = 60.0


def lacking(what: str) -> NoReturn:
    """Skip the test for what is not here, or fail it in CI, which has everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def tool(*names: str) -> str:
    """The path of the first of these programs that is here, as one that is `lacking` where none is.

    Debian has servers in sbin, which is in the PATH of root alone: it is looked at beside each bin.
    """
    folders = os.environ["PATH"].split(":")
    folders += [folder.removesuffix("bin") + "sbin" for folder in folders if folder.endswith("/bin")]
    found = (shutil.which(name, path=":".join(folders)) for name in names)
    return next(filter(None, found), None) or lacking(f"{names[0]} is not installed")


def unless_possible(command: list[str | Path], what: str) -> None:
    """The test is skipped where this machine does not let it, or fails in CI."""
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        lacking(f"{what}: {done.stderr.decode().strip()}")


_PORTS = 1_500
_FIRST_PORT = 10_000 + _PORTS * int(os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw") or 9) % 21_000
_tried = count(secrets.randbelow(_PORTS))


def free_port() -> int:
    """Return a port at which nobody listens, that the system gives to no client and other tests do not take."""
    for number in islice(_tried, _PORTS):
        port = _FIRST_PORT + number % _PORTS
        with suppress(OSError), create_server(("", port)):
            return port
    raise AssertionError("no port is free")


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask again and again; fails after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.02)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[HTTPServer]:
    """A server in this process. Its thread ends first however the block ends: it would spin on a closed socket."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Program:
    """A program that listens at `port`, in a process group of its own. A context manager."""

    def __init__(
        self,
        command: Sequence[str | Path],
        port: int,
        log: Path,
        environ: Mapping[str, str] = os.environ,
        ends_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.port = port
        self.log = log
        self._command = [tool(str(command[0])), *command[1:]]
        self._environ = environ
        self._ends_by = ends_by
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=self._environ, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE_S
        while not self._listens():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
            if self._process.returncode is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"{self._command[0]} does not listen\n{self.log.read_text()}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.send_signal(self._ends_by)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self.kill()

    def kill(self) -> None:
        """All of its processes, at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        try:
            create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
