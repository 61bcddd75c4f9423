"""Things made from content, kept under a hash of what they were made from: never wrong, so never invalidated."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from cachelib.serializers import BaseSerializer
from flask import Flask
from flask_caching import Cache
from flask_caching.backends import MemcachedCache, RedisCache
from flask_caching.backends.base import BaseCache

from bitacora.files.lock import lock
from bitacora.files.tree import open_own
from bitacora.web.derived_files import DerivedFiles

log = logging.getLogger(__name__)

KEPT_S = 7 * 86_400
"""On a server that others may share. Files are bounded in size alone."""
MOST_BYTES = 2048 * 1024 * 1024
MOST_IN_MEMORY = 100
PATIENCE_S = 0.1
PAUSE_S = 15.0
LOCK_PATIENCE_S = 5.0
"""For another who makes the same. Whoever has not made it by then hangs, and it is made twice."""

_VERSION = "v1"
_LOCKS = 64
_LOCK_POLL_S = 0.002


class Bytes(BaseSerializer):
    """Values are bytes and stay bytes: whoever can write to a shared store cannot run code here by a pickle."""

    def dumps(self, value: Any, protocol: int = 0) -> bytes:  # noqa: ARG002
        return bytes(value)

    def loads(self, bvalue: bytes) -> bytes:
        return bvalue


class Derived:
    """`get(kind, inputs, make, is_sound)` gives what `make` makes, made once for the same inputs.

    What is kept and not sound was damaged, or comes from somebody else: it is made again and overwritten.

    `where` is "file", "memory", or the address of a Redis or Memcached server; `most_bytes` bounds files. A store
    that fails or hangs costs `PATIENCE_S` and one line of log, and is then left alone for `PAUSE_S` seconds.
    `counted` is told "kept", "made" or "failed" each time.
    """

    def __init__(
        self,
        app: Flask,
        where: str,
        folder: Path | None,
        most_bytes: int = MOST_BYTES,
        counted: Callable[[str], None] = lambda _outcome: None,
    ) -> None:
        cache = Cache(app, config=_config(where, folder, most_bytes))
        self._backend: BaseCache = app.extensions["cache"][cache]
        self._where = urlsplit(where).hostname or where
        self._counted = counted
        self._paused_until = 0.0
        self._damaged: set[str] = set()
        self._threads = [threading.Lock() for _ in range(_LOCKS)]
        self._locks = _made(folder)

    def get(
        self, kind: str, inputs: bytes, make: Callable[[], bytes], is_sound: Callable[[bytes], bool] = bool
    ) -> bytes:
        if (kept := self.kept(kind, inputs, is_sound)) is not None:
            self._counted("kept")
            return kept
        key = self.key(kind, inputs)
        with self._alone(key):
            if (kept := self.kept(kind, inputs, is_sound)) is not None:
                self._counted("kept")
                return kept
            made = make()
            self._counted("made")
            self._try(lambda: self._backend.set(key, made, timeout=KEPT_S))
            return made

    def kept(self, kind: str, inputs: bytes, is_sound: Callable[[bytes], bool] = bool) -> bytes | None:
        """Return a thing that was made already; None for one that is damaged, which is logged once for a kind."""
        found = self._try(lambda: self._backend.get(self.key(kind, inputs)))
        if found is None or (isinstance(found, bytes) and is_sound(found)):
            return found
        if kind not in self._damaged:
            self._damaged.add(kind)
            log.warning("the derived cache (%s) holds a damaged %s: such are made again", self._where, kind)
        return None

    def lacks(self, kind: str, inputs: bytes) -> bool:
        """Whether it is certain that a thing is not kept, and could be: not while the store is left alone."""
        key = self.key(kind, inputs)
        return self._try(lambda: bool(self._backend.has(key))) is False

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Of all threads and workers of this machine one at a time makes a thing; without a folder, of threads."""
        number = hash_of(key) % _LOCKS
        thread = self._threads[number]
        is_mine = thread.acquire(timeout=LOCK_PATIENCE_S)
        try:
            with _file_lock(self._locks / str(number)) if self._locks else nullcontext():
                yield
        finally:
            if is_mine:
                thread.release()

    @staticmethod
    def key(kind: str, inputs: bytes) -> str:
        return f"{_VERSION}:{kind}:{hashlib.blake2b(inputs, digest_size=16).hexdigest()}"

    def _try(self, ask: Callable[[], object]) -> object:
        if time.monotonic() < self._paused_until:
            return None
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own, and none may cost a page
            self._paused_until = time.monotonic() + PAUSE_S
            self._counted("failed")
            log.warning("the derived cache (%s) is left alone for %d s: %r", self._where, PAUSE_S, error)
            return None


def hash_of(key: str) -> int:
    """The same number in every process, as `hash` is not."""
    return zlib.crc32(key.encode())


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Held while it can be had in time, and where the file system has locks at all."""
    try:
        file = open_own(path, to_write=True)
    except OSError:
        yield
        return
    try:
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while _is_taken(file) and time.monotonic() < deadline:
            time.sleep(_LOCK_POLL_S)
        yield
    finally:
        os.close(file)


def _is_taken(file: int) -> bool:
    try:
        lock(file, waits=False)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    return False


def _made(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    locks = folder.with_name(f"{folder.name}-locks")
    try:
        locks.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return locks


def redis_cache(app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> BaseCache:  # noqa: ARG001
    """Redis without its own retries, which would hold a page up for seconds."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = Redis.from_url(
        config["CACHE_REDIS_URL"],
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisCache(host=client, key_prefix="bitacora:")


def memcached_cache(app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> BaseCache:  # noqa: ARG001
    from memcache import Client

    client = Client(
        config["CACHE_MEMCACHED_SERVERS"],
        socket_timeout=PATIENCE_S,
        dead_retry=PAUSE_S,
        unpickler=_refuse,
        decompressor=_refuse,
    )
    return _Memcached(client, key_prefix="bitacora:")


class _Memcached(MemcachedCache):
    def get(self, key: str) -> Any:
        """Return what lies there as bytes; None for what the client would unpack or turn into something else."""
        try:
            return super().get(key)
        except ValueError:
            self._client.disconnect_all()  # the rest of the answer is unread
            return None


def _refuse(packed: object) -> NoReturn:  # noqa: ARG001
    raise ValueError("it is nothing that was put there by a blog")


def _config(where: str, folder: Path | None, most_bytes: int) -> dict[str, object]:
    if where.startswith(("redis:", "rediss:")):
        return {"CACHE_TYPE": f"{__name__}.redis_cache", "CACHE_REDIS_URL": where, "CACHE_SERIALIZER": Bytes()}
    if where.startswith("memcached:"):
        servers = [urlsplit(where).netloc]
        return {"CACHE_TYPE": f"{__name__}.memcached_cache", "CACHE_MEMCACHED_SERVERS": servers}
    if where == "memory" or folder is None:
        return {"CACHE_TYPE": "SimpleCache", "CACHE_THRESHOLD": MOST_IN_MEMORY}
    return {
        "CACHE_TYPE": f"{DerivedFiles.__module__}.{DerivedFiles.__name__}",
        "CACHE_DIR": folder,
        "CACHE_LIMIT_BYTES": most_bytes,
    }
