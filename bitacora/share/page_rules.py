"""Rules about the page itself: can it be had and read, where it says it lives, what else it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bitacora.share.readers import CONVENTION, OFFICIAL, Fact, Said
from bitacora.share.rule import (
    ADVICE,
    APPLE,
    DISCORD,
    ERROR,
    IN_TEMPLATE,
    MASTODON,
    META,
    NOINDEX_KEYS,
    WARNING,
    WHATSAPP,
    Case,
    Found,
    Rule,
    cite,
    host_of,
    parts_of,
    rule,
    scheme_of,
    weight,
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
    networks=("facebook", "threads"),
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
    patience = case.reader.patience
    if patience and case.page.seconds > patience.value:
        yield Found(
            patience,
            f"{case.page.seconds:.0f} s",
            f"{patience.value} s",
            excess=case.page.seconds / patience.value,
        )


@rule(
    "page-differs",
    WARNING,
    "The page tells one network another thing than the next one.",
    "It must say the same to all. Nothing in the post can change this: ask whoever runs the site.",
    networks=("imessage",),
)
def page_differs(case: Case) -> Iterator[Found]:
    if case.twin is not None and case.twin.metas != case.whole.metas:
        yield Found(APPLE, "2", "1")


@rule(
    "page-moves-by-itself",
    WARNING,
    "The page sends its readers on to another one (meta refresh); this network does not follow.",
    IN_TEMPLATE,
    networks=("imessage",),
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
        yield Found(
            reads, weight(case.whole.ends_at), weight(reads.value), excess=case.whole.ends_at / reads.value
        )


@rule(
    "page-too-large",
    ERROR,
    "The page weighs %(measured)s; this network reads pages of at most %(limit)s.",
    "Cut the post in two, or move what is large in it, such as pictures inside the text, into files.",
)
def page_too_large(case: Case) -> Iterator[Found]:
    reads, size = case.reader.reads, len(case.page.html or b"")
    if reads and case.reader.reads_page and size > reads.value:
        yield Found(reads, weight(size), weight(reads.value))


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
    "If the post should be found, take this out of its front matter.",
    NOINDEX_KEYS,
    networks=("google",),
)
def noindex(case: Case) -> Iterator[Found]:
    if asked := {"noindex", "none"} & set(_robots(case)):
        yield Found(cite("Google Search Central, robots meta tag", OFFICIAL), min(asked), "–")


@rule(
    "no-large-preview",
    ADVICE,
    "The page does not allow search engines to show its picture large.",
    IN_TEMPLATE,
    networks=("google",),
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
    networks=("whatsapp", "linkedin", "mastodon"),
)
def address_missing(case: Case) -> Iterator[Found]:
    wanted = case.reader.address
    if wanted and not case.reading.address.text:
        limit = " / ".join(name for name in wanted.value if isinstance(name, str))
        yield Found(wanted, "–", limit, {}, ERROR if case.reader.name == "whatsapp" else WARNING)


@rule(
    "canonical-missing",
    WARNING,
    "The page does not name its one true address (link rel=canonical).",
    IN_TEMPLATE,
    networks=("google", "mastodon"),
)
def canonical_missing(case: Case) -> Iterator[Found]:
    if not case.head.link("canonical"):
        yield Found(MASTODON, "–", "canonical")


@rule(
    "address-elsewhere",
    ERROR,
    "The page says that it lives on another site, %(measured)s: what people share counts for that one.",
    "Correct url in site.toml; if it is right, mend the template that writes this.",
)
def address_elsewhere(case: Case) -> Iterator[Found]:
    for fact, said in _addresses(case):
        host, own = host_of(said.text), host_of(case.site.url)
        if host and host != own:
            yield Found(fact, host, own, {"tag": said.tag}, subject=host)


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
    networks=("whatsapp", "linkedin", "facebook", "threads"),
)
def address_decorated(case: Case) -> Iterator[Found]:
    said = case.reading.address
    parts = parts_of(said.text)
    if parts and said.tag == "og:url" and (parts[3] or parts[4]):
        limit = said.text.partition("#")[0].partition("?")[0]
        yield Found(case.reader.address or WHATSAPP, said.text, limit)


def _addresses(case: Case) -> Iterator[tuple[Fact[Any], Said]]:
    if case.reader.address and case.reading.address.text:
        yield case.reader.address, case.reading.address


PAGE_RULES: tuple[Rule, ...] = (
    page_status,
    page_not_html,
    page_packed_wrongly,
    no_gzip,
    page_slow,
    page_differs,
    page_moves_by_itself,
    head_too_far,
    page_too_large,
    tags_outside_head,
    noindex,
    no_large_preview,
    address_missing,
    canonical_missing,
    address_elsewhere,
    address_not_https,
    address_decorated,
)
