"""Text without markup, as titles, summaries and excerpts need it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import mistune
from mistune.plugins.formatting import strikethrough
from mistune.util import unescape

_MARKED = re.compile(r"[<&*_`\[\\~{\x00-\x1f\x7f\ufffe\uffff]|  ")
_BLANKS = re.compile(r"[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
_BREAK = re.compile(r"(\S)[ \t]*\r?\n\s*(?=(\S))")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# What is a name, a sum or a pattern, and no emphasis: `__init__`, `2*3`, `src/*/test*`.
_NO_EMPHASIS = re.compile(
    r"(?<!\w)__[A-Za-z0-9_]+__(?!\w)|(?<=\w)\*(?=\w)"
    r"""|(?<=[^\s\\*_~`<>()\[\]{}"'¿¡«“‘–—\u2e80-\U0003ffff])\*(?=[^\s*_~`<>()\[\]{}"'?!.,:;…»”’–—\u2e80-\U0003ffff-])"""
)
# Markdown takes a backslash before any sign; in a title it stays, but before a sign that means something there.
_BACKSLASH = re.compile(r"(?<=:)\\(?=_)|\\(?=[!-)+-/:;=-@\\^{|}])")
_HIDDEN = str.maketrans("*_\\", "\x01\x02\x03")
_SHOWN = str.maketrans("\x01\x02\x03", "*_\\")
_CODE_SPAN = re.compile(r"(?s)(?<!`)(`{1,9})(?!`).{1,300}?(?<!`)\1(?!`)")
_LIQUID = re.compile(
    r"(?s)(?P<code>(`{1,9})(?!`).{1,300}?(?<!`)\2(?!`))|\{[{%](?:(?!\{[{%]).){0,2000}?[%}]\}|\{:[^{}]{0,200}\}"
)
_OPENS_HIDDEN = re.compile(r"(?i)<(?:(script|style|pre|svg|math|template)(?=[\s>])|!--)")
_UNSEEN = (
    "script style svg math template object applet noembed noframes xmp select textarea title iframe".split()  # noqa: SIM905
)
"""Elements whose content no page shows."""
_OPENS_UNSEEN = re.compile(rf"(?i)<(?:(pre|{'|'.join(_UNSEEN)})(?=[\s/>])|!--)")
_CLOSES_HIDDEN = {
    **{name: re.compile(rf"(?i)</{name}\s*+>") for name in ("pre", *_UNSEEN)},
    "": re.compile("-->"),
}
_ANY_TAG = re.compile(r"<[^<>]*>")
_WIDE = re.compile(
    "[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f\uffe0-\uffe6\U00016fe0-\U0001b2ff\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)
_RUN_OF_STARS = re.compile(r"\*+")
_STAND_IN = "\ufdd2"  # a noncharacter, which no text keeps: for Markdown it is punctuation
# Han and kana are written without spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W_]+(?:['’.,-][^\W_]+)*")
EXCERPT = 300
LONGEST = 10_000  # characters that are looked at: more is no title, summary or excerpt
FURTHEST_HEADING = 100_000  # characters of a body in which the heading is looked for that is its title
_MOST_HEADINGS = 100  # without any text, that are passed over
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r"[\xad\u200b-\u200f\u2060\ufeff]*+ {0,3}#{1,6}[ \t\xa0\u2000-\u200a\u202f\u3000]+(.*)")
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


_FORMATTING = names_in(
    """
    abbr b bdi bdo big br cite code dfn em font i kbd mark nobr p q rp rt ruby samp small span strong sub sup tt
    u var wbr
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

    Entities are decoded once. Code spans, emphasis, links and HTML are reduced where they pair up, and lines are
    joined; everything else is text: `A*B`, `snake_case`, `__init__`, `*args`, `<table>` stay as they are.
    """
    return _reduced(text)[0] if _MARKED.search(text) else text.strip()


def lost_in(text: str) -> tuple[str, ...]:
    """What `plain_text` leaves out of a title besides emphasis: addresses, constructs, what HTML hides."""
    return tuple(dict.fromkeys(_reduced(text)[1])) if _LOSES.search(text) or len(text) > LONGEST else ()


_LOSES = re.compile(r"\]\(|[<{]|~~")


def _reduced(text: str) -> tuple[str, list[str]]:
    lost = [f"{text[LONGEST : LONGEST + 20]}…"] if len(text) > LONGEST else []
    kept = _without_hidden_and_constructs(_UNPRINTABLE.sub("", text[:LONGEST]), lost)
    kept = _BACKSLASH.sub("\x03", _NO_EMPHASIS.sub(lambda found: found[0].translate(_HIDDEN), kept))
    tokens = list(_inline(kept, {"ref_links": {}}))
    tags = _Tags(tokens, lost)
    return one_line("".join(text_of(tokens, is_markup=tags.is_markup))).translate(_SHOWN), lost


def _without_hidden_and_constructs(text: str, lost: list[str]) -> str:
    if "<" not in text and "{" not in text:
        return text
    pieces: list[str] = []
    end = 0
    for code in (*_CODE_SPAN.finditer(text), None):
        between = text[end : code.start() if code else None]
        without = _without_hidden(_without_constructs(between))
        if without != between:
            lost += [found[0] for found in _LIQUID.finditer(between)]
            lost += [found[0] for found in _OPENS_HIDDEN.finditer(between) if found[1] and found[0] not in without]
        pieces.append(without)
        if code:
            pieces.append(code[0])
            end = code.end()
    return "".join(pieces)


class _Tags:
    """Which tags in a title are markup, and which are words: an element that is never closed is spoken of."""

    def __init__(self, tokens: Iterable[Mapping[str, Any]], lost: list[str]) -> None:
        names: dict[str, set[str]] = {"": set(), "/": set()}
        raws: list[str] = []
        self._look_at(tokens, raws, lost)
        for raw in raws:
            if found := _TAG.match(raw):
                names["/" if raw[1] == "/" else ""].add(found[1].lower())
        self._paired = names[""] & names["/"]
        lost += [raw for raw in raws if self.is_markup(raw) and not self._is_formatting(raw)]

    def _look_at(self, tokens: Iterable[Mapping[str, Any]], raws: list[str], lost: list[str]) -> None:
        for token in tokens:
            if token["type"] == "inline_html":
                raws.append(token["raw"])
            elif token["type"] in {"link", "image"} and not _is_its_own_address(token):
                lost.append(token["attrs"]["url"])
            elif token["type"] == "strikethrough":
                lost.append("~~")
            self._look_at(token.get("children", ()), raws, lost)

    def _is_formatting(self, raw: str) -> bool:
        found = _TAG.match(raw)
        return raw.startswith(("</", "<!")) or (found is not None and found[1].lower() in _FORMATTING)

    def is_markup(self, raw: str) -> bool:
        found = _TAG.match(raw)
        if found is None:
            return raw.startswith(("<!", "<?"))
        name = found[1].lower()
        has_attributes = "=" in raw
        return is_element(raw) and (name in self._paired or name in {"br", "wbr", "p"} or has_attributes)


def _is_its_own_address(token: Mapping[str, Any]) -> bool:
    """Whether a link shows where it leads, like `<https://example.org>`."""
    return unescape(token["attrs"]["url"]).removeprefix("mailto:") == "".join(text_of(token["children"]))


def text_of(
    tokens: Iterable[Mapping[str, Any]],
    *,
    pictures: bool = True,
    is_markup: Callable[[str], bool] = is_element,
) -> Iterator[str]:
    """The pieces of text in inline tokens, entities decoded; `pictures` count with their alternative text.

    Formulas are as they are written, without `pictures` as words.
    """
    for token in without_unseen(tokens) if is_markup is is_element else tokens:
        kind = token["type"]
        if kind == "text":
            yield unescape(token["raw"])
        elif kind == "codespan":
            yield token["raw"]
        elif kind == "formula":
            yield token["raw"] if pictures else token["plain"]
        elif kind in {"softbreak", "linebreak"}:
            yield "\n"
        elif kind == "inline_html":
            yield "" if is_markup(token["raw"]) else token["raw"]
        elif "children" in token and (pictures or kind != "image"):
            yield from text_of(token["children"], pictures=pictures, is_markup=is_markup)


_Token = TypeVar("_Token", bound=Mapping[str, Any])


def without_unseen(tokens: Iterable[_Token]) -> list[_Token]:
    """Tokens beside each other without what stands in elements that no page shows, though it be other blocks."""
    tokens = list(tokens)
    html = [place for place, token in enumerate(tokens) if token["type"] in {"inline_html", "block_html"}]
    if not html:
        return tokens
    kept: list[_Token] = []
    end = 0
    unclosed: set[str] = set()
    for number, place in enumerate(html):
        opening = _opened_by(tokens[place]["raw"]) if place >= end else ""
        if not opening or opening in unclosed:
            continue
        closes = _CLOSES_HIDDEN[opening].search
        close = next((later for later in html[number + 1 :] if closes(tokens[later]["raw"])), None)
        if close is None:
            unclosed.add(opening)
            continue
        kept += tokens[end:place]
        end = close + 1
    return [*kept, *tokens[end:]]


def _opened_by(raw: str) -> str:
    """Return the name of the element that a piece of HTML opens and does not close, if no page shows it."""
    end = 0
    for found in _OPENS_UNSEEN.finditer(raw):
        name = (found[1] or "").lower()
        if found.start() < end or name not in _UNSEEN:
            continue
        close = _CLOSES_HIDDEN[name].search(raw, found.end())
        if close is None:
            return name
        end = close.end()
    return ""


def one_line(text: str) -> str:
    """A text on one line. Chinese and Japanese are written without spaces, so their lines are joined without one.

    https://drafts.csswg.org/css-text-4/#line-break-transform
    """
    if "\n" in text and _WIDE.search(text):
        text = _BREAK.sub(lambda found: found[1] if are_joined(found[1], found[2]) else found[0], text)
    return _BLANKS.sub(" ", text).strip()


def has_wide(text: str) -> bool:
    """Whether a text has characters of Chinese or Japanese."""
    return not text.isascii() and _WIDE.search(text) is not None


def are_joined(last: str, first: str) -> bool:
    """Whether two lines, of which one ends and the next begins with these characters, belong together."""
    if _WIDE.match(last):
        return _WIDE.match(first) is not None or _is_sign_of_both(first)
    return _WIDE.match(first) is not None and _is_sign_of_both(last)


def _is_sign_of_both(char: str) -> bool:
    """Whether Latin and Chinese texts have a sign in common, such as “ and …."""
    return unicodedata.east_asian_width(char) == "A" and unicodedata.category(char)[0] in "PS"


def beside_wide(tokens: list[dict[str, Any]]) -> bool:
    """Let `*` beside Chinese, Japanese or Korean open and close emphasis whatever sign stands on its other side.

    CommonMark wants a space or punctuation there, which these scripts do not have. It is true where something was
    changed: then `without_stand_ins` is for what becomes of the tokens.
    https://github.com/tats-u/markdown-cjk-friendly
    """
    changed = False
    for index, token in enumerate(tokens):
        raw = token.get("raw", "")
        if raw[:1] != "*" or token["type"] != "text" or not _RUN_OF_STARS.fullmatch(raw):
            continue
        last, first = _end_of(tokens, index - 1, -1), _end_of(tokens, index + 1, 0)
        is_beside = _is_of_east_asia(last) or _is_of_east_asia(first)
        if is_beside and not last.isspace() and not first.isspace():
            token["raw"] = f"{_STAND_IN}{raw}{_STAND_IN}"
            changed = True
    return changed


def without_stand_ins(tokens: Iterable[dict[str, Any]]) -> None:
    for token in tokens:
        if _STAND_IN in token.get("raw", ""):
            token["raw"] = token["raw"].replace(_STAND_IN, "")
        without_stand_ins(token.get("children", ()))


def _end_of(tokens: list[dict[str, Any]], index: int, end: int) -> str:
    """The character at one end of a token; a space at the end of a text or line, a sign for what is no text."""
    if not 0 <= index < len(tokens) or tokens[index]["type"] in {"softbreak", "linebreak"}:
        return " "
    raw = tokens[index].get("raw", "")
    return raw[end] if raw and tokens[index]["type"] == "text" else _STAND_IN


def _is_of_east_asia(char: str) -> bool:
    return char >= "\u1100" and unicodedata.east_asian_width(char) in "WFH"


def first_heading(text: str) -> str:
    """Plain text of the first heading of a body, outside code; empty if there is none near its beginning."""
    fence = ""
    above = ""
    empty = 0
    for line in text[:FURTHEST_HEADING].splitlines():
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
                if heading := heading_text(found[1]):
                    return heading
                empty += 1
            elif found := _HTML_HEADING.match(line):
                if heading := plain_text(_without_constructs(found[2])):
                    return heading
                empty += 1
            elif above and _SETEXT.match(line):
                return plain_text(_without_constructs(above))
            above = "" if _NO_TEXT.match(line) else line
    return ""


def heading_text(text: str) -> str:
    """Plain text of a heading as it is written, without the signs that close it and its attribute list."""
    return plain_text(_without_constructs(_heading_text(text)))


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
    return one_line(
        _UNPRINTABLE.sub("", unescape(_ANY_TAG.sub("\n", _without_hidden(html[:LONGEST], _OPENS_UNSEEN))))
    )


def excerpt_of(text: str) -> str:
    """The beginning of a text on one line: 300 characters as a reader counts them, cut at a word."""
    text = one_line(_UNPRINTABLE.sub("", text[:LONGEST]))
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


def _without_hidden(html: str, opens: re.Pattern[str] = _OPENS_HIDDEN) -> str:
    """HTML with a blank for each element whose content is not to be read, and for each comment."""
    pieces: list[str] = []
    end = 0
    unclosed: set[str] = set()
    for start in opens.finditer(html):
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
class _Inline(mistune.InlineParser):
    def finalize_tokens(self, tokens: list[dict[str, Any]], depth: int) -> list[dict[str, Any]]:
        changed = beside_wide(tokens)
        tokens = super().finalize_tokens(tokens, depth)
        if changed:
            without_stand_ins(tokens)
        return tokens


_inline = mistune.Markdown(renderer=None, inline=_Inline(), plugins=[strikethrough]).inline
