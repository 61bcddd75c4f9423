"""iMessage."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    MEGABYTE,
    NOTHING,
    OFFICIAL,
    ON_THE_PHONE,
    OPEN_GRAPH_TITLE,
    THIRD,
    UNKNOWN,
    WIDE,
    Crawler,
    Fact,
    Length,
    Network,
    PictureRules,
    Reader,
    Size,
)

DOCS = "Apple TN3156"


NETWORK = Network(
    name="imessage",
    label="iMessage",
    crawler=Crawler(r"facebookexternalhit\S{0,40} Facebot Twitterbot", place=10),
    reader=Reader(
        user_agent=Fact(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
            "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            THIRD,
            CONVENTION,
        ),
        encoding=AS_PLAIN,
        reads=Fact(MEGABYTE, DOCS, OFFICIAL),
        reads_page=True,
        title=Fact(OPEN_GRAPH_TITLE, DOCS, OFFICIAL),
        description=Fact((), DOCS, OFFICIAL),
        picture=Fact(("og:image", "apple-touch-icon"), DOCS, OFFICIAL),
        title_length=Fact(Length(), DOCS, OFFICIAL),
        description_length=Fact(Length(), DOCS, OFFICIAL),
        shape=Fact("size", DOCS, OFFICIAL),
        shows_description=(),
        site=Fact("name", DOCS, OFFICIAL),
        pictures=PictureRules(
            ratio=Fact(WIDE, NOTHING, UNKNOWN),
            small_ratio=Fact(1.0, NOTHING, UNKNOWN),
            large=Fact(Size(150, 0), DOCS, OFFICIAL),
            best=Fact(Size(900, 0), DOCS, OFFICIAL),
        ),
        resources=Fact(10 * MEGABYTE, DOCS, OFFICIAL),
        debugger=Fact("", DOCS, OFFICIAL),
        debugger_note=ON_THE_PHONE,
        twin="facebook",
        rules=("page-differs", "page-moves-by-itself", "title-branded", "icon-missing", "site-name-missing"),
        place=90,
    ),
)
