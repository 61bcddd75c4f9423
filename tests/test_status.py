"""What machines that watch over the blog are told, and who may know more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from blogs import Blog, post
from conftest import NewBlog

TOKEN = "t" * 40
FILES = {
    "posts/2018-07-17-good.md": post("Buena"),
    "posts/2018-07-18-bad.md": post("Mala", date="2018-02-30"),
    "posts/2018-07-19-torn.md": "---\ntitle: x\n",
    "templates/post.html": "\n{{ 1 / 0 }}",
    "pages/about.md": post("Acerca"),
}


@contextmanager
def no_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*given: Any, **named: Any) -> Any:
        raise AssertionError(f"the disk was asked: {given}")

    with monkeypatch.context() as patch:
        for name in ("stat", "open", "scandir", "listdir", "read", "pread", "readlink"):
            patch.setattr(os, name, refuse)
        yield


def test_alive_is_said_without_a_look_at_the_disk(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    blog = new_blog(FILES)
    blog.get("/healthz")
    with no_disk(monkeypatch):
        for method, body in (("GET", b"ok\n"), ("HEAD", b"")):
            answer = blog.get("/healthz", method)
            assert (answer.status, answer.body) == (200, body)
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Strict-Transport-Security" in answer.headers


def test_alive_is_said_with_the_site_gone(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    blog.root.rename(blog.root.with_name("elsewhere"))
    assert blog.get("/healthz").status == 200


# --- who may know


def knows(blog: Blog, **headers: str) -> bool:
    answer = blog.get("/readyz", **headers)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    is_open = answer.headers["Content-Type"] == "application/json"
    assert is_open or answer.text == "ready\n"
    return is_open


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_whoever_asks_from_this_machine_may_know(new_blog: NewBlog, address: str) -> None:
    assert knows(new_blog(FILES), remote_addr=address)


def test_whoever_asks_by_a_name_of_this_machine_may_know_and_a_rebound_name_may_not(new_blog: NewBlog) -> None:
    """A page of evil.example whose name leads to 127.0.0.1 now is asked for with that name, and so is /readyz."""
    blog = new_blog(FILES, trusted_hosts="blog.example.net,Readers.example")
    own = (
        "localhost", "LOCALHOST:8000", "localhost.", "a.b.localhost:80", "127.0.0.1", "127.9.9.9:1", "[::1]:8000",
        "10.0.0.7:8000", "[fd00::7]", "blog.example.net", "readers.example:443",
    )  # fmt: skip
    others = (
        "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost",
        "blog.example.org", "evil.blog.example.net", "1.evil", "127.0.0.1.nip.io:80", "0x7f.evil", "[v1.a]",
    )  # fmt: skip
    for host in own:
        assert knows(blog, remote_addr="127.0.0.1", host=host), host
        assert blog.get("/metrics", remote_addr="::1", host=host).status == 200, host
        assert not knows(blog, remote_addr="203.0.113.7", host=host)
    for host in others:
        assert not knows(blog, remote_addr="127.0.0.1", host=host), host
        refused = blog.get("/metrics", remote_addr="::1", host=host)
        assert (refused.status, "bitacora_" in refused.text) == (403, False), host


def test_the_token_opens_under_any_host(new_blog: NewBlog) -> None:
    blog = new_blog(FILES, status_token=TOKEN)
    assert knows(blog, authorization=f"Bearer {TOKEN}", remote_addr="127.0.0.1", host="evil.example")


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1", "12.7.0.1", "", "::2", "fe80::1", "::10"])
def test_strangers_may_not(new_blog: NewBlog, address: str) -> None:
    assert not knows(new_blog(FILES), remote_addr=address)


@pytest.mark.parametrize(
    "header",
    [
        "forwarded",
        "x_forwarded_for",
        "x_forwarded_host",
        "x_forwarded_proto",
        "x_real_ip",
        "via",
        "cf_connecting_ip",
    ],
)
def test_who_comes_through_a_proxy_on_this_machine_may_not(new_blog: NewBlog, header: str) -> None:
    blog = new_blog(FILES)
    assert not knows(blog, remote_addr="127.0.0.1", **{header: "127.0.0.1"})
    assert not knows(blog, remote_addr="127.0.0.1", **{header: ""})


def test_a_trusted_proxy_cannot_be_talked_into_it(new_blog: NewBlog) -> None:
    blog = new_blog(FILES, trust_proxy="1")
    assert not knows(blog, remote_addr="10.0.0.1", x_forwarded_for="127.0.0.1")
    assert not knows(blog, remote_addr="10.0.0.1", x_forwarded_for="203.0.113.7, 127.0.0.1")


@pytest.mark.parametrize("value", [f"Bearer {TOKEN}", f"bearer {TOKEN}"])
def test_whoever_has_the_token_may_know(new_blog: NewBlog, value: str) -> None:
    assert knows(new_blog(FILES, status_token=TOKEN), authorization=value, x_forwarded_for="203.0.113.7")


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}", "Bearer ñ\x80"],
)
def test_whoever_has_another_token_may_not(new_blog: NewBlog, value: str) -> None:
    assert not knows(new_blog(FILES, status_token=TOKEN), authorization=value)


def test_without_a_token_set_none_opens(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    assert not knows(blog, authorization="Bearer ")
    assert not knows(blog, authorization="Bearer")


# --- what there is to know


def test_what_is_wrong_is_said_file_by_file(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    blog.get("/2018/07/17/good/")
    details = blog.get("/readyz", remote_addr="127.0.0.1").json
    assert (details["ready"], details["posts"], details["pages"]) == (True, 1, 1)
    assert details["watch"] in {"inotify", "poll"}
    problems = {problem["file"]: problem for problem in details["problems"]}
    assert set(problems) == {"posts/2018-07-18-bad.md", "posts/2018-07-19-torn.md", "templates/post.html"}
    assert problems["posts/2018-07-18-bad.md"] == {
        "file": "posts/2018-07-18-bad.md",
        "line": 3,
        "column": 7,
        "reason": 'date "2018-02-30" is not a date: February 2018 has 28 days.',
        "remedy": "Write it like 2018-07-17 12:00:00-0300.",
    }
    assert problems["templates/post.html"]["line"] == 2


UNUSED = "---\ntitle: X\ntags: [a]\ntags: [b]\nshare_message: {whatsap: Hola}\n---\nText.\n"


def test_what_heads_say_in_vain_is_said_and_logged_once(
    new_blog: NewBlog, caplog: pytest.LogCaptureFixture
) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": UNUSED, "posts/2018-07-18-y.md": post("Y")})
    blog.write("posts/2018-07-18-y.md", post("Z"))
    remarks = blog.get("/readyz", remote_addr="127.0.0.1").json["remarks"]
    assert [(remark["line"], remark["reason"].split()[0]) for remark in remarks] == [
        (5, "share_message"),
        (3, "tags"),
    ]
    assert all(remark["remedy"] and remark["file"] == "posts/2018-07-17-x.md" for remark in remarks)
    assert len([record for record in caplog.records if "posts/2018-07-17-x.md" in record.getMessage()]) == 2


def test_a_mended_file_is_wrong_no_more(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-18-bad.md": FILES["posts/2018-07-18-bad.md"]})
    assert blog.get("/readyz", remote_addr="127.0.0.1").json["problems"]
    blog.write("posts/2018-07-18-bad.md", post("Buena"))
    assert not blog.get("/readyz", remote_addr="127.0.0.1").json["problems"]


def test_the_next_appearance_and_a_forgotten_lock_are_said(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = new_blog({"posts/2099-01-01-x.md": post(date="2099-01-01T00:00:00Z")})
    details = blog.get("/readyz", remote_addr="127.0.0.1").json
    assert (details["next_transition"], details["git_lock_seconds"]) == (4070908800, None)
    for age, is_stale in ((1.0, False), (61.0, True)):
        monkeypatch.setattr(blog.parts.library, "git_lock_age", lambda age=age: age)
        details = blog.get("/readyz", remote_addr="127.0.0.1").json
        assert (details["git_lock_seconds"], details["git_lock_is_stale"]) == (age, is_stale)


def test_names_that_are_no_text_can_be_said(new_blog: NewBlog) -> None:
    blog = new_blog()
    with open(os.fsencode(blog.root) + b"/posts/\xff\x07.md", "wb") as file:
        file.write(b"x")
    answer = blog.get("/readyz", remote_addr="127.0.0.1")
    assert len(answer.json["problems"]) == 1


def test_what_was_read_stays_up_when_the_site_goes(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    blog.root.rename(blog.root.with_name("elsewhere"))
    answer = blog.get("/readyz", remote_addr="127.0.0.1")
    assert answer.status == 200
    assert [problem["file"] for problem in answer.json["problems"]].count("posts") == 1
    assert blog.get("/2018/07/17/good/").status == 200


def test_with_nothing_to_serve_it_is_not_ready(new_blog: NewBlog) -> None:
    """As in a worker that starts while the folder is away."""
    blog = new_blog(FILES)
    blog.root.rename(blog.root.with_name("elsewhere"))
    blog.parts.library._start_anew()
    answer = blog.get("/readyz")
    assert (answer.status, answer.text) == (503, "not ready\n")
    assert "No such file" in blog.get("/readyz", remote_addr="127.0.0.1").text
    for path in ("/", "/2018/07/17/good/", "/feed.xml"):
        page = blog.get(path)
        assert (page.status, page.text) == (503, "503\n")
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Frame-Options"] == "DENY"
    assert blog.get("/healthz").status == 200
    blog.root.with_name("elsewhere").rename(blog.root)
    blog.get_until(200, "/2018/07/17/good/")
    assert blog.get("/readyz").status == 200
