"""What flask posts check finds: each kind of mistake at its place, and nothing where there is none."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from blogs import NOON, Blog, Clock, post
from click.testing import Result
from conftest import NewBlog
from PIL import Image

from bitacora.check.findings import RULES, why_never_read

FILE = "posts/2018-07-17-x.md"
OTHER = "posts/2018-07-18-y.md"


def picture(place: bool = False, kind: str = "JPEG") -> bytes:
    image, file = Image.new("RGB", (40, 30), "teal"), io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    if place:
        exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 26.0, 16.0), 3: "W", 4: (70.0, 39.0, 1.0)})
    image.save(file, kind, exif=exif)
    return file.getvalue()


def run(blog: Blog, *words: str) -> Result:
    return blog.app.test_cli_runner().invoke(args=("posts", "check", *words))


def found(blog: Blog, *words: str) -> list[tuple[str, str, int, int]]:
    """Rule, file, line and column of all findings."""
    result = run(blog, "--no-share", "--json", *words)
    return [(one["rule"], one["file"], one["line"], one["column"]) for one in findings(result)]


def findings(result: Result) -> list[dict[str, str]]:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)["findings"]


ALT = "Filas de sillas"
_REFERENCES = """[a][B  c] [b c][] a[i][j] `[x][y]` \\\\[x][y] [d][^1] [[e][f]] [x][/x]

[^1]: Nota.

> [b C]: https://example.org/b
"""
MISTAKES = {
    "key-misspelt": ({FILE: post(highligthed="true")}, {FILE: post(highlighted="true")}, (FILE, 3, 1)),
    "alias-useless": (
        {FILE: post(aliases="[/uno/, '/dos/#tres']")},
        {FILE: post(aliases="[/uno/, /dos/, '/?p=1']")},
        (FILE, 3, 18),
    ),
    "value-cut": ({FILE: post(intro="Acta #4")}, {FILE: post(intro="'Acta #4' # nota")}, (FILE, 3, 13)),
    "title-loses": (
        {FILE: post().replace('"Una entrada"', "'[x](/y)'", 1)},
        {FILE: post().replace('"Una entrada"', "'`[x](/y)`'", 1)},
        (FILE, 2, 8),
    ),
    "key-repeated": (
        {FILE: post(toc="true", TOC="false").replace("TOC", "toc")},
        {FILE: post(toc="false")},
        (FILE, 3, 6),
    ),
    "hardly-meant": ({FILE: post(template="wide")}, {FILE: post(template="post")}, (FILE, 3, 1)),
    "dates-crossed": ({FILE: post(updated="2018-07-16")}, {FILE: post(updated="2018-07-17")}, (FILE, 3, 10)),
    "draft-overdue": (
        {FILE: post(draft="true", date="2025-12-31")},
        {FILE: post(draft="true", date="2026-01-02")},
        (FILE, 3, 8),
    ),
    "picture-missing": (
        {FILE: post(body=f"Uno.\n\nDos ![{ALT}](sala.jpg)."), "posts/Sala.jpg": picture()},
        {FILE: post(body=f"Uno.\n\nDos ![{ALT}](sala.jpg)."), "posts/sala.jpg": picture()},
        (FILE, 6, 24),
    ),
    "picture-without-alt": (
        {FILE: post(body="Uno ![](sala.jpg)."), "posts/sala.jpg": picture()},
        {FILE: post(body=f'Uno ![{ALT}](sala.jpg), <img src="sala.jpg" alt="">.'), "posts/sala.jpg": picture()},
        (FILE, 4, 5),
    ),
    "picture-tells-place": (
        {"posts/sala.jpg": picture(place=True)},
        {"posts/sala.jpg": picture()},
        ("posts/sala.jpg", 1, 1),
    ),
    "link-dead": (
        {FILE: post(body="`[a](/nada/)` y [a](/nada/).")},
        {FILE: post(body="`[a](/nada/)` y [a](/archive/), [b](https://example.org/nada/).")},
        (FILE, 4, 21),
    ),
    "anchor-dead": (
        {FILE: post(body="[a](2018-07-18-y.md#tres)"), OTHER: post(body="## Dos")},
        {FILE: post(body="[a](2018-07-18-y.md#dos) [b](#top) [c](#:~:text=Dos)"), OTHER: post(body="## Dos")},
        (FILE, 4, 5),
    ),
    "id-twice": (
        {FILE: post(body='## Uno {#uno}\n\n<p id="uno">Dos</p>')},
        {FILE: post(body='## Uno {#uno}\n\n<p id="dos">Dos</p>')},
        (FILE, 6, 8),
    ),
    "code-open": (
        {FILE: post(body="```\nuno\n```\n\n- ~~~~sh\n  dos\n  ~~~\n  ```\n\nTres")},
        {FILE: post(body="> ```\n> uno\n> ```\n\n```` ``` ````\n\n1. ~~~sh\n   dos\n   ~~~~\n\n````\n```\n````")},
        (FILE, 8, 3),
    ),
    "comment-open": (
        {FILE: post(body="```\n<!--\n```\n\nUno\n\n<!-- dos\n\ntres")},
        {FILE: post(body="```\n<!--\n```\n\nUno\n\n<!-- dos\n\ntres -->")},
        (FILE, 10, 1),
    ),
    "text-hidden": (
        {FILE: post(body="`%%uno%%` 50% %%dos%%")},
        {FILE: post(body="`%%uno%%` 50% \\%%dos\\%%")},
        (FILE, 4, 15),
    ),
    "notice-open": (
        {FILE: post(body="Uno\n\n:::note\n\n```\n:::\n```")},
        {FILE: post(body="Uno\n\n:::note\n\n```\n:::\n```\n:::\n\n`:::note`")},
        (FILE, 6, 1),
    ),
    "embed-linked": (
        {FILE: post(body="`![[b]]` ![[2018-07-18-y]]"), OTHER: post()},
        {FILE: post(body="`![[b]]` [[2018-07-18-y]]"), OTHER: post()},
        (FILE, 4, 10),
    ),
    "left-out": (
        {FILE: post(body="`{% uno %}` {% raw %}{{ y }}{% endraw %}\n\n{{ site.url }}/ {% b c.md %} {% b c.md %}")},
        {
            FILE: post(
                body='```\n{% uno %}\n```\n\n    {{ dos }}\n\n{{< figure src="https://i.example/a" alt="A" >}}'
            )
        },
        (FILE, 6, 17),
    ),
    "address-unread": (
        {FILE: post(body="Uno.\n\nDos [acta] (https://example.org/a).")},
        {
            FILE: post(body="Uno [acta](https://example.org/a) y `[b] (/c)`, \\[c\\] (/d), (e) [f] (véase g)."),
            OTHER: post(body=_REFERENCES),
        },
        (FILE, 6, 5),
    ),
    "note-lost": (
        {FILE: post(body="Uno[^1].\n\n[^1]: Nota.\n[^2]: Otra.")},
        {FILE: post(body="Uno[^A]: dos[^2], `[^3]` y \\[^4].\n\n[^a]: Nota.\n[^2]: Otra[^5].\n\n[^5]: Última.")},
        (FILE, 7, 1),
    ),
    "look-alike": (
        {FILE: post(body="Uno:\n\n– a\n– b")},
        {FILE: post(body="– ¿Quién?\n\n– Nadie — dijo — “nunca”.\n\n```\n– a\n– b\n```")},
        (FILE, 6, 1),
    ),
    "never-read": (
        {FILE: post(), "posts/acta.rtf": "Acta"},
        {FILE: post(), "posts/.gitkeep": "", "posts/acta.png": "x"},
        ("posts/acta.rtf", 1, 1),
    ),
    "document-unnamed": (
        {"posts/2018-07-17-x/index.md": post(body="`[a](acta.pdf)`"), "posts/2018-07-17-x/acta.pdf": "%PDF"},
        {FILE: post(body="[a](ac%74a.pd%66 'Acta')", hidden="true"), "posts/acta.pdf": "%PDF", "posts/b.png": "x"},
        ("posts/2018-07-17-x/acta.pdf", 1, 1),
    ),
    "focus-unknown": ({FILE: post(focus="nonsense")}, {FILE: post(focus="top")}, (FILE, 3, 8)),
}


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_mistake_is_found_at_its_place_and_nothing_else_is(new_blog: NewBlog, rule: str) -> None:
    wrong, _, place = MISTAKES[rule]
    assert found(new_blog(wrong, clock=Clock(NOON))) == [(rule, *place)]


@pytest.mark.parametrize("rule", MISTAKES)
def test_where_there_is_no_mistake_nothing_is_found(new_blog: NewBlog, rule: str) -> None:
    assert found(new_blog(MISTAKES[rule][1], clock=Clock(NOON))) == []


ERRORS = {
    "held-back": ({FILE: post(date="2018-02-30")}, (FILE, 3, 7)),
    "address-taken": ({FILE: post(), "posts/2018-07-17-z.md": post(slug="x")}, ("posts/2018-07-17-z.md", 1, 1)),
    "copy": ({FILE: post(), "posts/2018-07-17-x copia.md": post()}, ("posts/2018-07-17-x copia.md", 1, 1)),
    "template": ({"templates/post.html": "{% if %}"}, ("templates/post.html", 1, 1)),
    "settings": ({"site.toml": "title = "}, ("site.toml", 1, 9)),
}


@pytest.mark.parametrize("rule", ERRORS)
def test_what_is_held_back_is_an_error(new_blog: NewBlog, rule: str) -> None:
    files, place = ERRORS[rule]
    blog = new_blog(files) if rule != "settings" else new_blog()
    if rule == "settings":
        blog.write(*next(iter(files.items())))
        blog.parts.library.snapshot()
        assert run(blog, "--no-share").exit_code == 1
        place = (place[0], *found(blog)[0][2:])
    assert found(blog) == [(rule, *place)]


def told(blog: Blog) -> list[str]:
    return run(blog, "--no-share").stdout.splitlines()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (post(draft="true", date="2026-02-01"), "which is a draft"),
        (post(date="2026-02-01"), "which has not appeared yet"),
        (post(date="2018-07-18", expires="2019-01-01"), "which has expired"),
    ],
)
@pytest.mark.parametrize("href", ["y.md", "{url}"])
def test_a_link_to_what_is_not_shown_says_so(new_blog: NewBlog, target: str, said: str, href: str) -> None:
    blog = new_blog({"posts/y.md": target}, clock=Clock(NOON))
    [hidden] = blog.parts.library.snapshot().candidates
    blog.write(FILE, post(body=f"[a]({href.format(url=hidden.url)})"))
    [line] = told(blog)
    assert line.startswith(f"{FILE}:4:5: warning: The link leads to posts/y.md, {said}.")


def test_a_scheduled_post_may_link_to_one_that_appears_before(new_blog: NewBlog) -> None:
    files = {"posts/a.md": post(date="2026-02-01"), "posts/b.md": post(date="2026-02-02", body="[a](a.md)")}
    assert told(new_blog(files, clock=Clock(NOON))) == []


def test_links_that_lead_somewhere_are_well(new_blog: NewBlog) -> None:
    links = (
        "/ /feed.xml /archive/2018/ /category/notas/ /tag/a/ /static/own.css /vieja/ /2018/07/17/x.md share/ #uno"
        " https://blog.example.org/2018/07/18/y/#dos mailto:a@example.org ?a=b acta.pdf /search 2018-07-18-y.md"
    ).replace(" /search", "")
    body = "## Uno\n\n" + " ".join(f"[a]({link})" for link in links.split())
    files = {
        FILE: post(body=body, categories="[Notas]", tags="[a]"),
        OTHER: post(body="## Dos", aliases="[/vieja/]"),
        "posts/acta.pdf": b"%PDF",
        "static/own.css": "",
    }
    assert told(new_blog(files)) == []


def test_links_to_this_site_by_its_full_address_are_followed(new_blog: NewBlog) -> None:
    assert found(new_blog({FILE: post(body="[a](https://blog.example.org/nada/)")})) == [("link-dead", FILE, 4, 5)]


def test_a_picture_of_another_case_is_named(new_blog: NewBlog) -> None:
    [line] = told(new_blog(MISTAKES["picture-missing"][0]))
    assert line.endswith(
        'There is no picture "sala.jpg". There is Sala.jpg: capitals and small letters are not the same.'
    )


@pytest.mark.parametrize(
    ("written", "there", "said"),
    [
        ("acta.pdf", "Acta.pdf", "There is Acta.pdf: capitals and small letters are not the same."),
        ("sesion.pdf", "sesión.pdf", "Did you mean sesión.pdf?"),
        ("acta-final.pdf", "acta_final.pdf", "Did you mean acta_final.pdf?"),
        ("acta.doc", "acta.docx", "Did you mean acta.docx?"),
        ("informe-del-consejo.pdf", "informe-del-consjeo.pdf", "Did you mean informe-del-consjeo.pdf?"),
        ("acta.pdf", "plano.pdf", "Mend it, or take it out."),
    ],
)
def test_a_link_to_a_document_of_nearly_that_name_is_told_with_it(
    new_blog: NewBlog, written: str, there: str, said: str
) -> None:
    blog = new_blog({FILE: post(body=f"[a]({written}) [b](<{there}>)"), f"posts/{there}": b"x"})
    [line] = told(blog)
    assert line.endswith(f"leads to nothing on this site. {said}")


def test_two_files_that_a_text_gives_one_address_are_told(new_blog: NewBlog) -> None:
    body = "[a](uno/acta.pdf) [b](../acta.pdf) ![C](../foto.png)\n\n[d](../otra/acta.pdf#page=2) ![C](../foto.png)"
    names = ["posts/x/uno/acta.pdf", "posts/acta.pdf", "posts/otra/acta.pdf", "posts/foto.png"]
    blog = new_blog({"posts/x/2018-07-17-x.md": post(body=body), **dict.fromkeys(names, "x")})
    assert told(blog) == [
        "posts/x/2018-07-17-x.md:6:5: warning: At /2018/07/17/x/acta.pdf readers get posts/acta.pdf, "
        "which this text names before posts/otra/acta.pdf. Rename one of them."
    ]


MISSING = {
    "in the head": post(image="falta.jpg"),
    "in the body, for networks too": post(body="![Una](falta.jpg)"),
    "in head and body": post(body="![Una](falta.jpg)", image="falta.jpg"),
    "for readers and for networks": post(image="falta.jpg", share_image="falta.jpg"),
    "for X": post(share_image="{default: falta.jpg, x: falta.jpg}"),
    "that leads to itself": post(body="[![Una](falta.jpg)](falta.jpg)"),
    "in several spellings": post(
        body="![Una](falta.jpg)\n\n![Dos](./falta.jpg) ![Tres](falta.jpg#a) ![](fal%74a.jpg)"
    ),
    "in two sizes of one": post(body='<img src="falta.jpg" srcset="falta.jpg 1x" alt="Una">'),
}


@pytest.mark.parametrize("where", MISSING)
def test_the_same_missing_picture_is_told_once(new_blog: NewBlog, where: str) -> None:
    result = run(new_blog({FILE: MISSING[where]}), "--share", "--json")
    assert [one["rule"] for one in findings(result)] == ["picture-missing"]


def test_a_picture_of_the_head_needs_words_too(new_blog: NewBlog) -> None:
    files = {FILE: post(image="sala.jpg"), "posts/sala.jpg": picture()}
    assert found(new_blog(files)) == [("picture-without-alt", FILE, 3, 8)]
    files[FILE] = post(single_image="{img: sala.jpg, caption: La sala}")
    assert found(new_blog(files)) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_place_is_found_in_every_kind_of_picture(new_blog: NewBlog, kind: str) -> None:
    name = f"static/sala.{kind.lower()}"
    assert found(new_blog({name: picture(True, kind)})) == [("picture-tells-place", name, 1, 1)]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("posts/acta.html", "neither Markdown (.html)"),
        ("posts/acta", "neither Markdown (no ending)"),
        ("posts/sala.heic", "neither Markdown (.heic)"),
        ("posts/.acta.md", "begins with a dot"),
        ("posts/.viejas/acta.md", "begins with a dot"),
        ("posts/_acta.md", "begins with _"),
        ("pages/acta.html", "neither Markdown (.html)"),
        ("_posts/2018-07-17-acta.md", "outside the folders"),
        ("2018-07-17-acta.md", "outside the folders"),
    ],
)
def test_a_file_that_is_never_read_is_told_with_the_reason(new_blog: NewBlog, path: str, said: str) -> None:
    blog = new_blog({path: post()})
    assert found(blog) == [("never-read", path, 1, 1)]
    assert said in told(blog)[0]


def test_what_is_meant_for_other_programs_is_told(new_blog: NewBlog) -> None:
    body = (
        "import Foto from 'a'\n\nUno <Foto b={1} /> `<Foto b={1} />` List<String>\n\n[gallery ids=\"1\"]\n\n"
        "```\nimport A from 'a'\n```"
    )
    told = [place[::2] for place in found(new_blog({FILE: post(body=body)}))]
    assert told == [("left-out", 4), ("left-out", 6), ("left-out", 8)]


def test_what_a_container_or_an_embedded_file_would_have_shown_is_told_or_shown(new_blog: NewBlog) -> None:
    body = (
        ":::spoiler Los xqnombres\nUno.\n:::\n\n::: figura Los xqmapas\nDos.\n:::\n\n::: center\nTres.\n:::\n\n"
        '<embed src="xqacta.pdf">\n\n`<embed src="a.pdf">`\n'
    )
    blog = new_blog({FILE: post(body=body)})
    assert [place[::2] for place in found(blog)] == [("left-out", 8), ("left-out", 16)]
    assert "xqmapas" in told(blog)[0]
    assert "<embed>" in told(blog)[1]
    page = blog.get("/2018/07/17/x/").text
    assert '<summary class="alert-title">Los xqnombres</summary>' in page
    assert "xqacta" not in page
    assert "xqacta" not in blog.get("/2018/07/17/x.md").text


@pytest.mark.parametrize(
    "path",
    [
        "posts/a.md",
        "posts/a.jpg",
        "posts/.DS_Store",
        "posts/a.md~",
        "posts/.a.md.swp",
        "README.md",
        "docs/2018.md",
    ],
)
def test_files_that_are_read_or_no_content_are_not_told(path: str) -> None:
    assert why_never_read(path) is None


def test_a_key_in_spanish_is_told_where_the_post_lacks_the_one_that_is_meant(new_blog: NewBlog) -> None:
    lacks, has = post(idioma="es"), post(fecha="mañana", date="2018-07-17", idioma="es")
    files = {"posts/2018-07-16-lacks.md": lacks, "posts/2018-07-17-has.md": has}
    told = [(one["file"], one["remedy"]) for one in findings(run(new_blog(files), "--no-share", "--json"))]
    assert told == [(file, "Did you mean lang?") for file in files]


def test_a_key_of_another_blog_is_no_slip(new_blog: NewBlog) -> None:
    words = (
        "comments",
        "weight",
        "series",
        "source_id",
        "header",
        "type",
        "color",
        "featured_image_credit",
        "lead",
    )
    assert found(new_blog({FILE: post(**dict.fromkeys(words, "1"))})) == []


def test_a_broken_post_is_told_once_though_its_last_good_version_is_up(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(body="[a](/nada/)")})
    blog.write(FILE, post(date="2018-02-30", body="[a](/nada/)"))
    assert found(blog) == [("held-back", FILE, 3, 7)]


def test_every_rule_has_its_description(new_blog: NewBlog) -> None:
    assert {*MISTAKES, *ERRORS} < RULES.keys()


# --- what is said


def test_paths_narrow_what_is_said_and_the_rest_is_counted(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = post(date="2018-02-30")
    blog = new_blog({FILE: post(body="[a](/nada/)"), OTHER: broken, "pages/a.md": post(body="[a](/nada/)")})
    alone = run(blog, "--no-share", FILE)
    assert (alone.exit_code, [line.split(":")[0] for line in alone.stdout.splitlines()]) == (0, [FILE])
    assert alone.stderr.endswith("no problems, 1 warning. There is 1 problem in another file.\n")
    assert [place[1] for place in found(blog, "posts")] == [OTHER, FILE]
    monkeypatch.chdir(blog.root / "pages")
    assert [place[1] for place in found(blog, "a.md")] == ["pages/a.md"]
    assert run(blog, "nada.md").stderr == f"Error: There is no nada.md in the site's folder, {blog.root}.\n"


def test_json_is_what_a_push_reads(new_blog: NewBlog) -> None:
    result = run(
        new_blog({FILE: post(date="2018-02-30"), OTHER: post(body="[a](/nada/)")}), "--no-share", "--json"
    )
    assert result.exit_code == 1
    assert json.loads(result.stdout)["posts"] == 1
    assert [set(one) for one in findings(result)] == [
        {"file", "line", "column", "severity", "rule", "reason", "remedy"}
    ] * 2
    assert [one["severity"] for one in findings(result)] == ["error", "warning"]


def test_two_forms_at_once_are_refused(new_blog: NewBlog) -> None:
    result = run(new_blog({FILE: post()}), "--json", "--sarif")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--json and --sarif are two forms" in result.stderr


def test_sarif_has_what_forges_ask_for(new_blog: NewBlog) -> None:
    """The required properties of SARIF 2.1.0 (3.13, 3.14, 3.27, 3.28) and of GitHub's code scanning."""
    blog = new_blog({"posts/2018-07-17-año x.md": post(date="2018-02-30"), OTHER: post(body="[a](/nada/)")})
    (blog.root.parent / ".git").mkdir()
    result = run(blog, "--no-share", "--sarif")
    log = json.loads(result.stdout)
    assert (result.exit_code, log["version"]) == (1, "2.1.0")
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    [ran] = log["runs"]
    driver = ran["tool"]["driver"]
    rules = {rule["id"]: rule["shortDescription"]["text"] for rule in driver["rules"]}
    assert driver["name"]
    assert len(rules) == len(driver["rules"])
    error, warning = ran["results"]
    assert (error["level"], warning["level"]) == ("error", "warning")
    assert {error["ruleId"], warning["ruleId"]} == rules.keys()
    assert all(one["message"]["text"] for one in ran["results"])
    [location] = error["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "site/posts/2018-07-17-a%C3%B1o%20x.md"
    assert place["region"] == {"startLine": 3, "startColumn": 7}


def test_many_posts_are_read_by_several_processes_with_the_same_result(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = new_blog({f"posts/2018-07-17-{n}.md": post(body="## Uno\n\n[a](#dos)") for n in range(3)})
    alone = found(blog)
    monkeypatch.setattr("bitacora.cli.check._PROCESSES_FROM_POSTS", 2)
    assert found(blog) == alone
    assert len(alone) == 3


def test_a_date_in_the_site_s_zone_decides_whether_a_draft_is_late(new_blog: NewBlog) -> None:
    """From the day after on: one that was begun today is dated of today."""
    clock = Clock(datetime(2026, 1, 2, 2, 59, tzinfo=UTC).timestamp())  # still the day before in Santiago
    blog = new_blog({FILE: post(draft="true", date="2026-01-01")}, clock=clock)
    assert found(blog) == []
    clock.now += 120
    assert found(blog) == [("draft-overdue", FILE, 3, 8)]


@pytest.fixture
def repository(new_blog: NewBlog) -> Blog:
    import subprocess

    blog = new_blog({FILE: post(), OTHER: post(), "posts/a/index.md": post(date="2018-07-18")})
    subprocess.run(["git", "init", "-q"], cwd=blog.root, check=True)
    return blog


def test_what_git_ignores_is_told_with_the_rule(repository: Blog) -> None:
    assert found(repository) == []
    repository.write(".gitignore", "*-y.md\n")
    [line] = told(repository)
    assert line.startswith(f"{OTHER}:1:1: warning: git ignores it (.gitignore:1: *-y.md): it will not be pushed.")


def test_a_template_of_the_site_is_tried_with_every_post(new_blog: NewBlog) -> None:
    template = "{{ 1 / 0 if post.slug == 'y' }}"
    files: dict[str, str | bytes] = {FILE: post(), OTHER: post(), "templates/post.html": template}
    assert found(new_blog(files)) == [("template", "templates/post.html", 1, 1)]


ODD = (
    r"http://[ // /%00 %zz <a\ b> /..// :x #%FF /\x ?a#b ../../../etc/passwd /%E9 %F0%9F%98%80 /%2e%2e/ ////x"
    " #:~:text=a /a?b=/c ."
)


def test_no_odd_address_disturbs_the_check(new_blog: NewBlog) -> None:
    body = " ".join(f"[a]({href}) ![a]({href}) <img src='{href}'>" for href in ODD.split(" "))
    for settings in ("", 'html = "trusted"\n'):
        result = run(new_blog({FILE: post(body=body), "pages/a/index.md": post(body=body)}, settings=settings))
        assert (result.exit_code, result.exception) == (0, None)
        assert all(line.isprintable() for line in result.stdout.splitlines())


def test_a_word_that_withholds_a_post_is_told_as_what_may_be_meant(new_blog: NewBlog) -> None:
    files = {
        FILE: post(privado="sí"),
        OTHER: post(publishDate="2099-01-01", date="2018-07-18"),
        "posts/2018-07-19-z.md": post(internal_use="yes"),
        "posts/a/2018-07-20-w.md": post(),
        "posts/a/_index.md": "---\ncascade: {unlisted: true}\n---\n",
        "posts/2018-07-21-v.md": post(draft="true", date="2099-01-01"),
        "posts/2018-07-22-u.md": post(estado="Jalisco", embargo="2018-01-01"),
    }
    blog = new_blog(files, clock=Clock(NOON))
    result = run(blog, "--no-share")
    told = [line.partition(": note: Because of ") for line in result.stdout.splitlines()]
    assert [(place, said.partition(". ")[0]) for place, _, said in told] == [
        (f"{FILE}:3:10", '"privado: sí" it is a draft, which nobody sees'),
        (f"{OTHER}:3:14", '"publishDate: 2099-01-01" it appears later than its date says'),
        ("posts/2018-07-19-z.md:3:15", '"internal_use: yes" it is a draft, which nobody sees'),
        (
            "posts/a/2018-07-20-w.md:1:1",
            '"unlisted: true" in posts/a/_index.md it is reachable by its address, and listed nowhere',
        ),
    ]
    assert "To publish it, write internal_use: false, or take the line out." in result.stdout
    assert "To publish it, write unlisted: false in posts/a/_index.md, or take the line out." in result.stdout
    assert result.exit_code == 0
    assert "no problems, no warnings" in result.stderr
    assert {one["severity"] for one in findings(run(blog, "--no-share", "--json"))} == {"note"}
