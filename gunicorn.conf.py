"""How gunicorn serves the blog: PORT, WEB_CONCURRENCY and BITACORA_* come from the environment."""

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

from gunicorn.glogging import Logger

from bitacora.cores import usable_cores
from bitacora.processes import hide_memory
from bitacora.server.sockets import all_addresses, know_mapped

port = os.environ.get("PORT", "")
bind = all_addresses(int(port)) if port.isdecimal() else "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or 0) or usable_cores()
worker_class = "bitacora.server.worker.HotLaneWorker"
threads = 8
keepalive = 75
timeout = 60
graceful_timeout = 30
accesslog = None
errorlog = "-"
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 8190
forwarder_headers = ""  # a header SCRIPT_NAME of anybody's is no error of ours

is_dev = os.environ.get("BITACORA_DEV", "").strip().lower() in {"1", "true", "yes", "on"}  # as settings.py has it
if is_dev:  # each page that is seen keeps a thread, and none may put off the end
    workers, threads, graceful_timeout = 1, 32, 1


class logger_class(Logger):  # noqa: N801 - the name is gunicorn's
    """gunicorn's own lines in the form of the blog's."""

    def setup(self, cfg):  # type: ignore[no-untyped-def]
        super().setup(cfg)
        from bitacora.logs import spare  # as old as this class, also after SIGHUP

        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                spare(handler, os.environ.get("BITACORA_LOG", ""), handler.formatter)


_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of glibc's malloc.h
_COUNTED_WORKERS, _SLOT_BYTES = 256, 4096  # of bitacora/web/metrics.py
_APP_LOAD_ERROR = 4  # of app.py
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def on_starting(server):  # type: ignore[no-untyped-def]
    """Let all threads have one heap.

    glibc gives each thread its own heap, and keeps in it what its largest page once took. Large blocks lie outside
    the heap and go back to the system at once. Other C libraries do so anyway.
    """
    _must_be_servable(server)
    know_mapped(server.cfg)
    hide_memory()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, 256 * 1024)


def on_reload(server):  # type: ignore[no-untyped-def]
    know_mapped(server.cfg)
    _prepare(server)
    server.reloads[0] += 1


def pre_fork(server, worker):  # type: ignore[no-untyped-def]
    """A worker goes on with the counts of one that has ended: none is lost, and nothing grows."""
    taken = {getattr(other, "slot", None) for other in server.WORKERS.values()}
    worker.counts, worker.slot = server.counts, next(slot for slot in count() if slot not in taken)
    worker.reloads, worker.reload = server.reloads, server.reloads[0]
    worker.warns, server.warned = getattr(server, "warned", None) != worker.reload, worker.reload


def post_fork(server, worker):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Next to nothing that is loaded at start is garbage: looking for it takes a twentieth of the start.

    What the master has loaded of the blog is as old as the master: after SIGHUP a worker reads what is there now.
    """
    gc.disable()
    if not worker.warns:  # another has said it of the settings, which all have in common
        logging.getLogger("app").addFilter(_no_warnings)
    for name in [name for name in sys.modules if name.partition(".")[0] == "bitacora"]:
        del sys.modules[name]
    worker.__class__ = worker.cfg.worker_class


def _no_warnings(record):  # type: ignore[no-untyped-def]
    return record.levelno != logging.WARNING


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """What was loaded at start stays: the collector need not walk through it again and again."""
    logging.getLogger("app").removeFilter(_no_warnings)
    blog = getattr(worker.wsgi, "extensions", {}).get("bitacora")
    if blog is not None:  # not another application that is measured beside it
        blog.metrics.share(worker.counts, worker.slot)
    gc.collect()
    gc.freeze()
    gc.enable()
    worker.reloads[1] = max(worker.reload, worker.reloads[1])  # at last: those before it end now


def child_exit(server, worker):  # type: ignore[no-untyped-def]
    """Another follows one that ended before any could serve after a reload: gunicorn counts those before it."""
    _, done, stops = server.reloads
    following = sum(getattr(other, "reload", 0) > done for other in server.WORKERS.values())
    if server.LISTENERS and not stops and getattr(worker, "reload", 0) > done and following < server.num_workers:
        server.spawn_worker()


def when_ready(server):  # type: ignore[no-untyped-def]
    _prepare(server)
    addresses = ", ".join(f"{listener}" for listener in server.LISTENERS)
    server.log.info("Bitácora is at %s", addresses)


def worker_int(worker):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Ctrl-C while writing: pages that listen would be waited for."""
    if is_dev:
        os._exit(0)


def _must_be_servable(server):  # type: ignore[no-untyped-def]
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


def _prepare(server):  # type: ignore[no-untyped-def]
    """Make what the workers share, once: SIGHUP may bring this file to a master that began with another."""
    if hasattr(server, "reloads"):
        return
    server.counts = mmap(-1, _COUNTED_WORKERS * _SLOT_BYTES)
    server.reloads = memoryview(mmap(-1, 24)).cast("Q")  # of bitacora/server/worker.py
    os.register_at_fork(before=_hold_stops, after_in_parent=_release_stops, after_in_child=_stop_by_default)
    for number in _STOPS:
        signal.signal(number, partial(_stop, server))


def _hold_stops():  # type: ignore[no-untyped-def]
    """Python forgets what comes in a child before it runs there."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)


def _release_stops():  # type: ignore[no-untyped-def]
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)


def _stop_by_default():  # type: ignore[no-untyped-def]
    """Until a worker has its own handlers: the master's would note for a master what was meant for the worker."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)
    _release_stops()


def _stop(server, number, frame):  # type: ignore[no-untyped-def]
    """Nobody need wait for those that follow: the master sees to it after a reload alone."""
    server.reloads[2] = 1
    server.signal(number, frame)
