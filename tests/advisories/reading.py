"""What a browser makes of HTML: which elements there are, where they lead, and what of it could run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import html5lib

HARMLESS = frozenset(
    (
        "http", "https", "mailto", "tel", "sms", "xmpp", "sip", "sips", "geo", "ftp", "ftps", "sftp", "irc",
        "ircs", "matrix", "news", "gemini", "gopher", "magnet",
    )
)  # fmt: skip
ADDRESSES = frozenset(
    (
        "href", "src", "srcset", "poster", "action", "formaction", "data", "cite", "longdesc", "background",
        "ping", "xlink:href", "manifest", "profile", "usemap", "codebase", "archive", "classid", "dynsrc",
        "lowsrc", "icon",
    )
)  # fmt: skip
RUNNING = frozenset(
    (
        "script", "style", "link", "meta", "base", "object", "embed", "applet", "form", "button", "svg", "math",
        "template", "noscript", "textarea", "select", "frame", "frameset", "portal", "xmp", "noembed", "noframes",
        "plaintext", "title", "area", "map", "param", "dialog", "slot",
    )
)  # fmt: skip
"""Elements that run, fetch, send, or have their content read by other rules: none comes from an author."""
_PICTURE_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def runs(address: str) -> bool:
    """Whether a browser may run something at an address (https://url.spec.whatwg.org/#url-parsing).

    Older browsers dropped more characters than the standard says: all that is below a space, and NUL inside.
    """
    address = re.sub(r"^[\x00-\x20]+|[\x00-\x1f\x7f]", "", address)
    scheme = _SCHEME.match(address)
    return bool(scheme) and scheme[1].lower() not in HARMLESS


def leads_to(attribute: str, value: str) -> list[str]:
    """The addresses in a value."""
    if attribute == "srcset":
        return [words[0] for candidate in value.split(",") if (words := candidate.split())]
    return value.split(" ") if attribute == "ping" else [value]


def elements(html: str, *, scripting: bool = True, whole: bool = False) -> Iterator[Any]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(html, scripting=scripting) if whole else parser.parseFragment(html, scripting=scripting)
    return (element for element in tree.iter() if isinstance(element.tag, str))


def dangers(html: str) -> list[str]:
    """What of an author's HTML could run, with scripts on and with scripts off: nothing should."""
    return [
        danger
        for scripting in (True, False)
        for element in elements(html, scripting=scripting)
        for danger in _dangers_of(element)
    ]


def dangers_of_page(html: str) -> list[str]:
    """The same for a whole page, whose own elements are the theme's."""
    return [
        danger
        for element in elements(html, whole=True)
        if not _is_of_the_theme(element)
        for danger in _dangers_of(element)
    ]


def _is_of_the_theme(element: Any) -> bool:
    tag, get = element.tag, element.get
    if tag == "script":
        return (not element.text and get("src", "").startswith("/static/")) or get("type") == "application/ld+json"
    if tag == "link":
        return get("rel") in {"stylesheet", "icon", "apple-touch-icon", "canonical", "alternate"} and not runs(
            get("href", "")
        )
    if tag == "meta":
        return get("http-equiv") is None and not (
            get("property", "").endswith(":url") and runs(get("content", ""))
        )
    is_drawing = tag.startswith("{http://www.w3.org/2000/svg}") and not runs(get("href", ""))
    return (is_drawing or tag in {"title", "button"}) and not any(name.startswith("on") for name in element.attrib)


def _dangers_of(element: Any) -> Iterator[str]:
    if element.tag in RUNNING or ":" in element.tag:
        yield f"<{element.tag}>"
    for name, value in element.attrib.items():
        if name.startswith("on") or name in {"style", "srcdoc"}:
            yield f"<{element.tag} {name}>"
        if name in ADDRESSES:
            is_picture = element.tag == "img" and name == "src" and _PICTURE_DATA.match(value)
            yield from (
                f"<{element.tag} {name}={address!r}>"
                for address in leads_to(name, value)
                if runs(address) and not is_picture
            )
