"""The networks as readers of a page: what each looks at, in which order, how much of it, and how it shows it.

Every rule is a `Fact`, with its source and how sure it is, so that whoever sees a verdict sees these too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

import regex

from bitacora.share.crawl import PLAIN, Answer, Head, Meta
from bitacora.share.metadata import clean, graphemes

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
    """

    name: str
    label: str
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

    def debugger_of(self, url: str) -> str:
        """The official debugger's address for this URL, empty if there is none."""
        return self.debugger.value.replace("{url}", quote(url, safe=""))


@dataclass(frozen=True, slots=True)
class Said:
    """A text and the tag that says it; both empty if nothing does."""

    text: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader takes from a head. Texts are as written, on one line; addresses too."""

    title: Said = Said()
    description: Said = Said()
    picture: Said = Said()
    alt: Said = Said()
    address: Said = Said()
    site_name: str = ""
    byline: str = ""
    date: str = ""
    card: str = ""
    accent: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def read(reader: Reader, head: Head, oembed: Mapping[str, Any], host: str = "") -> Reading:
    """A head through the eyes of one reader. `oembed` is the page's oEmbed document, empty if it has none; `host`
    is the page's, where it matters."""
    tags = _Tags(reader, head, oembed, host)
    title, description = tags.find(reader.title.value), tags.find(reader.description.value)
    if reader.name == "discord":
        title, description = _pair(title, description)
    return Reading(
        title=title,
        description=description,
        picture=tags.find(reader.picture.value),
        alt=tags.find(reader.alt),
        address=tags.find(reader.address.value) if reader.address else Said(),
        site_name=tags.find(_SITE_NAME.get(reader.name, ("og:site_name",))).text,
        byline=tags.find(_BYLINE.get(reader.name, ())).text,
        date=tags.find(_DATE.get(reader.name, ())).text,
        card=tags.find(("twitter:card",)).text.lower(),
        accent=_accent(tags) if reader.name == "discord" else "",
        fields=_fields(tags) if reader.name == "slack" else (),
    )


def shorten(text: str, length: Length) -> tuple[str, bool]:
    """A text as the network shows it, with `…` where it was cut, and whether it was."""
    if not length.limit or length.of(text) <= length.limit:
        return text, False
    low, high = length.window
    if high:
        seen = _first_graphemes(text, high)
        space = seen.rfind(" ")
        if space >= 0 and low < graphemes(seen[:space]) < high:
            return seen[:space].rstrip() + "…", True
    seen = _first_bytes(text, length.limit) if length.unit == "bytes" else _first_graphemes(text, length.limit)
    return seen.rstrip() + "…", True


def news_block(head: Head) -> Mapping[str, Any]:
    """The JSON-LD that Mastodon lets override Open Graph: an object at the root, or in an array there, whose type
    is exactly NewsArticle or WebPage; `@graph` is not searched. Empty if there is none."""
    for block in head.json_ld:
        for item in block.value if isinstance(block.value, list) else [block.value]:
            if isinstance(item, dict) and item.get("@type") in ("NewsArticle", "WebPage"):
                return item
    return {}


def articles(head: Head) -> Iterator[Mapping[str, Any]]:
    """The objects of JSON-LD that describe an article to Google, wherever they stand."""
    for block in head.json_ld:
        for item in _objects(block.value):
            types = item.get("@type")
            if any(kind in _ARTICLE_TYPES for kind in (types if isinstance(types, list) else [types])):
                yield item


def text_of(value: object) -> str:
    """The text of a JSON value: itself, or its name, or that of its first part."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name")
    return _line(value.encode("utf-8", "replace").decode()) if isinstance(value, str) else ""


def oembed_of(answer: Answer | None) -> Mapping[str, Any] | None:
    """What an oEmbed document says; None where there is none that can be read."""
    try:
        found = json.loads(answer.body) if answer and answer.status == HTTPStatus.OK else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_CLUSTER = regex.compile(r"\X")
_ARTICLE_TYPES = ("Article", "NewsArticle", "BlogPosting")  # no set: a type may be anything, even a list
_ACCENT = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_SITE_NAME: Mapping[str, Precedence] = {
    "mastodon": ("json-ld:publisher", "og:site_name"),
    "slack": ("oembed:provider_name", "og:site_name"),
    "discord": ("oembed:provider_name", "og:site_name"),
}
_BYLINE: Mapping[str, Precedence] = {
    "mastodon": ("fediverse:creator", "json-ld:author", "og:author"),
    "slack": ("oembed:author_name",),
    "discord": ("oembed:author_name",),
}
_DATE: Mapping[str, Precedence] = {
    "google": ("article:datePublished",),
    "mastodon": ("json-ld:datePublished", "article:published_time"),
}


@dataclass(frozen=True, slots=True)
class _Tags:
    """Looks a text up where a reader looks it up."""

    reader: Reader
    head: Head
    oembed: Mapping[str, Any]
    host: str = ""

    def find(self, precedence: Precedence) -> Said:
        for source in precedence:
            said = self._first_of(source) if isinstance(source, tuple) else self._one(source)
            if said.text:
                return said
        return Said()

    def accepts(self, meta: Meta) -> bool:
        return self.reader.either.value or is_proper(meta)

    def _first_of(self, names: tuple[str, ...]) -> Said:
        for meta in self.head.metas:
            if meta.name in names and self.accepts(meta) and (text := _line(meta.content)):
                return Said(text, meta.name)
        return Said()

    def _one(self, source: str) -> Said:
        kind, _, name = source.partition(":")
        if source == "title":
            return _said(next(filter(None, map(_line, self.head.titles)), ""), source)
        if source == "canonical":
            return _said(self._canonical(), source)
        if source == "apple-touch-icon":
            return _said(self.head.link("apple-touch-icon"), source)
        if kind == "json-ld":
            return _said(text_of(news_block(self.head).get(name)), source)
        if source == "article:datePublished":
            return _said(next((text_of(item.get(name)) for item in articles(self.head)), ""), source)
        if kind == "oembed":
            return _said(text_of(self.oembed.get(name)), source)
        return self._first_of((source,))

    def _canonical(self) -> str:
        """Mastodon believes one of the page's own host alone (link_details_extractor.rb: observed)."""
        address = self.head.link("canonical")
        is_believed = self.reader.name != "mastodon" or not self.host or _host(address) in {"", self.host}
        return address if is_believed else ""


def is_proper(meta: Meta) -> bool:
    """Open Graph is a property (ogp.me), all else a name (X Cards markup docs, HTML standard)."""
    is_open_graph = meta.name.startswith(("og:", "article:"))
    return meta.attribute == ("property" if is_open_graph else "name")


def _said(text: str, tag: str) -> Said:
    return Said(text, tag) if text else Said()


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # http://[
        return ""


def _line(text: str) -> str:
    return " ".join(text.split())


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects at the root, in an array there, or in its `@graph`."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (inner for inner in (graph if isinstance(graph, list) else []) if isinstance(inner, dict))


def _pair(title: Said, description: Said) -> tuple[Said, Said]:
    """Discord takes `<title>` and the description only together, where no other tag says either."""
    are_html = title.tag == "title", description.tag == "description"
    if all(are_html):
        return title, description
    return Said() if are_html[0] else title, Said() if are_html[1] else description


def _accent(tags: _Tags) -> str:
    """The last one wins; other forms of colours do not count (Discord docs)."""
    colours = [meta.content for meta in tags.head.metas if meta.name == "theme-color" and tags.accepts(meta)]
    return colours[-1][:7] if colours and _ACCENT.fullmatch(colours[-1]) else ""


def _fields(tags: _Tags) -> tuple[tuple[str, str], ...]:
    """Up to two pairs of label and value (opengraphplus.com Slack notes: convention)."""
    found = ((tags.find((f"twitter:label{n}",)), tags.find((f"twitter:data{n}",))) for n in (1, 2))
    return tuple((clean(label.text), clean(data.text)) for label, data in found if label.text and data.text)


def _first_graphemes(text: str, count: int) -> str:
    end = 0
    for number, found in enumerate(_CLUSTER.finditer(text)):
        if number == count:
            break
        end = found.end()
    return text[:end]


def _first_bytes(text: str, count: int) -> str:
    end = used = 0
    for found in _CLUSTER.finditer(text):
        used += len(found[0].encode("utf-8", "replace"))
        if used > count:
            break
        end = found.end()
    return text[:end]


# --- sources

_META = "Meta sharing docs"
_META_CRAWLER = "Meta sharing docs, web crawlers"
_META_IMAGES = "Meta sharing docs, images and best practices"
_X = "X Cards markup docs (archived)"
_WHATSAPP = "WhatsApp link previews docs"
_LINKEDIN = "LinkedIn Help a521928, quoted by several third parties"
_DISCORD = "Discord docs, link previews"
_APPLE = "Apple TN3156"
_MASTODON = "mastodon/mastodon app/lib/link_details_extractor.rb"
_MASTODON_CARD = "mastodon/mastodon features/status/components/card"
_MASTODON_LIMIT = "mastodon/mastodon PreviewCard limit"
_SIMULATOR = "@automattic/social-previews 3.3.8"
_SLACK = "opengraphplus.com, whitep4nth3r.com"
_BLUESKY = "bluesky-social/atproto lexicons/app/bsky/embed/external.json"
_OGP = "ogp.me"
_THIRD = "third parties"
_NOTHING = "nothing found"

GZIP = "gzip, deflate"
KILOBYTE, MEGABYTE = 1_000, 1_000_000
URL_LENGTH = Fact(Length(68), _SIMULATOR, OBSERVED)
"""Google's line with the address."""
LINE_GRAPHEMES = 40
"""A line of a phone's chat: WhatsApp's docs give 80 characters for two lines (official)."""

JPEG, PNG, GIF, WEBP, AVIF = "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"

_OPEN_GRAPH_TITLE: Precedence = ("og:title", "title")
_WIDE = 1.91
_AS_PLAIN = Fact(PLAIN, "plain is what every reader understands", CONVENTION)
_TWO_LINES = Length(typical=2 * LINE_GRAPHEMES)
_NO_LENGTH = Fact(Length(), _NOTHING, UNKNOWN)
_NO_DEBUGGER = "No debugger is known for this network."
_ON_THE_PHONE = "The preview is made on the sender's phone: there is no debugger."

_META_PICTURES = PictureRules(
    ratio=Fact(_WIDE, _META_IMAGES, OFFICIAL),
    small_ratio=Fact(1.0, _META_IMAGES, OFFICIAL),
    least=Fact(Size(200, 200), _META_IMAGES, OFFICIAL),
    large=Fact(Size(600, 315), _META_IMAGES, OFFICIAL),
    best=Fact(Size(1200, 630), _META_IMAGES, OFFICIAL),
    bytes=Fact(8 * MEGABYTE, _META_IMAGES, OFFICIAL),
)
_UNKNOWN_PICTURES = PictureRules(ratio=Fact(_WIDE, _NOTHING, UNKNOWN), small_ratio=Fact(1.0, _NOTHING, UNKNOWN))

_GOOGLE = Reader(
    name="google",
    label="Google",
    user_agent=Fact(
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Google Search Central, crawlers",
        OFFICIAL,
    ),
    encoding=_AS_PLAIN,
    title=Fact(("title", "og:title"), _SIMULATOR, OBSERVED),
    description=Fact(("description",), _SIMULATOR, OBSERVED),
    picture=Fact(("og:image",), "Yoast/wordpress-seo #22647", CONVENTION),
    title_length=Fact(Length(63, window=(23, 73)), _SIMULATOR, OBSERVED),
    description_length=Fact(Length(160, window=(80, 170)), _SIMULATOR, OBSERVED),
    shape=Fact(TEXT, _SIMULATOR, OBSERVED),
    site=Fact("breadcrumb", _SIMULATOR, OBSERVED),
    pictures=PictureRules(
        ratio=Fact(_WIDE, _NOTHING, UNKNOWN),
        small_ratio=Fact(1.0, _NOTHING, UNKNOWN),
        best=Fact(Size(1200, 0), "Yoast/wordpress-seo #22647", CONVENTION),
    ),
    address=Fact(("canonical",), "HTML, link rel=canonical", CONVENTION),
    debugger=Fact("https://search.google.com/test/rich-results?url={url}", "Google Rich Results Test", CONVENTION),
)

_FACEBOOK = Reader(
    name="facebook",
    label="Facebook",
    user_agent=Fact("facebookexternalhit/1.1", _META_CRAWLER, OFFICIAL),
    encoding=Fact(GZIP, _META_CRAWLER, OFFICIAL),
    byte_range="bytes=0-524288",
    reads=Fact(MEGABYTE, _META_CRAWLER, OFFICIAL),
    patience=Fact(5, f"{_META_CRAWLER}: a few seconds", OFFICIAL),
    title=Fact(_OPEN_GRAPH_TITLE, _META, OFFICIAL),
    description=Fact(("og:description",), _META, OFFICIAL),
    picture=Fact(("og:image",), _META_IMAGES, OFFICIAL),
    address=Fact(("og:url", "canonical"), _OGP, OFFICIAL),
    title_length=Fact(Length(110, 60), f"{_SIMULATOR}; {_THIRD}: 40 to 60 on a phone", OBSERVED),
    description_length=Fact(Length(200), _SIMULATOR, OBSERVED),
    shape=Fact("size", _META_IMAGES, OFFICIAL),
    site=Fact("DOMAIN", _SIMULATOR, OBSERVED),
    pictures=_META_PICTURES,
    debugger=Fact("https://developers.facebook.com/tools/debug/?q={url}", "Meta Sharing Debugger", OFFICIAL),
)

_X_READER = Reader(
    name="x",
    label="X",
    user_agent=Fact("Twitterbot/1.0", _THIRD, CONVENTION),
    encoding=_AS_PLAIN,
    title=Fact(("twitter:title", "og:title"), _X, OFFICIAL),
    description=Fact(("twitter:description", "og:description"), _X, OFFICIAL),
    picture=Fact(("twitter:image", "og:image"), _X, OFFICIAL),
    alt=("twitter:image:alt", "og:image:alt"),
    title_length=Fact(Length(70), _X, OFFICIAL),
    description_length=Fact(Length(200), _X, OFFICIAL),
    shape=Fact("card", _X, OFFICIAL),
    shows_description=(SMALL, TEXT),  # the large card shows picture, domain and title only (convention)
    site=Fact("domain", _THIRD, CONVENTION),
    pictures=PictureRules(
        ratio=Fact(2.0, _X, OFFICIAL),
        small_ratio=Fact(1.0, _THIRD, CONVENTION),
        least=Fact(Size(300, 157), _X, OFFICIAL),
        least_small=Fact(Size(144, 144), _THIRD, CONVENTION),
        most=Fact(Size(4096, 4096), _X, OFFICIAL),
        bytes=Fact(5 * MEGABYTE, _X, OFFICIAL),
        types=Fact((JPEG, PNG, WEBP, GIF), _X, OFFICIAL),
    ),
    debugger=Fact("", _THIRD, CONVENTION),
    debugger_note="X has no public debugger.",
)

_LINKEDIN_READER = Reader(
    name="linkedin",
    label="LinkedIn",
    user_agent=Fact("LinkedInBot/1.0", _THIRD, CONVENTION),
    encoding=_AS_PLAIN,
    title=Fact(_OPEN_GRAPH_TITLE, _LINKEDIN, CONVENTION),
    description=Fact(("og:description",), _LINKEDIN, CONVENTION),
    picture=Fact(("og:image",), _LINKEDIN, CONVENTION),
    address=Fact(("og:url",), _LINKEDIN, CONVENTION),
    title_length=Fact(Length(200), _THIRD, CONVENTION),
    description_length=Fact(Length(300), _THIRD, CONVENTION),
    shape=Fact(SMALL, "third parties: posts that are not paid for, since 2024", CONVENTION),
    site=Fact("domain", _THIRD, CONVENTION),
    pictures=PictureRules(
        ratio=Fact(_WIDE, _LINKEDIN, CONVENTION),
        small_ratio=Fact(1.0, _LINKEDIN, CONVENTION),
        best=Fact(Size(1200, 627), _LINKEDIN, CONVENTION),
        bytes=Fact(5 * MEGABYTE, _LINKEDIN, CONVENTION),
        types=Fact((JPEG, PNG, GIF), _LINKEDIN, CONVENTION),
    ),
    debugger=Fact("https://www.linkedin.com/post-inspector/inspect/{url}", "LinkedIn Post Inspector", CONVENTION),
    is_approximate=True,
)

_WHATSAPP_READER = Reader(
    name="whatsapp",
    label="WhatsApp",
    user_agent=Fact("WhatsApp/2.24.20.89 A", _WHATSAPP, OFFICIAL),
    encoding=_AS_PLAIN,
    reads=Fact(300 * KILOBYTE, _WHATSAPP, OFFICIAL),
    patience=Fact(10, _WHATSAPP, OFFICIAL),
    title=Fact(_OPEN_GRAPH_TITLE, _WHATSAPP, OFFICIAL),
    description=Fact(("og:description",), _WHATSAPP, OFFICIAL),
    picture=Fact(("og:image",), _WHATSAPP, OFFICIAL),
    address=Fact(("og:url",), _WHATSAPP, OFFICIAL),
    title_length=Fact(_TWO_LINES, f"{_WHATSAPP}: two lines", OFFICIAL),
    description_length=Fact(_TWO_LINES, f"{_WHATSAPP}: two lines", OFFICIAL),
    shape=Fact("size", _WHATSAPP, OFFICIAL),
    site=Fact("domain", _THIRD, CONVENTION),
    pictures=PictureRules(
        ratio=Fact(_WIDE, _THIRD, CONVENTION),
        small_ratio=Fact(1.0, _THIRD, CONVENTION),
        large=Fact(Size(300, 0), _WHATSAPP, OFFICIAL),
        bytes=Fact(600 * KILOBYTE, _WHATSAPP, OFFICIAL),
        aim=Fact(300 * KILOBYTE, "calcom/cal.diy #5613, GetPublii/Publii #1230", OBSERVED),
        types=Fact((JPEG, PNG), "third-party notes", CONVENTION),
        widest=Fact(4.0, _WHATSAPP, OFFICIAL),
    ),
    debugger=Fact("", _WHATSAPP, OFFICIAL),
    debugger_note=_ON_THE_PHONE,
)

_TELEGRAM = Reader(
    name="telegram",
    label="Telegram",
    user_agent=Fact("TelegramBot (like TwitterBot)", _THIRD, CONVENTION),
    encoding=_AS_PLAIN,
    title=Fact(("og:title", "twitter:title", "title"), _NOTHING, UNKNOWN),
    description=Fact(("og:description", "twitter:description", "description"), _NOTHING, UNKNOWN),
    picture=Fact(("og:image", "twitter:image"), _NOTHING, UNKNOWN),
    title_length=Fact(_TWO_LINES, f"{_NOTHING}: about two lines", UNKNOWN),
    description_length=Fact(Length(typical=340), f"{_NOTHING}: about 170 to 340", UNKNOWN),
    shape=Fact("card", _THIRD, CONVENTION),
    site=Fact("name", _NOTHING, UNKNOWN),
    pictures=_UNKNOWN_PICTURES,
    debugger=Fact("https://t.me/WebpageBot", _THIRD, CONVENTION),
    debugger_note="Send the address to this bot: it reads the page again.",
    is_approximate=True,
)

_SLACK_READER = Reader(
    name="slack",
    label="Slack",
    user_agent=Fact("Slackbot-LinkExpanding 1.0", _THIRD, CONVENTION),
    encoding=_AS_PLAIN,
    title=Fact(("oembed:title", ("og:title", "twitter:title"), "title"), _SLACK, CONVENTION),
    description=Fact((("og:description", "twitter:description"), "description"), _SLACK, CONVENTION),
    picture=Fact(("oembed:thumbnail_url", ("og:image", "twitter:image")), _SLACK, CONVENTION),
    title_length=_NO_LENGTH,
    description_length=Fact(Length(typical=300), _NOTHING, UNKNOWN),
    shape=Fact("card", _SLACK, CONVENTION),
    site=Fact("name", _SLACK, CONVENTION),
    pictures=_UNKNOWN_PICTURES,
    debugger=Fact("", _NOTHING, UNKNOWN),
    debugger_note=_NO_DEBUGGER,
    is_approximate=True,
)

_DISCORD_READER = Reader(
    name="discord",
    label="Discord",
    user_agent=Fact("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", _DISCORD, OFFICIAL),
    encoding=_AS_PLAIN,
    patience=Fact(10, _DISCORD, OFFICIAL),
    waits_for_picture=True,
    redirects=Fact(5, _DISCORD, OFFICIAL),
    title=Fact((("og:title", "twitter:title"), "oembed:title", "title"), _DISCORD, OFFICIAL),
    description=Fact((("og:description", "twitter:description"), "description"), _DISCORD, OFFICIAL),
    picture=Fact((("og:image", "twitter:image"), "oembed:thumbnail_url"), _DISCORD, OFFICIAL),
    alt=(("og:image:alt", "twitter:image:alt"),),
    title_length=Fact(Length(70, unit="bytes"), f"{_DISCORD}, limits", OFFICIAL),
    description_length=Fact(Length(350, unit="bytes"), f"{_DISCORD}, limits", OFFICIAL),
    shape=Fact("card", _DISCORD, OFFICIAL),
    site=Fact("name only", _DISCORD, OFFICIAL),
    pictures=PictureRules(
        ratio=Fact(0.0, _DISCORD, OFFICIAL),
        small_ratio=Fact(0.0, _DISCORD, OFFICIAL),
        types=Fact((PNG, GIF, JPEG, WEBP, AVIF), _DISCORD, OFFICIAL),
    ),
    either=Fact(True, _DISCORD, OFFICIAL),
    relative=Fact("slash", _DISCORD, OFFICIAL),
    debugger=Fact("https://discord.com/developers/embeds", _DISCORD, OFFICIAL),
    debugger_note="It asks for the address, and for a Discord account.",
)

_IMESSAGE = Reader(
    name="imessage",
    label="iMessage",
    user_agent=Fact(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
        "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        _THIRD,
        CONVENTION,
    ),
    encoding=_AS_PLAIN,
    reads=Fact(MEGABYTE, _APPLE, OFFICIAL),
    reads_page=True,
    title=Fact(_OPEN_GRAPH_TITLE, _APPLE, OFFICIAL),
    description=Fact((), _APPLE, OFFICIAL),
    picture=Fact(("og:image", "apple-touch-icon"), _APPLE, OFFICIAL),
    title_length=Fact(Length(), _APPLE, OFFICIAL),
    description_length=Fact(Length(), _APPLE, OFFICIAL),
    shape=Fact("size", _APPLE, OFFICIAL),
    shows_description=(),
    site=Fact("name", _APPLE, OFFICIAL),
    pictures=PictureRules(
        ratio=Fact(_WIDE, _NOTHING, UNKNOWN),
        small_ratio=Fact(1.0, _NOTHING, UNKNOWN),
        large=Fact(Size(150, 0), _APPLE, OFFICIAL),
        best=Fact(Size(900, 0), _APPLE, OFFICIAL),
    ),
    resources=Fact(10 * MEGABYTE, _APPLE, OFFICIAL),
    debugger=Fact("", _APPLE, OFFICIAL),
    debugger_note=_ON_THE_PHONE,
)

_MASTODON_READER = Reader(
    name="mastodon",
    label="Mastodon",
    user_agent=Fact("http.rb/5.2.0 (Mastodon/4.5.0; +https://mastodon.social/)", _THIRD, CONVENTION),
    encoding=_AS_PLAIN,
    title=Fact(("json-ld:headline", "og:title", "title"), _MASTODON, OBSERVED),
    description=Fact(("json-ld:description", "og:description", "description"), _MASTODON, OBSERVED),
    picture=Fact(("og:image",), _MASTODON, OBSERVED),
    address=Fact(("canonical", "og:url"), _MASTODON, OBSERVED),
    title_length=Fact(Length(200), _SIMULATOR, OBSERVED),
    description_length=Fact(_TWO_LINES, "one or two lines", CONVENTION),
    byline_replaces_description=True,  # features/status/components/card (observed)
    shape=Fact("wide", _MASTODON_CARD, OBSERVED),
    site=Fact("name", _MASTODON, OBSERVED),
    pictures=PictureRules(
        ratio=Fact(_WIDE, _NOTHING, UNKNOWN),
        small_ratio=Fact(1.0, _NOTHING, UNKNOWN),
        bytes=Fact(8 * MEGABYTE, f"{_MASTODON_LIMIT} with libvips", OBSERVED),
        aim=Fact(2 * MEGABYTE, f"{_MASTODON_LIMIT} without libvips", OBSERVED),
        types=Fact((JPEG, PNG, GIF, WEBP), _THIRD, CONVENTION),
    ),
    either=Fact(True, _MASTODON, OBSERVED),
    relative=Fact("any", _MASTODON, OBSERVED),
    debugger=Fact("", _NOTHING, UNKNOWN),
    debugger_note=_NO_DEBUGGER,
)

_BLUESKY_READER = Reader(
    name="bluesky",
    label="Bluesky",
    user_agent=Fact("Bluesky Cardyb/1.1", _THIRD, CONVENTION),
    encoding=_AS_PLAIN,
    title=Fact(("og:title", "twitter:title", "title"), _NOTHING, UNKNOWN),
    description=Fact(("og:description", "twitter:description", "description"), _NOTHING, UNKNOWN),
    picture=Fact(("og:image", "twitter:image"), _NOTHING, UNKNOWN),
    title_length=Fact(Length(200), _SIMULATOR, OBSERVED),
    description_length=_NO_LENGTH,
    shape=Fact("size", _SIMULATOR, OBSERVED),
    site=Fact("domain", _SIMULATOR, OBSERVED),
    pictures=PictureRules(
        ratio=Fact(_WIDE, _SIMULATOR, OBSERVED),
        small_ratio=Fact(1.0, _NOTHING, UNKNOWN),
        most=Fact(Size(2000, 2000), f"{_BLUESKY}, older schema; clients make larger ones smaller", CONVENTION),
        bytes=Fact(MEGABYTE, f"{_BLUESKY}; clients make heavier ones lighter", CONVENTION),
    ),
    debugger=Fact("https://cardyb.bsky.app/v1/extract?url={url}", "Bluesky's card service", OBSERVED),
)

_THREADS = Reader(
    name="threads",
    label="Threads",
    user_agent=Fact("facebookexternalhit/1.1", _META_CRAWLER, OFFICIAL),
    encoding=Fact(GZIP, _META_CRAWLER, OFFICIAL),
    byte_range="bytes=0-524288",
    reads=Fact(MEGABYTE, _META_CRAWLER, OFFICIAL),
    patience=Fact(5, f"{_META_CRAWLER}: a few seconds", OFFICIAL),
    title=Fact(_OPEN_GRAPH_TITLE, _META, OFFICIAL),
    description=Fact(("og:description",), _META, OFFICIAL),
    picture=Fact(("og:image",), _META_IMAGES, OFFICIAL),
    address=Fact(("og:url", "canonical"), _OGP, OFFICIAL),
    title_length=Fact(Length(120), _SIMULATOR, OBSERVED),
    description_length=Fact(Length(), _SIMULATOR, OBSERVED),
    shape=Fact("size", _META_IMAGES, OFFICIAL),
    shows_description=(),
    site=Fact("domain", _SIMULATOR, OBSERVED),
    pictures=_META_PICTURES,
    debugger=Fact("https://developers.facebook.com/tools/debug/?q={url}", "Meta Sharing Debugger", OFFICIAL),
)

_REDDIT = Reader(
    name="reddit",
    label="Reddit",
    user_agent=Fact("Mozilla/5.0 (compatible; redditbot/1.0)", _THIRD, UNKNOWN),
    encoding=_AS_PLAIN,
    title=Fact(_OPEN_GRAPH_TITLE, _THIRD, CONVENTION),
    description=Fact((), _THIRD, CONVENTION),
    picture=Fact(("og:image",), _THIRD, CONVENTION),
    title_length=_NO_LENGTH,
    description_length=_NO_LENGTH,
    shape=Fact(SMALL, _NOTHING, UNKNOWN),
    shows_description=(),
    site=Fact("domain", _NOTHING, UNKNOWN),
    pictures=_UNKNOWN_PICTURES,
    debugger=Fact("", _NOTHING, UNKNOWN),
    debugger_note=_NO_DEBUGGER,
    is_approximate=True,
)

READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in (
        _GOOGLE,
        _FACEBOOK,
        _X_READER,
        _LINKEDIN_READER,
        _WHATSAPP_READER,
        _TELEGRAM,
        _SLACK_READER,
        _DISCORD_READER,
        _IMESSAGE,
        _MASTODON_READER,
        _BLUESKY_READER,
        _THREADS,
        _REDDIT,
    )
}
