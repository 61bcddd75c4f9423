"""How much the long tests do: the first number with BITACORA_TEST_SIZE=full, as in `make torture`."""

from __future__ import annotations

import os
from typing import TypeVar

Number = TypeVar("Number", int, float)

IS_FULL = os.environ.get("BITACORA_TEST_SIZE") == "full"


def of(whole: Number, usual: Number) -> Number:
    return whole if IS_FULL else usual


# --- pushes under load (A3)
PUSHED_FILES = of(300, 25)
PUSHES = of(30, 2)
ANSWERS_DURING_PUSHES = of(50_000, 250)
PUSHES_POLLED = of(6, 1)
ANSWERS_DURING_PUSHES_POLLED = of(4_000, 200)
PUBLICATIONS = of(60, 3)
KILLED_EACH = of(1, 3)
"""Steps at which a publication is killed: each of them, or fewer."""

# --- edits (A4), and those without inotify (A5), by each of nine writers
EDITS = of(500, 12)
EDITS_POLLED = of(20, 1)

EDITS_COMPARED = of(1_000, 60)
"""After each of which every stored page is compared with a fresh one."""
EDITS_SEEDS = of(3, 1)

# --- the folder goes away (A9)
TIMES_AWAY = of(20, 2)

# --- failing disks and descriptors (A10)
TIMES_FULL = of(20, 2)
EDITS_WITHOUT_DESCRIPTORS = of(50, 5)
EDITS_WITHOUT_DESCRIPTORS_POLLED = of(10, 1)
CALLS_THAT_FAIL = of(300, 12)
"""Of each kind, for the whole application; the library by itself has all of them fail each time."""

# --- documents (A12)
DOCUMENTS = of(2_000_000, 1_500)
DOCUMENTS_S = of(1_200, 90)
"""No new documents after that: the report says how many there were."""
FUZZ_S = of(45, 2)
"""For each target of the coverage-guided fuzzer."""

# --- stores that die (A13), seconds of load
STORE_IS_AWAY_S = of(21, 2)

# --- soak (A14)
SOAK_REQUESTS = of(1_000_000, 4_000)
SOAK_SETTLED = of(100_000, 1_000)
"""After so many requests memory should not grow any more."""
SOAK_PUSHES = of(2_000, 10)

UNKNOWN_ADDRESSES = of(1_000, 60)
"""For each kind of key that a template may make up."""

# --- requests (A18)
REQUESTS = of(3_000, 150)
HOT_LANE_REQUESTS = of(5_000, 150)
RAW_REQUESTS = of(100_000, 1_000)

# --- calls of forges (A19), workers and clocks
WRONG_CALLS = 2_000
CLOCK_JUMPS = of(500, 25)
WORKER_STOPS = of(10, 1)

CARDS = of(200, 40)
