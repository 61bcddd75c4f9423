"""Telling a forge what became of a commit: a green or a red mark beside it, with the first error."""

from __future__ import annotations

import json
import re
from http.client import HTTPException
from textwrap import shorten
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bitacora.publish.home import Attempt, Home
from bitacora.publish.release import listed

PATIENCE_S = 10.0
MOST_CHARACTERS = 140
"""GitHub's limit for a description; the others allow more."""

_NAME = "bitacora"
_HOSTS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "codeberg.org": "forgejo",
    "gitea.com": "gitea",
}


class StatusError(Exception):
    """Why a forge was not told, in words for whoever runs the server."""


class Status(NamedTuple):
    """What to say of a commit: whether it is published without errors, in a sentence; `url` is the site's."""

    commit: str
    good: bool
    sentence: str
    url: str


class Repository(NamedTuple):
    """Where a repository lies: the address of its host with scheme, and its path there, without `.git`."""

    base: str
    path: str

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or ""


def status_of(home: Home, attempt: Attempt, url: str) -> Status | None:
    """What there is to say after an attempt; None when nothing was decided about a commit."""
    if not attempt.commit or attempt.outcome not in {"published", "refused", "failed"}:
        return None
    errors: list[str] = []
    if attempt.outcome == "published":
        release = next(release for release in listed(home) if release.commit == attempt.commit)
        errors = [str(finding) for finding in release.findings if finding.severity == "error"]
    sentence = errors[0] if errors else attempt.message.partition("\n")[0]
    good = attempt.outcome == "published" and not errors
    return Status(attempt.commit, good, shorten(sentence, MOST_CHARACTERS, placeholder="…"), url)


def tell(origin: str, forge: str, token: str, status: Status) -> None:
    """Tell the forge that the repository `origin` lies on; `forge` is its kind, if not known by its host.

    Asks no other host: redirects are not followed, for the token would go along. Raises StatusError.
    """
    repository = repository_of(origin)
    if repository is None:
        raise StatusError("The address of origin is none of a forge.")
    kind = forge or _HOSTS.get(repository.host, "")
    if not kind:
        raise StatusError(f"What {repository.host} is, is not known: name it in BITACORA_FORGE.")
    try:
        opened = build_opener(_NoRedirects).open(request_to(kind, repository, token, status), timeout=PATIENCE_S)
        opened.close()
    except HTTPError as error:
        error.close()
        raise StatusError(f"{repository.host} answers {error.code} to the status of a commit.") from None
    except (URLError, OSError, HTTPException) as error:
        raise StatusError(f"{repository.host} cannot be told: {getattr(error, 'reason', error)}.") from None


def request_to(kind: str, repository: Repository, token: str, status: Status) -> Request:
    """What a forge of this kind is asked; those that have a host of their own for it are asked there."""
    url, headers, body = _REQUESTS[kind](repository, token, status)
    headers |= {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Bitacora"}
    return Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - http or https


def repository_of(origin: str) -> Repository | None:
    """Where an address that git knows leads: https, ssh, or ssh in its short form; None for others."""
    if found := re.fullmatch(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!//)(.+)", origin):
        return Repository(f"https://{found[1]}", _bare(found[2]))
    parts = urlsplit(origin)
    if parts.scheme in {"https", "http"} and parts.hostname:
        return Repository(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", _bare(parts.path))
    if parts.scheme == "ssh" and parts.hostname:
        return Repository(f"https://{parts.hostname}", _bare(parts.path))
    return None


def _bare(path: str) -> str:
    return path.strip("/").removesuffix(".git")


_Request = tuple[str, dict[str, str], dict[str, Any]]


def _github(repository: Repository, token: str, status: Status) -> _Request:
    """https://docs.github.com/en/rest/commits/statuses; Enterprise Server has the API below /api/v3."""
    is_cloud = repository.host == "github.com"
    api = "https://api.github.com" if is_cloud else f"{repository.base}/api/v3"
    headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
    return f"{api}/repos/{quote(repository.path)}/statuses/{status.commit}", headers, _like_github(status)


def _gitea(repository: Repository, token: str, status: Status) -> _Request:
    """https://docs.gitea.com/api, and Forgejo's, which is the same here."""
    url = f"{repository.base}/api/v1/repos/{quote(repository.path)}/statuses/{status.commit}"
    return url, {"Authorization": f"token {token}"}, _like_github(status)


def _like_github(status: Status) -> dict[str, Any]:
    state = "success" if status.good else "failure"
    return {"state": state, "target_url": status.url, "description": status.sentence, "context": _NAME}


def _gitlab(repository: Repository, token: str, status: Status) -> _Request:
    """https://docs.gitlab.com/api/commits/#set-commit-pipeline-status"""
    project = quote(repository.path, safe="")
    url = f"{repository.base}/api/v4/projects/{project}/statuses/{status.commit}"
    state = "success" if status.good else "failed"
    body = {"state": state, "target_url": status.url, "description": status.sentence, "name": _NAME}
    return url, {"PRIVATE-TOKEN": token}, body


def _bitbucket(repository: Repository, token: str, status: Status) -> _Request:
    """Cloud: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/

    Data Center: https://developer.atlassian.com/server/bitbucket/how-tos/updating-build-status-for-commits
    """
    url = f"{repository.base}/rest/build-status/1.0/commits/{status.commit}"
    if repository.host == "bitbucket.org":
        api = "https://api.bitbucket.org/2.0/repositories"
        url = f"{api}/{quote(repository.path)}/commit/{status.commit}/statuses/build"
    state = "SUCCESSFUL" if status.good else "FAILED"
    body = {
        "state": state, "key": _NAME, "name": "Bitácora", "url": status.url, "description": status.sentence,
    }  # fmt: skip
    return url, {"Authorization": f"Bearer {token}"}, body


_REQUESTS = {"github": _github, "gitlab": _gitlab, "gitea": _gitea, "forgejo": _gitea, "bitbucket": _bitbucket}


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *given: Any) -> None:  # noqa: ARG002
        return None
