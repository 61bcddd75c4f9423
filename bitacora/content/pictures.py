"""Pictures beside posts: what type they are and how large. Only headers are read."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
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

DEFAULT_FOCUS = (0.5, 0.4)
"""A little above the middle, where faces and horizons are."""

_MEASURED = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_EXIF_ORIENTATION = 0x0112
_EXIF_GPS = 0x8825
_LATITUDE = 2
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


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height as shown, in pixels; (0, 0) for what cannot be measured."""
    return _size(BytesIO(picture))


def has_place(tree: Tree, path: str) -> bool:
    """Whether a picture tells where it was taken, as phones write it: latitude and longitude in its Exif data."""
    try:
        with os.fdopen(tree.open(path), "rb") as file, Image.open(file, formats=_MEASURED) as image:
            return _LATITUDE in image.getexif().get_ifd(_EXIF_GPS)
    except (PostError, *_UNMEASURABLE):
        return False


def _size(file: BinaryIO) -> tuple[int, int]:
    try:
        with Image.open(file, formats=_MEASURED) as image:
            width, height = image.size
            turned = image.format == "JPEG" and image.getexif().get(_EXIF_ORIENTATION) in _TURNED
    except _UNMEASURABLE:
        return 0, 0
    return (height, width) if turned else (width, height)


def read_focus(value: object) -> tuple[float, float]:
    """A focal point as front matter writes it: x and y from 0 to 1, from the left and the top.

    "top", "bottom right", "0.3 0.7", "30% 70%", [0.3, 0.7] or {x: 0.3, y: 0.7}; empty for the default.
    Raises ValueError, saying what is allowed.
    """
    match value:
        case None | "":
            return DEFAULT_FOCUS
        case str():
            return _spoken_focus(value.lower().split())
        case [x, y]:
            return _share(x), _share(y)
        case {"x": x, "y": y, **rest} if not rest:
            return _share(x), _share(y)
    raise ValueError(_FOCUS_RULE)


_FOCUS_RULE = 'words such as "top" or "bottom left", or x and y from 0 to 1 such as "0.3 0.7"'
_ACROSS = {"left": 0.0, "right": 1.0}
_DOWN = {"top": 0.0, "bottom": 1.0}
_MIDDLE = ("center", "centre", "middle")


def _spoken_focus(words: Sequence[str]) -> tuple[float, float]:
    if len(words) == 2 and not any(word[0].isalpha() for word in words):
        return _share(words[0]), _share(words[1])
    across = [_ACROSS[word] for word in words if word in _ACROSS]
    down = [_DOWN[word] for word in words if word in _DOWN]
    middle = [word for word in words if word in _MIDDLE]
    if len(across) > 1 or len(down) > 1 or len(across) + len(down) + len(middle) != len(words) or len(words) > 2:
        raise ValueError(_FOCUS_RULE)
    return (*across, 0.5)[0], (*down, 0.5)[0]


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(_FOCUS_RULE)
    try:
        number = float(value[:-1]) / 100 if isinstance(value, str) and value.endswith("%") else float(value)
    except (ValueError, OverflowError):
        raise ValueError(_FOCUS_RULE) from None
    if not 0 <= number <= 1:
        raise ValueError(_FOCUS_RULE)
    return number
