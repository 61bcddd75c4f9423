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

from bitacora.cli.running import is_short
from bitacora.files.layout import SETTINGS_FILE
from bitacora.publish.git import begin
from bitacora.publish.git_process import GitError

_SETTINGS = """\
# What this site is. Every setting is described in docs/settings.md.
title = {title}
description = ""
language = {language}
timezone = {timezone}
# The public address. Without it, links in feeds and previews lead to this machine only.
{url}
"""
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
@click.option("--git/--no-git", "with_git", default=True, help="Make a repository of git for it, or none.")
def new(
    folder: Path,
    title: str | None,
    language: str | None,
    timezone: str | None,
    url: str | None,
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
        (folder / SETTINGS_FILE).write_text(settings, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be made: {error.strerror}.") from None
    if with_git and not _is_in_repository(folder):
        try:
            begin(folder.absolute())
        except GitError as error:
            click.echo(f"No repository was made: {error}", err=True)
    click.echo(f"Your site is in {folder}. Its first post is {post}.")
    see = (
        f"cd {quote(str(folder))} && bitacora dev"
        if is_short()
        else f"BITACORA_SITE={quote(str(folder))} make serve"
    )
    click.echo(f"See it: {see}")


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
