"""WhatsApp."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    JPEG,
    KILOBYTE,
    OBSERVED,
    OFFICIAL,
    ON_THE_PHONE,
    OPEN_GRAPH_TITLE,
    PNG,
    THIRD,
    TWO_LINES,
    WIDE,
    Crawler,
    Fact,
    Link,
    Network,
    PictureRules,
    Reader,
    Shared,
    Size,
    query,
)

DOCS = "WhatsApp link previews docs"


def _form(shared: Shared) -> str:
    """Message, space, address. Source: documentation of packages (convention)."""
    return query("https://wa.me/?", text=shared.text)


NETWORK = Network(
    name="whatsapp",
    label="WhatsApp",
    link=Link(_form, place=10),
    crawler=Crawler("WhatsApp", place=50),
    reader=Reader(
        user_agent=Fact("WhatsApp/2.24.20.89 A", DOCS, OFFICIAL),
        encoding=AS_PLAIN,
        reads=Fact(300 * KILOBYTE, DOCS, OFFICIAL),
        patience=Fact(10, DOCS, OFFICIAL),
        title=Fact(OPEN_GRAPH_TITLE, DOCS, OFFICIAL),
        description=Fact(("og:description",), DOCS, OFFICIAL),
        picture=Fact(("og:image",), DOCS, OFFICIAL),
        address=Fact(("og:url",), DOCS, OFFICIAL),
        title_length=Fact(TWO_LINES, f"{DOCS}: two lines", OFFICIAL),
        description_length=Fact(TWO_LINES, f"{DOCS}: two lines", OFFICIAL),
        shape=Fact("size", DOCS, OFFICIAL),
        site=Fact("domain", THIRD, CONVENTION),
        pictures=PictureRules(
            ratio=Fact(WIDE, THIRD, CONVENTION),
            small_ratio=Fact(1.0, THIRD, CONVENTION),
            large=Fact(Size(300, 0), DOCS, OFFICIAL),
            bytes=Fact(600 * KILOBYTE, DOCS, OFFICIAL),
            aim=Fact(300 * KILOBYTE, "calcom/cal.diy #5613, GetPublii/Publii #1230", OBSERVED),
            types=Fact((JPEG, PNG), "third-party notes", CONVENTION),
            widest=Fact(4.0, DOCS, OFFICIAL),
        ),
        debugger=Fact("", DOCS, OFFICIAL),
        debugger_note=ON_THE_PHONE,
        rules=("title-branded", "address-missing"),
        errors=("title-not-said", "description-missing", "address-missing"),
        place=50,
    ),
)
