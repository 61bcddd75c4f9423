"""A blog on a folder that a test writes, asked in this process through a strict WSGI client."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes
from warnings import catch_warnings, simplefilter
from wsgiref.validate import WSGIWarning, validator
from xml.etree import ElementTree

import html5lib
from flask import Flask, request
from werkzeug.datastructures import Headers

from app import create_app
from bitacora.web.beside import THREAD

URL = "https://blog.example.org"
SETTINGS = f'title = "El Blog"\nurl = "{URL}"\ntimezone = "America/Santiago"\n'
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
PATIENCE_S = 60.0


def hashed(address: str, data: bytes) -> str:
    """The address of a picture on a page, which tells what is in it."""
    stem, dot, ending = address.rpartition(".")
    return f"{stem}-{hashlib.blake2b(data, digest_size=6).hexdigest()}{dot}{ending}"


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class Answer:
    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def html(self) -> Any:
        """The document, without namespaces; html5lib is strict only about what is no HTML at all."""
        return html5lib.parse(self.text, namespaceHTMLElements=False)

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def links(self) -> list[str]:
        return [link.get("href") for link in self.html.iter("a")]

    def words(self, tag: str) -> list[str]:
        """The texts of all elements of one kind."""
        return [" ".join("".join(element.itertext()).split()) for element in self.html.iter(tag)]


def call(
    app: Any,
    method: str,
    path: bytes,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """One WSGI call, checked by the validator of the standard library."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "blog.example.org" if "remote_addr" not in (headers or {}) else "127.0.0.1:8000",
        "REMOTE_ADDR": "203.0.113.7",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        environ[name.upper() if name in {"remote_addr", "content_type"} else f"HTTP_{name.upper()}"] = value
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda data: None

    with catch_warnings():
        simplefilter("ignore", WSGIWarning)  # of methods that it does not know
        pieces = validator(app)(environ, start) if path[:1] != b"*" else app(environ, start)
    try:
        data = b"".join(pieces)
    finally:
        pieces.close()  # type: ignore[attr-defined]
    status, found = started[-1]
    return Answer(int(status.split()[0]), Headers(found), data)


@dataclass
class Blog:
    """The folder of a site and the app that serves it."""

    root: Path
    app: Flask
    clock: Callable[[], float]
    dispatched: list[str] = field(default_factory=list)

    def get(self, path: str, method: str = "GET", query: str = "", body: bytes = b"", **headers: str) -> Answer:
        """Names of headers are written with underscores: if_none_match="…".

        `remote_addr` is who asks, and asks by the address of the server unless `host` is given as well.
        """
        return call(self.app, method, unquote_to_bytes(path), query, headers, body)

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def delete(self, path: str) -> None:
        (self.root / path).unlink()

    def get_until(self, status: int, path: str, body: bytes | None = None) -> Answer:
        """What a deletion or a change of a folder needs: a moment. `body` is what is there then."""
        deadline = time.monotonic() + PATIENCE_S
        while (answer := self.get(path)).status != status or (body is not None and answer.body != body):
            assert time.monotonic() < deadline, f"{path} is still {answer.status} {answer.body[:100]!r}"
            time.sleep(0.02)  # what it waits for needs the processor as well
        return answer

    @property
    def parts(self) -> Any:
        return self.app.extensions["bitacora"]


def forget_drawing(blog: Blog) -> None:
    """Nothing more is drawn beside requests: whoever counts what is drawn next would count it."""
    beside = blog.parts.cards._beside
    with beside._changed:
        beside._urgent.clear()
        beside._others.clear()


def let_drawing_end() -> None:
    """Wait for what blogs that have ended are still drawing."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(PATIENCE_S)


@contextmanager
def make_blog(
    folder: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    settings: str = "",
    clock: Callable[[], float] = time.time,
    **environ: str,
) -> Iterator[Blog]:
    """A blog with these files, and `settings` added to the usual `site.toml`; `environ` without BITACORA_."""
    root = folder / "site"
    (root / "posts").mkdir(parents=True)
    (root / "site.toml").write_text(SETTINGS + settings)
    blog = Blog(root, Flask("none"), clock)
    for path, text in (files or {}).items():
        blog.write(path, text)
    given = {f"BITACORA_{name.upper()}": value for name, value in environ.items()}
    blog.app = create_app(
        {"BITACORA_SITE": str(root), "BITACORA_CACHE_DIR": str(folder / "cache"), **given}, clock=clock
    )

    blog.app.before_request(lambda: blog.dispatched.append(request.path))
    while blog.parts.library.current() is None:  # files just written are read twice
        blog.parts.library.snapshot()
    yield blog
    blog.parts.library._watch.close()
    forget_drawing(blog)


def post(title: str = "Una entrada", body: str = "Texto.", **head: str) -> str:
    """A post; values of the head are YAML as written."""
    lines = "".join(f"{key}: {value}\n" for key, value in head.items())
    return f'---\ntitle: "{title}"\n{lines}---\n{body}\n'
