"""The square icon that phones and Apple's previews show: the site's logo, else a compass in its accent."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageOps

from bitacora.posts.pictures import MOST_PIXELS, UNREADABLE, open_picture

SIDE_PX = 180
"""Apple's size for touch icons; at least 108 are needed for a preview without a picture (Apple TN3156)."""

PAPER = "#fbfaf6"
SEA = "#0a5f63"
_FORMATS = ("PNG", "JPEG", "WEBP")
_SHARPER = 4


def icon(accent: str, logo: bytes | None) -> bytes:
    """A PNG of `SIDE_PX` by `SIDE_PX` pixels without transparency. A logo that cannot be read is left out."""
    drawn = (_fitted(logo) if logo else None) or _compass(accent or SEA)
    file = io.BytesIO()
    drawn.save(file, "PNG", optimize=True)
    return file.getvalue()


def _fitted(logo: bytes) -> Image.Image | None:
    try:
        with open_picture(io.BytesIO(logo), _FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (*UNREADABLE, Image.DecompressionBombError):
        return None
    fitted = ImageOps.pad(upright, (SIDE_PX, SIDE_PX), color=(0, 0, 0, 0))
    icon = Image.new("RGBA", fitted.size, PAPER)
    icon.alpha_composite(fitted)
    return icon.convert("RGB")


def _compass(accent: str) -> Image.Image:
    """The drawing of favicon.svg, on a ground without corners, as phones round them themselves."""
    size = SIDE_PX * _SHARPER
    unit = size / 40
    drawn = Image.new("RGB", (size, size), accent)
    south = Image.blend(Image.new("RGB", (1, 1), accent), Image.new("RGB", (1, 1), PAPER), 0.5).getpixel((0, 0))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse([8 * unit, 8 * unit, 32 * unit, 32 * unit], outline=south, width=round(unit * 0.7))
    needle = {PAPER: ((27.8, 12.2), (23, 23), (17, 17)), south: ((12.2, 27.8), (17, 17), (23, 23))}
    for colour, points in needle.items():
        pen.polygon([(x * unit, y * unit) for x, y in points], fill=colour)
    return drawn.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
