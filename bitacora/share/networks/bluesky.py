"""Bluesky."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    MEGABYTE,
    NO_LENGTH,
    NOTHING,
    OBSERVED,
    SIMULATOR,
    THIRD,
    UNKNOWN,
    WIDE,
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

SCHEMA = "bluesky-social/atproto lexicons/app/bsky/embed/external.json"


def _form(shared: Shared) -> str:
    """Source: Bluesky docs, intent links (official)."""
    return query("https://bsky.app/intent/compose?", text=shared.text)


NETWORK = Network(
    name="bluesky",
    label="Bluesky",
    link=Link(_form, limit=300, source="Bluesky docs, intent links", place=70),
    crawler=Crawler("Cardyb", place=100),
    reader=Reader(
        user_agent=Fact("Bluesky Cardyb/1.1", THIRD, CONVENTION),
        encoding=AS_PLAIN,
        title=Fact(("og:title", "twitter:title", "title"), NOTHING, UNKNOWN),
        description=Fact(("og:description", "twitter:description", "description"), NOTHING, UNKNOWN),
        picture=Fact(("og:image", "twitter:image"), NOTHING, UNKNOWN),
        title_length=Fact(Length(200), SIMULATOR, OBSERVED),
        description_length=NO_LENGTH,
        shape=Fact("size", SIMULATOR, OBSERVED),
        site=Fact("domain", SIMULATOR, OBSERVED),
        pictures=PictureRules(
            ratio=Fact(WIDE, SIMULATOR, OBSERVED),
            small_ratio=Fact(1.0, NOTHING, UNKNOWN),
            most=Fact(Size(2000, 2000), f"{SCHEMA}, older schema; clients make larger ones smaller", CONVENTION),
            bytes=Fact(MEGABYTE, f"{SCHEMA}; clients make heavier ones lighter", CONVENTION),
        ),
        debugger=Fact("https://cardyb.bsky.app/v1/extract?url={url}", "Bluesky's card service", OBSERVED),
        place=110,
    ),
)
