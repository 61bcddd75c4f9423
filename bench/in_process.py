"""A warm page as a WSGI call, and what an edit costs the next reader."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.test import EnvironBuilder

from bench import rivals
from bench.measure import Timing, in_turns, timed

_HELLO_BYTES = 20_000
AFTER_AN_EDIT = ("page", "home", "archive", "feed")


class Blog:
    """The blog on one site, called in this process."""

    def __init__(self, site: Path, cache: Path) -> None:
        from app import create_app  # late: it serves the site that the environment names

        self.app = create_app({"BITACORA_SITE": str(site), "BITACORA_CACHE_DIR": str(cache)})
        self.newest = self.app.extensions["bitacora"].library.snapshot().posts[0]
        self.file = site / self.newest.path
        self.urls = {"page": self.newest.url, "home": "/", "archive": "/archive/", "feed": "/feed.xml"}


def warm_pages(sites: Mapping[int, Blog], rounds: int) -> tuple[int, dict[str, Timing]]:
    """Size of the page in bytes, and a request for it beside Flask's hello world of the same size.

    `sites` are blogs by their number of posts.
    """
    pages = {count: caller(blog.app, blog.newest.url) for count, blog in sites.items()}
    blog = next(iter(sites.values()))
    size = max(len(page()) for page in pages.values())  # this first request stores the page
    browser = {"HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd"}
    has_it = {"HTTP_IF_NONE_MATCH": dict(_call(blog.app, _environ(blog.newest.url, {}))[1])["ETag"]}
    contenders = {
        "Flask hello world": caller(rivals.hello(size), "/"),
        **{f"**the blog, {count:,} posts**": page for count, page in pages.items()},
        "to a browser that takes brotli": caller(blog.app, blog.newest.url, browser),
        "to a browser that has it (304)": caller(blog.app, blog.newest.url, has_it),
        "Flask-Caching's `@cached` view": caller(rivals.cached(size), "/"),
        "`render_template` each time": caller(rivals.rendered(size), "/"),
    }
    gc.collect()
    gc.freeze()  # as gunicorn.conf.py does
    return size, in_turns(contenders, rounds, calls=200)


def hello() -> float:
    """Seconds of a call of Flask's hello world, at its best: how fast this machine is now."""
    call = caller(rivals.hello(_HELLO_BYTES), "/")
    return min(timed(call, calls=200)[0] for _ in range(10))


def first_after_an_edit(blog: Blog, times: int) -> dict[str, tuple[float, float]]:
    """Seconds of wall and CPU time of the first request after one post was edited, by what is asked for."""
    for url in blog.urls.values():
        caller(blog.app, url)()
    original = blog.file.read_text(encoding="utf-8")
    taken: dict[str, list[tuple[float, float]]] = {what: [] for what in AFTER_AN_EDIT}
    for edit in range(times):
        for what in AFTER_AN_EDIT:
            time.sleep(0.05)  # past the tick in which a second write may hide
            blog.file.write_text(f"{original}\nEdit {edit} for {what}.\n", encoding="utf-8")
            taken[what].append(timed(caller(blog.app, blog.urls[what]), calls=1))
    return {
        what: (median(wall for wall, _ in samples), median(cpu for _, cpu in samples))
        for what, samples in taken.items()
    }


def caller(app: Flask, path: str, headers: dict[str, str] | None = None) -> Callable[[], bytes]:
    """A request to `app` as a server makes it, to be repeated; it gives the body."""
    environ = _environ(path, headers or {})
    return lambda: _call(app, environ.copy())[2]


def _environ(path: str, headers: dict[str, str]) -> dict[str, Any]:
    return {**EnvironBuilder(path).get_environ(), **headers}


def _call(app: WSGIApplication, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    started: list[Any] = []
    chunks = app(environ, lambda *status_and_headers: started.extend(status_and_headers))  # type: ignore[arg-type]
    body = b"".join(chunks)
    if close := getattr(chunks, "close", None):
        close()
    status, headers = started[:2]
    if not status.startswith(("200", "304")):
        raise RuntimeError(f"{environ['PATH_INFO']} answered {status}")
    return status, headers, body
