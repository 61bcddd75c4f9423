"""Readers that ask while another one renews the site get the new site, never the old one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bitacora.library.library import Library
from bitacora.library.scan import Changes
from bitacora.library.snapshot import Snapshot


def written(path: Path, title: str) -> None:
    path.write_text(f"---\ntitle: {title}\ndate: 2020-01-01\n---\nText.\n", encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "posts").mkdir()
    file = tmp_path / "posts" / "a.md"
    written(file, "one")
    return file


def test_an_edit_made_while_the_file_is_read_is_not_lost(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(file.parents[1])
    library.snapshot()
    look = library._look
    asked: list[Snapshot | None] = []

    def looking(*args: Any, **kwargs: Any) -> Changes:
        changes = look(*args, **kwargs)
        if not asked:
            written(file, "three")
            asked.append(library.current())  # another reader, who takes the event out of the queue
        return changes

    written(file, "two")
    monkeypatch.setattr(library, "_look", looking)
    library.snapshot()
    assert asked == [None]
    assert library.snapshot().posts[0].title == "three"


def test_nobody_gets_the_old_site_while_the_new_one_is_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(file.parents[1])
    library.snapshot()
    build = library._built
    asked: list[Snapshot | None] = []

    def building() -> Snapshot:
        asked.append(library.current())
        return build()

    written(file, "two")
    monkeypatch.setattr(library, "_built", building)
    assert library.snapshot().posts[0].title == "two"
    assert asked == [None]


def test_what_could_not_be_read_is_tried_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(file.parents[1])
    library.snapshot()
    with monkeypatch.context() as patched:
        patched.setattr(library, "_look", lambda *_args, **_kwargs: (_ for _ in ()).throw(RuntimeError))
        written(file, "two")
        with pytest.raises(RuntimeError):
            library.snapshot()
    assert library.snapshot().posts[0].title == "two"
