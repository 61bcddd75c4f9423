"""What no editor meant to publish: names that begin with `_` or a dot, and what programs leave behind."""

from __future__ import annotations

import pytest
from blogs import NOON, Clock
from conftest import NewBlog
from folders import MakeFolder, post
from test_findings import found, told

TEXTS = [
    "posts/_templates/x.md",
    "posts/_x.md",
    "posts/a/_Archivo/b/c.md",
    "posts/_posts/_viejo/x.md",
    "posts/_x/index.md",
    "posts/_drafts_viejos/x.md",
    "pages/_x.md",
    "pages/_includes/x.md",
    "posts/.x.md",
    "posts/.oculto/x.md",
    "posts/acta.md.orig",
    "posts/acta.md.rej",
    "posts/#acta.md",
    "posts/acta.bak/x.md",
]


def test_what_is_set_aside_is_neither_post_nor_page(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno")})
    for _ in range(2):  # found at the start, and appearing later
        here = folder.now()
        assert [found.path for found in here.candidates] == ["posts/a.md"]
        assert here.problems == ()
        for path in TEXTS:
            folder.write(path, post("Secreto", date="nunca"))
    folder.library = folder.another()
    assert [found.path for found in folder.now().candidates] == ["posts/a.md"]


def test_the_folders_of_jekyll_are_what_they_are_there(make_folder: MakeFolder) -> None:
    here = make_folder(
        {"posts/_posts/a.md": post("Uno"), "posts/es/_Posts/b.md": post("Dos"), "posts/_drafts/c.md": post("Tres")}
    ).now()
    assert sorted(found.title for found in here.posts) == ["Dos", "Uno"]
    assert len(here.candidates) == 3


def test_a_file_that_a_text_names_is_served_whatever_its_name(new_blog: NewBlog) -> None:
    names = [
        "_mapa.gif",
        "_img/plano.gif",
        "__x.gif",
        "MAPA_BASE_2020.gif",
        ".oculta.gif",
        "#x.gif",
        "~$x.gif",
        "x.gif~",
    ]
    body = " ".join(f"![]({name.replace('#', '%23')})" for name in names)
    files: dict[str, str | bytes] = {
        f"posts/a/{name}": b"GIF89a\1\0\1\0" for name in [*names, "_otra.gif", "otra.gif"]
    }
    blog = new_blog({**files, "posts/a/index.md": post("Uno", body, date="2018-07-17")}, clock=Clock(NOON))
    answers = {
        name: blog.get(f"/2018/07/17/a/{name.replace('#', '%23')}").status
        for name in [*names, "_otra.gif", "otra.gif"]
    }
    assert answers == {
        **dict.fromkeys(names[:4], 200), **dict.fromkeys(names[4:], 404), "_otra.gif": 404, "otra.gif": 200,
    }  # fmt: skip


def test_backups_and_halves_of_static_files_are_not_served(new_blog: NewBlog) -> None:
    names = {
        "datos.csv": 200,
        "_redirects": 200,
        "datos.csv.bak": 404,
        "datos.csv~": 404,
        "datos.csv.part": 404,
        ".env": 404,
    }
    blog = new_blog({f"static/{name}": "a,b" for name in names})
    assert {name: blog.get(f"/static/{name}").status for name in names} == names


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["posts/_acta.md"], "_acta.md begins with _"),
        (
            ["posts/_templates/a.md", "posts/_templates/b/c.md"],
            "What lies in posts/_templates is neither post nor page",
        ),
        (["posts/#acta.md"], "Programs leave behind"),
    ],
)
def test_check_tells_it_for_information(new_blog: NewBlog, paths: list[str], said: str) -> None:
    blog = new_blog(dict.fromkeys(paths, post()))
    assert found(blog) == [("never-read", paths[0], 1, 1)]
    assert ": note: " in told(blog)[0]
    assert said in told(blog)[0]
