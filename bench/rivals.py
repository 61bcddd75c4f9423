"""What the blog is measured against: Flask applications that answer as many bytes as a page of ours has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, render_template
from flask_caching import Cache

_SENTENCE = "The assembly approved the minutes of every meeting. "
_PARAGRAPH = _SENTENCE * 6


def hello(size: int) -> Flask:
    """Flask's hello world, `size` bytes long."""
    app = Flask("hello")
    text = _text(size)

    @app.get("/")
    def page() -> str:
        return text

    return app


def bare(size: int, headers: Sequence[tuple[str, str]]) -> Callable[[Any, Any], list[bytes]]:
    """A WSGI function that looks at nothing and always gives the same: no application can be faster."""
    body, sent = _text(size).encode(), list(headers)

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", sent)
        return [body]

    return application


def cached(size: int) -> Flask:
    """The same behind Flask-Caching's `@cached`, in memory."""
    app = Flask("cached")
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    text = _text(size)

    @app.get("/")
    @cache.cached(timeout=3600)
    def page() -> str:
        return text

    return app


def rendered(size: int) -> Flask:
    """A template of about `size` bytes, rendered each time."""
    app = Flask("bench")
    paragraphs = [_PARAGRAPH] * (size // (len(_PARAGRAPH) + 8))
    navigation = [{"label": name, "url": f"/{name}/"} for name in ("about", "archive", "categories")]

    @app.get("/")
    def page() -> str:
        return render_template("page.html", title=_SENTENCE, paragraphs=paragraphs, navigation=navigation)

    return app


def _text(size: int) -> str:
    return (_SENTENCE * (size // len(_SENTENCE) + 1))[:size]
