"""Code in colours: classes of Pygments, never styles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from bitacora.markdown.effort import look, spend

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_Piece = tuple[Any, str]
_PIECES_IN_A_STEP = 10
_LONGEST_CODE, _LONGEST_LINE = 100_000, 2_000
"""Characters. The expressions of some lexers take the square of a line's length: 60,000 of "=" as ini, 30 s."""
_LANGUAGE = re.compile(r"[\s{.]*([\w+#-][\w+#.-]*)")


def language_of(info: str) -> str:
    """The language that an info string names, in lower case: `python` for `Python, linenos` or `{.python #x}`."""
    found = _LANGUAGE.match(info)
    return found[1].lower() if found else ""


def highlight(code: str, language: str) -> str:
    """Code as HTML with one span per token; only escaped in an unknown language, or where it is very long."""
    lexer = _lexers().get(language)
    if lexer is None or len(code) > _LONGEST_CODE or any(len(line) > _LONGEST_LINE for line in code.split("\n")):
        return escape(code, quote=False)
    import pygments
    from pygments.formatters.html import HtmlFormatter  # its package replaces itself while it is imported

    html: str = pygments.format(_counted(_lexer(lexer).get_tokens(code)), HtmlFormatter(nowrap=True))
    return html


def _counted(tokens: Iterable[_Piece]) -> Iterator[_Piece]:
    """Pieces of code, each a little step: some lexers take long where code is none."""
    for number, piece in enumerate(tokens):
        if number % _PIECES_IN_A_STEP == 0:
            spend()
            look()
        yield piece


@cache
def _lexers() -> dict[str, str]:
    """Name of the lexer by alias. Lexers of plugins are left out: looking for them scans the file system."""
    from pygments.lexers import get_all_lexers

    return {alias.lower(): name for name, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}


def _lexer(name: str) -> Lexer:
    """A new one each time, for some keep state while they run; its class stays loaded."""
    return _lexer_class(name)(stripnl=False, ensurenl=False)


@cache
def _lexer_class(name: str) -> type[Lexer]:
    from pygments.lexers import find_lexer_class

    found = find_lexer_class(name)
    assert found is not None
    return found
