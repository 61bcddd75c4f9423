"""Who gets an address that several texts want: the same on every replica, in every order, after every restart."""

from __future__ import annotations

import random
import subprocess
import unicodedata
from collections.abc import Callable, Mapping
from itertools import count, permutations
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from conftest import NewBlog
from folders import NOW, SETTINGS, MakeFolder, post
from publishing import Editor

from bitacora.library.history import NoHistory
from bitacora.library.library import Library
from bitacora.library.snapshot import Snapshot, build
from bitacora.posts.names import copied
from bitacora.posts.post import Post
from bitacora.publish.history import GitHistorian

ACTA = "posts/2026-11-12-acta.md"
COPIES = [
    "acta (conflicted copy 2026-11-30 101010)",  # Nextcloud, ownCloud
    "acta (Ana's conflicted copy 2026-11-30)",  # Dropbox, in five languages
    "acta (Copia en conflicto de Ana 2026-11-30)",
    "acta (Copie en conflit de Ana 2026-11-30)",
    "acta (In Konflikt stehende Kopie von Ana 2026-11-30)",
    "acta (Copia in conflitto di Ana 2026-11-30)",
    "acta (Cópia em conflito de Ana 2026-11-30)",
    "acta (Case Conflict 1)",
    "acta (Conflicted copy iPhone 202611301010)",  # Obsidian
    "acta (SFConflict ana@example.org 2026-11-30-10-10-10)",  # Seafile
    "acta (ana, conflict on 2026-11-30)",  # Unison
    "acta (case clash from ana 2026-11-30)",
    "acta_conflict-20261130-101010",
    "acta.sync-conflict-20261130-101010-ABCDEFG",  # Syncthing
    "acta_Ana-PC_Nov-30-1010-2026_Conflict",  # Synology
    "acta.Conflict",  # Resilio
    "acta.conflict1",  # rclone
    "acta [Conflict]",
    "acta (1)",  # Google Drive, browsers
    "acta(1)",
    "acta 2",  # iCloud
    "acta 1",  # Obsidian
    "acta_LOCAL_4321",  # git mergetool
    "acta.BACKUP.4321",
    "acta_BASE_99",
    "acta-DESKTOP-AB12CD3",  # OneDrive
    "acta-LAPTOP-2",
    "acta copy",  # Finder, in the languages of its users
    "acta copy 2",
    "acta copia",
    "acta copia 3",
    "acta copie",
    "acta Kopie",
    "acta cópia",
    unicodedata.normalize("NFD", "acta còpia"),
    "acta — копия",
    "actaのコピー",
    "acta 副本",
    "acta - Copy",  # Explorer
    "acta - copia",
    "acta - Copia (2)",
    "acta (copy)",  # Nautilus
    "acta (another copy)",
    "acta (3rd copy)",
    "acta (copia)",
    "acta (otra copia)",
    "acta (3ª copia)",
    "acta (copia 2)",
    "acta (autre copie)",
    "acta-copia",
    "acta copy copy",
    "acta (conflicted copy 2026-11-30 101010) (1)",
]
NO_COPIES = [
    "informe-2", "plan-2030", "Plan 2030", "acta-2026", "acta-EN", "acta-es-AR", "acta-ES-AR", "acta-v2",
    "acta-ONU", "la-copia-del-acta", "fotocopia", "conflicto-en-la-plaza", "Guerra (conflicto)", "Reseña (2024)",
    "canción", "El conflicto 2026", "copia", "(copia)", "2",
]  # fmt: skip


class Committed(NoHistory):
    """A history in which these files were added, the first one first."""

    def __init__(self, *paths: str) -> None:
        self._paths = paths

    def added(self, path: str) -> int | None:
        return self._paths.index(path) if path in self._paths else None


def rebuilt(
    base: Snapshot, found: Mapping[str, Post], history: NoHistory, old: Snapshot | None = None
) -> Snapshot:
    return build(
        generation=1,
        site=base.site,
        found=found,
        problems=(),
        templates={},
        files={},
        entries={path: base.entries[path] for path in found},
        tree=base.tree,
        reserved=lambda _url: False,
        now=NOW,
        history=history,
        old=old,
    )


def owners(snapshot: Snapshot) -> dict[str, str]:
    return {url: post.path for url, post in snapshot.by_url.items()}


@pytest.fixture
def make(make_folder: MakeFolder, tmp_path: Path) -> Callable[..., Snapshot]:
    """Makes the snapshot of a site of these files, each in a folder of its own."""
    numbers = count()
    return lambda files: make_folder(files, tmp_path / f"site{next(numbers)}").now()


# --- texts that are no copies


@pytest.mark.parametrize(
    "history",
    [NoHistory(), Committed("posts/d.md", "posts/b.md", "posts/e/a.md")],
    ids=["without a history", "with one"],
)
def test_in_whatever_order_files_arrive_the_same_one_wins(
    make: Callable[..., Snapshot], history: NoHistory
) -> None:
    nfc, nfd = (f"posts/{unicodedata.normalize(form, 'á' * 60)}.md" for form in ("NFC", "NFD"))
    texts = {
        "posts/a.md": post("A", date="2026-01-01", slug="x"),
        "posts/b.md": post("B", date="2026-01-02", permalink="/2026/01/01/x/"),
        "posts/d.md": post("D", date="2026-01-03", permalink="/2026/01/01/x/"),
        "posts/e/a.md": post("E", date="2026-01-01", slug="x"),
        "posts/a copia.md": post("F", date="2025-01-01", permalink="/2026/01/01/x/"),
        nfc: post("G"),
        nfd: post("H"),
        "posts/j.md": post("J", aliases="[/viejo/]"),
        "posts/k.md": post("K", aliases="[/viejo/]"),
    }
    base = make(texts)
    paths = list(texts)
    whole = rebuilt(base, base.found, history)
    seen = set()
    dice = random.Random(14)
    for _ in range(1000):
        dice.shuffle(paths)
        snapshot = None
        for many in sorted({*dice.sample(range(1, len(paths)), 2), len(paths)}):
            arrived = {path: base.found[path] for path in paths[:many]}
            snapshot = rebuilt(base, arrived, history, snapshot)
        assert snapshot is not None
        seen.add(
            (
                *sorted(owners(snapshot).items()),
                *snapshot.redirects.items(),
                *map(str, sorted(map(str, snapshot.clashes))),
            )
        )
        assert [post.path for post in snapshot.posts] == [post.path for post in whole.posts]
    assert len(seen) == 1
    assert owners(whole)["/2026/01/01/x/"] == ("posts/a.md" if type(history) is NoHistory else "posts/d.md")


@pytest.mark.parametrize(
    ("texts", "winner"),
    [
        ({"posts/b.md": {"date": "2026-01-02"}, "posts/a.md": {"date": "2026-01-03"}}, "posts/b.md"),
        ({"posts/acta-larga.md": {}, "posts/zz.md": {}}, "posts/zz.md"),
        ({"posts/b.md": {}, "posts/a.md": {}}, "posts/a.md"),
        ({"posts/a.md": {}, "pages/un-nombre-muy-largo.md": {}}, "pages/un-nombre-muy-largo.md"),
        ({"posts/un-nombre/index.md": {}, "posts/otros/acta.md": {}}, "posts/otros/acta.md"),
        ({f"posts/{'á' * 84}.md": {}, f"posts/{unicodedata.normalize('NFD', 'á') * 84}.md": {}}, None),
    ],
    ids=["the date", "the length of the name", "the path", "pages first", "the name of a bundle", "255 bytes"],
)
def test_without_a_history_what_is_written_decides(
    make: Callable[..., Snapshot], texts: Mapping[str, dict[str, str]], winner: str | None
) -> None:
    here = make({path: post(path, permalink="/x/", **head) for path, head in texts.items()})
    assert here.by_url["/x/"].path == (winner or min(texts))
    [lost] = here.problems
    assert f"is already that of {here.by_url['/x/'].path}." in lost.reason
    assert lost.file in texts.keys() - {here.by_url["/x/"].path}


def test_what_was_committed_first_wins_and_what_was_not_loses(make: Callable[..., Snapshot]) -> None:
    base = make(
        {f"posts/{name}.md": post(name, date=f"2026-01-0{n}", permalink="/x/") for n, name in enumerate("abc", 1)}
    )
    for first, second in permutations(base.found, 2):
        history = Committed(first, second)
        assert rebuilt(base, base.found, history).by_url["/x/"].path == first
        assert rebuilt(base, base.found, Committed(second)).by_url["/x/"].path == second
        before = rebuilt(base, base.found, Committed(second))
        assert rebuilt(base, base.found, history, before).by_url["/x/"].path == first


def test_two_ways_to_write_an_accent_are_one_address(make: Callable[..., Snapshot]) -> None:
    nfc, nfd = (unicodedata.normalize(form, "/canción/") for form in ("NFC", "NFD"))
    here = make({"posts/b.md": post("B", permalink=nfc), "posts/c.md": post("C", permalink=nfd)})
    assert set(owners(here).values()) == {"posts/b.md"}
    here = make({"posts/b.md": post("B", permalink=nfc), "posts/c.md": post("C", aliases=f"[{nfd}]")})
    assert "is already that of posts/b.md" in str(here.problems)


def in_a_second(editor: Editor, files: Mapping[str, str]) -> None:
    """Commits each file by itself; several commits fall into one second."""
    for path, text in files.items():
        editor.commit({path: text})


def test_in_a_checkout_the_first_commit_wins_on_every_replica_and_after_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-02-01T12:00:00Z")
    first = "posts/zz-el-nombre-mas-largo.md"
    editor = Editor(tmp_path / "site", tmp_path / "nowhere")
    one = post("Primera", date="2026-01-09", permalink="/x/")
    in_a_second(editor, {"site.toml": SETTINGS, first: one, "posts/a.md": post("Segunda", permalink="/x/")})
    (editor.folder / "posts/0.md").write_text(post("Sin confirmar", date="2001-01-01", permalink="/x/"))

    def winner(folder: Path, cache: str) -> str:
        historian = GitHistorian(tmp_path / cache)
        library = Library(folder, history=lambda: historian, clock=lambda: NOW)
        return library.snapshot().by_url["/x/"].path

    assert [winner(editor.folder, "one"), winner(editor.folder, "one"), winner(editor.folder, "two")] == [
        first
    ] * 3
    for name, how in (("clone", ()), ("shallow", ("--depth", "1"))):
        subprocess.run(["git", "clone", "-q", *how, f"file://{editor.folder}", tmp_path / name], check=True)
    assert winner(tmp_path / "clone", "three") == first
    assert winner(tmp_path / "shallow", "four") == "posts/a.md"  # its whole history is not known
    renamed = "posts/0-otro.md"
    (editor.folder / first).rename(editor.folder / renamed)
    editor.commit({})
    assert [winner(editor.folder, "one"), winner(editor.folder, "five")] == [renamed] * 2


# --- copies


@pytest.mark.parametrize("name", COPIES)
def test_the_name_of_a_copy_leads_to_its_original(name: str) -> None:
    mark = copied(f"posts/2026/{name}.md")
    assert mark is not None
    assert "posts/2026/acta.md" in mark.originals
    folder = copied(f"posts/{name}/index.md")
    assert folder is not None
    assert "posts/acta/index.md" in folder.originals


@pytest.mark.parametrize("name", NO_COPIES)
def test_other_names_are_no_copies(name: str) -> None:
    assert copied(f"posts/{name}.md") is None


@pytest.fixture(scope="module")
def copies_beside() -> list[str]:
    return [f"posts/2026-11-12-{name}.md" for name in COPIES]


def test_a_copy_is_held_back_where_it_has_the_address_or_the_title_and_date(
    make: Callable[..., Snapshot], copies_beside: list[str]
) -> None:
    own = {"date": "2026-11-12 10:00", "slug": "acta"}
    for head in (own, {**own, "slug": ""}):
        here = make({ACTA: post("Acta", **head), **{path: post("Acta", **head) for path in copies_beside}})
        assert set(owners(here).values()) == {ACTA}
        held = {problem.file: problem for problem in here.clashes}
        assert set(held) == set(copies_beside)
        assert all(
            "it is a copy of" in problem.reason and "held back" in problem.reason for problem in held.values()
        )
        assert not list(here.shown_copies)


def test_a_copy_with_a_title_of_its_own_is_a_post_and_told(
    make: Callable[..., Snapshot], copies_beside: list[str]
) -> None:
    here = make({ACTA: post("Acta"), **{path: post(path, date="2026-11-13") for path in copies_beside}})
    shown, told = set(owners(here).values()), {remark.file for remark in here.shown_copies}
    assert told == shown - {ACTA}
    assert f"posts/2026-11-12-{'acta 2'}.md" in told
    assert {problem.file for problem in here.clashes} == {*copies_beside} - shown  # two names that have one slug


def test_what_has_no_original_is_a_post_of_its_own(make: Callable[..., Snapshot]) -> None:
    here = make({"posts/informe 2.md": post("Parte dos"), "posts/acta copia.md": post("Una copia")})
    assert len(here.posts) == 2
    assert [remark.file for remark in here.shown_copies] == ["posts/acta copia.md"]


@pytest.mark.parametrize(
    "original",
    [
        post("Acta", slug="acta", draft="true"),
        post("Acta", slug="acta", expires="2020-02-01"),
        post("Acta", slug="acta", date="2999-01-01"),
        post("Acta", slug="acta", date="2001-01-01", draft="true"),
        "---\ntitle: a: b\n---\n",
    ],
    ids=["withdrawn", "expired", "put off", "withdrawn and dated otherwise", "unreadable"],
)
def test_a_copy_does_not_publish_what_its_original_does_not(make: Callable[..., Snapshot], original: str) -> None:
    here = make({"posts/acta.md": original, "posts/acta copia.md": post("Acta", slug="acta")})
    assert not here.by_url
    assert "posts/acta copia.md" in {problem.file for problem in here.clashes}


def test_a_copy_wins_no_address_of_a_text_that_is_not_its_original(make: Callable[..., Snapshot]) -> None:
    here = make(
        {
            "posts/otra.md": post("Otra", date="2026-01-09", permalink="/x/", aliases="[/y/]"),
            "posts/acta copia.md": post("Acta", date="2020-01-01", permalink="/x/"),
            "posts/plan (copy).md": post("Plan", permalink="/y/"),
            "pages/sobre copia.md": post("Sobre", permalink="/x/"),
        }
    )
    assert owners(here) == {"/x/": "posts/otra.md"}
    assert here.redirects["/y/"] == "/x/"
    assert len(here.clashes) == 3


def test_a_translation_is_no_copy(make: Callable[..., Snapshot]) -> None:
    texts = {"posts/acta.md": post("Acta 4"), "posts/acta (copy).md": post("Acta 4", lang="en")}
    assert len(make(texts).posts) == 2


def test_the_original_may_go_and_come_back(make_folder: MakeFolder) -> None:
    old, new = post("Acta", "Vieja.", slug="acta"), post("Acta", "Nueva.", slug="acta")
    folder = make_folder({"posts/acta.md": new, "posts/acta copia.md": old})
    url = "/2020/01/02/acta/"
    assert folder.now().by_url[url].path == "posts/acta.md"
    (folder.root / "posts/acta.md").unlink()
    folder.now()
    assert folder.now(after=1).by_url[url].path == "posts/acta copia.md"
    assert [remark.file for remark in folder.now().shown_copies] == ["posts/acta copia.md"]
    folder.write("posts/acta.md", new)
    assert folder.now(after=1).by_url[url].path == "posts/acta.md"
    folder.write("posts/acta.md", post("Acta corregida", "Nueva.", slug="acta"))
    assert folder.now(after=1).by_url[url].title == "Acta corregida"
    folder.write("posts/acta copia.md", post("Parte dos", slug="acta-dos"))
    assert {post.path for post in folder.now(after=1).posts} == {"posts/acta.md", "posts/acta copia.md"}
    folder.write("posts/acta.md", post("Parte dos", "Nueva.", slug="acta"))
    assert {post.path for post in folder.now(after=1).posts} == {"posts/acta.md"}


def test_an_address_answers_however_its_accents_are_written(new_blog: NewBlog) -> None:
    nfc, nfd = (quote(unicodedata.normalize(form, "/canción/")) for form in ("NFC", "NFD"))
    old = unicodedata.normalize("NFD", "/añejo/")
    for kept, asked in ((nfc, nfd), (nfd, nfc)):
        blog = new_blog({"posts/a.md": post(permalink=unquote(kept), aliases=f"[{old}]")})
        assert blog.get(kept).status == 200
        assert (blog.get(asked).status, blog.get(asked).headers["Location"]) == (308, kept)
        assert blog.get(quote(old)).headers["Location"] == kept
        assert blog.get("/a%C3%B1ejo/").status == 308
        assert blog.get("/cancio%CC%82n/").status == 404
