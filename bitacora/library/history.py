"""What a version control system knows of the files of a site, as the library asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol


class History(Protocol):
    """Facts about files at one commit; they never change. Paths are relative to the site's folder."""

    def updated(self, path: str) -> datetime | None:
        """When the file last changed after it was added, in UTC; None for one that never did."""

    def added(self, path: str) -> int | None:
        """Return the place in history of the commit that added the file, the first one lowest; None for one that
        is not committed, or whose whole history is not known. Only for comparing.
        """

    def former(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """For files that were renamed, their former names, each with the id of the version that last had it."""

    def before(self, path: str, source: bytes) -> tuple[str, ...] | None:
        """The versions before the one that was committed last, the newest first, up to where the file was absent.

        None when `source` is not what was committed: nobody else has it either.
        """

    def committed(self, path: str) -> tuple[str, ...]:
        """Return the versions that were committed, the newest first, up to where the file was absent."""

    def had(self, path: str, source: bytes) -> bool:
        """Whether `source` is an earlier version: a checkout where it is found went back."""

    def read(self, versions: Iterable[str]) -> Mapping[str, bytes] | None:
        """The contents of versions, by their ids, without those that are not there. May take its time.

        None when it cannot be said now.
        """


class Historian(Protocol):
    """Who knows where a site lies in version control. Of what goes wrong only OSError comes through."""

    def stamp(self, site: str) -> object:
        """Changes with the commit that is checked out, for the site in a folder without links; asks nobody."""

    def look(self, site: str) -> History | None:
        """The history up to the commit that is checked out, None when it cannot be read. May take its time."""

    def is_release(self, site: str) -> bool:
        """Whether a folder is a commit written out whole: what is not in it was deleted, not mislaid."""


class NoHistory:
    """Of a site that is no checkout, and of one that nobody asked about yet."""

    def updated(self, path: str) -> datetime | None:  # noqa: ARG002
        return None

    def added(self, path: str) -> int | None:  # noqa: ARG002
        return None

    def former(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        return {}

    def before(self, path: str, source: bytes) -> tuple[str, ...] | None:  # noqa: ARG002
        return None

    def committed(self, path: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def had(self, path: str, source: bytes) -> bool:  # noqa: ARG002
        return False

    def read(self, versions: Iterable[str]) -> Mapping[str, bytes]:  # noqa: ARG002
        return {}


class NoHistorian:
    """For sites that are no checkouts."""

    def stamp(self, site: str) -> object:  # noqa: ARG002
        return None

    def look(self, site: str) -> History | None:  # noqa: ARG002
        return NoHistory()

    def is_release(self, site: str) -> bool:  # noqa: ARG002
        return False
