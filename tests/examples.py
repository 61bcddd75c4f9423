"""How Hypothesis looks for examples: alike for everybody, with CI in the environment or without."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import DirectoryBasedExampleDatabase

FOLDER = Path(__file__).parent.parent / ".hypothesis"
"""Where examples that failed are kept for the next run: git ignores it, and `make clean` removes it."""

set_hypothesis_home_dir(FOLDER)  # wherever pytest is started
settings.register_profile(
    "bitacora",
    settings.get_profile("default"),  # that of CI is chosen by itself there, and goes easy on what ours does not
    max_examples=100,
    derandomize=False,  # each run looks elsewhere; what it finds is printed with how to have it again
    print_blob=True,
    database=DirectoryBasedExampleDatabase(FOLDER / "examples"),
    deadline=None,  # others load the machine
    # It takes the time of the machine: on a fresh clone the tables of Unicode are made within the first examples.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("bitacora")
