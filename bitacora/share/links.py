"""Where a link is shared: each network's address for it, the text that will be posted, and how long that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bitacora.share.metadata import Preview
from bitacora.share.network import Shared
from bitacora.share.networks import ALL, LINKS
from bitacora.share.text import clean


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A plain link that opens a network's own form, filled in."""

    network: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ShareText:
    """The text that a network's form will hold. `length` is by its own rule; a `limit` of 0 is none known."""

    network: str
    label: str
    text: str
    length: int
    limit: int

    @property
    def over(self) -> int:
        """How much too long the text is, in the network's own characters."""
        return max(0, self.length - self.limit) if self.limit else 0


def share_links(preview: Preview, messages: Mapping[str, str], order: Iterable[str]) -> tuple[ShareLink, ...]:
    """Links for the networks in `order`, each with its message, else the default one, else the title.

    Raises KeyError for a network that is not in LINKS.
    """
    return tuple(
        ShareLink(name, ALL[name].label, LINKS[name].address(_shared(preview, messages, name)))
        for name in dict.fromkeys(order)
    )


def share_texts(preview: Preview, messages: Mapping[str, str], order: Iterable[str]) -> tuple[ShareText, ...]:
    """What will be posted on the networks in `order`. Raises KeyError for one that is not in LINKS."""
    return tuple(_share_text(name, _shared(preview, messages, name)) for name in dict.fromkeys(order))


def _shared(preview: Preview, messages: Mapping[str, str], network: str) -> Shared:
    candidates = (messages.get(network, ""), messages.get("default", ""))
    message = next(filter(None, map(_message, candidates)), preview.title)
    return Shared(message, preview.title, preview.url)


def _message(text: str) -> str:
    return "\n".join(clean(line) for line in text.splitlines()).strip()


def _share_text(name: str, shared: Shared) -> ShareText:
    link = LINKS[name]
    text = link.text(shared)
    return ShareText(name, ALL[name].label, text, link.length(text), link.limit)
