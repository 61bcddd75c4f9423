"""Work beside requests, for posts that somebody has just read, by one thread that never takes much."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from bitacora.posts.post import Post
from bitacora.web.edition import Edition

log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Of each kind. When more wait, the oldest is forgotten: whoever needs the outcome first does the work."""
REST = 1
"""Times as long as its work took the thread rests: readers of thousands of posts cost half a core at most."""

THREAD = "beside requests"


class Task(NamedTuple):
    here: Edition
    post: Post
    is_urgent: bool


class Beside:
    """Does `work` for posts, one at a time: urgent ones first and without a rest, each post waiting once.

    A post is looked up when its turn comes: as it is by then, or not at all when it has gone.
    """

    def __init__(self, work: Callable[[Edition, Post], object]) -> None:
        self._work = work
        self._changed = threading.Condition()
        self._urgent: deque[str] = deque(maxlen=MOST_WAITING)
        self._others: deque[str] = deque(maxlen=MOST_WAITING)
        self._here: Edition | None = None  # the newest, while there is work

    def ask(self, here: Edition, post: Post, *, is_urgent: bool) -> None:
        """Takes microseconds, and never fails."""
        waiting = self._urgent if is_urgent else self._others
        with self._changed:
            if post.url not in waiting:
                waiting.append(post.url)
            is_idle, self._here = self._here is None, here
            self._changed.notify()
            if is_idle:
                self._start()

    def _start(self) -> None:
        try:
            threading.Thread(target=self._run, name=THREAD, daemon=True).start()
        except RuntimeError as error:  # as many threads as the system allows
            self._here = None
            log.warning("no card is drawn ahead: %s", error)

    def _run(self) -> None:
        rest_s = 0.0
        while task := self._next(rest_s):
            begun = time.monotonic()
            try:
                self._work(task.here, task.post)
            except Exception:
                log.exception("the card of %s was not made", task.post.path)
            rest_s = 0.0 if task.is_urgent else REST * (time.monotonic() - begun)

    def _next(self, rest_s: float) -> Task | None:
        """What to do after a rest, which what is urgent cuts short; None for the end of the thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._urgent, rest_s)
            while self._here and (waiting := self._urgent or self._others):
                is_urgent = waiting is self._urgent
                if post := self._here.snapshot.by_url.get(waiting.popleft()):
                    return Task(self._here, post, is_urgent)
            self._here = None
            return None
