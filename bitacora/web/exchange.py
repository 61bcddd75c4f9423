"""What one request carries through the blog, typed, and the page that a view returns to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import flask

from bitacora.library.snapshot import Snapshot
from bitacora.web.inputs import Door

if TYPE_CHECKING:
    from bitacora.web.preview import Notice

CARRIED = "bitacora.request"
"""Key in the WSGI environment of what the request carries: what is between the page cache and Flask is WSGI."""


@dataclass
class Carried:
    """What the page cache and the views know of one request besides what it says itself.

    `host` is the Host header as it came, "" without one: Flask never sees it. `preview` is another site than the
    library's, which the answer is made from and not kept. `is_own` for a page that the blog asks itself for, which
    is not counted. `kind` is one of the metrics' kinds, as far as a view has said so. An answer that `is_private`
    is kept nowhere. `is_below` says that the prefix of the site has been taken off its path.
    """

    host: str = ""
    host_is_valid: bool = True
    host_is_trusted: bool = True
    is_own: bool = False
    preview: Snapshot | None = None
    snapshot: Snapshot | None = None
    door: Door | None = None
    kind: str = ""
    notice: Notice | None = None
    is_private: bool = False
    is_below: bool = False
    has_read_query: bool = False

    @property
    def here(self) -> Snapshot:
        """The site that the request is answered from."""
        assert self.snapshot is not None
        return self.snapshot


def carried() -> Carried:
    """Return what the request that is being answered carries."""
    return carried_by(flask.request.environ)


def carried_by(environ: dict[str, Any]) -> Carried:
    """Return the same of any request, which begins to carry something now if it did not."""
    return cast(Carried, environ.setdefault(CARRIED, Carried()))


class Request(flask.Request):
    """A request that notes that its query was read: what depends on that is kept for nobody else.

    The query is an attribute in Werkzeug, set by its constructor.
    """

    @property
    def query_string(self) -> bytes:
        if CARRIED in self.environ:
            carried_by(self.environ).has_read_query = True
        return self._query_string

    @query_string.setter
    def query_string(self, value: bytes) -> None:
        self._query_string = value


class Page(flask.Response):
    """An answer to be kept for the next readers under the address `url`, unless that is empty.

    `beside` the pages that readers ask for, if it is large and for few.
    """

    url = ""
    beside = False

    def kept_at(self, url: str, *, beside: bool = False) -> Page:
        self.url, self.beside = url, beside
        return self
