"""The commands: flask posts, flask site."""

from __future__ import annotations

import os
import sys
from itertools import pairwise

from flask import Flask

from bitacora.cli.posts import posts
from bitacora.cli.site import site


def is_command(*groups: str) -> bool:
    """Whether this process runs one of them: then it says itself what is wrong, and the log need not."""
    known = groups or ("posts", "site")
    return os.environ.get("FLASK_RUN_FROM_CLI") == "true" and not set(known).isdisjoint(sys.argv)


def makes_a_site() -> bool:
    """Whether this process makes the folder of a site: the one that `BITACORA_SITE` names may not be there yet."""
    return is_command() and not {("site", "new"), ("site", "init-git")}.isdisjoint(pairwise(sys.argv))


def set_up(app: Flask) -> None:
    app.cli.add_command(posts)
    app.cli.add_command(site)
