"""flask posts check: what is held back, and what is worth mending."""

from __future__ import annotations

import json
import logging
import os
import posixpath
import re
import signal
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from difflib import unified_diff
from functools import lru_cache, partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext

from bitacora.check.findings import Ground, of_posts, of_problem, of_the_site, of_unfinished
from bitacora.check.fixes import Mended, mend
from bitacora.check.outline import Outline, outline
from bitacora.cli.editable import must_be_editable
from bitacora.cli.explain import owner_at_the_root, standing_in_words
from bitacora.cli.sarif import sarif
from bitacora.cli.verdicts import failures
from bitacora.cores import usable_cores
from bitacora.files.layout import SETTINGS_FILE, shown_path
from bitacora.library.rendered import too_large
from bitacora.library.snapshot import Snapshot
from bitacora.markdown.addresses import is_local
from bitacora.posts.permalink import quote_path
from bitacora.posts.post import Post
from bitacora.posts.visibility import standing
from bitacora.problems import Finding
from bitacora.publish.check import Report
from bitacora.publish.git_process import GitError
from bitacora.publish.history import former_texts
from bitacora.publish.work_tree import ignored
from bitacora.settings import line_of, local_url, read_site
from bitacora.web.blog import blog
from bitacora.web.exchange import CARRIED, Carried

log = logging.getLogger(__name__)

_BAR_FROM_POSTS = 200
_PROCESSES_FROM_POSTS = 400
_JUDGED = 100
_MOST_REDIRECTS = 10
_ID = re.compile(r"""\sid=["']?([^"'\s>]+)""")
_LISTS = ("/", "/archive/", "/categories/", "/tags/", "/feed.xml", "/sitemap.xml")


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--share/--no-share", default=None, help=f"Judge all share previews, not the newest {_JUDGED}; or none."
)
@click.option("--share-of", "shared", metavar="FILE", multiple=True, hidden=True)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print it as SARIF 2.1.0, for forges.")
@click.option("--fix", "fixes", is_flag=True, help="Mend what is certain first; shows what, and asks.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@with_appcontext
def check(
    paths: tuple[str, ...],
    share: bool | None,
    shared: tuple[str, ...],
    as_json: bool,
    as_sarif: bool,
    fixes: bool,
    yes: bool,
) -> None:
    """Say what is held back and what is worth mending, in PATH or everywhere. Exits with 1 for what is held back.

    PATH is a file or a folder, seen from the site's folder or from here.
    """
    if as_json and as_sarif:
        raise click.UsageError("--json and --sarif are two forms: ask for one of them.")
    chosen = [_path(given) for given in paths]
    if fixes:
        must_be_editable()
        _fix([path for path in _texts(blog().library.snapshot()) if _lies_in(path, chosen)], asks=not yes)
    report = _report(chosen, share, shared)
    said = replace(report, findings=tuple(one for one in report.findings if _lies_in(one.file, chosen)))
    if as_json:
        click.echo(json.dumps(asdict(said), ensure_ascii=False, indent=1))
    elif as_sarif:
        click.echo(json.dumps(sarif(said.findings, blog().library.root), ensure_ascii=False, indent=1))
    else:
        for finding in said.findings:
            click.echo(str(finding))
        click.echo(_summary(said, len(report.errors) - len(said.errors)), err=True)
    sys.exit(1 if said.errors else 0)


def _report(chosen: Sequence[str], share: bool | None, shared: Collection[str]) -> Report:
    """Errors everywhere; warnings of what was chosen."""
    library = blog().library
    read = library.snapshot()
    outlines = _outlines(read, [post for post in read.candidates if _lies_in(post.path, chosen)])
    for post in read.candidates:
        if post.path in outlines and (reason := outlines[post.path].problem):
            library.hold_back(too_large(post, reason))
    _ask_for_pages(read)
    here = library.snapshot()
    ground = Ground(
        here,
        datetime.fromtimestamp(blog().clock(), UTC),
        _answers(here),
        _ids,
        outlines=outlines,
    )
    posts = [post for post in here.candidates if _lies_in(post.path, chosen)]
    found = [
        *of_the_site(ground),
        *(of_problem(problem, "template") for problem in blog().theme.problems),
        *of_posts(ground, posts),
        *_lost_at_the_root(here),
        *_ignored(here),
        *map(of_unfinished, library.unfinished),
        *_changed_ids(here),
        *_untranslated(here),
    ]
    missing = {(one.file, one.line) for one in found if one.rule == "picture-missing"}
    verdicts = _verdicts(here, _judged(here, chosen, share, shared))
    found += (one for one in verdicts if (one.file, one.line) not in missing and not _is_told(here, one, missing))
    return Report(len(here.posts), tuple(sorted(set(found), key=_order)), tuple(_unseen(here, ground.now)))


def _is_told(here: Snapshot, verdict: Finding, missing: Collection[tuple[str, int]]) -> bool:
    """Whether a picture that networks would show is among the missing ones that were told already."""
    if verdict.rule != "picture-unreadable" or verdict.file not in {file for file, _ in missing}:
        return False
    post = here.by_path[verdict.file]
    images = filter(None, (blog().edition(here).shared_image(post), post.share_image_on_x))
    return any(here.file_of(post, image) is None for image in images)


def _unseen(here: Snapshot, now: datetime) -> Iterator[tuple[str, str]]:
    for post in here.candidates:
        if standing(post, now, here.by_path) != "shown":
            yield post.path, standing_in_words(here, post, now)


def _outlines(here: Snapshot, posts: Sequence[Post]) -> dict[str, Outline]:
    """What is in the bodies, found by as many processes as there are processors."""
    read = partial(_outline, here.site.html == "trusted", here.site.embeds)
    sources = (_Source(here.source(post), post.path, post.math, post.title) for post in posts)
    with _mapped(len(posts)) as mapped, _bar(len(posts), "Reading") as step:
        return {post.path: step(found) for post, found in zip(posts, mapped(read, sources), strict=True)}


class _Source(NamedTuple):
    source: bytes
    path: str
    math: bool
    title: str


def _outline(trusted: bool, embeds: Collection[str], file: _Source) -> Outline:
    return outline(file.source, file.path, trusted=trusted, embeds=embeds, math=file.math, title=file.title)


_Mapped = Callable[[Callable[[_Source], Outline], Iterable[_Source]], Iterable[Outline]]


@contextmanager
def _mapped(count: int) -> Iterator[_Mapped]:
    if count < _PROCESSES_FROM_POSTS or usable_cores() < 2:
        yield map
        return
    with Pool(usable_cores(), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        yield partial(pool.imap, chunksize=32)


@contextmanager
def _bar(count: int, label: str) -> Iterator[Callable[[Outline], Outline]]:
    """Hands back what it is given, and moves a bar where somebody waits for long and watches."""
    hidden = count < _BAR_FROM_POSTS or not sys.stderr.isatty()
    with click.progressbar(length=count, label=label, file=sys.stderr, hidden=hidden) as bar:

        def step(found: Outline) -> Outline:
            bar.update(1)
            return found

        yield step


def _ask_for_pages(here: Snapshot) -> None:
    """As readers do: some things go wrong only in a template, in one of the site's own in any post."""
    samples = {(post.kind, post.template): post.url for post in here.by_url.values()}
    reader = current_app.test_client()
    for address in (*_LISTS, *(here.by_url if here.templates else samples.values())):
        reader.get(address, environ_overrides={CARRIED: Carried(is_own=True)})


def _answers(here: Snapshot) -> Callable[[str], str]:
    """Ask as a reader does, and follow where the blog sends him."""
    reader = current_app.test_client()

    def arrives_at(path: str) -> str:
        for _ in range(_MOST_REDIRECTS):
            answer = reader.head(quote_path(path), environ_overrides={CARRIED: Carried(is_own=True)})
            answer.close()
            if answer.status_code not in {301, 302, 307, 308}:
                return path if answer.status_code == 200 else ""
            target = answer.headers["Location"].removeprefix(here.site.url)
            if not is_local(target):
                return target
            path = unquote(urlsplit(target).path)
            if here.is_prefixed(path):
                path = path[len(here.site.prefix) :]
        return ""

    return lru_cache(None)(arrives_at)


def _ids(path: str) -> Collection[str] | None:
    """Return the ids in a page that is no post; None for what is no page."""
    answer = current_app.test_client().get(quote_path(path), environ_overrides={CARRIED: Carried(is_own=True)})
    answer.close()
    return _ID.findall(answer.text) if answer.mimetype == "text/html" else None


def _lost_at_the_root(here: Snapshot) -> Iterator[Finding]:
    """Files of `root/` at whose address readers get something else."""
    for path in sorted(path for path in here.files if path.startswith("root/")):
        if owner := owner_at_the_root(here, path):
            reason = f"Its address {quote_path(path.removeprefix('root'))} is already that of {owner}."
            remedy = "Rename it, or move what has its address."
            yield Finding(shown_path(path), 1, 1, "warning", reason, remedy, "address-taken")


def _ignored(here: Snapshot) -> Iterator[Finding]:
    content = [path for path in (*here.entries, *here.files) if "/" in path]
    for path, rule in ignored(Path(here.tree.real), content).items():
        reason = f"git ignores it ({rule}): it will not be pushed."
        remedy = "Take that rule out, or: git add --force FILE"
        yield Finding(path, 1, 1, "warning", reason, remedy, "ignored-by-git")


def _changed_ids(here: Snapshot) -> Iterator[Finding]:
    """Another url than a committed one gives each post another id in feeds, unless `feed_id` keeps them."""
    url = here.site.url
    if here.site.feed_id:
        return
    try:
        versions = [_url_of(toml) for toml in former_texts(Path(here.tree.real), SETTINGS_FILE)]
    except GitError as error:
        log.warning("former settings cannot be read: %s", error)
        return
    if former := next((version for version in versions if version not in {"", url}), None):
        reason = f"url was {former}, and ids in feeds begin with it: feed readers show every post as new."
        hint = f'Add feed_id = "{former}" to keep the ids, or feed_id = "{url}" where readers have the new ones.'
        yield Finding(SETTINGS_FILE, 1, 1, "warning", reason, hint, "feed-ids-changed")


def _untranslated(here: Snapshot) -> Iterator[Finding]:
    language = here.site.language
    if not blog().words.speaks(language):
        try:
            line = line_of((Path(here.tree.real) / SETTINGS_FILE).read_text("utf-8"), "language")
        except (OSError, ValueError):
            line = 1
        reason = blog().words.untranslated(language)
        hint = "Write one of these, and lang in posts in another; or leave it so."
        yield Finding(SETTINGS_FILE, line, 1, "warning", f"{reason[0].upper()}{reason[1:]}", hint, "untranslated")


def _url_of(toml: bytes) -> str:
    """The public address in the text of a site.toml, empty where there is none."""
    try:
        url = read_site(toml.decode(), {}).url
    except ValueError:
        return ""
    return "" if url == local_url(8000) else url


# --- share previews


def _judged(here: Snapshot, chosen: Sequence[str], share: bool | None, shared: Collection[str]) -> list[Post]:
    if shared:
        return [here.by_path[path] for path in shared if path in here.by_path]
    if share is False:
        return []
    posts = [post for post in reversed(list(here.by_url.values())) if _lies_in(post.path, chosen)]
    return posts if share else posts[:_JUDGED]


def _verdicts(here: Snapshot, posts: Sequence[Post]) -> Iterator[Finding]:
    hidden = len(posts) < _BAR_FROM_POSTS or not sys.stderr.isatty()
    with click.progressbar(posts, label="Judging", file=sys.stderr, hidden=hidden) as bar:
        for post in bar:
            if post.url in blog().library.snapshot().by_url:
                yield from failures(here, post)


# --- which files


def _path(given: str) -> str:
    """A file or folder relative to the site's, as it is seen from there or from here."""
    root = blog().library.root
    for path in (posixpath.normpath(given), os.path.relpath(Path(given).absolute(), root.absolute())):
        if os.path.lexists(root / path) and path.partition("/")[0] != "..":
            return path
    raise click.ClickException(f"There is no {given} in the site's folder, {root}.")


def _lies_in(path: str, chosen: Sequence[str]) -> bool:
    return not chosen or any(place in {".", path} or path.startswith(f"{place}/") for place in chosen)


def _texts(here: Snapshot) -> list[str]:
    return [path for path in here.entries if path.partition("/")[0] in {"posts", "pages"}]


# --- mending


def _fix(paths: Iterable[str], *, asks: bool) -> None:
    root = blog().library.root
    mended: dict[Path, Mended] = {}
    for path in sorted(paths):
        try:
            source = (root / path).read_bytes()
        except OSError:
            continue  # the check itself says so
        found = mend(source, path)
        if found.done:
            mended[root / path] = found
            click.echo(_shown(path, source, found), err=True, nl=False)
    if not mended:
        click.echo("There is nothing that can be mended for certain.", err=True)
    elif not asks or click.confirm(f"Write {_counted(mended, 'file')}?", err=True):
        for file, found in mended.items():
            _write(file, found.source)


def _shown(path: str, source: bytes, mended: Mended) -> str:
    before, after = (text.decode(errors="replace").splitlines() for text in (source, mended.source))
    lines = unified_diff(before, after, path, path, lineterm="", n=1)
    return "\n".join((f"{path}: {', '.join(mended.done)}", *lines, ""))


def _write(file: Path, source: bytes) -> None:
    """Whole or not at all, with the rights that the file had."""
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_bytes(source)
        new.chmod(file.stat().st_mode)
        new.replace(file)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None


# --- words


def _summary(report: Report, elsewhere: int) -> str:
    here = blog().library.snapshot()
    shown = f"{_counted(here.posts, 'post')} and {_counted(here.pages, 'page')} are up"
    others = f" There are {elsewhere} problems in other files." if elsewhere > 1 else ""
    others = " There is 1 problem in another file." if elsewhere == 1 else others
    return f"{shown}, {_counted(report.errors, 'problem')}, {_counted(report.warnings, 'warning')}.{others}"


def _counted(things: Sized, name: str) -> str:
    return f"{len(things) or 'no'} {name if len(things) == 1 else name + 's'}"


def _order(finding: Finding) -> tuple[object, ...]:
    return finding.severity != "error", finding.file, finding.line, finding.column, finding.rule, finding.reason
