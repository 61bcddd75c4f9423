"""Who comes to read a page for the link to it, by what it calls itself."""

from __future__ import annotations

import re
from functools import lru_cache

from bitacora.share import networks

CRAWLERS = tuple(networks.CRAWLERS)
SEARCHES = frozenset(name for name, crawler in networks.CRAWLERS.items() if crawler.is_search)
"""Nobody waits for the card that they may ask for."""

_ANY = re.compile("|".join(f"(?P<{name}>{crawler.agent})" for name, crawler in networks.CRAWLERS.items()))
_MOST_AGENTS = 128
"""Of which each may have 8 KB, by the bounds of gunicorn."""


@lru_cache(_MOST_AGENTS)
def crawler_of(user_agent: str) -> str:
    """One of CRAWLERS, empty for anybody else."""
    found = _ANY.search(user_agent)
    return (found.lastgroup or "") if found else ""
