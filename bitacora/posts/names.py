"""Names of files: which look the same on a screen, and which are those of copies that programs make."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

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


class Copy(NamedTuple):
    """What the name of a copy says: the paths, as they look, that it may be a copy of, the nearest first.

    `is_certain` where a name like that is hardly a person's; else it is one only beside its original.
    """

    originals: tuple[str, ...]
    is_certain: bool


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


# --- copies

_WORDS = alike(
    "copy|copia|còpia|cópia|copie|kopie|kopia|kopi|kopio|kópia|kopija|kopya|kopyası|másolat|másolata|копия|копія|"
    "копие|αντίγραφο|salinan|복사본"
)
"""What Finder, Explorer, Nautilus, Dolphin, Thunar and editors call a copy, each in the language of its user."""
_ABROAD = alike("Копия|Копія|Копие|Αντίγραφο")
"""Capitals look like other letters than small ones do."""
_CJK = "コピー|副本|拷贝|拷貝|複製|복사본"
_ANOTHER = r"another|otra|una altra|altra|outra|autre|weitere|beste|\d{1,3}(?:st|nd|rd|th|.{0,2})"
_CONFLICT = alike("confli[ck]?t|konflikt|ristiriita|конфликт|конфлікт|競合|冲突|衝突")
_KINDS = "case|unicode encoding|selective sync|white ?space|view-only|read-only"
_CERTAIN = tuple(
    re.compile(f"(?P<name>.+?){tail}", re.IGNORECASE | re.DOTALL)
    for tail in (
        # Finder "acta copia 2", Explorer "acta - copia (2)"
        rf"(?: -)? (?:{_WORDS})(?: \d{{1,3}}| \(\d{{1,3}}\))?",
        rf" ?-? ?(?:の|的)?(?:{_CJK}) ?(?:\d{{1,3}}|\(\d{{1,3}}\))?",
        # Nautilus "acta (otra copia)", "acta (copia 2)", "acta (3ª copia)"
        rf" ?\((?:(?:{_ANOTHER}) )?(?:{_WORDS})(?: \d{{1,3}}| bat)?\)",
        # Dropbox "acta (Ana's conflicted copy 2026-11-30)", Nextcloud, Seafile, Obsidian, Unison, in any language
        rf" ?[(\[](?=[^()\[\]]*(?:{_CONFLICT}))(?=[^()\[\]]*(?:{_WORDS}|\d{{4}}))[^\[\]]*[)\]](?:[ -]?\d{{1,3}})?",
        rf" ?(?:\[(?:{_CONFLICT})\w*\]|\((?:{_KINDS}) conflicts?(?: \d{{1,3}})?\))",
        r" ?\(case clash from [^()]*\)",
        # Syncthing, ownCloud, FolderSync; Resilio and rclone; git-annex
        r"\.sync-conflict-\d{8}-\d{6}(?:-\w{7})?",
        r"[-_.]conflict[-_]\d[-_\d]{5,}",
        r"\.conflict\d{0,3}",
        r"\.variant-[0-9a-f]{2,}",
        # Google Drive and Windows abroad "Копия acta"; Dropbox in Unicode, Word and LibreOffice
        r" ?\(# name clash [^()]*\)",
        r" ?\((?:autosaved|recovered|automatisch gespeichert|autoguardado|recuperado|récupéré)\)",
        # Synology "acta_Ana-PC_Nov-30-1010-2026_Conflict"
        r"_[^_]+_[a-z]{3}-\d\d-\d{4,6}-\d{4}_[a-z]*Conflict(?:_\d+)?",
    )
)
_OLD = (
    "orig|bak|backup|old|viejo|vieja|antiguo|antigua|respaldo|antigo|antiga|velho|ancien|sauvegarde"
    "|sicherung|vecchio"
)
"""What people call what they keep beside a file before they change it."""
_POSSIBLE = (
    # iCloud "acta 2", Obsidian "acta 1", Google Drive and browsers "acta (1)"
    re.compile(r"(?P<name>.+?)(?: [1-9]\d?| ?\(\d{1,3}\)| ?\[\d{1,3}\])", re.DOTALL),
    re.compile(rf"(?P<name>.+?)[-_](?:{_WORDS})(?:[-_ ]?\d{{1,3}})?", re.IGNORECASE | re.DOTALL),
    re.compile(
        rf"(?:{_WORDS})(?: ?\(\d{{1,3}}\))? (?:of|de|di|do|da|von|van|av|af) (?P<name>.+)",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(rf"(?:{_WORDS}|{_ABROAD}) (?P<name>.+)", re.IGNORECASE | re.DOTALL),
    re.compile(r"(?P<name>.+?)-(?:i?Mac|MacBook)(?: (?:Pro|Air|mini|Studio))?(?:-\d)?", re.DOTALL),
    # what people and programs keep beside a file
    re.compile(
        rf"(?P<name>.+?)(?:[._-](?:{_OLD})| ?\((?:{_OLD}|original)\)|\.md)",
        re.IGNORECASE | re.DOTALL,
    ),
    # git mergetool, while somebody resolves a conflict
    re.compile(r"(?P<name>.+?)[_.](?:BACKUP|BASE|LOCAL|REMOTE)[_.]\d+", re.DOTALL),
    # OneDrive adds the name of the computer: "acta-DESKTOP-AB12CD3"
    re.compile(
        r"(?P<name>.+?)-(?![A-Z]{2}-[A-Z]{2}$)(?=[A-Z0-9-]*[A-Z])[A-Z0-9][A-Z0-9-]{2,13}[A-Z0-9](?:-\d)?",
        re.DOTALL,
    ),
)
_MAY_BE_MARKED = re.compile(
    r"[ (\[\xa0\u2000-\u200a\u202f]|-[0-9]*[A-Z][A-Z0-9-]{2}|-Mac[Bb]ook|[Cc]onflict|\.variant-|[-_][CcKk][oóò]p"
    rf"|[_.](?:BA|LO|RE)|[._-](?:(?i:{_OLD})|md)\.|コピ|[副拷複복]"
)
"""What is in each name with a mark."""
_PLAIN = re.compile(r"[a-z0-9/-]+\.md")
"""What most names are like."""
_MARKED_ENDS = (*(f"-{word}.md" for word in _OLD.split("|")), "-md.md")
_LAST = frozenset("0123456789)]ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_OTHERS = alike(f"confli|konfli|ristiriita|конфл|競合|冲突|衝突|variant|mac|.md|{_OLD}")
_TELLING = tuple(
    sorted({word for words in (_WORDS, _ABROAD, _CJK, _OTHERS) for word in words.casefold().split("|")})
)
"""A marked name has one of these in it, or one of `_LAST` at its end."""
_MOST_MARKS = 8


def copied(path: str) -> Copy | None:
    """Return what the name of a file, or of a folder above it, says of what it is a copy of; None for most."""
    if _PLAIN.fullmatch(path) and not ("-cop" in path or "-kop" in path or "conflict" in path):
        if not path.endswith(_MARKED_ENDS):
            return None
    elif not _MAY_BE_MARKED.search(path):
        return None
    top, *folders, name = alike(path).split("/")
    stem, dot, ending = name.rpartition(".")
    parts, originals, is_certain = [*folders, stem], list[str](), False
    for place in reversed(range(len(parts))):
        while len(originals) < _MOST_MARKS and (found := _unmarked(parts[place])):
            parts[place], certain = found
            is_certain |= certain
            originals.append("/".join([top, *parts]) + dot + ending)
    return Copy(tuple(originals), is_certain) if originals else None


def _unmarked(name: str) -> tuple[str, bool] | None:
    """A name without one mark, and whether that was certainly one."""
    told = name.casefold()
    if name[-1:] not in _LAST and not any(map(told.__contains__, _TELLING)):
        return None
    for patterns, is_certain in ((_CERTAIN, True), (_POSSIBLE, False)):
        for pattern in patterns:
            if (found := pattern.fullmatch(name)) and not found["name"].isspace():
                return found["name"], is_certain
    return None
