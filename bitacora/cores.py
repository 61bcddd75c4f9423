"""How many processors a process may use: machines are shared, and containers have a part of one."""

from __future__ import annotations

import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def usable_cores(groups: Path = _GROUPS, own_group: Path = _OWN_GROUP) -> int:
    """Those that it may run on, and not more than the quotas of its control group and those above it pay for.

    A part of a core counts as a whole one.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        cores = os.cpu_count() or 1
    return min([cores, *_quotas(groups, own_group)])


def _quotas(groups: Path, own_group: Path) -> list[int]:
    """Of version 2: https://docs.kernel.org/admin-guide/cgroup-v2.html, "cpu.max"."""
    try:
        lines = own_group.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    group = groups / path
    found = (_quota(group / "cpu.max") for group in (group, *group.parents) if group.is_relative_to(groups))
    return [quota for quota in found if quota]


def _quota(file: Path) -> int:
    """In whole cores; 0 where there is none."""
    try:
        quota, period = map(int, file.read_text("ascii").split())
    except (OSError, ValueError):  # "max 100000"
        return 0
    return max(1, -(-quota // period))
