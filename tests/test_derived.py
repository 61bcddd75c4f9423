"""What is derived is made once for its inputs, and a store that fails costs a moment, never a page."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from bitacora.web.derived import Derived

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def needed(tool: str) -> str:
    path = shutil.which(tool)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{tool} is not installed")
        pytest.skip(f"{tool} is not installed")
    return path


def started(command: list[str], port: int) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
    server.kill()
    raise TimeoutError(command)


@pytest.fixture
def redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    pytest.importorskip("redis")
    port = free_port()
    server = started([needed("redis-server"), "--port", str(port), "--save", "", "--bind", "127.0.0.1"], port)
    yield f"redis://127.0.0.1:{port}/0", server
    server.send_signal(signal.SIGCONT)
    server.kill()
    server.wait()


@pytest.fixture
def memcached() -> Iterator[str]:
    pytest.importorskip("memcache")
    port = free_port()
    server = started([needed("memcached"), "-u", "nobody", "-l", "127.0.0.1", "-p", str(port)], port)
    yield f"memcached://127.0.0.1:{port}"
    server.kill()
    server.wait()


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


def test_redis_keeps_plain_bytes(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    from redis import Redis

    maker = Maker()
    twice(Derived(Flask("x"), redis[0], None), maker)
    assert maker.made == 1
    client = Redis.from_url(redis[0])
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


def test_a_hung_store_is_asked_once_and_then_left_alone(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, server = redis
    maker = Maker()
    derived = Derived(Flask("x"), address, None)
    twice(derived, maker)
    server.send_signal(signal.SIGSTOP)
    twice(derived, maker)
    assert maker.made == 3


def test_a_store_that_comes_back_is_used_again(
    redis: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, server = redis
    maker = Maker()
    derived = Derived(Flask("x"), address, None)
    server.send_signal(signal.SIGSTOP)
    twice(derived, maker)
    server.send_signal(signal.SIGCONT)
    now = time.monotonic()
    monkeypatch.setattr("bitacora.web.derived.time.monotonic", lambda: now + 60)
    twice(derived, maker)
    assert maker.made == 3


def test_a_full_or_forbidden_folder_costs_nothing_but_the_making(tmp_path: Path) -> None:
    maker = Maker()
    derived = Derived(Flask("x"), "file", tmp_path / "derived")
    shutil.rmtree(tmp_path / "derived")
    twice(derived, maker)
    assert maker.made >= 1
