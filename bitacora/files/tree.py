"""Files: those of a site are read below its folder, whole, never for ever; those of caches are written whole."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bitacora.files.layout import WELL_KNOWN, is_hidden, is_markdown
from bitacora.problems import PostError

Signature = tuple[int, int, int, int, int]
"""(device, inode, size in bytes, mtime in ns, ctime in ns): compared for inequality, never for order."""

MAX_TEXT_BYTES = 2 * 1024 * 1024
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK
_MOST_READS = 10


class BeingWrittenError(Exception):
    """The file changed while it was read."""


class NotOwnError(PermissionError):
    """What lies in a cache is no file that this user made."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EPERM, "not a file of this user's own", path)


class OutsideError(PostError):
    """The file is a link that leads outside the site's folder, or to what is hidden in it."""


class TooLargeError(PostError):
    """The file is larger than may be read."""


def signature(found: os.stat_result) -> Signature:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def identity(root: Path | str) -> tuple[int, int] | None:
    """Which folder `root` leads to now, seen through its `posts`; None when there is none to be seen.

    One call follows a flipped link, a rename and a mount on either of the two.
    """
    try:
        found = os.stat(f"{root}/posts")
    except OSError:
        try:
            found = os.stat(root)
        except OSError:
            return None
    return found.st_dev, found.st_ino


class Tree:
    """A site's folder held open, so that a flipped link cannot mix two versions of it.

    Paths are relative to the folder. Raises OSError when the folder cannot be opened. Its `posts` are held open
    too: a folder made in their place then cannot get their inode, and with it their identity.
    """

    def __init__(self, root: Path) -> None:
        self._held: list[int] = []
        self.fd = self._hold(root, os.O_DIRECTORY)
        self.real = _real_path(self.fd) or os.path.realpath(root)
        try:
            found = os.fstat(self._hold("posts", os.O_NONBLOCK, self.fd))
            self.identity: tuple[int, int] | None = (found.st_dev, found.st_ino)
        except OSError:
            self.identity = identity(root)

    def __del__(self) -> None:
        for descriptor in self._held:
            os.close(descriptor)

    def stat(self, path: str) -> os.stat_result:
        return os.stat(path, dir_fd=self.fd)

    def is_link(self, path: str) -> bool:
        try:
            return stat.S_ISLNK(os.stat(path, dir_fd=self.fd, follow_symlinks=False).st_mode)
        except OSError:
            return False

    def open(self, path: str) -> int:
        """A descriptor of a regular file below the folder. Raises PostError, or OSError from the system."""
        return self._open(path)[0]

    def read(self, path: str, limit: int = MAX_TEXT_BYTES) -> tuple[bytes, Signature]:
        """The whole file and its signature.

        Raises PostError for what is no readable post, BeingWrittenError, or OSError from the system.
        """
        for _ in range(_MOST_READS):
            found = self._read_once(path, limit)
            if found is not None:
                return found
        raise BeingWrittenError(path)

    def walk(self, folder: str, entering: Callable[[str], None]) -> Iterator[tuple[str, os.stat_result | OSError]]:
        """Every file below `folder` with its status, links followed; an OSError stands for what cannot be seen.

        `entering` is called with each folder before it is listed. Hidden names are left out. Folders behind
        links are not entered: nothing then loops or leads outside.
        """
        folders = [folder]
        while folders:
            here = folders.pop()
            try:
                entering(here)
                descriptor = os.open(here, _OPEN_FOLDER, dir_fd=self.fd)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield here, error
                continue
            try:
                self._must_contain(descriptor, here)
                with os.scandir(descriptor) as listing:
                    names = sorted(listing, key=_name)
                for entry in names:
                    path = f"{here}/{entry.name}"
                    if is_hidden(entry.name) and path != WELL_KNOWN:
                        continue
                    if entry.is_dir(follow_symlinks=False) and not is_markdown(entry.name):
                        folders.append(path)
                    else:
                        yield path, _status(entry)
            except OSError as error:
                yield here, error
            except PostError:
                yield here, OSError("it leads outside the site's folder")
            finally:
                os.close(descriptor)

    def _hold(self, path: str | Path, flags: int, folder: int | None = None) -> int:
        flags |= os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
        self._held.append(os.open(path, flags, dir_fd=folder))
        return self._held[-1]

    def _open(self, path: str) -> tuple[int, os.stat_result]:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.fd)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise not_a_file(path)
            self._must_contain(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor, found

    def _read_once(self, path: str, limit: int) -> tuple[bytes, Signature] | None:
        """None when another file took the place of this one meanwhile: it is there, and to be read instead."""
        descriptor, before = self._open(path)
        try:
            if before.st_size > limit:
                raise _too_large(path, before.st_size, limit)
            data = _read_all(descriptor, before.st_size)
            after = signature(os.fstat(descriptor))
        finally:
            os.close(descriptor)
        if after == signature(before) and len(data) == before.st_size:
            return data, after
        if self.stat(path).st_ino != before.st_ino:
            return None
        raise BeingWrittenError(path)

    def _must_contain(self, descriptor: int, path: str) -> None:
        real = _real_path(descriptor) or os.path.realpath(f"{self.real}/{path}")
        if not real.startswith(f"{self.real}/"):
            raise OutsideError(
                path,
                1,
                1,
                "The file is a link that leads outside the site's folder.",
                "Put the file itself here instead of a link.",
            )
        inside = real[len(self.real) + 1 :]
        if any(map(_is_private, f"{inside}/".removeprefix(_ANNEX).removeprefix(f"{WELL_KNOWN}/").split("/"))):
            raise OutsideError(
                path,
                1,
                1,
                "The file is a link that leads to a hidden file, which is no part of the site.",
                "Put the file itself here instead of a link.",
            )


_ANNEX = ".git/annex/objects/"
"""Where git-annex keeps what the links that it makes lead to (https://git-annex.branchable.com/internals/)."""


def _is_private(name: str) -> bool:
    """Whether a name is like `.git` or `.env`. The kubelet leads links through names that begin with two dots."""
    return name.startswith(".") and not name.startswith("..")


def not_a_file(path: str) -> PostError:
    return PostError(
        path,
        1,
        1,
        "This is named like a post but is a folder, a pipe or something else that is no file.",
        "Rename it, or put a Markdown file in its place.",
    )


def _too_large(path: str, size: int, limit: int) -> TooLargeError:
    return TooLargeError(
        path,
        1,
        1,
        f"The file has {size / 1048576:.1f} MB; a post may have {limit / 1048576:.0f} MB.",
        "Split it, or put pictures beside it as files of their own.",
    )


def _read_all(descriptor: int, size: int) -> bytes:
    """`size` bytes, fewer where the file has shrunk. A larger buffer costs more than all the rest of reading."""
    pieces = []
    while size and (piece := os.read(descriptor, size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _real_path(descriptor: int) -> str | None:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _status(entry: os.DirEntry[str]) -> os.stat_result | OSError:
    try:
        return entry.stat()
    except OSError:
        try:
            return entry.stat(follow_symlinks=False)
        except OSError as error:
            return error


def open_own(path: Path | str, *, to_write: bool = False) -> int:
    """Open a file of a cache and return its descriptor; `to_write` makes it where it is missing.

    Raises NotOwnError for a link, a pipe, a file of another user, and OSError as the system does.
    """
    flags = os.O_RDWR | os.O_CREAT if to_write else os.O_RDONLY
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link, a socket
            raise NotOwnError(str(path)) from None
        raise
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
        return descriptor
    os.close(descriptor)
    raise NotOwnError(str(path))


def read_own(path: Path | str) -> bytes:
    """Return what is in a file of a cache. Raises OSError as `open_own` does."""
    with open(open_own(path), "rb") as file:
        return file.read()


def write_atomically(folder: Path, name: str, data: bytes) -> None:
    """Whole or not at all, for every reader. Raises OSError; what was there stays."""
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, folder / name)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
