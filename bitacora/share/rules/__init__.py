"""What may be wrong with how a link looks, one module for each part of a page; each rule registers itself."""

from __future__ import annotations

from importlib import import_module

from bitacora.share.rule import REGISTERED, Rule

for _part in ("page", "text", "picture", "picture_fit", "tags"):
    import_module(f"{__name__}.{_part}")

RULES: tuple[Rule, ...] = tuple(REGISTERED)
"""Every rule, plainest first: in the order of the modules above, and as they stand there."""
