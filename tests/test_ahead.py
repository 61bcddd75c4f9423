"""A great many posts at a first start: read by several processes, once for all workers, and never otherwise."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from folders import SETTINGS, post
from programs import wait_until

from bitacora.library import cold_start as ahead
from bitacora.library import library as library_module
from bitacora.library import scan
from bitacora.library.library import Library
from bitacora.settings import Site, read_site

POSTS = 40
BROKEN = 7
REMARKABLE = 11, POSTS - 1


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for part, number in (("posts", POSTS), ("pages", 3)):
        (folder / part).mkdir(parents=True)
        for of in range(number):
            (folder / part / f"{of:02}.md").write_text(post(f"{part} {of}", intro=f"De {of}"), encoding="utf-8")
    (folder / "site.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / f"posts/{BROKEN:02}.md").write_text("---\ntitle: Uno: dos\n---\n", encoding="utf-8")
    for of in REMARKABLE:
        told = post(f"posts {of}", share_message="{orkut: No}")
        (folder / f"posts/{of:02}.md").write_text(told, encoding="utf-8")
    for file in folder.rglob("*"):
        os.utime(file, (1_500_000_000, 1_500_000_000))
    return folder


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "ONE_BY_ONE", 5)
    monkeypatch.setattr(scan, "is_racy", lambda _version: False)
    monkeypatch.setattr(ahead, "POSTS_A_PROCESS", 10)
    monkeypatch.setattr(ahead, "usable_cores", lambda: 3)


@pytest.fixture
def opened() -> Iterator[list[Library]]:
    libraries: list[Library] = []
    yield libraries
    for library in libraries:
        if library._watch is not None:
            library._watch.close()


def started(site: Path, opened: list[Library], index: Path | None = None) -> Library:
    opened.append(Library(site, index=index))
    opened[-1].snapshot()
    return opened[-1]


def shown(library: Library) -> object:
    here = library.snapshot()
    candidates = sorted(here.candidates, key=lambda post: post.path)
    return here.posts, candidates, [here.source(post) for post in candidates], here.problems


def test_a_first_start_by_several_processes_shows_what_one_would_and_the_next_start_knows_it(
    site: Path, tmp_path: Path, opened: list[Library], reads: list[str]
) -> None:
    first = shown(started(site, opened, tmp_path / "index"))
    broken = f"posts/{BROKEN:02}.md"
    assert len(reads) == scan.ONE_BY_ONE + 1
    assert set(reads) - {"site.toml"} <= {f"posts/{of:02}.md" for of in range(scan.ONE_BY_ONE)} | {broken}
    assert first == shown(started(site, opened))
    reads.clear()
    assert first == shown(started(site, opened, tmp_path / "index"))
    assert set(reads) == {"site.toml", broken}


def test_what_they_wrote_is_not_written_once_more(
    site: Path, tmp_path: Path, opened: list[Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[object] = []
    monkeypatch.setattr(library_module, "UNKEPT_POSTS", 3)
    monkeypatch.setattr(library_module, "_start", tasks.append)
    started(site, opened, tmp_path / "index")
    assert tasks == []


@pytest.mark.slow
def test_what_a_head_says_in_vain_is_told_once(
    site: Path, tmp_path: Path, opened: list[Library], caplog: pytest.LogCaptureFixture
) -> None:
    (site / "posts/00.md").write_text(post(share_message="{orkut: No}"), encoding="utf-8")
    started(site, opened, tmp_path / "index")
    assert caplog.text.count("orkut") == len(REMARKABLE) + 1


@pytest.mark.slow
def test_a_name_that_cannot_be_shown_holds_a_post_back_as_ever(
    site: Path, tmp_path: Path, opened: list[Library]
) -> None:
    for name in (b"\xff.md", b"a\x07.md", "\u202e.md".encode()):
        file = os.path.join(os.fsencode(site / "posts"), name)
        with open(file, "wb") as odd:
            odd.write(post("Raro").encode())
        os.utime(file, (1_500_000_000, 1_500_000_000))
    found = shown(started(site, opened, tmp_path / "index"))
    assert found == shown(started(site, opened))


def test_all_that_was_kept_stays_kept_when_many_others_changed(
    site: Path, tmp_path: Path, opened: list[Library], reads: list[str]
) -> None:
    started(site, opened, tmp_path / "index")
    for of in range(10, POSTS):
        os.utime(site / f"posts/{of:02}.md", (1_600_000_000, 1_600_000_000))
    started(site, opened, tmp_path / "index")
    reads.clear()
    started(site, opened, tmp_path / "index")
    assert set(reads) == {"site.toml", f"posts/{BROKEN:02}.md"}


def test_one_worker_has_them_read_and_the_others_wait_for_it(
    site: Path, tmp_path: Path, opened: list[Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    goes_on = threading.Event()

    def write_parts(*given: object) -> list[Path]:
        calls.append(1)
        assert goes_on.wait(30)
        return ahead.write_parts(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(library_module, "write_parts", write_parts)
    with ThreadPoolExecutor() as pool:
        workers = [pool.submit(started, site, opened, tmp_path / "index") for _ in range(3)]
        wait_until(lambda: len(opened) == len(workers) and bool(calls))
        goes_on.set()
        first, *others = [shown(worker.result()) for worker in workers]
    assert calls == [1]
    assert all(other == first for other in others)


def test_a_process_that_is_killed_costs_time_and_a_line_of_log(
    site: Path,
    tmp_path: Path,
    opened: list[Library],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    begin, begun = ahead._started, []

    def started_to_be_killed() -> subprocess.Popen[bytes]:
        begun.append(begin())
        if len(begun) == 2:
            begun[-1].kill()
            begun[-1].wait()
        return begun[-1]

    monkeypatch.setattr(ahead, "_started", started_to_be_killed)
    library = started(site, opened, tmp_path / "index")
    assert shown(library) == shown(started(site, opened))
    assert "a process that read posts ended with -9" in caplog.text


def test_a_disk_without_room_costs_time_and_a_line_of_log_and_nothing_is_left_on_it(
    site: Path,
    tmp_path: Path,
    opened: list[Library],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    library = started(site, opened, tmp_path / "index")
    assert shown(library) == shown(started(site, opened))
    assert "the index of posts is not made: [Errno 28]" in caplog.text
    assert [file.name for file in (tmp_path / "index").iterdir()] == ["lock"]


@pytest.mark.slow
def test_what_a_killed_worker_left_half_written_goes(site: Path, tmp_path: Path, opened: list[Library]) -> None:
    left = tmp_path / "index/written-x"
    left.mkdir(parents=True)
    (left / "sources-1").write_text("half")
    started(site, opened, tmp_path / "index")
    assert not left.exists()


def test_a_process_reads_only_for_as_long_as_somebody_waits(site: Path, tmp_path: Path) -> None:
    paths = [f"posts/{of:02}.md" for of in range(POSTS)]
    for parent, status in ((os.getpid(), 0), (1, 1)):
        task = json.loads(ahead.task(read_site(SETTINGS, {}), str(site), paths, tmp_path))
        told = json.dumps([parent, *task[1:]]).encode()
        done = subprocess.run([sys.executable, "-m", ahead.__name__], input=told, capture_output=True, check=False)
        assert done.returncode == status, done.stderr
        assert done.stdout.endswith(b".part") == (status == 0)


def test_where_a_command_was_begun_neither_keeps_them_from_reading_nor_gives_them_modules(
    site: Path,
    tmp_path: Path,
    opened: list[Library],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = tmp_path / "run"
    (site / "bitacora").mkdir()
    for module in ("yaml.py", "bitacora/__init__.py"):
        (site / module).write_text(f"open({str(run)!r}, 'w').close()", encoding="utf-8")
    monkeypatch.chdir(site)
    started(site, opened, tmp_path / "index")
    assert not run.exists()
    assert "a process that read posts ended" not in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "environ"),
    [("ñ", {"PYTHONIOENCODING": "latin-1"}), ("\udcff", {}), ("index", {"PYTHONSAFEPATH": "1"})],
)
def test_they_read_whatever_the_folder_of_the_index_is_called_and_python_is_told(
    site: Path,
    tmp_path: Path,
    opened: list[Library],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reads: list[str],
    name: str,
    environ: dict[str, str],
) -> None:
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    started(site, opened, tmp_path / name)
    assert "a process that read posts ended" not in caplog.text
    assert len(reads) == scan.ONE_BY_ONE + 1


@pytest.mark.parametrize(("posts", "processors", "processes"), [(19, 8, 0), (20, 8, 2), (99, 1, 0), (999, 64, 8)])
def test_few_posts_or_one_processor_need_no_processes(
    posts: int, processors: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "usable_cores", lambda: processors)
    assert ahead.processes_for(posts) == processes


def test_a_process_is_told_all_settings_as_they_are(tmp_path: Path) -> None:
    site = read_site(
        SETTINGS
        + 'languages = ["es", "pt"]\nembeds = ["a.example"]\nnavigation = [{label = "Casa", url = "/"}]\n'
        + '[redirects]\n"/a" = "/b"\n[authors.ana]\nname = "Ana"\nurl = "https://ana.example"\n',
        {},
    )
    _, told, *_ = ahead._as_tuples(json.loads(ahead.task(site, "", [], tmp_path)))
    assert Site(**told) == site
    assert ahead.task(Site(**told), "", [], tmp_path) == ahead.task(site, "", [], tmp_path)
