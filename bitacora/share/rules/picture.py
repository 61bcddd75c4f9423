"""Rules about the picture that travels with a link, and the form that it gives the preview."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

from bitacora.posts.pictures import size_of
from bitacora.share.crawl import Head, Link
from bitacora.share.metadata import ALT_GRAPHEMES
from bitacora.share.network import CONVENTION, LARGE, OFFICIAL, SMALL, TEXT, Fact, Reader, Size
from bitacora.share.readers import Reading
from bitacora.share.rule import (
    ADVICE,
    ALT_KEYS,
    APPLE,
    DISCORD,
    ERROR,
    FOR_ALL,
    IN_TEMPLATE,
    MASTODON,
    META_IMAGES,
    NO_KEY,
    OGP,
    ONCE,
    PICTURE_KEYS,
    SOME,
    TITLE_KEYS,
    WARNING,
    Amount,
    Case,
    Found,
    Keys,
    Picture,
    X,
    by_source,
    cite,
    host_of,
    own_path,
    rule,
    scheme_of,
    shape,
    weights,
)
from bitacora.share.text import clean, graphemes

# --- picture: is there one, and can it be had

_ANOTHER_PICTURE = "Choose another picture as share_image, or save this one as a JPEG of 1200 × 630 pixels."


@rule(
    "picture-missing",
    WARNING,
    "The page names no picture (og:image), so this network shows words alone.",
    IN_TEMPLATE,
)
def picture_missing(case: Case) -> Iterator[Found]:
    if not case.head.first("og:image") and case.picture.tag in {"", "apple-touch-icon"}:
        yield Found(case.reader.picture, "0", "1")


@rule(
    "icon-missing",
    ADVICE,
    "There is neither a picture nor a square icon of the site of 108 pixels or more (apple-touch-icon) to show "
    "instead.",
    "Put a square touch-icon.png into the site's static folder; if it is there, mend the template that "
    "writes this.",
    asked=SOME,
)
def icon_missing(case: Case) -> Iterator[Found]:
    icons = [link for link in case.head.links if "apple-touch-icon" in link.rel.split() and link.href]
    if case.head.first("og:image"):
        return
    sizes = [_icon_size(case, link) for link in icons]
    if not any(
        size is None or (_ICON.holds(size.width, size.height) and size.width == size.height) for size in sizes
    ):
        yield Found(APPLE, str(sizes[0]) if sizes else "0", str(_ICON))


def _icon_size(case: Case, link: Link) -> Size | None:
    """As measured where it is ours, else as declared; None where neither is known."""
    answer = case.answer(link.href)
    width, height = size_of(answer.body) if answer and answer.status == HTTPStatus.OK else (0, 0)
    if width:
        return Size(width, height)
    found = re.match(r"(\d{1,5})x(\d{1,5})", link.sizes.lower())
    return Size(int(found[1]), int(found[2])) if found else None


@rule(
    "picture-not-absolute",
    ERROR,
    "The address of the picture, %(measured)s, is not a full one, so this network does not find it.",
    IN_TEMPLATE,
)
def picture_not_absolute(case: Case) -> Iterator[Found]:
    written = case.picture.written
    if written and not case.picture.url and not (scheme_of(written) and host_of(written)):
        limit = "/…" if case.reader.relative.value == "slash" else "https://…"
        yield Found(case.reader.relative, written, limit)


@rule(
    "picture-not-https",
    WARNING,
    "The address of the picture does not begin with https: %(measured)s.",
    "Write url in site.toml with https://; for a picture on another site, write its address with https://.",
    PICTURE_KEYS,
)
def picture_not_https(case: Case) -> Iterator[Found]:
    written = case.picture.written
    if scheme_of(written) and host_of(written) and scheme_of(written) != "https":
        keys = NO_KEY if own_path(case.site, written) else PICTURE_KEYS  # ours begins with the url of site.toml
        yield Found(OGP, written, "https://", keys=keys)


@rule(
    "picture-gone",
    ERROR,
    "The address of the picture answers with code %(status)s and not with a picture.",
    "Look whether the picture lies beside the post and is spelt the same, capitals too.",
    PICTURE_KEYS,
)
def picture_gone(case: Case) -> Iterator[Found]:
    picture = case.picture
    if picture.status and not 200 <= picture.status < 400:
        yield Found(FOR_ALL, str(picture.status), "200", {"status": picture.status})


@rule(
    "picture-no-picture",
    ERROR,
    "The address of the picture answers with a file of the type “%(measured)s” and not with a picture.",
    "Write the name of a picture's file; if the post does so already, mend the template that writes this.",
    PICTURE_KEYS,
)
def picture_no_picture(case: Case) -> Iterator[Found]:
    served = _served_type(case.picture)
    if case.picture.status == HTTPStatus.OK and not served.startswith("image/"):
        yield Found(FOR_ALL, served or "–", "image/jpeg")


@rule(
    "picture-redirected",
    WARNING,
    "The address of the picture sends on to another one (code %(status)s), which not every network follows.",
    "Write the address that it leads to; if the post names no address, mend the template that writes this.",
    PICTURE_KEYS,
)
def picture_redirected(case: Case) -> Iterator[Found]:
    picture = case.picture
    if 300 <= picture.status < 400:
        target = picture.headers.get("location", "")
        yield Found(FOR_ALL, f"{picture.status} → {target}", "200", {"status": picture.status})


@rule(
    "picture-sets-cookie",
    ADVICE,
    "The address of the picture sends a cookie, which keeps networks from storing the picture.",
    "Nothing in the post can change this: ask whoever runs the site, or the proxy in front of it.",
    asked=ONCE,
)
def picture_sets_cookie(case: Case) -> Iterator[Found]:
    if "set-cookie" in case.picture.headers:
        yield Found(FOR_ALL, "Set-Cookie", "–")


@rule(
    "picture-disallowed",
    WARNING,
    "The file robots.txt forbids this network to read %(address)s.",
    IN_TEMPLATE,
)
def picture_disallowed(case: Case) -> Iterator[Found]:
    agent = case.reader.robots
    page, picture = case.site.url + case.path, case.picture.url if case.picture.is_ours else ""
    for address in filter(None, (page, picture)):
        if agent and case.robots and not case.robots.can_fetch(agent.value, address):
            yield Found(agent, "Disallow", "Allow", {"address": address})
            return


@rule(
    "picture-unreadable",
    ERROR,
    "The picture cannot be used: %(problem)s",
    "%(remedy)s",
    PICTURE_KEYS,
)
def picture_unreadable(case: Case) -> Iterator[Found]:
    problem = case.picture.problem
    if problem and case.picture.is_ours:
        values = {"problem": problem.reason, "remedy": problem.remedy}
        yield Found(case.reader.picture, problem.measured, problem.limit, values)


@rule(
    "letters-missing",
    ADVICE,
    "No font here can draw %(measured)s: the drawn card leaves it out, and with a letter the whole title.",
    "Add a picture to the post, or a share_title without these characters.",
    TITLE_KEYS,
    asked=ONCE,
)
def letters_missing(case: Case) -> Iterator[Found]:
    if case.picture.missing:
        yield Found(cite("the card's fonts", CONVENTION), case.picture.missing, "–")


@rule(
    "picture-not-measured",
    ADVICE,
    "The picture lies on another site, %(host)s, and is never fetched from there while you look at this page: "
    "nobody has measured its size.",
    "Put the picture beside the post; the command “flask posts fetch-images” can do it.",
    PICTURE_KEYS,
)
def picture_not_measured(case: Case) -> Iterator[Found]:
    picture = case.picture
    if picture.url and not picture.is_ours and not picture.is_measured:
        host = host_of(picture.url)
        yield Found(cite("no remote address is fetched", CONVENTION), "–", "1200 × 630 px", {"host": host})


@rule(
    "picture-unknown",
    ADVICE,
    "The page names a picture that cannot be measured, %(measured)s: nobody knows how networks will show it.",
    "Name a JPEG, PNG, GIF, WebP or AVIF; if the post does so already, mend the template that writes this.",
    PICTURE_KEYS,
)
def picture_unknown(case: Case) -> Iterator[Found]:
    picture = case.picture
    is_there = picture.url and picture.is_ours and _served_type(picture).startswith("image/")
    if is_there and picture.tag != "apple-touch-icon" and not picture.is_measured and not picture.problem:
        yield Found(cite("nothing was measured", CONVENTION), picture.url, "1200 × 630 px")


# --- picture: is it fit


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
    if most and _is_too_heavy(size, most):
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
    if aim and size > aim.value and not (most and _is_too_heavy(size, most)):
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
    declared, served = case.head.first("og:image:type").lower(), _served_type(case.picture)
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


_MOST_LOST, _HALF = 0.15, 0.5
_MOST_SHOWN = 20
_ICON = Size(108, 108)


def least_size(reader: Reader, card: str) -> Fact[Size] | None:
    """The smallest picture that is shown, which may be less where the page asks for the small form."""
    rules = reader.pictures
    return rules.least_small if rules.least_small and card != "summary_large_image" else rules.least


def declared_size(head: Head) -> tuple[int, int]:
    """What the page says of its picture's size; 0 where it says nothing that is a number."""
    said = (head.first("og:image:width"), head.first("og:image:height"))
    width, height = (int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0 for text in said)
    return width, height


def form_of(reader: Reader, reading: Reading, picture: Picture) -> str:
    """Large, small or text. What is not known of the picture is taken for right."""
    rules = reader.pictures
    size = picture.width, picture.height
    is_sized = all(size)
    least = least_size(reader, reading.card)
    if not picture.url or reader.shape.value == "text" or _is_lost(picture, rules.types):
        return TEXT
    if least and is_sized and not least.value.holds(*size):
        return TEXT
    if picture.tag == "apple-touch-icon" or reader.shape.value == SMALL:
        return SMALL
    if reader.shape.value == "card":
        return LARGE if reading.card == "summary_large_image" else SMALL
    if reader.shape.value == "wide":
        return SMALL if is_sized and size[0] <= size[1] else LARGE
    return SMALL if _falls_back(reader, picture) else LARGE


def _falls_back(reader: Reader, picture: Picture) -> bool:
    """Whether a requirement of the large form fails."""
    rules = reader.pictures
    is_sized = bool(picture.width and picture.height)
    if rules.large and is_sized and not rules.large.value.holds(picture.width, picture.height):
        return True
    if rules.widest and picture.ratio > rules.widest.value:
        return True
    is_heavy = bool(
        rules.bytes and rules.bytes.confidence == OFFICIAL and _is_too_heavy(picture.bytes, rules.bytes)
    )
    return is_heavy or bool(rules.types and picture.type and picture.type not in rules.types.value)


def _is_lost(picture: Picture, types: Fact[tuple[str, ...]] | None) -> bool:
    is_refused = bool(types and types.confidence == OFFICIAL and picture.type and picture.type not in types.value)
    return is_refused or not 0 <= picture.status < 400


def _is_sized(case: Case) -> bool:
    return bool(case.picture.width and case.picture.height) and case.picture.tag != "apple-touch-icon"


def _is_too_heavy(size: int, most: Fact[int]) -> bool:
    return size >= most.value  # "under 600 kB" (WhatsApp), "less than 5 MB" (X)


def _below(case: Case, fact: Fact[Size], severity: str) -> Found:
    size = fact.value
    excess = max(size.width / case.picture.width, size.height / case.picture.height)
    return Found(fact, case.picture.pixels, str(size), {}, severity, excess)


def _served_type(picture: Picture) -> str:
    return (
        picture.headers.get("content-type", "").partition(";")[0].strip().lower() if picture.status == 200 else ""
    )


def _short(media_type: str) -> str:
    return media_type.removeprefix("image/").removesuffix("+xml").upper()
