"""The measurements: each gives tables, and tells the plan the figures of which something is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import NamedTuple

from bench import cards, charts, freshness, in_process, load, served
from bench.cards import Waits
from bench.charts import Bar
from bench.figures import FIGURES
from bench.measure import Timing
from bench.peers import PEERS, Pace, pace, read_posts
from bench.plan import SMALL, Plan, written
from bench.report import Chart, Table, seconds
from bitacora.library.library import Library
from bitacora.settings import read_site

_MANY = 400
"""Pages that readers ask for in turn; all have a place in memory."""
_CONTENDER = ("", "wall", "CPU", "times its time", "times its CPU")


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


def _throughput(plan: Plan) -> Iterable[Table]:
    if missing := load.missing():
        print(f"skipped, for want of {' and '.join(missing)}: throughput under gunicorn")
        return
    sites = {count: plan.sites[count] for count in (SMALL, plan.large)}
    shipped, stock = (load.blog(own, SMALL) for own in (plan.worker_class, load.STOCK))
    loads = load.on_one_core(
        sites, plan.cache, _newest(plan), plan.worker_class, plan.rounds(5, 2), plan.rounds(3, 1)
    )
    plan.saw("shipped/hello", loads.ratio(shipped, load.HELLO))
    plan.saw("shipped/nginx", loads.ratio(shipped, load.NGINX))
    plan.saw("shipped/p99", loads.ratio(shipped, load.NGINX, "p99"))
    plan.saw("stock/hello", loads.ratio(stock, load.HELLO))
    for name, own in (("shipped", plan.worker_class), ("stock", load.STOCK)):
        plan.saw(f"{name}/size", loads.ratio(load.blog(own, plan.large), load.blog(own, SMALL)), at=plan.large)
    ranked = sorted(loads.rounds, key=lambda name: loads.median(name, "rate"), reverse=True)
    rows = [
        (
            name,
            f"{loads.median(name, 'rate'):,.0f}",
            _ratio(loads.ratio(name, load.HELLO)),
            _ratio(loads.ratio(name, load.NGINX)),
            seconds(loads.median(name, "cpu")),
            f"{seconds(loads.median(name, 'p50'))} / {seconds(loads.median(name, 'p99'))}",
            _ratio(loads.ratio(name, load.NGINX, "p99")),
        )
        for name in ranked
    ]
    columns = ("", "requests/s", "times hello", "times nginx", "CPU a request", "p50 / p99", "p99 to nginx's")
    asked = {stock: FIGURES["stock/hello"].asked, shipped: FIGURES["shipped/hello"].asked}
    drawn = [
        Bar(name.strip("*").replace("`", ""), ratio, f"{ratio:.2f}", name.startswith("**"), asked.get(name))
        for name in ranked
        if (ratio := loads.ratio(name, load.HELLO))
    ]
    told = "Requests a second as multiples of Flask's hello world."
    yield Table(
        "A warm page: one worker on one core, `wrk -t1 -c16` on the other",
        columns,
        rows,
        Chart("throughput", told, charts.bars("A warm page, times Flask hello world", told, drawn)),
        "A proxy shares the core, and its CPU is counted, with the blog behind it.",
    )


def _as_shipped(plan: Plan) -> Iterable[Table]:
    if missing := load.missing():
        print(f"skipped, for want of {' and '.join(missing)}: two workers under load")
        return
    sites = {count: site for count, site in plan.sites.items() if count != SMALL}
    page = _newest(plan)
    loads = load.as_shipped(
        sites, plan.cache, {page: plan.rounds(5, 1), "/archive/": plan.rounds(2, 1)}, plan.rounds(4, 1)
    )
    small, *_, middle, large = [f"{min(sites):,}", *(f"{count:,}" for count in sorted(sites))]
    plan.saw("rate", loads[page].median(middle, "rate"), at=plan.large)
    plan.saw("rate/p99", loads[page].median(middle, "p99") * 1e3, at=plan.large)
    plan.saw("rate/size", loads[page].ratio(large, small), at=plan.large)
    plan.saw(
        "archive/p99", max(loads["/archive/"].median(name, "p99") for name in loads["/archive/"].rounds) * 1e3
    )
    rows = [
        (
            name,
            what,
            f"{own.median(name, 'rate'):,.0f}",
            f"{seconds(own.median(name, 'p50'))} / {seconds(own.median(name, 'p99'))}",
            _ratio(own.ratio(name, small)),
        )
        for what, own in zip(("post", "archive"), loads.values(), strict=True)
        for name in own.rounds
    ]
    columns = ("posts", "page", "requests/s", "p50 / p99", f"times that of {small} posts")
    yield Table("As it is shipped: two workers, beside `wrk -t1 -c16` on the same two cores", columns, rows)


def _starts(plan: Plan) -> Iterable[Table]:
    rows, drawn = [], []
    sizes = {SMALL, max(SMALL, plan.large // 10), plan.large, *([] if plan.quick else [plan.large * 10])}
    for count in sorted(sizes):
        site = plan.sites.get(count) or written(plan.folder, count)
        print(f"starts with {count:,} posts")
        cold, warm = [], []
        for _ in range(plan.rounds(3 if count <= plan.large else 1, 1)):
            kept = plan.cache()
            cold.append(served.cold_start(site, (kept, plan.cache())))
            warm.append(served.warm_start(site, kept))
        for name, starts in (("cold", cold), ("warm", warm)):
            ready = median(start.ready for start in starts)
            mib = max(start.mib for start in starts)
            plan.seen[f"{name}/{count}"] = ready
            plan.seen[f"mib/{count}"] = max(mib, plan.seen.get(f"mib/{count}", 0.0))
            page, cpu = (median(getattr(start, part) for start in starts) for part in ("page", "cpu"))
            spent = median(start.ready_cpu for start in starts)
            waits = f"{seconds(ready)} / {seconds(spent)}", f"{seconds(page)} / {seconds(cpu)}"
            rows.append((f"{count:,}", name, *waits, f"{mib:.0f} MiB"))
            if figure := FIGURES.get(f"{name}/{count}"):
                drawn.append(Bar(f"{count:,} posts, {name}", ready, seconds(ready), own=True, asked=figure.asked))
    columns = ("posts", "caches", "posts ready, wall / CPU", "first page, wall / CPU", "worker after it")
    told = "Seconds until all posts are ready in a process."
    title = "Seconds until the posts are ready"
    chart = Chart("starts", told, charts.bars(title, told, drawn, logarithmic=True)) if drawn else None
    yield Table(
        "Starts, cold and warm",
        columns,
        rows,
        chart,
        '"Posts ready" is what the posts cost: from a process with everything imported to all of them known. '
        '"First page" is from the start of gunicorn, with Python, Flask and the rest, to the first answer.',
    )


def _crawl(plan: Plan) -> Iterable[Table]:
    print("a crawler reads every page twice")
    first, found, once, twice = served.crawled(plan.sites[plan.large], plan.cache())
    title = f"Memory of a worker with {plan.large:,} posts"
    memory = [
        ("after the first page", f"{first:.0f} MiB"),
        (f"after a crawler read all {found:,} addresses", f"{once:.0f} MiB"),
        ("after it read them all again", f"{twice:.0f} MiB"),
    ]
    yield Table(title, ("", "resident"), memory)


def _edits(plan: Plan) -> Iterable[Table]:
    sizes = (plan.large // 10,) if plan.quick else (plan.large // 10, plan.large)
    skipped = [f"{peer.name}: skipped, not installed" for peer in PEERS if not peer.is_there]
    names = {peer: peer.known_as() for peer in PEERS if peer.is_there}
    rows, notes = [], [f"{line} (`make bench-peers` installs it)" for line in skipped]
    chart = None
    for count in sizes:
        ours = _our_edit(plan, count)
        edit = ours.edit or 0.0
        plan.saw("edit", edit * 1e3, at=count)
        paces = {f"**the blog, {plan.worker_class.rpartition('.')[2]}**": ours}
        made = read_posts(count)
        for peer, name in names.items():
            print(f"one edit among {count:,} posts: {name}")
            try:
                paces[name] = pace(peer, made, plan.cache() / "site", plan.rounds(4, 2), plan.peer_limit)
            except (OSError, RuntimeError) as error:
                print(f"left out: {error}")
                notes.append(f"{name}, {count:,} posts: left out, it failed")
            if peer.name == "Hugo" and name in paces and paces[name].edit:
                plan.saw("edit/hugo", paces[name].edit / edit, at=count)
        late = f"over {plan.peer_limit:.0f} s"
        for name, one in paces.items():
            rows.append(
                (
                    f"{count:,}",
                    name,
                    seconds(one.first) if one.first else late,
                    seconds(one.edit) if one.edit else late if one.first else "",
                    f"{one.edit / edit:.2g}" if one.edit else "",
                    f"{one.mib:.0f} MiB",
                )
            )
        chart = _chart_of_edits(count, ours, paces)
    columns = ("posts", "", "all pages at first", "new after one edit", "times ours", "memory")
    notes.append(
        f"Each peer has {plan.peer_limit:.0f} s a size for all of it. It watches its folder, as while one writes, "
        "with its own defaults and small templates. Ours counts from the first request after the edit, "
        "theirs from the edit itself: who comes earlier gets an old page from them."
    )
    yield Table(
        "From one edit to page, home, archive and feed all new",
        columns,
        rows,
        chart,
        "".join(f"\n* {n}" for n in notes),
    )


def _our_edit(plan: Plan, count: int) -> Pace:
    print(f"one edit among {count:,} posts: the blog")
    site = plan.sites[count]
    post = Library(site, watch="poll").snapshot().posts[0]
    urls = (post.url, "/", "/archive/", "/feed.xml")
    found = served.edited(site, plan.cache(), site / post.path, urls, plan.rounds(15, 5))
    print(f"  page, home, archive, feed: {', '.join(map(seconds, found.each))}; CPU of all: {seconds(found.cpu)}")
    return Pace(found.first, found.whole, found.mib)


def _chart_of_edits(count: int, ours: Pace, paces: Mapping[str, Pace]) -> Chart:
    told = f"From one edit among {count:,} posts until page, home, archive and feed are all new."
    drawn = [
        Bar(
            name.strip("*"),
            one.edit,
            seconds(one.edit),
            one is ours,
            FIGURES["edit"].asked / 1e3 if one is ours else None,
        )
        for name, one in paces.items()
        if one.edit
    ]
    title = f"From one edit among {count:,} posts to four pages new"
    return Chart("edits", told, charts.bars(title, told, drawn, logarithmic=True))


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


def _contenders(title: str, timings: Mapping[str, Timing]) -> Table:
    rows = [
        (name, seconds(t.wall), seconds(t.cpu), f"{t.wall_ratio:.2f}", f"{t.cpu_ratio:.2f}")
        for name, t in timings.items()
    ]
    return Table(title, _CONTENDER, rows)


def _newest(plan: Plan) -> str:
    """The address of the newest post, the same in every site."""
    return Library(plan.sites[SMALL], watch="poll").snapshot().posts[0].url


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _while_edited(plan: Plan) -> Iterable[Table]:
    if missing := load.missing():
        print(f"skipped, for want of {' and '.join(missing)}: readers while one edits")
        return
    site = plan.sites[plan.large]
    newest = Library(site, read_settings=lambda toml: read_site(toml, {})).snapshot().posts[:_MANY]
    edited, urls = site / newest[_MANY // 2].path, [post.url for post in newest]
    loads = load.while_edited(site, plan.cache(), edited, urls, plan.rounds(10, 4), plan.rounds(3, 1))
    plan.saw("rate/edited", loads.ratio(load.EDITED, load.QUIET), at=plan.large)
    rows = [
        (
            name,
            f"{loads.median(name, 'rate'):,.0f}",
            f"{seconds(loads.median(name, 'p50'))} / {seconds(loads.median(name, 'p99'))}",
            _ratio(loads.ratio(name, load.QUIET)),
        )
        for name in loads.rounds
    ]
    title = f"Readers of {_MANY} pages among {plan.large:,} posts: two workers, beside `wrk -t1 -c16`"
    yield Table(title, ("", "requests/s", "p50 / p99", "times"), rows)


class Step(NamedTuple):
    """A measurement, and the seconds after which it is given up."""

    measure: Callable[[Plan], Iterable[Table]]
    limit: int


STEPS: Mapping[str, Step] = {
    "in-process": Step(_in_process, 120),
    "throughput": Step(_throughput, 420),
    "shipped": Step(_as_shipped, 300),
    "start": Step(_starts, 600),
    "edited": Step(_while_edited, 180),
    "edits": Step(_edits, 1500),
    "crawl": Step(_crawl, 400),
    "freshness": Step(_freshness, 120),
    "cards": Step(_cards, 300),
}
APART = {"cards"}  # measured when it is asked for by name
