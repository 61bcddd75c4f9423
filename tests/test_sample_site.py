"""The posts and pages of this repository: sound, and between them a sample of everything."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from PIL import Image

from bitacora.markdown.writer import Html, render
from bitacora.posts import post as content_post
from bitacora.posts.head import key_of, read_head
from bitacora.posts.post import Post, body_of, read_post
from bitacora.settings import Site, read_site

ROOT = Path(__file__).parent.parent
PATHS = sorted(
    str(path.relative_to(ROOT)) for folder in ("posts", "pages") for path in (ROOT / folder).rglob("*.md")
)
# What the guide for editors names first; the words of other blogs need no sample.
KEYS = {
    "title", "intro", "single_image", "image", "images", "cover", "header.image", "authors", "author", "lang",
    "translation_key", "date", "updated", "expires", "slug", "permalink", "aliases", "redirect_from", "categories",
    "category", "tags", "tag", "draft", "hidden", "noindex", "highlighted", "featured", "toc", "math", "template",
    "layout", "share_title", "share_message", "share_image", "focus",
}  # fmt: skip
MANY_YEARS = datetime(2090, 1, 1, tzinfo=UTC)


class Recorder:
    """A resolver that leaves addresses as they are, and remembers links."""

    def __init__(self) -> None:
        self.links: list[str] = []

    def link(self, href: str) -> str:
        self.links.append(href)
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0


@cache
def site() -> Site:
    return read_site((ROOT / "site.toml").read_text(), {})


@cache
def sample(path: str) -> Post:
    return read_post((ROOT / path).read_bytes(), path, site())


@cache
def rendered(path: str) -> tuple[Html, tuple[str, ...]]:
    """The HTML of a sample, and the addresses that its body links to."""
    recorder = Recorder()
    html = render(body_of((ROOT / path).read_bytes()), recorder)
    return html, tuple(recorder.links)


@cache
def tree(path: str) -> Element:
    root = html5lib.parseFragment(rendered(path)[0].body, treebuilder="etree", namespaceHTMLElements=False)
    assert isinstance(root, Element)
    return root


def samples() -> list[Post]:
    return [sample(path) for path in PATHS]


@pytest.mark.parametrize("path", PATHS)
def test_every_sample_is_a_post_that_can_be_read(path: str) -> None:
    assert sample(path).title
    assert set(sample(path).extra) <= {"header"}, "a key is misspelt"


@pytest.mark.parametrize("path", PATHS)
def test_links_between_samples_lead_to_files(path: str) -> None:
    for link in rendered(path)[1]:
        if not re.match(r"[a-z]+:|[#/]", link):
            assert beside(path, link).is_file(), f"{path} links to {link}"


@pytest.mark.parametrize("path", PATHS)
def test_pictures_of_samples_are_files_with_descriptions(path: str) -> None:
    post = sample(path)
    named = [*post.images, *([post.share_image] if post.share_image else [])]
    assert all(image.alt for image in named)
    assert all(picture.get("alt") for picture in tree(path).iter("img"))
    for src in [*(image.src for image in named), *rendered(path)[0].pictures]:
        assert beside(path, src).is_file(), f"{path} names {src}"


@pytest.mark.parametrize("path", PATHS)
def test_no_sign_of_markdown_is_left_in_the_text_of_samples(path: str) -> None:
    assert not re.search(r"\[\^|\{[{%:]|\[!|<!--|\*\*|~~|\]\(", text_outside_code(tree(path)))


def test_samples_use_every_key_between_them() -> None:
    used: set[str] = set()
    for path in PATHS:
        for key, node in read_head((ROOT / path).read_bytes(), path).entries.items():
            used.add(key_of(key))
            used |= {f"{key_of(key)}.{key_of(inner)}" for inner in getattr(node, "entries", {})}
    assert not KEYS - used


def test_the_keys_that_samples_must_use_cover_all_that_the_code_knows() -> None:
    for role, keys in content_post._KEYS.items():
        assert KEYS & set(keys) or role in {"published", "status", "image_caption", "image_alt"}


def test_samples_have_a_head_of_each_kind() -> None:
    assert {(ROOT / path).read_text().splitlines()[0] for path in PATHS} == {"---", "+++", "{"}


def test_samples_are_written_in_all_languages_of_the_site() -> None:
    assert {post.lang.split("-")[0] for post in samples()} == set(site().languages) == {"es", "pt", "en"}


def test_two_samples_are_highlighted() -> None:
    assert len([post for post in samples() if post.highlighted]) == 2


@pytest.mark.parametrize(
    "state",
    [
        lambda post: post.draft,
        lambda post: post.hidden,
        lambda post: post.date is not None and post.date > MANY_YEARS,
        lambda post: post.expires is not None and post.expires > MANY_YEARS,
        lambda post: post.aliases,
        lambda post: post.path.endswith("/index.md"),
    ],
    ids=["draft", "hidden", "scheduled", "expires", "aliases", "bundle"],
)
def test_a_sample_is_in_each_state(state: Callable[[Post], bool]) -> None:
    assert any(state(post) for post in samples())


def test_two_samples_are_translations_of_each_other() -> None:
    pairs = [(post.translation_key, post.lang) for post in samples() if post.translation_key]
    assert {language for _, language in pairs} == {"es", "en"}
    assert len({key for key, _ in pairs}) == 1


def test_no_two_samples_want_one_address() -> None:
    addresses = [address for post in samples() for address in (post.url, *post.aliases)]
    assert len(addresses) == len(set(addresses))


def test_redirects_of_the_site_lead_to_samples() -> None:
    assert set(site().redirects.values()) <= {post.url for post in samples()}


def test_pictures_of_samples_are_light() -> None:
    for path in (ROOT / "posts").rglob("*.jpg"):
        assert path.stat().st_size < 150_000


def test_a_highlighted_sample_has_a_picture_large_enough_for_every_network() -> None:
    newest = max((post for post in samples() if post.highlighted), key=lambda post: post.date or MANY_YEARS)
    with Image.open(beside(newest.path, newest.images[0].src)) as picture:
        assert picture.size == (1600, 900)


def has(*paths: str) -> Callable[[Element], bool]:
    """Whether each of the ElementTree paths finds an element."""
    return lambda root: all(root.find(f".//{path}") is not None for path in paths)


def says(*texts: str) -> Callable[[Element], bool]:
    return lambda root: all(text in "".join(root.itertext()) for text in texts)


FEATURES: dict[str, Callable[[Element], bool]] = {
    "emphasis": has("em", "strong", "code"),
    "strikethrough": has("del"),
    "hard line breaks": has("br"),
    "rules": has("hr"),
    "headings with addresses": has("h2[@id]", "h3[@id]"),
    "bare links": has("a[.='https://commonmark.org/help/']"),
    "autolinks": has("a[.='https://spec.commonmark.org/']", "a[@href='mailto:hola@example.org']"),
    "links with a title": has("a[@title]"),
    "reference links": has("a[@href='https://commonmark.org/']"),
    "nested lists": has("ul/li/ol/li/ul/li"),
    "task lists": has("li//input[@checked]", "li//input[@type='checkbox']"),
    "definition lists": has("dl/dt", "dl/dd"),
    "nested quotations": has("blockquote/blockquote"),
    "note": has("*[@class='alert alert-note']"),
    "tip": has("*[@class='alert alert-tip']"),
    "important": has("*[@class='alert alert-important']"),
    "warning": has("*[@class='alert alert-warning']"),
    "caution": has("*[@class='alert alert-caution']"),
    "aligned tables": has("td[@class='align-left']", "td[@class='align-center']", "td[@class='align-right']"),
    "code in colours": has("pre//span[@class='k']"),
    "code without colours": lambda root: any(not code.get("class") for code in root.iterfind(".//pre/code")),
    "figures with a caption": has("figure/img", "figure/figcaption"),
    "footnotes": has("sup/a[@href='#fn:1']", "li[@id='fn:1']"),
    "abbreviations": has("abbr[@title]"),
    "folded details": has("details/summary", "details/p/strong"),
    "keys": has("kbd"),
    "small letters below and above": has("sub", "sup"),
    "marked text": has("mark"),
    "raw HTML": has("figure/blockquote"),
    "words in angle brackets": says("Vec<T>", "<leader>", "<nombre de la comuna>"),
    "emoji": says("🌊"),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_samples_use_each_feature_of_markdown(feature: str) -> None:
    assert any(FEATURES[feature](tree(path)) for path in PATHS)


def test_samples_hold_code_in_many_languages() -> None:
    found = {code.get("class") for path in PATHS for code in tree(path).iterfind(".//pre/code")}
    languages = {"python", "bash", "diff", "html", "toml", "json", "yaml", "markdown", "console"}
    assert {f"language-{language}" for language in languages} <= found


def test_a_sample_with_a_table_of_contents_has_headings_for_it() -> None:
    shown = [path for path in PATHS if sample(path).toc]
    assert shown
    assert all(rendered(path)[0].toc for path in shown)


def test_a_sample_ends_its_excerpt_by_hand() -> None:
    excerpt = rendered("posts/2026-10-28-escribe-con-nosotros.md")[0].excerpt
    assert excerpt.endswith("con lo justo. La invitación sigue abierta mientras veas esta página.")


def beside(path: str, name: str) -> Path:
    """The file that a post at `path` names."""
    return Path(os.path.normpath((ROOT / path).parent / name.split("#")[0]))


def text_outside_code(root: Element) -> str:
    inside = "" if root.tag == "code" else (root.text or "") + "".join(map(text_outside_code, root))
    return inside + (root.tail or "")
