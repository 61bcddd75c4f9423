"""What is wrong with how a link will look, and how to mend it: every rule, asked of every network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bitacora.share.network import CONFIDENCES
from bitacora.share.rule import ONCE, SEVERITIES, Case, Found, PictureFacts, Rule, Verdict
from bitacora.share.rules import RULES
from bitacora.share.rules.page import page_not_html, page_packed_wrongly, page_slow, page_status
from bitacora.share.rules.text import SHORTER_TITLE

__all__ = [
    "RULES",
    "Case",
    "Found",
    "PictureFacts",
    "Rule",
    "Verdict",
    "general",
    "merged",
    "messages",
    "verdicts",
]


def verdicts(case: Case, lines: Mapping[str, int]) -> list[tuple[Verdict, Found]]:
    """What this reader makes of the page, worst first."""
    rules = RULES if case.is_readable else READABLE
    found = [
        (rule.verdict(found, case.reader, lines), found)
        for rule in rules
        if rule.concerns(case.reader)
        for found in rule.find(case)
    ]
    return sorted(found, key=lambda pair: SEVERITIES.index(pair[0].severity))


def general(case: Case, lines: Mapping[str, int]) -> list[tuple[Verdict, Found]]:
    """What concerns every reader alike, seen through the eyes of one that reads plain Open Graph."""
    rules = [rule for rule in RULES if rule.asked == ONCE] if case.is_readable else []
    return [(rule.verdict(found, None, lines), found) for rule in rules for found in rule.find(case)]


def merged(found: Iterable[tuple[Verdict, Found]], labels: Mapping[str, str]) -> tuple[Verdict, ...]:
    """The same rule over networks as one verdict, told by the network where it is worst; worst first."""
    groups: dict[tuple[str, str], list[tuple[Verdict, Found]]] = {}
    for pair in found:
        groups.setdefault((pair[0].rule, pair[1].subject), []).append(pair)
    joined = [_joined(group, labels) for group in groups.values()]
    order = [rule.id for rule in RULES]
    return tuple(sorted(joined, key=lambda one: (SEVERITIES.index(one.severity), order.index(one.rule))))


def messages() -> frozenset[str]:
    """Every msgid that a verdict may say."""
    return frozenset((SHORTER_TITLE, *(text for rule in RULES for text in (rule.message, rule.remedy))))


def _joined(group: list[tuple[Verdict, Found]], labels: Mapping[str, str]) -> Verdict:
    worst, _ = min(group, key=_weight)
    names = tuple(dict.fromkeys(verdict.network for verdict, _ in group if verdict.network))
    values = {**worst.values, "networks": tuple(labels[name] for name in names)}
    return replace(worst, network=names[0] if len(names) == 1 else "", values=values)


def _weight(pair: tuple[Verdict, Found]) -> tuple[int, float, int]:
    """Worst first; where it is as bad in several, by the network that one can be surest of."""
    verdict, found = pair
    return SEVERITIES.index(verdict.severity), -found.excess, CONFIDENCES.index(verdict.confidence)


READABLE: tuple[Rule, ...] = (page_status, page_not_html, page_packed_wrongly, page_slow)
"""What can be said of an answer that is no page."""
