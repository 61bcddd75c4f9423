"""Readers that ask a server for pages while something happens to it."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import cycle
from statistics import quantiles
from typing import Self

import sizes
from programs import PATIENCE_S

PAUSE_S = sizes.of(0.0, 0.02)
ENDS = (b"</html>\n", b"</html>", b"</feed>\n", b"</feed>", b"</urlset>\n", b"</urlset>")


class Crowd:
    """Readers who ask from the start of the block to its end, each over one kept-alive connection.

    At full size they ask without pause; else after PAUSE_S, or most of the time of a test would be theirs.

    An answer that is not 200, is cut short, or never comes, is in `wrong`: nobody ever asks twice. So is one after
    which the server closes the connection, unless it `may_close` (RFC 9112, 9.6). Another connection is opened
    after these alone.
    """

    def __init__(self, port: int, paths: Sequence[str], readers: int = 4, *, may_close: bool = False) -> None:
        self.answers = 0
        self.wrong: list[str] = []
        self._times_s = array("d")
        self._port = port
        self._may_close = may_close
        self._news = threading.Condition()
        self._heard: set[int] = set()
        self._is_over = False
        self._threads = [
            threading.Thread(target=self._read, args=([*paths[n:], *paths[:n]],), daemon=True)
            for n in range(readers)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        with self._news:  # a connection that came later could need what a test has taken away meanwhile
            assert self._news.wait_for(lambda: len(self._heard) == len(self._threads), PATIENCE_S), self.wrong[:3]
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        for thread in self._threads:
            thread.join()

    @property
    def slowest_ms(self) -> float:
        return max(self._times_s) * 1000

    @property
    def p99_ms(self) -> float:
        """Of all answers, right or wrong, a hundredth took longer."""
        return quantiles(self._times_s, n=100)[98] * 1000

    def wait_for(self, more: int) -> None:
        """Until so many more answers were right."""
        with self._news:
            enough = self.answers + more
            assert self._news.wait_for(lambda: self.answers >= enough, PATIENCE_S), self.wrong[:3]

    def _read(self, paths: Sequence[str]) -> None:
        http = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        for path in cycle(paths):
            if self._is_over:
                break
            asked = time.monotonic()
            try:
                http.request("GET", path)
                answer = http.getresponse()
                problem = self._problem(path, answer, answer.read())
            except (OSError, HTTPException) as error:
                http.close()
                problem = repr(error)
            self._count(problem and f"{path}: {problem}", time.monotonic() - asked)
            if PAUSE_S:
                time.sleep(PAUSE_S)
        http.close()

    def _problem(self, path: str, answer: HTTPResponse, body: bytes) -> str | None:
        if answer.status != 200:
            return f"{answer.status} {body[:200]!r}"
        if path.endswith(("/", ".xml")) and not body.endswith(ENDS):
            return f"cut short after {body[-40:]!r}"
        return "the connection is closed" if answer.will_close and not self._may_close else None

    def _count(self, problem: str | None, seconds: float) -> None:
        with self._news:
            self._times_s.append(seconds)
            self._heard.add(threading.get_ident())
            if problem:
                self.wrong.append(problem)
            else:
                self.answers += 1
            self._news.notify_all()
