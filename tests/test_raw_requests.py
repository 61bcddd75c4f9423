"""Bytes that are hardly requests, sent to a real server: a refusal or a page, never an error of ours, no echo."""

from __future__ import annotations

import random
import re
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import sizes
from conftest import Saw, Serve
from live import ADDRESS, LISTS, make_site
from server import Server

MARK = b"zzevilzz"
ALLOWED = {100, 200, 206, 301, 302, 304, 308, 400, 403, 404, 405, 410, 413, 414, 417, 421, 431, 501, 505}
"""501 and 505 say that a request is in no version or coding that the server knows."""
PATIENCE_S = 60.0
STATUS_LINE = re.compile(rb"HTTP/1\.1 (?=[1-5]\d\d [A-Z])")
"""gunicorn's refusals say again, in their bodies, a request line that was none."""
OWN_LOCATION = re.compile(rb"\r\nLocation: /(?![/\\])[^\r\n]*")
"""A redirect to an address of ours may say again the path that was asked for, never a host."""

METHODS = [
    b"GET", b"GET", b"GET", b"GET", b"GET", b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS", b"TRACE", b"CONNECT",
    b"get", b"G\x00T", b"X" * 300, b"",
]  # fmt: skip
PATHS = [path.encode() for path in (ADDRESS, *LISTS, "/readyz", "/static/style.css")]
PIECES = [
    b"/", b"//", b"/..", b"/.", b"%00", b"%2e%2e/", b"%ff", b"%", b"%zz", b"?", b"?a=b", b"#", b"\\", b"\x00",
    b"\x7f", b"\xc3\xb1", b"\xff", b" ", b"\t", b"http://", b"zzevilzz", b"@", b":80", b";", b"{{7*7}}",
    b"<script>", b"a" * 9000, b"/a" * 2000, b"*",
]  # fmt: skip
VERSIONS = [
    *[b"HTTP/1.1"] * 8, b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.1 x", b"http/1.1", b"", b"X",
]  # fmt: skip
HOSTS = [
    *[b"127.0.0.1"] * 4, MARK, b"a b", b"a\x00b", b"[::1", b"a:99999", b"a,b", b"", b"%41", b"\xff", b"a/../b",
    b"x" * 9000,
]  # fmt: skip
HEADERS = [
    b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: +5",
    b"Content-Length: 5, 5", b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: 99999999999999999999", b"Content-Length: 0x5", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:\x0bchunked",
    b"Transfer-Encoding: identity", b"Connection: close", b"Connection: keep-alive, x",
    b"Connection: upgrade", b"Expect: 100-continue", b"Expect: x", b"Upgrade: h2c", b"Accept-Encoding: gzip",
    b"Accept-Encoding: br;q=x", b"If-None-Match: *", b"If-None-Match: \"", b"Range: bytes=0-1",
    b"Range: bytes=9-1", b"Cookie: a=b", b"X-Forwarded-Host: zzevilzz", b"X-Forwarded-For: zzevilzz",
    b"no colon", b": no name", b" folded: x", b"A: b\r\n c", b"\x00: x", b"X: \x00", b"X: \xff",
    b"X: " + b"y" * 9000, b"X_Y: z", b"X-Y: " * 3, b"\r\n".join(b"N%d: x" % n for n in range(200)),
    b"Host: zzevilzz", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2", b"SCRIPT_NAME: /x",
]  # fmt: skip
BODIES = [
    b"", b"", b"x=y", b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n",
    b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
]  # fmt: skip
ENDS = [b"\r\n"] * 8 + [b"\n", b"\r", b"\r\r\n"]


def request(seed: int) -> bytes:
    """The request of a number: always the same one; now and then two in one, or noise."""
    chance = random.Random(seed)
    pick = chance.choice
    if chance.random() < 0.05:
        return chance.randbytes(chance.randrange(1, 300))
    end = pick(ENDS)
    path = pick(PATHS) + b"".join(pick(PIECES) for _ in range(chance.choice((0, 0, 1, 2))))
    lines = [pick((b" ", b" ", b" ", b"  ", b"\t")).join((pick(METHODS), path, pick(VERSIONS)))]
    if chance.random() < 0.95:
        lines.append(b"Host: " + pick(HOSTS))
    lines += [pick(HEADERS) for _ in range(chance.choice((0, 0, 1, 2, 3)))]
    whole = end.join(lines) + end + end + pick(BODIES)
    if chance.random() < 0.1:
        place = chance.randrange(len(whole))
        whole = whole[:place] + chance.randbytes(1) + whole[place + 1 :]
    return whole + request(seed + 10_000_019) if chance.random() < 0.1 else whole


def answers(port: int, data: bytes) -> tuple[list[int], bytes]:
    """The statuses of all answers, and everything that came, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        came = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(1 << 16):
                came += piece
        except ConnectionError:
            pass  # refused before it was all sent
    return [int(status) for status in re.findall(rb"(?:^|\r\n|\n|>)HTTP/1\.[01] (\d{3}) ", came)], came


def wrong(server: Server, seed: int) -> tuple[list[int], str]:
    statuses, came = answers(server.port, request(seed))
    heads = b"".join(part.partition(b"\r\n\r\n")[0] for part in STATUS_LINE.split(came)[1:])
    heads = OWN_LOCATION.sub(b"", heads)
    is_wrong = not set(statuses) <= ALLOWED or (came and not statuses) or MARK in heads
    return statuses, f"request {seed} ({request(seed)[:200]!r}): {came[:300]!r}" if is_wrong else ""


def test_no_bytes_are_more_than_the_server_can_bear(tmp_path: Path, serve: Serve, saw: Saw) -> None:
    server = serve(make_site(tmp_path / "site"))
    workers = server.workers()
    statuses: Counter[int] = Counter()
    findings = []
    seeds: Iterator[int] = iter(range(sizes.RAW_REQUESTS))
    with ThreadPoolExecutor(8) as clients:
        while some := list(islice(seeds, 1000)):
            for found, finding in clients.map(lambda seed: wrong(server, seed), some):
                statuses.update(found or [0])
                findings += [finding] if finding else []
    saw(requests=sizes.RAW_REQUESTS, wrong=len(findings), without_answer=statuses[0], pages=statuses[200])
    assert findings == []
    assert server.workers() == workers
    assert "Traceback" not in server.log.read_text()
    assert {200, 400, 404, 405} <= set(statuses)
