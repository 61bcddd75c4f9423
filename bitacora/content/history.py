"""What a version control system knows of the files of a site, as the library asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol


class History(Protocol):
    """Facts about files at the commit that is checked out; paths are relative to the site's folder.

    No call raises: where there is no history, or it cannot be read, it knows of nothing.
    """

    def look(self, site: str) -> bool:
        """Read what is new since the last call, for the site in a folder without links. Whether anything is."""

    def is_release(self, site: str) -> bool:
        """Whether a folder is a commit written out whole: what is not in it was deleted, not mislaid."""

    def updated(self, path: str) -> datetime | None:
        """When the file last changed after it was added, in UTC; None for one that never did."""

    def former(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """For files that were renamed, their former names, each with the id of the version that last had it."""

    def read(self, versions: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of versions, by their ids."""

    def before(self, path: str, source: bytes) -> Iterator[bytes] | None:
        """The versions before the one that is checked out, the newest first, up to where the file was absent.

        None when `source` is not what is committed: nobody else has it either.
        """


class NoHistory:
    """A site that is no checkout."""

    def look(self, site: str) -> bool:  # noqa: ARG002
        return False

    def is_release(self, site: str) -> bool:  # noqa: ARG002
        return False

    def updated(self, path: str) -> datetime | None:  # noqa: ARG002
        return None

    def former(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        return {}

    def read(self, versions: Iterable[str]) -> Mapping[str, bytes]:  # noqa: ARG002
        return {}

    def before(self, path: str, source: bytes) -> Iterator[bytes] | None:  # noqa: ARG002
        return None
