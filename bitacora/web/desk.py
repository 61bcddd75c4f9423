"""The share desk of a post: our own page, fetched as networks fetch it, and judged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import current_app, has_request_context
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bitacora.library.snapshot import Snapshot
from bitacora.posts.pictures import MOST_PIXELS
from bitacora.posts.post import Post, lines_of
from bitacora.problems import PostError
from bitacora.share.crawl import Answer
from bitacora.share.desk import Desk, PictureFacts, Verdict, desk
from bitacora.share.links import share_texts
from bitacora.share.metadata import site_preview
from bitacora.share.network import Size
from bitacora.share.photo import LEAST_SIDE_PX, MOST_SIDE_PX, CardError
from bitacora.share.rule import Amount, Problem
from bitacora.web.cards import NAME as CARD
from bitacora.web.cards import Cards, Made, problem_of
from bitacora.web.edition import Edition
from bitacora.web.exchange import CARRIED, Carried, carried
from bitacora.web.words import amount

_log = logging.getLogger(__name__)

Say = Callable[..., str]
"""`say(msgid, **values)` in the language that is asked for."""


def desk_of(
    here: Edition, cards: Cards, post: Post, say: Say, language: str, *, draws: bool, is_preview: bool = False
) -> Desk:
    """What each network shows of a post and what is wrong with it, for whoever reads the language of `say`.

    The card is made now if it was not yet; unless it `draws`, the picture is not opened. The pages of a preview
    are made from its own snapshot. Raises PostError for a body that cannot be shown, DeskError for our own fault.
    """
    try:
        found = _desk(here, cards, post, say, draws=draws, is_preview=is_preview)
    except PostError:
        raise
    except Exception as error:  # one post must never disturb another, not even by a fault of ours
        _log.exception("judging %s failed", post.path)
        reason = f"The share desk failed on this post ({type(error).__name__})."
        raise DeskError(post.path, 1, 1, reason, "Please report it with the file.") from error
    return _spoken(found, language)


class DeskError(PostError):
    """The desk failed on a post that is otherwise as it should be."""


def _desk(here: Edition, cards: Cards, post: Post, say: Say, *, draws: bool, is_preview: bool) -> Desk:
    site = here.snapshot.site
    shared = site_preview(site, post.share_title or post.title, post.intro, post.url)
    return desk(
        partial(fetch if draws else _pages_only, preview=here.snapshot if is_preview else None),
        post.url,
        site,
        _facts(here, cards, post, say, draws=draws),
        lines_of(here.snapshot.source(post), post.path),
        facts_on_x=_facts(here, cards, post.on_x, say, draws=draws) if post.share_image_on_x else None,
        title_on_x=post.share_title_on_x,
        texts=share_texts(shared, post.share_message, site.share) if post.kind == "post" else (),
        remarks=post.remarks,
    )


def fetch(path: str, headers: Mapping[str, str], preview: Snapshot | None = None) -> Answer:
    """What this application really answers, through all of its layers, under a host that is always let in.

    With a `preview`: what it would answer if that were the site. A share page that is fetched for a share page
    gets nothing, or one that is named as a picture would never end.
    """
    if has_request_context() and carried().is_own:
        return Answer(HTTPStatus.LOOP_DETECTED, {}, b"")
    site = current_app.extensions["bitacora"].site
    try:
        builder = EnvironBuilder(
            path=path,
            base_url=site.url,
            headers=list(headers.items()),
            environ_overrides={CARRIED: Carried(is_own=True, preview=preview), "HTTP_HOST": "localhost"},
        )
    except ValueError:  # //[
        return Answer(HTTPStatus.BAD_REQUEST, {}, b"")
    try:
        body, status, answered = run_wsgi_app(current_app.wsgi_app, builder.get_environ(), buffered=True)
    finally:
        builder.close()
    fields = {name.lower(): value for name, value in answered}
    return Answer(int(status.split()[0]), fields, b"".join(body))


def _pages_only(path: str, headers: Mapping[str, str], preview: Snapshot | None = None) -> Answer:
    """The same for pages; a card is taken to be there, as each post has one."""
    if CARD.search(path):
        return Answer(200, {"content-type": "image/jpeg"}, b"")
    return fetch(path, headers, preview)


def _undrawn_problem(here: Edition, cards: Cards, post: Post) -> CardError | None:
    try:
        return cards.problem(here, post)
    except (OSError, PostError):
        return problem_of(here, post)


def _facts(here: Edition, cards: Cards, post: Post, say: Say, *, draws: bool) -> PictureFacts:
    picture = cards.picture(here, post)
    if not picture.width:
        return PictureFacts(picture.url, 0, 0, 0, picture.type, is_local=False)
    made = cards.made(here, post) if draws else Made(b"", problem=_undrawn_problem(here, cards, post))
    return PictureFacts(
        picture.url,
        picture.width,
        picture.height,
        len(made.jpeg),
        picture.type,
        is_local=True,
        problem=_told(made.problem, say) if made.problem else None,
        missing=made.missing,
    )


def _told(problem: CardError, say: Say) -> Problem:
    reason, remedy = (say(text, **problem.values) for text in (problem.reason_id, problem.remedy_id))
    return Problem(reason, remedy, *_measures(problem.values, say))


def _measures(values: Mapping[str, object], say: Say) -> tuple[str, str]:
    """What was measured, and the limit that it breaks; empty where nothing was."""

    def millions(pixels: int) -> str:
        return say("%(count)s million px", count=pixels // 1_000_000)

    match values:
        case {"pixels": int(pixels)}:
            return millions(pixels), millions(MOST_PIXELS)
        case {"width": int(width), "height": int(height)}:
            measured = str(Size(width, height))
        case _:
            return "", ""
    if width * height > MOST_PIXELS:
        return measured, millions(MOST_PIXELS)
    return measured, str(Size(MOST_SIDE_PX, 0) if max(width, height) > MOST_SIDE_PX else _LEAST)


_LEAST = Size(LEAST_SIDE_PX, LEAST_SIDE_PX)


def _spoken(found: Desk, language: str) -> Desk:
    """With numbers as the language writes them."""
    shown = (replace(one, verdicts=tuple(_said(each, language) for each in one.verdicts)) for one in found.shown)
    return Desk(tuple(shown), tuple(_said(each, language) for each in found.summary))


def _said(verdict: Verdict, language: str) -> Verdict:
    def say(value: object) -> Any:
        if not isinstance(value, Amount):
            return value
        return amount(value.number, value.unit, value.digits, language)

    values = {name: say(value) for name, value in verdict.values.items()}
    return replace(verdict, measured=say(verdict.measured), limit=say(verdict.limit), values=values)
