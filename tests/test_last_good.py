"""The last good versions of broken files: kept across restarts, agreed between workers, and let go."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from folders import MakeFolder, post

from bitacora.library.last_good import LastGood, Version

OLD = Version(100, b"old\ntext")
NEW = Version(200, b"new")


@pytest.fixture(params=["disk", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> LastGood:
    return LastGood(tmp_path / "state" if request.param == "disk" else None)


def test_what_nobody_knows_has_no_version(kept: LastGood) -> None:
    assert kept.newest("a.md", None) is None


def test_a_known_version_is_kept(kept: LastGood) -> None:
    assert kept.newest("a.md", OLD) == OLD
    assert kept.newest("a.md", None) == OLD
    assert kept.newest("b.md", None) is None


def test_the_newer_version_stays(kept: LastGood) -> None:
    kept.newest("a.md", OLD)
    assert kept.newest("a.md", NEW) == NEW
    assert kept.newest("a.md", OLD) == NEW
    assert kept.newest("a.md", None) == NEW


def test_an_erased_version_is_gone(kept: LastGood) -> None:
    kept.newest("a.md", OLD)
    kept.erase("a.md")
    kept.erase("a.md")
    assert kept.newest("a.md", None) is None


def test_nothing_older_than_a_withdrawal_comes_back(kept: LastGood) -> None:
    kept.newest("a.md", OLD)
    kept.withdraw("a.md", 150)
    assert kept.newest("a.md", None) is None
    assert kept.newest("a.md", OLD) is None
    assert kept.newest("a.md", NEW) == NEW


def test_a_withdrawal_that_is_known_is_not_written_again(tmp_path: Path) -> None:
    kept = LastGood(tmp_path)
    kept.withdraw("a.md", 150)
    before = [entry.stat().st_ino for entry in os.scandir(tmp_path)]
    kept.withdraw("a.md", 150)
    assert [entry.stat().st_ino for entry in os.scandir(tmp_path)] == before
    kept.withdraw("a.md", 250)
    assert kept.newest("a.md", NEW) is None


def test_every_worker_sees_what_one_has_kept_also_after_a_restart(tmp_path: Path) -> None:
    LastGood(tmp_path / "state").newest("a.md", NEW)
    assert LastGood(tmp_path / "state").newest("a.md", OLD) == NEW


def test_only_what_is_still_broken_is_kept(tmp_path: Path) -> None:
    kept = LastGood(tmp_path)
    for path in ("a.md", "b.md", "ñ\udce9.md"):
        kept.newest(path, OLD)
    kept.keep_only(["b.md"])
    assert [kept.newest(path, None) for path in ("a.md", "b.md", "ñ\udce9.md")] == [None, OLD, None]


def test_a_torn_version_counts_for_nothing(tmp_path: Path) -> None:
    kept = LastGood(tmp_path)
    kept.newest("a.md", OLD)
    for file in tmp_path.iterdir():
        file.write_bytes(b"torn")
    assert kept.newest("a.md", None) is None
    assert kept.newest("a.md", OLD) == OLD


def test_a_write_that_fails_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = LastGood(tmp_path)
    monkeypatch.setattr(os, "replace", refuse)
    assert kept.newest("a.md", OLD) == OLD
    assert os.listdir(tmp_path) == []
    assert kept.newest("a.md", None) == OLD


def test_what_memory_held_while_the_disk_was_full_gives_way_to_what_the_disk_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = LastGood(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(os, "replace", refuse)
        kept.newest("a.md", OLD)
    kept.newest("a.md", NEW)
    LastGood(tmp_path).erase("a.md")
    assert kept.newest("a.md", None) is None


def refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


def a_file(folder: Path) -> None:
    folder.write_text("in the way")


def below_a_file(folder: Path) -> None:
    folder.parent.mkdir()
    folder.parent.rmdir()
    folder.parent.write_text("in the way")


def removed_later(folder: Path) -> None:
    pass


@pytest.mark.parametrize("spoil", [a_file, below_a_file, removed_later])
def test_where_the_disk_refuses_memory_keeps_the_last_good_version(
    make_folder: MakeFolder, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    state = tmp_path / "cache" / "state"
    (tmp_path / "cache").mkdir()
    if spoil is below_a_file:
        (tmp_path / "cache").rmdir()
    spoil(state)
    folder = make_folder({"posts/a.md": post("Uno")}, state=state)
    assert folder.titles() == ["Uno"]
    if spoil is removed_later:
        state.rmdir()
    folder.write("posts/a.md", "---\ntitle: [torn\n")
    assert folder.titles() == ["Uno"]
    assert folder.complaints() == ["posts/a.md"]
    folder.write("posts/a.md", post("Dos"))
    assert folder.titles() == ["Dos"]
    (folder.root / "posts" / "a.md").unlink()
    folder.now()
    assert folder.titles(after=1) == []
