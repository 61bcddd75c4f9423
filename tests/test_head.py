"""The head of a page and the first share page, read as a browser reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import html5lib
import jinja2
import pytest

from bitacora.posts.post import Author, Image, Post, Term
from bitacora.settings import NETWORKS, Site
from bitacora.share.links import share_links, share_texts
from bitacora.share.metadata import Preview, SharePicture, preview, site_preview
from bitacora.share.text import clean

TEMPLATES = Path(__file__).parent.parent / "templates"
HEAD = """<!doctype html>
<html lang="es"><head><meta charset="utf-8">
{% include "_head.html" %}
</head><body></body></html>"""
BASE = """<!doctype html>
<html lang="es"><head><meta charset="utf-8">
{% set page_title %}{% block title %}{% endblock %}{% endset %}
{% include "_head.html" %}
</head><body><main>{% block main %}{% endblock %}</main></body></html>"""
SITE = Site(
    title="Bitácora",
    description="Un sitio para probar.",
    url="https://blog.example.org",
    language="es-CL",
    languages=("es-CL",),
    timezone="America/Santiago",
    author="ana",
    authors={"ana": {"name": "Ana Rojas", "x": "anarojas"}},
    accent="#123456",
)
POST = Post(
    path="posts/2018-07-17-x.md",
    kind="post",
    url="/2018/07/17/x/",
    slug="x",
    title="La democracia",
    date=datetime(2018, 7, 17, 15, 0, tzinfo=UTC),
    updated=datetime(2019, 1, 2, 3, 4, 5, tzinfo=UTC),
    expires=None,
    intro="",
    categories=(Term("Proyecto", "proyecto"),),
    tags=(Term("gobierno", "gobierno"), Term("datos", "datos")),
    authors=(Author("Ana Rojas", "ana", "https://ana.example/", "", "ana@social.example", "anarojas"),),
    images=(Image("foto.jpg", "La plaza llena"),),
    aliases=(),
    highlighted=False,
    draft=False,
    hidden=False,
    noindex=False,
    toc=False,
    math=False,
    lang="es-CL",
    translation_key="",
    template="",
    share_title="",
    share_image=None,
    share_message=MappingProxyType({}),
    focus=None,
    extra=MappingProxyType({}),
    body_line=1,
)
PICTURE = SharePicture("/2018/07/17/x/foto.jpg", 1200, 630, "image/jpeg", "La plaza llena")
URL = "https://blog.example.org/2018/07/17/x/"
IMAGE = URL + "foto.jpg"
HOSTILE = {
    "quotes": "\"doble\" 'simple' `acento`",
    "end of script": "</script></title></head><script>alert(1)</script><!-- <script>",
    "markup": '"><img src=x onerror=alert(1)> &amp; &lt; &notit;',
    "lines": "uno\r\ndos\n\ntres\u2028cuatro\u2029cinco",
    "bidi": "a\u202eb\u2066c\u2069d\u200fe",
    "controls": "a\x00b\x07c\x9bd\ufdd0e\ud800f",
    "emoji": "👩🏽‍🔬 🇨🇱 1️⃣",
    "long": "palabra " * 500,
    "template": "{{ site }} {% raw %} %(title)s %s {0}",
}


@cache
def environment() -> jinja2.Environment:
    own = jinja2.DictLoader({"head-alone.html": HEAD, "base.html": BASE})
    loader = jinja2.ChoiceLoader([own, jinja2.FileSystemLoader(TEMPLATES)])
    made = jinja2.Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: text, lambda one, many, count: one if count == 1 else many, newstyle=True
    )
    made.filters["date"] = lambda value: value.strftime("%d/%m/%Y")
    return made


def render(template: str, **context: object) -> str:
    known = {
        "site": SITE,
        "lang": "es",
        "canonical": URL,
        "noindex": False,
        "static": lambda name: f"/static/{name}",
        "written": lambda language, text="": "",
        "feeds": [("Bitácora", "https://blog.example.org/feed.xml")],
    }
    return environment().get_template(template).render({**known, **context})


def parse(html: str) -> Any:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=True)
    return parser.parse(html)


def head(**context: object) -> Any:
    return parse(render("head-alone.html", **context)).find("head")


def say(post: Post = POST, site: Site = SITE, **given: object) -> Preview:
    facts = {"summary": "De qué se trata.", "picture": PICTURE, "minutes": 3, **given}
    return preview(post, site, **facts)  # type: ignore[arg-type]


def tags(found: Any) -> list[tuple[str, str]]:
    """What the head says, in order: title, each meta's name and content, each link's relation and address."""
    rows = []
    for element in found:
        if element.tag == "title":
            rows.append(("title", element.text))
        elif element.tag == "link":
            rows.append(("link " + element.get("rel"), element.get("href")))
        elif element.tag == "meta" and "content" in element.attrib:
            rows.append((element.get("property") or element.get("name"), element.get("content")))
    return rows


def test_the_head_of_a_post_has_every_tag_in_order() -> None:
    assert tags(head(share=say())) == [
        ("title", "La democracia · Bitácora"),
        ("description", "De qué se trata."),
        ("link canonical", URL),
        ("og:type", "article"),
        ("og:site_name", "Bitácora"),
        ("og:title", "La democracia"),
        ("og:description", "De qué se trata."),
        ("og:url", URL),
        ("og:locale", "es_CL"),
        ("og:image", IMAGE),
        ("og:image:type", "image/jpeg"),
        ("og:image:width", "1200"),
        ("og:image:height", "630"),
        ("og:image:alt", "La plaza llena"),
        ("article:published_time", "2018-07-17T11:00:00-04:00"),
        ("article:modified_time", "2019-01-02T00:04:05-03:00"),
        ("article:section", "Proyecto"),
        ("article:tag", "gobierno"),
        ("article:tag", "datos"),
        ("article:author", "https://ana.example/"),
        ("twitter:card", "summary_large_image"),
        ("twitter:site", "@anarojas"),
        ("twitter:creator", "@anarojas"),
        ("twitter:title", "La democracia"),
        ("twitter:description", "De qué se trata."),
        ("twitter:image", IMAGE),
        ("twitter:image:alt", "La plaza llena"),
        ("twitter:label1", "Reading time"),
        ("twitter:data1", "3 minutes"),
        ("twitter:label2", "Published"),
        ("twitter:data2", "17/07/2018"),
        ("fediverse:creator", "@ana@social.example"),
        ("theme-color", "#123456"),
        ("robots", "max-image-preview:large"),
        ("link apple-touch-icon", "/apple-touch-icon.png"),
        ("link icon", "/favicon.svg"),
        ("link alternate", "https://blog.example.org/feed.xml"),
    ]


def test_open_graph_is_a_property_and_all_else_a_name() -> None:
    for element in head(share=say()).findall("meta"):
        if "content" in element.attrib:
            name = element.get("property") or element.get("name")
            expected = "property" if name.startswith(("og:", "article:")) else "name"
            assert list(element.attrib) == [expected, "content"]


def test_nothing_said_stands_empty() -> None:
    post = POST._replace(authors=(), categories=(), tags=(), updated=None)
    site = replace(SITE, authors={}, accent="")
    found = head(share=say(post, site, picture=None, minutes=0), site=site)
    rows = tags(found)
    assert all(value for _, value in rows)
    names = [name for name, _ in rows]
    for absent in ("og:image", "article:modified_time", "article:author", "twitter:site", "fediverse:creator"):
        assert absent not in names
    assert ("twitter:card", "summary") in rows
    assert [row for row in rows if row[0].startswith(("twitter:label", "twitter:data"))] == [
        ("twitter:label1", "Published"),
        ("twitter:data1", "17/07/2018"),
    ]


def test_a_picture_of_unknown_size_names_no_size_and_no_type() -> None:
    names = dict(tags(head(share=say(picture=SharePicture("https://cdn.example/a")))))
    assert names["og:image"] == names["twitter:image"] == "https://cdn.example/a"
    for absent in ("og:image:width", "og:image:height", "og:image:type", "og:image:alt", "twitter:image:alt"):
        assert absent not in names


def test_translations_are_named_after_the_locale() -> None:
    rows = tags(head(share=say(translations=["pt", "en"])))
    assert [row for row in rows if row[0].startswith("og:locale")] == [
        ("og:locale", "es_CL"),
        ("og:locale:alternate", "pt_BR"),
        ("og:locale:alternate", "en_US"),
    ]


@pytest.mark.parametrize("context", [{}, {"share": None}, {"page_title": "  Bitácora\n"}])
def test_a_page_without_preview_speaks_for_the_site(context: Mapping[str, object]) -> None:
    rows = dict(tags(head(canonical="https://blog.example.org/", **context)))
    assert rows["title"] == rows["og:title"] == rows["twitter:title"] == "Bitácora"
    assert rows["description"] == rows["og:description"] == "Un sitio para probar."
    assert rows["link canonical"] == rows["og:url"] == "https://blog.example.org/"
    assert (rows["og:type"], rows["twitter:card"]) == ("website", "summary")


def test_an_error_page_has_no_address_and_is_not_indexed() -> None:
    rows = dict(tags(head(canonical="", noindex=True, page_title="No está")))
    assert (rows["title"], rows["robots"]) == ("No está · Bitácora", "noindex")
    assert "og:url" not in rows
    assert "link canonical" not in rows


def test_the_title_of_the_site_stands_alone_on_its_home_page() -> None:
    site = replace(SITE, title="Tú & <yo>")
    share = site_preview(site, "", "", "/")
    page_title = jinja2.utils.markupsafe.escape(site.title)
    for context in ({"share": share}, {"page_title": page_title}, {"share": share, "page_title": page_title}):
        assert dict(tags(head(site=site, **context)))["title"] == "Tú & <yo>"


def test_a_page_is_a_website_without_article_tags_or_json_ld() -> None:
    found = head(share=say(POST._replace(kind="page", date=None)))
    names = dict(tags(found))
    assert names["og:type"] == "website"
    assert not [name for name in names if name.startswith(("article:", "twitter:label"))]
    assert found.find("script") is None


def test_the_json_ld_of_a_post_is_one_blog_posting() -> None:
    scripts = head(share=say()).findall("script")
    assert [script.get("type") for script in scripts] == ["application/ld+json"]
    assert json.loads(scripts[0].text) == say().json_ld


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_in_every_field_stays_text(text: str) -> None:
    author = Author(text, "slug", text, text, text, text, text)
    post = POST._replace(
        title=text,
        share_title=text,
        categories=(Term(text, "c"),),
        tags=(Term(text, "t"),),
        authors=(author,),
        images=(Image("a", text, text),),
    )
    site = replace(SITE, title=text, description=text, authors={"ana": {"x": text}})
    share = say(post, site, summary=text, picture=replace(PICTURE, url="/" + clean(text), alt=text))
    found = head(share=share, site=replace(site, title=clean(text)), feeds=[(clean(text), "/feed.xml")])
    calm = head(share=say(), feeds=[("a", "/feed.xml")])
    allowed = {element.tag for element in calm}
    assert {element.tag for element in found} == allowed
    assert json.loads(found.find("script").text) == share.json_ld
    rows = dict(tags(found))
    assert rows["og:title"] == rows["twitter:title"] == rows["og:site_name"] == clean(text)
    assert rows["article:section"] == rows["article:tag"] == clean(text)
    assert rows["og:description"] == rows["description"] == share.description
    assert share.picture is not None
    assert rows["og:image:alt"] == share.picture.alt
    assert rows["og:image"] == share.picture.url


def test_the_head_of_a_monstrous_post_lies_in_the_first_300_kb() -> None:
    text = "👩🏽‍🔬" * 4000
    post = POST._replace(title=text, categories=(Term(text[:500], "c"),))
    html = render("head-alone.html", share=say(post, summary=text, picture=replace(PICTURE, alt=text)))
    assert len(html.encode()) < 300_000


# --- share links and the share page


def share_page(messages: Mapping[str, str], share: Preview | None = None, **context: object) -> Any:
    share = share or say()
    given = {
        "post": POST,
        "share": share,
        "share_links": share_links(share, messages, NETWORKS),
        "texts": share_texts(share, messages, NETWORKS),
        "noindex": True,
    }
    return parse(render("share.html", **{**given, **context}))


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def by_class(root: Any, name: str) -> list[Any]:
    return [element for element in root.iter() if name in element.get("class", "").split()]


def test_share_links_are_plain_links_with_words() -> None:
    links = share_links(say(), {"default": 'Di "hola" & <b>'}, NETWORKS)
    nav = parse(f"<!doctype html><title>x</title>{render('_share_links.html', share_links=links)}").find(".//nav")
    assert nav.get("aria-label") == "Share this post"
    found = nav.findall(".//a")
    assert [a.get("href") for a in found] == [link.url for link in links]
    assert [a.text for a in found] == [link.label for link in links]
    for a in found[:-1]:
        assert (a.get("rel"), a.get("target")) == ("noopener", "_blank")
        assert "new tab" in words(a)
    assert found[-1].get("target") is None  # a mail program opens no tab


@pytest.mark.parametrize("context", [{}, {"share_links": []}])
def test_without_networks_there_is_no_empty_row(context: Mapping[str, object]) -> None:
    assert render("_share_links.html", **context).strip() == ""


def test_the_share_page_shows_title_description_picture_and_address() -> None:
    card = by_class(share_page({}), "share-card")[0]
    assert [words(by_class(card, f"share-card-{part}")[0]) for part in ("title", "description", "address")] == [
        "La democracia",
        "De qué se trata.",
        URL,
    ]
    picture = card.find("img")
    assert {name: picture.get(name) for name in ("src", "alt", "width", "height")} == {
        "src": "/2018/07/17/x/foto.jpg",
        "alt": "La plaza llena",
        "width": "1200",
        "height": "630",
    }


def test_the_share_page_leads_back_and_is_not_indexed() -> None:
    page = share_page({})
    assert POST.url in [a.get("href") for a in page.iter("a")]
    rows = dict(tags(page.find("head")))
    assert (rows["robots"], rows["og:title"], rows["og:url"]) == ("noindex", "La democracia", URL)
    assert rows["title"] == "Share: La democracia · Bitácora"


def test_the_share_page_shows_each_text_with_its_length_and_limit() -> None:
    page = share_page({"default": "a" * 268})
    shown = [words(element) for element in by_class(page, "share-text")]
    assert shown[:2] == [f"{'a' * 268} {URL}", URL]
    lengths = [words(element) for element in by_class(page, "share-length")]
    assert lengths == [
        "307 characters",
        "38 characters This network takes the address alone.",
        "292 of 280 characters, over by 12",
        "307 characters",
        "38 characters This network takes the address alone.",
        "292 of 500 characters",
        "307 of 300 characters, over by 7",
        "307 of 500 characters",
        "307 characters",
        "308 characters",
    ]
    assert len(by_class(page, "is-over")) == 2


def test_the_share_page_says_what_is_missing() -> None:
    assert "This post has no picture to show." in words(share_page({}, say(picture=None)))
    undescribed = share_page({}, say(picture=replace(PICTURE, alt="")))
    assert "neither a caption nor a description" in words(undescribed)
    assert "neither a caption nor a description" not in words(share_page({}))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text_on_the_share_page(text: str) -> None:
    post = POST._replace(title=clean(text), share_title=text)
    page = share_page({"default": text}, say(post, summary=text), post=post)
    assert words(by_class(page, "share-card-title")[0]) == clean(text)
    assert {element.tag for element in page.iter()} == {element.tag for element in share_page({}).iter()}
    assert len(list(page.iter("script"))) == 1
    for a in page.iter("a"):
        assert a.get("href").startswith(("https://", "mailto:?subject=", "/2018/"))
        assert "\x00" not in unquote(a.get("href"))
