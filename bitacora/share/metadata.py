"""What a network is told about a page: title, description, picture, times, authors, JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from urllib.parse import quote, urljoin, urlsplit

from bitacora.posts.post import Author, Post
from bitacora.settings import Site
from bitacora.share.text import CLUSTER, clean

DESCRIPTION_GRAPHEMES = 200  # X cards markup documentation, archived (official)
ALT_GRAPHEMES = 420  # the same, twitter:image:alt (official)

# Where neither the tag nor the site's languages name a region: the likely one of Unicode's CLDR.
REGIONS = {
    "ay": "BO", "ca": "ES", "de": "DE", "en": "US", "es": "ES", "eu": "ES", "fr": "FR", "gl": "ES",
    "gn": "PY", "it": "IT", "nl": "NL", "pt": "BR", "qu": "PE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SharePicture:
    """The one picture of a preview. Pixels as measured, 0 if unknown; `type` is a media type or empty."""

    url: str
    width: int = 0
    height: int = 0
    type: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ShareAuthor:
    """Who wrote: a name, and the absolute address of a page about them."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Preview:
    """All that a page says about itself when it is shared. Absent texts are empty.

    Every text is one line of plain text without control or bidi characters, every address is absolute and
    ASCII. `published` and `modified` are ISO 8601 with the offset of the site's zone, and `date` is the first
    of them as a value.
    """

    title: str
    description: str
    url: str
    site_name: str
    locale: str
    type: str
    language: str
    card: str
    picture: SharePicture | None
    twitter_site: str
    alternate_locales: tuple[str, ...] = ()
    date: datetime | None = None
    published: str = ""
    modified: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[ShareAuthor, ...] = ()
    fediverse_creator: str = ""
    twitter_creator: str = ""
    twitter_title: str = ""
    twitter_picture: SharePicture | None = None
    minutes: int = 0
    json_ld: dict[str, object] = field(default_factory=dict)

    @property
    def json_ld_text(self) -> str:
        """The JSON-LD as text that is safe inside a script element; empty where there is none."""
        return _script_json(self.json_ld) if self.json_ld else ""


def preview(
    post: Post,
    site: Site,
    *,
    summary: str,
    picture: SharePicture | None,
    picture_on_x: SharePicture | None = None,
    minutes: int,
    logo: str = "",
    translations: Sequence[str] = (),
) -> Preview:
    """What to say about a post, or about a page out of `pages/`.

    `summary` is plain text of any length; `picture.alt` is its caption or alternative text, `picture_on_x` the one
    for X where that is another. `logo` is the address of the site's logo for search engines, `translations` are
    the language tags of the post's other versions.
    """
    title = clean(post.share_title) or post.title
    said = site_preview(site, title, summary, post.url, _described(picture, title, post), language=post.lang)
    title_on_x = clean(post.share_title_on_x)
    said = replace(
        said,
        alternate_locales=_unique((_locale(tag, site) for tag in translations), said.locale),
        authors=_authors(post, site),
        fediverse_creator=_first(fediverse_handle(author.fediverse) for author in post.authors),
        twitter_creator=_first(x_handle(author.x) for author in post.authors),
        twitter_title=title_on_x,
        twitter_picture=_picture(_described(picture_on_x, title_on_x or title, post), site),
        minutes=minutes,
    )
    return said if post.kind == "page" else _article(said, post, site, logo)


def site_preview(
    site: Site,
    title: str,
    description: str,
    path: str,
    picture: SharePicture | None = None,
    *,
    language: str = "",
) -> Preview:
    """What to say about a page that is no post: home, a category, an archive. `path` begins with a slash."""
    title = clean(title) or clean(site.title)
    language = (language or site.language).replace("_", "-")
    picture = _picture(picture, site)
    return Preview(
        title=title,
        description=cut(clean(description) or clean(site.description) or title, DESCRIPTION_GRAPHEMES),
        url=_address(re.sub(r"[?#].*", "", path, flags=re.DOTALL), site),
        site_name=clean(site.title),
        locale=_locale(language, site),
        type="website",
        language=language,
        card="summary_large_image" if picture else "summary",
        picture=picture,
        twitter_site=_site_account(site),
    )


_SENTENCE = re.compile(r"[.!?][\"'»”’)\]]*\s|[。！？]")


def cut(text: str, limit: int) -> str:
    """Text of at most `limit` graphemes (10 or more): whole, or cut at a sentence, else at a word, with `…`.

    A sentence must fill two fifths of the limit: 80 of 200, as much as WhatsApp shows, and beyond the full stop
    of most abbreviations.
    """
    ends = [found.end() for found in islice(CLUSTER.finditer(text), limit + 1)]
    if len(ends) <= limit:
        return text
    room = ends[limit - 2]
    sentences = [found.end() for found in _SENTENCE.finditer(text, 0, room)]
    if sentences and sentences[-1] >= ends[limit * 2 // 5 - 1]:
        return text[: sentences[-1]] + "…"
    space = text.rfind(" ", 0, room + 1)
    end = space if space >= ends[limit // 2] else room
    return text[:end].rstrip(" .,;:-–—¿¡([«“") + "…"


def x_handle(text: str) -> str:
    """`@name` out of a name, an @name or a profile's address at X; empty if it is none of these."""
    form = r"(?:https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/)?@?([A-Za-z0-9_]{1,15})/?"
    found = re.fullmatch(form, text.strip())
    return f"@{found[1]}" if found else ""


def fediverse_handle(text: str) -> str:
    """`@user@instance` out of that, of `user@instance` or of a profile's address; else empty."""
    user, host = r"([A-Za-z0-9_.-]+)", r"([A-Za-z0-9.-]+\.[A-Za-z0-9-]+)"
    if found := re.fullmatch(f"@?{user}@{host}", text.strip()):
        return f"@{found[1]}@{found[2]}"
    if found := re.fullmatch(f"https://{host}/@{user}/?", text.strip()):
        return f"@{found[2]}@{found[1]}"
    return ""


def _described(picture: SharePicture | None, title: str, post: Post) -> SharePicture | None:
    """Without an alternative text that is the title once more, unless an editor wrote it as a caption."""
    if picture and clean(picture.alt) == clean(title) and clean(picture.alt) not in _captions(post):
        return replace(picture, alt="")
    return picture


def _captions(post: Post) -> Collection[str]:
    images = [*post.images, *filter(None, [post.share_image, post.share_image_on_x])]
    return {clean(image.caption) for image in images}


def _article(said: Preview, post: Post, site: Site, logo: str) -> Preview:
    published, modified = _local(post.date, site), _local(_modified(post), site)
    said = replace(
        said,
        type="article",
        date=published,
        published=_iso(published),
        modified=_iso(modified),
        section=_first(clean(term.name) for term in post.categories),
        tags=_unique(clean(term.name) for term in post.tags),
    )
    return replace(said, json_ld=_blog_posting(said, site, logo))


def _modified(post: Post) -> datetime | None:
    """The last edit, if it came after publication: a post written ahead is published unchanged."""
    if post.updated and post.date and post.updated > post.date:
        return post.updated
    return None


def _local(moment: datetime | None, site: Site) -> datetime | None:
    """In the zone of the site; in UTC where ISO 8601 cannot write its offset, or its year ends there."""
    if moment is None:
        return None
    try:
        local = moment.astimezone(site.zone)
    except OverflowError:
        return moment.astimezone(UTC)
    offset = local.utcoffset() or timedelta()
    return moment.astimezone(UTC) if offset % timedelta(minutes=1) else local


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _unique(texts: Iterable[str], known: str = "") -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(texts) if text and text != known)


def _authors(post: Post, site: Site) -> tuple[ShareAuthor, ...]:
    named = [(clean(author.name), author) for author in post.authors]
    return tuple(ShareAuthor(name, _author_url(author, site)) for name, author in named if name)


def _author_url(author: Author, site: Site) -> str:
    return _web_address(author.url, site) or _address(f"/author/{author.slug}/", site)


def _site_account(site: Site) -> str:
    """The account at X of the site's own author, who is a key of `[authors]` or the name of one."""
    for key, author in site.authors.items():
        if site.author in (key, author.get("name")):
            return x_handle(author.get("x", ""))
    return ""


def _locale(tag: str, site: Site) -> str:
    """`es_CL`: the tag's own region, else the one that the site gives that language, else a likely one."""
    language, region = _language_and_region(tag)
    if not region:
        of_site = (_language_and_region(other) for other in (site.language, *site.languages))
        region = _first(found for other, found in of_site if other == language)
    region = region or REGIONS.get(language, "")
    return f"{language}_{region}" if region else language


def _language_and_region(tag: str) -> tuple[str, str]:
    language, *rest = re.split("[-_]", tag)
    region = _first(part.upper() for part in rest if re.fullmatch("[A-Za-z]{2}|[0-9]{3}", part))
    return language.lower(), {"419": "LA"}.get(region, region)  # Meta's name for Latin America (convention)


def _picture(picture: SharePicture | None, site: Site) -> SharePicture | None:
    """The picture with an absolute address; none if networks cannot show it: X and WhatsApp refuse SVG."""
    url = _web_address(picture.url, site) if picture else ""
    if not picture or not url or picture.type == "image/svg+xml":
        return None
    return replace(picture, url=url, alt=cut(clean(picture.alt), ALT_GRAPHEMES))


def _web_address(url: str, site: Site) -> str:
    """Absolute http(s) address, or "" for an empty one and for any other scheme."""
    try:
        address = _address(clean(url), site) if url.strip() else ""
        return address if urlsplit(address).scheme in {"http", "https"} else ""
    except ValueError:  # not an address: http://[
        return ""


def _address(url: str, site: Site) -> str:
    """Absolute and ASCII, as `og:url` and `og:image` must be; a path hangs under the site's own address."""
    if url.startswith("/") and not url.startswith("//"):
        url = site.url + url
    return quote(urljoin(site.url + "/", url), safe="%/:?#[]@!$&'()*+,;=~")


def _blog_posting(said: Preview, site: Site, logo: str) -> dict[str, object]:
    """One BlogPosting at the root.

    Mastodon lets a root of type NewsArticle or WebPage override Open Graph, and ignores this type (observed:
    mastodon/mastodon, app/lib/link_details_extractor.rb); to Google they are equal (official).
    """
    publisher = {"@type": "Organization", "name": said.site_name}
    authors = [{"@type": "Person", "name": author.name, "url": author.url} for author in said.authors]
    fields = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": said.title,
        "description": said.description,
        "image": [said.picture.url] if said.picture else [],
        "datePublished": said.published,
        "dateModified": said.modified or said.published,
        "author": (authors[0] if len(authors) == 1 else authors) or {**publisher, "url": site.url + "/"},
        "publisher": {**publisher, **_logo(logo, site)},
        "mainEntityOfPage": said.url,
        "inLanguage": said.language,
    }
    return {name: value for name, value in fields.items() if value}


def _logo(logo: str, site: Site) -> dict[str, object]:
    url = _web_address(logo, site)
    return {"logo": {"@type": "ImageObject", "url": url}} if url else {}


_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def _script_json(value: dict[str, object]) -> str:
    """JSON that no HTML parser can take for the end of a script or the start of a comment."""
    return json.dumps(value, ensure_ascii=False).translate(_IN_SCRIPT)
