"""A push names what it changed, for caches in front; what it left as it was keeps its place there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from blogs import Blog, post
from conftest import NewBlog
from publishing import Editor, flask

from bitacora.web import surrogate

FILES = {
    **{f"posts/2020-01-0{day}-p{day}.md": post(f"La {day}", tags="[Uno]") for day in range(1, 6)},
    "posts/2020-01-03-p3.md": post("La 3", "![](foto.png) Véase [la uno](2020-01-01-p1.md).", tags="[Dos]"),
    "posts/foto.png": b"\x89PNG",
    "posts/2020-02-01-b/index.md": post("Un paquete", author="Ana", categories="[Ñandú]"),
    "posts/2020-02-01-b/a.png": b"\x89PNG",
    "pages/about.md": post("Acerca de"),
}
P3 = "/2020/01/03/p3/"


def keys(blog: Blog, path: str, **asked: str) -> list[str]:
    answer = blog.get(path, **asked)
    named = answer.headers.get("Surrogate-Key", "").split()
    assert answer.headers.get("Cache-Tag", "") == ",".join(named)
    return named


@pytest.fixture
def blog(new_blog: NewBlog) -> Blog:
    return new_blog(FILES, s_maxage="60")


def test_every_answer_that_may_be_kept_names_what_it_belongs_to(blog: Blog) -> None:
    expected = {
        **dict.fromkeys((P3, f"{P3}share/", f"{P3}foto.png", "/2020/01/03/p3.md"), "post-p3"),
        **dict.fromkeys(("/2020/02/01/b/", "/2020/02/01/b/a.png"), "post-b"),
        **dict.fromkeys(("/", "/archive/", "/tags/", "/feed.xml", "/sitemap.xml", "/nothing/"), "list"),
        **dict.fromkeys(("/tag/uno/", "/tag/uno/feed.xml"), "tag-uno"),
        "/author/ana/": "author-ana",
        "/about/": "post-about",
        "/favicon.svg": "list",
    }
    for _ in range(2):  # from Flask, and from the page cache
        assert {path: keys(blog, path) for path in expected} == {
            path: [key, "all"] for path, key in expected.items()
        }
    assert keys(blog, P3, if_none_match="*") == ["post-p3", "all"]


def test_a_name_in_other_letters_or_of_any_length_becomes_a_short_key(new_blog: NewBlog) -> None:
    files = {f"posts/{name}.md": post(date="2020-01-01") for name in ("ñandú", "x" * 90, "北京")}
    blog = new_blog(files, s_maxage="60")
    for found in blog.parts.library.snapshot().posts:
        [key, _] = keys(blog, found.url)
        assert re.fullmatch("post-[0-9a-f]{16}", key)


def test_what_may_not_be_kept_names_nothing(blog: Blog, new_blog: NewBlog) -> None:
    assert keys(blog, "/healthz") == []
    assert keys(new_blog(FILES), P3) == [], "without BITACORA_S_MAXAGE"


# --- what a push changed


def changed(blog: Blog, *paths: str) -> set[str]:
    old = {path: (FILES[path].encode() if isinstance(FILES.get(path), str) else b"") for path in paths}
    return set(surrogate.changed(blog.parts.library.snapshot(), paths, old.__getitem__))


def test_what_a_folder_says_of_its_texts_concerns_all(blog: Blog) -> None:
    for path in ("posts/_index.md", "posts/2020-02-01-b/_index.md", "_config.yml", "posts/posts.json"):
        assert changed(blog, path) == {"all"}


def test_a_text_that_becomes_private_is_forgotten_with_what_named_it(blog: Blog) -> None:
    blog.write("posts/2020-01-03-p3.md", post("La 3", private="true"))
    assert {"post-p3", "post-p2", "post-p4", "list", "tag-dos"} <= changed(blog, "posts/2020-01-03-p3.md")


def test_an_edited_body_is_its_own_page_and_the_lists(blog: Blog) -> None:
    blog.write("posts/2020-01-03-p3.md", post("La 3", "Otro texto.", tags="[Dos]"))
    assert changed(blog, "posts/2020-01-03-p3.md") == {"post-p3", "list", "tag-dos"}


def test_another_title_is_also_on_the_pages_beside_it_and_those_that_link_to_it(blog: Blog) -> None:
    blog.write("posts/2020-01-01-p1.md", post("Otro título", tags="[Otra]"))
    assert changed(blog, "posts/2020-01-01-p1.md") == {
        "post-p1", "post-p2", "post-p3", "list", "tag-uno", "tag-otra",
    }  # fmt: skip


def test_a_new_and_a_deleted_post_change_their_neighbours(blog: Blog) -> None:
    blog.write("posts/2020-01-10-nueva.md", post("Nueva"))
    assert changed(blog, "posts/2020-01-10-nueva.md") == {"post-nueva", "post-p5", "post-b", "list"}
    blog.delete("posts/2020-01-04-p4.md")
    blog.get_until(404, "/2020/01/04/p4/")
    assert changed(blog, "posts/2020-01-04-p4.md") == {"post-p4", "post-p3", "post-p5", "list", "tag-uno"}


def test_a_draft_that_stays_one_changes_nothing(blog: Blog) -> None:
    blog.write("posts/2020-01-10-idea.md", post("Idea", draft="true"))
    assert changed(blog, "posts/2020-01-10-idea.md") == set()


def test_a_picture_changes_the_posts_that_show_it(blog: Blog) -> None:
    assert changed(blog, "posts/foto.png") == {"post-p3", "list", "tag-dos"}
    assert changed(blog, "posts/2020-02-01-b/a.png") >= {"post-b", "list", "author-ana"}


@pytest.mark.parametrize("path", ["site.toml", "pages/about.md", "templates/base.html", "static/a.css"])
def test_what_is_on_every_page_changes_everything(blog: Blog, path: str) -> None:
    assert changed(blog, path) == {"all"}


def test_what_is_no_part_of_the_site_changes_nothing(blog: Blog) -> None:
    assert changed(blog, "README.md", ".github/workflows/check.yml") == set()


def test_the_command_prints_the_keys_since_a_commit(tmp_path: Path) -> None:
    editor = Editor(tmp_path / "work", tmp_path / "work")
    texts = {f"blog/{path}": text for path, text in FILES.items()}
    old = editor.commit({"blog/site.toml": 'title = "X"\nurl = "https://x.example"\n', **texts})
    new = editor.commit({"blog/posts/2020-01-03-p3.md": post("La 3", "Otro.", tags="[Dos]"), "README.md": "x"})
    site = tmp_path / "work/blog"

    def told(*command: str) -> list[str]:
        done = flask("site", *command, site=site, cache_dir=str(tmp_path / "cache"))
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    assert told("commit") == [new]
    assert told("changed-keys", old) == ["list", "post-p3", "tag-dos"]
    assert told("changed-keys", new) == []
    assert told("changed-keys", "none") == ["all"]
