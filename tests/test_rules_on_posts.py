"""Each rule of the share desk: a post that breaks it, and its twin that does not, on the real application."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, reduce
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from blogs import URL, Blog, make_blog
from conftest import NewBlog
from PIL import Image

from bitacora.share import crawl
from bitacora.share.desk import Desk, Verdict
from bitacora.share.network import CONVENTION, OBSERVED, OFFICIAL, UNKNOWN
from bitacora.share.networks import READERS
from bitacora.share.verdicts import RULES

ROOT = Path(__file__).parent.parent
HEAD = (ROOT / "templates/_head.html").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs/share-rules.md").read_text(encoding="utf-8")

ALL = set(READERS)
META = {"facebook", "threads"}
CARDS = {"x", "telegram", "slack", "discord"}
GENERAL: set[str] = set()
"""Told once, and by no network."""

WHATSAPP, APPLE, X, OGP = "WhatsApp link previews docs", "Apple TN3156", "X Cards markup docs (archived)", "ogp.me"
DISCORD, CRAWLER = "Discord docs, link previews", "Meta sharing docs, web crawlers"
META_IMAGES = "Meta sharing docs, images and best practices"
MASTODON = "mastodon/mastodon app/lib/link_details_extractor.rb"
SIMULATOR = "@automattic/social-previews 3.3.8"
FOR_ALL = "union of the networks' rules"

# --- templates: the shipped head, written otherwise

Edit = Callable[[str], str]


def without(*names: str) -> Edit:
    """Leaves tags out."""
    return lambda head: reduce(lambda text, name: _replaced(text, name, ""), names, head)


def saying(name: str, content: str) -> Edit:
    """A tag with another content, which may hold Jinja's expressions."""
    attribute = "property" if name.startswith(("og:", "article:")) else "name"
    return lambda head: _replaced(head, name, f'<meta {attribute}="{name}" content="{content}">')


def written(name: str, text: str) -> Edit:
    """Any text in place of a tag."""
    return lambda head: _replaced(head, name, text)


def adding(text: str) -> Edit:
    return lambda head: head + text


def padding(characters: int) -> Edit:
    """A style sheet of spaces, in pieces: a template may not be that long itself."""
    piece = 10_000
    spaces = f"{{% for _ in range({characters // piece}) %}}{' ' * piece}{{% endfor %}}"
    return adding(f"<style>{spaces}</style>")


def data(text: str) -> Edit:
    """Another block of JSON-LD."""
    block = f'<script type="application/ld+json">{text}</script>'
    return lambda head: re.sub(r"<script type=.*?</script>", lambda _: block, head)


def each(*edits: Edit) -> Edit:
    return lambda head: reduce(lambda text, edit: edit(text), edits, head)


def same(head: str) -> str:
    return head


_ELEMENTS = {
    "title": r"<title>.*?</title>",
    "canonical": r'<link rel="canonical"[^\n]*>',
    "icon": r'<link rel="apple-touch-icon"[^\n]*>',
}


def _replaced(head: str, name: str, text: str) -> str:
    call = rf'\{{\{{ (?:property|named)\("{re.escape(name)}", .*? -\}}\}}|<meta name="{re.escape(name)}"[^\n]*>'
    found = re.sub(_ELEMENTS.get(name, call), lambda _: text, head)
    assert found != head, name
    return found


PICTURES = ("og:image", "og:image:type", "og:image:width", "og:image:height", "og:image:alt")
NO_PICTURE = each(without(*PICTURES, "twitter:image", "twitter:image:alt"), saying("twitter:card", "summary"))

# --- what stands between the application and the network

Headers = list[tuple[str, str]]
Changed = tuple[str, Headers, bytes]


class Clock:
    """Seconds that pass only where a proxy lets them."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Proxy:
    """The operator's proxy in front of the application: for some addresses it makes a mistake."""

    def __init__(self, app: Any, mistakes: Mapping[str, Mistake], clock: Clock) -> None:
        self.app, self.mistakes, self.clock = app, mistakes, clock

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        mistake = self.mistakes.get(environ["PATH_INFO"].split("/")[-2])
        if mistake is None or ("card-" in environ["PATH_INFO"] and not mistake.of_picture):
            return self.app(environ, start)  # type: ignore[no-any-return]
        self.clock.now += mistake.seconds
        if mistake.asks_plainly:
            environ = {name: value for name, value in environ.items() if name != "HTTP_ACCEPT_ENCODING"}
        started: list[tuple[str, Headers]] = []
        body = b"".join(self.app(environ, lambda status, headers, *_: started.append((status, headers))))
        status, headers, body = mistake.change(environ, *started[0], body)
        start(status, headers)
        return [body]


def _unchanged(environ: Mapping[str, Any], status: str, headers: Headers, body: bytes) -> Changed:
    return status, headers, body


@dataclass(frozen=True)
class Mistake:
    change: Callable[[Mapping[str, Any], str, Headers, bytes], Changed] = _unchanged
    seconds: float = 0.0
    asks_plainly: bool = False
    of_picture: bool = False


def with_header(name: str, value: str) -> Callable[[Mapping[str, Any], str, Headers, bytes], Changed]:
    def change(environ: Mapping[str, Any], status: str, headers: Headers, body: bytes) -> Changed:
        return status, [*((key, text) for key, text in headers if key.lower() != name), (name, value)], body

    return change


def flatter_meta(environ: Mapping[str, Any], status: str, headers: Headers, body: bytes) -> Changed:
    """Other words for one user agent."""
    if not environ["HTTP_USER_AGENT"].startswith("facebook"):
        return status, headers, body
    return status, headers, gzip.compress(gzip.decompress(body).replace(b'content="article"', b'content="book"'))


# --- pictures


@cache
def image(width: int, height: int, kind: str = "PNG", weight: int = 0) -> bytes:
    """A picture of this size, made heavier with bytes that readers of pictures skip."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "#0a5f63").save(file, kind, compress_level=1)
    return file.getvalue().ljust(weight, b"\0")


def own(slug: str, name: str, caption: str = "Un barco en el mar") -> str:
    """A picture of a post by its full address, which networks then get as it is."""
    return f'{{img: "{URL}/2018/07/17/{slug}/{name}", caption: "{caption}"}}'


# --- posts


@dataclass(frozen=True)
class Said:
    """A post, by what is otherwise than on a good one: values of the head as YAML, None for left out."""

    head: Mapping[str, str | None] = field(default_factory=dict)
    body: str = "Texto."
    theme: Edit | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    mistake: Mistake | None = None

    def source(self, slug: str) -> str:
        head: dict[str, str | None] = {"title": "La plaza llena", "date": "2018-07-17 12:00:00", "slug": slug}
        head |= {"intro": "Lo que se oye desde el balcón.", "lang": "es-CL", **self.head}
        head |= {"template": f"t-{slug}"} if self.theme else {}
        lines = "".join(f"{key}: {value}\n" for key, value in head.items() if value is not None)
        return f"---\n{lines}---\n\n{self.body}\n"


@dataclass(frozen=True)
class Row:
    """A post that breaks a rule, and its twin that does not.

    `measured` (a pattern), `limit` and `source` are those of the verdict that is told of all networks together.
    `key` is what it names in the post's file, found there by this test itself. `also` are rules that are broken
    with this one: nothing breaks one without the others.
    """

    broken: Said
    networks: set[str]
    measured: str
    limit: str
    source: str
    confidence: str = OFFICIAL
    key: str = ""
    also: frozenset[str] = frozenset()
    twin: Said | None = None
    twin_also: frozenset[str] = frozenset()

    @property
    def mended(self) -> Said:
        return self.twin or Said(theme=same if self.broken.theme else None)


def themed(
    edit: Edit, networks: set[str], measured: str, limit: str, source: str, confidence: str = OFFICIAL, **more: Any
) -> Row:
    return Row(Said(theme=edit), networks, measured, limit, source, confidence, **more)


def sized(
    slug: str,
    bad: tuple[int, int],
    good: tuple[int, int],
    networks: set[str],
    *told: str,
    also: str = "",
    twin_also: str = "",
    weights: tuple[int, int] = (0, 0),
    kinds: tuple[str, str] = ("PNG", "PNG"),
) -> Row:
    """A picture that networks get as it is, and another one."""

    def said(size: tuple[int, int], weight: int, kind: str, slug: str) -> Said:
        name = f"foto-1a2b3c4d.{kind.lower()}"
        return Said({"single_image": own(slug, name)}, files={name: image(*size, kind, weight)})

    bare = {"picture-size-undeclared"}
    return Row(
        said(bad, weights[0], kinds[0], slug),
        networks,
        *told,
        key="single_image",
        also=frozenset({*also.split(), *bare}),
        twin=said(good, weights[1], kinds[1], f"{slug}-twin"),
        twin_also=frozenset({*twin_also.split(), *bare}),
    )


HUGE = "[a]: /" + "x" * 60_000 + "\n\n" + "[a] " * 3_000
BARE = frozenset({"picture-size-undeclared"})
OEMBED = '<link rel="alternate" type="application/json+oembed" href="{}">'
TITLES = ("title", "og:title", "twitter:title")
TEXTS = ("description", "og:description", "twitter:description")

ROWS: dict[str, Row] = {
    # --- can the page be read
    "page-status": Row(Said({"single_image": "foto.jpg"}, HUGE), ALL, "404", "200", DISCORD),
    "page-not-html": Row(
        Said(mistake=Mistake(with_header("content-type", "text/plain"))), ALL, "text/plain", "text/html", DISCORD
    ),
    "page-packed-wrongly": Row(
        Said(mistake=Mistake(with_header("content-encoding", "br"))), ALL, "br", "identity", CRAWLER
    ),
    "no-gzip": Row(Said(mistake=Mistake(asks_plainly=True)), META, "–", "gzip, deflate", CRAWLER),
    "page-slow": Row(
        Said(mistake=Mistake(seconds=6)),
        META,
        "6 s",
        "5 s",
        f"{CRAWLER}: a few seconds",
        twin=Said(mistake=Mistake(seconds=5)),
    ),
    "redirects-too-many": Row(Said(), {"discord"}, "6", "5", DISCORD),
    "page-differs": Row(Said(mistake=Mistake(flatter_meta)), {"imessage"}, "2", "1", APPLE),
    "page-moves-by-itself": themed(
        adding('<meta http-equiv="refresh" content="0; url=/otra/">'), {"imessage"}, "0; url=/otra/", "–", APPLE
    ),
    "head-too-far": themed(
        padding(300_000),
        {"whatsapp"},
        "30? kB",
        "300 kB",
        WHATSAPP,
        twin=Said(theme=padding(290_000)),
    ),
    "page-too-large": Row(
        Said(body=f"```\n{'x' * 1_000_000}\n```"),
        {"imessage"},
        "10*,* kB",
        "1,0 MB",
        APPLE,
        twin=Said(body=f"```\n{'x' * 900_000}\n```"),
    ),
    "resources-too-heavy": Row(
        Said(
            body="[Película](film.mp4)",
            theme=adding('<meta property="og:video" content="{{ share.url }}film.mp4">'),
            files={"film.mp4": bytes(10_000_000)},
        ),
        {"imessage"},
        "10,1 MB",
        "10,0 MB",
        APPLE,
        key="single_image",
        twin=Said(
            body="[Película](film.mp4)",
            theme=adding('<meta property="og:video" content="{{ share.url }}film.mp4">'),
            files={"film.mp4": bytes(9_000_000)},
        ),
    ),
    "tags-outside-head": themed(
        adding('<p>Hola</p><meta property="og:video" content="x">'), ALL, "og:video", "<head>", WHATSAPP
    ),
    "noindex": Row(
        Said({"noindex": "true"}),
        {"google"},
        "noindex",
        "–",
        "Google Search Central, robots meta tag",
        key="noindex",
    ),
    "no-large-preview": themed(
        saying("robots", "all"),
        {"google"},
        "all",
        "max-image-preview:large",
        "Yoast/wordpress-seo #22647",
        CONVENTION,
    ),
    # --- address
    "address-missing": themed(without("og:url"), {"whatsapp", "linkedin"}, "–", "og:url", WHATSAPP),
    "canonical-missing": themed(
        without("canonical"), {"google", "mastodon"}, "–", "canonical", MASTODON, OBSERVED
    ),
    "address-elsewhere": themed(
        saying("og:url", "https://otro.example/x/"),
        META | {"whatsapp", "linkedin"},
        "otro.example",
        "blog.example.org",
        OGP,
    ),
    "address-another": themed(
        saying("og:url", "{{ site.url }}/otra/"),
        META | {"whatsapp", "linkedin"},
        f"{URL}/otra/",
        f"{URL}/2018/07/17/address-another/",
        OGP,
    ),
    "address-not-https": themed(
        saying("og:url", "{{ share.url|replace('https', 'http', 1) }}"),
        META | {"whatsapp", "linkedin"},
        "http://blog.example.org/2018/07/17/address-not-https/",
        "https://",
        OGP,
    ),
    "address-decorated": themed(
        saying("og:url", "{{ share.url }}?utm_source=x"),
        META | {"whatsapp", "linkedin"},
        f"{URL}/2018/07/17/address-decorated/?utm_source=x",
        f"{URL}/2018/07/17/address-decorated/",
        OGP,
    ),
    "address-cut": Row(
        Said({"slug": "address-cut", "permalink": f"/address-cut/{'a' * 31}/"}),
        {"google"},
        "69",
        "68",
        SIMULATOR,
        OBSERVED,
        key="permalink",
        twin=Said({"permalink": f"/address-cut/{'a' * 30}/"}),
    ),
    # --- titles
    "title-missing": themed(without(*TITLES), ALL, "0", "≥ 1", "Meta sharing docs"),
    "title-not-said": themed(
        without("og:title"),
        {"facebook", "linkedin", "whatsapp", "imessage", "mastodon", "threads"},
        "–",
        "og:title",
        WHATSAPP,
    ),
    "html-title-missing": themed(without("title"), {"google"}, "–", "<title>", "HTML, title element", CONVENTION),
    "title-branded": Row(
        Said({"title": "La plaza · El Blog"}),
        {"whatsapp", "imessage"},
        "La plaza · El Blog",
        "–",
        WHATSAPP,
        key="title",
        twin=Said({"title": "La plaza de El Blog"}),
    ),
    "title-without-words": Row(
        Said({"title": "¡¡!!"}),
        GENERAL,
        "0",
        "≥ 1",
        "screen readers, search engines",
        CONVENTION,
        key="title",
    ),
    "title-cut": Row(
        Said({"share_title": "a" * 71}),
        {"x"},
        "71",
        "70",
        X,
        key="share_title",
        also=frozenset({"title-cut-bytes", "title-cut-often"}),
        twin=Said({"share_title": "a" * 70}),
        twin_also=frozenset({"title-cut-often"}),
    ),
    "title-cut-bytes": Row(
        Said({"share_title": "á" * 36}),
        {"discord"},
        "72",
        "70",
        f"{DISCORD}, limits",
        key="share_title",
        twin=Said({"share_title": "á" * 35}),
    ),
    "title-cut-often": Row(
        Said({"share_title": "a" * 61}),
        {"facebook"},
        "61",
        "≈ 60 (110)",
        f"{SIMULATOR}; third parties: 40 to 60 on a phone",
        OBSERVED,
        key="share_title",
        twin=Said({"share_title": "a" * 60}),
    ),
    "title-differs": themed(
        saying("twitter:title", "Dos"),
        {"x"},
        "Dos",
        "La plaza llena",
        X,
        twin=Said({"share_title": "{default: Uno, x: Dos}"}),
    ),
    # --- descriptions
    "description-missing": themed(without(*TEXTS), ALL - {"imessage", "reddit"}, "0", "≥ 1", WHATSAPP),
    "description-cut": Row(
        Said({"intro": "a" * 161}),
        {"google"},
        "161",
        "160",
        SIMULATOR,
        OBSERVED,
        key="intro",
        also=frozenset({"description-cut-often"}),
        twin=Said({"intro": "a" * 160}),
        twin_also=frozenset({"description-cut-often"}),
    ),
    "description-cut-bytes": Row(
        Said({"intro": "ä" * 150 + "€" * 17}),
        {"discord"},
        "351",
        "350",
        f"{DISCORD}, limits",
        key="intro",
        also=frozenset({"description-cut", "description-cut-often"}),
        twin=Said({"intro": "ä" * 150}),
        twin_also=frozenset({"description-cut-often"}),
    ),
    "description-cut-often": Row(
        Said({"intro": "a" * 81}),
        {"whatsapp", "mastodon"},
        "81",
        "≈ 80",
        f"{WHATSAPP}: two lines",
        key="intro",
        twin=Said({"intro": "a" * 80}),
    ),
    "description-differs": themed(
        saying("twitter:description", "Otra cosa."),
        {"x"},
        "Otra cosa.",
        "Lo que se oye desde el balcón.",
        X,
    ),
    "text-not-plain": Row(
        Said({"intro": '"La &amp;lt;em&amp;gt; y el balcón."'}),
        GENERAL,
        "&lt;",
        "–",
        FOR_ALL,
        CONVENTION,
        key="intro",
        twin=Said({"intro": '"De &lt;persona&gt; a &lt;lugar&gt; &amp; más."'}),
    ),
    "text-has-invisible-signs": themed(
        saying("og:title", "La \u202eplaza llena"),
        GENERAL,
        "1",
        "0",
        FOR_ALL,
        CONVENTION,
    ),
    # --- what is posted with the link
    "share-text-too-long": Row(
        Said({"share_message": f"{{default: Hola, x: {'a' * 257}}}"}),
        {"x"},
        "281",
        "280",
        "X docs, counting characters",
        key="share_message",
        twin=Said({"share_message": f"{{default: Hola, x: {'a' * 256}}}"}),
    ),
    # --- is there a picture, and can it be had
    "picture-missing": themed(NO_PICTURE, ALL - {"google"}, "0", "1", META_IMAGES),
    "icon-missing": Row(
        Said(
            theme=each(NO_PICTURE, written("icon", '<link rel="apple-touch-icon" href="{{ share.url }}i.png">')),
            files={"i.png": image(107, 107)},
        ),
        {"imessage"},
        "107 × 107 px",
        "108 × 108 px",
        APPLE,
        also=frozenset({"picture-missing"}),
        twin=Said(
            theme=each(NO_PICTURE, written("icon", '<link rel="apple-touch-icon" href="{{ share.url }}i.png">')),
            files={"i.png": image(108, 108)},
        ),
        twin_also=frozenset({"picture-missing"}),
    ),
    "picture-not-absolute": themed(
        each(saying("og:image", "foto.png"), saying("twitter:image", "foto.png")),
        ALL - {"mastodon"},
        "foto.png",
        "https://…",
        OGP,
        also=frozenset({"picture-gone"}),
    ),
    "picture-not-https": Row(
        Said({"single_image": "http://fotos.example/a.jpg"}),
        ALL,
        "http://fotos.example/a.jpg",
        "https://",
        OGP,
        key="single_image",
        also=BARE | {"picture-not-measured", "alt-missing"},
        twin=Said({"single_image": "https://fotos.example/a.jpg"}),
        twin_also=BARE | {"picture-not-measured", "alt-missing"},
    ),
    "picture-gone": Row(
        Said({"single_image": own("picture-gone", "no-1a2b3c4d.jpg")}),
        ALL,
        "404",
        "200",
        FOR_ALL,
        CONVENTION,
        key="single_image",
        also=BARE,
    ),
    "picture-no-picture": Row(
        Said(
            {"single_image": own("picture-no-picture", "a1b2c3d4.pdf")},
            body="[Acta](a1b2c3d4.pdf)",
            files={"a1b2c3d4.pdf": b"%PDF-1.4"},
        ),
        ALL,
        "application/pdf",
        "image/jpeg",
        FOR_ALL,
        CONVENTION,
        key="single_image",
        also=BARE,
    ),
    "picture-redirected": Row(
        Said({"single_image": f'{{img: "{URL}/vieja-1a2b3c4d.jpg", caption: Un barco}}'}),
        ALL,
        "301 → /nueva-1a2b3c4d.jpg",
        "200",
        FOR_ALL,
        CONVENTION,
        key="single_image",
        also=BARE,
    ),
    "picture-sets-cookie": Row(
        Said(mistake=Mistake(with_header("set-cookie", "a=b"), of_picture=True)),
        GENERAL,
        "Set-Cookie",
        "–",
        FOR_ALL,
        CONVENTION,
    ),
    "picture-disallowed": Row(Said(), {"x", "google"}, "Disallow", "Allow", "Google Search Central, robots.txt"),
    "picture-unreadable": Row(
        Said({"single_image": "foto.svg"}, files={"foto.svg": b"<svg/>"}),
        ALL,
        "",
        "",
        META_IMAGES,
        key="single_image",
        twin=Said({"single_image": "{img: foto.png, caption: Un barco}"}, files={"foto.png": image(1200, 630)}),
    ),
    "letters-missing": Row(
        Said({"title": "La plaza 🎉"}),
        GENERAL,
        "🎉",
        "–",
        "the card's fonts",
        CONVENTION,
        key="title",
        twin=Said({"title": "La plaza 🎉", "share_title": "La plaza"}),
    ),
    "picture-not-measured": Row(
        Said({"single_image": "{img: https://fotos.example/a.jpg, caption: Un barco}"}),
        ALL,
        "–",
        "1200 × 630 px",
        "no remote address is fetched",
        CONVENTION,
        key="single_image",
        also=BARE,
        twin=Said({"single_image": "{img: a.png, caption: Un barco}"}, files={"a.png": image(1200, 630)}),
    ),
    "picture-unknown": Row(
        Said({"single_image": own("picture-unknown", "a1b2c3d4.png")}, files={"a1b2c3d4.png": b"no"}),
        ALL,
        f"{URL}/2018/07/17/picture-unknown/a1b2c3d4.png",
        "1200 × 630 px",
        "nothing was measured",
        CONVENTION,
        key="single_image",
        also=BARE,
        twin=Said(
            {"single_image": own("picture-unknown-twin", "a1b2c3d4.png")}, files={"a1b2c3d4.png": image(1200, 630)}
        ),
        twin_also=BARE,
    ),
    # --- is the picture fit
    "picture-too-small": sized(
        "picture-too-small",
        (310, 199),
        (310, 200),
        META,
        "310 × 199 px",
        "200 × 200 px",
        META_IMAGES,
        also="picture-below-best picture-cropped",
        twin_also="picture-shown-small picture-below-best picture-cropped",
    ),
    "picture-shown-small": sized(
        "picture-shown-small",
        (599, 315),
        (600, 315),
        META,
        "599 × 315 px",
        "600 × 315 px",
        META_IMAGES,
        also="picture-below-best",
        twin_also="picture-below-best",
    ),
    "picture-below-best": sized(
        "picture-below-best",
        (1199, 630),
        (1200, 630),
        META | {"google", "linkedin"},
        "1199 × 630 px",
        "1200 × 630 px",
        META_IMAGES,
    ),
    "picture-not-wide": sized(
        "picture-not-wide",
        (1300, 1300),
        (1301, 1300),
        {"mastodon"},
        "1300 × 1300 px",
        "> 1:1",
        "mastodon/mastodon features/status/components/card",
        OBSERVED,
        also="picture-cropped",
        twin_also="picture-cropped",
    ),
    "picture-too-many-pixels": sized(
        "picture-too-many-pixels",
        (4097, 2100),
        (2000, 1050),
        {"x", "bluesky"},
        "4097 × 2100 px",
        "4096 × 4096 px",
        X,
    ),
    "picture-too-heavy": sized(
        "picture-too-heavy",
        (1200, 630),
        (1200, 630),
        {"whatsapp"},
        "600 kB",
        "600 kB",
        WHATSAPP,
        twin_also="picture-heavy",
        weights=(600_000, 599_999),
    ),
    "picture-heavy": sized(
        "picture-heavy",
        (1200, 630),
        (1200, 630),
        {"whatsapp"},
        "300,001 kB",
        "300 kB",
        "calcom/cal.diy #5613, GetPublii/Publii #1230",
        OBSERVED,
        weights=(300_001, 300_000),
    ),
    "picture-too-wide": sized(
        "picture-too-wide",
        (2800, 699),
        (2800, 700),
        {"whatsapp"},
        "2800 × 699 px",
        "4:1",
        WHATSAPP,
        also="picture-cropped picture-too-many-pixels",
        twin_also="picture-cropped picture-too-many-pixels",
    ),
    "picture-cropped": sized(
        "picture-cropped",
        (1200, 800),
        (1200, 640),
        ALL - {"google", "linkedin", "discord", "reddit"},
        "1200 × 800 px",
        "2:1",
        X,
    ),
    "picture-type": sized(
        "picture-type",
        (1200, 630),
        (1200, 630),
        {"whatsapp", "linkedin"},
        "WEBP",
        "JPEG, PNG, GIF",
        "LinkedIn Help a521928, quoted by several third parties",
        CONVENTION,
        kinds=("WebP", "PNG"),
    ),
    "picture-type-differs": themed(saying("og:image:type", "image/png"), GENERAL, "image/jpeg", "image/png", OGP),
    "picture-type-undeclared": themed(without("og:image:type"), GENERAL, "–", "image/jpeg", OGP),
    "picture-size-undeclared": themed(
        without("og:image:width"),
        {"discord"},
        "–",
        "og:image:width",
        "Discord docs; discord/discord-api-docs PR #8606",
        key="single_image",
    ),
    "picture-size-wrong": themed(
        saying("og:image:height", "640"), {"discord"}, "1200 × 630 px", "1200 × 640 px", DISCORD
    ),
    "several-pictures": themed(
        adding('<meta property="og:image" content="{{ share.picture.url }}?2">'), {"discord"}, "2", "1", DISCORD
    ),
    "picture-without-hash": Row(
        Said({"single_image": own("picture-without-hash", "foto.png")}, files={"foto.png": image(1200, 630)}),
        META,
        "foto.png",
        "…-1a2b3c4d.jpg",
        META_IMAGES,
        key="single_image",
        also=BARE,
        twin=Said(
            {"single_image": own("picture-without-hash-twin", "foto-1a2b3c4d.png")},
            files={"foto-1a2b3c4d.png": image(1200, 630)},
        ),
        twin_also=BARE,
    ),
    "alt-missing": Row(
        Said({"single_image": "foto.png"}, files={"foto.png": image(1200, 630)}),
        {"x", "mastodon", "discord"},
        "0",
        "≥ 1",
        OGP,
        key="single_image",
        twin=Said({"single_image": "foto.png", "image_alt": "Un barco"}, files={"foto.png": image(1200, 630)}),
    ),
    "alt-too-long": themed(
        saying("twitter:image:alt", "á" * 421),
        {"x"},
        "421",
        "420",
        X,
        twin=Said(theme=saying("twitter:image:alt", "á" * 420)),
    ),
    "alt-repeats-title": Row(
        Said({"single_image": "{img: foto.png, caption: La plaza llena}"}, files={"foto.png": image(1200, 630)}),
        {"x", "mastodon", "discord"},
        "La plaza llena",
        "–",
        MASTODON,
        OBSERVED,
        key="single_image",
        twin=Said(
            {"single_image": "{img: foto.png, caption: La plaza vacía}"}, files={"foto.png": image(1200, 630)}
        ),
    ),
    # --- what else the page says
    "type-not-article": themed(
        saying("og:type", "website"), {"mastodon"}, "website", "article", MASTODON, OBSERVED
    ),
    "site-name-missing": themed(
        without("og:site_name"),
        {"imessage", "mastodon", "discord", "slack", "telegram"},
        "–",
        "og:site_name",
        DISCORD,
    ),
    "locale-form": Row(
        Said({"lang": "ja"}), META | {"mastodon"}, "ja", "es_CL", OGP, key="lang", twin=Said({"lang": "ja-JP"})
    ),
    "locale-missing": themed(without("og:locale"), META, "–", "es_CL", OGP),
    "locale-alternate-missing": Row(
        Said(
            {"translation_key": "uno", "lang": "pt-BR"},
            theme=lambda head: head.replace('{{ property("og:locale:alternate", locale) -}}', ""),
        ),
        META,
        "es-CL",
        "og:locale:alternate",
        OGP,
        twin=Said({"translation_key": "uno"}),
    ),
    "time-form": themed(
        saying("article:published_time", "2018-07-17"),
        META | {"mastodon"},
        "2018-07-17",
        "2018-07-17T12:00:00-03:00",
        OGP,
    ),
    "time-missing": themed(
        without("article:published_time"), {"mastodon"}, "–", "article:published_time", MASTODON, OBSERVED
    ),
    "author-form": themed(
        adding('<meta property="article:author" content="Ana Rojas">'),
        META,
        "Ana Rojas",
        "https://…",
        OGP,
        twin=Said(theme=adding('<meta property="article:author" content="https://ana.example/">')),
    ),
    "creator-form": Row(
        Said({"author": "sola"}),
        {"mastodon"},
        "sola",
        "@user@instance",
        "mastodon/mastodon PR #30398",
        OBSERVED,
        key="author",
        twin=Said({"author": "ana"}),
    ),
    "account-form": Row(
        Said({"author": "larga"}),
        {"x"},
        "un nombre con espacios",
        "@name",
        X,
        key="author",
        twin=Said({"author": "ana"}),
    ),
    "card-missing": themed(without("twitter:card"), CARDS, "–", "summary_large_image", X),
    "card-small": themed(saying("twitter:card", "summary"), CARDS, "summary", "summary_large_image", X),
    "card-without-picture": themed(
        each(NO_PICTURE, saying("twitter:card", "summary_large_image")),
        {"x"},
        "summary_large_image",
        "summary",
        X,
        also=frozenset({"picture-missing"}),
        twin=Said(theme=NO_PICTURE),
        twin_also=frozenset({"picture-missing"}),
    ),
    "pair-broken": themed(
        without("twitter:data1"), {"slack"}, "1", "2", "opengraphplus.com Slack notes", CONVENTION
    ),
    "accent-form": themed(saying("theme-color", "teal"), {"discord"}, "teal", "#0a5f63", DISCORD),
    "tag-repeated": themed(
        adding('<meta property="og:title" content="Otra cosa">'),
        ALL - {"google", "x"},
        "2",
        "1",
        OGP,
        twin=Said(theme=adding('<meta property="og:title" content="{{ share.title }}">')),
    ),
    "tag-attribute": themed(
        written("og:url", '<meta name="og:url" content="{{ share.url }}">'),
        META | {"linkedin", "whatsapp"},
        "name",
        "property",
        "nothing found",
        UNKNOWN,
        also=frozenset({"address-missing"}),
    ),
    # --- structured data
    "data-broken": themed(
        data('{"@type": "BlogPosting"'),
        {"google", "mastodon"},
        "1:24",
        "JSON",
        "Google Search Central, structured data",
    ),
    "data-missing": themed(
        data('{"@type": "Person"}'),
        {"google"},
        "0",
        "BlogPosting",
        "Google Search Central, Article structured data",
    ),
    "data-overrides": themed(
        data('{"@type": "NewsArticle", "headline": "Otra cosa"}'),
        {"mastodon"},
        "Otra cosa",
        "La plaza llena",
        MASTODON,
        OBSERVED,
        twin=Said(theme=data('{"@graph": [{"@type": "NewsArticle", "headline": "Otra cosa"}]}')),
    ),
    "data-unescaped": themed(
        data('{"@type": "BlogPosting", "headline": "a < b"}'),
        GENERAL,
        "<",
        "\\u003c",
        "HTML standard, script element",
        twin=Said(theme=data('{"@type": "BlogPosting", "headline": "a \\u003c b"}')),
    ),
    # --- oEmbed
    "oembed-broken": Row(
        Said(theme=adding(OEMBED.format("{{ share.url }}no.json"))),
        {"slack", "discord"},
        "404",
        "200",
        "oembed.com",
        twin=Said(theme=adding(OEMBED.format("https://otro.example/oembed"))),
    ),
}

# --- every limit of every network: rules that several have, each with its own measure


def weighing(slug: str, weight: int) -> Said:
    return Said(
        {"single_image": own(slug, "foto-1a2b3c4d.png")},
        files={"foto-1a2b3c4d.png": image(1200, 630, "PNG", weight)},
    )


def measuring(slug: str, width: int, height: int, theme: Edit | None = None) -> Said:
    name = "foto-1a2b3c4d.png"
    return Said({"single_image": own(slug, name)}, theme=theme, files={name: image(width, height)})


def titled(length: int) -> Said:
    return Said({"share_title": "a" * length})


def described(length: int) -> Said:
    return Said(theme=each(*(saying(name, "a" * length) for name in TEXTS)))


Limits = Mapping[str, tuple[Said, Mapping[str, set[str]]]]

LIMITS: Limits = {
    # --- where in the document (share networks read so much of a page)
    "meta-reads-1-mb": (
        Said(theme=padding(1_000_000)),
        {"head-too-far": META | {"whatsapp"}, "page-too-large": {"imessage"}},
    ),
    "tags-by-script": (
        Said(theme=written("og:title", "<script>document.title = '<meta property=og:title content=x>'</script>")),
        {"title-not-said": {"facebook", "linkedin", "whatsapp", "imessage", "mastodon", "threads"}},
    ),
    "whatsapp-og-title-empty": (
        Said(theme=saying("og:title", "")),
        {"title-not-said": {"facebook", "linkedin", "whatsapp", "imessage", "mastodon", "threads"}},
    ),
    "whatsapp-og-description-empty": (
        Said(theme=saying("og:description", "")),
        {"description-missing": META | {"linkedin", "whatsapp"}},
    ),
    "whatsapp-og-url-empty": (Said(theme=saying("og:url", "")), {"address-missing": {"whatsapp", "linkedin"}}),
    "twitter-as-property": (
        Said(theme=written("twitter:card", '<meta property="twitter:card" content="summary_large_image">')),
        {"tag-attribute": {"x", "telegram", "slack"}, "card-missing": {"x", "telegram", "slack"}},
    ),
    "discord-follows-rooted-pictures": (
        Said(
            theme=each(
                saying("og:image", "{{ share.picture.url[24:] }}"),
                saying("twitter:image", "{{ share.picture.url[24:] }}"),
            )
        ),
        {"picture-not-absolute": ALL - {"discord", "mastodon"}},
    ),
    # --- bytes of a picture
    "bluesky-1-mb": (weighing("bluesky-1-mb", 1_000_000), {"picture-too-heavy": {"whatsapp", "bluesky"}}),
    "bluesky-below": (weighing("bluesky-below", 999_999), {"picture-too-heavy": {"whatsapp"}}),
    "mastodon-2-mb": (weighing("mastodon-2-mb", 2_000_001), {"picture-heavy": {"mastodon"}}),
    "mastodon-below": (weighing("mastodon-below", 2_000_000), {"picture-heavy": set()}),
    "x-linkedin-5-mb": (
        weighing("x-linkedin-5-mb", 5_000_000),
        {"picture-too-heavy": {"whatsapp", "bluesky", "x", "linkedin"}},
    ),
    "x-linkedin-below": (weighing("x-linkedin-below", 4_999_999), {"picture-too-heavy": {"whatsapp", "bluesky"}}),
    "meta-mastodon-8-mb": (
        weighing("meta-mastodon-8-mb", 8_000_001),
        {"picture-too-heavy": META | {"whatsapp", "bluesky", "x", "linkedin", "mastodon"}, "picture-heavy": set()},
    ),
    "meta-mastodon-below": (
        weighing("meta-mastodon-below", 7_999_999),
        {"picture-too-heavy": {"whatsapp", "bluesky", "x", "linkedin"}, "picture-heavy": {"mastodon"}},
    ),
    "apple-10-mb": (weighing("apple-10-mb", 10_000_000), {"resources-too-heavy": {"imessage"}}),
    "apple-below": (weighing("apple-below", 9_900_000), {"resources-too-heavy": set()}),
    # --- pixels of a picture
    "meta-200": (measuring("meta-200", 199, 260), {"picture-too-small": META | {"x"}}),
    "meta-200-whole": (measuring("meta-200-whole", 200, 260), {"picture-too-small": {"x"}}),
    "meta-315": (measuring("meta-315", 610, 314), {"picture-shown-small": META}),
    "meta-315-whole": (measuring("meta-315-whole", 610, 315), {"picture-shown-small": set()}),
    "meta-630": (measuring("meta-630", 1210, 629), {"picture-below-best": META}),
    "meta-630-whole": (measuring("meta-630-whole", 1210, 630), {"picture-below-best": set()}),
    "x-300": (measuring("x-300", 299, 157), {"picture-too-small": META | {"x"}}),
    "x-157": (measuring("x-157", 300, 156), {"picture-too-small": META | {"x"}}),
    "x-whole": (measuring("x-whole", 300, 157), {"picture-too-small": META}),
    "x-small-144": (
        measuring("x-small-144", 143, 143, saying("twitter:card", "summary")),
        {"picture-too-small": META | {"x"}},
    ),
    "x-small-whole": (
        measuring("x-small-whole", 144, 144, saying("twitter:card", "summary")),
        {"picture-too-small": META},
    ),
    "x-4096": (measuring("x-4096", 4096, 2146), {"picture-too-many-pixels": {"bluesky"}}),
    "x-4097": (measuring("x-4097", 4097, 2146), {"picture-too-many-pixels": {"x", "bluesky"}}),
    "x-4096-high": (measuring("x-4096-high", 2000, 4096), {"picture-too-many-pixels": {"bluesky"}}),
    "x-4097-high": (measuring("x-4097-high", 2000, 4097), {"picture-too-many-pixels": {"x", "bluesky"}}),
    "x-small-143-high": (
        measuring("x-small-143-high", 144, 143, saying("twitter:card", "summary")),
        {"picture-too-small": META | {"x"}},
    ),
    "bluesky-2000-high": (measuring("bluesky-2000-high", 1900, 2000), {"picture-too-many-pixels": set()}),
    "bluesky-2001-high": (measuring("bluesky-2001-high", 1900, 2001), {"picture-too-many-pixels": {"bluesky"}}),
    "bluesky-2000": (measuring("bluesky-2000", 2001, 1050), {"picture-too-many-pixels": {"bluesky"}}),
    "linkedin-401": (measuring("linkedin-401", 400, 210), {"picture-shown-small": META}),
    "linkedin-627": (measuring("linkedin-627", 1200, 626), {"picture-below-best": META | {"linkedin"}}),
    "linkedin-627-whole": (measuring("linkedin-627-whole", 1200, 627), {"picture-below-best": META}),
    "whatsapp-300": (
        measuring("whatsapp-300", 299, 210),
        {"picture-shown-small": META | {"whatsapp"}},
    ),
    "apple-150": (measuring("apple-150", 149, 200), {"picture-shown-small": {"whatsapp", "imessage"}}),
    "apple-900": (
        measuring("apple-900", 899, 470),
        {"picture-below-best": {"google", "imessage", "linkedin"} | META},
    ),
    "apple-whole": (measuring("apple-whole", 900, 470), {"picture-below-best": {"google", "linkedin"} | META}),
    "google-1200": (measuring("google-1200", 1199, 640), {"picture-below-best": {"google", "linkedin"} | META}),
    "gif": (
        Said({"single_image": own("gif", "a1b2c3d4.gif")}, files={"a1b2c3d4.gif": image(1200, 630, "GIF")}),
        {"picture-type": {"whatsapp"}},
    ),
    "avif": (
        Said({"single_image": own("avif", "a1b2c3d4.avif")}, files={"a1b2c3d4.avif": image(1200, 630, "AVIF")}),
        {"picture-type": {"whatsapp", "linkedin", "x", "mastodon"}},
    ),
    "svg": (
        Said(
            theme=each(
                saying("og:image", "{{ share.url }}a1b2c3d4.svg"),
                saying("twitter:image", "{{ share.url }}a1b2c3d4.svg"),
            ),
            files={"a1b2c3d4.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>'},
        ),
        {"picture-type": {"whatsapp", "linkedin", "x", "discord", "mastodon"}},
    ),
    # --- lengths
    "title-63": (Said({"title": "a" * 53}), {"title-cut": set()}),
    "title-64": (Said({"title": "a" * 54}), {"title-cut": {"google"}}),
    "title-80": (titled(80), {"title-cut-often": {"facebook"}}),
    "title-81": (titled(81), {"title-cut-often": {"facebook", "whatsapp", "telegram"}}),
    "title-110": (titled(110), {"title-cut": {"x"}}),
    "title-111": (titled(111), {"title-cut": {"x", "facebook"}}),
    "title-120": (titled(120), {"title-cut": {"x", "facebook"}}),
    "title-121": (titled(121), {"title-cut": {"x", "facebook", "threads"}}),
    "title-200": (titled(200), {"title-cut": {"x", "facebook", "threads"}}),
    "title-201": (titled(201), {"title-cut": {"x", "facebook", "threads", "linkedin", "mastodon", "bluesky"}}),
    "description-200": (described(200), {"description-cut": {"google"}}),
    "description-201": (described(201), {"description-cut": {"google", "facebook", "x"}}),
    "description-300": (described(300), {"description-cut": {"google", "facebook", "x"}}),
    "description-301": (
        described(301),
        {
            "description-cut": {"google", "facebook", "x", "linkedin"},
            "description-cut-often": {"whatsapp", "slack", "mastodon"},
        },
    ),
    "description-340": (described(340), {"description-cut-often": {"whatsapp", "slack", "mastodon"}}),
    "description-341": (described(341), {"description-cut-often": {"whatsapp", "slack", "mastodon", "telegram"}}),
    **{
        slug: (
            Said({"share_message": f"{{default: Hola, {slug.split('-')[1]}: {'a' * length}}}"}),
            {"share-text-too-long": told},
        )
        for slug, length, told in [
            ("text-bluesky-300", 300 - 1 - 53, set()),
            ("text-bluesky-301", 300 - 53, {"bluesky"}),
            ("text-mastodon-500", 500 - 1 - 23, set()),
            ("text-mastodon-501", 500 - 23, {"mastodon"}),
            ("text-threads-500", 500 - 1 - 53, set()),
            ("text-threads-501", 500 - 53, {"threads"}),
        ]
    },
    # --- what Mastodon lets JSON-LD override
    **{
        f"mastodon-{name.lower()}": (
            Said(
                theme=each(
                    adding('<meta property="og:author" content="Ana">'), data(f'{{"@type": "{kind}", {text}}}')
                )
            ),
            {"data-overrides": {"mastodon"}},
        )
        for name, kind, text in [
            ("headline", "WebPage", '"headline": "Otra"'),
            ("description", "NewsArticle", '"description": "Otra"'),
            ("author", "NewsArticle", '"author": {"name": "Otra"}'),
            ("datePublished", "NewsArticle", '"datePublished": "2020-01-01T00:00:00Z"'),
            ("publisher", "NewsArticle", '"publisher": {"name": "Otra"}'),
        ]
    },
    "mastodon-posting": (
        Said(theme=data('{"@type": "BlogPosting", "headline": "Otra"}')),
        {"data-overrides": set()},
    ),
    "mastodon-canonical-elsewhere": (
        Said(theme=written("canonical", '<link rel="canonical" href="https://otro.example/x/">')),
        {"address-elsewhere": {"google"}},
    ),
    "google-description": (Said(theme=saying("description", "Otra.")), {"description-differs": {"google"}}),
    "canonical-another": (
        Said(theme=written("canonical", '<link rel="canonical" href="/otra/">')),
        {"address-another": {"google", "mastodon"}},
    ),
    "canonical-decorated": (
        Said(theme=written("canonical", '<link rel="canonical" href="{{ share.url }}?utm_source=x">')),
        {"address-decorated": {"google", "mastodon"}, "address-another": set()},
    ),
    "oembed-no-address": (
        Said(theme=adding(OEMBED.format("http://["))),
        {"oembed-broken": {"slack", "discord"}},
    ),
    "size-of-x-declared": (
        Said(
            theme=each(
                saying("og:image", "https://fotos.example/a.jpg"),
                saying("twitter:image", "https://fotos.example/a.jpg"),
                saying("og:image:width", "200"),
                saying("og:image:height", "100"),
            )
        ),
        {"picture-too-small": META | {"x"}},
    ),
    "canonical-twice": (
        Said(theme=adding('<link rel="canonical" href="{{ share.url }}otra/">')),
        {"tag-repeated": {"google", "mastodon"}},
    ),
    "card-twice": (Said(theme=adding('<meta name="twitter:card" content="summary">')), {"tag-repeated": CARDS}),
    # --- HTTP
    "download": (
        Said(mistake=Mistake(with_header("content-disposition", "attachment; filename=x"))),
        {"page-not-html": ALL},
    ),
    # --- the whole fetch, picture included, in ten seconds
    "discord-10-s": (Said(mistake=Mistake(seconds=4, of_picture=True)), {"page-slow": set()}),
    "discord-12-s": (Said(mistake=Mistake(seconds=5.5, of_picture=True)), {"page-slow": META | {"discord"}}),
    "whatsapp-10-s": (Said(mistake=Mistake(seconds=10)), {"page-slow": META}),
    "whatsapp-11-s": (Said(mistake=Mistake(seconds=11)), {"page-slow": META | {"whatsapp", "discord"}}),
}

AUTHORS = """
[authors.ana]
name = "Ana Rojas"
fediverse = "@ana@social.example"
x = "@anarojas"
[authors.sola]
name = "Sola"
fediverse = "sola"
[authors.larga]
name = "Larga"
x = "un nombre con espacios"
"""
STEPS = ["/a/", "/b/", "/c/", "/d/", "/e/", "/f/", "/2018/07/17/redirects-too-many/"]
FEWER = ["/m/", "/n/", "/o/", "/p/", "/q/", "/2018/07/17/redirects-too-many-twin/"]
OLD = [*pairwise(STEPS), *pairwise(FEWER)]
REDIRECTS = "".join(f'"{old}" = "{new}"\n' for old, new in [*OLD, ("/vieja-1a2b3c4d.jpg", "/nueva-1a2b3c4d.jpg")])
ROBOTS = "User-agent: *\nDisallow: /2018/07/17/picture-disallowed/card-\n"


def said() -> Iterator[tuple[str, Said]]:
    """Every post by its slug."""
    for rule, row in ROWS.items():
        yield rule, row.broken
        yield f"{rule}-twin", row.mended
    yield from ((slug, post) for slug, (post, _) in LIMITS.items())


def files() -> Iterator[tuple[str, str | bytes]]:
    yield "templates/robots.txt", ROBOTS
    yield "posts/otra.md", Said({"translation_key": "uno"}).source("otra")
    for slug, post in said():
        yield f"posts/{slug}/index.md", post.source(slug)
        yield from ((f"posts/{slug}/{name}", data) for name, data in post.files.items())
        if post.theme:
            head = post.theme(HEAD)
            yield (
                f"templates/t-{slug}.html",
                f'{{% extends "default:post.html" %}}{{% block head %}}{head}{{% endblock %}}',
            )


class Judge:
    """The desk of each post, made once, and the lines of its file."""

    def __init__(self, blog: Blog) -> None:
        self.blog = blog
        self.here = blog.parts.library.snapshot()
        self.posts = {Path(post.path).parent.name: post for post in self.here.posts}
        self.desk: Callable[[str], Desk] = cache(self._desk)

    def _desk(self, slug: str) -> Desk:
        with self.blog.app.app_context():
            found: Desk = self.blog.parts.desk(self.here, self.posts[slug])
        return found

    def rules(self, slug: str) -> set[str]:
        return {verdict.rule for verdict in self.desk(slug).summary}

    def networks(self, slug: str, rule: str) -> set[str]:
        return {one.network for one in self.desk(slug).shown if rule in {found.rule for found in one.verdicts}}

    def verdict(self, slug: str, rule: str) -> Verdict:
        (found,) = [verdict for verdict in self.desk(slug).summary if verdict.rule == rule]
        return found

    def line(self, slug: str, key: str) -> int:
        """Where a key stands in the file; 0 where it does not."""
        lines = (self.blog.root / self.posts[slug].path).read_text(encoding="utf-8").splitlines()
        return next((number for number, line in enumerate(lines, 1) if key and line.startswith(f"{key}:")), 0)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    clock = Clock()
    with (
        pytest.MonkeyPatch.context() as patch,
        make_blog(
            tmp_path_factory.mktemp("rules"), dict(files()), settings=f"{AUTHORS}[redirects]\n{REDIRECTS}"
        ) as blog,
    ):
        patch.setattr(crawl, "time", clock)
        mistakes = {slug: post.mistake for slug, post in said() if post.mistake}
        patch.setattr(blog.app, "wsgi_app", Proxy(blog.app.wsgi_app, mistakes, clock))
        yield Judge(blog)


each_rule = pytest.mark.parametrize("rule", ROWS)


@each_rule
def test_a_post_that_breaks_a_rule_gets_exactly_that_verdict(judge: Judge, rule: str) -> None:
    row, verdict = ROWS[rule], judge.verdict(rule, rule)
    assert judge.rules(rule) == {rule} | row.also
    assert judge.networks(rule, rule) == row.networks
    assert fnmatchcase(verdict.measured, row.measured), verdict.measured
    assert verdict.limit == row.limit
    assert (verdict.source, verdict.confidence) == (row.source, row.confidence)
    assert (verdict.key, verdict.line) == (row.key, judge.line(rule, row.key))


@each_rule
def test_its_twin_that_does_not_break_it_gets_no_such_verdict(judge: Judge, rule: str) -> None:
    assert judge.rules(f"{rule}-twin") == ROWS[rule].twin_also


@pytest.mark.parametrize("slug", LIMITS)
def test_each_network_tells_where_its_own_limit_lies(judge: Judge, slug: str) -> None:
    _, expected = LIMITS[slug]
    assert {rule: judge.networks(slug, rule) for rule in expected} == expected


def test_every_rule_has_its_post() -> None:
    assert list(ROWS) == [rule.id for rule in RULES]


def test_a_site_without_https_is_told_so_by_every_network_that_minds(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": Said().source("x")}, url="http://blog.example.org")
    here = blog.parts.library.snapshot()
    with blog.app.app_context():
        found = blog.parts.desk(here, here.posts[0])
    told = {verdict.rule: set(verdict.values["networks"]) for verdict in found.summary}
    assert set(told) == {"address-not-https", "picture-not-https"}
    assert told["address-not-https"] == {"Google", "Facebook", "LinkedIn", "WhatsApp", "Mastodon", "Threads"}
    assert len(told["picture-not-https"]) == len(READERS)
    assert {verdict.key for verdict in found.summary} == {""}, "no line of the post can mend it"


# --- what the document says


def told_by(rule: str) -> set[str]:
    """All networks that told a rule in these tests."""
    also = {"google", "mastodon"} if rule == "address-not-https" else set()  # of a whole site without https
    return also.union(ROWS[rule].networks, *(expected.get(rule, set()) for _, expected in LIMITS.values()))


def breakers(rule: str) -> list[Said]:
    """All posts of these tests that break a rule."""
    rows = [row.broken for known, row in ROWS.items() if rule == known or rule in row.also]
    return rows + [post for post, expected in LIMITS.values() if expected.get(rule)]


def origin(rule: str) -> str:
    """Who can break a rule, as the document names them."""
    if rule in IN_SETTINGS:
        return "`site.toml`"
    if any(not post.theme and not post.mistake for post in breakers(rule)) and rule not in IN_TEMPLATES:
        return "post"
    return "server" if ROWS[rule].broken.mistake else "template"


IN_SETTINGS = {"redirects-too-many", "creator-form", "account-form", "address-not-https"}
IN_TEMPLATES = {"picture-disallowed"}
"""By that of robots.txt."""


def documented() -> dict[str, list[str]]:
    lines = [line for line in DOCUMENT.splitlines() if re.match(r"\| `[a-z-]+` \|", line)]
    return {
        cells[0].strip("`"): cells[1:]
        for cells in ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    }


def labels(networks: set[str]) -> str:
    """As the document names them."""
    if not networks or networks == ALL:
        return "all" if networks else "the page"
    told = [reader.label for name, reader in READERS.items() if name in networks]
    others = [reader.label for name, reader in READERS.items() if name not in networks]
    return ", ".join(told) if len(told) <= 8 else f"all but {', '.join(others)}"


def test_the_document_lists_every_rule_with_who_breaks_it_and_who_tells_it() -> None:
    assert list(documented()) == list(ROWS)
    for rule, (_, breaker, tellers) in documented().items():
        assert (rule, breaker, tellers) == (rule, origin(rule), labels(told_by(rule)))
