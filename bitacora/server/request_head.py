"""The head of a plain request for a page, read as strictly as gunicorn does, and nothing but such a head.

What is not certain to be one is for gunicorn's own parser: it knows how to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from bitacora.web.page_cache import Question, is_host

END = b"\r\n\r\n"
MOST_BYTES = 4_096
"""A longer head is left to gunicorn: browsers send less than half of it."""

_MOST_KNOWN = 256
_LINE = re.compile(rb'(GET|HEAD) (/(?!/)[!"$-~]*) HTTP/1\.([01])\r\n')
"""RFC 9112, 3: origin-form alone, of visible ASCII without a fragment."""
_NAMES = re.compile(rb"\r\n[!#$%&'*+.^`|~0-9A-Za-z-]+:")
"""RFC 9110, 5.1; no name has "_" in it, which environment variables cannot tell from "-"."""
_TEXT = bytes([*b"\t ", *range(0x21, 0x7F), *range(0x80, 0x100)])
"""RFC 9110, 5.5: what field values are made of."""
_NOT_PLAIN = frozenset((
    b"\r\ncontent-length:", b"\r\ntransfer-encoding:", b"\r\ntrailer:",  # a body may follow (RFC 9112, 6)
    b"\r\ncontent-type:", b"\r\nexpect:", b"\r\nupgrade:", b"\r\nhttp2-settings:",
))  # fmt: skip


class RequestHead(NamedTuple):
    question: Question
    version: int
    """Of HTTP/1, 0 or 1."""
    keeps_alive: bool


def reader(
    line_bytes: int, fields: int, field_bytes: int, scheme_fields: Collection[str]
) -> Callable[[bytes], RequestHead | None]:
    """What reads a whole head, its last empty line included, or gives None for one that is not plain.

    The limits are gunicorn's: bytes in the request line and in a field, and the number of fields; 0 is none.
    Of `scheme_fields`, by which a proxy says what scheme it was asked with, two may contradict each other.
    """
    most_bytes = min(MOST_BYTES, field_bytes or MOST_BYTES)
    most_line = line_bytes or MOST_BYTES
    most_fields = fields or MOST_BYTES
    scheme_names = {f"\r\n{name.lower()}:".encode() for name in scheme_fields}

    @lru_cache(_MOST_KNOWN)  # monitors, proxies and busy clients send the same head again and again
    def read(head: bytes) -> RequestHead | None:
        line = _LINE.match(head)
        if line is None or line.end() - 2 > most_line or len(head) > most_bytes or not head.endswith(END):
            return None
        lowered = head.lower()
        names = _names(lowered)
        if not 0 < len(names) <= most_fields or not names.isdisjoint(_NOT_PLAIN) or len(names & scheme_names) > 1:
            return None
        host = _value(b"\r\nhost:", head, lowered)
        connection = _value(b"\r\nconnection:", head, lowered)
        accept_encoding = _value(b"\r\naccept-encoding:", head, lowered)
        if_none_match = _value(b"\r\nif-none-match:", head, lowered)
        user_agent = _value(b"\r\nuser-agent:", head, lowered)
        connection = connection and connection.lower()
        if host is None or not is_host(host) or connection not in {None, "close", "keep-alive"}:
            return None
        method, target, minor = line.groups()
        path, _, query = target.partition(b"?")
        if b"%" in path:
            path = unquote_to_bytes(path)
        question = Question(
            "GET" if method == b"GET" else "HEAD",
            path.decode("latin-1"),
            host,
            accept_encoding or "",
            if_none_match,
            user_agent or "",
            query.decode("latin-1"),
        )
        version = 1 if minor == b"1" else 0
        return RequestHead(question, version, connection == "keep-alive" if connection else version == 1)

    return read


def _names(head: bytes) -> set[bytes]:
    """The names of the fields; none unless each line is one field that no other line has the name of.

    And unless each CR is before an LF, each LF behind a CR (RFC 9112, 2.2).
    """
    lines = head.count(b"\r\n")
    if head.translate(None, _TEXT) != b"\r\n" * lines:
        return set()
    names = set(_NAMES.findall(head))
    return names if len(names) == lines - 2 else set()


def _value(name: bytes, head: bytes, lowered: bytes) -> str | None:
    start = lowered.find(name)
    if start < 0:
        return None
    start += len(name)
    return head[start : head.find(b"\r", start)].strip(b" \t").decode("latin-1")
