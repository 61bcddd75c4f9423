"""The last good source of each file that is broken now: kept across restarts, agreed between workers."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bitacora.files.tree import NotOwnError, read_own, write_atomically

log = logging.getLogger(__name__)

_WITHDRAWN_FOR_NS = 7 * 86_400 * 1_000_000_000


class Version(NamedTuple):
    """A good version of a file: its bytes, and its ctime in ns, by which a newer one is known."""

    ctime_ns: int
    source: bytes


class LastGood:
    """One small file for each broken one, in `folder`; in memory without one, or when the disk refuses.

    Every worker of a machine sees the same folder. Written atomically; the newest version stays. A version
    without a byte says that the file was withdrawn: nothing that is older may be shown, even by a worker that
    slept meanwhile and knows of no withdrawal.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = _made(folder)
        self._memory: dict[str, Version] = {}

    def newest(self, path: str, known: Version | None) -> Version | None:
        """The newest of what is kept and what this worker knows; keeps it for the others."""
        kept = self._get(path)
        if kept is not None and (known is None or kept.ctime_ns >= known.ctime_ns):
            return kept if kept.source else None
        if known is not None:
            self._put(path, known)
        return known

    def is_withdrawn(self, path: str) -> bool:
        """Whether what was there before may not be shown, by what this machine remembers."""
        kept = self._get(path)
        return kept is not None and not kept.source

    def withdraw(self, path: str, ctime_ns: int) -> None:
        """What is older than `ctime_ns` may not be shown again: its file became a draft, or went away."""
        kept = self._get(path)
        if kept is None or kept.source or kept.ctime_ns < ctime_ns:
            self._put(path, Version(ctime_ns, b""))

    def erase(self, path: str) -> None:
        """Nothing is wrong with the file any more."""
        self._memory.pop(path, None)
        if self.folder is not None:
            try:
                (self.folder / _name(path)).unlink(missing_ok=True)
            except OSError as error:
                log.warning("last good version of %s cannot be erased: %s", path, error)

    def keep_only(self, paths: Iterable[str]) -> None:
        """Erase the versions of all other paths: mended or deleted while no worker was running.

        Withdrawals stay for a week: another worker may still sleep.
        """
        if self.folder is None:
            return
        kept = {_name(path) for path in paths}
        try:
            for name in os.listdir(self.folder):
                if name not in kept and not self._is_young_withdrawal(name):
                    (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be cleaned: %s", self.folder, error)

    def _is_young_withdrawal(self, name: str) -> bool:
        assert self.folder is not None
        try:
            stamp, _, source = read_own(self.folder / name).partition(b"\n")
        except NotOwnError:
            return False
        return not source and stamp.isdigit() and time.time_ns() - int(stamp) < _WITHDRAWN_FOR_NS

    def _get(self, path: str) -> Version | None:
        if self.folder is not None:
            try:
                stamp, _, source = read_own(self.folder / _name(path)).partition(b"\n")
                return Version(int(stamp), source)
            except FileNotFoundError:
                pass
            except (OSError, ValueError) as error:
                log.warning("last good version of %s cannot be read: %s", path, error)
        return self._memory.get(path)

    def _put(self, path: str, version: Version) -> None:
        if self.folder is not None:
            try:
                write_atomically(self.folder, _name(path), b"%d\n%b" % version)
                self._memory.pop(path, None)
                return
            except OSError as error:
                log.warning("last good version of %s cannot be kept on disk: %s", path, error)
        self._memory[path] = version


def _made(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("%s cannot be made, last good versions live in memory: %s", folder, error)
        return None
    return folder


def _name(path: str) -> str:
    return hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()
