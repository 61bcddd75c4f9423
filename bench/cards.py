"""What readers notice of share cards that are drawn: two workers, a warm page, and every card asked for."""

from __future__ import annotations

import http.client
import io
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from PIL import Image, ImageChops

from bench.posts import SITE, posts
from bench.served import CHECKOUT, blog_environ, gunicorn
from bitacora.share.card import CardText, Look, crop, draw

WORKERS = 2
READERS = 2
_IMAGE = re.compile(r"\nsingle_image:(\n .*)+")
_PAUSE_S = 0.002
_WARMING = 20
_LARGE, _USUAL = (4000, 3000), (2400, 1600)
_NICENESS = 10


@dataclass(frozen=True)
class Load:
    """Seconds that a warm page took, p50 and p99, and how long and for how many cards it went on."""

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


def drawn_under_load(site: Path, caches: tuple[Path, Path], urls: Sequence[str], rest: float) -> dict[str, Load]:
    """Readers of the first page by themselves for `rest` seconds, beside a crawler, and while cards are asked for.

    `caches` are two empty folders.
    """
    kept, empty = caches
    cards = [f"{url}card-{'0' * 16}.jpg" for url in urls]  # any hash is answered with the card as it is now
    count = len(cards) - 1
    loads: dict[str, Load] = {}
    with _serving(site, kept, urls[0]) as port:
        _read(port, cards[0])  # the first one loads the fonts
        loads["by themselves"] = _load(port, urls[0], 0, lambda: time.sleep(rest))
        asked = _load(port, urls[0], count, lambda: _ask(port, cards[1:]))
    with _serving(site, kept, urls[0]) as port:
        loads["beside a crawler, all cards kept"] = _load(port, urls[0], 0, lambda: _crawl(port, urls[1:]))
    with _serving(site, empty, urls[0]) as port:
        _read(port, cards[0])
        read = _load(port, urls[0], 0, lambda: _crawl(port, urls[1:]))
        loads["beside a crawler, no card kept"] = replace(read, cards=_kept(empty) - 1)
    return {**loads, f"while {count} cards are asked for from two sides": asked}


@contextmanager
def _serving(site: Path, cache: Path, url: str) -> Iterator[int]:
    with gunicorn("app:app", blog_environ(site, cache), workers=WORKERS) as server:
        server.wait_for(url)
        for _ in range(_WARMING):  # every worker, as chance has it
            _read(server.port, url)
        yield server.port


def _kept(cache: Path) -> int:
    return sum(path.is_file() for path in cache.rglob("derived/*/*"))


def _crawl(port: int, urls: Sequence[str]) -> None:
    for url in urls:
        _read(port, url)


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


# --- one card


class Waits(NamedTuple):
    """Seconds that a reader of a warm page waits."""

    p50: float
    p99: float


class Cost(NamedTuple):
    """Seconds of CPU that a card takes, and what readers wait meanwhile."""

    cpu: float
    waits: Waits


def waits(warm: Callable[[], object], times: int) -> Waits:
    """What a reader waits while no card is made."""
    return _waits([_wait(warm) for _ in range(times)])


def costs(warm: Callable[[], object], times: int) -> dict[str, Cost]:
    """Each kind of card, made `times` times by a thread that gives way, while this one calls `warm`."""
    return {name: _cost(warm, make, times) for name, make in _kinds().items()}


def first_of_a_process(times: int) -> float:
    """Seconds of CPU of the first card that a process draws, which loads the fonts."""
    script = "from bench.cards import drawn, seconds_of_cpu; print(seconds_of_cpu(drawn))"
    run = [subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True) for _ in range(times)]
    return median(float(process.stdout) for process in run)


def seconds_of_cpu(make: Callable[[], object]) -> float:
    begun = time.thread_time()
    make()
    return time.thread_time() - begun


def drawn(title: str = "Una entrada sobre el mar, la plaza y lo que pasa entre los dos") -> object:
    said = CardText(title, "El Blog", "Ana Rojas", "2018-07-17", "Proyecto", "es")
    return draw(said, Look("#0a5f63", "paper", None))


def _kinds() -> Mapping[str, Callable[[], object]]:
    drawn()  # with the fonts
    kinds: dict[str, Callable[[], object]] = {
        "drawn": drawn,
        "drawn, a title of 4,000 times W": lambda: drawn("W" * 4_000),
    }
    for name, size, form, options in (
        ("JPEG, 2400 × 1600", _USUAL, "JPEG", {"quality": 88}),
        ("JPEG, 4000 × 3000", _LARGE, "JPEG", {"quality": 88}),
        ("progressive JPEG, 4000 × 3000", _LARGE, "JPEG", {"quality": 88, "progressive": True}),
        ("PNG, 2400 × 1600", _USUAL, "PNG", {}),
        ("PNG, 4000 × 3000", _LARGE, "PNG", {}),
        ("WebP, 4000 × 3000", _LARGE, "WEBP", {"quality": 82, "method": 0}),
        ("AVIF, 4000 × 3000", _LARGE, "AVIF", {"quality": 70, "speed": 10}),
    ):
        kinds[name] = partial(crop, _photograph(size, form, options))
    return kinds


def _photograph(size: tuple[int, int], form: str, options: Mapping[str, object]) -> bytes:
    """Soft colours under grain: harder to pack than most photographs, easier than noise."""
    coarse = (size[0] // 16, size[1] // 16)
    bands = [Image.effect_noise(coarse, 80).resize(size, Image.Resampling.BICUBIC) for _ in range(3)]
    grain = Image.effect_noise(size, 14)
    file = io.BytesIO()
    ImageChops.add(Image.merge("RGB", bands), Image.merge("RGB", [grain] * 3), 2).save(file, form, **options)
    return file.getvalue()


def _cost(warm: Callable[[], object], make: Callable[[], object], times: int) -> Cost:
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,)) as aside:
        made = aside.submit(lambda: [seconds_of_cpu(make) for _ in range(times)])
        waited = []
        while not made.done():
            waited.append(_wait(warm))
    return Cost(median(made.result()), _waits(waited))


def _wait(warm: Callable[[], object]) -> float:
    """From the moment at which a reader comes, before this thread is awake."""
    begun = time.perf_counter()
    time.sleep(_PAUSE_S)
    warm()
    return time.perf_counter() - begun - _PAUSE_S


def _waits(waited: Sequence[float]) -> Waits:
    return Waits(median(waited), quantiles(waited, n=100)[98])
