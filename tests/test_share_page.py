"""The page of the share desk, read as a browser reads it, and once in a real one."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import html5lib
import jinja2
import pytest
from browser import Browser
from markupsafe import Markup

from bitacora.posts.post import Author, read_post
from bitacora.settings import Site
from bitacora.share.desk import Desk, Shown, Verdict
from bitacora.share.links import share_links, share_texts
from bitacora.share.metadata import SharePicture, preview
from bitacora.share.networks import READERS
from bitacora.web.alphabets import direction
from bitacora.web.headers import security
from bitacora.web.words import Words

ROOT = Path(__file__).parent.parent
SITE = Site(title="Bitácora", url="https://blog.example.org", language="en", languages=("en", "es"))
HEAD = """---
title: 'Setting sail: why we keep a log'
intro: A notebook beside the compass, one entry a day.
date: 2018-07-17 12:00:00 -0300
share_message: {default: Why we keep a log, x: "A log, kept"}
---
"""
POST = read_post(HEAD.encode(), "posts/2018-07-17-log.md", SITE)
PICTURE = "https://blog.example.org/2018/07/17/log/compass.jpg"
REMOTE = "https://i.imgur.example/zUmyKb0.jpg"
SHARE = preview(
    POST, SITE, summary=POST.intro, picture=SharePicture(PICTURE, 1200, 630, "image/jpeg", "A compass"), minutes=3
)
COMPOSERS = tuple(link.network for link in share_links(SHARE, {}, SITE.share))
FINDING = Verdict(
    network="facebook",
    severity="error",
    rule="picture-too-small",
    message="The picture is %(measured)s; below %(limit)s this network does not show it.",
    values={"measured": "150 × 100 px", "limit": "200 × 200 px", "networks": ("Facebook", "Threads")},
    measured="150 × 100 px",
    limit="200 × 200 px",
    source="Meta sharing docs, images and best practices",
    confidence="official",
    remedy="Choose another picture as share_image, or save this one as a JPEG of 1200 × 630 pixels.",
    key="single_image",
    line=12,
)
ADVICE = replace(FINDING, severity="advice", rule="title-cut", values={**FINDING.values, "networks": ()})
NETWORKS = list(READERS)
SVG = "{http://www.w3.org/2000/svg}"

each_network = pytest.mark.parametrize("network", NETWORKS)


def shown(network: str, **changes: Any) -> Shown:
    usual = Shown(
        network=network,
        label=READERS[network].label,
        form="large",
        title=f"Title on {network}",
        title_cut=False,
        description=f"Description on {network}",
        description_cut=False,
        site=f"site-of-{network}.example",
        picture=PICTURE,
        alt="A compass on a chart",
        ratio=1.91,
        byline="@ana@social.example" if network == "mastodon" else "",
        date=SHARE.published,
        accent="#123456" if network == "discord" else "",
        fields=(("Reading time", "3 minutes"),) if network == "slack" else (),
        approximate=False,
        verdicts=(),
        debugger="",
        debugger_note="",
    )
    return replace(usual, **changes)


def desk(*summary: Verdict, **changes: Any) -> Desk:
    return Desk(tuple(shown(network, **changes) for network in NETWORKS), summary)


def desk_with(network: str, **changes: Any) -> Desk:
    return Desk(tuple(shown(name, **(changes if name == network else {})) for name in NETWORKS), ())


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
    )
    Words(ROOT / "bitacora/web/translations").install(made)
    made.filters["direction"] = direction
    made.filters["date"] = lambda value, style="long": value.strftime("%d %b %Y")
    return made


def render(here: Desk | None, **context: Any) -> str:
    known = {
        "site": SITE,
        "lang": "en",
        "canonical": SHARE.url + "share/",
        "noindex": True,
        "navigation": [],
        "feeds": [("Bitácora", "/feed.xml")],
        "theme_css": "",
        "static": lambda name: f"/static/{name}",
        "written": lambda language, text="": Markup(f' lang="{language}" dir="ltr"' if language != "en" else ""),
        "post": POST,
        "share": SHARE,
        "share_links": share_links(SHARE, POST.share_message, SITE.share),
        "texts": share_texts(SHARE, POST.share_message, SITE.share),
        **({"desk": here} if here else {}),
    }
    return environment().get_template("share.html").render({**known, **context})


def read(here: Desk | None, **context: Any) -> Any:
    return html5lib.parse(render(here, **context), namespaceHTMLElements=False)


@cache
def page_of(form: str) -> Any:
    return read(desk(form=form, picture="" if form == "text" else PICTURE))


def text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def classed(element: Any, name: str) -> list[Any]:
    return [child for child in element.iter() if name in str(child.get("class", "")).split()]


def tile(page: Any, network: str) -> Any:
    return page.find(f".//section[@id='on-{network}']")


def sim(page: Any, network: str) -> Any:
    (found,) = classed(tile(page, network), "sim")
    return found


def pictures(element: Any) -> list[Any]:
    return [image for box in classed(element, "shot") for image in box.iter("img")]


# --- previews


@each_network
@pytest.mark.parametrize("form", ["large", "small", "text"])
def test_each_network_shows_its_own_texts_under_its_own_name(network: str, form: str) -> None:
    page = page_of(form)
    assert text(tile(page, network).find(".//h3")) == READERS[network].label
    said = text(sim(page, network))
    assert f"Title on {network}" in said
    assert f"site-of-{network}.example" in said
    assert len(pictures(sim(page, network))) == (form != "text")


def test_a_large_picture_and_a_small_one_are_laid_out_differently() -> None:
    pages = [page_of(form) for form in ("large", "small")]
    for network in NETWORKS:
        if network not in {"google", "imessage"}:
            large, small = (sim(page, network) for page in pages)
            assert classed(large, "card-large"), network
            assert not classed(large, "card-small"), network
            assert classed(small, "card-small"), network


def test_what_only_one_network_shows_is_on_its_preview() -> None:
    page = read(desk())
    assert "Reading time 3 minutes" in text(sim(page, "slack"))
    assert "@ana@social.example" in text(sim(page, "mastodon"))
    assert [bar.get("fill") for bar in sim(page, "discord").iter(f"{SVG}rect")] == ["#123456"]


def test_networks_that_show_no_description_leave_no_room_for_one() -> None:
    page = read(desk(description=""))
    for network in NETWORKS:
        described = [element for element in classed(sim(page, network), "description") if not text(element)]
        assert described == [], network


@pytest.mark.parametrize(
    ("ratio", "name"), [(1.91, "ratio-191"), (2.0, "ratio-2"), (1.0, "ratio-1"), (0.0, "ratio-191")]
)
def test_a_picture_is_cropped_into_the_box_of_its_network(ratio: float, name: str) -> None:
    (box,) = classed(sim(read(desk(ratio=ratio)), "x"), "shot")
    assert name in box.get("class").split()


def test_every_shape_of_a_box_is_in_the_stylesheet() -> None:
    known = set(re.findall(r"^\.(ratio-\d+) ", (ROOT / "static/share.css").read_text(), re.MULTILINE))
    ratios = [step / 20 for step in range(1, 120)]
    page = read(Desk(tuple(shown("x", ratio=ratio) for ratio in ratios), ()))
    used = {name for box in classed(page, "shot") for name in box.get("class").split() if name != "shot"}
    assert used == known


def test_our_own_picture_is_asked_of_this_server_and_a_remote_one_of_its_own() -> None:
    assert {image.get("src") for image in pictures(read(desk()))} == {"/2018/07/17/log/compass.jpg"}
    for address in (REMOTE, "https://blog.example.organic.example/a.jpg"):
        found = pictures(read(desk(picture=address)))
        assert {image.get("src") for image in found} == {address}
        assert {image.get("referrerpolicy") for image in found} == {"no-referrer"}


def test_what_is_guessed_says_so() -> None:
    page = read(desk_with("reddit", approximate=True))
    assert "approximate" in text(classed(tile(page, "reddit"), "tile-head")[0])
    assert "approximate" not in text(classed(tile(page, "facebook"), "tile-head")[0])


def test_the_head_of_a_preview_says_its_form_and_what_is_cut() -> None:
    page = read(desk_with("x", form="small", title_cut=True, description_cut=True))
    assert text(classed(tile(page, "x"), "tile-head")[0]) == "X small picture, title cut, description cut"


def test_each_composer_and_each_debugger_is_one_link_away() -> None:
    page = read(desk(debugger="https://debugger.example/?q=1"))
    for network in NETWORKS:
        links = {text(link): link for link in tile(page, network).iter("a")}
        shares = [label for label in links if label.startswith("Share on")]
        assert len(shares) == (network in COMPOSERS), network
        (debugger,) = (link for label, link in links.items() if label.startswith("Debugger"))
        assert debugger.get("href") == "https://debugger.example/?q=1"
        assert {link.get("rel", "").split()[0] for link in links.values()} == {"noopener"}


def test_a_network_without_a_debugger_says_why() -> None:
    here = desk_with("whatsapp", debugger_note=READERS["whatsapp"].debugger_note)
    assert "there is no debugger" in text(tile(read(here), "whatsapp"))
    assert "no hay depurador" in text(tile(read(here, lang="es"), "whatsapp"))


# --- verdicts


def test_a_verdict_says_what_is_wrong_how_much_and_how_to_mend_it() -> None:
    (found,) = classed(read(desk(FINDING)), "verdict")
    said = text(found)
    assert said.startswith("Problem The picture is 150 × 100 px; below 200 × 200 px")
    assert "Measured 150 × 100 px Limit 200 × 200 px" in said
    assert "Choose another picture as share_image" in said
    assert "single_image, line 12 of posts/2018-07-17-log.md" in said
    assert "Concerns: Facebook, Threads" in said
    assert "Source: Meta sharing docs, images and best practices (official)" in said


def test_a_verdict_names_no_line_that_is_not_known() -> None:
    said = text(classed(read(desk(replace(FINDING, line=0))), "verdict")[0])
    assert "line" not in said
    assert "single_image in posts/2018-07-17-log.md" in said
    assert "posts/" not in text(classed(read(desk(replace(FINDING, key=""))), "verdict")[0])


def test_a_verdict_about_everybody_says_so() -> None:
    assert "Concerns: all networks" in text(classed(read(desk(ADVICE)), "verdict")[0])


@pytest.mark.parametrize(
    ("summary", "heading"),
    [
        ((), "Ready to share everywhere"),
        ((ADVICE,), "Ready to share everywhere"),
        ((FINDING, ADVICE), "1 thing to mend"),
        ((FINDING, replace(FINDING, severity="warning"), ADVICE), "2 things to mend"),
    ],
)
def test_the_page_begins_with_how_much_there_is_to_mend(summary: tuple[Verdict, ...], heading: str) -> None:
    assert text(read(desk(*summary)).find(".//h2")) == heading


def test_under_each_preview_are_its_own_verdicts() -> None:
    page = read(desk_with("facebook", verdicts=(FINDING, ADVICE)))
    assert len(classed(tile(page, "facebook"), "verdict")) == 2
    assert text(tile(page, "facebook").find(".//summary")) == "2 remarks"
    assert "Nothing to mend." in text(tile(page, "x"))
    tally = {link.get("href"): text(link) for link in page.find(".//nav[@class='tally']").iter("a")}
    assert tally["#on-facebook"] == "Facebook 1 to mend"
    assert tally["#on-x"] == "X ✓ ready"


def test_the_page_speaks_the_language_of_the_site() -> None:
    page = read(desk(FINDING), lang="es")
    said = text(page.find(".//main"))
    assert "La imagen mide 150 × 100 px; por debajo de 200 × 200 px esta red no la muestra." in said
    assert "1 cosa por corregir" in said


# --- texts


def test_each_text_stands_with_its_length_and_its_composer() -> None:
    page = read(desk())
    found = {text(item.find("h3")): item for item in classed(page, "text")}
    assert text(classed(found["X"], "share-length")[0]) == "35 of 280 characters"
    assert "A log, kept" in text(found["X"])
    assert "Why we keep a log" in text(found["Mastodon"])
    for link in share_links(SHARE, POST.share_message, SITE.share):
        label = "E-mail" if link.network == "email" else link.label
        assert [a.get("href") for a in found[label].iter("a")] == [link.url]


def test_a_text_that_is_too_long_is_marked() -> None:
    long = share_texts(SHARE, {"default": "word " * 80}, SITE.share)
    marked = {
        text(item.find("h3")) for item in classed(read(desk(), texts=long), "text") if classed(item, "is-over")
    }
    assert marked == {"X", "Bluesky"}


def test_without_script_no_button_is_seen() -> None:
    buttons = list(read(desk()).iter("button"))
    assert len(buttons) == len(COMPOSERS) + 2
    assert {"hidden" in button.attrib for button in buttons} == {True}
    copied = {button.get("data-copy") for button in buttons}
    assert {share.text for share in share_texts(SHARE, POST.share_message, SITE.share)} <= copied
    (sheet,) = (button for button in buttons if "data-share" in button.attrib)
    assert (sheet.get("data-text"), sheet.get("data-url")) == ("Why we keep a log", SHARE.url)


# --- bad input


def test_hostile_text_stays_text() -> None:
    evil = "<script>alert(1)</script><b>x</b> %s %(title)s {{ 7*7 }} \"'>"
    finding = replace(
        FINDING, message="A <meta> is wrong: %(measured)s", values={"measured": evil}, measured=evil, limit=evil
    )
    here = desk(finding, title=evil, description=evil, site=evil, alt=evil, byline="@" + evil, verdicts=(finding,))
    page = read(here)
    assert [
        script.get("src") for script in page.iter("script") if script.get("type") != "application/ld+json"
    ] == ["/static/share.js"]
    assert list(page.iter("b")) == []
    assert f"A <meta> is wrong: {evil}" in text(classed(page, "verdict")[0])
    for network in NETWORKS:
        assert evil in text(sim(page, network)), network


@pytest.mark.parametrize("title", ["", "👩🏽‍🔬", "ا" * 300, "w" * 4000])
def test_any_title_makes_a_page(title: str) -> None:
    page = read(desk(title=title, description="", picture="", form="text"))
    assert len(classed(page, "sim")) == len(READERS)


def test_the_page_works_without_a_desk() -> None:
    page = read(None)
    assert text(classed(page, "share-card-title")[0]) == SHARE.title
    assert len(classed(page, "text")) == len(COMPOSERS)


# --- manners


@pytest.mark.parametrize("here", [desk(FINDING, verdicts=(FINDING,), debugger="https://x.example/"), None])
def test_headings_names_and_targets_are_in_order(here: Desk | None) -> None:
    page = read(here)
    levels = [int(element.tag[1]) for element in page.iter() if re.fullmatch("h[1-6]", str(element.tag))]
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {element.get("aria-labelledby") for element in page.iter() if element.get("aria-labelledby")} <= set(
        ids
    )
    assert {link.get("href")[1:] for link in page.iter("a") if link.get("href").startswith("#")} <= set(ids)
    assert {use.get("href")[1:] for use in page.iter(f"{SVG}use")} <= set(ids)
    for element in page.iter():
        assert element.tag not in {"a", "button", "summary"} or text(element), element.attrib


def test_nothing_is_styled_or_scripted_inside_the_page() -> None:
    page = read(desk(FINDING, verdicts=(FINDING,)))
    assert list(page.iter("style")) == []
    for element in page.iter():
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")], element.tag


# --- in a browser


PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
LONG = "Extraordinarily" * 6 + " interminable words about a log that goes on and on, " * 3
PAGES = {
    "/large": desk(FINDING, ADVICE, verdicts=(FINDING,), debugger="https://x.example/", approximate=True),
    "/small": desk(form="small", ratio=1.0, verdicts=(ADVICE,)),
    "/text": desk(form="text", picture="", accent="", debugger_note="X has no public debugger."),
    "/long": desk(title=LONG, description=LONG, site=LONG.replace(" ", ""), title_cut=True),
    "/none": None,
    "/wordy": desk(),
    "/emoji": desk(),
}
MESSAGES = {"/wordy": "w" * 4000, "/emoji": "👩🏽‍🔬" * 260 + "\u202e" + "日" * 500}


def test_no_account_is_made_up() -> None:
    said = {network: text(classed(tile(read(desk()), network), "sim")[0]) for network in NETWORKS}
    assert not any("@" in words.replace("@ana@social.example", "") for words in said.values())
    assert not any("r/blog" in words for words in said.values())
    assert "blog" not in said["threads"].replace("blog.example.org", "").split()
    author = (
        POST.authors[0]._replace(bluesky="ana.example")
        if POST.authors
        else Author("Ana", "ana", bluesky="ana.example")
    )
    known = {
        "post": POST._replace(authors=(author,)),
        "share": replace(SHARE, fediverse_creator="@ana@social.example", twitter_site="@elblog"),
    }
    page = read(desk(), **known)
    for network, account in (("mastodon", "@ana@social.example"), ("bluesky", "@ana.example"), ("x", "@elblog")):
        shown = [text(e) for e in tile(page, network).iter("bdi")]
        assert account in shown, network


@contextmanager
def served(pages: Mapping[str, str]) -> Iterator[str]:
    """Those pages, the stylesheets and a picture, with the headers of the site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            file = ROOT / path.removeprefix("/")
            if path in pages:
                body, kind = pages[path].encode(), "text/html; charset=utf-8"
            elif path.startswith("/static/"):
                body, kind = file.read_bytes(), "text/css" if path.endswith(".css") else "text/javascript"
            else:
                body, kind = PIXEL, "image/gif"
            self.send_response(200)
            for name, value in (*security(SITE), ("Content-Type", kind), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    said = {path: share_texts(SHARE, {"default": text}, SITE.share) for path, text in MESSAGES.items()}
    texts = {path: {"texts": said[path]} if path in said else {} for path in PAGES}
    with served({path: render(here, **texts[path]) for path, here in PAGES.items()}) as address:
        yield address


each_page = pytest.mark.parametrize("path", PAGES)


@each_page
def test_no_width_scrolls_sideways_or_hides_a_preview(browser: Browser, home: str, path: str) -> None:
    browser.open(home + path)
    for width in (320, 768, 1280, 1920):
        browser.become(width)
        assert browser.run("document.documentElement.scrollWidth") <= width
        hidden = "[...document.querySelectorAll('.sim')].filter(s => s.scrollWidth > s.clientWidth + 1)"
        assert browser.run(f"{hidden}.map(s => s.className)") == [], width


@each_page
def test_the_page_obeys_its_content_security_policy_and_asks_nobody_else(
    browser: Browser, home: str, path: str
) -> None:
    browser.open(home + path)
    assert [entry["entry"]["text"] for entry in browser.seen("Log.entryAdded")] == []
    asked = [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")]
    assert asked
    assert [url for url in asked if not url.startswith(home + "/")] == []


FAINT = """
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = (top, under) => [0, 1, 2].map((n) => top[n] * top[3] + under[n] * (1 - top[3]));
  const light = (colour) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), rgba("Canvas"));
  };
  const faint = [];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const isSeen = texts.currentNode.data.trim() && element.checkVisibility();
    if (!isSeen || element.closest(".visually-hidden")) continue;
    const under = ground(element);
    const [a, b] = [light(over(rgba(getComputedStyle(element).color), under)), light(under)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const where = element.closest(".sim")?.className ?? "";
    if (contrast < 4.5) faint.push(`${where} ${element.className} ${contrast.toFixed(2)}`);
  }
  return [...new Set(faint)];
})()
"""


@each_page
def test_every_word_can_be_read_by_weak_eyes(browser: Browser, home: str, path: str) -> None:
    browser.open(home + path)
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
    for scheme in ("light", "dark"):
        browser.become(1280, scheme)
        assert browser.run(FAINT) == [], scheme


@pytest.mark.parametrize("path", MESSAGES)
def test_a_long_message_leaves_its_preview_to_be_seen(browser: Browser, home: str, path: str) -> None:
    browser.open(home + path, 1280)
    heights = browser.run("[...document.querySelectorAll('.sim')].map(s => s.clientHeight)")
    assert len(heights) == len(READERS)
    assert max(heights) < 1000
    texts = browser.run("[...document.querySelectorAll('.share-text')].map(t => t.textContent.length)")
    assert max(texts) > 2000, "the list has all of it"


def test_light_and_dark_are_the_readers_own(browser: Browser, home: str) -> None:
    browser.open(home + "/large")
    faces = []
    for scheme in ("light", "dark"):
        browser.become(1280, scheme)
        colours = "[...document.querySelectorAll('.sim')].map(s => getComputedStyle(s).backgroundColor)"
        faces.append(browser.run(colours))
    assert len(faces[0]) == len(READERS)
    assert [light for light, dark in zip(*faces, strict=True) if light == dark] == []


@pytest.mark.parametrize("width", [320, 1280])
def test_what_is_touched_is_large_enough(browser: Browser, home: str, width: int) -> None:
    browser.open(home + "/large", width)
    small = browser.run(
        "[...document.querySelectorAll('main :is(a, button, summary)')].filter(e => e.checkVisibility())"
        ".map(e => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([, box]) => box.height < 44 || box.width < 44)"
        ".map(([text, box]) => `${text} ${box.width} ${box.height}`)"
    )
    assert small == []


def test_a_copy_button_copies_its_text_and_says_so(browser: Browser, home: str) -> None:
    clipboard = "{ writeText: async (text) => { window.copied = text } }"
    stub = f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})"
    script = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=stub)["identifier"]
    try:
        browser.open(home + "/large")
        browser.run("document.querySelector('.texts [data-copy]').click()")
        assert browser.run("window.copied") == share_texts(SHARE, POST.share_message, SITE.share)[0].text
        assert browser.run("document.querySelector('[role=status]').textContent") == "Copied"
        assert browser.run("document.querySelector('.texts [data-copy]').textContent") == "Copied"
    finally:
        browser.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


@pytest.mark.parametrize(("can", "hidden"), [("true", False), ("false", True)])
def test_the_share_sheet_is_offered_where_the_browser_has_one(
    browser: Browser, home: str, can: str, hidden: bool
) -> None:
    stub = f"navigator.canShare = () => {can}; navigator.share = async (data) => {{ window.shared = data }}"
    script = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=stub)["identifier"]
    try:
        browser.open(home + "/large")
        assert browser.run("document.querySelector('[data-share]').hidden") is hidden
        browser.run("document.querySelector('[data-share]').click()")
        expected = {"title": SHARE.title, "text": "Why we keep a log", "url": SHARE.url}
        assert browser.run("window.shared") == (None if hidden else expected)
    finally:
        browser.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def test_no_share_sheet_is_offered_where_there_is_none(browser: Browser, home: str) -> None:
    browser.open(home + "/large")
    assert browser.run("navigator.share === undefined")
    assert browser.run("document.querySelector('[data-share]').hidden")
