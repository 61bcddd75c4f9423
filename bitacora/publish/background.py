"""Publishing beside a web worker: in a process of its own, one at a time on a machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

from bitacora.publish.home import Home

_ENGINE = Path(__file__).parents[2]


def pull(home: Home) -> bool:
    """Have what was pushed published, soon; whether that took a new process. Raises OSError.

    Where somebody publishes already, no process is started: whoever has the lock looks for `wanted` after letting
    go of it. A new process is started with the lock in its hands, so that nobody can start a second one meanwhile.
    """
    home.wanted.touch()
    with home.alone(waits=False) as lock:
        if lock is None:
            return False
        process = subprocess.Popen(  # noqa: S603 - no word of it comes from a request
            [sys.executable, "-m", "bitacora.publish", "pull", str(home.folder), str(lock)],
            cwd=_ENGINE,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock,),
        )
    Thread(target=process.wait, daemon=True).start()  # or it would stay a zombie
    return True
