"""Tables of Markdown as GFM reads them, in which a pipe in code or in a link by a name divides no cells.

https://github.github.com/gfm/#tables-extension-
"""

from __future__ import annotations

import re

from mistune import BlockParser, BlockState, Markdown

from bitacora.markdown.effort import spend

_PIECE = re.compile(r"(?:[^|\\]++|\\.|\\)*+")
_PIECE_WITH_CODE = re.compile(
    r"(?:[^|\\`\[]++|\\.|(`++)[^\n]{1,1000}?(?<!`)\1(?!`)|\[\[[^\[\]|\n]{1,200}\|[^\[\]|\n]{1,200}\]\]|`++|\[|\\)*"
)
_ALIGNMENT = re.compile(r"(:)?-+(:)?")
_ALIGNMENTS = {(True, True): "center", (True, False): "left", (False, True): "right"}


def read_tables(md: Markdown) -> None:
    """Let Markdown read tables, after mistune's own plugin, which loses a table by one row of another length."""
    md.block.register("table", None, _parse)
    md.block.register("nptable", None, _parse)


def _parse(_block: BlockParser, found: re.Match[str], state: BlockState) -> int | None:
    header = found[0].strip()
    has_pipes = header.startswith("|")
    pos = found.end()
    line = state.get_line(pos)
    begin = _begin(header, line.strip()) if "|" in line else None
    if begin is None:
        is_whole = has_pipes and header.endswith("|") and _is_row(line, has_pipes)
        return _as_paragraph(state, pos + len(line)) if is_whole else None
    head, aligns = begin
    pos += len(line)
    rows = []
    while pos < state.cursor_max and _is_row(line := state.get_line(pos), has_pipes):
        cells = _cells(line.strip(), len(aligns), has_pipes=has_pipes)
        rows.append({"type": "table_row", "children": _tokens(cells, aligns)})
        pos += len(line)
    children = [
        {"type": "table_head", "children": _tokens(head, aligns, head=True)},
        {"type": "table_body", "children": rows},
    ]
    state.append_token({"type": "table", "children": children})
    return pos


def _begin(header: str, line: str) -> tuple[list[str], list[str | None]] | None:
    """The headings of a table and how its columns lean, unless the two lines begin none."""
    for dashes in (_split(_inside(line)), _split(line)):
        found = [_ALIGNMENT.fullmatch(each) if each else None for each in dashes]
        if any(each and not match for each, match in zip(dashes, found, strict=True)):
            continue
        aligns = [_ALIGNMENTS.get((bool(each[1]), bool(each[2]))) if each else None for each in found]
        for head in (_split(_inside(header)), _split(header), _split(_inside(header), _PIECE_WITH_CODE)):
            if len(head) == len(aligns):
                return head, aligns
    return None


def _cells(line: str, columns: int, *, has_pipes: bool) -> list[str]:
    """As many cells as there are columns: empty ones are added, and the last one keeps what is too much."""
    inside = _inside(line)
    cells = _split(inside)
    if len(cells) == columns:
        return cells
    spend(1 + columns // 4 + line.count("`"))
    if not has_pipes and len(raw := _split(line)) == columns:
        return raw
    if len(cells) > columns:
        cells = _split(inside, _PIECE_WITH_CODE)
    if len(cells) > columns:
        cells[columns - 1 :] = [" \\| ".join(filter(None, cells[columns - 1 :]))]
    return cells + [""] * (columns - len(cells))


def _inside(line: str) -> str:
    """A row without the pipes at its ends."""
    line = line.removeprefix("|")
    is_escaped = (len(line) - len(line[:-1].rstrip("\\"))) % 2 == 0
    return line if is_escaped else line.removesuffix("|")


def _split(text: str, piece: re.Pattern[str] = _PIECE) -> list[str]:
    spend(text.count("|") // 4)
    cells = []
    at = 0
    while found := piece.match(text, at):
        cells.append(found[0].strip())
        if found.end() >= len(text):
            break
        at = found.end() + 1
    return cells


def _is_row(line: str, has_pipes: bool) -> bool:
    return line.lstrip(" \t").startswith("|") if has_pipes else "|" in line


def _as_paragraph(state: BlockState, pos: int) -> int:
    """What looks like a table and is none, at once: its rows would be tried one by one."""
    while pos < state.cursor_max and _is_row(line := state.get_line(pos), True):
        pos += len(line)
    state.add_paragraph(state.src[state.cursor : pos])
    return pos


def _tokens(cells: list[str], aligns: list[str | None], *, head: bool = False) -> list[dict[str, object]]:
    return [
        {"type": "table_cell", "text": text, "attrs": {"align": align, "head": head}}
        for text, align in zip(cells, aligns, strict=True)
    ]
