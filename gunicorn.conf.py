"""How gunicorn serves the blog: PORT, WEB_CONCURRENCY and BITACORA_* come from the environment."""

from __future__ import annotations

import ctypes
import gc
import os

bind = f"0.0.0.0:{os.environ['PORT']}" if "PORT" in os.environ else "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
worker_class = "gthread"
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

is_dev = os.environ.get("BITACORA_DEV") == "1"
if is_dev:  # each page that is seen keeps a thread, and none may put off the end
    workers, threads, graceful_timeout = 1, 32, 1

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of glibc's malloc.h


def on_starting(server):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """One heap for all threads: glibc gives each one its own, and keeps in it what its largest page once took.

    Large blocks lie outside the heap and go back to the system at once. Other C libraries do so anyway.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, 256 * 1024)


def post_fork(server, worker):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Next to nothing that is loaded at start is garbage: looking for it takes a twentieth of the start."""
    gc.disable()


def post_worker_init(worker):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """What was loaded at start stays: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def when_ready(server):  # type: ignore[no-untyped-def]
    addresses = ", ".join(f"{listener}" for listener in server.LISTENERS)
    server.log.info("Bitácora is at %s", addresses)


def worker_int(worker):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Ctrl-C while writing: pages that listen would be waited for."""
    if is_dev:
        os._exit(0)
