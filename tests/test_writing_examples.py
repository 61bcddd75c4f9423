"""Every example of docs/writing.md, written as a post, does what the text beside it says."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from blogs import URL, Answer, Blog, Clock, hashed, post
from conftest import NewBlog
from PIL import Image
from test_docs import SITE, WRITING, code, fences, rows, section

from bitacora.posts.post import read_post

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
FILE, ADDRESS = "posts/2026-11-20-x.md", "/2026/11/20/x/"
HEAD = section(WRITING, "The head, key by key")
PICTURES = section(WRITING, "Pictures")
MARKDOWN = section(WRITING, "Markdown")


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1600, 900), colour).save(file, "JPEG")
    return file.getvalue()


def with_head(head: str, body: str = "El texto.") -> str:
    return f"---\n{head}\n---\n{body}\n"


def tags(page: Answer) -> dict[str, str]:
    """What the page says to networks and search engines."""
    metas = page.html.iter("meta")
    return {meta.get("property") or meta.get("name") or "": meta.get("content") or "" for meta in metas}


# --- the head, key by key

Show = Callable[[str], Blog]
"""A blog with one post that has this head, and what examples name beside it."""


@pytest.fixture
def show(new_blog: NewBlog) -> Show:
    def blog_with(head: str) -> Blog:
        beside = {
            "posts/2026-11-21-other.md": post("La otra", lang="pt", translation_key="open-minutes"),
            "posts/vote.jpg": picture("red"),
            "posts/hall.jpg": picture("blue"),
            "templates/wide.html": "<h1>Ancha</h1>",
        }
        settings = 'languages = ["es", "pt"]\n[authors.equipo]\nname = "El equipo"\n'
        return new_blog({FILE: with_head(head), **beside}, settings=settings, clock=Clock(NOW))

    return blog_with


def title(blog: Blog) -> bool:
    return blog.get(ADDRESS).words("h1") == ["What the council decided"]


def intro(blog: Blog) -> bool:
    said = "Three agreements and a task."
    page = blog.get(ADDRESS)
    return said in page.words("p") and tags(page)["og:description"] == said and said in blog.get("/").words("p")


def author(blog: Blog) -> bool:
    return "El equipo" in blog.get(ADDRESS).text and blog.get("/author/equipo/").status == 200


def language(blog: Blog) -> bool:
    [title] = blog.get(ADDRESS).html.iter("h1")
    return title.get("lang") == "pt"


def translation(blog: Blog) -> bool:
    links = [link for link in blog.get(ADDRESS).html.iter("a") if link.get("rel") == "alternate"]
    return [(link.get("href"), link.get("hreflang")) for link in links] == [("/2026/11/21/other/", "pt")]


def date(blog: Blog) -> bool:
    return tags(blog.get(ADDRESS))["article:published_time"] == "2026-11-20T18:30:00-03:00"


def updated(blog: Blog) -> bool:
    return tags(blog.get(ADDRESS))["article:modified_time"].startswith("2026-11-22T00:00:00")


def expires(blog: Blog) -> bool:
    before = blog.get(ADDRESS).status
    blog.clock.now = datetime(2027, 1, 1, 3, tzinfo=UTC).timestamp()  # type: ignore[attr-defined]
    return (before, blog.get(ADDRESS).status) == (200, 410) and ADDRESS not in blog.get("/").links


def alias(blog: Blog) -> bool:
    answers = blog.get("/old/address/"), blog.get("/", query="p=123")
    return {(answer.status, answer.headers.get("Location")) for answer in answers} == {(301, ADDRESS)}


def draft(blog: Blog) -> bool:
    return blog.get(ADDRESS).status == 404


def hidden(blog: Blog) -> bool:
    lists = "".join(blog.get(path).text for path in ("/", "/archive/", "/feed.xml", "/sitemap.xml"))
    return blog.get(ADDRESS).status == 200 and ADDRESS not in lists


def noindex(blog: Blog) -> bool:
    return "noindex" in tags(blog.get(ADDRESS))["robots"] and ADDRESS in blog.get("/").links


def first(blog: Blog) -> bool:
    """Though another one is newer."""
    return next(link for link in blog.get("/").links if re.match(r"/2026/11/2\d/", link)) == ADDRESS


def contents(blog: Blog) -> bool:
    blog.write(FILE, (blog.root / FILE).read_text() + "\n## Uno\n\n## Dos\n")
    return {"#uno", "#dos"} <= set(blog.get(ADDRESS).links)


def formulas(blog: Blog) -> bool:
    return bool(blog.parts.library.snapshot().by_url[ADDRESS].math)


def template(blog: Blog) -> bool:
    return "<h1>Ancha</h1>" in blog.get(ADDRESS).text


def share_title(blog: Blog) -> bool:
    return tags(blog.get(ADDRESS))["og:title"] == "The minutes, in short"


def share_message(blog: Blog) -> bool:
    return "Read%20what%20we%20agreed" in blog.get(f"{ADDRESS}share/").text


def card(blog: Blog) -> bool:
    """It is made of that picture."""
    return red(blog, tags(blog.get(ADDRESS))["og:image"])


def red(blog: Blog, address: str) -> bool:
    image = Image.open(io.BytesIO(blog.get(address.removeprefix(URL)).body)).convert("RGB")
    level = image.getpixel((600, 300))
    assert isinstance(level, tuple)
    return level[0] > 200 > level[2]


def focus(blog: Blog) -> bool:
    """Another focus makes another card, where there is something to crop."""
    blog.write(FILE, with_head("image: hall.jpg\nfocus: top"))
    top = tags(blog.get(ADDRESS))["og:image"]
    blog.write(FILE, with_head("image: hall.jpg\nfocus: bottom"))
    return top != tags(blog.get(ADDRESS))["og:image"]


def at(path: str) -> Callable[[Blog], bool]:
    return lambda blog: blog.get(path).status == 200


def listed(*paths: str) -> Callable[[Blog], bool]:
    return lambda blog: all(blog.get(path).status == 200 and ADDRESS in blog.get(path).links for path in paths)


DOES: dict[str, Callable[[Blog], bool]] = {
    "title: 'What the council decided'": title,
    "intro: 'Three agreements and a task.'": intro,
    "author: equipo": author,
    "lang: pt": language,
    "translation_key: open-minutes": translation,
    "date: 2026-11-20 18:30": date,
    "updated: 2026-11-22": updated,
    "expires: 2026-12-31 23:59": expires,
    "slug: minutes-4": at("/2026/11/20/minutes-4/"),
    "permalink: /minutes/2026/4/": at("/minutes/2026/4/"),
    'aliases: [/old/address/, "/?p=123"]': alias,
    "categories: [Minutes]": listed("/category/minutes/"),
    "tags: [budget, cycle lanes]": listed("/tag/budget/", "/tag/cycle-lanes/"),
    "tags: budget, cycle lanes": listed("/tag/budget/", "/tag/cycle-lanes/"),
    "draft: true": draft,
    "published: false": draft,
    "status: draft": draft,
    "hidden: true": hidden,
    "noindex: true": noindex,
    "highlighted: true": first,
    "toc: true": contents,
    "math: true": formulas,
    "template: wide.html": template,
    "layout: post": at(ADDRESS),
    "share_title: 'The minutes, in short'": share_title,
    "share_message: 'Read what we agreed'": share_message,
    "share_image: vote.jpg": card,
    "focus: top": focus,
}


def test_every_example_of_a_key_is_tried_here() -> None:
    told = [row for row in rows(HEAD) if len(row) == 4]
    examples = {one for row in told for cell in row for one in code(cell) if re.match(r"[a-z_]+: ", one)}
    assert examples == DOES.keys()


@pytest.mark.parametrize("example", DOES)
def test_an_example_of_a_key_does_what_is_said_of_it(show: Show, example: str) -> None:
    assert DOES[example](show(example))


def test_without_its_example_nothing_of_it_is_seen(show: Show) -> None:
    blog = show("title: Una")
    for example in DOES.keys() - {"layout: post", "focus: top"}:
        blog.clock.now = NOW  # type: ignore[attr-defined]
        blog.write(FILE, with_head("title: Una"))
        with pytest.raises((AssertionError, KeyError, IndexError)):
            assert DOES[example](blog)


def test_quotes_are_written_as_is_said(show: Show) -> None:
    assert show("title: 'Minutes: fourth session'").get(ADDRESS).words("h1") == ["Minutes: fourth session"]
    assert show("title: 'It''s done'").get(ADDRESS).words("h1") == ["It's done"]
    assert "`'It''s done'`" in HEAD
    assert "`title: 'Minutes: fourth session'`" in HEAD


def test_a_message_for_each_network_is_on_its_button(show: Show) -> None:
    page = show(fences(HEAD, "yaml")[0]).get(f"{ADDRESS}share/")
    whatsapp = [link for link in page.links if link.startswith("https://wa.me/")]
    telegram = [link for link in page.links if link.startswith("https://t.me/share")]
    assert {"Main%20Street" in link for link in whatsapp} == {True}
    assert {"decided%20on%20Friday" in link for link in telegram} == {True}


def test_a_title_and_a_picture_for_x_alone(show: Show) -> None:
    blog = show(fences(HEAD, "yaml")[1])
    told = tags(blog.get(ADDRESS))
    assert (told["og:title"], told["twitter:title"]) == ("The minutes, in short", "Minutes of Friday")
    assert told["twitter:image:alt"] == "The full hall"
    assert (red(blog, told["og:image"]), red(blog, told["twitter:image"])) == (True, False)


def test_every_form_of_a_head_that_is_named_works(new_blog: NewBlog) -> None:
    forms = {
        "posts/2026-11-20-a.md": "+++\ntitle = 'De TOML'\n+++\nTexto.\n",
        "posts/2026-11-20-b.md": '{\n"title": "De JSON"\n}\nTexto.\n',
    }
    titles = new_blog(forms, clock=Clock(NOW)).get("/").words("h2")
    assert set(titles) == {"De TOML", "De JSON"}


# --- pictures


@pytest.mark.parametrize("head", [*fences(PICTURES, "yaml"), "image: hall.jpg"])
def test_the_picture_of_the_head_is_shown(new_blog: NewBlog, head: str) -> None:
    files = {"posts/2026-11-20-x/index.md": with_head(head), "posts/2026-11-20-x/hall.jpg": picture("red")}
    page = new_blog(files, clock=Clock(NOW)).get(ADDRESS)
    shown = {image.get("src"): image.get("alt") for image in page.html.iter("img")}
    address = hashed(f"{ADDRESS}hall.jpg", picture("red"))
    assert address in shown
    if "alt" in head:
        assert shown[address] == "Rows of empty chairs facing a long table"
        assert "The council hall, before the beginning" in page.text


def test_the_picture_of_the_body_is_a_figure(new_blog: NewBlog) -> None:
    body = fences(PICTURES, "markdown")[0]
    files = {
        "posts/2026-11-20-x/index.md": with_head("title: Una", body),
        "posts/2026-11-20-x/hall.jpg": picture("red"),
    }
    page = new_blog(files, clock=Clock(NOW)).get(ADDRESS)
    assert page.words("figcaption") == ["The council hall, before the beginning"]


# --- Markdown

GIVES = {
    "`*emphasis*`, `**strong**`, `~~struck~~`": ["em=emphasis", "strong=strong", "del=struck"],
    "`` `code` ``": ["code=code"],
    "`[text](https://example.org)`": ["a=text"],
    "`[text](2026-03-10-another-post.md)`": ["a=text"],
    "`[[another-post]]`, `[[another-post#Heading]]`": ["a=another-post", "a=another-post > Heading"],
    "`## Heading`": ["h2=Heading"],
    "`- item`, `1. item`": ["li=item"],
    "`- [ ] to do`, `- [x] done`": ["li=to do", "li=done"],
    "`> words`": ["blockquote=words"],
    "`---`": ["hr="],
    "`text[^1]` and below `[^1]: The note.`": ["sup=1"],
    "`*[WCAG]: Web Content Accessibility Guidelines`": ["abbr=WCAG"],
    "`<kbd>Ctrl</kbd>`, `H<sub>2</sub>O`, `<mark>…</mark>`": ["kbd=Ctrl", "sub=2", "mark=…"],
    "`<!--more-->` alone on a line": [],
}


def test_every_sign_of_markdown_is_tried_here() -> None:
    assert {row[0] for row in signs()} == GIVES.keys()


def signs() -> Iterator[list[str]]:
    table = MARKDOWN.split("|---|---|\n")[1].split("\n\n")[0]
    return ([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines())


@pytest.mark.parametrize("sign", GIVES)
def test_a_sign_of_markdown_gives_what_is_said(new_blog: NewBlog, sign: str) -> None:
    written = ["`code`"] if "``" in sign else code(sign)
    body = "\n\n".join(["Antes WCAG.", *written, "Después."])
    page = new_blog({FILE: with_head("title: Una", body)}, clock=Clock(NOW)).get(ADDRESS)
    assert [one for one in GIVES[sign] if one.partition("=")[2] not in page.words(one.partition("=")[0])] == []


def test_a_bare_address_is_a_link_and_a_link_to_a_file_leads_to_its_post(new_blog: NewBlog) -> None:
    body = "https://example.org www.example.org <https://example.org/a> [text](2026-03-10-another-post.md)"
    files = {FILE: with_head("title: Una", body), "posts/2026-03-10-another-post.md": post("Otra")}
    links = new_blog(files, clock=Clock(NOW)).get(ADDRESS).links
    wanted = {"https://example.org", "https://example.org/a", "/2026/03/10/another-post/"}
    assert wanted <= set(links)
    assert {"http://www.example.org", "https://www.example.org"} & set(links)


def test_what_stands_before_more_is_the_excerpt(new_blog: NewBlog) -> None:
    files = {FILE: with_head("title: Una", "El extracto.\n\n<!--more-->\n\nLo demás.")}
    front = new_blog(files, clock=Clock(NOW)).get("/")
    assert "El extracto." in front.text
    assert "Lo demás." not in front.text


BLOCKS = ["dd", "table", "aside", "pre", "details"]


def test_each_block_of_markdown_gives_what_is_said(new_blog: NewBlog) -> None:
    examples = re.findall(r"^(`{3,})markdown\n(.*?)^\1$", MARKDOWN, re.M | re.S)
    assert len(examples) == len(BLOCKS)
    for (_, body), element in zip(examples, BLOCKS, strict=True):
        page = new_blog({FILE: with_head("title: Una", body)}, clock=Clock(NOW)).get(ADDRESS)
        article = next(page.html.iter("article"))
        assert next(article.iter(element), None) is not None, body
        if element == "details":
            assert "more" in page.words("strong")


# --- pages, and what is wrong


def test_the_page_of_the_pages_section_is_at_its_address(new_blog: NewBlog) -> None:
    [about] = fences(section(WRITING, "Pages"), "markdown")
    blog = new_blog({"pages/about.md": about, "pages/team/history.md": about}, clock=Clock(NOW))
    assert blog.get("/about/").words("h1") == ["About us"]
    assert blog.get("/team/history/").status == 200
    assert "/about/" in blog.get("/").links
    assert b"/about/" not in blog.get("/feed.xml").body


WRONG = {
    "`title: Minutes: session 4`": ("title: Minutes: session 4", "title: 'Minutes: session 4'"),
    "quotation mark": ("title: 'It's done'", '''title: "It's done"'''),
    "Tab characters": ("image:\n\timg: hall.jpg", "image:\n  img: hall.jpg"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_happens_most_often_is_a_mistake_and_its_remedy_is_one(new_blog: NewBlog, mistake: str) -> None:
    assert mistake in section(WRITING, "When something is wrong")
    wrong, right = WRONG[mistake]
    blog = new_blog({FILE: with_head(wrong)}, clock=Clock(NOW))
    check = ("posts", "check", "--no-share")
    assert f"{FILE}:" in blog.app.test_cli_runner().invoke(args=check).stdout
    blog.write(FILE, with_head(right))
    assert ": error" not in blog.app.test_cli_runner().invoke(args=check).stdout
    assert blog.get(ADDRESS).status == 200


def test_a_second_line_of_hyphens_that_is_missing_is_told(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: "---\ntitle: Una\nEl texto.\n"}, clock=Clock(NOW))
    assert blog.get(ADDRESS).status == 404
    assert "---" in blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share")).stdout


@pytest.mark.parametrize("word", ["published", "publish", "public", "publicado"])
def test_words_for_published_publish(word: str) -> None:
    assert f"`{word}`" in section(WRITING, "Drafts, scheduling, expiry")
    assert not read_post(with_head(f"status: {word}").encode(), FILE, SITE).draft


@pytest.mark.parametrize(
    "head",
    [
        *(
            f"status: {word}"
            for word in ("draft", "pending", "private", "future", "trash", "archived", "borrador")
        ),
        "status: rascunho",
        "draft: perhaps",
        "draft: true\nDraft: false",
        "hidden: true\nHidden: false",
        "date: 2026-11-20\nDate: 2026-11-21",
        "expires: 2027-11-20\nExpires: 2028-11-21",
        "status: whatever",
    ],
)
def test_a_mistake_never_publishes_anything(new_blog: NewBlog, head: str) -> None:
    blog = new_blog({FILE: with_head(head)}, clock=Clock(NOW))
    assert [post for post in blog.parts.library.snapshot().by_url.values() if post.path == FILE] == []


@pytest.mark.parametrize(("folder", "is_draft"), [("_drafts", True), ("_draft", True), ("Drafts", False)])
def test_folders_of_drafts_are_as_is_said(new_blog: NewBlog, folder: str, is_draft: bool) -> None:
    blog = new_blog({f"posts/{folder}/2026-11-20-x.md": post()}, clock=Clock(NOW))
    assert blog.get(ADDRESS).status == (404 if is_draft else 200)
    said = blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share")).stdout
    assert ("warning" in said) != is_draft or is_draft
