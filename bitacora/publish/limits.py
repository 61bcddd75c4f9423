"""What a commit may hold to be published: looked at in git's own listing, before anything of it is written out."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from unicodedata import normalize

from bitacora.publish.git import Blob
from bitacora.publish.home import PublishError

MOST_FILES = 1_000_000
MOST_BYTES = 16 * 1024**3
MOST_BYTES_OF_ONE = 512 * 1024**2
MOST_BYTES_OF_A_NAME = 255
"""Of one part of a path (NAME_MAX of Linux and macOS)."""
MOST_BYTES_OF_A_PATH = 2_000
"""Of a path, which gets that of the release before it (PATH_MAX is 4,096 on Linux, 1,024 on macOS)."""
_SHOWN_CHARACTERS = 120


def within_limits(blobs: Iterable[Blob]) -> list[Blob]:
    """Return the entries of a commit, read no further than the first limit. Raises PublishError.

    A folder that git would take for a repository is refused: git runs programs that the settings in it name for
    whoever works in that folder (gitrepository-layout(5)).
    """
    found: list[Blob] = []
    total = 0
    marks: dict[str, set[str]] = defaultdict(set)
    for blob in blobs:
        found.append(blob)
        total += blob.size
        if len(found) > MOST_FILES:
            raise PublishError(f"The commit has more than {MOST_FILES:,} files, which is the most there may be.")
        if total > MOST_BYTES:
            raise PublishError(f"Its files have more than {MOST_BYTES // 1024**3} GiB together.")
        if reason := _reason(blob):
            raise PublishError(f"{_shown(blob.path)}: {reason}")
        if (folder := _repository(blob.path, marks)) is not None:
            raise PublishError(f"{_shown(folder) or 'The top folder'} {_IS_A_REPOSITORY}")
    return found


def _reason(blob: Blob) -> str:
    if blob.size > MOST_BYTES_OF_ONE:
        most = MOST_BYTES_OF_ONE // 1024**2
        return f"it has {blob.size // 1024**2:,} MiB, and a file may have {most}. Put it elsewhere and link to it."
    if len(blob.path) > MOST_BYTES_OF_A_PATH:
        return f"its path has {len(blob.path):,} bytes, and may have {MOST_BYTES_OF_A_PATH:,}. Use shorter names."
    names = blob.path.split(b"/")
    if not {b"", b".", b".."}.isdisjoint(names):
        return "a name in it is empty or made of dots alone, and would lead elsewhere. Give it another."
    longest = max(map(len, names))
    if longest > MOST_BYTES_OF_A_NAME:
        return f"a name in it has {longest:,} bytes, and may have {MOST_BYTES_OF_A_NAME}. Use a shorter one."
    return ""


def _repository(path: bytes, marks: dict[str, set[str]]) -> bytes | None:
    """Return the folder that has all of a repository now that `path` is known too, None if none has.

    git asks of `objects` and `refs` whether it may enter them, which it may files that are programs (access(2)).
    """
    parts = path.split(b"/")
    for depth, part in enumerate(parts):
        name = _folded(part)
        if name in _NAMES or (name in _OF_FILES and depth == len(parts) - 1):
            found = marks["/".join(map(_folded, parts[:depth]))]
            found.add(name)
            if any(found >= enough for enough in _ENOUGH):
                return b"/".join(parts[:depth])
    return None


_OF_FILES, _NAMES = {"head", "commondir"}, {"objects", "refs", ".git"}
_ENOUGH = ({"head", "objects", "refs"}, {"head", "commondir"}, {".git"})
_IS_A_REPOSITORY = (
    "looks like a git repository (HEAD, objects and refs, or .git): whoever works in it would run what its"
    " settings name. Delete it, or rename its HEAD."
)


def _folded(name: bytes) -> str:
    """As disks that know no capitals, and drop dots and spaces at the end, have a name."""
    text = os.fsdecode(name)
    return (text if text.isascii() else normalize("NFC", text)).casefold().rstrip(" .")


def _shown(path: bytes) -> str:
    text = os.fsdecode(path).encode(errors="surrogateescape").decode(errors="backslashreplace")
    text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
