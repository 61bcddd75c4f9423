from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from bench.measure import compared
from bench.posts import MAX_BODY_BYTES, MIN_BODY_BYTES, SITE, post, posts, write_site
from bench.report import BEGIN, END, Table, seconds, write
from bitacora.content.library import Library
from bitacora.content.post import body_of, read_post
from bitacora.settings import read_site

_SITE = read_site(SITE, {})


def test_the_same_seed_makes_the_same_posts_whatever_their_number() -> None:
    assert list(posts(12)) == list(islice(posts(40), 12))
    assert post(7, seed=1) != post(7, seed=2)


def test_every_post_that_is_made_can_be_read() -> None:
    made = [read_post(text.encode(), path, _SITE) for path, text in posts(150)]
    assert len({post.url for post in made}) == 150
    assert {post.lang for post in made} == {"es", "pt", "en"}
    assert [post.date for post in made] == sorted((post.date for post in made if post.date), reverse=True)
    assert not any(post.draft or post.hidden for post in made)


def test_posts_have_the_size_and_the_heads_of_real_ones() -> None:
    sizes = sorted(len(body_of(text.encode()).encode()) for _, text in posts(150))
    assert sizes[0] >= MIN_BODY_BYTES
    assert sizes[-1] <= MAX_BODY_BYTES
    assert 3_000 < sizes[75] < 5_000
    heads = [text.split("\n---\n")[0].splitlines()[1:] for _, text in posts(150)]
    keys = [sum(not line.startswith(" ") for line in head) for head in heads]
    assert min(keys) >= 8
    assert max(keys) <= 14


def test_a_site_that_is_made_is_served_whole(tmp_path: Path) -> None:
    write_site(tmp_path, 30)
    snapshot = Library(tmp_path, watch="poll").snapshot()
    assert len(snapshot.posts) == 30
    assert snapshot.problems == ()


def test_ratios_are_taken_inside_a_round() -> None:
    hello = [(1.0, 1.0), (10.0, 5.0), (2.0, 1.0)]
    timings = compared({"hello": hello, "ours": [(0.5, 0.1), (2.0, 2.5), (4.0, 0.2)]})
    assert timings["ours"].wall_ratio == pytest.approx(0.5)
    assert timings["ours"].cpu_ratio == pytest.approx(0.2)
    assert timings["hello"].wall_ratio == 1


def test_durations_are_written_in_the_unit_that_suits_them() -> None:
    assert [seconds(value) for value in (2.0, 0.0123, 0.0000042)] == ["2 s", "12.3 ms", "4.2 µs"]


def test_figures_go_between_their_markers_and_leave_the_prose_alone(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"Before.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n", encoding="utf-8")
    write([Table("Pages", ("", "wall"), [("hello", "1 s")])], "python -m bench", 0.3, document)
    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"Before.\n\n{BEGIN}\n")
    assert text.endswith(f"{END}\n\nAfter.\n")
    assert "| hello | 1 s |" in text
    assert "`python -m bench`" in text
    assert "a load of 0.3" in text
    assert "old" not in text
    write([], "python -m bench", 0.3, document)
    assert "hello" not in document.read_text(encoding="utf-8")


def test_a_document_without_a_place_for_figures_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("Prose.\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for figures"):
        write([], "python -m bench", 0.3, document)
    assert document.read_text(encoding="utf-8") == "Prose.\n"
