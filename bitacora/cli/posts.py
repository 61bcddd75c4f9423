"""flask posts: what is wrong with the posts, and how their links look."""

from __future__ import annotations

import json
import os
import posixpath
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from bitacora.cli.check import check
from bitacora.cli.editable import must_be_editable
from bitacora.cli.explain import explain
from bitacora.cli.fetch_images import fetch_images
from bitacora.cli.links import days_option, print_link
from bitacora.cli.verdicts import LANGUAGE, in_words, two_lines
from bitacora.cli.write import list_posts, new
from bitacora.library.snapshot import Snapshot
from bitacora.posts.post import Post
from bitacora.problems import PostError
from bitacora.share.desk import Desk
from bitacora.web.blog import blog
from bitacora.web.preview import PREVIEW_DAYS, preview_url, unpublished

posts = AppGroup("posts", help="Look after the posts.")

for command in (check, explain, new, list_posts):
    posts.add_command(command)


@posts.command()
@click.argument("post")
@click.option("--json", "as_json", is_flag=True, help="Print every preview and verdict as JSON.")
def share(post: str, as_json: bool) -> None:
    """Say how the link to POST, a file or an address, will look on each network and what to mend."""
    here = blog().library.snapshot()
    found = _find(here, post)
    if found.path not in here.by_path:
        raise click.ClickException(f"{found.path} is not published: there is no page to share yet.")
    try:
        desk = blog().desk(here, found, LANGUAGE)
    except PostError as broken:
        raise click.ClickException(str(broken)) from None
    if as_json:
        click.echo(json.dumps(_plain(desk), ensure_ascii=False, indent=2, default=str))
        return
    for shown in desk.shown:
        click.echo(" — ".join(filter(None, (f"{shown.label} ({shown.form}): {shown.title}", shown.description))))
    click.echo("")
    for verdict in desk.summary:
        click.echo(two_lines(found, verdict))
    if not desk.summary:
        click.echo("Ready to share everywhere")


@posts.command()
@click.argument("post")
@days_option(PREVIEW_DAYS)
def preview(post: str, days: int) -> None:
    """Print a link to POST, a file that is not published yet, for those who may see it before."""
    here = blog().library.snapshot()
    path = _file(here, post)
    if found := unpublished(here, path, datetime.fromtimestamp(blog().clock(), UTC)):
        print_link(lambda: preview_url(path, days), days)
        hint = " Add share/ to see how its link will look." if path.startswith("posts/") else ""
        click.echo(f"{path} is {'a draft' if found.kind == 'draft' else found.kind}.{hint}", err=True)
    elif path in here.by_path:
        click.echo(here.site.url + here.by_path[path].url)
        click.echo(f"{path} is published: this is its own address.", err=True)
    else:
        raise click.ClickException(f"{path} has expired. Change its line expires to show it again.")


@posts.command("fetch-images")
@click.argument("wanted", metavar="[POST]...", nargs=-1)
@click.option("--write", is_flag=True, help="Name the fetched pictures in the posts' heads.")
@click.option("--host", "hosts", multiple=True, help="Ask only this host; may be given again.")
def fetch(wanted: tuple[str, ...], write: bool, hosts: tuple[str, ...]) -> None:
    """Put the remote pictures of posts beside them, so that previews can show them as they should be."""
    must_be_editable()
    library = blog().library
    here = library.snapshot()
    chosen = [_find(here, name) for name in wanted] or here.candidates
    fetch_images(here, library.root, chosen, hosts, write=write)


def _file(here: Snapshot, wanted: str) -> str:
    """The path of a post's file, even if nothing in it can be read."""
    for path in _paths(wanted):
        if path in here.entries and path.startswith(("posts/", "pages/")):
            return path
    return _find(here, wanted).path


def _paths(wanted: str) -> tuple[str, str]:
    """What may be meant: seen from the site's folder, or from here."""
    return posixpath.normpath(wanted), os.path.relpath(wanted or ".", blog().library.root)


def _find(here: Snapshot, wanted: str) -> Post:
    """By its file, seen from the site's folder or from here, or by its address or that of its share page."""
    by_path = {post.path: post for post in here.candidates}
    address = re.split("[?#]", wanted.removeprefix(here.site.url))[0].removesuffix("share/")
    if here.is_prefixed(address):
        address = address[len(here.site.prefix) :]
    for path in _paths(wanted):
        if path in by_path:
            return by_path[path]
        if problem := next((problem for problem in here.problems if problem.file == path), None):
            raise click.ClickException(str(problem))
    if post := here.find(address) or here.find(f"{address}/"):
        return post
    raise click.ClickException(f"There is no post {wanted}. Name its file, like posts/2018-07-17-x.md.")


def _plain(desk: Desk) -> dict[str, object]:
    """The desk for programs, its verdicts in words."""
    shown = [replace(one, verdicts=tuple(in_words(each) for each in one.verdicts)) for one in desk.shown]
    return asdict(Desk(tuple(shown), tuple(in_words(each) for each in desk.summary)))
