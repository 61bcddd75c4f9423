"""Mastodon."""

from __future__ import annotations

import re

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    GIF,
    JPEG,
    LINK_LENGTH,
    MEGABYTE,
    NO_DEBUGGER,
    NOTHING,
    OBSERVED,
    PNG,
    SIMULATOR,
    THIRD,
    TWO_LINES,
    UNKNOWN,
    WEB_LINK,
    WEBP,
    WIDE,
    Crawler,
    Fact,
    Length,
    Link,
    Network,
    PictureRules,
    Reader,
    Shared,
    query,
)
from bitacora.share.text import graphemes

EXTRACTOR = "mastodon/mastodon app/lib/link_details_extractor.rb"
CARD = "mastodon/mastodon features/status/components/card"
WEIGHT = "mastodon/mastodon PreviewCard limit"


_MENTION = re.compile(r"(?<![\w/])(@\w+)@[\w.-]+\w")


def mastodon_length(text: str) -> int:
    """Of 500, which an instance may change: a link counts 23, @user@instance as @user.

    Source: docs.joinmastodon.org, user/posting (official); graphemes as the unit: clients' code (convention).
    """
    return graphemes(_MENTION.sub(r"\1", WEB_LINK.sub("·" * LINK_LENGTH, text)))


def _form(shared: Shared) -> str:
    """Runs in the browser and asks for the instance. Source: Mastodon blog, March 2026 (official)."""
    return query("https://share.joinmastodon.org/#", text=shared.text)


NETWORK = Network(
    name="mastodon",
    label="Mastodon",
    link=Link(_form, length=mastodon_length, limit=500, source="docs.joinmastodon.org, user/posting", place=60),
    crawler=Crawler("Mastodon", place=90),
    reader=Reader(
        user_agent=Fact("http.rb/5.2.0 (Mastodon/4.5.0; +https://mastodon.social/)", THIRD, CONVENTION),
        encoding=AS_PLAIN,
        title=Fact(("json-ld:headline", "og:title", "title"), EXTRACTOR, OBSERVED),
        description=Fact(("json-ld:description", "og:description", "description"), EXTRACTOR, OBSERVED),
        picture=Fact(("og:image",), EXTRACTOR, OBSERVED),
        address=Fact(("canonical", "og:url"), EXTRACTOR, OBSERVED),
        title_length=Fact(Length(200), SIMULATOR, OBSERVED),
        description_length=Fact(TWO_LINES, "one or two lines", CONVENTION),
        byline_replaces_description=True,  # features/status/components/card (observed)
        shape=Fact("wide", CARD, OBSERVED),
        site=Fact("name", EXTRACTOR, OBSERVED),
        pictures=PictureRules(
            ratio=Fact(WIDE, NOTHING, UNKNOWN),
            small_ratio=Fact(1.0, NOTHING, UNKNOWN),
            bytes=Fact(8 * MEGABYTE, f"{WEIGHT} with libvips", OBSERVED),
            aim=Fact(2 * MEGABYTE, f"{WEIGHT} without libvips", OBSERVED),
            types=Fact((JPEG, PNG, GIF, WEBP), THIRD, CONVENTION),
        ),
        either=Fact(True, EXTRACTOR, OBSERVED),
        relative=Fact("any", EXTRACTOR, OBSERVED),
        debugger=Fact("", NOTHING, UNKNOWN),
        debugger_note=NO_DEBUGGER,
        site_name=("json-ld:publisher", "og:site_name"),
        byline=("fediverse:creator", "json-ld:author", "og:author"),
        date=("json-ld:datePublished", "article:published_time"),
        own_canonical=True,
        rules=(
            "address-missing",
            "canonical-missing",
            "type-not-article",
            "site-name-missing",
            "locale-form",
            "time-form",
            "time-missing",
            "creator-form",
            "data-broken",
            "data-overrides",
            "alt-missing",
            "alt-repeats-title",
        ),
        place=100,
    ),
)
