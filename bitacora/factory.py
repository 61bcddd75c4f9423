"""Makes the parts of a blog and hands each what it needs: the one place that knows them all."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from bitacora import cli, shipped, web
from bitacora.files.private import make_private
from bitacora.library.library import Library
from bitacora.library.rendered import Bodies
from bitacora.library.snapshot import Snapshot
from bitacora.logs import set_up as set_up_log
from bitacora.processes import hide_memory
from bitacora.publish.history import GitHistorian
from bitacora.publish.home import Home
from bitacora.settings import (
    Operator,
    SettingError,
    foreign_variables,
    local_url,
    read_operator,
    read_port,
    read_site,
)
from bitacora.web import dev
from bitacora.web.blog import Blog
from bitacora.web.cards import Cards
from bitacora.web.derived import Derived
from bitacora.web.files import Files
from bitacora.web.metrics import Metrics
from bitacora.web.page_cache import PageCache
from bitacora.web.theme import Theme
from bitacora.web.words import Words

log = logging.getLogger("app")

_APP_LOAD_ERROR = 4  # gunicorn stops for good on this exit status, instead of trying again for ever


def create_app(environ: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.time) -> Flask:
    """The blog that the environment describes; `clock` gives seconds since the epoch.

    Raises SettingError for a setting that cannot be.
    """
    if shipped.SAMPLE is None and not environ.get("BITACORA_SITE"):
        raise SettingError("BITACORA_SITE", "", "the folder of a site")
    operator = read_operator(environ, shipped.SAMPLE)
    set_up_log(operator.log, quiet=cli.is_command())
    for variable in foreign_variables(environ):
        log.warning("%s is no setting, and is left out", variable)
    port = read_port(environ)
    app = Flask("app", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    if operator.trust_proxy:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=operator.trust_proxy, x_proto=operator.trust_proxy, x_host=0, x_prefix=0
        )
    words = Words(shipped.TRANSLATIONS)
    bodies = Bodies(words.body_labels)
    files = Files(shipped.STATIC)
    trusted = operator.trust_templates or operator.site == shipped.SAMPLE
    theme = Theme(shipped.TEMPLATES, words, trusted=trusted)
    web.set_up(app)
    if operator.dev:
        dev.set_up(app)
    kept = _cache_folder(operator)
    library = Library(
        operator.site,
        state=kept / "state" if kept else None,
        spool=kept,
        index=kept / "index" if kept and not operator.dev else None,  # no reader's server may recall drafts
        watch=operator.watch,
        read_settings=lambda toml: read_site(toml, environ, port),
        check_template=theme.check,
        reserved=web.reserved(app),
        history=lambda: GitHistorian(kept and kept / "history.json"),
        clock=clock,
        shows_drafts=operator.dev,
        waits_for_writers=not operator.dev and not cli.is_command(),
    )
    hosts = operator.trusted_hosts or (dev.HOSTS if operator.dev else ())
    metrics = Metrics()
    page_cache = PageCache(app, library, operator.s_maxage, web.trusts(hosts), metrics, clock)
    derived = _derived(app, operator, kept and kept / "derived", metrics)
    site = _read_first(library).site
    page_cache.prefix = site.prefix
    if home := Home.of(operator.site):
        page_cache.revision = home.served
    app.extensions["bitacora"] = Blog(
        operator,
        library,
        bodies,
        files,
        words,
        theme,
        page_cache,
        derived,
        Cards(derived),
        metrics,
        clock,
        home,
        site,
        kept,
    )
    cli.set_up(app)
    if site.url == local_url(0):
        log.warning(
            "no url is set, and with PORT=0 none is known: feeds and previews lead nowhere; set BITACORA_URL"
        )
    elif site.url == local_url(port):
        log.warning("no url is set: feeds and previews lead to %s", site.url)
    if not words.speaks(site.language):
        log.warning("%s", words.untranslated(site.language))
    if operator.hook_secret and home is None:
        log.warning(
            "BITACORA_HOOK_SECRET does nothing: %s was not made by flask site init-git, which webhooks need",
            operator.site,
        )
    return app


def _read_first(library: Library) -> Snapshot:
    try:
        return library.snapshot()
    except OSError as error:
        raise SettingError("BITACORA_SITE", str(library.root), f"a folder to read ({error.strerror})") from None


def _derived(app: Flask, operator: Operator, folder: Path | None, metrics: Metrics) -> Derived:
    most_bytes = operator.derived_mb * 1024 * 1024
    try:
        return Derived(app, operator.derived_cache, folder, most_bytes, counted=metrics.derived)
    except ModuleNotFoundError:
        kind = operator.derived_cache.partition(":")[0]  # the rest may hold a password
        allowed = "file or memory, for the package that it needs is not installed (docs/deploying.md names it)"
        raise SettingError("BITACORA_DERIVED_CACHE", f"{kind}://…", allowed) from None


def _cache_folder(operator: Operator) -> Path | None:
    """The folder of this site's caches, named by its path as given: a link that flips keeps its caches."""
    reason = "no BITACORA_CACHE_DIR"
    if cli.makes_a_site():
        return None  # nothing is read, and nothing may lie where the site will
    if cli.is_command("site") and _is_of_somebody_else(operator.cache_dir):
        return None  # what root leaves there the service could not open
    if operator.cache_dir is not None:
        folder = operator.cache_dir / quote(str(operator.site), safe="")
        try:
            make_private(folder)
            if os.access(folder, os.W_OK):
                return folder
            reason = f"{folder} is read-only"
        except OSError as error:
            reason = f"{folder} cannot be used ({error.strerror})"
    log.warning("%s: last good versions are lost at each restart", reason)
    return None


def _is_of_somebody_else(folder: Path | None) -> bool:
    return folder is not None and folder.exists() and folder.stat().st_uid != os.geteuid()


def app_or_exit() -> Flask:
    """The blog of this process's environment; what cannot be is printed, and the process ends."""
    hide_memory()
    environ = {name: value for name, value in os.environ.items() if name != "BITACORA_SITE"}
    try:
        return create_app(environ if cli.makes_a_site() else cli.site_of_command(os.environ, shipped.SAMPLE))
    except cli.NoSiteError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except SettingError as error:
        if error.line and cli.is_command():  # a command says it like any other mistake in a file
            sys.stderr.write(f"{error.place}{error}\n")
            sys.exit(1)
        if os.environ.get("BITACORA_LOG") == "json":
            set_up_log("json")
            log.critical("Bitácora cannot start. %s%s", error.place, error)
        else:
            sys.stderr.write(f"Bitácora cannot start. {error.place}{error}\n")
        sys.exit(_APP_LOAD_ERROR)
