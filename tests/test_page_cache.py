"""Pages that are answered from memory: current, bounded, and the same bytes for everybody."""

from __future__ import annotations

import gzip
import threading

import brotli
import pytest
from blogs import NOON, Blog, Clock, post
from conftest import NewBlog
from flask import Response, request

from bitacora.files import watch as watching
from bitacora.web.exchange import Page
from bitacora.web.page_cache import PageStore, StoredPage

FILE = "posts/2018-07-17-x.md"
URL = "/2018/07/17/x/"
LONG = "Una frase que se repite. " * 100


@pytest.fixture
def blog(new_blog: NewBlog) -> Blog:
    return new_blog({FILE: post("Uno", LONG, tags="[ñandú]")})


def keys(blog: Blog) -> set[str]:
    return set(blog.parts.page_cache.store._pages)


# --- hit, edit, deletion


def test_a_page_is_made_once(blog: Blog) -> None:
    first = blog.get(URL)
    assert blog.get(URL) == first
    assert blog.get(URL, "HEAD").status == 200
    assert blog.dispatched == [URL]


def test_an_edit_is_on_the_next_request(blog: Blog) -> None:
    assert blog.get(URL).words("h1") == ["Uno"]
    for title in ("Dos", "Tres", "Cuatro"):
        blog.write(FILE, post(title))
        assert blog.get(URL).words("h1") == [title]
        assert blog.get("/feed.xml").xml.findtext(".//{*}entry/{*}title") == title


def test_a_deletion_empties_the_page(blog: Blog) -> None:
    assert blog.get(URL).status == 200
    blog.delete(FILE)
    assert blog.get_until(404, URL).words("h1") == ["Página no encontrada"]
    assert URL not in blog.get("/archive/").links


def test_an_edit_elsewhere_leaves_the_bytes_of_a_page(blog: Blog) -> None:
    blog.write("posts/2018-07-16-before.md", post("Antes"))
    before = blog.get("/tag/%C3%B1and%C3%BA/")
    blog.write("posts/2018-07-16-before.md", post("Otro"))
    assert blog.get("/tag/%C3%B1and%C3%BA/") == before


def test_a_page_is_compressed_for_the_first_who_asks_and_not_made_again(blog: Blog) -> None:
    plain = blog.get(URL)
    assert set(blog.parts.page_cache.store.get(URL).variants) == {""}
    assert brotli.decompress(blog.get(URL, accept_encoding="br").body) == plain.body
    assert set(blog.parts.page_cache.store.get(URL).variants) == {"", "br"}
    blog.write("posts/2018-07-16-before.md", post("Antes"))
    blog.get("/feed.xml", accept_encoding="gzip")
    assert blog.dispatched == [URL, "/feed.xml"]


def test_nothing_is_compressed_for_a_request_that_is_refused(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post("Uno", LONG)}, trusted_hosts="blog.example.org")
    blog.get(URL)
    refused = [
        blog.get(URL, "POST", accept_encoding="br").status,
        blog.get(URL, accept_encoding="br", host="evil.example").status,
    ]
    assert refused == [405, 400]
    assert set(blog.parts.page_cache.store.get(URL).variants) == {""}


@pytest.mark.parametrize("folder", ["templates", "static"])
def test_an_edit_of_the_look_is_on_the_next_request(blog: Blog, folder: str) -> None:
    before = blog.get(URL)
    name = {"templates": "base.html", "static": "style.css"}[folder]
    blog.write(f"{folder}/{name}", "{% block main %}{% endblock %}")
    assert blog.get(URL).body != before.body


def test_the_settings_are_live(blog: Blog) -> None:
    blog.get("/")
    blog.write("site.toml", 'title = "Otro nombre"')
    assert blog.get("/").words("h1") == ["Otro nombre"]


def test_where_changes_are_polled_the_file_behind_any_address_is_looked_at(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST_QUIET_S", 0.0)
    blog = new_blog({"posts/2018-07-17-ñandú.md": post("Uno")}, watch="poll")
    for title in ("Dos", "Tres", "Cuatro"):
        blog.write("posts/2018-07-17-ñandú.md", post(title))
        assert blog.get("/2018/07/17/%C3%B1and%C3%BA/").words("h1") == [title]


# --- what may enter


def test_only_what_was_found_enters(blog: Blog) -> None:
    for path in (
        "/nothing/",
        "/2018/07/17/x",
        "/2018/07/17/x/nothing.jpg",
        "/page/2/",
        "/tag/none/",
        "/healthz",
        "/readyz",
    ):
        blog.get(path)
    blog.get(URL, "POST")
    blog.get(URL, "OPTIONS")
    assert keys(blog) == set()


def test_a_head_request_stores_the_page_that_a_get_request_gets(blog: Blog) -> None:
    head = blog.get(URL, "HEAD")
    got = blog.get(URL)
    assert (head.headers, head.body) == (got.headers, b"")
    assert blog.dispatched == [URL]


@pytest.mark.parametrize(
    "path",
    [
        "/page/02/",
        "/page/1/",
        "/page/0/",
        "/page/2/",
        "//",
        "//2018/07/17/x/",
        "/2018//07/17/x/",
        "/2018/07/17/x//",
        "/./2018/07/17/x/",
        "/2018/07/17/%2e/x/",
        "/2018/07/17/x/%2e%2e/x/",
        "/2018/07/17/X/",
        "/2018/07/17/x/%00",
        "/2018/07/17/x/%ff",
        "/tag/%25C3%25B1and%25C3%25BA/",
        "/tag/n%CC%83andu%CC%81/",
        "/TAG/%C3%B1and%C3%BA/",
        "/static/style.css/",
        "/static/style.000000000000.css",
        "/static//style.css",
        "/static/%2e/style.css",
        "/archive/02018/",
        "/archive/2018/7/",
    ],
)
def test_an_odd_path_never_enters(blog: Blog, path: str) -> None:
    blog.get(path)
    assert keys(blog) == set()


def test_no_reader_can_choose_a_key(blog: Blog) -> None:
    plain = [URL, "/", "/tag/%C3%B1and%C3%BA/", "/static/style.css", "/feed.xml"]
    for path in plain:
        blog.get(path)
    known = keys(blog)
    assert len(known) == len(plain)
    for number in range(50):
        blog.get(URL, query=f"page={number}", cookie=f"id={number}", user_agent=str(number))
        blog.get("/tag/%c3%B1and%C3%ba/", query=f"{number}")
        blog.get(f"/static/style.{number:012x}.css")
        blog.get(f"/{number}/")
    assert keys(blog) == known


def test_a_page_is_kept_under_its_own_address_alone(blog: Blog) -> None:
    def another() -> Response:
        return Page("not that page").kept_at(URL)

    blog.app.view_functions["pages.tags"] = another
    assert blog.get("/tags/").text == "not that page"
    assert keys(blog) == set()
    assert blog.get(URL).words("h1") == ["Uno"]


def test_a_page_that_read_the_query_is_kept_for_nobody(blog: Blog) -> None:
    def search() -> Response:
        return Page(request.args.get("q", "")).kept_at("/tags/")

    blog.app.view_functions["pages.tags"] = search
    assert [blog.get("/tags/", query=f"q={word}").text for word in "abc"] == [*"abc"]
    assert keys(blog) == set()


def test_unknown_query_parameters_change_nothing(blog: Blog) -> None:
    assert blog.get(URL, query="utm_source=x&page=9") == blog.get(URL)


def test_the_way_a_path_is_percent_encoded_is_all_one(blog: Blog) -> None:
    assert blog.get("/tag/%c3%b1%61nd%C3%BA/") == blog.get("/tag/%C3%B1and%C3%BA/")
    assert len(blog.dispatched) == 1


# --- bounds


def page(size: int, generation: int = 1) -> StoredPage:
    return StoredPage(b"x" * size, [("Content-Type", "image/png")], generation, "")


def test_the_store_is_bounded_in_bytes() -> None:
    store = PageStore(100_000)
    for number in range(100):
        store.set(f"/{number}/", page(10_000))
        assert store.size <= 100_000
    assert store.size == sum(stored.size for stored in store._pages.values())
    assert store.has("/99/")


def test_the_least_recently_used_page_goes_first() -> None:
    store = PageStore(60_000)
    for path in ("/a/", "/b/", "/c/", "/d/"):
        store.set(path, page(10_000))
    store.get("/a/")
    store.set("/e/", page(10_000))
    assert [path for path in ("/a/", "/b/", "/c/", "/d/", "/e/") if store.has(path)] == [
        "/a/",
        "/c/",
        "/d/",
        "/e/",
    ]


def test_a_page_too_large_pushes_nothing_out() -> None:
    store = PageStore(100_000)
    store.set("/a/", page(10_000))
    assert not store.set("/sitemap.xml", page(60_000))
    assert store.has("/a/")


def test_a_page_replaces_its_older_self() -> None:
    store = PageStore(100_000)
    store.set("/a/", page(10_000))
    store.set("/a/", page(20_000, generation=2))
    assert (len(store), store.size) == (1, page(20_000).size)


def test_what_is_deleted_or_cleared_is_gone() -> None:
    store = PageStore(100_000)
    store.set("/a/", page(10))
    store.set("/b/", page(10))
    assert store.delete("/a/")
    assert not store.delete("/a/")
    assert store.clear()
    assert (len(store), store.size) == (0, 0)


def test_many_threads_leave_the_books_in_order() -> None:
    store = PageStore(50_000)

    def work(seed: int) -> None:
        for number in range(300):
            store.set(f"/{(number * seed) % 17}/", page(1000 + number, number))
            store.get(f"/{number % 17}/")
            store.delete(f"/{number % 13}/")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 3, 5, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.size == sum(stored.size for stored in store._pages.values()) <= 50_000


# --- generations


def test_a_page_of_a_stale_snapshot_is_never_taken_for_a_new_one(blog: Blog) -> None:
    old = blog.parts.library.snapshot()
    slow, fast = blog.app.view_functions["pages.address"], []

    def overtaken(path: str) -> object:
        response = slow(path=path)
        if not fast:  # the file changes, and another reader is quicker
            fast.append(True)
            blog.write(FILE, post("Nuevo"))
            other = threading.Thread(target=blog.get, args=(URL,))
            other.start()
            other.join()
        return response

    blog.app.view_functions["pages.address"] = overtaken
    assert blog.get(URL).words("h1") == ["Uno"]
    stored = blog.parts.page_cache.store.get(URL)
    assert stored.generation == blog.parts.library.snapshot().generation > old.generation
    assert blog.get(URL).words("h1") == ["Nuevo"]


# --- encodings


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=0", None),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("gzip, *;q=0", "gzip"),
        ("identity", None),
        ("identity;q=0", None),
        ("identity;q=0, gzip", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("deflate, zstd", None),
        ("gzip;q=nonsense, ;;,", None),
    ],
)
def test_the_encoding_is_what_the_client_accepts(blog: Blog, accepted: str | None, encoding: str | None) -> None:
    headers = {} if accepted is None else {"accept_encoding": accepted}
    plain = blog.get(URL)
    for answer in (blog.get(URL, **headers), blog.get(URL, **headers)):
        unpack = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}[encoding]
        assert unpack(answer.body) == plain.body
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Content-Length"] == str(len(answer.body))
        assert answer.headers["Vary"] == "Accept-Encoding"
        suffix = {None: "", "gzip": "-gz", "br": "-br"}[encoding]
        assert answer.headers["ETag"] == f'{plain.headers["ETag"][:-1]}{suffix}"'


@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
@pytest.mark.parametrize(
    "path", ["/", URL, "/feed.xml", "/sitemap.xml", "/static/style.css", "/robots.txt", "/favicon.svg"]
)
def test_the_first_answer_is_the_later_answer(blog: Blog, path: str, encoding: str) -> None:
    first = blog.get(path, accept_encoding=encoding)
    count = len(blog.dispatched)
    again = blog.get(path, accept_encoding=encoding)
    head = blog.get(path, "HEAD", accept_encoding=encoding)
    assert first == again
    assert (head.status, head.headers, head.body) == (200, first.headers, b"")
    assert len(blog.dispatched) == count


def test_a_repeated_rendering_gives_the_same_packed_bytes(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    before = blog.get(URL, accept_encoding="gzip")
    blog.parts.page_cache.store.clear()
    monkeypatch.setattr("gzip.time.time", lambda: 0)
    assert blog.get(URL, accept_encoding="gzip") == before


# --- conditions


CONDITIONS = {
    "exact": "{}",
    "weak": "W/{}",
    "list": '"other", {} , "third"',
    "weak in a list": '"other",W/{}',
    "star": "*",
    "star with spaces": " * ",
}


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
@pytest.mark.parametrize("stored", [False, True], ids=["fresh", "stored"])
def test_who_has_the_page_gets_304(blog: Blog, condition: str, encoding: str, stored: bool) -> None:
    page = blog.get(URL, accept_encoding=encoding)
    if not stored:
        blog.parts.page_cache.store.clear()
    condition = condition.format(page.headers["ETag"])
    answer = blog.get(URL, accept_encoding=encoding, if_none_match=condition)
    assert (answer.status, answer.body) == (304, b"")
    left_out = {"Content-Type", "Content-Length", "Content-Encoding"}
    assert dict(answer.headers) == {name: value for name, value in page.headers if name not in left_out}
    assert answer.headers["ETag"] == page.headers["ETag"]


def test_a_head_request_gets_304_too(blog: Blog) -> None:
    etag = blog.get(URL).headers["ETag"]
    assert blog.get(URL, "HEAD", if_none_match=etag).status == 304


@pytest.mark.parametrize("condition", ["", '"other"', "W/", "nonsense", '"', "**", '"*"', "\x80"])
def test_who_has_another_page_gets_this_one(blog: Blog, condition: str) -> None:
    assert blog.get(URL, if_none_match=condition).status == 200


def test_a_tag_of_another_encoding_is_another_tag(blog: Blog) -> None:
    packed = blog.get(URL, accept_encoding="gzip").headers["ETag"]
    assert blog.get(URL, if_none_match=packed).status == 200


def test_an_edit_ends_a_304(blog: Blog) -> None:
    etag = blog.get(URL).headers["ETag"]
    blog.write(FILE, post("Dos"))
    assert blog.get(URL, if_none_match=etag).status == 200


def test_the_tag_beats_the_date(blog: Blog) -> None:
    feed = blog.get("/feed.xml")
    dates = {"if_modified_since": feed.headers["Last-Modified"]}
    assert blog.get("/feed.xml", if_none_match='"other"', **dates).status == 200
    assert blog.get("/feed.xml", if_none_match=feed.headers["ETag"], if_modified_since="junk").status == 304


def test_a_date_alone_never_hides_an_edit(blog: Blog) -> None:
    modified = blog.get("/feed.xml").headers["Last-Modified"]
    blog.write(FILE, post("Dos"))
    assert blog.get("/feed.xml", if_modified_since=modified).status == 200


def test_pages_have_no_ranges(blog: Blog) -> None:
    plain = blog.get(URL)
    assert blog.get(URL, range="bytes=0-3") == plain
    blog.parts.page_cache.store.clear()
    assert blog.get(URL, range="bytes=0-3,5-6", if_range=plain.headers["ETag"]) == plain
    assert "Accept-Ranges" not in plain.headers


# --- lifetimes


def test_pages_are_asked_for_each_time_unless_the_operator_says_otherwise(blog: Blog) -> None:
    assert blog.get(URL).headers["Cache-Control"] == "no-cache"


def timed(new_blog: NewBlog, s_maxage: int, **head: str) -> tuple[Blog, Clock]:
    clock = Clock()
    files = {FILE: post(), "posts/2025-01-01-timed.md": post("Hasta luego", **head)} if head else {FILE: post()}
    return new_blog(files, clock=clock, s_maxage=str(s_maxage)), clock


def lifetimes(blog: Blog, path: str = URL) -> dict[str, int]:
    parts = blog.get(path).headers["Cache-Control"].split(", ")
    return {name: int(seconds) for name, _, seconds in (part.partition("=") for part in parts) if seconds}


def test_a_shared_cache_keeps_a_page_as_long_as_the_operator_says(new_blog: NewBlog) -> None:
    blog, _ = timed(new_blog, 60)
    for _ in range(2):
        assert blog.get(URL).headers["Cache-Control"] == (
            "public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=86400"
        )


@pytest.mark.parametrize("head", [{"expires": "2026-01-01 12:01:10Z"}, {"date": "2026-01-01 12:01:10Z"}])
def test_every_lifetime_ends_when_something_appears_or_expires(new_blog: NewBlog, head: dict[str, str]) -> None:
    blog, clock = timed(new_blog, 60, **head)
    for passed in range(70):
        clock.now = NOON + passed + 0.5
        for path in (URL, "/", "/feed.xml", "/nothing/"):
            found = lifetimes(blog, path)
            stale = max(found.get("stale-while-revalidate", 0), found.get("stale-if-error", 0))
            assert 0 <= found["s-maxage"] <= min(60, 70 - passed - 0.5)
            assert clock.now + found["s-maxage"] + stale <= NOON + 70
    clock.now = NOON + 70
    assert lifetimes(blog)["stale-if-error"] == 86400


def test_a_stored_page_counts_down(new_blog: NewBlog) -> None:
    blog, clock = timed(new_blog, 60, expires="2026-01-01 12:00:50Z")
    assert lifetimes(blog)["s-maxage"] == 50
    clock.now += 20
    assert lifetimes(blog)["s-maxage"] == 30
    assert blog.dispatched == [URL]


def test_share_pages_take_no_place_from_readers_pages(blog: Blog) -> None:
    for path in (URL, f"{URL}share/"):
        blog.get(path)
    etag = blog.get(f"{URL}share/").headers["ETag"]
    assert blog.get(f"{URL}share/", if_none_match=etag).status == 304
    assert blog.get(f"{URL}share/", accept_encoding="br").headers["Content-Encoding"] == "br"
    assert URL in keys(blog)
    assert f"{URL}share/" not in keys(blog)
    assert blog.parts.page_cache.beside.has(f"{URL}share/")


# --- replicas


def test_two_copies_of_a_site_give_the_same_bytes_and_tags(new_blog: NewBlog) -> None:
    files = {
        FILE: post("Uno", LONG, tags="[a, b]", categories="[Proyecto]"),
        "posts/2018-07-18-y/index.md": post("Dos", "![Un dibujo](a.svg)"),
        "posts/2018-07-18-y/a.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "static/mine.css": "body { color: red }" * 20,
        "templates/_extra.html": "",
    }
    first = new_blog(files)
    second = new_blog(dict(reversed(files.items())))
    second.write("posts/2018-07-19-z.md", post())  # another history
    second.get("/")
    second.delete("posts/2018-07-19-z.md")
    second.get_until(404, "/2018/07/19/z/")
    for path in (
        "/", URL, f"{URL}share/", "/2018/07/18/y/", "/2018/07/18/y/a.svg", "/archive/", "/archive/2018/07/",
        "/category/proyecto/", "/categories/", "/tags/", "/tag/a/", "/feed.xml", "/sitemap.xml", "/robots.txt",
        "/static/mine.css", "/static/style.css", "/favicon.svg",
    ):  # fmt: skip
        one, two = first.get(path), second.get(path)
        assert one.status == 200
        assert one == two, path
        assert one.headers["ETag"]


def test_a_page_is_made_once_though_another_kind_of_page_was_at_its_address(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-y.md": post(permalink=f"{URL}share/")})
    assert blog.get(f"{URL}share/").status == 200
    blog.write(FILE, post())
    for _ in range(2):
        assert blog.get(f"{URL}share/").status == 200
    assert blog.dispatched.count(f"{URL}share/") == 2


def test_error_pages_are_compressed_as_their_readers_take_them(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-15-gone.md": post(expires="2019-01-01")})
    for path, status in (("/nothing/", 404), ("/2018/07/15/gone/", 410)):
        plain = blog.get(path)
        packed = {encoding: blog.get(path, accept_encoding=encoding) for encoding in ("br", "gzip")}
        assert brotli.decompress(packed["br"].body) == gzip.decompress(packed["gzip"].body) == plain.body
        for encoding, answer in {"": plain, **packed}.items():
            assert (answer.status, answer.headers.get("Content-Encoding", "")) == (status, encoding)
            assert answer.headers["Vary"] == "Accept-Encoding"
            head = blog.get(path, "HEAD", accept_encoding=encoding)
            assert (head.body, head.headers["Content-Length"]) == (b"", str(len(answer.body)))
    assert "Vary" not in blog.get("/", "DELETE", host="no host").headers  # too short
