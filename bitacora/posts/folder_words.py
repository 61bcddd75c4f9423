"""What files say of all the texts beside and below them: who may see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from bitacora.files.layout import SETTINGS_OF_HUGO, SETTINGS_OF_JEKYLL, SETTINGS_OF_OTHERS, SETTINGS_OF_QUARTO
from bitacora.posts.head import (
    MAX_HEAD_BYTES,
    Head,
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
    a file, and in settings Jekyll's `defaults`, Hugo's `cascade` and Quarto's `drafts`.
    """
    if path in SETTINGS_OF_OTHERS:
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
    if path in SETTINGS_OF_OTHERS:
        return FolderWords(tuple(_rules_of_settings(source, path, read_date)))
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
    rules = [rule(own), *(rule(table.entries, *_target(table)) for table in _tables_of(read, "cascade"))]
    return FolderWords(tuple(one for one in rules if one.said != NOTHING_SAID))


def _tables_of(read: Head, name: str) -> list[Table]:
    """The groups of values below a key, which may be one or a list of them."""
    found = next((node for key, node in read.entries.items() if folded(key) == name), None)
    return [node for node in (found.items if isinstance(found, Sequence) else [found]) if isinstance(node, Table)]


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


def _block_of(key: str) -> re.Pattern[str]:
    """An expression for a key of settings with all below it, in YAML, or in TOML to the next other group."""
    return re.compile(
        rf"""^["']?(?:{key})["']?[ \t]*:.*\n(?:(?:[ \t#-].*)?\r?\n|[ \t#-].*\Z)*"""
        rf"""|^[ \t]*\[{{0,2}}[ \t]*["']?(?:{key})["']?[ \t]*[\].=].*\n(?:(?![ \t]*\[\[?[ \t]*["']?\w).*\n)*""",
        re.MULTILINE,
    )


_BLOCKS = {
    **dict.fromkeys(SETTINGS_OF_JEKYLL, ("defaults", _block_of("defaults"))),
    **dict.fromkeys(SETTINGS_OF_HUGO, ("cascade", _block_of("cascade"))),
    **dict.fromkeys(SETTINGS_OF_QUARTO, ("drafts", _block_of("website|book|drafts|draft"))),
}
_LISTS_DRAFTS = re.compile(r"(?m)^[ \t]*+[\"']?drafts[\"']?[ \t]*+:")
_ENDING_OF_QUARTO = re.compile(r"\.(?:qmd|ipynb|rmd|md)\Z", re.IGNORECASE)


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


def _lines_alone(text: str, found: Iterable[re.Match[str]]) -> str:
    """Some parts of a text on the lines where they stand; the other lines are empty."""
    pieces: list[str] = []
    end = 0
    for part in found:
        pieces += ("\n" * text.count("\n", end, part.start()), part[0])
        end = part.end()
    return "".join(pieces)


def _rules_of_settings(source: bytes, path: str, read_date: Callable[[Scalar], datetime]) -> Iterator[Rule]:
    """What the settings of another engine say of texts. Only the keys that may say it have to be readable."""
    text = source.decode("utf-8-sig", "replace").replace("\r\n", "\n") + "\n"
    name, block = _BLOCKS[path]
    found = [*block.finditer(text)]
    if not found and not path.endswith(".json"):
        return
    if path.endswith((".yml", ".yaml")):
        # What stands before and between is left out, but for its lines.
        head, before = _wrapped(_lines_alone(text, found).encode()), 1
    elif path.endswith(".toml"):
        head, before = f"+++\n{text}\n+++\n".encode(), 1
    else:
        head, before = text.encode(), 0
    try:
        read = read_head(head, path)
    except PostError:
        told = "".join(one[0] for one in found) or _lines_of_script(source)
        if any_line_says_private(told) or (name == "drafts" and _LISTS_DRAFTS.search(told)):
            line = text.count("\n", 0, found[0].start()) + 1 if found else 1
            yield Rule("", "", "", Said(draft=True, marks=(Mark(path, line, 1, name, "…", "draft"),)))
        return

    def position(node: Node) -> tuple[int, int]:
        line, column = read.position(node)
        return max(line - before, 1), column

    def said_in(values: Table) -> Said:
        return judge(values.entries.items(), path, position, read_date, is_strict=False)

    if path in SETTINGS_OF_QUARTO:
        own = ((key, node) for key, node in read.entries.items() if folded(key) == "draft")
        yield Rule("", "", "", judge(own, path, position, read_date, is_strict=False))
        for table in (Table(dict(read.entries), 0), *_tables_of(read, "website"), *_tables_of(read, "book")):
            yield from _drafts_of_quarto(table, path, position)
    elif path in SETTINGS_OF_HUGO:
        for table in _tables_of(read, "cascade"):
            yield Rule("", *_target(table), said_in(table))
    else:
        for item in _tables_of(read, "defaults"):
            if isinstance(values := item.entries.get("values"), Table):
                scope = item.entries.get("scope")
                told_of = scope.entries if isinstance(scope, Table) else {}
                pattern, kind = (
                    node.text if isinstance(node := told_of.get(name), Scalar) else "" for name in ("path", "type")
                )
                yield Rule("", pattern, kind if kind in {"posts", "pages"} else "", said_in(values))


def _drafts_of_quarto(table: Table, path: str, position: Callable[[Node], tuple[int, int]]) -> Iterator[Rule]:
    """The files that a list names, whatever `draft-mode` says: here no draft is shown."""
    listed = table.entries.get("drafts")
    for node in listed.items if isinstance(listed, Sequence) else [listed]:
        if isinstance(node, Scalar) and node.text.strip("/ "):
            mark = Mark(path, *position(node), "drafts", node.text, "draft")
            pattern = _ENDING_OF_QUARTO.sub("", node.text.strip().removeprefix("./"))
            yield Rule("", pattern, "", Said(draft=True, marks=(mark,)))
