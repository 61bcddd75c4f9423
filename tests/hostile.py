"""Trees that a pusher makes: ordinary files that git takes for a repository, with settings that name programs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

POST = "---\ntitle: Hola\ndate: 2026-01-01\n---\nTexto.\n"
MISSING = "1234567890123456789012345678901234567890"

_SETTINGS = """\
[core]
    repositoryformatversion = 1
    bare = {bare}
    {worktree}
    fsmonitor = "{program} fsmonitor"
    hooksPath = {hooks}
    sshCommand = "{program} ssh"
    gitProxy = "{program} proxy"
    askPass = "{program} askpass"
    editor = "{program} editor"
    pager = "{program} pager"
    alternateRefsCommand = "{program} alternates"
[pager]
    log = true
    diff = true
[extensions]
    partialClone = origin
[remote "origin"]
    url = {url}
    promisor = true
    partialclonefilter = blob:none
    uploadpack = "{program} uploadpack"
    receivepack = "{program} receivepack"
[diff]
    external = "{program} diff"
[diff "evil"]
    textconv = "{program} textconv"
    command = "{program} diff-driver"
[filter "evil"]
    clean = "{program} clean"
    smudge = "{program} smudge"
    process = "{program} process"
    required = true
[gpg]
    program = "{program} gpg"
[credential]
    helper = "!{program} credential"
[uploadpack]
    packObjectsHook = "{program} pack"
[alias]
    log = "!{program} alias"
"""


@dataclass(frozen=True)
class Trap:
    """A program that notes that it ran, and by which setting."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Trap:
        (folder / "hooks").mkdir(parents=True)
        trap = cls(folder)
        for file in (trap.program, *(folder / "hooks" / name for name in ("pre-auto-gc", "post-index-change"))):
            file.write_text(f'#!/bin/sh\necho "$0 $*" >> {folder}/ran\n')
            file.chmod(0o755)
        return trap

    @property
    def program(self) -> Path:
        return self.folder / "program"

    @property
    def ran(self) -> str:
        """What it was started as: empty when it never was."""
        file = self.folder / "ran"
        return file.read_text() if file.exists() else ""


def repository(
    trap: Trap, *, bare: bool = False, name: str = "posts/.gitignore", where: str = "."
) -> dict[str, str | bytes]:
    """The files of a repository whose index lists `name`, which is nowhere: git would ask its remote for it."""
    settings = _SETTINGS.format(
        program=trap.program,
        hooks=trap.folder / "hooks",
        bare=str(bare).lower(),
        worktree="" if bare else f"worktree = {where}",
        url="file:///nowhere",
    )
    return {
        "HEAD": "ref: refs/heads/main\n",
        "config": settings,
        "index": index_of(trap.folder / "index", name),
        "objects/info/keep": "",
        "refs/heads/keep": "",
    }


def index_of(folder: Path, name: str) -> bytes:
    """An index by git itself, with an entry that is neither in the work tree nor among the objects."""
    if not folder.exists():
        _git(folder.parent, "init", "-q", "--template=", str(folder))
    index = folder / ".git" / "index"
    index.unlink(missing_ok=True)
    _git(folder, "update-index", "--add", "--cacheinfo", f"100644,{MISSING},{name}")
    _git(folder, "update-index", "--skip-worktree", name)
    return index.read_bytes()


def _git(folder: Path, *command: str) -> None:
    subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)


def under(folder: str, files: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    return {f"{folder}{path}": content for path, content in files.items()}


ATTRIBUTES = {
    ".gitattributes": "* filter=evil diff=evil merge=evil ident working-tree-encoding=UTF-8\n",
    "posts/.gitattributes": "*.md filter=evil diff=evil\n",
    ".gitmodules": '[submodule "x"]\n\tpath = posts\n\turl = ext::sh -c touch% /tmp/x\n\tupdate = !touch x\n',
    ".lfsconfig": "[lfs]\n\turl = file:///nowhere\n",
    ".mailmap": "A <a@blog.example>\n",
}

TREES: dict[str, Callable[[Trap], dict[str, str | bytes]]] = {
    "a work tree at the root": lambda trap: repository(trap),
    "a bare one at the root": lambda trap: repository(trap, bare=True),
    "one in posts": lambda trap: under("posts/", repository(trap, name=".gitignore")),
    "one inside the other": lambda trap: {
        **repository(trap),
        **under("posts/", repository(trap, name=".gitignore")),
    },
    "five folders down": lambda trap: under("posts/a/b/c/d/", repository(trap, name=".gitignore")),
    "by commondir": lambda trap: {
        "HEAD": "ref: refs/heads/main\n",
        "commondir": "common\n",
        "gitdir": "../.git\n",
        **under("common/", repository(trap)),
    },
    "in capitals": lambda trap: {
        {"HEAD": "head", "objects/info/keep": "OBJECTS/info/keep", "refs/heads/keep": "Refs/heads/keep"}.get(
            path, path
        ): content
        for path, content in repository(trap).items()
    },
    "with dots and spaces": lambda trap: {
        {"HEAD": "HEAD ", "objects/info/keep": "objects./info/keep", "refs/heads/keep": "refs . /heads/keep"}.get(
            path, path
        ): content
        for path, content in repository(trap).items()
    },
    "with packed references and alternates": lambda trap: {
        **repository(trap),
        "packed-refs": f"{MISSING} refs/heads/main\n",
        "objects/info/alternates": "/nowhere/objects\n../../.git/objects\n",
        "shallow": f"{MISSING}\n",
    },
}
"""Beside an honest post; `ATTRIBUTES` go with each."""


def tree(kind: str, trap: Trap) -> dict[str, str | bytes]:
    """The files of a site with one of TREES in it."""
    return {"posts/hola.md": POST, **ATTRIBUTES, **TREES[kind](trap)}
