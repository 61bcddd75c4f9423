"""What is installed is what was locked, and it starts without a warning."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from blogs import post
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from server import ROOT

LOCK = (ROOT / "requirements.lock").read_text() + (ROOT / "deploy/redis.lock").read_text()
REMEDY = "make lock"


def bounds() -> list[Requirement]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    lines += [
        line for line in (ROOT / "requirements-dev.txt").read_text().splitlines() if line.startswith("redis")
    ]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def locked() -> dict[str, tuple[Requirement, list[str]]]:
    """Each locked package by its name, with its hashes."""
    found = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^ *#.*\n", "", LOCK, flags=re.M)):
        requirement, *hashes = entry.replace("\\\n", "").split("--hash=")
        package = Requirement(requirement.strip())
        found[canonicalize_name(package.name)] = package, [text.strip() for text in hashes]
    return found


@pytest.mark.parametrize("wanted", bounds(), ids=lambda wanted: wanted.name)
def test_each_requirement_is_locked_within_its_bounds(wanted: Requirement) -> None:
    found = locked().get(canonicalize_name(wanted.name))
    assert found, f"{wanted.name} is not locked: {REMEDY}"
    (pin,) = found[0].specifier
    assert pin.operator == "=="
    assert wanted.specifier.contains(pin.version), f"{wanted} is locked as {pin.version}: {REMEDY}"


def test_everything_that_is_locked_has_hashes() -> None:
    for package, hashes in locked().values():
        assert hashes, f"{package.name}: {REMEDY}"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", text) for text in hashes)


def test_the_lock_names_no_place_to_fetch_from() -> None:
    """Each machine has its own, and hashes say that it is the same."""
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_what_requirements_need_themselves_is_locked(tmp_path: Path) -> None:
    """pip refuses to install a package without a hash: it must find nothing left to look for."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--quiet"]
    done = subprocess.run(
        [*command, "--require-hashes", "-r", ROOT / "requirements.lock"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, f"{done.stderr}\nInstalled is another version than what is locked: make serve"


@pytest.mark.parametrize("command", [["-m", "gunicorn", "--check-config", "app:app"], ["-m", "flask", "routes"]])
def test_the_blog_starts_where_warnings_are_errors(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/2018-07-17-x.md").write_text(post())
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        env={**os.environ, "BITACORA_SITE": str(tmp_path), "BITACORA_CACHE_DIR": str(tmp_path / "cache")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
