"""The lock of an open file, which ends with the last process that has it open."""

from __future__ import annotations

from typing import IO

try:
    import fcntl
except ImportError:  # Windows, where one person writes, and nobody serves
    fcntl = None  # type: ignore[assignment]


__all__ = ["fcntl", "lock"]


def lock(file: int | IO[bytes] | IO[str], *, waits: bool = True) -> None:
    """Take the lock. Raises BlockingIOError where another has it and this one does not wait, and OSError."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
