"""Which cases of a test `make test` runs, where it does not run all: see the marker `slow` in pyproject.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest


def slow_but(quick: Collection[object], cases: Iterable[object]) -> list[object]:
    """Return the cases for `parametrize`, each marked slow but the quick ones; a tuple has several arguments."""
    return [case if case in quick else pytest.param(*_arguments(case), marks=pytest.mark.slow) for case in cases]


def _arguments(case: object) -> tuple[object, ...]:
    return case if isinstance(case, tuple) else (case,)
