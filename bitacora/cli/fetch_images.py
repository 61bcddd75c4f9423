"""flask posts fetch-images: put remote pictures beside their posts."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import click

from bitacora.library.snapshot import Snapshot, is_bundle
from bitacora.posts.head import Node, Scalar, Sequence, Table, key_of, read_head
from bitacora.posts.permalink import slugify
from bitacora.posts.post import Post
from bitacora.problems import PostError
from bitacora.share.photo import CardError, extension_of
from bitacora.share.remote import RemoteError, fetch_picture
from bitacora.share.rule import PICTURE_KEYS

_MOST_NAME = 80
"""Characters of a file's name: file systems take 255 bytes, of which a character may need three."""

_DEVICE = re.compile("(?:con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
"""No file may be called so on Windows, whatever its extension: no clone could be checked out there.

https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file#naming-conventions
"""


def fetch_images(
    here: Snapshot, root: Path, posts: Iterable[Post], hosts: tuple[str, ...], *, write: bool
) -> None:
    """Fetch what the heads of `posts` name elsewhere. Exits with 1 when one could not be fetched or written."""
    failed, named = 0, False
    for post in posts:
        names: dict[str, str] = {}
        for url in remote_pictures(post):
            named = True
            try:
                names[url] = _fetched(root, post, url, hosts)
                click.echo(f"{post.path}: {names[url]} holds {url} now")
            except (RemoteError, CardError, OSError) as error:
                click.echo(f"{post.path}: {url} was not fetched: {error}")
                failed += 1
        if write and names:
            failed += _write(root / post.path, here.source(post), post.path, names)
    if not named:
        click.echo("No head names a picture on another server: there is nothing to fetch.", err=True)
    if failed:
        sys.exit(1)


def remote_pictures(post: Post) -> list[str]:
    """The addresses of pictures elsewhere that a post's head names."""
    images = [*post.images, *filter(None, (post.share_image, post.share_image_on_x))]
    remote = (image.src for image in images if image.src.startswith(("http://", "https://")))
    return list(dict.fromkeys(remote))


def _fetched(root: Path, post: Post, url: str, hosts: tuple[str, ...]) -> str:
    """The name, beside the post, of the file that holds the picture. A file that is there already stays."""
    picture = fetch_picture(url, hosts)
    stem = file_stem(url, "" if is_bundle(post.path) else post.slug)
    extension = extension_of(picture)
    for number in count(1):
        target = (root / post.path).with_name(f"{stem}{f'-{number}' if number > 1 else ''}.{extension}")
        if not target.exists():
            _replace(target, picture)
            break
        if target.read_bytes() == picture:
            break
    return target.name


def file_stem(url: str, slug: str) -> str:
    """Return the name of the file for a picture, without extension; `slug` is the post's, empty for a bundle."""
    stem = slugify(PurePosixPath(unquote(urlsplit(url).path)).stem) or "picture"
    if slug or _DEVICE.fullmatch(stem):
        stem = f"{slug or 'picture'}-{stem}"
    return stem[:_MOST_NAME]


def _write(path: Path, source: bytes, shown: str, names: Mapping[str, str]) -> int:
    """Put names in the places of addresses in the head; 1 if that cannot be done."""
    if path.read_bytes() != source:
        click.echo(f"{shown}: it was changed meanwhile; nothing was written to it")
        return 1
    written = _renamed(source, shown, names)
    if written is None:
        click.echo(
            f"{shown}: its head writes the address in a way of its own; write the name in its place by hand"
        )
        return 1
    path = path.resolve()
    _replace(path, written)
    return 0


def _renamed(source: bytes, path: str, names: Mapping[str, str]) -> bytes | None:
    """The source with names in the places of pictures' addresses, all else as it is; None if one is not found."""
    try:
        head = read_head(source, path)
    except PostError:
        return None
    text = source.decode()
    shift = len(text) - len(head.text)  # a byte order mark
    left = set(names)
    for start, written in sorted(_pictures(head.entries), reverse=True):
        url = f"https:{written}" if written.startswith("//") else written
        place = text.find(written, shift + head.start + start)
        if url in names and 0 <= place <= shift + head.start + start + 1:  # behind a quotation mark
            text = text[:place] + names[url] + text[place + len(written) :]
            left.discard(url)
    return None if left else text.encode()


def _pictures(entries: Mapping[str, Node], within: str = "") -> Iterator[tuple[int, str]]:
    """Where in the head a picture's address begins, and the address as it is written."""
    for key, node in entries.items():
        name = f"{within}{key_of(key)}"
        if name in PICTURE_KEYS[0]:
            yield from _scalars(node)
        elif name == "header" and isinstance(node, Table):
            yield from _pictures(node.entries, "header.")


def _scalars(node: Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, Scalar):
        yield node.start, node.text.strip()
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item)
    else:
        for key, value in node.entries.items():
            if key_of(key) not in {"caption", "alt"}:
                yield from _scalars(value)


def _replace(path: Path, data: bytes) -> None:
    """The whole file or nothing of it, with the rights that it had."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(data)
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
