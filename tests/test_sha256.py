"""Repositories that name their objects by SHA-256 are published like any other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from publishing import SETTINGS, Editor, all_is_well, files_of, flask, post

from bitacora.publish.history import GitHistorian
from bitacora.publish.home import Home, PublishError, make
from bitacora.publish.release import publish, rollback

POST = "posts/2026-01-01-uno.md"


def repository(folder: Path, object_format: str = "sha256") -> Path:
    named_by = f"--object-format={object_format}"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", named_by, folder], check=True)
    return folder


@pytest.fixture
def forge(tmp_path: Path) -> Path:
    return repository(tmp_path / "forge.git")


@pytest.fixture
def editor(tmp_path: Path, forge: Path) -> Editor:
    editor = Editor(tmp_path / "work", forge, "sha256")
    editor.publish({"site.toml": SETTINGS, POST: post(body="Primera.")})
    return editor


def test_it_is_pulled_rolled_back_and_its_history_is_known(tmp_path: Path, forge: Path, editor: Editor) -> None:
    home = make(tmp_path / "home", "main", str(forge))
    commits = [editor.publish({POST: post(body="Segunda.")})]
    assert publish(home, all_is_well).outcome == "published"  # type: ignore[union-attr]
    commits.append(editor.publish({POST: "---\ntitle: [\n---\n"}))
    assert publish(home, all_is_well).commit == commits[-1]  # type: ignore[union-attr]
    assert {len(commit) for commit in commits} == {64}
    history = GitHistorian().look(str(home.current.resolve()))
    assert history is not None
    versions = history.before(POST, b"---\ntitle: [\n---\n")
    assert versions is not None
    assert [text.decode().split("\n")[-2] for text in history.read(versions).values()] == ["Segunda.", "Primera."]
    assert history.updated(POST) is not None
    assert rollback(home).commit == commits[0]
    assert b"Segunda." in files_of(home.current)[POST]


@pytest.mark.slow
def test_it_is_pushed_to_the_server_where_that_was_made_for_it(tmp_path: Path) -> None:
    done = flask("site", "init-git", tmp_path / "home", "--object-format", "sha256", site=tmp_path)
    assert done.returncode == 0, done.stderr
    home = Home(tmp_path / "home")
    editor = Editor(tmp_path / "work", home.repo, "sha256")
    assert editor.publish({POST: post()}) == home.served()
    editor.commit({POST: "---\ntitle: [\n---\n"})
    assert not editor.push().accepted


def test_an_empty_home_follows_a_forge_that_was_away_when_it_was_made(tmp_path: Path) -> None:
    forge = tmp_path / "forge.git"
    home = make(tmp_path / "home", "main", str(forge))
    editor = Editor(tmp_path / "work", repository(forge), "sha256")
    commit = editor.publish({POST: post()})
    attempt = publish(home, all_is_well)
    assert attempt is not None
    assert (attempt.outcome, "init-git again" in attempt.message) == ("failed", True)
    make(home.folder, "main", str(forge))
    assert publish(home, all_is_well).commit == commit  # type: ignore[union-attr]


def test_a_home_with_commits_stays_what_it_is(tmp_path: Path, editor: Editor) -> None:
    old = Editor(tmp_path / "old", repository(tmp_path / "old.git", "sha1"))
    commit = old.publish({POST: post()})
    home = make(tmp_path / "home", "main", str(old.repository))
    publish(home, all_is_well)
    with pytest.raises(PublishError, match="choose a new folder"):
        make(home.folder, "main", str(editor.repository))
    assert (home.served(), home.git().remote()) == (commit, str(old.repository))
