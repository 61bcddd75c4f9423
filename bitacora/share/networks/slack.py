"""Slack."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    NO_DEBUGGER,
    NO_LENGTH,
    NOTHING,
    THIRD,
    UNKNOWN,
    UNKNOWN_PICTURES,
    Crawler,
    Fact,
    Length,
    Network,
    Reader,
)

NOTES = "opengraphplus.com, whitep4nth3r.com"


NETWORK = Network(
    name="slack",
    label="Slack",
    crawler=Crawler("Slackbot|Slack-ImgProxy", place=70),
    reader=Reader(
        user_agent=Fact("Slackbot-LinkExpanding 1.0", THIRD, CONVENTION),
        encoding=AS_PLAIN,
        title=Fact(("oembed:title", ("og:title", "twitter:title"), "title"), NOTES, CONVENTION),
        description=Fact((("og:description", "twitter:description"), "description"), NOTES, CONVENTION),
        picture=Fact(("oembed:thumbnail_url", ("og:image", "twitter:image")), NOTES, CONVENTION),
        title_length=NO_LENGTH,
        description_length=Fact(Length(typical=300), NOTHING, UNKNOWN),
        shape=Fact("card", NOTES, CONVENTION),
        site=Fact("name", NOTES, CONVENTION),
        pictures=UNKNOWN_PICTURES,
        debugger=Fact("", NOTHING, UNKNOWN),
        debugger_note=NO_DEBUGGER,
        is_approximate=True,
        site_name=("oembed:provider_name", "og:site_name"),
        byline=("oembed:author_name",),
        shows_labels=True,
        rules=("site-name-missing", "card-missing", "card-small", "pair-broken", "oembed-broken"),
        place=70,
    ),
)
