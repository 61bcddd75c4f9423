"""What a site's own templates may take and reach: nothing but text is written, and all of it has a bound."""

from __future__ import annotations

import encodings
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta, tzinfo
from itertools import islice
from typing import Any

import jinja2
import pytest
import sizes
from babel import localedata
from blogs import Blog, make_blog, post
from conftest import NewBlog
from markupsafe import Markup

from bitacora.problems import PostError
from bitacora.web import words
from bitacora.web.edition import Edition
from bitacora.web.reach import RefusedError
from bitacora.web.sandbox import MOST_MADE, Sandbox, TooMuchError
from bitacora.web.theme import Theme

FILE = "posts/2018-07-17-x.md"
URL = "/2018/07/17/x/"
SECRET = "s" * 40
SITE = {
    FILE: post("X", "## Uno\n\n![a](a.png)", tags="[a, b]", category="C", author="Ana", rating="5",
               single_image="[{img: a.png}]"),
    "posts/a.png": b"p",
    "posts/2018-07-18-y.md": post("Y", tags="[a]"),
    "pages/p.md": post("P"),
}  # fmt: skip
PAGES = {
    "home.html": "/",
    "post.html": URL,
    "page.html": "/p/",
    "share.html": f"{URL}share/",
    "archive.html": "/archive/",
    "subjects.html": "/tags/",
    "subject.html": "/tag/a/",
    "feed.xml": "/feed.xml",
    "sitemap.xml": "/sitemap.xml",
    "robots.txt": "/robots.txt",
    "favicon.svg": "/favicon.svg",
    "error.html": "/no/",
}

Rendered = tuple[list[str], Edition, dict[str, object]]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Blog, list[Rendered]]]:
    """A blog with an unused template of its own, and what each kind of page hands to its template."""
    asked: list[Rendered] = []
    render = Theme.render

    def noted(theme: Theme, names: list[str], edition: Edition, **context: object) -> str:
        asked.append((list(names), edition, {**context, "site": edition.snapshot.site}))
        return render(theme, names, edition, **context)

    secrets = dict.fromkeys(("status_token", "secret_key"), SECRET)
    with make_blog(tmp_path_factory.mktemp("blog"), {**SITE, "templates/mine.html": ""}, **secrets) as blog:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Theme, "render", noted)
            for path in PAGES.values():
                blog.get(path)
        assert {names[-1] for names, _, _ in asked} >= set(PAGES)
        yield blog, asked


def sandbox_of(blog: Blog) -> Sandbox:
    sandbox = blog.parts.theme._environment_for(blog.parts.library.snapshot().templates, ["mine.html"])
    assert isinstance(sandbox, Sandbox)
    return sandbox


def write_with(blog: Blog, asked: Rendered, source: str, **more: object) -> str:
    """What a template makes in the sandbox, on one of the pages that were asked for."""
    _, edition, context = asked
    theme, sandbox = blog.parts.theme, sandbox_of(blog)
    token = theme._edition.set(edition)
    try:
        with sandbox.budget():
            return sandbox.from_string(source).render({**context, **more})
    finally:
        theme._edition.reset(token)


def page_of(asked: list[Rendered], name: str) -> Rendered:
    return next(one for one in asked if one[0][-1] == name)


# --- nothing but text is written

ROUTES = [
    "{{ X }}",
    '{{ "" ~ X }}',
    "{{ X|string }}",
    "{{ X|e }}",
    "{{ X|escape }}",
    "{{ X|forceescape }}",
    "{{ X|safe }}",
    "{{ [X]|join }}",
    '{{ [X]|map("string")|join }}',
    '{{ [X]|map("string")|list }}',
    '{{ ",".join([X]|map("upper")) }}',
    '{{ "%s" % X }}',
    '{{ "%s" % [X] }}',
    '{{ "%(a)s" % {"a": X} }}',
    '{{ "%s"|format(X) }}',
    '{{ "%r"|format(X) }}',
    '{{ "{}".format(X) }}',
    '{{ "{!r}".format(X) }}',
    '{{ "{a}".format(a=X) }}',
    '{{ "{a}".format_map({"a": X}) }}',
    '{{ ("{}"|safe).format(X) }}',
    '{{ ("%s"|safe) % X }}',
    '{{ (""|safe).join([X]) }}',
    '{{ "{:{}}".format("a", X) }}',
    "{{ X|pprint }}",
    "{{ X|urlencode }}",
    '{{ {"a": X}|urlencode }}',
    '{{ {"a": X}|xmlattr }}',
    '{{ X|replace("a", "b") }}',
    '{{ "a"|replace("a", X) }}',
    "{{ X|indent }}",
    "{{ X|upper }}",
    "{{ X|title }}",
    "{{ X|trim }}",
    "{{ X|center }}",
    "{{ X|truncate }}",
    "{{ X|wordcount }}",
    "{{ X|urlize }}",
    "{{ X|striptags }}",
    "{{ X|wordwrap }}",
    "{{ X|capitalize }}",
    '{{ "a"|join(X) }}',
    "{{ [1, 2]|join(X) }}",
    "{{ [X]|string }}",
    '{{ {"a": [X]}|string }}',
    "{{ (X,) }}",
    "{{ {1: X} }}",
    '{{ _("%(x)s", x=X) }}',
    '{{ ngettext("%(x)s", "", 1, x=X) }}',
    "{% trans x=X %}{{ x }}{% endtrans %}",
    "{% set t %}{{ X }}{% endset %}{{ t }}",
    "{% filter upper %}{{ X }}{% endfilter %}",
    "{% autoescape false %}{{ X }}{% endautoescape %}",
    "{% macro w(x) %}{{ x }}{% endmacro %}{{ w(X) }}",
    "{% macro w() %}{{ caller() }}{% endmacro %}{% call w() %}{{ X }}{% endcall %}",
    "{% macro w() %}{{ varargs }}{% endmacro %}{{ w(X) }}",
    "{% macro w() %}{{ kwargs }}{% endmacro %}{{ w(a=X) }}",
    "{% block b %}{{ X }}{% endblock %}",
    "{% set n = namespace() %}{% set n.a = X %}{{ n.a }}",
    "{{ [X]|first }}",
    '{{ X|default("") }}',
    "{{ cycler(X).next() }}",
    "{% for a in [X] %}{{ loop.cycle(X) }}{% endfor %}",
    "{% for a in [X] %}{{ a }}{% endfor %}",
    "{% with a = X %}{{ a }}{% endwith %}",
    "{{ X if true }}",
    "{{ none or X }}",
    "{{ [X]|max }}",
]


@pytest.mark.parametrize("thing", ["post|content", "site", "post.tags", "site.zone.utcoffset"])
def test_no_route_writes_what_has_no_text(rendered: tuple[Blog, list[Rendered]], thing: str) -> None:
    blog, asked = rendered
    here = page_of(asked, "post.html")
    for route in ROUTES:
        source = "{% set X = " + thing.replace("[1]|map('string')", "[1]|map('string')") + " %}" + route
        with pytest.raises(jinja2.TemplateRuntimeError, match="which has no text"):
            pytest.fail(f"{route} wrote {write_with(blog, here, source)[:200]}")


THINGS = [
    "post", "post|content", "[post]", "{'a': [post]}", "[post]|groupby('kind')", "post.tags", "post|picture",
    "self", "loop", "m", "namespace(a=1)", "cycler(1)", "joiner()", "range", "range(3)", "static", "_", "gettext",
    "imported", "post.extra.items()", "post.title.upper", "site.zone.utcoffset", "[1]|map('string')",
    "'ab'|list|reverse", "navigation", "share", "share_links",
]  # fmt: skip


def test_no_object_is_written_and_the_sentence_names_its_kind(rendered: tuple[Blog, list[Rendered]]) -> None:
    blog, asked = rendered
    here = page_of(asked, "post.html")
    around = """{% import "mine.html" as imported %}{% macro m() %}{{ caller() if caller }}{% endmacro %}
    {%- block b %}{% for _i in [1] %}{% call m() %}WRITE{% endcall %}{% endfor %}{% endblock %}"""
    macro = "{% macro m() %}{{ WRITE }}{{ caller() }}{% endmacro %}{% call m() %}{% endcall %}"
    for thing in THINGS:
        with pytest.raises(RefusedError, match=r"of the kind \w+, which has no text: write one of its parts"):
            pytest.fail(thing + write_with(blog, here, around.replace("WRITE", f"{{{{ {thing} }}}}")))
    for thing in ("caller", "m"):
        with pytest.raises(RefusedError, match="kind Macro"):
            pytest.fail(write_with(blog, here, macro.replace("WRITE", thing)))


def test_a_template_of_any_name_that_writes_an_object_is_replaced_by_the_shipped_one(new_blog: NewBlog) -> None:
    blog = new_blog(SITE)
    usual = {path: blog.get(path) for path in PAGES.values()}
    for name in PAGES:
        blog.write(f"templates/{name}", "\n{{ site }}")
    for name, path in PAGES.items():
        page = blog.get(path)
        assert (page.status, page.body) == (usual[path].status, usual[path].body), name
    found = blog.get("/readyz", remote_addr="127.0.0.1").json["problems"]
    assert sorted((problem["file"], problem["line"]) for problem in found) == [
        (f"templates/{name}", 2) for name in sorted(PAGES)
    ]
    assert {problem["reason"] for problem in found} == {
        "The template fails: it writes out a value of the kind Site, which has no text: write one of its parts "
        "instead, as {{ post.title }} does."
    }


def test_everything_that_pages_hand_to_templates_is_text_or_refused(
    rendered: tuple[Blog, list[Rendered]],
) -> None:
    blog, asked = rendered
    for one in asked:
        for name in {*one[2], *sandbox_of(blog).globals}:
            try:
                written = write_with(blog, one, f"{{{{ {name} }}}}")
            except RefusedError:
                continue
            assert len(written) < 1_000, name
            assert "&lt;" not in written, (name, written)


def test_what_has_no_text_has_no_telling_repr(rendered: tuple[Blog, list[Rendered]]) -> None:
    _, asked = rendered
    _, _, context = page_of(asked, "post.html")
    assert repr([context["post"], context["site"]]) == f"[<Post {FILE}>, <Site https://blog.example.org>]"


# --- what is made has a bound

LARGE = [
    '{% for a in range(99999) %}{% include "default:theme.css" %}{% endfor %}',
    '{% set s %}{% for a in range(99999) %}{% include "default:theme.css" %}{% endfor %}{% endset %}',
    "{% for a in range(300) %}{{ post|content }}{% endfor %}",
    "{{ '{0.body}' * 300 }}{{ ('{0.body}' * 300).format(post|content) }}",
    "{{ ('{0:9999}' * 9000).format(1) }}",
    "{{ ('%(a)9999d' * 9000) % {'a': 1} }}",
    "{{ ('%9999Y' * 9000)|length }}{{ post.date.strftime('%9999Y' * 9000) }}",
    "{{ ([post] * 9000)|join('', attribute='intro') }}",
    "{{ ([post] * 9000)|map(attribute='intro')|join }}",
    "{{ ''.join(([post] * 9000)|map(attribute='intro')) }}",
    "{{ ([page] * 9000)|tojson }}",
    "{% for a in range(900) %}{% if (post|content).body %}{% endif %}{% endfor %}",
]


@pytest.mark.parametrize("source", LARGE, ids=lambda source: source[:50])
def test_a_page_and_the_memory_for_it_have_a_bound(
    rendered: tuple[Blog, list[Rendered]], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr("bitacora.web.sandbox.MOST_MADE", 1_000_000)
    blog, asked = rendered
    names, edition, context = page_of(asked, "post.html")
    intro = "palabra " * 5_000
    large = context["post"]._replace(intro=intro)  # type: ignore[attr-defined]
    html = edition.html(context["post"])  # type: ignore[arg-type]
    more = {"post": large, "page": large._replace(date=None)}
    object.__setattr__(html, "body", "<p>texto</p>" * 10_000)
    tracemalloc.start()
    try:
        with pytest.raises((TooMuchError, RefusedError)):
            pytest.fail(str(len(write_with(blog, (names, edition, context), source, **more))))
        assert tracemalloc.get_traced_memory()[1] < 48 * 2**20
    finally:
        tracemalloc.stop()


def test_a_page_is_no_longer_than_its_bound_whatever_writes_it(rendered: tuple[Blog, list[Rendered]]) -> None:
    blog, asked = rendered
    sandbox = sandbox_of(blog)
    pieces = ("x" * 1_000 for _ in range(10 * MOST_MADE))
    with pytest.raises(TooMuchError, match="a page of more than 5,000,000 characters"):
        sandbox.concat(pieces)
    assert len(list(islice(pieces, 10))) == 10  # it stopped as soon as it knew
    assert write_with(blog, asked[0], "{{ 'x' * 900000 }}" * 2).count("x") == 1_800_000


def test_a_page_within_a_page_has_a_budget_of_its_own(rendered: tuple[Blog, list[Rendered]]) -> None:
    sandbox = sandbox_of(rendered[0])
    with sandbox.budget():
        with sandbox.budget():
            sandbox.charge(MOST_MADE)
        sandbox.charge(MOST_MADE)
        with pytest.raises(TooMuchError):
            sandbox.charge(1)
    sandbox.charge(10 * MOST_MADE)


def test_what_has_no_template_of_the_site_in_it_needs_no_sandbox(new_blog: NewBlog) -> None:
    blog = new_blog({**SITE, "templates/_log_line.html": '{% include "default:_log_line.html" %}'})
    theme, templates = blog.parts.theme, blog.parts.library.snapshot().templates
    assert {name for name in PAGES if theme._environment_for(templates, [name]) is theme._default} == {
        "share.html", "subjects.html", "feed.xml", "sitemap.xml", "robots.txt", "favicon.svg",
    }  # fmt: skip


# --- memory is flat

KEYS = {
    "a long pattern": "{{ posts[0].date|date(\"'\" ~ 'x' * 90000 ~ r ~ \"'\") }}",
    "a short pattern": '{{ posts[0].date|date("\'" ~ r ~ "\' y") }}',
    "a language": "{% set lang = 'es-' ~ r %}{{ _('Archive') }}{{ posts[0].date|date }}",
    "a long language": "{% set lang = 'es-' ~ 'x' * 90000 ~ r %}{{ _('Archive') }}{{ posts[0].date|date }}",
    "no language": "{% set lang = 'x' * 90000 ~ r %}{{ posts[0].date|time }}{{ posts[0].date|month }}",
    "an encoding": "{{ 'x'.encode('n' ~ 'x' * 9000 ~ r) }}",
    "a format": "{{ posts[0].date.strptime('2018', '%Y' ~ r) }}",
    "an error": "{{ ['x' * 90000 ~ r].nothing.more }}{{ {}['x' * 90000 ~ r].more }}",
    "a name": "{% include 'x' * 90000 ~ r %}",
    "a date": "{{ posts[0].date.replace(year=(r|int) % 9000 + 1)|date }}",
}


@pytest.mark.slow
def test_memory_is_flat_whatever_keys_a_template_makes_up(new_blog: NewBlog) -> None:
    blog = new_blog(SITE)
    for kind, source in KEYS.items():
        made_up = "{% set r = range(99999)|random|string ~ (range(99999)|random) %}"
        blog.write("templates/error.html", made_up + source)
        assert grown(blog, 10 + sizes.UNKNOWN_ADDRESSES, sizes.UNKNOWN_ADDRESSES) < 2**20, kind
        assert localedata.exists.cache_info().currsize < 1_000, kind
        assert not any(len(name) > 100 for name in encodings._cache), kind  # type: ignore[attr-defined]


def grown(blog: Blog, before: int, after: int) -> int:
    """Bytes that stay after as many unknown addresses, once some were asked for before."""
    for number in range(before):
        assert blog.get(f"/no/{number}").status == 404
    tracemalloc.start()
    try:
        for number in range(after):
            assert blog.get(f"/nothing/{number}/").status == 404
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_a_date_s_pattern_is_short(new_blog: NewBlog) -> None:
    blog = new_blog({**SITE, "templates/post.html": "\n{{ post.date|date('d' * 61) }}"})
    assert blog.get(URL).words("h1") == ["X"]
    [problem] = blog.get("/readyz", remote_addr="127.0.0.1").json["problems"]
    assert (problem["file"], problem["line"]) == ("templates/post.html", 2)
    assert problem["reason"] == (
        "The template fails: a date's pattern has more than 60 characters: write short, medium, long or full, "
        'or a short pattern such as "d MMMM y".'
    )
    blog.write("templates/post.html", """{{ post.date|date("EEEE d 'de' MMMM 'de' y") }}""")
    assert blog.get(URL).text == "martes 17 de julio de 2018"


# --- nothing that is reached has an effect

PLAIN = (str, bytes, int, float, complex, bool, type(None), list, tuple, dict, set, frozenset, range, Mapping)
TIMES = (date, time, timedelta, tzinfo)
FUNCTIONS = {
    "static", "absolute", "term_url", "identity", "named", "written", "_", "gettext", "ngettext", "range", "dict",
    "namespace", "cycler", "joiner",
}  # fmt: skip
"""What a template may call by its name: each returns a value and changes nothing but that."""


def test_no_template_reaches_what_has_an_effect(rendered: tuple[Blog, list[Rendered]]) -> None:
    blog, asked = rendered
    sandbox = sandbox_of(blog)
    assert {name for name in sandbox.globals if callable(sandbox.globals[name])} == FUNCTIONS
    seen: dict[int, object] = {}
    for one in asked:
        for name, value in {**one[2], **made_by_filters(blog, one)}.items():
            for path, owner, found in reached(sandbox, name, value, seen, 0):
                assert isinstance(owner, (*PLAIN, *TIMES)), (path, found)
                assert not is_ours(type(owner)), (path, found)
                assert not isinstance(found, type), path
    assert len(seen) > 400


def made_by_filters(blog: Blog, one: Rendered) -> Mapping[str, object]:
    """What the filters of the theme return."""
    found = one[2].get("post")
    if found is None:
        return {}
    made: dict[str, object] = {}
    source = "".join(
        f"{{{{ take('{name}', post|{name}) }}}}" for name in ("content", "picture", "summary", "minutes")
    )
    write_with(
        blog, one, source + "{{ take('zone', site.zone) }}", take=lambda name, value: made.update({name: value})
    )
    return made


def is_ours(kind: type) -> bool:
    return kind.__module__.startswith("bitacora") or (issubclass(kind, tuple) and kind is not tuple)


def reached(
    sandbox: Sandbox, path: str, value: Any, seen: dict[int, object], depth: int
) -> Iterator[tuple[str, object, object]]:
    """Path, owner and value of each callable that a template gets at from a value, through the sandbox."""
    if id(value) in seen or depth > 9:
        return
    seen[id(value)] = value
    for name in dir(value):
        found = sandbox.getattr(value, name)
        if isinstance(found, jinja2.Undefined):
            continue
        if callable(found):
            yield f"{path}.{name}", value, found
        elif not isinstance(value, str | int | float | date | timedelta):
            yield from reached(sandbox, f"{path}.{name}", found, seen, depth + 1)
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from reached(sandbox, f"{path}[{key!r}]", item, seen, depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value[:9]):
            yield from reached(sandbox, f"{path}[{number}]", item, seen, depth + 1)


EFFECTS = [
    ("site.zone", "clear_cache"), ("site.zone", "no_cache"), ("site.zone", "from_file"), ("post", "index"),
    ("post.tags[0]", "count"), ("problem", "add_note"), ("problem", "with_traceback"), ("post.date", "strptime"),
    ("{}", "fromkeys"), ("{}", "update"), ("[]", "append"), ("gen", "close"), ("gen", "send"),
    ("call", "cache_clear"), ("''|safe", "escape"),
]  # fmt: skip


def test_methods_with_effects_are_not_there(rendered: tuple[Blog, list[Rendered]]) -> None:
    blog, asked = rendered
    here = page_of(asked, "post.html")
    given = {"problem": PostError(FILE, 1, 1, "", ""), "gen": (n for n in ()), "call": words.locale_of}
    for owner, name in EFFECTS:
        for route in (f"({owner}).{name}()", f"({owner})['{name}']()", f"({owner}|attr('{name}'))()",
                      f"([{owner}]|map(attribute='{name}')|first)()",
                      f"'{{0.{name}.x}}'.format({owner})"):  # fmt: skip
            with pytest.raises((jinja2.exceptions.SecurityError, jinja2.UndefinedError)):
                pytest.fail(f"{route}: {write_with(blog, here, f'{{{{ {route} }}}}', **given)}")


# --- and what honest themes do stays

HONEST = {
    '{{ post.tags|join(", ", attribute="name") }}': "a, b",
    '{{ post.tags|map(attribute="name")|join(", ") }}': "a, b",
    '{{ ", ".join(post.tags|map(attribute="name")) }}': "a, b",
    '{{ post.tags|map(attribute="name")|list }}': "[&#39;a&#39;, &#39;b&#39;]",
    '{{ "{0.title}: {1}".format(post, 5) }}': "X: 5",
    '{{ "%s %05.1f %d%%" % (post.title, 3.14, 5) }}': "X 003.1 5%",
    '{{ ("<b>{}</b>"|safe).format("<") }}': "<b>&lt;</b>",
    "{{ post.extra.rating|int + 1 }}": "6",
    "{{ site.zone }} {{ site.timezone }}": "America/Santiago America/Santiago",
    '{{ post.date.astimezone(site.zone).strftime("%Y-%m-%d") }}': "2018-07-17",
    "{{ post.date.year }} {{ nothing }} {{ none }} {{ [1, nothing] }}": "2018  None [1, Undefined]",
    '{{ post.tags|tojson }} {{ {"a": [1]}|tojson }}': '[["a", "a"], ["b", "b"]] {"a": [1]}',
    '{% macro m(x) %}{{ x }}{% endmacro %}{{ m("50% of 1234567 *") }}': "50% of 1234567 *",
    "{% set n = namespace() %}{% macro m() %}m{% endmacro %}{% set n.m = m %}{{ n.m() }}": "m",
    '{% from "default:_log_line.html" import language with context %}{{ language(post) }}': "",
    '{% import "default:_log_line.html" as log with context %}{{ log.language(post) }}': "",
    '{% for p in [post]|groupby("kind") %}{{ p.grouper }}{{ p.list|length }}{% endfor %}': "post1",
    '{% set c = cycler("a", "b") %}{{ c.next() }}{{ c.next() }}{% set j = joiner() %}{{ j() }}{{ j() }}': "ab, ",
    "{% for a in [1, 2] %}{{ loop.cycle('x', 'y') }}{{ loop.changed(a) }}{% endfor %}": "xTrueyTrue",
    "{{ 'ñ'.encode('utf-8')|length }} {{ 'a,b'.split(',')|last }} {{ [1, 2].index(2) }}": "2 b 1",
    "{{ _('Archive') }} {% trans n=5 %}{{ n }} posts{% endtrans %}": "Archivo 5 posts",
    "{{ {'a': '<'}|xmlattr }} {{ {'a': 1}|urlencode }} {{ 'a b'|urlencode }}": ' a="&lt;" a=1 a%20b',
}


def test_honest_templates_do_what_they_did(rendered: tuple[Blog, list[Rendered]]) -> None:
    blog, asked = rendered
    here = page_of(asked, "post.html")
    for source, expected in HONEST.items():
        assert write_with(blog, here, source) == expected, source
    assert isinstance(write_with(blog, here, "{{ (post|content).body }}"), str | Markup)
