"""One bad file never disturbs another: it is served safely, or held back with its reason and its remedy."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import pytest
from folders import Folder, MakeFolder, post

from bitacora.library.snapshot import Snapshot

GOOD = "posts/good.md"
ROOT = Path(__file__).parent.parent
NOBODY = 65534


@pytest.fixture
def folder(make_folder: MakeFolder) -> Folder:
    return make_folder({GOOD: post("Buena", "Un texto entero.")})


def must_be_untouched(folder: Folder) -> Snapshot:
    snapshot = folder.now()
    assert snapshot.by_path[GOOD].title == "Buena"
    assert snapshot.source(snapshot.by_path[GOOD]).decode() == post("Buena", "Un texto entero.")
    return snapshot


def must_be_held_back(folder: Folder, path: str, *, line: int = 0) -> None:
    snapshot = must_be_untouched(folder)
    assert set(snapshot.by_path) == {GOOD}
    assert [problem.file for problem in snapshot.problems] == [path]
    problem = snapshot.problems[0]
    assert problem.reason
    assert problem.remedy
    assert problem.line == line or not line
    assert "\n" not in str(problem)
    str(problem).encode()


# --- what the text says

HEADS = {
    "no head": ("Sólo texto.\n", 1),
    "an unclosed head": ('---\ntitle: "Uno"\ndate: 2020-01-02\n\nTexto.\n', 0),
    "torn YAML": ('---\ndate: 2020-01-02\ntitle: "Uno\n---\nTexto.\n', 0),
    "tabs": ("---\ndate: 2020-01-02\ntags:\n\t- uno\n---\n", 4),
    "a list as head": ("---\n- uno\n- dos\n---\n", 0),
    "a word as head": ("---\nuno\n---\n", 0),
    "torn TOML": ("+++\ndate = 2020-01-02\ntitle = \n+++\n", 3),
    "torn JSON": ('{\n"date": "2020-01-02",\n"title": \n}\n', 0),
    "a date that is none": ("---\ntitle: x\ndate: 2018-02-30\n---\n", 3),
    "a year far away": ("---\ntitle: x\ndate: 99999-01-01\n---\n", 3),
    "an offset that is none": ("---\ntitle: x\ndate: 2020-01-02 12:00:00+99:99\n---\n", 3),
    "a switch that is none": ("---\ndate: 2020-01-02\ndraft: perhaps\n---\n", 3),
    "a table as title": ("---\ndate: 2020-01-02\ntitle: {a: b}\n---\n", 3),
    "NUL": ("---\ndate: 2020-01-02\ntitle: a\0b\n---\n", 3),
    "a template outside": ("---\ndate: 2020-01-02\ntemplate: ../../etc/passwd\n---\n", 3),
    "a permalink that leads away": ("---\ndate: 2020-01-02\npermalink: https://evil.example/\n---\n", 3),
    "a scripted picture": ("---\ndate: 2020-01-02\nimage: javascript:alert(1)\n---\n", 3),
    "an empty file": ("", 1),
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_that_cannot_be_read_holds_its_file_back(folder: Folder, kind: str) -> None:
    text, line = HEADS[kind]
    folder.write("posts/bad.md", text)
    must_be_held_back(folder, "posts/bad.md", line=line)


@pytest.mark.parametrize(
    "data",
    [
        post("Uno").encode("utf-16"),
        post("Año").encode("latin-1"),
        b"\x00" * 100,
        bytes(range(256)) * 10,
        b"\xff\xfe---",
    ],
)
def test_bytes_that_are_no_text_hold_their_file_back(folder: Folder, data: bytes) -> None:
    folder.write("posts/bad.md", data)
    must_be_held_back(folder, "posts/bad.md")


TWO_TITLES = "---\ntitle: Dos\ndate: 2020-01-02\ntitle: Uno\n---\n"


@pytest.mark.parametrize("text", ["\ufeff" + post("Uno"), post("Uno").replace("\n", "\r\n"), TWO_TITLES])
def test_odd_but_lawful_text_is_served(folder: Folder, text: str) -> None:
    folder.write("posts/a.md", text.encode())
    assert must_be_untouched(folder).by_path["posts/a.md"].title == "Uno"
    assert folder.complaints() == []


@pytest.mark.parametrize("key", ["content", "handler", "self", "metadata", "__class__", "1", "null", "true"])
def test_a_key_of_any_name_breaks_nothing(folder: Folder, key: str) -> None:
    folder.write("posts/a.md", f"---\n{key}: x\ndate: 2020-01-02\ntitle: Uno\n---\nTexto.\n")
    assert must_be_untouched(folder).by_path["posts/a.md"].title == "Uno"


@pytest.mark.parametrize(
    "key", ["title", "intro", "tags", "categories", "author", "share_message", "slug", "image"]
)
def test_markup_in_a_value_neither_breaks_nor_moves_a_post(folder: Folder, key: str) -> None:
    evil = "'\"><script>alert(1)</script><img src=x onerror=alert(1)>'"
    folder.write("posts/a.md", f"---\ndate: 2020-01-02\n{key}: {evil}\n---\nTexto.\n")
    snapshot = must_be_untouched(folder)
    for url in snapshot.by_url:
        assert not set(url) & set("<>\"' ")


# --- heads that kill an unprotected reader

NESTED = "[" * 25_000
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(letter + 1)}: &{chr(letter + 1)} [{', '.join(['*' + chr(letter)] * 9)}]\n" for letter in range(97, 111)
)
MERGES = "a: &a {x: 1}\n" + "".join(f"k{n}: &k{n} {{<<: [{'*a, ' * 50}*a], y{n}: 1}}\n" for n in range(100))
KILLERS = {
    "nested brackets": f"---\ntitle: {NESTED}\n---\n",
    "nested braces": "---\ntitle: " + "{a: " * 4000 + "\n---\n",
    "nested lists": "---\n" + "- " * 8000 + "x\n---\n",
    "nested maps in blocks": "---\n" + "".join(f"{' ' * depth}a:\n" for depth in range(170)) + "---\n",
    "aliases": f"---\n{BOMB}---\n",
    "merges": f"---\n{MERGES}---\n",
    "an alias of itself": "---\na: &a [*a]\n---\n",
    "a huge number": f"---\ntitle: x\ndate: {'9' * 5000}\n---\n",
    "nested TOML": "+++\ntitle = " + "[" * 8000 + "\n+++\n",
    "nested JSON": '{"title": ' + "[" * 8000 + "\n}\n",
    "a python object": "---\ntitle: !!python/object/apply:os._exit [7]\n---\n",
    "markdown": post("x", "[" * 50_000 + "![" * 20_000 + "*" * 20_000 + "> " * 5000),
}
SCRIPT = """
import json, os, resource, sys
from pathlib import Path
from bitacora.library.rendered import Bodies
from bitacora.problems import PostError
from bitacora.library.library import Library

resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
Library(Path(sys.argv[1])).snapshot()  # imports all that another user cannot
os.setuid(int(sys.argv[2]))
snapshot = Library(Path(sys.argv[1])).snapshot()
bodies, failed = Bodies(lambda *_: {}), []
for post in snapshot.by_url.values():
    try:
        bodies.html(snapshot, post)
    except PostError as problem:
        failed.append(problem.file)
print(json.dumps({
    "published": sorted(snapshot.by_path), "problems": [p.file for p in snapshot.problems], "failed": failed,
}))
"""


def loaded_elsewhere(root: Path, user: int) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root), str(user)],
        cwd=ROOT,
        capture_output=True,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr.decode()[-2000:]}"
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_no_head_and_no_body_kills_the_process(folder: Folder) -> None:
    for number, text in enumerate(KILLERS.values()):
        folder.write(f"posts/killer-{number}.md", text)
    found = loaded_elsewhere(folder.root, os.getuid())
    assert GOOD in found["published"]
    assert GOOD not in found["failed"]
    names = list(KILLERS)
    held_back = {names[int(file[13:-3])] for file in found["problems"]}
    assert held_back >= set(KILLERS) - {"markdown", "aliases", "merges", "nested maps in blocks"}
    for file in set(found["published"]) - {GOOD}:
        assert names[int(file[13:-3])] in {"markdown", "aliases", "merges", "nested maps in blocks"}


# --- what lies in the folder


def three_megabytes(path: Path) -> None:
    path.write_text(post("Larga", "x" * 3_000_000))


def a_folder(path: Path) -> None:
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "a.md").write_text(post("Escondida"))


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_passwords(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def a_link_to_a_folder(path: Path) -> None:
    path.symlink_to("/etc")


def a_loop_of_links(path: Path) -> None:
    path.symlink_to(path.name)


def a_link_that_leads_nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


THINGS = [
    three_megabytes,
    a_folder,
    a_pipe,
    a_link_to_passwords,
    a_link_to_a_folder,
    a_loop_of_links,
    a_link_that_leads_nowhere,
    a_device,
]


@pytest.mark.parametrize("is_running", [False, True])
@pytest.mark.parametrize("make", THINGS)
def test_what_is_no_post_is_held_back_at_the_start_and_later(
    folder: Folder, make: Callable[[Path], None], is_running: bool
) -> None:
    if is_running:
        folder.now()
    make(folder.root / "posts" / "bad.md")
    must_be_held_back(folder, "posts/bad.md")
    snapshot = folder.now()
    assert folder.now(after=1) is snapshot


def test_a_socket_is_held_back(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.root / "posts")  # the names of sockets are short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("bad.md")
        must_be_held_back(folder, "posts/bad.md")
        [problem] = folder.now().problems
        assert "is a socket" in problem.reason
        assert problem.remedy == "Rename it, or delete it."


@pytest.mark.parametrize(("target", "said"), [("nothing.md", "to nothing"), ("bad.md", "back to itself")])
def test_a_link_that_leads_nowhere_is_called_one(folder: Folder, target: str, said: str) -> None:
    (folder.root / "posts" / "bad.md").symlink_to(target)
    must_be_held_back(folder, "posts/bad.md")
    [problem] = folder.now().problems
    assert problem.reason == f"The file is a link that leads {said}."
    assert problem.remedy == "Put the file itself here instead of a link."


def test_each_of_many_bad_files_is_named_and_no_good_one_suffers(folder: Folder) -> None:
    for number, make in enumerate(THINGS):
        make(folder.root / "posts" / f"thing-{number}.md")
    for number, (text, _) in enumerate(HEADS.values()):
        folder.write(f"posts/head-{number}.md", text)
    must_be_untouched(folder)
    assert len(folder.complaints()) == len(THINGS) + len(HEADS)


def test_a_bad_thing_that_takes_the_place_of_a_post_leaves_its_last_good_version(folder: Folder) -> None:
    folder.write("posts/a.md", post("Uno"))
    folder.now()
    (folder.root / "posts" / "a.md").unlink()
    os.mkfifo(folder.root / "posts" / "a.md")
    assert folder.titles() == ["Buena", "Uno"]
    assert folder.complaints() == ["posts/a.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_a_file_that_cannot_be_read_is_held_back_until_it_can(folder: Folder) -> None:
    file = folder.write("posts/bad.md", post("Uno"))
    file.chmod(0)
    must_be_held_back(folder, "posts/bad.md")
    file.chmod(0o644)
    assert folder.titles() == ["Buena", "Uno"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_the_server_s_user_cannot_read_is_held_back(make_folder: MakeFolder) -> None:
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = make_folder({GOOD: post("Buena"), "posts/bad.md": post("Uno")}, root=Path(place) / "site")
        (folder.root / "posts" / "bad.md").chmod(0)
        found = loaded_elsewhere(folder.root, NOBODY)
    assert (found["published"], found["problems"]) == ([GOOD], ["posts/bad.md"])


def test_a_folder_that_cannot_be_read_is_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("posts/sub/a.md", post("Uno"))
    open_really = os.open

    def open_most(path: str, *args: int, **more: int) -> int:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return open_really(path, *args, **more)

    monkeypatch.setattr(os, "open", open_most)
    must_be_held_back(folder, "posts/sub")
    monkeypatch.setattr(os, "open", open_really)
    folder.now(after=1)
    assert folder.titles(after=1) == ["Buena", "Uno"]
    assert folder.complaints() == []


# --- names

NAMES = [
    "con espacios.md",
    'comillas\'"dobles".md',
    "100%.md",
    "50%25.md",
    "a#b?c&d.md",
    "民主需要开放政府.md",
    "🗳️ urna.md",
    "👩‍👩‍👧.md",
    "ñandú.md",
    unicodedata.normalize("NFD", "ñandú-dos.md"),
    "UPPER.MD",
    "a.b.c.md",
    "x;y.markdown",
    "<b>negrita<b>.md",
    "back\\slash.md",
    "x" * 252 + ".md",
    "民" * 84 + ".md",
    "\N{NO-BREAK SPACE}a.md",
    "{{ 7*7 }}.md",
    "%2e%2e%2fetc.md",
    "--help.md",
    "-.md",
    "~a.md",
    "a:b.md",
]


@pytest.mark.parametrize("is_running", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_lawful_name_is_served_at_a_proper_address(
    folder: Folder, name: str, is_running: bool
) -> None:
    if is_running:
        folder.now()
    folder.write(f"posts/{name}", post("Rara"))
    snapshot = must_be_untouched(folder)
    assert folder.complaints() == []
    url = snapshot.by_path[f"posts/{name}"].url
    assert url.isascii()
    assert url.isprintable()
    assert not set(url) & set(" \"'<>\\#?^`{|}")
    parts = urlsplit(url)
    assert (parts.path, parts.netloc, url[:12]) == (url, "", "/2020/01/02/")
    assert snapshot.find(url) is snapshot.find(unquote(url)) is snapshot.by_path[f"posts/{name}"]
    assert all(part not in {"", ".", ".."} for part in unquote(url).strip("/").split("/"))


@pytest.mark.parametrize("is_running", [False, True])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"new\nline.md", r"posts/new\nline.md"),
        (b"latin-\xe9.md", r"posts/latin-\udce9.md"),
        (b"esc\x1b[31m.md", r"posts/esc\x1b[31m.md"),
        ("turn\u202edm.exe.md".encode(), r"posts/turn\u202edm.exe.md"),
    ],
)
def test_a_name_that_cannot_be_shown_holds_its_file_back(
    folder: Folder, name: bytes, shown: str, is_running: bool
) -> None:
    if is_running:
        folder.now()
    (folder.root / "posts" / os.fsdecode(name)).write_text(post("Rara"))
    must_be_held_back(folder, shown)


def test_a_folder_whose_name_cannot_be_shown_breaks_nothing(folder: Folder) -> None:
    folder.write("posts/new\nline/a.md", post("Rara"))
    folder.write("posts/new\nline/x.png", b"x")
    must_be_held_back(folder, r"posts/new\nline/a.md")
    assert folder.now().files == {}
