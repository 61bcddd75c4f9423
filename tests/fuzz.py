"""Fuzzers, each run in a process of its own, so that a crash or a hang shows: `python tests/fuzz.py KIND ...`.

`documents FIRST STEP COUNT FOLDER` makes documents out of tokens and puts each through all that happens to a post.
`TARGET SECONDS FOLDER` lets atheris look for bytes that reach new code of one of TARGETS.
"""

from __future__ import annotations

import mmap
import random
import re
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

MOST_CPU_S = 1.0
FOR_EACH_BLOG = 20_000
"""So many documents, the last of which are served as a blog, and all of its pages asked for."""
MOST_PIECES = (4, 8, 16, 40)
"""Most documents are short: they cost less, and two things next to each other are what mostly breaks."""
POSTS_OF_A_BLOG = 40
ALLOWED = {200, 206, 301, 302, 303, 304, 307, 308, 400, 404, 405, 410, 413, 414, 431}

HEADS = [
    "title", "date", "updated", "expires", "slug", "permalink", "url", "aliases", "categories", "tags",
    "authors", "author", "intro", "description", "single_image", "image", "images", "cover",
    "highlighted", "share_message", "share_title", "share_image", "lang", "draft", "published", "status",
    "template", "layout", "toc", "math", "noindex", "hidden", "translation_key", "content", "self",
    "__class__", "<<", "? ", "ñ", "1", "null", "'a'", "a.b", "a: b",
]  # fmt: skip
VALUES = [
    "x", '"x"', "'x'", "2018-07-17", "2018-07-17 12:00:00 -0300", "2018-02-30", "99999-01-01", "1e999",
    "9" * 4300, "0x1F", "true", "no", "null", "~", "[a, b]", "[a, [b]]", "{a: b}", "{x: {y: z}}", "[",
    "{", "&a x", "*a", "!!python/none x", "|\n  x", ">\n  x\n  y", "\n- a\n- b",
    "\n  default: x\n  x: y", "- - - x", "\x00", "\ufeff", "\u202e", "\x85", "\u2028", "ñ", "🗳️",
    "javascript:alert(1)", "//evil.example/", "/:year/:title/", ":categories/../", "../../etc/passwd",
    "https://a.example/b c", "<b>x</b>", "<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>",
    "{{ 7*7 }}", "{% raw %}", "x: y: z", "# x", "@x", "%x", "`x`", "\tx", "x" * 500, "[" * 50, "- " * 50,
]  # fmt: skip
FENCES = [
    "---\n", "---\n", "---\n", "---\n", "+++\n", "{\n", "}\n", "...\n", "----\n", "--- \n", "---",
    "\n---\n", "\ufeff---\n", "",
]  # fmt: skip
BODIES = [
    "x", "*", "**", "_", "__", "~~", "`", "```", "~~~", "[", "]", "(", ")", "![", "](", "[^1]", "[^1]: ",
    "[a]: /b", "<", ">", "</", "<!--", "-->", "<!--more-->", "<script>", "</script>", "<style>", "<svg>",
    "<math>", "<table>", "<td>", "<details>", "<iframe src=", "<img src=x onerror=alert(1)>", "<a href=",
    "javascript:alert(1)", "data:text/html,x", " onclick=alert(1) ", "style=x", '"', "'", "=", "|",
    "|-|-|", "\n", "\n\n", "\r\n", "\r", "    ", "\t", "- ", "1. ", "- [x] ", "> ", "> [!NOTE]\n", "# ",
    "## x {#a}", "===\n", "---\n", ": ", "*[A]: ", "A", "{: .a #b}", "{:", "}", "{% highlight python %}",
    "{% endhighlight %}", "{% raw %}", "{% endraw %}", "{% include x.html %}", "{{", "}}",
    "{{< figure src=", ">}}", "$$", "$", "\\", "\\(", "&amp;", "&#0;", "&#x6a;", "&nbsp",
    "http://a.example/", "www.a.example", "a@b.example", "ñ", "民主", "🗳️", "\u202e", "\x00", "\x1b",
    "\ufffd", "```python\n", "x = 1  # a\n", "<pre>", "<code>", "<p>", "</p>", "<div>\n", "</div>\n",
    "<br/>", "<video src=x>", "a b c " * 20,
]  # fmt: skip
SUSPICIOUS = re.compile(
    r"<(?:script|style|iframe|object|embed|form|svg|math|base|meta|link|template)\b"
    r"|<[^>]*\s(?:on\w+|style|srcdoc|formaction|action|background)\s*="
    r"|(?:href|src|poster|srcset)\s*=\s*[\"']?[^\"'>]*(?:script|data)[^\"'>]*:",
    re.IGNORECASE,
)


class TooSlowError(BaseException):
    """One document took more than MOST_CPU_S."""


class AsWritten:
    def link(self, href: str) -> str:
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0


def document(seed: int) -> bytes:
    """The document of a number: always the same one."""
    chance = random.Random(seed)
    head = "".join(
        f"{chance.choice(HEADS)}{chance.choice((': ', ': ', ': ', ':', ' = ', ' '))}{chance.choice(VALUES)}\n"
        for _ in range(chance.randrange(6))
    )
    body = "".join(chance.choice(BODIES) for _ in range(chance.randrange(1, chance.choice(MOST_PIECES))))
    data = f"{chance.choice(FENCES)}{head}{chance.choice(FENCES)}{body}".encode()
    if chance.random() < 0.1:
        place = chance.randrange(len(data) + 1)
        data = data[:place] + chance.randbytes(chance.randrange(1, 4)) + data[place + chance.randrange(3) :]
    return data


@cache
def site() -> Any:
    from bitacora.settings import read_site

    return read_site("", {})


def put_through(data: bytes) -> bool:
    """All that happens to a post until it is part of a page; whether it is one. Raises whatever is a fault."""
    from bitacora.check.outline import outline
    from bitacora.markdown.writer import MarkupTooLarge, render
    from bitacora.posts.post import body_of, lines_of, read_post, repeated_keys
    from bitacora.problems import PostError

    path = "posts/2020-01-02-x.md"
    lines_of(data, path)
    try:
        read_post(data, path, site())
        repeated_keys(data, path)
    except PostError as problem:
        if problem.__cause__ is not None and problem.reason.startswith("The reader failed"):
            raise problem.__cause__ from None
        str(problem).encode()
    try:
        text = body_of(data) or data.decode("utf-8", "replace")
        html = render(text, AsWritten(), embeds=("ok.example",))
        outline(data, path)
    except (MarkupTooLarge, PostError):
        return False
    if SUSPICIOUS.search(html.body):
        must_be_harmless(html.body)
    html.body.encode()
    html.excerpt.encode()
    return True


def must_be_harmless(body: str) -> None:
    import html5lib
    from test_markdown_security import assert_harmless_element

    for scripting in (True, False):
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        for element in parser.parseFragment(body, scripting=scripting).iter():
            if isinstance(element.tag, str):
                assert_harmless_element(element.tag, element.attrib)


def serve_as_a_blog(documents: list[bytes]) -> None:
    """Every page of a blog of these documents is there, and none of them says 500."""
    from blogs import make_blog, post

    files: dict[str, str | bytes] = {
        f"posts/2020-01-{n % 28 + 1:02}-x{n}.md": data for n, data in enumerate(documents)
    }
    files["posts/2019-01-01-good.md"] = post()
    place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # cards may still be drawn into it
    with place as folder, make_blog(Path(folder), files) as blog:
        asked = set()
        waiting = [
            "/",
            "/archive/",
            "/feed.xml",
            "/rss.xml",
            "/feed.json",
            "/sitemap.xml",
            "/tags/",
            "/categories/",
            "/readyz",
        ]
        while waiting and len(asked) < 300:
            path = waiting.pop()
            if path in asked or not path.startswith("/") or path.startswith("//"):
                continue
            asked.add(path)
            answer = blog.get(path.partition("#")[0].partition("?")[0])
            if answer.status not in ALLOWED:
                raise AssertionError(f"{path}: {answer.status}")
            if answer.status == 200 and answer.headers["Content-Type"].startswith("text/html"):
                must_be_harmless_page(answer.text)
                waiting += [link for link in answer.links if link]
        if blog.get("/2019/01/01/good/").status != 200:
            raise AssertionError("the good post is gone")


def must_be_harmless_page(page: str) -> None:
    import html5lib

    for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
        if isinstance(element.tag, str):
            kind = element.get("type", "")
            own = element.get("src", "").startswith("/static/")
            if element.tag == "script" and not own and kind != "application/ld+json":
                raise AssertionError("a script")
            if any(name.startswith("on") or name == "style" for name in element.attrib):
                raise AssertionError(f"{element.tag}: {element.attrib}")


class Progress:
    """The document at hand and how many are done, where the process that started this one sees them."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 16)

    def now(self) -> tuple[int, int]:
        seed, done = struct.unpack("qq", self._map[:])
        return seed, done

    def at(self, seed: int, done: int) -> None:
        self._map[:] = struct.pack("qq", seed, done)


def documents(first: int, step: int, count: int, folder: Path) -> None:
    """Put `count` documents through, and append what is wrong to `findings`."""
    progress = Progress(folder / "progress")
    signal.signal(signal.SIGPROF, _too_slow)
    recent: list[bytes] = []
    for number in range(count):
        seed = first + number * step
        data = document(seed)
        progress.at(seed, number)
        if _survives(folder, seed, lambda data=data: put_through(data)):
            recent.append(data)
        if number % FOR_EACH_BLOG == min(FOR_EACH_BLOG, count) - 1:
            signal.setitimer(signal.ITIMER_PROF, 0)
            _survives(folder, seed, lambda: serve_as_a_blog(recent[-POSTS_OF_A_BLOG:]), most_cpu_s=120)
            recent.clear()
    progress.at(-1, count)


def _survives(folder: Path, seed: int, call: Callable[[], object], most_cpu_s: float = MOST_CPU_S) -> bool:
    signal.setitimer(signal.ITIMER_PROF, most_cpu_s)
    try:
        return call() is not False
    except (Exception, TooSlowError) as error:  # noqa: BLE001 - whatever it is, it is a finding
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        with (folder / "findings").open("a") as file:
            file.write(f"document {seed}: {error!r} at {where}\n")
        return False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlowError(f"more than {MOST_CPU_S} s")


# --- guided by coverage


def front_matter(data: bytes) -> None:
    from bitacora.posts.post import read_post
    from bitacora.problems import PostError

    try:
        read_post(b"---\n" + data, "posts/2020-01-02-x.md", site())
    except PostError as problem:
        if problem.__cause__ is not None and problem.reason.startswith("The reader failed"):
            raise problem.__cause__ from None


def markdown(data: bytes) -> None:
    from bitacora.markdown.writer import MarkupTooLarge, render

    try:
        body = render(data.decode("utf-8", "replace"), AsWritten(), embeds=("ok.example",)).body
    except MarkupTooLarge:
        return
    if SUSPICIOUS.search(body):
        must_be_harmless(body)


def webhook(data: bytes) -> None:
    from bitacora.publish.webhook import PayloadError, SignatureError, pushed, signed_call

    names = (
        "X-Hub-Signature-256",
        "X-Gitea-Signature",
        "webhook-signature",
        "webhook-timestamp",
        "X-Gitlab-Token",
    )
    *values, body = data.split(b"\n", len(names))
    headers = {name: value.decode("latin-1") for name, value in zip(names, values, strict=False)}
    try:
        signed_call(headers.get, body, b"s" * 32, 1.8e9)
    except SignatureError:
        pass
    else:
        raise AssertionError("let in")
    with suppress(PayloadError):
        pushed(body)


class Router:
    """One blog for all requests."""

    def __init__(self) -> None:
        self._blog: Any = None

    def __call__(self, data: bytes) -> None:
        from blogs import call, make_blog
        from test_requests import FILES

        if self._blog is None:
            self._making: Iterator[Any] = make_blog(Path(tempfile.mkdtemp()), FILES)  # type: ignore[assignment]
            self._blog = self._making.__enter__()  # type: ignore[attr-defined]
        path, _, rest = data.partition(b"\n")
        query, _, header = rest.partition(b"\n")
        asked = {"accept_encoding": header.decode("latin-1"), "if_none_match": header.decode("latin-1")}
        answer = call(self._blog.app, "GET", b"/" + path, query.decode("latin-1"), asked)
        if answer.status not in ALLOWED:
            raise AssertionError(f"{answer.status}")


def request_head(data: bytes) -> None:
    """What the hot lane reads is what gunicorn reads; what it does not read is gunicorn's."""
    from gunicorn.http import wsgi
    from gunicorn.http.parser import RequestParser

    from bitacora.web.page_cache import Question

    config, read = _lane()
    found = read(data)
    if found is None:
        return
    request = next(RequestParser(config, iter([data]), ("127.0.0.1", 1)))
    with socket.socket() as sock:
        _, environ = wsgi.create(request, sock, ("127.0.0.1", 1), ("127.0.0.1", 2), config)
    assert found.question == Question.of(environ)
    assert environ["SERVER_PROTOCOL"] == f"HTTP/1.{found.version}"
    assert request.should_close() is not found.keeps_alive
    assert request.body.read() == request.unreader.take_buffered() == b""
    assert not request._expected_100_continue


@cache
def _lane() -> tuple[Any, Callable[[bytes], Any]]:
    """gunicorn's settings as `gunicorn.conf.py` has them, and what reads heads under them."""
    from gunicorn.config import Config

    from bitacora.server.request_head import reader

    config = Config()
    for name, limit in (("line", 4094), ("fields", 50), ("field_size", 8190)):
        config.set(f"limit_request_{name}", limit)
    return config, reader(4094, 50, 8190, config.secure_scheme_headers)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "front_matter": front_matter,
    "markdown": markdown,
    "webhook": webhook,
    "router": Router(),
    "request_head": request_head,
}
INSTRUMENTED = (
    "bitacora.markdown.writer", "bitacora.posts.post", "bitacora.publish.webhook", "bitacora.web",
    "bitacora.server.request_head",
)  # fmt: skip
SEEDS = {
    "front_matter": [b"title: x\ndate: 2018-07-17\ntags: [a, b]\n---\nx\n"],
    "markdown": [b"# a\n\n*b* [c](/d) `e`\n\n- f\n\n|a|\n|-|\n", b"<b onclick=x>a</b>\n\n![a](b.png){: .c}\n"],
    "webhook": [b'sha256=00\n00\nv1,AA==\n1800000000\nt\n{"ref": "refs/heads/main"}'],
    "router": [b"2018/07/17/x/\n\ngzip", b"tag/x/page/2/\na=b\nbr"],
    "request_head": [
        b"GET /%c3%b1/?a=b HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br;q=0, gzip\r\n\r\n",
        b'HEAD / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nIf-None-Match: W/"a", *\r\n\r\n',
    ],
}


def guided(name: str, seconds: int, folder: Path) -> None:
    """Ends the process: with another exit status than 0 when it found something, which then lies in `folder`."""
    import atheris

    with atheris.instrument_imports(include=["bitacora"]):
        for module in INSTRUMENTED:
            import_module(module)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS.get(name, [])):
        (corpus / f"seed-{number}").write_bytes(seed)
    bounds = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=3000", "-max_len=4096"]
    atheris.Setup(
        [sys.argv[0], *bounds, f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus)], TARGETS[name]
    )
    TARGETS[name](b"")  # what is made at the first call takes none of the time
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1] == "documents":
        documents(*map(int, sys.argv[2:5]), Path(sys.argv[5]))
    else:
        guided(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
