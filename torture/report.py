"""What was seen, as docs/torture.md, and beside it as data: of parts that are run again the rest stays."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

from torture.plan import CHECKOUT, Part

DOCUMENT = CHECKOUT / "docs" / "torture.md"
_LARGEST = ("_ms", "_mib")
_HEAD = """# What it was put through

Written by `make torture`, which is planned to take {minutes:.0f} minutes on two quiet cores. The same tests run
small in `make check`; `tests/sizes.py` has both sizes. A part may be run again by itself, after a mend: each
row says when it was seen, and at which commit.

{when}, {machine}, {size}. {outcome}

| | What must hold | Outcome | Tests | Took | Seen |
|---|---|---|---|---|---|
"""


@dataclass
class Result:
    """How one part of a commit went: tests by outcome, counts by name, what its failures say, when it ended."""

    part: Part
    outcomes: dict[str, int] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    seconds: float = 0.0
    is_interrupted: bool = False
    commit: str = ""
    ended: str = ""

    @property
    def outcome(self) -> str:
        if self.part.elsewhere:
            return self.part.elsewhere
        if self.failures:
            return "**failed**"
        if self.is_interrupted:
            return "**interrupted**"
        if not self.outcomes.get("passed"):
            return "skipped" if self.skipped else "not run"
        kept = "passed, with less than promised" if self.lacking else "passed"
        return f"{kept}, slower than promised" if self.exceeding else kept

    @property
    def lacking(self) -> dict[str, float]:
        """How many there were of what fewer were seen than were promised."""
        return {
            name: self.seen.get(name, 0)
            for name, most in self.part.promised.items()
            if self.seen.get(name, 0) < most
        }

    @property
    def exceeding(self) -> dict[str, float]:
        """What was more than it should be at most."""
        return {name: self.seen[name] for name, most in self.part.at_most.items() if self.seen.get(name, 0) > most}

    @property
    def figures(self) -> str:
        return ", ".join(f"{_number(count)} {name.replace('_', ' ')}" for name, count in self.seen.items())

    def note(self, name: str, count: float) -> None:
        known = self.seen.get(name, 0)
        self.seen[name] = max(known, count) if name.endswith(_LARGEST) else known + count


def write(
    results: Sequence[Result],
    parts: Sequence[Part],
    document: Path = DOCUMENT,
    *,
    full: bool = True,
    before: Sequence[Result] = (),
) -> None:
    """Also of a run that is not over yet: what never ran is said not to have run, or as it was `before`."""
    known = {result.part.name: result for result in (*before, *results)}
    every = [known.get(part.name) or Result(part) for part in parts]
    head = _HEAD.format(
        minutes=sum(part.minutes for part in parts),
        when=f"{now()} UTC",
        machine=_machine(),
        size="at full size" if full else "at the small size of `make check`",
        outcome=_outcome(every),
    )
    rows = "".join(_row(result) for result in every)
    document.write_text(head + rows + "".join(_details(result) for result in every), encoding="utf-8")
    data = {result.part.name: _data(result) for result in every if result.commit}
    _beside(document).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(parts: Sequence[Part], document: Path = DOCUMENT) -> list[Result]:
    """What the document tells of these parts. Raises OSError."""
    data = json.loads(_beside(document).read_text(encoding="utf-8"))
    return [
        Result(part, **data[part.name] | {"skipped": set(data[part.name]["skipped"])})
        for part in parts
        if part.name in data
    ]


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M}"


def _beside(document: Path) -> Path:
    return document.with_suffix(".json")


def _data(result: Result) -> dict[str, object]:
    data = {one.name: getattr(result, one.name) for one in fields(result) if one.name != "part"}
    return data | {"skipped": sorted(result.skipped), "seconds": round(result.seconds, 1)}


def _outcome(every: Sequence[Result]) -> str:
    failed = sum(bool(result.failures) for result in every)
    said = f"**{failed} of {len(every)} parts failed.**" if failed else f"{len(every)} parts, none failed."
    for number, result in enumerate(every, 1):
        if result.is_interrupted:
            return f"{said} **Interrupted in part {number}.**"
    there = sum(bool(result.commit) for result in every)
    elsewhere = sum(bool(result.part.elsewhere) for result in every)
    return said if there + elsewhere == len(every) else f"{said} **Not over: {there} parts so far.**"


def _row(result: Result) -> str:
    tests = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.outcomes.items()))
    took = f"{result.seconds / 60:.1f} min" if result.seconds else ""
    seen = f"{result.ended}, {result.commit}" if result.commit else ""
    return f"| {result.part.name} | {result.part.promise} | {result.outcome} | {tests} | {took} | {seen} |\n"


def _details(result: Result) -> str:
    part = result.part
    if part.elsewhere:
        return ""
    lines = [f"\n## {f'{part.name}: ' if part.name else ''}{part.promise}\n"]
    lines += [f"\nPromised: {part.passes}\n"] if part.passes else []
    lines += [f"\nSeen: {result.figures}.\n"] if result.seen else []
    lines += [
        f"\nLess than promised: {_number(count)} of {_number(part.promised[name])} {name.replace('_', ' ')}."
        f"{f' {part.less}' if part.less else ''}\n"
        for name, count in (result.lacking if result.outcomes else {}).items()
    ]
    lines += [
        f"\nSlower than promised: {_number(count)} of at most {_number(part.at_most[name])} "
        f"{name.replace('_', ' ')}.\n"
        for name, count in result.exceeding.items()
    ]
    lines += [f"\nSkipped: {reason}\n" for reason in sorted(result.skipped)]
    lines += [f"\n```\n{failure.strip()}\n```\n" for failure in result.failures]
    return "".join(lines)


def _number(count: float) -> str:
    return f"{count:,.0f}" if count == int(count) or count >= 100 else f"{count:.1f}"


def _machine() -> str:
    """Cores, processor, memory and system."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    processor = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({processor}), {memory:.0f} GiB, {system}"


def commit() -> str:
    """What is tested; with "-dirty" where files other than the report differ from it."""
    report = f":(exclude,top){DOCUMENT.relative_to(CHECKOUT).with_suffix('.*')}"
    try:
        name = _git("rev-parse", "--short=7", "HEAD")
        return f"{name}-dirty" if _git("status", "--porcelain", "--", ":/", report) else name
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*command: str) -> str:
    git = ["git", "-C", str(CHECKOUT), *command]
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
