"""What the lines of a head that cannot be read say of who may see its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bitacora.posts.head import (
    Scalar,
    torn_head,
)
from bitacora.posts.visibility import EVER, LIKE_A_DATE, effect_of, no_date
from bitacora.posts.visibility_words import ANY, GROUP, TABLES, folded, kind_of, meaning

# --- a head that cannot be read


def says_private(source: bytes) -> bool:
    """Return whether the lines of a file's torn head say that not everybody may see it."""
    text, is_begun = torn_head(source)
    return any(_says_private(path, value, is_begun) for path, value in _lines(text))


def any_line_says_private(text: str) -> bool:
    """Whatever group of keys it stands in."""
    return any(_says_private(path[-1:], value, True) for path, value in _lines(text))


def _says_private(path: list[str], value: str, is_begun: bool) -> bool:
    """`is_begun` where this is certain to be a head: what is in doubt counts only there."""
    kind = kind_of(path[0]) if len(path) == 1 else None
    within = TABLES.get(folded(path[0]))
    if len(path) == 2 and within is not None:
        kind = kind_of(path[1]) if within is ANY else within.get(folded(path[1]))
    if kind is None or kind is GROUP:
        return False
    node = Scalar(value, value[:1] not in {'"', "'"}, 0)
    node = node if node.plain else Scalar(value[1:].removesuffix(value[0]), False, 0)
    if not is_begun and (kind.own is not None or meaning(node) == "other"):
        return False
    effect, moment = effect_of(kind, node, no_date) if not LIKE_A_DATE.match(node.text) else ("public", EVER)
    return moment is None and effect in {"draft", "hidden"} | ({"error"} if not kind.is_date else set())


_LINE = re.compile(
    r"""^(?P<indent>[ \t]*)(?:\#\+|\.\.[ ]|:(?=[^\s:]))?
    (?P<quote>["']?)(?P<key>[^\s"'\#:=\[\]{}<>,][^"'\#:=\[\]{}<>,\r\n]{0,80}?)(?P=quote)
    [ \t]{0,80}(?:::|[:=])(?P<value>[^\r\n]*+)\r?$""",
    re.VERBOSE | re.MULTILINE,
)
_SECTION = re.compile(r"(?m)^\[+([^\[\]\r\n]++)\]+[ \t]*+\r?$")
_PAIR = re.compile(r"""["']?([\w -]{1,60}+)["']?\s{0,20}+[:=]\s{0,20}+("[^"]*"|'[^']*'|[^\s,{}\[\]"']+)""")
_COMMENT = re.compile(r"""(?<![ \t])[ \t]++#.*""")
_META = re.compile(r"""(?i)<meta\s{1,20}name=["']?([\w -]{1,60})["']?\s{1,20}content=["']?([^"'<>]*)""")


def _lines(text: str) -> Iterator[tuple[list[str], str]]:
    """The keys on the lines of a head of whatever format, a key inside another behind it, and their values."""
    above = section = ""
    for line in text.splitlines():
        if head := _SECTION.match(line):
            section = head[1].strip()
        elif found := _LINE.match(line):
            key, value = found["key"].strip(), found["value"].strip().removesuffix(",").rstrip()
            value = value if value[:1] in {'"', "'"} and value.count(value[0]) > 1 else _COMMENT.sub("", value)
            value = _quoted(value)
            if value[:1] == "{":
                yield from (([key, name], _quoted(inner)) for name, inner in _PAIR.findall(value))
            elif found["indent"] and above:
                yield [above, key], value
            elif section:
                yield [section, key], value
            else:
                yield [key], value
                above = key if not value else ""
        yield from (([name], value) for name, value in _META.findall(line))
        if '"' in line:
            yield from (([name], _quoted(value)) for name, value in _PAIR.findall(line))


def _quoted(value: str) -> str:
    """A value in quotes without what follows them."""
    if value[:1] in {'"', "'"} and (end := value.find(value[0], 1)) > 0:
        return value[: end + 1]
    return value
