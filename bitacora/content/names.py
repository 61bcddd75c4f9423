"""Names of files: which look the same on a screen."""

from __future__ import annotations

import unicodedata

_INVISIBLE = (
    0xAD,
    0x34F,
    0x61C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
)
_VARIATIONS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_LOOKS: dict[int, str | int] = {
    **dict.fromkeys((*_INVISIBLE, *_VARIATIONS), ""),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63), "-"),
    **dict.fromkeys(map(ord, "‘’‚‛′´ʹʻʼ"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″"), '"'),
    **dict(zip(map(ord, "…ﬀﬁﬂﬃﬄ"), ("...", "ff", "fi", "fl", "ffi", "ffl"), strict=True)),
    # Letters of Cyrillic and Greek that are drawn like Latin ones: https://www.unicode.org/reports/tr39/
    **str.maketrans("АВЕЅІЈКМНОРСТХаеѕіјорсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTXaesijopcyxhdqwABEZHIKMNOPTYXo"),
}


def alike(name: str) -> str:
    """Return what a name or path looks like: whatever gives the same cannot be told apart on a screen.

    Composed and decomposed letters, spaces and dashes of any kind, straight and curly quotes, letters of Cyrillic
    and Greek that look Latin, and characters that cannot be seen. Case counts.
    """
    if name.isascii():
        return name
    return composed(composed(name).translate(_LOOKS))


def what_differs(wanted: str, there: str) -> str:
    """Return how a name that was meant differs from one that is there, as a clause; empty where it does not."""
    if wanted == there:
        return ""
    if composed(wanted) == composed(there):
        return "in one the accents are characters of their own"
    if alike(wanted) != alike(there):
        return "capitals and small letters are not the same" if wanted.lower() == there.lower() else ""
    ours, theirs = composed(wanted), composed(there)
    place = next(
        (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
    )
    here, found = (_named(name[place : place + 1]) for name in (ours, theirs))
    return f"they look the same, but where one has {here} the other has {found}"


def composed(name: str) -> str:
    """Return a name in NFC, as keyboards write it; macOS may keep it decomposed."""
    return unicodedata.normalize("NFC", name)


def _named(char: str) -> str:
    return f"{unicodedata.name(char, 'an unnamed character')} (U+{ord(char):04X})" if char else "nothing"
