"""A picture of another site that cannot be had keeps its place in the page, and says what is on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from blogs import make_blog, post
from browser import Browser
from werkzeug.serving import make_server

GONE = "http://127.0.0.1:9/gone.jpg"
BODY = f"""Texto.

<img src="{GONE}?sized" width="400" height="300" alt="Con medidas">

![Sin medidas]({GONE}?free)
"""
BOXES = """
(async () => { await Promise.all([...document.images].map(image => new Promise(done => {
    image.loading = "eager"; image.complete ? done() : image.onerror = image.onload = done })));
  return [...document.images].map(image => { const box = image.getBoundingClientRect();
    return [image.alt, image.naturalWidth, Math.round(box.width), Math.round(box.height)] }) })()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    head = {"image": f"{{img: '{GONE}?lead', alt: La plaza}}", "highlighted": "true"}
    with make_blog(
        tmp_path_factory.mktemp("gone"), {"posts/2026-01-02-uno.md": post("Uno", BODY, **head)}
    ) as blog:
        server = make_server("127.0.0.1", 0, blog.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.port}"
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_remote_picture_that_fails_keeps_its_place_and_its_words(
    browser: Browser, address: str, width: int
) -> None:
    browser.open(f"{address}/2026/01/02/uno/", width)
    lead, sized, free = browser.run(BOXES)
    column = browser.run("document.querySelector('.picture').getBoundingClientRect().width")
    assert lead == ["La plaza", 0, round(column), pytest.approx(column * 9 / 16, abs=1)]
    assert sized[:2] == ["Con medidas", 0]
    assert sized[3] == pytest.approx(sized[2] * 3 / 4, abs=1)
    assert sized[2] == pytest.approx(min(400, column), abs=1)
    assert free[:2] == ["Sin medidas", 0]
    assert min(free[2:]) > 10  # its words
    browser.open(f"{address}/", width)
    [lead] = browser.run(BOXES)
    assert lead[:2] == ["La plaza", 0]
    assert lead[3] == pytest.approx(lead[2] / 2, abs=1)
