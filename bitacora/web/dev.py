"""For whoever writes: what is wrong is said in the page, and the browser reloads by itself. Off in production."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, request

from bitacora.library.snapshot import Snapshot
from bitacora.posts.post import Post
from bitacora.posts.visibility import is_seen
from bitacora.problems import PostError
from bitacora.web.blog import Blog, blog, edition, snapshot, unnoted
from bitacora.web.exchange import carried
from bitacora.web.headers import NO_STORE

log = logging.getLogger(__name__)

dev = Blueprint("dev", __name__, url_prefix="/dev")

HOSTS = ("localhost",)
"""And the loopback addresses: nobody may read drafts by giving a name of their own to this machine."""

_WAIT_S = 0.5
_STILL_THERE = ":\n\n"
"""A comment, which fails to be sent when nobody listens any more."""
_FILES = Path(__file__).parent


def set_up(app: Flask) -> None:
    """Routes, and what every page ends with; after all else is set up, so that it comes before pages are kept."""
    log.warning("BITACORA_DEV is set: drafts are shown to whoever asks")
    app.register_blueprint(dev)
    app.after_request(_finish)


# --- routes


@dev.get("/events")
def events() -> Response:
    """Server-sent events (HTML standard, 9.2), each with the version of the site as its id.

    `since` is the version that the page was made from, Last-Event-ID the last one that was told of. "style" comes
    where nothing but stylesheets changed, with their new addresses, "page" otherwise. Each listener keeps a
    thread: pages of other sites get none.
    """
    if _comes_from_another_site():
        return Response("403\n", 403, mimetype="text/plain")
    since = request.headers.get("Last-Event-ID") or request.args.get("since", "")
    return Response(_events(blog(), unnoted().snapshot, since), mimetype="text/event-stream")


def _comes_from_another_site() -> bool:
    """Return whether a browser asks for a page of another origin (Fetch Metadata, or Origin without it)."""
    site, origin = request.headers.get("Sec-Fetch-Site", "none"), request.headers.get("Origin")
    is_own = origin is None or urlsplit(origin).netloc == carried().host
    return site not in {"same-origin", "none"} or not is_own


@dev.get("/dev.js")
def script() -> Response:
    return Response((_FILES / "dev.js").read_bytes(), mimetype="text/javascript")


@dev.get("/dev.css")
def style() -> Response:
    return Response((_FILES / "dev.css").read_bytes(), mimetype="text/css")


# --- what changed


def _events(parts: Blog, here: Snapshot, since: str) -> Iterator[str]:
    if since != version(here):
        yield _event("page", here)
    while True:
        parts.library.wait(_WAIT_S)
        new = parts.library.snapshot()
        if new is here or version(new) == version(here):
            yield _STILL_THERE
        elif styles := _styles(here, new):
            yield _event("style", new, [new.address(parts.files.static_url(new, name)) for name in styles])
        else:
            yield _event("page", new)
        here = new


def version(here: Snapshot) -> str:
    """What all workers call this state of the site, after a restart as well."""
    return hashlib.blake2b(repr((_read(here), sorted(here.files.items()))).encode(), digest_size=8).hexdigest()


def _read(here: Snapshot) -> tuple[object, ...]:
    """All that pages are made of, but for files that are served as they are."""
    return here.valid_from, sorted((path, entry.signature) for path, entry in here.entries.items())


def _styles(old: Snapshot, new: Snapshot) -> list[str]:
    """The names of stylesheets that changed, empty where anything else did."""
    changed = [path for path, _ in {*old.files.items()} ^ {*new.files.items()}]
    if _read(old) != _read(new) or not all(
        path.startswith("static/") and path.endswith(".css") for path in changed
    ):
        return []
    return sorted(set(changed))


def _event(name: str, here: Snapshot, data: object = None) -> str:
    return f"event: {name}\nid: {version(here)}\nretry: 500\ndata: {json.dumps(data)}\n\n"


# --- what pages end with


def _finish(response: Response) -> Response:
    """With what is wrong and the script that reloads; kept by no browser, for pictures change under their name."""
    if carried().snapshot is None:
        return response
    if not carried().host_is_trusted:
        return Response("400\n", 400, mimetype="text/plain")  # the usual page lists posts
    if response.mimetype == "text/html" and "ETag" not in response.headers:
        _add_notice(response)
    if response.headers.get("Cache-Control") != NO_STORE:
        response.headers["Cache-Control"] = "no-cache"
    return response


def _add_notice(response: Response) -> None:
    here = snapshot()
    post = here.find(request.path)
    if post and _is_unpublished(post):
        response.headers["X-Robots-Tag"] = "noindex"
    notice = blog().theme.render(
        ["dev.html"],
        edition(),
        lang=here.site.language,
        version=version(here),
        problems=_problems(here, post),
        post=post,
        is_old=post is not None and here.entries[post.path].problem is not None,
        unpublished=[other for other in here.by_url.values() if _is_unpublished(other)],
    )
    text = response.get_data(as_text=True)
    end = text.rfind("</body>") if "</body>" in text else len(text)
    response.set_data((text[:end] + notice + text[end:]).encode(errors="replace"))


def _is_unpublished(post: Post) -> bool:
    return not is_seen(post, datetime.fromtimestamp(blog().clock(), UTC))


def _problems(here: Snapshot, post: Post | None) -> list[PostError]:
    """What is wrong with the post that is shown, and what may be wrong with any page; without a post, all."""
    concerned = [*here.clashes, *(problem for problem in here.problems if _concerns(problem, post))]
    return list(dict.fromkeys((*concerned, *blog().theme.problems)))


def _concerns(problem: PostError, post: Post | None) -> bool:
    return post is None or problem.file == post.path or not problem.file.startswith(("posts/", "pages/"))
