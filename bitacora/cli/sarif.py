"""Findings as SARIF 2.1.0, which GitHub and other forges show beside the lines of a change.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from bitacora.check.findings import RULES
from bitacora.problems import Finding

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: Iterable[Finding], site: Path) -> dict[str, object]:
    """A log with one run. Files are named from the top of the repository that the site lies in."""
    findings = list(findings)
    rules = sorted({finding.rule for finding in findings})
    described = [{"id": rule, "shortDescription": {"text": RULES.get(rule, _OTHER)}} for rule in rules]
    driver = {"name": "Bitácora", "rules": described}
    top = _folder_in_repository(site)
    results = [_result(finding, top) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


_OTHER = "What a network would show wrongly"


def _result(finding: Finding, top: str) -> dict[str, object]:
    place = {
        "artifactLocation": {"uri": quote(top + finding.file)},
        "region": {"startLine": max(finding.line, 1), "startColumn": max(finding.column, 1)},
    }
    return {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": f"{finding.reason} {finding.remedy}".strip()},
        "locations": [{"physicalLocation": place}],
    }


def _folder_in_repository(site: Path) -> str:
    """The site's folder seen from the top of its work tree, with a slash behind it; empty at the top itself."""
    site = site.resolve()
    for folder in (site, *site.parents):
        if (folder / ".git").exists():
            path = site.relative_to(folder).as_posix()
            return "" if path == "." else f"{path}/"
    return ""
