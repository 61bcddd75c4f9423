"""What was read of each post, kept for the next start: who starts again need not read what has not changed."""

from __future__ import annotations

import copyreg
import fcntl
import hashlib
import io
import itertools
import logging
import pickle
import secrets
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bitacora.content.post import Author, Image, Post, Term
from bitacora.content.scan import Entry
from bitacora.content.sources import Pack
from bitacora.settings import Site

log = logging.getLogger(__name__)

_HEADS = "heads"
_SOURCES = "sources-"
_AT_ONCE = 500
"""Posts that are written without a pause: a reader waits that long for the interpreter's lock, some ms."""

_DAMAGE = (pickle.UnpicklingError, ValueError, TypeError, EOFError, AttributeError, LookupError, MemoryError)
"""What a file may raise that was cut or written to."""

_MADE_OF = {
    ("bitacora.content.post", name) for name in ("Post", "Term", "Author", "Image")
} | {
    ("bitacora.content.errors", "Remark"),
    ("bitacora.content.errors", "Mistake"),
    ("datetime", "datetime"),
    ("datetime", "timezone"),
    ("datetime", "timedelta"),
}  # fmt: skip


class Index:
    """Two files in `folder`: the sources one after the other, and what was understood of them; none without one.

    It holds for one engine and one `Site`: with others all is read anew. A file that is not exactly as it was
    (device, inode, size, mtime, ctime) is read again. Whatever is wrong with the files of the index costs a slow
    start and a line of log, never a post.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, site: Site) -> dict[str, Entry]:
        """Entries by path; empty when nothing fits."""
        if self._folder is None:
            return {}
        try:
            with (self._folder / _HEADS).open("rb") as file:
                mark, name = (file.readline().strip() for _ in range(2))
                if mark != _mark(site):
                    return {}
                pack = Pack.open(self._folder / name.decode())
                return {
                    path: Entry(signature, None, post, pack.source(offset, size), signature[-1])
                    for chunk in _chunks(file)
                    for path, signature, post, offset, size in chunk
                }
        except FileNotFoundError:
            return {}
        except (
            OSError,
            ValueError,
            TypeError,
            EOFError,
            AttributeError,
            LookupError,
            pickle.UnpicklingError,
        ) as error:
            log.warning("the index of posts is made anew: %s", error)
            return {}

    def keep(self, site: Site, entries: Mapping[str, Entry]) -> None:
        """Write down all posts that are as they are on disk. Does nothing while another worker does it."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._write(_mark(site), entries)
        except BlockingIOError:
            pass
        except OSError as error:
            log.warning("the index of posts is not kept: %s", error)

    def _write(self, mark: bytes, entries: Mapping[str, Entry]) -> None:
        assert self._folder is not None
        name = f"{_SOURCES}{secrets.token_hex(8)}"
        heads = self._folder / f".{_HEADS}"
        posts = ((path, entry) for path, entry in entries.items() if _is_kept(entry))
        with (self._folder / name).open("wb") as sources, heads.open("wb") as file:
            file.write(b"%b\n%b\n" % (mark, name.encode()))
            while chunk := list(itertools.islice(posts, _AT_ONCE)):
                rows = []
                for path, entry in chunk:
                    assert entry.source is not None
                    data = entry.source.read()
                    rows.append((path, entry.signature, entry.value, sources.tell(), len(data)))
                    sources.write(data)
                _Writer(file, pickle.HIGHEST_PROTOCOL).dump(rows)
        heads.replace(self._folder / _HEADS)
        for old in self._folder.glob(f"{_SOURCES}*"):
            if old.name != name:
                old.unlink(missing_ok=True)


def _by_values(made: Any) -> tuple[type, tuple[object, ...]]:
    return type(made), tuple(getattr(made, name) for name in made.__slots__)


class _Writer(pickle.Pickler):
    """Dataclasses by the values that they are made of: Python's own way takes five times as long to read."""

    dispatch_table = copyreg.dispatch_table | dict.fromkeys((Post, Image, Term, Author), _by_values)


class _Reader(pickle.Unpickler):
    """Makes posts and what they are made of, nothing else: whoever writes into the folder runs no code here."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _MADE_OF:
            raise pickle.UnpicklingError(f"{module}.{name} has no business there")
        return super().find_class(module, name)


def _chunks(file: io.BufferedReader) -> Iterator[list[Any]]:
    while file.peek(1):
        yield _Reader(file).load()


def _is_kept(entry: Entry) -> bool:
    is_whole = entry.problem is None and entry.signature is not None and entry.source is not None
    return is_whole and isinstance(entry.value, Post)


def _mark(site: Site) -> bytes:
    """A hash of all that a post is made from besides its file: this engine, its settings, its interpreter."""
    digest = hashlib.blake2b(repr((sys.version, site)).encode(), digest_size=16)
    engine = Path(__file__).parents[1]
    for file in sorted([*engine.glob("content/*.py"), engine / "settings.py"]):
        digest.update(file.read_bytes())
    return digest.hexdigest().encode()
