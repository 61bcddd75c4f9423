"""How a file becomes a Post: frozen values, no bodies."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

from bitacora import network_names
from bitacora.files.layout import DRAFT_FOLDERS, JEKYLL_FOLDERS, SETTINGS_FILE
from bitacora.markdown.comments import without_comments
from bitacora.markdown.text import FURTHEST_HEADING, first_heading, lost_in, plain_text
from bitacora.markdown.wikilinks import address_of, as_words, only_name_in
from bitacora.posts.dates import REMEDY, DateError, read_date
from bitacora.posts.head import (
    NULLS,
    Comment,
    Head,
    Node,
    Scalar,
    Sequence,
    Table,
    advice_on,
    body_after_head,
    comments_behind,
    is_given,
    key_of,
    kind_of_group,
    read_head,
)
from bitacora.posts.permalink import (
    PLACEHOLDERS,
    Facts,
    PermalinkError,
    is_foreign,
    local_address,
    name_key,
    name_of,
    own_permalink,
    page_address,
    permalink,
    slugify,
    term_slug,
)
from bitacora.posts.pictures import read_focus
from bitacora.posts.torn_heads import says_private
from bitacora.posts.visibility import Mark, Said, is_honoured, judge, more_private
from bitacora.problems import Mistake, PostError, Remark, named, odd_characters, shown
from bitacora.settings import AUTHOR_KEYS, NETWORKS, Site, is_link

_log = logging.getLogger(__name__)


class Term(NamedTuple):
    """A category or tag: the name as its author wrote it, the slug for its URL.

    Where another name has the same slug, `Snapshot.slug` tells which one this has instead.
    """

    name: str
    slug: str


class Author(NamedTuple):
    """Somebody who writes: from `[authors.<key>]` of site.toml, or just a name. Empty text means not given."""

    name: str
    slug: str
    url: str = ""
    picture: str = ""
    fediverse: str = ""
    x: str = ""
    bluesky: str = ""


class Image(NamedTuple):
    """A picture as a post names it: address as written (local path or URL), caption, alternative text."""

    src: str
    caption: str = ""
    alt: str = ""


class Post(NamedTuple):
    """One Markdown file of `posts/` or `pages/`, without its body.

    `path` is relative to the site folder. `url` is site-relative and percent-encoded. All texts are plain text
    (no markup, entities decoded once). Times are aware and in UTC. `kind` is "post" or "page"; only a page or a
    draft may have no date. `visibility` tells from `draft`, `hidden`, `date`, `not_before` and `expires` who sees
    it and when; `marks` are the words that withhold it. Slugs are not percent-encoded. `remarks` tell what was
    left out of it, in the order of the file; `repeats` whether its head has a key twice (`repeated_keys`).
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
    focus: tuple[float, float] | None
    extra: Mapping[str, object]
    body_line: int
    share_title_on_x: str = ""
    share_image_on_x: Image | None = None
    remarks: tuple[Remark, ...] = ()
    repeats: bool = False
    not_before: datetime | None = None
    is_mapped: bool = True
    marks: tuple[Mark, ...] = ()

    def __repr__(self) -> str:
        return f"<Post {self.path}>"  # whoever writes out one by mistake writes no more than this

    @property
    def on_x(self) -> Post:
        """The post with the picture that X alone is told of in the place of all others', if there is one."""
        return self._replace(share_image=self.share_image_on_x) if self.share_image_on_x else self


def read_post(source: bytes, path: str, site: Site) -> Post:
    """The post that a file describes; `path` is relative to the site folder.

    Raises PostError, and nothing else whatever the bytes, for a head that cannot be read whole or a value that
    cannot be meant.
    """
    draft = _is_in_drafts(path)
    try:
        try:
            head = read_head(source, path)
        except PostError as error:
            error.withdrawn = error.withdrawn or says_private(source)
            raise
        _refuse_second_head(head, path)
        fields = _Fields(head, path, site)
        said = fields.judged()
        draft = said.draft or draft
        return _post(fields, said, draft)
    except PostError as error:
        error.withdrawn = error.withdrawn or draft
        raise
    except Exception as error:  # one file must never disturb another, not even by a fault of ours
        _log.exception("reading %s failed", path)
        reason = f"The reader failed on this file ({type(error).__name__})."
        raise PostError(path, 1, 1, reason, "Please report it with the file.", withdrawn=draft) from error


_ENDS_HEAD = r"(?:-{3,}|\+{3,})[ \t]*+\r?(?:\n|\Z)"
_SECOND_HEAD = re.compile(
    rf"\s*+(?:-{{3,}}|\+{{3,}})[ \t]*+\r?\n(?:(?!---|\+\+\+)[^\S\n]*+\S[^\n]*+\n)++{_ENDS_HEAD}"
)
_KEYS_AND_FENCE = re.compile(
    rf"""\s*+(?:(?!---|\+\+\+)(?:["']?\w[\w -]*+["']?[ \t]*+[:=]|[ \t#-])[^\n]*+\n)++{_ENDS_HEAD}"""
)


def _refuse_second_head(head: Head, path: str) -> None:
    """Raise PostError where another head follows, as templates and importers leave it, and says private."""
    start = head.body_start
    found = _SECOND_HEAD.match(head.text, start)
    if not found and not head.entries:
        found = _KEYS_AND_FENCE.match(head.text, start)
    if found and says_private(found[0].lstrip().encode()):
        line = head.text.count("\n", 0, start) + 1
        reason = "A second head follows the first, and says that not everybody may see the text."
        raise PostError(path, line, 1, reason, "Put the keys of both between the same two lines.", withdrawn=True)


def date_of_words(site: Site) -> Callable[[Scalar], datetime]:
    """Return what reads a date as one in a head of this site, and raises DateError."""
    return lambda node: _date(node.text, site, plain=node.plain)


def withheld(post: Post, said: Said) -> Post:
    """Return the post as it is where a folder says more of who may see it than its head."""
    if said == Said():
        return post
    of_head = Said(
        post.draft, post.hidden, post.noindex, not post.is_mapped, post.highlighted, post.not_before, post.expires
    )
    both = more_private(of_head, said)
    since = both.since if both.since and (post.date is None or both.since > post.date) else None
    return post._replace(
        draft=both.draft,
        hidden=both.hidden,
        noindex=both.noindex or both.hidden,
        is_mapped=not both.unmapped,
        not_before=since,
        expires=both.until,
        marks=(*post.marks, *said.marks),
    )


def lines_of(source: bytes, path: str) -> dict[str, int]:
    """The lines of a file's keys, as they are written there; empty for what has no head.

    A picture inside `header` is "header.image".
    """
    try:
        head = read_head(source, path)
    except PostError:
        return {}
    lines = {key: head.position(node)[0] for key, node in head.entries.items()}
    header = next((node for key, node in head.entries.items() if key_of(key) == "header"), None)
    if isinstance(header, Table) and "image" in header.entries:
        lines["header.image"] = head.position(header.entries["image"])[0]
    return lines


def repeated_keys(source: bytes, path: str) -> list[PostError]:
    """What counts for nothing in a file, because a later line of its head has the same key."""
    try:
        head = read_head(source, path)
    except PostError:
        return []
    remedy = "Leave one of them."
    return [
        PostError(path, *head.position(node), f"{key} is given again below, and only the last one counts.", remedy)
        for key, node in head.repeated
    ]


def role_of(key: str) -> str:
    """What a key of a head means, however it is written; empty for one that is unknown."""
    return (_ROLES.get(key) or _ROLES.get(key_of(key)) or ("", 0))[0]


def own_id(post: Post) -> str:
    """Return the id that a head gives its post for feeds, `id` or `guid`, where it is an IRI (RFC 4287, 4.2.6).

    Other tools write numbers and names there, which are no ids outside of their site. Empty where there is none.
    """
    written = (value for key, value in post.extra.items() if key_of(key) in _ID_KEYS)
    return next((value for value in written if isinstance(value, str) and _IRI.fullmatch(value)), "")


def meant_key(key: str) -> str:
    """The key that an unknown one is a slip of, or says in Spanish or Portuguese; empty where it is neither.

    A word that is honoured is never a slip.
    """
    name = key_of(key)
    if name not in TRANSLATED and is_honoured(key):
        return ""
    if name in TRANSLATED:
        return TRANSLATED[name]
    near = get_close_matches(name, _ROLES, 1, _ALIKE)
    return near[0] if near and abs(len(near[0]) - len(name)) <= _MOST_SLIPS else ""


def title_of_name(path: str) -> str:
    """Return the title that the name of a file gives to a post without another one."""
    return _words(name_of(path)[1])


def body_of(source: bytes) -> str:
    """The body of a file that `read_post` has read, without reading the head again; empty for any other file.

    It has comments, which are not to be shown: `markdown.render` takes them out.
    """
    try:
        return body_after_head(source)
    except PostError:
        return ""


def reads_the_same(old: bytes, new: bytes) -> bool:
    """Whether readers see no difference between two versions of a file but white space, tags and old addresses."""
    if body_of(old).split() != body_of(new).split():
        return False
    try:
        heads = [read_head(source, "") for source in (old, new)]
    except PostError:
        return old.split() == new.split()
    before, after = (
        {key_of(key): _value(node) for key, node in head.entries.items() if role_of(key) not in _UNSEEN_ROLES}
        for head in heads
    )
    return before == after


def named_in_head(post: Post) -> list[str]:
    """Return the addresses of pictures and documents that the head of a post names, as written there."""
    images = [*post.images, *filter(None, (post.share_image, post.share_image_on_x))]
    found = [image.src for image in images]
    for key, value in post.extra.items():
        if key_of(key) in _ATTACHED:
            for one in value if isinstance(value, list | tuple) else (value,):
                parts = one.items() if isinstance(one, dict) else ((_ATTACHED_PARTS[0], one),)
                found += [
                    part for name, part in parts if isinstance(part, str) and key_of(name) in _ATTACHED_PARTS
                ]
    return found


# --- keys: which mean the same, the first given wins

_KEYS = {
    "title": ("title", "linktitle"),
    "date": ("date", "publishdate", "publish_date", "pubdate"),
    "updated": ("updated", "last_modified_at", "lastmod", "modified"),
    "expires": ("expires", "expirydate", "expiry_date", "unpublish_date", "unpublishdate"),
    "slug": ("slug",),
    "permalink": ("permalink", "url", "path"),
    "aliases": ("aliases",),
    "redirect_from": ("redirect_from",),
    "categories": ("categories",),
    "category": ("category", "section"),
    "tags": ("tags", "topics", "tag", "keywords"),
    "authors": ("authors", "author"),
    "intro": ("intro", "description", "summary", "excerpt", "subtitle", "deck", "snippet", "kicker"),
    "images": (
        "single_image", "image", "images", "cover", "header.image", "primary_image", "header_image", "header_img",
        "featured_image", "hero", "thumbnail", "imagepost", "img", "thumb",
    ),
    "image_caption": ("image_caption", "image_figcaption"),
    "image_alt": ("image_alt", "image_accessibility"),
    "highlighted": ("highlighted", "featured", "pinned"),
    "share_message": ("share_message",),
    "share_title": ("share_title",),
    "share_image": ("share_image",),
    "focus": ("focus",),
    "lang": ("lang", "language", "locale"),
    "translation_key": ("translation_key", "translationkey", "ref"),
    "draft": ("draft",),
    "published": ("published",),
    "status": ("status",),
    "template": ("template", "layout"),
    "toc": ("toc",),
    "math": ("math", "mathjax"),
    "noindex": ("noindex",),
    "hidden": ("hidden", "unlisted"),
}  # fmt: skip
TRANSLATED = {
    "titulo": "title", "título": "title", "fecha": "date", "resumen": "intro", "resumo": "intro",
    "bajada": "intro",
    "etiquetas": "tags", "idioma": "lang", "destacado": "highlighted", "destaque": "highlighted",
    "actualizado": "updated", "atualizado": "updated",
}  # fmt: skip
"""What editors write who think in another language: told, not taken, for a theme may have such keys of its own."""
NETWORK_UNKNOWN = Mistake(
    "share-network-unknown",
    "%(key)s knows no network %(written)s, so what is written for it is not used.",
    "Write one of %(allowed)s.",
)
NETWORK_MISSPELT = Mistake(
    NETWORK_UNKNOWN.rule, NETWORK_UNKNOWN.reason, "Did you mean %(meant)s? It may be one of %(allowed)s."
)
NETWORK_NOT_APART = Mistake(
    "share-network-not-apart",
    "What %(key)s says for %(written)s alone is not used: only X has tags of its own, all others read the same.",
    "Write it for default, which is all others, or for x.",
)
NETWORK_TWICE = Mistake(
    "share-network-twice",
    "%(key)s says one thing for %(written)s and another for %(other)s, which is the same network: only the last "
    "counts.",
    "Leave one of them.",
)
NOT_A_TEXT = Mistake(
    "share-not-text", "%(name)s is no text: %(written)s.", 'Write it in quotes, like %(last)s: "One text".'
)
NOT_A_PICTURE = Mistake(
    "share-not-picture",
    "%(name)s is not the address of a picture: %(written)s.",
    "Write the name of a file beside the post, or an address with https, like %(last)s: picture.jpg.",
)
NOT_A_FOCUS = Mistake(
    "focus-unknown",
    "%(name)s is not a place in a picture: %(written)s.",
    "Write words such as “top” or “bottom left”, or two numbers from 0 to 1 such as “0.3 0.7”.",
)
VALUE_CUT = Mistake(
    "value-cut",
    "%(name)s is %(written)s without %(cut)s: for YAML, # after a space begins a comment.",
    "If it belongs to the value, put all of it in quotes: %(whole)s. Else give the comment a line of its own.",
)
TITLE_LOSES = Mistake(
    "title-loses",
    "%(name)s is shown without %(lost)s.",
    "Put what should be seen between backticks, or take it out.",
)
ALIAS_WITH_FRAGMENT = Mistake(
    "alias-useless",
    "%(name)s %(written)s leads here without what stands behind #, which browsers never send.",
    "Write it without #, like /old/address/.",
)
ALIAS_OF_MANY = Mistake(
    ALIAS_WITH_FRAGMENT.rule,
    "%(name)s %(written)s leads here from that one address alone: *, : and .. stand for nothing else.",
    "Write each old address whole, like /old/address/.",
)
ALIAS_ELSEWHERE = Mistake(
    ALIAS_WITH_FRAGMENT.rule,
    "%(name)s %(written)s leads nowhere: an old address is a path on this site, without scheme and host.",
    "Write it like /old/address/, or take it out.",
)
ALIASES_IN_ONE = Mistake(
    ALIAS_WITH_FRAGMENT.rule,
    "%(name)s %(written)s is read as one address, with its spaces and commas.",
    "Write a list of addresses, like [/old/address/, /older/address/].",
)
MISTAKES = (
    VALUE_CUT, TITLE_LOSES, ALIAS_WITH_FRAGMENT, ALIAS_OF_MANY, ALIAS_ELSEWHERE, ALIASES_IN_ONE,
    NETWORK_UNKNOWN, NETWORK_MISSPELT, NETWORK_NOT_APART, NETWORK_TWICE, NOT_A_TEXT, NOT_A_PICTURE, NOT_A_FOCUS,
)  # fmt: skip
"""What a head may get wrong and be published all the same."""

_ATTACHED = {
    "attachment", "attachments", "document", "documents", "download", "downloads", "enclosure", "enclosures",
    "file", "files", "resources", "pdf", "audio", "podcast", "video",
    "adjunto", "adjuntos", "anexo", "anexos", "archivo", "archivos", "arquivo", "arquivos", "documento",
    "documentos", "descarga", "descargas",
}  # fmt: skip
"""Keys for documents beside a post. The engine shows none of them; themes do."""
_ATTACHED_PARTS = ("src", "file", "url", "path", "href")

_ROLES = {key: (role, rank) for role, keys in _KEYS.items() for rank, key in enumerate(keys)}
_SEVERAL_ADDRESSES = re.compile(r"[\s,;](?:/|https?:)")
_OLD_ADDRESSES = {"aliases", "redirect_from"}
_UNSEEN_ROLES = {*_OLD_ADDRESSES, "tags", "translation_key"}
_IMAGE_TEXTS = {"image_caption", "image_alt"}
_IMAGE_KEYS = {key: rank for rank, key in enumerate(("img", "src", "path", "url", "image", "file"))}
_PICTURE_PARTS = {*_IMAGE_KEYS, "caption", "alt"}
_APART = tuple(network_names.APART)
_TEXTS = {"title", "intro", "share_title", "share_message", "image_caption", "image_alt"}
_CUT_AT_BLANKS = {*_TEXTS, "slug", "permalink"}
_NEVER_CUT = {
    "date", "updated", "expires", "draft", "published", "status", "highlighted", "hidden", "noindex", "toc",
    "math", "lang", "template", "focus",
}  # fmt: skip
"""What has no # inside: a comment behind it takes nothing away."""
_MOST_TOLD = 3
_LONGEST_TOLD = 80
_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}
_ALIKE = 0.8
_MOST_SLIPS = 2
_STATES = {"draft", "published", "status"}
_DECISIVE = {*_STATES, *_KEYS["hidden"], *_KEYS["date"], *_KEYS["expires"]}
"""Keys that decide what is public."""
_DEFAULT_LAYOUTS = {"post", "page", "default", "none", "false"}

_ID_KEYS = ("id", "guid")
_IRI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*+:[^\s<>\"{}|\\^`]+")
_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_TEMPLATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:[/.][A-Za-z0-9][A-Za-z0-9_-]*)*")
_DATE_IN_ADDRESS = re.compile(r"/([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})/")
_WHOLE_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")

# Bidi controls reorder what a reader sees of a title in any list or share; two of the rest are not XML.
_UNSEEN: dict[int, str | None] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0xFEFF, 0xFFFE, 0xFFFF], None),
    **dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], None),
    **dict.fromkeys([0x09, 0x0D, 0x85, 0x2028, 0x2029], " "),
    0x0A: "\n",
}


class _Fields:
    """The keys of one head by what they mean, and how to complain about them."""

    def __init__(self, head: Head, path: str, site: Site) -> None:
        self.head, self.path, self.site = head, path, site
        self.remarks: list[Remark] = []
        self.has_doubles = bool(head.repeated)
        self.found: dict[str, tuple[int, str, Node]] = {}
        self.unknown: dict[str, Node] = {}
        for key, node in head.entries.items():
            if place := _ROLES.get(key) or _ROLES.get(key_of(key)):
                if is_given(node):
                    self.put(*place, key, node)
            else:
                self.unknown[key] = node
                if key_of(key) == "header" and isinstance(node, Table) and "image" in node.entries:
                    self.put(*_ROLES["header.image"], "header.image", node.entries["image"])

    def put(self, role: str, rank: int, key: str, node: Node) -> None:
        before = self.found.get(role)
        self.has_doubles = self.has_doubles or before is not None
        if before is None or rank <= before[0]:
            self.found[role] = rank, key, node

    def wrong(self, node: Node, reason: str, remedy: str, *, withdrawn: bool = False) -> PostError:
        remedy += advice_on(list(odd_characters(node.text))) if isinstance(node, Scalar) else ""
        return PostError(self.path, *self.head.position(node), reason, remedy, withdrawn=withdrawn)

    def remark(self, mistake: Mistake, node: Node, name: str, **values: str) -> None:
        """Go on without a value; `name` is that of its key, behind a dot that of a key within."""
        key, _, within = name.partition(".")
        said = {"key": key, "name": name, "last": within or key, "written": _written(node)} | values
        place = self.head.position(node)
        self.remarks.append(Remark(mistake, self.path, *place, key, tuple(said.items())))

    def remark_comments(self) -> None:
        """Note each value of which YAML takes a part for a comment, though its author hardly meant one."""
        for comment in comments_behind(self.head):
            role = role_of(comment.key)
            if _is_cut(role, comment):
                text, line = comment.value.text, f"{comment.value.text} {comment.text}".strip()
                whole = "'" + line.replace("'", "''") + "'"
                place = Scalar("", True, comment.start)
                self.remark(
                    VALUE_CUT,
                    place,
                    comment.key,
                    written=shown(text),
                    cut=shown(comment.text),
                    whole=_short(whole),
                )

    def title(self, role: str) -> str:
        """The plain text of a title, and a remark of what it loses that is more than emphasis."""
        node = self.scalar(role)
        if node is None:
            return ""
        text = _seen(plain_text(node.text))
        doubtful = "" if node.text.isprintable() else node.text
        unseen = dict.fromkeys(char for char in doubtful if ord(char) in _UNSEEN and char not in "\t\r\n")
        if lost := (*map(named, unseen), *map(shown, lost_in(node.text))):
            self.remark(TITLE_LOSES, node, self.found[role][1], lost=", ".join(lost[:_MOST_TOLD]))
        return text

    def scalar(self, role: str) -> Scalar | None:
        if role not in self.found:
            return None
        _, key, node = self.found[role]
        return self.one(key, node)

    def one(self, name: str, node: Node, like: str = "") -> Scalar:
        """The value itself; `like` is how to write it, where it is not the value of a key of the head."""
        if isinstance(node, Scalar):
            return node
        remedy = f"Write it like {like or _like(name)}."
        raise self.wrong(node, f"{name} is {kind_of_group(node)}, where one value belongs.", remedy)

    def item(self, key: str, node: Node) -> Scalar:
        return self.one(f"An item of {key}", node, f'{key}: ["One value", "Another"]')

    def part(self, key: str, name: str, node: Node) -> Scalar:
        return self.one(f"{name} of {key}", node, _like(name))

    def text(self, role: str) -> str:
        node = self.scalar(role)
        return "" if node is None else _seen(node.text).strip()

    def plain(self, role: str) -> str:
        node = self.scalar(role)
        return "" if node is None else _plain(node.text)

    def intro(self, role: str) -> str:
        node = self.scalar(role)
        if node is None:
            return ""
        text = _uncommented(node.text)
        if "{" in text and (lost := [shown(part) for part in lost_in(text) if part.startswith("{")]):
            self.remark(TITLE_LOSES, node, self.found[role][1], lost=", ".join(lost[:_MOST_TOLD]))
        return _seen(plain_text(text))

    def switch(self, role: str) -> bool | None:
        if role not in self.found:
            return None
        _, key, node = self.found[role]
        text = _word(node)
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        found = shown(node.text) if isinstance(node, Scalar) else f"is {kind_of_group(node)}, which"
        reason = f"{key} {found} is neither true nor false."
        raise self.wrong(node, reason, f"Write {key}: true or {key}: false.")

    def judged(self) -> Said:
        """What the head says of who may see it."""
        if self.has_doubles or not _STATES.isdisjoint(self.found):
            self.check_doubles()
        entries = (
            (*self.head.repeated, *self.head.entries.items()) if self.head.repeated else self.head.entries.items()
        )
        has_date = "date" in self.found
        said = judge(entries, self.path, self.head.position, self.moment, has_date=has_date)
        if self.site.explicit and not said.is_meant:
            mark = Mark(SETTINGS_FILE, 1, 1, "explicit", "true", "draft")
            return said._replace(draft=True, marks=(mark, *said.marks))
        return said

    def moment(self, node: Scalar) -> datetime:
        """Raises DateError."""
        return _date(node.text, self.site, plain=node.plain)

    def check_doubles(self) -> None:
        """Of two answers to the question what is public, and when, nobody can say which one is meant."""
        first: dict[str, Node] = {}
        for key, node in (*self.head.repeated, *self.head.entries.items()):
            role = key_of(key)
            if role in _DECISIVE and _word(first.setdefault(role, node)) != _word(node):
                line, _ = self.head.position(first[role])
                reason = f"{key} is given twice, and says something else on line {line}."
                raise self.wrong(node, reason, "Leave one of the two lines.", withdrawn=True)

    def date(self, role: str) -> datetime | None:
        node = self.scalar(role)
        if node is None:
            return None
        try:
            return self.moment(node)
        except DateError as error:
            reason = f"{self.found[role][1]} {shown(node.text)} is not a date: {error}"
            raise self.wrong(node, reason, REMEDY) from None

    def names(self, role: str) -> list[str]:
        """A list, or a string that is split as its key wants it."""
        if role not in self.found:
            return []
        _, key, node = self.found[role]
        if isinstance(node, Table):
            raise self.wrong(
                node, f"{key} is {kind_of_group(node)}, not a list.", f"Write it like {key}: [one, two]."
            )
        if isinstance(node, Scalar):
            texts = _SPLITS.get(key_of(key), _whole)(node.text)
        else:
            texts = [self.item(key, item).text for item in node.items if is_given(item)]
        return [name for text in texts if (name := _tidy(text))]

    def addresses(self, role: str) -> list[str]:
        _, key, node = self.found.get(role, (0, "", None))
        if node is None:
            return []
        if isinstance(node, Table):
            raise self.wrong(
                node, f"{key} is {kind_of_group(node)}, not a list.", f"Write it like {key}: [/old/address/]."
            )
        items = node.items if isinstance(node, Sequence) else [node]
        return list(filter(None, (self.alias(key, item) for item in items if is_given(item))))

    def alias(self, key: str, node: Node) -> str:
        text = self.item(key, node).text.strip()
        if text.startswith((f"{self.site.url}/", f"{self.site.url}#")):
            text = text.removeprefix(self.site.url)
        if is_foreign(text):
            self.remark(ALIAS_ELSEWHERE, node, key)
            return ""
        path, has_fragment, _ = text.partition("#")
        if has_fragment:
            self.remark(ALIAS_WITH_FRAGMENT, node, key)
            text = path
        elif "*" in text or "/:" in text or "/../" in f"/{text}/":
            self.remark(ALIAS_OF_MANY, node, key)
        elif _SEVERAL_ADDRESSES.search(path.partition("?")[0]):
            self.remark(ALIASES_IN_ONE, node, key)
        return local_address(text) if text else ""

    def images(self, role: str) -> tuple[Image, ...]:
        if role not in self.found:
            return ()
        _, key, node = self.found[role]
        items = node.items if isinstance(node, Sequence) else [node]
        images = (self.image(key, item) for item in items if is_given(item))
        return tuple(image for image in images if image is not None)

    def image(self, key: str, node: Node) -> Image | None:
        if isinstance(node, Scalar):
            return self.picture(key, node, "", "")
        if isinstance(node, Sequence):
            raise self.wrong(
                node, f"An item of {key} is a list, not a picture.", f"Write it like {key}: picture.jpg."
            )
        src: Scalar | None = None
        best, texts = len(_IMAGE_KEYS), {"caption": "", "alt": ""}
        for name, value in node.entries.items():
            role = name if name in _IMAGE_KEYS else key_of(name)
            if role in texts and is_given(value):
                texts[role] = self.part(key, name, value).text
            elif _IMAGE_KEYS.get(role, best) < best and is_given(value):
                src, best = self.part(key, name, value), _IMAGE_KEYS[role]
        return None if src is None else self.picture(key, src, **texts)

    def picture(self, key: str, node: Scalar, caption: str, alt: str) -> Image | None:
        src = _tidy(node.text)
        if name := only_name_in(src):
            src = address_of(name)
        elif not src.startswith(("https://", "http://")):
            if node.plain and src.lower() == "false":
                return None
            self.check_picture(key, node, src)
            src = f"https:{src}" if src.startswith("//") else src
        return Image(src, caption and _plain(caption), alt and _plain(alt))

    def check_picture(self, key: str, node: Scalar, src: str) -> None:
        scheme = _ADDRESS.match(src)
        is_word = node.plain and (src.lower() in _TRUE | _FALSE or _WHOLE_NUMBER.fullmatch(src) is not None)
        if is_word or (scheme and scheme[1].lower() not in {"http", "https"}):
            reason = f"{key} {shown(node.text)} is not the address of a picture."
            raise self.wrong(node, reason, "Write the name of a file beside the post, or an address with https.")

    def authors(self) -> tuple[Author, ...]:
        if "authors" not in self.found:
            return (_author(self.site, self.site.author),) if self.site.author else ()
        _, key, node = self.found["authors"]
        if not isinstance(node, Sequence):
            return (self.author(key, node),)
        authors = (self.author(key, item) for item in node.items if is_given(item))
        return tuple({(author.slug, name_key(author.name)): author for author in authors}.values())

    def author(self, key: str, node: Node) -> Author:
        if isinstance(node, Scalar):
            return _author(self.site, _tidy(node.text))
        entries = {key_of(name): value for name, value in node.entries.items()} if isinstance(node, Table) else {}
        if "name" not in entries or not is_given(entries["name"]):
            raise self.wrong(
                node, f"{key} is {kind_of_group(node)} without a name.", f'Write it like {key}: "The name".'
            )
        given = {name: entries[name] for name in AUTHOR_KEYS if name in entries and is_given(entries[name])}
        texts = {name: _tidy(self.part(key, name, value).text) for name, value in given.items()}
        if not is_link(texts.get("url") or "/"):
            reason = f"url of {key} {shown(texts['url'])} is not an address."
            raise self.wrong(given["url"], reason, "Write it like https://example.org/ana.")
        return _made_author(name := texts.pop("name"), term_slug(name), tuple(texts.items()))

    def share_message(self, role: str) -> Mapping[str, str]:
        return {network: _seen(_uncommented(text)).strip() for network, text in self.share_texts(role, NETWORKS)}

    def share_title(self, role: str) -> Mapping[str, str]:
        return {network: _plain(text) for network, text in self.share_texts(role, _APART)}

    def share_image(self, role: str) -> Mapping[str, Image | None]:
        _, key, node = self.found[role]
        picture, by_network = _parted(node)
        values = [("default", key, picture)] if picture else []
        values += self.by_network(key, by_network, _APART) if by_network else []
        return {network: self.share_picture(name, value) for network, name, value in values}

    def share_texts(self, role: str, networks: Collection[str]) -> Iterator[tuple[str, str]]:
        _, key, node = self.found[role]
        for network, name, value in self.by_network(key, node, networks):
            if isinstance(value, Scalar) and not (value.plain and value.text.lower() in {"true", "false"}):
                yield network, value.text
            else:
                self.remark(NOT_A_TEXT, value, name)

    def by_network(self, key: str, node: Node, networks: Collection[str]) -> Iterator[tuple[str, str, Node]]:
        """Network, full name of the key, and value: the one for all, or those given by network."""
        if not isinstance(node, Table):
            yield "default", key, node
            return
        told: dict[str, tuple[str, Node]] = {}
        for name, value in node.entries.items():
            if (network := self.network(key, name, value, networks)) and is_given(value):
                if network in told:
                    before, its_value = told[network]
                    self.remark(NETWORK_TWICE, its_value, key, written=shown(before), other=shown(name))
                told[network] = name, value
        for network, (name, value) in told.items():
            yield network, f"{key}.{name.strip()}", value

    def network(self, key: str, name: str, node: Node, networks: Collection[str]) -> str:
        """The network that is meant, empty if none of these is."""
        network = _network(name)
        if network in networks or network == "default":
            return sys.intern(network)
        allowed = {"written": shown(name), "allowed": ", ".join((*networks, "default"))}
        if network in NETWORKS:
            self.remark(NETWORK_NOT_APART, node, key, **allowed)
        elif meant := get_close_matches(network, (*networks, *network_names.ALIASES, "default"), 1):
            self.remark(NETWORK_MISSPELT, node, key, meant=_network(meant[0]), **allowed)
        else:
            self.remark(NETWORK_UNKNOWN, node, key, **allowed)
        return ""

    def share_picture(self, name: str, node: Node) -> Image | None:
        items = node.items if isinstance(node, Sequence) else [node]
        try:
            image = next(filter(None, (self.image(name, item) for item in items if is_given(item))), None)
        except PostError:
            image, is_none = None, False
        else:
            is_none = isinstance(node, Scalar)  # false: none is wanted
        if image is None and not is_none:
            self.remark(NOT_A_PICTURE, node, name)
        return image

    def lang(self, role: str) -> str:
        text = self.text(role)
        if lang := _language(text):
            return lang
        _, key, node = self.found[role]
        raise self.wrong(node, f"{key} {shown(text)} is not a language.", "Write it like es, pt-BR or en.")

    def template(self, role: str) -> str:
        text = self.text(role)
        if text.lower().removesuffix(".html") in _DEFAULT_LAYOUTS:
            return ""
        if _TEMPLATE.fullmatch(text):
            return sys.intern(text if "." in text else f"{text}.html")
        _, key, node = self.found[role]
        raise self.wrong(
            node, f"{key} {shown(text)} is not the name of a template.", f"Write it like {key}: wide.html."
        )

    def focus(self, role: str) -> tuple[float, float] | None:
        _, key, node = self.found[role]
        try:
            return read_focus(_value(node))
        except ValueError:
            self.remark(NOT_A_FOCUS, node, key)
            return None

    def described_images(self, role: str) -> tuple[Image, ...]:
        """Captions and alternative texts that are keys of their own belong to the first picture."""
        images = self.images(role)
        if not images or _IMAGE_TEXTS.isdisjoint(self.found):
            return images
        first, *rest = images
        caption, alt = first.caption or self.plain("image_caption"), first.alt or self.plain("image_alt")
        return (Image(first.src, caption, alt), *rest)


# Values that depend on their own key alone, by the name of key and value; absent keys keep the default.
_READERS: Mapping[str, Callable[[_Fields, str], object]] = {
    "updated": _Fields.date,
    "intro": _Fields.intro,
    "images": _Fields.described_images,
    "highlighted": _Fields.switch,
    "toc": _Fields.switch,
    "math": _Fields.switch,
    "lang": _Fields.lang,
    "translation_key": _Fields.text,
    "template": _Fields.template,
    "share_message": _Fields.share_message,
    "focus": _Fields.focus,
}
# Values that some networks, like X, may be told apart from all others, and the fields of a Post for them.
_APART_READERS: Mapping[str, Callable[[_Fields, str], Mapping[str, object]]] = {
    "share_title": _Fields.share_title,
    "share_image": _Fields.share_image,
}
_APART_FIELDS = {"default": "", **{name: f"_on_{name}" for name in _APART}}
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("updated", "share_image", "focus")),
    **dict.fromkeys(("intro", "translation_key", "template", "share_title"), ""),
    **dict.fromkeys(("highlighted", "toc", "math"), False),
    "share_message": {},
    "extra": {},
    "images": (),
}


def _post(fields: _Fields, said: Said, draft: bool) -> Post:
    path, site, head = fields.path, fields.site, fields.head
    kind = "page" if path.startswith("pages/") else "post"
    date_in_name, name = name_of(path)
    fields.remark_comments()
    title = (
        fields.title("title")
        or _seen(first_heading(as_words(without_comments(head.body[:FURTHEST_HEADING]))))
        or _words(name)
        or date_in_name
        or "index"
    )
    name, slug = _slugs(fields.text("slug") or name, title)
    date = _date_of(fields, date_in_name, may_lack=draft or kind == "page")
    categories = [*_folders(path), *fields.names("categories"), *fields.names("category")]
    url = _url(fields, kind, Facts(date and date.astimezone(site.zone), name, slug, categories))
    values = _DEFAULTS | {
        "path": path,
        "kind": kind,
        "url": url,
        "slug": slug,
        "title": title,
        "date": date,
        "categories": _terms(tuple(categories)),
        "tags": _terms(tuple(fields.names("tags"))),
        "authors": fields.authors(),
        "aliases": _aliases(fields, url),
        "draft": draft,
        "hidden": said.hidden,
        "noindex": said.noindex or said.hidden,
        "is_mapped": not said.unmapped,
        "expires": said.until,
        "marks": said.marks,
        "lang": site.language,
        "body_line": head.body_line,
    }
    for role in fields.found:
        if read := _READERS.get(role):
            values[role] = read(fields, role)
    for role, read in _APART_READERS.items():
        if role in fields.found:
            told = read(fields, role)
            values |= {f"{role}{suffix}": told[name] for name, suffix in _APART_FIELDS.items() if name in told}
    if fields.remarks:
        values["remarks"] = tuple(sorted(fields.remarks, key=lambda remark: (remark.line, remark.column)))
    values["repeats"] = bool(head.repeated)
    if said.since and (date is None or said.since > date):
        values["not_before"] = said.since
    else:
        values["marks"] = tuple(mark for mark in said.marks if mark.says != "scheduled")
    values["highlighted"] = values["highlighted"] or said.highlighted
    if fields.unknown:
        values["extra"] = {key: _value(node) for key, node in fields.unknown.items()}
    return Post(**values)


# --- what a post is called, when it is, and where it lives


def _words(name: str) -> str:
    return " ".join(word.capitalize() for word in re.split(r"[-_\s]+", _seen(name)) if word)


def _slugs(name: str, title: str) -> tuple[str, str]:
    """What slugs are made of, and the slug: never empty, or the post would live at the address of its day."""
    if slug := slugify(name):
        return name, slug
    slug = slugify(title) or term_slug(name)
    return slug, slug


def _date_of(fields: _Fields, date_in_name: str, *, may_lack: bool) -> datetime | None:
    if date := fields.date("date"):
        return date
    where, text = "The date of the file name", date_in_name
    if not text and (found := _DATE_IN_ADDRESS.match(fields.text("permalink"))):
        where, text = fields.found["permalink"][1], "-".join(found.groups())
    if text:
        try:
            return _date(text, fields.site, plain=True)
        except DateError as error:
            raise PostError(fields.path, 1, 1, f"{where} {shown(text)} is not a date: {error}", REMEDY) from None
    if may_lack:
        return None
    remedy = "Add a line like date: 2018-07-17 12:00:00-0300 to the head, or begin the file name with 2018-07-17-."
    raise PostError(fields.path, 1, 1, "The post has no date.", remedy)


def _date(text: str, site: Site, *, plain: bool) -> datetime:
    return read_date(text, site.zone, plain=plain, naive_utc=site.naive_dates == "utc")


def _is_in_drafts(path: str) -> bool:
    """Jekyll's folder of drafts, and what it is called by who forgets how: a slip must not publish.

    Nuxt Content calls a draft `a.draft.md`.
    """
    if "/_" in path and not DRAFT_FOLDERS.isdisjoint(path.casefold().split("/")):
        return True
    return ".draft." in path and path.rpartition(".")[0].endswith(".draft")


def _folders(path: str) -> list[str]:
    """Jekyll's categories: the folders between `posts/` and `_posts` or `_drafts`."""
    if "/_" not in path:
        return []
    folders = path.split("/")[1:-1]
    end = next((n for n, name in enumerate(folders) if name.casefold() in JEKYLL_FOLDERS), 0)
    return folders[:end]


def _url(fields: _Fields, kind: str, facts: Facts) -> str:
    own = fields.text("permalink")
    own = "" if own.lower() in _NO_ADDRESS else own
    try:
        if own:
            return own_permalink(own, facts)
        if kind == "page":
            return page_address(fields.path, slugify(fields.text("slug")))
        return permalink(fields.site.permalink, facts)
    except PermalinkError as error:
        if not own:
            raise PostError(fields.path, 1, 1, f"The site's permalink cannot be: {error}", _PLACES) from None
        _, key, node = fields.found["permalink"]
        raise fields.wrong(node, f"{key} {shown(own)} cannot be: {error}", _PLACES) from None


_NO_ADDRESS = {"false", "no", "off"}
"""Eleventy's word for what is written nowhere: a draft."""
_PLACES = f"Write a path like /about/us/ or /:year/:slug/; there are {', '.join(PLACEHOLDERS)}."


def _aliases(fields: _Fields, url: str) -> tuple[str, ...]:
    if _OLD_ADDRESSES.isdisjoint(fields.found):
        return ()
    aliases = dict.fromkeys([*fields.addresses("aliases"), *fields.addresses("redirect_from")])
    aliases.pop(url, None)
    return tuple(aliases)


# --- values shared between posts


@lru_cache(maxsize=8192)
def _terms(names: tuple[str, ...]) -> tuple[Term, ...]:
    terms: dict[tuple[str, str], Term] = {}
    for name in names:
        term = _term(name)
        terms.setdefault((term.slug, name_key(name)), term)
    return tuple(terms.values())


@lru_cache(maxsize=8192)
def _term(name: str) -> Term:
    return Term(name, term_slug(name))


def _author(site: Site, name: str) -> Author:
    """Who a post names by a key of `[authors]` or by a name, in any case of letters."""
    for key, record in site.authors.items():
        if name.casefold() in {key.casefold(), record.get("name", "").casefold()}:
            rest = tuple((k, v) for k, v in record.items() if k != "name")
            return _made_author(record.get("name") or key, term_slug(key), rest)
    return _named_author(name)


@lru_cache(maxsize=4096)
def _named_author(name: str) -> Author:
    return Author(name, term_slug(name))


@lru_cache(maxsize=4096)
def _made_author(name: str, slug: str, rest: tuple[tuple[str, str], ...]) -> Author:
    return Author(name, slug, **dict(rest))


@lru_cache(maxsize=1024)
def _language(text: str) -> str:
    """The usual letters of BCP 47: pt_br is pt-BR, zh-hant is zh-Hant. Empty for what is no language."""
    if not _LANGUAGE.fullmatch(text):
        return ""
    first, *rest = re.split("[-_]", text)
    cased = (part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in rest)
    return "-".join((first.lower(), *cased))


# --- nodes to plain values


def _network(name: str) -> str:
    network = name.strip().lower()
    return network_names.ALIASES.get(network, network)


def _parted(node: Node) -> tuple[Node | None, Table | None]:
    """The picture for all, and those by network, which may stand beside it."""
    if not isinstance(node, Table):
        return node, None
    if _PICTURE_PARTS.isdisjoint(map(key_of, node.entries)):
        return None, node
    networks = {name: value for name, value in node.entries.items() if _network(name) in {*NETWORKS, "default"}}
    picture = {name: value for name, value in node.entries.items() if name not in networks}
    return Table(picture, node.start), Table(networks, node.start)


def _written(node: Node) -> str:
    """What an author wrote: a text in quotes, anything else as data."""
    return (
        shown(node.text) if isinstance(node, Scalar) else shown(json.dumps(_value(node), ensure_ascii=False))[1:-1]
    )


def _word(node: Node) -> str:
    return node.text.strip().lower() if isinstance(node, Scalar) else kind_of_group(node)


def _like(name: str) -> str:
    return f'{name}: "One value"'


def _seen(text: str) -> str:
    """Without characters that cannot be seen but change what is."""
    return text if text.isprintable() else text.translate(_UNSEEN)


def _plain(text: str) -> str:
    return _seen(plain_text(_uncommented(text)))


def _uncommented(text: str) -> str:
    """Without comments, but for what never ends: one line hardly hides its rest."""
    return without_comments(text, "", are_open=False)


def _tidy(text: str) -> str:
    return " ".join(_seen(text).split())


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…'"


def _is_cut(role: str, comment: Comment) -> bool:
    """Whether a comment looks like a part of the value: `#4`, `#tag`, and behind one space in a text any other."""
    begins_word = re.match(r"#[^\s#=!-]|#+[ \t]+[0-9]", comment.text) is not None
    if not comment.value.text:
        return begins_word
    if role in _NEVER_CUT:
        return False
    is_text = (
        role in _CUT_AT_BLANKS and comment.value.plain and comment.gap == " " and comment.text.startswith("# ")
    )
    return begins_word or is_text


def _whole(text: str) -> list[str]:
    return [text]


def _by_commas(text: str) -> list[str]:
    return text.split(",")


def _by_commas_or_spaces(text: str) -> list[str]:
    return text.split(",") if "," in text else text.split()


_SPLITS: Mapping[str, Callable[[str], list[str]]] = {
    "categories": _by_commas_or_spaces,
    "tags": _by_commas_or_spaces,
    "topics": _by_commas_or_spaces,
    "keywords": _by_commas,
}


def _value(node: Node) -> object:
    """An unknown key's value as Python has it; dates and whatever else is not sure stay text."""
    if isinstance(node, Sequence):
        return [_value(item) for item in node.items]
    if isinstance(node, Table):
        return {key: _value(item) for key, item in node.entries.items()}
    text = node.text
    if not node.plain:
        return text
    if text in NULLS:
        return None
    if text.lower() in _TRUE | _FALSE and not text.isdecimal():
        return text.lower() in _TRUE
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
