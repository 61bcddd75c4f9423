"""The commands of the documents, typed in their order into a real shell, with real servers and real git."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from programs import free_port, tool
from publishing import SETTINGS, Editor, post
from server import PATIENCE_S
from test_docs import ROOT, WRITING, fences, section

PUBLISHING = (ROOT / "docs/publishing.md").read_text()
KEY = "a secret of more than thirty-two bytes"
MINUTES = "posts/2026-11-20-minutes-of-the-council.md"


class Person:
    """Somebody with a terminal, a home, and a checkout of Bitácora in it, who types what a document says.

    Put in other words: addresses of other machines, which lead to folders of this one; `/srv`, which lies in the
    home; and packages, which are those that the tests run with.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.engine = home / "bitacora"
        self.port = free_port()
        self._servers: list[subprocess.Popen[bytes]] = []
        (self.engine / ".venv").mkdir(parents=True)
        for path in ROOT.iterdir():
            if not path.name.startswith(".") and path.name not in {"posts", "tests"}:
                (self.engine / path.name).symlink_to(path)
        for name in ("bin", "lib", "pyvenv.cfg"):
            (self.engine / ".venv" / name).symlink_to(Path(sys.prefix) / name)
        (self.engine / ".venv/serve").touch()
        command = home / "bin/bitacora"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m bitacora "$@"\n')
        command.chmod(0o755)
        ssh = home / "ssh"
        ssh.write_text('#!/bin/sh\nshift $(($# - 1))\nexec sh -c "$1"\n')
        ssh.chmod(0o755)
        self.environ = {
            "HOME": str(home),
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            "GIT_SSH_COMMAND": str(ssh),
            "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@blog.example",
            "GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@blog.example",
        }  # fmt: skip

    def types(self, commands: str, where: Path, status: int = 0, before: str = "") -> str:
        """What is said to all lines of a block, one after the other. One that serves goes on beside the rest."""
        typed, exports, said = [], [self._here(before)], ""
        for line in [*self._here(commands).splitlines(), ""]:
            if typed and (not line or _serves(line)):
                said += self._run([*exports, *typed], where, status)
                typed.clear()
            if _serves(line):
                self._serve([*exports, line], where)
            elif line.startswith("export "):
                exports.append(line)
            else:
                typed.append(line)
        return said

    def _here(self, commands: str) -> str:
        return commands.replace("/srv/", f"{self.home}/srv/").replace("/path/to", str(self.home))

    def _run(self, lines: list[str], where: Path, status: int) -> str:
        done = subprocess.run(
            ["bash", "-e", "-c", "\n".join(lines)],
            cwd=where,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        return said

    def asks(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, str]:
        http = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            http.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = http.getresponse()
            return answer.status, answer.read().decode()
        finally:
            http.close()

    def asks_until(self, said: str, path: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while said not in self.asks(path)[1]:
            assert time.monotonic() < deadline, (
                f"{said} is not at {path}: {(self.home / 'served.log').read_text()}"
            )
            time.sleep(0.05)  # the fetch has a lower priority than we

    def stop(self) -> None:
        for server in self._servers:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(PATIENCE_S)
        self._servers.clear()

    def _serve(self, lines: list[str], where: Path) -> None:
        log = self.home / "served.log"
        with log.open("ab") as said:
            server = subprocess.Popen(
                ["bash", "-e", "-c", "\n".join(lines)],
                cwd=where,
                env=self.environ,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self._servers.append(server)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with suppress(ConnectionError):
                self.asks("/healthz")
                return
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def _serves(line: str) -> bool:
    return line.endswith(("make serve", "current serve", "bitacora dev"))


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    tool("make")
    found = Person(tmp_path)
    yield found
    found.stop()


# --- writing


@pytest.mark.slow
def test_the_commands_of_the_writing_page_do_what_it_says(person: Person) -> None:
    shell = iter(fences(WRITING, "sh"))
    blog = person.home / "blog"

    def next_is(begins: str) -> str:
        block = next(shell)
        assert block.startswith(begins)
        return person.types(block, blog)

    first = next(shell)
    assert first == "bitacora check\n"
    share = next(shell)
    clone, install, *make = next(shell).splitlines()
    assert (clone, install) == ("git clone <this repository> ~/bitacora", "pipx install ~/bitacora")
    person.types("\n".join(make), person.home)

    example = fences(section(WRITING, "Your first post"), "markdown")[0]
    (blog / MINUTES).write_text(example)
    (blog / "pages/about.md").write_text(fences(section(WRITING, "Pages"), "markdown")[0])
    said = person.types(first, blog)
    assert said == f"Site: {blog}\n2 posts and 2 pages are up, no problems, no warnings.\n"
    assert "What the council decided" in person.types(share, blog)
    assert "http://127.0.0.1" in next_is("bitacora preview")
    assert "/status/" in next_is("bitacora status-link")
    assert "nothing to fetch" in next_is("bitacora fetch-images")
    next_is("bitacora dev")
    assert person.asks("/2026/11/20/minutes-of-the-council/")[0] == 200
    assert "2 posts and 2 pages are up" in next_is("bitacora check")
    assert next_is("bitacora explain").count("is a post that is shown at /2026/11/20/") == 2
    person.environ["EDITOR"] = "cat"
    assert "title: 'What the council decided'" in next_is("bitacora post")
    assert next_is("bitacora list").count("There are none.\n") == 2
    assert next(shell, None) is None
    assert "draft " in person.types("bitacora list --draft", blog)
    assert "no problems, no warnings" in person.types("bitacora check", blog)


# --- publishing


@pytest.fixture
def content(person: Person) -> Path:
    """What an editor has: a folder that is no repository yet."""
    folder = person.home / "content"
    (folder / "posts").mkdir(parents=True)
    (folder / "site.toml").write_text(SETTINGS)
    (folder / "posts/a.md").write_text(post("Primera"))
    return folder


@pytest.mark.slow
def test_a_push_to_the_server_goes_as_it_is_told(person: Person, content: Path) -> None:
    server, editor = fences(section(PUBLISHING, "Push to the server"), "sh")
    [back] = fences(section(PUBLISHING, "Back again"), "sh")
    person.types(server, person.engine)
    assert "Published " in person.types(editor, content)
    assert "Primera" in person.asks("/")[1]

    (content / "posts/2026-03-10-hola.md").write_text("---\ntitle: Hola: otra vez\n---\nTexto.\n")
    push = "git add -A && git commit -qm two && git push live main"
    refused = person.types(push, content, status=1)
    told = [line.rstrip() for line in refused.splitlines() if line.startswith("remote:")]
    example = section(PUBLISHING, "Push to the server").split("```\nremote:")[1].split("```")[0]
    assert told == f"remote:{example}".strip().splitlines()

    (content / "posts/2026-03-10-hola.md").write_text(post("Hola", date="2026-03-10"))
    assert "Published " in person.types(push, content)
    assert "Hola" in person.asks("/")[1]
    said = person.types(back, person.engine)
    assert "* " in said
    assert "is served again: The first posts" in said
    assert "Hola" not in person.asks("/")[1]


@pytest.fixture
def forge(person: Person, content: Path) -> Editor:
    """A repository elsewhere, under the addresses that the documents name."""
    bare = person.home / "forge.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", bare], check=True)
    for address in ("https://github.com/team/blog.git", "https://forge.example/you/blog.git"):
        person.types(f"git config --global --add url.{bare}.insteadOf {address}", person.home)
    editor = Editor(person.home / "editor", bare)
    editor.publish({"site.toml": SETTINGS, "posts/a.md": post("Primera")})
    return editor


def test_a_webhook_is_set_up_as_it_is_told(person: Person, forge: Editor) -> None:
    [block] = fences(section(PUBLISHING, "Webhook"), "sh")
    make, *exports = block.splitlines()
    person.types(make, person.engine)
    keep = 'echo "$BITACORA_HOOK_SECRET" >"$HOME/secret"'
    person.types("make serve", person.engine, before="\n".join([*exports, keep]))
    secret = (person.home / "secret").read_text().strip()
    body = json.dumps({"ref": "refs/heads/main", "after": "1" * 40}).encode()
    signature = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    headers = {"X_GitHub_Event": "push", "X_Hub_Signature_256": signature, "Content_Type": "application/json"}
    assert person.asks("/hooks/push", "POST", body, **headers)[0] == 202
    person.asks_until("Primera", "/")
    person.asks_until('"outcome": "published"', "/readyz")


@pytest.mark.slow
def test_a_pull_goes_as_it_is_told(person: Person, forge: Editor) -> None:
    [block] = fences(section(PUBLISHING, "Pull"), "sh")
    assert "published " in person.types(block, person.engine)
    assert "Primera" in person.asks("/")[1]


def test_the_hook_of_a_commit_is_set_up_as_it_is_told(person: Person, content: Path) -> None:
    [block] = fences(section(PUBLISHING, "Checking before pushing"), "sh")
    person.types("git init -q -b main", content)
    person.types("\n".join(line for line in block.splitlines() if "bitacora.site" not in line), content)
    (content / "posts/a.md").write_text("---\ntitle: Hola: otra vez\n---\n")
    said = person.types("git add -A && git commit -qm one", content, status=1)
    assert "posts/a.md:2:12: " in said
    (content / "posts/a.md").write_text(post())
    person.types("git add -A && git commit -qm one", content)
