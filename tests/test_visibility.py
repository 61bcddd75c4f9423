"""Who sees a text, from when, until when: the truth table of words, values and moments."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from bitacora.posts.post import Post, read_post
from bitacora.posts.visibility import (
    ANYBODY_WITH_THE_ADDRESS,
    EVER,
    EVERYBODY,
    NEVER,
    NOBODY,
    STANDINGS,
    Visibility,
    how_to_publish,
    standing,
    visibility,
)
from bitacora.problems import PostError
from bitacora.settings import Site

PATH = "posts/2018-07-17-x.md"
THEN, NOW = datetime(2018, 7, 17, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
SOON = datetime(2030, 1, 1, tzinfo=UTC)


def read(head: str, path: str = PATH) -> Post:
    return read_post(f"---\ntitle: x\n{head}\n---\nText.\n".encode(), path, Site())


def error(source: str | bytes) -> PostError:
    with pytest.raises(PostError) as caught:
        read_post(source.encode() if isinstance(source, str) else source, PATH, Site())
    return caught.value


# --- the truth table of moments

BEFORE, DURING, AFTER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2017, 2020, 2026))
SHOWN_UNTIL_2025 = "date: 2018-07-17\nexpires: 2025-01-01"


@pytest.mark.parametrize(
    ("head", "standings"),
    [
        ("", ("scheduled", "shown", "shown")),
        ("hidden: true", ("scheduled", "hidden", "hidden")),
        ("draft: true", ("draft", "draft", "draft")),
        ("draft: true\nhidden: true", ("draft", "draft", "draft")),
        (SHOWN_UNTIL_2025, ("scheduled", "shown", "expired")),
        (f"{SHOWN_UNTIL_2025}\nhidden: true", ("scheduled", "hidden", "expired")),
        (f"{SHOWN_UNTIL_2025}\ndraft: true", ("draft", "draft", "draft")),
        (f"{SHOWN_UNTIL_2025}\npublishDate: 2022-01-01", ("scheduled", "scheduled", "expired")),
        ("publishDate: 2022-01-01", ("scheduled", "scheduled", "shown")),
        ("publishDate: 2022-01-01\nunlisted: true", ("scheduled", "scheduled", "hidden")),
        ("publishDate: 2010-01-01\ndate: 2018-07-17", ("scheduled", "shown", "shown")),
        ("expires: 2019-01-01\narchiveDate: 2024-01-01", ("scheduled", "expired", "expired")),
        ("expires: 2010-01-01", ("scheduled", "expired", "expired")),
    ],
)
def test_where_a_text_stands_before_during_and_after(head: str, standings: tuple[str, ...]) -> None:
    post = read(head)
    assert tuple(standing(post, moment, {PATH}) for moment in (BEFORE, DURING, AFTER)) == standings
    assert set(standings) <= set(STANDINGS)
    if "shown" in standings or "hidden" in standings:
        moment = (BEFORE, DURING, AFTER)[
            max(standings.index(one) for one in standings if one in {"shown", "hidden"})
        ]
        assert standing(post, moment, set()) == "displaced"


def test_a_second_decides() -> None:
    post = read("date: 2018-07-17 12:00:00Z\nexpires: 2018-07-17 13:00:00Z")
    seconds = {time: standing(post, datetime.fromisoformat(f"2018-07-17T{time}+00:00")) for time in (
        "11:59:59", "12:00:00", "12:59:59", "13:00:00",
    )}  # fmt: skip
    assert list(seconds.values()) == ["scheduled", "shown", "shown", "expired"]


# --- the truth table of words

DRAFT, HIDDEN = (NOBODY, EVER, NEVER), (ANYBODY_WITH_THE_ADDRESS, THEN, NEVER)
PUBLIC, LATER = (EVERYBODY, THEN, NEVER), (EVERYBODY, SOON, NEVER)


WORDS = {
    DRAFT: r"""
        publish: false | Publish: No | private: true | isPrivate: yes | visibility: private |
        public: false | access: private | visibility: members | visibility: paid | visibility: tiers |
        status: scheduled | status: sent | status: skip | password: hunter2 | password: [a] |
        permalink: false | permalink: 'no' | permalink: Off | headless: true | build: {render: never} |
        _build: {render: link} | build:\n  render: false | _hidden: yes | routable: false | borrador: sí |
        privado: true | PRIVADA: verdadero | rascunho: sim | brouillon: oui | Entwurf: ja | bozza: sì |
        nicht-veröffentlichen: ja | no_publicar: sí | estado: borrador | público: no | confidential: true |
        internal_use_only: yes | not-for-publication: true | staffOnly: 1 | keep_private: until the fair |
        embargo: true | private: maybe | private: [family] | private: {a: b} | publicar: quizás |
        isPublished: false | dg-publish: false | saveAsDraft: true | is_draft: 1 | params: {draft: true} |
        extra: {private: true} | private: true\nprivate: false | draft: false\nprivate: true |
        published: true\nstatus: draft | drafft: true | priavte: yes | pubilsh: no | layout: draft |
        type: draft | viewBag: {is_hidden: 1} | access: {site.login: true} | visibility: [members, paid] |
        public: members | build: never | _build: false | access: [staff] | meta: {draft: true} |
        ignorePublish: true | ready_to_publish: no | embargo: [soon] | embargo: until further notice |
        uso_interno: sí | solo uso interno: true | para_uso_interno: sim | nur-intern: ja | ad uso interno: sì |
        streng_vertraulich: ja | strictement-confidentiel: oui | à ne pas publier: oui | no_difundir: sí |
        no publicar todavía: sí | ne_pas_diffuser: oui | nicht für die Öffentlichkeit: ja |
        nicht_fuer_die_oeffentlichkeit: ja | não divulgar: sim | non divulgare: sì | solo_para_mí: true |
        do_not_share: true | not_for_distribution: yes | for_my_eyes_only: true | invite_only: true |
        unpublish: true | on_hold: true |
        eleventyComputed: {permalink: false} | private\xa0: true | private: 'true\xa0' | черновик: да
    """,
    HIDDEN: r"""
        unlisted: true | oculto: sí | status: hidden | status: unlisted | _discoverable: no |
        listed: false | make_discoverable: false | visibility: [unlisted] |
        eleventyExcludeFromCollections: true | build: {list: never} | build: {list: local} |
        email_only: true | public_draft: true | exclude_from_blog: true | indexed: false |
        visibility: unlisted | hide: true | status: published\nhidden: true | publish: unlisted
    """,
    LATER: r"""
        publishDate: 2030-01-01 | date: 2018-07-17\npublishDate: 2030-01-01 | published: 2030-01-01 |
        embargo: 2030-01-01 | publish: 2030-01-01 | private: 2030-01-01 | publish_on: 2030 |
        embargo: 2030-01 | publicar el: 2030-01-01 | Sperrfrist: 2030-01-01 |
        embargo: 2020-01-01\npublishDate: 2030-01-01 | fecha: 2030-01-01
    """,
    PUBLIC: r"""
        (none) | estado: Jalisco | público: jóvenes | embargo: 2018-01-01 | password: '' | password: |
        password: no | private: false | private: null | private: none | private: 0 | private: public |
        private: open | privado: no | confidential: public | internal: open | internal_notes: x |
        draft_of: x | publisher: x | status: featured | status_code: 200 | visibility: 10 km |
        visibility: public | access: bus 27 | visible: false | hide: [navigation, toc] | archived: true |
        published_at: null | published_in: Granta | publish: true | publish: null | public: true |
        permalink: /false/ | sitemap: false | robots: noindex | secretary: Luis | privacy: yes |
        private_view: 2018-05-01 | tags: [draft] | visibility: [public] | público: [jóvenes] |
        audience: [engineers] | online: false | concept: A plan | público: 2500 | live_at: Wembley |
        us_only: true | público: familia | build: 1234 | version: draft | x: {private: true} |
        schedule: Mon-Fri 9-17 | date: 2018-07-17\nfecha: 2030-01-01 | headless: false | draught: true |
        some: true | no_share: true | noshare: true | share: false | para: Ana | uso: interno | solo: true |
        no_distance: 1 | for_me: true | uso_interno: no | unpublish: false | on_hold: no | eyes: blue |
        public_use: true | uso público: sí | international: true | nointernet: 1 | apuesta: interna |
        raft: true | published: 2018-01-01 | expires: never | type: post | layout: post
    """,
}
"""Heads, their lines separated by `\\n`, and who may see the text at all, from when, until when."""
CASES = [
    ("" if head == "(none)" else head.replace(r"\n", "\n").replace(r"\xa0", "\xa0"), seen)
    for seen, heads in WORDS.items()
    for head in re.split(r"\s+\|\s+|\|\n\s+", heads.strip())
]


@pytest.mark.parametrize(("head", "seen"), CASES)
def test_what_a_head_says_of_who_may_see_it(head: str, seen: Visibility) -> None:
    assert visibility(read(head)) == seen


@pytest.mark.parametrize("head", ["publish: maybe", "draft: perhaps", "hidden: maybe", "published: perhaps"])
def test_a_value_that_cannot_be_read_publishes_nothing(head: str) -> None:
    assert error(f"---\n{head}\n---\n").withdrawn


@pytest.mark.parametrize(
    "source",
    [
        "+++\nprivate = true\n+++\n", "+++\n[build]\nrender = 'never'\n+++\n",
        "+++\nBUILD = {render = 'never'}\n+++\n",
        "+++\n[extra]\nprivate = true\n+++\n", '{"private": true}\n', '{"publish": false}\n',
        '{"Permalink": false}\n',
        '{"private": true, "private": false}\n', '{"build": {"render": "never"}}\n', '{"password": 0.5}\n',
        "---\nprivate: true\n...\n",
    ],
)  # fmt: skip
def test_every_form_of_a_head_says_it(source: str) -> None:
    assert visibility(read_post(f"{source}Text.\n".encode(), PATH, Site()))[0] is NOBODY


def test_what_is_left_out_of_the_sitemap_or_of_search_engines_is_public() -> None:
    assert not any(read(head).is_mapped for head in ("sitemap: false", "sitemap: {exclude: yes}"))
    assert all(read(head).is_mapped for head in ("", "sitemap: true", "sitemap: {priority: 0.5}"))
    heads = ("robots: noindex, nofollow", "seo: {noindex: true}", "robots: none", "robots: {index: false}")
    assert all(read(head).noindex for head in heads)
    assert not any(
        read(head).noindex for head in ("robots: index, follow", "seo: {noindex: false}", "robots: all")
    )


def test_a_featured_text_is_highlighted() -> None:
    assert read("status: featured").highlighted


def test_the_word_that_withholds_a_text_is_told_with_its_place() -> None:
    (mark,) = read("tags: [a]\nbuild: {render: never}").marks
    assert (mark.line, str(mark), mark.says) == (4, "build.render: never", "draft")
    (mark,) = read("embargo: 2030-01-01").marks
    assert (mark.line, str(mark), mark.says) == (3, "embargo: 2030-01-01", "scheduled")
    assert read("expires: 2030-01-01").marks == read("publishDate: 2010-01-01").marks == ()


def test_a_word_that_is_honoured_stays_a_key_of_the_site_s_own() -> None:
    assert read("estado: Jalisco").extra == {"estado": "Jalisco"}


def test_a_site_may_publish_only_what_says_so() -> None:
    site = Site(explicit=True)
    heads = ("", "title: y", "publish: null", "publish: false", "draft: false", "publish: true\nprivate: true")
    meant = ("publish: true", "dg-publish: yes", "published: true", "Publicar: sí")
    posts = {head: read_post(f"---\n{head}\n---\nText.\n".encode(), PATH, site) for head in (*heads, *meant)}
    assert [head for head, post in posts.items() if not post.draft] == list(meant)
    assert how_to_publish(posts[""].marks[0]) == "To publish it, write publish: true in its head."


# --- heads that cannot be read


@pytest.mark.parametrize(
    "source",
    [
        "---\ntitle: Foo: bar\n\ndraft: true\n---\nx\n",
        "---\ndraft: 'yes' # soon\ntitle: 'x\n---\n",
        "---\npublished: false\n- x\n---\n",
        "---\r\nStatus: draft\r\n\ttitle: x\r\n---\r\n",
        "---\ndraft: true\ntitle: x\n",
        "+++\ndraft = true\ntitle = x\n+++\n",
        '{"draft": true, "title": x}\n',
        "---\ndraft: true\ntitle: \xf3\n---\n".encode("latin-1"),
        "---\nprivate: true\ntitle: 'x\n---\n",
        "---\nprivate: true\n---\n".encode("utf-16"),
        b"---\nprivate: true\n---\n\0",
        "---\nprivado: sí\ntitle: 'x\n---\n",
        "---\nbuild:\n  render: never\ntitle: 'x\n---\n",
        "---\nbuild: {render: never}\ntitle: 'x\n---\n",
        "+++\ntitle = x\n[build]\nrender = 'never'\n+++\n",
        "---\npublish: maybe\ntitle: 'x\n---\n",
        "---\npassword: hunter2\ntitle: 'x\n---\n",
        "---\nunlisted: true\ntitle: 'x\n---\n",
        '{"publish": false, "title": x}\n',
        "---json\n{\"title\": \"x\", \"private\": true}\n---\n",
        "---toml\nprivate = true\n---\n",
        "title:: x\nprivate:: true\n\n- Text\n",
        "#+title: x\n#+draft: true\n\nText\n",
        ".. title: x\n.. status: draft\n\nText\n",
        "<!--\n.. title: x\n.. status: draft\n-->\n\nText\n",
        "Title: x\nStatus: draft\n\nText\n",
        "\"title\": \"x\",\n\"draft\": true\n;;;\n\nText\n",
        "/*\nTitle: x\nPrivate: true\n*/\n\nText\n",
        "<html><head><meta name=\"status\" content=\"draft\"></head></html>\n",
    ],
)  # fmt: skip
def test_a_broken_head_that_says_draft_is_withdrawn(source: str | bytes) -> None:
    assert error(source).withdrawn


@pytest.mark.parametrize(
    "source",
    [
        "---\ndraft: false\ntitle: 'x\n---\n",
        "---\ntitle: 'x\n---\ndraft: true\n",
        "---\ntitle: x\n\ndraft: true\n",
        "---\nx:\n  draft: true\ntitle: 'x\n---\n",
        "draft: true\n",
        '{"draft": false, "title": x}\n',
        "---\nestado: Jalisco\nprivate: no\npassword: ''\nembargo: 2001-01-01\ntitle: 'x\n---\n",
        "---\ninternal_notes: x\npublishDate: 2018-01-01\nexpires: 2030-01-01\ntitle: 'x\n---\n",
    ],
)
def test_any_other_broken_head_is_not_withdrawn(source: str) -> None:
    assert not error(source).withdrawn


@pytest.mark.parametrize(
    "head",
    [
        "date: {{date}}", "date: {{date}} {{time}}", "title: <% tp.file.title %>", 'title: "{{ replace .Name }}"',
        "tags:\n  - {{tag}}", "created: '<% tp.date.now() %>'",
    ],
)  # fmt: skip
def test_a_template_of_an_editor_is_held_back_as_such(head: str) -> None:
    found = error(f"---\n{head}\n---\n")
    assert found.reason.startswith("This is a template of an editor: ")
    assert found.withdrawn


def test_a_title_about_templates_is_none() -> None:
    assert read("intro: 'What {{ site.url }} means, and <%= x %>'")


@pytest.mark.parametrize(
    "source",
    [
        "---\ntitle: x\n---\n---\nprivate: true\n---\nText\n",
        "---\ntitle: x\n---\n\n---\ntitle: x\npublish: false\n---\nText\n",
        "---\ntitle: x\n---\n+++\ndraft = true\n+++\nText\n",
        "---\n---\ntitle: x\nprivate: true\n---\nText\n",
        "---\r\n---\r\ntitle: x\r\ntags:\r\n  - a\r\nstatus: draft\r\n---\r\nText\r\n",
    ],
)
def test_a_second_head_that_says_private_withholds_the_text_too(source: str) -> None:
    found = error(source)
    assert (found.withdrawn, "second head" in found.reason) == (True, True)


@pytest.mark.parametrize(
    "body",
    [
        "---\ntitle: y\ndraft: false\n---\nText\n",
        "---\n\nprivate: true\n\n---\nText\n",
        "```yaml\n---\nprivate: true\n---\n```\n",
        "Text\n\n---\nprivate: true\n---\n",
    ],
)
def test_rules_and_code_below_a_head_are_no_second_head(body: str) -> None:
    for head in ("---\ntitle: x\n---\n", "---\n---\n"):
        assert not read_post(f"{head}{body}".encode(), PATH, Site()).draft
