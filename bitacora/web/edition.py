"""What pages ask of a snapshot: bodies, summaries, pictures, addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from bitacora.library.rendered import Bodies
from bitacora.library.snapshot import SUBJECTS, Snapshot, Subject
from bitacora.markdown.addresses import with_rooted
from bitacora.markdown.writer import Html
from bitacora.posts.permalink import as_made_by, quote_path
from bitacora.posts.pictures import Picture
from bitacora.posts.post import Author, Image, Post, Term, named_in_head, own_id
from bitacora.posts.visibility import is_listed
from bitacora.web.alphabets import direction, direction_of, is_written_in
from bitacora.web.files import Files

WORDS_PER_MINUTE = 220


@dataclass(frozen=True, slots=True)
class Edition:
    """A snapshot with its bodies and files."""

    snapshot: Snapshot
    bodies: Bodies
    files: Files

    def html(self, post: Post, *, absolute: bool = False) -> Html:
        """The rendered body. Raises PostError for one that cannot be shown."""
        html, site = self.bodies.html(self.snapshot, post, absolute=absolute), self.snapshot.site
        if absolute and site.prefix and site.html == "trusted":
            return replace(html, body=with_rooted(html.body, self.snapshot.absolute))
        return html

    def summary(self, post: Post) -> str:
        """What a post is about, as plain text: its intro, else the beginning of its body."""
        return post.intro or self.html(post).excerpt

    def minutes(self, post: Post) -> int:
        """Reading time, at least one minute."""
        return max(1, round(self.html(post).words / WORDS_PER_MINUTE))

    def image(self, post: Post) -> Image | None:
        """The picture that stands for a post, as it is written: the first of its head, else of its body."""
        if post.images:
            return post.images[0]
        lead = self.html(post).lead
        return Image(lead.src, lead.caption, lead.alt) if lead else None

    def picture(self, post: Post) -> Picture | None:
        """The same, ready to be shown."""
        image = self.image(post)
        return self.snapshot.picture(post, image) if image else None

    def shared_image(self, post: Post) -> Image | None:
        """The picture that networks show, as it is written: the one named for that, else `image`."""
        return post.share_image or self.image(post)

    def shared_picture(self, post: Post) -> Picture | None:
        """The same, ready to be shown."""
        image = self.shared_image(post)
        return self.snapshot.picture(post, image) if image else None

    def file_hash(self, post: Post, image: Image) -> str:
        """A hash of the bytes of a picture that lies in the site's folder."""
        path = self.snapshot.file_of(post, image)
        return self.files.content_hash(self.snapshot, path) if path else ""

    def file_bytes(self, post: Post, image: Image) -> bytes:
        """The bytes of such a picture. Raises OSError or PostError."""
        path = self.snapshot.file_of(post, image)
        return self.files.content(self.snapshot, path) if path else b""

    def named_files(self, post: Post) -> Iterator[str]:
        """Yield the addresses of files that a post names, in its head and in its body, as written there."""
        yield from named_in_head(post)
        html = self.html(post)
        yield from html.pictures
        yield from html.links

    def feed_id(self, post: Post) -> str:
        """Return the id of a post in feeds, which outlives a corrected address (RFC 4287, 4.2.6).

        It is the one of its head, else the first of its old addresses that the site's own pattern could have made.
        """
        redirects, pattern = self.snapshot.redirects, self.snapshot.site.permalink
        leading = (alias for alias in post.aliases if redirects.get(alias) == post.url)
        made = (as_made_by(pattern, alias) for alias in leading)
        return own_id(post) or self.identity(next(filter(None, made), post.url))

    def identity(self, url: str) -> str:
        """Return the id of an address in feeds: `url` of the site may change, `feed_id` does not."""
        site = self.snapshot.site
        return (site.feed_id or site.url) + url

    def translations(self, post: Post) -> list[Post]:
        """The same post in other languages, but for hidden ones, which are listed nowhere."""
        same = self.snapshot.translations.get(post.translation_key, ()) if post.translation_key else ()
        return [other for other in same if other.path != post.path and is_listed(other)]

    def static(self, name: str) -> str:
        """The address of a file in `static/`, which changes with its content."""
        return self.files.static_url(self.snapshot, name)

    def logo(self) -> str:
        """The absolute address of the picture that stands for the site."""
        return self.absolute(self.static(self.snapshot.site.logo or "touch-icon.png"))

    def term_url(self, kind: str, term: Term | Author) -> str:
        """Where the posts of one category, tag or author are listed: `kind` is one of these three words."""
        return quote_path(f"/{kind}/{self.snapshot.slug(kind, term)}/")

    def named(self, kind: str, term: Term | Author, post: Post | None = None) -> Markup:
        """The attributes of an element that holds the name of a category, tag or author, there or at a post.

        The name is taken for one in the site's language if a post in that has it, else for one in the language of
        the post, and where its letters are of neither, for one in none that is known.
        """
        site = self.snapshot.site.language
        if post is not None and post.lang == site:
            languages: Iterable[str] = (site,)
        else:
            subjects: Mapping[str, Subject] = getattr(self.snapshot, SUBJECTS[kind])
            subject = subjects.get(self.snapshot.slug(kind, term))
            of_posts = {other.lang: None for other in (subject.posts if subject else ())}
            first = (site,) if site in of_posts else ()
            languages = (*first, *((post.lang,) if post else of_posts))
        language = next((language for language in languages if is_written_in(term.name, language)), "")
        return self.written(language, term.name)

    def written(self, language: str, text: str = "") -> Markup:
        """The attributes `lang` and `dir` of an element in a language, and with this text, where it needs them."""
        site = self.snapshot.site.language
        runs = (direction_of(text) if text else "") or direction(language or site)
        found = f' lang="{escape(language)}"' if language and language != site else ""
        return Markup(found + (f' dir="{runs}"' if found or runs != direction(site) else ""))  # noqa: S704 - escaped

    def absolute(self, url: str) -> str:
        """An address of the blog itself with the site's own in front, unless it has one."""
        return self.snapshot.site.url + url if url.startswith("/") and not url.startswith("//") else url


def term_url(kind: str, term: Term | Author) -> str:
    """The same for the term of a Subject, which has the slug of its page."""
    return quote_path(f"/{kind}/{term.slug}/")
