"""Each class of faults has exactly one test, and each test names its advisory where a reader looks for it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

CLASSES = range(1, 47)
Marked = tuple[int, list[str], str]


def marked() -> Iterator[Marked]:
    """Yield number, advisories and docstring of each marked test, as the sources have them."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            for mark in getattr(node, "decorator_list", ()):
                if ast.unparse(getattr(mark, "func", mark)) == "pytest.mark.advisory":
                    number, *advisories = map(ast.literal_eval, mark.args)
                    yield number, advisories, ast.get_docstring(node) or ""


def test_each_class_has_exactly_one_test() -> None:
    assert Counter(number for number, _, _ in marked()) == Counter(CLASSES)


def test_each_docstring_names_its_advisories() -> None:
    missing = [(number, name) for number, names, doc in marked() for name in names or ["?"] if name not in doc]
    assert not missing
