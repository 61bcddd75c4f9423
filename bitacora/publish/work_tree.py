"""What git says of an editor's own checkout: which files it ignores, which it has, which were deleted.

git is never asked inside a tree that came from outside: a release is no work tree, and a folder of a checkout that
looks like a repository is not taken for one, because the repository is found here and named to git.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from bitacora.publish.git_process import Call, GitError, must_be_ours
from bitacora.publish.history import Checkout, find_checkout

log = logging.getLogger(__name__)

_NOTHING_FOUND = 1


def ignored(site: Path, paths: Sequence[str]) -> dict[str, str]:
    """Return those files of a site that git ignores, each with the rule that says so, as "file:line: pattern".

    Empty where the site lies in no work tree.
    """
    checkout = _work_tree(site)
    if checkout is None:
        return {}
    asked = b"".join(os.fsencode(f"{checkout.prefix}{path}\0") for path in paths)
    found = _entries(checkout, "check-ignore", "-z", "-v", "--stdin", stdin=asked)
    return {
        os.fsdecode(path).removeprefix(checkout.prefix): ":".join(map(os.fsdecode, (source, line, b" " + pattern)))
        for source, line, pattern, path in zip(found, found, found, found, strict=False)
        if not pattern.startswith(b"!")
    }


def deletion_of(site: Path, path: str) -> tuple[str, str, str] | None:
    """Return the commit that deleted a file, its author and day; None if none did."""
    found = _asked(site, path, "log", "-1", "-z", "--diff-filter=D", "--format=%h%x00%an%x00%cs")
    return (found[0], found[1], found[2]) if len(found) >= 3 else None


def is_committed(site: Path, path: str) -> bool:
    """Return whether a file is in the commit that is checked out."""
    return bool(_asked(site, path, "ls-tree", "-z", "--full-tree", "--name-only", "HEAD"))


def _asked(site: Path, path: str, *command: str) -> list[str]:
    checkout = _work_tree(site)
    if checkout is None:
        return []
    told = _entries(checkout, *command, "--", f":(top,literal){checkout.prefix}{path}")
    return [entry.decode(errors="replace").strip() for entry in told]


def _work_tree(site: Path) -> Checkout | None:
    checkout = find_checkout(site.resolve())
    return None if checkout is None or checkout.commit else checkout


def _entries(checkout: Checkout, *command: str, stdin: bytes = b"") -> Iterator[bytes]:
    """What git prints, up to where it fails, which is logged: a checker goes on without git."""
    try:
        must_be_ours(checkout.repo)
        yield from Call(checkout.repo, command, work_tree=checkout.top, trusts_user=True, stdin=stdin).entries()
    except GitError as error:
        if error.status != _NOTHING_FOUND:
            log.warning("%s", error)
