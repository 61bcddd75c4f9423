"""The card of a post without a picture: its title on a page of a ship's log. With one: see photo.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import PIL
from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton
from PIL import Image, ImageColor, ImageDraw, ImageOps

from bitacora.posts.pictures import read_focus
from bitacora.share import fonts
from bitacora.share.canvas import HEIGHT, SIZE, WIDTH, Card, finished
from bitacora.share.fonts import Ink, Style
from bitacora.share.lines import Block, Frame, set_block
from bitacora.share.photo import CardError, crop, upright
from bitacora.share.text import clean

__all__ = ["Card", "CardError", "CardText", "Look", "crop", "draw", "edition", "read_focus"]


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card says, as plain text. A `date` in ISO 8601 is set as a day over its month, any other as it is.

    `lang` is a BCP 47 tag: for the month, and for letters that languages draw differently.
    """

    title: str
    site_name: str
    author: str
    date: str
    category: str
    lang: str


@dataclass(frozen=True, slots=True)
class Look:
    """The site's: `accent` is a colour like #0a5f63 or "", `card` "paper" or "ink", `logo` a picture's bytes."""

    accent: str
    card: str
    logo: bytes | None


def draw(text: CardText, look: Look) -> Card:
    """The card of `text`. Any text has one; a logo that cannot be read is left out.

    A title with letters that no font can draw is left out too, for the name of the site.
    """
    written = _said(text)
    title = fonts.drawable(written.title, fonts.SERIF_SEMIBOLD)
    said = replace(written, title=title or written.site_name)
    page = _Page(said, _tones(look), fonts.missing(written.title, fonts.SERIF_SEMIBOLD))
    _rule(page)
    _emblem(page, look.logo)
    baseline = _entry(page, said)
    _day(page, said, baseline)
    page.write(page.set(said.site_name, fonts.SERIF_SEMIBOLD, page.tones.ink, _SMALL), _COLUMN_X, _FOOT_BASELINE)
    return finished(page.image, "".join(dict.fromkeys(page.missing)))


def edition() -> str:
    """What a card depends on besides its inputs, for the hash in its address: drawing, Pillow, fonts."""
    return f"{_DRAWING} {PIL.__version__} {fonts.edition()}"


_DRAWING = 3
"""To be raised with each change of what is drawn."""


@dataclass(frozen=True, slots=True)
class _Tones:
    paper: str
    ink: str
    second: str
    rule: str
    accent: str


_TONES = {
    "paper": _Tones("#fbfaf6", "#1d2126", "#565c63", "#dcd8cd", "#0a5f63"),
    "ink": _Tones("#14181b", "#e8e4da", "#a6a59c", "#2c3236", "#7cc7c0"),
}
_LEAST_CONTRAST = 4.5

_COLUMN_X = 315
_COLUMN_WIDTH = WIDTH - 2 * _COLUMN_X
"""All text but the date lies in the centred 570 px: WhatsApp, LinkedIn, Telegram and Slack crop to the square."""
_MARGIN_X = 283
"""The rule of the margin, just outside the square."""
_DAY_X = 252
_DAY_WIDTH = 196
_BAND = 12
_FOOT_Y = 524
_FOOT_BASELINE = 587
_PADDING = 46
_TITLE_SIZES = ((92, 2), (84, 3), (76, 3), (70, 4), (64, 4), (58, 4), (53, 5), (48, 6), (44, 7), (40, 8), (36, 9))
"""Pixels, and the most lines."""
_SMALL = Frame(_COLUMN_WIDTH, 40, ((28, 1), (26, 1), (24, 1), (22, 1)))
_MONTH = Frame(_DAY_WIDTH, 120, ((28, 1), (26, 1), (24, 1), (22, 3), (20, 4)))
_DAY = Frame(_DAY_WIDTH, 200, ((128, 1),))
_MONTH_DROP = 46
_SMALL_HEIGHT = 56
_ASCENT_EM = 0.82
"""From the top of a block to its first baseline, in sizes."""
_EMBLEM = (1058, 268, 176)
"""Centre and diameter of the compass, and the box of a logo."""


class _Page:
    """A card in the making; from a title that reads from the right, all of it is set from the right."""

    def __init__(self, said: CardText, tones: _Tones, missing: list[str]) -> None:
        self.tones = tones
        self.lang = said.lang
        self.is_rtl = fonts.reads_rtl(said.title)
        self.image = Image.new("RGB", SIZE, tones.paper)
        self.pen = ImageDraw.Draw(self.image)
        self.missing = missing

    def x(self, left: int) -> int:
        return WIDTH - left if self.is_rtl else left

    def set(self, text: str, style: Style, colour: str, frame: Frame) -> Block:
        self.missing += fonts.missing(text, style)
        text = fonts.drawable(text, style)
        return set_block(text, Ink(style, 0, colour, self.lang, fonts.reads_rtl(text)), frame)

    def write(self, block: Block, x: int, baseline: int, is_end: bool = False) -> None:
        """The block from `x` on or, with `is_end`, up to `x`, in the direction of the page."""
        for number, line in enumerate(block.lines):
            left = self.x(x) - (fonts.width(line, block.ink) if self.is_rtl != is_end else 0)
            fonts.write(self.pen, left, baseline + number * block.leading, line, block.ink)


def _said(text: CardText) -> CardText:
    """Without control characters; a post without title bears the site's name."""
    site_name = clean(text.site_name)
    return CardText(
        title=clean(text.title) or site_name,
        site_name=site_name,
        author=clean(text.author),
        date=clean(text.date),
        category=clean(text.category),
        lang=clean(text.lang),
    )


def _tones(look: Look) -> _Tones:
    tones = _TONES[look.card]
    return replace(tones, accent=_readable(look.accent, tones)) if look.accent else tones


def _readable(accent: str, tones: _Tones) -> str:
    """The accent, drawn towards the ink until small text in it can be read on the paper (WCAG 1.4.3)."""
    colour = accent
    for share in range(1, 11):
        if _contrast(colour, tones.paper) >= _LEAST_CONTRAST:
            break
        colour = _mixed(accent, tones.ink, share / 10)
    return colour


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in ImageColor.getrgb(colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(ImageColor.getrgb(one)[:3], ImageColor.getrgb(other)[:3], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _rule(page: _Page) -> None:
    """The ruled page: a band in the accent, the margin, the foot."""
    margin = page.x(_MARGIN_X)
    page.pen.rectangle((margin - 1, 0, margin, HEIGHT), page.tones.rule)
    page.pen.rectangle((0, _FOOT_Y, WIDTH, _FOOT_Y + 1), page.tones.rule)
    page.pen.rectangle((0, 0, WIDTH, _BAND - 1), page.tones.accent)


def _entry(page: _Page, said: CardText) -> int:
    """Category, title and author, together in the middle. Gives the baseline of the title's first line."""
    category = page.set(said.category, fonts.SANS_SEMIBOLD, page.tones.accent, _SMALL)
    author = page.set(said.author, fonts.SANS, page.tones.second, _SMALL)
    above, below = (_SMALL_HEIGHT if block.lines else 0 for block in (category, author))
    room = _FOOT_Y - _BAND - 2 * _PADDING - above - below
    title = page.set(said.title, fonts.SERIF_SEMIBOLD, page.tones.ink, Frame(_COLUMN_WIDTH, room, _TITLE_SIZES))
    top = _BAND + _PADDING + (room - title.height) // 2
    first = top + above + round(title.ink.size * _ASCENT_EM)
    page.write(category, _COLUMN_X, top + 22)
    page.write(title, _COLUMN_X, first)
    page.write(author, _COLUMN_X, top + above + title.height + 40)
    return first


def _day(page: _Page, said: CardText, baseline: int) -> None:
    """The log's signature: the day large, its month small, in a column of their own, on the title's first line."""
    day, month = _date(said.date, said.lang)
    page.write(page.set(day, fonts.SERIF, page.tones.ink, _DAY), _DAY_X, baseline, is_end=True)
    below = _MONTH_DROP if day else 0
    page.write(page.set(month, fonts.SANS, page.tones.second, _MONTH), _DAY_X, baseline + below, is_end=True)


def _date(date: str, lang: str) -> tuple[str, str]:
    try:
        when = datetime.fromisoformat(date)
    except ValueError:
        return "", date
    month = format_skeleton("yMMM", when, locale=_locale(lang))
    return str(when.day), f"{when:%m/%Y}" if fonts.missing(month, fonts.SANS) else month


def _locale(lang: str) -> Locale:
    try:
        return Locale.parse(lang, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _emblem(page: _Page, logo: bytes | None) -> None:
    """The site's logo beside the entry, else a compass."""
    x, y, _ = _EMBLEM
    picture = _logo(logo, page.tones.paper) if logo else None
    picture = picture or _compass(page.tones.paper, page.tones.rule, page.tones.accent)
    page.image.paste(picture, (page.x(x) - picture.width // 2, y - picture.height // 2))


@lru_cache(maxsize=4)
def _logo(logo: bytes, paper: str) -> Image.Image | None:
    try:
        return ImageOps.contain(upright(logo, paper), (_EMBLEM[2], _EMBLEM[2]), Image.Resampling.LANCZOS)
    except CardError:
        return None


_SHARPER = 4


@lru_cache(maxsize=4)
def _compass(paper: str, rule: str, accent: str) -> Image.Image:
    """The compass of the favicon, in lines."""
    size = _EMBLEM[2] * _SHARPER
    drawn = Image.new("RGB", (size, size), paper)
    pen = ImageDraw.Draw(drawn)
    unit = size / 32
    pen.ellipse((unit, unit, 31 * unit, 31 * unit), outline=rule, width=round(0.7 * unit))
    for x, y, dx, dy in ((16, 3.4, 0, 1.8), (16, 28.6, 0, -1.8), (3.4, 16, 1.8, 0), (28.6, 16, -1.8, 0)):
        pen.line((x * unit, y * unit, (x + dx) * unit, (y + dy) * unit), rule, round(0.5 * unit))
    for colour, points in (
        (accent, (22.4, 9.6, 18.6, 18.6, 13.4, 13.4)),
        (rule, (9.6, 22.4, 13.4, 13.4, 18.6, 18.6)),
    ):
        pen.polygon([point * unit for point in points], colour)
    return drawn.resize((_EMBLEM[2], _EMBLEM[2]), Image.Resampling.LANCZOS)
