"""Categories, tags and authors: each name has an address of its own that can be seen and typed."""

from __future__ import annotations

import json
from itertools import permutations
from urllib.parse import quote

import pytest
from blogs import Answer, Blog, post
from conftest import NewBlog
from test_findings import findings, run

from bitacora.posts.permalink import name_key, slugify, slugs_apart, term_slug


def tagged(*lists: str) -> dict[str, str]:
    """Posts on successive days, each with a list of tags."""
    return {f"posts/2026-01-{day:02}-p{day}.md": post(f"P{day}", tags=tags) for day, tags in enumerate(lists, 1)}


def named(answer: Answer) -> dict[str, str]:
    """The tags of a post, and where they lead."""
    links = (e for e in answer.html.iter("a") if e.get("rel") == "tag")
    return {"".join(e.itertext()): e.get("href") for e in links}


def listed(blog: Blog, url: str) -> tuple[list[str], list[str]]:
    """The name of a page of a subject, and the titles of its posts."""
    answer = blog.get(url)
    titles = (e for e in answer.html.iter() if "entry-title" in (e.get("class") or ""))
    return answer.words("h1"), sorted("".join(e.itertext()) for e in titles)


def test_languages_of_programs_are_four_tags_with_four_pages(new_blog: NewBlog) -> None:
    blog = new_blog(tagged('["C++", "C#", "C", ".NET"]', '["C"]', '["c++"]'))
    tags = named(blog.get("/2026/01/01/p1/"))
    assert tags == {"C++": "/tag/c++/", "C#": "/tag/c%23/", "C": "/tag/c/", ".NET": "/tag/net/"}
    assert [listed(blog, url) for url in tags.values()] == [
        (["C++"], ["P1", "P3"]), (["C#"], ["P1"]), (["C"], ["P1", "P2"]), ([".NET"], ["P1"]),
    ]  # fmt: skip
    terms = [e.get("term") for e in blog.get("/feed.xml").xml.iter() if e.tag.endswith("}category")]
    assert terms.count("C#") == 1
    assert [e.get("content") for e in blog.get("/2026/01/01/p1/").html.iter("meta")
            if e.get("property") == "article:tag"] == ["C++", "C#", "C", ".NET"]  # fmt: skip
    assert [blog.get(f"{url}feed.xml").status for url in tags.values()] == [200] * 4
    said = [one for one in findings(run(blog, "--no-share", "--json")) if one["rule"] == "subject-apart"]
    assert [(one["file"], one["line"], one["severity"]) for one in said] == [
        ("posts/2026-01-01-p1.md", 3, "note")
    ] * 2
    assert {one["reason"] for one in said} == {
        'The tag "C++" would have the address of "C", so it has /tag/c++/.',
        'The tag "C#" would have the address of "C", so it has /tag/c#/.',
    }


def test_a_name_that_shares_no_address_keeps_the_one_that_it_had(new_blog: NewBlog) -> None:
    names = {"C++": "c", ".NET": "net", "Rock & Pop": "rock-pop", "¿Qué?": "qué", "🎉": "1f389", "Año 1": "año-1"}
    quoted = ", ".join(f'"{name}"' for name in names)
    blog = new_blog(tagged(f"[{quoted}]"))
    assert named(blog.get("/2026/01/01/p1/")) == {name: f"/tag/{quote(slug)}/" for name, slug in names.items()}
    for name, slug in names.items():  # and what it would be called beside others leads there
        other = next(slugs_apart(name, slug))
        assert other == slug or blog.get(f"/tag/{quote(other)}/").headers["Location"] == f"/tag/{quote(slug)}/"
    assert blog.get("/tag/c++/feed.xml").headers["Location"] == "/tag/c/feed.xml"
    assert blog.get("/tag/an%CC%83o-1/").headers["Location"] == f"/tag/{quote('año-1')}/"
    assert blog.get("/tag/D++/").status == blog.get("/tag/C/").status == blog.get("/tag/c++/x").status == 404
    assert run(blog, "--no-share").exit_code == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Agua Potable", "agua-potable"),
        ("agua_potable", "Agua potable"),
        ("Añil", "An\u0303il"),
        ("ÑANDÚ", "ñandú"),
    ],
)
def test_spellings_of_one_name_stay_one_subject(new_blog: NewBlog, one: str, other: str) -> None:
    blog = new_blog(tagged(f'["{one}", "{other}"]', f'["{other}"]'))
    [(_, url)] = named(blog.get("/2026/01/01/p1/")).items()
    assert listed(blog, url)[1] == ["P1", "P2"]
    assert run(blog, "--no-share").stdout == ""


SHARERS = [
    ["C++", "C#"], ["a/b", "a b", "a.b", "a%b", "a\\b"], ["Qué", "¿Qué?", "¡Qué!"], ["🎉", "1f389"],
    ["Tema Ⅰ", "Tema Ⅱ", "Tema ①"], ["...", "2e 2e 2e"], ["Net", ".NET", "NET."],
    [next(slugs_apart("C/", "c")), "C", "C!", "C/"],
]  # fmt: skip


def test_names_that_would_share_an_address_are_kept_apart(new_blog: NewBlog) -> None:
    names = [name for sharers in SHARERS for name in sharers]
    blog = new_blog(tagged(*(json.dumps([name], ensure_ascii=False) for name in names)))
    links = [named(blog.get(f"/2026/01/{day:02}/p{day}/")) for day in range(1, 1 + len(names))]
    pages = [link[name] for name, link in zip(names, links, strict=True)]
    assert len(set(pages)) == len(names)
    assert set(pages) <= set(blog.get("/tags/").links)
    for day, (name, url) in enumerate(zip(names, pages, strict=True), 1):
        assert listed(blog, url) == ([name], [f"P{day}"])
        assert blog.get(f"{url}feed.xml").status == 200
    said = [one["rule"] for one in findings(run(blog, "--no-share", "--json"))]
    moved = [name for name, url in zip(names, pages, strict=True) if url != f"/tag/{quote(term_slug(name))}/"]
    assert said == ["subject-apart"] * len(moved)


def test_who_came_first_keeps_an_address_in_whatever_order_files_arrive(new_blog: NewBlog) -> None:
    files = tagged('["¡Qué!"]', '["¿Qué?"]', '["«Qué»"]')
    for order in list(permutations(files))[::2]:
        blog = new_blog({"posts/2025-01-01-x.md": post("X")})
        for path in order:
            blog.write(path, files[path])
            blog.get("/tags/")
        assert listed(blog, f"/tag/{quote('qué')}/") == (["¡Qué!"], ["P1"])


def test_an_edit_that_brings_a_name_moves_the_links_to_the_other(new_blog: NewBlog) -> None:
    blog = new_blog(tagged('["C++"]', '["x"]'))
    assert named(blog.get("/2026/01/01/p1/")) == {"C++": "/tag/c/"}
    blog.write("posts/2026-01-02-p2.md", post("P2", tags="[C]"))
    assert named(blog.get("/2026/01/01/p1/")) == {"C++": "/tag/c++/"}
    assert listed(blog, "/tag/c/") == (["C"], ["P2"])
    blog.write("posts/2026-01-02-p2.md", post("P2", tags="[x]"))
    assert named(blog.get("/2026/01/01/p1/")) == {"C++": "/tag/c/"}
    assert blog.get("/tag/c++/").headers["Location"] == "/tag/c/"


def test_an_author_of_the_settings_keeps_the_address_of_the_key(new_blog: NewBlog) -> None:
    settings = '\n[authors.ana]\nname = "Ana María Rojas"\n'
    files = {
        "posts/2026-01-01-a.md": post("A", authors='["ana"]'),
        "posts/2026-01-02-b.md": post("B", authors='["¡Ana!"]'),
    }
    blog = new_blog(files, settings=settings)
    assert listed(blog, "/author/ana/") == (["Ana María Rojas"], ["A"])
    assert listed(blog, f"/author/{quote('¡ana!')}/") == (["¡Ana!"], ["B"])
    author = next(e for e in blog.get("/2026/01/02/b/").html.iter("meta") if e.get("property") == "article:author")
    assert author.get("content").endswith(f"/author/{quote('¡ana!', safe='!')}/")


STRANGE = [
    "🎉", "👩\u200d💻", "\u0301", "\u0301\u0308", "\u200f", "\u200e\u200f", "\u3164", "\u115f\u1160", "\u2800",
    "\ufe0f", "…", "¿?", "--", "___", ".", "..", "/", "\\", "%", "#", "  ", "\ue000", "\U000e0041", "日本", "한국",
    "ｱ", "א", "٣", "Ⅷ", "é" * 127, "e\u0301" * 85, "🎉" * 63, "中" * 85, "a" * 255,
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_no_slug_is_empty_or_invisible(name: str) -> None:
    for slug in (term_slug(name), *slugs_apart(name, term_slug(name))):
        assert any(char.isalnum() or char.isprintable() for char in slug)
        assert any(char.isalnum() and char not in "\u3164\u115f\u1160" for char in slug) or slug == name_key(name)
        assert slug.strip("./\\%\u0301\u0308\u200e\u200f\u3164\u115f\u1160\u2800\ufe0f")
    assert slugify(slugify(name)) == slugify(name)


@pytest.mark.parametrize("name", ["\u0301", "\u3164", "🎉", "…"])
def test_a_post_whose_name_cannot_be_seen_has_an_address_all_the_same(new_blog: NewBlog, name: str) -> None:
    blog = new_blog({f"posts/2026-01-01-{name}.md": post("Título")})
    assert blog.get("/2026/01/01/título/").status == 200
