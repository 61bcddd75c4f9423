"""What forges are told of a commit, in the words of each; whether they listen changes nothing here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any, NamedTuple

import pytest
from lanes import slow_but
from publishing import SETTINGS, Editor, post

from bitacora.publish import commit_status
from bitacora.publish.commit_status import Repository, Status, StatusError, repository_of, request_to, tell
from bitacora.publish.home import Home, make

ROOT = Path(__file__).parent.parent
COMMIT = "c" * 40
URL = "https://blog.example.org"
TOKEN = "glpat-token-of-the-forge"
GOOD = Status(COMMIT, True, "3 posts, 0 errors, 0 warnings", URL)
BAD = Status(COMMIT, False, "posts/a.md:3:7: It is broken.", URL)


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]
    body: Any


class Api:
    """A forge's, on this machine: keeps what it is asked and answers with `status`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.status = 201
        self.location = ""
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "null")
                headers = {name.lower(): value for name, value in self.headers.items()}
                api.asked.append(Asked(self.path, headers, body))
                self.send_response(api.status)
                if api.location:
                    self.send_header("Location", api.location)
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - what a redirect would be followed with

            def log_message(self, *given: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.stop()


LIKE_GITHUB = ("state", "target_url", "description", "context", "success", "failure")
KINDS = {
    "github": (f"/api/v3/repos/team/blog/statuses/{COMMIT}", "authorization", f"Bearer {TOKEN}", LIKE_GITHUB),
    "gitea": (f"/api/v1/repos/team/blog/statuses/{COMMIT}", "authorization", f"token {TOKEN}", LIKE_GITHUB),
    "forgejo": (f"/api/v1/repos/team/blog/statuses/{COMMIT}", "authorization", f"token {TOKEN}", LIKE_GITHUB),
    "gitlab": (
        f"/api/v4/projects/team%2Fblog/statuses/{COMMIT}",
        "private-token",
        TOKEN,
        ("state", "target_url", "description", "name", "success", "failed"),
    ),
    "bitbucket": (
        f"/rest/build-status/1.0/commits/{COMMIT}",
        "authorization",
        f"Bearer {TOKEN}",
        ("state", "url", "description", "key", "SUCCESSFUL", "FAILED"),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_forge_is_told_in_its_own_words(api: Api, kind: str) -> None:
    path, header, token, (state, url, description, name, good, bad) = KINDS[kind]
    for status, word in ((GOOD, good), (BAD, bad)):
        tell(f"{api.url}/team/blog.git", kind, TOKEN, status)
        asked = api.asked.pop()
        assert asked.path == path
        assert asked.headers[header] == token
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers["user-agent"]
        assert asked.body[state] == word
        assert (asked.body[url], asked.body[description], asked.body[name]) == (URL, status.sentence, "bitacora")


@pytest.mark.parametrize(
    ("kind", "host", "url"),
    [
        ("github", "github.com", f"https://api.github.com/repos/team/blog/statuses/{COMMIT}"),
        (
            "bitbucket",
            "bitbucket.org",
            f"https://api.bitbucket.org/2.0/repositories/team/blog/commit/{COMMIT}/statuses/build",
        ),
        ("gitlab", "gitlab.com", f"https://gitlab.com/api/v4/projects/team%2Fblog/statuses/{COMMIT}"),
    ],
)
def test_the_forges_of_the_cloud_are_asked_where_their_api_is(kind: str, host: str, url: str) -> None:
    assert request_to(kind, Repository(f"https://{host}", "team/blog"), TOKEN, GOOD).full_url == url


@pytest.mark.parametrize(
    ("origin", "repository"),
    [
        ("git@github.com:team/blog.git", ("https://github.com", "team/blog")),
        ("github.com:team/blog", ("https://github.com", "team/blog")),
        ("ssh://git@git.example.org:2222/a/b/c.git", ("https://git.example.org", "a/b/c")),
        ("https://git.example.org:8443/team/blog.git/", ("https://git.example.org:8443", "team/blog")),
        ("https://user:password@git.example.org/team/blog", ("https://git.example.org", "team/blog")),
        ("/srv/git/blog.git", None),
        ("file:///srv/git/blog.git", None),
        ("../blog.git", None),
        ("", None),
    ],
)
def test_the_api_is_where_origin_leads(origin: str, repository: tuple[str, str] | None) -> None:
    assert repository_of(origin) == repository


def test_a_forge_that_is_not_known_is_not_asked(api: Api) -> None:
    with pytest.raises(StatusError, match="BITACORA_FORGE"):
        tell(f"{api.url}/team/blog", "", TOKEN, GOOD)
    with pytest.raises(StatusError, match="origin"):
        tell("/srv/git/blog.git", "gitea", TOKEN, GOOD)
    assert api.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_never_goes_where_a_redirect_leads(api: Api, status: int) -> None:
    other = Api()
    api.status, api.location = status, f"{other.url}/elsewhere"
    try:
        with pytest.raises(StatusError, match=str(status)):
            tell(f"{api.url}/team/blog", "gitea", TOKEN, GOOD)
        assert other.asked == []
    finally:
        other.stop()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 503])
def test_a_forge_that_says_no_is_an_error_without_the_token(api: Api, status: int) -> None:
    api.status = status
    with pytest.raises(StatusError, match=str(status)) as error:
        tell(f"{api.url}/team/blog", "gitlab", TOKEN, GOOD)
    assert TOKEN not in str(error.value)


def test_a_forge_that_is_not_there_or_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_status, "PATIENCE_S", 0.1)
    with create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/team/blog"
        with pytest.raises(StatusError, match="cannot be told"):
            tell(address, "gitea", TOKEN, GOOD)
    with pytest.raises(StatusError, match="cannot be told"):
        tell(address, "gitea", TOKEN, GOOD)


# --- the whole way


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "forge.git"], check=True)
    return Editor(tmp_path / "work", tmp_path / "forge.git")


@pytest.fixture
def home(tmp_path: Path, editor: Editor, api: Api) -> Home:
    """Its `origin` is the forge on this machine, whose repository git finds in a folder."""
    home = make(tmp_path / "home", "main", f"{api.url}/team/blog.git")
    home.git().run("config", f"url.{editor.repository}.insteadOf", f"{api.url}/team/blog.git")
    return home


def pull(home: Home, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BITACORA_")}
    environ |= {"BITACORA_SITE": str(home.current), "BITACORA_FORGE": "gitea"}
    environ |= {f"BITACORA_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "bitacora.publish", "pull", str(home.folder)]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_a_push_without_errors_gets_a_green_mark(home: Home, editor: Editor, api: Api) -> None:
    commit = editor.publish({"site.toml": SETTINGS, "posts/2026-01-01-a.md": post()})
    assert pull(home, forge_token=TOKEN).returncode == 0
    (asked,) = api.asked
    assert asked.path == f"/api/v1/repos/team/blog/statuses/{commit}"
    assert asked.body["state"] == "success"
    assert asked.body["description"] == "1 post, 0 errors, 0 warnings"
    assert asked.body["target_url"] == "https://blog.example.org"


@pytest.mark.slow
def test_what_is_published_already_is_not_told_again(home: Home, editor: Editor, api: Api) -> None:
    editor.publish({"posts/2026-01-01-a.md": post()})
    for _ in range(2):
        assert pull(home, forge_token=TOKEN).returncode == 0
    assert len(api.asked) == 1


@pytest.mark.parametrize("broken", slow_but(["last-good"], ["last-good", "refuse"]))
def test_a_push_with_a_broken_post_gets_a_red_mark_with_its_first_error(
    home: Home, editor: Editor, api: Api, broken: str
) -> None:
    editor.publish({"posts/2026-01-01-a.md": post(date="2018-02-30"), "posts/2026-01-02-b.md": post("x" * 900)})
    pull(home, forge_token=TOKEN, broken=broken)
    (asked,) = api.asked
    assert asked.body["state"] == "failure"
    assert asked.body["description"].startswith('posts/2026-01-01-a.md:3:7: date "2018-02-30" is not a date')
    assert len(asked.body["description"]) <= 140


@pytest.mark.slow
def test_without_a_token_nobody_is_told(home: Home, editor: Editor, api: Api) -> None:
    editor.publish({"posts/2026-01-01-a.md": post()})
    assert pull(home).returncode == 0
    assert api.asked == []


@pytest.mark.slow
def test_a_forge_that_says_no_costs_a_line_in_the_log(home: Home, editor: Editor, api: Api) -> None:
    commit = editor.publish({"posts/2026-01-01-a.md": post()})
    api.status = 403
    done = pull(home, forge_token=TOKEN, log="json")
    assert done.returncode == 0
    assert home.served() == commit
    told = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert told[0] == f"published {commit[:10]}: 1 post, 0 errors, 0 warnings"
    assert "403" in told[1]
    assert TOKEN not in done.stderr
