"""Ids: those of an author's elements, of the engine's and of the theme's live in one page."""

from __future__ import annotations

from collections import Counter

import pytest
from blogs import post
from conftest import NewBlog

OF_THE_THEME = ("main", "toc", "share", "footnotes", "content", "title", "comments", "top", "menu", "search")
OF_FOOTNOTES = ("fn:1", "fnref:1", "fnref:1:2", "fn:2")
WRITTEN = (
    '<p id="{}">x</p>', "<p id='{}'>x</p>", "<p id={}>x</p>", "<p/id={}>x</p>", '<p title="a"id="{}">x</p>',
    "<p ID = {} >x</p>", '<p\nid\n=\n"{}">x</p>', '<span id="{}">x</span>', "## x {{#{}}}", "x\n{{: #{}}}",
    "- x\n{{: #{}}}", "> x\n{{: #{}}}", "![x](a.png){{: #{}}}", "`x`{{: #{}}}", "```\nx\n```\n{{: #{}}}", "## {}",
)  # fmt: skip
NOTES = "x[^a] y[^a] z[^b]\n\n[^a]: eins\n[^b]: zwei\n\n"


def encoded(identifier: str) -> str:
    return f"&#{ord(identifier[0])};{identifier[1:]}"


@pytest.mark.advisory(15, "CVE-2026-59930", "GHSA-2hm2-hc3v-44h9")
def test_no_id_of_an_author_is_one_of_the_page_or_of_its_footnotes(new_blog: NewBlog) -> None:
    """CVE-2026-59930, GHSA-2hm2-hc3v-44h9 (mistune): predictable ids such as `toc_1` met those of authors."""
    taken = [*OF_THE_THEME, *OF_FOOTNOTES]
    files: dict[str, str | bytes] = {"posts/2018-07-01-a.md": post("A", f"{NOTES}## eins\n\n## zwei", toc="true")}
    for number, identifier in enumerate(taken):
        shapes = [*WRITTEN, *(shape for shape in WRITTEN if shape.startswith("<"))]
        names = [identifier] * len(WRITTEN) + [encoded(identifier)] * (len(shapes) - len(WRITTEN))
        body = "\n\n".join(shape.format(name) for shape, name in zip(shapes, names, strict=True))
        files[f"posts/2018-07-17-{number}.md"] = post("X", f"{NOTES}{body}", toc="true")
    blog = new_blog(files)
    own = Counter(ids(blog.get("/2018/07/01/a/").html))
    assert {"main", "toc", "fn:1", "fnref:1", "fnref:1:2"} <= own.keys()
    for number, identifier in enumerate(taken):
        there = Counter(ids(blog.get(f"/2018/07/17/{number}/").html))
        assert there[identifier] == own[identifier], identifier


def ids(page: object) -> list[str]:
    return [element.get("id") for element in page.iter() if element.get("id")]  # type: ignore[attr-defined]
