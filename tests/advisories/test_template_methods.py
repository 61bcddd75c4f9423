"""Every thing that a template gets at, and what happens when it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta, tzinfo
from typing import Any

import jinja2
import pytest
from conftest import NewBlog
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import _PassArg
from markupsafe import Markup

from advisories.test_templates import Render, probing

PLAIN = (
    str,
    bytes,
    int,
    float,
    bool,
    list,
    tuple,
    dict,
    set,
    frozenset,
    range,
    date,
    time,
    timedelta,
    Markup,
    type(None),
)
"""Values whose methods change nothing but themselves, and that not under Jinja's immutable sandbox."""


def reachable(
    sandbox: ImmutableSandboxedEnvironment, value: Any, path: str, seen: set[int], depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """All that a template gets at from a value, by attributes, items and keys, with the way to it."""
    if id(value) in seen or depth > 8:
        return
    seen.add(id(value))
    yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from reachable(sandbox, item, f"{path}[{key!r}]", seen, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for number, item in enumerate(list(value)[:5]):
            yield from reachable(sandbox, item, f"{path}[{number}]", seen, depth + 1)
    if isinstance(value, str | bytes | int | float | list | dict | set | frozenset | type | type(None)):
        return
    for name in dir(value):
        try:
            item = getattr(value, name)
        except Exception:  # noqa: BLE001 - then a template does not get it either
            continue
        if not name.startswith("_") and sandbox.is_safe_attribute(value, name, item):
            yield from reachable(sandbox, item, f"{path}.{name}", seen, depth + 1)


def is_harmless(environment: Any, value: Any) -> bool:
    """Whether calling a thing has no effect: a method of a plain value, or one of the theme's functions."""
    if not callable(value):
        return True
    owner = getattr(value, "__self__", None)
    if isinstance(owner, PLAIN) or (isinstance(owner, type) and issubclass(owner, (*PLAIN, _PassArg))):
        return True
    if isinstance(owner, tzinfo):
        return value.__name__ in {"dst", "fromutc", "tzname", "utcoffset"}
    own = {id(function) for function in (*environment.globals.values(), *environment.filters.values())}
    return id(value) in own or (isinstance(value, type) and issubclass(value, (*PLAIN, jinja2.runtime.Undefined)))


@pytest.mark.advisory(8, "CVE-2026-64663")
def test_no_name_in_a_template_leads_to_a_method_with_effects(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-64663 (Statamic): a name in a template was a method, which was called, and data was gone."""
    found: list[str] = []

    def probe(_: Render, environment: Any, context: Any) -> None:
        assert isinstance(environment, ImmutableSandboxedEnvironment)
        seen: set[int] = set()
        for name, value in {**environment.globals, **context}.items():
            found.extend(
                f"{path}: {thing!r}"[:200]
                for path, thing in reachable(environment, value, name, seen)
                if not is_harmless(environment, thing)
            )
        assert len(seen) > 100

    probing(new_blog, monkeypatch, probe)
    assert found == [], "\n".join(found)
