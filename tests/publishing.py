"""Editors with real git, and the homes that they publish in."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from server import Server

from bitacora.publish.check import Report
from bitacora.publish.home import Home

ROOT = Path(__file__).parent.parent
SECRET = "s3cret-of-this-webhook-of-32-bytes"
HOOK = "/hooks/push"
PLAIN = {"ref": "refs/heads/main", "before": "b" * 40, "after": "a" * 40}
SETTINGS = 'title = "El Blog"\nurl = "https://blog.example.org"\n'


def post(title: str = "Una entrada", body: str = "Texto.", **head: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in ({"date": "2026-01-01"} | head).items())
    return f"---\ntitle: {title}\n{lines}---\n{body}\n"


def all_is_well(folder: Path, _shared: Sequence[str] = ()) -> Report:
    """A checker for tests that are not about it: the real one takes a second."""
    return Report(sum(1 for _ in folder.glob("posts/*.md")))


def flask(*command: str | Path, site: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BITACORA_")}
    environ |= {"BITACORA_SITE": str(site), **{f"BITACORA_{k.upper()}": v for k, v in settings.items()}}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass
class Pushed:
    """How a push went, and what git showed of it."""

    accepted: bool
    told: str


class Editor:
    """A clone in `folder` of a repository; whatever is written is committed and pushed whole."""

    def __init__(self, folder: Path, repository: Path, object_format: str = "sha1") -> None:
        self.folder = folder
        self.repository = repository
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main", f"--object-format={object_format}")
        self.git("remote", "add", "origin", str(repository))

    def git(self, *command: str, stdin: bytes = b"") -> str:
        done = self._run(*command, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode(errors="replace").strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """None deletes."""
        for path, text in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink()
            else:
                file.write_bytes(text.encode() if isinstance(text, str) else text)

    def commit(self, files: Mapping[str, str | bytes | None]) -> str:
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def push(self, *how: str) -> Pushed:
        done = self._run("push", *(how or ("origin", "HEAD:main")))
        return Pushed(done.returncode == 0, done.stderr.decode(errors="replace"))

    def publish(self, files: Mapping[str, str | bytes | None]) -> str:
        """Commit, push, and be sure that it was taken."""
        commit = self.commit(files)
        pushed = self.push()
        assert pushed.accepted, pushed.told
        return commit

    def _run(self, *command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        alone = ("user.name=Ana", "user.email=ana@blog.example", "gc.auto=0", "protocol.file.allow=always")
        settings = [part for setting in alone for part in ("-c", setting)]
        return subprocess.run(
            ["git", *settings, *command], cwd=self.folder, input=stdin, capture_output=True, check=False
        )


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def left_over(home: Home) -> list[str]:
    """What has no business in a home at rest."""
    known = {"repo.git", "releases", "current", "lock", "attempt.json", "held"}
    beside = [path.name for path in home.folder.iterdir() if path.name not in known]
    half = [path.name for path in home.releases.iterdir() if path.name.startswith(".")]
    unpaired = [file.name for file in home.releases.glob("*.json") if not home.release(file.stem).exists()]
    return beside + half + unpaired


Publish = Callable[[], object]


class HeldGit:
    """The git of the engine: it writes down what it is asked, waits while it is held, fails when told to."""

    _PROGRAM = """\
#!/bin/sh
case " $* " in *" --git-dir="*)
    echo " $* " >> {folder}/asked
    test -e {folder}/fails && case " $* " in *"$(cat {folder}/fails)"*) exit 128 ;; esac ;;
esac
case " $* " in *"{held}"*) test -p {folder}/gate && cat {folder}/gate ;; esac
exec {git} "$@"
"""

    def __init__(self, folder: Path, held: str = "--git-dir=") -> None:
        """`held` is what a command has among its words when it waits."""
        folder.mkdir()
        self._gate = folder / "gate"
        self._asked = folder / "asked"
        self._asked.touch()
        program = folder / "git"
        program.write_text(self._PROGRAM.format(folder=folder, held=held, git=shutil.which("git")))
        program.chmod(0o755)
        self.path = f"{folder}:{os.environ['PATH']}"

    def hold(self) -> None:
        os.mkfifo(self._gate)

    def let_go(self) -> None:
        with self._gate.open("w"):  # waits for a git that waits
            self._gate.unlink()

    def fail(self, fails: bool = True, command: str = "") -> None:
        """Also only for commands that have one among their words."""
        file = self._gate.parent / "fails"
        file.write_text(command) if fails else file.unlink()

    def asked(self, command: str) -> int:
        """How often."""
        return self._asked.read_text().count(f" {command} ")


def hexadecimal(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(body: bytes, event: str = "push", secret: str = SECRET) -> dict[str, str]:
    return {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={hexadecimal(body, secret)}"}


def deliver(server: Server, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    http = HTTPConnection("127.0.0.1", server.port, timeout=30)
    http.request("POST", HOOK, body, dict(headers))
    answer = http.getresponse()
    try:
        return answer.status, answer.read().decode()
    finally:
        http.close()


def numbered(number: int) -> bytes:
    return json.dumps(PLAIN | {"after": f"{number:040x}"}).encode()


def is_at_rest(home: Home) -> bool:
    with home.alone(waits=False) as lock:
        return lock is not None and not home.wanted.exists()
