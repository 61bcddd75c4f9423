"""The commands: flask posts, flask site."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from bitacora.cli.posts import posts
from bitacora.cli.running import is_command, is_short, makes_a_site, prefers_nearest
from bitacora.cli.site import site
from bitacora.files.layout import SETTINGS_FILE

__all__ = ["NoSiteError", "is_command", "makes_a_site", "set_up", "site_here", "site_of_command"]

_HELP = {"--help", "-h"}


def nearest_site(folder: Path) -> Path | None:
    """Return the nearest folder upwards with a `site.toml`, itself first; never `/` or the home of a user."""
    not_sites = {Path("/"), Path(os.path.expanduser("~"))}  # noqa: PTH111 - Path.home() fails where there is none
    folders = (each for each in (folder, *folder.parents) if each not in not_sites)
    return next((each for each in folders if (each / SETTINGS_FILE).is_file()), None)


def site_of_command(environ: Mapping[str, str], sample: Path | None) -> dict[str, str]:
    """Return the environment, with the site that a command speaks of.

    `bitacora` takes what --site names, then the nearest site upwards, then `BITACORA_SITE`; `flask posts` takes
    `BITACORA_SITE` before the nearest one. The sample of a checkout is for those alone who stand in it and name no
    other. Says on standard error whose site it is, unless it was named; raises NoSiteError where there is none.
    """
    if not is_command() or makes_a_site() or _HELP & set(sys.argv):
        return dict(environ)
    site = site_here(environ, sample)
    if str(site) != environ.get("BITACORA_SITE"):
        sys.stderr.write(f"Site: {site}\n")
    return {**environ, "BITACORA_SITE": str(site)}


def site_here(environ: Mapping[str, str], sample: Path | None) -> Path:
    """Return the folder of the site that a command speaks of. Raises NoSiteError where there is none."""
    named, here = environ.get("BITACORA_SITE"), Path.cwd()
    if named and not prefers_nearest():
        return Path(named)
    nearest = nearest_site(here)
    if nearest is not None and sample is not None and nearest.samefile(sample):
        nearest = None if named else sample
    if nearest is None and not named:
        raise NoSiteError(no_site(here))
    return nearest or Path(named or "")


def no_site(here: Path) -> str:
    """Return what to type where there is no site."""
    named, made = ("--site FOLDER", "bitacora new") if is_short() else ("BITACORA_SITE=FOLDER", "flask site new")
    return (
        f"Neither {here} nor a folder above it is a site: there is no {SETTINGS_FILE}. Go to the folder of "
        f"your site, or name it: {named}. To make one: {made} FOLDER"
    )


class NoSiteError(Exception):
    """There is no site to speak of: says where it was looked for."""


def set_up(app: Flask) -> None:
    app.cli.add_command(posts)
    app.cli.add_command(site)
