"""A permalink pattern that cannot be is told where it is set, not in every post."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitacora.library.library import Library
from bitacora.settings import SettingError

POST = "---\ntitle: A\ndate: 2020-01-01\n---\nText.\n"


def test_an_unknown_placeholder_stops_the_start_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('title = "A"\npermalink = "/:yaer/:slug/"\n', encoding="utf-8")
    with pytest.raises(SettingError, match=":year") as caught:
        Library(tmp_path).snapshot()
    assert caught.value.line == 2


def test_a_running_site_keeps_its_addresses(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text(POST, encoding="utf-8")
    library = Library(tmp_path)
    library.snapshot()
    (tmp_path / "site.toml").write_text('permalink = "/:yaer/:slug/"\n', encoding="utf-8")
    here = library.snapshot()
    assert [post.url for post in here.posts] == ["/2020/01/01/a/"]
    assert [problem.file for problem in here.problems] == ["site.toml"]
