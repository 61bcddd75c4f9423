"""The acceptance tests: what each promises, where it is kept, and how long it takes at full size on two cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
PATIENCE = 3
"""A part that takes so many times its minutes and `spare_s` is ended, and the next one begins."""


@dataclass(frozen=True, eq=False)
class Part:
    """`tests` are files, left out where they are not there; `chosen` is pytest's -k; `minutes` are a guess.

    `passes` says what was promised; `promised` holds its numbers, by the names under which tests note what they
    saw, and `less` why the time does not suffice for them; `at_most` holds those that should not be passed. How
    busy a machine is decides about times, so that they are told and fail nothing.
    """

    name: str
    promise: str
    tests: tuple[str, ...]
    minutes: float
    chosen: str = ""
    elsewhere: str = ""
    passes: str = ""
    promised: Mapping[str, float] = field(default_factory=dict)
    less: str = ""
    at_most: Mapping[str, float] = field(default_factory=dict)
    spare_s: float = 120

    @property
    def most_s(self) -> float:
        return PATIENCE * self.minutes * 60 + self.spare_s

    def there(self) -> list[str]:
        return [test for test in self.tests if (CHECKOUT / test.partition("::")[0]).exists()]


PARTS = (
    Part("A1", "Warm pages: throughput, p99", (), 0, elsewhere="`make bench`, docs/performance.md"),
    Part("A2", "The number of posts does not matter", (), 0, elsewhere="`make bench`, docs/performance.md"),
    Part(
        "A3",
        "Pushes and pulls under load: nothing torn, mixed or missing",
        ("tests/test_live.py", "tests/test_publish_story.py", "tests/test_publish_killed.py"),
        4.5,
        chosen="pushes or load or killed",
        passes="30 pushes and 30 pulls of 300 files of 200 KB; of 50,000 answers none fails, is torn or mixed.",
        promised={"answers": 50_000, "pushes_and_pulls": 60},
    ),
    Part(
        "A4",
        "Edits by nine writers are on the next request",
        ("tests/test_live.py",),
        3,
        chosen="every_edit",
        passes="10,000 edits by each of nine writers, in two workers: no stale answer.",
        promised={"edits": 90_000},
        less="All of them would take an hour.",
    ),
    Part(
        "A5",
        "The same without inotify",
        ("tests/test_live.py",),
        3,
        chosen="inotify_a_post or kernel",
        passes="The same edits: posts and lists are new when the file has been quiet for two seconds.",
        promised={"edits": 90_000},
        less="All of them would take an hour.",
    ),
    Part(
        "A6",
        "SIGHUP under keep-alive load",
        ("tests/test_deploy.py",),
        1,
        chosen="hup or reload",
        passes="20 reloads: no failed request, none takes longer than a second.",
        at_most={"slowest_ms": 1_000},
    ),
    Part(
        "A7",
        "`kill -9` of workers under load",
        ("tests/test_deploy.py",),
        1.5,
        chosen="kill or killed",
        passes="60 kills: no more failures than requests in flight; behind nginx only answers on their way are "
        "lost.",
    ),
    Part(
        "A8",
        "Graceful stop under load",
        ("tests/test_deploy.py",),
        1,
        chosen="stop or drain",
        passes="behind nginx and Caddy no failed request, exit status 0 within 5 seconds.",
        at_most={"stop_ms": 5_000},
    ),
    Part(
        "A9",
        "The folder is removed, renamed, forbidden, unmounted, and comes back",
        ("tests/test_faults.py", "tests/test_live.py"),
        1.5,
        chosen="away",
        passes="no error for a page that was good, and what is new is on the next request after it is back.",
    ),
    Part(
        "A10",
        "Full disks, no descriptors, reads that fail, every Nth call that fails",
        ("tests/test_faults.py", "tests/test_library.py"),
        2,
        chosen="disk or descriptor or call_fails or which_a_call",
        passes="never an error for a page that was good, recovered alone within a second, for N from 1 to the "
        "end.",
    ),
    Part(
        "A11",
        "Poison posts",
        ("tests/test_bad_files.py", "tests/test_poison.py"),
        0.5,
        passes="about 40 kinds: no crash, other pages untouched, each one named in the log.",
    ),
    Part(
        "A12",
        "Fuzz: documents, heads, Markdown, requests, calls of forges",
        (
            "tests/test_fuzz.py",
            "tests/test_front_matter.py",
            "tests/test_markdown_security.py",
            "tests/test_post.py",
        ),
        16,
        passes="2,000,000 documents through all that happens to a post, and 10 minutes of coverage-guided "
        "fuzzing of "
        "each target: no exception escapes, none takes a second, nothing in a page can run.",
        promised={"documents": 2_000_000, "fuzzing_s": 3_000},
        less="All of it would take half an hour of both cores.",
    ),
    Part(
        "A13",
        "Redis and memcached killed and hung under load",
        ("tests/test_derived.py",),
        2,
        passes="no failed request, at most one in a hundred takes longer than 200 ms and none longer than a "
        "second, at most one line of log in 10 s for each worker.",
        at_most={"p99_ms": 200, "slowest_ms": 1_000},
    ),
    Part(
        "A14",
        "Soak: requests, pushes and junk addresses",
        ("tests/test_soak.py",),
        8,
        passes="1,000,000 requests, 2,000 pushes and 200,000 junk addresses: a worker grows by at most 5 MB "
        "after the "
        "first 100,000 requests; its descriptors, threads and watches stay as many.",
        promised={"requests": 1_000_000, "pushes": 2_000, "junk_addresses": 200_000},
    ),
    Part(
        "A15",
        "Slow clients through nginx",
        ("tests/test_deploy.py",),
        0.5,
        chosen="slow",
        passes="500 slow clients keep nobody away: 20 probes, each answered within 100 ms.",
        at_most={"probe_ms": 100},
    ),
    Part(
        "A16",
        "Headers by the Observatory's scan",
        ("tests/test_observatory.py", "tests/test_headers.py"),
        0.5,
        passes="every kind of answer has grade A+, with every bonus that there is.",
    ),
    Part(
        "A17",
        "HTTP: conditions, lifetimes, equal replicas",
        ("tests/test_http.py", "tests/test_page_cache.py", "tests/test_files.py", "tests/test_deploy.py"),
        1,
        chosen="test_http or test_page_cache or test_files or replicas_with_checkouts or over_tls",
        passes="no bad note by REDbot, HEAD is GET without a body, equal tags of two replicas for 1,000 "
        "addresses, none of 20,000 requests over HTTP/2 fails.",
    ),
    Part(
        "A18",
        "Request torture",
        ("tests/test_requests.py", "tests/test_raw_requests.py", "tests/test_hot_lane.py"),
        4,
        passes="100,000 requests of random bytes: a page or a refusal, no error, no echo of the host; the hot "
        "lane answers as gunicorn does.",
        promised={"requests": 100_000},
    ),
    Part(
        "A19",
        "Webhook: 2,000 wrong calls, fifty at once",
        ("tests/test_webhook.py",),
        0.5,
        passes="only valid pushes fetch, one git at a time, and each of fifty calls is answered within 200 ms.",
        promised={"calls": 2_000},
        at_most={"answer_ms": 200},
    ),
    Part(
        "A20",
        "Supply chain: known holes, hashes",
        ("tests/test_supply_chain.py",),
        0.5,
        passes="locked within bounds with hashes, no warning at the start (`make lint` runs bandit, `make audit` "
        "asks for known holes).",
    ),
    Part(
        "",
        "A worker that stands still; clocks that jump",
        ("tests/test_faults.py",),
        1,
        chosen="worker or clock",
        passes="nobody else loses a page, and what is due is shown at each moment.",
    ),
)
