"""What was withdrawn stays withdrawn, whoever slept meanwhile and however the file is broken afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitacora.content.errors import PostError
from bitacora.content.library import Library
from bitacora.content.post import read_post
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
