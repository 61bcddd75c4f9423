"""Rules about what else a page says for previews: its kind, language, times, accounts, structured data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from bitacora.share.crawl import Head
from bitacora.share.metadata import fediverse_handle, x_handle
from bitacora.share.network import CONVENTION, OBSERVED, OFFICIAL, Reader
from bitacora.share.readers import articles, is_proper, news_block, oembed_of, text_of
from bitacora.share.rule import (
    ADVICE,
    AUTHOR_KEYS,
    DISCORD,
    IN_TEMPLATE,
    LANG_KEYS,
    MASTODON,
    OGP,
    ONCE,
    SOME,
    WARNING,
    Case,
    Found,
    X,
    cite,
    host_of,
    rule,
    scheme_of,
)
from bitacora.share.text import clean

# --- what else the page says


@rule(
    "type-not-article",
    ADVICE,
    "The page does not say that it is an article (og:type).",
    IN_TEMPLATE,
    asked=SOME,
)
def type_not_article(case: Case) -> Iterator[Found]:
    said = case.head.first("og:type")
    if not said or (said != "article" and case.head.first("article:published_time")):
        yield Found(MASTODON, said or "–", "article")


@rule(
    "site-name-missing",
    ADVICE,
    "The page does not say the name of the site (og:site_name), so this network shows its address instead.",
    IN_TEMPLATE,
    asked=SOME,
)
def site_name_missing(case: Case) -> Iterator[Found]:
    if not case.reading.site_name:
        yield Found(case.reader.site, "–", "og:site_name")


@rule(
    "locale-form",
    ADVICE,
    "The language of the page, “%(measured)s”, is not written as a language and a country, like es_CL.",
    "Write the post's lang with its country, like es-CL.",
    LANG_KEYS,
    asked=SOME,
)
def locale_form(case: Case) -> Iterator[Found]:
    for name in ("og:locale", "og:locale:alternate"):
        for said in case.head.all(name):
            if not re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", said):
                yield Found(OGP, said or "–", "es_CL", subject=said)


@rule(
    "locale-missing",
    ADVICE,
    "The page does not say its language (og:locale), so this network takes it for American English.",
    IN_TEMPLATE,
    asked=SOME,
)
def locale_missing(case: Case) -> Iterator[Found]:
    if "og:locale" not in {meta.name for meta in case.head.metas}:
        yield Found(OGP, "–", "es_CL")


@rule(
    "locale-alternate-missing",
    ADVICE,
    "The page links to itself in another language, %(measured)s, but does not say so to networks "
    "(og:locale:alternate).",
    IN_TEMPLATE,
    asked=SOME,
)
def locale_alternate_missing(case: Case) -> Iterator[Found]:
    said = {_language(text) for name in ("og:locale", "og:locale:alternate") for text in case.head.all(name)}
    for tag in case.whole.translations:
        if _language(tag) not in said:
            yield Found(OGP, tag, "og:locale:alternate", subject=tag)


@rule(
    "time-form",
    WARNING,
    "A time of the post, “%(measured)s”, is not written as date, time and offset from UTC.",
    IN_TEMPLATE,
    asked=SOME,
)
def time_form(case: Case) -> Iterator[Found]:
    for name in ("article:published_time", "article:modified_time"):
        for said in case.head.all(name):
            if not _is_time(said):
                yield Found(OGP, said or "–", "2018-07-17T12:00:00-03:00", subject=name)


@rule(
    "time-missing",
    ADVICE,
    "The page says that it is an article but not from when (article:published_time), so no date is shown.",
    IN_TEMPLATE,
    asked=SOME,
)
def time_missing(case: Case) -> Iterator[Found]:
    if case.head.first("og:type") == "article" and not case.reading.date:
        yield Found(MASTODON, "–", "article:published_time")


@rule(
    "author-form",
    ADVICE,
    "The page names its author as “%(measured)s” (article:author), where the address of a page about them "
    "belongs.",
    IN_TEMPLATE,
    asked=SOME,
)
def author_form(case: Case) -> Iterator[Found]:
    for said in case.head.all("article:author"):
        if scheme_of(said) not in {"http", "https"} or not host_of(said):
            yield Found(OGP, said or "–", "https://…", subject=said)


@rule(
    "creator-form",
    WARNING,
    "The author's account, “%(measured)s”, is not written like @user@instance: Mastodon does not name the author.",
    "Correct fediverse of the author: in [authors] of site.toml, or in the post if it stands there.",
    AUTHOR_KEYS,
    asked=SOME,
)
def creator_form(case: Case) -> Iterator[Found]:
    said = case.head.first("fediverse:creator") or _left_out(case, "fediverse", fediverse_handle)
    if said and fediverse_handle(said) != said:
        yield Found(cite("mastodon/mastodon PR #30398", OBSERVED), said, "@user@instance")


def _left_out(case: Case, key: str, read: Callable[[str], str]) -> str:
    """An account of an author of this page that the settings name in a way that nothing can be made of."""
    names = {text_of(author) for found in articles(case.head) for author in _authors(found)}
    accounts = (author.get(key, "") for author in case.site.authors.values() if author.get("name") in names)
    return next((account for account in accounts if account and not read(account)), "")


def _authors(article: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    said = article.get("author")
    return (author for author in (said if isinstance(said, list) else [said]) if isinstance(author, dict))


@rule(
    "account-form",
    ADVICE,
    "The account “%(measured)s” is not written like @name.",
    "Correct x of the author: in [authors] of site.toml, or in the post if it stands there.",
    AUTHOR_KEYS,
    asked=SOME,
)
def account_form(case: Case) -> Iterator[Found]:
    for name in ("twitter:site", "twitter:creator"):
        for said in case.head.all(name) or filter(None, [_left_out(case, "x", x_handle)]):
            if not said or x_handle(said) != said:
                yield Found(X, said or "–", "@name", subject=said)


@rule(
    "card-missing",
    WARNING,
    "The page does not say how large its picture may be shown (twitter:card), so it is shown small or not at all.",
    IN_TEMPLATE,
    asked=SOME,
)
def card_missing(case: Case) -> Iterator[Found]:
    if case.reading.card not in {"summary", "summary_large_image", "player", "app"}:
        yield Found(case.reader.shape, case.reading.card or "–", "summary_large_image")


@rule(
    "card-small",
    ADVICE,
    "The page has a picture and asks to show it small (twitter:card).",
    IN_TEMPLATE,
    asked=SOME,
)
def card_small(case: Case) -> Iterator[Found]:
    if case.reading.card == "summary" and case.picture.url:
        yield Found(case.reader.shape, "summary", "summary_large_image")


@rule(
    "card-without-picture",
    ADVICE,
    "The page asks to show its picture large (twitter:card) but has none.",
    IN_TEMPLATE,
    asked=SOME,
)
def card_without_picture(case: Case) -> Iterator[Found]:
    if case.reading.card == "summary_large_image" and not case.picture.written:
        yield Found(case.reader.shape, "summary_large_image", "summary")


@rule(
    "pair-broken",
    ADVICE,
    "The page names “%(tag)s” without its value, so it is not shown.",
    IN_TEMPLATE,
    asked=SOME,
)
def pair_broken(case: Case) -> Iterator[Found]:
    for number in (1, 2):
        label, data = f"twitter:label{number}", f"twitter:data{number}"
        if bool(case.head.first(label)) != bool(case.head.first(data)):
            said = label if case.head.first(label) else data
            yield Found(cite("opengraphplus.com Slack notes", CONVENTION), "1", "2", {"tag": said}, subject=said)


@rule(
    "accent-form",
    ADVICE,
    "The accent colour, “%(measured)s”, is missing or not written like #0a5f63: the bar beside the "
    "preview is grey.",
    IN_TEMPLATE,
    asked=SOME,
)
def accent_form(case: Case) -> Iterator[Found]:
    if not case.reading.accent:
        yield Found(DISCORD, case.head.first("theme-color") or "–", "#0a5f63")


@rule(
    "tag-repeated",
    WARNING,
    "The page says “%(tag)s” more than once, differently: “%(shown)s” and “%(other)s”. Each network "
    "chooses for itself.",
    IN_TEMPLATE,
)
def tag_repeated(case: Case) -> Iterator[Found]:
    reading = case.reading
    used = {reading.title.tag, reading.description.tag, reading.address.tag, "og:site_name", "twitter:card"}
    for tag in sorted(_read_by(case.reader) & used):
        said = tuple(dict.fromkeys(filter(None, _said_in(case.head, tag))))
        if len(said) > 1:
            values = {"tag": tag, "shown": said[0], "other": said[1]}
            yield Found(OGP, str(len(said)), "1", values, subject=tag)


@rule(
    "tag-attribute",
    WARNING,
    "The page writes “%(tag)s” in a form (%(measured)s=) that this network need not understand.",
    IN_TEMPLATE,
)
def tag_attribute(case: Case) -> Iterator[Found]:
    if case.reader.either.value:
        return
    read = _read_by(case.reader) - {meta.name for meta in case.head.metas if is_proper(meta)}
    for meta in case.head.metas:
        if meta.name in read and meta.attribute != "http-equiv":
            limit = "property" if meta.attribute == "name" else "name"
            yield Found(case.reader.either, meta.attribute, limit, {"tag": meta.name}, subject=meta.name)


def _read_by(reader: Reader) -> frozenset[str]:
    """The tags that a reader takes one text from; og:image may stand several times."""
    sources = [*reader.title.value, *reader.description.value, *(reader.address.value if reader.address else ())]
    sources += ["og:site_name"] if reader.site.value.startswith("name") else []
    sources += ["twitter:card"] if reader.shape.value == "card" else []
    sources += [source for source in (*reader.picture.value, *reader.alt) if reader.shape.value != "text"]
    flat = (name for source in sources for name in ([source] if isinstance(source, str) else source))
    return frozenset(name for name in flat if not name.startswith(("json-ld:", "oembed:", "apple-")))


def _said_in(head: Head, tag: str) -> Iterable[str]:
    if tag == "title":
        return head.titles
    if tag == "canonical":
        return (link.href for link in head.links if "canonical" in link.rel.split())
    return () if tag.startswith("og:image") else head.all(tag)


_OVERRIDDEN = {
    "headline": "og:title",
    "description": "og:description",
    "author": "og:author",
    "datePublished": "article:published_time",
    "publisher": "og:site_name",
}


def _language(tag: str) -> str:
    return re.split("[-_]", tag)[0].lower()


def _is_time(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


# --- structured data


@rule(
    "data-broken",
    WARNING,
    "The data for search engines (JSON-LD) cannot be read: it is not written as JSON, or nested too deeply, or "
    "holds a number of thousands of digits.",
    IN_TEMPLATE,
    asked=SOME,
)
def data_broken(case: Case) -> Iterator[Found]:
    for block in case.head.json_ld:
        if block.error:
            yield Found(cite("Google Search Central, structured data", OFFICIAL), block.error, "JSON")
            return


@rule(
    "data-missing",
    ADVICE,
    "The page says that it is an article but gives search engines no data about it (JSON-LD).",
    IN_TEMPLATE,
    asked=SOME,
)
def data_missing(case: Case) -> Iterator[Found]:
    is_broken = any(block.error for block in case.head.json_ld)
    if case.head.first("og:type") == "article" and not is_broken and not any(articles(case.head)):
        yield Found(cite("Google Search Central, Article structured data", OFFICIAL), "0", "BlogPosting")


@rule(
    "data-overrides",
    WARNING,
    "The data for search engines (JSON-LD, %(type)s) says “%(shown)s” where the page says “%(other)s”: "
    "Mastodon shows the first.",
    IN_TEMPLATE,
    asked=SOME,
)
def data_overrides(case: Case) -> Iterator[Found]:
    block = news_block(case.head)
    for name, tag in _OVERRIDDEN.items():
        said, usual = clean(text_of(block.get(name))), clean(case.head.first(tag))
        if said and usual and said != usual:
            values = {"type": block["@type"], "shown": said, "other": usual}
            yield Found(MASTODON, said, usual, values, subject=name)


@rule(
    "data-unescaped",
    ADVICE,
    "The data for search engines (JSON-LD) holds a “<”, which can end it early and run as a script.",
    IN_TEMPLATE,
    asked=ONCE,
)
def data_unescaped(case: Case) -> Iterator[Found]:
    if any("<" in block.text for block in case.head.json_ld):
        yield Found(cite("HTML standard, script element", OFFICIAL), "<", "\\u003c")


# --- oEmbed


@rule(
    "oembed-broken",
    WARNING,
    "The page leads to an oEmbed document, %(address)s, that is not there or cannot be read.",
    IN_TEMPLATE,
    asked=SOME,
)
def oembed_broken(case: Case) -> Iterator[Found]:
    address = case.head.oembed
    answer = case.answer(address) if address else None
    is_elsewhere = answer is None and host_of(address)
    if address and not is_elsewhere and oembed_of(answer) is None:
        status = answer.status if answer else 0
        measured, limit = ("–", "JSON") if status in {0, HTTPStatus.OK} else (str(status), "200")
        yield Found(cite("oembed.com", OFFICIAL), measured, limit, {"address": address}, subject=address)
