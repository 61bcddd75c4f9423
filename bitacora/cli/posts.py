"""flask posts: what is wrong with the posts, and how their links look."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Sized

import click
from flask import current_app
from flask.cli import AppGroup

from bitacora.cli.fetch_images import fetch_images
from bitacora.content.errors import PostError
from bitacora.content.post import Post
from bitacora.content.snapshot import Snapshot
from bitacora.share.verdicts import Verdict
from bitacora.web.blog import blog

posts = AppGroup("posts", help="Look after the posts.")

_BAR_FROM_POSTS = 200


_LISTS = ("/", "/archive/", "/categories/", "/tags/", "/feed.xml", "/sitemap.xml")


@posts.command()
@click.option("--share/--no-share", default=True, help="Judge the share previews as well.")
def check(share: bool) -> None:
    """Say what is held back and what previews lack, one line each. Exits with 1 when a file is held back."""
    library = blog().library
    warnings = list(_read(library.snapshot(), judges=share))
    here = library.snapshot()
    problems = sorted({*here.problems, *blog().theme.problems}, key=_place)
    for line in (*map(str, problems), *warnings):
        click.echo(" ".join(line.split()))
    shown = f"{len(here.posts)} posts and {len(here.pages)} pages are up"
    click.echo(f"{shown}, {_counted(problems, 'problem')}, {_counted(warnings, 'warning')}.", err=True)
    sys.exit(1 if problems else 0)


def _read(here: Snapshot, *, judges: bool) -> Iterator[str]:
    """Ask for pages as readers do: some things go wrong only when a body or a template is rendered."""
    reader = current_app.test_client()
    for address in (*_LISTS, *here.by_url):
        reader.get(address)
    for post in _with_a_bar(here) if judges else ():
        if post.url in blog().library.snapshot().by_url:
            found = blog().desk(here, post, draws=False).summary
            yield from (_told(here, post, verdict) for verdict in found if verdict.severity == "error")


@posts.command()
@click.argument("post")
@click.option("--json", "as_json", is_flag=True, help="Print every preview and verdict as JSON.")
def share(post: str, as_json: bool) -> None:
    """Say how the link to POST, a file or an address, will look on each network and what to mend."""
    here = blog().library.snapshot()
    found = _find(here, post)
    desk = blog().desk(here, found)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(desk), ensure_ascii=False, indent=2, default=str))
        return
    for shown in desk.shown:
        click.echo(" — ".join(filter(None, (f"{shown.label} ({shown.form}): {shown.title}", shown.description))))
    click.echo("")
    for verdict in desk.summary:
        click.echo(_told(here, found, verdict))
    if not desk.summary:
        click.echo(blog().say(here, "Ready to share everywhere"))


@posts.command("fetch-images")
@click.argument("wanted", metavar="[POST]...", nargs=-1)
@click.option("--write", is_flag=True, help="Name the fetched pictures in the posts' heads.")
@click.option("--host", "hosts", multiple=True, help="Ask only this host; may be given again.")
def fetch(wanted: tuple[str, ...], write: bool, hosts: tuple[str, ...]) -> None:
    """Put the remote pictures of posts beside them, so that previews can show them as they should be."""
    library = blog().library
    here = library.snapshot()
    chosen = [_find(here, name) for name in wanted] or list(here.by_url.values())
    fetch_images(here, library.root, chosen, hosts, write=write)


def _find(here: Snapshot, wanted: str) -> Post:
    path = wanted.removeprefix(here.site.url).removeprefix("./")
    post = here.by_path.get(path) or here.by_url.get(path) or here.by_url.get(f"{path}/")
    if post is None:
        raise click.ClickException(
            f"There is no published post {wanted}. Name its file, like posts/2018-07-17-x.md."
        )
    return post


def _with_a_bar(here: Snapshot) -> Iterator[Post]:
    published = list(here.by_url.values())
    hidden = len(published) < _BAR_FROM_POSTS or not sys.stderr.isatty()
    with click.progressbar(published, label="Checking", file=sys.stderr, hidden=hidden) as bar:
        yield from bar


def _told(here: Snapshot, post: Post, verdict: Verdict) -> str:
    """One line: place, severity, networks, what is wrong, what was measured, what to do."""
    say = blog().say
    message = say(here, verdict.message, **verdict.values)
    measured = f" ({verdict.measured} / {verdict.limit})" if verdict.measured and verdict.limit else ""
    remedy = say(here, verdict.remedy, **verdict.values)
    return f"{post.path}:{verdict.line or 1}:1: {verdict.severity}: {message}{measured} {remedy}"


def _counted(things: Sized, name: str) -> str:
    return f"{len(things) or 'no'} {name if len(things) == 1 else name + 's'}"


def _place(problem: PostError) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column
