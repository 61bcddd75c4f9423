"""Facebook, and what Meta's networks have in common."""

from __future__ import annotations

from bitacora.share.network import (
    GZIP,
    MEGABYTE,
    OBSERVED,
    OFFICIAL,
    OGP,
    OPEN_GRAPH_TITLE,
    SIMULATOR,
    THIRD,
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
    link_alone,
    query,
)

SHARING = "Meta sharing docs"
CRAWLERS = "Meta sharing docs, web crawlers"
IMAGES = "Meta sharing docs, images and best practices"


PICTURES = PictureRules(
    ratio=Fact(WIDE, IMAGES, OFFICIAL),
    small_ratio=Fact(1.0, IMAGES, OFFICIAL),
    least=Fact(Size(200, 200), IMAGES, OFFICIAL),
    large=Fact(Size(600, 315), IMAGES, OFFICIAL),
    best=Fact(Size(1200, 630), IMAGES, OFFICIAL),
    bytes=Fact(8 * MEGABYTE, IMAGES, OFFICIAL),
)


def _form(shared: Shared) -> str:
    """Only the address is taken, text is ignored. Source: public code (convention)."""
    return query("https://www.facebook.com/sharer/sharer.php?", u=shared.url)


NETWORK = Network(
    name="facebook",
    label="Facebook",
    link=Link(_form, link_alone, place=20),
    crawler=Crawler("facebookexternalhit|meta-externalagent", place=20),
    reader=Reader(
        user_agent=Fact("facebookexternalhit/1.1", CRAWLERS, OFFICIAL),
        encoding=Fact(GZIP, CRAWLERS, OFFICIAL),
        byte_range="bytes=0-524288",
        reads=Fact(MEGABYTE, CRAWLERS, OFFICIAL),
        patience=Fact(5, f"{CRAWLERS}: a few seconds", OFFICIAL),
        title=Fact(OPEN_GRAPH_TITLE, SHARING, OFFICIAL),
        description=Fact(("og:description",), SHARING, OFFICIAL),
        picture=Fact(("og:image",), IMAGES, OFFICIAL),
        address=Fact(("og:url", "canonical"), OGP, OFFICIAL),
        title_length=Fact(Length(110, 60), f"{SIMULATOR}; {THIRD}: 40 to 60 on a phone", OBSERVED),
        description_length=Fact(Length(200), SIMULATOR, OBSERVED),
        shape=Fact("size", IMAGES, OFFICIAL),
        site=Fact("DOMAIN", SIMULATOR, OBSERVED),
        pictures=PICTURES,
        debugger=Fact("https://developers.facebook.com/tools/debug/?q={url}", "Meta Sharing Debugger", OFFICIAL),
        rules=(
            "no-gzip",
            "locale-form",
            "locale-missing",
            "locale-alternate-missing",
            "time-form",
            "author-form",
            "picture-without-hash",
        ),
        place=20,
    ),
)
