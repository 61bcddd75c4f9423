"""Fetching a picture from elsewhere when an editor asks for it, and never otherwise."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Collection
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

MOST_BYTES = 10 * 1024 * 1024
PATIENCE_S = 20.0
"""For the whole of one picture."""

MOST_REDIRECTS = 3
_CHUNK = 64 * 1024
_AGENT = "Bitacora (fetch-images)"


class RemoteError(Exception):
    """A picture that was not fetched, and why."""


def fetch_picture(url: str, hosts: Collection[str] = ()) -> bytes:
    """The bytes behind an https address.

    Only hosts with public addresses are asked, or only those in `hosts` when some are named; those may also lie
    in a private network and be asked by http. Raises RemoteError.
    """
    _check(url, hosts)
    deadline = time.monotonic() + PATIENCE_S
    request = Request(url, headers={"User-Agent": _AGENT, "Accept": "image/*"})  # noqa: S310 - checked above
    try:
        with build_opener(_Redirects(hosts)).open(request, timeout=PATIENCE_S) as answer:
            return _read(answer, deadline)
    except HTTPError as error:
        error.close()
        raise RemoteError(f"the server answers {error.code}") from None
    except (URLError, OSError, HTTPException, ValueError) as error:
        raise RemoteError(f"it cannot be reached ({getattr(error, 'reason', None) or error})") from None


def _read(answer: IO[bytes], deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise RemoteError(f"it has more than {MOST_BYTES // 1024 // 1024} MB")
        if time.monotonic() > deadline:
            raise RemoteError(f"it takes longer than {PATIENCE_S:.0f} s")
    return b"".join(pieces)


def _check(url: str, hosts: Collection[str]) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if hosts and host not in hosts:
        raise RemoteError(f"{host} is not among the hosts that were named")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in hosts):
        raise RemoteError("its address does not begin with https")
    if host not in hosts and not _is_public(host):
        raise RemoteError(f"{host} lies in a private network; name it with --host to allow it")


def _is_public(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise RemoteError(f"{host} is not known ({error.strerror or error})") from None
    return all(ipaddress.ip_address(address[0]).is_global for *_, address in found)


class _Redirects(HTTPRedirectHandler):
    """A few redirects, each to a host that would be asked directly as well."""

    max_redirections = MOST_REDIRECTS

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = hosts

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        _check(newurl, self._hosts)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
