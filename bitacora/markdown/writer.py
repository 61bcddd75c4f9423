"""Body to HTML: Markdown, the author's own HTML, and nothing that could hurt a reader."""

from __future__ import annotations

import os.path
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from itertools import groupby
from typing import ClassVar, NamedTuple
from urllib.parse import quote

import mistune

from bitacora.markdown import sanitise
from bitacora.markdown.addresses import Addresses, Figure, Resolver, is_local, open_tag
from bitacora.markdown.comments import MORE, without_comments
from bitacora.markdown.effort import MarkupTooLarge, bounded, spend
from bitacora.markdown.highlight import highlight, language_of
from bitacora.markdown.sanitise import MOST_HTML
from bitacora.markdown.syntax import Token, Tree, parse
from bitacora.markdown.text import (
    LONGEST,
    excerpt_of,
    first_heading,
    names_in,
    one_line,
    plain_text,
    text_of,
    text_of_html,
    without_unseen,
    words_in,
)

__all__ = [
    "LABELS",
    "Figure",
    "Heading",
    "Html",
    "MarkupTooLarge",
    "Resolver",
    "first_heading",
    "plain_text",
    "render",
    "render_body",
]

# What the engine itself says inside a body; `labels` of `render` say it in another language. Where that is not the
# one of the body, they have its `lang` and `dir`, and the `own_lang` of the body.
LABELS: Mapping[str, str] = {
    "note": "Note",
    "tip": "Tip",
    "important": "Important",
    "warning": "Warning",
    "caution": "Caution",
    "footnotes": "Footnotes",
    "back": "Back to the text",
    "table": "Table",
}

# Ids that pages have of their own: a heading or an author's element gets another.
RESERVED_IDS = names_in(
    "main content top header footer nav navigation menu search toc share footnotes title comments"
)

_BARE_LINK = re.compile(
    r"(?<![\w/])(?:https?://|(?<![.@:])www\.(?=[\w-]+\.[\w-]))[^\s<>\"“”«»\x00-\x1f\x7f、。，）」』】]{1,2000}",
    re.IGNORECASE,
)
_BARE_LINK_END = "?!.,:;*_~'’…\""
_WRITTEN_ID = re.compile(r"""(?<=[\s/"'])id\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ID_OF_A_FOOTNOTE = re.compile(r"fn(?:ref)?:\d+(?::\d+)?")
_CODE_BLOCK = re.compile(r"<pre\b[^<]*+(?:<(?!pre\b|/pre>)[^<]*+)*+</pre>", re.IGNORECASE)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u)(?=[\s>])[^<>]*>"
)
_ANY_TAG = re.compile(r"<[^<>]*>")
_LINK_TAG = re.compile(r"<(/?)a(?=[\s>])", re.IGNORECASE)
_BARE_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9]*)>")
_KEPT_IN_ADDRESSES = ":/?#@!$&()*+,;=%[]'~"
_MOST_ABBREVIATIONS = 500
_MOST_HIGHLIGHTED = 80_000  # characters of code in one body
_COST_OF_A_BLOCK = 200  # what Pygments needs to begin, in characters


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a body, for a table of contents. `level` counts from 2: the page's title is level 1."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Html:
    """A rendered body.

    `body` is HTML ready for a page. `excerpt` is plain text: what stands before `<!--more-->`, else the first
    paragraph, cut at a word. `words` counts visible text without code blocks, each CJK character as a word.
    `pictures` are the addresses as written, `lead` is the first of them. `links` are the other addresses that may
    be those of files of the site: links, films and sounds, smaller versions of pictures.
    """

    body: str
    toc: tuple[Heading, ...]
    excerpt: str
    words: int
    pictures: tuple[str, ...]
    lead: Figure | None
    links: tuple[str, ...] = ()


def render(
    text: str,
    resolver: Resolver,
    *,
    trusted: bool = False,
    embeds: Collection[str] = (),
    labels: Mapping[str, str] = LABELS,
    math: bool = False,
    title: str = "",
) -> Html:
    """The HTML of a Markdown body. Each address goes through `resolver` once.

    With `math` formulas stay as they are written. A first heading that repeats `title` is left out.
    HTML of the author is sanitised, or goes out as it is when `trusted`; frames are kept from the hosts `embeds`.
    Raises MarkupTooLarge for a body whose page would have no end; its message says why.
    """
    addresses = Addresses(resolver, embeds)
    with bounded():
        written = _written(_Source(text, math, title), addresses, trusted=trusted, labels=labels)
        return Html(
            body=written.body,
            toc=written.toc,
            excerpt=written.excerpt,
            words=words_in(_visible(written.body)),
            pictures=tuple(addresses.pictures),
            lead=addresses.lead,
            links=tuple(dict.fromkeys(link for link in addresses.links if is_local(link))),
        )


def render_body(
    text: str,
    resolver: Resolver,
    *,
    trusted: bool = False,
    embeds: Collection[str] = (),
    math: bool = False,
    title: str = "",
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The `body` and the `pictures` that `render` gives, sooner, and all links, films and sounds."""
    addresses = Addresses(resolver, embeds)
    with bounded():
        written = _written(_Source(text, math, title), addresses, trusted=trusted, labels=LABELS)
    return written.body, tuple(addresses.pictures), tuple(addresses.links)


class _Source(NamedTuple):
    text: str
    math: bool = False
    title: str = ""


class _Written(NamedTuple):
    body: str
    toc: tuple[Heading, ...]
    excerpt: str


def _written(source: _Source, addresses: Addresses, *, trusted: bool, labels: Mapping[str, str]) -> _Written:
    source = source._replace(text=without_comments(source.text, elements=not trusted))
    all_labels = tuple({**LABELS, **labels}.items())
    if trusted:
        return _write(source, all_labels, addresses)
    written = _sanitised(source, all_labels)
    return written._replace(body=addresses.rewrite(written.body))


@lru_cache(maxsize=1)  # a feed shows what its page has just shown, with other addresses
def _sanitised(source: _Source, labels: tuple[tuple[str, str], ...]) -> _Written:
    return _write(source, labels, None)


def _write(source: _Source, labels: Iterable[tuple[str, str]], addresses: Addresses | None) -> _Written:
    """Sanitised and with addresses as they are written, unless there are `addresses` that resolve them."""
    try:
        tree = parse(source.text, custom_elements=addresses is not None, math=source.math, title=source.title)
        writer = _Writer(tree, dict(labels), addresses)
        body = writer.blocks(tree.tokens)
    except RecursionError:
        raise MarkupTooLarge("the text nests too deeply") from None
    if len(body) > MOST_HTML:
        raise MarkupTooLarge(f"the page would have more than {MOST_HTML} characters")
    if addresses is None:
        body = sanitise.clean(sanitise.tame(body) if writer.has_html else body)
    return _Written(body, tuple(writer.toc), _excerpt(tree.tokens))


class _Writer:
    """Tokens to HTML. Addresses are left as written, unless `addresses` resolves them on the way."""

    def __init__(self, tree: Tree, labels: Mapping[str, str], addresses: Addresses | None) -> None:
        self.toc: list[Heading] = []
        self.has_html = False
        self._labels = labels
        self._spoken = {"lang": labels["lang"]} if "lang" in labels else {}
        self._own = {"lang": labels["own_lang"]} if "lang" in labels else {}
        self._addresses = addresses
        self._abbreviations = tree.abbreviations
        self._abbreviation = abbreviations_in(tree.abbreviations)
        self._in_link = False
        self._nested = 0
        self._spent = 0
        self._highlighted = 0
        self._references: dict[int, int] = {}
        self._ids: dict[str, int] = {}
        self._shift = 0
        self._has_footnotes = any(token["type"] == "footnotes" for token in tree.tokens)
        self._prepare(tree.tokens)
        self._keep_address_of_title(tree.tokens)

    def blocks(self, tokens: Iterable[Token]) -> str:
        return "".join([self._WRITERS[token["type"]](self, token) for token in tokens])

    def _prepare(self, tokens: Iterable[Token]) -> None:
        """Ids that authors gave come first; a body that uses level 1 has all its headings moved down by one."""
        for token in tokens:
            if token["type"] == "heading":
                self._shift = max(self._shift, int(token["attrs"]["level"] == 1))
            if "raw" in token and token["type"] in {"block_html", "inline_html"}:
                for ids in _WRITTEN_ID.findall(token["raw"]):
                    self._ids["".join(ids)] = 0
            if identifier := token.get("own", {}).get("id"):
                token["own"]["id"] = self._free(identifier)
                self._ids[token["own"]["id"]] = 0
            if "children" in token:
                self._prepare(token["children"])

    def _keep_address_of_title(self, tokens: list[Token]) -> None:
        """Give the id of the heading that is left out to what follows: links to it go on working."""
        for index, token in enumerate(tokens):
            if token["type"] == "title":
                own = token.setdefault("own", {})
                own.setdefault(
                    "id", self._unique(self._free(_slug(one_line("".join(text_of(token["children"]))))))
                )
                below = next((other for other in tokens[index + 1 :] if other["type"] != "blank_line"), None)
                if below and below["type"] == "paragraph" and "id" not in below.get("own", {}):
                    below.setdefault("own", {})["id"] = own.pop("id")
                return

    def _title(self, token: Token) -> str:
        identifier = token["own"].get("id")
        return f"{open_tag('span', {'id': identifier})}</span>\n" if identifier else ""

    def _formula(self, token: Token) -> str:
        return _escape(token["raw"])

    def _paragraph(self, token: Token) -> str:
        children = token["children"]
        if len(children) == 1 and "task" not in token and (figure := self._figure(children[0], token)):
            return figure
        return f"{_start('p', token)}{self._task(token, self._inline(children))}</p>\n"

    def _block_text(self, token: Token) -> str:
        return self._task(token, self._inline(token["children"])) + "\n"

    def _task(self, token: Token, text: str) -> str:
        if "task" not in token:
            return text
        return f'<label><input type="checkbox" disabled{" checked" * token["task"]}> {text}</label>'

    def _figure(self, token: Token, paragraph: Token) -> str:
        """A picture with a title, alone in its paragraph: the title is its caption."""
        picture = token["children"][0] if token["type"] == "link" and len(token["children"]) == 1 else token
        if picture["type"] != "image" or not picture["attrs"].get("title"):
            return ""
        caption = _escape(mistune.util.unescape(picture["attrs"].pop("title")))
        addresses, self._addresses = self._addresses, None
        inside = f"{self._inline([token])}<figcaption>{caption}</figcaption>"
        self._addresses = addresses
        return self._resolved(f"{_start('figure', paragraph)}{inside}</figure>\n")

    def _heading(self, token: Token) -> str:
        text = one_line("".join(text_of(token["children"])))
        level = min(token["attrs"]["level"] + self._shift, 6)
        own = token.setdefault("own", {})
        if "id" not in own:
            own["id"] = self._unique(self._free(_slug(text)))
        if not self._nested:
            self.toc.append(Heading(level, own["id"], text))
        return f"{_start(f'h{level}', token)}{self._inline(token['children'])}</h{level}>\n"

    def _list(self, token: Token) -> str:
        tag = "ol" if token["attrs"]["ordered"] else "ul"
        attributes = {"start": str(token["attrs"]["start"])} if "start" in token["attrs"] else {}
        return f"{_start(tag, token, attributes)}\n{self._nest(token)}</{tag}>\n"

    def _list_item(self, token: Token) -> str:
        start = '<li class="task-list-item">' if "task" in token else "<li>"
        return f"{start}{self._nest(token).rstrip()}</li>\n"

    def _block_quote(self, token: Token) -> str:
        return f"{_start('blockquote', token)}\n{self._nest(token)}</blockquote>\n"

    def _alert(self, token: Token) -> str:
        kind, folds = token["attrs"]["kind"], token["attrs"]["folds"]
        title = self._alert_title(token, kind)
        if folds:
            is_open = {"open": ""} if folds == "+" else {}
            start = _start("details", token, {"class": f"alert alert-{kind}"} | is_open)
            return f'{start}\n<summary class="alert-title">{title}</summary>\n{self._nest(token)}</details>\n'
        start = _start("aside", token, {"class": f"alert alert-{kind}", "role": "note"})
        return f'{start}\n<p class="alert-title">{title}</p>\n{self._nest(token)}</aside>\n'

    def _alert_title(self, token: Token, kind: str) -> str:
        """What its author wrote, else the name of its kind."""
        if token["children"] and token["children"][0]["type"] == "alert_title":
            return self._inline(token["children"].pop(0)["children"])
        title = _escape(self._labels[kind])
        if "lang" in self._labels:
            title = f"{open_tag('bdi', {name: self._labels[name] for name in ('lang', 'dir')})}{title}</bdi>"
        return title

    def _block_code(self, token: Token) -> str:
        spend()
        language = language_of(token.get("attrs", {}).get("info", ""))
        self._highlighted += len(token["raw"]) + _COST_OF_A_BLOCK
        code = highlight(token["raw"], language if self._highlighted <= _MOST_HIGHLIGHTED else "")
        named = open_tag("code", {"class": f"language-{language}"} if language else {})
        start = _start("div", token, {"class": "highlight"})
        # Code scrolls sideways, so the keyboard must reach it (WCAG 2.1.1).
        return f'{start}<pre tabindex="0">{named}{code}</code></pre></div>\n'

    def _block_html(self, token: Token) -> str:
        return self._written(token["raw"]) + "\n"

    def _thematic_break(self, _: Token) -> str:
        return "<hr>\n"

    def _nothing(self, _: Token) -> str:
        return ""

    def _table(self, token: Token) -> str:
        scrolls = {"class": "table", "role": "group", "tabindex": "0", "aria-label": self._labels["table"]}
        start = open_tag("div", scrolls | self._spoken) + _start("table", token, self._own)
        return f"{start}\n{self._nest(token)}</table></div>\n"

    def _table_head(self, token: Token) -> str:
        return f"<thead>\n{self._table_row(token)}</thead>\n"

    def _table_body(self, token: Token) -> str:
        return f"<tbody>\n{self.blocks(token['children'])}</tbody>\n" if token["children"] else ""

    def _table_row(self, token: Token) -> str:
        return f"<tr>\n{self.blocks(token['children'])}</tr>\n"

    def _table_cell(self, token: Token) -> str:
        attributes = {"scope": "col"} if token["attrs"]["head"] else {}
        if token["attrs"]["align"]:
            attributes["class"] = f"align-{token['attrs']['align']}"
        tag = "th" if token["attrs"]["head"] else "td"
        return f"{open_tag(tag, attributes)}{self._inline(token['children'])}</{tag}>\n"

    def _def_list(self, token: Token) -> str:
        return f"{_start('dl', token)}\n{self._nest(token)}</dl>\n"

    def _def_list_head(self, token: Token) -> str:
        return f"<dt>{self._inline(token['children'])}</dt>\n"

    def _def_list_item(self, token: Token) -> str:
        return f"<dd>{self._nest(token).rstrip()}</dd>\n"

    def _footnotes(self, token: Token) -> str:
        section = {"class": "footnotes", "role": "doc-endnotes", "aria-label": self._labels["footnotes"]}
        start = f"{open_tag('section', section | self._spoken)}\n{open_tag('ol', self._own)}"
        return f"{start}\n{self._nest(token)}</ol>\n</section>\n"

    def _footnote_item(self, token: Token) -> str:
        number = token["attrs"]["index"]
        back = {"href": f"#fnref:{number}", "class": "footnote-back", "role": "doc-backlink"}
        back |= {"aria-label": self._labels["back"], **self._spoken}
        link = f" {self._resolved(open_tag('a', back))}↩\ufe0e</a>"
        text = self._nest(token).rstrip()
        text = text.removesuffix("</p>") + link + "</p>" if text.endswith("</p>") else text + link
        return f'<li id="fn:{number}">{text}</li>\n'

    def _nest(self, token: Token) -> str:
        self._nested += 1
        html = self.blocks(token["children"])
        self._nested -= 1
        return html

    def _inline(self, tokens: list[Token]) -> str:
        html = (token["raw"] for token in tokens if token["type"] == "inline_html")
        closed = {raw.lower().rstrip(" \t\n>") for raw in html if raw.startswith("</")}
        pieces: list[str] = []
        for token in tokens:
            if token["type"] == "inline_html":
                pieces.append(self._inline_html(token["raw"], closed))
            else:
                pieces.append(self._WRITERS[token["type"]](self, token))
        if closed:
            self._in_link = False
        return "".join(pieces)

    def _inline_html(self, raw: str, closed: set[str]) -> str:
        if found := _LINK_TAG.match(raw):
            self._in_link = not found[1]
        elif (
            self._addresses is None
            and (found := _BARE_TAG.fullmatch(raw))
            and found[1].lower() not in sanitise.TAGS
            and f"</{found[1].lower()}" not in closed
        ):
            return _escape(raw)
        return self._written(raw)

    def _text(self, token: Token) -> str:
        text = mistune.util.unescape(token["raw"])
        if self._in_link or not ("://" in text or "www." in text.lower()):
            return self._abbreviated(text)
        pieces: list[str] = []
        end = 0
        for found in _BARE_LINK.finditer(text):
            address = _without_end(found[0])
            href = f"https://{address}" if address[:4].lower() == "www." else address
            link = self._resolved(open_tag("a", {"href": quote(href, safe=_KEPT_IN_ADDRESSES)}))
            pieces += (self._abbreviated(text[end : found.start()]), link, _escape(address), "</a>")
            end = found.start() + len(address)
        return "".join(pieces) + self._abbreviated(text[end:])

    def _abbreviated(self, text: str) -> str:
        if self._abbreviation is None:
            return _escape(text)
        pieces: list[str] = []
        end = 0
        for found in self._abbreviation.finditer(text):
            tag = open_tag("abbr", {"title": self._abbreviations[found[0]]})
            self._spend(tag)
            pieces += (_escape(text[end : found.start()]), tag, _escape(found[0]), "</abbr>")
            end = found.end()
        return "".join(pieces) + _escape(text[end:])

    def _link(self, token: Token) -> str:
        inside, self._in_link = self._in_link, True
        text = self._inline(token["children"])
        self._in_link = inside
        fragment = "#" + quote(self._free(_slug(token["heading"]))) if "heading" in token else ""
        attributes = _with_title({"href": token["attrs"]["url"] + fragment}, token)
        if inside or not attributes["href"]:
            return text
        return f"{self._resolved(_start('a', token, attributes))}{text}</a>"

    def _image(self, token: Token) -> str:
        alt = "".join(text_of(token["children"]))
        attributes = _with_title({"src": token["attrs"]["url"], "alt": alt}, token)
        return self._resolved(_start("img", token, attributes))

    def _codespan(self, token: Token) -> str:
        return f"{_start('code', token)}{_escape(token['raw'])}</code>"

    def _emphasis(self, token: Token) -> str:
        return f"<em>{self._inline(token['children'])}</em>"

    def _strong(self, token: Token) -> str:
        return f"<strong>{self._inline(token['children'])}</strong>"

    def _strikethrough(self, token: Token) -> str:
        return f"<del>{self._inline(token['children'])}</del>"

    def _linebreak(self, _: Token) -> str:
        return "<br>\n"

    def _softbreak(self, _: Token) -> str:
        return "\n"

    def _footnote_ref(self, token: Token) -> str:
        number = token["attrs"]["index"]
        times = self._references[number] = self._references.get(number, 0) + 1
        identifier = f"fnref:{number}" if times == 1 else f"fnref:{number}:{times}"
        link = open_tag("a", {"href": f"#fn:{number}", "id": identifier, "role": "doc-noteref"})
        return f'<sup class="footnote-ref">{self._resolved(link)}{number}</a></sup>'

    def _written(self, raw: str) -> str:
        """HTML of the author: as it is where addresses are resolved on the way, else for `sanitise.tame`."""
        if self._addresses is not None:
            self._addresses.note_written(raw)
            return raw
        self.has_html = True
        return _WRITTEN_ID.sub(self._free_written, sanitise.without_comments(raw))

    def _free_written(self, found: re.Match[str]) -> str:
        identifier = unescape(found[1] or found[2] or found[3] or "")
        free = self._free(identifier)
        return found[0] if free == identifier else f'id="{free}"'

    def _free(self, identifier: str) -> str:
        """Return an id that is neither one of the theme's nor one of a footnote that the engine writes."""
        is_taken = self._has_footnotes and _ID_OF_A_FOOTNOTE.fullmatch(identifier)
        return f"post-{identifier}" if is_taken or identifier in RESERVED_IDS else identifier

    def _resolved(self, tag: str) -> str:
        self._spend(tag)
        return self._addresses.rewrite(tag) if self._addresses is not None else tag

    def _spend(self, tag: str) -> None:
        """One definition can be used without end, so that a small body makes an endless page."""
        spend(1 + len(tag) // 1_000)
        self._spent += len(tag)
        if self._spent > MOST_HTML:
            raise MarkupTooLarge(f"links and pictures alone would have more than {MOST_HTML} characters")

    def _unique(self, identifier: str) -> str:
        if identifier not in self._ids:
            self._ids[identifier] = 0
            return identifier
        while True:
            self._ids[identifier] += 1
            candidate = f"{identifier}-{self._ids[identifier]}"
            if candidate not in self._ids:
                self._ids[candidate] = 0
                return candidate

    _WRITERS: ClassVar[dict[str, Callable[[_Writer, Token], str]]] = {
        "paragraph": _paragraph,
        "block_text": _block_text,
        "heading": _heading,
        "title": _title,
        "formula": _formula,
        "list": _list,
        "list_item": _list_item,
        "block_quote": _block_quote,
        "alert": _alert,
        "block_code": _block_code,
        "block_html": _block_html,
        "thematic_break": _thematic_break,
        "table": _table,
        "table_head": _table_head,
        "table_body": _table_body,
        "table_row": _table_row,
        "table_cell": _table_cell,
        "def_list": _def_list,
        "def_list_head": _def_list_head,
        "def_list_item": _def_list_item,
        "footnotes": _footnotes,
        "footnote_item": _footnote_item,
        "text": _text,
        "link": _link,
        "image": _image,
        "codespan": _codespan,
        "emphasis": _emphasis,
        "strong": _strong,
        "strikethrough": _strikethrough,
        "linebreak": _linebreak,
        "softbreak": _softbreak,
        "footnote_ref": _footnote_ref,
        "blank_line": _nothing,
    }


def _start(tag: str, token: Token, attributes: Mapping[str, str] | None = None) -> str:
    """A start tag with what the engine gives it and what an attribute list of the author adds."""
    own = token.get("own")
    if not own:
        return open_tag(tag, attributes) if attributes else f"<{tag}>"
    merged = {**(attributes or {}), **{key: value for key, value in own.items() if not key.startswith(":")}}
    if attributes and "class" in attributes and "class" in own:
        merged["class"] = f"{attributes['class']} {own['class']}"
    return open_tag(tag, merged)


def _with_title(attributes: dict[str, str], token: Token) -> dict[str, str]:
    if title := token["attrs"].get("title"):
        attributes["title"] = mistune.util.unescape(title)
    return attributes


def _escape(text: str) -> str:
    return escape(text, quote=False)


def _without_end(address: str) -> str:
    """A bare address without the punctuation of its sentence; `)` stays where its `(` is inside."""
    surplus = {closing: address.count(closing) - address.count(opening) for opening, closing in ("()", "[]")}
    end = len(address)
    while end:
        last = address[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _BARE_LINK_END:
            break
        end -= 1
    return address[:end]


def _slug(text: str) -> str:
    """The id that GitHub and Jekyll give a heading: letters of any script, digits, `_` and `-`."""
    kept = (c for c in text.lower() if c.isalnum() or c in "-_ " or unicodedata.category(c).startswith("M"))
    return "".join(kept).strip().replace(" ", "-") or "section"


def abbreviations_in(abbreviations: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return an expression for the words of a text that are shown with what they are short for."""
    words = sorted(list(abbreviations)[:_MOST_ABBREVIATIONS])
    return re.compile(rf"(?<!\w){_any_of(words)}(?!\w)") if words else None


def _any_of(words: Sequence[str]) -> str:
    """An expression for the longest of these sorted words that reads no character twice."""
    start = os.path.commonprefix((words[0], words[-1]))  # noqa: RUF071, words are no paths
    ends = [word[len(start) :] for word in words]
    branches = [_any_of(list(group)) for _, group in groupby(filter(None, ends), key=lambda end: end[0])]
    if not branches:
        return re.escape(start)
    return f"{re.escape(start)}(?:{'|'.join(branches)}){'' if ends[0] else '?'}"


def _visible(body: str) -> str:
    shown = sanitise.without_hidden(sanitise.without_comments(_CODE_BLOCK.sub(" ", body)))
    return unescape(_ANY_TAG.sub(" ", _INLINE_TAG.sub("", shown)))


def _excerpt(tokens: Iterable[Token]) -> str:
    texts: list[str] = []
    paragraph = ""
    length = 0
    for token in without_unseen(tokens):
        if token["type"] == "block_html" and (more := MORE.search(token["raw"])):
            return excerpt_of("\n".join([*texts, text_of_html(token["raw"][: more.start()])]))
        if token["type"] == "paragraph":
            children = token["children"]
            for index, child in enumerate(children):
                if child["type"] == "inline_html" and MORE.fullmatch(child["raw"]):
                    return excerpt_of("\n".join([*texts, "".join(text_of(children[:index], pictures=False))]))
            paragraph = paragraph or _prose(token)
        if length < LONGEST:
            texts.append(_prose(token))
            length += len(texts[-1])
    return excerpt_of(paragraph or next(filter(None, texts), ""))


def _prose(token: Token) -> str:
    """The text of a block as an excerpt has it: without headings, code and pictures."""
    kind = token["type"]
    if kind in {"paragraph", "block_text", "table_cell", "def_list_head"}:
        return one_line("".join(text_of(token["children"], pictures=False)))
    if kind == "block_html":
        return text_of_html(token["raw"])
    if kind in {"heading", "title", "footnotes"}:
        return ""
    return one_line("\n".join(filter(None, map(_prose, without_unseen(token.get("children", ()))))))
