"""The commands: flask posts, flask site."""

from __future__ import annotations

from flask import Flask

from bitacora.cli.posts import posts
from bitacora.cli.site import site


def set_up(app: Flask) -> None:
    app.cli.add_command(posts)
    app.cli.add_command(site)
