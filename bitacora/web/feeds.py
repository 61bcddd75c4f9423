"""What machines read: feeds, the sitemap, robots.txt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, abort
from werkzeug.http import http_date

from bitacora.content.post import Post
from bitacora.content.snapshot import Subject, moment
from bitacora.web.blog import snapshot, text
from bitacora.web.theme import term_url

feeds = Blueprint("feeds", __name__)

FEED_POSTS = 20
# Not allowed in XML 1.0, section 2.2, however they are written.
_NOT_XML = {code: None for code in (*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF) if code not in (9, 10, 13)}


@feeds.get("/feed.xml")
def feed() -> Response:
    site = snapshot().site
    return _atom(site.title, "/", "/feed.xml", snapshot().posts)


@feeds.get("/category/<slug>/feed.xml")
def category_feed(slug: str) -> Response:
    return _subject_feed("category", snapshot().categories.get(slug))


@feeds.get("/tag/<slug>/feed.xml")
def tag_feed(slug: str) -> Response:
    return _subject_feed("tag", snapshot().tags.get(slug))


@feeds.get("/author/<slug>/feed.xml")
def author_feed(slug: str) -> Response:
    return _subject_feed("author", snapshot().authors.get(slug))


@feeds.get("/sitemap.xml")
def sitemap() -> Response:
    here = snapshot()
    addresses = [("/", here.modified), ("/archive/", here.modified)]
    addresses += [(post.url, post.updated or post.date) for post in (*here.pages, *here.posts) if not post.noindex]
    for kind, subjects in (("category", here.categories), ("tag", here.tags), ("author", here.authors)):
        addresses += [(term_url(kind, subject.term), newest(subject.posts)) for subject in subjects.values()]
    return _xml("sitemap.xml", "/sitemap.xml", "application/xml", addresses=addresses)


@feeds.get("/robots.txt")
def robots() -> Response:
    return text("robots.txt", "/robots.txt", "text/plain")


def newest(posts: Sequence[Post]) -> datetime | None:
    """When any of the posts last appeared or was updated."""
    return max((post.updated or moment(post) for post in posts), default=None)


def _subject_feed(kind: str, subject: Subject | None) -> Response:
    if subject is None:
        abort(404)
    url = term_url(kind, subject.term)
    title = f"{subject.term.name} · {snapshot().site.title}"
    return _atom(title, url, f"{url}feed.xml", subject.posts)


def _atom(title: str, page: str, url: str, posts: Sequence[Post]) -> Response:
    shown = posts[:FEED_POSTS]
    updated = newest(shown) or datetime.fromtimestamp(0, UTC)
    response = _xml(
        "feed.xml", url, "application/atom+xml", title=title, page=page, feed_url=url, posts=shown, updated=updated
    )
    response.headers["Last-Modified"] = http_date(updated)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _xml(template: str, url: str, mimetype: str, **context: object) -> Response:
    response = text(template, url, mimetype, **context)
    response.set_data(response.get_data(as_text=True).translate(_NOT_XML))
    return response
