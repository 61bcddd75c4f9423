"""What a snapshot says: what is published, where, beside what, and what clashes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import FrozenInstanceError

import pytest
from blogs import hashed
from folders import NOW, SETTINGS, MakeFolder, post

from bitacora.library.snapshot import Snapshot, _at, base
from bitacora.posts.post import Image

FUTURE = "2027-01-15 08:00:10+00:00"
PAST = "2026-01-01 00:00:00+00:00"


@pytest.fixture
def make(make_folder: MakeFolder) -> MakeFolder:
    def snapshot(files: Mapping[str, str | bytes], settings: str = "", **how: object) -> Snapshot:
        return make_folder({"site.toml": SETTINGS + settings, **files}, **how).now()

    return snapshot  # type: ignore[return-value]


def titles(snapshot: Snapshot) -> list[str]:
    return [found.title for found in snapshot.posts]


def complaints(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(problem.file, problem.reason) for problem in snapshot.problems]


# --- what is published


def test_posts_are_listed_newest_first_and_of_one_moment_by_path(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/c.md": post("C", date="2020-01-01"),
            "posts/a.md": post("A", date="2021-01-01"),
            "posts/d.md": post("D", date="2020-01-01"),
            "posts/b.md": post("B", date="2022-01-01"),
        }
    )
    assert titles(snapshot) == ["B", "A", "D", "C"]


@pytest.mark.parametrize(
    "head", [{"draft": "true"}, {"published": "false"}, {"date": FUTURE}, {"expires": PAST}, {"status": "draft"}]
)
def test_what_is_not_published_is_nowhere(make: MakeFolder, head: dict[str, str]) -> None:
    secret = post(
        "Secreto", tags="[x]", categories="[x]", author="Ana", translation_key="k", aliases="[/viejo/]", **head
    )
    snapshot = make({"posts/a.md": post("Uno"), "posts/secret.md": secret, "pages/secret.md": secret})
    assert titles(snapshot) == ["Uno"]
    assert set(snapshot.by_path) == {"posts/a.md"}
    assert snapshot.pages == ()
    assert not any((snapshot.tags, snapshot.categories, snapshot.translations, snapshot.redirects))
    assert set(snapshot.authors) == set()


def test_a_post_in_a_folder_of_drafts_is_a_draft(make: MakeFolder) -> None:
    assert make({"posts/_drafts/a.md": post("Uno")}).by_url == {}


@pytest.mark.parametrize(
    "folder", ["drafts", "Drafts", "BORRADORES", "rascunhos", "a/Borradores/b", "private", "Brouillons"]
)
def test_a_folder_that_only_looks_like_one_of_drafts_is_remarked(make: MakeFolder, folder: str) -> None:
    snapshot = make({f"posts/{folder}/{name}.md": post(name) for name in ("b", "a")})
    assert len(snapshot.by_url) == 2
    [remark] = snapshot.remarks
    assert remark.file == f"posts/{folder}/a.md"
    assert f"What lies in posts/{folder} is published" in remark.reason


def test_a_hidden_post_answers_at_its_address_and_is_listed_nowhere(make: MakeFolder) -> None:
    snapshot = make({"posts/a.md": post("Uno", hidden="true", tags="[x]"), "posts/b.md": post("Dos")})
    assert titles(snapshot) == ["Dos"]
    assert snapshot.find("/2020/01/02/a/") is not None
    assert (snapshot.tags, snapshot.neighbours(snapshot.posts[0])) == ({}, (None, None))


def test_a_hidden_page_is_not_among_the_pages(make: MakeFolder) -> None:
    snapshot = make({"pages/a.md": post("Uno", hidden="true"), "pages/b.md": post("Dos")})
    assert [page.title for page in snapshot.pages] == ["Dos"]
    assert set(snapshot.by_url) == {"/a/", "/b/"}


def test_a_snapshot_cannot_be_changed(make: MakeFolder) -> None:
    snapshot = make({"posts/a.md": post("Uno")})
    with pytest.raises(FrozenInstanceError):
        snapshot.posts = ()  # type: ignore[misc]


def test_a_snapshot_lasts_from_the_last_change_to_the_next(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/a.md": post("A", date="2027-01-15 07:59:50+00:00", expires="2027-01-15 08:00:20+00:00"),
            "posts/b.md": post("B", date=FUTURE),
            "posts/c.md": post("C", date="2020-01-01", expires="2027-01-15 07:59:55+00:00"),
            "posts/d.md": post("D", date="2027-01-15 08:00:05+00:00", draft="true"),
        }
    )
    assert (snapshot.valid_from, snapshot.valid_until) == (NOW - 5, NOW + 10)


def test_a_site_where_nothing_will_change_lasts_for_ever(make: MakeFolder) -> None:
    snapshot = make({"pages/a.md": post("Uno", date="")})
    assert (snapshot.valid_from, snapshot.valid_until) == (-math.inf, math.inf)


def test_an_expired_post_leaves_its_address_gone_unless_something_else_lives_there(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/a.md": post("A", expires=PAST, permalink="/a/"),
            "posts/b.md": post("B", expires=PAST, permalink="/b/"),
            "posts/c.md": post("C", expires=PAST, permalink="/c/"),
            "posts/d.md": post("D", permalink="/b/", aliases="[/c/]"),
        }
    )
    assert snapshot.gone == {"/a/"}
    assert snapshot.redirects == {"/c/": "/b/"}


# --- clashes


def test_of_two_posts_at_one_address_the_earlier_keeps_it(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/a.md": post("Tarde", date="2021-01-01", permalink="/x/"),
            "posts/b.md": post("Antes", date="2020-01-01", permalink="/x/"),
        }
    )
    assert titles(snapshot) == ["Antes"]
    assert complaints(snapshot) == [("posts/a.md", "Its address /x/ is already that of posts/b.md.")]


def test_of_two_posts_of_one_moment_the_path_decides(make: MakeFolder) -> None:
    same = {name: post(name, slug="x") for name in ("posts/b.md", "posts/a.md", "posts/c.md")}
    snapshot = make(same)
    assert titles(snapshot) == ["posts/a.md"]
    assert [file for file, _ in complaints(snapshot)] == ["posts/b.md", "posts/c.md"]


def test_of_two_posts_of_one_moment_the_path_decides_also_when_it_comes_later(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/b.md": post("B", slug="x")})
    assert folder.titles() == ["B"]
    folder.write("posts/a.md", post("A", slug="x"))
    assert folder.titles() == ["A"]
    assert folder.complaints() == ["posts/b.md"]


def test_a_page_keeps_its_address_before_an_earlier_post(make: MakeFolder) -> None:
    snapshot = make(
        {"pages/x.md": post("Página"), "posts/a.md": post("Entrada", permalink="/x/", date="2001-01-01")}
    )
    assert snapshot.by_url["/x/"].title == "Página"
    assert [file for file, _ in complaints(snapshot)] == ["posts/a.md"]


def test_nothing_takes_an_address_of_the_engine(make: MakeFolder) -> None:
    snapshot = make(
        {"pages/feed.md": post("Uno"), "posts/a.md": post("Dos", aliases="[/feed/]")},
        reserved=lambda url: url == "/feed/",
    )
    assert set(snapshot.by_url) == {"/2020/01/02/a/"}
    assert snapshot.redirects == {}
    assert [file for file, _ in complaints(snapshot)] == ["pages/feed.md", "posts/a.md"]


CARD = "card-0123456789abcdef.jpg"
CARD_FOR_X = "card-x-0123456789abcdef.jpg"


@pytest.mark.parametrize("owner", ["/a/", "/a", "/a.html"])
@pytest.mark.parametrize(
    "below",
    [
        "/a/share/",
        "/a/share",
        "/a/share.html",
        "/a/share/index.html",
        "/a.md",
        "/a.md/",
        f"/a/{CARD}",
        f"/a/{CARD_FOR_X}",
    ],
)
def test_nothing_hides_what_hangs_below_a_post(make: MakeFolder, owner: str, below: str) -> None:
    """No earlier post, no page, no old address, none of the settings, none that has expired."""
    snapshot = make(
        {
            "posts/a.md": post("A", permalink=owner, date="2021-01-01"),
            "posts/b.md": post("B", permalink=below, date="2020-01-01"),
            "posts/c.md": post("C", aliases=f"[{below}]"),
            "pages/d.md": post("D", permalink=below),
            "posts/e.md": post("E", permalink=below, expires="2020-01-01"),
        },
        f'[redirects]\n"{below}" = "/elsewhere/"\n',
    )
    assert set(snapshot.by_url) == {owner, "/2020/01/02/c/"}
    assert (snapshot.redirects, snapshot.gone) == ({}, frozenset())
    assert {file for file, _ in complaints(snapshot)} == {"posts/b.md", "posts/c.md", "pages/d.md", "site.toml"}
    reasons = [reason for file, reason in complaints(snapshot) if file == "posts/c.md"]
    what = "its share page, its picture or its source"
    assert reasons == [f"At its old address {below} the blog shows something of posts/a.md: {what}."]


def test_where_nothing_hangs_nothing_is_in_the_way(make: MakeFolder) -> None:
    addresses = (
        "/share/",
        "/nobody.md",
        "/a/shares/",
        "/a/card-1.jpg",
        f"/{CARD}",
        "/b/share/share/",
        "/p/share/",
    )
    files = {f"posts/{number}.md": post(permalink=url) for number, url in enumerate(addresses)}
    files |= {"posts/a.md": post(permalink="/a/"), "pages/p.md": post("Página")}
    snapshot = make(files)
    assert set(snapshot.by_url) == {*addresses, "/a/", "/p/"}
    assert snapshot.problems == ()


def test_what_loses_its_address_keeps_none_from_others(make: MakeFolder) -> None:
    files = {f"posts/{n}.md": post(permalink=url) for n, url in enumerate(("/a/share/share/", "/a/share/", "/a/"))}
    snapshot = make(files)
    assert set(snapshot.by_url) == {"/a/", "/a/share/share/"}
    assert [file for file, _ in complaints(snapshot)] == ["posts/1.md"]


def test_old_addresses_lead_to_the_new_ones(make: MakeFolder) -> None:
    snapshot = make(
        {"posts/a.md": post("Uno", aliases="[/viejo/, /2020/01/02/a/]")}, '[redirects]\n"/antes/" = "/viejo/"\n'
    )
    assert snapshot.redirects == {"/antes/": "/viejo/", "/viejo/": "/2020/01/02/a/"}
    assert snapshot.problems == ()


def test_an_old_address_that_something_else_has_is_reported(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/a.md": post("A", date="2020-01-01", aliases="[/b/, /viejo/, /fijo/]", permalink="/a/"),
            "posts/b.md": post("B", date="2021-01-01", aliases="[/viejo/]", permalink="/b/"),
        },
        '[redirects]\n"/fijo/" = "/b/"\n"/a/" = "/b/"\n',
    )
    assert snapshot.redirects == {"/fijo/": "/b/", "/viejo/": "/a/"}
    assert complaints(snapshot) == [
        ("posts/a.md", "Its old address /b/ is already that of posts/b.md."),
        ("posts/a.md", "Its old address /fijo/ is already that of site.toml."),
        ("posts/b.md", "Its old address /viejo/ is already that of posts/a.md."),
    ]


def test_clashes_are_reported_again_after_an_edit_of_a_body(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno", slug="x"), "posts/b.md": post("Dos", slug="x")})
    assert folder.complaints() == ["posts/b.md"]
    folder.write("posts/a.md", post("Uno", "Otro texto.", slug="x"))
    assert folder.body("posts/a.md") == "Otro texto."
    assert folder.complaints() == ["posts/b.md"]


REDIRECTS = """[redirects]
"/l1/" = "/l2/"
"/l2/" = "https://blog.example.org/l1?x#y"
"/in/" = "/l1/"
"/self" = "/self/"
"/same/" = "/same/"
"/page" = "/page/"
"/fine/" = "/finer"
"/finer/" = "/page/"
"/away/" = "https://example.net/away/"
"/lost/" = "/nothing/"
"""


def test_a_redirect_that_never_arrives_is_reported_and_left_out(make: MakeFolder) -> None:
    snapshot = make({"pages/page.md": post("Uno")}, REDIRECTS)
    assert set(snapshot.redirects) == {"/page", "/fine/", "/finer/", "/away/", "/lost/"}
    lines = [reason.split()[4] for file, reason in complaints(snapshot) if file == "site.toml"]
    assert lines == ["/l1/", "/l2/", "/in/", "/self", "/same/"]


def test_who_shares_an_address_that_is_lost_is_told_of_its_owner(make: MakeFolder) -> None:
    files = {
        "posts/a.md": post("Uno", permalink="/a/"),
        "posts/b.md": post("Dos", permalink="/a/share/"),
        "pages/a/share.md": post("Tres"),
    }
    said = dict(complaints(make(files)))
    assert set(said) == {"posts/b.md", "pages/a/share.md"}
    assert all("the blog shows something of posts/a.md" in reason for reason in said.values())


def test_a_post_takes_the_address_that_another_leaves(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno", slug="x"), "posts/b.md": post("Dos", slug="x")})
    folder.now()
    folder.write("posts/a.md", post("Uno", slug="y"))
    assert set(folder.now().by_url) == {"/2020/01/02/x/", "/2020/01/02/y/"}
    assert folder.complaints() == []


# --- beside what


def test_neighbours_are_the_next_in_time(make: MakeFolder) -> None:
    snapshot = make({f"posts/{day}.md": post(str(day), date=f"2020-01-0{day}") for day in (1, 2, 3)})
    newest, middle, oldest = snapshot.posts
    assert snapshot.neighbours(newest) == (middle, None)
    assert snapshot.neighbours(middle) == (oldest, newest)
    assert snapshot.neighbours(oldest) == (None, middle)


def test_months_are_those_of_the_zone_of_the_site(make: MakeFolder) -> None:
    snapshot = make({"posts/a.md": post("Uno", date="2020-02-01 01:00:00+00:00"), "posts/b.md": post("Dos")})
    assert {month: [found.title for found in posts] for month, posts in snapshot.months.items()} == {
        (2020, 1): ["Uno", "Dos"]
    }


def test_subjects_hold_each_of_their_posts_once(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/a.md": post("Uno", tags="[Ñandú, ñandú, b]", category="Proyecto", author="Ana"),
            "posts/b.md": post("Dos", tags="[ñandú]", date="2021-01-01", author="Ana"),
        }
    )
    assert {slug: [found.title for found in tag.posts] for slug, tag in snapshot.tags.items()} == {
        "b": ["Uno"],
        "ñandú": ["Dos", "Uno"],
    }
    assert snapshot.categories["proyecto"].term.name == "Proyecto"
    assert [found.title for found in snapshot.authors["ana"].posts] == ["Dos", "Uno"]


def test_the_newest_highlighted_post_leads(make: MakeFolder) -> None:
    files = {f"posts/{day}.md": post(str(day), date=f"2020-01-0{day}", highlighted="true") for day in (1, 2)}
    snapshot = make({**files, "posts/c.md": post("Normal", date="2021-01-01")})
    assert snapshot.highlighted is not None
    assert snapshot.highlighted.title == "2"


def test_translations_find_each_other(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/a.md": post("Uno", translation_key="one", lang="es"),
            "posts/b.md": post("One", translation_key="one", lang="en"),
            "posts/c.md": post("Otra"),
        }
    )
    assert {key: {found.lang for found in posts} for key, posts in snapshot.translations.items()} == {
        "one": {"es", "en"}
    }


def test_the_site_was_modified_when_a_post_last_appeared_or_was_updated(make: MakeFolder) -> None:
    files = {"posts/a.md": post("Uno", updated="2023-05-06 00:00:00+00:00"), "posts/b.md": post("Dos")}
    modified = make(files).modified
    assert modified is not None
    assert modified.isoformat() == "2023-05-06T00:00:00+00:00"


def test_an_update_before_a_post_appeared_or_still_to_come_is_none(make: MakeFolder) -> None:
    snapshot = make(
        {
            "posts/a.md": post("A", date="2020-01-02", updated="2019-01-01"),
            "posts/b.md": post("B", date="2020-01-02", updated=FUTURE),
            "posts/c.md": post("C", date="2020-01-02", updated="2020-01-03"),
            "pages/d.md": post("D", updated=FUTURE),
        }
    )
    assert {found.title for found in snapshot.by_url.values() if found.updated} == {"C"}
    assert snapshot.modified == snapshot.by_path["posts/c.md"].updated
    early = snapshot.candidates[0]
    assert early.updated is not None
    assert snapshot.with_post(early).by_url[early.url].updated is None


def test_an_update_counts_from_its_moment_on(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("A", date="2020-01-02", updated=FUTURE)})
    snapshot = folder.now()
    [found] = snapshot.candidates
    assert found.updated is not None
    assert snapshot.posts[0].updated is None
    assert snapshot.valid_until == found.updated.timestamp()
    assert found in (_at(found.updated, [found], False)[0])


def test_an_empty_site_was_never_modified(make: MakeFolder) -> None:
    snapshot = make({})
    assert (snapshot.modified, snapshot.highlighted, snapshot.months) == (None, None, {})


# --- addresses


def test_an_address_is_found_encoded_and_decoded(make: MakeFolder) -> None:
    snapshot = make({"posts/a.md": post("Uno", permalink="/民主/")})
    assert snapshot.find("/民主/") is snapshot.find("/%E6%B0%91%E4%B8%BB/") is snapshot.posts[0]
    assert snapshot.find("/民/") is None


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("b.md", "/2020/01/02/b/"),
        ("./b.md#parte-2", "/2020/01/02/b/#parte-2"),
        ("sub/c%20d.md?x=1#y", "/2020/01/02/c-d/?x=1#y"),
        ("../pages/about.md", "/about/"),
        ("/posts/b.md", "/2020/01/02/b/"),
        ("draft.md", "/2020/01/02/a/draft.md"),
        ("foto.png", "/2020/01/02/a/foto.png"),
        ("sub/otra%20foto.png", "/2020/01/02/a/sub/otra%20foto.png"),
        ("../static/x.pdf", "/static/x.pdf"),
        ("nada.zip", "/2020/01/02/a/nada.zip"),
        ("../../../../etc/passwd", "/etc/passwd"),
        ("#parte", "#parte"),
        ("?x=1", "?x=1"),
        ("/about/", "/about/"),
        ("https://example.org/b.md", "https://example.org/b.md"),
        ("//example.org/b.md", "//example.org/b.md"),
        ("mailto:ana@example.org", "mailto:ana@example.org"),
        ("", ""),
    ],
)
def test_a_link_leads_where_its_author_meant(make: MakeFolder, href: str, address: str) -> None:
    snapshot = make(
        {
            "posts/a.md": post("A"),
            "posts/b.md": post("B"),
            "posts/sub/c d.md": post("C"),
            "posts/draft.md": post("D", draft="true"),
            "pages/about.md": post("About"),
            "posts/foto.png": b"x",
            "posts/sub/otra foto.png": b"x",
            "static/x.pdf": b"x",
        }
    )
    assert snapshot.link(snapshot.by_path["posts/a.md"], href) == address


@pytest.mark.parametrize(("url", "under"), [("/a/", "/a/"), ("/a", "/a/"), ("/a.html", "/a/"), ("/", "/")])
def test_what_hangs_under_an_address_begins_with_it(url: str, under: str) -> None:
    assert base(url) == under


# --- pictures


def shown(snapshot: Snapshot, path: str, name: str, *named: str) -> str | None:
    return snapshot.file_below(snapshot.by_path[path], name, named)


def test_a_bundle_shows_what_lies_in_its_folder(make: MakeFolder) -> None:
    snapshot = make(
        {"posts/a/index.md": post("Uno"), "posts/a/x.png": b"x", "posts/a/sub/y z.png": b"y", "posts/z.png": b"z"}
    )
    assert shown(snapshot, "posts/a/index.md", "x.png") == "posts/a/x.png"
    assert shown(snapshot, "posts/a/index.md", "sub/y z.png") == "posts/a/sub/y z.png"
    for name in ("../z.png", "z.png", "index.md", "", "sub", "sub/../x.png", "/x.png"):
        assert shown(snapshot, "posts/a/index.md", name) is None


@pytest.mark.parametrize("inner", [post("Borrador", draft="true"), "---\ntitle: [torn\n", post("D", date=FUTURE)])
def test_a_bundle_does_not_show_what_lies_in_an_unpublished_one_inside(make: MakeFolder, inner: str) -> None:
    snapshot = make({"posts/index.md": post("Uno"), "posts/b/INDEX.markdown": inner, "posts/b/sub/x.png": b"x"})
    assert shown(snapshot, "posts/index.md", "b/sub/x.png") is None


def test_a_post_beside_a_bundle_is_no_bundle(make: MakeFolder) -> None:
    snapshot = make({"posts/a/index.md": post("Uno"), "posts/a/b.md": post("Dos"), "posts/a/x.png": b"x"})
    assert shown(snapshot, "posts/a/b.md", "x.png") is None


def test_any_other_post_shows_the_pictures_that_it_names_and_no_others(make: MakeFolder) -> None:
    snapshot = make(
        {"posts/a.md": post("Uno"), "posts/x.png": b"x", "posts/deep/y.png": b"y", "static/z.png": b"z"}
    )
    path = "posts/a.md"
    assert shown(snapshot, path, "x.png", "x.png") == "posts/x.png"
    assert shown(snapshot, path, "deep/y.png", "other.png", "./deep/y.png") == "posts/deep/y.png"
    assert shown(snapshot, path, "x.png") is None
    assert shown(snapshot, path, "y.png", "deep/y.png") is None
    assert shown(snapshot, path, "z.png", "../static/z.png") is None  # it has an address of its own
    assert shown(snapshot, path, "x.png", "https://example.org/x.png", "//x.png", "") is None


def test_a_picture_of_another_folder_is_shown_by_its_name(make: MakeFolder) -> None:
    snapshot = make({"posts/a.md": post("Uno"), "posts/b/x.png": b"x", "posts/sub/c.md": post("Dos")})
    address = snapshot.picture(snapshot.by_path["posts/sub/c.md"], Image("../b/x.png")).url
    assert address == hashed("/2020/01/02/c/x.png", b"x")
    assert shown(snapshot, "posts/sub/c.md", "x.png", "../b/x.png") == "posts/b/x.png"


def test_a_picture_that_is_on_no_disk_keeps_its_address_and_has_no_size(make: MakeFolder) -> None:
    snapshot = make({"posts/a.md": post("Uno")})
    picture = snapshot.picture(snapshot.posts[0], Image("https://i.imgur.com/x.jpg", "Leyenda"))
    assert (picture.url, picture.width, picture.type) == ("https://i.imgur.com/x.jpg", 0, "image/jpeg")
    assert (picture.alt, picture.caption) == ("Leyenda", "Leyenda")
    assert snapshot.picture(snapshot.posts[0], Image("x.jpg")).url == "/2020/01/02/a/x.jpg"
