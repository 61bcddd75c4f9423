"""What machines read: valid, absolute, and no more than is published."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest
from blogs import NOON, URL, Answer, Blog, Clock, hashed, post
from conftest import NewBlog

from bitacora.posts.permalink import as_made_by

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
BODY = """\
[Otra](2018-07-16-b.md), [sección](#parte), [raíz](/archive/), [fuera](https://other.example/a) y
[correo](mailto:a@b.example).

![Dibujo](a.png)

## Parte

| a |
|---|
| `<b>` & |
"""
FILES = {
    "posts/2018-07-17-a.md": post(
        "A & 1 < 2", BODY, tags="[Uno]", categories="[Proyecto]", author="Ana", updated="2019-01-01 10:00:00-0300",
        single_image='[{img: a.png, caption: "Pie & 1 < 2"}]',
    ),
    "posts/2018-07-16-b.md": post("B", intro="De qué trata", lang="pt"),
    "posts/a.png": b"p",
    "pages/about.md": post("Acerca"),
}  # fmt: skip
FEEDS = ("/feed.xml", "/category/proyecto/feed.xml", "/tag/uno/feed.xml", "/author/ana/feed.xml")


@pytest.fixture
def blog(new_blog: NewBlog) -> Blog:
    return new_blog(FILES, settings='description = "De todo"\nauthor = "eq"\n[authors.eq]\nname = "El equipo"\n')


def assert_atom(answer: Answer, url: str) -> Element:
    """RFC 4287, section 4: what must be there, once, and of what form."""
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = answer.xml
    assert feed.tag == f"{ATOM}feed"
    ids = [feed.findtext(f"{ATOM}id"), *(e.findtext(f"{ATOM}id") for e in feed.iter(f"{ATOM}entry"))]
    assert len(ids) == len(set(ids))
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            [only] = element.findall(f"{ATOM}{name}")
            assert (only.text or "").strip() or name == "title"
        assert RFC3339.fullmatch(element.findtext(f"{ATOM}updated") or "")
        assert (element.findtext(f"{ATOM}id") or "").startswith(f"{URL}/")
        assert element.findall(f"{ATOM}author") or feed.findall(f"{ATOM}author")
        assert all(author.findtext(f"{ATOM}name") for author in element.findall(f"{ATOM}author"))
        links = [(link.get("rel", "alternate"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert len(links) == len(set(links))
        assert ("alternate", None) in links
        assert len(element.findall(f"{ATOM}content")) <= 1
    assert [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"] == [
        f"{URL}{url}"
    ]
    for category in feed.iter(f"{ATOM}category"):
        assert category.get("term")
    for element in feed.iter():
        assert element.tag.startswith(ATOM)
        if "href" in element.attrib:
            assert urlsplit(element.get("href") or "").scheme == "https"
    return feed


@pytest.mark.parametrize("url", FEEDS)
def test_each_feed_is_valid_atom(blog: Blog, url: str) -> None:
    assert_atom(blog.get(url), url)


def test_an_empty_feed_is_valid_atom(new_blog: NewBlog) -> None:
    assert_atom(new_blog().get("/feed.xml"), "/feed.xml")


def test_an_entry_says_what_the_post_says(blog: Blog) -> None:
    feed = assert_atom(blog.get("/feed.xml"), "/feed.xml")
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "El equipo"
    assert feed.findtext(f"{ATOM}subtitle") == "De todo"
    first, second = feed.findall(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}title") == "A & 1 < 2"
    assert first.findtext(f"{ATOM}id") == f"{URL}/2018/07/17/a/"
    assert first.findtext(f"{ATOM}published") == "2018-07-17T00:00:00-04:00"
    assert first.findtext(f"{ATOM}updated") == "2019-01-01T10:00:00-03:00"
    assert feed.findtext(f"{ATOM}updated") == "2019-01-01T10:00:00-03:00"
    assert [c.get("term") for c in first.findall(f"{ATOM}category")] == ["Proyecto", "Uno"]
    assert [a.findtext(f"{ATOM}name") for a in first.findall(f"{ATOM}author")] == ["Ana"]
    assert second.findtext(f"{ATOM}summary") == "De qué trata"
    assert second.get("{http://www.w3.org/XML/1998/namespace}lang") == "pt"


def test_every_address_in_a_feed_s_content_is_absolute(blog: Blog) -> None:
    for url in FEEDS:
        for content in blog.get(url).xml.iter(f"{ATOM}content"):
            assert content.get("type") == "html"
            fragment = html5lib.parseFragment(content.text or "", namespaceHTMLElements=False)
            found = [
                e.get(name) for e in fragment.iter() for name in ("href", "src", "poster", "data") if e.get(name)
            ]
            assert all(urlsplit(address).scheme in {"https", "mailto"} for address in found), found


def test_content_is_the_whole_post_with_its_picture(blog: Blog) -> None:
    content = blog.get("/feed.xml").xml.findtext(f".//{ATOM}content") or ""
    fragment = html5lib.parseFragment(content, namespaceHTMLElements=False)
    pictures = [img.get("src") for img in fragment.iter("img")]
    assert pictures == [hashed(f"{URL}/2018/07/17/a/a.png", b"p")] * 2
    assert next(fragment.iter("figcaption")).text == "Pie & 1 < 2"
    assert [code.text for code in fragment.iter("code")] == ["<b>"]
    assert {a.get("href") for a in fragment.iter("a")} >= {
        f"{URL}/2018/07/16/b/", f"{URL}/2018/07/17/a/#parte", f"{URL}/archive/", "https://other.example/a",
        "mailto:a@b.example",
    }  # fmt: skip


def test_a_subject_s_feed_holds_its_posts(blog: Blog) -> None:
    for url in FEEDS[1:]:
        feed = assert_atom(blog.get(url), url)
        assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == ["A & 1 < 2"]
    for missing in ("/category/none/feed.xml", "/tag/none/feed.xml", "/author/none/feed.xml"):
        assert blog.get(missing).status == 404


def test_pages_say_where_their_feed_is(blog: Blog) -> None:
    def feeds(path: str) -> list[str | None]:
        return [link.get("href") for link in blog.get(path).html.iter("link") if link.get("rel") == "alternate"]

    assert feeds("/") == feeds("/2018/07/17/a/") == ["/feed.xml"]
    assert feeds("/tag/uno/") == ["/feed.xml", "/tag/uno/feed.xml"]


def test_a_feed_holds_the_newest_twenty(new_blog: NewBlog) -> None:
    blog = new_blog({f"posts/2018-07-{day:02}-p.md": post(f"P{day}") for day in range(1, 31)})
    titles = [entry.findtext(f"{ATOM}title") for entry in blog.get("/feed.xml").xml.iter(f"{ATOM}entry")]
    assert titles == [f"P{day}" for day in range(30, 10, -1)]


@pytest.mark.parametrize("path", ["/feed.xml", "/sitemap.xml", "/favicon.svg"])
def test_characters_that_xml_cannot_hold_are_dropped(new_blog: NewBlog, path: str) -> None:
    bad = "".join(map(chr, (*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)))
    escapes = "".join(f"\\u{code:04x}" for code in (7, 0xD800, 0xDFFF, 0xFFFE))
    head = (
        f'{{"title": "a{escapes}b", "intro": "c{escapes}", "tags": ["x{escapes}y"], "author": "z{escapes}"}}\n\n'
    )
    blog = new_blog({"posts/2018-07-17-x.md": f"{head}uno{bad}dos &#8; &#xFFFF;\n\n    código{bad}\n"})
    answer = blog.get(path)
    assert answer.status == 200
    assert answer.xml is not None
    assert blog.get("/2018/07/17/x/").status == 200


def test_times_are_written_so_that_readers_of_rfc_3339_can_read_them(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/x.md": post("Vieja", date="1890-01-01 12:00:00")})  # Santiago was at -04:42:45
    feed = assert_atom(blog.get("/feed.xml"), "/feed.xml")
    published = datetime.fromisoformat(feed.findtext(f".//{ATOM}published") or "")
    assert published.astimezone(UTC) == datetime(1890, 1, 1, 16, 42, 45, tzinfo=UTC)


# --- Last-Modified


@pytest.mark.parametrize("path", ["/feed.xml", "/sitemap.xml"])
def test_last_modified_is_when_something_was_last_published(blog: Blog, path: str) -> None:
    modified = parsedate_to_datetime(blog.get(path).headers["Last-Modified"])
    assert modified == datetime(2019, 1, 1, 13, tzinfo=UTC)


def test_last_modified_is_never_of_this_second(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(updated="2026-01-01T11:59:59Z")}, clock=Clock(NOON))
    assert "Last-Modified" not in blog.get("/feed.xml").headers
    assert "Last-Modified" not in blog.get("/sitemap.xml").headers


@pytest.mark.parametrize("updated", ["2099-01-01", "1999-01-01"])
def test_an_update_that_cannot_be_is_nowhere(new_blog: NewBlog, updated: str) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(updated=updated)}, clock=Clock(NOON))
    plain = new_blog({"posts/2018-07-17-x.md": post()}, clock=Clock(NOON))
    for path in ("/feed.xml", "/sitemap.xml", "/2018/07/17/x/"):
        answer, other = blog.get(path), plain.get(path)
        assert answer.body == other.body
        assert answer.headers.get("Last-Modified") == other.headers.get("Last-Modified")


# --- sitemap, robots


def test_the_sitemap_is_valid_and_names_what_search_engines_may_show(new_blog: NewBlog) -> None:
    blog = new_blog({
        **FILES,
        "posts/2018-07-15-n.md": post(noindex="true"),
        "posts/2018-07-14-h.md": post(hidden="true"),
        "posts/2018-07-13-d.md": post(draft="true"),
        "posts/2099-01-01-s.md": post(),
        "posts/2018-07-12-e.md": post(expires="2019-01-01"),
        "pages/b&<c.md": post(),
    })  # fmt: skip
    answer = blog.get("/sitemap.xml")
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert answer.xml.tag == f"{SITEMAP}urlset"
    found = {}
    for url in answer.xml:
        assert url.tag == f"{SITEMAP}url"
        assert [child.tag for child in url] in ([f"{SITEMAP}loc"], [f"{SITEMAP}loc", f"{SITEMAP}lastmod"])
        modified = url.findtext(f"{SITEMAP}lastmod")
        assert modified is None or RFC3339.fullmatch(modified)
        location = url.findtext(f"{SITEMAP}loc") or ""
        assert location not in found
        found[location.removeprefix(URL)] = modified
    assert set(found) == {
        "/", "/archive/", "/about/", "/b-c/", "/2018/07/17/a/", "/2018/07/16/b/", "/category/proyecto/",
        "/tag/uno/", "/author/ana/",
    }  # fmt: skip
    assert found["/2018/07/17/a/"] == "2019-01-01T10:00:00-03:00"
    for path in found:
        assert blog.get(path).status == 200


def test_robots_are_welcome_and_shown_the_sitemap(blog: Blog) -> None:
    answer = blog.get("/robots.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == ["User-agent: *", "Allow: /", "", f"Sitemap: {URL}/sitemap.xml"]


def test_a_sitemap_that_is_too_long_is_several(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """sitemaps.org: at most 50,000 addresses in one file."""
    blog = new_blog({f"posts/2018-07-{day}-x.md": post() for day in range(11, 20)})
    assert blog.get("/sitemap/1.xml").status == 404
    whole = [loc.text for loc in blog.get("/sitemap.xml").xml.iter(f"{SITEMAP}loc")]
    monkeypatch.setattr(sys.modules["bitacora.web.feeds"], "MOST_IN_SITEMAP", 4)
    blog.write("posts/2018-07-20-x.md", post())
    index = blog.get("/sitemap.xml").xml
    assert index.tag == f"{SITEMAP}sitemapindex"
    files = [sitemap.findtext(f"{SITEMAP}loc") or "" for sitemap in index.findall(f"{SITEMAP}sitemap")]
    assert files == [f"{URL}/sitemap/{number}.xml" for number in (1, 2, 3)]
    parts = [[loc.text for loc in blog.get(urlsplit(file).path).xml.iter(f"{SITEMAP}loc")] for file in files]
    assert [len(part) for part in parts] == [4, 4, 4]
    assert {*whole, f"{URL}/2018/07/20/x/"} == {loc for part in parts for loc in part}
    for missing in ("/sitemap/0.xml", "/sitemap/4.xml", "/sitemap/01.xml", "/sitemap/%D9%A1.xml"):
        assert blog.get(missing).status == 404


# --- ids


def ids(blog: Blog, feed: str = "/feed.xml") -> list[str]:
    """The id of the feed, and those of its entries."""
    return [element.text for element in blog.get(feed).xml.iter(f"{ATOM}id")]


def test_a_corrected_address_keeps_its_id(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-herrata.md": post("A"), "posts/2018-07-16-b.md": post("B")})
    before = ids(blog)
    assert before == [f"{URL}/", f"{URL}/2018/07/17/herrata/", f"{URL}/2018/07/16/b/"]
    blog.write("posts/2018-07-17-herrata.md", post("A", slug="errata", aliases="[/a/, /2018/07/17/herrata]"))
    assert (ids(blog), blog.get("/2018/07/17/errata/").status) == (before, 200)


def test_with_feed_id_ids_outlive_the_address_of_the_site(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-a.md": post("A", categories="[Uno]")})
    before = ids(blog), ids(blog, "/category/uno/feed.xml")
    blog.write("site.toml", f'url = "https://other.example"\nfeed_id = "{URL}/"\n')
    assert (ids(blog), ids(blog, "/category/uno/feed.xml")) == before
    assert "https://other.example/2018/07/17/a/" in blog.get("/feed.xml").text


@pytest.mark.parametrize(
    ("head", "is_taken"),
    [
        ({"guid": "https://old.example/?p=123"}, True),
        ({"id": "urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6"}, True),
        ({"ID": "'tag:example.org,2018:a'", "guid": "7"}, True),
        ({"id": "123"}, False),
        ({"id": "a-name"}, False),
        ({"guid": '"with space: no"'}, False),
        ({"id": "[a, b]"}, False),
        ({"guid": "''"}, False),
    ],
)
def test_a_head_gives_its_post_an_id_if_it_is_one(new_blog: NewBlog, head: dict[str, str], is_taken: bool) -> None:
    blog = new_blog({"posts/2018-07-17-a.md": post("A", **head)})
    _, own = ids(blog)
    assert (own in {value.strip("'") for value in head.values()}, own == f"{URL}/2018/07/17/a/") == (
        is_taken, not is_taken,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "could", "could_not"),
    [
        (
            "/:year/:month/:day/:slug/",
            ["/2018/07/17/x/", "/1999/01/02/ma%C3%B1ana"],
            ["/x/", "/2018/7/17/x/", "/a/2018/07/17/x/"],
        ),
        ("date", ["/2018/07/17/x.html", "/uno/dos/2018/07/17/x.html"], ["/2018/07/17/x/", "/x.html"]),
        ("none", ["/x.html", "/uno/x.html"], ["/x/"]),
        ("/blog/:slug/", ["/blog/x/"], ["/log/x/", "/blog/", "/blog/x/y/"]),
        ("/año/:slug", ["/a%C3%B1o/x"], ["/ano/x"]),
        ("/:short_month/:i_day/:y_day/:w_day/:title", ["/Jul/7/188/2/x"], ["/Foo/7/188/2/x", "/Jul/7/188/9/x"]),
    ],
)
def test_only_an_address_that_the_pattern_of_the_site_could_have_made_is_an_id(
    pattern: str, could: list[str], could_not: list[str]
) -> None:
    assert [as_made_by(pattern, address).rstrip("/") for address in could] == [each.rstrip("/") for each in could]
    assert [as_made_by(pattern, address) for address in could_not] == [""] * len(could_not)


def test_two_entries_never_have_one_id(new_blog: NewBlog) -> None:
    files = {"posts/2018-07-17-a.md": post("A", aliases="[/2018/07/17/b/]"), "posts/2018-07-17-b.md": post("B")}
    assert len(set(ids(new_blog(files)))) == 3
