"""A title in lines: as large as it fits, in even lines, and cut with … when the smallest size has no room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from math import inf

import regex

from bitacora.share import fonts
from bitacora.share.fonts import Ink

LEADING = 1.16
"""Distance of two baselines, in sizes."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that fit together, and the ink, with its size, to write them in."""

    lines: tuple[str, ...]
    ink: Ink

    @property
    def leading(self) -> int:
        """Distance of two baselines in pixels."""
        return round(self.ink.size * LEADING)

    @property
    def height(self) -> int:
        """Of all lines in pixels."""
        return self.leading * len(self.lines)


@dataclass(frozen=True, slots=True)
class Frame:
    """Room in pixels, and the sizes to try, largest first, each with the most lines that look well in it."""

    width: int
    height: int
    sizes: tuple[tuple[int, int], ...]


def set_block(text: str, ink: Ink, frame: Frame) -> Block:
    """`text`, with single spaces, in the first of the frame's sizes in which it fits; cut with … at the last.

    Lines break at spaces, after hyphens, between Chinese characters, and inside a word that fits at no size.
    """
    measure = _Measure(replace(ink, size=_REFERENCE))
    pieces = measure.pieces("".join(fonts.clusters(text[: 4 * _MOST_CLUSTERS])[:_MOST_CLUSTERS]))
    if len(text) > 4 * _MOST_CLUSTERS:
        pieces += measure.pieces("…")
    whole = ((size, _fitted(pieces, size, most, frame)) for size, most in frame.sizes)
    broken = (
        (size, _fitted(measure.broken(pieces, _room(size, frame)), size, most, frame))
        for size, most in frame.sizes
    )
    for size, lines in chain(whole, broken):
        if lines or not pieces:
            return Block(lines, replace(ink, size=size))
    return Block(_cut(measure, pieces, frame), replace(ink, size=frame.sizes[-1][0]))


_REFERENCE = 100
_MOST_CLUSTERS = 500
_OPENING = r"(\[{«“‘（「『《〈【〔"
_CLOSING = r")\]}»”’,.;:!?…、。，．；：！？）」』》〉】〕・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_EAST = r"\p{Han}\p{Hiragana}\p{Katakana}"
_GLUED = regex.compile(r" (?=[–—?!:;»]+(?: |$))|(?<=«) ")
"""The spaces at which no line ends: before a dash, and those of French punctuation."""
_PIECE = regex.compile(
    rf"[{_OPENING}]*[{_EAST}]\p{{M}}*[{_CLOSING}]*"
    rf"|(?:(?![{_OPENING}]*[{_EAST}]).)+?(?:(?<=\p{{L}})[-‐–—/]+(?=\p{{L}})|(?=[{_OPENING}]*[{_EAST}])|$)"
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What no line break divides. `space` is the width of the space before it, 0 if there is none."""

    text: str
    width: float
    space: float


class _Measure:
    """Widths at a reference size, from which those of every size follow."""

    def __init__(self, ink: Ink) -> None:
        self.ink = ink
        self.width = lru_cache(maxsize=None)(lambda text: fonts.width(text, ink))
        self.space = self.width(" ")

    def pieces(self, text: str) -> list[_Piece]:
        return [
            _Piece(part, self.width(part), 0 if number else self.space)
            for word in _GLUED.sub("\u00a0", text).split(" ")
            for number, part in enumerate(_PIECE.findall(word))
        ]

    def broken(self, pieces: Iterable[_Piece], room: float) -> list[_Piece]:
        """Pieces wider than a line in parts that are not."""
        return [
            part for piece in pieces for part in (self._parts(piece, room) if piece.width > room else (piece,))
        ]

    def _parts(self, piece: _Piece, room: float) -> list[_Piece]:
        parts: list[_Piece] = []
        for cluster in fonts.clusters(piece.text):
            wide = self.width(cluster)
            if parts and parts[-1].width + wide <= room:
                parts[-1] = replace(parts[-1], text=parts[-1].text + cluster, width=parts[-1].width + wide)
            else:
                parts.append(_Piece(cluster, wide, 0 if parts else piece.space))
        return parts


def _room(size: int, frame: Frame) -> float:
    return frame.width * _REFERENCE / size


def _most_lines(size: int, most: int, frame: Frame) -> int:
    return max(1, min(most, frame.height // round(size * LEADING)))


def _fitted(pieces: Sequence[_Piece], size: int, most: int, frame: Frame) -> tuple[str, ...]:
    """Even lines, or none if the pieces do not fit."""
    room = _room(size, frame)
    count = len(_filled(pieces, room))
    if count > _most_lines(size, most, frame) or any(piece.width > room for piece in pieces):
        return ()
    return tuple(_text(line) for line in _balanced(pieces, room, count))


def _filled(pieces: Sequence[_Piece], room: float) -> list[list[_Piece]]:
    """Each line as full as it can be: the fewest lines."""
    lines: list[list[_Piece]] = []
    used = inf
    for piece in pieces:
        if used + piece.space + piece.width > room:
            lines.append([])
            used = -piece.space
        lines[-1].append(piece)
        used += piece.space + piece.width
    return lines


def _balanced(pieces: Sequence[_Piece], room: float, count: int) -> list[Sequence[_Piece]]:
    """`count` lines with the least sum of squared gaps at their ends, as in Knuth and Plass."""
    best: list[list[tuple[float, int]]] = [[(0.0, 0)] + [(inf, 0)] * len(pieces)]
    for _ in range(count):
        best.append(
            [min(_endings(pieces, room, best[-1], end), default=(inf, 0)) for end in range(len(pieces) + 1)]
        )
    lines: list[Sequence[_Piece]] = []
    end = len(pieces)
    for row in reversed(best[1:]):
        start = row[end][1]
        lines.insert(0, pieces[start:end])
        end = start
    return lines


def _endings(
    pieces: Sequence[_Piece], room: float, before: Sequence[tuple[float, int]], end: int
) -> Iterable[tuple[float, int]]:
    used = 0.0
    for start in range(end - 1, -1, -1):
        used += pieces[start].width
        if used > room:
            return
        if before[start][0] < inf:
            yield before[start][0] + (room - used) ** 2, start
        used += pieces[start].space


def _cut(measure: _Measure, pieces: Sequence[_Piece], frame: Frame) -> tuple[str, ...]:
    size, most = frame.sizes[-1]
    room = _room(size, frame)
    lines = _filled(measure.broken(pieces, room), room)[: _most_lines(size, most, frame)]
    last = list(lines[-1])
    while len(last) > 1 and fonts.width(f"{_text(last)}…", measure.ink) > room:
        last.pop()
    return (*(_text(line) for line in lines[:-1]), f"{_text(last).rstrip(_TRAILING)}…")


_TRAILING = " ,.;:!?…-–—、。，；："


def _text(line: Sequence[_Piece]) -> str:
    return "".join(f" {piece.text}" if piece.space else piece.text for piece in line).strip()
