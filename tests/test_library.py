"""The live library: what is on disk is in the next snapshot, whole, and nothing on disk can take it down."""

from __future__ import annotations

import errno
import gc
import logging
import os
import random
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from folders import NOW, SETTINGS, Folder, MakeFolder, Ticks, post

from bitacora.files import tree as files
from bitacora.files.tree import Signature
from bitacora.files.watch import LOCK_GETS_STALE_S, POLL_S, InotifyWatch
from bitacora.library.library import GIT_PATIENCE_S, SAFETY_SCAN_S, Library
from bitacora.library.scan import DELETION_PATIENCE_S
from bitacora.library.snapshot import Snapshot
from bitacora.problems import PostError
from bitacora.settings import SettingError

BROKEN = "---\ntitle: [torn\n"
DRAFT = post("Borrador", draft="true")
ADDRESS = "/2020/01/02/a/"


@pytest.fixture(params=["inotify", "poll"])
def watch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(make_folder: MakeFolder) -> Folder:
    return make_folder({"posts/a.md": post("Uno")})


@pytest.fixture
def either(make_folder: MakeFolder, watch: str) -> Folder:
    """A folder that is watched by inotify in one run and polled in another."""
    return make_folder({"posts/a.md": post("Uno")}, watch=watch)


def in_time(folder: Folder) -> float:
    """How long lists may take: nothing with inotify, a second with polling."""
    return POLL_S if folder.how.get("watch") == "poll" else 0.0


# --- when nothing changed


def test_an_unchanged_site_is_the_same_snapshot(either: Folder) -> None:
    first = either.now()
    assert either.now() is first
    assert either.now(after=POLL_S) is first


def test_an_unchanged_site_is_known_to_be_so_without_reading_a_file(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(folder)
    snapshot = folder.now()
    for name in ("open", "scandir", "listdir"):
        monkeypatch.setattr(os, name, None)
    assert folder.library.current() is snapshot


def age(folder: Folder) -> None:
    """Read what was written so recently that another write could hide behind the same times, until it is older."""
    while folder.library.current() is None:
        folder.now()


# --- files


def rewritten(file: Path, text: str) -> None:
    file.write_text(text)


def replaced(file: Path, text: str) -> None:
    other = file.with_name(".tmp")
    other.write_text(text)
    other.replace(file)


def moved_over(file: Path, text: str) -> None:
    other = file.parent.parent / "other"
    other.write_text(text)
    other.rename(file)


def with_old_times(file: Path, text: str) -> None:
    file.write_text(text)
    os.utime(file, (1, 1))


def linked(file: Path, text: str) -> None:
    other = file.parent.parent / "other"
    other.write_text(text)
    file.unlink()
    os.link(other, file)


def linked_by_name(file: Path, text: str) -> None:
    other = file.parent.parent / "other"
    other.write_text(text)
    file.unlink()
    file.symlink_to("../other")


def saved_by_vim(file: Path, text: str) -> None:
    file.rename(f"{file}~")
    file.write_text(text)
    Path(f"{file}~").unlink()


WRITERS = [rewritten, replaced, moved_over, with_old_times, linked, linked_by_name, saved_by_vim]


@pytest.mark.parametrize("write", WRITERS)
def test_an_edit_is_in_the_next_snapshot(either: Folder, write: Callable[[Path, str], None]) -> None:
    either.now()
    write(either.root / "posts" / "a.md", post("Dos"))
    assert either.titles(after=in_time(either)) == ["Dos"]


def test_when_changes_are_polled_the_post_that_is_asked_for_is_current_all_the_same(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder({"posts/a.md": post("Uno")}, watch="poll")
    folder.now()
    folder.write("posts/a.md", post("Dos"))
    assert folder.library.snapshot(ADDRESS).by_url[ADDRESS].title == "Dos"


def test_a_new_file_is_in_the_next_snapshot(either: Folder) -> None:
    either.now()
    either.write("posts/b.md", post("Dos"))
    assert either.titles() == ["Dos", "Uno"]


def test_a_file_in_new_folders_is_in_the_next_snapshot_and_so_is_its_edit(either: Folder) -> None:
    either.now()
    either.write("posts/x/y/z/b.md", post("Dos"))
    assert either.titles(after=in_time(either)) == ["Dos", "Uno"]
    either.write("posts/x/y/z/b.md", post("Tres"))
    assert either.titles(after=in_time(either)) == ["Tres", "Uno"]


def test_a_file_that_appears_in_a_folder_while_it_is_listed_is_not_missed(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.now()
    (folder.root / "posts" / "sub").mkdir()
    scandir = os.scandir

    def scan_and_add(descriptor: int) -> Iterator[os.DirEntry[str]]:
        listing = scandir(descriptor)
        found = list(listing)
        monkeypatch.setattr(os, "scandir", scandir)
        folder.write("posts/sub/b.md", post("Dos"))
        listing.close()
        return listing_of(found)

    monkeypatch.setattr(os, "scandir", scan_and_add)
    folder.now()
    assert folder.titles() == ["Dos", "Uno"]


class listing_of(list[os.DirEntry[str]]):  # noqa: N801 - stands for a function
    def __enter__(self) -> listing_of:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_new_file_is_not_read_before_it_is_closed(folder: Folder) -> None:
    folder.now()
    whole = post("Dos", "Un texto entero.")
    with (folder.root / "posts" / "b.md").open("w") as file:
        file.write(whole[:-10])
        file.flush()
        assert folder.titles() == ["Uno"]
        assert folder.titles(after=0.5) == ["Uno"]
        file.write(whole[-10:])
    assert folder.titles() == ["Dos", "Uno"]
    assert folder.body("posts/b.md") == "Un texto entero."


def test_a_file_that_is_rewritten_in_place_is_not_read_before_it_is_closed(folder: Folder) -> None:
    folder.now()
    with (folder.root / "posts" / "a.md").open("w") as file:
        file.write(post("Dos")[:-5])
        file.flush()
        assert folder.titles() == ["Uno"]
        assert folder.complaints() == []
    assert folder.titles() == ["Dos"]


def test_a_deleted_post_is_gone_when_it_cannot_be_a_save_any_more(either: Folder) -> None:
    either.now()
    (either.root / "posts" / "a.md").unlink()
    assert either.titles() == ["Uno"]
    assert either.titles(after=DELETION_PATIENCE_S) == []
    assert either.complaints() == []


def test_what_was_deleted_right_before_the_folder_went_away_went_with_it(
    either: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder is removed file by file, and readers may come meanwhile."""
    either.write("posts/b.md", post("Dos", date="2019-01-01"))
    either.now()
    (either.root / "posts" / "a.md").unlink()
    assert either.titles() == ["Dos", "Uno"]
    assert either.titles(after=DELETION_PATIENCE_S) == ["Dos"]
    away = either.root.rename(tmp_path / "away")
    assert either.titles(after=DELETION_PATIENCE_S) == ["Dos", "Uno"]
    away.rename(either.root)
    either.now()
    assert either.titles(after=DELETION_PATIENCE_S) == ["Dos"]
    monkeypatch.setattr("bitacora.library.library._REMOVAL_S", 0.0)
    either.root.rename(tmp_path / "away")
    assert either.titles(after=DELETION_PATIENCE_S) == ["Dos"]


def test_what_is_absent_for_the_moment_of_a_save_never_goes(folder: Folder) -> None:
    folder.now()
    (folder.root / "posts" / "a.md").rename(folder.root / "posts" / "a.md~")
    assert folder.titles(after=DELETION_PATIENCE_S / 2) == ["Uno"]
    folder.write("posts/a.md", post("Dos"))
    assert folder.titles() == ["Dos"]
    assert folder.titles(after=DELETION_PATIENCE_S) == ["Dos"]


def test_a_touched_file_makes_no_new_snapshot(folder: Folder) -> None:
    folder.now()
    first = folder.now()
    os.utime(folder.root / "posts" / "a.md", (5, 5))
    assert folder.now() is first
    replaced(folder.root / "posts" / "a.md", post("Uno"))
    assert folder.now() is first


def test_a_file_that_was_being_written_when_it_was_read_is_in_the_next_snapshot(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder({"posts/a.md": post("Uno")}, watch="poll")
    folder.now()
    folder.write("posts/a.md", post("A medias")[:40])
    read = os.read

    def read_while_it_is_written(descriptor: int, size: int) -> bytes:
        with (folder.root / "posts" / "a.md").open("a") as file:
            file.write("x")
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", read_while_it_is_written)
    assert folder.titles(after=POLL_S) == ["Uno"]
    monkeypatch.setattr(os, "read", read)
    folder.write("posts/a.md", post("Entero"))
    assert folder.titles() == ["Entero"]


def test_an_edit_that_hides_behind_size_and_times_is_found_while_the_times_are_young(
    either: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system with coarse times ctime stays too: the whole signature is the same."""
    for module in ("files.tree", "library.scan", "files.watch"):
        monkeypatch.setattr(f"bitacora.{module}.signature", without_times)
    either.now()
    either.write("posts/a.md", post("Dos"))
    assert either.titles() == ["Dos"]


def without_times(found: os.stat_result) -> Signature:
    now = time.time_ns()
    return found.st_dev, found.st_ino, found.st_size, now - now % 1_000_000_000, 0


@pytest.mark.parametrize("end", [Path.unlink, lambda file: file.write_bytes(b"x" * 3_000_000)])
def test_what_was_young_when_it_ended_is_not_looked_for_for_ever(
    make_folder: MakeFolder, end: Callable[[Path], None]
) -> None:
    folder = make_folder({"posts/a.md": post("Uno")}, watch="poll")
    folder.now()
    end(folder.write("posts/b.md", post("Dos")))
    for _ in range(3):
        folder.now(after=POLL_S)
    age(folder)
    assert folder.titles() == ["Uno"]


def test_a_great_many_posts_that_go_at_once_are_gone_in_time(folder: Folder, tmp_path: Path) -> None:
    for number in range(300):
        folder.write(f"posts/many/{number}.md", post(str(number)))
    folder.write("posts/many/broken.md", post("Rota"))
    library = folder.another(state=tmp_path / "state")
    folder.now(library)
    folder.write("posts/many/broken.md", BROKEN)
    assert len(folder.titles(library)) == 302
    shutil.rmtree(folder.root / "posts" / "many")
    folder.now(library)
    assert folder.titles(library, after=DELETION_PATIENCE_S) == ["Uno"]
    assert os.listdir(tmp_path / "state") == []


# --- folders


def test_a_folder_moved_in_with_its_posts_is_there_at_once(either: Folder, tmp_path: Path) -> None:
    either.now()
    (tmp_path / "full" / "deep").mkdir(parents=True)
    (tmp_path / "full" / "deep" / "b.md").write_text(post("Dos"))
    (tmp_path / "full").rename(either.root / "posts" / "full")
    assert either.titles() == ["Dos", "Uno"]
    either.write("posts/full/deep/b.md", post("Tres"))
    assert either.titles(after=in_time(either)) == ["Tres", "Uno"]


def test_a_renamed_folder_takes_its_posts_along(either: Folder) -> None:
    either.write("posts/sub/b.md", post("Dos"))
    either.now()
    (either.root / "posts" / "sub").rename(either.root / "posts" / "new")
    either.now(after=in_time(either))
    either.now(after=DELETION_PATIENCE_S)
    assert set(either.now().by_path) == {"posts/a.md", "posts/new/b.md"}
    either.write("posts/new/b.md", post("Tres"))
    assert either.titles(after=in_time(either)) == ["Tres", "Uno"]


def test_a_removed_folder_takes_its_posts_along_and_brings_them_back(either: Folder) -> None:
    either.write("posts/sub/b.md", post("Dos"))
    either.now()
    shutil.rmtree(either.root / "posts" / "sub")
    either.now(after=in_time(either))
    assert either.titles(after=DELETION_PATIENCE_S) == ["Uno"]
    either.write("posts/sub/b.md", post("Tres"))
    assert either.titles(after=in_time(either)) == ["Tres", "Uno"]


def test_a_post_that_gives_way_to_a_folder_of_its_name_is_gone(folder: Folder) -> None:
    folder.write("posts/sub/b.md", post("Dos"))
    folder.now()
    (folder.root / "posts" / "a.md").unlink()
    (folder.root / "posts" / "a.md").mkdir()
    assert folder.complaints() == ["posts/a.md"]
    shutil.rmtree(folder.root / "posts" / "sub")
    folder.write("posts/sub", "no folder any more")
    folder.now()
    assert folder.titles(after=DELETION_PATIENCE_S) == ["Uno"]


# --- the site's folder


def flip(link: Path, target: Path) -> None:
    other = link.with_name("tmp")
    other.symlink_to(target)
    other.rename(link)


def release(make_folder: MakeFolder, tmp_path: Path, name: str, **titles: str) -> Folder:
    files = {f"posts/{stem}.md": post(title) for stem, title in titles.items()}
    return make_folder(files, root=tmp_path / name)


def test_after_a_flip_of_the_link_to_the_site_the_other_site_is_shown_whole(
    make_folder: MakeFolder, tmp_path: Path, ticks: Ticks, watch: str
) -> None:
    release(make_folder, tmp_path, "one", a="Uno", b="Dos", old="Se va")
    release(make_folder, tmp_path, "two", a="Uno mejor", b="Dos mejor")
    (tmp_path / "current").symlink_to("one")
    folder = Folder(tmp_path / "current", ticks, how={"watch": watch})
    assert folder.titles() == ["Dos", "Se va", "Uno"]
    flip(tmp_path / "current", tmp_path / "two")
    assert folder.titles() == ["Dos mejor", "Uno mejor"]
    (tmp_path / "two" / "posts" / "a.md").write_text(post("Uno al fin"))
    assert folder.titles(after=in_time(folder)) == ["Dos mejor", "Uno al fin"]


def test_after_a_flip_to_equal_content_files_come_from_the_new_folder(
    make_folder: MakeFolder, tmp_path: Path, ticks: Ticks
) -> None:
    for name in ("one", "two"):
        release(make_folder, tmp_path, name, a="Uno")
    (tmp_path / "current").symlink_to("one")
    folder = Folder(tmp_path / "current", ticks)
    folder.now()
    flip(tmp_path / "current", tmp_path / "two")
    assert folder.now().tree.real == str(tmp_path / "two")


def test_a_site_that_is_renamed_away_stays_up_and_is_live_again_when_it_is_back(
    either: Folder, tmp_path: Path
) -> None:
    either.now()
    either.root.rename(tmp_path / "away")
    assert either.titles() == ["Uno"]
    assert either.complaints(after=in_time(either)) == ["posts"]
    (tmp_path / "away").rename(either.root)
    either.write("posts/a.md", post("Dos"))
    assert either.titles(after=in_time(either)) == ["Dos"]
    assert either.complaints() == []


def test_posts_that_are_unmounted_stay_up(either: Folder, tmp_path: Path) -> None:
    """To the library an unmounted folder is another, empty one."""
    either.now()
    (either.root / "posts").rename(tmp_path / "device")
    assert either.titles() == ["Uno"]
    (either.root / "posts").mkdir()
    assert either.titles(after=1) == ["Uno"]
    assert either.complaints() == ["posts"]
    (either.root / "posts").rmdir()
    (tmp_path / "device").rename(either.root / "posts")
    assert either.complaints(after=in_time(either)) == []


def test_a_folder_of_posts_that_is_made_anew_is_adopted(either: Folder) -> None:
    either.now()
    shutil.rmtree(either.root / "posts")
    either.now()
    either.write("posts/b.md", post("Dos"))
    either.now(after=1)
    assert either.titles(after=DELETION_PATIENCE_S) == ["Dos"]
    either.write("posts/b.md", post("Tres"))
    assert either.titles(after=in_time(either)) == ["Tres"]


def test_a_missing_site_is_not_looked_for_on_each_request(folder: Folder, tmp_path: Path) -> None:
    folder.now()
    folder.root.rename(tmp_path / "away")
    snapshot = folder.now()
    assert folder.library.current() is snapshot
    folder.ticks.pass_by(0.2)
    assert folder.library.current() is None


def test_a_site_without_posts_is_a_site(make_folder: MakeFolder) -> None:
    folder = make_folder()
    assert folder.titles() == []
    folder.write("posts/a.md", post("Uno"))
    assert folder.titles() == ["Uno"]


def test_without_a_folder_there_is_no_site_until_there_is_one(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder({"posts/a.md": post("Uno")})
    folder.root.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        folder.now()
    assert not folder.library.is_ready
    (tmp_path / "away").rename(folder.root)
    assert folder.titles() == ["Uno"]


def test_a_config_map_that_flips_is_in_the_next_snapshot(either: Folder) -> None:
    posts = either.root / "posts"
    for number, title in enumerate(("Dos", "Tres")):
        (posts / f"..{number}").mkdir()
        (posts / f"..{number}" / "b.md").write_text(post(title))
    (posts / "..data").symlink_to("..0")
    (posts / "b.md").symlink_to("..data/b.md")
    assert either.titles() == ["Dos", "Uno"]
    flip(posts / "..data", Path("..1"))
    assert either.titles(after=in_time(either)) == ["Tres", "Uno"]


# --- where watching fails


def test_where_the_kernel_watches_no_further_folder_changes_are_polled(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder({"posts/a.md": post("Uno"), "posts/sub/b.md": post("Dos")})
    enter = InotifyWatch.enter

    def enter_one(self: InotifyWatch, path: str) -> None:
        if path == "posts/sub":
            raise OSError(errno.ENOSPC, "No space left on device")
        enter(self, path)

    monkeypatch.setattr(InotifyWatch, "enter", enter_one)
    assert folder.titles() == ["Dos", "Uno"]
    assert folder.library.watch_name == "poll"
    folder.write("posts/sub/b.md", post("Tres"))
    assert folder.titles(after=POLL_S) == ["Tres", "Uno"]


def test_what_nothing_told_of_is_found_by_the_safety_scan(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = folder.now()
    monkeypatch.setattr(InotifyWatch, "changes", lambda _self, _served: set())
    monkeypatch.setattr(threading, "Thread", Later)
    monkeypatch.setattr(Later, "started", [])
    age(folder)
    for name in ("a.md", "b.md"):
        folder.write(f"posts/{name}", post("Dos"))
        os.utime(folder.root / "posts" / name, (5, 5))
    assert folder.now() is snapshot
    assert folder.now(after=SAFETY_SCAN_S) is snapshot
    assert [scan() for scan in Later.started] == [None]
    assert folder.titles() == ["Dos", "Dos"]


def test_the_safety_scan_finds_what_is_gone(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("static/x.css", "x")
    folder.write("templates/x.html", "x")
    folder.now()
    age(folder)
    monkeypatch.setattr(InotifyWatch, "changes", lambda _self, _served: set())
    shutil.rmtree(folder.root / "static")
    for path in ("posts/a.md", "templates/x.html"):
        (folder.root / path).unlink()
    folder.library._scan_beside()
    folder.now()
    snapshot = folder.now(after=DELETION_PATIENCE_S)
    assert (snapshot.posts, snapshot.files, snapshot.templates) == ((), {}, {})


def test_the_safety_scan_lets_alone_what_may_be_in_the_making(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.now()
    age(folder)
    monkeypatch.setattr(InotifyWatch, "changes", lambda _self, _served: set())
    folder.write("posts/a.md", post("Dos"))
    folder.library._scan_beside()
    assert folder.titles() == ["Uno"]


def test_where_no_thread_can_be_started_the_scan_is_put_off(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.now()
    monkeypatch.setattr(threading.Thread, "start", lambda _self: fail(RuntimeError("can't start new thread")))
    assert folder.titles(after=SAFETY_SCAN_S) == ["Uno"]


class Later:
    """A thread that the test runs itself."""

    started: ClassVar[list[Callable[[], None]]] = []

    def __init__(self, target: Callable[[], None], *, daemon: bool) -> None:
        self.target = target

    def start(self) -> None:
        self.started.append(self.target)


def fail(error: Exception) -> None:
    raise error


def test_a_process_that_was_forked_off_sees_edits_and_so_does_its_parent(folder: Folder) -> None:
    folder.now()
    answers, child_answers = os.pipe()
    go, parent_says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            titles = folder.titles()
            os.read(go, 1)
            titles += folder.titles()
            os.write(child_answers, ",".join(titles).encode())
        finally:
            os._exit(0)
    folder.write("posts/a.md", post("Dos"))
    assert folder.titles() == ["Dos"]
    os.write(parent_says, b"x")
    os.waitpid(child, 0)
    assert os.read(answers, 100).decode().split(",")[1] == "Dos"
    folder.write("posts/a.md", post("Tres"))
    assert folder.titles() == ["Tres"]
    for descriptor in (answers, child_answers, go, parent_says):
        os.close(descriptor)


def test_a_fork_while_another_thread_asks_does_not_hang_the_child(folder: Folder) -> None:
    folder.now()
    with folder.library._asking, folder.library._renewing:
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if folder.titles() == ["Uno"] else 1)
            finally:
                os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_a_library_that_is_dropped_keeps_nothing_open(make_folder: MakeFolder, tmp_path: Path) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    folder = make_folder({"posts/a.md": post("Uno")}, spool=tmp_path / "spool")
    folder.now()
    assert len(os.listdir("/proc/self/fd")) > before
    del folder
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_many_threads_see_one_snapshot_and_each_edit(folder: Folder) -> None:
    folder.now()
    seen: list[str] = []
    stale: list[str] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            latest = seen[-1] if seen else ""
            title = folder.now().posts[0].title
            if title < latest:
                stale.append(title)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(100, 200):
        replaced(folder.root / "posts" / "a.md", post(str(number)))
        seen.append(str(number))
    is_over.set()
    for reader in readers:
        reader.join()
    assert stale == []


# --- git


@pytest.fixture
def lock(folder: Folder) -> Path:
    (folder.root.parent / ".git").mkdir()
    return folder.root.parent / ".git" / "index.lock"


def test_while_git_works_the_snapshot_stays_and_then_all_of_its_work_is_there_at_once(
    folder: Folder, lock: Path
) -> None:
    folder.write("posts/b.md", post("Dos"))
    before = folder.now()
    lock.touch()
    folder.write("posts/a.md", post("Uno mejor"))
    (folder.root / "posts" / "b.md").unlink()
    folder.write("posts/c.md", post("Tres"))
    assert folder.now() is before
    assert folder.library.current() is before
    lock.rename(lock.with_name("index"))
    assert folder.titles() == ["Tres", "Uno mejor"]


def test_what_git_has_deleted_stays_away_also_when_the_folder_goes_away_right_then(
    folder: Folder, lock: Path, tmp_path: Path
) -> None:
    folder.write("posts/b.md", post("Dos"))
    folder.now()
    lock.touch()
    (folder.root / "posts" / "b.md").unlink()
    lock.rename(lock.with_name("index"))
    assert folder.titles() == ["Uno"]
    folder.root.rename(tmp_path / "away")
    assert folder.titles() == ["Uno"]
    assert folder.complaints() != []


def test_what_is_read_while_git_begins_is_thrown_away(
    folder: Folder, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = folder.now()
    folder.write("site.toml", SETTINGS.replace("Blog", "Otro"))
    folder.write("posts/a.md", post("A medias"))
    read = os.read

    def read_while_git_begins(descriptor: int, size: int) -> bytes:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            lock.touch()
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", read_while_git_begins)
    assert folder.now() is before
    monkeypatch.setattr(os, "read", read)
    folder.wall.now = 0
    assert folder.now().site == before.site
    folder.wall.now = NOW
    folder.write("posts/a.md", post("Entero"))
    lock.unlink()
    assert folder.titles() == ["Entero"]
    assert folder.now().site.title == "Otro"


def test_a_lock_that_a_killed_git_left_is_ignored_when_it_is_old(folder: Folder, lock: Path) -> None:
    folder.now()
    lock.touch()
    folder.write("posts/a.md", post("Dos"))
    assert folder.titles() == ["Uno"]
    then = time.time() - LOCK_GETS_STALE_S
    os.utime(lock, (then, then))
    assert folder.titles() == ["Dos"]
    assert (folder.library.git_lock_age() or 0) >= LOCK_GETS_STALE_S


def test_a_library_that_starts_while_git_works_waits_for_its_end(
    folder: Folder, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock.touch()
    folder.write("posts/a.md", BROKEN)

    def pass_by(seconds: float) -> None:
        folder.ticks.pass_by(seconds)
        if folder.ticks.passed > 1:
            folder.write("posts/a.md", post("Entero"))
            lock.unlink(missing_ok=True)

    monkeypatch.setattr(time, "sleep", pass_by)
    assert folder.titles() == ["Entero"]
    assert 1 < folder.ticks.passed < GIT_PATIENCE_S


def test_a_library_that_starts_does_not_take_what_it_read_while_git_began(
    folder: Folder, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = os.read

    def read_while_git_begins(descriptor: int, size: int) -> bytes:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and folder.ticks.passed < GIT_PATIENCE_S / 1000:
            folder.write("posts/a.md", post("A medias"))
            lock.touch()
        return read(descriptor, size)

    def pass_by(seconds: float) -> None:
        folder.ticks.pass_by(seconds)
        folder.write("posts/a.md", post("Entero"))
        lock.unlink(missing_ok=True)

    monkeypatch.setattr(os, "read", read_while_git_begins)
    monkeypatch.setattr(time, "sleep", pass_by)
    assert folder.titles() == ["Entero"]


def test_a_library_that_starts_does_not_wait_for_ever(
    folder: Folder, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock.touch()
    monkeypatch.setattr(time, "sleep", folder.ticks.pass_by)
    assert folder.titles() == ["Uno"]
    assert folder.ticks.passed >= GIT_PATIENCE_S


# --- time


def test_a_post_appears_at_its_second(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno", date="2027-01-15 08:00:10+00:00")})
    assert folder.now().valid_until == NOW + 10
    folder.wall.now = NOW + 9.9
    assert folder.titles() == []
    folder.wall.now = NOW + 10
    assert folder.titles() == ["Uno"]


def test_a_post_disappears_at_its_second_and_its_address_is_gone(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno", expires="2027-01-15 08:00:10+00:00")})
    assert folder.now().gone == frozenset()
    folder.wall.now = NOW + 10
    assert folder.titles() == []
    assert folder.now().gone == {ADDRESS}


def test_when_the_clock_goes_backwards_so_does_the_site(make_folder: MakeFolder) -> None:
    folder = make_folder(
        {
            "posts/a.md": post("Uno", expires="2027-01-15 08:00:10+00:00"),
            "posts/b.md": post("Dos", date="2027-01-15 08:00:10+00:00"),
        }
    )
    folder.wall.now = NOW + 60
    assert folder.titles() == ["Dos"]
    folder.wall.now = NOW
    assert folder.titles() == ["Uno"]


# --- last good versions


def test_a_broken_post_stays_as_it_was_and_is_complained_about(either: Folder) -> None:
    either.now()
    either.write("posts/a.md", BROKEN)
    assert either.titles(after=in_time(either)) == ["Uno"]
    assert either.complaints() == ["posts/a.md"]
    assert either.body("posts/a.md") == "Texto."


def test_a_mended_post_is_no_longer_complained_about(either: Folder) -> None:
    either.now()
    either.write("posts/a.md", BROKEN)
    either.now(after=in_time(either))
    either.write("posts/a.md", post("Uno"))
    assert either.complaints(after=in_time(either)) == []
    assert either.titles() == ["Uno"]


def test_a_broken_post_that_nobody_touches_makes_no_new_snapshots(either: Folder, tmp_path: Path) -> None:
    library = either.another(state=tmp_path / "state")
    either.now(library)
    either.write("posts/a.md", BROKEN)
    broken = either.now(library, after=in_time(either))
    for _ in range(3):
        assert either.now(library, after=POLL_S) is broken


def test_a_problem_is_logged_when_it_appears_and_not_again(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.now()
    folder.write("posts/a.md", BROKEN)
    folder.now()
    folder.write("posts/b.md", post("Dos"))
    folder.now()
    assert [record.levelno for record in caplog.records if "posts/a.md" in record.message] == [logging.WARNING]


def workers(folder: Folder, tmp_path: Path) -> tuple[Library, Library]:
    one, two = (folder.another(state=tmp_path / "state") for _ in range(2))
    folder.now(one)
    folder.now(two)
    return one, two


@pytest.mark.parametrize("first", [0, 1])
def test_workers_agree_on_the_newest_good_version_whoever_has_seen_it(
    folder: Folder, tmp_path: Path, first: int
) -> None:
    both = workers(folder, tmp_path)
    folder.write("posts/a.md", post("Dos", "Nuevo."))
    assert folder.titles(both[0]) == ["Dos"]  # the other one sleeps
    folder.write("posts/a.md", BROKEN)
    folder.now(both[first])
    folder.now(both[1 - first])
    assert folder.titles(both[0]) == folder.titles(both[1]) == ["Dos"]
    assert folder.body("posts/a.md", both[1]) == "Nuevo."


def test_the_last_good_version_outlives_a_restart(folder: Folder, tmp_path: Path) -> None:
    one, _ = workers(folder, tmp_path)
    folder.write("posts/a.md", BROKEN)
    folder.now(one)
    restarted = folder.another(state=tmp_path / "state")
    assert folder.titles(restarted) == ["Uno"]
    assert folder.body("posts/a.md", restarted) == "Texto."
    assert folder.complaints(restarted) == ["posts/a.md"]


def made_a_draft(file: Path) -> None:
    file.write_text(DRAFT)


def made_a_broken_draft(file: Path) -> None:
    file.write_text("---\ndraft: true\ndate: never\n---\n")


def deleted(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("withdraw", [made_a_draft, made_a_broken_draft, deleted])
@pytest.mark.parametrize("was_broken", [False, True])
@pytest.mark.parametrize("breaks_first", [0, 1])
def test_what_was_withdrawn_comes_back_in_no_worker_however_it_breaks(
    folder: Folder, tmp_path: Path, withdraw: Callable[[Path], None], was_broken: bool, breaks_first: int
) -> None:
    both = workers(folder, tmp_path)
    file = folder.root / "posts" / "a.md"
    if was_broken:
        file.write_text(BROKEN)
        assert [folder.titles(worker) for worker in both] == [["Uno"], ["Uno"]]
    withdraw(file)
    folder.now(both[0])  # the other one sleeps
    assert folder.titles(both[0], after=DELETION_PATIENCE_S) == []
    file.write_text(BROKEN)
    assert folder.titles(both[breaks_first]) == []
    assert folder.titles(both[1 - breaks_first]) == []
    assert folder.titles(folder.another(state=tmp_path / "state")) == []


def test_what_was_withdrawn_can_be_published_again_and_then_keeps_its_new_version(
    folder: Folder, tmp_path: Path
) -> None:
    both = workers(folder, tmp_path)
    folder.write("posts/a.md", DRAFT)
    folder.now(both[0])
    folder.write("posts/a.md", post("Dos"))
    assert folder.titles(both[0]) == ["Dos"]
    folder.write("posts/a.md", BROKEN)
    assert [folder.titles(worker) for worker in both] == [["Dos"], ["Dos"]]


def test_the_last_good_version_of_a_post_expires_with_it(folder: Folder, tmp_path: Path) -> None:
    folder.write("posts/a.md", post("Uno", expires="2027-01-15 08:00:10+00:00"))
    one, two = workers(folder, tmp_path)
    folder.write("posts/a.md", BROKEN)
    assert folder.titles(one) == ["Uno"]
    folder.wall.now = NOW + 10
    for worker in (one, two, folder.another(state=tmp_path / "state")):
        assert folder.titles(worker) == []
        assert folder.now(worker).gone == {ADDRESS}


@pytest.mark.parametrize("end", [deleted, made_a_draft, lambda file: file.write_text(post("Dos"))])
def test_what_ended_while_no_worker_ran_leaves_nothing_behind(
    folder: Folder, tmp_path: Path, end: Callable[[Path], None]
) -> None:
    os.mkfifo(folder.root / "posts" / "pipe.md")
    one, _ = workers(folder, tmp_path)
    folder.write("posts/a.md", BROKEN)
    folder.now(one)
    assert os.listdir(tmp_path / "state")
    end(folder.root / "posts" / "a.md")
    folder.now(folder.another(state=tmp_path / "state"))
    assert os.listdir(tmp_path / "state") == []


def test_a_mended_post_leaves_nothing_behind(folder: Folder, tmp_path: Path) -> None:
    one, _ = workers(folder, tmp_path)
    folder.write("posts/a.md", BROKEN)
    folder.now(one)
    folder.write("posts/a.md", post("Dos"))
    folder.now(one)
    assert os.listdir(tmp_path / "state") == []


def test_a_restart_while_files_cannot_be_read_keeps_every_last_good_version(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("posts/sub/b.md", post("Dos"))
    one, _ = workers(folder, tmp_path)
    folder.write("posts/sub/b.md", BROKEN)
    assert folder.titles(one) == ["Dos", "Uno"]
    open_really = os.open

    def open_most(path: str, *args: int, **more: int) -> int:
        if str(path).endswith("sub"):
            raise OSError(errno.EIO, "Input/output error")
        return open_really(path, *args, **more)

    restarted = folder.another(state=tmp_path / "state")
    monkeypatch.setattr(os, "open", open_most)
    assert folder.titles(restarted) == ["Uno"]
    monkeypatch.setattr(os, "open", open_really)
    assert folder.titles(restarted, after=1) == ["Dos", "Uno"]


# --- settings


def test_other_settings_are_in_the_next_snapshot_with_all_that_depends_on_them(either: Folder) -> None:
    either.write("posts/b.md", post("Dos", date="2020-01-02 23:30:00"))
    assert {entry.url for entry in either.now().posts} == {ADDRESS, "/2020/01/02/b/"}
    toml = SETTINGS.replace("America/Santiago", "Asia/Tokyo") + 'permalink = "/:year/:slug/"\n'
    either.write("site.toml", toml)
    snapshot = either.now(after=in_time(either))
    assert snapshot.site.timezone == "Asia/Tokyo"
    dates = {entry.url: entry.date.isoformat() for entry in snapshot.posts if entry.date}
    assert dates == {"/2020/a/": "2020-01-02T12:00:00+00:00", "/2020/b/": "2020-01-02T14:30:00+00:00"}


@pytest.mark.parametrize("toml", ['title = "torn', 'timezone = "Chile"\n', "colour = 1\n", b"\xff\xfe"])
def test_settings_that_break_stay_as_they_were(either: Folder, toml: str | bytes) -> None:
    either.now()
    either.write("site.toml", toml)
    snapshot = either.now(after=in_time(either))
    assert snapshot.site.title == "Blog"
    problem = snapshot.problems[0]
    assert (problem.file, bool(problem.remedy)) == ("site.toml", True)
    either.write("site.toml", SETTINGS.replace("Blog", "Otro"))
    assert either.now(after=in_time(either)).site.title == "Otro"
    assert either.complaints() == []


def test_settings_that_break_stay_as_they_were_after_a_restart_too(folder: Folder, tmp_path: Path) -> None:
    one, _ = workers(folder, tmp_path)
    folder.write("site.toml", 'timezone = "Chile"\n')
    folder.now(one)
    restarted = folder.another(state=tmp_path / "state")
    assert folder.now(restarted).site.title == "Blog"
    assert folder.complaints(restarted) == ["site.toml"]


@pytest.mark.parametrize(
    ("toml", "line"), [('title = "x"\ntimezone = "Chile"\n', 2), ('title = "torn', 1), (b"\xff\xfe", 1)]
)
def test_a_site_whose_settings_were_never_good_does_not_start(
    make_folder: MakeFolder, toml: str | bytes, line: int
) -> None:
    folder = make_folder({"site.toml": toml})
    with pytest.raises(SettingError) as caught:
        folder.now()
    assert caught.value.line == line
    folder.write("site.toml", SETTINGS)
    assert folder.now().site.title == "Blog"


def test_a_site_without_settings_has_the_defaults_and_gets_them_when_they_come(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno")})
    (folder.root / "site.toml").unlink()
    assert folder.now().site.timezone == "UTC"
    folder.write("site.toml", SETTINGS)
    assert folder.now().site.timezone == "America/Santiago"
    (folder.root / "site.toml").unlink()
    folder.now()
    assert folder.now(after=DELETION_PATIENCE_S).site.timezone == "UTC"


def test_settings_are_not_read_while_they_are_saved(folder: Folder) -> None:
    """Half of them would be valid, and move every post."""
    folder.now()
    (folder.root / "site.toml").unlink()
    with (folder.root / "site.toml").open("w") as file:
        assert folder.now().site.title == "Blog"
        file.write('title = "Otro"\n')
        file.flush()
        assert folder.now(after=0.5).site.title == "Blog"
        file.write('timezone = "Asia/Tokyo"\n')
    assert folder.now().site.timezone == "Asia/Tokyo"


def test_settings_that_are_empty_for_the_moment_of_a_save_are_not_polled(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno")}, watch="poll")
    folder.now()
    folder.write("site.toml", "")
    assert folder.now(after=POLL_S).site.title == "Blog"
    os.utime(folder.root / "site.toml", (5, 5))
    assert folder.now(after=POLL_S).site.title != "Blog"


def test_a_post_that_other_settings_break_stays_and_is_whole_again_under_the_old_ones(folder: Folder) -> None:
    """West of Greenwich the last evening of the last year is in no year that a computer knows."""
    east = SETTINGS.replace("America/Santiago", "Asia/Tokyo")
    folder.write("site.toml", east)
    folder.write("posts/a.md", post("Uno", expires="9999-12-31 23:00:00"))
    assert folder.complaints() == []
    folder.write("site.toml", SETTINGS)
    assert folder.titles() == ["Uno"]
    assert folder.complaints() == ["posts/a.md"]
    folder.write("site.toml", east)
    assert folder.complaints() == []


def test_a_post_that_the_settings_broke_from_the_start_is_whole_under_others(folder: Folder) -> None:
    folder.write("posts/a.md", post("Uno", expires="9999-12-31 23:00:00"))
    assert (folder.titles(), folder.complaints()) == ([], ["posts/a.md"])
    folder.write("site.toml", SETTINGS.replace("America/Santiago", "Asia/Tokyo"))
    assert (folder.titles(), folder.complaints()) == (["Uno"], [])


def test_a_broken_post_is_read_anew_under_other_settings(folder: Folder) -> None:
    folder.now()
    folder.write("posts/a.md", BROKEN)
    folder.now()
    folder.write("site.toml", SETTINGS + 'permalink = "/:slug/"\n')
    assert set(folder.now().by_url) == {"/a/"}
    assert folder.complaints() == ["posts/a.md"]


# --- templates


def refuse_torn(name: str, source: str) -> None:
    if "torn" in source:
        raise PostError(f"templates/{name}", 3, 1, "It is torn.", "Close it.")


def test_templates_are_live_and_keep_their_last_good_version(make_folder: MakeFolder, watch: str) -> None:
    folder = make_folder({"templates/deep/x.html": "one"}, check_template=refuse_torn, watch=watch)
    assert folder.now().templates == {"deep/x.html": "one"}
    folder.write("templates/deep/x.html", "two")
    assert folder.now(after=in_time(folder)).templates == {"deep/x.html": "two"}
    folder.write("templates/deep/x.html", "torn")
    snapshot = folder.now(after=in_time(folder))
    assert snapshot.templates == {"deep/x.html": "two"}
    assert [(problem.file, problem.line) for problem in snapshot.problems] == [("templates/deep/x.html", 3)]
    (folder.root / "templates" / "deep" / "x.html").unlink()
    folder.now(after=in_time(folder))
    assert folder.now(after=DELETION_PATIENCE_S).templates == {}


def test_a_removed_folder_of_templates_takes_them_along(make_folder: MakeFolder, watch: str) -> None:
    folder = make_folder({"templates/deep/x.html": "one", "templates/y.html": "two"}, watch=watch)
    folder.now()
    shutil.rmtree(folder.root / "templates" / "deep")
    folder.now(after=in_time(folder))
    assert folder.now(after=DELETION_PATIENCE_S).templates == {"y.html": "two"}


def test_a_template_that_is_not_utf8_is_complained_about(make_folder: MakeFolder) -> None:
    folder = make_folder({"templates/x.html": b"one\n\xff"})
    problem = folder.now().problems[0]
    assert (problem.file, problem.line) == ("templates/x.html", 2)


# --- files


def test_pictures_and_static_files_are_live(make_folder: MakeFolder, watch: str) -> None:
    folder = make_folder({"posts/a.png": b"one", "static/x/y.css": "two"}, watch=watch)
    before = folder.now()
    assert set(before.files) == {"posts/a.png", "static/x/y.css"}
    folder.write("posts/a.png", b"three")
    folder.write("static/z.js", "four")
    after = folder.now(after=in_time(folder))
    assert after.files["posts/a.png"] != before.files["posts/a.png"]
    assert "static/z.js" in after.files
    shutil.rmtree(folder.root / "static")
    (folder.root / "posts" / "a.png").unlink()
    folder.now(after=in_time(folder))
    assert folder.now(after=DELETION_PATIENCE_S).files == {}


def test_of_other_files_nothing_is_known(make_folder: MakeFolder) -> None:
    names = ("posts/a.exe", "posts/notes.rtf", "posts/_hidden.md", "pages/x.py", "README.md", ".git/config")
    folder = make_folder(dict.fromkeys(names, "x"))
    snapshot = folder.now()
    assert (snapshot.files, snapshot.problems, snapshot.candidates) == ({}, (), [])


# --- bodies that break late


def test_a_post_that_is_held_back_is_gone_until_it_is_mended(folder: Folder) -> None:
    age(folder)
    folder.library.hold_back(PostError("posts/a.md", 5, 1, "Too much.", "Less."))
    assert folder.titles() == []
    assert folder.complaints() == ["posts/a.md"]
    folder.write("posts/a.md", post("Dos"))
    assert folder.titles() == ["Dos"]
    assert folder.complaints() == []


# --- failing calls

CALLS = ("open", "read", "stat", "fstat", "scandir", "readlink")


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("code", [errno.EIO, errno.EMFILE])
def test_whichever_call_fails_the_site_stays_up_and_recovers(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, code: int, watch: str
) -> None:
    folder = make_folder(
        {"posts/a.md": post("A 0"), "posts/sub/b.md": post("B 0"), "posts/sub/c.png": b"x"},
        watch=watch,
        state=tmp_path / "state",
    )
    folder.now()
    really = getattr(os, name)
    for number in range(1, 1000):
        calls = 0

        def fails(*args: object, nth: int = number, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(code, os.strerror(code))
            return really(*args, **more)

        replaced(folder.root / "posts" / "a.md", post(f"A {number}"))
        folder.write("posts/sub/b.md", post(f"B {number}"))
        (folder.root / "posts" / "new").mkdir(exist_ok=True)
        monkeypatch.setattr(os, name, fails)
        for wait in (0.0, POLL_S):
            titles = folder.titles(after=wait)
            assert [title[0] for title in titles] == ["A", "B"], f"call {number}"
        monkeypatch.setattr(os, name, really)
        assert folder.titles(after=POLL_S) == [f"A {number}", f"B {number}"]
        assert folder.complaints(after=POLL_S) == []
        assert set(folder.now().files) == {"posts/sub/c.png"}
        (folder.root / "posts" / "new").rmdir()
        if calls < number:
            return
    raise AssertionError("it never ends")


@pytest.mark.parametrize("name", CALLS)
def test_a_start_during_which_a_call_fails_recovers(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    folder = make_folder({"posts/a.md": post("A"), "posts/sub/b.md": post("B")})
    really = getattr(os, name)
    for number in range(1, 1000):
        calls = 0

        def fails(*args: object, nth: int = number, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(errno.EIO, "Input/output error")
            return really(*args, **more)

        library = folder.another(state=tmp_path / "state", spool=tmp_path / "spool")
        monkeypatch.setattr(os, name, fails)
        try:
            folder.now(library)
        except (OSError, SettingError):
            assert not library.is_ready
        monkeypatch.setattr(os, name, really)
        assert folder.titles(library, after=POLL_S) == ["A", "B"], f"call {number}"
        assert folder.now(library).site.title == "Blog"
        assert folder.complaints(library, after=POLL_S) == []
        if calls < number:
            return
    raise AssertionError("it never ends")


def test_an_edit_is_shown_though_the_kept_source_of_the_version_before_cannot_be_read(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = make_folder({"posts/a.md": post("Uno")}, spool=tmp_path / "spool")
    folder.now()
    monkeypatch.setattr(os, "pread", lambda *_: fail(OSError(errno.EIO, "Input/output error")))
    folder.write("posts/a.md", post("Dos"))
    assert folder.titles() == ["Dos"]
    assert folder.complaints() == []


def test_a_link_that_leads_nowhere_is_complained_about_and_not_read_on_each_request(folder: Folder) -> None:
    (folder.root / "posts" / "b.md").symlink_to("nowhere.md")
    assert folder.complaints() == ["posts/b.md"]
    age(folder)
    (folder.root / "posts" / "c.md").symlink_to("nowhere.md")
    assert folder.complaints() == ["posts/b.md", "posts/c.md"]
    assert folder.library.current() is not None
    folder.write("posts/nowhere.md", post("Dos", slug="b"))
    assert folder.titles(after=0.5) == ["Dos", "Uno"]


def test_a_post_that_goes_while_its_folder_is_listed_is_no_broken_link(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder({"posts/a.md": post("A"), "posts/b.md": post("B")})
    status = files._status

    def goes(entry: os.DirEntry[str]) -> os.stat_result | OSError:
        if entry.name == "b.md":
            (folder.root / "posts/b.md").unlink(missing_ok=True)
        return status(entry)

    monkeypatch.setattr(files, "_status", goes)
    assert folder.titles() == ["A"]
    assert folder.complaints() == []


# --- sources


def test_heads_and_bodies_come_from_one_reading(folder: Folder) -> None:
    snapshot = folder.now()
    folder.write("posts/a.md", post("Dos", "Otro texto."))
    folder.now()
    assert snapshot.source(snapshot.by_url[ADDRESS]).decode() == post("Uno")


def test_after_many_edits_old_sources_are_left_behind(
    make_folder: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitacora.library.library._SPARE_BYTES", 10_000)
    folder = make_folder({"posts/a.md": post("Uno"), "posts/b.md": post("Dos")}, spool=tmp_path / "spool")
    first = folder.now()
    for number in range(30):
        folder.write("posts/a.md", post(f"Uno {number}", "x" * 1000))
        folder.now()
    assert folder.library._sources.size < 15_000
    assert folder.body("posts/b.md") == "Texto."
    assert folder.body("posts/a.md") == "x" * 1000
    assert first.source(first.by_url[ADDRESS]).decode() == post("Uno")


def test_nothing_of_the_kept_sources_has_a_name(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder({"posts/a.md": post("Uno")}, spool=tmp_path / "spool")
    folder.now()
    assert folder.library._sources.size
    assert os.listdir(tmp_path / "spool") == []


@pytest.mark.parametrize("written", [None, 3])
def test_where_the_disk_is_full_sources_stay_in_memory(
    make_folder: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int | None
) -> None:
    def is_full(*_: object) -> int:
        if written is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return written

    monkeypatch.setattr(os, "pwrite", is_full)
    folder = make_folder({"posts/a.md": post("Uno")}, spool=tmp_path / "spool")
    assert folder.body("posts/a.md") == "Texto."
    assert folder.library._sources.size == 0


def test_where_no_file_can_be_made_sources_stay_in_memory(make_folder: MakeFolder, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    folder = make_folder({"posts/a.md": post("Uno")}, spool=tmp_path / "spool")
    assert folder.body("posts/a.md") == "Texto."


# --- links to folders


@pytest.mark.parametrize("target", ["_drafts", "sub", "..", "/etc", "../other"])
@pytest.mark.parametrize("made", ["before the start", "while it runs"])
def test_a_folder_behind_a_link_is_not_read_and_is_reported(
    make_folder: MakeFolder, watch: str, target: str, made: str
) -> None:
    files = {
        "posts/a.md": post("Uno"),
        "posts/_drafts/d.md": post("Borrador", date=""),
        "posts/sub/s.md": post("Debajo", slug="s"),
        "other/o.md": post("Otra", slug="o"),
    }
    folder = make_folder(files, watch=watch)
    if made == "while it runs":
        folder.now()
    (folder.root / "posts/link").symlink_to(target)
    assert folder.titles(after=POLL_S) == ["Debajo", "Uno"]
    assert folder.complaints() == ["posts/link"]
    assert folder.titles(folder.another()) == ["Debajo", "Uno"]
    (folder.root / "posts/link").unlink()
    folder.now(after=POLL_S)
    assert folder.complaints(after=DELETION_PATIENCE_S) == []


# --- one edit among many posts

EDITS: dict[str, tuple[str, ...]] = {
    "title": ("Otro título", "Otro más"),
    "date": ("2020-01-01", "2020-03-31", "2020-03-31 23:30:00-0300", "2027-01-01", "2027-02-01"),
    "updated": ("2020-04-01", "2021-01-01", "2022-01-01", "2027-01-16"),
    "expires": ("2026-01-01", "2027-02-01"),
    "categories": ("[uno]", "[uno, dos]", "[Uno]"),
    "tags": ("[a, b]", "[b]"),
    "author": ("Ana", "Eva"),
    "aliases": ("[/viejo/]", "[/posts/2/]"),
    "draft": ("true",),
    "hidden": ("true",),
    "highlighted": ("true",),
    "slug": ("otro", "entrada-2"),
    "translation_key": ("k", "l"),
    "permalink": ("/fijo/:slug/", "/archive/"),
}


def facts(snapshot: Snapshot) -> dict[str, object]:
    """All that readers can see of a site, apart from when it was looked at."""
    names = (
        "posts",
        "pages",
        "by_url",
        "redirects",
        "gone",
        "problems",
        "categories",
        "tags",
        "authors",
        "months",
    )
    more = ("highlighted", "modified", "translations", "by_path", "valid_until", "remarks", "unused", "found")
    seen = {name: getattr(snapshot, name) for name in (*names, *more)}
    seen["problems"] = sorted(map(str, snapshot.problems))
    seen["neighbours"] = [snapshot.neighbours(post) for post in snapshot.posts]
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_after_any_edit_the_site_is_what_a_new_worker_finds(make_folder: MakeFolder, seed: int) -> None:
    rng = random.Random(seed)
    heads = {f"posts/entrada-{number}.md": {"date": f"2020-0{1 + number % 4}-02"} for number in range(8)}
    heads |= {"pages/acerca.md": {}, "posts/_drafts/idea.md": {"date": ""}}
    folder = make_folder({path: post(path, **head) for path, head in heads.items()}, reserved="/archive/".__eq__)
    facts(folder.now())
    for number in range(40):
        path = rng.choice(list(heads))
        for key in rng.choices(list(EDITS), k=rng.randint(0, 3)):
            heads[path][key] = rng.choice(EDITS[key] if key == "date" else (*EDITS[key], ""))
        folder.write(path, post(**{"title": path, **heads[path]}, body=f"Texto {number}."))
        folder.wall.now += rng.random() * 1000
        assert facts(folder.now()) == facts(folder.now(folder.another(reserved="/archive/".__eq__)))


def test_a_post_that_keeps_its_address_is_listed_by_its_new_date(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno", permalink="/uno/"), "posts/b.md": post("Dos")})
    assert [found.title for found in folder.now().posts] == ["Dos", "Uno"]
    folder.write("posts/a.md", post("Uno", permalink="/uno/", date="2020-01-03"))
    assert [found.title for found in folder.now().posts] == ["Uno", "Dos"]
