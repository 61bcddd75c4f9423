"""What a commit may hold to be published: counted before anything of it is written, by real git."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path

import pytest
from publishing import Editor, all_is_well, left_over, post

from bitacora.publish import git_process, history, limits
from bitacora.publish.git import Blob, Git
from bitacora.publish.git_process import Call, GitError
from bitacora.publish.history import GitHistorian
from bitacora.publish.home import Home, PublishError, make
from bitacora.publish.limits import within_limits
from bitacora.publish.release import publish

ID = "0" * 40


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "forge.git"], check=True)
    return Editor(tmp_path / "work", tmp_path / "forge.git")


@pytest.fixture
def home(tmp_path: Path, editor: Editor) -> Home:
    return make(tmp_path / "home", "main", str(editor.repository))


def commit_tree(editor: Editor, tree: str) -> None:
    commit = editor.git("commit-tree", "-m", "a bomb", tree)
    editor.git("update-ref", "refs/heads/main", commit)
    assert editor.push("--force", "origin", "main").accepted


def unfolding(editor: Editor, *, levels: int = 9) -> str:
    """A tree of a few kilobytes that has ten times as many files on each level: 10 to the power of `levels`."""
    tree = editor.git("hash-object", "-w", "--stdin", stdin=b"x")
    kind = "100644 blob"
    for _ in range(levels):
        entries = "".join(f"{kind} {tree}\t{number}\n" for number in range(10))
        tree, kind = editor.git("mktree", stdin=entries.encode()), "040000 tree"
    return tree


def test_a_repository_that_unfolds_to_a_billion_files_is_refused_with_little_memory(
    home: Home, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_FILES", 50_000)
    good = editor.publish({"posts/a.md": post()})
    publish(home, all_is_well)
    commit_tree(editor, unfolding(editor))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    attempt = publish(home, all_is_well)
    assert attempt
    assert (attempt.outcome, home.served()) == ("refused", good)
    assert "more than 50,000 files" in attempt.message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
    assert left_over(home) == []


def test_a_bomb_in_the_history_costs_its_dates_and_nothing_else(
    home: Home, editor: Editor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was pushed to another branch, or before the blog came."""
    monkeypatch.setattr(history, "_MOST_CHANGES", 50_000)
    monkeypatch.chdir(editor.folder)
    editor.commit({"posts/a.md": post()})
    bomb = editor.git("mktree", stdin=f"040000 tree {unfolding(editor, levels=5)}\tposts\n".encode())
    commit = editor.git("commit-tree", "-p", "HEAD", "-m", "a bomb", bomb)
    tip = editor.git("commit-tree", "-p", commit, "-m", "as before", "HEAD^{tree}")
    editor.git("update-ref", "refs/heads/main", tip)
    assert GitHistorian().look(str(editor.folder)) is None
    assert "more than 50,000 changes" in caplog.text


def test_versions_that_are_too_large_are_not_read(editor: Editor) -> None:
    editor.commit({"small": "x" * 1000, "large": "x" * (2 * 1024 * 1024 + 1)})
    ids = [editor.git("rev-parse", f"HEAD:{name}") for name in ("large", "small")]
    assert list(Git(editor.folder / ".git").contents([*ids, ID])) == [ids[1]]


def test_a_process_of_git_has_bounded_memory(editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A billion files in an index, or a file of gigabytes that is read whole."""
    monkeypatch.setattr(git_process, "MOST_MEMORY_MIB", 32)
    tree = unfolding(editor, levels=6)
    with pytest.raises(GitError, match="failed"):
        Call(editor.folder / ".git", ("read-tree", tree), index=editor.folder / "scratch").output()


def test_a_reader_that_stops_ends_git(editor: Editor) -> None:
    entries = Git(editor.folder / ".git").entries("ls-tree", "-r", "-z", unfolding(editor))
    assert next(entries)
    entries.close()  # would wait for the whole listing


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (Blob("100644", ID, b"video.mp4", 2 * 1024**3), "video.mp4: it has 2,048 MiB, and a file may have 512"),
        (Blob("100644", ID, b"posts/" + b"a" * 256 + b".md", 1), "a name in it has 259 bytes, and may have 255"),
        (Blob("100644", ID, b"a/" * 2000 + b"a.md", 1), "its path has 4,004 bytes, and may have 2,000"),
        (Blob("100644", ID, b"posts/\x1b[2J\r\n\xff" + b"a" * 300, 1), r"posts/\x1b[2J\x0d\x0a\xff"),
        (Blob("100644", ID, b"../a.md", 1), "would lead elsewhere"),
        (Blob("100644", ID, b"posts/.GIT /config", 1), "looks like a git repository"),
    ],
)
def test_an_entry_beyond_the_limits_is_named_and_refused(blob: Blob, reason: str) -> None:
    with pytest.raises(PublishError) as error:
        within_limits([Blob("100644", ID, b"posts/a.md", 10), blob])
    assert reason in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "entries",
    [
        [("100644", b"a/HEAD"), ("100755", b"a/objects"), ("100755", b"a/refs")],
        [("100644", b"a/HEAD"), ("160000", b"a/objects"), ("100644", b"a/refs/heads/x")],
        [("120000", b"a/head"), ("100644", b"A/objects/x"), ("100644", b"a. /refs/x")],
        [("100644", "ñ/HEAD".encode()), ("100644", "Ñ/objects/x".encode()), ("100644", "n\u0303/refs/x".encode())],
        [("100644", b"HEAD"), ("100644", b"objects/x"), ("100644", "ref\u017f/x".encode())],
    ],
    ids=["programs for folders", "a submodule", "capitals", "letters with marks", "a letter with other capitals"],
)
def test_a_repository_is_known_on_any_disk_and_whatever_its_folders_are(entries: list[tuple[str, bytes]]) -> None:
    """git takes the first for one: of a program it may say that it can be entered."""
    with pytest.raises(PublishError, match="looks like a git repository"):
        within_limits([Blob(mode, ID, path, 1) for mode, path in entries])


def test_files_that_are_too_large_together_are_refused() -> None:
    one = limits.MOST_BYTES_OF_ONE
    many = [Blob("100644", ID, b"%d.mp4" % number, one) for number in range(limits.MOST_BYTES // one + 1)]
    assert within_limits(many[:-1]) == many[:-1]
    with pytest.raises(PublishError, match="more than 16 GiB together"):
        within_limits(many)


@pytest.mark.parametrize(
    "paths",
    [
        ["head/objects/x.md", "head/refs/x.md"],
        ["layouts/head.html", "layouts/objects/x", "layouts/refs/x"],
        ["HEAD", "posts/objects/a.md", "pages/refs/b.md"],
        [".gitignore", ".github/workflows/check.yml", ".gitattributes", ".gitmodules"],
        ["posts/HEAD", "posts/refs.md", "posts/objects.md"],
        ["a/HEAD", "a/b/objects/x", "refs/x", "b/refs"],
    ],
)
def test_honest_names_are_no_repository(paths: list[str]) -> None:
    blobs = [Blob("100644", ID, path.encode(), 1) for path in paths]
    assert within_limits(blobs) == blobs
