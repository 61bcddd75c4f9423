"""What each network takes from the same head, in which order, and how much of it it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitacora.share.crawl import Head, parse_head
from bitacora.share.network import CONFIDENCES, Fact, Length, PictureRules
from bitacora.share.networks import READERS
from bitacora.share.readers import Reading, articles, read, shorten
from bitacora.share.text import graphemes

URL = "https://blog.example.org/2018/07/17/x/"
OG_TITLE, TWITTER_TITLE = (
    '<meta property="og:title" content="og">',
    '<meta name="twitter:title" content="twitter">',
)
HTML_TITLE = "<title>html</title>"
OG_TEXT = '<meta property="og:description" content="og">'
TWITTER_TEXT = '<meta name="twitter:description" content="twitter">'
HTML_TEXT = '<meta name="description" content="html">'
OG_IMAGE = '<meta property="og:image" content="https://a.example/og.jpg">'
TWITTER_IMAGE = '<meta name="twitter:image" content="https://a.example/twitter.jpg">'
EMOJI = "👩🏽‍🔬"


def parsed(inside: str) -> Head:
    return parse_head(f"<head>{inside}</head>".encode())


def reading(network: str, inside: str, oembed: Mapping[str, object] | None = None) -> Reading:
    return read(READERS[network], parsed(inside), oembed or {})


def each(inside: str, part: str) -> dict[str, str]:
    """What each network takes for a part, where it takes anything."""
    found = {name: getattr(reading(name, inside), part) for name in READERS}
    return {name: said.text for name, said in found.items() if said.text}


def script(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


# --- the table


def test_there_are_thirteen_readers_in_this_order() -> None:
    order = "google facebook x linkedin whatsapp telegram slack discord imessage mastodon bluesky threads reddit"
    assert " ".join(READERS) == order
    assert [reader.name for reader in READERS.values()] == list(READERS)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_every_fact_names_its_source_and_how_sure_it_is(reader: object) -> None:
    rules = [getattr(reader, entry.name) for entry in fields(reader)]  # type: ignore[arg-type]
    pictures = next(rule for rule in rules if isinstance(rule, PictureRules))
    rules += [getattr(pictures, entry.name) for entry in fields(pictures)]
    facts = [rule for rule in rules if isinstance(rule, Fact)]
    assert len(facts) > 10
    for fact in facts:
        assert fact.source
        assert fact.confidence in CONFIDENCES


def test_networks_without_published_rules_are_approximate() -> None:
    assert {name for name, reader in READERS.items() if reader.is_approximate} == {
        "linkedin", "telegram", "slack", "reddit",
    }  # fmt: skip


def test_reading_limits_are_those_of_the_documents() -> None:
    limits = {name: reader.reads.value for name, reader in READERS.items() if reader.reads}
    million = 1_000_000
    assert limits == {"whatsapp": 300_000, "facebook": million, "threads": million, "imessage": million}


def test_at_most_two_kinds_of_request_are_made() -> None:
    kinds = {(reader.encoding.value, reader.byte_range) for reader in READERS.values()}
    assert kinds == {("identity", ""), ("gzip, deflate", "bytes=0-524288")}


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("google", "https://search.google.com/test/rich-results?url=https%3A%2F%2Fblog.example.org%2F2018%2F07%2F17%2Fx%2F"),
        ("facebook", "https://developers.facebook.com/tools/debug/?q=https%3A%2F%2Fblog.example.org%2F2018%2F07%2F17%2Fx%2F"),
        ("threads", "https://developers.facebook.com/tools/debug/?q=https%3A%2F%2Fblog.example.org%2F2018%2F07%2F17%2Fx%2F"),
        ("linkedin", "https://www.linkedin.com/post-inspector/inspect/https%3A%2F%2Fblog.example.org%2F2018%2F07%2F17%2Fx%2F"),
        ("telegram", "https://t.me/WebpageBot"),
        ("bluesky", "https://cardyb.bsky.app/v1/extract?url=https%3A%2F%2Fblog.example.org%2F2018%2F07%2F17%2Fx%2F"),
        ("discord", "https://discord.com/developers/embeds"),
        ("x", ""),
        ("whatsapp", ""),
        ("imessage", ""),
        ("slack", ""),
        ("mastodon", ""),
        ("reddit", ""),
    ],
)  # fmt: skip
def test_the_official_debugger_gets_the_address(network: str, address: str) -> None:
    assert READERS[network].debugger_of(URL) == address


def test_who_has_no_debugger_says_so() -> None:
    without = {name for name, reader in READERS.items() if not reader.debugger.value}
    assert without <= {name for name, reader in READERS.items() if reader.debugger_note}


# --- precedence

OG = dict.fromkeys(READERS, "og")
BOTH_AND_TITLE = OG | {"google": "html", "x": "twitter"}


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (HTML_TITLE + OG_TITLE + TWITTER_TITLE, BOTH_AND_TITLE),
        (TWITTER_TITLE + OG_TITLE + HTML_TITLE, BOTH_AND_TITLE | {"slack": "twitter", "discord": "twitter"}),
        (OG_TITLE, OG),
        (TWITTER_TITLE, dict.fromkeys(("x", "telegram", "slack", "discord", "bluesky"), "twitter")),
        (HTML_TITLE + HTML_TEXT, {name: "html" for name in READERS if name != "x"}),
        (HTML_TITLE, {name: "html" for name in READERS if name not in {"x", "discord"}}),
        (
            '<meta property="og:title" content="">' + HTML_TITLE + HTML_TEXT,
            {n: "html" for n in READERS if n != "x"},
        ),
        ("", {}),
    ],
)
def test_titles_come_in_each_networks_own_order(inside: str, expected: dict[str, str]) -> None:
    assert each(inside, "title") == expected


DESCRIBED = {name for name in READERS if name not in {"imessage", "reddit"}}


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (
            HTML_TEXT + OG_TEXT + TWITTER_TEXT,
            dict.fromkeys(DESCRIBED, "og") | {"google": "html", "x": "twitter"},
        ),
        (
            TWITTER_TEXT + OG_TEXT + HTML_TEXT,
            dict.fromkeys(DESCRIBED, "og")
            | {"google": "html", "x": "twitter", "slack": "twitter", "discord": "twitter"},
        ),
        (OG_TEXT, dict.fromkeys(DESCRIBED - {"google"}, "og")),
        (
            HTML_TEXT + HTML_TITLE,
            dict.fromkeys(("google", "telegram", "slack", "discord", "mastodon", "bluesky"), "html"),
        ),
        (HTML_TEXT, dict.fromkeys(("google", "telegram", "slack", "mastodon", "bluesky"), "html")),
    ],
)
def test_descriptions_come_in_each_networks_own_order(inside: str, expected: dict[str, str]) -> None:
    assert each(inside, "description") == expected


@pytest.mark.parametrize(
    ("inside", "twitter"),
    [(OG_IMAGE + TWITTER_IMAGE, {"x"}), (TWITTER_IMAGE + OG_IMAGE, {"x", "slack", "discord"})],
)
def test_pictures_come_in_each_networks_own_order(inside: str, twitter: set[str]) -> None:
    found = each(inside, "picture")
    assert {name for name, url in found.items() if "twitter" in url} == twitter
    assert set(found) == set(READERS)


def test_linkedin_and_meta_ignore_what_is_written_for_x() -> None:
    for network in ("linkedin", "facebook", "whatsapp", "threads", "imessage", "mastodon", "reddit"):
        found = reading(network, TWITTER_TITLE + TWITTER_TEXT + TWITTER_IMAGE)
        assert (found.title.text, found.description.text, found.picture.text) == ("", "", "")


@pytest.mark.parametrize("kind", ["NewsArticle", "WebPage"])
@pytest.mark.parametrize("form", ["%s", "[%s]", '[{"@type": "Person"}, %s]'])
def test_mastodon_lets_data_at_the_root_go_before_open_graph(kind: str, form: str) -> None:
    data = (
        f'{{"@type": "{kind}", "headline": "data", "description": "text", "author": [{{"name": "Ana"}}],'
        f' "publisher": {{"name": "Diario"}}, "datePublished": "2020-01-01"}}'
    )
    found = reading("mastodon", OG_TITLE + OG_TEXT + script(form % data))
    assert (found.title.text, found.description.text) == ("data", "text")
    assert (found.byline, found.site_name, found.date) == ("Ana", "Diario", "2020-01-01")
    assert reading("facebook", OG_TITLE + script(data)).title.text == "og"


@pytest.mark.parametrize(
    "data",
    [
        '{"@type": "BlogPosting", "headline": "data"}',
        '{"@type": ["NewsArticle"], "headline": "data"}',
        '{"@graph": [{"@type": "WebPage", "headline": "data"}]}',
        '{"@type": "WebPage", "headline": ""}',
        '{"@type": "WebPage", "headline": 5}',
        '{"@type": "WebPage", "headline": "data"',
        '"NewsArticle"',
        "null",
        "[[]]",
    ],
)
def test_mastodon_takes_open_graph_where_data_is_another_kind(data: str) -> None:
    assert reading("mastodon", OG_TITLE + script(data)).title.text == "og"


def test_google_finds_articles_in_a_graph_too() -> None:
    data = script('{"@graph": [{"@type": "WebSite"}, {"@type": ["BlogPosting"], "datePublished": "2020-01-01"}]}')
    assert [item["@type"] for item in articles(parsed(data))] == [["BlogPosting"]]
    assert reading("google", data).date == "2020-01-01"


def test_slack_takes_oembed_before_all_else_and_discord_only_for_gaps() -> None:
    oembed = {"title": "oembed", "author_name": "Ana", "provider_name": "Diario"}
    slack, discord = reading("slack", OG_TITLE, oembed), reading("discord", OG_TITLE, oembed)
    assert (slack.title.text, slack.byline, slack.site_name) == ("oembed", "Ana", "Diario")
    assert (discord.title.text, discord.byline, discord.site_name) == ("og", "Ana", "Diario")
    assert reading("discord", "", oembed).title.text == "oembed"
    assert reading("facebook", "", oembed).title.text == ""


def test_names_and_properties_are_not_mixed_but_by_those_that_say_so() -> None:
    wrong = '<meta name="og:title" content="og"><meta property="twitter:title" content="twitter">'
    assert each(wrong, "title") == {"discord": "og", "mastodon": "og"}


def test_slack_shows_two_pairs_and_leaves_out_half_of_one() -> None:
    def pairs(*names: str) -> tuple[tuple[str, str], ...]:
        return reading("slack", "".join(f'<meta name="twitter:{name}" content="{name}">' for name in names)).fields

    assert pairs("label1", "data1", "label2", "data2") == (("label1", "data1"), ("label2", "data2"))
    assert pairs("label1", "label2", "data2", "label3", "data3") == (("label2", "data2"),)


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        (["#0a5f63"], "#0a5f63"),
        (["#0A5F6380"], "#0A5F63"),
        (["#111111", "#222222"], "#222222"),
        (["teal"], ""),
        (["#fff"], ""),
        ([], ""),
    ],
)
def test_discords_bar_takes_the_last_colour_in_a_form_it_knows(colours: list[str], expected: str) -> None:
    tags = "".join(f'<meta name="theme-color" content="{colour}">' for colour in colours)
    assert reading("discord", tags).accent == expected


def test_mastodons_byline_is_the_account_first() -> None:
    account = '<meta name="fediverse:creator" content="@ana@social.example">'
    author = (
        '<meta property="og:author" content="Ana"><meta property="article:author" content="https://a.example/">'
    )
    assert reading("mastodon", author + account).byline == "@ana@social.example"
    assert reading("mastodon", author).byline == "Ana"


# --- cutting


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("a" * 70, Length(70), "a" * 70),
        ("a" * 71, Length(70), "a" * 70 + "…"),
        ("a" * 61, Length(110, 60), "a" * 61),
        ("a" * 81, Length(typical=80), "a" * 80 + "…"),
        ("a" * 5000, Length(), "a" * 5000),
        (EMOJI * 4000, Length(70), EMOJI * 70 + "…"),
        ("á" * 35, Length(70, unit="bytes"), "á" * 35),
        ("á" * 36, Length(70, unit="bytes"), "á" * 35 + "…"),
        (EMOJI * 5, Length(70, unit="bytes"), EMOJI * 4 + "…"),
        ("uno dos", Length(4), "uno…"),
    ],
)
def test_a_text_is_cut_after_the_rule_in_whole_clusters(text: str, length: Length, expected: str) -> None:
    assert shorten(text, length) == (expected, expected != text)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a" * 63, "a" * 63),
        ("a" * 30 + " " + "b" * 30 + " c" * 20, "a" * 30 + " " + "b" * 30 + " c" * 5 + "…"),
        ("a" * 24 + " " + "b" * 60, "a" * 24 + "…"),
        ("a" * 23 + " " + "b" * 60, "a" * 23 + " " + "b" * 39 + "…"),
        ("a" * 80, "a" * 63 + "…"),
    ],
)
def test_google_cuts_at_the_last_space_of_its_window(words: str, expected: str) -> None:
    assert shorten(words, READERS["google"].title_length.value)[0] == expected


@pytest.mark.parametrize(
    ("network", "title", "description"),
    [
        ("google", (63, 0), (160, 0)),
        ("facebook", (110, 60), (200, 0)),
        ("x", (70, 0), (200, 0)),
        ("linkedin", (200, 0), (300, 0)),
        ("whatsapp", (0, 80), (0, 80)),
        ("telegram", (0, 80), (0, 340)),
        ("slack", (0, 0), (0, 300)),
        ("discord", (70, 0), (350, 0)),
        ("imessage", (0, 0), (0, 0)),
        ("mastodon", (200, 0), (0, 80)),
        ("bluesky", (200, 0), (0, 0)),
        ("threads", (120, 0), (0, 0)),
        ("reddit", (0, 0), (0, 0)),
    ],
)
def test_lengths_are_those_of_the_documents(
    network: str, title: tuple[int, int], description: tuple[int, int]
) -> None:
    reader = READERS[network]
    said = [
        (length.rule, length.typical) for length in (reader.title_length.value, reader.description_length.value)
    ]
    assert said == [title, description]


@given(st.text(), st.integers(1, 40), st.sampled_from(["graphemes", "bytes"]))
def test_a_cut_text_is_never_longer_than_the_rule_and_the_sign(text: str, limit: int, unit: str) -> None:
    length = Length(limit, unit=unit)
    shown, is_cut = shorten(text, length)
    assert is_cut is (length.of(text) > limit)
    assert length.of(shown) <= limit + length.of("…")
    if unit == "graphemes" and not is_cut:
        assert graphemes(shown) == graphemes(text)
