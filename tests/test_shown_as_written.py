"""What an editor writes is shown as it was meant, or named: titles, comments of YAML, lines of Chinese, tables."""

from __future__ import annotations

import pytest
from test_markdown import html_of

from bitacora.content.errors import PostError
from bitacora.content.plain import excerpt_of, plain_text
from bitacora.content.post import Post, read_post
from bitacora.settings import Site

PATH = "posts/2026-11-16-x.md"
SITE = Site()


def read(head: str, body: str = "") -> Post:
    return read_post(f"---\n{head}\n---\n{body}".encode(), PATH, SITE)


@pytest.mark.parametrize(
    "title",
    [
        "Cómo funciona __init__ en Python",
        "Del archivo _config.yml a __main__.py",
        "5 * 4 * 3 y 2*2",
        "f(*args, **kwargs)",
        "snake_case y _privado",
        "Qué hacen <table> y <script> en HTML",
        "List<String>, Map<K, V> y <T>",
        "Cerrar con </div>",
        r"De C:\.git a \\servidor\x y \d+",
        "src/*/test*",
        "[Actualizado] 1~2 #tag",
        "東京　大阪",
    ],
)
def test_a_title_is_shown_as_it_is_written(title: str) -> None:
    assert plain_text(title) == title
    assert read(f"title: '{title}'").remarks == ()


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("_Rayuela_, otra vez", "Rayuela, otra vez"),
        ("**Muy** *importante* y __muy claro__", "Muy importante y muy claro"),
        ("`<script>` y `</script>`", "<script> y </script>"),
        ("`__init__` y `{{ x }}`", "__init__ y {{ x }}"),
        ("H<sub>2</sub>O &amp; &lt;T&gt;", "H2O & <T>"),
        ("**「引用」**です。中**“文”**的", "「引用」です。中“文”的"),
        ("**[链接](x)**的", "链接的"),
        ("第一行\n第二行\nabc\ndef", "第一行第二行 abc def"),
        ("他说\n“对”", "他说“对”"),
        ("한국\n말", "한국 말"),
    ],
)
def test_of_a_title_code_and_emphasis_are_reduced_and_lines_joined(title: str, shown: str) -> None:
    assert plain_text(title) == shown


@pytest.mark.parametrize(
    ("title", "lost"),
    [
        ("[enlace](http://x.example/a)", '"http://x.example/a"'),
        ("![alt](b.png)", '"b.png"'),
        ("Qué es {{ page.url }}", '"{{ page.url }}"'),
        ("a ~~b~~", '"~~"'),
        ("a <a href='/b'>c</a>", "\"<a href='/b'>\""),
        ("a\u202eb", "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
    ],
)
def test_what_a_title_loses_is_told(title: str, lost: str) -> None:
    (remark,) = read('title: "' + title + '"').remarks
    assert (remark.mistake.rule, remark.line, remark.column) == ("title-loses", 2, 8)
    assert lost in remark.reason


@pytest.mark.parametrize(
    ("head", "column", "whole"),
    [
        ("title: Acta #4 del consejo", 13, "'Acta #4 del consejo'"),
        ("title: Aprender C #1: punteros", 19, "'Aprender C #1: punteros'"),
        ("title: Canción # 4", 16, "'Canción # 4'"),
        ("title: La's # parte dos", 13, "'La''s # parte dos'"),
        ("title: #YoSoy", 8, "'#YoSoy'"),
        ("title: 'Acta' #4", 15, "'Acta #4'"),
        ("tags:\n  - #uno", 5, "'#uno'"),
        ("tags:\n  - C #3", 7, "'C #3'"),
        ("intro: Una\n  línea #4 más", 9, "'Una línea #4 más'"),
        ("image: {src: a.jpg, alt: uno #2\n  }", 30, "'uno #2'"),
        ("colour: #fff", 9, "'#fff'"),
    ],
)
def test_what_yaml_takes_for_a_comment_though_it_was_hardly_meant_is_told(
    head: str, column: int, whole: str
) -> None:
    (remark,) = read(head).remarks
    assert (remark.mistake.rule, remark.line, remark.column) == (
        "value-cut",
        2 + head[: head.index("#")].count("\n"),
        column,
    )
    assert whole in remark.remedy


@pytest.mark.parametrize(
    "head",
    [
        "date: 2020-01-01 # a mano",
        "draft: false #temporal",
        "title: Hola  # título provisional",
        "# title: antes\ntitle: Hola",
        "title: a#b",
        "title: 'Acta #4' # nota",
        "intro: |\n  uno #2",
        "lang: es # el idioma",
        "tags: [a, b] # temas",
        "summary: # falta",
    ],
)
def test_a_comment_that_is_meant_is_not_told(head: str) -> None:
    assert read(head).remarks == ()


@pytest.mark.parametrize("key", ["\u200btitle", "\xa0title", "ti\u00adtle", "tіtlе", "ｔｉｔｌｅ", "Τitle"])
def test_a_key_is_read_as_it_looks(key: str) -> None:
    assert read(f"date: 2026-11-16\n{key}: Hola").title == "Hola"


def test_what_looks_like_a_draft_is_one() -> None:
    assert read("drаft: true").draft
    assert read("prіvate: true").draft
    assert read("draft: ‘true’").draft
    assert read("publіshed\u200b: false").draft


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("---\ntitle:\u00a0Hola\ndate: 2026-11-16\n---\n", "NO-BREAK SPACE (U+00A0)"),
        ("---\ntitle：Hola\ndate: 2026-11-16\n---\n", "FULLWIDTH COLON (U+FF1A)"),
        ("---\ntitle: “Hola: x”\n---\n", "LEFT DOUBLE QUOTATION MARK (U+201C)"),
        ("---\ndate: “2026-11-16”\n---\n", "LEFT DOUBLE QUOTATION MARK (U+201C)"),
        ("–--\ntitle: x\n---\n", "EN DASH (U+2013)"),
        ("---\ntitle: x\n—\nTexto\n", "EM DASH (U+2014)"),
        ("---\ntitle: x\n---\u00a0\nTexto\n", "NO-BREAK SPACE (U+00A0)"),
        ("---\ndate: 2026-11-16\n\ufefftitle: x\n---\n", "ZERO WIDTH NO-BREAK SPACE (U+FEFF)"),
        ("\ufeff\ufeff---\ntitle: x\n---\n", "ZERO WIDTH NO-BREAK SPACE (U+FEFF)"),
    ],
)
def test_a_head_that_breaks_on_what_looks_right_names_it(text: str, name: str) -> None:
    with pytest.raises(PostError) as refused:
        read_post(text.encode(), PATH, SITE)
    assert name in str(refused.value)


def test_a_list_that_a_comment_cuts_says_so() -> None:
    with pytest.raises(PostError, match="# after a space begins a comment"):
        read("tags: [C #1, b]")


def test_lines_of_a_head_in_chinese_are_joined_without_a_space() -> None:
    assert read("intro: >\n  第一行，\n  第二行 第三\n  abc").intro == "第一行，第二行 第三 abc"
    assert read("intro: 第一行\n  第二行").intro == "第一行第二行"
    assert read('intro: "第一行\n  第二行"').intro == "第一行第二行"


@pytest.mark.parametrize(
    ("text", "body", "excerpt"),
    [
        ("第一行，厚\n德载物", "<p>第一行，厚德载物</p>", "第一行，厚德载物"),
        ("途中で\n改行", "<p>途中で改行</p>", "途中で改行"),
        ("[链\n接](/x)\n**字**\n字", '<p><a href="/to/x">链接</a><strong>字</strong>字</p>', "链接字字"),
        ("> 第一\n> 第二", "<blockquote>\n<p>第一第二</p>\n</blockquote>", "第一第二"),
        ("字\nabc\n字", "<p>字\nabc\n字</p>", "字 abc 字"),
        ("한국\n말", "<p>한국\n말</p>", "한국 말"),
        ("第一  \n第二", "<p>第一<br>\n第二</p>", "第一第二"),
        ("**「引用」**です", "<p><strong>「引用」</strong>です</p>", "「引用」です"),
        (
            "これは**（重要）**で*「強」*も",
            "<p>これは<strong>（重要）</strong>で<em>「強」</em>も</p>",
            "これは（重要）で「強」も",
        ),
        ("中**“文”**的", "<p>中<strong>“文”</strong>的</p>", "中“文”的"),
        ("**`code`**的 a ** b", "<p><strong><code>code</code></strong>的 a ** b</p>", "code的 a ** b"),
        ('**"말"**은', '<p><strong>"말"</strong>은</p>', '"말"은'),
    ],
)
def test_chinese_and_japanese_are_read_as_their_writers_mean_it(text: str, body: str, excerpt: str) -> None:
    html = html_of(text)
    assert (html.body.strip(), html.excerpt) == (body, excerpt)


def test_the_excerpt_of_html_in_chinese_has_no_spaces_of_its_lines() -> None:
    assert excerpt_of("第一\n第二 三") == "第一第二 三"
    assert html_of("<p>第一\n第二</p>").excerpt == "第一第二"


def test_a_pipe_of_a_table_is_in_code_what_it_is_in_text() -> None:
    html = html_of("| a | b |\n|---|---|\n| `ls \\| wc` and ``x\\|y`` | c \\| d |\n\n`e \\| f`")
    cells = [cell.partition("</td>")[0] for cell in html.body.split("<td>")[1:]]
    assert cells == ["<code>ls | wc</code> and <code>x|y</code>", "c | d"]
    assert "<code>e \\| f</code>" in html.body
