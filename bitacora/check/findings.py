"""What is worth telling an editor: what is held back, and what is shown but cannot be meant.

One small function for each kind of finding; `OF_POSTS` and `OF_THE_SITE` are the table of them, `RULES` says in a
line what each is about.
"""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from urllib.parse import SplitResult, unquote, urlsplit

from bitacora.check.outline import Outline, outline
from bitacora.files.layout import (
    FOLDERS,
    JEKYLL_FOLDERS,
    SETTINGS_FILE,
    is_hidden,
    is_markdown,
    is_set_aside,
    shown_path,
)
from bitacora.library.scan import kind_of
from bitacora.library.snapshot import SUBJECTS, Snapshot, by_name, look
from bitacora.markdown.comments import HIDDEN_ELEMENT, MEMBERS_ONLY, Comment, blanked, code_in, comments_in
from bitacora.markdown.foreign import lost_titles, open_notices, programs_in
from bitacora.markdown.formulas import without_formulas
from bitacora.markdown.liquid import left_out
from bitacora.markdown.sanitise import hidden_in
from bitacora.markdown.slips import look_alikes
from bitacora.markdown.wikilinks import embedded_notes, name_in
from bitacora.markdown.writer import RESERVED_IDS
from bitacora.posts.head import Head, Node, key_of, read_head
from bitacora.posts.names import alike, what_differs
from bitacora.posts.permalink import quote_path
from bitacora.posts.pictures import MEDIA_TYPES, has_place, has_script, is_picture
from bitacora.posts.post import MISTAKES, TRANSLATED, Image, Post, meant_key, named_in_head, role_of
from bitacora.posts.public_source import label, links_to_notes, note_keys, unseen_notes, unused_definitions
from bitacora.posts.visibility import appears, how_to_publish, is_for_nobody, is_seen, mark_of, standing
from bitacora.posts.visibility_words import folded
from bitacora.problems import WITHHELD, Finding, PostError, Remark, shown

RULES: Mapping[str, str] = {
    "held-back": "A file that cannot be shown as it is",
    "address-taken": "An address that is that of another file or of the blog",
    "copy": "A file whose name is that of a copy that a program made",
    "template": "A template that fails",
    "settings": "Settings that cannot be",
    "key-misspelt": "A key that the blog does not know, and nearly knows, or in another language",
    "hardly-meant": "Something that is possible, and was hardly meant",
    "key-repeated": "A key that is given twice",
    "dates-crossed": "A post that is updated or expires before it appears",
    "draft-overdue": "A draft whose date has passed",
    WITHHELD: "A word of another tool, or of a folder, by which a post is not seen by everybody",
    "picture-missing": "A picture that is not there",
    "document-unnamed": "A document that no text names, so that it is private",
    "picture-without-alt": "A picture that says nothing to those who do not see it",
    "picture-tells-place": "A picture that tells where it was taken",
    "link-dead": "A link within the site that leads nowhere",
    "anchor-dead": "A link to a place within a page that is not there",
    "id-twice": "An id that two elements have",
    "code-open": "Code that is begun and never ended",
    "comment-open": "A comment that is begun and never ended",
    "text-hidden": "A text that is hidden, because it stands between signs that mean a comment",
    "notice-open": "A notice that is begun and never ended",
    "embed-linked": "A text that asks for another to be shown in it, and shows a link",
    "left-out": "A tag of another engine, which is left out",
    "address-unread": "What looks like a link or a picture, and is none for Markdown, or loses its address",
    "note-lost": "A note or a line that nothing refers to, so that it is not shown, or a note that is not there",
    "look-alike": "A character that only looks like a mark of Markdown",
    "never-read": "A file that the blog never reads",
    "untranslated": "A language of the site that the interface is not translated into",
    "being-written": "A file that is being written, and is not looked at until it is whole",
    "subject-apart": "Two categories, tags or authors whose names would give one address",
    "names-alike": "A name that looks like another one, or differs from it only in case",
    "feed-ids-changed": "An address of the site that changed, and the ids in feeds with it",
    "ignored-by-git": "A file that git ignores, so that it is never pushed",
    **{mistake.rule: "A value of the head that is not used" for mistake in MISTAKES},
}

_ANY_SIGN_OF_AN_ADDRESS = re.compile(r"[/.:#?@]")
_HOST = re.compile(r"(?:https?:)?//([^/?#\\]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|[/\\]\\")
_FENCE = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|[0-9]+[.)])[ \t]+)*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})(?P<rest>.*)$", re.M
)
_WRITTEN_PICTURE = re.compile(r"<img\b[^<>]*+>", re.IGNORECASE)
_DECLARED_ALT = re.compile(r"""\salt\b|\srole\s*=\s*["']?(?:presentation|none)\b|\saria-hidden\b""", re.IGNORECASE)
_DATED_MARKDOWN = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}-.*")
_JUNK = re.compile(
    r"\.DS_Store|\.git\w*|\.keep|\._.*|Thumbs\.db|desktop\.ini|.*~|.*\.sw[px]|\.#.*|#.*#|4913|.*\.(?:bak|orig)",
    re.I,
)
_NO_CONTENT = {"node_modules", "vendor", "venv", "tests", *FOLDERS}
_DEEPEST_SEARCH = 3
_NEAR = 0.9
_DOCUMENTS = "|".join(ending for ending in MEDIA_TYPES if not is_picture(f".{ending}"))
_NAMES_A_DOCUMENT = re.compile(rf"(?i)(?:\.|%2e)(?:{_DOCUMENTS})\b|%[4-7]".encode())
_NO_ADDRESS = re.compile(r"(?<!!)\[[^\[\]\n]{0,200}\]\([ \t]*+(?:<[ \t]*+>[ \t]*+)?\)")
_NO_ADDRESS_IN_BYTES = re.compile(_NO_ADDRESS.pattern.encode())
_ADDRESSES = "Write one that begins with https://, mailto: or tel:, or the name of a file beside the post."
_BY_NAME = re.compile(r"(?<![\w\\\[\]])!?\[([^\[\]\n]{1,200})\]\[((?![\^/\[])[^\[\]\n]{0,200})\](?![\[(:\]])")
_DEFINED = re.compile(r"(?m)^[ \t>]*+(?:[-+*][ \t]++)?\[([^\[\]\n]{1,200})\]:")
_NAME_OF_A_NOTE = re.compile(r"\w{1,40}(?:-\w{2,40})*")
MOST_OF_A_KIND = 50
"""Findings of one rule in one post."""


@dataclass(frozen=True)
class Ground:
    """Where findings are looked for.

    `now` is aware; `answers` asks the blog for a decoded path and returns where that leads: a decoded path that is
    answered, "" for an error, or the address of another site; `ids` returns the ids in the page at such a path,
    None for what is no page;
    `outlines` holds what is known of bodies already, by path.
    """

    snapshot: Snapshot
    now: datetime
    answers: Callable[[str], str]
    ids: Callable[[str], Collection[str] | None] = lambda _path: None
    outlines: dict[str, Outline] = field(default_factory=dict)
    texts: dict[str, _Text] = field(default_factory=dict)

    @cached_property
    def candidates(self) -> Mapping[str, Post]:
        """All posts and pages that can be read, by path."""
        return {post.path: post for post in self.snapshot.candidates}

    @cached_property
    def addresses(self) -> Mapping[str, Post]:
        """What will be at an address one day, or was."""
        return {post.url: post for post in self.snapshot.candidates}

    @cached_property
    def texts_by_name(self) -> Mapping[str, Sequence[str]]:
        """The files of all posts and pages, shown or not, by each name that a link may have for them."""
        return by_name(self.snapshot.candidates)

    @cached_property
    def files_in(self) -> Mapping[str, list[str]]:
        """Files and texts by their folder."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in (*self.snapshot.files, *self.candidates):
            found[posixpath.dirname(path)].append(path)
        return found

    @cached_property
    def files_by_look(self) -> Mapping[str, str]:
        """Files and texts by what their paths look like in small letters."""
        return {alike(path).lower(): path for path in (*self.snapshot.files, *self.candidates)}

    def outline(self, post: Post) -> Outline:
        if post.path not in self.outlines:
            site = self.snapshot.site
            source = self.snapshot.source(post)
            how = {"trusted": site.html == "trusted", "math": post.math}
            self.outlines[post.path] = outline(source, post.path, embeds=site.embeds, title=post.title, **how)
        return self.outlines[post.path]

    def text(self, post: Post) -> _Text:
        """The file of a post, kept until another is asked for."""
        if post.path not in self.texts:
            self.texts.clear()
            self.texts[post.path] = _Text(self, post)
        return self.texts[post.path]

    def is_as_on_disk(self, post: Post) -> bool:
        """Whether what is known of a post is its file, and not its last good version."""
        return self.snapshot.entries[post.path].problem is None


def of_posts(ground: Ground, posts: Iterable[Post]) -> Iterator[Finding]:
    """What is worth a warning in these posts and pages."""
    for post in posts:
        if ground.is_as_on_disk(post):
            for find in OF_POSTS:
                yield from _at_most(find(ground, post))


def of_the_site(ground: Ground) -> Iterator[Finding]:
    """What is held back, and what is worth a warning beside the posts."""
    for find in OF_THE_SITE:
        yield from find(ground)


def _at_most(findings: Iterator[Finding]) -> Iterator[Finding]:
    """As many as an editor reads; each place in a long text takes its time to be found."""
    last = None
    for last in islice(findings, MOST_OF_A_KIND):
        yield last
    if last is not None and next(findings, None) is not None:
        reason = f"There are more of these than {MOST_OF_A_KIND}, and only the first are told."
        yield replace(last, line=1, column=1, reason=reason, remedy="Mend these, then check again.")


def of_problem(problem: PostError | Remark, rule: str, severity: str = "error") -> Finding:
    return Finding(problem.file, problem.line, problem.column, severity, problem.reason, problem.remedy, rule)


def of_unfinished(path: str) -> Finding:
    """What is said of a file that somebody has open at this moment."""
    reason = "A program has the file open to write to it, so it is not looked at; what was there before stays."
    return Finding(shown_path(path), 1, 1, "warning", reason, "Close it there, then check again.", "being-written")


# --- the head


def _misspelt_keys(_ground: Ground, post: Post) -> Iterator[Finding]:
    slips = {key: meant for key in post.extra if (meant := meant_key(key))}
    if not slips:
        return
    text = _ground.text(post)
    given = {role_of(key) for key in text.head.entries}
    for key, meant in slips.items():
        if key_of(key) in TRANSLATED and role_of(meant) in given:
            continue  # a key of the site's own
        reason = f"The head has a key {shown(key)}, which the blog does not know."
        yield text.finding("key-misspelt", text.key(key), reason, f"Did you mean {meant}?")


def _repeated_keys(ground: Ground, post: Post) -> Iterator[Finding]:
    for remark in ground.outline(post).repeated:
        yield of_problem(remark, "key-repeated", "warning")


def _vain_values(_ground: Ground, post: Post) -> Iterator[Finding]:
    for remark in post.remarks:
        yield of_problem(remark, remark.mistake.rule, "warning")


def _dates(ground: Ground, post: Post) -> Iterator[Finding]:
    date, zone = post.date, ground.snapshot.site.zone
    if date is None:
        return
    if post.updated and post.updated.astimezone(zone).date() < date.astimezone(zone).date():
        reason = "The post is updated before the day on which it appears."
        yield _at_value(ground, post, "updated", "dates-crossed", reason, "Look at both dates.")
    if post.expires and post.expires <= (appears(post) or date):
        reason = "The post expires before it appears: it is never shown."
        yield _at_value(ground, post, "expires", "dates-crossed", reason, "Look at both dates.")


def _overdue_drafts(ground: Ground, post: Post) -> Iterator[Finding]:
    """From the day after: a draft that was begun today is dated of today."""
    zone = ground.snapshot.site.zone
    mark = mark_of(post, "draft")
    if mark is not None and folded(mark.key) not in _OWN_WORDS:
        return  # a text is private for as long as it is: `_withheld` tells
    if (
        is_for_nobody(post)
        and post.date is not None
        and post.date.astimezone(zone).date() < ground.now.astimezone(zone).date()
    ):
        day = post.date.astimezone(zone)
        reason = f"It is a draft still, and its date, {day:%Y-%m-%d %H:%M}, has passed."
        remedy = "Take the mark of a draft out to publish it, or give it a later date."
        yield _at_value(ground, post, "draft published status", "draft-overdue", reason, remedy)


def _withheld(ground: Ground, post: Post) -> Iterator[Finding]:
    for mark in post.marks:
        is_own = mark.file == post.path
        is_told = folded(mark.key) not in _OWN_WORDS if is_own else mark.file != SETTINGS_FILE
        if is_told and (mark.says != "scheduled" or not is_seen(post, ground.now)):
            where = "" if is_own else f" in {mark.file}"
            place = (mark.line, mark.column) if is_own else (1, 1)
            reason = f"Because of {shown(str(mark))}{where} {_WITHHELD[mark.says]}."
            yield Finding(post.path, *place, "note", reason, how_to_publish(mark), WITHHELD)


_OWN_WORDS = {"draft", "published", "status", "hidden", "unlisted"}
"""What the blog itself has always understood."""
_WITHHELD = {
    "draft": "it is a draft, which nobody sees",
    "hidden": "it is reachable by its address, and listed nowhere",
    "scheduled": "it appears later than its date says",
    "expired": "it is taken down at that time",
}


# --- pictures


def _missing_pictures(ground: Ground, post: Post) -> Iterator[Finding]:
    named = [*post.images, *filter(None, (post.share_image, post.share_image_on_x))]
    in_head = dict.fromkeys(image.src for image in named)
    in_body = dict.fromkeys(ground.outline(post).pictures)
    told: set[str] = set()
    for src, is_head in (*((src, True) for src in in_head), *((src, False) for src in in_body)):
        found = ground.snapshot.file_of(post, Image(src))
        if found and has_script(ground.snapshot.tree, found):
            continue  # which is told of the file
        if _is_missing(ground, post, src) and (address := _address(ground, post, src)) not in told:
            told.add(address)
            text = ground.text(post)
            name = name_in(src)
            reason = f"There is no picture {shown(name or unquote(src))}."
            place = text.address(src, is_head, "!" if name else "")
            yield text.finding("picture-missing", place, reason, _near_file(ground, post, name or src))


def _address(ground: Ground, post: Post, src: str) -> str:
    """Return the address of a picture or file that a post names, however it is written there."""
    return unquote(_split(ground.snapshot.picture(post, Image(src)).url).path)


def _is_missing(ground: Ground, post: Post, src: str) -> bool:
    address = _on_this_site(ground, src)
    if address is None:
        return False
    if name_in(address) and not ground.snapshot.file_of(post, Image(address)):
        return True
    return not _answered(ground, post, address)


def _answered(ground: Ground, post: Post, address: str) -> str:
    """Return where an address of this site leads, "" for nowhere, once the post is published."""
    path = unquote(_split(ground.snapshot.link(post, address)).path)
    if ground.snapshot.file_of(post, Image(address)) and post.path not in ground.snapshot.by_path:
        return path
    return ground.answers(path)


def _near_file(ground: Ground, post: Post, src: str) -> str:
    wanted = unquote(urlsplit(src).path)
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(post.path), wanted))
    for path in (beside, posixpath.normpath(wanted.lstrip("/"))):
        if found := ground.files_by_look.get(alike(path).lower()):
            why = what_differs(path, found)
            return f"There is {posixpath.basename(found)}{why and ': '}{why}."
        if near := _near_name(ground, path):
            return f"Did you mean {near}?"
    if any(map(is_hidden, wanted.rstrip("/").split("/")[-1:])):
        return "What begins with a dot, or is called like a program's backup, is never served: rename it."
    return _NO_NEAR


_NO_NEAR = "Put it beside the post, or mend its name."


def _near_name(ground: Ground, path: str) -> str:
    """Return the name in the same folder that a path is a slip of, "" without one."""
    folder, name = posixpath.split(path)
    there = {posixpath.basename(one) for one in ground.files_in.get(folder, ())}
    same = (one for one in sorted(there) if _in_short(one) == _in_short(name))
    return next(same, "") or next(iter(get_close_matches(name, there, 1, _NEAR)), "")


def _in_short(name: str) -> str:
    """Return a name without what is easily mistaken: accents, case, what stands between words, the ending."""
    letters = (char for char in unicodedata.normalize("NFKD", posixpath.splitext(name)[0]) if char.isalnum())
    return "".join(letters).casefold()


def _pictures_without_alt(ground: Ground, post: Post) -> Iterator[Finding]:
    remedy = "Say what is on it, for those who do not see it."
    for image in post.images:
        if not image.alt and not image.caption and not _is_missing(ground, post, image.src):
            text = ground.text(post)
            reason = f"The picture {shown(unquote(image.src))} has neither alt nor caption."
            yield text.finding("picture-without-alt", text.address(image.src, True), reason, remedy)
    if unsaid := ground.outline(post).unsaid:
        text = ground.text(post)
        declared = " ".join(tag for tag in _WRITTEN_PICTURE.findall(text.head.text) if _DECLARED_ALT.search(tag))
        for src in dict.fromkeys(unsaid):
            if src not in declared and not _is_missing(ground, post, src):
                reason = f"The picture {shown(unquote(src))} has no alternative text."
                yield text.finding("picture-without-alt", text.address(src, False, "!["), reason, remedy)


def _pictures_that_tell_their_place(ground: Ground) -> Iterator[Finding]:
    here = ground.snapshot
    for path in sorted(here.files):
        if is_picture(path) and has_place(here.tree, path):
            reason = "The picture tells where it was taken (GPS), to everybody who gets it."
            remedy = "Take that out, with your picture program or: exiftool -gps:all= FILE"
            yield Finding(path, 1, 1, "warning", reason, remedy, "picture-tells-place")


def _pictures_that_run(ground: Ground) -> Iterator[Finding]:
    here = ground.snapshot
    for path in sorted(here.files):
        if path.startswith(("posts/", "pages/")) and has_script(here.tree, path):
            reason = "This drawing has in it what a browser would run, so it is not served."
            remedy = "Save it again as plain SVG, without scripts, events and embedded pages, or as PNG."
            yield Finding(shown_path(path), 1, 1, "warning", reason, remedy, "picture-missing")


# --- documents


def _unnamed_documents(ground: Ground) -> Iterator[Finding]:
    here = ground.snapshot
    there = {path for path in here.files if path.startswith(("posts/", "pages/")) and not is_picture(path)}
    for post in here.candidates if there else ():
        if _NAMES_A_DOCUMENT.search(here.source(post)):
            outline = ground.outline(post)
            for address in (*named_in_head(post), *outline.pictures, *outline.links):
                there.discard(here.file_of(post, Image(address)) or "")
    for path in sorted(there):
        reason = "No text names this document, so it is private."
        remedy = f"To publish it, link to it: [text]({quote_path(posixpath.basename(path))})"
        yield Finding(shown_path(path), 1, 1, "warning", reason, remedy, "document-unnamed")


def _files_at_one_address(ground: Ground, post: Post) -> Iterator[Finding]:
    """Files of other folders hang below a post by their names alone, and two may have one name."""
    here, found_in = ground.snapshot, ground.outline(post)
    first: dict[str, str] = {}
    for written in dict.fromkeys((*named_in_head(post), *found_in.pictures, *found_in.links)):
        if path := here.file_of(post, Image(written)):
            address = _split(here.link(post, written)).path
            if first.setdefault(address, path) != path:
                text = ground.text(post)
                reason = f"At {address} readers get {first[address]}, which this text names before {path}."
                yield text.finding("address-taken", text.address(written, False), reason, "Rename one of them.")


# --- links


def _dead_links(ground: Ground, post: Post) -> Iterator[Finding]:
    found_in = ground.outline(post)
    told = {_address(ground, post, src) for src in found_in.pictures if _is_missing(ground, post, src)}
    for href in dict.fromkeys(found_in.links):
        if unquote(_split(ground.snapshot.link(post, href)).path) in told:
            continue  # a missing picture that leads to itself
        if found := _why_dead(ground, post, href):
            text = ground.text(post)
            yield text.finding(found[0], text.address(href, False), *found[1:])


def _why_dead(ground: Ground, post: Post, href: str) -> tuple[str, str, str] | None:
    """Rule, reason and remedy; None for a link that is well, or leads elsewhere."""
    if name := name_in(href):
        return _why_no_name(ground, post, href, name)
    address = _on_this_site(ground, href)
    if address is None:
        return None
    try:
        parts = urlsplit(ground.snapshot.link(post, address))
    except ValueError:
        return "link-dead", f"The link {shown(href)} is no address.", "Mend it."
    if not parts.path:
        return _why_no_anchor(ground, post, parts.fragment)
    path = unquote(parts.path)
    if target := ground.snapshot.find(path):
        return _why_no_anchor(ground, target, parts.fragment)
    target = _not_shown(ground, post, address, path)
    if target and standing(target, ground.now, ground.snapshot.by_path) in _NOT_SHOWN:
        return _why_not_shown(ground, post, target)
    if answered := _answered(ground, post, address):
        target = ground.snapshot.find(answered)
        return _why_no_anchor(ground, target or answered, parts.fragment)
    near = _near_file(ground, post, address) if posixpath.splitext(path)[1] else ""
    remedy = "Mend it, or take it out." if near in {"", _NO_NEAR} else near
    reason = f"The link {shown(unquote(href))} leads to nothing on this site."
    if ground.snapshot.leads_out(parts.path):
        own = ground.snapshot.site
        reason = f"The link {shown(unquote(href))} leads to nothing on this site, and so out of {own.prefix}/."
        remedy = f"{remedy} If it is meant, write {own.origin}{parts.path}."
    return "link-dead", reason, remedy


def _why_no_name(ground: Ground, post: Post, href: str, name: str) -> tuple[str, str, str] | None:
    """As `_why_dead`, for a link in double brackets."""
    if address := ground.snapshot.link(post, href):
        parts = _split(address)
        target = ground.snapshot.find(unquote(parts.path)) if parts.path else post
        return _why_no_anchor(ground, target, parts.fragment) if target else None
    if paths := ground.texts_by_name.get(look(name)):
        return _why_not_shown(ground, post, ground.candidates[paths[0]])
    reason = f"{shown(f'[[{name}]]')} names no text and no file of this site, so that it is no link."
    return "link-dead", reason, "Write the name of a file, or the title of a post."


def _not_shown(ground: Ground, post: Post, href: str, path: str) -> Post | None:
    """The post that a link means by its file or its address, though it is not shown."""
    file = posixpath.normpath(posixpath.join(posixpath.dirname(post.path), unquote(_split(href).path).lstrip("/")))
    whole = posixpath.normpath(unquote(_split(href).path).lstrip("/"))
    file, whole = map(ground.snapshot.named, (file, whole))
    return ground.candidates.get(file) or ground.candidates.get(whole) or ground.addresses.get(path)


def _why_not_shown(ground: Ground, post: Post, target: Post) -> tuple[str, str, str] | None:
    why = standing(target, ground.now, ground.snapshot.by_path)
    since, then = appears(post), appears(target)
    appears_first = why == "scheduled" and since and then and then <= since
    if why not in _NOT_SHOWN or appears_first or target is post:
        return None
    what = "which is held back as a copy" if target.path in ground.snapshot.copies else _NOT_SHOWN[why]
    return "link-dead", f"The link leads to {target.path}, {what}.", "Mend it, or publish that first."


_NOT_SHOWN = {
    "draft": "which is a draft",
    "scheduled": "which has not appeared yet",
    "expired": "which has expired",
    "displaced": "whose address is that of another",
}


def _why_no_anchor(ground: Ground, target: Post | str, fragment: str) -> tuple[str, str, str] | None:
    """`target` is a post, or the decoded path of another page."""
    wanted = unquote(fragment)
    if not wanted or wanted.startswith(":~:") or wanted in RESERVED_IDS:
        return None
    ids = ground.outline(target).ids if isinstance(target, Post) else ground.ids(target)
    if ids is None or wanted in ids:
        return None
    return (
        "anchor-dead",
        f"There is no {shown(f'#{wanted}')} in {target.path if isinstance(target, Post) else target}.",
        "Mend the link, or give that place the id.",
    )


def _ids_twice(ground: Ground, post: Post) -> Iterator[Finding]:
    for identifier, times in Counter(ground.outline(post).ids).items():
        if times > 1:
            text = ground.text(post)
            reason = f"{times} elements have the id {shown(identifier)}: a link to it finds only the first."
            yield text.finding("id-twice", text.last_id(identifier), reason, "Give each an id of its own.")


def _on_this_site(ground: Ground, address: str) -> str | None:
    """A link without this site's own scheme and host, None for one that leads elsewhere."""
    own = ground.snapshot.site.url
    host = urlsplit(own).netloc
    if (written := _HOST.match(address)) and written[1].lower() == host.lower():
        address = own[: own.index(host) + len(host)] + address[written.end() :]
    if address == own or address.startswith((f"{own}/", f"{own}#", f"{own}?")):
        return "/" + address[len(own) :].lstrip("/")
    if _SCHEME.match(address):
        return None
    if own_prefix := ground.snapshot.site.prefix:
        path = unquote(re.split("[?#]", address, maxsplit=1)[0])
        if path.startswith("/") and not ground.snapshot.has(address) and ground.snapshot.is_prefixed(path):
            return address[len(own_prefix) :] or "/"
    return address


def _split(href: str) -> SplitResult:
    try:
        return urlsplit(href)
    except ValueError:
        return SplitResult("", "", "", "", "")


# --- beside the posts


def _problems(ground: Ground) -> Iterator[Finding]:
    here = ground.snapshot
    clashes = set(here.clashes)
    for problem in sorted(set(here.problems), key=lambda one: (one.file, one.line, one.column)):
        top = problem.file.partition("/")[0]
        rule = "copy" if problem.file in here.copies else "address-taken"
        yield of_problem(problem, rule if problem in clashes else _RULES_BY_PLACE.get(top, "held-back"))


def _shown_copies(ground: Ground) -> Iterator[Finding]:
    for remark in ground.snapshot.shown_copies:
        yield of_problem(remark, "copy", "note")


def _hardly_meant(ground: Ground) -> Iterator[Finding]:
    for remark in ground.snapshot.remarks:
        yield of_problem(remark, "hardly-meant", "warning")


_RULES_BY_PLACE = {SETTINGS_FILE: "settings", "templates": "template"}


def _names_alike(ground: Ground) -> Iterator[Finding]:
    """Of two such files a link means the one that it names exactly, and nobody sees which one that is."""
    here, looks = ground.snapshot, dict[str, str]()
    for path in sorted((*here.entries, *here.files)):
        other = looks.setdefault(alike(path), path)
        if other != path:
            reason = f"Its name looks like that of {shown_path(other)}: {what_differs(path, other)}."
            yield Finding(shown_path(path), 1, 1, "warning", reason, "Rename one of them.", "names-alike")


def _never_read(ground: Ground) -> Iterator[Finding]:
    known = {problem.file for problem in ground.snapshot.problems}
    told: set[tuple[str, str]] = set()
    for path in files_of(ground.snapshot.tree.real):
        if path in known or not (why := why_never_read(path)):
            continue
        is_meant = is_set_aside(path) or is_hidden(posixpath.basename(path))
        if not is_meant or why not in told:  # of a folder that is set aside the first file is enough
            yield Finding(shown_path(path), 1, 1, "note" if is_meant else "warning", *why, "never-read")
        told.add(why)


def why_never_read(path: str) -> tuple[str, str] | None:
    """Reason and remedy for a file that is passed over; None for one that is read, or is no content."""
    top, _, rest = path.partition("/")
    *folders, name = path.split("/")
    if top not in {"posts", "pages"} or not rest:
        lies_outside = (
            is_markdown(name) and _DATED_MARKDOWN.match(name) and top not in {"templates", "static", "root"}
        )
        return _OUTSIDE if lies_outside else None
    if _JUNK.fullmatch(name) or any(_JUNK.fullmatch(folder) for folder in folders):
        return None
    if hidden := next((part for part in (*folders, name) if part.startswith(".")), None):
        return f"The name {hidden} begins with a dot, and such are not read.", "Rename it."
    if is_markdown(name) and (hidden := next((part for part in (*folders, name) if is_hidden(part)), None)):
        return (
            f"Programs leave behind what is called like {hidden}, and it is not read.",
            "Rename it, or delete it.",
        )
    if kind_of(path):
        return None
    if is_markdown(name) and is_set_aside(path):
        return _set_aside(folders, name)
    ending = posixpath.splitext(name)[1] or "no ending"
    reason = f"It is neither Markdown ({ending}) nor a file that is served beside posts."
    return reason, "A post must end in .md, a picture in .jpg, .png, .gif, .webp, .avif or .svg."


def _set_aside(folders: Sequence[str], name: str) -> tuple[str, str]:
    above = (n for n, part in enumerate(folders) if part.startswith("_") and part.casefold() not in JEKYLL_FOLDERS)
    place = next(above, None)
    if place is None:
        return (
            f"The name {name} begins with _, so that it is neither a post nor a page.",
            "Rename it to publish it.",
        )
    reason = (
        f"What lies in {'/'.join(folders[: place + 1])} is neither post nor page, for that name begins with _."
    )
    return reason, "Rename the folder to publish it."


_OUTSIDE = ("It lies outside the folders posts and pages, where nothing is read.", "Move it there.")


def files_of(root: str) -> Iterator[str]:
    """Every file of `posts` and `pages`, hidden ones too, and those that lie beside them by mistake."""
    for folder, folders, names in os.walk(root):
        here = os.path.relpath(folder, root).replace(os.sep, "/")
        here = "" if here == "." else f"{here}/"
        if not here.startswith(("posts/", "pages/")):
            is_deep = here.count("/") >= _DEEPEST_SEARCH
            kept = [name for name in folders if name[0] != "." and name not in _NO_CONTENT and not is_deep]
            folders[:] = [*kept, *({"posts", "pages"}.intersection(folders) if not here else ())]
        folders.sort()
        yield from (f"{here}{name}" for name in sorted(names))


def _subjects_apart(ground: Ground) -> Iterator[Finding]:
    """Each of them once, in the first post that has it."""
    here = ground.snapshot
    for kind, subjects in (("category", here.categories), ("tag", here.tags), ("author", here.authors)):
        for slug, subject in subjects.items():
            post = subject.posts[-1]
            term = next(term for term in getattr(post, SUBJECTS[kind]) if here.slug(kind, term) == slug)
            if term.slug != slug and ground.is_as_on_disk(post):
                name, other = shown(term.name), shown(subjects[term.slug].term.name)
                reason = f"The {kind} {name} would have the address of {other}, so it has /{kind}/{slug}/."
                remedy = "If both mean the same, write both alike; else leave it so."
                found = _at_value(ground, post, SUBJECTS[kind], "subject-apart", reason, remedy)
                yield replace(found, severity="note")


# --- code, and what looks like it


def _left_out(ground: Ground, post: Post) -> Iterator[Finding]:
    source = ground.snapshot.source(post)
    if not _MAY_LEAVE_OUT.search(source):
        return
    text = ground.text(post)
    remedy = "Write what should stand there; what is meant as it is goes between backticks."
    start = text.head.body_start
    are_tags = ground.snapshot.site.html != "trusted"
    for part in programs_in(text.without_comments[start:], components=are_tags):
        reason = f"{shown(part[0])} is meant for a program such as MDX or WordPress, and is left out."
        yield text.finding("left-out", text.place(start + part.start()), reason, remedy)
    known: set[str] = set()
    body = text.without_comments[text.head.body_start :]
    for found in left_out(without_formulas(body) if post.math else body):
        if found[0] not in known:
            known.add(found[0])
            reason = f"{shown(found[0])} looks like a tag of Jekyll or Hugo, and is left out."
            yield text.finding("left-out", text.place(text.head.body_start + found.start()), reason, remedy)


def _lost_elements(ground: Ground, post: Post) -> Iterator[Finding]:
    """Elements that no page has, with what stands in them."""
    if ground.snapshot.site.html == "trusted" or not _MAY_BE_LOST.search(ground.snapshot.source(post)):
        return
    text = ground.text(post)
    start = text.head.body_start
    body = text.without_code[start:]
    for begin, end in hidden_in(body):
        name = body[begin : begin + 30].split(">")[0].split()[0].lstrip("<").lower()
        reason = f"The HTML element <{name}> is left out with the {_characters(end - begin)} of it."
        remedy = "Write what readers are to see as text, or as a picture or a file beside the text."
        if name in {"script", "style", "template"}:
            remedy = "Take it out: pages take no programs and no styles from texts."
        yield text.finding("left-out", text.place(start + begin), reason, remedy)


_MAY_BE_LOST = re.compile(
    rb"<(?:script|style|svg|math|template|object|applet|noembed|noframes|xmp|select|textarea|title|embed|frame)[\s/>]",
    re.IGNORECASE,
)
_MAY_LEAVE_OUT = re.compile(
    rb"\{[%{]|\bimport |\bexport |</?[A-Z]|\[\[?_?(?i:toc)"
    rb"|\[/?(?:gallery|caption|wp_caption|embed|audio|video|playlist)"
)


def _open_notices(ground: Ground, post: Post) -> Iterator[Finding]:
    if b":::" not in ground.snapshot.source(post):
        return
    text = ground.text(post)
    for place in open_notices(text.without_comments[text.head.body_start :]):
        reason = "The notice that begins here never ends, so that its colons are shown."
        remedy = "Write ::: on a line of its own where it ends."
        yield text.finding("notice-open", text.place(text.head.body_start + place), reason, remedy)
    for place, title in lost_titles(text.without_comments[text.head.body_start :]):
        reason = f"The words {shown(title)} behind these colons are not shown: only what the colons hold is."
        remedy = "Write them on a line of their own, or call it a note, tip, important, warning or caution."
        yield text.finding("left-out", text.place(text.head.body_start + place), reason, remedy)


def _unread_addresses(ground: Ground, post: Post) -> Iterator[Finding]:
    for written in ground.outline(post).unread:
        text = ground.text(post)
        if (place := text.without_code.find(written, text.head.body_start)) >= 0:
            kind = "picture" if written.startswith("!") else "link"
            reason = f"{shown(written + '…')} looks like a {kind}, and is shown as it is written."
            remedy = "Write ![words](<file name.jpg>) or [words](address), without a space between ] and (."
            yield text.finding("address-unread", text.place(place), reason, remedy)


def _lost_addresses(ground: Ground, post: Post) -> Iterator[Finding]:
    """Addresses that are left out, as those of a disk are, so that words remain of a link."""
    lost = dict.fromkeys(ground.outline(post).lost)
    if not lost and not _NO_ADDRESS_IN_BYTES.search(ground.snapshot.source(post)):
        return
    text = ground.text(post)
    start = text.head.body_start
    for words in lost:
        written = text.without_code.find(f"[{words.removeprefix('!')}]", start)
        kind, place = ("picture" if words.startswith("!") else "link"), text.place(max(written, start))
        reason = f"The {kind} {shown(words.removeprefix('!'))} has no address that a page can have."
        yield text.finding("address-unread", place, reason, _ADDRESSES)
    for found in _NO_ADDRESS.finditer(text.without_code, start):
        reason = f"{shown(found[0])} has no address, so that words alone are shown."
        yield text.finding("address-unread", text.place(found.start()), reason, _ADDRESSES)


def _lost_notes(ground: Ground, post: Post) -> Iterator[Finding]:
    if b"[^" not in ground.snapshot.source(post):
        return
    text = ground.text(post)
    start = text.head.body_start
    body = text.without_code[start:]
    for note in unseen_notes(body):
        name = shown(f"[^{note[1]}]")
        reason = f"The note {name} is not shown: no text that is shown refers to it, or another one has its name."
        remedy = f"Write [^{note[1]}] in the text where the note belongs, or take the note out."
        yield text.finding("note-lost", text.place(start + note.start()), reason, remedy)
    there = note_keys(body)
    for found in links_to_notes(body):
        if _NAME_OF_A_NOTE.fullmatch(found[1]) and label(found[1]) not in there:
            reason = f"There is no note {shown(found[0])}, so that these signs are shown."
            remedy = f"Write the note on a line of its own: {found[0]}: The note."
            yield text.finding("note-lost", text.place(start + found.start()), reason, remedy)


def _lost_lines(ground: Ground, post: Post) -> Iterator[Finding]:
    if b"]:" not in ground.snapshot.source(post):
        return
    text = ground.text(post)
    start = text.head.body_start
    for line in unused_definitions(text.without_code[start:]):
        if not _ANY_SIGN_OF_AN_ADDRESS.search(line[2]):
            reason = f"{shown(line[0].strip())} is not shown: Markdown takes it for the address of a link."
            remedy = f"If it is text, put a backslash before it: \\[{line[1]}]: {line[2].strip('<>')}"
            yield text.finding("note-lost", text.place(start + line.start(1) - 1), reason, remedy)


def _undefined_references(ground: Ground, post: Post) -> Iterator[Finding]:
    """Links and pictures that name an address which no line of the text defines: their brackets are shown."""
    if b"][" not in ground.snapshot.source(post):
        return
    text = ground.text(post)
    start = text.head.body_start
    defined = {label(found[1]) for found in _DEFINED.finditer(text.without_code, start)}
    for found in _BY_NAME.finditer(text.without_code, start):
        name = found[2] if found[2].strip() else found[1]
        if name.strip() and label(name) not in defined:
            reason = f"{shown(found[0])} is shown as it is written: no line says what the address [{name}] is."
            remedy = f"Write it on a line of its own: [{name}]: https://… Or put it behind: [words](address)."
            yield text.finding("address-unread", text.place(found.start()), reason, remedy)


def _look_alikes(ground: Ground, post: Post) -> Iterator[Finding]:
    if ground.snapshot.source(post).isascii():
        return
    text = ground.text(post)
    for found in look_alikes(text.without_code[text.head.body_start :]):
        reason = f"There is {found.name}, which Markdown does not take for what it looks like."
        remedy = "Type the sign that is meant on your keyboard."
        yield text.finding("look-alike", text.place(text.head.body_start + found.start), reason, remedy)


def _comments(ground: Ground, post: Post) -> Iterator[Finding]:
    """Those that never end, and those whose signs are easily typed by who means no comment."""
    source = ground.snapshot.source(post)
    if not any(sign in source for sign in _SIGNS_OF_COMMENTS):
        return
    text = ground.text(post)
    for comment in text.comments:
        place = text.place(comment.start)
        if comment.mark == HIDDEN_ELEMENT:
            size = _characters(len(text.head.text[comment.start : comment.end].strip()))
            reason = f"The HTML element that begins here is hidden, so that {size} are not shown."
            remedy = (
                "If readers are to see it, take out what hides it: hidden, display: none or visibility: hidden."
            )
            yield Finding(post.path, *place, "note", reason, remedy, "text-hidden")
        elif comment.mark == MEMBERS_ONLY:
            size = _characters(len(text.head.text[comment.start : comment.end].strip()) - len(MEMBERS_ONLY))
            reason = f"What stands below {MEMBERS_ONLY} is for members, so that {size} are not shown."
            remedy = "Take that line out to show the rest to everybody."
            yield Finding(post.path, *place, "note", reason, remedy, "text-hidden")
        elif comment.is_open:
            size = _characters(len(text.head.text[comment.start : comment.end].strip()))
            reason = f"The comment that begins here with {comment.mark} never ends, so that {size} are not shown."
            remedy = f"Write {comment.closing_mark} where it ends; if it is no comment, put a backslash before it."
            yield text.finding("comment-open", place, reason, remedy)
        elif comment.mark in _EASILY_TYPED:
            size = _characters(comment.end - comment.start - len(comment.mark) - len(comment.closing_mark))
            reason = f"{size} between {comment.mark} and {comment.closing_mark} are a comment, and not shown."
            yield Finding(post.path, *place, "note", reason, _IF_NO_COMMENT, "text-hidden")


def _embedded_notes(ground: Ground, post: Post) -> Iterator[Finding]:
    if b"![[" not in ground.snapshot.source(post):
        return
    text = ground.text(post)
    for found in embedded_notes(text.without_code[text.head.body_start :]):
        reason = f"{shown(found[0])} asks for that text to be shown here; there is a link to it instead."
        remedy = "Write what should stand here, or take out the exclamation mark."
        yield text.finding("embed-linked", text.place(text.head.body_start + found.start()), reason, remedy)


_SIGNS_OF_COMMENTS = (b"[/", b"%%", b"<", b"{", b"]:", b"#+")
_EASILY_TYPED = ("%%", "{#", "{--", "[private]", "{% liquid %}", ":::", "<!-- wp:premium-content -->")
_IF_NO_COMMENT = "If it is no comment, write it between backticks, or with a backslash before the first sign."


def _characters(count: int) -> str:
    return f"{count} character{'s' * (count != 1)}"


def _open_code(ground: Ground, post: Post) -> Iterator[Finding]:
    source = ground.snapshot.source(post)
    if b"```" not in source and b"~~~" not in source:
        return
    text = ground.text(post)
    if found := text.open_fence():
        reason = "The code that begins here is never ended, so that what follows is shown as code."
        yield text.finding("code-open", found[0], reason, f"Write {found[1]} on a line of its own after it.")


OF_POSTS: tuple[Callable[[Ground, Post], Iterator[Finding]], ...] = (
    _misspelt_keys,
    _repeated_keys,
    _vain_values,
    _dates,
    _overdue_drafts,
    _withheld,
    _missing_pictures,
    _pictures_without_alt,
    _dead_links,
    _files_at_one_address,
    _ids_twice,
    _open_code,
    _comments,
    _embedded_notes,
    _open_notices,
    _left_out,
    _lost_elements,
    _unread_addresses,
    _lost_addresses,
    _lost_notes,
    _lost_lines,
    _undefined_references,
    _look_alikes,
)
OF_THE_SITE: tuple[Callable[[Ground], Iterator[Finding]], ...] = (
    _problems,
    _hardly_meant,
    _shown_copies,
    _names_alike,
    _never_read,
    _unnamed_documents,
    _pictures_that_tell_their_place,
    _pictures_that_run,
    _subjects_apart,
)


# --- where it stands


class _Text:
    """A post's file as text: line and column, from 1, of what something is wrong with."""

    def __init__(self, ground: Ground, post: Post) -> None:
        self.path = post.path
        self.head: Head = read_head(ground.snapshot.source(post), post.path)
        self._is_trusted = ground.snapshot.site.html == "trusted"

    def finding(self, rule: str, place: tuple[int, int], reason: str, remedy: str) -> Finding:
        return Finding(self.path, *place, "warning", reason, remedy, rule)

    def key(self, name: str) -> tuple[int, int]:
        written = re.compile(rf"""(?m)^[ \t]*["'{{]?["']?({re.escape(name)})["']?[ \t]*[:=]""")
        found = written.search(self.head.text, self.head.start, self.head.body_start)
        return self.place(found.start(1)) if found else self.value(name)

    def value(self, *names: str) -> tuple[int, int]:
        """Of the first of these keys, or of what they mean; the beginning of the file without any."""
        nodes: dict[str, Node] = {}
        for key, node in self.head.entries.items():
            nodes |= {role_of(key): node, key: node}
        return next((self.head.position(nodes[name]) for name in names if name in nodes), (1, 1))

    def address(self, written: str, in_head: bool, before: str = "") -> tuple[int, int]:
        """Where an address stands first, not in code; the beginning of the body where it is written otherwise."""
        start, end = (0, self.head.body_start) if in_head else (self.head.body_start, len(self.head.text))
        text = self.head.text if in_head else self.without_code
        if name := name_in(written):
            written, before = f"[[{name}", before[:1]
        forms = (written, unquote(written), written.replace("&", "&amp;"))
        for form in dict.fromkeys((*forms, _partly_escaped(written, text, start, end))):
            place = _place_of_address(text, form, start, end)
            if place >= 0:
                opening = text.rfind(before, start, place) if before else -1
                return self.place(opening if opening >= 0 and "\n\n" not in text[opening:place] else place)
        return self.value("images") if in_head else (self.head.body_line, 1)

    def last_id(self, identifier: str) -> tuple[int, int]:
        """Where an id is given for the last time, by an element or an attribute list."""
        written = re.compile(rf"""(?:\sid\s*=\s*["']?|#)({re.escape(identifier)})(?=["'\s>}}])""")
        found = list(written.finditer(self.without_code, self.head.body_start))
        return self.place(found[-1].start(1)) if found else (self.head.body_line, 1)

    def open_fence(self) -> tuple[tuple[int, int], str] | None:
        """Where code is begun that is never ended, and with which marks."""
        opened: re.Match[str] | None = None
        for found in _FENCE.finditer(self.without_comments, self.head.body_start):
            if opened is None:
                opened = found
            elif found["fence"].startswith(opened["fence"]) and not found["rest"].strip():
                opened = None
        return (self.place(opened.start("fence")), opened["fence"]) if opened else None

    def place(self, index: int) -> tuple[int, int]:
        before = self.head.text[:index]
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    @cached_property
    def comments(self) -> Sequence[Comment]:
        """Those of the body, by their places in the file."""
        start = self.head.body_start
        found = comments_in(self.head.text[start:], elements=not self._is_trusted)
        return [one._replace(start=start + one.start, end=start + one.end) for one in found]

    @cached_property
    def without_comments(self) -> str:
        """The file with blanks for the comments of its body."""
        return blanked(self.head.text, self.comments)

    @cached_property
    def without_code(self) -> str:
        """The file with blanks for the code of its body as well."""
        start = self.head.body_start
        text = self.without_comments
        return text[:start] + blanked(text[start:], code_in(text[start:]))


def _at_value(ground: Ground, post: Post, keys: str, rule: str, reason: str, remedy: str) -> Finding:
    text = ground.text(post)
    return text.finding(rule, text.value(*keys.split()), reason, remedy)


def _partly_escaped(address: str, text: str, start: int, end: int) -> str:
    """Return the first form of an address in a text, whichever of its characters are percent-encoded there."""
    characters = unquote(address)
    if characters.isascii() or len(characters) > _LONGEST_ADDRESS:
        return ""
    either = (f"(?:{re.escape(char)}|{re.escape(quote_path(char))})" for char in characters)
    found = re.compile("".join(either)).search(text, start, end)
    return found[0] if found else ""


_LONGEST_ADDRESS = 300


def _place_of_address(text: str, address: str, start: int, end: int) -> int:
    """Where an address stands first with what can stand round it, -1 for nowhere."""
    place = text.find(address, start, end) if address else -1
    while place >= 0:
        before, behind = text[max(0, place - 2) : place], text[place + len(address) : place + len(address) + 1]
        is_name = address.startswith("[[")
        is_begun = is_name or before.endswith(("](", "]:", *_BEFORE_AN_ADDRESS)) or before[-1:].isspace()
        if is_begun and (
            not behind or behind in _BEHIND_AN_ADDRESS or behind.isspace() or (is_name and behind in "|#.\\")
        ):
            return place
        place = text.find(address, place + 1, end)
    return -1


_BEFORE_AN_ADDRESS = ('"', "'", "=", "<")
_BEHIND_AN_ADDRESS = ")>\"',}]"
