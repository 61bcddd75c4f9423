AUTHOR = SITENAME = "Bench"
SITEURL = "http://localhost"
PATH = "content"
OUTPUT_PATH = "output"
THEME = "theme"
TIMEZONE = "America/Santiago"
DEFAULT_LANG = "es"
ARTICLE_URL = "{slug}/"
ARTICLE_SAVE_AS = "{slug}/index.html"
FEED_ALL_ATOM = "feed.xml"
FEED_MAX_ITEMS = 20
DEFAULT_PAGINATION = 10
CACHE_CONTENT = True
LOAD_CONTENT_CACHE = True
