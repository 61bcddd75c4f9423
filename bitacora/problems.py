"""What is wrong with a file, said so that an editor can mend it: what holds it back, and what does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class PostError(Exception):
    """One thing wrong in one file.

    `file` is the path relative to the site folder, `line` and `column` count from 1 in the whole file,
    `reason` says what is wrong and `remedy` what to write instead; both are sentences without markup.
    `withdrawn` is true when the file, broken as it is, still says plainly that it is a draft: then not even
    its last good version may be shown.
    """

    def __init__(
        self, file: str, line: int, column: int, reason: str, remedy: str, *, withdrawn: bool = False
    ) -> None:
        super().__init__(file, line, column, reason, remedy)
        self.file = file
        self.line = line
        self.column = column
        self.reason = _printable(reason)
        self.remedy = _printable(remedy)
        self.withdrawn = withdrawn

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.reason} {self.remedy}".rstrip()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PostError) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


class Mistake(NamedTuple):
    """A kind of harmless mistake: its name, and two sentences of the catalogs with placeholders."""

    rule: str
    reason: str
    remedy: str


class Remark(NamedTuple):
    """A value that cannot be meant, though nothing but itself depends on it: the post is published without it.

    `file`, `line` and `column` are as in a PostError, `key` is the key as it is written. `values` fill the
    placeholders of the mistake's sentences; `written`, what stands there, is always among them, and `allowed`
    where the choice is a list.
    """

    mistake: Mistake
    file: str
    line: int
    column: int
    key: str
    values: tuple[tuple[str, str], ...]

    @property
    def reason(self) -> str:
        """In English, as in logs."""
        return self.mistake.reason % dict(self.values)

    @property
    def remedy(self) -> str:
        return self.mistake.remedy % dict(self.values)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.reason} {self.remedy}"


def _printable(text: str) -> str:
    """Whatever an author wrote that found its way into a sentence: the sentence goes into logs and terminals."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


WITHHELD = "withheld"
"""The rule of a word that keeps a text from being seen by everybody."""


@dataclass(frozen=True)
class Finding:
    """One thing to tell: `severity` is "error" for what would be held back, "warning" for what is worth fixing,
    "note" for what may be meant; `rule` is its kind.
    """

    file: str
    line: int
    column: int
    severity: str
    reason: str
    remedy: str
    rule: str = ""

    def __str__(self) -> str:
        kind = "" if self.severity == "error" else f"{self.severity}: "
        line = f"{self.file}:{self.line}:{self.column}: {kind}{self.reason} {self.remedy}"
        return _printable(" ".join(line.split()))


def shown(text: str) -> str:
    """What an author wrote, as a piece of a one-line sentence: in double quotes, short, nothing invisible."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[:200]).split())
    return f'"{line[:57]}…"' if len(line) > 60 or len(text) > 200 else f'"{line}"'


def named(char: str) -> str:
    """A character that cannot be seen, or looks like another: its name and its number in Unicode."""
    return f"{unicodedata.name(char, 'a character without a name')} (U+{ord(char):04X})"


# What a keyboard, a word processor or a copied page puts in the place of a sign that means something.
_LOOKS_ALIKE = re.compile(
    "[\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\u3164\ufeff\uffa0"
    "\u2010-\u2015\u2212\u2018-\u201f\xb4\u2032\u2033\uff01-\uff5e\u037e\u0589\u02d0\ua789\u2236\ufe13\ufe55]"
)


def odd_characters(text: str) -> Iterator[str]:
    """Name each character of a line that looks right on a screen and is not what it looks like."""
    if not text.isascii():
        yield from dict.fromkeys(named(found[0]) for found in _LOOKS_ALIKE.finditer(text))
