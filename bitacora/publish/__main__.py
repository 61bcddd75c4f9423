"""`python -m bitacora.publish HOOK HOME`, for git; `python -m bitacora.publish pull HOME`, for the webhook."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bitacora.publish.check import check
from bitacora.publish.home import Home
from bitacora.publish.receive import main as receive
from bitacora.publish.release import publish
from bitacora.settings import SettingError, read_operator

_PULLED = ("published", "unchanged", "held")


def main(what: str, folder: str) -> int:
    """The exit status."""
    home = Home(Path(folder))
    try:
        operator = read_operator(os.environ, home.current)
    except SettingError as error:
        print(error)
        return 2
    if what != "pull":
        return receive(what, home, check, operator.releases)
    attempt = publish(home, check, refuses=operator.broken == "refuse", keep=operator.releases, waits=False)
    return 0 if attempt is None or attempt.outcome in _PULLED else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
