"""Reading our own page as a network's crawler reads it: asked for, unpacked, cut to its reading limit, parsed."""

from __future__ import annotations

import json
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any, NamedTuple

from bitacora.share.network import PLAIN

MOST_BYTES = 8 * 1024 * 1024
"""What is unpacked at most: eight times what the most patient reader with a known limit reads."""

HTML_TYPES = ("text/html", "application/xhtml+xml")


class Answer(NamedTuple):
    """What the site answers. The names of headers are in lower case. `seconds` are 0 where nobody measured."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0


Fetch = Callable[[str, Mapping[str, str]], Answer]
"""Site-relative URL and request headers to what the site really answers; follows no redirect."""


def timed(fetch: Fetch, path: str, headers: Mapping[str, str]) -> Answer:
    """The answer, and how long it took."""
    start = time.perf_counter()
    answer = fetch(path, headers)
    return answer._replace(seconds=time.perf_counter() - start)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that should be a page. `html` is unpacked, None where its encoding cannot be read."""

    status: int
    headers: Mapping[str, str]
    html: bytes | None
    seconds: float

    @property
    def type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def encoding(self) -> str:
        """How the answer was packed; empty for not at all."""
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return "" if encoding == PLAIN else encoding

    @property
    def charset(self) -> str:
        found = re.search(r"charset\s*=\s*\"?([\w-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        return found[1] if found else ""

    @property
    def is_download(self) -> bool:
        return self.headers.get("content-disposition", "").strip().lower().startswith("attachment")

    @property
    def is_html(self) -> bool:
        return self.type in HTML_TYPES and not self.is_download


@dataclass(frozen=True, slots=True)
class Meta:
    """A meta element: what it is called, what it says, and which attribute holds its name."""

    name: str
    content: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link element; `rel` and `type` in lower case."""

    rel: str
    href: str
    type: str = ""
    sizes: str = ""


@dataclass(frozen=True, slots=True)
class JsonLd:
    """A block of JSON-LD: its text, what it holds, and where it cannot be read if it cannot.

    `error` is line and column, like "1:24", or "–" where nobody can say: nested too deeply, a number too long.
    """

    text: str
    value: Any
    error: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands inside a head, in source order. `ends_at` counts bytes from the start of the page.

    `is_whole` is false where the page stops before its head does. `stray` names the tags for previews that stand
    after the head, where no reader need look. `translations` are the languages of the page's other versions, as
    its links name them, wherever they stand.
    """

    metas: tuple[Meta, ...] = ()
    titles: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    json_ld: tuple[JsonLd, ...] = ()
    charset: str = "utf-8"
    ends_at: int = 0
    is_whole: bool = True
    stray: tuple[str, ...] = ()
    translations: tuple[str, ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every content of the metas with this name, whichever attribute names them."""
        return tuple(meta.content for meta in self.metas if meta.name == name)

    def first(self, name: str) -> str:
        """The first content that is not empty; empty if there is none."""
        return next(filter(None, self.all(name)), "")

    def link(self, rel: str) -> str:
        """The address of the first link with this relation."""
        return next((link.href for link in self.links if rel in link.rel.split() and link.href), "")

    @property
    def oembed(self) -> str:
        """The address of the page's oEmbed document in JSON."""
        return next((link.href for link in self.links if link.type == "application/json+oembed"), "")


class Crawl:
    """One page as its readers find it: asked for once per request, each distinct cut parsed once."""

    def __init__(self, fetch: Fetch, path: str) -> None:
        self._fetch = fetch
        self._path = path
        self._pages: dict[str, Page] = {}
        self._heads: dict[tuple[bytes, str], Head] = {}

    def page(self, user_agent: str, encoding: str, byte_range: str = "") -> Page:
        """The page as the first reader that accepts this encoding gets it; the next ones get the same."""
        if encoding not in self._pages:
            headers = {"User-Agent": user_agent, "Accept-Encoding": encoding, "Accept": "text/html,*/*;q=0.8"}
            self._pages[encoding] = _visit(
                self._fetch, self._path, headers | ({"Range": byte_range} if byte_range else {})
            )
        return self._pages[encoding]

    def head(self, page: Page, limit: int = 0) -> Head:
        """The head as a reader of at most `limit` bytes finds it; 0 is a reader without a limit."""
        html = page.html or b""
        whole = self._parsed(html, page.charset)
        if not limit or (whole.is_whole and whole.ends_at <= limit) or len(html) <= limit:
            return whole
        return self._parsed(html[:limit], page.charset)

    def _parsed(self, html: bytes, charset: str) -> Head:
        key = (html, charset)
        if key not in self._heads:
            self._heads[key] = parse_head(html, charset)
        return self._heads[key]


def parse_head(html: bytes, charset: str = "") -> Head:
    """What a page says in its head. Never raises, whatever the bytes.

    `charset` is what the HTTP header says, which goes before what the page says (HTML standard, determining the
    character encoding).
    """
    body = html.removeprefix(_BOM)
    codec = "utf-8" if body is not html else _codec(charset or _declared_charset(body))
    text = body.decode(codec, "surrogateescape")
    parser = _HeadParser()
    parser.read(text)
    end = len(text) if parser.end is None else _index(text, *parser.end)
    ends_at = len(html) - len(text[end:].encode(codec, "surrogateescape"))
    return Head(
        metas=tuple(parser.metas),
        titles=tuple(parser.titles),
        links=tuple(parser.links),
        json_ld=tuple(map(_json_ld, parser.json_ld)),
        charset=codec,
        ends_at=ends_at,
        is_whole=parser.end is not None,
        stray=tuple(dict.fromkeys(found[1].lower() for found in _STRAY.finditer(text, end))),
        translations=tuple(dict.fromkeys(_translations(text))),
    )


_BOM = b"\xef\xbb\xbf"
_STRAY = re.compile(r"<meta\s[^<>]{0,300}?\b(?:property|name)\s*=\s*[\"']?((?:og|twitter):[\w:]+)", re.IGNORECASE)
_ALTERNATE = re.compile(r"<(?:a|link)\s(?=[^<>]{0,500}?\brel\s*=\s*[\"']?alternate\b)[^<>]{0,500}>", re.IGNORECASE)
_HREFLANG = re.compile(r"\bhreflang\s*=\s*[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)", re.IGNORECASE)
_FIRST_CHUNK = 16_384
_PARTIAL_CONTENT = 206
_PLACE = tuple[int, int]


def _visit(fetch: Fetch, path: str, headers: Mapping[str, str]) -> Page:
    answer = timed(fetch, path, headers)
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    html = _unpack(answer.body, encoding, is_part=answer.status == _PARTIAL_CONTENT)
    return Page(answer.status, answer.headers, html, answer.seconds)


def _unpack(body: bytes, encoding: str, *, is_part: bool) -> bytes | None:
    """At most `MOST_BYTES` of it; None for what is not whole, unless a part was asked for."""
    if encoding in {"", PLAIN}:
        return body[:MOST_BYTES]
    window = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(encoding)
    if not window:
        return None
    unpacker = zlib.decompressobj(window)
    try:
        html = unpacker.decompress(body, MOST_BYTES)
    except zlib.error:
        return None
    return html if unpacker.eof or is_part or len(html) == MOST_BYTES else None


def _translations(text: str) -> Iterator[str]:
    """What rel="alternate" and hreflang name (HTML standard, link type alternate); "x-default" is no language."""
    for link in _ALTERNATE.finditer(text):
        if found := _HREFLANG.search(link[0]):
            yield found[1]


def _declared_charset(html: bytes) -> str:
    found = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", html[:1024], re.IGNORECASE)
    return found[1].decode("ascii", "replace") if found else ""


def _codec(charset: str) -> str:
    """Latin-1 means Windows-1252 on the web (Encoding standard); whatever else is read as UTF-8."""
    western = {"iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", "windows-1252", "cp1252"}
    return "cp1252" if charset.lower() in western else "utf-8"


def _index(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.index("\n", start) + 1
    return start + column


def _json_ld(text: str) -> JsonLd:
    try:
        return JsonLd(text, json.loads(text))
    except json.JSONDecodeError as error:
        return JsonLd(text, None, f"{error.lineno}:{error.colno}")
    except (ValueError, RecursionError):
        return JsonLd(text, None, "–")


_OF_A_HEAD = frozenset(
    ("html", "head", "base", "link", "meta", "title", "script", "style", "noscript", "template", "noframes")
)


class _HeadParser(HTMLParser):
    """Collects what stands in the head; whatever may not stand there ends it (HTML standard, "in head")."""

    CDATA_CONTENT_ELEMENTS = ("script", "style", "title", "noframes")  # type: ignore[misc]  # titles hold no tags

    def __init__(self) -> None:
        super().__init__()
        self.metas: list[Meta] = []
        self.titles: list[str] = []
        self.links: list[Link] = []
        self.json_ld: list[str] = []
        self.end: _PLACE | None = None
        self._inside = ""
        self._templates = 0
        self._data: list[str] = []

    def read(self, text: str) -> None:
        """Chunks that grow, because html.parser starts again at an unfinished tag with each."""
        start, size = 0, _FIRST_CHUNK
        while start < len(text) and self.end is None:
            self.feed(text[start : start + size])
            start, size = start + size, size * 2

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.end is not None:
            return
        if tag not in _OF_A_HEAD:
            if not self._templates:
                self.end = self.getpos()
            return
        found = {name: _text(value or "") for name, value in reversed(attrs)}
        if tag == "template":
            self._templates += 1
        elif tag == "title" or (tag == "script" and found.get("type", "").lower() == "application/ld+json"):
            self._inside, self._data = tag, []
        elif tag == "meta" and not self._templates:
            self._meta(found)
        elif tag == "link" and not self._templates:
            rel, type_ = found.get("rel", "").lower(), found.get("type", "").lower()
            self.links.append(Link(rel, found.get("href", ""), type_, found.get("sizes", "")))

    def handle_endtag(self, tag: str) -> None:
        if self.end is not None:
            return
        if tag == self._inside:
            data = "".join(self._data)
            if not self._templates:
                self.titles.append(_text(unescape(data))) if tag == "title" else self.json_ld.append(_text(data))
            self._inside = ""
        elif tag == "template":
            self._templates = max(0, self._templates - 1)
        elif tag in {"head", "body", "html"}:
            self.end = self.getpos()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._data.append(data)
        elif self.end is None and data.strip() and self.cdata_elem is None and not self._templates:
            self.end = self.getpos()

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![…` is a bogus comment in HTML; the inherited method raises AssertionError for unknown ones."""
        return self.parse_bogus_comment(i, report)

    def _meta(self, found: Mapping[str, str]) -> None:
        for attribute in ("name", "property", "http-equiv"):
            if name := found.get(attribute, "").lower():
                self.metas.append(Meta(name, found.get("content", ""), attribute))


def _text(raw: str) -> str:
    """Bytes that are no text become U+FFFD."""
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
