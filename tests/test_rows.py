"""Posts in the index: what was written comes back as it was, and nothing else does whatever stands there."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitacora.library.rows import Rows, read_rows, write_rows
from bitacora.posts.post import Post, read_post
from bitacora.settings import read_site

SITE = read_site('title = "El Blog"\nurl = "https://blog.example.org"\n', {})
HEADS = (
    "date: 2018-07-17 12:00:00-0300\nupdated: 2019-01-01\ntags: [uno, dos]\ncategories: [A, B]\nauthor: Ana",
    "date: 2018-07-18\nexpires: 2030-01-01\nsingle_image: [{img: a.jpg, caption: Pie, alt: Uno}]\nfocus: 10% 20%",
    "date: 2018-07-19\nshare_message: {x: Hola, orkut: No}\ntags: [uno, uno]\nintro: 😀\naliases: [/a/, /b/]",
    "date: 2018-07-20\nplain: {a: [1, 2.5, true, null, 2020-01-01, [{b: -7}]]}\nbig: 99999999999999999999",
    "draft: true",  # which needs no date
)
POSTS = [
    read_post(f"---\ntitle: Año {number}\n{head}\n---\nTexto.\n".encode(), f"posts/{number}-ñ.md", SITE)
    for number, head in enumerate(HEADS)
]


def rows(posts: list[Post]) -> Rows:
    seen = [(64769, 2**63 + number, 100, -1, 1_500_000_000_123_456_789) for number in range(len(posts))]
    numbers = list(range(len(posts)))
    return Rows(seen, posts, numbers, [100] * len(posts), [zlib.crc32(b"x") + number for number in numbers])


WHOLE = write_rows(rows(POSTS))
COLUMNS = json.loads(WHOLE)


def test_posts_come_back_as_they_were() -> None:
    assert any(post.remarks for post in POSTS)
    assert any(post.extra for post in POSTS)
    for posts in (POSTS, POSTS[:1], POSTS * 40, [POSTS[0]._replace(title="\udcff\ud83d\0\n")]):
        written = rows(posts)
        back = read_rows(write_rows(written))
        assert back == written
        assert repr(back) == repr(written)


def test_equal_values_are_one_object() -> None:
    first, *_, last = read_rows(write_rows(rows([POSTS[0]] * 9))).posts
    assert first.tags is last.tags
    assert first.intro is last.intro


@pytest.mark.parametrize(
    "path",
    [
        "/proc/self/environ", "/etc/passwd", "posts/../../etc/x.md", "posts//x.md", "posts/./x.md", "posts/.x.md",
        "posts/_x.md", "posts/.git/x.md", "posts/x", "posts/x.jpg", "templates/post.html", "site.toml", "posts",
        "x.md", "", "posts/x.md\nposts/y.md", "posts/x\0.md", "posts/\u202e.md", "/posts/x.md", "posts/x.md/",
    ],
)  # fmt: skip
def test_no_path_is_believed_that_a_look_at_the_site_could_not_give(path: str) -> None:
    read_rows(write_rows(rows([POSTS[0]._replace(path="posts/2018/x-1.md")])))
    for others in ([], POSTS):
        with pytest.raises(ValueError, match="no"):
            read_rows(write_rows(rows([*others, POSTS[0]._replace(path=path)])))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(COLUMNS)), planted=ODD, where=st.sampled_from(["column", "values", "one"]))
def test_what_stands_there_is_refused_or_of_the_right_type(name: str, planted: Any, where: str) -> None:
    columns = json.loads(WHOLE)
    if where == "column":
        columns[name] = planted
    elif where == "values":
        columns[name][0] = planted
    else:
        columns[name][0][0] = planted
    try:
        found = read_rows(json.dumps(columns).encode())
    except ValueError:
        return
    for post in found.posts:
        assert read_rows(write_rows(rows([post]))).posts == [post] or "nan" in repr(post)
        for field, value in post._asdict().items():
            like = [type(getattr(known, field)) for known in POSTS]
            assert type(value) in like, field
            if isinstance(value, tuple):
                assert hash(value) is not None


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_value_error(chunk: bytes) -> None:
    with pytest.raises(ValueError, match="cut or written to"):
        read_rows(chunk)
