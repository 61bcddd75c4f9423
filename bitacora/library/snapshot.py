"""What the site is at one moment: immutable, made whole, replaced by one assignment."""

from __future__ import annotations

import math
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from bitacora.files.layout import SETTINGS_FILE, is_markdown
from bitacora.files.tree import Signature, Tree
from bitacora.library.claims import Copies, claim, copies_of, copy_names_of, place_of, repeated
from bitacora.library.history import History, NoHistory
from bitacora.library.scan import Entry, source_of
from bitacora.markdown.addresses import is_local
from bitacora.markdown.wikilinks import name_in
from bitacora.posts.head import key_of
from bitacora.posts.names import Copy, alike, composed
from bitacora.posts.permalink import (
    canonical,
    name_key,
    name_of,
    parameters,
    quote_path,
    slugify,
    slugs_apart,
    term_slug,
    with_query,
)
from bitacora.posts.pictures import (
    MOST_BYTES,
    Picture,
    content_hash,
    is_picture,
    measure,
    media_type,
    with_hash,
)
from bitacora.posts.post import Author, Image, Post, Term, lines_of, repeated_keys
from bitacora.posts.visibility import EVER, NEVER, NOBODY, appears, is_listed, visibility
from bitacora.problems import PostError, Remark, shown
from bitacora.settings import Site

Reserved = Callable[[str], bool]
"""Whether an address belongs to the engine itself."""

Claim = Callable[[Post], tuple[Any, ...]]
"""The key by which posts that want one address are sorted: the first gets it."""

Queries = Mapping[str, Mapping[tuple[str, ...], Mapping[tuple[str, ...], str]]]
"""Old addresses with a query: by their path as WSGI gives it, the names of their parameters, and the values."""

_NO_HISTORY = NoHistory()

_BELOW = re.compile(r"(/.*?)(?:/(share)|/card-(?:x-)?[0-9a-f]{16}\.jpg|\.md)")
"""An address below that of a post which the blog itself answers: its share page, its card, its source."""
_CARD_OF_A_PAGE = re.compile(r"card-[0-9a-f]{16}\.jpg")

_LIKE_DRAFTS = {
    *("draft", "drafts", "borrador", "borradores", "rascunho", "rascunhos", "brouillon", "brouillons", "entwurf"),
    *("entwürfe", "entwuerfe", "bozza", "bozze", "esborrany", "esborranys", "wip", "unpublished", "private"),
    *("privado", "privados", "privada", "privadas", "privé", "privat", "privato", "confidential", "confidencial"),
}

SUBJECTS = {"category": "categories", "tag": "tags", "author": "authors"}
"""The kinds of subjects, and the fields of a Post that hold them."""
_LEAST_CLAIM = 2
_MOST_TOUCHED = 1_000
"""More are not worth keeping apart."""


class Subject(NamedTuple):
    """A category, tag or author, with the slug that it has here, and its posts, newest first."""

    term: Term | Author
    posts: tuple[Post, ...]


class Archived(NamedTuple):
    """A month, how many posts it has, and those that its page shows, newest first."""

    year: int
    month: int
    total: int
    posts: tuple[Post, ...]


class _Owners(NamedTuple):
    """Which name has a slug, as `name_key` spells it, and which slugs more than one name would have."""

    names: Mapping[str, str]
    shared: Set[str]


@dataclass(frozen=True)
class Snapshot:
    """The published site from `valid_from` until `valid_until` (seconds since the epoch).

    `posts` are those listed, newest first; `by_url` holds whatever answers 200: listed and hidden posts, pages.
    `redirects` are old addresses and where they lead, `queries` those with a query, `gone` those of expired posts.
    `problems` is what editors have to mend, `clashes` the part of it that is about addresses. `found` are all
    posts and pages that can be read, drafts included, by path. `copies` are those of them that programs made, by
    their `copy_names`. `generation` counts snapshots in one process and never leaves it. Since the generation
    `steady_since` nothing changed but what single texts say and look like, last in the generations of `touched`,
    by path.
    """

    generation: int
    site: Site
    posts: tuple[Post, ...]
    pages: tuple[Post, ...]
    by_url: Mapping[str, Post]
    redirects: Mapping[str, str]
    queries: Queries
    gone: frozenset[str]
    problems: tuple[PostError, ...]
    clashes: tuple[PostError, ...]
    valid_from: float
    valid_until: float
    found: Mapping[str, Post] = field(repr=False)
    former: Sequence[tuple[str, str]] = field(repr=False)
    history: History = field(repr=False)
    copy_names: Mapping[str, Copy] = field(repr=False)
    copies: Copies = field(repr=False)
    templates: Mapping[str, str] = field(repr=False)
    files: Mapping[str, Signature] = field(repr=False)
    entries: Mapping[str, Entry] = field(repr=False)
    tree: Tree = field(repr=False)
    reserved: Reserved = field(repr=False)
    steady_since: int = 0
    touched: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def candidates(self) -> Sequence[Post]:
        """All posts and pages that can be read, drafts included."""
        return list(self.found.values())

    @cached_property
    def categories(self) -> Mapping[str, Subject]:
        return self._subjects("category")

    @cached_property
    def tags(self) -> Mapping[str, Subject]:
        return self._subjects("tag")

    @cached_property
    def authors(self) -> Mapping[str, Subject]:
        return self._subjects("author")

    def slug(self, kind: str, term: Term | Author) -> str:
        """Return the slug of a category, tag or author here: another than its own where a name beside it has that.

        A slug belongs to the name that nothing is left out of, else to the one whose first post is the oldest.
        """
        names = self._owners(kind).names if kind in SUBJECTS else {}
        if names.get(term.slug, name := name_key(term.name)) == name:
            return term.slug
        return next(slug for slug in slugs_apart(term.name, term.slug) if slug not in names)

    def is_shared(self, kind: str, term: Term | Author) -> bool:
        """Return whether the slug of a term is, or would be, that of another name too."""
        names, shared = self._owners(kind)
        return term.slug in shared or names.get(term.slug, name := name_key(term.name)) != name

    def spelt(self, kind: str, slug: str) -> Subject | None:
        """Return the category, tag or author that would have this slug beside others, had it once, or keeps its
        accents otherwise.
        """
        subjects = self._of(kind)
        if (whole := composed(slug)) != slug and whole in subjects:
            return subjects[whole]
        for own in (term_slug(slug), slug.rpartition("-")[0]):
            if (subject := subjects.get(own)) and slug in (
                name_key(subject.term.name),
                *slugs_apart(subject.term.name, own),
            ):
                return subject
        return None

    def _subjects(self, kind: str) -> Mapping[str, Subject]:
        terms: dict[tuple[str, str], Term | Author] = {}
        lists: dict[tuple[str, str], list[Post]] = {}
        posts: dict[tuple[str, str], list[Post]] = {}
        for post in self.posts:
            for term in getattr(post, SUBJECTS[kind]):
                name = term.slug, term.name
                if name not in lists:
                    lists[name] = posts.setdefault((term.slug, name_key(term.name)), [])
                if not lists[name] or lists[name][-1] is not post:
                    lists[name].append(post)
                terms[term.slug, name_key(term.name)] = term
        found = {self.slug(kind, terms[key]): (terms[key], posts[key]) for key in posts}
        return {
            slug: Subject(term._replace(slug=slug), tuple(found[slug][1]))
            for slug, (term, _) in sorted(found.items())
        }

    def _owners(self, kind: str) -> _Owners:
        """Return which names have which slugs, found once: a page of a post asks for each of its terms."""
        if kind not in self._known_owners:
            self._known_owners[kind] = self._find_owners(SUBJECTS[kind])
        return self._known_owners[kind]

    @cached_property
    def _known_owners(self) -> dict[str, _Owners]:
        return {}

    def _find_owners(self, kinds: str) -> _Owners:
        terms = {term for terms in {getattr(post, kinds) for post in self.posts} for term in terms}
        ranks: dict[str, dict[str, int]] = defaultdict(dict)
        for term in terms:
            name = name_key(term.name)
            ranks[term.slug][name] = min(_claim(term), ranks[term.slug].get(name, _LEAST_CLAIM))
        best = {
            slug: [name for name in names if names[name] == min(names.values())] for slug, names in ranks.items()
        }
        rivals = {(slug, name) for slug, names in best.items() if len(names) > 1 for name in names}
        if rivals:
            for post in self.posts:
                for term in reversed(getattr(post, kinds)):
                    if (term.slug, name_key(term.name)) in rivals:
                        best[term.slug] = [name_key(term.name)]
        names = {slug: names[0] for slug, names in best.items()}
        return _Owners(names, {slug for slug, names in ranks.items() if len(names) > 1})

    @cached_property
    def months(self) -> Mapping[tuple[int, int], tuple[Post, ...]]:
        """(year, month) in the site's zone to posts, both newest first."""
        months: dict[tuple[int, int], list[Post]] = defaultdict(list)
        for post in self.posts:
            months[self.month(post)].append(post)
        return {month: tuple(posts) for month, posts in months.items()}

    @cached_property
    def highlighted(self) -> Post | None:
        """The newest highlighted post."""
        return next((post for post in self.posts if post.highlighted), None)

    @cached_property
    def modified(self) -> datetime | None:
        """When a listed post last appeared or was updated."""
        return max(map(shown_since, self.posts), default=None)

    @cached_property
    def translations(self) -> Mapping[str, tuple[Post, ...]]:
        """Published posts and pages that say the same in several languages, by their common key."""
        found: dict[str, list[Post]] = defaultdict(list)
        for post in self.by_url.values():
            if post.translation_key:
                found[post.translation_key].append(post)
        return {key: tuple(posts) for key, posts in found.items()}

    @cached_property
    def by_path(self) -> Mapping[str, Post]:
        """What is published, by the path of its file."""
        return {post.path: post for post in self.by_url.values()}

    @cached_property
    def remarks(self) -> tuple[PostError, ...]:
        """What holds nothing back, but was hardly meant."""
        asking: dict[str, list[Post]] = defaultdict(list)
        for post in self.by_url.values():
            if post.template and post.template not in self.templates:
                asking[post.template].append(post)
        missing = (self._missing_template(name, posts) for name, posts in sorted(asking.items()))
        return (*missing, *_published_drafts(self.by_path), *self._unclear_addresses())

    @property
    def shown_copies(self) -> Iterator[PostError]:
        """What is published though its name is that of a copy."""
        for path, originals in sorted(self.copies.items()):
            if post := self.by_path.get(path):
                yield _copy_that_shows(post, originals)

    @cached_property
    def unused(self) -> tuple[PostError | Remark, ...]:
        """What heads say in vain, those of drafts too. Reads the head again where a key is repeated."""
        found: list[PostError | Remark] = []
        for post in self.candidates:
            found += post.remarks
            if post.repeats:
                found += repeated_keys(self.source(post), post.path)
        return tuple(found)

    @property
    def has_posts(self) -> bool:
        return bool(self.posts)

    @cached_property
    def has_categories(self) -> bool:
        return any(post.categories for post in self.posts)

    def at(self, url: str) -> Post | None:
        """Return the post or page at exactly this address."""
        return self.by_url.get(url)

    def owner(self, folder: str) -> Post | None:
        """Return the post or page that `folder`, without a last slash, lies under, as `owner_of`."""
        return owner_of(self.by_url, folder)

    def count(self, *, beside: Post | None = None) -> int:
        """Return how many posts are listed, but for one of them."""
        return len(self.posts) - (beside is not None and beside.path in self._places)

    def listed(self, start: int, stop: int, *, beside: Post | None = None) -> tuple[Post, ...]:
        """Return listed posts, newest first, from `start` up to `stop`, as if `beside` were not among them."""
        place = self._places.get(beside.path) if beside else None
        if place is None or place >= stop:
            return self.posts[start:stop]
        if place < start:
            return self.posts[start + 1 : stop + 1]
        return self.posts[start:place] + self.posts[place + 1 : stop + 1]

    def subject(self, kind: str, slug: str) -> Term | Author | None:
        """Return the category, tag or author that has a slug, with it."""
        subject = self._of(kind).get(slug)
        return subject and subject.term

    def count_of(self, kind: str, slug: str) -> int:
        """Return how many listed posts a category, tag or author has."""
        return len(self._of(kind)[slug].posts)

    def listed_of(self, kind: str, slug: str, start: int, stop: int) -> tuple[Post, ...]:
        """Return those of them, newest first, from `start` up to `stop`."""
        return self._of(kind)[slug].posts[start:stop]

    def subjects(self, kind: str) -> tuple[tuple[Term | Author, int], ...]:
        """Return all categories, tags or authors with the number of their posts, by slug."""
        return tuple((subject.term, len(subject.posts)) for subject in self._of(kind).values())

    def archived(self, year: int | None = None, month: int | None = None, *, most: int) -> tuple[Archived, ...]:
        """Return the months of the archive, of a year or that one, newest first.

        With their posts if there are at most so many, and else those of the newest year.
        """
        found = {
            key: posts for key, posts in self.months.items() if year in (None, key[0]) and month in (None, key[1])
        }
        shows_all = sum(map(len, found.values())) <= most
        newest = max((key[0] for key in found), default=0)
        return tuple(
            Archived(*key, len(posts), posts if shows_all or key[0] == newest else ())
            for key, posts in found.items()
        )

    def _of(self, kind: str) -> Mapping[str, Subject]:
        return cast(Mapping[str, Subject], getattr(self, SUBJECTS[kind]))

    def month(self, post: Post) -> tuple[int, int]:
        """Year and month of a post's date, in the site's zone."""
        local = moment(post).astimezone(self.site.zone)
        return local.year, local.month

    def published(self, path: str) -> Post | None:
        """The post or page that the file at `path` is, if it answers anywhere."""
        post = self.found.get(path)
        shown = self.by_url.get(post.url) if post else None
        return shown if shown and shown.path == path else None

    def find(self, path: str) -> Post | None:
        """What answers at a decoded path, as a request names it."""
        return self.by_url.get(path) or self.by_url.get(quote_path(path))

    def otherwise_written(self, url: str) -> str | None:
        """Return the address of a post, or an old one, that differs from `url` only in how accents are written."""
        place = place_of(url)
        if place != url and (place in self.by_url or place in self.redirects):
            return place
        return self._decomposed.get(place)

    def named(self, path: str) -> str:
        """Return the path of the file that `path`, as somebody wrote it, means: where there is no such file, the
        only one whose path looks the same on a screen. Without one, `path` itself.
        """
        if path in self.entries or path in self.files:
            return path
        look = alike(path)
        found = [*self._odd_names.get(look, ())]
        if look != path and (look in self.entries or look in self.files):
            found.append(look)
        same = [one for one in found if composed(one) == composed(path)] or found
        return same[0] if len(same) == 1 else path

    def has(self, url: str) -> bool:
        """Whether a root-relative address is one of this site: the engine's, a text's or below it, an old one."""
        path = quote_path(unquote(re.split("[?#]", url, maxsplit=1)[0]))
        if path in self.by_url or self.reserved(path) or unquote(path, "latin-1") in self.queries:
            return True
        folder, _, name = path.rpartition("/")
        if _CARD_OF_A_PAGE.fullmatch(name) and self.reserved(f"{folder}/"):
            return True
        forms = (path, *variants(path))
        if any(one in self.by_url or one in self.redirects or one in self.gone for one in forms):
            return True
        if owner_of(self.by_url, path.removesuffix(".md")) or self._is_below(path):
            return True
        return self.named(f"root{unquote(path)}") in self.files

    def is_prefixed(self, path: str) -> bool:
        """Whether a decoded path that is asked for has the site's prefix in front of what is meant.

        A proxy may keep the prefix or take it away: what begins with it is looked up without it first.
        """
        prefix = self.site.prefix
        if not prefix or not f"{path}/".startswith(f"{prefix}/"):
            return False
        return self.has(quote_path(path[len(prefix) :] or "/")) or not self.has(quote_path(path))

    def address(self, url: str) -> str:
        """An address as a page of this site shows it: below the prefix, unless it leads elsewhere."""
        is_rooted = url.startswith("/") and not url.startswith(("//", "/\\"))
        return self.site.prefix + url if self.site.prefix and is_rooted and self.has(url) else url

    def leads_out(self, url: str) -> bool:
        """Whether a root-relative address leads out of a site that lies below a path."""
        path = unquote(re.split("[?#]", url, maxsplit=1)[0])
        is_rooted = url.startswith("/") and not url.startswith(("//", "/\\"))
        is_within = self.is_prefixed(path) and self.has(quote_path(path[len(self.site.prefix) :] or "/"))
        return bool(self.site.prefix) and is_rooted and not self.has(url) and not is_within

    def absolute(self, url: str) -> str:
        """The same with scheme and host, unless it has some."""
        is_local = url.startswith("/") and not url.startswith("//")
        return self.site.origin + self.address(url) if is_local else url

    def moved(self, path: str, query: str) -> str | None:
        """Where an old address with a query leads: `path` as WSGI gives it, `query` percent-encoded.

        What the query says besides is kept. None for an address that is none of these.
        """
        return _moved_by(self.queries, path, query)

    def with_post(self, post: Post) -> Snapshot:
        """The same site with one more post at its address, and in no list: one that is not published yet."""
        post = _as_of(NEVER, post)
        by_url, found = {**self.by_url, post.url: post}, {**self.found, post.path: post}
        return replace(self, by_url=by_url, found=found)

    def source(self, post: Post) -> bytes:
        """The bytes of the version of the post that is shown. Raises OSError."""
        return source_of(self.tree, post.path, self.entries[post.path])

    def neighbours(self, post: Post) -> tuple[Post | None, Post | None]:
        """The next older and the next newer listed post."""
        place = self._places.get(post.path)
        if place is None:
            return None, None
        older = self.posts[place + 1] if place + 1 < len(self.posts) else None
        return older, self.posts[place - 1] if place else None

    def link(self, post: Post, href: str) -> str:
        """The address for a link as `post` writes it: to another Markdown file, to a file, to a URL."""
        parts = urlsplit(href) if is_local(href) else None
        if parts is None or not parts.path:
            return href
        if name := name_in(href):
            return self._named_by_its_name(post, href, name, parts.fragment)
        for path in map(self.named, _places(post, unquote(parts.path))):
            if target := self.published(path):
                return urlunsplit(("", "", target.url, parts.query, parts.fragment))
        if file := self._file(post, href):
            return urlunsplit(("", "", self._file_url(post, file), parts.query, parts.fragment))
        return href if href.startswith("/") else urlunsplit(("", "", _under(post.url, parts.path), *parts[3:]))

    def picture(self, post: Post, image: Image) -> Picture:
        """The picture behind an address as an editor wrote it in `post`, measured where it lies on this disk."""
        kind = media_type(urlsplit(image.src).path if is_local(image.src) else image.src) or ""
        alt = image.alt or image.caption
        if not is_local(image.src):
            return Picture(image.src, 0, 0, kind, alt, image.caption)
        path = self._file(post, image.src)
        if path is None:
            src = quote_path(name_in(image.src)) or image.src
            return Picture(self.link(post, src), 0, 0, kind, alt, image.caption)
        width, height = measure(self.tree, path, self.files[path])
        return Picture(self._picture_url(post, path), width, height, kind, alt, image.caption)

    def file_of(self, post: Post, image: Image) -> str | None:
        """The path of the file behind a picture of `post`, None when it lies elsewhere or is missing."""
        return self._file(post, image.src)

    def file_below(self, post: Post, name: str, named: Iterable[str]) -> str | None:
        """Return the path of the file that `<permalink><name>` stands for, None when the post does not show it.

        A post shows what it names, in its head or its body; a bundle also the pictures in its folder, unless their
        name begins with `_`.
        """
        folder, wanted = posixpath.dirname(post.path), composed(name)
        path = self.named(f"{folder}/{name}")
        is_shown = path in self.files and is_picture(path) and is_bundle(post.path)
        if is_shown and self._bundle(path) == folder and "/_" not in path[len(folder) :]:
            return path
        found = (self._file(post, address) for address in named)
        return next((path for path in found if path and composed(_name_below(post, path)) == wanted), None)

    def first_claim(self, address: str) -> str:
        """Return the file of the text at an address, before it, or above it, or of a redirect; else nothing."""
        for url in (address, *variants(address)):
            if post := self.by_url.get(url) or self.by_url.get(self.redirects.get(url, "")):
                return post.path
            if url in self.redirects:
                return SETTINGS_FILE
        folder = address.removesuffix(".md") + "/"
        while folder := folder.rpartition("/")[0]:
            if post := owner_of(self.by_url, folder):
                return post.path
        return ""

    def _missing_template(self, name: str, posts: Sequence[Post]) -> PostError:
        first = min(posts, key=lambda post: post.path)
        lines = {key_of(key): line for key, line in lines_of(self.source(first), first.path).items()}
        line = lines.get("template") or lines.get("layout", 1)
        who = "it looks" if len(posts) == 1 else f"it and {len(posts) - 1} more look"
        there = sorted(other for other in self.templates if other.endswith(".html") and "_" not in other[:1])
        meant = get_close_matches(name, there, 1)
        remedy = f"Did you mean {meant[0]}?" if meant else "Put it there, or take the line out."
        known = f" There are: {', '.join(there)}." if there else ""
        reason = f"There is no file {shown(name)} in the site's templates, so {who} like any other."
        return PostError(first.path, line, 1, reason, remedy + known)

    def _is_below(self, path: str) -> bool:
        """Whether an address is one that a post or page has below its own."""
        folder, _, name = path.removesuffix("/").rpartition("/")
        while folder:
            if owner_of(self.by_url, folder):
                return name == "share" or "." in name.rpartition("/")[2]
            folder, _, parent = folder.rpartition("/")
            name = f"{parent}/{name}"
        return False

    def _unclear_addresses(self) -> Iterator[PostError]:
        """Where a site below a path leads out of it, or where a proxy that takes the path away hides something."""
        site = self.site
        if not site.prefix:
            return
        written = [("the navigation", url) for _, url in site.navigation]
        written += [("[redirects]", new) for old, new in site.redirects.items() if self.has(old)]
        for where, url in dict.fromkeys(written):
            if self.leads_out(url):
                reason = (
                    f"The address {shown(url)} in {where} is none of this site: it leads out of {site.prefix}/."
                )
                remedy = f"Write {site.origin}{url} if that is meant, and else an address that the site has."
                yield PostError(SETTINGS_FILE, 1, 1, reason, remedy)
        for post in self.by_url.values():
            if post.url.startswith(site.prefix) and self.is_prefixed(unquote(post.url)):
                shows = post.url.removeprefix(site.prefix) or "/"
                reason = (
                    f"Behind a proxy that takes {site.prefix} away, {shows} is shown at its address {post.url}."
                )
                remedy = "Give it another slug or permalink, or let the proxy keep the path."
                yield PostError(post.path, 1, 1, reason, remedy)
        if self.reserved(f"{site.prefix}/"):
            reason = (
                f"Behind a proxy that takes {site.prefix} away, home is shown at the blog's own {site.prefix}/."
            )
            yield PostError(
                SETTINGS_FILE, 1, 1, reason, "Let the proxy keep the path, or give the site another one."
            )

    @cached_property
    def _decomposed(self) -> Mapping[str, str]:
        return _decomposed((*self.by_url, *self.redirects))

    @cached_property
    def _odd_names(self) -> Mapping[str, Sequence[str]]:
        """Paths that are not written as they look, by their look."""
        odd: dict[str, list[str]] = defaultdict(list)
        for path in (*self.entries, *self.files):
            if not path.isascii() and (look := alike(path)) != path:
                odd[look].append(path)
        return odd

    @cached_property
    def _bundles(self) -> Set[str]:
        return {posixpath.dirname(path) for path in self.entries if is_bundle(path)}

    def _bundle(self, path: str) -> str:
        """The innermost bundle that a file lies in: a draft's pictures are not those of a bundle around it."""
        while path and path not in self._bundles:
            path = posixpath.dirname(path)
        return path

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {post.path: place for place, post in enumerate(self.posts)}

    def _file(self, post: Post, src: str) -> str | None:
        if not is_local(src):
            return None
        name = name_in(src)
        places = map(self.named, _places(post, name or _path_of(src)))
        if found := next((path for path in places if path in self.files and not path.startswith("root/")), None):
            return found
        return _nearest(post, self._files_by_name.get(look(name), ())) if name else None

    def _named_by_its_name(self, post: Post, href: str, name: str, fragment: str) -> str:
        """The address of the published text or the file that a name means, wherever it lies; empty without one."""
        if target := self.by_path.get(_nearest(post, self.texts_by_name.get(look(name), ())) or ""):
            address = "" if target.path == post.path and fragment else target.url
            return f"{address}#{fragment}" if fragment else address
        path = self._file(post, href)
        return self._file_url(post, path) if path else ""

    @cached_property
    def texts_by_name(self) -> Mapping[str, Sequence[str]]:
        """The files of what is published, by each name that a link in double brackets may have for them."""
        return by_name(self.by_url.values())

    @cached_property
    def _files_by_name(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for path in sorted(path for path in self.files if not path.startswith("root/")):
            for ending in _endings(path):
                found[look(ending)].append(path)
        return found

    def _picture_url(self, post: Post, path: str) -> str:
        """The address of a picture on a page, with a hash of what is in the file: a new one is elsewhere."""
        url, version = self._file_url(post, path), self.files[path]
        sign = "." if path.startswith("static/") else "-"
        if not is_picture(path) or version[2] > MOST_BYTES:
            return url
        try:
            digest = content_hash(self.tree, path, version)
        except (OSError, PostError):
            return url
        is_free = with_hash(path, digest, sign) not in self.files
        return with_hash(url, digest, sign) if digest and is_free else url

    def _file_url(self, post: Post, path: str) -> str:
        name = _name_below(post, path)
        return base(post.url) + quote_path(composed(name)) if name else "/" + quote_path(path)


def build(
    *,
    generation: int,
    site: Site,
    found: Mapping[str, Post],
    problems: Iterable[PostError],
    templates: Mapping[str, str],
    files: Mapping[str, Signature],
    entries: Mapping[str, Entry],
    tree: Tree,
    reserved: Reserved,
    now: float,
    former: Sequence[tuple[str, str]] = (),
    history: History = _NO_HISTORY,
    shows_drafts: bool = False,
    old: Snapshot | None = None,
    looked_at: Collection[str] | None = None,
) -> Snapshot:
    """The site at `now` (seconds since the epoch), out of every post that can be read, drafts included.

    `found` are those, by path. `former` are addresses under which files were to be found before they were renamed,
    and their paths now, `history` knows which of them was committed first. With `shows_drafts` drafts and
    scheduled posts are published already. Where posts differ from those of the `old` snapshot in nothing that
    decides where and when they are shown, all else that was made of them is taken over. `looked_at` are the files
    that may differ from those of `old`; None where any may.
    """
    today = datetime.fromtimestamp(now, UTC)
    if (
        old is not None
        and old.valid_from <= now < old.valid_until
        and old.site == site
        and old.former == former
        and (old.history is history or not old.clashes)
        and (not old.copy_names or old.entries.keys() == entries.keys())
        and (edits := _edits(old, found, today)) is not None
    ):
        return _edited(
            old,
            edits,
            today,
            looked_at,
            generation=generation,
            history=history,
            problems=(*problems, *old.clashes),
            found=found,
            templates=templates,
            files=files,
            entries=entries,
            tree=tree,
        )
    clashes: list[PostError] = []
    shown, expired, valid_from, valid_until = _at(today, found.values(), shows_drafts)
    copy_names = copy_names_of(found, old.copy_names if old else {}, old.found if old else ())
    copies = copies_of(copy_names, entries)
    shown = _without_copies(shown, copies, found, site, clashes)
    shown.sort(key=_in_lists)
    by_url, rivals = _owners(shown, claim(copies, history), reserved, clashes)
    below: dict[str, Post] = {}
    for url, owner in sorted(_taken_below(by_url, by_url), key=lambda found: len(found[0])):
        if owner.url in by_url:  # it may have lost its own address, and with it what hangs below
            clashes.append(_address_below(by_url.pop(url), owner))
            below[url] = owner
    for post, winner in rivals:
        owned = winner.url in below
        clashes.append(_address_below(post, below[winner.url]) if owned else _same_address(post, winner))
    redirects = _redirects(site, by_url, claim(copies, history), reserved, clashes)
    redirects |= _moved(former, by_url, redirects, reserved)
    queries = _by_query(redirects)
    listed = [post for post in by_url.values() if post.kind == "post" and is_listed(post)]
    listed.reverse()
    return Snapshot(
        generation=generation,
        site=site,
        posts=tuple(listed),
        pages=tuple(post for post in by_url.values() if post.kind == "page" and is_listed(post)),
        by_url=by_url,
        redirects={old: new for old, new in redirects.items() if "?" not in old},
        queries=queries,
        gone=_gone(expired, by_url, redirects),
        problems=(*problems, *clashes),
        clashes=tuple(clashes),
        valid_from=valid_from,
        valid_until=valid_until,
        found=found,
        former=former,
        history=history,
        copy_names=copy_names,
        copies=copies,
        templates=templates,
        files=files,
        entries=entries,
        tree=tree,
        reserved=reserved,
        steady_since=generation,
    )


def _without_copies(
    shown: list[Post], copies: Copies, found: Mapping[str, Post], site: Site, clashes: list[PostError]
) -> list[Post]:
    """Those that are texts by themselves. A copy wins no address, nor an old one of a text."""
    if not copies:
        return shown
    old = {alias: post for post in shown if post.path not in copies for alias in post.aliases}
    paths = {post.path for post in shown}
    kept = []
    for post in shown:
        if (originals := copies.get(post.path)) is None:
            kept.append(post)
        elif original := repeated(post, originals, found, paths):
            clashes.append(_copy(post, original, found.get(original)))
        elif post.url in old or post.url in site.redirects:
            clashes.append(_address_led_on(post, old[post.url].path if post.url in old else SETTINGS_FILE))
        else:
            kept.append(post)
    return kept


def _owners(
    shown: Sequence[Post], claim: Claim, reserved: Reserved, clashes: list[PostError]
) -> tuple[dict[str, Post], list[tuple[Post, Post]]]:
    """Who is at which address, in the order of lists, and who is not, with the winner."""
    urls = [post.url for post in shown]
    if len(set(map(place_of, urls))) == len(urls) and not any(map(reserved, urls)):
        return dict(zip(urls, shown, strict=True)), []
    owners: dict[str, Post] = {}
    rivals: dict[str, list[Post]] = defaultdict(list)
    for post in shown:
        if reserved(post.url):
            clashes.append(_address_of_the_engine(post))
        elif owners.setdefault(place := place_of(post.url), post) is not post:
            rivals[place].append(post)
    lost: list[tuple[Post, Post]] = []
    for place, others in rivals.items():
        owners[place], *losers = sorted((owners[place], *others), key=claim)
        lost += [(loser, owners[place]) for loser in losers]
    in_order = sorted(owners.values(), key=_in_lists) if rivals else owners.values()
    return {post.url: post for post in in_order}, lost


def _edits(old: Snapshot, found: Mapping[str, Post], now: datetime) -> dict[str, Post] | None:
    """The posts that differ, by path; None where an address, a time or a place in a list may differ too."""
    if found is old.found:
        return {}
    if len(found) != len(old.found):
        return None
    beside = zip(found.items(), old.found.values(), strict=True)
    edits = {path: post for (path, post), former in beside if post is not former}
    stay = all(_stays(old.found.get(path), post, now) for path, post in edits.items())
    if old.copies and any(_looks_new(old.found[path], post) for path, post in edits.items()):
        return None  # it may be the same as a copy of it, or not any more
    return edits if stay else None


def _stays(former: Post | None, post: Post, now: datetime) -> bool:
    """Whether a version of a post is shown wherever and whenever the former one was."""
    if former is None or (post.date is None and post.kind == "post"):
        return False  # without a date it is a draft, which is dated anew each moment
    is_due = all(version.updated is None or version.updated <= now for version in (former, post))
    return is_due and _place(former) == _place(post)


def _looks_new(former: Post, post: Post) -> bool:
    return (former.title, former.lang) != (post.title, post.lang)


def _place(post: Post) -> tuple[object, ...]:
    as_published = visibility(post._replace(draft=False))  # as it is shown while somebody writes it
    return post.kind, post.url, post.aliases, post.date, visibility(post), as_published


def _edited(
    old: Snapshot, edits: Mapping[str, Post], now: datetime, looked_at: Collection[str] | None, **changed: Any
) -> Snapshot:
    """The same site with other versions of some posts, each in the places of the former one."""
    changed |= _touched(old, edits, looked_at, changed)
    shown = {path: _as_of(now, post) for path, post in edits.items() if old.published(path)}
    if not shown:
        return _with_lists(replace(old, **changed), old, {})
    posts = list(old.posts)
    for path, post in shown.items():
        if (place := old._places.get(path)) is not None:
            posts[place] = post
    snapshot = replace(
        old,
        posts=tuple(posts),
        pages=_with(old.pages, shown),
        by_url={**old.by_url, **{post.url: post for post in shown.values()}},
        valid_from=max([old.valid_from, *(post.updated.timestamp() for post in shown.values() if post.updated)]),
        **changed,
    )
    return _with_lists(snapshot, old, shown)


def _touched(
    old: Snapshot, edits: Mapping[str, Post], looked_at: Collection[str] | None, changed: Mapping[str, Any]
) -> dict[str, Any]:
    """Return since when the site is steady and what was touched meanwhile; what is looked at may differ."""
    generation = changed["generation"]
    is_steady = (
        looked_at is not None
        and changed["files"] is old.files
        and changed["templates"] is old.templates
        and len(old.touched) < _MOST_TOUCHED
        and all(_belongs(old.found[path]) == _belongs(post) for path, post in edits.items())
    )
    if looked_at is None or not is_steady:
        return {"steady_since": generation, "touched": {}}
    return {"touched": {**old.touched, **dict.fromkeys((*looked_at, *edits), generation)}}


def _belongs(post: Post) -> tuple[object, ...]:
    """What of a post, besides its places, has a part in answers about others."""
    terms = post.categories, post.tags, post.authors
    return *terms, post.lang, post.translation_key, post.highlighted, post.hidden, post.slug


def _with_lists(snapshot: Snapshot, old: Snapshot, shown: Mapping[str, Post]) -> Snapshot:
    """Give it the lists that were made of the old one already, with the posts that are shown instead of others."""
    former = [old.by_url[post.url] for post in shown.values()]
    lists, made = vars(snapshot), dict(vars(old))  # another thread may be making one
    lists["_known_owners"] = {
        kind: owners
        for kind, owners in dict(old._known_owners).items()
        if all(getattr(before, SUBJECTS[kind]) == getattr(shown[before.path], SUBJECTS[kind]) for before in former)
    }
    for name in made.keys() & {"categories", "tags", "authors"}:
        if all(getattr(before, name) == getattr(shown[before.path], name) for before in former):
            kind = next(kind for kind, kinds in SUBJECTS.items() if kinds == name)
            slugs = {old.slug(kind, term) for before in former for term in getattr(before, name)}
            lists[name] = {
                slug: subject._replace(posts=_with(subject.posts, shown)) if slug in slugs else subject
                for slug, subject in made[name].items()
            }
    if "months" in made:
        months = {old.month(before) for before in former if before.date}
        lists["months"] = {
            month: _with(posts, shown) if month in months else posts for month, posts in made["months"].items()
        }
    if "texts_by_name" in made and all(
        (before.title, before.aliases) == (shown[before.path].title, shown[before.path].aliases)
        for before in former
    ):
        lists["texts_by_name"] = made["texts_by_name"]
    if "modified" in made and all(before.updated == shown[before.path].updated for before in former):
        lists["modified"] = made["modified"]
    lists["_places"] = old._places
    return snapshot


def _with(posts: tuple[Post, ...], shown: Mapping[str, Post]) -> tuple[Post, ...]:
    return tuple([shown.get(post.path, post) for post in posts])


def moment(post: Post) -> datetime:
    """The date of a post that has one, as every listed post does."""
    if post.date is None:
        raise ValueError(post.path)
    return post.date


def shown_since(post: Post) -> datetime:
    """When a listed post was updated, or else appeared."""
    return post.updated or appears(post) or moment(post)


def variants(url: str) -> tuple[str, str, str]:
    """Old sites answer `/a`, `/a/`, `/a.html` and `/a/index.html` alike."""
    stem = _stem(url)
    return f"{stem}/", stem, f"{stem}.html"


def owner_of(by_url: Mapping[str, Post], folder: str) -> Post | None:
    """The post or page that `folder`, without a last slash, lies under, whatever its address ends with."""
    posts = (by_url.get(url) for url in (f"{folder}/", folder, f"{folder}.html"))
    return next((post for post in posts if post and base(post.url) == f"{folder}/"), None)


def base(url: str) -> str:
    """What hangs under a permalink starts with this: `/a/b/` for `/a/b/`, `/a/b` and `/a/b.html`."""
    return url if url.endswith("/") else url.removesuffix(".html") + "/"


def _at(now: datetime, posts: Iterable[Post], shows_drafts: bool) -> tuple[list[Post], list[Post], float, float]:
    """The posts that show at a moment, those that have expired, and from when until when that is so.

    Times of updates that cannot be are left out (`_as_of`).
    """
    shown: list[Post] = []
    expired: list[Post] = []
    last, next_ = EVER, NEVER
    for post in posts:
        readers, since, until = visibility(post._replace(draft=False) if post.draft and shows_drafts else post)
        if readers is NOBODY:
            continue
        for change in (since, post.updated):
            if change is not None:
                if change > now:
                    next_ = min(next_, change)
                elif change > last:
                    last = change
        if now < until:
            next_ = next_ if until is NEVER else min(next_, until)
        else:
            last = max(last, until)
            if since <= now:  # it was there
                expired.append(post)
            continue
        if post.date is None and post.kind == "post":
            shown.append(_as_of(now, post._replace(date=now)))  # a draft, as if it were published now
        elif since <= now or shows_drafts:
            shown.append(_as_of(now, post))
    return (
        shown,
        expired,
        -math.inf if last is EVER else last.timestamp(),
        math.inf if next_ is NEVER else next_.timestamp(),
    )


def by_name(posts: Iterable[Post]) -> Mapping[str, Sequence[str]]:
    """The paths of texts by their names as writers know them: of the file, without its date, the title, others.

    Where one text's title is the name of another's file, the file counts.
    """
    found: dict[str, list[str]] = {}
    ordered = sorted(posts, key=lambda post: post.path)
    for names in (_names_of_file, _other_names):
        ranked: dict[str, list[str]] = defaultdict(list)
        for post in ordered:
            for name in dict.fromkeys(map(look, names(post))):
                ranked[name].append(post.path)
        for name, paths in ranked.items():
            found.setdefault(name, paths)
    return found


def _names_of_file(post: Post) -> Iterator[str]:
    return _endings(posixpath.dirname(post.path) if is_bundle(post.path) else posixpath.splitext(post.path)[0])


def _other_names(post: Post) -> Iterator[str]:
    yield from (name_of(post.path)[1], post.title)
    yield from (unquote(alias).strip("/") for alias in post.aliases)


def _endings(path: str) -> Iterator[str]:
    """`c`, `b/c` and `a/b/c` of `a/b/c`."""
    parts = path.split("/")
    return ("/".join(parts[start:]) for start in range(len(parts)))


def look(name: str) -> str:
    """What is compared of a name: how it looks, in small letters, without the ending of Markdown."""
    return alike(name.strip().removesuffix(".md").lstrip("/")).casefold()


def _nearest(post: Post, paths: Sequence[str]) -> str | None:
    """Of several files of one name the one in the folder of `post`, else the first of the shortest."""
    folder = posixpath.dirname(post.path)
    return min(paths, key=lambda path: (posixpath.dirname(path) != folder, len(path), path), default=None)


def _as_of(now: datetime, post: Post) -> Post:
    """The post without an update before it appeared, or one that is still to come.

    Such an update tells readers nothing; to call it now would make another page each moment, on each server.
    """
    updated = post.updated
    if updated is None or (updated <= now and (post.date is None or updated > post.date)):
        return post
    return post._replace(updated=None)


def _stem(url: str) -> str:
    return url.removesuffix("/").removesuffix(".html").removesuffix("/index")


def _taken_below(by_url: Mapping[str, Post], urls: Iterable[str]) -> Iterator[tuple[str, Post]]:
    """Those of `urls` that hide what the blog itself answers below the address of a post, and that post."""
    for url in urls:
        if ("/share" in url or ".md" in url or "/card-" in url) and (found := _BELOW.fullmatch(_stem(url))):
            owner = owner_of(by_url, found[1])
            if owner and (owner.kind == "post" or not found[2]):
                yield url, owner


def _gone(expired: Iterable[Post], by_url: Mapping[str, Post], redirects: Mapping[str, str]) -> frozenset[str]:
    gone = {post.url for post in expired if post.url not in by_url and post.url not in redirects}
    return frozenset(gone - {url for url, _ in _taken_below(by_url, gone)})


def is_bundle(path: str) -> bool:
    """Whether a file stands for its whole folder."""
    name = path.rpartition("/")[2].lower()
    return name.startswith("index.") and is_markdown(name)


def _in_lists(post: Post) -> tuple[bool, datetime, str]:
    """The order of lists, oldest first: pages before posts, then by date, then by path."""
    return post.kind == "post", post.date or EVER, post.path


def _redirects(
    site: Site, by_url: Mapping[str, Post], claim: Claim, reserved: Reserved, clashes: list[PostError]
) -> dict[str, str]:
    """Old addresses and where they lead: those of the settings first, then those of posts, by their claims."""
    of_settings = {canonical(old): new for old, new in site.redirects.items()}
    redirects = {old: new for old, new in of_settings.items() if old not in by_url}
    for old in _in_circles(site, redirects, by_url, reserved):
        clashes.append(_circular_redirect(old, redirects.pop(old)))
    for old, hidden in _taken_below(by_url, tuple(redirects)):
        clashes.append(_redirect_below(old, hidden))
        del redirects[old]
    wanted = [(post, written, canonical(written)) for post in by_url.values() for written in post.aliases]
    if len({alias for *_, alias in wanted}) != len(wanted):
        wanted.sort(key=lambda one: claim(one[0]))
    decomposed = _decomposed(by_url)
    for post, written, alias in wanted:
        place = place_of(alias)
        there = by_url.get(place) or by_url.get(decomposed.get(place, ""))
        if there and (there is not post or alias == post.url):
            clashes.append(_same_alias(post, alias, there.path))
        elif below := next(_taken_below(by_url, (alias,)), None):
            clashes.append(_alias_below(post, *below))
        elif reserved(alias):
            clashes.append(_same_alias(post, alias, "the blog itself"))
        elif (winner := redirects.setdefault(alias, post.url)) != post.url:
            owner = SETTINGS_FILE if alias in of_settings else by_url[winner].path
            clashes.append(_same_alias(post, alias, owner))
        elif "?" in alias and (file := quote_path(unquote(written))) not in by_url:
            redirects.setdefault(file, winner)  # as a mirror of the old site calls it
    return redirects


def _decomposed(urls: Iterable[str]) -> dict[str, str]:
    """Addresses with accents as characters of their own, by what they are compared by."""
    return {place: url for url in urls if (place := place_of(url)) != url}


def _by_query(redirects: Mapping[str, str]) -> Queries:
    """Those of the canonical addresses that have a query, the ones with most parameters first."""
    found: dict[str, dict[tuple[str, ...], dict[tuple[str, ...], str]]] = {}
    asked = [(old.partition("?"), new) for old, new in redirects.items() if "?" in old]
    for (path, _, query), new in sorted(asked, key=lambda one: -one[0][2].count("&")):
        names, values = tuple(parameters(query)), tuple(parameters(query).values())
        for url in (path, *variants(path)) if path != "/" else (path,):
            found.setdefault(unquote(url, "latin-1"), {}).setdefault(names, {}).setdefault(values, new)
    return found


def _moved_by(queries: Queries, path: str, query: str) -> str | None:
    if path not in queries:
        return None
    given = parameters(query)
    for names, targets in queries[path].items():
        values = tuple(given[name] for name in names if name in given)
        if target := targets.get(values):
            return with_query(target, query, without=names)
    return None


def _in_circles(
    site: Site, redirects: Mapping[str, str], by_url: Mapping[str, Post], reserved: Reserved
) -> list[str]:
    """The redirects from which a browser would never arrive, be it with or without the last slash."""

    queries = _by_query(redirects)

    def within(url: str) -> str:
        url = canonical(url.removeprefix(site.url))
        if f"{url}/".startswith(f"{site.prefix}/") and url not in redirects and url not in by_url:
            return url.removeprefix(site.prefix)
        return url

    def leads_to(url: str) -> str | None:
        """Where a browser is sent from an address; None from one that is answered, or is none of ours."""
        path, _, query = url.partition("?")
        if moved := _moved_by(queries, unquote(path, "latin-1"), query):
            return within(moved)
        if not path.startswith("/") or reserved(path) or not by_url.keys().isdisjoint((path, *variants(path))):
            return None
        new = next((redirects[old] for old in (path, *variants(path)) if old in redirects), None)
        return new and within(with_query(new, query))

    arrives: dict[str, bool] = {}
    for old in redirects:
        way: list[str] = []
        url: str | None = old
        while url is not None and url not in arrives:
            arrives[url] = False
            way.append(url)
            url = leads_to(url)
        if url is None or arrives[url]:
            arrives |= dict.fromkeys(way, True)
    return [old for old in redirects if not arrives[old]]


def _moved(
    former: Iterable[tuple[str, str]], by_url: Mapping[str, Post], taken: Mapping[str, str], reserved: Reserved
) -> dict[str, str]:
    """Redirects from the addresses of renamed files, unless somebody else is there or wants to be."""
    by_path = {post.path: post.url for post in by_url.values()} if former else {}
    return {
        url: by_path[path]
        for url, path in former
        if path in by_path and url not in by_url and url not in taken and not reserved(url)
    }


def _claim(term: Term | Author) -> int:
    """How good a name's claim to its slug is: an author's own key, all of the name, part of it."""
    if term_slug(term.name) != term.slug:
        return 0
    name = name_key(term.name)
    return 1 if slugify(name) == name else _LEAST_CLAIM


def _path_of(address: str) -> str:
    """Return the decoded path of an address, empty for what is none."""
    try:
        return unquote(urlsplit(address).path)
    except ValueError:
        return ""


def _places(post: Post, name: str) -> tuple[str, ...]:
    """Return where a file may lie that a post names: beside it, or in the site's folder, or by its address."""
    folder = posixpath.dirname(post.path)
    own = unquote(base(post.url))
    below = (posixpath.normpath(posixpath.join(folder, name.removeprefix(own))),) if name.startswith(own) else ()
    whole = posixpath.normpath(name.lstrip("/"))
    return (whole, *below) if name.startswith("/") else (posixpath.normpath(posixpath.join(folder, name)), whole)


def _name_below(post: Post, path: str) -> str:
    """Return the name under which a file hangs below a post, empty for one that has an address of its own."""
    folder = posixpath.dirname(post.path) + "/"
    if path.startswith("static/"):
        return ""
    return path.removeprefix(folder) if path.startswith(folder) else posixpath.basename(path)


def _under(url: str, path: str) -> str:
    """A relative address that leads to no file of ours is relative to the page, as in a browser."""
    joined = posixpath.normpath(posixpath.join(base(url), path))
    return joined + "/" if path.endswith("/") and joined != "/" else joined


def _same_address(post: Post, winner: Post) -> PostError:
    return PostError(
        post.path,
        1,
        1,
        f"Its address {post.url} is already that of {winner.path}.",
        "Give one of the two another slug or date.",
    )


def _copy(post: Post, original: str, found: Post | None) -> PostError:
    if found is None:
        what = "which cannot be read now, so that nobody knows whether it is the same"
    elif post.url == found.url:
        what = f"and has its address {post.url}"
    elif post.url in found.aliases:
        what = f"and has its old address {post.url}"
    elif post.date == found.date:
        what = "and has its title and date"
    else:
        what = "and has its title, while that is not shown"
    reason = f"By its name it is a copy of {original} that a program made, {what}: it is held back."
    remedy = "Take over what is new in it, and delete it; give a text of its own another name."
    return PostError(post.path, 1, 1, reason, remedy)


def _address_led_on(post: Post, owner: str) -> PostError:
    reason = f"By its name it is a copy that a program made, and its address {post.url} is an old one of {owner}."
    return PostError(post.path, 1, 1, reason, "Delete it; give a text of its own another name.")


def _copy_that_shows(post: Post, originals: Sequence[str]) -> PostError:
    of = f" of {originals[0]}" if originals else ""
    reason = f"By its name it is a copy{of} that a program made, and it is published as a text of its own."
    return PostError(post.path, 1, 1, reason, "Delete it, or give it another name if it is meant.")


def _same_alias(post: Post, alias: str, winner: str) -> PostError:
    return PostError(
        post.path,
        1,
        1,
        f"Its old address {alias} is already that of {winner}.",
        "Take it out of this file, or out of the other.",
    )


def _published_drafts(paths: Iterable[str]) -> Iterator[PostError]:
    """One remark for each folder that looks as if it held drafts and does not."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder = posixpath.dirname(path)
        if not _LIKE_DRAFTS.isdisjoint(name.lstrip("_") for name in folder.casefold().split("/")):
            folders[folder].append(path)
    for folder, inside in sorted(folders.items()):
        reason = f"What lies in {folder} is published: only a folder called _drafts holds drafts."
        yield PostError(
            min(inside), 1, 1, reason, "Rename the folder to _drafts, or write draft: true in each head."
        )


def _address_below(post: Post, owner: Post) -> PostError:
    reason = f"At its address {post.url} {_answers_below(owner)}"
    return PostError(post.path, 1, 1, reason, "Give the post another slug or permalink.")


def _alias_below(post: Post, alias: str, owner: Post) -> PostError:
    reason = f"At its old address {alias} {_answers_below(owner)}"
    return PostError(post.path, 1, 1, reason, "Take it out of this file.")


def _redirect_below(old: str, owner: Post) -> PostError:
    reason = f"At the address {old} of [redirects] {_answers_below(owner)}"
    return PostError(SETTINGS_FILE, 1, 1, reason, "Take it out.")


def _circular_redirect(old: str, new: str) -> PostError:
    reason = f"[redirects] sends readers of {old} to {new}, and from there back: they would never arrive."
    return PostError(SETTINGS_FILE, 1, 1, reason, "Take it out, or write the address of a page as the new one.")


def _answers_below(owner: Post) -> str:
    return f"the blog shows something of {owner.path}: its share page, its picture or its source."


def _address_of_the_engine(post: Post) -> PostError:
    return PostError(
        post.path,
        1,
        1,
        f"Its address {post.url} is one that the blog itself uses.",
        "Give the post another slug or permalink.",
    )
