"""Text without markup, as titles, summaries and excerpts need it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import mistune
from mistune.util import unescape

_MARKED = re.compile(r"[<&*_`\[\\~{\x00-\x1f\x7f\ufffe\uffff]|  ")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_STAR_INSIDE_WORD = re.compile(r"(?<=\w)\*(?=\w)")
_HIDDEN_STAR = "\x00"
_LIQUID = re.compile(
    r"(?s)(?P<code>(`{1,9})(?!`).{1,300}?(?<!`)\2(?!`))|\{[{%](?:(?!\{[{%]).){0,2000}?[%}]\}|\{:[^{}]{0,200}\}"
)
_OPENS_HIDDEN = re.compile(r"(?i)<(?:(script|style|pre|svg|math|template)(?=[\s>])|!--)")
_CLOSES_HIDDEN = {
    **{name: re.compile(rf"(?i)</{name}\s*+>") for name in ("script", "style", "pre", "svg", "math", "template")},
    "": re.compile("-->"),
}
_ANY_TAG = re.compile(r"<[^<>]*>")
# Han and kana are written without spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W_]+(?:['’.,-][^\W_]+)*")
EXCERPT = 300
LONGEST = 10_000  # characters that are looked at: more is no title, summary or excerpt
_FURTHEST_HEADING = 100_000  # characters of a body in which the heading is looked for that is its title
_MOST_HEADINGS = 100  # without any text, that are passed over
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}#{1,6}[ \t]+(.*)")
_HEADING_ATTRIBUTES = re.compile(r"\{[:#.][^{}]*+\}\Z")
_SETEXT = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_HTML_HEADING = re.compile(r" {0,3}<h([1-6])\b[^>]*>(.*?)</h\1>", re.IGNORECASE)
_NO_TEXT = re.compile(r"[ \t]*(?:[-*+>|#]|\d+[.)]|<|$| {4}|\t)")
_TAG = re.compile(r"</?([A-Za-z][^\s<>/]*)(\s*/?>)?")


def names_in(text: str) -> frozenset[str]:
    """The words of a text, for sets of names that read better without quotes."""
    return frozenset(text.split())


# https://html.spec.whatwg.org/multipage/indices.html#elements-3 and its obsolete elements; svg and math stand for
# what is inside them.
ELEMENTS = names_in(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink
    blockquote body br button canvas caption center cite code col colgroup data datalist dd del details
    dfn dialog dir div dl dt em embed fencedframe fieldset figcaption figure font footer form frame
    frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins isindex kbd keygen
    label legend li link main map mark marquee math menu menuitem meta meter nav nobr noembed noframes
    noscript object ol optgroup option output p param picture plaintext pre progress q rb rp rt rtc ruby
    s samp script search section select slot small source span strike strong style sub summary sup svg
    table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp
    """
)


def is_element(tag: str) -> bool:
    """Whether a tag as written, `<em>` or `</p>`, belongs to HTML; `<leader>` and `<String>` are words.

    `<Object>` with one capital and no attributes is the name of a type, not an element.
    """
    found = _TAG.match(tag)
    if not found:
        return tag.startswith(("<!", "<?"))
    name = found[1]
    if found[2] and len(name) > 1 and name.isalpha() and name == name.capitalize():
        return False
    return name.lower() in ELEMENTS


def plain_text(text: str) -> str:
    """One line of text out of a title or summary that may hold Markdown, HTML and entities.

    Entities are decoded once, tags and markers dropped, lines joined; `A*B` and `snake_case` stay as they are.
    """
    if not _MARKED.search(text):
        return text.strip()
    text = _without_hidden(_without_constructs(_UNPRINTABLE.sub("", text[:LONGEST])))
    text = _STAR_INSIDE_WORD.sub(_HIDDEN_STAR, text)
    words = "".join(text_of(_inline(text, {"ref_links": {}})))
    return " ".join(words.replace(_HIDDEN_STAR, "*").split())


def text_of(tokens: Iterable[Mapping[str, Any]], *, pictures: bool = True) -> Iterator[str]:
    """The pieces of text in inline tokens, entities decoded; `pictures` count with their alternative text."""
    for token in tokens:
        kind = token["type"]
        if kind == "text":
            yield unescape(token["raw"])
        elif kind == "codespan":
            yield token["raw"]
        elif kind in {"softbreak", "linebreak"}:
            yield " "
        elif kind == "inline_html":
            yield "" if is_element(token["raw"]) else token["raw"]
        elif "children" in token and (pictures or kind != "image"):
            yield from text_of(token["children"], pictures=pictures)


def first_heading(text: str) -> str:
    """Plain text of the first heading of a body, outside code; empty if there is none near its beginning."""
    fence = ""
    above = ""
    empty = 0
    for line in text[:_FURTHEST_HEADING].splitlines():
        if empty > _MOST_HEADINGS:
            break
        if found := _FENCE.match(line):
            marker = found[1]
            if not fence:
                fence = marker
            elif marker.startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            above = ""
        elif not fence:
            if found := _ATX.match(line):
                if heading := plain_text(_heading_text(found[1])):
                    return heading
                empty += 1
            elif found := _HTML_HEADING.match(line):
                if heading := plain_text(found[2]):
                    return heading
                empty += 1
            elif above and _SETEXT.match(line):
                return plain_text(above)
            above = "" if _NO_TEXT.match(line) else line
    return ""


def _heading_text(text: str) -> str:
    """The text of a heading without the signs that close it and its attribute list."""
    text = text.rstrip(" \t")
    brace = text.rfind("{")
    if brace >= 0 and _HEADING_ATTRIBUTES.match(text, brace):
        text = text[:brace].rstrip(" \t")
    shorter = text.rstrip("#")
    return shorter.rstrip(" \t") if shorter.endswith((" ", "\t")) else text


def text_of_html(html: str) -> str:
    """The text of HTML as an author wrote it, on one line."""
    return " ".join(_UNPRINTABLE.sub("", unescape(_ANY_TAG.sub(" ", _without_hidden(html[:LONGEST])))).split())


def excerpt_of(text: str) -> str:
    """The beginning of a text on one line: 300 characters as a reader counts them, cut at a word."""
    text = " ".join(_UNPRINTABLE.sub("", text[:LONGEST]).split())
    if len(text) <= EXCERPT:
        return text
    end = _end_of_characters(text, EXCERPT)
    if end == len(text):
        return text
    space = text.rfind(" ", 0, end + 1)
    if space >= end // 2:
        end = space
    return text[:end].rstrip(" ,.;:–—-") + "…"


def words_in(text: str) -> int:
    """How many words a text has; scripts without spaces count each character."""
    return len(_WORD.findall(text))


def _end_of_characters(text: str, count: int) -> int:
    """The index behind `count` characters as a reader counts them: marks, joiners and flags belong together.

    A short form of https://www.unicode.org/reports/tr29/
    """
    joined = flag = False
    for index, char in enumerate(text):
        is_flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        extends = unicodedata.category(char)[0] == "M" or char == "\u200d" or _extends_emoji(char)
        if not (extends or joined or (is_flag and flag)):
            if not count:
                return index
            count -= 1
        joined = char == "\u200d"
        flag = is_flag and not flag
    return len(text)


def _extends_emoji(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f"


def _without_hidden(html: str) -> str:
    """HTML with a blank for each element whose content is not to be read, and for each comment."""
    pieces: list[str] = []
    end = 0
    unclosed: set[str] = set()
    for start in _OPENS_HIDDEN.finditer(html):
        name = (start[1] or "").lower()
        if start.start() < end or name in unclosed:
            continue
        close = _CLOSES_HIDDEN[name].search(html, start.end())
        if close is None:
            unclosed.add(name)
            continue
        pieces.append(html[end : start.start()])
        end = close.end()
    return " ".join([*pieces, html[end:]])


def _without_constructs(text: str) -> str:
    return _LIQUID.sub(lambda found: found[0] if found["code"] else "", text) if "{" in text else text


# Strikethrough comes with its parser; the rest of a title's Markdown is CommonMark.
_inline = mistune.create_markdown(renderer=None, plugins=["strikethrough"]).inline
