"""Who sees a text, from when, until when: what the words of blog tools and editors say of it.

The words are in `visibility_words`. `judge` tells what heads and folders say, `visibility` and `standing` what
that means at a moment. Whatever is in doubt is seen by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NamedTuple, Protocol, TypeAlias

from bitacora.files.layout import SETTINGS_FILE
from bitacora.posts.dates import REMEDY, DateError
from bitacora.posts.head import (
    Node,
    Scalar,
    Sequence,
    Table,
    is_given,
    kind_of_group,
)
from bitacora.posts.visibility_words import (
    ANY,
    DATE_ABROAD,
    EXPIRES,
    GROUP,
    NOINDEX,
    PASSWORD,
    PUBLISH,
    PUBLISH_TOO,
    STATUS,
    TABLES,
    WANT_DATES,
    Kind,
    folded,
    kind_of,
    meaning,
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
    kind = kind_of(mark.key.rpartition(".")[2])
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
    found = [(key, kind, node) for key, node in entries if (kind := kind_of(key)) is not None]
    if has_date and found:
        found = [one for one in found if one[1] is not DATE_ABROAD]
    return _together(found, file, position, read_date, is_strict=is_strict) if found else NOTHING_SAID


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
    return kind_of(key) is not None or folded(key) in TABLES


NOTHING_SAID = Said()
_Found = tuple[str, "Kind", Node]


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
        effect, moment = effect_of(kind, node, read_date)
        if effect == "error":
            if is_strict:
                problem = problem or _unreadable(kind, key, node, file, position, read_date)
            effect = "public" if is_strict else "draft"
        effects.add(effect)
        if effect not in STANDINGS:
            continue
        says = "" if kind is EXPIRES else effect  # the blog's own key, which withholds as it was always told to
        mark = Mark(file, *position(node), key, "…" if kind is PASSWORD else _written(node), says)
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
        any(kind in (PUBLISH, PUBLISH_TOO) and meaning(node) in {"yes", "public"} for _, kind, node in found),
    )


_MOST_GROUPS = 3
"""Groups inside one another in which words are looked for."""


def _opened(found: Iterable[_Found]) -> Iterator[_Found]:
    """Replace groups of keys such as `build` by the words in them."""
    for key, kind, node in found:
        within = TABLES.get(folded(key))
        if within is not None and isinstance(node, Table):
            yield from _of_group(key, node, within, _MOST_GROUPS)
        elif within is ANY and isinstance(node, Sequence):
            for item in node.items:
                if isinstance(item, Table):
                    yield from _of_group(key, item, within, _MOST_GROUPS)
        elif kind is not GROUP:
            yield key, kind, node


def _of_group(key: str, group: Table, within: Mapping[str, Kind], depth: int) -> Iterator[_Found]:
    for name, value in group.entries.items():
        inner = kind_of(name) if within is ANY else within.get(folded(name))
        if within is ANY and isinstance(value, Table) and inner in (None, GROUP) and depth:
            yield from _of_group(f"{key}.{name}", value, TABLES.get(folded(name), ANY), depth - 1)
        elif inner is not None and inner is not GROUP:
            yield f"{key}.{name}", inner, value


def effect_of(kind: Kind, node: Node, read_date: Callable[[Scalar], datetime]) -> tuple[str, datetime | None]:
    """Return what a value says under a key of a kind, and when."""
    if not is_given(node):
        return "public", None
    if not isinstance(node, Scalar):
        return _effect_of_group(kind, node), None
    meant = meaning(node)
    if kind.own is not None:
        return kind.own(node.text, meant), None
    if kind.takes and meant == "other" and (moment := _moment(kind, node, read_date)) is not None:
        return kind.takes, moment
    if kind.is_loose and meant == "other" and LIKE_A_DATE.match(node.text.strip()):
        return "draft", None  # a date that is none
    return kind.by(meant), None


def _effect_of_group(kind: Kind, node: Node) -> str:
    if kind.other == "error" or not isinstance(node, Sequence):
        return kind.other
    effects = {effect_of(kind, item, no_date)[0] for item in node.items}
    return next((effect for effect in ("draft", "hidden", "noindex") if effect in effects), "public")


def _moment(kind: Kind, node: Scalar, read_date: Callable[[Scalar], datetime]) -> datetime | None:
    """A year or a month alone is a date under keys that want one; `público: 2500` counts people."""
    text = node.text.strip()
    padded = f"{text}-01-01"[:10] if kind in WANT_DATES and _YEAR.fullmatch(text) else text
    try:
        return read_date(node if padded == text else Scalar(padded, node.plain, node.start))
    except DateError:
        return None


LIKE_A_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
_YEAR = re.compile("[12][0-9]{3}(?:-(?:0[1-9]|1[0-2]))?")


def _unreadable(
    kind: Kind,
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
    elif kind is STATUS:
        word = node.text.strip().lower() if isinstance(node, Scalar) else ""
        near = get_close_matches(word, _OFFERED, 1, 0.8)
        meant = f"Did you mean {near[0]}? " if near else ""
        reason = f"{key} {found} says neither published nor draft."
        remedy = f"{meant}Write {key}: published or {key}: draft."
    else:
        withdrawn = kind is not NOINDEX
        reason, remedy = f"{key} {found} is neither true nor false.", f"Write {key}: true or {key}: false."
    return PostError(file, *position(node), reason, remedy, withdrawn=withdrawn)


def no_date(node: Scalar) -> datetime:
    raise DateError(node.text)


_OFFERED = ("published", "publish", "public", "publicado", "draft", "pending", "private", "archived", "hidden")


def _written(node: Node) -> str:
    """What stands behind the key, as far as it fits a line."""
    if isinstance(node, Scalar):
        return shown(node.text)[1:-1]
    return kind_of_group(node)
