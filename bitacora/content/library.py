"""The live site: one reference to an immutable Snapshot, renewed when files or the clock say so."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from bitacora.content.errors import PostError
from bitacora.content.files import FOLDERS, SETTINGS_FILE, Signature, Tree, signature
from bitacora.content.last_good import LastGood, Version
from bitacora.content.post import Post, read_post
from bitacora.content.scan import Broken, Changes, Entry, Good, Scan, Value, kind_of
from bitacora.content.snapshot import Reserved, Snapshot, build
from bitacora.content.sources import Sources
from bitacora.content.watch import EVERYTHING, STATE, GitLock, Watch, open_watch
from bitacora.settings import SettingError, Site, read_site

log = logging.getLogger(__name__)

SAFETY_SCAN_S = 60.0
GIT_PATIENCE_S = 5.0
_ROOT_RETRY_S = 0.1
_STILL_WRITING_S = 2.0
_SPARE_BYTES = 16 * 1024 * 1024


class Library:
    """The site in the folder `root`, as it is now.

    `state` is a folder for last good versions, `spool` one for a nameless file of sources; None keeps either in
    memory. `check_template(name, source)` raises PostError for a template that does not compile, `reserved` knows
    the engine's own addresses, `clock` gives seconds since the epoch. Safe to use from many threads; a process
    that was forked off starts anew by itself.
    """

    def __init__(
        self,
        root: Path,
        *,
        state: Path | None = None,
        spool: Path | None = None,
        watch: str = "auto",
        read_settings: Callable[[str], Site] = lambda toml: read_site(toml, {}),
        check_template: Callable[[str, str], None] = lambda _name, _source: None,
        reserved: Reserved = lambda _url: False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.root = root
        self._state = state
        self._spool = spool
        self._watch_mode = watch
        self._read_settings = read_settings
        self._check_template = check_template
        self._reserved = reserved
        self._clock = clock
        self._generation = 0
        self._start_anew()

    def current(self, served: str | None = None) -> Snapshot | None:
        """The snapshot if it is certain that nothing has changed, else None. O(1): neither parses nor waits.

        `served` is the decoded path that is asked for: where changes are polled, its file is looked at.
        """
        snapshot = self._snapshot
        if snapshot is None or self._pid != os.getpid():
            return None
        with self._asking:
            self._ask(served)
            if self._dirty:
                return None
            snapshot = self._snapshot
        return snapshot if snapshot is not None and self._is_valid(snapshot) else None

    def snapshot(self, served: str | None = None) -> Snapshot:
        """The site as it is now, what changed on disk read.

        Raises SettingError when there is no usable `site.toml` and never was one.
        """
        return self.current(served) or self._renewed()

    def git_lock_age(self) -> float | None:
        """Seconds since git took the lock of the work tree, None when it holds none."""
        return self._git.age() if self._git else None

    @property
    def is_ready(self) -> bool:
        """Whether there is something to serve already."""
        return self._snapshot is not None and self._pid == os.getpid()

    @property
    def watch_name(self) -> str:
        return self._watch.name if self._watch else "none"

    # --- asking what changed

    def _start_anew(self) -> None:
        self._pid = os.getpid()
        self._asking = threading.Lock()
        self._renewing = threading.Lock()
        self._tree: Tree | None = None
        self._watch: Watch | None = None
        self._git: GitLock | None = None
        self._git_index: Signature | None = None
        self._snapshot: Snapshot | None = None
        self._entries: dict[str, Entry] = {}
        self._files: dict[str, Signature] = {}
        self._site: Site | None = None
        self._dirty: set[str] = {EVERYTHING}
        self._later: dict[str, float] = {}
        self._racy: set[str] = set()
        self._trouble: PostError | None = None
        self._told: set[str] = set()
        self._safety_scan_at = time.monotonic() + SAFETY_SCAN_S
        self._sources = Sources(self._spool)
        self._compact_at = _SPARE_BYTES
        self._last_good = LastGood(self._state)

    def _ask(self, served: str | None) -> None:
        """Add what may have changed to what is dirty. The caller holds `_asking`, until it is there."""
        if self._watch is not None:
            self._dirty |= self._watch.changes(served and self._file_behind(served))
        now = time.monotonic()
        if self._later:
            self._dirty.update(path for path, due in self._later.items() if due <= now)
        if now >= self._safety_scan_at:
            self._safety_scan_at = now + SAFETY_SCAN_S * random.uniform(1, 1.25)  # noqa: S311 - spreads workers
            threading.Thread(target=self._scan_beside, daemon=True).start()

    def _file_behind(self, path: str) -> str | None:
        assert self._watch is not None
        if not self._watch.looks_at_served_file or self._snapshot is None:
            return None
        post = self._snapshot.find(path)
        return post.path if post else None

    def _is_valid(self, snapshot: Snapshot) -> bool:
        return snapshot.valid_from <= self._clock() < snapshot.valid_until

    def _scan_beside(self) -> None:
        """The safety net, on no reader's time: what differs on disk although nothing told of it."""
        tree, entries, files = self._tree, self._entries, self._files
        if tree is None:
            return
        known = {path: entry.signature for path, entry in entries.items()} | files
        seen = set()
        suspicious = set()
        for folder in FOLDERS:
            for path, found in tree.walk(folder, lambda _folder: None):
                seen.add(path)
                if isinstance(found, OSError) or not kind_of(path) or known.get(path) == signature(found):
                    continue
                if time.time() - found.st_mtime > _STILL_WRITING_S:
                    suspicious.add(path)
        suspicious.update(path for path in known if path not in seen and path.partition("/")[0] in FOLDERS)
        with self._asking:
            self._dirty |= suspicious

    # --- renewing

    def _renewed(self) -> Snapshot:
        if self._pid != os.getpid():
            self._start_anew()
        with self._renewing:
            with self._asking:
                self._ask(None)
                dirty = set(self._dirty)
            changed = bool(dirty) and self._renew(dirty)
            if self._snapshot is None or changed or not self._is_valid(self._snapshot):
                self._snapshot = self._built()
            return self._snapshot

    def _renew(self, dirty: set[str]) -> bool:
        """Read what is dirty. False when nothing is different, or when it is too early to look."""
        if EVERYTHING in dirty and not self._opened():
            return False
        assert self._git is not None
        if not self._git_has_finished():
            return False
        index = self._git.index()
        old_site = self._site
        changes = self._look(dirty, git_worked=index != self._git_index)
        if self._snapshot is not None and (self._git.index() != index or self._git.is_held()):
            self._site = old_site
            return False  # what was read may be half of a push
        self._git_index = index
        with self._asking:
            self._dirty = (self._dirty - dirty) | changes.again | changes.racy
            self._later = {p: due for p, due in self._later.items() if p not in dirty} | changes.later
            self._racy = changes.racy
        return self._apply(changes, old_site)

    def _opened(self) -> bool:
        """Whether the folder can be seen. When it is another one than before it is adopted, if it has posts."""
        try:
            tree = Tree(self.root)
            if self._tree is None or tree.identity != self._tree.identity:
                had_posts = any(path.startswith("posts/") for path in self._entries)
                if had_posts and not _has_posts(tree):
                    raise FileNotFoundError("there is nothing in it")
                self._adopt(tree)
        except OSError as error:
            self._note_trouble(_unreadable_site(error))
            return False
        self._note_trouble(None)
        return True

    def _adopt(self, tree: Tree) -> None:
        watch = open_watch(self._watch_mode, self.root, tree, self._last_good.folder, self._known)
        with self._asking:
            if self._watch is not None:
                self._watch.close()
            self._tree, self._watch = tree, watch
        self._git = GitLock(tree.real)

    def _known(self, path: str) -> Signature | None:
        entry = self._entries.get(path)
        return entry.signature if entry else None

    def _note_trouble(self, trouble: PostError | None) -> None:
        if str(trouble) == str(self._trouble):
            return
        self._trouble = trouble
        if self._snapshot is not None:
            self._snapshot = self._built()

    def _git_has_finished(self) -> bool:
        """Whether no push is under way; a worker with nothing to show yet waits for its end."""
        assert self._git is not None
        patience = time.monotonic() + GIT_PATIENCE_S
        while self._git.is_held():
            if self._snapshot is not None:
                return False
            if time.monotonic() > patience:
                break
            time.sleep(0.01)
        return True

    def _look(self, dirty: set[str], *, git_worked: bool) -> Changes:
        assert self._tree is not None
        assert self._watch is not None
        scan = Scan(
            self._tree,
            self._watch,
            self._entries,
            self._files,
            understand=self._understand,
            enter=self._enter,
            racy=self._racy,
            gone=self._later,
            deletions_at_once=git_worked,
        )
        if dirty & {EVERYTHING, SETTINGS_FILE}:
            self._take_settings(scan.look([SETTINGS_FILE]))
        if STATE in dirty:
            dirty = dirty | {path for path, entry in self._entries.items() if entry.problem}
        return scan.look(dirty - {STATE, SETTINGS_FILE})

    def _take_settings(self, changes: Changes) -> None:
        """Put new settings in force before any post is read: times and addresses depend on them."""
        if SETTINGS_FILE not in changes.found:
            return
        found = changes.found[SETTINGS_FILE]
        value: Value | None = None
        if isinstance(found, Good):
            value = found.value
        elif found is not None:
            value = self._broken(SETTINGS_FILE, self._entries.get(SETTINGS_FILE), found).value
        self._site = value if isinstance(value, Site) else self._read_settings("")

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
            polling = open_watch("poll", self.root, self._tree, None, self._known)
            with self._asking:
                self._watch.close()
                self._watch = polling

    def hold_back(self, problem: PostError) -> None:
        """Take down a post that turned out broken only when its body was rendered."""
        with self._renewing:
            entry = self._entries.get(problem.file)
            if entry is not None and entry.value is not None:
                self._entries = {**self._entries, problem.file: Entry(entry.signature, problem)}
                self._snapshot = self._built()

    # --- what files mean

    def _understand(self, path: str, data: bytes) -> Value:
        _must_be_printable(path)
        if path == SETTINGS_FILE:
            return self._settings(_decoded(path, data))
        if path.startswith("templates/"):
            source = _decoded(path, data)
            self._check_template(path.removeprefix("templates/"), source)
            return source
        return read_post(data, path, self._settings_in_force())

    def _settings(self, toml: str) -> Site:
        try:
            return self._read_settings(toml)
        except SettingError as error:
            if self._snapshot is None and self._last_good.get(SETTINGS_FILE) is None:
                raise
            raise PostError(SETTINGS_FILE, error.line, 1, str(error), "") from None

    def _settings_in_force(self) -> Site:
        if self._site is None:
            self._site = self._read_settings("")
        return self._site

    # --- applying

    def _apply(self, changes: Changes, old_site: Site | None) -> bool:
        first = not self._entries
        entries = dict(self._entries)
        for path, found in changes.found.items():
            known = entries.get(path)
            if found is None:
                del entries[path]
            elif isinstance(found, Good):
                entries[path] = self._good(known, found)
            else:
                entries[path] = self._broken(path, known, found)
            if known and known.problem and not isinstance(found, Broken):
                self._last_good.erase(path)
        if old_site is not None and old_site != self._site:
            entries = {path: self._understood_anew(path, entry) for path, entry in entries.items()}
            different = True
        else:
            different = any(_shown(entries.get(path)) != _shown(self._entries.get(path)) for path in changes.found)
        self._entries = entries
        if first and entries:
            self._last_good.keep_only(path for path, entry in entries.items() if entry.problem)
        if changes.files:
            files = {**self._files, **changes.files}
            self._files = {path: version for path, version in files.items() if version is not None}
        self._compact()
        return different or bool(changes.files)

    def _good(self, known: Entry | None, found: Good) -> Entry:
        if found.source is None and known:
            return known._replace(signature=found.signature)
        source = self._sources.add(found.source or b"")
        return Entry(found.signature, None, found.value, source, found.signature[-1])

    def _broken(self, path: str, known: Entry | None, found: Broken) -> Entry:
        """The entry of a broken file: with its last good version, unless it is a draft now or was one."""
        nothing = Entry(found.signature, found.problem)
        if found.problem.withdrawn:
            self._last_good.erase(path)
            return nothing
        version = None
        if known and known.source and not _is_draft(known.value):
            version = Version(known.ctime_ns, known.source.read())
        newest = self._last_good.newest(path, version)
        if newest is None:
            return nothing
        if known and newest is version:
            return known._replace(signature=found.signature, problem=found.problem)
        try:
            value = self._understand(path, newest.source)
        except PostError:
            return nothing
        source = self._sources.add(newest.source)
        return Entry(found.signature, found.problem, value, source, newest.ctime_ns)

    def _understood_anew(self, path: str, entry: Entry) -> Entry:
        """The entry under other settings: times, addresses and authors depend on them."""
        if not isinstance(entry.value, Post) or entry.source is None:
            return entry
        try:
            return entry._replace(value=self._understand(path, entry.source.read()))
        except PostError as problem:
            return entry._replace(value=None, problem=entry.problem or problem)

    def _compact(self) -> None:
        """Leave the sources of versions that are gone behind."""
        if self._sources.size <= self._compact_at:
            return
        sources = Sources(self._spool)
        self._entries = {
            path: entry._replace(source=sources.add(entry.source.read())) if entry.source else entry
            for path, entry in self._entries.items()
        }
        self._sources = sources
        self._compact_at = 2 * sources.size + _SPARE_BYTES

    def _built(self) -> Snapshot:
        assert self._tree is not None
        now = self._clock()
        self._generation += 1
        problems = [self._trouble] if self._trouble else []
        posts: list[Post] = []
        templates: dict[str, str] = {}
        for path, entry in self._entries.items():
            if entry.problem:
                problems.append(entry.problem)
            if isinstance(entry.value, Post):
                posts.append(entry.value)
                if entry.problem and _has_expired(entry.value, now):
                    self._last_good.erase(path)
            elif isinstance(entry.value, str):
                templates[path.removeprefix("templates/")] = entry.value
        snapshot = build(
            generation=self._generation,
            site=self._settings_in_force(),
            posts=posts,
            problems=problems,
            templates=templates,
            files=self._files,
            entries=self._entries,
            tree=self._tree,
            reserved=self._reserved,
            now=now,
        )
        self._tell(snapshot.problems)
        return snapshot

    def _tell(self, problems: Collection[PostError]) -> None:
        """Log each problem once, when it appears."""
        texts = {str(problem) for problem in problems}
        for text in sorted(texts - self._told):
            log.warning("%s", text)
        self._told = texts


def _has_posts(tree: Tree) -> bool:
    return any(kind_of(path) == "text" for path, _ in tree.walk("posts", lambda _folder: None))


def _shown(entry: Entry | None) -> tuple[object, ...]:
    """All of an entry but the signature: a touched file is no news."""
    return entry[1:] if entry else ()


def _is_draft(value: Value | None) -> bool:
    return isinstance(value, Post) and value.draft


def _has_expired(post: Post, now: float) -> bool:
    return post.expires is not None and post.expires.timestamp() <= now


def _unreadable_site(error: OSError) -> PostError:
    return PostError(
        "posts",
        1,
        1,
        f"The site's folder cannot be seen ({error.strerror or error}); what was read before stays up.",
        "Put the folder back, or ask whoever runs the server.",
    )


def _decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PostError(path, line, 1, "The file is not in UTF-8.", "Save it as UTF-8.") from None


def _must_be_printable(path: str) -> None:
    """A name goes into logs and addresses: no control characters, nothing that is not UTF-8."""
    if not path.isprintable():
        shown = path.encode("unicode_escape", "backslashreplace").decode("ascii")
        raise PostError(shown, 1, 1, "The file's name has characters that cannot be shown.", "Rename it.")
