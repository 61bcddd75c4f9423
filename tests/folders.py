"""Site folders that tests write, a clock that is moved by hand, and libraries on both."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bitacora.library.library import Library
from bitacora.library.snapshot import Snapshot
from bitacora.settings import Site, read_site

NOW = 1_800_000_000.0
SETTINGS = 'title = "Blog"\nurl = "https://blog.example.org"\ntimezone = "America/Santiago"\n'


def post(title: str = "Una entrada", body: str = "Texto.", **head: str) -> str:
    """A post of 2020-01-02 12:00 UTC unless told; values of the head are YAML as written, empty ones left out."""
    head = {"title": f'"{title}"', "date": "2020-01-02 12:00:00+00:00", **head}
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in head.items() if value) + f"---\n\n{body}\n"


@dataclass
class Ticks:
    """The monotonic clock of the process, moved by hand."""

    passed: float = 0.0
    start: float = field(default_factory=time.monotonic)

    def __call__(self) -> float:
        return self.start + self.passed

    def pass_by(self, seconds: float) -> None:
        """A little more than `seconds`, for sums of fractions may be a little less."""
        self.passed += seconds + 1e-6


@dataclass
class Wall:
    """Seconds since the epoch as a library is told."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Folder:
    """A site folder and the library on it."""

    root: Path
    ticks: Ticks
    wall: Wall = field(default_factory=Wall)
    how: dict[str, Any] = field(default_factory=dict)
    library: Library = field(init=False)

    def __post_init__(self) -> None:
        self.library = self.another()

    def another(self, **how: Any) -> Library:
        """One more library on the same folder: another worker, or the same after a restart."""
        alone = {"waits_for_writers": False}
        how = {"clock": self.wall, "read_settings": settings, **alone, **self.how, **how}
        return Library(self.root, **how)

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def now(self, library: Library | None = None, after: float = 0.0) -> Snapshot:
        """The site `after` so many seconds of the monotonic clock."""
        self.ticks.pass_by(after)
        return (library or self.library).snapshot()

    def titles(self, library: Library | None = None, after: float = 0.0) -> list[str]:
        return sorted(post.title for post in self.now(library, after).posts)

    def body(self, path: str, library: Library | None = None) -> str:
        """The source of a published post, without its head."""
        snapshot = self.now(library)
        return snapshot.source(snapshot.by_path[path]).decode().split("---\n", 2)[2].strip()

    def complaints(self, library: Library | None = None, after: float = 0.0) -> list[str]:
        """The files that something is wrong with."""
        return sorted(problem.file for problem in self.now(library, after).problems)


def settings(toml: str) -> Site:
    return read_site(toml, {})


MakeFolder = Callable[..., Folder]


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    clock = Ticks()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def make_folder(tmp_path: Path, ticks: Ticks) -> MakeFolder:
    """Makes the folder of a site with these files, `posts/` and the usual settings."""

    def make(files: Mapping[str, str | bytes] | None = None, root: Path | None = None, **how: Any) -> Folder:
        root = root or tmp_path / "site"
        (root / "posts").mkdir(parents=True)
        folder = Folder(root, ticks, how=how)
        for path, text in {"site.toml": SETTINGS, **(files or {})}.items():
            folder.write(path, text)
        return folder

    return make
