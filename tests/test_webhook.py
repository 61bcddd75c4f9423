"""What forges call when somebody pushed: only what is signed counts, once, and it starts one fetch at a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import sizes
from blogs import NOON, Answer, Blog, Clock, call
from conftest import Saw, Serve
from flask import Flask
from publishing import (
    HOOK,
    PLAIN,
    SECRET,
    SETTINGS,
    Editor,
    deliver,
    files_of,
    github,
    hexadecimal,
    is_at_rest,
    numbered,
    post,
)
from server import Server

from app import create_app
from bitacora.publish.deliveries import KEPT, KEPT_S, Deliveries
from bitacora.publish.home import Home, make
from bitacora.publish.webhook import Call, PayloadError, SignatureError, pushed, signed_call

STANDARD_SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
ZERO = "0" * 40
CLOUD = {"push": {"changes": [{"old": None, "new": {"type": "branch", "name": "main"}}]}}
DATA_CENTER = {"changes": [{"ref": {"id": "refs/heads/main", "type": "BRANCH"}, "type": "UPDATE"}]}


def standard(body: bytes, call_id: str, timestamp: str, key: bytes = b"k" * 32) -> str:
    signed = f"{call_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass(frozen=True)
class Forge:
    """How a forge calls: `headers` are given the signature of the body; `payload` is that of a push to main."""

    headers: Callable[[bytes], dict[str, str]]
    payload: dict[str, Any]
    signature: str = ""
    secret: str = SECRET


def gitlab_signed(body: bytes) -> dict[str, str]:
    """At noon of the clock of the tests."""
    return {
        "X-Gitlab-Event": "Push Hook",
        "webhook-id": "f5e5f430",
        "webhook-timestamp": f"{NOON:.0f}",
        "webhook-signature": standard(body, "f5e5f430", f"{NOON:.0f}"),
        "X-Gitlab-Token": "a token of the older scheme does not help",
    }


FORGES = {
    "github": Forge(
        lambda body: {
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": "72d3162e",
            "X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), body, "sha1").hexdigest(),
            "X-Hub-Signature-256": f"sha256={hexadecimal(body)}",
        },
        PLAIN,
        "X-Hub-Signature-256",
    ),
    "gitea": Forge(
        lambda body: {
            "X-GitHub-Event": "push",
            "X-Gitea-Event": "push",
            "X-Gitea-Delivery": "f6266f16",
            "X-Gitea-Signature": hexadecimal(body),
            "X-Hub-Signature-256": f"sha256={hexadecimal(body)}",
        },
        PLAIN,
        "X-Gitea-Signature",
    ),
    "forgejo": Forge(
        lambda body: {
            "X-Forgejo-Event": "push",
            "X-Gitea-Event": "push",
            "X-Forgejo-Signature": hexadecimal(body),
            "X-Gitea-Signature": hexadecimal(body),
        },
        PLAIN,
        "X-Forgejo-Signature",
    ),
    "gitlab, signed": Forge(gitlab_signed, PLAIN, "webhook-signature", STANDARD_SECRET),
    "gitlab, with a token": Forge(
        lambda body: {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": SECRET, "Idempotency-Key": "e58e1c1d"},
        PLAIN,
        "X-Gitlab-Token",
    ),
    "bitbucket cloud": Forge(
        lambda body: {"X-Event-Key": "repo:push", "X-Hub-Signature": f"sha256={hexadecimal(body)}"},
        CLOUD,
        "X-Hub-Signature",
    ),
    "bitbucket data center": Forge(
        lambda body: {"X-Event-Key": "repo:refs_changed", "X-Hub-Signature": f"sha256={hexadecimal(body)}"},
        DATA_CENTER,
        "X-Hub-Signature",
    ),
}
every_forge = pytest.mark.parametrize("forge", FORGES.values(), ids=list(FORGES))


def read(headers: Mapping[str, str], body: bytes, secret: str = SECRET, now: float = NOON) -> Call:
    return signed_call(headers.get, body, secret.encode(), now)


# --- signatures


def test_the_vector_that_github_publishes_is_right() -> None:
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Event": "push"}
    assert read(headers, b"Hello, World!", "It's a Secret to Everybody").kind == "push"


def test_the_vector_of_standard_webhooks_is_right() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    found = read(headers, b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1614265330)
    assert found.mark == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize("header", ["X-Forgejo-Signature", "X-Gitea-Signature"])
def test_the_second_vector_of_rfc_4231_is_right_in_bare_hexadecimal(header: str) -> None:
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert read({header: digest}, b"what do ya want for nothing?", "Jefe").mark == digest


@every_forge
def test_what_each_forge_signs_is_let_in(forge: Forge) -> None:
    body = json.dumps(forge.payload).encode()
    assert read(forge.headers(body), body, forge.secret).kind == "push"
    assert pushed(body) == {"refs/heads/main"}


@every_forge
def test_a_wrong_or_missing_signature_is_refused(forge: Forge) -> None:
    body = json.dumps(forge.payload).encode()
    right = forge.headers(body)
    signature = right[forge.signature]
    wrong = [
        "", " ", signature[:-1], f"{signature}x", f"x{signature}", f"{signature},{signature}",
        signature.swapcase(), "ñ\xff", "日",
        signature.replace("sha256=", ""), signature.replace("sha256=", "sha1="), f"sha256=sha256={signature}",
        signature.replace("v1,", "v2,"), "v1,", "sha256=",
    ]  # fmt: skip
    for value in wrong:
        if value != signature:
            with pytest.raises(SignatureError):
                read(right | {forge.signature: value}, body, forge.secret)
    with pytest.raises(SignatureError):
        read(right, body, forge.secret + "x")
    with pytest.raises(SignatureError):
        read({"X-GitHub-Event": "push", "X-Gitlab-Event": "Push Hook"}, body, forge.secret)


@pytest.mark.parametrize("name", [name for name in FORGES if name != "gitlab, with a token"])
def test_a_changed_body_is_refused(name: str) -> None:
    forge = FORGES[name]
    body = json.dumps(forge.payload).encode()
    with pytest.raises(SignatureError):
        read(forge.headers(body), body + b" ", forge.secret)


def test_the_first_scheme_that_is_there_decides_alone() -> None:
    body = json.dumps(PLAIN).encode()
    forgejo = FORGES["forgejo"].headers(body)
    with pytest.raises(SignatureError):
        read(forgejo | {"X-Forgejo-Signature": hexadecimal(b"other")}, body)
    gitlab = FORGES["gitlab, signed"].headers(body) | {"X-Gitlab-Token": STANDARD_SECRET}
    with pytest.raises(SignatureError):
        read(gitlab | {"webhook-signature": standard(b"other", "f5e5f430", f"{NOON:.0f}")}, body, STANDARD_SECRET)


def test_sha_1_is_never_enough() -> None:
    body = json.dumps(PLAIN).encode()
    digest = hmac.new(SECRET.encode(), body, "sha1").hexdigest()
    for value in (f"sha1={digest}", f"sha256={digest}", digest):
        with pytest.raises(SignatureError):
            read({"X-Hub-Signature": value, "X-GitHub-Event": "push"}, body)


@pytest.mark.parametrize("late", [-301, 301])
def test_gitlab_s_time_may_differ_by_five_minutes(late: int) -> None:
    body = json.dumps(PLAIN).encode()
    headers = FORGES["gitlab, signed"].headers(body)
    assert read(headers, body, STANDARD_SECRET, NOON + late + (1 if late < 0 else -1))
    with pytest.raises(SignatureError, match="clock"):
        read(headers, body, STANDARD_SECRET, NOON + late)


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "1e9", "9" * 5000, f"{NOON:.1f}", "١٢٣", f" {NOON:.0f}"])
def test_a_time_that_is_none_is_refused(timestamp: str) -> None:
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": timestamp,
        "webhook-signature": standard(b"", "1", timestamp),
    }
    with pytest.raises(SignatureError):
        read(headers, b"", STANDARD_SECRET)


def test_an_id_or_a_time_that_was_changed_is_refused() -> None:
    body = json.dumps(PLAIN).encode()
    right = FORGES["gitlab, signed"].headers(body)
    for change in ({"webhook-id": "another"}, {"webhook-timestamp": f"{NOON + 1:.0f}"}):
        with pytest.raises(SignatureError):
            read(right | change, body, STANDARD_SECRET)


def test_a_secret_beyond_ascii_is_compared_byte_by_byte() -> None:
    secret = "contraseña-" * 4
    as_wsgi_gives_it = secret.encode().decode("latin-1")
    assert read({"X-Gitlab-Token": as_wsgi_gives_it, "X-Gitlab-Event": "Push Hook"}, b"", secret).kind == "push"
    with pytest.raises(SignatureError):
        read({"X-Gitlab-Token": as_wsgi_gives_it + "ñ"}, b"", secret)


# --- what was pushed


def changes(*found: object) -> dict[str, Any]:
    return {"push": {"changes": list(found)}}


@pytest.mark.parametrize(
    ("payload", "branches"),
    [
        (PLAIN, {"refs/heads/main"}),
        (PLAIN | {"ref": "refs/heads/--upload-pack=/bin/sh"}, {"refs/heads/--upload-pack=/bin/sh"}),
        (PLAIN | {"deleted": True}, set()),
        (PLAIN | {"after": ZERO}, set()),
        (PLAIN | {"after": "0" * 64}, set()),
        (PLAIN | {"after": None, "deleted": "x"}, {"refs/heads/main"}),
        (PLAIN | {"ref": "refs/tags/main"}, {"refs/tags/main"}),
        (CLOUD, {"refs/heads/main"}),
        (changes({"old": {"type": "branch", "name": "main"}, "new": None}), set()),
        (changes({"new": {"type": "tag", "name": "main"}}, 7, None, {"new": {"name": 7}}), set()),
        (DATA_CENTER, {"refs/heads/main"}),
        ({"changes": [{"ref": {"id": "refs/heads/main"}, "type": "DELETE"}, [], {"ref": "x"}]}, set()),
        ({"changes": []}, set()),
    ],
)
def test_branches_are_those_that_a_push_made_or_moved(payload: object, branches: set[str]) -> None:
    assert pushed(json.dumps(payload).encode()) == branches


NO_PUSHES = [
    b"", b"x", b"{", b"[]", b"{}", b"null", b"1e999", b'"ref"', b'{"ref": null}', b'{"ref": ["refs/heads/main"]}',
    b'{"push": []}', b'{"push": {"changes": {}}}', b'{"changes": "x"}', b"\xff\xfe\x00", b'{"ref": "\\ud800"',
    b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D",
]  # fmt: skip


@pytest.mark.parametrize("body", NO_PUSHES, ids=range(len(NO_PUSHES)))
def test_what_is_no_push_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(PayloadError):
        pushed(body)


# --- once


@pytest.fixture
def deliveries(tmp_path: Path) -> Deliveries:
    return Deliveries(tmp_path / "deliveries")


def is_new(deliveries: Deliveries, mark: str, now: float = NOON) -> bool:
    with deliveries.new(mark, now) as new:
        return new


def test_what_came_before_is_known_for_an_hour(deliveries: Deliveries) -> None:
    assert is_new(deliveries, "a")
    assert not is_new(deliveries, "a")
    assert is_new(deliveries, "b")
    assert not is_new(deliveries, "a", NOON + KEPT_S - 1)
    assert is_new(deliveries, "a", NOON + KEPT_S + 1)


def test_the_last_thousand_are_known(deliveries: Deliveries) -> None:
    for number in range(KEPT + 1):
        assert is_new(deliveries, str(number))
    assert not is_new(deliveries, str(KEPT))
    assert not is_new(deliveries, "1")
    assert is_new(deliveries, "0")


def test_what_failed_may_come_again(deliveries: Deliveries) -> None:
    def fail() -> None:
        with deliveries.new("a", NOON):
            raise OSError("no process can be started")

    with pytest.raises(OSError, match="no process"):
        fail()
    assert is_new(deliveries, "a")


def test_what_has_no_mark_is_always_new(deliveries: Deliveries) -> None:
    assert is_new(deliveries, "")
    assert is_new(deliveries, "")


def test_of_equal_ones_at_once_one_is_new(deliveries: Deliveries) -> None:
    with ThreadPoolExecutor(1) as threads:
        with deliveries.new("same", NOON) as first:
            second = threads.submit(is_new, deliveries, "same")
            with pytest.raises(TimeoutError):
                second.result(0.2)
        assert (first, second.result()) == (True, False)


def test_a_spoilt_memory_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "deliveries").write_bytes(b"\xff\x00not lines\n99 zz\n" + b"1" * 50)
    deliveries = Deliveries(tmp_path / "deliveries")
    assert is_new(deliveries, "a")
    assert not is_new(deliveries, "a")


# --- the address


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    """An editor, and the repository at a forge that has a first post."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "forge.git"], check=True)
    editor = Editor(tmp_path / "work", tmp_path / "forge.git")
    editor.publish({"site.toml": SETTINGS, "posts/2026-01-01-a.md": post("Primera")})
    return editor


@pytest.fixture
def home(tmp_path: Path, editor: Editor) -> Home:
    return make(tmp_path / "home", "main", str(editor.repository))


@contextmanager
def blog_of(site: Path, cache: Path, **settings: str) -> Iterator[Blog]:
    """In this process, at noon."""
    given = {f"BITACORA_{name.upper()}": value for name, value in settings.items()}
    app = create_app({"BITACORA_SITE": str(site), "BITACORA_CACHE_DIR": str(cache), **given}, clock=Clock())
    blog = Blog(site, app, Clock())
    yield blog
    blog.parts.library._watch.close()


@pytest.fixture
def blog(home: Home, tmp_path: Path) -> Iterator[Blog]:
    with blog_of(home.current, tmp_path / "cache", hook_secret=SECRET) as made:
        yield made


def send(app: Flask, body: bytes, headers: Mapping[str, str], method: str = "POST") -> Answer:
    names = {name.replace("-", "_"): value for name, value in headers.items()}
    return call(app, method, HOOK.encode(), "", names, body)


def test_it_is_off_without_a_secret(home: Home, tmp_path: Path) -> None:
    body = json.dumps(PLAIN).encode()
    with blog_of(home.current, tmp_path / "cache") as blog:
        for headers in (github(body), github(body, secret=""), {"X-Gitlab-Token": ""}, {}):
            assert send(blog.app, body, headers).status == 404
        assert send(blog.app, b"", {}, "GET").status == 404


def test_it_is_off_where_nothing_is_published_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "site" / "posts").mkdir(parents=True)
    body = json.dumps(PLAIN).encode()
    with blog_of(tmp_path / "site", tmp_path / "cache", hook_secret=SECRET) as blog:
        assert send(blog.app, body, github(body)).status == 404
    assert "flask site init-git" in caplog.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_it_can_only_be_posted_to(blog: Blog, method: str) -> None:
    answer = send(blog.app, b"", {}, method)
    assert answer.status == 405
    assert "POST" in answer.headers["Allow"]


def test_who_opens_its_address_in_a_browser_reads_what_it_is_for(blog: Blog) -> None:
    assert "POST" in send(blog.app, b"", {}, "GET").text


def test_more_than_a_mebibyte_is_too_much_and_less_is_not(blog: Blog) -> None:
    for size, status in ((1024 * 1024 + 1, 413), (2 * 1024 * 1024, 413), (1024 * 1024, 400)):
        body = b"x" * size
        assert send(blog.app, body, github(body)).status == status


def test_elsewhere_a_body_may_be_no_larger_than_before(blog: Blog) -> None:
    assert blog.app.config["MAX_CONTENT_LENGTH"] == 64 * 1024


@pytest.mark.parametrize(
    ("event", "payload", "status"),
    [
        ("ping", b'{"zen": "x"}', 200),
        ("ping", b"no JSON at all", 200),
        ("issues", b"[]", 200),
        ("", b"[]", 200),
        ("push", json.dumps(PLAIN | {"ref": "refs/heads/draft"}).encode(), 200),
        ("push", json.dumps(PLAIN | {"ref": "main"}).encode(), 200),
        ("push", json.dumps(PLAIN | {"deleted": True}).encode(), 200),
        ("push", b"{}", 400),
    ],
)
def test_what_need_not_be_published_is_answered_with_a_sentence(
    blog: Blog, home: Home, event: str, payload: bytes, status: int
) -> None:
    before = files_of(home.folder)
    answer = send(blog.app, payload, github(payload, event))
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.endswith(".\n")
    assert files_of(home.folder) == before


@pytest.mark.slow
def test_two_thousand_wrong_calls_change_nothing_and_start_nothing(
    blog: Blog, home: Home, monkeypatch: pytest.MonkeyPatch, saw: Saw
) -> None:
    def refuse(*given: Any, **named: Any) -> Any:
        raise AssertionError(f"started: {given}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    blog.get("/")
    before = files_of(home.folder)
    chance = random.Random(1)
    statuses = set()
    for _ in range(sizes.WRONG_CALLS):
        body, headers = wrong_call(chance)
        statuses.add(send(blog.app, body, headers).status)
    saw(calls=sizes.WRONG_CALLS)
    assert statuses == {200, 400, 403}
    assert files_of(home.folder) == before
    assert home.served() is None


def wrong_call(chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """Signed wrongly or not at all; or rightly, but of no push to the branch."""
    forge = FORGES[chance.choice([name for name in FORGES if name != "gitlab, signed"])]
    payload = chance.choice([forge.payload, PLAIN, CLOUD, DATA_CENTER, {}, [], None])
    body = json.dumps(payload).encode()
    headers = forge.headers(body)
    signature = headers[forge.signature]
    match chance.randrange(7):
        case 0:
            return body, {name: value for name, value in headers.items() if name.startswith("X-Git")} | {
                forge.signature: signature[:-1]
            }
        case 1:
            return body, {}
        case 2:
            place = chance.randrange(len(signature))
            return body, headers | {forge.signature: f"{signature[:place]}\x7f{signature[place + 1 :]}"}
        case 3:
            junk = chance.randbytes(chance.randrange(200)).decode("latin-1")
            return body, {"X-Hub-Signature-256": junk, "X-Gitlab-Event": junk, "X-GitHub-Event": "push"}
        case 4:
            body = chance.choice(NO_PUSHES[:15])
            return body, github(body)
        case 5:
            body = json.dumps(PLAIN | {"ref": chance.choice(["--upload-pack=x", "refs/heads/other", ""])}).encode()
            return body, github(body)
        case _:
            headers = gitlab_signed(body) | {"webhook-timestamp": str(chance.randrange(2**31))}
            return body, headers


@every_forge
def test_a_push_is_taken_once_and_waits_for_whoever_publishes(home: Home, tmp_path: Path, forge: Forge) -> None:
    body = json.dumps(forge.payload).encode()
    with (
        blog_of(home.current, tmp_path / "cache", hook_secret=forge.secret) as blog,
        home.alone(waits=True),
    ):
        assert send(blog.app, body, forge.headers(body)).status == 202
        home.wanted.unlink()
        for again in (forge.headers(body), forge.headers(body) | {"X-GitHub-Delivery": "changed"}):
            assert send(blog.app, body, again).status == 200
        assert not home.wanted.exists()


def test_only_the_published_branch_counts_whatever_its_name(tmp_path: Path, editor: Editor) -> None:
    home = make(tmp_path / "home", "público/web", str(editor.repository))
    named = json.dumps(PLAIN | {"ref": "refs/heads/público/web"}).encode()
    main = json.dumps(PLAIN).encode()
    with blog_of(home.current, tmp_path / "cache", hook_secret=SECRET) as blog, home.alone(waits=True):
        assert send(blog.app, main, github(main)).status == 200
        assert send(blog.app, named, github(named)).status == 202


def test_a_disk_that_fails_is_said_and_the_call_may_come_again(blog: Blog, home: Home) -> None:
    body = json.dumps(PLAIN).encode()
    home.deliveries.mkdir()
    assert send(blog.app, body, github(body)).status == 503
    home.deliveries.rmdir()
    home.repo.rename(home.folder / "away")
    assert send(blog.app, body, github(body)).status == 503
    (home.folder / "away").rename(home.repo)
    with home.alone(waits=True):
        assert send(blog.app, body, github(body)).status == 202


# --- the whole way


GIT = """\
#!/bin/sh
publisher=$(cut -d ' ' -f 4 /proc/$PPID/stat)  # the parent is `timeout`, which outlives it
echo "start $publisher $*" >> {log}
case " $* " in *" fetch "*) test -p {gate} && cat {gate} ;; esac
{git} "$@"
status=$?
echo "end $publisher" >> {log}
exit $status
"""


@dataclass
class Watched:
    """git as the server finds it: it writes down when it starts and ends, and fetches only when let."""

    folder: Path

    @property
    def gate(self) -> Path:
        return self.folder / "gate"

    def lines(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def fetches(self) -> list[str]:
        """The processes that fetched, once for each time."""
        return [line.split()[1] for line in self.lines() if line.startswith("start") and " fetch " in line]

    def most_at_once(self) -> int:
        """Of those that publish: workers ask git for the history of posts as well."""
        publishers = set(self.fetches())
        running = most = 0
        for line in self.lines():
            if line.split()[1] in publishers:
                running += 1 if line.startswith("start") else -1
                most = max(most, running)
        return most

    def open(self) -> None:
        """Let the fetch that waits go on, and all others."""
        with self.gate.open("w"):
            self.gate.unlink()


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched(tmp_path / "bin")
    watched.folder.mkdir()
    program = watched.folder / "git"
    words = {"log": watched.folder / "log", "gate": watched.gate, "git": shutil.which("git")}
    program.write_text(GIT.format(**words))
    program.chmod(0o755)
    return watched


@pytest.fixture
def server(serve: Serve, home: Home, git: Watched, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Two workers that serve the home; only they see the git that is watched."""
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{git.folder}:{os.environ['PATH']}")
        return serve(home.current, workers=2, hook_secret=SECRET, status_token=SECRET)


def children(pid: int) -> list[str]:
    return [child for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def test_a_push_is_live_in_every_worker_soon_after_the_call(server: Server, home: Home, editor: Editor) -> None:
    body = numbered(1)
    assert deliver(server, body, github(body)) == (202, "refs/heads/main is being published.\n")
    clients = server.clients()
    server.wait_until(lambda: all("Primera" in client.get("/").text for client in clients))
    commit = editor.publish({"posts/2026-01-02-b.md": post("Segunda")})
    body = numbered(2)
    assert deliver(server, body, github(body))[0] == 202
    server.wait_until(lambda: all("Segunda" in client.get("/").text for client in clients))
    server.wait_until(lambda: is_at_rest(home))
    details = json.loads(clients[0].get("/readyz").text)["publishing"]
    assert details["served"] == commit
    assert details["last_attempt"]["outcome"] == "published"
    assert details["last_attempt"]["commit"] == commit
    http = HTTPConnection("127.0.0.1", server.port, timeout=30)
    http.request("GET", "/")
    assert http.getresponse().headers["X-Content-Revision"] == commit
    http.close()
    server.wait_until(lambda: not any(children(worker) for worker in server.workers()))


@pytest.mark.slow
def test_fifty_calls_at_once_take_one_process_that_fetches_twice(
    server: Server, home: Home, editor: Editor, git: Watched, saw: Saw
) -> None:
    """The second time for all that came after the first had begun."""

    def answer(number: int) -> tuple[tuple[int, str], float]:
        body = numbered(number)
        asked = time.monotonic()
        return deliver(server, body, github(body)), time.monotonic() - asked

    os.mkfifo(git.gate)
    first = numbered(1)
    assert deliver(server, first, github(first))[0] == 202
    server.wait_until(lambda: len(git.fetches()) == 1)
    editor.publish({"posts/2026-01-02-b.md": post("Segunda")})
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(answer, range(2, 52)))
    saw(answer_ms=1000 * max(seconds for _, seconds in answers))
    assert {said for said, _ in answers} == {(202, "refs/heads/main is published next.\n")}
    git.open()
    server.wait_until(lambda: is_at_rest(home))
    assert "Segunda" in server.clients()[0].get("/").text
    assert len(git.fetches()) == 2
    assert len(set(git.fetches())) == 1
    assert git.most_at_once() == 1


@pytest.mark.slow
def test_fifty_calls_at_rest_run_one_git_at_a_time(server: Server, home: Home, git: Watched) -> None:
    with ThreadPoolExecutor(50) as threads:
        bodies = [numbered(number) for number in range(1, 51)]
        answers = list(threads.map(lambda body: deliver(server, body, github(body))[0], bodies))
    assert set(answers) == {202}
    server.wait_until(lambda: home.served() is not None and is_at_rest(home))
    assert git.most_at_once() == 1


def test_what_cannot_be_fetched_is_told_and_the_site_stays_ready(
    server: Server, home: Home, editor: Editor
) -> None:
    editor.repository.rename(editor.repository.with_name("gone"))
    body = numbered(1)
    assert deliver(server, body, github(body))[0] == 202
    client = server.clients()[0]

    def last() -> Any:
        return json.loads(client.get("/readyz").text)["publishing"]["last_attempt"]

    server.wait_until(lambda: last() is not None)
    assert last()["outcome"] == "failed"
    assert "git fetch failed" in last()["message"]
    assert client.get("/readyz").status == 200
