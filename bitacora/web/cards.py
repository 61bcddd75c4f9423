"""The share picture of each post: named by a hash of what it is made from, made once."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from bitacora.content.errors import PostError
from bitacora.content.post import Image, Post
from bitacora.content.snapshot import base
from bitacora.share.canvas import HEIGHT, WIDTH, Card
from bitacora.share.card import CardError, CardText, Look, crop, draw
from bitacora.share.card import edition as drawing_edition
from bitacora.share.metadata import SharePicture
from bitacora.web.derived import Derived
from bitacora.web.edition import Edition

log = logging.getLogger(__name__)

NAME = re.compile(r"card-[0-9a-f]{16}\.jpg")
"""The last part of a card's address, below the permalink of its post."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished card, the characters that no font could draw, and why the post's own picture is not on it."""

    jpeg: bytes
    missing: str = ""
    problem: str = ""
    remedy: str = ""


class Cards:
    """Cards of posts, out of an edition of the site.

    A post that shows a remote picture has a drawn card too, but names the remote picture: nothing elsewhere is
    ever fetched.
    """

    def __init__(self, derived: Derived) -> None:
        self._derived = derived

    def picture(self, here: Edition, post: Post) -> SharePicture:
        """What the tags of a post name: the remote picture as it is, else the post's card."""
        found = here.shared_picture(post)
        if found is not None and _is_remote(found.url):
            return SharePicture(found.url, 0, 0, found.type, found.alt)
        alt = found.alt if found else " · ".join(filter(None, _spoken(here, post)))
        return SharePicture(here.absolute(self.url(here, post)), WIDTH, HEIGHT, "image/jpeg", alt)

    def url(self, here: Edition, post: Post) -> str:
        """The site-relative address of the post's card as it is now."""
        return f"{base(post.url)}card-{hashlib.blake2b(self._inputs(here, post), digest_size=8).hexdigest()}.jpg"

    def made(self, here: Edition, post: Post) -> Made:
        """The card, made now unless it was made before."""
        packed = self._derived.get("card", self._inputs(here, post), lambda: _packed(self._make(here, post)))
        facts, _, jpeg = packed.partition(b"\n")
        return Made(jpeg, *json.loads(facts))

    def _inputs(self, here: Edition, post: Post) -> bytes:
        """All that the card depends on: a picture by the hash of its bytes."""
        image = _own_image(here, post)
        photo = [here.file_hash(post, image), post.focus] if image else []
        return repr((drawing_edition(), photo, astuple(_said(here, post)), _look_inputs(here))).encode(
            errors="replace"
        )

    def _make(self, here: Edition, post: Post) -> Made:
        image = _own_image(here, post)
        problem, remedy = _missing(here, post)
        if image is not None:
            try:
                return _made(crop(here.file_bytes(post, image), *_focus(post)))
            except CardError as error:
                problem, remedy = error.reason, error.remedy
            except (OSError, PostError) as error:
                problem, remedy = f"The picture cannot be read: {error}.", "Put the file back beside the post."
        site = here.snapshot.site
        card = draw(_said(here, post), Look(site.accent, site.card, here.files.logo(here.snapshot)))
        return Made(card.jpeg, card.missing, problem, remedy)


def _made(card: Card) -> Made:
    return Made(card.jpeg, card.missing)


def _packed(made: Made) -> bytes:
    return json.dumps([made.missing, made.problem, made.remedy]).encode() + b"\n" + made.jpeg


def _focus(post: Post) -> Sequence[tuple[float, float]]:
    return [post.focus] if post.focus else []


def _own_image(here: Edition, post: Post) -> Image | None:
    """The picture of the post that lies in the site's folder; None for none and for one elsewhere."""
    image = here.shared_image(post)
    return image if image and here.snapshot.file_of(post, image) else None


def _spoken(here: Edition, post: Post) -> tuple[str, ...]:
    """What a drawn card says, for those who cannot see it."""
    said = _said(here, post)
    return said.category, said.title, said.author, said.site_name


def _missing(here: Edition, post: Post) -> tuple[str, str]:
    image = here.shared_image(post)
    if image is None or _own_image(here, post) or _is_remote(image.src):
        return "", ""
    return f"There is no file {image.src}.", "Put the picture beside the post, or mend its name."


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


def _look_inputs(here: Edition) -> tuple[str, ...]:
    site = here.snapshot.site
    return site.accent, site.card, here.static(site.logo) if site.logo else ""


def _is_remote(url: str) -> bool:
    return url.startswith(("http://", "https://", "//"))
