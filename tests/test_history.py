"""What git knows of posts: updates, former addresses, and the last good version that every replica agrees on."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from blogs import PATIENCE_S, Blog
from conftest import Serve
from publishing import SETTINGS, Editor, all_is_well

from app import create_app
from bitacora.publish.history import GitHistorian
from bitacora.publish.home import Home, make
from bitacora.publish.release import publish, rollback

POST = "posts/2026-01-01-uno.md"
URL = "/2026/01/01/uno/"
JANUARY = int(datetime(2026, 1, 2, tzinfo=UTC).timestamp())
DAY = 86_400


def text(title: str = "Uno", body: str = "Texto.", head: str = "") -> str:
    return f"---\ntitle: {title}\n{head}---\n{body}\n"


BROKEN = text("Uno: dos")


class Dated(Editor):
    """Commits a day apart, beginning in January 2026; nothing is pushed."""

    days = 0

    def commit(self, files: object) -> str:  # type: ignore[override]
        moment = f"{JANUARY + self.days * DAY} +0000"
        self.days += 1
        os.environ["GIT_COMMITTER_DATE"] = os.environ["GIT_AUTHOR_DATE"] = moment
        try:
            return super().commit(files)  # type: ignore[arg-type]
        finally:
            del os.environ["GIT_COMMITTER_DATE"], os.environ["GIT_AUTHOR_DATE"]

    def move(self, old: str, new: str) -> str:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / old).rename(self.folder / new)
        return self.commit({})


@pytest.fixture
def site(tmp_path: Path) -> Dated:
    """A work tree that is served as it is."""
    editor = Dated(tmp_path / "site", tmp_path / "nowhere")
    editor.commit({"site.toml": SETTINGS, POST: text()})
    return editor


Open = Callable[..., Blog]


@pytest.fixture
def open_blog(tmp_path: Path) -> Iterator[Open]:
    """A blog on a folder that is there already; each with a cache of its own, like a replica that just started."""
    with ExitStack() as stack:
        numbers = iter(range(100))

        @contextmanager
        def opened(folder: Path, **settings: str) -> Iterator[Blog]:
            environ = {"BITACORA_SITE": str(folder), "BITACORA_CACHE_DIR": str(tmp_path / f"cache{next(numbers)}")}
            blog = Blog(folder, create_app(environ | settings), lambda: 0.0)
            while blog.parts.library.current() is None:
                blog.parts.library.snapshot()
            yield blog
            blog.parts.library._watch.close()

        yield lambda folder, **settings: stack.enter_context(opened(folder, **settings))


def day(number: int) -> str:
    """The date of a commit as a page has it."""
    return datetime.fromtimestamp(JANUARY + number * DAY, UTC).strftime("%Y-%m-%d")


def updated(blog: Blog, url: str = URL) -> str | None:
    post = blog.parts.library.snapshot().find(url)
    return None if post.updated is None else f"{post.updated:%Y-%m-%d}"


def soon(is_so: Callable[[], bool]) -> None:
    """Nobody waits for git: what it knows is in the page a moment after the content."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline


# --- updated


def test_a_post_was_updated_when_its_file_was_last_committed(site: Dated, open_blog: Open) -> None:
    site.commit({"posts/2026-01-02-dos.md": text("Dos")})
    site.commit({POST: text(body="Otro texto.")})
    blog = open_blog(site.folder)
    assert updated(blog) == day(2)
    assert f'<time datetime="{day(2)}' in blog.get(URL).text
    assert f'article:modified_time" content="{day(2)}' in blog.get(URL).text
    assert f"<updated>{day(2)}" in blog.get("/feed.xml").text


def test_the_commit_that_added_a_post_did_not_update_it(site: Dated, open_blog: Open) -> None:
    assert updated(open_blog(site.folder)) is None


@pytest.mark.parametrize(
    "nothing_new",
    [
        text(body="Otro texto.\n\n"),
        text(body="Otro  texto."),
        text(body="Otro texto.").replace("\n", "\r\n"),
        text(body="Otro texto.", head="tags: [Archivo]\n"),
        text(body="Otro texto.", head="Keywords: archivo\nredirect_from: [/viejo/]\n"),
        "---\n# nota\n'title':   Uno\n---\nOtro\ntexto.\n",
    ],
    ids=[
        "a line break",
        "a space",
        "other ends of lines",
        "a tag",
        "keywords and old addresses",
        "another way to write",
    ],
)
def test_a_commit_that_changes_nothing_for_readers_is_no_update(
    site: Dated, open_blog: Open, nothing_new: str
) -> None:
    site.commit({POST: text(body="Otro texto.")})
    site.commit({POST: nothing_new})
    assert updated(open_blog(site.folder)) == day(1)


def test_what_readers_do_see_is_an_update_whatever_came_after(site: Dated, open_blog: Open) -> None:
    blog = open_blog(site.folder)
    for seen in ({"body": "Uno dos."}, {"body": "Uno dos.", "head": "intro: Algo\n"}, {"title": "Otro"}):
        site.commit({POST: text(**seen)})
        then = day(site.days - 1)
        for end in ("\n", "\n\n"):
            site.commit({POST: text(**seen) + end})
        soon(lambda then=then: updated(blog) == then)


def test_commits_that_are_listed_for_git_blame_are_no_updates(site: Dated, open_blog: Open) -> None:
    site.commit({POST: text(body="Otro.")})
    listed = site.commit({POST: text(body="OTRO.")})
    blog = open_blog(site.folder)
    assert updated(blog) == day(2)
    site.commit({".git-blame-ignore-revs": f"# mayúsculas\n{listed}  # una vez\nno-es-uno\n"})
    soon(lambda: updated(blog) == day(1))
    assert updated(open_blog(site.folder)) == day(1)


def test_what_a_post_says_itself_counts(site: Dated, open_blog: Open) -> None:
    site.commit({POST: text(head="updated: 2026-01-03\n")})
    assert updated(open_blog(site.folder)) == "2026-01-03"


def test_a_new_name_alone_is_no_update_and_the_updates_before_it_stay(site: Dated, open_blog: Open) -> None:
    site.commit({POST: text(body="Otro texto.")})
    site.move(POST, "posts/2026-01-01-nuevo.md")
    assert updated(open_blog(site.folder), "/2026/01/01/nuevo/") == day(1)


def test_a_commit_is_known_a_moment_after_it_is_there(site: Dated, open_blog: Open) -> None:
    blog = open_blog(site.folder)
    assert updated(blog) is None
    for body in ("Otro.", "Y otro."):
        site.commit({POST: text(body=body)})
        blog.get("/")
        site.write({"posts/2026-01-03-tres.md": text(body)})
        soon(lambda: updated(blog) == day(site.days - 1))


def test_a_history_that_was_rewritten_is_read_anew(site: Dated, open_blog: Open) -> None:
    site.commit({POST: text(body="Otro texto.")})
    blog = open_blog(site.folder)
    assert updated(blog) == day(1)
    site.git("reset", "-q", "--hard", "HEAD~1")
    blog.get("/")
    site.write({"posts/2026-01-03-tres.md": text()})
    soon(lambda: updated(blog) is None)


def test_a_restart_goes_on_from_the_commit_that_it_knew(site: Dated, tmp_path: Path) -> None:
    site.commit({POST: text(body="Otro texto.")})
    GitHistorian(tmp_path / "history.json").look(str(site.folder))
    site.move(POST, "posts/2026-01-01-nuevo.md")
    second = GitHistorian(tmp_path / "history.json").look(str(site.folder))
    fresh = GitHistorian().look(str(site.folder))
    for history in (second, fresh):
        assert history is not None
        assert history.updated("posts/2026-01-01-nuevo.md") == datetime.fromtimestamp(JANUARY + DAY, UTC)
        assert [name for name, _ in history.former()["posts/2026-01-01-nuevo.md"]] == [POST]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}'])
def test_a_damaged_cache_is_made_anew(site: Dated, tmp_path: Path, damage: str) -> None:
    site.commit({POST: text(body="Otro texto.")})
    (tmp_path / "history.json").write_text(damage)
    history = GitHistorian(tmp_path / "history.json").look(str(site.folder))
    assert history is not None
    assert history.updated(POST) is not None


def test_a_shallow_clone_is_noticed(site: Dated, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    site.commit({POST: text(body="Otro texto.")})
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{site.folder}", tmp_path / "shallow"], check=True)
    history = GitHistorian().look(str(tmp_path / "shallow"))
    assert history is not None
    assert history.updated(POST) is None
    assert "shallow clone" in caplog.text


def test_a_repository_of_somebody_else_is_not_read(site: Dated, caplog: pytest.LogCaptureFixture) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    site.commit({POST: text(body="Otro texto.")})
    os.chown(site.folder / ".git", 65534, 65534)
    assert GitHistorian().look(str(site.folder)) is None
    assert "belongs to another user" in caplog.text


def test_without_git_there_is_no_history_and_nothing_is_wrong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    history = GitHistorian().look(str(tmp_path))
    assert history is not None
    assert history.updated(POST) is None
    assert history.before(POST, b"") is None
    assert caplog.text == ""


def test_a_site_in_a_folder_of_its_repository_has_its_history(tmp_path: Path, open_blog: Open) -> None:
    editor = Dated(tmp_path / "work", tmp_path / "nowhere")
    editor.commit({"blog/site.toml": SETTINGS, f"blog/{POST}": text()})
    editor.commit({f"blog/{POST}": text(body="Otro texto.")})
    assert updated(open_blog(editor.folder / "blog")) == day(1)


def test_a_linked_work_tree_has_its_history(site: Dated, tmp_path: Path, open_blog: Open) -> None:
    site.commit({POST: text(body="Otro texto.")})
    site.git("worktree", "add", "-q", str(tmp_path / "linked"), "HEAD")
    assert updated(open_blog(tmp_path / "linked")) == day(1)


def test_odd_names_and_odd_entries_disturb_no_history(site: Dated, open_blog: Open) -> None:
    odd = ["posts/-x.md", "posts/--upload-pack=touch pwned.md", "posts/dos\nlíneas.md", "posts/\x01.md"]
    site.commit(dict.fromkeys(odd, text()))
    (site.folder / "posts" / os.fsdecode(b"ma\xf1ana.md")).write_text(text())
    site.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},posts/submodule")
    site.commit({POST: text(body="Otro texto.")})
    for name in odd:
        site.move(name, name.replace("posts/", "posts/movido "))
    site.commit({POST: BROKEN})
    assert "Otro texto." in open_blog(site.folder).get(URL).text
    assert not list(site.folder.rglob("pwned"))


@pytest.mark.parametrize("moment", ["", "soon", "-1", "253402300799", "1000000000000000", "9" * 25])
def test_a_commit_of_no_moment_updates_nothing_and_disturbs_no_page(
    site: Dated, open_blog: Open, moment: str
) -> None:
    site.commit({POST: text(body="Otro texto."), "posts/2026-01-02-dos.md": text("Dos")})
    site.write({"posts/2026-01-02-dos.md": text("Tres")})
    site.git("add", "--all")
    who = f"A <a@blog.example> {moment} +0000"
    lines = (f"tree {site.git('write-tree')}", f"parent {site.git('rev-parse', 'HEAD')}", f"author {who}")
    commit = "\n".join((*lines, f"committer {who}", "", "a change\n")).encode()
    site.git(
        "reset", "--soft", site.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=commit)
    )
    blog = open_blog(site.folder)
    assert updated(blog) == day(1)
    assert updated(blog, "/2026/01/02/dos/") is None
    assert "Tres" in blog.get("/2026/01/02/dos/").text


def test_a_head_that_points_nowhere_is_no_history(site: Dated, open_blog: Open) -> None:
    site.commit({POST: text(body="Otro texto.")})
    (site.folder / ".git" / "HEAD").write_text("ref: refs/heads/nowhere\n")
    blog = open_blog(site.folder)
    assert "Otro texto." in blog.get(URL).text
    assert updated(blog) is None


def merge(site: Dated, branch: str) -> None:
    moment = f"{JANUARY + site.days * DAY} +0000"
    site.days += 1
    os.environ["GIT_COMMITTER_DATE"] = os.environ["GIT_AUTHOR_DATE"] = moment
    try:
        site.git("merge", "-q", "--no-ff", "--no-edit", branch)
    finally:
        del os.environ["GIT_COMMITTER_DATE"], os.environ["GIT_AUTHOR_DATE"]


LONG = "\n".join(f"Línea {number}." for number in range(30))


def test_a_merge_updates_a_post_at_the_same_moment_for_every_replica(site: Dated, open_blog: Open) -> None:
    site.commit({POST: text(body=LONG)})
    running = open_blog(site.folder)
    site.git("checkout", "-q", "-b", "ana")
    site.commit({POST: text(body=LONG.replace("Línea 1.", "Línea uno."))})
    running.get("/")
    site.git("checkout", "-q", "main")
    site.commit({POST: text(body=LONG.replace("Línea 28.", "Línea veintiocho."))})
    running.get("/")
    merge(site, "ana")
    site.write({"posts/2026-01-03-tres.md": text("Tres")})
    fresh = open_blog(site.folder)
    assert updated(fresh) == day(4)
    soon(lambda: updated(running) == day(4))
    assert "Línea uno." in fresh.get(URL).text
    assert "Línea veintiocho." in fresh.get(URL).text
    site.commit({POST: BROKEN})
    running.get("/")
    late = open_blog(site.folder)
    soon(lambda: late.get(URL).body == running.get(URL).body)
    assert "Línea uno." in late.get(URL).text
    assert "Línea veintiocho." in late.get(URL).text


@pytest.mark.parametrize("first", ["main", "ana"])
def test_a_draft_that_came_by_a_merge_ends_the_search(site: Dated, open_blog: Open, first: str) -> None:
    site.commit({POST: text(body=LONG)})
    site.git("checkout", "-q", "-b", "ana")
    site.commit({POST: text(body=LONG.replace("Línea 28.", "Línea veintiocho."))})
    site.git("checkout", "-q", "main")
    site.commit({POST: text(body=LONG, head="draft: true\n")})
    if first == "ana":
        site.git("checkout", "-q", "ana")
    merge(site, "ana" if first == "main" else "main")
    running = open_blog(site.folder)
    assert running.get(URL).status == 404
    site.commit({POST: BROKEN})
    assert running.get(URL).status == open_blog(site.folder).get(URL).status == 404


def test_other_ends_of_lines_in_the_checkout_are_the_same_version(site: Dated, open_blog: Open) -> None:
    site.commit({".gitattributes": "*.md eol=crlf\n", POST: text(body="La buena.")})
    site.commit({POST: BROKEN.replace("\n", "\r\n")})
    assert "La buena." in open_blog(site.folder).get(URL).text


# --- former addresses


def test_a_renamed_post_answers_its_old_address(site: Dated, open_blog: Open) -> None:
    site.move(POST, "posts/2026-01-01-nuevo.md")
    site.move("posts/2026-01-01-nuevo.md", "posts/2026-02-01-final.md")
    blog = open_blog(site.folder)
    for old in (URL, "/2026/01/01/nuevo/"):
        answer = blog.get(old)
        assert (answer.status, answer.headers["Location"]) == (301, "/2026/02/01/final/")


def test_a_rename_is_followed_while_the_blog_runs(site: Dated, open_blog: Open) -> None:
    blog = open_blog(site.folder)
    assert blog.get(URL).status == 200
    site.move(POST, "posts/2026-01-01-nuevo.md")
    assert blog.get_until(301, URL).headers["Location"] == "/2026/01/01/nuevo/"


def test_the_first_request_for_an_old_address_after_a_push_is_redirected(tmp_path: Path, open_blog: Open) -> None:
    editor = Editor(tmp_path / "work", tmp_path / "forge.git")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "forge.git"], check=True)
    home: Home = make(tmp_path / "home", "main", str(tmp_path / "forge.git"))
    editor.publish({"site.toml": SETTINGS, POST: text()})
    publish(home, all_is_well)
    blog = open_blog(home.current)
    for number in range(3):
        old, new = (
            f"posts/2026-01-01-{name}.md" for name in ("uno" if not number else f"n{number}", f"n{number + 1}")
        )
        editor.publish({old: None, new: text()})
        publish(home, all_is_well)
        assert (blog.get(f"/2026/01/01/{old[17:-3]}/").status, number) == (301, number)
        assert blog.get("/2026/01/01/nada/").status == 404


def test_a_former_address_is_that_of_the_settings_of_the_site(site: Dated, open_blog: Open) -> None:
    site.commit({"site.toml": SETTINGS + 'permalink = "/:slug/"\n'})
    site.move(POST, "posts/2026-01-01-nuevo.md")
    blog = open_blog(site.folder)
    assert blog.get("/uno/").status == 301
    site.write({"site.toml": SETTINGS + 'permalink = "/p/:slug/"\n'})
    assert blog.get_until(301, "/p/uno/").headers["Location"] == "/p/nuevo/"


def test_whoever_is_at_the_old_address_now_keeps_it(site: Dated, open_blog: Open) -> None:
    site.move(POST, "posts/2026-01-01-nuevo.md")
    site.commit({POST: text("Otra cosa")})
    assert open_blog(site.folder).get(URL).status == 200


def test_the_address_of_a_draft_leads_nowhere(site: Dated, open_blog: Open) -> None:
    site.commit({"posts/2026-01-05-secreto.md": text("Secreto", head="draft: true\n")})
    site.move("posts/2026-01-05-secreto.md", "posts/2026-01-05-publico.md")
    site.commit({"posts/2026-01-05-publico.md": text("Secreto")})
    blog = open_blog(site.folder)
    assert blog.get("/2026/01/05/publico/").status == 200
    assert blog.get("/2026/01/05/secreto/").status == 404


def test_the_address_of_what_is_a_draft_again_leads_nowhere(site: Dated, open_blog: Open) -> None:
    site.move(POST, "posts/2026-01-01-nuevo.md")
    site.commit({"posts/2026-01-01-nuevo.md": text(head="draft: true\n")})
    assert open_blog(site.folder).get(URL).status == 404


# --- the last good version


def test_a_replica_that_just_started_shows_the_last_good_version_that_was_committed(
    site: Dated, open_blog: Open
) -> None:
    site.commit({POST: text(body="La buena.")})
    running = open_blog(site.folder)
    running.get(URL)
    site.commit({POST: BROKEN})
    site.commit({POST: BROKEN + "Todavía rota."})
    fresh = open_blog(site.folder)
    assert "La buena." in fresh.get(URL).text
    there = fresh.get(URL)
    soon(lambda: running.get(URL).headers["ETag"] == there.headers["ETag"])
    assert running.get(URL).body == there.body
    assert [problem.file for problem in fresh.parts.library.snapshot().problems] == [POST]


@pytest.mark.parametrize(
    "between",
    [{POST: None}, {POST: text(head="draft: true\n")}, {POST: "---\ndraft: true\ntitle: Uno: dos\n---\n"}],
    ids=["deleted", "a draft", "a draft that is broken"],
)
def test_the_search_stops_where_the_post_was_deleted_or_made_a_draft(
    site: Dated, open_blog: Open, between: dict[str, str | None]
) -> None:
    site.commit(between)
    site.commit({POST: BROKEN})
    assert open_blog(site.folder).get(URL).status == 404


def test_what_was_not_due_when_it_broke_does_not_appear(site: Dated, open_blog: Open) -> None:
    """The posts of this folder are committed in January 2026; this one is due in March, and broke before."""
    site.commit({"posts/2026-03-01-marzo.md": text("Marzo")})
    site.commit({"posts/2026-03-01-marzo.md": text("Marzo: roto")})
    assert open_blog(site.folder).get("/2026/03/01/marzo/").status == 404


def test_what_is_not_committed_is_nobody_elses_to_know(site: Dated, open_blog: Open) -> None:
    """Edited by hand in the checkout: the last version that this server read stays, as without git."""
    blog = open_blog(site.folder)
    site.write({POST: text(body="A mano.")})
    assert "A mano." in blog.get(URL).text
    site.write({POST: BROKEN})
    assert "A mano." in blog.get(URL).text


def test_a_server_that_just_started_shows_what_was_committed_of_a_post_that_was_broken_by_hand(
    site: Dated, open_blog: Open
) -> None:
    site.commit({POST: text(body="Segunda.")})
    site.write({POST: BROKEN})
    blog = open_blog(site.folder)
    assert "Segunda." in blog.get(URL).text
    assert [problem.file for problem in blog.parts.library.snapshot().problems] == [POST]


@pytest.mark.parametrize("head", ["draft: true\n", "date: 2030-01-01\n"])
def test_what_was_committed_is_not_shown_for_a_broken_post_unless_it_was_public(
    site: Dated, open_blog: Open, head: str
) -> None:
    site.commit({POST: text(head=head)})
    site.write({POST: BROKEN})
    assert open_blog(site.folder).get(URL).status == 404


def test_what_was_withdrawn_by_hand_does_not_come_back_when_it_breaks(
    site: Dated, open_blog: Open, tmp_path: Path
) -> None:
    blog = open_blog(site.folder, BITACORA_CACHE_DIR=str(tmp_path / "kept"))
    assert blog.get(URL).status == 200
    site.write({POST: text(head="draft: true\n")})
    assert blog.get(URL).status == 404
    site.write({POST: BROKEN})
    for once_more in (blog, open_blog(site.folder, BITACORA_CACHE_DIR=str(tmp_path / "kept"))):
        assert once_more.get(URL).status == 404


def test_broken_settings_and_templates_come_from_history_too(site: Dated, open_blog: Open) -> None:
    site.commit({"templates/post.html": "<title>La buena plantilla</title>"})
    site.commit({"templates/post.html": "{% if %}", "site.toml": "title = "})
    blog = open_blog(site.folder)
    assert "La buena plantilla" in blog.get(URL).text
    assert blog.parts.library.snapshot().site.title == "El Blog"


@pytest.mark.slow
def test_a_release_knows_its_history_and_going_back_brings_back_what_was_good_then(
    tmp_path: Path, serve: Serve
) -> None:
    forge = tmp_path / "forge.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", forge], check=True)
    editor = Editor(tmp_path / "work", forge)
    home: Home = make(tmp_path / "home", "main", str(forge))
    for body in ("Primera.", None, "Tercera."):
        editor.publish({"site.toml": SETTINGS, POST: BROKEN if body is None else text(body=body)})
        publish(home, all_is_well)
    server = serve(home.current)
    clients = server.clients()
    assert all("Tercera." in client.get(URL).text for client in clients)
    rollback(home)
    for client in clients:
        seen: list[str] = []
        soon(lambda client=client, seen=seen: seen.append(client.get(URL).text) or "Primera." in seen[-1])
        assert all("Tercera." in page for page in seen[:-1])  # the site as it was, until git has answered
    server.restart()
    assert all("Primera." in client.get(URL).text for client in server.clients())


def test_a_work_tree_without_its_repository_is_served_as_before(site: Dated, open_blog: Open) -> None:
    blog = open_blog(site.folder)
    shutil.rmtree(site.folder / ".git")
    site.write({POST: text(body="Sin git.")})
    assert "Sin git." in blog.get(URL).text
