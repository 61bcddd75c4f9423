"""What gunicorn's master and workers do at their turns: gunicorn.conf.py imports it.

The names of the functions are those of gunicorn's settings (Server Hooks). The master takes this module as it is
on disk when it starts and at each SIGHUP, and everything else of the blog as it was when it started.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
from functools import partial
from itertools import count
from mmap import mmap
from types import FrameType
from typing import Any

from gunicorn import __version__, version_info
from gunicorn.glogging import Logger

from bitacora.processes import hide_memory
from bitacora.server.reloads import BEGUN, COUNTERS, SERVED, STOPS
from bitacora.server.sockets import know_mapped

TESTED = ((27, 0),)
"""Minor versions of gunicorn that the worker with the hot lane was tested with: it overrides what is inside."""
WORKER = "bitacora.server.worker.HotLaneWorker" if version_info[:2] in TESTED else "gthread"
"""The worker class; gunicorn's own gives the same answers, some times slower."""

is_dev = os.environ.get("BITACORA_DEV", "").strip().lower() in {"1", "true", "yes", "on"}
"""As settings.py reads it; that is loaded after the fork."""


class PlainLogger(Logger):  # type: ignore[misc]
    """gunicorn's own lines in the form of the blog's."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        from bitacora.logs import spare  # as old as this class, also after SIGHUP

        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                spare(handler, os.environ.get("BITACORA_LOG", ""), handler.formatter)


_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of glibc's malloc.h
_COUNTED_WORKERS, _SLOT_BYTES = 256, 4096  # of bitacora/web/metrics.py
_APP_LOAD_ERROR = 4  # of app.py
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def on_starting(server: Any) -> None:
    """Let all threads have one heap.

    glibc gives each thread its own heap, and keeps in it what its largest page once took. Large blocks lie outside
    the heap and go back to the system at once. Other C libraries do so anyway.
    """
    _must_be_servable(server)
    if WORKER == "gthread":
        server.log.warning(
            "gunicorn %s was not tested: its own worker gthread answers, the same but slower. Tested are: %s",
            __version__,
            ", ".join(f"{major}.{minor}" for major, minor in TESTED),
        )
    know_mapped(server.cfg)
    hide_memory()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, 256 * 1024)


def on_reload(server: Any) -> None:
    know_mapped(server.cfg)
    _prepare(server)
    server.reloads[BEGUN] += 1


def pre_fork(server: Any, worker: Any) -> None:
    """A worker goes on with the counts of one that has ended: none is lost, and nothing grows."""
    taken = {getattr(other, "slot", None) for other in server.WORKERS.values()}
    worker.counts, worker.slot = server.counts, next(slot for slot in count() if slot not in taken)
    worker.reloads, worker.reload = server.reloads, server.reloads[BEGUN]
    worker.warns, server.warned = getattr(server, "warned", None) != worker.reload, worker.reload


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Next to nothing that is loaded at start is garbage: looking for it takes a twentieth of the start.

    What the master has loaded of the blog is as old as the master: after SIGHUP a worker reads what is there now.
    """
    gc.disable()
    if not worker.warns:  # another has said it of the settings, which all have in common
        logging.getLogger("app").addFilter(_no_warnings)
    for name in [name for name in sys.modules if name.partition(".")[0] == "bitacora"]:
        del sys.modules[name]
    worker.__class__ = worker.cfg.worker_class


def _no_warnings(record: logging.LogRecord) -> bool:
    return record.levelno != logging.WARNING


def post_worker_init(worker: Any) -> None:
    """What was loaded at start stays: the collector need not walk through it again and again."""
    logging.getLogger("app").removeFilter(_no_warnings)
    blog = getattr(worker.wsgi, "extensions", {}).get("bitacora")
    if blog is not None:  # not another application that is measured beside it
        blog.metrics.share(worker.counts, worker.slot)
    gc.collect()
    gc.freeze()
    gc.enable()
    worker.reloads[SERVED] = max(worker.reload, worker.reloads[SERVED])  # at last: those before it end now


def child_exit(server: Any, worker: Any) -> None:
    """Another follows one that ended before any could serve after a reload: gunicorn counts those before it."""
    served, stops = server.reloads[SERVED], server.reloads[STOPS]
    following = sum(getattr(other, "reload", 0) > served for other in server.WORKERS.values())
    if server.LISTENERS and not stops and getattr(worker, "reload", 0) > served and following < server.num_workers:
        server.spawn_worker()


def when_ready(server: Any) -> None:
    _prepare(server)
    addresses = ", ".join(f"{listener}" for listener in server.LISTENERS)
    server.log.info("Bitácora is at %s", addresses)


def worker_int(worker: Any) -> None:  # noqa: ARG001
    """End at Ctrl-C while somebody writes: pages that listen would be waited for."""
    if is_dev:
        os._exit(0)


def _must_be_servable(server: Any) -> None:
    """Before gunicorn meets what it has a traceback for."""
    from bitacora.settings import SettingError, read_port

    why = ""
    try:
        read_port(os.environ)
    except SettingError as error:
        why = str(error)
    if server.cfg.worker_class_str == "asgi":
        why = "The worker class asgi is for applications of another kind: leave it out."
    if why:
        server.log.critical("Bitácora cannot start. %s", why)
        sys.exit(_APP_LOAD_ERROR)


def _prepare(server: Any) -> None:
    """Make what the workers share, once: SIGHUP may bring this file to a master that began with another."""
    if hasattr(server, "reloads"):
        return
    server.counts = mmap(-1, _COUNTED_WORKERS * _SLOT_BYTES)
    server.reloads = memoryview(mmap(-1, 8 * COUNTERS)).cast("Q")
    os.register_at_fork(before=_hold_stops, after_in_parent=_release_stops, after_in_child=_stop_by_default)
    for number in _SIGNALS:
        signal.signal(number, partial(_stop, server))


def _hold_stops() -> None:
    """Python forgets what comes in a child before it runs there."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _release_stops() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _stop_by_default() -> None:
    """Until a worker has its own handlers: the master's would note for a master what was meant for the worker."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    _release_stops()


def _stop(server: Any, number: int, frame: FrameType | None) -> None:
    """Nobody need wait for those that follow: the master sees to it after a reload alone."""
    server.reloads[STOPS] = 1
    server.signal(number, frame)
