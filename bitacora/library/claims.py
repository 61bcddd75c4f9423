"""Who gets an address that several texts want, and which texts only repeat others: copies that programs made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeAlias
from urllib.parse import unquote

from bitacora.library.history import History
from bitacora.posts.names import Copy, alike, composed, copied
from bitacora.posts.permalink import quote_path
from bitacora.posts.post import Post, title_of_name
from bitacora.posts.visibility import EVER

Copies: TypeAlias = Mapping[str, tuple[str, ...]]
"""Copies by path, with the originals that are there, the nearest first; none where only the name says so."""


def copy_names_of(paths: Iterable[str], before: Mapping[str, Copy], known: Collection[str]) -> dict[str, Copy]:
    """Return what the names of files say of copies; `before` is what it was when the paths `known` were there."""
    return {path: name for path in paths if (name := before.get(path) if path in known else copied(path))}


def copies_of(names: Mapping[str, Copy], paths: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return which of the files `paths` are copies. A name that may be a person's is one beside its original."""
    if not names:
        return {}
    by_look = {alike(path): path for path in paths if not path.isascii()}
    copies = {}
    for path, copy in names.items():
        there = (name if name in paths else by_look.get(name) for name in copy.originals)
        originals = tuple(name for name in there if name is not None)
        if originals or copy.is_certain:
            copies[path] = originals
    return copies


def repeated(
    post: Post, originals: Iterable[str], found: Mapping[str, Post], shown: Collection[str]
) -> str | None:
    """Return the original whose address, or title and date, a copy has; None where it is a text by itself.

    What cannot be read may be the same. Of an original that is not `shown`, a draft or a post that was put off,
    the title is enough: the copy may be what it was before.
    """
    return next(
        (path for path in originals if path not in found or _repeats(post, found[path], path in shown)), None
    )


def claim(copies: Copies, history: History) -> Callable[[Post], tuple[object, ...]]:
    """Return the key by which texts that want one address are sorted: the first gets it.

    Copies come last of all, then posts after pages. What was committed first goes first and what was not committed
    last, where a whole history is known; then the earlier date, the shorter name, the path.
    """

    def key(post: Post) -> tuple[object, ...]:
        added = history.added(post.path)
        return (
            post.path in copies,
            post.kind == "post",
            added is None,
            added or 0,
            post.date or EVER,
            len(composed(_own_name(post.path))),
            post.path,
        )

    return key


def place_of(url: str) -> str:
    """Return what an address is compared by: one with accents may be written in two ways."""
    if "%C" not in url or ("%CC%" not in url and "%CD%" not in url):
        return url  # without an accent that is a character of its own, U+0300 to U+036F
    return quote_path(composed(unquote(url)))


def _repeats(post: Post, original: Post, is_shown: bool) -> bool:
    if post.url == original.url or post.url in original.aliases:
        return True
    has_title = post.title != title_of_name(post.path)
    is_dated_alike = (post.date, post.lang) == (original.date, original.lang)
    return (is_dated_alike and (post.title == original.title or not has_title)) or (
        not is_shown and post.title == original.title
    )


def _own_name(path: str) -> str:
    """The name of a file, or that of the folder which an index stands for."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[2] if name[:6].lower() == "index." and "/" in folder else name
