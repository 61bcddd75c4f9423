"""A site's own templates, and what editors write where a template engine could take it for its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from contextvars import copy_context
from html import unescape
from pathlib import Path
from typing import Any

import jinja2
import pytest
from blogs import Blog, post
from conftest import NewBlog
from jinja2.sandbox import ImmutableSandboxedEnvironment
from server import ROOT

SECRET = "zzevilzz" * 5
SECRETS = dict.fromkeys(("secret_key", "hook_secret", "status_token", "forge_token"), SECRET)
FILE = "posts/2018-07-17-x.md"
URL = "/2018/07/17/x/"
LEAKS = re.compile(
    r"<(?:class|module|function|bound method|built-in|property|slot wrapper|method|frame|code)\b|__\w+__"
    r"|0x[0-9a-f]{6}|\bat 0x|Traceback|NoneType|root:|mappingproxy|zzevilzz"
)
"""What only the inside of the program says."""
Render = Callable[[str], str]


def probing(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, probe: Callable[[Render, Any, Any], None]) -> Blog:
    """A blog whose page of a post has been probed by what renders a source where a site's own template would run.

    The error of a source is its text. `probe` is also given the environment, and what the page hands to templates.
    """
    found: list[tuple[Any, Any, Any]] = []
    render = jinja2.Template.render

    def inside(self: jinja2.Template, context: Mapping[str, Any]) -> str:
        if "post" in context:
            found.append((self.environment, context, copy_context()))
        return render(self, context)

    monkeypatch.setattr(jinja2.Template, "render", inside)
    head = {"tags": "[a]", "categories": "[b]", "authors": "[Ana]", "intro": "Intro", "extra_key": "x"}
    files = {FILE: post("X", "Texto.", **head), "templates/post.html": "{% extends 'default:post.html' %}"}
    blog = new_blog(files, derived_cache="memory", **SECRETS)
    assert blog.get(URL).status == 200
    environment, context, moment = found[0]

    def rendered(source: str) -> str:
        try:
            with getattr(environment, "budget", nullcontext)():
                return str(moment.run(render, environment.from_string(source), context))
        except Exception as error:  # noqa: BLE001 - which one a template raises is not the question
            return f"refused: {type(error).__name__}: {error}"

    probe(rendered, environment, context)
    return blog


SOURCES = (
    "{{ 7*191 }}",
    "{% print 7*191 %}",
    "{{ config }}",
    "{{ self }}",
    "#{7*191}",
    "${7*191}",
    "<%= 7*191 %>",
    "{{= 7*191 }}",
)
HEAD = (
    "title", "intro", "description", "tags", "categories", "authors", "share_title", "share_message", "slug",
    "permalink", "translation_key", "image", "image_alt", "image_caption", "aliases", "share_image", "unknown_key",
)  # fmt: skip


@pytest.mark.advisory(7, "CVE-2026-28425")
def test_nothing_that_an_editor_types_is_a_template(new_blog: NewBlog) -> None:
    """CVE-2026-28425 (Statamic): the template language ran in values that editors type.

    No value of a head, a body, a name or the settings is computed, and no code makes a template of a text.
    """
    files: dict[str, str | bytes] = {}
    for number, source in enumerate(SOURCES):
        for key in HEAD:
            said = f"a {source}"  # alone it is held back as the template of an editor
            line = json.dumps([said] if key in {"tags", "categories", "authors", "aliases"} else said)
            name = f"posts/2018-07-17-{number}-{key.replace('_', '')}.md"
            files[name] = f"---\n{key}: {line}\n---\na {source} b `{source}`\n"
    files["posts/2018-07-16-{{ 7*191 }}.md"] = post("X")
    files["pages/{{ 7*191 }}.md"] = files["static/{{ 7*191 }}.txt"] = post("X")
    label = json.dumps(SOURCES[0])
    settings = (
        f"description = {label}\nauthor = {label}\nnavigation = [{{ label = {label}, url = '/{{{{7*191}}}}' }}]\n"
    )
    blog = new_blog(files, settings=settings)
    here = blog.parts.library.snapshot()
    subjects = [
        f"/{kind}/{slug}/" for kind in ("tag", "author", "category") for slug in getattr(here, _PLURAL[kind])
    ]
    lists = (
        "/",
        "/tags/",
        "/authors/",
        "/categories/",
        "/feed.xml",
        "/sitemap.xml",
        "/archive/",
        "/{{7*191}}",
        "/robots.txt",
    )
    assert len(here.by_url) > len(SOURCES) * (len(HEAD) - 4)
    for path in [*lists, *subjects, *list(here.by_url)[::3], f"{here.posts[0].url}share/"]:
        assert "1337" not in blog.get(path).text, path
    makes = re.compile(
        r"from_string|render_template_string|compile_expression|jinja2\.Template\(|NativeEnvironment"
    )
    found = [path for path in (ROOT / "bitacora").rglob("*.py") if makes.search(path.read_text())]
    assert found == []


_PLURAL = {"tag": "tags", "author": "authors", "category": "categories"}

NAMES = (
    "site", "config", "request", "g", "session", "self", "post", "share", "lang", "navigation", "feeds",
    "share_links", "canonical", "cycler", "joiner", "namespace", "dict", "range", "static", "absolute", "term_url",
    "_", "gettext", "ngettext", "url_for", "get_flashed_messages", "current_app", "app", "environ", "operator",
    "blog", "edition", "loop", "context", "caller", "notice",
)  # fmt: skip
FILTERS = (
    "", "|pprint", "|tojson", "|urlencode", "|string", "|list", "|dictsort", "|items|list", "|xmlattr",
    "|attr('__dict__')", "|attr('_asdict')", "|map(attribute='__class__')|list", "|groupby('__class__')|list",
    "|sort(attribute='secret_key')", "|e", "|safe", "|join(',')", "|first", "|last", "|format", "|length",
    "|batch(2)|list", "|selectattr('secret_key')|list", "|sum(attribute='secret_key')",
    "|unique(attribute='__class__')|list", "|default('')|string|reverse", "|forceescape", "|indent", "|center(90)",
    "|wordwrap(9)", ".__dict__", "['__dict__']", ".secret_key", ".__init__.__globals__", ".operator",
    ".items()|list", "|map('pprint')|list",
)  # fmt: skip


@pytest.mark.advisory(9, "GHSA-mc5q-6hpj-rp7j", "GHSA-j274-39qw-32c9", "GHSA-3f29-pqwf-v4j4")
def test_no_filter_dumps_what_the_operator_set(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """GHSA-mc5q-6hpj-rp7j, GHSA-j274-39qw-32c9, GHSA-3f29-pqwf-v4j4 (Grav): a filter dumped `config`."""
    told: dict[str, str] = {}

    def probe(rendered: Render, *_: Any) -> None:
        for name in NAMES:
            for filtered in FILTERS if rendered(f"{{{{ {name} is defined }}}}") == "True" else FILTERS[:2]:
                told[f"{name}{filtered}"] = rendered(f"{{{{ {name}{filtered} }}}}")
        assert rendered("{{ site.title|tojson }}") == '"El Blog"'  # it was not the budget that refused

    blog = probing(new_blog, monkeypatch, probe)
    private = (SECRET, SECRET[::-1], str(blog.root), str(blog.root.parent), "CACHE_DIR")
    assert [source for source, text in told.items() if any(one in text for one in private)] == []
    assert sum(not text.startswith("refused") for text in told.values()) > len(told) // 5


HOSTILE = (
    "{{ '{0.__class__}'|attr('format')(post) }}", "{{ '{0.__class__.__mro__}'.format(post) }}",
    "{{ '{a.__class__}'.format_map({'a': post}) }}", "{{ '{a.__class__}'|attr('format_map')({'a': post}) }}",
    "{% set f = '{0.__class__}'.format %}{{ f(post) }}", "{{ [post]|map('{0.__class__}'.format)|list }}",
    "{% set f = '{0.__class__}'|attr('format') %}{{ [post]|map(f)|list }}", "{{ '{0[__class__]}'.format(post) }}",
    "{% macro m(f) %}{{ f(post) }}{% endmacro %}{{ m('{0.__class__}'.format) }}",
    "{{ dict(f='{0.__class__}'.format).f(post) }}", "{{ ('{0.__class__}'|safe).format(post) }}",
    "{{ ('{0.__class__}'|escape)|attr('format')(post) }}", "{{ namespace(f='{0.__class__}'.format).f(post) }}",
    "{{ ['{0.__class__}']|map('format', post)|list }}", "{{ '%r'|format(post.__class__) }}",
    "{{ ['{0.__class__}'.format]|map('call', post)|list }}", "{{ '{0.__init__.__globals__}'.format(static) }}",
    "{{ post|attr('__class__') }}", "{{ post|attr(['__cla', 'ss__']|join) }}",
    "{{ [post]|map('attr', '__class__')|list }}", "{{ post|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ [post]|map(attribute='__class__.__mro__')|list }}", "{{ [static]|map(attribute='__globals__')|list }}",
    "{{ '{0.f_globals}'.format(static) }}",
)  # fmt: skip
XMLATTR = (
    "{{ {'a onmouseover=alert(1)': 1}|xmlattr }}", "{{ {'a/onmouseover=alert(1)': 1}|xmlattr }}",
    "{{ {'a>': 1}|xmlattr }}", "{{ {'a=b': 1}|xmlattr }}", "{{ {'a\\tb': 1}|xmlattr }}",
    "{{ {'a\\nb': 1}|xmlattr }}", "{{ {'a\\x0cb': 1}|xmlattr }}",
)  # fmt: skip


def shown(rendered: Render, sources: tuple[str, ...]) -> list[tuple[str, str]]:
    """The sources that are not refused and show something of the inside."""
    told = ((source, rendered(source)) for source in sources)
    return [
        (source, text) for source, text in told if not text.startswith("refused") and LEAKS.search(unescape(text))
    ]


@pytest.mark.advisory(11, "CVE-2025-27516", "CVE-2024-56326", "CVE-2024-34064")
def test_no_format_and_no_attribute_leaves_the_sandbox(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2025-27516, CVE-2024-56326 (Jinja): `|attr` and a stored `str.format`. CVE-2024-34064: `xmlattr`."""

    def probe(rendered: Render, *_: Any) -> None:
        assert shown(rendered, HOSTILE) == []
        assert rendered("{{ '{0}-{1:03}'.format(post.title, 7) }}") == "X-007"
        assert [source for source in XMLATTR if not rendered(source).startswith("refused: ValueError")] == []
        assert rendered("{{ {'a': '\">'}|xmlattr }}") == ' a="&#34;&gt;"'

    probing(new_blog, monkeypatch, probe)


WALLS = (
    "{{ self._TemplateReference__context }}", "{{ self.__init__.__globals__ }}",
    "{{ joiner.__init__.__globals__ }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ namespace.__init__.__globals__ }}", "{{ lipsum.__globals__ }}", "{{ range.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ [].__class__.__base__ }}", "{{ ().__class__ }}",
    "{{ {}.__class__ }}", "{{ static.__globals__ }}", "{{ static.__closure__ }}", "{{ static.__code__ }}",
    "{{ static.func_globals }}", "{{ _.__wrapped__ }}", "{{ gettext.__globals__ }}",
    "{{ [1]|sort(attribute='__class__') }}", "{{ ['id']|map('system')|list }}",
    "{{ ['id']|select('system')|list }}", "{{ [post]|groupby('__class__') }}",
    "{{ [post]|sum(attribute='__class__') }}", "{{ [post]|min(attribute='__class__') }}",
    "{{ [post]|selectattr('__class__')|map(attribute='__class__')|list }}", "{{ post['__class__'] }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{% set x = post.__class__ %}{{ x }}", "{{ caller.__globals__ }}", "{{ loop.__class__ }}",
    "{{ varargs.__class__ }}", "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func }}", "{% macro m() %}{% endmacro %}{{ m._environment }}",
    "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
    "{% for x in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}", "{{ none.__class__ }}", "{{ post.mro() }}",
    "{% import 'base.html' as b %}{{ b.__class__ }}", "{% import 'base.html' as b %}{{ b._body_stream }}",
    "{% import 'base.html' as b %}{{ b.__dict__ }}", "{% include '../site.toml' %}", "{% include '/etc/passwd' %}",
    "{% extends '/etc/passwd' %}", "{% import 'os' as os %}{{ os }}", "{% from 'default:../app.py' import x %}",
    "{% include ['default:../site.toml', 'default:/etc/passwd'] %}", "{{ undefined_name.__class__ }}",
    "{{ undefined_name._undefined_exception }}", "{{ post._make([]) }}", "{{ post._replace.__func__ }}",
    "{{ post.title.__init_subclass__ }}", "{% do 1 %}", "{% debug %}", "{{ context.environment }}", "{{ print }}",
    "{{ environment.globals }}", "{{ super.__class__ }}", "{{ [1]|map('upper').gi_frame.f_globals }}",
    "{{ open }}", "{{ ([1]|map('upper'))|attr('gi_frame') }}", "{{ post.title.__dir__() }}",
    "{{ ([1]|batch(1))|attr('gi_code') }}", "{% trans x=post.__class__ %}{{ x }}{% endtrans %}",
    "{{ _('%(x)s', x=post.__class__) }}", "{{ '%s' % post.__class__ }}", "{{ _('%(__class__)s') }}",
    "{{ gettext('{0.__class__}', post) }}", "{{ ''|default(post.__class__) }}",
    "{% autoescape false %}{{ post.__class__ }}{% endautoescape %}",
    "{% with x = post.__class__ %}{{ x }}{% endwith %}", "{{ __import__('os') }}", "{{ __builtins__ }}",
    "{{ [].append.__self__.__class__ }}", "{{ ''.join.__class__ }}",
)  # fmt: skip


@pytest.mark.advisory(13, "CVE-2026-46627", "CVE-2026-47732")
def test_no_hostile_template_finds_a_way_through_the_walls(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-46627 to CVE-2026-47732 (Twig): thirteen ways out of its sandbox, in the terms of Jinja."""

    def probe(rendered: Render, environment: Any, _: Any) -> None:
        assert isinstance(environment, ImmutableSandboxedEnvironment)
        assert shown(rendered, WALLS) == []
        assert rendered("{{ post.title }}") == "X"

    probing(new_blog, monkeypatch, probe)


FILE_NAMES = (
    "a'b.html", 'a"b.html', "a\\'b.html", "{{7*191}}.html", "{%x%}.html", "'+open('PWNED','w').name+'.html",
    '"""+x+""".html', "%s%(x)s.html", "f'{7*191}'.html", "a{__import__('os').mkdir('PWNED')}b.html",
    "\\N{DIGIT ONE}.html", "#{x}.html", "a\nimport os\nos.mkdir('PWNED')\n.html", "a\r\nX: y.html", "\u2028x.html",
    "name.html\u202e", "..html", "...html", "default:post.html", "<script>.html",
)  # fmt: skip


@pytest.mark.advisory(12, "CVE-2024-56201")
def test_no_name_of_a_template_becomes_code(
    new_blog: NewBlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2024-56201 (Jinja): the name of a template's file was compiled into Python."""
    monkeypatch.chdir(tmp_path)
    listed = ", ".join(map(repr, FILE_NAMES))
    source = f"{{% for name in [{listed}] %}}{{% include name ignore missing %}}{{% endfor %}}bien"
    files: dict[str, str | bytes] = {FILE: post("X"), "templates/post.html": source}
    for number, name in enumerate(FILE_NAMES):
        files[f"templates/{name}"] = "{{ 1 }}" if number % 2 else "{% include 'x' ignore missing %}{{ x.y.z }}"
        files[f"templates/broken-{name}"] = "{% if %}"
        files[f"posts/2018-07-16-{number}.md"] = post("X", template=json.dumps(name))
    blog = new_blog(files)
    here = blog.parts.library.snapshot()
    assert {"a'b.html", "{{7*191}}.html"} <= set(here.templates)
    for path in here.by_url:
        answer = blog.get(path)
        assert (answer.status, "1337" in answer.text) == (200, False)
    for name in FILE_NAMES:
        for kind in (
            "{{% include {} %}}",
            "{{% import {} as x %}}",
            "{{% extends {} %}}",
            "{{% from {} import x %}}",
        ):
            blog.parts.theme.check(name, kind.format(repr(name)))
    assert [path.name for path in tmp_path.rglob("PWNED")] == []
    assert [name for name in here.templates if not name.isprintable()] == []
    assert [str(problem) for problem in here.problems if "\n" in str(problem)] == []
