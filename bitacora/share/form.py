"""The form that a picture gives the preview: over the text, beside it, or none."""

from __future__ import annotations

import re

from bitacora.share.crawl import Head
from bitacora.share.network import LARGE, OFFICIAL, SMALL, TEXT, Fact, Reader, Size
from bitacora.share.readers import Reading
from bitacora.share.rule import (
    Picture,
)


def least_size(reader: Reader, card: str) -> Fact[Size] | None:
    """The smallest picture that is shown, which may be less where the page asks for the small form."""
    rules = reader.pictures
    return rules.least_small if rules.least_small and card != "summary_large_image" else rules.least


def declared_size(head: Head) -> tuple[int, int]:
    """What the page says of its picture's size; 0 where it says nothing that is a number."""
    said = (head.first("og:image:width"), head.first("og:image:height"))
    width, height = (int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0 for text in said)
    return width, height


def form_of(reader: Reader, reading: Reading, picture: Picture) -> str:
    """Large, small or text. What is not known of the picture is taken for right."""
    rules = reader.pictures
    size = picture.width, picture.height
    is_sized = all(size)
    least = least_size(reader, reading.card)
    if not picture.url or reader.shape.value == "text" or _is_lost(picture, rules.types):
        return TEXT
    if least and is_sized and not least.value.holds(*size):
        return TEXT
    if picture.tag == "apple-touch-icon" or reader.shape.value == SMALL:
        return SMALL
    if reader.shape.value == "card":
        return LARGE if reading.card == "summary_large_image" else SMALL
    if reader.shape.value == "wide":
        return SMALL if is_sized and size[0] <= size[1] else LARGE
    return SMALL if _falls_back(reader, picture) else LARGE


def _falls_back(reader: Reader, picture: Picture) -> bool:
    """Whether a requirement of the large form fails."""
    rules = reader.pictures
    is_sized = bool(picture.width and picture.height)
    if rules.large and is_sized and not rules.large.value.holds(picture.width, picture.height):
        return True
    if rules.widest and picture.ratio > rules.widest.value:
        return True
    is_heavy = bool(
        rules.bytes and rules.bytes.confidence == OFFICIAL and is_too_heavy(picture.bytes, rules.bytes)
    )
    return is_heavy or bool(rules.types and picture.type and picture.type not in rules.types.value)


def _is_lost(picture: Picture, types: Fact[tuple[str, ...]] | None) -> bool:
    is_refused = bool(types and types.confidence == OFFICIAL and picture.type and picture.type not in types.value)
    return is_refused or not 0 <= picture.status < 400


def is_too_heavy(size: int, most: Fact[int]) -> bool:
    return size >= most.value  # "under 600 kB" (WhatsApp), "less than 5 MB" (X)


def served_type(picture: Picture) -> str:
    return (
        picture.headers.get("content-type", "").partition(";")[0].strip().lower() if picture.status == 200 else ""
    )
