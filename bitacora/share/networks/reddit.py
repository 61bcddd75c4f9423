"""Reddit."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    NO_DEBUGGER,
    NO_LENGTH,
    NOTHING,
    OPEN_GRAPH_TITLE,
    SMALL,
    THIRD,
    UNKNOWN,
    UNKNOWN_PICTURES,
    Crawler,
    Fact,
    Link,
    Network,
    Reader,
    Shared,
    query,
)
from bitacora.share.text import clean


def _form(shared: Shared) -> str:
    """A title is one line. Source: public code (convention)."""
    return query("https://www.reddit.com/submit?", url=shared.url, title=clean(shared.words))


def _title_and_link(shared: Shared) -> str:
    return f"{clean(shared.words)}\n{shared.url}"


NETWORK = Network(
    name="reddit",
    label="Reddit",
    link=Link(_form, _title_and_link, place=90),
    crawler=Crawler("redditbot", place=110),
    reader=Reader(
        user_agent=Fact("Mozilla/5.0 (compatible; redditbot/1.0)", THIRD, UNKNOWN),
        encoding=AS_PLAIN,
        title=Fact(OPEN_GRAPH_TITLE, THIRD, CONVENTION),
        description=Fact((), THIRD, CONVENTION),
        picture=Fact(("og:image",), THIRD, CONVENTION),
        title_length=NO_LENGTH,
        description_length=NO_LENGTH,
        shape=Fact(SMALL, NOTHING, UNKNOWN),
        shows_description=(),
        site=Fact("domain", NOTHING, UNKNOWN),
        pictures=UNKNOWN_PICTURES,
        debugger=Fact("", NOTHING, UNKNOWN),
        debugger_note=NO_DEBUGGER,
        is_approximate=True,
        not_rules=("title-not-said",),
        place=130,
    ),
)
