"""How much work one body may make: counted in steps, alike on every machine, and timed as a last resort.

A step is what costs about ten microseconds: a line, a sign that means something, a tag, a cell. All steps are half
a second of a usual machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST_STEPS = 50_000
"""Prose takes about 24,000 for a megabyte, and 90,000 where every other line is an item of a list."""
MOST_SECONDS = 1.8
"""Of the processor's time, for one body: far more than all steps take, or a busy machine would refuse posts."""

_STEPS_BETWEEN_LOOKS = 50


class MarkupTooLarge(ValueError):  # noqa: N818, it says what is wrong
    """The markup of a body would make a page too large, or keep the server busy for too long."""


@contextmanager
def bounded() -> Iterator[None]:
    """Bound all that is spent inside. Without it nothing is counted."""
    token = _current.set(_Effort())
    try:
        yield
    finally:
        _current.reset(token)


def spend(steps: int = 1) -> None:
    """Count steps. Raises MarkupTooLarge where a body takes more than `MOST_STEPS` or `MOST_SECONDS`."""
    effort = _current.get()
    if effort is None:
        return
    effort.left -= steps
    if effort.left < effort.next_look:
        effort.look()


def look() -> None:
    """Look at the clock before what may take long. Raises MarkupTooLarge."""
    effort = _current.get()
    if effort is not None:
        effort.look()


class _Effort:
    __slots__ = ("ends", "left", "next_look")

    def __init__(self) -> None:
        self.left = MOST_STEPS
        self.next_look = self.left - _STEPS_BETWEEN_LOOKS
        self.ends = time.thread_time() + MOST_SECONDS

    def look(self) -> None:
        if self.left < 0:
            raise MarkupTooLarge(
                "the text has too many list items, table cells, links, HTML tags or other signs of Markdown"
            )
        if time.thread_time() > self.ends:
            raise MarkupTooLarge(f"the text takes longer than {MOST_SECONDS:g} seconds to be made into a page")
        self.next_look = max(0, self.left - _STEPS_BETWEEN_LOOKS)


_current: ContextVar[_Effort | None] = ContextVar("effort", default=None)
