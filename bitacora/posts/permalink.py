"""Where a post lives: slugs and addresses, by Jekyll's rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

import regex

from bitacora.posts.dates import MONTHS

STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_IN_SLUG = re.compile(r"[^A-Za-z0-9]+")
_NOT_IN_TITLE = re.compile(r"[^A-Za-z0-9._~!$&'()+,;=@]+")
_SAFE_IN_PATH = "/-._~!$&'()*+,;=:@"
_SAFE_IN_QUERY = f"%?{_SAFE_IN_PATH}"
_CLEAN = re.compile(r"(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)+/?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_FOREIGN = re.compile(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:|//|\\\\|/\\|\\/)")
_VISIBLE = regex.compile(r"[[\p{L}\p{Nd}]--\p{Default_Ignorable_Code_Point}]", regex.VERSION1)
_SHOWN = regex.compile(r"[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800]]", regex.VERSION1)
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}&&\p{M}]", regex.VERSION1)
_BETWEEN_WORDS = regex.compile(r"[\s\p{Z}\p{C}_-]+")
_UNSAFE_IN_PATH = frozenset("/\\%?")
_DATED_NAME = re.compile(r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:-(.*)|$)", re.DOTALL)


class PermalinkError(ValueError):
    """An address or a pattern that cannot be: one sentence that says why."""


class Facts(NamedTuple):
    """What placeholders are filled from. `date` is in the site's zone; None leaves its parts out. `name` is what
    `slug` was made of.
    """

    date: datetime | None
    name: str
    slug: str
    categories: Sequence[str] = ()


def slugify(text: str) -> str:
    """Jekyll's `:slug`: lower case, runs of anything but letters, marks and digits of any script one hyphen.

    Empty for a text of which nothing could be seen: without letters and digits, or of accents alone.
    """
    if _SLUG.fullmatch(text):
        return text
    slug = _hyphenate(text, _NOT_IN_SLUG, "").lower()
    return slug if slug.isascii() or _VISIBLE.search(slug) else ""


def term_slug(name: str) -> str:
    """A slug that is never empty: a name without letters or digits is spelt by its code points."""
    return slugify(name) or "-".join(f"{ord(char):x}" for char in name) or "-"


@lru_cache(maxsize=8192)
def name_key(name: str) -> str:
    """Return what all spellings of one name have in common.

    They may differ in capitals, in how accents are stored, and in what stands between words: spaces, hyphens or
    underscores.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return _BETWEEN_WORDS.sub("-", _UNSEEN.sub("", folded)).strip("-")


def slugs_apart(name: str, slug: str) -> Iterator[str]:
    """Yield slugs for a name whose own `slug` is that of another name, best first: c++, then one with a hash."""
    key = name_key(name)
    is_an_address = _SHOWN.search(key) and _UNSAFE_IN_PATH.isdisjoint(key) and key.strip(".")
    if is_an_address and slugify(key) != key:
        yield key
    for size in (4, 8, 16, 32):
        yield f"{slug}-{blake2b(key.encode('utf-8', 'replace'), digest_size=size).hexdigest()}"


def quote_path(path: str) -> str:
    """`path` percent-encoded in UTF-8, the one way all addresses of this site are encoded."""
    return quote(path, safe=_SAFE_IN_PATH)


def permalink(pattern: str, facts: Facts) -> str:
    """The address that a pattern or the name of a style gives; it may hold text that is percent-encoded already.

    Starts with exactly one slash and stays on this site. Raises PermalinkError for an unknown placeholder.
    """
    template, fillers = _compiled(pattern)
    return _tidy(template % tuple([fill(facts) for fill in fillers]))


def as_made_by(pattern: str, address: str) -> str:
    """Return the address as the pattern, or the style of that name, could have made it; empty where it could not.

    `address` is one without query, as `local_address` gives it; the last slash may be missing or too many.
    """
    ending = "/" if STYLES.get(pattern, pattern).endswith("/") else ""
    made = address.rstrip("/") + ending
    return made if _shape(pattern).fullmatch(made) else ""


def check_pattern(pattern: str) -> None:
    """Raises PermalinkError for a pattern with a placeholder that does not exist."""
    _compiled(pattern)


def own_permalink(pattern: str, facts: Facts) -> str:
    """The same for a pattern from a file's own head, where the names of styles do not work.

    Raises PermalinkError for an unknown placeholder and for an address with a scheme or host.
    """
    if "://" in pattern or pattern.lstrip().startswith("//"):
        raise PermalinkError("An address here is a path on this site, without scheme and host.")
    return permalink(pattern if pattern not in STYLES else f"/{pattern}", facts)


def is_foreign(text: str) -> bool:
    """Whether an address has a scheme or a host, or a browser would read one in it."""
    return _FOREIGN.match(text) is not None


def local_address(text: str) -> str:
    """An alias: a path on this site, tidied like a permalink, and the query that it was asked for with, if any.

    Raises PermalinkError for a scheme or host.
    """
    if is_foreign(text):
        raise PermalinkError("An address here is a path on this site, without scheme and host.")
    path, _, query = text.strip().partition("?")
    query = _CONTROL.sub("", query.partition("#")[0])
    return _tidy(unquote(path)) + (f"?{quote_query(query)}" if query else "")


def quote_query(query: str | bytes) -> str:
    """A query percent-encoded where it must be, as a header has to be; what is encoded already stays."""
    return quote(query, safe=_SAFE_IN_QUERY)


def parameters(query: str) -> dict[str, str]:
    """The parameters of a query, decoded; the last of those with one name."""
    return dict(parse_qsl(query, keep_blank_values=True))


def canonical(url: str) -> str:
    """One form for all queries that ask the same: without a fragment, its parameters in order."""
    path, _, query = url.partition("#")[0].partition("?")
    ordered = urlencode(sorted(parameters(query).items()))
    return f"{path}?{ordered}" if ordered else path


def with_query(url: str, query: str, without: Collection[str] = ()) -> str:
    """An address with what `query` says besides: what the address sets itself stays as it is.

    `without` are the names of parameters that are left out.
    """
    rest, mark, fragment = url.partition("#")
    path, _, own = rest.partition("?")
    taken = {*without, *parameters(own)}
    if taken:
        query = "&".join(part for part in query.split("&") if part and taken.isdisjoint(parameters(part)))
    whole = "&".join(filter(None, (own, query)))
    return path + (f"?{whole}" if whole else "") + mark + fragment


def name_of(path: str) -> tuple[str, str]:
    """The date (empty if none) and the name without it that a path carries; a bundle's is its folder's."""
    folder, _, file = path.rpartition("/")
    stem = file.rpartition(".")[0] or file
    if stem == "index" and "/" in folder:
        stem = folder.rpartition("/")[2]
    if found := _DATED_NAME.match(stem):
        return found[1], (found[2] or "").rstrip(".")
    return "", stem.rstrip(".")


def page_address(path: str, slug: str) -> str:
    """`pages/a/b.md` is `/a/b/`, an `index.md` is its folder; `slug` stands for the last name when given."""
    names = [term_slug(name) for name in path.rpartition(".")[0].split("/")[1:]]
    if names[-1:] == ["index"]:
        names.pop()
    if slug and names:
        names[-1] = slug
    return _tidy("/".join(["", *names, ""]))


def _hyphenate(text: str, unwanted: re.Pattern[str], kept: str) -> str:
    if text.isascii():
        slug = unwanted.sub("-", text)
    else:
        text = unicodedata.normalize("NFC", text)
        slug = re.sub("-+", "-", "".join(char if _in_slug(char, kept) else "-" for char in text))
    return slug.removeprefix("-").removesuffix("-")


def _in_slug(char: str, kept: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "LM" or category == "Nd" or char in kept


def _title(text: str) -> str:
    return _hyphenate(text, _NOT_IN_TITLE, "._~!$&'()+,;=@")


def _unique(names: Iterable[str]) -> str:
    return "/".join(dict.fromkeys(names))


_PLACEHOLDERS: dict[str, Callable[[Facts], str]] = {
    "year": lambda facts: f"{facts.date.year:04}" if facts.date else "",
    "short_year": lambda facts: f"{facts.date.year % 100:02}" if facts.date else "",
    "month": lambda facts: f"{facts.date.month:02}" if facts.date else "",
    "i_month": lambda facts: f"{facts.date.month}" if facts.date else "",
    "short_month": lambda facts: MONTHS[facts.date.month - 1][:3] if facts.date else "",
    "long_month": lambda facts: MONTHS[facts.date.month - 1] if facts.date else "",
    "day": lambda facts: f"{facts.date.day:02}" if facts.date else "",
    "i_day": lambda facts: f"{facts.date.day}" if facts.date else "",
    "short_day": lambda facts: _DAYS[facts.date.weekday()][:3] if facts.date else "",
    "long_day": lambda facts: _DAYS[facts.date.weekday()] if facts.date else "",
    "y_day": lambda facts: f"{facts.date.timetuple().tm_yday:03}" if facts.date else "",
    "week": lambda facts: f"{facts.date.isocalendar().week:02}" if facts.date else "",
    "w_year": lambda facts: f"{facts.date.isocalendar().year:04}" if facts.date else "",
    "w_day": lambda facts: f"{facts.date.isoweekday()}" if facts.date else "",
    "hour": lambda facts: f"{facts.date.hour:02}" if facts.date else "",
    "minute": lambda facts: f"{facts.date.minute:02}" if facts.date else "",
    "second": lambda facts: f"{facts.date.second:02}" if facts.date else "",
    "title": lambda facts: _title(facts.name),
    "slug": lambda facts: facts.slug,
    "categories": lambda facts: _unique(name.lower() for name in facts.categories),
    "slugified_categories": lambda facts: _unique(slugify(name) for name in facts.categories),
    "output_ext": lambda _facts: ".html",
}
PLACEHOLDERS = tuple(f":{name}" for name in _PLACEHOLDERS)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> tuple[str, tuple[Callable[[Facts], str], ...]]:
    """A pattern as a text with `%s` for each placeholder, and what fills them."""
    literals, fillers, end = [], [], 0
    pattern = STYLES.get(pattern, pattern)
    for found in _PLACEHOLDER.finditer(pattern):
        name = found[1] if found[1] in _PLACEHOLDERS else found[1].rstrip("_")
        if name not in _PLACEHOLDERS:
            raise PermalinkError(f"There is no placeholder :{name}.")
        literals.append(pattern[end : found.start()])
        fillers.append(_PLACEHOLDERS[name])
        end = found.start() + 1 + len(name)
    literals.append(pattern[end:])
    return "%s".join(unquote(text).replace("%", "%%") for text in literals), tuple(fillers)


@lru_cache(maxsize=8)
def _shape(pattern: str) -> re.Pattern[str]:
    """What the addresses of a pattern look like; categories may be missing from them, with their slash."""
    template, fillers = _compiled(pattern)
    names = {fill: name for name, fill in _PLACEHOLDERS.items()}
    shapes = [_SHAPES.get(names[fill], "[^/]+") for fill in fillers]
    literals = [re.escape(quote_path(text.replace("%%", "%"))) for text in template.split("%s")]
    shape = "".join(part for pair in zip(literals, [*shapes, ""], strict=True) for part in pair)
    return re.compile(shape.replace(f"/{_NAMES}", f"(?:/{_NAMES})?"))


_NAMES = "[^/]+(?:/[^/]+)*"
_MONTH_NAMES = "|".join(month for name in MONTHS for month in (name, name[:3]))
_SHAPES = {
    **dict.fromkeys(("year", "w_year"), "[0-9]{4}"),
    **dict.fromkeys(("short_year", "month", "day", "week", "hour", "minute", "second"), "[0-9]{2}"),
    **dict.fromkeys(("i_month", "i_day"), "[0-9]{1,2}"),
    **dict.fromkeys(("short_month", "long_month"), f"(?:{_MONTH_NAMES})"),
    **dict.fromkeys(
        ("short_day", "long_day"), f"(?:{'|'.join(day for name in _DAYS for day in (name, name[:3]))})"
    ),
    **dict.fromkeys(("categories", "slugified_categories"), _NAMES),
    "y_day": "[0-9]{3}",
    "w_day": "[1-7]",
    "output_ext": r"\.html",
}


def _tidy(path: str) -> str:
    """Jekyll's final clean-up, and no control character nor dot segment, however encoded, outlives it."""
    if _CLEAN.fullmatch(path):
        return path
    path = _CONTROL.sub("", path).replace("\\", "/").replace("..", "/").replace("./", "")
    names = [name for name in path.split("/") if unquote(name) not in {"", ".", ".."}]
    return quote_path("/" + "/".join(names) + ("/" if names and path.endswith("/") else ""))
