"""Contenders timed in turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Timing:
    """Medians of one contender: seconds a call of wall and CPU time, and both as shares of the first one's."""

    wall: float
    cpu: float
    wall_ratio: float
    cpu_ratio: float


def in_turns(contenders: Mapping[str, Callable[[], object]], rounds: int, calls: int) -> dict[str, Timing]:
    """Time `calls` calls of each contender in each of `rounds`; ratios are taken inside a round, to the first."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds + 1):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            sample = timed(contenders[name], calls)
            if turn:  # the first round warms up
                samples[name].append(sample)
    return compared(samples)


def timed(call: Callable[[], object], calls: int) -> tuple[float, float]:
    """Seconds a call of wall and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        call()
    return (time.perf_counter() - wall) / calls, (time.process_time() - cpu) / calls


def compared(samples: Mapping[str, list[tuple[float, float]]]) -> dict[str, Timing]:
    """Medians of (wall, CPU) seconds taken in rounds, and of their ratios to the first contender's."""
    first = next(iter(samples.values()))
    return {
        name: Timing(
            median(wall for wall, _ in own),
            median(cpu for _, cpu in own),
            median(wall / base for (wall, _), (base, _) in zip(own, first, strict=True)),
            median(cpu / base for (_, cpu), (_, base) in zip(own, first, strict=True)),
        )
        for name, own in samples.items()
    }
