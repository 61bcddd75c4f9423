"""Rendered bodies: once for all that they depend on, and no more of them than fit."""

from __future__ import annotations

import io
import os
import threading
from typing import Any

import pytest
from blogs import hashed
from folders import SETTINGS, Folder, MakeFolder, post
from PIL import Image

from bitacora.library import rendered as rendering
from bitacora.library.rendered import Bodies


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were rendered."""
    texts: list[str] = []
    render = rendering.render

    def count(text: str, *args: Any, **how: Any) -> Any:
        texts.append(text.strip())
        return render(text, *args, **how)

    monkeypatch.setattr(rendering, "render", count)
    return texts


def bodies(limit: int = 1_000_000) -> Bodies:
    return Bodies(lambda *_: {}, limit)


def html(rendered: Bodies, folder: Folder, path: str = "posts/a.md", *, absolute: bool = False) -> str:
    snapshot = folder.now()
    return rendered.html(snapshot, snapshot.by_path[path], absolute=absolute).body


def png(width: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, 10)).save(file, "PNG")
    return file.getvalue()


def test_a_body_is_rendered_once(make_folder: MakeFolder, renders: list[str]) -> None:
    folder, rendered = make_folder({"posts/a.md": post("Uno", "Hola *mundo*.")}), bodies()
    assert html(rendered, folder) == html(rendered, folder) == "<p>Hola <em>mundo</em>.</p>\n"
    assert renders == ["Hola *mundo*."]


def test_an_edit_is_seen_and_one_elsewhere_costs_no_rendering(make_folder: MakeFolder, renders: list[str]) -> None:
    folder = make_folder({"posts/a.md": post("Uno", "A [b](b.md)."), "posts/b.md": post("Dos", "B.")})
    rendered = bodies()
    html(rendered, folder)
    folder.write("posts/b.md", post("Dos mejor", "B mejor."))
    html(rendered, folder)
    os.utime(folder.root / "posts" / "a.md", (5, 5))
    html(rendered, folder)
    assert renders == ["A [b](b.md)."]
    folder.write("posts/a.md", post("Uno", "A mejor."))
    assert "mejor" in html(rendered, folder)


def test_a_kept_body_keeps_its_source_so_that_no_other_takes_its_place_in_memory(make_folder: MakeFolder) -> None:
    folder, rendered = make_folder({"posts/a.md": post("Uno")}), bodies()
    html(rendered, folder)
    source = folder.now().entries["posts/a.md"].source
    assert any(part is source for kept in rendered._kept.values() for part in kept.settings)


def test_each_of_many_versions_is_seen(make_folder: MakeFolder) -> None:
    folder, rendered = make_folder({"posts/a.md": post("Uno", "0")}), bodies()
    html(rendered, folder)
    for number in range(1, 60):
        for skipped in range(number % 3 + 1):
            folder.write("posts/a.md", post("Uno", f"{number}.{skipped}"))
            folder.now()
        assert f"{number}.{number % 3}" in html(rendered, folder)


def test_a_link_follows_the_post_that_it_leads_to(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno", "[b](b.md#x)"), "posts/b.md": post("Dos")})
    rendered = bodies()
    assert 'href="/2020/01/02/b/#x"' in html(rendered, folder)
    folder.write("posts/b.md", post("Dos", slug="otro"))
    assert 'href="/2020/01/02/otro/#x"' in html(rendered, folder)
    (folder.root / "posts" / "b.md").unlink()
    folder.now()
    folder.now(after=1)
    assert "otro" not in html(rendered, folder)


def test_a_picture_that_changes_its_size_is_seen(make_folder: MakeFolder) -> None:
    folder = make_folder({"posts/a.md": post("Uno", "![x](x.png)"), "posts/x.png": png(20)})
    rendered = bodies()
    assert 'width="20"' in html(rendered, folder)
    folder.write("posts/x.png", png(30))
    assert 'width="30"' in html(rendered, folder)


def test_settings_that_a_body_depends_on_are_seen_and_no_others(
    make_folder: MakeFolder, renders: list[str]
) -> None:
    folder, rendered = make_folder({"posts/a.md": post("Uno", "<b onclick='x'>B</b>")}), bodies()
    assert "onclick" not in html(rendered, folder)
    folder.write("site.toml", SETTINGS.replace("Blog", "Otro"))
    html(rendered, folder)
    assert len(renders) == 1
    folder.write("site.toml", SETTINGS + 'html = "trusted"\n')
    assert "onclick" in html(rendered, folder)


def test_the_words_of_another_language_are_seen(make_folder: MakeFolder, renders: list[str]) -> None:
    folder, rendered = make_folder({"posts/a.md": post("Uno")}), bodies()
    html(rendered, folder)
    folder.write("site.toml", SETTINGS + 'language = "en"\n')
    html(rendered, folder)
    assert len(renders) == 2


def test_absolute_addresses_are_kept_apart_and_follow_the_address_of_the_site(make_folder: MakeFolder) -> None:
    text = "[b](/b/) [c](#c) [d](//example.org/d) [e](mailto:e@example.org) ![x](x.png)"
    folder = make_folder({"posts/a.md": post("Uno", text), "posts/x.png": png(20)})
    rendered = bodies()
    assert 'href="/b/"' in html(rendered, folder)
    absolute = html(rendered, folder, absolute=True)
    for address in (
        'href="https://blog.example.org/b/"',
        'href="https://blog.example.org/2020/01/02/a/#c"',
        'href="mailto:e@example.org"',
        f'src="{hashed("https://blog.example.org/2020/01/02/a/x.png", png(20))}"',
    ):
        assert address in absolute
    assert "blog.example.org//example.org" not in absolute
    folder.write("site.toml", SETTINGS.replace("blog.example.org", "otro.example.org"))
    assert "https://otro.example.org/b/" in html(rendered, folder, absolute=True)


def test_what_a_reader_of_an_old_snapshot_sees_is_the_old_body(make_folder: MakeFolder) -> None:
    folder, rendered = make_folder({"posts/a.md": post("Uno", "Antes.")}), bodies()
    old = folder.now()
    folder.write("posts/a.md", post("Uno", "Después."))
    assert "Después." in html(rendered, folder)
    assert "Antes." in rendered.html(old, old.posts[0]).body
    assert "Después." in html(rendered, folder)


def test_no_more_bodies_are_kept_than_fit_and_the_least_used_goes_first(
    make_folder: MakeFolder, renders: list[str]
) -> None:
    text = "x" * 10_000
    folder = make_folder({f"posts/{name}.md": post(name, text) for name in "abcd"})
    rendered = bodies(3 * 25_000)
    for name in ("a", "b", "c", "a", "d"):
        html(rendered, folder, f"posts/{name}.md")
    assert len(renders) == 4
    html(rendered, folder, "posts/a.md")
    assert len(renders) == 4
    html(rendered, folder, "posts/b.md")
    assert len(renders) == 5
    assert rendered._kept.currsize == sum(kept.size for kept in rendered._kept.values()) <= 3 * 25_000


def test_a_body_that_does_not_fit_is_rendered_all_the_same(make_folder: MakeFolder) -> None:
    folder, rendered = make_folder({"posts/a.md": post("Uno", "x" * 5000)}), bodies(1000)
    assert len(html(rendered, folder)) > 5000
    assert (rendered._kept.currsize, len(rendered._kept)) == (0, 0)


def test_many_threads_get_the_body_of_their_post(make_folder: MakeFolder) -> None:
    folder = make_folder(
        {f"posts/{number}.md": post(str(number), f"Cuerpo {number}. " * 20) for number in range(20)}
    )
    rendered, snapshot = bodies(20_000), folder.now()
    wrong: list[str] = []

    def read(start: int) -> None:
        for step in range(200):
            found = snapshot.by_path[f"posts/{(start + step * 7) % 20}.md"]
            if f"Cuerpo {found.title}. " not in rendered.html(snapshot, found).body:
                wrong.append(found.title)

    threads = [threading.Thread(target=read, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert rendered._kept.currsize == sum(kept.size for kept in rendered._kept.values()) <= 20_000
