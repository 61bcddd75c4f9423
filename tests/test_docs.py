"""What the documents say and what the code does are the same."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest

from bitacora.__main__ import command, publish
from bitacora.check.findings import RULES
from bitacora.cli.posts import posts
from bitacora.posts import post
from bitacora.posts.head import key_of
from bitacora.posts.post import read_post
from bitacora.problems import PostError
from bitacora.settings import AUTHOR_KEYS, NETWORKS, Operator, Site, read_site
from bitacora.share import networks
from bitacora.share.network import Length
from bitacora.share.networks import READERS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
WRITING = (ROOT / "docs/writing.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
DEPLOYING = (ROOT / "docs/deploying.md").read_text()
SHARING = (ROOT / "docs/sharing.md").read_text()
SITE = Site(timezone="America/Santiago")

# Keys that the code reads apart and an editor need not tell apart.
TOGETHER = {
    "category": "categories",
    "redirect_from": "aliases",
    "published": "draft",
    "status": "draft",
    "image_caption": "images",
    "image_alt": "images",
}
TYPES = {
    "text": {"str"},
    "secret": {"str"},
    "number": {"int"},
    "1 or 0": {"bool"},
    "true or false": {"bool"},
    "list": {"tuple[str, ...]", "tuple[tuple[str, str], ...]"},
    "table": {"Mapping[str, str]"},
    "tables": {"Mapping[str, Mapping[str, str]]"},
    "folder": {"Path", "Path | None"},
}


def test_every_front_matter_key_of_the_code_is_documented_and_back() -> None:
    known: dict[str, set[str]] = {}
    for role, keys in post._KEYS.items():
        known.setdefault(TOGETHER.get(role, role), set()).update(keys)
    assert documented_keys() == {frozenset(keys) for keys in known.values()}


def test_every_network_of_share_message_is_documented() -> None:
    sentence = WRITING.split("The networks are ")[1].split(".")[0]
    assert set(code(sentence)) == set(NETWORKS)


@pytest.mark.parametrize("setting", fields(Site), ids=lambda setting: setting.name)
def test_every_setting_of_a_site_is_documented(setting: Field[Any]) -> None:
    assert_documented(setting, setting.name)


@pytest.mark.parametrize("setting", fields(Operator), ids=lambda setting: setting.name)
def test_every_setting_of_an_operator_is_documented(setting: Field[Any]) -> None:
    assert_documented(setting, f"BITACORA_{setting.name.upper()}")


def test_every_documented_setting_exists() -> None:
    known = {setting.name for setting in fields(Site)}
    known |= {f"BITACORA_{setting.name.upper()}" for setting in fields(Operator)}
    assert set(documented_settings()) == known


def test_every_key_of_an_author_is_documented() -> None:
    what = documented_settings()["authors"][3]
    assert set(code(what)) - {"[authors.<key>]"} == set(AUTHOR_KEYS)


def test_toml_in_the_settings_page_is_accepted() -> None:
    for example in fences(SETTINGS, "toml"):
        read_site(example, {})


def test_the_sample_site_toml_is_accepted() -> None:
    read_site((ROOT / "site.toml").read_text(), {})


def test_the_first_post_of_the_writing_page_is_a_post() -> None:
    example = fences(section(WRITING, "Your first post"), "markdown")[0]
    found = read_post(example.encode(), "posts/2026-11-20-minutes-of-the-council.md", SITE)
    assert (found.title, found.url) == ("What the council decided", "/2026/11/20/minutes-of-the-council/")


def test_every_kind_of_finding_is_on_the_writing_page_and_back() -> None:
    table = section(WRITING, "Commands for those who write")
    assert {rule for kind, _ in rows(table) for rule in code(kind)} == set(RULES)


@pytest.mark.parametrize("row", range(4))
def test_addresses_are_as_the_writing_page_says(row: int) -> None:
    file, address = [*rows(section(WRITING, "Where the page appears"))][row]
    expected = code(address) or ["/2026/11/20/minutes-of-the-council/"]
    assert read_post(b"---\ntitle: x\n---\n", code(file)[0], SITE).url == expected[0]


def test_every_date_of_the_writing_page_is_a_date() -> None:
    for line in fences(section(WRITING, "Dates and time zones"), "yaml")[0].splitlines():
        found = read_post(f"---\n{line}\n---\n".encode(), "posts/x.md", SITE)
        assert found.date is not None
        assert found.date.astimezone(SITE.zone).day == 20


def test_every_example_of_a_key_is_accepted() -> None:
    for row in rows(section(WRITING, "The head, key by key")):
        if len(row) == 4 and (example := code(row[2])):
            source = f"---\n{example[0]}\n---\n".encode()
            assert read_post(source, "posts/2026-11-20-x.md", SITE).extra == {}


def test_the_error_in_the_writing_page_is_what_an_editor_gets() -> None:
    wrong = section(WRITING, "When something is wrong")
    with pytest.raises(PostError) as error:
        read_post(fences(wrong, "yaml")[0].encode(), "posts/2018-07-17-minutes.md", SITE)
    assert str(error.value) == fences(wrong, "text")[0].strip()


def test_the_remark_on_the_writing_page_is_what_an_editor_is_told() -> None:
    text = fences(section(WRITING, "When something is wrong"), "text")[1].strip()
    head = b"---\ntitle: 'What the council decided'\ndate: 2018-07-17\nshare_message: {whatsap: Read}\n---\n"
    (remark,) = read_post(head, "posts/2018-07-17-minutes.md", SITE).remarks
    assert str(remark).replace(": share_message", ": warning: share_message") == text


def test_the_share_keys_of_the_writing_page_are_understood() -> None:
    for example in fences(section(WRITING, "The head, key by key"), "yaml"):
        assert read_post(f"---\n{example}\n---\n".encode(), "posts/2026-11-20-x.md", SITE).remarks == ()


def test_the_sharing_page_tells_of_every_network_what_the_share_desk_holds_it_to() -> None:
    told = {row[0]: row[2:4] for row in cells(section(SHARING, "What each network does with a link"))[2:]}
    assert list(told) == [reader.label for reader in READERS.values()]
    for reader in READERS.values():
        title, description = told[reader.label]
        assert numbers(title) == lengths(reader.title_length.value)
        is_shown = bool(reader.description.value and reader.shows_description)
        assert description.startswith("—") != is_shown
        assert numbers(description) == (lengths(reader.description_length.value) if is_shown else set())


def test_the_sharing_page_tells_how_long_a_share_text_may_be() -> None:
    told = numbers(section(SHARING, "Share texts"))
    assert {network.limit for network in networks.LINKS.values() if network.limit} <= told


def test_every_focal_point_of_the_sharing_page_is_one() -> None:
    for line in fences(SHARING, "yaml")[0].splitlines():
        assert read_post(f"---\n{line}\n---\n".encode(), "posts/2026-11-20-x.md", SITE).focus


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_about_posts_in_documents_exists(document: Path) -> None:
    text = document.read_text()
    groups = {"bitacora ": command.commands, "bitacora publish ": publish.commands, "flask posts ": posts.commands}
    for group, known in groups.items():
        for name, rest in re.findall(rf"(?m)(?:^|`|&& ){group}(?:--site \S+ )?([a-z][a-z-]*)([^`\n#]*)", text):
            if name == "publish":
                continue
            options = {option for parameter in known[name].params for option in parameter.opts}
            assert set(re.findall(r"--[a-z]+", rest)) <= options, f"{group}{name}{rest}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_of_documents_lead_somewhere(document: Path) -> None:
    for target in links(document.read_text()):
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), f"{document.name} links to {target}"
        assert not anchor or anchor in anchors(file.read_text()), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_command_in_documents_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = re.findall(r"(?:`|^)make ([a-z]+)", document.read_text(), re.M)
    assert set(named) <= targets


def test_the_sizing_table_is_what_its_figures_give() -> None:
    figures, table = re.findall(r"(?:^\|.*\n)+", section(DEPLOYING, "Sizing"), re.M)
    _, live, cached, _, worker, posts, caches, others = (number(row[1]) for row in cells(figures)[2:])
    for cores, *memory, asked_live, asked_cached in (map(number, row) for row in cells(table)[2:]):
        expected = [others + cores * (worker + caches + posts * thousands) for thousands in (1, 10, 100)]
        expected += [cores * 0.7 * 1_000_000 / cost for cost in (live, cached)]
        assert [*memory, asked_live, asked_cached] == pytest.approx(expected, abs=1)


def test_the_cores_for_many_readers_are_what_the_figures_give() -> None:
    figures = re.findall(r"(?:^\|.*\n)+", section(DEPLOYING, "Sizing"), re.M)[0]
    live, cached = (number(row[1]) / 1_000_000 for row in cells(figures)[3:5])
    readers = re.findall(r"(?:^\|.*\n)+", section(DEPLOYING, "Internet scale"), re.M)[0]
    for pages, moment, by, asked, cores in cells(readers)[2:]:
        most = 10 * number(pages) / 86_400
        copies = most - number(asked) if by.startswith("nginx with its cache") else 0
        assert number(moment.removesuffix("/s")) == pytest.approx(most, abs=1)
        assert number(cores) == math.ceil((number(asked) * live + copies * cached) / 0.7), by


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def documented_keys() -> set[frozenset[str]]:
    """The keys in each row, rows that begin with the same key together."""
    found: dict[str, set[str]] = {}
    for row in rows(section(WRITING, "The head, key by key")):
        keys = [key_of(key.split(":")[0]) for cell in row[:2] for key in code(cell)]
        found.setdefault(keys[0], set()).update(keys)
    return {frozenset(keys) for keys in found.values()}


def documented_settings() -> dict[str, list[str]]:
    return {code(row[0])[0]: row for row in rows(SETTINGS)}


def assert_documented(setting: Field[Any], name: str) -> None:
    _, kind, default, what = documented_settings()[name]
    assert str(setting.type) in TYPES[kind]
    assert what
    if setting.default is MISSING or setting.default in ("", (), None):
        assert default, "a default that is computed is told in words"
    elif isinstance(setting.default, tuple):
        assert tuple(code(default)) == setting.default
    else:
        shown = setting.default
        if isinstance(shown, bool):
            shown = int(shown) if kind == "1 or 0" else str(shown).lower()
        assert default == f"`{shown}`"


def section(text: str, heading: str) -> str:
    """What stands below a heading of the second level, up to the next one."""
    bare = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", lambda fence: " " * len(fence[0]), text, flags=re.M | re.S)
    start = bare.index(f"\n## {heading}\n") + 1
    end = bare.find("\n## ", start)
    return text[start : end if end >= 0 else len(text)]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each table row whose first cell begins with code."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.split("|")[1:-1]]


def cells(text: str) -> list[list[str]]:
    """The cells of each row of a table, its head and the line below that among them."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]


def numbers(text: str) -> set[int]:
    """The numbers of two digits or more: those of characters, and not of lines or of bytes in a letter."""
    return {int(number) for number in re.findall(r"\d{2,}", text)}


def lengths(length: Length) -> set[int]:
    return {length.rule, length.typical} - {0}


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.M | re.S))


def links(text: str) -> list[str]:
    """Targets of links and pictures that are neither absolute nor in code."""
    targets = re.findall(r"\]\(([^)\s]+)[^)]*\)", without_code(text))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """The addresses that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_lines_for_a_file_of_systemd_s_are_as_it_reads_them() -> None:
    """To the end of the line all is value: one variable on each, and no comment beside it."""
    [lines] = [block for block in fences(DEPLOYING, "sh") if block.startswith("VARNISH=")]
    assert [line for line in lines.splitlines() if not re.fullmatch('[A-Z_]+=("[^"]*"|[^\\s"]*)', line)] == []


def test_the_tree_of_the_architecture_is_that_of_the_code() -> None:
    tree = (ROOT / "docs/architecture.md").read_text().partition("bitacora/\n")[2].partition("templates/")[0]
    told, rooms = set(), [""]
    for line in tree.splitlines():
        name, _, does = line.strip().partition(" ")
        assert does.strip(), line
        depth = (len(line) - len(line.lstrip())) // 2
        if name.endswith("/"):
            rooms[depth:] = [f"{rooms[depth - 1]}{name}"]
        else:
            told.add(f"{rooms[depth - 1]}{name.removesuffix('.py')}")
    code = {
        path.relative_to(ROOT / "bitacora").with_suffix("").as_posix()
        for path in (ROOT / "bitacora").rglob("*.py")
    }
    assert told == {module for module in code if not module.endswith("__init__")}
