"""What history says of the site, asked beside requests: git may be slow or hang, and no reader waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from bitacora.library.history import Historian, History, NoHistory
from bitacora.library.scan import Broken, Entry
from bitacora.settings import Site

log = logging.getLogger(__name__)

TRIES_AGAIN_S = 60.0


class Unknown(Enum):
    """Why history does not say how a broken file was before."""

    NOT_COMMITTED = "nobody else has this version"
    NOT_YET = "it is being asked"


class Question(NamedTuple):
    """A broken version of the file at `path`, and the settings that decide what former versions mean.

    With `is_of_nobody_else` the version was not committed, and the last one that was is among those asked for.
    """

    path: str
    found: Broken
    site: Site | None
    is_of_nobody_else: bool = False


Judge = Callable[[Question, History, Iterator[bytes]], Entry | None]
"""Which of the versions before, the newest first, may be shown. Runs beside requests."""

Address = Callable[[str, bytes, Site], str | None]
"""Where a file of that name and content was to be found, None for nowhere. Runs beside requests."""


class _Answer(NamedTuple):
    versions: tuple[str, ...]
    site: Site | None
    entry: Entry | None


class _Known(NamedTuple):
    """Of one commit."""

    stamp: object
    history: History


class _Former(NamedTuple):
    history: History
    site: Site | None
    addresses: tuple[tuple[str, str], ...] = ()


class _UnreadableError(Exception):
    """What was committed cannot be read now."""


class Hindsight:
    """One thread asks, and only while there is something to ask; what it brings is put in force by `look`.

    Calls but `is_busy` and `has_news` come from one thread at a time.
    """

    def __init__(self, historian: Historian, judge: Judge, address: Address) -> None:
        self.has_news = False
        """Whether somebody should `look`, and ask about broken files again."""
        self.is_busy = False
        self._was_behind = False
        self._is_awaited = False
        self._historian = historian
        self._judge = judge
        self._address = address
        self._folder = ""
        self._known = self._brought = _Known(None, NoHistory())
        self._former = _Former(self.history, None)
        self._site: Site | None = None
        self._answers: dict[str, _Answer] = {}
        self._asked: dict[str, Question] = {}
        self._has_work = False
        self._failed: tuple[object, float] = (None, 0.0)
        self._reads_again_at: float | None = None
        self._changed = threading.Condition()

    @property
    def history(self) -> History:
        """All of it is of one commit, the last that was read."""
        return self._known.history

    @property
    def is_of_checkout(self) -> bool:
        """Whether the site has a history that may know more one day than it does now."""
        return self._known.stamp is not None

    def look(self, folder: str, patience: float = 0.0) -> bool:
        """Put in force what is known of the commit that is checked out; whether that is something new.

        What is not known is asked beside: the caller waits for it no longer than `patience` s.
        """
        with self._changed:
            self._folder = folder
            stamp = self._historian.stamp(folder)
            if stamp != self._brought.stamp and not self._has_failed(stamp):
                self._go_on(patience)
            is_new = self._brought.history is not self._known.history
            self._known = self._brought
            self._was_behind = stamp != self._known.stamp
            self._is_awaited = self._was_behind and not self._has_failed(stamp)
            self.has_news = False
        return is_new

    def former(self, site: Site, patience: float = 0.0) -> tuple[tuple[str, str], ...]:
        """Addresses that renamed posts had, and the files that they are now; those from before while it asks."""
        with self._changed:
            if not self.history.former():
                return ()
            is_new = self._former.history is not self.history or self._former.site != site
            if is_new and not self._is_unreadable():
                self._site = site
                self._go_on(patience)
            return self._former.addresses

    def last_good(self, question: Question, patience: float = 0.0) -> Entry | Unknown | None:
        """The version of a broken file that may be shown, None for none. What is not known is asked beside."""
        with self._changed:
            answer = self._answer(question)
            if answer is Unknown.NOT_YET and not self._is_unreadable():
                self._asked[question.path] = question
                self._go_on(patience)
                answer = self._answer(question)
        return answer

    @property
    def is_pending(self) -> bool:
        """Whether something is asked, or known and not in force yet."""
        return self.is_busy or self.has_news

    def wait(self, seconds: float) -> None:
        """Return when nothing is asked any more, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_busy, seconds)

    def forget(self, path: str) -> None:
        """A file is not broken any more."""
        if path in self._answers:
            with self._changed:
                self._answers.pop(path, None)

    def is_behind(self, folder: str) -> bool:
        """Whether another commit is checked out than the one that is known, or it is time to ask again.

        Costs a few looks at the disk and no process. Raises OSError.
        """
        if self._reads_again_at is not None:
            return not self._is_unreadable()
        stamp = self._historian.stamp(folder)
        return stamp not in (None, self._known.stamp) and not self._has_failed(stamp)

    def is_release(self, folder: str) -> bool:
        """See Historian."""
        return self._historian.is_release(folder)

    def went_back(self, question: Question) -> bool:
        """Whether the version is one of former times: what was shown until now may be newer than the checkout."""
        return self._was_behind and self.history.had(question.path, question.found.data or b"")

    def _answer(self, question: Question) -> Entry | Unknown | None:
        if self._is_awaited:
            return Unknown.NOT_YET
        versions = _versions(self.history, question)
        if versions is None or (question.is_of_nobody_else and not versions):
            return Unknown.NOT_COMMITTED
        answer = self._answers.get(question.path)
        is_known = answer is not None and answer[:2] == (versions, question.site)
        return answer.entry if answer is not None and is_known else Unknown.NOT_YET

    def _has_failed(self, stamp: object) -> bool:
        failed, again_at = self._failed
        return stamp == failed and time.monotonic() < again_at

    def _is_unreadable(self) -> bool:
        return self._reads_again_at is not None and time.monotonic() < self._reads_again_at

    def _go_on(self, patience: float) -> None:
        """Have the thread work. The caller holds `_changed`."""
        self._has_work = True
        if not self.is_busy:
            try:
                threading.Thread(target=self._work, daemon=True).start()
                self.is_busy = True
            except RuntimeError as error:  # no thread is left
                log.warning("the history of the site is not read for now: %s", error)
        self._changed.wait_for(lambda: not self.is_busy, patience)

    def _work(self) -> None:
        try:
            while (asked := self._next()) is not None:
                self._ask(*asked)
        except BaseException:
            self._rest()
            raise

    def _next(self) -> tuple[list[Question], Site | None] | None:
        """What to ask, and the site whose former addresses are wanted; None for the end of the thread."""
        with self._changed:
            if not self._has_work:
                self._rest()
                return None
            self._has_work = False
            questions, self._asked = list(self._asked.values()), {}
            site, self._site = self._site, None
        return questions, site

    def _rest(self) -> None:
        with self._changed:
            self.is_busy = False
            self._changed.notify_all()

    def _ask(self, questions: list[Question], site: Site | None) -> None:
        known = self._brought
        stamp = self._historian.stamp(self._folder)
        if stamp != known.stamp and not self._has_failed(stamp):
            history = self._historian.look(self._folder)
            if history is None:
                self._failed = stamp, time.monotonic() + TRIES_AGAIN_S
            else:
                known = _Known(stamp, history)
        former, answers, reads_again_at = self._former, dict[str, _Answer](), None
        try:
            answers |= self._judged(known, questions)
            if site:
                former = _Former(known.history, site, tuple(self._addresses(known.history, site)))
        except _UnreadableError:
            reads_again_at = time.monotonic() + TRIES_AGAIN_S
        with self._changed:
            self.has_news = True
            self._brought, self._former = known, former
            self._answers |= answers
            self._reads_again_at = reads_again_at

    def _judged(self, known: _Known, questions: list[Question]) -> Iterator[tuple[str, _Answer]]:
        for question in questions:
            versions = _versions(known.history, question)
            if versions is not None:
                entry = self._judge(question, known.history, _contents(known.history, versions))
                yield question.path, _Answer(versions, question.site, entry)

    def _addresses(self, history: History, site: Site) -> Iterator[tuple[str, str]]:
        names = [(path, *former) for path, names in history.former().items() for former in names]
        sources = _read(history, {version for _, _, version in names})
        for path, name, version in names:
            if version in sources and (address := self._address(name, sources[version], site)):
                yield address, path


def _versions(history: History, question: Question) -> tuple[str, ...] | None:
    if question.is_of_nobody_else:
        return history.committed(question.path)
    return history.before(question.path, question.found.data or b"")


def _contents(history: History, versions: tuple[str, ...]) -> Iterator[bytes]:
    """Up to one that is not there: it may be a draft, and what is older was withdrawn."""
    for version in versions:
        found = _read(history, [version])
        if version not in found:
            return
        yield found[version]


def _read(history: History, versions: Collection[str]) -> Mapping[str, bytes]:
    found = history.read(versions)
    if found is None:
        raise _UnreadableError
    return found
