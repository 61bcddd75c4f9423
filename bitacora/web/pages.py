"""The pages that readers see."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import HTTPException

from bitacora.library.snapshot import Snapshot, base, variants
from bitacora.posts.permalink import quote_path
from bitacora.posts.pictures import is_picture, without_hash
from bitacora.posts.post import Author, Post
from bitacora.posts.public_source import public_source
from bitacora.share.crawlers import SEARCHES, crawler_of
from bitacora.share.links import share_links, share_texts
from bitacora.web.alphabets import sort_key
from bitacora.web.blog import (
    blog,
    desk_of,
    edition,
    page,
    redirect,
    respelt,
    say,
    share_of,
    share_of_page,
    snapshot,
    unnoted,
)
from bitacora.web.cards import NAME as CARD
from bitacora.web.cards import Made, said_of_page, versions
from bitacora.web.edition import term_url
from bitacora.web.exchange import Page, carried
from bitacora.web.files import conditional
from bitacora.web.headers import NO_CACHE, NO_STORE, a_day, briefly, unchanging
from bitacora.web.words import month_and_year

pages = Blueprint("pages", __name__)

ARCHIVE_SHOWS_ALL_BELOW = 500
_KINDS = {"category": "Category", "tag": "Tag", "author": "Author"}
_LISTS = {"category": "Categories", "tag": "Tags"}


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
    if not here.has_posts:
        if number > 1:
            abort(404)
        return page("empty.html", "/", share=share_of_page(here.site.title, "/"), guide=blog().operator.dev)
    lead = here.highlighted
    start, stop, pagination, url = _slice(here.count(beside=lead), number, "/", taken=1 if lead else 0)
    return page(
        "home.html",
        url,
        share=share_of_page(here.site.title, url, first="/"),
        lead=lead if number == 1 else None,
        posts=here.listed(start, stop, beside=lead),
        pagination=pagination,
    )


# --- by date


@pages.get("/archive/")
def archive() -> Response:
    return _archive("/archive/")


@pages.get("/archive/<year:year>/")
def archive_year(year: int) -> Response:
    return _archive(f"/archive/{year:04}/", year)


@pages.get("/archive/<year:year>/<month:month>/")
def archive_month(year: int, month: int) -> Response:
    return _archive(f"/archive/{year:04}/{month:02}/", year, month)


# --- by subject, by person


@pages.get("/categories/")
def categories() -> Response:
    return _subjects("category", "/categories/")


@pages.get("/tags/")
def tags() -> Response:
    return _subjects("tag", "/tags/")


@pages.get("/category/<slug>/", defaults={"number": 1})
@pages.get("/category/<slug>/page/<page:number>/")
def category(slug: str, number: int) -> Response:
    return _subject("category", slug, number)


@pages.get("/tag/<slug>/", defaults={"number": 1})
@pages.get("/tag/<slug>/page/<page:number>/")
def tag(slug: str, number: int) -> Response:
    return _subject("tag", slug, number)


@pages.get("/author/<slug>/", defaults={"number": 1})
@pages.get("/author/<slug>/page/<page:number>/")
def author(slug: str, number: int) -> Response:
    return _subject("author", slug, number)


# --- posts, pages, and what hangs under them


@pages.get("/<path:path>")
def address(path: str) -> Response:
    """Whatever the site itself put at an address: looked up, never turned into a path."""
    here = snapshot()
    wanted = quote_path(f"/{path}")
    for url in (wanted, *variants(wanted)):
        if post := here.at(url):
            return _post(post) if url == wanted else redirect(post.url, 308)
        if (target := here.redirects.get(url)) and target != wanted:
            return redirect(target, 301, is_written=True)
        if url in here.gone:
            abort(410)
    if answer := _source(wanted) or _below(wanted) or _card_of_page(wanted) or _at_the_root(path):
        return answer
    return redirect(other, 308) if (other := here.otherwise_written(wanted)) else abort(404)


def _post(post: Post) -> Response:
    here = snapshot()
    carried().kind = post.kind
    share = share_of(post)
    _expect(post)
    default = f"{post.kind}.html"
    has_own = post.template in here.templates
    if post.template and not has_own:
        blog().theme.tell(carried().here.remarks)
    older, newer = here.neighbours(post)
    has_links = post.kind == "post" and carried().notice is None
    return page(
        [post.template, default] if has_own else default,
        post.url,
        share=share,
        noindex=post.noindex,
        post=post,
        older=older,
        newer=newer,
        translations=edition().translations(post),
        share_links=share_links(share, post.share_message, here.site.share) if has_links else (),
    )


def _expect(post: Post) -> None:
    """Have the card ready when it is asked for. A network that reads the page does so next."""
    if not carried().is_own:
        network = crawler_of(request.headers.get("User-Agent", ""))
        blog().cards.make_beside(unnoted(), post, is_urgent=bool(network) and network not in SEARCHES)


def _below(url: str) -> Response | None:
    """What hangs under a post or page: its share page, or a file that it shows."""
    folder, _, name = url.removesuffix("/").rpartition("/")
    while folder:
        post = snapshot().owner(folder)
        if post and name == "share" and post.kind == "post":
            return _share(post) if url.endswith("/") else redirect(f"{url}/", 308)
        if post and CARD.fullmatch(name) and not url.endswith("/"):
            return _card(post, url)
        if post:
            return None if url.endswith("/") else _file(post, unquote(name))
        folder, _, parent = folder.rpartition("/")
        name = f"{parent}/{name}"
    return None


def _share(post: Post) -> Response:
    carried().kind = "share"
    share = share_of(post)
    order = snapshot().site.share
    return page(
        "share.html",
        base(post.url) + "share/",
        share=share,
        noindex=True,
        beside=True,
        post=post,
        share_links=share_links(share, post.share_message, order),
        texts=share_texts(share, post.share_message, order),
        desk=desk_of(post),
    )


def _card(post: Post, url: str) -> Response:
    """The post's card as it is now, whichever hash is asked for: the address of an old one was shared already."""
    carried().kind = "card"
    here, cards = edition(), blog().cards
    current = next((version for version in versions(post) if cards.url(here, version) == url), None)
    is_for_x = "/card-x-" in url
    return _jpeg(cards.made(here, current or (post.on_x if is_for_x else post)), is_current=current is not None)


def _card_of_page(url: str) -> Response | None:
    """The card of a page that is no post, by the same rules."""
    folder, _, name = url.rpartition("/")
    if not CARD.fullmatch(name) or name.startswith("card-x-"):
        return None
    page_url = f"{folder}/"
    if (named := _name_of_page(page_url)) is None:
        return None
    carried().kind = "card"
    here, cards = edition(), blog().cards
    said = said_of_page(here.snapshot.site, *named)
    return _jpeg(cards.made_for_page(here, said), is_current=cards.page_url(here, said, page_url) == url)


def _name_of_page(url: str) -> tuple[str, str] | None:
    """The title of the page that is no post at an address, and what kind it is of; None where there is none."""
    try:
        endpoint, given = current_app.url_map.bind("").match(unquote(url))
    except HTTPException:
        return None
    here, kind = snapshot(), endpoint.removeprefix("pages.")
    months = (key for key in here.months if key[: len(given)] == tuple(given.values()))
    match endpoint.partition(".")[0], kind, given:
        case "pages", "home", {"number": 1}:
            return here.site.title, ""
        case "pages", "archive", _:
            return _name_of_archive()
        case "pages", "archive_year" | "archive_month", _ if next(months, None):
            return _name_of_archive(**given)
        case "pages", "categories" | "tags", _:
            return say(kind.title()), ""
        case "pages", "category" | "tag" | "author", {"slug": slug, "number": 1}:
            term = here.subject(kind, slug)
            return (term.name, say(_KINDS[kind])) if term else None
    return None


def _jpeg(made: Made, *, is_current: bool) -> Response:
    here, jpeg = edition(), made.jpeg
    response = Response(jpeg, mimetype="image/jpeg")
    response.headers["Cache-Control"] = _card_lasts(here.snapshot, made, is_current=is_current)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    return conditional(response, request, len(jpeg))


def _card_lasts(here: Snapshot, made: Made, *, is_current: bool) -> str:
    """A hash may be newer than what this replica knows: then the card is not that of its address."""
    if not made.is_kept:
        return NO_STORE
    return a_day(here, blog().clock()) if is_current else briefly(here, blog().clock())


def _source(url: str) -> Response | None:
    """The Markdown of what a post or page shows, unless the site keeps it to itself."""
    here = snapshot()
    is_asked = here.site.source and url.endswith(".md")
    post = here.owner(url.removesuffix(".md")) if is_asked else None
    if post is None:
        return None
    carried().kind = "source"
    edition().html(post)  # one whose page cannot be shown is withheld
    text = public_source(
        post,
        here.source(post),
        here.site.zone,
        trusted=here.site.html == "trusted",
        address=here.address if here.site.prefix else None,
    )
    return Page(text, mimetype="text/markdown", headers={"X-Robots-Tag": "noindex"}).kept_at(url)


def _file(post: Post, name: str) -> Response | None:
    """A file that a post shows; a picture for long under its hash, and as it is now under an older one."""
    carried().kind = "picture"
    here, given = snapshot(), ""
    path = here.file_below(post, name, edition().named_files(post))
    if path is None and is_picture(name):
        plain, given = without_hash(name)
        path = here.file_below(post, plain, edition().named_files(post)) if plain else None
    response = blog().files.beside_post(request, here, path) if path else None
    if path is None or response is None:
        return None
    is_current = given != "" and given == blog().files.content_hash(here, path)
    lasts = unchanging(here, blog().clock()) if is_current else NO_CACHE
    response.headers.setdefault("Cache-Control", lasts)
    if post.noindex and not is_picture(path):
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def _at_the_root(name: str) -> Response | None:
    """Return a file of the folder `root/`, which has the last claim to its address."""
    here = snapshot()
    path = here.named(f"root/{name}")
    response = blog().files.at_the_root(request, here, path) if path in here.files else None
    if response is not None:
        carried().kind = "asset"
    return response


# --- parts


def _archive(url: str, *only: int) -> Response:
    """The page of all months, of a year, or of a month of it."""
    found = snapshot().archived(*only, most=ARCHIVE_SHOWS_ALL_BELOW)
    if only and not found:
        abort(404)
    title, label = _name_of_archive(*only)
    years: dict[int, list[Month]] = defaultdict(list)
    for year, month, count, posts in found:
        first = datetime(year, month, 1, 12, tzinfo=snapshot().site.zone)
        years[year].append(Month(first, f"/archive/{year:04}/{month:02}/", count, posts))
    return page(
        "archive.html",
        url,
        share=share_of_page(title, url, label=label),
        title=title,
        years=[
            Year(year, f"/archive/{year:04}/", sum(month.count for month in months), tuple(months))
            for year, months in years.items()
        ],
    )


def _name_of_archive(year: int = 0, month: int = 0) -> tuple[str, str]:
    """The title of a page of the archive, and what it is a part of."""
    if not year:
        return say("Archive"), ""
    title = month_and_year(datetime(year, month, 1), snapshot().site.language) if month else str(year)
    return title, say("Archive")


def _subjects(kind: str, url: str) -> Response:
    language = snapshot().site.language
    ordered = sorted(snapshot().subjects(kind), key=lambda subject: sort_key(subject[0].name, language))
    return page(
        "subjects.html",
        url,
        share=share_of_page(say(_LISTS[kind]), url),
        kind=kind,
        subjects=[(term, count, term_url(kind, term)) for term, count in ordered],
    )


def _subject(kind: str, slug: str, number: int) -> Response:
    here = snapshot()
    term = here.subject(kind, slug)
    if term is None:
        return respelt(kind)
    first, count = term_url(kind, term), here.count_of(kind, slug)
    start, stop, pagination, url = _slice(count, number, first)
    return page(
        "subject.html",
        url,
        share=share_of_page(term.name, url, label=say(_KINDS[kind]), first=first),
        feeds=[(term.name, f"{first}feed.xml")],
        kind=kind,
        name=term.name,
        term=term,
        author=term if isinstance(term, Author) else None,
        count=count,
        posts=here.listed_of(kind, slug, start, stop),
        pagination=pagination,
    )


def _slice(count: int, number: int, first: str, *, taken: int = 0) -> tuple[int, int, Pagination, str]:
    """Return from which to which of `count` posts page `number` goes, where it stands, and its address.

    `taken` places of the first page are taken.
    """
    size = snapshot().site.per_page
    last = max(1, -(-(count + taken) // size))
    if number > last:
        abort(404)

    def url(wanted: int) -> str:
        return first if wanted == 1 else f"{first}page/{wanted}/"

    start, stop = max(0, (number - 1) * size - taken), number * size - taken
    newer = url(number - 1) if number > 1 else ""
    older = url(number + 1) if number < last else ""
    return start, stop, Pagination(number, last, newer, older), url(number)
