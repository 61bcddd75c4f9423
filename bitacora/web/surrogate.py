"""Surrogate keys: the names by which a shared cache forgets what a push changed, and nothing else."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable

from bitacora.files.layout import is_markdown
from bitacora.library.snapshot import Snapshot, is_bundle
from bitacora.posts.folder_words import speaks_for_others
from bitacora.posts.permalink import quote_path
from bitacora.posts.post import Post, read_post
from bitacora.posts.visibility import appears, is_for_nobody, is_listed
from bitacora.problems import PostError
from bitacora.web.inputs import Inputs

ALL = "all"
LIST = "list"
MOST_KEYS = 500
"""More are not worth naming: then everything is forgotten."""

_PLAIN = re.compile("[a-z0-9][a-z0-9-]{0,79}")


def keys(inputs: Inputs | None) -> tuple[str, ...]:
    """The keys of an answer: of the post that it belongs to, of the subject that it lists, or of lists."""
    about = inputs.about if inputs else None
    return _key(*about) if about else LIST, ALL


def headers(found: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """As Fastly and Varnish name the header, and as Cloudflare does."""
    return ("Surrogate-Key", " ".join(found)), ("Cache-Tag", ",".join(found))


def changed(here: Snapshot, paths: Iterable[str], before: Callable[[str], bytes]) -> list[str]:
    """The keys of answers that differ since these files of the site changed; `before` gives a file as it was."""
    found: set[str] = set()
    for path in paths:
        if speaks_for_others(path):
            return [ALL]
        if not path.startswith("posts/"):
            if path == "site.toml" or path.startswith(("pages/", "templates/", "static/", "root/")):
                return [ALL]
        elif is_markdown(path):
            try:
                was = read_post(source, path, here.site) if (source := before(path)) else None
            except PostError:
                return [ALL]
            found |= _of_post(here, path, was)
        else:
            for post in _mentioning(here, path):
                found |= _wherever_shown(here, post)
    return [ALL] if len(found) > MOST_KEYS or ALL in found else sorted(found)


def _of_post(here: Snapshot, path: str, was: Post | None) -> set[str]:
    now = here.by_path.get(path)
    shown = [post for post in (was, now) if post is not None and not is_for_nobody(post)]
    if not shown:
        return set()
    found: set[str] = set()
    for post in shown:
        found |= _wherever_shown(here, post)
    if was is None or now is None or _as_others_show(was) != _as_others_show(now):
        found |= {_key("post", other.slug) for other in _mentioning(here, path)}
        for post in shown:
            found |= {_key("post", other.slug) for other in _beside(here, post)}
    return found


def _wherever_shown(here: Snapshot, post: Post) -> set[str]:
    """The post itself, and the lists and feeds that have it."""
    found = {LIST, _key("post", post.slug)}
    for kind, terms in (("category", post.categories), ("tag", post.tags), ("author", post.authors)):
        if any(here.is_shared(kind, term) for term in terms):
            return {ALL}  # the address of another name may have changed, to which any post may link
        found |= {_key(kind, term.slug) for term in terms}
    return found


def _as_others_show(post: Post) -> tuple[object, ...]:
    """What the pages of other posts tell of a post."""
    return post.url, post.title, post.date, appears(post), is_listed(post), post.lang, post.translation_key


def _beside(here: Snapshot, post: Post) -> list[Post]:
    """The posts next to the date of this one, which may have gone, and its translations."""
    found = list(here.translations.get(post.translation_key, ())) if post.translation_key else []
    if post.date is not None:
        others = [(other.date, other) for other in here.posts if other.date and other.path != post.path]
        found += [other for date, other in others if date > post.date][-1:]
        found += [other for date, other in others if date == post.date]
        found += [other for date, other in others if date < post.date][:1]
    return found


def _mentioning(here: Snapshot, path: str) -> list[Post]:
    """Posts that may show or link to a file: those whose text has its name, and the one whose bundle has it."""
    name = posixpath.basename(path)
    names = {name.encode(), quote_path(name).encode()}
    return [
        post
        for post in here.by_url.values()
        if (is_bundle(post.path) and path.startswith(f"{posixpath.dirname(post.path)}/"))
        or any(name in here.source(post) for name in names)
    ]


def _key(kind: str, slug: str) -> str:
    """In the letters that every cache takes, and short: another slug is told by its hash."""
    plain = slug if _PLAIN.fullmatch(slug) else hashlib.blake2b(slug.encode(), digest_size=8).hexdigest()
    return f"{kind}-{plain}"
