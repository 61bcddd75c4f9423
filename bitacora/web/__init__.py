"""Posts to HTTP."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, RequestRedirect

from bitacora.library.snapshot import Snapshot
from bitacora.posts.permalink import quote_path, quote_query
from bitacora.problems import PostError
from bitacora.settings import SettingError
from bitacora.web import surrogate
from bitacora.web.assets import assets
from bitacora.web.blog import blog, door, page, redirect, say, snapshot
from bitacora.web.exchange import Page, Request, carried
from bitacora.web.feeds import feeds
from bitacora.web.headers import NO_STORE, briefly, security
from bitacora.web.hooks import hooks
from bitacora.web.page_cache import HEALTH, READING
from bitacora.web.pages import pages
from bitacora.web.preview import previews
from bitacora.web.status import status

log = logging.getLogger(__name__)

MOST_HELD_BACK = 100
_HISTORY_PATIENCE_S = 2.0
"""For an address where nothing is, while git is asked after a push what was there before."""
_Answer = TypeVar("_Answer")

_KINDS = {"feeds": "feed", "assets": "asset", "hooks": "hook", "status": "health", "previews": "preview"}
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
_PORT = re.compile(r":\d+$")
_DOTS = {".", ".."}
_SLASHES = re.compile("/{2,}")


class Number(BaseConverter):
    """1 and up, written in one way only."""

    regex = r"[1-9][0-9]{0,5}"
    to_python = int  # type: ignore[assignment]


class PageNumber(BaseConverter):
    """2 and up, written in one way only: page 1 of a list is the list's own address."""

    regex = r"(?:[2-9]|[1-9][0-9]{1,5})"
    to_python = int  # type: ignore[assignment]


class YearNumber(BaseConverter):
    regex = r"[0-9]{4}"
    to_python = int  # type: ignore[assignment]


class MonthNumber(BaseConverter):
    regex = r"(?:0[1-9]|1[0-2])"
    to_python = int  # type: ignore[assignment]


def set_up(app: Flask) -> None:
    """Routes, and what every request begins and ends with."""
    app.request_class = Request
    app.url_map.converters |= {"number": Number, "page": PageNumber, "year": YearNumber, "month": MonthNumber}
    app.url_map.redirect_defaults = app.url_map.merge_slashes = False
    for blueprint in (pages, feeds, assets, hooks, status, previews):
        app.register_blueprint(blueprint)
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(PostError, _held_back)
    app.register_error_handler(Exception, _server_error)


def reserved(app: Flask) -> Callable[[str], bool]:
    """Whether an address belongs to the engine: to any of its routes but that of posts and pages."""
    first_names = {
        rule.rule.split("/")[1] for rule in app.url_map.iter_rules() if rule.endpoint != "pages.address"
    }
    first_names = {name for name in first_names if not name.startswith("<")}

    def is_reserved(url: str) -> bool:
        if url.split("/", 2)[1] not in first_names:
            return False
        try:
            endpoint, _ = app.url_map.bind("").match(url)
        except RequestRedirect:
            return True
        except HTTPException:
            return False
        return bool(endpoint != "pages.address")

    return is_reserved


def trusts(hosts: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a Host header names this site: any does unless the operator named some."""
    allowed = frozenset((*(host.lower() for host in hosts), *_LOOPBACK_HOSTS))

    def is_trusted(host: str) -> bool:
        return not hosts or _PORT.sub("", host.lower()) in allowed

    return is_trusted


def _begin() -> Response | None:
    this = carried()
    if not this.host_is_valid:
        return _bare(400)
    if request.path in HEALTH:
        return None
    try:
        here = this.snapshot = this.preview or this.snapshot or _renewed()
    except (OSError, SettingError) as error:
        log.error("there is nothing to serve: %s", error)
        return _bare(503)
    blog().site = here.site
    if not this.host_is_trusted:
        abort(400)
    if path := _better(request.path):
        if not this.is_below and here.is_prefixed(path):
            path = path[len(here.site.prefix) :]
        return redirect(quote_path(path), 308)
    if request.environ["QUERY_STRING"] and request.method in READING:
        query = quote_query(request.environ["QUERY_STRING"].encode("latin-1"))
        moved = here.moved(request.environ["PATH_INFO"], query)
        return redirect(moved, 301, is_written=True, keeps_query=False) if moved else None
    return None


def _renewed() -> Snapshot:
    begun = time.perf_counter()
    here = blog().library.snapshot(request.path)
    blog().metrics.renewed(time.perf_counter() - begun)
    return here


def _better(path: str) -> str | None:
    """The path without doubled slashes, or with the last one that is missing; None for one as it should be.

    Routing would redirect as well, and put the host of the request in front.
    """
    asked = request.environ["PATH_INFO"]
    if "//" in asked:
        if _DOTS & set(path.split("/")):  # a browser would go up from there
            abort(404)
        return _SLASHES.sub("/", path)
    if not asked and carried().here.site.prefix:
        return "/"
    return f"{path.rstrip('/')}/" if isinstance(request.routing_exception, RequestRedirect) else None


def _finish(response: Response) -> Response:
    this = carried()
    this.kind = _KINDS.get(request.blueprint or "") or this.kind or "list"
    for name, value in security(blog().site, blog().operator.hsts):
        response.headers.setdefault(name, value)
    if response.allow:  # a set: its order differs from process to process
        response.headers["Allow"] = ", ".join(sorted(response.allow))
    here = this.snapshot
    if here and this.preview is None:
        blog().metrics.serves(here.generation)
    if here and blog().operator.s_maxage and response.headers.get("Cache-Control") != NO_STORE:
        response.headers.extend(surrogate.headers(surrogate.keys(this.door.inputs if this.door else None)))
    is_read = response.status_code == 200 and request.method in READING
    if here and is_read and isinstance(response, Page) and response.url and not this.is_private:
        return blog().page_cache.keep(response, here, request.environ, door().inputs)
    if response.status_code >= 400:
        blog().page_cache.pack(response, request.environ)
    if here and response.status_code in {301, 308}:
        response.headers.setdefault("Cache-Control", briefly(here, blog().clock()))
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


_MESSAGES = {
    400: ("Bad request", "The browser asked in a way that the server does not understand."),
    404: (
        "Page not found",
        "There is nothing at this address. It may have moved, or the link may have a mistake.",
    ),
    405: ("Method not allowed", "This page can only be read."),
    410: ("This page is gone", "It was published for a time, and that time is over."),
    500: ("Something went wrong", "The fault is ours. Please try again in a moment."),
}


def _http_error(error: HTTPException) -> Response:
    if error.code == 404 and carried().preview is None:
        newer = blog().library.with_history(_HISTORY_PATIENCE_S)
        if newer is not None:
            carried().snapshot = newer
            try:
                return current_app.make_response(current_app.dispatch_request())
            except HTTPException as another:
                error = another
    code = error.code or 500
    try:
        response = _error_page(code)
    except PostError as problem:
        response = _without(problem, lambda: _error_page(code))
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name not in {"Content-Type", "Content-Length"}
    )
    return response


def _held_back(problem: PostError) -> ResponseReturnValue:
    try:
        return _without(problem, current_app.dispatch_request)
    except HTTPException as error:
        return _http_error(error)


def _without(problem: PostError, answer: Callable[[], _Answer]) -> _Answer | Response:
    """A body that cannot be shown takes its post down, not the page that lists it: answer again without it."""
    for _ in range(MOST_HELD_BACK):
        blog().library.hold_back(problem)
        carried().snapshot = blog().library.snapshot(request.path)
        try:
            return answer()
        except PostError as another:
            problem = another
    return _bare(500)


def _server_error(error: Exception) -> Response:
    log.error("%s %r failed", request.method, request.path, exc_info=error)
    try:
        return _error_page(500)
    except Exception:
        log.exception("the page that says so failed as well")
        return _bare(500)


def _bare(code: int) -> Response:
    """An answer for which nothing need work."""
    return Response(f"{code}\n", code, mimetype="text/plain", headers={"Cache-Control": NO_STORE})


def _error_page(code: int) -> Response:
    if carried().snapshot is None:
        carried().snapshot = blog().library.snapshot()
    title, message = _MESSAGES.get(code, _MESSAGES[400 if code < 500 else 500])
    response = page(
        "error.html",
        "",
        noindex=True,
        keep=False,
        notice=None,
        code=code,
        title=say(title),
        message=say(message),
        posts=snapshot().posts[:5],
    )
    response.status_code = code
    response.headers["Cache-Control"] = NO_STORE if code >= 500 else briefly(snapshot(), blog().clock())
    return response
