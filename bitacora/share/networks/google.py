"""Google: the result of a search, and the crawler that nobody waits for."""

from __future__ import annotations

from bitacora.share.network import (
    AS_PLAIN,
    CONVENTION,
    NOTHING,
    OBSERVED,
    OFFICIAL,
    SIMULATOR,
    TEXT,
    UNKNOWN,
    WIDE,
    Crawler,
    Fact,
    Length,
    Network,
    PictureRules,
    Reader,
    Size,
)
from bitacora.share.networks import mastodon

NETWORK = Network(
    name="google",
    label="Google",
    crawler=Crawler("Googlebot", place=130, is_search=True),
    reader=Reader(
        user_agent=Fact(
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Google Search Central, crawlers",
            OFFICIAL,
        ),
        encoding=AS_PLAIN,
        title=Fact(("title", "og:title"), SIMULATOR, OBSERVED),
        description=Fact(("description",), SIMULATOR, OBSERVED),
        picture=Fact(("og:image",), "Yoast/wordpress-seo #22647", CONVENTION),
        title_length=Fact(Length(63, window=(23, 73)), SIMULATOR, OBSERVED),
        description_length=Fact(Length(160, window=(80, 170)), SIMULATOR, OBSERVED),
        shape=Fact(TEXT, SIMULATOR, OBSERVED),
        site=Fact("breadcrumb", SIMULATOR, OBSERVED),
        pictures=PictureRules(
            ratio=Fact(WIDE, NOTHING, UNKNOWN),
            small_ratio=Fact(1.0, NOTHING, UNKNOWN),
            best=Fact(Size(1200, 0), "Yoast/wordpress-seo #22647", CONVENTION),
        ),
        address=Fact(("canonical",), "HTML, link rel=canonical", CONVENTION),
        debugger=Fact(
            "https://search.google.com/test/rich-results?url={url}", "Google Rich Results Test", CONVENTION
        ),
        date=("article:datePublished",),
        address_length=Fact(Length(68), SIMULATOR, OBSERVED),
        own_description=Fact("description", mastodon.EXTRACTOR, OBSERVED),
        robots=Fact("Googlebot", "Google Search Central, robots.txt", OFFICIAL),
        rules=(
            "html-title-missing",
            "description-differs",
            "noindex",
            "no-large-preview",
            "canonical-missing",
            "address-cut",
            "data-broken",
            "data-missing",
        ),
        not_rules=("title-not-said", "picture-missing"),
        place=10,
    ),
)
