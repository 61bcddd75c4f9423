"""The networks, one file for each: how a link is shared there, who comes for the page, what it reads and shows.

A file that is put here is all that a network needs, besides a preview of its own in `_share_previews.html`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from bitacora import network_names
from bitacora.share.network import Crawler, Link, Network, Reader

_FILES = sorted({file.stem for file in Path(__file__).parent.glob("*.py")} - {"__init__"})
ALL: Mapping[str, Network] = {
    network.name: network for network in (import_module(f"{__name__}.{name}").NETWORK for name in _FILES)
}
READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in sorted(filter(None, (one.reader for one in ALL.values())), key=lambda reader: reader.place)
}
"""In the order of the desk."""
_LINKS = ((name, one.link) for name, one in ALL.items() if one.link)
LINKS: Mapping[str, Link] = dict(sorted(_LINKS, key=lambda named: named[1].place))
_CRAWLERS = ((name, one.crawler) for name, one in ALL.items() if one.crawler)
CRAWLERS: Mapping[str, Crawler] = dict(sorted(_CRAWLERS, key=lambda named: named[1].place))
"""In the order in which they are looked for."""

network_names.NETWORKS[:] = LINKS
network_names.ALIASES.update({alias: name for name, one in ALL.items() for alias in one.aliases})
network_names.APART[:] = [name for name, one in ALL.items() if one.is_apart]
