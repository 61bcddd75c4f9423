"""Threads: it reads as Facebook does."""

from __future__ import annotations

from bitacora.share.network import (
    GZIP,
    MEGABYTE,
    OBSERVED,
    OFFICIAL,
    OGP,
    OPEN_GRAPH_TITLE,
    SIMULATOR,
    Fact,
    Length,
    Link,
    Network,
    Reader,
    Shared,
    query,
)
from bitacora.share.networks import facebook


def threads_length(text: str) -> int:
    """Of 500, in bytes of UTF-8, the address counted in full.

    Source: Threads API docs, posts: 500 characters, an emoji counted as its bytes (official); gitroomhq/postiz-app
    #1946: all other letters too (observed). What the form itself counts is not written anywhere.
    """
    return len(text.encode("utf-8", "replace"))


def _form(shared: Shared) -> str:
    """Message, space, address. Source: public code (convention)."""
    return query("https://www.threads.net/intent/post?", text=shared.text)


NETWORK = Network(
    name="threads",
    label="Threads",
    link=Link(
        _form,
        length=threads_length,
        limit=500,
        source="Threads API docs, posts; gitroomhq/postiz-app #1946",
        confidence=OBSERVED,
        place=80,
    ),
    reader=Reader(
        user_agent=Fact("facebookexternalhit/1.1", facebook.CRAWLERS, OFFICIAL),
        encoding=Fact(GZIP, facebook.CRAWLERS, OFFICIAL),
        byte_range="bytes=0-524288",
        reads=Fact(MEGABYTE, facebook.CRAWLERS, OFFICIAL),
        patience=Fact(5, f"{facebook.CRAWLERS}: a few seconds", OFFICIAL),
        title=Fact(OPEN_GRAPH_TITLE, facebook.SHARING, OFFICIAL),
        description=Fact(("og:description",), facebook.SHARING, OFFICIAL),
        picture=Fact(("og:image",), facebook.IMAGES, OFFICIAL),
        address=Fact(("og:url", "canonical"), OGP, OFFICIAL),
        title_length=Fact(Length(120), SIMULATOR, OBSERVED),
        description_length=Fact(Length(), SIMULATOR, OBSERVED),
        shape=Fact("size", facebook.IMAGES, OFFICIAL),
        shows_description=(),
        site=Fact("domain", SIMULATOR, OBSERVED),
        pictures=facebook.PICTURES,
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
        place=120,
    ),
)
