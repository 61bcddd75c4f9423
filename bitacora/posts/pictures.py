"""Pictures and documents beside posts: what type they are, and how large a picture is. Only headers are read."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import time
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO, BinaryIO, cast

from PIL import Image

from bitacora.files.tree import BeingWrittenError, Signature, Tree, signature
from bitacora.problems import PostError

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "ogv": "video/ogg",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "vtt": "text/vtt",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "json": "application/json",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
    "zip": "application/zip",
    "geojson": "application/geo+json",
    "kml": "application/vnd.google-earth.kml+xml",
    "gpx": "application/gpx+xml",
}
"""File name extensions that are served beside posts, and the type of each. A browser runs none of them."""

_SHOWN_BY_BROWSERS = (
    "image/",
    "video/",
    "audio/",
    "text/vtt",
    "text/plain",
    "application/pdf",
    "application/json",
)

DEFAULT_FOCUS = (0.5, 0.4)
"""A little above the middle, where faces and horizons are."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
"""What Pillow may be asked to read: it knows forty more, and finds them behind any name."""

MOST_BYTES = 40 * 1024 * 1024
"""Of a picture that is opened: some formats are read whole for their size alone."""

MOST_PIXELS = 25_000_000
"""Of a picture that is decoded."""

MOST_BYTES_OF_SVG = 8 * 1024 * 1024
MOST_SECONDS = 1.0
"""Of processor time for a header. A camera's takes a millisecond."""

_EXIF_ORIENTATION = 0x0112
_EXIF_GPS = 0x8825
_LATITUDE = 2
_TURNED = (5, 6, 7, 8)
_MOST_KNOWN = 50_000
UNREADABLE = (
    OSError, EOFError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError, OverflowError,
    struct.error, zlib.error, Warning,
)  # fmt: skip
"""What Pillow raises for files that are damaged or made to do damage; warnings where they are made errors."""

_UNMEASURABLE = (*UNREADABLE, Image.DecompressionBombError)

# Of one header it may give 60,000, each in words of its own, which Python prints and keeps forever.
warnings.filterwarnings("ignore", module=r"PIL\.")


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


def is_picture(path: str) -> bool:
    """Whether a file is a picture by its name. All else that is served beside a post is a document."""
    return (media_type(path) or "").startswith("image/")


def is_download(path: str) -> bool:
    """Whether a browser is told to save a file instead of showing it: some would read the markup in it."""
    return not (media_type(path) or "").startswith(_SHOWN_BY_BROWSERS)


_known: dict[Signature, tuple[int, int]] = {}


def measure(tree: Tree, path: str, version: Signature) -> tuple[int, int]:
    """Width and height as shown, in pixels; (0, 0) for what cannot be measured: missing, broken, vector, film."""
    if not is_picture(path):
        return 0, 0
    size = _known.get(version)
    if size is None:
        try:
            with os.fdopen(tree.open(path), "rb") as file:
                size = _size(file)
                if signature(os.fstat(file.fileno())) != version:
                    return 0, 0  # it is being written
        except (OSError, PostError):
            return 0, 0
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[version] = size
    return size


_hashes: dict[Signature, str] = {}
_HASHED = re.compile(r"(.+)-([0-9a-f]{12})(\.[^./]+)")
_CHUNK = 1 << 20


def content_hash(tree: Tree, path: str, version: Signature) -> str:
    """A hash of the bytes of one version of a file, read when it is first asked for; empty for another version.

    Raises OSError or PostError for a file that cannot be read.
    """
    known = _hashes.get(version)
    if known is None:
        digest = hashlib.blake2b(digest_size=6)
        with os.fdopen(tree.open(path), "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            if signature(os.fstat(file.fileno())) != version:
                return ""
        if len(_hashes) >= _MOST_KNOWN:
            _hashes.clear()
        _hashes[version] = known = digest.hexdigest()
    return known


def with_hash(address: str, digest: str, sign: str = "-") -> str:
    """The address of a file, or its name, with the hash of what is in it before its ending."""
    stem, dot, ending = address.rpartition(".")
    return f"{stem}{sign}{digest}{dot}{ending}"


def without_hash(name: str) -> tuple[str, str]:
    """The name of a file and the hash that it was asked for with, both empty for a name that has none."""
    found = _HASHED.fullmatch(name)
    return (found[1] + found[3], found[2]) if found else ("", "")


_READS_A_LOOK = 16
"""A look at the clock costs more than most reads."""


class _Source:
    """A picture's file as Pillow reads it. Raises OSError past MOST_BYTES or, until it is `open`, MOST_SECONDS."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ends = time.thread_time() + MOST_SECONDS
        self._left = MOST_BYTES
        self._reads = 0
        self.is_open = False
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        self._reads += 1
        is_time = self._reads % _READS_A_LOOK == 0 and not self.is_open
        if is_time and time.thread_time() > self._ends:
            raise TimeoutError("the picture's header takes too long to read")
        data = self._file.read(size if 0 <= size <= self._left else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"more than {MOST_BYTES} bytes of the picture are asked for")
        return data


def open_picture(file: BinaryIO, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """The picture behind its header, in one of `formats`; no pixel is decoded yet.

    Raises one of UNREADABLE, or Image.DecompressionBombError.
    """
    source = _Source(file)
    image = Image.open(cast(IO[bytes], source), formats=formats)
    source.is_open = True  # decoding is bounded by the pixels
    return image


def format_of(image: Image.Image) -> str:
    """One of FORMATS. Photographs of phones may hold several: they are "MPO" to Pillow, JPEG to everybody else."""
    return "JPEG" if image.format == "MPO" else image.format or ""


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height as shown, in pixels; (0, 0) for what cannot be measured."""
    return _size(BytesIO(picture))


def has_place(tree: Tree, path: str) -> bool:
    """Whether a picture tells where it was taken, as phones write it: latitude and longitude in its Exif data."""
    try:
        with os.fdopen(tree.open(path), "rb") as file, open_picture(file) as image:
            if "exif" not in image.info and image.width * image.height > MOST_PIXELS:
                return False  # Pillow would decode a PNG to look behind its pixels
            return _LATITUDE in image.getexif().get_ifd(_EXIF_GPS)
    except (PostError, *_UNMEASURABLE):
        return False


_RUNS = re.compile(
    rb"<\s*(?:[\w-]{1,30}:)?(?:script|foreignObject|iframe|handler)\b|\son[a-z]{3,20}\s*=|javascript:|<!ENTITY",
    re.IGNORECASE,
)


def has_script(tree: Tree, path: str) -> bool:
    """Whether a drawing (SVG) has what a browser would run, or cannot be read to its end."""
    if media_type(path) != "image/svg+xml":
        return False
    try:
        data, _ = tree.read(path, MOST_BYTES_OF_SVG)
    except (OSError, PostError, BeingWrittenError):
        return True
    return _RUNS.search(data.replace(b"\0", b"")) is not None


def _size(file: BinaryIO) -> tuple[int, int]:
    try:
        with open_picture(file) as image:
            width, height = image.size
            turned = format_of(image) == "JPEG" and image.getexif().get(_EXIF_ORIENTATION) in _TURNED
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
