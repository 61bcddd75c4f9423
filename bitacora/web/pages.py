"""The pages that readers see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_skeleton
from flask import Blueprint, Response, abort, request

from bitacora.content.permalink import quote_path
from bitacora.content.post import Author, Post
from bitacora.content.snapshot import Subject, base
from bitacora.share.networks import share_links, share_texts
from bitacora.web.blog import (
    blog,
    named_files,
    page,
    say,
    share_of,
    share_of_page,
    snapshot,
    translations,
)
from bitacora.web.theme import locale_of, term_url

pages = Blueprint("pages", __name__)

ARCHIVE_SHOWS_ALL_BELOW = 500


@dataclass(frozen=True, slots=True)
class Pagination:
    """Where this page of a list stands, and the addresses of its neighbours, empty at the ends."""

    page: int
    pages: int
    newer: str
    older: str


@dataclass(frozen=True, slots=True)
class Month:
    month: datetime
    url: str
    count: int
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Year:
    year: int
    url: str
    count: int
    months: tuple[Month, ...]


# --- home


@pages.get("/", defaults={"number": 1})
@pages.get("/page/<page:number>/")
def home(number: int) -> Response:
    here = snapshot()
    if not here.posts:
        return page("empty.html", "/", share=share_of_page(here.site.title, "/")) if number == 1 else abort(404)
    lead = here.highlighted
    posts = [post for post in here.posts if post is not lead]
    shown, pagination, url = _slice(posts, number, "/", first_shows_one_less=lead is not None)
    return page(
        "home.html",
        url,
        share=share_of_page(here.site.title, url),
        lead=lead if number == 1 else None,
        posts=shown,
        pagination=pagination,
    )


# --- by date


@pages.get("/archive/")
def archive() -> Response:
    return _archive("/archive/", say("Archive"), snapshot().months)


@pages.get("/archive/<year:year>/")
def archive_year(year: int) -> Response:
    months = {month: posts for month, posts in snapshot().months.items() if month[0] == year}
    return _archive(f"/archive/{year:04}/", str(year), months)


@pages.get("/archive/<year:year>/<month:month>/")
def archive_month(year: int, month: int) -> Response:
    months = {key: posts for key, posts in snapshot().months.items() if key == (year, month)}
    if not months:
        abort(404)
    title = format_skeleton("yMMMM", datetime(year, month, 1), locale=locale_of(snapshot().site.language))
    return _archive(f"/archive/{year:04}/{month:02}/", title, months)


# --- by subject, by person


@pages.get("/categories/")
def categories() -> Response:
    return _subjects("category", say("Categories"), "/categories/", snapshot().categories)


@pages.get("/tags/")
def tags() -> Response:
    return _subjects("tag", say("Tags"), "/tags/", snapshot().tags)


@pages.get("/category/<slug>/", defaults={"number": 1})
@pages.get("/category/<slug>/page/<page:number>/")
def category(slug: str, number: int) -> Response:
    return _subject("category", snapshot().categories.get(slug), number)


@pages.get("/tag/<slug>/", defaults={"number": 1})
@pages.get("/tag/<slug>/page/<page:number>/")
def tag(slug: str, number: int) -> Response:
    return _subject("tag", snapshot().tags.get(slug), number)


@pages.get("/author/<slug>/", defaults={"number": 1})
@pages.get("/author/<slug>/page/<page:number>/")
def author(slug: str, number: int) -> Response:
    return _subject("author", snapshot().authors.get(slug), number)


# --- posts, pages, and what hangs under them


@pages.get("/<path:path>")
def address(path: str) -> Response:
    """Whatever the site itself put at an address: looked up, never turned into a path."""
    here = snapshot()
    path = "/" + path
    if post := here.find(path):
        return _post(post)
    if target := here.redirects.get(quote_path(path)):
        return _redirect(target, 301)
    if quote_path(path) in here.gone:
        abort(410)
    for variant in _variants(path):
        if post := here.find(variant):
            return _redirect(post.url, 308)
    return _below(path) or abort(404)


def _post(post: Post) -> Response:
    here = snapshot()
    share = share_of(post)
    template = "page.html" if post.kind == "page" else "post.html"
    names = (
        [post.template if "." in post.template else f"{post.template}.html", template]
        if post.template
        else template
    )
    older, newer = here.neighbours(post)
    return page(
        names,
        post.url,
        share=share,
        noindex=post.noindex or post.hidden,
        post=post,
        older=older,
        newer=newer,
        translations=translations(post),
        share_links=share_links(share, post.share_message, here.site.share) if post.kind == "post" else (),
    )


def _below(path: str) -> Response | None:
    """The share page of a post, or a file that it shows."""
    here = snapshot()
    folder, _, name = path.removesuffix("/").rpartition("/")
    while folder:
        post = next((p for variant in (f"{folder}/", folder, f"{folder}.html") if (p := here.find(variant))), None)
        if post is not None:
            if name == "share" and post.kind == "post":
                return _share(post) if path.endswith("/") else _redirect(base(post.url) + "share/", 308)
            found = None if path.endswith("/") else here.file_below(post, name, named_files(post))
            return blog().files.beside_post(request, here, found) if found else None
        folder, _, parent = folder.rpartition("/")
        name = f"{parent}/{name}"
    return None


def _share(post: Post) -> Response:
    share = share_of(post)
    order = snapshot().site.share
    return page(
        "share.html",
        base(post.url) + "share/",
        share=share,
        noindex=True,
        post=post,
        share_links=share_links(share, post.share_message, order),
        texts=share_texts(share, post.share_message, order),
    )


def _variants(path: str) -> tuple[str, ...]:
    """Old sites answer `/a`, `/a/` and `/a.html` alike."""
    stem = path.removesuffix("/").removesuffix(".html").removesuffix("/index")
    return f"{stem}/", stem, f"{stem}.html"


def _redirect(url: str, code: int) -> Response:
    response = Response(status=code)
    response.headers["Location"] = url
    return response


# --- parts


def _archive(url: str, title: str, months: Mapping[tuple[int, int], Sequence[Post]]) -> Response:
    if not months and url != "/archive/":
        abort(404)
    counted = sum(len(posts) for posts in months.values())
    newest = max((year for year, _ in months), default=0)
    years: dict[int, list[Month]] = defaultdict(list)
    for (year, month), posts in months.items():
        shows = counted <= ARCHIVE_SHOWS_ALL_BELOW or year == newest
        first = datetime(year, month, 1, 12, tzinfo=snapshot().site.zone)
        shown = tuple(posts) if shows else ()
        years[year].append(Month(first, f"/archive/{year:04}/{month:02}/", len(posts), shown))
    return page(
        "archive.html",
        url,
        share=share_of_page(title, url),
        title=title,
        years=[
            Year(year, f"/archive/{year:04}/", sum(month.count for month in months), tuple(months))
            for year, months in years.items()
        ],
    )


def _subjects(kind: str, title: str, url: str, subjects: Mapping[str, Subject]) -> Response:
    ordered = sorted(subjects.values(), key=lambda subject: subject.term.name.casefold())
    return page(
        "subjects.html",
        url,
        share=share_of_page(title, url),
        kind=kind,
        subjects=[(term, len(posts), term_url(kind, term)) for term, posts in ordered],
    )


def _subject(kind: str, subject: Subject | None, number: int) -> Response:
    if subject is None:
        abort(404)
    first = term_url(kind, subject.term)
    shown, pagination, url = _slice(subject.posts, number, first)
    return page(
        "subject.html",
        url,
        share=share_of_page(subject.term.name, url),
        feeds=[(subject.term.name, f"{first}feed.xml")],
        kind=kind,
        name=subject.term.name,
        author=subject.term if isinstance(subject.term, Author) else None,
        count=len(subject.posts),
        posts=shown,
        pagination=pagination,
    )


def _slice(
    posts: Sequence[Post], number: int, first: str, *, first_shows_one_less: bool = False
) -> tuple[Sequence[Post], Pagination, str]:
    """The posts of page `number`, where it stands, and its address. The first page may leave room for a lead."""
    size = snapshot().site.per_page
    room = 1 if first_shows_one_less else 0
    last = max(1, -(-(len(posts) + room) // size))
    if number > last or (number == 1 and request.path != first and "/page/" in request.path):
        abort(404)

    def url(wanted: int) -> str:
        return first if wanted == 1 else f"{first}page/{wanted}/"

    shown = posts[max(0, (number - 1) * size - room) : number * size - room]
    older = url(number + 1) if number < last else ""
    return shown, Pagination(number, last, url(number - 1) if number > 1 else "", older), url(number)
