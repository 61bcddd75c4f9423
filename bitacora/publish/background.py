"""Publishing beside a web worker: in a process of its own, one at a time on a machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

from bitacora.publish.git_process import OF_ONE_PUSH
from bitacora.publish.home import Home
from bitacora.settings import SECRET_VARIABLES

_ENGINE = Path(__file__).parents[2]
_NOT_FOR_PULLS = {*OF_ONE_PUSH, *SECRET_VARIABLES} - {"BITACORA_FORGE_TOKEN"}


def pull(home: Home, *, quiet: bool = False) -> bool:
    """Have what was pushed published, soon; whether that took a new process. Raises OSError.

    Where somebody has the lock already, no process is started: all who take it look for `wanted` after letting go
    of it. A new process is started with the lock in its hands, so that nobody can start a second one meanwhile.
    """
    home.wanted.touch()
    with home.alone(waits=False) as lock:
        if lock is None:
            return False
        process = subprocess.Popen(  # noqa: S603 - no word of it comes from a request
            [sys.executable, "-m", "bitacora.publish", "pull", str(home.folder), str(lock)],
            cwd=_ENGINE,
            env={name: value for name, value in os.environ.items() if name not in _NOT_FOR_PULLS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            stderr=subprocess.DEVNULL if quiet else None,
            start_new_session=True,
            pass_fds=(lock,),
        )
    Thread(target=process.wait, daemon=True).start()  # or it would stay a zombie
    return True


def pull_for_others(home: Home) -> None:
    """To be called after letting go of the lock: whoever came meanwhile left it to us. Raises OSError."""
    if home.wanted.exists():
        pull(home, quiet=True)  # whoever waits for the end of our output does not wait for this
