"""`python -m torture [A9 A10 ...]`: run each part in a process of its own, and write docs/torture.md after each.

Whatever becomes of a part, the next one runs. The exit status is 1 when anything failed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from torture import report
from torture.plan import CHECKOUT, PARTS, PATIENCE, Part
from torture.report import Result

_MOST_TEXT = 1500
_LOOK_S = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m torture", description="The acceptance tests at full size.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="these parts alone, such as A9 (all of them)")
    parser.add_argument(
        "--short", action="store_true", help="at the small size of `make check`; writes no document"
    )
    asked = parser.parse_args()
    chosen = [part for part in PARTS if not asked.parts or part.name in asked.parts]
    logs = Path(tempfile.mkdtemp(prefix="torture-"))
    whole = not asked.parts and not asked.short
    results: list[Result] = []
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    console.print(f"logs: {logs}")
    with Progress(*columns, console=console) as progress:
        everything = progress.add_task("all", total=sum(part.minutes for part in chosen) or 1, now="")
        for part in chosen:
            result = _run(part, logs, progress, short=asked.short)
            results.append(result)
            progress.advance(everything, part.minutes)
            console.print(f"{part.name or part.promise}: {result.outcome}  {_counts(result)}")
            if whole:
                report.write(results)
    if whole:
        console.print(f"written into {report.DOCUMENT}")
    sys.exit(any(result.failures for result in results))


def _run(part: Part, logs: Path, progress: Progress, *, short: bool) -> Result:
    result = Result(part)
    tests = part.there()
    if not tests:
        return result
    name = part.name or "others"
    task = progress.add_task(name, total=part.minutes * 60, now="")
    begun = time.monotonic()
    told, output = logs / f"{name}.jsonl", logs / f"{name}.log"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        f"--report-log={told}",
    ]
    command += ["-k", part.chosen] if part.chosen else []
    environ = {**os.environ, "BITACORA_TEST_SIZE": "" if short else "full"}
    with output.open("wb") as log:
        running = subprocess.Popen(
            [*command, *tests], cwd=CHECKOUT, env=environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            status = _follow(running, part, told, progress, task)
        finally:
            _end(running)
    for line in _lines(told):
        _count(result, line)
    if status not in {0, 1, 5} or (status == 1 and not result.failures):
        tail = output.read_text("utf-8", "replace")[-_MOST_TEXT:]
        result.failures.append(f"pytest ended with {status}\n{tail}")
    result.seconds = time.monotonic() - begun
    progress.remove_task(task)
    return result


def _follow(
    running: subprocess.Popen[bytes], part: Part, told: Path, progress: Progress, task: TaskID
) -> int | str:
    """Shows which test ended last, until the last one has; how pytest ended, or that it took too long."""
    deadline = time.monotonic() + PATIENCE * part.minutes * 60 + 120
    while running.poll() is None:
        if time.monotonic() > deadline:
            return "no end: it took too long"
        ended = [line["nodeid"].partition("::")[2] for line in _lines(told) if line.get("when") == "call"]
        now = f"{len(ended)} tests  {ended[-1][:70]}" if ended else ""
        progress.update(task, advance=_LOOK_S, now=now)
        time.sleep(_LOOK_S)
    return running.returncode


def _end(running: subprocess.Popen[bytes]) -> None:
    """All that it started as well."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(running.pid, number)
            running.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


def _lines(told: Path) -> Iterator[dict[str, Any]]:
    if told.exists():
        for line in told.read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                return  # it is being written


def _count(result: Result, line: dict[str, Any]) -> None:
    """One line of pytest's report: a test's call, or a set-up or an end that failed or was skipped."""
    outcome = line.get("outcome")
    if line.get("$report_type") not in {"TestReport", "CollectReport"}:
        return
    if line.get("when") == "call" or (outcome != "passed" and "when" in line):
        result.outcomes[outcome] = result.outcomes.get(outcome, 0) + 1
    if line.get("when") == "call":
        for name, count in line.get("user_properties", []):
            result.note(name, count)
    if outcome == "failed":
        result.failures.append(f"{line['nodeid']}\n{_said(line)[-_MOST_TEXT:]}")
    if outcome == "skipped" and isinstance(line.get("longrepr"), list):
        result.skipped.add(str(line["longrepr"][-1]).removeprefix("Skipped: "))


def _said(line: dict[str, Any]) -> str:
    longrepr = line.get("longrepr")
    if isinstance(longrepr, dict):
        crash = longrepr.get("reprcrash") or {}
        return f"{crash.get('path')}:{crash.get('lineno')}: {crash.get('message')}"
    return str(longrepr)


def _counts(result: Result) -> str:
    return ", ".join(f"{name} {count:,.0f}" for name, count in result.seen.items())


if __name__ == "__main__":
    main()
