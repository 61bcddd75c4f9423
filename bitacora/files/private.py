"""The folder of a site's caches: this user's own, and nobody else's to write to."""

from __future__ import annotations

import logging
import os
import shutil
import stat
from contextlib import suppress
from errno import EPERM
from pathlib import Path

log = logging.getLogger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make_private(folder: Path) -> None:
    """Make a folder that this user alone can enter; whatever lies above it may belong to anybody.

    One that others could read is closed to them, and one that others could write to is emptied as well: nothing
    in it is to be believed. Raises OSError: for a folder of another user, who could write to it at any time, and
    where the file system cannot close it.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        link = folder.lstat()
        if stat.S_ISLNK(link.st_mode) and link.st_uid:  # a link of root's leads where root wants it to
            _must_be_own(folder, link.st_uid)
        _must_be_own(folder, os.fstat(descriptor).st_uid)
        _close(folder, descriptor)
    finally:
        os.close(descriptor)


def _must_be_own(folder: Path, owner: int) -> None:
    if owner != os.geteuid():
        hint = "delete it or give it to the user that the blog runs as"
        raise PermissionError(EPERM, f"it belongs to user {owner}, not {os.geteuid()}: {hint}", str(folder))


def _close(folder: Path, descriptor: int) -> None:
    before = os.fstat(descriptor).st_mode
    if not before & _OTHERS:
        return
    with suppress(OSError):  # what has become of it counts
        os.fchmod(descriptor, 0o700)
    if os.fstat(descriptor).st_mode & _OTHERS_WRITE:
        raise PermissionError(EPERM, "others can write to it: give it mode 0700", str(folder))
    if before & _OTHERS_WRITE:
        log.warning(
            "%s is emptied and closed, for others could write to it: it had mode %o", folder, before & 0o7777
        )
        _empty(descriptor)


def _empty(descriptor: int) -> None:
    """Raises OSError for what cannot be removed."""
    with os.scandir(descriptor) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.name, dir_fd=descriptor)
            else:
                os.unlink(entry.name, dir_fd=descriptor)
