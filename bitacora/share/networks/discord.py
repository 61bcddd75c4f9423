"""Discord."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    AVIF,
    GIF,
    JPEG,
    OFFICIAL,
    PNG,
    WEBP,
    Crawler,
    Fact,
    Length,
    Network,
    PictureRules,
    Reader,
)

DOCS = "Discord docs, link previews"


NETWORK = Network(
    name="discord",
    label="Discord",
    crawler=Crawler("Discordbot", place=80),
    reader=Reader(
        user_agent=Fact("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", DOCS, OFFICIAL),
        encoding=AS_PLAIN,
        patience=Fact(10, DOCS, OFFICIAL),
        waits_for_picture=True,
        redirects=Fact(5, DOCS, OFFICIAL),
        title=Fact((("og:title", "twitter:title"), "oembed:title", "title"), DOCS, OFFICIAL),
        description=Fact((("og:description", "twitter:description"), "description"), DOCS, OFFICIAL),
        picture=Fact((("og:image", "twitter:image"), "oembed:thumbnail_url"), DOCS, OFFICIAL),
        alt=(("og:image:alt", "twitter:image:alt"),),
        title_length=Fact(Length(70, unit="bytes"), f"{DOCS}, limits", OFFICIAL),
        description_length=Fact(Length(350, unit="bytes"), f"{DOCS}, limits", OFFICIAL),
        shape=Fact("card", DOCS, OFFICIAL),
        site=Fact("name only", DOCS, OFFICIAL),
        pictures=PictureRules(
            ratio=Fact(0.0, DOCS, OFFICIAL),
            small_ratio=Fact(0.0, DOCS, OFFICIAL),
            types=Fact((PNG, GIF, JPEG, WEBP, AVIF), DOCS, OFFICIAL),
        ),
        either=Fact(True, DOCS, OFFICIAL),
        relative=Fact("slash", DOCS, OFFICIAL),
        debugger=Fact("https://discord.com/developers/embeds", DOCS, OFFICIAL),
        debugger_note="It asks for the address, and for a Discord account.",
        site_name=("oembed:provider_name", "og:site_name"),
        byline=("oembed:author_name",),
        html_together=True,
        shows_accent=True,
        rules=(
            "site-name-missing",
            "card-missing",
            "card-small",
            "accent-form",
            "oembed-broken",
            "picture-size-undeclared",
            "picture-size-wrong",
            "several-pictures",
            "alt-missing",
            "alt-repeats-title",
        ),
        place=80,
    ),
)
