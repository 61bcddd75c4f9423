"""A site's own templates: over the shipped ones, live, in a sandbox, and never at a reader's cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import jinja2
import pytest
from blogs import Blog, post
from conftest import NewBlog
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from bitacora.library.library import Library
from bitacora.library.snapshot import Snapshot
from bitacora.settings import Operator
from bitacora.web.edition import Edition
from bitacora.web.theme import Theme

FILE = "posts/2018-07-17-x.md"
URL = "/2018/07/17/x/"
SECRET = "s" * 40


def with_template(new_blog: NewBlog, name: str, source: str, **environ: str) -> Blog:
    return new_blog({FILE: post("X", tags="[a]", author="Ana"), f"templates/{name}": source}, **environ)


def problems(blog: Blog) -> list[tuple[str, int, str]]:
    found = blog.get("/readyz", remote_addr="127.0.0.1").json["problems"]
    return [(problem["file"], problem["line"], problem["reason"]) for problem in found]


# --- overriding


def test_a_site_overrides_one_file_and_keeps_the_rest(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "post.html", "<h1>{{ post.title }}, a mi modo</h1>")
    assert blog.get(URL).text == "<h1>X, a mi modo</h1>"
    assert blog.get("/").words("h1") == ["El Blog"]


def test_a_template_may_extend_the_one_that_it_shadows(new_blog: NewBlog) -> None:
    source = '{% extends "default:post.html" %}{% block main %}<h2>Antes</h2>{{ super() }}{% endblock %}'
    page = with_template(new_blog, "post.html", source).get(URL)
    assert page.words("h1") == ["X"]
    assert page.words("h2") == ["Antes"]


def test_shipped_pages_use_the_site_s_base_and_partials(new_blog: NewBlog) -> None:
    base = '{% extends "default:base.html" %}{% block footer %}<footer>Fundación</footer>{% endblock %}'
    blog = with_template(new_blog, "base.html", base)
    blog.write("templates/_pagination.html", "")
    for path in (URL, "/", "/archive/", "/tag/a/", "/tags/", f"{URL}share/", "/nothing/"):
        assert blog.get(path).words("footer")[-1] == "Fundación", path


def test_a_template_is_live(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post("X")})
    usual = blog.get(URL).body
    for text in ("Uno", "Dos"):
        blog.write("templates/post.html", text)
        assert blog.get(URL).text == text
    blog.delete("templates/post.html")
    blog.get_until(200, URL, usual)


def test_templates_know_what_the_guide_promises(new_blog: NewBlog) -> None:
    source = """{{ site.title }}|{{ lang }}|{{ canonical }}|{{ noindex }}|{{ navigation[0].url }}|{{ feeds[0][1] }}
{{ post|summary }}|{{ (post|content).words }}|{{ post|minutes }}|{{ (post|picture).url }}|{{ post.extra.rating }}
{{ post.date|date }}|{{ post.date|date("short") }}|{{ post.date|isodate }}
{{ post.date|day }}|{{ post.date|month }}|{{ post.date|month_name }}|{{ post.date|year }}
{{ absolute("/a/") }}|{{ term_url("tag", post.tags[0]) }}|{{ _("Archive") }}"""
    head = {"tags": "[Ñu]", "image": "https://i.example/a.png", "rating": "5", "intro": '"a & b"'}
    blog = new_blog({FILE: post("X", "Dos palabras", **head), "templates/post.html": source})
    assert blog.get(URL).text.splitlines() == [
        "El Blog|es|https://blog.example.org/2018/07/17/x/|False|/archive/|/feed.xml",
        "a &amp; b|2|1|https://i.example/a.png|5",
        "17 de julio de 2018|17/7/18|2018-07-17T00:00:00-04:00",
        "17|jul|julio|2018",
        "https://blog.example.org/a/|/tag/%C3%B1u/|Archivo",
    ]


def test_what_cannot_be_encoded_is_replaced(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "post.html", '{{ "a\\ud800b" }}')
    assert blog.get(URL).text == "a?b"


def test_a_template_that_is_not_there_is_told_and_holds_nothing_back(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture
) -> None:
    files = {f"posts/2018-07-{day}-x.md": post("X", layout="wide") for day in (17, 18)}
    others = {"templates/wider.html": "Ancho", "templates/_part.html": "", "templates/base.txt": ""}
    blog = new_blog({**files, **others, "posts/2018-07-19-x.md": post("X", template="wider")})
    for _ in range(2):
        assert blog.get(URL).words("h1") == ["X"]
    details = blog.get("/readyz", remote_addr="127.0.0.1").json
    assert details["problems"] == []
    reason = 'There is no file "wide.html" in the site\'s templates, so it and 1 more look like any other.'
    assert details["remarks"] == [
        {
            "file": FILE,
            "line": 3,
            "column": 1,
            "reason": reason,
            "remedy": "Did you mean wider.html? There are: wider.html.",
        }
    ]
    assert [record.getMessage() for record in caplog.records if "wide.html" in record.getMessage()] == [
        f"{FILE}:3:1: {reason} Did you mean wider.html? There are: wider.html."
    ]
    checked = blog.app.test_cli_runner().invoke(args=["posts", "check", "--no-share"])
    assert checked.exit_code == 0
    assert checked.stdout.startswith(f'{FILE}:3:1: warning: There is no file "wide.html"')
    blog.write("templates/wide.html", "Ancho")
    assert blog.get(URL).text == "Ancho"
    assert blog.get("/readyz", remote_addr="127.0.0.1").json["remarks"] == []


# --- templates that break


def test_a_template_that_does_not_compile_keeps_its_last_good_version(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "post.html", "bueno {{ post.title }}")
    assert blog.get(URL).text == "bueno X"
    blog.write("templates/post.html", "malo\n\n{% if %}")
    assert blog.get(URL).text == "bueno X"
    [(file, line, reason)] = problems(blog)
    assert (file, line) == ("templates/post.html", 3)
    assert "Expected an expression" in reason


@pytest.mark.parametrize(
    "source",
    [
        "{% if %}",
        "{% block a %}",
        "{{ x|nofilter }}",
        "{% nothing %}",
        "{{ '",
        "{% for a in b %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "(" * 3000 + ")" * 3000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "-" * 5000 + "1 }}",
        "\0{{",
    ],
    ids=lambda source: source[:12],
)
def test_a_new_template_that_does_not_compile_is_left_out(new_blog: NewBlog, source: str) -> None:
    blog = with_template(new_blog, "post.html", source)
    assert blog.get(URL).words("h1") == ["X"]
    assert [file for file, _, _ in problems(blog)] == ["templates/post.html"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\n{{ 1 / 0 }}", 2),
        ("{{ post.nothing.at.all }}", 1),
        ("\n\n{{ post.title() }}", 3),
        ('{% extends "nowhere.html" %}', 1),
        ('\n{% include "nowhere.html" %}', 2),
        ('\n{% include "post.html" %}', 2),
        ("{% macro m() %}\n{{ m() }}\n{% endmacro %}\n{{ m() }}", 2),
        ("{{ range(99999999)|list }}", 1),
        ("{{ post.date|date('nonsense') }}{{ 1 + '' }}", 1),
    ],
)
def test_a_template_that_fails_is_replaced_by_the_shipped_one(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture, source: str, line: int
) -> None:
    blog = with_template(new_blog, "post.html", source)
    for _ in range(2):
        assert blog.get(URL).words("h1") == ["X"]
    assert [problem[:2] for problem in problems(blog)] == [("templates/post.html", line)]
    assert len([record for record in caplog.records if "The template fails" in record.getMessage()]) == 1


def test_a_template_that_a_post_chose_and_that_fails_is_replaced(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post("X", template="wide"), "templates/wide.html": "{{ 1 / 0 }}"})
    assert blog.get(URL).words("h1") == ["X"]
    assert [problem[:2] for problem in problems(blog)] == [("templates/wide.html", 1)]


def test_a_failing_partial_is_named_itself(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "_head.html", "\n\n{{ 1 / 0 }}")
    for path in ("/", URL, "/nothing/"):
        assert blog.get(path).words("h1"), path
    assert [problem[:2] for problem in problems(blog)] == [("templates/_head.html", 3)]


def test_a_mended_template_is_a_problem_no_more(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "post.html", "{{ 1 / 0 }}")
    blog.get(URL)
    assert problems(blog)
    blog.write("templates/post.html", "mejor")
    assert blog.get(URL).text == "mejor"
    assert not problems(blog)


def test_a_failing_feed_is_still_a_feed(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "feed.xml", "{{ 1 / 0 }}")
    assert blog.get("/feed.xml").xml.tag.endswith("}feed")


# --- the sandbox


ESCAPES = [
    "''.__class__.__mro__[1].__subclasses__()",
    "''.__class__.__base__.__subclasses__()",
    "().__class__.__bases__[0].__subclasses__()",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "cycler['__init__']['__globals__']",
    "(cycler|attr('__init__')|attr('__globals__'))['os']",
    "joiner.__init__.__globals__",
    "namespace.__init__.__globals__",
    "lipsum.__globals__",
    "lipsum['__globals__']['os'].popen('id').read()",
    "lipsum|attr('__globals__')",
    "dict.__class__",
    "post.__class__",
    "post.__class__.__init__.__globals__",
    "post.__dataclass_fields__",
    "post.date.__class__.__module__",
    "site.zone.__init__",
    "site.zone.__class__",
    "site.zone.__reduce__()",
    "site.__dict__",
    "site.__init__.__globals__",
    "static.__globals__",
    "static.__closure__",
    "static.__code__",
    "absolute.__closure__[0].cell_contents",
    "term_url.__globals__",
    "_.__globals__",
    "gettext.__closure__",
    "share.json_ld_text.__class__",
    "self.__init__.__globals__",
    "self._TemplateReference__context",
    "self.__dict__",
    "navigation[0].__class__",
    "feeds.__class__",
    "(post|content).body.__class__",
    "(post|content).body.format.__self__.__class__",
    "'{0.__class__.__init__.__globals__}'.format(post)",
    "('{0.__class__.__init__.__globals__}'|safe).format(post)",
    "'{x.__class__}'.format_map({'x': post})",
    "(post|picture).__class__",
    "[post]|map(attribute='__class__')|list",
    "[post]|groupby('__class__')",
    "[post]|sum(attribute='__class__')",
    "[post]|selectattr('__class__')|list",
    "post.extra.__class__",
    "''['__cl' ~ 'ass__']",
    "(static.__call__)",
    "(range.__self__)",
    "(''.join).__self__.__class__",
    "(e for e in ()).gi_frame",
]
SPOILS = [
    "feeds.append(1)",
    "feeds.clear()",
    "site.authors.clear()",
    "site.authors.update({'a': {}})",
    "site.redirects.pop('/a/')",
    "post.extra.update({'a': 1})",
    "share.json_ld.clear()",
    "navigation.sort()",
]


@pytest.mark.parametrize("expression", [*ESCAPES, *SPOILS])
def test_the_sandbox_lets_nothing_out(new_blog: NewBlog, expression: str) -> None:
    blog = with_template(new_blog, "post.html", "PRINTED{{ " + expression + " }}")
    page = blog.get(URL)
    printed = page.text.removeprefix("PRINTED")
    is_nothing = printed in {"", "[]", "[Undefined]"} or printed.startswith("[(Undefined, [Post(")
    assert is_nothing or page.words("h1") == ["X"], page.text[:300]
    assert blog.get("/feed.xml").status == 200


GROW = "{% set s = s ~ s %}"
TOO_MUCH = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{% if 'x' in 'y' * 9000000 %}{% endif %}{% endfor %}",
    "{% for a in range(999) recursive %}{% if loop.depth < 9 %}{{ loop(range(999)) }}{% endif %}{% endfor %}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "".join(
        f"{{% block b{n} %}}{{{{ self.b{n + 1}() }}}}{{{{ self.b{n + 1}() }}}}{{% endblock %}}" for n in range(60)
    )
    + "{% block b60 %}{% endblock %}",
    "{{ range(99999)|map('string')|map('list')|map('join', ',')|list|length }}" * 100,
    "{% set s = 'xxxxxxxxxxxxxxxxxxxx' %}" + GROW * 40,
    "{% set s = 'xxxxxxxxxxxxxxxxxxxx' %}" + "{% set s %}{{ s }}{{ s }}{% endset %}" * 40,
    "{% set s = ['x'] %}" + "{% set s = s + s %}" * 40,
    "{% set s = ['x'] %}" + "{% set s = [s, s] %}" * 40 + "{{ s }}",
    "{% set s = 'x' %}" + "{% set s = dict(a=s, b=s) %}" * 40 + "{{ s }}",
    "{{ 'x' * 10**9 }}",
    "{{ [1] * 10**9 }}",
    "{{ 9**(9**9) }}",
    "{{ 9999 * 10**9999 }}",
    "{{ 'x'|center(1000000000) }}",
    "{{ 'x'.ljust(1000000000) }}",
    "{{ 'x'['rjust'](1000000000) }}",
    "{{ '\\t\\t\\t\\t\\t\\t\\t\\t'.expandtabs(9000000) }}",
    "{{ (1).to_bytes(1000000000, 'big') }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 1000000000) }}",
    "{{ _('%(x)1000000000d', x=1) }}",
    "{{ post.date.strftime('%1000000000Y') }}",
    "{% set s = 'x' * 9000 %}{{ ('%(s)s' * 9000) % {'s': s} }}",
    "{% set s = 'x' * 9000 %}{{ ('{0}' * 9000).format(s) }}",
    "{% set s = 'x' * 9000 %}{{ s.join(s) }}",
    "{% set s = 'x' * 9000 %}{{ s|join(s) }}",
    "{% set s = 'x' * 9000 %}{{ s|replace('x', s) }}",
    "{% set s = 'x' * 9000 %}{{ s.replace('x', s) }}",
    "{% set s = 'x' * 9000 %}{{ s.translate({120: s}) }}",
    "{% set s = '\\n' * 9000 %}{{ s|indent(9000, blank=true) }}",
    "{{ [1]|batch(1000000000, 'x')|list }}",
    "{{ {}.fromkeys(range(0, 2305843009213693951 * 99999, 2305843009213693951)) }}",
    "{{ range(0, 9 * 10 ** 17 * 9, 10 ** 17) }}",
    "{{ '99999999999999999999'|int }}",
    "{% set n = 0 - 10 ** 18 - 10 ** 18 %}",
    "{% set z = [0] * 99999 %}" + "{% if 1 in z %}{% endif %}" * 250,
    "{% set z = [0] * 99999 %}" + "{% if 1 is in z %}{% endif %}" * 250,
    "{% set z = [0] * 99999 %}{% set y = z + [] %}{% if z" + " == y == z" * 900 + " %}{% endif %}",
    "{% set z = 'xy' * 400000 %}" + "{% set z = z[1:] %}" * 40,
    "{% set z = 'xy' * 400000 %}" + "".join(f"{{% set z{n} = z|upper %}}" for n in range(40)),
    "{{ ([[1]] * 9000)|sum(start=[]) }}",
    "{{ ('x' * 90000)|wordwrap(1) }}",
    "{{ ('<!---->' * 9000)|safe|striptags }}",
    "{{ (('<!---->' * 9000)|safe).striptags() }}",
    "{{ ('(' * 90000)|urlize }}",
]


@pytest.mark.parametrize("source", TOO_MUCH, ids=lambda source: source[:40])
def test_a_template_that_does_too_much_is_replaced(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr("bitacora.web.sandbox.MOST_SECONDS", 0.2)
    blog = with_template(new_blog, "post.html", source)
    for _ in range(2):
        assert blog.get(URL).words("h1") == ["X"]
    [(file, line, reason)] = problems(blog)
    assert (file, line) == ("templates/post.html", 1)
    said = "it (makes a|could make a|takes more than|has a field that is too wide)"
    assert re.match(f"The template fails: {said}", reason), reason


@pytest.mark.parametrize(
    "maker", ["{}.fromkeys([1])", "dict.fromkeys([1])", "dict([(1, 2)])", "namespace([(1, 2)])"]
)
def test_a_template_does_not_choose_what_hashes_alike(new_blog: NewBlog, maker: str) -> None:
    blog = with_template(new_blog, "post.html", f"{{{{ {maker} }}}}")
    assert blog.get(URL).words("h1") == ["X"]
    assert len(problems(blog)) == 1


def test_a_template_is_not_compiled_if_it_is_very_long(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "post.html", "x" * 100_001)
    assert blog.get(URL).words("h1") == ["X"]
    assert problems(blog) == [
        ("templates/post.html", 1, "The template fails: it has more than 100,000 characters.")
    ]


def test_a_template_that_did_too_much_is_not_tried_again_until_it_changes(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = with_template(new_blog, "post.html", "{{ 'x' * 10**9 }}")
    blog.get(URL)
    monkeypatch.setattr(jinja2.Environment, "select_template", lambda *_: pytest.fail("it was tried"))
    blog.write("posts/2018-07-18-y.md", post("Y"))
    assert blog.get("/2018/07/18/y/").words("h1") == ["Y"]
    monkeypatch.undo()
    blog.write("templates/post.html", "mejor")
    assert blog.get(URL).text == "mejor"


USUAL = """{% for a in range(3) recursive %}{{ loop.index }}/{{ loop.length }} {% else %}{% endfor %}
{{ "%05.1f|%s"|format(3.14159, "x") }} {{ "%d de %d" % (20180717, 3) }} {{ "{:>5}{}".format("a", 123456789) }}
{{ ["a", "b"]|join(", ") }} {{ "a" ~ 1 ~ none }} {{ 2 ** 10 * 5000 * 5000 }} {{ ("x" * 3)|center(9) }}|
{{ "a b c"|replace(" ", "-") }} {{ "x"|indent(4, true) }} {{ [3, 1, 2]|sort|map("string")|join }}
{% macro m(x) %}<b>{{ x }}{{ caller() if caller }}</b>{% endmacro %}{{ m("<") }}{% call m(1) %}y{% endcall %}
{% set l %}{{ "&" }}{% endset %}{{ l ~ "<" }} {{ 5000000|filesizeformat }} {{ ((1, 2), (3, 4))|map("last")|list }}
{{ ("palabra " * 20000)|truncate(20) }} {{ dict(a=1).a }} {{ dict({"a": 1}, b=2) }}
{% set n = namespace({"a": 1}, b=2) %}{% set n.b = 3 %}{{ n.a + n.b }}
{{ 1 < 2 < 3 }} {{ "a" in "abc" }} {{ 2 is in [1, 2] }} {{ "abc"[1:] }} {{ [1, 2]|sum }}
{{ 1 - 2 }} {{ 7 // 2 }} {{ [1, 2, 3, 4]|batch(3)|list }} {{ _("Archive") }}"""


def test_a_template_may_sort_posts_however_long_their_texts_are(new_blog: NewBlog) -> None:
    source = """{% for year in years %}{% for month in year.months %}
    {{- month.posts|sort(attribute="title")|map(attribute="title")|join(",") }}
    {%- endfor %}{% endfor %}"""
    titles = [f"Entrada {number:02}" for number in range(80)]
    posts = {f"posts/2018-07-17-{title[-2:]}.md": post(title, intro="x" * 15_000) for title in titles}
    blog = new_blog({"templates/archive.html": source, **posts})
    assert blog.get("/archive/").text == ",".join(titles)
    assert problems(blog) == []


def test_usual_templates_do_the_same_in_the_sandbox(new_blog: NewBlog) -> None:
    blog = with_template(new_blog, "post.html", USUAL)
    said = blog.get(URL).text
    assert said == with_template(new_blog, "post.html", USUAL, trust_templates="1").get(URL).text
    assert "1/3 2/3 3/3" in said
    assert problems(blog) == []


def test_the_sandbox_has_no_way_to_files(new_blog: NewBlog) -> None:
    for name in (
        "../site.toml",
        "../../site.toml",
        "/etc/passwd",
        "default:../site.toml",
        "site.toml",
        "posts/x.md",
    ):
        blog = with_template(new_blog, "post.html", f'{{% include "{name}" %}}')
        assert blog.get(URL).words("h1") == ["X"], name


def test_the_operator_may_trust_the_templates(new_blog: NewBlog) -> None:
    source = "{{ post.__class__.__name__ }}"
    blog = with_template(new_blog, "post.html", source, trust_templates="1")
    assert blog.get(URL).text == "Post"


def test_what_templates_are_given_leads_to_nothing_private(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Walks all that the sandbox lets a template reach from what each page hands to it."""
    given: list[Mapping[str, object]] = []
    render = jinja2.Template.render
    monkeypatch.setattr(
        jinja2.Template, "render", lambda self, context: given.append(context) or render(self, context)
    )
    files = {
        FILE: post("X", "![a](a.png)", tags="[a]", category="C", author="Ana", single_image="[{img: a.png}]"),
        "posts/a.png": b"p",
        "posts/2018-07-16-draft.md": post("BORRADOR", "BORRADOR", draft="true"),
        "posts/2099-01-01-later.md": post("BORRADOR", "BORRADOR"),
        "templates/mine.html": "",
    }
    blog = new_blog(files, status_token=SECRET, secret_key=SECRET, hook_secret=SECRET, derived_cache="memory")
    for path in (
        "/",
        URL,
        f"{URL}share/",
        "/archive/",
        "/tags/",
        "/tag/a/",
        "/author/ana/",
        "/feed.xml",
        "/sitemap.xml",
        "/no/",
    ):
        blog.get(path)
    sandbox = ImmutableSandboxedEnvironment()
    environment = blog.parts.theme._environment_for(blog.parts.library.snapshot().templates, ["mine.html"])
    assert len(given) == 12  # the share page asks for robots.txt and the icon as well
    seen: set[int] = set()
    for context in [*given, environment.globals]:
        for path, value in reachable(sandbox, context, "", seen, 0):
            assert not isinstance(value, Library | Theme | Snapshot | Edition | Operator | Blog), path
            assert SECRET not in str(value), path
            assert "BORRADOR" not in str(value), path


def reachable(sandbox: Any, value: Any, path: str, seen: set[int], depth: int) -> Iterator[tuple[str, Any]]:
    if id(value) in seen or depth > 7 or isinstance(value, str | int | float | bool | None | date):
        if isinstance(value, str):
            yield path, value
        return
    seen.add(id(value))
    yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from reachable(sandbox, item, f"{path}[{key!r}]", seen, depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value[:5]):
            yield from reachable(sandbox, item, f"{path}[{number}]", seen, depth + 1)
    for name in dir(value):
        if isinstance(value, Markup) or not sandbox.is_safe_attribute(value, name, None):
            continue
        try:
            item = getattr(value, name)
        except (AttributeError, TypeError, ValueError, NotImplementedError):
            continue
        yield from reachable(sandbox, item, f"{path}.{name}", seen, depth + 1)


def test_a_body_that_cannot_be_shown_takes_down_its_post_and_nothing_else(new_blog: NewBlog) -> None:
    huge = "[a]: /" + "x" * 60_000 + "\n\n" + "[a] " * 3_000
    blog = with_template(new_blog, "mine.html", "")
    blog.write("posts/2018-07-18-huge.md", post("Enorme", huge))
    home = blog.get("/")
    assert home.status == 200
    if problems(blog):
        assert blog.get("/2018/07/18/huge/").status == 404
    assert blog.get("/feed.xml").status == 200
