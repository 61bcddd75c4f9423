"""Runs parts one after another, each in a process of its own, and writes the report after each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from torture import report
from torture.plan import CHECKOUT, Part
from torture.report import Result

_MOST_TEXT = 1500
_LOOK_S = 0.5
_TEAR_DOWN_S = 30.0


def run(
    parts: Sequence[Part],
    document: Path | None,
    *,
    full: bool = True,
    plan: Sequence[Part] = (),
    before: Sequence[Result] = (),
) -> list[Result]:
    """What became of each part. Whatever becomes of one, the next one runs; an interrupt ends them all.

    After an interrupt the list ends with the part that was interrupted. The document tells of the whole `plan`, of
    the other parts what was seen `before`.
    """
    logs = Path(tempfile.mkdtemp(prefix="torture-"))
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}", markup=False),
    )
    commit = report.commit()  # before the document differs from it
    results: list[Result] = []
    console.print(f"logs: {logs}")
    with Progress(*columns, console=console) as progress:
        everything = progress.add_task("all", total=sum(part.minutes for part in parts) or 1, now="")
        for part in parts:
            result = Result(part, commit="" if part.elsewhere else commit)
            results.append(result)
            try:
                _run(result, logs, progress, full=full)
            except KeyboardInterrupt:
                result.is_interrupted = True
            except OSError as error:
                result.failures.append(f"it could not be run: {error!r}")
            progress.advance(everything, part.minutes)
            console.print(f"{part.name or part.promise}: {result.outcome}  {result.figures}", markup=False)
            if document:
                report.write(results, plan or parts, document, full=full, before=before)
            if result.is_interrupted:
                break
    return results


def _run(result: Result, logs: Path, progress: Progress, *, full: bool) -> None:
    part = result.part
    tests = part.there()
    if not tests:
        return
    name = part.name or "others"
    task = progress.add_task(name, total=part.minutes * 60, now="")
    begun = time.monotonic()
    told, output = logs / f"{name}.jsonl", logs / f"{name}.log"
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider"]
    command += [f"--report-log={told}", *(["-k", part.chosen] if part.chosen else [])]
    environ = {**os.environ, "BITACORA_TEST_SIZE": "full" if full else ""}
    status: int | None = None
    has_ended = False
    try:
        with output.open("wb") as log:
            running = subprocess.Popen(
                [*command, *tests], cwd=CHECKOUT, env=environ, stdout=log, stderr=log, start_new_session=True
            )
        try:
            while (status := running.poll()) is None and time.monotonic() < begun + part.most_s:
                progress.update(task, completed=time.monotonic() - begun, now=_now(told))
                time.sleep(_LOOK_S)
        finally:
            _end(running)
    finally:
        for line in _lines(told):
            _count(result, line)
            has_ended = has_ended or line.get("$report_type") == "SessionFinish"
        result.seconds, result.ended = time.monotonic() - begun, report.now()
        progress.remove_task(task)
    if status is None:
        result.failures.append(f"ended after {part.most_s / 60:.1f} min, which is too long\n{_tail(output)}")
    elif status not in {0, 1} or not has_ended or (status == 1 and not result.failures):
        result.failures.append(f"pytest ended with {status}\n{_tail(output)}")


def _now(told: Path) -> str:
    ended = [line["nodeid"].partition("::")[2] for line in _lines(told) if line.get("when") == "call"]
    return f"{len(ended)} tests  {ended[-1][:70]}" if ended else ""


def _tail(output: Path) -> str:
    return output.read_text("utf-8", "replace")[-_MOST_TEXT:]


def _end(running: subprocess.Popen[bytes]) -> None:
    """pytest first, which then ends what its tests started; then all that is left of its group."""
    if running.poll() is None:
        running.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            running.wait(_TEAR_DOWN_S)
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


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
