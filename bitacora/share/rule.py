"""What a rule about a shared page is, what it is asked of, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from bitacora.posts.head import key_of
from bitacora.settings import Site
from bitacora.share import network
from bitacora.share.crawl import Answer, Head, Page
from bitacora.share.links import ShareText
from bitacora.share.network import CONVENTION, OBSERVED, OFFICIAL, Fact, Reader
from bitacora.share.networks import discord, facebook, imessage, mastodon, whatsapp, x
from bitacora.share.readers import Reading

ERROR, WARNING, ADVICE = "error", "warning", "advice"
SEVERITIES = (ERROR, WARNING, ADVICE)
"""Worst first: no preview or none as meant; a preview that loses something; a preview that could be better."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that the page breaks. `network` is empty for what concerns several or all.

    `values` fill the placeholders of `message` and `remedy`; `networks` in them holds the labels of those that
    are concerned: none of them for all, None for no network at all. `key` is the front matter key to change,
    `line` its line in the file, 0 if unknown.
    """

    network: str
    severity: str
    rule: str
    message: str
    values: Mapping[str, object]
    measured: str
    limit: str
    source: str
    confidence: str
    remedy: str
    key: str
    line: int


class Amount(str):
    """A number with its unit, as English writes it. `number`, `digits` behind the point and `unit` are its parts,
    for other languages; the unit begins with its own space."""

    __slots__ = ("digits", "number", "unit")
    number: float
    digits: int
    unit: str

    def __new__(cls, number: float, unit: str, digits: int = 1) -> Amount:
        amount = super().__new__(cls, f"{number:.{digits}f}{unit}")
        amount.number, amount.unit, amount.digits = number, unit, digits
        return amount


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a post's own picture cannot be used, in words, and what to do; empty limits are none."""

    reason: str
    remedy: str
    measured: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What is known of the picture behind og:image: measured on this disk, or of a drawn card.

    0 and "" are not known, as of one that lies elsewhere. `problem` says why the post's own picture cannot be
    used and a drawn card stands in for it, `missing` which characters no font could draw on the card.
    """

    url: str
    width: int
    height: int
    bytes: int
    type: str
    is_local: bool
    problem: Problem | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture that a reader takes. `url` is absolute, empty where the reader cannot follow what is written.

    `width`, `height`, `bytes` and `type` are 0 and "" where unknown; `is_measured` is false where the size is at
    best what the page declares. `status`, `location` and `headers` are what our own address of it answers; status
    0 is not asked, because it lies elsewhere.
    """

    written: str = ""
    tag: str = ""
    url: str = ""
    width: int = 0
    height: int = 0
    bytes: int = 0
    type: str = ""
    is_ours: bool = False
    is_measured: bool = False
    problem: Problem | None = None
    missing: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Width by height, 0 where it is not known."""
        return self.width / self.height if self.width and self.height else 0.0

    @property
    def pixels(self) -> str:
        return f"{self.width} × {self.height} px"


@dataclass(frozen=True, slots=True)
class Case:
    """A page before one reader. `head` is what this reader gets of it, `whole` all of it.

    `twin` is the head that another reader got, None if theirs was the same request. `path` is the page's
    site-relative address, and `ask` gives what the site answers at another one; it follows no redirect. `text` is
    what its form will hold, None where the site offers no link to that. `keys` are those of the post's head, in
    lower case, and `title_on_x` is the title that it gives X alone.
    """

    reader: Reader
    site: Site
    page: Page
    head: Head
    whole: Head
    twin: Head | None
    reading: Reading
    picture: Picture
    form: str
    path: str
    ask: Callable[[str], Answer]
    robots: RobotFileParser | None = None
    text: ShareText | None = None
    keys: frozenset[str] = frozenset()
    title_on_x: str = ""

    @property
    def is_readable(self) -> bool:
        return self.page.status in (200, 206) and self.page.is_html and self.page.html is not None

    def answer(self, url: str) -> Answer | None:
        """What our own site answers at an address as a page writes it; None for another site's."""
        try:
            path = own_path(self.site, urljoin(self.site.url + self.path, url))
        except ValueError:  # http://[
            return None
        return self.ask(path) if path else None


EACH, SOME, ONCE = "each", "some", "once"
"""Of whom a rule is asked: of each network, of those whose files name it, or once for all of them."""

Keys = tuple[tuple[str, ...], str]
"""Front matter keys that a break may come from, the preferred one first; the one to name where none is there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A break of a rule. `excess` orders the same one over networks, `subject` tells two in one network apart.

    `remedy` and `keys`, where they are given, go before those of the rule.
    """

    fact: Fact[Any]
    measured: str
    limit: str
    values: Mapping[str, object] = field(default_factory=dict)
    severity: str = ""
    excess: float = 1.0
    subject: str = ""
    remedy: str = ""
    keys: Keys | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be wrong. `asked` says of whom: EACH network that does not refuse it, SOME that name it, or ONCE.

    `keys` are the front matter keys that it may come from, the preferred one first.
    """

    id: str
    severity: str
    message: str
    remedy: str
    find: Callable[[Case], Iterator[Found]]
    keys: tuple[str, ...] = ()
    default_key: str = ""
    asked: str = EACH

    def concerns(self, reader: Reader) -> bool:
        return (
            self.id in reader.rules
            if self.asked == SOME
            else self.asked == EACH and self.id not in reader.not_rules
        )

    def verdict(self, found: Found, reader: Reader | None, lines: Mapping[str, int]) -> Verdict:
        """What was found, told for a network, for none of them alone where it is None.

        `lines` are those of the keys in the post's file.
        """
        key, line = _place(*(found.keys or (self.keys, self.default_key)), lines)
        return Verdict(
            network=reader.name if reader else "",
            severity=ERROR if reader and self.id in reader.errors else found.severity or self.severity,
            rule=self.id,
            message=self.message,
            values={"measured": found.measured, "limit": found.limit, **found.values},
            measured=found.measured,
            limit=found.limit,
            source=found.fact.source,
            confidence=found.fact.confidence,
            remedy=found.remedy or self.remedy,
            key=key,
            line=line,
        )


def _place(keys: tuple[str, ...], default: str, lines: Mapping[str, int]) -> tuple[str, int]:
    written = {key_of(key): (key, line) for key, line in lines.items()}
    return next((written[key] for key in keys if key in written), (default, 0))


TITLE_KEYS = (("share_title", "title", "linktitle"), "title")
MESSAGE_KEYS = (("share_message", *TITLE_KEYS[0]), "share_message")
DESCRIPTION_KEYS = (
    ("intro", "description", "summary", "excerpt", "subtitle", "deck", "snippet", "kicker"),
    "intro",
)
PICTURE_KEYS = (
    (
        "share_image", "single_image", "image", "images", "cover", "header.image", "primary_image", "header_image",
        "header_img", "featured_image", "hero", "thumbnail", "imagepost", "img", "thumb",
    ),
    "single_image",
)  # fmt: skip
ALT_KEYS = (
    ("image_alt", "image_accessibility", "image_caption", "image_figcaption", *PICTURE_KEYS[0]),
    "single_image",
)
LANG_KEYS = (("lang", "language", "locale"), "lang")
AUTHOR_KEYS = (("authors", "author"), "")
NOINDEX_KEYS = (("noindex", "hidden", "unlisted", "robots"), "noindex")
NO_KEY: Keys = ((), "")

_Find = Callable[[Case], Iterator[Found]]


def rule(
    id_: str,
    severity: str,
    message: str,
    remedy: str,
    keys: Keys = NO_KEY,
    asked: str = EACH,
) -> Callable[[_Find], Rule]:
    """Register a rule under `rules/`."""

    def register(find: _Find) -> Rule:
        made = Rule(id_, severity, message, remedy, find, keys[0], keys[1], asked)
        REGISTERED.append(made)
        return made

    return register


REGISTERED: list[Rule] = []


LEFT_OUT = (
    "The post has it, but the template leaves it out or writes it too late: mend the template, or delete your own "
    "copy of it."
)
IN_TEMPLATE = "Mend the template that writes this, or delete your own copy of it."


def cite(source: str, confidence: str) -> Fact[None]:
    return Fact(None, source, confidence)


OGP = cite(network.OGP, OFFICIAL)
APPLE = cite(imessage.DOCS, OFFICIAL)
DISCORD = cite(discord.DOCS, OFFICIAL)
META = cite(facebook.CRAWLERS, OFFICIAL)
META_IMAGES = cite(facebook.IMAGES, OFFICIAL)
WHATSAPP = cite(whatsapp.DOCS, OFFICIAL)
X = cite(x.CARDS, OFFICIAL)
MASTODON = cite(mastodon.EXTRACTOR, OBSERVED)
FOR_ALL = cite("union of the networks' rules", CONVENTION)


def weight(count: int) -> Amount:
    if count < 1_000_000:
        return Amount(count / 1000, " kB") if count < 10_000 else Amount(count // 1000, " kB", 0)
    return Amount(count / 1_000_000, " MB")


def weights(size: int, limit: int) -> tuple[Amount, Amount]:
    """A weight and its limit, to the byte where two that differ would read alike."""
    measured, allowed = weight(size), weight(limit)
    reads_alike = measured == allowed and size != limit
    return (Amount(size / 1000, " kB", 3) if reads_alike else measured), allowed


def shape(value: float) -> Amount:
    """Width by height, like 1.91:1."""
    return Amount(value, ":1", len(f"{value:g}".partition(".")[2]))


def by_source(fact: Fact[Any], official: str, other: str) -> str:
    return official if fact.confidence == OFFICIAL else other


def parts_of(url: str) -> tuple[str, str, str, str, str] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.path, parts.query, parts.fragment
    except ValueError:  # http://[
        return None


def own_path(site: Site, url: str) -> str:
    """The site-relative address of what is ours, else empty."""
    url = url.partition("#")[0]
    return url[len(site.url) :] if url.startswith(site.url + "/") else ""


def host_of(url: str) -> str:
    parts = parts_of(url)
    return parts[1] if parts else ""


def scheme_of(url: str) -> str:
    parts = parts_of(url)
    return parts[0] if parts else ""
