"""What was withdrawn stays withdrawn, whoever slept meanwhile and however the file is broken afterwards."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bitacora.library.library import Library
from bitacora.posts.post import read_post
from bitacora.problems import PostError
from bitacora.settings import Site

BROKEN = "---\ntitle: [x\n---\n"


def text(title: str, more: str = "") -> str:
    return f"---\ntitle: {title}\ndate: 2020-01-01\n{more}---\nText.\n"


def titles(library: Library) -> list[str]:
    return [post.title for post in library.snapshot().posts]


def test_a_worker_that_slept_through_the_withdrawal_does_not_bring_a_post_back(tmp_path: Path) -> None:
    file = tmp_path / "site" / "posts" / "a.md"
    file.parent.mkdir(parents=True)

    def worker() -> Library:
        return Library(tmp_path / "site", state=tmp_path / "state")

    one, other = worker(), worker()
    file.write_text(text("x", "draft: true\n"), encoding="utf-8")
    assert titles(one) == titles(other) == []
    file.write_text(text("x"), encoding="utf-8")
    assert titles(one) == ["x"]
    file.write_text(text("x", "draft: true\n"), encoding="utf-8")
    assert titles(other) == []
    file.write_text(BROKEN, encoding="utf-8")
    late = worker()
    assert titles(one) == titles(other) == titles(late) == []
    file.write_text(text("y"), encoding="utf-8")
    assert titles(one) == titles(other) == titles(late) == ["y"]
    file.write_text(BROKEN, encoding="utf-8")
    assert titles(one) == titles(other) == ["y"]


@pytest.mark.parametrize("before", [" ---\n", "", "<!-- a note -->\n---\n"])
def test_a_head_whose_first_line_is_lost_still_says_that_it_is_a_draft(before: str) -> None:
    source = f"{before}title: x\ndraft: true\n---\nText.\n"
    with pytest.raises(PostError) as caught:
        read_post(source.encode(), "posts/2020-01-01-a.md", Site())
    assert caught.value.withdrawn


@pytest.mark.parametrize("source", ["draft: true to its author\n\n---\n", "Text.\n\n---\n\ndraft: true\n"])
def test_a_text_that_speaks_of_drafts_is_none(source: str) -> None:
    with pytest.raises(PostError) as caught:
        read_post(source.encode(), "posts/2020-01-01-a.md", Site())
    assert not caught.value.withdrawn


NOW = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("change", ["expires: 2021-01-01\n", "date: 2099-01-01\n"], ids=["expired", "postponed"])
def test_what_one_worker_saw_withdrawn_another_does_not_keep_as_its_last_good_version(
    tmp_path: Path, change: str
) -> None:
    file = tmp_path / "site" / "posts" / "a.md"
    file.parent.mkdir(parents=True)
    file.write_text(text("x"), encoding="utf-8")

    def worker() -> Library:
        return Library(tmp_path / "site", state=tmp_path / "state", clock=lambda: NOW)

    one, other = worker(), worker()
    assert titles(one) == titles(other) == ["x"]
    changed = (
        text("x", change) if change.startswith("expires") else text("x").replace("date: 2020-01-01\n", change)
    )
    file.write_text(changed, encoding="utf-8")
    assert titles(one) == []
    file.write_text(BROKEN, encoding="utf-8")
    assert titles(other) == []
    assert titles(worker()) == []


def test_a_post_whose_time_came_has_a_last_good_version(tmp_path: Path) -> None:
    file = tmp_path / "site" / "posts" / "a.md"
    file.parent.mkdir(parents=True)
    now = [time.time()]
    library = Library(tmp_path / "site", state=tmp_path / "state", clock=lambda: now[0])
    assert titles(library) == []
    due = datetime.fromtimestamp(now[0] - 60, UTC)
    now[0] -= 3600  # the clock of the blog is behind: what is due a minute ago is still to come
    file.write_text(text("x").replace("2020-01-01", f"{due:%Y-%m-%d %H:%M:%S}Z"), encoding="utf-8")
    assert titles(library) == []
    now[0] += 3600
    assert titles(library) == ["x"]
    file.write_text(BROKEN, encoding="utf-8")
    assert titles(library) == ["x"]


def test_what_never_was_public_does_not_appear_while_its_file_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "site" / "posts" / "a.md"
    file.parent.mkdir(parents=True)
    now = [time.time()]
    due = datetime.fromtimestamp(now[0] + 60, UTC)
    scheduled = text("x").replace("2020-01-01", f"{due:%Y-%m-%d %H:%M:%S}Z")
    file.write_text(scheduled, encoding="utf-8")

    def worker() -> Library:
        return Library(tmp_path / "site", state=tmp_path / "state", clock=lambda: now[0])

    library = worker()
    assert titles(library) == []
    file.write_text(BROKEN, encoding="utf-8")
    assert titles(library) == []
    now[0] += 120
    assert titles(library) == titles(worker()) == []
    file.write_text(scheduled, encoding="utf-8")
    assert titles(library) == ["x"]
