"""A site below a path of a host: all its addresses begin with it, whether a proxy keeps it or takes it away."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from blogs import Answer, Blog, call, hashed, make_blog, post
from conftest import NewBlog
from fronts import NGINX
from programs import Program, free_port
from server import ROOT, Server
from test_docs import DEPLOYING, fences

from bitacora.markdown.addresses import with_rooted
from bitacora.settings import SettingError, read_site
from bitacora.web.page_cache import Question

HOST, PREFIX = "https://example.org", "/blog"
SETTINGS = """
navigation = [{ label = "Acerca", url = "/about/" }, { label = "Tienda", url = "/shop/" }]
[redirects]
"/viejo/" = "/about/?a=1"
"/afuera/" = "/shop/"
"/adentro/" = "/blog/about/"
"/vuelta/" = "/blog/vuelta/"
"""
LINKS = """\
[sitio](/about/) [con prefijo](/blog/about/#x) [otro](../2026-11-02-b.md) [afuera](/shop/)
[ancla](#fin) [igual](/blog/)
[viejo](/viejo/) [viejo](/?p=1) [tag](/tag/a/) [html](/about.html)

![foto](foto.png) ![vieja](/uploads/vieja.png)

`<a href="/about/">`
"""
FOTO = (ROOT / "static/touch-icon.png").read_bytes()
FILES: dict[str, str | bytes] = {
    "posts/2026-11-01-a/index.md": post("A", LINKS, tags="[a]", categories="[Blog]", aliases="['/?p=1', /a.html]"),
    "posts/2026-11-01-a/foto.png": FOTO,
    "posts/2026-11-02-b.md": post("B", "Texto."),
    "pages/about.md": post("Acerca", "## x"),
    "pages/blog.md": post("El otro blog"),
    "templates/page.html": """{% extends "default:page.html" %}{% block head %}{{ super() }}
<link rel='stylesheet' href={{ static("style.css") }}>{% endblock %}
{% block footer %}<form action="/archive/"></form><a class=mine href='{{ post.url }}'>x</a>
<a class="absolute" href="{{ site.url }}{{ post.url }}">y</a><a href="/shop/">z</a>{% endblock %}""",
}


def below(blog: Blog) -> Blog:
    toml = blog.root / "site.toml"
    toml.write_text(toml.read_text().replace("https://blog.example.org", HOST + PREFIX))
    return blog


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    """It has been at the root of its host, and the path is new: settings are live."""
    with make_blog(tmp_path_factory.mktemp("below"), FILES, settings=SETTINGS, secret_key="k" * 32) as made:
        assert 'href="/about/"' in made.get("/").text
        yield below(made)


def addresses(text: str) -> set[str]:
    written = re.findall(r"""\s(?:href|src|action|srcset)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", text)
    return {unescape("".join(groups)) for groups in written}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/blog/", "home"),
        ("/", "home"),
        ("/blog/blog/", "page blog"),
        ("/blog/about/", "about"),
        ("/about/", "about"),
        ("/blog/2026/11/02/b/", "b"),
        ("/2026/11/02/b/", "b"),
        ("/blog/blog/about/", None),
        ("/blogx/", None),
        ("/blog/nada/", None),
    ],
)
def test_a_path_is_looked_up_without_the_prefix_first_then_as_it_came(
    blog: Blog, asked: str, meant: str | None
) -> None:
    titles = {"home": "El Blog", "page blog": "El otro blog", "about": "Acerca", "b": "B"}
    for _ in range(2):
        answer = blog.get(asked)
        assert answer.status == (200 if meant else 404)
        assert not meant or titles[meant] in answer.words("h1")
    rooted = {address for address in addresses(answer.text) if address.startswith("/")}
    assert all(address.startswith(("/blog/", "/shop/")) for address in rooted)


def test_no_redirect_leads_up_out_of_the_path(blog: Blog) -> None:
    for asked in ("//evil.example/%2f..", "/blog//x/%2e%2e/", "//..", "/blog//./x/"):
        assert blog.get(asked).status == 404


def test_the_text_of_a_page_leads_to_the_same_addresses_as_the_page(blog: Blog) -> None:
    text = blog.get("/blog/2026/11/01/a.md").text
    assert (
        "[sitio](/blog/about/) [con prefijo](/blog/about/#x) [otro](../2026-11-02-b.md) [afuera](/shop/)" in text
    )
    assert "[viejo](/blog/viejo/) [viejo](/blog/?p=1) [tag](/blog/tag/a/) [html](/blog/about.html)" in text
    assert '`<a href="/about/">`' in text


def test_links_of_authors_are_those_of_the_site_and_others_stay_as_they_are(blog: Blog) -> None:
    page = blog.get("/blog/2026/11/01/a/")
    prose = page.text.partition('<div class="prose"')[2].partition("</div>")[0]
    assert '<code>&lt;a href="/about/"&gt;</code>' in prose
    assert re.findall(r'(?:href|src)="([^"]*)"', prose.partition("<code>")[0]) == [
        "/blog/about/", "/blog/about/#x", "/blog/2026/11/02/b/", "/shop/", "#fin", "/blog/blog/",
        "/blog/viejo/", "/blog/?p=1", "/blog/tag/a/", "/blog/about.html",
        hashed("/blog/2026/11/01/a/foto.png", FOTO), "/uploads/vieja.png",
    ]  # fmt: skip
    assert f'<meta property="og:url" content="{HOST}/blog/2026/11/01/a/">' in page.text
    assert f'"mainEntityOfPage": "{HOST}/blog/2026/11/01/a/"' in page.text
    assert re.search(rf'content="{HOST}/blog/2026/11/01/a/card-[0-9a-f]{{16}}.jpg"', page.text)


def test_a_template_of_the_site_need_not_know_of_the_prefix(blog: Blog) -> None:
    page = blog.get("/about/").text
    assert "<a class=mine href='/blog/about/'>" in page
    assert f'<a class="absolute" href="{HOST}/blog/about/">' in page
    assert '<form action="/blog/archive/">' in page
    assert '<a href="/shop/">z</a>' in page
    assert re.search(r"<link rel='stylesheet' href=/blog/static/style\.[0-9a-f]{12}\.css>", page)


def test_feeds_and_sitemap_say_the_whole_address(blog: Blog) -> None:
    for path in ("/blog/feed.xml", "/blog/tag/a/feed.xml", "/blog/sitemap.xml"):
        found = set(re.findall(rf'(?:"|&#34;|&quot;|>)({HOST}[^"<&]*)', blog.get(path).text))
        assert found, path
        assert found - {f"{HOST}/shop/", f"{HOST}/uploads/vieja.png"} == {
            url for url in found if url.startswith(f"{HOST}/blog/")
        }, path
    content = unescape(blog.get("/blog/feed.xml").text)
    assert f'href="{HOST}/blog/2026/11/01/a/#fin"' in content
    assert f'href="{HOST}/blog/about/#x"' in content
    assert f'src="{HOST}/uploads/vieja.png"' in content


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/blog", "/blog/"),
        ("/blog?a=1", "/blog/?a=1"),
        ("/blog/about", "/blog/about/"),
        ("/about?a=1", "/blog/about/?a=1"),
        ("/blog//about/", "/blog/about/"),
        ("//blog/about/", "/blog/about/"),
        ("/blog//blog/", "/blog/blog/"),
        ("/blog/blog//", "/blog/blog/"),
        ("/blog//nada/", "/blog/nada/"),
        ("//about/", "/blog/about/"),
        ("//nada/", "/blog/nada/"),
        ("/blog/archive", "/blog/archive/"),
        ("/blog/viejo/?b=1", "/blog/about/?a=1&b=1"),
        ("/viejo", "/blog/about/?a=1"),
        ("/blog/?p=1&b=2", "/blog/2026/11/01/a/?b=2"),
        ("/?p=1", "/blog/2026/11/01/a/"),
        ("/blog/a.html", "/blog/2026/11/01/a/"),
        ("/blog/afuera/", "/shop/"),
        ("/blog/adentro/", "/blog/about/"),
        ("/blog/2026/11/02/b/share", "/blog/2026/11/02/b/share/"),
        ("/blog/vuelta/", None),
    ],
)
def test_a_redirect_stays_below_the_prefix(blog: Blog, asked: str, location: str | None) -> None:
    path, _, query = asked.partition("?")
    answer = blog.get(path, query=query)
    assert answer.headers.get("Location") == location
    assert answer.status in ({301, 308} if location else {404})


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/blog//evil.example/",
        "/blog///evil.example",
        "/blog//%5cevil.example",
        "//blog//evil.example/",
    ],
)
def test_a_redirect_below_a_path_stays_on_this_host(blog: Blog, path: str) -> None:
    for query in ("", "a=1", "//evil.example", "\r\nX: y"):
        location = blog.get(path, query=query).headers["Location"]
        assert re.match("/blog/(blog/)?(%5C)?evil", location)
        assert location.isprintable()


def test_html_that_goes_out_as_it_is_written_has_the_prefix_too(new_blog: NewBlog) -> None:
    body = "<p><a href=/about/>a</a> <a HREF='/shop/'>b</a> <img src=\"/uploads/x.png\" alt=''></p>"
    files = {"posts/2026-11-01-a.md": post("A", body), "pages/about.md": post("Acerca")}
    blog = below(new_blog(files, settings='html = "trusted"\n'))
    page, feed = blog.get("/blog/2026/11/01/a/").text, unescape(blog.get("/blog/feed.xml").text)
    assert "<a href=/blog/about/>a</a> <a HREF='/shop/'>b</a> <img src=\"/uploads/x.png\"" in page
    assert f"<a href={HOST}/blog/about/>a</a> <a HREF='{HOST}/shop/'>b</a>" in feed
    assert f'<img src="{HOST}/uploads/x.png"' in feed


def test_machines_ask_with_the_prefix_and_without(blog: Blog) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        here = [blog.get(asked, remote_addr="127.0.0.1") for asked in (path, PREFIX + path)]
        assert {answer.status for answer in here} == {200}
        assert here[0].headers == here[1].headers or path == "/metrics"
    assert [blog.get(path, "POST").status for path in ("/hooks/push", "/blog/hooks/push")] == [404, 404]


def test_whatever_a_page_is_made_of_has_one_answer_stored_or_not_with_the_prefix_and_without(blog: Blog) -> None:
    cache = blog.parts.page_cache
    for path in ("/", "/about/", "/2026/11/01/a/", "/blog/", "/feed.xml", "/static/style.css", "/nada/"):
        fresh = blog.get(PREFIX + path)
        assert fresh == blog.get(PREFIX + path)
        if path != "/blog/":  # where it cannot be told whether the prefix was taken away
            assert fresh == blog.get(path)
        cache.store.clear()
        cache.beside.clear()
        assert fresh == blog.get(path if path != "/blog/" else PREFIX + path)


def test_the_lane_finds_a_stored_page_below_the_prefix(blog: Blog) -> None:
    cache, here = blog.parts.page_cache, blog.parts.library.snapshot()

    def found(path: str, query: str = "") -> str | None:
        question = Question("GET", path, "example.org", "", None, "", query=query).below(PREFIX)
        answer = cache.look_up(question, here)
        return answer and re.findall("<h1[^>]*>([^<]*)", answer.body.decode())[0]

    for path in ("/blog/", "/blog/about/", "/blog/blog/"):
        blog.get(path)
    assert [found(path) for path in ("/blog/", "/", "/blog/about/", "/about/", "/blog/blog/", "/blog")] == [
        "El Blog", "El Blog", "Acerca", "Acerca", "El otro blog", None,
    ]  # fmt: skip
    assert found("/blog/", "p=1") is None
    assert found("/blog/", "p=2") == "El Blog"


def test_wsgi_may_say_itself_that_the_prefix_is_gone(blog: Blog) -> None:
    def asked(script_name: str, path: str) -> Answer:
        return call(Mounted(blog.app, script_name), "GET", path.encode())

    assert asked(PREFIX, "/blog/").words("h1") == ["El otro blog"]
    assert asked(PREFIX, "/about/").words("h1") == ["Acerca"]
    assert asked(PREFIX, "/viejo/").headers["Location"] == "/blog/about/?a=1"
    assert asked(PREFIX, "").headers["Location"] == "/blog/"


class Mounted:
    """The app below a path, as a server says it."""

    def __init__(self, app: Any, script_name: str) -> None:
        self.app, self.script_name = app, script_name

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        return self.app({**environ, "SCRIPT_NAME": self.script_name}, start)


def test_no_header_chooses_a_prefix(blog: Blog) -> None:
    for path in ("/blog/", "/blog/blog/", "/about/", "/viejo/"):
        forged = dict.fromkeys(("x_forwarded_prefix", "x_script_name", "x_forwarded_path", "forwarded"), "/evil")
        assert blog.get(path, **forged) == blog.get(path)


def test_a_category_named_like_the_prefix_has_its_posts_behind_both_proxies(new_blog: NewBlog) -> None:
    settings = 'permalink = "/:categories/:year/:title/"\n'
    files = {"posts/2026-11-01-a.md": post("A", "[b](2026-11-02-b.md)", category="blog"),
             "posts/2026-11-02-b.md": post("B", "[a](2026-11-01-a.md)")}  # fmt: skip
    blog = below(new_blog(files, settings=settings))
    for path in ("/blog/blog/2026/a/", "/blog/2026/a/", "/blog/blog/2026/a/share/", "/blog/2026/a/share/"):
        page = blog.get(path)
        assert page.status == 200
        assert f"{HOST}/blog/blog/2026/a/" in page.text
    assert "/blog/blog/2026/a/" in blog.get("/blog/2026/b/").links
    assert "/blog/2026/b/" in blog.get("/blog/blog/2026/a/").links
    assert [blog.get(path).words("h1") for path in ("/blog/category/blog/", "/category/blog/")] == [
        ["blog"],
        ["blog"],
    ]
    assert blog.parts.library.snapshot().remarks == ()


def test_lists_have_their_share_pictures_though_a_post_has_the_address_of_the_prefix(new_blog: NewBlog) -> None:
    files = {
        "posts/2026-11-01-a.md": post("A", tags="[x]"),
        "posts/2026-11-02-b.md": post("B", permalink="/blog/"),
    }
    blog = below(new_blog(files))
    for path in ("/", "/archive/", "/archive/2026/", "/tags/", "/tag/x/", "/blog/", "/2026/11/01/a/"):
        page = blog.get(f"/blog{path}")
        [picture] = set(re.findall(rf'"{HOST}([^"]*/card-[0-9a-f]{{16}}.jpg)"', page.text))
        answer = blog.get(picture)
        assert (path, answer.status) == (path, 200)
        assert "max-age=86400" in answer.headers["Cache-Control"], path


def test_a_file_at_the_root_of_the_site_lies_below_the_prefix(blog: Blog) -> None:
    blog.write("root/llave.txt", "x")
    blog.write("posts/2026-11-04-d.md", post("D", "[llave](/llave.txt) [otra](/otra.txt)"))
    assert [blog.get(path).status for path in ("/blog/llave.txt", "/llave.txt", "/blog/otra.txt")] == [
        200,
        200,
        404,
    ]
    links = blog.get("/blog/2026/11/04/d/").links
    assert "/blog/llave.txt" in links
    assert "/otra.txt" in links
    for path in ("root/llave.txt", "posts/2026-11-04-d.md"):
        blog.delete(path)
    blog.get_until(404, "/blog/2026/11/04/d/")


def test_where_changes_are_polled_the_file_behind_an_address_below_the_prefix_is_looked_at(
    new_blog: NewBlog,
) -> None:
    blog = new_blog(FILES, watch="poll", url=HOST + PREFIX)
    asked = ("/blog/2026/11/02/b/", "/2026/11/02/b/", "/blog/nada/")
    file = "posts/2026-11-02-b.md"
    assert [blog.parts.library._file_behind(path) for path in asked] == [file, file, None]


def test_while_writing_the_script_and_its_events_lie_below_the_prefix(new_blog: NewBlog) -> None:
    blog = below(new_blog(FILES, dev="1"))
    page = blog.get("/blog/about/", host="localhost")
    assert {"/blog/dev/dev.js", "/blog/dev/dev.css"} <= addresses(page.text)
    script = blog.get("/blog/dev/dev.js", host="localhost")
    assert script.status == 200
    assert '"/' not in script.text
    assert "`/" not in script.text


def test_the_share_desk_judges_a_site_below_a_path_as_one_at_the_root(new_blog: NewBlog) -> None:
    files = {name: text for name, text in FILES.items() if not name.startswith(("templates", "pages/blog"))}
    there, here = new_blog(files), below(new_blog(files))

    def judged(blog: Blog) -> list[tuple[str, str, str, list[str]]]:
        told = blog.app.test_cli_runner().invoke(args=["posts", "share", "posts/2026-11-01-a/index.md", "--json"])
        return [
            (one["network"], one["title"], one["form"], [verdict["rule"] for verdict in one["verdicts"]])
            for one in json.loads(told.stdout)["shown"]
        ]

    assert len(judged(here)) > 10
    assert judged(here) == judged(there)


def test_a_preview_and_the_status_page_lie_below_the_prefix(blog: Blog) -> None:
    blog.write("posts/2026-11-03-c/index.md", post("C", "![x](foto.png) [a](/about/)", draft="true"))
    blog.write("posts/2026-11-03-c/foto.png", FOTO)
    run = blog.app.test_cli_runner().invoke
    told = [
        run(args=args).stdout
        for args in (["posts", "preview", "posts/2026-11-03-c/index.md"], ["site", "status-link"])
    ]
    preview, status = (line.split()[0].removeprefix(HOST) for line in told)
    picture = hashed(f"{preview}foto.png", FOTO)
    for url in (preview, f"{preview}share/", f"{preview}foto.png", picture, status):
        assert url.startswith("/blog/")
        assert blog.get(url).status == blog.get(url.removeprefix(PREFIX)).status == 200
    assert picture in addresses(blog.get(preview).text)
    for url in (preview, f"{preview}share/", status):
        assert {address for address in addresses(blog.get(url).text) if address.startswith("/")} <= {
            address for address in addresses(blog.get(url).text) if address.startswith(("/blog/", "/shop/"))
        }
    blog.delete("posts/2026-11-03-c/index.md")
    blog.delete("posts/2026-11-03-c/foto.png")


def test_what_leads_out_and_what_a_proxy_may_hide_is_told(blog: Blog) -> None:
    run = blog.app.test_cli_runner().invoke
    told = re.sub('["“”«»]', "", run(args=["posts", "check", "--no-share"]).output)
    for said in (
        "/shop/ in the navigation is none of this site: it leads out of /blog/",
        "/shop/ in [redirects] is none of this site",
        f"Write {HOST}/shop/ if that is meant",
        "The link /shop/ leads to nothing on this site, and so out of /blog/.",
        "[redirects] sends readers of /vuelta/ to /blog/vuelta/, and from there back",
        "Behind a proxy that takes /blog away, / is shown at its address /blog/.",
        "There is no picture /uploads/vieja.png",
    ):
        assert said in told, told
    assert "/about/" not in told
    assert told.count("/vuelta/") == 2
    for asked in (f"{HOST}/blog/about/", "/blog/about/", "/about/"):
        assert "is a page that is shown at /about/" in run(args=["posts", "explain", asked]).output


@pytest.mark.parametrize(
    "url",
    [
        "/bl%6Fg",
        "/%2e%2e",
        "/a/../b",
        "/./a",
        "/..",
        "//blog",
        "/a//b",
        "/a b",
        "/año",
        "/a;b",
        "/a&b",
        "/<a>",
        "/a?b",
        "/a#b",
    ],
)
def test_a_prefix_that_could_be_read_in_two_ways_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(SettingError, match=r"like https://blog\.example\.org"):
        read_site(f'url = "{HOST}{url}"', {})


@pytest.mark.parametrize(
    ("url", "prefix"),
    [("", ""), ("/", ""), ("//", ""), ("/blog/", "/blog"), ("/~ana/el.blog-2", "/~ana/el.blog-2")],
)
def test_a_prefix_is_what_stands_behind_the_host(url: str, prefix: str) -> None:
    site = read_site(f'url = "{HOST}{url}"', {})
    assert (site.prefix, site.origin, site.url) == (prefix, HOST, HOST + prefix)


@pytest.mark.parametrize(
    ("html", "changed"),
    [
        ("<a HREF = '/a'>", "<a HREF = '/p/a'>"),
        ("<a href=/a>", "<a href=/p/a>"),
        ('<a href=" /a">', '<a href=" /p/a">'),
        ('<a href="//a"><a href="/\\a"><a href="a"><a href="">', None),
        ('<img srcset="/a 1x,/b 2x, c 3x">', '<img srcset="/p/a 1x,/p/b 2x, c 3x">'),
        ('<a title=\' href="/a"\' href="/a?b=1&amp;c">', '<a title=\' href="/a"\' href="/p/a?b=1&amp;c">'),
        ('<script src="/a">"<a href=/a>"</script>', '<script src="/p/a">"<a href=/a>"</script>'),
        ('<!-- <a href="/a"> --><a href="/a">', '<!-- <a href="/a"> --><a href="/p/a">'),
        ('<!--><a href="/a">', '<!--><a href="/p/a">'),
        ('a < b "<a href="/a">', 'a < b "<a href="/p/a">'),
        ('<use xlink:href="/a#b"/>', '<use xlink:href="/p/a#b"/>'),
        ('<a x="1>2" href="/a">', '<a x="1>2" href="/p/a">'),
        ('<code>&lt;a href="/a"&gt;</code>', None),
        ("<a class=x/href=/a>", None),
    ],
)
def test_addresses_are_found_however_html_is_written(html: str, changed: str | None) -> None:
    def address(url: str) -> str:
        return url if url.startswith(("//", "/\\")) else f"/p{url}"

    assert with_rooted(html, address) == (changed or html)


# --- the sample, behind nginx


class Page(NamedTuple):
    status: int
    kind: str
    location: str
    body: bytes


SERVERS = """
server {{ listen 127.0.0.1:{kept}; {snippet} location / {{ return 418; }} }}
server {{
    listen 127.0.0.1:{stripped};
    location /blog/ {{ proxy_pass http://127.0.0.1:8000/; }}
    location / {{ return 418; }}
}}
"""


@pytest.fixture(scope="module")
def fronts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, ...]]:
    """Ports: of nginx that keeps the path, as documented, of nginx that takes it away, of Caddy, of the blog."""
    folder = tmp_path_factory.mktemp("front")
    site = folder / "site"
    for name in ("posts", "pages"):
        shutil.copytree(ROOT / name, site / name)
    shutil.copy(ROOT / "site.toml", site)
    [snippet], [caddyfile] = fences(DEPLOYING, "nginx"), fences(DEPLOYING, "caddyfile")
    kept, stripped, caddy = free_port(), free_port(), free_port()
    with ExitStack() as stack:
        server = stack.enter_context(Server(site, folder / "cache", workers=1, url=HOST + PREFIX))
        ours = f"127.0.0.1:{server.port}"
        conf = SERVERS.format(kept=kept, stripped=stripped, snippet=snippet).replace("127.0.0.1:8000", ours)
        (folder / "bitacora.conf").write_text(conf)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
        command: list[str | Path] = ["nginx", "-c", folder / "nginx.conf", "-p", folder]
        stack.enter_context(Program(command, kept, folder / "nginx.log"))
        caddyfile = caddyfile.replace("example.org {", f"http://127.0.0.1:{caddy} {{").replace(
            "127.0.0.1:8000", ours
        )
        (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{caddyfile}")
        command = ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
        stack.enter_context(Program(command, caddy, folder / "caddy.log", {**os.environ, "HOME": str(folder)}))
        yield kept, stripped, caddy, server.port


def fetched(http: HTTPConnection, path: str) -> Page:
    http.request("GET", path)
    answer = http.getresponse()
    return Page(
        answer.status, answer.getheader("Content-Type", ""), answer.getheader("Location", ""), answer.read()
    )


def once(port: int, path: str) -> Page:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as http:
        return fetched(http, path)


def named(url: str, page: Page) -> set[str]:
    """The addresses on this host that an answer names, as whole ones."""
    text = page.body.decode() if page.kind.startswith(("text/", "application/", "image/svg")) else ""
    found = {page.location} if page.location else set()
    if page.kind.startswith("text/html"):
        text = re.sub(r"(?s)<pre\b.*?</pre>|<code\b.*?</code>", "", text)
        found |= {part.split()[0] for one in addresses(text) for part in re.split(r",\s+(?=/|http)", one) if part}
        found |= set(re.findall(r'content="(https?://[^"]*)"', text))
    elif "xml" in page.kind:
        content = unescape(text)
        found |= addresses(content) | set(re.findall(r"<(?:loc|id|icon)>([^<]*)", content))
    elif page.kind.startswith("text/css"):
        found |= set(re.findall(r"url\([\"']?([^)\"']*)", text))
    elif url.endswith("robots.txt"):
        found |= set(re.findall(r"Sitemap: (\S+)", text))
    whole = (urljoin(HOST + url, one).partition("#")[0] for one in found)
    return {one.removeprefix(HOST) for one in whole if one.startswith(f"{HOST}/")}


def crawled(port: int) -> dict[str, Page]:
    pages: dict[str, Page] = {}
    queue = ["/blog/", "/blog/robots.txt", "/blog/sitemap.xml", "/blog/favicon.ico"]
    http = HTTPConnection("127.0.0.1", port, timeout=60)
    while queue:
        url = queue.pop()
        pages[url] = fetched(http, url)
        queue += sorted(named(url, pages[url]) - pages.keys() - set(queue))
    http.close()
    return pages


def test_behind_nginx_that_keeps_the_path_or_takes_it_away_no_address_of_ours_lies_outside(
    fronts: tuple[int, ...],
) -> None:
    kept, stripped = (crawled(port) for port in fronts[:2])
    assert {url for url in kept if not url.startswith("/blog/")} == set()
    assert {url: page.status for url, page in kept.items() if page.status not in {200, 301, 308}} == {}
    kinds = {page.kind.partition(";")[0] for page in kept.values()}
    assert {"text/html", "text/css", "application/xml", "application/atom+xml", "image/jpeg"} <= kinds
    assert len(kept) > 100
    assert kept == stripped


def test_behind_caddy_the_blog_is_the_same(fronts: tuple[int, ...]) -> None:
    for path in ("/blog", "/blog/", "/blog/archive?a=1", "/blog/nada/", "/blog/healthz"):
        kept, caddy = (once(port, path) for port in (fronts[0], fronts[2]))
        assert (caddy.status, urlsplit(caddy.location)[2:4]) == (kept.status, urlsplit(kept.location)[2:4])
        assert caddy.body == kept.body or kept.status == 308


def test_the_hot_lane_answers_below_the_path_and_without_it(fronts: tuple[int, ...]) -> None:
    def answered() -> int:
        told = once(fronts[3], "/blog/metrics").body.decode()
        return int(float(re.findall(r"^bitacora_hot_lane_answers_total (\S+)", told, re.M)[0]))

    once(fronts[3], "/blog/archive/")
    before = answered()
    for path in ("/blog/archive/", "/archive/", "/blog/archive/?utm=1"):
        assert once(fronts[3], path).status == 200
    assert answered() == before + 3
