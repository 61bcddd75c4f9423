"""How languages are written: which way their lines run, and in which order their letters stand.

Both follow Unicode's CLDR: the likely scripts of languages as Babel has them, the order of letters as below.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import regex
from babel.core import get_global

from bitacora.markdown.text import names_in

RTL_SCRIPTS = names_in(
    """
    Adlm Arab Aran Armi Avst Chrs Cprt Elym Gara Hatr Hebr Hung Khar Lydi Mand Mani Mend Merc Mero Narb Nbat Nkoo
    Orkh Ougr Palm Phli Phlp Phnx Prti Rohg Samr Sarb Sidt Sogd Sogo Syrc Syre Syrj Syrn Thaa Todr Yezi
    """
)
"""ISO 15924 codes of the scripts whose lines run from right to left (CLDR, scriptMetadata)."""

_MOST_LANGUAGES = 256
_MOST_OF_LANGUAGE = 35
"""Characters that a language tag may need (RFC 5646, 4.4.1)."""
_MOST_READ = 1_000
"""Characters in which a letter must stand that has a direction."""


# --- scripts


def script(language: str) -> str:
    """Return the ISO 15924 code of the script that a language tag means: its own, else the likely one.

    Latn for a language that nothing is known of, and for what is too long for a tag, as a template may write it.
    """
    return _script(language) if len(language) <= _MOST_OF_LANGUAGE else "Latn"


@lru_cache(_MOST_LANGUAGES)
def _script(language: str) -> str:
    first, _, rest = language.lower().replace("_", "-").partition("-")
    first = get_global("language_aliases").get(first, first).lower()
    parts = f"{first}-{rest}".replace("_", "-").split("-")
    if own := next((part for part in parts[:0:-1] if re.fullmatch("[a-z]{4}", part)), ""):
        return own.title()
    regions = [part.upper() for part in parts[1:] if re.fullmatch("[a-z]{2}|[0-9]{3}", part)]
    likely = get_global("likely_subtags")
    found = (likely.get(name) for name in (*(f"{parts[0]}_{region}" for region in regions), parts[0]))
    return next((name.split("_")[1] for name in found if name), "Latn")


def direction(language: str) -> str:
    """Return "rtl" or "ltr", as the attribute `dir` has it."""
    return "rtl" if script(language) in RTL_SCRIPTS else "ltr"


def direction_of(text: str) -> str:
    """Return which way a text runs by its first letter that has a direction; empty without any."""
    kinds = map(unicodedata.bidirectional, text[:_MOST_READ])
    return next(("ltr" if kind == "L" else "rtl" for kind in kinds if kind in {"L", "R", "AL"}), "")


def is_written_in(text: str, language: str) -> bool:
    """Return whether a text has letters of the script of a language, or none at all."""
    return _letters_of(script(language)).search(text) is not None or not any(map(str.isalpha, text))


_MIXED = {"Jpan": "Hira Kana Hani", "Hrkt": "Hira Kana", "Kore": "Hang Hani", "Hans": "Hani", "Hant": "Hani",
          "Aran": "Arab"}  # fmt: skip
"""Codes of ISO 15924 that are no script of Unicode's, and what they stand for."""


@lru_cache(_MOST_LANGUAGES)
def _letters_of(code: str) -> regex.Pattern[str]:
    """The letters of a script; for a code that Unicode does not know, all letters."""
    try:
        return regex.compile("|".join(rf"\p{{Script={name}}}" for name in _MIXED.get(code, code).split()))
    except regex.error:
        return regex.compile(r"\p{L}")


# --- the order of names


def sort_key(name: str, language: str) -> tuple[object, ...]:
    """Return what names sort by in a language: letters first, then accents, then capitals.

    Signs stand before digits, digits before letters, the script of the language before all others. A letter that
    the language counts as one of its own stands behind its neighbour, as Ñ behind N in Spanish; any other accent
    only tells names apart that are the same without. Chinese, and what nothing is known of, is in the order of
    Unicode.
    """
    alphabet = _alphabet(_known(language))
    own = _letters_of(script(language))
    folded = name.translate(_DOTLESS) if language.lower()[:2] in {"tr", "az"} else name
    text = _UNSEEN.sub("", unicodedata.normalize("NFKD", folded).casefold())
    text = _DOT_BELOW.sub(r"\2\1", unicodedata.normalize("NFD", text))
    for ligature in _LIGATURES.keys() - alphabet.places.keys():
        text = text.replace(ligature, _LIGATURES[ligature])
    weights = [_weight(letter, alphabet, own) for letter in alphabet.letters.findall(text)]
    return [weight for weight in weights if weight], text, name.swapcase(), name


class _Alphabet(NamedTuple):
    """The letters of a language that are more than one character, and the places of those that have their own."""

    letters: re.Pattern[str]
    places: Mapping[str, tuple[str, int]]


_CYRILLIC = "г ґ, д ђ, е є, з ѕ, и і ї й ј, л љ, н њ, т ћ, у ў, ч џ"
_ARABIC = "ب پ, ت ٹ, ج چ, د ڈ, ر ڑ, ز ژ, ك=ک گ, ن ں, ه=ہ=ھ, ي=ی=ى ے"
_ROOT = f"o=ø, l=ł, d=đ=ð, h=ħ, t=ŧ, i=ı, b=ɓ, d=ɗ, e ə, k=ƙ, n ŋ, y=ƴ, z þ, {_CYRILLIC}, {_ARABIC}"
"""Whatever the language. A letter stands behind the one before it; = is the same place, told apart by accents."""

_WITH_ENYE = "n ñ"
_NORDIC = "a, d đ=ð, z æ=ä ø=ö å=aa"
_SERBIAN = "c č ć, d dž đ, l lj, n nj, s š, z ž"
_TURKISH = "c ç, g ğ, h ı, o ö, s ş, u ü"
_ORDERS = {
    **dict.fromkeys(("es", "gl", "ast", "an", "eu", "arn", "ay", "qu", "gn", "fil", "ceb"), _WITH_ENYE),
    **dict.fromkeys(("sv", "fi"), "z å ä=æ ö=ø"),
    **dict.fromkeys(("da", "nb", "nn", "no"), _NORDIC),
    **dict.fromkeys(("hr", "bs", "sr-latn", "cnr-latn"), _SERBIAN),
    "az": f"{_TURKISH}, e ə, k q, h x ı, z w",
    "cs": "c č, h ch, r ř, s š, z ž",
    "cy": "c ch, d dd, f ff, g ng, l ll, p ph, r rh, t th",
    "eo": "c ĉ, g ĝ, h ĥ, j ĵ, s ŝ, u ŭ",
    "et": "s š z ž, w õ ä ö ü",
    "fa": "ق ک=ك گ, ن و ه ی=ي=ى",
    "fo": "a á, d ð, i í, o ó, u ú, y ý, z æ ø=ö å",
    "hu": "c cs, d dz dzs, g gy, l ly, n ny, o ö=ő, s sz, t ty, u ü=ű, z zs",
    "is": "a á, d ð, e é, i í, o ó, u ú, y ý, z þ æ ö=ø å",
    "kk": "а ә, г ғ, к қ, н ң, о ө, у ұ ү, х һ, ы і",
    "ky": "н ң, о ө, у ү",
    "lt": "c č, i=y, s š, z ž",
    "lv": "c č, g ģ, i=y, k ķ, l ļ, n ņ, r ŗ, s š, z ž",
    "mk": "д ѓ, т ќ",
    "mn": "о ө, у ү",
    "mt": "b ċ, f ġ, h ħ, y ż",
    "pl": "a ą, c ć, e ę, l ł, n ń, o ó, s ś, z ź ż",
    "ro": "a ă â, i î, s ș=ş, t ț=ţ",
    "sk": "a ä, c č, h ch, o ô, r ř, s š, z ž",
    "sl": "c č ć, d đ, s š, z ž",
    "sq": "c ç, d dh, e ë, g gj, l ll, n nj, r rr, s sh, t th, x xh, z zh",
    "tk": "c ç, e ä, j ž, n ň, o ö, s ş, u ü, y ý",
    "tr": _TURKISH,
    "tt": "а ә, ж җ, н ң, о ө, у ү, х һ",
    "ur": "ق ک=ك گ, ن ں و ہ=ه ھ ی=ي=ى ے",
    "vi": "a ă â, d đ, e ê, o ô ơ, u ư",
}
_UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}")
_DOT_BELOW = re.compile("(\u0323)([\u0302\u0306\u031b])")
"""Vietnamese: the mark that makes the letter stands before the one of its tone."""
_LIGATURES = {"æ": "ae", "œ": "oe"}
_DOTLESS = str.maketrans("Iİ", "ıi")
_KATAKANA = re.compile("[ァ-ヶ]")
_CLASSES = {"Z": 0, "C": 0, "P": 1, "S": 2, "N": 3}
_OWN_LETTER, _OTHER_LETTER = 4, 5


def _known(language: str) -> str:
    parts = language.lower().replace("_", "-").split("-")
    return next((tag for tag in ("-".join(parts[:2]), parts[0]) if tag in _ORDERS), "")


@lru_cache(_MOST_LANGUAGES)
def _alphabet(language: str) -> _Alphabet:
    places: dict[str, tuple[str, int]] = {}
    for group in (*_ROOT.split(", "), *_ORDERS.get(language, "").split(", ")):
        names = [unicodedata.normalize("NFD", name) for name in group.split()]
        for number, name in enumerate(names):
            first, *others = name.split("=")
            base = names[0].split("=")[0]
            places |= dict.fromkeys((others if number == 0 else (first, *others)), (base, number))
    longest = sorted((re.escape(name) for name in places), key=len, reverse=True)
    return _Alphabet(re.compile("|".join((*longest, ".")), re.DOTALL), places)


def _weight(letter: str, alphabet: _Alphabet, own: regex.Pattern[str]) -> tuple[object, ...]:
    """The place of one letter; empty for an accent, which has none."""
    base, number = alphabet.places.get(letter, (letter, 0))
    kind = unicodedata.category(base[0])[0]
    if kind == "M" and unicodedata.combining(base):
        return ()
    if kind in _CLASSES:
        return _CLASSES[kind], base, number
    if _KATAKANA.fullmatch(base):
        base = chr(ord(base) - 0x60)
    return _OWN_LETTER if own.match(base) else _OTHER_LETTER, base, number
