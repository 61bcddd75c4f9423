"""What pages ask of a snapshot: bodies, summaries, pictures, addresses."""

from __future__ import annotations

from dataclasses import dataclass

from bitacora.content.bodies import Bodies
from bitacora.content.markdown import Html
from bitacora.content.permalink import quote_path
from bitacora.content.pictures import Picture
from bitacora.content.post import Author, Image, Post, Term
from bitacora.content.snapshot import Snapshot
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
        return self.bodies.html(self.snapshot, post, absolute=absolute)

    def summary(self, post: Post) -> str:
        """What a post is about, as plain text: its intro, else the beginning of its body."""
        return post.intro or self.html(post).excerpt

    def minutes(self, post: Post) -> int:
        """Reading time, at least one minute."""
        return max(1, round(self.html(post).words / WORDS_PER_MINUTE))

    def picture(self, post: Post) -> Picture | None:
        """The picture that stands for a post: the first of its head, else the first of its body."""
        if post.images:
            return self.snapshot.picture(post, post.images[0])
        lead = self.html(post).lead
        return self.snapshot.picture(post, Image(lead.src, lead.caption, lead.alt)) if lead else None

    def shared_picture(self, post: Post) -> Picture | None:
        """The picture that networks show: the one named for that, else the one that stands for the post."""
        return self.snapshot.picture(post, post.share_image) if post.share_image else self.picture(post)

    def named_files(self, post: Post) -> list[str]:
        """The addresses of files that a post names, in its head and in its body, as written there."""
        images = [*post.images, *([post.share_image] if post.share_image else [])]
        return [*(image.src for image in images), *self.html(post).pictures]

    def translations(self, post: Post) -> list[Post]:
        """The same post in other languages, but for hidden ones, which are listed nowhere."""
        same = self.snapshot.translations.get(post.translation_key, ())
        return [other for other in same if other.path != post.path and not other.hidden]

    def static(self, name: str) -> str:
        """The address of a file in `static/`, which changes with its content."""
        return self.files.static_url(self.snapshot, name)

    def logo(self) -> str:
        """The absolute address of the picture that stands for the site."""
        return self.absolute(self.static(self.snapshot.site.logo or "touch-icon.png"))

    def absolute(self, url: str) -> str:
        """With the site's own address in front, unless it has one."""
        return self.snapshot.site.url + url if url.startswith("/") and not url.startswith("//") else url


def term_url(kind: str, term: Term | Author) -> str:
    """Where the posts of a category, tag or author are listed: `kind` is one of these three words."""
    return quote_path(f"/{kind}/{term.slug}/")
