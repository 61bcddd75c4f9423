"""Figures as tables, and their place in docs/performance.md."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"
CHARTS = "bench"  # a folder beside the document
_PACKAGES = ("Flask", "Flask-Caching", "gunicorn", "Werkzeug", "mistune")


class Chart(NamedTuple):
    """An SVG, the name of its file without ending, and what it shows in a sentence."""

    name: str
    alt: str
    svg: str


class Table(NamedTuple):
    """One measurement: what it says, its columns, its rows; the same as a chart, and words below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    chart: Chart | None = None
    note: str = ""

    def markdown(self) -> str:
        lines = [self.columns, [":---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        picture = f"![{self.chart.alt}]({CHARTS}/{self.chart.name}.svg)\n\n" if self.chart else ""
        note = f"\n{self.note}\n" if self.note else ""
        return f"### {self.title}\n\n{picture}" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + note


def seconds(value: float) -> str:
    """A duration in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} µs"


def machine() -> str:
    """Cores and memory: figures of one machine say little about those of another."""
    return f"{_processor()}, {_memory_gib():.0f} GiB"


def write(tables: Sequence[Table], command: str, load: float, document: Path = DOCUMENT) -> None:
    """Put the figures between the markers of the document, and charts beside it; what is around them stays.

    `load` is how many processes wanted the processor before the measurement.
    """
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or END not in rest:
        raise ValueError(f"{document} has no place for figures: {BEGIN} … {END}")
    for chart in (table.chart for table in tables if table.chart):
        file = document.parent / CHARTS / f"{chart.name}.svg"
        file.parent.mkdir(exist_ok=True)
        file.write_text(chart.svg, encoding="utf-8")
    figures = "\n".join(table.markdown() for table in tables)
    document.write_text(
        f"{before}{BEGIN}\n\n{_circumstances(command, load)}\n\n{figures}\n{END}{after}", encoding="utf-8"
    )


def _circumstances(command: str, load: float) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}, {machine()}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {packages}. "
        f"Other work on the machine when it began: a load of {load:.1f}."
    )


def _processor() -> str:
    names = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    name = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"{os.cpu_count()} cores of {name}"


def _memory_gib() -> float:
    total = next((line for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "MemTotal: 0 kB")
    return int(total.split()[1]) / 1024**2


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else []
