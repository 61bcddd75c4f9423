"""Syntax of other tools that is no Markdown: notices between colons or below exclamation marks, MDX, WordPress."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bitacora.markdown.comments import Code, code_in
from bitacora.markdown.text import ELEMENTS

CALLOUTS = {
    "note": "note", "abstract": "note", "summary": "note", "tldr": "note", "info": "note", "todo": "note",
    "question": "note", "help": "note", "faq": "note", "example": "note", "quote": "note", "cite": "note",
    "seealso": "note", "secondary": "note", "details": "note", "notice": "note",
    "spoiler": "note", "collapse": "note",
    "tip": "tip", "hint": "tip", "success": "tip", "check": "tip", "done": "tip",
    "important": "important",
    "warning": "warning", "attention": "warning", "failure": "warning", "fail": "warning", "missing": "warning",
    "caution": "caution", "danger": "caution", "error": "caution", "bug": "caution",
}  # fmt: skip
"""What tools call their notices, and which of ours they are."""

_FOLDED = ("details", "spoiler", "collapse")
"""Those between colons that are closed at first: VitePress, HedgeDoc."""

CALLOUT_CLASSES = {
    f"{before}{name}": CALLOUTS[name]
    for before in ("", "prompt-", "notice--", "callout-", "admonition-")
    for name in ("note", "info", "tip", "success", "important", "warning", "attention", "caution", "danger")
}
"""Classes that themes of Jekyll make notices of, by attribute lists."""

_COLONS = re.compile(r" {0,3}(:{3,}+)[ \t]*+(?:\{[ \t]*+)?\.?([A-Za-z][\w-]{0,40}+)?([^\n]{0,300})")
_TITLE = re.compile(r"""\[([^\[\]\n]*+)\]|\btitle[ \t]*+=[ \t]*+(?:"([^"\n]*)"|'([^'\n]*)')""")
_BANGS = re.compile(
    r" {0,3}(!!!|\?\?\?\+?)[ \t]++([A-Za-z][\w-]{0,40}+)(?:[ \t]++[a-z]{1,20}+)*+"
    r"(?:[ \t]++\"([^\"\n]{0,300})\")?[ \t\r]*+"
)
_INDENT = re.compile(r" {4}|\t")
_MOST_NESTED = 5
_MODULE = re.compile(
    r"""(?m)^import[ \t]++(?:[\w*$ \t,]{0,200}(?:\{[^{}]{0,500}\})?[ \t]*from[ \t]++)?"""
    r"""(["'])[^"'\n]{1,300}\1;?[ \t\r]*+$"""
    r"""|^export[ \t]++(?:default[ \t]++(?:function\b|class\b|[\w$]{0,60}[({])"""
    r"""|(?:const|let|var)[ \t]++[\w${[][^\n=]{0,200}=|(?:async[ \t]++)?function\b"""
    r"""|class[ \t]++\w++[ \t]*+(?:extends\b|\{))"""
    r"""[^\n]*+(?:\n(?![ \t\r]*+(?:\n|\Z))[^\n]++)*+"""
)
_COMPONENT = re.compile(
    r"(?<!\]\()(?<!\]:)(?<!\]: )"  # the address of a link may stand in angle brackets
    r"<(/?)([A-Z][A-Za-z0-9]{0,60}+(?:\.[A-Za-z0-9]{1,60}+)*+)((?:\s[^<>]{0,1000}?)?)(/?)>"
)
_CONTENTS = re.compile(r"(?mi)^ {0,3}(?:\[toc\]|\[\[_?toc_?\]\])(?=[ \t\r]*+$)")
_SHORTCODE = re.compile(
    r"\[(?:/(?:caption|wp_caption|embed|audio|video|playlist|gallery)|gallery|playlist|embed"
    r"|(?:caption|wp_caption|embed|audio|video|playlist|gallery)[ \t]++[\w-]{1,40}+=[^\]\n]{0,500}+)\](?![(\[:])"
)


def expand_callouts(text: str) -> str:
    """Return a body in which the notices of other tools are those of Obsidian and GitHub; code stays as it is.

    `:::note Title` until `:::`, and `!!! note "Title"` with what is indented below; `???` is one that folds.
    """
    if "!!! " in text or "???" in text:
        text = "\n".join(_below_bangs(text.split("\n"), _MOST_NESTED))
    return "\n".join(_between_colons(text)) if ":::" in text else text


def open_notices(text: str) -> Iterator[int]:
    """Yield where a notice between colons begins that never ends."""
    if ":::" not in text:
        return
    lines = text.split("\n")
    fences = _fences(text, lines)
    pairs = _pairs(fences)
    place = 0
    for number, (line, fence) in enumerate(zip(lines, fences, strict=True)):
        if fence and fence[2] and number not in pairs:
            yield place
        place += len(line) + 1


def lost_titles(text: str) -> Iterator[tuple[int, str]]:
    """Yield where containers between colons begin of which only what they hold is shown, and their titles."""
    if ":::" not in text:
        return
    lines = text.split("\n")
    fences = _fences(text, lines)
    pairs = _pairs(fences)
    place = 0
    for number, (line, fence) in enumerate(zip(lines, fences, strict=True)):
        if fence and number in pairs and fence[2].lower().removeprefix("callout-") not in CALLOUTS:
            title = _title(fence[3]) if fence[3][:1] in " \t[{" else ""
            if title:
                yield place, title
        place += len(line) + 1


def without_programs(text: str, *, components: bool = True) -> str:
    """Return a body without what is meant for programs.

    These are modules and components of MDX, shortcodes of WordPress, and marks of a table of contents.
    """
    pieces: list[str] = []
    end = 0
    for part in programs_in(text, components=components):
        pieces.append(text[end : part.start()])
        end = part.end()
    return "".join([*pieces, text[end:]]) if end else text


def programs_in(text: str, *, components: bool = True) -> Iterator[re.Match[str]]:
    """Yield what `without_programs` leaves out, in its order."""
    found = [
        *(_MODULE.finditer(text) if "import" in text or "export" in text else ()),
        *(_SHORTCODE.finditer(text) if "[" in text else ()),
        *(_CONTENTS.finditer(text) if "[" in text else ()),
        *(_components(text) if components and "<" in text else ()),
    ]
    if not found:
        return
    code = iter([*code_in(text), Code(len(text), len(text) + 1)])
    block = next(code)
    end = 0
    for part in sorted(found, key=lambda one: one.start()):
        while block.end <= part.start():
            block = next(code)
        if part.start() >= end and part.end() <= block.start:
            end = part.end()
            yield part


def _components(text: str) -> Iterator[re.Match[str]]:
    """Tags with capitals that can be no words in angle brackets: that have values, or are ended."""
    tags = [tag for tag in _COMPONENT.finditer(text) if tag[2].lower() not in ELEMENTS]
    sure = {tag[2] for tag in tags if tag[1] or tag[4] or "=" in tag[3]}
    return (tag for tag in tags if tag[2] in sure)


# --- notices, line by line


def _lines_of_code(text: str) -> set[int]:
    """The numbers, from 0, of the lines that are code as a whole."""
    found: set[int] = set()
    line = end = 0
    for start, stop in code_in(text):
        line += text.count("\n", end, start)
        after = line + text.count("\n", start, stop)
        if stop == len(text) or text[stop - 1] == "\n":
            found.update(range(line, after + (text[stop - 1] != "\n")))
        line, end = after, stop
    return found


def _below_bangs(lines: Sequence[str], depth: int) -> Iterator[str]:
    code = _lines_of_code("\n".join(lines))
    number = 0
    while number < len(lines):
        opening = _BANGS.fullmatch(lines[number]) if depth and number not in code else None
        end = _end_of_indented(lines, number + 1) if opening else 0
        if opening is None or end == number + 1:
            yield lines[number]
            number += 1
            continue
        folds = {"???": "-", "???+": "+"}.get(opening[1], "")
        yield from ("", f"> [!{opening[2]}]{folds} {opening[3] or ''}".rstrip())
        inside = [
            _INDENT.sub("", line, count=1) if _INDENT.match(line) else line for line in lines[number + 1 : end]
        ]
        yield from (f"> {line}".rstrip() for line in _below_bangs(inside, depth - 1))
        yield ""
        number = end


def _end_of_indented(lines: Sequence[str], number: int) -> int:
    """The number of the line behind those that are indented, with the blank ones between them."""
    end = number
    for line in lines[number:]:
        number += 1
        if line.strip():
            if not _INDENT.match(line):
                break
            end = number
    return end


def _between_colons(text: str) -> Iterator[str]:
    lines = text.split("\n")
    fences = _fences(text, lines)
    pairs = _pairs(fences)
    ends = set(pairs.values())
    quoted: list[str] = [""]
    for number, (line, fence) in enumerate(zip(lines, fences, strict=True)):
        if fence and number in pairs:
            name = fence[2].lower().removeprefix("callout-")
            yield quoted[-1].rstrip()
            if name in CALLOUTS:
                kind, folds = ("note", "-") if name in _FOLDED else (name, "")
                yield f"{quoted[-1]}> [!{kind}]{folds} {_title(fence[3])}".rstrip()
            quoted.append(quoted[-1] + "> " * (name in CALLOUTS))
        elif number in ends:
            quoted.pop()
            yield quoted[-1].rstrip()
        else:
            yield quoted[-1] + line


def _fences(text: str, lines: Sequence[str]) -> list[re.Match[str] | None]:
    code = _lines_of_code(text)
    return [None if number in code else _COLONS.fullmatch(line) for number, line in enumerate(lines)]


def _pairs(fences: Sequence[re.Match[str] | None]) -> dict[int, int]:
    """The lines that begin a notice, and where each ends; one that never ends is text."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for number, fence in enumerate(fences):
        if fence and fence[2]:
            if len(opened) < _MOST_NESTED:
                opened.append(number)
        elif fence and opened and not fence[3].strip():
            pairs[opened.pop()] = number
    return pairs


def _title(rest: str) -> str:
    if found := _TITLE.search(rest):
        return (found[1] or found[2] or found[3] or "").strip()
    return "" if "{" in rest or "}" in rest else rest.strip()
