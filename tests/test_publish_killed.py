"""Publishing, killed at each of its steps and started again: always a whole site, the old one or the new one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest
import sizes
from programs import lacking
from publishing import ROOT, Editor, all_is_well, files_of, left_over, post

from bitacora.publish.home import Home, make
from bitacora.publish.release import listed, publish, rollback

OLD = {"posts/a.md": post("Antes"), "posts/b.md": post("Antes"), "posts/gone.md": post("Antes")}
NEW = {"posts/a.md": post("Después"), "posts/b.md": post("Después")}
MOST_STEPS = 400

# Every call that changes a disk, starts a program or takes a lock is a step: the process dies before the one
# whose number it is given.
VICTIM = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    steps = 0
    def hook(event, args):
        global steps
        changes = event in EVENTS or (event == "open" and isinstance(args[2], int) and args[2] & 3)
        if changes and ready:
            steps += 1
            if steps == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
    EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod", "os.utime",
              "subprocess.Popen", "fcntl.flock", "shutil.rmtree"}
    ready = False
    sys.addaudithook(hook)
    from bitacora.publish.check import Report
    from bitacora.publish.home import Home
    from bitacora.publish.release import publish, rollback
    ready = True
    home = Home(Path(sys.argv[1]))
    if sys.argv[3] == "rollback":
        rollback(home)
    else:
        attempt = publish(home, lambda folder, _shared: Report(len(list(folder.glob("posts/*.md")))), keep=2)
        assert attempt is not None and attempt.outcome in ("published", "unchanged"), attempt
    """
)


def whole(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


@pytest.fixture
def site(tmp_path: Path) -> tuple[Home, Editor]:
    """A home that serves what is OLD, while NEW is at the forge already."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "forge.git"], check=True)
    editor = Editor(tmp_path / "work", tmp_path / "forge.git")
    home = make(tmp_path / "home", "main", str(tmp_path / "forge.git"))
    for files in ({"posts/first.md": post()}, {"posts/first.md": None, **OLD}):
        editor.publish(files)
        publish(home, all_is_well)
    age(home)
    editor.publish({"posts/gone.md": None, **NEW})
    return home, editor


def age(home: Home) -> None:
    """Nobody reads the releases before any more: they may be removed."""
    for file in home.releases.glob("*.json"):
        os.utime(file, (0, 0))


def run_until_killed(home: Home, step: int, what: str, **environ: str) -> bool:
    """Whether it was killed before it was through."""
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, str(home.folder), str(step), what],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
    return done.returncode != 0


def steps() -> Iterator[int]:
    """All steps, or each third of them from a random one on."""
    return count(random.randint(1, sizes.KILLED_EACH), sizes.KILLED_EACH)


def copies(home: Home, folder: Path) -> Callable[[int], Home]:
    """The same home again and again, each in a folder of its own."""

    def copy(number: int) -> Home:
        there = folder / str(number)
        subprocess.run(["cp", "-a", home.folder, there], check=True)
        return Home(there)

    return copy


@pytest.mark.slow
def test_publishing_killed_at_any_step_leaves_a_whole_site_and_the_next_one_finishes(
    site: tuple[Home, Editor], tmp_path: Path
) -> None:
    copy = copies(site[0], tmp_path / "copies")
    (tmp_path / "copies").mkdir()
    for step in steps():
        home = copy(step)
        was_killed = run_until_killed(home, step, "publish")
        assert files_of(home.current) in (whole(OLD), whole(NEW)), f"after step {step}"
        if not was_killed:
            break
        assert step < MOST_STEPS
        publish(home, all_is_well, keep=2)
        assert files_of(home.current) == whole(NEW), f"after step {step}"
        assert left_over(home) == [], f"after step {step}"
        assert next(listed(home)).served
    assert step > 20


@pytest.mark.slow
def test_a_rollback_killed_at_any_step_leaves_a_whole_site(site: tuple[Home, Editor], tmp_path: Path) -> None:
    home, _ = site
    publish(home, all_is_well)
    copy = copies(home, tmp_path / "copies")
    (tmp_path / "copies").mkdir()
    for step in count(1):
        home = copy(step)
        was_killed = run_until_killed(home, step, "rollback")
        assert files_of(home.current) in (whole(OLD), whole(NEW)), f"after step {step}"
        if not was_killed:
            break
        assert step < MOST_STEPS
        if files_of(home.current) == whole(NEW):
            rollback(home)
        assert files_of(home.current) == whole(OLD), f"after step {step}"
    assert step > 3


@pytest.mark.slow
def test_git_killed_at_any_call_leaves_a_whole_site_and_the_next_one_finishes(
    site: tuple[Home, Editor], tmp_path: Path
) -> None:
    """A git that dies takes the attempt with it, not the publisher."""
    real = subprocess.run(
        ["sh", "-c", "command -v git"], capture_output=True, text=True, check=True
    ).stdout.strip()
    copy = copies(site[0], tmp_path / "copies")
    (tmp_path / "copies").mkdir()
    for number in count(1):
        home = copy(number)
        tools = tmp_path / f"tools-{number}"
        tools.mkdir()
        (tools / "git").write_text(
            f"#!/bin/sh\necho x >> {tools}/calls\n"
            f'[ "$(wc -l < {tools}/calls)" -eq {number} ] && kill -9 $$\nexec {real} "$@"\n'
        )
        (tools / "git").chmod(stat.S_IRWXU)
        before = os.environ["PATH"]
        os.environ["PATH"] = f"{tools}:{before}"
        try:
            publish(home, all_is_well, keep=2)
        finally:
            os.environ["PATH"] = before
        assert files_of(home.current) in (whole(OLD), whole(NEW)), f"after call {number}"
        if len((tools / "calls").read_text().split()) < number:
            break
        publish(home, all_is_well, keep=2)
        assert files_of(home.current) == whole(NEW), f"after call {number}"
        assert left_over(home) == [], f"after call {number}"
    assert number > 5


@pytest.mark.parametrize("left_kib", [0, 4, 100, 300, 500, 700])
def test_a_disk_that_fills_up_in_the_middle_leaves_the_site_as_it_was(tmp_path: Path, left_kib: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1600k", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        lacking(f"no small disk can be mounted: {mounted.stderr.decode().strip()}")
    try:
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "forge.git"], check=True)
        editor = Editor(tmp_path / "work", tmp_path / "forge.git")
        home = make(disk / "home", "main", str(tmp_path / "forge.git"))
        editor.publish(OLD)
        publish(home, all_is_well)
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free - left_kib * 1024))
        editor.publish({"posts/gone.md": None, "posts/large.jpg": os.urandom(400_000), **NEW})
        attempt = publish(home, all_is_well)
        assert attempt is not None
        assert attempt.outcome == "failed"
        assert files_of(home.current) == whole(OLD)
        filler.unlink()
        editor.publish({"posts/large.jpg": None})
        publish(home, all_is_well)
        assert files_of(home.current) == whole(NEW)
        assert left_over(home) == []
    finally:
        subprocess.run(["umount", disk], check=True)
