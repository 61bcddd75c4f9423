"""A push runs nothing: trees that git takes for repositories, against every way in which the blog asks git."""

from __future__ import annotations

import ast
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hostile import ATTRIBUTES, MISSING, POST, TREES, Trap, tree
from publishing import ROOT, SETTINGS, Editor, all_is_well, flask, left_over

from bitacora.publish.git import Git
from bitacora.publish.git_process import Call, GitError
from bitacora.publish.history import GitHistorian, find_checkout
from bitacora.publish.home import make
from bitacora.publish.release import publish
from bitacora.publish.work_tree import deletion_of, ignored, is_committed


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap.made(tmp_path / "trap")


@pytest.fixture
def clone(tmp_path: Path) -> Editor:
    """A checkout that serves itself, as `git clone` and `git pull` keep it."""
    editor = Editor(tmp_path / "clone", tmp_path / "nowhere.git")
    editor.commit({"README.md": "A blog lies here.\n"})
    return editor


def ask_of_all(site: Path) -> None:
    """All that the engine asks git about a checkout."""
    ignored(site, ["posts/hola.md", "posts/x/y.md", ".gitignore"])
    is_committed(site, "posts/hola.md")
    deletion_of(site, "posts/gone.md")
    history = GitHistorian().look(str(site.resolve()))
    checkout = find_checkout(site.resolve())
    if history and checkout:
        history.read(history.before("posts/hola.md", POST.encode()) or [MISSING])
        git = Git(checkout.repo)
        git.commit("HEAD")
        git.is_empty()


@pytest.mark.parametrize("where", ["", "blog/"], ids=["the whole clone", "a folder of it"])
@pytest.mark.parametrize("kind", TREES)
def test_asking_git_about_a_checkout_runs_nothing_that_lies_in_it(
    clone: Editor, trap: Trap, kind: str, where: str
) -> None:
    clone.write({f"{where}{path}": content for path, content in tree(kind, trap).items()})
    ask_of_all(clone.folder / where)
    assert trap.ran == ""


@pytest.mark.parametrize(
    "git_file",
    ["gitdir: posts/evil\n", "gitdir: ../clone/posts/evil\n", "gitdir: /nowhere\n", "\xff", "", "gitdir: a\0b"],
)
def test_a_git_file_that_leads_to_a_tree_of_somebody_runs_nothing(
    tmp_path: Path, trap: Trap, git_file: str
) -> None:
    """Not from a push, which cannot have one: from programs that copy folders."""
    site = tmp_path / "clone"
    evil = Editor(site, tmp_path / "nowhere.git")
    subprocess.run(["rm", "-r", site / ".git"], check=True)
    evil.write({f"posts/evil/{path}": content for path, content in tree("a work tree at the root", trap).items()})
    (site / ".git").write_text(git_file)
    ask_of_all(site)
    assert trap.ran == ""


@pytest.mark.slow
def test_no_command_and_no_hook_runs_what_lies_in_a_checkout(clone: Editor, trap: Trap, tmp_path: Path) -> None:
    clone.write({f"blog/{path}": content for path, content in tree("a work tree at the root", trap).items()})
    clone.write({"blog/site.toml": SETTINGS, "blog/posts/borrador.md": POST.replace("date", "draft: true\ndate")})
    site = clone.folder / "blog"
    for command in (
        ("posts", "check"),
        ("posts", "explain", "posts/hola.md"),
        ("posts", "explain", "posts/never.md"),
        ("posts", "list"),
        ("posts", "new", "Otra"),
        ("posts", "preview", "posts/borrador.md"),
        ("site", "commit"),
        ("site", "changed-keys", "HEAD"),
    ):
        done = flask(*command, site=site, secret_key="k" * 32, cache_dir=str(tmp_path / "cache"))
        assert "Traceback" not in done.stderr, command
        assert trap.ran == "", command
    hook = clone.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes((ROOT / "deploy" / "pre-commit").read_bytes())
    hook.chmod(0o755)
    clone.git("config", "bitacora.engine", str(ROOT))
    clone.git("config", "bitacora.site", "blog")
    clone.git("add", "blog/posts/hola.md", "blog/site.toml")
    assert "a change" in clone.git("commit", "-m", "a change")
    assert trap.ran == ""


@pytest.mark.slow
def test_a_push_of_such_a_tree_is_refused_and_runs_nothing(tmp_path: Path, trap: Trap) -> None:
    home = make(tmp_path / "home", "main", None)
    editor = Editor(tmp_path / "work", home.repo)
    good = editor.publish({"posts/hola.md": POST})
    for kind in TREES:
        editor.git("reset", "-q", "--hard", good)
        editor.git("clean", "-q", "-f", "-d")
        commit_whole(editor, tree(kind, trap))
        pushed = editor.push()
        assert not pushed.accepted, kind
        assert "looks like a git repository" in pushed.told, kind
    assert trap.ran == ""
    assert (home.served(), left_over(home)) == (good, [])


def test_attributes_filters_and_modules_of_a_tree_run_nothing(tmp_path: Path, trap: Trap) -> None:
    home = make(tmp_path / "home", "main", None)
    editor = Editor(tmp_path / "work", home.repo)
    editor.publish({"posts/hola.md": POST})
    commit_whole(editor, {"posts/hola.md": POST.replace("Hola", "Otra"), **ATTRIBUTES})
    pushed = editor.push()
    assert pushed.accepted, pushed.told
    assert b"Otra" in (home.current / "posts/hola.md").read_bytes()
    assert trap.ran == ""


def test_no_tree_chooses_by_which_converter_its_texts_are_written_out(tmp_path: Path) -> None:
    home = make(tmp_path / "home", "main", None)
    editor = Editor(tmp_path / "work", home.repo)
    commit_whole(editor, {"posts/a.md": POST, ".gitattributes": "*.md working-tree-encoding=UTF-16\n"})
    pushed = editor.push()
    assert pushed.accepted, pushed.told
    assert (home.current / "posts/a.md").read_text("utf-8") == POST


def test_a_pull_and_a_rollback_of_such_a_tree_run_nothing(tmp_path: Path, trap: Trap) -> None:
    forge = tmp_path / "forge.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", forge], check=True)
    editor = Editor(tmp_path / "work", forge)
    good = editor.publish({"posts/hola.md": POST})
    home = make(tmp_path / "home", "main", str(forge))
    publish(home, all_is_well)
    for kind in TREES:
        editor.git("reset", "-q", "--hard", good)
        editor.git("clean", "-q", "-f", "-d")
        commit_whole(editor, tree(kind, trap))
        editor.push("--force", "origin", "HEAD:main")
        attempt = publish(home, all_is_well)
        assert attempt, kind
        assert (attempt.outcome, home.served()) == ("refused", good), kind
    assert trap.ran == ""


def commit_whole(editor: Editor, files: dict[str, str | bytes]) -> None:
    """By plumbing: git's own `add` would take such a folder for a repository."""
    entries = []
    for path, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        blob = editor.git("hash-object", "-w", "--no-filters", "--stdin", stdin=data)
        entries.append(f"100644 {blob}\t{path}\0")
    editor.git("read-tree", "--empty")
    editor.git("update-index", "-z", "--index-info", stdin="".join(entries).encode())
    editor.git("-c", "core.fsmonitor=false", "commit", "-q", "-m", "a change")


# --- the one door


COMMANDS = {
    "rev-parse": ("rev-parse", "--verify", "--quiet", "HEAD^{commit}"),
    "log": ("log", "-1", "--raw", "-M", "-p", "HEAD"),
    "ls-tree": ("ls-tree", "-r", "-l", "-z", "HEAD"),
    "diff-tree": ("diff-tree", "-r", "--name-only", "HEAD", "HEAD"),
    "cat-file": ("cat-file", "-p", MISSING),
    "read-tree": ("read-tree", "HEAD"),
    "checkout-index": ("checkout-index", "--all"),
    "check-ignore": ("check-ignore", "-v", "posts/hola.md"),
    "ls-files": ("ls-files", "--others", "--modified"),
    "status": ("status",),
    "for-each-ref": ("for-each-ref",),
    "update-ref": ("update-ref", "refs/heads/other", "HEAD"),
    "fetch": ("fetch", "--upload-pack=git-upload-pack", "origin"),
    "ls-remote": ("ls-remote", "origin"),
    "gc": ("gc", "--auto"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_call_of_git_in_a_hostile_repository_runs_nothing(tmp_path: Path, trap: Trap, command: str) -> None:
    """As if every other defence had failed."""
    editor = Editor(tmp_path / "site", tmp_path / "nowhere.git")
    editor.commit({"posts/hola.md": POST, **ATTRIBUTES})
    files = tree("a work tree at the root", trap)
    editor.write({f".git/{name}": files[name] for name in ("config", "index")})
    editor.write({"posts/hola.md": POST.replace("Hola", "Otra")})
    with suppress(GitError):
        Call(editor.folder / ".git", COMMANDS[command], work_tree=editor.folder).output()
    assert trap.ran == ""


def test_git_is_started_in_one_place() -> None:
    starters = {
        file.relative_to(ROOT).as_posix()
        for file in (*ROOT.glob("*.py"), *(ROOT / "bitacora").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value == "git"
    }
    assert starters == {"bitacora/publish/git_process.py"}


def test_programs_are_started_in_few_places() -> None:
    """Each with an environment that is chosen: a new one has to be looked at."""
    starters = set()
    for file in (*ROOT.glob("*.py"), *(ROOT / "bitacora").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called.startswith(("subprocess.", "os.exec", "os.spawn", "os.system", "os.popen")):
                starters.add(file.relative_to(ROOT).as_posix())
                given = {keyword.arg for keyword in node.keywords}  # type: ignore[attr-defined]
                assert "env" in given or called == "os.execve", called
    assert starters == {
        "bitacora/__main__.py",  # gunicorn takes the place of bitacora serve, where somebody types it
        "bitacora/library/cold_start.py",
        "bitacora/publish/background.py",
        "bitacora/publish/check.py",
        "bitacora/publish/git_process.py",
    }
