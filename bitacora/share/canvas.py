"""What every card shares: its size, its colours, and a JPEG that each network accepts."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

SIZE = WIDTH, HEIGHT = 1200, 630
"""Pixels: what Meta recommends (Meta sharing docs, images). LinkedIn asks for 1200 × 627, X for about 2:1."""
MOST_BYTES = 300_000
"""WhatsApp's limit is 600 kB, and it drops many pictures above 300 kB (observed: calcom/cal.diy #5613)."""
PAPER = "#fbfaf6"

_AIM_BYTES = 220_000
_QUALITIES = (90, 86, 82, 78, 72, 66, 58, 50, 42, 34, 26, 18, 10, 5)
_GOOD = 78


@dataclass(frozen=True, slots=True)
class Card:
    """A baseline JPEG of `SIZE`, sRGB, without any metadata, and the characters that no font could draw."""

    jpeg: bytes
    missing: str = ""


def finished(image: Image.Image, missing: str = "") -> Card:
    """An RGB picture of `SIZE` as a JPEG under 220 kB; one that would need less quality than 78, under 300 kB."""
    return Card(_encoded(image), missing)


def _encoded(image: Image.Image) -> bytes:
    """Quality by halving, so that noise needs five encodings and nearly everything else one."""
    best = _jpeg(image, _QUALITIES[0])
    if len(best) <= _AIM_BYTES:
        return best
    low, high = 1, len(_QUALITIES) - 1
    found: dict[int, bytes] = {}
    while low < high:
        middle = (low + high) // 2
        found[middle] = _jpeg(image, _QUALITIES[middle])
        if len(found[middle]) <= (_AIM_BYTES if _QUALITIES[middle] >= _GOOD else MOST_BYTES):
            high = middle
        else:
            low = middle + 1
    return found.get(low) or _jpeg(image, _QUALITIES[low])


def _jpeg(image: Image.Image, quality: int) -> bytes:
    """Drawn edges keep all their colour; a lower quality gives that up first.

    Not optimised: Pillow gives that a buffer of one byte a pixel, which noise overflows.
    """
    clean = image.copy()
    clean.info = {}  # else Pillow writes some of it
    file = io.BytesIO()
    clean.save(file, "JPEG", quality=quality, subsampling=0 if quality > _GOOD else 2, progressive=False)
    return file.getvalue()
