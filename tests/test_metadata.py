"""What is said about a post when it is shared."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest

from bitacora.posts.post import Author, Image, Post, Term
from bitacora.settings import Site
from bitacora.share.metadata import Preview, SharePicture, cut, fediverse_handle, preview, site_preview, x_handle
from bitacora.share.text import clean, graphemes

SITE = Site(
    title="Bitácora de prueba",
    description="Un sitio para probar.",
    url="https://blog.example.org",
    language="es-CL",
    languages=("es-CL", "pt"),
    timezone="America/Santiago",
    author="ana",
    authors={"ana": {"name": "Ana Rojas", "x": "anarojas"}},
)
ANA = Author("Ana Rojas", "ana-rojas", "https://ana.example/", "", "ana@social.example", "@anarojas")
BETO = Author("Beto", "beto")
PICTURE = SharePicture("/2018/07/17/x/foto.jpg", 1200, 630, "image/jpeg", "La plaza llena")
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
    categories=(Term("Proyecto", "proyecto"), Term("Otra", "otra")),
    tags=(Term("gobierno", "gobierno"), Term("datos", "datos")),
    authors=(ANA, BETO),
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
HOSTILE = {
    "quotes": "\"doble\" 'simple' `acento`",
    "end of script": "</script><script>alert(1)</script><!-- <script>",
    "markup": "<b onload=x>&amp; &lt;</b> ]]>",
    "lines": "uno\r\ndos\n\ntres\ttab\u2028cuatro\u2029cinco\x85seis",
    "bidi": "a\u202eb\u2066c\u2069d\u200fe\u061cf",
    "controls": "a\x00b\x07c\x1bd\x9be\ufefff\ufdd0g\ud800h",
    "emoji": "👩🏽‍🔬 🇨🇱 1️⃣ 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "long": "palabra " * 500,
    "one word": "x" * 4000,
    "marks": "e" + "\u0301" * 300,
    "template": "{{ site }} {% raw %} %(title)s %s {0}",
}


def say(post: Post = POST, site: Site = SITE, **given: object) -> Preview:
    facts = {"summary": "De qué se trata.", "picture": PICTURE, "minutes": 3, **given}
    return preview(post, site, **facts)  # type: ignore[arg-type]


def hostile_post(text: str) -> Post:
    author = Author(text, "slug", text, text, text, text, text)
    return POST._replace(
        title=text,
        intro=text,
        categories=(Term(text, "c"),),
        tags=(Term(text, "t"),),
        authors=(author,),
        images=(Image(text, text, text),),
        share_title=text,
        share_image=Image(text, text, text),
        share_message={"default": text},
        focus=None,
    )


def texts_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.items() for text in texts_of(item)]
    if isinstance(value, (tuple, list)):
        return [text for item in value for text in texts_of(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [text for item in fields(value) for text in texts_of(getattr(value, item.name))]
    return []


def test_a_post_is_an_article_with_its_facts() -> None:
    said = say()
    assert (said.type, said.title, said.description) == ("article", "La democracia", "De qué se trata.")
    assert (said.url, said.site_name) == ("https://blog.example.org/2018/07/17/x/", "Bitácora de prueba")
    assert (said.section, said.tags, said.minutes) == ("Proyecto", ("gobierno", "datos"), 3)
    assert said.fediverse_creator == "@ana@social.example"
    assert (said.twitter_site, said.twitter_creator) == ("@anarojas", "@anarojas")


def test_the_title_is_the_title_alone_and_share_title_goes_first() -> None:
    assert say().title == "La democracia"
    assert say(POST._replace(share_title="Otro")).title == "Otro"


@pytest.mark.parametrize(
    ("summary", "description", "expected"),
    [
        ("Resumen.", "Del sitio.", "Resumen."),
        (" \u200f\n", "Del sitio.", "Del sitio."),
        ("", "", "La democracia"),
    ],
)
def test_the_description_is_never_empty(summary: str, description: str, expected: str) -> None:
    assert say(site=replace(SITE, description=description), summary=summary).description == expected


def test_times_are_iso_8601_with_the_offset_of_the_site() -> None:
    said = say()
    assert said.published == "2018-07-17T11:00:00-04:00"
    assert said.modified == "2019-01-02T00:04:05-03:00"
    assert said.date is not None
    assert said.date.isoformat() == said.published


@pytest.mark.parametrize("updated", [None, datetime(2018, 7, 1, tzinfo=UTC), POST.date])
def test_a_post_not_edited_after_publication_has_no_time_of_edit(updated: datetime | None) -> None:
    said = say(POST._replace(updated=updated))
    assert said.modified == ""
    assert said.json_ld["dateModified"] == said.published


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (datetime(1850, 1, 1, tzinfo=UTC), "1850-01-01T00:00:00+00:00"),  # Santiago was at -04:42:45
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_that_the_zone_cannot_write_is_in_utc(date: datetime, expected: str) -> None:
    assert say(POST._replace(date=date, updated=None)).published == expected


@pytest.mark.parametrize(
    ("lang", "site", "languages", "expected"),
    [
        ("es-CL", "es", (), "es_CL"),
        ("pt_br", "es", (), "pt_BR"),
        ("zh-Hant-TW", "es", (), "zh_TW"),
        ("es", "es-MX", (), "es_MX"),
        ("pt", "es", ("es", "pt-PT"), "pt_PT"),
        ("es-419", "es", (), "es_LA"),
        ("es", "es", (), "es_ES"),
        ("en", "es-CL", (), "en_US"),
        ("", "pt-BR", (), "pt_BR"),
        ("xx", "es-CL", (), "xx"),
    ],
)
def test_the_locale_has_language_and_region(
    lang: str, site: str, languages: tuple[str, ...], expected: str
) -> None:
    site_of = replace(SITE, language=site, languages=languages)
    assert say(POST._replace(lang=lang), site_of).locale == expected


def test_translations_are_alternate_locales() -> None:
    said = say(translations=["es-CL", "pt", "en", "pt"])
    assert said.alternate_locales == ("pt_BR", "en_US")


def test_the_picture_is_absolute_and_keeps_its_true_facts() -> None:
    said = say()
    assert said.card == "summary_large_image"
    assert said.picture == replace(PICTURE, url="https://blog.example.org/2018/07/17/x/foto.jpg")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example/a.jpg?w=1&h=2", "https://cdn.example/a.jpg?w=1&h=2"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ('/mi foto "1" ñ<>.jpg', "https://blog.example.org/mi%20foto%20%221%22%20%C3%B1%3C%3E.jpg"),
        ("/ya%20codificada.jpg", "https://blog.example.org/ya%20codificada.jpg"),
    ],
)
def test_a_picture_address_is_absolute_and_encoded_once(url: str, expected: str) -> None:
    picture = say(picture=SharePicture(url)).picture
    assert picture is not None
    assert picture.url == expected


@pytest.mark.parametrize(
    "picture",
    [
        None,
        SharePicture(""),
        SharePicture("javascript:alert(1)"),
        SharePicture("data:image/png;base64,AAAA"),
        SharePicture("http://["),
        SharePicture("/dibujo.svg", 10, 10, "image/svg+xml"),
    ],
)
def test_without_a_picture_that_networks_can_show_the_card_is_small(picture: SharePicture | None) -> None:
    said = say(picture=picture)
    assert (said.picture, said.card) == (None, "summary")
    assert "image" not in said.json_ld


@pytest.mark.parametrize(
    ("alt", "captions", "expected"),
    [
        ("La plaza llena", ["La plaza llena"], "La plaza llena"),
        ("La democracia", [], ""),
        ("La democracia", ["La democracia"], "La democracia"),
        ("x" * 1000, [], "x" * 419 + "…"),
    ],
)
def test_alt_is_the_caption_and_the_title_only_where_that_is_the_caption(
    alt: str, captions: list[str], expected: str
) -> None:
    post = POST._replace(images=tuple(Image("a.jpg", caption) for caption in captions))
    picture = say(post, picture=replace(PICTURE, alt=alt)).picture
    assert picture is not None
    assert picture.alt == expected


def test_authors_have_their_own_page_or_the_one_of_the_site() -> None:
    assert [(author.name, author.url) for author in say().authors] == [
        ("Ana Rojas", "https://ana.example/"),
        ("Beto", "https://blog.example.org/author/beto/"),
    ]


@pytest.mark.parametrize("author", ["ana", "Ana Rojas"])
def test_the_account_of_the_site_is_its_authors(author: str) -> None:
    assert say(POST._replace(authors=()), replace(SITE, author=author)).twitter_site == "@anarojas"
    assert say(site=replace(SITE, author="")).twitter_site == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ana", "@ana"),
        (" @ana_1 ", "@ana_1"),
        ("https://x.com/ana", "@ana"),
        ("https://www.twitter.com/ana/", "@ana"),
        ("", ""),
        ("ana rojas", ""),
        ("sixteen_letters_", ""),
        ('"><script>', ""),
    ],
)
def test_an_x_account_is_known_in_every_form(written: str, expected: str) -> None:
    assert x_handle(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("@ana@social.example", "@ana@social.example"),
        ("ana@social.example", "@ana@social.example"),
        ("https://social.example/@ana", "@ana@social.example"),
        ("", ""),
        ("@ana", ""),
        ('ana@"><script>', ""),
    ],
)
def test_a_fediverse_account_is_known_in_every_form(written: str, expected: str) -> None:
    assert fediverse_handle(written) == expected


def test_json_ld_is_one_blog_posting_with_the_named_properties() -> None:
    said = say(POST._replace(authors=(ANA,)), logo="/static/logo.png")
    organization = {"@type": "Organization", "name": "Bitácora de prueba"}
    logo = {"@type": "ImageObject", "url": "https://blog.example.org/static/logo.png"}
    assert json.loads(said.json_ld_text) == {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": "La democracia",
        "description": "De qué se trata.",
        "image": ["https://blog.example.org/2018/07/17/x/foto.jpg"],
        "datePublished": "2018-07-17T11:00:00-04:00",
        "dateModified": "2019-01-02T00:04:05-03:00",
        "author": {"@type": "Person", "name": "Ana Rojas", "url": "https://ana.example/"},
        "publisher": {**organization, "logo": logo},
        "mainEntityOfPage": "https://blog.example.org/2018/07/17/x/",
        "inLanguage": "es-CL",
    }


def test_json_ld_names_every_author_and_the_site_where_there_is_none() -> None:
    assert [author["name"] for author in say().json_ld["author"]] == ["Ana Rojas", "Beto"]  # type: ignore[attr-defined]
    nobody = say(POST._replace(authors=())).json_ld["author"]
    assert nobody == {
        "@type": "Organization",
        "name": "Bitácora de prueba",
        "url": "https://blog.example.org/",
    }


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_json_ld_survives_hostile_text_and_leaves_no_sign_that_html_reads(text: str) -> None:
    said = say(hostile_post(text), summary=text, picture=replace(PICTURE, alt=text), logo=text)
    assert json.loads(said.json_ld_text) == said.json_ld
    assert said.json_ld["headline"] == clean(text)
    assert not set("<>&\u2028\u2029") & set(said.json_ld_text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_becomes_one_clean_line_everywhere(text: str) -> None:
    site = replace(SITE, title=text, description=text, authors={"ana": {"x": text}})
    said = say(hostile_post(text), site, summary=text, picture=replace(PICTURE, url=text, alt=text))
    for found in texts_of(said):
        assert found == clean(found)
        found.encode()  # no lone surrogate


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_leaves_every_address_on_http(text: str) -> None:
    said = say(hostile_post(text), picture=replace(PICTURE, url=text), logo=text)
    addresses = [said.url, *(author.url for author in said.authors)]
    addresses += [said.picture.url] if said.picture else []
    for address in addresses:
        assert urlsplit(address).scheme in {"http", "https"}
        assert address.isascii()
        assert not set('"<> \n\\') & set(address)


def test_clean_keeps_what_a_script_or_an_emoji_needs() -> None:
    assert (
        clean(" می\u200cخواهم  👩🏽‍🔬\n🏴\U000e0067\U000e007f ") == "می\u200cخواهم 👩🏽‍🔬 🏴\U000e0067\U000e007f"
    )
    assert clean("a\x00b\u202ec\nd") == "abc d"


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("año", 3), ("an\u0303o", 3), ("👩🏽‍🔬🇨🇱1️⃣", 3), ("한국", 2), ("नि", 1)],
)
def test_a_grapheme_is_what_a_reader_sees(text: str, count: int) -> None:
    assert graphemes(text) == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("corta y entera.", "corta y entera."),
        ("x" * 20, "x" * 20),
        ("Una frase. Otra más larga.", "Una frase. …"),
        ("Dr. Soto habló de la plaza", "Dr. Soto habló de…"),
        ("una palabra, interminable", "una palabra…"),
        ("sin un solo espacio donde", "sin un solo espacio…"),
        ("x" * 21, "x" * 19 + "…"),
        ("👩🏽‍🔬" * 21, "👩🏽‍🔬" * 19 + "…"),
        ("公開された政府。そして民主主義のための市民参加", "公開された政府。…"),
    ],
)
def test_a_text_is_cut_at_a_sentence_else_at_a_word(text: str, expected: str) -> None:
    assert cut(text, 20) == expected
    assert graphemes(expected) <= 20


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_description_never_exceeds_200_graphemes(text: str) -> None:
    assert 0 < graphemes(say(hostile_post(text), summary=text * 3).description) <= 200


def test_a_page_is_a_website_without_times_or_json_ld() -> None:
    said = say(POST._replace(kind="page", url="/about/", date=None))
    assert (said.type, said.url) == ("website", "https://blog.example.org/about/")
    assert (said.published, said.modified, said.json_ld_text) == ("", "", "")
    assert (said.section, said.tags) == ("", ())


def test_a_page_without_post_speaks_for_the_site() -> None:
    said = site_preview(SITE, "", "", "/page/2/?utm_source=x#y", None)
    assert (said.title, said.description) == ("Bitácora de prueba", "Un sitio para probar.")
    assert (said.type, said.card, said.locale) == ("website", "summary", "es_CL")
    assert said.url == "https://blog.example.org/page/2/"
    category = site_preview(SITE, "Proyecto", "Lo que hacemos.", "/category/proyecto/", PICTURE, language="pt")
    assert (category.title, category.description) == ("Proyecto", "Lo que hacemos.")
    assert (category.card, category.locale) == ("summary_large_image", "pt_BR")
