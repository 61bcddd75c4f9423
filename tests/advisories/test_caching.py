"""What one client sends never decides what the next one gets."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import BinaryIO

import pytest
from blogs import NOON, Answer, Blog, Clock, post
from conftest import NewBlog, Serve
from server import PATIENCE_S

FILES = {
    "posts/2018-07-17-x.md": post("Uno", "Texto [otro](/2018/07/16/y/) " * 30, tags="[t]", authors="[Ana]"),
    "posts/2018-07-16-y.md": post("Dos", redirect_from="[/old/]"),
    "posts/2018-07-15-z.md": post("BORRADOR", draft="true"),
}
PAGES = ("/", "/2018/07/17/x/", "/feed.xml", "/2018/07/17/x/share/", "/static/style.css", "/tag/t/")
OTHERS = ("/old/", "/2018/07/17/x", "/nothing/", "/2018/07/15/z/", "//2018/07/17/x/")
AT_ONCE = 40
EVIL = "evil.example"
PATH = "/evil-path/"
ADDRESS = "203.0.113.66"
HEADERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "X-Ghost-Preview", "X-Preview", "X-Draft", "X-Statamic-Live-Preview", "X-Frontend-Preview",
            "X-Middleware-Subrequest", "X-Middleware-Prefetch", "X-Invoke-Status", "X-Nextjs-Data", "Next-Action",
            "RSC", "X-Inertia", "X-PJAX", "Turbo-Frame", "HX-Request", "X-Debug", "X-Debug-Token",
            "X-Drupal-Cache", "X-Api-Version", "X-Custom-IP-Authorization", "Debug", "Preview", "Purpose",
            "Sec-Purpose", "X-Purpose", "X-Moz", "X-Requested-With", "Save-Data", "DNT", "Sec-GPC", "Early-Data",
            "X-WAP-Profile", "X-ATT-DeviceId", "X-UCBrowser-Device", "Surrogate-Capability", "Fastly-Debug",
            "X-Cache-Key", "X-Bypass-Cache", "X-No-Cache",
        ),
        ("1", "v=0&member_status=anonymous", f"https://{EVIL}{PATH}"),
    ),
    **dict.fromkeys(
        (
            "X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-Original-Host", "X-HTTP-Host-Override",
            "X-Proxy-Host", "X-Backend-Host", "X-Real-Host", "Forwarded", "Origin", "Referer", "X-Base-URL",
            "Base-Url", "X-Forwarded-Site", "Proxy-Host", "X-Gateway-Host", "Destination",
        ),
        (EVIL, f"host={EVIL};proto=http", f"http://{EVIL}/"),
    ),
    **dict.fromkeys(
        (
            "X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Scheme",
            "X-URL-Scheme", "Front-End-Https", "X-Forwarded-Https", "Upgrade-Insecure-Requests",
            "CF-Visitor", "X-Forwarded-Port", "X-Port",
        ),
        ("https", "on", "ftp", "1337"),
    ),
    **dict.fromkeys(
        (
            "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Uri", "X-Forwarded-Prefix",
            "X-Script-Name", "Script-Name", "X-Original-Uri", "X-Path", "Request-Uri", "Content-Location",
            "X-Accel-Redirect", "X-Sendfile", "X-Sendfile-Type", "X-Accel-Mapping", "X-Replaced-Path",
            "X-Envoy-Original-Path",
        ),
        (PATH, "/2018/07/15/z/", f"//{EVIL}/"),
    ),
    "X-Forwarded-Protocol": ("ssl", "ftp"),
    "X-Forwarded-Ssl": ("on", "off"),
    **dict.fromkeys(
        ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"), ("POST", "HEAD", "PURGE")
    ),
    **dict.fromkeys(
        (
            "X-Forwarded-For", "X-Real-IP", "Client-IP", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP",
            "CF-Connecting-IP", "Fastly-Client-IP", "X-Remote-IP", "X-Remote-Addr", "X-Originating-IP", "Via",
        ),
        ("127.0.0.1", ADDRESS, "::1"),
    ),
    **dict.fromkeys(
        ("Accept", "Accept-Language", "Accept-Charset", "Content-Type", "Content-Language", "TE", "Prefer"),
        ("application/json", "pt-BR", "utf-7", "trailers", "return=minimal", "*/*;q=0"),
    ),
    **dict.fromkeys(
        (
            "Cookie", "Authorization", "Proxy-Authorization", "X-Auth-Token", "X-User", "Remote-User",
            "X-WEBAUTH-USER",
        ),
        ("session=x; preview=1", "Bearer x", "Basic YTpi", "admin"),
    ),
    **dict.fromkeys(
        ("If-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range", "Cache-Control", "Pragma"),
        (
            '"x"', "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "bytes=0-9", "no-cache",
            "only-if-cached",
        ),
    ),
    "User-Agent": ("WhatsApp/2.23", "", "facebookexternalhit/1.1", "Twitterbot/1.0", "Googlebot", "<script>"),
    "Max-Forwards": ("0",),
    "Accept-Encoding": ("identity", "*;q=0", "x", "gzip;q=0, br;q=0"),
    "If-None-Match": ('"x"', 'W/"y"'),
    "X-Forwarded-Surrogate-Key": ("all",),
    "Surrogate-Key": ("all",),
    "Cache-Tag": ("all",),
    "X-Content-Revision": ("x",),
    "Location": (f"//{EVIL}/",),
}  # fmt: skip
"""Headers that changed an answer of somebody, and their kin; none of these values may change one of ours."""
SINGLE = [(name, value) for name, values in HEADERS.items() for value in values]
FIRST = [(name, values[0]) for name, values in HEADERS.items() if name != "_method"]
"""On the wire gunicorn refuses names that WSGI could not tell apart."""


def told(answer: Answer) -> tuple[object, ...]:
    return answer.status, sorted(answer.headers), answer.body


def asked_cold(blog: Blog, path: str, *fields: tuple[str, str]) -> tuple[object, ...]:
    """What the first reader gets, before anything is stored."""
    for store in (blog.parts.page_cache.store, blog.parts.page_cache.beside):
        store.clear()
    named = {name.replace("-", "_").lower(): value for name, value in fields}
    return told(blog.get(path, query="preview=1&filter=x", **named))


def asked_stored(blog: Blog, path: str) -> tuple[object, ...]:
    return told(blog.get(path, query="preview=1&filter=x"))


def plain_get(path: str, *fields: tuple[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: blog.example.org", *map(": ".join, fields), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def answers(port: int, requests: Sequence[bytes]) -> Iterator[bytes]:
    """The answers to requests on one kept connection, sent many at a time, without their dates."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client,
        client.makefile("rb") as file,
    ):
        for start in range(0, len(requests), AT_ONCE):
            together = requests[start : start + AT_ONCE]
            client.sendall(b"".join(together))
            for _ in together:
                yield _answer(file)


def _answer(file: BinaryIO) -> bytes:
    head = b"".join(iter(file.readline, b"\r\n"))
    found = re.search(rb"Content-Length: (\d+)\r\n", head)
    assert found, head
    return re.sub(rb"Date: [^\r]*", b"", head) + file.read(int(found[1]))


@pytest.mark.advisory(1, "CVE-2026-53943")
def test_no_header_or_pair_of_headers_changes_what_readers_get(
    new_blog: NewBlog, serve: Serve, tmp_path: Path
) -> None:
    """CVE-2026-53943 (Ghost): a header changed a page, and shared caches kept that page for everybody.

    Each header when nothing is stored, random halves of all of them for pairs, and each pair against the lane.
    """
    blog = new_blog(FILES, clock=Clock(NOON), s_maxage="600", trust_proxy="1")
    usual = {path: asked_cold(blog, path) for path in (*PAGES, *OTHERS)}
    assert [answer[0] for answer in usual.values()] == [200] * len(PAGES) + [301, 308, 404, 404, 308]
    singles = [("/2018/07/17/x/", field) for field in FIRST] + [("/feed.xml", field) for field in SINGLE]
    changed = [
        (path, field)
        for path, field in singles
        if (asked_cold(blog, path, field), asked_stored(blog, path)) != (usual[path], usual[path])
    ]
    chance = random.Random(1)
    for path in [*(PAGES + OTHERS), *PAGES[:3] * 7]:
        fields = tuple(chance.sample(FIRST, len(FIRST) // 2))
        if (asked_cold(blog, path, *fields), asked_stored(blog, path)) != (usual[path], usual[path]):
            changed.append((path, fields))
    assert changed == []

    (tmp_path / "site/posts").mkdir(parents=True)
    (tmp_path / "site/posts/2018-07-17-x.md").write_text(post("Uno"))
    port = serve(tmp_path / "site", workers=1).port
    pairs = [*((field,) for field in SINGLE if field in FIRST), *combinations(FIRST, 2)]
    (first,) = answers(port, [plain_get("/feed.xml", *FIRST[:40])])  # it is this one that is stored
    told_apart = set(answers(port, [plain_get("/feed.xml", *fields) for fields in pairs]))
    assert told_apart == {first}
    for path in ("/", "/2018/07/17/x/"):
        (cold,) = answers(port, [plain_get(path, *FIRST[40:80])])
        singles = answers(port, [plain_get(path, field) for field in FIRST])
        assert {*singles, *answers(port, [plain_get(path)])} == {cold}
