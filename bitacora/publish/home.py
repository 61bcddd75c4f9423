"""The folder that a site is published in: its repository, its releases, and the link to the one that is served."""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bitacora.files.lock import lock
from bitacora.publish.git import Git, init
from bitacora.publish.git import object_format as object_format_of
from bitacora.publish.git_process import GitError, is_elsewhere

log = logging.getLogger(__name__)

EMPTY = "empty"
_ENGINE = Path(__file__).parents[2]
_HOOK = """\
#!/bin/sh
# Written by flask site init-git. Variables of the service (BITACORA_RELEASES, ...) may be set here as well.
PYTHONPATH={engine} exec {python} -m bitacora.publish {hook} {home}
"""
_SETTINGS = {
    "core.logAllRefUpdates": "true",  # what a forced push leaves behind stays to be found
    "receive.denyDeleteCurrent": "refuse",
    "transfer.hideRefs": "refs/bitacora",
}


BUSY = "Somebody else is publishing, and has been for minutes. Try again, or look for a git that hangs."
PATIENCE_S = 300.0
"""For somebody else who publishes. Nothing that they wait for themselves takes longer."""
_LOCK_POLL_S = 0.05


class PublishError(Exception):
    """Why nothing was published, in words for whoever pushed."""


@dataclass(frozen=True)
class Attempt:
    """The last attempt to publish: `outcome` is "published", "unchanged", "refused", "failed" or "held".

    `at` is in seconds since the epoch.
    """

    at: float
    outcome: str
    commit: str
    message: str


class Home:
    """Where things lie: `repo.git`, `releases/<commit>/`, `current` (a link to one of them), and a lock.

    `current` is what `BITACORA_SITE` names, or a folder in it.
    """

    def __init__(self, folder: Path, lock: int | None = None) -> None:
        """`lock` is a descriptor of the lock that whoever started this process took for it."""
        self.folder = folder
        self._handed_over = lock
        self.repo = folder / "repo.git"
        self.releases = folder / "releases"
        self.current = folder / "current"
        self._lock = folder / "lock"
        self._attempt = folder / "attempt.json"
        self.wanted = folder / "wanted"
        """Stands there while somebody waits to be published."""
        self.deliveries = folder / "deliveries"
        """What webhooks brought of late."""
        self.held = folder / "held"
        """Names the commit that a rollback took down: it comes back only when told to."""

    @classmethod
    def of(cls, site: Path) -> Home | None:
        """The home that a site's folder is served from: links are not followed, they are what changes.

        The outermost, and by its link: whoever pushes may have folders of these names in a release.
        """
        for folder in (*reversed(site.parents), site):
            home = cls(folder.parent)
            if folder == home.current and folder.is_symlink() and home.repo.is_dir() and home.releases.is_dir():
                return home
        return None

    def must_be_ours(self) -> None:
        """Raises PublishError in the home of another user: what root makes in it they cannot open."""
        owner = self.folder.stat().st_uid
        if owner != os.geteuid():
            name = _name_of(owner)
            raise PublishError(f"{self.folder} belongs to {name}: run this as that user (sudo -u {name} ...).")

    def git(self, held: int | None = None) -> Git:
        return Git(self.repo, () if held is None else (held,))

    def branch(self) -> str:
        """The full name of the branch that is published, without asking git. Raises OSError."""
        return (self.repo / "HEAD").read_text(encoding="utf-8").removeprefix("ref:").strip()

    @contextmanager
    def alone(self, *, waits: bool) -> Iterator[int | None]:
        """The lock that all who publish take; None when another has it, for `PATIENCE_S` where this one `waits`.

        It ends with the last process that holds it, git included.
        """
        descriptor, self._handed_over = self._handed_over, None
        if descriptor is None:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            yield descriptor if locked(descriptor, PATIENCE_S if waits else 0) else None
        finally:
            os.close(descriptor)

    @contextmanager
    def changing(self) -> Iterator[int]:
        """Hold the lock of whoever changes which releases there are, and which is served.

        It is held for moments, never while a tree is checked, so that no slow check keeps anybody waiting: pushes
        are checked beside each other, and a rollback comes in between. Raises PublishError.
        """
        descriptor = os.open(self.releases, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if not locked(descriptor, PATIENCE_S):
                raise PublishError(BUSY)
            yield descriptor
        finally:
            os.close(descriptor)

    def release(self, commit: str) -> Path:
        return self.releases / commit

    def report(self, commit: str) -> Path:
        """What is known of a release: its check, when it was published."""
        return self.releases / f"{commit}.json"

    def served(self) -> str | None:
        """The commit that `current` leads to; None before the first."""
        try:
            name = Path(os.readlink(self.current)).name
        except OSError:
            return None
        return None if name == EMPTY else name

    def attempt(self) -> Attempt | None:
        """The last attempt, None when there was none or it cannot be read."""
        try:
            return Attempt(**read_json(self._attempt))
        except (OSError, ValueError, TypeError):
            return None

    def tell(self, outcome: str, commit: str, message: str) -> Attempt:
        """Keep how an attempt ended, for the command that lists it and for /readyz."""
        attempt = Attempt(time.time(), outcome, commit, message)
        with suppress(OSError):  # a full disk, of which the message speaks
            write_json(self._attempt, asdict(attempt))
        return attempt


def _name_of(user: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(user).pw_name
    except (ImportError, KeyError):
        return f"#{user}"


def locked(descriptor: int, patience: float) -> bool:
    """Return whether the lock of an open file is ours within `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            lock(descriptor, waits=False)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOCK_POLL_S)
        else:
            return True


def make(
    folder: Path, branch: str, remote: str | None, inside: str = "", object_format: str | None = None
) -> Home:
    """Make a home, or mend one that was half made; the site lies `inside` a folder of the repository, or on top.

    `object_format` is "sha1" or "sha256"; None for what `remote` has, or what there is.
    Raises PublishError, OSError or GitError.
    """
    if PurePosixPath(inside).is_absolute() or ".." in PurePosixPath(inside).parts:
        raise PublishError(f"{inside} is no folder of a repository: write it like blog.")
    if remote is not None and not is_elsewhere(remote):
        remote = remote if "://" in remote else os.path.abspath(remote)  # noqa: PTH100 - links stay links
    home = Home(folder)
    if folder.exists():
        home.must_be_ours()
        if not home.repo.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
            raise PublishError(f"{folder} is not empty: name a folder that does not exist yet.")
    home.releases.mkdir(parents=True, exist_ok=True)
    if object_format is None and remote is not None:
        object_format = _object_format_of(remote)
    if home.repo.exists() and object_format not in {None, home.git().object_format()}:
        _remove_empty(home)
    if not home.repo.exists():
        init(home.repo, branch, object_format or "sha1")
    git = home.git()
    for name, value in _SETTINGS.items():
        git.run("config", name, value)
    if inside:
        git.run("config", "bitacora.folder", inside)
    if remote is not None:
        git.run("config", "remote.origin.url", remote)
    elif git.remote() is None:
        for hook in ("pre-receive", "post-receive"):
            _write_hook(home, hook)
    (home.release(EMPTY) / inside / "posts").mkdir(parents=True, exist_ok=True)
    if not home.current.is_symlink():
        flip(home, EMPTY)
    return home


def _object_format_of(remote: str) -> str | None:
    try:
        return object_format_of(remote)
    except GitError as error:
        log.error("nothing can be fetched from %s (%s): is that its address?", remote, error)
        return None


def _remove_empty(home: Home) -> None:
    """A repository cannot change how it names its objects. Raises PublishError."""
    if not home.git().is_empty():
        named_by = home.git().object_format()
        raise PublishError(f"{home.repo} has commits already, and names them by {named_by}: choose a new folder.")
    shutil.rmtree(home.repo)


def flip(home: Home, name: str) -> None:
    """Let `current` lead to a release, at once for everybody."""
    new = home.folder / f".current.{os.getpid()}"
    new.unlink(missing_ok=True)
    new.symlink_to(Path("releases") / name)
    new.replace(home.current)


def read_json(file: Path) -> dict[str, Any]:
    """Raises OSError or ValueError."""
    found = json.loads(file.read_bytes())
    if not isinstance(found, dict):
        raise ValueError(f"{file} holds no table")
    return found


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    write_text(file, json.dumps(value, indent=1))


def write_text(file: Path, text: str) -> None:
    """Whole or not at all; ASCII."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_text(text, encoding="ascii")
    new.replace(file)


def _write_hook(home: Home, hook: str) -> None:
    file = home.repo / "hooks" / hook
    file.parent.mkdir(exist_ok=True)
    words = {"engine": _ENGINE, "python": sys.executable, "hook": hook, "home": home.folder.absolute()}
    file.write_text(
        _HOOK.format(**{name: shlex.quote(str(word)) for name, word in words.items()}), encoding="utf-8"
    )
    file.chmod(0o755)
