"""`python -m bitacora.publish HOOK HOME`, for git; `... pull HOME LOCK`, for the webhook."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from bitacora.logs import set_up as set_up_log
from bitacora.processes import hide_memory
from bitacora.publish.check import check
from bitacora.publish.commit_status import StatusError, status_of, tell
from bitacora.publish.git_process import GitError
from bitacora.publish.home import Attempt, Home
from bitacora.publish.receive import main as receive
from bitacora.publish.release import publish
from bitacora.settings import Operator, SettingError, read_operator, read_port, read_site

log = logging.getLogger("bitacora.publish")

_PULLED = ("published", "unchanged", "held")
_NICER = 5


def main(what: str, folder: str, lock: str = "") -> int:
    """The exit status."""
    hide_memory()
    home = Home(Path(folder), int(lock) if lock else None)
    try:
        operator = read_operator(os.environ, home.current)
    except SettingError as error:
        print(error)
        return 2
    return pull(home, operator) if what == "pull" else receive(what, home, check, operator.releases)


def pull(home: Home, operator: Operator) -> int:
    """Publish what was pushed elsewhere, in the background of the server; tell the log, and the forge."""
    os.nice(_NICER)
    set_up_log(operator.log)
    attempt = publish(home, check, refuses=operator.broken == "refuse", keep=operator.releases, waits=False)
    if attempt is None:
        return 0
    is_well = attempt.outcome in _PULLED
    level = logging.INFO if is_well else logging.ERROR
    log.log(level, "%s %s: %s", attempt.outcome, attempt.commit[:10], attempt.message)
    if operator.forge_token:
        _tell_forge(home, operator, attempt)
    return 0 if is_well else 1


def _tell_forge(home: Home, operator: Operator, attempt: Attempt) -> None:
    try:
        status = status_of(home, attempt, _site_url(operator.site))
        if status is not None:
            tell(home.git().remote() or "", operator.forge, operator.forge_token, status)
    except (StatusError, SettingError, GitError, OSError) as error:
        log.warning("the forge was not told what became of a push: %s", error)


def _site_url(site: Path) -> str:
    """Raises SettingError or OSError."""
    file = site / "site.toml"
    toml = file.read_text(encoding="utf-8-sig", errors="replace") if file.exists() else ""
    return read_site(toml, os.environ, read_port(os.environ)).url


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
