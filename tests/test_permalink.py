"""Slugs and addresses: Jekyll's rules, and no address that leaves the site."""

from datetime import datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitacora.posts.permalink import (
    PLACEHOLDERS,
    Facts,
    PermalinkError,
    local_address,
    name_of,
    own_permalink,
    page_address,
    permalink,
    quote_path,
    slugify,
    term_slug,
)

WEDNESDAY = datetime(2018, 5, 9, 7, 8, 4, tzinfo=ZoneInfo("America/Santiago"))


def facts(name: str = "Hola-Mundo", *categories: str) -> Facts:
    return Facts(WEDNESDAY, name, slugify(name), categories)


@pytest.mark.parametrize(
    ("style", "url"),
    [
        ("date", "/proyecto/2018/05/09/Hola-Mundo.html"),
        ("pretty", "/proyecto/2018/05/09/Hola-Mundo/"),
        ("ordinal", "/proyecto/2018/129/Hola-Mundo.html"),
        ("weekdate", "/proyecto/2018/W19/Wed/Hola-Mundo.html"),
        ("none", "/proyecto/Hola-Mundo.html"),
        ("/:year/:month/:day/:slug/", "/2018/05/09/hola-mundo/"),
    ],
)
def test_the_styles_of_jekyll_give_its_addresses(style: str, url: str) -> None:
    assert permalink(style, facts("Hola-Mundo", "Proyecto")) == url


@pytest.mark.parametrize(
    ("placeholder", "value"),
    {
        ":year": "2018", ":short_year": "18", ":month": "05", ":i_month": "5", ":day": "09", ":i_day": "9",
        ":short_month": "May", ":long_month": "May", ":short_day": "Wed", ":long_day": "Wednesday",
        ":y_day": "129", ":week": "19", ":w_year": "2018", ":w_day": "3",
        ":hour": "07", ":minute": "08", ":second": "04",
        ":title": "Hola-Mundo", ":slug": "hola-mundo", ":categories": "a%20b/c", ":slugified_categories": "a-b/c",
        ":output_ext": ".html",
    }.items(),
)  # fmt: skip
def test_each_placeholder_has_its_value(placeholder: str, value: str) -> None:
    assert placeholder in PLACEHOLDERS
    assert permalink(f"/x{placeholder}", facts("Hola-Mundo", "A b", "c", "a B")) == f"/x{value}"


def test_the_week_of_a_year_can_belong_to_the_year_before() -> None:
    new_year = Facts(datetime(2021, 1, 1), "x", "x")
    assert permalink("/:year/:w_year/:week/:w_day/:y_day/", new_year) == "/2021/2020/53/5/001/"


def test_a_placeholder_ends_where_its_name_ends() -> None:
    assert permalink("/:year-:month/:slug_/", facts()) == "/2018-05/hola-mundo_/"


def test_without_a_date_its_parts_are_left_out() -> None:
    assert permalink("/:year/:month/:day/:slug/", Facts(None, "x", "x")) == "/x/"


def test_without_categories_no_slash_is_doubled() -> None:
    assert permalink("date", facts("x")) == "/2018/05/09/x.html"


@pytest.mark.parametrize(
    ("text", "slug", "title"),
    [
        ("Hola Mundo", "hola-mundo", "Hola-Mundo"),
        ("¡Qué -- día!", "qué-día", "Qué-día!"),
        ("release-1.30.0_b", "release-1-30-0-b", "release-1.30.0_b"),
        ("中文 名", "中文-名", "中文-名"),
        ("हिन्दी", "हिन्दी", "हिन्दी"),
        ("cafe\u0301", "café", "café"),
        ("--a", "a", "a"),
        ("A~B", "a-b", "A~B"),
        ("²x", "x", "x"),
        ("%e2%80%8a", "e2-80-8a", "e2-80-8a"),
        ("🎉", "", ""),
    ],
)
def test_slugs_keep_letters_of_any_script_and_titles_keep_case_too(text: str, slug: str, title: str) -> None:
    assert slugify(text) == slug
    assert unquote(permalink("/:title", facts(text))) == f"/{title}"


@pytest.mark.parametrize(("name", "slug"), [("Proyecto", "proyecto"), ("C++", "c"), ("🎉", "1f389"), ("", "-")])
def test_a_term_always_has_a_slug(name: str, slug: str) -> None:
    assert term_slug(name) == slug


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("posts/2018-07-17-la-democracia.md", ("2018-07-17", "la-democracia")),
        ("posts/2016-6-3-loose.markdown", ("2016-6-3", "loose")),
        ("posts/2018-07-17-Release-1.30.0.md", ("2018-07-17", "Release-1.30.0")),
        ("posts/2018-07-17-fin..md", ("2018-07-17", "fin")),
        ("posts/2018/slug.md", ("", "slug")),
        ("posts/2018-07-17-bundle/index.md", ("2018-07-17", "bundle")),
        ("posts/bundle/index.md", ("", "bundle")),
        ("posts/index.md", ("", "index")),
        ("posts/2020-03-21-.md", ("2020-03-21", "")),
        ("posts/2020-03-21.md", ("2020-03-21", "")),
        ("posts/2018-07-170-x.md", ("", "2018-07-170-x")),
    ],
)
def test_a_path_tells_date_and_name(path: str, name: tuple[str, str]) -> None:
    assert name_of(path) == name


@pytest.mark.parametrize(
    ("path", "slug", "url"),
    [
        ("pages/about.md", "", "/about/"),
        ("pages/a/b.md", "", "/a/b/"),
        ("pages/a/index.md", "", "/a/"),
        ("pages/index.md", "", "/"),
        ("pages/Quiénes somos.md", "", "/qui%C3%A9nes-somos/"),
        ("pages/a/b.md", "c", "/a/c/"),
        ("pages/🎉.md", "", "/1f389/"),
    ],
)
def test_a_page_lives_where_its_path_says(path: str, slug: str, url: str) -> None:
    assert page_address(path, slug) == url


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("/about/us/", "/about/us/"),
        ("about.html", "/about.html"),
        ("/:year/:slug", "/2018/hola-mundo"),
        ("pretty", "/pretty"),
        ("/a//b///c", "/a/b/c"),
        ("/a/../../b/./c/", "/a/b/c/"),
        ("/%2e%2E/%2fb", "/b"),
        ("/a/%252e%252e/b", "/a/b"),
        ("/a\\..\\b", "/a/b"),
        ("/año/", "/a%C3%B1o/"),
        ("/a%c3%b1o/100%", "/a%C3%B1o/100%25"),
        ("/a b?c#d", "/a%20b%3Fc%23d"),
        ("/x\r\nSet-Cookie: y\0", "/xSet-Cookie:%20y"),
        ("/x%0d%0aSet-Cookie%3a y", "/xSet-Cookie:%20y"),
    ],
)
def test_an_address_of_ones_own_is_tidied_and_stays_on_the_site(written: str, url: str) -> None:
    assert own_permalink(written, facts()) == url


@pytest.mark.parametrize("written", ["https://example.org/x", "//example.org/x", "/:foo/", "javascript:alert(1)"])
def test_an_address_elsewhere_or_with_an_unknown_placeholder_is_refused(written: str) -> None:
    with pytest.raises(PermalinkError):
        own_permalink(written, facts())


@pytest.mark.parametrize(
    ("alias", "url"),
    [
        ("/old/", "/old/"),
        ("old.html", "/old.html"),
        ("/a/../b", "/a/b"),
        ("/a:b", "/a:b"),
        ("/%C3%B1", "/%C3%B1"),
        ("/?p=123", "/?p=123"),
        ("?p=1", "/?p=1"),
        ("/ñ.php?a=ñ b%20&c#d", "/%C3%B1.php?a=%C3%B1%20b%20&c"),
        ("/a?", "/a"),
    ],
)
def test_an_alias_is_a_path_on_this_site(alias: str, url: str) -> None:
    assert local_address(alias) == url


@pytest.mark.parametrize("alias", ["http://x/", "//x/", "/\\x", "\\\\x", "javascript:alert(1)", "mailto:a@b"])
def test_an_alias_elsewhere_is_refused(alias: str) -> None:
    with pytest.raises(PermalinkError):
        local_address(alias)


ANY_TEXT = st.text(st.characters(exclude_categories=[]))


@given(ANY_TEXT | st.from_regex(r"[/.\\%2eE:a\r\n]+", fullmatch=True), st.lists(ANY_TEXT, max_size=2))
def test_no_text_makes_an_address_that_leaves_the_site_or_a_header(text: str, categories: list[str]) -> None:
    for make in (lambda: local_address(text), lambda: own_permalink(text, facts(text, *categories)),
                 lambda: permalink("/:categories/:title", facts(text, *categories))):  # fmt: skip
        try:
            url = make()
        except PermalinkError:
            continue
        assert url.isascii()
        assert url.isprintable()
        assert url.startswith("/")
        assert not url.startswith("//")
        assert " " not in url
        assert "\\" not in url
        path, _, _ = url.partition("?")  # of an alias alone
        assert not {".", ".."} & set(unquote(path).split("/"))
        assert quote_path(unquote(path)) == path
