"""Processes that are measured: what they use, and their certain end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 30.0
_IDLE_S = 0.5
_IDLE_SHARE = 0.1


class Group:
    """A process that leads a group of its own, with all that it starts."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def members(self) -> list[int]:
        """Process ids of those that are alive."""
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and self._has(entry)]

    def cpu(self) -> float:
        """CPU seconds used so far, those of ended children with them."""
        used = 0.0
        for member in self.members():
            with suppress(OSError, IndexError):
                fields = _stat(Path(f"/proc/{member}"))
                used += sum(map(int, fields[11:15])) * _TICK_S
        return used

    def mib(self) -> float:
        """Resident memory of all, what they share counted for each."""
        mib = 0.0
        for member in self.members():
            with suppress(OSError):
                mib += resident_mib(member)
        return mib

    def wait_until_idle(self, limit: float = _PATIENCE_S) -> None:
        """Until for half a second they have used next to nothing of the processor, or `limit` seconds are over."""
        end, used = time.monotonic() + limit, -1.0
        while time.monotonic() < end and (now := self.cpu()) > used + _IDLE_S * _IDLE_SHARE:
            used = now
            time.sleep(_IDLE_S)

    def end(self, patience: float = _PATIENCE_S) -> None:
        """Ask the leader to stop, and kill what is left of the group after `patience` seconds."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _has(self, entry: Path) -> bool:
        with suppress(OSError, IndexError):
            return int(_stat(entry)[2]) == self.process.pid
        return False


def resident_mib(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace")
    return int(found[1]) / 1024 if (found := re.search(r"VmRSS:\s+(\d+) kB", status)) else 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stat(entry: Path) -> list[str]:
    """Fields of /proc/PID/stat from the state on."""
    return (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
