"""The posts under Flask-FlatPages, with its automatic reload; it runs in the folder of its site."""

from pathlib import Path

from flask import Flask, Response, render_template
from flask_flatpages import FlatPages, Page

app = Flask("bench", root_path=str(Path.cwd()))
app.config.update(FLATPAGES_AUTO_RELOAD=True, FLATPAGES_EXTENSION=".md", FLATPAGES_ROOT="pages")
pages = FlatPages(app)


@app.get("/")
def home() -> str:
    return render_template("home.html", posts=_newest()[:10])


@app.get("/archive/")
def archive() -> str:
    return render_template("archive.html", posts=_newest())


@app.get("/feed.xml")
def feed() -> Response:
    return Response(render_template("feed.xml", posts=_newest()[:20]), mimetype="application/atom+xml")


@app.get("/<path:path>/")
def post(path: str) -> str:
    return render_template("post.html", post=pages.get_or_404(path))


def _newest() -> list[Page]:
    return sorted(pages, key=lambda page: page["date"], reverse=True)
