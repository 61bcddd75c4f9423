"""How gunicorn serves the blog: PORT, WEB_CONCURRENCY and BITACORA_* come from the environment."""

import os
import sys

sys.modules.pop("bitacora.server.hooks", None)  # at SIGHUP this file gets those that are there then
from bitacora.cores import usable_cores
from bitacora.server.hooks import WORKER as worker_class  # noqa: F401, N811
from bitacora.server.hooks import PlainLogger as logger_class  # noqa: F401, N813
from bitacora.server.hooks import (  # noqa: F401 - settings of gunicorn
    child_exit,
    is_dev,
    on_reload,
    on_starting,
    post_fork,
    post_worker_init,
    pre_fork,
    when_ready,
    worker_int,
)
from bitacora.server.sockets import all_addresses

port = os.environ.get("PORT", "")
bind = all_addresses(int(port)) if port.isdecimal() else "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY") or 0) or usable_cores()
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

if is_dev:  # each page that is seen keeps a thread, and none may put off the end
    workers, threads, graceful_timeout = 1, 32, 1
