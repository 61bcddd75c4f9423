"""What happens when somebody pushes to the server: git runs these as its hooks, and shows what they print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

from bitacora.problems import WITHHELD
from bitacora.publish.background import pull_for_others
from bitacora.publish.check import Check, CheckError
from bitacora.publish.git_process import GitError
from bitacora.publish.home import BUSY, Home, PublishError
from bitacora.publish.release import changed_files, counted, prepare, publish, said, short


class Update(NamedTuple):
    """One line that git gives a hook: commits before and after (zeros for none), and the reference."""

    old: str
    new: str
    ref: str

    @property
    def deletes(self) -> bool:
        return set(self.new) == {"0"}


def pre_receive(home: Home, updates: Iterable[Update], check: Check) -> bool:
    """Whether the push may come in: not when it breaks a post, or takes the published branch away."""
    branch = home.branch()
    for update in updates:
        if update.ref != branch:
            print(f"{short(update.ref)} is kept but not published: {short(branch)} is.")
        elif update.deletes:
            print(f"{short(branch)} is what the site shows, and cannot be deleted.")
            return False
        elif not _may_come(home, update.new, check):
            return False
    return True


def post_receive(home: Home, updates: Iterable[Update], check: Check, keep: int) -> bool:
    """Publish the branch if it was pushed. Whether that was done, or there was nothing to do."""
    branch = home.branch()
    pushed = [update.new for update in updates if update.ref == branch]
    if not pushed:
        return True
    attempt = publish(home, check, keep=keep) or home.attempt()  # of somebody who published this push with theirs
    if attempt is not None and attempt.outcome in {"published", "unchanged"}:
        print(f"Published {attempt.commit[:10]}: {attempt.message}")
        return True
    print(f"Not published. {attempt.message if attempt else BUSY}")
    return False


def _may_come(home: Home, commit: str, check: Check) -> bool:
    print("Checking the posts...", flush=True)
    try:
        home.must_be_ours()
        git = home.git()
        report = prepare(home, git, commit, check, refuses=True)
        inside = git.site_folder()
        changed = {path.removeprefix(inside) for path in changed_files(home, git, commit)}
    except PublishError as error:
        print(f"{error}\nNothing was published: mend this, commit, and push again.")
        return False
    except (GitError, CheckError) as error:
        print(f"{error} Nothing was published.")
        return False
    except OSError as error:
        print(said(error))
        return False
    unseen = {file: why for file, why in report.unseen if file in changed}
    for finding in report.findings:
        is_told = finding.rule == WITHHELD and finding.file in unseen
        if finding.severity == "error" or (finding.file in changed and not is_told):
            print(finding)
    for why in unseen.values():
        print(why)
    print(counted(report))
    return True


def read_updates(lines: Iterable[str]) -> list[Update]:
    return [Update(*line.rstrip("\n").split(" ", 2)) for line in lines]


def main(hook: str, home: Home, check: Check, keep: int) -> int:
    """The exit status of a hook, whose updates are on standard input."""
    os.umask(0o022)  # whoever serves what is pushed must be able to read it
    updates = read_updates(sys.stdin)
    try:
        done = _done(hook, home, updates, check, keep)
    except (GitError, OSError) as error:
        print(said(error) if isinstance(error, OSError) else error)
        return 1
    return 0 if done else 1


def _done(hook: str, home: Home, updates: list[Update], check: Check, keep: int) -> bool:
    if hook == "pre-receive":
        may_come = pre_receive(home, updates, check)
        pull_for_others(home)
        return may_come
    return post_receive(home, updates, check, keep)
