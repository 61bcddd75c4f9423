"""The code of the shipped templates, compiled once for all blogs of a process."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType

import jinja2
from jinja2.bccache import Bucket

_CODES: dict[tuple[str, str, bool], CodeType] = {}


class Compiled(jinja2.BytecodeCache):
    """Keeps the code of templates whose file name `is_shipped`, by name, source and whether they are sandboxed.

    In memory alone: code in a file would run for whoever can write there.
    """

    def __init__(self, is_shipped: Callable[[str], bool]) -> None:
        self._is_shipped = is_shipped

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill in the code if it is known."""
        bucket.code = _CODES.get(_key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code, unless it is of a site's own template: those change, and would never leave."""
        if bucket.code is not None and self._is_shipped(bucket.code.co_filename):
            _CODES[_key(bucket)] = bucket.code


def _key(bucket: Bucket) -> tuple[str, str, bool]:
    return bucket.key, bucket.checksum, bucket.environment.sandboxed
