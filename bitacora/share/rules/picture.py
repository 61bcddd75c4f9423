"""Rules about the picture that travels with a link: is there one, and can it be had?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

from bitacora.posts.pictures import size_of
from bitacora.share.crawl import Link
from bitacora.share.form import served_type
from bitacora.share.network import CONVENTION, Size
from bitacora.share.rule import (
    ADVICE,
    APPLE,
    ERROR,
    FOR_ALL,
    IN_TEMPLATE,
    NO_KEY,
    OGP,
    ONCE,
    PICTURE_KEYS,
    SOME,
    TITLE_KEYS,
    WARNING,
    Case,
    Found,
    cite,
    host_of,
    own_path,
    rule,
    scheme_of,
)

_ICON = Size(108, 108)


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
    served = served_type(case.picture)
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
    is_there = picture.url and picture.is_ours and served_type(picture).startswith("image/")
    if is_there and picture.tag != "apple-touch-icon" and not picture.is_measured and not picture.problem:
        yield Found(cite("nothing was measured", CONVENTION), picture.url, "1200 × 630 px")
