"""What a server counts, in memory that all of its workers share, and how Prometheus reads it.

Every worker writes to a slot of its own and never waits; whoever is asked adds up all of them. Memory without a
file can neither fill a disk nor grow nor be left behind.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from mmap import mmap
from typing import NamedTuple

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from bitacora.share.crawlers import CRAWLERS

SLOT_BYTES = 4096
"""Of one worker. `gunicorn.conf.py` knows it too."""


_WHOLE = (200, 304)
_IN_PARTS = (200, 206, 304)
_REFUSED = (400, 403, 404, 405, 410, 413, 500, 503)
_OUTCOMES: Mapping[str, Sequence[int]] = {
    "post": _WHOLE,
    "page": _WHOLE,
    "list": _WHOLE,
    "feed": _WHOLE,
    "share": _WHOLE,
    "source": _WHOLE,
    "asset": _IN_PARTS,
    "picture": _IN_PARTS,
    "card": _IN_PARTS,
    "preview": (200,),
    "hook": (200, 202, 400, 403, 413, 503),
    "health": (200, 503),
    "redirect": (301, 302, 308),
    "error": _REFUSED,
}
KINDS = tuple(_OUTCOMES)
_MAY_BE_STORED = tuple(kind for kind, codes in _OUTCOMES.items() if 304 in codes)
POSTS = ("published", "hidden", "scheduled", "draft", "expired", "displaced", "broken")
DERIVED = ("kept", "made", "failed")


class _Series(NamedTuple):
    """A number, or a histogram of seconds with these bounds; `labels` are the values of the family's labels."""

    name: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def cells(self) -> int:
        """Of a histogram one for each bucket, one for all beyond, one for the nanoseconds of all together."""
        return len(self.bounds) + 2 if self.bounds else 1


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, what it is, and the names of its labels."""

    name: str
    what: str
    labels: tuple[str, ...] = ()


_RENDER_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_RENEWAL_S = (0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0)
_CHECK_S = (2e-6, 4e-6, 6e-6, 8e-6, 1e-5, 1.5e-5, 2e-5, 5e-5, 1e-4, 1e-3, 1e-2)

REQUESTS = Family("bitacora_requests", "Answers, by what was asked for and by status.", ("kind", "outcome"))
STORED = Family("bitacora_page_cache_answers", "Answers from the page cache, which are among the requests.")
LANE = Family("bitacora_hot_lane_answers", "Answers from the event loop of a worker, which are among them.")
RENDER = Family("bitacora_page_render_seconds", "Answers that were made: no page was stored that is current.")
CHECK = Family(
    "bitacora_freshness_check_seconds",
    "A look whether anything changed on disk, after each 64th page from memory.",
)
RENEWAL = Family("bitacora_renewal_seconds", "Readings of what had changed, or might have.")
CRAWLER = Family("bitacora_crawler_fetches", "Requests of those who read a page to show its link.", ("network",))
CACHE = Family("bitacora_derived", "Share cards and the like: found, made anew, store failed.", ("outcome",))
ACCEPTED = Family("bitacora_connections", "Connections that were accepted.")
COUNTERS = (REQUESTS, STORED, LANE, CRAWLER, CACHE, ACCEPTED)
HISTOGRAMS = (RENDER, CHECK, RENEWAL)

OPEN = Family("bitacora_connections_open", "Connections of a worker that are open.", ("worker",))
GENERATION = Family("bitacora_generation", "Which version of the site a worker served last.", ("worker",))
STATES = Family("bitacora_posts", "Posts, by where they stand.", ("state",))
PAGES = Family("bitacora_pages", "Pages that are shown.")
PROBLEMS = Family("bitacora_problems", "What editors have to mend, as /readyz tells it.")
LOCK = Family("bitacora_git_lock_age_seconds", "For how long git has held the lock of the work tree; 0 when not.")
READY = Family("bitacora_ready", "1 with something to serve, else 0.")
GAUGES = (OPEN, GENERATION, STATES, PAGES, PROBLEMS, LOCK, READY)

_COUNTED = (
    *(_Series(REQUESTS.name, (kind, str(code))) for kind, codes in _OUTCOMES.items() for code in codes),
    _Series(REQUESTS.name, ("error", "other")),
    *(_Series(STORED.name, (kind, str(code))) for kind in _MAY_BE_STORED for code in _WHOLE),
    _Series(LANE.name),
    *(_Series(CRAWLER.name, (network,)) for network in CRAWLERS),
    *(_Series(CACHE.name, (outcome,)) for outcome in DERIVED),
    _Series(ACCEPTED.name),
    _Series(RENDER.name, bounds=_RENDER_S),
    _Series(CHECK.name, bounds=_CHECK_S),
    _Series(RENEWAL.name, bounds=_RENEWAL_S),
)
# The first cells of a slot: which layout it has, then what is true of the living worker alone.
_LAYOUT, _PROCESS, _OPEN, _GENERATION, _FIRST = range(5)
_STARTS = tuple(accumulate((series.cells for series in _COUNTED), initial=_FIRST))
_CELLS = _STARTS[-1]
_AT: Mapping[tuple[str, tuple[str, ...]], int] = {
    (series.name, series.labels): start for series, start in zip(_COUNTED, _STARTS, strict=False)
}
_FINGERPRINT = int.from_bytes(hashlib.blake2b(repr(_COUNTED).encode(), digest_size=8).digest())
assert _CELLS * 8 <= SLOT_BYTES

_NETWORK_CELLS = {network: _AT[CRAWLER.name, (network,)] for network in CRAWLERS}
_REQUEST_CELLS = {
    (series.labels[0], int(series.labels[1])): start
    for series, start in zip(_COUNTED, _STARTS, strict=False)
    if series.name == REQUESTS.name and series.labels[1].isdecimal()
}
_OTHER = _AT[REQUESTS.name, ("error", "other")]
_LANE, _ACCEPTED = _AT[LANE.name, ()], _AT[ACCEPTED.name, ()]


def stored_cells(kind: str) -> tuple[int, int]:
    """Where answers from the page cache are counted, with 200 and with 304: of pages of this kind."""
    known = kind if kind in _MAY_BE_STORED else "page"
    return _AT[STORED.name, (known, "200")], _AT[STORED.name, (known, "304")]


class Metrics:
    """The counts of this worker: in memory of its own until it is given a place in that of all.

    `cells[cell] += 1` is all that counting takes. Python changes threads only at calls and jumps back, so that no
    count is lost between threads.
    """

    def __init__(self) -> None:
        self._memory: mmap = mmap(-1, SLOT_BYTES)
        self.cells = self._adopted(0)

    def share(self, memory: mmap, number: int) -> None:
        """Count in a slot of the memory of all workers from now on; what was counted there before stays.

        Nothing happens for a number beyond the memory's end: such a worker is left out of what others tell.
        """
        if (number + 1) * SLOT_BYTES > len(memory):
            return
        own, self._memory = self.cells, memory
        cells = self._adopted(number)
        for cell in range(_FIRST, _CELLS):
            cells[cell] += own[cell]
        cells[_GENERATION] = own[_GENERATION]
        self.cells = cells

    # --- counting

    def answered(self, kind: str, code: int) -> None:
        """An answer that no stored page gave."""
        cell = _REQUEST_CELLS.get((kind, code))
        if cell is None:
            cell = _REQUEST_CELLS.get(("redirect" if 300 <= code < 400 else "error", code), _OTHER)
        self.cells[cell] += 1

    def fetched(self, network: str) -> None:
        """A request of one of CRAWLERS."""
        self.cells[_NETWORK_CELLS[network]] += 1

    def answered_in_lane(self) -> None:
        """An answer that the page cache gave, and that was sent without a thread."""
        self.cells[_LANE] += 1

    def accepted(self) -> None:
        """A new connection. Whoever accepts calls `connections_are` too."""
        self.cells[_ACCEPTED] += 1

    def connections_are(self, count: int) -> None:
        """So many are open in this worker."""
        self.cells[_OPEN] = count

    def serves(self, generation: int) -> None:
        self.cells[_GENERATION] = generation

    def derived(self, outcome: str) -> None:
        """One of DERIVED."""
        self.cells[_AT[CACHE.name, (outcome,)]] += 1

    def rendered(self, seconds: float) -> None:
        self._observe(_AT[RENDER.name, ()], _RENDER_S, seconds)

    def checked(self, seconds: float) -> None:
        self._observe(_AT[CHECK.name, ()], _CHECK_S, seconds)

    def renewed(self, seconds: float) -> None:
        self._observe(_AT[RENEWAL.name, ()], _RENEWAL_S, seconds)

    def _observe(self, start: int, bounds: Sequence[float], seconds: float) -> None:
        self.cells[start + bisect_left(bounds, seconds)] += 1
        self.cells[start + len(bounds) + 1] += int(seconds * 1e9)

    # --- telling

    def exposition(self, accept: str, state: Mapping[Family, Mapping[str, float]]) -> tuple[bytes, str]:
        """The text of all metrics and its media type, by what an Accept header wishes.

        `state` are the gauges that this worker alone knows, by the value of their label, "" for none.
        """
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Told(lambda: self._families(state)))
        encode, media_type = choose_encoder(accept)
        return encode(registry), media_type

    def _families(self, state: Mapping[Family, Mapping[str, float]]) -> Iterator[Metric]:
        slots = dict(self._slots())
        sums = [sum(column) for column in zip(*slots.values(), strict=True)]
        living = {str(number): slot for number, slot in slots.items() if _is_alive(slot[_PROCESS])}
        yield from _counted(sums)
        yield _gauge(OPEN, {worker: slot[_OPEN] for worker, slot in living.items()})
        yield _gauge(GENERATION, {worker: slot[_GENERATION] for worker, slot in living.items()})
        for family, values in state.items():
            yield _gauge(family, values)

    def _slots(self) -> Iterator[tuple[int, list[int]]]:
        """The cells of every worker that is and was, as far as they mean what they mean here."""
        for number in range(len(self._memory) // SLOT_BYTES):
            cells = self._slot(number)
            if cells[_LAYOUT] == _FINGERPRINT:
                yield number, cells.tolist()

    def _slot(self, number: int) -> memoryview[int]:
        return memoryview(self._memory).cast("Q")[number * SLOT_BYTES // 8 :][:_CELLS]

    def _adopted(self, number: int) -> memoryview[int]:
        """A slot whose worker has ended. What another release of the blog counted there means something else."""
        cells = self._slot(number)
        is_foreign = cells[_LAYOUT] != _FINGERPRINT
        for cell in range(_CELLS) if is_foreign else range(_PROCESS, _FIRST):
            cells[cell] = 0
        cells[_PROCESS], cells[_LAYOUT] = os.getpid(), _FINGERPRINT
        return cells


class _Told(Collector):
    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families()


def _counted(sums: Sequence[int]) -> Iterator[Metric]:
    stored = {labels: sums[start] for (name, labels), start in _AT.items() if name == STORED.name}
    made = {labels: sums[start] for (name, labels), start in _AT.items() if name == REQUESTS.name}
    yield _counter(REQUESTS, {labels: count + stored.get(labels, 0) for labels, count in made.items()})
    yield _counter(STORED, {(): sum(stored.values())})
    for family in (LANE, CRAWLER, CACHE, ACCEPTED):
        found = {labels: sums[start] for (name, labels), start in _AT.items() if name == family.name}
        yield _counter(family, found)
    for family, bounds in ((RENDER, _RENDER_S), (CHECK, _CHECK_S), (RENEWAL, _RENEWAL_S)):
        yield _histogram(family, bounds, sums[_AT[family.name, ()] :])


def _counter(family: Family, values: Mapping[tuple[str, ...], int]) -> CounterMetricFamily:
    counter = CounterMetricFamily(family.name, family.what, labels=family.labels)
    for labels, value in values.items():
        counter.add_metric(labels, value)
    return counter


def _gauge(family: Family, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(family.name, family.what, labels=family.labels)
    for label, value in values.items():
        gauge.add_metric((label,) if family.labels else (), value)
    return gauge


def _histogram(family: Family, bounds: Sequence[float], cells: Sequence[int]) -> HistogramMetricFamily:
    counts = list(accumulate(cells[: len(bounds) + 1]))
    buckets = list(zip((*map(str, bounds), "+Inf"), counts, strict=True))
    histogram = HistogramMetricFamily(family.name, family.what)
    histogram.add_metric((), buckets, cells[len(bounds) + 1] / 1e9)
    return histogram


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # not ours to ask
        return True
    return True
