"""How a file becomes a Post: frozen values, no bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Term:
    """A category or tag: the name as its author wrote it, the slug for its URL."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who writes: from `[authors.<key>]` of site.toml, or just a name. Empty text means not given."""

    name: str
    slug: str
    url: str = ""
    picture: str = ""
    fediverse: str = ""
    x: str = ""
    bluesky: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as a post names it: address as written (local path or URL), caption, alternative text."""

    src: str
    caption: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One Markdown file of `posts/` or `pages/`, without its body.

    `path` is relative to the site folder. `url` is site-relative and percent-encoded. All texts are plain text
    (no markup, entities decoded once). Times are aware and in UTC. `kind` is "post" or "page"; only a page may
    have no date.
    """

    path: str
    kind: str
    url: str
    slug: str
    title: str
    date: datetime | None
    updated: datetime | None
    expires: datetime | None
    intro: str
    categories: tuple[Term, ...]
    tags: tuple[Term, ...]
    authors: tuple[Author, ...]
    images: tuple[Image, ...]
    aliases: tuple[str, ...]
    highlighted: bool
    draft: bool
    hidden: bool
    noindex: bool
    toc: bool
    math: bool
    lang: str
    translation_key: str
    template: str
    share_title: str
    share_image: Image | None
    share_message: Mapping[str, str]
    extra: Mapping[str, object]
    body_line: int
