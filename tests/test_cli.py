"""The commands, and how the server starts or says why it does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from blogs import Blog, post
from click.testing import Result
from conftest import NewBlog
from lanes import slow_but

from bitacora import factory

ROOT = Path(__file__).parent.parent


def run(blog: Blog, *words: str) -> Result:
    return blog.app.test_cli_runner().invoke(args=words)


def shell(*words: str, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with nothing in its environment but what it needs."""
    env = {"PATH": os.environ["PATH"], "HOME": environ.pop("HOME"), **environ}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False
    )


# --- flask posts check


def test_check_is_content_with_good_posts(new_blog: NewBlog) -> None:
    result = run(new_blog({"posts/2018-07-17-x.md": post(), "pages/about.md": post()}), "posts", "check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 post and 1 page are up, no problems, no warnings.\n"


def test_check_names_each_problem_on_a_line_of_its_own(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            "posts/2018-07-17-good.md": post(),
            "posts/2018-07-18-date.md": post(date="2018-02-30"),
            "posts/2018-07-19-torn.md": "---\ntitle: x\n",
            "posts/2018-07-20-yaml.md": "---\ntitle: [a,\n  b: c\n---\n",
            "posts/2018-07-21-latin.md": b"---\ntitle: \xf1\n---\n",
            "posts/otra-entrada-con-su-misma-direccion.md": post(slug="good", date="2018-07-17"),
            "templates/post.html": "\n{{ 1 / 0 }}",
            "templates/wrong.html": "{% if %}",
        }
    )
    result = run(blog, "posts", "check")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "posts/2018-07-18-date.md",
        "posts/2018-07-19-torn.md",
        "posts/2018-07-20-yaml.md",
        "posts/2018-07-21-latin.md",
        "posts/otra-entrada-con-su-misma-direccion.md",
        "templates/post.html",
        "templates/wrong.html",
    ]
    assert lines[0] == (
        'posts/2018-07-18-date.md:3:7: date "2018-02-30" is not a date: February 2018 has 28 days. '
        "Write it like 2018-07-17 12:00:00-0300."
    )
    assert result.stderr.endswith("7 problems, no warnings.\n")


def test_check_finds_a_body_that_cannot_be_shown(new_blog: NewBlog) -> None:
    huge = "[a]: /" + "x" * 60_000 + "\n\n" + "[a] " * 3_000
    blog = new_blog({"posts/2018-07-18-huge.md": post("Enorme", huge)})
    result = run(blog, "posts", "check")
    assert result.exit_code == 1
    assert result.stdout.startswith("posts/2018-07-18-huge.md:")


def test_check_warns_of_what_was_hardly_meant(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": '---\ntitle: "A"\nintro: x\ntitle: "B"\n---\n'})
    result = run(blog, "posts", "check", "--no-share")
    assert result.stdout == (
        "posts/2018-07-17-x.md:2:8: warning: title is given again below, and only the last one counts. "
        "Leave one of them.\n"
    )
    assert (result.exit_code, result.stderr) == (0, "1 post and no pages are up, no problems, 1 warning.\n")


def test_check_of_the_project_s_own_posts_is_clean(tmp_path: Path) -> None:
    result = shell("-m", "flask", "posts", "check", HOME=str(tmp_path))
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


# --- flask site new


def test_a_new_site_serves_its_first_post(new_blog: NewBlog, tmp_path: Path) -> None:
    blog = new_blog()
    folder = tmp_path / "with space" / "mine"
    result = run(blog, "site", "new", str(folder))
    assert result.exit_code == 0
    assert f"BITACORA_SITE='{folder}' make serve" in result.stdout
    [file] = (folder / "posts").iterdir()
    mine = new_blog({f"posts/{file.name}": file.read_bytes(), "site.toml": (folder / "site.toml").read_bytes()})
    home = mine.get("/")
    assert "La primera entrada" in home.words("h2")
    [address] = [link for link in home.links if "la-primera-entrada" in link]
    assert mine.get(address).words("h1") == ["La primera entrada"]
    assert run(mine, "posts", "check").exit_code == 0


@pytest.mark.parametrize("there", ["site.toml", "posts"])
def test_what_is_a_site_already_is_left_alone(new_blog: NewBlog, tmp_path: Path, there: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / there).mkdir() if there == "posts" else (folder / there).write_text("title = 'x'")
    result = run(new_blog(), "site", "new", str(folder))
    assert result.exit_code == 1
    assert "is a site already" in result.stderr
    assert [path.name for path in folder.rglob("*")] == [there]


def test_a_folder_that_cannot_be_made_is_said(new_blog: NewBlog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(new_blog(), "site", "new", str(tmp_path / "file" / "mine"))
    assert result.exit_code == 1
    assert "cannot be made: Not a directory" in result.stderr


@pytest.mark.parametrize(("command", "served"), [("new", "mine"), ("init-git", "mine/current")])
def test_a_site_is_made_also_where_it_is_named_as_the_one_to_serve(
    tmp_path: Path, command: str, served: str
) -> None:
    site = tmp_path / served
    words = ("-m", "flask", "site", command, str(tmp_path / "mine"))
    made = shell(*words, HOME=str(tmp_path), BITACORA_SITE=str(site))
    assert (made.returncode, made.stderr) == (0, "")
    assert (site / "posts").is_dir()


@pytest.mark.parametrize("command", ["new", "init-git"])
def test_making_a_site_leaves_nothing_else_behind(tmp_path: Path, command: str) -> None:
    made = shell("-m", "flask", "site", command, str(tmp_path / "mine"), HOME=str(tmp_path))
    assert made.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_making_a_site_says_nothing_of_another_one(tmp_path: Path) -> None:
    result = shell("-m", "flask", "site", "new", str(tmp_path / "mine"), HOME=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")


def test_a_command_says_what_is_wrong_once(tmp_path: Path) -> None:
    """The log says it where a server runs: here it would be the same line again."""
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/2020-01-01-a.md").write_text("---\ntitle: a: b\n---\n")
    result = shell("-m", "flask", "posts", "check", HOME=str(tmp_path), BITACORA_SITE=str(tmp_path))
    assert [line[:24] for line in result.stdout.splitlines()] == ["posts/2020-01-01-a.md:2:"]
    assert result.stderr == "no posts and no pages are up, 1 problem, no warnings.\n"


# --- starting


def start(home: Path, code: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return shell("-c", f"import app\n{dedent(code)}", **{"HOME": str(home), **environ})


def test_the_app_starts_without_any_setting(tmp_path: Path) -> None:
    code = "print(app.app.test_client().get('/').status_code)"
    result = start(tmp_path, code)
    assert (result.returncode, result.stdout) == (0, "200\n")
    assert result.stderr == "WARNING no url is set: feeds and previews lead to http://127.0.0.1:8000\n"


def test_a_port_that_the_system_chooses_is_no_address(tmp_path: Path) -> None:
    result = start(tmp_path, PORT="0")
    assert result.stderr == (
        "WARNING no url is set, and with PORT=0 none is known: feeds and previews lead nowhere; set BITACORA_URL\n"
    )


def test_without_an_address_the_port_stands_for_one(tmp_path: Path) -> None:
    code = "print(app.app.test_client().get('/robots.txt').text)"
    assert "http://127.0.0.1:9123/sitemap.xml" in start(tmp_path, code, PORT="9123").stdout
    assert start(tmp_path, BITACORA_URL="https://blog.example.org").stderr == ""


Refused = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Starts the app of such an environment in this process, and gives what it says before it ends."""
    monkeypatch.setattr(factory, "hide_memory", lambda: None)

    def start_here(**environ: str) -> str:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            factory.app_or_exit()
        assert ended.value.code == 4
        said = capsys.readouterr()
        assert said.out == ""
        return said.err

    return start_here


SECRET = "geheim"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("BITACORA_WATCH", "sometimes", "auto, inotify, poll"),
        ("BITACORA_S_MAXAGE", "-1", "0 to 86400"),
        ("BITACORA_TRUST_PROXY", "many", "0 to 9"),
        ("BITACORA_SITE", "/nowhere/at/all", "a folder to read"),
        ("BITACORA_SITE", "/etc/passwd", "a folder to read"),
        ("BITACORA_URL", "blog.example.org", "https://blog.example.org"),
        ("BITACORA_PER_PAGE", "0", "1 to 500"),
        ("BITACORA_LANGUAGE", "español", "a language tag"),
        ("BITACORA_TIMEZONE", "Marte", "America/Santiago"),
        ("BITACORA_EMBEDS", "a b", "host names"),
        ("BITACORA_TITEL", "x", "BITACORA_TITLE"),
        ("BITACORA_SECRET_KEY", SECRET, "at least 32 bytes"),
        ("BITACORA_SECRETKEY", SECRET, "BITACORA_SECRET_KEY"),
        ("BITACORA_DERIVED_CACHE", f"redis:/me:{SECRET}@host", "redis://host"),
        ("PORT", "http", "0 to 65535"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(
    tmp_path: Path, refused: Refused, name: str, value: str, allowed: str
) -> None:
    [line] = refused(**{"HOME": str(tmp_path), name: value}).splitlines()
    assert line.startswith(f"Bitácora cannot start. {name} = ")
    assert allowed in line
    assert SECRET not in line
    assert value in line or value == SECRET or SECRET in value or name == "BITACORA_TITEL"


@pytest.mark.parametrize(
    ("text", "said"),
    [("title = ", "The file is not"), ("titel = 'x'", "titel = "), ("per_page = 'x'", "per_page =")],
)
def test_a_wrong_site_toml_stops_the_start(tmp_path: Path, refused: Refused, text: str, said: str) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "site.toml").write_text(f"# ours\n{text}")
    [line] = refused(BITACORA_SITE=str(tmp_path)).splitlines()
    assert line.startswith(f"Bitácora cannot start. site.toml:2:1: {said}")


def test_what_stops_the_start_ends_the_process_with_the_status_that_gunicorn_knows(tmp_path: Path) -> None:
    result = start(tmp_path, BITACORA_PER_PAGE="0")
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr.startswith("Bitácora cannot start. BITACORA_PER_PAGE = ")


WRONG_SETTINGS = [b"# ours\ntitle = \n", b"# ours\ntitel = 'x'", b"# ours\n\xff"]


@pytest.mark.parametrize("text", slow_but([b"# ours\ntitle = \n"], WRONG_SETTINGS))
def test_check_says_what_is_wrong_with_settings_that_stop_the_start(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "site.toml").write_bytes(text)
    result = shell("-m", "flask", "posts", "check", HOME=str(tmp_path), BITACORA_SITE=str(tmp_path))
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("site.toml:2:1: ")


def test_gunicorn_stops_for_good_over_a_wrong_setting(tmp_path: Path) -> None:
    result = shell(
        "-m", "gunicorn", "app:app", HOME=str(tmp_path), PORT="0", BITACORA_URL="nonsense", WEB_CONCURRENCY="1"
    )
    assert result.returncode != 0
    assert "Bitácora cannot start. BITACORA_URL = 'nonsense'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "words",
    [("-m", "flask", "routes"), ("-m", "flask", "--help"), ("-m", "gunicorn", "--check-config", "app:app")],
)
def test_flask_and_gunicorn_find_the_app_without_flags(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = shell(*words, HOME=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


KEPT = [{"BITACORA_CACHE_DIR": "/proc/nothing"}, {"BITACORA_CACHE_DIR": "/sys"}, {"HOME": ""}]


@pytest.mark.parametrize("kept", slow_but(KEPT[:1], KEPT))
def test_where_nothing_can_be_kept_the_blog_serves_all_the_same(tmp_path: Path, kept: dict[str, str]) -> None:
    code = "print(app.app.test_client().get('/').status_code)"
    result = start(tmp_path, code, **kept)
    assert (result.returncode, result.stdout) == (0, "200\n"), result.stderr
    assert "last good versions are lost at each restart" in result.stderr


def test_the_log_may_be_lines_of_json(tmp_path: Path) -> None:
    code = """\
        try:
            1 / 0
        except ZeroDivisionError:
            app.app.logger.exception('two\\nlines')"""
    result = start(tmp_path, code, BITACORA_LOG="json")
    warning, error = map(json.loads, result.stderr.splitlines())
    assert (warning["level"], warning["logger"]) == ("warning", "app")
    assert (error["level"], error["message"]) == ("error", "two\nlines")
    assert "ZeroDivisionError" in error["exception"]
    assert error["time"].endswith("+00:00")


# --- whose site a command speaks of


def command(*words: str, cwd: Path, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    environ = {"FLASK_APP": str(ROOT / "app.py"), "HOME": str(home), **environ}
    return shell("-m", "flask", *words, cwd=cwd, **environ)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home with a site in it, and one within that."""
    home = tmp_path_factory.mktemp("home")
    for folder in (home / "blog", home / "blog" / "posts" / "inner"):
        (folder / "posts").mkdir(parents=True)
        (folder / "site.toml").write_text(f'title = "{folder.name}"\n')
    (home / "site.toml").write_text("")
    (home / "elsewhere").mkdir()
    return home


PLACES = [("blog", "blog"), ("blog/posts", "blog"), ("blog/posts/inner/posts", "blog/posts/inner")]


@pytest.mark.parametrize(("here", "whose"), slow_but(PLACES[2:], PLACES))
def test_a_command_speaks_of_the_nearest_site_upwards_and_says_so(home: Path, here: str, whose: str) -> None:
    made = command("posts", "new", "Hola", cwd=home / here, home=home)
    assert made.stderr.splitlines()[0] == f"Site: {home / whose}"
    assert Path(made.stdout.strip()).parent == home / whose / "posts"
    Path(made.stdout.strip()).unlink()


@pytest.mark.parametrize("here", slow_but(["elsewhere"], ["elsewhere", "."]))
def test_a_command_refuses_where_there_is_no_site_and_writes_nothing(home: Path, here: str) -> None:
    for words in (("posts", "new", "Hola"), ("posts", "check")):
        refused = command(*words, cwd=home / here, home=home)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"Neither {home / here} nor a folder above it is a site" in refused.stderr
        assert "BITACORA_SITE=FOLDER" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not list((ROOT / "posts").glob("*-hola.md"))


def test_a_site_that_is_named_and_help_need_no_folder(home: Path) -> None:
    named = command("posts", "check", cwd=home, home=home, BITACORA_SITE=str(home / "blog"))
    assert (named.returncode, "Site:" in named.stderr) == (0, False)
    assert command("posts", "check", "--help", cwd=home / "elsewhere", home=home).returncode == 0
