"""The live site: one reference to an immutable Snapshot, renewed when files or the clock say so."""

from __future__ import annotations

import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar
from weakref import WeakMethod

from bitacora.files.layout import FOLDERS, SETTINGS_FILE, is_showable, shown_path
from bitacora.files.sources import Sources
from bitacora.files.tree import Signature, Tree, identity, signature
from bitacora.files.watch import EVERYTHING, QUIET_S, STATE, GitLock, Watch, has_writer, is_remote, open_watch
from bitacora.library.cold_start import processes_for, write_parts
from bitacora.library.commit_history import Hindsight, Question, Unknown
from bitacora.library.history import Historian, History, NoHistorian
from bitacora.library.last_good import LastGood, Version
from bitacora.library.scan import Broken, Changes, Entry, Good, Scan, Value, kind_of, source_of
from bitacora.library.snapshot import Reserved, Snapshot, build
from bitacora.library.warm_start import Index
from bitacora.posts.folder_words import FolderWords, said_of, speaks_for_others, words_of_folder
from bitacora.posts.permalink import PLACEHOLDERS, PermalinkError, check_pattern
from bitacora.posts.post import Post, date_of_words, read_post, repeated_keys, withheld
from bitacora.posts.visibility import appears, is_for_nobody, is_seen
from bitacora.problems import PostError
from bitacora.settings import SettingError, SettingsFileError, Site, line_of, read_site

log = logging.getLogger(__name__)

_T = TypeVar("_T")

SAFETY_SCAN_S = 60.0
GIT_PATIENCE_S = 5.0
HISTORY_PATIENCE_S = 30.0
_RETRY_S = 0.1
_REMOVAL_S = 2.0
"""What was deleted so shortly before the folder went away went with it: a folder is removed file by file."""
_GIT_POLL_S = 0.01
_STILL_WRITING_S = 2.0
OPEN_IS_TOLD_S = 60.0
_OPEN_POLL_S = 5.0
_MOST_LOOKS = 3
_COMMIT_POLL_S = 0.1
"""git writes the files of a commit first and says so later: a moment after, or when an editor commits at last."""
_HISTORY_IS_AWAITED_S = 1.0
_COMMIT_IS_AWAITED_S = 0.3
"""New files are in the work tree before git says that they are committed."""
_MOST_WITHDRAWN = 100
_MOST_ADDRESSES = 1 << 17
_SPARE_BYTES = 16 * 1024 * 1024
_TEMPLATES = "templates/"
UNKEPT_POSTS = 200
"""So many are read again at the next start rather than written down now."""


class Library:
    """The site in the folder `root`, as it is now.

    `state` is a folder for last good versions, `spool` one for a nameless file of sources; None keeps either in
    memory, and `index` one for what shall be known at the next start. `check_template(name, source)` raises
    PostError for a template that does not compile, `reserved` knows the engine's own addresses, `history` makes
    who knows of former versions, `clock` gives seconds since the epoch. With `shows_drafts` drafts and scheduled
    posts are published already, and a draft that breaks keeps its last good version while the process lives.
    Safe to use from many threads; a process that was forked off starts anew by itself.
    """

    def __init__(
        self,
        root: Path,
        *,
        state: Path | None = None,
        spool: Path | None = None,
        index: Path | None = None,
        watch: str = "auto",
        read_settings: Callable[[str], Site] = lambda toml: read_site(toml, {}),
        check_template: Callable[[str, str], None] = lambda _name, _source: None,
        reserved: Reserved = lambda _url: False,
        history: Callable[[], Historian] = NoHistorian,
        clock: Callable[[], float] = time.time,
        shows_drafts: bool = False,
        waits_for_writers: bool = True,
    ) -> None:
        self.root = root
        self._state = state
        self._spool = spool
        self._index = Index(index)
        self._watch_mode = watch
        self._read_settings = read_settings
        self._check_template = check_template
        self._reserved = lru_cache(_MOST_ADDRESSES)(reserved)
        self._new_historian = history
        self._clock = clock
        self._shows_drafts = shows_drafts
        self._waits_for_writers = waits_for_writers
        self._generation = 0
        self._start_anew()
        os.register_at_fork(after_in_child=_while_alive(self._forked))

    def _start_anew(self) -> None:
        self._asking = threading.Lock()
        self._renewing = threading.Lock()
        self._waiting = threading.Lock()
        self._tree: Tree | None = None
        self._watch: Watch | None = None
        self._git: GitLock | None = None
        self._git_index: Signature | None = None
        self._snapshot: Snapshot | None = None
        self._entries: dict[str, Entry] = {}
        self._files: dict[str, Signature] = {}
        self._site: Site | None = None
        self._dirty: set[str] = {EVERYTHING}
        self._looked_at: set[str] = set()
        self._unread: set[str] = set()
        self._later: dict[str, float] = {}
        self._unsettled: dict[str, float] = {}
        self._told_open: tuple[str, ...] = ()
        self._looks_for_open_at = 0.0
        self._deleted: dict[str, Entry] = {}
        self._deleted_at = 0.0
        self._racy: set[str] = set()
        self._trouble: PostError | None = None
        self._tried: tuple[float, object] = (0.0, None)
        self._told: set[str] = set()
        self._safety_scan_at = time.monotonic() + SAFETY_SCAN_S
        self._sources = Sources(self._spool)
        self._compact_at = 0
        self._last_good = LastGood(self._state)
        self._hindsight = Hindsight(self._new_historian(), self._judge, self._address)
        self._former: tuple[tuple[str, str], ...] = ()
        self._has_new_past = False
        self._looks_at_commit_at = 0.0
        self._patient_until = 0.0
        self._await_until = 0.0
        self._dated: dict[str, tuple[Post, Post]] = {}
        self._folder_words: tuple[FolderWords, ...] = ()
        self._withheld: dict[str, tuple[Post, Post]] = {}
        self._is_tidied = False
        self._unkept = 0
        self._edited: set[str] = set()

    def _forked(self) -> None:
        """A queue of changes shared with the parent would lose some, and its locks may be held for ever."""
        if self._watch is not None:
            self._watch.close()
        self._start_anew()

    def current(self, served: str | None = None) -> Snapshot | None:
        """The snapshot if it is certain that nothing newer can be had, else None. O(1): neither parses nor waits.

        `served` is the decoded path that is asked for: where changes are polled, its file is looked at.
        """
        with self._asking:
            self._ask(served)
            snapshot = self._snapshot
            if snapshot is None:
                return None
            if (self._dirty or self._looked_at) and not self._must_wait(self._dirty | self._looked_at):
                return None
        return snapshot if self._is_valid(snapshot) else None

    def snapshot(self, served: str | None = None) -> Snapshot:
        """The site as it is now, what changed on disk read.

        Raises SettingError when there is no usable `site.toml` and never was one, OSError when the site's folder
        cannot be seen and never could. Once it has given a snapshot it always gives one.
        """
        return self.current(served) or self._renewed()

    def wait(self, seconds: float) -> None:
        """Return when something on disk may have changed, or after `seconds`. To be called after `snapshot()`."""
        assert self._watch is not None
        self._watch.wait(seconds)

    def git_lock_age(self) -> float | None:
        """Seconds since git took the lock of the work tree, None when it holds none."""
        return self._git.age() if self._git else None

    def with_history(self, seconds: float) -> Snapshot | None:
        """Return the site with what is being asked of its history: the addresses that renamed files had.

        None where nothing is asked, it is not known after `seconds`, or another reader waits for it already.
        """
        if not self._hindsight.is_pending or not self._waiting.acquire(blocking=False):
            return None
        try:
            before = snapshot = self._snapshot
            deadline = time.monotonic() + seconds
            while self._hindsight.is_pending and (left := deadline - time.monotonic()) > 0:
                self._hindsight.wait(left)
                snapshot = self.snapshot()
            return None if snapshot is before else snapshot
        finally:
            self._waiting.release()

    def hold_back(self, problem: PostError) -> None:
        """Take down a post that turned out broken only when its body was rendered."""
        with self._renewing:
            entry = self._entries.get(problem.file)
            if entry is not None and entry.value is not None:
                self._entries = {**self._entries, problem.file: Entry(entry.signature, problem)}
                self._edited.add(problem.file)
                self._snapshot = self._built()

    @property
    def is_ready(self) -> bool:
        """Whether there is something to serve already."""
        return self._snapshot is not None

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The files that are not looked at now because they may still be being written."""
        return tuple(sorted({*self._unsettled, *self._told_open}))

    @property
    def is_polling(self) -> bool:
        return self._watch is not None and self._watch.is_polling

    @property
    def watch_name(self) -> str:
        return self._watch.name if self._watch else "none"

    # --- asking what changed

    def _ask(self, served: str | None) -> None:
        """Add what may have changed to what is dirty. The caller holds `_asking`, until it is there."""
        if self._watch is not None:
            self._dirty |= self._watch.changes(served and self._file_behind(served))
        if self._hindsight.has_news:
            self._dirty.add(STATE)
        now = time.monotonic()
        if self._later:
            self._dirty.update(path for path, due in self._later.items() if due <= now)
        if self._unsettled:
            self._dirty.update(path for path, due in self._unsettled.items() if due <= now)
        if now >= self._looks_for_open_at and self._watch is not None:
            self._looks_for_open_at = now + _OPEN_POLL_S
            self._dirty.update(set(self._told_open).symmetric_difference(self._open_for_long()))
        if now >= self._looks_at_commit_at and self._tree is not None:
            self._looks_at_commit_at = now + _COMMIT_POLL_S
            if self._is_behind(self._tree.real):
                self._dirty.add(STATE)
        if now >= self._safety_scan_at:
            self._safety_scan_at = now + SAFETY_SCAN_S * random.uniform(1, 1.25)  # noqa: S311 - spreads workers
            _start(self._scan_beside)

    def _is_behind(self, folder: str) -> bool:
        """Whether there is something to ask of history. What cannot be seen now is no news."""
        try:
            return not self._hindsight.is_busy and self._hindsight.is_behind(folder)
        except OSError:
            return False

    def _must_wait(self, dirty: set[str]) -> bool:
        """Whether what is dirty cannot be read now: git works, or a moment ago the folder was not there either.

        Nor shall it be while history is asked about it.
        """
        if self._hindsight.is_busy and time.monotonic() < self._await_until:
            return True
        if EVERYTHING not in dirty:
            return self._git is not None and self._git.is_held()
        tried_at, found = self._tried
        return time.monotonic() < tried_at + _RETRY_S and identity(self.root) == found

    def _file_behind(self, path: str) -> str | None:
        assert self._watch is not None
        if not self._watch.is_polling or self._snapshot is None:
            return None
        if self._snapshot.is_prefixed(path):
            path = path[len(self._snapshot.site.prefix) :]
        post = self._snapshot.find(path)
        return post.path if post else None

    def _is_valid(self, snapshot: Snapshot) -> bool:
        return snapshot.valid_from <= self._clock() < snapshot.valid_until

    def _scan_beside(self) -> None:
        """The safety net, on no reader's time: what differs on disk although nothing told of it."""
        tree, entries, files = self._tree, self._entries, self._files
        if tree is None:
            return
        if self._watch_mode == "auto" and not self.is_polling and is_remote(tree.real):
            log.warning("a network file system was mounted in %s, polling from now on", self.root)
            self._poll(tree)
        known = {path: entry.signature for path, entry in entries.items()} | files
        seen = set()
        suspicious = set()
        for folder in FOLDERS:
            for path, found in tree.walk(folder, lambda _folder: None):
                seen.add(path)
                if isinstance(found, OSError) or not kind_of(path) or known.get(path) == signature(found):
                    continue
                if time.time() - found.st_mtime > _STILL_WRITING_S and not has_writer(tree, path):
                    suspicious.add(path)
        suspicious.update(path for path in known if path not in seen and path.partition("/")[0] in FOLDERS)
        with self._asking:
            self._dirty |= suspicious

    # --- renewing

    def _renewed(self) -> Snapshot:
        with self._renewing:
            with self._asking:
                self._ask(None)
                # In sight of others until a snapshot holds it; what changes while it is read gets dirty anew.
                self._looked_at = self._unread = self._dirty
                self._dirty = set()
            try:
                trouble = self._trouble
                changed = bool(self._looked_at) and self._renew(self._looked_at)
                snapshot = self._snapshot
                changed |= self._note_open()
                if snapshot is None or changed or trouble != self._trouble or not self._is_valid(snapshot):
                    self._snapshot = snapshot = self._built()
                if self._unkept > UNKEPT_POSTS:
                    self._unkept = 0
                    _start(self._keep_index)
                return snapshot
            finally:
                with self._asking:
                    self._dirty |= self._unread
                    self._looked_at = set()

    def _renew(self, dirty: set[str]) -> bool:
        """Read what is dirty. False when nothing is different, or when it cannot be read now."""
        try:
            if EVERYTHING in dirty:
                self._open()
            self._look_back()
            site = self._site
            changes = self._looked(dirty)
            if changes is None:
                return False
            if self._awaits_history(changes):
                self._site = site
                return False
            is_different = self._apply(changes) or self._has_new_past
            if self._has_new_past:
                self._edited.add(EVERYTHING)
            former = self._hindsight.former(self._settings_in_force(), self._patience())
            is_different |= former != self._former
            self._former, self._has_new_past = former, False
        except OSError as error:
            self._tried = time.monotonic(), identity(self.root)
            if self._snapshot is None:
                raise
            self._trouble = _unreadable_site(error)
            is_away = EVERYTHING in dirty and isinstance(error, FileNotFoundError)
            return is_away and self._take_back_deletions()
        self._trouble = None
        self._racy = (self._racy - changes.seen) | changes.racy
        assert self._watch is not None
        with self._asking:
            self._unread = changes.again | self._racy if self._watch.is_polling else changes.again
            self._later = {p: due for p, due in self._later.items() if p not in dirty} | changes.later
            unsettled = {p: due for p, due in self._unsettled.items() if p not in changes.seen}
            self._unsettled = unsettled | changes.unsettled
        return is_different

    def _note_open(self) -> bool:
        """Whether other files than before have been open for long."""
        before, self._told_open = self._told_open, self._open_for_long()
        return self._told_open != before

    def _open_for_long(self) -> tuple[str, ...]:
        """The files of the site that have been written for so long that somebody should know."""
        found = self._watch.open_for(OPEN_IS_TOLD_S) if self._watch else []
        return tuple(sorted(path for path in found if kind_of(path)))

    def _take_back_deletions(self) -> bool:
        deleted, self._deleted = self._deleted, {}
        if not deleted or time.monotonic() > self._deleted_at + _REMOVAL_S:
            return False
        self._entries = {**deleted, **self._entries}
        self._hear_folders()
        self._edited.add(EVERYTHING)
        return True

    def _open(self) -> None:
        """Adopt the folder if it is another one than before. Raises OSError when it has no posts, and had some."""
        tree = Tree(self.root)
        if self._tree is not None and tree.identity == self._tree.identity:
            return
        had_posts = any(path.startswith("posts/") for path in self._entries)
        if had_posts and not _has_posts(tree) and not self._hindsight.is_release(tree.real):
            raise FileNotFoundError("there are no posts in it")
        watch = open_watch(
            self._watch_mode, self.root, tree, self._last_good.folder, self._known, waits=self._waits_for_writers
        )
        with self._asking:
            if self._watch is not None:
                self._watch.close()
            self._tree, self._watch, self._git = tree, watch, GitLock(tree.real)

    def _look_back(self) -> None:
        """Ask git for what is new."""
        assert self._tree is not None
        if self._snapshot is None and not self._patient_until:
            self._patient_until = time.monotonic() + HISTORY_PATIENCE_S
        self._has_new_past |= self._hindsight.look(self._tree.real, self._patience())

    def _patience(self) -> float:
        """How long history may take, in s: who shows nothing yet must not show something else than others."""
        return max(0.0, self._patient_until - time.monotonic()) if self._snapshot is None else 0.0

    def _awaits_history(self, changes: Changes) -> bool:
        """Whether history is being asked what was shown of a post before a commit broke it, or which of new posts
        that want one address came first.

        Until then the site stays as it was, whole: what is shown of the post may have been withdrawn by the same
        push. It is a matter of milliseconds, unless git hangs: then the rest of the push does not wait.
        """
        are_rivals = self._snapshot is not None and self._are_new_rivals(changes)
        is_open = any(self._is_open(path, found) for path, found in changes.found.items())
        if self._snapshot is None or not (is_open or are_rivals):
            self._await_until = 0.0
            return False
        now = time.monotonic()
        self._await_until = self._await_until or now + _HISTORY_IS_AWAITED_S
        since = now + _HISTORY_IS_AWAITED_S - self._await_until
        is_asked = self._hindsight.is_busy or (are_rivals and since < _COMMIT_IS_AWAITED_S)
        return is_asked and now < self._await_until

    def _are_new_rivals(self, changes: Changes) -> bool:
        """Whether new posts of a checkout, of which history knows nothing yet, want one address."""
        if not self._hindsight.is_of_checkout:
            return False
        added = self._hindsight.history.added
        urls = [
            found.value.url
            for path, found in changes.found.items()
            if isinstance(found, Good) and isinstance(found.value, Post) and path not in self._entries
            if added(path) is None
        ]
        return len(urls) != len(set(urls))

    def _is_open(self, path: str, found: Good | Broken | None) -> bool:
        known = self._entries.get(path)
        if not isinstance(found, Broken) or known is None or known.problem:
            return False
        return self._hindsight.last_good(self._question(path, found)) is Unknown.NOT_YET

    def _known(self, path: str) -> Signature | None:
        entry = self._entries.get(path)
        return entry.signature if entry else None

    def _looked(self, dirty: set[str]) -> Changes | None:
        """What became of what is dirty; None while git works: what is read then may be half of a push.

        A worker that has nothing to show yet waits for git's end instead, but not for ever.
        """
        assert self._git is not None
        patience = time.monotonic() + GIT_PATIENCE_S
        while True:
            index = self._git.index()
            must_look = self._snapshot is None and time.monotonic() > patience
            if must_look or not self._git.is_held():
                site = self._site
                changes = self._look(dirty, index if index != self._git_index else None)
                if must_look or (self._git.index() == index and not self._git.is_held()):
                    self._git_index = index
                    return changes
                self._site = site
            if self._snapshot is not None:
                return None
            time.sleep(_GIT_POLL_S)

    def _look(self, dirty: set[str], written_by_git: Signature | None) -> Changes:
        """`written_by_git` is git's index where git has worked since the last look."""
        assert self._tree is not None
        assert self._watch is not None
        is_new_tree = self._snapshot is not None and self._snapshot.tree is not self._tree
        vouched_until = self._vouched_until(written_by_git, is_new_tree)
        scan = Scan(
            self._tree,
            self._watch,
            self._entries,
            self._files,
            understand=self._understand,
            keep=self._sources.add,
            enter=self._enter,
            gone=self._later,
            deletions_at_once=written_by_git is not None or is_new_tree or self._snapshot is None,
            vouched_until=vouched_until,
            read_ahead=partial(self._read_ahead, vouched_until) if self._snapshot is None else lambda _found: None,
        )
        if dirty & {EVERYTHING, SETTINGS_FILE}:
            self._take_settings(scan.look([SETTINGS_FILE], self._racy))
            if self._snapshot is None:
                self._recall()
        broken: set[str] = set()
        if STATE in dirty or (self._snapshot is not None and self._snapshot.site != self._site):
            broken = {path for path, entry in self._entries.items() if entry.problem}
        changes = scan.look((dirty | broken) - {STATE, SETTINGS_FILE}, broken | self._racy)
        if self._snapshot is None:
            self._await_writers(scan, changes)
        self._look_twice(scan, changes)
        return changes

    def _vouched_until(self, written_by_git: Signature | None, is_new_tree: bool) -> float:
        """Until when files changed, in ns since the epoch, that are whole: git writes its index after them.

        So does whoever flips a link to a whole site.
        """
        assert self._tree is not None
        if is_new_tree and (self.root.is_symlink() or self._hindsight.is_release(self._tree.real)):
            return math.inf
        return written_by_git[3] if written_by_git else -math.inf

    def _await_writers(self, scan: Scan, changes: Changes) -> None:
        """A worker that has nothing to show yet gives files that were written just now the time to be whole."""
        waited = 0.0
        while changes.unsettled and waited < QUIET_S:
            due_in = min(changes.unsettled.values()) - time.monotonic()
            pause = min(max(_GIT_POLL_S, due_in), QUIET_S - waited)
            time.sleep(pause)
            waited += pause
            scan.look(tuple(changes.unsettled), ())

    def _look_twice(self, scan: Scan, changes: Changes) -> None:
        """Look again at what somebody wrote to meanwhile: half of it may have been read."""
        assert self._watch is not None
        for _ in range(_MOST_LOOKS):
            if self._watch.is_polling:
                return
            with self._asking:
                written = self._watch.changes(None)
                self._dirty |= written
            read = {path for path in (*changes.found, *changes.files) if path != SETTINGS_FILE}
            stirred = {path for path in read if path in written or self._watch.is_open(path)}
            if not stirred:
                return
            for path in stirred:
                changes.found.pop(path, None)
                changes.files.pop(path, None)
            scan.look(stirred, ())

    def _keep_index(self) -> None:
        entries, racy = self._entries, self._racy
        kept = {path: entry for path, entry in entries.items() if path not in racy}
        self._index.keep(self._settings_in_force(), kept)

    def _recall(self) -> None:
        """What was known when the blog ran last: files that are as they were then are not read again."""
        known = self._index.load(self._settings_in_force())
        self._entries.update({path: entry for path, entry in known.items() if path not in self._entries})

    def _read_ahead(self, vouched_until: float, found: Collection[str]) -> None:
        """Where a great many posts are not known yet: read them on all processors, once for all workers."""
        assert self._tree is not None
        site, root = self._settings_in_force(), self._tree.real
        assert self._watch is not None
        posts = {path: seen for folder in ("posts", "pages") for path, seen in self._posts_in(folder)}
        known = {path: entry.signature for path, entry in self._entries.items()}
        unread = sum(known.get(path) != signature(seen) for path, seen in posts.items())
        if not self._index.is_kept or not processes_for(unread):
            return
        whole = [
            path
            for path, seen in posts.items()
            if not self._watch.settles_in(path, seen, is_vouched=seen.st_ctime_ns <= vouched_until)
        ]
        read = self._index.filled(site, lambda place: write_parts(site, root, whole, place))
        self._entries.update(read)
        self._unkept -= len(read.keys() & found)
        for path in read.keys() - found:
            _tell_unused(read[path])

    def _posts_in(self, folder: str) -> Iterator[tuple[str, os.stat_result]]:
        assert self._tree is not None
        for path, found in self._tree.walk(folder, lambda _folder: None):
            is_post = kind_of(path) == "text" and not speaks_for_others(path)
            if is_post and is_showable(path) and not isinstance(found, OSError):
                yield path, found

    def _take_settings(self, changes: Changes) -> None:
        """Put new settings in force before any post is read: times and addresses depend on them."""
        if SETTINGS_FILE not in changes.found:
            return
        found = changes.found[SETTINGS_FILE]
        if found is None:
            self._site = self._read_settings("")
            return
        value = found.value if isinstance(found, Good) else self._last_good_settings(found)
        if isinstance(value, Site):
            self._site = value
        elif self._site is None and isinstance(found, Broken):
            wrong = found.problem.__cause__
            unreadable = SettingsFileError(f"{found.problem.reason} {found.problem.remedy}", found.problem.line)
            raise wrong if isinstance(wrong, SettingError) else unreadable

    def _last_good_settings(self, found: Broken) -> Value | None:
        return self._broken(SETTINGS_FILE, self._entries.get(SETTINGS_FILE), found).value

    def _enter(self, folder: str) -> None:
        """Watch a folder; where the kernel has no watch left, poll from now on."""
        assert self._watch is not None
        assert self._tree is not None
        try:
            self._watch.enter(folder)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            raise
        except OSError as error:
            log.warning("inotify cannot watch %s, polling instead: %s", folder, error)
            self._poll(self._tree)

    def _poll(self, tree: Tree) -> None:
        assert self._watch is not None
        polling = open_watch("poll", self.root, tree, None, self._known, waits=self._waits_for_writers)
        with self._asking:
            self._watch.close()
            self._watch = polling
            self._dirty.add(EVERYTHING)

    # --- what files mean

    def _understand(self, path: str, data: bytes, site: Site | None = None) -> Value:
        if path == SETTINGS_FILE:
            return self._settings(_decoded(path, data))
        if path.startswith(_TEMPLATES):
            source = _decoded(path, data)
            self._check_template(path.removeprefix(_TEMPLATES), source)
            return source
        site = site or self._settings_in_force()
        if speaks_for_others(path):
            return words_of_folder(data, path, date_of_words(site))
        return read_post(data, path, site)

    def _settings(self, toml: str) -> Site:
        try:
            site = self._read_settings(toml)
            _check_permalink(site, toml)
            return site
        except SettingError as error:
            remedy = "Correct it; until then the settings from before stay."
            raise PostError(SETTINGS_FILE, error.line or 1, 1, str(error), remedy) from error

    def _settings_in_force(self) -> Site:
        if self._site is None:
            self._site = self._read_settings("")
        return self._site

    # --- applying

    def _apply(self, changes: Changes) -> bool:
        """Put what was found in force. Whether that makes another site."""
        entries = dict(self._entries)
        gone = [path for path, found in changes.found.items() if found is None]
        self._withdraw(gone)
        if not changes.deletions_are_meant:
            self._remember({path: entries[path] for path in gone if path in entries})
        for path, found in changes.found.items():
            _tell_unused(found)
            entry = self._entry(path, entries.get(path), found)
            if entry is None:
                del entries[path]
            else:
                entries[path] = entry
        snapshot = self._snapshot
        is_different = bool(changes.files) or snapshot is None or snapshot.tree is not self._tree
        if snapshot is not None and snapshot.site != self._site:
            entries = {path: self._under_new_settings(path, entry) for path, entry in entries.items()}
            self._edited.add(EVERYTHING)
            is_different = True
        is_different = is_different or any(
            _shown(entries.get(path)) != _shown(self._entries.get(path)) for path in changes.found
        )
        self._entries = entries
        self._edited.update(changes.found)
        is_new_site = snapshot is None or snapshot.site != self._site
        if is_new_site or any(map(speaks_for_others, changes.found)):
            self._hear_folders()
        self._unkept += len(changes.found)
        if changes.files:
            self._files = {path: version for path, version in (self._files | changes.files).items() if version}
        self._tidy()
        return is_different

    def _entry(self, path: str, known: Entry | None, found: Good | Broken | None) -> Entry | None:
        """What is known about a file from now on, given what was; None for one that is gone.

        What was known when the blog ran last tells what a file means, never what it last meant before it broke:
        meanwhile it may have been a draft.
        """
        if self._snapshot is None and (isinstance(found, Broken) or (found and found.source)):
            known = None
        if isinstance(found, Broken):
            return self._broken(path, known, found)
        self._hindsight.forget(path)
        if found is None:
            return None
        value = found.value
        if known is not None or self._snapshot is not None:
            self._agree(path, found, was_broken=bool(known and known.problem))
        if found.source is None and known:
            return known._replace(signature=found.signature)
        if known and known.value == value:
            value = known.value  # the same object: so the next snapshot need not compare
        return Entry(found.signature, None, value, found.source, found.signature[-1])

    def _agree(self, path: str, found: Good, *, was_broken: bool) -> None:
        """Tell the other workers what may not be shown any more, though one of them may know of nothing newer.

        Also where this worker knew of a draft before: another one may have seen it published meanwhile.
        """
        ctime_ns = found.signature[-1]
        if _is_draft(found.value):
            self._last_good.withdraw(path, ctime_ns)
        elif not _is_public(found.value, self._clock()):
            self._last_good.withdraw(path, ctime_ns - 1)  # this very version may be shown when its time comes
        elif was_broken:
            self._last_good.erase(path)

    def _hear_folders(self) -> None:
        """Where a folder says anew who may see what lies in it, each post may mean something else."""
        values = [entry.value for entry in self._entries.values()]
        words = tuple(value for value in values if isinstance(value, FolderWords) and value.rules)
        if words != self._folder_words:
            self._folder_words, self._withheld = words, {}
            self._edited.add(EVERYTHING)

    def _remember(self, deleted: Mapping[str, Entry]) -> None:
        if deleted:
            now = time.monotonic()
            self._deleted = {**(self._deleted if now < self._deleted_at + _REMOVAL_S else {}), **deleted}
            self._deleted_at = now

    def _withdraw(self, gone: Collection[str]) -> None:
        """Deleted files do not come back in a worker that slept. Where a great many go, none sleeps for long."""
        for path in gone:
            if len(gone) <= _MOST_WITHDRAWN:
                self._last_good.withdraw(path, time.time_ns())
            elif self._entries[path].problem:
                self._last_good.erase(path)

    def _broken(self, path: str, known: Entry | None, found: Broken) -> Entry:
        """The entry of a broken file: with its last good version, if that was public when the file broke."""
        otherwise = Entry(found.signature, found.problem)
        if self._shows_drafts and known:
            otherwise = known._replace(signature=found.signature, problem=found.problem)
        if found.problem.withdrawn:
            self._last_good.withdraw(path, found.signature[-1] if found.signature else time.time_ns())
            return otherwise
        question = self._question(path, found)
        answer = self._hindsight.last_good(question, self._patience())
        if not isinstance(answer, Unknown):
            return self._from_history(question, answer) or otherwise
        if answer is Unknown.NOT_YET and known and known.problem and known.signature == found.signature:
            return known
        if self._hindsight.went_back(question):
            return otherwise
        version = None
        if known and known.source and not _is_draft(known.value):
            with suppress(OSError):
                version = Version(known.ctime_ns or _ctime_ns(known), known.source.read())
        newest = self._last_good.newest(path, version)
        if newest is None:
            return self._as_committed(question, known) or otherwise
        if known and version and newest.ctime_ns == version.ctime_ns:
            was_shown = _was_shown(known.value, found, None)
            return known._replace(signature=found.signature, problem=found.problem) if was_shown else otherwise
        try:
            value = self._understand(path, newest.source)
        except PostError:
            return otherwise
        if not _was_shown(value, found, None):
            return otherwise
        return Entry(found.signature, found.problem, value, self._sources.add(newest.source), newest.ctime_ns)

    def _as_committed(self, question: Question, known: Entry | None) -> Entry | None:
        """The version that was committed last, for an uncommitted one of which nothing better was ever seen."""
        if (known and known.value is not None) or self._last_good.is_withdrawn(question.path):
            return None
        answer = self._hindsight.last_good(question._replace(is_of_nobody_else=True), self._patience())
        return answer._replace(problem=question.found.problem) if isinstance(answer, Entry) else None

    def _question(self, path: str, found: Broken) -> Question:
        return Question(path, found, self._site)

    def _from_history(self, question: Question, answer: Entry | None) -> Entry | None:
        """The last good version that was committed: the same for every replica, whatever it saw itself."""
        found = question.found
        if answer is None:
            self._last_good.withdraw(question.path, _ctime_ns(found))
            return None
        return answer._replace(signature=found.signature, problem=found.problem)

    def _judge(self, question: Question, history: History, versions: Iterator[bytes]) -> Entry | None:
        """Which version may be shown in place of a broken one. Runs beside requests."""
        path, found, site, _ = question
        for data in versions:
            try:
                value = self._understand(path, data, site)
            except PostError as problem:
                if problem.withdrawn:
                    return None
                continue
            if _is_draft(value) or not _was_shown(value, found, history.updated(path)):
                return None
            return Entry(found.signature, found.problem, value, Sources(None).add(data))
        return None

    def _address(self, name: str, source: bytes, site: Site) -> str | None:
        """Where a post was to be found under a former name. Runs beside requests."""
        try:
            post = read_post(source, name, site)
        except PostError:
            return None
        return None if is_for_nobody(post) or kind_of(name) != "text" else post.url

    def _with_past(self, path: str, post: Post) -> Post:
        """A post that says nothing of it was updated when it was last committed."""
        updated = None if post.updated else self._hindsight.history.updated(path)
        if updated is None or (post.date is not None and updated <= post.date):
            return post
        known, dated = self._dated.get(path, (None, None))
        if dated is None or known is not post or dated.updated != updated:
            dated = post._replace(updated=updated)
            self._dated[path] = post, dated
        return dated

    def _under_new_settings(self, path: str, entry: Entry) -> Entry:
        """Times, addresses and authors depend on the settings; a post that they break stays as it was."""
        if not isinstance(entry.value, Post | FolderWords) or entry.source is None:
            return entry
        assert self._tree is not None
        try:
            return entry._replace(value=self._understand(path, source_of(self._tree, path, entry)))
        except PostError as problem:
            return entry._replace(problem=entry.problem or problem)
        except OSError:
            return entry

    def _tidy(self) -> None:
        """Leave behind the last good versions of files mended while nobody looked, and sources that are gone."""
        if not self._is_tidied and self._entries:
            self._is_tidied = all(entry.signature for entry in self._entries.values())
            if self._is_tidied:
                self._last_good.keep_only(path for path, entry in self._entries.items() if entry.problem)
        if self._compact_at == 0:
            self._compact_at = 2 * self._sources.size + _SPARE_BYTES
        elif self._sources.size > self._compact_at:
            self._compact()

    def _compact(self) -> None:
        sources = Sources(self._spool)
        try:
            self._entries = {
                path: entry._replace(source=sources.add(entry.source.read())) if entry.source else entry
                for path, entry in self._entries.items()
            }
            self._sources = sources
        except OSError as error:
            log.warning("sources of old versions stay for now: %s", error)
        self._compact_at = 2 * sources.size + _SPARE_BYTES

    def _built(self) -> Snapshot:
        assert self._tree is not None
        now = self._clock()
        self._generation += 1
        problems = [entry.problem for entry in self._entries.values() if entry.problem]
        problems += map(_open_for_long, self._told_open)
        found, templates = self._meanings()
        snapshot = build(
            generation=self._generation,
            site=self._settings_in_force(),
            found=found,
            problems=[self._trouble, *problems] if self._trouble else problems,
            templates=templates,
            files=self._files,
            entries=self._entries,
            tree=self._tree,
            reserved=self._reserved,
            former=self._former,
            history=self._hindsight.history,
            now=now,
            shows_drafts=self._shows_drafts,
            old=self._snapshot,
            looked_at=None if EVERYTHING in self._edited else frozenset(self._edited),
        )
        self._edited = set()
        self._tell(snapshot.problems)
        return snapshot

    def _meanings(self) -> tuple[Mapping[str, Post], Mapping[str, str]]:
        """Posts and pages by path, templates by name: the mappings of the last snapshot where none differs."""
        old = self._snapshot
        is_new = old is None or EVERYTHING in self._edited
        values = {path: self._meaning(path) for path in (self._entries if is_new else self._edited)}
        found = {path: value for path, value in values.items() if isinstance(value, Post)}
        templates = {
            path.removeprefix(_TEMPLATES): value for path, value in values.items() if isinstance(value, str)
        }
        if old is None or is_new:
            return found, templates
        names = [path.removeprefix(_TEMPLATES) for path in values if path.startswith(_TEMPLATES)]
        return _patched(old.found, found, values), _patched(old.templates, templates, names)

    def _meaning(self, path: str) -> Value | None:
        """What is shown for a file, with what its history adds to it."""
        entry = self._entries.get(path)
        value = entry.value if entry else None
        return self._with_past(path, self._with_words(path, value)) if isinstance(value, Post) else value

    def _with_words(self, path: str, post: Post) -> Post:
        """A post that others see no more of than its folders let them."""
        if not self._folder_words:
            return post
        known, of_folder = self._withheld.get(path, (None, None))
        if of_folder is None or known is not post:
            of_folder = withheld(post, said_of(path, self._folder_words))
            self._withheld[path] = post, of_folder
        return of_folder

    def _tell(self, problems: Collection[PostError]) -> None:
        """Log each problem once, when it appears."""
        texts = {str(problem) for problem in problems}
        for text in sorted(texts - self._told):
            log.warning("%s", text)
        self._told = texts


def _while_alive(method: Callable[[], None]) -> Callable[[], None]:
    """The method for those who never forget what they shall call, without keeping its object alive."""
    reference = WeakMethod(method)

    def call() -> None:
        alive = reference()
        if alive is not None:
            alive()

    return call


def _start(task: Callable[[], None]) -> None:
    try:
        threading.Thread(target=task, daemon=True).start()
    except RuntimeError as error:  # no thread is left
        log.warning("the safety scan is put off: %s", error)


def _check_permalink(site: Site, toml: str) -> None:
    """Settings do not know what a permalink may be made of."""
    try:
        check_pattern(site.permalink)
    except PermalinkError:
        allowed = f"made of {', '.join(PLACEHOLDERS)}"
        raise SettingError("permalink", site.permalink, allowed, line_of(toml, "permalink")) from None


def _has_posts(tree: Tree) -> bool:
    names = (path for path, _ in tree.walk("posts", lambda _folder: None))
    return any(kind_of(path) == "text" and not speaks_for_others(path) for path in names)


def _tell_unused(found: Good | Broken | Entry | None) -> None:
    """Log what a head says in vain, once: when it is read."""
    if isinstance(found, Good | Entry) and found.source and isinstance(post := found.value, Post):
        repeated = repeated_keys(found.source.read(), post.path) if post.repeats else []
        for remark in (*post.remarks, *repeated):
            log.warning("%s", remark)


def _patched(known: Mapping[str, _T], new: Mapping[str, _T], looked_at: Iterable[str]) -> Mapping[str, _T]:
    """What is known, with what became of those looked at; the very same mapping where that is nothing new."""
    gone = [name for name in looked_at if name in known and name not in new]
    if not gone and all(known.get(name) is value for name, value in new.items()):
        return known
    patched = {**known, **new}
    for name in gone:
        del patched[name]
    return patched


def _shown(entry: Entry | None) -> tuple[object, ...]:
    """All of an entry but the signature: a touched file is no news."""
    return entry[1:] if entry else ()


def _is_draft(value: Value | None) -> bool:
    return isinstance(value, Post) and is_for_nobody(value)


def _is_public(value: Value, moment: float) -> bool:
    """Whether a post shows at a moment, in seconds since the epoch; what is no post always does."""
    return not isinstance(value, Post) or is_seen(value, datetime.fromtimestamp(moment, UTC))


def _ctime_ns(version: Entry | Broken) -> int:
    return version.signature[-1] if version.signature else 0


def _was_shown(value: Value | None, found: Broken, committed: datetime | None) -> bool:
    """Whether a post was due before its file broke: what never was public does not appear while it is broken."""
    since = appears(value) if isinstance(value, Post) else None
    if since is None or found.signature is None:
        return True
    return since <= (committed or datetime.fromtimestamp(found.signature[-1] / 1e9, UTC))


def _unreadable_site(error: OSError) -> PostError:
    return PostError(
        "posts",
        1,
        1,
        f"The site's folder cannot be read ({error.strerror or error}); what was read before stays up.",
        "Put the folder back, or ask whoever runs the server.",
    )


def _open_for_long(path: str) -> PostError:
    return PostError(
        shown_path(path),
        1,
        1,
        f"The file has been open for over {OPEN_IS_TOLD_S:.0f} s in a program that writes to it, so what is in it "
        "is not shown yet; what was there before stays.",
        "Close it there, or end the upload and begin it anew.",
    )


def _decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PostError(path, line, 1, "The file is not in UTF-8.", "Save it as UTF-8.") from None
