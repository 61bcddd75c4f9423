"""The checker, run on a tree that is not served yet, in a process of its own: the tree may kill it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitacora.problems import Finding as Finding
from bitacora.processes import environ_of_readers
from bitacora.publish.git import Blob

LEAST_PATIENCE_S = 60.0
PATIENCE_OF_A_FILE_S = 0.003
MOST_PATIENCE_S = 240.0
"""For a whole tree: somebody waits at a terminal, and git's own connection for no longer than five minutes."""
_ENGINE = Path(__file__).parents[2]
_OF_SETTINGS = re.compile(r"site\.toml:(\d+):1: (.+)")
"""What the checker says of settings that it cannot start with."""


@dataclass(frozen=True)
class Report:
    """What the checker says of a tree: findings in order, and how many posts it would show.

    `unseen` names the files of posts and pages that not everybody will see, each with a sentence that says why.
    """

    posts: int
    findings: tuple[Finding, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "warning")


Check = Callable[[Path, Sequence[str]], Report]
"""Checks the site in a folder, and the previews of the posts named. Raises CheckError if that cannot be done."""


class CheckError(Exception):
    """The checker itself did not work."""


def check(site: Path, shared: Sequence[str] = ()) -> Report:
    """What `flask posts check` says of the site in a folder, with the share previews of the posts in `shared`."""
    patience = patience_for(site)
    with tempfile.TemporaryDirectory() as cache:
        environ = environ_of_readers()
        environ |= {"BITACORA_SITE": str(site), "BITACORA_CACHE_DIR": cache, "BITACORA_WATCH": "poll"}
        environ.pop("BITACORA_DEV", None)
        command = [sys.executable, "-m", "bitacora", "check", "--json"]
        command += [f"--share-of={path}" for path in shared] or ["--no-share"]
        try:
            done = subprocess.run(  # noqa: S603 - the tree gives names of files only
                command,
                cwd=_ENGINE,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CheckError(f"The check took longer than {patience:.0f} s and was ended.") from None
        except OSError as error:
            raise CheckError(f"The checker cannot be run: {error.strerror}.") from None
    return _report(done)


def patience_for(site: Path) -> float:
    """Return the seconds that a check of all the files of a site may take."""
    files = sum(len(names) for _, _, names in os.walk(site))
    return min(LEAST_PATIENCE_S + PATIENCE_OF_A_FILE_S * files, MOST_PATIENCE_S)


def findings_of_tree(blobs: Iterable[Blob], folder: Path, inside: str = "") -> tuple[Finding, ...]:
    """What git can hold and a folder cannot, of a commit that was written out to `folder`.

    Of a site that lies `inside` a folder ("blog/") only that is looked at, and named from there.
    """
    found: list[Finding] = []
    if not (folder / inside / "posts").is_dir():
        reason = "There is no such folder, so the site is empty."
        found.append(
            Finding("posts", 1, 1, "warning", reason, "Put posts in it, unless that is meant.", "no-posts")
        )
    names: dict[str, list[str]] = defaultdict(list)
    for blob in blobs:
        path = os.fsdecode(blob.path)
        shown = blob.path.decode(errors="backslashreplace").removeprefix(inside)
        if not path.startswith(inside):
            continue
        names[shown.casefold()].append(shown)
        if sentence := _ODD_MODES.get(blob.mode):
            found.append(Finding(shown, 1, 1, "warning", *sentence, "never-read"))
        elif _is_pointer(folder / path):
            found.append(Finding(shown, 1, 1, "warning", *_POINTER, "never-read"))
    for same in names.values():
        if len(same) > 1:
            reason = f"Its name differs from that of {', '.join(same[:-1])} only in case."
            remedy = "Rename one: on many computers the two are one file."
            found.append(Finding(same[-1], 1, 1, "warning", reason, remedy, "names-alike"))
    return tuple(found)


_ODD_MODES = {
    "120000": ("It is a symbolic link, and links are not followed.", "Commit the file itself in its place."),
    "160000": ("It is a submodule, and submodules are not fetched.", "Commit its files themselves."),
}
_POINTER = (
    "It is a pointer of Git LFS, and the file behind it is not fetched.",
    "Commit the file itself: git lfs untrack, then git add --renormalize.",
)
_POINTER_BEGINS = b"version https://git-lfs.github.com/spec/"
_MOST_POINTER_BYTES = 1024


def _is_pointer(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(_MOST_POINTER_BYTES).startswith(_POINTER_BEGINS)


def new_errors(report: Report, before: Collection[Finding], changed: Collection[str]) -> list[Finding]:
    """Errors that a push brings: in what it changed, or such as were not there before."""
    known = {(finding.file, finding.reason) for finding in before}
    return [error for error in report.errors if error.file in changed or (error.file, error.reason) not in known]


def _report(done: subprocess.CompletedProcess[bytes]) -> Report:
    try:
        found = json.loads(done.stdout)
        unseen = tuple((str(file), str(why)) for file, why in found["unseen"])
        return Report(found["posts"], tuple(_finding(each) for each in found["findings"]), unseen)
    except (ValueError, KeyError, TypeError):
        complaint = done.stderr.decode(errors="replace").strip().splitlines()
        last = complaint[-1] if complaint else f"status {done.returncode}"
        if found := _OF_SETTINGS.fullmatch(last):
            settings = Finding("site.toml", int(found[1]), 1, "error", found[2], "Correct it.", "settings")
            return Report(0, (settings,))
        raise CheckError(f"The checker failed: {last}") from None


def _finding(found: dict[str, Any]) -> Finding:
    names = ("file", "line", "column", "severity", "reason", "remedy", "rule")
    return Finding(**{name: found[name] for name in names})
