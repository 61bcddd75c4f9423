from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import charts
from bench.charts import Bar, Panel
from bench.figures import FIGURES, LAST, Run, append, asked_and_seen, read_history, regressions
from bench.load import Loads, Round
from bench.measure import compared
from bench.peers import PEERS, read_posts
from bench.posts import MAX_BODY_BYTES, MIN_BODY_BYTES, SITE, post, posts, write_site
from bench.report import BEGIN, END, Chart, Table, seconds, write
from bitacora.library.library import Library
from bitacora.posts.post import body_of, read_post
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


def test_a_chart_lies_beside_the_document_and_its_table_shows_it(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    table = Table("Pages", ("", "wall"), [("hello", "1 s")], Chart("pages", "Pages by time.", "<svg/>"), "A note.")
    write([table], "python -m bench", 0.3, document)
    assert "![Pages by time.](bench/pages.svg)" in document.read_text(encoding="utf-8")
    assert "A note." in document.read_text(encoding="utf-8")
    assert (tmp_path / "bench" / "pages.svg").read_text(encoding="utf-8") == "<svg/>"


# --- charts


_BARS = charts.bars(
    "Pages & posts", "Seconds.", [Bar("ours", 0.03, "30 ms", own=True, asked=0.05), Bar("<b>", 9, "9 s")]
)
_LOGARITHMIC = charts.bars(
    "Edits", "Seconds.", [Bar("ours", 0.03, "30 ms"), Bar("b", 90, "90 s")], logarithmic=True
)
_TRENDS = charts.trends(
    "Runs", "Figures.", [Panel("a", [3, 2, 4], "4", 9, "at least 9"), Panel("b", [1], "1 s", 0.5, "at most 0.5 s")]
)


@pytest.mark.parametrize("svg", [_BARS, _LOGARITHMIC, _TRENDS], ids=["bars", "logarithmic", "trends"])
def test_a_chart_has_words_for_who_cannot_see_it_and_colours_for_light_and_dark(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    names = {element.tag.rpartition("}")[2]: element for element in root}
    assert root.get("role") == "img"
    assert (root.get("aria-labelledby") or "").split() == [names["title"].get("id"), names["desc"].get("id")]
    assert names["desc"].text
    assert "(prefers-color-scheme: dark)" in (names["style"].text or "")
    assert len(svg) < 8_000


def test_the_description_of_a_chart_tells_each_value() -> None:
    description = ElementTree.fromstring(_BARS).find("{*}desc")
    assert description is not None
    assert description.text == "Seconds. ours: 30 ms; <b>: 9 s."


@pytest.mark.parametrize("svg", [_BARS, _LOGARITHMIC], ids=["bars", "logarithmic"])
def test_a_longer_bar_is_a_larger_value_inside_the_paper(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    ours, other = (float(bar.get("width") or 0) for bar in root.findall("{*}rect")[1:])
    assert 0 < ours < other < float(root.get("width") or 0)


# --- what is asked, and what was


def _run(**figures: float) -> Run:
    return Run("2026-01-01 12:00", "abc1234", "2 cores", 0.1, 100.0, figures)


def test_what_was_asked_is_named_beside_what_was_seen() -> None:
    rows = {row[0]: row[1:] for row in asked_and_seen({"stock/hello": 1.7, "edit": 31.0}).rows}
    assert len(rows) == len(FIGURES)
    assert rows[FIGURES["stock/hello"].what] == ("at least 1.6 times", "1.7 times", "met")
    assert rows[FIGURES["edit"].what] == ("at most 30 ms", "31 ms", "**missed**")
    assert rows[FIGURES["cold/10000"].what][1:] == ("", "not measured")


def test_a_figure_worse_than_the_last_runs_by_more_than_its_bound_is_told() -> None:
    before = [_run(**{"stock/hello": value, "edit": 20.0}) for value in (1.9, 2.0, 2.1)]
    assert regressions(_run(**{"stock/hello": 1.8, "edit": 25.0}), before) == []
    (faster,) = regressions(_run(**{"stock/hello": 1.6, "edit": 10.0}), before)
    assert faster.startswith(FIGURES["stock/hello"].what)
    assert "before it was 2 times (25% worse" in faster
    (slower,) = regressions(_run(**{"stock/hello": 3.0, "edit": 30.0}), before)
    assert slower.startswith(FIGURES["edit"].what)


def test_times_are_compared_as_if_the_machine_had_always_been_as_fast_as_now() -> None:
    before = [_run(**{"stock/hello": 2.0, "edit": 20.0})]
    now = replace(_run(**{"stock/hello": 1.9, "edit": 39.0}), hello_us=200.0)
    assert regressions(now, before) == []
    (slower,) = regressions(replace(now, hello_us=100.0), before)
    assert slower.startswith(FIGURES["edit"].what)


def test_only_the_last_runs_on_the_same_machine_count() -> None:
    now = _run(**{"stock/hello": 1.0})
    assert regressions(now, [replace(_run(**{"stock/hello": 9.0}), machine="64 cores")]) == []
    long_ago, lately = [_run(**{"stock/hello": 9.0})] * 9, [now] * LAST
    assert regressions(now, [*long_ago, *lately]) == []
    assert regressions(now, [*lately, *long_ago])


def test_a_run_is_read_as_it_was_appended(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    assert read_history(history) == []
    runs = [Run.of_now("2 cores", 0.25, 88.0, {"stock/hello": 1.23456, "mib/10": 5.0}), _run(edit=3.0)]
    for run in runs:
        append(run, history)
    assert read_history(history) == runs
    assert runs[0].figures == {"stock/hello": 1.235}


def test_the_history_that_is_kept_can_be_read() -> None:
    assert {name for run in read_history() for name in run.figures} <= set(FIGURES)


def test_ratios_of_loads_are_taken_inside_a_round() -> None:
    slow, fast = Round(100, 1, 0.1, 0.4), Round(400, 1, 0.1, 0.2)
    loads = Loads({"hello": [slow, fast, slow], "ours": [fast, Round(800, 1, 0.1, 0.1), fast]})
    assert loads.ratio("ours", "hello") == 4
    assert loads.ratio("ours", "hello", "p99") == 0.5
    assert loads.ratio("ours", "nginx") is None


# --- peers


def test_every_peer_gets_the_same_posts_with_heads_it_can_read() -> None:
    made = read_posts(3)
    assert [post.name for post in made] == [Path(path).stem for path, _ in posts(3)]
    for peer in PEERS:
        text = peer.text(made[1], "A new title")
        assert "A new title" in text.splitlines()[1 if text.startswith("---") else 0]
        assert text.endswith(made[1].body)
