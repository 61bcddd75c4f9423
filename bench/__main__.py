"""`python -m bench`: measure, print, and write docs/performance.md."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import cards, freshness, in_process, report, served
from bench.cards import Waits
from bench.measure import Timing
from bench.posts import write_site
from bench.report import Table, seconds
from bitacora.content.library import Library

SMALL = 10
_TIMES = "times its time"
_CONTENDER = ("", "wall", "CPU", _TIMES, "times its CPU")


@dataclass
class Plan:
    """What to measure with: sites by their number of posts, and how patiently."""

    sites: Mapping[int, Path]
    folder: Path
    quick: bool

    @property
    def large(self) -> int:
        return max(self.sites)

    def cache(self) -> Path:
        """An empty folder for the caches of one server."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def rounds(self, whole: int, quick: int) -> int:
        return quick if self.quick else whole


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the blog's speed and memory.")
    parser.add_argument("--quick", action="store_true", help="a rough look: 1,000 posts, few rounds")
    parser.add_argument("--posts", type=int, help="posts of the largest site (10,000)")
    parser.add_argument("--only", choices=_STEPS, help="this measurement alone")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    load = os.getloadavg()[0]
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        plan = _plan(Path(folder), asked.posts or (1_000 if asked.quick else 10_000), quick=asked.quick)
        tables = []
        for name in [asked.only] if asked.only else _STEPS:
            for table in _STEPS[name](plan):
                print(f"\n{table.markdown()}")
                tables.append(table)
    if not asked.quick and not asked.only:
        report.write(tables, " ".join(["python -m bench", *sys.argv[1:]]), load)
        print(f"written into {report.DOCUMENT}")


def _plan(folder: Path, large: int, *, quick: bool) -> Plan:
    sites = {}
    for count in sorted({SMALL, max(SMALL, large // 100), max(SMALL, large // 10), large}):
        print(f"writing a site of {count:,} posts")
        sites[count] = folder / str(count)
        write_site(sites[count], count)
    os.environ["BITACORA_SITE"] = str(sites[SMALL])
    return Plan(sites, folder, quick)


# --- the measurements


def _in_process(plan: Plan) -> Iterable[Table]:
    print("a warm page, in process")
    blogs = {count: in_process.Blog(plan.sites[count], plan.cache()) for count in (SMALL, plan.large)}
    size, timings = in_process.warm_pages(blogs, plan.rounds(60, 15))
    yield _contenders(f"A warm page of {size / 1024:.1f} KiB as a WSGI call", timings)
    print("one edit")
    after = in_process.first_after_an_edit(blogs[plan.large], plan.rounds(7, 3))
    title = f"The first request after one post of {plan.large:,} was edited"
    yield Table(
        title,
        ("asked for", "wall", "CPU"),
        [(what, seconds(wall), seconds(cpu)) for what, (wall, cpu) in after.items()],
    )


def _under_gunicorn(plan: Plan) -> Iterable[Table]:
    if missing := served.missing_for_load():
        print(f"skipped, for want of {' and '.join(missing)}: throughput under gunicorn")
        return
    print("a warm page, under gunicorn")
    site = plan.sites[SMALL]
    blog = in_process.Blog(site, plan.cache())
    size = len(in_process.caller(blog.app, blog.newest.url)())
    seconds_each = plan.rounds(4, 2)
    loads = served.load(site, plan.cache(), blog.newest.url, size, plan.rounds(7, 2), seconds_each)
    rows = [
        (
            name,
            f"{1 / load.timing.wall:,.0f}",
            f"{1 / load.timing.wall_ratio:.2f}",
            seconds(load.timing.cpu),
            f"{seconds(load.p50)} / {seconds(load.p99)}",
        )
        for name, load in loads.items()
    ]
    title = "The same under gunicorn: one gthread worker on one core, `wrk -t1 -c16` on the other"
    yield Table(title, ("", "requests/s", "times its requests/s", "CPU a request", "p50 / p99"), rows)


def _start_and_memory(plan: Plan) -> Iterable[Table]:
    rows = []
    for count in sorted({SMALL, max(SMALL, plan.large // 10), plan.large}):
        print(f"a cold start with {count:,} posts")
        starts = [served.cold_start(plan.sites[count], plan.cache(), "/") for _ in range(plan.rounds(5, 1))]
        wall, cpu, mib = (median(getattr(start, part) for start in starts) for part in ("wall", "cpu", "mib"))
        again = [served.warm_start(plan.sites[count], plan.cache(), "/") for _ in range(plan.rounds(5, 1))]
        warm = median(start.wall for start in again)
        rows.append((f"{count:,}", seconds(wall), seconds(cpu), seconds(warm), f"{mib:.0f} MiB"))
    columns = ("posts", "wall", "CPU", "wall of the next start", "worker after the first")
    yield Table("From the start of gunicorn to the first answered page", columns, rows)
    print("a crawler reads every page twice")
    found, once, twice = served.crawled(plan.sites[plan.large], plan.cache())
    title = f"Memory of a worker with {plan.large:,} posts"
    memory = [
        ("after the first page", rows[-1][-1]),
        (f"after a crawler read all {found:,} addresses", f"{once:.0f} MiB"),
        ("after it read them all again", f"{twice:.0f} MiB"),
    ]
    yield Table(title, ("", "resident"), memory)


def _freshness(plan: Plan) -> Iterable[Table]:
    rows = []
    for count, site in plan.sites.items():
        if count == SMALL:
            continue
        print(f"knowing that nothing changed, {count:,} posts")
        inotify, polling = (freshness.seconds_to_know(site, m, plan.rounds(100, 20)) for m in ("inotify", "poll"))
        look = freshness.seconds_of_a_look(site)
        rows.append((f"{count:,}", seconds(inotify), seconds(polling), seconds(look)))
    columns = ("posts", "inotify", "polling", "polling, once a second")
    yield Table("Knowing that nothing changed, for each request", columns, rows)


def _cards(plan: Plan) -> Iterable[Table]:
    print("one share card of each kind")
    blog = in_process.Blog(plan.sites[SMALL], plan.cache())
    warm = in_process.caller(blog.app, blog.newest.url)
    first = cards.first_of_a_process(plan.rounds(5, 1))
    rows = [
        ("nothing but the page", "", *_waits(cards.waits(warm, plan.rounds(1_000, 200)))),
        ("drawn, the first of a process", seconds(first), "", ""),
        *(
            (name, seconds(cost.cpu), *_waits(cost.waits))
            for name, cost in cards.costs(warm, plan.rounds(15, 3)).items()
        ),
    ]
    title = "A share card by itself, and a warm page in the same process meanwhile"
    yield Table(title, ("made from", "CPU of the card", "the page, p50", "p99"), rows)
    count = plan.rounds(200, 40)
    print(f"{count} share cards drawn while readers come")
    site = plan.folder / "cards"
    cards.write_site(site, count + 1)
    urls = [post.url for post in Library(site).snapshot().posts]
    loads = cards.drawn_under_load(site, (plan.cache(), plan.cache()), urls, plan.rounds(10, 3))
    quiet = next(iter(loads.values()))
    rows = [
        (
            name,
            seconds(load.p50),
            seconds(load.p99),
            f"{load.p50 / quiet.p50:.2f}",
            f"{load.cards}" if load.cards else "",
            f"{load.seconds:.1f} s",
        )
        for name, load in loads.items()
    ]
    title = f"Readers of a warm page from {cards.WORKERS} workers, while cards are drawn for {count} other posts"
    yield Table(title, ("", "p50", "p99", "times its p50", "cards made", "in"), rows)


def _waits(waits: Waits) -> tuple[str, str]:
    return seconds(waits.p50), seconds(waits.p99)


_STEPS: Mapping[str, Callable[[Plan], Iterable[Table]]] = {
    "in-process": _in_process,
    "gunicorn": _under_gunicorn,
    "start": _start_and_memory,
    "freshness": _freshness,
    "cards": _cards,
}


def _contenders(title: str, timings: Mapping[str, Timing]) -> Table:
    rows = [
        (name, seconds(t.wall), seconds(t.cpu), f"{t.wall_ratio:.2f}", f"{t.cpu_ratio:.2f}")
        for name, t in timings.items()
    ]
    return Table(title, _CONTENDER, rows)


if __name__ == "__main__":
    main()
