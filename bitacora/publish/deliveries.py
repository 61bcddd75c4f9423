"""Which calls of forges came before, as all workers know it: a call that is sent again does nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bitacora.files.lock import lock

KEPT = 1000
KEPT_S = 3600.0

_LINE = re.compile(r"([0-9]{1,12}) ([0-9a-f]{64})\n")


class Deliveries:
    """The last ones, for an hour, in a file of lines: seconds since the epoch, and a hash of the mark."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def new(self, mark: str, now: float) -> Iterator[bool]:
        """Whether none with this mark came in the last hour; one did when what is done about it has succeeded.

        One without a mark is always new. Raises OSError.
        """
        if not mark:
            yield True
            return
        name = hashlib.sha256(mark.encode(errors="replace")).hexdigest()
        with self._file.open("a+", encoding="ascii", errors="replace") as file:
            lock(file)
            file.seek(0)
            known = {each: int(at) for at, each in _LINE.findall(file.read()) if abs(now - int(at)) < KEPT_S}
            is_new = name not in known
            yield is_new
            if is_new:
                known[name] = int(now)
                file.truncate(0)
                file.writelines(f"{at} {each}\n" for each, at in list(known.items())[-KEPT:])
