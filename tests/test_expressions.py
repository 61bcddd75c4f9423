"""Every expression that the engine compiles, held against texts that are made from it to keep it busy."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import re._constants as kinds
import re._parser as parser
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
import regex

import bitacora
from bitacora.markdown import syntax

_PIECES, _RUNS = 8_000, 2_500  # characters of the shorter text
_AT_MOST = 5.5  # times as long for a text three times as long; nine times is quadratic
_LOOKS = 6
_NOT_WORTH_A_LOOK = 0.002  # seconds: what is quadratic takes longer
_CHOICES = 4  # of branches
_MORE_CHARS = "a \n"


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(bitacora.__path__, "bitacora."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def _expressions() -> Iterator[tuple[str, Any, str]]:
    """Name, expression, and how it is used: `match`, `fullmatch`, or `finditer` for all else."""
    for module in _modules():
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern | regex.Pattern):
                uses = set(re.findall(rf"\b{name}\.(\w+)", source)) - {"pattern"}
                use = uses.pop() if len(uses) == 1 and uses <= {"match", "fullmatch"} else "finditer"
                yield f"{module.__name__}.{name}", value, use
            elif isinstance(value, dict):
                for key, one in value.items():
                    if isinstance(one, re.Pattern):
                        yield f"{module.__name__}.{name}[{key!r}]", one, "finditer"
    for name, rule in syntax._markdown.block.specification.items():
        yield f"the rule {name}", re.compile(rule, re.MULTILINE), "finditer"
    for name, rule in syntax._markdown.inline.specification.items():
        yield f"the rule {name}", re.compile(rule), "match"


class _Samples:
    """Texts that an expression might match, of one choice among its branches."""

    def __init__(self, choice: int) -> None:
        self.choice = choice
        self.groups: dict[int, str] = {}
        self.chars: dict[str, None] = {}

    def text(self, tree: Any) -> str:
        return "".join(self.part(kind, value) for kind, value in tree)

    def part(self, kind: Any, value: Any) -> str:
        if kind in {kinds.LITERAL, kinds.NOT_LITERAL, kinds.ANY, kinds.IN}:
            char = self.char(kind, value)
            self.chars[char] = None
            return char
        if kind is kinds.BRANCH:
            return self.text(value[1][self.choice % len(value[1])])
        if kind is kinds.SUBPATTERN:
            self.groups[value[0]] = self.text(value[3])
            return self.groups[value[0]]
        if kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT}:
            once = self.text(value[2])
            return once * min(max(value[0], 1), 40)
        if kind is kinds.ATOMIC_GROUP:
            return self.text(value)
        if kind is kinds.ASSERT:
            self.text(value[1])
        return self.groups.get(value, "") if kind is kinds.GROUPREF else ""

    def char(self, kind: Any, value: Any) -> str:
        if kind is kinds.LITERAL:
            return chr(value)
        if kind is kinds.ANY:
            return "a"
        if kind is kinds.NOT_LITERAL:
            return "b" if value == ord("a") else "a"
        positive = [one for one in value if one[0] is not kinds.NEGATE]
        if len(positive) < len(value):
            shunned = re.compile(_class(positive))
            return next((char for char in "a -;\u0101" if not shunned.match(char)), "\x01")
        kind, value = positive[self.choice % len(positive)]
        if kind is kinds.CATEGORY:
            return {kinds.CATEGORY_DIGIT: "1", kinds.CATEGORY_WORD: "a"}.get(value, " ")
        return chr(value[0] if kind is kinds.RANGE else value)


def _class(items: list[Any]) -> str:
    said = {kinds.CATEGORY_SPACE: r"\s", kinds.CATEGORY_WORD: r"\w", kinds.CATEGORY_NOT_WORD: r"\W"}
    said |= {kinds.CATEGORY_DIGIT: r"\d", kinds.CATEGORY_NOT_SPACE: r"\S"}
    texts = []
    for kind, value in items:
        if kind is kinds.CATEGORY:
            texts.append(said[value])
        else:
            low, high = value if kind is kinds.RANGE else (value, value)
            texts.append(f"\\U{low:08x}-\\U{high:08x}")
    return f"[{''.join(texts)}]"


def _worst(expression: Any) -> Iterator[Callable[[int], str]]:
    """Each beginning of a match again and again, and each with a long run of each kind of character behind it."""
    tree = parser.parse(expression.pattern, expression.flags & ~re.DEBUG) if _is_plain(expression) else []
    starts: dict[str, None] = {"": None}
    chars: dict[str, None] = {}
    for choice in range(_CHOICES):
        samples = _Samples(choice)
        text = samples.text(tree)[:40]
        starts |= dict.fromkeys(text[:length] for length in range(1, len(text) + 1))
        chars |= samples.chars
    for start in starts:
        if start:
            yield lambda times, start=start: start * (times * _PIECES // len(start))
    for char in dict.fromkeys([*chars, *_MORE_CHARS]):
        for start in list(starts)[:: 1 + len(starts) // 12]:
            yield lambda times, start=start, char=char: start + char * (times * _RUNS) + "\x00"


def _is_plain(expression: Any) -> bool:
    return isinstance(expression, re.Pattern) and isinstance(expression.pattern, str)


def _seconds(expression: Any, use: str, text: str, times: int = 1) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.thread_time()
        if use == "finditer":
            for _found in expression.finditer(text):
                pass
        else:
            getattr(expression, use)(text)
        best = min(best, time.thread_time() - start)
    return best


def _grows_too_fast(expression: Any, use: str, make: Callable[[int], str]) -> bool:
    """Whether it seems so each time: a machine that does other things as well makes a text look slow once."""
    return all(_seems_to_grow_too_fast(expression, use, make) for _ in range(_LOOKS))


def _seems_to_grow_too_fast(expression: Any, use: str, make: Callable[[int], str]) -> bool:
    if _seconds(expression, use, make(1)) < _NOT_WORTH_A_LOOK:
        return False
    short, long = (_seconds(expression, use, make(times), 3) for times in (1, 3))
    return short > _NOT_WORTH_A_LOOK / 2 and long > _AT_MOST * short


@pytest.mark.slow
def test_the_time_of_each_expression_grows_at_most_as_its_text_does() -> None:
    slow = {}
    for name, expression, use in _expressions():
        if isinstance(expression.pattern, str):
            for make in _worst(expression):
                if _grows_too_fast(expression, use, make):
                    slow[name] = f"{expression.pattern[:80]!r} on {make(1)[:60]!r}"
                    break
    assert not slow


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [r"</script[^>]*>", r"<img[^>]*>"])
def test_an_expression_that_is_quadratic_is_found(pattern: str) -> None:
    """By one look of some: a machine that does other things as well makes the short text look slow, too."""
    expression = re.compile(pattern)
    makes = [make for make in _worst(expression) for _ in range(_LOOKS)]
    assert any(_seems_to_grow_too_fast(expression, "finditer", make) for make in makes)
