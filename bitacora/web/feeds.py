"""What machines read: feeds, the sitemap, robots.txt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, abort

from bitacora.library.snapshot import shown_since
from bitacora.posts.post import Post
from bitacora.posts.visibility import appears
from bitacora.web.blog import blog, door, respelt, snapshot, text
from bitacora.web.edition import term_url

feeds = Blueprint("feeds", __name__)

FEED_POSTS = 20
MOST_IN_SITEMAP = 50_000
"""Of sitemaps.org: https://www.sitemaps.org/protocol.html#index."""
_SETTLED_S = 2


@feeds.get("/feed.xml")
def feed() -> Response:
    site = snapshot().site
    return _atom(site.title, "/", "/feed.xml", snapshot().listed(0, FEED_POSTS))


@feeds.get("/category/<slug>/feed.xml")
def category_feed(slug: str) -> Response:
    return _subject_feed("category", slug)


@feeds.get("/tag/<slug>/feed.xml")
def tag_feed(slug: str) -> Response:
    return _subject_feed("tag", slug)


@feeds.get("/author/<slug>/feed.xml")
def author_feed(slug: str) -> Response:
    return _subject_feed("author", slug)


@feeds.get("/sitemap.xml")
def sitemap() -> Response:
    """Every address, or where there are too many for one file, those of the files that hold them."""
    addresses = _addresses()
    if len(addresses) > MOST_IN_SITEMAP:
        files = [f"/sitemap/{number}.xml" for number in range(1, 2 + (len(addresses) - 1) // MOST_IN_SITEMAP)]
        response = text("sitemap_index.xml", "/sitemap.xml", "application/xml", files=files)
    else:
        response = text("sitemap.xml", "/sitemap.xml", "application/xml", addresses=addresses)
    return _dated(response, snapshot().modified)


@feeds.get("/sitemap/<number:number>.xml")
def sitemap_part(number: int) -> Response:
    addresses = _addresses()
    part = addresses[(number - 1) * MOST_IN_SITEMAP : number * MOST_IN_SITEMAP]
    if not part or len(addresses) <= MOST_IN_SITEMAP:
        abort(404)
    url = f"/sitemap/{number}.xml"
    return _dated(text("sitemap.xml", url, "application/xml", addresses=part), snapshot().modified)


@feeds.get("/robots.txt")
def robots() -> Response:
    return text("robots.txt", "/robots.txt", "text/plain")


def newest(posts: Sequence[Post]) -> datetime | None:
    """When any of the posts last appeared or was updated."""
    return max(map(shown_since, posts), default=None)


def _addresses() -> list[tuple[str, datetime | None]]:
    here = snapshot()
    addresses: list[tuple[str, datetime | None]] = [("/", here.modified), ("/archive/", here.modified)]
    mapped = (post for post in (*here.pages, *here.posts) if post.is_mapped and not post.noindex)
    addresses += [(post.url, post.updated or appears(post)) for post in mapped]
    for kind, subjects in (("category", here.categories), ("tag", here.tags), ("author", here.authors)):
        addresses += [(term_url(kind, subject.term), newest(subject.posts)) for subject in subjects.values()]
    return addresses


def _subject_feed(kind: str, slug: str) -> Response:
    here = snapshot()
    term = here.subject(kind, slug)
    if term is None:
        return respelt(kind)
    url = term_url(kind, term)
    title = f"{term.name} · {here.site.title}"
    return _atom(title, url, f"{url}feed.xml", here.listed_of(kind, slug, 0, FEED_POSTS))


def _atom(title: str, page: str, url: str, posts: Sequence[Post]) -> Response:
    site, updated = snapshot().site, newest(posts)
    response = text(
        "feed.xml",
        url,
        "application/atom+xml",
        title=title,
        page=page,
        feed_url=url,
        author=site.authors.get(site.author, {}).get("name") or site.author or site.title,
        posts=posts,
        updated=updated or datetime.fromtimestamp(0, UTC),
    )
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return _dated(response, updated)


def _dated(response: Response, updated: datetime | None) -> Response:
    """With Last-Modified, unless another edit may follow in the same second (RFC 9110, 8.8.2)."""
    if updated and updated.timestamp() <= blog().clock() - _SETTLED_S:
        response.last_modified = updated
    else:
        door().inputs.leave_out()
    return response
