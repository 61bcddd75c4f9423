"""What flask posts check calls good is answered, and what it calls dead is not: over many generated links."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from blogs import NOON, URL, Blog, Clock, make_blog, post

NFC, NFD = (lambda text: unicodedata.normalize("NFC", text)), (lambda text: unicodedata.normalize("NFD", text))
SETTINGS = """permalink = "/:year/:month/:slug/"
[redirects]
"/lejos/" = "https://example.org/"
"/nada/" = "/no-hay/"
"/cerca/" = "/sobre/"
"""
TARGETS: dict[str, str | bytes] = {
    "posts/2025-03-01-uno.md": post("Uno", "## Año nuevo\n\n## Dos", aliases="[/viejo/uno.html]"),
    "posts/2025-03-02-mi entrada.md": post("Mi entrada", "## Dos"),
    f"posts/{NFD('2025-03-03-canción')}.md": post("Canción", "## Dos"),
    "posts/2025-03-04-fardo/index.md": post("Fardo", "[a](acta.pdf)\n\n## Dos"),
    "posts/2025-03-05-borrador.md": post("Borrador", draft="true"),
    "posts/2025-03-06-oculta.md": post("Oculta", hidden="true"),
    "posts/2027-01-01-futura.md": post("Futura"),
    "posts/2025-03-07-vencida.md": post("Vencida", expires="2025-04-01"),
    "posts/2025-03-08-rota.md": "---\ntitle: [rota\n---\n",
    "posts/sub/2025-03-09-honda.md": post("Honda"),
    "pages/sobre.md": post("Sobre", "## Dos"),
    "posts/informe.pdf": b"%PDF",
    "posts/mi informe (final).pdf": b"%PDF",
    f"posts/{NFD('acta de sesión')}.csv": b"a",
    "posts/Captura 10.10\u202fam.png": b"x",
    "posts/sub/datos.xlsx": b"x",
    "posts/2025-03-04-fardo/acta.pdf": b"%PDF",
    "posts/2025-03-04-fardo/foto.jpg": b"x",
    "posts/pagina.html": b"<p>",
    "posts/.secreto.pdf": b"%PDF",
    "posts/100%.txt": b"x",
    "static/plano.pdf": b"%PDF",
    "static/pagina.html": b"<p>",
}
ADDRESSES = [
    "/", "/archive/", "/archive/2025/", "/archive/1999/", "/feed.xml", "/sitemap.xml", "/search/", "/tags/",
    "/tag/no/",
    "/2025/03/uno/", "/2025/03/uno", "/2025/03/uno.html", "/2025/03/uno/index.html", "/2025/03/uno.md",
    "/2025/03/uno/share/", "/2025/03/uno/share", "/2025/03/uno/nada.pdf", "/2025/03/Uno/", "/2025/3/uno/",
    "/2025/03/mi-entrada/", "/2025/03/canción/", NFD("/2025/03/canción/"), "/2025/03/canci%C3%B3n/",
    "/2025/03/fardo/", "/2025/03/fardo/acta.pdf", "/2025/03/fardo/foto.jpg", "/2025/03/fardo/otra.jpg",
    "/2025/03/borrador/", "/2025/03/borrador", "/2025/03/oculta/", "/2027/01/futura/", "/2025/03/vencida/",
    "/2025/03/rota/", "/viejo/uno.html", "/viejo/uno", "/viejo/", "/lejos/", "/nada/", "/cerca/", "/cerca",
    "/sobre/", "/sobre", "/sobre.md", "/pages/sobre/", "/static/plano.pdf", "/static/pagina.html",
    "/static/no.css",
    "/posts/", "/posts/informe.pdf/", "/../../etc/passwd", "/.git/config", "//2025/03/uno/", "/2025//03/uno/",
    "https://blog.example.org", "https://blog.example.org/2025/03/uno/#dos", "https://blog.example.org/no/",
    "//blog.example.org/no/", "//blog.example.org/2025/03/uno/", "HTTPS://Blog.example.org/no/", "http://blog.example.org/no/",
]  # fmt: skip
SOURCES = {
    "posts/2025-06-{:02}-llana.md": "/2025/06/llana-{}/",
    "posts/2025-07-{:02}-hato/index.md": "/2025/07/hato-{}/",
    "posts/sub/2025-08-{:02}-honda.md": "/2025/08/honda-{}/",
    "pages/pagina-{:02}.md": "/pagina-{}/",
}
LINKS = 560
OF_EACH = 20


def spelt(chance: random.Random, source: str, file: str) -> str:
    """A file of the site as some editor or tool would write a link to it, rightly or nearly so."""
    name = file.rpartition("/")[2]
    up = "../" * source.count("/")
    near = f"{up}{file}"
    if file.startswith("posts/") and source.startswith("posts/"):
        near = "../" * (source.count("/") - 1) + file.removeprefix("posts/")
    href = chance.choice([near, near, near, f"./{near}", f"/{file}", file, name, f"../{near}", f"sub/../{near}"])
    change = chance.choice(
        [str, str, str, str.upper, str.lower, NFC, NFC, NFD, lambda text: text.replace(".", "_", 1),
         lambda text: text + "x", lambda text: text.rpartition(".")[0], lambda text: text + "/"]
    )  # fmt: skip
    href = change(href)
    escape = chance.choice([lambda text: f"<{text}>", quote, quote, lambda text: quote(text, safe="/.-_~()%")])
    end = chance.choice(["", "", "", "", "#dos", "#no-hay", "#a%C3%B1o-nuevo", "?v=1", "?v=1#dos"])
    href = escape(href)
    return f"{href[:-1]}{end}>" if href.endswith(">") else href + end


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Blog, dict[tuple[str, int], str]]]:
    """A site, and its generated links by the file and the line in which they stand."""
    chance = random.Random(11)
    files, wanted = dict(TARGETS), {}
    addresses = [
        *ADDRESSES,
        *(f"{address}#no-hay" for address in ADDRESSES if "uno" in address and "." not in address),
    ]
    for number in range(LINKS // OF_EACH):
        path = list(SOURCES)[number % len(SOURCES)].format(number + 1)
        links: dict[str, None] = {}
        while len(links) < OF_EACH:
            if addresses:
                links[addresses.pop()] = None
            else:
                links[spelt(chance, path, chance.choice(list(TARGETS)))] = None
        lines = [f"[enlace {place}]({link})\n" for place, link in enumerate(links)]
        files[path] = post("Enlaces", "\n".join(lines), slug=SOURCES[path_of(path)].format(number).split("/")[-2])
        wanted |= {(path, 5 + 2 * place): link for place, link in enumerate(links)}
    with make_blog(tmp_path_factory.mktemp("links"), files, settings=SETTINGS, clock=Clock(NOON)) as blog:
        yield blog, wanted


class Found(NamedTuple):
    """What is at an address; the ids of a page, None for what is no page."""

    status: int
    location: str
    ids: frozenset[str] | None


def at(blog: Blog, path: str) -> Found:
    answer = blog.get(path)
    is_page = answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    ids = frozenset(element.get("id", "") for element in answer.html.iter()) if is_page else None
    return Found(answer.status, answer.headers.get("Location", ""), ids)


def path_of(path: str) -> str:
    return next(one for one in SOURCES if one.split("{")[0] == path[: len(one.split("{")[0])])


def arrives(ask: Callable[[str], Found], page: str, href: str) -> bool:
    """Whether a reader who follows a link from a page finds what it promises."""
    address = urljoin(URL + page, href)
    for _ in range(10):
        parts = urlsplit(address)
        if parts.netloc.lower() != urlsplit(URL).netloc:
            return True
        found = ask(quote(unquote(parts.path or "/"), safe="/"))
        if found.status not in {301, 302, 307, 308}:
            break
        address = urljoin(address, found.location) + (f"#{parts.fragment}" if parts.fragment else "")
    if found.status != 200 or not parts.fragment or found.ids is None:
        return found.status == 200
    return unquote(parts.fragment) in found.ids


def test_check_and_a_crawl_agree_on_every_link(site: tuple[Blog, dict[tuple[str, int], str]]) -> None:
    blog, wanted = site
    assert len(wanted) == LINKS
    result = blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share", "--json"))
    told = json.loads(result.stdout)["findings"]
    dead = {(one["file"], one["line"]): one for one in told if one["rule"] in {"link-dead", "anchor-dead"}}
    urls = {found.path: url for url, found in blog.parts.library.snapshot().by_url.items()}
    ask = cache(lambda path: at(blog, path))  # many links lead to one page
    wrong, good = [], 0
    for path in dict.fromkeys(path for path, _ in wanted):
        emitted = {
            "".join(link.itertext()): link.get("href")
            for link in blog.get(urls[path]).html.iter("a")
            if link.get("href")
        }
        for place, line in enumerate(line for of, line in wanted if of == path):
            href = emitted.get(f"enlace {place}")
            found = href is not None and arrives(ask, urls[path], href)
            good += found
            if found is ((path, line) in dead):
                wrong.append((path, line, wanted[path, line], href, found, dead.get((path, line))))
    assert not wrong, "\n".join(map(str, wrong))
    assert LINKS * 0.25 < good < LINKS * 0.75, good
    assert set(dead) <= set(wanted), set(dead) - set(wanted)
