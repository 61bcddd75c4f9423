"""The engines that deploy/ puts in front of the blog, started with its files as they are but for addresses."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from programs import Program, free_port, tool
from server import ROOT

DEPLOY = ROOT / "deploy"
NGINX = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 1;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/nginx-access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/bitacora.conf;
}}
"""


def changed(name: str, changes: Mapping[str, str]) -> str:
    """A file of deploy/ with each text replaced, which must be there once."""
    text = (DEPLOY / name).read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    return text


def nginx(folder: Path, replicas: Sequence[int], changes: Mapping[str, str] | None = None) -> Program:
    """nginx before the replicas at these ports; it is not started yet."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    servers = "\n    ".join(f"server 127.0.0.1:{replica} max_fails=0;" for replica in replicas)
    addresses = {
        "    server 127.0.0.1:8000 max_fails=0;": f"    {servers}",
        "    listen 80;": f"    listen 127.0.0.1:{port} backlog=1024;",
        "    listen [::]:80;\n": "",
        "proxy_cache_path /var/cache/nginx/bitacora": f"proxy_cache_path {folder}/copies",
    }
    (folder / "bitacora.conf").write_text(changed("nginx.conf", {**addresses, **(changes or {})}))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
    command = ["nginx", "-c", folder / "nginx.conf", "-p", folder]
    return Program(command, port, folder / "nginx.log", ends_by=signal.SIGQUIT)


def caddy(folder: Path, replicas: Sequence[int]) -> Program:
    """Caddy before the replicas at these ports, without TLS; it is not started yet."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    addresses = {
        "\nblog.example.org {": f"\nhttp://127.0.0.1:{port} {{",
        "{\n\tservers {": "{\n\tadmin off\n\tservers {",
    }
    (folder / "Caddyfile").write_text(changed("Caddyfile", addresses))
    command = ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
    environ = {"HOME": str(folder), "BLOG_ADDRESS": " ".join(f"127.0.0.1:{at}" for at in replicas)}
    return Program(command, port, folder / "caddy.log", {**os.environ, **environ})


def varnish(replica: int, log: Path) -> Program:
    """Varnish before the replica at this port; it is not started yet."""
    folder = Path(tempfile.mkdtemp(prefix="varnish-"))  # pytest's are too deep for its sockets
    port = free_port()
    (folder / "blog.vcl").write_text(changed("varnish.vcl", {'.port = "8000";': f'.port = "{replica}";'}))
    command = ["varnishd", "-F", "-n", folder, "-j", "none", "-a", f"127.0.0.1:{port}", "-f", folder / "blog.vcl"]
    settings = ["-s", "malloc,64m", "-p", "http_gzip_support=off"]
    return Program([*command, *settings], port, log)


def certify(folder: Path) -> None:
    """Write `fullchain.pem`, a certificate of localhost and of the blog by itself, and `privkey.pem`."""
    command = [
        tool("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    about = ["-days", "2", "-subj", "/CN=localhost"]
    about += ["-addext", "subjectAltName=DNS:localhost,DNS:blog.example.org"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run([*command, *about, *files], check=True, capture_output=True)
