"""The networks by name, as settings and heads of posts write them. Each has a file in `share/networks/`."""

from __future__ import annotations

NETWORKS: list[str] = []
"""Those with a share link, in the order of a site that names none."""
ALIASES: dict[str, str] = {}
"""Other names, as heads of posts have them, and the network that is meant."""
APART: list[str] = []
"""Networks that a page can tell something of its own: others read X's tags only where Open Graph says nothing."""
