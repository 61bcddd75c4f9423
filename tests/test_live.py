"""Live and never half: edits of every kind, pushes, git's lock, with two workers of a real gunicorn.

Usually at a small size; whole with BITACORA_TEST_SIZE=full, as `make torture` runs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import Serve
from programs import tool
from server import Answer, Client, Server, late

SETTINGS = 'title = "Bitácora"\nurl = "https://blog.example.org"\nlanguage = "es"\n'
POST = "2018-07-17-vivo.md"
ADDRESS = "/2018/07/17/vivo/"
LISTS = ("/", "/archive/", "/feed.xml")
LISTS_LATE_S = 1.0
OTHER_POSTS = 9
LONG_AGO = 1_500_000_000

AtSize = Callable[[int, int], int]
Edit = Callable[[int], None]
Writer = Callable[[Path], Edit]


def run(*command: str | Path, stdin: str = "") -> None:
    subprocess.run([tool(str(command[0])), *command[1:]], check=True, input=stdin.encode(), capture_output=True)


def git(folder: Path, *command: str, stdin: str = "") -> None:
    alone = (
        "-c",
        "user.name=Ana",
        "-c",
        "user.email=ana@blog.example",
        "-c",
        "gc.auto=0",
        "-c",
        "core.compression=1",
    )
    run("git", *alone, "-C", folder, *command, stdin=stdin)


def commit_all(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")


def branch(version: int) -> str:
    return f"v{version:06}" if version else "main"


def commit_beside(folder: Path, most: int, files: Callable[[int], dict[str, str]]) -> None:
    """A branch for each version from 1 to `most`, each upon the one before; the work tree stays as it is."""
    command = [tool("git"), "-C", folder, "-c", "core.compression=1", "fast-import", "--quiet", "--depth=0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
        assert importer.stdin
        for version in range(1, most + 1):
            head = f"commit refs/heads/{branch(version)}\ncommitter Ana <ana@blog.example> {LONG_AGO} +0000\n"
            importer.stdin.write(f"{head}data 0\nfrom refs/heads/{branch(version - 1)}\n".encode())
            for path, content in files(version).items():
                data = content.encode()
                importer.stdin.write(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data))
    assert importer.returncode == 0


def text(version: int) -> str:
    """A post of always the same size, that says its version in its title and in its body."""
    return f"---\ntitle: Versión v{version:06}\n---\nSoy la v{version:06}.\n"


def versions(answer: Answer) -> set[int]:
    """All the versions that an answer speaks of: more than one is a mixture."""
    assert answer.status == 200
    return {int(version) for version in re.findall(rb"v(\d{6})", answer.body)}


def make_site(folder: Path) -> Path:
    (folder / "posts").mkdir(parents=True)
    (folder / "site.toml").write_text(SETTINGS)
    for number in range(OTHER_POSTS):
        (folder / f"posts/2018-01-{number + 1:02}-otra.md").write_text("---\ntitle: Otra\n---\nOtra.\n")
    (folder / "posts" / POST).write_text(text(0))
    return folder


def pretend_to_be_older(file: Path, version: int) -> None:
    """The higher the version the older its mtime."""
    os.utime(file, (LONG_AGO - version, LONG_AGO - version))


def flip(link: Path, target: str) -> None:
    """`ln -s` to another name and `mv -T`: the link leads to either, never to nothing."""
    (link.parent / "flipping").symlink_to(target)
    (link.parent / "flipping").replace(link)


# --- the nine writers: each prepares a site, and gives a function that puts one version on disk


def in_place(site: Path) -> Edit:
    def edit(version: int) -> None:
        (site / "posts" / POST).write_text(text(version))

    return edit


def by_rename(site: Path) -> Edit:
    def edit(version: int) -> None:
        (site / "posts/new.tmp").write_text(text(version))
        (site / "posts/new.tmp").replace(site / "posts" / POST)

    return edit


def by_sed(site: Path) -> Edit:
    return lambda version: run("sed", "-i", "-E", f"s/v[0-9]{{6}}/v{version:06}/", site / "posts" / POST)


def by_rsync(site: Path) -> Edit:
    source = site.parent / "source"
    source.mkdir()

    def edit(version: int) -> None:
        (source / POST).write_text(text(version))
        pretend_to_be_older(source / POST, version)
        run("rsync", "-a", f"{source}/", f"{site}/posts/")

    return edit


def by_copy_with_old_times(site: Path) -> Edit:
    source = site.parent / "source.md"

    def edit(version: int) -> None:
        source.write_text(text(version))
        pretend_to_be_older(source, version)
        run("cp", "-p", source, site / "posts" / POST)

    return edit


def at_the_same_size_and_mtime(site: Path) -> Edit:
    reference = site.parent / "reference"
    shutil.copy2(site / "posts" / POST, reference)

    def edit(version: int) -> None:
        (site / "posts" / POST).write_text(text(version))
        run("touch", "-r", reference, site / "posts" / POST)

    return edit


def by_git_checkout(site: Path) -> Edit:
    git(site, "init", "-q", "-b", "main")
    commit_all(site)
    commit_beside(site, 1_000, lambda version: {f"posts/{POST}": text(version)})
    return lambda version: git(site, "checkout", "-q", branch(version))


def by_flipped_site(site: Path) -> Edit:
    """The site's folder becomes a link to one of two releases."""
    releases = [site.parent / "release-0", site.parent / "release-1"]
    site.rename(releases[0])
    shutil.copytree(releases[0], releases[1])
    site.symlink_to(releases[0].name)

    def edit(version: int) -> None:
        release = releases[version % 2]
        (release / "posts" / POST).write_text(text(version))
        flip(site, release.name)

    return edit


def by_config_map(site: Path) -> Edit:
    """posts/ is as the kubelet mounts a ConfigMap: links through `..data` to a folder for each version."""
    posts = site / "posts"

    def publish(version: int) -> None:
        folder = posts / f"..{version:06}"
        folder.mkdir()
        (folder / POST).write_text(text(version))
        flip(posts / "..data", folder.name)
        shutil.rmtree(posts / f"..{version - 1:06}", ignore_errors=True)

    (posts / POST).unlink()
    publish(0)
    (posts / POST).symlink_to(f"..data/{POST}")
    return publish


WRITERS = (
    in_place,
    by_rename,
    by_sed,
    by_rsync,
    by_copy_with_old_times,
    at_the_same_size_and_mtime,
    by_git_checkout,
    by_flipped_site,
    by_config_map,
)
every_writer = pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)


def stale_answers(clients: Sequence[Client], paths: Sequence[str], version: int) -> list[str]:
    return [
        f"{path} of worker {worker} after v{version:06}: {sorted(found)}"
        for worker, client in enumerate(clients)
        for path in paths
        if (found := versions(client.get(path))) != {version}
    ]


@every_writer
def test_every_edit_is_on_the_next_request_of_both_workers(
    writer: Writer, tmp_path: Path, serve: Serve, at_size: AtSize
) -> None:
    site = make_site(tmp_path / "site")
    edit = writer(site)
    clients = serve(site, watch="inotify").clients()
    stale = []
    for version in range(1, at_size(1000, 25) + 1):
        edit(version)
        paths = (ADDRESS, LISTS[version % 3])
        stale += stale_answers(clients, paths if version % 2 else paths[::-1], version)
    assert stale == []


@every_writer
def test_without_inotify_a_post_is_new_on_the_next_request_and_lists_within_a_second(
    writer: Writer, tmp_path: Path, serve: Serve, at_size: AtSize
) -> None:
    site = make_site(tmp_path / "site")
    edit = writer(site)
    clients = serve(site, watch="poll").clients()
    stale: list[str] = []
    latest = 0.0
    for version in range(1, at_size(1000, 16) + 1):
        lists_too = version % at_size(50, 16) == 0
        if lists_too:
            let_the_last_edit_age(clients)
        edit(version)
        if lists_too:
            latest = max(latest, seconds_until_lists_are_new(clients, version))
        stale += stale_answers(clients, (ADDRESS,), version)
    assert stale == []
    assert latest < LISTS_LATE_S


def let_the_last_edit_age(clients: Sequence[Client]) -> None:
    """A file that was read right after it was written is read again anyway, by whoever asks next."""
    written = time.monotonic()
    while time.monotonic() < written + 0.1:
        for client in clients:
            client.get(ADDRESS)


def seconds_until_lists_are_new(clients: Sequence[Client], version: int) -> float:
    """The post itself is not asked for meanwhile: that alone would renew the lists."""
    edited = time.monotonic()

    def ask(client: Client) -> Callable[[], Answer]:
        return lambda: client.get("/archive/")

    def is_new(answer: Answer) -> bool:
        return versions(answer) == {version}

    latest = max(late(ask(client), is_new, edited) for client in clients)
    assert stale_answers(clients, LISTS, version) == []
    return latest


def test_where_the_kernel_has_no_inotify_left_changes_are_polled(tmp_path: Path, serve: Serve) -> None:
    site = make_site(tmp_path / "site")
    clients = serve(site, within=without_inotify()).clients()
    for client in clients:
        assert json.loads(client.get("/readyz").body)["watch"] == "poll"
    for version in range(1, 6):
        in_place(site)(version)
        assert stale_answers(clients, (ADDRESS,), version) == []


def without_inotify() -> list[str]:
    """Runs the command after it in a user namespace whose limit is reached with the first instance."""
    setting = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    command = [tool("unshare"), "--user", "--map-root-user", "sh", "-c", setting, "sh"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        complain = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        complain("this system makes no user namespaces")
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

    def stop(self) -> None:
        self._enough.set()
        self.join()

    def _random_path(self) -> str:
        dice = self._random.random()
        if dice < 0.005:
            return "/feed.xml"
        if dice < 0.1:
            return "/archive/"
        return f"/2018/07/17/entrada-{self._random.randrange(self._files)}/"

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
            body = re.search(r"<code>(.*?)</code>", answer.text, re.DOTALL)
            assert claimed
            assert body
            assert hashlib.sha256(body[1].encode()).hexdigest() == claimed[1], "torn"
        return version


@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_during_pushes_and_pulls_no_answer_is_torn_mixed_or_missing(
    tmp_path: Path, serve: Serve, at_size: AtSize, watch: str
) -> None:
    files, pushes, enough = at_size(300, 25), at_size(30, 2), at_size(20_000, 400)
    if watch == "poll":
        pushes, enough = at_size(6, 1), at_size(4_000, 200)
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
    assert [finding for reader in readers for finding in reader.wrong] == []
    assert stale == []
    assert sum(reader.answers for reader in readers) >= enough


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
        reader.join(5)
        assert answers == [{7}]


# --- the folder itself: each takes it away, and gives a function that puts it back with one version


def rename_the_site(site: Path) -> Edit:
    away = site.rename(site.with_name("away"))

    def put_back(version: int) -> None:
        in_place(away)(version)
        away.rename(site)

    return put_back


def remove_the_site(site: Path) -> Edit:
    shutil.rmtree(site)

    def put_back(version: int) -> None:
        in_place(make_site(site.with_name("anew")))(version)
        site.with_name("anew").rename(site)

    return put_back


def rename_the_posts(site: Path) -> Edit:
    away = (site / "posts").rename(site / "away")

    def put_back(version: int) -> None:
        (away / POST).write_text(text(version))
        away.rename(site / "posts")

    return put_back


@pytest.mark.parametrize("watch", ["inotify", "poll"])
@pytest.mark.parametrize("take_away", [rename_the_site, remove_the_site, rename_the_posts])
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
    assert stale_answers(clients, (ADDRESS, *LISTS), 1) == []
    for client in clients:
        assert json.loads(client.get("/readyz").body)["problems"] == []
