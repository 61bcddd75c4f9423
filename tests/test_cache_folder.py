"""The folder of caches: used where nobody else can write to it, closed, emptied or left alone where others can."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bitacora.files.private import make_private
from bitacora.files.tree import NotOwnError, open_own, read_own

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
NOBODY = 65534
ROOT = Path(__file__).parent.parent
_BUILDERS = {"pickle", "_pickle", "marshal", "shelve"}
"""Modules that make objects of what lies in a file."""


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def made(parent: Path, permissions: int) -> Path:
    folder = parent / "site"
    folder.mkdir()
    (folder / "index").mkdir()
    (folder / "index/heads").write_text("kept")
    (folder / "link").symlink_to(parent / "elsewhere")
    folder.chmod(permissions)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_text("not ours to erase")
    return tmp_path / "elsewhere"


def test_a_new_folder_is_its_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "cache/site")
    finally:
        os.umask(before)
    assert mode(tmp_path / "cache/site") == mode(tmp_path / "cache") == 0o700


@pytest.mark.parametrize("permissions", [0o700, 0o750, 0o755, 0o2755])
def test_a_folder_of_an_older_version_is_closed_and_keeps_what_it_has(
    tmp_path: Path, permissions: int, caplog: pytest.LogCaptureFixture
) -> None:
    folder = made(tmp_path, permissions)
    make_private(folder)
    assert mode(folder) & 0o777 == 0o700
    assert (folder / "index/heads").read_text() == "kept"
    assert not caplog.records


@pytest.mark.parametrize("permissions", [0o775, 0o2770, 0o777, 0o1777, 0o702])
def test_what_others_could_have_written_is_not_believed(
    tmp_path: Path, elsewhere: Path, permissions: int, caplog: pytest.LogCaptureFixture
) -> None:
    folder = made(tmp_path, permissions)
    make_private(folder)
    assert mode(folder) & 0o777 == 0o700
    assert list(folder.iterdir()) == []
    assert (elsewhere / "file").exists()
    assert ["others could write" in record.getMessage() for record in caplog.records] == [True]
    make_private(folder)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("parent", [0o777, 0o1777, 0o2775, 0o755])
def test_a_folder_of_ones_own_in_a_folder_of_all_is_good(tmp_path: Path, parent: int) -> None:
    """As an emptyDir of Kubernetes is, or /tmp."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(parent)
    for _ in range(2):
        make_private(tmp_path / "cache/site")
    assert mode(tmp_path / "cache/site") & 0o777 == 0o700


@needs_root
def test_a_folder_or_link_of_another_user_is_refused(tmp_path: Path, elsewhere: Path) -> None:
    folder = made(tmp_path, 0o700)
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match="it belongs to user 65534"):
        make_private(folder)
    assert (folder / "index/heads").exists()
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    make_private(link)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(PermissionError, match="it belongs to user 65534"):
        make_private(link)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"File exists|Not a directory"):
        make_private(tmp_path / "file")


def test_where_a_folder_cannot_be_closed_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk that has one mode for all."""
    folder = made(tmp_path, 0o777)
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    with pytest.raises(PermissionError, match="others can write to it: give it mode 0700"):
        make_private(folder)
    folder.chmod(0o755)
    make_private(folder)


def test_only_a_file_of_this_user_is_opened(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "good")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    os.mkfifo(tmp_path / "pipe")
    names = ["link", "nowhere", "pipe"]
    if os.geteuid() == 0:
        (tmp_path / "theirs").write_bytes(b"x")
        os.chown(tmp_path / "theirs", NOBODY, NOBODY)
        names.append("theirs")
    for name in names:
        for to_write in (False, True):
            with pytest.raises(NotOwnError):
                open_own(tmp_path / name, to_write=to_write)
    with pytest.raises(NotOwnError):
        open_own("/dev/zero" if os.geteuid() else "/dev/null")
    assert read_own(tmp_path / "good") == b"x"
    assert not (tmp_path / "missing").exists()


@pytest.fixture
def cache() -> Iterator[Path]:
    """Outside the folder of pytest, which no other user may enter."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        (Path(folder) / "cache").mkdir()
        yield Path(folder) / "cache"


_STARTED = """
import os, sys
from pathlib import Path
from bitacora.factory import _cache_folder, read_operator
from bitacora.shipped import SAMPLE
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(_cache_folder(read_operator({"BITACORA_CACHE_DIR": sys.argv[1]}, SAMPLE)))
"""


@needs_root
def test_a_blog_that_runs_as_another_user_goes_on_in_memory_and_says_so_once(cache: Path) -> None:
    cache.chmod(0o777)

    def started() -> tuple[str, list[str]]:
        command = [sys.executable, "-c", _STARTED, str(cache)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip(), [line for line in done.stderr.splitlines() if str(cache) in line]

    used, told = started()
    assert (used, told) == started() != ("None", [])
    (folder,) = cache.iterdir()
    assert str(folder) == used
    assert (folder.stat().st_uid, mode(folder)) == (NOBODY, 0o700)
    os.chown(folder, 0, 0)
    folder.chmod(0o777)
    used, (line,) = started()
    assert used == "None"
    assert "it belongs to user 0, not 65534" in line
    assert "last good versions are lost at each restart" in line


def test_no_module_can_read_what_builds_objects() -> None:
    for file in (ROOT / "app.py", ROOT / "gunicorn.conf.py", *(ROOT / "bitacora").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not _BUILDERS.intersection(name.partition(".")[0] for name in names), file
