"""The command `bitacora`: the same commands as `flask posts` and `flask site`, without a word before them."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click
from click.shell_completion import get_completion_class
from flask import Flask
from flask.cli import ScriptInfo

from bitacora import cli, shipped
from bitacora.cli import running
from bitacora.cli.begin import new
from bitacora.cli.posts import posts
from bitacora.cli.site import site
from bitacora.publish.git import configure
from bitacora.publish.git_process import GitError

_EXAMPLES = {
    "new": "bitacora new blog",
    "post": "bitacora post 'The minutes of May' --draft",
    "list": "bitacora list --scheduled",
    "check": "bitacora check posts/2026-05-02-minutes.md",
    "explain": "bitacora explain posts/2026-05-02-minutes.md",
    "share": "bitacora share posts/2026-05-02-minutes.md",
    "preview": "bitacora preview posts/2026-05-02-minutes.md",
    "fetch-images": "bitacora fetch-images --write",
    "status-link": "bitacora status-link --days 30",
    "dev": "bitacora dev",
    "serve": "bitacora serve --port 8080",
    "completion": "bitacora completion bash >~/.local/share/bash-completion/completions/bitacora",
    "publish": "bitacora publish init /srv/blog",
}
_SECTIONS = {
    "Writing": ("new", "dev", "post", "list", "check", "explain", "share", "preview", "fetch-images"),
    "Publishing": ("publish", "status-link"),
    "Running": ("serve", "completion"),
}
_PORTS_TRIED = 20
_INTERRUPTED = 130


class _Commands(click.Group):
    """Lists the commands by who needs them, each with an example."""

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, names in _SECTIONS.items():
            with formatter.section(section):
                rows = [(name, self.commands[name].get_short_help_str(200)) for name in names]
                formatter.write_dl([(name, f"{about}\n\n{_EXAMPLES[name]}") for name, about in rows])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--site", "folder", type=click.Path(path_type=Path), help="The folder of the site, if not this one.")
@click.version_option(package_name=None, version=shipped.VERSION, prog_name="bitacora")
def command(folder: Path | None) -> None:
    """A blog from Markdown files. The site is the nearest folder upwards that holds one."""
    running.site_is_named(folder is not None)
    if folder is not None:
        if not folder.is_dir():
            raise click.ClickException(f"{folder} is no folder.")
        os.environ["BITACORA_SITE"] = str(folder.absolute())


@click.group()
def publish() -> None:
    """Publish by git: what is pushed is checked, and served when it is whole."""
    _must_be_able_to_serve()


for _name, _found in {
    "post": "new",
    "list": "list",
    "check": "check",
    "explain": "explain",
    "share": "share",
}.items():
    command.add_command(posts.commands[_found], _name)
for _name in ("preview", "fetch-images"):
    command.add_command(posts.commands[_name], _name)
command.add_command(new, "new")
command.add_command(site.commands["status-link"])
for _name, _found in {"init": "init-git", "pull": "pull", "rollback": "rollback", "releases": "releases"}.items():
    publish.add_command(site.commands[_found], _name)
for _name in ("commit", "changed-keys"):
    publish.add_command(site.commands[_name])
command.add_command(publish)


@publish.command()
def hook() -> None:
    """Have git check the posts before each commit, in the repository that this folder lies in."""
    here = Path.cwd()
    top = next((each for each in (here, *here.parents) if (each / ".git").is_dir()), None)
    if top is None:
        raise click.ClickException(f"{here} lies in no repository of git. To make one: git init")
    file, text = top / ".git/hooks/pre-commit", (shipped.FORGES / "pre-commit").read_text(encoding="utf-8")
    if file.exists() and file.read_text(encoding="utf-8", errors="replace") != text:
        raise click.ClickException(f"{file} is there already, and is another one: nothing was changed.")
    settings = {"bitacora.python": sys.executable, "bitacora.engine": str(shipped.PACKAGE_FOLDER)}
    found = cli.nearest_site(here)
    if found is not None and found.is_relative_to(top):
        settings["bitacora.site"] = str(found.relative_to(top))
    try:
        configure(top / ".git", settings)
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)
    except (GitError, OSError) as error:
        raise click.ClickException(f"{file} cannot be made: {error}") from None
    click.echo(f"Each commit is checked from now on, by {file}. To take it back, delete that file.")


@command.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen at; default: PORT, else 8000.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
def serve(port: int | None, host: str) -> None:
    """Serve the site."""
    _serve(port, host, {})


@command.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen at; default: PORT, else 8000.")
def dev(port: int | None) -> None:
    """Serve it while writing: drafts and mistakes are shown, and the browser reloads by itself."""
    _serve(port, "127.0.0.1", {"BITACORA_DEV": "1"})


def _must_be_able_to_serve() -> None:
    try:
        for name in ("fcntl", "gunicorn"):
            import_module(name)
    except ImportError:
        raise click.ClickException(
            "This needs Linux or macOS: on Windows use WSL. Here bitacora new, post, list, check and explain work."
        ) from None


def _serve(port: int | None, host: str, settings: Mapping[str, str]) -> NoReturn:
    _must_be_able_to_serve()
    given = os.environ.get("PORT", "")
    port = port or (int(given) if given.isdecimal() else 8000)
    environ = {**os.environ, **settings, "BITACORA_SITE": str(_site()), "PORT": str(port)}
    if port and not _is_free(host, port):
        raise click.ClickException(f"Another program listens at port {port}.{_other_port(host, port)}")
    if port:
        click.echo(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        sys.stdout.flush()
    config, bind = str(shipped.GUNICORN_CONF), f"{host}:{port}"
    words = ["-m", "gunicorn", "--config", config, "--bind", bind, "bitacora.wsgi:app"]
    os.execve(sys.executable, [sys.executable, *words], environ)  # noqa: S606 - gunicorn takes the place of this


def _other_port(host: str, port: int) -> str:
    """Return what to type for the next port that is free, as it was typed: by make or by itself."""
    later = range(port + 1, min(port + _PORTS_TRIED, 65536))
    free = next((other for other in later if _is_free(host, other)), None)
    if free is None:
        return ""
    name = click.get_current_context().info_name
    typed = f"PORT={free} make {name}" if os.environ.get("MAKELEVEL") else f"bitacora {name} --port {free}"
    return f" Try another one: {typed}"


def _site() -> Path:
    try:
        return cli.site_here(os.environ, shipped.SAMPLE).absolute()
    except cli.NoSiteError as error:
        raise click.ClickException(str(error)) from None


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True


def _app() -> Flask:
    """The blog that a command speaks of. Which command that is decides where it is looked for."""
    from bitacora.factory import app_or_exit  # what only prints its help needs none of it

    asked = click.get_current_context().command
    group = "site" if asked in site.commands.values() else "posts"
    running.run_as(group, asked.name or "")
    return app_or_exit()


@command.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what has SHELL complete commands and options; each shell reads it from a file of its own."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(command, {}, "bitacora", "_BITACORA_COMPLETE").source())


def main() -> None:
    """Run the command that was typed. Ctrl-C ends it with 130, as shells expect."""
    running.run_as("posts", "")
    try:
        status = command.main(obj=ScriptInfo(create_app=_app), prog_name="bitacora", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("Aborted!\n")
        status = _INTERRUPTED
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
