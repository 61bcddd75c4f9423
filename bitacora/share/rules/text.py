"""Rules about titles, descriptions and the texts that are posted with a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from bitacora.markdown.text import is_element
from bitacora.share.network import CONVENTION, Fact, Length
from bitacora.share.networks import LINKS
from bitacora.share.readers import Said, shorten
from bitacora.share.rule import (
    ADVICE,
    DESCRIPTION_KEYS,
    ERROR,
    FOR_ALL,
    IN_TEMPLATE,
    LEFT_OUT,
    MESSAGE_KEYS,
    NO_KEY,
    ONCE,
    SOME,
    TITLE_KEYS,
    WARNING,
    Case,
    Found,
    by_source,
    cite,
    rule,
)
from bitacora.share.text import clean

SHORTER_TITLE = "Say what matters first, or give the post a shorter title."
WINDOW_KEYS = (("title", "linktitle"), "title")

# --- title


@rule(
    "title-missing",
    ERROR,
    "The page has no title for this network.",
    LEFT_OUT,
)
def title_missing(case: Case) -> Iterator[Found]:
    if not clean(case.reading.title.text):
        yield Found(case.reader.title, "0", "≥ 1")


@rule(
    "title-not-said",
    WARNING,
    "The page does not say its title for previews (og:title), so this network takes the name of the window, "
    "“%(shown)s”.",
    LEFT_OUT,
)
def title_not_said(case: Case) -> Iterator[Found]:
    if case.reading.title.tag == "title":
        yield Found(case.reader.title, "–", "og:title", {"shown": case.reading.title.text})


@rule(
    "html-title-missing",
    WARNING,
    "The page has no name for the window (the title element), which search engines show.",
    IN_TEMPLATE,
    asked=SOME,
)
def html_title_missing(case: Case) -> Iterator[Found]:
    if not any(map(clean, case.head.titles)) and case.reading.title.text:
        yield Found(cite("HTML, title element", CONVENTION), "–", "<title>")


@rule(
    "title-branded",
    WARNING,
    "The title carries the name of the site: “%(shown)s”. Networks write the name of the site beside it anyway.",
    "Leave the name of the site out of the title.",
    TITLE_KEYS,
    asked=SOME,
)
def title_branded(case: Case) -> Iterator[Found]:
    title = case.reading.title
    names = filter(None, {clean(case.site.title), clean(case.reading.site_name)})
    if title.tag == "og:title" and any(_branded(title.text, name) for name in names):
        yield Found(case.reader.title, title.text, "–", {"shown": title.text})


def _branded(title: str, name: str) -> bool:
    """The name before or behind a separator; within a sentence it is part of the title."""
    name = re.escape(name)
    return bool(re.search(rf"^{name}\s*[|·•»–—:-]\s|\s[|·•«–—-]\s*{name}$", title, re.IGNORECASE))


@rule(
    "title-without-words",
    WARNING,
    "The title has neither a letter nor a number: “%(shown)s”. It cannot be read aloud, nor found by a search.",
    "Add a word to the title.",
    TITLE_KEYS,
    asked=ONCE,
)
def title_without_words(case: Case) -> Iterator[Found]:
    title = clean(case.reading.title.text)
    if title and not any(sign.isalnum() for sign in title):
        yield Found(cite("screen readers, search engines", CONVENTION), "0", "≥ 1", {"shown": title})


@rule(
    "title-cut",
    ADVICE,
    "The title has %(length)s characters and is cut after %(rule)s: “%(shown)s”.",
    "Say what matters first, or give the post a shorter share_title.",
    TITLE_KEYS,
)
def title_cut(case: Case) -> Iterator[Found]:
    yield from map(_of_title(case), _cut(case.reading.title, case.reader.title_length, "graphemes"))


@rule(
    "title-cut-bytes",
    ADVICE,
    "The title takes %(length)s bytes and is cut after %(rule)s: “%(shown)s”. An accented letter takes two, "
    "an emoji four or more.",
    "Say what matters first, or give the post a shorter share_title.",
    TITLE_KEYS,
)
def title_cut_bytes(case: Case) -> Iterator[Found]:
    yield from map(_of_title(case), _cut(case.reading.title, case.reader.title_length, "bytes"))


@rule(
    "title-cut-often",
    ADVICE,
    "On a small screen only about %(typical)s of the title's %(length)s characters are seen: “%(shown)s”.",
    "Say what matters first, or give the post a shorter share_title.",
    TITLE_KEYS,
)
def title_cut_often(case: Case) -> Iterator[Found]:
    yield from map(_of_title(case), _cut_often(case.reading.title, case.reader.title_length))


@rule(
    "title-differs",
    ADVICE,
    "The page tells X another title (“%(other)s”) than all others (“%(shown)s”).",
    IN_TEMPLATE,
    asked=SOME,
)
def title_differs(case: Case) -> Iterator[Found]:
    own = case.reader.own_title
    if own and clean(case.head.first(own.value)) != clean(case.title_on_x):
        yield from _differing(case, own, "og:title")


# --- description


@rule(
    "description-missing",
    WARNING,
    "The page has no description for this network.",
    "Add an intro: one or two sentences that make somebody want to read the post.",
    DESCRIPTION_KEYS,
)
def description_missing(case: Case) -> Iterator[Found]:
    if case.reader.description.value and not clean(case.reading.description.text):
        is_left_out = case.keys & set(DESCRIPTION_KEYS[0])  # by the template: the post has one
        remedy, keys = (LEFT_OUT, NO_KEY) if is_left_out else ("", None)
        yield Found(case.reader.description, "0", "≥ 1", remedy=remedy, keys=keys)


@rule(
    "description-cut",
    ADVICE,
    "The description has %(length)s characters and is cut after %(rule)s: “%(shown)s”.",
    "Let the first 80 characters of the intro carry the message, and end before 160.",
    DESCRIPTION_KEYS,
)
def description_cut(case: Case) -> Iterator[Found]:
    yield from _cut(case.reading.description, case.reader.description_length, "graphemes")


@rule(
    "description-cut-bytes",
    ADVICE,
    "The description takes %(length)s bytes and is cut after %(rule)s: “%(shown)s”.",
    "Let the first 80 characters of the intro carry the message, and end before 160.",
    DESCRIPTION_KEYS,
)
def description_cut_bytes(case: Case) -> Iterator[Found]:
    yield from _cut(case.reading.description, case.reader.description_length, "bytes")


@rule(
    "description-cut-often",
    ADVICE,
    "Usually only about %(typical)s of the description's %(length)s characters are seen: “%(shown)s”.",
    "Let the first 80 characters of the intro carry the message.",
    DESCRIPTION_KEYS,
)
def description_cut_often(case: Case) -> Iterator[Found]:
    if not (case.reader.byline_replaces_description and case.reading.byline):
        yield from _cut_often(case.reading.description, case.reader.description_length)


@rule(
    "description-differs",
    ADVICE,
    "The page gives this network another description (“%(other)s”) than all others (“%(shown)s”).",
    IN_TEMPLATE,
    asked=SOME,
)
def description_differs(case: Case) -> Iterator[Found]:
    yield from _differing(case, case.reader.own_description, "og:description")


@rule(
    "text-not-plain",
    ADVICE,
    "There are signs of a web page in what should be plain text: “%(found)s”. Readers will see them as they are.",
    "Write the title and the intro without HTML.",
    asked=ONCE,
)
def text_not_plain(case: Case) -> Iterator[Found]:
    for said, keys in ((case.reading.title, TITLE_KEYS), (case.reading.description, DESCRIPTION_KEYS)):
        for found in _MARKUP.finditer(said.text):
            if found[0].startswith("&") or is_element(found[0]):
                yield Found(FOR_ALL, found[0], "–", {"found": found[0]}, subject=said.tag, keys=keys)
                break


@rule(
    "text-has-invisible-signs",
    WARNING,
    "There are invisible signs in “%(shown)s” that can turn round what a network writes beside it.",
    IN_TEMPLATE,
    asked=ONCE,
)
def text_has_invisible_signs(case: Case) -> Iterator[Found]:
    for said in (case.reading.title, case.reading.description):
        shown = clean(said.text)
        if shown != said.text:
            extra = len(said.text) - len(shown)
            yield Found(FOR_ALL, str(extra), "0", {"shown": shown}, subject=said.tag)


# --- what is posted with the link


@rule(
    "share-text-too-long",
    WARNING,
    "The text to share counts %(measured)s for this network, and more than %(limit)s are not posted.",
    "Shorten share_message, or write a shorter one for this network.",
    MESSAGE_KEYS,
)
def share_text_too_long(case: Case) -> Iterator[Found]:
    text = case.text
    if text and text.over:
        link = LINKS[text.network]
        fact = cite(link.source, link.confidence)
        yield Found(fact, str(text.length), str(text.limit), excess=text.length / text.limit)


_MARKUP = re.compile(r"</?[a-z][^<>]{0,200}>|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", re.IGNORECASE)


def _cut(said: Said, fact: Fact[Length], unit: str) -> Iterator[Found]:
    length, text = fact.value, clean(said.text)
    if not length.rule or length.unit != unit:
        return
    measured = length.of(text)
    if measured > length.rule:
        typical = f" (≈ {length.typical})" if length.typical else ""
        values = {"length": measured, "rule": length.rule, "shown": shorten(text, length)[0]}
        severity = by_source(fact, WARNING, ADVICE)
        yield Found(
            fact, str(measured), f"{length.rule}{typical}", values, severity, excess=measured / length.rule
        )


def _cut_often(said: Said, fact: Fact[Length]) -> Iterator[Found]:
    length, text = fact.value, clean(said.text)
    measured = length.of(text)
    if length.typical and length.typical < measured and measured <= (length.rule or measured):
        values = {
            "length": measured,
            "typical": length.typical,
            "shown": shorten(text, Length(typical=length.typical))[0],
        }
        rule = f" ({length.rule})" if length.rule else ""
        yield Found(fact, str(measured), f"≈ {length.typical}{rule}", values, excess=measured / length.typical)


def _of_title(case: Case) -> Callable[[Found], Found]:
    """A network that takes the name of the window, as Google does, does not see a share_title."""
    if case.reading.title.tag != "title":
        return lambda found: found
    return partial(replace, subject="title", remedy=SHORTER_TITLE, keys=WINDOW_KEYS)


def _differing(case: Case, own: Fact[str] | None, usual: str) -> Iterator[Found]:
    other, shown = clean(case.head.first(own.value)) if own else "", clean(case.head.first(usual))
    if own and other and shown and other != shown:
        yield Found(own, other, shown, {"other": other, "shown": shown})
