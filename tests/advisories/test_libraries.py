"""What libraries and other engines did with caches, patterns, queries and HTML that a browser was to clean."""

from __future__ import annotations

import ast
import json
import os
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import html5lib
import pytest
from blogs import SETTINGS, URL, Blog, post
from conftest import NewBlog
from publishing import ROOT

from app import create_app

MARK = "zz<i>evil</i>zz"
FILES = {
    "posts/2018-07-17-p.md": post("Uno", "![a](a.png) Texto."),
    "posts/2018-07-16-q.md": post("Dos", "Texto."),
    "posts/a.png": b"\x89PNG",
}
PATHS = ("/", "/2018/07/17/p/", "/feed.xml", "/favicon.ico")
CODERS = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "joblib"}


class Bomb:
    """Makes a folder where it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.place),)


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in [*(ROOT / "bitacora").rglob("*.py"), ROOT / "app.py", ROOT / "gunicorn.conf.py"]:
        yield str(file.relative_to(ROOT)), ast.parse(file.read_text("utf-8"))


# --- 30: caches that others wrote to


@pytest.mark.advisory(30, "CVE-2021-33026", "CVE-2025-69872", "GHSA-gwfr-jfjf-92vv")
def test_nothing_that_lies_in_a_cache_is_code(tmp_path: Path) -> None:
    """CVE-2021-33026 (Flask-Caching), CVE-2025-69872 (diskcache), GHSA-gwfr-jfjf-92vv (Grav): planted pickles.

    Each file of the caches is a pickle now, bare or behind what stood at its beginning: each is a miss.
    """
    ran = tmp_path / "ran"
    bombs = [pickle.dumps(Bomb(ran), protocol) for protocol in (0, 5)]
    pickle.loads(pickle.dumps(Bomb(tmp_path / "works")))
    assert (tmp_path / "works").exists(), "it is no bomb"
    site, cache = tmp_path / "site", tmp_path / "cache"
    (site / "posts").mkdir(parents=True)
    (site / "site.toml").write_text(SETTINGS + 'accent = "#123456"\n')
    for path, data in FILES.items():
        (site / path).write_bytes(data.encode() if isinstance(data, str) else data)
        os.utime(site / path, (1, 1))
    broken = site / "posts/2018-07-15-broken.md"
    broken.write_text(post("Tres"))
    before = served(site, cache, breaks=broken)
    assert served(site, cache)[1:] == before[1:]
    files = [file for file in cache.rglob("*") if file.is_file() and file.stat().st_size]
    assert len({file.relative_to(cache).parts[1] for file in files}) >= 3, "index, state, and what was drawn"
    for bomb in bombs:
        for keeps in (0, 4, 8, b"\n"):
            for file in files:
                if file.exists():
                    data = file.read_bytes()
                    start = data.find(keeps) + 1 if isinstance(keeps, bytes) else keeps
                    file.write_bytes(data[:start] + bomb)
            answers = served(site, cache)
            assert [answers[n] for n in (1, 3, 4)] == [before[n] for n in (1, 3, 4)], (
                "lists may lack the broken post"
            )
            assert not ran.exists()


def served(site: Path, cache: Path, breaks: Path | None = None) -> list[bytes]:
    """What a blog that starts now answers, the card of a post with it; `breaks` is a post that breaks then."""
    app = create_app({"BITACORA_SITE": str(site), "BITACORA_CACHE_DIR": str(cache)})
    blog = Blog(site, app, time.time)
    try:
        answers = [blog.get(path) for path in PATHS]
        assert [answer.status for answer in answers] == [200] * len(PATHS)
        [card] = [one.get("content") for one in answers[1].html.iter("meta") if one.get("property") == "og:image"]
        blog.parts.library._keep_index()
        if breaks:
            breaks.write_text("---\ntitle: [\n---\n")  # its last good version is kept
            assert blog.get(PATHS[0]).body == answers[0].body
        return [*(answer.body for answer in answers), blog.get(card.removeprefix(URL)).body]
    finally:
        blog.parts.library._watch.close()


def test_no_module_reads_values_that_can_be_code() -> None:
    """Neither a pickle nor anything like it is read anywhere, nor is text from outside compiled to Python."""
    found = set()
    for module, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {(module, alias.name) for alias in node.names if alias.name.split(".")[0] in CODERS}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in CODERS:
                found.add((module, str(node.module)))
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "eval",
                "exec",
                "compile",
                "__import__",
            }:
                found.add((module, ast.unparse(node.func)))
    assert found == set()


# --- 34: a writer's own machine


@pytest.mark.advisory(34, "CVE-2026-28792")
def test_while_writing_no_other_site_reads_what_a_browser_could_get(new_blog: NewBlog) -> None:
    """CVE-2026-28792 (TinaCMS): any page in the writer's browser read local files through the development server.

    No answer says that others may read it, and none is given under a name that somebody else chose.
    """
    draft = {
        "posts/2018-07-17-p.md": post("zz-draft-zz", "zz-draft-zz", draft="true"),
        "posts/a.md": "---\nx: [\n---\n",
    }
    blog = new_blog(draft, dev="1")
    assert "zz-draft-zz" in blog.get("/2018/07/17/p/", host="localhost:8000").text
    heads = []
    for origin in ({}, {"Origin": "https://evil.example"}):
        stream = blog.app.test_client().get("/dev/events", headers={"Host": "localhost", **origin})
        heads.append(stream.headers)
        stream.close()
    assert heads[0]["Content-Type"].startswith("text/event-stream")
    for path in (
        "/",
        "/2018/07/17/p/",
        "/2018/07/17/p.md",
        "/dev/events",
        "/dev/dev.js",
        "/readyz",
        "/metrics",
        "/nothing",
    ):
        for host in (
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
        ):
            answer = blog.get(path, host=host, origin="https://evil.example", remote_addr="127.0.0.1")
            assert "zz-draft-zz" not in answer.text, (path, host)
            assert answer.status == 400 or b"posts/a.md" not in answer.body, (path, host)
            heads.append(answer.headers)
        if path != "/dev/events":
            for method in ("GET", "OPTIONS", "POST"):
                asked = {"origin": "https://evil.example", "access_control_request_method": "GET"}
                heads.append(blog.get(path, method, host="localhost", **asked).headers)
    assert not [name for head in heads for name, _ in head if name.lower().startswith("access-control")]


# --- 41: patterns that give up


HOSTILE = {
    "angles": "<" * 9_000,
    "tags": "<a <" * 3_000,
    "comments": "<!--" * 3_000 + "-->",
    "addresses": "http://" * 1_700,
    "mails": "a@" * 6_000,
    "dots": "www." * 3_000 + "!",
    "brackets": "(" * 5_000 + "http://a.example" + ")" * 5_000,
    "blanks": " \u2003" * 2_000 + "x",
    "entities": "&amp" * 3_000,
}
FILTERS = (
    "striptags", "urlize", "wordwrap(20)", "wordcount", "title", "capitalize", "truncate(99999)", "indent", "trim",
    "center(50)", "replace('zz', 'yy')", "forceescape", "tojson", "urlencode", "striptags|urlize",
)  # fmt: skip


@pytest.mark.advisory(41, "GHSA-37f3-6p89-6qr9")
def test_no_filter_loses_a_text_that_is_hard_to_match(new_blog: NewBlog) -> None:
    """GHSA-37f3-6p89-6qr9 (Grav): a pattern reached its limit of steps, gave null, and the output was gone.

    Python's patterns have no such limit: a filter gives all of a text, or the page says so and is the default one.
    """
    shown = "<pre id=raw>{{ post.intro }}</pre>" + "".join(
        f'<pre id="f{n}">{{{{ post.intro|{name} }}}}</pre>' for n, name in enumerate(FILTERS)
    )
    for name, text in HOSTILE.items():
        source = f"aa{text}zz"
        blog = new_blog(
            {
                "templates/odd.html": f"<!doctype html><title>x</title>{shown}<p id=end>end</p>",
                "posts/2018-07-17-p.md": post("Uno", template="odd.html", intro=json.dumps(source)),
            }
        )
        answer = blog.get("/2018/07/17/p/")
        assert answer.status == 200, (name, blog.parts.library.snapshot().problems)
        if blog.parts.theme.problems:
            assert "Uno" in answer.text, "the default page stands in"
            continue
        found = {one.get("id"): "".join(one.itertext()) for one in answer.html.iter() if one.get("id")}
        raw = found["raw"].strip().lower()
        assert found["end"] == "end"
        assert raw.startswith("aa")
        for number, filtered in enumerate(FILTERS):
            text = found[f"f{number}"]
            assert text, (name, filtered)
            if filtered.split("|")[0] not in {"wordcount", "urlencode", "tojson", "replace('zz', 'yy')"}:
                assert text.strip().lower().startswith("aa"), (name, filtered)
                assert text.strip().lower().endswith(raw[-2:]) or "striptags" in filtered, (name, filtered)


# --- 42: what a reader asks for


@pytest.mark.advisory(42, "CVE-2026-41456")
def test_no_query_is_repeated_as_markup_wherever_it_is_asked(new_blog: NewBlog) -> None:
    """CVE-2026-41456 (Bludit): a search said again what it had been asked for, as HTML."""
    blog = new_blog({"posts/2018-07-17-p.md": post("Uno", categories="[c]", tags="[t]")}, secret_key="k" * 40)
    rules = {rule.rule for rule in blog.app.url_map.iter_rules() if "<" not in rule.rule}
    more = {
        "/2018/07/17/p/",
        "/2018/07/17/p/share/",
        "/category/c/",
        "/tag/t/",
        "/search",
        "/search/",
        "/preview/x/",
    }
    query = f"q={MARK}&query={MARK}&s={MARK}&page={MARK}&since={MARK}&lang={MARK}&callback={MARK}&{MARK}"
    for path in sorted({*rules, *more, f"/{quote(MARK)}/"}):
        for asked in (
            query,
            quote(query, safe="=&"),
            query.replace("<", "\uff1c"),
            quote(quote(query, safe="=&"), safe="=&"),
        ):
            answer = blog.get(
                path, query=asked.encode().decode("latin-1"), referer=MARK, user_agent=MARK, cookie=MARK
            )
            assert MARK not in answer.body.decode(errors="replace"), path
            assert MARK not in str(answer.headers), path
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                assert "evil" not in answer.words("i"), path


# --- 43: cleaned before it is sent


@pytest.mark.advisory(43, "CVE-2026-27742")
def test_html_is_cleaned_by_the_server_unless_the_operator_or_the_site_trusts_it(new_blog: NewBlog) -> None:
    """CVE-2026-27742 (Bludit): what authors wrote was cleaned in the browser alone, or not at all."""
    hostile = """<script>zz()</script> <img src=x onerror=zz()> [a](javascript:zz()) <svg onload=zz()></svg>
<a href="java&#10;script:zz()">b</a> <iframe srcdoc="<script>zz()</script>"></iframe>
<form action=//evil><input></form> <style>*{color:red}</style> <base href=//evil>
<meta http-equiv=refresh content=0;//evil>
<object data=x></object>"""
    safe = new_blog({"posts/2018-07-17-p.md": post("Uno", hostile)})
    assert safe.parts.library.snapshot().site.html == "safe"
    for path in ("/2018/07/17/p/", "/", "/feed.xml"):
        answer = safe.get(path)
        pieces = (
            [answer.html]
            if path != "/feed.xml"
            else [
                html5lib.parse(one.text or "", namespaceHTMLElements=False)
                for one in answer.xml.iter("{http://www.w3.org/2005/Atom}content")
            ]
        )
        for element in (one for piece in pieces for one in piece.iter() if isinstance(one.tag, str)):
            assert element.tag not in {"iframe", "form", "object", "base"}, path
            assert element.tag not in {"script", "style"} or _is_of_the_theme(element), path
            assert not [name for name in element.attrib if name.startswith("on") or name == "srcdoc"], path
            assert "script:" not in (element.get("href") or "").replace("\n", ""), path
            assert element.tag != "meta" or element.get("http-equiv") is None, path
    assert "unsafe" not in safe.get("/").headers["Content-Security-Policy"]
    trusted = new_blog({"posts/2018-07-17-p.md": post("Uno", hostile)}, settings='html = "trusted"\n')
    assert "onerror" in trusted.get("/2018/07/17/p/").text, "which says that the test could see it"


def _is_of_the_theme(element: Any) -> bool:
    return element.get("type") == "application/ld+json" or (element.get("src") or "").startswith("/static/")
