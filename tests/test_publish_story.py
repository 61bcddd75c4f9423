"""Publishing as editors do it: real git, the hooks that it runs, and a real gunicorn under load."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sizes
from conftest import Serve
from crowd import PAUSE_S
from lanes import slow_but
from publishing import (
    PLAIN,
    SECRET,
    SETTINGS,
    Editor,
    HeldGit,
    all_is_well,
    deliver,
    files_of,
    flask,
    github,
    is_at_rest,
    post,
)
from server import PATIENCE_S, Client, Server

from bitacora.publish.home import Home, make
from bitacora.publish.release import listed, publish

POSTS = 12
PATHS = ("/", "/archive/", "/feed.xml", *(f"/2026/01/{day:02}/entrada/" for day in range(1, POSTS + 1)))
READERS = 3


def version_of(number: int) -> dict[str, str | bytes | None]:
    """A site whose every page says which version it is of."""
    posts: dict[str, str | bytes | None] = {
        f"posts/2026-01-{day:02}-entrada.md": f"---\ntitle: Entrada v{number:04}\n---\nSoy la v{number:04}.\n"
        for day in range(1, POSTS + 1)
    }
    return {"site.toml": SETTINGS, **posts}


def versions(client: Client, path: str) -> set[str]:
    answer = client.get(path)
    assert answer.status == 200, path
    return set(re.findall(r"v\d{4}", answer.text))


@contextmanager
def readers(server: Server) -> Iterator[list[str]]:
    """Clients that read all the time, as a Crowd does, and what they were given that they should not have been."""
    faults: list[str] = []
    enough = threading.Event()

    def read() -> None:
        client = Client(server.port)
        while not enough.is_set():
            for path in PATHS:
                answer = client.get(path)
                found = set(re.findall(r"v\d{4}", answer.text))
                if answer.status != 200 or len(found) != 1:
                    faults.append(f"{path}: {answer.status} {sorted(found)}")
                enough.wait(PAUSE_S)
        client.close()

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield faults
    finally:
        enough.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def pushed(tmp_path: Path) -> Home:
    """Made by the command, as an operator would."""
    done = flask("site", "init-git", tmp_path / "home", site=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"BITACORA_SITE={tmp_path}/home/current" in done.stdout
    return Home(tmp_path / "home")


def test_push_refuse_mend_push_live_and_back_under_load(tmp_path: Path, pushed: Home, serve: Serve) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    editor.publish(version_of(0))
    server = serve(pushed.current)
    clients = server.clients()
    with readers(server) as faults:
        last = sizes.PUBLICATIONS
        for number in range(1, last + 1):
            editor.publish(version_of(number))
            for client in clients:
                assert versions(client, PATHS[number % len(PATHS)]) == {f"v{number:04}"}

        broken = "posts/2026-01-01-entrada.md"
        editor.commit({broken: "---\ntitle: Entrada: v9999\n---\nRota.\n"})
        refused = editor.push()
        assert not refused.accepted
        assert f"remote: {broken}:2:15: " in refused.told
        assert 'Put the whole value in quotes, like title: "Entrada: v9999".' in refused.told
        assert all(versions(client, "/") == {f"v{last:04}"} for client in clients)

        editor.publish(version_of(last + 1))
        assert all(versions(client, "/") == {f"v{last + 1:04}"} for client in clients)

        back = flask("site", "rollback", site=pushed.current)
        assert back.returncode == 0, back.stderr
        assert all(versions(client, "/archive/") == {f"v{last:04}"} for client in clients)
    assert faults == []
    told = flask("site", "releases", site=pushed.current).stdout.splitlines()
    assert [line[:2] for line in told[:2]] == ["  ", "* "]
    assert "Ana" in told[0]
    assert "0 errors, 0 warnings  a change" in told[0]


WRITING = ["new Otra", "check --fix --yes", "fetch-images --write"]


@pytest.mark.parametrize("command", slow_but(["new Otra"], WRITING))
def test_nothing_is_written_into_a_release_by_hand(tmp_path: Path, pushed: Home, command: str) -> None:
    Editor(tmp_path / "work", pushed.repo).publish({"posts/a.md": post()})
    before = files_of(pushed.current)
    done = flask("posts", *command.split(), site=pushed.current)
    assert (done.returncode, "Write in a clone of the posts" in done.stderr) == (1, True)
    assert files_of(pushed.current) == before


@pytest.mark.slow
def test_a_pull_publishes_what_was_pushed_to_the_forge(tmp_path: Path, serve: Serve) -> None:
    forge = tmp_path / "forge.git"
    Editor(tmp_path / "nobody", forge).git("init", "-q", "--bare", "-b", "main", str(forge))
    editor = Editor(tmp_path / "work", forge)
    assert flask("site", "init-git", tmp_path / "home", "--from", forge, site=tmp_path).returncode == 0
    home = Home(tmp_path / "home")
    editor.publish(version_of(0))
    assert flask("site", "pull", site=home.current).returncode == 0
    server = serve(home.current)
    clients = server.clients()
    with readers(server) as faults:
        first = editor.publish(version_of(1))
        assert all(versions(client, "/") == {"v0000"} for client in clients)
        pulled = flask("site", "pull", site=home.current)
        assert pulled.stdout.endswith("12 posts, 0 errors, 0 warnings\n")
        assert all(versions(client, "/") == {"v0001"} for client in clients)

        editor.publish({"posts/2026-01-01-entrada.md": "---\ntitle: Entrada: v9999\n---\nRota.\n"})
        refused = flask("site", "pull", site=home.current, broken="refuse")
        assert refused.returncode == 1
        assert "posts/2026-01-01-entrada.md:2:15: " in refused.stdout
        assert flask("site", "pull", site=home.current).returncode == 0  # the last good version stays up
        assert all(versions(client, path) == {"v0001"} for client in clients for path in PATHS)

        editor.publish(version_of(2))
        assert flask("site", "pull", site=home.current).returncode == 0
        assert all(versions(client, path) == {"v0002"} for client in clients for path in PATHS)
        assert flask("site", "rollback", first, site=home.current).returncode == 0
        assert all(versions(client, path) == {"v0001"} for client in clients for path in PATHS)
        assert flask("site", "pull", site=home.current).stdout.startswith("held ")
    assert faults == []


@pytest.mark.parametrize("broken", slow_but(["last-good"], ["last-good", "refuse"]))
def test_the_webhook_publishes_what_was_pushed_to_the_forge_under_load(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    forge, git = tmp_path / "forge.git", HeldGit(tmp_path / "bin", " fetch ")
    editor = Editor(tmp_path / "work", forge)
    editor.git("init", "-q", "--bare", "-b", "main", str(forge))
    home = make(tmp_path / "home", "main", str(forge))
    first = editor.publish(version_of(0))
    publish(home, all_is_well)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", git.path)
        server = serve(home.current, hook_secret=SECRET, broken=broken)
    clients = server.clients()

    def call(commit: str) -> str:
        body = json.dumps(PLAIN | {"after": commit}).encode()
        status, told = deliver(server, body, github(body))
        assert status == 202
        return told

    def is_live(version: str) -> bool:
        return all(versions(client, path) == {version} for client in clients for path in PATHS)

    with readers(server) as faults:
        commit = editor.publish(version_of(1))
        call(commit)
        server.wait_until(lambda: home.served() == commit)
        assert is_live("v0001")

        bad = editor.publish({"posts/2026-01-01-entrada.md": "---\ntitle: Entrada: v9999\n---\nRota.\n"})
        call(bad)
        server.wait_until(lambda: is_at_rest(home))
        attempt = home.attempt()
        assert attempt is not None
        if broken == "refuse":
            assert (attempt.outcome, home.served()) == ("refused", commit)
            assert "posts/2026-01-01-entrada.md:2:15: " in attempt.message
        else:
            assert (attempt.outcome, home.served()) == ("published", bad)
        assert is_live("v0001")  # the broken post as it was before

        mended = editor.publish(version_of(2))
        call(mended)
        server.wait_until(lambda: home.served() == mended)
        assert is_live("v0002")

        server.wait_until(lambda: is_at_rest(home))
        fetched = git.asked("fetch")
        git.hold()
        assert call(editor.publish(version_of(3))) == "refs/heads/main is being published.\n"
        server.wait_until(lambda: git.asked("fetch") == fetched + 1)
        told = {call(editor.publish(version_of(number))) for number in range(4, 8)}
        assert told == {"refs/heads/main is published next.\n"}
        git.let_go()
        last = editor.git("rev-parse", "HEAD")
        server.wait_until(lambda: home.served() == last and is_at_rest(home))
        assert git.asked("fetch") == fetched + 2
        assert is_live("v0007")

        assert flask("site", "rollback", site=home.current).returncode == 0
        assert home.served() == mended
        assert is_live("v0002")
        call("f" * 40)  # of whoever pushes to the forge again what it has
        server.wait_until(lambda: is_at_rest(home))
        assert is_live("v0002")
        assert flask("site", "rollback", first, site=home.current).returncode == 0
        assert is_live("v0000")
    assert faults == []


def test_a_push_is_told_of_warnings_in_what_it_changed_and_how_that_will_be_shared(
    tmp_path: Path, pushed: Home
) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    editor.commit({"posts/a.md": post(body="[a](/nada/)")})
    assert "remote: posts/a.md:5:5: warning: The link" in editor.push().told
    drawing = {"posts/b.md": post(single_image="{img: b.svg, alt: B}"), "posts/b.svg": "<svg/>"}
    editor.commit(drawing | {"posts/c.md": post(body="[c](/nunca/)")})
    told = editor.push()
    assert told.accepted
    assert "posts/a.md" not in told.told
    assert "remote: posts/b.md:4:1: warning: " in told.told
    assert "remote: posts/c.md:5:5: warning: The link" in told.told
    assert "remote: 3 posts, 0 errors, 3 warnings" in told.told


@pytest.mark.slow
def test_a_push_lists_what_of_it_not_everybody_will_see(tmp_path: Path, pushed: Home) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    editor.publish({"posts/2020-01-01-antes.md": post("Antes", draft="true")})
    editor.commit(
        {
            "posts/2099-12-24-futura.md": post("Futura", date="2099-12-24"),
            "posts/2020-01-02-borrador.md": post("Borrador", private="yes"),
            "posts/2020-01-03-oculta.md": post("Oculta", date="2020-01-03", hidden="true"),
            "posts/2020-01-04-ida.md": post("Ida", date="2020-01-04", expires="2020-02-01"),
            "posts/2020-01-05-vista.md": post("Vista"),
        }
    )
    lines = editor.push().told.splitlines()
    told = sorted(line.removeprefix("remote: ").rstrip() for line in lines if "remote: posts/" in line)
    beginnings = [
        "posts/2020-01-02-borrador.md is a draft, because its head says private: yes on line",
        "posts/2020-01-03-oculta.md is reachable at /2020/01/03/oculta/, and listed nowhere",
        "posts/2020-01-04-ida.md has expired",
        "posts/2099-12-24-futura.md appears in",
    ]
    assert [line[: len(begins)] for line, begins in zip(told, beginnings, strict=True)] == beginnings


@pytest.mark.slow
def test_warnings_are_told_and_pass(tmp_path: Path, pushed: Home) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    editor.folder.joinpath("posts").mkdir()
    editor.folder.joinpath("posts/foto.jpg").symlink_to("otra.jpg")
    editor.commit({"posts/a.md": post()})
    told = editor.push()
    assert told.accepted
    assert "remote: posts/foto.jpg:1:1: warning: It is a symbolic link" in told.told


@pytest.mark.slow
def test_other_branches_and_tags_are_kept_and_not_published(tmp_path: Path, pushed: Home) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    commit = editor.publish({"posts/a.md": post()})
    editor.commit({"posts/a.md": "---\ntitle: [\n---\n"})
    told = editor.push("origin", "HEAD:borrador", "HEAD:refs/tags/v1")
    assert told.accepted
    assert "remote: borrador is kept but not published: main is." in told.told
    assert pushed.served() == commit


@pytest.mark.slow
def test_the_published_branch_cannot_be_deleted(tmp_path: Path, pushed: Home) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    commit = editor.publish({"posts/a.md": post()})
    told = editor.push("origin", ":main")
    assert not told.accepted
    assert pushed.served() == commit
    assert pushed.git().commit("refs/heads/main") == commit


@pytest.mark.slow
def test_a_forced_push_is_checked_and_published_like_any_other(tmp_path: Path, pushed: Home) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    first = editor.publish({"posts/a.md": post("Primera")})
    editor.git("checkout", "-q", "--orphan", "other")
    second = editor.commit({"posts/a.md": post("Segunda")})
    assert not editor.push().accepted
    assert editor.push("--force", "origin", "HEAD:main").accepted
    assert pushed.served() == second
    assert [release.commit for release in listed(pushed)] == [second, first]


@pytest.mark.slow
def test_settings_that_break_are_refused_and_none_can_say_what_the_server_runs(
    tmp_path: Path, pushed: Home
) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    commit = editor.publish({"posts/a.md": post(), "site.toml": SETTINGS})
    editor.commit({"site.toml": SETTINGS + 'derived_cache = "redis://evil.example"\n'})
    told = editor.push()
    assert not told.accepted
    line = SETTINGS.count("\n") + 1
    assert f"remote: site.toml:{line}:1: derived_cache = " in told.told
    assert "derived_cache" in told.told
    assert pushed.served() == commit


@pytest.mark.slow
def test_a_name_that_cannot_be_shown_is_refused_with_a_remedy(tmp_path: Path, pushed: Home) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    commit = editor.publish({"posts/2026-01-01-a.md": post()})
    (editor.folder / "posts" / os.fsdecode(b"2026-01-02-ma\xf1ana.md")).write_text(post("Mañana"))
    editor.commit({})
    refused = editor.push()
    assert not refused.accepted
    assert "ana.md:1:1: The file's name has characters that cannot be shown. Rename it." in refused.told
    assert pushed.served() == commit


@pytest.mark.slow
def test_pulled_settings_that_name_another_cache_server_leave_those_from_before(
    tmp_path: Path, serve: Serve
) -> None:
    forge = tmp_path / "forge.git"
    editor = Editor(tmp_path / "work", forge)
    editor.git("init", "-q", "--bare", "-b", "main", str(forge))
    home = make(tmp_path / "home", "main", str(forge))
    editor.publish({"site.toml": SETTINGS, "posts/2026-01-01-a.md": post()})
    publish(home, all_is_well)
    clients = serve(home.current).clients()
    editor.publish({"site.toml": SETTINGS + 'derived_cache = "redis://evil.example"\n'})
    pulled = flask("site", "pull", site=home.current)
    assert (pulled.returncode, "1 error," in pulled.stdout) == (0, True)
    assert all("El Blog" in client.get("/").text for client in clients)


@pytest.mark.slow
def test_a_template_that_reaches_for_the_system_reaches_nothing(
    tmp_path: Path, pushed: Home, serve: Serve
) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    ran = tmp_path / "ran"
    evil = "{{ cycler.__init__.__globals__.os.popen('touch " + str(ran) + "').read() }}"
    editor.commit({"posts/2026-01-01-a.md": post(), "site.toml": SETTINGS, "templates/post.html": evil})
    editor.push()
    server = serve(pushed.current)
    server.clients()[0].get("/2026/01/01/a/")
    assert not ran.exists()


@pytest.mark.slow
def test_a_publication_that_was_cut_short_is_made_up_for_by_a_pull(tmp_path: Path, pushed: Home) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    editor.publish({"posts/a.md": post("Primera")})
    (pushed.repo / "hooks/post-receive").rename(pushed.repo / "hooks/off")
    second = editor.publish({"posts/a.md": post("Segunda")})
    assert pushed.served() != second
    assert flask("site", "pull", site=pushed.current).returncode == 0
    assert pushed.served() == second


@pytest.mark.slow
def test_a_webhook_that_comes_while_a_push_is_checked_is_not_forgotten_when_that_is_refused(
    tmp_path: Path, pushed: Home
) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    (pushed.repo / "hooks/post-receive").rename(pushed.repo / "hooks/off")
    first = editor.publish({"posts/a.md": post()})
    pushed.wanted.touch()  # as the webhook does when it finds the lock taken
    editor.commit({"posts/a.md": "---\ntitle: [\n---\n"})
    assert not editor.push().accepted
    at_rest(pushed)
    assert pushed.served() == first


@pytest.mark.slow
def test_a_webhook_that_comes_during_a_rollback_is_not_forgotten_even_if_there_is_none(
    tmp_path: Path, pushed: Home
) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    (pushed.repo / "hooks/post-receive").rename(pushed.repo / "hooks/off")
    first = editor.publish({"posts/a.md": post()})
    pushed.wanted.touch()
    assert flask("site", "rollback", site=pushed.current).returncode == 1
    at_rest(pushed)
    assert pushed.served() == first


def at_rest(home: Home) -> None:
    """Until somebody has published what was wanted."""
    deadline = time.monotonic() + PATIENCE_S
    while home.wanted.exists():
        assert time.monotonic() < deadline
    with home.alone(waits=True) as lock:
        assert lock is not None


@pytest.mark.slow
def test_a_site_without_its_last_post_is_an_empty_site(tmp_path: Path, pushed: Home, serve: Serve) -> None:
    editor = Editor(tmp_path / "work", pushed.repo)
    editor.publish({"site.toml": SETTINGS, "posts/2026-01-01-a.md": post()})
    clients = serve(pushed.current).clients()
    assert all(client.get("/2026/01/01/a/").status == 200 for client in clients)
    editor.publish({"posts/2026-01-01-a.md": None})
    assert all(client.get("/2026/01/01/a/").status == 404 for client in clients)


@pytest.mark.slow
def test_the_check_knows_the_settings_of_the_service(tmp_path: Path, pushed: Home) -> None:
    hook = pushed.repo / "hooks/pre-receive"
    hook.write_text(hook.read_text().replace("#!/bin/sh\n", "#!/bin/sh\nexport BITACORA_PERMALINK=/:slug/\n"))
    editor = Editor(tmp_path / "work", pushed.repo)
    editor.publish({"site.toml": SETTINGS, "posts/2026-01-01-a.md": post()})
    editor.commit({"posts/2026-01-02-a.md": post(date="2026-01-02")})
    told = editor.push()
    assert not told.accepted
    assert "already that of posts/2026-01-01-a.md" in told.told


@pytest.mark.parametrize("command", [("pull",), ("rollback",), ("releases",)])
def test_where_no_home_was_made_the_commands_say_so(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "posts").mkdir()
    done = flask("site", *command, site=tmp_path)
    assert done.returncode == 1
    assert "was not made by flask site init-git" in done.stderr


def test_a_home_can_be_made_twice(tmp_path: Path) -> None:
    make(tmp_path / "home", "main", None)
    assert flask("site", "init-git", tmp_path / "home", site=tmp_path).returncode == 0


def test_whoever_makes_a_home_is_told_when_nothing_is_at_the_address(tmp_path: Path) -> None:
    done = flask("site", "init-git", tmp_path / "home", "--from", tmp_path / "nowhere.git", site=tmp_path)
    assert done.returncode == 0  # it may be there later
    assert f"nothing can be fetched from {tmp_path}/nowhere.git" in done.stderr
