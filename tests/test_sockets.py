"""All addresses are those of IPv4 and of IPv6, and a reload changes none of them."""

from __future__ import annotations

import socket
from contextlib import closing
from http.client import HTTPConnection
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from conftest import Serve
from programs import free_port

from bitacora.server.sockets import all_addresses, with_mapped


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_with_a_port_the_blog_answers_at_every_address(serve: Serve, tmp_path: Path, host: str) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("the kernel has no IPv6")
    (tmp_path / "site" / "posts").mkdir(parents=True)
    with closing(HTTPConnection(host, serve(tmp_path / "site", workers=1).port, timeout=10)) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200


def test_without_ipv6_all_addresses_are_those_of_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    original = socket.socket

    def refused(family: int = socket.AF_INET, *rest: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError
        return original(family, *rest)

    monkeypatch.setattr(socket, "socket", refused)
    assert all_addresses(8000) == ["0.0.0.0:8000"]


@pytest.mark.skipif(not has_ipv6(), reason="the kernel has no IPv6")
def test_a_server_that_listens_keeps_its_address_when_it_reloads() -> None:
    port = free_port()
    assert all_addresses(port) == [f"[::]:{port}"]
    with socket.create_server(("0.0.0.0", port)):
        assert all_addresses(port) == [f"0.0.0.0:{port}"]
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True):
        assert all_addresses(port) == [f"[::]:{port}"]


def test_a_proxy_of_ipv4_is_believed_as_before_at_a_socket_of_ipv6() -> None:
    proxies = with_mapped(["10.0.0.0/8", "127.0.0.1", "::1", "*", "unix"]).split(",")
    assert proxies[:5] == ["10.0.0.0/8", "127.0.0.1", "::1", "*", "unix"]
    networks = [ip_network(proxy) for proxy in proxies[5:]]
    for address, is_believed in {
        "::ffff:10.1.2.3": True,
        "::ffff:127.0.0.1": True,
        "::ffff:192.0.2.1": False,
    }.items():
        assert any(ip_address(address) in network for network in networks) == is_believed
