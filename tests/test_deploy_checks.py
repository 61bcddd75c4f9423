"""The checks that a repository of posts may have before anything is published: deploy/."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from publishing import ROOT, SETTINGS, Editor, post

DEPLOY = ROOT / "deploy"
BROKEN = "---\ntitle: Entrada: rota\ndate: 2026-01-01\n---\nTexto.\n"
ENVIRON = {
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "HOME": os.environ["HOME"],
}


# --- pre-commit


class Writer(Editor):
    """Somebody whose commits are checked."""

    def __init__(self, folder: Path, site: str = ".") -> None:
        super().__init__(folder, folder)
        shutil.copy(DEPLOY / "pre-commit", folder / ".git" / "hooks" / "pre-commit")
        self.git("config", "bitacora.engine", str(ROOT))
        self.git("config", "bitacora.site", site)

    def tries(self) -> subprocess.CompletedProcess[str]:
        self.git("add", "-A")
        command = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@b.example", "commit", "-q", "-m", "uno"]
        return subprocess.run(command, cwd=self.folder, env=ENVIRON, capture_output=True, text=True, check=False)


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "work")


def test_a_commit_that_breaks_a_post_is_not_made(writer: Writer) -> None:
    writer.write({"site.toml": SETTINGS, "posts/año nuevo.md": BROKEN})
    done = writer.tries()
    assert done.returncode == 1
    assert "\nposts/año nuevo.md:2:15: The value holds a colon" in f"\n{done.stderr}"
    assert "Nothing was committed." in done.stderr
    writer.write({"posts/año nuevo.md": post()})
    assert writer.tries().returncode == 0


def test_a_commit_is_judged_by_what_is_committed_and_not_by_the_work_tree(writer: Writer) -> None:
    writer.write({"site.toml": SETTINGS, "posts/a.md": BROKEN})
    writer.git("add", "-A")
    writer.write({"posts/a.md": post()})
    command = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@b.example", "commit", "-q", "-m", "uno"]
    done = subprocess.run(command, cwd=writer.folder, env=ENVIRON, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "\nposts/a.md:2:15: " in f"\n{done.stderr}"


@pytest.mark.slow
def test_a_commit_tells_warnings_of_its_own_files_and_is_made(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "work", "blog")
    link = post(body="[a](/nada/)")
    writer.write({"blog/site.toml": SETTINGS, "blog/posts/a.md": link})
    assert writer.tries().returncode == 0
    writer.write({"blog/posts/b.md": link})
    done = writer.tries()
    assert (done.returncode, [line.split(":")[0] for line in done.stderr.splitlines()[:-1]]) == (0, ["posts/b.md"])


@pytest.mark.slow
def test_a_commit_may_delete_a_post_and_rename_another(writer: Writer) -> None:
    writer.write({"site.toml": SETTINGS, "posts/a.md": post(), "posts/b.md": post(body="Otro.")})
    assert writer.tries().returncode == 0
    writer.write({"posts/a.md": None, "posts/b.md": None, "posts/c.md": post(body="Otro.")})
    done = writer.tries()
    assert done.returncode == 0, done.stderr
    assert writer.git("ls-files", "posts") == "posts/c.md"


def test_a_commit_of_other_files_is_not_checked(writer: Writer) -> None:
    writer.write({"README.md": "# Un blog"})
    done = writer.tries()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- forges


def steps_of(name: str) -> list[str]:
    """The commands of a workflow, in order."""
    flow: Any = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    if name.startswith("gitlab"):
        return list(flow["check-posts"]["script"])
    assert flow[True] == ["push", "pull_request"]  # YAML 1.1 reads "on" as a truth value, and forges do not
    return [step["run"] for step in flow["jobs"]["check"]["steps"] if "run" in step]


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """A repository with what a clone of Bitácora has."""
    editor = Editor(tmp_path / "engine", tmp_path / "engine")
    for name in ("bitacora", "templates", "static"):
        shutil.copytree(ROOT / name, editor.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "Makefile", "requirements.txt", "requirements.lock"):
        shutil.copy(ROOT / name, editor.folder / name)
    editor.commit({})
    return editor.folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["github-check.yml", "forgejo-check.yml", "gitlab-ci.yml"])
def test_the_commands_of_a_workflow_check_a_clean_clone(tmp_path: Path, engine: Path, name: str) -> None:
    """All of them but what fetches packages, whose result is put in its place."""
    editor = Editor(tmp_path / "work", tmp_path / "work")
    editor.commit({"site.toml": SETTINGS, "posts/a.md": post(body="[a](/nada/)")})
    clone = tmp_path / "clone"
    editor.git("clone", "-q", f"file://{editor.folder}", str(clone))
    temporary = tmp_path / "runner"
    environ = {
        **ENVIRON,
        "HOME": str(tmp_path),
        "ENGINE": f"file://{engine}",
        "RUNNER_TEMP": str(temporary),
        "GITHUB_WORKSPACE": str(clone),
        "CI_PROJECT_DIR": str(clone),
    }

    def run() -> list[subprocess.CompletedProcess[str]]:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        done = []
        for command in steps_of(name):
            if command.startswith("apt-get"):
                continue
            if command.startswith("make"):
                assert command.endswith(" .venv/serve")
                (temporary / "bitacora" / ".venv").symlink_to(sys.prefix)
                continue
            there = command.replace("/tmp/", f"{temporary}/")
            how = {"cwd": clone, "env": environ, "capture_output": True, "text": True, "check": False}
            done.append(subprocess.run(["bash", "-e", "-c", there], **how))
        return done

    clone_done, checked, *_ = run()
    assert clone_done.returncode == 0, clone_done.stderr
    assert (checked.returncode, checked.stdout.split(":")[:3]) == (0, ["posts/a.md", "5", "5"]), checked.stderr
    (clone / "posts" / "a.md").write_text(BROKEN)
    _, checked, *rest = run()
    assert (checked.returncode, checked.stdout.split(":")[:3]) == (1, ["posts/a.md", "2", "15"])
    assert [one.returncode for one in rest] == [0] * len(rest)
    if name.startswith("github"):
        [found] = json.loads((temporary / "posts.sarif").read_text())["runs"][0]["results"]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "posts/a.md"
