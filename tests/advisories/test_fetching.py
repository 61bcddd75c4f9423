"""The one thing that is ever fetched, a picture that an editor asks for, comes from the public internet."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from blogs import post
from conftest import NewBlog
from fronts import certify
from server import PATIENCE_S

from bitacora.share import remote
from bitacora.share.remote import RemoteError, fetch_picture, is_public

PUBLIC, PRIVATE = "127.0.0.2", "127.0.0.1"
"""Two addresses of this machine, of which the first stands for one of the public internet."""
NAME = "blog.example.org"
LOOPBACK_HOSTS = (
    "127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "017700000001",
    "127.1", "127.0.1", "0", "0.0.0.0", "%31%32%37.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "127.0.0.1.", "①②⑦.0.0.1", "127。0。0。1",
)  # fmt: skip
"""Ways to write this machine, each of which went past a list of forbidden hosts somewhere."""
NOT_PUBLIC = (
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "100::1",
    "2001:db8::1", "2001::1", "64:ff9b:1::1", "5f00::1",
)  # fmt: skip
CARRIES = ("::ffff:{}", "64:ff9b::{}", "2002:{}::")


class Handler(BaseHTTPRequestHandler):
    """Sends on to what the path says."""

    server: Any

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(302)
        self.send_header("Location", unquote(self.path.partition("/to/")[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Elsewhere:
    """A server at the public address, and nobody behind a port of the same number at the private one."""

    def __init__(self, public: Any, private: socket.socket) -> None:
        self.public = public
        self.private = private
        self.port: int = public.server_port

    def sends_to(self, *targets: str) -> str:
        """An address that redirects to the first target, and that to the next one."""
        url = targets[-1].format(port=self.port)
        for _ in targets:
            url = f"https://{NAME}:{self.port}/to/{quote(url, safe='')}"
        return url

    def said_to_private(self) -> bytes:
        """What whoever reached the private address has said there."""
        said = b""
        self.private.settimeout(0)
        while True:
            try:
                connection, _ = self.private.accept()
            except BlockingIOError:
                return said
            with connection:
                connection.settimeout(PATIENCE_S)
                said += connection.recv(100)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    certify(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "fullchain.pem"))
    monkeypatch.setattr(remote, "PATIENCE_S", 2.0)
    monkeypatch.setattr(remote, "is_public", lambda address: address == PUBLIC or is_public(address))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    with (
        ThreadingHTTPServer((PUBLIC, 0), Handler) as public,
        socket.create_server((PRIVATE, public.server_port)) as private,
    ):
        public.daemon_threads = True
        public.asked = []  # type: ignore[attr-defined]
        public.socket = context.wrap_socket(public.socket, server_side=True)
        thread = threading.Thread(target=public.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Elsewhere(public, private)
        public.shutdown()
        thread.join()


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let NAME lead to these addresses, to one after the other each time it is looked up, then to the last."""
    original, left = socket.getaddrinfo, list(addresses)

    def found(host: str, *rest: Any, **named: Any) -> Any:
        address = left[0] if host == NAME else host
        if host == NAME and len(left) > 1:
            left.pop(0)
        return original(address, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.advisory(4, "CVE-2026-22597", "CVE-2026-28423")
def test_no_redirect_and_no_change_of_a_name_leads_into_a_private_network(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-22597 (Ghost), CVE-2026-28423 (Statamic): what fetched media followed redirects inwards.

    It is the address of the connection itself that is checked, of each hop, before a word is said.
    """
    targets = [f"https://{host}:{{port}}/a.jpg" for host in LOOPBACK_HOSTS]
    targets += [
        "//localhost:{port}/a.jpg",
        "https://localhost:{port}@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}/",
    ]
    targets += ["file:///etc/passwd", "ftp://127.0.0.1:{port}/a.jpg", "gopher://127.0.0.1:{port}/", "data:,x", ""]
    resolve(monkeypatch, PUBLIC)
    for hops in (1, 2):
        for target in targets:
            with pytest.raises(RemoteError):
                fetch_picture(elsewhere.sends_to(*[target] * hops))
            assert elsewhere.said_to_private() == b"", target
    asked = len(elsewhere.public.asked)
    assert asked >= 3 * len(targets)  # the redirects were there to be followed

    resolve(monkeypatch, PUBLIC, PRIVATE)  # it is rebound between two hops
    with pytest.raises(RemoteError, match="lies in a private network"):
        fetch_picture(elsewhere.sends_to(f"https://{NAME}:{{port}}/a.jpg"))
    assert len(elsewhere.public.asked) == asked + 1
    assert elsewhere.said_to_private() == b""

    resolve(monkeypatch, PUBLIC)
    with pytest.raises(RemoteError, match="localhost is not among the hosts"):
        fetch_picture(elsewhere.sends_to("https://localhost:{port}/"), [NAME])
    assert elsewhere.said_to_private() == b""


@pytest.mark.advisory(5, "normalize integer IPv4 host", "validate redirects")
def test_no_spelling_of_an_address_makes_it_public(new_blog: NewBlog, elsewhere: Elsewhere) -> None:
    """Hugo, 2026-06-10 “normalize integer IPv4 host” and 2026-05-13 “validate redirects”.

    `http://2130706433/` went past a list of dotted hosts. Here no spelling is looked at, but who is reached.
    """
    for address in NOT_PUBLIC:
        assert not is_public(address), address
        if ":" not in address:
            number = "{:02x}{:02x}:{:02x}{:02x}".format(*map(int, address.split(".")))
            assert not any(is_public(carried.format(number)) for carried in CARRIES), address
    for address in ("8.8.8.8", "2606:4700::1111", *(carried.format("0808:0808") for carried in CARRIES)):
        assert is_public(address), address

    urls = [f"https://{host}:{elsewhere.port}/a.jpg" for host in LOOPBACK_HOSTS]
    blog = new_blog({f"posts/2018-07-17-{n}.md": post(image=f"'{url}'") for n, url in enumerate(urls)})
    before = sorted(path.name for path in (blog.root / "posts").iterdir())
    done = blog.app.test_cli_runner().invoke(args=("posts", "fetch-images", "--write"))
    refused = [line for line in done.stdout.splitlines() if "was not fetched" in line]
    assert done.exit_code == 1
    assert len(refused) == len(urls)
    assert any("2130706433 lies in a private network" in line for line in refused)
    assert sorted(path.name for path in (blog.root / "posts").iterdir()) == before
    assert elsewhere.said_to_private() == b""
