"""What looks right on a screen and is not Markdown: read as it was meant, or found for those who are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bitacora.markdown.comments import code_in
from bitacora.markdown.effort import spend
from bitacora.problems import named

_SPACE = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\xad\u200b-\u200f\u2060\ufeff"
_ODD = re.compile(f"[{_SPACE}{_UNSEEN}]")
_MARK = r"#{1,6}|[-*+]|[0-9]{1,9}[.)]"
_SLIP = re.compile(
    rf"^(?P<start>[ \t>]*+)(?:"
    rf"(?P<before>[{_SPACE}{_UNSEEN}]*+)(?P<mark>{_MARK})(?P<gap>[ \t{_SPACE}{_UNSEEN}]++)(?=[^\s{_UNSEEN}])"
    rf"|[{_UNSEEN}]++(?=[>|\[!`~])"
    rf"|[{_UNSEEN}]*+(?P<rule>[-*_=]{{3,}}|[`~]{{3,}}\w*+|\|.*\|)[ \t{_SPACE}{_UNSEEN}]*+$"
    rf"|(?P<label>\[[^\]\n]{{1,300}}\]:)[{_SPACE}{_UNSEEN}]++"
    rf")|(?<=[^\n]\n)[ \t]*+[{_SPACE}{_UNSEEN}][ \t{_SPACE}{_UNSEEN}]*+$",
    re.MULTILINE,
)
_ANY_SPACE = re.compile(rf"[ \t{_SPACE}]")
_DEEPEST = 3


def as_typed(text: str) -> str:
    """Return a body in which no-break spaces and what cannot be seen keep no mark of Markdown from being read.

    Outside code, each mark at the beginning of a line, each line across, each label, each empty line.
    """
    if text.isascii() or not _ODD.search(text):
        return text
    found = [slip for slip in _SLIP.finditer(text) if not slip[0].isascii()]
    if not found:
        return text
    code = [*code_in(text)]
    pieces: list[str] = []
    end = at = 0
    for slip in found:
        while at < len(code) and code[at].end <= slip.start():
            at += 1
        ends_code = slip["rule"] and slip["rule"][0] in "`~"
        if at < len(code) and code[at].start < slip.start() and not ends_code:
            continue
        pieces += (text[end : slip.start()], _meant(slip))
        end = slip.end()
    return "".join([*pieces, text[end:]])


def _meant(slip: re.Match[str]) -> str:
    start = slip["start"] or ""
    if slip["mark"]:
        indent = " " * min(_DEEPEST, len(re.sub(f"[{_UNSEEN}]", "", slip["before"])))
        if not _ANY_SPACE.search(slip["gap"]):
            return slip[0]
        gap = slip["gap"] if slip["gap"].isascii() else " "
        return f"{start}{indent}{slip['mark']}{gap}"
    if slip["label"]:
        return f"{start}{slip['label']} "
    return start + (slip["rule"] or "")


# --- addresses that Markdown does not take

_ENDINGS = (
    "png|jpe?g|gif|webp|avif|svg|pdf|md|markdown|html?|csv|tsv|xlsx?|ods|docx?|odt|pptx?|odp|ics|vcf|zip|geojson|kml|gpx"
    "|json|txt|epub|mp3|mp4|m4a|og[agv]|opus|wav|webm|mov"
)
_LIKE_AN_ADDRESS = re.compile(
    rf"[a-z][a-z0-9+.-]*:(?=\S)|//|www\.|\.{{0,2}}[/\\]|#|(?:[^\n]*?\.(?:{_ENDINGS})(?:[?#][^\n]*)?\Z)",
    re.IGNORECASE,
)
_ENDS_LIKE_A_FILE = re.compile(rf"\.(?:{_ENDINGS})(?:[?#][^\s()]*)?\Z", re.IGNORECASE)
_OPENS_AN_ADDRESS = re.compile(r"\]\(")
_TAKEN = re.compile(r"""[^\s()<>\\"'“”„«»‘’]*(?:[ \t]+(?:"[^"\n]*"|'[^'\n]*'))?[ \t]*\)""")
_TITLE = re.compile(r"""(?<![ \t])[ \t]++(?:"([^"]*)"|'([^']*)'|[“„«]([^“”„«»]*)[”“»]|‘([^‘’]*)’)\Z""")
_QUOTED = re.compile(r"""(?:[“„"«]([^“”„"«»]+)[”“"»]|['‘’]([^'‘’]+)['’])\Z""")
_PADDED = re.compile(r"<([^<>\n]*+)>")
_BACKSLASH = re.compile(r"\\(?=[^\W_])")
_LONGEST = 600
_MOST_ENDS = 20


def with_addresses(text: str) -> str:
    """Return a text in which Markdown takes the addresses of links and pictures that it would leave as they are.

    Those with spaces, brackets that do not pair up, backslashes between folders, or quotes round them.
    """
    if "](" not in text:
        return text
    pieces: list[str] = []
    code: list[tuple[int, int]] | None = None
    end = 0
    places = [found.end() for found in _OPENS_AN_ADDRESS.finditer(text)]
    for number, start in enumerate(places):
        if _TAKEN.match(text, start):
            continue
        spend()
        following = places[number + 1] - 2 if number + 1 < len(places) else len(text)
        written = text[start : min(following, start + _LONGEST)].partition("\n")[0]
        if (meant := _meant_address(written)) is None:
            continue
        if code is None:
            code = [(part.start, part.end) for part in code_in(text)]
        if not any(begin < start < stop for begin, stop in code):
            address, length = meant
            pieces += (text[end:start], address)
            end = start + length
    return "".join([*pieces, text[end:]]) if end else text


def _meant_address(written: str) -> tuple[str, int] | None:
    """The address and title as Markdown takes them, and how long they are as written without the bracket."""
    if padded := _PADDED.match(written):
        inside = padded[1].strip(" \t")
        address = f"<{inside}>"
        return (address, padded.end()) if padded[0] != address else None
    close = -1
    for _ in range(_MOST_ENDS):
        if (close := written.find(")", close + 1)) < 0:
            return None
        inside = written[:close].strip(_BLANKS)
        title = ""
        if found := _TITLE.search(inside):
            inside, title = inside[: found.start()].rstrip(_BLANKS), next(filter(None, found.groups()), "")
        quoted = _QUOTED.match(inside)
        address = (quoted[1] or quoted[2]).strip(_BLANKS) if quoted else inside
        is_whole = address.count("(") == address.count(")") or _ENDS_LIKE_A_FILE.search(address)
        if not is_whole or not _LIKE_AN_ADDRESS.match(address) or "<" in address or ">" in address:
            continue
        if not re.match(r"[a-z][a-z0-9+.-]*:", address, re.IGNORECASE):
            address = _BACKSLASH.sub("/", address)
        if found and '"' in title:
            title = title.replace('"', "&quot;")
        return f"<{address}>" + (f' "{title}"' if title else ""), close
    return None


_BLANKS = " \t\xa0\u202f\u200b\u2060\ufeff"

# --- what is left, for those who are told

_VISIBLE_ADDRESS = re.compile(
    rf"!\[[^\[\]\n]{{0,200}}\][ \xa0]?[(（]|\[[^\[\]\n]{{1,200}}\][ \xa0]?[(（](?=[“\"«]?(?:https?://|www\.|\.{{0,2}}/"
    rf"|[^()（）\n]{{0,100}}?\.(?:{_ENDINGS})\b))|\([^()\[\]\n]{{1,200}}\)\[(?=https?://)"
)


def unread_addresses(shown: str) -> list[str]:
    """Return what looks like links and pictures in the text that a page shows, up to their addresses."""
    return list(dict.fromkeys(_VISIBLE_ADDRESS.findall(shown)))


class LookAlike(NamedTuple):
    """Where a character stands that Markdown does not read as what it looks like, and its name."""

    start: int
    name: str


_LOOK_ALIKES = re.compile(
    rf"""^[ \t>]*+(?P<bullet>[–—−‐‑•·▪◦●○∙‣⁃・])[ \t{_SPACE}][^\n]*+\n[ \t>]*+(?P=bullet)[ \t{_SPACE}]
    |^[ \t>]*+(?P<sign>[＃＞](?=[^\n]*\S)|[´｀‘’“”]{{3,}}|[～＝]{{3,}})
    |^[ ]{{0,3}}-*(?P<rule>[–—−])[-–—−]+[ \t]*$
    |^[ ]{{0,3}}\[[^\]\n]{{1,300}}\](?P<label>：)
    |[*_~]{{1,3}}(?P<within>[{_UNSEEN}])[*_~]|(?<=\])(?P<between>[{_UNSEEN}{_SPACE}])+\(|!(?P<before>[{_UNSEEN}])+\[
    |<!(?=[-–—−‐‑])-?(?P<dash>[–—−‐‑])|(?P<open>[‹＜〈](?=[!！][-–—−‐‑])|(?<=<)！(?=[-–—−‐‑]))|(?P<percent>％％)
    |<[a-zA-Z][^<>\n]{{0,200}}=(?P<quote>[“”„«])
    |^[^\n｜]*(?P<bar>｜)[^\n]*\n[ \t]*[｜|][ \t:|｜-]+$""",
    re.MULTILINE | re.VERBOSE,
)


def look_alikes(text: str) -> Iterator[LookAlike]:
    """Find the characters of a body without code that Markdown does not read as what they look like."""
    if not text.isascii():
        for found in _LOOK_ALIKES.finditer(text):
            sign = str(found.lastgroup)
            yield LookAlike(found.start(sign), named(found[sign][0]))
