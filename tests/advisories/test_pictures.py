"""Pictures: what one may do that is opened by itself, and which library reads them."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from blogs import Answer, post
from conftest import NewBlog
from packaging.version import Version
from server import ROOT

KEY = "a secret of more than thirty-two bytes"
DRAWING = b"""<?xml version="1.0"?><?xml-stylesheet href="data:text/xsl,x"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)">
<script>alert(1)</script><script href="/static/share.js"/><a xlink:href="javascript:alert(1)"><text>x</text></a>
<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:alert(1)"/></foreignObject></svg>"""


def may_run(answer: Answer) -> list[str]:
    """What of the policy lets a document that is opened by itself run something, or be what it is not."""
    policies = answer.headers.getlist("Content-Security-Policy")
    policy = dict([*words.split(None, 1), ""][:2] for words in policies[0].split(";")) if policies else {}
    scripts = policy.get("script-src", policy.get("default-src", "*")).strip()
    wrong = [f"scripts from {scripts}"] if scripts != "'none'" else []
    if "sandbox" not in policy or policy["sandbox"]:
        wrong.append(f"sandbox {policy.get('sandbox', 'is missing')}")
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        wrong.append("sniffing")
    return wrong


@pytest.mark.advisory(6, "CVE-2026-105644", "CVE-2020-15006", "Kirby 2017")
def test_no_drawing_that_is_opened_by_itself_runs_anything(new_blog: NewBlog) -> None:
    """CVE-2026-105644 (Ghost), CVE-2020-15006 (Bludit), Kirby 2017: scripts in an SVG ran in the site's name.

    Beside a post, below a preview, in static/, as logo; whole, in part, not modified, without a body and packed.
    """
    large = DRAWING + b"<!--" + b"x" * 300_000 + b"-->"
    files: dict[str, str | bytes] = {
        "posts/2018-07-17-x/index.md": post("X", "![](a.svg) ![](large.SVG)"),
        "posts/2018-07-16-draft/index.md": post("Y", "![](a.svg) ![](large.SVG)", draft="true"),
        "posts/2018-07-15-z.md": post("Z", "![](z.svg) ![](/static/a.svg)"),
        "posts/z.svg": DRAWING,
    }
    for folder in ("posts/2018-07-17-x", "posts/2018-07-16-draft", "static", "static/deep"):
        files |= {f"{folder}/a.svg": DRAWING, f"{folder}/large.SVG": large}
    files |= {"static/a.svgz": DRAWING, "static/a.jpg.svg": DRAWING}
    blog = new_blog(files, settings='logo = "a.svg"\naccent = "#0a5f63"\n', secret_key=KEY)
    with blog.app.test_request_context():
        from bitacora.web.preview import preview_url

        preview = preview_url("posts/2018-07-16-draft/index.md")
    static = [path for path in files if path.startswith("static/")]
    paths = [f"/{path}" for path in static]
    paths += [blog.parts.files.static_url(blog.parts.library.snapshot(), path) for path in static]
    beside = [f"{stem}{name}" for stem in ("/2018/07/17/x/", preview) for name in ("a.svg", "large.SVG")]
    assert {blog.get(path).status for path in [*beside, "/2018/07/15/z/z.svg"]} == {404}
    paths += ["/favicon.svg"]
    for path in paths:
        answer = blog.get(path)
        assert answer.status == 200, path
        assert answer.headers["Content-Type"].startswith("image/svg+xml"), path
        asked = [answer, blog.get(path), blog.get(path, "HEAD"), blog.get(path, range="bytes=0-99")]
        asked += [blog.get(path, accept_encoding=encoding) for encoding in ("gzip", "br")]
        asked += [blog.get(path, if_none_match=answer.headers["ETag"])] if "ETag" in answer.headers else []
        assert [(one.status, may_run(one)) for one in asked if may_run(one)] == [], path
    icon = blog.get("/apple-touch-icon.png")
    assert (icon.status, icon.headers["Content-Type"], icon.body[:4]) == (200, "image/png", b"\x89PNG")
    page = blog.get("/").text
    assert not re.search(
        r"<(?:object|embed|iframe|svg)\b", page
    )  # in a page a drawing is a picture: no script runs


def test_pillow_is_one_without_the_known_overflows() -> None:
    """Those of class 23, GHSA-8g5g-8vmr-9782 and its kin, are in what came before 13.0.0."""
    locked = re.search(r"^pillow==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert locked
    assert Version(locked[1]) >= Version("13.0.0")
    assert Version(version("pillow")) >= Version("13.0.0")
