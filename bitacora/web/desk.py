"""The share desk of a post: our own page, fetched as networks fetch it, and judged."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import current_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bitacora.content.post import Post, lines_of
from bitacora.share.canvas import HEIGHT, WIDTH
from bitacora.share.crawl import Answer
from bitacora.share.desk import Desk, PictureFacts, desk
from bitacora.web.cards import NAME as CARD
from bitacora.web.cards import Cards
from bitacora.web.edition import Edition


def desk_of(here: Edition, cards: Cards, post: Post, *, draws: bool) -> Desk:
    """What each network shows of a post and what is wrong with it.

    The card is made now if it was not yet; unless it `draws`, the picture is taken as its tags describe it.
    """
    facts = _facts(here, cards, post) if draws else None
    return desk(
        fetch if draws else _pages_only,
        post.url,
        here.snapshot.site,
        facts,
        lines_of(here.snapshot.source(post), post.path),
    )


def fetch(path: str, headers: Mapping[str, str]) -> Answer:
    """What this application really answers, through all of its layers."""
    site = current_app.extensions["bitacora"].site
    builder = EnvironBuilder(path=path, base_url=site.url, headers=list(headers.items()))
    try:
        body, status, answered = run_wsgi_app(current_app.wsgi_app, builder.get_environ(), buffered=True)
    finally:
        builder.close()
    fields = {name.lower(): value for name, value in answered}
    return Answer(int(status.split()[0]), fields, b"".join(body))


def _pages_only(path: str, headers: Mapping[str, str]) -> Answer:
    """The same for pages; a card is taken to be there, as each post has one."""
    if CARD.search(path):
        return Answer(200, {"content-type": "image/jpeg"}, b"")
    return fetch(path, headers)


def _facts(here: Edition, cards: Cards, post: Post) -> PictureFacts:
    picture = cards.picture(here, post)
    if urlsplit(picture.url).netloc != urlsplit(here.snapshot.site.url).netloc:
        return PictureFacts(picture.url, 0, 0, 0, picture.type, is_local=False)
    made = cards.made(here, post)
    return PictureFacts(
        picture.url, WIDTH, HEIGHT, len(made.jpeg), picture.type, is_local=True, problem=made.problem
    )
