"""The interface speaks Spanish and Portuguese: nothing missing, nothing left over, nothing garbled."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from bitacora.posts.post import MISTAKES
from bitacora.share.desk import notes
from bitacora.share.verdicts import messages
from bitacora.web.words import BODY_LABELS

ROOT = Path(__file__).parent.parent
OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
PLACEHOLDER = re.compile(r"%\(\w+\)s")

both_languages = pytest.mark.parametrize("language", ["es", "pt"])


@cache
def words_of_templates() -> frozenset[str | tuple[str, ...]]:
    files = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    return frozenset(
        found[1] for path in files for found in extract_from_file(babel_extract, path, options=OPTIONS)
    )


@cache
def nodes_of_python() -> list[ast.AST]:
    trees = [ast.parse(path.read_bytes()) for path in (ROOT / "bitacora").rglob("*.py")]
    return [node for tree in trees for node in ast.walk(tree)]


def texts_in(nodes: list[ast.AST]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def words_of_python() -> set[str]:
    calls = [node for node in nodes_of_python() if isinstance(node, ast.Call)]
    said = [call.args[0] for call in calls if getattr(call.func, "id", "") == "say"]
    remarks = {text for mistake in MISTAKES for text in (mistake.reason, mistake.remedy)}
    return texts_in([*said]) | set(BODY_LABELS.values()) | messages() | notes() | remarks


@cache
def catalog(language: str) -> Catalog:
    with (ROOT / f"bitacora/web/translations/{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def entries(language: str) -> list[Message]:
    return [message for message in catalog(language) if message.id]


def forms(text: str | list[str] | tuple[str, ...]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_the_templates_have_words_to_translate() -> None:
    assert {"Older posts", ("%(count)s post", "%(count)s posts")} <= words_of_templates()


@both_languages
def test_every_word_of_the_templates_is_translated(language: str) -> None:
    assert words_of_templates() <= {message.id for message in entries(language)}


@both_languages
def test_every_word_that_python_says_is_translated(language: str) -> None:
    said = words_of_python()
    assert {"Archive", "Footnotes", "X has no public debugger."} <= said
    assert said <= {message.id for message in entries(language)}


@both_languages
def test_every_catalog_entry_is_used(language: str) -> None:
    in_python = {message.id for message in entries(language) if "in Python" in message.user_comments}
    assert in_python <= texts_in(nodes_of_python())
    assert {message.id for message in entries(language)} - in_python <= words_of_templates()


@both_languages
def test_no_translation_is_empty_or_fuzzy(language: str) -> None:
    assert [m.id for m in entries(language) if m.fuzzy or not all(map(str.strip, forms(m.string)))] == []


@both_languages
def test_translations_keep_the_placeholders(language: str) -> None:
    for message in entries(language):
        expected = sorted(PLACEHOLDER.findall(forms(message.id)[0]))
        for text in forms(message.string):
            assert sorted(PLACEHOLDER.findall(text)) == expected, message.id


@both_languages
def test_translations_keep_the_markup(language: str) -> None:
    for message in entries(language):
        for text in forms(message.string):
            assert re.findall(r"</?\w+>", text) == re.findall(r"</?\w+>", forms(message.id)[0]), message.id


def test_both_catalogs_hold_the_same_words() -> None:
    spanish, portuguese = ({(m.id, *m.user_comments) for m in entries(language)} for language in ("es", "pt"))
    assert spanish == portuguese
