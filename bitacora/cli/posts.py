"""flask posts: what is wrong with the posts."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
from flask import current_app
from flask.cli import AppGroup

from bitacora.content.errors import PostError
from bitacora.web.blog import blog

posts = AppGroup("posts", help="Look after the posts.")

_LISTS = ("/", "/archive/", "/categories/", "/tags/", "/feed.xml", "/sitemap.xml")


@posts.command()
def check() -> None:
    """Say what is held back and why, one line for each file. Exits with 1 when there is anything."""
    library, theme = blog().library, blog().theme
    _read([*_LISTS, *library.snapshot().by_url])
    here = library.snapshot()
    problems = sorted({*here.problems, *theme.problems}, key=_place)
    for problem in problems:
        click.echo(" ".join(str(problem).split()))
    shown = f"{len(here.posts)} posts and {len(here.pages)} pages are up"
    click.echo(f"{shown}, {len(problems) or 'no'} {'problem' if len(problems) == 1 else 'problems'}.", err=True)
    sys.exit(1 if problems else 0)


def _read(addresses: Iterable[str]) -> None:
    """Ask for pages as a reader does: some things go wrong only when a body or a template is rendered."""
    reader = current_app.test_client()
    for address in addresses:
        reader.get(address)


def _place(problem: PostError) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column
