"""What tests share: a clean environment, servers that end with their test, and the size of the long ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

IS_FULL_SIZE = os.environ.get("BITACORA_TEST_SIZE") == "full"

for name in [name for name in os.environ if name.startswith("BITACORA_")]:
    del os.environ[name]  # before the blog is imported, which reads them

from blogs import Blog, make_blog  # noqa: E402
from browser import browser  # noqa: E402, F401 - a fixture
from folders import make_folder, ticks  # noqa: E402, F401 - fixtures
from server import Server  # noqa: E402

Serve = Callable[..., Server]
NewBlog = Callable[..., Blog]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers of site folders that share one cache folder."""
    with ExitStack() as stack:
        yield lambda site, **how: stack.enter_context(Server(site, tmp_path / "cache", **how))


@pytest.fixture
def new_blog(tmp_path: Path) -> Iterator[NewBlog]:
    """Makes blogs in this process, each in a folder of its own, that end with their test."""
    with ExitStack() as stack:
        numbers = count()
        yield lambda *given, **named: stack.enter_context(
            make_blog(tmp_path / str(next(numbers)), *given, **named)
        )


@pytest.fixture
def at_size() -> Callable[[int, int], int]:
    """Of two numbers the one for the size that runs: (whole, usual)."""
    return lambda whole, usual: whole if IS_FULL_SIZE else usual
