"""Stylesheets, icons and other files of the theme and the site."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, abort, request

from bitacora.share.icon import icon
from bitacora.web.blog import blog, snapshot, text
from bitacora.web.exchange import Page
from bitacora.web.files import SVG_POLICY
from bitacora.web.headers import FOREVER, NO_STORE

assets = Blueprint("assets", __name__)


@assets.get("/static/<path:name>")
def static(name: str) -> Response:
    """For ever under a name with the hash of what is in it; to be asked for each time under any other."""
    files, here, address = blog().files, snapshot(), quote(f"/static/{name}")
    plain = files.static_name(here, name)
    if plain is None:
        abort(404)
    is_current = address == files.static_url(here, plain)
    is_kept = is_current or name == plain
    response = files.static(request, here, plain, is_kept=is_kept)
    if response is None:
        abort(404)
    is_whole = response.headers.setdefault("Cache-Control", FOREVER if is_current else "no-cache") != NO_STORE
    if is_whole and is_kept and not response.is_streamed:  # text: worth a place among the pages
        return Page(response.get_data(), headers=response.headers).kept_at(address)
    return response


@assets.get("/theme.css")
def theme_css() -> Response:
    if not snapshot().site.accent:
        abort(404)
    return text("theme.css", "/theme.css", "text/css")


@assets.get("/favicon.svg")
def favicon() -> Response:
    response = text("favicon.svg", "/favicon.svg", "image/svg+xml")
    response.headers["Content-Security-Policy"] = SVG_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
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
    response = Page(blog().derived.get("icon", inputs, lambda: icon(accent, logo), _is_png), mimetype="image/png")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response.kept_at(request.path)


def _is_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
