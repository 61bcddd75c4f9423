"""What the commands that print signed links have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from bitacora.web.blog import blog

_MOST_DAYS = 366
_IS_OFF = """\
Links are off. Set BITACORA_SECRET_KEY, for the server and this command alike, to a secret of at least 32 bytes.
This makes one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"""


def days_option(usual: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    about = "For how many days the link works."
    return click.option("--days", type=click.IntRange(1, _MOST_DAYS), default=usual, show_default=True, help=about)


def print_link(make: Callable[[], str], days: int) -> None:
    """The absolute address of what `make` gives, and until when it works; says so where links are off."""
    if not blog().operator.secret_key:
        raise click.ClickException(_IS_OFF)
    site = blog().library.snapshot().site
    until = datetime.fromtimestamp(blog().clock(), UTC).astimezone(site.zone) + timedelta(days=days)
    click.echo(site.url + make())
    click.echo(f"It works until {until:%Y-%m-%d %H:%M %Z}.", err=True)
