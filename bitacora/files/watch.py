"""What changed on disk since last asked: inotify where it serves, polling elsewhere; git's lock."""

from __future__ import annotations

import errno
import logging
import os
import re
import select
import signal
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bitacora.files.layout import FOLDERS, SETTINGS_FILE, SETTINGS_OF_OTHERS, WELL_KNOWN, is_hidden
from bitacora.files.lock import fcntl
from bitacora.files.tree import Signature, Tree, identity, signature

try:
    from inotify_simple import INotify, flags, parse_events
except ImportError:  # not Linux
    INotify = None

log = logging.getLogger(__name__)

EVERYTHING = ""
"""The path that stands for the whole site."""

STATE = "\0state"
"""The path that stands for the folder of last good versions."""

LOCK_GETS_STALE_S = 60.0
SILENCE_S = 10.0
POLL_S = 1.0
QUIET_S = 2.0
"""So long a file must have stayed as it is to count as whole, where nobody can tell that it was closed."""
MOST_QUIET_S = 60.0
_LOOK_AGAIN_S = 0.5
_MOST_ASKED = 300
"""Of so many quiet files at once the kernel is asked who writes to them: it takes a while."""
_MAX_FOLDERS_PER_REQUEST = 200
_CONFIG_MAP = "..data"
"""The link that Kubernetes flips when a ConfigMap has changed."""

_REMOTE = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "fakeowner",
    "fuse", "fuseblk", "afs", "coda", "ceph", "davfs", "lustre", "gfs2", "ocfs2", "gpfs", "beegfs", "orangefs",
}  # fmt: skip
_MOUNTS = Path("/proc/self/mountinfo")
_BUFFER = 1 << 16


class Watch(Protocol):
    """Says which paths, relative to the site folder, may have changed. Not thread-safe: one asks at a time."""

    name: str
    is_polling: bool

    def changes(self, served: str | None) -> set[str]:
        """Paths that may have changed since the last call; empty in the common case, in microseconds.

        `served` is the file behind the page that is wanted, where one is known.
        """

    def enter(self, folder: str) -> None:
        """Watch one more folder; called before it is listed. Raises OSError when that cannot be done."""

    def settles_in(self, path: str, found: os.stat_result, *, is_vouched: bool = False) -> float:
        """Seconds after which to look again at a file that is, or may be, still being written; 0 for a whole one.

        Asked of a file that differs from what is known of it. One is vouched for where git, or whoever flipped a
        link to it, has finished: then nobody need be waited for who may only be at work.
        """

    def is_open(self, path: str) -> bool:
        """Whether it is certain that a file is being written."""

    def open_for(self, seconds: float) -> list[str]:
        """The files that have been written for so long, and are not finished."""

    def wait(self, seconds: float) -> None:
        """Return when `changes` may have something to tell, or after `seconds`. May be called by any thread."""

    def close(self) -> None: ...


def open_watch(
    mode: str,
    root: Path,
    tree: Tree,
    state: Path | None,
    known: Callable[[str], Signature | None],
    *,
    waits: bool = True,
) -> Watch:
    """`mode` is "auto", "inotify" or "poll"; `known` gives the signature that a path had when it was read.

    It `waits` for writers of whom nobody can tell whether they have finished.
    """
    if mode != "poll" and INotify is not None and (mode == "inotify" or not is_remote(tree.real)):
        try:
            return InotifyWatch(root, tree, state, waits=waits)
        except OSError as error:
            log.warning("inotify cannot be used, polling instead: %s", error)
    return PollingWatch(root, tree, known, waits=waits)


@dataclass(slots=True)
class _Written:
    """A file that its writer has not closed: since when, and whether anything was written to it in our sight."""

    since: float
    is_modified: bool = False


class InotifyWatch:
    """The kernel's queue, read without blocking inside the request: an event is there when `close()` returns.

    Belongs to one process: a queue shared after a fork loses events.
    """

    name = "inotify"
    is_polling = False

    def __init__(self, root: Path, tree: Tree, state: Path | None, *, waits: bool = True) -> None:
        self._mask = (
            flags.CREATE
            | flags.DELETE
            | flags.MODIFY
            | flags.CLOSE_WRITE
            | flags.MOVED_FROM
            | flags.MOVED_TO
            | flags.ATTRIB
            | flags.DELETE_SELF
            | flags.MOVE_SELF
            | flags.ONLYDIR
        )
        self._root = str(root)
        self._tree = tree
        self._waits = waits
        self._inotify = INotify(nonblocking=True, closefd=False)
        self._fd = self._inotify.fd
        self._queue = select.poll()
        self._queue.register(self._fd, select.POLLIN)
        self._folders: dict[int, str] = {}
        self._watched_since: dict[str, int] = {}
        self._blind_until = 0
        self._asked = 0
        self._writing: dict[str, _Written] = {}
        try:
            self._state = self._add(str(state), flags.MOVED_TO | flags.DELETE) if state else -1
            self._top = self._add(f"/proc/self/fd/{tree.fd}/.", self._mask)
            self._watched_since[""] = _tick()
        except OSError:
            self.close()
            raise

    def changes(self, served: str | None) -> set[str]:  # noqa: ARG002
        changed = {EVERYTHING} if identity(self._root) != self._tree.identity else set()
        self._asked = 0
        try:
            while self._queue.poll(0) and (data := os.read(self._fd, _BUFFER)):
                for wd, mask, _, name in parse_events(data):
                    self._note(changed, wd, mask, name)
        except OSError as error:
            log.warning("inotify cannot be read: %s", error)
            changed.add(EVERYTHING)
        return changed

    def enter(self, folder: str) -> None:
        self._folders[self._add(f"/proc/self/fd/{self._tree.fd}/{folder}/.", self._mask)] = folder
        self._watched_since.setdefault(folder, _tick())

    def settles_in(self, path: str, found: os.stat_result, *, is_vouched: bool = False) -> float:
        return _LOOK_AGAIN_S if self.is_open(path) else self._unseen_writer_ends_in(path, found, is_vouched)

    def is_open(self, path: str) -> bool:
        written = self._writing.get(path)
        if written is not None and self._is_complete(path, written):
            self._writing.pop(path, None)
        return path in self._writing

    def open_for(self, seconds: float) -> list[str]:
        begun = time.monotonic() - seconds
        return [path for path, written in list(self._writing.items()) if written.since <= begun]

    def wait(self, seconds: float) -> None:
        queue = select.poll()
        queue.register(self._fd, select.POLLIN)
        queue.poll(seconds * 1000)

    def close(self) -> None:
        if not self._inotify.closed:
            self._inotify.close()
            os.close(self._fd)

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            self.close()

    def _add(self, folder: str, mask: int) -> int:
        return int(self._inotify.add_watch(folder, mask))

    def _note(self, changed: set[str], wd: int, mask: int, name: str) -> None:
        if mask & (flags.Q_OVERFLOW | flags.UNMOUNT):
            self._writing.clear()
            self._blind_until = _tick()
            changed.add(EVERYTHING)
        elif wd == self._state:
            changed.add(STATE)
        elif wd == self._top:
            if name in {*FOLDERS, SETTINGS_FILE, *SETTINGS_OF_OTHERS, _CONFIG_MAP}:
                self._note_file(changed, name, mask)
        elif mask & flags.IGNORED:
            if (folder := self._folders.pop(wd, None)) is not None:
                self._forget(folder)
        elif (folder := self._folders.get(wd)) is not None:
            if mask & (flags.DELETE_SELF | flags.MOVE_SELF):
                changed.add(folder)
            elif name == _CONFIG_MAP or (name and (not is_hidden(name) or f"{folder}/{name}" == WELL_KNOWN)):
                self._note_file(changed, f"{folder}/{name}", mask)

    def _note_file(self, changed: set[str], path: str, mask: int) -> None:
        if path.endswith(_CONFIG_MAP):
            changed.add(EVERYTHING)
        elif mask & flags.ISDIR:
            if mask & flags.MOVED_FROM:
                self._leave(path)
            changed.add(path)
        elif mask & flags.MODIFY:
            self._writing.setdefault(path, _Written(time.monotonic())).is_modified = True
        elif mask & flags.CREATE:
            self._writing[path] = _Written(time.monotonic())
            changed.add(path)
        elif not mask & flags.ATTRIB or path not in self._writing:
            self._writing.pop(path, None)
            changed.add(path)

    def _leave(self, folder: str) -> None:
        """Forget a folder that moved away: its watches live on in the kernel otherwise."""
        for wd, path in list(self._folders.items()):
            if path == folder or path.startswith(f"{folder}/"):
                del self._folders[wd]
                self._forget(path)
                try:
                    self._inotify.rm_watch(wd)
                except OSError as error:
                    if error.errno != errno.EINVAL:
                        raise

    def _forget(self, folder: str) -> None:
        self._watched_since.pop(folder, None)
        for path in [path for path in self._writing if path.rpartition("/")[0] == folder]:
            del self._writing[path]

    def _is_complete(self, path: str, written: _Written) -> bool:
        """Links are complete when they are created, and no writer will close them.

        A link whose other name is gone looks like a file that is being written, but nobody writes to it.
        """
        try:
            found = os.stat(path, dir_fd=self._tree.fd, follow_symlinks=False)
        except OSError:
            return True
        if not stat.S_ISREG(found.st_mode) or (found.st_nlink > 1 and not written.is_modified):
            return True
        is_written = has_writer(self._tree, path)
        if is_written is not None:
            return not is_written
        is_silent = abs(time.time() - found.st_ctime) > SILENCE_S
        return is_silent and found.st_size > 0 and not written.is_modified

    def _unseen_writer_ends_in(self, path: str, found: os.stat_result, is_vouched: bool) -> float:
        """As `settles_in`, of a file that somebody may have opened before its folder was watched."""
        since = max(self._watched_since.get(path.rpartition("/")[0], _tick()), self._blind_until)
        age = abs(time.time() - found.st_ctime)
        if found.st_ctime_ns > since or age > MOST_QUIET_S or is_vouched:
            return 0.0
        self._asked += 1
        if self._asked > _MOST_ASKED and age > QUIET_S:
            return 0.0
        is_written = has_writer(self._tree, path)
        if is_written:
            self._writing[path] = _Written(time.monotonic() - age, is_modified=True)
            return _LOOK_AGAIN_S
        return max(0.0, QUIET_S - age) if is_written is None and self._waits else 0.0


@dataclass(slots=True)
class _Changing:
    """A file that changes: how it was last seen and since when, since when it changes, its longest pause."""

    seen: Signature
    since: float
    begun: float
    pause: float = 0.0
    is_taken: bool = False

    @property
    def due(self) -> float:
        return self.since + min(max(QUIET_S, 2 * self.pause), MOST_QUIET_S)

    def is_gone_on_by(self, found: Signature) -> bool:
        """Whether the same writer may be at work: it was not finished, or it adds to what it wrote."""
        return self.seen[:2] == found[:2] and (not self.is_taken or found[2] > self.seen[2])


class Stillness:
    """Which files have been quiet for long enough to be whole, where nobody can tell that they were closed.

    Only what is seen here counts: the clock of a server of files may be another one. But at a start, with nothing
    seen yet, and for what is older than any wait, the times of the files are believed.
    """

    def __init__(self) -> None:
        self._files: dict[str, _Changing] = {}
        self.believes_times = True

    def settles_in(self, path: str, found: os.stat_result, *, is_vouched: bool) -> float:
        now, seen = time.monotonic(), signature(found)
        known = self._files.get(path)
        if known is None or not (known.seen == seen or known.is_gone_on_by(seen)):
            age = time.time() - max(found.st_mtime, found.st_ctime)
            if is_vouched or age >= (QUIET_S if self.believes_times else MOST_QUIET_S):
                self._files.pop(path, None)
                return 0.0
            known = self._files[path] = _Changing(seen, now, now)
        elif known.seen != seen:
            known.pause = max(known.pause, now - known.since)
            known.seen, known.since, known.is_taken = seen, now, False
        known.is_taken = known.due <= now
        return max(0.0, known.due - now)

    def is_awaited(self, path: str, seen: Signature | None) -> bool:
        """Whether a file has been seen as it is, and need not be looked at yet."""
        known = self._files.get(path)
        return known is not None and known.seen == seen and time.monotonic() < known.due

    def forget(self) -> None:
        """Forget those that have not changed for long."""
        now = time.monotonic()
        for path, known in list(self._files.items()):
            if now > max(known.due, known.since + MOST_QUIET_S):
                del self._files[path]

    def changing_for(self, seconds: float) -> list[str]:
        begun = time.monotonic() - seconds
        return [path for path, known in list(self._files.items()) if not known.is_taken and known.begun <= begun]


class PollingWatch:
    """Looks at the served file and at the folders on each request, at everything once a second."""

    name = "poll"
    is_polling = True

    def __init__(
        self, root: Path, tree: Tree, known: Callable[[str], Signature | None], *, waits: bool = True
    ) -> None:
        self._root = root
        self._tree = tree
        self._known = known
        self._folders: dict[str, int] = {}
        self._looked = time.monotonic()
        self._still = Stillness()
        self._waits = waits

    def changes(self, served: str | None) -> set[str]:
        now = time.monotonic()
        self._still.believes_times = False
        if now - self._looked >= POLL_S or identity(self._root) != self._tree.identity:
            self._looked = now
            self._still.forget()
            return {EVERYTHING, STATE}
        changed = self._changed_folders() if len(self._folders) <= _MAX_FOLDERS_PER_REQUEST else set()
        if served is not None:
            found = self._signature(served)
            if found != self._known(served) and not self._still.is_awaited(served, found):
                changed.add(served)
        return changed

    def enter(self, folder: str) -> None:
        self._folders[folder] = os.stat(folder, dir_fd=self._tree.fd).st_mtime_ns

    def settles_in(self, path: str, found: os.stat_result, *, is_vouched: bool = False) -> float:
        return self._still.settles_in(path, found, is_vouched=is_vouched) if self._waits else 0.0

    def is_open(self, path: str) -> bool:  # noqa: ARG002
        return False

    def open_for(self, seconds: float) -> list[str]:
        return self._still.changing_for(seconds)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        self._folders.clear()

    def _changed_folders(self) -> set[str]:
        changed = set()
        for folder, mtime_ns in list(self._folders.items()):
            try:
                if os.stat(folder, dir_fd=self._tree.fd).st_mtime_ns != mtime_ns:
                    changed.add(folder)
            except OSError:
                del self._folders[folder]
                changed.add(folder)
        return changed

    def _signature(self, path: str) -> Signature | None:
        try:
            return signature(self._tree.stat(path))
        except OSError:
            return None


class GitLock:
    """Whether git is rewriting the work tree that a folder lies in: it holds `index.lock` meanwhile.

    Asked only when something has changed; as long as there is no repository, each time looks for one anew.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._found: Path | None = None

    @property
    def _git(self) -> Path | None:
        if self._found is None:
            self._found = _git_folder(self._folder)
        return self._found

    def age(self) -> float | None:
        """Seconds since git took its lock, None without one."""
        git = self._git
        try:
            return max(0.0, time.time() - os.stat(git / "index.lock").st_mtime) if git else None
        except OSError:
            return None

    def is_held(self) -> bool:
        """True while git works. A lock left by a killed git is ignored when it has got stale."""
        age = self.age()
        return age is not None and age < LOCK_GETS_STALE_S

    def index(self) -> Signature | None:
        """Changes whenever git has changed the work tree."""
        git = self._git
        try:
            return signature(os.stat(git / "index")) if git else None
        except OSError:
            return None


def _git_folder(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        git = parent / ".git"
        try:
            text = git.read_text(encoding="utf-8")
        except IsADirectoryError:
            return git
        except (OSError, UnicodeDecodeError):
            continue
        if text.startswith("gitdir:"):  # a linked work tree
            return parent / text.removeprefix("gitdir:").strip()
    return None


def _tick() -> int:
    """The moment that a file system would write down for a change now, in ns since the epoch."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_REALTIME_COARSE", time.CLOCK_REALTIME))


def has_writer(tree: Tree, path: str) -> bool | None:
    """Whether a program has a file open to write to it; None where this user may not know.

    The kernel gives nobody a lease to read while there is a writer (fcntl(2)). It is given back at once.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=tree.fd)  # nothing of it is read
    except OSError:
        return None
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # who opens it meanwhile must not end this process
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except (OSError, AttributeError):
        return None
    else:
        return False
    finally:
        os.close(file)


def is_remote(real: str) -> bool:
    """Whether a site, or any of its folders, lies on a file system that others may write to unseen by the kernel.

    A folder of it may be a mount of its own, and so may one in it, or a single file.
    """
    try:
        mounts = _mounts(_MOUNTS.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return False
    places = [real, *(os.path.realpath(f"{real}/{folder}") for folder in FOLDERS)]
    under = {max((mount for mount in mounts if _lies_in(place, mount)), key=len, default="/") for place in places}
    inside = {mount for mount in mounts if any(_lies_in(mount, place) for place in places[1:])}
    return any(mounts.get(mount, "").split(".")[0] in _REMOTE for mount in under | inside)


def _mounts(mountinfo: str) -> Mapping[str, str]:
    """Mount points and their types, as proc(5) lists them: of two at one place the later one is seen."""
    found = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")[0]
        if len(fields) > _MOUNT_POINT:
            found[_OCTAL.sub(lambda escape: chr(int(escape[1], 8)), fields[_MOUNT_POINT])] = kind
    return found


_MOUNT_POINT = 4
_OCTAL = re.compile(r"\\([0-7]{3})")


def _lies_in(path: str, folder: str) -> bool:
    return f"{path}/".startswith(folder.rstrip("/") + "/")
