"""Links for editors: what is not published yet, seen by those who have its link and by nobody else."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from blogs import URL, Answer, Blog, Clock, hashed, post
from click.testing import Result
from conftest import NewBlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitacora.web.signed import DRAFT, STATUS, opened, sign

KEY = "a secret of more than thirty-two bytes"
OTHER_KEY = "another secret of more than thirty-two bytes"
DAY_S = 86_400
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)
DRAFT_FILE = "posts/2026-11-20-boceto/index.md"
SCHEDULED_FILE = "posts/2099-05-06-manana.md"
TAKEN_FILE = "posts/2018-07-18-choque.md"
BROKEN_FILE = "posts/2018-07-19-roto.md"
PAGE_FILE = "pages/equipo.md"
PUBLIC_FILE = "posts/2018-07-17-publica.md"
PUBLIC, PERMALINK = "/2018/07/17/publica/", "/2026/11/20/boceto/"
FILES: dict[str, str | bytes] = {
    PUBLIC_FILE: post("La pública"),
    DRAFT_FILE: post("El boceto", "![Una plaza](plaza.png)\n\nTexto del boceto.", draft="true", image="plaza.png"),
    "posts/2026-11-20-boceto/plaza.png": PNG,
    SCHEDULED_FILE: post("Mañana", "Texto de mañana."),
    TAKEN_FILE: post("El choque", "Texto del choque.", permalink=PUBLIC),
    BROKEN_FILE: post("Lo roto", date="2018-02-30"),
    PAGE_FILE: post("El equipo", "Texto del equipo.", draft="true"),
}
PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Time(Clock):
    """The real time, moved by hand: what is signed is signed by the real clock."""

    def __init__(self) -> None:
        super().__init__(0)

    def __call__(self) -> float:
        return time.time() + self.now


@pytest.fixture
def blog(new_blog: NewBlog) -> Blog:
    return new_blog(FILES, secret_key=KEY)


def run(blog: Blog, *words: str) -> Result:
    return blog.app.test_cli_runner().invoke(args=words)


def link(blog: Blog, *words: str) -> str:
    """The site-relative address that a command prints."""
    result = run(blog, *words)
    assert result.exit_code == 0, result.stderr
    [line] = result.stdout.splitlines()
    assert line.startswith(URL)
    return line.removeprefix(URL)


def preview(blog: Blog, path: str, *words: str) -> str:
    return link(blog, "posts", "preview", path, *words)


def notice(answer: Answer) -> str:
    """What stands on top of a preview."""
    return " ".join(answer.words("aside"))


def seen(answer: Answer) -> tuple[int, bytes, list[tuple[str, str]]]:
    return answer.status, answer.body, sorted(answer.headers)


def assert_is_nothing(blog: Blog, path: str) -> None:
    for method in ("GET", "HEAD"):
        assert seen(blog.get(path, method)) == seen(blog.get("/nothing/at/all/", method)), path


# --- what a link shows


@pytest.mark.parametrize(
    ("path", "title", "text", "said"),
    [
        (DRAFT_FILE, "El boceto", "Texto del boceto.", "Esto es un borrador."),
        (PAGE_FILE, "El equipo", "Texto del equipo.", "Esto es un borrador."),
        (SCHEDULED_FILE, "Mañana", "Texto de mañana.", "Se publicará el 6 de mayo de 2099 a las 0:00."),
        (TAKEN_FILE, "El choque", "Texto del choque.", f"Its address {PUBLIC} is already that of {PUBLIC_FILE}."),
    ],
)
def test_a_link_shows_what_readers_do_not_see_yet(blog: Blog, path: str, title: str, text: str, said: str) -> None:
    answer = blog.get(preview(blog, path))
    assert answer.status == 200
    assert title in answer.words("h1")
    assert text in answer.words("p")
    assert "Vista previa" in notice(answer)
    assert said in notice(answer)


@pytest.mark.parametrize("path", ["posts/idea.md", "posts/_drafts/idea.md", "posts/2026-01-01-una idea ñ.md"])
def test_a_draft_needs_neither_a_date_nor_a_plain_name(blog: Blog, path: str) -> None:
    blog.write(path, post("La idea", "Texto.", draft="true"))
    home = preview(blog, path)
    assert [blog.get(home + below).words("h1") for below in ("", "share/")] == [["La idea"]] * 2


def test_a_link_to_a_broken_file_says_what_to_mend(blog: Blog) -> None:
    home = preview(blog, BROKEN_FILE)
    for path in (home, f"{home}share/"):
        answer = blog.get(path)
        assert (answer.status, answer.words("h1")) == (200, [BROKEN_FILE])
        assert "Línea 3, carácter 7" in notice(answer)
        assert "February 2018 has 28 days. Write it like 2018-07-17 12:00:00-0300." in notice(answer)
    blog.write(BROKEN_FILE, post("Ya no", "Sano.", date="2018-02-28"))
    assert blog.get(home).headers["Location"] == "/2018/02/28/roto/"


def test_a_link_to_a_file_that_broke_shows_its_last_good_version_and_what_to_mend(blog: Blog) -> None:
    blog.write(PUBLIC_FILE, post("Rota", date="2018-02-30"))
    answer = blog.get(preview(blog, PUBLIC_FILE))
    assert answer.words("h1") == ["La pública"]
    assert "Esta es su última versión buena." in notice(answer)
    assert "February 2018 has 28 days" in notice(answer)


def test_a_draft_whose_body_cannot_be_shown_is_held_back_and_says_so(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    blog.write(
        DRAFT_FILE, post("Enorme", "[a]\n" * 60_000 + f"\n[a]: https://a.example/{'x' * 500}", draft="true")
    )
    for path in (home, f"{home}share/"):
        answer = blog.get(path)
        assert (answer.status, answer.words("h1")) == (200, [DRAFT_FILE])
        assert "No se publica hasta que se corrija esto" in notice(answer)


def test_pictures_and_the_card_hang_under_the_link(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    page = blog.get(home)
    sources = {image.get("src") for image in page.html.iter("img")}
    assert sources == {hashed(f"{home}plaza.png", PNG)}
    assert blog.get(hashed(f"{home}plaza.png", PNG)).body == PNG
    assert blog.get(f"{home}plaza.png").body == PNG
    [card] = {meta.get("content") for meta in page.html.iter("meta") if meta.get("property") == "og:image"}
    assert re.fullmatch(re.escape(URL + home) + r"card-[0-9a-f]{16}\.jpg", card)
    answer = blog.get(card.removeprefix(URL))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")


def test_nothing_else_of_the_site_hangs_under_the_link(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    for below in ("none.png", "index.md", "../", "2018/07/17/publica/", ".md", "share/plaza.png", "feed.xml"):
        assert_is_nothing(blog, home + below)


def test_a_preview_offers_no_way_to_share_its_address(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    for path in (home, f"{home}share/"):
        page = blog.get(path)
        away = [url for url in page.links if not url.startswith(("/", "#"))]
        assert away == []
        assert not [button for button in page.html.iter("button") if button.get("data-share") is not None]


def test_the_share_page_shows_what_it_will_be_and_judges_the_page_to_come(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    before = blog.get(f"{home}share/")
    blog.write(DRAFT_FILE, str(FILES[DRAFT_FILE]).replace("draft: true", "draft: false"))
    after = blog.get(f"{PERMALINK}share/")
    assert (before.status, after.status) == (200, 200)
    assert verdicts(before) == verdicts(after)
    assert texts(before) == texts(after)
    assert any(URL + PERMALINK in text for text in texts(before))
    assert [source.replace(home, PERMALINK) for source in shots(before)] == shots(after)
    assert any("card-" in source for source in shots(before))


def verdicts(page: Answer) -> list[str]:
    return [
        " ".join("".join(element.itertext()).split())
        for element in page.html.iter("li")
        if "verdict" in (element.get("class") or "").split()
    ]


def texts(page: Answer) -> list[str]:
    return ["".join(p.itertext()) for p in page.html.iter("p") if p.get("class") == "share-text"]


def shots(page: Answer) -> list[str]:
    return [image.get("src") for image in page.html.iter("img") if image.get("loading") == "lazy"]


def test_the_share_page_of_a_post_whose_address_is_taken_is_about_that_post(blog: Blog) -> None:
    blog.get(PUBLIC)
    page = blog.get(f"{preview(blog, TAKEN_FILE)}share/")
    [facebook] = [section for section in page.html.iter("section") if section.get("id") == "on-facebook"]
    assert "El choque" in "".join(facebook.itertext())
    assert blog.get(PUBLIC).words("h1") == ["La pública"]


def test_every_picture_of_the_share_page_can_be_had(blog: Blog) -> None:
    for source in set(shots(blog.get(f"{preview(blog, DRAFT_FILE)}share/"))):
        assert blog.get(source).status == 200


def test_the_notice_stands_in_a_sites_own_template_too(blog: Blog) -> None:
    blog.write("templates/post.html", '{% extends "base.html" %}{% block main %}<h1>Mío</h1>{% endblock %}')
    answer = blog.get(preview(blog, DRAFT_FILE))
    assert answer.words("h1") == ["Mío"]
    assert "Esto es un borrador." in notice(answer)


def test_the_notice_stands_nowhere_else(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    for path in (home, PUBLIC, "/", f"{PUBLIC}share/", f"{home}none.png"):
        assert bool(notice(blog.get(path))) == (path == home)


# --- who may keep it


def test_every_answer_to_a_link_is_private(blog: Blog) -> None:
    home, status = preview(blog, DRAFT_FILE), link(blog, "site", "status-link")
    card = shots(blog.get(f"{home}share/"))[0]
    gone_public = preview(blog, SCHEDULED_FILE)
    blog.write(SCHEDULED_FILE, post("Hoy", date="2020-01-01"))
    asked = {home: 200, f"{home}share/": 200, f"{home}plaza.png": 200, card: 200, status: 200,
             home[:-1]: 308, f"{home}share": 308, gone_public: 302, f"{gone_public}share/": 302}  # fmt: skip
    for path, expected in asked.items():
        for method in ("GET", "HEAD"):
            answer = blog.get(path, method)
            assert answer.status == expected, path
            assert {name: answer.headers.get(name) for name in PRIVATE} == PRIVATE, path
            assert answer.headers["X-Frame-Options"] == "DENY"
    answer = blog.get(f"{home}plaza.png", if_none_match="*")
    assert answer.status == 304
    assert {name: answer.headers.get(name) for name in PRIVATE} == PRIVATE


def test_robots_are_told_in_the_page_as_well(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    for path in (home, f"{home}share/", link(blog, "site", "status-link")):
        metas = {meta.get("name"): meta.get("content") for meta in blog.get(path).html.iter("meta")}
        assert metas["robots"] == "noindex"


def test_nothing_of_a_preview_is_kept(blog: Blog) -> None:
    cache = blog.parts.page_cache
    for below in ("", "share/"):
        blog.get(PUBLIC + below)
    kept = [set(store._pages) for store in (cache.store, cache.beside)]
    home = preview(blog, DRAFT_FILE)
    for path in (home, f"{home}share/", f"{home}plaza.png", link(blog, "site", "status-link")):
        assert blog.get(path).status == 200
    assert [set(store._pages) for store in (cache.store, cache.beside)] == kept
    assert all(kept)
    for below in ("", "share/", "plaza.png"):
        assert_is_nothing(blog, PERMALINK + below)


# --- how long


def test_a_link_outlives_edits_of_its_draft(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    blog.write(DRAFT_FILE, post("Otro título", "Otro texto.", draft="true", slug="otro", date="2027-01-01"))
    assert blog.get(home).words("h1") == ["Otro título"]


def test_a_link_leads_to_the_post_once_it_is_published_and_shows_it_again_when_it_is_withdrawn(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    blog.write(DRAFT_FILE, str(FILES[DRAFT_FILE]).replace("draft: true", "draft: false"))
    for below in ("", "share/", "plaza.png"):
        answer = blog.get(home + below)
        assert (answer.status, answer.headers["Location"], answer.body) == (302, PERMALINK + below, b"")
        assert blog.get(answer.headers["Location"]).status == 200
    blog.write(DRAFT_FILE, str(FILES[DRAFT_FILE]))
    assert blog.get(home).status == 200
    assert_is_nothing(blog, PERMALINK)


def test_a_scheduled_post_gets_its_own_address_at_its_second(new_blog: NewBlog) -> None:
    clock = Time()
    due = int(clock()) + 3600
    date = datetime.fromtimestamp(due, UTC).isoformat()
    files = {"posts/x.md": post("Luego", date=date, permalink="/luego/")}
    blog = new_blog(files, clock=clock, secret_key=KEY)
    home = preview(blog, "posts/x.md")
    assert blog.get(home).status == 200
    clock.now += 3601
    assert blog.get(home).headers["Location"] == "/luego/"


@pytest.mark.parametrize(("words", "days"), [((), 7), (("--days", "1"), 1), (("--days", "90"), 90)])
def test_a_link_to_a_draft_works_for_seven_days_or_as_long_as_it_was_asked_for(
    new_blog: NewBlog, words: tuple[str, ...], days: int
) -> None:
    clock = Time()
    blog = new_blog(FILES, clock=clock, secret_key=KEY)
    home = preview(blog, DRAFT_FILE, *words)
    clock.now = days * DAY_S - 60
    assert blog.get(home).status == 200
    clock.now = days * DAY_S
    for below in ("", "share/", "plaza.png"):
        assert_is_nothing(blog, home + below)


def test_a_link_to_the_status_page_works_for_thirty_days(new_blog: NewBlog) -> None:
    clock = Time()
    blog = new_blog(FILES, clock=clock, secret_key=KEY)
    path = link(blog, "site", "status-link")
    clock.now = 30 * DAY_S - 60
    assert blog.get(path).status == 200
    clock.now = 30 * DAY_S
    assert_is_nothing(blog, path)


@pytest.mark.parametrize("days", ["0", "-1", "367", "many"])
def test_other_lengths_of_time_are_refused(blog: Blog, days: str) -> None:
    for words in (("posts", "preview", DRAFT_FILE), ("site", "status-link")):
        result = run(blog, *words, "--days", days)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--days" in result.stderr


# --- what is no link


def test_a_wrong_link_answers_like_an_address_where_nothing_is(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    token = home.split("/")[2]
    payload, stamp, signature = token.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    wrong = ["", "x", ".", "..a.b", token[:-1], f"{token}x", f"{payload}.{stamp}", f"{payload}.{stamp}.{flipped}",
             f"{payload}.AAAAAA.{signature}", f"W10.{stamp}.{signature}", "é", "%00", token.lower(), "a" * 3000,
             f"{payload}..{signature}", f".{token}"]  # fmt: skip
    for one in wrong:
        for below in ("/", "", "/share/", "/plaza.png"):
            path = f"/preview/{one}{below}"
            if "//" not in path:
                assert_is_nothing(blog, path)
    for one in wrong[1:]:
        assert_is_nothing(blog, f"/status/{one}/")


def test_a_link_for_one_purpose_is_none_for_another(blog: Blog) -> None:
    token = preview(blog, DRAFT_FILE).split("/")[2]
    status = link(blog, "site", "status-link").split("/")[2]
    assert_is_nothing(blog, f"/status/{token}/")
    assert_is_nothing(blog, f"/preview/{status}/")
    assert_is_nothing(blog, f"/status/{status}/more")


@pytest.mark.parametrize("path", ["site.toml", "templates/post.html", "posts", "", "posts/none.md", "../x.md"])
def test_only_posts_and_pages_have_previews(blog: Blog, path: str) -> None:
    blog.write("templates/post.html", '{% extends "default:post.html" %}')
    assert_is_nothing(blog, f"/preview/{sign(KEY, DRAFT, path, 7)}/")
    assert run(blog, "posts", "preview", path).exit_code == 1


def test_a_link_to_a_deleted_or_expired_post_answers_like_nothing(blog: Blog) -> None:
    home = preview(blog, DRAFT_FILE)
    blog.write(DRAFT_FILE, post("Ida", date="2018-01-01", expires="2019-01-01"))
    assert_is_nothing(blog, home)
    result = run(blog, "posts", "preview", DRAFT_FILE)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "has expired" in result.stderr
    blog.write(DRAFT_FILE, str(FILES[DRAFT_FILE]))
    assert blog.get(home).status == 200
    blog.delete(DRAFT_FILE)
    blog.get_until(404, home)
    for below in ("", "share/", "plaza.png"):
        assert_is_nothing(blog, home + below)


def test_links_die_with_their_key(new_blog: NewBlog) -> None:
    home = preview(new_blog(FILES, secret_key=KEY), DRAFT_FILE)
    status = link(new_blog(FILES, secret_key=KEY), "site", "status-link")
    for blog in (new_blog(FILES, secret_key=OTHER_KEY), new_blog(FILES)):
        assert_is_nothing(blog, home)
        assert_is_nothing(blog, status)
    assert new_blog(FILES, secret_key=KEY).get(home).status == 200


def test_without_a_key_one_is_made_at_the_first_use_for_this_machine_alone(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    kept = blog.app.extensions["bitacora"].kept
    assert not (kept / "links.key").exists()
    home = preview(blog, DRAFT_FILE)
    assert blog.get(home).status == 200
    assert (kept / "links.key").stat().st_mode & 0o777 == 0o600
    assert blog.get(preview(blog, DRAFT_FILE)).status == blog.get(home).status == 200
    assert "BITACORA_SECRET_KEY" in run(blog, "site", "status-link").stderr
    assert [path.name for path in kept.glob("links.key*")] == ["links.key"]
    assert_is_nothing(new_blog(FILES), home)


def test_without_a_key_and_a_place_for_one_links_are_off_and_say_so(new_blog: NewBlog) -> None:
    blog = new_blog(FILES)
    blog.app.extensions["bitacora"].kept = None
    for words in (("posts", "preview", DRAFT_FILE), ("site", "status-link")):
        result = run(blog, *words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "BITACORA_SECRET_KEY" in result.stderr
        assert "32 bytes" in result.stderr
    with pytest.raises(ValueError, match="secret"):
        sign("", DRAFT, DRAFT_FILE, 7)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
def test_nothing_opens_by_chance(text: str) -> None:
    assert opened(KEY, DRAFT, text, 0) is None


@given(st.text(alphabet="abc-/é", max_size=300), st.integers(1, 366))
def test_a_token_opens_to_what_was_signed_and_hides_from_no_server(path: str, days: int) -> None:
    token = sign(KEY, STATUS, path, days)
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", token)
    assert opened(KEY, STATUS, token, 0)[0] == path  # type: ignore[index]


# --- the commands


def test_the_command_takes_files_as_others_do(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(blog.root / "posts")
    assert blog.get(preview(blog, SCHEDULED_FILE.removeprefix("posts/"))).status == 200
    assert blog.get(preview(blog, str(blog.root / DRAFT_FILE))).status == 200


def test_the_command_says_what_it_is_and_until_when_the_link_works(blog: Blog) -> None:
    said = run(blog, "posts", "preview", DRAFT_FILE).stderr
    assert re.search(r"It works until \d{4}-\d\d-\d\d \d\d:\d\d -0[34]\.", said)
    assert f"{DRAFT_FILE} is a draft. Add share/" in said
    assert "share/" not in run(blog, "posts", "preview", PAGE_FILE).stderr
    assert "is held back" in run(blog, "posts", "preview", BROKEN_FILE).stderr


def test_of_a_published_post_the_command_prints_its_own_address(blog: Blog) -> None:
    result = run(blog, "posts", "preview", PUBLIC_FILE)
    assert result.stdout == f"{URL}{PUBLIC}\n"
    assert "is published" in result.stderr


# --- the status page


def status_page(blog: Blog) -> Answer:
    return blog.get(link(blog, "site", "status-link"))


def parts(page: Answer) -> dict[str, Any]:
    return {section.get("aria-labelledby"): section for section in page.html.iter("section")}


def files(section: Any) -> list[str]:
    return ["".join(code.itertext()) for code in section.iter("code")]


def test_the_status_page_lists_what_is_not_published(blog: Blog) -> None:
    blog.write("templates/page.html", "{% if %}")
    found = parts(status_page(blog))
    assert files(found["held-back"]) == [TAKEN_FILE, BROKEN_FILE, "templates/page.html"]
    assert files(found["scheduled"]) == [SCHEDULED_FILE]
    assert files(found["drafts"]) == [PAGE_FILE, DRAFT_FILE]
    said = " ".join("".join(found["held-back"].itertext()).split())
    for word in ("Línea 3, carácter 7", "February 2018 has 28 days", "Write it like", "is already that of"):
        assert word in said
    assert [time.get("datetime") for time in found["scheduled"].iter("time")] == ["2099-05-06T00:00:00-04:00"]


def test_the_status_page_tells_by_which_word_a_text_is_withheld(new_blog: NewBlog) -> None:
    files = {
        DRAFT_FILE: post("Uno", privado="sí"),
        SCHEDULED_FILE: post("Dos", date="2018-07-17", embargo="2099-05-06"),
    }
    found = parts(status_page(new_blog(files, secret_key=KEY)))
    said = {name: " ".join("".join(section.itertext()).split()) for name, section in found.items()}
    assert f"Por privado: sí en la línea 3 de {DRAFT_FILE}." in said["drafts"]
    assert f"Por embargo: 2099-05-06 en la línea 4 de {SCHEDULED_FILE}." in said["scheduled"]
    assert [time.get("datetime") for time in found["scheduled"].iter("time")] == ["2099-05-06T00:00:00-04:00"]


def test_the_status_page_leads_to_each_preview(blog: Blog) -> None:
    page = status_page(blog)
    links = [url for url in page.links if url.startswith("/preview/")]
    assert len(links) == 5
    titles = [blog.get(url).words("h1")[0] for url in links]
    assert titles == ["El choque", BROKEN_FILE, "Mañana", "El equipo", "El boceto"]


def test_each_link_of_the_status_page_is_named_after_what_it_leads_to(blog: Blog) -> None:
    """WCAG 2.4.4 and 2.4.9: whoever hears the links alone can tell them apart."""
    blog.write("posts/2018-07-20-otra.md", post("Otra", date="2018-02-31"))
    named = {a.get("href"): "".join(a.itertext()) for a in status_page(blog).html.iter("a")}
    previews = {url: name for url, name in named.items() if url.startswith("/preview/")}
    assert len(previews) == 6
    assert previews == {url: blog.get(url).words("h1")[0] for url in previews}


def test_the_status_page_says_when_there_is_nothing(new_blog: NewBlog) -> None:
    page = status_page(new_blog({PUBLIC_FILE: FILES[PUBLIC_FILE]}, secret_key=KEY))
    assert [page.words("p").count(words) for words in ("Nada que corregir.", "Nada.")] == [1, 2]


@pytest.mark.parametrize(
    ("language", "title", "draft"),
    [
        ("es", "Lo que no está publicado", "Esto es un borrador."),
        ("pt-BR", "O que não está publicado", "Isto é um rascunho."),
        ("en", "What is not published", "This is a draft."),
    ],
)
def test_both_pages_speak_the_language_of_the_site(
    new_blog: NewBlog, language: str, title: str, draft: str
) -> None:
    blog = new_blog(FILES, language=language, secret_key=KEY)
    assert status_page(blog).words("h1") == [title]
    assert draft in notice(blog.get(preview(blog, DRAFT_FILE)))


def test_reasons_that_are_in_english_say_so(blog: Blog) -> None:
    reasons = [p for p in status_page(blog).html.iter("p") if "February 2018" in "".join(p.itertext())]
    assert [p.get("lang") for p in reasons] == ["en"]
