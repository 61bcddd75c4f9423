"""Text as readers see it: one line of it, its characters, its beginning."""

from __future__ import annotations

import regex

CLUSTER = regex.compile(r"\X")
"""What a reader sees as one character: an extended grapheme cluster of Unicode Annex 29."""
_FORBIDDEN = regex.compile(
    r"[[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Noncharacter_Code_Point}\uFEFF]--[\t\n\v\f\r\x85]]", regex.VERSION1
)


def clean(text: str) -> str:
    """One line of text without control characters, bidi controls, lone surrogates and byte order marks.

    A title that carries U+202E would turn round whatever a network writes beside it.
    """
    return " ".join(_FORBIDDEN.sub("", text).split())


def graphemes(text: str) -> int:
    """How many characters a reader sees: extended grapheme clusters of Unicode Annex 29."""
    return sum(1 for _ in CLUSTER.finditer(text))


def first_graphemes(text: str, count: int) -> str:
    end = 0
    for number, found in enumerate(CLUSTER.finditer(text)):
        if number == count:
            break
        end = found.end()
    return text[:end]


def first_bytes(text: str, count: int) -> str:
    end = used = 0
    for found in CLUSTER.finditer(text):
        used += len(found[0].encode("utf-8", "replace"))
        if used > count:
            break
        end = found.end()
    return text[:end]
