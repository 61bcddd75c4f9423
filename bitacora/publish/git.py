"""Running git on a server: it never asks, never runs what a repository brings along, never waits for ever."""

from __future__ import annotations

import io
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
_ENDS_ITSELF_LATER_S = 15.0

# Content comes from whoever may push: no hook of theirs, no helper, no link, no filter of ours that they choose.
_ALWAYS = (
    "core.hooksPath=/dev/null",
    "core.symlinks=false",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.autoDetach=false",
    "log.showSignature=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=20",
)
OF_ONE_PUSH = ("GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")
"""What git tells its own hooks about objects that are pushed but not accepted yet."""
_KEPT = (
    "PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "https_proxy",
    "HTTPS_PROXY", "no_proxy", "NO_PROXY", "GIT_CEILING_DIRECTORIES", *OF_ONE_PUSH,
)  # fmt: skip
_SET = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "GIT_SSH_COMMAND": " -o ".join(
        ("ssh", "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=2")
    ),
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_DEFAULT_REF_FORMAT": "files",  # HEAD is read, and stale locks are removed, without git
}
_SHOWN_CHARACTERS = 500
_LEADS_NOWHERE = 1
"""How `git rev-parse --verify --quiet` ends for a name that stands for no commit; with 128 when it cannot look."""


class GitError(Exception):
    """What git could not do, in words for whoever runs the server.

    `status` is what it ended with, None when it did not run or was ended.
    """

    def __init__(self, words: str, status: int | None = None) -> None:
        super().__init__(words)
        self.status = status


class GitTimeoutError(GitError):
    """git was ended: it may be waiting for a disk, or for somebody at the other end."""


class Blob(NamedTuple):
    """One entry of a tree: `mode` as git writes it ("120000" is a link, "160000" a submodule)."""

    mode: str
    object_id: str
    path: bytes


class Git:
    """git on the bare repository `repo`. Every call raises GitError, also when it takes longer than `patience` s.

    `held` are descriptors that git inherits: a lock among them then lasts as long as the git that it guards, even
    when its owner is killed.
    """

    def __init__(self, repo: Path, held: Sequence[int] = (), patience: float = PATIENCE_S) -> None:
        self.repo = repo
        self._held = held
        self._patience = patience

    def run(
        self,
        *command: str,
        trusts_user: bool = False,
        environ: dict[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes | None = None,
    ) -> bytes:
        """What git prints. The user's own git configuration is read only where `trusts_user`: it has passwords."""
        _must_be_ours(self.repo)
        settings = [part for setting in _ALWAYS for part in ("-c", setting)]
        process = _started(
            [*_ended_after(self._patience), "git", f"--git-dir={self.repo.absolute()}", *settings, *command],
            {**_environ(trusts_user=trusts_user), **(environ or {})},
            cwd or self.repo,
            self._held,
            subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        )
        with process:
            try:
                out, complaint = process.communicate(stdin, timeout=self._patience)
            except subprocess.TimeoutExpired:
                _end(process)
                raise GitTimeoutError(
                    f"git {command[0]} took longer than {self._patience:.0f} s and was ended."
                ) from None
            except BaseException:
                _end(process)
                raise
        if process.returncode:
            reason = _shown(complaint) or f"status {process.returncode}"
            raise GitError(f"git {command[0]} failed: {reason}", process.returncode)
        return out

    def commit(self, name: str) -> str | None:
        """The commit that a name leads to, None when it leads nowhere."""
        try:
            found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except GitError as error:
            if error.status == _LEADS_NOWHERE:
                return None
            raise
        return found.decode().strip()

    def is_shallow(self) -> bool:
        """Whether commits before some point are missing."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def leads_straight(self, old: str, new: str) -> bool:
        """Whether one commit leads to another by first parents alone; false for one that is not there."""
        try:
            told = self.run("rev-list", "--first-parent", "--parents", f"{old}..{new}").decode().split("\n")
        except GitError:
            return False
        oldest = next((line.split() for line in reversed(told) if line), [])
        return oldest[1:2] == [old]

    def branch(self) -> str:
        """The full name of the branch that HEAD names, whether it exists or not."""
        return self.run("symbolic-ref", "HEAD").decode().strip()

    def remote(self) -> str | None:
        """The address that `origin` stands for, None without one."""
        try:
            return self.run("config", "--get", "remote.origin.url").decode().strip()
        except GitError:
            return None

    def object_format(self) -> str:
        """How it names its objects: "sha1" or "sha256"."""
        return self.run("rev-parse", "--show-object-format").decode().strip()

    def is_empty(self) -> bool:
        """Whether no reference leads to a commit."""
        return not self.run("for-each-ref", "--count=1")

    def site_folder(self) -> str:
        """Where in its commits the site lies: "" or a path that ends in a slash."""
        try:
            folder = self.run("config", "--get", "bitacora.folder").decode().strip().strip("/")
        except GitError:
            return ""
        return f"{folder}/" if folder else ""

    def fetch(self, branch: str, into: str) -> None:
        """Bring a branch of `origin` to the reference `into`, wherever it was before."""
        try:
            self.run(
                "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--force", "origin",
                f"+{branch}:{into}", trusts_user=True,
            )  # fmt: skip
        except GitError as error:
            if "mismatched algorithms" in str(error):
                raise GitError(
                    f"origin names its objects by another hash (SHA-1 or SHA-256) than {self.repo}: run flask "
                    "site init-git again, with a new folder if something is published already."
                ) from None
            raise

    def blobs(self, commit: str) -> Iterator[Blob]:
        """All that a commit holds, links and submodules included."""
        for line in self.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            if line:
                facts, _, path = line.partition(b"\t")
                mode, _, object_id = facts.decode().split()
                yield Blob(mode, object_id, path)

    def contents(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        """Of blobs, those that are there."""
        asked = "".join(f"{object_id}\n" for object_id in object_ids).encode()
        told = self.run("cat-file", "--batch", stdin=asked) if asked else b""
        found: dict[str, bytes] = {}
        lines = io.BytesIO(told)
        for line in lines:
            object_id, _, *size = line.decode().split()  # or "missing" in place of kind and size
            if size:
                found[object_id] = lines.read(int(size[0]))
                lines.readline()
        return found

    def changed(self, old: str, new: str) -> list[bytes]:
        """Paths that differ between two commits."""
        found = self.run("diff-tree", "-r", "-z", "--name-only", "--no-ext-diff", "--no-renames", old, new)
        return [path for path in found.split(b"\0") if path]

    def export(self, commit: str, folder: Path, index: Path) -> None:
        """Write all files of a commit into an empty folder; `index` is a scratch file."""
        environ = {"GIT_INDEX_FILE": str(index.absolute()), "GIT_WORK_TREE": str(folder.absolute())}
        self.run("read-tree", commit, environ=environ, cwd=folder)
        self.run("checkout-index", "--all", "--quiet", environ=environ, cwd=folder)

    def about(self, commit: str) -> tuple[str, str, str]:
        """Author, date of the commit (ISO 8601) and subject."""
        author, date, subject = (
            self.run("log", "-1", "--no-show-signature", "--format=%an%x00%cI%x00%s", commit)
            .decode(errors="replace")
            .rstrip("\n")
            .split("\0")
        )
        return author, date, subject


def ignored(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    """Of files below `folder` those that git ignores, each with the rule that says so, as "file:line: pattern".

    Empty where the folder is not in a work tree, or git is not there.
    """
    said = _ask_work_tree(
        folder, "check-ignore", "-z", "-v", "--stdin", stdin=b"".join(os.fsencode(path) + b"\0" for path in paths)
    ).split(b"\0")
    found = zip(said[0::4], said[1::4], said[2::4], said[3::4], strict=False)
    return {
        os.fsdecode(path): f"{os.fsdecode(source)}:{line.decode()}: {os.fsdecode(pattern)}"
        for source, line, pattern, path in found
        if not pattern.startswith(b"!")
    }


def deletion_of(folder: Path, path: str) -> tuple[str, str, str] | None:
    """The commit that deleted a file of a work tree, its author and day; None if none did."""
    said = _ask_work_tree(folder, "log", "-1", "--diff-filter=D", "--format=%h%x00%an%x00%cs", "--", path)
    commit, _, rest = said.decode(errors="replace").strip().partition("\0")
    author, _, day = rest.partition("\0")
    return (commit, author, day) if commit else None


def is_committed(folder: Path, path: str) -> bool:
    """Whether a file of a work tree is in the commit that is checked out."""
    return bool(_ask_work_tree(folder, "ls-tree", "--name-only", "HEAD", "--", path))


def _ask_work_tree(folder: Path, *command: str, stdin: bytes = b"") -> bytes:
    """What git says of an editor's own checkout; nothing where it cannot say it."""
    try:
        return subprocess.run(  # noqa: S603 - paths stand behind -- or on standard input
            ["git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *command],  # noqa: S607 - the editor's
            cwd=folder,
            env=_environ(trusts_user=True),
            input=stdin,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""


def init(repo: Path, branch: str, object_format: str) -> None:
    """Make an empty bare repository; `object_format` is "sha1" or "sha256". Raises GitError."""
    made = [f"--object-format={object_format}", f"--initial-branch={branch}", "--", str(repo)]
    process = _started(
        ["git", "init", "--quiet", "--bare", "--template=", *made],
        _environ(trusts_user=False),
        repo.parent,
        (),
    )
    _, complaint = process.communicate(timeout=PATIENCE_S)
    if process.returncode:
        raise GitError(f"git init failed: {_shown(complaint)}")


def object_format(remote: str, folder: Path) -> str | None:
    """How a repository elsewhere names its objects; None where it is empty, or away, which is logged.

    `folder` is any.
    """
    environ = _environ(trusts_user=True) | {"GIT_CEILING_DIRECTORIES": str(folder.absolute().parent)}
    process = _started(
        [*_ended_after(PATIENCE_S), "git", "ls-remote", "--heads", "--", remote], environ, folder, ()
    )
    try:
        told, complaint = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        _end(process)
        told, complaint = b"", b"no answer"
    if process.returncode:
        log.error("nothing can be fetched from %s (%s): is that its address?", remote, _shown(complaint))
    name, _, _ = told.partition(b"\t")
    return {40: "sha1", 64: "sha256"}.get(len(name))


def _environ(*, trusts_user: bool) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | _SET | ({} if trusts_user else {"GIT_CONFIG_GLOBAL": os.devnull})


def _started(
    command: Sequence[str],
    environ: dict[str, str],
    cwd: Path,
    held: Sequence[int],
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """In a group of its own: git starts programs that must end with it."""
    try:
        return subprocess.Popen(  # noqa: S603 - no word of it comes from the tree
            command,
            env=environ,
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=tuple(held),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise GitError(f"git cannot be run on {cwd}: it is not installed, or the folder is gone.") from None
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}.") from None


def _ended_after(patience: float) -> list[str]:
    """Ends git with all that it started even when we are killed: it holds our lock as long as it lives."""
    timeout = shutil.which("timeout")
    return [timeout, "--kill-after=5", str(ceil(patience + _ENDS_ITSELF_LATER_S))] if timeout else []


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _must_be_ours(repo: Path) -> None:
    """git asks this too (CVE-2022-24765), but not of a repository that it is told of by name."""
    try:
        owner = repo.stat().st_uid
    except OSError as error:
        raise GitError(f"{repo} cannot be read: {error.strerror}.") from None
    if owner != os.geteuid():
        raise GitError(f"{repo} belongs to another user (uid {owner}): run this as that user.")


def _shown(complaint: bytes) -> str:
    lines = [line.strip() for line in complaint.decode(errors="replace").splitlines() if line.strip()]
    return " ".join(lines)[:_SHOWN_CHARACTERS]
