"""Links in double brackets, as Obsidian and wikis write them: `[[page#heading|words]]`, `![[picture.jpg|300]]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import splitext
from urllib.parse import quote, unquote, urlsplit

PATTERN = (
    r"!?\[\[(?P<wiki_name>[^\[\]|#\n\\]{0,300}+)(?:#(?P<wiki_heading>[^\[\]|\n\\]{0,300}+))?"
    r"(?:\\?\|(?P<wiki_words>[^\[\]\n]{0,1000}+))?\]\](?![(\[:])"
)
_WIKILINK = re.compile(PATTERN)
_EMBED = re.compile(rf"(?=!){PATTERN}")
_SIZE = re.compile(r"(?:(.*)\|)?[ \t]*([0-9]{1,4})(?:x([0-9]{1,4}))?[ \t]*", re.DOTALL)
_BEGINS = "[["
_IN_ADDRESSES = quote(_BEGINS)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".bmp")


def address_of(name: str) -> str:
    """Return the address that stands for what a name means, until the site is asked for it."""
    return _IN_ADDRESSES + quote(name.strip())


def name_in(address: str) -> str:
    """Return the name that an address of `address_of` stands for; empty for any other address."""
    if not address.startswith(_IN_ADDRESSES):
        return ""
    return unquote(urlsplit(address).path).removeprefix(_BEGINS)


def only_name_in(text: str) -> str:
    """Return the name in a text that is nothing but a link, as Obsidian writes it in a head; else an empty one."""
    found = _WIKILINK.fullmatch(text) if _BEGINS in text else None
    return found["wiki_name"].strip() if found else ""


def is_picture(name: str) -> bool:
    return name.strip().lower().endswith(_PICTURES)


def is_note(name: str) -> bool:
    """Whether a name is that of a text, and not of another file."""
    return not re.fullmatch(r"\.(?!md)[a-z0-9]{2,5}", splitext(name.strip().lower())[1])


def read_size(words: str) -> tuple[str, dict[str, str]]:
    """Return the words of a picture without the size that may stand at their end, and that as attributes."""
    found = _SIZE.fullmatch(words)
    if not found:
        return words, {}
    size = {"width": found[2]} | ({"height": found[3]} if found[3] else {})
    return (found[1] or "").strip(), size


def words_of(found: re.Match[str]) -> str:
    """Return what a link shows."""
    name, heading, words = found["wiki_name"].strip(), found["wiki_heading"], found["wiki_words"]
    if words and words.strip():
        return words.strip()
    heading = "" if heading and heading.startswith("^") else (heading or "").replace("#", " > ").strip()
    return " > ".join(filter(None, (name.removesuffix(".md"), heading)))


def as_words(text: str) -> str:
    """Return a text with what its links show in the place of each."""
    return _WIKILINK.sub(words_of, text) if _BEGINS in text else text


def embedded_notes(text: str) -> Iterator[re.Match[str]]:
    """Yield what asks for another text to be shown in this one."""
    return (found for found in _EMBED.finditer(text) if is_note(found["wiki_name"]))
