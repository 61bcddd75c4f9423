"""The interface's words and dates in its languages: gettext catalogs, read as they are written."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

import jinja2
from babel import UnknownLocaleError
from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from jinja2.runtime import Context

BODY_LABELS = {
    "note": "Note",
    "tip": "Tip",
    "important": "Important",
    "warning": "Warning",
    "caution": "Caution",
    "footnotes": "Footnotes",
    "back": "Back to the text",
    "table": "Table",
}
"""What the Markdown renderer calls a word, and the word in English."""


class Words:
    """Translations by language; English is what the code itself says.

    `folder` holds `<language>.po` files.
    """

    def __init__(self, folder: Path) -> None:
        self._catalogs = {path.stem: _read(path) for path in sorted(folder.glob("*.po"))}

    def say(self, language: str, text: str, **values: object) -> str:
        translated = self._catalog(language).gettext(text)
        return translated % values if values else translated

    @cache  # noqa: B019 - one instance per process
    def body_labels(self, language: str) -> Mapping[str, str]:
        """The words that bodies in this language need."""
        return {label: self.say(language, text) for label, text in BODY_LABELS.items()}

    def install(self, environment: jinja2.Environment) -> None:
        """Make `_()`, `{% trans %}` and dates speak the language named `lang` in the template's context."""

        @jinja2.pass_context
        def gettext(context: Context, text: str) -> str:
            return self._catalog(context["lang"]).gettext(text)

        @jinja2.pass_context
        def ngettext(context: Context, one: str, many: str, count: int) -> str:
            return self._catalog(context["lang"]).ngettext(one, many, count)

        environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
        environment.filters |= {
            "date": _date,
            "time": _time,
            "isodate": _isodate,
            "day": _date_part("d"),
            "month": _date_part("LLL"),
            "month_name": _date_part("LLLL"),
            "year": _date_part("y"),
        }

    def _catalog(self, language: str) -> NullTranslations:
        tag = language.lower()
        return self._catalogs.get(tag) or self._catalogs.get(tag.partition("-")[0]) or _ENGLISH


_ENGLISH = NullTranslations()


@lru_cache(maxsize=256)
def locale_of(language: str) -> Locale:
    """Babel's locale for a language tag; English for one that it does not know."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return locale_of(language.partition("-")[0]) if "-" in language else Locale("en")


def amount(number: float, unit: str, digits: int, language: str) -> str:
    """ "1,1 MB"."""
    pattern = f"0.{'0' * digits}" if digits else "0"
    return format_decimal(number, pattern, locale=locale_of(language)) + unit


def month_and_year(month: datetime, language: str) -> str:
    """ "julio de 2018"."""
    text: str = format_skeleton("yMMMM", month, locale=locale_of(language))
    return text


@jinja2.pass_context
def _date(context: Context, when: datetime, style: str = "long") -> str:
    return _formatted(_local(context, when).date(), style, context["lang"])


@jinja2.pass_context
def _time(context: Context, when: datetime) -> str:
    """ "18:30"."""
    return format_time(_local(context, when), "short", locale=locale_of(context["lang"]))


@jinja2.pass_context
def _isodate(context: Context, when: datetime) -> str:
    """RFC 3339: in UTC where the zone's offset then had seconds, which it cannot write."""
    local = _local(context, when)
    offset = local.utcoffset() or timedelta()
    return (when.astimezone(UTC) if offset % timedelta(minutes=1) else local).isoformat(timespec="seconds")


def _date_part(pattern: str) -> Callable[[Context, datetime], str]:
    @jinja2.pass_context
    def part(context: Context, when: datetime) -> str:
        return _formatted(_local(context, when).date(), pattern, context["lang"]).rstrip(".")

    return part


@lru_cache(maxsize=4096)
def _formatted(day: date, pattern: str, language: str) -> str:
    return format_date(day, pattern, locale_of(language))


def _local(context: Context, when: datetime) -> datetime:
    moment: datetime = when.astimezone(context["site"].zone)
    return moment


def _read(path: Path) -> GNUTranslations:
    return _compiled(path.read_bytes(), path.stem)


@cache
def _compiled(catalog: bytes, language: str) -> GNUTranslations:
    """Once for all blogs of a process: they come with the program."""
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(catalog), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
