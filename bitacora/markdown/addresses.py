"""The addresses of a body: each link and picture goes to the resolver once, and only harmless ones stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from html import escape, unescape
from typing import Protocol
from urllib.parse import urlsplit

from bitacora.markdown.effort import MarkupTooLarge, spend
from bitacora.markdown.sanitise import MOST_HTML, is_safe

_ATTRIBUTES = r"""(?:\s[^\s=">]+="[^"<>]*")*"""
_TAGS = re.compile(
    rf"<(a|img|source|video|audio|track)({_ATTRIBUTES})>|<iframe({_ATTRIBUTES})>(?:.*?</iframe>|.*\Z)", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""\s([^\s=">]+)="([^"<>]*)\"""")
_WRITTEN_TAG = re.compile(
    r"""<(img|a|audio|video|source|track)(?=[\s/])((?:[^<>"']|"[^"<>]*+"|'[^'<>]*+')*+)>""", re.IGNORECASE
)
_WRITTEN_ATTRIBUTE = re.compile(r"""([^\s=">/]{1,100}+)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_CAPTION = re.compile(r"<figcaption[^<>]*+>((?:(?!<figcaption|</figcaption>).)*+)</figcaption>", re.DOTALL)
_ANY_TAG = re.compile(r"<[^>]*+(?:>|\Z)")
_REST_OF_A_TAG = r"""(?:[^<>"']|"[^"]*+"|'[^']*+')*+>"""
_START_TAG = re.compile(
    rf"<!--(?!-?>)(?:(?!--!?>).)*+"
    rf"|(<(?:script|style)(?=[\s/>]){_REST_OF_A_TAG})(?:(?!</(?:script|style)).)*+"
    rf"|(<[a-z]{_REST_OF_A_TAG})",
    re.DOTALL | re.IGNORECASE,
)
"""With what follows it where that is no HTML; or a comment."""
_ROOTED = re.compile(r"""=\s*+["']?\s*+/|srcset""", re.IGNORECASE)
_ANY_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([^\s"'<>/=]++)(\s*+=\s*+)(?:"([^"]*)"|'([^']*)'|([^\s"'>]++))""")
_CANDIDATE = re.compile(r"(?:^|(?<=,))(\s*+)(/[^\s,]*+)")
_HOLDS_AN_ADDRESS = {
    "href", "src", "poster", "action", "formaction", "data", "cite", "background", "longdesc", "xlink:href",
}  # fmt: skip
_HOLDS_CANDIDATES = {"srcset", "imagesrcset"}


class Resolver(Protocol):
    """Turns an address as written (percent-encoded where it came from Markdown) into the one to emit."""

    def link(self, href: str) -> str:
        """The address to emit; empty for what is to be no link."""

    def picture(self, src: str) -> tuple[str, int, int]:
        """The address to emit, width and height in pixels; 0, 0 if unknown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture in a body: its address as written, alternative text, caption; empty where not given."""

    src: str
    alt: str
    caption: str


class Addresses:
    """Resolves the tags of one body, in order, and remembers its pictures and links. Raises MarkupTooLarge."""

    def __init__(self, resolver: Resolver, embeds: Collection[str]) -> None:
        self.pictures: list[str] = []
        self.links: list[str] = []
        self.lead: Figure | None = None
        self._resolver = resolver
        self._embeds = embeds
        self._written = 0

    def rewrite(self, html: str) -> str:
        """HTML, serialised as `sanitise.clean` does it, with its addresses resolved."""

        def tag(found: re.Match[str]) -> str:
            name = found[1] or "iframe"
            attributes = {key: unescape(value) for key, value in _ATTRIBUTE.findall(found[2] or found[3] or "")}
            if name == "img" and self.lead is None:
                self._keep_lead(attributes, html, found.end())
            spend()
            changed = self._tag(name, attributes)
            self._written += len(changed)
            if self._written > MOST_HTML:
                raise MarkupTooLarge(f"links and pictures alone would have more than {MOST_HTML} characters")
            return changed

        return _TAGS.sub(tag, html)

    def note_written(self, html: str) -> None:
        """Remembers the pictures and links of HTML that goes out as its author wrote it."""
        for name, tag in _WRITTEN_TAG.findall(html):
            spend()
            attributes = {key.lower(): unescape(a or b or c) for key, a, b, c in _WRITTEN_ATTRIBUTE.findall(tag)}
            src = attributes.get("src")
            self.links += [src for src, _ in candidates_of(attributes.get("srcset", ""))]
            self.links += filter(None, (attributes.get("href"), attributes.get("poster")))
            if src and name.lower() != "img":
                self.links.append(src)
            elif src:
                self.pictures.append(src)
                if self.lead is None:
                    self.lead = Figure(src, attributes.get("alt", ""), attributes.get("title", ""))

    def _tag(self, name: str, attributes: dict[str, str]) -> str:
        if name == "iframe":
            return self._frame(attributes)
        if name == "img":
            self._size_picture(attributes)
        elif "src" in attributes:
            self._resolve_link(attributes, "src")
        if "href" in attributes:
            self._resolve_link(attributes, "href")
        if "poster" in attributes:
            self._resolve_picture(attributes, "poster")
        if "srcset" in attributes:
            self._resolve_candidates(attributes)
        return open_tag(name, attributes)

    def _keep_lead(self, attributes: dict[str, str], html: str, end: int) -> None:
        src = attributes.get("src", "")
        if not src:
            return
        close = html.find("</figure>", end)
        caption = _CAPTION.search(html, end, close) if close >= 0 and "<figure" not in html[end:close] else None
        text = unescape(_ANY_TAG.sub("", caption[1])) if caption else attributes.get("title", "")
        self.lead = Figure(src, attributes.get("alt", ""), " ".join(text.split()))

    def _size_picture(self, attributes: dict[str, str]) -> None:
        first = not self.pictures
        width, height = self._resolve_picture(attributes, "src")
        if width and height and not attributes.keys() & {"width", "height"}:
            attributes |= {"width": str(width), "height": str(height)}
        attributes.setdefault("alt", "")
        attributes |= {"decoding": "async"} if first else {"loading": "lazy", "decoding": "async"}

    def _resolve_picture(self, attributes: dict[str, str], key: str) -> tuple[int, int]:
        src = attributes.get(key, "")
        if not src or not is_safe(src, picture=True):
            attributes.pop(key, None)
            return 0, 0
        self.pictures.append(src)
        attributes[key], width, height = self._resolver.picture(src)
        return width, height

    def _resolve_link(self, attributes: dict[str, str], key: str) -> None:
        address = self._resolver.link(attributes[key]) if is_safe(attributes[key]) else ""
        if address:
            self.links.append(attributes[key])
            attributes[key] = address
        else:
            del attributes[key]

    def _resolve_candidates(self, attributes: dict[str, str]) -> None:
        candidates = []
        for src, descriptor in candidates_of(attributes.pop("srcset")):
            if is_safe(src):
                self.links.append(src)
                candidates.append(" ".join((self._resolver.picture(src)[0], *descriptor)))
        if candidates:
            attributes["srcset"] = ", ".join(candidates)

    def _frame(self, attributes: dict[str, str]) -> str:
        """A frame from a host that the site allows, else a plain link: no page loads a third party by itself."""
        src = attributes.get("src", "")
        if not src or not is_safe(src):
            return ""
        address = self._resolver.link(src)
        if _host(address) in self._embeds:
            return open_tag("iframe", {**attributes, "src": address, "loading": "lazy"}) + "</iframe>"
        return open_tag("a", {"href": address}) + escape(attributes.get("title") or src) + "</a>"


def is_local(address: str) -> bool:
    """Return whether an address lies on this site: no scheme, no host."""
    head = address.split("/", 1)[0]
    return not address.startswith(("//", "\\", "/\\")) and ":" not in head


def candidates_of(srcset: str) -> list[tuple[str, list[str]]]:
    """Return the addresses of a `srcset` and what each is for, without commas inside addresses.

    https://html.spec.whatwg.org/multipage/images.html#srcset-attributes
    """
    split = (candidate.split()[:2] for candidate in srcset.split(","))
    return [(words[0], words[1:]) for words in split if words]


def with_rooted(html: str, address: Callable[[str], str]) -> str:
    """HTML, however it is written, in which each address that begins at the root of the host is another one.

    `address` gives it, in characters that no attribute need escape.
    """

    def other(written: str) -> str:
        start = len(written) - len(written.lstrip())
        if not written.startswith("/", start):
            return written
        url = unescape(written[start:]).rstrip()
        changed = address(url)
        return written[:start] + changed.removesuffix(url) + written[start:] if changed != url else written

    def attribute(found: re.Match[str]) -> str:
        name = found[1].lower()
        value = next(filter(None, found.groups()[2:]), "")
        if name in _HOLDS_AN_ADDRESS:
            changed = other(value)
        elif name in _HOLDS_CANDIDATES:
            changed = _CANDIDATE.sub(lambda one: one[1] + other(one[2]), value)
        else:
            return found[0]
        quote = found[0][-1] if found[5] is None else ""
        return f"{found[1]}{found[2]}{quote}{changed}{quote}"

    def tag(found: re.Match[str]) -> str:
        start = found[1] or found[2] or ""
        if not _ROOTED.search(start):
            return found[0]
        return _ANY_ATTRIBUTE.sub(attribute, start) + found[0][len(start) :]

    return _START_TAG.sub(tag, html)


def _host(address: str) -> str:
    """The host that a browser asks; none with a backslash, which browsers take for a slash, unlike `urlsplit`."""
    if "\\" in address:
        return ""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "") if parts.scheme in {"https", "http", ""} else ""
    except ValueError:
        return ""


def open_tag(name: str, attributes: Mapping[str, str]) -> str:
    """A start tag with its values escaped, as `Addresses.rewrite` reads it."""
    return "<" + name + "".join(f' {key}="{escape(value)}"' for key, value in attributes.items()) + ">"
