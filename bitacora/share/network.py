"""What a network is: how a link is shared there, who comes to read the page, what it reads and how it shows it.

Every rule is a `Fact`, with its source and how sure it is, so that whoever sees a verdict sees these too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from urllib.parse import quote

from bitacora.share.text import graphemes

LAST = 1_000
"""The place of what has none of its own: behind all others, by name."""

OFFICIAL = "official"
"""The network's own documentation, schema or specification."""
OBSERVED = "observed"
"""Read in the network's public source code, or in the constants of a maintained simulator."""
CONVENTION = "convention"
"""Third parties agree, no official page confirms it."""
UNKNOWN = "unknown"
"""No rule was found: what is shown is approximate."""

CONFIDENCES = (OFFICIAL, OBSERVED, CONVENTION, UNKNOWN)

LARGE, SMALL, TEXT = "large", "small", "text"
"""Forms of a preview: picture over the text, thumbnail beside it, no picture."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A rule of a network, where it is written, and how sure that is."""

    value: T
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Length:
    """How much of a text is shown: by the network's rule, and typically. 0: not known.

    `unit` is "graphemes" or "bytes" of UTF-8. `window`: cut at the last space between these two, if there is one.
    """

    rule: int = 0
    typical: int = 0
    unit: str = "graphemes"
    window: tuple[int, int] = (0, 0)

    @property
    def limit(self) -> int:
        return self.rule or self.typical

    def of(self, text: str) -> int:
        return len(text.encode("utf-8", "replace")) if self.unit == "bytes" else graphemes(text)


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels; 0 is any."""

    width: int
    height: int

    def holds(self, width: int, height: int) -> bool:
        """Whether a picture is at least this large."""
        return width >= self.width and height >= self.height

    def __str__(self) -> str:
        return f"{self.width} × {self.height} px" if self.height else f"{self.width} px"


@dataclass(frozen=True, slots=True)
class PictureRules:
    """What a network wants of a picture; None where no rule was found.

    `least`: smaller ones are not shown (`least_small` if the page asks for the small form). `large`: smaller ones
    are shown small. `best`: what is recommended. `most`: larger ones are refused. `widest`: width by height.
    `aim`: bytes beyond which it fails in practice, now and then. `ratio`, `small_ratio`: the box it is cropped
    into, width by height; 0 where it keeps its own.
    """

    ratio: Fact[float]
    small_ratio: Fact[float]
    least: Fact[Size] | None = None
    least_small: Fact[Size] | None = None
    large: Fact[Size] | None = None
    best: Fact[Size] | None = None
    most: Fact[Size] | None = None
    bytes: Fact[int] | None = None
    aim: Fact[int] | None = None
    types: Fact[tuple[str, ...]] | None = None
    widest: Fact[float] | None = None


Precedence = tuple[str | tuple[str, ...], ...]
"""Where a text is looked for, in this order; in a tuple inside, the first in source order."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A network as a reader of our page.

    `reads`: bytes of HTML within which the head must end, or the whole page must where `reads_page`; None: no
    limit known. `patience`: seconds, for the picture too if it `waits_for_picture`. `redirects`: how many it
    follows. `resources`: bytes of the pictures, icons and films that a head names, together. `shape` is how it
    chooses its form: by "card" (twitter:card), "size", "wide" (wider than tall), always "small", or "text".
    `site`: "breadcrumb", "domain", "DOMAIN", "name" or "name only".
    `either`: a tag's name may stand in `name` or in `property`. `relative`: which addresses of pictures that are
    not absolute it follows: "none", "slash" or "any". `shows_description` are the forms that show one, and
    `byline_replaces_description` says that the author's name stands in its place.
    `site_name`, `byline` and `date`: where these are looked for. `address_length`: how much of it is shown.
    `own_title`, `own_description`: the tag that this network reads before the one for all. `robots`: as whom it
    obeys robots.txt. `own_canonical`: it believes a canonical address of the page's own host alone.
    `html_together`: it takes the HTML title and description only where no other tag says either. `shows_accent`,
    `shows_labels`: it shows theme-color, and pairs of label and value. `twin`: the network whose request must get
    the same page. `rules` are those asked of it besides the ones for all, `not_rules` those for all that are not,
    `errors` those that are an error here. `place` orders the desk. Name and label are those of its Network.
    """

    user_agent: Fact[str]
    encoding: Fact[str]
    title: Fact[Precedence]
    description: Fact[Precedence]
    picture: Fact[Precedence]
    title_length: Fact[Length]
    description_length: Fact[Length]
    shape: Fact[str]
    site: Fact[str]
    pictures: PictureRules
    debugger: Fact[str]
    debugger_note: str = ""
    byte_range: str = ""
    reads: Fact[int] | None = None
    reads_page: bool = False
    patience: Fact[int] | None = None
    alt: Precedence = ("og:image:alt",)
    address: Fact[Precedence] | None = None
    either: Fact[bool] = field(default_factory=lambda: Fact(False, "nothing found", UNKNOWN))
    relative: Fact[str] = field(default_factory=lambda: Fact("none", "ogp.me", OFFICIAL))
    shows_description: tuple[str, ...] = (LARGE, SMALL, TEXT)
    byline_replaces_description: bool = False
    redirects: Fact[int] | None = None
    resources: Fact[int] | None = None
    waits_for_picture: bool = False
    is_approximate: bool = False
    site_name: Precedence = ("og:site_name",)
    byline: Precedence = ()
    date: Precedence = ()
    address_length: Fact[Length] | None = None
    own_title: Fact[str] | None = None
    own_description: Fact[str] | None = None
    robots: Fact[str] | None = None
    own_canonical: bool = False
    html_together: bool = False
    shows_accent: bool = False
    shows_labels: bool = False
    twin: str = ""
    rules: tuple[str, ...] = ()
    not_rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    place: int = LAST
    name: str = ""
    label: str = ""

    @property
    def reads_oembed(self) -> bool:
        said = (*self.title.value, *self.description.value, *self.picture.value, *self.site_name, *self.byline)
        return any(isinstance(source, str) and source.startswith("oembed:") for source in said)

    def debugger_of(self, url: str) -> str:
        """The official debugger's address for this URL, empty if there is none."""
        return self.debugger.value.replace("{url}", quote(url, safe=""))


# --- sharing a link


@dataclass(frozen=True, slots=True)
class Shared:
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


def query(start: str, **values: str) -> str:
    return start + "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())


def message_and_link(shared: Shared) -> str:
    return shared.text


def link_alone(shared: Shared) -> str:
    return shared.url


@dataclass(frozen=True, slots=True)
class Link:
    """How a link is shared on a network: the address of its form, the text in it, and how that is counted.

    `limit` 0: none known; else `source` says who names it. `place` orders the links of a site that names none.
    """

    address: Callable[[Shared], str]
    text: Callable[[Shared], str] = message_and_link
    length: Callable[[str], int] = graphemes
    limit: int = 0
    source: str = ""
    confidence: str = OFFICIAL
    place: int = LAST


@dataclass(frozen=True, slots=True)
class Crawler:
    """What a network calls itself when it comes for a page: an expression. The first in `place` that fits counts.

    `is_search`: it reads pages for itself, nobody waits for the picture that it may ask for.
    """

    agent: str
    place: int = LAST
    is_search: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A network, wholly. `name` is that of its file; `aliases` are other names for it in heads of posts.

    `is_apart`: a page can tell it something of its own, a `share_title` or a `share_image`.
    """

    name: str
    label: str = ""
    link: Link | None = None
    reader: Reader | None = None
    crawler: Crawler | None = None
    aliases: tuple[str, ...] = ()
    is_apart: bool = False

    def __post_init__(self) -> None:
        if self.reader:
            object.__setattr__(self, "reader", replace(self.reader, name=self.name, label=self.label))


# --- what several of them say

OGP = "ogp.me"
SIMULATOR = "@automattic/social-previews 3.3.8"
THIRD = "third parties"
NOTHING = "nothing found"

PLAIN, GZIP = "identity", "gzip, deflate"
KILOBYTE, MEGABYTE = 1_000, 1_000_000
LINE_GRAPHEMES = 40
"""A line of a phone's chat: WhatsApp's docs give 80 characters for two lines (official)."""

JPEG, PNG, GIF, WEBP, AVIF = "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"

OPEN_GRAPH_TITLE: Precedence = ("og:title", "title")
WIDE = 1.91
AS_PLAIN = Fact(PLAIN, "plain is what every reader understands", CONVENTION)
TWO_LINES = Length(typical=2 * LINE_GRAPHEMES)
NO_LENGTH = Fact(Length(), NOTHING, UNKNOWN)
NO_DEBUGGER = "No debugger is known for this network."
ON_THE_PHONE = "The preview is made on the sender's phone: there is no debugger."

UNKNOWN_PICTURES = PictureRules(ratio=Fact(WIDE, NOTHING, UNKNOWN), small_ratio=Fact(1.0, NOTHING, UNKNOWN))

WEB_LINK = re.compile(r"https?://\S*[^\s.,;:!?…)\]»”’'\"]")
"""An address in a text that is posted."""
LINK_LENGTH = 23
"""What X and Mastodon count for any address."""
