"""Where files that come with the program lie: in its package where it is installed, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IS_INSTALLED = (_PACKAGE / "theme").is_dir()
_SHIPPED = _PACKAGE / "theme" if _IS_INSTALLED else _PACKAGE.parent

TEMPLATES = _SHIPPED / "templates"
STATIC = _SHIPPED / "static"
GUNICORN_CONF = _SHIPPED / "gunicorn.conf.py"
FORGES = _SHIPPED / "deploy"
PACKAGE_FOLDER = _PACKAGE.parent
TRANSLATIONS = _PACKAGE / "web" / "translations"
VERSION = "0.2.0.dev0"
SAMPLE: Path | None = None if _IS_INSTALLED else _PACKAGE.parent
"""The site in a checkout of this project, which is served where no other is named."""
