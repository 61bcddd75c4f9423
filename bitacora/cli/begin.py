"""A new site: settings, a first post, a page about it, and a repository of git for them."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import click

from bitacora import shipped
from bitacora.cli.running import is_short, typed
from bitacora.files.layout import SETTINGS_FILE
from bitacora.publish.git import begin, has_identity
from bitacora.publish.git_process import GitError
from bitacora.settings import SettingError, read_site

_SETTINGS = """\
# What this site is. Every setting is described in docs/settings.md.
title = {title}
description = ""
language = {language}
timezone = {timezone}
# The public address. Without it, links in feeds and previews lead to this machine only.
{url}
"""
_NO_IDENTITY = """\
git does not know yet who you are, and commits need it. Tell it once:
  git config --global user.name "Your Name"
  git config --global user.email you@example.org"""
_FORGES = {
    "github": ("github-check.yml", ".github/workflows/check.yml"),
    "gitlab": ("gitlab-ci.yml", ".gitlab-ci.yml"),
    "forgejo": ("forgejo-check.yml", ".forgejo/workflows/check.yml"),
}
_IGNORED = "# What no reader is to see is better in no repository.\n.DS_Store\n*~\n*.swp\n.obsidian/\n"


class _Words(NamedTuple):
    title: str
    post: str
    file: str
    intro: str
    category: str
    text: str
    about: str
    about_file: str
    about_text: str


_WORDS = {
    "es": _Words(
        "Mi bitácora",
        "La primera entrada",
        "la-primera-entrada",
        "Una frase que diga de qué se trata.",
        "Noticias",
        "Este es el texto, en **Markdown**. Cámbialo, guarda el archivo y recarga la página: el cambio ya está.",
        "Acerca de",
        "acerca-de",
        "Quiénes escriben aquí, y por qué.",
    ),
    "pt": _Words(
        "Meu diário",
        "O primeiro texto",
        "o-primeiro-texto",
        "Uma frase que diga do que se trata.",
        "Notícias",
        "Este é o texto, em **Markdown**. Mude-o, salve o arquivo e recarregue a página: a mudança já está lá.",
        "Sobre",
        "sobre",
        "Quem escreve aqui, e por quê.",
    ),
    "en": _Words(
        "My log",
        "The first post",
        "the-first-post",
        "One sentence that says what it is about.",
        "News",
        "This is the text, in **Markdown**. Change it, save the file and reload the page: the change is there.",
        "About",
        "about",
        "Who writes here, and why.",
    ),
}
_TIMEZONE = "America/Santiago"


def _is_timezone(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and value not in available_timezones():
        raise click.BadParameter(f"{value} is no time zone. Write one such as America/Lima or Europe/Madrid.")
    return value


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--title", help="The name of the site.")
@click.option("--language", help="The language of the site, such as es, pt or en.")
@click.option("--timezone", callback=_is_timezone, help="The time zone of its dates, such as America/Lima.")
@click.option("--url", help="The public address, such as https://blog.example.org.")
@click.option(
    "--forge",
    type=click.Choice([*_FORGES, "none"]),
    default="none",
    show_default=True,
    help="Where its repository will be: the workflow that checks each push there is made too.",
)
@click.option("--git/--no-git", "with_git", default=True, help="Make a repository of git for it, or none.")
def new(
    folder: Path,
    title: str | None,
    language: str | None,
    timezone: str | None,
    url: str | None,
    forge: str,
    *,
    with_git: bool,
) -> None:
    """Make a site with a first post in FOLDER. On a terminal it asks for what is not given."""
    if (folder / SETTINGS_FILE).exists() or (folder / "posts").exists():
        raise click.ClickException(f"{folder} is a site already: nothing was changed.")
    if sys.stdin.isatty() and sys.stdout.isatty():
        language = language or click.prompt("Language (es, pt, en, …)", default="es")
        title = title or click.prompt("Title", default=_words(language).title)
        timezone = timezone or _is_timezone_asked()
        url = url if url is not None else click.prompt("Public address, if you have one", default="")
    language = language or "es"
    words = _words(language)
    zone = timezone or _TIMEZONE
    now = datetime.now(ZoneInfo(zone))
    post = folder / "posts" / f"{now:%Y-%m-%d}-{words.file}.md"
    settings = _SETTINGS.format(
        title=json.dumps(title or words.title, ensure_ascii=False),
        language=json.dumps(language),
        timezone=json.dumps(zone),
        url=f"url = {json.dumps(url)}" if url else '# url = "https://blog.example.org"',
    )
    try:
        read_site(settings, {}, 8000)
    except SettingError as error:
        raise click.ClickException(f"{error} Nothing was made.") from None
    head = f"title: {words.post}\nintro: {words.intro}\ndate: {now:%Y-%m-%d %H:%M:%S%z}\n"
    head += f"categories: [{words.category}]"
    try:
        post.parent.mkdir(parents=True)
        (folder / "pages").mkdir()
        post.write_text(f"---\n{head}\n---\n{words.text}\n", encoding="utf-8")
        about = folder / "pages" / f"{words.about_file}.md"
        about.write_text(f"---\ntitle: {words.about}\n---\n{words.about_text}\n", encoding="utf-8")
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")
        workflow = _make_workflow(folder, forge)
        (folder / SETTINGS_FILE).write_text(settings, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be made: {error.strerror}.") from None
    if with_git and not _is_in_repository(folder):
        _make_repository(folder.absolute())
    click.echo(f"Your site is in {folder}. Its first post is {post}.")
    if workflow:
        click.echo(f"Write the address of Bitácora's repository into {workflow}, as ENGINE.")
    click.echo(f"See it: {_how_to_see(folder)}")


def _make_repository(folder: Path) -> None:
    try:
        begin(folder)
        if not has_identity(folder / ".git"):
            click.echo(_NO_IDENTITY)
    except GitError as error:
        click.echo(f"No repository was made: {error}", err=True)


def _how_to_see(folder: Path) -> str:
    """Return what to type where this was typed."""
    if is_short():
        return f"cd {quote(str(folder))} && {typed()} dev"
    engine = "" if shipped.SAMPLE in {None, Path.cwd()} else f" -C {quote(str(shipped.SAMPLE))}"
    return f"BITACORA_SITE={quote(str(folder.absolute()))} make{engine} serve"


def _make_workflow(folder: Path, forge: str) -> Path | None:
    """Write what has the forge check each push; return its file."""
    if forge not in _FORGES:
        return None
    name, place = _FORGES[forge]
    file = folder / place
    about, _, rest = (shipped.FORGES / name).read_text(encoding="utf-8").partition("\n")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{about.partition(' Copy ')[0]}\n{rest}", encoding="utf-8")
    return file


def _words(language: str) -> _Words:
    return _WORDS.get(language.partition("-")[0].lower(), _WORDS["en"])


def _is_timezone_asked() -> str:
    while True:
        zone: str = click.prompt("Time zone", default=_TIMEZONE)
        if zone in available_timezones():
            return zone
        click.echo(f"{zone} is no time zone. Write one such as America/Lima or Europe/Madrid.", err=True)


def _is_in_repository(folder: Path) -> bool:
    return any((above / ".git").exists() for above in (folder.absolute(), *folder.absolute().parents))
