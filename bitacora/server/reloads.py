"""How master and workers of gunicorn agree on a graceful reload: three counters in memory that they share.

Those who serve end when one of those that follow them can serve. The master gives `counters` to each worker before
the fork, as `reloads`, and the number of the reload that it was made for, as `reload`; the first is reload 0.
"""

from __future__ import annotations

BEGUN, SERVED, STOPS = range(3)
"""Places of the counters: reloads begun; the last that has a worker which can serve; 1 if the master stops."""
COUNTERS = 3


def is_followed_later(reload: int, counters: memoryview) -> bool:
    """Return whether a worker must go on: a reload after its own has begun, and nobody of that can serve."""
    return bool(counters[SERVED] <= reload < counters[BEGUN] and not counters[STOPS])
