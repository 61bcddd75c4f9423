"""For machines that watch over the blog: is it alive, has it something to serve, what is wrong."""

from __future__ import annotations

import hmac
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from ipaddress import ip_address

from flask import Blueprint, Response, request

from bitacora.files.watch import LOCK_GETS_STALE_S
from bitacora.library.snapshot import Snapshot
from bitacora.posts.visibility import standing
from bitacora.problems import PostError, Remark
from bitacora.publish.home import Home
from bitacora.settings import SettingError
from bitacora.web.blog import Blog, blog
from bitacora.web.exchange import carried
from bitacora.web.headers import NO_STORE
from bitacora.web.metrics import LOCK, PAGES, POSTS, PROBLEMS, READY, STATES, Family

status = Blueprint("status", __name__)

_PORT = re.compile(r":\d*$")
_FORWARDING = ("forwarded", "x-forwarded", "x-real-ip", "via", "cf-", "true-client-ip", "x-client-ip", "x-cluster")


@status.get("/healthz")
def healthz() -> Response:
    """The process is alive: no disk and no cache is asked."""
    return _plain("ok\n")


@status.get("/readyz")
def readyz() -> Response:
    """200 with something to serve, else 503; what is wrong, file by file, for those who may know."""
    try:
        here = blog().library.snapshot()
    except (SettingError, OSError) as error:
        return _plain(f"not ready: {error}\n" if may_see_details() else "not ready\n", 503)
    if not may_see_details():
        return _plain("ready\n")
    details = json.dumps(_details(blog(), here), ensure_ascii=False, indent=2)
    return _plain(f"{details}\n", mimetype="application/json")


@status.get("/metrics")
def metrics() -> Response:
    """All counts of this server, for Prometheus; 403 for those who may not know."""
    if not may_see_details():
        return _plain(
            "Only from this machine itself, asked by the name localhost or by an IP address, "
            "or with BITACORA_STATUS_TOKEN as bearer token.\n",
            403,
        )
    told, media_type = blog().metrics.exposition(request.headers.get("Accept", ""), _state(blog()))
    return Response(told, headers={"Cache-Control": NO_STORE, "Content-Type": media_type})


def may_see_details() -> bool:
    """Return whether a client asks from this machine itself, through no proxy, or with the operator's token.

    A browser on this machine asks for whatever page it shows. One whose own name was made to lead here (DNS
    rebinding) gives itself away by that name, which is none of this machine's.
    """
    token = blog().operator.status_token.encode()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(token, given.encode()):
        return True
    direct = not any(name.lower().startswith(_FORWARDING) for name, _ in request.headers)
    return direct and _is_loopback(request.remote_addr or "") and _names_this_machine(carried().host)


def _state(parts: Blog) -> Mapping[Family, Mapping[str, float]]:
    """What is true now, whichever worker is asked."""
    try:
        here = parts.library.snapshot()
    except (SettingError, OSError):
        return {READY: {"": 0}}
    return {
        READY: {"": 1},
        STATES: _posts(here, datetime.fromtimestamp(parts.clock(), UTC)),
        PAGES: {"": len(here.pages)},
        PROBLEMS: {"": len(here.problems) + len(parts.theme.problems)},
        LOCK: {"": parts.library.git_lock_age() or 0},
    }


def _posts(here: Snapshot, now: datetime) -> dict[str, float]:
    standings = Counter(standing(post, now, here.by_path) for post in here.candidates if post.kind == "post")
    broken = sum(bool(entry.problem) for path, entry in here.entries.items() if path.startswith("posts/"))
    found = {**standings, "published": standings["shown"], "broken": broken}
    return {state: found.get(state, 0) for state in POSTS}


def _is_loopback(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def _names_this_machine(host: str) -> bool:
    """Return whether nobody else can have given the host of a request its address.

    That holds for an address, for localhost (RFC 6761, 6.3) and for what the operator trusts, but not for the
    `url` of the site, which can be pushed. No browser asks without a host.
    """
    name = _PORT.sub("", host.lower()).rstrip(".")
    named = {"", "localhost", *map(str.lower, blog().operator.trusted_hosts)}
    return name in named or name.endswith(".localhost") or _is_address(name.strip("[]"))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _details(parts: Blog, here: Snapshot) -> dict[str, object]:
    age = parts.library.git_lock_age()
    now = datetime.fromtimestamp(parts.clock(), UTC)
    standings = Counter(standing(post, now, here.by_path) for post in here.candidates)
    return {
        "ready": True,
        "posts": len(here.posts),
        "pages": len(here.pages),
        **{state: standings[state] for state in ("hidden", "draft", "scheduled", "expired")},
        "watch": parts.library.watch_name,
        "git_lock_seconds": age,
        "git_lock_is_stale": age is not None and age >= LOCK_GETS_STALE_S,
        "next_transition": None if here.valid_until == float("inf") else here.valid_until,
        "publishing": _publishing(parts.home) if parts.home else None,
        "problems": [_problem(problem) for problem in (*here.problems, *parts.theme.problems)],
        "remarks": [_problem(remark) for remark in (*here.remarks, *here.unused)],
    }


def _publishing(home: Home) -> dict[str, object]:
    """The commit that is served, and how the last attempt to publish ended: `at` in seconds since the epoch."""
    last = home.attempt()
    return {"served": home.served(), "last_attempt": asdict(last) if last else None}


def _problem(problem: PostError | Remark) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "reason": problem.reason,
        "remedy": problem.remedy,
    }


def _plain(text: str, code: int = 200, mimetype: str = "text/plain") -> Response:
    return Response(text.encode(errors="replace"), code, {"Cache-Control": NO_STORE}, mimetype)
