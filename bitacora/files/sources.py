"""The sources of posts as they were read, so that no version of a file is read twice."""

from __future__ import annotations

import errno
import logging
import os
import tempfile
import zlib
from pathlib import Path
from typing import Protocol

from bitacora.files.tree import open_own

log = logging.getLogger(__name__)


class Source(Protocol):
    """The bytes of one version of one file."""

    def read(self) -> bytes:
        """Raises OSError when the disk that keeps them fails, or gives others."""


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
                if os.pwrite(self._pack.fd, data, self._end) == len(data):
                    source = self._pack.source(self._end, len(data))
                    self._end += len(data)
                    return source
            except OSError:
                pass  # a full disk: memory serves as well
        return _Compressed(data)

    @property
    def size(self) -> int:
        """Bytes in the file, those of versions that are gone included."""
        return self._end


class Pack:
    """A file of sources, open until the last source that lies in it is forgotten, whatever becomes of its name."""

    def __init__(self, descriptor: int) -> None:
        self.fd = descriptor

    @classmethod
    def nameless(cls, folder: Path) -> Pack:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return cls(os.dup(file.fileno()))

    @classmethod
    def open(cls, file: Path) -> Pack:
        """Open a file of this user's own. Raises OSError."""
        return cls(open_own(file))

    def source(self, offset: int, size: int, checksum: int | None = None) -> Source:
        """The checksum is CRC-32, for a file that has outlived the process that wrote it."""
        return _Packed(self, offset, size, checksum)

    def __del__(self) -> None:
        os.close(self.fd)


class _Packed:
    __slots__ = ("_checksum", "_offset", "_pack", "_size")

    def __init__(self, pack: Pack, offset: int, size: int, checksum: int | None) -> None:
        self._pack = pack
        self._offset = offset
        self._size = size
        self._checksum = checksum

    def read(self) -> bytes:
        data = os.pread(self._pack.fd, self._size, self._offset)
        is_whole = len(data) == self._size and (self._checksum is None or zlib.crc32(data) == self._checksum)
        if not is_whole:
            raise OSError(errno.EIO, "the file of sources has been cut or written to")
        return data


class _Compressed:
    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = zlib.compress(data, 1)

    def read(self) -> bytes:
        return zlib.decompress(self._data)


def _open_pack(folder: Path | None) -> Pack | None:
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Pack.nameless(folder)
    except OSError as error:
        log.warning("%s cannot hold the sources of posts, memory does: %s", folder, error)
        return None
