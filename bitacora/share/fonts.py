"""Text in many scripts, drawn with the typefaces of packages and never of the system, so that all replicas agree.

Letters that read from right to left need Pillow's raqm, which looks for the FriBiDi library of the system when it
starts. Without it they are turned round here, and Arabic letters stand unjoined.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import regex
from bidi import algorithm
from PIL import ImageDraw, ImageFont, features

from bitacora.share.text import CLUSTER

SHAPED = features.check("raqm")
"""Whether joined letters, kerning and right-to-left text are set by raqm."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font in a package; `weight` is for a variable font, `index` for a collection."""

    package: str
    file: str
    weight: int = 0
    index: int = 0


Style = tuple[Face, ...]
"""Faces in the order in which they are asked for a character."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text set in one face and direction; without a face, it is left out."""

    text: str
    face: Face | None
    is_rtl: bool = False


@dataclass(frozen=True, slots=True)
class Ink:
    """How a line is written: `lang` is a BCP 47 tag, `is_rtl` the direction of the text as a whole."""

    style: Style
    size: int
    colour: str
    lang: str = ""
    is_rtl: bool = False


def _others(weight: int) -> Style:
    return (
        Face("justmytype_intl_rtl", "fonts/ofl/notosansarabic/NotoSansArabic[wdth,wght].ttf", weight),
        Face("justmytype_intl_rtl", "fonts/ofl/notosanshebrew/NotoSansHebrew[wdth,wght].ttf", weight),
        _CHINESE,
    )


_CHINESE = Face("noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc", index=2)
"""Used where it is installed: 16 MB are not asked of sites that never write Chinese, Japanese or Korean."""
_CHINESE_INDEX = {"ja": 0, "ko": 1, "zh-hant": 3, "zh-tw": 3, "zh-hk": 4, "zh-mo": 4}

SERIF = (Face("font_source_serif_pro", "files/SourceSerifPro-Regular.otf"), *_others(400))
SERIF_SEMIBOLD = (Face("font_source_serif_pro", "files/SourceSerifPro-Semibold.otf"), *_others(600))
SANS = (Face("font_source_sans_pro", "files/SourceSansPro-Regular.otf"), *_others(400))
SANS_SEMIBOLD = (Face("font_source_sans_pro", "files/SourceSansPro-Semibold.otf"), *_others(600))


def reads_rtl(text: str) -> bool:
    """Whether the first letter with a direction reads from right to left (Unicode Annex 9, rules P2 and P3)."""
    return next((rtl for letter in text if (rtl := _is_rtl(letter)) is not None), False)


def missing(text: str, style: Style) -> list[str]:
    """The characters of `text`, as a reader counts them, that no face can draw."""
    return [cluster for run in _faced(text, style, "") if run.face is None for cluster in clusters(run.text)]


def drawable(text: str, style: Style) -> str:
    """The text without the signs that no face can draw; empty where one of these is a letter or a digit.

    What a word with a hole in it says nobody knows, and a box says nothing.
    """
    lost = missing(text, style)
    if any(cluster[0].isalnum() and _KEYCAP not in cluster for cluster in lost):
        return ""
    return " ".join("".join(part for part in clusters(text) if part not in lost).split()) if lost else text


def width(text: str, ink: Ink) -> float:
    """Width of `text` on one line in pixels."""
    return sum(_run_width(run, ink) for run in _runs(text, ink))


def write(pen: ImageDraw.ImageDraw, left: float, baseline: float, text: str, ink: Ink) -> None:
    """Draw `text` on one line from `left` on, whichever way it reads."""
    for run in _runs(text, ink):
        _write_run(pen, left, baseline, run, ink)
        left += _run_width(run, ink)


def edition() -> str:
    """The versions of the font packages, and how text is shaped: replicas that differ here draw other pictures."""
    packages = sorted({face.package for face in (*SERIF, *SANS)})
    versions = (f"{package} {_version(package)}" for package in packages)
    return f"{'raqm' if SHAPED else 'basic'} {' '.join(versions)}"


def clusters(text: str) -> list[str]:
    """What a reader sees as single characters (Unicode Annex 29)."""
    return CLUSTER.findall(text)


_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]")
_LEFT_OUT_EM = 0.88
"""The room that a character takes which cannot be drawn."""
_KEYCAP = "\u20e3"
"""What makes an emoji of a digit."""


def _runs(text: str, ink: Ink) -> list[Run]:
    """Return the line from left to right (Unicode Annex 9): what is of one level and face is set together."""
    lines = [
        (level, [replace(run, is_rtl=level % 2 == 1) for run in _faced(stretch, ink.style, ink.lang)])
        for level, stretch in _stretches(text, ink.is_rtl)
    ]
    for depth in range(max((level for level, _ in lines), default=0), 0, -1):  # rule L2
        grouped = groupby(lines, key=lambda line: line[0] >= depth)
        lines = [line for is_deep, part in grouped for line in (reversed(list(part)) if is_deep else part)]
    return [run for level, line in lines for run in (reversed(line) if level % 2 else line)]


def _stretches(text: str, is_rtl: bool) -> list[tuple[int, str]]:
    """Return the text in parts of one level, in the order in which they are read; odd ones read from the right."""
    if not is_rtl and not _RTL.search(text):
        return [(0, text)]
    levels = _levels(text, is_rtl)
    parts = [(levels[found.start()], found[0]) for found in CLUSTER.finditer(text)]
    return [
        (level, "".join(part for _, part in group)) for level, group in groupby(parts, key=lambda pair: pair[0])
    ]


def _levels(text: str, is_rtl: bool) -> list[int]:
    """Return the level of each character by python-bidi, whose `get_display` gives the characters alone.

    Characters that steer directions count as if they were not there: titles carry none.
    """
    base = int(is_rtl)
    storage = algorithm.get_empty_storage() | {"base_level": base, "base_dir": "LR"[base]}
    algorithm.get_embedding_levels(_STEERING.sub("\u200d", text), storage)
    for place, character in enumerate(storage["chars"]):
        character["place"] = place
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    levels = [base] * len(text)
    for character in storage["chars"]:
        levels[character["place"]] = character["level"]
    return levels


_RTL = regex.compile(r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}\p{Bidi_Class=AN}]")
_STEERING = regex.compile(r"\p{Bidi_Control}")


def _is_rtl(character: str) -> bool | None:
    kind = unicodedata.bidirectional(character)
    if kind in ("R", "AL"):
        return True
    return False if kind in ("L", "EN", "AN") else None


def _faced(text: str, style: Style, lang: str) -> list[Run]:
    runs: list[Run] = []
    for cluster in clusters(text):
        face = _face_of(cluster, style, lang, runs[-1].face if runs else None)
        if runs and runs[-1].face == face:
            runs[-1] = Run(runs[-1].text + cluster, face)
        else:
            runs.append(Run(cluster, face))
    return runs


def _face_of(cluster: str, style: Style, lang: str, last: Face | None) -> Face | None:
    """The first face that has all of the cluster; a sign between letters stays in their face when it is there."""
    seen = _UNSEEN.sub("", cluster)
    if last and not cluster[0].isalnum() and _covers(last, seen):
        return last
    return next((_for_language(face, lang) for face in style if _covers(face, seen)), None)


def _for_language(face: Face, lang: str) -> Face:
    """The same Chinese character is drawn otherwise in Japan, Korea and Taiwan."""
    if face is not _CHINESE:
        return face
    tag = f"{lang.lower()}-"
    index = next((index for start, index in _CHINESE_INDEX.items() if tag.startswith(f"{start}-")), face.index)
    return replace(face, index=index)


def _covers(face: Face, text: str) -> bool:
    known = _characters(face.package, face.file)
    return all(ord(character) in known for character in text)


@lru_cache(maxsize=32)
def _characters(package: str, file: str) -> frozenset[int]:
    path = _path(package, file)
    if path is None:
        return frozenset()
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # slow to import, and only cards need it

    with TTFont(path, lazy=True, fontNumber=0) as font:
        font.setGlyphOrder([""] * font["maxp"].numGlyphs)  # their names would take five times as long to read
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=32)
def _path(package: str, file: str) -> str | None:
    """Where a font lies, None when its package is not installed. The package's own code is not run."""
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    return str(Path(places[0], file)) if places else None


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "-"


@lru_cache(maxsize=128)
def _font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    layout = ImageFont.Layout.RAQM if SHAPED else ImageFont.Layout.BASIC
    font = ImageFont.truetype(_path(face.package, face.file) or face.file, size, face.index, layout_engine=layout)
    if face.weight:
        font.set_variation_by_axes(
            [
                face.weight if axis["name"] == b"Weight" else axis["default"] or 0
                for axis in font.get_variation_axes()
            ]
        )
    return font


def _run_width(run: Run, ink: Ink) -> float:
    if run.face is None:
        return len(clusters(run.text)) * ink.size * _LEFT_OUT_EM
    font = _font(run.face, ink.size)
    return font.getlength(_as_set(run), direction=_direction(run), language=_language(ink))


def _write_run(pen: ImageDraw.ImageDraw, left: float, baseline: float, run: Run, ink: Ink) -> None:
    if run.face is None:
        return
    place, font = (left, baseline), _font(run.face, ink.size)
    pen.text(place, _as_set(run), ink.colour, font, "ls", direction=_direction(run), language=_language(ink))


def _direction(run: Run) -> str | None:
    return ("rtl" if run.is_rtl else "ltr") if SHAPED else None


def _language(ink: Ink) -> str | None:
    return ink.lang or None if SHAPED else None


def _as_set(run: Run) -> str:
    if SHAPED or not run.is_rtl:
        return run.text
    return "".join(_MIRRORED.get(part, part) for part in reversed(clusters(run.text)))


_MIRRORED = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹", strict=True))
