"""Each rule: a page that breaks it gets exactly that verdict, from exactly the networks that ask for it."""

from __future__ import annotations

import ast
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bitacora.settings import Site
from bitacora.share import crawl, rules
from bitacora.share.crawl import Answer
from bitacora.share.desk import Desk, PictureFacts, desk
from bitacora.share.network import CONFIDENCES
from bitacora.share.networks import READERS
from bitacora.share.rule import Problem
from bitacora.share.verdicts import RULES, Rule, Verdict, messages

SITE = Site(title="Bitácora", url="https://blog.example.org")
PATH = "/2018/07/17/x/"
URL = SITE.url + PATH
CARD = PATH + "card-1a2b3c4d5e6f.jpg"
IMAGE = SITE.url + CARD
FACTS = PictureFacts(IMAGE, 1200, 630, 150_000, "image/jpeg", is_local=True)
UNUSABLE = Problem("It is no picture.", "Save it as a JPEG.", "1 × 1 px", "200 × 200 px")
HTML = {"content-type": "text/html; charset=utf-8"}
JPEG = {"content-type": "image/jpeg"}
ARTICLE = '{"@type": "BlogPosting", "headline": "La plaza llena"}'

ALL = set(READERS)
META = {"facebook", "threads"}
CARDS = {"x", "telegram", "slack", "discord"}
PICTURED = ALL - {"google"}
GENERAL = {""}


ROBOTS = b"User-agent: %s\nDisallow: /\n"


def tag(name: str, content: str) -> str:
    attribute = "property" if name.startswith(("og:", "article:")) else "name"
    return f'<meta {attribute}="{name}" content="{content}">'


def link(rel: str, href: str) -> str:
    return f'<link rel="{rel}" href="{href}">'


def script(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


GOOD = {
    "title": "<title>La plaza llena · Bitácora</title>",
    "description": tag("description", "Lo que se oye desde el balcón."),
    "canonical": link("canonical", URL),
    "icon": link("apple-touch-icon", "/apple-touch-icon.png"),
    "json-ld": script(ARTICLE),
    **{
        name: tag(name, content)
        for name, content in {
            "og:type": "article",
            "og:site_name": "Bitácora",
            "og:title": "La plaza llena",
            "og:description": "Lo que se oye desde el balcón.",
            "og:url": URL,
            "og:locale": "es_CL",
            "og:image": IMAGE,
            "og:image:type": "image/jpeg",
            "og:image:width": "1200",
            "og:image:height": "630",
            "og:image:alt": "Gente con carteles ante un balcón",
            "article:published_time": "2018-07-17T11:00:00-04:00",
            "twitter:card": "summary_large_image",
            "twitter:site": "@anarojas",
            "twitter:title": "La plaza llena",
            "twitter:description": "Lo que se oye desde el balcón.",
            "twitter:image": IMAGE,
            "twitter:image:alt": "Gente con carteles ante un balcón",
            "twitter:label1": "Lectura",
            "twitter:data1": "3 minutos",
            "fediverse:creator": "@ana@social.example",
            "theme-color": "#0a5f63",
            "robots": "max-image-preview:large",
        }.items()
    },
}
Changes = Mapping[str, str | None]
Expected = dict[str, set[str]]


def head(changes: Changes) -> str:
    """The good head with some tags written otherwise, None for left out; a plain text is a tag's content."""
    tags = GOOD | {name: _written(name, text) for name, text in changes.items()}
    return "\n".join(text for text in tags.values() if text)


def _written(name: str, text: str | None) -> str | None:
    return text if text is None or text.startswith("<") else tag(name, text)


@dataclass(frozen=True)
class Broken:
    """What is otherwise than on the good page, and which networks say what about it."""

    expected: Expected
    changes: Changes = field(default_factory=dict)
    facts: PictureFacts | None = FACTS
    answers: Mapping[str, Answer] = field(default_factory=dict)
    page: Mapping[str, Answer] = field(default_factory=dict)
    site: Site = SITE
    body: str = "<p>Hola</p>"


class Blog:
    """A site that answers what a test wants: each request is noted."""

    def __init__(self, broken: Broken) -> None:
        html = f'<!doctype html><html><head><meta charset="utf-8">{head(broken.changes)}</head><body>{broken.body}'
        packed = Answer(200, HTML | {"content-encoding": "gzip"}, gzip.compress(html.encode()))
        self.pages = {"identity": Answer(200, HTML, html.encode()), "gzip, deflate": packed, **broken.page}
        self.answers = {
            CARD: Answer(200, JPEG, b"x" * 150_000),
            "/apple-touch-icon.png": Answer(200, {"content-type": "image/png"}, b"x"),
            "/i.png": Answer(200, {"content-type": "image/png"}, b"x"),
            **broken.answers,
        }
        self.asked: list[str] = []

    def __call__(self, path: str, headers: Mapping[str, str]) -> Answer:
        self.asked.append(path)
        if path == PATH:
            return self.pages[headers["Accept-Encoding"]]
        return self.answers.get(path, Answer(404, HTML, b"no"))


def judged(broken: Broken, lines: Mapping[str, int] | None = None) -> Desk:
    return desk(Blog(broken), PATH, broken.site, broken.facts, lines or {})


def told(found: Desk) -> Expected:
    """Rule to the networks that tell it, `""` for what concerns all alike."""
    rules: Expected = {}
    for shown in found.shown:
        for verdict in shown.verdicts:
            rules.setdefault(verdict.rule, set()).add(shown.network)
    for verdict in found.summary:
        if not verdict.values["networks"]:
            rules.setdefault(verdict.rule, set()).add("")
    return rules


def pixels(width: int, height: int, **others: object) -> PictureFacts:
    return replace(FACTS, width=width, height=height, **others)  # type: ignore[arg-type]


def declared(width: int, height: int) -> dict[str, str]:
    return {"og:image:width": str(width), "og:image:height": str(height)}


def both(name: str, text: str) -> dict[str, str]:
    return {f"og:{name}": text, f"twitter:{name}": text}


def title(text: str) -> dict[str, str]:
    return both("title", text)


def description(text: str) -> dict[str, str]:
    return {**both("description", text), "description": text}


def picture(url: str) -> dict[str, str]:
    return both("image", url)


NO_PICTURE: Changes = {
    **dict.fromkeys([name for name in GOOD if "image" in name]),
    "twitter:card": "summary",
}
REMOTE = "https://i.imgur.com/abc.jpg"
NEW = SITE.url + PATH + "otra-1a2b3c4d5e6f.jpg"
OTHERS = ALL - {"discord"}
EMOJI = "👩🏽‍🔬"

BROKEN = {
    # --- can the page be read
    "page-status: gone": Broken(
        {"page-status": ALL}, page=dict.fromkeys(("identity", "gzip, deflate"), Answer(410, HTML, b""))
    ),
    "page-status: redirect": Broken({"page-status": ALL - META}, page={"identity": Answer(308, HTML, b"")}),
    "page-not-html: text": Broken(
        {"page-not-html": ALL - META}, page={"identity": Answer(200, {"content-type": "text/plain"}, b"x")}
    ),
    "page-not-html: none": Broken({"page-not-html": ALL - META}, page={"identity": Answer(200, {}, b"x")}),
    "page-not-html: download": Broken(
        {"page-not-html": META},
        page={"gzip, deflate": Answer(200, HTML | {"content-disposition": "attachment; filename=x"}, b"x")},
    ),
    "page-packed-wrongly: brotli": Broken(
        {"page-packed-wrongly": META}, page={"gzip, deflate": Answer(200, HTML | {"content-encoding": "br"}, b"x")}
    ),
    "page-packed-wrongly: damaged": Broken(
        {"page-packed-wrongly": META},
        page={"gzip, deflate": Answer(200, HTML | {"content-encoding": "gzip"}, b"x")},
    ),
    "page-moves-by-itself": Broken(
        {"page-moves-by-itself": {"imessage"}}, {"refresh": '<meta http-equiv="refresh" content="0; url=/otra/">'}
    ),
    "head-too-far: WhatsApp": Broken({"head-too-far": {"whatsapp"}}, {"style": f"<style>{' ' * 300_000}</style>"}),
    "page-too-large": Broken({"page-too-large": {"imessage"}}, body="x" * 1_000_000),
    "tags-outside-head": Broken({"tags-outside-head": ALL}, body='<meta property="og:video" content="x">'),
    "noindex": Broken({"noindex": {"google"}}, {"robots": "noindex"}),
    "noindex: none": Broken({"noindex": {"google"}}, {"googlebot": "none"}),
    "no-large-preview": Broken({"no-large-preview": {"google"}}, {"robots": None}),
    # --- title
    "title-missing": Broken(
        {"title-missing": ALL},
        {"title": None, "og:title": None, "twitter:title": ""},
    ),
    "title-missing: invisible": Broken({"title-missing": {"x"}}, {"twitter:title": "\u202e"}),
    "title-not-said": Broken(
        {"title-not-said": {"facebook", "linkedin", "whatsapp", "imessage", "mastodon", "threads"}},
        {"og:title": None},
    ),
    "html-title-missing": Broken({"html-title-missing": {"google"}}, {"title": None}),
    "title-branded: after": Broken(
        {"title-branded": {"whatsapp", "imessage"}}, title("La plaza llena · Bitácora")
    ),
    "title-branded: before": Broken(
        {"title-branded": {"whatsapp", "imessage"}}, title("BITÁCORA | La plaza llena")
    ),
    "title-without-words": Broken({"title-without-words": GENERAL}, title(EMOJI * 2)),
    "title-cut: 71": Broken(
        {"title-cut": {"x"}, "title-cut-bytes": {"discord"}, "title-cut-often": {"facebook"}}, title("a" * 71)
    ),
    "title-cut: bytes": Broken({"title-cut-bytes": {"discord"}}, title("á" * 36)),
    "title-cut: window": Broken({"title-cut": {"google"}}, {"title": f"<title>{'a' * 64}</title>"}),
    "title-cut: 121": Broken(
        {
            "title-cut": {"x", "facebook", "threads"},
            "title-cut-bytes": {"discord"},
            "title-cut-often": {"whatsapp", "telegram"},
        },
        title("a" * 121),
    ),
    "title-cut: 201": Broken(
        {
            "title-cut": {"x", "facebook", "threads", "linkedin", "mastodon", "bluesky"},
            "title-cut-bytes": {"discord"},
            "title-cut-often": {"whatsapp", "telegram"},
        },
        title("a" * 201),
    ),
    "title-cut-often": Broken({"title-cut-often": {"facebook"}}, title("a" * 61)),
    "title-differs": Broken({"title-differs": {"x"}}, {"twitter:title": "Otra cosa"}),
    # --- description
    "description-missing": Broken(
        {"description-missing": ALL - {"imessage", "reddit"}},
        {"description": None, "og:description": None, "twitter:description": None},
    ),
    "description-missing: og": Broken(
        {"description-missing": META | {"linkedin", "whatsapp"}},
        {"og:description": None},
    ),
    "description-missing: Google": Broken({"description-missing": {"google"}}, {"description": None}),
    "description-cut-often": Broken({"description-cut-often": {"whatsapp"}}, description("a" * 81)),
    "description-cut: 161": Broken(
        {"description-cut": {"google"}, "description-cut-often": {"whatsapp"}}, description("a" * 161)
    ),
    "description-cut: 201": Broken(
        {"description-cut": {"google", "facebook", "x"}, "description-cut-often": {"whatsapp"}},
        description("a" * 201),
    ),
    "description-cut: 351": Broken(
        {
            "description-cut": {"google", "facebook", "x", "linkedin"},
            "description-cut-bytes": {"discord"},
            "description-cut-often": {"whatsapp", "telegram", "slack"},
        },
        description("a" * 351),
    ),
    "description-cut-often: without a byline": Broken(
        {"description-cut-often": {"whatsapp", "mastodon"}}, {**description("a" * 81), "fediverse:creator": None}
    ),
    "description-differs: X": Broken({"description-differs": {"x"}}, {"twitter:description": "Otra cosa."}),
    "description-differs: Google": Broken({"description-differs": {"google"}}, {"description": "Otra cosa."}),
    "text-not-plain: entity": Broken({"text-not-plain": GENERAL}, title("La plaza &amp;amp; el balcón")),
    "text-not-plain: element": Broken({"text-not-plain": GENERAL}, description("La &lt;em&gt;plaza&lt;/em&gt;")),
    "text-has-invisible-signs": Broken({"text-has-invisible-signs": GENERAL}, title("La \u202eplaza")),
    # --- picture
    "picture-missing": Broken({"picture-missing": PICTURED}, NO_PICTURE),
    "icon-missing": Broken(
        {"picture-missing": PICTURED, "icon-missing": {"imessage"}}, {**NO_PICTURE, "icon": None}
    ),
    "icon-missing: small": Broken(
        {"picture-missing": PICTURED, "icon-missing": {"imessage"}},
        {**NO_PICTURE, "icon": '<link rel="apple-touch-icon" sizes="76x76" href="/i.png">'},
    ),
    "picture-not-absolute: rooted": Broken({"picture-not-absolute": ALL - {"discord", "mastodon"}}, picture(CARD)),
    "picture-not-absolute: beside": Broken(
        {"picture-not-absolute": ALL - {"mastodon"}}, picture("card-1a2b3c4d5e6f.jpg")
    ),
    "picture-not-https": Broken(
        {"picture-not-https": ALL},
        picture(IMAGE.replace("https", "http")),
        facts=replace(FACTS, url=IMAGE.replace("https", "http")),
    ),
    "picture-gone": Broken({"picture-gone": ALL}, answers={CARD: Answer(404, HTML, b"")}),
    "picture-redirected": Broken(
        {"picture-redirected": ALL}, answers={CARD: Answer(302, {"location": "/y.jpg"}, b"")}
    ),
    "picture-unreadable": Broken(
        {"picture-unreadable": ALL}, facts=pixels(0, 0, bytes=0, type="", problem=UNUSABLE)
    ),
    "letters-missing": Broken({"letters-missing": {""}}, facts=replace(FACTS, missing="🎉🌊")),
    "picture-disallowed": Broken(
        {"picture-disallowed": {"x", "google"}},
        answers={"/robots.txt": Answer(200, {}, b"User-agent: *\nDisallow: /2018/07/17/x/card-")},
    ),
    "picture-disallowed: the page": Broken(
        {"picture-disallowed": {"x", "google"}}, answers={"/robots.txt": Answer(200, {}, ROBOTS % b"*")}
    ),
    "picture-disallowed: X alone": Broken(
        {"picture-disallowed": {"x"}}, answers={"/robots.txt": Answer(200, {}, ROBOTS % b"Twitterbot")}
    ),
    "picture-not-measured": Broken(
        {"picture-not-measured": ALL}, picture(REMOTE), facts=pixels(0, 0, url=REMOTE, bytes=0, is_local=False)
    ),
    "picture-not-measured: no facts": Broken({"picture-not-measured": ALL}, picture(REMOTE), facts=None),
    "picture-unknown": Broken(
        {"picture-unknown": ALL}, picture(NEW), answers={NEW.removeprefix(SITE.url): Answer(200, JPEG, b"x")}
    ),
    "picture-too-small": Broken(
        {
            "picture-too-small": META | {"x"},
            "picture-shown-small": {"whatsapp", "imessage"},
            "picture-below-best": {"google", "linkedin"},
        },
        declared(140, 73),
        facts=pixels(140, 73),
    ),
    "picture-shown-small": Broken(
        {
            "picture-shown-small": META,
            "picture-below-best": {"google", "imessage", "linkedin"},
        },
        declared(580, 305),
        facts=pixels(580, 305),
    ),
    "picture-below-best": Broken(
        {"picture-below-best": META | {"google", "linkedin"}}, declared(1190, 625), facts=pixels(1190, 625)
    ),
    "picture-not-wide": Broken(
        {
            "picture-not-wide": {"mastodon"},
            "picture-cropped": META | {"x", "whatsapp", "telegram", "slack", "imessage", "bluesky"},
        },
        declared(1300, 1300),
        facts=pixels(1300, 1300),
    ),
    "picture-cropped": Broken(
        {"picture-cropped": META | {"x", "whatsapp", "telegram", "slack", "imessage", "bluesky", "mastodon"}},
        declared(1200, 800),
        facts=pixels(1200, 800),
    ),
    "picture-too-many-pixels": Broken(
        {"picture-too-many-pixels": {"bluesky"}}, declared(2400, 1260), facts=pixels(2400, 1260)
    ),
    "picture-too-many-pixels: X": Broken(
        {"picture-too-many-pixels": {"bluesky", "x"}}, declared(4200, 2205), facts=pixels(4200, 2205)
    ),
    "picture-too-wide": Broken(
        {
            "picture-too-wide": {"whatsapp"},
            "picture-cropped": META | {"x", "telegram", "slack", "imessage", "bluesky", "mastodon"},
            "picture-below-best": META | {"linkedin"},
        },
        declared(1300, 320),
        facts=pixels(1300, 320),
    ),
    "picture-heavy": Broken({"picture-heavy": {"whatsapp"}}, facts=replace(FACTS, bytes=300_001)),
    "picture-too-heavy": Broken({"picture-too-heavy": {"whatsapp"}}, facts=replace(FACTS, bytes=600_000)),
    "picture-too-heavy: most": Broken(
        {"picture-too-heavy": {"whatsapp", "bluesky", "x", "linkedin", "mastodon"} | META},
        facts=replace(FACTS, bytes=9_000_000),
    ),
    "picture-too-heavy: all": Broken(
        {"picture-too-heavy": {"whatsapp", "bluesky", "x", "linkedin", "mastodon"} | META},
        facts=replace(FACTS, bytes=10_000_000),
    ),
    "picture-too-heavy: as served": Broken(
        {"picture-too-heavy": {"whatsapp"}},
        facts=replace(FACTS, bytes=0),
        answers={CARD: Answer(200, JPEG, bytes(700_000))},
    ),
    "picture-type: WebP": Broken(
        {"picture-type": {"whatsapp", "linkedin"}},
        {"og:image:type": "image/webp"},
        facts=replace(FACTS, type="image/webp"),
        answers={CARD: Answer(200, {"content-type": "image/webp"}, b"x")},
    ),
    "picture-type: SVG": Broken(
        {"picture-type": {"whatsapp", "linkedin", "x", "discord", "mastodon"}},
        {"og:image:type": "image/svg+xml"},
        facts=replace(FACTS, type="image/svg+xml"),
        answers={CARD: Answer(200, {"content-type": "image/svg+xml"}, b"x")},
    ),
    "picture-type-differs": Broken({"picture-type-differs": GENERAL}, {"og:image:type": "image/png"}),
    "picture-size-undeclared": Broken({"picture-size-undeclared": {"discord"}}, {"og:image:width": None}),
    **{
        f"picture-size-undeclared: {said[:5]}": Broken(
            {"picture-size-undeclared": {"discord"}}, {"og:image:width": said}
        )
        for said in ("-5e99", "abc", "²٣", "9" * 6000, "0", "1200px", "1e3")
    },
    "picture-size-wrong": Broken({"picture-size-wrong": {"discord"}}, declared(1200, 640)),
    "several-pictures": Broken({"several-pictures": {"discord"}}, {"second": tag("og:image", REMOTE)}),
    "picture-without-hash": Broken(
        {"picture-without-hash": META},
        picture(SITE.url + "/foto.jpg"),
        facts=replace(FACTS, url="/foto.jpg"),
        answers={"/foto.jpg": Answer(200, JPEG, b"x")},
    ),
    "picture-sets-cookie": Broken(
        {"picture-sets-cookie": GENERAL}, answers={CARD: Answer(200, JPEG | {"set-cookie": "a=b"}, b"x")}
    ),
    "alt-missing": Broken({"alt-missing": {"x", "mastodon", "discord"}}, both("image:alt", "")),
    "alt-missing: Mastodon": Broken({"alt-missing": {"mastodon"}}, {"og:image:alt": None}),
    "alt-too-long": Broken({"alt-too-long": {"x"}}, both("image:alt", "á" * 421)),
    "alt-repeats-title": Broken(
        {"alt-repeats-title": {"x", "mastodon", "discord"}}, both("image:alt", "la Plaza llena")
    ),
    # --- address
    "address-missing": Broken({"address-missing": {"whatsapp", "linkedin"}}, {"og:url": None}),
    "address-missing: Mastodon": Broken(
        {"address-missing": {"whatsapp", "linkedin", "mastodon"}, "canonical-missing": {"google", "mastodon"}},
        {"og:url": None, "canonical": None},
    ),
    "canonical-missing": Broken({"canonical-missing": {"google", "mastodon"}}, {"canonical": None}),
    "address-elsewhere: canonical": Broken(
        {"address-elsewhere": {"google"}}, {"canonical": link("canonical", "https://otro.example/x/")}
    ),
    "address-elsewhere: og:url": Broken(
        {"address-elsewhere": META | {"whatsapp", "linkedin"}}, {"og:url": "https://otro.example/x/"}
    ),
    "address-not-https: plain": Broken(
        {"address-not-https": META | {"whatsapp", "linkedin"}}, {"og:url": URL.replace("https", "http")}
    ),
    "address-not-https: both": Broken(
        {"address-not-https": META | {"whatsapp", "linkedin", "google", "mastodon"}},
        {"og:url": URL.replace("https", "http"), "canonical": link("canonical", URL.replace("https", "http"))},
    ),
    "address-not-https: relative": Broken(
        {"address-not-https": {"google", "mastodon"}}, {"canonical": link("canonical", PATH)}
    ),
    "address-decorated": Broken(
        {"address-decorated": META | {"whatsapp", "linkedin"}}, {"og:url": URL + "?utm=1"}
    ),
    "address-decorated: canonical": Broken(
        {"address-decorated": {"google", "mastodon"}}, {"canonical": link("canonical", URL + "?utm=1")}
    ),
    **{
        f"address-another: {kind}": Broken(
            {"address-another": {"google", "mastodon"}}, {"canonical": link("canonical", address)}
        )
        for kind, address in [
            ("page", SITE.url + "/otra/"),
            ("home", SITE.url),
            ("port", URL.replace("example.org", "example.org:8443")),
            ("slash", URL.rstrip("/")),
        ]
    },
    "address-decorated: fragment": Broken(
        {"address-decorated": META | {"whatsapp", "linkedin"}}, {"og:url": URL + "#a"}
    ),
    # --- what else it says
    "card-missing": Broken({"card-missing": CARDS}, {"twitter:card": None}),
    "card-missing: unknown": Broken({"card-missing": CARDS}, {"twitter:card": "grande"}),
    "card-small": Broken({"card-small": CARDS}, {"twitter:card": "summary"}),
    "type-not-article": Broken({"type-not-article": {"mastodon"}}, {"og:type": "website", "json-ld": None}),
    "type-not-article: none": Broken({"type-not-article": {"mastodon"}}, {"og:type": None}),
    "site-name-missing": Broken(
        {"site-name-missing": {"imessage", "mastodon", "discord", "slack", "telegram"}}, {"og:site_name": None}
    ),
    "locale-form": Broken({"locale-form": META | {"mastodon"}}, {"og:locale": "es-CL"}),
    "locale-form: alternate": Broken({"locale-form": META | {"mastodon"}}, {"og:locale:alternate": "pt"}),
    "locale-missing": Broken({"locale-missing": META}, {"og:locale": None}),
    "time-form: day": Broken({"time-form": META | {"mastodon"}}, {"article:published_time": "2018-07-17"}),
    "time-form: no offset": Broken(
        {"time-form": META | {"mastodon"}}, {"article:modified_time": "2018-07-17T12:00:00"}
    ),
    "time-form: no day": Broken(
        {"time-form": META | {"mastodon"}}, {"article:published_time": "2018-02-30T12:00:00Z"}
    ),
    "creator-form": Broken({"creator-form": {"mastodon"}}, {"fediverse:creator": "ana@social.example"}),
    "account-form": Broken({"account-form": {"x"}}, {"twitter:site": "anarojas"}),
    "pair-broken": Broken({"pair-broken": {"slack"}}, {"twitter:data1": None}),
    "accent-form: none": Broken({"accent-form": {"discord"}}, {"theme-color": None}),
    "accent-form: name": Broken({"accent-form": {"discord"}}, {"theme-color": "teal"}),
    "tag-repeated: title": Broken(
        {"tag-repeated": ALL - {"google", "x"}}, {"second": tag("og:title", "Otra cosa")}
    ),
    "tag-repeated: address": Broken(
        {"tag-repeated": {"google", "mastodon"}}, {"second": link("canonical", URL + "otra/")}
    ),
    "tag-repeated: card": Broken({"tag-repeated": CARDS}, {"second": tag("twitter:card", "summary")}),
    "tag-attribute": Broken(
        {"tag-attribute": META | {"linkedin", "whatsapp"}, "address-missing": {"linkedin", "whatsapp"}},
        {"og:url": f'<meta name="og:url" content="{URL}">'},
    ),
    "tag-attribute: card": Broken(
        {"tag-attribute": {"x", "telegram", "slack"}, "card-missing": {"x", "telegram", "slack"}},
        {"twitter:card": '<meta property="twitter:card" content="summary_large_image">'},
    ),
    # --- structured data
    "data-broken": Broken({"data-broken": {"google", "mastodon"}}, {"json-ld": script(ARTICLE[:-1])}),
    "data-missing": Broken({"data-missing": {"google"}}, {"json-ld": None}),
    "data-missing: another": Broken({"data-missing": {"google"}}, {"json-ld": script('{"@type": "Person"}')}),
    "data-overrides: headline": Broken(
        {"data-overrides": {"mastodon"}, "data-missing": {"google"}},
        {"json-ld": script('{"@type": "WebPage", "headline": "Otra cosa"}')},
    ),
    "data-overrides: description": Broken(
        {"data-overrides": {"mastodon"}},
        {"json-ld": script('[{"@type": "NewsArticle", "headline": "La plaza llena", "description": "Otra."}]')},
    ),
    "data-unescaped": Broken(
        {"data-unescaped": GENERAL}, {"json-ld": script('{"@type": "BlogPosting", "headline": "a < b"}')}
    ),
}

FINE = {
    "the good page": Broken({}),
    "one in pieces": Broken(
        {},
        page={"gzip, deflate": Answer(206, HTML | {"content-encoding": "gzip"}, gzip.compress(head({}).encode()))},
    ),
    "a head that ends at 299 kB": Broken({}, {"style": f"<style>{' ' * 295_000}</style>"}),
    "a large page with a near head": Broken({}, body="x" * 900_000),
    "a title that names the site within": Broken({}, title("Qué es una bitácora")),
    "a title that begins like the site": Broken({}, title("Bitácora de un viaje")),
    "a title with one word and emoji": Broken({}, title(f"Sí {EMOJI}")),
    "a title of 60 clusters": Broken({}, title("a" * 60)),
    "a title that Discord takes whole": Broken({}, title("á" * 35)),
    "a description of 80 clusters": Broken({}, description("á" * 80)),
    "words in angle brackets": Broken({}, title("De &lt;persona&gt; a &lt;lugar&gt;")),
    "an ampersand": Broken({}, title("Tú &amp; yo; R&amp;D")),
    "a heavy picture that WhatsApp takes": Broken({}, facts=replace(FACTS, bytes=300_000)),
    "a picture of Facebook's size": Broken({}, declared(1200, 630)),
    "a wide picture that loses little": Broken({}, declared(1300, 730), facts=pixels(1300, 730)),
    "a remote picture that was measured": Broken(
        {}, picture(REMOTE), facts=pixels(1200, 630, url=REMOTE, is_local=False)
    ),
    "a PNG": Broken(
        {},
        {"og:image:type": "image/png"},
        facts=replace(FACTS, type="image/png"),
        answers={CARD: Answer(200, {"content-type": "image/png"}, b"x")},
    ),
    "robots that may read the picture": Broken(
        {}, answers={"/robots.txt": Answer(200, {}, b"User-agent: *\nDisallow: /search")}
    ),
    "an alt of 420 clusters": Broken({}, both("image:alt", EMOJI * 420)),
    "tags twice alike": Broken({}, {"second": tag("og:title", "La plaza llena")}),
    "several tags of an article": Broken({}, {"a": tag("article:tag", "uno"), "b": tag("article:tag", "dos")}),
    "a time in UTC": Broken({}, {"article:published_time": "2018-07-17T12:00Z"}),
    "a graph of a page and an article": Broken(
        {}, {"json-ld": script(f'{{"@graph": [{{"@type": "WebPage", "headline": "Otra"}}, {ARTICLE}]}}')}
    ),
    "news with the same headline": Broken(
        {}, {"json-ld": script('{"@type": "NewsArticle", "headline": "La plaza llena"}')}
    ),
    "an accent with transparency": Broken({}, {"theme-color": "#0a5f6380"}),
    "metas that a post only shows": Broken({}, body="&lt;meta property=&quot;og:title&quot;&gt;"),
    "a website that is no article": Broken({}, {"og:type": "website", "article:published_time": None}),
    "a site below a folder": Broken(
        {},
        {
            **picture("https://example.org/blog" + CARD),
            "og:url": "https://example.org/blog" + PATH,
            "canonical": link("canonical", "https://example.org/blog" + PATH),
        },
        facts=replace(FACTS, url="https://example.org/blog" + CARD),
        answers={"/robots.txt": Answer(200, {}, b"User-agent: *\nDisallow: /")},
        site=replace(SITE, url="https://example.org/blog"),
    ),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_told_by_the_networks_that_have_it_and_nothing_else_is(broken: Broken) -> None:
    assert told(judged(broken)) == broken.expected


@pytest.mark.parametrize("fine", FINE.values(), ids=FINE)
def test_what_is_right_gets_no_verdict(fine: Broken) -> None:
    assert told(judged(fine)) == {}


def test_every_rule_that_is_written_is_asked() -> None:
    modules = (rules.page, rules.text, rules.picture, rules.picture_fit, rules.tags)
    written = {id(value) for module in modules for value in vars(module).values() if isinstance(value, Rule)}
    assert written == {id(rule) for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)


# --- rules that need more than a page


def test_a_page_that_stays_unpacked_is_told_by_meta() -> None:
    html = f"<!doctype html><html><head>{head({})}</head>".encode()
    assert told(judged(Broken({}, page={"gzip, deflate": Answer(200, HTML, html)}))) == {"no-gzip": META}


def test_a_page_that_tells_readers_different_things_is_told_by_apple() -> None:
    other = f"<!doctype html><html><head>{head({'article:tag': 'uno'})}</head>".encode()
    packed = Answer(200, HTML | {"content-encoding": "gzip"}, gzip.compress(other))
    assert told(judged(Broken({}, page={"gzip, deflate": packed}))) == {"page-differs": {"imessage"}}


@pytest.mark.parametrize(
    ("seconds", "expected"), [(4, set()), (6, META | {"discord"}), (11, META | {"whatsapp", "discord"})]
)
def test_a_slow_page_is_told_by_those_that_wait_less(
    seconds: int, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1000, seconds))
    monkeypatch.setattr(crawl.time, "perf_counter", lambda: next(clock))
    assert told(judged(Broken({}))) == ({"page-slow": expected} if expected else {})


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        (295_000, {}),
        (300_000, {"head-too-far": {"whatsapp"}}),
        (1_000_000, {"head-too-far": {"whatsapp"} | META, "page-too-large": {"imessage"}}),
    ],
)
def test_a_head_beyond_a_reading_limit_is_told_by_those_that_stop_before(padding: int, expected: Expected) -> None:
    assert told(judged(Broken({}, {"style": f"<style>{'x' * padding}</style>"}))) == expected


def test_what_stands_beyond_the_limit_is_not_read() -> None:
    late = {
        "og:title": None,
        "style": f"<style>{'x' * 300_000}</style>",
        "late": tag("og:title", "La plaza llena"),
    }
    found = told(judged(Broken({}, late)))
    assert found == {"head-too-far": {"whatsapp"}, "title-not-said": {"whatsapp"}}


# --- what a verdict says


def every_verdict() -> list[Verdict]:
    found = [judged(broken) for broken in BROKEN.values()]
    return [verdict for one in found for shown in one.shown for verdict in (*shown.verdicts, *one.summary)]


def test_every_verdict_fills_its_words_and_names_measure_limit_and_source() -> None:
    for verdict in every_verdict():
        assert "%(" not in verdict.message % verdict.values + verdict.remedy % verdict.values
        assert verdict.measured
        assert verdict.limit
        assert verdict.source
        assert verdict.confidence in CONFIDENCES
        assert verdict.severity in {"error", "warning", "advice"}


def test_every_message_is_one_piece_of_the_source_for_translators() -> None:
    folder = Path(rules.__file__).parent
    files = [*folder.glob("*.py"), folder.parent / "rule.py"]
    trees = [ast.parse(path.read_text()) for path in files]
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert messages() <= texts


def test_messages_are_sentences() -> None:
    for rule in RULES:
        assert re.fullmatch(r"(?s)[A-Z].*[.”]|The picture cannot be used: %\(problem\)s", rule.message), (
            rule.message
        )
        assert re.fullmatch(r"(?s)[A-Z].*\.|%\(remedy\)s", rule.remedy), rule.remedy


@pytest.mark.parametrize(
    ("case", "severity", "network"),
    [
        ("title-cut: 71", "warning", "x"),
        ("title-cut: window", "advice", "google"),
        ("description-missing", "error", "whatsapp"),
        ("description-missing", "warning", "facebook"),
        ("title-not-said", "error", "whatsapp"),
        ("title-not-said", "warning", "mastodon"),
        ("picture-too-heavy: most", "error", "whatsapp"),
        ("picture-too-heavy: most", "warning", "bluesky"),
        ("picture-heavy", "warning", "whatsapp"),
        ("picture-type: SVG", "error", "x"),
        ("picture-type: SVG", "warning", "whatsapp"),
        ("picture-too-small", "error", "facebook"),
        ("address-another: page", "error", "google"),
        ("address-another: port", "error", "google"),
        ("address-another: slash", "warning", "google"),
        ("address-decorated: canonical", "warning", "mastodon"),
        ("picture-not-measured", "advice", "facebook"),
        ("page-status: gone", "error", "reddit"),
        ("head-too-far: WhatsApp", "error", "whatsapp"),
        ("noindex", "warning", "google"),
    ],
)
def test_what_is_official_weighs_more_than_what_is_convention(case: str, severity: str, network: str) -> None:
    rule = case.partition(":")[0]
    shown = next(shown for shown in judged(BROKEN[case]).shown if shown.network == network)
    assert {verdict.severity for verdict in shown.verdicts if verdict.rule == rule} == {severity}


LINES = {"title": 2, "intro": 4, "single_image": 5, "date": 7, "lang": 9, "noindex": 11}


@pytest.mark.parametrize(
    ("case", "lines", "expected"),
    [
        ("title-cut: 71", LINES, ("title", 2)),
        ("title-cut: 71", LINES | {"share_title": 3}, ("share_title", 3)),
        ("title-cut: 71", {}, ("title", 0)),
        ("description-missing", LINES, ("", 0)),
        ("description-missing", {"Summary": 6}, ("", 0)),
        ("title-missing", LINES, ("", 0)),
        ("title-not-said", LINES, ("", 0)),
        ("description-missing", {"title": 2}, ("intro", 0)),
        ("picture-too-small", LINES, ("single_image", 5)),
        ("picture-too-small", LINES | {"share_image": 6}, ("share_image", 6)),
        ("picture-too-small", {"cover": 8}, ("cover", 8)),
        ("picture-gone", {}, ("single_image", 0)),
        ("picture-missing", LINES, ("", 0)),
        ("alt-missing", LINES, ("single_image", 5)),
        ("alt-missing", LINES | {"image_caption": 6}, ("image_caption", 6)),
        ("locale-form", LINES, ("lang", 9)),
        ("noindex", LINES, ("noindex", 11)),
        ("noindex", {"unlisted": 3}, ("unlisted", 3)),
        ("canonical-missing", LINES, ("", 0)),
    ],
)
def test_a_verdict_names_the_line_to_change(
    case: str, lines: Mapping[str, int], expected: tuple[str, int]
) -> None:
    rule = case.partition(":")[0]
    found = [verdict for verdict in judged(BROKEN[case], lines).summary if verdict.rule == rule]
    assert [(verdict.key, verdict.line) for verdict in found] == [expected]


def test_a_cut_names_the_rule_and_what_is_seen_typically() -> None:
    shown = {one.network: one for one in judged(BROKEN["title-cut: 121"]).shown}
    facebook = next(verdict for verdict in shown["facebook"].verdicts if verdict.rule == "title-cut")
    assert (facebook.measured, facebook.limit) == ("121", "110 (≈ 60)")
    assert facebook.values["shown"] == "a" * 110 + "…"
    often = next(verdict for verdict in shown["whatsapp"].verdicts if verdict.rule == "title-cut-often")
    assert (often.measured, often.limit) == ("121", "≈ 80")


def test_weights_and_sizes_are_told_in_units() -> None:
    def one(case: str) -> tuple[str, str]:
        verdict = judged(BROKEN[case]).summary[0]
        return verdict.measured, verdict.limit

    assert one("picture-too-heavy") == ("600 kB", "600 kB")
    assert one("picture-too-heavy: most") == ("9.0 MB", "600 kB")
    assert one("picture-shown-small") == ("580 × 305 px", "600 × 315 px")
    assert one("picture-type: SVG") == ("SVG", "JPEG, PNG, WEBP, GIF")
