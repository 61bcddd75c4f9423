"""Which command this process runs: `flask posts …`, `flask site …`, or the same by its short name."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from shlex import quote

_GROUPS = ("posts", "site")
_MAKE_A_SITE = {("site", "new"), ("site", "init-git")}
_named: tuple[str, str] | None = None
_is_site_named = False


def site_is_named(is_named: bool) -> None:
    """Note whether the command was told its site by an option."""
    global _is_site_named
    _is_site_named = is_named


def prefers_nearest() -> bool:
    """Whether the nearest site upwards goes before the one in the environment."""
    return is_short() and not _is_site_named


def run_as(group: str, name: str) -> None:
    """Note that the command `bitacora` runs one of them."""
    global _named
    _named = group, name


def is_short() -> bool:
    """Whether it was typed as `bitacora …`, as what to type next is then."""
    return _named is not None


def typed() -> str:
    """Return how to type `bitacora` here: by its path where the shell would not find this one."""
    name = Path(sys.argv[0])
    if name.name == "__main__.py":
        return f"{quote(sys.executable)} -m bitacora"
    found = shutil.which("bitacora")
    is_ours = found is None or not name.is_absolute() or Path(found).resolve() == name.resolve()
    return "bitacora" if found and is_ours else quote(str(name.absolute()))


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
