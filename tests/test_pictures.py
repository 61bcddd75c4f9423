"""Pictures beside posts: how large they are, without ever being decoded, whatever their bytes."""

from __future__ import annotations

import errno
import io
import os
import random
from pathlib import Path

import pytest
from PIL import Image

from bitacora.files.tree import Signature, Tree, signature
from bitacora.posts import pictures
from bitacora.posts.pictures import media_type

FORMATS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF"}


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_known", {})


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), orientation: int = 0) -> bytes:
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    file = io.BytesIO()
    Image.new("RGB", size).save(file, kind, **({"exif": exif} if kind != "GIF" else {}))
    return file.getvalue()


def written(folder: Path, name: str, data: bytes) -> tuple[Tree, str, Signature]:
    (folder / name).write_bytes(data)
    return Tree(folder), name, signature((folder / name).stat())


@pytest.mark.parametrize("ending", FORMATS)
def test_the_size_of_each_kind_of_picture_is_known(tmp_path: Path, ending: str) -> None:
    assert pictures.measure(*written(tmp_path, f"x.{ending}", picture(FORMATS[ending]))) == (40, 30)


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40)), (8, (30, 40))])
def test_a_turned_photograph_is_measured_as_it_is_shown(
    tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    assert pictures.measure(*written(tmp_path, "x.jpg", picture("JPEG", orientation=orientation))) == size


@pytest.mark.parametrize("name", ["x.svg", "x.mp4", "x.pdf", "x.png"])
@pytest.mark.parametrize("data", [b"", b"<svg/>", b"%PDF-1.4", picture()[:20], picture("JPEG")[:40]])
def test_what_cannot_be_measured_has_no_size(tmp_path: Path, name: str, data: bytes) -> None:
    assert pictures.measure(*written(tmp_path, name, data)) == (0, 0)


def test_a_bomb_is_not_set_off(tmp_path: Path) -> None:
    header = bytearray(picture())
    header[16:24] = (60_000).to_bytes(4, "big") * 2
    assert pictures.measure(*written(tmp_path, "x.png", bytes(header))) == (0, 0)


def test_a_film_that_calls_itself_a_picture_is_not_opened(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "BMP")
    assert pictures.measure(*written(tmp_path, "x.png", file.getvalue())) == (0, 0)


@pytest.mark.filterwarnings("ignore")
def test_no_torn_picture_raises(tmp_path: Path) -> None:
    chance = random.Random(7)
    whole = [picture(kind, orientation=6) for kind in FORMATS.values()]
    for _ in range(1500):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(min(len(data), 200))] = chance.choice([0, 255, chance.randrange(256)])
        width, height = pictures._size(io.BytesIO(bytes(data[: chance.randint(0, 2 * len(data))])))
        assert width >= 0
        assert height >= 0


def test_a_picture_is_opened_once_for_one_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = written(tmp_path, "x.png", picture())
    assert pictures.measure(*known) == (40, 30)
    with monkeypatch.context() as closed:
        closed.setattr(os, "open", None)
        assert pictures.measure(*known) == (40, 30)
    assert pictures.measure(*written(tmp_path, "x.png", picture(size=(50, 60)))) == (50, 60)


def test_a_picture_that_could_not_be_read_is_measured_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread = written(tmp_path, "x.png", picture())

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as full:
        full.setattr(os, "open", refuse)
        assert pictures.measure(*unread) == (0, 0)
    assert pictures.measure(*unread) == (40, 30)


def test_a_picture_outside_the_site_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "x.png").write_bytes(picture())
    (tmp_path / "site" / "x.png").symlink_to("../x.png")
    found = (tmp_path / "x.png").stat()
    assert pictures.measure(Tree(tmp_path / "site"), "x.png", signature(found)) == (0, 0)


def test_no_more_sizes_are_remembered_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_MOST_KNOWN", 3)
    for number in range(10):
        assert pictures.measure(*written(tmp_path, f"{number}.png", picture())) == (40, 30)
        assert len(pictures._known) <= 3


@pytest.mark.parametrize("name", ["x.html", "x.js", "x.php", "x.svg.html", "png", "x.", "x", ".png.exe"])
def test_what_is_no_medium_has_no_type(name: str) -> None:
    assert media_type(name) is None


def test_the_type_goes_by_the_ending_in_any_case() -> None:
    assert media_type("posts/a/X.JPG") == "image/jpeg"
