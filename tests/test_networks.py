"""Each network's link and text."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import regex

from bitacora import settings
from bitacora.settings import Site
from bitacora.share.links import ShareText, share_links, share_texts
from bitacora.share.metadata import Preview, site_preview
from bitacora.share.networks import LINKS as NETWORKS
from bitacora.share.networks.mastodon import mastodon_length
from bitacora.share.networks.threads import threads_length
from bitacora.share.networks.x import x_length
from bitacora.share.text import graphemes as bluesky_length

SITE = Site(title="Bitácora", url="https://blog.example.org")
SAID = site_preview(SITE, "La democracia", "De qué se trata.", "/2018/07/17/x/")
URL = "https://blog.example.org/2018/07/17/x/"
MESSAGES = {
    "plain": "Lee esto",
    "quotes": "\"doble\" 'simple' <b> & + % # ? = ; /",
    "emoji": "👩🏽‍🔬 ñandú 한국",
    "lines": "Uno\n\nDos & tres",
    "percent": "100%25 %0A",
    "long": "palabra " * 500 + "fin",
    "script": "</script><script>alert(1)</script>",
}


def links(messages: Mapping[str, str], said: Preview = SAID) -> dict[str, str]:
    return {link.network: link.url for link in share_links(said, messages, settings.NETWORKS)}


def texts(messages: Mapping[str, str], said: Preview = SAID) -> dict[str, ShareText]:
    return {text.network: text for text in share_texts(said, messages, settings.NETWORKS)}


def query(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    found = parse_qs(parts.query or parts.fragment, strict_parsing=True, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def test_there_is_a_network_for_every_one_that_the_settings_allow() -> None:
    assert tuple(NETWORKS) == settings.NETWORKS


def test_links_come_in_the_order_of_the_site_and_once_each() -> None:
    made = share_links(SAID, {}, ["x", "email", "whatsapp", "x"])
    assert [(link.network, link.label) for link in made] == [
        ("x", "X"),
        ("email", "E-mail"),
        ("whatsapp", "WhatsApp"),
    ]


@pytest.mark.parametrize(
    ("network", "place"),
    [
        ("whatsapp", ("https", "wa.me", "/")),
        ("facebook", ("https", "www.facebook.com", "/sharer/sharer.php")),
        ("x", ("https", "twitter.com", "/intent/tweet")),
        ("telegram", ("https", "t.me", "/share/url")),
        ("linkedin", ("https", "www.linkedin.com", "/sharing/share-offsite/")),
        ("mastodon", ("https", "share.joinmastodon.org", "/")),
        ("bluesky", ("https", "bsky.app", "/intent/compose")),
        ("threads", ("https", "www.threads.net", "/intent/post")),
        ("reddit", ("https", "www.reddit.com", "/submit")),
        ("email", ("mailto", "", "")),
    ],
)
def test_a_link_opens_the_networks_own_form(network: str, place: tuple[str, str, str]) -> None:
    assert urlsplit(links({})[network])[:3] == place


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_every_link_carries_the_message_and_the_address(message: str) -> None:
    line = " ".join(message.split())
    expected = {
        "whatsapp": {"text": f"{message} {URL}"},
        "facebook": {"u": URL},
        "x": {"text": message, "url": URL},
        "telegram": {"url": URL, "text": message},
        "linkedin": {"url": URL},
        "mastodon": {"text": f"{message} {URL}"},
        "bluesky": {"text": f"{message} {URL}"},
        "threads": {"text": f"{message} {URL}"},
        "reddit": {"url": URL, "title": line},
        "email": {"subject": "La democracia", "body": f"{message}\n\n{URL}".replace("\n", "\r\n")},
    }
    assert {network: query(url) for network, url in links({"default": message}).items()} == expected


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_space_is_never_a_plus_and_every_sign_is_encoded(message: str) -> None:
    for url in links({"default": message}).values():
        assert "+" not in url
        values = url.partition("#" if "#" in url else "?")[2]
        assert not set("<>\"' #?/:;") & set(values)
        assert url.isascii()


def test_mastodon_takes_its_text_behind_the_hash() -> None:
    parts = urlsplit(links({"default": "a # b"})["mastodon"])
    assert (parts.query, unquote(parts.fragment)) == ("", f"text=a # b {URL}")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ({"x": "para X", "default": "para todos"}, "para X"),
        ({"bluesky": "para Bluesky", "default": "para todos"}, "para todos"),
        ({"x": " \n\u202e", "default": "para todos"}, "para todos"),
        ({"bluesky": "para Bluesky"}, "La democracia"),
        ({}, "La democracia"),
    ],
)
def test_the_networks_own_message_goes_before_the_default_and_the_title(
    messages: dict[str, str], expected: str
) -> None:
    assert query(links(messages)["x"])["text"] == expected
    assert texts(messages)["x"].text == f"{expected} {URL}"


def test_a_message_keeps_its_lines_and_loses_controls() -> None:
    assert texts({"default": " a\u202e\x00b  c \r\nd\n"})["bluesky"].text == f"ab c\nd {URL}"


def test_a_message_that_carries_the_address_is_not_given_it_twice() -> None:
    messages = {"default": f"Lee {URL} hoy"}
    shown = {network: text.text for network, text in texts(messages).items()}
    assert all(text.count(URL) == 1 for text in shown.values())
    assert (shown["x"], shown["telegram"]) == (f"Lee {URL} hoy", f"{URL}\nLee hoy")
    assert all(unquote(url).count(URL) == 1 for url in links(messages).values())


def test_a_message_that_is_only_the_address_still_has_a_title_on_reddit() -> None:
    assert query(links({"default": URL})["reddit"]) == {"url": URL, "title": "La democracia"}


def test_a_longer_address_is_not_the_address() -> None:
    assert texts({"default": f"Lee {URL}otra/"})["x"].text == f"Lee {URL}otra/ {URL}"


def test_the_text_is_what_the_network_will_post() -> None:
    shown = {network: text.text for network, text in texts({"default": "Uno\nDos"}).items()}
    assert shown == {
        "whatsapp": f"Uno\nDos {URL}",
        "facebook": URL,
        "x": f"Uno\nDos {URL}",
        "telegram": f"{URL}\nUno\nDos",
        "linkedin": URL,
        "mastodon": f"Uno\nDos {URL}",
        "bluesky": f"Uno\nDos {URL}",
        "threads": f"Uno\nDos {URL}",
        "reddit": f"Uno Dos\n{URL}",
        "email": f"Uno\nDos\n\n{URL}",
    }


def test_limits_are_those_of_the_networks_that_have_one() -> None:
    assert {name: text.limit for name, text in texts({}).items() if text.limit} == {
        "x": 280,
        "mastodon": 500,
        "bluesky": 300,
        "threads": 500,
    }


@pytest.mark.parametrize(
    ("letters", "over"),
    [
        (200, {"x": 0, "mastodon": 0, "bluesky": 0}),
        (256, {"x": 0, "mastodon": 0, "bluesky": 0}),
        (257, {"x": 1, "mastodon": 0, "bluesky": 0}),
        (261, {"x": 5, "mastodon": 0, "bluesky": 0}),
        (262, {"x": 6, "mastodon": 0, "bluesky": 1}),
        (476, {"x": 220, "mastodon": 0, "bluesky": 215}),
        (477, {"x": 221, "mastodon": 1, "bluesky": 216}),
    ],
)
def test_a_text_is_over_by_the_networks_own_count(letters: int, over: dict[str, int]) -> None:
    assert len(URL) == 38
    shown = texts({"default": "a" * letters})
    assert {name: shown[name].over for name in over} == over
    assert shown["whatsapp"].over == 0


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("café", 4),
        ("cafe\u0301", 4),  # counted after NFC
        ("日本", 4),
        ("\u10ff\u1100", 3),
        ("\u200d\u200e", 3),
        ("\u2010\u201f\u2020", 4),
        ("\u2032\u2037\u2038", 4),
        ("“Así”", 5),
        ("👾", 2),
        ("🙋🏽", 2),
        ("👩‍👩‍👧‍👦", 2),
        ("🇨🇱", 2),
        ("1️⃣", 2),
        ("https://example.com", 23),
        ("https://example.com/very/long/path?with=1#all", 23),
        ("mira https://a.example/b, y http://c.example.", 5 + 23 + 4 + 23 + 1),
    ],
)
def test_x_counts_by_weight(text: str, length: int) -> None:
    assert x_length(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [("abc", 3), ("日本", 2), ("👩‍👩‍👧‍👦", 1), ("https://example.com", 19)],
)
def test_bluesky_counts_graphemes_and_the_whole_address(text: str, length: int) -> None:
    assert bluesky_length(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("abc", 3),
        ("acción", 7),
        ("“Así”", 9 + 1),
        ("日本", 6),
        ("🙂", 4),
        ("👩‍👩‍👧‍👦", 25),
        ("https://example.com", 19),
    ],
)
def test_threads_counts_bytes_and_the_whole_address(text: str, length: int) -> None:
    assert threads_length(text) == length


LONG = {
    "letters": "a" * 4_000,
    "emoji": "👩🏽‍🔬" * 400,
    "ideographs": "日" * 1_000,
    "bidi controls": "\u202eevil\u2066\u200f " * 100,
    "markup": "<b>&amp;</b> **x** [y](z) " * 100,
    "an address of its own": "https://example.org/" + "a" * 3_000,
}
OWN = {  # what the message alone counts, by network
    "letters": {"x": 4_000, "mastodon": 4_000, "bluesky": 4_000, "threads": 4_000},
    "emoji": {"x": 800, "mastodon": 400, "bluesky": 400, "threads": 6_000},
    "ideographs": {"x": 2_000, "mastodon": 1_000, "bluesky": 1_000, "threads": 3_000},
    "bidi controls": dict.fromkeys(("x", "mastodon", "bluesky", "threads"), 499),
    "markup": dict.fromkeys(("x", "mastodon", "bluesky", "threads"), 2_599),
    "an address of its own": {"x": 23, "mastodon": 23, "bluesky": 3_020, "threads": 3_020},
}


@pytest.mark.parametrize("kind", LONG)
def test_a_text_of_any_kind_and_length_is_whole_and_counted_by_each_networks_rule(kind: str) -> None:
    shown = texts({"default": LONG[kind]})
    links = {"x": 23, "mastodon": 23, "bluesky": len(URL), "threads": len(URL)}
    assert {name: shown[name].length for name in links} == {
        name: OWN[kind][name] + 1 + link for name, link in links.items()
    }
    assert {name: text.over for name, text in shown.items() if text.limit} == {
        name: max(0, text.length - text.limit) for name, text in shown.items() if text.limit
    }
    for name in ("whatsapp", "telegram", "email", "reddit"):
        assert (shown[name].limit, shown[name].over) == (0, 0)
        assert shown[name].length == len(regex.findall(r"\X", shown[name].text))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("日本", 2),
        ("👩‍👩‍👧‍👦", 1),
        ("https://example.com/very/long/path", 23),
        ("(https://a.example/b)", 25),
        ("hola @ana@social.example!", 10),
        ("correo ana@social.example", 25),
        ("https://social.example/@ana@otra.example", 23),
        ("ver/@ana@social.example", 23),
    ],
)
def test_mastodon_counts_links_as_23_and_mentions_without_instance(text: str, length: int) -> None:
    assert mastodon_length(text) == length
