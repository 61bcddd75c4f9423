"""Comments that writers leave in a text, in the forms of all engines, and the code in which they are none."""

from __future__ import annotations

import re
import string
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from mistune.helpers import BLOCK_TAGS, PRE_TAGS

from bitacora.markdown.effort import spend

MORE = re.compile(r"<!--\s*more\s*-->", re.IGNORECASE)
"""No comment: it ends the excerpt."""
# Attributes as mistune 3.4 reads them, which tries each way to part a value without quotes from what follows.
ATTRIBUTES_OF_A_TAG = (
    r"""(?:\s++[A-Za-z_:][A-Za-z0-9_.:-]*+(?:\s*+=\s*+(?:'[^']*+'|"[^"]*+"|"""
    r"""[^ !"'=<>`]++(?!\s*+=)|(?>[^ !"'=<>`]+(?=\s[A-Za-z_:][A-Za-z0-9_.:-]*+\s*+=))))?+)*+"""
)
_NAME_OF_A_TAG = r"[A-Za-z][A-Za-z0-9-]*+"
INLINE_TAG = re.compile(rf"<{_NAME_OF_A_TAG}{ATTRIBUTES_OF_A_TAG}\s*+/?>|</{_NAME_OF_A_TAG}\s*+>")
EMPTY = "<!-- -->"
"""What stands for a comment of HTML: writers part lists and paragraphs by them."""


class Comment(NamedTuple):
    """Where a comment stands, and the mark that opens it.

    `is_open` is true for one that never ends, `is_first` where nothing stands before it on its line.
    """

    start: int
    end: int
    mark: str
    is_open: bool = False
    is_first: bool = False

    @property
    def closing_mark(self) -> str:
        return CLOSING_MARKS[self.mark]


class Code(NamedTuple):
    """Where a block or a span of code stands."""

    start: int
    end: int


def comments_in(text: str, *, elements: bool = True) -> list[Comment]:
    """Return the comments of a body, in their order. Takes linear time.

    With `elements` those of HTML that their author hides (`hidden`, `display: none`) are comments too: without
    scripts and styles of the author nobody could ever see them.
    """
    if not any(sign in text and like.search(text) for sign, like in _LIKE_A_COMMENT.items()):
        return []
    return [part for part in _Reader(text, elements=elements) if isinstance(part, Comment)]


def code_in(text: str) -> list[Code]:
    """Return the code of a body, in its order; none stands in a comment. Takes linear time."""
    return [part for part in _Reader(text) if isinstance(part, Code)]


def blanked(text: str, parts: Iterable[Comment | Code]) -> str:
    """Return a text with blanks for some of its parts, so that each place in it stays where it is."""
    pieces: list[str] = []
    end = 0
    for start, stop, *_ in parts:
        pieces += (text[end:start], _NOT_LINE_END.sub(" ", text[start:stop]))
        end = stop
    return "".join([*pieces, text[end:]])


def without_comments(
    text: str, stands_for_html: str = EMPTY, *, are_open: bool = True, elements: bool = True
) -> str:
    """Return a body without its comments, in the place of which stands nothing, or `stands_for_html`.

    Those that never end stay unless `are_open`; `elements` is that of `comments_in`.
    """
    pieces: list[str] = []
    end = 0
    for comment in comments_in(text, elements=elements):
        if comment.is_open and not are_open:
            continue
        pieces.append(text[end : comment.start])
        end = comment.end
        if comment.mark == "<!--":
            pieces.append(stands_for_html)
        if comment.is_first:  # what follows on its line is not to become code
            end = _BLANKS.match(text, end).end()  # type: ignore[union-attr]
    return "".join([*pieces, text[end:]]) if end else text


# --- what opens a comment, and what ends it


class _Form(NamedTuple):
    """`is_pair` for marks that are long enough to be meant: one that never ends hides all that follows."""

    mark: str
    opens: re.Pattern[str]
    closes: re.Pattern[str]
    is_pair: bool


def _form(mark: str, opens: str, closes: str, *, is_pair: bool = False) -> _Form:
    flags = re.IGNORECASE | re.MULTILINE
    return _Form(mark, re.compile(opens, flags), re.compile(closes, flags), is_pair)


_IS_HIDDEN = (
    r"""(?:hidden(?=[\s=/>])|style\s*+=\s*+["']?[^"'<>]{0,300}?"""
    r"""(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden))"""
)
MEMBERS_ONLY = "<!--members-only-->"
"""Of Ghost: what follows is not for all."""
HIDDEN_ELEMENT = "<… hidden>"
"""The mark of an element of HTML that its author hides."""

_MEMBERS = "private|members?|restrict|hide|wp-members"
"""Shortcodes of WordPress's plugins, around what is not for all."""
_FOR_MEMBERS = "[private]"

_FORMS: Mapping[str, Sequence[_Form]] = {
    "[": (
        _form(
            _FOR_MEMBERS,
            rf"\[(?:{_MEMBERS})\b[^\[\]\n]{{0,200}}\](?![(\[:])",
            rf"\[/(?:{_MEMBERS})\]",
            is_pair=True,
        ),
    ),
    "<": (
        _form(
            HIDDEN_ELEMENT,
            rf"<([a-z][a-z0-9-]*+)(?:(?!\s++{_IS_HIDDEN})"
            r"""\s++[^\s=<>"'/]++(?:\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>=]++))?+)*+"""
            rf"\s++{_IS_HIDDEN}[^<>]*+>",
            r"(?!)",
            is_pair=True,
        ),
        _form(
            "<!-- wp:premium-content -->",
            r"<!--\s*+wp:(?:jetpack/)?premium-content[^<>]{0,500}(?<!/)-->",
            r"<!--\s*+/wp:(?:jetpack/)?premium-content[^<>]{0,100}-->",
            is_pair=True,
        ),
        _form(MEMBERS_ONLY, r"<!--\s*+members-only\s*+-->", r"(?!)", is_pair=True),
        _form("<!--", r"<!--(?!-?>(?![^\n<]{0,1000}-->))", r"-->"),
        _form("<!--", r"<!(?=---?>)", r"-->"),  # empty, as HTML has it
        _form("<%--", r"<%--", r"--%>"),
        _form("<%#", r"<%-?#", r"%>"),
    ),
    "{{": (
        _form("{{/*", r"\{\{[-~]?\s*+/\*", r"\*/\s*+[-~]?\}\}"),
        _form("{{!--", r"\{\{~?!--", r"--~?\}\}"),
        _form("{{!", r"\{\{~?!", r"\}\}"),
        _form("{{--", r"\{\{--", r"--\}\}"),
        _form("{{#", r"\{\{#(?s:(?=.{0,1000}?#\}\}))", r"#\}\}"),
        _form(
            "{{% comment %}}",
            r"\{\{[<%]\s*+comment\b[^{}\n]{0,200}\}\}",
            r"\{\{[<%]\s*+/\s*+comment\s*+[%>]\}\}",
            is_pair=True,
        ),
    ),
    "{": (
        _form(
            "{% comment %}",
            r"\{%-?\s*+comment\b[^%{}\n]{0,200}%\}",
            r"\{%-?\s*+(?:end|/\s*+)comment\b[^%{}\n]{0,200}%\}",
            is_pair=True,
        ),
        _form(
            "{% if false %}",
            r"\{%-?\s*+if\s++(?:false|nil)\s*+-?%\}",
            r"\{%-?\s*+endif\s*+-?%\}",
            is_pair=True,
        ),
        _form("{% doc %}", r"\{%-?\s*+doc\s*+-?%\}", r"\{%-?\s*+enddoc\s*+-?%\}", is_pair=True),
        _form("{% liquid %}", r"\{%-?\s*+liquid\b", r"%\}", is_pair=True),
        _form("{% # %}", r"\{%-?\s*+#", r"%\}"),
        _form("{::comment /}", r"\{::comment\b[^{}\n]{0,200}/(?=\})", r"\}"),
        _form("{::comment}", r"\{::comment\b[^{}\n]{0,200}\}", r"\{:/(?:comment)?\}", is_pair=True),
        _form("{#", r"\{#(?=[-\s]|[^{}\n]{0,1000}#\})", r"#\}"),
        _form("{/*", r"\{\s*+/\*", r"\*/\s*+\}"),
        _form("{>>", r"\{>>", r"<<\}"),
        _form("{--", r"\{--(?=[^{}]{1,2000}--\})", r"--\}"),
    ),
}
CLOSING_MARKS = {
    "<!--": "-->", "<%--": "--%>", "<%#": "%>", "{{/*": "*/}}", "{{!--": "--}}", "{{!": "}}", "{{--": "--}}",
    "{{#": "#}}", "{{% comment %}}": "{{% /comment %}}", "{% comment %}": "{% endcomment %}",
    "{% if false %}": "{% endif %}", "{% doc %}": "{% enddoc %}", "{% # %}": "%}", "{::comment /}": "}",
    "{% liquid %}": "%}", "{--": "--}", MEMBERS_ONLY: "", ":::": ":::",
    "<!-- wp:premium-content -->": "<!-- /wp:premium-content -->",
    "{::comment}": "{:/comment}", "{#": "#}", "{/*": "*/}", "{>>": "<<}", "#+BEGIN_COMMENT": "#+END_COMMENT",
    "%%": "%%", "[//]: #": ")", _FOR_MEMBERS: "[/private]", HIDDEN_ELEMENT: "</…>",
}  # fmt: skip
_MAY_OPEN = {
    sign: re.compile("|".join(form.opens.pattern for form in forms), re.IGNORECASE)
    for sign, forms in _FORMS.items()
}
_LINES = _form(
    "#+BEGIN_COMMENT", r"#\+begin_comment[ \t\r]*+$", r"^[ \t>]*+#\+end_comment[ \t\r]*+$", is_pair=True
)
_NOT_FOR_PAGES = _form(
    ":::",
    r""":{3,}[ \t]*+(?:notes|hidden|\{[^{}\n]{0,300}?\.(?:hidden|notes)(?=[\s}])[^{}\n]{0,300}\}"""
    r"""|\{(?=[^{}\n]{0,300}\.content-hidden(?![\w-]))"""
    r"""(?![^{}\n]{0,300}(?:when-format="(?!html)|unless-format="html))[^{}\n]{0,600}\}"""
    r"""|\{(?=[^{}\n]{0,300}\.content-visible(?![\w-]))(?=[^{}\n]{0,300}(?:when-format="(?!html)"""
    r"""|unless-format="html|when-profile|when-meta))[^{}\n]{0,600}\})[ \t\r]*+$""",
    r"^[ \t>]*+:{3,}[ \t\r]*+$",
    is_pair=True,
)
"""Quarto's, and the notes of who holds a talk."""
_PERCENTS, _DEFINITION = "%%", "[//]: #"
_LIKE_A_COMMENT = {
    "%%": re.compile("%%"),
    "<!--": re.compile(r"<!--(?!\s*+more\s*+-->)", re.IGNORECASE),
    "<%": re.compile("<%"),
    "<": re.compile(r"\shidden[\s=/>]|:\s{0,9}(?:none|hidden)\b", re.IGNORECASE),
    "{": re.compile("|".join(form.opens.pattern for sign in ("{", "{{") for form in _FORMS[sign]), re.IGNORECASE),
    "]:": re.compile(r"\]:[ \t]*+(?:[#<]|\r?\n)|\[//"),
    "#+": re.compile(r"#\+begin_comment", re.IGNORECASE),
    "[/": re.compile(rf"\[/(?:{_MEMBERS})\]", re.IGNORECASE),
    ":::": re.compile(r":::[ \t]*+(?:notes|hidden|\{)", re.IGNORECASE),
}
"""By what such a text has in any case: most texts have none of these, and are not read any further."""
_NESTED = {
    "{% comment %}": re.compile(r"\{%-?\s*+(end|/\s*+)?comment\b[^%{}\n]{0,200}%\}", re.IGNORECASE),
    ":::": re.compile(r"(?m)^[ \t>]*+(?:(:{3,})[ \t\r]*+$|:{3,}[ \t]*+\S[^\n]*)"),
    "{% if false %}": re.compile(r"\{%-?\s*+(end)?(?:if|else|elsif)\b[^%{}\n]{0,200}%\}", re.IGNORECASE),
}
_VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_RAW = re.compile(r"\{%-?\s*+(raw|highlight|verbatim)\b[^%{}\n]{0,200}%\}")
_ENDS_OF_RAW = {name: re.compile(rf"\{{%-?\s*+end{name}\s*+-?%\}}") for name in ("raw", "highlight", "verbatim")}
_ELEMENT = re.compile(r"<(pre|code)\b[^<>]{0,500}>", re.IGNORECASE)
_ENDS_OF_ELEMENTS = {name: re.compile(rf"</{name}\s*+>", re.IGNORECASE) for name in ("pre", "code")}
_NOT_LINE_END = re.compile(r"[^\n]")
_SIGN = re.compile(rf"\\[\\`<{{%]|`++|%%|<|\{{\{{|\{{|\[(?=(?:{_MEMBERS})\b)", re.IGNORECASE)
_AUTOLINK = re.compile(r"<(?:[A-Za-z][A-Za-z0-9.+-]{1,31}:|[\w.!#$%&'*+/=?^`{|}~-]{1,64}@)[^<>\x00-\x20]*+>")
_TICKS = re.compile("`++")
_UNSEEN = string.whitespace + "\xa0\xad\u200b\u200c\u200d\u200e\u200f\u202f\u2060\u3000\ufeff"
_UNSEEN_IN_LINES = " \\t\xa0\xad\u200b-\u200f\u202f\u2060\u3000\ufeff"
_MOST_UNSEEN = 50
_BLANKS = re.compile(r"[ \t]*+")
_ENDS_PARAGRAPH = re.compile(
    r"\n(?=[ \t>]*+(?:\r?(?:\n|\Z)|(?:[-+*]|[0-9]{1,9}[.)])[ \t]|\#{1,6}[ \t]|`{3}|~{3}|\|"
    r"|(?:%%|-{3,}|={3,}|_{3,}|\*{3,})[ \t\r]*+(?:\n|\Z)))"
)
_BLANK_LINE = re.compile(r"\n[ \t>]*+\r?(?:\n|\Z)")
_PERCENT_LINE = re.compile(
    rf"(?m)^[{_UNSEEN_IN_LINES}>]*+(?:(?:[-+*]|[0-9]{{1,9}}[.)])[{_UNSEEN_IN_LINES}]++)?(%%)[{_UNSEEN_IN_LINES}\r]*+$"
)
_MARKS = re.compile(_PERCENTS)
_NO_OPENING = re.compile(r"(?<=\S)%%|%%(?!\S)")
_FENCE = re.compile(r"(`{3,}+(?=[^`\n]*+(?:\n|\Z))|~{3,}+)")
_ITEM = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?=[ \t]|\r?\n|\Z)")
_BODY_AT_FOUR = re.compile(r"(\[\^[^\]\n]{1,200}\]:)|:[ \t]")
"""A note or a definition: what is indented below it belongs to it."""
_MOST_NESTED = 30
_RULE = re.compile(r"(?:(?:-[ \t]*+){3,}|(?:\*[ \t]*+){3,}|(?:_[ \t]*+){3,})\r?(?:\n|\Z)")
_HTML_LINE = re.compile(
    r"</?([a-z][a-z0-9-]*+)(?=[\s/>]|\Z)(?:[^<>\n]{0,500}(>)[ \t\r]*+(?:\n|\Z))?", re.IGNORECASE
)
_BLOCK_TAGS = frozenset(BLOCK_TAGS)
_ENDS_OF_RAW_HTML = {name: re.compile(f"</{name}>", re.IGNORECASE) for name in PRE_TAGS}
_HEADING = re.compile(r"#{1,6}(?=[ \t]|\r?\n|\Z)")
_DEFINED = re.compile(
    r"""\[(?!\^)([^\[\]\n]{0,200})\]:[ \t]*+"""
    r"""(?:(<[ \t]*+#?[ \t]*+>|\#(?=\s|\Z))|(<[^<>\n]{0,300}>|\#(?=[("']))|)[ \t]*+"""
)
_COMMENT_LABEL = re.compile(
    r"[\s/#_.*!-]*+(?:comments?|comentarios?|coment[áa]rios?|kommentar|commentaire|commento|hidden)?[\s\W]*+",
    re.IGNORECASE,
)
_ENDS_OF_TITLES = {
    mark: re.compile(rf"(?m){re.escape(end)}[ \t\r]*+$") for mark, end in (("(", ")"), ('"', '"'), ("'", "'"))
}
_TITLE = re.compile(r"""[ \t]*+(?:\r?\n[ \t>]*+(?=[("']))?([("']?)""")
_REFERENCE = re.compile(r"\[([^\[\]\n]{1,200})\](?!:)")


@lru_cache(64)
def _tags(name: str) -> re.Pattern[str]:
    return re.compile(rf"<(/)?{re.escape(name)}(?=[\s/>])[^<>]*+>", re.IGNORECASE)


class _Reader:
    """Goes through a text once and yields its comments and its code, whichever begins first.

    Blocks are told apart as CommonMark does it, as far as code depends on it: by lists, quotations and indents.
    """

    def __init__(self, text: str, *, percents: bool = True, elements: bool = True) -> None:
        self._text = text
        self._elements = elements
        self._percents = percents
        self._depth = 0  # of quotations
        self._columns: list[int] = []  # where the content of the list items begins that are open
        self._in_paragraph = self._in_html = False
        self._first = -1  # where the content of this line begins
        self._limit = (0, -1)  # a place in a paragraph, and where that ends
        self._ticks: tuple[int, dict[int, list[int]]] = (-1, {})
        self._ends: dict[re.Pattern[str], tuple[int, re.Match[str] | None]] = {}
        self._raw_end = self._element_end = self._html_end = self._tag_end = 0

    def __iter__(self) -> Iterator[Comment | Code]:
        at = 0
        while at < len(self._text):
            spend()
            end = self._line_end(at)
            part = self._block(at, end)
            at = self._first
            while part or (part := self._inline(at, end)):
                yield part
                at, end = part.end, end if part.end <= end else self._line_end(part.end)
                if at and self._text[at - 1] == "\n":
                    break
                if isinstance(part, Comment) and part.is_first and not self._text[at:end].strip():
                    self._in_paragraph = False
                part = None
            else:
                at = end + 1

    # --- lines

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return end if end >= 0 else len(self._text)

    def _block(self, at: int, end: int) -> Comment | Code | None:
        """The code or the comment that a whole line is or begins; else `_first` is where its text begins."""
        text = self._text
        place, column, origin, depth = at, 0, 0, 0
        self._limit = (0, -1) if at > self._limit[1] else self._limit
        if at < max(self._element_end, self._html_end):
            self._first = at
            self._in_html = at < self._html_end
            return None
        is_lazy = self._in_paragraph
        while True:
            while place < end and text[place] in " \t":
                column += 4 - column % 4 if text[place] == "\t" else 1
                place += 1
            self._first = place
            if place == end or text[place] == "\r":
                self._leave_quotes(depth)
                self._in_paragraph = self._in_paragraph and column - origin >= 4  # as Mistune reads it
                self._in_html = False
                return None
            if self._in_html and depth == self._depth:
                return None
            indent = column - origin
            inside = max((one for one in self._columns if one <= indent), default=0)
            is_code = indent - inside >= 4
            if text[place] == ">" and not is_code:
                depth += 1
                place, column = place + 1, column + 1
                if depth > self._depth:
                    self._enter(depth)
                if text[place : place + 1] in {" ", "\t"}:
                    place, column = place + 1, column + 1
                origin = column
                is_lazy = self._in_paragraph
                continue
            if depth < self._depth and not (is_lazy and self._in_paragraph):
                self._leave_quotes(depth)
                inside = max((one for one in self._columns if one <= indent), default=0)
                is_code = indent - inside >= 4
            if is_code and not self._in_paragraph:
                self._leave_items(indent)
                return Code(at, min(end + 1, len(text)))
            if is_code:
                return None
            item = None if _RULE.match(text, place) else _ITEM.match(text, place, end)
            if (
                item
                and len(self._columns) < _MOST_NESTED
                and not (self._in_paragraph and item[1] and int(item[1]) != 1)
            ):
                self._leave_quotes(depth)
                self._leave_items(indent)
                self._in_paragraph = is_lazy = False
                width = item.end() - place
                blanks = _BLANKS.match(text, item.end(), end).end() - item.end()  # type: ignore[union-attr]
                is_deep = blanks > 4 or item.end() + blanks >= end
                self._columns.append(indent + width + (1 if is_deep else blanks))
                place, column = item.end(), column + width
                continue
            break
        if fence := _FENCE.match(text, place):
            self._leave_quotes(depth)
            self._leave_items(indent)
            self._in_paragraph = False
            return Code(at, self._fence_end(fence[1], end, depth, inside))
        if found := self._definition(place, end):
            return found
        if _HEADING.match(text, place) or text[place] == "|":
            self._limit = (place, end)
            self._in_paragraph = text[place] == "|"
            if not self._in_paragraph:
                self._leave_items(indent)
            return None
        if text[place] == "#" and _LINES.opens.match(text, place):
            return self._comment(_LINES, place)
        if text[place] == ":" and _NOT_FOR_PAGES.opens.match(text, place):
            return self._comment(_NOT_FOR_PAGES, place)
        if text[place] == "<" and (tag := _HTML_LINE.match(text, place)):
            name = tag[1].lower()
            is_block = name in _BLOCK_TAGS or name in _ENDS_OF_RAW_HTML
            self._in_html = is_block or (bool(tag[2]) and not self._in_paragraph)
            if name in _ENDS_OF_RAW_HTML and text[place + 1] != "/":
                closing = self._search(_ENDS_OF_RAW_HTML[name], place)
                self._html_end = closing.end() if closing else len(text)
        body = _BODY_AT_FOUR.match(text, place, end)
        if not self._in_paragraph or body:
            self._leave_items(indent)
        if body and (body[1] or self._in_paragraph) and len(self._columns) < _MOST_NESTED:
            self._columns.append(indent + 4)
        self._in_paragraph = not self._in_html
        return None

    def _leave_quotes(self, depth: int) -> None:
        if depth < self._depth:
            self._enter(depth)

    def _enter(self, depth: int) -> None:
        self._depth, self._columns, self._in_paragraph, self._in_html = depth, [], False, False

    def _leave_items(self, indent: int) -> None:
        while self._columns and self._columns[-1] > indent:
            self._columns.pop()

    def _fence_end(self, fence: str, end: int, depth: int, inside: int) -> int:
        """Where the code ends that a fence begins: behind the line that closes it, or with what it lies in."""
        text = self._text
        while end < len(text):
            start, end = end + 1, self._line_end(end + 1)
            line = text[start:end]
            for _ in range(depth):
                quoted = line.lstrip(" \t")
                if not quoted.startswith(">"):
                    return start
                line = quoted[1:].removeprefix(" ")
            content = line.strip()
            indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
            if content and indent < inside:
                return start
            if len(content) >= len(fence) and indent - inside < 4 and not content.strip(fence[0]):
                return min(end + 1, len(text))
        return len(text)

    def _definition(self, place: int, end: int) -> Comment | None:
        """A definition that defines nothing: all it has is its title, or its name says what it is."""
        if self._text[place] != "[" or not (found := _DEFINED.match(self._text, place)):
            return None
        is_named = bool(_COMMENT_LABEL.fullmatch(found[1]))
        if not found[2] and not (is_named and (found[3] or found[1].strip().startswith("//"))):
            return None
        title = _TITLE.match(self._text, found.end())
        assert title  # it may be empty
        if not (is_named or title[1]):
            return None
        if found[1].strip().casefold() in self._references and not (is_named and title[1]):
            return None
        if not title[1]:
            return Comment(place, end, _DEFINITION, is_first=True)
        limit = blank.start() if (blank := _BLANK_LINE.search(self._text, title.end() - 1)) else len(self._text)
        closes = _ENDS_OF_TITLES[title[1]].search(self._text, title.end(), limit)
        return Comment(place, closes.end() if closes else limit, _DEFINITION, not closes, is_first=True)

    @cached_property
    def _references(self) -> frozenset[str]:
        return frozenset(found[1].strip().casefold() for found in _REFERENCE.finditer(self._text))

    # --- within lines

    def _inline(self, at: int, end: int) -> Comment | Code | None:
        """The next comment or span of code that begins before the end of a line."""
        while sign := _SIGN.search(self._text, at, end):
            spend()
            at = sign.end()
            if sign[0][0] == "\\":
                at -= sign[0][1] == "{"  # engines of templates know no such escape
            elif sign[0][0] == "`":
                if (
                    not self._in_html
                    and sign.start() >= max(self._element_end, self._tag_end)
                    and (closing := self._closing_ticks(sign))
                ):
                    return Code(sign.start(), closing)
            elif sign[0] == _PERCENTS:
                if self._percents and sign.start() >= self._element_end:
                    return self._percent_comment(sign.start())
            elif found := self._delimited(sign):
                return found
            elif sign[0] == "<" and sign.start() >= self._tag_end:
                self._tag_end = self._end_of_tag(sign.start())
        return None

    def _end_of_tag(self, start: int) -> int:
        """Where a tag or an address in angle brackets ends that begins here; backticks in it open no code."""
        tag = INLINE_TAG.match(self._text, start) or _AUTOLINK.match(self._text, start)
        return tag.end() if tag and tag.end() <= self._paragraph_end(start) else 0

    def _delimited(self, sign: re.Match[str]) -> Comment | Code | None:
        start = sign.start()
        may_open = _MAY_OPEN[sign[0]].match(self._text, start)
        for form in _FORMS[sign[0]] if may_open else ():
            if form.mark == HIDDEN_ELEMENT and not self._elements:
                continue
            if form.mark == _FOR_MEMBERS and not self._search(form.closes, start):
                continue  # words in brackets
            is_html = form.mark == "<!--"
            if (is_html or start >= max(self._element_end, self._raw_end)) and form.opens.match(self._text, start):
                if is_html and MORE.match(self._text, start):
                    return None
                return self._comment(form, start)
        if start < self._element_end:
            return None
        if sign[0] == "<" and (tag := _ELEMENT.match(self._text, start)):
            name = tag[1].lower()
            closing = self._search(_ENDS_OF_ELEMENTS[name], tag.end())
            if closing and (name == "pre" or closing.start() <= self._paragraph_end(start)):
                self._element_end = closing.end()
        elif sign[0] == "{" and (tag := _RAW.match(self._text, start)):
            closing = self._search(_ENDS_OF_RAW[tag[1]], tag.end())
            if closing and tag[1] == "highlight":
                return Code(start, closing.end())
            self._raw_end = closing.end() if closing else self._raw_end
        return None

    def _comment(self, form: _Form, start: int) -> Comment:
        """One that begins here. It ends in its paragraph, unless it begins its line or is ended before another."""
        opening = form.opens.match(self._text, start)
        assert opening
        is_first = self._begins_line(start)
        if form.mark == HIDDEN_ELEMENT:
            closes = self._element_closes(opening)
        elif form.mark in _NESTED:
            closes = self._nested_end(_NESTED[form.mark], opening.end())
        else:
            found = self._search(form.closes, opening.end())
            closes = found.end() if found else 0
        if closes and (closes <= self._paragraph_end(start) or is_first or form.is_pair):
            return Comment(start, closes, form.mark, is_first=is_first)
        if closes and not form.opens.search(self._text, opening.end(), closes):
            return Comment(start, closes, form.mark)
        is_whole = is_first or form.is_pair
        limit = len(self._text) if is_whole else max(self._paragraph_end(start), opening.end())
        return Comment(start, limit, form.mark, is_open=True, is_first=is_first)

    def _begins_line(self, start: int) -> bool:
        """Whether nothing that can be seen stands before a place on its line."""
        before = self._text[self._first : start] if 0 <= start - self._first < _MOST_UNSEEN else "a"
        return not before.strip(_UNSEEN)

    def _element_closes(self, opening: re.Match[str]) -> int:
        """Where an element ends, which may have others of its name inside; 0 for nowhere."""
        name = opening[1].lower()
        if name in _VOID or opening[0].endswith("/>"):
            return opening.end()
        return self._nested_end(_tags(name), opening.end())

    def _nested_end(self, tags: re.Pattern[str], at: int) -> int:
        """Where a comment of Liquid ends, which may have others inside; 0 for nowhere."""
        depth = 1
        for tag in tags.finditer(self._text, at):
            if tag[0].lstrip("{%- \n\t").startswith("els"):
                if depth == 1:
                    return tag.end()
                continue
            depth += -1 if tag[1] else 1
            if not depth:
                return tag.end()
        return 0

    def _search(self, expression: re.Pattern[str], at: int) -> re.Match[str] | None:
        """The next match, looked for once however often it is asked for."""
        asked, found = self._ends.get(expression, (len(self._text) + 1, None))
        if asked > at or (found and found.start() < at):
            found = expression.search(self._text, at)
            self._ends[expression] = at, found
        return found

    def _paragraph_end(self, at: int) -> int:
        since, limit = self._limit
        if not since <= at <= limit:
            found = _ENDS_PARAGRAPH.search(self._text, at)
            limit = found.start() if found else len(self._text)
            self._limit = at, limit
        return limit

    def _closing_ticks(self, opening: re.Match[str]) -> int:
        """Where the span of code ends that some backticks begin; 0 where they begin none."""
        limit = self._paragraph_end(opening.start())
        if self._ticks[0] != limit:
            places: dict[int, list[int]] = defaultdict(list)
            for run in _TICKS.finditer(self._text, opening.start(), limit):
                places[len(run[0])].append(run.start())
            self._ticks = limit, places
        length = len(opening[0])
        runs = self._ticks[1].get(length, [])
        later = bisect_right(runs, opening.start())
        return runs[later] + length if later < len(runs) else 0

    # --- Obsidian's, whose marks are alike

    def _percent_comment(self, start: int) -> Comment:
        spend(2)
        text, after = self._text, start + 2
        limit = self._paragraph_end(start)
        is_first = self._begins_line(start)
        if is_first and self._is_last_on_line(start):
            return self._percent_block(start)
        if (closes := text.find(_PERCENTS, after, limit)) >= 0:
            return Comment(start, closes + 2, _PERCENTS, is_first=is_first)
        if not is_first:
            line = _PERCENT_LINE.match(text, limit + 1)
            if line and not self._left(self._places, start) % 2:
                return Comment(start, line.end(1), _PERCENTS)
            return Comment(start, limit, _PERCENTS, is_open=True)
        found = _NO_OPENING.search(text, limit)
        return Comment(start, found.end() if found else len(text), _PERCENTS, not found, is_first)

    def _percent_block(self, start: int) -> Comment:
        """From a line of these marks to the next, or to what can only be meant as the other one of the two.

        A percent sign may have been typed twice inside: where the marks do not come out even, lines pair.
        """
        text, after = self._text, start + 2
        line = _PERCENT_LINE.search(text, after)
        first = text.find(_PERCENTS, after)
        if line is None:
            end = first + 2 if first >= 0 else len(text)
        elif text.count(_PERCENTS, after, line.start(1)) % 2 == 0 or (
            self._left(self._places, start) % 2 and not self._left(self._lines, start) % 2
        ):
            end = line.end(1)
        elif self._is_last_on_line(first):
            end = first + 2
        else:  # hide what either way of reading would
            line = _PERCENT_LINE.search(text, line.end())
            end, first = (line.end(1), first) if line else (len(text), -1)
        return Comment(start, end, _PERCENTS, first < 0, is_first=True)

    def _is_last_on_line(self, place: int) -> bool:
        return not self._text[place + 2 : self._line_end(place)].strip(_UNSEEN)

    @cached_property
    def _places(self) -> list[int]:
        """Where the marks stand, code left out."""
        code = [part for part in _Reader(self._text, percents=False) if isinstance(part, Code)]
        places: list[int] = []
        end = 0
        for start, stop in (*code, (len(self._text), 0)):
            places += [found.start() for found in _MARKS.finditer(self._text, end, start)]
            end = stop
        return places

    @cached_property
    def _lines(self) -> list[int]:
        places = set(self._places)
        return [line.start(1) for line in _PERCENT_LINE.finditer(self._text) if line.start(1) in places]

    @staticmethod
    def _left(places: list[int], start: int) -> int:
        return len(places) - bisect_left(places, start)
