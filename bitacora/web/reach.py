"""What a site's own templates may call and write out: methods without effects, and what has a text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MappingView
from datetime import date, time, timedelta, tzinfo
from itertools import chain

import jinja2
from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.utils import Cycler, Joiner, Namespace

SHORT = 32
"""Characters that a number or a date counts for before it is written."""


class RefusedError(jinja2.TemplateRuntimeError):
    """A template that writes out what has no text, or calls what it may not."""


_ALL: Collection[str] = ()
_METHODS: tuple[tuple[tuple[type, ...], Collection[str]], ...] = (
    ((str, bytes, int, float, complex, range, MappingView), _ALL),
    ((list, dict, set, frozenset, Mapping), _ALL),
    ((date, time, timedelta), _ALL),
    ((tzinfo,), ("utcoffset", "dst", "tzname", "fromutc")),
    ((Namespace, TemplateModule, LoopContext, Cycler, Joiner), _ALL),  # what a template itself put there
)
"""Whose methods a template may call. Jinja's sandbox has refused those that change lists and mappings before."""
_NEVER = frozenset({"fromkeys", "strptime", "escape"})
"""What chooses keys that hash alike, what compiles and keeps expressions, what makes a text of anything."""
_CODECS = frozenset({"utf-8", "utf8", "ascii", "latin-1"})
_ON_ERROR = frozenset({"strict", "ignore", "replace", "xmlcharrefreplace", "backslashreplace"})
_TEXTUAL = (bool, int, float, complex, date, time, timedelta, tzinfo, jinja2.Undefined)
_LISTS = (list, tuple, set, frozenset)


def is_harmless(owner: object, name: str, value: object) -> bool:
    """Whether a template may have an attribute: data, or a method that is known to have no effect."""
    if not callable(value) or isinstance(value, Macro | BlockReference | jinja2.Undefined):
        return True
    if name in _NEVER:
        return False
    if type(owner) is tuple:
        return True
    return any(isinstance(owner, types) and (not names or name in names) for types, names in _METHODS)


def check_codec(given: Iterable[object]) -> None:
    """Raise RefusedError for an unusual encoding: Python keeps each name for good, and some take minutes."""
    for name in given:
        if isinstance(name, str) and name.lower() not in _CODECS | _ON_ERROR:
            raise RefusedError('it names an encoding other than "utf-8", "ascii" and "latin-1"')


def text_weight(value: object, most: int, *, named: bool = False) -> int:
    """Return about how many characters a value has when it is written; once beyond `most`, it counts no further.

    Raises RefusedError for what has no text: anything but texts, numbers, dates, nothing, and lists and mappings
    of these. With `named`, tuples whose items have names are lists as well.
    """
    if isinstance(value, str):
        return len(value)
    if value is None or isinstance(value, _TEXTUAL):
        return SHORT
    if isinstance(value, Mapping):
        items: Iterable[object] = chain(value.keys(), value.values())
    elif type(value) in _LISTS or (named and isinstance(value, tuple)):
        items = value  # type: ignore[assignment]
    else:
        raise RefusedError(
            f"it writes out a value of the kind {type(value).__name__}, which has no text: "
            "write one of its parts instead, as {{ post.title }} does"
        )
    total = 2
    for item in items:
        total += 2 + text_weight(item, most - total, named=named)
        if total > most:
            break
    return total
