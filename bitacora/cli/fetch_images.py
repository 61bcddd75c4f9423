"""flask posts fetch-images: put remote pictures beside their posts."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import click

from bitacora.content.errors import PostError
from bitacora.content.front_matter import body_after_head
from bitacora.content.permalink import slugify
from bitacora.content.post import Post
from bitacora.content.snapshot import Snapshot
from bitacora.share.photo import CardError, extension_of
from bitacora.share.remote import RemoteError, fetch_picture


def fetch_images(here: Snapshot, root: Path, posts: list[Post], hosts: tuple[str, ...], *, write: bool) -> None:
    """Fetch what the heads of `posts` name elsewhere. Exits with 1 when one could not be fetched."""
    failed = 0
    for post in posts:
        for url in remote_pictures(post):
            try:
                name = _fetched(root, post, url, hosts)
            except (RemoteError, CardError, OSError) as error:
                click.echo(f"{post.path}: {url} was not fetched: {error}")
                failed += 1
                continue
            click.echo(f"{post.path}: {name} holds {url} now")
            if write:
                _rewrite(root / post.path, here.source(post), url, name)
    if failed:
        sys.exit(1)


def remote_pictures(post: Post) -> list[str]:
    """The addresses of pictures elsewhere that a post's head names."""
    images = [*post.images, *([post.share_image] if post.share_image else [])]
    remote = (image.src for image in images if image.src.startswith(("http://", "https://")))
    return list(dict.fromkeys(remote))


def _fetched(root: Path, post: Post, url: str, hosts: tuple[str, ...]) -> str:
    """The name, beside the post, of the file that holds the picture; a file that is there already stays."""
    picture = fetch_picture(url, hosts)
    stem = slugify(PurePosixPath(unquote(urlsplit(url).path)).stem) or "picture"
    prefix = "" if PurePosixPath(post.path).stem == "index" else f"{post.slug}-"
    name = f"{prefix}{stem}.{extension_of(picture)}"
    target = (root / post.path).with_name(name)
    if not target.exists():
        temporary = target.with_name(f".{name}.part")
        temporary.write_bytes(picture)
        temporary.replace(target)
    return name


def _rewrite(path: Path, source: bytes, url: str, name: str) -> None:
    """Put the name in the place of the address, in the head alone; all else stays as it is."""
    text = source.decode("utf-8-sig")
    try:
        head = text[: len(text) - len(body_after_head(source))]
    except PostError:
        return
    if path.read_bytes() != source:
        raise click.ClickException(f"{path} was changed meanwhile; nothing was written to it.")
    written = head.replace(url, name) + text[len(head) :]
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(source[: len(source) - len(text.encode())] + written.encode())
    temporary.replace(path)
