"""What other engines left in the text: Liquid tags, Hugo shortcodes, kramdown extensions. Never printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Stands for a brace that is meant, until the tokens are known. Texts have no NUL of their own.
HIDDEN_BRACE = "\x00"

_FENCE = (
    r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
    r"(?:.*?^[ \t>]*(?P=fence)[`~]*[ \t]*$|.*\Z)"
)
_SPAN = r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).){1,1000}?(?<!`)(?P=ticks)(?!`)"
_ELEMENT = r"(?i:<(?P<element>pre|code)\b[^<>]{0,500}>(?:(?!<(?P=element)\b).)*?</(?P=element)\s*+>)"
_CODE = re.compile(f"(?ms){_FENCE}|{_SPAN}|{_ELEMENT}")
_ELEMENTS = re.compile(f"(?s){_ELEMENT}")
_PAIRS = re.compile(
    f"(?ms)(?P<code>{_FENCE}|{_SPAN})"
    r"|(?P<indent>^[ \t]*)?\{%-?\s*(?P<tag>highlight|raw)\b(?P<options>[^%\n]*?)-?%\}"
    r"(?P<inside>(?:(?!\{%-?\s*(?P=tag)\b).)*?)\{%-?\s*end(?P=tag)\s*-?%\}"
)
_ROOT = re.compile(r"\{\{-?\s*site\.(?:base)?url\s*-?\}\}")
_DEFINITION = re.compile(r"(?m)^( {0,3}\[[^\]\n]+\]:[ \t]*+)(.*\{[{%].*)$")
_SHOWN_SHORTCODE = re.compile(r"\{\{([<%])/\*([^{}\n]{0,1000}?)\*/([%>])\}\}")
_FIGURE = re.compile(r"\{\{[<%]\s*+(?:figure|img|image)\b([^{}]*+)(?<=[%>])\}\}")
_PARAMETER = re.compile(r"""(?<!\w)(\w++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|(\S+))""")
_POST = r"\{%-?\s*(?:post_url|link)\b[^%\n]*%\}|\{\{[<%]\s*(?:ref|relref)\b[^{}\n]*\}\}"
_TO_POST = re.compile(rf"\]\([^()\n]{{0,200}}(?:{_POST})[^()\n]*\)")
_HREF_TO_POST = re.compile(rf"""\shref=(["'])[^"'\n]{{0,200}}?(?:{_POST})[^\n]{{0,200}}?\1(?=[\s>])""")
_NOT_LINE_END = re.compile(r"[^\n]")
_CONSTRUCT = re.compile(r"(?s)\{%(?:(?!\{%|%\}).)*+%\}|\{\{(?:(?!\{\{|\}\}).)*+\}\}|\{:[:/][^{}\n]{0,200}\}")


def expand_pairs(source: str) -> str:
    """A body with its paired tags resolved, before any Markdown is read; code stays as it is.

    `highlight` becomes a fenced block, the inside of `raw` stays (its `{` as HIDDEN_BRACE).
    """
    if "{%" in source:
        source = _PAIRS.sub(_pair, source)
    if "{{" in source or "{%" in source:
        source = _DEFINITION.sub(lambda found: found[1] + (_address(found[2]) or "<>"), source)
    return source


def without_constructs(text: str) -> str:
    """A paragraph or a piece of HTML without constructs of other engines; code spans stay as they are.

    `site.url` and `site.baseurl` are the root, a link to `{% post_url … %}` loses its address and a figure
    shortcode becomes a picture; of everything else only the text between a pair of tags is left.
    """
    if "{%" not in text and "{{" not in text and "{:" not in text:
        return text
    pieces: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        pieces += (_drop(text[end : code.start()]), code[0])
        end = code.end()
    return "".join(pieces) + _drop(text[end:])


def left_out(body: str) -> Iterator[re.Match[str]]:
    """Constructs of a body of which nothing is shown; indented lines, which may be code, are passed over."""
    for shown in (_ELEMENTS, _PAIRS, _SHOWN_SHORTCODE, _ROOT, _FIGURE):
        body = shown.sub(lambda found: _NOT_LINE_END.sub("x", found[0]), body)
    line = seen = 0
    for found in _CONSTRUCT.finditer(body):
        line = body.rfind("\n", seen, found.start()) + 1 or line
        seen = found.start()
        is_indented = body.startswith(("    ", "\t"), line, seen)
        if not found[0].startswith("{:") and not is_indented:
            yield found


def _pair(found: re.Match[str]) -> str:
    if found["code"] is not None:
        return found[0]
    indent = found["indent"] or ""
    inside = found["inside"]
    if found["tag"] == "highlight":
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", inside) or [""]))
        language = (found["options"].split() or [""])[0]
        code = inside.strip("\n")
        return f"\n{indent}{fence}{language}\n{code}\n{indent}{fence}\n"
    return indent + inside.replace("{", HIDDEN_BRACE)


def _address(text: str) -> str:
    if re.search(_POST, text):
        return ""
    return _CONSTRUCT.sub("", _ROOT.sub("", text)).strip()


def _drop(text: str) -> str:
    if "{" not in text:
        return text
    text = _SHOWN_SHORTCODE.sub(rf"{HIDDEN_BRACE * 2}\1\2\3}}}}", text)
    text = _FIGURE.sub(_figure, _ROOT.sub("", text))
    return _CONSTRUCT.sub("", _HREF_TO_POST.sub("", _TO_POST.sub("]()", text)))


def _figure(found: re.Match[str]) -> str:
    inside = found[1][:-1].rstrip().removesuffix("/")
    values = {name.lower(): a or b or c for name, a, b, c in _PARAMETER.findall(inside)}
    src, caption = values.get("src", ""), values.get("caption") or values.get("title") or ""
    if not src or re.search(r"[<>\n]", src):
        return ""
    alt = re.sub(r"[\[\]\\]", "", values.get("alt") or caption)
    quoted = ' "' + caption.replace('"', "&quot;") + '"' if caption else ""
    return f"![{alt}](<{src}>{quoted})"
