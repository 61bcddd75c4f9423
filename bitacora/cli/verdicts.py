"""What the share desk finds, in the terminal: as the share page says it, in English."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bitacora.library.snapshot import Snapshot
from bitacora.posts.post import Post
from bitacora.problems import Finding
from bitacora.share.network import CONVENTION, OBSERVED, OFFICIAL
from bitacora.share.networks import READERS
from bitacora.share.rule import ERROR, WARNING
from bitacora.share.verdicts import Verdict
from bitacora.web.blog import blog
from bitacora.web.desk import DeskError

LANGUAGE = "en"
"""Of all commands, whatever that of the site: most of what they say has no translation."""


def failures(here: Snapshot, post: Post) -> Iterator[Finding]:
    """The errors of a post's previews, and a desk that fails by a fault of ours, as warnings: none holds it back.

    The picture is not opened.
    """
    try:
        found = blog().desk(here, post, LANGUAGE, draws=False).summary
    except DeskError as fault:
        yield Finding(fault.file, fault.line, fault.column, WARNING, fault.reason, fault.remedy, "desk-failed")
        return
    for one in found:
        if one.severity == ERROR:
            said = in_words(one)
            remedy = f"{said.remedy} {_concerned(one)}."
            yield Finding(
                post.path, one.line or 1, 1, WARNING, f"{said.message}{_measures(said)}", remedy, one.rule
            )


def two_lines(post: Post, verdict: Verdict) -> str:
    """Place, severity, what is wrong, what was measured, what to do; below it, whom it concerns, which key to
    change, and who says so."""
    said = in_words(verdict)
    reason = f"{said.severity}: {said.message}{_measures(said)}"
    about = filter(None, (_concerned(verdict), verdict.key, _source(verdict)))
    first = Finding(post.path, said.line or 1, 1, ERROR, reason, said.remedy)  # which says no severity itself
    return f"{first}\n    {' · '.join(about)}"


def in_words(verdict: Verdict) -> Verdict:
    """The same with its texts in the language of the commands."""
    say = blog().words.say
    message, remedy = (say(LANGUAGE, text, **verdict.values) for text in (verdict.message, verdict.remedy))
    return replace(verdict, message=message, remedy=remedy)


def _measures(said: Verdict) -> str:
    """Measure and limit, unless the sentence names them."""
    measures = [text for text in (said.measured, said.limit if said.limit != "–" else "") if text]
    is_told = all(text in said.message for text in measures)
    return "" if is_told else f" ({' / '.join(measures)})"


def _concerned(verdict: Verdict) -> str:
    names = verdict.values.get("networks", ())
    if not isinstance(names, tuple):
        return ""
    is_some = 0 < len(names) < len(READERS)
    return f"Concerns: {', '.join(names) if is_some else 'all networks'}"


def _source(verdict: Verdict) -> str:
    return f"Source: {verdict.source} ({_CONFIDENCES.get(verdict.confidence, 'no rule is published')})"


_CONFIDENCES = {OFFICIAL: "official", OBSERVED: "observed in its code", CONVENTION: "by convention"}
