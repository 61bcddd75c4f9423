"""What views work with: the parts of the blog, and the page that is being answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

from flask import Response, abort, current_app, request

from bitacora.library.library import Library
from bitacora.library.rendered import Bodies
from bitacora.library.snapshot import Snapshot
from bitacora.posts.permalink import quote_path, quote_query, with_query
from bitacora.posts.post import Post
from bitacora.publish.home import Home
from bitacora.settings import Operator, Site
from bitacora.share.desk import Desk
from bitacora.share.metadata import Preview, preview, site_preview
from bitacora.web.cards import Cards, said_of_page
from bitacora.web.derived import Derived
from bitacora.web.desk import DeskError
from bitacora.web.desk import desk_of as judged
from bitacora.web.edition import Edition, term_url
from bitacora.web.exchange import Page, carried
from bitacora.web.files import Files
from bitacora.web.inputs import Door
from bitacora.web.metrics import Metrics
from bitacora.web.page_cache import PageCache
from bitacora.web.signed import kept_key
from bitacora.web.theme import Theme
from bitacora.web.words import Words

# Not allowed in XML 1.0, section 2.2, however they are written.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass
class Blog:
    """The parts, made by `create_app` once.

    `clock` gives seconds since the epoch. `home` is where git publishes the site, if it does. `site` is what the
    settings were when last seen, for answers that may not ask the disk.
    """

    operator: Operator
    library: Library
    bodies: Bodies
    files: Files
    words: Words
    theme: Theme
    page_cache: PageCache
    derived: Derived
    cards: Cards
    metrics: Metrics
    clock: Callable[[], float]
    home: Home | None = None
    site: Site = field(default_factory=Site)
    kept: Path | None = None
    """The site's cache folder, where there is one."""

    @property
    def links_key(self) -> str:
        """What signs preview and status links: the operator's key, else the one that this machine has made."""
        return self.operator.secret_key or kept_key(self.kept)

    def edition(self, snapshot: Snapshot) -> Edition:
        return Edition(snapshot, self.bodies, self.files)

    def desk(
        self,
        snapshot: Snapshot,
        post: Post,
        language: str = "",
        *,
        draws: bool = True,
        is_preview: bool = False,
    ) -> Desk:
        """How the link to a post looks everywhere and what is wrong with it; may leave its card undrawn.

        For a preview the snapshot is another one than readers get. Without a `language` it is the site's.
        """
        language = language or snapshot.site.language
        say = partial(self.words.say, language)
        return judged(self.edition(snapshot), self.cards, post, say, language, draws=draws, is_preview=is_preview)

    def say(self, snapshot: Snapshot, text: str, **values: object) -> str:
        """A word of the interface in the site's language."""
        return self.words.say(snapshot.site.language, text, **values)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation."""

    label: str
    url: str
    current: bool
    lang: str = ""


def blog() -> Blog:
    return cast(Blog, current_app.extensions["bitacora"])


def door() -> Door:
    """The way to the site for the page that is being made."""
    this = carried()
    if this.door is None or this.door.of is not this.here:
        this.door = Door(blog().edition(this.here))
    return this.door


def snapshot() -> Snapshot:
    """The site that this request is answered from; what is asked of it is noted for the page."""
    return door().snapshot


def edition() -> Edition:
    """The same, with bodies and files."""
    return door().edition


def unnoted() -> Edition:
    """The same for what has no part in the page."""
    return blog().edition(carried().here)


def say(text: str, **values: object) -> str:
    """A word of the interface in the site's language."""
    return blog().say(snapshot(), text, **values)


def page(
    template: str | Sequence[str],
    url: str,
    *,
    share: Preview | None = None,
    noindex: bool = False,
    keep: bool = True,
    beside: bool = False,
    feeds: Sequence[tuple[str, str]] = (),
    **context: object,
) -> Page:
    """An HTML page whose own address is `url`; kept for the next readers unless `keep` is false.

    `beside` the pages of readers, if it is large and for few.
    """
    here = edition()
    site = here.snapshot.site
    body = blog().theme.render(
        [template] if isinstance(template, str) else template,
        here,
        lang=site.language,
        canonical=here.absolute(url),
        navigation=navigation(url),
        feeds=[(site.title, "/feed.xml"), *feeds],
        theme_css="/theme.css" if site.accent else "",
        share=share,
        noindex=noindex,
        **{"notice": carried().notice, **context},
    )
    if beside:
        door().inputs.leave_out()  # it is made from what was drawn, too
    return Page(body.encode(errors="replace")).kept_at(url if keep else "", beside=beside)


def text(template: str, url: str, mimetype: str, **context: object) -> Page:
    """A page that is no HTML: a feed, a sitemap, a stylesheet."""
    body = blog().theme.render([template], edition(), lang=snapshot().site.language, **context)
    if mimetype.endswith("xml"):
        body = _NOT_XML.sub("", body)
    return Page(body.encode(errors="replace"), mimetype=mimetype).kept_at(url)


def redirect(url: str, code: int, *, is_written: bool = False, keeps_query: bool = True) -> Response:
    """Without a body, and without a host: neither may come from the request, but for what stands behind its `?`.

    An address that an editor has written may lead elsewhere on this host; any other is one of this site.
    """
    here = snapshot()
    url = here.address(url) if is_written else here.site.prefix + url
    if keeps_query and not url.startswith("mailto:"):
        url = with_query(url, quote_query(request.query_string))
    return Response(status=code, headers={"Location": url})


def respelt(kind: str) -> Response:
    """To the page of the category, tag or author that has another slug now; 404 where there is none."""
    slug = (request.view_args or {}).get("slug", "")
    subject = snapshot().spelt(kind, slug)
    if subject is None:
        abort(404)
    rest = quote_path(request.path.removeprefix(f"/{kind}/{slug}/"))
    return redirect(term_url(kind, subject.term) + rest, 308)


def navigation(url: str) -> list[Item]:
    """Of the settings; else the pages, the archive and the categories, where there are any."""
    here = snapshot()
    if links := here.site.navigation:
        return [Item(label, address, address == url) for label, address in links]
    lists = [
        *([(say("Archive"), "/archive/")] if here.has_posts else []),
        *([(say("Categories"), "/categories/")] if here.has_categories else []),
    ]
    return [
        *(Item(post.title, post.url, post.url == url, post.lang) for post in here.pages),
        *(Item(label, address, address == url) for label, address in lists),
    ]


def share_of(post: Post) -> Preview:
    """What networks are told about a post."""
    here = edition()
    authors = (author._replace(slug=here.snapshot.slug("author", author)) for author in post.authors)
    return preview(
        post._replace(authors=tuple(authors)),
        here.snapshot.site,
        summary=here.summary(post),
        picture=blog().cards.picture(here, post),
        picture_on_x=blog().cards.picture(here, post.on_x) if post.share_image_on_x else None,
        minutes=here.minutes(post),
        logo=here.logo(),
        translations=[other.lang for other in here.translations(post)],
    )


def desk_of(post: Post, *, is_preview: bool = False) -> Desk | None:
    """The share desk of a post; None where it fails by a fault of ours, without which the page is still of use."""
    try:
        return blog().desk(carried().here, post, is_preview=is_preview)
    except DeskError:
        return None


def share_of_page(title: str, url: str, *, label: str = "", first: str = "") -> Preview:
    """What networks are told about a page that is no post.

    `label` says what kind of page it is, `first` is the address of the first page of a list.
    """
    here = edition()
    site = here.snapshot.site
    picture = blog().cards.page_picture(here, said_of_page(site, title, label), first or url)
    return site_preview(site, title, site.description, url, picture)
