"""Readers that others wrote find in our pages what we and our own reader find."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from warnings import catch_warnings, simplefilter

import extruct
import mf2py
import pytest
from blogs import URL, Blog
from conftest import NewBlog

from bitacora.share.crawl import parse_head
from bitacora.web.blog import share_of
from bitacora.web.exchange import carried

with catch_warnings():
    simplefilter("ignore", DeprecationWarning)  # it imports cgi
    import metadata_parser

ROOT = Path(__file__).parent.parent
SEED = "posts/2018-07-17-gobiernos-abiertos.md"


@dataclass(frozen=True)
class Found:
    """What a reader takes a page for; sizes as written, empty for what it does not say."""

    title: str
    description: str
    picture: str
    width: str
    height: str
    alt: str
    canonical: str


def taken(said: Mapping[str, str], canonical: str) -> Found:
    names = ("title", "description", "image", "image:width", "image:height", "image:alt")
    return Found(*(said.get(name, "") for name in names), canonical)


def by_extruct(html: str, url: str) -> Found:
    """Its Open Graph, and the address that its JSON-LD calls the page's own."""
    data = extruct.extract(html, base_url=url, syntaxes=["opengraph", "json-ld"], errors="strict")
    (graph,) = data["opengraph"]
    ours = {name.removeprefix("og:"): value for name, value in graph["properties"] if name.startswith("og:")}
    named = {block["mainEntityOfPage"] for block in data["json-ld"]} or {ours["url"]}
    assert named == {ours["url"]}
    return taken(ours, ours["url"])


def by_metadata_parser(html: str, url: str) -> Found:
    found = metadata_parser.MetadataParser(html=html, url=url, search_head_only=True).parsed_result.metadata
    assert {found["twitter"][name] for name in ("title", "image")} == {
        found["og"][name] for name in ("title", "image")
    }
    return taken(found["og"], found["page"]["canonical"])


def by_mf2py(html: str, url: str) -> list[str]:
    """It reads no Open Graph, but which address is canonical."""
    rels: Mapping[str, list[str]] = mf2py.parse(doc=html, url=url, html_parser="html5lib")["rels"]
    return rels["canonical"]


def by_ourselves(html: bytes) -> Found:
    head = parse_head(html)
    names = ("title", "description", "image", "image:width", "image:height", "image:alt")
    return taken({name: head.first(f"og:{name}") for name in names}, head.link("canonical"))


def as_meant(blog: Blog, url: str) -> Found:
    with blog.app.test_request_context():
        here = carried().snapshot = blog.parts.library.snapshot()
        share = share_of(here.by_url[url])
    picture = share.picture
    assert picture
    size = (str(picture.width or ""), str(picture.height or ""))
    return Found(share.title, share.description, picture.url, *size, picture.alt, share.url)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> NoReturn:
        raise AssertionError(f"a connection to {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def files() -> dict[str, Any]:
    paths = [path for folder in ("posts", "pages") for path in (ROOT / folder).rglob("*") if path.is_file()]
    own = {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}
    seed = (ROOT / "tests/seed-post.md").read_bytes()
    return {**own, "site.toml": (ROOT / "site.toml").read_bytes(), SEED: seed}


HOSTILE = "\"doble\" 'simple' <b>&amp;</b> «ñ» 🎉 "


def test_others_find_in_every_sample_what_is_meant(new_blog: NewBlog, no_network: None) -> None:
    blog = new_blog(files(), url=URL)
    urls = list(blog.parts.library.snapshot().by_url)
    assert len(urls) > 12
    for url in urls:
        assert_all_agree(blog, url)


def test_others_find_what_is_meant_when_the_texts_are_hostile(new_blog: NewBlog, no_network: None) -> None:
    lines = ["title: >-", f"  {HOSTILE}", "intro: >-", f"  {HOSTILE * 3}", "single_image:"]
    lines += ["  img: https://i.imgur.com/a.jpg?x=1&y=2", "  caption: >-", f"    {HOSTILE * 2}"]
    blog = new_blog({"posts/2018-07-17-x.md": "\n".join(("---", *lines, "---", "Texto."))})
    assert_all_agree(blog, "/2018/07/17/x/")


def assert_all_agree(blog: Blog, url: str) -> None:
    answer = blog.get(url)
    html, address = answer.text, URL + url
    expected = as_meant(blog, url)
    assert expected.canonical == address
    assert expected.title
    assert by_ourselves(answer.body) == expected, url
    assert by_extruct(html, address) == expected, url
    assert by_metadata_parser(html, address) == expected, url
    assert by_mf2py(html, address) == [expected.canonical], url
