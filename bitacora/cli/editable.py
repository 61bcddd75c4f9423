"""What the commands that write posts have in common."""

from __future__ import annotations

import click

from bitacora.web.blog import blog


def must_be_editable() -> None:
    """Stop where the site lies in a release: what is written there is live at once, and in no commit."""
    home = blog().home
    if home is not None:
        raise click.ClickException(
            f"{blog().library.root} shows what was pushed, and the next push replaces it: nothing was changed. "
            "Write in a clone of the posts, with BITACORA_SITE naming it, then commit and push."
        )
