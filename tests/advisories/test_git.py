"""What those who may push can write into names, trees and messages, and what becomes of it on the server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import NewBlog
from publishing import ROOT, SETTINGS, Editor, all_is_well, files_of, flask, post
from test_commit_status import TOKEN, Api

from bitacora.publish.check import CheckError, Report
from bitacora.publish.home import Home, make
from bitacora.publish.release import publish
from bitacora.publish.webhook import PayloadError, pushed
from bitacora.web.preview import status_url

TRAP = "$(touch pwned);`touch pwned`;touch pwned #'\"|&<b onclick=zz>zz</b>"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, or turns text around; git ends its own lines as it likes."""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Where nothing may be touched."""
    return tmp_path


def no_trap_went_off(folder: Path) -> bool:
    return not [
        *folder.rglob("pwned*"),
        *ROOT.glob("pwned*"),
        *Path.home().glob("pwned*"),
        *Path("/tmp").glob("pwned*"),
    ]


def home_of(folder: Path) -> Home:
    """As an operator makes one that is pushed to, with its hooks."""
    made = flask("site", "init-git", str(folder), site=folder / "current")
    assert made.returncode == 0, made.stderr
    return Home(folder)


# --- 33: names


@pytest.mark.slow
@pytest.mark.advisory(33, "CVE-2026-108259")
def test_names_of_branches_paths_and_people_are_text_wherever_they_are_told(here: Path, new_blog: NewBlog) -> None:
    """CVE-2026-108259 (TinaCMS): a branch whose name has a quote became code in a build.

    Told to the pusher, in the list of releases, on the status page and in /readyz: escaped, and run nowhere.
    """
    home = home_of(here / "home")
    editor = Editor(here / "work", home.repo)
    who = f"Ana \x1b[31m\u202e{TRAP}"
    odd = f"posts/{TRAP.replace('/', '_')}\x1b[2J\n\u202e.md"
    editor.write({"site.toml": SETTINGS, odd: "---\ntitle: [\n---\n", "posts/2026-01-01-a.md": post()})
    editor.git("add", "-A")
    editor.git("-c", f"user.name={who}", "commit", "-q", "-m", f"\x1b]0;{TRAP}\x07 uno\n\ndos")
    refused = editor.push()
    editor.git("mv", odd, "posts/2026-01-02-b.md")
    editor.write({"posts/2026-01-02-b.md": post(f"Otra {CONTROLS.sub('', TRAP)}".replace(": ", " "), "x")})
    editor.git("add", "-A")
    editor.git("-c", f"user.name={who}", "commit", "-q", "-m", f"\x1b]0;{TRAP}\x07 tres")
    branch = "x;touch${IFS}pwned;$(touch${IFS}pwned)<b>\"'|&"
    others = editor.push("origin", f"HEAD:refs/heads/{branch}")
    done = editor.push()
    listing = flask("site", "releases", site=home.current)
    for told in (refused.told, others.told, done.told, listing.stdout + listing.stderr):
        assert told
        assert CONTROLS.findall(told.replace("\x1b[K", "")) == []
    assert (refused.accepted, others.accepted, done.accepted) == (False, True, True)
    assert "is kept but not published" in others.told
    assert "touch pwned" in listing.stdout
    assert no_trap_went_off(here)
    blog = new_blog({"posts/2026-01-01-a.md": post(), odd: "---\ntitle: [\n---\n"}, secret_key="k" * 40)
    with blog.app.app_context():
        status = blog.get(status_url())
    assert status.status == 200
    assert "touch pwned" in status.text
    assert CONTROLS.findall(status.text) == []
    assert not [one for one in status.html.iter() if one.get("onclick") or one.text == "zz"]
    ready = blog.get("/readyz", remote_addr="127.0.0.1", host="127.0.0.1").json
    assert "touch pwned" in str(ready["problems"])
    assert [one for one in ready["problems"] if CONTROLS.search(str(one["file"]) + one["reason"])] == []


@pytest.mark.parametrize(
    "ref", [f"refs/heads/{TRAP}", "refs/heads/main\n", "refs/heads/main\x00", "../main", "--upload-pack=x"]
)
def test_a_branch_that_a_webhook_names_is_compared_and_nothing_else(ref: str) -> None:
    """Whatever it is called, it is the published one to the letter or it is not."""
    assert pushed(json.dumps({"ref": ref}).encode()) == {ref}


# --- 35: trees that were made for git


def tree_of(editor: Editor, *lines: bytes) -> bytes:
    return editor.git("mktree", "-z", "--missing", stdin=b"\0".join(lines) + b"\0").encode()


def commit_of(editor: Editor, *lines: bytes) -> str:
    return editor.git("commit-tree", tree_of(editor, *lines).decode(), "-m", "odd")


def blob(editor: Editor, text: str) -> bytes:
    return editor.git("hash-object", "-w", "--stdin", stdin=text.encode()).encode()


def hostile_trees(editor: Editor, trap: Path) -> Iterator[tuple[str, str]]:
    """What ran programs or wrote into a repository in a git of its time, and would set off the trap."""
    script = b"100755 blob " + blob(editor, f"#!/bin/sh\ntouch {trap}\n")
    hooks = tree_of(
        editor, *(script + b"\t" + name for name in (b"post-checkout", b"pre-receive", b"update", b"fsmonitor"))
    )
    config = blob(
        editor, f'[core]\n\tfsmonitor = touch {trap}\n\thooksPath = hooks\n[filter "x"]\n\tsmudge = touch {trap}\n'
    )
    inner = tree_of(editor, b"040000 tree " + hooks + b"\thooks", b"100644 blob " + config + b"\tconfig")
    module = '[submodule "x"]\n\tpath = "mod\r"\n\turl = ../x.git\n\tupdate = !touch {trap}\n'
    modules = b"100644 blob " + blob(editor, module.replace("{trap}", str(trap))) + b"\t.gitmodules"
    fine = b"100644 blob " + blob(editor, post()) + b"\tz.md"
    gone = b"160000 commit " + b"1" * 40
    link = b"120000 blob " + blob(editor, ".git/modules/x/hooks")
    yield "CR behind a submodule", commit_of(editor, modules, gone + b"\tmod\r", link + b"\tmod", fine)
    to_git = b"120000 blob " + blob(editor, ".git")
    yield "alike but for case", commit_of(editor, to_git + b"\tA", b"040000 tree " + inner + b"\ta", modules, fine)
    yield (
        "attributes that name a filter",
        commit_of(
            editor,
            b"100644 blob " + blob(editor, "* filter=x diff=x merge=x ident export-subst\n") + b"\t.gitattributes",
            fine,
        ),
    )
    for name in (
        b".git",
        b".GIT",
        b".Git ",
        b".git.",
        b"git~1",
        b"GIT~1",
        b".g\xe2\x80\x8cit",
        b".git::$INDEX_ALLOCATION",
        b".git\\x",
    ):
        yield repr(name), commit_of(editor, b"040000 tree " + inner + b"\t" + name, fine)
    for name in (b"..", b".", b"", b"a/b", b"C:", b"x\\..\\..\\y"):
        try:
            odd = commit_of(editor, script + b"\t" + name, fine)
        except AssertionError:
            continue  # git does not even make it
        yield repr(name), odd


@pytest.mark.slow
@pytest.mark.advisory(35, "CVE-2025-48384", "CVE-2024-32002")
def test_no_tree_that_is_pushed_or_pulled_runs_anything_or_writes_into_the_repository(here: Path) -> None:
    """CVE-2025-48384, CVE-2024-32002 (git): CR in a submodule's path, links and folders alike but for case.

    A hook lands where git finds it, and runs at the next checkout. Here nothing is checked out with links,
    submodules or filters, and hooks are those that the operator's command wrote.
    """
    trap = here / "pwned"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", here / "forge.git"], check=True)
    editor = Editor(here / "work", here / "forge.git")
    pulls = make(here / "pulls", "main", str(here / "forge.git"))
    pushes = home_of(here / "pushes")
    good = editor.publish({"site.toml": SETTINGS, "posts/2026-01-01-a.md": post()})
    _stub_the_check(pushes)
    editor.git("push", "-q", str(pushes.repo), f"{good}:refs/heads/main")
    publish(pulls, all_is_well)
    assert pushes.served() == pulls.served() == good
    before = [_repository(home) for home in (pulls, pushes)]
    tried = 0
    for name, commit in hostile_trees(editor, trap):
        editor.push("--force", "origin", f"{commit}:refs/heads/main")  # git refuses some itself
        attempt = publish(pulls, all_is_well)
        editor.push("--force", str(pushes.repo), f"{commit}:refs/heads/main")
        assert not trap.exists(), name
        assert attempt is not None
        assert attempt.outcome in {"published", "refused", "failed"}, name
        for home, files in zip((pulls, pushes), before, strict=True):
            assert _repository(home) == files, name
            for release in home.releases.iterdir():
                assert not [path for path in release.rglob("*") if path.is_symlink()], name
                assert not [path for path in release.rglob("*") if path.name.casefold() in GITS], name
            assert home.current.resolve().parent == home.releases
        tried += 1
    assert tried > 12


GITS = {".git", "git~1", ".git ", ".git.", ".g\u200cit", ".git::$index_allocation"}
"""What some disk takes for the folder of a repository."""


def _stub_the_check(home: Home) -> None:
    """The real one takes a second for each push; the hooks stay as they are in all else."""
    for name in ("pre-receive", "post-receive"):
        hook = home.repo / "hooks" / name
        text = hook.read_text()
        assert text.count("-m bitacora.publish") == 1
        hook.write_text(text.replace("-m bitacora.publish", f"{ROOT}/tests/advisories/hook.py"))


def _repository(home: Home) -> dict[str, bytes]:
    """What of a repository decides what git runs."""
    names = ("hooks", "info", "modules", "config", "config.worktree", "worktrees")
    found = [
        path for name in names for path in (home.repo / name, *(home.repo / name).rglob("*")) if path.is_file()
    ]
    return {str(path.relative_to(home.repo)): path.read_bytes() for path in found}


# --- 44: whom the server calls


@pytest.fixture
def apis() -> Iterator[tuple[Api, Api]]:
    """The forge of the operator, and a host of somebody else."""
    forge, evil = Api(), Api()
    yield forge, evil
    forge.stop()
    evil.stop()


@pytest.mark.advisory(44, "CVE-2026-22874")
def test_nobody_but_the_operators_forge_is_told_of_a_commit(here: Path, apis: tuple[Api, Api]) -> None:
    """CVE-2026-22874 (Gitea): a webhook's allow list was passed by, and the server asked a host of others' choice.

    Neither the tree nor a message nor a payload nor the forge itself, by a redirect, sends the token elsewhere.
    """
    forge, evil = apis
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", here / "forge.git"], check=True)
    editor = Editor(here / "work", here / "forge.git")
    home = make(here / "home", "main", f"{forge.url}/team/blog.git")
    home.git().run("config", f"url.{editor.repository}.insteadOf", f"{forge.url}/team/blog.git")
    wrong = f'title = "x"\nurl = "{evil.url}"\nhistory = "{evil.url}/{{path}}"\n'
    editor.write(
        {
            "site.toml": wrong,
            "posts/2026-01-01-a.md": post(
                body=f"![x]({evil.url}/a.png)", image=f"{evil.url}/b.png", date="2026-01-01"
            ),
            ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = {evil.url}/x.git\n',
            ".lfsconfig": f"[lfs]\n\turl = {evil.url}/lfs\n",
            "posts/lfs.jpg": f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1\n",
            ".gitattributes": "*.jpg filter=lfs\n",
        }
    )
    editor.git("add", "-A")
    editor.git("commit", "-q", "-m", f"statuses_url: {evil.url}")
    editor.push()
    forge.status, forge.location = 303, f"{evil.url}/elsewhere"
    done = _pulled(home)
    assert done.returncode == 0
    assert "303" in done.stderr
    assert TOKEN not in done.stderr
    assert len(forge.asked) == 1
    assert forge.asked[0].headers["authorization"] == f"token {TOKEN}"
    assert evil.asked == []
    payload = {
        "ref": "refs/heads/main",
        "repository": {"clone_url": evil.url, "statuses_url": f"{evil.url}/{{sha}}"},
    }
    assert pushed(json.dumps(payload).encode()) == {"refs/heads/main"}, "nothing else of it is used"
    with pytest.raises(PayloadError):
        pushed(json.dumps({"url": evil.url}).encode())


def _pulled(home: Home) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BITACORA_")}
    environ |= {"BITACORA_SITE": str(home.current), "BITACORA_FORGE": "gitea", "BITACORA_FORGE_TOKEN": TOKEN}
    command = [sys.executable, "-m", "bitacora.publish", "pull", str(home.folder)]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=90, check=False)


# --- 45: a pull that fails


@pytest.mark.advisory(45, "Grav git-sync", "Bludit Remote Content")
def test_a_pull_that_fails_leaves_what_is_served_as_it_is(here: Path) -> None:
    """Grav git-sync, Bludit Remote Content: a pull emptied the folder before it fetched, and then failed."""
    forge = here / "forge.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", forge], check=True)
    editor = Editor(here / "work", forge)
    home = make(here / "home", "main", str(forge))
    good = editor.publish({"posts/2026-01-01-a.md": post(), "site.toml": SETTINGS})
    assert pull(home) == "published"
    before, inode = files_of(home.current), (home.current / "posts").stat().st_ino

    def breaks(_: Path, __: Sequence[str]) -> Report:
        assert files_of(home.current) == before, "while it is at it"
        raise CheckError("The checker failed.")

    def dies(_: Path, __: Sequence[str]) -> Report:
        raise OSError(28, "No space left on device")

    editor.publish({"posts/2026-01-01-a.md": None, "posts/2026-01-02-b.md": post("Otra")})
    failures = {
        "the checker fails": (lambda: None, breaks),
        "the disk is full": (lambda: None, dies),
        "the forge is away": (lambda: forge.rename(here / "away.git"), all_is_well),
        "another is in its place": (lambda: shutil.copytree(here / "work/.git/refs", forge), all_is_well),
        "it is empty": (lambda: (forge / "HEAD").write_text("ref: x"), all_is_well),
    }
    for name, (spoil, check) in failures.items():
        spoil()
        assert pull(home, check) in {"failed", "refused"}, name
        assert (home.served(), files_of(home.current)) == (good, before), name
        assert (home.current / "posts").stat().st_ino == inode, name
    shutil.rmtree(forge)
    (here / "away.git").rename(forge)
    assert pull(home) == "published"
    assert files_of(home.current) != before


def pull(home: Home, check: object = all_is_well) -> str:
    attempt = publish(home, check)  # type: ignore[arg-type]
    assert attempt is not None
    return attempt.outcome
