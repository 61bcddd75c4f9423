"""Mending what can only have been meant in one way: flask posts check --fix."""

from __future__ import annotations

import pytest
from blogs import Blog, post
from click.testing import Result
from conftest import NewBlog

from bitacora.check.fixes import mend
from bitacora.posts.head import read_head

FILE = "posts/2018-07-17-x.md"
HEAD = "---\ntitle: Año\n---\nTexto.\n"
QUOTED = HEAD.replace("Año", "“A”")


@pytest.mark.parametrize(
    ("source", "mended", "done"),
    [
        (b"\xef\xbb\xbf" + HEAD.encode(), HEAD, "without the byte order mark"),
        (HEAD.encode("utf-16"), HEAD, "saved as UTF-8, not as UTF-16"),
        (HEAD.encode("latin-1"), HEAD, "saved as UTF-8, not as Windows-1252"),
        (QUOTED.encode("cp1252"), QUOTED, "saved as UTF-8, not as Windows-1252"),
        (HEAD.replace("\n", "\r\n", 2).encode(), HEAD, "line ends all alike"),
        (HEAD.replace("\n", "\r").encode(), HEAD, "line ends all alike"),
        ("---\ncover:\n\timg: b\n---\n", "---\ncover:\n  img: b\n---\n", "spaces for tabs in the head"),
        ("---\ntitle: It's: b\n---\n", "---\ntitle: 'It''s: b'\n---\n", "quotes round a value with a colon"),
        (
            "---\ntitle: a: b\nintro: c: d\n---\n",
            "---\ntitle: 'a: b'\nintro: 'c: d'\n---\n",
            "quotes round a value with a colon",
        ),
        ("---\nidioma: es\n---\n", "---\nlang: es\n---\n", "lang for idioma"),
        ("---\nhighligthed: true\n---\n", "---\nhighlighted: true\n---\n", "highlighted for highligthed"),
        ('+++\ntitel = "a"\n+++\n', '+++\ntitle = "a"\n+++\n', "title for titel"),
    ],
)  # fmt: skip
def test_what_is_certain_is_mended(source: str | bytes, mended: str, done: str) -> None:
    found = mend(source if isinstance(source, bytes) else source.encode(), FILE)
    assert (found.source.decode(), found.done) == (mended, (done,))
    read_head(found.source, FILE)
    assert mend(found.source, FILE).done == ()


@pytest.mark.parametrize(
    "source",
    [
        HEAD,
        HEAD.replace("\n", "\r\n"),
        "---\ntitle: a\n---\n\tcode: one: two\n\ndraf: true\n",
        "---\ntitle: a\ntitel: b\n---\n",
        "---\ntitle: [a: b\n---\n",
        "---\ntitle: a: b # a remark: or not\n---\n",
        "---\ntitle: 'never closed\n---\n",
        "no head: at all\n",
        "",
        "\0",
    ],
)
def test_what_is_right_or_not_certain_is_left_alone(source: str) -> None:
    assert mend(source.encode(), FILE) == (source.encode(), ())


# --- flask posts check --fix

BROKEN = "---\ntitle: a: b\n---\n"
MENDED = "---\ntitle: 'a: b'\n---\n"


def run(blog: Blog, *words: str, answer: str = "") -> Result:
    return blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share", "--fix", *words), input=answer)


def test_fix_shows_what_it_does_and_asks_first(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: BROKEN})
    file = blog.root / FILE
    result = run(blog, answer="n\n")
    assert "-title: a: b\n+title: 'a: b'\n" in result.stderr
    assert (result.exit_code, file.read_text()) == (1, BROKEN)
    result = run(blog, answer="y\n")
    assert (result.exit_code, file.read_text()) == (0, MENDED)


def test_fix_does_not_ask_when_told_so_and_keeps_the_rights(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: BROKEN})
    (blog.root / FILE).chmod(0o640)
    assert run(blog, "--yes").exit_code == 0
    assert (blog.root / FILE).read_text() == MENDED
    assert (blog.root / FILE).stat().st_mode & 0o777 == 0o640
    assert [path.name for path in (blog.root / "posts").iterdir()] == ["2018-07-17-x.md"]


def test_fix_keeps_to_the_named_files(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: BROKEN, "posts/2018-07-18-y.md": BROKEN})
    run(blog, "--yes", FILE)
    assert (blog.root / "posts/2018-07-18-y.md").read_text() == BROKEN


def test_fix_says_when_there_is_nothing_to_do(new_blog: NewBlog) -> None:
    result = run(new_blog({FILE: post()}))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("There is nothing that can be mended for certain.\n")
