"""Telegram."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    NOTHING,
    THIRD,
    TWO_LINES,
    UNKNOWN,
    UNKNOWN_PICTURES,
    Crawler,
    Fact,
    Length,
    Link,
    Network,
    Reader,
    Shared,
    query,
)


def _form(shared: Shared) -> str:
    """Address and text. Source: core.telegram.org/widgets/share (official)."""
    return query("https://t.me/share/url?", url=shared.url, text=shared.words)


def _link_above(shared: Shared) -> str:
    """The address on a line of its own, first. Source: habit of Telegram's applications (convention)."""
    return f"{shared.url}\n{shared.words}"


NETWORK = Network(
    name="telegram",
    label="Telegram",
    link=Link(_form, _link_above, place=40),
    crawler=Crawler("TelegramBot", place=30),
    reader=Reader(
        user_agent=Fact("TelegramBot (like TwitterBot)", THIRD, CONVENTION),
        encoding=AS_PLAIN,
        title=Fact(("og:title", "twitter:title", "title"), NOTHING, UNKNOWN),
        description=Fact(("og:description", "twitter:description", "description"), NOTHING, UNKNOWN),
        picture=Fact(("og:image", "twitter:image"), NOTHING, UNKNOWN),
        title_length=Fact(TWO_LINES, f"{NOTHING}: about two lines", UNKNOWN),
        description_length=Fact(Length(typical=340), f"{NOTHING}: about 170 to 340", UNKNOWN),
        shape=Fact("card", THIRD, CONVENTION),
        site=Fact("name", NOTHING, UNKNOWN),
        pictures=UNKNOWN_PICTURES,
        debugger=Fact("https://t.me/WebpageBot", THIRD, CONVENTION),
        debugger_note="Send the address to this bot: it reads the page again.",
        is_approximate=True,
        rules=("site-name-missing", "card-missing", "card-small"),
        not_rules=("title-not-said",),
        place=60,
    ),
)
