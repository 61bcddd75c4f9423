"""Pictures beside posts: what type they are and how large. Only headers are read."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

from bitacora.content.errors import PostError
from bitacora.content.files import Signature, Tree

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "vtt": "text/vtt",
    "pdf": "application/pdf",
}
"""File name extensions that are served from post folders, and the type each is served as."""

_MEASURED = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_EXIF_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
_MOST_KNOWN = 50_000
_UNMEASURABLE = (
    OSError, EOFError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError, struct.error,
    Image.DecompressionBombError, Warning,
)  # fmt: skip
"""What Pillow raises for files that are no pictures, found by feeding it torn ones."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be shown: `url` as a page writes it, size in pixels, 0 where it is not known."""

    url: str
    width: int = 0
    height: int = 0
    type: str = ""
    alt: str = ""
    caption: str = ""


def media_type(path: str) -> str | None:
    """The type to serve a file with, None for one that is not served."""
    _, dot, ending = path.rpartition(".")
    return MEDIA_TYPES.get(ending.lower()) if dot else None


_known: dict[Signature, tuple[int, int]] = {}


def measure(tree: Tree, path: str, version: Signature) -> tuple[int, int]:
    """Width and height as shown, in pixels; (0, 0) for what cannot be measured: missing, broken, vector, film."""
    if not (media_type(path) or "").startswith("image/"):
        return 0, 0
    size = _known.get(version)
    if size is None:
        try:
            with os.fdopen(tree.open(path), "rb") as file:
                size = _size(file)
        except (OSError, PostError):
            return 0, 0
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[version] = size
    return size


def _size(file: BinaryIO) -> tuple[int, int]:
    try:
        with Image.open(file, formats=_MEASURED) as image:
            width, height = image.size
            turned = image.format == "JPEG" and image.getexif().get(_EXIF_ORIENTATION) in _TURNED
    except _UNMEASURABLE:
        return 0, 0
    return (height, width) if turned else (width, height)
