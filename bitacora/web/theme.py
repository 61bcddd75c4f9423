"""Templates to text: the shipped theme, a site's own templates over it, words and dates in its language."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from babel import UnknownLocaleError
from babel.core import Locale
from babel.dates import format_date
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from bitacora.content.bodies import Bodies
from bitacora.content.errors import PostError
from bitacora.content.markdown import Html
from bitacora.content.permalink import quote_path
from bitacora.content.pictures import Picture
from bitacora.content.post import Author, Image, Post, Term
from bitacora.content.snapshot import Snapshot
from bitacora.web.files import Files
from bitacora.web.words import Words

log = logging.getLogger(__name__)

WORDS_PER_MINUTE = 220
_TERM_FOLDERS = {"category": "/category/", "tag": "/tag/", "author": "/author/"}


@dataclass(frozen=True, slots=True)
class Content:
    """A rendered body as templates use it."""

    body: Markup
    toc: tuple[Any, ...]
    excerpt: str
    words: int


class Theme:
    """Renders templates by name, or the first that exists of several.

    `shipped` is the folder of the default theme. A site's own templates shadow it file by file and may extend
    the file that they shadow as `default:<name>`. They run in Jinja's sandbox unless `trusted`. One that fails
    while it renders is reported and the default one stands in for it.
    """

    def __init__(self, shipped: Path, files: Files, bodies: Bodies, words: Words, *, trusted: bool) -> None:
        self._files = files
        self._bodies = bodies
        self._words = words
        self._trusted = trusted
        self._snapshot: ContextVar[Snapshot] = ContextVar("snapshot")
        self._loader = jinja2.FileSystemLoader(shipped)
        self._default = self._environment({})
        self._overlay: tuple[Mapping[str, str], jinja2.Environment] = ({}, self._default)
        self._checker = self._environment({}, sandboxed=not trusted)
        self._failed: dict[str, PostError] = {}
        self._lock = threading.Lock()

    @property
    def problems(self) -> tuple[PostError, ...]:
        """Own templates that compile but failed to render."""
        return tuple(self._failed.values())

    def render(self, names: str | Iterable[str], snapshot: Snapshot, **context: object) -> str:
        names = [names] if isinstance(names, str) else list(names)
        token = self._snapshot.set(snapshot)
        try:
            environment = self._environment_for(snapshot.templates)
            try:
                return _render(environment, names, snapshot, context)
            except PostError:
                raise
            except Exception as error:
                if environment is self._default:
                    raise
                self._report(error)  # somebody else's template may raise anything
            return _render(self._default, names, snapshot, context)
        finally:
            self._snapshot.reset(token)

    def check(self, name: str, source: str) -> None:
        """Raises PostError for a template that does not compile."""
        try:
            self._checker.compile(source, name)
        except jinja2.TemplateSyntaxError as error:
            raise _template_error(name, error.lineno, error.message or "it cannot be read") from None
        except RecursionError:
            raise _template_error(name, 1, "it is nested too deeply") from None

    def _environment_for(self, templates: Mapping[str, str]) -> jinja2.Environment:
        known, environment = self._overlay
        if known != templates:
            with self._lock:
                environment = (
                    self._environment(templates, sandboxed=not self._trusted) if templates else self._default
                )
                self._overlay = templates, environment
                self._failed.clear()
        return environment

    def _report(self, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        found = [(f.filename, f.lineno or 1) for f in frames if f.filename.startswith("templates/")]
        name, line = found[-1] if found else ("templates/", 1)
        problem = _template_error(name.removeprefix("templates/"), line, f"{type(error).__name__}: {error}")
        if self._failed.get(name) != problem:
            self._failed[name] = problem
            log.warning("%s", problem)

    def _environment(self, templates: Mapping[str, str], *, sandboxed: bool = False) -> jinja2.Environment:
        kind = ImmutableSandboxedEnvironment if sandboxed else jinja2.Environment
        environment = kind(
            loader=jinja2.ChoiceLoader(
                [
                    jinja2.FunctionLoader(lambda name: _own_template(templates, name)),
                    self._loader,
                    jinja2.PrefixLoader({"default": self._loader}, delimiter=":"),
                ]
            ),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
        )
        self._words.install(environment)
        environment.globals = {**environment.globals, **self._globals()}
        environment.filters |= self._filters()
        return environment

    def _globals(self) -> dict[str, Callable[..., object]]:
        return {"static": self._static, "absolute": self._absolute, "term_url": term_url}

    def _filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "summary": self.summary,
            "picture": self.picture,
            "content": self.content,
            "minutes": self.minutes,
            "date": _date,
            "isodate": _isodate,
            "day": _date_part("d"),
            "month": _date_part("LLL"),
            "month_name": _date_part("LLLL"),
            "year": _date_part("y"),
        }

    # --- what templates can ask of a post; `in_` is for the views

    def html(self, snapshot: Snapshot, post: Post, *, absolute: bool = False) -> Html:
        return self._bodies.html(snapshot, post, absolute=absolute)

    def content(self, post: Post, *, absolute: bool = False) -> Content:
        html = self.html(self._snapshot.get(), post, absolute=absolute)
        return Content(Markup(html.body), html.toc, html.excerpt, html.words)  # noqa: S704 - sanitised when rendered

    def summary(self, post: Post) -> str:
        return summary(self._bodies, self._snapshot.get(), post)

    def picture(self, post: Post) -> Picture | None:
        return picture(self._bodies, self._snapshot.get(), post)

    def minutes(self, post: Post) -> int:
        return minutes(self.html(self._snapshot.get(), post))

    def _static(self, name: str) -> str:
        return self._files.static_url(self._snapshot.get(), name)

    def _absolute(self, url: str) -> str:
        return absolute(self._snapshot.get(), url)


def summary(bodies: Bodies, snapshot: Snapshot, post: Post) -> str:
    """What a post is about, as plain text: its intro, else the beginning of its body."""
    return post.intro or bodies.html(snapshot, post).excerpt


def picture(bodies: Bodies, snapshot: Snapshot, post: Post) -> Picture | None:
    """The picture that stands for a post: the first of its head, else the first of its body."""
    if post.images:
        return snapshot.picture(post, post.images[0])
    lead = bodies.html(snapshot, post).lead
    return snapshot.picture(post, Image(lead.src, lead.caption, lead.alt)) if lead else None


def minutes(html: Html) -> int:
    """Reading time, at least one minute."""
    return max(1, round(html.words / WORDS_PER_MINUTE))


def absolute(snapshot: Snapshot, url: str) -> str:
    return snapshot.site.url + url if url.startswith("/") and not url.startswith("//") else url


def term_url(kind: str, term: Term | Author) -> str:
    return quote_path(f"{_TERM_FOLDERS[kind]}{term.slug}/")


def locale_of(language: str) -> Locale:
    """Babel's locale for a language tag; English for one that it does not know."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return locale_of(language.partition("-")[0]) if "-" in language else Locale("en")


def _render(
    environment: jinja2.Environment, names: list[str], snapshot: Snapshot, context: Mapping[str, object]
) -> str:
    return environment.select_template(names).render(site=snapshot.site, **context)


def _own_template(templates: Mapping[str, str], name: str) -> tuple[str, str, Callable[[], bool]] | None:
    source = templates.get(name)
    return None if source is None else (source, f"templates/{name}", lambda: True)


def _template_error(name: str, line: int, reason: str) -> PostError:
    return PostError(
        f"templates/{name}",
        line,
        1,
        f"The template fails: {reason.rstrip('.')}.",
        "Mend it, or delete the file to use the default one.",
    )


@jinja2.pass_context
def _date(context: Context, when: datetime, style: str = "long") -> str:
    return format_date(_local(context, when), style, locale_of(context["lang"]))


@jinja2.pass_context
def _isodate(context: Context, when: datetime) -> str:
    return _local(context, when).isoformat(timespec="seconds")


def _date_part(pattern: str) -> Callable[[Context, datetime], str]:
    @jinja2.pass_context
    def part(context: Context, when: datetime) -> str:
        return format_date(_local(context, when), pattern, locale_of(context["lang"])).rstrip(".")

    return part


def _local(context: Context, when: datetime) -> datetime:
    moment: datetime = when.astimezone(context["site"].zone)
    return moment
