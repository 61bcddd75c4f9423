"""What it costs to know that nothing changed."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from bitacora.files.watch import POLL_S
from bitacora.library.library import Library

_CALLS = 50


def seconds_to_know(site: Path, mode: str, rounds: int) -> float:
    """Median seconds of `Library.current`, asked for the page of a post that did not change."""
    library = Library(site, watch=mode)
    served = library.snapshot().posts[0].url
    samples = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(_CALLS):
            library.current(served)
        samples.append((time.perf_counter() - start) / _CALLS)
    return median(samples)


def seconds_of_a_look(site: Path) -> float:
    """Seconds of the request that looks at everything, as one in a second does where changes are polled."""
    library = Library(site, watch="poll")
    library.snapshot()
    samples = []
    for _ in range(3):
        time.sleep(POLL_S)
        start = time.perf_counter()
        library.snapshot()
        samples.append(time.perf_counter() - start)
    return median(samples)
