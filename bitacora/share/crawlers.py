"""Who comes to read a page for the link to it, by what it calls itself."""

from __future__ import annotations

import re
from functools import lru_cache

SEARCH = "google"
"""Reads pages for itself: nobody waits for the card that it may ask for."""

_AGENTS = {
    "imessage": r"facebookexternalhit\S{0,40} Facebot Twitterbot",
    "facebook": "facebookexternalhit|meta-externalagent",
    "telegram": "TelegramBot",
    "x": "Twitterbot",
    "whatsapp": "WhatsApp",
    "linkedin": "LinkedInBot",
    "slack": "Slackbot|Slack-ImgProxy",
    "discord": "Discordbot",
    "mastodon": "Mastodon",
    "bluesky": "Cardyb",
    "reddit": "redditbot",
    "skype": "SkypeUriPreview",
    SEARCH: "Googlebot",
}
"""The first that fits. Threads and Instagram come as Facebook does."""

CRAWLERS = tuple(_AGENTS)

_ANY = re.compile("|".join(f"(?P<{name}>{agents})" for name, agents in _AGENTS.items()))
_MOST_AGENTS = 128
"""Of which each may have 8 KB, by the bounds of gunicorn."""


@lru_cache(_MOST_AGENTS)
def crawler_of(user_agent: str) -> str:
    """One of CRAWLERS, empty for anybody else."""
    found = _ANY.search(user_agent)
    return (found.lastgroup or "") if found else ""
