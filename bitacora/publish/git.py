"""git, as publishing asks it: about a repository of ours, never about a tree that came from outside."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bitacora.publish.git_process import PATIENCE_S, Call, GitError, must_be_ours

MOST_OF_CONTENTS = 64 * 1024 * 1024
"""Bytes of all that is read at once."""
_MOST_OF_ONE = 2 * 1024 * 1024
"""Bytes of a version that is read: a text that is larger is none."""
_LEADS_NOWHERE = 1
"""How `git rev-parse --verify --quiet` ends for a name that stands for no commit; with 128 when it cannot look."""


_ATTRIBUTES = "* !working-tree-encoding\n"
"""Over those of a tree (gitattributes(5)): no pusher chooses the converter of the system that reads a text."""


class Blob(NamedTuple):
    """One entry of a tree: `mode` as git writes it ("120000" is a link, "160000" a submodule), `size` in bytes."""

    mode: str
    object_id: str
    path: bytes
    size: int


class Git:
    """git on the repository `repo`. Every call raises GitError, also when it takes longer than `patience` s.

    `held` are descriptors that git inherits: a lock among them then lasts as long as the git that it guards, even
    when its owner is killed.
    """

    def __init__(self, repo: Path, held: Sequence[int] = (), patience: float = PATIENCE_S) -> None:
        self.repo = repo
        self._held = held
        self._patience = patience

    def holding(self, descriptor: int) -> Git:
        """Return the same git, which inherits one more descriptor."""
        return Git(self.repo, (*self._held, descriptor), self._patience)

    def run(self, *command: str, stdin: bytes = b"") -> bytes:
        """Return what git prints."""
        return self._call(*command, stdin=stdin).output()

    def entries(self, *command: str) -> Iterator[bytes]:
        """Yield what git prints, split at zero bytes, as it comes."""
        return self._call(*command).entries()

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
        """Bring a branch of `origin` to the reference `into`, wherever it was before.

        Where `origin` is depends on the user's own settings too (`url.<base>.insteadOf`).
        """
        program = "--upload-pack=git-upload-pack"  # whatever the settings of the repository name
        how = ("--quiet", "--no-tags", "--no-recurse-submodules", "--force", program)
        try:
            address = self._call("ls-remote", "--get-url", "origin", trusts_user=True).output().decode().strip()
            self._call("fetch", *how, "origin", f"+{branch}:{into}", remote=address, trusts_user=True).output()
        except GitError as error:
            if "mismatched algorithms" in str(error):
                raise GitError(
                    f"origin names its objects by another hash (SHA-1 or SHA-256) than {self.repo}: run flask "
                    "site init-git again, with a new folder if something is published already."
                ) from None
            raise

    def blobs(self, commit: str) -> Iterator[Blob]:
        """Yield all that a commit holds, links and submodules included, as git lists it."""
        for line in self.entries("ls-tree", "-r", "-z", "-l", "--full-tree", commit):
            facts, _, path = line.partition(b"\t")
            mode, _, object_id, size = facts.decode().split()
            yield Blob(mode, object_id, path, int(size) if size.isdecimal() else 0)

    def contents(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of those blobs that are there, as long as they are not too large together."""
        asked = "".join(f"{object_id}\n" for object_id in self._readable(object_ids)).encode()
        told = self.run("cat-file", "--batch", stdin=asked) if asked else b""
        found: dict[str, bytes] = {}
        lines = io.BytesIO(told)
        for line in lines:
            object_id, _, *size = line.decode().split()  # or "missing" in place of kind and size
            if size:
                found[object_id] = lines.read(int(size[0]))
                lines.readline()
        return found

    def _readable(self, object_ids: Iterable[str]) -> Iterator[str]:
        asked = "".join(f"{object_id}\n" for object_id in object_ids).encode()
        told = self.run("cat-file", "--batch-check", stdin=asked) if asked else b""
        left = MOST_OF_CONTENTS
        for line in told.decode().splitlines():
            object_id, _, *size = line.split()  # or "missing" in place of kind and size
            if size and int(size[0]) <= min(_MOST_OF_ONE, left):
                left -= int(size[0])
                yield object_id

    def changed(self, old: str, new: str) -> list[bytes]:
        """Return the paths that differ between two commits."""
        return list(
            self.entries("diff-tree", "-r", "-z", "--name-only", "--no-ext-diff", "--no-renames", old, new)
        )

    def export(self, commit: str, folder: Path, index: Path) -> None:
        """Write all files of a commit into an empty folder; `index` is a scratch file."""
        attributes = self.repo / "info" / "attributes"
        if not attributes.exists():
            attributes.parent.mkdir(exist_ok=True)
            attributes.write_text(_ATTRIBUTES, encoding="ascii")
        self._call("read-tree", commit, index=index).output()
        self._call("checkout-index", "--all", "--quiet", index=index, work_tree=folder).output()

    def about(self, commit: str) -> tuple[str, str, str]:
        """Author, date of the commit (ISO 8601) and subject."""
        author, date, subject = (
            self.run("log", "-1", "--no-show-signature", "--format=%an%x00%cI%x00%s", commit)
            .decode(errors="replace")
            .rstrip("\n")
            .split("\0")
        )
        return author, date, subject

    def _call(
        self,
        *command: str,
        stdin: bytes = b"",
        remote: str | None = None,
        trusts_user: bool = False,
        index: Path | None = None,
        work_tree: Path | None = None,
    ) -> Call:
        must_be_ours(self.repo)
        return Call(
            self.repo,
            command,
            work_tree=work_tree,
            index=index,
            remote=remote,
            trusts_user=trusts_user,
            held=self._held,
            stdin=stdin,
            patience=self._patience,
        )


def init(repo: Path, branch: str, object_format: str) -> None:
    """Make an empty bare repository; `object_format` is "sha1" or "sha256". Raises GitError."""
    made = (f"--object-format={object_format}", f"--initial-branch={branch}")
    Call(repo, ("init", "--quiet", "--bare", "--template=", *made)).output()


def begin(folder: Path) -> None:
    """Make an empty repository whose work tree is a folder. Raises GitError."""
    Call(folder / ".git", ("init", "--quiet", "--template=", "--initial-branch=main")).output()


def configure(repo: Path, settings: Mapping[str, str]) -> None:
    """Write settings into the configuration of a repository. Raises GitError."""
    for name, value in settings.items():
        Call(repo, ("config", name, value)).output()


def has_identity(repo: Path) -> bool:
    """Return whether git knows a name and an address for commits of this user, without inventing them."""
    for name in ("name", "email"):
        if f"GIT_AUTHOR_{name.upper()}" in os.environ:
            continue
        try:
            Call(repo, ("config", "--get", f"user.{name}"), trusts_user=True).output()
        except GitError:
            return False
    return True


def object_format(remote: str) -> str | None:
    """Return how a repository elsewhere names its objects, None where it is empty.

    Raises GitError where there is none.
    """
    address = Call(None, ("ls-remote", "--get-url", "--", remote), trusts_user=True).output().decode().strip()
    heads = Call(None, ("ls-remote", "--heads", "--", remote), remote=address, trusts_user=True)
    name = heads.output().partition(b"\t")[0]
    return {40: "sha1", 64: "sha256"}.get(len(name))
