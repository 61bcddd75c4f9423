"""The card of a post with a picture: cropped round its focal point, without what the camera noted."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from PIL import Image, ImageCms, ImageDraw

from bitacora.posts.pictures import DEFAULT_FOCUS, FORMATS, MOST_PIXELS, UNREADABLE, format_of, open_picture
from bitacora.share.canvas import HEIGHT, PAPER, SIZE, WIDTH, Card, finished

MOST_SIDE_PX = 16_000
LEAST_SIDE_PX = 200
"""Meta takes no picture below 200 × 200 (Meta sharing docs, images)."""


class CardError(Exception):
    """A picture that cannot be used: why, and what an editor can do, in English.

    `reason_id`, `remedy_id` and `values` are the same before the values were filled in, for a translation.
    """

    def __init__(self, reason: str, remedy: str, values: Mapping[str, object] = MappingProxyType({})) -> None:
        self.reason_id, self.remedy_id, self.values = reason, remedy, dict(values)
        self.reason, self.remedy = reason % self.values, remedy % self.values
        super().__init__(f"{self.reason} {self.remedy}")


def crop(picture: bytes, focus: tuple[float, float] = DEFAULT_FOCUS) -> Card:
    """A card of the picture: its largest part of 40:21 with `focus` as near to the centre as the edges allow.

    A part down to 600 × 315 px is enlarged. A smaller one is mounted on paper, at most doubled, like a print.
    Raises CardError for what cannot be used.
    """
    image = _opened(picture)
    profile = image.info.get("icc_profile")
    size = _turned_size(image)
    wide = _box(size, WIDTH / HEIGHT, focus)
    if (wide[2] - wide[0]) * _MOST_ENLARGED >= WIDTH:
        _hasten(image, WIDTH / (wide[2] - wide[0]))
        pixels = _pixels(image)
        wide = _box(pixels.size, WIDTH / HEIGHT, focus)
        return finished(_shown(pixels.resize(SIZE, _SMOOTH, wide, _REDUCING_GAP), profile, PAPER))
    ratio = min(max(size[0] / size[1], _NARROWEST), _WIDEST)
    return finished(_mounted(_shown(_pixels(image).crop(_whole(_box(size, ratio, focus))), profile, PAPER)))


def check(picture: bytes) -> None:
    """Raises CardError for what `crop` cannot use, for a fraction of its time.

    The header is read and its limits checked; a JPEG is decoded at an eighth, of the others the checksums are
    compared, if they have any.
    """
    image = _opened(picture)
    if format_of(image) == "JPEG":
        image.draft(image.mode, (1, 1))
        _load(image)
        return
    try:
        image.verify()
    except UNREADABLE as error:
        raise _damaged() from error


def extension_of(picture: bytes) -> str:
    """The file name extension that a picture's bytes deserve. Raises CardError for what cannot be used."""
    form = format_of(_opened(picture, least=1)).lower()
    return "jpg" if form == "jpeg" else form


def refusal_of(name: str) -> CardError | None:
    """Why no file of this name is a picture for a card; None where that depends on what is in it."""
    extension = name.rpartition(".")[2].lower()
    return None if extension in _EXTENSIONS else _refused(extension)


def upright(picture: bytes, paper: str) -> Image.Image:
    """The picture as it is meant to be seen: its first frame, turned, sRGB, on `paper`. Raises CardError."""
    image = _opened(picture, least=1)
    profile = image.info.get("icc_profile")
    return _shown(_pixels(image), profile, paper)


_MOST_ENLARGED = 2
_NARROWEST, _WIDEST = 3 / 4, 2.0
_MARGIN = 48
_RULE = "#dcd8cd"
_SMOOTH = Image.Resampling.LANCZOS
_REDUCING_GAP = 2.0
_EXTENSIONS = {"jpg", *(form.lower() for form in FORMATS)}
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_EXPORT = "Save it as JPEG, at least 1200 × 630 px."


def _opened(picture: bytes, least: int = LEAST_SIDE_PX) -> Image.Image:
    """The picture with its header read and its limits checked, before any pixel is decoded."""
    _check_format(picture)
    try:
        image = open_picture(io.BytesIO(picture))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        pixels = re.search(r"\d+", str(error))  # the one thing that Pillow says of it
        raise CardError(
            "The picture has far too many pixels.",
            "Make it smaller: 2400 px on its long side are enough.",
            {"pixels": int(pixels[0])} if pixels else {},
        ) from None
    except UNREADABLE as error:
        raise _damaged() from error
    width, height = size = image.size
    if width * height > MOST_PIXELS or max(size) > MOST_SIDE_PX:
        raise CardError(
            "The picture is %(width)s × %(height)s px; at most 25 million pixels, 16 thousand a side, are read.",
            "Make it smaller: 2400 px on its long side are enough.",
            {"width": width, "height": height},
        )
    if min(size) < least:
        raise CardError(
            "The picture is %(width)s × %(height)s px; networks show none below 200 × 200.",
            "Choose a larger one, at least 1200 × 630 px.",
            {"width": width, "height": height},
        )
    return image


def _check_format(picture: bytes) -> None:
    """Say what to write instead of a format that Pillow is not asked to read."""
    head = picture[:4096]
    brands = head[8:40] if head[4:8] == b"ftyp" else b""
    if not picture:
        raise CardError("The picture's file is empty.", "Save it again.")
    if head.startswith((b"\xff\xd8", b"\x89PNG", b"GIF8")) or head[8:12] == b"WEBP" or b"avi" in brands:
        return
    if b"<svg" in head.lower():
        raise _refused("svg")
    if any(brand in brands for brand in (b"hei", b"hev", b"mif1", b"msf1")):
        raise _refused("heic")
    raise _refused("")


def _refused(extension: str) -> CardError:
    if extension == "svg":
        return CardError(
            "The picture is an SVG drawing, which no network shows.", "Save it as PNG, 1200 × 630 px."
        )
    if extension in {"heic", "heif"}:
        return CardError("The picture is in HEIC, the format of phones, which no network shows.", _EXPORT)
    return CardError("The picture is not a JPEG, PNG, WebP, GIF or AVIF file.", _EXPORT)


def _damaged() -> CardError:
    return CardError(
        "The picture's file is damaged or cut short.", "Open it in a picture editor and save it anew."
    )


def _orientation(image: Image.Image) -> int:
    if image.format == "PNG":
        _load(image)  # a PNG may say so behind its pixels: Pillow would read them too, and never fail again
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except UNREADABLE:
        return 1  # a camera's damaged note is no reason to refuse its picture


def _turned_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if _orientation(image) in (5, 6, 7, 8) else (width, height)


def _box(size: tuple[int, int], ratio: float, focus: tuple[float, float]) -> tuple[float, float, float, float]:
    """The largest box of `ratio` in `size`, with `focus` as near to its centre as the edges allow."""
    width, height = min(size[0], size[1] * ratio), min(size[1], size[0] / ratio)
    left = min(max(focus[0] * size[0] - width / 2, 0), size[0] - width)
    top = min(max(focus[1] * size[1] - height / 2, 0), size[1] - height)
    return left, top, left + width, top + height


def _whole(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(edge) for edge in box)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _hasten(image: Image.Image, scale: float) -> None:
    """Let a JPEG be decoded at a half, a quarter or an eighth, while it stays as large as is needed."""
    if scale < 1:
        image.draft(image.mode, (math.ceil(image.width * scale), math.ceil(image.height * scale)))


def _pixels(image: Image.Image) -> Image.Image:
    """Decoded, turned, eight bits a channel: L, RGB, RGBA or CMYK."""
    turn = _TURNS.get(_orientation(image))
    _load(image)
    try:
        known = _in_known_mode(image)
    except UNREADABLE as error:
        raise _damaged() from error
    return known.transpose(turn) if turn is not None else known


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except UNREADABLE as error:
        raise _damaged() from error


def _in_known_mode(image: Image.Image) -> Image.Image:
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def _shown(image: Image.Image, profile: bytes | None, paper: str) -> Image.Image:
    """In sRGB, on paper."""
    if image.mode != "RGBA":
        return _srgb(image, profile)
    ground = Image.new("RGB", image.size, paper)
    ground.paste(_srgb(image.convert("RGB"), profile), mask=image.getchannel("A"))
    return ground


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours of a phone's wide gamut or of a press as they look on a screen; without a profile they are sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if image.mode != "RGB" or "sRGB" not in ImageCms.getProfileDescription(source):
                converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
                return converted or image.convert("RGB")
        except (ImageCms.PyCMSError, *UNREADABLE):
            pass  # a profile that is damaged or for other channels says nothing
    return image.convert("RGB")


_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _mounted(print_: Image.Image) -> Image.Image:
    scale = min(_MOST_ENLARGED, (WIDTH - 2 * _MARGIN) / print_.width, (HEIGHT - 2 * _MARGIN) / print_.height)
    width, height = round(print_.width * scale), round(print_.height * scale)
    left, top = (WIDTH - width) // 2, (HEIGHT - height) // 2
    ground = Image.new("RGB", SIZE, PAPER)
    ground.paste(print_.resize((width, height), _SMOOTH), (left, top))
    ImageDraw.Draw(ground).rectangle((left - 1, top - 1, left + width, top + height), outline=_RULE)
    return ground
