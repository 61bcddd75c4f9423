"""The commands: flask posts, flask site."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from flask import Flask

from bitacora.cli.posts import posts
from bitacora.cli.site import site
from bitacora.files.layout import SETTINGS_FILE

_HELP = {"--help"}


def is_command(*groups: str) -> bool:
    """Whether this process runs one of them: then it says itself what is wrong, and the log need not."""
    known = groups or ("posts", "site")
    return os.environ.get("FLASK_RUN_FROM_CLI") == "true" and not set(known).isdisjoint(sys.argv)


def makes_a_site() -> bool:
    """Whether this process makes the folder of a site: the one that `BITACORA_SITE` names may not be there yet."""
    return is_command() and not {("site", "new"), ("site", "init-git")}.isdisjoint(pairwise(sys.argv))


def nearest_site(folder: Path) -> Path | None:
    """Return the nearest folder upwards with a `site.toml`, itself first; never `/` or the home of a user."""
    not_sites = {Path("/"), Path(os.path.expanduser("~"))}  # noqa: PTH111 - Path.home() fails where there is none
    folders = (each for each in (folder, *folder.parents) if each not in not_sites)
    return next((each for each in folders if (each / SETTINGS_FILE).is_file()), None)


def site_of_command(environ: Mapping[str, str], sample: Path) -> dict[str, str]:
    """Return the environment, with the nearest site upwards where a command names none.

    Says on standard error whose site it is; raises NoSiteError where there is none. The sample of this checkout is
    for those alone who stand in it.
    """
    if environ.get("BITACORA_SITE") or not is_command() or makes_a_site() or _HELP & set(sys.argv):
        return dict(environ)
    here = Path.cwd()
    site = nearest_site(here)
    if site is None:
        raise NoSiteError(
            f"Neither {here} nor a folder above it is a site: there is no {SETTINGS_FILE}. Go to the folder of "
            "your site, or name it: BITACORA_SITE=FOLDER. To make one: flask site new FOLDER"
        )
    site = sample if site.samefile(sample) else site
    sys.stderr.write(f"Site: {site}\n")
    return {**environ, "BITACORA_SITE": str(site)}


class NoSiteError(Exception):
    """There is no site to speak of: says where it was looked for."""


def set_up(app: Flask) -> None:
    app.cli.add_command(posts)
    app.cli.add_command(site)
