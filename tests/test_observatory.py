"""The MDN HTTP Observatory, run here on a real server behind TLS, gives its best grade to every kind of answer."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_WR, create_connection, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from blogs import post
from fronts import certify
from programs import lacking, tool
from server import ROOT, Server

pytestmark = pytest.mark.slow
PACKAGE = ROOT / ".venv/observatory/node_modules/@mdn/mdn-http-observatory"
GRADER = Path(__file__).with_name("observatory.mjs")
PATIENCE_S = 120
URL = "/2018/07/17/x/"
PATHS = {
    "home": "/",
    "post": URL,
    "share page": f"{URL}share/",
    "404": "/nothing/",
    "feed": "/feed.xml",
    "stylesheet": "/static/style.css",
    "gunicorn's redirect": URL[:-1],
}
FOR_OTHER_SITES = ("feed", "stylesheet")
"""They may be used elsewhere, which costs the ten points of Cross-Origin-Resource-Policy: same-origin."""
# What is left is for cookies, for integrity attributes of scripts, and for hosts that browsers ship as HTTPS only.


@pytest.fixture(scope="module")
def package() -> Path:
    tool("node")
    tool("openssl")
    if not PACKAGE.is_dir():
        lacking("the Observatory is not installed: make observatory")
    return PACKAGE


@pytest.fixture(scope="module")
def answers(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the Observatory says of each kind of answer, and of a 304."""
    folder = tmp_path_factory.mktemp("observatory")
    (folder / "site/posts").mkdir(parents=True)
    (folder / "site/posts/2018-07-17-x.md").write_text(post("Una entrada", "Un texto.\n\n```python\nx = 1\n```\n"))
    with ExitStack() as stack:
        server = stack.enter_context(Server(folder / "site", folder / "cache", 1, url="https://localhost"))
        https = stack.enter_context(tls_before(server.port, certified(folder)))
        http = stack.enter_context(redirecting_to(https))
        asked = [
            {"path": path, "httpPort": http, "httpsPort": https, "headers": headers}
            for path, headers in [
                *((path, ["Accept: */*"]) for path in PATHS.values()),
                (URL, ["If-None-Match: *"]),
            ]
        ]
        found = subprocess.run(
            ["node", GRADER, package, json.dumps(asked)],
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(folder / "fullchain.pem")},
            stdout=subprocess.PIPE,
            timeout=PATIENCE_S,
            check=True,
        )
    return dict(zip((*PATHS, "304"), json.loads(found.stdout), strict=True))


@pytest.mark.parametrize("kind", [*PATHS, "304"])
def test_every_kind_of_answer_has_the_best_grade(answers: dict[str, dict[str, Any]], kind: str) -> None:
    found = answers[kind]
    assert found["grade"] == "A+", found
    assert found["passed"] == found["quantity"] == 10, found
    assert found["score"] == (120 if kind in FOR_OTHER_SITES else 130), found


def test_it_looked_at_what_it_was_asked_to(answers: dict[str, dict[str, Any]]) -> None:
    status = {kind: found["status"] for kind, found in answers.items()}
    assert (status["post"], status["404"], status["304"]) == (200, 404, 304)
    assert all(found["tests"]["redirection"].startswith("redirection-to-https") for found in answers.values())


def certified(folder: Path) -> ssl.SSLContext:
    """As localhost, for whoever trusts `fullchain.pem` in the folder."""
    certify(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
    return context


@contextmanager
def running(server: ThreadingTCPServer) -> Iterator[int]:
    """The port of a server that ends with the block."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tls_before(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """The port of a proxy that takes TLS off, and nothing else."""

    class Proxy(BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as client,
                create_connection(("127.0.0.1", port)) as server,
            ):
                back = threading.Thread(target=pump, args=(server, client))
                back.start()
                pump(client, server)
                back.join()

    with running(ThreadingTCPServer(("127.0.0.1", 0), Proxy)) as own:
        yield own


def pump(source: socket, target: socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(SHUT_WR)


@contextmanager
def redirecting_to(https: int) -> Iterator[int]:
    """The port of a server that sends everybody on to HTTPS, as proxies do."""

    class Redirect(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", f"https://localhost:{https}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Redirect)) as own:
        yield own
