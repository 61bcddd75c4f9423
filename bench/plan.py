"""What is measured with: sites of several sizes, empty folders for caches, patience; and what was seen."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.posts import write_site

SMALL, USUAL = 10, 10_000
_PEER_LIMIT_S = 80.0


@dataclass
class Plan:
    """`sites` by their number of posts; `seen` are figures by the names of bench.figures.

    `hello` are the seconds of a call of Flask's hello world before each part: how fast the machine is just then.
    """

    sites: Mapping[int, Path]
    folder: Path
    quick: bool
    worker_class: str
    peer_limit: float = _PEER_LIMIT_S
    seen: dict[str, float] = field(default_factory=dict)
    hello: list[float] = field(default_factory=list)

    @property
    def large(self) -> int:
        return max(self.sites)

    def cache(self) -> Path:
        """An empty folder for the caches of one server."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def rounds(self, whole: int, quick: int) -> int:
        return quick if self.quick else whole

    def saw(self, name: str, value: float | None, *, at: int | None = None) -> None:
        """Keep a figure, if there is one; one that is asked for at a size only if it was taken at that size."""
        if value is not None and at in (None, USUAL):
            self.seen[name] = value


def make(folder: Path, large: int, worker_class: str, *, quick: bool) -> Plan:
    sites = {}
    for count in sorted({SMALL, max(SMALL, large // 100), max(SMALL, large // 10), large}):
        sites[count] = written(folder, count)
    os.environ["BITACORA_SITE"] = str(sites[SMALL])
    return Plan(sites, folder, quick, worker_class)


def written(folder: Path, count: int) -> Path:
    """A site of that many posts."""
    print(f"writing a site of {count:,} posts")
    write_site(folder / str(count), count)
    return folder / str(count)
