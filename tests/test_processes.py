"""What processes get to know: those that read posts have no secret, and those that have some are hidden."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from publishing import ROOT, Editor, post

from bitacora.library import cold_start as ahead
from bitacora.processes import environ_of_readers
from bitacora.publish.check import CheckError, check
from bitacora.publish.git import Git
from bitacora.publish.history import GitHistorian
from bitacora.settings import SECRET_VARIABLES, Site

SECRETS = {
    "BITACORA_SECRET_KEY": "s3cret-key-of-at-least-thirty-two-bytes",
    "BITACORA_HOOK_SECRET": "s3cret-hook-of-at-least-thirty-two-bytes",
    "BITACORA_STATUS_TOKEN": "s3cret-token-of-at-least-thirty-two-bytes",
    "BITACORA_FORGE_TOKEN": "s3cret-of-the-forge",
    "BITACORA_DERIVED_CACHE": "redis://:s3cret@127.0.0.1:1/0",
    "AWS_SECRET_ACCESS_KEY": "s3cret-of-somebody-else",
    "DATABASE_URL": "postgres://user:s3cret@127.0.0.1/x",
}


def test_every_setting_that_is_secret_is_known_as_one() -> None:
    assert set(SECRETS) >= SECRET_VARIABLES == {name for name in SECRETS if name.startswith("BITACORA_")}


def test_what_decides_how_posts_are_shown_is_kept() -> None:
    kept = {
        "BITACORA_TITLE": "x",
        "BITACORA_URL": "y",
        "PATH": "/bin",
        "LC_ALL": "C",
        "TZ": "UTC",
        "PYTHONPATH": "z",
    }
    assert environ_of_readers(kept | SECRETS) == kept


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs that stand in for Python and git write what is in their environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    seen = tmp_path / "seen"
    git = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    for name, then in (("python", "exit 1"), ("git", f'exec {git} "$@"')):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n/usr/bin/env >> {seen}\n{then}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return seen


def test_processes_that_read_posts_and_git_have_no_secret(seen: Path, tmp_path: Path) -> None:
    editor = Editor(tmp_path / "work", tmp_path / "nowhere.git")
    editor.commit({"posts/a.md": post()})
    seen.unlink()  # of the editor's own git
    with suppress(CheckError):
        check(editor.folder)
    ahead.write_parts(Site(), str(editor.folder), ["posts/a.md"] * 2_000, tmp_path)
    GitHistorian().look(str(editor.folder))
    Git(editor.folder / ".git").is_empty()
    environments = seen.read_text()
    assert environments.count("PATH=") >= 4
    assert "s3cret" not in environments


_HIDDEN = """
import ctypes, os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as in a process that never was another user's
from bitacora.processes import hide_memory
{hide}
child = os.fork()
if child:
    os.waitpid(child, 0)
else:
    try:
        print("s3cret" in open(f"/proc/{{os.getppid()}}/environ").read())
    except PermissionError:
        print("hidden")
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs Linux, and root to become another")
@pytest.mark.parametrize(("hide", "answer"), [("hide_memory()", "hidden"), ("pass", "True")])
def test_a_process_of_the_same_user_cannot_read_the_memory_of_the_service(hide: str, answer: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import bitacora.processes\n{_HIDDEN.format(hide=hide)}"],
        cwd=ROOT,
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"{answer}\n", done.stderr
