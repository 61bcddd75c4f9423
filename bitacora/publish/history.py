"""What git knows of posts: when they changed, what they were called, how they were before they broke."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bitacora.files.layout import is_markdown
from bitacora.files.tree import read_own
from bitacora.library.history import History, NoHistory
from bitacora.posts.post import reads_the_same
from bitacora.publish.git import Git
from bitacora.publish.git_process import GitError
from bitacora.publish.home import Home, write_json

log = logging.getLogger(__name__)

PATIENCE_S = 300.0
_WATCHED = ("posts", "pages", "templates", "site.toml")
_VERSION = 3
_IGNORED = ".git-blame-ignore-revs"
"""Commits that changed no meaning, one id a line: git blame takes the file by that name, and forges do."""
_COMPARED_AT_ONCE = 200
_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LAST_MOMENT = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
_MOST_VERSIONS = 200
_MOST_RENAMES = 5_000
_MOST_UNKEPT = 500
_MOST_CHANGES = 10_000_000
_MOST_COMMITS = 8
"""Whose history is remembered: going back to one of them, and on from there, asks for no more than is new."""


class Checkout(NamedTuple):
    """Where a site lies in git: the repository, its path in commits ("" or "blog/"), the commit if it is fixed.

    `top` is the folder that has the whole of a commit.
    """

    repo: Path
    prefix: str
    commit: str | None
    top: Path


class Past(NamedTuple):
    """One file's history: ids of its versions and former names, the oldest first.

    `moments` are when the versions were committed, in seconds since the epoch, None for a commit that does not
    count; `updated` is the last of them that brought what readers see. `added` grows with the commit that added
    the file, under whatever name.
    """

    updated: int | None
    versions: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    moments: tuple[int | None, ...]
    added: int


class GitHistory:
    """What git says of the files of a site at one commit, each file's past by its path."""

    def __init__(self, repo: Path, pasts: Mapping[str, Past], tell: Callable[[str], None]) -> None:
        self._repo = repo
        self._pasts = pasts
        self._tell = tell
        self._former = {path: past.names for path, past in pasts.items() if past.names}

    def updated(self, path: str) -> datetime | None:
        past = self._pasts.get(path)
        return None if past is None or past.updated is None else datetime.fromtimestamp(past.updated, UTC)

    def added(self, path: str) -> int | None:
        past = self._pasts.get(path)
        return None if past is None else past.added

    def former(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        return self._former

    def before(self, path: str, source: bytes) -> tuple[str, ...] | None:
        versions = self._versions(path)
        if not versions or versions[-1] not in _object_ids(source, versions[-1]):
            return None
        return versions[-2::-1]

    def committed(self, path: str) -> tuple[str, ...]:
        return self._versions(path)[::-1]

    def had(self, path: str, source: bytes) -> bool:
        versions = self._versions(path)
        return bool(versions) and not _object_ids(source, versions[-1]).isdisjoint(versions[:-1])

    def read(self, versions: Iterable[str]) -> Mapping[str, bytes] | None:
        try:
            return Git(self._repo, patience=PATIENCE_S).contents(versions)
        except GitError as error:
            self._tell(f"Versions of posts cannot be read: {error}")
            return None

    def is_of(self, repo: Path, pasts: Mapping[str, Past]) -> bool:
        return (self._repo, self._pasts) == (repo, pasts)

    def _versions(self, path: str) -> tuple[str, ...]:
        past = self._pasts.get(path)
        return past.versions if past else ()


class GitHistorian:
    """Reads the history of the site in a checkout, and on, commit by commit; `cache` is a file to keep it in.

    A site that is no checkout has none, nor has a shallow clone: that is logged, and so is what git refuses.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._history: History = NoHistory()
        self._pasts: OrderedDict[tuple[str, str], Mapping[str, Past]] = OrderedDict()
        self._ignored: frozenset[str] = frozenset()
        self._unkept = 0
        self._told = ""

    def stamp(self, site: str) -> object:
        checkout = find_checkout(Path(site))
        seen = checkout and _stamp(checkout)
        return seen and (checkout, seen)

    def look(self, site: str) -> History | None:
        checkout = find_checkout(Path(site))
        try:
            pasts = self._read(checkout) if checkout else {}
        except GitError as error:
            self._tell(f"The history of the site cannot be used: {error}")
            return None
        repo = checkout.repo if checkout else Path()
        if not isinstance(self._history, GitHistory) or not self._history.is_of(repo, pasts):
            self._history = GitHistory(repo, pasts, self._tell)
        return self._history

    def is_release(self, site: str) -> bool:
        checkout = find_checkout(Path(site))
        return checkout is not None and checkout.commit is not None

    def _read(self, checkout: Checkout) -> Mapping[str, Past]:
        """Up to the commit that is checked out: from one that is known and leads there, or all anew."""
        git = Git(checkout.repo, patience=PATIENCE_S)
        if git.is_shallow():
            self._tell(
                "The repository is a shallow clone: dates and old addresses are not known (git fetch --unshallow)."
            )
            return {}
        commit = git.commit(checkout.commit or "HEAD")
        if commit is None:
            return {}
        ignored = _ignored_commits(git, commit)
        if not self._pasts:
            self._load(checkout.prefix)
        if ignored != self._ignored:
            self._pasts.clear()
            self._ignored = ignored
        here = checkout.prefix, commit
        if here not in self._pasts:
            self._pasts[here] = self._read_on(git, checkout.prefix, commit)
        self._pasts.move_to_end(here)
        while len(self._pasts) > _MOST_COMMITS:
            self._pasts.popitem(last=False)
        if self._unkept > _MOST_UNKEPT:
            self._keep(checkout.prefix, commit)
        return self._pasts[here]

    def _read_on(self, git: Git, prefix: str, commit: str) -> Mapping[str, Past]:
        known = [old for folder, old in reversed(self._pasts) if folder == prefix]
        old = next((old for old in known if git.leads_straight(old, commit)), None)
        pasts = dict(self._pasts[prefix, old]) if old else {}
        changed = set()
        known_commits = max((past.added for past in pasts.values()), default=0)
        for change in _changes(git, f"{old}..{commit}" if old else commit, prefix, self._ignored):
            _apply(pasts, change, known_commits + change.number)
            changed.add(change.path)
            self._unkept += 1
        _settle(git, pasts, changed)
        if old is None:
            self._unkept += _MOST_UNKEPT + 1
        return pasts

    def _load(self, prefix: str) -> None:
        if self._cache is None:
            return
        try:
            kept = json.loads(read_own(self._cache))
            if (kept["version"], kept["prefix"]) == (_VERSION, prefix):
                self._ignored = frozenset(map(_id, kept["ignored"]))
                pasts = {path: _past(values) for path, values in kept["pasts"].items()}
                self._pasts[prefix, _id(kept["commit"])] = pasts
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log.warning("%s is made anew: %s", self._cache, error)

    def _keep(self, prefix: str, commit: str) -> None:
        self._unkept = 0
        if self._cache is None:
            return
        kept = {"version": _VERSION, "prefix": prefix, "commit": commit}
        kept |= {"ignored": sorted(self._ignored), "pasts": self._pasts[prefix, commit]}
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
            return Checkout(Home(folder.parent.parent).repo, prefix, folder.name, folder)
        git = folder / ".git"
        if git.is_dir():
            return Checkout(git, prefix, None, folder)
        if git.is_file():  # a linked work tree
            target = (
                git.read_text(encoding="utf-8", errors="replace")
                .removeprefix("gitdir:")
                .partition("\0")[0]
                .strip()
            )
            return Checkout(folder / target, prefix, None, folder)
    return None


def former_texts(site: Path, path: str) -> list[bytes]:
    """Return what was committed of a file of the site, the newest first, at most 50; empty outside of git.

    Raises GitError.
    """
    checkout = find_checkout(site.resolve())
    if checkout is None:
        return []
    git = Git(checkout.repo)
    if (commit := git.commit(checkout.commit or "HEAD")) is None:
        return []
    told = git.entries(
        "log", "-50", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-show-signature",
        "--format=", commit, "--", f":(literal){checkout.prefix}{path}",
    )  # fmt: skip
    ids = [facts.split()[3].decode() for facts in told if facts.lstrip().startswith(b":")]
    contents = git.contents(ids)
    return [contents[each] for each in ids if each in contents]


class _Change(NamedTuple):
    number: int
    moment: int | None
    kind: str
    old_path: str
    path: str
    old: str
    new: str


def _ignored_commits(git: Git, commit: str) -> frozenset[str]:
    try:
        listed = git.run("cat-file", "blob", f"{commit}:{_IGNORED}").decode(errors="replace")
    except GitError:  # as a rule there is none
        return frozenset()
    lines = (line.partition("#")[0].strip() for line in listed.splitlines())
    return frozenset(line for line in lines if _OBJECT_ID.fullmatch(line))


def _changes(git: Git, since: str, prefix: str, ignored: Collection[str]) -> Iterator[_Change]:
    """What the commits did to the files of the site, the oldest first.

    A merge is one step, from what was published before to what is after: its own commits never were published.
    """
    pathspecs = [f":(literal){prefix}{name}" for name in _WATCHED]
    tokens = git.entries(
        "log", "--reverse", "--first-parent", "-m", "--raw", "-M", f"-l{_MOST_RENAMES}", "-z", "--no-abbrev",
        "--no-ext-diff", "--no-show-signature", "--format=%x01%ct %H", since, "--", *pathspecs,
    )  # fmt: skip
    moment: int | None = None
    commits = 0
    for number, token in enumerate(tokens):
        if number > _MOST_CHANGES:
            raise GitError(f"The history has more than {_MOST_CHANGES:,} changes of files: it is not read.")
        if token.startswith(b"\x01"):
            written, _, commit = token[1:].rstrip(b"\n").rpartition(b" ")
            commits += 1
            moment = None if commit.decode() in ignored else _moment(written)
        elif facts := token.lstrip(b"\n"):
            *_, old, new, kind = facts.decode().split()
            path = old_path = _in_site(next(tokens), prefix)
            if kind[0] in "RC":
                path = _in_site(next(tokens), prefix)
            yield _Change(commits, moment, kind[0], old_path, path, old, new)


def _moment(written: bytes) -> int | None:
    """Return when a commit was made, None where it names no moment that has a date in every zone.

    Whoever pushes writes there what they like: git prints nothing for what it cannot read.
    """
    moment = int(written) if written.isdigit() else None
    return moment if moment is None or moment <= _LAST_MOMENT else None


def _apply(pasts: dict[str, Past], change: _Change, commit: int) -> None:
    if change.kind == "D":
        pasts.pop(change.path, None)
        return
    if change.kind == "R":
        past = pasts.pop(change.old_path, Past(None, (change.old,), (), (None,), commit))
        past = past._replace(names=(*past.names, (change.old_path, change.old)))
    elif change.kind in "AC":
        past = Past(None, (change.new,), (), (None,), commit)
    else:
        past = pasts.get(change.path, Past(None, (change.old,), (), (None,), commit))
    if change.new != past.versions[-1]:
        between = () if change.kind in "AC" or change.old == past.versions[-1] else (change.old,)
        versions = (*past.versions, *between, change.new)[-_MOST_VERSIONS:]
        moments = (*past.moments, *(None for _ in between), change.moment)[-_MOST_VERSIONS:]
        past = past._replace(versions=versions, moments=moments)
    pasts[change.path] = past


def _settle(git: Git, pasts: dict[str, Past], changed: Iterable[str]) -> None:
    """Find when readers last saw something new in these files: from the newest version back, until one counts."""
    open_ones = [(path, len(pasts[path].versions) - 1) for path in sorted(changed) if path in pasts]
    while open_ones:
        now, open_ones = open_ones[:_COMPARED_AT_ONCE], open_ones[_COMPARED_AT_ONCE:]
        counting = [(path, _newest_that_counts(pasts[path], at)) for path, at in now]
        ids = {
            version
            for path, at in counting
            if is_markdown(path)
            for version in pasts[path].versions[at - 1 : at + 1]
            if at
        }
        sources = _sources(git, ids)
        for path, at in counting:
            past = pasts[path]
            if at and _is_the_same(sources, *past.versions[at - 1 : at + 1]):
                open_ones.append((path, at - 1))
            else:
                pasts[path] = past._replace(updated=past.moments[at] if at else None)


def _sources(git: Git, ids: Collection[str]) -> Mapping[str, bytes]:
    """What can be read of these versions: dates and names are known without it, and each commit counts then."""
    try:
        return git.contents(ids)
    except GitError as error:
        log.warning("Versions of posts cannot be compared, so each commit updates them: %s", error)
        return {}


def _newest_that_counts(past: Past, at: int) -> int:
    """The last version up to the one at `at` whose commit counts; 0 for none: the first one updates nothing."""
    return next((number for number in range(at, 0, -1) if past.moments[number] is not None), 0)


def _is_the_same(sources: Mapping[str, bytes], old: str, new: str) -> bool:
    return old in sources and new in sources and reads_the_same(sources[old], sources[new])


def _in_site(path: bytes, prefix: str) -> str:
    return os.fsdecode(path).removeprefix(prefix)


def _past(values: list[Any]) -> Past:
    """Raises ValueError or TypeError for what git did not say."""
    updated, versions, names, moments, added = values
    if not all(map(_is_moment, (updated, *moments, added))) or not versions or len(versions) != len(moments):
        raise ValueError("a file has no past")
    named = tuple((_path(name), _id(version)) for name, version in names)
    return Past(updated, tuple(map(_id, versions)), named, tuple(moments), int(added))


def _is_moment(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value <= _LAST_MOMENT)


def _id(text: str) -> str:
    if not _OBJECT_ID.fullmatch(text):
        raise ValueError("an id is none of git's")
    return text


def _path(text: str) -> str:
    if not text.startswith(_WATCHED):
        raise ValueError("a name is none of a file of the site")
    return text


def _object_ids(source: bytes, like: str) -> set[str]:
    """The ids that git gives a blob, in the hash of the repository: SHA-1 (40 digits) or SHA-256 (64).

    A checkout may have other ends of lines than the repository (`.gitattributes`).
    """
    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    texts = {source, source.replace(b"\r\n", b"\n")}
    return {algorithm(b"blob %d\0%b" % (len(text), text), usedforsecurity=False).hexdigest() for text in texts}


def _stamp(checkout: Checkout) -> object:
    """Changes with the commit that is checked out, None where it cannot be seen; a look costs no process."""
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
