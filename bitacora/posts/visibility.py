"""Who sees a text, from when, until when: what the words of blog tools and editors say of it.

One table of keys in eight languages and a little of more (`_WORDS`), one rule for keys that are not in it
(`_SOUNDS`). `judge` tells what heads and folders say, `visibility` and `standing` what that means at a moment.
Whatever is in doubt is seen by nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeAlias

from bitacora.files.layout import SETTINGS_FILE, SETTINGS_OF_JEKYLL
from bitacora.posts.dates import REMEDY, DateError
from bitacora.posts.head import (
    MAX_HEAD_BYTES,
    Node,
    Scalar,
    Sequence,
    Table,
    as_seen,
    is_given,
    kind_of_group,
    read_head,
    torn_head,
)
from bitacora.problems import PostError, shown

EVERYBODY, ANYBODY_WITH_THE_ADDRESS, NOBODY = "everybody", "anybody with the address", "nobody"
STANDINGS = ("shown", "hidden", "draft", "scheduled", "expired", "displaced")
"""A displaced post has lost its address to another file, or to the blog itself."""

EVER = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class Mark(NamedTuple):
    """A word that keeps a text from being seen by everybody at all times.

    `file`, `line` and `column` tell where it stands, `key` and `value` are as they are written. `says` is the
    standing that it gives the text: "draft", "hidden", "scheduled" or "expired".
    """

    file: str
    line: int
    column: int
    key: str
    value: str
    says: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"


class Said(NamedTuple):
    """What a head or a folder says of who may see a text: the most private of all its words.

    `since` and `until` are None where no word says it; `unmapped` leaves it out of the sitemap alone; `is_meant`
    where a word such as `publish: true` says that it is to be published.
    """

    draft: bool = False
    hidden: bool = False
    noindex: bool = False
    unmapped: bool = False
    highlighted: bool = False
    since: datetime | None = None
    until: datetime | None = None
    marks: tuple[Mark, ...] = ()
    is_meant: bool = False


class Text(Protocol):
    """What is asked of a post or page."""

    @property
    def path(self) -> str: ...
    @property
    def date(self) -> datetime | None: ...
    @property
    def not_before(self) -> datetime | None: ...
    @property
    def expires(self) -> datetime | None: ...
    @property
    def draft(self) -> bool: ...
    @property
    def hidden(self) -> bool: ...
    @property
    def marks(self) -> tuple[Mark, ...]: ...


Visibility: TypeAlias = tuple[str, datetime, datetime]
"""By whom a text is seen, from when, until before when. A bare tuple: 10,000 are made at once."""


def visibility(text: Text) -> Visibility:
    """Return who sees a text, from when, until when."""
    if text.draft:
        return NOBODY, EVER, NEVER
    readers = ANYBODY_WITH_THE_ADDRESS if text.hidden else EVERYBODY
    return readers, text.not_before or text.date or EVER, text.expires or NEVER


def standing(text: Text, now: datetime, published: Container[str] | None = None) -> str:
    """Return one of STANDINGS; `published` are the paths of the files that have an address of their own."""
    readers, since, until = visibility(text)
    if readers is NOBODY:
        return "draft"
    if since > now:
        return "scheduled"
    if until <= now:
        return "expired"
    if published is not None and text.path not in published:
        return "displaced"
    return "hidden" if readers is ANYBODY_WITH_THE_ADDRESS else "shown"


def is_seen(text: Text, now: datetime) -> bool:
    """Return whether anybody sees a text at a moment, if it has an address."""
    return standing(text, now) in {"shown", "hidden"}


def is_for_nobody(text: Text) -> bool:
    """Return whether nobody ever sees a text as it is."""
    return visibility(text)[0] is NOBODY


def is_listed(text: Text) -> bool:
    """Return whether lists, feeds, neighbours and translations name a text while it is seen."""
    return not text.hidden


def appears(text: Text) -> datetime | None:
    """Return from when a text is seen; None where that is always, or never."""
    _, since, _ = visibility(text)
    return None if since is EVER else since


def mark_of(text: Text, state: str) -> Mark | None:
    """Return the word by which a text has a standing; None where no word but its date or its folder says so."""
    return next((mark for mark in text.marks if mark.says == state), None)


def how_to_publish(mark: Mark) -> str:
    """Return a sentence for editors."""
    if mark.file == SETTINGS_FILE:
        return "To publish it, write publish: true in its head."
    kind = _kind_of(mark.key.rpartition(".")[2])
    opposite = "true" if kind is not None and kind.no in {"draft", "hidden"} and kind.yes == "public" else "false"
    where = f" in {mark.file}" if not mark.file.endswith(".md") or "_index" in mark.file else ""
    if mark.says in {"scheduled", "expired"}:
        return f"Take the line out{where} if that is not meant."
    if kind is not None and opposite == "false" and kind.no != "public":
        return f"Take the line out{where} to publish it."
    return f"To publish it, write {mark.key}: {opposite}{where}, or take the line out."


# --- what a head says


def judge(
    entries: Iterable[tuple[str, Node]],
    file: str,
    position: Callable[[Node], tuple[int, int]],
    read_date: Callable[[Scalar], datetime],
    *,
    has_date: bool = False,
    is_strict: bool = True,
) -> Said:
    """Return what keys and values say together. With `has_date` a `fecha` is no date.

    `read_date` raises DateError. Raises PostError for the blog's own keys with a value that cannot be read; not
    `is_strict`, they count as a draft.
    """
    found = [(key, kind, node) for key, node in entries if (kind := _kind_of(key)) is not None]
    if has_date and found:
        found = [one for one in found if one[1] is not _DATE_ABROAD]
    return _together(found, file, position, read_date, is_strict=is_strict) if found else _NOTHING_SAID


def more_private(one: Said, other: Said) -> Said:
    """Return what two together say."""
    return Said(
        one.draft or other.draft,
        one.hidden or other.hidden,
        one.noindex or other.noindex,
        one.unmapped or other.unmapped,
        one.highlighted or other.highlighted,
        max(filter(None, (one.since, other.since)), default=None),
        min(filter(None, (one.until, other.until)), default=None),
        (*one.marks, *other.marks),
        one.is_meant or other.is_meant,
    )


def is_honoured(key: str) -> bool:
    """Return whether a key says who may see a text, or from when."""
    return _kind_of(key) is not None or folded(key) in _TABLES


_NOTHING_SAID = Said()
_Found = tuple[str, "_Kind", Node]


def _together(
    found: list[_Found],
    file: str,
    position: Callable[[Node], tuple[int, int]],
    read_date: Callable[[Scalar], datetime],
    *,
    is_strict: bool,
) -> Said:
    effects: set[str] = set()
    since: list[tuple[datetime, Mark]] = []
    until: list[tuple[datetime, Mark]] = []
    marks: dict[str, Mark] = {}
    problem: PostError | None = None
    for key, kind, node in _opened(found):
        effect, moment = _effect(kind, node, read_date)
        if effect == "error":
            if is_strict:
                problem = problem or _unreadable(kind, key, node, file, position, read_date)
            effect = "public" if is_strict else "draft"
        effects.add(effect)
        if effect not in STANDINGS:
            continue
        says = "" if kind is _EXPIRES else effect  # the blog's own key, which withholds as it was always told to
        mark = Mark(file, *position(node), key, "…" if kind is _PASSWORD else _written(node), says)
        if moment is None:
            marks.setdefault(effect, mark)
        else:
            (since if effect == "scheduled" else until).append((moment, mark))
    if since:
        marks["scheduled"] = max(since)[1]
    if until:
        marks["expired"] = min(until)[1]
    if problem is not None:
        problem.withdrawn = problem.withdrawn or "draft" in effects
        raise problem
    return Said(
        "draft" in effects,
        "hidden" in effects,
        "noindex" in effects,
        "unmapped" in effects,
        "highlighted" in effects,
        max(since)[0] if since else None,
        min(until)[0] if until else None,
        tuple(mark for mark in marks.values() if mark.says),
        any(kind in (_PUBLISH, _PUBLISH_TOO) and _meaning(node) in {"yes", "public"} for _, kind, node in found),
    )


def _opened(found: Iterable[_Found]) -> Iterator[_Found]:
    """Replace groups of keys such as `build` by the words in them."""
    for key, kind, node in found:
        within = _TABLES.get(folded(key))
        if within is not None and isinstance(node, Table):
            for name, value in node.entries.items():
                inner = _kind_of(name) if within is _ANY else within.get(folded(name))
                if inner is not None and inner is not _GROUP:
                    yield f"{key}.{name}", inner, value
        elif kind is not _GROUP:
            yield key, kind, node


def _effect(kind: _Kind, node: Node, read_date: Callable[[Scalar], datetime]) -> tuple[str, datetime | None]:
    """Return what a value says under a key of a kind, and when."""
    if not is_given(node):
        return "public", None
    if not isinstance(node, Scalar):
        return _effect_of_group(kind, node), None
    meant = _meaning(node)
    if kind.own is not None:
        return kind.own(node.text, meant), None
    if kind.takes and meant == "other" and (moment := _moment(kind, node, read_date)) is not None:
        return kind.takes, moment
    if kind.is_loose and meant == "other" and _LIKE_A_DATE.match(node.text.strip()):
        return "draft", None  # a date that is none
    return kind.by(meant), None


def _effect_of_group(kind: _Kind, node: Node) -> str:
    if kind.other == "error" or not isinstance(node, Sequence):
        return kind.other
    effects = {_effect(kind, item, _no_date)[0] for item in node.items}
    return next((effect for effect in ("draft", "hidden", "noindex") if effect in effects), "public")


def _moment(kind: _Kind, node: Scalar, read_date: Callable[[Scalar], datetime]) -> datetime | None:
    """A year or a month alone is a date under keys that want one; `público: 2500` counts people."""
    text = node.text.strip()
    padded = f"{text}-01-01"[:10] if kind in _WANT_DATES and _YEAR.fullmatch(text) else text
    try:
        return read_date(node if padded == text else Scalar(padded, node.plain, node.start))
    except DateError:
        return None


_LIKE_A_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
_YEAR = re.compile("[12][0-9]{3}(?:-(?:0[1-9]|1[0-2]))?")


def _unreadable(
    kind: _Kind,
    key: str,
    node: Node,
    file: str,
    position: Callable[[Node], tuple[int, int]],
    read_date: Callable[[Scalar], datetime],
) -> PostError:
    what = kind_of_group(node)
    found = shown(node.text) if isinstance(node, Scalar) else f"is {what}, which"
    withdrawn = True
    if kind.takes and kind.is_date:
        withdrawn = False
        if isinstance(node, Scalar):
            try:
                read_date(node)
                why = "It is not readable here."
            except DateError as error:
                why = str(error)
            reason, remedy = f"{key} {shown(node.text)} is not a date: {why}", REMEDY
        else:
            reason, remedy = f"{key} is {what}, where one value belongs.", f'Write it like {key}: "One value".'
    elif kind is _STATUS:
        word = node.text.strip().lower() if isinstance(node, Scalar) else ""
        near = get_close_matches(word, _OFFERED, 1, 0.8)
        meant = f"Did you mean {near[0]}? " if near else ""
        reason = f"{key} {found} says neither published nor draft."
        remedy = f"{meant}Write {key}: published or {key}: draft."
    else:
        withdrawn = kind is not _NOINDEX
        reason, remedy = f"{key} {found} is neither true nor false.", f"Write {key}: true or {key}: false."
    return PostError(file, *position(node), reason, remedy, withdrawn=withdrawn)


_OFFERED = ("published", "publish", "public", "publicado", "draft", "pending", "private", "archived", "hidden")


def _written(node: Node) -> str:
    """What stands behind the key, as far as it fits a line."""
    if isinstance(node, Scalar):
        return shown(node.text)[1:-1]
    return kind_of_group(node)


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

    Hugo's and Zola's `_index.md`, Quarto's `_metadata.yml`, Eleventy's data of a folder and of a file, Jekyll's
    `defaults` in `_config.yml`.
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
        is_private = _any_line_says_private(
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
    own = {key: node for key, node in read.entries.items() if _kind_of(key) in _OF_SECTIONS}
    cascade = next((node for key, node in read.entries.items() if folded(key) == "cascade"), None)
    tables = cascade.items if isinstance(cascade, Sequence) else [cascade]
    rules = [rule(own)]
    for table in tables:
        if isinstance(table, Table):
            pattern, kind = _target(table)
            rules.append(rule(table.entries, pattern, kind))
    return FolderWords(tuple(one for one in rules if one.said != _NOTHING_SAID))


def _lines_of_script(source: bytes) -> str:
    """Return the start of a script with each `key: value` on a line of its own."""
    return re.sub("[{},;]", "\n", source[:MAX_HEAD_BYTES].decode("utf-8", "replace"))


def said_of(path: str, words: Iterable[FolderWords]) -> Said:
    """Return what folders say of one post or page."""
    said = _NOTHING_SAID
    stem = path.rpartition(".")[0]
    for one in words:
        for rule in one.rules:
            is_inside = not rule.folder or path.startswith(f"{rule.folder}/") or stem == rule.folder
            if is_inside and (not rule.kind or path.startswith(f"{rule.kind}/")) and _fits(path, rule.pattern):
                said = more_private(said, rule.said)
    return said


_NAMES_OF_FOLDERS = re.compile(r"_index(?:\.[A-Za-z][\w-]{1,11})?\.(?:md|markdown|html)|_metadata\.ya?ml")
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
        if _any_line_says_private(found[0]):
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


# --- a head that cannot be read


def says_private(source: bytes) -> bool:
    """Return whether the lines of a file's torn head say that not everybody may see it."""
    text, is_begun = torn_head(source)
    return any(_says_private(path, value, is_begun) for path, value in _lines(text))


def _any_line_says_private(text: str) -> bool:
    """Whatever group of keys it stands in."""
    return any(_says_private(path[-1:], value, True) for path, value in _lines(text))


def _says_private(path: list[str], value: str, is_begun: bool) -> bool:
    """`is_begun` where this is certain to be a head: what is in doubt counts only there."""
    kind = _kind_of(path[0]) if len(path) == 1 else None
    within = _TABLES.get(folded(path[0]))
    if len(path) == 2 and within is not None:
        kind = _kind_of(path[1]) if within is _ANY else within.get(folded(path[1]))
    if kind is None or kind is _GROUP:
        return False
    node = Scalar(value, value[:1] not in {'"', "'"}, 0)
    node = node if node.plain else Scalar(value[1:].removesuffix(value[0]), False, 0)
    if not is_begun and (kind.own is not None or _meaning(node) == "other"):
        return False
    effect, moment = _effect(kind, node, _no_date) if not _LIKE_A_DATE.match(node.text) else ("public", EVER)
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


def _no_date(node: Scalar) -> datetime:
    raise DateError(node.text)


# --- values


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """A key or value without capitals, accents, and whatever stands between its words."""
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    return "".join(filter(str.isalnum, text))


def _meaning(node: Node) -> str:
    """ "yes", "no", "nothing", "public", "featured", "draft", "hidden" or "other"."""
    return _meaning_of(node.text) if isinstance(node, Scalar) else "other"


@lru_cache(maxsize=4096)
def _meaning_of(text: str) -> str:
    if _ZERO.fullmatch(text.strip()):
        return "no"
    return _MEANINGS.get(folded(text), "other") if len(text) <= 100 else "other"


_ZERO = re.compile(r"[-+]?0+(?:\.0*)?")


def _texts(text: str) -> list[str]:
    """The words of a list with bars between them, those with German letters in both of their spellings."""
    written = [word.strip() for line in text.splitlines() for word in line.split("|") if word.strip()]
    german = (word.translate(_GERMAN) for word in written if any(letter in word for letter in "äöüÄÖÜ"))
    return [("_" if word.startswith("_") else "") + folded(word) for word in (*written, *german)]


_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})

# en, es, pt, fr, de, it, ca, gl; and of nl, sv, da, pl, ru, tr, ja, zh the few that are sure
_VALUES = {
    "yes": "true|yes|on|y|1|sí|si|verdadero|cierto|sim|verdadeiro|oui|vrai|ja|wahr|sì|vero|cert|certo|да|はい|是",
    "no": """false|no|off|n|0|falso|não|non|faux|nein|falsch|fals|nej|нет|いいえ|否|never|nunca|jamais|nie
        |niemals|mai""",
    "nothing": """null|none|nil|ninguno|ninguna|nada|nenhum|nenhuma|aucun|aucune|rien|keine|keiner|nichts
        |nessuno|niente|cap|res|ningún""",
    "public": """public|published|publish|open|live|listed|visible|everyone|everybody|anyone|all|final
        |sticky|evergreen|seedling|budding|released|online|active|público|pública|publicado|publicada
        |publicar|abierto|abierta|todos|todo el mundo|aberto|aberta|visível|publique|publié|publiée|publier
        |ouvert|tous|tout le monde|öffentlich|veröffentlicht|veröffentlichen|offen|sichtbar|alle|pubblico
        |pubblica|pubblicato|pubblicata|aperto|visibile|tutti|públic|publicat|obert|tothom|公開|公开""",
    "featured": "featured",
    "some": """members|members only|member|paid|paid only|only paid|tiers|subscribers|subscribers only
        |patrons|followers|friends|family|team|staff|staff only|employees|registered|logged in|founding
        |premium|miembros|socios|suscriptores|de pago|amigos|familia|equipo|registrados|membros|assinantes
        |pago|equipa|equipe|membres|abonnés|payant|amis|famille|équipe|Mitglieder|Abonnenten|kostenpflichtig
        |Freunde|Familie|membri|abbonati|a pagamento|amici|famiglia|squadra|subscriptors|de pagament|amics
        |equip|subscritores""",
    "hidden": """hidden|unlisted|hide|invisible|not listed|oculto|oculta|escondido|escondida|no listado
        |no listada|não listado|invisível|caché|cachée|masqué|masquée|non répertorié|non listé|versteckt
        |verborgen|ausgeblendet|nicht gelistet|ungelistet|unsichtbar|nascosto|nascosta|non in elenco
        |non elencato|invisibile|ocult|amagat|no llistat|agochado|non listado|dold|skjult|ukryty|скрытый
        |скрыто""",
    "draft": """draft|drafts|wip|work in progress|in progress|unfinished|idea|todo|auto draft|autosave
        |inherit|sent|pending|pending review|pending publish|review|in review|under review|ready for review
        |needs review|submitted|held|on hold|scheduled|future|timed|queued|upcoming|embargo|embargoed
        |private|secret|confidential|internal|restricted|protected|classified|password|password protected
        |only me|just me|me|direct|nobody|no one|unpublished|not published|do not publish|depublished
        |not public|nonpublic|archived|expired|disabled|inactive|trash|trashed|deleted|removed|withdrawn
        |rejected|skip|retired|borrador|en borrador|en curso|sin terminar|pendiente|pendiente de revisión
        |en revisión|por revisar|en espera|programado|programada|en cola|embargado|embargada|privado|privada
        |secreto|secreta|confidencial|interno|interna|restringido|restringida|reservado|reservada|protegido
        |protegida|protegida con contraseña|sólo yo|no publicado|no publicada|sin publicar|despublicado
        |despublicada|inédito|archivado|archivada|caducado|caducada|desactivado|desactivada|papelera
        |eliminado|eliminada|retirado|retirada|rechazado|rechazada|nadie|rascunho|em curso|em andamento
        |inacabado|pendente|pendente de revisão|em revisão|aguardando revisão|agendado|agendada|restrito
        |restrita|protegido por senha|só eu|não publicado|não publicada|arquivado|arquivada|expirado
        |expirada|desativado|desativada|lixo|lixeira|excluído|excluída|removido|removida|rejeitado|rejeitada
        |ninguém|brouillon|en cours|inachevé|ébauche|en attente|en attente de relecture|à relire
        |en relecture|planifié|planifiée|programmé|programmée|sous embargo|privé|privée|confidentiel
        |confidentielle|interne|restreint|restreinte|protégé|protégée|protégé par mot de passe|non publié
        |non publiée|dépublié|dépubliée|archivé|archivée|expiré|expirée|désactivé|désactivée|corbeille
        |supprimé|supprimée|retiré|retirée|rejeté|rejetée|personne|Entwurf|in Arbeit|unfertig|ausstehend
        |ausstehender Review|in Prüfung|zur Prüfung|geplant|eingeplant|gesperrt|privat|geheim|vertraulich
        |intern|eingeschränkt|geschützt|passwortgeschützt|nur ich|unveröffentlicht|nicht veröffentlicht
        |nicht öffentlich|archiviert|abgelaufen|deaktiviert|Papierkorb|gelöscht|zurückgezogen|abgelehnt
        |niemand|bozza|in corso|incompleto|in attesa|in attesa di revisione|in revisione|da rivedere
        |programmato|programmata|pianificato|pianificata|sotto embargo|privato|privata|segreto|segreta
        |riservato|riservata|confidenziale|ristretto|protetto|protetta|protetto da password|non pubblicato
        |non pubblicata|archiviato|archiviata|scaduto|scaduta|disattivato|disattivata|cestino|eliminato
        |eliminata|rimosso|rimossa|ritirato|ritirata|rifiutato|rifiutata|esborrany|en curs|inacabat|pendent
        |pendent de revisió|en revisió|programat|restringit|protegit|no publicat|sense publicar|arxivat
        |caducat|desactivat|paperera|eliminat|retirat|en curso|pendente de revisión|segredo|restrinxido
        |protexido|non publicado|sen publicar|concept|privé|utkast|kladde|szkic|prywatny|черновик|приватный
        |личное|taslak|gizli|下書き|非公開|草稿|私密|私人""",
}
_MEANINGS: dict[str, str] = {word: meant for meant, words in _VALUES.items() for word in _texts(words)}


# --- kinds of keys


class _Kind(NamedTuple):
    """What each kind of value says under a key.

    Each is "public", "draft", "hidden", "noindex", "unmapped" or "error". `takes` is "scheduled" or "expired"
    where a date is a value. `is_loose` where a key has other meanings, but for what begins like a date. `own`
    decides alone. `some` is for the names of circles such as members, which else count as `draft`.
    """

    yes: str
    no: str
    other: str
    nothing: str = "public"
    draft: str = "draft"
    hidden: str = "hidden"
    public: str = "public"
    takes: str = ""
    is_date: bool = False
    is_loose: bool = False
    own: Callable[[str, str], str] | None = None
    some: str = ""

    def by(self, meant: str) -> str:
        """Return what a value with this meaning says."""
        if meant == "featured":
            return "highlighted" if self is _STATUS else self.public
        if meant == "some":
            return self.some or self.draft
        return str(getattr(self, meant))


def _of_permalink(text: str, _meant: str) -> str:
    return "draft" if text.strip().lower() in {"false", "no", "off"} else "public"


def _of_robots(text: str, _meant: str) -> str:
    words = set(re.split(r"[\s,;]+", text.lower()))
    return "public" if words.isdisjoint({"noindex", "none"}) else "noindex"


def _of_type(text: str, _meant: str) -> str:
    return "draft" if folded(text) in _TYPES_OF_DRAFTS else "public"


def _of_layout(text: str, _meant: str) -> str:
    return "draft" if folded(text) in _DRAFT_IN_MANY_LANGUAGES else "public"


def _of_visibility(text: str, meant: str) -> str:
    """How far one sees on a mountain is also told by this word."""
    if meant == "other" and (text.strip()[:1].isdecimal() or folded(text) in _WEATHER):
        return "public"
    return _BY_VISIBILITY.by(meant)


def _of_render(text: str, meant: str) -> str:
    return "draft" if meant == "no" or folded(text) in {"never", "link"} else "public"


def _of_list(text: str, meant: str) -> str:
    return "hidden" if meant == "no" or folded(text) in {"never", "local"} else "public"


def _of_login(_text: str, meant: str) -> str:
    return "public" if meant in {"no", "nothing"} else "draft"


def _of_slip(_text: str, meant: str) -> str:
    return "draft" if meant in {"yes", "draft"} else "public"


def _of_slip_of_publish(_text: str, meant: str) -> str:
    return "draft" if meant in {"no", "draft"} else "public"


_DRAFT_IN_MANY_LANGUAGES = frozenset(_texts("draft|borrador|rascunho|brouillon|Entwurf|bozza|esborrany"))
_TYPES_OF_DRAFTS = _DRAFT_IN_MANY_LANGUAGES | frozenset(
    _texts("drafts|scheduled|autosave|auto-draft|private|privado|unpublished")
)
_WEATHER = frozenset(
    _texts("""good|poor|low|high|reduced|moderate|excellent|bad|clear|fair|limited|buena|mala|baja|alta
        |reducida|regular|boa|má|baixa|reduzida|bonne|mauvaise|faible|réduite|gut|schlecht|mäßig|gering|hoch
        |buona|cattiva|scarsa|bassa|ridotta|bona|dolenta|reduïda""")
)

_DRAFT = _Kind("draft", "public", "error", hidden="draft")
_PRIVATE = _Kind("draft", "public", "draft", hidden="draft", takes="scheduled")
_MAYBE_PRIVATE = _Kind("draft", "public", "public", takes="scheduled")
_PASSWORD = _Kind("draft", "public", "draft", hidden="draft", public="draft")
_PUBLISH = _Kind("public", "draft", "error", nothing="draft", takes="scheduled")
_PUBLISH_TOO = _Kind("public", "draft", "draft", nothing="draft", takes="scheduled")
_PUBLIC = _Kind("public", "draft", "public", takes="scheduled")
_PUBLIC_OR_AUDIENCE = _Kind("public", "draft", "public", takes="scheduled", some="public")
_STATUS = _Kind("error", "error", "error", takes="scheduled")
_STATE = _Kind("public", "public", "public", some="public")
_ACCESS = _Kind("public", "draft", "public")
_BY_VISIBILITY = _Kind("public", "draft", "draft")
_VISIBILITY = _Kind("", "", "draft", own=_of_visibility)
_HIDDEN = _Kind("hidden", "public", "error")
_HIDDEN_TOO = _Kind("hidden", "public", "hidden")
_HIDE = _Kind("hidden", "public", "public")
_LISTED = _Kind("public", "hidden", "hidden")
_ARTICLE = _Kind("public", "hidden", "public", draft="public", hidden="public")
_ENABLED = _Kind("public", "draft", "public", draft="public", hidden="public")
_SINCE = _Kind("draft", "public", "draft", takes="scheduled")
_PERHAPS_SINCE = _Kind(
    "draft", "public", "public", draft="public", hidden="public", takes="scheduled", is_loose=True
)
_PUBLISHED_AT = _Kind("public", "draft", "public", nothing="draft", takes="scheduled", is_loose=True)
_PUBLISH_DATE = _Kind(
    "error", "error", "error", "error", "error", "error", "error", takes="scheduled", is_date=True
)
_DATE_ABROAD = _Kind("public", "public", "public", draft="public", hidden="public", takes="scheduled")
_UNTIL = _Kind("draft", "public", "draft", takes="expired")
_EXPIRES = _Kind("error", "public", "error", "public", "error", "error", "error", takes="expired", is_date=True)
_PERHAPS_UNTIL = _Kind(
    "public", "public", "public", draft="public", hidden="public", takes="expired", is_loose=True
)
_GONE = _Kind("draft", "public", "draft", hidden="draft", takes="expired")
_DISABLED = _Kind("draft", "public", "public", draft="public")
_WANT_DATES = (_PUBLISH, _PUBLISH_TOO, _SINCE, _PUBLISHED_AT, _UNTIL, _GONE)
_PERMALINK = _Kind("", "draft", "public", own=_of_permalink)
_TYPE = _Kind("", "", "public", own=_of_type)
_LAYOUT = _Kind("", "", "public", own=_of_layout)
_RENDER = _Kind("public", "draft", "public", own=_of_render)
_LIST = _Kind("public", "hidden", "public", own=_of_list)
_LOGIN = _Kind("draft", "public", "draft", own=_of_login)
_INDEX = _Kind("public", "noindex", "public", draft="public", hidden="public")
_ROBOTS = _Kind("", "", "public", own=_of_robots)
_NOINDEX = _Kind("noindex", "public", "error", draft="error", hidden="error", public="error")
_NOINDEX_TOO = _Kind("noindex", "public", "noindex")
_SITEMAP = _Kind("public", "unmapped", "public", draft="public", hidden="public")
_UNMAPPED = _Kind("unmapped", "public", "public", draft="public", hidden="public")
_SLIP = _Kind("draft", "public", "public", own=_of_slip)
_SLIP_OF_HIDDEN = _Kind("hidden", "public", "public", draft="public")
_SLIP_OF_PUBLISH = _Kind("public", "draft", "public", own=_of_slip_of_publish)
_GROUP = _Kind("public", "public", "public")
_OF_SECTIONS = (_DRAFT, _PRIVATE, _MAYBE_PRIVATE, _PASSWORD, _PUBLISH, _PUBLISH_TOO, _PUBLIC, _STATUS, _VISIBILITY)
"""What `_index.md` says of its whole section, as in Zola; all else is about the page of the section."""


# --- keys

_KEYS: tuple[tuple[_Kind, str], ...] = (
    (_DRAFT, "draft"),
    (
        _PRIVATE,
        """is draft|save as draft|ignore post|ignore publish|wip|work in progress|unfinished|unpublished
        |not published|do not publish|no publish|_draft|_hidden|headless|encrypt|encrypted|private
        |is private|confidential|internal|secret|restricted|classified|sensitive|embargoed|not public
        |borrador|es borrador|no publicado|no publicada|sin publicar|no publicar|inédito|privado|privada
        |es privado|confidencial|interno|interna|secreto|secreta|restringido|restringida|reservado|reservada
        |cifrado|cifrada|sin terminar|rascunho|é rascunho|não publicado|não publicada|não publicar|restrito
        |restrita|brouillon|est brouillon|non publié|non publiée|ne pas publier|privé|privée|confidentiel
        |confidentielle|interne|restreint|restreinte|chiffré|inachevé|Entwurf|ist Entwurf|unveröffentlicht
        |nicht veröffentlichen|nicht veröffentlicht|privat|vertraulich|intern|geheim|verschlüsselt|unfertig
        |bozza|è bozza|non pubblicato|non pubblicata|non pubblicare|privato|privata|confidenziale|riservato
        |riservata|segreto|segreta|cifrato|inacabado|esborrany|no publicat|no publicada|restringit|inacabat
        |non publicado|non publicar|segredo|restrinxido|utkast|kladde|szkic|черновик|taslak|下書き|非公開
        |草稿|私密""",
    ),
    (
        _MAYBE_PRIVATE,
        """members only|subscribers only|paid only|premium|paywall|paywalled|exclusive|login required
        |requires login|password protected|protected|sólo miembros|solo socios|sólo suscriptores|de pago
        |protegido|protegida|só membros|só assinantes|pago|en curso|réservé aux membres|réservé aux abonnés
        |payant|protégé|protégée|nur Mitglieder|nur Abonnenten|kostenpflichtig|geschützt|passwortgeschützt
        |in Arbeit|solo membri|solo abbonati|a pagamento|protetto|protetta|només membres|només subscriptors
        |só subscritores""",
    ),
    (
        _PASSWORD,
        """password|post password|passphrase|passcode|dg password|allowed role|allowed roles|allowed user
        |allowed users|contraseña|clave de acceso|senha|palavra-passe|mot de passe|Passwort|Kennwort
        |parola d'ordine|contrasenya|contrasinal""",
    ),
    (_PUBLISH, "publish|published"),
    (
        _PUBLISH_TOO,
        """dg publish|is published|to publish|publicar|publicado|publicada|está publicado|publier|publié
        |publiée|est publié|veröffentlichen|publizieren|veröffentlicht|publiziert|ist veröffentlicht
        |pubblica|pubblicare|pubblicato|pubblicata|è pubblicato|publicat""",
    ),
    (_PUBLIC, "public|is public|publique|öffentlich"),
    (_PUBLIC_OR_AUDIENCE, "público|pública|es público|pubblico"),
    (_STATUS, "status"),
    (
        _Kind("public", "draft", "draft", takes="scheduled"),
        """post status|publish status|publication status|workflow status|_status|estado de publicación
        |estado de publicação|statut de publication|Veröffentlichungsstatus|stato di pubblicazione
        |estat de publicació""",
    ),
    (_STATE, "state|workflow state|stage|estado|situação|statut|état|Zustand|stato|estat"),
    (
        _VISIBILITY,
        """visibility|post visibility|visibilidad|visibilidade|visibilité|Sichtbarkeit|visibilità
        |visibilitat""",
    ),
    (
        _ACCESS,
        """access|access level|audience|visible to|visible for|acceso|audiencia
        |acesso|audiência|accès|Zugang|Zugriff|accesso|accés""",
    ),
    (_TYPE, "type|tipo|Typ|post type"),
    (_LAYOUT, "layout"),
    (_PERMALINK, "permalink|url|path"),
    (_HIDDEN, "hidden|unlisted"),
    (
        _HIDDEN_TOO,
        """is hidden|not listed|public draft|email only|eleventy exclude from collections|exclude from blog
        |exculde from blog|delisted|delist|exclude from collections|oculto|oculta|escondido|escondida
        |no listado|no listada|não listado|caché|cachée|masqué|masquée|non répertorié|non listé|versteckt
        |verborgen|ausgeblendet|nicht gelistet|ungelistet|nascosto|nascosta|non elencato|non in elenco|ocult
        |amagat|no llistat|agochado|non listado|dold|skjult|ukryty""",
    ),
    (
        _HIDE,
        """hide|dg hide|ocultar|esconder|cacher|masquer|verstecken|ausblenden|nascondi|nascondere|amagar
        |agochar""",
    ),
    (
        _LISTED,
        "listed|discoverable|make discoverable|_discoverable|indexed|listado|répertorié|listé|gelistet|elencato",
    ),
    (_ARTICLE, "article"),
    (_RENDER, "build"),
    (_ENABLED, "enabled|routable|ready to publish|publishable|make public|show on site|visible to public"),
    (_RENDER, "render"),
    (_PUBLISH_DATE, "publish date|pub date"),
    (
        _SINCE,
        """publishing date|publication date|publish on|publish at|publish from|publish after|publish up
        |embargo|embargo until|embargoed until|embargo date|not before|go live|goes live|release at
        |private until|hidden until|draft until|scheduled|scheduled at|scheduled for|fecha de publicación
        |fecha publicación|publicar el|embargado hasta|programado para|data de publicação|publicar em
        |embargado até|agendado para|date de publication|publier le|sous embargo jusqu'au|planifié pour
        |Veröffentlichungsdatum|Erscheinungsdatum|veröffentlichen am|Sperrfrist|gesperrt bis|geplant für
        |data di pubblicazione|pubblica il|embargo fino al|programmato per|data de publicació|embargament
        |programat per a|data de publicación|publicar o""",
    ),
    (
        _PUBLISHED_AT,
        """published date|published at|published on|post date|posted at|posted on|publicado el|publicado em
        |publié le|veröffentlicht am|pubblicato il|publicat el|publicado o""",
    ),
    (
        _PERHAPS_SINCE,
        """schedule|live at|available from|visible from|disponible desde|visible desde|disponível a partir de
        |disponible à partir du|verfügbar ab|sichtbar ab|disponibile dal|disponible des de|dispoñible desde""",
    ),
    (_DATE_ABROAD, "fecha|data|Datum"),
    (_EXPIRES, "expires|expiry date|unpublish date"),
    (
        _UNTIL,
        """unpublish|depublish|despublicar|dépublier
        |expiration date|expires at|expires on|expire|expired|expired at|unpublish on|unpublish at
        |publish down|publish until|archive date|visible until|public until|remove on|remove at|delete on
        |fecha de caducidad|fecha de expiración|caduca|caduca el|expira|visible hasta|despublicar el
        |data de expiração|data de validade|expira em|visível até|despublicar em|date d'expiration|expire le
        |visible jusqu'au|dépublier le|Ablaufdatum|läuft ab|läuft ab am|sichtbar bis|data di scadenza|scade
        |scade il|visibile fino al|data de caducitat|visible fins a|data de caducidade|visible ata""",
    ),
    (_PERHAPS_UNTIL, "valid until|available until|disponible hasta|verfügbar bis"),
    (
        _GONE,
        """trashed|deleted|removed|withdrawn|depublished|eliminado|eliminada|retirado|retirada|despublicado
        |despublicada|excluído|excluída|removido|removida|supprimé|supprimée|retiré|retirée|dépublié
        |dépubliée|gelöscht|zurückgezogen|rimosso|rimossa|ritirato|ritirata|eliminato|eliminata""",
    ),
    (_DISABLED, "on hold|disabled|desactivado|desativado|désactivé|deaktiviert|disattivato"),
    (_NOINDEX, "noindex"),
    (_NOINDEX_TOO, "robots no index|seo noindex"),
    (_ROBOTS, "robots|meta robots"),
    (_SITEMAP, "sitemap"),
)  # fmt: skip
_WORDS: Mapping[str, _Kind] = {word: kind for kind, words in _KEYS for word in _texts(words)}
_OF_BUILD = {"render": _RENDER, "list": _LIST}
_OF_SEO = {"noindex": _NOINDEX_TOO, "index": _INDEX, "robots": _ROBOTS}
_ANY: Mapping[str, _Kind] = {}
"""Whatever is a word of its own is one in this group too."""
_TABLES: Mapping[str, Mapping[str, _Kind]] = {
    "build": _OF_BUILD,
    "permalink": {"build": _PERMALINK},
    "eleventycomputed": _ANY,
    "access": {"sitelogin": _LOGIN},
    "viewbag": {"ishidden": _PRIVATE, "hidden": _PRIVATE},
    "seo": _OF_SEO,
    "robots": _OF_SEO,
    "sitemap": {"disable": _UNMAPPED, "exclude": _UNMAPPED, "ignore": _UNMAPPED},
    **dict.fromkeys(("params", "extra", "meta", "metadata", "custom", "attributes", "frontmatter"), _ANY),
}
"""Groups of keys, and the words in them: Hugo, Eleventy, Grav, October, plugins for search engines, themes."""
_DOTTED: Mapping[str, _Kind] = {
    f"{group}{name}": kind for group, words in _TABLES.items() for name, kind in words.items()
}

_PRIVATELY = """private|privado|privada|prive|privee|privat|privato|privata|confidential|confidencial
        |confidentiel|confidentielle|vertraulich|confidenziale|secret|secreto|secreta|segreto|segreta
        |segredo|geheim|restricted|restringido|restrito|restreint|classified|reservado|riservato|embargoed
        |unpublished|offtherecord|nda|sensitive|internal|interno|interna|interne|intern"""
_CIRCLES = """staff|team|members?|subscribers?|family|friends|patrons|supporters|editors?|admins?|board
        |employees|insiders|invites?|invited|guests?|miembros|socios|suscriptores|amigos|familia|equipo|membros|assinantes
        |membres|abonnes|mitglieder|abonnenten|membri|abbonati"""
_ONLY = "only|solo|so|seulement|nur|uniquement|exclusively|apenas"
_SELF = "me|us|myself|ourselves|mi|mim|moi|mich|nosotros|nous|uns|noi|meineaugen|misojos|myeyes|oureyes"
_NOT = """not|no|non|nicht|nao|donot|dont|never|nunca|nepas|anepas|sin|todaviano|aunno|aindanao|pasencore|nochnicht
        |nonancora"""
_PUBLIC_WORDS = """public|publish|published|publishing|publication|publicar|publicado|publicada|publica
        |publier|publie|publizieren|veroffentlichen|veroffentlicht|oe?ffentlich|oe?ffentlichkeit|publik
        |pubblicare|pubblicato|ready|forrelease"""
_SPREAD = """difundir|divulgar|compartir|reenviar|compartilhar|partager|diffuser|divulguer|teilen|weitergeben
        |verbreiten|divulgare|diffondere|condividere"""
_SPREAD_IN_ENGLISH = "share|sharing|distribute|distribution|circulate|circulation|disseminate|dissemination"
_BEFORE = """is|be|keep|kept|stay|mark|marked|as|the|this|post|page|article|for|to|strictly|highly|top|still
        |es|est|ist|e|esta|uso|usage|utilisation|gebrauch|zum|ad|en|para|pour|a|strictement|estrictamente
        |estritamente|strettamente|streng|absolutamente|totalmente|nur|solo|seulement|apenas|exclusivamente"""
_AFTER = """only|strictly|yet|until|post|page|article|entry|flag|mode|for|to|be|use|entrada|articulo|artigo
        |articolo|artikel|beitrag|todavia|aun|ainda|encore|noch|ancora"""
_SOUNDS = re.compile(
    rf"""(?:{_BEFORE}){{0,3}}(?:(?:{_PRIVATELY})|(?:{_ONLY})(?:for|para|pour|fur|per)?(?:{_CIRCLES})
        |(?:{_CIRCLES})(?:{_ONLY})|(?:{_NOT})(?:yet|for|to|be|tobe|para|pour|zu
        |fur|fuer|die|the|el|le|al|ao|da){{0,3}}?(?:{_PUBLIC_WORDS})
        |(?:{_ONLY}|just)(?:for|para|pour|fur|fuer|per)(?:{_SELF})|(?:for)?(?:my|your|our)?eyesonly
        |(?:{_NOT})(?:para|pour|zu)?(?:{_SPREAD})|(?:donot|dont|never|notfor|notto)(?:{_SPREAD_IN_ENGLISH})
        )(?:{_AFTER}){{0,3}}""",
    re.VERBOSE,
)
"""The whole key sounds private: `internal_use_only`, `not_for_publication`; `internal_notes` does not."""
_LONGEST_KEY = 60
_SLIPS = (
    (_SLIP, ("draft", "private", "borrador", "privado", "privada", "rascunho", "brouillon", "entwurf")),
    (_SLIP_OF_HIDDEN, ("hidden", "unlisted", "oculto")),
    (_SLIP_OF_PUBLISH, ("publish", "published", "publicado")),
)


@lru_cache(maxsize=8192)
def _kind_of(key: str) -> _Kind | None:
    """Return what a key of a head is about; None for one that says nothing of who may see a text."""
    if len(key) > _LONGEST_KEY:
        return None
    key = key if key.isascii() else as_seen(key)
    name = folded(key)
    if key.lstrip().startswith("_") and (kind := _WORDS.get(f"_{name}")):
        return kind
    if kind := _WORDS.get(name) or _DOTTED.get(name):
        return kind
    if name in _TABLES:
        return _GROUP
    if _SOUNDS.fullmatch(name):
        return _PRIVATE
    return next((kind for kind, words in _SLIPS for word in words if _is_slip(name, word)), None)


def _is_slip(name: str, word: str) -> bool:
    """Whether one letter of a word was left out or typed twice, or two changed their places."""
    if abs(len(name) - len(word)) > 1 or name[:1] != word[0]:
        return False
    if len(name) == len(word):
        differs = [place for place, letter in enumerate(word) if name[place] != letter]
        return len(differs) == 2 and differs[1] == differs[0] + 1 and sorted(name) == sorted(word)
    longer, shorter = (name, word) if len(name) > len(word) else (word, name)
    places = [place for place in range(1, len(longer)) if longer[:place] + longer[place + 1 :] == shorter]
    return any(
        longer is word or longer[place] in longer[place - 1 : place] + longer[place + 1 : place + 2]
        for place in places
    )
