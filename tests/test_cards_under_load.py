"""Cards that two workers draw while readers come: none twice, and no page fails."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sizes
from blogs import SETTINGS, post
from crowd import PAUSE_S
from live import OG_IMAGE
from server import ROOT, Client, Server

COUNTED = """
import json, os
from bitacora.web import cards
draw = cards.draw

def counted(text, look):
    line = json.dumps([os.getpid(), text.title]) + "\\n"
    with open({log!r}, "ab", buffering=0) as file:
        file.write(line.encode())
    return draw(text, look)

cards.draw = counted
from app import app
"""


class Counted(Server):
    """A server that writes down who draws which card."""

    def __init__(self, site: Path, folder: Path) -> None:
        super().__init__(site, folder / "cache")
        self._folder = folder
        (folder / "counted.py").write_text(COUNTED.format(log=str(folder / "drawn")))
        (folder / "drawn").touch()
        self.environ["PYTHONPATH"] = os.pathsep.join((str(folder), str(ROOT)))
        self.app = "counted:app"

    def drawn(self) -> list[tuple[int, str]]:
        """The worker and the title of each card, in the order in which they were drawn."""
        return [tuple(json.loads(line)) for line in (self._folder / "drawn").read_text().splitlines()]


def site_of(folder: Path, count: int) -> Path:
    site = folder / "site"
    (site / "posts").mkdir(parents=True)
    (site / "site.toml").write_text(SETTINGS)
    for number in range(count):
        (site / "posts" / f"2020-01-02-p{number}.md").write_text(post(f"La entrada {number}"))
    return site


def ask(client: Client, cards: Sequence[str]) -> dict[str, bytes]:
    answers = {card: client.get(card) for card in cards}
    assert {answer.status for answer in answers.values()} == {200}
    return {card: answer.body for card, answer in answers.items()}


@pytest.mark.slow
def test_two_workers_draw_no_card_twice_while_readers_come(
    tmp_path: Path,
) -> None:
    count = sizes.CARDS
    with Counted(site_of(tmp_path, count), tmp_path) as server:
        one, other = server.clients()
        pages = [one.get(f"/2020/01/02/p{number}/").text for number in range(count)]
        cards = [found[1] for page in pages if (found := OG_IMAGE.search(page))]
        assert len(set(cards)) == count
        is_over = threading.Event()

        def read() -> Counter[int]:
            client = Client(server.port)
            statuses: Counter[int] = Counter()
            while not is_over.is_set():
                statuses[client.get("/2020/01/02/p0/").status] += 1
                is_over.wait(PAUSE_S)
            client.close()
            return statuses

        with ThreadPoolExecutor(4) as crowd:
            readers = [crowd.submit(read) for _ in range(2)]
            orders = (cards, [*cards[: count // 2], *reversed(cards[count // 2 :])])
            drawers = [crowd.submit(ask, *pair) for pair in zip((one, other), orders, strict=True)]
            try:
                answers = [drawer.result() for drawer in drawers]
            finally:
                is_over.set()
        assert answers[0] == answers[1]
        assert [set(reader.result()) for reader in readers] == [{200}, {200}]
        drawn = server.drawn()
        assert sorted(title for _, title in drawn) == sorted(f"La entrada {number}" for number in range(count))
        assert {worker for worker, _ in drawn} == set(server.workers()), "both workers take part"
        server.restart()
        client = server.clients()[0]
        assert ask(client, cards) == answers[0]
        assert server.drawn() == drawn, "none is drawn again after a restart"
