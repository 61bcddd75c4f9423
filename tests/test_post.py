"""How a file becomes a Post: every key, every alias, every shape, and a sentence for each mistake."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitacora.posts import post as post_module
from bitacora.posts.post import Author, Image, Post, Term, body_of, read_post
from bitacora.problems import PostError
from bitacora.settings import NETWORKS, Site

SITE = Site(
    timezone="America/Santiago",
    author="equipo",
    authors={"equipo": {"name": "El equipo", "url": "/equipo/"}, "mb": {"name": "Manuel Barros", "x": "@mb"}},
)
PATH = "posts/2018-07-17-una-entrada.md"
HARMLESS = {"share_message", "share_title", "share_image", "focus"}
ROLES = {key: role for key, (role, _) in post_module._ROLES.items() if key != "header.image"}


def read(head: str = "", body: str = "", path: str = PATH, site: Site = SITE) -> Post:
    return read_post(f"---\n{head}\n---\n{body}".encode(), path, site)


def error(head: str, path: str = PATH) -> PostError:
    with pytest.raises(PostError) as caught:
        read(head, path=path)
    return caught.value


def value(key: str, head: str) -> Any:
    return getattr(read(head), key)


def names(terms: tuple[Term, ...]) -> list[str]:
    return [term.name for term in terms]


# --- the whole


def test_a_post_of_the_foundation_is_read_whole() -> None:
    source = (Path(__file__).parent / "seed-post.md").read_bytes()
    post = read_post(source, "posts/2018-07-17-la-democracia-necesita-gobiernos-abiertos.md", SITE)
    title = "La democracia necesita gobiernos abiertos"
    assert post == Post(
        path="posts/2018-07-17-la-democracia-necesita-gobiernos-abiertos.md",
        kind="post",
        url="/2018/07/17/la-democracia-necesita-gobiernos-abiertos/",
        slug="la-democracia-necesita-gobiernos-abiertos",
        title=title,
        date=datetime(2018, 7, 17, 15, tzinfo=UTC),
        updated=None,
        expires=None,
        intro=post.intro,
        categories=(Term("Proyecto", "proyecto"),),
        tags=(),
        authors=(Author("El equipo", "equipo", url="/equipo/"),),
        images=(Image("https://i.imgur.com/IIUUlxS.jpg", caption=title),),
        aliases=(),
        highlighted=False,
        draft=False,
        hidden=False,
        noindex=False,
        toc=False,
        math=False,
        lang="es",
        translation_key="",
        template="",
        share_title="",
        share_image=None,
        share_message={"default": title},
        focus=None,
        extra={},
        body_line=14,
    )
    assert post.intro.startswith("Los Estados sí pueden agilizarse y abrirse")
    assert body_of(source).startswith("Hace poco más de dos años")


def test_the_same_head_means_the_same_in_yaml_toml_and_json() -> None:
    texts = (
        "---\ntitle: T\ndate: 2018-07-17 12:00:00\ntags: [a, b]\ntoc: true\nimage: {src: x.jpg, alt: y}\nn: 1.5\n"
        "---\nbody",
        "+++\ntitle = 'T'\ndate = 2018-07-17T12:00:00\ntags = ['a', 'b']\ntoc = true\nn = 1.5\n"
        "[image]\nsrc = 'x.jpg'\nalt = 'y'\n+++\nbody",
        json.dumps({"title": "T", "date": "2018-07-17 12:00:00", "tags": ["a", "b"], "toc": True, "n": 1.5,
                    "image": {"src": "x.jpg", "alt": "y"}}) + "\nbody",
    )  # fmt: skip
    posts = [read_post(text.encode(), PATH, SITE) for text in texts]
    assert len({repr(post._replace(body_line=0)) for post in posts}) == 1
    assert {body_of(text.encode()) for text in texts} == {"body"}


def test_keys_are_matched_without_case_and_with_either_dash() -> None:
    post = read("TITLE: T\nShare-Message: m\nsingle-image: a.jpg\nTranslation_Key: k\nlastMod: 2018-08-01")
    assert (post.title, post.share_message, post.images, post.translation_key) == (
        "T",
        {"default": "m"},
        (Image("a.jpg"),),
        "k",
    )
    assert post.updated == datetime(2018, 8, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize("empty", ["", "~", "null", "NULL", "''", '" "', "[]", "{}"])
@pytest.mark.parametrize("key", sorted(ROLES))
def test_null_and_empty_mean_absent_in_every_key(key: str, empty: str) -> None:
    before, after = read(), read(f"{key}: {empty}")
    assert before == read_post(f"---\n{key}: {empty}\n---\n".encode(), PATH, SITE)
    assert after.extra == {}


def wrong_type(key: str, wrong: str) -> str:
    """Of a picture, a key of its own has the wrong type."""
    if ROLES[key] not in {"images", "share_image"}:
        return wrong
    return wrong.replace("{x: ", "{src: ").replace("{src: {", "{src: [{").replace("}}", "}]}")


wrong_types = pytest.mark.parametrize("wrong", ["[[x]]", "{x: {y: z}}", "[{x: [y]}]"])


@pytest.mark.parametrize("key", sorted(set(ROLES) - HARMLESS))
@wrong_types
def test_a_wrong_type_in_any_key_is_refused_by_name_line_and_column(key: str, wrong: str) -> None:
    wrong = wrong_type(key, wrong)
    before = "image: x.jpg" if ROLES[key] in {"image_caption", "image_alt"} else "toc: true"
    found = error(f"{before}\n{key}: {wrong}")
    assert found.line == 3
    assert found.column >= len(key) + 3
    assert key in found.reason
    assert found.remedy


@pytest.mark.parametrize("key", sorted(HARMLESS))
@wrong_types
def test_a_wrong_type_in_a_key_that_nothing_depends_on_is_left_out_with_a_remark(key: str, wrong: str) -> None:
    post = read(f"toc: true\n{key}: {wrong_type(key, wrong)}")
    (remark,) = post.remarks
    assert (remark.file, remark.line, remark.key) == (PATH, 3, key)
    assert remark.column >= len(key) + 3
    assert str(remark).startswith(f"{PATH}:3:{remark.column}: {key}")
    assert post._replace(remarks=()) == read("toc: true\n")


# --- title and slug


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("title: 2024", "", "2024"),
        ("title: 1.10", "", "1.10"),
        ("title: yes", "", "yes"),
        ("title: 'null'", "", "null"),
        ("title: Uno &amp; <em>dos</em> **tres** snake_case", "", "Uno & dos tres snake_case"),
        ("title: |\n  dos\n  líneas", "", "dos líneas"),
        ('title: "a\\u202Eb\\u0007c\\u2066\\uFEFF\\x85d"', "", "abc d"),
        ("title: '&#8238;x'", "", "x"),
        ("title:", "Hola\n\n# El *título*\n", "El título"),
        ("", "", "Una Entrada"),
    ],
)
def test_a_title_is_plain_text_of_the_key_else_the_first_heading_else_the_file_name(
    head: str, body: str, title: str
) -> None:
    assert read(head, body).title == title


@pytest.mark.parametrize(
    ("head", "path", "slug"),
    [
        ("", "posts/2018-07-17-Release-1.30.0.md", "release-1-30-0"),
        ("", "posts/2018-07-17-bundle/index.md", "bundle"),
        ("date: 2018-07-17", "posts/deep/er/bundle/index.md", "bundle"),
        ("slug: 007", PATH, "007"),
        ("slug: Otra Cosa", PATH, "otra-cosa"),
        ("title: Con título", "posts/2018-07-17-.md", "con-título"),
        ("", "posts/2018-07-17.md", "2018-07-17"),
        ("title: 🎉", "posts/2018-07-17-🎉.md", "1f389"),
    ],
)
def test_a_slug_is_that_of_the_key_else_of_the_file_and_never_empty(head: str, path: str, slug: str) -> None:
    assert read(head, path=path).slug == slug


# --- dates


def test_the_date_of_the_head_wins_over_that_of_the_file_name() -> None:
    assert value("date", "date: 2018-07-18 12:00:00 -0300") == datetime(2018, 7, 18, 15, tzinfo=UTC)
    assert value("date", "publishDate: 2018-07-18") == datetime(2018, 7, 18, 4, tzinfo=UTC)
    assert value("date", "") == datetime(2018, 7, 17, 4, tzinfo=UTC)


def test_the_date_may_stand_in_the_permalink_alone() -> None:
    post = read("path: /2011/02/03/nombre/", path="posts/nombre.md")
    assert (post.date, post.url) == (datetime(2011, 2, 3, 3, tzinfo=UTC), "/2011/02/03/nombre/")


def test_a_full_time_without_offset_is_utc_where_the_site_follows_jekyll_unless_it_is_quoted() -> None:
    jekyll = Site(timezone="America/Santiago", naive_dates="utc")
    assert read("date: 2018-07-17 12:00:00", site=jekyll).date == datetime(2018, 7, 17, 12, tzinfo=UTC)
    assert read("date: '2018-07-17 12:00:00'", site=jekyll).date == datetime(2018, 7, 17, 16, tzinfo=UTC)
    assert read("date: 2018-07-17 12:00:00").date == datetime(2018, 7, 17, 16, tzinfo=UTC)


def test_the_address_has_the_day_of_the_zone_of_the_site() -> None:
    assert value("url", "date: 2018-07-18 01:00:00 +0000") == "/2018/07/17/una-entrada/"


@pytest.mark.parametrize(
    "key",
    ["date", "publishDate", "updated", "last_modified_at", "lastmod", "expires", "expiryDate", "unpublish_date"],
)
def test_a_date_that_is_none_is_refused_in_plain_words(key: str) -> None:
    assert str(error(f"title: x\n{key}: 2018-02-30")) == (
        f'{PATH}:3:{len(key) + 3}: {key} "2018-02-30" is not a date: February 2018 has 28 days. '
        "Write it like 2018-07-17 12:00:00-0300."
    )


def test_a_post_needs_a_date_and_a_page_or_a_draft_does_not() -> None:
    found = error("title: x", path="posts/x.md")
    assert (found.reason, found.withdrawn) == ("The post has no date.", False)
    assert "date: 2018-07-17 12:00:00-0300" in found.remedy
    assert read("title: x", path="pages/x.md").date is None
    undated = read("title: x", path="posts/_drafts/x.md")
    assert (undated.date, undated.url) == (None, "/x/")


def test_a_wrong_date_in_the_file_name_counts_only_where_the_head_has_none() -> None:
    path = "posts/2018-13-45-x.md"
    assert read("date: 2018-07-17", path=path).url == "/2018/07/17/x/"
    assert (
        error("title: x", path=path).reason
        == 'The date of the file name "2018-13-45" is not a date: There is no month 13.'
    )


# --- address


@pytest.mark.parametrize("key", ["permalink", "url", "path"])
def test_an_address_of_its_own_wins_and_may_hold_placeholders(key: str) -> None:
    assert value("url", f"{key}: /a/:year/:title.html\nslug: Una-Otra") == "/a/2018/Una-Otra.html"


def test_the_pattern_of_the_site_is_filled_with_all_categories() -> None:
    site = Site(permalink="date")
    path = "posts/en/News Desk/_posts/2018-07-17-x.md"
    post = read("categories: uno Dos\ncategory: tres cuatro", path=path, site=site)
    assert post.url == "/en/news%20desk/uno/dos/tres%20cuatro/2018/07/17/x.html"
    assert names(post.categories) == ["en", "News Desk", "uno", "Dos", "tres cuatro"]


@pytest.mark.parametrize(
    ("path", "url"), [("pages/about.md", "/about/"), ("pages/a/b.md", "/a/b/"), ("pages/a/index.md", "/a/")]
)
def test_a_page_lives_outside_the_stream(path: str, url: str) -> None:
    post = read("title: x", path=path)
    assert (post.kind, post.url) == ("page", url)
    assert read("permalink: /else/", path=path).url == "/else/"


@pytest.mark.parametrize("own", ["/:foo/", "https://example.org/x", "//x/y"])
def test_an_address_that_cannot_be_is_refused(own: str) -> None:
    found = error(f"title: x\npermalink: {own}")
    assert (found.line, found.column) == (3, 12)
    assert found.reason.startswith(f'permalink "{own}" cannot be: ')


def test_a_pattern_of_the_site_that_cannot_be_is_a_post_error_too() -> None:
    with pytest.raises(PostError, match="The site's permalink cannot be: There is no placeholder :foo"):
        read("title: x", site=Site(permalink="/:foo/"))


def test_aliases_are_paths_on_this_site() -> None:
    head = "aliases: [/a, b/, /a, /2018/07/17/una-entrada/]\nredirect_from: /old.html"
    assert value("aliases", head) == ("/a", "/b/", "/old.html")
    (found,) = read("aliases:\n  - /a\n  - http://evil.example/").remarks
    assert (found.line, found.column) == (4, 5)
    assert found.remedy == "Write it like /old/address/, or take it out."


# --- subjects and people


@pytest.mark.parametrize(
    ("head", "tags"),
    [
        ("tags: [Gobierno abierto, 2018, yes, null, ' x ']", ["Gobierno abierto", "2018", "yes", "x"]),
        ("tags: uno dos", ["uno", "dos"]),
        ("tags: uno dos, tres", ["uno dos", "tres"]),
        ("tag: uno dos", ["uno dos"]),
        ("keywords: uno dos, tres", ["uno dos", "tres"]),
        ("Keywords: uno dos", ["uno dos"]),
        ("topics: uno dos", ["uno", "dos"]),
        ("tags: [uno]\nkeywords: dos", ["uno"]),
        ("tags:\nkeywords: dos", ["dos"]),
        ("tags: [Uno, uno, UNO]", ["Uno"]),
    ],
)
def test_tags_are_a_list_or_a_string(head: str, tags: list[str]) -> None:
    assert names(value("tags", head)) == tags


@pytest.mark.parametrize(
    ("head", "categories"),
    [
        ("categories: [Gobierno abierto, Chile]", ["Gobierno abierto", "Chile"]),
        ("categories: uno dos", ["uno", "dos"]),
        ("category: uno dos", ["uno dos"]),
        ("categories: [uno]\ncategory: dos", ["uno", "dos"]),
        ("Section: uno", ["uno"]),
    ],
)
def test_categories_are_a_list_or_a_string(head: str, categories: list[str]) -> None:
    assert names(value("categories", head)) == categories


def test_a_term_keeps_its_name_and_has_a_slug() -> None:
    assert value("tags", 'tags: ["  Ñandú\\u202E  y\\tCía "]') == (Term("Ñandú y Cía", "ñandú-y-cía"),)


@pytest.mark.parametrize(
    ("head", "authors"),
    [
        ("", [("El equipo", "equipo")]),
        ("author: mb", [("Manuel Barros", "mb")]),
        ("author: manuel barros", [("Manuel Barros", "mb")]),
        ("authors: [mb, Otra Persona, mb]", [("Manuel Barros", "mb"), ("Otra Persona", "otra-persona")]),
        ("author: {name: Ana, url: /ana/}", [("Ana", "ana")]),
        ("authors: [mb]\nauthor: Ana", [("Manuel Barros", "mb")]),
    ],
)
def test_authors_are_names_or_keys_of_the_site(head: str, authors: list[tuple[str, str]]) -> None:
    assert [(author.name, author.slug) for author in value("authors", head)] == authors


def test_an_author_brings_what_the_site_knows() -> None:
    assert value("authors", "author: mb") == (Author("Manuel Barros", "mb", x="@mb"),)
    assert read("title: x", site=Site()).authors == ()


# --- texts and pictures


@pytest.mark.parametrize("key", ["intro", "description", "summary", "excerpt", "subtitle", "Description", "deck"])
def test_an_intro_is_plain_text_by_any_of_its_names(key: str) -> None:
    assert value("intro", f"{key}: >\n  Uno &ldquo;dos&rdquo;\n  <em>tres</em>") == "Uno “dos” tres"


def test_of_several_names_the_first_of_the_list_wins_wherever_it_stands() -> None:
    assert value("intro", "summary: b\nintro: a\ndescription: c") == "a"


@pytest.mark.parametrize(
    ("head", "images"),
    [
        ("image: a.jpg", [Image("a.jpg")]),
        ("image: ' a b.jpg\n'", [Image("a b.jpg")]),
        ("image: {path: a.jpg, caption: '<b>C</b>', alt: A &amp; B}", [Image("a.jpg", "C", "A & B")]),
        ("single_image:\n  - img: /a.jpg\n    caption: C", [Image("/a.jpg", "C")]),
        ("single_image:\n  - img:\n    caption: C", []),
        ("images: [a.jpg, {src: b.jpg}, null, {url: c.jpg}]", [Image("a.jpg"), Image("b.jpg"), Image("c.jpg")]),
        ("cover: {image: a.jpg, relative: true}", [Image("a.jpg")]),
        ("header: {image: a.jpg, colour: red}", [Image("a.jpg")]),
        ("header-img: a.jpg", [Image("a.jpg")]),
        ("image: //example.org/a.jpg", [Image("https://example.org/a.jpg")]),
        ("image: a.jpg\nimage_caption: C\nimage_alt: A", [Image("a.jpg", "C", "A")]),
        ("image: false", []),
        ("image: a.jpg\nsingle_image: b.jpg", [Image("b.jpg")]),
    ],
)
def test_pictures_are_strings_or_groups_of_keys(head: str, images: list[Image]) -> None:
    assert list(value("images", head)) == images


@pytest.mark.parametrize(
    "src", ["javascript:alert(1)", "'data:image/png;base64,AA'", "file:///etc/passwd", "5", "true"]
)
def test_a_picture_that_is_none_is_refused(src: str) -> None:
    found = error(f"image: {src}")
    assert (found.line, found.column) == (2, 8)
    assert found.reason.endswith("is not the address of a picture.")


def test_share_texts_are_one_or_by_network() -> None:
    assert value("share_message", "share_message: 'a\n\n  b'") == {"default": "a\nb"}
    assert value("share_message", "share_message: {X: a, twitter: b, Default: c}") == {"x": "b", "default": "c"}
    post = read("share_title: <b>T</b>\nshare_image: {src: a.jpg, alt: A}")
    assert (post.share_title, post.share_image) == ("T", Image("a.jpg", alt="A"))


def test_a_share_text_for_an_unknown_network_is_left_out_and_the_rest_stays() -> None:
    post = read("share_message:\n  x: a\n  myspace: b\n  twiter: c\n  default: d")
    assert post.share_message == {"x": "a", "default": "d"}
    known = f"{', '.join(NETWORKS)}, default"
    unused = "so what is written for it is not used."
    assert [str(remark).removeprefix(f"{PATH}:") for remark in post.remarks] == [
        f'4:12: share_message knows no network "myspace", {unused} Write one of {known}.',
        f'5:11: share_message knows no network "twiter", {unused} Did you mean x? It may be one of {known}.',
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Facebok", "facebook"),
        ("mail", "email"),
        ("blue sky", "bluesky"),
        ("thread", "threads"),
        ("defualt", "default"),
    ],
)
def test_a_name_close_to_that_of_a_network_is_told(written: str, meant: str) -> None:
    (remark,) = read(f"share_message: {{{written}: a}}").remarks
    assert dict(remark.values)["meant"] == meant


@pytest.mark.parametrize("text", ["true", "False", "[a, b]", "{x: [a]}", "{x: true, default: {}}", "[[]]"])
@pytest.mark.parametrize("key", ["share_message", "share_title"])
def test_what_is_no_text_is_not_shared(key: str, text: str) -> None:
    post = read(f"{key}: {text}")
    assert (post.share_message, post.share_title, post.share_title_on_x) == ({}, "", "")
    (remark,) = post.remarks
    assert remark.mistake is post_module.NOT_A_TEXT


@pytest.mark.parametrize(
    ("written", "shared"), [("2018", "2018"), ("'true'", "true"), ("2018-07-17", "2018-07-17")]
)
def test_what_can_be_a_text_is_one(written: str, shared: str) -> None:
    assert value("share_message", f"share_message: {written}") == {"default": shared}
    assert value("remarks", f"share_message: {written}") == ()


@pytest.mark.parametrize(
    ("written", "for_all", "on_x"),
    [
        ("a.jpg", Image("a.jpg"), None),
        ("{default: a.jpg, x: b.jpg}", Image("a.jpg"), Image("b.jpg")),
        ("{twitter: {img: b.jpg, alt: B}}", None, Image("b.jpg", alt="B")),
        ("{src: a.jpg, alt: A, X: b.jpg}", Image("a.jpg", alt="A"), Image("b.jpg")),
        ("{default: [{img: a.jpg}], x: [b.jpg]}", Image("a.jpg"), Image("b.jpg")),
        ("{default: a.jpg, x: false}", Image("a.jpg"), None),
        ("[a.jpg, b.jpg]", Image("a.jpg"), None),
        ("{img: a.jpg, credit: Ana}", Image("a.jpg"), None),
    ],
)
def test_x_may_have_a_picture_of_its_own(written: str, for_all: Image | None, on_x: Image | None) -> None:
    post = read(f"share_image: {written}")
    assert (post.share_image, post.share_image_on_x, post.remarks) == (for_all, on_x, ())
    assert post.on_x.share_image == (on_x or for_all)


@pytest.mark.parametrize(
    ("written", "for_all", "mistakes"),
    [
        ("{default: a.jpg, facebook: b.jpg}", "a.jpg", ["share-network-not-apart"]),
        ("{img: a.jpg, threads: b.jpg}", "a.jpg", ["share-network-not-apart"]),
        ("{default: a.jpg, orkut: b.jpg}", "a.jpg", ["share-network-unknown"]),
        ("{default: a.jpg, x: [[b.jpg]]}", "a.jpg", ["share-not-picture"]),
        ("{default: true, x: {alt: B}}", None, ["share-not-picture", "share-not-picture"]),
        ("'javascript:alert(1)'", None, ["share-not-picture"]),
        ("true", None, ["share-not-picture"]),
    ],
)
def test_a_share_picture_that_cannot_be_is_left_out_with_a_remark(
    written: str, for_all: str | None, mistakes: list[str]
) -> None:
    post = read(f"share_image: {written}")
    assert (post.share_image and post.share_image.src, post.share_image_on_x) == (for_all, None)
    assert [remark.mistake.rule for remark in post.remarks] == mistakes


def test_a_title_for_a_network_that_reads_what_all_others_read_is_told() -> None:
    post = read("share_title: {default: a, facebook: b, x: c}")
    assert (post.share_title, post.share_title_on_x) == ("a", "c")
    (remark,) = post.remarks
    assert str(remark).endswith(
        'What share_title says for "facebook" alone is not used: only X has tags of its own, all others read the '
        "same. Write it for default, which is all others, or for x."
    )


@pytest.mark.parametrize("head", ["draft: perhaps", "date: tomorrow", "expires: [x]", "published: {a: b}"])
def test_what_decides_whether_a_post_is_published_still_holds_it_back(head: str) -> None:
    assert error(f"share_message: [x]\n{head}").line == 3


def test_a_remark_is_part_of_what_a_post_is() -> None:
    assert read("share_message: [x]") != read("\nshare_message: [x]") != read()


@pytest.mark.parametrize("key", ["title", "intro", "share_title", "share_message", "image_alt", "tags", "author"])
def test_no_text_keeps_what_cannot_be_seen(key: str) -> None:
    post = read(f'image: a.jpg\n{key}: "a\\u202E\\u2067\\u200F\\e[31m\\u0000\\uFFFEb"')
    assert not {"\u202e", "\u2067", "\u200f", "\x1b", "\0", "\ufffe"} & set(repr(tuple(post)))
    assert "a[31mb" in repr(tuple(post))


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "' or 1=1"]
)
@pytest.mark.parametrize("key", sorted(ROLES))
def test_markup_and_scripts_in_any_value_are_a_text_or_a_post_error(key: str, text: str) -> None:
    try:
        post = read(f"image: a.jpg\n{key}: {json.dumps(text)}")
    except PostError:
        return
    assert not set('<>"{} ') & set(post.url + post.slug + "".join(post.aliases) + post.template + post.lang)
    assert "<" not in post.title + post.intro + post.share_title


# --- switches, language, template, the rest


@pytest.mark.parametrize(("written", "meant"), [
    *[(text, True) for text in ("true", "True", "yes", "on", "1", "'true'", '"Yes"')],
    *[(text, False) for text in ("false", "FALSE", "no", "off", "0", "'false'", "")],
])  # fmt: skip
@pytest.mark.parametrize("key", ["highlighted", "hidden", "noindex", "toc", "math", "draft"])
def test_a_switch_is_on_or_off_in_any_spelling(key: str, written: str, meant: bool) -> None:
    assert value(key, f"{key}: {written}") is meant


@pytest.mark.parametrize(
    ("key", "field"),
    [("featured", "highlighted"), ("pinned", "highlighted"), ("unlisted", "hidden"), ("mathjax", "math")],
)
def test_switches_have_other_names(key: str, field: str) -> None:
    assert value(field, f"{key}: true") is True


@pytest.mark.parametrize("key", ["highlighted", "noindex", "toc", "math", "hidden"])
def test_a_switch_in_between_is_refused(key: str) -> None:
    found = error(f"{key}: maybe")
    assert (
        str(found)
        == f'{PATH}:2:{len(key) + 3}: {key} "maybe" is neither true nor false. Write {key}: true or {key}: false.'
    )
    assert found.withdrawn is (key == "hidden")


def test_what_is_hidden_is_not_indexed() -> None:
    assert value("noindex", "hidden: true") is True


@pytest.mark.parametrize("head", ["draft: true", "published: false", "status: draft", "Status: 'Draft'"])
def test_a_draft_is_a_draft_by_any_of_its_names(head: str) -> None:
    assert value("draft", head) is True


@pytest.mark.parametrize("folder", ["_drafts", "_draft", "_Drafts", "a/_DRAFT/b"])
def test_a_draft_is_what_lies_in_a_folder_of_drafts(folder: str) -> None:
    assert read("draft: false", path=f"posts/{folder}/2018-07-17-x.md").draft
    assert not read("published: true\nstatus: publish", path="posts/drafted/2018-07-17-x.md").draft


@pytest.mark.parametrize("word", ["publish", "published", "Public", "publicado", "''", "null", ""])
def test_a_status_publishes_with_a_word_for_it_or_without_any(word: str) -> None:
    assert not value("draft", f"status: {word}")


@pytest.mark.parametrize(
    "word", ["draft", "pending", "Private", "future", "trash", "auto-draft", "archived", "borrador", "rascunho"]
)
def test_a_status_that_means_a_draft_withdraws_in_silence(word: str) -> None:
    assert value("draft", f"status: {word}")


@pytest.mark.parametrize("word", ["drfat", "true", "false", "publishd", "lively", "12", "draft later"])
def test_any_other_status_publishes_nothing(word: str) -> None:
    found = error(f"title: x\nstatus: {word}")
    assert (found.line, found.column, found.withdrawn) == (3, 9, True)
    assert found.reason == f'status "{word}" says neither published nor draft.'
    assert found.remedy.endswith("Write status: published or status: draft.")
    assert error(f"status: {word}\ntitle: 'x").withdrawn


@pytest.mark.parametrize("word", ["publish", "null", "", "''", "Published  # at last"])
def test_a_broken_head_with_a_status_that_publishes_is_not_withdrawn(word: str) -> None:
    assert not error(f"status: {word}\ntitle: 'x").withdrawn


@pytest.mark.parametrize(("status", "withdrawn"), [('"trash"', True), ('"publish"', False), ("null", False)])
def test_the_same_holds_in_json(status: str, withdrawn: bool) -> None:
    with pytest.raises(PostError) as caught:
        read_post(f'{{"status": {status}, "title": "x"'.encode(), PATH, SITE)
    assert caught.value.withdrawn is withdrawn


def test_the_word_that_is_meant_is_offered() -> None:
    assert error("status: drfat").remedy.startswith("Did you mean draft? ")
    assert "Did you mean" not in error("status: true").remedy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hidden: true", "hidden: false"),
        ("unlisted: true", "Unlisted: false"),
        ("expires: 2019-01-01", "expires: 2020-01-01"),
        ("date: 2018-07-17", "Date: 2018-07-18"),
    ],
)
def test_two_answers_to_what_is_public_publish_nothing(one: str, other: str) -> None:
    for head in (f"{one}\n{other}", f"{other}\n{one}"):
        found = error(head)
        assert "is given twice, and says something else on line 2." in found.reason
        assert (found.line, found.withdrawn) == (3, True)
    assert read(f"{one}\n{one}")


@pytest.mark.parametrize(
    ("head", "like"),
    [
        ("aliases: [[/a/]]", 'aliases: ["One value", "Another"]'),
        ("tags: [[a]]", 'tags: ["One value", "Another"]'),
        ("image: {src: [a.jpg]}", 'src: "One value"'),
        ("author: {name: Ana, url: [a]}", 'url: "One value"'),
    ],
)
def test_a_remedy_is_something_that_can_be_written(head: str, like: str) -> None:
    assert error(head).remedy == f"Write it like {like}."


@pytest.mark.parametrize(
    ("head", "path"),
    [
        ("draft: maybe", PATH),
        ("published: perhaps", PATH),
        ("draft: [true]", PATH),
        ("status: {a: b}", PATH),
        ("draft: true\ndate: x", PATH),
        ("published: no\ntoc: maybe", PATH),
        ("date: x", "posts/_drafts/x.md"),
        ("title: 'x", "posts/_drafts/x.md"),
        ("title: 'x\ndraft: true", PATH),
    ],
)
def test_a_broken_draft_is_withdrawn(head: str, path: str) -> None:
    assert error(head, path).withdrawn


@pytest.mark.parametrize("closing", ["draft: false", "draft:", "draft: [no]", "Draft: no", "draft: maybe"])
def test_two_answers_to_whether_it_is_a_draft_publish_nothing(closing: str) -> None:
    for head in (f"draft: true\n{closing}", f"{closing}\ndraft: true"):
        found = error(head)
        assert "is given twice, and says something else on line 2." in found.reason
        assert (found.line, found.withdrawn) == (3, True)
        assert found.remedy == "Leave one of the two lines."


@pytest.mark.parametrize("head", ["published: false\npublished: true", "status: draft\nstatus: published"])
def test_the_same_holds_for_its_other_names(head: str) -> None:
    assert error(head).withdrawn


@pytest.mark.parametrize(
    "source",
    ['{"title": "x", "draft": true, "draft": false}', "+++\ndraft = true\ndraft = false\n+++"],
    ids=["JSON", "TOML"],
)
def test_and_for_other_forms_of_a_head(source: str) -> None:
    with pytest.raises(PostError) as caught:
        read_post(f"{source}\n".encode(), PATH, SITE)
    assert caught.value.withdrawn


def test_the_same_answer_twice_is_one_answer() -> None:
    assert read("draft: true\nDRAFT: True").draft
    assert not read("draft: false\ndraft: false").draft
    assert read("title: a\ntitle: b").title == "b"
    assert read("extra: {draft: true, draft: false}").draft is False


@pytest.mark.parametrize("head", ["date: x", "draft: false\ndate: x", "toc: maybe", "title: 'x"])
def test_a_broken_post_is_not_withdrawn(head: str) -> None:
    assert not error(head).withdrawn


@pytest.mark.parametrize(
    ("written", "lang"), [("es", "es"), ("pt_br", "pt-BR"), ("ZH-hant", "zh-Hant"), ("en-US", "en-US"), ("", "es")]
)
def test_a_language_is_a_tag(written: str, lang: str) -> None:
    assert value("lang", f"lang: {written}") == value("lang", f"locale: {written}") == lang


@pytest.mark.parametrize("written", ["Español!", "e", "../es", "es CL"])
def test_what_is_no_language_is_refused(written: str) -> None:
    assert error(f"lang: '{written}'").remedy == "Write it like es, pt-BR or en."


@pytest.mark.parametrize(
    ("head", "template"),
    [
        ("template: wide.html", "wide.html"),
        ("template: wide", "wide.html"),
        ("template: a/wide.html", "a/wide.html"),
        ("layout: wide", "wide.html"),
        ("layout: post", ""),
        ("layout: default", ""),
        ("layout: wide\ntemplate: post.html", ""),
    ],
)
def test_a_template_is_a_file_and_that_of_posts_is_the_default(head: str, template: str) -> None:
    assert value("template", head) == template


@pytest.mark.parametrize("name", ["../x.html", "/etc/passwd", "a//b", "_base.html", "x\\ny", "default:x"])
def test_a_template_outside_its_folder_is_refused(name: str) -> None:
    assert error(f'template: "{name}"').reason.endswith("is not the name of a template.")


def test_unknown_keys_are_kept_as_plain_values() -> None:
    head = "Weight: 3\nf: 1.5\nmenu: {a: [1, yes, null, '1', 01, 1e9]}\ncontent: x\nhandler: y\nself: z\n1: 2018"
    assert value("extra", head) == {
        "Weight": 3, "f": 1.5, "menu": {"a": [1, True, None, "1", "01", "1e9"]},
        "content": "x", "handler": "y", "self": "z", "1": 2018,
    }  # fmt: skip
    json.dumps(value("extra", "a: .inf\nb: 1e999\nc: 99999999999999999999"), allow_nan=False)


def test_posts_share_what_they_have_in_common() -> None:
    one, two = read("tags: [a, b]\nauthor: Ana\ntemplate: wide"), read("tags: [a, b]\nauthor: Ana\ntemplate: wide")
    assert one.tags is two.tags
    assert one.authors[0] is two.authors[0]
    assert one.template is two.template
    assert one.extra is two.extra
    assert one.share_message is two.share_message


# --- whatever comes


def test_the_body_of_what_is_no_post_is_empty() -> None:
    assert body_of(b"no head") == body_of(b"\xff") == body_of(b"---\ndraft: true\n") == ""


def test_a_fault_of_the_reader_is_a_post_error_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(post_module, "plain_text", lambda text: 1 / 0)
    with caplog.at_level(logging.ERROR):
        assert "ZeroDivisionError" in error("title: x").reason
    assert "ZeroDivisionError" in caplog.text


KEYS = st.sampled_from([*sorted(ROLES), "header", "extra"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.datetimes().map(str)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(["img", "src", "alt", "name", "image", "X"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
PATHS = st.sampled_from([PATH, "posts/x.md", "posts/_drafts/x.md", "pages/a/index.md", "posts/.md", "pages/.md"])


def check(source: bytes, path: str) -> None:
    try:
        post = read_post(source, path, SITE)
    except PostError as caught:
        said = str(caught)
    else:
        said = ""
        assert post.title
        assert post.slug or post.kind == "page"
        assert post.url.startswith("/")
        assert post.url.isascii()
        repr(tuple(post)).encode()
        json.dumps(post.extra, allow_nan=False)
        assert body_of(source) in source.decode("utf-8-sig").replace("\r", "\n") + source.decode("utf-8-sig")
    assert "The reader failed" not in said
    assert said.isprintable()


def test_a_sentence_about_a_post_is_one_line_that_can_be_read() -> None:
    said = PostError("posts/a.md", 1, 1, "It says \u202e\n\uaaf7\ud800.", "Delete \x1b[2J.")
    assert str(said) == "posts/a.md:1:1: It says \\u202e\\n\\uaaf7\\ud800. Delete \\x1b[2J."


@given(st.dictionaries(KEYS, VALUES, max_size=4), PATHS)
def test_any_values_are_a_post_or_a_post_error(head: dict[str, Any], path: str) -> None:
    check(json.dumps(head).encode(), path)
    lines = "".join(f"{key}: {json.dumps(item, ensure_ascii=False)}\n" for key, item in head.items())
    check(f"---\n{lines}---\nbody".encode(errors="replace"), path)


@given(KEYS, st.text(max_size=30), st.binary(max_size=200), PATHS)
def test_any_bytes_are_a_post_or_a_post_error(key: str, text: str, noise: bytes, path: str) -> None:
    check(noise, path)
    check(b"---\n" + noise + b"\n---\n" + noise, path)
    check(f"---\n{key}: {text}\n---\n{text}".encode(), path)
    check(f"+++\n{key} = {text}\n+++\n{text}".encode(), path)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ana", "example.org/ana", "//evil.example", "data:text/html,x"]
)
def test_the_address_of_an_author_is_an_address(url: str) -> None:
    found = error(f"author: {{name: Ana, url: '{url}'}}")
    assert (found.line, found.reason) == (2, f'url of author "{url}" is not an address.')
    assert found.remedy == "Write it like https://example.org/ana."
    assert value("authors", "author: {name: Ana, url: ''}")[0].url == ""
    assert value("authors", "author: {name: Ana, url: /ana/}")[0].url == "/ana/"
