"""Headers of every answer: security, and for how long it may be kept."""

from __future__ import annotations

from functools import lru_cache

from bitacora.library.snapshot import Snapshot
from bitacora.settings import Site

NO_STORE = "no-store"
NO_CACHE = "no-cache"
FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY_S = 10
_A_DAY_S = 86_400
_A_WEEK_S = 604_800
_A_YEAR_S = 31_536_000
_STALE_WHILE_REVALIDATE_S = 30
_STALE_IF_ERROR_S = 86_400
_TWO_YEARS_S = 63_072_000
_HSTS_ALSO = {"host": "", "subdomains": "; includeSubDomains", "preload": "; includeSubDomains; preload"}


def security(site: Site, hsts: str = "host") -> tuple[tuple[str, str], ...]:
    """The header set that the MDN HTTP Observatory grades A+.

    `hsts` names the hosts that browsers ask by https alone from then on (RFC 6797), as settings.HSTS does.
    """
    return _security(site.url, site.embeds, hsts)


def lifetime(snapshot: Snapshot, s_maxage: int, now: float) -> str:
    """Cache-Control of a page: each of its seconds ends before the snapshot does (RFC 9111, RFC 5861).

    `s_maxage` is what the operator lets shared caches keep, in seconds; `now` in seconds since the epoch.
    """
    if not s_maxage:
        return NO_CACHE
    seconds = _left(snapshot, now, s_maxage + _STALE_IF_ERROR_S)
    fresh = min(s_maxage, seconds)
    stale = min(_STALE_WHILE_REVALIDATE_S, seconds - fresh)
    error = min(_STALE_IF_ERROR_S, seconds - fresh)
    return f"public, max-age=0, s-maxage={fresh}, stale-while-revalidate={stale}, stale-if-error={error}"


def briefly(snapshot: Snapshot, now: float) -> str:
    """Cache-Control of what may be a page soon: errors, redirects."""
    return f"public, max-age=0, s-maxage={_left(snapshot, now, _BRIEFLY_S)}"


def unchanging(snapshot: Snapshot, now: float) -> str:
    """Cache-Control of a picture whose address has its hash; when the post goes, so does the picture."""
    return f"public, max-age={_left(snapshot, now, _A_YEAR_S)}, immutable"


def a_day(snapshot: Snapshot, now: float) -> str:
    """Cache-Control of the card of a post; when the post goes, so does the card."""
    seconds = _left(snapshot, now, _A_DAY_S + _A_WEEK_S)
    fresh = min(_A_DAY_S, seconds)
    return f"public, max-age={fresh}, stale-while-revalidate={seconds - fresh}"


def _left(snapshot: Snapshot, now: float, most: int) -> int:
    """Whole seconds until the snapshot ends, at most `most`."""
    return max(0, int(min(snapshot.valid_until - now, most)))


@lru_cache(maxsize=8)
def _security(url: str, embeds: tuple[str, ...], hsts: str) -> tuple[tuple[str, str], ...]:
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
    if url.startswith("https://") and hsts != "off":
        headers.append(("Strict-Transport-Security", f"max-age={_TWO_YEARS_S}{_HSTS_ALSO[hsts]}"))
    return tuple(headers)
