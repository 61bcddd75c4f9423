"""What changed on disk since last asked: by inotify, by polling, and what git's lock says."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from folders import Ticks
from inotify_simple import flags

from bitacora.files import watch as watching
from bitacora.files.tree import Signature, Tree, signature
from bitacora.files.watch import (
    EVERYTHING,
    LOCK_GETS_STALE_S,
    POLL_S,
    SILENCE_S,
    STATE,
    GitLock,
    InotifyWatch,
    PollingWatch,
    Watch,
    open_watch,
)

EVENT = struct.Struct("iIII")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "posts").mkdir(parents=True)
    (folder / "posts" / "a.md").write_text("one")
    return folder


def watch_of(root: Path, *folders: str, state: Path | None = None) -> InotifyWatch:
    watch = InotifyWatch(root, Tree(root), state)
    for folder in ("posts", *folders):
        watch.enter(folder)
    return watch


def is_unsettled(watch: Watch, root: Path, path: str) -> bool:
    return (root / path).exists() and watch.settles_in(path, (root / path).stat()) > 0


def nobody_may_know_of_writers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where files belong to another user than the blog runs as."""
    monkeypatch.setattr(watching, "has_writer", lambda _tree, _path: None)


def poll_of(root: Path, known: Callable[[str], Signature | None] = lambda _path: None) -> PollingWatch:
    watch = PollingWatch(root, Tree(root), known)
    watch.enter("posts")
    return watch


# --- inotify: one file


def rewritten(file: Path) -> None:
    file.write_text("two")


def appended(file: Path) -> None:
    with file.open("a") as open_file:
        open_file.write("two")


def replaced(file: Path) -> None:
    other = file.with_name(".a.md.tmp")
    other.write_text("two")
    other.replace(file)


def moved_over(file: Path) -> None:
    other = file.parent.parent / "b.md"
    other.write_text("two")
    other.rename(file)


def touched(file: Path) -> None:
    os.utime(file, (1, 1))


def made_unreadable(file: Path) -> None:
    file.chmod(0)


def deleted(file: Path) -> None:
    file.unlink()


def moved_away(file: Path) -> None:
    file.rename(file.parent.parent / "gone.md")


def written_again(file: Path) -> None:
    file.unlink()
    file.write_text("two")


WAYS = [
    rewritten,
    appended,
    replaced,
    moved_over,
    touched,
    made_unreadable,
    deleted,
    moved_away,
    written_again,
]


def test_an_untouched_folder_tells_nothing(root: Path) -> None:
    watch = watch_of(root)
    assert watch.changes(None) == set()
    (root / "posts" / "a.md").read_text()
    assert watch.changes(None) == set()


@pytest.mark.parametrize("way", WAYS)
def test_inotify_tells_of_every_way_to_change_a_file_and_only_once(
    root: Path, way: Callable[[Path], None]
) -> None:
    watch = watch_of(root)
    way(root / "posts" / "a.md")
    assert watch.changes(None) == {"posts/a.md"}
    assert watch.changes(None) == set()
    assert not is_unsettled(watch, root, "posts/a.md")


def test_a_file_that_is_rewritten_in_place_is_told_of_when_it_is_closed(root: Path) -> None:
    watch = watch_of(root)
    with (root / "posts" / "a.md").open("w") as file:
        file.write("two")
        file.flush()
        assert watch.changes(None) == set()
    assert watch.changes(None) == {"posts/a.md"}


def test_a_new_file_is_being_written_until_it_is_closed(root: Path) -> None:
    watch = watch_of(root)
    with (root / "posts" / "b.md").open("w") as file:
        file.write("two")
        file.flush()
        os.fchmod(file.fileno(), 0o600)
        watch.changes(None)
        assert is_unsettled(watch, root, "posts/b.md")
    assert watch.changes(None) == {"posts/b.md"}
    assert not is_unsettled(watch, root, "posts/b.md")


def test_a_new_file_that_is_deleted_while_it_is_written_is_no_longer_written(root: Path) -> None:
    watch = watch_of(root)
    with (root / "posts" / "b.md").open("w"):
        watch.changes(None)
        (root / "posts" / "b.md").unlink()
        assert "posts/b.md" in watch.changes(None)
        assert not is_unsettled(watch, root, "posts/b.md")


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_link_is_complete_when_it_is_made(root: Path, link: Callable[[Path, Path], None]) -> None:
    (root / "b.md").write_text("two")
    watch = watch_of(root)
    link(root / "b.md", root / "posts" / "b.md")
    assert watch.changes(None) == {"posts/b.md"}
    assert not is_unsettled(watch, root, "posts/b.md")


@pytest.mark.parametrize("may_know", [True, False])
def test_a_link_whose_other_name_is_gone_is_complete_when_nobody_has_written_to_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, may_know: bool
) -> None:
    if not may_know:
        nobody_may_know_of_writers(monkeypatch)
    (root / "b.md").write_text("two")
    watch = watch_of(root)
    os.link(root / "b.md", root / "posts" / "b.md")
    (root / "b.md").unlink()
    watch.changes(None)
    assert is_unsettled(watch, root, "posts/b.md") == (not may_know)
    later = time.time() + SILENCE_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert not is_unsettled(watch, root, "posts/b.md")


def test_names_that_editors_use_are_not_told_of(root: Path) -> None:
    watch = watch_of(root)
    for name in ("4913", ".a.md.swp", "a.md~", "#a.md#"):
        (root / "posts" / name).write_text("x")
    assert watch.changes(None) == set()


def test_names_that_are_not_utf8_are_told_of(root: Path) -> None:
    watch = watch_of(root)
    (root / "posts" / os.fsdecode(b"a\xe9.md")).write_text("x")
    assert watch.changes(None) == {"posts/a\udce9.md"}


# --- inotify: folders


def test_a_folder_that_is_made_or_moved_in_is_told_of(root: Path, tmp_path: Path) -> None:
    watch = watch_of(root)
    (root / "posts" / "made").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.md").write_text("x")
    (tmp_path / "full").rename(root / "posts" / "moved")
    assert watch.changes(None) == {"posts/made", "posts/moved"}


def test_a_renamed_folder_is_told_of_by_both_names_and_then_by_the_new_one(root: Path) -> None:
    (root / "posts" / "sub" / "deep").mkdir(parents=True)
    watch = watch_of(root, "posts/sub", "posts/sub/deep")
    (root / "posts" / "sub").rename(root / "posts" / "new")
    assert watch.changes(None) == {"posts/sub", "posts/new"}
    watch.enter("posts/new")
    watch.enter("posts/new/deep")
    (root / "posts" / "new" / "deep" / "a.md").write_text("x")
    assert watch.changes(None) == {"posts/new/deep/a.md"}


def test_a_folder_that_moved_away_is_not_watched_any_more(root: Path, tmp_path: Path) -> None:
    (root / "posts" / "sub").mkdir()
    watch = watch_of(root, "posts/sub")
    (root / "posts" / "sub").rename(tmp_path / "elsewhere")
    assert watch.changes(None) == {"posts/sub"}
    (tmp_path / "elsewhere" / "a.md").write_text("x")
    assert watch.changes(None) == set()


def test_a_removed_folder_that_is_made_again_is_watched_again(root: Path) -> None:
    (root / "posts" / "sub").mkdir()
    watch = watch_of(root, "posts/sub")
    (root / "posts" / "sub").rmdir()
    (root / "posts" / "sub").mkdir()
    assert "posts/sub" in watch.changes(None)
    watch.enter("posts/sub")
    (root / "posts" / "sub" / "a.md").write_text("x")
    assert watch.changes(None) == {"posts/sub/a.md"}


def test_of_the_site_folder_only_what_belongs_to_the_site_is_told_of(root: Path) -> None:
    watch = watch_of(root)
    (root / "README.md").write_text("x")
    (root / "drafts").mkdir()
    assert watch.changes(None) == set()
    (root / "site.toml").write_text("x")
    (root / "templates").mkdir()
    assert watch.changes(None) == {"site.toml", "templates"}


def test_new_settings_are_being_written_until_they_are_closed(root: Path) -> None:
    watch = watch_of(root)
    with (root / "site.toml").open("w"):
        watch.changes(None)
        assert is_unsettled(watch, root, "site.toml")
    assert watch.changes(None) == {"site.toml"}
    assert not is_unsettled(watch, root, "site.toml")


@pytest.mark.parametrize("folder", ["posts", "."])
def test_the_flip_of_a_config_map_may_have_changed_everything(root: Path, folder: str) -> None:
    place = root / folder
    (place / "..2026_01").mkdir()
    (place / "..data").symlink_to("..2026_01")
    watch = watch_of(root)
    (place / "..2026_02").mkdir()
    (place / "..tmp").symlink_to("..2026_02")
    (place / "..tmp").rename(place / "..data")
    assert watch.changes(None) == {EVERYTHING}


def test_a_flipped_link_to_the_site_may_have_changed_everything(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(root)
    watch = watch_of(link)
    assert watch.changes(None) == set()
    (tmp_path / "next" / "posts").mkdir(parents=True)
    (tmp_path / "tmp").symlink_to(tmp_path / "next")
    (tmp_path / "tmp").rename(link)
    assert watch.changes(None) == {EVERYTHING}


@pytest.mark.parametrize("watch_on", [watch_of, poll_of])
def test_a_folder_that_went_away_is_told_of_until_it_is_back(
    root: Path, tmp_path: Path, watch_on: Callable[[Path], InotifyWatch | PollingWatch]
) -> None:
    watch = watch_on(root)
    root.rename(tmp_path / "away")
    assert EVERYTHING in watch.changes(None)
    assert EVERYTHING in watch.changes(None)
    (tmp_path / "away").rename(root)
    watch.changes(None)
    assert watch.changes(None) == set()


def test_the_folder_of_last_good_versions_is_watched_too(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    watch = watch_of(root, state=state)
    (state / ".tmp").write_text("x")
    assert watch.changes(None) == set()
    (state / ".tmp").rename(state / "x")
    assert watch.changes(None) == {STATE}
    (state / "x").unlink()
    assert watch.changes(None) == {STATE}


# --- inotify: its limits


def events(watch: InotifyWatch, monkeypatch: pytest.MonkeyPatch, *given: bytes | OSError) -> None:
    """Let the kernel's queue hold these, and then nothing."""
    queue = list(given)
    read = os.read

    def read_queue(descriptor: int, size: int) -> bytes:
        if descriptor != watch._fd:
            return read(descriptor, size)
        event = queue.pop(0)
        if isinstance(event, OSError):
            raise event
        return event

    monkeypatch.setattr(os, "read", read_queue)
    monkeypatch.setattr(watch, "_queue", SimpleNamespace(poll=lambda _milliseconds: queue))


@pytest.mark.parametrize("mask", [flags.Q_OVERFLOW, flags.UNMOUNT])
def test_when_the_queue_overflows_everything_may_have_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch, mask: int
) -> None:
    watch = watch_of(root)
    events(watch, monkeypatch, EVENT.pack(-1, mask, 0, 0))
    assert watch.changes(None) == {EVERYTHING}


def test_after_a_true_overflow_nothing_counts_as_being_written(root: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip("this kernel's queue is too long to be filled here")
    watch = watch_of(root)
    with (root / "posts" / "b.md").open("w"):
        watch.changes(None)
        for _ in range(limit // 2 + 1):
            os.utime(root / "posts" / "a.md")
            os.utime(root / "posts" / "b.md")
    assert EVERYTHING in watch.changes(None)
    assert not is_unsettled(watch, root, "posts/b.md")
    assert watch.changes(None) == set()


def test_all_that_is_queued_is_told_of_at_once(root: Path) -> None:
    watch = watch_of(root)
    names = {f"{number:03d}{'x' * 240}.md" for number in range(600)}
    for name in names:
        (root / "posts" / name).write_text("")
    assert watch.changes(None) == {f"posts/{name}" for name in names}
    assert watch.changes(None) == set()


def test_a_queue_that_cannot_be_read_means_that_anything_may_have_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watch_of(root)
    events(watch, monkeypatch, OSError(errno.EIO, "Input/output error"))
    assert watch.changes(None) == {EVERYTHING}


def test_a_watch_that_cannot_be_made_leaves_no_descriptor_behind(root: Path, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        InotifyWatch(root, Tree(root), tmp_path / "none")
    assert len(os.listdir("/proc/self/fd")) == before


# --- which of the two


def opened(mode: str, root: Path) -> str:
    return open_watch(mode, root, Tree(root), None, lambda _path: None).name


def test_changes_are_watched_unless_polling_is_asked_for(root: Path) -> None:
    assert [opened(mode, root) for mode in ("auto", "inotify", "poll")] == ["inotify", "inotify", "poll"]


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOSYS])
def test_where_inotify_cannot_be_had_changes_are_polled(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(**_how: object) -> None:
        raise OSError(code, "refused")

    monkeypatch.setattr(watching, "INotify", refuse)
    assert opened("auto", root) == opened("inotify", root) == "poll"


def test_where_inotify_does_not_exist_changes_are_polled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "INotify", None)
    assert opened("auto", root) == "poll"


LOCAL = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:28 / /tmp rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("mount", "kind", "is_remote"),
    [
        ("", "nfs4", True),
        ("/posts", "nfs", True),
        ("/posts", "fuse.sshfs", True),
        ("/posts", "ext4", False),
        ("/posts/2026", "cifs", True),
        ("/posts/a.md", "virtiofs", True),
        ("/pages", "9p", True),
        ("/static", "fuse.rclone", True),
        ("/templates", "fakeowner", True),
        ("/elsewhere", "nfs", False),
        ("/postscripts", "nfs", False),
    ],
)
def test_a_file_system_that_others_write_to_is_polled_wherever_it_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mount: str, kind: str, is_remote: bool
) -> None:
    root = tmp_path / "a site"
    (root / "posts").mkdir(parents=True)
    place = f"{root}{mount}".replace(" ", r"\040")
    (tmp_path / "mountinfo").write_text(f"{LOCAL}40 22 0:50 / {place} rw,relatime shared:1 - {kind} far rw\n")
    monkeypatch.setattr(watching, "_MOUNTS", tmp_path / "mountinfo")
    assert [opened(mode, root) for mode in ("auto", "inotify")] == ["poll" if is_remote else "inotify", "inotify"]


def test_of_two_mounts_at_one_place_the_later_one_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [("nfs", root / "posts"), ("ext4", root / "posts")]
    lines = [f"4{n} 22 0:5{n} / {place} rw - {kind} x rw\n" for n, (kind, place) in enumerate(places)]
    (root / "mountinfo").write_text(LOCAL + "".join(lines))
    monkeypatch.setattr(watching, "_MOUNTS", root / "mountinfo")
    assert opened("auto", root) == "inotify"


def test_folders_that_are_links_are_looked_at_where_they_lead_to(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "far").mkdir()
    (root / "pages").symlink_to("far")
    (root / "mountinfo").write_text(f"{LOCAL}40 22 0:50 / {root}/far rw - nfs x rw\n")
    monkeypatch.setattr(watching, "_MOUNTS", root / "mountinfo")
    assert opened("auto", root) == "poll"


# --- polling


def test_polling_looks_at_everything_each_second(root: Path, ticks: Ticks) -> None:
    watch = poll_of(root)
    assert watch.changes(None) == set()
    ticks.pass_by(POLL_S)
    assert watch.changes(None) == {EVERYTHING, STATE}
    assert watch.changes(None) == set()


@pytest.mark.parametrize("way", [rewritten, appended, replaced, touched, made_unreadable, deleted])
def test_polling_sees_any_change_of_the_file_behind_the_page_at_once(
    root: Path, ticks: Ticks, way: Callable[[Path], None]
) -> None:
    file = root / "posts" / "a.md"
    before = signature(file.stat())
    watch = poll_of(root, lambda _path: before)
    assert watch.changes("posts/a.md") == set()
    way(file)
    assert "posts/a.md" in watch.changes("posts/a.md")


def test_polling_sees_at_once_that_a_folder_has_other_files(root: Path, ticks: Ticks) -> None:
    watch = poll_of(root)
    os.utime(root / "posts", (1, 1))
    assert watch.changes(None) == {"posts"}
    assert watch.changes(None) == {"posts"}
    watch.enter("posts")
    assert watch.changes(None) == set()


def test_polling_tells_of_a_removed_folder_once(root: Path, ticks: Ticks) -> None:
    (root / "posts" / "sub").mkdir()
    watch = poll_of(root)
    watch.enter("posts/sub")
    (root / "posts" / "sub").rmdir()
    watch.enter("posts")
    assert watch.changes(None) == {"posts/sub"}
    assert watch.changes(None) == set()


def test_polling_sees_a_flipped_link_at_once(root: Path, tmp_path: Path, ticks: Ticks) -> None:
    link = tmp_path / "current"
    link.symlink_to(root)
    watch = poll_of(link)
    (tmp_path / "next" / "posts").mkdir(parents=True)
    link.unlink()
    link.symlink_to(tmp_path / "next")
    assert EVERYTHING in watch.changes(None)


# --- git


def test_outside_git_no_lock_is_held(root: Path) -> None:
    lock = GitLock(str(root))
    assert (lock.is_held(), lock.age(), lock.index()) == (False, None, None)


@pytest.fixture
def repository(root: Path) -> Path:
    git(root.parent, "init", "--quiet")
    return root.parent / ".git"


def git(folder: Path, *command: str) -> None:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@blog.example")
    subprocess.run(["git", "-C", folder, *who, *command], check=True, capture_output=True)


def test_the_lock_of_the_repository_around_the_site_is_seen(root: Path, repository: Path) -> None:
    lock = GitLock(str(root))
    assert not lock.is_held()
    (repository / "index.lock").touch()
    assert lock.is_held()
    (repository / "index.lock").unlink()
    assert not lock.is_held()


def test_a_lock_gets_stale(root: Path, repository: Path) -> None:
    lock = GitLock(str(root))
    (repository / "index.lock").touch()
    long_ago = time.time() - LOCK_GETS_STALE_S - 1
    os.utime(repository / "index.lock", (long_ago, long_ago))
    assert not lock.is_held()
    assert LOCK_GETS_STALE_S < (lock.age() or 0) < LOCK_GETS_STALE_S + 10


def test_the_lock_of_a_linked_work_tree_is_its_own(root: Path, repository: Path, tmp_path: Path) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "-m", "start")
    git(root, "worktree", "add", "--quiet", str(tmp_path / "release"))
    here, there = GitLock(str(root)), GitLock(str(tmp_path / "release"))
    (repository / "worktrees" / "release" / "index.lock").touch()
    assert (here.is_held(), there.is_held()) == (False, True)


def test_the_index_changes_with_what_git_does(root: Path, repository: Path) -> None:
    lock = GitLock(str(root))
    seen = {lock.index()}
    git(root, "add", "posts")
    seen.add(lock.index())
    (root / "posts" / "a.md").write_text("two")
    git(root, "checkout", "--", "posts")
    seen.add(lock.index())
    assert len(seen) == 3


def test_a_repository_that_appears_later_is_noticed(root: Path) -> None:
    lock = GitLock(str(root))
    assert (lock.is_held(), lock.index()) == (False, None)
    (root / ".git").mkdir()
    (root / ".git" / "index").write_bytes(b"1")
    (root / ".git" / "index.lock").write_bytes(b"")
    assert lock.is_held()
    assert lock.index() is not None


# --- waiting


def test_waiting_ends_with_the_first_change(root: Path) -> None:
    watch = watch_of(root)
    waiting = threading.Thread(target=watch.wait, args=(600.0,), daemon=True)
    waiting.start()
    rewritten(root / "posts/a.md")
    waiting.join(30)
    assert not waiting.is_alive()
    assert watch.changes(None) == {"posts/a.md"}
