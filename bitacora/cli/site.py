"""flask site: the folder of a site."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from shlex import quote

import click
from flask.cli import AppGroup

from bitacora.cli.begin import new
from bitacora.cli.links import days_option, print_link
from bitacora.cli.running import is_short
from bitacora.publish.background import pull_for_others
from bitacora.publish.check import check
from bitacora.publish.git import Git
from bitacora.publish.git_process import GitError
from bitacora.publish.history import Checkout, find_checkout
from bitacora.publish.home import BUSY, Home, PublishError, make
from bitacora.publish.release import listed, mistakes, publish, said
from bitacora.publish.release import rollback as roll_back
from bitacora.web import surrogate
from bitacora.web.blog import blog
from bitacora.web.preview import STATUS_DAYS, status_url

site = AppGroup("site", help="Look after the site's folder.")
site.add_command(new)


@site.command("status-link")
@days_option(STATUS_DAYS)
def status_link(days: int) -> None:
    """Print a link to a page for editors: what is held back and why, what is scheduled, the drafts."""
    print_link(lambda: status_url(days), days)
    click.echo("Whoever has it sees all that is not published.", err=True)


@site.command("init-git", with_appcontext=False)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--from", "remote", help="The repository to pull from; without it, editors push to the server.")
@click.option("--branch", default="main", show_default=True, help="The branch that is published.")
@click.option(
    "--object-format",
    type=click.Choice(["sha1", "sha256"]),
    help="How the repository names its objects; default: sha1, or as the repository to pull from.",
)
@click.option("--folder", "inside", default="", help="Where the site lies in the repository; default: on top.")
def init_git(folder: Path, remote: str | None, branch: str, object_format: str | None, inside: str) -> None:
    """Make FOLDER, from which a site is served that editors publish by git push."""
    try:
        home = make(folder.absolute(), branch, remote, inside, object_format)
    except (GitError, PublishError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be made: {error.strerror}.") from None
    served = quote(str(home.current / inside))
    serve = f"bitacora --site {served} serve" if is_short() else f"BITACORA_SITE={served} make serve"
    click.echo(f"Serve it: {serve}")
    if remote is None:
        click.echo(f"Publish: git push ssh://THIS-SERVER{quote(str(home.repo))} {branch}")
    else:
        fetch = (
            f"bitacora --site {served} publish pull" if is_short() else f"BITACORA_SITE={served} flask site pull"
        )
        click.echo(f"Publish: {fetch}")


@site.command()
@click.option("--force", is_flag=True, help="Publish even what was rolled back.")
def pull(force: bool) -> None:
    """Fetch what was pushed, check it, and publish it. Exits with 1 when it is not published."""
    operator = blog().operator
    attempt = publish(_home(), check, refuses=operator.broken == "refuse", forced=force, keep=operator.releases)
    if attempt is None:
        raise click.ClickException(BUSY)
    click.echo(f"{attempt.outcome} {attempt.commit[:10]}".strip() + f": {attempt.message}")
    sys.exit(0 if attempt.outcome in {"published", "unchanged", "held"} else 1)


@site.command()
@click.argument("commit", required=False)
def rollback(commit: str | None) -> None:
    """Serve the release before, or that of COMMIT."""
    home = _home()
    try:
        try:
            release = roll_back(home, commit)
        finally:
            pull_for_others(home)
    except (GitError, PublishError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(said(error)) from None
    click.echo(f"{release.commit[:10]} is served again: {_on_one_line(release.subject)}")


@site.command()
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def releases(as_json: bool) -> None:
    """List the releases that are kept, the last published first; * is the one that is served."""
    if as_json:
        click.echo(json.dumps([asdict(each) for each in listed(_home())], ensure_ascii=False, indent=1))
        return
    for release in listed(_home()):
        errors = sum(finding.severity == "error" for finding in release.findings)
        checked = mistakes(errors, len(release.findings) - errors)
        mark = "*" if release.served else " "
        about = f"{release.date}  {release.author}  {checked}  {release.subject}"
        click.echo(f"{mark} {release.commit[:10]}  {_on_one_line(about)}")


@site.command()
def commit() -> None:
    """Print the commit that is served."""
    checkout = _checkout()
    with _told():
        click.echo(_commit(Git(checkout.repo), checkout))


@site.command("changed-keys")
@click.argument("since")
def changed_keys(since: str) -> None:
    """Print the surrogate keys of what readers see differently since the commit SINCE, all if it is not known."""
    checkout = _checkout()
    git = Git(checkout.repo)
    with _told():
        known, now = git.commit(since), _commit(git, checkout)
    prefix = checkout.prefix.encode()

    def before(path: str) -> bytes:
        try:
            return git.run("cat-file", "blob", f"{known}:{checkout.prefix}{path}")
        except GitError:
            return b""  # it was not there

    with _told():
        paths = [path for path in git.changed(known, now) if path.startswith(prefix)] if known else []
    named = [os.fsdecode(path.removeprefix(prefix)) for path in paths]
    for key in surrogate.changed(blog().library.snapshot(), named, before) if known else [surrogate.ALL]:
        click.echo(key)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except GitError as error:
        raise click.ClickException(str(error)) from None


def _on_one_line(text: str) -> str:
    """Whoever pushes writes it: no code of theirs may reach a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _checkout() -> Checkout:
    found = find_checkout(blog().operator.site.resolve())
    if found is None:
        raise click.ClickException(f"{blog().operator.site} lies in no git repository.")
    return found


def _commit(git: Git, checkout: Checkout) -> str:
    found = git.commit(checkout.commit or "HEAD")
    if found is None:
        raise click.ClickException(f"{blog().operator.site} has no commit yet.")
    return found


def _home() -> Home:
    site = blog().operator.site
    home = Home.of(site)
    if home is None:
        raise click.ClickException(f"{site} was not made by flask site init-git.")
    return home
