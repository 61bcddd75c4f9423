"""Requests that one server reads as one and another as two, answers out of order, and headers of proxies."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import repeat
from operator import add
from pathlib import Path

import pytest
from blogs import post
from conftest import NewBlog, Serve
from flask import request
from flask.sessions import NullSession
from fronts import caddy, nginx, varnish
from gunicorn.config import Config
from programs import tool
from server import PATIENCE_S, ROOT, Server

PAGE = "/2018/07/17/p1/"
SITE = {
    "site.toml": 'title = "El Blog"\nurl = "https://blog.example.org"\n',
    **{f"posts/2018-07-17-p{number}.md": post(f"Entrada {number}.") for number in range(1, 9)},
    "posts/2018-07-16-film/index.md": post("Film"),
    "posts/2018-07-16-film/film.mp4": "x" * 70_000,
}
STOCK = ("env", "GUNICORN_CMD_ARGS=--worker-class gthread")
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"


def asked(*fields: bytes, body: bytes = b"", path: str = PAGE, version: bytes = b"1.1") -> bytes:
    line = b"GET " + path.encode() + b" HTTP/" + version
    return b"\r\n".join([line, b"Host: 127.0.0.1", *fields, b"", body])


def chunked(body: bytes, *fields: bytes) -> bytes:
    return asked(b"Transfer-Encoding: chunked", *fields, body=body)


def exchange(port: int, data: bytes) -> bytes:
    """All that comes back until the server closes, at the latest after we have no more to send."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        with suppress(ConnectionError):  # refused before it was all sent
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        return everything(client)


def everything(client: socket.socket) -> bytes:
    came = bytearray()
    with suppress(ConnectionError):
        while piece := client.recv(1 << 16):
            came += piece
    return bytes(came)


def statuses(answers: bytes) -> list[int]:
    return [int(status) for status in STATUS.findall(answers)]


ONE_BODY = {
    **{f"TE {te!r}": asked(b"Transfer-Encoding:" + te, body=CHUNKS) for te in (
        b"chunked", b"  chunked", b"chunked  ", b"\tchunked", b"chunked\t", b"Chunked", b"identity, chunked",
    )},
    **{f"CL {cl!r}": asked(b"Content-Length:" + cl, body=b"hello") for cl in (
        b"5", b"  5 ", b"\t5", b"5\t", b"05",
    )},
    "chunk extension": chunked(b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    "last chunk of many zeros": chunked(b"000000000000\r\n\r\n"),
    "hop by hop": chunked(CHUNKS, b"Connection: Transfer-Encoding"),
    "upgrade": asked(b"Content-Length: 5", b"Connection: Upgrade", b"Upgrade: h2c", body=b"hello"),
    "no body": asked(b"Content-Length: 0"),
}  # fmt: skip
"""What is behind such a body is a request of its own (RFC 9112, 6 and 7)."""

NO_BODY = {
    **{f"TE {te!r}": asked(b"Transfer-Encoding:" + te, body=CHUNKS) for te in (
        b"\x0bchunked", b"chunked\x0b", b"\x0cchunked", b"\xa0chunked", b"chunked;q=1", b"chunked,", b",chunked",
        b'"chunked"', b"chunked, identity", b"gzip, chunked", b"chunked\x00", b"chunke", b"xchunked",
        b"chunked chunked", b"chunked,chunked", b"x, chunked", b"deflate", b"",
    )},
    **{f"CL and TE {te!r}": asked(b"Content-Length: 5", b"Transfer-Encoding:" + te, body=CHUNKS) for te in (
        b"chunked", b" chunked ", b"\x0bchunked", b"chunked;q=1", b"xchunked", b"identity", b"",
    )},
    **{f"CL {cl!r}": asked(b"Content-Length:" + cl, body=b"hello") for cl in (
        b"+5", b"-5", b"-0", b"0x5", b"5_0", b"5,5", b"5, 5", b"5 5", b"5\x0b", b"\x0b5", b"5.0", b"5e0", b"",
        b"5;", b'"5"', b"5\x00", b"9" * 23, b"\xd9\xa5", b"\xb2",
    )},
    **{f"chunk {body!r}": chunked(body) for body in (
        b"5\nhello\n0\n\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n",
        b"5;a\nhello\r\n0\r\n\r\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n", b"0_5\r\nhello\r\n0\r\n\r\n", b"6\r\nhello\r\n0\r\n\r\n",
        b"4\r\nhello\r\n0\r\n\r\n", b"\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\n", b"5\r\nhello\r\n0\r\n\r",
        b"F" * 16 + b"5\r\nhello\r\n0\r\n\r\n", b"5\x00\r\nhello\r\n0\r\n\r\n", b"0\r\nno colon\r\n\r\n",
        b"0\r\nContent-Length: 30\r\n\r\n", b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    )},
    **{f"fields {fields!r}": asked(*fields, body=b"hello") for fields in (
        (b"Host: evil.example",), (b"Content-Type: a", b"Content-Type: b"),
        (b"Content-Length: 0", b"Content-Length: 5"), (b"Content-Length: 5", b"Content-Length: 5"),
        (b"Content-Length : 5",), (b"Content_Length: 5",), (b"X: a\x01b",), (b"X: a\x1bb",), (b"X\x01: b",),
        (b"X: a\x00b",), (b"X: a\rb",), (b"X: a\nTransfer-Encoding: chunked",), (b" X: folded",),
        (b"Transfer_Encoding: chunked",), (b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    )},
    "version 1.0": asked(b"Transfer-Encoding: chunked", b"Connection: keep-alive", body=CHUNKS, version=b"1.0"),
}  # fmt: skip
"""Where such a body ends, nobody knows: what is behind it is never answered."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("http")
    for path, text in SITE.items():
        (folder / "site" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "site" / path).write_text(text)
    return folder


@pytest.fixture(scope="module")
def pair(site: Path) -> Iterator[tuple[int, int]]:
    """Ports of the worker with the lane and of gunicorn's own, both with the page stored."""
    with (
        Server(site / "site", site / "cache-hot", workers=1) as hot,
        Server(site / "site", site / "cache-stock", workers=1, within=STOCK) as stock,
    ):
        for server in (hot, stock):
            assert statuses(exchange(server.port, asked() + asked())) == [200, 200]
        yield hot.port, stock.port


@pytest.mark.slow
@pytest.mark.advisory(26, "CVE-2026-134820", "CVE-2024-1135", "CVE-2024-6827")
def test_a_body_whose_end_is_not_certain_is_the_end_of_its_connection(pair: tuple[int, int]) -> None:
    """CVE-2026-134820, CVE-2024-1135, CVE-2024-6827 (gunicorn): padded, signed, doubled lengths; ends of chunks.

    A body is never read as a request, in the lane or behind it; more of the kind are in tests/test_hot_lane.py.
    """
    for before in (b"", asked(), asked(path="/nothing/")):
        count = len(statuses(before)) or before.count(b"HTTP/1.1")
        for name, hostile in {**ONE_BODY, **NO_BODY}.items():
            hot, stock = (exchange(port, before + hostile + asked(path="/smuggled/")) for port in pair)
            own = statuses(hot)[count:]
            assert statuses(hot) == statuses(stock)[: len(statuses(hot))], name
            if name in ONE_BODY and hostile == ONE_BODY[name]:
                assert own in ([200, 404], [200]), (name, own)
            else:
                assert 404 not in own, (name, own)
                assert own[-1:] in ([400], [501]) or own == [200], (name, own)


@pytest.mark.slow
def test_each_proxy_of_the_recipes_and_the_blog_count_the_same_requests(
    site: Path, serve: Serve, tmp_path: Path
) -> None:
    """Behind nginx, Caddy and Varnish alike: the blog gets no request that the proxy did not answer as one.

    Each has its own way with such bodies, and makes a certain one of some.
    """
    log = tmp_path / "access.log"
    arguments = f"GUNICORN_CMD_ARGS=--access-logfile {log} --access-logformat %(U)s"
    server = serve(site / "site", workers=1, within=("env", arguments), trust_proxy="1")
    fronts = {
        "nginx": lambda: nginx(tmp_path / "nginx", [server.port], {"rate=50r/s": "rate=9000r/s"}),
        "caddy": lambda: caddy(tmp_path / "caddy", [server.port]),
        "varnishd": lambda: varnish(server.port, tmp_path / "varnish.log"),
    }
    counted: set[str] = set()
    with ExitStack() as stack, ThreadPoolExecutor(24) as clients:
        for name, front in fronts.items():
            tool(name)
            port = stack.enter_context(front()).port
            behind = [
                asked(b"Connection: close", path=f"/smuggled/{name}/{number}/") for number in range(len(NO_BODY))
            ]
            came = clients.map(glance, repeat(port), map(add, NO_BODY.values(), behind))
            counted |= {f"/smuggled/{name}/{number}/" for number, one in enumerate(came) if 404 in statuses(one)}
            honest = asked() + asked(b"Connection: close", path=f"/honest/{name}/")
            assert STATUS.findall(glance(port, honest)) == [b"200", b"404"]
    seen = log.read_text().splitlines()
    assert {path for path in seen if "honest" in path} == {f"/honest/{name}/" for name in fronts}
    assert {path for path in seen if "smuggled" in path} == counted


def glance(port: int, data: bytes) -> bytes:
    """What comes back, until for a moment nothing does: a proxy takes a client that sends no more for gone."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        came = bytearray()
        with suppress(OSError):
            client.sendall(data)
            while piece := client.recv(1 << 16):
                came += piece
                client.settimeout(1)
        return bytes(came)


# --- 27: answers in the order of their questions


@pytest.mark.advisory(27, "gunicorn 26.1")
def test_no_answer_is_given_to_another_question_than_its_own(site: Path) -> None:
    """gunicorn 26.1: the late answer of one request was given to the next, by its dirty workers.

    There are none here, and on one connection answers come in order, also behind one that ran into a time limit.
    """
    config = Config()
    assert config.dirty_workers == 0
    assert "dirty" not in (ROOT / "gunicorn.conf.py").read_text()
    within = ("env", "GUNICORN_CMD_ARGS=--timeout 3")
    with Server(site / "site", site / "cache-27", workers=1, within=within) as server, ExitStack() as stack:
        late = [stack.enter_context(waiting(server.port, number)) for number in range(1, 4)]
        for _ in range(2):  # cold, then from the lane
            numbers = [1 + (7 * step) % 8 for step in range(40)]
            questions = [asked(path=f"/2018/07/17/p{number}/") for number in numbers]
            questions[5:5] = [asked(path="/nothing/"), asked(path="/2018/07/16/film/film.mp4")]
            answers = exchange(server.port, b"".join(questions))
            assert [int(title) for title in re.findall(rb"<h1[^>]*>\s*Entrada (\d)", answers)] == numbers
        for number, client in enumerate(late, 1):
            came = everything(client)
            assert statuses(came) == [200]
            assert re.findall(rb"<h1[^>]*>\s*Entrada (\d)", came) == [str(number).encode()]


def waiting(port: int, number: int) -> socket.socket:
    """A client that owes the rest of a body, which never comes."""
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    client.sendall(asked(b"Content-Length: 10", body=b"hello", path=f"/2018/07/17/p{number}/"))
    return client


# --- 29: nothing depends on a cookie


@pytest.mark.advisory(29, "CVE-2026-27205", "CVE-2023-30861")
def test_no_session_is_ever_looked_at_and_no_cookie_changes_an_answer(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-27205, CVE-2023-30861 (Flask): a session is looked at, and caches are not told by Vary: Cookie.

    Without a key Flask has no session to give; the operator's key for previews is not Flask's.
    """
    blog = new_blog(dict(list(SITE.items())[1:]), secret_key="k" * 40, status_token="t" * 40, s_maxage="60")
    opened: list[NullSession] = []
    interface = blog.app.session_interface
    make = interface.make_null_session
    monkeypatch.setattr(interface, "make_null_session", lambda app: opened.append(make(app)) or opened[-1])
    rules = {rule.rule for rule in blog.app.url_map.iter_rules() if "<" not in rule.rule}
    assert blog.app.secret_key is None
    for path in sorted({*rules, PAGE, f"{PAGE}share/", f"{PAGE}x.png", "/nothing/", "/preview/x/", "/status/x/"}):
        plain, eating = blog.get(path), blog.get(path, cookie="session=eyJhIjoxfQ.x.y; a=b")
        assert eating.body == plain.body or path in {"/metrics", "/readyz"}, path
        for answer in (plain, eating):
            assert "Set-Cookie" not in answer.headers, path
            assert "cookie" not in answer.headers.get("Vary", "").lower(), path
    assert len(opened) > len(rules)
    assert not any(one.accessed for one in opened)


# --- 40: what proxies say


@pytest.mark.slow
@pytest.mark.advisory(40, "Grav 2.0-rc.3")
def test_of_forwarded_headers_as_many_are_believed_as_there_are_proxies(new_blog: NewBlog) -> None:
    """Grav 2.0-rc.3: forwarded headers were trusted one by one, whoever had written them."""
    forged = {
        "x_forwarded_for": "192.0.2.1, 192.0.2.2, 192.0.2.3",
        "x_forwarded_proto": "gopher, http, https",
        "x_forwarded_host": "evil.example, evil.example, evil.example",
        "x_forwarded_prefix": "/evil",
        "x_forwarded_port": "666",
        "forwarded": "for=127.0.0.1;host=evil.example;proto=https",
        "x_real_ip": "127.0.0.1",
        "x_original_url": "/evil/",
        "x_rewrite_url": "/evil/",
        "x_http_method_override": "DELETE",
    }
    believed = {
        "0": ("203.0.113.7", "http"),
        "1": ("192.0.2.3", "https"),
        "2": ("192.0.2.2", "http"),
        "3": ("192.0.2.1", "gopher"),
        "4": ("203.0.113.7", "http"),
    }
    for count, (address, scheme) in believed.items():
        blog = new_blog({"posts/2018-07-17-p1.md": post()}, trust_proxy=count)
        seen: list[tuple[str | None, ...]] = []
        blog.app.before_request(
            lambda seen=seen: seen.append((request.remote_addr, request.scheme, request.host, request.script_root))
        )
        plain, told = blog.get("/nothing/"), blog.get("/nothing/", **forged)
        assert seen[1][:2] == (address, scheme), count
        assert seen[1][2:] == seen[0][2:], "no header names the host or a prefix"
        assert told.body == plain.body
        assert blog.get(PAGE, **forged).status == 200
        assert b"evil" not in blog.get(PAGE, **forged).body
        assert blog.get("/readyz", remote_addr="203.0.113.7", **forged).body == b"ready\n"
