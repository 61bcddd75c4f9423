"""Fetching a picture from elsewhere when an editor asks for it, and never otherwise."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Collection
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

MOST_BYTES = 10 * 1024 * 1024
PATIENCE_S = 20.0
"""For the whole of one picture; an answer that does not even begin may take as long again for each step."""

MOST_REDIRECTS = 3
_CHUNK = 64 * 1024
_AGENT = "Bitacora (fetch-images)"
_RESERVED = "%/:?#[]@!$&'()*+,;=~"


class RemoteError(Exception):
    """A picture that was not fetched, and why."""


def fetch_picture(url: str, hosts: Collection[str] = ()) -> bytes:
    """The bytes behind an https address.

    Only hosts with public addresses are asked, or only those in `hosts` when some are named; those may also lie
    in a private network and be asked by http. No proxy is used: it would hide who is asked. Raises RemoteError.
    """
    hosts = {host.lower() for host in hosts}
    deadline = time.monotonic() + PATIENCE_S
    try:
        _check(url, hosts)
        request = Request(_ascii(url), headers={"User-Agent": _AGENT, "Accept": "image/*"})  # noqa: S310 - checked
        with _opener(hosts).open(request, timeout=PATIENCE_S) as answer:
            return _read(answer, deadline)
    except HTTPError as error:
        error.close()
        raise RemoteError(f"the server answers {error.code}") from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise RemoteError(f"it cannot be reached ({getattr(error, 'reason', None) or error})") from None


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read1(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise RemoteError(f"it has more than {MOST_BYTES // 1024 // 1024} MB")
        if time.monotonic() > deadline:
            raise RemoteError(f"it takes longer than {PATIENCE_S:.0f} s")
    if answer.length:
        raise RemoteError("it was cut short")
    return b"".join(pieces)


def _check(url: str, hosts: Collection[str]) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if hosts and host not in hosts:
        raise RemoteError(f"{host} is not among the hosts that were named")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in hosts):
        raise RemoteError("its address does not begin with https")


def _ascii(url: str) -> str:
    """With letters beyond ASCII encoded where that can be done: not in the name of the host."""
    parts = urlsplit(url)
    return parts._replace(
        path=quote(parts.path, safe=_RESERVED), query=quote(parts.query, safe=_RESERVED)
    ).geturl()


def _opener(hosts: Collection[str]) -> OpenerDirector:
    return build_opener(ProxyHandler({}), _Https(hosts), _Redirects(hosts))


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet, and so does the IPv4 address that it may carry.

    `is_global` of Python 3.11 takes carried ones for public, and unassigned ones (IANA: IPv6 Address Space;
    RFC 4291, 2.5.5; RFC 3056, 2; RFC 6052, 2.1).
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (_last_32_bits(ip) if ip in _NAT64 else None)
        if carried is None:
            return ip.is_global and ip in _UNICAST
        ip = carried
    return ip.is_global and not ip.is_multicast


_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _last_32_bits(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(ip.packed[-4:])


class _PublicConnection(HTTPConnection):
    """Looks whom it has reached before it says a word: a name may lead elsewhere from one moment to the next."""

    def connect(self) -> None:
        super().connect()
        if not is_public(self.sock.getpeername()[0]):
            self.close()
            raise RemoteError(f"{self.host} lies in a private network; name it with --host to allow it")


class _PublicTls(HTTPSConnection, _PublicConnection):
    """The look comes between the connection and TLS, by the order of the bases."""


class _Https(HTTPSHandler):
    def __init__(self, hosts: Collection[str]) -> None:
        super().__init__()
        self._kind = HTTPSConnection if hosts else _PublicTls

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(self._kind, req)


class _Redirects(HTTPRedirectHandler):
    """A few redirects, each to a host that would be asked directly as well."""

    max_redirections = MOST_REDIRECTS

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = hosts

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        try:
            _check(newurl, self._hosts)
        except RemoteError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)
