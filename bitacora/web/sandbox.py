"""Where a site's own templates run: they reach nothing private, and what they may take of a worker is bounded.

Jinja's own sandbox with a clock in loops is shorter, but one step of Python then takes gigabytes or minutes: what
was measured stands in docs/architecture.md (`python -m bench.sandbox`).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import BuiltinMethodType, MethodType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.filters import make_attrgetter, sync_do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEscapeFormatter, SandboxedFormatter
from jinja2.utils import Namespace, _PassArg
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from bitacora.posts.post import Post
from bitacora.web.reach import check_codec, is_harmless, text_weight

MOST_SECONDS = 5.0
"""Of processor time that a page may take."""
MOST_CHARACTERS = 1_000_000
"""Of one value. An item of a list counts for as many as take its room."""
MOST_MADE = 5_000_000
"""Of a page and all values made for it; of a page alone as well, whatever wrote it."""
MOST_COPIED = 20_000_000
"""Of the bodies of posts that a page asks for: each time it gets a copy."""
MOST_OF_TEMPLATE = 100_000
"""Characters of a template. Python's own compiler takes long over many constants that hash alike."""

_MOST_FORESEEN = 10_000_000
_MOST_FORMATTED = 2_000_000
_MOST_BITS = 60
"""Of a number: larger ones may hash alike (https://docs.python.org/3/library/stdtypes.html#hashing-of-numeric-types)."""
_ITEM = 8
_WIDEST_NUMBER = 320
"""Characters of the largest float, in full."""
_SLOW = {"pprint", "striptags", "urlize", "wordwrap"}
"""What takes the square of its text's length."""
_MOST_FOR_SLOW = 50_000
_MULTIPLYING = {"indent", "tojson"}
"""Filters of which a number makes each line longer."""
_TAKES_OBJECTS = {
    "attr", "batch", "count", "d", "default", "dictsort", "first", "groupby", "items", "join", "last", "length",
    "list", "map", "max", "min", "random", "reject", "rejectattr", "reverse", "select", "selectattr", "slice",
    "sort", "sum", "tojson", "unique",
}  # fmt: skip
"""Filters of Jinja's that make no text of what they are given, or look at it themselves."""
_WRITTEN = (Macro, BlockReference, LoopContext)
"""What writes a part of the page when it is called: that counts while it is written."""
_OF_JINJA = {"_loop_vars", "_block_vars"}
_BUILTIN = (str, bytes, int, float, list, tuple, dict, set, frozenset)
_DIGITS = re.compile("[0-9]+")
_STAR = re.compile(r"[^a-zA-Z(]*\*")
"""A field of `%` that is as wide as a value says."""

_LARGE_NUMBER = "it makes a number of more than 18 digits"


class TooMuchError(jinja2.TemplateRuntimeError):
    """A template that goes on too long, or makes too much."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with a budget, in which nothing is written but text.

    Loops, macros, blocks, calls, filters, tests and comparisons look at the processor's clock of their thread;
    what can become long is foreseen where one step of Python could make it, and measured everywhere. Keys of a
    mapping come from the names in a template or from another mapping, and numbers stay small: no template
    chooses what hashes alike. Methods are reached only where they are known to have no effect (`reach`).
    """

    intercepted_binops = frozenset({"+", "-", "*", "**", "%", "//"})

    def __init__(self, **options: Any) -> None:
        super().__init__(finalize=_output, **options)
        self.code_generator_class = _Generator
        self.globals.pop("lipsum")
        self.globals |= {
            "dict": _mapping,
            "namespace": lambda *given, **named: Namespace(_mapping(*given, **named)),
        }
        self.filters["join"] = _join
        self.filters["measured"] = self.filters["ticked"] = self.filters["written"] = lambda value: value
        self._rendering = _Rendering()
        self._speaking: frozenset[int] = frozenset()

    @contextmanager
    def budget(self) -> Iterator[None]:
        """Limit what is rendered inside, as one page. Outside of it neither time nor what is made is limited."""
        rendering = self._rendering
        before = rendering.ends, rendering.left, rendering.to_copy
        rendering.ends = time.thread_time() + MOST_SECONDS
        rendering.left, rendering.to_copy = MOST_MADE, MOST_COPIED
        try:
            yield
        finally:
            rendering.ends, rendering.left, rendering.to_copy = before

    def meter_filters(self) -> None:
        """Put the budget round filters, tests and translations. Call it when all are there."""
        self.filters = {name: self._metered(name, function) for name, function in self.filters.items()}
        self.filters["ticked"] = self._ticked(lambda value: value)
        self.filters["written"] = _output
        self.tests = {name: self._ticked(function) for name, function in self.tests.items()}  # type: ignore[arg-type]
        names = ("_", "gettext", "ngettext", "pgettext", "npgettext")
        self._speaking = frozenset(id(self.globals[name]) for name in names if name in self.globals)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return super().is_safe_attribute(obj, attr, value) and is_harmless(obj, attr, value)

    def concat(self, parts: Iterable[str]) -> str:
        """Join what a page, a macro or a block has written, which may be no longer than a page."""
        kept, left = [], MOST_MADE
        for part in parts:
            left -= len(part)
            if left < 0:
                raise TooMuchError(f"it makes a page of more than {MOST_MADE:,} characters")
            kept.append(part)
        return "".join(kept)

    def text(self, value: Any) -> str:
        """Return what a value is written as. Raises RefusedError for what has no text."""
        if isinstance(value, str):
            return value
        if text_weight(value, MOST_CHARACTERS) > MOST_CHARACTERS:
            raise TooMuchError(f"it writes a value of more than {MOST_CHARACTERS:,} characters")
        return str(value)

    def measured(self, value: Any) -> Any:
        """Return the value itself, unless it is too large; items that come one by one are counted when they do."""
        if isinstance(value, Iterator):
            return self._ticking(value)
        self.charge(self._sized(value))
        return value

    def copy(self, characters: int) -> None:
        """Count a copy of a post's body."""
        self._rendering.to_copy -= characters
        if self._rendering.to_copy < 0:
            raise TooMuchError(f"it asks for bodies of posts of more than {MOST_COPIED:,} characters")

    def charge(self, characters: int) -> None:
        """Count what is made or written."""
        self._rendering.left -= characters
        if self._rendering.left < 0:
            raise TooMuchError(f"it makes a page and values of more than {MOST_MADE:,} characters")

    def tick(self) -> None:
        """Look at the clock."""
        if time.thread_time() > self._rendering.ends:
            raise TooMuchError(f"it takes more than {MOST_SECONDS:.0f} seconds")

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return `str.format` or `str.format_map` with the sandbox's rules and bounds; None for all else."""
        if not isinstance(value, BuiltinMethodType | MethodType) or value.__name__ not in {"format", "format_map"}:
            return None
        text = value.__self__
        if not isinstance(text, str):
            return None

        @wraps(value)
        def formatted(*args: Any, **kwargs: Any) -> str:
            if value.__name__ == "format_map":
                (kwargs,), args = args, ()
            if isinstance(text, Markup):
                return Markup(_BoundedMarkup(self, escape=text.escape).vformat(text, args, kwargs))  # noqa: S704
            return _Bounded(self).vformat(text, args, kwargs)

        return formatted

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        __self.tick()
        if isinstance(__obj, _WRITTEN):
            written = super().call(__context, __obj, *args, **kwargs)
            __self._sized(written)
            return written
        owner = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        name = getattr(__obj, "__name__", "")
        if isinstance(owner, str | bytes) and name not in {"format", "format_map"}:
            args = tuple(map(__self._made_of, args))
        given = (*args, *(value for name, value in kwargs.items() if name not in _OF_JINJA))
        if name in {"encode", "decode"}:
            check_codec(given)
        if name in _SLOW:
            __self._foresee_slow(owner)
        if isinstance(owner, _BUILTIN) and name not in {"format", "format_map"}:
            __self._foresee(owner, given, multiplies=name == "expandtabs")
        if name == "strftime" or id(__obj) in __self._speaking:
            for text in given:
                __self._foresee_format(text, given)
        return __self.measured(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        self.tick()
        if isinstance(left, int) and isinstance(right, int):
            if operator == "**" and (left.bit_length() - 1) * right > _MOST_BITS:
                raise TooMuchError(_LARGE_NUMBER)
        elif operator == "*":
            for text, number in ((left, right), (right, left)):
                if isinstance(number, int):
                    self._foresee(text, (number,), multiplies=True)
        elif operator == "%" and isinstance(left, str):
            self._foresee_format(left, (right,))
        return self.measured(super().call_binop(context, operator, left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > MOST_OF_TEMPLATE:
            raise jinja2.TemplateSyntaxError(f"it has more than {MOST_OF_TEMPLATE:,} characters", 1)
        tree = super()._parse(source, name, filename)
        _Meter().visit(tree)
        return tree

    # --- counting

    def _ticking(self, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            self.tick()
            yield item

    def _made_of(self, value: Any) -> Any:
        """Return what a text is made of; as a list, where it comes one by one. Raises RefusedError."""
        if isinstance(value, Iterator):
            return self._listed(value)
        text_weight(value, MOST_CHARACTERS)
        return value

    def _listed(self, values: Iterable[Any]) -> list[Any]:
        self.tick()
        listed, left = [], MOST_CHARACTERS
        for value in values:
            left -= 1 + text_weight(value, MOST_CHARACTERS)
            if left < 0:
                raise TooMuchError(f"it makes a value of more than {MOST_CHARACTERS:,} characters")
            listed.append(value)
        return listed

    def _sized(self, value: Any) -> int:
        weight = self._weight(value)
        if weight > MOST_CHARACTERS:
            raise TooMuchError(f"it makes a value of more than {MOST_CHARACTERS:,} characters")
        return weight

    def _weight(self, value: Any) -> int:
        """About how many characters a value has when it is written, and what it takes beside."""
        if isinstance(value, str | bytes):
            return _ITEM + len(value)
        if isinstance(value, int):
            if value.bit_length() > _MOST_BITS:
                raise TooMuchError(_LARGE_NUMBER)
            return _ITEM
        if isinstance(value, Mapping):
            return self._weight_of(value.keys()) + self._weight_of(value.values())
        if isinstance(value, Post):
            return len(value)  # its texts are there already, and a list of posts makes none of them again
        if isinstance(value, list | tuple | set | frozenset):
            return self._weight_of(value)
        return 1

    def _weight_of(self, values: Iterable[Any]) -> int:
        self.tick()
        total = 0
        for value in values:
            total += 1 + self._weight(value)
            if total > MOST_CHARACTERS:
                break
        return total

    # --- before one step of Python makes it

    def _foresee(self, first: Any, others: Iterable[Any], *, multiplies: bool) -> None:
        times, more = 1, 0
        for value in others:
            if not isinstance(value, int):
                times = max(times, self._weight(value))
            elif multiplies:
                times = max(times, value)
            else:
                more = max(more, value)
        if more > MOST_CHARACTERS or self._weight(first) * times > _MOST_FORESEEN:
            raise TooMuchError(f"it could make a value of more than {MOST_CHARACTERS:,} characters")

    def _foresee_slow(self, value: Any) -> None:
        if self._weight(value) > _MOST_FOR_SLOW:
            raise TooMuchError(
                f"it could make a value out of more than {_MOST_FOR_SLOW:,} characters for too long"
            )

    def _foresee_format(self, text: Any, values: Iterable[Any]) -> None:
        """Look at a text with `%` in it: no field may be as wide as a value says, or all together too wide."""
        widest = max([_WIDEST_NUMBER, *(text_weight(value, MOST_CHARACTERS) for value in values)])
        if not isinstance(text, str) or "%" not in text:
            return
        fields = text.split("%")[1:]
        width = sum(map(_width, fields))
        if width > MOST_CHARACTERS or any(map(_STAR.match, fields)):
            raise TooMuchError("it has a field that is too wide, or as wide as a value says")
        if len(text) + width + len(fields) * widest > _MOST_FORMATTED:
            raise TooMuchError(f"it could make a text of more than {MOST_CHARACTERS:,} characters")

    def _metered(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter with a budget. As it asks for the context, it is never called while a template is compiled."""
        wants = _PassArg.from_obj(function)
        makes_text = name in jinja2.filters.FILTERS and name not in _TAKES_OBJECTS

        @jinja2.pass_context
        def metered(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
            self.tick()
            if makes_text:
                value, *args = map(self._made_of, (value, *args))  # type: ignore[assignment]
                kwargs = {key: self._made_of(given) for key, given in kwargs.items()}
            given = (*args, *kwargs.values())
            if name in _SLOW:
                self._foresee_slow(value)
            if name == "sum" and isinstance(kwargs.get("start", args[1] if len(args) > 1 else 0), list | tuple):
                raise TooMuchError("it could make a list of lists one by one")
            if name == "tojson" and text_weight(value, MOST_CHARACTERS, named=True) > MOST_CHARACTERS:
                raise TooMuchError(f"it could make a value of more than {MOST_CHARACTERS:,} characters")
            if name == "format":
                self._foresee_format(str(value), given)
            else:
                self._foresee(value, given, multiplies=name in _MULTIPLYING)
            return self.measured(function(*self._passed(wants, context), value, *args, **kwargs))

        return metered

    def _ticked(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A test, or what is as short, that looks at the clock; like a filter never called while compiling."""
        wants = _PassArg.from_obj(function)

        @jinja2.pass_context
        def ticked(context: Context, *args: Any, **kwargs: Any) -> Any:
            self.tick()
            return function(*self._passed(wants, context), *args, **kwargs)

        return ticked

    def _passed(self, wants: _PassArg | None, context: Context) -> tuple[Any, ...]:
        if wants is None:
            return ()
        return {
            _PassArg.context: (context,),
            _PassArg.eval_context: (context.eval_ctx,),
            _PassArg.environment: (self,),
        }[wants]


class _Rendering(threading.local):
    """What is left to the page that a thread renders."""

    ends = left = to_copy = float("inf")


class _Bounded(SandboxedFormatter):
    """`str.format` whose fields are texts, no longer together than one value may be."""

    left = MOST_CHARACTERS

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        found = super().get_field(field_name, args, kwargs)
        self._take(text_weight(found[0], MOST_CHARACTERS))
        return found

    def format_field(self, value: Any, format_spec: str) -> str:
        self._take(_width(format_spec))
        formatted: str = super().format_field(value, format_spec)
        return formatted

    def _take(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise TooMuchError(f"it could make a text of more than {MOST_CHARACTERS:,} characters")


class _BoundedMarkup(_Bounded, SandboxedEscapeFormatter):
    """The same of markup, which escapes what it is given."""


@jinja2.pass_context
def _output(context: Context, value: Any) -> str:
    """Return the text of what is written, and count it."""
    sandbox = context.environment
    assert isinstance(sandbox, Sandbox)
    text = sandbox.text(value)
    sandbox.charge(_ITEM + len(text))
    return text


@jinja2.pass_eval_context
def _join(eval_ctx: EvalContext, value: Iterable[Any], d: Any = "", attribute: Any = None) -> str:
    """Jinja's filter, on texts that are counted before they are joined."""
    sandbox = eval_ctx.environment
    assert isinstance(sandbox, Sandbox)
    if attribute is not None:
        value = map(make_attrgetter(sandbox, attribute), value)
    joined: str = sync_do_join(eval_ctx, sandbox._listed(value), sandbox.text(d))
    return joined


def _width(field: str) -> int:
    """Return the sum of all numbers in what describes fields of a format."""
    return sum(int(digits) if len(digits) < _ITEM else MOST_MADE for digits in _DIGITS.findall(field))


class _Meter(NodeTransformer):
    """Puts into a template what looks at its budget, wherever something may be done again and again."""

    def _ticking(self, node: Any) -> Any:
        self.generic_visit(node)
        node.body.insert(0, _asked("tick", [], next((child.lineno for child in node.body), node.lineno)))
        return node

    visit_Template = visit_For = visit_Macro = visit_CallBlock = visit_Block = _ticking  # noqa: N815

    def visit_Output(self, node: nodes.Output) -> Any:  # noqa: N802
        self.generic_visit(node)
        written = sum(len(child.data) for child in node.nodes if isinstance(child, nodes.TemplateData))
        return [_asked("charge", [nodes.Const(written)], node.lineno), node] if written else node

    def visit_Concat(self, node: nodes.Concat) -> Any:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [_filtered(child, "written") for child in node.nodes]
        return _measured(node)

    def visit_Compare(self, node: nodes.Compare) -> Any:  # noqa: N802
        self.generic_visit(node)
        for operand in node.ops:  # of a chain each is asked for just before it is compared
            operand.expr = _filtered(operand.expr, "ticked")
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> Any:  # noqa: N802
        self.generic_visit(node)
        return _measured(node) if isinstance(node.arg, nodes.Slice) else node

    def visit_Const(self, node: nodes.Const) -> Any:  # noqa: N802
        if isinstance(node.value, int) and node.value.bit_length() > _MOST_BITS:
            raise jinja2.TemplateSyntaxError(_LARGE_NUMBER, node.lineno)
        return node

    def _container(self, node: Any) -> Any:
        self.generic_visit(node)
        return _measured(node) if getattr(node, "ctx", "load") == "load" else node

    visit_List = visit_Tuple = visit_Dict = _container  # noqa: N815


class _Generator(CodeGenerator):
    """Calls what counts directly: it is no template's."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        if isinstance(node.node, nodes.EnvironmentAttribute):
            self.visit(node.node, frame)
            self.write("(")
            for argument in node.args:
                self.visit(argument, frame)
            self.write(")")
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)


def _asked(name: str, given: list[nodes.Expr], line: int) -> nodes.ExprStmt:
    call = nodes.Call(nodes.EnvironmentAttribute(name), given, [], None, None, lineno=line)
    return nodes.ExprStmt(call, lineno=line)


def _measured(node: nodes.Expr) -> nodes.Filter:
    return _filtered(node, "measured")


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _mapping(*given: Mapping[Any, Any], **named: Any) -> dict[Any, Any]:
    """`dict`, but of other mappings and names alone."""
    if not all(isinstance(one, Mapping) for one in given):
        raise jinja2.TemplateRuntimeError("a dict is made of names and other mappings")
    return {key: value for one in (*given, named) for key, value in one.items()}
