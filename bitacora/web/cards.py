"""The share picture of each post: named by a hash of what it is made from, made once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from urllib.parse import unquote, urlsplit

from bitacora.files.tree import OutsideError, TooLargeError
from bitacora.library.snapshot import base
from bitacora.posts.pictures import DEFAULT_FOCUS, Picture
from bitacora.posts.post import Image, Post
from bitacora.problems import PostError, shown
from bitacora.settings import Site
from bitacora.share.canvas import HEIGHT, WIDTH, Card
from bitacora.share.card import CardError, CardText, Look, crop, draw
from bitacora.share.card import edition as drawing_edition
from bitacora.share.metadata import SharePicture
from bitacora.share.photo import check, refusal_of
from bitacora.web.beside import Beside
from bitacora.web.derived import Derived
from bitacora.web.edition import Edition

NAME = re.compile(r"card-(x-)?[0-9a-f]{16}\.jpg")
"""The last part of a card's address, below the permalink of its post; that for X alone says so."""

_SENTENCE = re.compile(r"(?:[^%]|%%|%\(\w+\)s)*")
"""Of a CardError: what fills it in cannot make it longer than itself."""
_NICENESS = 10
"""More than its worker's. At 0 a page takes half as long again meanwhile; more holds up who waits for the card."""
_SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Made:
    """A finished card, the characters that no font could draw, and why the post's own picture is not on it.

    One that stands in for a picture that could not be read just now is not kept, here or anywhere.
    """

    jpeg: bytes
    missing: str = ""
    problem: CardError | None = None
    is_kept: bool = True


class Cards:
    """Cards of posts, out of an edition of the site.

    A post that shows a remote picture has a drawn card too, but names the remote picture: nothing elsewhere is
    ever fetched.
    """

    def __init__(self, derived: Derived) -> None:
        self._derived = derived
        self._drawing = drawing_edition()
        self._beside = Beside(self._make_ahead)

    def picture(self, here: Edition, post: Post) -> SharePicture:
        """What the tags of a post name: the remote picture as it is, of unknown size, else the post's card."""
        found = here.shared_picture(post)
        if found and _is_remote(found):
            return SharePicture(found.url, 0, 0, found.type, found.alt)
        alt = found.alt if found and found.width else " · ".join(filter(None, _spoken(here, post)))
        return SharePicture(here.absolute(self.url(here, post)), WIDTH, HEIGHT, "image/jpeg", alt)

    def url(self, here: Edition, post: Post) -> str:
        """The site-relative address of the post's card as it is now."""
        for_whom = "x-" if post == post.on_x and post.share_image_on_x else ""
        inputs = hashlib.blake2b(self._inputs(here, post), digest_size=8).hexdigest()
        return f"{base(post.url)}card-{for_whom}{inputs}.jpg"

    def made(self, here: Edition, post: Post) -> Made:
        """The card, made now unless it was made before."""
        try:
            return _unpacked(
                self._derived.get(
                    "card", self._inputs(here, post), lambda: _aside(lambda: _packed(_made(here, post))), _is_sound
                )
            )
        except OSError:  # not kept, for in a moment it may be otherwise
            problem = CardError("The picture cannot be read from the disk.", "Look whether its file is whole.")
            return replace(_drawn(here, _said(here, post), problem), is_kept=False)

    def problem(self, here: Edition, post: Post) -> CardError | None:
        """Why the post's picture cannot be on its card: of a kept card what was found then, else by `check`.

        Nothing is drawn. Raises OSError for a picture that cannot be read at the moment, PostError for a body that
        cannot be shown.
        """
        found, image = here.shared_picture(post), here.shared_image(post)
        if found is None or image is None or _is_remote(found):
            return None
        if known := problem_of(here, post):
            return known
        if kept := self._derived.kept("card", self._inputs(here, post), _is_sound):
            return _unpacked(kept).problem
        try:
            check(_bytes(here, post, image))
        except CardError as error:
            return error
        return None

    def page_url(self, here: Edition, said: CardText, url: str) -> str:
        """The address of the card of a page that is no post, which is at `url`, or begins there."""
        return f"{url}card-{hashlib.blake2b(self._inputs_of(here, [], said), digest_size=8).hexdigest()}.jpg"

    def page_picture(self, here: Edition, said: CardText, url: str) -> SharePicture:
        """What the tags of such a page name."""
        alt = " · ".join(filter(None, (said.category, said.title, said.site_name)))
        return SharePicture(here.absolute(self.page_url(here, said, url)), WIDTH, HEIGHT, "image/jpeg", alt)

    def made_for_page(self, here: Edition, said: CardText) -> Made:
        """The card of such a page, drawn now unless it was drawn before."""
        inputs = self._inputs_of(here, [], said)
        drawn = self._derived.get("card", inputs, lambda: _aside(lambda: _packed(_drawn(here, said))), _is_sound)
        return _unpacked(drawn)

    def make_beside(self, here: Edition, post: Post, *, is_urgent: bool) -> None:
        """Make the card beside the request if it is not kept; first of all when somebody will ask for it next."""
        self._beside.ask(here, post, is_urgent=is_urgent)

    def _make_ahead(self, here: Edition, post: Post) -> None:
        for version in versions(post):
            is_named = self.picture(here, version).width  # else a remote picture is
            if is_named and self._derived.lacks("card", self._inputs(here, version)):
                self.made(here, version)

    def _inputs(self, here: Edition, post: Post) -> bytes:
        """All that the card depends on: a picture by the hash of its bytes."""
        image = here.shared_image(post)
        photo: list[object] = [image.src, here.file_hash(post, image), post.focus] if image else []
        return self._inputs_of(here, photo, _said(here, post))

    def _inputs_of(self, here: Edition, photo: list[object], said: CardText) -> bytes:
        return repr((self._drawing, photo, astuple(said), _look_inputs(here))).encode()


def versions(post: Post) -> tuple[Post, ...]:
    """A post as networks show it: all alike, unless it has a picture for X alone."""
    return (post, post.on_x) if post.share_image_on_x else (post,)


def _aside(make: Callable[[], bytes]) -> bytes:
    """What `make` makes, in a thread that gives way to those that answer readers.

    It is another one each time: without a right to it, no thread can take its priority back.
    """
    with ThreadPoolExecutor(1, initializer=_give_way) as aside:
        return aside.submit(make).result()


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere it is the priority of the whole process
        with suppress(OSError):
            os.nice(_NICENESS)


def problem_of(here: Edition, post: Post) -> CardError | None:
    """Why the post's picture cannot be on its card, as far as can be said without opening it."""
    found, image = here.shared_picture(post), here.shared_image(post)
    if found is None or image is None or _is_remote(found):
        return None
    name = unquote(re.split("[?#]", image.src)[0])
    if here.snapshot.file_of(post, image):
        return refusal_of(name)
    return (refusal_of(name) if name == image.src else None) or _missing(name, image.src)


def _missing(name: str, written: str) -> CardError:
    """There is no file `name`, which is what an address means that was `written` so."""
    file = {"file": shown(name)}
    if name == written:
        return CardError("There is no file %(file)s.", "Put the picture beside the post, or mend its name.", file)
    return CardError(
        "There is no file %(file)s.",
        "Put the picture beside the post, or mend its name: write # as %%23, ? as %%3F and %% as %%25.",
        file,
    )


def _made(here: Edition, post: Post) -> Made:
    """Raises OSError for a picture that cannot be read at the moment."""
    found, image = here.shared_picture(post), here.shared_image(post)
    if found is None or image is None or _is_remote(found):
        return _drawn(here, _said(here, post))
    try:
        return _photo(here, post, image)
    except CardError as error:
        return _drawn(here, _said(here, post), error)


def _photo(here: Edition, post: Post, image: Image) -> Made:
    if problem := problem_of(here, post):
        raise problem
    return Made(crop(_bytes(here, post, image), post.focus or DEFAULT_FOCUS).jpeg)


def _bytes(here: Edition, post: Post, image: Image) -> bytes:
    """Raises CardError for what may not be read, OSError for what cannot be read at the moment."""
    try:
        return here.file_bytes(post, image)
    except OutsideError:
        raise CardError(
            "The picture's file is a link that leads outside the site's folder.",
            "Put the file itself there instead of a link.",
        ) from None
    except TooLargeError:
        raise CardError(
            "The picture's file is larger than 40 MB.", "Make it smaller: 2400 px on its long side are enough."
        ) from None
    except PostError as error:
        raise OSError(error.reason) from error


def _drawn(here: Edition, said: CardText, problem: CardError | None = None) -> Made:
    site = here.snapshot.site
    card: Card = draw(said, Look(site.accent, site.card, here.files.logo(here.snapshot)))
    return Made(card.jpeg, card.missing, problem)


def _packed(made: Made) -> bytes:
    problem = made.problem and (made.problem.reason_id, made.problem.remedy_id, made.problem.values)
    return json.dumps([made.missing, problem]).encode() + b"\n" + made.jpeg


def _unpacked(packed: bytes) -> Made:
    facts, _, jpeg = packed.partition(b"\n")
    missing, problem = json.loads(facts)
    if problem:
        reason, remedy, values = problem
        if not (_SENTENCE.fullmatch(reason) and _SENTENCE.fullmatch(remedy)):
            raise ValueError("a sentence has other placeholders")
        return Made(jpeg, missing, CardError(reason, remedy, values))
    return Made(jpeg, missing)


def _is_sound(packed: bytes) -> bool:
    """Return whether `_packed` may have given this: a JPEG from its first marker to its last, and its facts."""
    try:
        made = _unpacked(packed)
    except (ValueError, TypeError, LookupError, RecursionError):
        return False
    is_jpeg = made.jpeg.startswith(b"\xff\xd8\xff") and made.jpeg.endswith(b"\xff\xd9")
    return is_jpeg and isinstance(made.missing, str)


def _spoken(here: Edition, post: Post) -> tuple[str, ...]:
    """What a drawn card says, for those who cannot see it."""
    said = _said(here, post)
    return said.category, said.title, said.author, said.site_name


def _said(here: Edition, post: Post) -> CardText:
    site = here.snapshot.site
    local = post.date.astimezone(site.zone).date().isoformat() if post.date else ""
    return CardText(
        title=post.share_title or post.title,
        site_name=site.title,
        author=", ".join(author.name for author in post.authors),
        date=local,
        category=post.categories[0].name if post.categories else "",
        lang=post.lang,
    )


def said_of_page(site: Site, title: str, label: str = "") -> CardText:
    """What the card of a page that is no post says: its title, what kind of page it is, and whose.

    That of the home page, which is called like the site, says where it is.
    """
    whose = site.title if title != site.title else urlsplit(site.url).netloc
    return CardText(title=title, site_name=whose, author="", date="", category=label, lang=site.language)


def _look_inputs(here: Edition) -> tuple[str, ...]:
    site = here.snapshot.site
    return site.accent, site.card, here.static(site.logo) if site.logo else ""


def _is_remote(picture: Picture) -> bool:
    """Whether networks can ask another site for it. One that none would show is as good as missing."""
    try:
        parts = urlsplit(picture.url)
        return parts.scheme in {"", "http", "https"} and bool(parts.hostname) and picture.type != _SVG
    except ValueError:  # http://[
        return False
