"""A call from a forge: whether it is signed as it must be, and which branches it says were pushed.

Nothing else that it holds is used.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

MOST_BYTES = 1024 * 1024
CLOCKS_DIFFER_S = 300.0

Header = Callable[[str], str | None]
"""The value of a header by its name, as WSGI gives it; None where it is missing."""

_PUSHES = {"push", "Push Hook", "repo:push", "repo:refs_changed"}
_PINGS = {"ping", "diagnostics:ping"}
_STANDARD_KEY = b"whsec_"


class SignatureError(Exception):
    """Not signed, or not as it must be: a sentence for whoever sets the webhook up."""


class PayloadError(Exception):
    """Signed, but not what a push looks like: a sentence for whoever sets the webhook up."""


class Call(NamedTuple):
    """A call that is signed rightly: `kind` is "push", "ping" or "other".

    `mark` tells it from all others. A forge's delivery id is no part of what it signs (but GitLab's, in its newer
    scheme), so that whoever sends a call again could change it: what cannot be changed is the signature.
    """

    kind: str
    mark: str


class _Scheme(NamedTuple):
    """A forge that signs the raw body by HMAC-SHA256, in hexadecimal: the names of its headers."""

    signature: str
    prefix: str
    event: str


# The first whose header is there decides: each forge in this list also sends the headers of some further down.
_SCHEMES = (
    _Scheme("X-Forgejo-Signature", "", "X-Forgejo-Event"),
    _Scheme("X-Gitea-Signature", "", "X-Gitea-Event"),
    _Scheme("X-Hub-Signature-256", "sha256=", "X-GitHub-Event"),
    _Scheme("X-Hub-Signature", "sha256=", "X-Event-Key"),  # Bitbucket, Cloud and Data Center
)


def signed_call(header: Header, body: bytes, secret: bytes, now: float) -> Call:
    """What a call is, once its signature is right; `now` in seconds since the epoch. Raises SignatureError."""
    for scheme in _SCHEMES:
        if (given := header(scheme.signature)) is not None:
            wanted = scheme.prefix + hmac.digest(secret, body, "sha256").hex()
            _must_be_equal(given, wanted.encode())
            return Call(_kind(header(scheme.event)), wanted)
    if (given := header("webhook-signature")) is not None:
        return Call(_kind(header("X-Gitlab-Event")), _standard(header, given, body, secret, now))
    if (given := header("X-Gitlab-Token")) is not None:
        _must_be_equal(given, secret)
        mark = header("Idempotency-Key") or header("X-Gitlab-Event-UUID") or ""
        return Call(_kind(header("X-Gitlab-Event")), mark)
    raise SignatureError("It is not signed: give the webhook the secret that BITACORA_HOOK_SECRET holds.")


def pushed(body: bytes) -> set[str]:
    """Full names of the branches that a push made or moved; not of those that it deleted. Raises PayloadError."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise PayloadError("It is not JSON: choose application/json as the content type.") from None
    match payload:
        case {"ref": str(ref)}:
            return set() if _deletes(payload) else {ref}
        case {"push": {"changes": list(changes)}}:
            return {f"refs/heads/{name}" for name in map(_cloud_branch, changes) if name}
        case {"changes": list(changes)}:
            return {ref for ref in map(_data_center_ref, changes) if ref}
    raise PayloadError("It names no branch as a push does.")


def _standard(header: Header, given: str, body: bytes, secret: bytes, now: float) -> str:
    """Check GitLab's newer scheme, that of Standard Webhooks 1.0; the id that it signs."""
    call_id, timestamp = (header(name) or "" for name in ("webhook-id", "webhook-timestamp"))
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(now - int(timestamp)) > CLOCKS_DIFFER_S:
        raise SignatureError(
            f"Its time is more than {CLOCKS_DIFFER_S:.0f} s from ours: it is old, or one of our clocks is wrong."
        )
    signed = b".".join((_bytes(call_id), timestamp.encode(), body))
    wanted = b"v1," + base64.b64encode(hmac.digest(_key(secret), signed, "sha256"))
    if not any(hmac.compare_digest(_bytes(each), wanted) for each in given.split(" ")):
        raise SignatureError(_WRONG)
    return call_id


def _key(secret: bytes) -> bytes:
    if secret.startswith(_STANDARD_KEY):
        try:
            return base64.b64decode(secret.removeprefix(_STANDARD_KEY), validate=True)
        except binascii.Error:
            pass
    return secret


def _must_be_equal(given: str, wanted: bytes) -> None:
    if not hmac.compare_digest(_bytes(given), wanted):
        raise SignatureError(_WRONG)


_WRONG = (
    "Its signature is wrong: the secret differs from BITACORA_HOOK_SECRET, or the call was changed on its way."
)


def _bytes(text: str) -> bytes:
    """As they came: WSGI gives them in the guise of Latin-1."""
    return text.encode("latin-1", "replace")


def _kind(event: str | None) -> str:
    if event in _PUSHES:
        return "push"
    return "ping" if event in _PINGS else "other"


def _deletes(payload: dict[str, Any]) -> bool:
    after = payload.get("after")
    return payload.get("deleted") is True or (isinstance(after, str) and set(after) == {"0"})


def _cloud_branch(change: object) -> str | None:
    match change:
        case {"new": {"type": "branch", "name": str(name)}}:
            return name
    return None


def _data_center_ref(change: object) -> str | None:
    match change:
        case {"ref": {"id": str(ref)}, "type": "ADD" | "UPDATE"}:
            return ref
    return None
