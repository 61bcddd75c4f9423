"""History is read beside requests: with a git that hangs readers get the site as far as it is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blogs import PATIENCE_S, Blog
from publishing import SETTINGS, Editor, HeldGit, Home, all_is_well, post

from app import create_app
from bitacora.publish.home import make
from bitacora.publish.release import publish, rollback

POST, OTHER = "posts/2026-01-01-uno.md", "posts/2026-01-02-dos.md"
URL, OTHER_URL = "/2026/01/01/uno/", "/2026/01/02/dos/"
BROKEN = post("Uno: dos")


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HeldGit:
    git = HeldGit(tmp_path / "bin")
    monkeypatch.setenv("PATH", git.path)
    return git


@pytest.fixture
def site(tmp_path: Path) -> Editor:
    """A work tree that is served as it is."""
    editor = Editor(tmp_path / "site", tmp_path / "nowhere")
    editor.commit({"site.toml": SETTINGS, POST: post(body="Primera."), OTHER: post(date="2026-01-02")})
    return editor


def opened(folder: Path, cache: Path) -> Blog:
    return Blog(folder, create_app({"BITACORA_SITE": str(folder), "BITACORA_CACHE_DIR": str(cache)}), lambda: 0.0)


@pytest.fixture
def blog(site: Editor, git: HeldGit, tmp_path: Path) -> Iterator[Blog]:
    """It has read the history of the site, and is at rest."""
    blog = opened(site.folder, tmp_path / "cache")
    soon(lambda: blog.parts.library.snapshot() is blog.parts.library.current())
    yield blog
    blog.parts.library._watch.close()


def soon(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline


def updated(blog: Blog) -> bool:
    return blog.parts.library.snapshot().find(URL).updated is not None


def test_an_edit_is_on_the_next_request_while_git_hangs_and_its_date_follows(
    site: Editor, blog: Blog, git: HeldGit
) -> None:
    git.hold()
    site.commit({POST: post(body="Segunda.")})
    answers: list[str] = []
    reader = threading.Thread(target=lambda: answers.extend(blog.get(URL).text for _ in range(3)), daemon=True)
    reader.start()
    reader.join(PATIENCE_S)
    assert ["Segunda." in text for text in answers] == [True] * 3
    assert not updated(blog)
    soon(lambda: git.asked("rev-parse") > 2)
    assert "Segunda." in blog.get(URL).text
    git.let_go()
    soon(lambda: updated(blog))
    soon(lambda: blog.get(URL).status == 200 and blog.parts.library.current() is not None)


def test_who_starts_waits_for_history_since_nobody_reads_yet(site: Editor, git: HeldGit, tmp_path: Path) -> None:
    site.commit({POST: post(body="Segunda.")})
    site.commit({POST: BROKEN})
    git.hold()
    blogs: list[Blog] = []
    start = threading.Thread(target=lambda: blogs.append(opened(site.folder, tmp_path / "cache")))
    start.start()
    git.let_go()
    start.join()
    assert "Segunda." in blogs[0].get(URL).text
    blogs[0].parts.library._watch.close()


def test_who_starts_does_not_wait_for_ever_and_learns_the_rest_later(
    site: Editor, git: HeldGit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.commit({POST: post(body="Segunda.")})
    monkeypatch.setattr("bitacora.library.library.HISTORY_PATIENCE_S", 0.3)
    git.hold()
    blog = opened(site.folder, tmp_path / "cache")
    assert "Segunda." in blog.get(URL).text
    assert not updated(blog)
    git.let_go()
    soon(lambda: updated(blog))
    blog.parts.library._watch.close()


def test_a_version_that_cannot_be_read_may_be_a_draft_and_what_is_older_stays_down(
    site: Editor, tmp_path: Path
) -> None:
    site.commit({POST: post(draft="true")})
    draft = site.git("rev-parse", f"HEAD:{POST}")
    site.commit({POST: BROKEN})
    (site.folder / ".git" / "objects" / draft[:2] / draft[2:]).unlink()
    blog = opened(site.folder, tmp_path / "cache")
    assert blog.get(URL).status == 404
    blog.parts.library._watch.close()


def test_a_broken_post_that_was_withdrawn_by_the_same_push_is_gone_when_history_is_there(
    site: Editor, blog: Blog, git: HeldGit
) -> None:
    git.hold()
    site.commit({POST: post(draft="true")})
    site.commit({POST: BROKEN, OTHER: post(date="2026-01-02", body="Nueva.")})
    soon(lambda: "Nueva." in blog.get(OTHER_URL).text)  # git hangs on, and the rest does not wait
    git.let_go()
    soon(lambda: blog.get(URL).status == 404)
    for _ in range(20):
        assert blog.get(URL).status == 404


def test_what_was_seen_withdrawn_does_not_come_back_while_git_hangs(
    site: Editor, blog: Blog, git: HeldGit
) -> None:
    git.hold()
    site.commit({POST: post(draft="true")})
    assert blog.get(URL).status == 404
    site.commit({POST: BROKEN, OTHER: post(date="2026-01-02", body="Nueva.")})
    soon(lambda: blog.get(URL).status == 404 and "Nueva." in blog.get(OTHER_URL).text)
    git.let_go()
    soon(lambda: blog.parts.library.current() is not None)
    assert blog.get(URL).status == 404


def test_a_post_that_breaks_stays_up_at_every_request_while_git_hangs_and_after(
    site: Editor, blog: Blog, git: HeldGit
) -> None:
    git.hold()
    site.commit({POST: BROKEN, OTHER: post(date="2026-01-02", body="Nueva.")})
    soon(lambda: "Primera." in blog.get(URL).text and "Nueva." in blog.get(OTHER_URL).text)
    git.let_go()
    soon(lambda: blog.parts.library.snapshot().problems != () and blog.parts.library.current() is not None)
    assert "Primera." in blog.get(URL).text


def test_going_back_to_where_a_post_was_broken_never_shows_what_came_later_beside_it(
    site: Editor, blog: Blog, git: HeldGit
) -> None:
    site.commit({POST: BROKEN})
    site.commit({POST: post(body="Tercera."), OTHER: post(date="2026-01-02", body="Nueva.")})
    soon(lambda: "Tercera." in blog.get(URL).text and updated(blog))
    git.hold()
    site.git("reset", "-q", "--hard", "HEAD~1")
    soon(lambda: "Nueva." not in blog.get(OTHER_URL).text)
    assert blog.get(URL).status == 404
    git.let_go()
    soon(lambda: "Primera." in blog.get(URL).text)


def test_going_back_and_forth_asks_for_no_history_that_is_known(site: Editor, blog: Blog, git: HeldGit) -> None:
    site.commit({POST: post(body="Segunda.")})
    soon(lambda: updated(blog))
    asked = git.asked("log")
    site.git("reset", "-q", "--hard", "HEAD~1")
    blog.get(URL)
    soon(lambda: not updated(blog))
    site.git("reset", "-q", "--hard", "HEAD@{1}")
    blog.get(URL)
    soon(lambda: updated(blog))
    assert git.asked("log") == asked


def test_a_commit_is_noticed_though_its_files_were_seen_long_before(site: Editor, blog: Blog) -> None:
    site.write({POST: post(body="Segunda.")})
    assert "Segunda." in blog.get(URL).text
    site.git("add", "-A")
    soon(lambda: blog.parts.library.snapshot() is blog.parts.library.current())
    site.git("commit", "-q", "-m", "at last")
    soon(lambda: updated(blog))


@pytest.mark.parametrize("command", ["", " --verify "], ids=["whatever it is asked", "where it is"])
def test_a_git_that_fails_leaves_what_was_known_and_is_asked_again_later(
    command: str,
    site: Editor,
    blog: Blog,
    git: HeldGit,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bitacora.library.commit_history.TRIES_AGAIN_S", 0.5)
    site.commit({POST: post(body="Segunda.")})
    soon(lambda: updated(blog))
    git.fail(command=command)
    site.commit({OTHER: post("Dos", date="2026-01-02")})
    soon(lambda: blog.get("/").status == 200 and "cannot be used" in caplog.text)
    assert updated(blog)
    git.fail(False)

    def asks_again() -> bool:
        site.write({"posts/2026-01-03-tres.md": post(body=str(time.monotonic()))})
        return blog.parts.library.snapshot().find(OTHER_URL).updated is not None

    soon(asks_again)


def test_a_version_that_cannot_be_read_now_takes_nothing_down_and_is_asked_for_again_later(
    site: Editor, git: HeldGit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bitacora.library.commit_history.TRIES_AGAIN_S", 0.5)
    monkeypatch.setattr("bitacora.library.library.SAFETY_SCAN_S", 0.1)
    blog = opened(site.folder, tmp_path / "cache")
    git.fail(command=" cat-file ")
    site.commit({POST: post(draft="true")})
    site.commit({POST: BROKEN, OTHER: post(date="2026-01-02", body="Nueva.")})
    soon(lambda: "Nueva." in blog.get(OTHER_URL).text and "cannot be read" in caplog.text)
    assert ["Primera." in blog.get(URL).text for _ in range(20)] == [True] * 20
    git.fail(False)
    soon(lambda: blog.get(URL).status == 404)
    blog.parts.library._watch.close()


def test_a_rollback_shows_a_whole_release_at_every_request(tmp_path: Path, git: HeldGit) -> None:
    forge = tmp_path / "forge.git"
    editor = Editor(tmp_path / "work", forge)
    editor.git("init", "-q", "--bare", "-b", "main", str(forge))
    home: Home = make(tmp_path / "home", "main", str(forge))
    for uno, other in (("Primera.", "a"), (None, "b"), ("Tercera.", "c")):
        text = BROKEN if uno is None else post(body=uno)
        editor.publish({"site.toml": SETTINGS, POST: text, OTHER: post(date="2026-01-02", body=f"Letra {other}.")})
        publish(home, all_is_well)
    blog = opened(home.current, tmp_path / "cache")
    assert "Tercera." in blog.get(URL).text
    rollback(home)
    seen = []
    soon(lambda: seen.append((blog.get(URL), blog.get(OTHER_URL))) or "Primera." in seen[-1][0].text)
    assert {answer.status for pair in seen for answer in pair} == {200}
    assert "Letra b." in blog.get(OTHER_URL).text
    blog.parts.library._watch.close()


def test_of_new_texts_of_one_push_that_want_one_address_only_the_first_commit_is_ever_seen(
    site: Editor, blog: Blog, tmp_path: Path
) -> None:
    clone = Editor(tmp_path / "clone", site.folder)
    clone.git("pull", "-q", "origin", "main")
    for path, date in (("posts/zz-primera.md", "2026-01-09"), ("posts/a.md", "2026-01-01")):
        clone.commit({path: post(path, date=date, permalink="/x/")})
    seen = set()
    site.git("pull", "-q", "--ff-only", str(clone.folder), "main")
    soon(lambda: seen.add(answer := blog.get("/x/").text) or "zz-primera" in answer)
    rest = time.monotonic() + 0.5
    while time.monotonic() < rest:
        seen.add(blog.get("/x/").text)
    assert not any("posts/a.md" in answer for answer in seen)
