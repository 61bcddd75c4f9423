"""Where a post stands: shown, or why not."""

from __future__ import annotations

from datetime import datetime

from bitacora.content.post import Post
from bitacora.content.snapshot import Snapshot

STANDINGS = ("shown", "hidden", "draft", "scheduled", "expired", "displaced")
"""A displaced post has lost its address to another file, or to the blog itself."""


def standing(here: Snapshot, post: Post, now: datetime) -> str:
    """One of STANDINGS, for a post that can be read."""
    if post.draft:
        return "draft"
    if post.expires is not None and post.expires <= now:
        return "expired"
    if post.date is not None and post.date > now:
        return "scheduled"
    if here.by_path.get(post.path) is None:
        return "displaced"
    return "hidden" if post.hidden else "shown"
