"""What readers notice of share cards that are drawn: two workers, a warm page, and every card asked for."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from bench.posts import SITE, posts
from bench.served import blog_environ, gunicorn

WORKERS = 2
READERS = 2
_OG_IMAGE = re.compile(rb'og:image" content="https?://[^/"]+(/[^"]+card-[^"]+)')
_IMAGE = re.compile(r"\nsingle_image:(\n .*)+")
_PAUSE_S = 0.002


@dataclass(frozen=True)
class Load:
    """Seconds that a warm page took, p50 and p99, and how long and how many cards it went on."""

    p50: float
    p99: float
    cards: int
    seconds: float


def write_site(folder: Path, count: int) -> None:
    """Make a site of `count` posts without pictures, whose cards are drawn."""
    (folder / "posts").mkdir(parents=True)
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    for number, (path, text) in enumerate(posts(count)):
        head = _IMAGE.sub("", text.split("\n---\n")[0])
        body = "A paragraph of a post, of which a page has some.\n\n" * 60
        (folder / "posts" / f"{number}-{Path(path).name}").write_text(f"{head}\n---\n{body}", encoding="utf-8")


def drawn_under_load(site: Path, cache: Path, urls: Sequence[str], rest: float) -> tuple[Load, Load]:
    """Readers of the first page for `rest` seconds by themselves, and while the cards of all `urls` are drawn."""
    with gunicorn("app:app", blog_environ(site, cache), workers=WORKERS) as server:
        server.wait_for(urls[0])
        cards = [card for url in urls if (card := _card(_read(server.port, url)))]
        _read(server.port, cards.pop())  # the first one loads the fonts
        quiet = _load(server.port, urls[0], 0, lambda: time.sleep(rest))
        return quiet, _load(server.port, urls[0], len(cards), lambda: _ask(server.port, cards))


def _load(port: int, url: str, cards: int, work: Callable[[], object]) -> Load:
    is_over = threading.Event()
    with ThreadPoolExecutor(READERS) as crowd:
        readers = [crowd.submit(_readers_times, port, url, is_over) for _ in range(READERS)]
        begun = time.perf_counter()
        try:
            work()
        finally:
            seconds = time.perf_counter() - begun
            is_over.set()
        times = [taken for reader in readers for taken in reader.result()]
    return Load(median(times), quantiles(times, n=100)[98], cards, seconds)


def _readers_times(port: int, url: str, is_over: threading.Event) -> list[float]:
    """One reader after the other over a connection each, so that both workers are met."""
    times = []
    while not is_over.is_set():
        begun = time.perf_counter()
        _read(port, url)
        times.append(time.perf_counter() - begun)
        time.sleep(_PAUSE_S)
    return times


def _ask(port: int, cards: Sequence[str]) -> None:
    """Every card from two sides at once, as when a link is shared in two places."""
    with ThreadPoolExecutor(WORKERS) as crowd:
        for _ in crowd.map(lambda order: [_read(port, card) for card in order], (cards, cards[::-1])):
            pass


def _card(page: bytes) -> str:
    """The path of the card that a page names, empty for a page that names a picture elsewhere."""
    found = _OG_IMAGE.search(page)
    return found[1].decode() if found else ""


def _read(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}")
        return response.read()
    finally:
        connection.close()
