"""Formulas in TeX: kept from Markdown and from all that comes before it, so that a page has them as written."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from bitacora.markdown.comments import blanked, code_in
from bitacora.markdown.effort import spend

Token = dict[str, Any]

_LONGEST = 10_000
"""Characters of one formula."""
_OPENING = re.compile(
    r"\\begin\{([A-Za-z]{1,30}\*?)\}|(?<!\\)(?:\\\\)*+(\\[\[(])|(?<![\\$])(\$\$)(?!\$)|(?<![\\$\w])\$(?=[^\s$])"
)
_CLOSINGS = {"\\[": "\\]", "\\(": "\\)", "$$": "$$"}
_REST_IN_DOLLARS = re.compile(r"(?:[^$\\\n]|\\.|\\?\n)+?(?<!\s)\$(?![\d$])")
_BLANK_LINE = re.compile(r"\n[ \t>]*\n")
_BEGINNING_OF_LINE = re.compile(r"[ \t>]*")
_RESERVED = re.compile("[\ufdd0-\ufddf]")
_STAND_IN = re.compile("\ufdd0([0-9]+)\ufdd1")
_STAND_IN_OF_AN_ADDRESS = re.compile("%EF%B7%90([0-9]+)%EF%B7%91")


class Formulas:
    """The formulas of one body, hidden from its parser line by line: `text` has a stand-in for each line."""

    def __init__(self, text: str) -> None:
        self._lines: list[str] = []
        self._plain: list[str] = []
        pieces: list[str] = []
        end = 0
        text = _RESERVED.sub("\ufffd", text)
        for start, stop in _places(text):
            pieces += (text[end:start], self._hide(text[start:stop]))
            end = stop
        self.text = "".join([*pieces, text[end:]])

    def show(self, tokens: list[Token]) -> list[Token]:
        """Return tokens with formulas as tokens of their own within text, and as written anywhere else."""
        return [shown for token in tokens for shown in self._shown(token)] if self._lines else tokens

    def written(self, text: str) -> str:
        """Return a text with its formulas as they were written."""
        return _STAND_IN.sub(lambda found: self._line(found[1]), text) if "\ufdd0" in text else text

    def _hide(self, formula: str) -> str:
        hidden: list[str] = []
        plain = as_text(formula)
        for number, line in enumerate(formula.split("\n")):
            start = _BEGINNING_OF_LINE.match(line).end() if number else 0  # type: ignore[union-attr]
            hidden.append(f"{line[:start]}\ufdd0{len(self._lines)}\ufdd1")
            self._lines.append(line[start:])
            self._plain.append("" if number else plain)
        return "\n".join(hidden)

    def _line(self, number: str) -> str:
        return self._lines[int(number)] if len(number) < 9 and int(number) < len(self._lines) else ""

    def _shown(self, token: Token) -> list[Token]:
        if token["type"] == "text":
            return self._parts(token["raw"]) if "\ufdd0" in token["raw"] else [token]
        return [{key: self._value(value) for key, value in token.items()}]

    def _parts(self, raw: str) -> list[Token]:
        parts: list[Token] = []
        end = 0
        for found in _STAND_IN.finditer(raw):
            if found.start() > end:
                parts.append({"type": "text", "raw": raw[end : found.start()]})
            plain = self._plain[int(found[1])]
            parts.append({"type": "formula", "raw": self._line(found[1]), "plain": plain})
            end = found.end()
        return [*parts, {"type": "text", "raw": raw[end:]}] if end < len(raw) else parts

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return _STAND_IN_OF_AN_ADDRESS.sub(lambda found: self._line(found[1]), self.written(value))
        if isinstance(value, list):
            return self.show(value)
        if isinstance(value, dict):
            return {key: self._value(one) for key, one in value.items()}
        return value


def without_formulas(text: str) -> str:
    """Return a text with a letter for each sign of its formulas, so that each place in it stays where it is."""
    for start, end in reversed(_places(text)):
        text = text[:start] + re.sub(r"[^\n]", "x", text[start:end]) + text[end:]
    return text


def _places(text: str) -> list[tuple[int, int]]:
    """Where formulas stand, outside code; none holds a blank line. Each mark that may open one is a step."""
    if "$" not in text and "\\" not in text:
        return []
    source = blanked(text, code_in(text))
    places: list[tuple[int, int]] = []
    blank = end = 0
    for found in _OPENING.finditer(source):
        start = found.start(2) if found[2] else found.start()
        if start < end:
            continue
        spend()
        if blank <= start:
            following = _BLANK_LINE.search(source, start)
            blank = following.start() + 1 if following else len(source) + 1
        limit = min(blank, found.end() + _LONGEST)
        if sign := found[2] or found[3] or found[1]:
            closing = _CLOSINGS.get(sign, f"\\end{{{sign}}}")
            stop = source.find(closing, found.end(), limit)
            end = stop + len(closing) if stop > found.end() else end
        elif rest := _REST_IN_DOLLARS.match(source, found.end(), limit):
            end = rest.end()
        if end > start:
            places.append((start, end))
    return places


# --- as words, where nothing draws them

_COMMAND = re.compile(r"\\([A-Za-z]+)\*?|\\(.)|([{}~$])", re.DOTALL)
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]{1,99})\}\{([^{}]{1,99})\}")
_SIGNS = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠",
    "neq": "≠", "approx": "≈", "equiv": "≡", "infty": "∞", "to": "→", "rightarrow": "→", "Rightarrow": "⇒",
    "in": "∈",
    "notin": "∉", "subset": "⊂", "cup": "∪", "cap": "∩", "forall": "∀", "exists": "∃", "sum": "∑", "prod": "∏",
    "int": "∫", "sqrt": "√", "partial": "∂", "nabla": "∇", "ldots": "…", "dots": "…", "cdots": "…", "sim": "∼",
    "mid": "|", "quad": " ", "qquad": " ", "degree": "°", "circ": "°", "emptyset": "∅", "neg": "¬",
    "land": "∧", "lor": "∨",
}  # fmt: skip


def as_text(formula: str) -> str:
    """Return a formula within a line as a reader would say it, for summaries; nothing of a block."""
    if formula.startswith(("$$", "\\[", "\\begin")):
        return ""
    inside = formula[2:-2] if formula.startswith("\\(") else formula[1:-1]
    return " ".join(_COMMAND.sub(_said, _FRACTION.sub(r"\1/\2", inside)).split())


def _said(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2] if found[2] and found[2] in "{}%&#_$|" else " " if found[2] or found[3] == "~" else ""
    name = found[1]
    if name in _SIGNS:
        return _SIGNS[name]
    case = "CAPITAL" if name[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {name.removeprefix('var').upper()}")
    except KeyError:
        return "" if name in _UNSAID else name


_UNSAID = {
    "left",
    "right",
    "mathrm",
    "mathbf",
    "mathit",
    "mathcal",
    "mathbb",
    "text",
    "textbf",
    "operatorname",
    "displaystyle",
    "big",
    "Big",
}
