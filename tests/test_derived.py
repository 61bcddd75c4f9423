"""What is derived is made once for its inputs, and a store that fails costs a moment, never a page."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import pytest
import sizes
from conftest import Saw
from crowd import Crowd
from flask import Flask
from live import ADDRESS, LISTS, OG_IMAGE, in_place, make_site, stale_answers
from programs import free_port, tool
from server import Server

from app import create_app
from bitacora.settings import SettingError
from bitacora.web.derived import PAUSE_S, Derived
from bitacora.web.derived_files import FOLDERS, DerivedFiles

# Clients of Redis and Memcached leave their sockets to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


class Maker:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> bytes:
        self.made += 1
        return b"\x00\xff made"


def twice(derived: Derived, maker: Maker) -> None:
    for _ in range(2):
        assert derived.get("icon", b"inputs", maker) == b"\x00\xff made"


def started(command: list[str], port: int) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
    server.kill()
    raise TimeoutError(command)


@pytest.fixture
def redis_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    pytest.importorskip("redis")
    port = free_port()
    server = started([tool("redis-server"), "--port", str(port), "--save", "", "--bind", "127.0.0.1"], port)
    yield f"redis://127.0.0.1:{port}/0", server
    server.send_signal(signal.SIGCONT)
    server.kill()
    server.wait()


@pytest.fixture
def memcached_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    pytest.importorskip("memcache")
    port = free_port()
    server = started([tool("memcached"), "-u", "nobody", "-l", "127.0.0.1", "-p", str(port)], port)
    yield f"memcached://127.0.0.1:{port}", server
    server.send_signal(signal.SIGCONT)
    server.kill()
    server.wait()


@pytest.fixture
def memcached(memcached_server: tuple[str, subprocess.Popen[bytes]]) -> str:
    return memcached_server[0]


@pytest.mark.parametrize("where", ["file", "memory"])
def test_what_was_made_is_not_made_again(where: str, tmp_path: Path) -> None:
    maker = Maker()
    twice(Derived(Flask("x"), where, tmp_path / "derived"), maker)
    assert maker.made == 1


def test_other_inputs_or_another_kind_are_made_anew(tmp_path: Path) -> None:
    maker = Maker()
    derived = Derived(Flask("x"), "file", tmp_path)
    for kind, inputs in (("icon", b"a"), ("icon", b"b"), ("card", b"a")):
        derived.get(kind, inputs, maker)
    assert maker.made == 3


def test_files_outlive_the_process(tmp_path: Path) -> None:
    maker = Maker()
    twice(Derived(Flask("x"), "file", tmp_path), maker)
    twice(Derived(Flask("y"), "file", tmp_path), maker)
    assert maker.made == 1


def test_redis_keeps_plain_bytes(redis_server: tuple[str, subprocess.Popen[bytes]]) -> None:
    from redis import Redis

    maker = Maker()
    twice(Derived(Flask("x"), redis_server[0], None), maker)
    assert maker.made == 1
    client = Redis.from_url(redis_server[0])
    assert [client.get(key) for key in client.scan_iter()] == [b"\x00\xff made"]
    client.close()


def test_memcached_keeps_it(memcached: str) -> None:
    maker = Maker()
    twice(Derived(Flask("x"), memcached, None), maker)
    assert maker.made == 1


def test_a_pickle_in_memcached_is_not_opened(memcached: str) -> None:
    from memcache import Client

    maker = Maker()
    derived = Derived(Flask("x"), memcached, None)
    derived.get("icon", b"inputs", maker)
    key = derived.key("icon", b"inputs")
    Client([memcached.removeprefix("memcached://")]).set(f"bitacora:{key}", {"a": "dict"})
    assert derived.get("icon", b"inputs", maker) == b"\x00\xff made"


def test_a_dead_store_costs_one_line_of_log(caplog: pytest.LogCaptureFixture) -> None:
    maker = Maker()
    derived = Derived(Flask("x"), f"redis://127.0.0.1:{free_port()}/0", None)
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            assert derived.get("icon", b"inputs", maker) == b"\x00\xff made"
    assert len(caplog.records) == 1


def test_a_hung_store_is_asked_once_and_then_left_alone(redis_server: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, server = redis_server
    maker = Maker()
    derived = Derived(Flask("x"), address, None)
    twice(derived, maker)
    server.send_signal(signal.SIGSTOP)
    twice(derived, maker)
    assert maker.made == 3


def test_a_store_that_comes_back_is_used_again(
    redis_server: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, server = redis_server
    maker = Maker()
    derived = Derived(Flask("x"), address, None)
    server.send_signal(signal.SIGSTOP)
    twice(derived, maker)
    server.send_signal(signal.SIGCONT)
    now = time.monotonic()
    monkeypatch.setattr("bitacora.web.derived.time.monotonic", lambda: now + 60)
    twice(derived, maker)
    assert maker.made == 3


def test_a_full_or_forbidden_folder_costs_one_line_of_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    maker = Maker()
    derived = Derived(Flask("x"), "file", tmp_path)
    for number in range(FOLDERS):
        (tmp_path / f"{number:02x}").write_bytes(b"in the way")
    twice(derived, maker)
    assert maker.made == 2
    assert len(caplog.records) == 1


@pytest.mark.parametrize("where", ["file", "memory", "redis", "memcached"])
def test_what_is_kept_is_not_lacking(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if where == "redis":
        where = request.getfixturevalue("redis_server")[0]
    if where == "memcached":
        where = request.getfixturevalue("memcached")
    maker = Maker()
    derived = Derived(Flask("x"), where, tmp_path)
    assert derived.lacks("icon", b"inputs")
    twice(derived, maker)
    assert not derived.lacks("icon", b"inputs")
    assert derived.lacks("icon", b"others")
    twice(derived, maker)
    assert maker.made == 1, "to ask changes nothing"


def test_nothing_is_lacking_while_it_could_not_be_kept() -> None:
    derived = Derived(Flask("x"), f"redis://127.0.0.1:{free_port()}/0", None)
    assert not derived.lacks("icon", b"inputs")
    assert not derived.lacks("icon", b"inputs")


# --- in files


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def in_one_folder(count: int) -> list[str]:
    """Keys whose files lie in the same folder."""
    keys = (f"key {number}" for number in range(2_000 * count))
    return list(
        islice((key for key in keys if blake2b(key.encode(), digest_size=16).hexdigest()[:2] == "00"), count)
    )


def test_files_are_kept_for_ever(tmp_path: Path) -> None:
    store = DerivedFiles(tmp_path, 1 << 20)
    store.set("a", b"made", timeout=1)
    for path in files(tmp_path):
        os.utime(path, (0, 0))
    assert DerivedFiles(tmp_path, 1 << 20).get("a") == b"made"


def test_files_take_no_more_than_their_bound(tmp_path: Path) -> None:
    store = DerivedFiles(tmp_path, FOLDERS * 5_000)
    for number in range(2_000):
        store.set(str(number), bytes(400))
        assert store.get(str(number)) == bytes(400)
    taken = [path.stat().st_size for path in files(tmp_path)]
    assert FOLDERS * 4_000 < sum(taken) <= FOLDERS * 5_000


def test_the_file_that_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    store = DerivedFiles(tmp_path, FOLDERS * 1_000)
    first, second, third = in_one_folder(3)
    for key, age_s in ((first, 9_000), (second, 8_000)):
        store.set(key, bytes(400))
        path, then = store._path(key), time.time() - age_s
        os.utime(path, (then, then))
    store.get(first)
    store.set(third, bytes(400))
    assert [store.has(key) for key in (first, second, third)] == [True, False, True]


def test_a_file_that_a_killed_worker_left_unfinished_goes_like_any_other(tmp_path: Path) -> None:
    store = DerivedFiles(tmp_path, FOLDERS * 1_000)
    first, second = in_one_folder(2)
    store.set(first, b"made")
    unfinished = store._path(first).with_name(".unfinished")
    unfinished.write_bytes(bytes(900))
    os.utime(unfinished, (0, 0))
    store.set(second, bytes(400))
    assert not unfinished.exists()
    assert store.get(first) == b"made"


def test_what_is_larger_than_its_share_is_not_kept_and_pushes_nothing_out(tmp_path: Path) -> None:
    store = DerivedFiles(tmp_path, FOLDERS * 1_000)
    small, large = in_one_folder(2)
    store.set(small, b"made")
    assert not store.set(large, bytes(1_000))
    assert (store.get(small), store.get(large)) == (b"made", None)


@pytest.mark.parametrize("torn", [b"", b"\0", b"cut"])
def test_a_file_that_a_crash_has_cut_short_is_made_anew(tmp_path: Path, torn: bytes) -> None:
    maker = Maker()
    twice(Derived(Flask("x"), "file", tmp_path / "derived"), maker)
    (path,) = files(tmp_path / "derived")
    path.write_bytes(torn)
    twice(Derived(Flask("x"), "file", tmp_path / "derived"), maker)
    assert maker.made == 2


def test_files_of_older_versions_are_erased(tmp_path: Path) -> None:
    store = DerivedFiles(tmp_path, 1 << 20)
    store.set("a", b"made")
    (tmp_path / "2029240f6d1128be89ddc32729463129").write_bytes(b"\0\0\0\0")
    assert DerivedFiles(tmp_path, 1 << 20).get("a") == b"made"
    assert files(tmp_path) == [store._path("a")]


def test_workers_that_make_room_at_the_same_time_do_not_disturb_one_another(tmp_path: Path) -> None:
    keys = in_one_folder(40)

    def fill(order: list[str]) -> None:
        store = DerivedFiles(tmp_path, FOLDERS * 2_000)
        for key in order * 5:
            store.set(key, bytes(400))
            assert store.get(key) in {bytes(400), None}

    with ThreadPoolExecutor(4) as crowd:
        for done in [crowd.submit(fill, order) for order in (keys, keys[::-1], keys[20:], keys[:20])]:
            done.result()


# --- under a server that is busy


def kill(store: subprocess.Popen[bytes]) -> None:
    store.kill()
    store.wait()


def hang(store: subprocess.Popen[bytes]) -> None:
    store.send_signal(signal.SIGSTOP)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [kill, hang])
@pytest.mark.parametrize("kind", ["redis", "memcached"])
def test_a_store_that_dies_under_load_costs_no_reader_a_page(
    kind: str, fault: Callable[..., None], request: pytest.FixtureRequest, tmp_path: Path, saw: Saw
) -> None:
    where, store = request.getfixturevalue(f"{kind}_server")
    under_load(where, tmp_path, lambda: fault(store), saw)


@pytest.mark.slow
def test_a_store_that_never_answers_costs_no_reader_a_page(tmp_path: Path, saw: Saw) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        under_load(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", tmp_path, lambda: None, saw)


def under_load(where: str, folder: Path, break_it: Callable[[], None], saw: Saw) -> None:
    """Every page stays, an edit has its new card, and the log says little."""
    site = make_site(folder / "site")
    begun = time.monotonic()  # a store that never answers is away from the start
    with Server(site, folder / "cache", derived_cache=where) as server:
        clients = server.clients()
        with Crowd(server.port, (ADDRESS, *LISTS, f"{ADDRESS}share/")) as load:
            load.wait_for(100)
            break_it()
            broken = time.monotonic()
            version = 0
            while time.monotonic() < broken + sizes.STORE_IS_AWAY_S:
                in_place(site)(version := version + 1)
                assert stale_answers(clients, (ADDRESS,), version) == []
                for client in clients:
                    card = OG_IMAGE.search(client.get(ADDRESS).text)
                    assert card
                    assert client.get(card[1]).body[:2] == b"\xff\xd8"
        lines = server.log.read_text().count("left alone")
        took = time.monotonic() - begun
    saw(answers=load.answers, edits=version, wrong=len(load.wrong), lines=lines)
    saw(p99_ms=load.p99_ms, slowest_ms=load.slowest_ms)
    assert load.wrong == []
    assert lines <= len(clients) * (1 + took // PAUSE_S)


@pytest.mark.parametrize(
    ("where", "package"), [("redis://u:geheim@host", "redis"), ("memcached://host", "memcache")]
)
def test_a_store_without_its_package_is_refused_with_a_sentence(
    where: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "posts").mkdir()
    with pytest.raises(SettingError, match=f"{where.partition(':')[0]}.* not installed") as error:
        create_app({"BITACORA_SITE": str(tmp_path), "BITACORA_DERIVED_CACHE": where})
    assert "geheim" not in str(error.value)


# --- what somebody else has put there, or a disk has damaged

GOOD = b"GOOD"


def is_good(data: bytes) -> bool:
    return data == GOOD


@pytest.mark.parametrize("where", ["file", "memory", "redis", "memcached"])
def test_what_is_not_sound_is_logged_once_and_made_again(
    where: str, tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    if where in {"redis", "memcached"}:
        where = request.getfixturevalue(f"{where}_server")[0]
    derived, planted, made = Derived(Flask("x"), where, tmp_path), (b"<html>", b"x", b""), []

    def make() -> bytes:
        made.append(1)
        return GOOD

    for number, bad in enumerate(planted):
        inputs = str(number).encode()
        derived._backend.set(derived.key("card", inputs), bad)
        assert [derived.get("card", inputs, make, is_good) for _ in range(3)] == [GOOD] * 3
    assert len(made) == len(planted)
    assert [record.getMessage().count("damaged card") for record in caplog.records] == [1]


def test_whatever_memcached_would_unpack_is_a_miss_and_the_next_answer_is_its_own(memcached: str) -> None:
    derived, key = Derived(Flask("x"), memcached, None), Derived.key("card", b"inputs")
    host, _, port = memcached.removeprefix("memcached://").partition(":")
    derived.get("card", b"other", lambda: b"other")
    for flags in (1, 2, 4, 8, 9, 16, 32, 255):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(b"set bitacora:%b %d 0 2\r\nx\xff\r\n" % (key.encode(), flags))
            assert raw.recv(100) == b"STORED\r\n"
        assert derived.get("card", b"inputs", lambda: GOOD, is_good) == GOOD, flags
        assert derived.kept("card", b"inputs", is_good) == GOOD, flags
        assert derived.kept("card", b"other") == b"other"


@pytest.mark.parametrize("place", ["link", "pipe", "of_another_user"])
def test_what_is_no_file_of_ours_is_a_miss_and_overwritten(place: str, tmp_path: Path) -> None:
    derived = Derived(Flask("x"), "file", tmp_path / "derived")
    derived.get("card", b"inputs", lambda: GOOD)
    (file,) = (file for file in (tmp_path / "derived").rglob("*") if file.is_file())
    if place == "link":
        file.symlink_to(file.rename(tmp_path / "elsewhere"))
    elif place == "pipe":
        file.unlink()
        os.mkfifo(file)
    elif os.geteuid() == 0:
        os.chown(file, 65534, 65534)
    assert derived.kept("card", b"inputs") is None or (place == "of_another_user" and os.geteuid())
    assert derived.get("card", b"inputs", lambda: b"again") in {b"again", GOOD}
    assert derived.kept("card", b"inputs") is not None
    assert file.is_file()
    assert not file.is_symlink()
