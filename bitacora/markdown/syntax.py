"""The Markdown that posts are written in, as a tree of mistune's tokens.

CommonMark with tables, footnotes, strikethrough, task lists, definition lists, abbreviations, alerts and the
attribute lists of kramdown.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from typing import Any

from mistune import BlockParser, BlockState, InlineParser, InlineState, Markdown
from mistune.helpers import BLOCK_TAGS, PRE_TAGS
from mistune.plugins.abbr import parse_ref_abbr
from mistune.plugins.def_list import def_list
from mistune.plugins.footnotes import footnotes, md_footnotes_hook, parse_footnote_item
from mistune.plugins.formatting import strikethrough
from mistune.plugins.table import table, table_in_list, table_in_quote
from mistune.util import unikey

from bitacora.markdown.comments import ATTRIBUTES_OF_A_TAG, INLINE_TAG, without_comments
from bitacora.markdown.effort import spend
from bitacora.markdown.foreign import CALLOUT_CLASSES, CALLOUTS, expand_callouts, without_programs
from bitacora.markdown.formulas import Formulas
from bitacora.markdown.liquid import HIDDEN_BRACE, expand_pairs, without_constructs
from bitacora.markdown.slips import as_typed, with_addresses
from bitacora.markdown.tables import read_tables
from bitacora.markdown.text import (
    are_joined,
    beside_wide,
    has_wide,
    is_element,
    plain_text,
    text_of,
    without_stand_ins,
)
from bitacora.markdown.wikilinks import PATTERN as WIKILINK
from bitacora.markdown.wikilinks import address_of, is_picture, read_size, words_of

ALERTS = ("note", "tip", "important", "warning", "caution")

Token = dict[str, Any]

_ALERT = re.compile(
    r"\[!([A-Za-z][\w -]{0,30}+)(?:\|[^\]\n]{0,100})?\]([+-]?)(?:[ \t]++([^\n]{0,500}+))?[ \t]*(?:\n|$)"
)
_TASK = re.compile(r"\[([ \xa0xX])\]\s+(?=\S)")
_ATTRIBUTES = re.compile(r"\{:([^{}\n]{0,200})\}")
_ATTRIBUTE = re.compile(r"""\s*(?:([.#])([\w:-]+)|([\w-]+)=("[^"]*"|'[^']*'|[^\s"']+)|[\w:-]+)(?=[\s.#]|$)""")
_LAST_LINE = re.compile(r"(?:^|\n)[ \t]*\{:([^{}\n]{0,200})\}\s*$")
_FIRST_LINE = re.compile(r"[ \t]*\{:([^{}\n]{0,200})\}[ \t]*(?:\n|$)")
_HEADING_END = re.compile(r"\{:?((?=[^{}\n]*[.#=])[^{}\n]{1,200})\}\s*$")
_LISTS = re.compile(r"(?<!\\)\{:([^{}\n]{0,200})\}|(?m:\{((?=[^{}\n]*=)[^{}:\n][^{}\n]{0,200})\}(?=[ \t\r]*$))")
_UNDERLINE = re.compile(r"[ \t\r]*+\n[ \t>]*+(?:=++|-++)[ \t\r]*+(?:\n|\Z)")
_CODE = re.compile(r"(?<!`)(`{1,9})(?!`).{1,1000}?(?<!`)\1(?!`)")
_DELIMITERS = re.compile(r"\*++|(?<!\w)_++|(?<!_)_++(?!\w)")
_MOST_DELIMITERS = 1_000
_BLOCK_TAGS = frozenset((*BLOCK_TAGS, *PRE_TAGS))
_SIGNS = "![]<`*_\\~{\n"
_LONG_LINE, _OF_A_LONG_LINE_IN_A_STEP, _OF_A_LONG_BREAK_IN_A_STEP = 10_000, 100, 20
_BLANKS = "__blank_line_starts__"
# Mistune's own looks for the "]" in the whole text, again and again.
_ABBREVIATION = re.compile(
    r"^ {0,3}\*\[(?P<abbr_key>[^\]\n]{1,100})(?<!\\)(?:\\\\)*\]:"
    r"(?P<abbr_text>[ \t]*\n(?: {3,}|\t)[^\n]+|[^\n]*)$"
)
_REST_OF_A_TAG = re.compile(rf"{ATTRIBUTES_OF_A_TAG}[ \t]*+>[ \t]*+(?:\n|$)")
_BLANK_LINES = re.compile(r"\n(?:[ \t\v\f\r]*+\n)++")
_MOST_BLANK_LINES = 100
_KEPT_ATTRIBUTES = frozenset({"lang", "dir", "title"})


class Tree:
    """What a body parses to: block tokens, abbreviations by word, footnotes as the last token."""

    def __init__(self, tokens: list[Token], abbreviations: dict[str, str]) -> None:
        self.tokens = tokens
        self.abbreviations = abbreviations


_LIKE_DEFINITIONS = re.compile(r"^[ >]{0,20}\[", re.MULTILINE)
"""Lines that mistune reads on to find out whether they define a link, all of them in one step."""


def parse(text: str, *, custom_elements: bool = False, math: bool = False, title: str = "") -> Tree:
    """The tokens of a body. Words in angle brackets that are no HTML element are text, unless `custom_elements`.

    With `math` formulas are tokens of their own. A first heading that repeats `title` is a token "title".
    Raises RecursionError at worst where text nests without end.
    """
    state: BlockState = _State()
    state.env["custom_elements"] = custom_elements
    text = _BLANK_LINES.sub(_few_blank_lines, "\n" + text.replace("\x00", "\ufffd"))
    text = as_typed(text)
    formulas = Formulas(text) if math else None
    text = expand_callouts(expand_pairs(formulas.text if formulas else text))
    text = without_programs(text, components=not custom_elements)
    state.env["title"], state.env["formulas"] = title, formulas
    spend(len(_LIKE_DEFINITIONS.findall(text)) + text.count("\n:") // 4)
    tokens, state = _markdown.parse(text, state)
    assert isinstance(tokens, list)
    abbreviations = state.env.get("ref_abbrs", {})
    if formulas:
        tokens = formulas.show(tokens)
        abbreviations = {word: formulas.written(text) for word, text in abbreviations.items()}
    return Tree(tokens, abbreviations)


def _few_blank_lines(run: re.Match[str]) -> str:
    """Mistune needs a kilobyte for each blank line of a run."""
    return run[0] if run[0].count("\n") <= _MOST_BLANK_LINES else "\n" * _MOST_BLANK_LINES


def read_attributes(text: str) -> dict[str, str] | None:
    """The `.class #id key="value"` of an attribute list; None if it is none, for then it is text."""
    spend(len(text) // 20)
    found: dict[str, str] = {}
    end = 0
    while text[end:].strip():
        part = _ATTRIBUTE.match(text, end)
        if not part:
            return None
        end = part.end()
        if part[1] == "#":
            found["id"] = part[2]
        elif part[1] == ".":
            found["class"] = f"{found.get('class', '')} {part[2]}".strip()
        elif part[3] and part[3].lower() in _KEPT_ATTRIBUTES:
            found[part[3].lower()] = part[4].strip("\"'")
        elif not part[3]:
            found[":" + part[0].strip()] = ""
    return found


def unshown_values(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the attribute lists in a text without code have values that no page shows."""
    for found in _LISTS.finditer(text):
        at = found.start(1) if found[1] is not None else found.start(2)
        attributes = found[1] if found[1] is not None else found[2]
        is_list = found[1] is not None or _is_heading(text, found.start(), found.end())
        if "=" not in attributes or not is_list or read_attributes(attributes) is None:
            continue
        end = 0
        while part := _ATTRIBUTE.match(attributes, end):
            end = part.end()
            if part[3] and part[3].lower() not in _KEPT_ATTRIBUTES:
                yield at + part.start(), at + end


def _is_heading(text: str, start: int, end: int) -> bool:
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return line.lstrip(" \t>-+*").startswith("#") or _UNDERLINE.match(text, end) is not None


class _State(BlockState):
    """Where a parser of blocks is; each look at a line is a step."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.blank_lines: Any = None

    def child_state(self, *given: Any, **named: Any) -> BlockState:
        """What stands in an item or a quote."""
        spend()
        return super().child_state(*given, **named)

    def add_paragraph(self, text: str) -> None:
        self._grow_paragraph()
        super().add_paragraph(text)

    def append_paragraph(self) -> int | None:
        self._grow_paragraph()
        return super().append_paragraph()

    def _grow_paragraph(self) -> None:
        """Each line that is added to a paragraph copies it."""
        last = self.last_token()
        if last and last["type"] == "paragraph":
            spend(len(last["text"]) // 5_000)

    def find_line_end_at(self, pos: int) -> int:
        """A very long line counts for more: each list that it begins has it read again, and breaks are slow."""
        end = super().find_line_end_at(pos)
        if end - pos < _LONG_LINE:
            spend()
        else:
            is_like_a_break = self.src[pos] in "-*_ "
            spend((end - pos) // (_OF_A_LONG_BREAK_IN_A_STEP if is_like_a_break else _OF_A_LONG_LINE_IN_A_STEP))
        return end


class _Block(BlockParser):
    """CommonMark's blocks, in which `<leader>` on a line of its own begins a paragraph and not raw HTML."""

    state_cls = _State

    def __init__(self) -> None:
        super().__init__()
        self._at_lines: dict[str, re.Pattern[str]] = {}

    def compile_sc(self, rules: list[str] | None = None) -> re.Pattern[str]:
        """All rules begin at the beginning of a line; mistune tries each of them at each character."""
        key = "|".join(self.rules if rules is None else rules)
        if key not in self._at_lines:
            self._at_lines[key] = re.compile(f"^(?:{super().compile_sc(rules).pattern})", self.sc_flag)
        return self._at_lines[key]

    def parse_atx_heading(self, m: re.Match[str], state: BlockState) -> int:
        """Mistune 3.4 looks for the closing signs of a heading in quadratic time."""
        text = m["atx_2"].strip(string.whitespace)
        shorter = text.rstrip("#")
        if not shorter or shorter[-1].isspace():
            text = shorter.rstrip()
        state.append_token({"type": "heading", "text": text, "attrs": {"level": len(m["atx_1"])}, "style": "atx"})
        return m.end() + 1

    def parse_ref_link(self, m: re.Match[str], state: BlockState) -> int | None:
        """Mistune 3.4 keeps the blank lines of one text alone, and looks for them again where lists alternate."""
        assert isinstance(state, _State)
        spend()
        state.env[_BLANKS] = state.blank_lines
        end = super().parse_ref_link(m, state)
        state.blank_lines = state.env[_BLANKS]
        return end

    def parse_raw_html(self, m: re.Match[str], state: BlockState) -> int | None:
        start = m.start()
        if not state.env.get("custom_elements") and not is_element(state.src[start : start + 500].lstrip()):
            return None
        name = m[0].strip()[1:].lower()
        is_inline = name[0].isalpha() and name not in _BLOCK_TAGS
        if is_inline and not _REST_OF_A_TAG.match(state.src, m.end(), state.find_line_end()):
            return state.append_paragraph()
        return super().parse_raw_html(m, state)


class _Inline(InlineParser):
    """CommonMark's text, in which a paragraph with very many `*` and `_` has no emphasis.

    Matching them takes mistune 3.4 quadratic time where they do not pair up.
    """

    def parse_inline_html(self, m: re.Match[str], state: InlineState) -> int | None:
        if not state.src.startswith(("<!", "<?"), m.start()) and not INLINE_TAG.match(state.src, m.start()):
            return None
        return super().parse_inline_html(m, state)

    def render(self, state: InlineState) -> list[Token]:
        spend(1 + sum(map(state.src.count, _SIGNS)))
        tokens = super().render(state)
        if "\n" in state.src and has_wide(state.src):
            _join_lines(tokens)
        return tokens

    def finalize_tokens(self, tokens: list[Token], depth: int) -> list[Token]:
        texts: list[Token] = []
        for token in tokens:
            if token["type"] == "text":
                if "*" in token["raw"] or "_" in token["raw"]:
                    texts.append(token)
                else:  # mistune looks at each character of the others
                    token["_emphasis"] = False
        delimiters = sum(len(_DELIMITERS.findall(token["raw"])) for token in texts)
        if delimiters > _MOST_DELIMITERS:
            for token in texts:
                token["_emphasis"] = False
        else:
            spend(delimiters * delimiters // 420)
        changed = bool(texts) and beside_wide(tokens)
        tokens = super().finalize_tokens(tokens, depth)
        if changed:
            without_stand_ins(tokens)
        return tokens


def _join_lines(tokens: list[Token]) -> None:
    """Take out line breaks between Chinese or Japanese characters, which browsers show as spaces."""
    kept: list[Token] = []
    last = ""
    for index, token in enumerate(tokens):
        if token["type"] == "softbreak":
            first = next(filter(None, map(_text_within, tokens[index + 1 : index + 4])), "")
            if last and first and are_joined(last[-1], first[0]):
                continue
        if "children" in token:
            _join_lines(token["children"])
        last = _text_within(token) or ("" if token["type"] in {"softbreak", "linebreak"} else last)
        kept.append(token)
    tokens[:] = kept


def _text_within(token: Token) -> str:
    return token["raw"] if token["type"] == "text" else "".join(text_of(token.get("children", ())))


def _attributes(_inline: InlineParser, m: re.Match[str], state: InlineState) -> int | None:
    attributes = read_attributes(m[0][2:-1].removeprefix(":"))
    if attributes is None:
        return None
    if state.tokens and state.tokens[-1]["type"] in {"link", "image", "codespan"}:
        _apply(state.tokens[-1], attributes)
    return m.end()


def _wikilink(_inline: InlineParser, m: re.Match[str], state: InlineState) -> int | None:
    """A link or a picture by its name; a definition of that name goes first, as CommonMark has it."""
    name, heading = m["wiki_name"].strip(), m["wiki_heading"] or ""
    if not (name or heading) or m["wiki_name"][:1].isspace() or state.env.get("ref_links", {}).get(unikey(name)):
        return None
    if m[0].startswith("!") and is_picture(name):
        alt, size = read_size(m["wiki_words"] or "")
        alt_tokens = [{"type": "text", "raw": alt}] if alt else []
        token: Token = {"type": "image", "children": alt_tokens, "attrs": {"url": address_of(name)}, "own": size}
    else:
        token = {"type": "link", "children": [{"type": "text", "raw": words_of(m)}], "attrs": {"url": ""}}
        token["attrs"]["url"] = address_of(name) if name else ""
        if heading and not heading.startswith("^"):
            token["heading"] = heading.rpartition("#")[2]
    state.append_token(token)
    return m.end()


def _shape(_md: Markdown, state: BlockState) -> None:
    _shape_all(state.tokens)
    if state.env["title"]:
        _find_title(state.tokens, state.env["title"], state.env["formulas"])


def _find_title(tokens: list[Token], title: str, formulas: Formulas | None) -> None:
    """Mark the first heading where it repeats the title of the page; one of a lower level only at the beginning.

    One with a link, a picture or a note stays, for the title has none.
    """
    begins = True
    for token in tokens:
        html = _HTML_HEADING.fullmatch(token["raw"]) if token["type"] == "block_html" else None
        if token["type"] == "heading" or html:
            written = html[2] if html else token["text"]
            level = int(html[1]) if html else token["attrs"]["level"]
            text = formulas.written(written) if formulas else written
            is_alike = _comparable(plain_text(text)) == _comparable(title)
            if is_alike and (begins or level == 1) and not _HOLDS_MORE.search(written):
                token |= {"type": "title", "text": written}
            return
        begins = begins and (token["type"] == "blank_line" or not _SAYS_SOMETHING.search(_without_pictures(token)))


def _comparable(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).translate(_PLAIN_SIGNS).casefold().split()).rstrip(" .:")


_PLAIN_SIGNS = str.maketrans("’‘“”«»–—", '\'\'""""--')
_HOLDS_MORE = re.compile(r"\]\(|\]\[|\[\[|\[\^|!\[|<(?:a|img|video|audio|iframe)\b", re.IGNORECASE)
_HTML_HEADING = re.compile(r"\s*<h([1-6])\b[^>]*>(.*?)</h\1>\s*", re.IGNORECASE | re.DOTALL)
_SAYS_SOMETHING = re.compile(r"\w")
_ONLY_A_PICTURE = re.compile(r"!\[[^\[\]]{0,500}+\]\([^()]{0,500}+\)|<[^<>]*+>")
_LONGEST_BEFORE_A_TITLE = 2_000


def _without_pictures(token: Token) -> str:
    if token["type"] not in {"paragraph", "block_html"}:
        return "x"
    written = token.get("text") or token.get("raw", "")
    return _ONLY_A_PICTURE.sub("", written) if len(written) < _LONGEST_BEFORE_A_TITLE else written


def _shape_all(tokens: list[Token]) -> None:
    """Constructs out, attribute lists applied, alerts and tasks recognised: before inline text is read."""
    spend(len(tokens))
    shaped: list[Token] = []
    before: dict[str, str] = {}
    for token in tokens:
        if before and token["type"] != "blank_line":
            _apply(token, before)
        before = {}
        if "text" in token:
            if token["type"] == "table_cell" and "\\|" in token["text"]:
                token["text"] = _CODE.sub(_code_in_a_cell, token["text"])
            # Those in what only looked like code from afar.
            text = without_comments(token["text"], elements=False)
            token["text"] = with_addresses(without_constructs(text))
            if "{" in token["text"]:
                _take_attributes(token, shaped)
            token["text"] = token["text"].replace(HIDDEN_BRACE, "{")
            if token["type"] == "paragraph" and not token["text"].strip():
                before = token.get("own", {})
                continue
        elif token["type"] == "block_html":
            token["raw"] = without_constructs(token["raw"]).replace(HIDDEN_BRACE, "{")
        elif token["type"] == "block_code":
            token["raw"] = token["raw"].replace(HIDDEN_BRACE, "{")
        elif "children" in token:
            _shape_all(token["children"])
            _shape_container(token)
        shaped.append(token)
    shaped = [_shape_marked(token) if "own" in token else token for token in shaped]
    tokens[:] = [token for token in shaped if token["type"] != "list" or ":toc" not in token.get("own", {})]


def _code_in_a_cell(found: re.Match[str]) -> str:
    """Code of a table, in which the backslash before a pipe only keeps the cell together (GFM, example 200)."""
    return found[0].replace("\\|", "|")


def _take_attributes(token: Token, before: list[Token]) -> None:
    if token["type"] == "heading" and (found := _HEADING_END.search(token["text"])):
        attributes = read_attributes(found[1])
        if attributes is not None:
            token["text"] = token["text"][: found.start()].rstrip()
            _apply(token, attributes)
    if found := _FIRST_LINE.match(token["text"]):
        attributes = read_attributes(found[1].removeprefix(":"))
        if attributes is not None:
            token["text"] = token["text"][found.end() :]
            has_block = before and before[-1]["type"] != "blank_line"
            _apply(before[-1] if has_block else token, attributes)
    if found := _LAST_LINE.search(token["text"]):
        attributes = read_attributes(found[1].removeprefix(":"))
        if attributes is not None:
            token["text"] = token["text"][: found.start()]
            _apply(token, attributes)


def _apply(token: Token, attributes: dict[str, str]) -> None:
    own = token.setdefault("own", {})
    if "class" in own and "class" in attributes:
        attributes = {**attributes, "class": f"{own['class']} {attributes['class']}"}
    own.update(attributes)


def _shape_container(token: Token) -> None:
    kind = token["type"]
    if kind == "block_quote":
        _shape_alert(token)
        inside = [child for child in token["children"] if child["type"] != "blank_line"]
        if len(inside) == 1 and inside[0]["type"] == "alert" and "own" in inside[0] and token["type"] != "alert":
            token.update(inside[0])  # by an attribute list below a quotation, which lands in it by laziness
    elif kind == "list":
        _lift_attributes(token)
        for item in token["children"]:
            _shape_task(item)


def _shape_alert(token: Token) -> None:
    first = next((child for child in token["children"] if child["type"] != "blank_line"), None)
    if first and first["type"] == "paragraph" and (found := _ALERT.match(first["text"])):
        first["text"] = first["text"][found.end() :]
        if not first["text"].strip():
            token["children"].remove(first)
        name = found[1].strip().lower()
        title = (found[3] or "").strip() or ("" if name in ALERTS else found[1].strip().capitalize())
        if title:
            token["children"].insert(0, {"type": "alert_title", "text": title})
        token["type"] = "alert"
        token["attrs"] = {"kind": CALLOUTS.get(name, "note"), "folds": found[2]}


def _shape_marked(token: Token) -> Token:
    """A paragraph or a quotation that an attribute list calls a notice, as themes of Jekyll have it."""
    kind = next(filter(None, map(CALLOUT_CLASSES.get, token["own"].get("class", "").split())), "")
    if not kind or token["type"] not in {"paragraph", "block_quote"}:
        return token
    inside = token["children"] if token["type"] == "block_quote" else [token]
    return {"type": "alert", "children": inside, "attrs": {"kind": kind, "folds": ""}, "own": token.pop("own")}


def _lift_attributes(token: Token) -> None:
    """An attribute list below a list lands in its last item, by laziness: it belongs to the list."""
    last = next(reversed(token["children"][-1]["children"]), None) if token["children"] else None
    if last and last["type"] in {"paragraph", "block_text"} and "own" in last:
        _apply(token, last.pop("own"))


def _shape_task(item: Token) -> None:
    first = next(iter(item["children"]), None)
    if first and first["type"] in {"paragraph", "block_text"} and (found := _TASK.match(first["text"])):
        first["text"] = first["text"][found.end() :]
        first["task"] = not found[1].isspace()
        item["task"] = True


def _add_footnotes(md: Markdown, result: Any, state: BlockState) -> Any:
    """The notes that the text refers to, and those that only notes refer to, each read once."""
    items: list[Token] = []
    while len(items) < len(state.env.get("footnotes") or ()):
        number = len(items) + 1
        item = parse_footnote_item(md.block, state.env["footnotes"][number - 1], number, state)
        notes = _State(state)
        notes.tokens = [item]
        _shape_all(notes.tokens)
        items += md.render_state(notes)  # type: ignore[arg-type]
    return [*result, {"type": "footnotes", "children": items}] if items else result


def _build() -> Markdown:
    md = Markdown(
        renderer=None,
        block=_Block(),
        inline=_Inline(),
        plugins=[strikethrough, footnotes, table, table_in_list, table_in_quote, read_tables, def_list],
    )
    md.block.register("ref_abbr", _ABBREVIATION.pattern, parse_ref_abbr, before="paragraph")
    md.inline.register("wikilink", WIKILINK, _wikilink, before="link", start_chars=("!", "["))
    md.inline.register("attributes", _ATTRIBUTES.pattern, _attributes, start_chars="{")
    md.before_render_hooks.append(_shape)
    md.after_render_hooks[md.after_render_hooks.index(md_footnotes_hook)] = _add_footnotes
    return md


_markdown = _build()
