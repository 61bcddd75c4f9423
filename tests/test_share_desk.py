"""The share desk through the real application: what it says of each sample, and what it costs."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from blogs import NOON, URL, Answer, Blog, Clock, post
from conftest import NewBlog

from bitacora.share.desk import Desk, Shown, Verdict
from bitacora.share.readers import READERS
from bitacora.web import desk as web_desk

ROOT = Path(__file__).parent.parent
SEED = (ROOT / "tests/seed-post.md").read_text(encoding="utf-8")
SEED_URL = "/2018/07/17/gobiernos-abiertos/"
LANGUAGES = ("es", "pt", "en")
NOT_MEASURED = {
    "es": "nadie ha medido su tamaño",
    "pt": "ninguém mediu seu tamanho",
    "en": "nobody has measured its size",
}
INTRO_IS_LONG = {"description-cut-often"}
KNOWN = {
    "posts/2018-07-17-gobiernos-abiertos.md": {
        *INTRO_IS_LONG,
        *("picture-size-undeclared", "picture-not-measured", "alt-repeats-title"),
    },
    "posts/2026-04-08-publicar-es-empujar.md": {"description-cut", *INTRO_IS_LONG},
    "posts/2026-06-03-guia-de-la-cabecera.md": {"title-cut", *INTRO_IS_LONG},
    "posts/2026-07-02-muestrario.md": {"noindex"},
    "posts/2026-10-28-escribe-con-nosotros.md": {"description-cut", *INTRO_IS_LONG},
}


def samples() -> dict[str, str | bytes]:
    paths = [path for folder in ("posts", "pages") for path in (ROOT / folder).rglob("*") if path.is_file()]
    files: dict[str, str | bytes] = {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}
    return {
        **files,
        "site.toml": (ROOT / "site.toml").read_bytes(),
        "posts/2018-07-17-gobiernos-abiertos.md": SEED,
    }


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> NoReturn:
        raise AssertionError(f"a connection to {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def desk(blog: Blog, url: str) -> Desk:
    here = blog.parts.library.snapshot()
    with blog.app.app_context():
        found: Desk = blog.parts.desk(here, here.by_url[url])
    return found


def shown(blog: Blog, url: str) -> Mapping[str, Shown]:
    return {one.network: one for one in desk(blog, url).shown}


def verdicts(blog: Blog, url: str) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in desk(blog, url).summary}


def tiles(answer: Answer) -> list[Any]:
    return [section for section in answer.html.iter("section") if section.get("class") == "tile"]


def meta(answer: Answer) -> dict[str, str]:
    metas = answer.html.iter("meta")
    return {element.get("property") or element.get("name"): element.get("content") for element in metas}


def words(answer: Answer) -> str:
    return " ".join("".join(answer.html.find(".//main").itertext()).split())


# --- the samples


def test_each_sample_has_thirteen_previews_and_the_verdicts_that_it_deserves(
    new_blog: NewBlog, no_network: None
) -> None:
    blog = new_blog(samples(), url=URL)
    for sample in blog.parts.library.snapshot().by_url.values():
        found = desk(blog, sample.url)
        assert [one.network for one in found.shown] == list(READERS), sample.path
        assert {verdict.rule for verdict in found.summary} == KNOWN.get(sample.path, INTRO_IS_LONG), sample.path
        if sample.kind == "post":
            answer = blog.get(f"{sample.url}share/")
            assert (answer.status, len(tiles(answer))) == (200, 13), sample.path


def test_the_seed_names_its_remote_picture_and_says_why_nobody_measured_it(
    new_blog: NewBlog, no_network: None
) -> None:
    blog = new_blog({"posts/2018-07-17-gobiernos-abiertos.md": SEED})
    found = verdicts(blog, SEED_URL)["picture-not-measured"]
    assert (found.values["host"], found.key, found.line) == ("i.imgur.com", "single_image", 11)
    assert {one.picture for name, one in shown(blog, SEED_URL).items() if name != "google"} == {
        "https://i.imgur.com/IIUUlxS.jpg"
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_of_the_seed_speaks_the_language_of_the_site(new_blog: NewBlog, language: str) -> None:
    blog = new_blog({"posts/2018-07-17-gobiernos-abiertos.md": SEED}, settings=f'language = "{language}"\n')
    answer = blog.get(f"{SEED_URL}share/")
    assert (answer.html.get("lang"), len(tiles(answer))) == (language, 13)
    assert NOT_MEASURED[language] in words(answer)
    assert not [other for other in LANGUAGES if other != language and NOT_MEASURED[other] in words(answer)]
    assert "posts/2018-07-17-gobiernos-abiertos.md" in words(answer)


def test_a_post_with_a_card_and_a_short_intro_is_ready_to_share_everywhere(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="De qué se trata.", lang="es-CL")})
    assert desk(blog, "/2018/07/17/x/").summary == ()
    assert {one.form for name, one in shown(blog, "/2018/07/17/x/").items()} == {"large", "small", "text"}


# --- from the bytes, not from the form


def test_a_template_that_breaks_a_tag_is_found_out(new_blog: NewBlog) -> None:
    theirs = "<title>{{ share.title }}</title>\n<meta property='og:title' content='{{ share.title }}'>\n"
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="De qué se trata."), "templates/_head.html": theirs})
    found = verdicts(blog, "/2018/07/17/x/")
    assert {"description-missing", "picture-missing", "canonical-missing"} <= set(found)
    assert {one.description for one in shown(blog, "/2018/07/17/x/").values()} == {""}


def test_a_template_that_takes_one_tag_away_gets_one_verdict(new_blog: NewBlog) -> None:
    head = (ROOT / "templates/_head.html").read_text(encoding="utf-8")
    theirs = head.replace('{{ property("og:description", description) -}}', "")
    assert theirs != head
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="De qué se trata.", lang="es-CL")})
    assert not verdicts(blog, "/2018/07/17/x/")
    blog.write("templates/_head.html", theirs)
    found = verdicts(blog, "/2018/07/17/x/")
    assert found
    assert {verdict.key for verdict in found.values()} == {"intro"}


def test_a_post_that_names_a_picture_by_our_own_full_address_is_not_said_to_be_its_card(new_blog: NewBlog) -> None:
    image = f"{URL}/static/touch-icon.png"
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="De qué se trata.", single_image=image)})
    found = verdicts(blog, "/2018/07/17/x/")
    assert "picture-unknown" in found
    assert "picture-too-small" not in found


# --- what it costs


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of which a desk was made."""
    urls: list[str] = []
    make = web_desk.desk

    def counted(fetch: Any, path: str, *rest: Any) -> Desk:
        urls.append(path)
        return make(fetch, path, *rest)

    monkeypatch.setattr(web_desk, "desk", counted)
    return urls


def test_the_share_page_is_made_once_for_each_state_of_the_site(new_blog: NewBlog, judged: list[str]) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post("Uno")})
    first = [blog.get("/2018/07/17/x/share/").text for _ in range(3)]
    assert len(set(first)) == 1
    assert judged == ["/2018/07/17/x/"]
    blog.write("posts/2018-07-17-x.md", post("Otro título"))
    assert "Otro título" in blog.get("/2018/07/17/x/share/").text
    assert judged == ["/2018/07/17/x/"] * 2


def test_the_page_is_read_through_all_layers_of_the_application(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post()})
    blog.get("/2018/07/17/x/share/")
    assert blog.dispatched[:2] == ["/2018/07/17/x/share/", "/2018/07/17/x/"]
    assert blog.dispatched.count("/2018/07/17/x/") == 1, "the page cache answers the second reading"


# --- who may see it


def test_share_pages_are_for_editors_and_in_no_index(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post()})
    assert meta(blog.get("/2018/07/17/x/share/"))["robots"] == "noindex"
    assert "/share/" not in blog.get("/sitemap.xml").text


@pytest.mark.parametrize(
    ("head", "status"),
    [({"draft": "true"}, 404), ({"date": "2030-01-01"}, 404), ({"expires": "2020-01-01"}, 404)],
    ids=["draft", "scheduled", "expired"],
)
def test_what_is_not_published_has_no_share_page(new_blog: NewBlog, head: Mapping[str, str], status: int) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(slug="x", permalink="/x/", **head)}, clock=Clock(NOON))
    assert blog.get("/x/share/").status == status


# --- what an editor says for one network


def test_each_network_gets_its_own_message(new_blog: NewBlog) -> None:
    message = "{default: Para todas, x: Para X, mastodon: Para el fediverso}"
    blog = new_blog({"posts/2018-07-17-x.md": post(share_message=message)})
    address = f"{URL}/2018/07/17/x/"
    page = blog.get("/2018/07/17/x/share/")
    texts = [text for text in page.words("p") if text.endswith(address)]
    assert {f"Para X {address}", f"Para el fediverso {address}", f"Para todas {address}"} <= set(texts)
    links = {link.split("?")[0].split("#")[0]: link for link in blog.get("/2018/07/17/x/").links}
    assert "text=Para%20X&" in links["https://twitter.com/intent/tweet"]
    assert "text=Para%20el%20fediverso%20" in links["https://share.joinmastodon.org/"]
    assert "text=Para%20todas%20" in links["https://wa.me/"]


@pytest.mark.parametrize(
    ("title", "all_others", "on_x"),
    [
        ("Uno", "Uno", "Uno"),
        ("{default: Uno, x: Dos}", "Uno", "Dos"),
        ("{twitter: Dos}", "El título", "Dos"),
        ("{default: '**Uno** &amp; medio'}", "Uno & medio", "Uno & medio"),
    ],
)
def test_x_can_be_told_a_title_of_its_own(new_blog: NewBlog, title: str, all_others: str, on_x: str) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post("El título", share_title=title, intro="De qué se trata.")})
    tags = meta(blog.get("/2018/07/17/x/"))
    assert (tags["og:title"], tags["twitter:title"]) == (all_others, on_x)
    found = shown(blog, "/2018/07/17/x/")
    assert (found["facebook"].title, found["x"].title) == (all_others, on_x)
    severities = [verdict.severity for verdict in verdicts(blog, "/2018/07/17/x/").values()]
    assert set(severities) <= {"advice"}


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ({"share_message": "[uno, dos]"}, 3, "share_message is a list"),
        ({"share_message": "{x: [uno]}"}, 3, "x of share_message is a list"),
        ({"share_message": "{orkut: Hola}"}, 3, 'share_message knows no network "orkut"'),
        ({"share_title": "[uno]"}, 3, "share_title is a list"),
        ({"share_title": "{facebook: Uno}"}, 3, 'share_title knows no network "facebook"'),
        ({"share_image": "{img: [a.jpg]}"}, 3, "img of share_image is a list"),
        ({"intro": "x", "focus": "nonsense"}, 4, "focus is not a place in a picture"),
        ({"intro": "x", "focus": "{x: 2, y: 0}"}, 4, "focus is not a place in a picture"),
    ],
)
def test_a_value_that_cannot_be_meant_is_told_with_its_line_and_costs_no_other_post(
    new_blog: NewBlog, head: Mapping[str, str], line: int, said: str
) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(**head), "posts/2018-07-18-y.md": post()})
    (problem,) = blog.parts.library.snapshot().problems
    assert (problem.file, problem.line) == ("posts/2018-07-17-x.md", line)
    assert problem.reason.startswith(said)
    assert problem.remedy
    assert [blog.get(url).status for url in ("/2018/07/17/x/", "/2018/07/18/y/share/", "/")] == [404, 200, 200]
