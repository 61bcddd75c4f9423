"""Forty kinds of poison in one folder: the server lives, no other page suffers, and each is told of everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from blogs import post
from conftest import Saw, Serve
from live import ADDRESS, LISTS, make_site, stale_answers
from server import ROOT, Server
from test_bad_files import HEADS, KILLERS, THINGS

BYTES = {
    "utf-16": post("Uno").encode("utf-16"),
    "latin-1": post("Año").encode("latin-1"),
    "nul": b"---\ntitle: x\n---\n\x00",
    "all bytes": bytes(range(256)) * 10,
}
HARMLESS = {"markdown", "aliases", "merges", "nested maps in blocks"}


def poison(posts: Path) -> set[str]:
    """Writes one of each kind; gives the paths of those that are to be held back."""
    bad = {f"{number}-head.md": text.encode() for number, (text, _) in enumerate(HEADS.values())}
    bad |= {f"{number}-killer.md": text.encode() for number, (kind, text) in enumerate(KILLERS.items())}
    bad |= {f"{number}-bytes.md": data for number, data in enumerate(BYTES.values())}
    for name, data in bad.items():
        (posts / name).write_bytes(data)
    for number, make in enumerate(THINGS):
        make(posts / f"{number}-thing.md")
    harmless = {f"{number}-killer.md" for number, kind in enumerate(KILLERS) if kind in HARMLESS}
    return {f"posts/{name}" for name in {*bad, *(f"{n}-thing.md" for n in range(len(THINGS)))} - harmless}


@pytest.mark.parametrize("is_running", [False, True])
def test_each_poison_is_told_of_and_harms_nothing(
    is_running: bool, tmp_path: Path, serve: Serve, saw: Saw
) -> None:
    site = make_site(tmp_path / "site")
    if not is_running:
        bad = poison(site / "posts")
    server: Server = serve(site, workers=1)
    workers = server.workers()
    if is_running:
        bad = poison(site / "posts")
    [client] = server.clients()
    assert stale_answers([client], (ADDRESS, *LISTS), 0) == []
    told = {found["file"] for found in json.loads(client.get("/readyz").body)["problems"]}
    checked = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "posts", "check"],
        cwd=ROOT,
        env=server.environ,
        capture_output=True,
        check=False,
    )
    log = server.log.read_text()
    saw(poisons=len(bad), told=len(bad & told))
    assert bad - told == set()
    assert checked.returncode == 1
    for path in bad:
        assert path in log
        assert path in checked.stdout.decode()
    assert server.workers() == workers
    assert stale_answers([client], (ADDRESS, *LISTS), 0) == []
