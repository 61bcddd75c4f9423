"""A small site whose pages say their version, the ways in which others write to it, and what is stale."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from lanes import slow_but
from programs import tool
from server import Answer, Client

SETTINGS = 'title = "Bitácora"\nurl = "https://blog.example.org"\nlanguage = "es"\n'
POST = "2018-07-17-vivo.md"
ADDRESS = "/2018/07/17/vivo/"
LISTS = ("/", "/archive/", "/feed.xml")
OTHER_POSTS = 9
LONG_AGO = 1_500_000_000
OG_IMAGE = re.compile(r'og:image" content="https://blog\.example\.org([^"]+)')

Edit = Callable[[int], None]
Writer = Callable[[Path], Edit]


def run(*command: str | Path, stdin: str = "") -> None:
    subprocess.run([tool(str(command[0])), *command[1:]], check=True, input=stdin.encode(), capture_output=True)


def git(folder: Path, *command: str, stdin: str = "") -> None:
    alone = (
        "-c",
        "user.name=Ana",
        "-c",
        "user.email=ana@blog.example",
        "-c",
        "gc.auto=0",
        "-c",
        "core.compression=1",
    )
    run("git", *alone, "-C", folder, *command, stdin=stdin)


def commit_all(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")


def branch(version: int) -> str:
    return f"v{version:06}" if version else "main"


def commit_beside(folder: Path, most: int, files: Callable[[int], dict[str, str]]) -> None:
    """A branch for each version from 1 to `most`, each upon the one before; the work tree stays as it is."""
    command = [tool("git"), "-C", folder, "-c", "core.compression=1", "fast-import", "--quiet", "--depth=0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
        assert importer.stdin
        for version in range(1, most + 1):
            head = f"commit refs/heads/{branch(version)}\ncommitter Ana <ana@blog.example> {LONG_AGO} +0000\n"
            importer.stdin.write(f"{head}data 0\nfrom refs/heads/{branch(version - 1)}\n".encode())
            for path, content in files(version).items():
                data = content.encode()
                importer.stdin.write(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data))
    assert importer.returncode == 0


def text(version: int) -> str:
    """A post of always the same size, that says its version in its title and in its body."""
    return f"---\ntitle: Versión v{version:06}\n---\nSoy la v{version:06}.\n"


def versions(answer: Answer) -> set[int]:
    """All the versions that an answer speaks of: more than one is a mixture."""
    assert answer.status == 200
    return {int(version) for version in re.findall(rb"v(\d{6})", answer.body)}


def make_site(folder: Path) -> Path:
    (folder / "posts").mkdir(parents=True)
    (folder / "site.toml").write_text(SETTINGS)
    for number in range(OTHER_POSTS):
        (folder / f"posts/2018-01-{number + 1:02}-otra.md").write_text("---\ntitle: Otra\n---\nOtra.\n")
    (folder / "posts" / POST).write_text(text(0))
    return folder


def pretend_to_be_older(file: Path, version: int) -> None:
    """The higher the version the older its mtime."""
    os.utime(file, (LONG_AGO - version, LONG_AGO - version))


def flip(link: Path, target: str) -> None:
    """`ln -s` to another name and `mv -T`: the link leads to either, never to nothing."""
    (link.parent / "flipping").symlink_to(target)
    (link.parent / "flipping").replace(link)


# --- the nine writers: each prepares a site, and gives a function that puts one version on disk


def in_place(site: Path) -> Edit:
    def edit(version: int) -> None:
        (site / "posts" / POST).write_text(text(version))

    return edit


def by_rename(site: Path) -> Edit:
    def edit(version: int) -> None:
        (site / "posts/new.tmp").write_text(text(version))
        (site / "posts/new.tmp").replace(site / "posts" / POST)

    return edit


def by_sed(site: Path) -> Edit:
    return lambda version: run("sed", "-i", "-E", f"s/v[0-9]{{6}}/v{version:06}/", site / "posts" / POST)


def by_rsync(site: Path) -> Edit:
    source = site.parent / "source"
    source.mkdir()

    def edit(version: int) -> None:
        (source / POST).write_text(text(version))
        pretend_to_be_older(source / POST, version)
        run("rsync", "-a", f"{source}/", f"{site}/posts/")

    return edit


def by_copy_with_old_times(site: Path) -> Edit:
    source = site.parent / "source.md"

    def edit(version: int) -> None:
        source.write_text(text(version))
        pretend_to_be_older(source, version)
        run("cp", "-p", source, site / "posts" / POST)

    return edit


def at_the_same_size_and_mtime(site: Path) -> Edit:
    reference = site.parent / "reference"
    shutil.copy2(site / "posts" / POST, reference)

    def edit(version: int) -> None:
        (site / "posts" / POST).write_text(text(version))
        run("touch", "-r", reference, site / "posts" / POST)

    return edit


def by_git_checkout(site: Path) -> Edit:
    git(site, "init", "-q", "-b", "main")
    commit_all(site)
    commit_beside(site, 1_000, lambda version: {f"posts/{POST}": text(version)})
    return lambda version: git(site, "checkout", "-q", branch(version))


def by_flipped_site(site: Path) -> Edit:
    """The site's folder becomes a link to one of two releases."""
    releases = [site.parent / "release-0", site.parent / "release-1"]
    site.rename(releases[0])
    shutil.copytree(releases[0], releases[1])
    site.symlink_to(releases[0].name)

    def edit(version: int) -> None:
        release = releases[version % 2]
        (release / "posts" / POST).write_text(text(version))
        flip(site, release.name)

    return edit


def by_config_map(site: Path) -> Edit:
    """posts/ is as the kubelet mounts a ConfigMap: links through `..data` to a folder for each version."""
    posts = site / "posts"

    def publish(version: int) -> None:
        folder = posts / f"..{version:06}"
        folder.mkdir()
        (folder / POST).write_text(text(version))
        flip(posts / "..data", folder.name)
        shutil.rmtree(posts / f"..{version - 1:06}", ignore_errors=True)

    (posts / POST).unlink()
    publish(0)
    (posts / POST).symlink_to(f"..data/{POST}")
    return publish


WRITERS = (
    in_place,
    by_rename,
    by_sed,
    by_rsync,
    by_copy_with_old_times,
    at_the_same_size_and_mtime,
    by_git_checkout,
    by_flipped_site,
    by_config_map,
)


def every_writer(*quick: Writer) -> pytest.MarkDecorator:
    """With each of the writers, of which only these are `quick`."""
    cases = slow_but(quick, WRITERS)
    return pytest.mark.parametrize("writer", cases, ids=lambda writer: writer.__name__)


def stale_answers(clients: Sequence[Client], paths: Sequence[str], version: int) -> list[str]:
    return [
        f"{path} of worker {worker} after v{version:06}: {sorted(found)}"
        for worker, client in enumerate(clients)
        for path in paths
        if (found := versions(client.get(path))) != {version}
    ]


# --- the folder itself: each takes it away, and gives a function that puts it back with one version


def rename_the_site(site: Path) -> Edit:
    away = site.rename(site.with_name("away"))

    def put_back(version: int) -> None:
        in_place(away)(version)
        away.rename(site)

    return put_back


def remove_the_site(site: Path) -> Edit:
    """By a program: with readers in this process Python takes long, and meanwhile a post that is gone is gone."""
    subprocess.run(["rm", "-rf", site], check=True)

    def put_back(version: int) -> None:
        in_place(make_site(site.with_name("anew")))(version)
        site.with_name("anew").rename(site)

    return put_back


def rename_the_posts(site: Path) -> Edit:
    away = (site / "posts").rename(site / "away")

    def put_back(version: int) -> None:
        (away / POST).write_text(text(version))
        away.rename(site / "posts")

    return put_back
