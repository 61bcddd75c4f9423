"""Derived things in files: bounded in bytes, least recently used out first, shared by all workers of a machine."""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_caching.backends.base import BaseCache

from bitacora.files.tree import NotOwnError, open_own, write_atomically

FOLDERS = 64
_USED_S = 3600.0
"""How exactly a file knows when it was last used: not each look need be written down."""
_CHECK_BYTES = 4


class DerivedFiles(BaseCache):
    """A Flask-Caching backend that keeps bytes in `folder`, which is its alone, for ever but within `most_bytes`.

    Each of 64 folders may hold a 64th: who writes looks through one of them, and there is no count that processes
    could disagree about. A file that a crash has cut short is none. Raises OSError as the disk does.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        super().__init__(default_timeout=0)
        self._folder = folder
        self._most_bytes = most_bytes // FOLDERS
        with suppress(OSError):
            _erase_files(folder)  # those of older versions, which lie there directly

    @classmethod
    def factory(cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> DerivedFiles:  # noqa: ARG003
        return cls(config["CACHE_DIR"], config["CACHE_LIMIT_BYTES"])

    def get(self, key: str) -> bytes | None:
        try:
            with os.fdopen(open_own(self._path(key)), "rb") as file:
                if time.time() - os.fstat(file.fileno()).st_mtime > _USED_S:
                    os.utime(file.fileno())
                data = file.read()
        except (FileNotFoundError, NotOwnError):
            return None
        value = data[_CHECK_BYTES:]
        return value if data == _checked(value) else None

    def set(self, key: str, value: bytes, timeout: int | timedelta | None = None) -> bool:  # noqa: ARG002
        path, data = self._path(key), _checked(value)
        if len(data) > self._most_bytes:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _make_room(path.parent, self._most_bytes - len(data))
            write_atomically(path.parent, path.name, data)
        except FileNotFoundError:  # another process needed the room, or somebody erases the whole folder
            return False
        return True

    def has(self, key: str) -> bool:
        return self._path(key).exists()

    def _path(self, key: str) -> Path:
        name = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        return self._folder / f"{int(name[:2], 16) % FOLDERS:02x}" / name


def _checked(value: bytes) -> bytes:
    return zlib.crc32(value).to_bytes(_CHECK_BYTES, "big") + value


def _make_room(folder: Path, most_bytes: int) -> None:
    """Erase what was not used for longest, unfinished files too, until the others take at most `most_bytes`."""
    for _, size, path in sorted(_files(folder), reverse=True):
        most_bytes -= size
        if most_bytes < 0:
            Path(path).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[float, int, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # another process made room
                found = entry.stat(follow_symlinks=False)
                yield found.st_mtime, found.st_size, entry.path


def _erase_files(folder: Path) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                Path(entry.path).unlink(missing_ok=True)
