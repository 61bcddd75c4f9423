"""The touch icon shows the site's logo, else a compass in its accent."""

from __future__ import annotations

import io

from PIL import Image

from bitacora.share.icon import SEA, SIDE_PX, icon


def picture(mode: str, size: tuple[int, int], colour: object, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, form)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def test_the_icon_is_a_square_png_without_transparency() -> None:
    image = opened(icon("", None))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (SIDE_PX, SIDE_PX))


def test_the_compass_stands_on_the_accent() -> None:
    assert opened(icon("#7a1f3d", None)).getpixel((1, 1)) == (0x7A, 0x1F, 0x3D)
    assert opened(icon("", None)).getpixel((1, 1)) == tuple(bytes.fromhex(SEA[1:]))


def test_a_logo_is_fitted_and_never_stretched() -> None:
    image = opened(icon("", picture("RGB", (200, 100), "#ff0000")))
    assert image.getpixel((SIDE_PX // 2, SIDE_PX // 2)) == (255, 0, 0)
    assert image.getpixel((SIDE_PX // 2, 10)) == (0xFB, 0xFA, 0xF6)


def test_a_transparent_logo_stands_on_paper() -> None:
    image = opened(icon("", picture("RGBA", (50, 50), (0, 0, 0, 0))))
    assert image.getpixel((90, 90)) == (0xFB, 0xFA, 0xF6)


def test_a_logo_that_cannot_be_read_leaves_the_compass() -> None:
    compass = icon("#7a1f3d", None)
    cmyk = picture("CMYK", (8, 8), (0, 0, 0, 0), "JPEG")
    bomb = picture("1", (6000, 6000), 1)
    torn = picture("RGB", (200, 200), "#ff0000")[:100]
    for unreadable in (b"", b"garbage", b"<svg/>", bomb, torn):
        assert icon("#7a1f3d", unreadable) == compass
    assert opened(icon("#7a1f3d", cmyk)).getpixel((90, 90)) == (255, 255, 255)
