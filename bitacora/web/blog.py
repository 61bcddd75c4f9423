"""What views work with: the parts of the blog, and the page that is being answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flask import Response, current_app, g

from bitacora.content.bodies import Bodies
from bitacora.content.library import Library
from bitacora.content.pictures import Picture
from bitacora.content.post import Post
from bitacora.content.snapshot import Snapshot
from bitacora.settings import Operator
from bitacora.share.metadata import Preview, SharePicture, preview, site_preview
from bitacora.web.derived import Derived
from bitacora.web.files import Files
from bitacora.web.page_cache import PageCache
from bitacora.web.theme import Theme, absolute, minutes, picture, summary
from bitacora.web.words import Words


@dataclass(frozen=True)
class Blog:
    """The parts, made by `create_app` once."""

    operator: Operator
    library: Library
    bodies: Bodies
    files: Files
    words: Words
    theme: Theme
    page_cache: PageCache
    derived: Derived


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation."""

    label: str
    url: str
    current: bool


def blog() -> Blog:
    return cast(Blog, current_app.extensions["bitacora"])


def snapshot() -> Snapshot:
    """The site that this request is answered from."""
    return cast(Snapshot, g.snapshot)


def say(text: str, **values: object) -> str:
    """A word of the interface in the site's language."""
    return blog().words.say(snapshot().site.language, text, **values)


def page(
    template: str | Sequence[str],
    url: str,
    *,
    share: Preview | None = None,
    noindex: bool = False,
    keep: bool = True,
    feeds: Sequence[tuple[str, str]] = (),
    **context: object,
) -> Response:
    """An HTML page whose own address is `url`; kept for the next readers unless `keep` is false."""
    site = snapshot().site
    text = blog().theme.render(
        template,
        snapshot(),
        lang=site.language,
        canonical=absolute(snapshot(), url) if url else "",
        navigation=navigation(url),
        feeds=[(site.title, "/feed.xml"), *feeds],
        theme_css="/theme.css" if site.accent else "",
        share=share,
        noindex=noindex,
        **context,
    )
    if keep:
        g.keep = url
    return Response(text)


def text(template: str, url: str, mimetype: str, **context: object) -> Response:
    """A page that is no HTML: a feed, a sitemap, a stylesheet."""
    body = blog().theme.render(template, snapshot(), lang=snapshot().site.language, **context)
    g.keep = url
    return Response(body, mimetype=mimetype)


def navigation(url: str) -> list[Item]:
    """Of the settings; else the pages, the archive and the categories, where there are any."""
    here = snapshot()
    links: Sequence[tuple[str, str]] = here.site.navigation
    if not links:
        links = [
            *((post.title, post.url) for post in here.pages),
            *([(say("Archive"), "/archive/")] if here.posts else []),
            *([(say("Categories"), "/categories/")] if here.categories else []),
        ]
    return [Item(label, address, address == url) for label, address in links]


def share_of(post: Post) -> Preview:
    """What networks are told about a post."""
    here = snapshot()
    if post.share_image is not None:
        found: Picture | None = here.picture(post, post.share_image)
    else:
        found = picture(blog().bodies, here, post)
    return preview(
        post,
        here.site,
        summary=summary(blog().bodies, here, post),
        picture=share_picture(found),
        minutes=minutes(blog().bodies.html(here, post)),
        logo=logo(),
        translations=[other.lang for other in translations(post)],
    )


def share_of_page(title: str, url: str, description: str = "") -> Preview:
    """What networks are told about a page that is no post."""
    return site_preview(snapshot().site, title, description or snapshot().site.description, url)


def share_picture(found: Picture | None) -> SharePicture | None:
    if found is None:
        return None
    return SharePicture(absolute(snapshot(), found.url), found.width, found.height, found.type, found.alt)


def logo() -> str:
    """The absolute address of the picture that stands for the site."""
    name = snapshot().site.logo or "touch-icon.png"
    return absolute(snapshot(), blog().files.static_url(snapshot(), name))


def translations(post: Post) -> list[Post]:
    """The same post in other languages."""
    key = post.translation_key
    return [other for other in snapshot().translations.get(key, ()) if other.path != post.path] if key else []


def named_files(post: Post) -> list[str]:
    """The addresses of files that a post names, in its head and in its body."""
    images = [image.src for image in post.images]
    if post.share_image is not None:
        images.append(post.share_image.src)
    return [*images, *blog().bodies.html(snapshot(), post).pictures]
