"""Reading files of a site: below its folder, whole, and never for ever."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bitacora.files import tree as files
from bitacora.files.layout import is_hidden, is_markdown, is_showable, shown_path
from bitacora.files.tree import MAX_TEXT_BYTES, BeingWrittenError, Tree, identity, signature
from bitacora.problems import PostError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "posts").mkdir(parents=True)
    return folder


@pytest.fixture
def tree(root: Path) -> Tree:
    return Tree(root)


def walked(tree: Tree, folder: str = "posts") -> dict[str, os.stat_result | OSError]:
    return dict(tree.walk(folder, lambda _folder: None))


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


# --- signatures


def same_size_and_times(file: Path) -> None:
    before = file.stat()
    file.write_text("two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def older(file: Path) -> None:
    os.utime(file, (1, 1))


def replaced(file: Path) -> None:
    other = file.with_suffix(".tmp")
    other.write_text("two")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)


@pytest.mark.parametrize("edit", [same_size_and_times, older, replaced, lambda file: file.chmod(0o600)])
def test_every_edit_changes_the_signature(root: Path, edit: Callable[[Path], None]) -> None:
    file = root / "a.md"
    file.write_text("one")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    before = signature(file.stat())
    edit(file)
    assert signature(file.stat()) != before


def test_reading_leaves_the_signature(root: Path, tree: Tree) -> None:
    file = root / "posts" / "a.md"
    file.write_text("one")
    assert tree.read("posts/a.md") == (b"one", signature(file.stat()))
    assert tree.read("posts/a.md")[1] == signature(file.stat())


# --- which folder it is


def test_the_identity_of_a_folder_follows_a_flipped_link(tmp_path: Path, root: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(root)
    before = identity(link)
    (tmp_path / "next" / "posts").mkdir(parents=True)
    link.unlink()
    link.symlink_to(tmp_path / "next")
    assert before == identity(root) != identity(link)


def test_the_identity_of_a_folder_changes_with_its_posts_folder(root: Path) -> None:
    before = identity(root)
    (root / "posts").rename(root / "old")
    without = identity(root)
    (root / "posts").mkdir()
    assert len({before, without, identity(root)}) == 3


def test_a_folder_made_anew_is_never_taken_for_the_one_that_was_removed(tmp_path: Path, root: Path) -> None:
    for _ in range(200):
        tree = Tree(root)
        shutil.rmtree(root)
        (tmp_path / "anew" / "posts").mkdir(parents=True)
        (tmp_path / "anew").rename(root)
        assert identity(root) != tree.identity


def test_a_folder_that_is_not_there_has_no_identity(tmp_path: Path) -> None:
    assert identity(tmp_path / "none") is None


def test_a_tree_keeps_to_the_folder_that_its_link_led_to(tmp_path: Path, root: Path) -> None:
    (root / "posts" / "a.md").write_text("old")
    link = tmp_path / "current"
    link.symlink_to(root)
    tree = Tree(link)
    (tmp_path / "next" / "posts").mkdir(parents=True)
    (tmp_path / "next" / "posts" / "a.md").write_text("new")
    link.unlink()
    link.symlink_to(tmp_path / "next")
    assert tree.read("posts/a.md")[0] == b"old"


# --- reading


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_large_file(path: Path) -> None:
    path.write_bytes(b"x" * (MAX_TEXT_BYTES + 1))


def a_link_outside(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def a_link_to_a_neighbour_whose_name_begins_alike(path: Path) -> None:
    neighbour = path.parent.parent.with_name("site-of-another")
    neighbour.mkdir()
    (neighbour / "secret.md").write_text("secret")
    path.symlink_to(neighbour / "secret.md")


@pytest.mark.parametrize(
    "make", [a_folder, a_pipe, a_large_file, a_link_outside, a_link_to_a_neighbour_whose_name_begins_alike]
)
def test_what_is_no_post_is_refused_with_a_remedy(root: Path, tree: Tree, make: Callable[[Path], None]) -> None:
    make(root / "posts" / "x.md")
    with pytest.raises(PostError) as caught:
        tree.read("posts/x.md")
    assert caught.value.file == "posts/x.md"
    assert caught.value.remedy


def test_a_socket_cannot_be_read(tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "site" / "posts")  # the names of sockets are short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("x.md")
        with pytest.raises(OSError, match="No such device"):
            tree.read("posts/x.md")


def test_a_loop_of_links_cannot_be_read(root: Path, tree: Tree) -> None:
    (root / "posts" / "x.md").symlink_to("x.md")
    with pytest.raises(OSError, match="symbolic links"):
        tree.read("posts/x.md")


def test_a_picture_that_git_annex_keeps_is_read(root: Path, tree: Tree) -> None:
    kept = root / ".git" / "annex" / "objects" / "x" / "SHA256-s4.jpg"
    kept.parent.mkdir(parents=True)
    kept.write_text("text")
    (root / "posts" / "x.jpg").symlink_to("../.git/annex/objects/x/SHA256-s4.jpg")
    assert tree.read("posts/x.jpg")[0] == b"text"


def test_a_link_to_a_file_below_the_folder_is_read(root: Path, tree: Tree) -> None:
    (root / "text.md").write_text("text")
    (root / "posts" / "x.md").symlink_to("../text.md")
    assert tree.read("posts/x.md") == (b"text", signature((root / "text.md").stat()))


def test_a_file_of_the_greatest_size_is_read_whole(root: Path, tree: Tree) -> None:
    data = os.urandom(1024) * (MAX_TEXT_BYTES // 1024)
    (root / "posts" / "x.md").write_bytes(data)
    assert tree.read("posts/x.md")[0] == data


@pytest.mark.parametrize("change", [b"longer than it was", b"", b"same"])
def test_a_file_that_changes_while_it_is_read_is_not_taken(
    root: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:
    file = root / "posts" / "x.md"
    file.write_bytes(b"text")
    read = os.read

    def read_late(descriptor: int, size: int) -> bytes:
        if file.read_bytes() != change:
            file.write_bytes(change)
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", read_late)
    with pytest.raises(BeingWrittenError):
        tree.read("posts/x.md")


def test_a_file_that_is_replaced_while_it_is_read_gives_the_one_that_replaced_it(
    root: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = root / "posts" / "x.md"
    file.write_bytes(b"old")
    read = os.read

    def read_late(descriptor: int, size: int) -> bytes:
        monkeypatch.setattr(os, "read", read)
        (root / "new").write_bytes(b"new text")
        (root / "new").replace(file)
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", read_late)
    assert tree.read("posts/x.md") == (b"new text", signature(file.stat()))


def test_whatever_is_read_no_descriptor_stays_open(root: Path, tree: Tree) -> None:
    for number, make in enumerate((a_folder, a_pipe, a_large_file, a_link_outside)):
        make(root / "posts" / f"{number}.md")
    (root / "posts" / "good.md").write_text("text")
    (root / "posts" / "sub").mkdir()
    before = open_descriptors()
    for path in (*walked(tree), "posts/none.md"):
        try:
            tree.read(path)
        except (PostError, OSError):
            continue
    assert open_descriptors() == before


def test_a_tree_that_is_dropped_closes_its_folders(root: Path) -> None:
    before = open_descriptors()
    tree = Tree(root)
    assert open_descriptors() == before + 2
    del tree
    assert open_descriptors() == before


# --- walking


def test_a_walk_finds_every_file_in_order_and_no_hidden_one(root: Path, tree: Tree) -> None:
    for name in ("b.md", "a.md", "sub/c.md", "sub/deep/d.png", ".git/x.md", "sub/.hidden.md", "a.md~", "#a.md#"):
        file = root / "posts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("text")
    assert list(walked(tree)) == ["posts/a.md", "posts/b.md", "posts/sub/c.md", "posts/sub/deep/d.png"]


def test_a_walk_calls_each_folder_before_it_is_listed(root: Path, tree: Tree) -> None:
    (root / "posts" / "sub").mkdir()
    entered: list[str] = []

    def enter(folder: str) -> None:
        entered.append(folder)
        (root / folder / "made-meanwhile.md").write_text("text")

    found = dict(tree.walk("posts", enter))
    assert entered == ["posts", "posts/sub"]
    assert set(found) == {"posts/made-meanwhile.md", "posts/sub/made-meanwhile.md"}


def test_a_walk_follows_no_link_to_a_folder(root: Path, tree: Tree) -> None:
    (root / "posts" / "loop").symlink_to(".")
    (root / "posts" / "up").symlink_to("..")
    (root / "posts" / "a.md").write_text("text")
    assert "posts/a.md" in walked(tree)
    assert not any(path.startswith(("posts/loop/", "posts/up/")) for path in walked(tree))


def test_a_walk_of_a_folder_that_leads_outside_says_so(tmp_path: Path, root: Path, tree: Tree) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.md").write_text("text")
    (root / "pages").symlink_to(tmp_path / "elsewhere")
    found = walked(tree, "pages")
    assert list(found) == ["pages"]
    assert isinstance(found["pages"], OSError)


def test_a_walk_goes_on_beside_a_folder_that_cannot_be_read(
    root: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("bad", "good"):
        (root / "posts" / folder).mkdir()
        (root / "posts" / folder / "a.md").write_text("text")
    open_really = os.open

    def open_most(path: str, *args: int, **more: int) -> int:
        if str(path).endswith("bad"):
            raise OSError(errno.EIO, "Input/output error")
        return open_really(path, *args, **more)

    monkeypatch.setattr(os, "open", open_most)
    found = walked(tree)
    assert isinstance(found["posts/bad"], OSError)
    assert "posts/good/a.md" in found


def test_a_walk_of_what_is_not_there_finds_nothing(tree: Tree) -> None:
    assert walked(tree, "pages") == {}


# --- names


@pytest.mark.parametrize(
    "name",
    [
        ".a.md.swp", "a.md~", "#a.md#", "4913", ".a.md.Xy12Zz", "..data", "..2026_01", "a.swx", "a.swp", ".#a.md",
        "a.md.~3~", "a.md.bak", "a.md.orig", "a.md.rej", "a.md___jb_tmp___", "a.md___jb_old___", "~$acta.docx",
        "~syncthing~a.md.tmp",
    ],
)  # fmt: skip
def test_names_that_editors_and_tools_use_are_hidden(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize("name", ["a.md", "4914", "a~b.md", "a#b.md", "a..b.md", "a_BASE_1.md", "a.part.md"])
def test_other_names_are_not_hidden(name: str) -> None:
    assert not is_hidden(name)


def test_markdown_is_known_by_its_ending_in_any_case() -> None:
    assert all(map(is_markdown, ("a.md", "A.MD", "a.markdown", "a.mkd", "a.mdown")))
    assert not any(map(is_markdown, ("a.txt", "md", "a.md.bak", "a.md~")))


@pytest.mark.parametrize(
    "name", ["a b.md", "ñandú.md", "民主.md", "👩‍👩‍👧.md", "\N{NO-BREAK SPACE}a.md", 'a"%#.md']
)
def test_odd_names_can_be_shown(name: str) -> None:
    assert is_showable(name)
    assert shown_path(name) == name


@pytest.mark.parametrize(
    "name", ["a\nb.md", "a\x1b[31m.md", "a\u202egp.md", "a\udce9.md", "a\x85.md", "a\u2028.md"]
)
def test_names_that_would_break_a_line_or_turn_it_around_are_shown_escaped(name: str) -> None:
    assert not is_showable(name)
    assert is_showable(shown_path(name))
    shown_path(name).encode()


def test_where_the_system_has_no_proc_files_are_held_to_their_folder_too(
    root: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_real_path", lambda _descriptor: None)
    (root / "posts" / "in.md").write_text("text")
    (root / "posts" / "out.md").symlink_to("/etc/passwd")
    assert tree.read("posts/in.md")[0] == b"text"
    with pytest.raises(PostError):
        tree.read("posts/out.md")
