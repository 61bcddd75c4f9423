"""Starting git, in the one place that does: it asks nobody, runs nothing a repository brings along, and ends.

Content comes from whoever may push. git reads its settings from the repository that it works on, and takes any
folder with the right names in it for one: every call names its repository, and overrides each setting that names a
program.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO

PATIENCE_S = 60.0
MOST_MEMORY_MIB = 1024
"""Of each process of git (RLIMIT_DATA): a small repository can unfold to a billion files."""
MOST_OUTPUT_BYTES = 256 * 1024 * 1024
"""What one call may print where all of it is kept."""

_ENDS_ITSELF_LATER_S = 15.0
_CHUNK_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 500
_NO_REPOSITORY = Path(os.devnull)
"""For calls that need none: without it git looks for one in the folders above."""
_NO_PROTOCOL = "none"

_SETTINGS = (
    "core.alternateRefsCommand=true",
    "core.bigFileThreshold=64m",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.packedGitLimit=256m",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.quotePath=false",
    "core.symlinks=false",
    "fetch.recurseSubmodules=false",
    "gc.autoDetach=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=20",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
)
"""Of every call, over whatever the repository or the user has set."""
OF_ONE_PUSH = ("GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
"""Variables by which git tells its own hooks of objects that are pushed but not accepted yet."""
_KEPT = (
    "PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "https_proxy",
    "HTTPS_PROXY", "no_proxy", "NO_PROXY", *OF_ONE_PUSH,
)  # fmt: skip
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": _NO_PROTOCOL,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CEILING_DIRECTORIES": "/",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_DEFAULT_REF_FORMAT": "files",  # HEAD is read, and stale locks are removed, without git
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_SSH_COMMAND": " -o ".join(
        ("ssh", "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=2")
    ),
    "GIT_TERMINAL_PROMPT": "0",
}
_WITH_LESS_MEMORY = 'ulimit -d "$1" 2>/dev/null || :; shift; exec "$@"'


class GitError(Exception):
    """What git could not do, in words for whoever runs the server.

    `status` is the exit status, None when git did not run or was ended.
    """

    def __init__(self, words: str, status: int | None = None) -> None:
        super().__init__(words)
        self.status = status


class GitTimeoutError(GitError):
    """git was ended: it may be waiting for a disk, or for somebody at the other end."""


@dataclass(frozen=True)
class Call:
    """One call of git: the words of the command, and what it may do.

    `repo` is None where no repository is needed. `remote` is the address that the call may connect to: none by
    default. The user's own git configuration, which has passwords, is read where `trusts_user`. `held` are
    descriptors that git inherits: a lock among them lasts as long as the git that it guards. git and all that it
    started are ended after `patience` seconds.
    """

    repo: Path | None
    command: Sequence[str]
    work_tree: Path | None = None
    index: Path | None = None
    remote: str | None = None
    trusts_user: bool = False
    held: Sequence[int] = ()
    stdin: bytes = b""
    patience: float = field(default=PATIENCE_S)

    def output(self) -> bytes:
        """Return what git prints. Raises GitError."""
        printed: list[bytes] = []
        left = MOST_OUTPUT_BYTES
        for chunk in self.chunks():
            printed.append(chunk)
            left -= len(chunk)
            if left < 0:
                raise GitError(f"git {self.command[0]} prints more than {MOST_OUTPUT_BYTES // 1024 // 1024} MiB.")
        return b"".join(printed)

    def entries(self) -> Iterator[bytes]:
        """Yield what git prints, as it comes, split at zero bytes. Raises GitError."""
        begun = b""
        for chunk in self.chunks():
            *whole, begun = (begun + chunk).split(b"\0")
            yield from whole
            if len(begun) > MOST_OUTPUT_BYTES // 256:
                raise GitError(f"git {self.command[0]} prints a name of more than {len(begun):,} bytes.")
        if begun:
            yield begun

    def chunks(self) -> Iterator[bytes]:
        """Yield what git prints, as it comes. git is ended when nobody reads on. Raises GitError."""
        with _scratch() as complaint, self._started(complaint) as process, _ended(process, self.patience) as late:
            assert process.stdout
            while chunk := process.stdout.read1(_CHUNK_BYTES):  # type: ignore[attr-defined]
                yield chunk
            status = process.wait()
            if late:
                raise GitTimeoutError(
                    f"git {self.command[0]} took longer than {self.patience:.0f} s and was ended."
                )
            if status:
                complaint.seek(0)
                reason = _shown(complaint.read(_CHUNK_BYTES)) or f"status {status}"
                raise GitError(f"git {self.command[0]} failed: {reason}", status)

    def _started(self, complaint: IO[bytes]) -> subprocess.Popen[bytes]:
        """In a group of its own: git starts programs that must end with it."""
        if shutil.which("git") is None:
            raise GitError("git cannot be run: it is not installed.")
        with _scratch(self.stdin) as stdin:
            try:
                return subprocess.Popen(  # noqa: S603 - words of a tree stand behind -- or on standard input
                    [*_limited(self.patience), "git", *self._options(), *self.command],
                    env=self._environment(),
                    cwd="/",
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=complaint,
                    pass_fds=tuple(self.held),
                    start_new_session=True,
                )
            except OSError as error:
                raise GitError(f"git cannot be run: {error.strerror}.") from None

    def _options(self) -> list[str]:
        where = [f"--git-dir={(self.repo or _NO_REPOSITORY).absolute()}"]
        if self.work_tree:
            where.append(f"--work-tree={self.work_tree.absolute()}")
        return [*where, "--no-pager", *(part for setting in _SETTINGS for part in ("-c", setting))]

    def _environment(self) -> Mapping[str, str]:
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ} | _ENVIRONMENT
        if self.remote is not None:
            environ["GIT_ALLOW_PROTOCOL"] = "https:ssh" if is_elsewhere(self.remote) else "file"
        if not self.trusts_user:
            environ["GIT_CONFIG_GLOBAL"] = os.devnull
        if self.index:
            environ["GIT_INDEX_FILE"] = str(self.index.absolute())
        return environ


def must_be_ours(path: Path) -> None:
    """Raise GitError for a repository of another user.

    git asks this too (CVE-2022-24765), but not of a repository that it is told of by name.
    """
    try:
        owner = path.stat().st_uid
    except OSError as error:
        raise GitError(f"{path} cannot be read: {error.strerror}.") from None
    if owner != os.geteuid():
        raise GitError(f"{path} belongs to another user (uid {owner}): run this as that user.")


def is_elsewhere(remote: str) -> bool:
    """Return whether git takes an address for one of the net: it has a scheme, or a colon before any slash."""
    scheme, colon, _ = remote.partition("://")
    return scheme != "file" if colon else ":" in remote.partition("/")[0]


def _scratch(content: bytes = b"") -> IO[bytes]:
    """Return a file for what git reads or complains of: a pipe could fill while nobody reads it."""
    try:
        file = TemporaryFile()  # noqa: SIM115 - closed by who asked for it
        file.write(content)
        file.seek(0)
        return file
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}.") from None


@contextmanager
def _ended(process: subprocess.Popen[bytes], patience: float) -> Iterator[list[bool]]:
    """End a process after `patience` seconds, which the list then says, and when its reader goes away."""
    late: list[bool] = []

    def end() -> None:
        late.append(True)
        _kill(process)

    timer = Timer(patience, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        if process.poll() is None:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _limited(patience: float) -> list[str]:
    """Bound the memory of git, and end it also when we are killed: it holds our lock as long as it lives."""
    words = ["/bin/sh", "-c", _WITH_LESS_MEMORY, "git", str(MOST_MEMORY_MIB * 1024)]
    timeout = shutil.which("timeout")
    if timeout:
        words += [timeout, "--kill-after=5", str(ceil(patience + _ENDS_ITSELF_LATER_S))]
    return words


def _shown(complaint: bytes) -> str:
    lines = [line.strip() for line in complaint.decode(errors="replace").splitlines() if line.strip()]
    return " ".join(lines)[:_SHOWN_CHARACTERS]
