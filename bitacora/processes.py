"""Processes: what those that we start get to know, and what others may see of ours."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

from bitacora.settings import SECRET_VARIABLES

_KEPT = {
    "CACHE_DIRECTORY", "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "PORT", "SHELL", "SYSTEMROOT", "TERM",
    "TMPDIR", "TZ", "USER", "VIRTUAL_ENV",
}  # fmt: skip
_KEPT_BEGINNINGS = ("BITACORA_", "COV_", "COVERAGE_", "DYLD_", "LC_", "LD_", "PYTHON", "XDG_")
_PR_SET_DUMPABLE = 4


def environ_of_readers(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a process that reads posts: what decides how they are shown, and no secret."""
    return {
        name: value
        for name, value in environ.items()
        if (name in _KEPT or name.startswith(_KEPT_BEGINNINGS)) and name not in SECRET_VARIABLES
    }


def hide_memory() -> None:
    """Keep other processes of the same user from reading this one's memory and environment (prctl(2), proc(5)).

    What is forked from it is hidden too, a program that it starts is not. Linux only; root sees all the same.
    """
    if os.name == "nt":
        return
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
