"""For editors, by signed link: what is not published yet, and what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flask import Blueprint, Response, abort

from bitacora.library.snapshot import Snapshot, base
from bitacora.posts.permalink import quote_path
from bitacora.posts.post import Post
from bitacora.posts.visibility import Mark, appears, is_for_nobody, mark_of, standing
from bitacora.problems import PostError
from bitacora.share.desk import Desk
from bitacora.share.links import share_texts
from bitacora.web.blog import blog, desk_of, page, redirect, share_of, snapshot
from bitacora.web.exchange import carried
from bitacora.web.pages import address
from bitacora.web.signed import DRAFT, STATUS, Opened, opened, sign

previews = Blueprint("previews", __name__)

PREVIEW_DAYS = 7
STATUS_DAYS = 30

_PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SHARE = "share/"


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A post or page that readers do not see as its file is now.

    `kind` is "draft", "scheduled" or "held back". `post` is what can be shown of it, None when nothing can be
    read, and an older version where `is_old`. `problems` are what holds it back.
    """

    path: str
    kind: str
    post: Post | None
    problems: tuple[PostError, ...] = ()
    is_old: bool = False

    @property
    def since(self) -> datetime | None:
        """From when it will be seen."""
        return appears(self.post) if self.post else None


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands on top of a preview; `share` leads to its share page, and is empty on that page."""

    found: Unpublished
    until: datetime
    share: str


@dataclass(frozen=True, slots=True)
class Row:
    """A file on the status page: `url` leads to its preview, and is empty where there is nothing to see.

    `mark` is the word that withholds it.
    """

    path: str
    url: str
    post: Post | None
    problems: tuple[PostError, ...] = ()
    mark: Mark | None = None

    @property
    def since(self) -> datetime | None:
        """From when it will be seen."""
        return appears(self.post) if self.post else None


def unpublished(here: Snapshot, path: str, now: datetime) -> Unpublished | None:
    """What readers do not see of a file; None for one that is published, that has expired, or that is none."""
    entry = here.entries.get(path)
    if entry is None or path.partition("/")[0] not in {"posts", "pages"}:
        return None
    post = here.found.get(path)
    state = standing(post, now, here.by_path) if post else ""
    if entry.problem:
        old = post if state != "expired" else None
        return Unpublished(path, "held back", old, (entry.problem,), is_old=old is not None)
    if post is None or state not in {"draft", "scheduled", "displaced"}:
        return None
    if state == "displaced":
        return Unpublished(path, "held back", post, tuple(clash for clash in here.clashes if clash.file == path))
    return Unpublished(path, state, post)


def preview_url(path: str, days: int = PREVIEW_DAYS) -> str:
    """The site-relative address of the preview of a file, for so many days. Raises ValueError without a key."""
    return f"/preview/{sign(blog().links_key, DRAFT, path, days)}/"


def status_url(days: int = STATUS_DAYS) -> str:
    """The site-relative address of the page for editors, for so many days. Raises ValueError without a key."""
    return f"/status/{sign(blog().links_key, STATUS, '', days)}/"


# --- one post


@previews.get("/preview/<path:rest>")
def preview(rest: str) -> Response:
    """A post or page before it is published, with what hangs under it; once it is, the way to it.

    One route for all of it: any other redirect or error than that of an unknown address would tell of tokens.
    """
    token, _, below = rest.partition("/")
    link = _open(DRAFT, token)
    here = snapshot()
    found = unpublished(here, link.what, _now())
    if found is None:
        return _published(here, link.what, below)
    home = f"/preview/{token}/"
    post = found.post and _as_published(found.post)
    has_desk = post is not None and post.kind == "post"
    share = home + _SHARE if has_desk and below != _SHARE else ""
    carried().notice = Notice(found, datetime.fromtimestamp(link.until, UTC), share)
    if post is None:
        return page("preview.html", home, noindex=True) if below in {"", _SHARE} else abort(404)
    if has_desk and below == _SHARE:
        return _share(post, home)
    carried().snapshot = here.with_post(post._replace(url=home, noindex=True))
    return address(f"preview/{rest}")


def _published(here: Snapshot, path: str, below: str) -> Response:
    post = here.by_path.get(path) or abort(404)
    return redirect(base(post.url) + quote_path(below) if below else post.url, 302)


def _share(post: Post, home: str) -> Response:
    """The share page as it will be: the desk judges the site that this post is published in."""
    carried().snapshot = snapshot().with_post(post)
    share, desk = share_of(post), desk_of(post, is_preview=True)
    return page(
        "share.html",
        home + _SHARE,
        share=share,
        noindex=True,
        post=post._replace(url=home),
        texts=share_texts(share, post.share_message, snapshot().site.share),
        desk=desk and _shown_at(home, post, desk),
    )


def _shown_at(home: str, post: Post, desk: Desk) -> Desk:
    """The desk with pictures that are there already, and without debuggers, which no page awaits yet."""
    own = snapshot().site.url + base(post.url)
    here = snapshot().site.url + home
    return replace(
        desk,
        shown=tuple(
            replace(
                one,
                picture=here + one.picture.removeprefix(own) if one.picture.startswith(own) else one.picture,
                debugger="",
                debugger_note="",
            )
            for one in desk.shown
        ),
    )


def _as_published(post: Post) -> Post:
    """The post as it will be; one without a date as if it were published now."""
    date = post.date or (_now() if post.kind == "post" else None)
    return post._replace(draft=False, date=date)


# --- all of them


@previews.get("/status/<path:rest>")
def status_page(rest: str) -> Response:
    """What is held back and why, and what is still to come."""
    token, _, below = rest.partition("/")
    link = _open(STATUS, token)
    if below:
        abort(404)
    here = snapshot()
    waiting = list(_waiting(here))
    return page(
        "status.html",
        f"/status/{token}/",
        noindex=True,
        until=datetime.fromtimestamp(link.until, UTC),
        held_back=list(_held_back(here)),
        scheduled=sorted(
            (row for row in waiting if row.post and not is_for_nobody(row.post)),
            key=lambda row: (row.post and appears(row.post), row.path),
        ),
        drafts=sorted((row for row in waiting if row.post and is_for_nobody(row.post)), key=lambda row: row.path),
    )


def _held_back(here: Snapshot) -> Iterator[Row]:
    """The files with something to mend, a template or the settings among them."""
    problems: dict[str, list[PostError]] = defaultdict(list)
    for problem in (*here.problems, *blog().theme.problems):
        problems[problem.file].append(problem)
    for path in sorted(problems):
        found = unpublished(here, path, _now())
        yield Row(path, preview_url(path) if found else "", found.post if found else None, tuple(problems[path]))


def _waiting(here: Snapshot) -> Iterator[Row]:
    now = _now()
    for post in here.candidates:
        found = unpublished(here, post.path, now)
        if found and not found.problems:
            yield Row(post.path, preview_url(post.path), post, mark=mark_of(post, found.kind))


# --- parts


def _open(purpose: str, token: str) -> Opened:
    """What a token is for. From here on the answer is for nobody but who has it."""
    link = opened(blog().links_key, purpose, token, blog().clock()) or abort(404)
    carried().is_private = True
    return link


@previews.after_request
def _private(response: Response) -> Response:
    """Kept nowhere; an error is not told apart from any other."""
    if carried().is_private and response.status_code < 400:
        response.headers.update(_PRIVATE)
    return response


def _now() -> datetime:
    return datetime.fromtimestamp(blog().clock(), UTC)
