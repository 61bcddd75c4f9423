"""Stylesheets, icons and other files of the theme and the site."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, request

from bitacora.share.icon import icon
from bitacora.web.blog import blog, snapshot, text

assets = Blueprint("assets", __name__)


@assets.get("/static/<path:name>")
def static(name: str) -> Response:
    response = blog().files.static(request, snapshot(), name)
    if response is None:
        abort(404)
    if not response.is_streamed:
        g.keep = request.path
    return response


@assets.get("/theme.css")
def theme_css() -> Response:
    if not snapshot().site.accent:
        abort(404)
    return text("theme.css", "/theme.css", "text/css")


@assets.get("/favicon.svg")
def favicon() -> Response:
    response = text("favicon.svg", "/favicon.svg", "image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


@assets.get("/favicon.ico")
@assets.get("/apple-touch-icon.png")
def touch_icon() -> Response:
    """Drawn from the settings, unless the site has an icon of its own."""
    own = "touch-icon.png"
    if f"static/{own}" in snapshot().files or not (snapshot().site.accent or snapshot().site.logo):
        return static(own)
    accent, logo = snapshot().site.accent, blog().files.logo(snapshot())
    inputs = accent.encode() + b"\n" + (logo or b"")
    response = Response(blog().derived.get("icon", inputs, lambda: icon(accent, logo)), mimetype="image/png")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    g.keep = request.path
    return response
