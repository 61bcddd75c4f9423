"""The head of a file: cut whole or refused, in words that name the place and the way out."""

import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bitacora.posts import head as front_matter
from bitacora.posts.head import (
    MAX_FILE_BYTES,
    MAX_HEAD_BYTES,
    Head,
    Node,
    Scalar,
    Sequence,
    body_after_head,
    read_head,
)
from bitacora.problems import PostError, shown


def head(source: str | bytes) -> Head:
    return read_head(source if isinstance(source, bytes) else source.encode(), "posts/x.md")


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def values(source: str | bytes) -> dict[str, object]:
    return {key: plain(node) for key, node in head(source).entries.items()}


def error(source: str | bytes) -> PostError:
    with pytest.raises(PostError) as caught:
        head(source)
    return caught.value


def yaml_error(text: str) -> PostError:
    return error(f"---\n{text}\n---\nbody\n")


def test_a_key_of_too_many_parts_is_told_with_its_place_before_it_is_read() -> None:
    """tomllib would read each part again for each: 16 KiB took most of a second."""
    told = error("+++\ntitle = 'x'\n" + "a." * 200 + "b = 1\n+++\nbody\n")
    assert (told.line, told.column) == (3, 1)


# --- cutting


@pytest.mark.parametrize(
    "source",
    [
        "---\ntitle: x\n---\nbody\n",
        "-----\ntitle: x\n----  \nbody\n",
        "---\ntitle: x\n...\nbody\n",
        "---  \ntitle: x\n---\t\nbody\n",
        "\n  \n---\ntitle: x\n---\nbody\n",
        "\ufeff---\ntitle: x\n---\nbody\n",
        "---\r\ntitle: x\r\n---\r\nbody\n",
        "---\rtitle: x\r---\rbody\r",
        "+++\ntitle = 'x'\n+++\nbody\n",
        "++++\r\ntitle = 'x'\r\n++++\r\nbody\n",
        '{"title": "x"}\nbody\n',
        '\n{\n  "title": "x"\n}\nbody\n',
    ],
)
def test_a_head_in_any_of_its_forms_is_cut_from_the_body(source: str) -> None:
    assert values(source) == {"title": "x"}
    assert head(source).body == body_after_head(source.encode()) == "body\n"


@pytest.mark.parametrize("body", ["    code\n", "\n\ntext  \n\n", "---\nfoo\n---\nbar\n", "", "x", "\r\n a\r\n"])
@pytest.mark.parametrize("before", ["---\ntitle: x\n---\n", "+++\ntitle = 'x'\n+++\n", '{"title": "x"}\n'])
def test_the_body_is_kept_as_it_is(before: str, body: str) -> None:
    assert values(before + body) == {"title": "x"}
    assert head(before + body).body == body_after_head((before + body).encode()) == body


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("---\na: b\n---\nbody", 4),
        ("\n\n---\r\na: b\r\n...\r\nbody", 6),
        ('{"a":\n"b"}\nbody', 3),
        ("---\n---", 2),
    ],
)
def test_the_line_of_the_body_is_counted_in_the_whole_file(source: str, line: int) -> None:
    assert head(source).body_line == line


def test_a_head_may_be_empty_or_hold_comments_only() -> None:
    assert (
        values("---\n---\nbody")
        == values("---\n# nothing\n\n---\nbody")
        == values("+++\n+++\n")
        == values("{}")
        == {}
    )


@pytest.mark.parametrize(
    "source",
    ["hello\n", " ---\ntitle: x\n---\n", "--\nx: y\n--\n", "--- title: x\n---\n", "{% x %}\n", "{{ x }}\n"],
)
def test_a_file_without_a_head_is_refused(source: str) -> None:
    assert error(source).reason == "The file has no head: it does not begin with a line ---."
    assert (error(source).line, error(source).column) == (1, 1)


@pytest.mark.parametrize("source", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_refused(source: str) -> None:
    assert error(source).reason == "The file is empty."


@pytest.mark.parametrize(
    ("source", "fence"), [("\n---\ntitle: x\n\ntext\n", "---"), ("\n+++\ntitle = 'x'\n", "+++")]
)
def test_a_head_that_is_never_closed_is_refused(source: str, fence: str) -> None:
    assert str(error(source)) == (
        "posts/x.md:2:1: The head opened on line 2 is never closed. "
        f"Write {fence} on a line of its own after the last key."
    )


def test_two_rules_without_a_head_between_them_are_no_head() -> None:
    assert error("---\n\nSome text.\n\n---\nmore\n").reason == "The head is a text, not keys and values."


def test_a_list_is_no_head() -> None:
    assert error("---\n- a\n- b\n---\n").reason == "The head is a list, not keys and values."


@pytest.mark.parametrize(
    "source",
    [
        "---\na: '" + "x" * MAX_HEAD_BYTES + "'\n---\n",
        "---\na: '" + "ñ" * (MAX_HEAD_BYTES // 2) + "'\n---\n",
        "+++\na = '" + "x" * MAX_HEAD_BYTES + "'\n+++\n",
        '{"a": "' + "x" * MAX_HEAD_BYTES + '"}\n',
    ],
)
def test_a_head_beyond_its_limit_is_refused(source: str) -> None:
    assert "longer than 16 KiB" in error(source).reason


def test_a_head_at_its_limit_is_read() -> None:
    text = "x" * (MAX_HEAD_BYTES - len("a: ''\n"))
    assert values(f"---\na: '{text}'\n---\n") == {"a": text}


# --- bytes


def test_a_file_beyond_its_limit_is_refused() -> None:
    source = b"---\ntitle: x\n---\n"
    assert head(source.ljust(MAX_FILE_BYTES)).body
    assert error(source.ljust(MAX_FILE_BYTES + 1)).reason == "The file has 2.0 MiB; more than 2 MiB is not read."


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_refused(encoding: str) -> None:
    found = error("---\ntitle: ñandú\n---\n".encode(encoding))
    assert "UTF-16" in found.reason
    assert (found.line, found.remedy) == (1, "Save the file as UTF-8.")


def test_latin_1_is_refused_where_its_first_byte_is() -> None:
    found = error("---\ntitle: x\n---\nuna canci\xf3n\n".encode("latin-1"))
    assert (found.line, found.column, found.remedy) == (4, 10, "Save the file as UTF-8.")
    assert found.reason.startswith("The byte 0xF3 here is not UTF-8")


def test_a_nul_byte_is_refused_where_it_is() -> None:
    found = error("---\ntitle: ñ\0\n---\n")
    assert (found.line, found.column) == (2, 9)
    assert found.reason.startswith("There is a NUL byte here")


# --- YAML


def test_a_value_is_its_source_text_and_knows_whether_it_was_quoted() -> None:
    entries = head(
        "---\na: 1.10\nb: '1.10'\nc: yes\nd: |\n  010\ne:\nf: 2018-07-17 10:00\ng: !!str 7\nh: !!int 7\n---\n"
    )
    assert {key: (node.text, node.plain) for key, node in entries.entries.items() if isinstance(node, Scalar)} == {
        "a": ("1.10", True),
        "b": ("1.10", False),
        "c": ("yes", True),
        "d": ("010\n", False),
        "e": ("", True),
        "f": ("2018-07-17 10:00", True),
        "g": ("7", False),
        "h": ("7", True),
    }


def test_lists_and_groups_nest() -> None:
    text = "---\na:\n  - b: [c, {d: e}]\n    f: g\n  - h\ni: {}\n---\n"
    assert values(text) == {"a": [{"b": ["c", {"d": "e"}], "f": "g"}, "h"], "i": {}}


@pytest.mark.parametrize("start", ["", "\n\n", "\ufeff"])
def test_a_value_knows_its_line_and_column_in_the_file(start: str) -> None:
    found = head(f"{start}---\ntítulo: ñ\ntags:\n  - a\n  - 'b'\n---\n")
    tags = found.entries["tags"]
    assert isinstance(tags, Sequence)
    lines = start.count("\n")
    assert found.position(found.entries["título"]) == (2 + lines, 9)
    assert [found.position(item) for item in tags.items] == [(4 + lines, 5), (5 + lines, 5)]


def test_of_a_key_given_twice_the_last_one_counts() -> None:
    assert values("---\na: 1\nb: 2\na: 3\n---\n") == {"a": "3", "b": "2"}


@pytest.mark.parametrize(
    "text", ["---\na: 1\nb: {a: 2, a: 3}\na: 4\n---\n", '{"a": 1, "b": {"a": 2, "a": 3}, "a": 4}']
)
def test_what_it_said_before_is_kept_apart(text: str) -> None:
    assert [(key, node[0]) for key, node in head(text).repeated] == [("a", "1")]


def test_keys_that_are_no_text_become_text() -> None:
    assert values("---\n1: a\nnull: b\ntrue: c\n2018-01-01: d\n~: e\n---\n") == {
        "1": "a", "null": "b", "true": "c", "2018-01-01": "d", "~": "e",
    }  # fmt: skip


def test_keys_that_python_frontmatter_trips_over_are_keys_like_any_other() -> None:
    assert values("---\ncontent: a\nhandler: b\nself: c\nmetadata: d\n---\n") == {
        "content": "a", "handler": "b", "self": "c", "metadata": "d",
    }  # fmt: skip


def test_an_anchor_that_nothing_refers_to_is_harmless() -> None:
    assert values("---\na: &here b\n---\n") == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "line", "column", "reason", "remedy"),
    [
        ("title: Foo: bar", 2, 11, "The value holds a colon and a space", 'in quotes, like title: "Foo: bar".'),
        ('title: Un "Foo": it\'s', 2, 16, "The value holds a colon", "like title: 'Un \"Foo\": it''s'."),
        ("a: b\n\ttitle: x", 3, 1, "There is a tab", "Indent with spaces."),
        ("a:\n  - b\n \t- c", 4, 2, "There is a tab", "Indent with spaces."),
        ("title: 'abc\nintro: x", 2, 8, "The quote opened here is never closed.", "the same quote at the end"),
        ('title: "abc\nintro: "x y"', 2, 8, "The quote opened here is never closed.", "the same quote at the end"),
        ("title: 'It's here'", 2, 12, "Text follows after the closing quote", "write an apostrophe twice ('')"),
        ("title: [a] b", 2, 12, "Text follows after the closing bracket", "in quotes"),
        ("title: @someone", 2, 8, "A value cannot begin with this character", "in quotes"),
        ("title: %x", 2, 8, "A value cannot begin with this character", "in quotes"),
        ("title: `x`", 2, 8, "A value cannot begin with this character", "in quotes"),
        ("title: {{ x }} y", 2, 9, "A list or a group of keys stands where a key belongs", "in quotes"),
        (
            "title: {{ x }}",
            2,
            8,
            'This is a template of an editor: "{{ x }}" stands where a value',
            "Write the value",
        ),
        ("title: *very* good", 2, 8, "A value that begins with * is a reference", "in quotes"),
        ("a: &x 1\nb: *x", 3, 4, "A value that begins with * is a reference", "in quotes"),
        ("a: !important x", 2, 4, "A value that begins with ! is a command", "in quotes"),
        ("a: !!python/object/apply:os.system [ls]", 2, 4, "A value that begins with ! is a command", "in quotes"),
        ("a: !x!y z", 2, 4, "A value that begins with ! is a command", "in quotes"),
        ("a:\n  <<: {b: c}", 3, 3, "The key << copies keys", "Write the keys out."),
        ("tags: [a, b\nx: 1", 2, 7, "The list or group opened here is never closed.", "Close it with ] or }"),
        ("tags: [a, , b]", 2, 11, "A value is missing in this list.", "between two commas"),
        ("tags: ['a #b', , c]", 2, 16, "A value is missing in this list.", "between two commas"),
        ("tags: [a, #b, c]", 2, 11, "For YAML, # here begins a comment", "['#one', two]"),
        ("tags: [#a, b]\nx: y", 2, 7, "The list or group opened here is never closed.", "# after a space or ["),
        ("tags: [#a]", 2, 8, "For YAML, # here begins a comment", "['#one', two]"),
        ("title: x\nfoo bar\ndate: y", 3, 1, "This line is not a key, a colon and a value.", "Write it like"),
        ("title:x\ndate: y", 2, 1, "This line is not a key, a colon and a value.", "Write it like"),
        ("title: x\n date: y", 3, 2, "This line is indented as if", "the same column"),
        ("tags:\n  - a\n - b", 4, 2, "This line does not line up", "the same column"),
        ('title: "a\\d"', 2, 10, "In double quotes a backslash begins a code", "single quotes"),
        ("tags: - a", 2, 7, "A list cannot begin on the line of its key.", "on the next line"),
        ("title: ñ\x08", 2, 9, "There is an invisible control character here.", "Delete it"),
        ("a: 1\n--- b: 2", 3, 1, "A line that begins with --- ends the head", "on a line of its own"),
        ("? [a]\n: b", 2, 3, "A list or a group of keys stands where a key belongs", "in quotes"),
    ],
)
def test_torn_yaml_is_explained_where_it_tears(
    text: str, line: int, column: int, reason: str, remedy: str
) -> None:
    found = yaml_error(text)
    assert (found.line, found.column) == (line, column)
    assert reason in found.reason
    assert remedy in found.remedy


@pytest.mark.parametrize("text", ["a: " + "[" * 19, "a: " + "{b: " * 19, "a:\n" + "- " * 19])
def test_twenty_levels_are_too_many_only_from_the_next_on(text: str) -> None:
    closing = "]" * text.count("[") + "}" * text.count("{")
    assert values(f"---\n{text}{closing}\n---\n")
    deeper = text.replace("a: [", "a: [[").replace("a: {", "a: {b: {").replace("\n- ", "\n- - ")
    assert "more than 20 levels" in yaml_error(deeper).reason


# --- TOML and JSON


def test_toml_keeps_the_source_of_its_values() -> None:
    text = (
        "+++\na = 1.10\nb = '1.10'\nc = true\nd = 2018-07-17T12:00:00Z\ne = [1, 'x']\n[f]\ng = 2018-07-17\n+++\n"
    )
    assert values(text) == {
        "a": "1.10", "b": "1.10", "c": "true", "d": "2018-07-17T12:00:00+00:00", "e": ["1", "x"],
        "f": {"g": "2018-07-17"},
    }  # fmt: skip
    assert [node.plain for node in head(text).entries.values() if isinstance(node, Scalar)] == [
        True,
        False,
        True,
        True,
    ]


def test_json_keeps_the_source_of_its_values_and_mends_half_characters() -> None:
    assert values('{"a": 1.10, "b": null, "c": [true, "\\ud800"], "a": 2}\n') == {
        "a": "2",
        "b": "",
        "c": ["true", "\ufffd"],
    }


def test_values_of_toml_and_json_know_their_place() -> None:
    toml, json = head("+++\na = 1\nbé = 'x'\n+++\n".replace("bé", "b")), head('{"a": 1,\n  "b": "x"}\n')
    assert toml.position(toml.entries["b"]) == (3, 5)
    assert json.position(json.entries["b"]) == (2, 8)


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("+++\na = 1\ntitle = x\n+++\n", 3, "The head is not valid TOML: Invalid value."),
        ("+++\na = 1\na = 2\n+++\n", 3, "The head is not valid TOML: Cannot overwrite a value."),
        ("+++\na = " + "9" * 5000 + "\n+++\n", 2, "The head is not valid TOML"),
        ("+++\na = " + "[" * 9000 + "\n+++\n", 2, "The head is nested more than 20 levels deep."),
        ("+++\na = 1\nb = " + "[" * 20 + "]" * 20 + "\n+++\n", 3, "The head is nested more than 20 levels deep."),
        ('{"a": 1,\n b: 2}\n', 2, "The head is not valid JSON"),
        ('{"a": 1\n', 2, "The head is not valid JSON"),
        ('{"a":' * 3000, 1, "The head is nested more than 20 levels deep."),
        ('{"a": 1} text\n', 1, "Text follows on the line that closes the head."),
    ],
)
def test_torn_toml_and_json_are_explained(source: str, line: int, reason: str) -> None:
    assert (error(source).line, error(source).reason[: len(reason)]) == (line, reason)


def test_a_whole_number_of_any_length_is_text() -> None:
    assert values("+++\na = 0x" + "F" * 9000 + "\n+++\n") == {"a": "0x" + "f" * 9000}


# --- whatever comes


@given(st.binary() | st.text().map(str.encode) | st.text("-+{}[]:,.\"'\\ \n\t#&*!|>%@abc01").map(str.encode))
def test_any_bytes_are_a_head_or_a_post_error(noise: bytes) -> None:
    for source in (noise, b"---\n" + noise + b"\n---\n", b"+++\n" + noise + b"\n+++\n", b'{"a":' + noise + b"}\n"):
        try:
            found = read_head(source, "posts/x.md")
        except PostError as caught:
            refused = caught
        else:
            assert found.text.endswith(found.body)
            continue
        assert refused.line >= 1
        assert refused.column >= 1
        assert str(refused).isprintable()


KILLERS = {
    "25,000 brackets": ("'---\\na: ' + '[' * 25000 + '\\n---\\n'", "longer than 16 KiB"),
    "25,000 closed brackets": ("'---\\na: ' + '[' * 25000 + ']' * 25000 + '\\n---\\n'", "longer than 16 KiB"),
    "16,000 brackets": ("'---\\na: ' + '[' * 16000 + '\\n---\\n'", "more than 20 levels"),
    "8,000 list marks": ("'---\\na:\\n ' + '- ' * 8000 + 'x\\n---\\n'", "more than 20 levels"),
    "4,000 groups": ("'---\\na: ' + '{b: ' * 4000 + '\\n---\\n'", "more than 20 levels"),
    "alias bomb": (
        "'---\\na0: &a0 [x]\\n' + ''.join(f'a{n+1}: &a{n+1} [' + f'*a{n},' * 9 + ']\\n' for n in range(9))"
        " + '---\\n'",
        "is a reference",
    ),
    "merge-key bomb": (
        "'---\\na0: &a0 {x: y}\\n'"
        " + ''.join(f'a{n+1}: &a{n+1}\\n  <<: [' + f'*a{n},' * 9 + ']\\n' for n in range(9)) + '---\\n'",
        "The key << copies keys",
    ),
    "TOML brackets": ("'+++\\na = ' + '[' * 16000 + '\\n+++\\n'", "more than 20 levels"),
    "JSON braces": ("'{\"a\":' * 25000", "more than 20 levels"),
}


@pytest.mark.parametrize("name", KILLERS)
def test_what_kills_a_process_elsewhere_is_a_post_error_here_even_on_a_small_stack(name: str) -> None:
    expression, reason = KILLERS[name]
    script = f"""
import threading
from bitacora.problems import PostError
from bitacora.posts.head import read_head
def run():
    try:
        read_head(({expression}).encode(), "posts/x.md")
    except PostError as error:
        print(error)
threading.stack_size(1024 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert reason in done.stdout


def test_what_an_author_wrote_is_shown_on_one_short_line() -> None:
    assert shown("a\nb\x1b[31m\u202ec") == '"a b [31m c"'
    assert shown("x" * 100) == '"' + "x" * 57 + '…"'


def test_without_libyaml_the_same_is_read_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "---\na: [b, {c: 'd'}]\ne: ñ\n---\nbody"
    fast = head(source).entries
    monkeypatch.setattr(front_matter, "_Loader", yaml.SafeLoader)
    assert head(source).entries == fast
    assert "more than 20 levels" in yaml_error("a: " + "[" * 10000).reason
    assert yaml_error("a: \x07").reason == "There is an invisible control character here."
    assert yaml_error("title: Foo: bar").column == 11
