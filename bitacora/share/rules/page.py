"""Rules about the page itself: can it be had and read, where it says it lives, what else it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from bitacora.settings import Site
from bitacora.share.network import CONVENTION, OFFICIAL, Fact
from bitacora.share.readers import Said, shorten
from bitacora.share.rule import (
    ADVICE,
    APPLE,
    DISCORD,
    ERROR,
    IN_TEMPLATE,
    MASTODON,
    META,
    NOINDEX_KEYS,
    PICTURE_KEYS,
    SOME,
    WARNING,
    WHATSAPP,
    Case,
    Found,
    cite,
    host_of,
    parts_of,
    rule,
    scheme_of,
    weights,
)

# --- can the page be read at all


@rule(
    "page-status",
    ERROR,
    "The address of the post answers with code %(measured)s and not with the post, so there is nothing to show.",
    "Open the address yourself. If the post is not there, look at its date, at draft, and whether it is broken.",
)
def page_status(case: Case) -> Iterator[Found]:
    if case.page.status not in (200, 206):
        yield Found(DISCORD, str(case.page.status), "200")


@rule(
    "page-not-html",
    ERROR,
    "The address of the post answers with a file of the type “%(measured)s” and not with a page.",
    "Nothing in the post can change this: ask whoever runs the site.",
)
def page_not_html(case: Case) -> Iterator[Found]:
    if case.page.status in (200, 206) and not case.page.is_html:
        measured = "attachment" if case.page.is_download else case.page.type or "–"
        yield Found(DISCORD, measured, "text/html")


@rule(
    "page-packed-wrongly",
    ERROR,
    "The page arrives packed as “%(measured)s”, which this network cannot unpack.",
    "Nothing in the post can change this: ask whoever runs the site, or the proxy in front of it.",
)
def page_packed_wrongly(case: Case) -> Iterator[Found]:
    if case.page.html is None:
        yield Found(META, case.page.encoding, case.reader.encoding.value)


@rule(
    "no-gzip",
    WARNING,
    "The page arrives unpacked although this network asked for it packed, as it wants every page.",
    "Nothing in the post can change this: ask whoever runs the site, or the proxy in front of it.",
    asked=SOME,
)
def no_gzip(case: Case) -> Iterator[Found]:
    if case.page.html and not case.page.encoding:
        yield Found(META, "–", case.reader.encoding.value)


@rule(
    "page-slow",
    WARNING,
    "The page took %(measured)s to answer; this network waits %(limit)s for all of it.",
    "Try again; if it stays slow, ask whoever runs the site.",
)
def page_slow(case: Case) -> Iterator[Found]:
    patience, seconds = case.reader.patience, case.page.seconds
    if case.reader.waits_for_picture and (answer := case.answer(case.picture.url)):
        seconds += answer.seconds
    if patience and seconds > patience.value:
        yield Found(patience, f"{seconds:.0f} s", f"{patience.value} s", excess=seconds / patience.value)


@rule(
    "redirects-too-many",
    WARNING,
    "The old address %(address)s leads to the post by way of %(measured)s redirects; this network follows at most "
    "%(limit)s.",
    "In [redirects] of site.toml, let each old address lead straight to the post.",
)
def redirects_too_many(case: Case) -> Iterator[Found]:
    most = case.reader.redirects
    if not most:
        return
    for address in _far_away(case.site, most.value):
        count = _redirects(case, address)
        if count > most.value:
            yield Found(most, str(count), str(most.value), {"address": address}, excess=count, subject=address)


def _far_away(site: Site, steps: int) -> Iterator[str]:
    """Old addresses of the settings that begin a chain of so many redirects there, or more."""
    for start in site.redirects.keys() - set(site.redirects.values()):
        here, seen = start, {start}
        while (here := site.redirects.get(here, "")) and here not in seen:
            seen.add(here)
        if len(seen) >= steps:
            yield start


def _redirects(case: Case, address: str) -> int:
    """How many redirects lead from an old address to this page; 0 where they do not, or not in twenty."""
    here = case.site.url + address
    for count in range(20):
        if here == case.site.url + case.path:
            return count
        answer = case.answer(here)
        if answer is None or not 300 <= answer.status < 400:
            break
        here = urljoin(here, answer.headers.get("location", ""))
    return 0


@rule(
    "page-differs",
    WARNING,
    "The page tells one network another thing than the next one.",
    "It must say the same to all. Nothing in the post can change this: ask whoever runs the site.",
    asked=SOME,
)
def page_differs(case: Case) -> Iterator[Found]:
    if case.twin is not None and case.twin.metas != case.whole.metas:
        yield Found(APPLE, "2", "1")


@rule(
    "page-moves-by-itself",
    WARNING,
    "The page sends its readers on to another one (meta refresh); this network does not follow.",
    IN_TEMPLATE,
    asked=SOME,
)
def page_moves_by_itself(case: Case) -> Iterator[Found]:
    for meta in case.head.metas:
        if (meta.name, meta.attribute) == ("refresh", "http-equiv"):
            yield Found(APPLE, meta.content, "–")
            return


@rule(
    "head-too-far",
    ERROR,
    "What the page says about itself ends only after %(measured)s; this network stops reading at %(limit)s.",
    "Mend the template that writes so much into the head of the page: it belongs below, or into its own file.",
)
def head_too_far(case: Case) -> Iterator[Found]:
    reads = case.reader.reads
    if not reads or case.reader.reads_page:
        return
    if case.whole.ends_at > reads.value:
        yield Found(reads, *weights(case.whole.ends_at, reads.value), excess=case.whole.ends_at / reads.value)


@rule(
    "page-too-large",
    ERROR,
    "The page weighs %(measured)s; this network reads pages of at most %(limit)s.",
    "Cut the post in two, or move what is large in it, such as pictures inside the text, into files.",
)
def page_too_large(case: Case) -> Iterator[Found]:
    reads, size = case.reader.reads, len(case.page.html or b"")
    if reads and case.reader.reads_page and size > reads.value:
        yield Found(reads, *weights(size, reads.value))


@rule(
    "resources-too-heavy",
    WARNING,
    "The pictures, icons and films that the page names for previews weigh %(measured)s together; this network "
    "takes at most %(limit)s.",
    "Choose lighter ones, or mend the template that names so many.",
    PICTURE_KEYS,
)
def resources_too_heavy(case: Case) -> Iterator[Found]:
    most = case.reader.resources
    answers = (case.answer(url) for url in _resources(case)) if most else ()
    size = sum(len(answer.body) for answer in answers if answer)
    if most and size > most.value:
        yield Found(most, *weights(size, most.value))


def _resources(case: Case) -> dict[str, None]:
    """What Apple fetches besides the page: icon, image, video (LPMetadataProvider, shouldFetchSubresources)."""
    metas = [url for name in ("og:image", "og:video", "og:audio") for url in case.head.all(name)]
    links = [link.href for link in case.head.links if {"apple-touch-icon", "icon"} & set(link.rel.split())]
    return dict.fromkeys(url for url in (*metas, *links) if url)


@rule(
    "tags-outside-head",
    ERROR,
    "The page says “%(tag)s” too late, after its head has ended, where networks do not look.",
    "Something that does not belong into the head of the page ends it early: mend the template that writes it.",
)
def tags_outside_head(case: Case) -> Iterator[Found]:
    known = {meta.name for meta in case.whole.metas}
    lost = [name for name in case.whole.stray if name not in known]
    if lost:
        tag = next((name for name in lost if name in {"og:title", "og:image"}), lost[0])
        yield Found(WHATSAPP, tag, "<head>", {"tag": tag})


@rule(
    "noindex",
    WARNING,
    "The page asks search engines not to list it.",
    "If the post should be found, take this out of its front matter; if it is not there, mend the template.",
    NOINDEX_KEYS,
    asked=SOME,
)
def noindex(case: Case) -> Iterator[Found]:
    if asked := {"noindex", "none"} & set(_robots(case)):
        yield Found(cite("Google Search Central, robots meta tag", OFFICIAL), min(asked), "–")


@rule(
    "no-large-preview",
    ADVICE,
    "The page does not allow search engines to show its picture large.",
    IN_TEMPLATE,
    asked=SOME,
)
def no_large_preview(case: Case) -> Iterator[Found]:
    said = _robots(case)
    if case.picture.url and "max-image-preview:large" not in said and not {"noindex", "none"} & set(said):
        fact = cite("Yoast/wordpress-seo #22647", CONVENTION)
        yield Found(fact, ", ".join(said) or "–", "max-image-preview:large")


def _robots(case: Case) -> list[str]:
    said = [*case.head.all("robots"), *case.head.all("googlebot"), case.page.headers.get("x-robots-tag", "")]
    return [word.replace(" ", "") for text in said for word in text.lower().split(",") if word.strip()]


# --- address


@rule(
    "address-missing",
    WARNING,
    "The page does not say its own address for this network (%(limit)s).",
    IN_TEMPLATE,
    asked=SOME,
)
def address_missing(case: Case) -> Iterator[Found]:
    wanted = case.reader.address
    if wanted and not case.reading.address.text:
        limit = " / ".join(name for name in wanted.value if isinstance(name, str))
        yield Found(wanted, "–", limit)


@rule(
    "canonical-missing",
    WARNING,
    "The page does not name its one true address (link rel=canonical).",
    IN_TEMPLATE,
    asked=SOME,
)
def canonical_missing(case: Case) -> Iterator[Found]:
    if not case.head.link("canonical"):
        yield Found(MASTODON, "–", "canonical")


@rule(
    "address-elsewhere",
    ERROR,
    "The page says that it lives on another site, %(measured)s: what people share counts for that one.",
    IN_TEMPLATE,
)
def address_elsewhere(case: Case) -> Iterator[Found]:
    for fact, said in _addresses(case):
        host, own = host_of(said.text), host_of(case.site.url)
        if host and host != own:
            yield Found(fact, host, own, {"tag": said.tag}, subject=host)


@rule(
    "address-another",
    ERROR,
    "The page gives another address of this site as its own, %(measured)s: what people share counts for that one.",
    IN_TEMPLATE,
)
def address_another(case: Case) -> Iterator[Found]:
    own = case.site.url + case.path
    here = _place(own, own)
    for fact, said in _addresses(case):
        place = _place(said.text, own)
        if place and here and place != here and place[0] == here[0]:
            is_slight = place[1] == here[1] and place[2].rstrip("/") == here[2].rstrip("/")
            severity = WARNING if is_slight else ERROR
            yield Found(fact, said.text, own, {"tag": said.tag}, severity, subject=said.text)


def _place(url: str, base: str) -> tuple[str, int, str] | None:
    """Host, port (0 for the usual one) and path, each in one form; None for what is no address."""
    try:
        parts = urlsplit(urljoin(base, url))
        port = parts.port or 0
    except ValueError:  # http://[
        return None
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.hostname or "", 0 if port == usual else port, unquote(parts.path) or "/"


@rule(
    "address-not-https",
    WARNING,
    "The page's own address in “%(tag)s” is not a full https address: %(measured)s.",
    "Write url in site.toml with https://; if it is right, mend the template that writes this.",
)
def address_not_https(case: Case) -> Iterator[Found]:
    for fact, said in _addresses(case):
        if scheme_of(said.text) != "https" or not host_of(said.text):
            yield Found(fact, said.text, "https://", {"tag": said.tag}, subject=said.text)


@rule(
    "address-decorated",
    WARNING,
    "The page's own address carries an addition: %(measured)s. Networks then count it as another page.",
    IN_TEMPLATE,
)
def address_decorated(case: Case) -> Iterator[Found]:
    for fact, said in _addresses(case):
        parts = parts_of(said.text)
        if parts and (parts[3] or parts[4]):
            limit = said.text.partition("#")[0].partition("?")[0]
            yield Found(fact, said.text, limit, {"tag": said.tag}, subject=said.text)


@rule(
    "address-cut",
    ADVICE,
    "The address has %(measured)s characters, of which this network shows %(limit)s: “%(shown)s”.",
    "Leave it if the post is out already, for its links would break. A new one reads better with a shorter slug.",
    (("permalink", "url", "path", "slug"), "slug"),
    asked=SOME,
)
def address_cut(case: Case) -> Iterator[Found]:
    address, most = case.reading.address.text, case.reader.address_length
    shown, is_cut = shorten(address, most.value) if most else ("", False)
    if most and is_cut:
        yield Found(most, str(len(address)), str(most.value.limit), {"shown": shown})


def _addresses(case: Case) -> Iterator[tuple[Fact[Any], Said]]:
    if case.reader.address and case.reading.address.text:
        yield case.reader.address, case.reading.address
