"""Mending by machine what can only have been meant in one way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from bitacora.posts.head import Head, read_head
from bitacora.posts.post import meant_key, role_of
from bitacora.problems import PostError


class Mended(NamedTuple):
    """A file as it should be, in UTF-8, and what was done to it, a few words each."""

    source: bytes
    done: tuple[str, ...]


def mend(source: bytes, path: str) -> Mended:
    """The file with its certain mistakes mended. Never makes a file worse: what read before, reads afterwards.

    Encoding, line ends, tabs in the head's indentation, values with a colon that need quotes, misspelt keys.
    """
    done: list[str] = []
    decoded = _decoded(source)
    if decoded is None:
        return Mended(source, ())
    text, how = decoded
    if how:
        done.append(how)
    for repair in (_line_ends, _tabs, _quotes, _keys):
        repaired, what = repair(text, path)
        if what and (_reads(repaired, path) or not _reads(text, path)):
            text = repaired
            done.append(what)
    return Mended(text.encode() if done else source, tuple(done))


_Repair = Callable[[str, str], tuple[str, str]]


def _decoded(source: bytes) -> tuple[str, str] | None:
    """The text and how it was saved if that must change; None for what is no text."""
    for mark, name in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if source.startswith(mark):
            return _in(source, name, "saved as UTF-8, not as UTF-16")
    if b"\0" in source:
        return None
    if source.startswith(b"\xef\xbb\xbf"):
        return _in(source, "utf-8-sig", "without the byte order mark")
    return (
        _in(source, "utf-8", "")
        or _in(source, "windows-1252", "saved as UTF-8, not as Windows-1252")
        or _in(source, "latin-1", "saved as UTF-8, not as Latin-1")
    )


def _in(source: bytes, encoding: str, how: str) -> tuple[str, str] | None:
    try:
        return source.decode(encoding), how
    except UnicodeDecodeError:
        return None


def _line_ends(text: str, _path: str) -> tuple[str, str]:
    """A file with one kind of line ends keeps them, except for those that no program writes any more."""
    plain = text.replace("\r\n", "\n")
    if "\r" in plain or ("\r\n" in text and plain.count("\n") != text.count("\r\n")):
        return plain.replace("\r", "\n"), "line ends all alike"
    return text, ""


_TABS = re.compile(r"(?m)^( *)(\t[ \t]*)(?=\S)")


def _tabs(text: str, path: str) -> tuple[str, str]:
    """Tabs that indent the head, where they are what keeps it from being read."""
    if _reads(text, path):
        return text, ""
    start, end = _head_of(text)
    head = _TABS.sub(lambda found: found[1] + found[2].replace("\t", "  "), text[start:end])
    return (
        (text[:start] + head + text[end:], "spaces for tabs in the head")
        if head != text[start:end]
        else (text, "")
    )


_HEAD = re.compile(r"\s*---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_UNQUOTED = re.compile(r"(?m)^([ \t]*(?:- +)?[\w.-]+:[ \t]+)([^\s\"'\[\]{}|>&*!%@`#][^\n\r]*?: [^\n\r]*+)(\r?)$")
_MOST_QUOTED = 20


def _head_of(text: str) -> tuple[int, int]:
    found = _HEAD.match(text)
    return found.span(1) if found else (0, 0)


def _quotes(text: str, path: str) -> tuple[str, str]:
    """Quotes round values with a colon and a space, in the lines that the reader complains of."""
    quoted = text
    for _ in range(_MOST_QUOTED):
        problem = _problem(quoted, path)
        if problem is None:
            return (quoted, "quotes round a value with a colon") if quoted != text else (text, "")
        start, end = _head_of(quoted)
        line_start = len("".join(quoted.splitlines(keepends=True)[: problem.line - 1]))
        found = _UNQUOTED.match(quoted, line_start, end)
        if found is None or line_start < start or " #" in found[2]:
            return text, ""
        value = found[2].rstrip(" \t")
        quoted_value = f"""'{value.replace("'", "''")}'{found[2][len(value) :]}"""
        quoted = f"{quoted[: found.start()]}{found[1]}{quoted_value}{found[3]}{quoted[found.end() :]}"
    return text, ""


def _keys(text: str, path: str) -> tuple[str, str]:
    try:
        head = read_head(text.encode(), path)
    except (PostError, UnicodeEncodeError):
        return text, ""
    given = {role_of(key) for key in head.entries}
    done = []
    for key in head.entries:
        meant = "" if role_of(key) else meant_key(key)
        if meant and role_of(meant) not in given and (renamed := _renamed(text, head, key, meant)):
            text = renamed
            done.append(f"{meant} for {key}")
            given.add(role_of(meant))
    return text, ", ".join(done)


def _renamed(text: str, head: Head, key: str, meant: str) -> str:
    """Empty where the key does not stand exactly once, at the beginning of a line."""
    written = re.compile(rf"""(?m)^(["']?){re.escape(key)}(\1[ \t]*[:=])""")
    places = list(written.finditer(text, head.start, head.body_start))
    if len(places) != 1:
        return ""
    return f"{text[: places[0].start()]}{places[0][1]}{meant}{places[0][2]}{text[places[0].end() :]}"


def _problem(text: str, path: str) -> PostError | None:
    try:
        read_head(text.encode(), path)
    except PostError as problem:
        return problem
    return None


def _reads(text: str, path: str) -> bool:
    return _problem(text, path) is None
