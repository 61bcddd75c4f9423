"""What a page is made from: each question that was put to the site for it, with the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, cast

from bitacora.library.rendered import Bodies, Body
from bitacora.library.snapshot import Snapshot
from bitacora.markdown.wikilinks import name_in
from bitacora.markdown.writer import Html
from bitacora.posts.post import Post
from bitacora.problems import PostError
from bitacora.web.edition import Edition
from bitacora.web.files import Files

_BYTES_OF_A_QUESTION = 150
_OF_SINGLE_TEXTS = frozenset(
    (
        *("at", "owner", "neighbours", "translations", "listed", "listed_of", "archived", "highlighted", "pages"),
        *("has_posts", "has_categories", "count", "count_of", "subject", "subjects", "slug", "named", "term_url"),
        *("summary", "minutes", "image", "picture", "shared_image", "shared_picture", "file_hash", "source"),
        *("feed_id", "identity", "absolute", "address", "static", "logo", "site", "templates", "written", "month"),
    )
)
"""Questions whose answer is about the texts that are in it, or that it was asked of, and about no other."""
_NAMED = (str, int, bool, bytes, type(None))


_Bodies: TypeAlias = dict[tuple[str, bool], tuple[Post, Body]]
"""By the path of the text, and whether the addresses in it are absolute."""


class _Question(NamedTuple):
    """An attribute or a call of an edition, or of its snapshot; `given` is None for an attribute."""

    of_snapshot: bool
    name: str
    given: tuple[Any, ...] | None
    named: dict[str, Any]
    answer: object

    def asked_of(self, edition: Edition) -> object:
        found = getattr(edition.snapshot if self.of_snapshot else edition, self.name)
        return found if self.given is None else _whole(found(*self.given, **self.named))


class Inputs:
    """The questions of one page. It is what it would be if made now as long as each has the same answer.

    Of a rendered body its source and the addresses that were looked up for it are noted, so that to ask again
    parses nothing. A page that is kept must not keep the snapshot that it was made from.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._questions: list[_Question] = []
        self._known: set[tuple[object, ...]] = set()
        self._bodies: _Bodies = {}
        self._is_whole = True

    @property
    def about(self) -> tuple[str, str] | None:
        """The kind and the slug of the post, or the category, tag or author that was asked for first of all."""
        for asked in self._questions:
            if asked.name in {"at", "owner"} and isinstance(asked.answer, Post):
                return "post", asked.answer.slug
            if asked.name == "subject" and asked.given:
                kind, slug = asked.given
                return kind, slug
        return None

    def finish(self) -> int:
        """Prepare to be compared. Return an estimate of the memory that they take, in bytes."""
        self._known.clear()
        if not self._is_whole:
            self._questions.clear()
            self._bodies.clear()
        _ = self._paths
        lookups = sum(len(body.lookups) for _, body in self._bodies.values())
        return _BYTES_OF_A_QUESTION * (len(self._questions) + lookups)

    @cached_property
    def _paths(self) -> frozenset[str] | None:
        """The files of the texts that have a part in the answers; None where any text may.

        As long as single texts change, and nothing between them, what is asked of others has the same answer.
        """
        if not self._is_whole or any(asked.name not in _OF_SINGLE_TEXTS for asked in self._questions):
            return None
        if any(name_in(address) for _, body in self._bodies.values() for _, address in body.lookups):
            return None  # any title may be what a name in double brackets means
        asked = ((*(one.given or ()), *one.named.values(), one.answer) for one in self._questions)
        return frozenset([*(path for path, _ in self._bodies), *_paths_in(chain.from_iterable(asked))])

    def leave_out(self) -> None:
        """The page is made from something else, too: it may be another one at any moment."""
        self._is_whole = False

    def are_untouched(self, since: int, snapshot: Snapshot) -> bool:
        """Return whether nothing that has a part in them has changed since a generation, as is known at once.

        False where one would have to look.
        """
        if since < snapshot.steady_since or self._paths is None:
            return False
        touched = snapshot.touched
        return all(touched.get(path, 0) <= since for path in self._paths)

    def are_the_same(self, snapshot: Snapshot) -> bool:
        """Return whether a page of this snapshot would be made from the same. Parses nothing."""
        if not self._is_whole:
            return False
        edition = Edition(snapshot, cast(Bodies, _KnownBodies(self._bodies)), self._files)
        try:
            return all(
                body.is_of(snapshot, post, absolute=absolute)
                for (_, absolute), (post, body) in self._bodies.items()
            ) and all(_is_same(asked.answer, asked.asked_of(edition)) for asked in self._questions)
        except (_OtherBodyError, PostError, OSError, LookupError, AttributeError):
            return False

    def note(self, question: _Question) -> None:
        given = tuple(_identity(one) for one in (*(question.given or ()), *question.named.values()))
        key = question.of_snapshot, question.name, question.given is None, *question.named, given
        if key not in self._known:
            self._known.add(key)  # what it was given stays in the question, and so does its identity
            self._questions.append(question)


class Door:
    """The way of views and templates to the site: `edition` and `snapshot` note each question in `inputs`."""

    def __init__(self, real: Edition) -> None:
        self.of = real.snapshot
        self.inputs = Inputs(real.files)
        noting = replace(real, bodies=cast(Bodies, _NotedBodies(real.bodies, self.inputs._bodies)))
        self.edition = cast(Edition, _Noted(noting, self.inputs))
        self.snapshot = self.edition.snapshot


class _Noted:
    """An edition, or its snapshot, whose attributes and answers are noted."""

    def __init__(self, real: Any, inputs: Inputs) -> None:
        self._real = real
        self._inputs = inputs

    def __getattr__(self, name: str) -> Any:
        found, inputs = getattr(self._real, name), self._inputs
        if isinstance(found, Snapshot):
            return _Noted(found, inputs)
        if isinstance(found, Files | _NotedBodies):
            return found
        of_snapshot = isinstance(self._real, Snapshot)
        if not callable(found):
            inputs.note(_Question(of_snapshot, name, None, {}, found))
            return found

        def ask(*given: Any, **named: Any) -> Any:
            answer = _whole(found(*given, **named))
            if isinstance(answer, Html):
                self._note_html(**named)
            else:
                inputs.note(_Question(of_snapshot, name, given, named, answer))
            return answer

        return ask

    def _note_html(self, *, absolute: bool = False) -> None:
        """Its source is noted already, and what the site's own prefix made of trusted HTML is not."""
        site = self._real.snapshot.site
        if absolute and site.prefix and site.html == "trusted":
            self._inputs.leave_out()


class _NotedBodies:
    def __init__(self, bodies: Bodies, noted: _Bodies) -> None:
        self._bodies = bodies
        self._noted = noted

    def html(self, snapshot: Snapshot, post: Post, *, absolute: bool = False) -> Html:
        body = self._bodies.body(snapshot, post, absolute=absolute)
        self._noted[post.path, absolute] = post, body.without_html()
        return body.shown(post)


class _KnownBodies:
    """The bodies that a page was made with; raises _OtherBodyError for any other."""

    def __init__(self, known: _Bodies) -> None:
        self._known = known

    def html(self, _snapshot: Snapshot, post: Post, *, absolute: bool = False) -> Html:
        if found := self._known.get((post.path, absolute)):
            return found[1].shown(post)
        raise _OtherBodyError


class _OtherBodyError(Exception):
    """A body differs from the one that a page was made with."""


def _whole(answer: Any) -> Any:
    return tuple(answer) if isinstance(answer, Iterator) else answer


def _paths_in(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, Post):
            yield value.path
        elif isinstance(value, tuple | list):
            yield from _paths_in(value)


def _identity(value: object) -> object:
    return value if isinstance(value, _NAMED) else id(value)


def _is_same(before: object, now: object) -> bool:
    return before is now or before == now
