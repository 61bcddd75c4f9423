"""The log: one event after the other, as text or as lines of JSON, each problem now and then at most."""

from __future__ import annotations

import atexit
import json
import logging
import re
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime

PAUSE_S = 10.0
"""A problem has one line in so many seconds."""
MOST_ALIKE = 100
"""Lines from one place of the code in that time, whatever they say."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ACCESS = {
    "remote": "h",
    "method": "m",
    "path": "U",
    "query": "q",
    "protocol": "H",
    "status": "s",
    "bytes": "B",
    "microseconds": "D",
    "referer": "f",
    "agent": "a",
}
"""Our names for what gunicorn knows of an answer."""


def set_up(form: str, *, quiet: bool = False) -> None:
    """Write to standard error in the form "text" or "json", unless somebody has set up logging before.

    `quiet` leaves out what is less than an error.
    """
    handler = logging.StreamHandler()
    spare(handler, form)
    logging.basicConfig(level=logging.ERROR if quiet else logging.INFO, handlers=[handler])


def spare(handler: logging.Handler, form: str, text: logging.Formatter | None = None) -> None:
    """Have a handler write in this form, sparingly. A line of text looks as `text` has it, controls escaped."""
    handler.setFormatter(JsonLines() if form == "json" else TextLines(text))
    sparing = Sparing(handler)
    handler.addFilter(sparing)
    atexit.register(sparing.tell_all)


class TextLines(logging.Formatter):
    """Whatever a visitor has a hand in stays on its line and moves no terminal's cursor; tracebacks have many."""

    def __init__(self, like: logging.Formatter | None = None) -> None:
        super().__init__(like._fmt if like else "%(levelname)s %(message)s", like.datefmt if like else None)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], super().formatMessage(record))


class JsonLines(logging.Formatter):
    """One object for a line, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.name == "gunicorn.access" and isinstance(record.args, Mapping):
            event |= {ours: record.args[theirs] for ours, theirs in _ACCESS.items()}
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event, default=str).replace("\x7f", "\\u007f")


@dataclass
class _Problem:
    """When it was told, in seconds of the monotonic clock, and what was left out since: how many, and the last."""

    told: float
    left_out: int = 0
    last: logging.LogRecord | None = None


class Sparing(logging.Filter):
    """Lets one line for a problem through in `PAUSE_S` seconds, and has later ones say how many were left out.

    The same template from the same place is the same problem; where the template is nothing but the text, the same
    text; a traceback is known by where it ends. What was left out is told with the next line after the pause,
    whatever that is about, and at the end. What is less than a warning always passes.
    """

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler
        self._problems: dict[tuple[object, ...], _Problem] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        with self._lock:
            problem = self._problem_of(record) if record.levelno >= logging.WARNING else None
            self._tell_left_out(now, but_for=problem)
            if problem is None:
                return True
            known = self._problems.get(problem)
            if known is not None and now - known.told < PAUSE_S:
                known.left_out += 1
                known.last = _counted(record, 0)
                return False
            self._problems[problem] = _Problem(now)
            if known is None or known.left_out == 0:
                return True
            counted = _counted(record, known.left_out)
            counted.exc_info = record.exc_info
            self._write(counted)
            return False

    def tell_all(self) -> None:
        """Tell what was left out so far."""
        stream = getattr(self._handler, "stream", None)
        if stream is not None and not stream.closed:
            with self._lock:
                self._tell_left_out(float("inf"))

    def _problem_of(self, record: logging.LogRecord) -> tuple[object, ...]:
        place = record.pathname, record.lineno
        text = record.getMessage() if record.msg == "%s" else str(record.msg)
        problem = (*place, text, _end_of(record))
        alike = sum(known[:2] == place for known in self._problems)
        return problem if alike < MOST_ALIKE or problem in self._problems else place

    def _tell_left_out(self, now: float, but_for: object = None) -> None:
        for name, problem in list(self._problems.items()):
            if name == but_for or now - problem.told < PAUSE_S:
                continue
            del self._problems[name]
            if problem.last is not None:
                self._problems[name] = _Problem(now)
                self._write(_counted(problem.last, problem.left_out - 1))

    def _write(self, record: logging.LogRecord) -> None:
        with self._handler.lock or nullcontext():
            self._handler.emit(record)


def _end_of(record: logging.LogRecord) -> object:
    """The kind of an exception, and the line of code that raised it."""
    if not record.exc_info or record.exc_info[1] is None:
        return None
    frames = list(traceback.walk_tb(record.exc_info[2]))
    return record.exc_info[0], *((frames[-1][0].f_code.co_filename, frames[-1][1]) if frames else ())


def _counted(record: logging.LogRecord, left_out: int) -> logging.LogRecord:
    """A line that says how many were left out, and that keeps nothing alive: no arguments, no frames."""
    line = copy(record)
    line.msg = record.getMessage() + (f" ({left_out} more like it left out)" if left_out else "")
    line.args = line.exc_info = line.exc_text = None
    return line
