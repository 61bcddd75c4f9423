"""A network is one file: whoever adds one touches nothing else but its preview and the documents."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from blogs import post

from bitacora.share import networks
from bitacora.share.rule import EACH, SOME
from bitacora.share.rules import RULES

ROOT = Path(__file__).parent.parent
PLAZA = '''
    """Plaza, which there is not."""

    from __future__ import annotations

    from bitacora.share.network import (
        AS_PLAIN, NO_DEBUGGER, NO_LENGTH, NOTHING, OFFICIAL, OPEN_GRAPH_TITLE, UNKNOWN, UNKNOWN_PICTURES,
        Crawler, Fact, Length, Link, Network, Reader, Shared, query,
    )


    def _form(shared: Shared) -> str:
        return query("https://plaza.example/share?", words=shared.text)


    NETWORK = Network(
        name="plaza",
        label="Plaza",
        aliases=("agora",),
        link=Link(_form, limit=20, source="Plaza docs"),
        crawler=Crawler("PlazaBot"),
        reader=Reader(
            user_agent=Fact("PlazaBot/1.0", NOTHING, UNKNOWN),
            encoding=AS_PLAIN,
            title=Fact(OPEN_GRAPH_TITLE, NOTHING, UNKNOWN),
            description=Fact(("og:description",), NOTHING, UNKNOWN),
            picture=Fact(("og:image",), NOTHING, UNKNOWN),
            title_length=Fact(Length(5), "Plaza docs", OFFICIAL),
            description_length=NO_LENGTH,
            shape=Fact("size", NOTHING, UNKNOWN),
            site=Fact("domain", NOTHING, UNKNOWN),
            pictures=UNKNOWN_PICTURES,
            debugger=Fact("", NOTHING, UNKNOWN),
            debugger_note=NO_DEBUGGER,
            rules=("locale-missing",),
            not_rules=("description-missing",),
            errors=("title-cut",),
        ),
    )
'''
ASKED = """
    import json, sys
    from bitacora.factory import create_app
    from bitacora.share.crawlers import crawler_of

    client = create_app().test_client()
    print(json.dumps({
        "pages": {path: client.get(path).text for path in sys.argv[1:]},
        "crawler": crawler_of("Mozilla/5.0 PlazaBot/1.0"),
    }))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This program with one file more, and a site that shares there."""
    folder = tmp_path_factory.mktemp("program")
    for part in ("bitacora", "templates", "static"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "gunicorn.conf.py", folder)
    (folder / "bitacora/share/networks/plaza.py").write_text(dedent(PLAZA))
    (folder / "site/posts").mkdir(parents=True)
    (folder / "site/site.toml").write_text('url = "https://blog.example.org"\nshare = ["plaza", "x"]\n')
    said = post("A title that is cut", intro="What it is about.", share_message="\n  agora: To the plaza")
    (folder / "site/posts/2018-07-17-x.md").write_text(said)
    return folder


def run(program: Path, *words: str) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BITACORA_")},
        "PYTHONPATH": str(program),
        "BITACORA_SITE": str(program / "site"),
        "BITACORA_CACHE_DIR": str(program / "cache"),
    }
    done = subprocess.run(
        [sys.executable, *words],
        cwd=program / "site",
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_network_of_one_file_is_on_every_page_and_in_every_command(program: Path) -> None:
    here = json.loads(run(program, "-c", dedent(ASKED), "/2018/07/17/x/", "/2018/07/17/x/share/"))
    link = "https://plaza.example/share?words=To%20the%20plaza%20https%3A%2F%2Fblog.example.org%2F2018%2F07%2F17%2Fx%2F"
    desk = here["pages"]["/2018/07/17/x/share/"]
    assert link in here["pages"]["/2018/07/17/x/"]
    assert link in desk
    assert 'id="on-plaza"' in desk
    assert here["crawler"] == "plaza"

    told: dict[str, Any] = json.loads(run(program, "-m", "bitacora", "share", "posts/2018-07-17-x.md", "--json"))
    shown = next(one for one in told["shown"] if one["network"] == "plaza")
    assert told["shown"][-1] == shown
    assert (shown["label"], shown["title"], shown["site"]) == ("Plaza", "A tit…", "blog.example.org")
    rules = {one["rule"]: one["severity"] for one in shown["verdicts"]}
    assert rules.items() >= {"title-cut": "error", "share-text-too-long": "warning"}.items()
    assert "remarks" not in told or not told["remarks"]


def test_each_file_has_the_name_of_its_network() -> None:
    files = {path.stem for path in (ROOT / "bitacora/share/networks").glob("*.py")} - {"__init__"}
    assert files == set(networks.ALL)


@pytest.mark.parametrize("reader", networks.READERS.values(), ids=networks.READERS)
def test_the_rules_that_a_network_names_are_rules(reader: Any) -> None:
    asked = {rule.id: rule.asked for rule in RULES}
    assert {asked[rule] for rule in reader.rules} <= {SOME}
    assert {asked[rule] for rule in reader.not_rules} <= {EACH}
    assert all(rule.concerns(reader) for rule in RULES if rule.id in reader.errors)


def test_a_rule_that_only_some_are_asked_is_asked_of_somebody() -> None:
    named = {rule for reader in networks.READERS.values() for rule in reader.rules}
    assert {rule.id for rule in RULES if rule.asked == SOME} == named
