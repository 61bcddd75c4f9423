"""Every setting: name, type, default and one line about it; validated, plain values.

`Site` is what a site is, read from `site.toml` and live. `Operator` is where and how the server runs, read
from the environment once, at start. `BITACORA_<NAME>` overrides any simple value of `Site` as well.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bitacora import network_names

NETWORKS = tuple(network_names.NETWORKS)
PERMALINK_STYLES = ("date", "pretty", "ordinal", "weekdate", "none")
PERMALINK_PLACEHOLDERS = (
    "year", "short_year", "month", "i_month", "short_month", "long_month", "day", "i_day", "short_day", "long_day",
    "y_day", "week", "w_year", "w_day", "hour", "minute", "second", "title", "slug", "categories",
    "slugified_categories", "output_ext",
)  # fmt: skip
FORGES = ("github", "gitlab", "gitea", "forgejo", "bitbucket")
HSTS = ("host", "subdomains", "preload", "off")
AUTHOR_KEYS = ("name", "url", "picture", "fediverse", "x", "bluesky")
SECRET_BYTES = 32
_PREFIX = "BITACORA_"


class SettingError(ValueError):
    """A setting that cannot be: says its name, its value and what is allowed.

    `line` is the one of `site.toml` that has it, 0 for what comes from the environment.
    """

    def __init__(self, name: str, value: object, allowed: str, line: int = 0) -> None:
        super().__init__(
            f"{name} = {shorten(repr(value), 200, placeholder='…')} is not allowed: it must be {allowed}."
        )
        self.name = name
        self.line = line

    @property
    def place(self) -> str:
        """What to say before it: file, line and column, empty for what comes from the environment."""
        return f"site.toml:{self.line}:1: " if self.line else ""


class SettingsFileError(SettingError):
    """A `site.toml` of which nothing can be read: says why, in sentences."""

    def __init__(self, reason: str, line: int) -> None:
        ValueError.__init__(self, reason)
        self.name = "site.toml"
        self.line = line


def is_link(url: object) -> bool:
    """Whether an address can stand in a link: it stays on this site, or is one of the web or for mail."""
    if not isinstance(url, str) or not url.isprintable():
        return False
    return re.match(r"/(?![/\\])|https?://[^/\\]|mailto:", url) is not None


# --- readers: from a TOML value or an environment text to the value itself; ValueError(what is allowed)


def _text(value: object) -> str:
    if isinstance(value, str) and (line := " ".join(value.split())).isprintable():
        return line
    raise ValueError("text in quotes, without control characters")


def _name(value: object) -> str:
    if text := _text(value):
        return text
    raise ValueError("text that is not empty")


def _number(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value.strip()):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ValueError(f"a whole number from {low} to {high}")

    return read


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() in {"1", "true", "yes", "on"}:
        return True
    if str(value).strip().lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("1 or 0")


def _one_of(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, str) and value.strip() in allowed:
            return value.strip()
        raise ValueError("one of " + ", ".join(allowed))

    return read


def _list(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part for part in (part.strip() for part in value.split(",")) if part]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(dict.fromkeys(item.strip() for item in value))
    raise ValueError('a list of texts, like ["one", "two"]')


def _pattern(expression: str, allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, str) and re.fullmatch(expression, value.strip()):
            return value.strip()
        raise ValueError(allowed)

    return read


def _hosts(value: object) -> tuple[str, ...]:
    names = tuple(name.lower() for name in _list(value))
    if all(re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", name) for name in names):
        return names
    raise ValueError('a list of host names without scheme and port, like ["example.org"]')


_language = _pattern(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language tag like es, pt-BR or en")
_colour = _pattern(r"(#[0-9a-fA-F]{6})?", "a colour like #0a5f63")


def _languages(value: object) -> tuple[str, ...]:
    return tuple(_language(item) for item in _list(value))


def _timezone(value: object) -> str:
    if isinstance(value, str) and _is_zone(value.strip()):
        return value.strip()
    raise ValueError("a time zone name like America/Santiago")


def _is_zone(name: str) -> bool:
    """Whether `zoneinfo.available_timezones()` has it, which would look at all of some 1,800 files."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return False
    return name != "posixrules" and not name.startswith(("posix/", "right/"))


def _url(value: object) -> str:
    text = _text(value).rstrip("/")
    found = re.fullmatch(r"(https?://[^\s/?#@\\<>\"]+)(/.*)?", text)
    if not found or not _has_host(found[1]):
        raise ValueError("the public address with its scheme, like https://blog.example.org")
    if not _PATH.fullmatch(found[2] or ""):
        raise ValueError(_PATH_ALLOWED)
    return text


_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~+@-]+)*")
_PATH_ALLOWED = (
    "the public address with its scheme, like https://blog.example.org or https://example.org/blog, with a path "
    "of letters a to z, digits and - _ . ~ + @ between single slashes, without %, spaces, and names . or .."
)


def _optional_url(value: object) -> str:
    return _url(value) if _text(value) else ""


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _permalink(value: object) -> str:
    text = _text(value)
    names = re.findall(":([a-z_]+)", text)
    known = all({name, name.rstrip("_")} & {*PERMALINK_PLACEHOLDERS} for name in names)
    if text in PERMALINK_STYLES or (re.match("/(?!/)", text) and names and known):
        return text
    styles, placeholders = ", ".join(PERMALINK_STYLES), ", ".join(f":{name}" for name in PERMALINK_PLACEHOLDERS)
    raise ValueError(f"one of {styles}, or a pattern like /:year/:month/:day/:slug/ out of {placeholders}")


def _share(value: object) -> tuple[str, ...]:
    names = _list(value)
    if set(names) <= set(NETWORKS):
        return names
    raise ValueError("a list of names out of " + ", ".join(NETWORKS))


def _authors(value: object) -> dict[str, dict[str, str]]:
    if isinstance(value, dict) and all(_is_author(author) for author in value.values()):
        return value
    keys = ", ".join(AUTHOR_KEYS)
    raise ValueError(f"tables [authors.<key>] with texts for the keys {keys}; url begins with https://")


def _is_author(value: object) -> bool:
    if not isinstance(value, dict) or not set(value) <= set(AUTHOR_KEYS):
        return False
    return all(isinstance(text, str) for text in value.values()) and is_link(value.get("url") or "/")


def _navigation(value: object) -> tuple[tuple[str, str], ...]:
    if isinstance(value, list) and all(_is_item(item) for item in value):
        return tuple((item["label"], item["url"]) for item in value)
    raise ValueError('a list like [{ label = "Archivo", url = "/archive/" }]; url begins with / or https://')


def _is_item(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"label", "url"}:
        return False
    return isinstance(value["label"], str) and is_link(value["url"])


def _history(value: object) -> str:
    text = _text(value)
    if text and not (is_link(text) and text.startswith("http") and "{path}" in text):
        raise ValueError("an address with {path} in it, like https://forge.example/blog/commits/main/{path}")
    return text


def _redirects(value: object) -> dict[str, str]:
    if isinstance(value, dict) and all(
        is_link(old) and old.startswith("/") and "#" not in old and is_link(new) for old, new in value.items()
    ):
        return {_old(old): _encoded(new, "%?#[]") for old, new in value.items()}
    raise ValueError('a table [redirects] of addresses like "/old/" = "/new/"; they begin with / or https://')


def _old(url: str) -> str:
    path, mark, query = url.partition("?")
    return _encoded(unquote(path)) + mark + _encoded(query, "%?")


def _encoded(url: str, also: str = "") -> str:
    """In ASCII, as a header must be, and in the one way that all addresses of a site are encoded."""
    return quote(url, safe=f"/-._~!$&'()*+,;=:@{also}")


def _secret(value: object) -> str:
    text = _text(value)
    if not text or len(text.encode()) >= SECRET_BYTES:
        return text
    raise ValueError(f"at least {SECRET_BYTES} bytes long, or absent")


def _token(value: object) -> str:
    text = _text(value)
    if re.fullmatch("[!-~]*", text):
        return text
    raise ValueError("a token as the forge shows it, in one word")


def _derived(value: object) -> str:
    text = _text(value)
    if text in {"file", "memory"} or (re.match("memcached://", text) and _has_host(text)):
        return text
    if re.match("rediss?://", text) and _has_host(text) and _has_database(text):
        return text
    raise ValueError(
        "file, memory, redis://host:port/0 (0 is the number of the database) or memcached://host:port"
    )


def _has_database(url: str) -> bool:
    """Whether a Redis address names one by a number, or none: redis-py would take any other for 0."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query, keep_blank_values=True).get("db", ["0"])
    return re.fullmatch("/?[0-9]*", parts.path) is not None and all(re.fullmatch("[0-9]+", db) for db in asked)


def _folder(value: object) -> Path | None:
    text = _text(value)
    return Path(os.path.abspath(text)) if text else None  # noqa: PTH100 - a link on the way must stay a link


def _setting(read: Callable[[object], Any], default: Any, doc: str) -> Any:
    metadata = {"read": read, "doc": doc}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, repr=False)
class Site:
    """What a site is. Every page may depend on any of it."""

    title: str = _setting(_name, "Bitácora", "name of the site")
    description: str = _setting(_text, "", "one sentence about the site")
    url: str = _setting(
        _url, "http://127.0.0.1:8000", "public address with scheme; all absolute URLs come from it"
    )
    feed_id: str = _setting(
        _optional_url, "", "address that ids in feeds begin with, so that they outlive another url; default: url"
    )
    language: str = _setting(_language, "es", "language of the site and of its interface (BCP 47)")
    languages: tuple[str, ...] = _setting(_languages, (), "languages that posts are written in; default: language")
    timezone: str = _setting(_timezone, "UTC", "time zone of dates (IANA name)")
    author: str = _setting(_text, "", "author of posts that name none: a name, or a key of [authors]")
    authors: Mapping[str, Mapping[str, str]] = _setting(_authors, {}, "[authors.<key>]: who writes")
    navigation: tuple[tuple[str, str], ...] = _setting(
        _navigation, (), "labels and addresses on top of each page; default: pages, archive, categories"
    )
    history: str = _setting(_history, "", "where the history of a file can be seen; {path} stands for the file")
    redirects: Mapping[str, str] = _setting(_redirects, {}, "[redirects]: old address to new one, 301")
    accent: str = _setting(_colour, "", "accent colour of the theme and of share cards")
    logo: str = _setting(_text, "", "picture in static/ that stands for the site")
    card: str = _setting(_one_of("paper", "ink"), "paper", "look of drawn share cards")
    permalink: str = _setting(
        _permalink, "/:year/:month/:day/:slug/", "pattern of post addresses, or a Jekyll style"
    )
    per_page: int = _setting(_number(1, 500), 10, "posts on one page of a list")
    naive_dates: str = _setting(_one_of("site", "utc"), "site", "zone of dates without one; utc is Jekyll's rule")
    html: str = _setting(_one_of("safe", "trusted"), "safe", "HTML inside posts: sanitised, or as written")
    embeds: tuple[str, ...] = _setting(_hosts, (), "hosts whose iframes are kept")
    explicit: bool = _setting(_switch, False, "whether only texts that say publish: true are published")
    source: bool = _setting(_switch, True, "whether the Markdown of each page is at its address with .md")
    share: tuple[str, ...] = _setting(_share, NETWORKS, "networks with a share link, in this order")

    def __repr__(self) -> str:
        return f"<Site {self.url}>"

    @cached_property
    def prefix(self) -> str:
        """The path that all addresses of the site lie below, empty where it has a host for itself."""
        return urlsplit(self.url).path

    @cached_property
    def origin(self) -> str:
        """Scheme and host."""
        return self.url.removesuffix(self.prefix)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Operator:
    """Where and how the server runs. From the environment alone: who pushes content is not who operates."""

    site: Path = _setting(_folder, None, "folder of the site; default: this checkout")
    watch: str = _setting(_one_of("auto", "inotify", "poll"), "auto", "how changes on disk are noticed")
    derived_cache: str = _setting(_derived, "file", "where derived things such as cards are kept")
    derived_mb: int = _setting(_number(64, 1_000_000), 2048, "most MiB of derived things in files")
    cache_dir: Path | None = _setting(_folder, None, "folder for derived things and for last good versions")
    trusted_hosts: tuple[str, ...] = _setting(_hosts, (), "host names answered to; default: any")
    trust_proxy: int = _setting(_number(0, 9), 0, "number of proxies in front whose headers are believed")
    s_maxage: int = _setting(_number(0, 86400), 0, "seconds a shared cache may keep a page")
    hsts: str = _setting(_one_of(*HSTS), "host", "hosts for which browsers remember to use https alone")
    secret_key: str = _setting(
        _secret, "", "signs preview and status links; default: a key that each machine makes"
    )
    hook_secret: str = _setting(_secret, "", "checks push webhooks; the feature is off without it")
    forge: str = _setting(_one_of(*FORGES), "", "kind of the forge that origin lies on; default: by its host")
    forge_token: str = _setting(_token, "", "reports to the forge what became of a push; off without it")
    status_token: str = _setting(_secret, "", "bearer token for details of /readyz and for /metrics")
    trust_templates: bool = _setting(_switch, False, "runs a site's own templates outside the sandbox")
    log: str = _setting(_one_of("text", "json"), "text", "form of the log")
    releases: int = _setting(_number(2, 1000), 5, "published releases that are kept to roll back to")
    broken: str = _setting(
        _one_of("last-good", "refuse"), "last-good", "what becomes of a pulled tree with broken posts"
    )
    dev: bool = _setting(_switch, False, "shows drafts and mistakes, and reloads the browser: for writing alone")


SECRET_VARIABLES = frozenset(
    f"BITACORA_{setting.name.upper()}"
    for setting in fields(Operator)
    if setting.metadata["read"] in {_secret, _token, _derived}
)
"""What nobody but the service itself may know; the address of a store may have a password."""


def read_site(toml: str, environ: Mapping[str, str], port: int = 8000) -> Site:
    """The site that the text of a `site.toml` describes, overridden by the environment.

    Raises SettingError for an unknown or wrong setting and for text that is not TOML.
    """
    if found := LONG_KEY.search(toml):
        line = toml.count("\n", 0, found.start()) + 1
        raise SettingsFileError(f"The file has a key of too many parts. {_LIKE_TOML}", line)
    try:
        table = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else max(1, len(toml.splitlines()))
        what = re.sub(r" \(at .*\)$", "", str(error)).rstrip(".")
        raise SettingsFileError(f"The file is not TOML here: {what}. {_LIKE_TOML}", line) from None
    except (RecursionError, ValueError):  # ValueError: a number of more than 4,300 digits
        raise SettingsFileError(f"The file has values that are too deep or too long. {_LIKE_TOML}", 1) from None
    known = {setting.name for setting in fields(Site)}
    for name in table:
        if name not in known:
            allowed = "left out, or spelt like one of " + ", ".join(sorted(known))
            raise SettingError(name, table[name], allowed, line_of(toml, name))
    values: dict[str, Any] = {"url": local_url(port)}
    for setting in fields(Site):
        variable = f"BITACORA_{setting.name.upper()}"
        if environ.get(variable):
            values[setting.name] = _read(setting, variable, environ[variable])
        elif setting.name in table:
            values[setting.name] = _read(setting, setting.name, table[setting.name], line_of(toml, setting.name))
    return Site(**{"languages": (values.get("language", "es"),), **values})


def read_operator(environ: Mapping[str, str], default_site: Path | None) -> Operator:
    """How this server runs. Raises SettingError for a wrong or misspelt `BITACORA_*` variable."""
    for variable, meant in _unknown_variables(environ):
        if meant:
            allowed = f"unset, for no setting has this name (is {_PREFIX}{meant} meant?)"
            raise SettingError(variable, _HIDDEN, allowed)
    values: dict[str, Any] = {"site": default_site, "cache_dir": _default_cache_dir(environ)}
    for setting in fields(Operator):
        variable = f"BITACORA_{setting.name.upper()}"
        if environ.get(variable):
            values[setting.name] = _read(setting, variable, environ[variable])
    return Operator(**values)


def foreign_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that begin like settings and resemble none.

    They are not ours: Kubernetes gives each container `<SERVICE>_PORT_8000_TCP` and the like for every service.
    """
    return [variable for variable, meant in _unknown_variables(environ) if not meant]


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each with the setting that may be meant, empty where none is."""
    known = [setting.name.upper() for setting in (*fields(Operator), *fields(Site))]
    for variable in environ:
        name = variable.removeprefix(_PREFIX)
        if variable.startswith(_PREFIX) and name not in known:
            yield variable, next(iter(get_close_matches(name, known, 1)), "")


def read_port(environ: Mapping[str, str]) -> int:
    """The port to listen at. Raises SettingError."""
    try:
        return _number(0, 65535)(environ.get("PORT") or "8000")
    except ValueError as error:
        raise SettingError("PORT", environ["PORT"], str(error)) from None


def local_url(port: int) -> str:
    """The address of a site that has not been given one."""
    return f"http://127.0.0.1:{port}"


_HIDDEN = "…"
LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){30}""")
"""Of which tomllib reads each part again for each: 64 KB took 15 s, and were too deep to be written out."""
_LIKE_TOML = 'Write lines like title = "My blog".'


def _read(setting: Any, name: str, value: object, line: int = 0) -> Any:
    read = setting.metadata["read"]
    try:
        return read(value)
    except ValueError as error:
        shown = _HIDDEN if name in SECRET_VARIABLES else value
        raise SettingError(name, shown, str(error), line) from None


def line_of(toml: str, name: str) -> int:
    """The line of a `site.toml` that sets `name`, 1 when none does."""
    pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(name)}[\"']?\s*[=.\]]")
    return next((number for number, line in enumerate(toml.splitlines(), 1) if pattern.match(line)), 1)


def _default_cache_dir(environ: Mapping[str, str]) -> Path | None:
    """systemd's folder, else the XDG base directory specification's; None where there is no home."""
    if directory := environ.get("CACHE_DIRECTORY"):
        return Path(directory.split(":")[0])
    if directory := environ.get("XDG_CACHE_HOME"):
        return Path(directory) / "bitacora"
    if home := environ.get("HOME"):
        return Path(home) / ".cache" / "bitacora"
    return None
