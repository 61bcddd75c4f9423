"""HTTP as others see it: redbot's judgement of each kind of address, and HEAD and 304 over a socket.

The site is one of plain HTTP, for the way to it is: over that, Strict-Transport-Security would rightly be a fault.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

import pytest
import sizes
from blogs import post
from PIL import Image
from programs import lacking
from server import PATIENCE_S, Server
from test_card import encoded

FILES = {
    "site.toml": 'title = "El Blog"\nurl = "http://blog.example.org"\naccent = "#123456"\n',
    "posts/2018-07-15-gone.md": post("Ida", expires="2019-01-01"),
    "posts/2018-07-17-x.md": post(
        "Uno", "![Plaza](foto.png)", categories="[Proyecto]", tags="[ñ]", aliases="[/viejo/]"
    ),
    "posts/foto.png": encoded(Image.effect_noise((200, 150), 64), "PNG"),
    "pages/about.md": post("Acerca de"),
}
KINDS = {
    "home": "/",
    "post": "/2018/07/17/x/",
    "listing": "/archive/",
    "feed": "/feed.xml",
    "style": "/static/style.css",
    "picture": "/2018/07/17/x/foto.png",
    "redirect": "/archive",
    "miss": "/nothing/",
}
MORE = {
    "share": "/2018/07/17/x/share/", "page": "/about/", "category": "/category/proyecto/",
    "sitemap": "/sitemap.xml", "robots": "/robots.txt", "icon": "/favicon.svg", "theme": "/theme.css",
    "health": "/healthz", "gone": "/2018/07/15/gone/", "alias": "/viejo/", "source": "/2018/07/17/x.md",
    "tag": "/tag/%C3%B1/", "month": "/archive/2018/07/", "touch icon": "/apple-touch-icon.png",
}  # fmt: skip
JUDGED = KINDS | MORE if sizes.IS_FULL else KINDS
STATUS = {"redirect": 308, "miss": 404, "gone": 410, "alias": 301}
MEANT = {
    # Shared caches may keep what a reader asked for with credentials: pages are the same for all (RFC 9111, 3.5).
    "Cache-Control: public is probably not necessary.",
    # An edit that is no update leaves the date of a feed as it was, and readers who ask by date must see it.
    "An If-Modified-Since conditional request returned the full content unchanged.",
}
WITH_TAG = [kind for kind in KINDS if kind not in STATUS]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("http")
    for path, content in FILES.items():
        file = folder / "site" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with Server(folder / "site", folder / "cache", workers=1) as server:
        yield server.port


@pytest.mark.parametrize("kind", JUDGED)
def test_redbot_finds_nothing_bad(port: int, kind: str) -> None:
    status, notes = _judged(f"http://127.0.0.1:{port}{JUDGED[kind]}")
    assert status == STATUS.get(kind, 200)
    assert len(notes) > 3, "it looked at nothing"
    assert [
        note["summary"] for note in notes if note["level"] in {"BAD", "WARN"} and note["summary"] not in MEANT
    ] == []


@pytest.mark.parametrize("kind", KINDS)
def test_head_over_a_socket_is_get_without_a_body(port: int, kind: str) -> None:
    (got, got_headers, body), (head, head_headers, nothing) = _on_one_connection(
        port, KINDS[kind], ("GET", {}), ("HEAD", {})
    )
    assert (head, head_headers, nothing) == (got, got_headers, b"")
    assert got_headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("kind", WITH_TAG)
def test_a_tag_over_a_socket_is_answered_as_a_table_says(port: int, kind: str) -> None:
    ((_, headers, body),) = _on_one_connection(port, KINDS[kind], ("GET", {}))
    etag = headers["ETag"]
    table = {etag: 304, f"W/{etag}": 304, f'"other", {etag}': 304, "*": 304, '"other"': 200}
    asked = [(method, {"If-None-Match": tag}) for tag in table for method in ("GET", "HEAD")]
    for (method, condition), answer in zip(asked, _on_one_connection(port, KINDS[kind], *asked), strict=True):
        status, again, read = answer
        assert status == table[condition["If-None-Match"]], condition
        assert read == (body if (status, method) == (200, "GET") else b"")
        assert (again["ETag"], again["Cache-Control"]) == (etag, headers["Cache-Control"])
        assert again.get("Vary") == headers.get("Vary")


def _judged(url: str) -> tuple[int, list[dict[str, str]]]:
    """The status that redbot got, and its notes."""
    if find_spec("redbot") is None:
        lacking("redbot is not installed")
    command = [Path(sys.executable).with_name("redbot"), "-o", "har", url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    (entry,) = json.loads(run.stdout)["log"]["entries"]
    return entry["response"]["status"], entry["_red_messages"]


def _on_one_connection(
    port: int, path: str, *requests: tuple[str, dict[str, str]]
) -> list[tuple[int, dict[str, str], bytes]]:
    """Status, headers but for the clock's, and body of each; a body where none belongs would spoil the next."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.connect()
    connection.auto_open = 0
    answers = []
    for method, headers in requests:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        answers.append((response.status, {k: v for k, v in response.getheaders() if k != "Date"}, body))
    connection.close()
    return answers
