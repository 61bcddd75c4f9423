"""Names of files: which are the same to those who read them."""

from __future__ import annotations

import unicodedata

import pytest
from conftest import NewBlog
from folders import MakeFolder, post
from test_findings import found, told

from bitacora.posts.names import alike, copied, what_differs
from bitacora.posts.post import Image

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "2026-11-02-canción.md") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (COMPOSED, DECOMPOSED),
        ("Captura 10.10.10\u202fa. m..png", "Captura 10.10.10 a. m..png"),
        ("foto\u200b.jpg", "foto.jpg"),
        ("plano\u00a0final.pdf", "plano final.pdf"),
        ("acta\u2011final.pdf", "acta-final.pdf"),
        ("acta–final.pdf", "acta-final.pdf"),
        ("l’Hospitalet.jpg", "l'Hospitalet.jpg"),
        ("o\u200d\u0301.jpg", "ó.jpg"),
        ("\u0430cta.jpg", "acta.jpg"),
        ("o\ufb03cio.pdf", "officio.pdf"),
        (unicodedata.normalize("NFC", "ёлка.md"), unicodedata.normalize("NFD", "ёлка.md")),
    ],
)
def test_names_that_look_the_same_are_alike(one: str, other: str) -> None:
    assert alike(one) == alike(other)
    assert what_differs(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("Foto.jpg", "foto.jpg"), ("ano.md", "año.md"), ("a_b", "a-b"), ("a", "b")]
)
def test_names_that_can_be_told_apart_are_not(one: str, other: str) -> None:
    assert alike(one) != alike(other)


def test_what_differs_names_what_cannot_be_seen() -> None:
    assert "ZERO WIDTH SPACE (U+200B)" in what_differs("foto.jpg", "fo\u200bto.jpg")
    assert "CYRILLIC SMALL LETTER A (U+0430)" in what_differs("acta.jpg", "\u0430cta.jpg")
    assert "capitals" in what_differs("Acta.jpg", "acta.jpg")
    assert what_differs("acta.jpg", "acta.jpg") == what_differs("acta.jpg", "plano.jpg") == ""


@pytest.mark.parametrize("written", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("kept", [COMPOSED, DECOMPOSED])
def test_a_link_leads_to_a_post_however_its_name_is_composed(
    make_folder: MakeFolder, written: str, kept: str
) -> None:
    now = make_folder({f"posts/{kept}": post("La canción"), "posts/b.md": post("Enlace")}).now()
    assert now.link(now.by_path["posts/b.md"], written) == "/2020/01/02/canci%C3%B3n/"


def test_a_file_of_the_very_name_goes_before_one_that_looks_like_it(make_folder: MakeFolder) -> None:
    exact = {f"posts/{name}": post(name) for name in (COMPOSED, DECOMPOSED)}
    now = make_folder({**exact, "posts/b c.md": post("Uno"), "posts/b\u00a0c.md": post("Dos")}).now()
    assert [now.named(path) for path in exact] == list(exact)
    assert now.named("posts/b\u2003c.md") == "posts/b\u2003c.md"  # either could be meant
    assert now.named("posts/otra.md") == "posts/otra.md"


def test_a_picture_shows_however_its_name_is_composed(make_folder: MakeFolder) -> None:
    picture = unicodedata.normalize("NFD", "cañón.gif")
    now = make_folder({"posts/a.md": post("Uno"), f"posts/{picture}": b"GIF89a"}).now()
    text = now.by_path["posts/a.md"]
    assert now.file_of(text, Image(unicodedata.normalize("NFC", "cañón.gif"))) == f"posts/{picture}"


def test_check_tells_of_two_files_that_look_the_same(new_blog: NewBlog) -> None:
    odd = DECOMPOSED.replace("11-02", "11-03")
    blog = new_blog(
        {f"posts/{COMPOSED}": post(), f"posts/{DECOMPOSED}": post("Otra", slug="otra"), f"posts/{odd}": post()}
    )
    findings = [one for one in found(blog) if one[0] == "names-alike"]
    assert findings == [("names-alike", f"posts/{COMPOSED}", 1, 1)]
    assert any("in one the accents are characters of their own" in line for line in told(blog))


@pytest.mark.parametrize(
    "name",
    """Копия acta.md|Kopia acta.md|acta-MacBook Pro.md|acta (# Name clash 2026-11-30 abc #).md|acta (autosaved).md
acta (recovered).md|acta.orig.md|acta.bak.md|acta.backup.md|acta-backup.md|acta.old.md|acta_old.md|acta (old).md
acta.respaldo.md|acta-viejo.md|acta_antiguo.md|acta (respaldo).md|acta-sauvegarde.md|acta.antigo.md|acta[1].md
acta (backup).md|acta.md.md""".replace("\n", "|").split("|"),
)
def test_what_is_kept_beside_a_file_has_its_name(name: str) -> None:
    found = copied(f"posts/{name}")
    assert found is not None
    assert "posts/acta.md" in found.originals
