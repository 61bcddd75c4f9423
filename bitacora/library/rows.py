"""Posts as rows of JSON: a reader gets posts whose fields have the right types, or ValueError, and nothing else.

A chunk of rows is an object of columns, one for each field. A column is `[values]`, or `[values, places]` where
values repeat: each row has the place of its value then, and equal values are one object in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

from bitacora.files.layout import is_hidden, is_showable
from bitacora.files.tree import MAX_TEXT_BYTES, Signature
from bitacora.library.scan import kind_of
from bitacora.posts.folder_words import speaks_for_others
from bitacora.posts.post import Author, Image, Post, Term
from bitacora.posts.visibility import Mark
from bitacora.problems import Mistake, Remark

_Values: TypeAlias = list[Any]
_Codec: TypeAlias = tuple[Callable[[_Values], _Values], Callable[[_Values], _Values]]
"""What gives the values of a column to JSON, and what takes them back or raises one of _DAMAGE."""

_PATH = re.compile(r"(?:posts|pages)(?:/[^/\0]+)+")
_PLAIN_PATHS = re.compile(r"(?:(?:posts|pages)(?:/[\w-]+)+\.md\n)*", re.ASCII)
"""Nearly all are like that, and are found to be paths of posts at a glance."""
_MOST_ROWS = 10_000
"""In one chunk."""
_KINDS = {"post", "page"}
_DAMAGE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, MemoryError)


class Rows(NamedTuple):
    """What is kept of some files: signatures, meanings, and where sources lie in the file of sources.

    All lists are of one length. Offsets and sizes are in bytes, checksums are CRC-32 of the sources.
    """

    seen: Sequence[Signature]
    posts: Sequence[Post]
    offsets: Sequence[int]
    sizes: Sequence[int]
    checksums: Sequence[int]


def write_rows(rows: Rows) -> bytes:
    """Return a chunk of rows, one or more. Raises ValueError for a value that JSON has no way to write."""
    values = zip(*rows.posts, strict=True), zip(*rows.seen, strict=True), rows[2:]
    columns = {
        name: _packed(column, write)
        for (name, (write, _)), column in zip(_COLUMNS.items(), chain(*values), strict=True)
    }
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def read_rows(chunk: bytes) -> Rows:
    """Return the rows of a chunk. Raises ValueError unless `write_rows` could have written it."""
    try:
        packed = json.loads(chunk)
        if packed.keys() != _COLUMNS.keys():
            raise ValueError("its columns are others")
        columns = [_unpacked(packed[name], read) for name, (_, read) in _COLUMNS.items()]
        if len(set(map(len, columns))) != 1:
            raise ValueError("its columns are not of one length")
        posts = list(map(Post._make, zip(*columns[: len(_POST)], strict=True)))
        return Rows(list(zip(*columns[len(_POST) : -3], strict=True)), posts, *columns[-3:])
    except _DAMAGE as error:
        raise ValueError(f"it has been cut or written to ({error})") from None


def is_path_of_post(path: str) -> bool:
    """Return whether a look at the folder of a site could find a post under this path."""
    is_text = kind_of(path) == "text" and not speaks_for_others(path)
    is_clean = bool(_PATH.fullmatch(path)) and is_text and is_showable(path)
    return is_clean and not any(map(is_hidden, path.split("/")))


def _packed(column: Iterable[object], write: Callable[[_Values], _Values]) -> list[object]:
    values = list(column)
    keys = map(json.dumps, values) if write is _tables else values
    places: dict[object, int] = {}
    of = [places.setdefault(key, len(places)) for key in keys]
    if len(places) == 1:
        return [write(values[:1]), len(values)]
    if len(places) > len(values) // 2:
        return [write(values)]
    first = dict(zip(reversed(of), reversed(values), strict=True))
    return [write([first[place] for place in places.values()]), of]


def _unpacked(packed: _Values, read: Callable[[_Values], _Values]) -> _Values:
    values = read(packed[0])
    if len(packed) == 1:
        return values
    of = packed[1]
    if type(of) is int:
        return values * min(of, _MOST_ROWS)
    return list(map(values.__getitem__, _numbers(of)))


# --- what a field may hold


def _only(*types: type) -> Callable[[_Values], _Values]:
    """Return what gives values back that are exactly of one of these types, and raises ValueError for others."""
    allowed = set(types)

    def read(values: _Values) -> _Values:
        if not allowed.issuperset(map(type, values)):
            raise ValueError(f"a value is not of type {types[0].__name__}")
        return values

    return read


_texts, _integers, _fractions = _only(str), _only(int), _only(float, int)
_lists, _tables = _only(list), _only(dict)


def _numbers(values: _Values) -> _Values:
    if values and min(_integers(values)) < 0:
        raise ValueError("a number is below 0")
    return values


def _sizes(values: _Values) -> _Values:
    if values and max(_numbers(values)) > MAX_TEXT_BYTES:
        raise ValueError("a source is larger than a post may be")
    return values


def _paths(values: _Values) -> _Values:
    lines = "\n".join((*_texts(values), ""))
    if "/_" not in lines and lines.count("\n") == len(values) and _PLAIN_PATHS.fullmatch(lines):
        return values
    if not all(map(is_path_of_post, values)):
        raise ValueError("a path is none of a post")
    return values


def _kinds(values: _Values) -> _Values:
    if not _KINDS.issuperset(values):
        raise ValueError("there is no such kind")
    return values


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment is in no zone")
    return moment


def _record(kind: Callable[[_Values], Any], fields: int) -> Callable[[_Values], Any]:
    """Return what makes a named tuple of so many texts."""

    def read(values: _Values) -> Any:
        _lists([values])
        if len(_texts(values)) != fields:
            raise ValueError("a record has other fields")
        return kind(values)

    return read


def _records(kind: Callable[[Iterable[Any]], Any], fields: int) -> _Codec:
    """Return the codec of named tuples of so many texts: a list for each field."""

    def write(values: _Values) -> _Values:
        return list(zip(*values, strict=True)) or [[]] * fields

    def read(columns: _Values) -> _Values:
        if len(columns) != fields:
            raise ValueError("a record has other fields")
        return list(map(kind, zip(*map(_texts, _lists(columns)), strict=True)))

    return write, read


def _remark(values: _Values) -> Remark:
    mistake, file, *place, key, told = values
    line, column = _numbers(place)
    pairs = tuple((name, value) for name, value in map(_texts, _lists(told)))
    _texts([*mistake, file, key])
    remark = Remark(Mistake(*mistake), file, line, column, key, pairs)
    if not f"{remark}":  # the sentences and their values fit
        raise ValueError("a remark has no text")
    return remark


def _mark(values: _Values) -> Mark:
    file, line, column, key, value, says = values
    line, column = _numbers([line, column])
    file, key, value, says = _texts([file, key, value, says])
    return Mark(file, line, column, key, value, says)


def _focus(values: _Values) -> tuple[float, float]:
    x, y = _fractions(*_lists([values]))
    return x, y


def _plain(read: Callable[[_Values], _Values]) -> _Codec:
    return list, read


def _maybe(read: Callable[[Any], Any], write: Callable[[Any], Any] = lambda value: value) -> _Codec:
    """Return the codec of a field that may be None."""
    return (
        lambda values: [value if value is None else write(value) for value in values],
        lambda values: [value if value is None else read(value) for value in values],
    )


def _tuples_of(codec: _Codec) -> _Codec:
    write, read = codec

    def write_all(values: _Values) -> _Values:
        return [list(map(len, values)), _packed(chain.from_iterable(values), write)]

    def read_all(values: _Values) -> _Values:
        counts, packed = values
        items = _unpacked(packed, read)
        if sum(_numbers(counts)) != len(items):
            raise ValueError("a list has lost its end")
        rest = iter(items)
        return [tuple(islice(rest, count)) for count in counts]

    return write_all, read_all


def _tables_of_texts(values: _Values) -> _Values:
    tables = _tables(values)
    for table in tables:
        _texts(list(table.values()))
    return tables


_REMARKS = _tuples_of(_plain(lambda values: list(map(_remark, values))))
_MARKS = _tuples_of(_plain(lambda values: list(map(_mark, values))))
_TEXT, _FLAG, _NUMBER = _plain(_texts), _plain(_only(bool)), _plain(_numbers)
_MOMENT, _IMAGE = _maybe(_moment, datetime.isoformat), _maybe(_record(Image._make, len(Image._fields)))
_TERMS = _tuples_of(_records(Term._make, len(Term._fields)))
_POST: Mapping[str, _Codec] = {
    "path": _plain(_paths), "kind": _plain(_kinds), "url": _TEXT, "slug": _TEXT, "title": _TEXT,
    "date": _MOMENT, "updated": _MOMENT, "expires": _MOMENT, "intro": _TEXT, "categories": _TERMS, "tags": _TERMS,
    "authors": _tuples_of(_records(Author._make, len(Author._fields))),
    "images": _tuples_of(_records(Image._make, len(Image._fields))), "aliases": _tuples_of(_TEXT),
    "highlighted": _FLAG, "draft": _FLAG, "hidden": _FLAG, "noindex": _FLAG, "toc": _FLAG, "math": _FLAG,
    "lang": _TEXT, "translation_key": _TEXT, "template": _TEXT, "share_title": _TEXT, "share_image": _IMAGE,
    "share_message": (_tables, _tables_of_texts), "focus": _maybe(_focus),
    "extra": (_tables, _tables), "body_line": _NUMBER, "share_title_on_x": _TEXT,
    "share_image_on_x": _IMAGE, "remarks": _REMARKS, "repeats": _FLAG,
    "not_before": _MOMENT, "is_mapped": _FLAG, "marks": _MARKS,
}  # fmt: skip
"""In the order of the fields of a Post."""
_COLUMNS: Mapping[str, _Codec] = {
    **_POST,
    **dict.fromkeys(("device", "inode", "bytes", "mtime_ns", "ctime_ns"), _plain(_integers)),
    "offset": _NUMBER,
    "size": _plain(_sizes),
    "checksum": _NUMBER,
}
