"""Files that are served as they are: static ones under a name with their hash, and what lies beside posts."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
from pathlib import Path
from urllib.parse import quote

from flask import Request, Response
from werkzeug.utils import send_file

from bitacora.content.errors import PostError
from bitacora.content.files import BeingWrittenError, Signature, Tree, signature
from bitacora.content.pictures import media_type
from bitacora.content.snapshot import Snapshot

FOREVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400, stale-while-revalidate=604800"
_HASHED = re.compile(r"(.+)\.([0-9a-f]{12})(\.[A-Za-z0-9]+)")
_TEXT = ("text/", "application/javascript", "image/svg+xml", "application/json")
_SMALL_BYTES = 256 * 1024
_CHUNK = 1 << 20
_MOST_HASHES = 20_000


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
        self._hashes: dict[Signature, str] = {}

    def static_url(self, snapshot: Snapshot, name: str) -> str:
        """The address of a file in `static/`, which changes with its content."""
        found = self._find(snapshot, name.removeprefix("static/").lstrip("/"))
        if found is None:
            return "/static/" + quote(name)
        tree, path, version = found
        stem, dot, extension = path.partition("/")[2].rpartition(".")
        return "/static/" + quote(f"{stem}.{self._hash(tree, path, version)}{dot}{extension}")

    def static(self, request: Request, snapshot: Snapshot, name: str) -> Response | None:
        """The answer for `/static/<name>`, the hash in the name or not; None for what is not there."""
        found = self._find(snapshot, name)
        if found is not None:
            return self._send(request, *found, "no-cache")
        hashed = _HASHED.fullmatch(name)
        found = self._find(snapshot, hashed[1] + hashed[3]) if hashed else None
        if hashed is None or found is None:
            return None
        is_current = self._hash(*found) == hashed[2]
        return self._send(request, *found, FOREVER if is_current else "no-cache")

    def beside_post(self, request: Request, snapshot: Snapshot, path: str) -> Response | None:
        """The answer for a picture or other file in a post's folder; None when it has gone meanwhile."""
        return self._send(request, snapshot.tree, path, snapshot.files[path], A_DAY)

    def logo(self, snapshot: Snapshot) -> bytes | None:
        """The bytes of the picture that stands for the site; None when there is none or it cannot be read."""
        found = self._find(snapshot, snapshot.site.logo.removeprefix("static/").lstrip("/"))
        try:
            return found[0].read(found[1])[0] if found else None
        except (OSError, PostError, BeingWrittenError):
            return None

    def _find(self, snapshot: Snapshot, name: str) -> tuple[Tree, str, Signature] | None:
        if version := snapshot.files.get(f"static/{name}"):
            return snapshot.tree, f"static/{name}", version
        if version := self._theme.get(name):
            return self._shipped, f"{self._folder}/{name}", version
        return None

    def _hash(self, tree: Tree, path: str, version: Signature) -> str:
        if version not in self._hashes:
            if len(self._hashes) >= _MOST_HASHES:
                self._hashes.clear()
            try:
                with os.fdopen(tree.open(path), "rb") as file:
                    digest = hashlib.blake2b(digest_size=6)
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
            except (OSError, PostError):
                return "0" * 12
            self._hashes[version] = digest.hexdigest()
        return self._hashes[version]

    def _send(
        self, request: Request, tree: Tree, path: str, version: Signature, cache_control: str
    ) -> Response | None:
        kind = media_type(path) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        try:
            file = os.fdopen(tree.open(path), "rb")
        except (OSError, PostError):
            return None
        if kind.startswith(_TEXT) and version[2] <= _SMALL_BYTES:
            with file:
                response = Response(file.read(), mimetype=kind)
        else:
            response = send_file(  # type: ignore[assignment]
                file,
                request.environ,
                mimetype=kind,
                etag=self._hash(tree, path, version),
                conditional=True,
                response_class=Response,
            )
        response.headers["Cache-Control"] = cache_control
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if kind == "image/svg+xml":
            response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        return response
