"""What git knows of posts: when they changed, what they were called, how they were before they broke."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bitacora.publish.git import Git, GitError
from bitacora.publish.home import Home, read_json, write_json

log = logging.getLogger(__name__)

PATIENCE_S = 30.0
_WATCHED = ("posts", "pages", "templates", "site.toml")
_VERSION = 1
_MOST_VERSIONS = 200
_MOST_RENAMES = 5_000
_MOST_UNKEPT = 500


class Checkout(NamedTuple):
    """Where a site lies in git: the repository, its path in commits ("" or "blog/"), the commit if it is fixed."""

    repo: Path
    prefix: str
    commit: str | None


class Past(NamedTuple):
    """One file's history: seconds since the epoch, ids of its versions and former names, the oldest first."""

    updated: int | None
    versions: tuple[str, ...]
    names: tuple[tuple[str, str], ...]


class GitHistory:
    """The history of the site in a checkout, kept up commit by commit; `cache` is a file to keep it in.

    A site that is no checkout has none, nor has a shallow clone or a repository of another user: that is logged.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._checkout: Checkout | None = None
        self._seen: object = None
        self._commit = ""
        self._pasts: dict[str, Past] = {}
        self._unkept = 0
        self._told = ""

    def look(self, site: str) -> bool:
        checkout = find_checkout(Path(site))
        seen = checkout and (checkout, _stamp(checkout))
        if seen == self._seen:
            return False
        self._seen, self._checkout = seen, checkout
        before = self._pasts
        try:
            self._read_on() if checkout else self._forget()
        except GitError as error:
            self._tell(f"The history of the site cannot be used: {error}")
            self._forget()
        return self._pasts != before

    def is_release(self, site: str) -> bool:
        checkout = find_checkout(Path(site))
        return checkout is not None and checkout.commit is not None

    def updated(self, path: str) -> datetime | None:
        past = self._pasts.get(path)
        return None if past is None or past.updated is None else datetime.fromtimestamp(past.updated, UTC)

    def former(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        return {path: past.names for path, past in self._pasts.items() if past.names}

    def read(self, versions: Iterable[str]) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for version in versions if self._checkout else ():
            try:
                found[version] = self._git().run("cat-file", "blob", version)
            except GitError as error:
                self._tell(f"A version of a post cannot be read: {error}")
        return found

    def before(self, path: str, source: bytes) -> Iterator[bytes] | None:
        past = self._pasts.get(path)
        newest = past.versions[-1] if past and past.versions else ""
        if past is None or newest not in _object_ids(source, newest):
            return None
        return (data for version in past.versions[-2::-1] for data in self.read([version]).values())

    def _git(self) -> Git:
        assert self._checkout
        return Git(self._checkout.repo, patience=PATIENCE_S)

    def _read_on(self) -> None:
        """From the commit that is known to the one that is checked out, or all anew where no way leads there."""
        assert self._checkout
        git = self._git()
        if git.is_shallow():
            self._tell(
                "The repository is a shallow clone: dates and old addresses are not known (git fetch --unshallow)."
            )
            return self._forget()
        commit = git.commit(self._checkout.commit or "HEAD")
        if commit is None:
            return self._forget()
        if not self._commit:
            self._load(self._checkout.prefix)
        if commit == self._commit:
            return None
        starts_over = not self._commit or not git.leads_straight(self._commit, commit)
        pasts = {} if starts_over else dict(self._pasts)
        since = commit if starts_over else f"{self._commit}..{commit}"
        for change in _changes(git, since, self._checkout.prefix):
            _apply(pasts, change)
            self._unkept += 1
        self._pasts, self._commit = pasts, commit
        if starts_over or self._unkept > _MOST_UNKEPT:
            self._keep(self._checkout.prefix)
        return None

    def _forget(self) -> None:
        self._pasts, self._commit = {}, ""

    def _load(self, prefix: str) -> None:
        if self._cache is None:
            return
        try:
            kept = read_json(self._cache)
            if (kept["version"], kept["prefix"]) == (_VERSION, prefix):
                self._pasts = {path: _past(values) for path, values in kept["pasts"].items()}
                self._commit = kept["commit"]
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s is made anew: %s", self._cache, error)

    def _keep(self, prefix: str) -> None:
        self._unkept = 0
        if self._cache is None:
            return
        kept = {"version": _VERSION, "prefix": prefix, "commit": self._commit, "pasts": self._pasts}
        try:
            write_json(self._cache, kept)
        except OSError as error:
            log.warning("the history is not kept: %s", error)

    def _tell(self, text: str) -> None:
        if text != self._told:
            log.warning("%s", text)
            self._told = text


def find_checkout(site: Path) -> Checkout | None:
    """Where the site's folder, its links resolved, lies in git: in a release of a home, or in a work tree."""
    for folder in (site, *site.parents):
        prefix = "" if folder == site else f"{site.relative_to(folder)}/"
        if folder.parent.name == "releases" and (folder.parent.parent / "repo.git").is_dir():
            return Checkout(Home(folder.parent.parent).repo, prefix, folder.name)
        git = folder / ".git"
        if git.is_dir():
            return Checkout(git, prefix, None)
        if git.is_file():  # a linked work tree
            target = git.read_text(encoding="utf-8", errors="replace").removeprefix("gitdir:").strip()
            return Checkout(folder / target, prefix, None)
    return None


class _Change(NamedTuple):
    moment: int
    kind: str
    old_path: str
    path: str
    old: str
    new: str


def _changes(git: Git, since: str, prefix: str) -> Iterator[_Change]:
    """What the commits did to the files of the site, the oldest first.

    A merge is one step, from what was published before to what is after: its own commits never were published.
    """
    pathspecs = [f":(literal){prefix}{name}" for name in _WATCHED]
    told = git.run(
        "log", "--reverse", "--first-parent", "-m", "--raw", "-M", f"-l{_MOST_RENAMES}", "-z", "--no-abbrev",
        "--no-ext-diff", "--no-show-signature", "--format=%x01%ct", since, "--", *pathspecs,
    )  # fmt: skip
    tokens = iter(told.split(b"\0"))
    moment = 0
    for token in tokens:
        if token.startswith(b"\x01"):
            moment = int(token[1:])
        elif facts := token.lstrip(b"\n"):
            *_, old, new, kind = facts.decode().split()
            path = old_path = _in_site(next(tokens), prefix)
            if kind[0] in "RC":
                path = _in_site(next(tokens), prefix)
            yield _Change(moment, kind[0], old_path, path, old, new)


def _apply(pasts: dict[str, Past], change: _Change) -> None:
    if change.kind == "D":
        pasts.pop(change.path, None)
        return
    if change.kind == "R":
        past = pasts.pop(change.old_path, Past(None, (change.old,), ()))
        past = past._replace(names=(*past.names, (change.old_path, change.old)))
    elif change.kind in "AC":
        past = Past(None, (change.new,), ())
    else:
        past = pasts.get(change.path, Past(None, (change.old,), ()))
    if change.new != past.versions[-1]:
        between = () if change.kind in "AC" or change.old == past.versions[-1] else (change.old,)
        versions = (*past.versions, *between, change.new)[-_MOST_VERSIONS:]
        past = past._replace(updated=change.moment, versions=versions)
    pasts[change.path] = past


def _in_site(path: bytes, prefix: str) -> str:
    return os.fsdecode(path).removeprefix(prefix)


def _past(values: list[Any]) -> Past:
    updated, versions, names = values
    return Past(updated, tuple(versions), tuple((name, version) for name, version in names))


def _object_ids(source: bytes, like: str) -> set[str]:
    """The ids that git gives a blob, in the hash of the repository: SHA-1 (40 digits) or SHA-256 (64).

    A checkout may have other ends of lines than the repository (`.gitattributes`).
    """
    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    texts = {source, source.replace(b"\r\n", b"\n")}
    return {algorithm(b"blob %d\0%b" % (len(text), text), usedforsecurity=False).hexdigest() for text in texts}


def _stamp(checkout: Checkout) -> object:
    """Changes with the commit that is checked out; a look costs no process."""
    if checkout.commit:
        return checkout.commit
    try:
        head = (checkout.repo / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
    names = ("logs/HEAD", "packed-refs", head.removeprefix("ref: "))
    return head, tuple(_changed_at(checkout.repo / name) for name in names)


def _changed_at(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
