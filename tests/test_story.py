"""The whole story of one post, served by two workers: written, edited, broken, mended, withdrawn, deleted."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import html5lib
import pytest
from conftest import Serve
from programs import wait_until
from server import Answer, Client, Server, late

SEED = (Path(__file__).parent / "seed-post.md").read_text(encoding="utf-8")
NAME = "2018-07-17-la-democracia-necesita-gobiernos-abiertos.md"
ADDRESS = "/2018/07/17/la-democracia-necesita-gobiernos-abiertos/"
URL = "https://blog.example.org"
TITLE = "La democracia necesita gobiernos abiertos"
INTRO = (
    "Los Estados sí pueden agilizarse y abrirse, ¡de eso se trata la iniciativa Alianza para el Gobierno Abierto!"
)
PICTURE = "https://i.imgur.com/IIUUlxS.jpg"
LISTS = ("/", "/archive/", "/category/proyecto/", "/feed.xml")
BROKEN = SEED.replace("date: 2018-07-17", "date: 2018-02-30")
DRAFT = SEED.replace("highlighted: false", "draft: true")
SOON_S = 0.2
ATOM = {"": "http://www.w3.org/2005/Atom"}
SITEMAP = {"": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def edited(words: str) -> str:
    return SEED.replace(f"title: '{TITLE}'", f"title: '{words}'").replace("Hace poco", f"{words}. Hace poco")


def make_site(folder: Path) -> Path:
    """A site without a post."""
    (folder / "posts").mkdir(parents=True)
    settings = f'title = "Bitácora"\nurl = "{URL}"\nlanguage = "es"\ntimezone = "America/Santiago"\n'
    (folder / "site.toml").write_text(settings, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Server]]:
    """A site that one test after another finds without a post, and its server."""
    folder = tmp_path_factory.mktemp("story")
    with Server(make_site(folder / "site"), folder / "cache") as server:
        yield folder / "site", server


@pytest.fixture
def workers(shared: tuple[Path, Server]) -> Iterator[list[Client]]:
    site, server = shared
    workers = server.clients()
    yield workers
    (site / "posts" / NAME).unlink(missing_ok=True)
    wait_until(lambda: not any(shown(client) for client in workers))


@pytest.fixture
def post(shared: tuple[Path, Server]) -> Path:
    return shared[0] / "posts" / NAME


@pytest.fixture
def own_site(tmp_path: Path) -> Path:
    """Of a test that starts servers itself."""
    return make_site(tmp_path / "site")


@pytest.fixture
def own_post(own_site: Path) -> Path:
    return own_site / "posts" / NAME


@pytest.fixture
def server(own_site: Path, serve: Serve) -> Server:
    return serve(own_site)


def page(client: Client, path: str) -> Element:
    answer = client.get(path)
    assert answer.status == 200, path
    return html5lib.parse(answer.body, namespaceHTMLElements=False)


def article(client: Client) -> Element:
    found = page(client, ADDRESS).find(".//article")
    assert found is not None
    return found


def words_of(element: Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split())


def links_of(element: Element) -> dict[str, str]:
    """Addresses to words."""
    return {link.get("href", ""): words_of(link) for link in element.iter("a")}


def title_in(client: Client) -> str:
    return words_of(article(client).find(".//h1"))


def titles_in_list(client: Client, path: str) -> list[str]:
    """The titles that a list gives to the post, one for each time that it is listed."""
    if path == "/feed.xml":
        feed = ElementTree.fromstring(client.get(path).body)
        entries = [
            entry for entry in feed.iterfind("entry", ATOM) if entry.findtext("id", "", ATOM) == URL + ADDRESS
        ]
        return [entry.findtext("title", "", ATOM) for entry in entries]
    links = (page(client, path).find(".//main") or Element("main")).iter("a")
    return [words_of(link) for link in links if link.get("href") == ADDRESS]


def sitemap(client: Client) -> list[str | None]:
    found = ElementTree.fromstring(client.get("/sitemap.xml").body)
    return [location.text for location in found.iterfind("url/loc", SITEMAP)]


def problems(client: Client) -> list[tuple[str, int]]:
    """What /readyz complains about: file and line."""
    return [(found["file"], found["line"]) for found in json.loads(client.get("/readyz").body)["problems"]]


def shown(client: Client) -> bool:
    return client.get(ADDRESS).status == 200


def seconds_until_gone(workers: Sequence[Client], since: float) -> float:
    def is_gone(answer: Answer) -> bool:
        return answer.status == 404

    def ask(client: Client) -> Callable[[], Answer]:
        return lambda: client.get(ADDRESS)

    return max(late(ask(client), is_gone, since) for client in workers)


def must_be_nowhere(client: Client) -> None:
    assert client.get(ADDRESS).status == 404
    assert client.get(f"{ADDRESS}share/").status == 404
    assert client.get("/category/proyecto/").status == 404
    for path in ("/", "/archive/"):
        assert links_of(page(client, path)).get(ADDRESS) is None
    assert titles_in_list(client, "/feed.xml") == []
    assert URL + ADDRESS not in sitemap(client)


# --- written


def test_an_empty_site_tells_readers_that_there_is_nothing_yet(workers: list[Client]) -> None:
    for client in workers:
        assert words_of(page(client, "/").find(".//main")) == "Aquí todavía no hay nada."


def test_a_new_post_is_whole_on_the_next_request(workers: list[Client], post: Path) -> None:
    assert [client.get(ADDRESS).status for client in workers] == [404, 404]
    post.write_text(SEED, encoding="utf-8")
    for client in workers:
        found = article(client)
        assert words_of(found.find(".//h1")) == TITLE
        assert words_of(found.find(".//p[@class='standfirst']")) == INTRO
        assert [(image.get("src"), image.get("alt")) for image in found.iter("img")] == [(PICTURE, "")]
        assert words_of(found.find(".//figure/figcaption")) == TITLE
        times = [(time.get("datetime"), words_of(time)) for time in found.iterfind(".//*[@class='byline']//time")]
        assert [words for _, words in times] == ["17 de julio de 2018"]
        assert links_of(found)["/category/proyecto/"] == "Proyecto"


def test_every_link_and_paragraph_of_a_new_post_is_there(workers: list[Client], post: Path) -> None:
    post.write_text(SEED, encoding="utf-8")
    wanted = {address: words for words, address in re.findall(r"\[([^\]]+)\]\((\S+?)\)", SEED)}
    body = SEED.split("\n---\n", 1)[1]
    paragraphs = [re.sub(r"\[([^\]]+)\]\(\S+?\)", r"\1", text).strip() for text in body.strip().split("\n\n")]
    assert len(wanted) == 12
    for client in workers:
        prose = article(client).find(".//div[@class='prose']")
        assert prose is not None
        assert links_of(prose) == wanted
        assert [words_of(paragraph) for paragraph in prose.iter("p")] == paragraphs


def test_a_new_post_is_in_every_list_on_the_next_request(workers: list[Client], post: Path) -> None:
    for client in workers:
        for path in (*LISTS, "/sitemap.xml"):
            client.get(path)
    post.write_text(SEED, encoding="utf-8")
    for client in workers:
        assert [titles_in_list(client, path) for path in LISTS] == [[TITLE]] * 4
        assert URL + ADDRESS in sitemap(client)


def test_a_new_post_has_its_share_page_on_the_next_request(workers: list[Client], post: Path) -> None:
    post.write_text(SEED, encoding="utf-8")
    for client in workers:
        main = page(client, f"{ADDRESS}share/").find(".//main")
        assert main is not None
        desk = main.find(".//section[@class='desk']")
        assert desk is not None
        assert len([tile for tile in desk.iter() if tile.get("class") == "tile-head"]) == 13
        assert all(part in words_of(desk) for part in (TITLE, INTRO[:60]))
        assert PICTURE in {image.get("src") for image in desk.iter("img")}
        assert TITLE in " ".join(words_of(text) for text in main.iterfind(".//p[@class='share-text']"))


# --- edited


def test_an_edit_is_on_the_next_request_of_both_workers(workers: list[Client], post: Path) -> None:
    post.write_text(SEED, encoding="utf-8")
    for count in range(5):
        for client in workers:
            client.get(ADDRESS)
        post.write_text(edited(f"Edición {count}"), encoding="utf-8")
        for client in workers:
            assert title_in(client) == f"Edición {count}"
            assert words_of(article(client).find(".//div[@class='prose']/p")).startswith(
                f"Edición {count}. Hace poco"
            )


def test_an_edit_is_in_every_list_on_the_next_request(workers: list[Client], post: Path) -> None:
    post.write_text(SEED, encoding="utf-8")
    for client in workers:
        assert [titles_in_list(client, path) for path in LISTS] == [[TITLE]] * 4
    post.write_text(edited("Otro título"), encoding="utf-8")
    for client in workers:
        assert [titles_in_list(client, path) for path in LISTS] == [["Otro título"]] * 4


# --- broken


def test_of_a_broken_post_the_last_good_page_stays_in_both_workers(workers: list[Client], post: Path) -> None:
    post.write_text(edited("La buena"), encoding="utf-8")
    for client in workers:
        client.get(ADDRESS)
    post.write_text(BROKEN, encoding="utf-8")
    for client in workers:
        assert title_in(client) == "La buena"
        assert [titles_in_list(client, path) for path in LISTS] == [["La buena"]] * 4
        assert problems(client) == [(f"posts/{NAME}", 5)]


def test_the_last_good_page_stays_after_a_restart(server: Server, own_post: Path) -> None:
    own_post.write_text(edited("La buena"), encoding="utf-8")
    for client in server.clients():
        client.get(ADDRESS)
    own_post.write_text(BROKEN, encoding="utf-8")
    for client in server.clients():
        client.get(ADDRESS)
    server.restart()
    for client in server.clients():
        assert title_in(client) == "La buena"
        assert problems(client) == [(f"posts/{NAME}", 5)]


def test_both_workers_show_the_newest_good_version_that_either_has_seen(workers: list[Client], post: Path) -> None:
    one, other = workers
    post.write_text(edited("Primera"), encoding="utf-8")
    assert [title_in(one), title_in(other)] == ["Primera", "Primera"]
    post.write_text(edited("Segunda"), encoding="utf-8")
    assert title_in(one) == "Segunda"
    post.write_text(BROKEN, encoding="utf-8")
    other.get(ADDRESS)
    assert [title_in(one), title_in(other)] == ["Segunda", "Segunda"]


def test_two_servers_with_one_cache_folder_agree_on_the_last_good_version(
    own_site: Path, own_post: Path, serve: Serve
) -> None:
    own_post.write_text(edited("Primera"), encoding="utf-8")
    (one,) = serve(own_site, workers=1).clients()
    (other,) = serve(own_site, workers=1).clients()
    assert [title_in(one), title_in(other)] == ["Primera", "Primera"]
    own_post.write_text(edited("Segunda"), encoding="utf-8")
    assert title_in(one) == "Segunda"
    own_post.write_text(BROKEN, encoding="utf-8")
    assert [title_in(one), title_in(other)] == ["Segunda", "Segunda"]
    assert one.get(ADDRESS).body == other.get(ADDRESS).body


def test_a_mended_post_is_on_the_next_request_and_no_longer_complained_about(
    workers: list[Client], post: Path
) -> None:
    post.write_text(BROKEN, encoding="utf-8")
    assert [client.get(ADDRESS).status for client in workers] == [404, 404]
    post.write_text(edited("Reparada"), encoding="utf-8")
    for client in workers:
        assert title_in(client) == "Reparada"
        assert problems(client) == []


# --- withdrawn, deleted


def delete(post: Path) -> None:
    post.unlink()


def make_a_draft(post: Path) -> None:
    post.write_text(DRAFT, encoding="utf-8")


both_ends = pytest.mark.parametrize("end", [delete, make_a_draft])
both_states = pytest.mark.parametrize("before", [SEED, BROKEN], ids=["good", "broken"])


def end_it(post: Path, workers: Sequence[Client], end: Callable[[Path], None], before: str) -> float:
    """Have both workers show the post, whose file is then as `before`; end it; seconds until it is gone."""
    post.write_text(SEED, encoding="utf-8")
    assert all(shown(client) for client in workers)
    post.write_text(before, encoding="utf-8")
    assert all(shown(client) for client in workers)
    end(post)
    return seconds_until_gone(workers, time.monotonic())


@both_ends
@both_states
def test_an_ended_post_is_gone_soon_from_everywhere(
    workers: list[Client], post: Path, end: Callable[[Path], None], before: str
) -> None:
    assert end_it(post, workers, end, before) < SOON_S
    for client in workers:
        must_be_nowhere(client)


@pytest.mark.slow
@both_ends
@both_states
def test_the_last_good_version_of_an_ended_post_is_gone_too(
    server: Server, own_post: Path, end: Callable[[Path], None], before: str
) -> None:
    workers = server.clients()
    end_it(own_post, workers, end, before)
    own_post.write_text(BROKEN, encoding="utf-8")
    for client in workers:
        must_be_nowhere(client)
    server.restart()
    for client in server.clients():
        must_be_nowhere(client)


@pytest.mark.slow
@both_ends
@both_states
def test_an_ended_post_stays_gone_after_a_restart(
    server: Server, own_post: Path, end: Callable[[Path], None], before: str
) -> None:
    end_it(own_post, server.clients(), end, before)
    server.restart()
    for client in server.clients():
        must_be_nowhere(client)


@pytest.mark.slow
@both_ends
def test_what_ended_while_no_server_ran_leaves_no_last_good_version(
    server: Server, own_post: Path, end: Callable[[Path], None]
) -> None:
    own_post.write_text(SEED, encoding="utf-8")
    assert all(shown(client) for client in server.clients())
    own_post.write_text(BROKEN, encoding="utf-8")
    assert all(shown(client) for client in server.clients())
    server.stop()
    end(own_post)
    server.restart()
    server.stop()
    own_post.write_text(BROKEN, encoding="utf-8")
    server.restart()
    for client in server.clients():
        must_be_nowhere(client)


def test_the_first_reader_after_a_quiet_time_does_not_see_what_was_deleted(
    workers: list[Client], post: Path
) -> None:
    post.write_text(SEED, encoding="utf-8")
    assert all(shown(client) for client in workers)
    post.unlink()
    deleted = time.monotonic()
    while time.monotonic() < deleted + SOON_S:
        pass  # nobody asks meanwhile
    assert not any(shown(client) for client in workers)
