"""A letter, written by the reader's own program."""

from __future__ import annotations

from bitacora.share.network import Link, Network, Shared, query


def _form(shared: Shared) -> str:
    """The title as subject; a new line is %0D%0A. Source: RFC 6068 (official)."""
    body = _letter(shared).replace("\n", "\r\n")
    return query("mailto:?", subject=shared.title, body=body)


def _letter(shared: Shared) -> str:
    return shared.message if shared.carries_link else f"{shared.message}\n\n{shared.url}"


NETWORK = Network(
    name="email",
    label="E-mail",
    link=Link(_form, _letter, place=100),
)
