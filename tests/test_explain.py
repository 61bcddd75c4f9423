"""flask posts explain, new and list: why a post is or is not shown, to begin one, and to find one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from blogs import NOON, URL, Blog, Clock, post
from click.testing import Result
from conftest import NewBlog
from publishing import SETTINGS, Editor, flask

from bitacora.posts.head import read_head

FILE = "posts/2018-07-17-x.md"
ADDRESS = "/2018/07/17/x/"


def run(blog: Blog, *words: str, **how: object) -> Result:
    return blog.app.test_cli_runner().invoke(args=("posts", *words), **how)  # type: ignore[arg-type]


def explained(blog: Blog, wanted: str) -> str:
    result = run(blog, "explain", wanted)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (FILE, post(), f"{FILE} is a post that is shown at {ADDRESS}."),
        ("pages/a.md", post(), "pages/a.md is a page that is shown at /a/."),
        (FILE, post(hidden="true"), f"{FILE} is reachable at {ADDRESS}, and listed nowhere"),
        (FILE, post(draft="true"), f"{FILE} is a draft, because its head says draft: true on line 3: nobody"),
        (
            "posts/_drafts/a.md",
            post(),
            "posts/_drafts/a.md is a draft, because it lies in a folder _drafts: nobody sees it.",
        ),
        (
            "posts/2018-07-17-a.draft.md",
            post(),
            "posts/2018-07-17-a.draft.md is a draft, because its name ends in .draft: nobody sees it.",
        ),
        (
            FILE,
            post(date="2026-01-01 12:12"),
            f"{FILE} appears in 3 h 12 min, at 2026-01-01 12:12:00-0300 (America/Santiago).",
        ),
        (
            FILE,
            post(expires="2025-12-30 09:00"),
            f"{FILE} has expired 2 d ago, at 2025-12-30 09:00:00-0300 (America/Santiago).",
        ),
        ("posts/acta.html", "", "posts/acta.html is not shown. It is neither Markdown (.html)"),
        ("posts/acta.txt", "", "posts/acta.txt is a document that no published text names, so it is private."),
        ("posts/.acta.md", post(), "posts/.acta.md is not shown. The name .acta.md begins with a dot"),
        ("posts/acta.md~", post(), "posts/acta.md~ is not shown: programs use such names"),
        ("2018-07-17-x.md", post(), "2018-07-17-x.md is not shown. It lies outside the folders posts and pages"),
        ("README.md", post(), "README.md is no post: posts are Markdown files in the folders posts and pages."),
        ("posts/a.jpg", "", "posts/a.jpg is no post. It is served when a published post names it"),
    ],
)  # fmt: skip
def test_a_file_is_explained_in_plain_words(new_blog: NewBlog, path: str, text: str, said: str) -> None:
    assert explained(new_blog({path: text}, clock=Clock(NOON)), path).startswith(said)


def test_a_document_is_explained_by_the_post_that_names_it(new_blog: NewBlog) -> None:
    named = {FILE: post(body="[a](la%20acta.pdf)"), "posts/la acta.pdf": "x", "posts/b.md": post(body="acta")}
    said = explained(new_blog(named), "posts/la acta.pdf")
    assert said == f"posts/la acta.pdf is no post. It is public below {ADDRESS}, whose text names it.\n"


@pytest.mark.parametrize("wanted", [ADDRESS, ADDRESS.rstrip("/"), URL + ADDRESS, f"{URL}{ADDRESS}share/?a=b#c"])
def test_an_address_is_explained_by_the_file_behind_it(new_blog: NewBlog, wanted: str) -> None:
    assert explained(new_blog({FILE: post(draft="true")}), wanted).startswith(f"{FILE} is a draft")
    assert explained(new_blog({FILE: post()}), wanted).startswith(f"{FILE} is a post that is shown")


def test_addresses_without_a_post_are_explained(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(aliases="[/vieja/]")})
    assert explained(blog, "/vieja/") == f"/vieja/ is an old address: it leads to {ADDRESS}.\n"
    assert explained(blog, "/feed.xml").startswith("/feed.xml is a page of the blog itself")
    nothing, near = explained(blog, "/2018/07/17/xx/").splitlines()
    assert nothing.startswith("Nothing is at /2018/07/17/xx/ (status 404)")
    assert near == f"Did you mean {ADDRESS}?"


def test_a_broken_post_is_explained_with_its_line_and_what_is_shown(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post()})
    blog.write(FILE, post(date="2018-02-30"))
    shown, why, last_good = explained(blog, FILE).splitlines()
    assert shown.endswith(f"shown at {ADDRESS}.")
    assert why.startswith('Broken on line 3: date "2018-02-30" is not a date')
    assert last_good.startswith("Its last good version, of 20")
    assert last_good.endswith("(America/Santiago), is what is shown.")


def test_a_broken_post_of_a_checkout_is_explained_by_its_history(tmp_path: Path) -> None:
    editor = Editor(tmp_path / "site", tmp_path)
    editor.commit({"site.toml": SETTINGS, FILE: post()})
    editor.commit({FILE: post(date="2018-02-30")})
    told = flask("posts", "explain", FILE, site=editor.folder).stdout.splitlines()
    assert told[0].endswith(f"shown at {ADDRESS}.")
    assert told[2] == "Its last good version, committed before, is what is shown."


def test_a_broken_post_without_a_good_version_is_explained(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(date="2018-02-30")})
    held, why = explained(blog, FILE).splitlines()
    assert held == f"{FILE} is held back, and no last good version of it is known."
    assert why.startswith("Broken on line 3: ")


def test_a_post_that_lost_its_address_is_explained(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(), "posts/2018-07-17-z.md": post(slug="x")})
    lost, why = explained(blog, "posts/2018-07-17-z.md").splitlines()
    assert lost == f"posts/2018-07-17-z.md is not shown: it has lost its address, {ADDRESS}."
    assert f"Its address {ADDRESS} is already that of {FILE}." in why


def test_a_copy_is_explained(new_blog: NewBlog) -> None:
    held, shown = (FILE.replace(".md", f"{mark}.md") for mark in (" (conflicted copy 2026-11-30 101010)", " 2"))
    blog = new_blog({FILE: post(), held: post(), shown: post("Parte dos")})
    assert [line.split(":")[0] for line in explained(blog, held).splitlines()] == [
        f"{held} is not shown.",
        f"By its name it is a copy of {FILE} that a program made, and has its title and date",
    ]
    first, why = explained(blog, shown).splitlines()
    assert first.startswith(f"{shown} is a post that is shown at")
    assert why.startswith(f"By its name it is a copy of {FILE} that a program made, and it is published")


def test_what_is_set_aside_is_explained(new_blog: NewBlog) -> None:
    blog = new_blog(
        {"posts/_templates/a.md": post(), "posts/_a.md": post(), "posts/b/index.md": post(date="2026-01-01")}
    )
    lies = "What lies in posts/_templates is neither post nor page, for that name begins with _."
    for path in ("posts/_templates", "posts/_templates/a.md"):
        assert explained(blog, path).startswith(f"{path} is not shown. {lies}")
    assert "The name _a.md begins with _" in explained(blog, "posts/_a.md")
    assert explained(blog, "posts/b") == "posts/b is a folder. Name a file in it.\n"


def test_git_is_asked_about_files_that_are_not_there(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(), "posts/b.md": post(date="2018-07-17"), ".gitignore": "acta*\n"})

    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=Ana", "-c", "user.email=a@b.example", *words], cwd=blog.root, check=True
        )

    assert explained(blog, "posts/nunca.md") == (
        "There is no posts/nunca.md, and there has been none that is known of.\n"
    )
    git("init", "-q")
    git("add", "posts")
    git("commit", "-q", "-m", "uno")
    blog.delete("posts/b.md")
    blog.get_until(404, "/2018/07/17/b/")
    here, remedy = explained(blog, "posts/b.md").splitlines()
    assert here.startswith("There is no posts/b.md, though it is committed")
    assert remedy.startswith("git restore posts/b.md brings it back")
    git("rm", "-q", "posts/b.md")
    git("commit", "-q", "-m", "dos")
    assert explained(blog, "posts/b.md").startswith("There is no posts/b.md: Ana deleted it on 20")
    never, ignored = explained(blog, "posts/acta.md").splitlines()
    assert never == "There is no posts/acta.md, and there has been none that is known of."
    assert ignored.startswith("git ignores files of that name (.gitignore:1: acta*): perhaps")
    blog.write("posts/acta-2.md", post(date="2018-07-17"))
    assert "git ignores it (.gitignore:1: acta*): it is here, but" in explained(blog, "posts/acta-2.md")


@pytest.mark.parametrize("wanted", ["2018-07-17-x.md", "2018-07-17-x", "x", "posts/x.md", "posts/2018-07-17-y.md"])
def test_of_a_file_that_is_not_there_the_one_that_was_meant_is_named(new_blog: NewBlog, wanted: str) -> None:
    assert explained(new_blog({FILE: post()}), wanted).endswith(f"\nDid you mean {FILE}?\n")


@pytest.mark.parametrize("wanted", ["", ".", "posts"])
def test_a_folder_is_no_post(new_blog: NewBlog, wanted: str) -> None:
    assert explained(new_blog({FILE: post()}), wanted).endswith(" is a folder. Name a file in it.\n")


def test_an_address_of_another_blog_is_refused_and_one_on_this_machine_is_not(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post()})
    result = run(blog, "explain", f"https://other.example{ADDRESS}")
    assert result.exit_code == 1
    assert result.stderr.endswith(f"{ADDRESS} is no address of this blog, which is at {URL}.\n")
    for local in ("http://127.0.0.1:8000", "http://localhost:8000"):
        assert explained(blog, local + ADDRESS) == f"{FILE} is a post that is shown at {ADDRESS}.\n"
    assert explained(blog, URL) == "/ is a page of the blog itself, or a file that it serves.\n"
    assert explained(blog, f"{URL}/2018/07/17/y.md").startswith("Nothing is at /2018/07/17/y.md (status 404)")


def test_a_file_outside_the_site_is_explained(new_blog: NewBlog, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(post())
    result = run(new_blog(), "explain", str(tmp_path / "a.md"))
    assert result.exit_code == 1
    assert "lies outside the site's folder" in result.stderr


def test_readyz_counts_what_is_not_shown(new_blog: NewBlog) -> None:
    files = {
        "posts/a.md": post(draft="true"),
        "posts/b.md": post(date="2027-01-01"),
        "posts/c.md": post(date="2018-01-01"),
    }
    told = new_blog(files, clock=Clock(NOON)).get("/readyz", remote_addr="127.0.0.1").json
    assert {state: told[state] for state in ("posts", "draft", "scheduled", "hidden", "expired")} == {
        "posts": 1, "draft": 1, "scheduled": 1, "hidden": 0, "expired": 0,
    }  # fmt: skip


# --- flask posts new

NEW = "posts/2026-01-01-que-es-esto-un-ano-nuevo.md"


def test_new_makes_a_file_with_a_good_head(new_blog: NewBlog) -> None:
    blog = new_blog(clock=Clock(NOON))
    result = run(blog, "new", "¿Qué es  esto? Un 'año' nuevo: 1", "--category", "Notas: a", "--category", "b")
    file = blog.root / f"{NEW[:-3]}-1.md"
    assert (result.exit_code, result.stdout) == (0, f"{file}\n")
    head = file.read_text()
    assert head == (
        "---\ntitle: '¿Qué es esto? Un ''año'' nuevo: 1'\nintro: ''\ndate: 2026-01-01 09:00:00-0300\n"
        "categories: ['Notas: a', 'b']\n---\n\n"
    )
    assert blog.get("/2026/01/01/que-es-esto-un-ano-nuevo-1/").words("h1") == ["¿Qué es esto? Un 'año' nuevo: 1"]
    assert run(blog, "check", "--no-share").stdout == ""


def test_new_can_be_a_draft_and_overwrites_nothing(new_blog: NewBlog) -> None:
    blog = new_blog(clock=Clock(NOON))
    words = ("new", "Qué es esto, un año nuevo", "--draft")
    assert run(blog, *words).exit_code == 0
    (blog.root / NEW).write_text("mine")
    result = run(blog, *words)
    assert (result.exit_code, (blog.root / NEW).read_text()) == (1, "mine")
    assert result.stderr == f"Error: {blog.root / NEW} is there already: nothing was changed.\n"
    (blog.root / NEW).unlink()
    run(blog, *words)
    assert explained(blog, NEW).startswith(f"{NEW} is a draft")


@pytest.mark.parametrize(("title", "name"), [("Привет, мир", "привет-мир"), ("東京", "東京"), ("!!", "21-21")])
def test_new_has_a_name_for_every_title(new_blog: NewBlog, title: str, name: str) -> None:
    blog = new_blog(clock=Clock(NOON))
    run(blog, "new", title)
    assert read_head((blog.root / f"posts/2026-01-01-{name}.md").read_bytes(), "x").entries["title"].text == title  # type: ignore[union-attr]


def test_new_keeps_a_long_title_whole_and_its_name_short(new_blog: NewBlog) -> None:
    blog = new_blog(clock=Clock(NOON))
    title = "argumento, " * 60 + "fin"
    run(blog, "new", title)
    [file] = (blog.root / "posts").iterdir()
    assert file.name == f"2026-01-01-{'-'.join(['argumento'] * 10)}.md"
    assert blog.get("/").words("h2") == [title]


@pytest.mark.parametrize("title", ["", "  ", "\x1b[31mrojo", "a\u200e\x00b"])
def test_new_refuses_a_title_that_is_none(new_blog: NewBlog, title: str) -> None:
    blog = new_blog(clock=Clock(NOON))
    result = run(blog, "new", title)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: A title needs letters, and no control characters.\n"
    assert list((blog.root / "posts").iterdir()) == []


def test_new_opens_the_editor(new_blog: NewBlog, tmp_path: Path) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text("import pathlib, sys\nwith pathlib.Path(sys.argv[1]).open('a') as f: f.write('Escrito.')")
    blog = new_blog(clock=Clock(NOON))
    env = {"EDITOR": f"{sys.executable} {editor}", "VISUAL": ""}
    assert run(blog, "new", "Qué es esto, un año nuevo", "--edit", env=env).exit_code == 0
    assert (blog.root / NEW).read_text().endswith("---\n\nEscrito.")


# --- flask posts list


@pytest.fixture
def many(new_blog: NewBlog) -> Blog:
    blog = new_blog(
        {
            "posts/a.md": post(date="2018-07-17", categories="[Notas]", tags="[uno, dos]"),
            "posts/b.md": post(date="2018-08-17", author="Ana María"),
            "posts/c.md": post(draft="true"),
            "posts/d.md": post(date="2027-01-01"),
            "posts/e.md": post(date="2018-07-18", hidden="true"),
            "posts/f.md": post(date="2018-02-30"),
            "posts/g.md": post("Siete", date="2018-07-20"),
        },
        clock=Clock(NOON),
    )
    blog.write("posts/g.md", post(date="2018-02-30"))
    return blog


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), "d b g e a f c"),
        (("--draft",), "c"),
        (("--scheduled",), "d"),
        (("--broken",), "g f"),
        (("--hidden",), "e"),
        (("--draft", "--scheduled"), "d c"),
        (("--broken", "--hidden"), "g e f"),
        (("--category", "notas"), "a"),
        (("--tag", "DOS"), "a"),
        (("--author", "ana maría"), "b"),
        (("--since", "2018-07-18"), "d b g e"),
        (("--until", "2018-07-18"), "e a f c"),
        (("--since", "2018-07-17", "--until", "2018-07-17"), "a"),
    ],
)
def test_list_is_filtered(many: Blog, words: tuple[str, ...], names: str) -> None:
    result = run(many, "list", *words)
    assert result.exit_code == 0, result.output
    assert [line.split("posts/")[1][0] for line in result.stdout.splitlines()] == names.split()
    found = json.loads(run(many, "list", "--json", *words).stdout)
    assert [row["file"] for row in found] == [f"posts/{name}.md" for name in names.split()]


def test_list_says_state_day_file_and_title(many: Blog) -> None:
    lines = run(many, "list").stdout.splitlines()
    assert lines[0] == "scheduled  2027-01-01  posts/d.md  Una entrada"
    assert lines[2] == "shown    ! 2018-07-20  posts/g.md  Siete"
    assert lines[5] == "broken   ! -           posts/f.md"
    assert json.loads(run(many, "list", "--json", "--draft").stdout)[0]["state"] == "draft"


def test_an_author_is_found_by_the_name_and_by_the_key_in_the_settings(new_blog: NewBlog) -> None:
    settings = '[authors.equipo]\nname = "La redacción"\n'
    blog = new_blog({FILE: post(author="equipo"), "posts/2018-07-18-y.md": post()}, settings=settings)
    for author in ("equipo", "la Redacción"):
        assert run(blog, "list", "--author", author).stdout.split()[2:3] == [FILE]
        assert len(run(blog, "list", "--author", author).stdout.splitlines()) == 1


def test_where_nothing_is_found_it_is_said(many: Blog) -> None:
    result = run(many, "list", "--tag", "tres")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "There are none.\n")
    assert run(many, "list", "--tag", "tres", "--json").output == "[]\n"


def test_a_day_that_is_none_is_refused(many: Blog) -> None:
    result = run(many, "list", "--since", "2018-02-30")
    assert result.exit_code == 2
    assert "February 2018 has 28 days. Write it like 2018-07-17." in result.stderr


def test_the_word_that_withholds_a_post_is_named_with_a_way_to_publish_it(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(privado="sí")}, clock=Clock(NOON))
    draft = "is a draft, because its head says {} on line 3: nobody sees it."
    soon = (
        "appears in 3 h 12 min, at 2026-01-01 12:12:00-0300 (America/Santiago), because its head says {} on line 3"
    )
    hidden = f"is reachable at {ADDRESS}, and listed nowhere, because its head says {{}} on line 3."
    over = (
        "has expired 2 d ago, at 2025-12-30 09:00:00-0300 (America/Santiago), because its head says {} on line 3."
    )
    for head, says in {
        "privado: sí": draft,
        "publish: false": draft,
        "embargo: 2026-01-01 12:12": soon,
        "unlisted: true": hidden,
        "archiveDate: 2025-12-30 09:00": over,
        "password: hunter2": draft,
    }.items():
        blog.write(FILE, f"---\ntitle: x\n{head}\n---\nText.\n")
        first, hint = explained(blog, FILE).splitlines()
        assert first.rstrip(".") == f"{FILE} {says.format(head.replace('hunter2', '…'))}".rstrip(".")
        assert hint.startswith(("To publish it, write ", "Take the line out"))
    blog.write(FILE, post())
    blog.write("posts/_index.md", "---\ntitle: x\ncascade:\n  draft: true\n---\n")
    assert explained(blog, FILE).splitlines() == [
        f"{FILE} is a draft, because posts/_index.md says draft: true on line 4: nobody sees it.",
        "To publish it, write draft: false in posts/_index.md, or take the line out.",
    ]
    row = next(row for row in json.loads(run(blog, "list", "--json").stdout) if row["file"] == FILE)
    assert (row["state"], row["because"]) == ("draft", "draft: true")
