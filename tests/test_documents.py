"""Documents beside a text: public as long as a published text names them, and harmless."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from blogs import Answer, Blog, Clock, make_blog, post
from conftest import NewBlog

DAY = "posts/2026-11-20-acta"
URL = "/2026/11/20/acta/"
SETTINGS = 'permalink = "/:year/:month/:day/:slug/"\n'
TYPES = {
    "informe.pdf": "application/pdf",
    "datos.csv": "text/csv; charset=utf-8",
    "datos.tsv": "text/tab-separated-values; charset=utf-8",
    "tabla.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "tabla.ods": "application/vnd.oasis.opendocument.spreadsheet",
    "carta.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "carta.odt": "application/vnd.oasis.opendocument.text",
    "charla.pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "charla.odp": "application/vnd.oasis.opendocument.presentation",
    "reunion.ics": "text/calendar; charset=utf-8",
    "ana.vcf": "text/vcard; charset=utf-8",
    "todo.zip": "application/zip",
    "mapa.geojson": "application/geo+json",
    "mapa.kml": "application/vnd.google-earth.kml+xml",
    "ruta.gpx": "application/gpx+xml",
    "datos.json": "application/json",
    "nota.txt": "text/plain; charset=utf-8",
    "libro.epub": "application/epub+zip",
    "voz.mp3": "audio/mpeg",
    "voz.m4a": "audio/mp4",
    "voz.ogg": "audio/ogg",
    "voz.opus": "audio/ogg",
    "voz.wav": "audio/wav",
    "voz.flac": "audio/flac",
    "cine.mp4": "video/mp4",
    "cine.webm": "video/webm",
    "cine.mov": "video/quicktime",
}
RUN_BY_BROWSERS = [
    "a.html", "a.htm", "a.xhtml", "a.xht", "a.shtml", "a.mhtml", "a.js", "a.mjs", "a.css", "a.xml", "a.xsl",
    "a.svgz", "a.swf", "a.wasm", "a.hta", "a.php", "a.py", "a.exe", "a.jar", "a.htc", "a.rdf", "a.webmanifest",
    "a.md.bak", "a",
]  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    """A flat post and a bundle that name each kind of document, and files that browsers would run."""
    names = [*TYPES, *RUN_BY_BROWSERS]
    body = "\n".join(f"- [{name}]({name})" for name in names)
    files: dict[str, str | bytes] = {
        f"{DAY}.md": post("Acta", body),
        "posts/2026-11-20-b/index.md": post("B", body),
    }
    for name in names:
        files[f"posts/{name}"] = files[f"posts/2026-11-20-b/{name}"] = b"<script>alert(1)</script>" + name.encode()
    with make_blog(tmp_path_factory.mktemp("shelf"), files) as blog:
        yield blog


@pytest.mark.parametrize("url", [URL, "/2026/11/20/b/"])
def test_a_document_that_a_text_names_is_public_with_its_type_and_runs_nothing(shelf: Blog, url: str) -> None:
    page = shelf.get(url)
    for name, kind in TYPES.items():
        assert f"{url}{name}" in page.links
        answer = shelf.get(url + name)
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind), name
        assert answer.body.endswith(name.encode())
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-cache"
        is_markup = kind.endswith("+xml")
        assert not is_markup or answer.headers["Content-Disposition"] == "attachment"
        head = shelf.get(url + name, "HEAD")
        assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(answer.body)))


@pytest.mark.parametrize("url", [URL, "/2026/11/20/b/"])
def test_what_a_browser_would_run_is_served_by_no_name(shelf: Blog, url: str) -> None:
    for name in RUN_BY_BROWSERS:
        answer = shelf.get(url + name)
        assert (answer.status, b"alert" in answer.body) == (404, False), name


# --- what counts as naming

NAMING = {
    "a link": "[acta](x.pdf)",
    "a link with a fragment": "[acta](x.pdf#page=3)",
    "a link with a query": "[acta](x.pdf?v=2)",
    "a link in angle brackets": "[acta](<x.pdf>)",
    "a reference": "[acta][a]\n\n[a]: x.pdf 'El acta'",
    "a picture": "![acta](x.pdf)",
    "double brackets": "[[x.pdf]]",
    "double brackets that show it": "![[x.pdf]]",
    "a link written in HTML": '<p><a href="x.pdf" download>acta</a></p>',
    "a sound": '<audio controls src="x.pdf"></audio>',
    "a film": '<video controls src="x.pdf"></video>',
    "the source of a film": '<video controls><source src="x.pdf" type="video/mp4"></video>',
    "its subtitles": '<video controls src="y.mp4"><track src="x.pdf"></video>',
    "its poster": '<video controls src="y.mp4" poster="x.pdf"></video>',
    "a smaller picture": '<img src="y.png" srcset="x.pdf 2x" alt="">',
    "a link from the site's folder": "[acta](/posts/x.pdf)",
    "a link to its own address": "[acta](/2026/11/20/acta/x.pdf)",
    "a dot before it": "[acta](./x.pdf)",
    "an escaped letter": "[acta](%78.pdf)",
    "a link in a list in a quotation": "> - [acta](x.pdf)",
    "a footnote": "Texto[^1]\n\n[^1]: [acta](x.pdf)",
    "a table": "| a |\n|---|\n| [acta](x.pdf) |",
}
NOT_NAMING = {
    "code": "`[acta](x.pdf)`",
    "a block of code": "```\n[acta](x.pdf)\n```",
    "a comment": "<!-- [acta](x.pdf) -->",
    "its name alone": "x.pdf",
    "another site": "[acta](https://example.org/x.pdf)",
    "another site without a scheme": "[acta](//example.org/x.pdf)",
    "another folder": "[acta](otra/x.pdf)",
    "a definition that nothing uses": "[a]: x.pdf",
    "another case": "[acta](X.PDF)",
}
HEADS = {
    "image": "x.pdf",
    "attachment": "x.pdf",
    "attachments": "[y.csv, x.pdf]",
    "Adjuntos": "[{src: x.pdf, title: Acta}]",
    "resources": "[{src: x.pdf}]",
    "audio": "{url: x.pdf}",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    files: dict[str, str | bytes] = {f"{DAY}.md": post("Acta"), "posts/x.pdf": b"PDF", "posts/y.mp4": b"x"}
    with make_blog(tmp_path_factory.mktemp("desk"), files) as blog:
        yield blog


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    files: dict[str, str | bytes] = {f"{DAY}.md": post("Acta"), "posts/x.pdf": b"PDF", "posts/y.mp4": b"x"}
    with make_blog(tmp_path_factory.mktemp("trusting"), files, settings='html = "trusted"\n') as blog:
        yield blog


@pytest.mark.parametrize("way", NAMING)
def test_a_body_names_a_document_and_ceases_to(desk: Blog, trusting: Blog, way: str) -> None:
    for blog in (desk, trusting):
        blog.write(f"{DAY}.md", post("Acta", NAMING[way]))
        assert (blog.get(f"{URL}x.pdf").status, blog.get(f"{URL}x.pdf").body) == (200, b"PDF")
        blog.write(f"{DAY}.md", post("Acta", "Sin acta."))
        assert blog.get(f"{URL}x.pdf").status == 404


@pytest.mark.parametrize("way", NOT_NAMING)
def test_what_names_no_document_leaves_it_private(desk: Blog, way: str) -> None:
    desk.write(f"{DAY}.md", post("Acta", NOT_NAMING[way]))
    assert desk.get(f"{URL}x.pdf").status == 404


@pytest.mark.parametrize("key", HEADS)
def test_a_head_names_a_document(desk: Blog, key: str) -> None:
    desk.write(f"{DAY}.md", post("Acta", **{key: HEADS[key]}))
    assert desk.get(f"{URL}x.pdf").status == 200
    desk.write(f"{DAY}.md", post("Acta", internal_notes="x.pdf"))
    assert desk.get(f"{URL}x.pdf").status == 404


def test_what_is_behind_the_name_stays_in_the_link(desk: Blog) -> None:
    desk.write(f"{DAY}.md", post("Acta", "[a](x.pdf#page=3) [b](x.pdf?v=2#z)"))
    links = desk.get(URL).links
    assert {f"{URL}x.pdf#page=3", f"{URL}x.pdf?v=2#z"} <= set(links)


# --- who may see it


def test_a_document_is_public_only_while_a_published_text_names_it(new_blog: NewBlog) -> None:
    clock = Clock()
    link = "[acta](x.pdf)"
    files: dict[str, str | bytes] = {"posts/x.pdf": b"PDF", "posts/x/x.pdf": b"PDF"}
    heads = {
        "borrador": {"date": "2026-01-01 08:00", "draft": "true"},
        "futura": {"date": "2026-01-02 08:00"},
        "vencida": {"date": "2025-12-01 08:00", "expires": "2025-12-31"},
        "efimera": {"date": "2026-01-01 08:00", "expires": "2026-01-02 08:00"},
        "oculta": {"date": "2026-01-01 08:00", "hidden": "true"},
    }
    for name, head in heads.items():
        files[f"posts/{name}.md"] = post(name, link, slug=name, **head)
        files[f"posts/{name}-b/index.md"] = post(name, link, slug=f"{name}-b", **head)
        files[f"posts/{name}-b/x.pdf"] = b"PDF"
    blog = new_blog(files, settings='permalink = "/:slug/"\n', clock=clock)

    def public() -> set[str]:
        urls = [f"{name}{end}" for name in heads for end in ("", "-b")]
        return {url for url in urls if blog.get(f"/{url}/x.pdf").status == 200}

    assert public() == {"efimera", "efimera-b", "oculta", "oculta-b"}
    assert blog.get("/oculta/x.pdf").headers["X-Robots-Tag"] == "noindex"
    clock.now += 86_400
    assert public() == {"futura", "futura-b", "oculta", "oculta-b"}
    for path in [f"posts/{name}{end}" for name in ("oculta", "futura") for end in (".md", "-b/index.md")]:
        blog.write(path, (blog.root / path).read_text().replace("title:", "draft: true\ntitle:"))
    assert public() == set()


def test_a_document_of_a_bundle_that_nothing_names_is_private_and_its_pictures_are_not(new_blog: NewBlog) -> None:
    names = ["acta.pdf", "voz.mp3", "cine.mp4", "nota.txt", "foto.png"]
    blog = new_blog({f"{DAY}/index.md": post(), **{f"{DAY}/{name}": b"x" for name in names}})
    assert [name for name in names if blog.get(URL + name).status == 200] == ["foto.png"]
    assert blog.get(URL + "foto.png").headers["Cache-Control"] != "no-store"


def test_a_text_in_another_encoding_is_not_said_to_be_utf_8(new_blog: NewBlog) -> None:
    blog = new_blog(
        {
            f"{DAY}.md": post("Acta", "[a](a.csv) [b](b.csv) [c](c.txt)"),
            "posts/a.csv": "año;niño\n".encode("cp1252"),
            "posts/b.csv": "año;niño\n" * 50_000,
            "posts/c.txt": "x" * 262_143 + "ñ",
        }
    )
    kinds = [blog.get(URL + name).headers["Content-Type"] for name in ("a.csv", "b.csv", "c.txt")]
    assert kinds == ["text/csv", "text/csv; charset=utf-8", "text/plain; charset=utf-8"]
    assert blog.get(f"{URL}b.csv").body == (blog.root / "posts/b.csv").read_bytes()


# --- sending


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("acta.txt", os.urandom(100_000))
    body = "[a](a.zip) [b](b.txt) [c](vacia.pdf)"
    files = {f"{DAY}.md": post("Acta", body), "posts/a.zip": packed.getvalue(), "posts/vacia.pdf": b""}
    with make_blog(tmp_path_factory.mktemp("archive"), {**files, "posts/b.txt": "letra\n" * 40}) as blog:
        yield blog


def ask(blog: Blog, name: str, method: str = "GET", **headers: str) -> Answer:
    return blog.get(URL + name, method, **headers)


@pytest.mark.parametrize("name", ["a.zip", "b.txt"])
def test_one_part_of_a_document_is_given(archive: Blog, name: str) -> None:
    whole = ask(archive, name)
    size, etag = len(whole.body), whole.headers["ETag"]
    assert whole.headers["Accept-Ranges"] == "bytes"
    for asked, start, end in [("bytes=0-9", 0, 10), ("bytes=20-", 20, size), ("bytes=-7", size - 7, size)]:
        part = ask(archive, name, range=asked, if_range=etag)
        assert (part.status, part.body) == (206, whole.body[start:end])
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    for other in ('"other"', f"W/{etag}"):
        assert ask(archive, name, range="bytes=0-9", if_range=other).status == 200
    assert ask(archive, name, if_none_match=etag, range="bytes=0-9").status == 304
    behind = ask(archive, name, range=f"bytes={size}-")
    assert (behind.status, behind.headers["Content-Range"], behind.body) == (416, f"bytes */{size}", b"")
    assert ask(archive, name, "HEAD", range=f"bytes={size}-").status == 200


def test_a_document_without_a_byte_is_an_answer(archive: Blog) -> None:
    answer = ask(archive, "vacia.pdf")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")
    assert ask(archive, "vacia.pdf", range="bytes=0-").status == 200


def test_a_document_that_is_replaced_while_it_is_sent_is_the_old_one_to_its_end(new_blog: NewBlog) -> None:
    old, new = b"a" * 3_000_000, b"b" * 3_000_000
    blog = new_blog({f"{DAY}.md": post("Acta", "[a](a.zip)"), "posts/a.zip": old})
    with blog.app.test_client() as reader:
        response = reader.get(f"{URL}a.zip", buffered=False)
        pieces = response.iter_encoded()
        first = next(pieces)
        other = blog.write("posts/.a.tmp", new)
        other.replace(blog.root / "posts/a.zip")
        assert first + b"".join(pieces) == old
        response.close()
    assert blog.get(f"{URL}a.zip").body == new


def test_a_document_that_is_written_over_while_it_is_sent_ends_the_connection(new_blog: NewBlog) -> None:
    blog = new_blog({f"{DAY}.md": post("Acta", "[a](a.zip)"), "posts/a.zip": b"a" * 3_000_000})
    with blog.app.test_client() as reader:
        response = reader.get(f"{URL}a.zip", buffered=False)
        pieces = response.iter_encoded()
        first = next(pieces)
        with (blog.root / "posts/a.zip").open("r+b") as file:
            file.write(b"b" * 3_000_000)
        with pytest.raises(ConnectionResetError):
            next(pieces)
        assert set(first) == {ord("a")}
        response.close()


def test_a_document_of_two_gigabytes_is_sent_piece_by_piece(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitacora.web.files.Files._hash", lambda *_: "0" * 12)  # it reads each byte, a second long
    blog = new_blog({f"{DAY}.md": post("Acta", "[a](a.zip)")})
    size = 2 * 1024**3
    with (blog.root / "posts/a.zip").open("wb") as file:
        file.truncate(size)
    with blog.app.test_client() as reader:
        response = reader.get(f"{URL}a.zip", buffered=False)
        assert response.headers["Content-Length"] == str(size)
        assert len(next(response.iter_encoded())) <= 1 << 20
        response.close()
    part = blog.get(f"{URL}a.zip", range=f"bytes={size - 5}-")
    assert (part.status, part.body) == (206, bytes(5))


def test_a_document_behind_a_link_that_leads_outside_is_not_there(new_blog: NewBlog, tmp_path: Path) -> None:
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(b"secret")
    blog = new_blog({f"{DAY}.md": post("Acta", "[a](a.pdf) [b](../../secret.pdf) [c](.oculto.pdf)")})
    (blog.root / "posts/a.pdf").symlink_to(secret)
    blog.write("posts/.oculto.pdf", b"secret")
    for name in ("a.pdf", "secret.pdf", "../../secret.pdf", ".oculto.pdf"):
        answer = blog.get(URL + name)
        assert (answer.status, b"secret\n" in answer.body) == (404, False)


def test_a_drawing_with_a_script_is_not_served_and_told(new_blog: NewBlog) -> None:
    drawings = {
        "script.svg": "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "event.svg": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "page.svg": "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject><p>x</p></foreignObject></svg>",
        "plain.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='3' height='3'><rect/></svg>",
    }
    body = " ".join(f"![x]({name})" for name in drawings)
    files = {f"posts/{name}": text for name, text in drawings.items()}
    blog = new_blog({"posts/2018-07-17-x.md": f"---\ntitle: X\n---\n{body}\n", **files})
    page = blog.get("/2018/07/17/x/")
    sources = [str(picture.get("src")) for picture in page.html.iter("img")]
    served = {src.rpartition("/")[2][:5]: blog.get(src).status for src in sources if src.endswith(".svg")}
    assert served == {"scrip": 404, "event": 404, "page-": 404, "plain": 200}
    said = blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share")).stdout.splitlines()
    assert [line.partition(":")[0] for line in said if "would run" in line] == [
        "posts/event.svg",
        "posts/page.svg",
        "posts/script.svg",
    ]
    assert not [line for line in said if "There is no picture" in line]
