"""At which addresses a server listens, and whose forwarding headers it takes."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

_PROXIES = ("forwarded_allow_ips", "proxy_allow_ips")


def all_addresses(port: int) -> list[str]:
    """Return what to bind so that every address of this machine answers, those of IPv6 where the kernel has it.

    `[::]` takes IPv4 as well (RFC 4291, 2.5.5.2) unless the system says otherwise (`net.ipv6.bindv6only`).
    A server that listens at IPv4 alone keeps that when it reloads: its workers still hold the port.
    """
    of_ipv4, of_both = f"0.0.0.0:{port}", f"[::]:{port}"
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            takes_ipv4 = not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
            probe.bind(("::", 0))
    except OSError:
        return [of_ipv4]
    if not takes_ipv4:
        return [of_both, of_ipv4]
    return [of_both if _is_free(port, only_ipv6=False) or not _is_free(port, only_ipv6=True) else of_ipv4]


def _is_free(port: int, *, only_ipv6: bool) -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only_ipv6)
        try:
            probe.bind(("::", port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
        except OverflowError:  # no port has this number, as whoever reads the settings reports
            return True
    return True


def know_mapped(config: Any) -> None:
    """Let gunicorn believe the same proxies of IPv4 at a socket of IPv6, which names them otherwise.

    `config` is gunicorn's, with all that configuration files, environment and command line say.
    """
    for name in _PROXIES:
        config.set(name, with_mapped(getattr(config, name)))


def with_mapped(proxies: Sequence[str]) -> str:
    """Return addresses and networks, by commas, with each of IPv4 also as a socket of IPv6 names it.

    What is no address stays as it is: gunicorn reports it.
    """
    return ",".join(dict.fromkeys([*proxies, *filter(None, map(_mapped, proxies))]))


def _mapped(proxy: str) -> str:
    try:
        network = ipaddress.IPv4Network(proxy)
    except ValueError:
        return ""
    return f"::ffff:{network.network_address}/{96 + network.prefixlen}"
