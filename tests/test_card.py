"""The picture that travels with a link: drawn from a post's words, or cropped from its picture."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageStat, features

from bitacora.share import fonts
from bitacora.share.card import Card, CardError, CardText, Look, crop, draw, edition, read_focus
from bitacora.share.fonts import Ink
from bitacora.share.lines import Frame, set_block

GOLDEN = Path(__file__).parent / "cards"
TOLERANCE = 0.9
"""Mean difference of a channel, of 255, at half size. Measured: 0.1 to 0.3 where the golden pictures were made, as
they keep 48 colours; up to 0.8 with letters moved by a quarter of a pixel, as another FreeType may do; above 4
with another word or line break."""

PAPER = Look("", "paper", None)
INK = Look("#d9a441", "ink", None)
TITLES = {
    "spanish": ("¿Por qué una bitácora? El ñandú, el pingüino y la brújula", "es", PAPER),
    "portuguese": ("Governo aberto começa na frase", "pt", INK),
    "four-thousand": ("Una frase que no termina nunca, ni cuando debería. " * 80, "es", PAPER),
    "russian": ("Открытые данные — это не таблица, а привычка отвечать", "ru", INK),
    "greek": ("Η ανοιχτή διακυβέρνηση αρχίζει από μια φράση", "el", PAPER),
    "arabic": ("الحكومة المفتوحة تبدأ بجملة واحدة في WhatsApp عام 2018", "ar", PAPER),
    "hebrew": ("ממשל פתוח מתחיל במשפט אחד (באמת)", "he", INK),
    "chinese": ("一张会旅行的图片：分享链接时，大家究竟会看到什么？", "zh", PAPER),
    "japanese": ("旅する一枚の絵", "ja", INK),
    "hindi": ("खुली सरकार एक वाक्य से", "hi", PAPER),
    "emoji": ("🎉🚀🌊👩‍🚀🇨🇱", "es", PAPER),
}
UNDRAWN = ("chinese", "japanese", "hindi", "emoji")


def said(title: str, lang: str = "es", date: str = "2018-07-17T12:00:00-03:00") -> CardText:
    return CardText(title, "Bitácora", "Ana Muñoz", date, "Proyecto", lang)


def opened(card: Card) -> Image.Image:
    with Image.open(io.BytesIO(card.jpeg)) as image:
        image.load()
        return image.convert("RGB")


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def halves(left: str, right: str, size: tuple[int, int] = (2400, 1260)) -> Image.Image:
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


def arrow(size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """A picture that looks otherwise in each of the eight orientations."""
    image = Image.new("RGB", size, "#ffffff")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, size[0] // 2, size[1] // 3), "#c02020")
    pen.rectangle((0, size[1] * 2 // 3, size[0] // 4, size[1]), "#2020c0")
    return image


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(1).randbytes(size[0] * size[1] * 3))


def difference(one: Image.Image, other: Image.Image) -> float:
    means = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(means) / len(means)


def near(pixel: object, colour: tuple[int, int, int], by: int = 6) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= by for a, b in zip(pixel, colour, strict=True))


def segments(jpeg: bytes) -> list[tuple[int, bytes]]:
    """Marker and body of each segment up to the first scan (ITU T.81, annex B)."""
    assert jpeg[:2] == b"\xff\xd8"
    assert jpeg[-2:] == b"\xff\xd9"
    found = []
    place = 2
    while not found or found[-1][0] != 0xDA:
        start, marker, length = struct.unpack(">BBH", jpeg[place : place + 4])
        assert start == 0xFF
        found.append((marker, jpeg[place + 4 : place + 2 + length]))
        place += 2 + length
    return found


def assert_accepted_everywhere(card: Card) -> None:
    """Baseline JFIF of 1200 × 630, three channels, at most 300 kB, and no segment that could carry a note."""
    found = segments(card.jpeg)
    assert found[0][0] == 0xE0
    assert found[0][1].startswith(b"JFIF\0")
    assert {marker for marker, _ in found} == {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
    frame = next(body for marker, body in found if marker == 0xC0)
    assert struct.unpack(">BHHB", frame[:6]) == (8, 630, 1200, 3)
    assert len(card.jpeg) <= 300_000


@pytest.fixture
def required_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the optional font for Chinese were not installed."""
    place = fonts._path
    monkeypatch.setattr(fonts, "_path", lambda package, file: None if "cjk" in package else place(package, file))
    fonts._characters.cache_clear()
    yield
    fonts._characters.cache_clear()


@pytest.mark.skipif(not fonts.SHAPED, reason="the golden pictures are set by raqm")
@pytest.mark.usefixtures("required_fonts")
@pytest.mark.parametrize("name", TITLES)
def test_each_title_looks_like_its_golden_picture(name: str) -> None:
    title, lang, look = TITLES[name]
    half = opened(draw(said(title, lang), look)).reduce(2)
    with Image.open(GOLDEN / f"{name}.png") as golden:
        assert difference(half, golden.convert("RGB")) < TOLERANCE


@pytest.mark.skipif(not fonts.SHAPED, reason="the golden pictures are set by raqm")
def test_chinese_looks_like_its_golden_picture_where_its_font_is_installed() -> None:
    pytest.importorskip("noto_cjk_sans_otc")
    card = draw(said(*TITLES["chinese"][:2]), PAPER)
    assert card.missing == ""
    with Image.open(GOLDEN / "chinese-with-font.png") as golden:
        assert difference(opened(card).reduce(2), golden.convert("RGB")) < TOLERANCE


@pytest.mark.usefixtures("required_fonts")
@pytest.mark.parametrize(
    "title", [*(title for title, _, _ in TITLES.values()), "", "x", "‮" * 9, "Ẅ" * 300, "\ud800"]
)
@pytest.mark.parametrize("look", [PAPER, INK])
def test_every_card_is_accepted_everywhere(title: str, look: Look) -> None:
    assert_accepted_everywhere(draw(said(title), look))


@pytest.mark.usefixtures("required_fonts")
@pytest.mark.parametrize("name", [name for name in TITLES if name not in UNDRAWN])
def test_nothing_is_missing_in_scripts_that_have_a_font(name: str) -> None:
    assert draw(said(*TITLES[name][:2]), PAPER).missing == ""


@pytest.mark.parametrize("face", [*fonts.SERIF[:3], fonts.SANS[0]], ids=lambda face: face.file)
def test_a_font_is_known_to_have_the_characters_that_it_has(face: fonts.Face) -> None:
    with TTFont(fonts._path(face.package, face.file)) as font:
        assert fonts._characters(face.package, face.file) == set(font.getBestCmap())


@pytest.mark.usefixtures("required_fonts")
def test_characters_without_a_font_are_named_once_as_a_reader_counts_them() -> None:
    assert draw(said("Vamos 🚀🚀 con 👩‍🚀 y 猫"), PAPER).missing == "🚀👩‍🚀猫"


@pytest.mark.usefixtures("required_fonts")
def test_no_card_has_a_box_in_place_of_what_no_font_can_draw() -> None:
    def drawn(title: str, site: str = "Bitácora") -> bytes:
        return draw(replace(said(title), site_name=site), PAPER).jpeg

    for emoji in ("Vamos 🚀🚀 con 👩\u200d🚀 todos", "🎉 Vamos con todos", "Vamos 1\ufe0f\u20e3 con todos 🇨🇱"):
        assert drawn(emoji) == drawn("Vamos con todos"), emoji
    for letters in ("猫", "Vamos con 猫", "हिन्दी", "🎉", "猫" * 900):
        assert drawn(letters) == drawn("") == drawn("Bitácora"), letters
    assert drawn("猫", "犬") == drawn("", "")
    without = replace(said("Uno"), author="", category="")
    assert draw(replace(said("Uno"), author="猫", category="犬🎉"), PAPER).jpeg == draw(without, PAPER).jpeg
    assert draw(replace(said("Uno"), author="猫", category="犬🎉"), PAPER).missing == "犬🎉猫"


def test_the_same_words_give_the_same_bytes_in_another_process() -> None:
    script = (
        "import hashlib; from bitacora.share.card import *\n"
        "text = CardText('Una bitácora', 'Bitácora', 'Ana', '2018-07-17', 'Proyecto', 'es')\n"
        "print(hashlib.sha256(draw(text, Look('', 'paper', None)).jpeg).hexdigest())"
    )
    runs = {
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout for _ in range(2)
    }
    assert len(runs) == 1


@pytest.mark.parametrize(
    "title", ["Una\u202e bitácora", "Una \u2067bitácora\u2069", "\u200fUna bitácora", "Una\nbitácora"]
)
def test_bidi_controls_and_line_breaks_leave_no_trace(title: str) -> None:
    assert draw(said(title), PAPER) == draw(said("Una bitácora"), PAPER)


def test_a_post_without_title_bears_the_name_of_the_site() -> None:
    assert draw(said(" "), PAPER) == draw(said("Bitácora"), PAPER)


@pytest.mark.parametrize("name", [name for name in TITLES if name not in UNDRAWN])
def test_the_whole_title_lies_in_the_centred_square(name: str) -> None:
    """Two cards that differ in the title alone differ in the centred 570 px alone, give or take a JPEG block."""
    title = TITLES[name][0]
    one, other = (opened(draw(said(words, date=""), PAPER)) for words in (title, title[:1]))
    changed = ImageChops.difference(one, other).point(lambda level: 255 if level > 24 else 0).getbbox()
    assert changed
    assert changed[0] >= 315 - 16
    assert changed[2] <= 885 + 16


def test_a_title_from_the_right_mirrors_the_page() -> None:
    dated, plain = (opened(draw(said("ממשל", "he", date), PAPER)) for date in ("2018-07-17", ""))
    changed = ImageChops.difference(dated, plain).point(lambda level: 255 if level > 24 else 0).getbbox()
    assert changed
    assert changed[0] > 900


@pytest.mark.skipif(not features.check("raqm"), reason="compares with raqm")
def test_hebrew_reads_from_the_right_without_raqm(monkeypatch: pytest.MonkeyPatch) -> None:
    shaped = opened(draw(said("ממשל (פתוח) 2018", "he"), PAPER))
    monkeypatch.setattr(fonts, "SHAPED", False)
    fonts._font.cache_clear()
    unshaped = opened(draw(said("ממשל (פתוח) 2018", "he"), PAPER))
    fonts._font.cache_clear()
    assert difference(shaped, unshaped) < 1.5  # kerning; letters that were not turned round: 4.4


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("שלום 123 456", ["456", " ", "123", "שלום "]),
        ("שלום: 12:30-14:00, 5%", ["5%", ", ", "12:30-14:00", "שלום: "]),
        ("العام 1999-2005", ["2005", "-", "1999", "العام "]),
        ("שלום 1999-2005", ["1999-2005", "שלום "]),
        ("אב\u2067ab\u2069 ג", ["\u2069 ג", "ab", "אב\u2067"]),
    ],
)
def test_numbers_stand_where_who_reads_from_the_right_expects_them(text: str, seen: list[str]) -> None:
    assert [part for _, part in reversed(fonts._stretches(text, True))] == seen


def test_a_sentence_in_another_direction_is_turned_round_in_one_that_reads_from_the_left() -> None:
    ink = Ink(fonts.SERIF, 40, "#000000", "en")
    runs = [(run.text.strip(" ,"), run.is_rtl) for run in fonts._runs("abc אבג 12, דה def", ink)]
    assert [run for run in runs if run[0]] == [
        ("abc", False),
        ("דה", True),
        ("12", False),
        ("אבג", True),
        ("def", False),
    ]
    assert fonts._stretches("abc 123 (def)", False) == [(0, "abc 123 (def)")]


def test_words_of_the_other_direction_keep_their_order() -> None:
    ink = Ink(fonts.SERIF, 40, "#000000", "he", is_rtl=True)
    runs = [run.text.strip() for run in fonts._runs("שלום Hello world 2018 עולם", ink)]
    assert [text for text in runs if text] == ["עולם", "Hello world 2018", "שלום"]


def test_the_day_and_month_are_written_in_the_language_of_the_post() -> None:
    months = [draw(said("Uno", lang), PAPER).jpeg for lang in ("es", "en", "ru", "not a language")]
    assert len(set(months)) == 4 - 1  # an unknown language has English months


def test_a_month_that_no_font_can_write_is_written_in_figures() -> None:
    assert draw(said("Uno", "hi"), PAPER).missing == ""


def test_a_date_in_words_is_written_as_it_is() -> None:
    one, other = (draw(said("Uno", date=date), PAPER) for date in ("ayer por la tarde", ""))
    assert difference(opened(one), opened(other)) > 0.1


@pytest.mark.parametrize("accent", ["#ffff00", "#ffffff", "#000000", "#0a5f63", "#7f7f7f"])
@pytest.mark.parametrize(("card", "paper"), [("paper", (0xFB, 0xFA, 0xF6)), ("ink", (0x14, 0x18, 0x1B))])
def test_the_accent_can_be_read_on_the_paper(accent: str, card: str, paper: tuple[int, int, int]) -> None:
    image = opened(draw(said("Uno"), Look(accent, card, None)))
    assert near(image.getpixel((20, 620)), paper)
    band = image.getpixel((20, 4))
    assert isinstance(band, tuple)
    dark, light = sorted((luminance(band), luminance(paper)))
    assert (light + 0.05) / (dark + 0.05) >= 4.4


def luminance(colour: tuple[int, ...]) -> float:
    """WCAG's relative luminance, near enough: a power for the curve of sRGB."""
    red, green, blue = ((part / 255) ** 2.2 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_readable_accent_is_kept() -> None:
    assert near(opened(draw(said("Uno"), Look("#7a1f3d", "paper", None))).getpixel((600, 4)), (0x7A, 0x1F, 0x3D))


def test_the_logo_stands_beside_the_entry_and_is_not_stretched() -> None:
    logo = encoded(Image.new("RGB", (400, 100), "#ff0000"))
    image = opened(draw(said("Uno"), Look("", "paper", logo)))
    assert near(image.getpixel((1058, 268)), (254, 0, 0))
    assert near(image.getpixel((1058, 268 - 40)), (0xFB, 0xFA, 0xF6))


@pytest.mark.parametrize(
    "logo", [b"", b"garbage", b"<svg xmlns='http://www.w3.org/2000/svg'/>", encoded(arrow())[:900]]
)
def test_a_logo_that_cannot_be_read_leaves_the_compass(logo: bytes) -> None:
    assert draw(said("Uno"), Look("", "paper", logo)) == draw(said("Uno"), PAPER)


def test_the_edition_names_what_changes_a_drawing() -> None:
    assert Image.__version__ in edition()
    assert "font_source_serif_pro 0.0.1" in edition()


FRAME = Frame(570, 400, ((80, 3), (60, 5), (40, 8)))
SERIF = Ink(fonts.SERIF_SEMIBOLD, 0, "#000000")


def test_a_short_title_is_large_and_a_long_one_smaller() -> None:
    sizes = [set_block("palabra " * count + "fin", SERIF, FRAME).ink.size for count in (1, 8, 20)]
    assert sizes == [80, 60, 40]


def test_no_word_of_a_title_that_fits_is_lost() -> None:
    title = "Cinco minutos de accesibilidad que cambian la vida de quien te lee cada mañana"
    assert " ".join(set_block(title, SERIF, FRAME).lines) == title


@pytest.mark.parametrize("words", range(3, 16))
def test_lines_are_even_and_the_last_is_no_orphan(words: int) -> None:
    block = set_block(
        " ".join(["marinero", "sin", "brújula"] * 5).split(" ", words)[0] + " mar" * words, SERIF, FRAME
    )
    widths = [fonts.width(line, block.ink) for line in block.lines]
    assert min(widths) > 0.5 * max(widths)


def test_a_title_without_room_is_cut_at_a_word() -> None:
    block = set_block("largas palabras " * 250, SERIF, FRAME)
    assert len(block.lines) == 8
    assert block.lines[-1].endswith(("largas…", "palabras…"))


def test_a_word_longer_than_a_line_is_first_made_smaller_and_then_broken() -> None:
    assert set_block("Electroencefalografista", SERIF, FRAME).lines == ("Electroencefalografista",)
    broken = set_block("W" * 60, SERIF, FRAME)
    assert "".join(broken.lines) == "W" * 60
    assert max(fonts.width(line, broken.ink) for line in broken.lines) <= 575


def test_the_same_letter_is_measured_once_however_long_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    width = fonts.width

    def noted(text: str, ink: Ink) -> float:
        measured.append(text)
        return width(text, ink)

    monkeypatch.setattr(fonts, "width", noted)
    set_block("W" * 4_000, Ink(fonts.SERIF, 0, "#000000"), Frame(570, 400, ((92, 2), (64, 4), (36, 9))))
    assert measured.count("W") == 1


def test_a_dash_between_words_begins_no_line() -> None:
    for count in range(1, 12):
        lines = set_block("dato " * count + "— una costumbre", SERIF, FRAME).lines
        assert not any(line.startswith("—") for line in lines)


def test_french_punctuation_stays_with_its_word() -> None:
    for count in range(1, 12):
        lines = set_block("mot " * count + "« pourquoi pas ? » : oui", SERIF, FRAME).lines
        assert not any(line.startswith(("?", "»", ":")) or line.endswith("«") for line in lines)


def test_chinese_breaks_between_characters_and_not_before_a_comma() -> None:
    lines = set_block("分享链接时，大家究竟会看到什么？" * 3, SERIF, FRAME).lines
    assert len(lines) > 1
    assert not any(line.startswith(("，", "？")) for line in lines)


WITH_PIXELS: dict[str, Callable[[], bytes]] = {
    "photograph": lambda: encoded(arrow(), "JPEG"),
    "progressive": lambda: encoded(arrow(), "JPEG", progressive=True),
    "cmyk": lambda: encoded(arrow().convert("CMYK"), "JPEG"),
    "grey": lambda: encoded(arrow().convert("L"), "JPEG"),
    "png": lambda: encoded(arrow()),
    "palette": lambda: encoded(arrow().convert("P", palette=Image.Palette.ADAPTIVE)),
    "alpha": lambda: encoded(arrow().convert("RGBA")),
    "grey-alpha": lambda: encoded(arrow().convert("LA")),
    "black-and-white": lambda: encoded(arrow().convert("1")),
    "webp": lambda: encoded(arrow(), "WEBP"),
    "gif": lambda: encoded(arrow(), "GIF", save_all=True, append_images=[noise((1200, 900))]),
    "apng": lambda: encoded(arrow(), "PNG", save_all=True, append_images=[noise((1200, 900))]),
    "moving-webp": lambda: encoded(arrow(), "WEBP", save_all=True, append_images=[noise((1200, 900))]),
    "mpo": lambda: encoded(arrow(), "MPO", save_all=True, append_images=[noise((1200, 900))]),
    "sixteen-bit": lambda: encoded(
        arrow().convert("L").convert("I").point(lambda level: level * 257).convert("I;16")
    ),
}


@pytest.mark.parametrize("name", WITH_PIXELS)
def test_every_kind_of_picture_becomes_a_card_that_looks_like_it(name: str) -> None:
    card = crop(WITH_PIXELS[name]())
    assert_accepted_everywhere(card)
    expected = opened(crop(encoded(arrow())))
    grey = name in ("grey", "grey-alpha", "sixteen-bit", "black-and-white")
    if grey:
        expected = expected.convert("L").convert("RGB")
    assert difference(opened(card), expected) < (30 if name == "black-and-white" else 4)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_becomes_a_card() -> None:
    assert difference(opened(crop(encoded(arrow(), "AVIF"))), opened(crop(encoded(arrow())))) < 4


def test_what_is_transparent_shows_paper() -> None:
    card = crop(encoded(Image.new("RGBA", (1200, 630), (0, 0, 0, 0))))
    assert near(opened(card).getpixel((600, 300)), (0xFB, 0xFA, 0xF6))


def test_nothing_of_what_a_camera_noted_is_passed_on() -> None:
    notes = Image.Exif()
    notes[0x010F] = "Camera"
    notes.get_ifd(0x8825)[1] = "S"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = encoded(arrow(), "JPEG", exif=notes, icc_profile=profile, comment=b"private", dpi=(300, 300))
    assert_accepted_everywhere(crop(picture))


def test_colours_of_another_profile_become_srgb() -> None:
    """A profile with red and blue in each other's place, under another name, turns red into blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    renamed = swapped.replace("sRGB".encode("utf-16-be"), "xxxx".encode("utf-16-be")).replace(
        b"sRGB built", b"xxxx built"
    )
    card = crop(encoded(Image.new("RGB", (1200, 630), "#ff0000"), "JPEG", icc_profile=renamed))
    assert near(opened(card).getpixel((600, 300)), (0, 0, 255), by=24)


def test_a_damaged_profile_is_passed_over() -> None:
    card = crop(encoded(Image.new("RGB", (1200, 630), "#ff0000"), "JPEG", icc_profile=b"not a profile"))
    assert near(opened(card).getpixel((600, 300)), (254, 0, 0))


TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("size", [(1200, 900), (900, 1300)])
@pytest.mark.parametrize("number", TURNS)
def test_a_picture_is_shown_as_the_camera_was_held(number: int, size: tuple[int, int]) -> None:
    """The stored picture is the seen one turned back (EXIF 2.3, tag 274)."""
    turn = TURNS[number]
    stored = arrow(size).transpose(turn) if turn is not None else arrow(size)
    notes = Image.Exif()
    notes[0x0112] = number
    card = crop(encoded(stored, "PNG", exif=notes), (0.2, 0.3))
    assert difference(opened(card), opened(crop(encoded(arrow(size)), (0.2, 0.3)))) < 1


def test_the_focal_point_moves_the_crop() -> None:
    wide = encoded(halves("#ff0000", "#0000ff", (4000, 1000)))
    left, right = (opened(crop(wide, focus)).getpixel((600, 315)) for focus in ((0.2, 0.5), (0.8, 0.5)))
    assert near(left, (254, 0, 0))
    assert near(right, (0, 0, 254))


def test_the_focal_point_is_centred_where_the_edges_allow() -> None:
    image = Image.new("RGB", (4000, 1000), "#ffffff")
    ImageDraw.Draw(image).rectangle((1190, 0, 1210, 1000), "#000000")
    row = opened(crop(encoded(image), (0.3, 0.5))).crop((0, 315, 1200, 316)).convert("L")
    dark = [x for x in range(1200) if int(row.getpixel((x, 0))) < 128]
    assert abs(sum(dark) / len(dark) - 600) < 3


def test_a_tall_picture_is_cropped_above_its_middle_unless_told_otherwise() -> None:
    tall = Image.new("RGB", (1200, 3000), "#00ff00")
    tall.paste("#ff0000", (0, 0, 1200, 1500))
    assert near(opened(crop(encoded(tall))).getpixel((600, 500)), (254, 0, 0))
    assert near(opened(crop(encoded(tall), (0.5, 1.0))).getpixel((600, 10)), (0, 255, 1))


@pytest.mark.parametrize("size", [(1600, 900), (3000, 1000), (900, 1600), (700, 500), (400, 300), (3000, 300)])
def test_a_picture_is_never_stretched(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "#ffffff")
    x, y, r = size[0] / 2, size[1] * 0.4, min(size) / 8
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), "#000000")
    box = opened(crop(encoded(image))).convert("L").point(lambda level: 255 if level < 100 else 0).getbbox()
    assert box
    assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx(1, abs=0.04)


def test_a_small_picture_is_mounted_on_paper_at_most_doubled() -> None:
    image = opened(crop(encoded(Image.new("RGB", (400, 220), "#ff0000"))))
    red = image.split()[1].point(lambda level: 255 if level < 100 else 0).getbbox()
    assert red is not None
    assert abs(red[2] - red[0] - 800) <= 4
    assert abs(red[3] - red[1] - 440) <= 4
    assert near(image.getpixel((20, 20)), (0xFB, 0xFA, 0xF6))


def test_a_picture_of_half_the_size_fills_the_card() -> None:
    image = opened(crop(encoded(Image.new("RGB", (600, 315), "#ff0000"))))
    assert all(near(image.getpixel(corner), (254, 0, 0)) for corner in ((0, 0), (1199, 629)))


def test_a_large_photograph_decoded_at_a_part_keeps_its_detail() -> None:
    """Stripes of 16 px are 4 px wide on the card; a decoder that divides by 8 makes them grey."""
    striped = Image.new("L", (4800, 2520))
    striped.paste(Image.frombytes("L", (32, 1), bytes([0] * 16 + [255] * 16)).resize((32, 2520)))
    for left in range(32, 4800, 32):
        striped.paste(striped.crop((0, 0, 32, 2520)), (left, 0))
    from_jpeg, from_png = (opened(crop(encoded(striped, form))) for form in ("JPEG", "PNG"))
    assert difference(from_jpeg, from_png) < 12
    assert ImageStat.Stat(from_jpeg).stddev[0] > 100


def test_a_turned_picture_is_measured_as_it_is_seen() -> None:
    notes = Image.Exif()
    notes[0x0112] = 6
    lying, standing = Image.new("RGB", (2000, 500), "#ff0000"), Image.new("RGB", (500, 2000), "#ff0000")
    assert difference(opened(crop(encoded(lying, exif=notes))), opened(crop(encoded(standing)))) < 1


def test_noise_stays_below_the_limit() -> None:
    assert_accepted_everywhere(crop(encoded(noise((1200, 630)))))


def test_the_same_picture_gives_the_same_bytes() -> None:
    picture = encoded(arrow(), "JPEG")
    assert crop(picture) == crop(picture)


def png_that_claims(width: int, height: int) -> bytes:
    """A small file whose header announces a large picture."""
    data = bytearray(encoded(Image.new("1", (8, 8))))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


HEIC = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic"
UNUSABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty"),
    "svg": (lambda: b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "heic": (lambda: HEIC + bytes(100), "HEIC"),
    "tiff": (lambda: encoded(arrow(), "TIFF"), "not a JPEG"),
    "bmp": (lambda: encoded(arrow(), "BMP"), "not a JPEG"),
    "text": (lambda: b"version https://git-lfs.github.com/spec/v1\n", "not a JPEG"),
    "head alone": (lambda: b"\x89PNG\r\n\x1a\n", "damaged"),
    "torn jpeg": (lambda: encoded(arrow(), "JPEG")[:-3000], "damaged"),
    "torn png": (lambda: encoded(noise((300, 300)))[:-9000], "damaged"),
    "torn webp": (lambda: encoded(noise((300, 300)), "WEBP")[:-900], "damaged"),
    "torn gif": (lambda: encoded(noise((300, 300)), "GIF")[:900], "damaged"),
    "20,000 px": (lambda: encoded(Image.new("1", (20_000, 400))), "20000 × 400"),
    "too many pixels": (lambda: encoded(Image.new("1", (6000, 6000))), "6000 × 6000"),
    "warned of": (lambda: png_that_claims(12_000, 10_000), "pixels"),
    "bomb": (lambda: png_that_claims(60_000, 60_000), "pixels"),
    "dot": (lambda: encoded(Image.new("RGB", (1, 1))), "1 × 1"),
    "icon": (lambda: encoded(Image.new("RGB", (640, 180))), "640 × 180"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_picture_that_cannot_be_used_is_refused_with_reason_and_remedy(name: str) -> None:
    make, word = UNUSABLE[name]
    with pytest.raises(CardError) as refused:
        crop(make())
    assert word in refused.value.reason
    assert refused.value.remedy
    assert refused.value.reason_id % refused.value.values == refused.value.reason


def test_damage_anywhere_is_refused_or_shown() -> None:
    chance = random.Random(5)
    whole = [encoded(arrow((640, 400)), form) for form in ("JPEG", "PNG", "GIF", "WEBP")]
    refused = 0
    for _ in range(120):
        picture = bytearray(chance.choice(whole))
        for _ in range(4):
            picture[chance.randrange(chance.choice((64, len(picture))))] = chance.randrange(256)
        try:
            assert_accepted_everywhere(crop(bytes(picture)))
        except CardError:
            refused += 1
    assert 0 < refused < 120


@pytest.mark.parametrize(
    ("written", "point"),
    [
        (None, (0.5, 0.4)),
        ("", (0.5, 0.4)),
        ("top", (0.5, 0.0)),
        ("bottom", (0.5, 1.0)),
        ("left", (0.0, 0.5)),
        ("Left Bottom", (0.0, 1.0)),
        ("top right", (1.0, 0.0)),
        ("center", (0.5, 0.5)),
        ("center top", (0.5, 0.0)),
        ("0.3 0.7", (0.3, 0.7)),
        ("30% 70%", (0.3, 0.7)),
        ([0, 1], (0.0, 1.0)),
        ({"x": 0.25, "y": "0.75"}, (0.25, 0.75)),
    ],
)
def test_a_focal_point_is_read_as_people_write_it(written: object, point: tuple[float, float]) -> None:
    assert read_focus(written) == point


@pytest.mark.parametrize(
    "written",
    [
        *(
            "up",
            "left right",
            "top top",
            "0.3",
            "0.3 1.7",
            "-0.1 0",
            "nan nan",
            "top 0.3",
            "1 2 3",
            "%",
            "left center top",
        ),
        *(
            5,
            True,
            [0.5],
            [1, 2],
            [True, False],
            {"x": 0.5},
            {"x": 0.5, "y": 0.5, "z": 1},
            [None, None],
            ["a", "b"],
        ),
    ],
)
def test_a_focal_point_that_is_none_says_what_is_allowed(written: object) -> None:
    with pytest.raises(ValueError, match="top"):
        read_focus(written)
