"""flask posts explain: why a post is shown, or why not, in plain words."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from urllib.parse import unquote, urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext

from bitacora.check.findings import why_never_read
from bitacora.files.layout import is_hidden, is_set_aside
from bitacora.library.snapshot import Snapshot, base
from bitacora.posts.permalink import quote_path, quote_query
from bitacora.posts.pictures import is_picture, media_type
from bitacora.posts.post import Image, Post
from bitacora.posts.visibility import appears, how_to_publish, mark_of, standing
from bitacora.publish.work_tree import deletion_of, ignored, is_committed
from bitacora.web import reserved
from bitacora.web.blog import blog
from bitacora.web.exchange import CARRIED, Carried


@click.command()
@click.argument("wanted", metavar="PATH|URL")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@with_appcontext
def explain(wanted: str, as_json: bool) -> None:
    """Say why what PATH or URL names is shown, or why it is not."""
    here = blog().library.snapshot()
    now = datetime.fromtimestamp(blog().clock(), UTC)
    path = _file(here, wanted)
    sentences = _of_file(here, path, now) if path else _of_address(here, wanted, now)
    if as_json:
        plain = {"wanted": wanted, "file": path, "sentences": list(sentences)}
        click.echo(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    for sentence in sentences:
        click.echo(sentence)


def _file(here: Snapshot, wanted: str) -> str | None:
    """The file that is named, as seen from the site's folder or from here, whether it exists or not."""
    if wanted.startswith(("http://", "https://")):
        return None
    root = blog().library.root
    names = [posixpath.normpath(wanted), os.path.relpath(Path(wanted).absolute(), root.absolute())]
    known = {*here.entries, *here.files, *(problem.file for problem in here.problems)}
    inside = [name for name in names if not name.startswith(("..", "/"))]
    for name in inside:
        if name in known or os.path.lexists(root / name):
            return name
    if wanted.startswith("/") and not wanted.endswith((".md", ".markdown")):
        return None
    if os.path.lexists(wanted):
        raise click.ClickException(f"{wanted} lies outside the site's folder, {root}: nothing there is read.")
    return names[0] if inside else None


def _address(here: Snapshot, wanted: str) -> str:
    """The path of an address of this blog, whatever it is called while somebody tries it on this machine."""
    parts = urlsplit(wanted)
    if parts.netloc and parts.hostname not in {urlsplit(here.site.url).hostname, "127.0.0.1", "localhost"}:
        raise click.ClickException(f"{wanted} is no address of this blog, which is at {here.site.url}.")
    path = re.split("[?#]", wanted)[0] if not parts.netloc else parts.path or "/"
    if here.is_prefixed(unquote(path)):
        path = path[len(here.site.prefix) :] or "/"
    return quote_path(unquote(path)) if path.startswith("/") else f"/{quote_path(unquote(path))}"


# --- a file


def _of_file(here: Snapshot, path: str, now: datetime) -> Iterator[str]:
    posts = {post.path: post for post in here.candidates}
    problems = [problem for problem in here.problems if problem.file == path]
    if path in posts:
        yield standing_in_words(here, posts[path], now)
    elif problems:
        yield f"{path} is held back, and no last good version of it is known."
    elif not os.path.lexists(blog().library.root / path):
        yield from _never_there(here, path)
        return
    else:
        yield _not_a_post(here, path)
    if path in posts and (mark := mark_of(posts[path], standing(posts[path], now))):
        yield how_to_publish(mark)
    for remark in here.shown_copies:
        if remark.file == path:
            yield f"{remark.reason} {remark.remedy}"
    for problem in problems:
        where = "" if problem in here.clashes else f"Broken on line {problem.line}: "
        yield f"{where}{problem.reason} {problem.remedy}"
    if path in posts and problems and problems[0] not in here.clashes:
        yield f"Its last good version, {_origin(here, path)}, is what is shown."
    for rule in ignored(blog().library.root, [path]).values():
        yield f"git ignores it ({rule}): it is here, but it will not be pushed."


def standing_in_words(here: Snapshot, post: Post, now: datetime) -> str:
    """Return a sentence that says who sees a post, or from when, or why nobody does."""
    name, what = post.path, "page" if post.kind == "page" else "post"
    state = standing(post, now, here.by_path)
    why = _why(post, state)
    match state:
        case "draft" if not why and name.rpartition(".")[0].endswith(".draft"):
            return f"{name} is a draft, because its name ends in .draft: nobody sees it."
        case "draft" if not why:
            return f"{name} is a draft, because it lies in a folder _drafts: nobody sees it."
        case "draft":
            return f"{name} is a draft{why}: nobody sees it."
        case "scheduled":
            since = appears(post)
            assert since is not None
            return f"{name} appears in {_span(since - now)}, at {_when(here, since)}{why}."
        case "expired":
            assert post.expires is not None
            return f"{name} has expired {_span(now - post.expires)} ago, at {_when(here, post.expires)}{why}."
        case "displaced" if name in here.copies:
            return f"{name} is not shown."
        case "displaced":
            return f"{name} is not shown: it has lost its address, {post.url}."
        case "hidden":
            return f"{name} is reachable at {post.url}, and listed nowhere{why}."
    return f"{name} is a {what} that is shown at {post.url}."


def _why(post: Post, state: str) -> str:
    """By which word, and where it stands; empty where no word says so."""
    mark = mark_of(post, state)
    if mark is None:
        return ""
    who = "its head" if mark.file == post.path else mark.file
    return f", because {who} says {mark} on line {mark.line}"


def _not_a_post(here: Snapshot, path: str) -> str:
    is_folder = (blog().library.root / path).is_dir()
    if is_folder and not is_set_aside(f"{path}/"):
        return f"{path} is a folder. Name a file in it."
    if why := why_never_read(f"{path}/index.md" if is_folder else path):
        return f"{path} is not shown. {why[0]} {why[1]}"
    if path in here.files and path.startswith("root/"):
        return _at_the_root(here, path)
    if path in here.files and media_type(path):
        named = [base(post.url) for post in _naming(here, path)]
        if named:
            return f"{path} is no post. It is public below {', '.join(named)}, whose text names it."
        if is_picture(path):
            return (
                f"{path} is no post. It is served when a published post names it or is the bundle in its folder."
            )
        return f"{path} is a document that no published text names, so it is private. To publish it, link to it."
    if is_hidden(posixpath.basename(path)):
        return f"{path} is not shown: programs use such names for their own purposes, and they are not read."
    return f"{path} is no post: posts are Markdown files in the folders posts and pages."


def owner_at_the_root(here: Snapshot, path: str) -> str:
    """Return who has the address of a file of `root/`, "" where readers get the file."""
    address = quote_path(path.removeprefix("root"))
    answer = current_app.test_client().head(address, environ_overrides={CARRIED: Carried(is_own=True)})
    answer.close()
    if answer.status_code == 200 and answer.get_etag()[0] == blog().files.content_hash(here, path):
        return ""
    return "the blog itself" if reserved(current_app)(address) else here.first_claim(address) or "nothing"


def _at_the_root(here: Snapshot, path: str) -> str:
    address = quote_path(path.removeprefix("root"))
    if owner := owner_at_the_root(here, path):
        return f"{path} is not shown: its address, {address}, is that of {owner}."
    return f"{path} is public at {address}, as it is."


def _naming(here: Snapshot, path: str) -> list[Post]:
    """Return the published posts and pages that name a file, in their head or their body."""
    shown = blog().edition(here)
    words = re.findall("[A-Za-z0-9]{2,}", posixpath.basename(path))
    mentions = re.compile(f"{max(words, key=len, default='')}|%[4-7]".encode(), re.IGNORECASE)
    return [
        post
        for post in here.by_url.values()
        if mentions.search(here.source(post))
        and any(here.file_of(post, Image(address)) == path for address in shown.named_files(post))
    ]


def _never_there(here: Snapshot, path: str) -> Iterator[str]:
    root = blog().library.root
    if is_committed(root, path):
        yield f"There is no {path}, though it is committed: somebody deleted it here, and did not commit that."
        yield f"git restore {quote(path)} brings it back; to take it down everywhere, commit its deletion."
    elif deleted := deletion_of(root, path):
        commit, author, day = deleted
        yield f"There is no {path}: {author} deleted it on {day}, in commit {commit}."
    else:
        yield f"There is no {path}, and there has been none that is known of."
    for rule in ignored(root, [path]).values():
        yield f"git ignores files of that name ({rule}): perhaps it was written elsewhere and never pushed."
    known, name = [*here.entries, *here.files], posixpath.splitext(posixpath.basename(path))[0]
    of_that_name = [one for one in known if posixpath.splitext(one)[0].endswith((f"/{name}", f"-{name}"))]
    if near := get_close_matches(path, known, 1, 0.8) or of_that_name:
        yield f"Did you mean {near[0]}?"


# --- an address


def _of_address(here: Snapshot, wanted: str, now: datetime) -> Iterator[str]:
    address, query = _address(here, wanted), quote_query(urlsplit(wanted).query)
    if query and (moved := here.moved(unquote(address, "latin-1"), query)):
        yield f"{address}?{query} is an old address: it leads to {moved}."
        return
    shared = address.removesuffix("share/")
    post = here.find(address) or here.find(f"{address}/")
    if post:
        yield from _of_file(here, post.path, now)
    elif address in here.redirects:
        yield f"{address} is an old address: it leads to {here.redirects[address]}."
    elif candidates := [post for post in here.candidates if post.url in {address, f"{address}/", shared}]:
        for candidate in candidates:
            yield from _of_file(here, candidate.path, now)
    elif (path := f"root{unquote(address)}") in here.files:
        yield from _of_file(here, path, now)
    elif (status := current_app.test_client().head(unquote(address)).status_code) < 400:
        yield f"{address} is a page of the blog itself, or a file that it serves."
    else:
        yield f"Nothing is at {address} (status {status}), and no file of the site asks for that address."
        if near := get_close_matches(address, [post.url for post in here.candidates], 1, 0.8):
            yield f"Did you mean {near[0]}?"


# --- times


def _span(span: timedelta) -> str:
    """The two largest parts of a time, like 3 h 12 min."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((place for place, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"


def _when(here: Snapshot, moment: datetime) -> str:
    zone = here.site.timezone
    return f"{moment.astimezone(here.site.zone):%Y-%m-%d %H:%M:%S%z} ({zone})"


def _origin(here: Snapshot, path: str) -> str:
    """Where a last good version comes from: a moment at which the file was saved, or the history."""
    saved_ns = here.entries[path].ctime_ns
    return f"of {_when(here, datetime.fromtimestamp(saved_ns / 1e9, UTC))}" if saved_ns else "committed before"
