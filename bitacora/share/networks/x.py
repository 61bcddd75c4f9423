"""X."""

from __future__ import annotations

import unicodedata

import regex

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    GIF,
    JPEG,
    LINK_LENGTH,
    MEGABYTE,
    OFFICIAL,
    PNG,
    SMALL,
    TEXT,
    THIRD,
    WEB_LINK,
    WEBP,
    Crawler,
    Fact,
    Length,
    Link,
    Network,
    PictureRules,
    Reader,
    Shared,
    Size,
    query,
)

CARDS = "X Cards markup docs (archived)"


_EMOJI = regex.compile(r"[\p{Emoji_Presentation}\uFE0F\u20E3]")
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))


def x_length(text: str) -> int:
    """Of 280. Source: X docs, counting characters, and twitter-text's configuration, version 3 (official).

    Normalised to NFC; an emoji counts 2 however it is composed, a link 23, a code point 1 in the light ranges
    and 2 elsewhere. A bare domain, which X links as well, is counted by its letters here.
    """
    parts = WEB_LINK.split(unicodedata.normalize("NFC", text))
    links = (len(parts) - 1) * LINK_LENGTH
    return links + sum(_x_weight(cluster) for part in parts for cluster in regex.findall(r"\X", part))


def _x_weight(cluster: str) -> int:
    if _EMOJI.search(cluster):
        return 2
    return sum(1 if any(low <= ord(sign) <= high for low, high in _LIGHT) else 2 for sign in cluster)


def _form(shared: Shared) -> str:
    """Text, then address. Source: X developer docs, Web Intent (official)."""
    if shared.carries_link:
        return query("https://twitter.com/intent/tweet?", text=shared.message)
    return query("https://twitter.com/intent/tweet?", text=shared.message, url=shared.url)


NETWORK = Network(
    name="x",
    label="X",
    aliases=("twitter",),
    is_apart=True,
    link=Link(_form, length=x_length, limit=280, source="X docs, counting characters", place=30),
    crawler=Crawler("Twitterbot", place=40),
    reader=Reader(
        user_agent=Fact("Twitterbot/1.0", THIRD, CONVENTION),
        encoding=AS_PLAIN,
        title=Fact(("twitter:title", "og:title"), CARDS, OFFICIAL),
        description=Fact(("twitter:description", "og:description"), CARDS, OFFICIAL),
        picture=Fact(("twitter:image", "og:image"), CARDS, OFFICIAL),
        alt=("twitter:image:alt", "og:image:alt"),
        title_length=Fact(Length(70), CARDS, OFFICIAL),
        description_length=Fact(Length(200), CARDS, OFFICIAL),
        shape=Fact("card", CARDS, OFFICIAL),
        shows_description=(SMALL, TEXT),  # the large card shows picture, domain and title only (convention)
        site=Fact("domain", THIRD, CONVENTION),
        pictures=PictureRules(
            ratio=Fact(2.0, CARDS, OFFICIAL),
            small_ratio=Fact(1.0, THIRD, CONVENTION),
            least=Fact(Size(300, 157), CARDS, OFFICIAL),
            least_small=Fact(Size(144, 144), THIRD, CONVENTION),
            most=Fact(Size(4096, 4096), CARDS, OFFICIAL),
            bytes=Fact(5 * MEGABYTE, CARDS, OFFICIAL),
            types=Fact((JPEG, PNG, WEBP, GIF), CARDS, OFFICIAL),
        ),
        debugger=Fact("", THIRD, CONVENTION),
        debugger_note="X has no public debugger.",
        own_title=Fact("twitter:title", CARDS, OFFICIAL),
        own_description=Fact("twitter:description", CARDS, OFFICIAL),
        robots=Fact("Twitterbot", "third-party notes", CONVENTION),
        rules=(
            "title-differs",
            "description-differs",
            "account-form",
            "card-missing",
            "card-small",
            "card-without-picture",
            "alt-missing",
            "alt-too-long",
            "alt-repeats-title",
        ),
        not_rules=("title-not-said",),
        place=30,
    ),
)
