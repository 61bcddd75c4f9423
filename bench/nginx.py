"""nginx with one worker: the yardstick that serves our bytes from a file, and the proxy before us."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.processes import free_port
from bench.served import Server, running

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx"
_OWN = {"server", "date", "connection", "content-type", "content-length", "etag", "transfer-encoding"}
_CONFIG = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type text/html;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


@contextmanager
def of_a_file(body: bytes, headers: Sequence[tuple[str, str]], folder: Path, core: int | None) -> Iterator[Server]:
    """It serves `body` at `/` with `headers`, but for those that it makes itself."""
    (folder / "index.html").write_bytes(body)
    told = "".join(f"add_header {name} {_quoted(value)}; " for name, value in headers if name.lower() not in _OWN)
    with _nginx(folder, core, location=f"location / {{ root {folder}; {told}}}") as server:
        yield server


@contextmanager
def before(port: int, folder: Path, core: int | None) -> Iterator[Server]:
    """A proxy of the server at `port`, over connections that are kept."""
    upstream = f"upstream blog {{ server 127.0.0.1:{port}; keepalive 32; keepalive_requests 1000000000; }}"
    kept = 'proxy_http_version 1.1; proxy_set_header Connection "";'
    location = f"location / {{ proxy_pass http://blog; {kept} proxy_set_header Host $host; }}"
    with _nginx(folder, core, location, upstream) as server:
        yield server


@contextmanager
def _nginx(folder: Path, core: int | None, location: str, upstream: str = "") -> Iterator[Server]:
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(folder=folder, user=user, port=port, upstream=upstream, location=location), encoding="utf-8"
    )
    with running([PROGRAM, "-p", str(folder), "-c", str(config)], port, core, os.environ) as server:
        yield server


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "") + '"'
