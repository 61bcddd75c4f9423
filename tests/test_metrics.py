"""What Prometheus is told: the sum of all workers, whichever is asked, at next to no cost."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable, Mapping
from mmap import mmap
from pathlib import Path
from threading import Thread

import pytest
from blogs import Blog, post
from conftest import NewBlog, Serve
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families
from server import Client, Server

from bitacora.share.crawlers import CRAWLERS, crawler_of
from bitacora.share.networks import READERS
from bitacora.web import metrics
from bitacora.web.metrics import DERIVED, KINDS, POSTS, SLOT_BYTES, Metrics

ROOT = Path(__file__).parent.parent
TOKEN = "t" * 40
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg'/>"
FILES = {
    "posts/2018-07-17-good/index.md": post("Buena", "![Un dibujo](a.svg)", tags="[a]"),
    "posts/2018-07-17-good/a.svg": PICTURE,
    "posts/2018-07-18-bad.md": post("Mala", date="2018-02-30"),
    "pages/about.md": post("Acerca"),
}
URL = "/2018/07/17/good/"

Sample = tuple[str, tuple[tuple[str, str], ...]]


class Scrape(dict[Sample, float]):
    """The samples of a scrape, by name and labels."""

    def __call__(self, name: str, **labels: str) -> float:
        return self[f"bitacora_{name}", tuple(sorted(labels.items()))]

    def sum(self, name: str, **labels: str) -> float:
        """Of all samples of this name with at least these labels."""
        wanted = set(labels.items())
        return sum(
            value for (found, its), value in self.items() if found == f"bitacora_{name}" and wanted <= set(its)
        )


def parsed(text: str, parse: object = text_string_to_metric_families) -> Scrape:
    samples = [sample for family in parse(text) for sample in family.samples]  # type: ignore[operator]
    scrape = Scrape({(s.name, tuple(sorted(s.labels.items()))): s.value for s in samples})
    assert len(scrape) == len(samples)
    return scrape


def scraped(blog: Blog) -> Scrape:
    answer = blog.get("/metrics", remote_addr="127.0.0.1")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return parsed(answer.text)


def requests(blog: Blog) -> dict[tuple[str, str], float]:
    """Kinds and outcomes that were counted, but for scrapes."""
    return {
        (dict(labels)["kind"], dict(labels)["outcome"]): value
        for (name, labels), value in scraped(blog).items()
        if name == "bitacora_requests_total" and value and ("kind", "health") not in labels
    }


# --- who may see them


@pytest.mark.parametrize("headers", [{}, {"remote_addr": "127.0.0.1", "x_forwarded_for": "127.0.0.1"}])
def test_nobody_elsewhere_sees_them(new_blog: NewBlog, headers: Mapping[str, str]) -> None:
    blog = new_blog(FILES, status_token=TOKEN)
    answer = blog.get("/metrics", **headers)
    assert answer.status == 403
    assert "bitacora_" not in answer.text
    assert blog.get("/metrics", authorization=f"Bearer {TOKEN[1:]}", **headers).status == 403


def test_whoever_has_the_token_sees_them(new_blog: NewBlog) -> None:
    blog = new_blog(FILES, status_token=TOKEN)
    answer = blog.get("/metrics", authorization=f"Bearer {TOKEN}", x_forwarded_for="203.0.113.7")
    assert parsed(answer.text)("ready") == 1


def test_they_are_told_under_any_host(new_blog: NewBlog) -> None:
    """Prometheus asks by the address of the machine."""
    blog = new_blog(FILES, trusted_hosts="blog.example.org")
    assert blog.get("/metrics", remote_addr="127.0.0.1", host="10.0.0.7:8000").status == 200


def test_open_metrics_are_told_to_those_who_ask_for_them(new_blog: NewBlog) -> None:
    answer = new_blog(FILES).get(
        "/metrics", remote_addr="127.0.0.1", accept="application/openmetrics-text; version=1.0.0; charset=utf-8"
    )
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert parsed(answer.text, open_metrics)("ready") == 1


# --- what is counted


ANSWERS = {
    URL: ("post", "200"),
    "/about/": ("page", "200"),
    "/": ("list", "200"),
    "/archive/": ("list", "200"),
    "/tag/a/": ("list", "200"),
    "/feed.xml": ("feed", "200"),
    "/sitemap.xml": ("feed", "200"),
    "/robots.txt": ("feed", "200"),
    "/static/style.css": ("asset", "200"),
    "/favicon.svg": ("asset", "200"),
    f"{URL}a.svg": ("picture", "200"),
    f"{URL}share/": ("share", "200"),
    f"{URL[:-1]}.md": ("source", "200"),
    URL[:-1]: ("redirect", "308"),
    "/nothing/": ("error", "404"),
    f"{URL}b.svg": ("error", "404"),
    "/preview/x/": ("error", "404"),
    "/hooks/push": ("error", "404"),
}


@pytest.mark.parametrize(("path", "counted"), ANSWERS.items(), ids=ANSWERS)
def test_each_answer_is_counted_by_kind_and_outcome(
    new_blog: NewBlog, path: str, counted: tuple[str, str]
) -> None:
    blog = new_blog(FILES)
    for _ in range(3):
        assert str(blog.get(path).status) == counted[1]
    assert requests(blog) == {counted: 3}


def test_an_answer_from_the_page_cache_is_one_of_the_answers(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    etag = blog.get(URL).headers["ETag"]
    blog.get(URL)
    blog.get(URL, "HEAD")
    blog.get(URL, if_none_match=etag)
    assert requests(blog) == {("post", "200"): 3, ("post", "304"): 1}
    scrape = scraped(blog)
    assert scrape("page_cache_answers_total") == 3
    assert scrape("page_render_seconds_count") == 2  # and the first scrape


def test_a_card_is_counted_and_so_is_its_making(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    card = blog.parts.cards.url(
        blog.parts.edition(blog.parts.library.snapshot()), blog.parts.library.snapshot().posts[0]
    )
    before = scraped(blog)
    assert blog.get(card).status == 200
    assert blog.get(card).status == 200
    after = scraped(blog)
    assert after("requests_total", kind="card", outcome="200") == 2
    assert after.sum("derived_total") - before.sum("derived_total") == 2
    assert after("derived_total", outcome="made") == 1


def test_methods_and_statuses_that_nobody_foresaw_are_counted_too(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    assert blog.get(URL, "BREW").status == 405
    assert blog.get("/hooks/push", "POST", body=b"x" * 70_000).status in {404, 413}
    assert sum(requests(blog).values()) == 2


def test_what_the_blog_asks_itself_is_not_counted(new_blog: NewBlog) -> None:
    """The share page asks for the post as thirteen networks do."""
    blog = new_blog(FILES)
    blog.get(f"{URL}share/")
    assert requests(blog) == {("share", "200"): 1}
    assert scraped(blog).sum("crawler_fetches_total") == 0


AGENTS = {
    "WhatsApp/2.24.20.89 A": "whatsapp",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "facebook",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)": "facebook",
    "Twitterbot/1.0": "x",
    "TelegramBot (like TwitterBot)": "telegram",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)": "linkedin",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "slack",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)": "discord",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "",
    "": "",
}


@pytest.mark.parametrize(("agent", "network"), AGENTS.items())
def test_networks_are_known_by_what_they_call_themselves(agent: str, network: str) -> None:
    assert crawler_of(agent) == network


@pytest.mark.parametrize("name", READERS)
def test_every_network_of_the_share_desk_is_known(name: str) -> None:
    together = {"threads": "facebook"}
    assert crawler_of(READERS[name].user_agent.value) == together.get(name, name)


def test_networks_are_counted_from_the_page_cache_and_past_it(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    for path in (URL, URL, "/nothing/"):
        blog.get(path, user_agent="WhatsApp/2.24.20.89 A")
    blog.get(URL, user_agent="Mozilla/5.0")
    scrape = scraped(blog)
    assert scrape("crawler_fetches_total", network="whatsapp") == 3
    assert scrape.sum("crawler_fetches_total") == 3


def test_looks_at_the_disk_and_readings_of_what_changed_are_timed(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    before = scraped(blog)
    for _ in range(129):
        blog.get(URL)
    blog.write("posts/2018-07-19-new.md", post("Nueva"))
    blog.get(URL)
    after = scraped(blog)
    assert after("freshness_check_seconds_count") - before("freshness_check_seconds_count") == 2
    assert 0 < after("freshness_check_seconds_sum") < 1
    assert after("renewal_seconds_count") > before("renewal_seconds_count")
    assert after("generation", worker="0") > before("generation", worker="0")


def test_a_store_that_fails_is_counted(new_blog: NewBlog) -> None:
    blog = new_blog(FILES, derived_cache="redis://127.0.0.1:1/0")
    blog.parts.derived.get("card", b"x", lambda: b"y")
    scrape = scraped(blog)
    assert (scrape("derived_total", outcome="failed"), scrape("derived_total", outcome="made")) == (1, 1)


def test_posts_are_counted_by_where_they_stand(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            **FILES,
            "posts/2018-07-20-hidden.md": post(hidden="true"),
            "posts/2018-07-21-draft.md": post(draft="true"),
            "posts/2099-07-21-later.md": post(),
            "posts/2018-07-22-over.md": post(expires="2019-01-01"),
            "posts/2018-07-23-second.md": post(permalink=URL),
        }
    )
    scrape = scraped(blog)
    assert {state: scrape("posts", state=state) for state in POSTS} == dict.fromkeys(POSTS, 1)
    assert scrape("pages") == 1
    assert scrape("problems") == len(blog.get("/readyz", remote_addr="127.0.0.1").json["problems"])


def test_with_nothing_to_serve_they_say_so(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    blog.root.rename(blog.root.with_name("elsewhere"))
    blog.parts.library._start_anew()
    assert scraped(blog)("ready") == 0
    blog.root.with_name("elsewhere").rename(blog.root)
    blog.get_until(200, URL)
    assert scraped(blog)("ready") == 1


# --- bounds


def test_no_reader_can_make_a_new_series(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    before = set(scraped(blog))
    for number in range(20):
        blog.get(f"/junk/{number}/", user_agent=f"WhatsApp/{number}", host=f"{number}.example.org")
        blog.get(URL, f"M{number}", query=f"q={number}")
    assert set(scraped(blog)) == before


def test_no_count_is_lost_between_threads() -> None:
    counted = Metrics()

    def count() -> None:
        for _ in range(20_000):
            counted.accepted()

    threads = [Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told(counted)("connections_total") == 160_000


# --- several workers


def told(counted: Metrics) -> Scrape:
    return parsed(counted.exposition("", {})[0].decode())


def test_a_worker_goes_on_where_one_that_ended_left_off() -> None:
    memory = mmap(-1, 3 * SLOT_BYTES)
    for number in (0, 1, 1, 1):
        worker = Metrics()
        worker.accepted()  # while it starts
        worker.connections_are(1)
        worker.share(memory, number)
        assert told(worker).sum("connections_open") < 2, "what a worker had open ends with it"
        worker.accepted()
        worker.connections_are(1)
    assert told(worker)("connections_total") == 8


def test_a_worker_for_whom_there_is_no_place_counts_for_itself() -> None:
    memory = mmap(-1, SLOT_BYTES)
    first, second = Metrics(), Metrics()
    first.share(memory, 0)
    second.share(memory, 1)
    second.accepted()
    assert (told(first)("connections_total"), told(second)("connections_total")) == (0, 1)


def test_counts_of_another_release_are_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = mmap(-1, 2 * SLOT_BYTES)
    monkeypatch.setattr(metrics, "_FINGERPRINT", 1)
    old = Metrics()
    old.share(memory, 0)
    old.accepted()
    monkeypatch.undo()
    new = Metrics()
    new.share(memory, 1)
    new.accepted()
    assert told(new)("connections_total") == 1, "an old worker still answers"
    new.share(memory, 0)
    assert told(new)("connections_total") == 2, "it has ended"


def scrape_of(server: Server) -> Scrape:
    client = Client(server.port)
    try:
        return parsed(client.get("/metrics").text)
    finally:
        client.close()


def ask(server: Server, path: str, times: int) -> None:
    """Each time over a connection of its own, so that any worker may have it."""
    for _ in range(times):
        client = Client(server.port)
        client.get(path)
        client.close()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.mark.slow
def test_whichever_worker_is_asked_tells_the_sum(site: Path, serve: Serve) -> None:
    server = serve(site)
    workers = server.clients()
    ask(server, URL, 60)
    for worker in workers:
        worker.get(URL)
        assert parsed(worker.get("/metrics").text)("requests_total", kind="post", outcome="200") > 60
    assert scrape_of(server)("requests_total", kind="post", outcome="200") == 62
    told = [parsed(worker.get("/metrics").text) for worker in workers]
    assert {labels for name, labels in told[0] if name == "bitacora_generation"} == {
        (("worker", "0"),),
        (("worker", "1"),),
    }


def test_counts_of_a_killed_worker_stay(site: Path, serve: Serve) -> None:
    server = serve(site)
    ask(server, URL, 30)
    for _ in range(3):
        workers = server.workers()
        os.kill(workers[0], signal.SIGKILL)
        server.wait_until(lambda old=workers: len(set(server.workers()) - set(old[:1])) == 2)
        server.clients()
    ask(server, URL, 5)
    scrape = scrape_of(server)
    assert scrape("requests_total", kind="post", outcome="200") == 35
    assert len([labels for name, labels in scrape if name == "bitacora_generation"]) == 2


@pytest.mark.slow
def test_counts_outlive_a_reload(site: Path, serve: Serve) -> None:
    server = serve(site)
    ask(server, URL, 10)
    series = set(scrape_of(server))
    for _ in range(3):
        before = set(server.workers())
        server.send(signal.SIGHUP)
        server.wait_until(lambda old=before: len(server.workers()) == 2 and not old & set(server.workers()))
    scrape = scrape_of(server)
    assert scrape("requests_total", kind="post", outcome="200") == 10
    assert {name for name, _ in scrape} == {name for name, _ in series}


# --- what the documents say


def test_every_metric_is_documented_and_back(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    answer = blog.get("/metrics", remote_addr="127.0.0.1").text
    exposed = {
        family.name + ("_total" if family.type == "counter" else ""): sorted(
            {label for sample in family.samples for label in sample.labels} - {"le"}
        )
        for family in text_string_to_metric_families(answer)
    }
    assert documented() == exposed


def test_every_value_of_a_label_is_documented() -> None:
    text = (ROOT / "docs/deploying.md").read_text()
    for values in (KINDS, POSTS, DERIVED, CRAWLERS):
        for value in values:
            assert f"`{value}`" in text


def documented() -> dict[str, list[str]]:
    rows: Iterable[str] = (ROOT / "docs/deploying.md").read_text().splitlines()
    found = {}
    for row in rows:
        if row.startswith("| `bitacora_"):
            cell = row.split("|")[1].strip().strip("`")
            name, _, labels = cell.partition("{")
            found[name] = sorted(re.findall(r"[a-z]+", labels))
    return found
