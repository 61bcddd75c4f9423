"""What was seen, as docs/torture.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from torture.plan import CHECKOUT, PARTS, Part

DOCUMENT = CHECKOUT / "docs" / "torture.md"
_SYSTEM = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
_LARGEST = ("_ms", "_mib")
_HEAD = """# What it was put through

Written by `make torture`, which takes about {minutes:.0f} minutes on two quiet cores. The same tests run
small in `make check`; `tests/sizes.py` has both sizes.

{when}, {machine}, {commit}. {outcome}

| | What must hold | Tests | Seen | Outcome | Took |
|---|---|---|---|---|---|
"""


@dataclass
class Result:
    """How one part went: tests by outcome, counts by name, and what its failures say."""

    part: Part
    outcomes: dict[str, int] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def outcome(self) -> str:
        if self.part.elsewhere:
            return self.part.elsewhere
        if self.failures:
            return "**failed**"
        return "passed" if self.outcomes.get("passed") else "not run"

    def note(self, name: str, count: float) -> None:
        known = self.seen.get(name, 0)
        self.seen[name] = max(known, count) if name.endswith(_LARGEST) else known + count


def write(results: Sequence[Result], document: Path = DOCUMENT) -> None:
    """Also of a run that is not over yet: what never ran is said not to have run."""
    failed = sum(bool(result.failures) for result in results)
    outcome = f"**{failed} of {len(results)} parts failed.**" if failed else f"{len(results)} parts, none failed."
    head = _HEAD.format(
        minutes=sum(part.minutes for part in PARTS),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        machine=f"{os.cpu_count()} cores, {_SYSTEM}",
        commit=f"commit {_commit()}",
        outcome=outcome,
    )
    rows = [_row(result) for result in results]
    rows += [_row(Result(part)) for part in PARTS if part not in {result.part for result in results}]
    tails = [_details(result) for result in results if result.failures or result.skipped]
    document.write_text(head + "\n".join(rows) + "\n" + "".join(tails), encoding="utf-8")


def _row(result: Result) -> str:
    tests = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.outcomes.items()))
    seen = ", ".join(f"{_number(count)} {name.replace('_', ' ')}" for name, count in result.seen.items())
    took = f"{result.seconds / 60:.1f} min" if result.seconds else ""
    return f"| {result.part.name} | {result.part.promise} | {tests} | {seen} | {result.outcome} | {took} |"


def _number(count: float) -> str:
    return f"{count:,.0f}" if count == int(count) or count >= 100 else f"{count:.1f}"


def _details(result: Result) -> str:
    lines = [f"\n## {result.part.name or result.part.promise}\n"]
    lines += [f"\nSkipped: {reason}\n" for reason in sorted(result.skipped)]
    lines += [f"\n```\n{failure.strip()}\n```\n" for failure in result.failures]
    return "".join(lines)


def _commit() -> str:
    head = CHECKOUT / ".git" / "HEAD"
    try:
        ref = head.read_text(encoding="utf-8").strip().removeprefix("ref: ")
        return (CHECKOUT / ".git" / ref).read_text(encoding="utf-8")[:7] if "/" in ref else ref[:7]
    except OSError:
        return "unknown"
