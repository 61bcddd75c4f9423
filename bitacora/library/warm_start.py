"""What was read of each post, kept for the next start: who starts again need not read what has not changed."""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import re
import secrets
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, TypeAlias

from bitacora import network_names
from bitacora.files.lock import lock
from bitacora.files.sources import Pack
from bitacora.files.tree import Signature, open_own, signature
from bitacora.library.rows import Rows, read_rows, write_rows
from bitacora.library.scan import Entry
from bitacora.posts.post import Post
from bitacora.settings import Site

log = logging.getLogger(__name__)

_HEADS = "heads"
_SOURCES = "sources-"
_WRITTEN = "written-"
_AT_ONCE = 500
"""Posts that are written without a pause: a reader waits that long for the interpreter's lock, some ms."""

_FRAME_BYTES = 4
_NAME_OF_SOURCES = re.compile(rf"{_SOURCES}[0-9a-f]{{16}}")


Row: TypeAlias = tuple[str, Signature, Post, bytes]
"""Path, signature, meaning and bytes of one file."""


class Index:
    """Files in `folder`: sources one after the other, and one of what was understood of them; none without one.

    It holds for one engine and one `Site`: with others all is read anew. A file that is not exactly as it was
    (device, inode, size, mtime, ctime) is read again. Whatever is wrong with the files of the index costs a slow
    start and a line of log, never a post.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def is_kept(self) -> bool:
        """Whether anything is there at the next start."""
        return self._folder is not None

    def load(self, site: Site) -> dict[str, Entry]:
        """Entries by path; empty when nothing fits."""
        if self._folder is None:
            return {}
        try:
            with os.fdopen(open_own(self._folder / _HEADS), "rb") as file:
                if file.readline().strip() != _mark(site):
                    return {}
                return self._read(self._folder, file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("the index of posts is made anew: %s", error)
            return {}

    @staticmethod
    def _read(folder: Path, file: BinaryIO) -> dict[str, Entry]:
        """Return what the frames of an open index hold. Raises OSError or ValueError."""
        packs: dict[str, Pack] = {}
        known: dict[str, Entry] = {}
        for name, rows in _frames(file):
            if name not in packs:
                packs[name] = Pack.open(folder / name)
            source = packs[name].source
            for seen, post, *place in zip(*rows, strict=True):
                known[post.path] = Entry(seen, None, post, source(*place), seen[-1])
        return known

    def keep(self, site: Site, entries: Mapping[str, Entry]) -> None:
        """Write down all posts that are as they are on disk. Does nothing while another worker does it."""
        try:
            with self._locked(waits=False) as folder:
                if folder:
                    self._put_together(folder, site, lambda place: [write_part(place, _whole(entries))])
        except BlockingIOError:
            pass
        except OSError as error:
            log.warning("the index of posts is not kept: %s", error)

    def filled(self, site: Site, write_parts: Callable[[Path], Iterable[Path]]) -> dict[str, Entry]:
        """What `write_parts(folder)` writes with `write_part`, for the next start too.

        While one worker does so the others wait, and take what it wrote: each post is read once for all of them.
        """
        before = self._version()
        try:
            with self._locked(waits=True) as folder:
                if self._version() != before and (known := self.load(site)):
                    return known
                if folder:
                    self._put_together(folder, site, write_parts)
        except OSError as error:
            log.warning("the index of posts is not made: %s", error)
        return self.load(site)

    @contextmanager
    def _locked(self, *, waits: bool) -> Iterator[Path | None]:
        """The folder, if there is one, with the lock taken. Raises OSError."""
        if self._folder is None:
            yield None
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(open_own(self._folder / "lock", to_write=True), "rb") as file:
            lock(file, waits=waits)
            yield self._folder

    def _version(self) -> Signature | None:
        try:
            return signature((self._folder / _HEADS).stat()) if self._folder else None
        except OSError:
            return None

    def _put_together(self, folder: Path, site: Site, write_parts: Callable[[Path], Iterable[Path]]) -> None:
        """Nothing remains of parts that cannot be written whole."""
        for left in folder.glob(f"{_WRITTEN}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)  # what it began may end only now
        with tempfile.TemporaryDirectory(prefix=_WRITTEN, dir=folder) as place:
            heads, names = Path(place) / _HEADS, set()
            with heads.open("wb") as file:
                file.write(b"%b\n" % _mark(site))
                for part in write_parts(Path(place)):
                    names.add(part.stem)
                    with os.fdopen(open_own(part), "rb") as rows:
                        shutil.copyfileobj(rows, file)
            for name in names:
                heads.with_name(name).rename(folder / name)
            heads.rename(folder / _HEADS)
        for old in folder.glob(f"{_SOURCES}*"):
            if old.name not in names:
                old.unlink(missing_ok=True)


def write_part(folder: Path, posts: Iterable[Row]) -> Path:
    """Write the sources of posts into `folder`, and what was understood of them into the file that is given.

    Raises OSError.
    """
    sources = folder / f"{_SOURCES}{secrets.token_hex(8)}"
    part = sources.with_suffix(".part")
    rows = iter(posts)
    with sources.open("wb") as pack, part.open("wb") as file:
        while chunk := list(itertools.islice(rows, _AT_ONCE)):
            _, seen, posts, data = zip(*chunk, strict=True)
            places = ((pack.tell(), pack.write(each), zlib.crc32(each)) for each in data)
            file.write(_framed(sources.name, Rows(seen, posts, *zip(*places, strict=True))))
    return part


def _framed(name: str, rows: Rows) -> bytes:
    """Return rows and the name of the file of their sources, behind a length and a checksum."""
    chunk = name.encode("ascii") + b"\n" + write_rows(rows)
    return len(chunk).to_bytes(_FRAME_BYTES) + zlib.crc32(chunk).to_bytes(_FRAME_BYTES) + chunk


def _frames(file: BinaryIO) -> Iterator[tuple[str, Rows]]:
    """Return what was framed up to the end. Raises ValueError for what is not as it was written."""
    left = os.fstat(file.fileno()).st_size - file.tell()
    while left:
        size, checksum = (int.from_bytes(file.read(_FRAME_BYTES)) for _ in range(2))
        chunk = file.read(min(size, left))
        name, _, rows = chunk.partition(b"\n")
        if zlib.crc32(chunk) != checksum or not _NAME_OF_SOURCES.fullmatch(name.decode("latin-1")):
            raise ValueError("it has been cut or written to")
        yield name.decode("ascii"), read_rows(rows)
        left -= 2 * _FRAME_BYTES + size


def _whole(entries: Mapping[str, Entry]) -> Iterator[Row]:
    """Posts that are as they are on disk, but for those of which the source cannot be read."""
    for path, entry in entries.items():
        if entry.problem is None and entry.signature and entry.source and isinstance(entry.value, Post):
            try:
                data = entry.source.read()
            except OSError:
                continue
            yield path, entry.signature, entry.value, data


def _mark(site: Site) -> bytes:
    """A hash of all that a post is made from besides its file: this engine, its settings, what it runs on."""
    libraries = [version(name) for name in ("PyYAML", "python-frontmatter", "mistune")]
    settings = [getattr(site, setting.name) for setting in fields(site)]
    networks = (network_names.NETWORKS, network_names.ALIASES, network_names.APART)
    digest = hashlib.blake2b(repr((sys.version, libraries, settings, networks)).encode(), digest_size=16)
    engine = Path(__file__).parents[1]
    rooms = ("files", "library", "markdown", "posts")
    parts = [file for room in rooms for file in engine.glob(f"{room}/*.py")]
    for file in sorted([*parts, engine / "problems.py", engine / "settings.py"]):
        digest.update(file.read_bytes())
    return digest.hexdigest().encode()
