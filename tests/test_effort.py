"""What a body may cost: hostile ones end early, and whoever wrote them is told."""

from __future__ import annotations

import pytest
from folders import MakeFolder, post
from hostile_bodies import SPECIAL, shapes
from lanes import slow_but

from bitacora.check.outline import outline
from bitacora.library import rendered as rendering
from bitacora.library.rendered import Bodies
from bitacora.markdown import effort, syntax
from bitacora.markdown import writer as markdown
from bitacora.markdown.effort import MarkupTooLarge, bounded, spend
from bitacora.markdown.writer import render
from bitacora.problems import PostError

_SMALL = 300


class AsWritten:
    def link(self, href: str) -> str:
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0


def _steps(text: str, trusted: bool, source: markdown._Source | None = None) -> int:
    """What a body spends, also where it is refused for something else."""
    with bounded():
        current = effort._current.get()
        assert current is not None
        current.left = current.next_look = 10**9
        current.ends = float("inf")
        try:
            addresses = markdown.Addresses(AsWritten(), ())
            markdown._written(source or markdown._Source(text), addresses, trusted=trusted, labels=markdown.LABELS)
        except MarkupTooLarge:
            pass
        return 10**9 - current.left


def test_the_work_for_a_body_grows_as_the_body_does_whatever_it_is_made_of() -> None:
    long = dict(shapes(4 * _SMALL))
    fast = set()
    for name, text in shapes(_SMALL):
        few = _steps(text, False)
        if few > 50 and _steps(long[name], False) > 8 * few:
            fast.add(name)
    assert fast <= {"a table that ends wrong"}  # mistune reads its rows again for each; the steps end it


@pytest.mark.parametrize(
    "text",
    [
        "- a\n" * 5_000,
        "|a" * 1_000 + "|\n" + "|-" * 1_000 + "|\n" + ("|a" * 1_000 + "|\n") * 9,
        "![[](" * 5_000,
        "![]()" * 5_000,
        "<b>a</b>" * 9_000,
        "# a\n\n" * 9_000,
        SPECIAL["a table that ends wrong"](20_000),
        SPECIAL["a thousand signs in each paragraph"](40_000),
        "[a]\n" * 9_000,
        "- " * 20_000 + "a" * 100_000,
        "a {#a " * 9_000,
        "%% a %%\n" * 9_000,
        "a <!-- b\n\n" * 9_000,
    ],
    ids=[
        "items",
        "columns",
        "brackets",
        "pictures",
        "tags",
        "headings",
        "rows",
        "emphasis",
        "lines",
        "line",
        "braces",
        "percents",
        "comments",
    ],
)
@pytest.mark.parametrize("trusted", [False, True])
def test_a_body_that_would_keep_a_worker_busy_is_refused(
    text: str, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "MOST_STEPS", 6_000)
    monkeypatch.setattr(effort, "MOST_SECONDS", float("inf"))  # by its steps alone, as on any machine
    with pytest.raises(MarkupTooLarge, match="too many"):
        render(text, AsWritten(), trusted=trusted)


def test_what_the_clock_ends_is_refused_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MOST_SECONDS", 0.0)
    with pytest.raises(MarkupTooLarge, match="longer than 0 seconds"):
        render("a *b*\n\n" * 30, AsWritten())  # few steps: one of a long text may take long


@pytest.mark.parametrize("code", ["=" * 3_000, "a = b\n" * 20_000], ids=["a long line", "long"])
def test_code_that_is_very_long_is_shown_without_colours(code: str) -> None:
    """Lexers take the square of a line's length or more, and none can be ended while it looks."""
    assert "<span" in render("```ini\na = b\n```", AsWritten()).body
    body = render(f"```ini\n{code}\n```", AsWritten()).body
    assert "<span" not in body
    assert code in body


def test_the_clock_ends_what_colours_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MOST_SECONDS", 0.0)
    with pytest.raises(MarkupTooLarge, match="longer than 0 seconds"):
        render("```ini\na = b\n```", AsWritten())


@pytest.mark.parametrize("kind", ["a megabyte of prose", "half a megabyte with lists", "lists", "a table", "code"])
def test_a_long_post_is_shown(kind: str) -> None:
    paragraph = "Lorem *ipsum* dolor, [sit](https://example.org/amet) amet. " + "Consectetur elit sed. " * 20
    item = "- un elemento de la lista con **algo** de texto\n"
    text, least = {
        "a megabyte of prose": ((paragraph + "\n\n") * 2_000, 950_000),
        "half a megabyte with lists": ((paragraph + "\n\n" + item * 5 + "\n## Título\n\n") * 650, 480_000),
        "lists": (item * 4_200, 200_000),
        "a table": ("| Rubro | Monto |\n|---|---:|\n" + "| una celda con texto | 1234 |\n" * 7_000, 200_000),
        "code": (("Texto.\n\n```python\n" + "def f(x):\n    return x + 1  # c\n" * 90 + "```\n\n") * 70, 200_000),
    }[kind]
    assert len(text) > least
    assert _steps(text, False) < effort.MOST_STEPS


@pytest.mark.parametrize(
    "text",
    [
        "- a\n" * 50_000,
        "|a" * 5_000 + "|\n" + "|-" * 5_000 + "|\n" + ("|a" * 5_000 + "|\n") * 9,
        "![[]()" * 50_000,
    ],
    ids=["items", "columns", "brackets"],
)
def test_what_takes_more_than_half_a_second_is_refused_by_its_steps(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "MOST_SECONDS", float("inf"))
    with pytest.raises(MarkupTooLarge, match="too many"):
        render(text, AsWritten())


def test_a_busy_machine_refuses_nothing_that_a_usual_one_shows() -> None:
    """A refused post is gone for readers until its text changes: the clock is far behind the steps."""
    assert effort.MOST_SECONDS >= 3 * effort.MOST_STEPS * 10e-6


def test_characters_that_are_escaped_are_counted() -> None:
    """The sanitiser takes the square of their number in one text, also for no-break spaces."""
    for sign in ("&", "\xa0"):
        with pytest.raises(MarkupTooLarge, match="escaped characters"):
            render(f"a{sign}b" * 41_000, AsWritten())
        assert render(f"a{sign}b" * 4_000, AsWritten()).body


SIGNS = ["![", "<", "[a](" + " " * 560 + "))))", "$a", "\\[", "\\begin{a}", "\xa0- a\n"]


@pytest.mark.parametrize("sign", slow_but(SIGNS[:4], SIGNS))
def test_no_sign_before_a_title_or_a_formula_keeps_a_worker_busy(sign: str) -> None:
    steps = []
    for size in (50_000, 200_000):
        source = markdown._Source((sign * size)[:size], math=True, title="x")
        steps.append(_steps(source.text, False, source))
    assert steps[1] < 8 * max(steps[0], 50)


def test_all_is_looked_at_in_one_pass_where_no_sign_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mistune tries each expression at each character as soon as one of them has no first signs."""
    assert syntax._markdown.inline._get_fast_trigger_chars()


def test_nothing_is_counted_outside_of_a_body() -> None:
    for _ in range(10):
        spend(effort.MOST_STEPS)


def test_a_refused_body_is_kept_for_its_version(make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_folder({"posts/a.md": post("Uno", "- a\n" * 5_000)})
    monkeypatch.setattr(effort, "MOST_STEPS", 6_000)
    rendered, times = Bodies(lambda *_: {}), []
    render_once = rendering.render
    monkeypatch.setattr(rendering, "render", lambda *args, **how: times.append(1) or render_once(*args, **how))
    for _ in range(3):
        snapshot = folder.now()
        with pytest.raises(PostError) as refused:
            rendered.html(snapshot, snapshot.by_path["posts/a.md"])
    assert len(times) == 1
    assert str(refused.value).startswith("posts/a.md:5:1: The text has too many list items")
    assert "Split the post" in refused.value.remedy
    folder.write("posts/a.md", post("Uno", "Bien."))
    snapshot = folder.now()
    assert "Bien." in rendered.html(snapshot, snapshot.by_path["posts/a.md"]).body


def test_the_check_says_why_a_body_is_refused() -> None:
    source = post("Uno", "![[](" * 50_000).encode()
    assert "too many" in outline(source, "posts/a.md").problem
