"""Pictures that were made to do damage: faults of Pillow's kinds meet limits of ours before they meet memory."""

from __future__ import annotations

import ast
import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blogs import post
from conftest import NewBlog
from PIL import Image, ImageFile, MpoImagePlugin

from bitacora.files.tree import Tree
from bitacora.posts import pictures
from bitacora.posts.pictures import FORMATS, UNREADABLE, has_place, open_picture, size_of
from bitacora.share.icon import icon
from bitacora.share.photo import CardError, check, crop, extension_of, upright

ROOT = Path(__file__).parents[2]
PILLOW = "bitacora/posts/pictures.py"
"""The one module that opens pictures."""
READERS = ("Image.open", "ImageFile.Parser", "Image.core")
MOVERS = {"seek", "n_frames", "is_animated", "all_frames", "Iterator"}
"""What goes to another picture of the same file, and lets its size be another."""


def encoded(form: str, size: tuple[int, int] = (240, 230), colour: str = "red", **how: object) -> bytes:
    file = io.BytesIO()
    Image.new("P" if form == "GIF" else "RGB", size, 0 if form == "GIF" else colour).save(file, form, **how)
    return file.getvalue()


def wider(jpeg: bytes, width: int, height: int) -> bytes:
    """The same bytes with another size in the frame's header (ITU-T T.81, B.2.2)."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def of_a_phone(second: tuple[int, int] = (60, 40)) -> bytes:
    """Two pictures in one JPEG, held upright; the second has as many pixels as it says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    behind = Image.new("RGB", (60, 40), "blue")
    Image.new("RGB", (800, 600), "red").save(file, "MPO", save_all=True, append_images=[behind], exif=exif)
    whole = file.getvalue()
    at = whole.index(b"\xff\xd8\xff", 2)
    return whole[:at] + wider(whole[at:], *second)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side: int) -> bytes:
    """Small, and side² pixels once it is decoded."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side + 1) * min(side, 50), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def endless_exif(segments: int, piece: bytes = b"x") -> bytes:
    """A JPEG whose Exif data comes in that many pieces: Pillow joins each to all before it."""
    segment = b"\xff\xe1" + struct.pack(">H", 8 + len(piece)) + b"Exif\0\0" + piece
    return b"\xff\xd8" + segment * segments + encoded("JPEG")[2:]


def quarrelsome_exif() -> bytes:
    """A JPEG of 700 KB of which Pillow has 60,000 things to say."""
    entries = b"".join(struct.pack("<HHLL", tag, 1, 700_000 + tag, 8) for tag in range(60_000))
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 60_000) + entries + bytes(4)
    pieces = [tiff[start : start + 65_000] for start in range(0, len(tiff), 65_000)]
    segments = [b"\xff\xe1" + struct.pack(">H", len(piece) + 8) + b"Exif\0\0" + piece for piece in pieces]
    return b"\xff\xd8" + b"".join(segments) + encoded("JPEG")[2:]


def is_refused(use: Callable[[bytes], object], data: bytes) -> bool:
    try:
        use(data)
    except CardError:
        return True
    return False


def calls(tree: ast.AST) -> Iterator[str]:
    return (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


# --- 23: decoders of formats that nobody needs


def _hidden() -> dict[str, bytes]:
    """Other formats, each whole, and one that begins as a JPEG does and is none."""
    found = {form: encoded(form) for form in ("BMP", "TIFF", "PPM", "TGA", "ICO", "PCX", "SGI", "JPEG2000", "EPS")}
    found["PSD"] = (
        b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 230, 240, 8, 3) + bytes(12) + bytes(240 * 230 * 3)
    )
    found["FITS"] = b"".join(
        line.ljust(80).encode()
        for line in ("SIMPLE  =   T", "BITPIX  =  8", "NAXIS   =  2", "NAXIS1  = 240", "NAXIS2  = 230", "END")
    ).ljust(2880) + bytes(240 * 230)
    found["DCX"] = struct.pack("<III", 0x3ADE68B1, 12, 0) + found["PCX"]
    return found


HIDDEN = _hidden()


@pytest.mark.advisory(23, "GHSA-8g5g-8vmr-9782", "GHSA-5x8w-8jj5-q52h", "CVE-2026-96639")
def test_no_decoder_but_those_of_five_formats_runs_whatever_a_picture_is_called(tmp_path: Path) -> None:
    """GHSA-8g5g-8vmr-9782, GHSA-5x8w-8jj5-q52h, CVE-2026-96639 (Pillow): decoders that write past their memory."""
    for number, (form, data) in enumerate(HIDDEN.items()):
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == form, "Pillow would not read it"
        for ending in ("jpg", "png", "webp", "gif", "avif"):
            name = f"{form}.{ending}"
            (tmp_path / name).write_bytes(data)
            assert pictures.measure(Tree(tmp_path), name, (0, number, 0, 0, hash(ending))) == (0, 0)
            assert not has_place(Tree(tmp_path), name)
        for use in (check, crop, extension_of, lambda data: upright(data, "#fff")):
            assert is_refused(use, data)
        with pytest.raises(UNREADABLE):
            open_picture(io.BytesIO(data))
        assert icon("", data) == icon("", None)


def test_a_picture_is_opened_in_one_place_which_names_the_formats() -> None:
    """Whoever opens a picture elsewhere would forget the limits."""
    opened = {
        str(file.relative_to(ROOT)): call
        for file in (ROOT / "bitacora").rglob("*.py")
        for call in calls(ast.parse(file.read_text("utf-8")))
        if call in READERS or call.endswith("Image.open")
    }
    assert opened == {PILLOW: "Image.open"}
    assert set(FORMATS) == {"JPEG", "PNG", "GIF", "WEBP", "AVIF"}


# --- 24: sizes that are checked once and then change


@pytest.mark.advisory(24, "CVE-2026-96636", "CVE-2026-96637", "CVE-2026-55379", "CVE-2026-40192")
def test_of_a_phones_picture_only_the_first_is_ever_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2026-96636, CVE-2026-96637, CVE-2026-55379, CVE-2026-40192 (Pillow): bombs past the check, by seek()."""

    def seek(*_: object) -> None:
        raise AssertionError("it goes to another picture")

    monkeypatch.setattr(MpoImagePlugin.MpoImageFile, "seek", seek)
    data = of_a_phone(second=(65_000, 65_000))
    with open_picture(io.BytesIO(data)) as image:
        assert image.format == "MPO", "it is no such picture"
    (tmp_path / "x.jpg").write_bytes(data)
    assert not has_place(Tree(tmp_path), "x.jpg")
    check(data)
    with Image.open(io.BytesIO(crop(data).jpeg)) as card:
        assert card.size == (1200, 630)
        red, _, blue = card.convert("RGB").getpixel((600, 315))  # type: ignore[misc]
    assert red > 200 > blue
    assert upright(data, "#fff").size == (600, 800)
    assert icon("", data) != icon("", None)


def test_a_phones_picture_is_a_jpeg_for_everybody() -> None:
    """Pillow calls it "MPO", which no reader and no editor does."""
    assert size_of(of_a_phone()) == (600, 800)
    assert extension_of(of_a_phone()) == "jpg"


def test_nothing_of_ours_goes_to_another_frame_or_takes_a_font_from_a_site() -> None:
    """The other ways past the check of those advisories: frames, and fonts of strangers."""
    users = [*(ROOT / "bitacora/share").glob("*.py"), ROOT / PILLOW]
    found = {
        (file.name, ast.unparse(node))
        for file in users
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in MOVERS
    }
    assert found == {("pictures.py", "self.seek"), ("pictures.py", "file.seek")}, "of the file alone"
    fonts = [
        (file.name, call)
        for file in users
        for call in calls(ast.parse(file.read_text()))
        if "ImageFont.tr" in call
    ]
    assert {name for name, _ in fonts} <= {"fonts.py"}, "which knows those of packages alone"


def test_a_bomb_is_measured_by_its_header_and_decoded_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pixels are counted before any of them is decoded."""
    decoded: list[tuple[int, int]] = []
    load = ImageFile.ImageFile.load

    def noted(self: ImageFile.ImageFile) -> object:
        decoded.append(self.size)
        return load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", noted)
    bombs = {"x.png": png_bomb(9_000), "y.jpg": wider(encoded("JPEG"), 9_000, 9_000), "z.png": png_bomb(60_000)}
    for name, bomb in bombs.items():
        (tmp_path / name).write_bytes(bomb)
        assert not has_place(Tree(tmp_path), name)
        for use in (check, crop, lambda bomb: upright(bomb, "#fff")):
            assert is_refused(use, bomb)
        assert icon("", bomb) == icon("", None)
        assert max(size_of(bomb)) <= 9_000
    assert [size for size in decoded if size[0] * size[1] > pictures.MOST_PIXELS] == []


# --- 25: headers without end


@pytest.mark.advisory(25, "CVE-2026-96643")
def test_a_header_that_takes_too_long_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2026-96643 (Pillow): a header that is replaced without end."""
    now, asked = iter(range(10_000_000)), []

    def second_by_second() -> float:
        asked.append(next(now))
        return asked[-1] / 1000

    data = endless_exif(5_000)
    assert size_of(data) == (240, 230), "it is a picture, if one has the time"
    monkeypatch.setattr(pictures.time, "thread_time", second_by_second)
    (tmp_path / "x.jpg").write_bytes(data)
    for use in (
        lambda: size_of(data) == (0, 0),
        lambda: has_place(Tree(tmp_path), "x.jpg") is False,
        lambda: pictures.measure(Tree(tmp_path), "x.jpg", (1, 2, 3, 4, 5)) == (0, 0),
        lambda: icon("", data) == icon("", None),
        lambda: is_refused(check, data),
        lambda: is_refused(crop, data),
    ):
        asked.clear()
        assert use()
        assert 1_000 <= len(asked) < 1_100
    assert size_of(encoded("JPEG")) == (240, 230)


def test_no_more_of_a_picture_is_read_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some formats are read whole for their size alone."""
    monkeypatch.setattr(pictures, "MOST_BYTES", 4_000)
    for form in FORMATS:
        assert size_of(encoded(form)) == (240, 230)
    for form in ("WEBP", "AVIF"):
        assert size_of(encoded(form) + bytes(5_000)) == (0, 0)
    assert size_of(endless_exif(400, b"x" * 100)) == (0, 0)


def test_a_post_with_such_a_picture_is_served_and_its_card_is_drawn(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reader waits for a header without end."""
    monkeypatch.setattr(pictures, "MOST_SECONDS", 0.0)
    files: dict[str, str | bytes] = {
        "posts/2018-07-17-x.md": post("Uno", "![Plaza](foto.jpg)"),
        "posts/foto.jpg": endless_exif(50_000),
    }
    blog = new_blog(files)
    page = blog.get("/2018/07/17/x/")
    assert (page.status, "/2018/07/17/x/foto" in page.text) == (200, True)
    [address] = [meta.get("content") for meta in page.html.iter("meta") if meta.get("property") == "og:image"]
    card = blog.get(address.removeprefix("https://blog.example.org"))
    assert (card.status, card.headers["Content-Type"]) == (200, "image/jpeg")


def test_a_picture_of_which_much_is_to_be_said_fills_neither_the_log_nor_memory() -> None:
    """Python keeps each warning forever that it has not seen before."""
    program = """
import sys, bitacora.posts.pictures as ours, PIL.TiffImagePlugin as theirs
size = ours.size_of(sys.stdin.buffer.read())
print(size, len(getattr(theirs, "__warningregistry__", {})))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, input=quarrelsome_exif(), capture_output=True, check=True
    )
    size, _, kept = done.stdout.decode().rpartition(" ")
    assert size == "(240, 230)"
    assert int(kept) < 10
    assert done.stderr == b""
