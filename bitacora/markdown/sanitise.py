"""HTML of authors made harmless: an allow-list by nh3, and guards for what would keep its parser busy too long."""

from __future__ import annotations

import re
from collections.abc import Iterator

import nh3

from bitacora.markdown.effort import MarkupTooLarge, spend
from bitacora.markdown.text import is_element, names_in

MOST_HTML = 16 * 1024 * 1024  # characters of one rendered body
# What the parser of nh3 does for each tag grows with the elements that are open: 3 ns for each, and 1 µs and
# 270 bytes for each open <b> and the like, which the HTML standard has it reopen in every block.
MOST_SCANNED = 100_000_000
MOST_REOPENED = 500_000
MOST_REFERENCES = 40_000  # of characters such as &lt; and no-break spaces, which in one text take quadratic time
LONGEST_TAG = 4_000  # characters of a tag without its values
_TAGS_IN_A_STEP = 2

SCHEMES = names_in(
    """
    http https mailto tel sms xmpp sip sips geo ftp ftps sftp irc ircs matrix news gemini gopher magnet
    """
)
_PICTURE_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# https://url.spec.whatwg.org/#url-parsing drops tabs and line breaks, and what is invisible in front; browsers of
# old dropped more, and nothing that is meant needs any of it.
_IGNORED_IN_ADDRESSES = re.compile(r"^[\x00-\x20]+|[\x00-\x1f\x7f]")

TAGS = names_in(
    """
    a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col
    colgroup data dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header
    hgroup hr i iframe img input ins kbd label li mark nav nobr ol p picture pre q rb rp rt rtc ruby s
    samp section small source span strike strong sub summary sup table tbody td tfoot th thead time tr
    track tt u ul var video wbr
    """
)
_ATTRIBUTES = {
    "*": {"id", "class", "lang", "dir", "title", "role", "hidden"},
    "a": {"href", "hreflang", "rel", "name", "type"},
    "audio": {"src", "controls", "loop", "muted", "preload"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"datetime"},
    "details": {"open", "name"},
    "iframe": {"src", "width", "height", "allowfullscreen", "loading"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading", "decoding"},
    "input": {"checked"},
    "ins": {"datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "source": {"src", "srcset", "sizes", "type", "media", "width", "height"},
    "table": {"summary"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "video": {"src", "poster", "width", "height", "controls", "loop", "muted", "playsinline", "preload"},
}
_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes=_ATTRIBUTES,
    generic_attribute_prefixes={"aria-"},
    # Not data: in general; `is_safe` decides where it may stand, when addresses are resolved.
    url_schemes=set(SCHEMES) | {"data"},
    tag_attribute_values={
        "pre": {"tabindex": {"0"}},
        "div": {"tabindex": {"0"}},
        "input": {"type": {"checkbox"}},
    },
    # One at most for each element: nh3 writes several in any order, and pages must be the same everywhere.
    set_tag_attribute_values={"input": {"disabled": ""}},
    link_rel=None,
)

# Each of these hides its content from a reader, or switches the parser to other rules.
_WITH_CONTENT = sorted(
    names_in("script style svg math template object applet noembed noframes xmp select textarea title")
)
_SHOWS_ANOTHER = ("embed", "frame")
"""They hold nothing, and show a file in the page."""
_OPENS_CONTENT = re.compile(rf"<({'|'.join((*_WITH_CONTENT, *_SHOWS_ANOTHER))})(?=[\s/>])", re.IGNORECASE)
_CLOSES = {name: re.compile(f"</{name}", re.IGNORECASE) for name in _WITH_CONTENT}
_COMMENT = re.compile(r"<!--(?:.*?-->|.*\Z)|<[!?][^>]*(?:>|\Z)", re.DOTALL)
# Any "<"; with groups where a tag follows that nh3 and `_refuse_depth` cannot read in two ways.
_TAG = re.compile(
    r"""<(?:(/?)([A-Za-z][^\s<>/"'=]*+)"""
    r"""((?:[\s/]++|[^\s"'<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>]++))?+)*+)>)?"""
)
_ATTRIBUTE = re.compile(r"""(?<![\s/])[\s/]++([^\s"'<>/=]++)(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>]++))?+""")
_BY_VALUE = {"pre": {"tabindex"}, "div": {"tabindex"}, "input": {"type"}}
_VALUE = re.compile(r""""[^"]*"|'[^']*'""")
_NAME = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_VOID = names_in("br hr img input wbr col source track")
_FORMATTING = names_in("a b big code em font i nobr s small strike strong tt u")


def clean(html: str) -> str:
    """HTML that can neither run anything nor break out of its place, in the serialisation of the HTML standard.

    Addresses still need `is_safe`. Raises MarkupTooLarge.
    """
    if len(html) > MOST_HTML:
        raise MarkupTooLarge(f"the page would have more than {MOST_HTML} characters")
    if html.count("&") + html.count("\xa0") > MOST_REFERENCES:
        raise MarkupTooLarge(f"the page would have more than {MOST_REFERENCES} escaped characters")
    return _cleaner.clean(html)


def tame(html: str) -> str:
    """Rendered HTML that contains HTML of its author, ready for `clean`.

    What hides its content goes, other elements that are not allowed lose their tags, and words in angle brackets
    that are no element become text. Raises MarkupTooLarge for what nests without end.
    """
    html = without_hidden(html)
    spend(html.count("<") // _TAGS_IN_A_STEP)
    html = _TAG.sub(_tame_tag, html)
    _refuse_depth(html)
    return html


def without_comments(html: str) -> str:
    """Author's HTML without comments, declarations and processing instructions."""
    return _COMMENT.sub("", html) if "<!" in html or "<?" in html else html


def without_hidden(html: str) -> str:
    """HTML without the elements that hide their content from a reader, or read it by other rules."""
    pieces: list[str] = []
    end = 0
    for start, after in hidden_in(html):
        pieces.append(html[end:start])
        end = after
    return "".join(pieces) + html[end:]


def hidden_in(html: str) -> Iterator[tuple[int, int]]:
    """Yield where the elements begin and end that `without_hidden` leaves out."""
    end = 0
    unclosed: set[str] = set()
    for start in _OPENS_CONTENT.finditer(html):
        name = start[1].lower()
        if start.start() < end or name in unclosed:
            continue
        if name in _SHOWS_ANOTHER:
            tag = _TAG.match(html, start.start())
            if tag and tag[2] and is_element(tag[0]):
                yield tag.span()
                end = tag.end()
            continue
        # Where no ">" follows the first end tag, none follows any later one: nothing is looked for twice.
        close = _CLOSES[name].search(html, start.end())
        after = html.find(">", close.end()) + 1 if close else 0
        if not after:
            unclosed.add(name)
            continue
        yield start.start(), after
        end = after


def unshown_attributes(text: str) -> Iterator[tuple[int, int]]:
    """Yield where tags in a text without code have attributes that `clean` leaves out."""
    for tag in _TAG.finditer(text):
        if tag[2] is None or not tag[3].strip() or not is_element(tag[0]) or text.endswith("\\", 0, tag.start()):
            continue
        name = tag[2].lower()
        kept = {*_ATTRIBUTES["*"], *_ATTRIBUTES.get(name, ()), *_BY_VALUE.get(name, ())} if name in TAGS else ()
        for one in _ATTRIBUTE.finditer(tag[3]):
            if one[1].lower() not in kept and not one[1].lower().startswith("aria-"):
                yield tag.start(3) + one.start(), tag.start(3) + one.end()


def is_safe(address: str, *, picture: bool = False) -> bool:
    """Whether an address may stand in a page: relative, or with a scheme that runs nothing."""
    address = _IGNORED_IN_ADDRESSES.sub("", address)
    found = _SCHEME.match(address)
    if not found or found[1].lower() in SCHEMES:
        return True
    return picture and bool(_PICTURE_DATA.match(address))


def _tame_tag(found: re.Match[str]) -> str:
    if found[2] is None or not is_element(found[0]):
        return "&lt;" + found[0][1:]
    name, attributes = found[2].lower(), found[3]
    if name not in TAGS or (name == "input" and 'type="checkbox"' not in attributes):
        return ""
    if len(attributes) > LONGEST_TAG and len(_VALUE.sub("", attributes)) > LONGEST_TAG:
        return ""
    return f"<{found[1]}{name}{attributes.replace('<', '&lt;').replace('>', '&gt;')}>"


def _refuse_depth(html: str) -> None:
    """Counts elements that may be open at once, never too few: only a tag right behind its partner closes it."""
    stack: list[str] = []
    tags = deepest = formatting = most_formatting = 0
    for end, name in _NAME.findall(html):
        name = name.lower()
        tags += 1
        if name in _VOID:
            continue
        if not end:
            stack.append(name)
            deepest = max(deepest, len(stack))
            formatting += name in _FORMATTING
            most_formatting = max(most_formatting, formatting)
        elif stack and stack[-1] == name:
            stack.pop()
            formatting -= name in _FORMATTING
        else:
            stack.append("/")
    if deepest * tags > MOST_SCANNED or most_formatting * tags > MOST_REOPENED:
        raise MarkupTooLarge("too many HTML elements are opened and not closed")
