"""The head of a file: cut from the body and read to plain nodes that remember their source, never half of it.

YAML is read from the parser's events alone, which are iterative: deep nesting kills the process only where the C
loader builds values, and merge keys and aliases explode only there (PyYAML issue 895, libyaml issue 107).
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn, TypeAlias, cast

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bitacora.markdown.text import are_joined, has_wide
from bitacora.problems import PostError, odd_characters, shown
from bitacora.settings import LONG_KEY

MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_HEAD_BYTES = 16 * 1024
MAX_DEPTH = 20


class Scalar(NamedTuple):
    """One value as its author wrote it. Not `plain`, in quotes or in a block, it is text in any case."""

    text: str
    plain: bool
    start: int


class Sequence(NamedTuple):
    """A list. `start` is where it begins, counted from the start of the head, as in all nodes."""

    items: list[Node]
    start: int


class Table(NamedTuple):
    """Keys and values; of a key given twice the last one counts."""

    entries: dict[str, Node]
    start: int


Node: TypeAlias = Scalar | Sequence | Table
NULLS = {"", "~", "null", "Null", "NULL"}


def is_given(node: Node) -> bool:
    """Return whether there is a value: null and empty mean absent."""
    if isinstance(node, Scalar):
        return node.text not in NULLS if node.plain else node.text != "" and not node.text.isspace()
    return bool(node.items if isinstance(node, Sequence) else node.entries)


def kind_of_group(node: Node) -> str:
    """Return what a node is that is not one value, for a sentence."""
    return "a list" if isinstance(node, Sequence) else "a group of keys"


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was read whole, and the text of the file that it was cut from.

    `repeated` are the values of keys on its first level that a later value of the same key displaced.
    """

    entries: Mapping[str, Node]
    text: str
    start: int
    body_start: int
    repeated: tuple[tuple[str, Node], ...] = ()

    @property
    def body(self) -> str:
        return self.text[self.body_start :]

    @property
    def body_line(self) -> int:
        return self.text.count("\n", 0, self.body_start) + 1

    def position(self, node: Node) -> tuple[int, int]:
        """Line and column of a node in the file, from 1."""
        return _position(self.text, self.start + node.start)


def read_head(source: bytes, path: str) -> Head:
    """The head of a file. Raises PostError for whatever cannot be read whole and for what no head should be."""
    text = ""
    try:
        text = _decode(source, path)
        cut = _cut(text, path)
        _must_be_filled_in(text, path, cut)
        entries, repeated = _READERS[cut.kind](text, path, cut)
        return Head(entries, text, cut.start, cut.body, repeated)
    except PostError as error:
        error.remedy += _odd_ones(text, error.line)
        raise


_ODD_FENCE = re.compile(r"[^\w\n]{0,8}[-–—−‐‑+]{1,8}[^\w\n]{0,8}")


def _odd_ones(text: str, line: int) -> str:
    """Name what looks right where a head breaks: in the line itself, and in what may be meant for its ends."""
    if text.isascii():
        return ""
    lines = text[: 2 * MAX_HEAD_BYTES].split("\n")
    odd = [*odd_characters(lines[line - 1])] if line <= len(lines) else []
    for number, other in enumerate(lines, 1):
        if number != line and _ODD_FENCE.fullmatch(other):
            odd += [f"{name} on line {number}" for name in odd_characters(other)]
    return advice_on(odd)


def advice_on(odd: list[str]) -> str:
    """What to do about characters that look right; empty without any."""
    return f" Type this anew, it is not what it looks like: {', '.join(odd[:_MOST_TOLD])}." if odd else ""


_MOST_TOLD = 4


def body_after_head(source: bytes) -> str:
    """The body alone, without reading the head. Raises PostError, which names no file, where there is no head."""
    text = _decode(source, "")
    return text[_cut(text, "").body :]


def key_of(name: str) -> str:
    """Keys are matched without case, `-` and `_` alike, and by what they look like on a screen."""
    return (name if name.isascii() else as_seen(name)).lower().replace("-", "_")


@lru_cache(maxsize=1024)
def as_seen(name: str) -> str:
    """A key without what cannot be seen, and in Latin letters where each of its letters looks like one."""
    name = unicodedata.normalize("NFKC", name)
    name = "".join(char for char in name if unicodedata.category(char) != "Cf").strip()
    latin = name.translate(_LIKE_LATIN)
    return latin if latin.isascii() else name


_LIKE_LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХавекмнорстухіјѕһԁԛԝӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεικνορτυχϲϳıℓ–—−‐‑",
    "ABESIJKMHOPCTYXabekmhopctyxijshdqwlABEZHIKMNOPTYXabeikvoptuxcjil-----",
)


class Comment(NamedTuple):
    """What YAML takes for a comment behind a value, the blanks before it, and its place in the head."""

    key: str
    value: Scalar
    gap: str
    text: str
    start: int


def comments_behind(head: Head) -> Iterator[Comment]:
    """The comments of a YAML head that stand on the line of a value."""
    if head.text.find("#", head.start, head.body_start) < 0 or not _COMMENTED.search(
        head.text, head.start, head.body_start
    ):
        return
    if not head.text[: head.start].strip().startswith("-"):
        return
    for key, node in (*head.repeated, *head.entries.items()):
        for value in _scalars(node):
            behind = _behind(head, value)
            if behind and (value is node or "\n" not in behind[0]):
                yield Comment(key, value, *behind)


_MOST_LINES = 50
_COMMENTED = re.compile(r"^[ \t]*+[^#\s][^\n]*?[ \t]#|^[ \t]++#", re.MULTILINE)
_COMMENT = re.compile(r"((?:\r?\n)?[ \t]+)(#[^\r\n]*)")
_QUOTED = re.compile(r"""\s*(?:"(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+')""")


def _behind(head: Head, value: Scalar) -> tuple[str, str, int] | None:
    """The blanks, the comment and its place behind a value on one line; lines of one value are read together."""
    place = head.start + value.start
    if not value.plain:
        quoted = _QUOTED.match(head.text, place, head.body_start)
        return _comment_at(head, quoted.end()) if quoted else None
    read = ""
    for _ in range(_MOST_LINES):
        end = head.text.find("\n", place, head.body_start)
        if end < 0:
            return None
        line = head.text[place:end]
        read = f"{read} {line.strip()}" if read else line
        if read.startswith(value.text):
            return _comment_at(head, end - len(read.rstrip()) + len(value.text) - (len(line) - len(line.rstrip())))
        place = end + 1
    return None


def _comment_at(head: Head, place: int) -> tuple[str, str, int] | None:
    found = _COMMENT.match(head.text, place, head.body_start)
    return (found[1], found[2].rstrip(), found.start(2) - head.start) if found else None


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    else:
        for item in node.items if isinstance(node, Sequence) else node.entries.values():
            yield from _scalars(item)


# --- bytes to text


def _decode(source: bytes, path: str) -> str:
    if len(source) > MAX_FILE_BYTES:
        size = f"{len(source) / 1024 / 1024:.1f} MiB"
        raise PostError(path, 1, 1, f"The file has {size}; more than 2 MiB is not read.", "Split it in parts.")
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PostError(path, 1, 1, "The file is saved as UTF-16.", "Save the file as UTF-8.")
    if b"\0" in source:
        line, column = _byte_position(source, source.index(b"\0"))
        reason = "There is a NUL byte here: the file is not plain text, or saved as UTF-16."
        raise PostError(path, line, column, reason, "Save the file as UTF-8.")
    try:
        text = source.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line, column = _byte_position(source, error.start)
        reason = (
            f"The byte 0x{source[error.start]:02X} here is not UTF-8; the file looks like Latin-1 or Windows-1252."
        )
        raise PostError(path, line, column, reason, "Save the file as UTF-8.") from None
    if b"\r" in source and b"\n" not in source:
        return text.replace("\r", "\n")
    return text


def _byte_position(source: bytes, index: int) -> tuple[int, int]:
    return _position(source[:index].decode("utf-8-sig", "replace"), index)


def _position(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


# --- where the head ends


class _Cut(NamedTuple):
    kind: str
    opening: int
    start: int
    end: int
    body: int


_OPENING = re.compile(r"(?:[ \t]*+\r?\n)*+(?:(-{3,}|\+{3,})[ \t]*+\r?(?:\n|\Z)|\{(?![%{]))")
_CLOSINGS = {
    "-": re.compile(r"\n(?:-{3,}|\.{3})[ \t]*+(?:\r?\n|\r?\Z)"),
    "+": re.compile(r"\n\+{3,}[ \t]*+(?:\r?\n|\r?\Z)"),
}
_FENCES = {"-": "---", "+": "+++"}
_REST_OF_LINE = re.compile(r"[ \t]*+(?:\r?\n|\r?\Z)")


def _cut(text: str, path: str) -> _Cut:
    opening = _OPENING.match(text)
    if opening is None:
        _no_head(text, path)
    if opening[1] is None:
        return _cut_json(text, path, opening.end() - 1)
    kind = opening[1][0]
    # The line break before the closing line may be the one that ends the opening line.
    closing = _CLOSINGS[kind].search(text, opening.end() - 1)
    if closing is None:
        line, column = _position(text, opening.start(1))
        reason = f"The head opened on line {line} is never closed."
        remedy = f"Write {_FENCES[kind]} on a line of its own after the last key."
        raise PostError(path, line, column, reason, remedy)
    cut = _Cut(kind, opening.start(1), opening.end(), max(opening.end(), closing.start() + 1), closing.end())
    _check_size(text, path, cut)
    return cut


def _no_head(text: str, path: str) -> NoReturn:
    if not text.strip():
        raise PostError(path, 1, 1, "The file is empty.", "Write a head (---, title, date, ---) and a text.")
    reason = "The file has no head: it does not begin with a line ---."
    remedy = "Begin it with a line ---, then title: and date: on lines of their own, then another line ---."
    raise PostError(path, 1, 1, reason, remedy)


def _check_size(text: str, path: str, cut: _Cut) -> None:
    length = cut.end - cut.start
    if length * 4 <= MAX_HEAD_BYTES or len(text[cut.start : cut.end].encode()) <= MAX_HEAD_BYTES:
        return
    line, column = _position(text, cut.opening)
    reason = f"The head opened on line {line} is longer than 16 KiB."
    fence = _FENCES.get(cut.kind, "}")
    remedy = f"Write {fence} on a line of its own after the last key, and move long text to the body."
    raise PostError(path, line, column, reason, remedy)


_PLACEHOLDER = re.compile(
    r"""(?m)^(?P<key>[ \t]*(?:-[ \t]+)?["']?[\w.-]+["']?[ \t]*[:=][ \t]*|[ \t]*-[ \t]+)(?P<value>["'\[(]*
    (?P<first>\{\{[^\n]*?\}\}|<%[^\n]*?%>|\{%[^\n]*?%\})(?:[^\w\n]|\{\{[^\n]*?\}\}|<%[^\n]*?%>)*+)$""",
    re.VERBOSE,
)


def _must_be_filled_in(text: str, path: str, cut: _Cut) -> None:
    """Templates of editors lie among posts: Obsidian's, Templater's, Hugo's archetypes. Raises PostError."""
    if text.find("{{", cut.start, cut.end) < 0 and text.find("<%", cut.start, cut.end) < 0:
        return
    if found := _PLACEHOLDER.search(text, cut.start, cut.end):
        reason = f"This is a template of an editor: {shown(found['first'])} stands where a value belongs."
        remedy = "Write the value, or keep templates in a folder outside of posts and pages."
        raise PostError(path, *_position(text, found.start("value")), reason, remedy, withdrawn=True)


def _cut_json(text: str, path: str, start: int) -> _Cut:
    return _decode_json(text, path, start)[0]


# --- YAML

_Read: TypeAlias = tuple[dict[str, Node], tuple[tuple[str, Node], ...]]
_Wrong: TypeAlias = Callable[[int, str, str], PostError]
_Loader: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_NOT_YAML = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_TAGS = {f"{_TAG}{name}" for name in ("int", "float", "bool", "null", "timestamp", "seq", "map")}
_TEXT_TAGS = {f"{_TAG}str", "!"}


class _HeadHandler(YAMLHandler):
    """python-frontmatter's YAML, reading nodes instead of values; handed the head alone, cut by our own rules.

    Its own cutting strips bodies, returns unclosed heads as bodies and ends no head at `...`.
    """

    def __init__(self, text: str, path: str, cut: _Cut) -> None:
        super().__init__()
        self.text, self.path, self.cut = text, path, cut
        self.repeated: list[tuple[str, Node]] = []

    def split(self, _text: str) -> tuple[str, str]:
        return self.text[self.cut.start : self.cut.end], ""

    def load(self, fm: str, **_kwargs: object) -> dict[str, Node]:
        try:
            root = _grow(_Loader(fm).get_event, self.wrong, self.repeated, fm)
        except yaml.reader.ReaderError:
            invisible = _NOT_YAML.search(fm)
            raise self.wrong(invisible.start() if invisible else 0, *_INVISIBLE) from None
        except yaml.MarkedYAMLError as error:
            raise self.wrong(*_explain(fm, error)) from None
        if isinstance(root, Table):
            return root.entries
        if root is None or root == Scalar("", True, root.start):
            return {}
        found = "a list" if isinstance(root, Sequence) else "a text"
        raise self.wrong(
            root.start, f"The head is {found}, not keys and values.", "Write lines like title: The title."
        )

    def wrong(self, index: int, reason: str, remedy: str) -> PostError:
        return PostError(self.path, *_position(self.text, self.cut.start + index), reason, remedy)


def _read_yaml(text: str, path: str, cut: _Cut) -> _Read:
    head = text[cut.opening : cut.body]
    handler = _HeadHandler(text, path, cut)
    entries, _ = frontmatter.parse(head, handler=handler)
    return cast(dict[str, Node], entries), tuple(handler.repeated)


def _grow(
    next_event: Callable[[], Any], wrong: _Wrong, repeated: list[tuple[str, Node]], head: str
) -> Node | None:
    """Nodes from events, on one level of Python whatever the nesting. One long loop: it turns 40 times a post."""
    root: Node | None = None
    within: Any = None
    key: str | None = None
    outer: list[tuple[Any, str | None]] = []
    while (event := next_event()) is not None:
        kind = type(event)
        if kind is ScalarEvent:
            plain = event.implicit[0] if event.tag is None else _is_plain(event, wrong)
            if key is None and type(within) is Table:
                key = sys.intern(event.value)
                if key == "<<" and plain:
                    raise wrong(event.start_mark.index, *_MERGE)
                continue
            value = event.value
            if not value.isascii() and event.end_mark.line > event.start_mark.line and event.style != "|":
                value = _joined(value, head[event.start_mark.index : event.end_mark.index])
            made: Any = Scalar(value, plain, event.start_mark.index)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            made = within
            within, key = outer.pop()
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            _check_opening(event, len(outer), key is None and type(within) is Table, wrong)
            outer.append((within, key))
            start = event.start_mark.index
            within, key = Table({}, start) if kind is MappingStartEvent else Sequence([], start), None
            continue
        else:
            _check_event(event, root, wrong)
            continue
        if key is not None:
            if key in within.entries and len(outer) == 1:
                repeated.append((key, within.entries[key]))
            within.entries[key] = made
            key = None
        elif within is None:
            root = made
        else:
            within.items.append(made)
    return root


_BREAK_WITHIN = re.compile(r"(\S)[ \t]*\r?\n[ \t]*(?=([^\s]))")


def _joined(value: str, written: str) -> str:
    """A value of several lines without the spaces that YAML puts between Chinese or Japanese lines."""
    if not has_wide(value):
        return value
    place = 0
    for found in _BREAK_WITHIN.finditer(written):
        if are_joined(found[1], found[2]) and (at := value.find(f"{found[1]} {found[2]}", place)) >= 0:
            place = at + 1
            value = value[:place] + value[place + 1 :]
    return value


def _is_plain(event: Any, wrong: _Wrong) -> bool:
    """Whether a value with a tag is still plain. Only YAML's own tags of simple values are let in."""
    if event.tag not in _PLAIN_TAGS and event.tag not in _TEXT_TAGS:
        raise wrong(event.start_mark.index, *_TAGGED)
    return event.tag in _PLAIN_TAGS and not event.style


def _check_opening(event: Any, depth: int, is_key: bool, wrong: _Wrong) -> None:
    if event.tag is not None:
        _is_plain(event, wrong)
    if depth >= MAX_DEPTH:
        raise wrong(event.start_mark.index, *_TOO_DEEP)
    if is_key:
        raise wrong(event.start_mark.index, *_BRACKETS)


def _check_event(event: Any, root: Node | None, wrong: _Wrong) -> None:
    kind = type(event)
    if kind is AliasEvent:
        raise wrong(event.start_mark.index, *_ALIAS)
    if kind is DocumentStartEvent and root is not None:
        raise wrong(event.start_mark.index, *_TWO_HEADS)


# --- what YAML says, in an editor's words

_Sentence: TypeAlias = tuple[str, str]
_QUOTE_VALUE = 'Put the whole value in quotes, like title: "One: two".'
_ALIAS = ("A value that begins with * is a reference in YAML, and references are not read.", _QUOTE_VALUE)
_MERGE = ("The key << copies keys from elsewhere, and that is not read.", "Write the keys out.")
_TAGGED = ("A value that begins with ! is a command in YAML, and commands are not read.", _QUOTE_VALUE)
_BRACKETS = (
    "A list or a group of keys stands where a key belongs: { and [ mean something to YAML.",
    _QUOTE_VALUE,
)
_TOO_DEEP = (
    f"The head is nested more than {MAX_DEPTH} levels deep.",
    "Write values and simple lists; put a value that begins with [ or { in quotes.",
)
_TWO_HEADS = ("A line that begins with --- ends the head for YAML.", "Write --- on a line of its own.")
_INVISIBLE = ("There is an invisible control character here.", "Delete it, or type the line anew.")
_TAB = ("There is a tab where YAML wants spaces.", "Indent with spaces.")
_COLON = ("The value holds a colon and a space, which YAML takes for another key.", "")
_INDENTED = (
    "This line is indented as if it belonged to the line above, which has a value already.",
    "Begin it in the same column as the key above.",
)
_NO_COLON = (
    "This line is not a key, a colon and a value.",
    "Write it like title: The title, or indent it under its key.",
)
_OPEN_QUOTE = ("The quote opened here is never closed.", "Write the same quote at the end of the value.")
_INNER_QUOTE = (
    "Text follows after the closing quote of the value.",
    "Inside '…' write an apostrophe twice (''); inside \"…\" write \\\" for a quote.",
)
_OPEN_BRACKET = (
    "The list or group opened here is never closed.",
    "Close it with ] or }, or put the value in quotes.",
)
_NOTHING_THERE = ("A value is missing in this list.", "Write one value between two commas, or put text in quotes.")
_COMMENT_IN_A_LIST = re.compile(r"[\s\[,]#")
_CUT_LIST = (
    "For YAML, # here begins a comment, which takes the rest of the line out of the list.",
    "Put the value in quotes, like tags: ['#one', two].",
)
_NOT_INDENTED = ("This line does not line up with the lines above.", "Begin keys of one level in the same column.")
_BACKSLASH = (
    "In double quotes a backslash begins a code, and this is none of YAML's.",
    "Use single quotes, or write the backslash twice.",
)
_SPECIAL = ("A value cannot begin with this character unless it is in quotes.", _QUOTE_VALUE)
_DASH = (
    "A list cannot begin on the line of its key.",
    "Write the - on the next line, or put the value in quotes.",
)


def _explain(head: str, error: yaml.MarkedYAMLError) -> tuple[int, str, str]:
    """Where in the head, why, and what to do, from an error of YAML's parser."""
    problem, context = error.problem or "", error.context or ""
    index = error.problem_mark.index if error.problem_mark else 0
    opened = error.context_mark.index if error.context_mark else index
    line_start = head.rfind("\n", 0, index) + 1
    indent = len(head[line_start:]) - len(head[line_start:].lstrip(" \t"))
    tab = head.find("\t", line_start, line_start + indent)
    if tab >= 0:
        return tab, *_TAB
    if "maximum nesting depth" in problem:  # libyaml's own limit, from 0.2.6 on
        return opened, *_TOO_DEEP
    if "mapping values are not allowed" in problem:
        return _misplaced_colon(head, line_start, index)
    if "quoted scalar" in context:
        return (index, *_BACKSLASH) if "escape" in problem else (opened, *_OPEN_QUOTE)
    if "could not find expected ':'" in problem:
        return opened, *_NO_COLON
    if "node content" in problem and "flow" in context:
        opened = max(head.rfind("[", 0, index), head.rfind("{", 0, index), 0)
        comment = _COMMENT_IN_A_LIST.search(head, opened, index)
        if comment and "\n" in head[comment.end() : index + 1]:
            return comment.end() - 1, *_CUT_LIST
        return index, *_NOTHING_THERE
    if "flow" in context:
        reason, remedy = _OPEN_BRACKET
        is_cut = _COMMENT_IN_A_LIST.search(head[opened : head.find("\n", opened)])
        return opened, reason, f"{remedy} For YAML, # after a space or [ begins a comment." if is_cut else remedy
    if "alias" in context:
        return opened, *_ALIAS
    if "cannot start any token" in problem or "node content" in problem or "anchor" in context:
        return opened, *_SPECIAL
    if "tag" in problem or "tag" in context:
        return opened, *_TAGGED
    if "block sequence entries" in problem:
        return index, *_DASH
    if "did not find expected" in problem:
        return _misplaced_text(head, line_start, index)
    return (
        index,
        f"The head is not valid YAML here: {problem}.",
        "Look at the quotes, colons and spaces of this line.",
    )


def _misplaced_colon(head: str, line_start: int, index: int) -> tuple[int, str, str]:
    line = head[line_start:].split("\n", 1)[0].rstrip()
    key, colon, value = line.partition(": ")
    if line_start + len(key) < index and colon:
        quoted = "'" + value.strip().replace("'", "''") + "'" if '"' in value else f'"{value.strip()}"'
        advice = f"{key.strip()}: {quoted}" if len(line) <= 80 else 'title: "One: two"'
        return index, _COLON[0], f"Put the whole value in quotes, like {advice}."
    if line[:1] in " \t":
        return line_start + len(line) - len(line.lstrip()), *_INDENTED
    above = head.rfind("\n", 0, max(line_start - 1, 0)) + 1
    return above, *_NO_COLON


_UNCLOSED_VALUE = re.compile(
    r"""(?m)^[ \t]*(?:- +)?[^\s"'#][^"'\n]*?: ++(?:"(?:[^"\\\n]|\\.)*|'(?:[^'\n]|'')*)$"""
)


def _misplaced_text(head: str, line_start: int, index: int) -> tuple[int, str, str]:
    line_end = (head + "\n").index("\n", index)
    if found := _UNCLOSED_VALUE.search(head, 0, line_start):
        quote = re.compile(": +").search(head, found.start(), found.end())
        return quote.end() if quote else found.start(), *_OPEN_QUOTE
    if re.search(r"[\"']", head[line_start:index]) and head[index:line_end].strip():
        return index, *_INNER_QUOTE
    if "]" in head[line_start:index] or "}" in head[line_start:index]:
        return index, *_SPECIAL_AFTER_BRACKET
    return index, *_NOT_INDENTED


_SPECIAL_AFTER_BRACKET = ("Text follows after the closing bracket of the value.", _QUOTE_VALUE)


# --- TOML and JSON


class _Bare(str):
    """A number of TOML or JSON as it is written."""

    __slots__ = ()


_TOML_KEY = re.compile(r"""(?m)^[ \t]*["']?([^\s"'=\[\]#]+)["']?[ \t]*=[ \t]*""")
_JSON_KEY = re.compile(r'"([^"\\]+)"\s*:\s*')


def _read_toml(text: str, path: str, cut: _Cut) -> _Read:
    head = text[cut.start : cut.end]
    if found := LONG_KEY.search(head):
        raise PostError(path, *_position(text, cut.start + found.start()), *_TOO_DEEP)
    try:
        table = tomllib.loads(head.replace("\r\n", "\n"), parse_float=_Bare)
    except RecursionError:
        raise PostError(path, *_position(text, cut.start), *_TOO_DEEP) from None
    except ValueError as error:
        reason, remedy = (
            f"The head is not valid TOML: {_sentence(str(error).partition(' (at ')[0])}",
            'Write lines like title = "The title".',
        )
        raise PostError(path, *_toml_position(text, cut, str(error)), reason, remedy) from None
    return _plant(table, _starts(_TOML_KEY, head), text, path, cut), ()


def _toml_position(text: str, cut: _Cut, message: str) -> tuple[int, int]:
    line, _ = _position(text, cut.start)
    if found := re.search(r"at line (\d+), column (\d+)", message):
        return line + int(found[1]) - 1, int(found[2])
    return _position(text, max(cut.end - 1, cut.start))


def _read_json(text: str, path: str, cut: _Cut) -> _Read:
    pairs = _decode_json(text, path, cut.opening)[1]
    last = {key: place for place, (key, _) in enumerate(pairs)}
    displaced = [pair for place, pair in enumerate(pairs) if last[pair[0]] != place]
    starts = _starts(_JSON_KEY, text[cut.start : cut.end])
    repeated = [node for pair in displaced for node in _plant(dict([pair]), starts, text, path, cut).items()]
    return _plant(dict(pairs), starts, text, path, cut), tuple(repeated)


def _decode_json(text: str, path: str, start: int) -> tuple[_Cut, list[tuple[str, object]]]:
    pairs: list[tuple[str, object]] = []

    def table(found: list[tuple[str, object]]) -> dict[str, object]:
        """The outermost object is the last to end."""
        pairs[:] = found
        return dict(found)

    decoder = json.JSONDecoder(object_pairs_hook=table, parse_float=_Bare, parse_int=_Bare, parse_constant=_Bare)
    head = text[start : start + MAX_HEAD_BYTES + 1]
    try:
        _, length = decoder.raw_decode(head)
    except RecursionError:
        raise PostError(path, *_position(text, start), *_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        reason = f"The head is not valid JSON, or longer than 16 KiB: {_sentence(error.msg)}"
        remedy = 'Write "key": "value" with commas between them, and close the head with }.'
        raise PostError(path, *_position(text, start + error.pos), reason, remedy) from None
    rest = _REST_OF_LINE.match(text, start + length)
    if rest is None:
        position = _position(text, start + length)
        raise PostError(
            path, *position, "Text follows on the line that closes the head.", "Begin the body on a new line."
        )
    cut = _Cut("{", start, start, start + length, rest.end())
    _check_size(text, path, cut)
    return cut, pairs


def _starts(key: re.Pattern[str], head: str) -> dict[str, int]:
    starts: dict[str, int] = {}
    for found in key.finditer(head):
        starts.setdefault(found[1], found.end())
    return starts


def _plant(table: dict[str, object], starts: dict[str, int], text: str, path: str, cut: _Cut) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for key, value in table.items():
        start = starts.get(key, 0)
        try:
            nodes[_whole(key)] = _node(value, start, 2)
        except RecursionError:
            raise PostError(path, *_position(text, cut.start + start), *_TOO_DEEP) from None
    return nodes


def _node(value: object, start: int, depth: int) -> Node:
    """A value of TOML or JSON as a node; inner nodes share the place of their top key. The head has depth 1.

    Raises RecursionError past MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        return Table({_whole(key): _node(item, start, depth + 1) for key, item in value.items()}, start)
    if isinstance(value, list):
        return Sequence([_node(item, start, depth + 1) for item in value], start)
    if isinstance(value, str) and not isinstance(value, _Bare):
        return Scalar(_whole(value), False, start)
    return Scalar(_bare(value), True, start)


def _bare(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, int) and value.bit_length() > 64:
        return hex(value)  # beyond 4,300 digits str() raises
    return str(value)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _whole(text: str) -> str:
    """JSON lets half a character through, which no encoder takes."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _sentence(message: str) -> str:
    return shown(message)[1:-1].rstrip(".") + "."


_READERS: Mapping[str, Callable[[str, str, _Cut], _Read]] = {
    "-": _read_yaml,
    "+": _read_toml,
    "{": _read_json,
}


# --- a head that cannot be read

_FENCE_LINE = re.compile(r"(?m)^[ \t]*(?:-{3,}\w*|\+{3,}|;{3,}|\*/|-->)[ \t]*\r?$")
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")
_OTHER_HEAD = re.compile(r"(?:-{3}\w+|<!--|/\*|\#\+|\.\.[ ]|:\w|[\w ]+::|<html|<meta|[ \t]*\r?\n)", re.IGNORECASE)
"""How heads begin that are not read: those of gray-matter, Nikola, Pico, Org, reStructuredText, Logseq, HTML."""
_KEYS_ALONE = re.compile(r"(?:[\w -]+:[^\n]*\n){2,}[ \t]*\r?\n")


def torn_head(source: bytes) -> tuple[str, bool]:
    """Return the lines of a head that cannot be read, to its end or a blank line, and whether it surely is one."""
    try:
        text = _decode(source, "")
    except PostError:
        text = source[:MAX_HEAD_BYTES].decode("latin-1").replace("\0", "")  # of UTF-16 Latin letters are left
        text = text.removeprefix("\xff\xfe").removeprefix("\xfe\xff").removeprefix("\xef\xbb\xbf")
    opening = _OPENING.match(text)
    if opening is None:  # its first line was lost, or is not the first any more, or another tool wrote it
        ends = [line.start() for line in _FENCE_LINE.finditer(text, 0, MAX_HEAD_BYTES)]
        if _OTHER_HEAD.match(text):
            blank = _BLANK_LINE.search(text, 1)
            ends.append(min(blank.start() if blank else len(text), MAX_HEAD_BYTES))
        elif found := _KEYS_ALONE.match(text, 0, MAX_HEAD_BYTES):  # MultiMarkdown's
            ends.append(found.end())
        return text[: max(ends, default=0)], False
    limit = opening.end() + MAX_HEAD_BYTES
    if opening[1] is None:
        return text[opening.end() - 1 : limit], True
    end = _CLOSINGS[opening[1][0]].search(text, opening.end() - 1, limit)
    end = end or _BLANK_LINE.search(text, opening.end(), limit)
    return text[opening.end() : end.start() if end else limit], True
