"""Where a link is shared: each network's address for it, the text that will be posted, and how it is counted.

Each rule names its source and how sure it is: official, observed, convention or unknown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import regex

from bitacora.share.metadata import Preview, clean, graphemes
from bitacora.share.readers import OBSERVED, OFFICIAL


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

    Raises KeyError for a network that is not in NETWORKS.
    """
    return tuple(
        ShareLink(name, NETWORKS[name].label, NETWORKS[name].address(_shared(preview, messages, name)))
        for name in dict.fromkeys(order)
    )


def share_texts(preview: Preview, messages: Mapping[str, str], order: Iterable[str]) -> tuple[ShareText, ...]:
    """What will be posted on the networks in `order`. Raises KeyError for one that is not in NETWORKS."""
    return tuple(_share_text(name, _shared(preview, messages, name)) for name in dict.fromkeys(order))


@dataclass(frozen=True, slots=True)
class _Shared:
    """A message and the address it is about, with which it may end already."""

    message: str
    title: str
    url: str

    @property
    def carries_link(self) -> bool:
        return self.url in self.message.split()

    @property
    def words(self) -> str:
        """The message without the address."""
        if not self.carries_link:
            return self.message
        found = re.compile(rf"\s?(?<!\S){re.escape(self.url)}(?!\S)")
        return found.sub("", self.message).strip() or self.title

    @property
    def text(self) -> str:
        return self.message if self.carries_link else f"{self.message} {self.url}"


def _shared(preview: Preview, messages: Mapping[str, str], network: str) -> _Shared:
    candidates = (messages.get(network, ""), messages.get("default", ""))
    message = next(filter(None, map(_message, candidates)), preview.title)
    return _Shared(message, preview.title, preview.url)


def _message(text: str) -> str:
    return "\n".join(clean(line) for line in text.splitlines()).strip()


def _share_text(name: str, shared: _Shared) -> ShareText:
    network = NETWORKS[name]
    text = network.text(shared)
    return ShareText(name, network.label, text, network.length(text), network.limit)


# --- addresses: every value is a URI component, a space is %20 and never +


def _whatsapp(shared: _Shared) -> str:
    """Message, space, address. Source: documentation of packages (convention)."""
    return _query("https://wa.me/?", text=shared.text)


def _facebook(shared: _Shared) -> str:
    """Only the address is taken, text is ignored. Source: public code (convention)."""
    return _query("https://www.facebook.com/sharer/sharer.php?", u=shared.url)


def _x(shared: _Shared) -> str:
    """Text, then address. Source: X developer docs, Web Intent (official)."""
    if shared.carries_link:
        return _query("https://twitter.com/intent/tweet?", text=shared.message)
    return _query("https://twitter.com/intent/tweet?", text=shared.message, url=shared.url)


def _telegram(shared: _Shared) -> str:
    """Address and text. Source: core.telegram.org/widgets/share (official)."""
    return _query("https://t.me/share/url?", url=shared.url, text=shared.words)


def _linkedin(shared: _Shared) -> str:
    """Only the address is taken. Source: public code (convention)."""
    return _query("https://www.linkedin.com/sharing/share-offsite/?", url=shared.url)


def _mastodon(shared: _Shared) -> str:
    """Runs in the browser and asks for the instance. Source: Mastodon blog, March 2026 (official)."""
    return _query("https://share.joinmastodon.org/#", text=shared.text)


def _bluesky(shared: _Shared) -> str:
    """Source: Bluesky docs, intent links (official)."""
    return _query("https://bsky.app/intent/compose?", text=shared.text)


def _threads(shared: _Shared) -> str:
    """Message, space, address. Source: public code (convention)."""
    return _query("https://www.threads.net/intent/post?", text=shared.text)


def _reddit(shared: _Shared) -> str:
    """A title is one line. Source: public code (convention)."""
    return _query("https://www.reddit.com/submit?", url=shared.url, title=clean(shared.words))


def _email(shared: _Shared) -> str:
    """The title as subject; a new line is %0D%0A. Source: RFC 6068 (official)."""
    body = _letter(shared).replace("\n", "\r\n")
    return _query("mailto:?", subject=shared.title, body=body)


def _query(start: str, **values: str) -> str:
    return start + "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())


# --- texts: what the form will hold


def _message_and_link(shared: _Shared) -> str:
    return shared.text


def _link_alone(shared: _Shared) -> str:
    return shared.url


def _link_above(shared: _Shared) -> str:
    """The address on a line of its own, first. Source: habit of Telegram's applications (convention)."""
    return f"{shared.url}\n{shared.words}"


def _title_and_link(shared: _Shared) -> str:
    return f"{clean(shared.words)}\n{shared.url}"


def _letter(shared: _Shared) -> str:
    return shared.message if shared.carries_link else f"{shared.message}\n\n{shared.url}"


# --- lengths

_LINK = re.compile(r"https?://\S*[^\s.,;:!?…)\]»”’'\"]")
_MENTION = re.compile(r"(?<![\w/])(@\w+)@[\w.-]+\w")
_EMOJI = regex.compile(r"[\p{Emoji_Presentation}\uFE0F\u20E3]")
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_LINK_LENGTH = 23


def x_length(text: str) -> int:
    """Of 280. Source: X docs, counting characters, and twitter-text's configuration, version 3 (official).

    Normalised to NFC; an emoji counts 2 however it is composed, a link 23, a code point 1 in the light ranges
    and 2 elsewhere. A bare domain, which X links as well, is counted by its letters here.
    """
    parts = _LINK.split(unicodedata.normalize("NFC", text))
    links = (len(parts) - 1) * _LINK_LENGTH
    return links + sum(_x_weight(cluster) for part in parts for cluster in regex.findall(r"\X", part))


def _x_weight(cluster: str) -> int:
    if _EMOJI.search(cluster):
        return 2
    return sum(1 if any(low <= ord(sign) <= high for low, high in _LIGHT) else 2 for sign in cluster)


def bluesky_length(text: str) -> int:
    """Of 300, in graphemes, the address counted in full. Source: Bluesky docs, intent links (official)."""
    return graphemes(text)


def mastodon_length(text: str) -> int:
    """Of 500, which an instance may change: a link counts 23, @user@instance as @user.

    Source: docs.joinmastodon.org, user/posting (official); graphemes as the unit: clients' code (convention).
    """
    return graphemes(_MENTION.sub(r"\1", _LINK.sub("·" * _LINK_LENGTH, text)))


def threads_length(text: str) -> int:
    """Of 500, in bytes of UTF-8, the address counted in full.

    Source: Threads API docs, posts: 500 characters, an emoji counted as its bytes (official); gitroomhq/postiz-app
    #1946: all other letters too (observed). What the form itself counts is not written anywhere.
    """
    return len(text.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Network:
    """A network's name for readers, and its rules. `limit` 0: none known; else `source` says who names it."""

    label: str
    address: Callable[[_Shared], str]
    text: Callable[[_Shared], str] = _message_and_link
    length: Callable[[str], int] = graphemes
    limit: int = 0
    source: str = ""
    confidence: str = OFFICIAL


NETWORKS: Mapping[str, Network] = {
    "whatsapp": Network("WhatsApp", _whatsapp),
    "facebook": Network("Facebook", _facebook, _link_alone),
    "x": Network("X", _x, length=x_length, limit=280, source="X docs, counting characters"),
    "telegram": Network("Telegram", _telegram, _link_above),
    "linkedin": Network("LinkedIn", _linkedin, _link_alone),
    "mastodon": Network(
        "Mastodon", _mastodon, length=mastodon_length, limit=500, source="docs.joinmastodon.org, user/posting"
    ),
    "bluesky": Network("Bluesky", _bluesky, length=bluesky_length, limit=300, source="Bluesky docs, intent links"),
    "threads": Network(
        "Threads",
        _threads,
        length=threads_length,
        limit=500,
        source="Threads API docs, posts; gitroomhq/postiz-app #1946",
        confidence=OBSERVED,
    ),
    "reddit": Network("Reddit", _reddit, _title_and_link),
    "email": Network("E-mail", _email, _letter),
}
