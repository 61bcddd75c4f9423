"""flask posts new, flask posts list: to begin a post, and to find one."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import click
from flask.cli import with_appcontext

from bitacora.cli.editable import must_be_editable
from bitacora.files.layout import is_markdown
from bitacora.library.snapshot import SUBJECTS, Snapshot
from bitacora.posts.dates import DateError, read_date
from bitacora.posts.permalink import name_key, slugify, term_slug
from bitacora.posts.post import Author, Post, Term
from bitacora.posts.visibility import mark_of, standing
from bitacora.web.blog import blog

_ACCENTED_LATIN = re.compile("([A-Za-z])[\u0300-\u036f]+")


@click.command()
@click.argument("title")
@click.option("--category", "categories", multiple=True, help="What it is about; may be given again.")
@click.option("--draft", is_flag=True, help="Nobody sees it before you take the mark out.")
@click.option("--edit", is_flag=True, help="Open it in $EDITOR.")
@with_appcontext
def new(title: str, categories: tuple[str, ...], draft: bool, edit: bool) -> None:
    """Begin a post with TITLE: a file with a good head, dated now. No file is ever overwritten."""
    must_be_editable()
    site = blog().library.snapshot().site
    now = datetime.fromtimestamp(blog().clock(), site.zone)
    title = " ".join(title.split())
    slug = slugify(_without_accents(title)) or term_slug(title)
    if not title or not title.isprintable():
        raise click.ClickException("A title needs letters, and no control characters.")
    file = blog().library.root / "posts" / f"{now:%Y-%m-%d}-{slug[:100].rstrip('-')}.md"
    try:
        file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(_head(title, now, categories, draft=draft))
    except FileExistsError:
        raise click.ClickException(f"{file} is there already: nothing was changed.") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(str(file))
    if edit:
        click.edit(filename=str(file))


def _head(title: str, now: datetime, categories: tuple[str, ...], *, draft: bool) -> str:
    lines = [f"title: {_quoted(title)}", "intro: ''", f"date: {now:%Y-%m-%d %H:%M:%S%z}"]
    if categories:
        lines.append(f"categories: [{', '.join(map(_quoted, categories))}]")
    if draft:
        lines.append("draft: true")
    return "\n".join(("---", *lines, "---", "", ""))


def _quoted(text: str) -> str:
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


def _without_accents(text: str) -> str:
    """Latin letters without their marks, as file names and addresses are easier to type; other scripts stay."""
    return unicodedata.normalize("NFC", _ACCENTED_LATIN.sub(r"\1", unicodedata.normalize("NFD", text)))


# --- list


class Row(NamedTuple):
    """One file: `state` is one of STANDINGS, or "broken" without anything to show; `broken` has a mistake."""

    state: str
    broken: bool
    path: str
    post: Post | None


def _days(_context: click.Context, _parameter: click.Parameter, given: str | None) -> date | None:
    if given is None:
        return None
    try:
        return read_date(given, UTC).date()
    except DateError as error:
        raise click.BadParameter(f"{error} Write it like 2018-07-17.") from None


@click.command("list")
@click.option("--draft", is_flag=True, help="Drafts only; with other states, those too.")
@click.option("--scheduled", is_flag=True, help="Only what has not appeared yet.")
@click.option("--broken", is_flag=True, help="Only what has a mistake that holds it back.")
@click.option("--hidden", is_flag=True, help="Only what is reachable and listed nowhere.")
@click.option("--category", help="Only of this category.")
@click.option("--tag", help="Only with this tag.")
@click.option("--author", help="Only by this author.")
@click.option("--since", metavar="DAY", callback=_days, help="Only from this day on.")
@click.option("--until", metavar="DAY", callback=_days, help="Only to the end of this day.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_appcontext
def list_posts(
    category: str | None,
    tag: str | None,
    author: str | None,
    since: date | None,
    until: date | None,
    as_json: bool,
    **chosen: bool,
) -> None:
    """List posts and pages with their state, the newest first."""
    here = blog().library.snapshot()
    states = {state for state, is_chosen in chosen.items() if is_chosen}
    rows = [row for row in _rows(here) if not states or row.state in states or (row.broken and "broken" in states)]
    for kind, wanted in (("category", category), ("tag", tag), ("author", author)):
        rows = [row for row in rows if wanted is None or _is_named(here, row.post, kind, wanted)]
    if since or until:
        rows = [row for row in rows if (since or date.min) <= _day(here, row.post) <= (until or date.max)]
    rows.sort(key=lambda row: (_day(here, row.post), row.path), reverse=True)
    if as_json:
        click.echo(json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("There are none.", err=True)
    for row in rows:
        day = row.post.date.astimezone(here.site.zone).date() if row.post and row.post.date else "-"
        mark = "!" if row.broken else " "
        click.echo(f"{row.state:<9}{mark} {day!s:<10}  {row.path}  {row.post.title if row.post else ''}".rstrip())


def _rows(here: Snapshot) -> Iterator[Row]:
    now = datetime.fromtimestamp(blog().clock(), UTC)
    problems = {problem.file for problem in here.problems}
    for post in here.candidates:
        yield Row(standing(post, now, here.by_path), post.path in problems, post.path, post)
    for path in problems - {post.path for post in here.candidates}:
        if is_markdown(path):
            yield Row("broken", True, path, None)


def _is_named(here: Snapshot, post: Post | None, kind: str, wanted: str) -> bool:
    named: Sequence[Term | Author] = getattr(post, SUBJECTS[kind]) if post else ()
    return any(
        name_key(wanted) == name_key(one.name) or term_slug(wanted) == here.slug(kind, one) for one in named
    )


def _day(here: Snapshot, post: Post | None) -> date:
    """Files without a date come last, and lie before every day."""
    return post.date.astimezone(here.site.zone).date() if post and post.date else date.min


def _plain(row: Row) -> dict[str, object]:
    post = row.post
    return {
        "state": row.state,
        "broken": row.broken,
        "file": row.path,
        "url": post.url if post else None,
        "title": post.title if post else None,
        "date": post.date.isoformat() if post and post.date else None,
        "because": str(mark) if post and (mark := mark_of(post, row.state)) else None,
        "expires": post.expires.isoformat() if post and post.expires else None,
        "categories": [term.name for term in post.categories] if post else [],
        "tags": [term.name for term in post.tags] if post else [],
        "authors": [author.name for author in post.authors] if post else [],
    }
