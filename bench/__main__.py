"""`python -m bench`: measure, print, and write docs/performance.md, its charts and the history."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import FrameType

from bench import charts, figures, in_process, load, plan, report
from bench.charts import Panel
from bench.figures import FIGURES, Run
from bench.report import Chart, Table
from bench.steps import APART, STEPS

_SHOWN_RUNS = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the blog's speed and memory.")
    parser.add_argument("--quick", action="store_true", help="a rough look: 1,000 posts, few rounds")
    parser.add_argument("--posts", type=int, help="posts of the usual large site (10,000)")
    parser.add_argument("--only", choices=STEPS, action="append", help="this measurement alone; may be repeated")
    parser.add_argument("--worker-class", help="gunicorn's, in place of the one of gunicorn.conf.py")
    parser.add_argument("--peer-limit", type=float, help="seconds for each peer and size (80)")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    begun, busy = time.monotonic(), os.getloadavg()[0]
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        large = asked.posts or (1_000 if asked.quick else plan.USUAL)
        given = plan.make(Path(folder), large, asked.worker_class or load.shipped_class(), quick=asked.quick)
        given.peer_limit = asked.peer_limit or (30.0 if asked.quick else given.peer_limit)
        tables, failed = _measured(given, asked.only or [name for name in STEPS if name not in APART])
    run = Run.of_now(report.machine(), busy, median(given.hello) * 1e6, given.seen)
    verdict = _verdict(run)
    print(f"\n{verdict.markdown()}\n{(time.monotonic() - begun) / 60:.1f} minutes")
    if failed:
        print(f"failed, and left out: {', '.join(failed)}")
    elif not (asked.quick or asked.only or asked.posts):
        figures.append(run)
        report.write([verdict, *tables], " ".join(["python -m bench", *sys.argv[1:]]), busy)
        print(f"written into {report.DOCUMENT}, its charts, and {figures.HISTORY}")
    return 1 if failed else 0


def _measured(given: plan.Plan, names: list[str]) -> tuple[list[Table], list[str]]:
    """Tables, and the names of parts that failed: one must not lose the others."""
    tables, failed = [], []
    for name in names:
        given.hello.append(in_process.hello())
        begun = time.monotonic()
        try:
            with _at_most(STEPS[name].limit):
                for table in STEPS[name].measure(given):
                    print(f"\n{table.markdown()}")
                    tables.append(table)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said
            print(f"{name} failed: {type(error).__name__}: {error}")
            failed.append(name)
        print(f"{name}: {time.monotonic() - begun:.0f} s")
    return tables, failed


def _verdict(run: Run) -> Table:
    """What was asked beside what was seen, and whether it is worse than it was."""
    before = figures.read_history()
    worse = figures.regressions(run, before)
    note = f"Nothing is worse than the last {figures.LAST} runs by more than its bound."
    if worse:
        note = "**Worse than the last runs:**\n\n" + "\n".join(f"* {line}" for line in worse)
    elif not before:
        note = "There is no earlier run to compare with."
    paces = ", before it ".join(f"{one.hello_us:.3g} µs" for one in [run, *before[-1:]])
    note += f"\n\nHow fast the machine was: Flask's hello world took {paces} a call; times are compared by it."
    table = figures.asked_and_seen(run.figures)
    return table._replace(chart=_trend([*before, run], run.machine), note=note)


def _trend(runs: list[Run], machine: str) -> Chart | None:
    own = [run for run in runs if run.machine == machine][-_SHOWN_RUNS:]
    panels = [
        Panel(figure.short, values, figure.written(values[-1]), figure.asked, figure.written_asked())
        for name, figure in FIGURES.items()
        if (values := [run.figures[name] for run in own if name in run.figures])
    ]
    told = f"The figures of which something is asked, run after run on this machine ({len(own)} so far)."
    return Chart("trend", told, charts.trends("Run after run", told, panels)) if panels else None


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Raises TimeoutError inside the block after that long."""

    def late(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"not done in {seconds} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    sys.exit(main())
