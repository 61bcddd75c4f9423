"""Reading a great many posts before anything is served: on all processors, once for all workers."""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any

from bitacora.cores import usable_cores
from bitacora.files.tree import BeingWrittenError, Tree
from bitacora.library.scan import is_racy
from bitacora.library.warm_start import Row, write_part
from bitacora.posts.post import read_post
from bitacora.problems import PostError
from bitacora.processes import environ_of_readers
from bitacora.settings import Site

log = logging.getLogger(__name__)

POSTS_A_PROCESS = 1_000
"""With fewer, a process of its own costs more than it saves: it needs a quarter of a second to begin."""
_MOST_PROCESSES = 8
_ENGINE = Path(__file__).parents[2]


def processes_for(posts: int) -> int:
    """How many processes shall read so many posts; 0 where one had better read them by itself."""
    count = min(usable_cores(), posts // POSTS_A_PROCESS, _MOST_PROCESSES)
    return count if count > 1 else 0


def write_parts(site: Site, root: str, paths: Sequence[str], folder: Path) -> list[Path]:
    """Parts of the index, in the order of `paths`, each written into `folder` by a process of its own.

    What cannot be read or understood is left out: whoever needs it finds out why. Raises OSError.
    """
    size = -(-len(paths) // processes_for(len(paths)))
    shares = [paths[start : start + size] for start in range(0, len(paths), size)]
    with ExitStack() as stack:
        readers = [stack.enter_context(_started()) for _ in shares]
        for reader, share in zip(readers, shares, strict=True):
            _send(reader, task(site, root, share, folder))
        return [folder / part for reader in readers if (part := _part_of(reader))]


def task(site: Site, root: str, paths: Sequence[str], folder: Path) -> bytes:
    """Return what a process is told on its standard input: who waits, and what it shall read and write."""
    settings = {field.name: getattr(site, field.name) for field in fields(site)}
    return json.dumps([os.getpid(), settings, root, str(folder.absolute()), *paths], default=dict).encode()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - no word of it comes from a file
        [sys.executable, "-m", __name__],
        cwd=_ENGINE,  # where Python looks for modules first: never in the folder of a site
        env={**environ_of_readers(), "PYTHONSAFEPATH": ""},  # or it would not look there either
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _send(reader: subprocess.Popen[bytes], task: bytes) -> None:
    assert reader.stdin
    try:
        with reader.stdin as pipe:
            pipe.write(task)
    except BrokenPipeError:
        pass  # it has ended, and its status tells


def _part_of(reader: subprocess.Popen[bytes]) -> str | None:
    assert reader.stdout
    written = reader.stdout.read()
    if reader.wait() == 0:
        return written.decode("ascii")
    log.warning("a process that read posts ended with %d: they are read again", reader.returncode)
    return None


# --- in a process of its own


def main() -> None:
    """Read the posts that standard input names, and say how the part of the index is called that they make."""
    gc.disable()
    logging.disable()
    parent, values, root, folder, *paths = _as_tuples(json.load(sys.stdin.buffer))
    posts = _read(parent, Site(**values), Tree(Path(root)), paths)
    sys.stdout.write(write_part(Path(folder), posts).name)


def _as_tuples(value: Any) -> Any:
    """Return what JSON gives with tuples for its lists, as settings have them."""
    if isinstance(value, dict):
        return {key: _as_tuples(item) for key, item in value.items()}
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _read(parent: int, site: Site, tree: Tree, paths: Sequence[str]) -> Iterator[Row]:
    """For as long as the process waits that asked for it."""
    for path in paths:
        if os.getppid() != parent:
            sys.exit(1)
        try:
            data, seen = tree.read(path)
            if not is_racy(seen):
                yield path, seen, read_post(data, path, site), data
        except (PostError, BeingWrittenError, OSError):
            continue


if __name__ == "__main__":
    main()
