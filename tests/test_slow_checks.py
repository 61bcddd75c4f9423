"""A check that takes its time keeps nobody else waiting, and ends well before a connection would."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from publishing import Editor, all_is_well, left_over, post

from bitacora.publish import check as checking
from bitacora.publish import release
from bitacora.publish.check import CheckError, Report, check, patience_for
from bitacora.publish.home import Home, make
from bitacora.publish.receive import Update, post_receive, pre_receive
from bitacora.publish.release import publish, rollback

PATIENCE_S = 20.0
MAIN = "refs/heads/main"


class SlowCheck:
    """A checker that waits until it is told to go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = Event(), Event()

    def __call__(self, folder: Path, _shared: Sequence[str] = ()) -> Report:
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        return all_is_well(folder)


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[object]]]:
    with ThreadPoolExecutor() as threads:
        yield threads.submit


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One whose hooks this test is itself."""
    home = make(tmp_path / "home", "main", None)
    for hook in (home.repo / "hooks").iterdir():
        hook.unlink()
    return home


@pytest.fixture
def editor(home: Home, tmp_path: Path) -> Editor:
    return Editor(tmp_path / "work", home.repo)


def pushed(editor: Editor, title: str) -> Update:
    """A push of which git has the objects, and has not moved the branch yet."""
    commit = editor.commit({"posts/a.md": post(title)})
    assert editor.push("--force", "origin", "HEAD:refs/heads/other").accepted
    return Update("0" * 40, commit, MAIN)


def accept(home: Home, update: Update) -> None:
    home.git().run("update-ref", update.ref, update.new)
    assert post_receive(home, [update], all_is_well, 5)


def test_a_push_whose_check_takes_long_lets_another_go_first(
    home: Home, editor: Editor, beside: Callable[..., Future[object]]
) -> None:
    slow, first, second = SlowCheck(), pushed(editor, "Primera"), pushed(editor, "Segunda")
    waiting = beside(pre_receive, home, [first], slow)
    assert slow.begun.wait(PATIENCE_S)
    assert pre_receive(home, [second], all_is_well)
    accept(home, second)
    assert home.served() == second.new
    slow.go_on.set()
    assert waiting.result(PATIENCE_S)
    assert home.release(first.new).exists()
    assert left_over(home) == []


def test_two_pushes_of_one_commit_make_one_release(
    home: Home, editor: Editor, beside: Callable[..., Future[object]]
) -> None:
    slow, update = SlowCheck(), pushed(editor, "Primera")
    waiting = beside(pre_receive, home, [update], slow)
    assert slow.begun.wait(PATIENCE_S)
    assert pre_receive(home, [update], all_is_well)
    slow.go_on.set()
    assert waiting.result(PATIENCE_S)
    accept(home, update)
    assert (home.served(), left_over(home)) == (update.new, [])


def test_only_so_many_trees_are_checked_at_once(
    home: Home,
    editor: Editor,
    beside: Callable[..., Future[object]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(release, "MOST_CHECKS", 1)
    monkeypatch.setattr(release, "PATIENCE_S", 0)
    slow, first, second = SlowCheck(), pushed(editor, "Primera"), pushed(editor, "Segunda")
    waiting = beside(pre_receive, home, [first], slow)
    assert slow.begun.wait(PATIENCE_S)
    assert not pre_receive(home, [second], all_is_well)
    assert "Somebody else is publishing" in capsys.readouterr().out
    slow.go_on.set()
    assert waiting.result(PATIENCE_S)
    assert pre_receive(home, [second], all_is_well)


def test_a_rollback_comes_between_and_what_was_being_checked_stays_down(
    tmp_path: Path, beside: Callable[..., Future[object]]
) -> None:
    forge = tmp_path / "forge.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", forge], check=True)
    editor, home, slow = Editor(tmp_path / "work", forge), make(tmp_path / "home", "main", str(forge)), SlowCheck()
    first, second = (_published(editor, home, title) for title in ("Primera", "Segunda"))
    third = editor.publish({"posts/a.md": post("Tercera")})
    waiting = beside(publish, home, slow)
    assert slow.begun.wait(PATIENCE_S)
    assert rollback(home).commit == first
    assert home.served() == first != second
    slow.go_on.set()
    assert waiting.result(PATIENCE_S).outcome == "held"  # type: ignore[attr-defined]
    assert home.served() == first
    assert publish(home, all_is_well, forced=True).commit == third  # type: ignore[union-attr]
    assert left_over(home) == []


def _published(editor: Editor, home: Home, title: str) -> str:
    commit = editor.publish({"posts/a.md": post(title)})
    publish(home, all_is_well)
    return commit


def test_a_check_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "posts").mkdir()
    monkeypatch.setattr(checking, "LEAST_PATIENCE_S", 0.01)
    monkeypatch.setattr(checking, "PATIENCE_OF_A_FILE_S", 0)
    with pytest.raises(CheckError, match="took longer than"):
        check(tmp_path)


def test_a_tree_is_given_time_by_its_files_and_never_five_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        (tmp_path / f"{number}.md").touch()
    assert patience_for(tmp_path) == pytest.approx(60.03)
    monkeypatch.setattr(checking, "PATIENCE_OF_A_FILE_S", 1_000)
    assert patience_for(tmp_path) == 240
