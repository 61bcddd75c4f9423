"""What is asked of the figures, and what they were in earlier runs: bench/history.jsonl, a line a run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.report import Table

HISTORY = Path(__file__).parent / "history.jsonl"
LAST = 5


@dataclass(frozen=True)
class Figure:
    """`asked` is the least or, where less is better, the most that will do.

    `drift` is the share by which it may be worse than the last runs: ratios hold from run to run, times less so.
    """

    what: str
    short: str
    asked: float
    unit: str
    more_is_better: bool
    drift: float

    def is_met(self, seen: float) -> bool:
        return seen >= self.asked if self.more_is_better else seen <= self.asked

    def verdict(self, seen: float | None) -> tuple[str, str]:
        """The figure that was seen, and whether it will do."""
        if seen is None:
            return "", "not measured"
        return self.written(seen), "met" if self.is_met(seen) else "**missed**"

    def worsening(self, seen: float, before: float) -> float:
        """By which share it is worse than `before`; negative where it is better."""
        if not before or not seen:
            return 0.0
        return before / seen - 1 if self.more_is_better else seen / before - 1

    @property
    def is_time(self) -> bool:
        return self.unit in {" s", " ms"}

    def written(self, value: float) -> str:
        return f"{value:,.0f}{self.unit}" if value >= 100 else f"{value:.3g}{self.unit}"

    def written_asked(self) -> str:
        return f"at {'least' if self.more_is_better else 'most'} {self.written(self.asked)}"


def _at_least(asked: float, what: str, short: str, unit: str = " times", drift: float = 0.15) -> Figure:
    return Figure(what, short, asked, unit, more_is_better=True, drift=drift)


def _at_most(asked: float, what: str, short: str, unit: str, drift: float = 0.4) -> Figure:
    return Figure(what, short, asked, unit, more_is_better=False, drift=drift)


FIGURES: Mapping[str, Figure] = {
    "shipped/hello": _at_least(
        9, "A warm post, shipped worker class, to Flask hello world", "shipped, times hello"
    ),
    "shipped/nginx": _at_least(0.6, "the same, to nginx with the same bytes as a file", "shipped, times nginx"),
    "stock/hello": _at_least(1.6, "A warm post, stock gthread worker, to Flask hello world", "stock, times hello"),
    "shipped/size": _at_least(0.95, "A warm post among 10,000, to one among 10, shipped", "shipped, 10,000 to 10"),
    "stock/size": _at_least(0.95, "the same, stock", "stock, 10,000 to 10"),
    "shipped/p99": _at_most(2, "p99 at 16 connections, shipped, to nginx's", "p99, times nginx's", " times", 0.5),
    "rate": _at_least(1500, "Requests for a warm post among 1,000, two workers", "two workers, a post", "/s", 0.4),
    "rate/p99": _at_most(50, "its p99", "two workers, p99", " ms", 1.0),
    "rate/size": _at_least(0.9, "A warm post among 10,000, to one among 100", "two workers, 10,000 to 100"),
    "rate/edited": _at_least(
        0.8, "Readers of 10,000 posts while one is edited each second, to while none is", "readers while one edits"
    ),
    "archive/p99": _at_most(
        60, "p99 of the archive, the worst of 100 to 10,000 posts", "archive, p99", " ms", 1.0
    ),
    "edit": _at_most(30, "After one edit among 10,000, until four pages are new", "one edit, four pages", " ms"),
    "edit/hugo": _at_least(20, "sooner than `hugo server`", "sooner than hugo server", drift=0.4),
    "cold/10000": _at_most(2, "10,000 posts ready, cold", "10,000 posts, cold", " s"),
    "warm/10000": _at_most(0.5, "10,000 posts ready, warm", "10,000 posts, warm", " s"),
    "cold/100000": _at_most(15, "100,000 posts ready, cold", "100,000 posts, cold", " s"),
    "warm/100000": _at_most(3, "100,000 posts ready, warm", "100,000 posts, warm", " s"),
    "mib/100000": _at_most(400, "A worker with 100,000 posts, first page", "worker, 100,000 posts", " MiB", 0.15),
}


@dataclass(frozen=True)
class Run:
    """One line of the history; `hello_us` is what a call of Flask's hello world took meanwhile."""

    date: str
    commit: str
    machine: str
    load: float
    hello_us: float
    figures: Mapping[str, float]

    @classmethod
    def of_now(cls, machine: str, load: float, hello_us: float, figures: Mapping[str, float]) -> Run:
        rounded = {name: float(f"{figures[name]:.4g}") for name in FIGURES if name in figures}
        date = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
        return cls(date, _commit(), machine, round(load, 1), round(hello_us, 1), rounded)


def read_history(file: Path = HISTORY) -> list[Run]:
    """Oldest first."""
    if not file.exists():
        return []
    return [Run(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def append(run: Run, file: Path = HISTORY) -> None:
    with file.open("a", encoding="utf-8") as history:
        history.write(json.dumps(run.__dict__) + "\n")


def asked_and_seen(figures: Mapping[str, float]) -> Table:
    rows = [
        (figure.what, figure.written_asked(), *figure.verdict(figures.get(name)))
        for name, figure in FIGURES.items()
    ]
    return Table("Asked and seen", ("", "asked", "seen", ""), rows)


def regressions(run: Run, before: Sequence[Run]) -> list[str]:
    """What is worse than the median of the last runs on the same machine by more than its bound.

    Times are compared as if the machine had always been as fast as it is now, by its hello world.
    """
    last = [one for one in before if one.machine == run.machine][-LAST:]
    found = []
    for name, seen in run.figures.items():
        if name not in FIGURES:
            continue
        figure = FIGURES[name]
        past = [
            one.figures[name] * (run.hello_us / one.hello_us if figure.is_time else 1)
            for one in last
            if name in one.figures
        ]
        if not past:
            continue
        usual = median(past)
        if (worse := figure.worsening(seen, usual)) > figure.drift:
            found.append(
                f"{figure.what}: {figure.written(seen)}, before it was {figure.written(usual)} "
                f"({worse:.0%} worse, more than {figure.drift:.0%})"
            )
    return found


def trend(runs: Iterable[Run], name: str) -> list[tuple[str, float]]:
    """Commit and figure of the runs that have it."""
    return [(run.commit, run.figures[name]) for run in runs if name in run.figures]


def _commit() -> str:
    """The commit that is measured, with a + where files differ from it."""
    git = ["git", "-C", str(HISTORY.parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    run = subprocess.run(git, capture_output=True, text=True, check=False, timeout=30)
    return run.stdout.strip() or "unknown"
