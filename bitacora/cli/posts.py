"""flask posts: what is wrong with the posts, and how their links look."""

from __future__ import annotations

import json
import os
import posixpath
import re
import sys
from collections.abc import Iterator, Sized
from dataclasses import asdict, replace
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import AppGroup

from bitacora.cli.fetch_images import fetch_images
from bitacora.cli.links import days_option, print_link
from bitacora.content.errors import PostError, Remark
from bitacora.content.post import Post, repeated_keys
from bitacora.content.snapshot import Snapshot
from bitacora.share.desk import Desk
from bitacora.share.verdicts import Verdict
from bitacora.web.blog import blog
from bitacora.web.desk import OWN
from bitacora.web.preview import PREVIEW_DAYS, preview_url, unpublished

posts = AppGroup("posts", help="Look after the posts.")

_BAR_FROM_POSTS = 200


_LISTS = ("/", "/archive/", "/categories/", "/tags/", "/feed.xml", "/sitemap.xml")


@posts.command()
@click.option("--share/--no-share", default=True, help="Judge the share previews as well.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def check(share: bool, as_json: bool) -> None:
    """Say what is held back and what previews lack, one line each. Exits with 1 when a file is held back."""
    library = blog().library
    warnings = list(_read(library.snapshot(), judges=share))
    here = library.snapshot()
    warnings = [*_remarks(here), *_hardly_meant(here), *warnings]
    problems = sorted({*here.problems, *blog().theme.problems}, key=_place)
    if as_json:
        found = [{**_place_and_words(problem), "severity": "error"} for problem in problems]
        click.echo(json.dumps({"posts": len(here.posts), "findings": found}, ensure_ascii=False, indent=1))
        sys.exit(1 if problems else 0)
    for line in (*map(str, problems), *warnings):
        click.echo(" ".join(line.split()))
    shown = f"{len(here.posts)} posts and {len(here.pages)} pages are up"
    click.echo(f"{shown}, {_counted(problems, 'problem')}, {_counted(warnings, 'warning')}.", err=True)
    sys.exit(1 if problems else 0)


def _remarks(here: Snapshot) -> Iterator[str]:
    """What heads say in vain, those of drafts too."""
    for remark in sorted((one for post in here.candidates for one in post.remarks), key=_place):
        told, values = remark.mistake, dict(remark.values)
        words = " ".join(blog().say(here, text, **values) for text in (told.reason, told.remedy))
        yield f"{remark.file}:{remark.line}:{remark.column}: warning: {words}"


def _read(here: Snapshot, *, judges: bool) -> Iterator[str]:
    """Ask for pages as readers do: some things go wrong only when a body or a template is rendered."""
    reader = current_app.test_client()
    for address in (*_LISTS, *here.by_url):
        reader.get(address, environ_overrides={OWN: True})
    for post in _with_a_bar(here) if judges else ():
        if post.url in blog().library.snapshot().by_url:
            found = blog().desk(here, post, draws=False).summary
            yield from (_told(here, post, verdict, "warning") for verdict in found if verdict.severity == "error")


def _hardly_meant(here: Snapshot) -> Iterator[str]:
    """What holds nothing back, but was hardly meant."""
    yield from map(_warned, here.remarks)
    for post in here.candidates:
        for remark in repeated_keys(here.source(post), post.path):
            yield _warned(remark)


def _warned(remark: PostError) -> str:
    return f"{remark.file}:{remark.line}:{remark.column}: warning: {remark.reason} {remark.remedy}"


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
        desk = blog().desk(here, found)
    except PostError as broken:
        raise click.ClickException(str(broken)) from None
    if as_json:
        click.echo(json.dumps(_plain(here, desk), ensure_ascii=False, indent=2, default=str))
        return
    for shown in desk.shown:
        click.echo(" — ".join(filter(None, (f"{shown.label} ({shown.form}): {shown.title}", shown.description))))
    click.echo("")
    for verdict in desk.summary:
        click.echo(_told(here, found, verdict))
    if not desk.summary:
        click.echo(blog().say(here, "Ready to share everywhere"))


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
    for path in _paths(wanted):
        if path in by_path:
            return by_path[path]
        if problem := next((problem for problem in here.problems if problem.file == path), None):
            raise click.ClickException(str(problem))
    if post := here.find(address) or here.find(f"{address}/"):
        return post
    raise click.ClickException(f"There is no post {wanted}. Name its file, like posts/2018-07-17-x.md.")


def _with_a_bar(here: Snapshot) -> Iterator[Post]:
    published = list(here.by_url.values())
    hidden = len(published) < _BAR_FROM_POSTS or not sys.stderr.isatty()
    with click.progressbar(published, label="Checking", file=sys.stderr, hidden=hidden) as bar:
        yield from bar


def _plain(here: Snapshot, desk: Desk) -> dict[str, object]:
    """The desk for programs, its verdicts in words."""
    shown = [replace(one, verdicts=tuple(_in_words(here, each) for each in one.verdicts)) for one in desk.shown]
    return asdict(Desk(tuple(shown), tuple(_in_words(here, each) for each in desk.summary)))


def _in_words(here: Snapshot, verdict: Verdict) -> Verdict:
    message, remedy = (blog().say(here, text, **verdict.values) for text in (verdict.message, verdict.remedy))
    return replace(verdict, message=message, remedy=remedy)


def _told(here: Snapshot, post: Post, verdict: Verdict, severity: str = "") -> str:
    """One line: place, severity, what is wrong, what was measured, what to do."""
    said = _in_words(here, verdict)
    measured = f" ({said.measured} / {said.limit})" if said.measured and said.limit else ""
    place = f"{post.path}:{said.line or 1}:1: {severity or said.severity}"
    return " ".join(f"{place}: {said.message}{measured} {said.remedy}".split())


def _counted(things: Sized, name: str) -> str:
    return f"{len(things) or 'no'} {name if len(things) == 1 else name + 's'}"


def _place_and_words(problem: PostError) -> dict[str, object]:
    names = ("file", "line", "column", "reason", "remedy")
    return {name: getattr(problem, name) for name in names}


def _place(problem: PostError | Remark) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column
