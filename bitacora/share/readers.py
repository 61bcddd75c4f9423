"""The head of a page through the eyes of each network: what it takes from it, and where it cuts that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bitacora.share.crawl import Answer, Head, Meta
from bitacora.share.network import Length, Precedence, Reader
from bitacora.share.text import clean, first_bytes, first_graphemes, graphemes


@dataclass(frozen=True, slots=True)
class Said:
    """A text and the tag that says it; both empty if nothing does."""

    text: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader takes from a head. Texts are as written, on one line; addresses too."""

    title: Said = Said()
    description: Said = Said()
    picture: Said = Said()
    alt: Said = Said()
    address: Said = Said()
    site_name: str = ""
    byline: str = ""
    date: str = ""
    card: str = ""
    accent: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def read(reader: Reader, head: Head, oembed: Mapping[str, Any], host: str = "") -> Reading:
    """A head through the eyes of one reader. `oembed` is the page's oEmbed document, empty if it has none; `host`
    is the page's, where it matters."""
    tags = _Tags(reader, head, oembed, host)
    title, description = tags.find(reader.title.value), tags.find(reader.description.value)
    if reader.html_together:
        title, description = _pair(title, description)
    return Reading(
        title=title,
        description=description,
        picture=tags.find(reader.picture.value),
        alt=tags.find(reader.alt),
        address=tags.find(reader.address.value) if reader.address else Said(),
        site_name=tags.find(reader.site_name).text,
        byline=tags.find(reader.byline).text,
        date=tags.find(reader.date).text,
        card=tags.find(("twitter:card",)).text.lower(),
        accent=_accent(tags) if reader.shows_accent else "",
        fields=_fields(tags) if reader.shows_labels else (),
    )


def shorten(text: str, length: Length) -> tuple[str, bool]:
    """A text as the network shows it, with `…` where it was cut, and whether it was."""
    if not length.limit or length.of(text) <= length.limit:
        return text, False
    low, high = length.window
    if high:
        seen = first_graphemes(text, high)
        space = seen.rfind(" ")
        if space >= 0 and low < graphemes(seen[:space]) < high:
            return seen[:space].rstrip() + "…", True
    seen = first_bytes(text, length.limit) if length.unit == "bytes" else first_graphemes(text, length.limit)
    return seen.rstrip() + "…", True


def news_block(head: Head) -> Mapping[str, Any]:
    """The JSON-LD that Mastodon lets override Open Graph: an object at the root, or in an array there, whose type
    is exactly NewsArticle or WebPage; `@graph` is not searched. Empty if there is none."""
    for block in head.json_ld:
        for item in block.value if isinstance(block.value, list) else [block.value]:
            if isinstance(item, dict) and item.get("@type") in ("NewsArticle", "WebPage"):
                return item
    return {}


def articles(head: Head) -> Iterator[Mapping[str, Any]]:
    """The objects of JSON-LD that describe an article to Google, wherever they stand."""
    for block in head.json_ld:
        for item in _objects(block.value):
            types = item.get("@type")
            if any(kind in _ARTICLE_TYPES for kind in (types if isinstance(types, list) else [types])):
                yield item


def text_of(value: object) -> str:
    """The text of a JSON value: itself, or its name, or that of its first part."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name")
    return _line(value.encode("utf-8", "replace").decode()) if isinstance(value, str) else ""


def oembed_of(answer: Answer | None) -> Mapping[str, Any] | None:
    """What an oEmbed document says; None where there is none that can be read."""
    try:
        found = json.loads(answer.body) if answer and answer.status == HTTPStatus.OK else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_ARTICLE_TYPES = ("Article", "NewsArticle", "BlogPosting")  # no set: a type may be anything, even a list
_ACCENT = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


@dataclass(frozen=True, slots=True)
class _Tags:
    """Looks a text up where a reader looks it up."""

    reader: Reader
    head: Head
    oembed: Mapping[str, Any]
    host: str = ""

    def find(self, precedence: Precedence) -> Said:
        for source in precedence:
            said = self._first_of(source) if isinstance(source, tuple) else self._one(source)
            if said.text:
                return said
        return Said()

    def accepts(self, meta: Meta) -> bool:
        return self.reader.either.value or is_proper(meta)

    def _first_of(self, names: tuple[str, ...]) -> Said:
        for meta in self.head.metas:
            if meta.name in names and self.accepts(meta) and (text := _line(meta.content)):
                return Said(text, meta.name)
        return Said()

    def _one(self, source: str) -> Said:
        kind, _, name = source.partition(":")
        if source == "title":
            return _said(next(filter(None, map(_line, self.head.titles)), ""), source)
        if source == "canonical":
            return _said(self._canonical(), source)
        if source == "apple-touch-icon":
            return _said(self.head.link("apple-touch-icon"), source)
        if kind == "json-ld":
            return _said(text_of(news_block(self.head).get(name)), source)
        if source == "article:datePublished":
            return _said(next((text_of(item.get(name)) for item in articles(self.head)), ""), source)
        if kind == "oembed":
            return _said(text_of(self.oembed.get(name)), source)
        return self._first_of((source,))

    def _canonical(self) -> str:
        """Mastodon believes one of the page's own host alone (link_details_extractor.rb: observed)."""
        address = self.head.link("canonical")
        is_believed = not self.reader.own_canonical or not self.host or _host(address) in {"", self.host}
        return address if is_believed else ""


def is_proper(meta: Meta) -> bool:
    """Open Graph is a property (ogp.me), all else a name (X Cards markup docs, HTML standard)."""
    is_open_graph = meta.name.startswith(("og:", "article:"))
    return meta.attribute == ("property" if is_open_graph else "name")


def _said(text: str, tag: str) -> Said:
    return Said(text, tag) if text else Said()


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # http://[
        return ""


def _line(text: str) -> str:
    return " ".join(text.split())


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects at the root, in an array there, or in its `@graph`."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (inner for inner in (graph if isinstance(graph, list) else []) if isinstance(inner, dict))


def _pair(title: Said, description: Said) -> tuple[Said, Said]:
    """Discord takes `<title>` and the description only together, where no other tag says either."""
    are_html = title.tag == "title", description.tag == "description"
    if all(are_html):
        return title, description
    return Said() if are_html[0] else title, Said() if are_html[1] else description


def _accent(tags: _Tags) -> str:
    """The last one wins; other forms of colours do not count (Discord docs)."""
    colours = [meta.content for meta in tags.head.metas if meta.name == "theme-color" and tags.accepts(meta)]
    return colours[-1][:7] if colours and _ACCENT.fullmatch(colours[-1]) else ""


def _fields(tags: _Tags) -> tuple[tuple[str, str], ...]:
    """Up to two pairs of label and value (opengraphplus.com Slack notes: convention)."""
    found = ((tags.find((f"twitter:label{n}",)), tags.find((f"twitter:data{n}",))) for n in (1, 2))
    return tuple((clean(label.text), clean(data.text)) for label, data in found if label.text and data.text)
