"""Other makers of blogs, on the same posts: how long after an edit page, home, archive and feed are all new.

Each runs as its authors mean it to be used while writing: it watches its folder, and makes again what it must.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import yaml

from bench.posts import posts
from bench.processes import Group, free_port

HERE = Path(__file__).parent
INSTALLED = HERE.parent / "out"
_PYTHON = INSTALLED / "peers" / "bin"
_NODE = INSTALLED / "node" / "node_modules"
_LOOK_S = 0.01
_SETTLED_S = 10.0
_FAREWELL_S = 3.0


@dataclass(frozen=True)
class Post:
    name: str
    title: str
    head: Mapping[str, object]
    body: str


@dataclass(frozen=True)
class Peer:
    """How one of them is started, and where it wants its posts and puts its pages.

    `pages` are files where they begin with no slash, addresses where they do; `{name}` is the post's.
    """

    name: str
    program: Path
    version: Sequence[str]
    posts: str
    pages: Sequence[str]
    command: Callable[[Path, int], Sequence[str]]
    text: Callable[[Post, str], str]

    @property
    def is_there(self) -> bool:
        return self.program.exists()

    def known_as(self) -> str:
        """Name and version."""
        told = subprocess.run(self.version, capture_output=True, text=True, timeout=30, check=True).stdout
        return f"{self.name} {told.split()[-1]}"


@dataclass(frozen=True)
class Pace:
    """Seconds until all four pages were there at first, and new after an edit; None where the limit came first."""

    first: float | None
    edit: float | None
    mib: float


def read_posts(count: int) -> list[Post]:
    """The posts of a site of that size, newest first, with the part of their heads that all of them know."""
    made = []
    for path, text in posts(count):
        _, head, body = text.split("---\n", 2)
        values = yaml.load(head, yaml.CSafeLoader)
        known = {
            "description": values["intro"],
            "date": datetime.fromisoformat(values["date"]).isoformat(),
            "categories": values["categories"],
            "tags": values["tags"],
            "author": values["author"],
        }
        made.append(Post(Path(path).stem, values["title"], known, body))
    return made


def pace(peer: Peer, made: Sequence[Post], folder: Path, edits: int, limit: float) -> Pace:
    """Let `peer` make a site of these posts in `folder`, and edit the newest one; `limit` seconds for it all."""
    newest = made[0]
    _write_site(peer, made, folder)
    port, end = free_port(), time.monotonic() + limit
    pages = [page.format(name=newest.name) for page in peer.pages]
    with _running(peer.command(folder, port), folder) as group:
        begun = time.monotonic()
        if not _all_show(_marked(newest.title), pages, folder, port, group, end):
            return Pace(None, None, group.mib())
        first = time.monotonic() - begun
        taken = []
        for number in range(edits):
            group.wait_until_idle(min(_SETTLED_S, max(0.0, end - time.monotonic())))
            title = _marked(f"{newest.title} edit {number}")
            (folder / peer.posts / f"{newest.name}.md").write_text(peer.text(newest, title), encoding="utf-8")
            saved = time.monotonic()
            if not _all_show(title, pages, folder, port, group, end):
                break
            taken.append(time.monotonic() - saved)
        return Pace(first, median(taken) if taken else None, group.mib())


def _marked(title: str) -> str:
    """Letters that no maker escapes, and that no other title begins with."""
    return "Mark " + "".join(
        letter for letter in title if letter.isascii() and (letter.isalnum() or letter == " ")
    )


def _write_site(peer: Peer, made: Sequence[Post], folder: Path) -> None:
    shutil.copytree(HERE / peer.name.lower(), folder, dirs_exist_ok=True)
    (folder / peer.posts).mkdir(parents=True, exist_ok=True)
    for number, post in enumerate(made):
        title = post.title if number else _marked(post.title)
        (folder / peer.posts / f"{post.name}.md").write_text(peer.text(post, title), encoding="utf-8")


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[Group]:
    with (folder / "bench.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    group = Group(process)
    try:
        yield group
    finally:
        group.end(_FAREWELL_S)


def _all_show(title: str, pages: Sequence[str], folder: Path, port: int, group: Group, end: float) -> bool:
    """Look until each page shows the title; False at `end`. Raises RuntimeError where the peer itself ended."""
    old = list(pages)
    while old:
        if group.process.poll() is not None:
            tail = (folder / "bench.log").read_text(encoding="utf-8", errors="replace")[-500:]
            raise RuntimeError(f"ended with {group.process.returncode}: {tail}")
        if time.monotonic() > end:
            return False
        if title.encode() in _read(old[0], folder, port, end):
            del old[0]
        else:
            time.sleep(_LOOK_S)
    return True


def _read(page: str, folder: Path, port: int, end: float) -> bytes:
    """What is there now, nothing if it is not there yet."""
    try:
        if not page.startswith("/"):
            return (folder / page).read_bytes()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=max(0.1, end - time.monotonic()))
        connection.request("GET", page)
        with connection.getresponse() as response:
            return response.read()
    except (OSError, http.client.HTTPException):
        return b""


def _yaml(post: Post, title: str, *, more: Mapping[str, object] = {}) -> str:
    head = {"title": title, **post.head, **more}
    lines = (f"{key}: {value if key == 'date' else json.dumps(value)}\n" for key, value in head.items())
    return f"---\n{''.join(lines)}---\n{post.body}"


def _pelican(post: Post, title: str) -> str:
    head = post.head
    lines = {
        "Title": title,
        "Slug": post.name,
        "Date": head["date"],
        "Category": head["categories"][0],  # type: ignore[index]
        "Tags": ", ".join(head["tags"]),  # type: ignore[arg-type]
        "Author": head["author"],
        "Summary": head["description"],
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items()) + f"\n{post.body}"


def _version_of(package: str) -> Sequence[str]:
    """The command that says the version of a package of the peers' Python."""
    return str(_PYTHON / "python"), "-c", f"from importlib.metadata import version; print(version('{package}'))"


_HUGO = next(iter(INSTALLED.glob("peers/lib/python3*/site-packages/hugo/binaries/hugo*")), _PYTHON / "hugo")
_NODE_PROGRAM = shutil.which("node") or "node"
_ELEVENTY = _NODE / "@11ty" / "eleventy" / "cmd.cjs"
_JEKYLL = shutil.which("jekyll") or "/usr/bin/jekyll"

PEERS = (
    Peer(
        "Hugo",
        _HUGO,
        _version_of("hugo"),
        "content/posts",
        ("/posts/{name}/", "/", "/posts/", "/index.xml"),
        lambda _, port: (
            str(_HUGO), "server", "--renderToMemory", "--disableLiveReload", "--port", str(port),
            "--bind", "127.0.0.1", "--buildFuture",
        ),
        _yaml,
    ),
    Peer(
        "Eleventy",
        _ELEVENTY,
        (_NODE_PROGRAM, str(_ELEVENTY), "--version"),
        "posts",
        ("_site/posts/{name}/index.html", "_site/index.html", "_site/archive/index.html", "_site/feed.xml"),
        lambda *_: (_NODE_PROGRAM, str(_ELEVENTY), "--watch", "--incremental", "--quiet"),
        _yaml,
    ),
    Peer(
        "Jekyll",
        Path(_JEKYLL),
        (_JEKYLL, "--version"),
        "_posts",
        ("_site/{name}/index.html", "_site/index.html", "_site/archive/index.html", "_site/feed.xml"),
        lambda *_: (_JEKYLL, "build", "--watch", "--incremental", "--future"),
        lambda post, title: _yaml(post, title, more={"permalink": f"/{post.name}/"}),
    ),
    Peer(
        "Pelican",
        _PYTHON / "pelican",
        (str(_PYTHON / "pelican"), "--version"),
        "content",
        ("output/{name}/index.html", "output/index.html", "output/archives.html", "output/feed.xml"),
        lambda *_: (str(_PYTHON / "pelican"), "--autoreload", "--settings", "pelicanconf.py"),
        _pelican,
    ),
    Peer(
        "Flask-FlatPages",
        _PYTHON / "gunicorn",
        _version_of("Flask-FlatPages"),
        "pages",
        ("/{name}/", "/", "/archive/", "/feed.xml"),
        lambda _, port: (
            str(_PYTHON / "gunicorn"), "--no-control-socket", "--bind", f"127.0.0.1:{port}",
            "--worker-class", "gthread", "--threads", "4", "--timeout", "600", "site_of_pages:app",
        ),
        _yaml,
    ),
)  # fmt: skip
