"""Whole pages in memory, answered before Flask is asked: good while all that they are made from is the same."""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import unquote

import brotli
from cachetools import LRUCache
from flask import Flask, Response
from flask_caching import Cache
from flask_caching.backends.base import BaseCache
from werkzeug.datastructures import Headers
from werkzeug.http import parse_accept_header

from bitacora.library.library import Library
from bitacora.library.snapshot import Snapshot
from bitacora.posts.permalink import quote_query
from bitacora.settings import SettingError
from bitacora.share.crawlers import crawler_of
from bitacora.web.exchange import Page, carried_by
from bitacora.web.headers import lifetime
from bitacora.web.inputs import Inputs
from bitacora.web.metrics import Metrics, stored_cells

LIMIT_BYTES = 32 * 1024 * 1024
LIMIT_BESIDE_BYTES = 2 * 1024 * 1024
"""For large pages that few ask for: they must not throw out what readers ask for."""
ENCODINGS = ("br", "gzip")
ALIVE = "/healthz"
"""The path that is answered without a look at the disk."""
HEALTH = (ALIVE, "/readyz", "/metrics")
"""Paths that are answered whether there is a site or not, with its prefix and without."""

REVISION = "X-Content-Revision"
"""The header that names the commit which is served."""

_NOBODY = "localhost"
_HOST = re.compile(
    r"(?:\[[\w.:~!$&'()*+;=-]+\]|(?:[\w.~!$&'()*+;=-]|%[0-9a-f]{2})+)(?::\d*)?", re.ASCII | re.IGNORECASE
)
"""RFC 3986, 3.2: host and port, without a comma, with which WSGI joins two headers of one name."""
_SUFFIX = {"": "", "gzip": "-gz", "br": "-br"}
_PACK: Mapping[str, Callable[[bytes], bytes]] = {
    "br": partial(brotli.compress, quality=5),
    "gzip": partial(gzip.compress, compresslevel=6, mtime=0),
}
READING = ("GET", "HEAD")
_NOT_STORED = ("Content-Length", "Cache-Control", "ETag")
_WORTH_PACKING_BYTES = 300
_OVERHEAD_BYTES = 5_000
_ANSWERS_FOR_ONE_MEASURED = 64

Header = tuple[str, str]
StartResponse = Callable[..., Any]


class Question(NamedTuple):
    """What of a request decides which stored bytes answer it.

    `path` and `query` are as WSGI gives them, bytes in the guise of Latin-1; a header that is not there is "", or
    None for If-None-Match.
    """

    method: str
    path: str
    host: str
    accept_encoding: str
    if_none_match: str | None
    user_agent: str
    query: str = ""

    @classmethod
    def of(cls, environ: dict[str, Any]) -> Question:
        return cls(
            environ["REQUEST_METHOD"],
            environ.get("PATH_INFO", ""),
            environ.get("HTTP_HOST", ""),
            environ.get("HTTP_ACCEPT_ENCODING", ""),
            environ.get("HTTP_IF_NONE_MATCH"),
            environ.get("HTTP_USER_AGENT", ""),
            environ.get("QUERY_STRING", ""),
        )

    def below(self, prefix: str) -> Question:
        """The same within a site below `prefix`, whether its path has that in front or not."""
        return self._replace(path=self.path[len(prefix) :]) if self.path.startswith(f"{prefix}/") else self


@lru_cache(maxsize=256)
def is_host(value: str) -> bool:
    """Whether a Host header names a host (RFC 9110: 4.2.1, 7.2)."""
    return _HOST.fullmatch(value) is not None


class Head:
    """The status of an answer and its headers but Cache-Control, which depends on the moment.

    `cell` is where such answers are counted.
    """

    __slots__ = ("_lines", "cell", "headers", "status")

    def __init__(self, status: str, headers: list[Header], cell: int) -> None:
        self.status = status
        self.headers = headers
        self.cell = cell
        self._lines: bytes | None = None

    @property
    def lines(self) -> bytes:
        """The headers as they are sent, up to the empty line that ends them (RFC 9112, 2.1)."""
        if self._lines is None:
            self._lines = "".join([*(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]).encode(
                "latin-1"
            )
        return self._lines


class Answer(NamedTuple):
    head: Head
    cache_control: str
    body: bytes

    @property
    def headers(self) -> list[Header]:
        return [("Cache-Control", self.cache_control), *self.head.headers]


class Variant:
    """A page in one encoding: its entity tag, its body, and the heads of a 200 and of a 304."""

    __slots__ = ("body", "etag", "not_modified", "ok")

    def __init__(
        self, etag: str, body: bytes, headers: list[Header], encoding: str, cells: tuple[int, int]
    ) -> None:
        self.etag = f'"{etag}{_SUFFIX[encoding]}"'
        self.body = body
        always = [*headers, ("ETag", self.etag), ("Vary", "Accept-Encoding")]
        encoded = [("Content-Encoding", encoding)] if encoding else []
        typeless = [header for header in always if not header[0].startswith("Content-Type")]
        self.ok = Head("200 OK", [*always, ("Content-Length", str(len(body))), *encoded], cells[0])
        self.not_modified = Head("304 NOT MODIFIED", typeless, cells[1])


class StoredPage:
    """A 200 response, with those of its encodings beside it that were asked for.

    Immutable, but for the generation that it is good for, which goes on while its inputs are the same. The entity
    tag is a hash of the plain body, so that every worker and machine gives the same one. `kind` is one of the
    metrics' kinds.
    """

    __slots__ = (
        "_cells", "_etag", "_headers", "_is_packable", "generation", "inputs", "lasts", "revision", "size",
        "variants",
    )  # fmt: skip

    def __init__(
        self,
        body: bytes,
        headers: list[Header],
        generation: int,
        lasts: str,
        old: StoredPage | None = None,
        kind: str = "",
        inputs: Inputs | None = None,
    ) -> None:
        self.generation = generation
        self.inputs = inputs
        self.revision = dict(headers).get(REVISION)
        self.lasts = lasts
        self._etag = hashlib.blake2b(body, digest_size=16).hexdigest()
        self._headers = headers
        self._cells = stored_cells(kind)
        self._is_packable = len(body) >= _WORTH_PACKING_BYTES and _is_text(headers)
        same = old.variants if old is not None and old._etag == self._etag else {}
        bodies = {**{name: variant.body for name, variant in same.items()}, "": body}
        self.variants: dict[str, Variant] = {name: self._variant(name, data) for name, data in bodies.items()}
        self.size = _OVERHEAD_BYTES + sum(map(len, bodies.values())) + (inputs.finish() if inputs else 0)

    def with_encoding_for(self, question: Question) -> StoredPage:
        """The page that can answer this request: with one more encoding where nobody asked for that before."""
        encoding = self._encoding_for(question)
        if encoding in self.variants:
            return self
        body = _PACK[encoding](self.variants[""].body)
        page = copy(self)
        page.variants = {**self.variants, encoding: self._variant(encoding, body)}
        page.size += len(body)
        return page

    def is_as_in(self, snapshot: Snapshot, *, looks: bool) -> bool:
        """Return whether the page is made from the same in a later snapshot, and if so, be of that from now on.

        False where that is not known at once, unless it `looks`.
        """
        inputs = self.inputs
        if inputs is None or snapshot.generation < self.generation:
            return False
        if inputs.are_untouched(self.generation, snapshot) or (looks and inputs.are_the_same(snapshot)):
            self.generation = snapshot.generation
            return True
        return False

    def of_revision(self, revision: str | None) -> StoredPage:
        """Return the page with the commit that is served now."""
        others = [header for header in self._headers if header[0] != REVISION]
        page = copy(self)
        page.revision = revision
        page._headers = [*others, *([(REVISION, revision)] if revision else [])]
        page.variants = {name: page._variant(name, variant.body) for name, variant in self.variants.items()}
        return page

    def answer(self, question: Question, cache_control: str) -> Answer | None:
        """What answers this request (RFC 9110: 8.8.3, 12.5.3, 13.1.2); None in an encoding not made yet."""
        variant = self.variants.get(self._encoding_for(question))
        if variant is None:
            return None
        condition = question.if_none_match
        if condition is not None and _matches(condition, variant.etag):
            return Answer(variant.not_modified, cache_control, b"")
        return Answer(variant.ok, cache_control, b"" if question.method == "HEAD" else variant.body)

    def _encoding_for(self, question: Question) -> str:
        accepted = question.accept_encoding
        return _best_encoding(accepted) if accepted and self._is_packable else ""

    def _variant(self, encoding: str, body: bytes) -> Variant:
        return Variant(self._etag, body, self._headers, encoding, self._cells)


class PageStore(BaseCache):
    """A Flask-Caching backend that gives stored pages by reference, bounded in bytes.

    One entry for a path, least recently used out first.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(default_timeout=0)
        self._pages: LRUCache[str, StoredPage] = LRUCache(limit, lambda page: page.size)
        self._lock = threading.Lock()

    @classmethod
    def factory(cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> PageStore:  # noqa: ARG003
        return cls(config.get("CACHE_LIMIT_BYTES", LIMIT_BYTES))

    def get(self, key: str) -> StoredPage | None:
        with self._lock:
            return self._pages.get(key)

    def set(self, key: str, value: StoredPage, timeout: int | timedelta | None = None) -> bool:  # noqa: ARG002
        """False for a page that would push out most others, and for one older than what is there."""
        with self._lock:
            known = self._pages.get(key)
            if value.size > self._pages.maxsize // 2 or (known and known.generation > value.generation):
                return False
            self._pages[key] = value
        return True

    def delete(self, key: str) -> bool:
        with self._lock:
            return self._pages.pop(key, None) is not None

    def has(self, key: str) -> bool:
        return key in self._pages

    def clear(self) -> bool:
        with self._lock:
            self._pages.clear()
        return True

    @property
    def size(self) -> int:
        """Bytes in use."""
        return int(self._pages.currsize)

    def __len__(self) -> int:
        return len(self._pages)


class PageCache:
    """WSGI middleware that answers GET and HEAD of stored pages, and keeps what Flask answers.

    Queries are not looked at, unless one makes it an old address that leads elsewhere: no page that depends on one
    may be kept. A page is kept under the address that it calls its own, so that no reader can choose a key. Paths
    are those within the site: `prefix` is what its address has in front of them, as it was last seen.
    """

    prefix = ""
    revision: Callable[[], str | None] = staticmethod(lambda: None)
    """Which commit is served, of a site that git publishes."""

    def __init__(
        self,
        app: Flask,
        library: Library,
        s_maxage: int,
        is_trusted: Callable[[str], bool],
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        cache = Cache(app, config={"CACHE_TYPE": f"{PageStore.__module__}.PageStore"})
        self.store: PageStore = app.extensions["cache"][cache]
        self.beside = PageStore(LIMIT_BESIDE_BYTES)
        self._flask = app.wsgi_app
        self._library = library
        self._s_maxage = s_maxage
        self._is_trusted = is_trusted
        self.metrics = metrics
        self._clock = clock
        app.wsgi_app = self  # type: ignore[method-assign]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        question = Question.of(environ)
        path = question.path
        if self.prefix and (plain := path.removeprefix(self.prefix)) in HEALTH:
            path = plain
        is_valid = is_host(question.host) or _needs_no_host(environ)
        this = carried_by(environ)
        is_kept_from = path == ALIVE or this.preview is not None or not is_valid
        snapshot = None if is_kept_from else self._current(path if path.isascii() else _decoded(path))
        if snapshot is not None:
            self.prefix = snapshot.site.prefix
            if self.prefix and _is_prefixed(path, environ, snapshot):
                path = path[len(self.prefix) :]
                this.is_below = True
        if path != question.path:  # in a copy: whoever calls may log what was asked for
            question, environ = question._replace(path=path), {**environ, "PATH_INFO": path}
        answer = None if snapshot is None else self.look_up(question, snapshot, packs=True)
        if answer is None:
            this.snapshot, this.host, this.host_is_valid = snapshot, question.host, is_valid
            this.host_is_trusted = self._is_trusted(question.host)
            environ["HTTP_HOST"] = _NOBODY
            return self._made(question, environ, start_response)
        if not this.is_own:
            self.count(question, answer)
        start_response(answer.head.status, answer.headers)
        return [answer.body]

    def _current(self, path: str) -> Snapshot | None:
        """The site as it is now, on which depends what a path means; None where Flask has to say what is wrong."""
        if snapshot := self._library.current(path):
            return snapshot
        begun = time.perf_counter()
        try:
            return self._library.snapshot(path)
        except (OSError, SettingError):
            return None
        finally:
            self.metrics.renewed(time.perf_counter() - begun)

    def current(self) -> Snapshot | None:
        """The snapshot that is certainly current whatever is asked for; neither parses nor waits.

        None where changes are polled: there the file behind each page is looked at.
        """
        return None if self._library.is_polling else self._library.current()

    def look_up(self, question: Question, snapshot: Snapshot, packs: bool = False) -> Answer | None:
        """What was stored for a snapshot. Neither parses nor waits, and compresses only where it `packs`."""
        if question.method not in READING or not self._is_trusted(question.host):
            return None
        if question.query and question.path in snapshot.queries and _is_moved(question, snapshot):
            return None
        page = self.store.get(question.path) or self.beside.get(question.path)
        if page is None:
            return None
        if page.generation != snapshot.generation:
            if not page.is_as_in(snapshot, looks=packs):
                return None
            if page.revision != (revision := self.revision()):
                page = page.of_revision(revision)
                self.store.set(question.path, page)
        cache_control = page.lasts or self._lifetime(snapshot)
        answer = page.answer(question, cache_control)
        if answer is None and packs:
            page = page.with_encoding_for(question)
            (self.store if self.store.has(question.path) else self.beside).set(question.path, page)
            answer = page.answer(question, cache_control)
        return answer

    def count(self, question: Question, answer: Answer) -> None:
        """Count what was looked up and is sent."""
        cells, cell = self.metrics.cells, answer.head.cell
        cells[cell] = count = cells[cell] + 1
        if count % _ANSWERS_FOR_ONE_MEASURED == 0:
            self._measure()
        if network := crawler_of(question.user_agent):
            self.metrics.fetched(network)

    def keep(
        self,
        response: Page,
        snapshot: Snapshot,
        environ: dict[str, Any],
        inputs: Inputs | None = None,
    ) -> Response:
        """Store a 200 under the address that is its own, and give the first reader what the next ones get.

        It is good for the snapshot, and for each other one in which `inputs` are the same.
        """
        if commit := self.revision():
            response.headers[REVISION] = commit
        question = Question.of(environ)
        path = question.path
        lasts = response.headers.get("Cache-Control", "")
        headers = [(name, value) for name, value in response.headers if name not in _NOT_STORED]
        this = carried_by(environ)
        own = unquote(response.url, "latin-1") == path and this.preview is None and not this.has_read_query
        store, other = (self.beside, self.store) if response.beside else (self.store, self.beside)
        old = store.get(path) if own else None
        page = StoredPage(response.get_data(), headers, snapshot.generation, lasts, old, this.kind, inputs)
        page = page.with_encoding_for(question)
        if own:
            store.set(path, page)
            other.delete(path)  # what was once at this address would hide this page
        answer = page.answer(question, lasts or self._lifetime(snapshot))
        assert answer is not None
        return StoredResponse(answer)

    def pack(self, response: Response, environ: dict[str, Any]) -> None:
        """Compress an answer that is not kept, such as an error page, as its reader takes it."""
        body = response.get_data()
        if len(body) < _WORTH_PACKING_BYTES or not _is_text(list(response.headers)):
            return
        response.vary.add("Accept-Encoding")
        accepted = Question.of(environ).accept_encoding
        if encoding := accepted and _best_encoding(accepted):
            response.set_data(_PACK[encoding](body))
            response.headers["Content-Encoding"] = encoding

    def _measure(self) -> None:
        """Look once more whether anything changed: taking the time of each look would cost a tenth of it."""
        begun = time.perf_counter()
        self._library.current()
        self.metrics.checked(time.perf_counter() - begun)

    def _made(self, question: Question, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """What Flask answers, counted when its head is known."""
        this = carried_by(environ)
        if this.is_own:
            return self._flask(environ, start_response)
        begun = time.perf_counter()
        if network := crawler_of(question.user_agent):
            self.metrics.fetched(network)

        def start(status: str, headers: list[Header], exc_info: Any = None) -> Any:
            self.metrics.rendered(time.perf_counter() - begun)
            self.metrics.answered(this.kind, int(status[:3]))
            return start_response(status, headers, exc_info)

        return self._flask(environ, start)

    def _lifetime(self, snapshot: Snapshot) -> str:
        return lifetime(snapshot, self._s_maxage, self._clock())


class StoredResponse(Response):
    """What a stored page answers, as it is: Werkzeug would take headers away from a 304."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body, answer.head.status)
        self.headers = Headers(answer.headers)

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:  # noqa: ARG002
        return self.headers


def _needs_no_host(environ: dict[str, Any]) -> bool:
    """Only HTTP/1.0 may leave it out (RFC 9112, 3.2)."""
    return not environ.get("HTTP_HOST") and environ.get("SERVER_PROTOCOL") == "HTTP/1.0"


def _is_prefixed(path: str, environ: dict[str, Any], snapshot: Snapshot) -> bool:
    if (
        path in HEALTH or environ.get("SCRIPT_NAME") == snapshot.site.prefix
    ):  # WSGI's own way to say that it is gone
        return False
    return snapshot.is_prefixed(_decoded(path))


def _is_moved(question: Question, snapshot: Snapshot) -> bool:
    query = quote_query(question.query.encode("latin-1", "replace"))
    return snapshot.moved(question.path, query) is not None


def _decoded(path: str) -> str:
    """A path as WSGI gives it, bytes in the guise of Latin-1, as text."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def _is_text(headers: list[Header]) -> bool:
    kind = next((value for name, value in headers if name == "Content-Type"), "")
    return kind.startswith("text/") or any(word in kind for word in ("xml", "json", "javascript"))


@lru_cache(maxsize=256)
def _best_encoding(accepted: str) -> str:
    """Of the encodings that the client likes best the smallest one; the empty one where it likes none."""
    qualities = {name.lower(): quality for name, quality in parse_accept_header(accepted)}
    others = qualities.get("*", 0)
    best = max(ENCODINGS, key=lambda name: qualities.get(name, others))
    quality = qualities.get(best, others)
    return best if quality > 0 and quality >= qualities.get("identity", 0) else ""


def _matches(condition: str, etag: str) -> bool:
    """Weak comparison of If-None-Match with an entity tag (RFC 9110, 13.1.2)."""
    if condition == etag or condition.strip() == "*":
        return True
    return any(tag.strip().removeprefix("W/") == etag for tag in condition.split(","))
