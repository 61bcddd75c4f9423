"""The recipes of deploy/, started as they are: nothing fails while servers are reloaded, killed, stopped.

Usually at a small size; whole with BITACORA_TEST_SIZE=full.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socket import AF_UNIX, SOCK_DGRAM, create_connection, create_server, socket
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
import sizes
from conftest import Saw, Serve
from crowd import Crowd
from fronts import DEPLOY, caddy, certify, nginx, varnish
from lanes import slow_but
from programs import PATIENCE_S, Program, free_port, serving, tool, wait_until
from publishing import Editor
from server import ROOT, Client, Server, tcp_connections

from bitacora.publish.home import make

SETTINGS = 'title = "El Blog"\nurl = "https://blog.example.org"\n'
POSTS = 20
PATHS = ("/", "/archive/", "/feed.xml", *(f"/2020/01/{day:02}/p{day}/" for day in range(1, POSTS + 1)))
READERS = 8


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "posts").mkdir(parents=True)
    (folder / "site.toml").write_text(SETTINGS)
    for day in range(1, POSTS + 1):
        text = "Un párrafo. " * 200
        (folder / f"posts/2020-01-{day:02}-p{day}.md").write_text(f"---\ntitle: La {day}\n---\n{text}\n")
    return folder


@pytest.fixture
def run() -> Iterator[Callable[[Program], Program]]:
    """Starts programs that end with the test, the last one first."""
    with ExitStack() as stack:
        yield stack.enter_context


Run = Callable[[Program], Program]


# --- reloading, killing, stopping


def wait_for_others(server: Server, gone: set[int], workers: int = 2) -> None:
    """Until so many workers serve, none of them one of `gone`."""
    server.wait_until(lambda: len(now := server.workers()) == workers and not gone & set(now))


def kill_one_worker(server: Server) -> None:
    victim = random.choice(server.workers())
    os.kill(victim, signal.SIGKILL)
    wait_for_others(server, {victim})


def was_on_its_way(failure: str) -> bool:
    """Whether the reader had the head of the answer already: no proxy can ask another replica then."""
    return "IncompleteRead" in failure


def test_no_request_fails_while_the_server_reloads(site: Path, serve: Serve, saw: Saw) -> None:
    server = serve(site)
    with Crowd(server.port, PATHS, READERS, may_close=True) as load:
        for _ in range(sizes.of(20, 2)):
            before = set(server.workers())
            server.send(signal.SIGHUP)
            wait_for_others(server, before)
            load.wait_for(100)
    saw(answers=load.answers, slowest_ms=load.slowest_ms)
    assert load.wrong == []


@pytest.mark.slow
def test_no_request_fails_while_workers_are_added_and_taken_away(site: Path, serve: Serve) -> None:
    server = serve(site)
    steps = (
        (signal.SIGTTIN, 3),
        (signal.SIGTTIN, 4),
        (signal.SIGTTOU, 3),
        (signal.SIGTTOU, 2),
        (signal.SIGTTOU, 1),
    )
    with Crowd(server.port, PATHS, READERS, may_close=True) as load:
        for number, workers in steps:
            server.send(number)
            wait_for_others(server, set(), workers)
            load.wait_for(100)
    assert load.wrong == []


def test_a_killed_worker_fails_no_more_than_the_requests_that_it_had(site: Path, serve: Serve) -> None:
    server, kills = serve(site), sizes.of(60, 3)
    with Crowd(server.port, PATHS, READERS, may_close=True) as load:
        for _ in range(kills):
            kill_one_worker(server)
            load.wait_for(100)
    assert len(load.wrong) <= READERS * kills


@pytest.mark.slow
def test_behind_nginx_only_an_answer_that_was_on_its_way_is_lost_when_workers_of_two_replicas_are_killed(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    kills = sizes.of(60, 4)
    replicas = [serve(site, trust_proxy="1") for _ in range(2)]
    proxy = run(nginx(tmp_path / "nginx", [replica.port for replica in replicas]))
    with Crowd(proxy.port, PATHS, READERS, may_close=True) as load:
        for _ in range(kills):
            kill_one_worker(random.choice(replicas))
            load.wait_for(100)
    assert [failure for failure in load.wrong if not was_on_its_way(failure)] == []
    assert len(load.wrong) <= kills


@pytest.mark.slow
@pytest.mark.parametrize("front", [nginx, caddy])
def test_no_request_fails_while_a_replica_stops_and_it_ends_well(
    front: Callable[..., Program], site: Path, serve: Serve, run: Run, tmp_path: Path, saw: Saw
) -> None:
    replicas = [serve(site, trust_proxy="1") for _ in range(2)]
    proxy = run(front(tmp_path / "front", [replica.port for replica in replicas]))
    with Crowd(proxy.port, PATHS, READERS, may_close=True) as load:
        for turn in range(sizes.of(10, 1)):
            replica = replicas[turn % 2]
            load.wait_for(100)
            replica.send(signal.SIGTERM)
            told = time.monotonic()
            assert replica.ended() == 0
            saw(stop_ms=(time.monotonic() - told) * 1000)
            load.wait_for(100)
            replica.restart()
    assert load.wrong == []


# --- slow clients


@pytest.mark.slow
@pytest.mark.parametrize("way", ["-H", "-B", "-X"], ids=["slow heads", "slow bodies", "slow readers"])
def test_behind_nginx_500_slow_clients_keep_nobody_away(
    way: str, site: Path, serve: Serve, run: Run, tmp_path: Path, saw: Saw
) -> None:
    proxy = run(nginx(tmp_path / "nginx", [serve(site, trust_proxy="1").port]))
    url = f"http://127.0.0.1:{proxy.port}{PATHS[3]}"
    command = [tool("slowhttptest"), way, "-c", "500", "-r", "500", "-i", "5", "-l", "30", "-u", url]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as crowd:
        try:
            wait_until(lambda: connections(proxy.port) >= 450)
            answers = []
            for _ in range(20):
                asked = time.monotonic()
                answers.append(ask(proxy.port, "/healthz"))
                saw(probe_ms=(time.monotonic() - asked) * 1000)
        finally:
            crowd.kill()
    assert answers == [200] * 20


@pytest.mark.parametrize("sent", ["GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nHola"])
def test_nginx_gives_up_who_stops_in_the_middle_whatever_else_it_serves(
    sent: str, run: Run, tmp_path: Path
) -> None:
    """Another server is the one that a connection belongs to before the head is there."""
    shorter = {f"client_{part}_timeout 5s;": f"client_{part}_timeout 1s;" for part in ("header", "body")}
    front = nginx(tmp_path / "nginx", [free_port()], shorter)
    with (tmp_path / "nginx/bitacora.conf").open("a") as recipe:
        recipe.write(f"server {{ listen 127.0.0.1:{front.port} default_server; return 404; }}\n")
    proxy = run(front)
    with create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S) as client:
        client.sendall(sent.replace("\r\n", "\r\nHost: blog.example.org\r\n", 1).encode())
        assert client.recv(1) == b""


@pytest.mark.slow
def test_nginx_lets_one_address_ask_so_often_and_not_more(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    rate = {"rate=50r/s": "rate=1r/m", "burst=200": "burst=10"}
    proxy = run(nginx(tmp_path / "nginx", [serve(site, trust_proxy="1").port], rate))
    assert [fetch(proxy.port, "/", source="127.0.0.9").status for _ in range(13)] == [200] * 11 + [429] * 2
    assert fetch(proxy.port, "/", source="127.0.0.8").status == 200


# --- what stands in front changes nothing


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes

    def of_the_blog(self) -> tuple[int, dict[str, str], bytes]:
        """Without what each server says of itself and of the connection."""
        own = {"date", "server", "connection", "keep-alive", "via", "x-varnish", "age", "accept-ranges"}
        return self.status, {n.lower(): v for n, v in self.headers.items() if n.lower() not in own}, self.body


def fetch(port: int, path: str, method: str = "GET", source: str = "127.0.0.1", **headers: str) -> Answer:
    """Names of headers are written with underscores; without Accept-Encoding the answer is not packed."""
    http = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S, source_address=(source, 0))
    with closing(http):
        http.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            http.putheader(name.replace("_", "-"), value)
        http.endheaders()
        response = http.getresponse()
        return Answer(response.status, response.headers, response.read())


POST = PATHS[3]
ASKED: tuple[dict[str, str], ...] = (
    {},
    {"accept_encoding": "gzip, deflate, br, zstd"},
    {"accept_encoding": "gzip"},
    {"accept_encoding": "br;q=0, gzip"},
    {"accept_encoding": "identity"},
    {"if_none_match": "*"},
    {"if_none_match": '"other"', "accept_encoding": "br"},
    {"method": "HEAD"},
    {"method": "POST"},
)


@pytest.mark.parametrize("front", slow_but([nginx], [nginx, caddy]))
def test_behind_a_proxy_answers_are_byte_for_byte_and_tag_for_tag_those_of_the_blog(
    front: Callable[..., Program], site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    server = serve(site, trust_proxy="1")
    proxy = run(front(tmp_path / "front", [server.port]))
    for path in (*PATHS[:4], f"{POST}share/", "/favicon.svg", "/static/style.css", "/nothing/", "/archive"):
        for asked in ASKED:
            direct, through = fetch(server.port, path, **asked), fetch(proxy.port, path, **asked)
            assert through.of_the_blog() == direct.of_the_blog(), (path, asked)
        tag = fetch(proxy.port, path, accept_encoding="br").headers["ETag"]
        if tag is not None:
            assert fetch(proxy.port, path, accept_encoding="br", if_none_match=tag).status == 304


@pytest.mark.slow
def test_behind_caddy_the_blog_says_what_is_too_long_for_it(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    proxy = run(caddy(tmp_path / "caddy", [serve(site, trust_proxy="1").port]))
    with closing(HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_S)) as http:
        http.request("POST", "/", bytes(1_200_000))  # more than a webhook may have, which is 1 MiB
        assert http.getresponse().status == 405


@pytest.mark.slow
def test_behind_nginx_a_part_of_a_film_is_answered_with_that_part(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    (site / "posts/2020-02-01-film").mkdir()
    (site / "posts/2020-02-01-film/index.md").write_text("---\ntitle: Film\n---\n[Film](film.mp4)\n")
    (site / "posts/2020-02-01-film/film.mp4").write_bytes(b"0123456789")
    proxy = run(nginx(tmp_path / "nginx", [serve(site, trust_proxy="1").port]))
    part = fetch(proxy.port, "/2020/02/01/film/film.mp4", range="bytes=2-4")
    assert (part.status, part.body) == (206, b"234")


# --- live, and up when the blog is down


def test_behind_nginx_an_edit_is_on_the_next_request_and_pages_stay_when_the_blog_is_dead(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    server = serve(site, trust_proxy="1", watch="inotify")
    proxy = run(nginx(tmp_path / "nginx", [server.port]))
    for title in ("Otra", "Una más", "La última"):
        (site / "posts/2020-01-01-p1.md").write_text(f"---\ntitle: {title}\n---\n")
        assert title in fetch(proxy.port, POST).body.decode()
    path = PATHS[4]
    live = {encoding: fetch(proxy.port, path, accept_encoding=encoding) for encoding in ("", "gzip", "br")}
    wait_until(lambda: copies(tmp_path) == 1 + len(live))
    server.stop()
    for encoding, was in live.items():
        copy = fetch(proxy.port, path, accept_encoding=encoding)
        assert (copy.status, copy.body, copy.headers["ETag"]) == (200, was.body, was.headers["ETag"])
        tag = was.headers["ETag"]
        assert fetch(proxy.port, path, accept_encoding=encoding, if_none_match=tag).status == 304
    assert fetch(proxy.port, f"{path}?utm_source=x").body == live[""].body
    assert fetch(proxy.port, "/healthz").status == 502, "what must not be kept is not"
    assert fetch(proxy.port, "/archive/").status == 502, "nor what nobody asked for"
    server.restart()
    assert fetch(proxy.port, "/healthz").status == 200


@pytest.mark.slow
def test_nginx_renews_its_copies_while_readers_come(site: Path, serve: Serve, run: Run, tmp_path: Path) -> None:
    server = serve(site, trust_proxy="1", watch="inotify")
    often = {"proxy_cache_valid 200 10s;": "proxy_cache_valid 200 1s;"}
    proxy = run(nginx(tmp_path / "nginx", [server.port], often))
    fetch(proxy.port, POST)
    wait_until(lambda: copies(tmp_path) == 1)
    (site / "posts/2020-01-01-p1.md").write_text("---\ntitle: Otra\n---\n")

    def is_renewed() -> bool:
        fetch(proxy.port, POST)
        return any(b"Otra" in file.read_bytes() for file in (tmp_path / "nginx/copies").glob("*/*/*"))

    wait_until(is_renewed)
    server.stop()
    assert "Otra" in fetch(proxy.port, POST).body.decode()


@pytest.mark.slow
def test_nginx_keeps_no_copy_for_an_address_that_a_reader_makes_up(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    proxy = run(nginx(tmp_path / "nginx", [serve(site, trust_proxy="1").port]))
    for number in range(20):
        fetch(proxy.port, f"/?{number}=a", accept_encoding="gzip")
        fetch(proxy.port, f"/nothing/{number}/")
        fetch(proxy.port, "/", accept_encoding=f"x-{number}, gzip")
        fetch(proxy.port, "/", host=f"{number}.example")
    wait_until(lambda: copies(tmp_path) >= 2)
    assert copies(tmp_path) == 2


@pytest.mark.slow
def test_with_its_other_lines_nginx_asks_for_a_page_once_a_second(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    server = serve(site, trust_proxy="1", s_maxage="10")
    proxy = run(nginx(tmp_path / "nginx", [server.port], MICRO_CACHE))
    first = fetch(proxy.port, POST, accept_encoding="br")
    wait_until(lambda: copies(tmp_path) == 1)
    (site / "posts/2020-01-01-p1.md").write_text("---\ntitle: Otra\n---\n")
    assert fetch(proxy.port, POST, accept_encoding="br").body == first.body
    assert fetch(proxy.port, POST, accept_encoding="br", if_none_match=first.headers["ETag"]).status == 304
    assert "Otra" in fetch(proxy.port, POST).body.decode(), "another encoding is another copy"
    server.stop()
    assert fetch(proxy.port, POST, accept_encoding="br").body == first.body


def copies(folder: Path) -> int:
    return sum(file.is_file() for file in (folder / "nginx/copies").rglob("*"))


MICRO_CACHE = {
    "        mirror /~copy;": "",
    "        # proxy_cache bitacora;": "        proxy_cache bitacora;",
    "        # proxy_cache_bypass $args;": "        proxy_cache_bypass $args;",
    "        # proxy_ignore_headers Vary;": "        proxy_ignore_headers Vary;",
}


# --- Varnish, and purging by key


def purge(*keys: str, **environ: str) -> subprocess.CompletedProcess[str]:
    tool("curl")
    there = {**os.environ, "PYTHON": sys.executable, **environ}
    return subprocess.run([DEPLOY / "purge", *keys], env=there, check=False, capture_output=True, text=True)


@pytest.mark.slow
def test_a_push_purges_its_page_and_the_lists_and_all_others_stay(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    home = make(tmp_path / "home", "main", None)
    editor = Editor(tmp_path / "editor", home.repo)
    editor.publish({str(file.relative_to(site)): file.read_bytes() for file in site.rglob("*.*")})
    server = serve(home.current, workers=1, trust_proxy="1", s_maxage="3600", watch="inotify")
    proxy = run(varnish(server.port, tmp_path / "varnish.log"))
    here = {
        "BITACORA_SITE": str(home.current),
        "BITACORA_CACHE_DIR": str(tmp_path / "purge-cache"),
        "STATE_DIRECTORY": str(tmp_path / "state"),
        "VARNISH": f"http://127.0.0.1:{proxy.port}",
    }

    def is_hit(path: str) -> bool:
        return len(fetch(proxy.port, path).headers["X-Varnish"].split()) == 2

    assert purge(**here).returncode == 0, "the first time: everything"
    old = {path: fetch(proxy.port, path).body for path in PATHS}
    assert all(is_hit(path) for path in PATHS)
    editor.publish({"posts/2020-01-01-p1.md": "---\ntitle: La 1\n---\nOtro texto.\n"})
    assert purge(**here | {"VARNISH": f"http://127.0.0.1:{free_port()}"}).returncode != 0
    assert fetch(proxy.port, POST).body == old[POST], "not before it is purged"
    done = purge(**here)
    assert (done.returncode, done.stderr) == (0, ""), "what failed is purged the next time"
    assert {path for path in PATHS if not is_hit(path)} == {POST, "/", "/archive/", "/feed.xml"}
    assert "Otro texto." in fetch(proxy.port, POST).body.decode()
    assert fetch(proxy.port, PATHS[4]).body == old[PATHS[4]]


def test_whoever_purges_must_name_a_cache() -> None:
    done = purge("all")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "No cache is named: set VARNISH, FASTLY_SERVICE_ID or CLOUDFLARE_ZONE_ID.\n"


@pytest.mark.slow
def test_what_is_published_while_something_is_purged_is_purged_as_well(tmp_path: Path) -> None:
    """systemd.path looks at nothing while the service runs that it has started."""
    home = make(tmp_path / "home", "main", None)
    editor = Editor(tmp_path / "editor", home.repo)
    editor.publish({f"posts/2020-01-0{day}-p{day}.md": f"---\ntitle: La {day}\n---\n" for day in (1, 2)})
    asked: list[str] = []

    class Cache(BaseHTTPRequestHandler):
        def do_PURGE(self) -> None:
            asked.append(self.headers["Surrogate-Key"])
            if "post-p1" in asked[-1]:
                editor.publish({"posts/2020-01-02-p2.md": "---\ntitle: La 2\n---\nOtro texto.\n"})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Cache) as cache:
        here = {
            "BITACORA_SITE": str(home.current),
            "BITACORA_CACHE_DIR": str(tmp_path / "cache"),
            "STATE_DIRECTORY": str(tmp_path / "state"),
            "VARNISH": f"http://127.0.0.1:{cache.server_port}",
        }
        assert purge(**here).returncode == 0
        editor.publish({"posts/2020-01-01-p1.md": "---\ntitle: La 1\n---\nOtro texto.\n"})
        assert purge(**here).returncode == 0
    assert [names.split() for names in asked] == [["all"], ["list", "post-p1"], ["list", "post-p2"]]


@pytest.mark.slow
def test_varnish_answers_as_the_blog_does_and_goes_on_when_it_is_dead(
    site: Path, serve: Serve, run: Run, tmp_path: Path
) -> None:
    server = serve(site, workers=1, trust_proxy="1", s_maxage="3600")
    proxy = run(varnish(server.port, tmp_path / "varnish.log"))
    for path in (POST, "/feed.xml", "/nothing/", "/archive"):
        for asked in ASKED:
            if asked.get("if_none_match") == "*" or "method" in asked:
                continue  # Varnish knows no "*", and makes a HEAD of what it has
            direct, through = fetch(server.port, path, **asked), fetch(proxy.port, path, **asked)
            status, headers, body = direct.of_the_blog()
            headers = {
                name: value for name, value in headers.items() if name not in {"surrogate-key", "cache-tag"}
            }
            assert through.of_the_blog() == (status, headers, body), (path, asked)
        tag = fetch(proxy.port, path, accept_encoding="br").headers["ETag"]
        if tag is not None:
            assert fetch(proxy.port, path, accept_encoding="br", if_none_match=tag).status == 304
    server.stop()
    assert fetch(proxy.port, POST, accept_encoding="br").status == 200


def test_varnish_is_purged_by_plain_keys_and_by_nobody_behind_a_proxy(run: Run, tmp_path: Path) -> None:
    proxy = run(varnish(free_port(), tmp_path / "varnish.log"))
    for status, headers in (
        (200, {"surrogate_key": "list"}),
        (200, {"surrogate_key": "post-a tag-b"}),
        (400, {"surrogate_key": ".*"}),
        (400, {"surrogate_key": "a && obj.ttl"}),
        (400, {}),
        (403, {"surrogate_key": "list", "x_forwarded_for": "203.0.113.7"}),
    ):
        assert fetch(proxy.port, "/", "PURGE", **headers).status == status, headers


def test_cdns_are_told_the_keys_as_they_ask_for_it() -> None:
    asked: list[tuple[str, str, dict[str, str], bytes]] = []

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Api) as api:
        there = f"http://127.0.0.1:{api.server_port}"
        fastly = {"FASTLY_API": there, "FASTLY_SERVICE_ID": "S1", "FASTLY_API_TOKEN": "token-f"}
        cloudflare = {"CLOUDFLARE_API": there, "CLOUDFLARE_ZONE_ID": "Z1", "CLOUDFLARE_API_TOKEN": "token-c"}
        done = purge("post-a", "list", **fastly, **cloudflare)
    assert (done.returncode, done.stderr) == (0, "")
    [(_, path, headers, _), (_, path_c, headers_c, body_c)] = asked
    assert (path, headers["Fastly-Key"], headers["Surrogate-Key"]) == (
        "/service/S1/purge",
        "token-f",
        "post-a list",
    )
    assert (path_c, headers_c["Authorization"]) == ("/zones/Z1/purge_cache", "Bearer token-c")
    assert json.loads(body_c) == {"tags": ["post-a", "list"]}


# --- replicas, each with its own checkout


class Synced:
    """A replica's checkout as git-sync keeps it: a work tree for each commit, behind a link that is flipped."""

    def __init__(self, root: Path, repository: Path) -> None:
        self._git = Editor(root, repository)
        self._root = root
        self.site = root / "current"
        self._old: list[str] = []
        self.sync()

    def sync(self) -> None:
        self._git.git("fetch", "-q", "origin", "main")
        commit = self._git.git("rev-parse", "FETCH_HEAD")
        self._git.git("worktree", "add", "-q", "--detach", f".worktrees/{commit}", commit)
        if self.site.is_symlink():
            self._old.append(os.readlink(self.site))
        (self._root / "flipping").symlink_to(f".worktrees/{commit}")
        (self._root / "flipping").replace(self.site)

    def clean(self) -> None:
        """What git-sync does some time after a flip (--stale-worktree-timeout)."""
        for tree in self._old:
            self._git.git("worktree", "remove", "--force", tree)
        self._old.clear()


@pytest.fixture
def author(site: Path, tmp_path: Path) -> Editor:
    """Whoever writes; the replicas fetch from here."""
    editor = Editor(tmp_path / "author", tmp_path / "author")
    shutil.copytree(site, editor.folder, dirs_exist_ok=True)
    editor.commit(
        {"posts/2020-03-01-foto/foto.png": PNG, "posts/2020-03-01-foto/index.md": "---\ntitle: x\n---\n"}
    )
    return editor


PNG = (ROOT / "static/touch-icon.png").read_bytes()


def replica(synced: Synced, cache: Path, **settings: str) -> Server:
    return Server(synced.site, cache, trust_proxy="1", **settings)


@pytest.mark.slow
def test_replicas_with_checkouts_of_their_own_give_the_same_entity_tags(
    author: Editor,
    run: Callable[..., Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posts = sizes.of(500, 30)
    # What was updated a moment ago has no Last-Modified yet: another edit may follow in the same second.
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2025-01-01T12:00:00Z")
    author.commit({f"posts/2021-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}-n{n}.md": numbered(n) for n in range(posts)})
    author.commit({f"posts/2021-01-{n + 1:02}-n{n}.md": f"{numbered(n)}\nMás.\n" for n in range(28)})
    found: list[dict[str, tuple[str, ...]]] = []
    for name in "ab":
        synced = Synced(tmp_path / name, author.folder)
        for file in (tmp_path / name).rglob("*.md"):
            os.utime(file, (1_600_000_000 + ord(name), 1_600_000_000 + ord(name)))
        server = run(replica(synced, tmp_path / f"cache-{name}", s_maxage="60"))
        addresses = re.findall(
            "<loc>https://blog.example.org(.*?)</loc>", fetch(server.port, "/sitemap.xml").body.decode()
        )
        addresses += [f"{address.rstrip('/')}.md" for address in addresses if address.startswith("/2021/")]
        addresses += ["/feed.xml", "/sitemap.xml", "/2020/03/01/foto/foto.png", "/favicon.svg"]
        assert len(addresses) > 2 * posts
        found.append({address: identity(fetch(server.port, address)) for address in addresses})
    assert found[0] == found[1]


def identity(answer: Answer) -> tuple[str, ...]:
    """What a shared cache knows an answer by."""
    assert answer.status == 200
    assert answer.headers["ETag"]
    return tuple(answer.headers.get(name, "") for name in ("ETag", "Last-Modified", "Vary", "Surrogate-Key"))


def numbered(number: int) -> str:
    return f"---\ntitle: Número {number}\ntags: [t{number % 7}, común]\n---\nTexto {number}.\n"


@pytest.mark.slow
def test_behind_nginx_no_request_fails_while_commits_come_and_redis_and_a_replica_die(
    author: Editor, run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("redis")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", tmp_path]
    redis = run(Program(command, port, tmp_path / "redis.log"))
    checkouts = [Synced(tmp_path / name, author.folder) for name in "ab"]
    with ExitStack() as stack:
        replicas = [
            stack.enter_context(
                replica(synced, tmp_path / f"cache-{at}", derived_cache=f"redis://127.0.0.1:{port}/0")
            )
            for at, synced in enumerate(checkouts)
        ]
        proxy = run(nginx(tmp_path / "nginx", [server.port for server in replicas]))
        page = fetch(proxy.port, POST).body.decode()
        card = re.findall(r'og:image" content="https://blog\.example\.org([^"]+)', page)
        load = stack.enter_context(Crowd(proxy.port, (*PATHS, *card), READERS, may_close=True))
        for version in range(sizes.of(30, 3)):
            author.commit({"posts/2020-01-02-p2.md": f"---\ntitle: v{version}\n---\nv{version}\n"})
            for synced in checkouts:
                synced.sync()
                load.wait_for(50)
                synced.clean()
        redis.kill()
        load.wait_for(200)
        replicas[0].kill()
        load.wait_for(200)
        assert f"v{version}" in fetch(proxy.port, PATHS[4]).body.decode()
    assert len(card) == 1
    assert [failure for failure in load.wrong if not was_on_its_way(failure)] == []


# --- systemd

UNITS = sorted(path.name for path in DEPLOY.glob("bitacora*"))
MOST_EXPOSED = 15
"""Of 100, as systemd-analyze counts what a service could do."""


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with the paths of this machine: systemd looks whether programs are there."""
    folder = tmp_path / "units"
    folder.mkdir()
    (folder / "bin").symlink_to(Path(sys.executable).parent)
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        text = text.replace("/opt/bitacora/.venv/bin", str(folder / "bin"))
        (folder / name).write_text(text.replace("/opt/bitacora/deploy", str(DEPLOY)))
    return folder


def test_systemd_finds_nothing_wrong_with_the_units(units: Path) -> None:
    command = [tool("systemd-analyze"), "verify", "--man=no", *(str(units / name) for name in UNITS)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    about_ours = [line for line in done.stderr.splitlines() if "bitacora" in line]
    assert (done.returncode, about_ours) == (0, [])


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_service_may_do_little(name: str, units: Path) -> None:
    command = [tool("systemd-analyze"), "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager"]
    done = subprocess.run([*command, str(units / name)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


HANDED_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""Becomes the command after it, with a descriptor as systemd hands it over."""


class Activated(Server):
    """A server whose address systemd holds: here the test does, in its way."""

    def __init__(self, site: Path, cache: Path, listener: socket, notified: Path) -> None:
        super().__init__(site, cache)
        self.port = listener.getsockname()[1]
        self._descriptor = listener.fileno()
        self.environ["NOTIFY_SOCKET"] = str(notified)

    def launch(self) -> None:
        command = [sys.executable, "-c", HANDED_OVER, str(self._descriptor), "-m", "gunicorn", "app:app"]
        with self.log.open("ab") as log:
            how = {"cwd": ROOT, "env": self.environ, "stdout": log, "stderr": log}
            self._process = subprocess.Popen(command, pass_fds=[self._descriptor], **how)


@pytest.mark.slow
def test_at_the_socket_of_systemd_requests_wait_while_the_only_server_restarts(site: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(create_server(("127.0.0.1", 0), backlog=128))
        folder = Path(stack.enter_context(TemporaryDirectory()))  # pytest's are too deep for a socket
        notified = stack.enter_context(socket(AF_UNIX, SOCK_DGRAM))
        notified.bind(str(folder / "notify"))
        notified.settimeout(PATIENCE_S)
        server = stack.enter_context(Activated(site, tmp_path / "cache", listener, folder / "notify"))
        assert b"READY=1" in notified.recv(4096).split(b"\n")
        load = stack.enter_context(Crowd(server.port, PATHS, READERS, may_close=True))
        for _ in range(sizes.of(10, 2)):
            server.send(signal.SIGTERM)
            assert server.ended() == 0
            server.launch()
            load.wait_for(100)
    assert load.wrong == []


# --- TLS


@pytest.mark.slow
def test_readers_reach_the_blog_over_tls_and_http_2(
    site: Path, serve: Serve, run: Run, tmp_path: Path, saw: Saw
) -> None:
    """By the lines that the recipe has for it, each reader with fewer than the 1,000 requests of a connection."""
    certify(tmp_path)
    port, asked = free_port(), sizes.of(20_000, 2_000)
    lines = {
        "    # listen 443 ssl http2;": f"    listen 127.0.0.1:{port} ssl http2;",
        "    # ssl_certificate     /etc/letsencrypt/live/blog.example.org": f"    ssl_certificate {tmp_path}",
        "    # ssl_certificate_key /etc/letsencrypt/live/blog.example.org": f"    ssl_certificate_key {tmp_path}",
        "    # ssl_protocols": "    ssl_protocols",
    }
    replica = serve(site, trust_proxy="1")
    run(nginx(tmp_path / "nginx", [replica.port], lines))
    addresses = [f"https://127.0.0.1:{port}{path}" for path in PATHS]
    many = [tool("h2load"), f"--requests={asked}", "--clients=32", "--max-concurrent-streams=8", *addresses]
    told = subprocess.run(many, check=True, capture_output=True, text=True, timeout=4 * PATIENCE_S).stdout
    saw(requests_over_http2=asked)
    assert "Application protocol: h2\n" in told
    assert f"{asked} succeeded, 0 failed, 0 errored, 0 timeout" in told
    assert f"status codes: {asked} 2xx, 0 3xx, 0 4xx, 0 5xx" in told


def ask(port: int, path: str) -> int:
    client = Client(port)
    try:
        return client.get(path).status
    finally:
        client.close()


def connections(port: int) -> int:
    """How many of this port's own ends are open."""
    return sum(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01" for line in tcp_connections())
