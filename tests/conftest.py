"""What tests share: a clean environment, servers that end with their test, and what the long ones count."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import examples  # noqa: F401 - before any test is made
import pytest
import sizes  # noqa: F401 - reads the environment before it is cleaned

for name in [name for name in os.environ if name.startswith("BITACORA_")]:
    del os.environ[name]  # before the blog is imported, which reads them
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of many servers and commands compiles all of the blog
CACHES = TemporaryDirectory(prefix="bitacora-tests-")
os.environ["CACHE_DIRECTORY"] = CACHES.name  # the caches of whoever runs the tests are not ours

from blogs import Blog, make_blog  # noqa: E402
from browser import browser  # noqa: E402, F401 - a fixture
from folders import make_folder, ticks  # noqa: E402, F401 - fixtures
from server import Server  # noqa: E402
from werkzeug.routing import Rule  # noqa: E402

from bitacora.files.tree import Tree  # noqa: E402

_compile = Rule._compile_builder
_compiled: dict[tuple[object, ...], Any] = {}


def compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
    """How Werkzeug writes an address of a rule: every blog has the same rules, and compiles none again."""
    key = rule.rule, repr(rule._trace), repr(rule.defaults), append_unknown
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


Rule._compile_builder = compiled_once  # type: ignore[method-assign]

Serve = Callable[..., Server]
NewBlog = Callable[..., Blog]
Saw = Callable[..., None]
LEFT_OUT = pytest.StashKey[int]()


def pytest_unconfigure() -> None:
    CACHES.cleanup()


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count what a process of pytest-xdist leaves out: it does not tell the one that reports."""
    told = getattr(items[0].config, "workeroutput", None)
    if told is not None:
        told["left out"] = told.get("left out", 0) + len(items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every process leaves out the same, and one that crashed tells nothing."""
    if left_out := getattr(node, "workeroutput", {}).get("left out"):
        node.config.stash[LEFT_OUT] = left_out


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if left_out := terminalreporter.config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"{left_out} tests were left out here: make check runs them all")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers of site folders that share one cache folder."""
    with ExitStack() as stack:
        yield lambda site, **how: stack.enter_context(Server(site, tmp_path / "cache", **how))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of a site that this process reads by itself, in order."""
    read: list[str] = []
    original = Tree.read

    def counted(self: Tree, path: str, *rest: int) -> object:
        read.append(path)
        return original(self, path, *rest)

    monkeypatch.setattr(Tree, "read", counted)
    return read


@pytest.fixture
def new_blog(tmp_path: Path) -> Iterator[NewBlog]:
    """Makes blogs in this process, each in a folder of its own, that end with their test."""
    with ExitStack() as stack:
        numbers = count()
        yield lambda *given, **named: stack.enter_context(
            make_blog(tmp_path / str(next(numbers)), *given, **named)
        )


@pytest.fixture
def saw(record_property: Callable[[str, object], None]) -> Saw:
    """Notes counts for the report of `make torture`; of names that end in _ms or _mib the largest counts there."""

    def note(**counts: float) -> None:
        for name, number in counts.items():
            record_property(name, number)

    return note
