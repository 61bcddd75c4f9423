"""Settings: what each may be, and what is said when it is something else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest

from bitacora.posts.permalink import PLACEHOLDERS, STYLES
from bitacora.settings import (
    NETWORKS,
    PERMALINK_PLACEHOLDERS,
    PERMALINK_STYLES,
    Operator,
    SettingError,
    Site,
    foreign_variables,
    is_link,
    local_url,
    read_operator,
    read_port,
    read_site,
)

HERE = Path("/srv/blog")
SECRET = "s3cr3t" * 6


def operator(**environ: str) -> Operator:
    return read_operator({f"BITACORA_{name.upper()}": value for name, value in environ.items()}, HERE)


# --- site.toml


def test_an_empty_file_is_a_site_of_defaults() -> None:
    site = read_site("", {}, 9000)
    assert (site.title, site.language, site.languages, site.timezone) == ("Bitácora", "es", ("es",), "UTC")
    assert (site.url, site.per_page, site.share, site.html) == ("http://127.0.0.1:9000", 10, NETWORKS, "safe")
    assert site == Site(url=local_url(9000), languages=("es",))


def test_a_time_zone_is_one_that_python_knows_whatever_else_lies_beside_them() -> None:
    """Folders, lists and the second and third copy of all zones lie there as well."""
    others = ("", ".", "..", "America", "America/", "America//Santiago", "./UTC", "/usr/share/zoneinfo/UTC")
    others += ("posix/UTC", "right/UTC", "posixrules", "zone.tab", "tzdata.zi", "zones", "utc\0", "x" * 5_000, "ñ")
    known = available_timezones()
    assert {name for name in (*known, *others) if is_zone(name)} == known


def is_zone(name: str) -> bool:
    try:
        return read_site(f"timezone = {json.dumps(name)}", {}).timezone == name
    except SettingError:
        return False


GOOD: list[tuple[str, str, Any]] = [
    ("title", '"El Blog"', "El Blog"),
    ("title", '"  El\\n  Blog "', "El Blog"),
    ("description", '""', ""),
    ("url", '"https://blog.example.org/"', "https://blog.example.org"),
    ("url", '"http://127.0.0.1:8000"', "http://127.0.0.1:8000"),
    ("url", '"https://[::1]:8000"', "https://[::1]:8000"),
    ("url", '"https://ñandú.example"', "https://ñandú.example"),
    ("language", '"pt-BR"', "pt-BR"),
    ("languages", '["es", "pt", "es"]', ("es", "pt")),
    ("languages", '"es, pt"', ("es", "pt")),
    ("timezone", '"America/Santiago"', "America/Santiago"),
    ("author", '"Ana"', "Ana"),
    ("authors", "{ a = { name = 'A', url = 'https://a.example' } }", {"a": {"name": "A", "url": "https://a.example"}}),
    ("navigation", '[{ label = "A", url = "/a/" }, { label = "B", url = "http://b" }]', (("A", "/a/"), ("B", "http://b"))),
    ("navigation", "[]", ()),
    ("redirects", '{ "/a b/" = "/ñ/?x=1#y", "/c" = "https://d.example/" }', {"/a%20b/": "/%C3%B1/?x=1#y", "/c": "https://d.example/"}),
    ("redirects", '{ "/%C3%B1/" = "/%c3%b1/x" }', {"/%C3%B1/": "/%c3%b1/x"}),
    ("redirects", '{ "/ñ?p=á&q=%20" = "/b/" }', {"/%C3%B1?p=%C3%A1&q=%20": "/b/"}),
    ("accent", '"#0a5F63"', "#0a5F63"),
    ("accent", '""', ""),
    ("logo", '"logo.png"', "logo.png"),
    ("card", '"ink"', "ink"),
    ("permalink", '"/:categories/:title/"', "/:categories/:title/"),
    ("permalink", '"/:slug_:year/"', "/:slug_:year/"),
    ("permalink", '"ordinal"', "ordinal"),
    ("per_page", "500", 500),
    ("per_page", '"7"', 7),
    ("naive_dates", '"utc"', "utc"),
    ("html", '"trusted"', "trusted"),
    ("explicit", "true", True),
    ("embeds", '["Tube.example", "a-b.example"]', ("tube.example", "a-b.example")),
    ("share", '["email", "x"]', ("email", "x")),
    ("share", "[]", ()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "toml", "value"), GOOD)
def test_a_good_value_is_read(name: str, toml: str, value: Any) -> None:
    assert getattr(read_site(f"{name} = {toml}", {}), name) == value


BAD = [
    ("title", "5", "text in quotes"),
    ("title", '""', "not empty"),
    ("title", '"a\\u0007b"', "without control characters"),
    ("description", "['a']", "text in quotes"),
    ("url", '"blog.example.org"', "like https://blog.example.org"),
    ("url", '"ftp://blog.example.org"', "like https://blog.example.org"),
    ("url", '"https://"', "like https://blog.example.org"),
    ("url", '"https://user@blog.example.org"', "like https://blog.example.org"),
    ("url", '"https://blog.example.org?x"', "like https://blog.example.org"),
    ("url", '"https://blog.example.org#x"', "like https://blog.example.org"),
    ("url", '"https://blog example.org"', "like https://blog.example.org"),
    ("url", '"https://blog.example.org:99999"', "like https://blog.example.org"),
    ("url", '"https://[bad"', "like https://blog.example.org"),
    ("url", "'https://a.example/\"><script>'", "like https://blog.example.org"),
    ("language", '"español"', "a language tag"),
    ("language", '"es_CL"', "a language tag"),
    ("languages", "[5]", "a list of texts"),
    ("languages", '["es", ""]', "a language tag"),
    ("timezone", '"Marte/Olympus"', "America/Santiago"),
    ("timezone", '"../../etc/passwd"', "America/Santiago"),
    ("authors", '["ana"]', "tables"),
    ("authors", "{ ana = { nombre = 'Ana' } }", "tables"),
    ("authors", "{ ana = { name = 5 } }", "tables"),
    ("authors", "{ ana = { url = 'javascript:alert(1)' } }", "https://"),
    ("navigation", '["a"]', "a list like"),
    ("navigation", '[{ label = "A" }]', "a list like"),
    ("navigation", '[{ label = 5, url = "/" }]', "a list like"),
    ("navigation", '[{ label = "A", url = "javascript:alert(1)" }]', "begins with / or https://"),
    ("navigation", '[{ label = "A", url = "//evil.example" }]', "begins with / or https://"),
    ("redirects", '["/a/"]', "a table"),
    ("redirects", '{ "a" = "/b/" }', "begin with /"),
    ("redirects", '{ "/a/#b" = "/b/" }', "begin with /"),
    ("redirects", '{ "/a/" = "b" }', "begin with /"),
    ("redirects", '{ "/a/" = "//evil.example/" }', "begin with /"),
    ("redirects", '{ "/a/" = "/\\\\evil.example/" }', "begin with /"),
    ("redirects", '{ "/a/" = "/b\\r\\nSet-Cookie: x=1" }', "begin with /"),
    ("accent", '"red"', "#0a5f63"),
    ("accent", '"#0a5f63; }"', "#0a5f63"),
    ("card", '"paper "x', "not TOML"),
    ("card", '"linen"', "paper, ink"),
    ("permalink", '":slug"', "one of date"),
    ("permalink", '"/fixed/"', "one of date"),
    ("permalink", '"//:slug/"', "one of date"),
    ("permalink", '"/:yeer/:slug/"', ":year"),
    ("per_page", "0", "1 to 500"),
    ("per_page", "501", "1 to 500"),
    ("per_page", "true", "1 to 500"),
    ("per_page", "2.5", "1 to 500"),
    ("per_page", '"' + "9" * 5000 + '"', "1 to 500"),
    ("naive_dates", '"local"', "site, utc"),
    ("html", "true", "safe, trusted"),
    ("embeds", '["https://tube.example"]', "host names"),
    ("embeds", '["tube.example; script-src *"]', "host names"),
    ("embeds", '["a\\nb"]', "host names"),
    ("share", '["myspace"]', "whatsapp"),
    ("titel", '"x"', "title"),
]


@pytest.mark.parametrize(("name", "toml", "allowed"), BAD, ids=lambda text: text[:30])
def test_a_bad_value_is_refused_with_a_sentence(name: str, toml: str, allowed: str) -> None:
    with pytest.raises(SettingError) as error:
        read_site(f"# a comment\n\n{name} = {toml}\n", {})
    said = str(error.value)
    assert allowed in said
    assert len(said.splitlines()) == 1
    assert len(said) < 900
    if "TOML" not in allowed:
        assert said.startswith(f"{name} = ")
        assert (error.value.name, error.value.line) == (name, 3)


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("title = ", 1),
        ('a = 1\n\n= "x"', 3),
        ("title = 'a'\ntitle = 'b'", 2),
        ("x = " + "[" * 5000, 1),
        ("x = " + "9" * 5000, 1),
        ("date = 2018-02-30", 1),
        ('title = "\\q"', 1),
        ("\n" + "a." * 2_000 + "b = 1", 2),
        ("[" + "a . " * 2_000 + "b]", 1),
        ("title = 'a'\nauthors = {" + "'é'.\"a\"." * 1_000 + "b = 1}", 2),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_toml_is_refused(toml: str, line: int) -> None:
    with pytest.raises(SettingError) as error:
        read_site(toml, {})
    assert re.match(
        r"The file (is not TOML here: .+|has (values that are too deep or too long|a key of too many parts))\. ",
        str(error.value),
    )
    assert str(error.value).endswith('Write lines like title = "My blog".')
    assert "(at " not in str(error.value)
    assert error.value.place == f"site.toml:{line}:1: "


def test_the_environment_overrides_simple_values() -> None:
    environ = {
        "BITACORA_TITLE": "Otro",
        "BITACORA_LANGUAGES": "es,pt",
        "BITACORA_PER_PAGE": "3",
        "BITACORA_URL": "https://otro.example",
        "BITACORA_DESCRIPTION": "",
    }
    site = read_site("title = 'Uno'\ndescription = 'Se queda'\nper_page = 5", environ)
    assert (site.title, site.languages, site.per_page, site.url) == (
        "Otro",
        ("es", "pt"),
        3,
        "https://otro.example",
    )
    assert site.description == "Se queda"  # an empty variable is an absent one


def test_an_error_in_the_environment_names_the_variable() -> None:
    with pytest.raises(
        SettingError, match=re.escape("BITACORA_PER_PAGE = 'ten' is not allowed: it must be a whole")
    ):
        read_site("", {"BITACORA_PER_PAGE": "ten"})


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(SettingError) as error:
        read_site(f"accent = '{'red ' * 5000}'", {})
    assert len(str(error.value)) < 400


def test_a_site_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Site().title = "x"  # type: ignore[misc]


# --- the operator


def test_the_operator_s_defaults() -> None:
    found = operator()
    assert found == Operator(site=HERE)
    assert (found.watch, found.derived_cache, found.trusted_hosts, found.s_maxage) == ("auto", "file", (), 0)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("site", "/srv/x/../y", Path("/srv/y")),
        ("watch", "poll", "poll"),
        ("watch", " inotify ", "inotify"),
        ("derived_cache", "memory", "memory"),
        ("derived_cache", "redis://host:6379/0", "redis://host:6379/0"),
        ("derived_cache", "redis://host", "redis://host"),
        ("derived_cache", "rediss://u:p@host/15?ssl_cert_reqs=none", "rediss://u:p@host/15?ssl_cert_reqs=none"),
        ("derived_cache", "memcached://host", "memcached://host"),
        ("cache_dir", "/var/cache/b", Path("/var/cache/b")),
        ("trusted_hosts", "a.example, B.example,", ("a.example", "b.example")),
        ("trusted_hosts", "[::1],10.0.0.1", ("[::1]", "10.0.0.1")),
        ("trust_proxy", "2", 2),
        ("s_maxage", "86400", 86400),
        ("derived_mb", "64", 64),
        ("secret_key", SECRET, SECRET),
        ("trust_templates", "yes", True),
        ("trust_templates", "0", False),
        ("log", "json", "json"),
        ("log", "", "text"),
    ],
)
def test_a_good_operator_setting_is_read(name: str, text: str, value: object) -> None:
    assert getattr(operator(**{name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("watch", "often", "auto, inotify, poll"),
        ("derived_cache", "mysql://host", "memcached://host"),
        ("derived_cache", "redis://host:99999/0", "redis://host:port/0"),
        ("derived_cache", "redis://[::1/0", "redis://host:port/0"),
        ("derived_cache", "redis://host/x", "number of the database"),
        ("derived_cache", "rediss://host/1/2", "number of the database"),
        ("derived_cache", "redis://host/-1", "number of the database"),
        ("derived_cache", "redis://host?db=x", "number of the database"),
        ("derived_cache", "memcached://", "memcached://host:port"),
        ("derived_cache", "memcached://host:port", "memcached://host:port"),
        ("trusted_hosts", "https://a.example", "without scheme"),
        ("trusted_hosts", "a.example:8000", "without scheme and port"),
        ("trust_proxy", "10", "0 to 9"),
        ("s_maxage", "1 day", "0 to 86400"),
        ("derived_mb", "63", "64 to 1000000"),
        ("s_maxage", "٣", "0 to 86400"),
        ("trust_templates", "maybe", "1 or 0"),
        ("log", "xml", "text, json"),
        ("secret_key", "short", "at least 32 bytes"),
        ("titel", "x", "unset"),
    ],
)
def test_a_bad_operator_setting_is_refused_with_a_sentence(name: str, text: str, allowed: str) -> None:
    with pytest.raises(SettingError) as error:
        operator(**{name: text})
    assert str(error.value).startswith(f"BITACORA_{name.upper()} = ")
    assert allowed in str(error.value)


@pytest.mark.parametrize(
    "name", ["secret_key", "hook_secret", "status_token", "derived_cache", "secretkey", "token"]
)
@pytest.mark.parametrize("value", ["redis:/u:geheim@host", "geheim"])
def test_a_secret_is_never_shown(name: str, value: str) -> None:
    with pytest.raises(SettingError) as error:
        operator(**{name: value})
    assert "geheim" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("BITACORA_TITEL", "BITACORA_TITLE"), ("BITACORA_S_MAX_AGE", "BITACORA_S_MAXAGE")]
)
def test_a_misspelt_variable_is_told_the_right_one(typed: str, meant: str) -> None:
    with pytest.raises(SettingError, match=rf"no setting has this name \(is {meant} meant\?\)\.$"):
        read_operator({typed: "x"}, HERE)


def test_variables_that_resemble_no_setting_are_others_and_named() -> None:
    """Kubernetes makes these for a service called bitacora."""
    made = {
        "BITACORA_SERVICE_HOST": "10.0.0.1", "BITACORA_SERVICE_PORT": "80", "BITACORA_PORT": "tcp://10.0.0.1:80",
        "BITACORA_PORT_80_TCP": "tcp://10.0.0.1:80", "BITACORA_PORT_80_TCP_ADDR": "10.0.0.1", "BITACORA_APP": "/x",
    }  # fmt: skip
    assert read_operator(made, HERE) == Operator(site=HERE)
    assert foreign_variables({**made, "BITACORA_SITE": "/x", "BITACORA_URL": "http://x"}) == [*made]


def test_what_is_not_ours_is_ignored() -> None:
    assert read_operator({"PATH": "x", "bitacora_title": "x", "XBITACORA_A": "y"}, HERE) == Operator(site=HERE)


@pytest.mark.parametrize("name", [field.name for field in fields(Operator)])
def test_site_toml_cannot_operate_the_server(name: str) -> None:
    with pytest.raises(SettingError):
        read_site(f'{name} = "1"', {})


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"BITACORA_CACHE_DIR": "/a", "CACHE_DIRECTORY": "/b"}, "/a"),
        ({"CACHE_DIRECTORY": "/b:/c", "XDG_CACHE_HOME": "/d"}, "/b"),
        ({"XDG_CACHE_HOME": "/d", "HOME": "/e"}, "/d/bitacora"),
        ({"HOME": "/e"}, "/e/.cache/bitacora"),
    ],
)
def test_the_cache_folder_is_systemd_s_or_xdg_s(environ: Mapping[str, str], folder: str) -> None:
    assert read_operator(environ, HERE).cache_dir == Path(folder)


def test_without_a_home_nothing_is_kept() -> None:
    assert read_operator({}, HERE).cache_dir is None


@pytest.mark.parametrize(("text", "port"), [("", 8000), ("9000", 9000), ("0", 0), ("65535", 65535)])
def test_a_port_is_read(text: str, port: int) -> None:
    assert read_port({"PORT": text}) == port
    assert read_port({}) == 8000


@pytest.mark.parametrize("text", ["http", "-1", "65536", "80.5", "8000 9000"])
def test_a_bad_port_is_refused(text: str) -> None:
    with pytest.raises(
        SettingError, match=re.escape(f"PORT = '{text}' is not allowed: it must be a whole number")
    ):
        read_port({"PORT": text})


# --- shared knowledge


def test_permalinks_know_the_same_words_here_and_where_they_are_made() -> None:
    assert set(PERMALINK_STYLES) == set(STYLES)
    assert {f":{name}" for name in PERMALINK_PLACEHOLDERS} == set(PLACEHOLDERS)


@pytest.mark.parametrize("url", ["/", "/a/", "/ñ", "https://a.example", "http://a", "mailto:a@b.example"])
def test_what_a_link_may_lead_to(url: str) -> None:
    assert is_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "#x",
        "//a",
        "/\\a",
        "https:///a",
        "https:/a",
        "javascript:x",
        "DATA:x",
        "/a\nb",
        "https://\u202e",
        5,
    ],
)
def test_what_it_may_not(url: object) -> None:
    assert not is_link(url)
