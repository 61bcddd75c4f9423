"""Every kind of page, read as assistive technology reads it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import html5lib
import pytest
from blogs import Answer, Blog, make_blog, post
from conftest import NewBlog

from bitacora.web.preview import preview_url, status_url

BODY = """\
[TOC]

Un párrafo con [enlace](2018-07-16-b.md), `código`, una nota[^1] y <abbr title="y">etc.</abbr>

# Un título de primer nivel

![Un dibujo](a.png "Al pie")
![](a.png)

## Segundo nivel

> [!NOTE]
> Atención.

- [x] Hecho
- [ ] Por hacer

| Uno | Dos |
|-----|----:|
| 1   | 2   |

```python
print("hola")
```

### Tercer nivel

Término
: Definición

[^1]: La nota.
"""
FILES = {
    "posts/2018-07-17-a.md": post(
        "Una entrada", BODY, categories="[Proyecto, Otro]", tags="[uno, dos]", author="Ana", toc="true", lang="pt",
        single_image='[{img: a.png, caption: "Una plaza"}]', highlighted="true", updated="2019-01-01",
        translation_key="t",
    ),
    "posts/2018-07-16-b.md": post("Otra", "Texto.", author="Ana", tags="[uno]", translation_key="t"),
    "posts/2018-07-15-c.md": post("Tercera", image="https://i.example/a.png", tags="[uno]"),
    "posts/2018-07-14-gone.md": post(expires="2019-01-01"),
    "posts/a.png": b"\x89PNG",
    "pages/about.md": post("Acerca de", BODY, toc="true", image="a.png"),
    "posts/2018-07-13-draft.md": post("Un borrador", BODY, draft="true", categories="[Proyecto]"),
    "posts/2018-07-12-broken.md": post("Rota", date="2018-02-30"),
    "posts/2099-07-11-later.md": post("Por venir"),
}  # fmt: skip
SETTINGS = """
per_page = 2
accent = "#123456"
logo = "logo.png"
description = "De qué se trata"
[authors.ana]
name = "Ana"
url = "https://ana.example/"
picture = "ana.png"
"""
PAGES = {
    "home": "/",
    "second page": "/page/2/",
    "post": "/2018/07/17/a/",
    "plain post": "/2018/07/16/b/",
    "page": "/about/",
    "share": "/2018/07/17/a/share/",
    "archive": "/archive/",
    "year": "/archive/2018/",
    "month": "/archive/2018/07/",
    "category": "/category/proyecto/",
    "tag": "/tag/uno/",
    "second page of a tag": "/tag/uno/page/2/",
    "author": "/author/ana/",
    "categories": "/categories/",
    "tags": "/tags/",
    "not found": "/nothing/",
    "gone": "/2018/07/14/gone/",
    "empty": "/",
    "preview": "posts/2018-07-13-draft.md",
    "preview of a broken post": "posts/2018-07-12-broken.md",
    "preview of a share page": "posts/2018-07-13-draft.md",
    "status": "",
}
HEADING = re.compile(r"h[1-6]")
NAMED_BY_CONTENT = {"a", "button", "summary"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    """Each kind of page, made once: they are only read."""
    with ExitStack() as stack:
        full, empty = (
            stack.enter_context(
                make_blog(tmp_path_factory.mktemp("blog"), files, settings=SETTINGS, secret_key="k" * 32)
            )
            for files in (FILES, {})
        )
        blogs = {kind: empty if kind == "empty" else full for kind in PAGES}
        yield {kind: blog.get(address(blog, kind)) for kind, blog in blogs.items()}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, pages: Mapping[str, Answer]) -> Answer:
    answer = pages[request.param]
    assert answer.status == {"not found": 404, "gone": 410}.get(request.param, 200)
    return answer


def address(blog: Blog, kind: str) -> str:
    with blog.app.app_context():
        if kind == "status":
            return status_url()
        if kind.startswith("preview"):
            return preview_url(PAGES[kind]) + ("share/" if "share" in kind else "")
    return PAGES[kind]


def elements(page: Answer, *tags: str) -> list[Any]:
    return [element for element in page.html.iter() if element.tag in tags]


def text(element: Any) -> str:
    """What is read aloud of an element."""
    if element.get("aria-hidden") == "true":
        return ""
    own = [element.get("aria-label") or element.get("alt") or "", element.text or ""]
    return " ".join(" ".join([*own, *(f"{text(child)} {child.tail or ''}" for child in element)]).split())


def ids(page: Answer) -> Counter[str]:
    return Counter(element.get("id") for element in page.html.iter() if element.get("id"))


def test_the_document_says_its_language_and_its_title(page: Answer) -> None:
    assert page.text.startswith("<!doctype html>")
    assert page.html.get("lang") == "es"
    [title] = elements(page, "title")
    assert (title.text or "").strip()
    [viewport] = [meta.get("content") for meta in elements(page, "meta") if meta.get("name") == "viewport"]
    assert "user-scalable" not in viewport
    assert "maximum-scale" not in viewport


def test_there_is_one_first_heading_and_no_level_is_skipped(page: Answer) -> None:
    levels = [int(element.tag[1]) for element in page.html.iter() if HEADING.fullmatch(str(element.tag))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert all(text(element) for element in page.html.iter() if HEADING.fullmatch(str(element.tag)))


def test_the_landmarks_are_there_and_told_apart(page: Answer) -> None:
    assert len(elements(page, "main")) == 1
    body = next(iter(elements(page, "body")))
    assert [child.tag for child in body if child.tag in {"header", "footer"}] == ["header", "footer"]
    labels = [label(element, page) for element in elements(page, "nav", "section")]
    assert all(labels)
    navs = [label(element, page) for element in elements(page, "nav")]
    assert len(navs) == len(set(navs))


def label(element: Any, page: Answer) -> str:
    names = (element.get("aria-labelledby") or "").split()
    found = [text(other) for name in names for other in page.html.iter() if other.get("id") == name]
    assert len(found) == len(names)
    return " ".join(found) or element.get("aria-label") or ""


def test_the_first_link_skips_to_the_text(page: Answer) -> None:
    first = elements(page, "a")[0]
    assert first.get("href") == "#main"
    [target] = [element for element in page.html.iter() if element.get("id") == "main"]
    assert target.tag == "main"


def test_every_picture_has_an_alternative(page: Answer) -> None:
    assert all(image.get("alt") is not None for image in elements(page, "img"))


def test_every_link_and_button_has_a_name_and_leads_somewhere(page: Answer) -> None:
    known = ids(page)
    for element in elements(page, *NAMED_BY_CONTENT):
        is_second = element.get("tabindex") == "-1"  # of two links to one place
        assert text(element) or is_second, element.attrib
        assert element.tag != "a" or element.get("href")
        if (element.get("href") or "").startswith("#"):
            assert (element.get("href") or "")[1:] in known, element.attrib


def test_ids_are_unique_and_references_lead_to_them(page: Answer) -> None:
    known = ids(page)
    assert not [name for name, count in known.items() if count > 1]
    for element in page.html.iter():
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            for name in (element.get(attribute) or "").split():
                assert name in known


def test_the_current_page_is_marked_once_at_most(page: Answer) -> None:
    assert len([element for element in page.html.iter() if element.get("aria-current") == "page"]) <= 1


def test_controls_have_labels(page: Answer) -> None:
    for control in elements(page, "input", "select", "textarea"):
        if control.get("disabled") is not None:
            continue  # the boxes of task lists
        labels = [label for label in elements(page, "label") if control in [*label.iter()]]
        assert labels or control.get("aria-label") or control.get("aria-labelledby"), control.attrib


def test_times_say_when_for_machines(page: Answer) -> None:
    for time in elements(page, "time"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", time.get("datetime"))


def test_parts_in_another_language_say_so(new_blog: NewBlog) -> None:
    blog = new_blog(FILES, settings=SETTINGS)
    post_page = blog.get("/2018/07/17/a/")
    [heading] = elements(post_page, "h1")
    assert heading.get("lang") == "pt"
    [title] = [e for e in elements(blog.get("/tag/dos/"), "h2") if text(e) == "Una entrada"]
    assert title.get("lang") == "pt"


def test_nothing_is_styled_or_scripted_inside_the_page(page: Answer) -> None:
    for element in page.html.iter():
        assert not [name for name in element.attrib if name == "style" or str(name).startswith("on")]
        assert element.tag != "style"
        if element.tag == "script" and element.get("type") != "application/ld+json":
            assert (element.get("src") or "").startswith("/static/")
            assert not element.text


def test_nothing_but_pictures_comes_from_another_host(page: Answer) -> None:
    for address in resources(page):
        assert address.startswith("/"), address
        assert not address.startswith("//"), address


def resources(page: Answer) -> Iterator[str]:
    for element in page.html.iter():
        if element.tag in {"script", "iframe", "video", "audio", "source", "embed"} and element.get("src"):
            yield element.get("src")
        if element.tag == "link" and element.get("rel") != "canonical":
            yield element.get("href")


def test_lists_hold_items_and_tables_have_heads(page: Answer) -> None:
    for element in elements(page, "ul", "ol"):
        assert {child.tag for child in element} == {"li"}
    for table in elements(page, "table"):
        assert [cell for cell in table.iter() if cell.tag == "th"]


def test_the_html_is_without_errors(page: Answer) -> None:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    parser.parse(page.text)
    assert parser.errors == []


def test_each_box_of_a_task_list_has_a_name(new_blog: NewBlog) -> None:
    """WCAG 4.1.2: its label is the text beside it."""
    body = '- [ ] uno\n- [x] [dos](/a/)\n\n- [ ] **tres**\n\n  más\n- [ ] ![cuatro](a.png "pie")\n'
    page = new_blog({"posts/2018-07-17-x.md": post("X", body)}).get("/2018/07/17/x/").html
    boxes = [box for label in page.iter("label") for box in label.iter("input")]
    assert boxes == list(page.iter("input"))
    names = [
        " ".join([*label.itertext(), *(picture.get("alt") for picture in label.iter("img"))]).split()
        for label in page.iter("label")
    ]
    assert names == [["uno"], ["dos"], ["tres"], ["cuatro"]]
