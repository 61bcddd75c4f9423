"""The share desk through the real application: what it says of each sample, and what it costs."""

from __future__ import annotations

import io
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from blogs import NOON, URL, Answer, Blog, Clock, post
from conftest import NewBlog
from PIL import Image

from bitacora.share.desk import Desk, Shown, Verdict
from bitacora.share.networks import READERS
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
    "posts/2026-08-05-a-meeting-is-open-when-its-minutes-are.md": {"address-cut", *INTRO_IS_LONG},
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
            assert (answer.status, len(tiles(answer))) == (200, len(READERS)), sample.path


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
    assert (answer.html.get("lang"), len(tiles(answer))) == (language, len(READERS))
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
    assert {verdict.key for verdict in found.values()} == {""}, "the post has an intro"


def test_a_picture_that_is_named_by_our_own_full_address_is_measured_as_it_is_and_not_as_a_card(
    new_blog: NewBlog,
) -> None:
    image = f"{URL}/static/touch-icon.png"
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="De qué se trata.", single_image=image)})
    found = verdicts(blog, "/2018/07/17/x/")
    assert found["picture-too-small"].measured == "180 × 180 px"
    assert "picture-unknown" not in found


def test_a_share_page_that_is_named_as_a_picture_is_asked_for_once(new_blog: NewBlog) -> None:
    image = f"{URL}/2018/07/17/x/share/"
    blog = new_blog({"posts/2018-07-17-x.md": post(single_image=image)})
    assert verdicts(blog, "/2018/07/17/x/")["picture-no-picture"].measured == "text/html"
    assert blog.dispatched.count("/2018/07/17/x/share/") == 1


ODD = {
    "names": '{"@type": "BlogPosting", "author": {"name": ["Ana", "Luis"]}}',
    "a name of names": '{"@type": "BlogPosting", "author": [{"name": {"a": 1}}]}',
    "a kind of kinds": '{"@type": {"a": 1}, "headline": "x"}',
    "a list of kinds": '{"@type": [["NewsArticle"], {"a": 1}]}',
}


@pytest.mark.parametrize("name", ODD)
def test_odd_data_in_a_template_leaves_the_page_and_the_commands(new_blog: NewBlog, name: str) -> None:
    head = (ROOT / "templates/_head.html").read_text(encoding="utf-8")
    files = {"templates/_head.html": f'{head}<script type="application/ld+json">{ODD[name]}</script>'}
    authors = '[authors.ana]\nname = "Ana"\nx = "un nombre con espacios"\n'
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="x"), **files}, settings=authors)
    assert len(tiles(blog.get("/2018/07/17/x/share/"))) == len(READERS)
    for words_of_it in (("check",), ("share", "/2018/07/17/x/")):
        assert blog.app.test_cli_runner().invoke(args=("posts", *words_of_it)).exit_code == 0


def test_an_address_that_is_none_is_a_picture_that_is_not_there(new_blog: NewBlog) -> None:
    head = (ROOT / "templates/_head.html").read_text(encoding="utf-8")
    theirs = head.replace('"og:image", card.url', '"og:image", "https://blog.example.org//[x"')
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="x"), "templates/_head.html": theirs})
    assert len(tiles(blog.get("/2018/07/17/x/share/"))) == len(READERS)


@pytest.mark.parametrize(("language", "told"), [("es", "10,1 MB"), ("pt", "10,1 MB"), ("en", "10.1 MB")])
def test_numbers_are_written_as_the_language_writes_them(new_blog: NewBlog, language: str, told: str) -> None:
    head = (ROOT / "templates/_head.html").read_text(encoding="utf-8")
    files = {
        "templates/_head.html": head + '<meta property="og:video" content="{{ share.url }}a.mp4">',
        "posts/2018-07-17-x/index.md": post(body="[Película](a.mp4)", intro="x"),
        "posts/2018-07-17-x/a.mp4": bytes(10_000_000),
    }
    blog = new_blog(files, settings=f'language = "{language}"\n')
    found = verdicts(blog, "/2018/07/17/x/")["resources-too-heavy"]
    assert (found.measured, found.values["measured"]) == (told, told)


# --- what it costs


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of which a desk was made."""
    urls: list[str] = []
    make = web_desk.desk

    def counted(fetch: Any, path: str, *rest: Any, **more: Any) -> Desk:
        urls.append(path)
        return make(fetch, path, *rest, **more)

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


MESSAGE_RULE, TITLE_RULE = "share-network-unknown", "share-network-not-apart"
VAIN = {
    "a list": ({"share_message": "[uno, dos]"}, "share-not-text", '["uno", "dos"]'),
    "true": ({"share_message": "true"}, "share-not-text", '"true"'),
    "a list for X": ({"share_message": "{x: [uno]}"}, "share-not-text", '["uno"]'),
    "a group within": ({"share_message": "{x: {y: {z: uno}}}"}, "share-not-text", '{"y": {"z": "uno"}}'),
    "no network": ({"share_message": "{orkut: Hola}"}, MESSAGE_RULE, '"orkut"'),
    "a slip": ({"share_message": "{whatsap: Hola}"}, MESSAGE_RULE, '"whatsap"'),
    "markup": ({"share_message": "{<script>: Hola}"}, MESSAGE_RULE, '"<script>"'),
    "a percent sign": ({"share_message": "{'%(x)s %s': Hola}"}, MESSAGE_RULE, '"%(x)s %s"'),
    "a list as title": ({"share_title": "[uno]"}, "share-not-text", '["uno"]'),
    "a title for Facebook": ({"share_title": "{facebook: Uno}"}, TITLE_RULE, '"facebook"'),
    "a title for none": ({"share_title": "{orkut: Uno}"}, MESSAGE_RULE, '"orkut"'),
    "a list as picture": ({"share_image": "{img: [a.jpg]}"}, "share-not-picture", '{"img": ["a.jpg"]}'),
    "a script as picture": ({"share_image": "'javascript:1'"}, "share-not-picture", '"javascript:1"'),
    "a picture for WhatsApp": ({"share_image": "{whatsapp: a.jpg}"}, TITLE_RULE, '"whatsapp"'),
    "no focus": ({"focus": "nonsense"}, "focus-unknown", '"nonsense"'),
    "a network by two names": ({"share_message": "{twitter: a, X: b}"}, "share-network-twice", '"twitter"'),
    "a focus outside": ({"focus": "{x: 2, y: 0}"}, "focus-unknown", '{"x": 2, "y": 0}'),
}


@pytest.mark.parametrize("case", VAIN)
def test_what_a_head_says_in_vain_is_told_on_the_desk_and_in_check_and_the_post_stays(
    new_blog: NewBlog, case: str
) -> None:
    head, rule, written = VAIN[case]
    blog = new_blog({"posts/2018-07-17-x.md": post(intro="x", **head)}, settings='language = "en"\n')
    assert blog.parts.library.snapshot().problems == ()
    assert blog.get("/2018/07/17/x/").status == 200
    (found,) = [verdict for verdict in desk(blog, "/2018/07/17/x/").summary if verdict.severity != "advice"]
    (key,) = head
    assert (found.rule, found.severity, found.measured) == (rule, "warning", written)
    assert (found.key, found.line) == (key, 4)
    share_page = blog.get("/2018/07/17/x/share/")
    (told,) = [words for words in share_page.words("p") if written in words]
    said = found.message % found.values
    assert (share_page.status, told) == (200, said)
    assert found.remedy % found.values in share_page.words("p")
    assert not [words for words in share_page.words("p") if words == "Concerns: all networks"]
    assert f"{key}, line 4 of posts/2018-07-17-x.md" in share_page.words("p")
    checked = blog.app.test_cli_runner().invoke(args=("posts", "check"))
    (line,) = checked.stdout.splitlines()
    column = len(key) + 3
    assert int(line.split(":")[2]) >= column
    assert line.startswith(f"posts/2018-07-17-x.md:4:{line.split(':')[2]}: warning: {said}")
    assert checked.exit_code == 0


def test_the_rest_of_a_message_with_a_mistake_is_shared(new_blog: NewBlog) -> None:
    message = "{default: Para todas, x: [Uno], mastodom: Hola, threads: Para Threads}"
    blog = new_blog({"posts/2018-07-17-x.md": post(share_message=message)})
    links = {link.split("?")[0].split("#")[0]: link for link in blog.get("/2018/07/17/x/").links}
    assert "text=Para%20todas&" in links["https://twitter.com/intent/tweet"]
    assert "text=Para%20todas%20" in links["https://share.joinmastodon.org/"]
    assert "text=Para%20Threads%20https" in links["https://www.threads.net/intent/post"]
    blog.write("posts/2018-07-17-x.md", post(share_message="{x: Uno}"))
    assert not {"share-not-text", MESSAGE_RULE} & set(verdicts(blog, "/2018/07/17/x/"))


LONG_TEXTS = {
    "letters": "a" * 4_000,
    "emoji": "👩🏽‍🔬" * 260,
    "bidi controls": "\\u202e\\u2066evil \\u200f" * 200,
    "markup": "</p><script>alert(1)</script>{{ 7*7 }} " * 90,
    "an address": "https://example.org/" + "a" * 3_900,
}


@pytest.mark.parametrize("kind", LONG_TEXTS)
def test_a_long_message_leaves_the_desk_usable_and_is_told(new_blog: NewBlog, kind: str) -> None:
    message = f'"{LONG_TEXTS[kind]}"'
    blog = new_blog({"posts/2018-07-17-x.md": post(share_message=message)}, settings='language = "en"\n')
    answer = blog.get("/2018/07/17/x/share/")
    assert (answer.status, len(tiles(answer))) == (200, len(READERS))
    assert not set("\u202e\u2066\u200f") & set(words(answer))
    assert [script.get("src") for script in answer.html.iter("script") if script.get("type") is None].count(
        None
    ) == 0
    found = verdicts(blog, "/2018/07/17/x/")["share-text-too-long"]
    assert (found.severity, found.key, found.line) == ("warning", "share_message", 3)
    lengths = [text for text in answer.words("p") if ", over by " in text]
    assert f"{found.measured} of {found.limit} characters" in " ".join(lengths)
    assert len(lengths) == len(found.values["networks"])  # type: ignore[arg-type]


def test_a_message_that_fits_everywhere_is_not_said_to_be_too_long(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(share_message="a" * 250)})
    assert "share-text-too-long" not in verdicts(blog, "/2018/07/17/x/")


def test_a_text_is_too_long_only_where_a_link_to_share_is_offered(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": post(share_message="a" * 270)}, settings='share = ["bluesky"]\n')
    found = verdicts(blog, "/2018/07/17/x/")["share-text-too-long"]
    assert (found.network, found.measured, found.limit) == ("bluesky", "309", "300")
    blog.write("site.toml", (blog.root / "site.toml").read_text().replace("bluesky", "mastodon"))
    assert "share-text-too-long" not in verdicts(blog, "/2018/07/17/x/")


# --- a picture of its own for X


def jpeg(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1600, 900), colour).save(file, "JPEG")
    return file.getvalue()


def colour_of(answer: Answer) -> tuple[bool, ...]:
    with Image.open(io.BytesIO(answer.body)) as image:
        assert image.size == (1200, 630)
        pixel = image.convert("RGB").getpixel((600, 300))
    assert isinstance(pixel, tuple)
    return tuple(channel > 128 for channel in pixel)


BUNDLE = {"posts/2018-07-17-x/red.jpg": jpeg("#ff0000"), "posts/2018-07-17-x/blue.jpg": jpeg("#0000ff")}
ON_X = "{default: {img: red.jpg, alt: Rojo}, x: {img: blue.jpg, alt: Azul}}"
RED, BLUE = (True, False, False), (False, False, True)


def path_of(url: str) -> str:
    assert url.startswith(URL)
    return url.removeprefix(URL)


def test_x_has_a_picture_of_its_own_and_all_others_the_other(new_blog: NewBlog) -> None:
    blog = new_blog({**BUNDLE, "posts/2018-07-17-x/index.md": post(intro="x", share_image=ON_X, lang="es-CL")})
    tags = meta(blog.get("/2018/07/17/x/"))
    assert (tags["og:image:alt"], tags["twitter:image:alt"]) == ("Rojo", "Azul")
    assert colour_of(blog.get(path_of(tags["og:image"]))) == RED
    assert colour_of(blog.get(path_of(tags["twitter:image"]))) == BLUE
    pictures = {name: (one.picture, one.alt) for name, one in shown(blog, "/2018/07/17/x/").items()}
    assert pictures.pop("x") == (tags["twitter:image"], "Azul")
    assert {picture for name, (picture, _) in pictures.items() if name != "google"} == {tags["og:image"]}
    assert not verdicts(blog, "/2018/07/17/x/"), "its picture is measured too"
    (on_x,) = [tile for tile in tiles(blog.get("/2018/07/17/x/share/")) if tile.get("id") == "on-x"]
    assert path_of(tags["twitter:image"]) in [image.get("src") for image in on_x.iter("img")]


def test_the_picture_for_x_alone_leaves_the_card_of_the_post_as_it_is(new_blog: NewBlog) -> None:
    blog = new_blog(
        {**BUNDLE, "posts/2018-07-17-x/index.md": post(single_image="red.jpg", share_image="{x: blue.jpg}")}
    )
    tags = meta(blog.get("/2018/07/17/x/"))
    assert colour_of(blog.get(path_of(tags["og:image"]))) == RED
    assert colour_of(blog.get(path_of(tags["twitter:image"]))) == BLUE
    before = tags["og:image"]
    blog.write("posts/2018-07-17-x/index.md", post(single_image="red.jpg"))
    after = meta(blog.get("/2018/07/17/x/"))
    assert after["og:image"] == after["twitter:image"] == before
    assert colour_of(blog.get(path_of(tags["twitter:image"]))) == RED, "an old address has the card as it is now"


def test_both_cards_are_kept_as_long_and_an_old_address_briefly(new_blog: NewBlog) -> None:
    blog = new_blog({**BUNDLE, "posts/2018-07-17-x/index.md": post(share_image=ON_X)})
    tags = meta(blog.get("/2018/07/17/x/"))
    lasts = [blog.get(path_of(tags[name])).headers["Cache-Control"] for name in ("og:image", "twitter:image")]
    assert lasts[0] == lasts[1]
    assert blog.get("/2018/07/17/x/card-0123456789abcdef.jpg").headers["Cache-Control"] != lasts[0]


def test_an_old_address_of_the_card_for_x_has_the_one_for_x(new_blog: NewBlog) -> None:
    blog = new_blog({**BUNDLE, "posts/2018-07-17-x/index.md": post("Uno", share_image=ON_X)})
    before = meta(blog.get("/2018/07/17/x/"))
    green = jpeg("#00ff00")
    blog.write("posts/2018-07-17-x/blue.jpg", green)
    blog.write("posts/2018-07-17-x/index.md", post("Dos", share_image=ON_X))
    after = meta(blog.get("/2018/07/17/x/"))
    assert before["twitter:image"] != after["twitter:image"]
    assert colour_of(blog.get(path_of(before["twitter:image"]))) == (False, True, False)
    assert colour_of(blog.get(path_of(before["og:image"]))) == RED


def test_a_picture_for_x_that_is_missing_is_told_for_x_and_a_card_is_drawn(new_blog: NewBlog) -> None:
    blog = new_blog({**BUNDLE, "posts/2018-07-17-x/index.md": post(share_image="{default: red.jpg, x: no.jpg}")})
    found = verdicts(blog, "/2018/07/17/x/")["picture-unreadable"]
    assert (found.network, found.key, found.line) == ("x", "share_image", 3)
    assert "no.jpg" in str(found.values["problem"])
    assert blog.get(path_of(meta(blog.get("/2018/07/17/x/"))["twitter:image"])).status == 200


def test_a_picture_for_x_on_another_site_is_named_as_it_is(new_blog: NewBlog) -> None:
    elsewhere = "https://pictures.example.com/a.jpg"
    blog = new_blog(
        {**BUNDLE, "posts/2018-07-17-x/index.md": post(share_image=f"{{default: red.jpg, x: '{elsewhere}'}}")}
    )
    tags = meta(blog.get("/2018/07/17/x/"))
    assert tags["twitter:image"] == elsewhere
    assert tags["og:image"].startswith(URL)
    assert verdicts(blog, "/2018/07/17/x/")["picture-not-measured"].network == "x"


def test_the_picture_for_x_is_public_with_its_post_alone(new_blog: NewBlog) -> None:
    files = {"posts/blue.jpg": BUNDLE["posts/2018-07-17-x/blue.jpg"]}
    blog = new_blog({**files, "posts/2018-07-17-x.md": post(share_image="{x: blue.jpg}")})
    assert blog.get("/2018/07/17/x/blue.jpg").status == 200
    blog.write("posts/2018-07-17-x.md", post())
    assert blog.get_until(404, "/2018/07/17/x/blue.jpg")
