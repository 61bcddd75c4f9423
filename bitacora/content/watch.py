"""What changed on disk since last asked: inotify where it serves, polling elsewhere; git's lock."""

from __future__ import annotations

import errno
import logging
import os
import select
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bitacora.content.files import (
    FOLDERS,
    SETTINGS_FILE,
    WELL_KNOWN,
    Signature,
    Tree,
    identity,
    is_hidden,
    signature,
)
from bitacora.content.visibility import SETTINGS_OF_JEKYLL

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
_MAX_FOLDERS_PER_REQUEST = 200
_CONFIG_MAP = "..data"
"""The link that Kubernetes flips when a ConfigMap has changed."""

_REMOTE = (
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "virtiofs",
    "vboxsf",
    "fuse",
    "fuseblk",
    "afs",
    "ceph",
    "prl_fs",
)
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

    def is_being_written(self, path: str) -> bool:
        """Whether a file was created and its writer has not closed it yet."""

    def wait(self, seconds: float) -> None:
        """Return when `changes` may have something to tell, or after `seconds`. May be called by any thread."""

    def close(self) -> None: ...


def open_watch(
    mode: str, root: Path, tree: Tree, state: Path | None, known: Callable[[str], Signature | None]
) -> Watch:
    """`mode` is "auto", "inotify" or "poll"; `known` gives the signature that a path had when it was read."""
    if mode != "poll" and INotify is not None and (mode == "inotify" or not _is_remote(tree.real)):
        try:
            return InotifyWatch(root, tree, state)
        except OSError as error:
            log.warning("inotify cannot be used, polling instead: %s", error)
    return PollingWatch(root, tree, known)


class InotifyWatch:
    """The kernel's queue, read without blocking inside the request: an event is there when `close()` returns.

    Belongs to one process: a queue shared after a fork loses events.
    """

    name = "inotify"
    is_polling = False

    def __init__(self, root: Path, tree: Tree, state: Path | None) -> None:
        self._mask = (
            flags.CREATE
            | flags.DELETE
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
        self._inotify = INotify(nonblocking=True, closefd=False)
        self._fd = self._inotify.fd
        self._queue = select.poll()
        self._queue.register(self._fd, select.POLLIN)
        self._folders: dict[int, str] = {}
        self._writing: set[str] = set()
        try:
            self._state = self._add(str(state), flags.MOVED_TO | flags.DELETE) if state else -1
            self._top = self._add(f"/proc/self/fd/{tree.fd}/.", self._mask)
        except OSError:
            self.close()
            raise

    def changes(self, served: str | None) -> set[str]:  # noqa: ARG002
        changed = {EVERYTHING} if identity(self._root) != self._tree.identity else set()
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

    def is_being_written(self, path: str) -> bool:
        if path in self._writing and self._is_complete(path):
            self._writing.discard(path)
        return path in self._writing

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
            changed.add(EVERYTHING)
        elif wd == self._state:
            changed.add(STATE)
        elif wd == self._top:
            if name in {*FOLDERS, SETTINGS_FILE, SETTINGS_OF_JEKYLL, _CONFIG_MAP}:
                self._note_file(changed, name, mask)
        elif mask & flags.IGNORED:
            self._folders.pop(wd, None)
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
        elif mask & flags.CREATE:
            self._writing.add(path)
            changed.add(path)
        elif not mask & flags.ATTRIB or path not in self._writing:
            self._writing.discard(path)
            changed.add(path)

    def _leave(self, folder: str) -> None:
        """Forget a folder that moved away: its watches live on in the kernel otherwise."""
        for wd, path in list(self._folders.items()):
            if path == folder or path.startswith(f"{folder}/"):
                del self._folders[wd]
                try:
                    self._inotify.rm_watch(wd)
                except OSError as error:
                    if error.errno != errno.EINVAL:
                        raise

    def _is_complete(self, path: str) -> bool:
        """Links are complete when they are created, and no writer will close them.

        A link whose other name is gone looks like a file that is being written, but nobody writes to it.
        """
        try:
            found = os.stat(path, dir_fd=self._tree.fd, follow_symlinks=False)
        except OSError:
            return True
        is_link = found.st_nlink > 1 or not stat.S_ISREG(found.st_mode)
        return is_link or abs(time.time() - found.st_ctime) > SILENCE_S


class PollingWatch:
    """Looks at the served file and at the folders on each request, at everything once a second."""

    name = "poll"
    is_polling = True

    def __init__(self, root: Path, tree: Tree, known: Callable[[str], Signature | None]) -> None:
        self._root = root
        self._tree = tree
        self._known = known
        self._folders: dict[str, int] = {}
        self._looked = time.monotonic()

    def changes(self, served: str | None) -> set[str]:
        now = time.monotonic()
        if now - self._looked >= POLL_S or identity(self._root) != self._tree.identity:
            self._looked = now
            return {EVERYTHING, STATE}
        changed = self._changed_folders() if len(self._folders) <= _MAX_FOLDERS_PER_REQUEST else set()
        if served is not None and self._signature(served) != self._known(served):
            changed.add(served)
        return changed

    def enter(self, folder: str) -> None:
        self._folders[folder] = os.stat(folder, dir_fd=self._tree.fd).st_mtime_ns

    def is_being_written(self, path: str) -> bool:  # noqa: ARG002
        return False

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


def _is_remote(real: str) -> bool:
    """Whether the folder lies on a file system that others may write to without the kernel's knowledge."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    kinds = {}
    for line in lines:
        left, _, right = line.partition(" - ")
        kinds[left.split()[4]] = right.split()[0]
    mount = max((m for m in kinds if f"{real}/".startswith(m.rstrip("/") + "/")), key=len, default="/")
    return kinds.get(mount, "").split(".")[0] in _REMOTE
