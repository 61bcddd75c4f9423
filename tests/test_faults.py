"""What breaks around the server costs no reader a page: folders, disks, descriptors, clocks, stopped workers."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
import sizes
from blogs import Clock, post
from conftest import NewBlog, Saw, Serve
from crowd import Crowd
from folders import Ticks
from lanes import slow_but
from live import (
    ADDRESS,
    LISTS,
    POST,
    Edit,
    Writer,
    in_place,
    make_site,
    remove_the_site,
    rename_the_posts,
    rename_the_site,
    run,
    stale_answers,
    text,
    tool,
    versions,
)
from programs import unless_possible
from server import PATIENCE_S, ROOT, Client, Server

from bitacora.files.watch import POLL_S, QUIET_S

PAGES = (ADDRESS, *LISTS, "/sitemap.xml")
RECOVERS_S = 1.0
WITHOUT_ROOTS_RIGHTS = "--bounding-set=-dac_override,-dac_read_search"


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    place.mkdir()
    unless_possible(
        [tool("mount"), "-t", "tmpfs", "-o", f"size={size},mode=755", "none", place], "no disk can be mounted"
    )
    try:
        yield place
    finally:
        while subprocess.run(["umount", "--lazy", place], capture_output=True, check=False).returncode == 0:
            pass  # one mount may lie upon another


def new_in(clients: list[Client], version: int, within: float) -> None:
    """Each worker recovers by itself, and then all of its pages are of this version."""
    deadline = time.monotonic() + within
    while stale_answers(clients, PAGES[:-1], version) and time.monotonic() < deadline:
        pass
    assert stale_answers(clients, PAGES[:-1], version) == []


def problems(client: Client) -> list[str]:
    answer = client.get("/readyz")
    assert answer.status == 200
    return [found["file"] for found in json.loads(answer.body)["problems"]]


# --- the folder: each takes it away, and gives a function that puts it back with one version


def forbid_the_posts(site: Path) -> Edit:
    (site / "posts").chmod(0)

    def put_back(version: int) -> None:
        in_place(site)(version)
        (site / "posts").chmod(0o755)

    return put_back


def forbid_the_site(site: Path) -> Edit:
    site.chmod(0)

    def put_back(version: int) -> None:
        in_place(site)(version)
        site.chmod(0o755)

    return put_back


def forbid_the_post(site: Path) -> Edit:
    (site / "posts" / POST).chmod(0)

    def put_back(version: int) -> None:
        in_place(site)(version)
        (site / "posts" / POST).chmod(0o644)

    return put_back


def unmount(site: Path) -> Edit:
    run("umount", "--lazy", site)

    def put_back(version: int) -> None:
        source = site.parent / "source"
        in_place(make_site(source))(version)
        anew = site.parent / "anew"
        anew.mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "none", anew)
        shutil.copytree(source, anew, dirs_exist_ok=True)
        run("mount", "--move", anew, site)
        shutil.rmtree(source)

    return put_back


TAKERS = [
    rename_the_site,
    remove_the_site,
    rename_the_posts,
    forbid_the_site,
    forbid_the_posts,
    forbid_the_post,
    unmount,
]


@pytest.mark.parametrize("take_away", slow_but([rename_the_site, forbid_the_post], TAKERS))
def test_under_load_a_folder_that_goes_away_costs_no_reader_a_page_and_is_live_again_when_it_is_back(
    take_away: Writer, tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    unless_possible([tool("setpriv"), WITHOUT_ROOTS_RIGHTS, "true"], "rights cannot be given up")
    with ExitStack() as stack:
        site = tmp_path / "site"
        if take_away is unmount:
            stack.enter_context(private_mounts(tmp_path))
            stack.enter_context(small_disk(site, "8m"))
        if (
            take_away is remove_the_site
        ):  # where it takes a moment: a post is gone if its folder outlives it for long
            site = stack.enter_context(small_disk(tmp_path / "disk", "8m")) / "site"
        make_site(site)
        server = serve(site, within=["setpriv", WITHOUT_ROOTS_RIGHTS])
        clients = server.clients()
        with Crowd(server.port, PAGES) as load:
            for version in range(1, sizes.TIMES_AWAY + 1):
                put_back = take_away(site)
                assert stale_answers(clients, (ADDRESS, *LISTS), version - 1) == []
                for client in clients:
                    server.wait_until(lambda client=client: problems(client) != [])
                put_back(version)
                new_in(clients, version, RECOVERS_S)
                assert [problems(client) for client in clients] == [[], []]
            load.wait_for(200)
        saw(answers=load.answers, times_away=version, wrong=len(load.wrong))
    assert load.wrong == []


@contextmanager
def private_mounts(folder: Path) -> Iterator[None]:
    """A mount point whose mounts can be moved: not where all of them are shared with other namespaces."""
    unless_possible([tool("mount"), "--bind", folder, folder], "nothing can be mounted")
    run("mount", "--make-private", folder)
    try:
        yield
    finally:
        run("umount", "--lazy", folder)


# --- disks


@pytest.mark.slow
def test_on_a_full_disk_the_last_good_version_stays_until_an_edit_is_whole(
    tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    with small_disk(tmp_path / "disk", "256k") as disk:
        site = make_site(disk / "site")
        server = serve(site)
        clients = server.clients()
        filler = disk / "filler"
        with Crowd(server.port, PAGES) as load:
            for version in range(1, sizes.TIMES_FULL + 1):
                fill(filler, disk)
                with pytest.raises(OSError, match="No space left"):
                    (site / "posts" / POST).write_text(f"---\n# {'x' * 8192}\n{text(version)[4:]}")
                assert stale_answers(clients, (ADDRESS, *LISTS), version - 1) == []
                filler.unlink()
                in_place(site)(version)
                new_in(clients, version, RECOVERS_S)
            load.wait_for(200)
        saw(answers=load.answers, times_full=version, wrong=len(load.wrong))
    assert load.wrong == []


def fill(filler: Path, disk: Path) -> None:
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert shutil.disk_usage(disk).free == 0


@pytest.mark.slow
def test_a_full_disk_for_caches_costs_no_page(tmp_path: Path, saw: Saw) -> None:
    with small_disk(tmp_path / "cache", "256k") as cache:
        fill(cache / "filler", cache)
        site = make_site(tmp_path / "site")
        with Server(site, cache) as server:
            clients = server.clients()
            with Crowd(server.port, (*PAGES, f"{ADDRESS}share/")) as load:
                for version in range(1, sizes.TIMES_FULL + 1):
                    in_place(site)(version)
                    new_in(clients, version, RECOVERS_S)
                    (site / "posts" / POST).write_text("---\ntitle: [\n---\n")
                    assert stale_answers(clients, (ADDRESS, *LISTS), version) == []
                load.wait_for(200)
            lines = server.log.read_text().splitlines()
        saw(answers=load.answers, wrong=len(load.wrong), lines_of_log=len(lines))
    assert load.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_without_a_descriptor_left_pages_stay_and_edits_are_there_when_there_are_some_again(
    watch: str, tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    site = make_site(tmp_path / "site")
    server = serve(site, watch=watch)
    clients = server.clients()
    for client, path in product(clients, PAGES):
        assert client.get(path).status == 200  # each worker has read its templates
    with Crowd(server.port, PAGES) as load:
        load.wait_for(50)
        edits = sizes.EDITS_WITHOUT_DESCRIPTORS_POLLED if watch == "poll" else sizes.EDITS_WITHOUT_DESCRIPTORS
        for version in range(1, edits + 1):
            before = [leave_descriptors(worker, 0) for worker in server.workers()]
            in_place(site)(version)
            answers = [client.get(path) for client in clients for path in PAGES[:-1]]
            assert [found for answer in answers if (found := versions(answer)) - {version - 1, version}] == []
            for worker, limits in zip(server.workers(), before, strict=True):
                resource.prlimit(worker, resource.RLIMIT_NOFILE, limits)
            new_in(clients, version, RECOVERS_S + (POLL_S + QUIET_S if watch == "poll" else 0.0))
    saw(answers=load.answers, edits=version, wrong=len(load.wrong))
    assert load.wrong == []


def leave_descriptors(process: int, count: int) -> tuple[int, int]:
    """No more than `count` can be opened from now on; gives the limits before."""
    _, hard = resource.prlimit(process, resource.RLIMIT_NOFILE)
    lowest = set(range(4096)) - {int(name) for name in os.listdir(f"/proc/{process}/fd")}
    limit = min(lowest) + count
    return resource.prlimit(process, resource.RLIMIT_NOFILE, (limit, hard))


@pytest.mark.parametrize(
    ("calls", "error"), slow_but([("read,pread64", "EIO")], [("read,pread64", "EIO"), ("openat", "ENFILE")])
)
def test_a_post_that_the_disk_cannot_give_stays_as_it_was_and_recovers_alone(
    calls: str, error: str, tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    """The kernel is made to refuse some calls for one file."""
    site, refused = make_site(tmp_path / "site"), tmp_path / "refused"
    faults = ["-P", str(site / "posts" / POST), "-P", f"posts/{POST}"]
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when=3..20"]
    unless_possible([tool("strace"), "-qq", "-o", "/dev/null", "true"], "nothing can be traced")
    server = serve(site, within=["strace", "-f", "-D", "-qq", "-o", str(refused), *faults, *inject], workers=1)
    [client] = server.clients()
    with Crowd(server.port, PAGES, readers=2) as load:
        version = 0
        while f" {error} " not in refused.read_text():
            in_place(site)(version := version + 1)
            assert versions(client.get(ADDRESS)) <= {version - 1, version}
            assert version < 50, "nothing was refused"
        new_in([client], version, PATIENCE_S)
    saw(answers=load.answers, refused=refused.read_text().count(f" {error} "), wrong=len(load.wrong))
    assert load.wrong == []


def test_a_connection_that_is_lost_before_it_is_accepted_disturbs_no_other(tmp_path: Path, serve: Serve) -> None:
    """The kernel is made to say so of some; they are there all the same, and accepted the next time."""
    site, refused = make_site(tmp_path / "site"), tmp_path / "refused"
    inject = ["-e", "trace=accept4", "-e", "inject=accept4:error=EPROTO:when=2..10+2"]
    unless_possible([tool("strace"), "-qq", "-o", "/dev/null", "true"], "nothing can be traced")
    server = serve(site, within=["strace", "-f", "-D", "-qq", "-o", str(refused), *inject], workers=1)
    before = server.workers()
    while refused.read_text().count(" EPROTO ") < 3:
        with closing(Client(server.port)) as client:
            assert client.get(ADDRESS).status == 200
    assert server.workers() == before


# --- failing calls, in the whole application

CALLS = ("open", "read", "stat", "fstat", "scandir", "readlink", "pread", "replace", "listdir")


@pytest.mark.parametrize("name", CALLS)
def test_whichever_call_fails_no_page_that_was_good_is_an_error(
    name: str, new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, ticks: Ticks, saw: Saw
) -> None:
    blog = new_blog(
        {
            "posts/2020-01-02-a.md": post("A 0", "![x](x.png) [b](2020-01-03-b.md)"),
            "posts/2020-01-03-b.md": post("B 0"),
            "posts/x.png": b"\x89PNG",
            "templates/page.html": '{% extends "default:page.html" %}',
            "pages/about.md": post("Acerca"),
        }
    )
    paths = ("/2020/01/02/a/", "/", "/archive/", "/feed.xml", "/about/", "/2020/01/02/a/share/", "/2020/01/03/b/")
    for path in paths:
        assert blog.get(path).status == 200
    really = getattr(os, name)
    answers = failed = 0
    for number in range(1, sizes.CALLS_THAT_FAIL + 1):
        calls = 0

        def fails(*args: object, nth: int = number, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(errno.EIO, "Input/output error")
            return really(*args, **more)

        blog.write("posts/2020-01-02-a.md", post(f"A {number}", "![x](x.png) [b](2020-01-03-b.md)"))
        blog.write("posts/2020-01-03-b.md", post(f"B {number}"))
        monkeypatch.setattr(os, name, fails)
        for path in paths:
            answer = blog.get(path)
            answers += 1
            failed += answer.status != 200
            assert answer.status == 200, f"{path} at call {number}: {answer.text[:500]}"
        monkeypatch.setattr(os, name, really)
        ticks.pass_by(RECOVERS_S)
        assert f"A {number}" in blog.get(paths[0]).text, f"call {number}"
        assert f"B {number}" in blog.get("/archive/").text, f"call {number}"
        if calls < number:
            break
    saw(answers=answers, calls_failed=number, wrong=failed)


# --- stopped workers


@pytest.mark.slow
def test_a_worker_that_stands_still_costs_nobody_else_a_page_and_then_goes_on_with_the_newest(
    tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    site = make_site(tmp_path / "site")
    server = serve(site)
    clients = server.clients()
    answers = 0
    for version in range(1, sizes.WORKER_STOPS + 1):
        stopped, client = server.workers()[version % 2], None
        os.kill(stopped, signal.SIGSTOP)
        try:
            in_place(site)(version)
            for _ in range(20):
                client = Client(server.port)
                assert versions(client.get(ADDRESS)) == {version}
                client.close()
                answers += 1
        finally:
            os.kill(stopped, signal.SIGCONT)
        assert stale_answers(clients, (ADDRESS, *LISTS), version) == []
    saw(answers=answers, stops=version)


# --- clocks


def test_a_clock_that_jumps_shows_what_is_due_at_each_moment(new_blog: NewBlog, saw: Saw) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    clock = Clock(first.timestamp())
    blog = new_blog(
        {
            f"posts/p{n}.md": post(
                f"Entrada {n:03}",
                date=f"{first + timedelta(days=n):%Y-%m-%d %H:%M:%S+00:00}",
                expires=f"{first + timedelta(days=n + 10):%Y-%m-%d %H:%M:%S+00:00}",
            )
            for n in range(30)
        },
        clock=clock,
        settings="per_page = 50\n",
    )
    state = 1
    for _ in range(sizes.CLOCK_JUMPS):
        state = state * 48271 % 0x7FFFFFFF
        day = state % 50 - 5
        clock.now = (first + timedelta(days=day, hours=1)).timestamp()
        shown = {title for title in blog.get("/archive/").words("a") if title.startswith("Entrada")}
        assert shown == {f"Entrada {n:03}" for n in range(30) if n <= day < n + 10}, day
    saw(jumps=sizes.CLOCK_JUMPS)


JUMPING = """
import os, time
from pathlib import Path
really, at = time.time, Path({at!r})
time.time = lambda: really() + float(at.read_text() or 0)
from app import app
"""
DAY_S = 86_400


class Jumping(Server):
    """A server whose clock is ahead of the machine's by as many seconds as a file says."""

    def __init__(self, site: Path, folder: Path) -> None:
        super().__init__(site, folder / "cache", watch="inotify")
        self.ahead = folder / "ahead"
        self.ahead.write_text("0")
        (folder / "jumping.py").write_text(JUMPING.format(at=str(self.ahead)))
        self.environ["PYTHONPATH"] = os.pathsep.join((str(folder), str(ROOT)))
        self.app = "jumping:app"


def test_a_machine_whose_clock_jumps_serves_on(tmp_path: Path, saw: Saw) -> None:
    site = make_site(tmp_path / "site")
    (site / "posts/later.md").write_text("---\ntitle: Luego\ndate: 2126-01-01\n---\nLuego.\n")
    century = 36_600 * DAY_S
    jumps = (0, century, -400 * DAY_S, century, -DAY_S, 3600, -3600, 0)
    with Jumping(site, tmp_path) as server:
        clients = server.clients()
        with Crowd(server.port, PAGES) as load:
            for version, jump in enumerate(jumps, 1):
                server.ahead.write_text(f"{jump}")
                in_place(site)(version)
                new_in(clients, version, RECOVERS_S)
                for client in clients:
                    assert (b"Luego" in client.get("/archive/").body) == (jump == century), jump
            load.wait_for(200)
    saw(answers=load.answers, jumps=len(jumps), wrong=len(load.wrong))
    assert load.wrong == []
