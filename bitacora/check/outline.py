"""What a body links to, shows and names: what a check needs of it, without the rest of the site."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from html import unescape

from bitacora.markdown.effort import MarkupTooLarge
from bitacora.markdown.slips import unread_addresses
from bitacora.markdown.writer import render_body
from bitacora.posts.post import body_of, repeated_keys
from bitacora.problems import PostError

_TAG = re.compile(r"""<([a-z][a-z0-9-]*+)((?:\s[^\s=<">]++(?:="[^"]*+")?+)*+)\s*+/?>""", re.IGNORECASE)
_CODE = re.compile(r"<(pre|code|kbd|samp)\b[^<>]*>.*?</\1>", re.DOTALL)
_ANY_TAG = re.compile(r"<[^<>]*>")
_ATTRIBUTE = re.compile(r"""\s([^\s=">]+)="([^"]*)\"""")


@dataclass(frozen=True, slots=True)
class Outline:
    """Ids, addresses of links and of pictures, in their order and as written; `unsaid` are pictures without words.

    Films and sounds are among the links.

    `repeated` is what the head says in vain, `unread` what looks like links and pictures and is none; `lost` are
    the words of links, and of pictures with "!" before them, whose address cannot be in a page.
    `problem` says why the body cannot be shown; then the rest is empty.
    """

    ids: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    repeated: tuple[PostError, ...] = ()
    unread: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    problem: str = ""


def outline(
    source: bytes,
    path: str,
    *,
    trusted: bool = False,
    embeds: Collection[str] = (),
    math: bool = False,
    title: str = "",
) -> Outline:
    """The outline of a file that `read_post` has read; of its body, as a page would show it."""
    try:
        body, pictures, links = render_body(
            body_of(source), _AsWritten(), trusted=trusted, embeds=embeds, math=math, title=title
        )
    except MarkupTooLarge as error:
        return Outline(problem=str(error))
    ids: list[str] = []
    unsaid: list[str] = []
    lost: list[str] = []
    for found in _TAG.finditer(body):
        tag = found[1].lower()
        attributes = {name.lower(): unescape(value) for name, value in _ATTRIBUTE.findall(found[2])}
        if tag not in {"a", "img"} and "id" not in attributes:
            continue
        if not trusted and not attributes.keys() & {"href", "src", "srcset", "id", "name"}:
            words = unescape(_ANY_TAG.sub("", body[found.end() : body.find("</a>", found.end())]))
            lost.append(words if tag == "a" else f"!{attributes.get('alt', '')}")
        if "id" in attributes:
            ids.append(attributes["id"])
        if attributes.get("src") and not attributes.get("alt", "").strip() and tag == "img":
            unsaid.append(attributes["src"])
    unread = (
        unread_addresses(unescape(_ANY_TAG.sub("", _CODE.sub(" ", body)))) if "](" in body or "[" in body else []
    )
    repeated = tuple(repeated_keys(source, path))
    return Outline(tuple(ids), links, pictures, tuple(unsaid), repeated, tuple(unread), tuple(lost))


class _AsWritten:
    """Leaves every address as its author wrote it."""

    def link(self, href: str) -> str:
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0
