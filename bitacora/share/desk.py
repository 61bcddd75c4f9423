"""The share desk: how a page will look on each network, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from bitacora.posts.head import key_of
from bitacora.posts.pictures import size_of
from bitacora.problems import Remark
from bitacora.settings import Site
from bitacora.share.crawl import Answer, Crawl, Fetch, Head, Page, timed
from bitacora.share.form import declared_size, form_of
from bitacora.share.links import ShareText
from bitacora.share.network import LARGE, OFFICIAL, PLAIN, TEXT, Reader
from bitacora.share.networks import READERS
from bitacora.share.readers import Reading, Said, oembed_of, read, shorten
from bitacora.share.rule import SEVERITIES, WARNING, Case, Picture, PictureFacts, Verdict, host_of, own_path
from bitacora.share.text import clean
from bitacora.share.verdicts import general, merged, verdicts

__all__ = ["Desk", "PictureFacts", "Shown", "Verdict", "desk", "notes"]


@dataclass(frozen=True, slots=True)
class Shown:
    """How one network shows the link.

    `form` is "large", "small" or "text": picture over the text, thumbnail beside it, no picture. Texts are cut as
    the network cuts them and end with `…` where they were. `ratio` is width by height of the box that the picture
    is cropped into. `date` is as the page writes it. `debugger_note` is a msgid.
    """

    network: str
    label: str
    form: str
    title: str
    title_cut: bool
    description: str
    description_cut: bool
    site: str
    picture: str
    alt: str
    ratio: float
    byline: str
    date: str
    accent: str
    fields: tuple[tuple[str, str], ...]
    approximate: bool
    verdicts: tuple[Verdict, ...]
    debugger: str
    debugger_note: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Each network's preview, and what concerns several of them merged, worst first."""

    shown: tuple[Shown, ...]
    summary: tuple[Verdict, ...]


def desk(
    fetch: Fetch,
    path: str,
    site: Site,
    facts: PictureFacts | None,
    lines: Mapping[str, int],
    *,
    facts_on_x: PictureFacts | None = None,
    title_on_x: str = "",
    texts: Iterable[ShareText] = (),
    remarks: Iterable[Remark] = (),
) -> Desk:
    """What the networks make of the page at the site-relative `path`, as `fetch` really answers it.

    The page is asked for twice, plain and packed; its picture, robots.txt and oEmbed document are asked for where
    they are the site's own. `facts` are those of the picture that the page should name, `facts_on_x` of that for X
    alone, `lines` those of the front matter keys in the post's file, `title_on_x` the title for X alone. `texts`
    are what will be posted with the link, `remarks` tell what of the front matter is not used.
    """
    visit = _Visit(fetch, path, site, filter(None, (facts, facts_on_x)), texts)
    keys = frozenset(map(key_of, lines))
    cases = [replace(visit.case(reader), keys=keys, title_on_x=title_on_x) for reader in READERS.values()]
    found = {case.reader.name: verdicts(case, lines) for case in cases}
    shown = tuple(_shown(case, visit.url, [verdict for verdict, _ in found[case.reader.name]]) for case in cases)
    plain = next(case for case in cases if case.reader.name == _PLAINEST)
    everything = [*general(plain, lines), *(pair for pairs in found.values() for pair in pairs)]
    summary = [*map(_remarked, remarks), *merged(everything, {name: one.label for name, one in READERS.items()})]
    return Desk(shown, tuple(sorted(summary, key=lambda verdict: SEVERITIES.index(verdict.severity))))


def notes() -> frozenset[str]:
    """Every msgid that a debugger's note may be."""
    return frozenset(reader.debugger_note for reader in READERS.values() if reader.debugger_note)


_PLAINEST = "facebook"
"""Reads Open Graph and nothing else: what concerns all is seen through its eyes."""
_EXTENSIONS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
    "heic": "image/heic",
}


class _Visit:
    """Everything that is asked of the site for one desk, each address once."""

    def __init__(
        self, fetch: Fetch, path: str, site: Site, facts: Iterable[PictureFacts], texts: Iterable[ShareText]
    ) -> None:
        self.url = site.url + path
        self._path = path
        self._fetch = fetch
        self._site = site
        self._facts = {urljoin(self.url, one.url): one for one in facts}
        self._texts = {text.network: text for text in texts}
        self._crawl = Crawl(fetch, path)
        self._answers: dict[str, Answer] = {}

    def case(self, reader: Reader) -> Case:
        page = self._crawl.page(reader.user_agent.value, reader.encoding.value, reader.byte_range)
        limit = reader.reads.value if reader.reads else 0
        head, whole = self._crawl.head(page, limit), self._crawl.head(page)
        reading = read(reader, head, self._oembed(reader, head), host_of(self.url))
        picture = self._picture(reader, reading.picture, head)
        return Case(
            reader=reader,
            site=self._site,
            page=page,
            head=head,
            whole=whole,
            twin=self._twin(page, READERS[reader.twin]) if reader.twin else None,
            reading=reading,
            picture=picture,
            form=form_of(reader, reading, picture),
            path=self._path,
            ask=self._ask,
            robots=self._robots() if reader.robots else None,
            text=self._texts.get(reader.name),
        )

    def _twin(self, page: Page, twin: Reader) -> Head | None:
        """The head that the other reader got, if it got all of it."""
        other = self._crawl.page(twin.user_agent.value, twin.encoding.value, twin.byte_range)
        is_comparable = other.status == page.status == 200 and other.is_html and other.html is not None
        return self._crawl.head(other) if is_comparable else None

    def _picture(self, reader: Reader, said: Said, head: Head) -> Picture:
        url = self._followed(reader, said)
        if not url:
            return Picture(written=said.text, tag=said.tag)
        own = own_path(self._site, url)
        answer = self._ask(own) if own else None
        facts = self._facts.get(url)
        width, height = _measured(facts, answer)
        measured = bool(width and height)
        if not measured and _is_described(said, head):
            width, height = declared_size(head)
        served = _type_of(answer) if answer else ""
        return Picture(
            written=said.text,
            tag=said.tag,
            url=url,
            width=width,
            height=height,
            bytes=(facts.bytes if facts else 0) or (len(answer.body) if answer and answer.status == 200 else 0),
            type=(facts.type if facts else "") or served or _declared_type(said, head) or _type_of_name(url),
            is_ours=bool(own) or bool(facts and facts.is_local),
            is_measured=measured,
            problem=facts.problem if facts else None,
            missing=facts.missing if facts else "",
            status=answer.status if answer else 0,
            headers=answer.headers if answer else {},
        )

    def _followed(self, reader: Reader, said: Said) -> str:
        """The absolute address that a reader makes of a picture's, empty where it makes none."""
        if not said.text:
            return ""
        try:
            parts = urlsplit(said.text)
            if parts.scheme:
                return said.text if parts.scheme in {"http", "https"} and parts.hostname else ""
            rule = "any" if said.tag == "apple-touch-icon" else reader.relative.value
            follows = rule == "any" or (rule == "slash" and said.text.startswith("/"))
            return urljoin(self.url, said.text) if follows else ""
        except ValueError:  # http://[
            return ""

    def _ask(self, path: str) -> Answer:
        if path not in self._answers:
            headers = {
                "User-Agent": READERS[_PLAINEST].user_agent.value,
                "Accept-Encoding": PLAIN,
                "Accept": "*/*",
            }
            self._answers[path] = timed(self._fetch, path, headers)
        return self._answers[path]

    def _robots(self) -> RobotFileParser | None:
        """The rules of robots.txt, which lies at the root of a host: not below it, where a site may be."""
        if urlsplit(self._site.url).path:
            return None
        answer = self._ask("/robots.txt")
        if answer.status != 200:
            return None
        robots = RobotFileParser()
        robots.parse(answer.body.decode("utf-8", "replace").splitlines())
        return robots

    def _oembed(self, reader: Reader, head: Head) -> Mapping[str, Any]:
        """The oEmbed document, if it is ours: another site's is not fetched."""
        if not reader.reads_oembed or not head.oembed:
            return {}
        try:
            path = own_path(self._site, urljoin(self.url, head.oembed))
        except ValueError:  # http://[
            return {}
        return oembed_of(self._ask(path) if path else None) or {}


def _remarked(remark: Remark) -> Verdict:
    """What a head says in vain: no network's business. The rule is ours, and so is its source."""
    values = dict(remark.values)
    return Verdict(
        network="",
        severity=WARNING,
        rule=remark.mistake.rule,
        message=remark.mistake.reason,
        values={**values, "networks": None},
        measured=values["written"],
        limit=values.get("allowed", ""),
        source="Bitácora, docs/writing.md",
        confidence=OFFICIAL,
        remedy=remark.mistake.remedy,
        key=remark.key,
        line=remark.line,
    )


def _shown(case: Case, url: str, found: list[Verdict]) -> Shown:
    reader, reading = case.reader, case.reading if case.is_readable else Reading()
    form = case.form if case.is_readable else TEXT
    host = host_of(reading.address.text) or host_of(url)
    title, title_cut = shorten(clean(reading.title.text), reader.title_length.value)
    description, description_cut = shorten(_description(case, reading, form), reader.description_length.value)
    return Shown(
        network=reader.name,
        label=reader.label,
        form=form,
        title=title or host,
        title_cut=title_cut,
        description=description,
        description_cut=description_cut,
        site=_site_line(reader, clean(reading.site_name), host, url),
        picture=case.picture.url if form != TEXT else "",
        alt=clean(reading.alt.text) if form != TEXT else "",
        ratio=_ratio(reader, case.picture, form),
        byline=clean(reading.byline),
        date=clean(reading.date),
        accent=reading.accent,
        fields=reading.fields,
        approximate=reader.is_approximate,
        verdicts=tuple(found),
        debugger=reader.debugger_of(url),
        debugger_note=reader.debugger_note,
    )


def _description(case: Case, reading: Reading, form: str) -> str:
    is_replaced = case.reader.byline_replaces_description and reading.byline
    return "" if is_replaced or form not in case.reader.shows_description else clean(reading.description.text)


def _site_line(reader: Reader, name: str, host: str, url: str) -> str:
    style, length = reader.site.value, reader.address_length
    if style == "breadcrumb":
        scheme, _, rest = url.partition("://")
        trail = f"{scheme}://" + " › ".join(filter(None, rest.split("/")))
        return shorten(trail, length.value)[0] if length else trail
    if style == "DOMAIN":
        return host.upper()
    if style == "domain":
        return host
    return name or (host if style == "name" else "")


def _ratio(reader: Reader, picture: Picture, form: str) -> float:
    rules = reader.pictures
    box = rules.ratio.value if form == LARGE else rules.small_ratio.value
    return box or picture.ratio or (1.91 if form == LARGE else 1.0)


def _measured(facts: PictureFacts | None, answer: Answer | None) -> tuple[int, int]:
    if facts and facts.width and facts.height:
        return facts.width, facts.height
    is_there = answer is not None and answer.status == HTTPStatus.OK and not (facts and facts.problem)
    return size_of(answer.body) if answer and is_there else (0, 0)


def _type_of(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind if answer.status == 200 and kind.startswith("image/") else ""


def _is_described(said: Said, head: Head) -> bool:
    """Whether it is the picture whose size and type the page declares, whichever tag names it."""
    return said.tag == "og:image" or said.text == head.first("og:image")


def _declared_type(said: Said, head: Head) -> str:
    return head.first("og:image:type").lower() if _is_described(said, head) else ""


def _type_of_name(url: str) -> str:
    return _EXTENSIONS.get(urlsplit(url).path.rpartition(".")[2].lower(), "")
