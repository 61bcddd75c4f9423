"""The command `bitacora`, installed from its wheel into an empty environment, far from any checkout."""

from __future__ import annotations

import ast
import os
import pty
import re
import runpy
import socket
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen
from zipfile import ZipFile

import pytest
from blogs import PATIENCE_S
from click.testing import CliRunner
from programs import free_port
from server import ROOT, Server

from bitacora import cli
from bitacora.__main__ import command, main, publish
from bitacora.cli import running
from bitacora.cli.posts import posts
from bitacora.cli.site import site


class Installed:
    """An environment with the wheel, and the packages that it needs from this one."""

    def __init__(self, folder: Path) -> None:
        build = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
        ]
        subprocess.run([*build, "--wheel-dir", folder, ROOT], check=True, capture_output=True)
        [self.wheel] = folder.glob("*.whl")
        environment = folder / "environment"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        [packages] = environment.glob("lib/python3*/site-packages")
        (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
        self._bin = environment / "bin"
        install = [sys.executable, "-m", "pip", "--quiet", "--python", self._bin / "python", "install"]
        subprocess.run([*install, "--no-deps", "--no-index", self.wheel], check=True, capture_output=True)
        self.home = folder / "home"
        self.home.mkdir()

    def popen(self, *words: str, cwd: Path, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._bin / "bitacora", *words],
            cwd=cwd,
            env={"PATH": f"{self._bin}:{os.environ['PATH']}", "HOME": str(self.home), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, cwd: Path, **environ: str) -> tuple[int, str, str]:
        process = self.popen(*words, cwd=cwd, **environ)
        said, complained = process.communicate(timeout=PATIENCE_S)
        return process.returncode, said, complained


@pytest.fixture(scope="module")
def bitacora(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.mark.slow
def test_from_nothing_to_a_page_with_the_command_alone(bitacora: Installed, tmp_path: Path) -> None:
    code, said, _ = bitacora.run("new", "blog", cwd=tmp_path)
    assert (code, said.splitlines()[-1]) == (0, "See it: cd blog && bitacora dev")
    blog = tmp_path / "blog"
    assert {path.name for path in blog.iterdir()} == {".git", ".gitignore", "pages", "posts", "site.toml"}
    assert bitacora.run("check", cwd=blog)[:2] == (0, "")
    code, said, _ = bitacora.run("post", "La segunda", cwd=blog / "posts")
    assert (code, Path(said.strip()).parent) == (0, blog / "posts")
    assert "La segunda" in bitacora.run("list", cwd=blog)[1]
    port = free_port()
    for name in ("serve", "dev"):
        server = bitacora.popen(name, "--port", str(port), cwd=blog)
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == f"http://127.0.0.1:{port}/\n"
            page = _when_up(port, server)
            assert "La segunda" in page
            assert "/static/style." in page
            if name == "serve":
                code, _, complained = bitacora.run("dev", "--port", str(port), cwd=blog)
                assert code == 1
                assert f"Another program listens at port {port}. Try another one: bitacora dev" in complained
        finally:
            server.terminate()
            server.communicate(timeout=PATIENCE_S)


def test_new_asks_on_a_terminal_for_what_is_not_given(tmp_path: Path) -> None:
    asked = {
        "Language": "pt",
        "Title": "Diário",
        "Time zone": "Nowhere",
        "is no time zone": "America/Lima",
        "Public address": "https://a.example",
    }
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ |= {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
        os.execv(sys.executable, [sys.executable, "-m", "bitacora", "new", "diario", "--forge", "github"])
    said = b""
    for question, answer in asked.items():
        while question.encode() not in said:
            said += os.read(terminal, 1024)
        while b": " not in said.partition(question.encode())[2]:
            said += os.read(terminal, 1024)
        said = b""
        os.write(terminal, f"{answer}\n".encode())
    with suppress(OSError):  # the end, as Linux has it
        while more := os.read(terminal, 1024):
            said += more
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    assert b'git config --global user.name "Your Name"' in said
    assert b"See it: cd diario && " in said
    site = tmp_path / "diario"
    settings = tomllib.loads((site / "site.toml").read_text())
    assert (settings["title"], settings["language"]) == ("Diário", "pt")
    assert (settings["timezone"], settings["url"]) == ("America/Lima", "https://a.example")
    assert (site / ".git").is_dir()
    assert (site / ".github/workflows/check.yml").read_text().startswith("# GitHub checks every push")


def test_the_workflow_of_each_forge_is_made_and_wrong_settings_make_nothing(tmp_path: Path) -> None:
    for forge, file in (("gitlab", ".gitlab-ci.yml"), ("forgejo", ".forgejo/workflows/check.yml")):
        made = CliRunner().invoke(command, ["new", str(tmp_path / forge), "--forge", forge])
        assert made.exit_code == 0, made.output
        assert file in made.stdout
        assert "Copy this" not in (tmp_path / forge / file).read_text()
    for words in (("--url", "nonsense"), ("--language", "???")):
        refused = CliRunner().invoke(command, ["new", str(tmp_path / "wrong"), *words])
        assert refused.exit_code == 1
        assert "Nothing was made." in refused.stderr
        assert words[1] in refused.stderr
    assert not (tmp_path / "wrong").exists()


def test_the_nearest_site_goes_before_the_environment_and_an_option_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, near, named = (tmp_path / name for name in ("sample", "near", "named"))
    for folder in (sample, near / "posts", named):
        folder.mkdir(parents=True)
    for folder in (sample, near, named):
        (folder / "site.toml").touch()
    monkeypatch.setattr(running, "_named", ("posts", "list"))
    environ = {"BITACORA_SITE": str(named)}
    for is_named, here, found in (
        (False, near / "posts", near),
        (True, near / "posts", named),
        (False, tmp_path, named),
        (False, sample, named),
    ):
        monkeypatch.chdir(here)
        monkeypatch.setattr(running, "_is_site_named", is_named)
        assert cli.site_here(environ, sample) == found
    assert cli.site_here({}, sample) == sample
    monkeypatch.setattr(running, "_named", None)
    monkeypatch.chdir(near)
    assert cli.site_here(environ, sample) == named


def test_a_taken_port_is_a_sentence_with_the_next_free_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.delenv("MAKELEVEL", raising=False)
        words = ["--site", str(tmp_path), "dev", "--port", str(port)]
        refused = CliRunner().invoke(command, words)
        monkeypatch.setenv("MAKELEVEL", "1")
        by_make = CliRunner().invoke(command, words)
    assert (refused.exit_code, by_make.exit_code) == (1, 1)
    about = f"Error: Another program listens at port {port}. Try another one: "
    assert re.fullmatch(rf"{about}bitacora dev --port \d+\n", refused.stderr)
    assert re.fullmatch(rf"{about}PORT=\d+ make dev\n", by_make.stderr)


def test_all_workers_together_warn_once_of_what_the_settings_lack(tmp_path: Path) -> None:
    (tmp_path / "site/posts").mkdir(parents=True)
    (tmp_path / "site/site.toml").touch()
    with Server(tmp_path / "site", tmp_path / "cache", workers=2) as server:
        server.clients()  # one of each worker
        assert server.log.read_text().count("no url is set") == 1


_WITHOUT = """
import sys
class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"fcntl", "gunicorn", "pwd", "grp", "inotify_simple"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuses())
for name in ("fcntl", "pwd", "grp"):
    sys.modules.pop(name, None)
from bitacora.__main__ import main
for words in map(str.split, sys.argv[1:]):
    sys.argv = ["bitacora", *words]
    try:
        main()
    except SystemExit as end:
        print(words[0], end.code, flush=True)
"""


def test_without_what_windows_lacks_writers_commands_work_and_the_rest_is_a_sentence(tmp_path: Path) -> None:
    site = tmp_path / "blog"
    commands = [f"--site {site} {words}" for words in ("check", "list", "explain /", "serve", "dev")]
    commands += ["publish init home", f"--site {site} publish releases"]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT, f"new {site} --no-git --language en", *commands],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "LANG": "C"},
        capture_output=True,
        encoding="utf-8",
    )
    assert re.findall(r"(?m)^(?:new|--site|publish) (\d+)$", done.stdout) == list("00001111"), done.stderr
    assert "The first post" in done.stdout
    assert done.stderr.count("on Windows use WSL") == 4
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_hook_holds_a_broken_post_back_from_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(command, ["publish", "hook"]).exit_code == 1
    assert CliRunner().invoke(command, ["new", "blog", "--language", "en"]).exit_code == 0
    blog = tmp_path / "blog"
    monkeypatch.chdir(blog / "posts")
    for _ in range(2):
        assert CliRunner().invoke(command, ["publish", "hook"]).exit_code == 0
    (blog / "posts/x.md").write_text("---\ntitle: a: b\n---\n")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", blog]
    subprocess.run([*git, "add", "--all"], check=True)
    commit = [*git, "commit", "--quiet", "--message", "begin"]
    held = subprocess.run(commit, capture_output=True, text=True)
    assert (held.returncode, "posts/x.md:2:" in held.stdout + held.stderr) == (1, True), held
    subprocess.run([*git, "rm", "--quiet", "--force", "posts/x.md"], check=True)
    kept = subprocess.run(commit, capture_output=True, text=True)
    assert kept.returncode == 0, kept
    (blog / ".git/hooks/pre-commit").write_text("another")
    assert "nothing was changed" in CliRunner().invoke(command, ["publish", "hook"]).stderr


def test_an_older_python_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("__init__", "__main__"):
        ast.parse((ROOT / f"bitacora/{name}.py").read_text(), feature_version=(3, 8))
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(ROOT / "bitacora/__init__.py"))
    assert "needs Python 3.11 or newer, and this is Python 3.10." in str(end.value)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_completes_commands(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = CliRunner().invoke(command, ["completion", shell])
    assert (script.exit_code, "_BITACORA_COMPLETE" in script.stdout) == (0, True)
    asked = {"_BITACORA_COMPLETE": f"{shell}_complete", "COMP_WORDS": "bitacora pub", "COMP_CWORD": "1"}
    for name, value in (asked | ({"COMP_CWORD": "pub"} if shell == "fish" else {})).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        command.main([], prog_name="bitacora", standalone_mode=False)
    assert (end.value.code, "publish" in capsys.readouterr().out) == (0, True)


def test_ctrl_c_ends_each_command_with_130_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_named", None)
    groups = (((), command), (("publish",), publish))
    for before, group in groups:
        for name, found in group.commands.items():
            if found is publish:
                continue
            monkeypatch.setattr(type(found), "invoke", interrupted)
            monkeypatch.setattr(
                sys, "argv", ["bitacora", *before, name, *("x" for each in found.params if each.required)]
            )
            with pytest.raises(SystemExit) as end:
                main()
            monkeypatch.undo()
            assert end.value.code == 130, name
            assert capsys.readouterr().err.strip() == "Aborted!"
    running._named = None


def test_help_fits_a_narrow_terminal_and_has_no_colours_where_nobody_looks() -> None:
    for words in (["--help"], ["check", "--help"], ["publish", "--help"]):
        said = CliRunner().invoke(command, words, terminal_width=40, color=False)
        assert said.exit_code == 0
        assert "\x1b" not in said.stdout
        prose = [line for line in said.stdout.splitlines() if "bitacora " not in line]
        assert max(map(len, prose)) <= 40, said.stdout


@pytest.mark.slow
def test_a_push_is_checked_by_what_is_installed(bitacora: Installed, tmp_path: Path) -> None:
    assert bitacora.run("publish", "init", "home", cwd=tmp_path)[0] == 0
    bitacora.run("new", "blog", "--language", "en", cwd=tmp_path)
    blog = tmp_path / "blog"
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", blog]
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "begin"], check=True)
    pushed = subprocess.run([*git, "push", tmp_path / "home/repo.git", "main"], capture_output=True, text=True)
    assert pushed.returncode == 0, pushed.stderr
    assert "Published" in pushed.stderr
    code, said, _ = bitacora.run("--site", str(tmp_path / "home/current"), "publish", "releases", cwd=tmp_path)
    assert (code, "begin" in said) == (0, True)


@pytest.mark.slow
def test_outside_of_any_site_it_says_what_to_type(bitacora: Installed, tmp_path: Path) -> None:
    for words in (("check",), ("list",), ("serve",), ("dev",), ("post", "x")):
        code, _, complained = bitacora.run(*words, cwd=tmp_path)
        assert code == 1
        assert "--site FOLDER" in complained
        assert "bitacora new FOLDER" in complained
        assert "Traceback" not in complained
    assert not list(tmp_path.iterdir())


def test_a_site_is_named_by_an_option_before_the_nearest_one(bitacora: Installed, tmp_path: Path) -> None:
    for name in ("uno", "dos"):
        bitacora.run("new", name, "--title", name, cwd=tmp_path)
    bitacora.run("--site", str(tmp_path / "dos"), "post", "Aquí", cwd=tmp_path / "uno")
    assert len(list((tmp_path / "uno/posts").iterdir())) == 1
    assert len(list((tmp_path / "dos/posts").iterdir())) == 2
    code, _, complained = bitacora.run("--site", "tres", "list", cwd=tmp_path)
    assert (code, "tres is no folder" in complained) == (1, True)


def test_what_is_asked_on_a_terminal_can_be_given(bitacora: Installed, tmp_path: Path) -> None:
    words = (
        "--title",
        'El "diario"',
        "--language",
        "pt",
        "--timezone",
        "America/Sao_Paulo",
        "--url",
        "https://a.example",
    )
    assert bitacora.run("new", "diario", *words, "--no-git", cwd=tmp_path)[0] == 0
    settings = tomllib.loads((tmp_path / "diario/site.toml").read_text())
    assert settings | {"description": ""} == {
        "title": 'El "diario"',
        "description": "",
        "language": "pt",
        "timezone": "America/Sao_Paulo",
        "url": "https://a.example",
    }
    assert not (tmp_path / "diario/.git").exists()
    code, _, complained = bitacora.run("new", "otro", "--timezone", "America/Atlantis", cwd=tmp_path)
    assert (code, "is no time zone" in complained) == (2, True)
    assert not (tmp_path / "otro").exists()


def test_each_command_of_flask_has_a_short_name_and_help_has_an_example_of_each(bitacora: Installed) -> None:
    short = {found.callback for found in (*command.commands.values(), *publish.commands.values())}
    assert {found.callback for found in (*posts.commands.values(), *site.commands.values())} <= short
    code, said, _ = bitacora.run("--help", cwd=bitacora.home)
    assert code == 0
    for name in command.commands:
        assert re.search(rf"(?m)^  {name} ", said)
        assert f"bitacora {name}" in said


def test_the_wheel_has_the_theme_and_nothing_that_others_could_mean(bitacora: Installed) -> None:
    with ZipFile(bitacora.wheel) as wheel:
        names = wheel.namelist()
    assert {name.partition("/")[0] for name in names} == {"bitacora", names[-1].partition("/")[0]}
    for folder in ("templates", "static"):
        shipped = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
        assert shipped <= {name.rpartition("/")[2] for name in names if f"/theme/{folder}/" in name}


def test_no_document_has_somebody_install_another_program_of_that_name() -> None:
    for file in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        assert not re.search(
            r"(?:pip|pipx|uv tool|uv pip) install (?:-\S+ )*bitacora\b(?!-)|uvx (?:-\S+ )*bitacora\b(?!-)",
            file.read_text(),
        ), file


def _when_up(port: int, server: subprocess.Popen[str]) -> str:
    for _ in range(int(PATIENCE_S * 20)):
        try:
            with urlopen(f"http://127.0.0.1:{port}/") as answer:
                return str(answer.read().decode())
        except OSError:
            try:
                server.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(server.communicate()) from None
    raise AssertionError("no page")
