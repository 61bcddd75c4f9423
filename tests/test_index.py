"""A start that knows what was read before: quick, and never other than a start that knows nothing."""

from __future__ import annotations

import os
import pickle
import shutil
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path

import pytest

from bitacora.library import library as library_module
from bitacora.library import warm_start as index_module
from bitacora.library.library import Library
from bitacora.settings import Site

SETTINGS = 'title = "El Blog"\nurl = "https://blog.example.org"\n'
POSTS = 7
BROKEN = "---\ntitle: Uno: dos\n---\n"


def text(title: str = "Una entrada", body: str = "Texto.", head: str = "") -> str:
    return (
        f"---\ntitle: {title}\ndate: 2018-07-17 12:00:00-0300\nupdated: 2019-01-01\ntags: [uno, dos]\n"
        f"author: Ana\ncategories: [A]\nsingle_image: [{{img: a.jpg, caption: Pie}}]\n"
        f"share_message: {{x: Hola, orkut: No}}\n"
        f"focus: top\nextra: {{a: [1, 2.5, true, null, 2020-01-01]}}\n{head}---\n{body}\n"
    )


@pytest.fixture(autouse=True)
def keeps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "UNKEPT_POSTS", 0)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "posts").mkdir(parents=True)
    (folder / "site.toml").write_text(SETTINGS)
    for number in range(POSTS):
        (folder / f"posts/{number}.md").write_text(text(f"Número {number}", head=f"slug: n{number}\n"))
    age(folder)
    return folder


def age(folder: Path) -> None:
    """As if written long ago: not read again for having been written a moment ago."""
    for file in folder.rglob("*"):
        os.utime(file, (1_500_000_000, 1_500_000_000))


Start = Callable[..., Library]


@pytest.fixture
def start(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a library on the site, as often as wanted; what it reads afterwards is written down in `reads`."""
    opened: list[Library] = []
    keeper: list[threading.Thread] = []
    monkeypatch.setattr("bitacora.library.scan.is_racy", lambda _version: False)

    def run(task: Callable[[], None]) -> None:
        keeper.append(threading.Thread(target=task))
        keeper[-1].start()

    monkeypatch.setattr(library_module, "_start", run)

    def started(index: Path | None = tmp_path / "index", **how: object) -> Library:
        library = Library(site, state=tmp_path / "state", spool=tmp_path / "spool", index=index, **how)  # type: ignore[arg-type]
        opened.append(library)
        library.snapshot()
        for thread in keeper:
            thread.join()
        return library

    yield started
    for library in opened:
        if library._watch is not None:
            library._watch.close()


def shown(library: Library) -> object:
    here = library.snapshot()
    return here.candidates, {post.path: here.source(post) for post in here.candidates}, here.problems


def equal_to_a_start_that_knows_nothing(library: Library, start: Start) -> bool:
    def ordered(library: Library) -> object:
        posts, sources, problems = shown(library)  # type: ignore[misc]
        return sorted(posts, key=lambda post: post.path), sources, problems

    return ordered(library) == ordered(start(None))


def test_what_has_not_changed_is_not_read_again_and_is_the_same(start: Start, reads: list[str]) -> None:
    start()
    assert len(reads) == POSTS + 1
    reads.clear()
    again = start()
    assert reads == ["site.toml"]
    assert equal_to_a_start_that_knows_nothing(again, start)


def test_what_changed_while_nobody_looked_is_read_and_what_went_is_gone(
    start: Start, site: Path, reads: list[str]
) -> None:
    start()
    (site / "posts/0.md").write_text(text("Cambiada", head="slug: otra\n"))
    (site / "posts/1.md").unlink()
    (site / "posts/new.md").write_text(text("Nueva"))
    reads.clear()
    again = start()
    assert sorted(reads) == ["posts/0.md", "posts/new.md", "site.toml"]
    assert {post.title for post in again.snapshot().candidates} >= {"Cambiada", "Nueva", "Número 2"}
    assert equal_to_a_start_that_knows_nothing(again, start)


def test_of_a_file_with_the_same_text_only_the_bytes_are_compared(
    start: Start, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    shutil.copytree(site, site.with_name("copy"))
    shutil.rmtree(site)
    site.with_name("copy").rename(site)
    monkeypatch.setattr(library_module, "read_post", lambda *_: pytest.fail("understood again"))
    assert len(start().snapshot().candidates) == POSTS


def test_the_last_good_version_is_there_after_a_start_from_the_index(start: Start, site: Path) -> None:
    start()
    again = start()
    (site / "posts/0.md").write_text(BROKEN)
    here = again.snapshot()
    assert [problem.file for problem in here.problems] == ["posts/0.md"]
    assert any(post.title == "Número 0" for post in here.candidates)
    assert here.source(next(post for post in here.candidates if post.path == "posts/0.md")).endswith(b"Texto.\n")


@pytest.mark.parametrize("between", [text(head="draft: true\n"), None], ids=["a draft", "deleted"])
def test_what_was_withdrawn_while_nobody_looked_does_not_come_back_when_it_breaks(
    start: Start, site: Path, between: str | None
) -> None:
    start()
    if between is None:
        (site / "posts/0.md").unlink()
    else:
        (site / "posts/0.md").write_text(between)
    (site / "posts/0.md").write_text(BROKEN)
    again = start()
    assert "posts/0.md" not in {post.path for post in again.snapshot().candidates}
    assert equal_to_a_start_that_knows_nothing(again, start)


def test_other_settings_read_all_anew(start: Start, site: Path, reads: list[str]) -> None:
    start()
    (site / "site.toml").write_text(SETTINGS + 'timezone = "America/Santiago"\n')
    reads.clear()
    again = start()
    assert len(reads) == POSTS + 1
    assert equal_to_a_start_that_knows_nothing(again, start)


def test_every_setting_has_an_index_of_its_own() -> None:
    site = Site()
    changed = [replace(site, **{setting.name: [getattr(site, setting.name)]}) for setting in fields(Site)]
    assert len({index_module._mark(each) for each in (site, *changed)}) == 1 + len(changed)


def test_another_engine_reads_all_anew(start: Start, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    start()
    reads.clear()
    monkeypatch.setattr(index_module, "_mark", lambda _site: b"another")
    start()
    assert len(reads) == POSTS + 1


def test_another_library_that_reads_posts_reads_all_anew(
    start: Start, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    reads.clear()
    monkeypatch.setattr(index_module, "version", lambda name: "0.1" if name == "PyYAML" else version(name))
    start()
    assert len(reads) == POSTS + 1


def damage_cut(folder: Path) -> None:
    heads = folder / "heads"
    heads.write_bytes(heads.read_bytes()[:-20])


def damage_garbage(folder: Path) -> None:
    mark = (folder / "heads").read_bytes().split(b"\n")[:1]
    (folder / "heads").write_bytes(b"\n".join([*mark, b"garbage"]))


def damage_empty(folder: Path) -> None:
    (folder / "heads").write_bytes(b"")


def damage_no_sources(folder: Path) -> None:
    for file in folder.glob("sources-*"):
        file.unlink()


def damage_other_values(folder: Path) -> None:
    put_in(folder, b"[1, 2]")


def damage_nested_too_deep(folder: Path) -> None:
    put_in(folder, b"[" * 100_000)


def damage_more_than_there_is(folder: Path) -> None:
    mark, _, _ = (folder / "heads").read_bytes().partition(b"\n")
    (folder / "heads").write_bytes(mark + b"\n" + b"\xff" * 8)


def damage_a_pickle(folder: Path) -> None:
    put_in(folder, pickle.dumps(Evil(folder / "pwned")))


def damage_links_in_its_place(folder: Path) -> None:
    for file in (folder / "heads", *folder.glob("sources-*")):
        file.symlink_to(file.rename(folder.with_name(file.name)))


def damage_pipes_in_its_place(folder: Path) -> None:
    for file in (folder / "heads", *folder.glob("sources-*")):
        file.unlink()
        os.mkfifo(file)


def damage_a_letter(folder: Path) -> None:
    heads = folder / "heads"
    heads.write_bytes(heads.read_bytes().replace("Número".encode(), b"Numero!", 1))


def put_in(folder: Path, chunk: bytes) -> None:
    """In place of all posts."""
    mark, _, _ = (folder / "heads").read_bytes().partition(b"\n")
    (sources,) = folder.glob("sources-*")
    chunk = sources.name.encode() + b"\n" + chunk
    (folder / "heads").write_bytes(
        mark + b"\n" + len(chunk).to_bytes(4, "big") + zlib.crc32(chunk).to_bytes(4, "big") + chunk
    )


@pytest.mark.parametrize(
    "damage",
    [
        damage_cut,
        damage_garbage,
        damage_empty,
        damage_no_sources,
        damage_other_values,
        damage_nested_too_deep,
        damage_more_than_there_is,
        damage_a_pickle,
        damage_links_in_its_place,
        damage_pipes_in_its_place,
        damage_a_letter,
    ],
)
def test_a_damaged_index_costs_time_and_nothing_else(
    start: Start, tmp_path: Path, reads: list[str], damage: Callable[[Path], None]
) -> None:
    start()
    damage(tmp_path / "index")
    reads.clear()
    again = start()
    assert len(reads) == POSTS + 1
    assert equal_to_a_start_that_knows_nothing(again, start)
    reads.clear()
    start()
    assert reads == ["site.toml"]


def test_sources_that_were_damaged_are_read_from_the_files_and_hold_up_no_edit(
    start: Start, site: Path, tmp_path: Path
) -> None:
    """As they may be where the machine lost its power: as long as they were, and empty."""
    start()
    for sources in (tmp_path / "index").glob("sources-*"):
        sources.write_bytes(bytes(sources.stat().st_size))
    again = start()
    assert equal_to_a_start_that_knows_nothing(again, start)
    (site / "posts/0.md").write_text(text("Cambiada"))
    (site / "posts/1.md").write_text(BROKEN)
    (site / "site.toml").write_text(SETTINGS + 'timezone = "America/Santiago"\n')
    here = again.snapshot()
    assert {post.title for post in here.candidates} >= {"Cambiada", "Número 2"}
    assert [problem.file for problem in here.problems] == ["posts/1.md"]


class Evil:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("sources", ["/proc/self/environ", "../site/site.toml", "heads", "sources-../x", ""])
def test_sources_lie_in_the_index_and_nowhere_else(
    start: Start, tmp_path: Path, reads: list[str], sources: str
) -> None:
    start()
    index = tmp_path / "index"
    mark, _, frame = (index / "heads").read_bytes().partition(b"\n")
    chunk = sources.encode() + frame[8 + len("sources-0123456789abcdef") :]
    frame = len(chunk).to_bytes(4, "big") + zlib.crc32(chunk).to_bytes(4, "big") + chunk
    (index / "heads").write_bytes(mark + b"\n" + frame)
    reads.clear()
    assert equal_to_a_start_that_knows_nothing(start(), start)
    assert len(reads) == 2 * (POSTS + 1)


def test_each_damaged_piece_is_a_plain_miss(start: Start, tmp_path: Path) -> None:
    """Cut at each place, and with each piece overwritten."""
    site = start()._settings_in_force()
    heads, index = tmp_path / "index/heads", index_module.Index(tmp_path / "index")
    whole = heads.read_bytes()
    known = index.load(site)
    begin = whole.index(b"\n") + 1
    assert len(known) == POSTS
    for at in range(0, len(whole), 211):
        for damaged in (whole[:at], whole[:at] + b"\0" * 16 + whole[at + 16 :], whole[:at] + whole[at + 1 :]):
            heads.write_bytes(damaged)
            assert index.load(site) in ({}, known), at
    heads.write_bytes(whole[:begin])
    assert index.load(site) == {}


def test_an_index_of_another_site_is_a_plain_miss(
    start: Start, site: Path, tmp_path: Path, reads: list[str]
) -> None:
    """As where two folders changed places: no file is the one that was read, whatever its path."""
    start()
    other = tmp_path / "other"
    shutil.copytree(site, other)
    (other / "posts/0.md").write_text(text("De otro"))
    age(other)
    shutil.copytree(site, tmp_path / "kept")
    site.rename(tmp_path / "away")
    other.rename(site)
    reads.clear()
    again = start()
    assert len(reads) == POSTS + 1
    assert "De otro" in {post.title for post in again.snapshot().candidates}


def test_a_post_that_was_written_a_moment_ago_is_read_again(
    start: Start, site: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitacora.library.scan.is_racy", lambda _version: True)
    start()
    reads.clear()
    start()
    assert set(reads) == {"site.toml", *(f"posts/{number}.md" for number in range(POSTS))}


def test_a_disk_that_cannot_keep_the_index_costs_a_line_of_log(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "index").write_text("a file in its place")
    assert len(start().snapshot().candidates) == POSTS
    assert "the index of posts is not kept" in caplog.text


def test_old_sources_go_and_those_in_use_can_still_be_read(start: Start, site: Path, tmp_path: Path) -> None:
    start()
    first = start()
    (site / "posts/0.md").write_text(text("Cambiada"))
    start()
    assert len(list((tmp_path / "index").glob("sources-*"))) == 1
    here = first.snapshot()
    assert all(here.source(post).startswith(b"---") for post in here.candidates)
