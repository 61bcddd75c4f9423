"""What is the same for all blogs of a process is made once, and a site's own templates never stand in for it."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
from blogs import URL, post
from conftest import NewBlog

ROOT = Path(__file__).parent.parent
FILES = {"posts/2018-07-17-x.md": post("X")}
PAGES = ("/", "/2018/07/17/x/", "/archive/", "/feed.xml")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of templates that are compiled, in order."""
    names: list[str] = []

    def noted(original: Callable[..., object]) -> Callable[..., object]:
        def compiling(self: jinja2.Environment, source: str, name: str, *rest: object, **how: object) -> object:
            names.append(name)
            return original(self, source, name, *rest, **how)

        return compiling

    monkeypatch.setattr(jinja2.Environment, "compile", noted(jinja2.Environment.compile))
    return names


def test_the_second_blog_of_a_process_compiles_no_template_and_reads_no_catalogue(
    new_blog: NewBlog, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_blog(FILES)
    pages = [first.get(path).text for path in PAGES]
    compiled.clear()
    monkeypatch.setattr(gettext.GNUTranslations, "_parse", lambda *_: pytest.fail("it was read again"))
    second = new_blog(FILES)
    assert [second.get(path).text for path in PAGES] == pages
    assert compiled == []


@pytest.mark.parametrize("trusts", ["0", "1"])
def test_the_code_of_a_site_is_its_own(new_blog: NewBlog, trusts: str) -> None:
    """Of the same name and path in both: neither blog may be answered with what the other one wrote."""
    blogs = [
        new_blog({**FILES, "templates/post.html": f"<h1>{name}</h1>"}, trust_templates=trusts)
        for name in ("una", "otra")
    ]
    assert [blog.get(PAGES[1]).text for blog in blogs] == ["<h1>una</h1>", "<h1>otra</h1>"]
    assert new_blog(FILES).get(PAGES[1]).words("h1") == ["X"]


def test_shipped_code_in_the_sandbox_is_not_the_code_outside_of_it(
    new_blog: NewBlog, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitacora.web.compiled._CODES", {})
    source = '{% extends "default:post.html" %}{% block main %}Mío{% endblock %}'
    new_blog(FILES).get(PAGES[1])
    shipped = set(compiled)
    for anew in (shipped & {"base.html"}, set()):
        compiled.clear()
        new_blog({**FILES, "templates/post.html": source}).get(PAGES[1])
        assert set(compiled) & {"base.html"} == anew


def test_templates_that_are_as_shipped_are_not_checked_as_a_sites_own(
    new_blog: NewBlog, compiled: list[str]
) -> None:
    """A copied theme, or a site that is the checkout itself."""
    shipped = ROOT / "templates"
    own = {f"templates/{file.relative_to(shipped)}": file.read_text() for file in shipped.rglob("*.*")}
    blog = new_blog({**FILES, **own})
    assert compiled == []
    assert blog.get("/").html.find(".//link[@rel='canonical']").get("href") == f"{URL}/"
    blog.write("templates/post.html", "<h1>{{ post.title }}, a mi modo</h1>")
    assert blog.get(PAGES[1]).text == "<h1>X, a mi modo</h1>"
