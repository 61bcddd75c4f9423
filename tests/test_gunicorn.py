"""What the worker overrides inside gunicorn is what it was tested with, or gunicorn's own worker answers."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import runpy
import sys
from contextlib import closing
from pathlib import Path

import gunicorn
import pytest
from blogs import post
from conftest import Serve
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import TConn, ThreadWorker
from server import ROOT, Client

from bitacora.server.hooks import TESTED
from bitacora.server.worker import HotLaneWorker

KNOWN = Path(__file__).with_name("gunicorn_names.json")


def sources() -> dict[str, str]:
    """Hashes of the code of gunicorn that the worker takes the place of, calls or relies on, by name."""
    named = {*vars(HotLaneWorker), "run", "init_process", "handle_request", "handle", "enqueue_req"}
    parts: dict[str, object] = {"TConn": TConn}
    for kind in (ThreadWorker, Worker):
        parts |= {f"{kind.__name__}.{name}": part for name, part in vars(kind).items() if name in named}
    code = {name: inspect.getsource(part) for name, part in parts.items() if callable(part)}
    return {name: hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for name, text in sorted(code.items())}


def test_what_the_worker_builds_on_is_as_it_was_when_it_was_tested() -> None:
    """After an upgrade: read what the names that differ do now, run `make check`, then write the new hashes."""
    known = json.loads(KNOWN.read_text())
    assert gunicorn.version_info[:2] in TESTED
    differ = {name for name in known.keys() | sources().keys() if known.get(name) != sources().get(name)}
    assert differ == set(), f"gunicorn {gunicorn.__version__} changed these"


@pytest.mark.parametrize(
    ("version", "worker"),
    [*((tested, "bitacora.server.worker.HotLaneWorker") for tested in TESTED), ((27, 99), "gthread")],
)
def test_with_a_gunicorn_that_was_not_tested_its_own_worker_answers(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], worker: str
) -> None:
    monkeypatch.delitem(sys.modules, "bitacora.server.hooks", raising=False)
    monkeypatch.setattr(gunicorn, "version_info", (*version, 0))
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["worker_class"] == worker


@pytest.mark.slow
def test_a_server_with_another_gunicorn_says_so_in_one_line(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import gunicorn\ngunicorn.version_info = (27, 99, 0)\n")
    site = tmp_path / "site"
    (site / "posts").mkdir(parents=True)
    (site / "posts/2020-01-01-a.md").write_text(post("Uno"))
    server = serve(site, within=("env", f"PYTHONPATH={tmp_path}{os.pathsep}{ROOT}"))
    with closing(Client(server.port)) as client:
        assert "Uno" in client.get("/").body.decode()
    said = [line for line in server.log.read_text().splitlines() if "was not tested" in line]
    assert len(said) == 1
    assert "gthread" in said[0]
