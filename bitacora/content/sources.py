"""The sources of posts as they were read, so that no version of a file is read twice."""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol


class Source(Protocol):
    """The bytes of one version of one file."""

    size: int

    def read(self) -> bytes: ...


class Sources:
    """Keeps sources in one nameless file in `folder`, or compressed in memory without one.

    The file belongs to one process and vanishes with it. Appending is not safe from two threads at once;
    reading is.
    """

    def __init__(self, folder: Path | None) -> None:
        self._pack = _open_pack(folder)
        self._end = 0

    def add(self, data: bytes) -> Source:
        if self._pack is not None:
            try:
                if os.pwrite(self._pack.fileno(), data, self._end) == len(data):
                    source = _Packed(self._pack, self._end, len(data))
                    self._end += len(data)
                    return source
            except OSError:
                pass  # a full disk: memory serves as well
        return _Compressed(data)

    @property
    def size(self) -> int:
        """Bytes in the file, those of versions that are gone included."""
        return self._end


class _Packed:
    __slots__ = ("_offset", "_pack", "size")

    def __init__(self, pack: BinaryIO, offset: int, size: int) -> None:
        self._pack = pack
        self._offset = offset
        self.size = size

    def read(self) -> bytes:
        return os.pread(self._pack.fileno(), self.size, self._offset)


class _Compressed:
    __slots__ = ("_data", "size")

    def __init__(self, data: bytes) -> None:
        self._data = zlib.compress(data, 1)
        self.size = 0

    def read(self) -> bytes:
        return zlib.decompress(self._data)


def _open_pack(folder: Path | None) -> BinaryIO | None:
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder, buffering=0)
    except OSError:
        return None
