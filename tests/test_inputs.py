"""A stored page goes on after an edit if it is made from the same: exactly then, whatever was edited."""

from __future__ import annotations

import gc
import io
import random
import weakref
from collections.abc import Callable

import pytest
import sizes
from blogs import Blog, Clock, hashed, let_drawing_end, post
from conftest import NewBlog
from PIL import Image

from bitacora.library import scan

LISTS = (
    "/",
    "/page/2/",
    "/archive/",
    "/archive/2025/",
    "/archive/2025/03/",
    "/categories/",
    "/tags/",
    "/feed.xml",
)
MACHINES = ("/sitemap.xml", "/robots.txt", "/theme.css", "/static/own.css", "/static/style.css")
BODIES = (
    "Texto corto.",
    "Un [enlace](b.md) y otro a [una página](/acerca/).\n\n## Parte\n\nFin.",
    "Ver [[Otra entrada]] y [[c|la tercera]].",
    "![plano](plaza.png)\n\nCon un plano.",
    "Primero.\n\n<!--more-->\n\nDespués. [no está](nada.md)",
)
TITLES = ("Otra entrada", "Una entrada", "Tercera: plaza", "Acta")
WORDS = {
    "category": ("Noticias", "Actas", ""),
    "tags": ("[uno]", "[uno, dos]", "[Uno]", "[]"),
    "author": ("Ana", "Luis", ""),
    "lang": ("es", "en", "pt"),
    "translation_key": ("k", "", "j"),
    "highlighted": ("true", "false"),
    "draft": ("false", "false", "true"),
    "hidden": ("false", "false", "true"),
    "intro": ("Una introducción.", ""),
    "aliases": ("[/vieja/]", "[]", "[/b/]"),
    "slug": ("", "", "otra"),
    "noindex": ("false", "true"),
    "image": ("plaza.png", ""),
    "updated": ("", "2025-04-01 12:00:00-0300"),
    "date": ("2025-03-01 12:00:00-0300", "2025-02-01 12:00:00-0300", "2024-12-01 12:00:00-0300", "2026-01-01"),
    "expires": ("", "", "2026-06-01"),
    "template": ("", "", "own.html"),
}


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    return file.getvalue()


class Editor:
    """Edits a site as people do, at random but the same for one seed."""

    def __init__(self, blog: Blog, clock: Clock, seed: int) -> None:
        self.blog, self.clock, self.random = blog, clock, random.Random(seed)
        self.heads: dict[str, dict[str, str]] = {}
        self.bodies: dict[str, str] = {}
        self.pictures = 0
        for name in "abcdef":
            self.heads[f"posts/{name}.md"] = {"date": "2025-03-01 12:00:00-0300", "title": f"Entrada {name}"}
            self.bodies[f"posts/{name}.md"] = BODIES[1]
        self.heads["pages/acerca.md"], self.bodies["pages/acerca.md"] = {"title": "Acerca"}, "Texto."
        for path in self.heads:
            self.save(path)

    def save(self, path: str) -> None:
        lines = "".join(f"{key}: {value}\n" for key, value in self.heads[path].items() if value)
        self.blog.write(path, f"---\n{lines}---\n{self.bodies[path]}\n")

    def edit(self) -> str:
        """Edit something, and return what it was."""
        kinds: list[Callable[[], str]] = [
            *[self.head, self.head, self.head, self.body] * 4,
            *(
                self.picture,
                self.template,
                self.setting,
                self.rename,
                self.delete,
                self.style,
                self.time,
                self.folder,
            ),
        ]
        return self.random.choice(kinds)()

    def head(self) -> str:
        path = self.random.choice([*self.heads])
        key = self.random.choice(["title", *WORDS])
        value = self.random.choice(TITLES if key == "title" else WORDS[key])
        if path.startswith("pages/") and key == "date":
            return self.body()
        self.heads[path][key] = f'"{value}"' if key == "title" else value
        self.save(path)
        return f"{path}: {key}: {value}"

    def body(self) -> str:
        path = self.random.choice([*self.heads])
        self.bodies[path] = f"{self.random.choice(BODIES)}\n\n{self.random.random()}"
        self.save(path)
        return f"{path}: text"

    def picture(self) -> str:
        self.pictures += 1
        self.blog.write("posts/plaza.png", png(20 + self.pictures % 9, 20))
        return "picture"

    def template(self) -> str:
        texts = {
            "own.html": '{% extends "post.html" %}{% block content %}PROPIA {{ super() }}{% endblock %}',
            "_head.html": "{% include 'default:_head.html' %}<!-- mine -->",
        }
        name = self.random.choice([*texts])
        self.blog.write(f"templates/{name}", texts[name] + str(self.random.choice("ab")))
        return f"template {name}"

    def setting(self) -> str:
        more = self.random.choice(['accent = "#0a6"\n', "per_page = 3\n", 'description = "Otra"\n', ""])
        text = (self.blog.root / "site.toml").read_text().partition("#--")[0]
        self.blog.write("site.toml", f"{text}#--\n{more}")
        return f"setting {more.strip()}"

    def rename(self) -> str:
        path = self.random.choice([path for path in self.heads if path.startswith("posts/")])
        new = f"posts/{self.random.choice('abcdefghijkl')}.md"
        if new in self.heads:
            return self.body()
        (self.blog.root / path).rename(self.blog.root / new)
        self.heads[new], self.bodies[new] = self.heads.pop(path), self.bodies.pop(path)
        return f"{path} is {new}"

    def delete(self) -> str:
        path = self.random.choice([path for path in self.heads if path.startswith("posts/")])
        self.blog.delete(path)
        head = self.heads.pop(path)
        self.bodies.pop(path)
        new = f"posts/{self.random.choice('mnopqr')}.md"
        self.heads[new], self.bodies[new] = {"date": head["date"], "title": '"Nueva"'}, BODIES[0]
        self.save(new)
        return f"{path} goes, {new} comes"

    def style(self) -> str:
        self.blog.write("static/own.css", f"a {{ top: {self.random.random()}px }}")
        return "style"

    def time(self) -> str:
        self.clock.now += self.random.choice([1, 3_600, 86_400 * 20])
        return f"it is {self.clock.now}"

    def folder(self) -> str:
        private = self.random.choice(["true", "false"])
        self.blog.write("posts/_index.md", f"---\ncascade:\n  noindex: {private}\n---\n")
        return f"folder: noindex {private}"

    def addresses(self) -> list[str]:
        here = self.blog.parts.library.snapshot()
        posts = [post.url for post in here.by_url.values()]
        terms = [
            f"/{kind}/{slug}/{end}"
            for kind in ("category", "tag", "author")
            for slug in getattr(here, {"category": "categories", "tag": "tags", "author": "authors"}[kind])
            for end in ("", "feed.xml")
        ]
        sources = [f"{url.rstrip('/')}.md" for url in posts]
        return [*LISTS, *MACHINES, *posts, *terms, *sources, *(f"{url}share/" for url in posts[:2])]


@pytest.mark.parametrize("url", ["https://blog.example.org", "https://blog.example.org/blog"])
@pytest.mark.parametrize("seed", range(sizes.EDITS_SEEDS))
def test_after_any_edit_each_stored_page_is_what_a_fresh_one_would_be(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, url: str, seed: int
) -> None:
    monkeypatch.setattr(scan, "DELETION_PATIENCE_S", 0.0)
    clock = Clock()
    blog = new_blog(clock=clock, url=url)
    editor = Editor(blog, clock, seed)
    pages, said, stored = blog.parts.page_cache, [], 0
    for _ in range(sizes.EDITS_COMPARED):
        said.append(editor.edit())
        for path in editor.addresses():
            before = len(blog.dispatched)
            given = blog.get(path)
            stored += len(blog.dispatched) == before
            if editor.random.random() < 0.5:
                for store in (pages.store, pages.beside):
                    store.delete(path)
                fresh = blog.get(path)
                assert (given.status, given.body) == (fresh.status, fresh.body), (path, said[-5:])
                assert [*given.headers] == [*fresh.headers], (path, said[-5:])
    assert stored > 5 * sizes.EDITS_COMPARED


def test_an_edit_renders_the_pages_that_show_it_and_no_other(new_blog: NewBlog) -> None:
    blog = new_blog(
        {f"posts/2025-0{number}-01-{name}.md": post(name) for number, name in enumerate("abcdef", 1)}
        | {"posts/2024-01-01-link.md": post("Enlace", "[a](2025-01-01-a.md)", category="Uno")}
    )
    pages = ["/", "/archive/", "/archive/2024/", "/categories/", "/category/uno/", "/feed.xml", "/sitemap.xml"]
    pages += [post.url for post in blog.parts.library.snapshot().posts]

    def rendered() -> set[str]:
        blog.dispatched.clear()
        for path in pages:
            assert blog.get(path).status == 200
        return {*blog.dispatched}

    rendered()
    assert rendered() == set()
    blog.write("posts/2025-03-01-c.md", post("c", "Otro texto, que la portada resume."))
    assert rendered() == {"/", "/feed.xml", "/2025/03/01/c/"}
    blog.write("posts/2025-03-01-c.md", post("Tres", "Otro texto, que la portada resume."))
    beside = {"/2025/02/01/b/", "/2025/04/01/d/"}
    assert rendered() == {"/", "/feed.xml", "/sitemap.xml", "/archive/", "/2025/03/01/c/", *beside}
    blog.write("posts/2025-07-01-g.md", post("g"))
    assert rendered() == {"/", "/feed.xml", "/sitemap.xml", "/archive/", "/2025/06/01/f/"}
    blog.write("static/own.css", "a {}")
    assert rendered() == set()
    blog.write("templates/_head.html", "<title>x</title>")
    assert rendered() == {*pages}  # any template may be a part of any page


def test_a_stored_page_keeps_no_snapshot(new_blog: NewBlog) -> None:
    blog = new_blog(
        {"posts/2025-01-01-a.md": post("a"), "posts/2025-01-02-b.md": post("b", "[a](2025-01-01-a.md)")}
    )
    pages = [
        "/",
        "/2025/01/01/a/",
        "/2025/01/02/b/",
        "/2025/01/02/b/share/",
        "/archive/",
        "/feed.xml",
        "/sitemap.xml",
    ]
    for path in pages:
        blog.get(path)
    let_drawing_end()
    before = weakref.ref(blog.parts.library.snapshot())
    blog.write("posts/2025-01-03-c.md", post("c"))
    blog.get("/robots.txt")
    gc.collect()
    assert before() is None


def test_a_picture_renders_the_pages_that_show_it(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2025-01-01-a.md": post("a", "![x](x.png)"), "posts/2025-01-02-b.md": post("b")})
    first, second = png(30, 30), png(40, 40)
    for data in (first, second):
        blog.write("posts/x.png", data)
        blog.get("/2025/01/02/b/")
        blog.dispatched.clear()
        assert f'src="{hashed("/2025/01/01/a/x.png", data)}"' in blog.get("/2025/01/01/a/").text
        blog.get("/2025/01/02/b/")
        assert blog.dispatched == ["/2025/01/01/a/"]
