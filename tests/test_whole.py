"""No file is taken while somebody writes to it, and each one as soon as it is certain that nobody does."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from conftest import NewBlog
from folders import Folder, MakeFolder, Ticks, post
from live import git

from bitacora.files import watch as watching
from bitacora.files.tree import Tree
from bitacora.files.watch import EVERYTHING, MOST_QUIET_S, POLL_S, QUIET_S
from bitacora.library.library import OPEN_IS_TOLD_S
from bitacora.library.snapshot import Snapshot

HALF = post("Media").encode()
WHOLE = HALF + b"\nAnd the rest.\n"
KINDS = [
    ("posts/x.md", lambda here: "posts/x.md" in here.by_path and here.entries["posts/x.md"].signature),
    (
        "posts/b/index.md",
        lambda here: "posts/b/index.md" in here.by_path and here.entries["posts/b/index.md"].signature,
    ),
    ("pages/x.md", lambda here: "pages/x.md" in here.by_path and here.entries["pages/x.md"].signature),
    ("templates/x.html", lambda here: here.templates.get("x.html")),
    ("posts/b/plaza.jpg", lambda here: here.files.get("posts/b/plaza.jpg")),
    ("static/x.css", lambda here: here.files.get("static/x.css")),
]
State = Callable[[Snapshot], object]


@pytest.fixture
def make(make_folder: MakeFolder, ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> MakeFolder:
    """A site on clocks that all are moved by hand, by a sleep as well."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + ticks.passed)
    monkeypatch.setattr(time, "sleep", ticks.pass_by)

    def made(**how: object) -> Folder:
        files = {"posts/a.md": post("Uno"), "posts/b/index.md": post("B", slug="b")}
        files |= dict.fromkeys(("pages/p.md", "templates/t.html", "static/s.css"), post("P"))
        return make_folder(files, **{"waits_for_writers": True, **how})

    return made


def long_before(folder: Folder) -> Snapshot:
    """The site, so long before what follows that nothing of it is taken for a pause."""
    folder.now()
    folder.ticks.start += folder.ticks.passed + 2 * MOST_QUIET_S
    folder.ticks.passed = 0  # by the clock of the wall, its files are as young as they were
    return folder.now()


@pytest.fixture(params=["may know", "may not know"])
def writers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether this user may ask the kernel who has a file open."""
    if request.param == "may not know":
        monkeypatch.setattr(watching, "has_writer", lambda _tree, _path: None)
    return str(request.param)


# --- where the kernel tells


@pytest.mark.parametrize(("path", "state"), KINDS)
@pytest.mark.parametrize("mode", ["wb", "r+b", "ab"])
@pytest.mark.usefixtures("writers")
def test_a_file_is_taken_when_its_writer_has_closed_it_however_long_that_takes(
    make: MakeFolder, path: str, state: State, mode: str
) -> None:
    folder = make()
    if mode != "wb":
        folder.write(path, "---\ntitle: Antes\ndate: 2020-01-02\n---\n")
    before = state(folder.now())
    with (folder.root / path).open(mode) as file:
        file.write(HALF)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.utime(file.fileno(), (5, 5))
        assert state(folder.now()) == before
        folder.ticks.pass_by(1_000)
        folder.library._scan_beside()
        assert state(folder.now()) == before
        folder.library._dirty.add(EVERYTHING)
        assert state(folder.now(after=1_000)) == before
        file.write(WHOLE)
    assert state(folder.now()) != before


@pytest.mark.usefixtures("writers")
def test_a_file_that_takes_the_place_of_one_that_is_written_is_whole_at_once(make: MakeFolder) -> None:
    folder = make()
    folder.now()
    with (folder.root / "posts/a.md").open("wb") as file:
        file.write(HALF)
        file.flush()
        (folder.root / "posts/.tmp").write_text(post("Dos"))
        (folder.root / "posts/.tmp").replace(folder.root / "posts/a.md")
        assert "Dos" in folder.titles()


@pytest.mark.parametrize("path", ["posts/new/index.md", "posts/new/plaza.jpg", "posts/x.md"])
def test_what_was_open_before_it_was_watched_is_taken_when_it_is_closed(make: MakeFolder, path: str) -> None:
    """In a folder that is copied with what is in it, and at a start."""
    folder = make()
    if path.startswith("posts/new"):
        folder.now()
    (folder.root / path).parent.mkdir(exist_ok=True)
    with (folder.root / path).open("wb") as file:
        file.write(HALF)
        file.flush()
        here = folder.now()
        assert path not in here.files
        assert path not in here.entries
        assert folder.library.unfinished == (path,)
    here = folder.now()
    assert path in here.files or path in here.entries
    assert folder.library.unfinished == ()


def test_where_nobody_may_know_of_writers_a_file_in_a_new_folder_waits_until_it_is_quiet(
    make: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "has_writer", lambda _tree, _path: None)
    folder = make()
    long_before(folder)
    folder.write("posts/new/index.md", post("Dos", slug="dos"))
    assert "Dos" not in folder.titles()
    assert "Dos" in folder.titles(after=QUIET_S)
    folder.write("posts/new/index.md", post("Tres", slug="dos"))
    assert "Tres" in folder.titles()


@pytest.mark.usefixtures("writers")
def test_what_is_closed_and_what_git_checks_out_is_there_at_once(make: MakeFolder) -> None:
    folder = make()
    git(folder.root, "init", "-q", "-b", "main")
    git(folder.root, "add", "-A")
    git(folder.root, "commit", "-q", "-m", "one")
    git(folder.root, "checkout", "-q", "-b", "other")
    folder.write("posts/new/index.md", post("Nueva", slug="n"))
    folder.write("posts/new/x.png", b"x")
    folder.write("posts/a.md", post("Dos"))
    git(folder.root, "add", "-A")
    git(folder.root, "commit", "-q", "-m", "two")
    git(folder.root, "checkout", "-q", "main")
    assert folder.titles() == ["B", "Uno"]
    git(folder.root, "checkout", "-q", "other")
    here = folder.now()
    assert {post.title for post in here.posts} == {"B", "Dos", "Nueva"}
    assert "posts/new/x.png" in here.files
    folder.write("posts/a.md", post("Tres"))
    assert "Tres" in folder.titles()


def test_what_is_written_while_it_is_read_is_read_again(make: MakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody opens the file right before it is read, and the half of it reads well."""
    folder = make()
    folder.now()
    folder.write("posts/a.md", post("Dos"))
    opened: list[BinaryIO] = []
    read = Tree.read

    def open_and_read(tree: Tree, path: str) -> object:
        if path == "posts/a.md" and not opened:
            opened.append((folder.root / path).open("wb"))
            opened[0].write(HALF)
            opened[0].flush()
        return read(tree, path)

    monkeypatch.setattr(Tree, "read", open_and_read)
    assert folder.titles() == ["B", "Uno"]
    opened[0].close()
    assert folder.titles() == ["B", "Media"]


def test_what_is_written_under_another_name_is_taken_when_it_is_closed(make: MakeFolder, tmp_path: Path) -> None:
    """Nothing tells of it but the comparison of everything, once a minute."""
    folder = make()
    (tmp_path / "elsewhere").write_text(post("Fuera"))
    os.link(tmp_path / "elsewhere", folder.root / "posts/x.md")
    before = folder.titles()
    with (tmp_path / "elsewhere").open("wb") as file:
        file.write(HALF)
        file.flush()
        folder.ticks.pass_by(10)
        folder.library._scan_beside()
        assert folder.titles() == before == ["B", "Fuera", "Uno"]
    folder.library._scan_beside()
    assert folder.titles() == ["B", "Media", "Uno"]


# --- what is told


@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_a_file_that_is_open_for_over_a_minute_is_told_until_it_is_closed(
    make: MakeFolder, watch: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make(watch=watch)
    long_before(folder)
    with caplog.at_level(logging.WARNING), (folder.root / "posts/a.md").open("ab") as file:
        for _ in range(int(OPEN_IS_TOLD_S) - 2):
            file.write(b"a little more\n")
            file.flush()
            assert folder.complaints(after=1) == []
        for _ in range(8):
            file.write(b"a little more\n")
            file.flush()
            folder.now(after=1)
        assert folder.complaints() == ["posts/a.md"]
        assert "posts/a.md" in caplog.text
        assert "open" in caplog.text
    assert folder.complaints(after=MOST_QUIET_S) == []


def test_check_names_what_is_being_written(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2020-01-02-a.md": post("Uno")})
    with (blog.root / "posts/2020-01-03-b.md").open("wb") as file:
        file.write(HALF)
        file.flush()
        result = blog.app.test_cli_runner().invoke(args=["posts", "check", "--no-share"])
    assert "posts/2020-01-03-b.md:1:1: warning: A program has the file open" in result.output


# --- where nobody tells


def test_where_changes_are_polled_a_file_is_taken_when_it_has_been_quiet(make: MakeFolder) -> None:
    """Two seconds at first, then twice the longest pause that was seen in it."""
    folder = make(watch="poll")
    long_before(folder)
    file = folder.root / "posts/x.md"
    titles = folder.titles()
    with file.open("wb") as opened:
        for pause in (1.0, 1.5, 0.5):
            opened.write(HALF)
            opened.flush()
            assert folder.titles(after=POLL_S) == titles
            assert folder.titles(after=pause) == titles
        opened.write(b"\n")
        opened.flush()
        assert folder.titles(after=POLL_S) == titles
    assert folder.titles(after=2 * 2.5 - 0.1) == titles
    assert folder.titles(after=0.2) != titles


@pytest.mark.parametrize("path", ["posts/b/plaza.jpg", "static/x.css"])
def test_where_changes_are_polled_a_picture_waits_too(make: MakeFolder, path: str) -> None:
    folder = make(watch="poll")
    folder.write(path, b"before")
    before = long_before(folder).files
    folder.write(path, b"after it")
    assert folder.now(after=POLL_S).files == before
    assert folder.now(after=QUIET_S - 0.1).files == before
    assert folder.now(after=0.2).files != before


def test_an_upload_that_goes_on_after_it_was_taken_is_waited_for_longer(make: MakeFolder) -> None:
    folder = make(watch="poll")
    long_before(folder)
    folder.write("posts/x.md", HALF)
    assert "Media" not in folder.titles(after=POLL_S)
    assert "Media" in folder.titles(after=QUIET_S)
    seen = folder.body("posts/x.md")
    with (folder.root / "posts/x.md").open("ab") as file:
        file.write(b"more\n")
    folder.ticks.pass_by(POLL_S)
    assert folder.body("posts/x.md") == seen
    pause = QUIET_S + POLL_S
    folder.ticks.pass_by(2 * pause - 0.1)
    assert folder.body("posts/x.md") == seen
    folder.ticks.pass_by(0.2)
    assert folder.body("posts/x.md") != seen


@pytest.mark.parametrize("is_renamed", [True, False])
def test_an_edit_is_waited_for_no_longer_because_there_was_one_before(make: MakeFolder, is_renamed: bool) -> None:
    folder = make(watch="poll")
    long_before(folder)
    for number in range(3):
        title = f"Número {'xyz'[number]}"
        folder.write("posts/.tmp" if is_renamed else "posts/a.md", post(title))
        if is_renamed:
            (folder.root / "posts/.tmp").replace(folder.root / "posts/a.md")
        assert title not in folder.titles(after=POLL_S)
        assert title in folder.titles(after=QUIET_S)
        folder.ticks.pass_by(5)


def test_nothing_is_waited_for_longer_than_a_minute(ticks: Ticks, tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    file = tmp_path / "posts/x.md"
    watch = watching.PollingWatch(tmp_path, Tree(tmp_path), lambda _path: None)
    watch.changes(None)
    for pause in (0.0, 1.9, 3.0, 5.0, 9.0, 17.0, 33.0, 59.0):
        ticks.pass_by(pause)
        with file.open("ab") as opened:
            opened.write(b"x")
        assert watch.settles_in("posts/x.md", file.stat()) <= MOST_QUIET_S
    assert watch.settles_in("posts/x.md", file.stat()) > MOST_QUIET_S - 1
    assert watch.open_for(MOST_QUIET_S) == ["posts/x.md"]
    ticks.pass_by(MOST_QUIET_S)
    assert watch.settles_in("posts/x.md", file.stat()) == 0
    assert watch.open_for(MOST_QUIET_S) == []
    ticks.pass_by(MOST_QUIET_S)
    watch.changes(None)
    assert watch._still._files == {}


def test_while_an_editor_works_and_for_who_asks_once_everything_is_taken_at_once(make: MakeFolder) -> None:
    folder = make(watch="poll", waits_for_writers=False)
    folder.now()
    folder.write("posts/a.md", post("Dos"))
    assert "Dos" in folder.titles(after=POLL_S)


def test_where_changes_are_polled_what_git_checks_out_is_there_at_once(make: MakeFolder) -> None:
    folder = make(watch="poll")
    git(folder.root, "init", "-q", "-b", "main")
    git(folder.root, "add", "-A")
    git(folder.root, "commit", "-q", "-m", "one")
    folder.now()
    folder.write("posts/a.md", post("Dos"))
    git(folder.root, "commit", "-q", "-a", "-m", "two")
    git(folder.root, "checkout", "-q", "HEAD~1")
    assert folder.titles(after=POLL_S) == ["B", "Uno"]
    git(folder.root, "checkout", "-q", "main")
    assert folder.titles(after=POLL_S) == ["B", "Dos"]


# --- at a start


@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_a_start_gives_what_was_written_just_now_the_time_to_be_whole(
    make: MakeFolder, monkeypatch: pytest.MonkeyPatch, watch: str
) -> None:
    monkeypatch.setattr(watching, "has_writer", lambda _tree, _path: None)
    folder = make(watch=watch)
    begun = folder.ticks.passed
    assert folder.titles() == ["B", "Uno"]
    assert 0 < folder.ticks.passed - begun < QUIET_S + 0.1


def test_a_start_waits_no_longer_than_that_for_one_that_is_open(make: MakeFolder) -> None:
    folder = make()
    begun = folder.ticks.passed
    with (folder.root / "posts/x.md").open("wb") as file:
        file.write(HALF)
        file.flush()
        assert folder.titles() == ["B", "Uno"]
    assert folder.ticks.passed - begun < QUIET_S + 0.1
    assert folder.titles() == ["B", "Media", "Uno"]


def test_of_a_great_many_files_the_kernel_is_asked_only_of_some(
    make: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(watching, "_MOST_ASKED", 3)
    monkeypatch.setattr(watching, "has_writer", lambda _tree, path: bool(asked.append(path)))
    folder = make()
    for number in range(10):
        folder.write(f"posts/{number}.md", post(f"N {number}", slug=f"n{number}"))
    folder.ticks.pass_by(QUIET_S)
    assert len(folder.titles()) == 12
    assert 0 < len(asked) <= 3


# --- mounts


def test_a_share_that_is_mounted_while_the_blog_runs_is_polled_from_then_on(
    make: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make()
    folder.now()
    assert folder.library.watch_name == "inotify"
    (tmp_path / "mounts").write_text(f"40 22 0:50 / {folder.root}/posts/b rw - nfs x rw\n")
    monkeypatch.setattr(watching, "_MOUNTS", tmp_path / "mounts")
    folder.library._scan_beside()
    folder.now()
    assert folder.library.watch_name == "poll"
