"""Charts as SVG that a person can read, light or dark as readers like it; the same figures are the same bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

Place = Callable[[float], float]  # from a value to where its bar ends

_WIDTH = 760
_BARS_X, _BARS_END = 320, 660
_ROW, _TOP = 30, 54
_PANEL_W, _PANEL_H, _PANELS_A_ROW = 236, 84, 3
_STYLE = """\
<style>
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
  .paper { fill: #fff; } text { fill: #1f2328; } .faint { fill: #59636e; }
  .own { fill: #0969da; } .other { fill: #8c959f; } .line { stroke: #0969da; fill: none; stroke-width: 2; }
  .asked { stroke: #1f2328; stroke-width: 2; stroke-dasharray: 4 3; } .zero { stroke: #8c959f; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } text { fill: #f0f6fc; } .faint { fill: #9198a1; }
    .own { fill: #4493f8; } .other { fill: #656c76; } .line { stroke: #4493f8; }
    .asked { stroke: #f0f6fc; } .zero { stroke: #656c76; }
  }
</style>"""


class Bar(NamedTuple):
    """`text` is the value as it is written; `own` are ours; `asked` is what was asked of the value."""

    name: str
    value: float
    text: str
    own: bool = False
    asked: float | None = None


class Panel(NamedTuple):
    """One figure run after run; `text` is its newest value as it is written, `asked_text` what was asked of it."""

    name: str
    values: Sequence[float]
    text: str
    asked: float
    asked_text: str


def bars(title: str, told: str, rows: Sequence[Bar], *, logarithmic: bool = False) -> str:
    """A bar for each row, its value beside it, and a line across it where something was asked of it."""
    ends = [value for row in rows for value in (row.value, row.asked) if value]
    place = _logarithmic(min(ends), max(ends)) if logarithmic else _linear(max(ends))
    drawn = [line for number, row in enumerate(rows) for line in _bar(row, _TOP + number * _ROW, place)]
    height = _TOP + len(rows) * _ROW + 34
    legend = "blue: ours · dashed: asked" + (" · each step to the right is a multiple" if logarithmic else "")
    drawn.append(f'<text class="faint" x="16" y="{height - 12}">{legend}</text>')
    spoken = "; ".join(f"{row.name}: {row.text}" for row in rows)
    return _svg(title, f"{told} {spoken}.", height, drawn)


def trends(title: str, told: str, panels: Sequence[Panel]) -> str:
    """A small line for each figure, the newest run at its right end."""
    drawn = [line for number, panel in enumerate(panels) for line in _panel(panel, number)]
    height = _TOP + math.ceil(len(panels) / _PANELS_A_ROW) * (_PANEL_H + 12) + 24
    drawn.append(
        f'<text class="faint" x="16" y="{height - 10}">newest run at the right, from zero · dashed: asked</text>'
    )
    spoken = "; ".join(f"{panel.name}: {panel.text}, asked {panel.asked_text}" for panel in panels)
    return _svg(title, f"{told} {spoken}.", height, drawn)


def _svg(title: str, told: str, height: float, drawn: Iterable[str]) -> str:
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH}" '
            f'height="{height:g}" role="img" aria-labelledby="title told">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="told">{escape(told)}</desc>',
            _STYLE,
            f'<rect class="paper" width="{_WIDTH}" height="{height:g}" rx="6"/>',
            f'<text x="16" y="30" font-size="15" font-weight="600">{escape(title)}</text>',
            *drawn,
            "</svg>\n",
        )
    )


def _linear(most: float) -> Place:
    return lambda value: _BARS_X + (_BARS_END - _BARS_X) * value / most


def _logarithmic(least: float, most: float) -> Place:
    """The least value still has a bar."""
    low = math.log(least) - 0.5
    return lambda value: _BARS_X + (_BARS_END - _BARS_X) * (math.log(value) - low) / (math.log(most) - low)


def _bar(row: Bar, y: float, place: Place) -> Iterable[str]:
    kind = "own" if row.own else "other"
    weight = ' font-weight="600"' if row.own else ""
    end = place(row.value)
    yield f'<text x="{_BARS_X - 10}" y="{y + 15:g}" text-anchor="end"{weight}>{escape(row.name)}</text>'
    yield f'<rect class="{kind}" x="{_BARS_X}" y="{y + 1:g}" width="{end - _BARS_X:.1f}" height="18" rx="2"/>'
    if row.asked:
        x = place(row.asked)
        end = max(end, x)
        yield f'<line class="asked" x1="{x:.1f}" y1="{y - 3:g}" x2="{x:.1f}" y2="{y + 23:g}"/>'
    yield f'<text x="{end + 8:.1f}" y="{y + 15:g}"{weight}>{escape(row.text)}</text>'


def _panel(panel: Panel, number: int) -> Iterable[str]:
    left = 16 + (number % _PANELS_A_ROW) * (_PANEL_W + 10)
    top = _TOP + number // _PANELS_A_ROW * (_PANEL_H + 12)
    most = max(*panel.values, panel.asked) * 1.1
    low, high = top + _PANEL_H - 8, top + 40
    y = [low - (low - high) * value / most for value in panel.values]
    step = (_PANEL_W - 20) / max(1, len(y) - 1)
    x = [left + step * place for place in range(len(y))] if len(y) > 1 else [left + _PANEL_W - 20.0]
    asked = low - (low - high) * panel.asked / most
    points = " ".join(f"{across:.1f},{up:.1f}" for across, up in zip(x, y, strict=True))
    yield f'<text class="faint" x="{left}" y="{top + 12}" font-size="12">{escape(panel.name)}</text>'
    yield (
        f'<text x="{left}" y="{top + 30}" font-weight="600">{escape(panel.text)} '
        f'<tspan class="faint" font-weight="400">{escape(panel.asked_text)}</tspan></text>'
    )
    yield f'<line class="zero" x1="{left}" y1="{low}" x2="{left + _PANEL_W - 20}" y2="{low}"/>'
    yield f'<line class="asked" x1="{left}" y1="{asked:.1f}" x2="{left + _PANEL_W - 20}" y2="{asked:.1f}"/>'
    yield f'<polyline class="line" points="{points}"/>'
    yield f'<circle class="own" cx="{x[-1]:.1f}" cy="{y[-1]:.1f}" r="4"/>'
