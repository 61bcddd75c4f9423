"""The acceptance tests: what each promises, where it is kept, and how long it takes at full size on two cores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
PATIENCE = 4
"""A part that takes so many times its minutes is ended, and the next one begins."""


@dataclass(frozen=True)
class Part:
    """`tests` are files, left out where they are not there; `chosen` is pytest's -k; `minutes` are a guess."""

    name: str
    promise: str
    tests: tuple[str, ...]
    minutes: float
    chosen: str = ""
    elsewhere: str = ""

    def there(self) -> list[str]:
        return [test for test in self.tests if (CHECKOUT / test.partition("::")[0]).exists()]


PARTS = (
    Part("A1", "Warm pages: throughput, p99", (), 0, elsewhere="`make bench`, docs/performance.md"),
    Part("A2", "The number of posts does not matter", (), 0, elsewhere="`make bench`, docs/performance.md"),
    Part(
        "A3",
        "Pushes and pulls under load: nothing torn, mixed or missing",
        ("tests/test_live.py", "tests/test_publish_story.py", "tests/test_publish_killed.py"),
        6,
        chosen="pushes or load or killed",
    ),
    Part("A4", "Edits by nine writers are on the next request", ("tests/test_live.py",), 5, chosen="every_edit"),
    Part("A5", "The same without inotify", ("tests/test_live.py",), 6, chosen="inotify_a_post or kernel"),
    Part("A6", "SIGHUP under keep-alive load", ("tests/test_deploy.py",), 1, chosen="hup or reload"),
    Part("A7", "`kill -9` of workers under load", ("tests/test_deploy.py",), 2, chosen="kill or killed"),
    Part("A8", "Graceful stop under load", ("tests/test_deploy.py",), 1, chosen="stop or drain"),
    Part(
        "A9",
        "The folder is removed, renamed, forbidden, unmounted, and comes back",
        ("tests/test_faults.py", "tests/test_live.py"),
        2,
        chosen="away",
    ),
    Part(
        "A10",
        "Full disks, no descriptors, reads that fail, every Nth call that fails",
        ("tests/test_faults.py", "tests/test_library.py"),
        3,
        chosen="disk or descriptor or call_fails or which_a_call",
    ),
    Part("A11", "Poison posts", ("tests/test_bad_files.py", "tests/test_poison.py"), 1),
    Part(
        "A12",
        "Fuzz: documents, heads, Markdown, requests, calls of forges",
        (
            "tests/test_fuzz.py",
            "tests/test_front_matter.py",
            "tests/test_markdown_security.py",
            "tests/test_post.py",
        ),
        35,
    ),
    Part("A13", "Redis and memcached killed and hung under load", ("tests/test_derived.py",), 4),
    Part("A14", "Soak: requests, pushes and junk addresses", ("tests/test_soak.py",), 12),
    Part("A15", "Slow clients through nginx", ("tests/test_deploy.py",), 2, chosen="slow"),
    Part("A16", "Headers by the Observatory's scan", ("tests/test_observatory.py", "tests/test_headers.py"), 1),
    Part(
        "A17",
        "HTTP: conditions, lifetimes, equal replicas",
        ("tests/test_http.py", "tests/test_page_cache.py", "tests/test_files.py"),
        1,
    ),
    Part(
        "A18",
        "Request torture",
        ("tests/test_requests.py", "tests/test_raw_requests.py", "tests/test_hot_lane.py"),
        6,
    ),
    Part("A19", "Webhook: 2,000 wrong calls, fifty at once", ("tests/test_webhook.py",), 2),
    Part("A20", "Supply chain: known holes, hashes", ("tests/test_supply_chain.py",), 1),
    Part(
        "", "A worker that stands still; clocks that jump", ("tests/test_faults.py",), 1, chosen="worker or clock"
    ),
)
