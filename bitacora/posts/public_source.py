"""The Markdown of a post or page for readers and machines: what its page shows, and nothing else of its file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo

from bitacora.markdown.comments import MORE, Code, blanked, code_in, without_comments
from bitacora.markdown.foreign import programs_in
from bitacora.markdown.liquid import left_out
from bitacora.markdown.sanitise import hidden_in, unshown_attributes
from bitacora.markdown.syntax import unshown_values
from bitacora.markdown.writer import abbreviations_in
from bitacora.posts.head import body_after_head
from bitacora.posts.post import Image, Post

_NOTE = re.compile(r"(?m)^ {0,3}\[\^([^\]\n]{1,200})\]:.*+(?:\n(?:[ \t]*+\r?\n)*+(?: {2,}|\t)[^\s].*+)*+\n?")
_DECLARATION = re.compile(r"<[?!][A-Za-z\[][^<>]*+>")
_TO_NEXT_WORD = r"[ \t]*+(?:\r?\n[ \t]*+)?"
_DEFINITION = re.compile(
    rf"(?m)^ {{0,3}}\[(?!\^)([^\[\]\n]{{1,200}})\]:{_TO_NEXT_WORD}(<[^<>\n]*+>|[^\s<]\S*+)"
    rf"""(?:(?=\s){_TO_NEXT_WORD}(?:"[^"\n]*+"|'[^'\n]*+'|\([^()\n]*+\)))?[ \t]*+\r?(?:\n|\Z)"""
)
_ABBREVIATION = re.compile(
    r"(?m)^ {0,3}\*\[([^\]\n]{1,100})(?<!\\)\]:([ \t]*+\r?\n(?: {3,}|\t)[^\n]++|[^\n]*+)\n?"
)
_NO_WORDS = re.compile(
    r"(?m)\]\([^()\n]*+\)|!\[[^\[\]\n]*+\]|<[a-zA-Z/][^<>]*+>|^ {0,3}\[[^\[\]\n]++\]:.*+$|https?://\S++"
)
"""Where no word is shown with what it is short for."""
_REFERENCE = re.compile(r"\[([^\[\]]{1,200})\]")
_FROM_THE_ROOT = re.compile(
    r"""(?:\]\([ \t]*+<?|(?m:^ {0,3}\[(?!\^)[^\[\]\n]{1,200}\]:[ \t]*+<?)"""
    r"""|<[a-z]{1,10}\s[^<>]{0,500}?\b(?:href|src)\s*+=\s*+["']?)(/(?!/)[^\s<>()"']*+)""",
    re.IGNORECASE,
)
_AFTER_BLANK_LINE = re.compile(r"(?:\A\s*+|\n[ \t]*+\r?\n)\Z")
_LINK_TO_NOTE = re.compile(r"(?m)^ {0,3}\[\^[^\]\n]{1,200}\]:|(?<!\\)\[\^([^\]\n]{1,200})\]")


def public_source(
    post: Post,
    source: bytes,
    zone: tzinfo,
    *,
    trusted: bool = False,
    address: Callable[[str], str] | None = None,
) -> str:
    """Return a head of the values that the page shows, in YAML, and the body without what it leaves out.

    Comments, tags of other engines of which nothing is shown, notes and addresses that nothing refers to, and
    unless HTML is `trusted` the elements that pages leave out with all that is in them, are left out.
    `source` is the file that `post` was read from, whose body can be shown; times are those of `zone`. Links that
    begin with `/` become what `address` gives for them, where a site is not at the root of its host.
    """
    head = "".join(f"{key}: {_yaml(value)}\n" for key, value in _head(post, zone).items() if value)
    body = _body(body_after_head(source), trusted=trusted)
    return f"---\n{head}---\n{_addressed(body, address) if address else body}"


def _head(post: Post, zone: tzinfo) -> dict[str, object]:
    return {
        "title": post.title,
        "date": post.date and _moment(post.date, zone),
        "updated": post.updated and _moment(post.updated, zone),
        "authors": [author.name for author in post.authors],
        "categories": [term.name for term in post.categories],
        "tags": [term.name for term in post.tags],
        "intro": post.intro,
        "single_image": [_picture(image) for image in post.images],
        "lang": post.lang,
    }


def _moment(time: datetime, zone: tzinfo) -> str:
    return time.astimezone(zone).isoformat(timespec="seconds")


def _picture(image: Image) -> dict[str, str]:
    named = {"img": image.src, "caption": image.caption, "alt": image.alt}
    return {key: text for key, text in named.items() if text}


def _yaml(value: object) -> str:
    """JSON is YAML, whatever a text has in it."""
    return json.dumps(value, ensure_ascii=False)


def _body(body: str, *, trusted: bool) -> str:
    text = without_comments(body, "", elements=not trusted)
    code = code_in(text)
    plain = blanked(text, code)
    unseen = [found.span() for found in MORE.finditer(plain)]
    unseen += [found.span() for found in unseen_notes(plain)]
    unseen += _instructions(plain)
    unseen += [found.span() for found in unused_definitions(plain)]
    unseen += () if trusted else (*hidden_in(plain), *unshown_attributes(plain))
    unseen += unshown_values(plain)
    unseen += [found.span() for found in left_out(text)]
    unseen += [found.span() for found in programs_in(plain, components=not trusted)]
    unseen += _unused_abbreviations(blanked(plain, sorted(Code(*span) for span in unseen)))
    return _without(text, sorted(unseen))


def _addressed(body: str, address: Callable[[str], str]) -> str:
    pieces: list[str] = []
    end = 0
    for found in _FROM_THE_ROOT.finditer(blanked(body, code_in(body))):
        pieces += (body[end : found.start(1)], address(found[1]))
        end = found.end(1)
    return "".join([*pieces, body[end:]])


def _instructions(plain: str) -> list[tuple[int, int]]:
    """Where programs are told something, as in `<?php … ?>`, and where declarations stand."""
    found: list[tuple[int, int]] = []
    start = plain.find("<?")
    while start >= 0 and (end := plain.find("?>", start + 2)) >= 0:
        found.append((start, end + 2))
        start = plain.find("<?", end + 2)
    return [*found, *(declared.span() for declared in _DECLARATION.finditer(plain))]


def unseen_notes(plain: str) -> list[re.Match[str]]:
    """Find the notes of a text without code that its page does not show.

    Nothing that is shown refers to them, or an earlier one has their name.
    """
    notes = [*_NOTE.finditer(plain)]
    if not notes:
        return []
    named: dict[int, list[str]] = {}
    owner = 0
    for found in links_to_notes(plain):
        while owner < len(notes) and notes[owner].end() <= found.start():
            owner += 1
        is_in_a_note = owner < len(notes) and notes[owner].start() <= found.start()
        named.setdefault(owner if is_in_a_note else -1, []).append(label(found[1]))
    first: dict[str, int] = {}
    for number, note in enumerate(notes):
        first.setdefault(label(note[1]), number)
    waiting, shown = [-1], set()
    while waiting:
        for key in named.get(waiting.pop(), ()):
            if key in first and first[key] not in shown:
                shown.add(first[key])
                waiting.append(first[key])
    return [note for number, note in enumerate(notes) if number not in shown]


def links_to_notes(plain: str) -> list[re.Match[str]]:
    """Find what refers to notes in a text without code: group 1 is the name."""
    return [found for found in _LINK_TO_NOTE.finditer(plain) if found[1]]


def note_keys(plain: str) -> set[str]:
    """Return the names of the notes of a text without code."""
    return {label(found[1]) for found in _NOTE.finditer(plain)}


def unused_definitions(text: str) -> Iterator[re.Match[str]]:
    """Find the addresses of a text without code that nothing refers to: group 1 is the name, group 2 the address.

    Such a line inside a paragraph is text.
    """
    definitions: list[re.Match[str]] = []
    for found in _DEFINITION.finditer(text):
        is_next = definitions and definitions[-1].end() == found.start()
        if is_next or _AFTER_BLANK_LINE.search(text, max(found.start() - 200, 0), found.start()):
            definitions.append(found)
    if definitions:
        own = {found.start(1) for found in definitions}
        used = {label(found[1]) for found in _REFERENCE.finditer(text) if found.start(1) not in own}
        yield from (found for found in definitions if label(found[1]) not in used)


def _unused_abbreviations(text: str) -> list[tuple[int, int]]:
    """Where it is said what words are short for that no page shows, or that a later line says again."""
    defined = [*_ABBREVIATION.finditer(text)]
    if not defined:
        return []
    last = {found[1]: found for found in defined}
    words = abbreviations_in({found[1]: found[2] for found in defined})
    spans = [Code(*found.span()) for found in defined]
    shown = _NO_WORDS.sub(" ", blanked(text, spans))
    used = {word[0] for word in words.finditer(shown)} if words else set()
    return [found.span() for found in defined if found[1] not in used or last[found[1]] is not found]


def label(name: str) -> str:
    """The name of a note or an address, as Markdown compares it."""
    return " ".join(name.casefold().split())


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    end = 0
    for start, stop in spans:
        pieces.append(text[end : max(start, end)])
        end = max(stop, end)
    return "".join([*pieces, text[end:]])
