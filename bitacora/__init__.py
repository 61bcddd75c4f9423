"""Bitácora: a blog served by Flask straight from Markdown files."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - before anything that an older Python cannot read
    sys.exit(
        "Bitácora needs Python 3.11 or newer, and this is Python %d.%d. Install it with a newer one, such as: "  # noqa: UP031
        "pipx install --python python3.12 PATH" % sys.version_info[:2]
    )

from bitacora.share import networks as networks  # which hands their names down, to those who may not ask it
