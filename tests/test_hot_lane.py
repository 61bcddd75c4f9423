"""The lane in front of gunicorn's threads gives what they give, holds none of them, and lets go when told."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import fuzz
import pytest
import sizes
from blogs import post
from crowd import Crowd
from fronts import certify
from gunicorn.config import Config
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from programs import Program, free_port, tool, unless_possible
from server import PATIENCE_S, ROOT, Client, Server

from bitacora.server.request_head import reader
from bitacora.server.worker import _is_plain
from bitacora.web.page_cache import Question

PAGE = "/2018/07/17/x/"
LARGE = "/2018/07/16/large/"
KERNEL_TAKES_BYTES = int(Path("/proc/sys/net/ipv4/tcp_wmem").read_text().split()[2])
TOO_MANY = 2 + KERNEL_TAKES_BYTES // 1_000_000
"""So many large pages at once wait for whoever does not read: the kernel takes no more."""
SITE = {
    "site.toml": 'title = "El Blog"\nurl = "https://blog.example.org"\n',
    "posts/2018-07-17-x.md": post("Uno", "Una frase. " * 500),
    "posts/2018-07-17-ñandú.md": post("Ñandú"),
    "posts/2018-07-16-large.md": post("Larga", "Una frase que no termina nunca. " * 60_000),
}
STOCK = ("env", "GUNICORN_CMD_ARGS=--worker-class gthread")
_FAILED_TO_FOLLOW = re.compile(r"was sent SIGKILL|exited with code 1")
_DATE = re.compile(rb"Date: [^\r]*")
_REFUSED = re.compile(rb"(HTTP/1\.1 4\d\d [^\r]*\r\nConnection: close\r\n)(?!.*HTTP/1\.1 ).*", re.DOTALL)
_REFUSAL = re.compile(rb"\AHTTP/1\.1 4\d\d [^\r]*\r\nConnection: close\r\n\Z")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hot")
    for path, text in SITE.items():
        (folder / "site" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "site" / path).write_text(text)
    return folder


@pytest.fixture(scope="module")
def pair(site: Path) -> Iterator[tuple[int, int]]:
    """Ports of the worker with the lane and of gunicorn's own, both with their pages stored."""
    with (
        Server(site / "site", site / "cache-hot", workers=1) as hot,
        Server(site / "site", site / "cache-stock", workers=1, within=STOCK) as stock,
    ):
        for server in (hot, stock):
            for path in (PAGE, "/", "/feed.xml", "/2018/07/17/%C3%B1and%C3%BA/", "/static/style.css"):
                assert exchange(server.port, get(path)).startswith(b"HTTP/1.1 200")
        yield hot.port, stock.port


def get(path: str, *fields: str, version: str = "1.1", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: blog.example.org", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


METRICS = get("/metrics").replace(b"blog.example.org", b"localhost")


def exchange(port: int, *pieces: bytes) -> bytes:
    """All that comes back for these bytes, sent one after the other, the end of the connection after them."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before the end
        return everything(client)


def everything(client: socket.socket) -> bytes:
    received = bytearray()
    try:
        while data := client.recv(1 << 16):
            received += data
    except ConnectionResetError:
        pass
    return bytes(received)


def dateless(answers: bytes) -> bytes:
    return _DATE.sub(b"Date:", answers)


def etag(port: int, path: str = PAGE, *fields: str) -> str:
    found = re.search(rb"ETag: ([^\r]+)", exchange(port, get(path, *fields)))
    assert found
    return found[1].decode()


# --- the same answers

ALIKE = {
    "plain": get(PAGE),
    "head": get(PAGE, method="HEAD"),
    "query": get(f"{PAGE}?utm_source=x&page=2"),
    "empty query": get(f"{PAGE}?"),
    "encoded path": get("/2018/07/17/%c3%b1and%C3%BA/"),
    "raw path": "GET /2018/07/17/ñandú/ HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "dots": get("/2018/07/../07/17/x/"),
    "doubled slash": get("//2018/07/17/x/"),
    "fragment": get(f"{PAGE}#x"),
    "absolute form": get(f"http://evil.example{PAGE}"),
    "asterisk": get("*"),
    "no path": b"GET HTTP/1.1\r\nHost: x\r\n\r\n",
    "health": get("/healthz"),
    "missing": get("/nothing/"),
    "no slash": get("/2018/07/17/x"),
    "post": get(PAGE, "Content-Length: 3", method="POST") + b"abc",
    "options": get(PAGE, method="OPTIONS"),
    "lower case method": get(PAGE, method="get"),
    "1.0": get(PAGE, version="1.0"),
    "1.0 kept alive": get(PAGE, "Connection: keep-alive", version="1.0"),
    "1.2": get(PAGE, version="1.2"),
    "2.0": get(PAGE, version="2.0"),
    "0.9": b"GET /\r\n",
    "close": get(PAGE, "Connection: close"),
    "Close": get(PAGE, "connection:  ClOsE\t"),
    "empty connection": get(PAGE, "Connection:"),
    "te": get(PAGE, "Connection: TE", "TE: trailers"),
    "upgrade": get(PAGE, "Connection: Upgrade", "Upgrade: h2c"),
    "two connections": get(PAGE, "Connection: close", "Connection: keep-alive"),
    "gzip": get(PAGE, "Accept-Encoding: gzip"),
    "br": get(PAGE, "Accept-Encoding: gzip, deflate, br, zstd"),
    "q=0": get(PAGE, "Accept-Encoding: br;q=0, gzip;q=0"),
    "star": get(PAGE, "Accept-Encoding: *"),
    "identity": get(PAGE, "Accept-Encoding: identity, br;q=0.5"),
    "two encodings": get(PAGE, "Accept-Encoding: gzip", "Accept-Encoding: br"),
    "nonsense encoding": get(PAGE, "Accept-Encoding: gzip;q=x, ;;, \xff"),
    "condition star": get(PAGE, "If-None-Match: *"),
    "condition other": get(PAGE, 'If-None-Match: "a", W/"b"'),
    "condition garbage": get(PAGE, "If-None-Match: ,,\t,"),
    "two conditions": get(PAGE, "If-None-Match: *", 'If-None-Match: "a"'),
    "modified since": get(PAGE, "If-Modified-Since: Sat, 01 Jan 2100 00:00:00 GMT"),
    "range": get(PAGE, "Range: bytes=0-1"),
    "no host": f"GET {PAGE} HTTP/1.1\r\nAccept: */*\r\n\r\n".encode(),
    "no field": f"GET {PAGE} HTTP/1.1\r\n\r\n".encode(),
    "two hosts": get(PAGE, "Host: evil.example"),
    "empty host": f"GET {PAGE} HTTP/1.1\r\nHost:\r\n\r\n".encode(),
    "odd host": f"GET {PAGE} HTTP/1.1\r\nHost: a b@c/\xff\r\n\r\n".encode("latin-1"),
    "expect": get(PAGE, "Expect: 100-continue"),
    "expect nonsense": get(PAGE, "Expect: x"),
    "length 0": get(PAGE, "Content-Length: 0"),
    "body": get(PAGE, "Content-Length: 5") + b"GET /",
    "length twice": get(PAGE, "Content-Length: 0", "Content-Length: 0"),
    "length list": get(PAGE, "Content-Length: 0, 0"),
    "length sign": get(PAGE, "Content-Length: +0"),
    "length and chunks": get(PAGE, "Content-Length: 4", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + get("/"),
    "chunks": get(PAGE, "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n" + get("/"),
    "chunked twice": get(PAGE, "Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
    "xchunked": get(PAGE, "Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "identity transfer": get(PAGE, "Transfer-Encoding: identity") + get("/"),
    "space before colon": get(PAGE, "Transfer-Encoding : chunked") + b"0\r\n\r\n" + get("/"),
    "folded": get(PAGE, "X-A: b", " Transfer-Encoding: chunked"),
    "tab in name": get(PAGE, "X\tA: b"),
    "no colon": get(PAGE, "Xab"),
    "empty name": get(PAGE, ": b"),
    "underscore": get(PAGE, "X_Forwarded_For: 1.2.3.4"),
    "non-ascii name": get(PAGE, "X-\xe9: b"),
    "non-ascii value": get(PAGE, "X-A: \xe9\xff"),
    "nul": get(PAGE, "X-A: a\0b"),
    "del": get(PAGE, "X-A: a\x7fb"),
    "bare cr": get(PAGE, "X-A: a\rb"),
    "cr and lf apart": get(PAGE, "X-A: a\rb\nc"),
    "bare lf": get(PAGE).replace(b"\r\n", b"\n"),
    "bare lf in fields": get(PAGE, "X-A: a\nX-B: b"),
    "lf cr": get(PAGE, "X-A: a\n\rX-B: b"),
    "empty line first": b"\r\n" + get(PAGE),
    "two empty lines first": b"\r\n\r\n" + get(PAGE),
    "leading space": b" " + get(PAGE),
    "two spaces": f"GET  {PAGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "tab": f"GET\t{PAGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "trailing space": f"GET {PAGE} HTTP/1.1 \r\nHost: x\r\n\r\n".encode(),
    "lower case http": f"GET {PAGE} http/1.1\r\nHost: x\r\n\r\n".encode(),
    "scheme": get(PAGE, "X-Forwarded-Proto: https"),
    "schemes apart": get(PAGE, "X-Forwarded-Proto: https", "X-Forwarded-Ssl: off"),
    "scheme twice": get(PAGE, "X-Forwarded-Proto: https", "X-Forwarded-Proto: http"),
    "script name": get(PAGE, "SCRIPT_NAME: /2018"),
    "long target": get(PAGE + "?" + "a" * 5_000),
    "longest line": get(PAGE + "?" + "a" * (4094 - len(f"GET {PAGE}? HTTP/1.1"))),
    "line too long by one": get(PAGE + "?" + "a" * (4095 - len(f"GET {PAGE}? HTTP/1.1"))),
    "long field": get(PAGE, "X-A: " + "a" * 8_000),
    "field too long": get(PAGE, "X-A: " + "a" * 9_000),
    "50 fields": get(PAGE, *(f"X-{number}: a" for number in range(49))),
    "51 fields": get(PAGE, *(f"X-{number}: a" for number in range(50))),
    "pipelined": get(PAGE) + get("/nothing/") + get("/") + get(PAGE, "Accept-Encoding: gzip") + get("/healthz"),
    "pipelined after close": get(PAGE, "Connection: close") + get("/"),
    "pipelined after a post": get("/", "Content-Length: 3", method="POST") + b"abc" + get(PAGE),
    "garbage behind": get(PAGE) + b"\0\xff garbage",
    "half a head behind": get(PAGE) + get(PAGE)[:-2],
    "half a head": get(PAGE)[:-3],
    "half a line": b"GET /2018",
    "nothing": b"",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(20),
    "proxy protocol": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get(PAGE),
}


@pytest.mark.parametrize("name", ALIKE)
def test_a_request_is_answered_as_gunicorn_answers_it(pair: tuple[int, int], name: str) -> None:
    hot, stock = (dateless(exchange(port, ALIKE[name])) for port in pair)
    assert hot == stock


HOSTS = {
    "1.1": {
        "blog.example.org": 200,
        "blog.example.org:8000": 200,
        "127.0.0.1:": 200,
        "[::1]:80": 200,
        "a_b%2e": 200,
    },
    "1.0": {"blog.example.org": 200, "": 200, "\t": 200},
}
for _host in ("a b", "a/b", "a,b", "a@b", "[::1", "a:b", "a:1:2", "%2", "a\xff", "a?b", "<a>", "ñ"):
    HOSTS["1.1"][_host] = HOSTS["1.0"][_host] = 400
HOSTS["1.1"][""] = HOSTS["1.1"]["\t"] = 400


@pytest.mark.parametrize(
    ("fields", "version", "status"),
    [
        *((f"Host: {host}\r\n", version, status) for version in HOSTS for host, status in HOSTS[version].items()),
        ("", "1.1", 400),
        ("", "1.0", 200),
        ("Host: a\r\nHost: a\r\n", "1.1", 400),
        ("Host: a\r\nhost: b\r\n", "1.0", 400),
    ],
)
def test_a_request_names_one_host_as_rfc_9112_has_it(
    pair: tuple[int, int], fields: str, version: str, status: int
) -> None:
    for path in (PAGE, "/nothing/../", "/healthz"):
        request = f"GET {path} HTTP/{version}\r\n{fields}X-A: b\r\n\r\n".encode("latin-1")
        hot, stock = (dateless(exchange(port, request)) for port in pair)
        assert hot == stock
        expected = 404 if status == 200 and path == "/nothing/../" else status
        assert int(hot.split()[1]) == expected


@pytest.mark.parametrize("encoding", ["", "Accept-Encoding: gzip", "Accept-Encoding: br"])
@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"a", {0}', ' \t{0}  ,"b"', "{0}{0}", "x{0}"])
def test_an_entity_tag_is_compared_alike(pair: tuple[int, int], form: str, encoding: str) -> None:
    fields = [encoding] if encoding else []
    hot, stock = (
        dateless(exchange(port, get(PAGE, *fields, f"If-None-Match: {form.format(etag(port, PAGE, *fields))}")))
        for port in pair
    )
    assert hot == stock


_pieces = st.sampled_from(
    [
        b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"GET ", b"HEAD ", b"POST ",
        PAGE.encode(), b"/", b"%2e", b"?a=b", b"Expect: 100-continue\r\n",
        b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"Host: a\r\n", b"host:b\r\n", b"Connection: close\r\n",
        b"Connection: keep-alive\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
        b"Accept-Encoding: br\r\n", b"If-None-Match: *\r\n", b"X-A: \xe9\r\n", b"0\r\n\r\n",
        b"\0", b"#", b"_", b"\r\n\r\n", get(PAGE), get("/"), get("/nothing/"),
    ]
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> list[bytes]:
    """Requests pieced together, or good ones with a blow, in as many parts as they may come in."""
    if draw(st.booleans()):
        whole = b"".join(draw(st.lists(_pieces, max_size=12)))
    else:
        whole = b"".join(draw(st.lists(st.sampled_from([*ALIKE.values()]), min_size=1, max_size=3)))
        at = draw(st.integers(0, len(whole)))
        whole = whole[:at] + draw(st.one_of(st.just(b""), st.binary(max_size=3), _pieces)) + whole[at:]
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=3)))
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


@settings(max_examples=sizes.HOT_LANE_REQUESTS, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=requests())
@example(pieces=[get(PAGE) + get(PAGE, "Transfer-Encoding: chunked") + b"\x003\r\nabc\r\n0\r\n\r\n" + get("/")])
def test_whatever_comes_is_answered_as_gunicorn_answers_it(pair: tuple[int, int], pieces: list[bytes]) -> None:
    hot, stock = (reasonless(dateless(exchange(port, *pieces))) for port in pair)
    if hot and stock.startswith(
        hot
    ):  # behind an answer whose request had a broken body it hangs up without a word
        stock = hot + _REFUSAL.sub(b"", stock[len(hot) :])
    assert hot == stock


def reasonless(answers: bytes) -> bytes:
    """Which of two mistakes gunicorn names when it refuses depends on how the bytes came; then it hangs up."""
    return _REFUSED.sub(rb"\1", answers)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """A good head with blows."""
    head = bytearray(draw(st.sampled_from([head for head in ALIKE.values() if head.endswith(b"\r\n\r\n")])))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(head) - 4))
        head[at : at + draw(st.integers(0, 2))] = draw(st.one_of(st.binary(max_size=2), _pieces))
    return bytes(head)


@settings(max_examples=sizes.of(20 * sizes.HOT_LANE_REQUESTS, 1_000), deadline=None)
@given(head=heads())
def test_what_the_lane_reads_is_what_gunicorn_reads(head: bytes) -> None:
    fuzz.request_head(head)


def test_a_head_of_a_browser_is_read() -> None:
    fields = ["User-Agent: Mozilla/5.0 (X11)", "Accept: */*;q=0.8", "Cookie: a=b", "Upgrade-Insecure-Requests: 1"]
    found = reader(4094, 50, 8190, {})(
        get(f"{PAGE}?a=b", *fields, "Accept-Encoding: br", 'If-None-Match: "x"', "Connection: close")
    )
    question = Question("GET", PAGE, "blog.example.org", "br", '"x"', "Mozilla/5.0 (X11)", query="a=b")
    assert found == (question, 1, False)


# --- no thread is held


def silent(port: int, sent: bytes, received: int | None = None) -> socket.socket:
    client = socket.socket()
    if received:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", port))
    client.sendall(sent)
    return client


@pytest.fixture
def hot(site: Path) -> Iterator[Server]:
    with Server(site / "site", site / "cache-hot", workers=1) as server:
        yield server


@pytest.mark.slow
def test_clients_that_are_slow_to_ask_hold_no_thread(hot: Server) -> None:
    with ExitStack() as stack:
        for number in range(300):
            stack.enter_context(silent(hot.port, get(PAGE, "X-A: b")[: 1 + number % 40]))
        assert exchange(hot.port, get("/nothing/")).startswith(b"HTTP/1.1 404")
        assert exchange(hot.port, get(PAGE)).startswith(b"HTTP/1.1 200")


_THREADS = 8
"""Of a worker, in gunicorn.conf.py."""


@pytest.mark.slow
@pytest.mark.parametrize("beginning", [b"\r\n", b"M-SEARCH / HTTP/1.1\r\n", b"GET / HTTP/1.2\r\n"])
def test_no_beginning_of_a_head_that_gunicorn_waits_behind_holds_a_thread(hot: Server, beginning: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(silent(hot.port, beginning))
        assert exchange(hot.port, get("/nothing/")).startswith(b"HTTP/1.1 404")


@pytest.mark.slow
def test_no_thread_waits_for_ever_for_whoever_does_not_read(site: Path) -> None:
    folder = site / "site" / "static"
    folder.mkdir(exist_ok=True)
    with (folder / "film.mp4").open("wb") as film:
        film.truncate(4 * KERNEL_TAKES_BYTES)
    asked = get("/static/film.mp4"), get("/static/film.mp4", "Range: bytes=1-")
    within = ("env", "GUNICORN_CMD_ARGS=--timeout 3")
    with Server(site / "site", site / "cache-hot", workers=1, within=within) as server, ExitStack() as stack:
        for number in range(8):
            stack.enter_context(silent(server.port, asked[number % 2], received=4096))
        assert exchange(server.port, get("/nothing/")).startswith(b"HTTP/1.1 404")


@pytest.mark.slow
def test_a_head_that_never_ends_takes_little_memory(hot: Server) -> None:
    field = b"X-A: " + b"a" * 8_000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", hot.port), timeout=PATIENCE_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + 9 * field)
        assert everything(client).startswith(b"HTTP/1.1 431 ")


@pytest.mark.slow
def test_a_stored_page_is_answered_while_every_thread_is_held(site: Path) -> None:
    folder = site / "site" / "static"
    folder.mkdir(exist_ok=True)
    with (folder / "film.mp4").open("wb") as film:
        film.truncate(4 * KERNEL_TAKES_BYTES)
    with Server(site / "site", site / "cache-hot", workers=1) as server, ExitStack() as stack:
        exchange(server.port, get(PAGE))
        for _ in range(2 * _THREADS):  # a thread for each that does not read, for a minute
            stack.enter_context(silent(server.port, get("/static/film.mp4"), received=4096))
        waiting = stack.enter_context(silent(server.port, get("/nothing/")))
        assert exchange(server.port, get(PAGE)).startswith(b"HTTP/1.1 200")
        waiting.setblocking(False)
        with pytest.raises(BlockingIOError):  # no thread is free
            waiting.recv(1)


ENDLESS = "Content-Length: 100000000000000000000"
UNWANTED = (
    get("/nothing/", ENDLESS), get("/nothing/", ENDLESS, method="POST"), get(PAGE, ENDLESS, method="PUT"),
    get(PAGE, ENDLESS), get(PAGE, ENDLESS, "If-None-Match: *"), get("/healthz", ENDLESS),
    get(PAGE, "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n",
    get("/nothing/", "Transfer-Encoding: chunked", method="POST") + b"ffffff\r\n" + b"a" * 3_000,
    get("/hooks/push", ENDLESS, method="POST"),
)  # fmt: skip
_GUNICORN_WAITS_S = 5


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["", "--http2-cleartext both"])
def test_bodies_that_nobody_wants_and_that_never_end_hold_no_thread(site: Path, arguments: str) -> None:
    """So many that a thread for five seconds for each would take longer than anybody here waits."""
    within = ("env", f"GUNICORN_CMD_ARGS={arguments}")
    clients = 2 * _THREADS * int(PATIENCE_S / _GUNICORN_WAITS_S)
    with Server(site / "site", site / "cache-hot", workers=1, within=within) as server, ExitStack() as stack:
        held = [
            stack.enter_context(silent(server.port, UNWANTED[number % len(UNWANTED)])) for number in range(clients)
        ]
        assert exchange(server.port, get("/nothing/")).startswith(b"HTTP/1.1 404")
        for client in held:  # to the end of the connection, though no client closes it
            assert everything(client).count(b"HTTP/1.1 ") == 1


def test_behind_a_short_body_that_nobody_wants_the_next_request_is_answered(hot: Server) -> None:
    bodies = (b"5\r\nabcde\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), (b"GET /", "Content-Length: 5")
    for body, field in bodies:
        asked = get("/nothing/", field) + body + get(PAGE, field, method="POST") + body + get(PAGE)
        assert re.findall(rb"HTTP/1\.1 (\d+)", exchange(hot.port, asked)) == [b"404", b"405", b"200"]


def test_a_head_may_come_byte_by_byte(pair: tuple[int, int]) -> None:
    whole = get(PAGE) + get("/nothing/") + get(PAGE, "Connection: close")
    hot, stock = (dateless(exchange(port, *(whole[at : at + 1] for at in range(len(whole))))) for port in pair)
    assert hot == stock


@pytest.mark.slow
def test_clients_that_are_slow_to_read_get_all_and_hold_up_nobody(hot: Server) -> None:
    whole = exchange(hot.port, get(LARGE))
    assert len(whole) > 1_000_000
    asked = get(LARGE) * TOO_MANY + get(PAGE)
    with ExitStack() as stack:
        slow = [stack.enter_context(silent(hot.port, asked, 4_096)) for _ in range(40)]
        assert exchange(hot.port, get(PAGE)).startswith(b"HTTP/1.1 200")
        client = slow[-1]
        client.shutdown(socket.SHUT_WR)
        assert dateless(everything(client)) == dateless(whole * TOO_MANY + exchange(hot.port, get(PAGE)))


@pytest.mark.slow
def test_whoever_leaves_in_the_middle_leaves_nothing_behind(hot: Server) -> None:
    worker = hot.workers()[0]
    exchange(hot.port, get(LARGE))
    before = len(list(Path(f"/proc/{worker}/fd").iterdir()))
    for sent in (get(PAGE)[:20], get(LARGE), get(PAGE) * 3, get(PAGE, "Connection: close"), get(LARGE) * 2):
        for _ in range(10):
            silent(hot.port, sent, 4_096).close()
    hot.wait_until(lambda: len(list(Path(f"/proc/{worker}/fd").iterdir())) <= before)


# --- what is current, and for whom


@pytest.mark.slow
def test_a_post_appears_and_another_is_gone_at_their_second(tmp_path: Path) -> None:
    """Which nobody announces: nothing changes on disk."""
    root = tmp_path / "site"
    (root / "posts").mkdir(parents=True)
    (root / "site.toml").write_text(SITE["site.toml"])
    with Server(root, tmp_path / "cache", workers=1) as server:
        second = int(time.time()) + 3
        moment = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%SZ}"
        (root / "posts/2018-07-17-x.md").write_text(post("Vence", expires=moment))
        (root / "posts/later.md").write_text(post("Aparece", date=moment))
        client = Client(server.port)

        def has_changed() -> bool:
            asked = time.time()
            home, gone = client.get("/"), client.get(PAGE)
            seen = ("Aparece" in home.text, "Vence" in home.text, gone.status)
            if asked >= second:
                assert seen == (True, False, 410)
            elif time.time() < second:
                assert seen == (False, True, 200)
            return asked >= second

        server.wait_until(has_changed)
        assert answers_of_the_lane(client) > 0
        client.close()


def test_no_page_is_given_under_a_host_that_is_not_trusted(site: Path) -> None:
    with Server(site / "site", site / "cache-hot", workers=1, trusted_hosts="blog.example.org") as server:
        for _ in range(3):
            assert exchange(server.port, get(PAGE)).startswith(b"HTTP/1.1 200")
            for host in (b"evil.example", b"", b"blog.example.org.evil.example"):
                asked = get(PAGE).replace(b"blog.example.org", host)
                assert exchange(server.port, asked).startswith(b"HTTP/1.1 400")
        client = Client(server.port)
        assert answers_of_the_lane(client) == 2
        client.close()


def answers_of_the_lane(client: Client) -> int:
    told = re.search(r"bitacora_hot_lane_answers_total (\d+)", client.get("/metrics").text)
    assert told
    return int(told[1])


def test_to_know_that_a_page_is_current_takes_the_system_three_calls_about_files_at_most(site: Path) -> None:
    calls, requests = site / "calls", 100
    traced = [tool("strace"), "-f", "-D", "-qq", "-o", str(calls), "-e", "trace=%file,poll,read"]
    unless_possible([tool("strace"), "-qq", "-o", "/dev/null", "true"], "nothing can be traced")
    with Server(site / "site", site / "cache-hot", workers=1, within=traced) as server:
        client = Client(server.port)
        for _ in range(3):
            assert client.get(PAGE).status == 200
        worker, before = f"{server.workers()[0]} ".encode(), calls.read_bytes()
        for _ in range(requests):
            client.get(PAGE)
        lines = calls.read_bytes()[len(before) :].splitlines()
        client.close()
    assert 0 < sum(line.startswith(worker) for line in lines) <= 3 * requests


# --- whoever leaves

LEAVE_AFTER = {
    "nothing": b"",
    "half a head": get(PAGE)[:20],
    "a head": get(PAGE),
    "the last head": get(PAGE, "Connection: close"),
    "an answer larger than what is read of it": get(LARGE),
    "answers of which the last waits": get(LARGE) * TOO_MANY,
    "pipelined heads": get(PAGE) * 3 + get("/nothing/") + get(PAGE),
    "a head and a half": get(PAGE) + get(PAGE)[:20],
    "a head for a thread": get("/nothing/"),
    "the last head for a thread": get("/nothing/", "Connection: close"),
    "half a body": get(PAGE, "Content-Length: 10", method="POST") + b"abc",
    "a refused head": b"\0" + get(PAGE),
}
OPEN = b'bitacora_connections_open{worker="0"} %d.0\n'


@pytest.mark.slow
@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("is_idle_first", [False, True], ids=["new", "idle"])
def test_whoever_leaves_is_counted_no_more(hot: Server, is_reset: bool, is_idle_first: bool) -> None:
    worker = hot.workers()
    exchange(hot.port, get(LARGE))
    for sent in LEAVE_AFTER.values():
        for waits in (False, True):
            for _ in range(3):
                client = silent(hot.port, get(PAGE) if is_idle_first else b"", 4_096)
                if is_idle_first:
                    _whole_answer(client)
                client.sendall(sent)
                if waits and b"\r\n\r\n" in sent and not sent.startswith(b"POST"):
                    client.recv(1)
                if is_reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
    hot.wait_until(lambda: OPEN % 1 in exchange(hot.port, METRICS))
    assert hot.connections() == 0
    assert hot.workers() == worker


# --- whatever goes wrong concerns one request

FAULTY = """
from app import app

cache, made = app.extensions["bitacora"].page_cache, app.wsgi_app
look_up, current = cache.look_up, cache.current


def answer(environ, start):
    if environ["PATH_INFO"] != "/half/":
        return made(environ, start)
    start("200 OK", [("Content-Length", "100")])
    return (b"half" if number == 0 else None for number in range(2))


def faulty_look_up(question, *rest, **how):
    return 1 / 0 if question.path == "/look-up/" else look_up(question, *rest, **how)


app.wsgi_app, cache.look_up = answer, faulty_look_up
"""


@pytest.fixture
def faulty(site: Path, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "faulty.py").write_text(FAULTY)
    server = Server(site / "site", site / "cache-hot", workers=1)
    server.environ["PYTHONPATH"] = os.pathsep.join((str(tmp_path), str(ROOT)))
    server.app = "faulty:app"
    with server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "answer"), [("/half/", b"\r\n\r\nhalf"), ("/look-up/", b"<h1><p>Internal Server Error</p></h1>")]
)
def test_a_fault_ends_one_connection_alone(faulty: Server, path: str, answer: bytes) -> None:
    worker = faulty.workers()
    with silent(faulty.port, get(PAGE)[:20]) as other:
        answered = exchange(faulty.port, get(path))
        faulty.wait_until(lambda: OPEN % 2 in exchange(faulty.port, METRICS))
        other.sendall(get(PAGE, "Connection: close")[20:])
        assert everything(other).startswith(b"HTTP/1.1 200")
    assert answer in answered
    assert faulty.workers() == worker


@pytest.mark.slow
def test_connections_that_make_room_are_asked_no_more(site: Path) -> None:
    """They are closed while what they asked waits to be read."""
    with Server(site / "site", site / "cache-hot", workers=1, within=("prlimit", "--nofile=60:60")) as server:
        exchange(server.port, get(PAGE))
        worker = server.workers()
        with ExitStack() as stack:
            parts = [stack.enter_context(silent(server.port, get(PAGE)[:20])) for _ in range(60)]
            server.wait_until(lambda: "cannot be accepted" in server.log.read_text())
            for _ in range(5):
                os.kill(worker[0], signal.SIGSTOP)
                try:
                    late = stack.enter_context(silent(server.port, b""))
                    for client in parts:
                        with suppress(OSError):  # it has made room
                            client.sendall(b"a")
                finally:
                    os.kill(worker[0], signal.SIGCONT)
                late.sendall(get(PAGE))
                assert late.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert server.workers() == worker


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent", [get(PAGE, "Connection: close"), get(LARGE) * TOO_MANY], ids=["answered", "slow to read"]
)
def test_connections_that_make_room_just_when_they_go_on_are_closed_once(site: Path, sent: bytes) -> None:
    few = ("env", "GUNICORN_CMD_ARGS=--worker-connections 12")
    with Server(site / "site", site / "cache-hot", workers=1, within=few) as server:
        exchange(server.port, get(LARGE))
        worker = server.workers()
        for _ in range(3):
            with ExitStack() as stack:
                clients = [stack.enter_context(silent(server.port, sent, 4_096)) for _ in range(11)]
                for client in clients:
                    client.recv(1)
                os.kill(worker[0], signal.SIGSTOP)
                try:
                    stack.enter_context(silent(server.port, b""))
                    for client in clients:
                        client.shutdown(socket.SHUT_WR)
                        client.setblocking(False)
                        with suppress(BlockingIOError):
                            while client.recv(1 << 16):
                                pass
                finally:
                    os.kill(worker[0], signal.SIGCONT)
                exchange(server.port, get("/nothing/"))
        server.wait_until(lambda: OPEN % 1 in exchange(server.port, METRICS))
        assert server.workers() == worker


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [b"", get(PAGE)[:20], get(PAGE), get(LARGE) * 9],
    ids=["silent", "half a head", "kept alive", "slow to read"],
)
def test_as_many_connections_as_there_may_be_keep_nobody_away(site: Path, sent: bytes) -> None:
    """Whoever has been idle for longest goes; those of gunicorn's own path stay."""
    few = ("env", "GUNICORN_CMD_ARGS=--worker-connections 20")
    with Server(site / "site", site / "cache-hot", workers=1, within=few) as server, ExitStack() as stack:
        exchange(server.port, get(LARGE))
        for _ in range(60):
            stack.enter_context(silent(server.port, sent, 4_096))
        for path in (PAGE, "/nothing/"):
            assert exchange(server.port, get(path, "Connection: close")).startswith(b"HTTP/1.1 ")


# --- what gunicorn does beside answering


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 1])
def test_a_head_has_more_time_than_an_idle_connection(site: Path, seconds: int) -> None:
    within = ("env", f"GUNICORN_CMD_ARGS=--keep-alive {seconds}")
    whole = get(PAGE, "Connection: keep-alive")
    with Server(site / "site", site / "cache-hot", workers=1, within=within) as server, ExitStack() as stack:
        new = stack.enter_context(silent(server.port, b""))
        part = stack.enter_context(silent(server.port, whole[:20]))
        idle = stack.enter_context(silent(server.port, whole))
        assert everything(idle).startswith(b"HTTP/1.1 200")  # up to its end, which is that of its patience
        part.sendall(whole[20:])
        new.sendall(whole)
        assert everything(part).startswith(b"HTTP/1.1 200")
        assert everything(new).startswith(b"HTTP/1.1 200")


@pytest.mark.slow
def test_a_worker_that_ends_while_the_site_is_away_stops_nobody_and_is_replaced(tmp_path: Path) -> None:
    site, away = tmp_path / "site", tmp_path / "away"
    for path, text in SITE.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    with Server(site, tmp_path / "cache", workers=2) as server:
        [first, other] = server.clients()
        assert (first.get(PAGE).status, other.get(PAGE).status) == (200, 200)
        site.rename(away)
        os.kill(server.workers()[0], signal.SIGKILL)
        server.wait_until(lambda: "tried again" in server.log.read_text())
        assert exchange(server.port, get(PAGE)).startswith(b"HTTP/1.1 200")
        away.rename(site)
        assert [client.get(PAGE).status for client in server.clients()] == [200, 200]


def test_what_cannot_start_says_so_and_ends_with_one_status_however_many_workers(tmp_path: Path) -> None:
    server = Server(tmp_path / "nothing", tmp_path / "cache", workers=2)
    try:
        server.launch()
        assert server.ended() == 4
    finally:
        server.stop()
    assert "Bitácora cannot start." in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PORT", "99999", "PORT = '99999' is not allowed"),
        ("PORT", "-1", "PORT = '-1' is not allowed"),
        ("PORT", "http", "PORT = 'http' is not allowed"),
        ("GUNICORN_CMD_ARGS", "--worker-class asgi", "The worker class asgi"),
    ],
)
def test_what_gunicorn_cannot_serve_the_blog_with_is_said_in_a_sentence(
    site: Path, variable: str, value: str, said: str
) -> None:
    server = Server(site / "site", site / "cache-hot", workers=2)
    server.environ[variable] = value
    try:
        server.launch()
        assert server.ended() == 4
    finally:
        server.stop()
    assert f"Bitácora cannot start. {said}" in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("then", ["wait()", "gc.collect = wait"])  # as the last thing that gunicorn.conf.py does
def test_those_who_serve_go_on_until_one_of_those_that_follow_a_reload_can(
    site: Path, tmp_path: Path, then: str
) -> None:
    gate = tmp_path / "open"
    gate.touch()
    (tmp_path / "gated.py").write_text(
        "import gc, time\nfrom pathlib import Path\nfrom app import app\n"
        f"def wait():\n    while not Path({str(gate)!r}).exists(): time.sleep(0.01)\n"
        f"print('loading', flush=True)\n{then}\n"
    )
    server = Server(site / "site", site / "cache-hot", workers=2)
    server.environ["PYTHONPATH"] = os.pathsep.join((str(tmp_path), str(ROOT)))
    server.app = "gated:app"
    with server, ExitStack() as stack:
        stack.callback(gate.touch)  # or they would wait for ever
        server.wait_until(lambda: server.log.read_text().count("loading") == 2)
        before = set(server.workers())
        gate.unlink()
        server.send(signal.SIGHUP)
        server.wait_until(lambda: server.log.read_text().count("loading") == 4)
        for _ in range(10):
            assert exchange(server.port, get(PAGE)).startswith(b"HTTP/1.1 200")
        assert before < set(server.workers())
        gate.touch()
        server.wait_until(lambda: before.isdisjoint(server.workers()))
        assert exchange(server.port, get(PAGE)).startswith(b"HTTP/1.1 200")


@pytest.mark.slow
@pytest.mark.parametrize("then", ["sys.exit(4)", "import nothing_such", "1 / 0", "os.kill(os.getpid(), 9)"])
def test_a_reload_that_cannot_be_loaded_stops_nobody_and_is_tried_again(
    site: Path, tmp_path: Path, then: str
) -> None:
    with breakable(site, tmp_path, then) as (server, fault):
        before = set(server.workers())
        fault.touch()
        with Crowd(server.port, [PAGE], may_close=True) as crowd:
            server.send(signal.SIGHUP)
            server.wait_until(lambda: _FAILED_TO_FOLLOW.search(server.log.read_text()) is not None)
            assert before < set(server.workers())
            fault.unlink()
            server.wait_until(lambda: before.isdisjoint(server.workers()) and len(server.workers()) == 2)
        assert crowd.wrong == []


@pytest.mark.slow
def test_a_stop_waits_for_no_reload(site: Path, tmp_path: Path) -> None:
    with breakable(site, tmp_path) as (server, fault):
        fault.touch()
        server.send(signal.SIGHUP)
        server.wait_until(lambda: len(server.workers()) == 4)
        server.send(signal.SIGTERM)
        assert server.ended() == 0
    assert "could not be loaded" not in server.log.read_text()  # 5 s after it was tried


@pytest.mark.slow
def test_a_worker_that_is_told_to_end_before_it_can_listen_ends(site: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal\nfrom pathlib import Path\n"
        f"told = Path({str(told)!r})\n"
        "def tell():\n"
        "    if not told.exists():\n"
        "        told.touch()\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "os.register_at_fork(after_in_child=tell)\n"
    )
    within = ("env", f"PYTHONPATH={tmp_path}")
    with Server(site / "site", site / "cache-hot", workers=2, within=within) as server:
        server.wait_until(lambda: "was sent SIGTERM" in server.log.read_text())
        server.clients()
    assert told.exists()


@pytest.mark.slow
def test_a_server_that_began_with_another_configuration_takes_this_one(site: Path, tmp_path: Path) -> None:
    configuration = tmp_path / "conf.py"
    within = ("env", f"GUNICORN_CMD_ARGS=--config {configuration}")
    server = Server(site / "site", site / "cache-hot", workers=2, within=within)
    configuration.write_text(f"bind = '0.0.0.0:{server.port}'\ncontrol_socket_disable = True\n")
    with server:
        before = set(server.workers())
        configuration.write_text((ROOT / "gunicorn.conf.py").read_text())
        server.send(signal.SIGHUP)
        server.wait_until(lambda: len(server.workers()) == 2 and before.isdisjoint(server.workers()))
        assert exchange(server.port, get(PAGE)).startswith(b"HTTP/1.1 200")


@contextmanager
def breakable(site: Path, folder: Path, then: str = "sys.exit(4)") -> Iterator[tuple[Server, Path]]:
    """A server with two workers, and the file that keeps those that follow from loading while it is there."""
    fault = folder / "fault"
    (folder / "breakable.py").write_text(
        "import os, sys\nfrom pathlib import Path\n"
        f"if Path({str(fault)!r}).exists(): {then}\n"
        "from app import app\n"
    )
    server = Server(site / "site", site / "cache-hot", workers=2)
    server.environ["PYTHONPATH"] = os.pathsep.join((str(folder), str(ROOT)))
    server.app = "breakable:app"
    with server:
        server.clients()
        yield server, fault


@pytest.mark.slow
def test_a_worker_that_is_told_to_end_while_it_loads_has_not_failed(site: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(60)\n")
    server = Server(site / "site", site / "cache-hot", workers=2)
    server.environ["PYTHONPATH"] = os.pathsep.join((str(tmp_path), str(ROOT)))
    server.app = "slow:app"
    try:
        server.launch()
        server.wait_until(lambda: server.log.read_text().count("loading") == 2)
        server.send(signal.SIGINT)
        assert server.ended() == 0
    finally:
        server.stop()
    assert "exited with code" not in server.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("cores", [1, len(os.sched_getaffinity(0))])
def test_as_many_workers_as_none_are_as_many_as_cores_that_they_may_use(site: Path, cores: int) -> None:
    allowed = ",".join(map(str, sorted(os.sched_getaffinity(0))[:cores]))
    within = ("taskset", "--cpu-list", allowed)
    with Server(site / "site", site / "cache-hot", workers=0, within=within) as server:
        assert len(server.workers()) == cores


@pytest.mark.slow
def test_a_worker_that_has_answered_enough_is_replaced(site: Path) -> None:
    within = ("env", "GUNICORN_CMD_ARGS=--max-requests 20")
    with Server(site / "site", site / "cache-hot", workers=1, within=within) as server:
        first = server.workers()
        for _ in range(100):
            assert exchange(server.port, get(PAGE)).startswith(b"HTTP/1.1 200")
        server.wait_until(lambda: len(server.workers()) == 1 and server.workers() != first)


@pytest.mark.slow
def test_the_access_log_is_gunicorns(site: Path, tmp_path: Path) -> None:
    lines = []
    for worker_class in ("bitacora.server.worker.HotLaneWorker", "gthread"):
        log = tmp_path / worker_class
        form = "%(D)s %(r)s %(s)s %(b)s %({x-a}i)s %({etag}o)s"
        arguments = f"--worker-class {worker_class} --access-logfile {log} --access-logformat '{form}'"
        within = ("env", f"GUNICORN_CMD_ARGS={arguments}")
        with Server(site / "site", site / f"cache-{worker_class}", workers=1, within=within) as server:
            for request in (
                get(PAGE),
                get(PAGE, "X-A: b"),
                get(PAGE, method="HEAD"),
                get(PAGE, "If-None-Match: *"),
            ):
                exchange(server.port, request)
        told = [line.partition(" ") for line in log.read_text().splitlines() if "readyz" not in line]
        assert all(int(microseconds) > 0 for microseconds, _, _ in told)
        lines.append([line for _, _, line in told])
    assert lines[0] == lines[1]
    assert len(lines[0]) == 4


def test_a_worker_that_stops_answers_who_is_connected_and_lets_go(hot: Server) -> None:
    exchange(hot.port, get(PAGE))
    with silent(hot.port, get(PAGE)) as client:
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert hot._process
        hot._process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        while b"Connection: close" not in (answer := _asked_again(client)):
            assert answer.startswith(b"HTTP/1.1 200")
            assert time.monotonic() < deadline
        assert everything(client) == b""
    assert hot._process.wait(PATIENCE_S) == 0


def _asked_again(client: socket.socket) -> bytes:
    client.sendall(get(PAGE))
    return _whole_answer(client)


def _whole_answer(client: socket.socket) -> bytes:
    answer = client.recv(1 << 20)
    while not answer.rstrip().endswith(b"</html>"):
        answer += client.recv(1 << 20)
    return answer


@pytest.mark.slow
def test_under_tls_gunicorn_is_alone_and_gives_the_same_page(
    site: Path, pair: tuple[int, int], tmp_path: Path
) -> None:
    certify(tmp_path)
    port = free_port()
    words = [
        f"--bind=127.0.0.1:{port}",
        f"--certfile={tmp_path}/fullchain.pem",
        f"--keyfile={tmp_path}/privkey.pem",
    ]
    environ = {"BITACORA_SITE": str(site / "site"), "BITACORA_CACHE_DIR": str(site / "cache-hot")}
    gunicorn = [sys.executable, "-m", "gunicorn", f"--chdir={ROOT}", *words, "app:app"]
    with Program(gunicorn, port, tmp_path / "log", {**os.environ, "WEB_CONCURRENCY": "1", **environ}):
        context = ssl.create_default_context(cafile=tmp_path / "fullchain.pem")
        with closing(HTTPSConnection("localhost", port, timeout=PATIENCE_S, context=context)) as client:
            for _ in range(2):
                client.request("GET", PAGE, headers={"Host": "blog.example.org"})
                answer = client.getresponse()
                assert (answer.status, answer.version) == (200, 11)
                assert answer.read() == exchange(pair[0], get(PAGE)).partition(b"\r\n\r\n")[2]


@pytest.mark.slow
def test_behind_the_proxy_protocol_gunicorn_is_alone(site: Path) -> None:
    within = ("env", "GUNICORN_CMD_ARGS=--proxy-protocol auto --proxy-allow-from 127.0.0.1")
    with Server(site / "site", site / "cache-hot", workers=1, within=within) as server:
        asked = b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get(PAGE)
        for _ in range(2):
            assert exchange(server.port, asked).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("certfile", "server.pem"),
        ("proxy_protocol", "auto"),
        ("protocol", "uwsgi"),
        ("http2_cleartext", "both"),
        ("pre_request", lambda worker, request: None),
        ("post_request", lambda worker, request, environ, response: None),
    ],
)
def test_the_lane_is_closed_where_requests_are_not_plain(name: str, value: Any) -> None:
    config = Config()
    assert _is_plain(config)
    config.set(name, value)
    assert not _is_plain(config)


def test_the_lane_is_closed_below_a_script_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/blog")
    assert not _is_plain(Config())
