"""Rendered bodies: each rendered once for all that it depends on, kept within a bound of bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cachetools import LRUCache

from bitacora.library.snapshot import Snapshot
from bitacora.markdown.effort import MarkupTooLarge
from bitacora.markdown.writer import Html, render
from bitacora.posts.post import Image, Post, body_of
from bitacora.problems import PostError

Labels = Callable[[str, str], Mapping[str, str]]
"""The words that a body in a language needs on a site in another: titles of alerts, of footnotes."""

_OVERHEAD_BYTES = 2_000


class Bodies:
    """`html(snapshot, post)` with a memory of at most `limit` bytes, least recently used out first.

    While a body is rendered, each address that is looked up is recorded with its answer. A kept body is good as
    long as its source and settings are the same and each look-up gives the same answer, so that an edit
    elsewhere costs no rendering, and a link follows the post that it leads to.
    """

    def __init__(self, labels: Labels, limit: int = 6 * 1024 * 1024) -> None:
        self._labels = labels
        self._kept: LRUCache[tuple[str, bool], Body] = LRUCache(limit, lambda kept: kept.size)
        self._lock = threading.Lock()

    def html(self, snapshot: Snapshot, post: Post, *, absolute: bool = False) -> Html:
        """The body of the version of `post` that is in `snapshot`; with absolute addresses, as feeds need it.

        Raises PostError for a body that cannot be shown.
        """
        return self.body(snapshot, post, absolute=absolute).shown(post)

    def body(self, snapshot: Snapshot, post: Post, *, absolute: bool = False) -> Body:
        """Return the same with what it was made from, or why it cannot be shown."""
        key = (post.path, absolute)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or not kept.is_of(snapshot, post, absolute=absolute):
            kept = self._render(snapshot, post, absolute)
            self._keep(key, kept)
        return kept

    def _render(self, snapshot: Snapshot, post: Post, absolute: bool) -> Body:
        addresses, settings = _Addresses(snapshot, post, absolute), _settings(snapshot, post)
        try:
            html = render(
                body_of(snapshot.source(post)),
                addresses,
                trusted=snapshot.site.html == "trusted",
                embeds=snapshot.site.embeds,
                labels=self._labels(post.lang, snapshot.site.language),
                math=post.math,
                title=post.title,
            )
        except MarkupTooLarge as error:
            return Body(str(error), {}, settings, _OVERHEAD_BYTES)
        size = _OVERHEAD_BYTES + 2 * len(html.body) + 100 * (len(html.toc) + len(addresses.lookups))
        return Body(html, addresses.lookups, settings, size)

    def _keep(self, key: tuple[str, bool], kept: Body) -> None:
        with self._lock:
            self._kept.pop(key, None)
            if kept.size <= self._kept.maxsize:
                self._kept[key] = kept


def too_large(post: Post, reason: str) -> PostError:
    remedy = "Split the post in parts, or take out what it repeats so often."
    return PostError(post.path, post.body_line, 1, f"{reason[0].upper()}{reason[1:]}.", remedy)


@dataclass(frozen=True, slots=True)
class Body:
    """A body, or why it cannot be shown: whoever asks next for that version does not wait for it again.

    `lookups` are the addresses that were looked up for it, with the answers.
    """

    html: Html | str
    lookups: Mapping[tuple[str, str], object]
    settings: tuple[object, ...]
    size: int

    def shown(self, post: Post) -> Html:
        """Raises PostError for a body that cannot be shown."""
        if isinstance(self.html, str):
            raise too_large(post, self.html)
        return self.html

    def is_of(self, snapshot: Snapshot, post: Post, *, absolute: bool) -> bool:
        """Return whether the body of `post` in a snapshot would be the same."""
        if self.settings != _settings(snapshot, post):
            return False
        return _Addresses(snapshot, post, absolute).give_the_same(self.lookups)

    def without_html(self) -> Body:
        """Return what it was made from and what was found in it, without its text."""
        return self if isinstance(self.html, str) else replace(self, html=replace(self.html, body=""))


class _Addresses:
    """The resolver of one body: answers for its addresses, and what it was asked."""

    def __init__(self, snapshot: Snapshot, post: Post, absolute: bool) -> None:
        self._snapshot = snapshot
        self._post = post
        self._is_absolute = absolute
        self.lookups: dict[tuple[str, str], object] = {}

    def link(self, href: str) -> str:
        answer = self._from_base(self._snapshot.link(self._post, href))
        self.lookups["link", href] = answer
        return answer

    def picture(self, src: str) -> tuple[str, int, int]:
        picture = self._snapshot.picture(self._post, Image(src))
        answer = self._from_base(picture.url), picture.width, picture.height
        self.lookups["picture", src] = answer
        return answer

    def give_the_same(self, lookups: Mapping[tuple[str, str], object]) -> bool:
        return all(
            (self.link(address) if kind == "link" else self.picture(address)) == answer
            for (kind, address), answer in lookups.items()
        )

    def _from_base(self, url: str) -> str:
        if not self._is_absolute:
            return url
        return self._snapshot.absolute(f"{self._post.url}{url}" if url.startswith("#") else url)


def _settings(snapshot: Snapshot, post: Post) -> tuple[object, ...]:
    site = snapshot.site
    return snapshot.entries[post.path].source, post.lang, site.language, site.html, site.embeds
