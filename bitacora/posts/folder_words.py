"""What files say of all the texts beside and below them: who may see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from bitacora.files.layout import SETTINGS_OF_JEKYLL
from bitacora.posts.head import (
    MAX_HEAD_BYTES,
    Node,
    Scalar,
    Sequence,
    Table,
    read_head,
    torn_head,
)
from bitacora.posts.torn_heads import any_line_says_private
from bitacora.posts.visibility import NOTHING_SAID, Mark, Said, judge, more_private
from bitacora.posts.visibility_words import OF_SECTIONS, folded, kind_of
from bitacora.problems import PostError

# --- what a folder says


class Rule(NamedTuple):
    """What a file says of others: those in `folder`, or named like it without their ending, that fit `pattern`."""

    folder: str
    pattern: str
    kind: str
    said: Said


class FolderWords(NamedTuple):
    """Who may see the texts of a folder, as a file of another engine says it for all of them."""

    rules: tuple[Rule, ...]


def speaks_for_others(path: str) -> bool:
    """Return whether a file says something of all the texts beside and below it.

    Hugo's and Zola's `_index.md`, Quarto's `_metadata.yml`, Lume's `_data.yml`, Eleventy's data of a folder and of
    a file, Jekyll's `defaults` in `_config.yml`.
    """
    if path in SETTINGS_OF_JEKYLL:
        return True
    folder, _, name = path.rpartition("/")
    if name[:1] == "_":
        return _NAMES_OF_FOLDERS.fullmatch(name) is not None and _is_content(path)
    if not name.endswith((".json", ".js", ".cjs", ".mjs")):
        return False
    return (bool(_DATA_OF_ELEVENTY.search(name)) or name == f"{folder.rpartition('/')[2]}.json") and _is_content(
        path
    )


def _is_content(path: str) -> bool:
    return path.startswith(("posts/", "pages/"))


def words_of_folder(source: bytes, path: str, read_date: Callable[[Scalar], datetime]) -> FolderWords:
    """Return what a file says of others. One that cannot be read holds them back if its lines sound private."""
    folder, _, name = path.rpartition("/")
    if path in SETTINGS_OF_JEKYLL:
        return FolderWords(tuple(_rules_of_jekyll(source, path, read_date)))
    if name[:1] != "_":
        stem = _DATA_OF_ELEVENTY.sub("", name).removesuffix(".json")
        folder = folder if stem == folder.rpartition("/")[2] else f"{folder}/{stem}"
    head, lines = (_wrapped(source), 1) if name.endswith((".yml", ".yaml")) else (source, 0)
    try:
        read = read_head(head, path)
    except PostError:
        mark = Mark(path, 1, 1, "…", "…", "draft")
        is_private = any_line_says_private(
            torn_head(head)[0] if not name.endswith("js") else _lines_of_script(head)
        )
        return FolderWords((Rule(folder, "", "", Said(draft=True, marks=(mark,))),) if is_private else ())

    def position(node: Node) -> tuple[int, int]:
        line, column = read.position(node)
        return max(line - lines, 1), column

    def rule(entries: Mapping[str, Node], pattern: str = "", kind: str = "", before: str = "") -> Rule:
        named = ((f"{before}{key}", node) for key, node in entries.items())
        said = judge(named, path, position, read_date, is_strict=False)
        return Rule(folder, pattern, kind, said)

    if not name.startswith("_index."):
        return FolderWords((rule(read.entries),))
    own = {key: node for key, node in read.entries.items() if kind_of(key) in OF_SECTIONS}
    cascade = next((node for key, node in read.entries.items() if folded(key) == "cascade"), None)
    tables = cascade.items if isinstance(cascade, Sequence) else [cascade]
    rules = [rule(own)]
    for table in tables:
        if isinstance(table, Table):
            pattern, kind = _target(table)
            rules.append(rule(table.entries, pattern, kind))
    return FolderWords(tuple(one for one in rules if one.said != NOTHING_SAID))


def _lines_of_script(source: bytes) -> str:
    """Return the start of a script with each `key: value` on a line of its own."""
    return re.sub("[{},;]", "\n", source[:MAX_HEAD_BYTES].decode("utf-8", "replace"))


def said_of(path: str, words: Iterable[FolderWords]) -> Said:
    """Return what folders say of one post or page."""
    said = NOTHING_SAID
    stem = path.rpartition(".")[0]
    for one in words:
        for rule in one.rules:
            is_inside = not rule.folder or path.startswith(f"{rule.folder}/") or stem == rule.folder
            if is_inside and (not rule.kind or path.startswith(f"{rule.kind}/")) and _fits(path, rule.pattern):
                said = more_private(said, rule.said)
    return said


_NAMES_OF_FOLDERS = re.compile(r"_index(?:\.[A-Za-z][\w-]{1,11})?\.(?:md|markdown|html)|_(?:metadata|data)\.ya?ml")
"""With the tag of a language between, which Hugo has for sites in several."""
_DATA_OF_ELEVENTY = re.compile(r"\.11tydata\.(?:json|[cm]?js)\Z")
"""Scripts are read like heads that are torn: a line that says it counts."""
_SECTIONS_ARE_TEXTS = {"section", "home", "term", "taxonomy"}
"""Kinds of pages of Hugo that are no posts."""
_DEFAULTS_OF_JEKYLL = re.compile(
    r"""^["']?defaults["']?[ \t]*:.*\n(?:(?:[ \t#-].*)?\r?\n|[ \t#-].*\Z)*""", re.MULTILINE
)


def _wrapped(source: bytes) -> bytes:
    """YAML alone as a head, its first line one further down."""
    return b"---\n" + source.removeprefix(b"\xef\xbb\xbf").removeprefix(b"---\n") + b"\n---\n"


def _target(table: Table) -> tuple[str, str]:
    """The pattern of paths that a part of a cascade is for; a folder that is none where it is for no text."""
    target = next((node for key, node in table.entries.items() if folded(key) == "target"), None)
    if not isinstance(target, Table):
        return "", ""
    told = {key.lower(): node.text for key, node in target.entries.items() if isinstance(node, Scalar)}
    return told.get("path", ""), "\0" if told.get("kind", "").lower() in _SECTIONS_ARE_TEXTS else ""


def _fits(path: str, pattern: str) -> bool:
    """Whether a path lies under a pattern of another engine, which may name the folders of ours otherwise."""
    if (several := re.fullmatch(r"([^{}]*)\{([^{}]*)\}([^{}]*)", pattern)) and "," in several[2]:
        return any(_fits(path, f"{several[1]}{part}{several[3]}") for part in several[2].split(","))
    wanted = re.sub(r"\*+", "*", pattern.strip("/{}").removeprefix("_"))
    if not wanted or wanted == "*":
        return True
    places = [path, path.partition("/")[2], *(path[place + 1 :] for place, char in enumerate(path) if char == "/")]
    names = (name for place in places for name in (place, place.rpartition(".")[0], place.removeprefix("_")))
    return any(fnmatchcase(name, wanted) or fnmatchcase(name, f"{wanted}/*") for name in names)


def _rules_of_jekyll(source: bytes, path: str, read_date: Callable[[Scalar], datetime]) -> Iterator[Rule]:
    text = source.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    found = _DEFAULTS_OF_JEKYLL.search(text + "\n")
    if found is None:
        return
    before = text.count("\n", 0, found.start()) - 1
    block = _wrapped(found[0].encode())
    try:
        read = read_head(block, path)
    except PostError:
        if any_line_says_private(found[0]):
            mark = Mark(path, before + 2, 1, "defaults", "…", "draft")
            yield Rule("", "", "", Said(draft=True, marks=(mark,)))
        return
    defaults = read.entries.get("defaults")
    for item in defaults.items if isinstance(defaults, Sequence) else ():
        if not isinstance(item, Table) or not isinstance(values := item.entries.get("values"), Table):
            continue
        scope = item.entries.get("scope")
        told = scope.entries if isinstance(scope, Table) else {}
        pattern, kind = (
            node.text if isinstance(node := told.get(name), Scalar) else "" for name in ("path", "type")
        )
        said = judge(
            values.entries.items(),
            path,
            lambda node: (read.position(node)[0] + before, read.position(node)[1]),
            read_date,
            is_strict=False,
        )
        yield Rule("", pattern, kind if kind in {"posts", "pages"} else "", said)
