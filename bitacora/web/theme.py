"""Templates to text: the shipped theme, and a site's own templates over it."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from jinja2 import meta
from markupsafe import Markup

from bitacora.markdown.addresses import with_rooted
from bitacora.markdown.writer import Heading
from bitacora.posts.post import Post
from bitacora.problems import PostError
from bitacora.web.alphabets import direction
from bitacora.web.compiled import Compiled
from bitacora.web.edition import Edition
from bitacora.web.reach import RefusedError
from bitacora.web.sandbox import Sandbox, TooMuchError
from bitacora.web.words import Words

log = logging.getLogger(__name__)

_OWN = "templates/"
_Loaded = tuple[str, str, Callable[[], bool]]
"""A template's source, its file name, and whether it is still up to date."""
_MOST_OF_REASON = 500


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """A rendered body as templates use it. `copied` counts the copies that are made of it."""

    toc: tuple[Heading, ...]
    excerpt: str
    words: int
    _html: str
    _copied: Callable[[int], None]

    def __repr__(self) -> str:
        return "<Content>"

    @property
    def body(self) -> Markup:
        self._copied(len(self._html))
        return Markup(self._html)  # noqa: S704 - sanitised when rendered


class Theme:
    """Renders templates by name, or the first that exists of several.

    `shipped` is the folder of the default theme. A site's own templates shadow it file by file and may extend
    the file that they shadow as `default:<name>`. They run in a sandbox with a budget unless `trusted`. One that
    fails while it renders is reported and the default one stands in for it; until the templates change, if it went
    past its budget.
    """

    def __init__(self, shipped: Path, words: Words, *, trusted: bool) -> None:
        self._words = words
        self._sandboxed = not trusted
        self._edition: ContextVar[Edition] = ContextVar("edition")
        self._shipped = _in_memory(shipped)
        self._loader = jinja2.FunctionLoader(self._shipped.get)
        self._is_shipped = lambda filename: filename.startswith(f"{shipped}/")
        self._default = self._environment({}, sandboxed=False)
        self._checker = self._environment({}, sandboxed=self._sandboxed)
        self._overlay = _Overlay({}, self._default, {})
        self._failed: dict[str, PostError] = {}
        self._too_much: set[str] = set()
        self._parts: dict[str, set[str | None]] = {}
        self._told: set[str] = set()
        self._lock = threading.Lock()

    @property
    def problems(self) -> tuple[PostError, ...]:
        """Own templates that compile but failed to render."""
        return tuple(self._failed.values())

    def render(self, names: Sequence[str], edition: Edition, **context: object) -> str:
        """The text that the first template of `names` that exists makes; the shipped theme must have the last.

        Templates write the addresses of the site as it would have them at the root of a host. Raises PostError for
        the body of a post that cannot be shown.
        """
        text = self._rendered(names, edition, context)
        is_below = edition.snapshot.site.prefix and names[-1].endswith(".html")
        return with_rooted(text, edition.snapshot.address) if is_below else text

    def _rendered(self, names: Sequence[str], edition: Edition, context: dict[str, object]) -> str:
        environment = self._environment_for(edition.snapshot.templates, names)
        context["site"] = edition.snapshot.site
        token = self._edition.set(edition)
        try:
            if environment is not self._default and names[0] not in self._too_much:
                try:
                    with environment.budget() if isinstance(environment, Sandbox) else nullcontext():
                        return environment.select_template(list(names)).render(context)
                except PostError:
                    raise
                except TooMuchError as error:
                    self._too_much.add(names[0])
                    self._report(error)
                except Exception as error:  # noqa: BLE001 - somebody else's template may raise anything
                    self._report(error)
            return self._default.get_template(names[-1]).render(context)
        finally:
            self._edition.reset(token)

    def check(self, name: str, source: str) -> None:
        """Raises PostError for a template that does not compile."""
        if self._is_as_shipped(name, source):
            return
        try:
            self._checker.compile(source, name)
        except jinja2.TemplateSyntaxError as error:
            raise _problem(name, error.lineno, error.message or "it cannot be read") from None
        except Exception as error:  # noqa: BLE001 - too deep for Python's compiler, numbers without end, …
            raise _problem(name, 1, f"it cannot be compiled ({type(error).__name__})") from None

    def tell(self, remarks: Iterable[PostError]) -> None:
        """Log each remark once, when it appears."""
        texts = {str(remark) for remark in remarks}
        for text in sorted(texts - self._told):
            log.warning("%s", text)
        self._told = texts

    def _environment_for(self, templates: Mapping[str, str], names: Sequence[str]) -> jinja2.Environment:
        with self._lock:
            if self._overlay.templates != templates:
                self._failed.clear()
                self._too_much.clear()
                own = {name: text for name, text in templates.items() if not self._is_as_shipped(name, text)}
                environment = self._environment(own, sandboxed=self._sandboxed) if own else self._default
                self._overlay = _Overlay(templates, environment, dict.fromkeys(own, True))
            overlay = self._overlay
        if overlay.environment is self._default or not any(self._is_own(name, overlay) for name in names):
            return self._default
        return overlay.environment

    def _is_own(self, name: str, overlay: _Overlay) -> bool:
        """Whether a template of the site has a part in what `name` makes. If not, it needs no sandbox."""
        if name not in overlay.own:
            overlay.own[name] = any(part is None or self._is_own(part, overlay) for part in self._parts_of(name))
        return overlay.own[name]

    def _parts_of(self, name: str) -> Collection[str | None]:
        """Return the templates that a shipped one extends, includes or imports; None for one that it computes."""
        if name not in self._parts:
            source = self._shipped[name][0] if name in self._shipped else ""
            self._parts[name] = set(meta.find_referenced_templates(self._default.parse(source)))
        return self._parts[name]

    def _is_as_shipped(self, name: str, source: str) -> bool:
        """Whether a site's template is the default one unchanged, which then stands for it."""
        return name in self._shipped and self._shipped[name][0] == source

    def _report(self, error: Exception) -> None:
        frames = ((frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__))
        path, line = next((place for place in reversed([*frames]) if place[0].startswith(_OWN)), (_OWN, 1))
        is_plain = isinstance(error, TooMuchError | RefusedError) or type(error) is jinja2.TemplateRuntimeError
        said = f"{error}" if is_plain else f"{type(error).__name__}: {error}"
        problem = _problem(path.removeprefix(_OWN), line, said)
        if self._failed.get(path) != problem:
            self._failed[path] = problem
            log.warning("%s", problem)

    def _environment(self, templates: Mapping[str, str], *, sandboxed: bool) -> jinja2.Environment:
        kind = Sandbox if sandboxed else jinja2.Environment
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
            bytecode_cache=Compiled(self._is_shipped),
        )
        self._words.install(environment)
        environment.globals |= self._globals()
        environment.filters |= self._filters()
        if isinstance(environment, Sandbox):
            environment.meter_filters()
        return environment

    # --- what templates can ask: plain functions, through which nothing else can be reached

    def _globals(self) -> dict[str, Callable[..., object]]:
        return {
            "static": lambda name: self._edition.get().static(name),
            "absolute": lambda url: self._edition.get().snapshot.absolute(url),
            "identity": lambda url: self._edition.get().identity(url),
            "named": lambda kind, term, post=None: self._edition.get().named(kind, term, post),
            "written": lambda language, text="": self._edition.get().written(language, text),
            "term_url": lambda kind, term: self._edition.get().term_url(kind, term),
        }

    def _filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "summary": lambda post: self._edition.get().summary(post),
            "picture": lambda post: self._edition.get().picture(post),
            "content": self._content,
            "direction": direction,
            "minutes": lambda post: self._edition.get().minutes(post),
            "feed_id": lambda post: self._edition.get().feed_id(post),
        }

    @jinja2.pass_environment
    def _content(self, environment: jinja2.Environment, post: Post, *, absolute: bool = False) -> Content:
        html = self._edition.get().html(post, absolute=absolute)
        copied = environment.copy if isinstance(environment, Sandbox) else _uncounted
        return Content(html.toc, html.excerpt, html.words, html.body, copied)


class _Overlay(NamedTuple):
    """A site's own templates, where they run, and which pages they have a part in as far as it was asked."""

    templates: Mapping[str, str]
    environment: jinja2.Environment
    own: dict[str, bool]


def _uncounted(characters: int) -> None:
    """Count nothing: the operator trusts this template."""


def _in_memory(folder: Path) -> Mapping[str, _Loaded]:
    """Read once, so that a page whose template was never used needs no descriptor when there is none left."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {
        file.relative_to(folder).as_posix(): (file.read_text("utf-8"), str(file), lambda: True) for file in files
    }


def _own_template(templates: Mapping[str, str], name: str) -> _Loaded | None:
    source = templates.get(name)
    return None if source is None else (source, f"{_OWN}{name}", lambda: True)


def _problem(name: str, line: int, reason: str) -> PostError:
    remedy = "Mend it, or delete the file to use the default one."
    reason = " ".join(reason.split()).rstrip(".")
    reason = reason if len(reason) <= _MOST_OF_REASON else f"{reason[:_MOST_OF_REASON]}…"
    return PostError(f"{_OWN}{name}", line, 1, f"The template fails: {reason}.", remedy)
