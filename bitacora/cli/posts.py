"""flask posts: what is wrong with the posts."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from bitacora.content.library import Library

posts = AppGroup("posts", help="Look after the posts.")


@posts.command()
def check() -> None:
    """Say what is held back and why, one line for each file. Exits with 1 when there is anything."""
    library: Library = current_app.extensions["bitacora"].library
    here = library.snapshot()
    problems = sorted(here.problems, key=lambda problem: (problem.file, problem.line))
    for problem in problems:
        click.echo(str(problem))
    shown = f"{len(here.posts)} posts and {len(here.pages)} pages are up"
    click.echo(f"{shown}, {len(problems)} problems." if problems else f"{shown}, nothing is wrong.", err=True)
    sys.exit(1 if problems else 0)
