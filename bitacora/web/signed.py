"""Links that expire, for those who have them: signed with the operator's secret key, and dead without it."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.url_safe import URLSafeSerializerMixin

DRAFT = "draft-preview"
STATUS = "status-page"

_DAY_S = 86_400
_KEY_FILE = "links.key"


class Opened(NamedTuple):
    """What a link is for, and until when it works, in seconds since the epoch."""

    what: str
    until: float


class _Serializer(URLSafeTimedSerializer):
    def dump_payload(self, obj: Any) -> bytes:
        """Never packed: a packed one begins with a dot, and many a server hides such addresses."""
        return base64_encode(super(URLSafeSerializerMixin, self).dump_payload(obj))


def sign(secret: str, purpose: str, what: str, days: int) -> str:
    """A token for an address: `what`, for so many days from now. Raises ValueError without a secret."""
    if not secret:
        raise ValueError("nothing can be signed without a secret")
    return str(_serializer(secret, purpose).dumps([what, days]))


def opened(secret: str, purpose: str, token: str, now: float) -> Opened | None:
    """What was signed for this purpose; None for a token that is wrong or has expired, and without a secret."""
    if not secret:
        return None
    try:
        (what, days), signed = _serializer(secret, purpose).loads(token, return_timestamp=True)
    except BadData:
        return None
    until = signed.timestamp() + days * _DAY_S
    return Opened(what, until) if now < until else None


def kept_key(folder: Path | None) -> str:
    """Return the key that this machine made for itself, empty where it has made none."""
    with suppress(OSError, UnicodeDecodeError):
        return (folder / _KEY_FILE).read_text(encoding="ascii") if folder else ""
    return ""


def make_key(folder: Path) -> Path:
    """Make the key of this machine in its cache folder, unless it is there; return its file. Raises OSError."""
    file = folder / _KEY_FILE
    made = folder / f"{_KEY_FILE}.{os.getpid()}"
    try:
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened_file:
            opened_file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):  # of two that make it at once, both take the first
            os.link(made, file)
    finally:
        made.unlink(missing_ok=True)
    return file


def _serializer(secret: str, purpose: str) -> _Serializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return _Serializer(secret, salt=purpose, signer_kwargs=how)
