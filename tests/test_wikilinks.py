"""Links in double brackets: to what is published, by whatever name it is known, and never to anything else."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from blogs import Answer, Blog, post
from conftest import NewBlog
from test_findings import findings, picture, run

X = "posts/2018-07-17-x.md"
AT = "/2018/07/17/x/"
SITE = {
    "posts/2018-07-18-Acta de la Comisión.md": post("La sesión quinta", "## ¿Qué se votó?", aliases="[Quinta]"),
    "posts/sub/2018-07-19-otra.md": post("Otra"),
    "posts/2018-07-20-lote/index.md": post("Lote"),
    "posts/2018-07-21-secreta.md": post("Nombre reservado", draft="true"),
    "posts/2999-07-21-futura.md": post("Futura"),
    "pages/acerca.md": post("Acerca de"),
    "posts/adjuntos/Foto uno.jpg": picture(),
}
ACTA, OTRA = "/2018/07/18/acta-de-la-comisión/", "/2018/07/19/otra/"


@pytest.fixture(scope="module")
def links() -> list[tuple[str, str | None, str]]:
    """What is written, where it leads, what it says."""
    return [
        ("[[2018-07-18-Acta de la Comisión]]", ACTA, "2018-07-18-Acta de la Comisión"),
        ("[[2018-07-18-Acta de la Comisio\u0301n.md]]", ACTA, "2018-07-18-Acta de la Comisio\u0301n"),
        ("[[acta de la comisión|el acta]]", ACTA, "el acta"),
        ("[[La sesión quinta]]", ACTA, "La sesión quinta"),
        ("[[quinta]]", ACTA, "quinta"),
        ("[[La sesión quinta#¿Qué se votó?]]", f"{ACTA}#qué-se-votó", "La sesión quinta > ¿Qué se votó?"),
        ("[[La sesión quinta#A#¿Qué se votó?|votos]]", f"{ACTA}#qué-se-votó", "votos"),
        ("[[La sesión quinta#^a1b2c3]]", ACTA, "La sesión quinta"),
        ("[[sub/2018-07-19-otra]]", OTRA, "sub/2018-07-19-otra"),
        ("[[posts/sub/2018-07-19-otra.md|otra]]", OTRA, "otra"),
        ("[[2018-07-20-lote]]", "/2018/07/20/lote/", "2018-07-20-lote"),
        ("[[acerca]]", "/acerca/", "acerca"),
        ("[[#Abajo]]", "#abajo", "Abajo"),
        ("![[acerca]]", "/acerca/", "acerca"),
        ("**[[acerca]]**", "/acerca/", "acerca"),
        ("[[2018-07-21-secreta]]", None, "2018-07-21-secreta"),
        ("[[Nombre reservado]]", None, "Nombre reservado"),
        ("[[2018-07-21-secreta|la otra]]", None, "la otra"),
        ("[[futura]]", None, "futura"),
        ("[[nada de nada]]", None, "nada de nada"),
    ]


def prose(answer: Answer) -> object:
    return next(element for element in answer.html.iter("div") if element.get("class") == "prose")


def write(new_blog: NewBlog, body: str) -> Blog:
    return new_blog({**SITE, X: post("X", f"{body}\n\n## Abajo\n")})


def test_a_link_leads_to_what_is_published_and_is_words_otherwise(
    new_blog: NewBlog, links: list[tuple[str, str | None, str]]
) -> None:
    blog = write(new_blog, "\n".join(f"- {written}" for written, _, _ in links))
    items = list(prose(blog.get(AT)).iter("li"))  # type: ignore[attr-defined]
    seen = [
        (next((a.get("href") for a in item.iter("a")), None), "".join(item.itertext()).strip()) for item in items
    ]
    assert [(href and unquote(href), words) for href, words in seen] == [(href, words) for _, href, words in links]
    for address in (AT, "/feed.xml", "/", f"{AT}share/"):
        answer = blog.get(address).text
        assert ("5B%5B" in answer, "[[" in answer, "/2018/07/21/" in answer) == (False, False, False), address
    by_file = blog.get(AT).text.replace("Nombre reservado</", "")
    assert "Nombre reservado" not in by_file


def test_a_link_follows_what_it_names(new_blog: NewBlog) -> None:
    blog = write(new_blog, "[[secreta]] [[nueva]]")

    def leads_to() -> list[str]:
        links = prose(blog.get(AT)).iter("a")  # type: ignore[attr-defined]
        return [link.get("href") for link in links if "href" in link.attrib]

    assert leads_to() == []
    blog.write("posts/2018-07-21-secreta.md", post("Ya no"))
    blog.write("posts/2018-07-22-n.md", post("Nueva"))
    assert leads_to() == ["/2018/07/21/secreta/", "/2018/07/22/n/"]
    blog.write("posts/2018-07-22-n.md", post("Otra cosa"))
    blog.write("posts/2018-07-21-secreta.md", post("Ya no", draft="true"))
    assert leads_to() == []


def test_a_picture_is_found_wherever_it_lies(new_blog: NewBlog) -> None:
    blog = write(new_blog, "![[Foto uno.jpg|300]]\n\n![[Foto uno.jpg|Una plaza]] ![[foto uno.jpg|Otra|20x10]]")
    pictures = [
        {name: image.get(name) for name in ("src", "alt", "width", "height")}
        for image in prose(blog.get(AT)).iter("img")  # type: ignore[attr-defined]
    ]
    src = pictures[0]["src"]
    assert blog.get(src).status == 200
    assert pictures == [
        {"src": src, "alt": "", "width": "300", "height": None},
        {"src": src, "alt": "Una plaza", "width": "40", "height": "30"},
        {"src": src, "alt": "Otra", "width": "20", "height": "10"},
    ]


@pytest.mark.parametrize(
    "body", ["`[[acerca]]`", "    [[acerca]]", "\\[[acerca]]", "[[ -f acerca ]]", "[[1,2],[3,4]]", "[[]]"]
)
def test_what_is_no_link_stays_as_it_is(new_blog: NewBlog, body: str) -> None:
    shown = "".join(prose(write(new_blog, body).get(AT)).itertext())  # type: ignore[attr-defined]
    assert body.strip().strip("`\\") in shown


def test_a_link_with_brackets_in_its_text_is_one(new_blog: NewBlog) -> None:
    body = "[[1]](/acerca/) [[2]][b] [[acerca]]\n\n[b]: /archive/\n[acerca]: /tags/"
    seen = [(link.get("href"), link.text) for link in prose(write(new_blog, body).get(AT)).iter("a")]  # type: ignore[attr-defined]
    assert seen[:2] == [("/acerca/", "[1]"), ("/archive/", "[2]")]
    assert seen[2] == ("/tags/", "acerca")


def test_a_link_in_a_link_or_in_a_table_is_read_as_it_is_meant(new_blog: NewBlog) -> None:
    body = "[x [[acerca]]](/archive/)\n\n| a | b |\n|---|---|\n| [[acerca\\|uno]] | ![[acerca\\|dos]] |"
    seen = [(link.get("href"), link.text) for link in prose(write(new_blog, body).get(AT)).iter("a")]  # type: ignore[attr-defined]
    assert seen == [("/archive/", "x acerca"), ("/acerca/", "uno"), ("/acerca/", "dos")]


def test_a_title_has_the_words_of_its_links(new_blog: NewBlog) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": "---\nlang: es\n---\n# Sobre [[acerca|nosotros]]\n"})
    assert "Sobre nosotros" in blog.get("/").text


def test_what_leads_nowhere_is_told_at_its_place(new_blog: NewBlog) -> None:
    body = (
        "`[[nada]]`\n\n[[acerca]] [[nada|aquí]] [[secreta]]\n\n"
        "![[acerca]] ![[no.jpg|a]] [[quinta#Cero]]\n\n[[#Abajo]] [[#Arriba]]"
    )
    told = findings(run(write(new_blog, body), "--no-share", "--json"))
    seen = {(one["rule"], one["line"], one["column"]): one["reason"] for one in told if one["file"] == X}
    places = {
        ("link-dead", 6, 12): '"[[nada]]" names no text and no file of this site, so that it is no link.',
        ("link-dead", 6, 26): "The link leads to posts/2018-07-21-secreta.md, which is a draft.",
        (
            "embed-linked",
            8,
            1,
        ): '"![[acerca]]" asks for that text to be shown here; there is a link to it instead.',
        ("picture-missing", 8, 13): 'There is no picture "no.jpg".',
        ("anchor-dead", 8, 27): 'There is no "#cero" in posts/2018-07-18-Acta de la Comisión.md.',
        ("anchor-dead", 4, 1): f'There is no "#arriba" in {X}.',
    }
    assert seen == places


def test_a_picture_of_the_head_may_be_named_in_the_same_way(new_blog: NewBlog) -> None:
    blog = new_blog({**SITE, X: post("X", cover='"[[Foto uno.jpg]]"')})
    (src,) = (image.get("src") for image in blog.get(AT).html.iter("img") if "Foto" in (image.get("src") or ""))
    assert blog.get(src).status == 200
