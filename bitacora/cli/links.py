"""What the commands that print signed links have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bitacora.web.blog import blog
from bitacora.web.signed import make_key

_MOST_DAYS = 366
_IS_OFF = """\
Links are off: there is no cache folder to keep a key in ({}).
Set BITACORA_SECRET_KEY, for the server and this command alike, to a secret of at least 32 bytes.
This makes one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"""
_IS_LOCAL = """\
Its key is in {}: the link works on servers that use this folder, such as bitacora dev on this machine.
For a server elsewhere, set the same BITACORA_SECRET_KEY there and here."""


def days_option(usual: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    about = "For how many days the link works."
    return click.option("--days", type=click.IntRange(1, _MOST_DAYS), default=usual, show_default=True, help=about)


def print_link(make: Callable[[], str], days: int) -> None:
    """Print the absolute address of what `make` gives, and until when it works.

    Without a key of the operator's, one is made at the first use.
    """
    made = None if blog().operator.secret_key else _made_key()
    site = blog().library.snapshot().site
    until = datetime.fromtimestamp(blog().clock(), UTC).astimezone(site.zone) + timedelta(days=days)
    click.echo(site.url + make())
    click.echo(f"It works until {until:%Y-%m-%d %H:%M %Z}.", err=True)
    if made:
        click.echo(_IS_LOCAL.format(made), err=True)


def _made_key() -> Path:
    kept = blog().kept
    if kept is None:
        raise click.ClickException(_IS_OFF.format("BITACORA_CACHE_DIR names it"))
    try:
        return make_key(kept)
    except OSError as error:
        raise click.ClickException(_IS_OFF.format(f"{kept}: {error.strerror}")) from None
