"""Pages in more than one language: each part says in which it is, and which way it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from blogs import Answer, Blog, make_blog, post
from browser import Browser
from conftest import NewBlog
from test_findings import findings, run
from werkzeug.serving import make_server

ARABIC = "posts/2026-01-02-arabic.md"
BODY = """\
## القسم الأول

> [!NOTE]
> انتبه.

نص[^1] و[رابط](https://example.org/).

| أ | ب |
|---|---|
| ج | د |

## القسم الثاني

[^1]: حاشية.
"""
FILES = {
    ARABIC: post(
        "عنوان المقال", BODY, lang="ar", intro="مقدمة", categories='["أخبار", Noticias]', tags='["مدينة", Sol]',
        author="ليلى حداد", toc="true", highlighted="true", single_image='[{img: a.png, caption: "ساحة"}]',
    ),
    "posts/2026-01-01-spanish.md": post("En castellano", categories="[Noticias]", tags="[Sol]", author="Ana"),
    "posts/2025-12-31-english.md": post("In English", lang="en", categories="[News]", tags="[Sol]", author="Ana"),
    "posts/2025-12-30-mapu.md": post("Kom pu che", "Mari mari.", lang="arn", categories="[Noticias]"),
    "posts/2025-12-29-tasks.md": post("Tareas", "- [ ] Una\n- [x] Otra"),
    "pages/about-ar.md": post("من نحن", lang="ar"),
    "posts/a.png": b"\x89PNG",
}  # fmt: skip
AR = ("ar", "rtl")
NONE = (None, None)


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    with make_blog(tmp_path_factory.mktemp("languages"), FILES) as made:
        yield made


def marks(element: Any) -> tuple[str | None, str | None]:
    return element.get("lang"), element.get("dir")


def of_words(answer: Answer, tag: str) -> dict[str, tuple[str | None, str | None]]:
    """The marks of all elements of one kind, by their text."""
    return {" ".join("".join(e.itertext()).split()): marks(e) for e in answer.html.iter(tag)}


def of_class(answer: Answer, name: str) -> Any:
    return next(e for e in answer.html.iter() if name in (e.get("class") or "").split())


def test_each_part_of_a_post_in_another_language_says_so(blog: Blog) -> None:
    page = blog.get("/2026/01/02/arabic/")
    assert marks(next(page.html.iter("html"))) == ("es", None)
    assert of_words(page, "h1") == {"عنوان المقال": AR}
    links = of_words(page, "a")
    assert links["أخبار"] == links["ليلى حداد"] == links["مدينة"] == AR
    assert links["من نحن"] == AR  # in the menu
    assert links["Noticias"] == links["Sol"] == links["Archivo"] == NONE
    for name in ("standfirst", "picture", "prose"):
        assert marks(of_class(page, name)) == AR, name
    contents = of_class(page, "toc")
    assert [marks(e) for e in contents.iter() if e.tag in {"h2", "ol"}] == [NONE, AR]


def test_what_the_blog_says_inside_a_post_is_in_a_language_that_it_names(blog: Blog) -> None:
    page = blog.get("/2026/01/02/arabic/")
    [title] = of_class(page, "alert-title").iter("bdi")
    assert ("".join(title.itertext()), *marks(title)) == ("Nota", "es", "ltr")
    for name, inside in (("footnotes", "ol"), ("table", "table")):
        around = of_class(page, name)
        assert around.get("lang") == "es", name
        assert around.get("dir") is None, name
        assert next(around.iter(inside)).get("lang") == "ar", name
    assert of_class(page, "footnote-back").get("lang") == "es"
    in_spanish = blog.get("/2026/01/01/spanish/").text
    assert "<bdi" not in in_spanish.replace('<bdi dir="ltr">', "")


def test_lists_mark_what_is_in_another_language(blog: Blog) -> None:
    home = blog.get("/")
    links = of_words(home, "a")
    assert links["أخبار"] == AR
    assert links["Noticias"] == NONE
    assert links["News"] == ("en", "ltr")
    assert of_words(home, "h2")["Kom pu che"] == ("arn", "ltr")
    assert marks(of_class(home, "lead-picture")) == AR
    assert of_words(blog.get("/categories/"), "a")["أخبار"] == AR
    assert of_words(blog.get("/tags/"), "a")["مدينة"] == AR
    assert of_words(blog.get("/archive/"), "a")["عنوان المقال"] == AR
    for url in {link for link in home.links if link.startswith("/category/")} | {"/author/ana/"}:
        page = blog.get(url)
        [(name, found)] = of_words(page, "h1").items()
        assert found == {"أخبار": AR, "News": ("en", "ltr")}.get(name, NONE), name


@pytest.mark.parametrize(
    ("language", "dir_"),
    [("arn", None), ("az", None), ("ku", None), ("az-Arab", "rtl"), ("ps", "rtl"), ("yi", "rtl"), ("dv", "rtl")],
)
def test_a_site_runs_as_the_script_of_its_language_does(
    new_blog: NewBlog, language: str, dir_: str | None
) -> None:
    blog = new_blog(
        {"posts/2026-01-01-es.md": post("En castellano", lang="es")}, settings=f'language = "{language}"\n'
    )
    for url in ("/", "/2026/01/01/es/", "/archive/", "/nowhere/"):
        assert marks(next(blog.get(url).html.iter("html"))) == (language, dir_), url
    assert of_words(blog.get("/"), "h2")["En castellano"] == ("es", "ltr")


def test_an_address_among_letters_that_run_the_other_way_is_kept_apart(blog: Blog) -> None:
    page = blog.get("/2026/01/02/arabic/share/")
    own = "https://blog.example.org/2026/01/02/arabic/"
    texts = [e for e in page.html.iter("p") if e.get("class") == "share-text"]
    assert texts
    for text in texts:
        shown = "".join(text.itertext())
        isolated = ["".join(e.itertext()) for e in text.iter("bdi") if e.get("dir") == "ltr"]
        assert isolated == [own] * shown.count(own)
    assert own in of_words(blog.get("/2026/01/02/arabic/"), "bdi")


# --- a language that the interface does not speak


@pytest.mark.parametrize("language", ["fr", "arn", "zh-Hant", "es", "es-CL", "pt-BR", "en-GB"])
def test_a_language_without_a_translation_is_told_at_the_start_and_by_check(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    blog = new_blog({"posts/2026-01-01-x.md": post()}, settings=f'language = "{language}"\n')
    known = language[:2] in {"es", "pt", "en"}
    logged = [record.getMessage() for record in caplog.records if "no translation" in record.getMessage()]
    said = [one for one in findings(run(blog, "--no-share", "--json")) if one["rule"] == "untranslated"]
    assert (len(logged), len(said)) == ((0, 0) if known else (1, 1))
    for text in (*logged, *(one["reason"] for one in said)):
        assert f"anguage {language} has no translation" in text
        assert "There are en, es, pt." in text
    assert [(one["file"], one["line"], one["severity"]) for one in said] == [("site.toml", 4, "warning")] * len(
        said
    )


# --- read by a screen reader


NAMES = """
(() => [...document.querySelectorAll(".post time, .post > header time")]
    .filter(e => e.checkVisibility() && !e.closest("[aria-hidden=true]")).map(e => e.getAttribute("datetime")))()
"""


def spoken(browser: Browser) -> list[tuple[str, str]]:
    """Role and name of all that the accessibility tree has."""
    nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
    shown = (node for node in nodes if not node.get("ignored"))
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]


@pytest.fixture(scope="module")
def address(blog: Blog) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, blog.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_screen_reader_hears_each_thing_once_at_every_width(browser: Browser, address: str, width: int) -> None:
    browser.open(f"{address}/2026/01/02/arabic/", width)
    assert browser.run(NAMES) == ["2026-01-02T00:00:00-03:00"]
    heard = spoken(browser)
    assert sum("ساحة" in name for role, name in heard if role == "StaticText") == 1
    assert not any("ساحة" in name for role, name in heard if role == "image")
    browser.open(f"{address}/", width)
    links = [name for role, name in spoken(browser) if role == "link"]
    assert "عنوان المقال" in links
    assert "ساحة" not in links


def test_a_box_of_a_task_is_as_large_as_its_words(browser: Browser, address: str) -> None:
    browser.open(f"{address}/2025/12/29/tasks/")
    sizes = browser.run("[...document.querySelectorAll('input')].map(e => e.getBoundingClientRect().width)")
    assert min(sizes) >= 18


def test_an_address_in_print_keeps_its_last_slash(browser: Browser, address: str) -> None:
    browser.open(f"{address}/2026/01/02/arabic/")
    browser.ask("Emulation.setEmulatedMedia", media="print")
    style = "getComputedStyle(document.querySelector('.prose a[href^=http]'), '::after')"
    shown = browser.run(f"(s => [s.direction, s.unicodeBidi, s.content])({style})")
    assert shown[:2] == ["ltr", "isolate"]
    assert "https://example.org/" in shown[2]
    footer = browser.run("getComputedStyle(document.querySelector('.address bdi')).direction")
    browser.ask("Emulation.setEmulatedMedia", media="")
    assert footer == "ltr"
