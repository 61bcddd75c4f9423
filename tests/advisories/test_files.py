"""Names that lead elsewhere, on disks of every kind: what is asked for is looked up, never turned into a path."""

from __future__ import annotations

import ast
import builtins
import io
import os
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from blogs import Blog, post
from conftest import NewBlog
from publishing import ROOT

from bitacora.cli.fetch_images import file_stem
from bitacora.files.tree import OutsideError, Tree
from bitacora.posts.pictures import measure, size_of
from bitacora.publish.home import Home

SECRET = "zz-secret-zz"
HIDDEN = f"---\ntitle: {SECRET}\ndate: 2018-07-17\n---\n{SECRET}\n"
DOTS = (
    "../",
    "../../",
    "..%2f",
    "%2e%2e/",
    "..%252f",
    "....//",
    "..\\",
    "%c0%ae%c0%ae/",
    "..;/",
    "/",
    "//",
    "~/",
    "%00",
)
PAGE = "/2018/07/17/p/"


def _modules() -> dict[str, ast.Module]:
    files = [*(ROOT / "bitacora").rglob("*.py"), ROOT / "app.py", ROOT / "gunicorn.conf.py"]
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text("utf-8")) for file in sorted(files)}


MODULES = _modules()


def imported() -> set[tuple[str, str]]:
    """Each module of ours with each name that it imports, at its top or in a function."""
    found = set()
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {(name, alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= {(name, f"{node.module}.{alias.name}") for alias in node.names}
    return found


def importers(*names: str) -> set[str]:
    return {module for module, name in imported() if name.split(".")[0] in names or name in names}


def all_of(blog: Blog) -> bytes:
    """What a visitor can get of a small site, by following what the blog itself names."""
    paths, seen, told = ["/", "/feed.xml", "/sitemap.xml", "/archive/", PAGE], set(), b""
    while paths:
        path = paths.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = blog.get(path)
        told += answer.body
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            elements = list(answer.html.iter())
            links = [element.get(name) for element in elements for name in ("href", "src", "content")]
            paths += [
                link.removeprefix("https://blog.example.org").split("#")[0] for link in links if _is_ours(link)
            ]
    assert len(seen) > 5
    return told


def _is_ours(link: str | None) -> bool:
    return bool(link) and (link.startswith("https://blog.example.org/") or (link[0] == "/" and link[:2] != "//"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All names that are given to the system to open or look at, from here on."""
    names: list[str] = []

    def noted(module: Any, name: str) -> None:
        original = getattr(module, name)

        def call(path: Any, *rest: Any, **how: Any) -> Any:
            names.append(os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else "")
            return original(path, *rest, **how)

        monkeypatch.setattr(module, name, call)

    for module, name in (
        (os, "open"),
        (os, "stat"),
        (os, "lstat"),
        (builtins, "open"),
        (io, "open"),
        (os, "scandir"),
    ):
        noted(module, name)
    return names


# --- 28: names of devices

DEVICES = (
    "NUL",
    "nul",
    "CON.txt",
    "aux.md",
    "COM1",
    "LPT9.jpg",
    "x/CON.txt",
    "nul.",
    "NUL .jpg",
    "CONIN$",
    "COM¹",
)


@pytest.mark.advisory(28, "CVE-2025-66221", "CVE-2026-21860", "CVE-2026-27199")
def test_the_name_of_a_device_is_a_name_that_nobody_looks_for_on_a_disk(
    new_blog: NewBlog, opened: list[str]
) -> None:
    """CVE-2025-66221, CVE-2026-21860, CVE-2026-27199 (Werkzeug): safe_join let devices of Windows through.

    A file of such a name is served as any other, and one that is not there is never asked for.
    """
    blog = new_blog(
        {"posts/2018-07-17-p.md": post("Uno"), "static/nul.txt": "a file", "posts/2018-07-16-con.md": post()}
    )
    assert blog.get("/static/nul.txt").body == b"a file"
    assert blog.get("/2018/07/16/con/").status == 200
    assert blog.get("/").status == blog.get(PAGE).status == 200
    opened.clear()
    for name in DEVICES:
        for folder in ("/", "/static/", PAGE, "/posts/", "/preview/", "/tag/", "/category/"):
            assert blog.get(folder + quote(name)).status in {404, 308}, (folder, name)
    assert [
        name
        for name in opened
        if any(device.lower() in name.lower() for device in ("nul", "con.", "aux", "com", "lpt"))
    ] == []


@pytest.mark.parametrize("name", ["con", "PRN", "aux", "nul", "com1", "lpt9"])
def test_no_picture_is_fetched_into_a_file_that_windows_cannot_check_out(name: str) -> None:
    """A clone there would fail as a whole."""
    assert file_stem(f"https://pictures.example/{name}.jpg", "") == f"picture-{name.lower()}"
    assert file_stem("https://pictures.example/conga.jpg", "") == "conga"


# --- 31: paths in values and addresses


@pytest.mark.advisory(31, "CVE-2026-44177", "CVE-2026-75594", "CVE-2025-30159")
def test_no_value_and_no_address_leads_out_of_the_site(new_blog: NewBlog, opened: list[str]) -> None:
    """CVE-2026-44177, CVE-2026-75594, CVE-2025-30159 (Kirby): traversal by a login, a media handler, a snippet."""
    wanted = [f"{dots}secret" for dots in DOTS]
    keys = ("image", "share_image", "share_image_on_x", "og_image", "thumbnail")
    blog = new_blog(
        {
            "posts/2018-07-17-p.md": post("Uno", template="odd.html"),
            **{
                f"posts/2018-07-{day:02}-q.md": post(
                    "Dos",
                    f"![a]({one}.png) [b]({one}.md) <img src='{one}.png'> [c](/static/{one}.txt)",
                    **dict.fromkeys(keys, f"'{one}.png'"),
                )
                for day, one in enumerate(wanted, 1)
            },
            "templates/odd.html": "{% extends 'default:post.html' %}{% block content %}"
            + "".join(f"{{% include {one + '.html'!r} ignore missing %}}" for one in wanted)
            + "".join(f"{{{{ static({one + '.txt'!r}) }}}}" for one in wanted)
            + "{% endblock %}",
            "static/a.txt": "a",
        },
        settings="logo = '../secret.png'\n",
        secret_key="k" * 40,
    )
    for name in ("secret.png", "secret.html", "secret.md", "secret.txt", "secret"):
        for folder in (blog.root.parent, blog.root):
            (folder / name).write_text(HIDDEN)
    opened.clear()
    assert SECRET.encode() not in all_of(blog)
    assert blog.parts.theme.problems == ()
    for one in wanted:
        for ending in ("", ".png", ".txt", ".html", ".md", ".0123456789ab.txt"):
            for folder in ("/static/", "/static/x/", PAGE, f"{PAGE}share/", "/preview/", "/status/", "/"):
                answer = blog.get(f"{folder}{one}{ending}")
                assert answer.status in {404, 308, 301}, (folder, one, ending)
                assert SECRET not in answer.text
    assert [name for name in opened if "secret" in name] == []
    for wrong in ("../wide", "/etc/passwd.html", "..\\x.html", "x/../../y.html"):
        answer = new_blog({"posts/2018-07-17-p.md": post("Uno", template=f"'{wrong}'")}).get("/2018/07/17/p/")
        assert answer.status == 404, "a template of such a name is a mistake, and said to be one"


# --- 32: neighbours whose names begin alike


@pytest.mark.advisory(32, "CVE-2026-92812")
def test_a_folder_whose_name_only_begins_alike_lies_outside(new_blog: NewBlog, tmp_path: Path) -> None:
    """CVE-2026-92812 (Decap): /repo-secret was taken for a part of /repo, by its beginning."""
    blog = new_blog(
        {"posts/2018-07-17-p.md": post("Uno", "![a](../posts-secret/a.png) [b](../posts-secret/b.md)")}
    )
    siblings = [blog.root.with_name(f"site{end}") for end in ("2", "-secret", ".bak", " ", "site")]
    for number, sibling in enumerate(siblings):
        (sibling / "posts").mkdir(parents=True)
        (sibling / "posts/b.md").write_text(HIDDEN)
        (sibling / "a.png").write_bytes(b"\x89PNG")
        for folder in ("posts", "static", "pages", "templates"):
            (blog.root / folder).mkdir(exist_ok=True)
            (blog.root / folder / f"x{number}.md").symlink_to(sibling / "posts/b.md")
            (blog.root / folder / f"x{number}.png").symlink_to(f"../../{sibling.name}/a.png")
            (blog.root / folder / f"y{number}").symlink_to(sibling)
    for folder in ("posts-secret", "posts2", "postsposts", "pages-secret", "static-secret", "templates-secret"):
        blog.write(f"{folder}/b.md", HIDDEN)
        blog.write(f"{folder}/a.png", b"\x89PNG" + SECRET.encode())
    assert SECRET.encode() not in all_of(blog)
    tree = Tree(blog.root)
    for number in range(len(siblings)):
        for name in (f"posts/x{number}.md", f"static/x{number}.png", f"pages/y{number}/posts/b.md"):
            with pytest.raises(OutsideError):
                tree.read(name)
            assert measure(tree, name.replace(".md", ".png"), (1, 2, 3, 4, number)) == (0, 0)
        assert blog.get(f"/static/x{number}.png").status == 404
    with pytest.raises(OutsideError):
        [Tree(blog.root).open("posts/x0.md") for _ in (1,)]
    assert {path.partition("/")[0] for path in blog.parts.library.snapshot().files} <= {"posts", "pages", "static"}
    assert Home.of(tmp_path / "current-secret") is None
    assert not {name for name in imported() if "common" in name[1]}, "os.path.commonprefix compares letters"


# --- 36: disks on which capitals are nothing


def _blind(path: Any, folder: int | None) -> str | None:
    """How a path is really written, on a disk that does not tell capitals from small letters."""
    here = "/" if os.fspath(path).startswith("/") else (f"/proc/self/fd/{folder}" if folder is not None else ".")
    for part in Path(os.fspath(path)).parts:
        names = [name for name in os.listdir(here) if name.lower() == part.lower()] if part != "/" else [""]
        if not names:
            return None
        here = os.path.join(here, names[0])
    return here


@pytest.fixture
def case_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """This system's files as on the disks of Windows and macOS."""
    for name in ("open", "stat"):
        original = getattr(os, name)

        def call(path: Any, *rest: Any, original: Any = original, **how: Any) -> Any:
            try:
                return original(path, *rest, **how)
            except FileNotFoundError:
                real = _blind(path, how.get("dir_fd")) if isinstance(path, str | os.PathLike) else None
                if real is None:
                    raise
                return original(real, *rest, **{key: value for key, value in how.items() if key != "dir_fd"})

        monkeypatch.setattr(os, name, call)


@pytest.mark.usefixtures("case_blind")
@pytest.mark.advisory(36, "GHSA-vwg3-w8w3-pc79")
def test_on_a_disk_that_is_blind_to_case_no_other_spelling_opens_anything(new_blog: NewBlog) -> None:
    """GHSA-vwg3-w8w3-pc79 (Grav): deny rules were passed by in capitals. There are none: a table decides."""
    blog = new_blog(
        {
            "posts/2018-07-17-p.md": post("Uno", "![a](foto.png)"),
            "posts/foto.png": b"\x89PNG",
            "posts/2018-07-16-draft.md": post(SECRET, SECRET, draft="true"),
            "static/a.css": "a {}",
            ".git/config": SECRET,
            "posts/.git/config": SECRET,
            ".env": SECRET,
        }
    )
    with (blog.root / "site.toml").open("a") as settings:
        settings.write(f"# {SECRET}\n")
    assert (blog.root / "SITE.TOML").exists(), "the disk is not blind"
    assert blog.get("/static/a.css").body == b"a {}"
    assert blog.get(f"{PAGE}foto.png").status == 200
    files = [path.relative_to(blog.root).as_posix() for path in blog.root.rglob("*") if path.is_file()]
    for file in files:
        for spelt in {file, file.upper(), file.title(), file.swapcase(), file.replace("/", "/./").upper()}:
            for folder in ("/", "/static/", "/static/../", "/STATIC/", "/POSTS/", PAGE, PAGE.upper()):
                answer = blog.get(folder + quote(spelt))
                assert SECRET not in answer.text
                if folder.lower() + spelt.lower() not in {"/static/a.css", f"{PAGE}foto.png"}:
                    assert answer.status in {404, 308}, (folder, spelt)
    assert blog.get("/static/A.CSS").status == blog.get("/STATIC/a.css").status == 404
    assert blog.get(f"{PAGE}FOTO.PNG").status == blog.get(PAGE.upper()).status == 404


# --- 37: drawings that are read

ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f"""<?xml version="1.0"?>
<!DOCTYPE svg [<!ENTITY l0 "lol"> {ENTITIES}
<!ENTITY f SYSTEM "file://{{secret}}"> <!ENTITY % d SYSTEM "file://{{secret}}"> %d;]>
<svg xmlns="http://www.w3.org/2000/svg" width="&l9;" height="&f;" viewBox="0 0 9 9"><text>&f;&l9;</text>
<image href="file://{{secret}}"/></svg>"""


@pytest.mark.advisory(37, "GHSA-3446-6mgw-f79p")
def test_of_a_drawing_not_even_the_size_is_read(new_blog: NewBlog, tmp_path: Path, opened: list[str]) -> None:
    """GHSA-3446-6mgw-f79p (Grav): files and a billion laughs out of an SVG whose size was looked for."""
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    drawing = LAUGHS.replace("{secret}", str(secret))
    blog = new_blog(
        {
            "posts/2018-07-17-p.md": post("Uno", "![a](a.svg)", image="a.svg"),
            "posts/a.svg": drawing,
            "static/a.svg": drawing,
        },
        settings='logo = "a.svg"\n',
    )
    opened.clear()
    told = all_of(blog)
    assert SECRET.encode() not in told
    assert b"lollol" not in told
    assert "secret.txt" not in {Path(name).name for name in opened}
    images = list(blog.get(PAGE).html.iter("img"))
    shown = [one for one in images if one.get("src").startswith(f"{PAGE}a") and one.get("src").endswith(".svg")]
    assert shown
    assert {(one.get("width"), one.get("height")) for one in shown} == {(None, None)}
    assert size_of(drawing.encode()) == (0, 0)
    assert blog.get(f"{PAGE}a.svg").status == 404
    answer = blog.get("/static/a.svg")
    assert answer.text == drawing
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert importers("xml", "lxml", "html5lib", "bs4", "defusedxml") == set(), "nothing here reads XML"


# --- 38: what stands behind a question mark


@pytest.mark.advisory(38, "GHSA-r7fx-8g49-7hhr")
def test_a_query_of_a_picture_is_a_part_of_its_address_and_no_attribute(new_blog: NewBlog) -> None:
    """GHSA-r7fx-8g49-7hhr (Grav): ?style=… and ?classes=… behind a picture became attributes of it."""
    query = "style=position:fixed&classes=evil&class=evil&id=evil&onload=alert(1)&width=9999&resize=1,1&lightbox"
    shapes = [
        f"![a](a.png?{query})",
        f"![a](a.png?{query.replace('&', '&amp;')} 'title')",
        f"![a][r]\n\n[r]: a.png?{query}\n",
        f'<img src="a.png?{query}">',
        f'<picture><source srcset="a.png?{query} 2x"><img src="a.png?{query}"></picture>',
        f"[![a](a.png?{query})](b.md?{query})",
        f'![a](a.png?{quote(query)}"onload="alert\\(1\\))',
        "![a](a.png){style='position:fixed' .evil onload=alert(1)}",
    ]
    may = {"src", "srcset", "alt", "title", "loading", "decoding", "fetchpriority", "width", "height"}
    for shape in shapes:
        blog = new_blog(
            {"posts/2018-07-17-p.md": post("Uno", shape, image=f"'a.png?{query}'"), "posts/a.png": png()},
            settings=f"logo = 'a.png?{query}'\n",
        )
        answer = blog.get(PAGE)
        [text] = list(answer.html.iter("article"))[:1]
        found = list(text.iter("img"))
        assert found, shape
        for one in found:
            assert set(one.attrib) <= may, (shape, one.attrib)
            assert one.get("width") in {None, "3"}
            assert "evil" not in (one.get("class") or "")
        for one in answer.html.iter():
            assert one.get("style") is None, shape
            assert not [name for name in one.attrib if name.startswith("on")], shape
        assert "evil" not in [one.get("id") for one in answer.html.iter()]


def png() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (3, 2)).save(file, "PNG")
    return file.getvalue()


# --- 39: archives


@pytest.mark.advisory(39, "GHSA-2vcx", "GHSA-8h9x", "GHSA-w48r")
def test_no_archive_is_ever_opened(new_blog: NewBlog) -> None:
    """GHSA-2vcx…, GHSA-8h9x…, GHSA-w48r… (Grav): bombs and slips in archives that were uploaded.

    Nothing is uploaded, and the engine has nothing to open one with; what lies in a folder stays as it is.
    """
    assert importers("zipfile", "tarfile", "bz2", "lzma", "zipimport") == set()
    called = {
        ast.unparse(node.func)
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert not {call for call in called if "unpack_archive" in call or "extractall" in call}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../slip.md", HIDDEN)
        archive.writestr("posts/2018-07-17-z.md", HIDDEN)
    names = (
        "posts/a.zip",
        "posts/2018-07-17-z.md.zip",
        "posts/2018-07-17-z.md.gz",
        "static/a.zip",
        "templates/a.zip",
    )
    files: dict[str, str | bytes] = {name: file.getvalue() for name in names}
    blog = new_blog({**files, "posts/2018-07-17-p.md": post("Uno", "[a](a.zip)"), "posts/x.docx": file.getvalue()})
    before = sorted(blog.root.parent.rglob("*.md"))
    assert SECRET.encode() not in all_of(blog)
    static = blog.get("/static/a.zip")
    assert (static.body, static.headers.get("Content-Encoding")) == (file.getvalue(), None)
    assert blog.get(f"{PAGE}a.zip").body == file.getvalue()
    assert blog.get("/2018/07/17/z/").status == 404
    assert sorted(blog.root.parent.rglob("*.md")) == before
    packed = blog.get(
        "/hooks/push", "POST", body=file.getvalue(), content_encoding="gzip", content_type="application/zip"
    )
    assert packed.status in {403, 404, 405}


# --- 46: slugs


@pytest.mark.advisory(46, "CVE-2026-124636", "CVE-2026-23483")
def test_no_slug_is_ever_a_path_that_is_written_or_read(
    new_blog: NewBlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-124636 (PureBlog), CVE-2026-23483 (Blinko): a slug named the file that was saved, or served."""
    monkeypatch.chdir(tmp_path)
    slugs = (
        "../../../evil",
        "..%2f..%2fevil",
        "/tmp/evil",
        "a/../../evil",
        "evil\\..\\x",
        "evil.md",
        ".evil",
        "evil/",
    )
    files = {f"posts/2018-07-{day:02}-x.md": post("x", slug=f"'{slug}'") for day, slug in enumerate(slugs, 1)}
    files |= {
        f"posts/2018-08-{day:02}-y.md": post("y", permalink=f"'/{slug}/'") for day, slug in enumerate(slugs, 1)
    }
    files |= {
        f"posts/2018-09-{day:02}-z.md": post("z", aliases=f"['/{slug}']") for day, slug in enumerate(slugs, 1)
    }
    blog = new_blog({**files, "posts/2018-07-17-p.md": post("Uno")}, secret_key="k" * 40)
    before = {path: path.read_bytes() for path in blog.root.rglob("*") if path.is_file()}
    all_of(blog)
    titles = [*slugs, "../../evil", "evil/../..", "~/evil"]
    for title in titles:
        blog.app.test_cli_runner().invoke(args=["posts", "new", "--", title])
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before.keys()
    assert [path for path in made if "evil" in path.name and path.parent != blog.root / "posts"] == []
    assert {path: path.read_bytes() for path in before} == before
    assert not Path("/tmp/evil").exists()
    cache = [path for path in made if blog.root not in path.parents]
    assert all(len(path.name) < 80 and "evil" not in path.name for path in cache)
