"""A replaced picture is new at once: a page names it by what is in it, and no address keeps an old one."""

from __future__ import annotations

from pathlib import Path

import pytest
from blogs import Blog, hashed, post
from conftest import NewBlog

from bitacora.files.tree import Tree, signature
from bitacora.posts import pictures

POST = "/2018/07/17/feria/"
BUNDLE = "posts/2018-07-17-feria"
LONG = "public, max-age=31536000, immutable"
OLD, NEW = b"the old one", b"the new one"


@pytest.fixture
def blog(new_blog: NewBlog) -> Blog:
    body = "![plaza](plaza.jpg)\n\n[as a link](plaza.jpg)\n\n![s](/static/s.png)"
    return new_blog(
        {
            f"{BUNDLE}/index.md": post("Feria", body, image="plaza.jpg", highlighted="true", categories="[Actos]"),
            f"{BUNDLE}/plaza.jpg": OLD,
            "static/s.png": OLD,
        }
    )


def shown(blog: Blog, path: str) -> list[str]:
    return [image.get("src") or "" for image in blog.get(path).html.iter("img")]


def test_each_page_names_a_picture_by_what_is_in_it_and_at_once_by_what_is_new(blog: Blog) -> None:
    """Pages that are stored already, and without an edit of the text."""
    address = f"{POST}plaza.jpg"
    for data in (OLD, NEW, OLD):
        blog.write(f"{BUNDLE}/plaza.jpg", data)
        for _ in range(2):
            assert shown(blog, POST)[:2] == [hashed(address, data)] * 2
            assert hashed(address, data) in shown(blog, "/")
            assert hashed(address, data) in blog.get("/feed.xml").text
            assert hashed(address, data) in blog.get("/category/actos/feed.xml").text
        assert address in blog.get(POST).links
        answer = blog.get(hashed(address, data))
        assert (answer.body, answer.headers["Cache-Control"]) == (data, LONG)


def test_an_old_address_answers_with_the_picture_as_it_is_and_is_asked_for_each_time(blog: Blog) -> None:
    blog.get(hashed(f"{POST}plaza.jpg", OLD))
    blog.write(f"{BUNDLE}/plaza.jpg", NEW)
    tags = set()
    for address in (f"{POST}plaza.jpg", hashed(f"{POST}plaza.jpg", OLD), f"{POST}plaza-0123456789ab.jpg"):
        answer = blog.get(address)
        assert (answer.status, answer.body, answer.headers["Cache-Control"]) == (200, NEW, "no-cache")
        tags.add(answer.headers["ETag"])
        assert blog.get(address, if_none_match=answer.headers["ETag"]).status == 304
    assert tags == {blog.get(hashed(f"{POST}plaza.jpg", NEW)).headers["ETag"]}


@pytest.mark.parametrize(
    "name",
    [
        "plaza-0123456789a.jpg",
        "plaza-0123456789AB.jpg",
        "plaza-0123456789ab-0123456789ab.jpg",
        "-0123456789ab.jpg",
        "other-0123456789ab.jpg",
        "index-0123456789ab.md",
        "plaza.0123456789ab.jpg",
        "plaza-0123456789ab.png",
        "plaza-0123456789ab.jpg/",
        "../plaza-0123456789ab.jpg",
    ],
)
def test_a_hash_leads_to_no_other_file(blog: Blog, name: str) -> None:
    assert blog.get(POST + name).status == 404


def test_a_name_that_ends_like_a_hash_is_a_name(new_blog: NewBlog) -> None:
    """Also one that is another picture's address: that one then goes by its plain name."""
    like = "foto-0123456789ab.jpg"
    twin = hashed("b.png", b"b")
    blog = new_blog(
        {
            f"{BUNDLE}/index.md": post("Feria", f"![]({like})\n\n![](b.png)\n\n![]({twin})"),
            f"{BUNDLE}/{like}": b"a",
            f"{BUNDLE}/b.png": b"b",
            f"{BUNDLE}/{twin}": b"twin",
        }
    )
    assert shown(blog, POST) == [hashed(POST + like, b"a"), f"{POST}b.png", hashed(POST + twin, b"twin")]
    assert [blog.get(address).body for address in shown(blog, POST)] == [b"a", b"b", b"twin"]
    assert blog.get(POST + like).body == b"a"
    assert blog.get(POST + twin).headers["Cache-Control"] == "no-cache"


def test_a_picture_of_the_theme_folder_goes_by_its_hash_as_other_static_files_do(blog: Blog) -> None:
    [address] = [src for src in shown(blog, POST) if src.startswith("/static/")]
    assert address == hashed("/static/s.png", OLD).replace("-", ".")
    assert blog.get(address).headers["Cache-Control"] == LONG
    blog.write("static/s.png", NEW)
    assert hashed("/static/s.png", NEW).replace("-", ".") in shown(blog, POST)


def test_a_picture_is_read_when_it_is_shown_and_once_for_each_version(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    open_file = Tree.open

    def note(tree: Tree, path: str) -> int:
        opened.append(path)
        return open_file(tree, path)

    monkeypatch.setattr(Tree, "open", note)
    picture = f"{BUNDLE}/plaza.jpg"
    for data in (b"never seen before", b"nor this one"):
        blog.write(picture, data)
        blog.get("/archive/")
        assert picture not in opened
        blog.get(POST)
        read = opened.count(picture)
        assert 0 < read <= 2  # for its size, and for its hash
        blog.write(f"{BUNDLE}/index.md", post("Otra", f"{data!r} ![plaza](plaza.jpg)"))
        assert shown(blog, POST) == [hashed(f"{POST}plaza.jpg", data)]
        assert opened.count(picture) == read
        opened.clear()


def test_no_more_hashes_are_remembered_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_hashes", {})
    monkeypatch.setattr(pictures, "_MOST_KNOWN", 3)
    (tmp_path / "posts").mkdir()
    tree = Tree(tmp_path)
    for number in range(8):
        (tmp_path / f"posts/{number}.png").write_bytes(b"%d" % number)
        version = signature(tree.stat(f"posts/{number}.png"))
        assert pictures.content_hash(tree, f"posts/{number}.png", version)
        assert len(pictures._hashes) <= 3


def test_a_picture_that_is_being_written_is_named_as_before_and_sent_to_nobody(blog: Blog) -> None:
    address = hashed(f"{POST}plaza.jpg", OLD)
    assert address in shown(blog, POST)
    with (blog.root / BUNDLE / "plaza.jpg").open("wb") as file:
        file.write(b"half of")
        file.flush()
        blog.write("posts/2018-07-18-otra.md", post("Otra"))
        assert address in shown(blog, POST)
        for path in (address, f"{POST}plaza.jpg"):
            answer = blog.get(path)
            assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
        file.write(b" the new one")
    assert hashed(f"{POST}plaza.jpg", b"half of the new one") in shown(blog, POST)
    assert blog.get(address).body == b"half of the new one"


def test_a_picture_too_large_to_be_opened_keeps_its_plain_address(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitacora.library.snapshot.MOST_BYTES", 3)
    assert shown(blog, POST)[0] == f"{POST}plaza.jpg"
    assert blog.get(f"{POST}plaza.jpg").body == OLD
