"""LinkedIn."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    GIF,
    JPEG,
    MEGABYTE,
    OPEN_GRAPH_TITLE,
    PNG,
    SMALL,
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

HELP = "LinkedIn Help a521928, quoted by several third parties"


def _form(shared: Shared) -> str:
    """Only the address is taken. Source: public code (convention)."""
    return query("https://www.linkedin.com/sharing/share-offsite/?", url=shared.url)


NETWORK = Network(
    name="linkedin",
    label="LinkedIn",
    link=Link(_form, link_alone, place=50),
    crawler=Crawler("LinkedInBot", place=60),
    reader=Reader(
        user_agent=Fact("LinkedInBot/1.0", THIRD, CONVENTION),
        encoding=AS_PLAIN,
        title=Fact(OPEN_GRAPH_TITLE, HELP, CONVENTION),
        description=Fact(("og:description",), HELP, CONVENTION),
        picture=Fact(("og:image",), HELP, CONVENTION),
        address=Fact(("og:url",), HELP, CONVENTION),
        title_length=Fact(Length(200), THIRD, CONVENTION),
        description_length=Fact(Length(300), THIRD, CONVENTION),
        shape=Fact(SMALL, "third parties: posts that are not paid for, since 2024", CONVENTION),
        site=Fact("domain", THIRD, CONVENTION),
        pictures=PictureRules(
            ratio=Fact(WIDE, HELP, CONVENTION),
            small_ratio=Fact(1.0, HELP, CONVENTION),
            best=Fact(Size(1200, 627), HELP, CONVENTION),
            bytes=Fact(5 * MEGABYTE, HELP, CONVENTION),
            types=Fact((JPEG, PNG, GIF), HELP, CONVENTION),
        ),
        debugger=Fact(
            "https://www.linkedin.com/post-inspector/inspect/{url}", "LinkedIn Post Inspector", CONVENTION
        ),
        is_approximate=True,
        rules=("address-missing",),
        place=40,
    ),
)
