"""Live and never half: edits of every kind, pushes, git's lock, with two workers of a real gunicorn.

Usually at a small size; whole with BITACORA_TEST_SIZE=full, as `make torture` runs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import sizes
from conftest import Saw, Serve
from crowd import PAUSE_S
from lanes import slow_but
from live import (
    ADDRESS,
    LISTS,
    POST,
    SETTINGS,
    Writer,
    branch,
    by_git_checkout,
    by_rename,
    commit_all,
    commit_beside,
    every_writer,
    git,
    in_place,
    make_site,
    remove_the_site,
    rename_the_posts,
    rename_the_site,
    run,
    stale_answers,
    versions,
)
from programs import lacking, tool
from server import Answer, Client, Server, late

from bitacora.files.watch import POLL_S, QUIET_S

LATE_S = POLL_S + QUIET_S + 1.0
"""How late the last worker may be: a look at everything, the wait, and what this machine has to do besides."""


@every_writer(in_place, by_rename, by_git_checkout)
def test_every_edit_is_on_the_next_request_of_both_workers(
    writer: Writer, tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    site = make_site(tmp_path / "site")
    edit = writer(site)
    clients = serve(site, watch="inotify").clients()
    stale = []
    for version in range(1, sizes.EDITS + 1):
        edit(version)
        paths = (ADDRESS, LISTS[version % 3])
        stale += stale_answers(clients, paths if version % 2 else paths[::-1], version)
    saw(edits=version, stale=len(stale))
    assert stale == []


@every_writer(in_place)
def test_without_inotify_a_post_and_lists_are_new_when_the_file_has_been_quiet(
    writer: Writer, tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    site = make_site(tmp_path / "site")
    edit = writer(site)
    clients = serve(site, watch="poll").clients()
    latest = 0.0
    for version in range(1, sizes.EDITS_POLLED + 1):
        edit(version)
        latest = max(latest, seconds_until_lists_are_new(clients, version))
    saw(edits=version, lists_late_ms=latest * 1000)
    assert latest < LATE_S


def seconds_until_lists_are_new(clients: Sequence[Client], version: int) -> float:
    """In all workers. The post itself is not asked for meanwhile: that alone would have its file looked at."""
    edited = time.monotonic()

    def ask() -> Answer:
        return min((client.get("/archive/") for client in clients), key=is_new)

    def is_new(answer: Answer) -> bool:
        return versions(answer) == {version}

    latest = late(ask, is_new, edited)
    assert stale_answers(clients, (ADDRESS, *LISTS), version) == []
    return latest


@pytest.mark.slow
def test_where_the_kernel_has_no_inotify_left_changes_are_polled(tmp_path: Path, serve: Serve) -> None:
    site = make_site(tmp_path / "site")
    clients = serve(site, within=without_inotify()).clients()
    for client in clients:
        assert json.loads(client.get("/readyz").body)["watch"] == "poll"
    in_place(site)(1)
    assert seconds_until_lists_are_new(clients, 1) < LATE_S


def without_inotify() -> list[str]:
    """Runs the command after it in a user namespace whose limit is reached with the first instance."""
    setting = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    command = [tool("unshare"), "--user", "--map-root-user", "sh", "-c", setting, "sh"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        lacking("this system makes no user namespaces")
    return command


# --- pushes


def big_text(number: int, version: int) -> str:
    """200 KB that say their version on each line, and the hash of them all."""
    lines = f"{number} es la v{version:06} de principio a fin, y cada una de sus líneas lo dice sin falta\n"
    body = lines * (200_000 // len(lines.encode()))
    stamp = hashlib.sha256(body.encode()).hexdigest()
    return f"---\ntitle: Entrada {number} v{version:06}\n---\nsha256 {stamp}\n\n```\n{body}```\n"


def big_files(files: int, version: int) -> dict[str, str]:
    return {f"posts/2018-07-17-entrada-{number}.md": big_text(number, version) for number in range(files)}


def prepare_pushes(site: Path, author: Path, files: int, versions: int) -> None:
    """`site` is a work tree that can be pushed into, `author` a clone of it with a branch for each version."""
    (site / "posts").mkdir(parents=True)
    (site / "site.toml").write_text(SETTINGS)
    for path, content in big_files(files, 0).items():
        (site / path).write_text(content)
    git(site, "init", "-q", "-b", "main")
    git(site, "config", "receive.denyCurrentBranch", "updateInstead")
    commit_all(site)
    run("git", "clone", "-q", site, author)
    git(site, "remote", "add", "origin", str(author))
    for folder in (site, author):
        git(folder, "config", "pack.window", "0")  # looking for likenesses takes longer than all else
    commit_beside(author, versions, lambda version: big_files(files, version))


class Reader(threading.Thread):
    """Reads random pages over one connection until told to stop; remembers what was wrong."""

    def __init__(self, client: Client, files: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._client = client
        self._files = files
        self._random = random.Random(seed)
        self._enough = threading.Event()
        self.answers = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        newest = 0
        while not self._enough.is_set():
            path = self._random_path()
            try:
                version = self._version_of(path)
                if version < newest:
                    raise AssertionError(f"v{version} after v{newest}")
                newest = version
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
                self.wrong.append(f"{path}: {error!r}")
                if not isinstance(error, AssertionError):
                    return
            self.answers += 1
            if PAUSE_S:
                self._enough.wait(PAUSE_S)

    def stop(self) -> None:
        self._enough.set()
        self.join()

    def _random_path(self) -> str:
        dice = self._random.random()
        if dice < 0.005:
            return "/feed.xml"
        if dice < 0.1:
            return "/archive/"
        # Few posts have most of the readers, as everywhere: all of these together are more than a worker keeps.
        return f"/2018/07/17/entrada-{int(self._random.random() ** 4 * self._files)}/"

    def _version_of(self, path: str) -> int:
        """The one version that an answer is of. AssertionError when it is torn, mixed or no page."""
        answer = self._client.get(path)
        assert answer.status == 200, answer.status
        (version,) = versions(answer)
        if path == "/archive/":
            titles = set(re.findall(rb">Entrada (\d+) v\d{6}</a>", answer.body))
            assert len(titles) == self._files, len(titles)
        elif path != "/feed.xml":
            claimed = re.search(r"sha256 ([0-9a-f]{64})", answer.text)
            body = re.search(r"<code>([^<]*)</code>", answer.text)
            assert claimed
            assert body
            assert hashlib.sha256(body[1].encode()).hexdigest() == claimed[1], "torn"
        return version


@pytest.mark.slow
@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_during_pushes_and_pulls_no_answer_is_torn_mixed_or_missing(
    tmp_path: Path, serve: Serve, saw: Saw, watch: str
) -> None:
    files, pushes, enough = sizes.PUSHED_FILES, sizes.PUSHES, sizes.ANSWERS_DURING_PUSHES
    if watch == "poll":
        pushes, enough = sizes.PUSHES_POLLED, sizes.ANSWERS_DURING_PUSHES_POLLED
    site, author = tmp_path / "site", tmp_path / "author"
    prepare_pushes(site, author, files, 2 * pushes)
    server = serve(site, watch=watch)
    readers = [Reader(client, files, seed) for seed, client in enumerate([*server.clients(), *server.clients()])]
    for reader in readers:
        reader.start()
    stale = []
    for version in range(1, 2 * pushes + 1):
        if version % 2:
            git(author, "push", "-q", "origin", f"{branch(version)}:main")
        else:
            git(site, "pull", "-q", "--ff-only", "origin", branch(version))
        path = f"/2018/07/17/entrada-{version % files}/"
        paths = (path, "/archive/") if watch == "inotify" else (path,)
        stale += stale_answers(server.clients(), paths, version)
    while sum(reader.answers for reader in readers) < enough and any(reader.is_alive() for reader in readers):
        readers[0].join(0.1)
    for reader in readers:
        reader.stop()
    wrong = [finding for reader in readers for finding in reader.wrong]
    answers = sum(reader.answers for reader in readers)
    saw(answers=answers, pushes_and_pulls=2 * pushes, wrong=len(wrong), stale=len(stale))
    assert wrong == []
    assert stale == []
    assert answers >= enough


# --- git's lock


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Where git would put its lock in the site of this test."""
    site = make_site(tmp_path / "site")
    git(site, "init", "-q")
    return site / ".git/index.lock"


def test_while_git_holds_its_lock_the_old_content_stays_and_then_the_new_is_there_at_once(
    tmp_path: Path, lock: Path, serve: Serve
) -> None:
    clients = serve(tmp_path / "site").clients()
    for version in range(1, 6):
        lock.touch()
        in_place(tmp_path / "site")(version)
        assert stale_answers(clients, (ADDRESS, *LISTS), version - 1) == []
        lock.unlink()
        assert stale_answers(clients, (ADDRESS, *LISTS), version) == []


def test_a_lock_that_a_killed_git_left_is_ignored_and_named(tmp_path: Path, lock: Path, serve: Serve) -> None:
    clients = serve(tmp_path / "site").clients()
    lock.touch()
    in_place(tmp_path / "site")(1)
    assert stale_answers(clients, (ADDRESS,), 0) == []
    os.utime(lock, (time.time() - 61, time.time() - 61))
    assert stale_answers(clients, (ADDRESS, *LISTS), 1) == []
    for client in clients:
        status = json.loads(client.get("/readyz").body)
        assert status["git_lock_is_stale"]
        assert 61 <= status["git_lock_seconds"] < 120


def test_a_worker_that_starts_during_a_push_waits_for_its_end(tmp_path: Path, lock: Path, serve: Serve) -> None:
    site = tmp_path / "site"
    lock.touch()
    (site / "posts" / POST).write_text("---\ntitle: Ver")
    server = Server(site, tmp_path / "cache", workers=1, watch="inotify")
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.launch()
        server.wait_until(lambda: any(server.has_open(pid, "anon_inode:inotify") for pid in server.workers()))
        answers: list[set[int]] = []
        client = Client(server.port)
        stack.callback(client.close)
        reader = threading.Thread(target=lambda: answers.append(versions(client.get(ADDRESS))))
        reader.start()
        reader.join(0.5)
        assert answers == []
        in_place(site)(7)
        lock.unlink()
        reader.join(60)
        assert answers == [{7}]


# --- the folder itself


AWAY = slow_but([rename_the_site], [rename_the_site, remove_the_site, rename_the_posts])


@pytest.mark.parametrize("watch", slow_but(["inotify"], ["inotify", "poll"]))
@pytest.mark.parametrize("take_away", AWAY)
def test_while_the_folder_is_away_readers_see_what_was_read_and_then_the_new_at_once(
    take_away: Writer, watch: str, tmp_path: Path, serve: Serve
) -> None:
    site = make_site(tmp_path / "site")
    clients = serve(site, watch=watch).clients()
    assert stale_answers(clients, (ADDRESS, *LISTS), 0) == []
    put_back = take_away(site)
    assert stale_answers(clients, (ADDRESS, *LISTS), 0) == []
    for client in clients:
        assert [found["file"] for found in json.loads(client.get("/readyz").body)["problems"]] == ["posts"]
    put_back(1)
    if watch == "poll":
        assert seconds_until_lists_are_new(clients, 1) < LATE_S
    assert stale_answers(clients, (ADDRESS, *LISTS), 1) == []
    for client in clients:
        assert json.loads(client.get("/readyz").body)["problems"] == []
