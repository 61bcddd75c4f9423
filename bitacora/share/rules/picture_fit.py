"""Rules about the picture that travels with a link: is it fit, and does the page describe it well?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bitacora.share.form import declared_size, is_too_heavy, least_size, served_type
from bitacora.share.metadata import ALT_GRAPHEMES
from bitacora.share.network import LARGE, OFFICIAL, Fact, Size
from bitacora.share.rule import (
    ADVICE,
    ALT_KEYS,
    DISCORD,
    ERROR,
    IN_TEMPLATE,
    MASTODON,
    META_IMAGES,
    OGP,
    ONCE,
    PICTURE_KEYS,
    SOME,
    WARNING,
    Amount,
    Case,
    Found,
    Keys,
    X,
    by_source,
    cite,
    rule,
    shape,
    weights,
)
from bitacora.share.text import clean, graphemes

_ANOTHER_PICTURE = "Choose another picture as share_image, or save this one as a JPEG of 1200 × 630 pixels."
_MOST_LOST, _HALF = 0.15, 0.5
_MOST_SHOWN = 20


@rule(
    "picture-too-small",
    ERROR,
    "The picture is %(measured)s; below %(limit)s this network does not show it.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_too_small(case: Case) -> Iterator[Found]:
    least = least_size(case.reader, case.reading.card)
    if least and _is_sized(case) and not least.value.holds(case.picture.width, case.picture.height):
        yield _below(case, least, by_source(least, ERROR, WARNING))


@rule(
    "picture-shown-small",
    WARNING,
    "The picture is %(measured)s; below %(limit)s this network shows it small, beside the words.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_shown_small(case: Case) -> Iterator[Found]:
    large, least = case.reader.pictures.large, least_size(case.reader, case.reading.card)
    if not large or not _is_sized(case) or large.value.holds(case.picture.width, case.picture.height):
        return
    if not least or least.value.holds(case.picture.width, case.picture.height):
        yield _below(case, large, "")


@rule(
    "picture-below-best",
    ADVICE,
    "The picture is %(measured)s; this network recommends at least %(limit)s.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_below_best(case: Case) -> Iterator[Found]:
    rules = case.reader.pictures
    sizes = (rules.large, least_size(case.reader, case.reading.card))
    is_enough = all(not fact or fact.value.holds(case.picture.width, case.picture.height) for fact in sizes)
    if not rules.best or not _is_sized(case) or not is_enough:
        return
    if not rules.best.value.holds(case.picture.width, case.picture.height):
        yield _below(case, rules.best, "")


@rule(
    "picture-not-wide",
    ADVICE,
    "The picture, %(measured)s, is not wider than tall, so this network shows it small, beside the words.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_not_wide(case: Case) -> Iterator[Found]:
    picture = case.picture
    if case.reader.shape.value == "wide" and _is_sized(case) and picture.width <= picture.height:
        yield Found(case.reader.shape, picture.pixels, "> 1:1")


@rule(
    "picture-too-many-pixels",
    WARNING,
    "The picture is %(measured)s; this network takes at most %(limit)s.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_too_many_pixels(case: Case) -> Iterator[Found]:
    most, picture = case.reader.pictures.most, case.picture
    if most and (picture.width > most.value.width or picture.height > most.value.height):
        excess = max(picture.width / most.value.width, picture.height / most.value.height)
        yield Found(most, picture.pixels, str(most.value), {}, by_source(most, ERROR, ADVICE), excess)


@rule(
    "picture-too-heavy",
    WARNING,
    "The picture weighs %(measured)s; this network takes less than %(limit)s.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_too_heavy(case: Case) -> Iterator[Found]:
    most, size = case.reader.pictures.bytes, case.picture.bytes
    if most and is_too_heavy(size, most):
        severity = by_source(most, ERROR, WARNING)
        yield Found(most, *weights(size, most.value), {}, severity, excess=size / most.value)


@rule(
    "picture-heavy",
    WARNING,
    "The picture weighs %(measured)s; above %(limit)s this network leaves it out now and then.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_heavy(case: Case) -> Iterator[Found]:
    aim, most, size = case.reader.pictures.aim, case.reader.pictures.bytes, case.picture.bytes
    if aim and size > aim.value and not (most and is_too_heavy(size, most)):
        yield Found(aim, *weights(size, aim.value))


@rule(
    "picture-too-wide",
    ERROR,
    "The picture, %(measured)s, is %(times)s times as wide as tall; this network takes at most %(limit)s.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_too_wide(case: Case) -> Iterator[Found]:
    widest, ratio = case.reader.pictures.widest, case.picture.ratio
    if widest and ratio > widest.value:
        values = {"times": Amount(ratio, "", 2)}
        severity = by_source(widest, ERROR, WARNING)
        yield Found(widest, case.picture.pixels, shape(widest.value), values, severity)


@rule(
    "picture-cropped",
    ADVICE,
    "The picture, %(measured)s, does not have this network's shape of %(limit)s: about %(lost)s in 100 "
    "parts of it are cut away.",
    "Keep what matters in the middle, or choose a share_image of 1200 × 630 pixels.",
    PICTURE_KEYS,
)
def picture_cropped(case: Case) -> Iterator[Found]:
    box, ratio = case.reader.pictures.ratio, case.picture.ratio
    if case.form != LARGE or not box.value or not ratio:
        return
    lost = 1 - min(box.value, ratio) / max(box.value, ratio)
    if lost > _MOST_LOST:
        severity = WARNING if lost > _HALF else ADVICE
        yield Found(box, case.picture.pixels, shape(box.value), {"lost": round(lost * 100)}, severity, lost)


@rule(
    "picture-type",
    WARNING,
    "The picture is of the type %(measured)s; this network takes %(limit)s.",
    _ANOTHER_PICTURE,
    PICTURE_KEYS,
)
def picture_type(case: Case) -> Iterator[Found]:
    types, kind = case.reader.pictures.types, case.picture.type
    if types and kind.startswith("image/") and kind not in types.value:
        names = ", ".join(_short(name) for name in types.value)
        yield Found(types, _short(kind), names, {}, by_source(types, ERROR, WARNING))


@rule(
    "picture-type-differs",
    WARNING,
    "The page says that its picture is of the type %(limit)s, but it arrives as %(measured)s.",
    IN_TEMPLATE,
    asked=ONCE,
)
def picture_type_differs(case: Case) -> Iterator[Found]:
    declared, served = case.head.first("og:image:type").lower(), served_type(case.picture)
    if case.picture.tag == "og:image" and declared and served and declared != served:
        yield Found(OGP, served, declared)


@rule(
    "picture-type-undeclared",
    ADVICE,
    "The page does not say of what type its picture is (og:image:type).",
    IN_TEMPLATE,
    asked=ONCE,
)
def picture_type_undeclared(case: Case) -> Iterator[Found]:
    if case.picture.tag == "og:image" and case.picture.is_ours and not case.head.first("og:image:type"):
        yield Found(OGP, "–", case.picture.type or "image/jpeg")


@rule(
    "picture-size-undeclared",
    WARNING,
    "The page does not say in whole pixels how large its picture is; this network then leaves it out when it "
    "cannot measure it.",
    "Put the picture beside the post, where it is measured; if it is there, mend the template that writes this.",
    PICTURE_KEYS,
    asked=SOME,
)
def picture_size_undeclared(case: Case) -> Iterator[Found]:
    names = ("og:image:width", "og:image:height")
    missing = [name for name, size in zip(names, declared_size(case.head), strict=True) if not size]
    if case.picture.tag == "og:image" and missing:
        fact = cite("Discord docs; discord/discord-api-docs PR #8606", OFFICIAL)
        said = " ".join(filter(None, (case.head.first(name)[:_MOST_SHOWN] for name in missing)))
        yield Found(fact, said or "–", " ".join(missing))


@rule(
    "picture-size-wrong",
    WARNING,
    "The page says that its picture is %(limit)s, but it is %(measured)s.",
    IN_TEMPLATE,
    asked=SOME,
)
def picture_size_wrong(case: Case) -> Iterator[Found]:
    declared, picture = declared_size(case.head), case.picture
    is_known = picture.is_measured and picture.tag == "og:image" and all(declared)
    if is_known and declared != (picture.width, picture.height):
        yield Found(DISCORD, picture.pixels, str(Size(*declared)))


@rule(
    "several-pictures",
    ADVICE,
    "The page names %(measured)s pictures: this network shows a gallery of up to 4 instead of one.",
    IN_TEMPLATE,
    asked=SOME,
)
def several_pictures(case: Case) -> Iterator[Found]:
    count = len([said for said in case.head.all("og:image") if said])
    if count > 1:
        yield Found(DISCORD, str(count), "1")


@rule(
    "picture-without-hash",
    ADVICE,
    "The address of the picture stays the same when the picture changes, and this network keeps the old one.",
    "Give the picture a new name whenever you change it.",
    PICTURE_KEYS,
    asked=SOME,
)
def picture_without_hash(case: Case) -> Iterator[Found]:
    if case.picture.url and case.picture.is_ours and not re.search(r"[0-9a-f]{8,}", case.picture.url):
        yield Found(META_IMAGES, case.picture.url.rpartition("/")[2], "…-1a2b3c4d.jpg")


@rule(
    "alt-missing",
    WARNING,
    "The picture has no description: who cannot see it learns nothing of it.",
    "Add a caption or an alt to the picture.",
    ALT_KEYS,
    asked=SOME,
)
def alt_missing(case: Case) -> Iterator[Found]:
    if case.picture.url and not clean(case.reading.alt.text):
        yield Found(OGP, "0", "≥ 1", keys=_alt_keys(case))


@rule(
    "alt-too-long",
    WARNING,
    "The picture's description has %(measured)s characters; at most %(limit)s are allowed.",
    IN_TEMPLATE,
    asked=SOME,
)
def alt_too_long(case: Case) -> Iterator[Found]:
    length = graphemes(clean(case.reading.alt.text))
    if length > ALT_GRAPHEMES:
        yield Found(X, str(length), str(ALT_GRAPHEMES))


@rule(
    "alt-repeats-title",
    ADVICE,
    "The picture's description is the title once more: it says nothing about the picture.",
    "Say in the caption or the alt what is to be seen.",
    ALT_KEYS,
    asked=SOME,
)
def alt_repeats_title(case: Case) -> Iterator[Found]:
    alt = clean(case.reading.alt.text)
    title = case.reading.title
    if title.tag != "title" and alt and alt.casefold() == clean(title.text).casefold():
        yield Found(MASTODON, alt, "–", keys=_alt_keys(case))


def _alt_keys(case: Case) -> Keys:
    """Keys beside those of pictures describe the first picture, which a share_image stands before."""
    return (("share_image",), "share_image") if "share_image" in case.keys else ALT_KEYS


def _is_sized(case: Case) -> bool:
    return bool(case.picture.width and case.picture.height) and case.picture.tag != "apple-touch-icon"


def _below(case: Case, fact: Fact[Size], severity: str) -> Found:
    size = fact.value
    excess = max(size.width / case.picture.width, size.height / case.picture.height)
    return Found(fact, case.picture.pixels, str(size), {}, severity, excess)


def _short(media_type: str) -> str:
    return media_type.removeprefix("image/").removesuffix("+xml").upper()
