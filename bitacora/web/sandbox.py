"""Where a site's own templates run: they reach nothing private, and what they may take of a worker is bounded."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, _PassArg
from jinja2.visitor import NodeTransformer

from bitacora.content.post import Post

MOST_SECONDS = 5.0
"""Of processor time that a page may take."""
MOST_CHARACTERS = 1_000_000
"""Of one value. An item of a list counts for as many as take its room."""
MOST_MADE = 5_000_000
"""Of a page and all values made for it."""
MOST_OF_TEMPLATE = 100_000
"""Characters of a template. Python's own compiler takes long over many constants that hash alike."""

_MOST_FORESEEN = 10_000_000
_MOST_BITS = 60
"""Of a number: larger ones may hash alike (https://docs.python.org/3/library/stdtypes.html#hashing-of-numeric-types)."""
_ITEM = 8
_SLOW = {"pprint", "striptags", "urlize", "wordwrap"}
"""What takes the square of its text's length."""
_MOST_FOR_SLOW = 50_000
_WIDE = re.compile(r"[%{][^%{}]*(?:[0-9]{5}|\*)|\{[^}]*\{")
"""A field that is wider than any page, or as wide as a value says."""
_MULTIPLYING = {"indent", "tojson"}
"""Filters of which a number makes each line longer."""
_OF_JINJA = {"_loop_vars", "_block_vars"}
_BUILTIN = (str, bytes, int, float, list, tuple, dict, set, frozenset)


_LARGE_NUMBER = "it makes a number of more than 18 digits"


class TooMuchError(jinja2.TemplateRuntimeError):
    """A template that goes on too long, or makes too much."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with a budget. Templates whose file name `is_shipped` are not counted, what they call is.

    Loops, macros, blocks, calls, filters, tests and comparisons look at the processor's clock of their thread;
    what can become long is foreseen where one step of Python could make it, and measured everywhere. Keys of a
    mapping come from the names in a template or from another mapping, and numbers stay small: no template
    chooses what hashes alike.
    """

    intercepted_binops = frozenset({"+", "-", "*", "**", "%", "//"})

    def __init__(self, *, is_shipped: Callable[[str], bool], **options: Any) -> None:
        super().__init__(finalize=_output, **options)
        self.globals.pop("lipsum")
        self.globals |= {
            "dict": _mapping,
            "namespace": lambda *given, **named: Namespace(_mapping(*given, **named)),
        }
        self.filters["measured"] = self.filters["ticked"] = lambda value: value
        self._is_shipped = is_shipped
        self._rendering = threading.local()
        self.charge = self._charge  # one object, so that it is known again when it is called

    @contextmanager
    def budget(self) -> Iterator[None]:
        """For one page. Outside of it nothing is limited."""
        self._rendering.ends = time.thread_time() + MOST_SECONDS
        self._rendering.left = MOST_MADE
        try:
            yield
        finally:
            del self._rendering.ends

    def meter_filters(self) -> None:
        """Called when all filters are there."""
        self.filters = {name: self._metered(name, function) for name, function in self.filters.items()}
        self.filters["ticked"] = self._ticked(lambda value: value)
        self.tests = {name: self._ticked(function) for name, function in self.tests.items()}  # type: ignore[arg-type]

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr != "fromkeys" and super().is_safe_attribute(obj, attr, value)

    def measured(self, value: Any) -> Any:
        """The value itself, unless it is too large; items that are made one by one are counted when they are."""
        if isinstance(value, Iterator):
            return self._ticking(value)
        weight = self._weight(value)
        if weight > MOST_CHARACTERS:
            raise TooMuchError(f"it makes a value of more than {MOST_CHARACTERS:,} characters")
        self._charge(weight)
        return value

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        if __obj is __self.charge:
            return __self._charge(*args)
        __self._tick()
        text = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        given = (*args, *(value for name, value in kwargs.items() if name not in _OF_JINJA))
        name = getattr(__obj, "__name__", "")
        if name in _SLOW:
            __self._foresee_slow(text)
        if name in {"format", "format_map"} and isinstance(text, str):
            __self._foresee_format(text, given)
        elif isinstance(text, _BUILTIN):
            __self._foresee(text, given, multiplies=name == "expandtabs")
        for text in given:
            if isinstance(text, str) and "%" in text:
                __self._foresee_format(text, given)
        return __self.measured(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        self._tick()
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
        is_shipped = filename and self._is_shipped(filename)
        if not is_shipped and len(source) > MOST_OF_TEMPLATE:
            raise jinja2.TemplateSyntaxError(f"it has more than {MOST_OF_TEMPLATE:,} characters", 1)
        tree = super()._parse(source, name, filename)
        if not is_shipped:
            _Meter().visit(tree)
        return tree

    # --- counting

    def _tick(self) -> None:
        if time.thread_time() > getattr(self._rendering, "ends", float("inf")):
            raise TooMuchError(f"it takes more than {MOST_SECONDS:.0f} seconds")

    def _charge(self, characters: int) -> None:
        self._tick()
        if hasattr(self._rendering, "ends"):
            self._rendering.left -= characters
            if self._rendering.left < 0:
                raise TooMuchError(f"it makes a page and values of more than {MOST_MADE:,} characters")

    def _ticking(self, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            self._tick()
            yield item

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
        self._tick()
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

    def _foresee_format(self, text: str, values: Iterable[Any]) -> None:
        if _WIDE.search(text):
            raise TooMuchError("it has a field that is too wide, or as wide as a value says")
        if self._weight(text) * max(map(self._weight, values), default=1) > _MOST_FORESEEN:
            raise TooMuchError(f"it could make a text of more than {MOST_CHARACTERS:,} characters")

    def _metered(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter with a budget. As it asks for the context, it is never called while a template is compiled."""
        wants = _PassArg.from_obj(function)

        @jinja2.pass_context
        def metered(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
            self._tick()
            given = (*args, *kwargs.values())
            if name in _SLOW:
                self._foresee_slow(value)
            if name == "sum" and isinstance(kwargs.get("start", args[1] if len(args) > 1 else 0), list | tuple):
                raise TooMuchError("it could make a list of lists one by one")
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
            self._tick()
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


@jinja2.pass_context
def _output(context: Context, value: Any) -> Any:
    sandbox = context.environment
    assert isinstance(sandbox, Sandbox)
    sandbox._charge(sandbox._weight(value))
    return value


class _Meter(NodeTransformer):
    """Puts into a template what looks at its budget, wherever something may be done again and again."""

    def _ticking(self, node: Any) -> Any:
        self.generic_visit(node)
        node.body.insert(0, _charge(0, next((child.lineno for child in node.body), node.lineno)))
        return node

    visit_Template = visit_For = visit_Macro = visit_CallBlock = visit_Block = _ticking  # noqa: N815

    def visit_Output(self, node: nodes.Output) -> Any:  # noqa: N802
        self.generic_visit(node)
        written = sum(len(child.data) for child in node.nodes if isinstance(child, nodes.TemplateData))
        return [_charge(written, node.lineno), node] if written else node

    def visit_Concat(self, node: nodes.Concat) -> Any:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [_measured(child) for child in node.nodes]
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


def _charge(characters: int, line: int) -> nodes.ExprStmt:
    call = nodes.Call(nodes.EnvironmentAttribute("charge"), [nodes.Const(characters)], [], None, None, lineno=line)
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
