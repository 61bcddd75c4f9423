"""Hundreds of ways to write that a text is not public publish nothing of it, before, during and after edits.

The words were collected from the documents of the tools that have them; here they are spelt in all languages,
styles and forms of a head, with a secret in each file. What only looks like them stays public.
"""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from blogs import Blog, Clock, make_blog
from conftest import NewBlog

from bitacora.web.preview import preview_url, status_url

WORDS = tomllib.loads((Path(__file__).parent / "not_public_words.toml").read_text("utf-8"))
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
KEY = "a secret of more than thirty-two bytes"
SETTINGS = "per_page = 500\n"
READ = {"YAML", "YAML, ended by dots", "TOML", "JSON"}
"""Forms of a head that are read; whatever has another is held back."""
DECIDED = {
    "Jalisco", "São Paulo", "Baden-Württemberg", "familiar", "adultos", "de 8 a 12 años", "20 000 personas",
}  # fmt: skip
"""Values that the documents call public for some keys, where the blog takes what it cannot read for private."""


class Spelling(NamedTuple):
    """A file with a secret: what it says of itself, and the least that this means."""

    number: int
    said: str
    source: str
    meaning: str

    @property
    def secret(self) -> str:
        return f"xq{self.number:05}z"

    @property
    def path(self) -> str:
        return f"posts/2020-02-{1 + self.number % 28:02}-s{self.number}.md"

    @property
    def url(self) -> str:
        return f"/2020/02/{1 + self.number % 28:02}/s{self.number}/"


def styled(key: str, number: int) -> str:
    """One of the ways in which the words of a key are put together."""
    words = key.split(" ")
    rest = [word.capitalize() for word in words[1:]]
    ways = (
        "_".join(words), "-".join(words), "".join([words[0], *rest]), "".join([words[0].capitalize(), *rest]),
        "".join(words), "_".join(words).upper(), key,
    )  # fmt: skip
    return ways[number % len(ways)] if not key.startswith("_") else key


def native(value: object, form: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    quoted = json.dumps(value, ensure_ascii=False)
    if form.startswith(("TOML", "JSON")):
        return quoted
    return quoted if value == "" else str(value)


def source(form: dict[str, Any], key: str, value: object, secret: str) -> str:
    name = form["name"]
    shown = json.dumps(key, ensure_ascii=False) if name.startswith("TOML") else key
    text = form["template"].replace("{key}", shown).replace("{value}", native(value, name))
    text = text.replace("title: T", f"title: {secret}").replace("Title: T", f"Title: {secret}")
    text = text.replace('"T"', f'"{secret}"').replace("title:: T", f"title:: {secret}")
    return text.replace("Text", f"{secret} is the text, with #{secret}.")


def values(given: list[Any], language: str) -> Iterator[Any]:
    for value in given:
        if isinstance(value, str) and value.startswith("@"):
            group = WORDS["values"][value[1:]]
            for one in dict.fromkeys(("any", language, "en")):
                yield from group.get(one, ())
        else:
            yield value


def meant(*meanings: str) -> Iterator[tuple[str, list[Any], str]]:
    """Each key with all the values that mean one of these, and what they mean."""
    for word in WORDS["word"]:
        for language, keys in word["keys"].items():
            for key, meaning in itertools.product(keys, meanings):
                if found := list(values(word["when"].get(meaning, []), language)):
                    yield key, found, meaning


def spelt(*meanings: str, most: int) -> Iterator[Spelling]:
    """Spellings that differ in key, style, value and form of the head; at most so many values of each key."""
    forms = [form for form in WORDS["head"] if form["name"] in READ or "public" not in meanings]
    counter = itertools.count(1)
    for key, found, meaning in meant(*meanings):
        for value in dict.fromkeys(found[place * 7 % len(found)] for place in range(most)):
            number = next(counter)
            if value in DECIDED and meaning == "public":
                continue
            forms_of_it = [form for form in forms if form["name"] in READ] if number % 5 else forms
            form = forms_of_it[number % len(forms_of_it)]
            written = styled(key, number)
            secret = Spelling(number, "", "", "").secret
            said = f"{written}: {value} ({form['name']})"
            yield Spelling(number, said, source(form, written, value, secret), meaning)


PRIVATE = list(spelt("draft", "scheduled", "expired", "hidden", most=2))
SEEN_BY_NOBODY = [one for one in PRIVATE if one.meaning != "hidden"]


def twins() -> Iterator[Spelling]:
    lines = [f"---\ntitle: T\n{line}\n---\n\nText\n" for line in WORDS["twins"]["lines"]]
    for number, text in enumerate(lines, 20_001):
        secret = f"xq{number:05}z"
        yield Spelling(
            number, text, text.replace("title: T", f"title: {secret}").replace("Text", secret), "public"
        )
    for one in spelt("public", "one-list", "noindex", most=1):
        moved = one._replace(number=one.number + 30_000)
        yield moved._replace(source=one.source.replace(one.secret, moved.secret))


PUBLIC = list(twins())


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    files = {one.path: one.source for one in (*PRIVATE, *PUBLIC)}
    with make_blog(
        tmp_path_factory.mktemp("all"), files, settings=SETTINGS, clock=Clock(NOW), secret_key=KEY
    ) as it:
        yield it


def lists(blog: Blog) -> Iterator[str]:
    yield from (
        "/",
        "/page/2/",
        "/page/3/",
        "/archive/",
        "/archive/2020/",
        "/archive/2020/02/",
        "/categories/",
        "/tags/",
    )
    yield from ("/feed.xml", "/rss.xml", "/feed.json", "/sitemap.xml", "/robots.txt", "/llms.txt", "/search/")
    yield from ("/tag/s1/", "/nothing/", "/healthz", "/readyz", "/metrics", "/preview/x/", "/status/x/")


def told(blog: Blog, path: str) -> str:
    answer = blog.get(path)
    return "\n".join((str(answer.status), str(answer.headers), answer.text))


def secrets(text: str) -> set[str]:
    return set(re.findall(r"xq[0-9]{5}z", text))


def test_there_are_enough_of_them() -> None:
    assert len(SEEN_BY_NOBODY) > 400
    assert len(PRIVATE) - len(SEEN_BY_NOBODY) > 50
    assert len(PUBLIC) > 100
    assert len({one.said for one in SEEN_BY_NOBODY}) > 400


def test_no_list_names_what_is_not_public(blog: Blog) -> None:
    private = {one.secret: one.said for one in PRIVATE}
    for path in lists(blog):
        found = told(blog, path)
        assert [private[secret] for secret in secrets(found) if secret in private] == [], path
        assert not re.search(r"/s[0-9]{1,4}/", found), path


def test_what_nobody_may_see_is_at_no_address(blog: Blog) -> None:
    leaks, private = [], {one.secret for one in PRIVATE}
    for one in SEEN_BY_NOBODY:
        paths = [one.url, f"{one.url[:-1]}.md"]
        if one.number % 10 == 0:
            paths += [f"{one.url}share/", f"{one.url[:-1]}.json", f"{one.url}card-{'0' * 16}.jpg", f"/{one.path}"]
            paths += [one.url[:-1], f"/s{one.number}/", f"{one.url}{one.path}"]
        for path in paths:
            answer = blog.get(path)
            if answer.status not in {404, 410} or secrets(str(answer.headers) + answer.text) & private:
                leaks.append(f"{one.said} at {path}: {answer.status}")
    assert leaks == []


def test_what_is_hidden_is_reachable_and_asks_not_to_be_indexed(blog: Blog) -> None:
    by_path = blog.parts.library.snapshot().by_path
    for one in PRIVATE:
        if one.meaning == "hidden" and one.path in by_path:
            answer = blog.get(one.url)
            assert (answer.status, "noindex" in answer.text) == (200, True), one.said
    assert sum(one.path in by_path for one in PRIVATE if one.meaning == "hidden") > 40


def test_what_only_looks_like_it_stays_public(blog: Blog) -> None:
    at_home = secrets("".join(told(blog, path) for path in ("/", "/page/2/", "/page/3/")))
    by_path, public = blog.parts.library.snapshot().by_path, {one.secret for one in PUBLIC}
    assert [one.said for one in PUBLIC if one.secret not in at_home] == []
    for one in PUBLIC[::12]:
        page = told(blog, by_path[one.path].url)
        assert one.secret in page, one.said
        assert secrets(page) <= public, one.said


def test_a_link_for_editors_shows_it_and_no_other_does(blog: Blog) -> None:
    with blog.app.test_request_context():
        preview, status = preview_url(SEEN_BY_NOBODY[0].path), status_url()
    assert SEEN_BY_NOBODY[0].secret in told(blog, preview)
    assert len(secrets(told(blog, status))) > 300
    for wrong in (f"{preview[:-4]}x/", f"/preview/{SEEN_BY_NOBODY[0].path}/", f"{status[:-4]}x/"):
        assert not secrets(told(blog, wrong)) & {one.secret for one in PRIVATE}


# --- edits

SAMPLE = [one for one in SEEN_BY_NOBODY if one.source.startswith(("---\n", "+++", "{"))][::40]
NEIGHBOURS = {
    "posts/2020-01-01-before.md": "---\ntitle: Before\n---\nText.\n",
    "posts/2020-12-31-after.md": "---\ntitle: After\n---\nText.\n",
}
EVERYWHERE = ("/", "/archive/", "/feed.xml", "/sitemap.xml", "/2020/01/01/before/", "/2020/12/31/after/")


def test_no_edit_lets_it_out(new_blog: NewBlog) -> None:
    blog = new_blog(NEIGHBOURS, settings=SETTINGS, clock=Clock(NOW))
    old = "/2019/05/05/old/"

    def seen(one: Spelling) -> set[str]:
        paths = (*EVERYWHERE, one.url, f"{one.url[:-1]}.md", old, f"{one.url}share/")
        return {path for path in paths if one.secret in told(blog, path)}

    for one in SAMPLE:
        public = f"---\ntitle: First\naliases: [{old}]\n---\nWas public.\n"
        blog.write(one.path, public)
        assert "Was public." in told(blog, one.url)
        blog.write(one.path, one.source)
        assert seen(one) == set(), one.said
        assert blog.get(one.url).status in {404, 410}, one.said
        broken = one.source.replace("\n", "\n'", 1) if one.source[0] != "{" else one.source.replace(",", "", 1)
        for torn in (broken, one.source[: len(one.source) // 3], one.source[: len(one.source) // 2], one.source):
            blog.write(one.path, torn)
            assert seen(one) == set(), one.said
            assert "Was public." not in told(blog, one.url) or torn != broken, one.said
        blog.write(one.path, public.replace("Was public.", one.secret))
        assert {one.url, f"{one.url[:-1]}.md"} <= seen(one), one.said
        blog.write(one.path, one.source)
        assert seen(one) == set(), one.said
        (blog.root / one.path).unlink()
        assert seen(one) == set(), one.said


# --- what a folder says

FOLDER_WORDS = {
    "posts/a/_index.md": [
        "---\ncascade:\n  draft: true\n---\n",
        "---\ntitle: Section\ncascade:\n  - target: {path: '/posts/a/**'}\n    private: true\n---\n",
        "+++\n[[cascade]]\n[cascade.build]\nrender = 'never'\n[cascade._target]\npath = '/posts/**'\n+++\n",
        "+++\ndraft = true\n+++\n",
        "+++\ncascade = {publishDate = 2999-01-01}\n+++\n",
        "---\ncascade:\n  draft: true\n  title: 'x\n---\n",
    ],
    "_config.yml": [
        "title: x\ndefaults:\n  - scope: {path: a, type: posts}\n    values: {published: false}\nother: *broken\n",
        "defaults:\n  -\n    scope:\n      path: ''\n    values:\n      private: true\n",
        "defaults:\n- scope:\n    path: _posts/a\n  values:\n    permalink: false\n",
    ],
    "posts/a/a.json": ['{"permalink": false, "eleventyExcludeFromCollections": true}\n', '{"draft": true}\n'],
    "posts/a/a.11tydata.json": ['{"private": "sí"}\n', '{"private": true\n'],
    "posts/a/2020-02-02-x.11tydata.json": ['{"draft": true}\n'],
    "posts/a/_index.es.md": ["---\ncascade: {private: true}\n---\n"],
    "posts/a/a.11tydata.js": [
        "module.exports = {\n  layout: 'x',\n  permalink: false,\n};\n",
        "export default { draft: true }\n",
    ],
    "_config.yaml": ["'defaults':\n- scope: {path: a}\n  values: {private: true}\n"],
    "_config.toml": [
        "title = 'x'\n[[defaults]]\n[defaults.scope]\npath = 'a'\n[defaults.values]\npublished = false\n",
        "[[defaults]]\nscope = {path = ''}\n[defaults.values]\nprivate = true\ntitle = 'x\n",
    ],
    "hugo.toml": [
        "[params]\ndraft = false\n[[cascade]]\ndraft = true\n[cascade.target]\npath = '/posts/a/**'\n",
        "[cascade]\n_build = {render = 'never'}\n_target = {path = '/posts/a/**'}\n",
        "[[cascade]]\n[cascade.build]\nrender = 'never'\n[cascade._target]\npath = '{/a/**,/c/**}'\n",
        "cascade = [{draft = true, target = {path = '/a/**'}}]\ntitle = 'x'\n",
    ],
    "hugo.yaml": ["title: x\ncascade:\n  - target: {path: '/posts/a/**'}\n    private: true\nmenu: *broken\n"],
    "config.yml": ["cascade:\n  draft: true\n  _target: {path: a}\n"],
    "hugo.json": ['{"title": "x", "cascade": {"draft": true, "target": {"path": "/posts/a/*"}}}\n'],
    "config.toml": ["title = 'x'\n[[cascade]]\npublishDate = 2999-01-01\n[cascade.target]\npath = '/a/**'\n"],
    "_quarto.yml": [
        "project: {type: website}\nwebsite:\n  draft-mode: visible\n  drafts:\n    - posts/a/2020-02-02-x.qmd\n",
        "website:\n  drafts: posts/a/**\nformat: *broken\n",
        "book:\n  drafts: [./posts/a/2020-02-02-x.md]\n",
    ],
    "posts/a/_metadata.yml": ["draft: true\n", "---\nvisibility: private\n"],
}
CASES = [(path, text) for path, texts in FOLDER_WORDS.items() for text in texts]


def test_what_a_folder_says_holds_for_its_files_from_the_next_request_on(new_blog: NewBlog) -> None:
    inside, outside = "posts/a/2020-02-02-x.md", "posts/b/2020-02-02-y.md"
    files = {inside: "---\ntitle: xq00001z\n---\nText.\n", outside: "---\ntitle: Out\n---\nText.\n"}
    blog = new_blog(files, settings=SETTINGS, clock=Clock(NOW))
    for path, text in CASES:
        assert "xq00001z" in told(blog, "/"), text
        blog.write(path, text)
        for asked in ("/", "/feed.xml", "/sitemap.xml", "/2020/02/02/x/", "/2020/02/02/x.md", "/2020/02/02/y/"):
            assert "xq00001z" not in told(blog, asked), (text, asked)
        assert blog.get("/2020/02/02/x/").status == 404, text
        assert blog.get("/2020/02/02/y/").status == (
            404 if "path: ''" in text or "title = 'x\n" in text else 200
        ), text
        blog.write(inside, "---\ntitle: xq00001z\ndraft: false\n---\nText, edited.\n")
        assert "xq00001z" not in told(blog, "/"), text
        blog.write(path, "{}\n" if path.endswith((".json", ".js")) else "---\ntitle: x\n---\n")
        assert blog.get("/2020/02/02/x/").status == 200, text
        blog.write(path, text)
        assert blog.get("/2020/02/02/x/").status == 404, text
        (blog.root / path).unlink()
        blog.write(inside, files[inside])
        blog.get_until(200, "/2020/02/02/x/")


def test_a_folder_may_hide_and_schedule_too(new_blog: NewBlog) -> None:
    clock = Clock(NOW)
    files = {
        "posts/a/2020-02-02-x.md": "---\ntitle: Equis\n---\nText.\n",
        "posts/a/_index.md": "---\ncascade: {publishDate: 2027-01-01, unlisted: true, sitemap: false}\n---\n",
    }
    blog = new_blog(files, settings=SETTINGS, clock=clock)
    assert blog.get("/2020/02/02/x/").status == 404
    clock.now = datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC).timestamp()
    assert "noindex" in told(blog, "/2020/02/02/x/")
    assert "Equis" not in told(blog, "/")


def test_settings_of_other_engines_say_nothing_else_of_texts(new_blog: NewBlog) -> None:
    files = {
        "posts/a/2020-02-02-x.md": "---\ntitle: Equis\n---\nText.\n",
        "hugo.toml": "draft = true\nprivate = true\nbuildDrafts = true\n[params]\nprivate = true\ntitle = 'x\n",
        "config.toml": "[[cascade]]\ndraft = true\n[cascade.target]\nkind = 'section'\n",
        "config.yaml": "private: true\ncascade: {draft: false}\n",
        "hugo.json": '{"params": {"private": true}}\n',
        "_quarto.yml": "website:\n  draft-mode: gone\n  drafts: []\nprivate: true\ndraft: false\n",
        "_config.toml": "published = false\n[[defaults]]\n[defaults.values]\nlayout = 'post'\n",
    }
    blog = new_blog(files, settings=SETTINGS, clock=Clock(NOW))
    assert "Equis" in told(blog, "/")
    assert blog.parts.library.snapshot().problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Section\nbuild: {render: never}\nhidden: true\n---\n",
        "---\ncascade:\n  - target: {kind: section}\n    draft: true\n---\n",
        "---\ncascade:\n  - target: {path: '/other/**'}\n    draft: true\n---\n",
        "---\ncascade: {draft: false, color: red}\n---\n",
        "No head at all.\n",
    ],
)
def test_a_page_of_a_section_says_nothing_else_of_its_texts(new_blog: NewBlog, text: str) -> None:
    files = {"posts/a/2020-02-02-x.md": "---\ntitle: Equis\n---\nText.\n", "posts/a/_index.md": text}
    blog = new_blog(files, settings=SETTINGS, clock=Clock(NOW))
    assert "Equis" in told(blog, "/")
    assert blog.parts.library.snapshot().problems == ()


_WITHHELD = """datePublished: 2030-01-01|expiration: 2020-01-01|expiry: 2020-01-01|expire_date: 2020-01-01
date_expires: 2020-01-01|classification: confidential|sensitivity: confidential|confidentiality: internal
workflow: draft|hide_from_public: true|drafts: true|params: {more: {private: true}}|extra: {post: {private: true}}
params: [{private: true}]|wordpress: {status: private}|ghost: {visibility: members}|options: {draft: true}
public: not yet|public: later|quarto: {draft: true}|privacy: private|privacidad: privada|confidentialité: privé
clasificación: reservado|Vertraulichkeit: intern|acceso: sólo socios|accès: réservé aux membres
Zugang: nur Mitglieder|accesso: solo membri|público: solo socios|audience: friends only|embargado: sí
programado: 2030-01-01|agendada: 2030-01-01|planifié: 2030-01-01|geplant: 2030-01-01
programmato: 2030-01-01""".replace("\n", "|").split("|")
_SHOWN_TO_ALL = """classification: report|workflow: release|expiration: ''|options: {toc: true}|page: 3|post: 12
fields: [a, b]|meta: {a: {b: c}}|date_published: 2020-01-01|sensitivity: high|publishing: {house: X}
options: {comments: {hidden: false}}|privacy: how we keep yours|privacidad: no|clasificación: 3er lugar
programado: en la radio|geplant: 2020-01-01|embargada: no
acceso: todos|público: socios""".replace("\n", "|").split("|")


def test_words_in_groups_and_of_other_houses_withhold_a_text_and_their_twins_do_not(new_blog: NewBlog) -> None:
    lines = [*_WITHHELD, *_SHOWN_TO_ALL]
    files = {f"posts/2021-02-02-t{n}.md": f"---\ntitle: xq{n}z\n{line}\n---\n" for n, line in enumerate(lines)}
    blog = new_blog(files, settings=SETTINGS, clock=Clock(NOW))
    archive = told(blog, "/archive/")
    assert [line for n, line in enumerate(lines) if f"xq{n}z" in archive] == _SHOWN_TO_ALL
    for n, line in enumerate(_WITHHELD):
        assert f"xq{n}z" not in told(blog, f"/2021/02/02/t{n}/"), line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("posts/_index.md", "---\ncascade:\n- target: {path: '{/posts/a/**,/b/**}'}\n  draft: true\n---\n"),
        ("posts/a/_data.yml", "draft: true\n"),
    ],
)
def test_more_files_withhold_the_texts_of_a_folder(new_blog: NewBlog, path: str, text: str) -> None:
    other = "posts/2020-02-02-y.md"
    files = {"posts/a/2020-02-02-x.md": "---\ntitle: Equis\n---\n", other: "---\ntitle: Otra\n---\n", path: text}
    blog = new_blog(files, settings=SETTINGS, clock=Clock(NOW))
    assert blog.get("/2020/02/02/x/").status == 404
    assert blog.get("/2020/02/02/y/").status == 200
