"""How many cores there are to use: what may be run on, and what the quotas of control groups pay for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitacora import cores
from bitacora.cores import usable_cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)


def groups(folder: Path, path: str, **quotas: str) -> tuple[Path, Path]:
    """Control groups with these lines in `cpu.max`, by their depth below the first, and the process's own."""
    own = folder / "own"
    own.write_text(f"4:memory:/x\n0::{path}\n")
    group = folder / "cgroup"
    for name in ("", *path.split("/")):
        group /= name
        group.mkdir(exist_ok=True)
        if quota := quotas.get(name or "first"):
            (group / "cpu.max").write_text(f"{quota}\n")
    return folder / "cgroup", own


@pytest.mark.parametrize(
    ("quota", "usable"), [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("150000 100000", 2)]
)
def test_a_quota_counts_and_a_part_of_a_core_is_a_whole_one(quota: str, usable: int, tmp_path: Path) -> None:
    assert usable_cores(*groups(tmp_path, "/", first=quota)) == usable
    assert usable_cores(*groups(tmp_path, "/system.slice/blog.service", **{"blog.service": quota})) == usable


def test_the_smallest_quota_of_those_above_counts(tmp_path: Path) -> None:
    quotas = {"first": "max 100000", "a": "300000 100000", "b": "500000 100000"}
    assert usable_cores(*groups(tmp_path, "/a/b", **quotas)) == 3


def test_more_is_never_used_than_may_be_run_on(tmp_path: Path) -> None:
    assert usable_cores(*groups(tmp_path, "/", first="6400000 100000")) == 8


@pytest.mark.parametrize("own", [None, "", "1:cpu:/docker/abc\n", "0::/../../etc\n"])
def test_where_there_are_no_such_groups_nothing_is_less(own: str | None, tmp_path: Path) -> None:
    (tmp_path / "cgroup").mkdir()
    if own is not None:
        (tmp_path / "own").write_text(own)
    assert usable_cores(tmp_path / "cgroup", tmp_path / "own") == 8
