"""The pages that readers see: what is where, and what is nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from blogs import NOON, URL, Answer, Blog, Clock, hashed, post
from conftest import NewBlog
from programs import wait_until


def days(count: int, **head: str) -> dict[str, str]:
    """Posts called P1, P2, … on successive days of 2020."""
    start = datetime(2020, 1, 1, 12, tzinfo=UTC)
    dates = ((number, start + timedelta(days=number - 1)) for number in range(1, count + 1))
    return {f"posts/{date:%Y-%m-%d}-p{number}.md": post(f"P{number}", **head) for number, date in dates}


def entries(answer: Answer) -> list[str]:
    """The titles of the listed posts, in order."""
    found = (e for e in answer.html.iter() if "entry-title" in (e.get("class") or ""))
    return ["".join(e.itertext()) for e in found]


def crawl(blog: Blog) -> dict[str, Answer]:
    """All that can be reached by links, from the front page, the sitemap and the feed."""
    found: dict[str, Answer] = {}
    waiting = ["/", "/sitemap.xml", "/feed.xml", "/robots.txt", "/categories/", "/tags/", "/archive/", "/nothing/"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        answer = found[path] = blog.get(path)
        if path.startswith("/20") and answer.status == 200 and not path.endswith("/share/"):
            waiting.append(f"{path}share/")
        for link in links(answer):
            target = urlsplit(urljoin(f"{URL}{path}", link))
            if f"{target.scheme}://{target.netloc}" == URL:
                waiting.append(target.path)
    return found


def links(answer: Answer) -> Iterable[str]:
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("text/html"):
        for element in answer.html.iter():
            yield from (value for name in ("href", "src") if (value := element.get(name)))
    elif "xml" in kind and "svg" not in kind:
        yield from (e.text for e in answer.xml.iter() if e.tag.endswith("}loc") and e.text)
        yield from (value for e in answer.xml.iter() if (value := e.get("href")))


# --- home


def test_the_newest_highlighted_post_leads_and_each_post_is_there_once(new_blog: NewBlog) -> None:
    files = days(5)
    files["posts/2020-01-02-p2.md"] = post("P2", highlighted="true")
    files["posts/2019-05-05-old.md"] = post("Viejo", highlighted="true")
    blog = new_blog(files)
    assert entries(blog.get("/")) == ["P2", "P5", "P4", "P3", "P1", "Viejo"]


@pytest.mark.parametrize("lead", [False, True])
@pytest.mark.parametrize("per_page", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_the_pages_of_home_hold_all_posts_once(new_blog: NewBlog, lead: bool, per_page: int, count: int) -> None:
    files = days(count)
    if lead:
        files["posts/2020-01-01-p1.md"] = post("P1", highlighted="true")
    blog = new_blog(files, settings=f"per_page = {per_page}\n")
    pages, path = [], "/"
    while path:
        answer = blog.get(path)
        assert answer.status == 200
        pages.append(entries(answer))
        older = [a.get("href") for a in answer.html.iter("a") if a.get("rel") == "next"]
        path = older[0] if older else ""
    titles = [f"P{number}" for number in range(count, 0, -1)]
    expected = ["P1", *titles[:-1]] if lead else titles
    assert [title for page in pages for title in page] == expected
    assert all(len(page) == per_page for page in pages[:-1])
    assert len(pages) == -(-count // per_page)
    assert blog.get(f"/page/{len(pages) + 1}/").status == 404


def test_newer_and_older_lead_back_and_forth(new_blog: NewBlog) -> None:
    blog = new_blog(days(5), settings="per_page = 2\n")
    found = [
        {a.get("rel"): a.get("href") for a in blog.get(path).html.iter("a")}
        for path in ("/", "/page/2/", "/page/3/")
    ]
    assert [(page.get("prev"), page.get("next")) for page in found] == [
        (None, "/page/2/"),
        ("/", "/page/3/"),
        ("/page/2/", None),
    ]


def test_an_empty_site_tells_readers_so_and_those_who_write_how_to_begin(new_blog: NewBlog) -> None:
    written = new_blog(dev="1", trusted_hosts="blog.example.org").get("/")
    assert written.words("h2") == ["Escribe la primera entrada"]
    blog = new_blog({"posts/borrador.md": post(draft="true")})
    answer = blog.get("/")
    assert answer.status == 200
    assert "Aquí todavía no hay nada." in answer.words("p")
    assert answer.words("h2") == answer.words("pre") == answer.words("code") == []
    for path in ("/archive/", "/categories/", "/tags/", "/feed.xml", "/sitemap.xml", "/robots.txt"):
        assert blog.get(path).status == 200, path
    assert blog.get("/page/2/").status == 404
    blog.write("posts/2020-01-01-primera.md", post("La primera"))
    assert entries(blog.get("/")) == ["La primera"]


def test_each_page_names_its_own_address(new_blog: NewBlog) -> None:
    blog = new_blog(
        {**days(3, tags="[a]", category="C", author="Ana"), "pages/about.md": post("Acerca")},
        settings="per_page = 1\n",
    )
    for path, answer in crawl(blog).items():
        if answer.status == 200 and answer.headers["Content-Type"].startswith("text/html"):
            canonical = [link.get("href") for link in answer.html.iter("link") if link.get("rel") == "canonical"]
            expected = path.removesuffix("share/") if path.endswith("/share/") else path
            assert canonical == [f"{URL}{expected}"], path


# --- archive


def test_the_archive_lists_years_and_months_newest_first(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            "posts/2018-07-17-a.md": post("A"),
            "posts/2018-07-18-b.md": post("B"),
            "posts/2020-01-02-c.md": post("C"),
        }
    )
    answer = blog.get("/archive/")
    assert answer.words("h2") == ["2020", "2018"]
    assert answer.words("h3") == ["enero 1 entrada", "julio 2 entradas"]
    assert [link for link in answer.links if link.endswith(("/a/", "/b/", "/c/"))] == [
        "/2020/01/02/c/", "/2018/07/18/b/", "/2018/07/17/a/",
    ]  # fmt: skip
    assert blog.get("/archive/2018/").words("h2") == ["2018"]
    assert blog.get("/archive/2018/07/").words("h1") == ["julio de 2018"]
    for path in (
        "/archive/2019/",
        "/archive/2018/08/",
        "/archive/2018/13/",
        "/archive/2018/00/",
        "/archive/0000/",
        "/archive/0000/01/",
        "/archive/x/",
    ):
        assert blog.get(path).status == 404, path


def test_days_and_months_are_those_of_the_site_s_zone(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/x.md": post("Medianoche", date="2019-01-01T02:00:00Z")})
    assert blog.get("/2018/12/31/x/").status == 200
    assert blog.get("/archive/2018/12/").status == 200
    assert blog.get("/archive/2019/").status == 404


def test_a_large_archive_shows_counts_and_the_newest_year(new_blog: NewBlog) -> None:
    files = {f"posts/2018-07-17-p{number}.md": "---\n---\n" for number in range(499)}
    files |= {"posts/2019-01-01-new.md": post("Nueva")}
    blog = new_blog(files)
    listed = [link for link in blog.get("/archive/").links if link.startswith("/2018/")]
    assert len(listed) == 499
    blog.write("posts/2019-01-02-newer.md", post("Más nueva"))
    answer = blog.get("/archive/")
    assert [link for link in answer.links if link.startswith(("/2018/", "/2019/"))] == [
        "/2019/01/02/newer/",
        "/2019/01/01/new/",
    ]
    assert answer.words("h3") == ["enero 2 entradas", "julio 499 entradas"]
    assert "/archive/2018/07/" in answer.links
    assert len([link for link in blog.get("/archive/2018/07/").links if link.startswith("/2018/")]) == 499


# --- subjects


def test_subjects_list_their_posts_and_indexes_list_subjects(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            **days(3, categories="[Proyecto, Otro]", tags="[Uno, dos]", author="Ana Rojas"),
            "posts/2021-01-01-x.md": post("X", tags="[dos]"),
        },
        settings="per_page = 2\n",
    )
    for first, titles in {
        "/category/proyecto/": [["P3", "P2"], ["P1"]],
        "/tag/dos/": [["X", "P3"], ["P2", "P1"]],
        "/author/ana-rojas/": [["P3", "P2"], ["P1"]],
    }.items():
        assert [entries(blog.get(path)) for path in (first, f"{first}page/2/")] == titles
        for missing in (f"{first}page/1/", f"{first}page/3/", f"{first}page/02/", f"{first}page/x/"):
            assert blog.get(missing).status == 404, missing
    assert blog.get("/category/proyecto/").words("h1") == ["Proyecto"]
    for index, kind, names in (
        ("/categories/", "category", ["otro", "proyecto"]),
        ("/tags/", "tag", ["dos", "uno"]),
    ):
        listed = [link for link in blog.get(index).links if link.startswith(f"/{kind}/")]
        assert listed == [f"/{kind}/{name}/" for name in names]
    for missing in ("/category/none/", "/tag/Dos/", "/author/none/", "/category/", "/tag/", "/author/"):
        assert blog.get(missing).status == 404, missing


ODD = [
    "C++",
    "a/b",
    "¿Qué?",
    "\"Comillas\" 'simples'",
    "<b>negrita</b>",
    "🎉",
    "中文",
    "..",
    "%2F",
    "a?b#c",
    "page",
    "feed.xml",
    "share",
    "ÁÉÍ",
    "a&b;c",
    "de {{ site }}",
]


@pytest.mark.parametrize("name", ODD)
def test_a_subject_may_have_any_name(new_blog: NewBlog, name: str) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    blog = new_blog(
        {"posts/2018-07-17-x.md": post("X", tags=f"[{quoted}]", categories=f"[{quoted}]", authors=f"[{quoted}]")}
    )
    page = blog.get("/2018/07/17/x/")
    for kind in ("category", "tag", "author"):
        [address] = {link for link in page.links if link.startswith(f"/{kind}/")}
        answer = blog.get(address)
        assert answer.status == 200
        assert answer.words("h1") == [name]
        assert entries(answer) == ["X"]
        assert blog.get(f"{address}feed.xml").status == 200
        assert f"{URL}{address}" in links(blog.get("/sitemap.xml"))


# --- posts, pages, and old addresses


def test_a_post_shows_what_its_head_says(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            "posts/2018-07-17-x.md": post(
                "La democracia",
                "Cuerpo.",
                intro="De qué trata",
                categories="[Proyecto]",
                single_image='[{img: "https://i.example/a.jpg", caption: "Una plaza"}]',
            )
        }
    )
    page = blog.get("/2018/07/17/x/")
    assert page.words("h1") == ["La democracia"]
    assert "De qué trata" in page.words("p")
    assert "17 de julio de 2018" in page.words("time")
    [picture] = page.html.iter("img")
    assert (picture.get("src"), picture.get("alt")) == ("https://i.example/a.jpg", "")
    assert page.words("figcaption") == ["Una plaza"]  # which is read once
    assert page.words("figcaption") == ["Una plaza"]
    assert "/category/proyecto/" in page.links


def test_posts_lead_to_their_neighbours(new_blog: NewBlog) -> None:
    blog = new_blog(days(3))
    assert {"/2020/01/01/p1/", "/2020/01/03/p3/"} <= set(blog.get("/2020/01/02/p2/").links)


def test_pages_live_outside_the_stream(new_blog: NewBlog) -> None:
    blog = new_blog({**days(1), "pages/about.md": post("Acerca de"), "pages/a/b.md": post("Dentro")})
    assert blog.get("/about/").words("h1") == ["Acerca de"]
    assert blog.get("/a/b/").words("h1") == ["Dentro"]
    assert entries(blog.get("/")) == ["P1"]
    assert {"/about/", "/a/b/", "/archive/"} <= set(blog.get("/").links)


@pytest.mark.parametrize(
    ("permalink", "address"),
    [
        ("/:year/:month/:day/:slug/", "/2018/07/17/x/"),
        ("pretty", "/noticias/2018/07/17/x/"),
        ("none", "/noticias/x.html"),
        ("date", "/noticias/2018/07/17/x.html"),
        ("ordinal", "/noticias/2018/198/x.html"),
        ("/:slug", "/x"),
        ("/blog/:title/", "/blog/x/"),
    ],
)
def test_whatever_the_permalink_all_that_hangs_under_it_is_there(
    new_blog: NewBlog, permalink: str, address: str
) -> None:
    files = {
        "posts/2018-07-17-x/index.md": post("X", "![a](b.png)", categories="[Noticias]"),
        "posts/2018-07-17-x/b.png": b"p",
    }
    blog = new_blog(files, settings=f'permalink = "{permalink}"\n')
    base = address.removesuffix("/").removesuffix(".html") + "/"
    page = blog.get(address)
    assert page.status == 200
    assert [img.get("src") for img in page.html.iter("img")] == [hashed(f"{base}b.png", b"p")]
    assert blog.get(f"{base}b.png").body == blog.get(hashed(f"{base}b.png", b"p")).body == b"p"
    assert blog.get(f"{base}share/").status == 200
    assert blog.get(f"{base.removesuffix('/')}.md").text.endswith("---\n![a](b.png)\n")
    share = blog.get(f"{base}share")
    assert (share.status, share.headers["Location"]) == (308, f"{base}share/")
    assert address in blog.get("/").links
    assert f"{URL}{address}" in links(blog.get("/sitemap.xml"))
    for odd in (f"{base}b.png/", f"{base}none.png", f"{base}share/share/", f"{base}share/b.png"):
        assert blog.get(odd).status == 404, odd
    if address.endswith(".html"):
        assert blog.get(f"{address}/share/").status == 404
        assert blog.get(f"{address}/b.png").status == 404
    stem = base.removesuffix("/")
    for variant in {stem, f"{stem}/", f"{stem}.html", f"{stem}/index.html"} - {address}:
        answer = blog.get(variant)
        assert (answer.status, answer.headers.get("Location"), answer.body) == (308, address, b""), variant


HEAD = """---
title: "X «y»: \\"z\\""
date: "2018-07-17T00:00:00-04:00"
updated: "2018-07-18T09:30:00-04:00"
authors: ["Ana"]
categories: ["Una"]
tags: ["a, b"]
intro: "Dos líneas."
single_image: [{"img": "a b.jpg", "caption": "C", "alt": "A"}]
lang: "es"
---
"""


def test_the_markdown_of_a_page_is_what_is_shown_of_it(new_blog: NewBlog) -> None:
    source = (
        "---\n# call Ana first\ntitle: 'X «y»: \"z\"'\nnotes: secret\nslug: x\nslug: x\nupdated: 2018-07-18 9:30\n"
        "author: Ana\ncategories: Una\ntags: ['a, b']\nintro: |\n  Dos\n  líneas.\nphone: 5550199\n"
        "single_image:\n  - {img: a b.jpg, caption: C, alt: A, source: secret}\n---\n"
    )
    body = "*Texto* <script> `<!-- a -->` [^1], ver[^A]: nada\n\n[^1]: Nota.\n[^a]: Otra.\n"
    notes = "[^2]: secret\n    secret[^3]\n[^3]: secret\n[^1]: secret\n"
    left_out = f"{{% include secret.html %}}\n\n<!--more-->\n\n{notes}\n%%secret%%\n"
    blog = new_blog({"posts/2018-07-17-x.md": f"{source}{body}{left_out}", "pages/about.md": post("Acerca")})
    answer = blog.get("/2018/07/17/x.md")
    assert answer.text.rstrip() == f"{HEAD}{body}".rstrip()
    assert (answer.headers["Content-Type"], answer.headers["X-Robots-Tag"]) == (
        "text/markdown; charset=utf-8",
        "noindex",
    )
    assert blog.get("/about.md").text == '---\ntitle: "Acerca"\nlang: "es"\n---\nTexto.\n'
    blog.write("posts/2018-07-17-x.md", "---\ntitle: [\n---\nroto")
    assert blog.get("/2018/07/17/x.md").text == answer.text
    for missing in ("/.md", "/2018/07/17/x/.md", "/2018/07/17/x/index.md", "/archive.md", "/2018/07/17/x.md/"):
        assert blog.get(missing).status == 404, missing


def test_the_markdown_of_a_page_reads_as_the_same_post(new_blog: NewBlog) -> None:
    given = {"authors": "[Ana, Luis]", "categories": "['Una: dos']", "tags": "[\"a#b\", 'c''d']", "intro": "Sí"}
    blog = new_blog({"posts/2018-07-17-x.md": post("¿Qué?", "Uno\n\n```\n{{ a }}\n```", **given)})
    shown = blog.get("/2018/07/17/x.md").text
    first = blog.get("/2018/07/17/x/").body
    blog.write("posts/2018-07-17-x.md", shown)
    assert blog.get("/2018/07/17/x/").body == first
    assert blog.get("/2018/07/17/x.md").text == shown


def test_a_site_keeps_its_markdown_to_itself(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(), "pages/about.md": post()}, settings="source = false\n")
    for address in ("/2018/07/17/x.md", "/about.md"):
        assert blog.get(address).status == 404
    for address in ("/", "/2018/07/17/x/", "/feed.xml", "/sitemap.xml", "/2018/07/17/x/share/"):
        assert ".md" not in blog.get(address).text
    settings = (blog.root / "site.toml").read_text()
    blog.write("site.toml", settings.replace("false", "true"))
    assert blog.get("/about.md").status == 200
    blog.write("site.toml", settings)
    assert blog.get("/about.md").status == 404


def test_an_address_in_any_script_works_end_to_end(new_blog: NewBlog) -> None:
    blog = new_blog(
        {"posts/2018-07-17-ñandú-中文-🎉.md": post("Ñ", "![a](fotó.png)", tags="[Añil]"), "posts/fotó.png": b"p"}
    )
    [address] = {link for link in blog.get("/").links if link.startswith("/2018/")}
    assert address.isascii()
    page = blog.get(address)
    assert page.words("h1") == ["Ñ"]
    [source] = [img.get("src") for img in page.html.iter("img")]
    assert blog.get(source).body == b"p"
    assert blog.get(f"{address}share/").status == 200
    assert f"{URL}{address}" in links(blog.get("/sitemap.xml"))
    for answer in crawl(blog).values():
        assert answer.status in {200, 404}
    assert blog.get(quote(address)).status == 404  # encoded twice is another address


def test_old_addresses_lead_to_new_ones_for_good(new_blog: NewBlog) -> None:
    settings = """
[redirects]
"/viejo/" = "/2018/07/17/x/"
"/año nuevo/" = "/ñ/"
"/lejos/" = "https://other.example/ñ?a=1#b"
"/uno" = "/uno/"
"""
    blog = new_blog(
        {"posts/2018-07-17-x.md": post("X", aliases="[/old.html, '/más viejo/', /2018/07/17/x]")},
        settings=settings,
    )
    for path, target in {
        "/viejo/": "/2018/07/17/x/",
        "/viejo": "/2018/07/17/x/",
        "/a%C3%B1o%20nuevo/": "/%C3%B1/",
        "/lejos/": "https://other.example/%C3%B1?a=1#b",
        "/old.html": "/2018/07/17/x/",
        "/m%C3%A1s%20viejo/": "/2018/07/17/x/",
        "/2018/07/17/x": "/2018/07/17/x/",
    }.items():
        answer = blog.get(path)
        assert (answer.status, answer.headers.get("Location"), answer.body) == (301, target, b""), path
    assert {blog.get(path).status for path in ("/uno", "/uno/")} == {404}  # it would lead to itself
    blog.write("posts/2018-07-17-x.md", post("X"))
    assert blog.get("/old.html").status == 404


def test_the_last_slash_is_added(new_blog: NewBlog) -> None:
    blog = new_blog({**days(1, tags="[a]"), "pages/about.md": post()})
    for path in ("/archive", "/archive/2020", "/tag/a", "/tags", "/about", "/2020/01/01/p1"):
        answer = blog.get(path)
        assert (answer.status, answer.headers.get("Location"), answer.body) == (308, f"{path}/", b""), path


def test_doubled_slashes_are_one(new_blog: NewBlog) -> None:
    blog = new_blog(days(1))
    for path, target in {
        "//": "/",
        "//archive//2020/": "/archive/2020/",
        "/2020//01/01/p1/": "/2020/01/01/p1/",
    }.items():
        answer = blog.get(path)
        assert (answer.status, answer.headers.get("Location")) == (308, target)


def test_a_file_is_shown_only_where_a_post_shows_it(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            "posts/2018-07-17-x.md": post("X", "![a](a.png) ![b](img/b.png)"),
            "posts/2018-07-16-y.md": post("Y", "![p](private.png)", draft="true"),
            "posts/a.png": b"a",
            "posts/img/b.png": b"b",
            "posts/private.png": b"secret",
            "posts/2018-07-15-z/index.md": post("Z"),
            "posts/2018-07-15-z/deep/c.png": b"c",
            "posts/2018-07-15-z/notes.txt": b"secret",
            "posts/2018-07-15-z/data.html": b"<script>",
            "posts/2018-07-15-z/.hidden.png": b"secret",
        }
    )
    assert blog.get("/2018/07/17/x/a.png").body == b"a"
    assert blog.get("/2018/07/17/x/img/b.png").body == b"b"
    assert blog.get("/2018/07/15/z/deep/c.png").body == b"c"
    for path in (
        "/2018/07/17/x/private.png", "/2018/07/16/y/private.png", "/posts/a.png", "/a.png",
        "/2018/07/15/z/notes.txt",
        "/2018/07/15/z/data.html", "/2018/07/15/z/.hidden.png", "/2018/07/15/z/index.md", "/2018/07/15/z/../x.md",
        "/2018/07/15/z/%2e%2e/a.png", "/2018/07/17/x/2018-07-15-z/deep/c.png", "/site.toml", "/2018/07/15/z/deep/",
    ):  # fmt: skip
        answer = blog.get(path)
        assert answer.status == 404, path
        assert b"secret" not in answer.body


@pytest.mark.parametrize("depth", [10, 1000])
def test_a_long_path_costs_little(new_blog: NewBlog, depth: int) -> None:
    assert new_blog(days(1)).get("/a" * depth + "/x.png").status == 404


def test_a_post_may_choose_a_template_of_the_site(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            "templates/wide.html": '{% extends "post.html" %}{% block title %}Ancha{% endblock %}',
            "posts/2018-07-17-x.md": post("X", template="wide"),
        }
    )
    assert blog.get("/2018/07/17/x/").words("title") == ["Ancha · El Blog"]
    (blog.root / "templates/wide.html").unlink()
    wait_until(lambda: blog.get("/2018/07/17/x/").words("title") != ["Ancha · El Blog"])
    assert blog.get("/2018/07/17/x/").words("title") == ["X · El Blog"]


@pytest.mark.parametrize(
    "name",
    ["subject", "archive.html", "error", "sitemap.xml", "none", "share.html", "home"],
)
def test_a_post_that_names_no_template_of_the_site_looks_as_usual(new_blog: NewBlog, name: str) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post("X", template=name), "templates/mine.html": ""})
    assert blog.get("/2018/07/17/x/").words("h1") == ["X"]


# --- on time


TIMED = "posts/2026-01-01-a-su-hora.md"
TIMED_URL = "/2026/01/01/a-su-hora/"


def everywhere(blog: Blog) -> dict[str, bool]:
    """Where the timed post is."""
    found = {
        path: TIMED_URL in " ".join(links(blog.get(path)))
        for path in ("/", "/archive/", "/tag/hora/", "/feed.xml", "/tag/hora/feed.xml", "/sitemap.xml")
    }
    return {
        **found,
        "page": blog.get(TIMED_URL).status == 200,
        "share": blog.get(f"{TIMED_URL}share/").status == 200,
    }


def test_a_post_appears_at_its_second(new_blog: NewBlog) -> None:
    clock = Clock(NOON - 1)
    blog = new_blog(
        {**days(1, tags="[hora]"), TIMED: post("A su hora", date="2026-01-01T12:00:00Z", tags="[hora]")},
        clock=clock,
    )
    assert not any(everywhere(blog).values())
    clock.now = NOON - 0.001
    assert not any(everywhere(blog).values())
    clock.now = NOON
    assert all(everywhere(blog).values())
    clock.now = NOON - 1  # a clock may go back
    assert not any(everywhere(blog).values())


def test_a_post_disappears_at_its_second(new_blog: NewBlog) -> None:
    clock = Clock(NOON - 1)
    blog = new_blog(
        {**days(1, tags="[hora]"), TIMED: post("A su hora", expires="2026-01-01T12:00:00Z", tags="[hora]")},
        clock=clock,
    )
    assert all(everywhere(blog).values())
    clock.now = NOON
    assert not any(everywhere(blog).values())
    assert blog.get(TIMED_URL).status == 410
    assert blog.get(TIMED_URL.removesuffix("/")).status == 410


@pytest.mark.parametrize("date", ["0001-01-01", "1000-01-01 00:00:00", "1890-01-01", "9999-12-31 23:59:59"])
def test_a_post_at_the_end_of_time_breaks_nothing(new_blog: NewBlog, date: str) -> None:
    blog = new_blog(
        {**days(1), "posts/x.md": post("Lejos", date=date)},
        clock=Clock(253402300799.5) if date.startswith("9") else Clock(),
    )
    for path, answer in crawl(blog).items():
        assert answer.status in {200, 404}, path


# --- private until published


MARKER = "SECRETO"


X = "posts/2018-07-17-x.md"
PICTURE = f"{MARKER} ![m](m.png)"
PRIVATE = {
    "draft": {X: post(MARKER, PICTURE, draft="true", tags=f"[{MARKER}]", aliases="[/alias/]")},
    "draft folder": {"posts/_drafts/2018-07-17-x.md": post(MARKER, MARKER)},
    "not published": {X: post(MARKER, MARKER, published="false")},
    "scheduled": {X: post(MARKER, PICTURE, date="2099-01-01", categories=f"[{MARKER}]", aliases="[/alias/]")},
    "expired": {X: post(MARKER, MARKER, expires="2019-01-01", author=MARKER)},
    "broken": {X: post(MARKER, MARKER, date="2018-02-30")},
    "unclosed": {X: f"---\ntitle: {MARKER}\n{MARKER}"},
    "draft page": {"pages/x.md": post(MARKER, MARKER, draft="true")},
    "draft translation": {X: post(MARKER, MARKER, draft="true", translation_key="t", lang="pt")},
    "hidden": {X: post(MARKER, MARKER, hidden="true", tags=f"[{MARKER}]", category=MARKER, author=MARKER)},
    "hidden translation": {X: post(MARKER, MARKER, hidden="true", translation_key="t", lang="pt")},
    "hidden page": {"pages/x.md": post(MARKER, MARKER, hidden="true")},
}


@pytest.mark.parametrize("private", PRIVATE)
def test_what_is_not_published_leaks_nowhere(new_blog: NewBlog, private: str) -> None:
    around = {
        "posts/2018-07-16-a.md": post("Antes", translation_key="t"),
        "posts/2018-07-18-b.md": post("Después", "" if "hidden" in private else "[x](2018-07-17-x.md)"),
    }
    blog = new_blog({**around, **PRIVATE[private], "posts/m.png": MARKER.encode()})
    addresses = [
        "/2018/07/17/x/",
        "/2018/07/17/x/share/",
        "/2018/07/17/x/m.png",
        "/2018/07/17/x.md",
        "/alias/",
        "/x/",
    ]
    addresses += [
        "/2099/01/01/x/",
        f"/tag/{MARKER.lower()}/",
        f"/category/{MARKER.lower()}/",
        f"/author/{MARKER.lower()}/feed.xml",
    ]
    is_hidden = private.startswith("hidden")
    answers = crawl(blog) | ({} if is_hidden else {path: blog.get(path) for path in addresses})
    for path, answer in answers.items():
        assert MARKER.encode() not in answer.body.upper(), path


def test_a_hidden_post_is_there_for_who_knows_and_not_for_search_engines(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post("Oculta", hidden="true")})
    page = blog.get("/2018/07/17/x/")
    assert page.words("h1") == ["Oculta"]
    assert robots(page) == ["noindex"]


def robots(answer: Answer) -> list[str | None]:
    return [meta.get("content") for meta in answer.html.iter("meta") if meta.get("name") == "robots"]


def test_search_engines_are_kept_from_share_and_error_pages(new_blog: NewBlog) -> None:
    blog = new_blog({**days(1), "posts/2018-07-17-x.md": post(noindex="true")})
    for path in ("/2020/01/01/p1/share/", "/nothing/", "/2018/07/17/x/"):
        assert robots(blog.get(path)) == ["noindex"], path
    assert robots(blog.get("/2020/01/01/p1/")) != ["noindex"]


# --- errors


def test_error_pages_show_the_newest_posts(new_blog: NewBlog, caplog: pytest.LogCaptureFixture) -> None:
    blog = new_blog({**days(7), "posts/2018-07-17-x.md": post(expires="2019-01-01")})
    blog.app.view_functions["pages.tags"] = lambda: 1 / 0
    for answer, status, title in [
        (blog.get("/nothing/"), 404, "Página no encontrada"),
        (blog.get("/2018/07/17/x/"), 410, "Esta página ya no está"),
        (blog.get("/", "POST"), 405, "Método no permitido"),
        (blog.get("/tags/"), 500, "Algo salió mal"),
    ]:
        assert (answer.status, answer.words("h1")) == (status, [title])
        assert entries(answer) == ["P7", "P6", "P5", "P4", "P3"]
        assert "division" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_an_error_page_leaves_out_a_post_that_proves_broken_while_it_is_made(new_blog: NewBlog) -> None:
    too_much = "&&&&&&&&& " * 130_000
    blog = new_blog({"posts/2018-07-17-x.md": post(), "posts/2018-07-18-y.md": post("Rota", body=too_much)})
    answer = blog.get("/nothing/")
    assert (answer.status, entries(answer)) == (404, ["Una entrada"])


def test_a_failure_of_the_error_page_itself_is_still_an_answer(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = new_blog(days(1))

    def fail(*_: Any, **__: Any) -> str:
        raise OSError("disk")

    monkeypatch.setattr(blog.parts.theme, "render", fail)
    answer = blog.get("/")
    assert (answer.status, answer.body) == (500, b"500\n")
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_broken_post_disturbs_no_other(new_blog: NewBlog) -> None:
    blog = new_blog(
        {**days(2), "posts/2018-07-17-x.md": "---\ntitle: [\n---\n", "posts/2018-07-18-y.md": b"\xff\xfe\x00"}
    )
    assert entries(blog.get("/")) == ["P2", "P1"]
    assert blog.get("/2018/07/17/x/").status == 404


HOSTILE = [
    "</title><script>alert(1)</script>",
    '" onload="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% for %}",
    "%(title)s %s {0}",
    "\u202eabc\x00\x07\ud800\uffff",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_a_head_stays_text(new_blog: NewBlog, text: str) -> None:
    keys = ("title", "intro", "category", "tags", "author", "share_title", "share_message", "translation_key", "x")
    picture = {"img": "https://i.example/a.png", "caption": text, "alt": text}
    person = {"name": f"A{text}", "x": text, "fediverse": text, "picture": text, "bluesky": text}
    first = {**dict.fromkeys(keys, text), "single_image": [picture]}
    second = {"title": "Y", "authors": [person]}
    blog = new_blog(
        {
            "posts/2018-07-17-x.md": json.dumps(first, indent=1) + "\n\nCuerpo.\n",
            "posts/2018-07-18-y.md": json.dumps(second, indent=1) + "\n\nCuerpo.\n",
        }
    )
    found = crawl(blog)
    assert {"/2018/07/17/x/", "/2018/07/17/x/share/", "/2018/07/18/y/"} <= {*found}
    for path, answer in found.items():
        assert answer.status in {200, 404}, path
        if answer.headers["Content-Type"].startswith("text/html"):
            assert "49" not in answer.text.replace(quote("49"), "") or "7 * 7" not in text
            assert_harmless(answer)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " JavaScript:x"])
def test_an_author_s_address_runs_nothing(new_blog: NewBlog, url: str) -> None:
    head = {"authors": [{"name": "Ana", "url": url}]}
    blog = new_blog({"posts/2018-07-18-y.md": json.dumps(head, indent=1) + "\n\nCuerpo.\n"})
    for answer in crawl(blog).values():
        if answer.headers["Content-Type"].startswith("text/html"):
            assert_harmless(answer)


def assert_harmless(answer: Answer) -> None:
    for element in answer.html.iter():
        assert not [name for name in element.attrib if str(name).startswith("on")]
        for name in ("href", "src", "action"):
            assert not (element.get(name) or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))
        if element.tag == "script" and element.get("type") != "application/ld+json":
            assert (element.get("src") or "").startswith("/static/share.")
            assert not element.text


def test_nothing_hides_what_the_blog_answers_below_a_post(new_blog: NewBlog) -> None:
    """What it answers there is what a snapshot keeps free."""
    blog = new_blog({"posts/2018-07-17-x.md": post("X")})
    share = blog.get("/2018/07/17/x/share/").html
    [card] = {meta.get("content") for meta in share.iter("meta") if meta.get("property") == "og:image"}
    below = ("/2018/07/17/x/share/", "/2018/07/17/x.md", card.removeprefix("https://blog.example.org"))
    before = [blog.get(path).headers["Content-Type"] for path in below]
    for number, path in enumerate(below):
        blog.write(f"posts/{number}.md", post("Otra", date="2018-01-01", permalink=path))
    blog.write("posts/3.md", post("Otra", date="2018-01-01", aliases=f"[{', '.join(below)}]"))
    assert [blog.get(path).headers["Content-Type"] for path in below] == before
    assert len(blog.parts.library.snapshot().problems) == 6
