"""The interface's words and dates in its languages: gettext catalogs, read as they are written."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

import jinja2
from babel import UnknownLocaleError, localedata
from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from jinja2.runtime import Context

from bitacora.web.alphabets import direction

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
MOST_OF_PATTERN = 60
"""Characters of a date's pattern. Babel keeps the last thousand that it was asked for."""

_STYLES = frozenset({"short", "medium", "long", "full"})
_MOST_LOCALES = 64
_MOST_OF_LANGUAGE = 35
"""Characters that a language tag may need (RFC 5646, 4.4.1)."""


class Words:
    """Translations by language; English is what the code itself says.

    `folder` holds `<language>.po` files.
    """

    def __init__(self, folder: Path) -> None:
        self._catalogs = {path.stem: path for path in sorted(folder.glob("*.po"))}

    def say(self, language: str, text: str, **values: object) -> str:
        translated = self._catalog(language).gettext(text)
        return translated % values if values else translated

    def speaks(self, language: str) -> bool:
        """Return whether there are words of the interface in a language; English needs no catalog."""
        return self._catalog(language) is not _ENGLISH or language.lower().partition("-")[0] == "en"

    def untranslated(self, language: str) -> str:
        """Tell an operator what a site in a language gets that there are no words in."""
        known = ", ".join(sorted({"en", *self._catalogs}))
        return (
            f"language {language} has no translation of the interface: menus and messages are in English, "
            f"dates in {locale_of(language).english_name}. There are {known}."
        )

    @lru_cache(_MOST_LOCALES)  # noqa: B019 - one instance per process
    def body_labels(self, language: str, site_language: str) -> Mapping[str, str]:
        """The words that bodies in this language need, in that of the site where there are none in it.

        Then `lang` and `dir` are those of the words, and `own_lang` is the language of the body.
        """
        spoken = next((tag for tag in (language, site_language) if self.speaks(tag)), "en")
        labels = {label: self.say(spoken, text) for label, text in BODY_LABELS.items()}
        if spoken == language:
            return labels
        return {**labels, "lang": spoken, "dir": direction(spoken), "own_lang": language}

    def install(self, environment: jinja2.Environment) -> None:
        """Make `_()`, `{% trans %}` and dates speak the language named `lang` in the template's context."""

        @jinja2.pass_context
        def gettext(context: Context, text: str) -> str:
            return self._catalog(_language(context)).gettext(text)

        @jinja2.pass_context
        def ngettext(context: Context, one: str, many: str, count: int) -> str:
            return self._catalog(_language(context)).ngettext(one, many, count)

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
        path = self._catalogs.get(tag) or self._catalogs.get(tag.partition("-")[0])
        return _read(path) if path else _ENGLISH


_ENGLISH = NullTranslations()


@lru_cache(_MOST_LOCALES)
def locale_of(language: str) -> Locale:
    """Return Babel's locale for a language tag; English for one that it does not know.

    Babel keeps each locale, and each name, that it was ever asked for: it is made to forget them now and then.
    """
    if locale_of.cache_info().misses % _MOST_LOCALES == 0:
        localedata.clear_caches()
        localedata.exists.cache_clear()
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
    day, language = _local(context, when).date(), _language(context)
    if style in _STYLES:
        return _formatted(day, style, language)
    if len(style) > MOST_OF_PATTERN:
        raise jinja2.TemplateRuntimeError(
            f"a date's pattern has more than {MOST_OF_PATTERN} characters: write "
            'short, medium, long or full, or a short pattern such as "d MMMM y"'
        )
    return format_date(day, style, locale_of(language))


@jinja2.pass_context
def _time(context: Context, when: datetime) -> str:
    """ "18:30"."""
    return format_time(_local(context, when), "short", locale=locale_of(_language(context)))


@jinja2.pass_context
def _isodate(context: Context, when: datetime) -> str:
    """RFC 3339: in UTC where the zone's offset then had seconds, which it cannot write."""
    local = _local(context, when)
    offset = local.utcoffset() or timedelta()
    return (when.astimezone(UTC) if offset % timedelta(minutes=1) else local).isoformat(timespec="seconds")


def _date_part(pattern: str) -> Callable[[Context, datetime], str]:
    @jinja2.pass_context
    def part(context: Context, when: datetime) -> str:
        return _formatted(_local(context, when).date(), pattern, _language(context)).rstrip(".")

    return part


@lru_cache(maxsize=4096)
def _formatted(day: date, pattern: str, language: str) -> str:
    return format_date(day, pattern, locale_of(language))


def _language(context: Context) -> str:
    """The language of the page; English where a template calls it by what is too long for one."""
    language = context["lang"]
    return language if isinstance(language, str) and len(language) <= _MOST_OF_LANGUAGE else "en"


def _local(context: Context, when: datetime) -> datetime:
    moment: datetime = when.astimezone(context["site"].zone)
    return moment


@cache
def _read(catalog: Path) -> GNUTranslations:
    """The words of a language, when they are first asked for: they do not change while a program runs."""
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(catalog.read_bytes()), locale=catalog.stem))
    compiled.seek(0)
    return GNUTranslations(compiled)
