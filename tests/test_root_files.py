"""Files that must lie at the root of a domain: live, harmless, and behind all else that has an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from blogs import Blog, make_blog, post
from conftest import NewBlog

SCRIPT = b"<script>alert(1)</script>"
FILES: dict[str, tuple[bytes, str]] = {
    "google123abc.html": (b"google-site-verification: google123abc.html", "text/html; charset=utf-8"),
    "BingSiteAuth.xml": (b'<?xml version="1.0"?><users><user>1</user></users>', "application/xml"),
    "ads.txt": (b"example.org, 1, DIRECT\n", "text/plain; charset=utf-8"),
    "humans.txt": ("Ñandú\n".encode(), "text/plain; charset=utf-8"),
    "crossdomain.xml": (b"<cross-domain-policy/>", "application/xml"),
    ".well-known/security.txt": (b"Contact: mailto:a@example.org\n", "text/plain; charset=utf-8"),
    ".well-known/assetlinks.json": (b"[]", "application/json"),
    ".well-known/apple-app-site-association": (b' {"applinks": {}}', "application/json"),
    ".well-known/atproto-did": (b"did:plc:abc", "text/plain; charset=utf-8"),
    ".well-known/acme-challenge/x-1_Y": (b"token.thumb", "text/plain; charset=utf-8"),
    ".well-known/openpgpkey/hu/abc": (b"\x99\x00\xff", "application/octet-stream"),
    "carpeta/a b.txt": (b"x", "text/plain; charset=utf-8"),
    "logo.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "worker.js": (SCRIPT, "application/octet-stream"),
    "vacio.txt": (b"", "text/plain; charset=utf-8"),
}
HIDDEN = [
    ".env",
    ".htaccess",
    ".git/config",
    ".well-known/.secreto",
    "x/.well-known/a.txt",
    ".oculta/a.txt",
    "a.txt~",
    "a.txt.part",
]
TAKEN = {
    "robots.txt": "the blog itself",
    "feed.xml": "the blog itself",
    "favicon.ico": "the blog itself",
    "static/x.txt": "the blog itself",
    "sobre.html": "pages/sobre.md",
    "2026/01/02/uno/index.html": "posts/2026-01-02-uno.md",
    "2026/01/02/uno.md": "posts/2026-01-02-uno.md",
    "vieja.html": "posts/2026-01-02-uno.md",
    "lejos": "site.toml",
}


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    files: dict[str, str | bytes] = {f"root/{name}": data for name, (data, _) in FILES.items()}
    files |= {f"root/{name}": SCRIPT for name in (*HIDDEN, *TAKEN)}
    files |= {
        "pages/sobre.md": post("Sobre"),
        "posts/2026-01-02-uno.md": post(
            "Uno", "[a](/ads.txt) [b](/no.txt) [c](root/ads.txt)", aliases="[/vieja.html]"
        ),
    }
    settings = '[redirects]\n"/lejos" = "https://example.org/"\n'
    with make_blog(tmp_path_factory.mktemp("root"), files, settings=settings) as blog:
        yield blog


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_folder_is_at_the_root_and_runs_nothing(blog: Blog, name: str) -> None:
    data, kind = FILES[name]
    answer = blog.get(f"/{name}")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, kind, data)
    assert "sandbox" in answer.headers["Content-Security-Policy"].split("; ")
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert ("Access-Control-Allow-Origin" in answer.headers) is name.startswith(".well-known/")
    assert blog.get(f"/{name}", if_none_match=answer.headers["ETag"]).status == 304
    assert blog.get(f"/{name}", "HEAD").headers["Content-Length"] == str(len(data))


@pytest.mark.parametrize("name", [*HIDDEN, "../site.toml", ".well-known/../.env", "", ".well-known", "carpeta/"])
def test_hidden_files_and_what_lies_elsewhere_are_not_there(blog: Blog, name: str) -> None:
    answer = blog.get(f"/{name}") if name else blog.get("/root/ads.txt")
    assert answer.status == 404
    assert SCRIPT not in answer.body


@pytest.mark.parametrize("name", TAKEN)
def test_the_blog_its_pages_and_posts_win_an_address_and_check_and_explain_tell_it(blog: Blog, name: str) -> None:
    assert SCRIPT not in blog.get(f"/{name}").body
    said = blog.app.test_cli_runner().invoke(args=("posts", "explain", f"root/{name}")).stdout
    assert said == f"root/{name} is not shown: its address, /{name}, is that of {TAKEN[name]}.\n"


def test_check_tells_what_is_lost_and_nothing_else_of_the_folder(blog: Blog) -> None:
    result = blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share", "--json"))
    told = json.loads(result.stdout)["findings"]
    lost = {one["file"]: one for one in told if one["file"].startswith("root/")}
    assert set(lost) == {f"root/{name}" for name in TAKEN}
    named = {path for path, one in lost.items() if TAKEN[path.removeprefix("root/")] in one["reason"]}
    assert named == set(lost)
    assert {one["rule"] for one in lost.values()} == {"address-taken"}
    links = [one["reason"] for one in told if one["rule"] == "link-dead"]
    assert links == [f'The link "{link}" leads to nothing on this site.' for link in ("/no.txt", "root/ads.txt")]
    assert result.exit_code == 0


def test_a_file_is_explained_by_its_path_and_by_its_address(blog: Blog) -> None:
    for wanted in ("root/.well-known/security.txt", "/.well-known/security.txt"):
        said = blog.app.test_cli_runner().invoke(args=("posts", "explain", wanted)).stdout
        assert said == "root/.well-known/security.txt is public at /.well-known/security.txt, as it is.\n"


@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_the_folder_is_live(new_blog: NewBlog, watch: str) -> None:
    names = ("nuevo.txt", ".well-known/nuevo.txt", ".well-known/a/b/nuevo.txt")
    blog = new_blog({"posts/a.md": post()}, watch=watch)
    assert [blog.get(f"/{name}").status for name in names] == [404] * 3
    for body in (b"uno", b"otros"):
        for name in names:
            blog.write(f"root/{name}", body)
        for name in names:
            blog.get_until(200, f"/{name}", body)
    for name in names:
        blog.delete(f"root/{name}")
    for name in names:
        blog.get_until(404, f"/{name}")


def test_a_link_out_of_the_folder_is_not_followed(new_blog: NewBlog, tmp_path: Path) -> None:
    (tmp_path / "secreto.txt").write_bytes(SCRIPT)
    blog = new_blog({"posts/a.md": post(), "root/a.txt": b"x", "templates/x.html": SCRIPT})
    for name, target in {"b.txt": tmp_path / "secreto.txt", "c": tmp_path, "d.txt": "/etc/passwd"}.items():
        (blog.root / "root" / name).symlink_to(target)
    (blog.root / "root" / "dentro.txt").symlink_to("a.txt")
    assert [blog.get(f"/{name}").status for name in ("b.txt", "c/secreto.txt", "d.txt")] == [404] * 3
    assert blog.get("/dentro.txt").body == b"x"
