"""Which command this process runs: `flask posts …`, `flask site …`, or the same by its short name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

_GROUPS = ("posts", "site")
_MAKE_A_SITE = {("site", "new"), ("site", "init-git")}
_named: tuple[str, str] | None = None


def run_as(group: str, name: str) -> None:
    """Note that the command `bitacora` runs one of them."""
    global _named
    _named = group, name


def is_short() -> bool:
    """Whether it was typed as `bitacora …`, as what to type next is then."""
    return _named is not None


def is_command(*groups: str) -> bool:
    """Whether this process runs one of them: then it says itself what is wrong, and the log need not."""
    return not set(groups or _GROUPS).isdisjoint(_typed())


def makes_a_site() -> bool:
    """Whether this process makes the folder of a site: the one that `BITACORA_SITE` names may not be there yet."""
    return not _MAKE_A_SITE.isdisjoint(pairwise(_typed()))


def _typed() -> Sequence[str]:
    if _named:
        return _named
    return sys.argv if os.environ.get("FLASK_RUN_FROM_CLI") == "true" else ()
