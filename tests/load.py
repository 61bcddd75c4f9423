"""Readers who ask without pause over kept-alive connections, and count what failed. They never ask twice."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import Self

from programs import PATIENCE_S


class Load:
    """`readers` threads that read `paths` at random from `port` while its context lasts.

    A connection is opened anew only where the server said that it closes the last one (Connection: close), or
    after a request that failed, which is counted. Whatever is no 200 has failed.
    """

    def __init__(self, port: int, paths: Sequence[str], readers: int = 8) -> None:
        self.failed: list[str] = []
        self.answers = 0
        self.slowest_s = 0.0
        self._port = port
        self._paths = paths
        self._news = threading.Condition()
        self._is_over = False
        self._threads = [threading.Thread(target=self._read, args=(seed,), daemon=True) for seed in range(readers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for(len(self._threads))
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until so many more requests were answered."""
        with self._news:
            enough = self.answers + more
            assert self._news.wait_for(lambda: self.answers >= enough, PATIENCE_S), self.failed[:3]

    def _read(self, seed: int) -> None:
        choice = random.Random(seed).choice
        http = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        while not self._is_over:
            path, asked = choice(self._paths), time.monotonic()
            try:
                http.request("GET", path)
                answer = http.getresponse()
                answer.read()
                problem = None if answer.status == 200 else f"{answer.status}"
            except (OSError, HTTPException) as error:
                http.close()
                problem = repr(error)
            self._count(problem and f"{path}: {problem}", time.monotonic() - asked)
        http.close()

    def _count(self, problem: str | None, seconds: float) -> None:
        with self._news:
            self.slowest_s = max(self.slowest_s, seconds)
            if problem:
                self.failed.append(problem)
            else:
                self.answers += 1
                self._news.notify_all()
