"""Looking at paths that may have changed: what is on disk, against what is known of it."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bitacora.files.layout import (
    FOLDERS,
    SETTINGS_FILE,
    SETTINGS_OF_OTHERS,
    is_hidden,
    is_markdown,
    is_partial,
    is_set_aside,
    is_showable,
    shown_path,
)
from bitacora.files.sources import Source
from bitacora.files.tree import BeingWrittenError, Signature, Tree, signature
from bitacora.files.watch import EVERYTHING, Watch
from bitacora.posts.folder_words import FolderWords, speaks_for_others
from bitacora.posts.pictures import media_type
from bitacora.posts.post import Post
from bitacora.problems import PostError
from bitacora.settings import Site

DELETION_PATIENCE_S = 0.15
RETRY_S = 0.5
ONE_BY_ONE = 300
"""So many files are read before it is asked whether a great many are left."""
_RACY_NS = 20_000_000
_RACY_WHOLE_SECONDS_NS = 2_000_000_000

Value = Post | str | Site | FolderWords
"""What a file means: a post or page, the text of a template, the settings, who may see what lies in a folder."""


class Entry(NamedTuple):
    """What is known about one file.

    `signature` is that of the version on disk, None when it could not be read. `value` is what is shown for the
    file, out of `source`, whose file had `ctime_ns`; all of that is absent when there is nothing good to show.
    `problem` says what is wrong with the version on disk.
    """

    signature: Signature | None
    problem: PostError | None = None
    value: Value | None = None
    source: Source | None = None
    ctime_ns: int = 0


class Good(NamedTuple):
    """A version that was read whole and understood; `source` is None when it is the one already kept."""

    signature: Signature
    value: Value
    source: Source | None


class Broken(NamedTuple):
    """A version that cannot be shown; `data` is what was read of it."""

    signature: Signature | None
    problem: PostError
    data: bytes | None = None


@dataclass
class Changes:
    """What a look at the disk found; nothing is changed by looking.

    `later` holds paths to look at again at a moment of the monotonic clock, `racy` those that were written so
    shortly before they were read that another write may hide behind the same times. `unsettled` are files that
    may still be being written, and when to look at them again; what was known of them stays. `seen` are all that
    were looked at. `deletions_are_meant` where git made them, or another folder has taken the place of one.
    """

    deletions_are_meant: bool = False
    found: dict[str, Good | Broken | None] = field(default_factory=dict)
    files: dict[str, Signature | None] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)
    later: dict[str, float] = field(default_factory=dict)
    racy: set[str] = field(default_factory=set)
    unsettled: dict[str, float] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


class Scan:
    """One look. `understand(path, data)` gives a file's meaning or raises PostError, `keep(data)` a source.

    `gone` is what the look before left: absent paths with the moment until which they may come back, as they do
    when editors save. What changed until `vouched_until`, in ns since the epoch, is whole. `read_ahead(found)` may
    put more into `entries`, once, where there is much to read.
    """

    def __init__(
        self,
        tree: Tree,
        watch: Watch,
        entries: Mapping[str, Entry],
        files: Mapping[str, Signature],
        *,
        understand: Callable[[str, bytes], Value],
        keep: Callable[[bytes], Source],
        enter: Callable[[str], None],
        gone: Mapping[str, float],
        deletions_at_once: bool,
        vouched_until: float,
        read_ahead: Callable[[Collection[str]], None],
    ) -> None:
        self._tree = tree
        self._watch = watch
        self._entries = entries
        self._files = files
        self._understand = understand
        self._keep = keep
        self._enter = enter
        self._anew: Collection[str] = ()
        self._gone = gone
        self._deletions_at_once = deletions_at_once
        self._vouched_until = vouched_until
        self._read_ahead = read_ahead
        self._reads = 0
        self.changes = Changes(deletions_at_once)

    def look(self, paths: Collection[str], anew: Collection[str]) -> Changes:
        """What became of `paths`: files, or folders with all that is in them.

        Files that are in `anew` are read again though their signature is the same.
        """
        self._anew = anew
        for path in (*FOLDERS, *SETTINGS_OF_OTHERS) if EVERYTHING in paths else paths:
            self._look_at(path)
        return self.changes

    def _look_at(self, path: str) -> None:
        try:
            found = self._tree.stat(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            self._missing(path, error)
        except OSError as error:
            self._look_at_file(path, error)
        else:
            is_folder = stat.S_ISDIR(found.st_mode) and (path in FOLDERS or not is_markdown(path))
            if is_folder and (path in FOLDERS or not self._tree.is_link(path)):
                self._look_into(path)
            else:
                self._look_at_file(path, found)

    def _look_into(self, path: str) -> None:
        seen: set[str] = set()
        unseen: list[str] = []
        for below, status in self._tree.walk(path, self._enter):
            seen.add(below)
            self._look_at_file(below, status)
            if isinstance(status, OSError):
                unseen.append(f"{below}/")
        if path in self._entries and path not in seen:
            self.changes.found[path] = None  # what was wrong with the folder itself
        hidden = tuple(unseen)
        self._take_for_gone(known for known in self._not_seen_below(path) if not known.startswith(hidden))

    def _look_at_file(self, path: str, found: os.stat_result | OSError) -> None:
        self.changes.seen.add(path)
        entry = self._entries.get(path)
        if entry is not None and self._is_as_it_was(path, entry, found):
            return
        kind = kind_of(path)
        if isinstance(found, FileNotFoundError):
            self._missing(path, found)  # it went while its folder was listed
        elif isinstance(found, OSError):
            if kind != "file":
                self._unreadable(path, found)
        elif kind == "file" and stat.S_ISREG(found.st_mode):
            if self._files.get(path) != signature(found) and self._is_whole(path, found):
                self.changes.files[path] = signature(found)
        elif stat.S_ISDIR(found.st_mode) and not kind:
            self._linked_folder(path, signature(found))
        elif kind == "text":
            if _is_cut(path, found):
                self.changes.later[path] = time.monotonic() + RETRY_S
            elif self._is_known(path, entry, found) or self._is_whole(path, found):
                self._read(path, entry, signature(found))
                self._reads += 1
                if self._reads == ONE_BY_ONE:
                    self._read_ahead(self.changes.found)

    def _is_as_it_was(self, path: str, entry: Entry, found: os.stat_result | OSError) -> bool:
        return not isinstance(found, OSError) and path not in self._anew and self._is_known(path, entry, found)

    def _is_known(self, path: str, entry: Entry | None, found: os.stat_result) -> bool:
        return entry is not None and entry.signature == signature(found) and not self._watch.is_open(path)

    def _is_whole(self, path: str, found: os.stat_result) -> bool:
        """Whether nobody is still writing to a file, as far as can be told."""
        is_vouched = found.st_ctime_ns <= self._vouched_until
        if again_in := self._watch.settles_in(path, found, is_vouched=is_vouched):
            self.changes.unsettled[path] = time.monotonic() + again_in
        else:
            self.changes.unsettled.pop(path, None)
        return not again_in

    def _linked_folder(self, path: str, seen: Signature) -> None:
        """Folders behind links are not entered: nothing then loops, leads outside, or shows a draft twice."""
        known = self._entries.get(path)
        if not is_hidden(path.rpartition("/")[2]) and (known is None or known.signature != seen):
            reason = "This is a link to a folder, and what lies behind it is not read."
            remedy = "Put the folder itself in its place, or links to its files."
            self.changes.found[path] = Broken(seen, PostError(shown_path(path), 1, 1, reason, remedy))

    def _read(self, path: str, entry: Entry | None, seen: Signature) -> None:
        try:
            _must_be_showable(path)
            data, version = self._tree.read(path)
        except BeingWrittenError:
            self.changes.again.add(path)
        except FileNotFoundError as error:
            self._missing(path, error)
        except PostError as problem:
            self.changes.found[path] = Broken(seen, problem)
        except OSError as error:
            self._unreadable(path, error)
        else:
            if is_racy(version):
                self.changes.racy.add(path)
            self._interpret(path, entry, data, version)

    def _interpret(self, path: str, entry: Entry | None, data: bytes, version: Signature) -> None:
        if entry and not entry.problem and entry.value is not None and _has(entry, data):
            if entry.signature != version:
                self.changes.found[path] = Good(version, entry.value, None)
            return
        try:
            value = self._understand(path, data)
        except PostError as problem:
            self.changes.found[path] = Broken(version, problem, data)
        else:
            self.changes.found[path] = Good(version, value, self._keep(data))

    def _unreadable(self, path: str, error: OSError) -> None:
        self.changes.found[path] = Broken(None, PostError(shown_path(path), 1, 1, *_why_unreadable(error)))
        self.changes.later[path] = time.monotonic() + RETRY_S

    def _missing(self, path: str, error: OSError) -> None:
        """A file or folder has gone, or there is nothing yet where a link leads to."""
        self.changes.seen.add(path)
        entry = self._entries.get(path)
        if (entry is None or entry.value is None) and kind_of(path) == "text" and self._tree.is_link(path):
            self._unreadable(path, error)
        else:
            is_known = path in self._entries or path in self._files
            self._take_for_gone([path] if is_known else [])
            if not self._is_file(path):
                self._take_for_gone(self._not_seen_below(path))

    def _take_for_gone(self, paths: Iterable[str]) -> None:
        now = time.monotonic()
        for known in paths:
            due = self._gone.get(known, now + DELETION_PATIENCE_S - self._absent_for(known))
            if known in self.changes.found:
                continue
            if not self._deletions_at_once and now < due:
                self.changes.later[known] = due
            elif known in self._entries:
                self.changes.found[known] = None
            else:
                self.changes.files[known] = None

    def _not_seen_below(self, path: str) -> list[str]:
        """Return all known paths below `path`, but for those that this look has seen."""
        below = f"{path}/"
        not_seen = [*(self._entries.keys() - self.changes.seen), *(self._files.keys() - self.changes.seen)]
        return sorted(known for known in not_seen if known.startswith(below))

    def _is_file(self, path: str) -> bool:
        """Whether a path is known as that of a file: then nothing lies below it."""
        entry = self._entries.get(path)
        return path in self._files or (entry is not None and entry.source is not None)

    def _absent_for(self, path: str) -> float:
        """Seconds for which a path is certain to have been absent: since its folder last changed.

        Without that, the first reader after a quiet time would still be shown what was deleted long ago.
        """
        if self._tree.is_link(path):
            return 0.0  # what it leads to went away, perhaps for the moment of a save
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            try:
                absent = time.time() - self._tree.stat(folder or ".").st_ctime
            except OSError:
                continue
            return min(max(absent, 0.0), DELETION_PATIENCE_S)
        return 0.0


def kind_of(path: str) -> str:
    """ "text" for what is read and understood, "file" for what is only served, "" for what is neither."""
    top, _, rest = path.partition("/")
    name = path.rpartition("/")[2]
    if is_hidden(name) or (rest and top not in FOLDERS):
        return ""
    if speaks_for_others(path):
        return "text"
    if path == SETTINGS_FILE or (top == "templates" and rest):
        return "text"
    if top == "static" and rest:
        return "" if is_partial(name) else "file"
    if top == "root" and rest:
        return "file" if is_showable(path) and not is_partial(name) else ""
    if top not in {"posts", "pages"}:
        return ""
    if is_markdown(name):
        return "" if is_set_aside(path) else "text"
    return "file" if media_type(name) and is_showable(path) else ""


def source_of(tree: Tree, path: str, entry: Entry) -> bytes:
    """The bytes of the version that is shown. Raises OSError.

    Where they cannot be read from where they are kept, the file serves as long as it is that version.
    """
    try:
        return entry.source.read() if entry.source else b""
    except OSError:
        if (data := _still_there(tree, path, entry)) is None:
            raise
        return data


def is_racy(version: Signature) -> bool:
    """Git's rule: a file written in the same tick as it was read may be written again unseen."""
    *_, mtime_ns, ctime_ns = version
    whole_seconds = mtime_ns % 1_000_000_000 == 0 and ctime_ns % 1_000_000_000 == 0
    window = _RACY_WHOLE_SECONDS_NS if whole_seconds else _RACY_NS
    now = time.time_ns()
    return abs(now - mtime_ns) < window or abs(now - ctime_ns) < window


def _still_there(tree: Tree, path: str, entry: Entry) -> bytes | None:
    try:
        data, version = tree.read(path)
    except (BeingWrittenError, OSError, PostError):
        return None
    return data if version == entry.signature and not entry.problem else None


def _has(entry: Entry, data: bytes) -> bool:
    """Whether these are the bytes that an entry was made of, as far as they can still be read."""
    try:
        return entry.source is not None and entry.source.read() == data
    except OSError:
        return False


def _must_be_showable(path: str) -> None:
    if not is_showable(path):
        reason = "The file's name has characters that cannot be shown."
        raise PostError(shown_path(path), 1, 1, reason, "Rename it.")


def _why_unreadable(error: OSError) -> tuple[str, str]:
    """Reason and remedy."""
    if error.errno in _ODD_FILES:
        return _ODD_FILES[error.errno]
    reason = f"The file or folder cannot be read: {error.strerror or error}."
    return reason, "Ask whoever runs the server to let the blog read it."


_NO_LINK = "Put the file itself here instead of a link."
_ODD_FILES = {
    errno.ENOENT: ("The file is a link that leads to nothing.", _NO_LINK),
    errno.ELOOP: ("The file is a link that leads back to itself.", _NO_LINK),
    errno.ENXIO: ("This is named like a post but is a socket, which is no file.", "Rename it, or delete it."),
}


def _is_cut(path: str, found: os.stat_result) -> bool:
    """Whether the settings are just being saved: without a byte they would be valid, and move every post."""
    return path == SETTINGS_FILE and found.st_size == 0 and time.time() - found.st_mtime < RETRY_S
