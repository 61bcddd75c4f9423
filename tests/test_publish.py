"""From a commit to what is served, by real git: whole, checked, and back again."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory

import pytest
from programs import lacking
from publishing import ROOT, SETTINGS, Editor, all_is_well, files_of, flask, left_over, post

from bitacora.publish.check import CheckError, Finding, Report
from bitacora.publish.git import Git
from bitacora.publish.git_process import GitError
from bitacora.publish.home import Attempt, Home, PublishError, make
from bitacora.publish.release import listed, publish, rollback

BROKEN = Finding("posts/a.md", 2, 8, "error", "It is broken.", "Mend it.")


def refuses_to_check(_folder: Path, _shared: object) -> Report:
    raise CheckError("The checker failed.")


def finds_it_broken(_folder: Path, _shared: object) -> Report:
    return Report(0, (BROKEN,))


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """The repository at a forge."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "forge.git"], check=True)
    return tmp_path / "forge.git"


@pytest.fixture
def editor(tmp_path: Path, upstream: Path) -> Editor:
    return Editor(tmp_path / "work", upstream)


@pytest.fixture
def home(tmp_path: Path, upstream: Path) -> Home:
    return make(tmp_path / "home", "main", str(upstream))


def pull(home: Home, **how: bool | int) -> Attempt:
    attempt = publish(home, all_is_well, **how)  # type: ignore[arg-type]
    assert attempt is not None
    return attempt


def test_a_new_home_serves_an_empty_site(home: Home) -> None:
    assert (home.current / "posts").is_dir()
    assert files_of(home.current) == {}
    assert Home.of(home.current).folder == home.folder  # type: ignore[union-attr]
    assert Home.of(home.current / "blog").folder == home.folder  # type: ignore[union-attr]


@pytest.mark.parametrize("inside", ["blog", "current", "repo.git/current"])
def test_a_home_that_lies_in_what_was_pushed_is_none(home: Home, inside: str) -> None:
    """Its settings would name programs, and `flask site pull` and the webhook would run them."""
    for folder in (
        inside,
        "repo.git",
        "releases",
        f"{inside}/repo.git",
        f"{inside}/releases",
        f"{inside}/current",
    ):
        (home.current / folder).mkdir(parents=True, exist_ok=True)
    for site in (home.current / inside, home.current / inside / "current"):
        assert Home.of(site).folder == home.folder  # type: ignore[union-attr]


def test_a_checkout_that_has_what_a_home_has_is_none(tmp_path: Path) -> None:
    for folder in ("repo.git", "releases", "blog", "current"):
        (tmp_path / "clone" / folder).mkdir(parents=True)
    assert Home.of(tmp_path / "clone" / "blog") is None
    assert Home.of(tmp_path / "clone" / "current") is None


def test_a_folder_that_was_not_made_for_it_is_no_home(tmp_path: Path) -> None:
    assert Home.of(tmp_path / "site") is None


def test_making_a_home_again_keeps_what_is_served(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post()})
    commit = pull(home).commit
    make(home.folder, "main", str(editor.repository))
    assert home.served() == commit


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("…")
    with pytest.raises(PublishError, match="not empty"):
        make(tmp_path / "full", "main", None)
    assert files_of(tmp_path / "full") == {"thesis.txt": "…".encode()}


def test_the_home_of_a_user_may_be_one_of_a_site_as_well(tmp_path: Path) -> None:
    """Their key to fetch with is there before, and what their programs keep."""
    (tmp_path / "home/.ssh").mkdir(parents=True)
    (tmp_path / "home/.profile").write_text("")
    assert (make(tmp_path / "home", "main", None).current / "posts").is_dir()


def test_a_home_is_made_before_what_it_fetches_from_and_says_that_nothing_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forge = tmp_path / "later.git"
    home = make(tmp_path / "home", "main", str(forge))
    assert f"nothing can be fetched from {forge}" in caplog.text
    editor = Editor(tmp_path / "work", forge)
    editor.git("init", "-q", "--bare", "-b", "main", str(forge))
    editor.publish({"site.toml": SETTINGS})
    assert pull(home).outcome == "published"


def test_what_was_pushed_is_served_whole(home: Home, editor: Editor) -> None:
    files = {"posts/a.md": post(), "site.toml": SETTINGS, "posts/b/foto.jpg": bytes(range(256))}
    commit = editor.publish(files)
    attempt = pull(home)
    assert (attempt.outcome, attempt.commit, attempt.message) == (
        "published",
        commit,
        "1 post, 0 errors, 0 warnings",
    )
    assert files_of(home.current) == {
        path: text.encode() if isinstance(text, str) else text for path, text in files.items()
    }
    assert left_over(home) == []


def test_nothing_new_changes_nothing(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post()})
    pull(home)
    served = os.readlink(home.current)
    assert pull(home).outcome == "unchanged"
    assert os.readlink(home.current) == served


def test_a_forced_push_is_published_and_what_it_left_behind_can_be_rolled_back_to(
    home: Home, editor: Editor
) -> None:
    first = editor.publish({"posts/a.md": post("Primera")})
    pull(home)
    editor.git("checkout", "-q", "--orphan", "other")
    editor.commit({"posts/a.md": post("Otra historia")})
    assert editor.push("--force", "origin", "HEAD:main").accepted
    assert pull(home).outcome == "published"
    assert b"Otra historia" in files_of(home.current)["posts/a.md"]
    home.git().run("gc", "--quiet", "--prune=now")
    assert rollback(home).commit == first
    assert b"Primera" in files_of(home.current)["posts/a.md"]


def test_a_deleted_branch_leaves_the_site_as_it_was(home: Home, editor: Editor) -> None:
    commit = editor.publish({"posts/a.md": post()})
    pull(home)
    subprocess.run(["git", "-C", editor.repository, "update-ref", "-d", "refs/heads/main"], check=True)
    attempt = pull(home)
    assert attempt.outcome == "failed"
    assert "main" in attempt.message
    assert home.served() == commit


def test_a_branch_without_a_commit_says_so(home: Home) -> None:
    assert pull(home).outcome == "failed"
    assert (home.current / "posts").is_dir()


def test_a_remote_that_is_away_leaves_the_site_as_it_was(home: Home, editor: Editor) -> None:
    commit = editor.publish({"posts/a.md": post()})
    pull(home)
    editor.repository.rename(editor.repository.with_name("away.git"))
    attempt = pull(home)
    assert (attempt.outcome, home.served()) == ("failed", commit)
    assert "does not appear to be a git repository" in attempt.message
    assert home.attempt() == attempt


def test_a_remote_that_hangs_is_left_after_a_while_and_nothing_of_git_stays(
    home: Home, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = editor.publish({"posts/a.md": post()})
    pull(home)
    with create_server(("127.0.0.1", 0)) as listener:  # lets everybody in, and says nothing
        port = listener.getsockname()[1]
        home.git().run("config", "remote.origin.url", f"https://127.0.0.1:{port}/blog.git")
        monkeypatch.setattr(home, "git", lambda held=None: Git(home.repo, [held] if held else [], patience=1))
        attempt = pull(home)
        assert (attempt.outcome, attempt.message) == ("failed", "git fetch took longer than 1 s and was ended.")
        deadline = time.monotonic() + 60
        while running(f"127.0.0.1:{port}"):  # who is killed has not gone yet
            assert time.monotonic() < deadline
    assert home.served() == commit
    assert left_over(home) == []


def running(word: str) -> list[str]:
    """Commands with that word among theirs."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [command for command in found if word in command]


def test_a_git_that_hangs_is_ended_with_all_that_it_started(home: Home, tmp_path: Path) -> None:
    pipe = tmp_path / "hangs"
    os.mkfifo(pipe)
    with pytest.raises(GitError, match="took longer than 0 s"):
        Git(home.repo, patience=0.3).run("hash-object", "--no-filters", "--", str(pipe))


def test_with_the_refusing_policy_a_broken_tree_is_not_served(home: Home, editor: Editor) -> None:
    commit = editor.publish({"posts/a.md": post()})
    pull(home)
    editor.publish({"posts/a.md": post("[")})
    attempt = publish(home, finds_it_broken, refuses=True)
    assert attempt is not None
    assert (attempt.outcome, attempt.message) == ("refused", "posts/a.md:2:8: It is broken. Mend it.")
    assert home.served() == commit
    assert left_over(home) == []


def test_who_is_refused_reads_the_warnings_of_the_same_push_last(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post(), "posts/b.md": post(), "posts/c.md": post()})
    pull(home)
    editor.publish({"posts/a.md": post("Una"), "posts/b.md": post("Otra")})
    beside = [replace(BROKEN, file=f"posts/{name}.md", severity="warning") for name in "bc"]
    attempt = publish(home, lambda _folder, _shared: Report(0, (beside[0], BROKEN, beside[1])), refuses=True)
    assert attempt
    assert attempt.message.splitlines() == [str(BROKEN), str(beside[0])]


def test_with_the_usual_policy_a_broken_tree_is_served_and_said_to_be_broken(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post("[")})
    attempt = publish(home, finds_it_broken)
    assert attempt is not None
    assert (attempt.outcome, attempt.message) == ("published", "0 posts, 1 error, 0 warnings")
    assert [release.findings for release in listed(home)] == [(BROKEN,)]


def test_what_was_broken_before_does_not_refuse_a_push_that_is_about_something_else(
    home: Home, editor: Editor
) -> None:
    editor.publish({"posts/a.md": post("[")})
    publish(home, finds_it_broken)
    commit = editor.publish({"posts/b.md": post()})
    assert publish(home, finds_it_broken, refuses=True).commit == commit  # type: ignore[union-attr]
    editor.publish({"posts/a.md": post("[ [")})
    assert publish(home, finds_it_broken, refuses=True).outcome == "refused"  # type: ignore[union-attr]


def test_a_checker_that_fails_publishes_nothing(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post()})
    attempt = publish(home, refuses_to_check)
    assert attempt is not None
    assert (attempt.outcome, attempt.message) == ("failed", "The checker failed.")
    assert home.served() is None
    assert left_over(home) == []


def test_one_at_a_time_and_whoever_comes_meanwhile_is_published_too(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post("Primera")})
    second = ""

    def is_busy(_folder: Path, _shared: object) -> Report:
        nonlocal second
        if not second:
            second = editor.publish({"posts/a.md": post("Segunda")})
            assert publish(home, all_is_well, waits=False) is None  # another is at it: this one is left to it
        return Report(1)

    attempt = publish(home, is_busy)
    assert attempt is not None
    assert (attempt.outcome, attempt.commit) == ("published", second)
    assert home.served() == second


def test_a_git_that_outlives_its_publisher_still_holds_the_lock(home: Home, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with home.alone(waits=True) as lock:
        assert lock is not None
        orphan = subprocess.Popen(["cat", pipe], pass_fds=[lock])
    try:
        with home.alone(waits=False) as another:
            assert another is None
    finally:
        orphan.kill()
        orphan.wait()
    with home.alone(waits=False) as another:
        assert another is not None


# --- back again


def test_a_rollback_serves_the_release_before_until_something_new_is_pushed(home: Home, editor: Editor) -> None:
    first = editor.publish({"posts/a.md": post("Primera")})
    pull(home)
    second = editor.publish({"posts/a.md": post("Segunda")})
    pull(home)
    assert rollback(home).commit == first
    assert home.served() == first
    assert pull(home).outcome == "held"
    assert home.served() == first
    third = editor.publish({"posts/a.md": post("Tercera")})
    assert pull(home).outcome == "published"
    assert home.served() == third
    assert [release.commit for release in listed(home)] == [third, second, first]


def test_what_was_rolled_back_comes_back_when_told_to(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post("Primera")})
    pull(home)
    second = editor.publish({"posts/a.md": post("Segunda")})
    pull(home)
    rollback(home)
    assert pull(home, forced=True).outcome == "published"
    assert home.served() == second


def test_a_rollback_can_name_its_commit(home: Home, editor: Editor) -> None:
    commits = []
    for title in ("Primera", "Segunda", "Tercera"):
        commits.append(editor.publish({"posts/a.md": post(title)}))
        pull(home)
    assert rollback(home, commits[0][:8]).commit == commits[0]
    assert b"Primera" in files_of(home.current)["posts/a.md"]


@pytest.mark.parametrize(
    ("commit", "reason"),
    [
        (None, "no release before the one that is served"),
        ("feedbeef", "no such release"),
        ("--upload-pack=x", "no such release"),
    ],
)
def test_without_such_a_release_a_rollback_changes_nothing(
    home: Home, editor: Editor, commit: str | None, reason: str
) -> None:
    only = editor.publish({"posts/a.md": post()})
    pull(home)
    with pytest.raises(PublishError, match=reason):
        rollback(home, commit)
    assert home.served() == only


def test_the_last_releases_are_kept_and_older_ones_go(home: Home, editor: Editor) -> None:
    commits = []
    for number in range(5):
        commits.append(editor.publish({"posts/a.md": post(f"Número {number}")}))
        for file in home.releases.glob("*.json"):
            os.utime(file, (0, 0))  # nobody reads them any more
        pull(home, keep=3)
    assert [release.commit for release in listed(home)] == commits[:1:-1]
    assert left_over(home) == []


def test_a_release_that_somebody_may_still_read_is_kept(home: Home, editor: Editor) -> None:
    for number in range(4):
        editor.publish({"posts/a.md": post(f"Número {number}")})
        pull(home, keep=2)
    assert len(list(listed(home))) == 4


def test_the_list_says_who_when_what_and_how_it_was_checked(home: Home, editor: Editor) -> None:
    commit = editor.publish({"posts/a.md": post()})
    pull(home)
    (release,) = listed(home)
    assert (release.commit, release.author, release.subject, release.posts) == (commit, "Ana", "a change", 1)
    assert release.date.startswith("20")
    assert release.served


# --- bad input


def publish_tree(editor: Editor, *lines: bytes) -> str:
    """Push a tree as `git ls-tree` would show it: names that no file system here could hold included."""
    tree = editor.git("mktree", "-z", "--missing", stdin=b"\0".join(lines) + b"\0")
    commit = editor.git("commit-tree", tree, "-m", "odd")
    editor.git("push", "-q", "--force", "origin", f"{commit}:refs/heads/main")
    return commit


def blob(editor: Editor, text: str) -> bytes:
    return editor.git("hash-object", "-w", "--stdin", stdin=text.encode()).encode()


def test_files_named_like_options_are_files(home: Home, editor: Editor) -> None:
    files = dict.fromkeys(("-x", "--upload-pack=touch pwned", "posts/--exec=id.md"), "x")
    editor.publish(files)
    assert pull(home).outcome == "published"
    assert set(files_of(home.current)) == set(files)


def test_a_link_becomes_no_link_and_is_said(home: Home, editor: Editor) -> None:
    editor.folder.joinpath("posts").mkdir()
    editor.folder.joinpath("posts/secret.md").symlink_to("/etc/passwd")
    editor.publish({})
    assert pull(home).outcome == "published"
    assert files_of(home.current) == {"posts/secret.md": b"/etc/passwd"}
    (release,) = listed(home)
    assert [finding.file for finding in release.findings] == ["posts/secret.md"]
    assert "symbolic link" in release.findings[0].reason


def test_a_submodule_is_an_empty_folder_and_is_said(home: Home, editor: Editor) -> None:
    publish_tree(editor, b"160000 commit " + b"1" * 40 + b"\tposts", b"100644 blob " + blob(editor, "x") + b"\ta")
    assert pull(home).outcome == "published"
    assert files_of(home.current) == {"a": b"x"}
    (release,) = listed(home)
    assert "submodule" in release.findings[0].reason


def test_a_pointer_of_lfs_is_said(home: Home, editor: Editor) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    editor.publish({".gitattributes": "*.jpg filter=lfs\n", "posts/foto.jpg": pointer})
    assert pull(home).outcome == "published"
    (release,) = listed(home)
    assert [(finding.file, finding.severity) for finding in release.findings] == [("posts/foto.jpg", "warning")]


def test_names_that_differ_in_case_alone_are_said(home: Home, editor: Editor) -> None:
    editor.publish({"posts/Uno.md": post(), "posts/uno.md": post()})
    pull(home)
    (release,) = listed(home)
    assert "posts/Uno.md" in release.findings[0].reason


def test_a_name_that_is_not_utf_8_disturbs_nothing(home: Home, editor: Editor) -> None:
    publish_tree(
        editor,
        b"100644 blob " + blob(editor, "x") + b"\ta",
        b"100644 blob " + blob(editor, "y") + b"\tma\xf1ana.md",
    )
    assert pull(home).outcome == "published"
    assert sorted(os.listdir(os.fsencode(home.current))) == [b"a", b"ma\xf1ana.md"]


@pytest.mark.parametrize("name", [b"..", b".git", b"."])
def test_a_name_that_leads_elsewhere_is_written_nowhere(home: Home, editor: Editor, name: bytes) -> None:
    good = editor.publish({"posts/a.md": post()})
    pull(home)
    inner = editor.git("mktree", stdin=b"100644 blob " + blob(editor, "x") + b"\tpwned").encode()
    publish_tree(editor, b"040000 tree " + inner + b"\t" + name)
    attempt = pull(home)
    assert (attempt.outcome, home.served()) == ("refused", good)
    assert not list(home.folder.rglob("pwned"))
    assert left_over(home) == []


@pytest.mark.slow
def test_ten_thousand_files_are_one_push(home: Home, editor: Editor) -> None:
    editor.publish({f"posts/{number}.md": post(str(number)) for number in range(10_000)})
    assert pull(home).message == "10000 posts, 0 errors, 0 warnings"
    assert len(files_of(home.current)) == 10_000


def test_a_head_that_points_nowhere_says_which_branch_is_missing(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post()})
    (home.repo / "HEAD").write_text("ref: refs/heads/gone\n")
    attempt = pull(home)
    assert attempt.outcome == "failed"
    assert "gone" in attempt.message


def test_a_head_that_cannot_be_read_leaves_the_site_as_it_was(home: Home, editor: Editor) -> None:
    commit = editor.publish({"posts/a.md": post()})
    pull(home)
    (home.repo / "HEAD").write_text("nonsense\n")
    attempt = pull(home)
    assert (attempt.outcome, home.served()) == ("failed", commit)


def test_locks_that_a_killed_git_left_do_not_stop_the_next(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post("Primera")})
    pull(home)
    for name in ("refs/bitacora/fetched.lock", "packed-refs.lock", "index.lock"):
        (home.repo / name).touch()
    os.utime(home.repo / "packed-refs.lock", (0, 0))
    second = editor.publish({"posts/a.md": post("Segunda")})
    assert [pull(home).commit for _ in range(2)][-1] == second
    assert home.served() == second


def test_a_lock_that_goes_while_it_is_looked_at_stops_nobody(home: Home, editor: Editor) -> None:
    """Another push ends at any moment: a link that leads nowhere stands for its lock here."""
    commit = editor.publish({"posts/a.md": post()})
    (home.repo / "refs" / "heads" / "other.lock").symlink_to("nowhere")
    assert pull(home).commit == commit
    assert home.served() == commit


def test_a_repository_of_somebody_else_is_left_alone(home: Home, editor: Editor) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    editor.publish({"posts/a.md": post()})
    os.chown(home.repo, 65534, 65534)
    attempt = pull(home)
    assert attempt.outcome == "failed"
    assert "belongs to another user (uid 65534)" in attempt.message
    assert home.served() is None


SERVICE = 65534
"""The user whom a home belongs to, while the tests run as root."""


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Home]:
    """The home of a service, run by a user of its own, and nobody has pulled yet."""
    if os.geteuid() != 0:
        lacking("only root can give a folder away")
    with TemporaryDirectory() as folder:  # that of the test is root's alone
        there = Path(folder)
        there.chmod(0o755)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", there / "forge.git"], check=True)
        Editor(tmp_path / "theirs", there / "forge.git").publish({"site.toml": SETTINGS, "posts/a.md": post()})
        home = make(there / "home", "main", str(there / "forge.git"))
        for path in there.rglob("*"):
            os.chown(path, SERVICE, SERVICE, follow_symlinks=False)
        yield home


PULL_AS = """
import codecs, os, sys
from pathlib import Path
from bitacora.publish.check import Report
from bitacora.publish.home import Home
from bitacora.publish.release import publish
codecs.lookup("ascii")  # this Python may be root's alone
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
attempt = publish(Home(Path(sys.argv[1])), lambda folder, _shared: Report(1))
print(attempt.outcome, attempt.message)
"""


def owners(folder: Path) -> set[int]:
    return {path.lstat().st_uid for path in (folder, *folder.rglob("*"))}


def pulled_as(user: int, home: Home) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PULL_AS, home.folder, str(user)],
        cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_root_is_told_to_pull_as_the_user_of_the_home_and_leaves_nothing_there(
    theirs: Home, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    os.chown(cache, SERVICE, SERVICE)
    for command in (("pull",), ("rollback",), ("init-git", str(theirs.folder))):
        done = flask("site", *command, site=theirs.current, cache_dir=str(cache))
        assert done.returncode == 1
        assert f"{theirs.folder} belongs to nobody: run this as that user" in done.stdout + done.stderr
    assert owners(theirs.folder) | owners(cache) == {SERVICE}
    assert not theirs.wanted.exists()
    assert pulled_as(SERVICE, theirs).startswith("published")
    assert owners(theirs.folder) == {SERVICE}


@pytest.mark.parametrize("command", [("commit",), ("changed-keys", "none")])
def test_root_is_told_to_ask_as_the_user_of_the_home(theirs: Home, command: tuple[str, ...]) -> None:
    asked = flask("site", *command, site=theirs.current)
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr.startswith(f"Error: {theirs.repo} belongs to another user")


def test_a_lock_that_root_left_is_said_to_be_in_the_way(theirs: Home) -> None:
    theirs._lock.touch(0o644)
    assert pulled_as(SERVICE, theirs) == (
        f"failed {theirs._lock} belongs to another user: give it to whoever publishes (chown). "
        "The site is as it was.\n"
    )
    os.chown(theirs._lock, SERVICE, SERVICE)
    assert pulled_as(SERVICE, theirs).startswith("published")


def test_the_configuration_of_a_user_does_not_choose_filters_for_a_tree(
    home: Home, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    (tmp_path / ".gitconfig").write_text(f'[filter "lfs"]\n\tsmudge = touch {ran}\n\trequired = true\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)  # of the editor, who has no such filter
    editor.publish({".gitattributes": "*.md filter=lfs\n", "a.md": "x"})
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    assert pull(home).outcome == "published"
    assert not ran.exists()


def test_two_commands_that_wait_for_each_other_do_both_end(home: Home, editor: Editor) -> None:
    editor.publish({"posts/a.md": post()})
    with home._lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert publish(home, all_is_well, waits=False) is None
    assert pull(home).outcome == "published"
    assert not home.wanted.exists()


def test_a_release_that_somebody_removed_is_made_again(home: Home, editor: Editor) -> None:
    commit = editor.publish({"posts/a.md": post()})
    pull(home)
    shutil.rmtree(home.release(commit))
    assert pull(home).outcome == "published"
    assert set(files_of(home.current)) == {"posts/a.md"}


# --- what only shows with others around


def test_what_belongs_to_somebody_else_in_the_folder_stays(home: Home, editor: Editor) -> None:
    (home.folder / ".env").write_text("SECRET=1")
    (home.folder / ".ssh").mkdir()
    editor.publish({"posts/a.md": post()})
    assert pull(home).outcome == "published"
    assert (home.folder / ".env").read_text() == "SECRET=1"
    assert (home.folder / ".ssh").is_dir()


def test_a_release_that_was_served_until_now_is_kept_for_its_readers(home: Home, editor: Editor) -> None:
    for title in ("Primera", "Segunda"):
        editor.publish({"posts/a.md": post(title)})
        pull(home)
    for file in home.releases.glob("*.json"):
        os.utime(file, (0, 0))
    first = rollback(home).commit
    for title in ("Tercera", "Cuarta"):
        editor.publish({"posts/a.md": post(title)})
        pull(home, keep=2)
    assert home.release(first).exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}"])
def test_a_damaged_report_takes_nothing_with_it(home: Home, editor: Editor, damage: str) -> None:
    commits = []
    for title in ("Primera", "Segunda", "Tercera"):
        commits.append(editor.publish({"posts/a.md": post(title)}))
        pull(home)
    home.report(commits[2]).write_text(damage)
    list(listed(home))
    assert rollback(home).commit == commits[1]
    editor.publish({"posts/a.md": post("Cuarta")})
    assert pull(home).outcome == "published"


def test_a_site_in_a_folder_of_its_repository_is_checked_there(
    tmp_path: Path, upstream: Path, editor: Editor
) -> None:
    home = make(tmp_path / "inner", "main", str(upstream), "blog")
    assert (home.current / "blog/posts").is_dir()
    checked: list[str] = []

    def finds_it_broken_there(folder: Path, shared: Sequence[str]) -> Report:
        checked.extend([folder.name, *shared])
        return Report(0, (BROKEN,))

    editor.publish({"blog/posts/a.md": post(), "README.md": "x", "elsewhere/A.md": "1", "elsewhere/a.md": "2"})
    attempt = publish(home, finds_it_broken_there, refuses=True)
    assert attempt is not None
    assert (attempt.outcome, attempt.message) == ("refused", str(BROKEN))
    assert checked == ["blog", "posts/a.md"]


@pytest.mark.parametrize("inside", ["/etc", "../out", "a/../../b"])
def test_a_site_lies_inside_its_repository(tmp_path: Path, inside: str) -> None:
    with pytest.raises(PublishError, match="no folder of a repository"):
        make(tmp_path / "inner", "main", None, inside)


def test_a_tree_without_posts_is_said_to_be_one(home: Home, editor: Editor) -> None:
    editor.publish({"README.md": "x"})
    pull(home)
    (release,) = listed(home)
    assert [finding.file for finding in release.findings] == ["posts"]


ORPHAN = """
import os, sys
from pathlib import Path
from bitacora.publish import git
git._ENDS_ITSELF_LATER_S = 0.1
from bitacora.publish.home import Home
home = Home(Path(sys.argv[1]))
with home.alone(waits=True) as lock:
    print("held", flush=True)
    git.Git(home.repo, (lock,), patience=0.5).run("hash-object", "--no-filters", "--", sys.argv[2])
"""


@pytest.mark.slow
def test_a_git_whose_publisher_was_killed_does_not_hold_the_lock_for_ever(home: Home, tmp_path: Path) -> None:
    pipe = tmp_path / "hangs"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", ORPHAN, home.folder, pipe]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as publisher:
        assert publisher.stdout
        assert publisher.stdout.readline() == b"held\n"
        deadline = time.monotonic() + 60
        while str(pipe).encode() not in b"".join(commands_of(publisher.pid)):
            assert time.monotonic() < deadline
        publisher.kill()
    with home.alone(waits=True) as lock:
        assert lock is not None


def commands_of(parent: int) -> list[bytes]:
    found = []
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            found.append(Path(f"/proc/{child}/cmdline").read_bytes())
        except OSError:
            continue
    return found
