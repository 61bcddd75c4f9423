"""flask site: the folder of a site."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

site = AppGroup("site", help="Look after the site's folder.")

_SETTINGS = """\
# What this site is. Every setting is described in docs/settings.md.
title = "Mi bitácora"
description = ""
language = "es"
timezone = "America/Santiago"
# The public address. Without it, links in feeds and previews lead to this machine only.
# url = "https://blog.example.org"
"""

_FIRST_POST = """\
---
title: La primera entrada
intro: Una frase que diga de qué se trata.
date: {date}
categories: [Noticias]
---
Este es el texto, en **Markdown**. Cámbialo, guarda el archivo y recarga la página: el cambio ya está.
"""


@site.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Make a site with a first post in FOLDER."""
    if (folder / "site.toml").exists() or (folder / "posts").exists():
        raise click.ClickException(f"{folder} is a site already: nothing was changed.")
    now = datetime.now(ZoneInfo("America/Santiago"))
    post = folder / "posts" / f"{now:%Y-%m-%d}-la-primera-entrada.md"
    try:
        post.parent.mkdir(parents=True)
        post.write_text(_FIRST_POST.format(date=now.strftime("%Y-%m-%d %H:%M:%S%z")), encoding="utf-8")
        (folder / "site.toml").write_text(_SETTINGS, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be made: {error.strerror}.") from None
    click.echo(f"Your site is in {folder}. Its first post is {post}.")
    click.echo(f"See it: BITACORA_SITE={quote(str(folder))} make serve")
