"""Readers that ask a server for pages while something happens to it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Self

from server import Client

ENDS = (b"</html>\n", b"</html>", b"</feed>\n", b"</feed>", b"</urlset>\n", b"</urlset>")


class Crowd:
    """Readers, each over one connection of its own, from the start of the block to its end.

    An answer that is not 200, is cut short, or never comes, is in `wrong`. Nobody ever tries again.
    """

    def __init__(self, port: int, paths: Sequence[str], readers: int = 4) -> None:
        self._threads = [
            threading.Thread(target=self._read, args=(Client(port), [*paths[n:], *paths[:n]]), daemon=True)
            for n in range(readers)
        ]
        self._enough = threading.Event()
        self._counting = threading.Lock()
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.slowest_s = 0.0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    @property
    def answers(self) -> int:
        return self.statuses.total()

    def go_on_for(self, seconds: float) -> None:
        """Ends early when no reader is left."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(thread.is_alive() for thread in self._threads):
            self._enough.wait(0.05)

    def go_on_until_answers(self, count: int) -> None:
        while self.answers < count and any(thread.is_alive() for thread in self._threads):
            self._enough.wait(0.05)

    def _read(self, client: Client, paths: Sequence[str]) -> None:
        try:
            while True:
                for path in paths:
                    if self._enough.is_set():
                        return
                    answer = client.get(path)
                    with self._counting:
                        self.statuses[answer.status] += 1
                        self.slowest_s = max(self.slowest_s, time.monotonic() - answer.asked)
                    if answer.status != 200:
                        self.wrong.append(f"{path}: {answer.status} {answer.body[:200]!r}")
                    elif path.endswith(("/", ".xml")) and not answer.body.endswith(ENDS):
                        self.wrong.append(f"{path}: cut short after {answer.body[-40:]!r}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self.wrong.append(f"{path}: {error!r}")
        finally:
            client.close()
