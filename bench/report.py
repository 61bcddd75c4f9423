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
_PACKAGES = ("Flask", "Flask-Caching", "gunicorn", "Werkzeug", "mistune")


class Table(NamedTuple):
    """One measurement: what it says, its columns, its rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [self.columns, [":---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        return f"### {self.title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seconds(value: float) -> str:
    """A duration in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} µs"


def write(tables: Sequence[Table], command: str, load: float, document: Path = DOCUMENT) -> None:
    """Put the figures between the markers of the document; what is around them stays.

    `load` is how many processes wanted the processor before the measurement.
    """
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or END not in rest:
        raise ValueError(f"{document} has no place for figures: {BEGIN} … {END}")
    figures = "\n".join(table.markdown() for table in tables)
    document.write_text(
        f"{before}{BEGIN}\n\n{_circumstances(command, load)}\n\n{figures}\n{END}{after}", encoding="utf-8"
    )


def _circumstances(command: str, load: float) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}, {_processor()}, {_memory_gib():.0f} GiB, "
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
