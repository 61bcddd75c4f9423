"""Addresses that somebody else writes: a request's, a token's, an editor's in a body, a head or the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from blogs import NOON, Blog, Clock, post
from conftest import NewBlog

from advisories.reading import dangers, dangers_of_page, runs
from bitacora.markdown.writer import render
from bitacora.posts.post import read_post
from bitacora.problems import PostError
from bitacora.settings import SettingError, Site, read_site

KEY = "a secret of more than thirty-two bytes"
MARK = "zzevilzz"
RUNS = "javascript:alert(1)"
SCRIPTS = (
    RUNS, "JaVaScRiPt:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)", "\x00javascript:alert(1)",
    "\x1fjavascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", "java\r\nscript:alert(1)",
    "java\x00script:alert(1)", "javascript\t:alert(1)", "javascript\n:alert(1)", "\x0c\tjavascript:alert(1)",
    "javascript&colon;alert(1)", "javascript&#58;alert(1)", "javascript&#x3a;alert(1)",
    "javascript&#0000058alert(1)", "&#106;avascript:alert(1)", "&#x6A;avascript:alert(1)",
    "&#0000106avascript:alert(1)", "java&Tab;script:alert(1)", "java&NewLine;script:alert(1)",
    "java&#9;script:alert(1)", "java&#x0A;script:alert(1)", "java&#13;script:alert(1)", "&#1;javascript:alert(1)",
    "&#14; javascript:alert(1)", "java&#0;script:alert(1)", "&nbsp;javascript:alert(1)",
    "&amp;#106;avascript:alert(1)", "javascript%3Aalert(1)", "%6aavascript:alert(1)", "java%0Ascript:alert(1)",
    "\u00a0javascript:alert(1)", "\u2028javascript:alert(1)", "\ufeffjavascript:alert(1)",
    "java\u00adscript:alert(1)", "java\u200bscript:alert(1)", "\u202ejavascript:alert(1)",
    "java\x7fscript:alert(1)", "java\x85script:alert(1)",
    "javascript:/*--></title></style>\"'><svg/onload=alert(1)>", "javascript://%0aalert(1)",
    "javascript\\:alert(1)", "j\\avascript:alert(1)", "vbscript:msgbox(1)", "livescript:x",
    "data:text/html,<script>alert(1)</script>", "DATA:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml,<svg onload=alert(1)>", "data:,x", "data:image/png,text/html;base64,x",
    "data:application/xhtml+xml,x", "blob:https://x/y", "filesystem:https://x/y",
    "view-source:javascript:alert(1)", "feed:javascript:alert(1)", "jar:javascript:alert(1)",
    "intent://x#Intent;end", "ms-appx-web://x", "about:blank", "file:///etc/passwd", "ws://x/",
    "chrome://settings",
)  # fmt: skip
IN_BODIES = (
    "[x]({})", "[x](<{}>)", "[x]({} 'y')", "[x][r]\n\n[r]: {}", "[x][s]\n\n[s]: <{}>", "![x]({})",
    "![x](<{}> 'y')", "<{}>", "x {} y", "https://a.example/{}", "www.a.example{}", '<a href="{}">x</a>',
    "<a href='{}'>x</a>", "<a href={}>x</a>", '<a href=" {}">x</a>', '<a\n\thref\n=\n"{}">x</a>',
    '<a xlink:href="{}">x</a>', '<img src="{}">', "<img src={}>", '<img srcset="{} 1x, a.png 2x">',
    '<img srcset="a.png 1x, {} 2x">', '<img longdesc="{}" src=a.png>',
    '<video src="{}" poster="{}"><source src="{}"><track src="{}"></video>', '<audio src="{}"></audio>',
    '<picture><source srcset="{}"></picture>', '<iframe src="{}"></iframe>', '<iframe srcdoc="{}"></iframe>',
    '<blockquote cite="{}">x</blockquote>', '<q cite="{}">x</q>', '<ins cite="{}">x</ins>',
    '<del cite="{}">x</del>', '<table background="{}"><td>x</table>', '<a ping="{}" href=/>x</a>',
    '<area href="{}">', '<base href="{}">', '<form action="{}"><button formaction="{}">x</button></form>',
    '<object data="{}"></object>', '<embed src="{}">', '<link rel=stylesheet href="{}">',
    '<meta http-equiv=refresh content="0;url={}">', '<input type=image src="{}">',
    '<svg><a href="{}"><use href="{}"/></a></svg>', '<math href="{}"></math>', '<body background="{}">',
    '{{{{< figure src="{}" link="{}" caption="x" >}}}}', "[x](/a){{: href=\"{}\"}}", "![x](/a.png){{: src='{}'}}",
    "x[^1]\n\n[^1]: [y]({})", "| a |\n|---|\n| [x]({}) |", "> [!NOTE]\n> [x]({})", "## [x]({}) {{#y}}",
    "*[A]: {}\n\nA", "{{% highlight x %}}{}{{% endhighlight %}}", "[x]({{{{ site.url }}}}{})", "[![x](a.png)]({})",
)  # fmt: skip
IN_HEADS = (
    "image", "single_image", "images", "cover", "header: {image: V}", "share_image", "share_image: {x: V}",
    "images: [{img: V, caption: V, alt: V}]", "image_caption", "authors: {name: A, url: V}",
    "authors: {name: A, picture: V}", "authors: {name: A, x: V, fediverse: V, bluesky: V}", "authors", "aliases",
    "redirect_from", "permalink", "url", "tags", "categories", "title", "intro", "share_title",
    "share_message", "translation_key", "lang", "template", "canonical", "link", "external_url",
)  # fmt: skip
SETTINGS = {
    "navigation": 'navigation = [{{ label = "x", url = {} }}]',
    "authors.url": "[authors.ana]\nname = 'Ana'\nurl = {}",
    "authors.picture": "[authors.ana]\nname = 'Ana'\npicture = {}",
    "authors.x": "[authors.ana]\nname = 'Ana'\nx = {0}\nfediverse = {0}\nbluesky = {0}",
    "redirects": '[redirects]\n"/old/" = {}',
    "redirects from": '[redirects]\n{} = "/"',
    "history": "history = {}",
    "history path": "history = {}  # {{path}}",
    "url": "url = {}",
    "logo": "logo = {}",
    "permalink": "permalink = {}",
    "embeds": "embeds = [{}]",
}


class AsWritten:
    def link(self, href: str) -> str:
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0


def answer_to(blog: Blog, path: str, query: str = "") -> tuple[object, ...]:
    answer = blog.get(path, query=query)
    return answer.status, sorted(answer.headers), answer.body


@pytest.mark.advisory(2, "CVE-2026-24778")
def test_no_value_of_a_preview_link_is_ever_echoed(new_blog: NewBlog) -> None:
    """CVE-2026-24778 (Ghost): a crafted preview link wrote its value into the page.

    Whatever stands for a token, or behind a good one, is answered like an address where nothing is.
    """
    blog = new_blog({"posts/2018-07-17-x.md": post("X", draft="true")}, secret_key=KEY)
    with blog.app.test_request_context():
        from bitacora.web.preview import preview_url, status_url

        good, status = preview_url("posts/2018-07-17-x.md"), status_url()
    nothing = answer_to(blog, "/nothing")
    assert blog.get(good).status == blog.get(status).status == 200
    token = good.split("/")[2]
    shapes = (
        MARK, f'"><script>{MARK}</script>', f"'-{MARK}-'", f"{MARK}{{{{7*7}}}}", f"javascript:{MARK}", f"{MARK}%",
        f"{MARK}\\", f"\r\nSet-Cookie: {MARK}=1", f"{MARK}\x00", f"\u202e{MARK}", f"{token}{MARK}",
        f"{token[:-1]}{MARK}", f"{MARK}.{token.partition('.')[2]}", f"{MARK}ñ",
    )  # fmt: skip
    for shape in shapes:
        value = quote(shape, safe="\\'\"<>{}")
        for path in (
            f"/preview/{value}", f"/preview/{value}/", f"/preview/{value}/share/", f"/preview/{value}/x.png",
            f"/status/{value}/", f"/status/{value}", f"{good}{value}", f"{good}{value}/", f"{status}{value}",
        ):  # fmt: skip
            assert answer_to(blog, path) == nothing, path
    for path in (good, status):
        usual = answer_to(blog, path)
        for shape in shapes[:6]:
            assert answer_to(blog, path, f"x={quote(shape)}&{quote(shape)}") == usual, path


QUERIES = (
    "q=x", "s=x", "search=x", "filter=slug:[a,b]", "filter=id:1%20OR%201=1", "order=slug%20asc,(select%201)",
    "page=2", "limit=all", "include=authors,email", "fields=password", "formats=plaintext", "sort=-date", "id=1",
    "tag=x' OR 1=1--", "q[$ne]=1", "q=*", 'q="a" NEAR "b"', "q=title:x AND draft:true", "q=%00", "preview=1",
    "draft=1", "format=json", "callback=alert", "_method=DELETE", "lang=pt", "theme=x", "template=../site.toml",
    "__proto__[x]=1", "utm_source=x", "&&&;=", "%ff=%fe", "a=" + "b" * 2000,
)  # fmt: skip


@pytest.mark.advisory(3, "CVE-2026-26980")
def test_no_query_changes_any_answer(new_blog: NewBlog) -> None:
    """CVE-2026-26980 (Ghost): a filter of a query became part of an order to the database.

    There is neither database nor search, and no view that reads a query but the one of `make dev`.
    """
    blog = new_blog(
        {"posts/2018-07-17-x.md": post("X", tags="[t]"), "posts/2018-07-16-y.md": post("BORRADOR", draft="true")},
        clock=Clock(NOON),
        secret_key=KEY,
        hook_secret=KEY,
    )
    rules = [rule for rule in blog.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    assert not [rule for rule in rules if "search" in rule.rule or "query" in rule.rule]
    paths = [
        "/",
        "/2018/07/17/x/",
        "/archive/",
        "/tag/t/",
        "/feed.xml",
        "/sitemap.xml",
        "/nothing/",
        "/readyz",
        "/healthz",
    ]
    for path in paths:
        usual = answer_to(blog, path)
        for query in QUERIES:
            blog.parts.page_cache.store.clear()
            assert answer_to(blog, path, query) == usual, (path, query)
            assert answer_to(blog, path) == usual, (path, query)


def fields(payload: str, site: Site) -> Iterator[str]:
    """Each line of a head with the payload that is no mistake, the first one of each key."""
    written = set()
    for place in IN_HEADS:
        key = place.partition(":")[0]
        value = json.dumps(payload)
        line = place.replace("V", value) if ":" in place else f"{place}: {value}"
        try:
            read_post(f"---\ntitle: x\ndate: 2018-07-17\n{line}\n---\n".encode(), "posts/x.md", site)
        except PostError:
            continue
        if key not in written:
            written.add(key)
            yield line


def accepted_settings() -> Iterator[tuple[str, Site]]:
    for payload in SCRIPTS:
        for template in SETTINGS.values():
            toml = template.format(json.dumps(payload))
            try:
                yield payload, read_site(toml, {})
            except SettingError:
                continue


def addresses_of(site: Site) -> list[str]:
    """What of the settings goes into a page as an address, as it is."""
    return [
        site.url,
        site.history,
        *(url for _, url in site.navigation),
        *site.redirects.values(),
        *(author.get("url", "") for author in site.authors.values()),
    ]


@pytest.mark.advisory(18, "CVE-2026-5160", "CVE-2026-45368", "CVE-2026-129946")
def test_no_address_of_an_editor_runs_anything(new_blog: NewBlog) -> None:
    """CVE-2026-5160 (goldmark), CVE-2026-45368 (Kirby), CVE-2026-129946 (Keystatic).

    `javascript:` came through entities, tabs and autolinks, and through fields that nobody took for links.
    """
    running = [
        (payload, place)
        for number, payload in enumerate(SCRIPTS)
        for place in (IN_BODIES if number < 2 else IN_BODIES[number % 3 :: 3])
        if dangers(render(place.format(*[payload] * 4), AsWritten(), embeds=("ok.example",)).body)
    ]
    assert running == []
    assert [
        (payload, url) for payload, site in accepted_settings() for url in addresses_of(site) if runs(url)
    ] == []

    files = {}
    for number, payload in enumerate(text for text in SCRIPTS[::2] if "\x00" not in text):
        body = f"[x]({payload}) ![x]({payload}) <a href='{payload}'>x</a> <img src='{payload}'> {payload}"
        head = "\n".join(fields(payload, Site()))
        files[f"posts/2018-07-17-x{number}.md"] = f"---\n{head}\n---\n{body}\n"
    names = "".join(f'{key} = "{RUNS}"\n' for key in ("picture", "x", "fediverse", "bluesky"))
    author = f"[authors.ana]\nname = 'Ana'\n{names}"
    blog = new_blog(files, settings=f'author = "ana"\nlogo = "{RUNS}"\n{author}')
    here = blog.parts.library.snapshot()
    assert len(here.by_url) == len(files)
    lists = ["/", "/tags/", "/authors/", "/categories/", *(f"/author/{slug}/" for slug in here.authors)]
    for path in [*here.by_url, *lists, f"{here.posts[0].url}share/", f"{here.posts[-1].url}share/"]:
        assert dangers_of_page(blog.get(path).text) == [], path
    for old in here.redirects:
        assert blog.get(old).headers["Location"].startswith("/")
    for path in ("/feed.xml", "/sitemap.xml", f"/author/{next(iter(here.authors))}/feed.xml"):
        for element in blog.get(path).xml.iter():
            link = element.get("href", "") or element.get("src", "")
            text = (element.text or "") if element.tag.endswith(("id", "uri", "loc")) else ""
            assert not runs(link), (path, link)
            assert not runs(text), (path, text)
            assert dangers((element.text or "") if element.get("type") == "html" else "") == []


@pytest.mark.advisory(20, "CVE-2026-89258", "GHSA-c3wq-j5vh-68rc", "CVE-2026-25718")
def test_no_link_at_any_height_of_the_tree_leads_out_of_the_site(new_blog: NewBlog, tmp_path: Path) -> None:
    """CVE-2026-89258, GHSA-c3wq-j5vh-68rc (Hugo), CVE-2026-25718 (Gitea): a link in a *parent* folder escaped.

    Nor into what lies in the site's folder but is no part of the site: git's own files, secrets in hidden ones.
    """
    outside = tmp_path / "0" / "site-secret"  # beside the site, and its name begins like the site's
    for path in (
        "a/x.md",
        "a/index.md",
        "a/_posts/2018-07-15-z.md",
        "a/s.txt",
        "a/p.png",
        "post.html",
        "wide.html",
    ):
        (outside / path).parent.mkdir(parents=True, exist_ok=True)
        (outside / path).write_text(post(MARK, MARK) if path.endswith(".md") else MARK)
    blog = new_blog(
        {"posts/2018-07-17-x.md": post("X", "![](p.png) [f](s.txt) ![](in/p.png)", template="wide.html")}
    )
    assert outside.parent == blog.root.parent
    assert outside.name.startswith(blog.root.name)
    for hidden in (".git/config", ".git/modules/p.png", ".env", ".GIT/config"):
        blog.write(hidden, MARK)
    for link, target in {
        "posts/2018-07-16-folder": outside / "a", "posts/in": outside / "a",
        "posts/2018-07-15-z.md": outside / "a/x.md", "posts/p.png": outside / "a/p.png",
        "posts/deep/er/in": outside / "a", "posts/s.txt": outside / "a/s.txt", "pages": outside / "a",
        "static": outside / "a", "templates": outside, "posts/2018-07-14-git.md": "../.git/config",
        "posts/2018-07-13-env.md": "../.env", "posts/git.png": "../.git/modules/p.png",
        "posts/GIT.md": "../.GIT/config",
    }.items():  # fmt: skip
        (blog.root / link).parent.mkdir(parents=True, exist_ok=True)
        (blog.root / link).symlink_to(target)
    leaves_out(blog)
    for folder in ("pages", "static", "templates"):
        (blog.root / folder).unlink()
        (blog.root / folder).mkdir()
        for name in ("in", "x.md", "s.txt", "p.png", "post.html", "wide.html"):
            target = outside / name if name.endswith(".html") else outside / "a" / name.replace("in", "")
            (blog.root / folder / name).symlink_to(target)
        (blog.root / folder / "git.txt").symlink_to("../.git/config")
        (blog.root / folder / "env.html").symlink_to("../.env")
    leaves_out(blog)
    (blog.root / "posts").rename(blog.root / "former")
    (blog.root / "posts").symlink_to(outside / "a")
    leaves_out(blog)


def leaves_out(blog: Blog) -> None:
    """Nothing that is asked for has the mark, and nothing that the blog knows of."""
    for _ in range(3):
        here = blog.parts.library.snapshot()
    found = [path for path, entry in here.entries.items() if MARK in repr(entry.value)]
    assert (found, [name for name, source in here.templates.items() if MARK in source]) == ([], [])
    names = ("s.txt", "p.png", "x.md", "git.txt", "git.png", "env.html", "in/s.txt", "in/p.png", "a/s.txt")
    paths = [
        "/",
        *here.by_url,
        *(f"/static/{name}" for name in names),
        *(f"/{name}" for name in names),
        "/feed.xml",
    ]
    for path in [*paths, *(f"/2018/07/17/x/{name}" for name in names)]:
        assert MARK not in blog.get(path).body.decode("latin-1"), path


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example\\@ok.example/", "https:\\\\evil.example\\@ok.example/",
        "//evil.example\\@ok.example/", "https://evil.example\t\\@ok.example/",
        "https:/\\evil.example\\@ok.example/", "https://evil.example#@ok.example/",
        "https://ok.example.evil.example/", "https://evil.example/?https://ok.example/",
        "///evil.example\\@ok.example/",
    ],
)  # fmt: skip
def test_the_host_of_a_frame_is_the_one_that_a_browser_asks(address: str) -> None:
    """For a browser a backslash is a slash: https://url.spec.whatwg.org/#authority-state."""
    html = f'<iframe src="{address}"></iframe>'
    body = render(html, AsWritten(), embeds=("ok.example",)).body
    assert "<iframe" not in body
