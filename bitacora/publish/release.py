"""From a commit to what is served: checked, written out beside what is there, and put in its place at once."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bitacora.files.layout import is_markdown
from bitacora.publish.check import Check, CheckError, Finding, Report, findings_of_tree, new_errors
from bitacora.publish.git import Git
from bitacora.publish.git_process import GitError
from bitacora.publish.home import (
    BUSY,
    PATIENCE_S,
    Attempt,
    Home,
    PublishError,
    flip,
    locked,
    read_json,
    write_json,
    write_text,
)
from bitacora.publish.limits import within_limits

KEPT = 5
MOST_CHECKS = 4
"""Trees that are checked at once, each by processes of its own."""
READERS_LEAVE_S = 60.0
"""Workers may still read the release before, and whoever reads it last must find its files."""

_TIP = "refs/bitacora/fetched"
_RELEASE_REF = "refs/bitacora/releases/"
_HALF = ".half-"
_TREE = "tree"
_POLL_S = 0.25
_HELD = "It was rolled back. Push a new commit, or say flask site pull --force."
_WRITTEN = ("current", "attempt.json", "held")
"""What is written to another name first."""
_OF_NOBODY: dict[str, Any] = {
    "author": "",
    "date": "",
    "subject": "",
    "published": 0.0,
    "posts": 0,
    "findings": [],
}
_LOCK_IS_STALE_S = 600.0
_MOST_SHARED = 20
"""Posts whose previews are judged before a push comes in: somebody is waiting."""


@dataclass(frozen=True)
class Release:
    """One that is kept: when it was last published (seconds since the epoch), and what its check found."""

    commit: str
    author: str
    date: str
    subject: str
    published: float
    posts: int
    findings: tuple[Finding, ...]
    served: bool


def publish(
    home: Home, check: Check, *, refuses: bool = False, forced: bool = False, keep: int = KEPT, waits: bool = True
) -> Attempt | None:
    """Serve the newest commit of the published branch; of `origin`'s, where there is one.

    With `refuses` a tree that breaks posts is not published; else each of them keeps its last good version.
    `forced` brings back what a rollback took down. None when another is at it already and `waits` is false: that
    one goes on until nobody is waiting. Killed at any moment it leaves the old or the new site; the next call
    clears up. Raises nothing that has to do with git, the disk or the tree: the attempt says so.
    """
    attempt = None
    try:
        home.must_be_ours()
        home.wanted.touch()
        while home.wanted.exists():
            with home.alone(waits=waits) as lock:
                if lock is None:
                    return None
                while home.wanted.exists():
                    home.wanted.unlink()
                    attempt = _attempt(home, home.git(lock), check, refuses=refuses, forced=forced, keep=keep)
    except PublishError as error:
        return Attempt(time.time(), "failed", "", str(error))  # not kept: nothing is written there
    except OSError as error:
        return home.tell("failed", "", said(error))
    return attempt


def rollback(home: Home, commit: str | None = None) -> Release:
    """Serve a kept release again: the one published before, or the one that is named. Raises PublishError."""
    home.must_be_ours()
    with home.changing() as lock:
        kept = list(listed(home))
        now = next((release for release in kept if release.served), None)
        if commit is None:
            found = next((each for each in kept if now is None or each.published < now.published), None)
        else:
            found = next((release for release in kept if release.commit.startswith(commit)), None)
        if found is None:
            missing = "no release before the one that is served" if commit is None else "no such release"
            raise PublishError(f"There is {missing}. flask site releases lists those that are kept.")
        served = home.served()
        if served is not None and served != found.commit:
            git = home.git(lock)
            write_text(home.held, git.commit(published_ref(git)) or served)
            _leave(home)
        flip(home, found.commit)
        home.tell("published", found.commit, "rolled back")
        return found


def listed(home: Home) -> Iterator[Release]:
    """The releases that are kept, the last published first."""
    served = home.served()
    for commit, found in _reports(home):
        if not found["published"]:
            continue
        yield Release(
            commit,
            found["author"],
            found["date"],
            found["subject"],
            found["published"],
            found["posts"],
            tuple(Finding(**each) for each in found["findings"]),
            commit == served,
        )


def prepare(home: Home, git: Git, commit: str, check: Check, *, refuses: bool) -> Report:
    """Write a commit out beside what is served and check it there; it gets its name only when it is whole.

    Others may publish meanwhile. Raises PublishError with a line for each post that it breaks, when it `refuses`,
    and then for what else is to be mended in files that it changes; and for a tree beyond what may be published.
    """
    if _is_prepared(home, commit):
        return _report(home, commit)
    tree = within_limits(git.blobs(commit))
    with _half_release(home, commit) as (half, lock):
        git.holding(lock).export(commit, half / _TREE, half / "index")
        before = home.served()
        inside = git.site_folder()
        changed = {
            path.removeprefix(inside) for path in changed_files(home, git, commit) if path.startswith(inside)
        }
        site = half / _TREE / inside
        found = check(site, sorted(filter(_is_post, changed), reverse=True)[:_MOST_SHARED])
        report = replace(found, findings=(*findings_of_tree(tree, half / _TREE, inside), *found.findings))
        known = () if before is None else _report(home, before).findings
        if refuses and (errors := new_errors(report, known, changed)):
            files = {error.file for error in errors}  # a warning may say why the file is broken
            first = [finding for finding in report.findings if finding.file in files]
            others = [finding for finding in report.findings if finding.file in changed - files]
            raise PublishError("\n".join(map(str, [*first, *others])))
        author, date, subject = git.about(commit)
        about = {"author": author, "date": date, "subject": subject, "published": 0.0}
        write_json(half / "report", about | asdict(report))
        os.sync()  # the files before the link that leads to them, should the power fail
        with home.changing():
            if not _is_prepared(home, commit):  # by another push of the same commit
                (half / "report").rename(home.report(commit))
                (half / _TREE).rename(home.release(commit))
    return report


def _is_prepared(home: Home, commit: str) -> bool:
    return home.release(commit).exists() and home.report(commit).exists()


def _begun(home: Home, commit: str) -> tuple[Path, int] | None:
    """Make a folder and take its lock; None while as many are being checked as may be."""
    with home.changing():
        if _clear_halves(home) >= MOST_CHECKS:
            return None
        half = Path(mkdtemp(prefix=f"{_HALF}{commit}-", dir=home.releases))
        (half / _TREE).mkdir()
        lock = os.open(half, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        locked(lock, 0)
    return half, lock


@contextmanager
def _half_release(home: Home, commit: str) -> Iterator[tuple[Path, int]]:
    """A folder for what is not checked yet, and the lock that keeps others from clearing it up.

    There are only so many at once: each of them has a checker. Raises PublishError.
    """
    deadline = time.monotonic() + PATIENCE_S
    while (made := _begun(home, commit)) is None:
        if time.monotonic() > deadline:
            raise PublishError(BUSY)
        time.sleep(_POLL_S)
    half, lock = made
    try:
        yield half, lock
    finally:
        os.close(lock)
        with home.changing():
            shutil.rmtree(half, ignore_errors=True)


def changed_files(home: Home, git: Git, commit: str) -> set[str]:
    """The files in which a commit differs from what is served: all of them where nothing was before."""
    before = home.served()
    if before is None or git.commit(before) is None:
        paths = [blob.path for blob in git.blobs(commit)]
    else:
        paths = git.changed(before, commit)
    return {os.fsdecode(path) for path in paths}


def _clear_up(home: Home) -> None:
    """Remove what somebody left behind who was killed. The caller holds both locks."""
    _clear_halves(home)
    for path in (path for name in _WRITTEN for path in home.folder.glob(f".{name}.*")):
        path.unlink(missing_ok=True)
    for lock in (home.repo / "refs" / "bitacora").rglob("*.lock"):
        lock.unlink()  # nobody but us writes there
    for lock in (*home.repo.glob("*.lock"), *(home.repo / "refs").rglob("*.lock")):
        with suppress(FileNotFoundError):  # of a push that came in meanwhile
            if time.time() - lock.stat().st_mtime > _LOCK_IS_STALE_S:
                lock.unlink()


def _clear_halves(home: Home) -> int:
    """Remove releases that nobody is writing any more, and return how many are left. The caller holds the lock."""
    written = 0
    for path in home.releases.iterdir():
        if path.name.startswith(".") and path.is_dir():
            written += not _is_removed(path)
        elif path.name.startswith(".") or (path.suffix == ".json" and not home.release(path.stem).exists()):
            path.unlink()
    return written


def _is_removed(half: Path) -> bool:
    """Remove a release unless somebody has its lock."""
    descriptor = os.open(half, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if is_free := locked(descriptor, 0):
            shutil.rmtree(half)
        return is_free
    finally:
        os.close(descriptor)


def _attempt(home: Home, git: Git, check: Check, *, refuses: bool, forced: bool, keep: int) -> Attempt:
    commit = ""
    try:
        with home.changing():
            _clear_up(home)
        if git.remote() is not None:
            git.fetch(git.branch(), _TIP)
        commit = git.commit(published_ref(git)) or ""
        if not commit:
            return home.tell("failed", commit, f"The branch {short(git.branch())} has no commit yet.")
        if commit == home.served() and home.release(commit).exists():
            return home.tell("unchanged", commit, "It is what is served already.")
        if not forced and _is_held(home, commit):
            return home.tell("held", commit, _HELD)
        report = prepare(home, git, commit, check, refuses=refuses)
        with home.changing() as lock:
            if not forced and _is_held(home, commit):  # somebody rolled back meanwhile
                return home.tell("held", commit, _HELD)
            _serve(home, git.holding(lock), commit)
            _prune(home, git.holding(lock), keep)
        return home.tell("published", commit, counted(report))
    except PublishError as error:
        return home.tell("refused", commit, str(error))
    except (GitError, CheckError) as error:
        return home.tell("failed", commit, str(error))
    except OSError as error:
        return home.tell("failed", commit, said(error))


def _is_held(home: Home, commit: str) -> bool:
    return home.held.exists() and home.held.read_text(encoding="ascii") == commit


def _serve(home: Home, git: Git, commit: str) -> None:
    git.run("update-ref", f"{_RELEASE_REF}{commit}", commit)
    write_json(home.report(commit), read_json(home.report(commit)) | {"published": time.time()})
    _leave(home)
    flip(home, commit)
    home.held.unlink(missing_ok=True)


def _leave(home: Home) -> None:
    """Remember when a release was served last: its readers have yet to finish."""
    served = home.served()
    if served is not None and home.report(served).exists():
        os.utime(home.report(served))


def _prune(home: Home, git: Git, keep: int) -> None:
    """Remove all but the last published releases, and none that somebody may still be reading."""
    served = home.served()
    for number, (commit, found) in enumerate(_reports(home)):
        is_young = time.time() - home.report(commit).stat().st_mtime < READERS_LEAVE_S
        if commit == served or is_young or (number < keep and found["published"]):
            continue
        home.release(commit).rename(home.releases / f"{_HALF}{commit}")
        git.run("update-ref", "-d", f"{_RELEASE_REF}{commit}")
    _clear_halves(home)


def _is_post(path: str) -> bool:
    return path.startswith("posts/") and is_markdown(path)


def _reports(home: Home) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of the releases that are there, the last published first."""
    whole: list[tuple[str, dict[str, Any]]] = []
    for file in home.releases.glob("[!.]*.json"):
        with suppress(OSError, ValueError):  # of a release whose report is damaged nothing is known
            if home.release(file.stem).exists():
                whole.append((file.stem, _OF_NOBODY | read_json(file)))
    yield from sorted(whole, key=lambda pair: -pair[1]["published"])


def _report(home: Home, commit: str) -> Report:
    try:
        found = read_json(home.report(commit))
        unseen = tuple((file, why) for file, why in found.get("unseen", ()))
        return Report(found["posts"], tuple(Finding(**each) for each in found["findings"]), unseen)
    except (OSError, ValueError, LookupError, TypeError):
        return Report(0)


def published_ref(git: Git) -> str:
    """The reference that is published: a branch, or what was fetched last where there is an `origin`."""
    return git.branch() if git.remote() is None else _TIP


def short(branch: str) -> str:
    return branch.removeprefix("refs/heads/")


def counted(report: Report) -> str:
    return f"{several(report.posts, 'post')}, {mistakes(len(report.errors), len(report.warnings))}"


def mistakes(errors: int, warnings: int) -> str:
    return f"{several(errors, 'error')}, {several(warnings, 'warning')}"


def several(count: int, name: str) -> str:
    return f"{count} {name if count == 1 else name + 's'}"


def said(error: OSError) -> str:
    """What the disk refused, in words."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full: the site is as it was. Make room and try again."
    if isinstance(error, PermissionError) and error.filename:
        whose = "belongs to another user: give it to whoever publishes (chown)"
        return f"{error.filename} {whose}. The site is as it was."
    return f"{error.filename or 'The disk'}: {error.strerror or error}. The site is as it was."
