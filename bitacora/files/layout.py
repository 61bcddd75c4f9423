"""Which folder and which file of a site is what."""

from __future__ import annotations

import re

FOLDERS = ("posts", "pages", "templates", "static", "root")
WELL_KNOWN = "root/.well-known"
"""The one folder with a hidden name that is read (RFC 8615)."""
SETTINGS_FILE = "site.toml"
SETTINGS_OF_JEKYLL = ("_config.yml", "_config.yaml", "_config.toml")
SETTINGS_OF_HUGO = tuple(f"{name}.{end}" for name in ("hugo", "config") for end in ("toml", "yaml", "yml", "json"))
SETTINGS_OF_QUARTO = ("_quarto.yml", "_quarto.yaml")
SETTINGS_OF_OTHERS = (*SETTINGS_OF_JEKYLL, *SETTINGS_OF_HUGO, *SETTINGS_OF_QUARTO)
"""Of other engines, beside `posts`: they may say who sees texts."""
DRAFT_FOLDERS = frozenset({"_drafts", "_draft"})
JEKYLL_FOLDERS = frozenset({"_posts", *DRAFT_FOLDERS})

_OWN_STARTS = (".", "#", "~$", "~syncthing~")
_OWN_ENDS = ("~", ".swp", ".swx", ".swo", ".bak", ".orig", ".rej", ".kate-swp", "___jb_tmp___", "___jb_old___")
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def is_hidden(name: str) -> bool:
    """Names that editors, git and sync tools use for their own purposes."""
    return name.startswith(_OWN_STARTS) or name.endswith(_OWN_ENDS) or name == "4913"


def is_partial(name: str) -> bool:
    """Whether a program that fetches a file calls it so until it has the whole."""
    return name.lower().endswith(
        (".part", ".partial", ".crdownload", ".filepart", ".opdownload", ".download", ".tmp")
    )


def is_set_aside(path: str) -> bool:
    """Whether a file below `posts` or `pages`, or a folder of it, has a name that begins with `_` or a dot.

    Such are no posts and no pages. The folders that Jekyll calls so are what they are there.
    """
    if "/_" not in path and "/." not in path:
        return False
    _, *folders, name = path.split("/")
    return name[:1] in ("_", ".") or any(
        part[:1] in ("_", ".") and part.casefold() not in JEKYLL_FOLDERS for part in folders
    )


def is_showable(path: str) -> bool:
    """A name goes into logs and addresses: no control character, nothing that reorders text or is not UTF-8."""
    return _UNSHOWABLE.search(path) is None


def shown_path(path: str) -> str:
    """The path as it can stand in one line of any text."""
    return _UNSHOWABLE.sub(lambda found: ascii(found[0])[1:-1], path)


def is_markdown(name: str) -> bool:
    return name.lower().endswith((".md", ".markdown", ".mdown", ".mkdn", ".mkd"))
