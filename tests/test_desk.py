"""The share desk: thirteen previews and one summary out of what the site really answers."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from html import escape
from pathlib import Path

import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bitacora.posts.post import read_post
from bitacora.settings import Site
from bitacora.share.crawl import Answer
from bitacora.share.desk import Desk, PictureFacts, Shown, Verdict, desk, notes
from bitacora.share.metadata import SharePicture, preview
from bitacora.share.networks import READERS
from bitacora.share.rule import Problem

TEMPLATES = Path(__file__).parent.parent / "templates"
SITE = Site(
    title="Bitácora",
    url="https://blog.example.org",
    language="es-CL",
    languages=("es-CL",),
    timezone="America/Santiago",
    author="ana",
    authors={"ana": {"name": "Ana Rojas", "x": "anarojas", "fediverse": "ana@social.example"}},
    accent="#123456",
)
PATH = "/2018/07/17/x/"
URL = SITE.url + PATH
IMAGE = URL + "card-1a2b3c4d5e6f.jpg"
HEAD = """---
title: {title}
date: 2018-07-17 15:00:00Z
author: ana
category: Proyecto
tags: [gobierno, datos]
---
"""
PICTURE = SharePicture(IMAGE, 1200, 630, "image/jpeg", "La plaza llena")
FACTS = PictureFacts(IMAGE, 1200, 630, 150_000, "image/jpeg", is_local=True)
HTML = {"content-type": "text/html; charset=utf-8"}
JPEG = Answer(200, {"content-type": "image/jpeg"}, b"x" * 150_000)


@cache
def our_head(title: str = "La democracia") -> str:
    """The head that the shipped template writes."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: text, lambda one, many, count: one if count == 1 else many, newstyle=True
    )
    made.filters["date"] = lambda value: value.strftime("%d/%m/%Y")
    post = read_post(HEAD.format(title=title).encode(), "posts/2018-07-17-x.md", SITE)
    share = preview(post, SITE, summary="De qué se trata.", picture=PICTURE, minutes=3)
    return made.get_template("_head.html").render(site=SITE, share=share, lang="es", noindex=False, feeds=[])


class Blog:
    """A site of one page, packed where that is asked for; each request is noted."""

    def __init__(self, inside: str, **others: Answer) -> None:
        self.html = f'<!doctype html><html lang="es"><head><meta charset="utf-8">{inside}</head><body>'.encode(
            "utf-8", "surrogatepass"
        )
        icon = Answer(200, {"content-type": "image/png"}, b"x")
        self.others = {IMAGE.removeprefix(SITE.url): JPEG, "/apple-touch-icon.png": icon, **others}
        self.asked: list[str] = []

    def __call__(self, path: str, headers: Mapping[str, str]) -> Answer:
        self.asked.append(path)
        if path != PATH:
            return self.others.get(path, Answer(404, HTML, b""))
        if "gzip" in headers["Accept-Encoding"]:
            return Answer(200, HTML | {"content-encoding": "gzip"}, gzip.compress(self.html, 1))
        return Answer(200, HTML, self.html)


def shown(inside: str, facts: PictureFacts | None = FACTS, site: Site = SITE) -> dict[str, Shown]:
    return {one.network: one for one in desk(Blog(inside), PATH, site, facts, {}).shown}


def tags(**said: str) -> str:
    """og_title="x" is og:title, in the attribute where it belongs."""
    metas = [
        (name.replace("_", ":", 2 if name.startswith("og_image_") else 1), text) for name, text in said.items()
    ]
    where = {name: "property" if name.startswith("og:") else "name" for name, _ in metas}
    return "".join(f'<meta {where[name]}="{name}" content="{escape(text)}">' for name, text in metas)


def forms(found: Mapping[str, Shown]) -> dict[str, str]:
    return {name: one.form for name, one in found.items()}


# --- our own head


def test_the_shipped_head_with_a_good_picture_gets_no_verdict_at_all() -> None:
    found = desk(Blog(our_head()), PATH, SITE, FACTS, {})
    assert found.summary == ()
    assert [one.verdicts for one in found.shown] == [()] * 13


def test_the_thirteen_previews_of_the_shipped_head() -> None:
    found = shown(our_head())
    assert list(found) == list(READERS)
    assert {one.title for name, one in found.items() if name != "google"} == {"La democracia"}
    assert found["google"].title == "La democracia · Bitácora"
    assert forms(found) == dict.fromkeys(READERS, "large") | {
        "google": "text",
        "linkedin": "small",
        "reddit": "small",
    }
    assert {one.picture for name, one in found.items() if name != "google"} == {IMAGE}
    assert found["google"].picture == ""
    without = {name for name, one in found.items() if not one.description}
    assert without == {"x", "imessage", "mastodon", "threads", "reddit"}


def test_each_network_names_the_site_in_its_own_way() -> None:
    found = {name: one.site for name, one in shown(our_head()).items()}
    domain = "blog.example.org"
    assert found == {
        **dict.fromkeys(("x", "linkedin", "whatsapp", "bluesky", "threads", "reddit"), domain),
        **dict.fromkeys(("telegram", "slack", "discord", "imessage", "mastodon"), "Bitácora"),
        "facebook": domain.upper(),
        "google": "https://blog.example.org › 2018 › 07 › 17 › x",
    }


def test_what_only_one_network_shows() -> None:
    found = shown(our_head())
    assert found["mastodon"].byline == "@ana@social.example"
    assert found["mastodon"].date == found["google"].date == "2018-07-17T11:00:00-04:00"
    assert found["discord"].accent == "#123456"
    assert found["slack"].fields == (("Reading time", "3 minutes"), ("Published", "17/07/2018"))
    assert {name for name, one in found.items() if one.approximate} == {
        "linkedin", "telegram", "slack", "reddit",
    }  # fmt: skip
    assert found["whatsapp"].debugger == ""
    assert {one.debugger_note for one in found.values()} - {""} == notes()
    assert {one.alt for name, one in found.items() if name != "google"} == {"La plaza llena"}


def test_boxes_have_each_networks_shape() -> None:
    large = {name: one.ratio for name, one in shown(our_head()).items()}
    assert large["x"] == 2.0
    assert large["facebook"] == large["bluesky"] == 1.91
    assert large["discord"] == pytest.approx(1200 / 630)
    small = shown(our_head(), replace(FACTS, width=300, height=300))
    assert (small["facebook"].form, small["facebook"].ratio) == ("small", 1.0)


# --- forms

BASE = {"og_title": "Título", "og_image": IMAGE}
CARDS = {"x", "telegram", "slack", "discord"}


@pytest.mark.parametrize(
    ("card", "form"), [("summary_large_image", "large"), ("summary", "small"), ("", "small"), ("grande", "small")]
)
def test_some_choose_the_form_by_the_card(card: str, form: str) -> None:
    found = forms(shown(tags(**BASE, twitter_card=card)))
    assert {found[name] for name in CARDS} == {form}
    assert found["facebook"] == "large"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1200, 630), {}),
        ((600, 315), {}),
        ((599, 315), {"facebook": "small", "threads": "small"}),
        ((600, 314), {"facebook": "small", "threads": "small"}),
        ((400, 210), {"facebook": "small", "threads": "small"}),
        (
            (250, 220),
            {"facebook": "small", "threads": "small", "whatsapp": "small", "x": "text"},
        ),
        (
            (140, 100),
            {
                "facebook": "text",
                "threads": "text",
                "whatsapp": "small",
                "x": "text",
                "imessage": "small",
            },
        ),
        ((1300, 300), {"whatsapp": "small", "facebook": "small", "threads": "small"}),
        ((630, 1200), {"mastodon": "small"}),
        ((800, 800), {"mastodon": "small"}),
        ((0, 0), {}),
    ],
)
def test_others_choose_the_form_by_the_picture(size: tuple[int, int], expected: dict[str, str]) -> None:
    found = forms(
        shown(tags(**BASE, twitter_card="summary_large_image"), replace(FACTS, width=size[0], height=size[1]))
    )
    usual = dict.fromkeys(READERS, "large") | {"google": "text", "linkedin": "small", "reddit": "small"}
    assert found == usual | expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(FACTS, bytes=599_999), {}),
        (replace(FACTS, bytes=600_000), {"whatsapp": "small"}),
        (replace(FACTS, type="image/webp"), {"whatsapp": "small"}),
        (
            replace(FACTS, type="image/svg+xml"),
            {"whatsapp": "small", "x": "text", "discord": "text"},
        ),
        (replace(FACTS, problem=Problem("It is broken, so a card was drawn.", "Save it anew.")), {}),
    ],
)
def test_a_picture_that_a_network_refuses_changes_its_form(facts: PictureFacts, expected: dict[str, str]) -> None:
    usual = dict.fromkeys(READERS, "large") | {"google": "text", "linkedin": "small", "reddit": "small"}
    assert forms(shown(tags(**BASE, twitter_card="summary_large_image"), facts)) == usual | expected


def test_without_a_picture_all_is_text_but_apples_icon() -> None:
    found = shown(tags(og_title="Título") + '<link rel="apple-touch-icon" href="/apple-touch-icon.png">', None)
    assert forms(found) == dict.fromkeys(READERS, "text") | {"imessage": "small"}
    assert found["imessage"].picture == SITE.url + "/apple-touch-icon.png"
    assert {one.picture for name, one in found.items() if name != "imessage"} == {""}


@pytest.mark.parametrize(
    ("address", "seen_by"),
    [
        ("/foto.jpg", {"discord", "mastodon"}),
        ("foto.jpg", {"mastodon"}),
        ("http://[", set()),
        ("https://", set()),
        ("data:image/png;base64,x", set()),
        ("javascript:alert(1)", set()),
    ],
)
def test_an_address_that_is_not_whole_is_followed_by_those_that_say_so(address: str, seen_by: set[str]) -> None:
    found = shown(tags(og_title="Título", og_image=address, twitter_card="summary_large_image"), None)
    answered = {"/foto.jpg", PATH + "foto.jpg"}
    assert {name for name, one in found.items() if one.picture} <= seen_by
    blog = Blog(tags(og_title="T", og_image=address), **dict.fromkeys(answered, JPEG))
    assert {one.network for one in desk(blog, PATH, SITE, None, {}).shown if one.picture} == seen_by


def test_a_picture_without_facts_is_taken_at_the_pages_word() -> None:
    remote = {"og_image": "https://i.imgur.com/a.jpg", "og_image_width": "400", "og_image_height": "300"}
    assert shown(tags(og_title="T", **remote), None)["facebook"].form == "small"


# --- texts


def test_texts_are_cut_as_each_network_cuts_them() -> None:
    found = shown(tags(og_title="a" * 150, og_description="b" * 400))
    assert found["facebook"].title == "a" * 110 + "…"
    assert found["x"].title == found["discord"].title == "a" * 70 + "…"
    assert (found["linkedin"].title_cut, found["threads"].title_cut) == (False, True)
    assert found["facebook"].description == "b" * 200 + "…"
    assert found["whatsapp"].description == "b" * 80 + "…"


def test_nothing_invisible_reaches_the_desk() -> None:
    found = shown(tags(og_title="uno\u202edos\x07", og_description="tres\u2066cuatro", og_site_name="a\u200fb"))
    for one in found.values():
        assert not set("\u202e\x07\u2066\u200f") & set(one.title + one.description + one.site)


def test_a_page_without_a_title_is_named_by_its_domain() -> None:
    assert {one.title for one in shown("").values()} == {"blog.example.org"}


def test_the_domain_is_the_one_that_the_page_names() -> None:
    found = shown(tags(og_title="T", og_url="https://otro.example/x/"))
    assert found["facebook"].site == "OTRO.EXAMPLE"
    assert found["x"].site == "blog.example.org"


# --- requests


def test_the_page_is_asked_for_twice_and_what_is_ours_once() -> None:
    blog = Blog(our_head())
    desk(blog, PATH, SITE, FACTS, {})
    icons = ["/apple-touch-icon.png", "/favicon.svg"]
    assert sorted(blog.asked) == sorted([PATH, PATH, IMAGE.removeprefix(SITE.url), "/robots.txt", *icons])


def test_nothing_of_another_site_is_asked_for() -> None:
    remote = "https://blog.example.org.evil.example/a.jpg"
    inside = tags(og_title="T", og_image=remote, twitter_image="//otro.example/a.jpg")
    inside += '<link rel="alternate" type="application/json+oembed" href="https://otro.example/oembed">'
    blog = Blog(inside)
    desk(blog, PATH, SITE, None, {})
    assert sorted(blog.asked) == sorted([PATH, PATH, "/robots.txt"])


def test_our_own_oembed_document_is_read() -> None:
    inside = '<link type="application/json+oembed" href="/oembed.json">' + tags(og_title="og")
    for body, title in [(b'{"title": "oembed"}', "oembed"), (b"[1]", "og"), (b"{", "og"), (b"\xff", "og")]:
        blog = Blog(inside, **{"/oembed.json": Answer(200, {}, body)})
        found = {one.network: one.title for one in desk(blog, PATH, SITE, None, {}).shown}
        assert (found["slack"], found["discord"]) == (title, "og")


@pytest.mark.parametrize("status", [301, 404, 410, 500])
def test_a_page_that_is_not_there_leaves_thirteen_empty_previews_and_one_verdict(status: int) -> None:
    found = desk(lambda path, headers: Answer(status, HTML, b"<title>No</title>"), PATH, SITE, FACTS, {})
    assert [(verdict.rule, verdict.network) for verdict in found.summary] == [("page-status", "")]
    assert {one.title for one in found.shown} == {"blog.example.org"}
    assert {one.form for one in found.shown} == {"text"}


# --- the summary


def summary(inside: str, facts: PictureFacts | None = FACTS, lines: Mapping[str, int] | None = None) -> Desk:
    return desk(Blog(inside), PATH, SITE, facts, lines or {})


def verdict(found: Desk, rule: str) -> Verdict:
    (one,) = [verdict for verdict in found.summary if verdict.rule == rule]
    return one


def test_what_several_networks_say_is_one_verdict_told_where_it_is_worst() -> None:
    found = summary(our_head("a" * 130), lines={"title": 2})
    cut = next(one for one in found.summary if one.rule == "title-cut" and one.network == "")
    assert set(cut.values["networks"]) == {"Facebook", "X", "Threads"}  # type: ignore[call-overload]
    assert (cut.measured, cut.limit, cut.severity, cut.key, cut.line) == ("130", "70", "warning", "title", 2)


def test_a_remedy_names_what_the_network_reads() -> None:
    found = summary(our_head("a" * 130), lines={"title": 2, "share_title": 3})
    cut = {one.network: (one.key, one.line, one.remedy) for one in found.summary if one.rule == "title-cut"}
    assert cut["google"] == ("title", 2, "Say what matters first, or give the post a shorter title.")
    assert cut[""] == ("share_title", 3, "Say what matters first, or give the post a shorter share_title.")
    head = our_head().replace('content="La plaza llena"', 'content=""')
    alt = verdict(summary(head, lines={"share_image": 4, "image_alt": 5}), "alt-missing")
    assert (alt.key, alt.line) == ("share_image", 4)
    alt = verdict(summary(head, lines={"image": 4, "image_alt": 5}), "alt-missing")
    assert (alt.key, alt.line) == ("image_alt", 5)


def test_what_one_network_says_keeps_its_name() -> None:
    found = summary(our_head(), replace(FACTS, bytes=700_000))
    heavy = verdict(found, "picture-too-heavy")
    assert (heavy.network, heavy.values["networks"]) == ("whatsapp", ("WhatsApp",))


def test_what_concerns_all_alike_names_no_network() -> None:
    found = summary(our_head("👩🏽‍🔬"))
    assert (
        verdict(found, "title-without-words").network,
        verdict(found, "title-without-words").values["networks"],
    ) == (
        "",
        (),
    )


def test_the_worst_comes_first() -> None:
    found = summary(tags(og_title="a" * 130, og_image=IMAGE), replace(FACTS, bytes=9_000_000))
    order = {"error": 0, "warning": 1, "advice": 2}
    for verdicts in (found.summary, *(one.verdicts for one in found.shown)):
        ranks = [order[verdict.severity] for verdict in verdicts]
        assert ranks == sorted(ranks)
    assert found.summary[0].severity == "error"


# --- hostile heads

PIECES = [
    "</head>", "<title>", "</title>", '<meta property="og:title" content="', '<meta property="og:image" content="',
    '<meta property="og:url" content="http://[', '<meta name="twitter:card" content="summary_large_image">', '">',
    '<link rel="canonical" href="', '<link rel="apple-touch-icon" sizes="99999999999x" href="', "</head>",
    '<script type="application/ld+json">', '{"@type": "WebPage", "headline": {"name": []}}', "</script>", "[[",
    '<link type="application/json+oembed" href="http://[">', '<meta property="og:image:width" content="²">',
    '<meta name="theme-color" content="#">', '<meta name="fediverse:creator" content="@@">', "\x00", "\u202e",
    "👩🏽‍🔬", "%(x)s %s {0}", "\ud800", "&#xD800;", "<", ">", '"', "https://blog.example.org/", "//",
    "javascript:x",
    '<meta property="article:published_time" content="2018-99-99T99:99:99Z">',
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join))
@example("<title>" + "👩🏽‍🔬" * 4000 + "</title>")
@example(tags(og_title="👩🏽‍🔬" * 4000, og_description="👩🏽‍🔬" * 4000))
@example(tags(og_title="\ufdd0\x00\u202e"))
@example('<script>"</head>"</script><title>x')
@settings(deadline=None, max_examples=60)
def test_no_head_makes_the_desk_raise(inside: str) -> None:
    found = summary(inside)
    assert len(found.shown) == len(READERS)
    for one in (*found.summary, *(verdict for shown in found.shown for verdict in shown.verdicts)):
        assert one.message % one.values
        assert one.remedy % one.values
    for shown_one in found.shown:
        for entry in fields(shown_one):
            str(getattr(shown_one, entry.name)).encode()


KINDS = ("BlogPosting", "NewsArticle", "WebPage")
NAMES = (
    *("@type", "@graph", "author", "name", "headline", "description", "datePublished", "publisher"),
    *("title", "author_name", "provider_name", "thumbnail_url"),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from((*KINDS, "//[")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)
ARTICLES = st.builds(lambda kind, more: {**more, "@type": kind}, st.sampled_from(KINDS) | JSON, st.dictionaries(
    st.sampled_from(NAMES), JSON, max_size=4
))  # fmt: skip


@given(JSON | ARTICLES, JSON)
@example({"@type": "BlogPosting", "author": {"name": ["Ana", "Luis"]}}, None)
@example({"@type": "BlogPosting", "author": [{"name": {"a": 1}}]}, None)
@example({"@type": {"a": 1}, "headline": "x"}, None)
@example({"@type": [["NewsArticle"], {"a": 1}]}, None)
@example({"@type": "NewsArticle", "headline": "\ud800"}, {"title": "\ud800", "thumbnail_url": "//["})
@settings(deadline=None, max_examples=150)
def test_no_value_of_json_makes_the_desk_raise(linked: object, embedded: object) -> None:
    inside = f'<script type="application/ld+json">{json.dumps(linked)}</script>'
    inside += '<link type="application/json+oembed" href="/oembed.json">'
    blog = Blog(our_head() + inside, **{"/oembed.json": Answer(200, {}, json.dumps(embedded).encode())})
    found = desk(blog, PATH, SITE, FACTS, {})
    for one in (*found.summary, *(verdict for shown in found.shown for verdict in shown.verdicts)):
        (one.message % one.values + one.remedy % one.values).encode()
    for shown_one in found.shown:
        for entry in fields(shown_one):
            str(getattr(shown_one, entry.name)).encode()


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "9" * 5_000, '{"@type"', '"\\ud800', "NaN,"],
    ids=["deep", "long", "short", "string", "NaN"],
)
def test_json_that_cannot_be_read_is_told_in_our_words(text: str) -> None:
    found = summary(our_head() + f'<script type="application/ld+json">{text}</script>')
    told = verdict(found, "data-broken")
    assert "recursion" not in told.message % told.values
    assert re.fullmatch(r"–|\d+:\d+", told.measured)


def test_a_description_that_the_post_lacks_is_asked_of_the_post_and_one_that_it_has_of_the_template() -> None:
    head = re.sub(r'<meta (name|property)="(og:|twitter:)?description"[^>]*>', "", our_head())
    lacks, has = (verdict(summary(head, lines=lines), "description-missing") for lines in ({}, {"Intro": 3}))
    assert (lacks.key, lacks.remedy.startswith("Add an intro")) == ("intro", True)
    assert (has.key, has.line, "the template leaves it out" in has.remedy) == ("", 0, True)


def test_what_is_not_plain_names_the_key_of_the_text_that_is_not() -> None:
    lines = {"title": 2, "intro": 3}
    for name, expected in (("og:title", ("title", 2)), ("og:description", ("intro", 3))):
        head = re.sub(f'"{name}" content="[^"]*"', f'"{name}" content="&amp;lt;b&amp;gt;"', our_head())
        (found,) = [one for one in summary(head, lines=lines).summary if one.rule == "text-not-plain"]
        assert (found.key, found.line) == expected


@pytest.mark.parametrize("body", [b"", b"\x00" * 1000, b"\xff\xfe<\x00h\x00", b"<" * 100_000])
def test_no_bytes_make_the_desk_raise(body: bytes) -> None:
    found = desk(lambda path, headers: Answer(200, HTML, body), PATH, SITE, None, {})
    assert "title-missing" in {verdict.rule for verdict in found.summary}
