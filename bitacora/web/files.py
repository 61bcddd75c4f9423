"""Files that are served as they are: static ones under a name with their hash, and what lies beside posts."""

from __future__ import annotations

import codecs
import errno
import mimetypes
import os
import re
from pathlib import Path
from posixpath import splitext
from typing import BinaryIO
from urllib.parse import quote

from flask import Request, Response
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from bitacora.files.layout import WELL_KNOWN
from bitacora.files.tree import BeingWrittenError, Signature, Tree, signature
from bitacora.library.snapshot import Snapshot
from bitacora.posts.pictures import content_hash, has_script, is_download, is_picture, media_type
from bitacora.problems import PostError
from bitacora.web.headers import NO_CACHE, NO_STORE

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Content-Security-Policy of a drawing that is opened by itself: it may carry scripts."""

DOCUMENT_POLICY = "default-src 'none'; sandbox"
"""Of a document that is opened by itself: whatever it is made of, nothing in it runs, and nothing is fetched."""

SHOWN_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; object-src 'self'; style-src 'unsafe-inline'"
"""Of a document that browsers show by a page of their own, which a sandbox would keep from working."""

SANDBOX_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
"""Of a file of `root/`: a page there is for the machine that asks for it, and has no part in the blog's origin."""

MOST_BYTES = 40 * 1024 * 1024
"""Of a picture that a card is made from."""

_HASHED = re.compile(r"(.+)\.[0-9a-f]{12}(\.[^./]*)?")
_TEXT = ("text/", "application/javascript", "image/svg+xml", "application/json")
_SHOWN = ("application/pdf", "audio/", "video/")
_ONE_PART = re.compile(r"bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))", re.ASCII | re.IGNORECASE)
_SMALL_BYTES = 256 * 1024
_CHUNK = 1 << 20
_NO_HASH = "0" * 12
# Conditions of writers, and those that times of files would decide: replicas differ in them.
_NOT_ASKED = ("HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")


class Files:
    """Serves files of the site, or of the default theme in the folder `shipped`, by looking them up by name."""

    def __init__(self, shipped: Path) -> None:
        self._shipped = Tree(shipped.parent)
        self._theme = {
            path.removeprefix(f"{shipped.name}/"): signature(found)
            for path, found in self._shipped.walk(shipped.name, lambda _folder: None)
            if not isinstance(found, OSError)
        }
        self._folder = shipped.name

    def static_url(self, snapshot: Snapshot, name: str) -> str:
        """The address of a file in `static/`, which changes with its content."""
        name = name.removeprefix("static/").lstrip("/")
        found = self._find(snapshot, name)
        if found is None:
            return "/static/" + quote(name)
        stem, extension = splitext(name)
        return "/static/" + quote(f"{stem}.{self._hash(*found)}{extension}")

    def static_name(self, snapshot: Snapshot, name: str) -> str | None:
        """The name of the file in `static/` that `name`, with or without a hash, stands for."""
        hashed = _HASHED.fullmatch(name)
        names = (name, hashed[1] + (hashed[2] or "")) if hashed else (name,)
        return next((name for name in names if self._find(snapshot, name)), None)

    def static(self, request: Request, snapshot: Snapshot, name: str, *, is_kept: bool) -> Response | None:
        """The answer with a file of `static/`; None when there is none, or no more.

        Text that `is_kept` is whole: the store answers conditions, and everybody with its own tag.
        """
        found = self._find(snapshot, name)
        return self._send(request, *found, is_kept=is_kept) if found else None

    def beside_post(self, request: Request, snapshot: Snapshot, path: str) -> Response | None:
        """The answer with a picture or document beside a post; None when it has gone meanwhile."""
        is_document = not is_picture(path)
        if has_script(snapshot.tree, path):
            return None
        response = self._send(request, snapshot.tree, path, snapshot.files[path], in_parts=is_document)
        if response is not None and is_document:
            is_shown = (media_type(path) or "").startswith(_SHOWN)
            response.headers["Content-Security-Policy"] = SHOWN_POLICY if is_shown else DOCUMENT_POLICY
            response.headers.setdefault("Cache-Control", NO_CACHE)  # it goes at once when no text names it
            if is_download(path):
                response.headers["Content-Disposition"] = "attachment"
        return response

    def at_the_root(self, request: Request, snapshot: Snapshot, path: str) -> Response | None:
        """The answer with a file of `root/`, whose pages run nothing; None when it has gone meanwhile."""
        version = snapshot.files[path]
        kind = _kind_at_the_root(snapshot.tree, path)
        response = self._send(request, snapshot.tree, path, version, kind=kind, in_parts=True)
        if response is not None:
            response.headers["Content-Security-Policy"] = SANDBOX_POLICY
            response.headers.setdefault("Cache-Control", NO_CACHE)
            if path.startswith(f"{WELL_KNOWN}/"):  # for programs, also those in pages of other sites
                response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    def logo(self, snapshot: Snapshot) -> bytes | None:
        """The bytes of the picture that stands for the site; None when there is none or it cannot be read."""
        found = self._find(snapshot, snapshot.site.logo.removeprefix("static/").lstrip("/"))
        try:
            return found[0].read(found[1])[0] if found else None
        except (OSError, PostError, BeingWrittenError):
            return None

    def content_hash(self, snapshot: Snapshot, path: str) -> str:
        """A hash of the bytes of a file of the site."""
        return self._hash(snapshot.tree, path, snapshot.files[path])

    def content(self, snapshot: Snapshot, path: str) -> bytes:
        """The bytes of a file as the snapshot knows it. Raises OSError, or PostError for one over MOST_BYTES."""
        try:
            data, version = snapshot.tree.read(path, MOST_BYTES)
        except BeingWrittenError as error:
            raise OSError("it is being written") from error
        if version != snapshot.files[path]:
            raise OSError("it has just changed")
        return data

    def _find(self, snapshot: Snapshot, name: str) -> tuple[Tree, str, Signature] | None:
        if version := snapshot.files.get(f"static/{name}"):
            return snapshot.tree, f"static/{name}", version
        if version := self._theme.get(name):
            return self._shipped, f"{self._folder}/{name}", version
        return None

    def _hash(self, tree: Tree, path: str, version: Signature) -> str:
        try:
            return content_hash(tree, path, version) or _NO_HASH
        except (OSError, PostError):
            return _NO_HASH

    def _send(
        self,
        request: Request,
        tree: Tree,
        path: str,
        version: Signature,
        *,
        kind: str = "",
        is_kept: bool = False,
        in_parts: bool = False,
    ) -> Response | None:
        kind = kind or media_type(path) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        etag = self._hash(tree, path, version)
        try:
            file = os.fdopen(tree.open(path), "rb")
        except (OSError, PostError):
            return None
        if kind.startswith(_TEXT) and version[2] <= _SMALL_BYTES and not in_parts:
            with file:
                response = Response(file.read(), mimetype=kind)
                now = signature(os.fstat(file.fileno()))
        else:
            try:
                now = signature(os.fstat(file.fileno()))
            except OSError:
                file.close()
                return None
            response = Response(_OneVersion(file, now), mimetype=kind, direct_passthrough=True)
            response.content_length = now[2]
            if in_parts and not (kind.startswith("text/") and _is_utf8(file)):
                response.headers["Content-Type"] = kind
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if kind == "image/svg+xml":
            response.headers["Content-Security-Policy"] = SVG_POLICY
        if now != version:
            response.close()
            return _not_now()
        response.set_etag(etag)
        if is_kept and not response.is_streamed:
            return response
        return conditional(response, request, version[2])


def _not_now() -> Response:
    """For a file that is another one than was looked at: it may be half of what it will be."""
    return Response(status=503, mimetype="text/plain", headers={"Cache-Control": NO_STORE, "Retry-After": "2"})


class _OneVersion(FileWrapper):
    """A file as it is sent. Writing over it meanwhile ends the connection: no two versions are mixed."""

    def __init__(self, file: BinaryIO, version: Signature) -> None:
        super().__init__(file, _CHUNK)
        self._written = version[2:4]

    def __next__(self) -> bytes:
        data = self.file.read(self.buffer_size)
        if signature(os.fstat(self.file.fileno()))[2:4] != self._written:
            raise OSError(errno.ECONNRESET, "the file was written to while it was sent")
        if not data:
            raise StopIteration
        return data


def _kind_at_the_root(tree: Tree, path: str) -> str:
    """Return the media type of a file of `root/`; one whose name has no ending begins like what it is."""
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    if dot:
        return media_type(path) or _ROOT_TYPES.get(ending.lower(), "application/octet-stream")
    try:
        with os.fdopen(tree.open(path), "rb") as file:
            start = file.read(_SMALL_BYTES)
            is_text = _is_utf8(file) and b"\0" not in start
    except (OSError, PostError):
        return "application/octet-stream"
    if start.lstrip()[:1] in {b"{", b"["}:
        return "application/json"
    return "text/plain" if is_text else "application/octet-stream"


_ROOT_TYPES = {
    "html": "text/html",
    "htm": "text/html",
    "xml": "application/xml",
    "webmanifest": "application/manifest+json",
    "ico": "image/x-icon",
}


def _is_utf8(file: BinaryIO) -> bool:
    """Whether a text begins like one in UTF-8. What spreadsheets write often is not."""
    start = file.read(_SMALL_BYTES)
    file.seek(0)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, len(start) < _SMALL_BYTES)
    except UnicodeDecodeError:
        return False
    return True


def conditional(response: Response, request: Request, size: int) -> Response:
    """For an answer with an entity tag: 304 to who has it, 206 to who wants one part of what is streamed.

    416 for a part behind its end, whole for any other wish (RFC 9110: 13.1.5, 13.2.2, 14.2).
    """
    asked = {name: value for name, value in request.environ.items() if name not in _NOT_ASKED}
    is_weak = asked.get("HTTP_IF_RANGE", "").lstrip().startswith("W/")  # no such tag tells that bytes are the same
    if "HTTP_IF_NONE_MATCH" in asked or request.method == "HEAD" or is_weak:
        asked.pop("HTTP_RANGE", None)
    try:
        response.make_conditional(asked, accept_ranges=response.is_streamed, complete_length=size)
    except RequestedRangeNotSatisfiable:
        if _is_behind_the_end(request.headers.get("Range", ""), size):
            response.close()
            response = Response(status=416, mimetype="text/plain")
            response.headers.update({"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
        else:
            response.headers.remove("Content-Range")
    response.headers.remove("Date")  # the server's own comes with every answer
    return response


def _is_behind_the_end(asked: str, size: int) -> bool:
    """Whether a Range header asks for one part, and there is nothing in that part."""
    found = _ONE_PART.fullmatch(asked)
    if not found:
        return False
    first, last, length = found.groups()
    if length is not None:
        return not int(length)
    return int(first) >= size and (not last or int(last) >= int(first))
