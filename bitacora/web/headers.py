"""Headers of every answer: security, and for how long it may be kept."""

from __future__ import annotations

import math
from functools import lru_cache

from bitacora.content.snapshot import Snapshot
from bitacora.settings import Site

NO_STORE = "no-store"
NOT_FOUND = "public, max-age=0, s-maxage=10"
_STALE_WHILE_REVALIDATE_S = 30
_STALE_IF_ERROR_S = 86400
_TWO_YEARS_S = 63_072_000


@lru_cache(maxsize=8)
def security(url: str, embeds: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The header set that the MDN HTTP Observatory grades A+, for a site at `url` that embeds those hosts."""
    frames = f"; frame-src {' '.join(f'https://{host}' for host in embeds)}" if embeds else ""
    headers = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; "
            "media-src 'self' https:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
            f"form-action 'self'; frame-ancestors 'none'{frames}",
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ]
    if not embeds:
        headers.append(("Cross-Origin-Embedder-Policy", "credentialless"))
    if url.startswith("https://"):
        headers.append(("Strict-Transport-Security", f"max-age={_TWO_YEARS_S}; includeSubDomains"))
    return tuple(headers)


def security_of(site: Site) -> tuple[tuple[str, str], ...]:
    return security(site.url, site.embeds)


def lifetime(snapshot: Snapshot, s_maxage: int, now: float) -> str:
    """Cache-Control of a page: each of its seconds ends before the snapshot does (RFC 9111, RFC 5861).

    `s_maxage` is what the operator lets shared caches keep, in seconds; `now` in seconds since the epoch.
    """
    if not s_maxage:
        return "no-cache"
    left = snapshot.valid_until - now
    seconds = _STALE_IF_ERROR_S + s_maxage if math.isinf(left) else max(0, int(left))
    fresh = min(s_maxage, seconds)
    stale = min(_STALE_WHILE_REVALIDATE_S, seconds - fresh)
    error = min(_STALE_IF_ERROR_S, seconds - fresh)
    return f"public, max-age=0, s-maxage={fresh}, stale-while-revalidate={stale}, stale-if-error={error}"
