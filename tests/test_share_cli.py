"""flask posts share and the previews in flask posts check: the desk in the terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from blogs import NOON, URL, Blog, Clock, let_drawing_end, post
from click.testing import Result
from conftest import NewBlog
from PIL import Image

from bitacora.share.desk import Desk
from bitacora.share.networks import READERS
from bitacora.web import desk as web_desk

ROOT = Path(__file__).parent.parent

SEED = (Path(__file__).parent / "seed-post.md").read_text(encoding="utf-8")
FILE = "posts/2018-07-17-x.md"
GOOD = {FILE: post("Uno", intro="De qué se trata.", lang="es-CL")}
DRAWN = {
    FILE: post("Uno", intro="De qué se trata.", single_image="{img: dibujo.svg, alt: Un dibujo}"),
    "posts/dibujo.svg": "<svg/>",
}
MISSING = {FILE: post("Uno", intro="De qué se trata.", single_image="no.jpg")}


def run(blog: Blog, *words: str) -> Result:
    return blog.app.test_cli_runner().invoke(args=("posts", *words))


@pytest.mark.parametrize("language", ["es", "pt", "en"])
def test_the_commands_speak_english_whatever_the_language_of_the_blog(new_blog: NewBlog, language: str) -> None:
    head = (ROOT / "templates/_head.html").read_text(encoding="utf-8")
    files: dict[str, str | bytes] = {
        "templates/_head.html": head + '<meta property="og:video" content="{{ share.url }}a.mp4">',
        "posts/2018-07-17-x/index.md": post(
            "Uno", "[Film](a.mp4)", image="{src: a.svg, alt: Una plaza}", focus="nonsense", lang="fr"
        ),
        "posts/2018-07-17-x/a.svg": "<svg/>",
        "posts/2018-07-17-x/a.mp4": bytes(10_000_000),
    }
    blog = new_blog(files, settings=f'language = "{language}"\n')
    checked = run(blog, "check").stdout
    shared = run(blog, "share", "/2018/07/17/x/").stdout
    as_json = run(blog, "share", "/2018/07/17/x/", "--json").stdout
    reason = "The picture cannot be used: The picture is an SVG drawing, which no network shows."
    concerned = "Concerns: all networks"
    for told, sentences in (
        (checked, ("focus is not a place in a picture", reason, concerned)),
        (shared, (reason, concerned, "Source: ", "10.1 MB")),
        (as_json, (reason, "10.1 MB")),
    ):
        assert [sentence for sentence in sentences if sentence not in told] == []


# --- flask posts share


def test_share_prints_a_line_for_each_network_and_each_verdict(new_blog: NewBlog) -> None:
    result = run(new_blog({FILE: SEED}), "share", FILE)
    previews, verdicts = (part.splitlines() for part in result.stdout.split("\n\n"))
    assert result.exit_code == 0
    assert [line.split(" (")[0] for line in previews] == [reader.label for reader in READERS.values()]
    assert previews[1].startswith("Facebook (large): La democracia necesita gobiernos abiertos — Los Estados sí")
    assert all(line.startswith(f"{FILE}:") for line in verdicts[::2])
    (unmeasured,) = [number for number, line in enumerate(verdicts) if "i.imgur.com" in line]
    assert verdicts[unmeasured].startswith(f"{FILE}:11:1: advice: The picture lies on another site, i.imgur.com")
    assert verdicts[unmeasured + 1] == (
        "    Concerns: all networks · single_image · Source: no remote address is fetched (by convention)"
    )
    assert "%(" not in result.stdout


def test_share_says_of_each_verdict_all_that_the_share_page_says(new_blog: NewBlog) -> None:
    result = run(new_blog({FILE: post("a" * 71, intro="De qué se trata.", lang="es-CL")}), "share", FILE)
    told = result.stdout.split("\n\n")[1].splitlines()
    sentence = next(number for number, line in enumerate(told) if "is cut after 70: " in line)
    assert told[sentence].startswith(f"{FILE}:2:1: warning: The title has ")
    assert told[sentence].endswith(" Say what matters first, or give the post a shorter share_title.")
    assert told[sentence + 1] == ("    Concerns: X · title · Source: X Cards markup docs (archived) (official)")


def test_measure_and_limit_are_told_once(new_blog: NewBlog) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (20_000, 200)).save(picture, "PNG")
    files = {FILE: post(intro="x", single_image="a.png"), "posts/a.png": picture.getvalue()}
    line, about = run(new_blog(files), "share", FILE).stdout.split("\n\n")[1].splitlines()[:2]
    assert line == (
        f"{FILE}:4:1: error: The picture cannot be used: The picture is 20000 × 200 px; at most 25 million "
        "pixels, 16 thousand a side, are read. (20000 × 200 px / 16000 px) Make it smaller: 2400 px on its long "
        "side are enough."
    )
    assert about.startswith("    Concerns: all networks · single_image · Source: ")


def test_share_says_when_there_is_nothing_to_mend(new_blog: NewBlog) -> None:
    result = run(new_blog(GOOD), "share", FILE)
    assert (result.exit_code, result.stdout.split("\n\n")[1]) == (0, "Ready to share everywhere\n")


def test_share_as_json_holds_every_preview_and_every_verdict_in_words(new_blog: NewBlog) -> None:
    result = run(new_blog(MISSING), "share", FILE, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [shown["network"] for shown in found["shown"]] == list(READERS)
    (verdict,) = found["summary"]
    assert (verdict["rule"], verdict["severity"], verdict["line"]) == ("picture-unreadable", "error", 4)
    assert verdict["message"].startswith('The picture cannot be used: There is no file "no.jpg".')
    assert found["shown"][1]["verdicts"][0]["message"] == verdict["message"]
    assert "%(" not in result.stdout


@pytest.mark.parametrize(
    "wanted",
    [
        FILE,
        f"./{FILE}",
        "/2018/07/17/x/",
        "/2018/07/17/x",
        f"{URL}/2018/07/17/x/",
        f"{URL}/2018/07/17/x/?utm_source=a#b",
        f"{URL}/2018/07/17/x/share/",
    ],
)
def test_a_post_is_found_by_its_file_and_by_its_address(new_blog: NewBlog, wanted: str) -> None:
    assert run(new_blog(GOOD), "share", wanted).stdout.startswith("Google (text): Uno")


def test_a_post_is_found_by_its_file_as_seen_from_here(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    blog = new_blog(GOOD)
    monkeypatch.chdir(blog.root / "posts")
    for wanted in ("2018-07-17-x.md", str(blog.root / FILE)):
        assert run(blog, "share", wanted).exit_code == 0


def test_a_post_beyond_ascii_is_found_as_people_write_it(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post("Uno", permalink="/ñandú/")})
    for wanted in ("/ñandú/", "/%C3%B1and%C3%BA/", f"{URL}/ñandú"):
        assert run(blog, "share", wanted).exit_code == 0


@pytest.mark.parametrize(
    "wanted", ["posts/none.md", "/none/", "https://otro.example/x/", "http://[", "", ".", "/"]
)
def test_an_unknown_post_is_an_error_that_says_how_to_name_one(new_blog: NewBlog, wanted: str) -> None:
    result = run(new_blog(GOOD), "share", wanted)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: There is no post {wanted}. Name its file, like posts/2018-07-17-x.md.\n"


@pytest.mark.parametrize("head", [{"draft": "true"}, {"date": "2030-01-01"}, {"expires": "2020-01-01"}])
def test_a_post_that_is_not_published_has_nothing_to_share_yet(new_blog: NewBlog, head: dict[str, str]) -> None:
    result = run(new_blog({FILE: post(**head)}, clock=Clock(NOON)), "share", FILE)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {FILE} is not published: there is no page to share yet.\n",
    )


def test_a_post_that_is_held_back_is_answered_with_the_reason(new_blog: NewBlog) -> None:
    result = run(new_blog({FILE: post(lang="nonsense!")}), "share", FILE)
    assert result.exit_code == 1
    assert result.stderr.startswith(f'Error: {FILE}:3:7: lang "nonsense!" is not a language. Write it like')


def test_a_post_whose_body_cannot_be_shown_is_answered_with_the_reason(new_blog: NewBlog) -> None:
    huge = "[a]: /" + "x" * 60_000 + "\n\n" + "[a] " * 3_000
    result = run(new_blog({FILE: post("Enorme", huge)}), "share", FILE)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {FILE}:")


# --- flask posts check


def test_check_warns_of_a_preview_that_fails_and_lets_the_push_pass(new_blog: NewBlog) -> None:
    result = run(new_blog(DRAWN), "check")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"{FILE}:4:1: warning: The picture cannot be used:")
    assert result.stderr == "1 post and no pages are up, no problems, 1 warning.\n"


def test_check_names_the_networks_of_a_warning(new_blog: NewBlog) -> None:
    theirs = (ROOT / "templates/_head.html").read_text().replace('"og:url", address', '"og:url", "/otra/"')
    (line,) = run(new_blog({**GOOD, "templates/_head.html": theirs}), "check").stdout.splitlines()
    assert line.endswith(" Concerns: Facebook, LinkedIn, WhatsApp, Threads.")


def test_a_post_whose_desk_fails_leaves_the_others_their_check_and_its_page(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    judge = web_desk.desk

    def fails(fetch: Any, path: str, *rest: Any, **more: Any) -> Desk:
        if path == "/2018/07/17/x/":
            raise TypeError("unhashable type: 'list'")
        return judge(fetch, path, *rest, **more)

    monkeypatch.setattr(web_desk, "desk", fails)
    blog = new_blog({**GOOD, "posts/2018-07-18-y.md": DRAWN[FILE], "posts/dibujo.svg": "<svg/>"})
    ours, theirs = run(blog, "check").stdout.splitlines()
    told = "The share desk failed on this post (TypeError). Please report it with the file."
    assert ours == f"{FILE}:1:1: warning: {told}"
    assert theirs.startswith(
        "posts/2018-07-18-y.md:4:1: warning: The picture cannot be used: The picture is an SVG drawing"
    )
    result = run(blog, "share", FILE)
    assert (result.exit_code, result.stderr) == (1, f"Error: {FILE}:1:1: {told}\n")
    assert (blog.get("/2018/07/17/x/share/").status, blog.get("/2018/07/17/x/").status) == (200, 200)
    assert blog.parts.library.snapshot().problems == ()
    assert {record.message for record in caplog.records} == {f"judging {FILE} failed"}


def test_check_warns_of_a_template_that_breaks_every_preview(new_blog: NewBlog) -> None:
    result = run(new_blog({**GOOD, "templates/_head.html": "<meta property='og:title' content='x'>"}), "check")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{FILE}:")
    assert ": warning: " in result.stdout


@pytest.mark.parametrize("files", [GOOD, {FILE: SEED}], ids=["nothing", "only advice"])
def test_check_keeps_advice_for_the_desk(new_blog: NewBlog, files: dict[str, str]) -> None:
    result = run(new_blog(files), "check")
    assert (result.exit_code, result.stdout) == (0, "")


def test_check_warns_of_what_a_head_says_in_vain_at_its_place_drafts_too(new_blog: NewBlog) -> None:
    vain = {"share_message": "{x: Hola, orkut: Hola}", "focus": "nonsense"}
    files = {FILE: post(**vain, lang="es-CL"), "posts/y.md": post(draft="true", share_title="[uno]")}
    for options in ((), ("--no-share",)):
        result = run(new_blog(files), "check", *options)
        message, focus, draft = result.stdout.splitlines()
        assert draft.startswith('posts/y.md:4:14: warning: share_title is no text: ["uno"]. Write it')
        assert message.startswith(f'{FILE}:3:33: warning: share_message knows no network "orkut", so')
        assert focus.startswith(f'{FILE}:4:8: warning: focus is not a place in a picture: "nonsense". Write')
        assert result.exit_code == 0
        assert result.stderr.endswith(" up, no problems, 3 warnings.\n")


def test_check_can_leave_the_previews_out(new_blog: NewBlog) -> None:
    assert run(new_blog(DRAWN), "check", "--no-share").stdout == ""


def test_check_says_once_that_a_picture_is_missing(new_blog: NewBlog) -> None:
    (line,) = run(new_blog(MISSING), "check").stdout.splitlines()
    assert line.startswith(f'{FILE}:4:15: warning: There is no picture "no.jpg".')


def test_check_judges_the_newest_previews_unless_asked_for_all(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitacora.cli.check._JUDGED", 1)
    blog = new_blog({**DRAWN, "posts/2018-07-18-y.md": DRAWN[FILE]})

    def judged(*words: str) -> list[str]:
        return [line.split(":")[0] for line in run(blog, "check", *words).stdout.splitlines()]

    assert judged() == ["posts/2018-07-18-y.md"]
    assert judged("--share") == [FILE, "posts/2018-07-18-y.md"]
    assert judged("--share-of", FILE) == [FILE]
    assert judged(FILE) == [FILE]
    assert judged("--no-share") == []


def test_check_draws_no_card(new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    let_drawing_end()
    drawn: list[object] = []
    monkeypatch.setattr("bitacora.web.cards.draw", lambda *what: drawn.append(what))
    monkeypatch.setattr("bitacora.web.cards.crop", lambda *what: drawn.append(what))
    assert run(new_blog({**GOOD, "posts/2018-07-18-y.md": SEED}), "check").exit_code == 0
    assert drawn == []


def test_check_opens_the_pictures_of_posts_without_drawing_their_cards(new_blog: NewBlog) -> None:
    image = io.BytesIO()
    Image.linear_gradient("L").resize((1600, 900)).save(image, "JPEG")
    files = {
        "posts/2020-01-01-x.md": post("X", image="{src: bad.jpg, alt: Una foto}"),
        "posts/2020-01-02-y.md": post("Y", image="{src: good.jpg, alt: Una foto}"),
        "posts/bad.jpg": image.getvalue()[:3000],
        "posts/good.jpg": image.getvalue(),
    }
    lines = [
        line for line in run(new_blog(files), "check").stdout.splitlines() if "picture cannot be used" in line
    ]
    assert [line.partition(": ")[0] for line in lines] == ["posts/2020-01-01-x.md:3:1"]
