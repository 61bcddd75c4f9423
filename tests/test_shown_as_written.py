"""What an editor writes is shown as it was meant, or named: titles, comments of YAML, lines of Chinese, tables."""

from __future__ import annotations

import json
import re

import html5lib
import pytest
from conftest import NewBlog
from test_markdown import html_of

from bitacora.markdown.text import excerpt_of, first_heading, plain_text
from bitacora.markdown.writer import Heading
from bitacora.posts.post import Post, read_post
from bitacora.problems import PostError
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
    "address",
    [
        "ftp://old.example.org/x",
        "https://old.example.org/x/",
        "mailto:a@b.c",
        "//old.example.org/x",
        "'C:/x'",
        "/\\x.org",
    ],
)
@pytest.mark.parametrize("key", ["aliases", "redirect_from"])
def test_an_old_address_of_another_place_is_told_and_the_text_published(key: str, address: str) -> None:
    found = read(f"{key}: [/uno/, {address}, /dos/]")
    assert found.aliases == ("/uno/", "/dos/")
    (remark,) = found.remarks
    assert remark.mistake.rule == "alias-useless"
    assert "leads nowhere" in remark.reason


def test_what_an_intro_loses_is_told() -> None:
    (remark,) = read("intro: 'Uno {{ x }} [dos](/y)'").remarks
    assert "intro is shown without" in remark.reason
    assert "{{ x }}" in remark.reason
    assert read("intro: 'Uno [dos](/y) <b>tres</b> `{{ x }}`'").remarks == ()


@pytest.mark.parametrize(
    ("head", "column", "whole"),
    [
        ("title: Acta #4 del consejo", 13, "'Acta #4 del consejo'"),
        ("title: Aprender C #1: punteros", 19, "'Aprender C #1: punteros'"),
        ("title: Canción # 4", 16, "'Canción # 4'"),
        ("slug: a # b", 9, "'a # b'"),
        ("permalink: /a # b/", 15, "'/a # b/'"),
        ("title: La's # parte dos", 13, "'La''s # parte dos'"),
        ("title: #YoSoy", 8, "'#YoSoy'"),
        ("title: 'Acta' #4", 15, "'Acta #4'"),
        ("tags:\n  - #uno", 5, "'#uno'"),
        ("tags:\n  - C #3", 7, "'C #3'"),
        ("intro: Una\n  línea #4 más", 9, "'Una línea #4 más'"),
        ("image: {src: a.jpg, alt: uno #2\n  }", 30, "'uno #2'"),
        ("colour: #fff", 9, "'#fff'"),
        ("title: Acta\n  #4 del consejo", 3, "'Acta #4 del consejo'"),
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
        "tags:\n  - a\n  #b\n  - c",
        "title: a\n#draft: true",
        "title: a\n  # nota",
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
    with pytest.raises(PostError, match="# after a space or"):
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
    assert html_of("<p>第一\n第<b>二</b></p><p>第三</p>").excerpt == "第一第二第三"
    assert html_of("第一。\n\n- 第二\n- 第三\n\nabc\n\n<!--more-->").excerpt == "第一。第二第三 abc"


@pytest.mark.parametrize(
    ("rows", "cells"),
    [
        ("| `ls | wc` | c |", ["<code>ls | wc</code>", "c"]),
        ("| `a||b` y ``x|`y`` | c |\n| d | e |", ["<code>a||b</code> y <code>x|`y</code>", "c", "d", "e"]),
        ("| [[uno|dos]] | c |", ['<a href="/uno">dos</a>', "c"]),
        ("| \\`x | y` |", ["`x", "y`"]),
        ("| c |\n| d | e |", ["c", "", "d", "e"]),
        ("| c | d | e |\n| f | g | |", ["c", "d | e", "f", "g"]),
        ("| c | d\n| e | f |", ["c", "d", "e", "f"]),
        ("| `c|d | e |", ["`c", "d | e"]),
    ],
)
@pytest.mark.parametrize("begin", ["| a | b |\n|---|---|\n", "| a | b\n|---|---\n", "> | a | b |\n> |:-:|---|\n"])
def test_no_row_of_a_table_turns_the_table_into_pipes(begin: str, rows: str, cells: list[str]) -> None:
    body = html_of(begin + "\n".join(begin.startswith(">") * "> " + row for row in rows.split("\n"))).body
    found = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", body)
    assert [re.sub(r'href="[^"]*"', 'href="/uno"', cell) for cell in found] == ["a", "b", *cells]


def test_code_in_a_heading_of_a_table_may_have_a_pipe_and_columns_must_be_as_many() -> None:
    assert "<code>a|b</code></th>" in html_of("| `a|b` | c |\n|---|---|\n| d | e |").body
    assert "<table" not in html_of("| a | b |\n|---|\n| d | e |").body
    assert "<table" not in html_of("| a | b |\n| c |\n| d | e |").body


def test_a_pipe_of_a_table_is_in_code_what_it_is_in_text() -> None:
    html = html_of("| a | b |\n|---|---|\n| `ls \\| wc` and ``x\\|y`` | c \\| d |\n\n`e \\| f`")
    cells = [cell.partition("</td>")[0] for cell in html.body.split("<td>")[1:]]
    assert cells == ["<code>ls | wc</code> and <code>x|y</code>", "c | d"]
    assert "<code>e \\| f</code>" in html.body


# --- formulas


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize(
    "formula",
    [
        r"$x_1 = \{a_1, b*c*d\}$",
        r"\(\beta \\ \gamma_i\)",
        "$$\n\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n$$",
        "$$\na\n= b\n+ c\n- d\n# e\n$$",
        "\\[ a_1 < b_2 > c \\]",
        "\\begin{align*}\na &= {{b}} \\\\\nc &= {% d %}\n\\end{align*}",
        r"$\|x\|$ y $f(x)=<script>alert(1)</script>$",
        "$$ \\text{si $x$} \\quad [a](b) `c` $$",
    ],
)
def test_formulas_reach_the_page_as_they_are_written(formula: str, trusted: bool) -> None:
    html = html_of(f"Sea *a* {formula} y *b*.", math=True, trusted=trusted)
    tree = html5lib.parseFragment(html.body, namespaceHTMLElements=False)
    assert [element.tag for element in tree.iter() if element.tag != "DOCUMENT_FRAGMENT"] == ["p", "em", "em"]
    assert "".join(tree.itertext()).strip() == f"Sea a {formula} y b."


def test_formulas_stay_whole_wherever_they_stand() -> None:
    text = (
        "## El $\\beta_1$\n\n> - $$\n>   a_1\n>   - b\n>   $$\n\n| a |\n|---|\n| $|x_1|$ y $\\|z_1\\|$ |\n\n"
        "![$a_1$](b.png) [$c_1$](/d)\n\n[^n]\n\n[^n]: $e_1 \\\\ e_2$\n"
    )
    html = html_of(text, math=True)
    assert html.toc[0] == Heading(2, "el-beta_1", "El $\\beta_1$")
    for part in (
        "$$\na_1\n- b\n$$",
        "<td>$|x_1|$ y $\\|z_1\\|$</td>",
        'alt="$a_1$"',
        ">$c_1$</a>",
        "$e_1 \\\\ e_2$",
    ):
        assert part in html.body


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Entre $5 y *luego* $6", "<p>Entre $5 y <em>luego</em> $6</p>"),
        ("`$x_1$` y US$5 *o* US$6", "<p><code>$x_1$</code> y US$5 <em>o</em> US$6</p>"),
        ("$$ sin *fin*\n\notro $$", "<p>$$ sin <em>fin</em></p>\n<p>otro $$</p>"),
        ("\\\\(x\\\\) \\$*a*$", "<p>\\(x\\) $<em>a</em>$</p>"),
        ("\ufdd00\ufdd1 $a_1$", "<p>\ufffd0\ufffd $a_1$</p>"),
    ],
)
def test_what_only_looks_like_a_formula_is_text(text: str, body: str) -> None:
    assert html_of(text, math=True).body.strip() == body


def test_without_math_a_dollar_means_nothing() -> None:
    assert html_of(r"$a *b* \{c\}$").body == "<p>$a <em>b</em> {c}$</p>\n"


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        (r"Si $x_1 \le \frac{a}{2}$ y \(\beta\).", "Si x_1 ≤ a/2 y β."),
        ("$$\na\n$$\n\nEl texto.", "El texto."),
        (r"Con $\mathrm{pH} = 7$ y \[ b \]", "Con pH = 7 y"),
    ],
)
def test_an_excerpt_says_formulas_in_words(text: str, excerpt: str) -> None:
    assert html_of(text, math=True).excerpt == excerpt


def test_the_page_of_a_post_with_formulas_has_them(new_blog: NewBlog) -> None:
    text = "---\ntitle: Uno\nmath: true\n---\n$x_1 = \\{a, b\\}$ {{y}} $a{{b}}$\n"
    blog = new_blog({"posts/2018-07-17-x.md": text})
    assert "$x_1 = \\{a, b\\}$" in blog.get("/2018/07/17/x/").text
    said = blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share", "--json")).stdout
    assert "{{y}}" in said
    assert "{{b}}" not in said


# --- a title that is not shown twice


@pytest.mark.parametrize(
    ("text", "body", "toc"),
    [
        ("# La nota\n\nUno.\n\n## Dos", '<p id="la-nota">Uno.</p>\n<h2 id="dos">Dos</h2>', ["Dos"]),
        ("La *nota*\n===\n\nUno.\n\n# Dos", '<p id="la-nota">Uno.</p>\n<h2 id="dos">Dos</h2>', ["Dos"]),
        ("# la  “nota”:\n\n## Dos", '<span id="la-nota"></span>\n<h2 id="dos">Dos</h2>', ["Dos"]),
        ("## La nota {#uno}\n\nUno.", '<p id="uno">Uno.</p>', []),
        ("<h1>La nota</h1>\n\nUno.", '<p id="la-nota">Uno.</p>', []),
        ("Antes.\n\n# La nota\n\nUno.", '<p>Antes.</p>\n<p id="la-nota">Uno.</p>', []),
        ("Antes.\n\n## La nota\n\nUno.", '<p>Antes.</p>\n<h2 id="la-nota">La nota</h2>\n<p>Uno.</p>', ["La nota"]),
        ("# Otra\n\n# La nota", '<h2 id="otra">Otra</h2>\n<h2 id="la-nota">La nota</h2>', ["Otra", "La nota"]),
        ("# [La nota](/x)", '<h2 id="la-nota"><a href="/to/x">La nota</a></h2>', ["La nota"]),
    ],
)
def test_a_first_heading_that_repeats_the_title_is_not_shown_again(text: str, body: str, toc: list[str]) -> None:
    title = 'La "nota"' if "“" in text else "La nota"
    html = html_of(text, title=title)
    assert html.body.strip() == body
    assert [heading.text for heading in html.toc] == toc


def test_a_title_stands_once_on_its_page_and_never_in_the_feed(new_blog: NewBlog) -> None:
    text = "---\ndate: 2018-07-17\n---\n# El acta\n\nUno [dos](#el-acta).\n\n## Acuerdos\n"
    blog = new_blog({"posts/acta.md": text, "pages/otra.md": "---\ntitle: Otra\n---\n# Otra\n\nTexto.\n"})
    for path in ("/2018/07/17/acta/", "/otra/"):
        tree = html5lib.parse(blog.get(path).text, namespaceHTMLElements=False)
        titles = [heading for heading in tree.iter() if "".join(heading.itertext()) in {"El acta", "Otra"}]
        assert [heading.tag for heading in titles if heading.tag[:1] == "h"] == ["h1"]
    assert "&lt;h2 id=&quot;el-acta" not in blog.get("/feed.xml").text.replace("&#34;", "&quot;")
    said = blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share", "--json")).stdout
    assert "anchor" not in said


# --- marks and addresses that look right


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("##\xa0Primera", '<h2 id="primera">Primera</h2>'),
        ("\ufeff# Primera", '<h2 id="primera">Primera</h2>'),
        ("-\xa0uno\n-\u202fdos", "<ul>\n<li>uno</li>\n<li>dos</li>\n</ul>"),
        ("1.\xa0uno\n2.\u2003dos", "<ol>\n<li>uno</li>\n<li>dos</li>\n</ol>"),
        ("> -\xa0uno", "<blockquote>\n<ul>\n<li>uno</li>\n</ul>\n</blockquote>"),
        ("\u200b> uno", "<blockquote>\n<p>uno</p>\n</blockquote>"),
        ("uno\n\xa0\ndos", "<p>uno</p>\n<p>dos</p>"),
        ("uno\n\n---\xa0\n\ndos", "<p>uno</p>\n<hr>\n<p>dos</p>"),
        ("[a]\n\n[a]:\xa0/b", '<p><a href="/to/b">a</a></p>'),
        ("```\n##\xa0uno\n```\xa0\n\ndos", None),
        ("#etiqueta «\xa0uno\xa0» 5\xa0%", "<p>#etiqueta «&nbsp;uno&nbsp;» 5&nbsp;%</p>"),
    ],
)
def test_marks_of_markdown_are_read_as_they_look(text: str, body: str | None) -> None:
    html = html_of(text).body.strip()
    if body is None:
        assert "##&nbsp;uno\n</code>" in html
        assert html.endswith("<p>dos</p>")
    else:
        assert html == body
    if text.startswith(("##", "\ufeff#")):
        assert first_heading(text) == "Primera"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("![a](foto (1).jpg)", "foto%20(1).jpg"),
        ("![a](foto (1.jpg)", "foto%20(1.jpg"),
        ("![a](foto dos.jpg “Un título”)", "foto%20dos.jpg"),
        ("![a](img\\foto.jpg)", "img/foto.jpg"),
        ("[a](mi informe (2).pdf)", "mi%20informe%20(2).pdf"),
        ("[a](< informe.pdf >)", "informe.pdf"),
        ("[a](https://x.example/una página)", "https://x.example/una%20p%C3%A1gina"),
        ("[a](“https://x.example/”)", "https://x.example/"),
        ("[a](otra nota.md#parte dos)", "otra%20nota.md#parte%20dos"),
        ("[a](https://x.example/b_(c))", "https://x.example/b_(c)"),
    ],
)
def test_an_address_is_taken_as_it_is_meant(text: str, address: str) -> None:
    assert f'="/files/{address}"' in html_of(text).body or f'="{address}"' in html_of(text).body


@pytest.mark.parametrize("text", ["[nota](véase abajo)", "`![a](b c.png)`", "    [a](b c.png)", r"\[a](b c.png)"])
def test_what_is_no_address_is_left_as_it_is(text: str) -> None:
    body = html_of(text).body
    assert "&lt;" not in body
    assert "<a" not in body
    assert "<img" not in body


@pytest.mark.parametrize(
    ("body", "rule", "told"),
    [
        ("![a](foto\n\nb.jpg)", "address-unread", "![a]("),
        ("[a] (https://x.example/)", "address-unread", "[a] ("),
        ("[uno][dos]", "address-unread", "[uno][dos]"),
        ("> uno ![dos][] tres\n\n[otro]: /x 'x'\n\n[otro][OTRO]", "address-unread", "![dos][]"),
        ("[a]（https://x.example/）", "address-unread", "[a]（"),
        ("(aquí)[https://x.example/]", "address-unread", "(aquí)["),
        ("[acta](file:///C:/acta.pdf)", "address-unread", '"acta" has no address'),
        (r"[el *acta*](C:\acta.pdf)", "address-unread", '"el acta" has no address'),
        ("[a](https:// x.example)", "address-unread", '"a" has no address'),
        ('<a href="obsidian://open">uno</a>', "address-unread", '"uno" has no address'),
        ("![foto](file:///x.png)", "address-unread", 'The picture "foto"'),
        ("uno [dos]() tres", "address-unread", "[dos]()"),
        ("uno[^1]", "note-lost", "no note"),
        ("uno ‹!— nota —> dos", "look-alike", "SINGLE LEFT-POINTING ANGLE QUOTATION MARK (U+2039)"),
        ("uno <!— nota —> dos", "look-alike", "EM DASH (U+2014)"),
        ("uno ％％nota％％", "look-alike", "FULLWIDTH PERCENT SIGN (U+FF05)"),
        ("<math><mi>x</mi></math>", "left-out", "<math> is left out"),
        ("uno <textarea>dos</textarea>", "left-out", "<textarea> is left out"),
        ("uno\n\n[Nota]: importante", "note-lost", "takes it for the address"),
        ("uno[^1]\n\n[^1]: a\n[^2]: b[^3]\n[^3]: c", "note-lost", "is not shown"),
        ("uno[^1]\n\n[^1]: a\n\n[^1]: b", "note-lost", "is not shown"),
        ("• uno\n• dos", "look-alike", "BULLET (U+2022)"),
        ("＃ Título", "look-alike", "FULLWIDTH NUMBER SIGN (U+FF03)"),
        ("´´´\nx\n´´´", "look-alike", "ACUTE ACCENT (U+00B4)"),
        ("uno\n\n–--\n\ndos", "look-alike", "EN DASH (U+2013)"),
        ("*\u200b*uno**", "look-alike", "ZERO WIDTH SPACE (U+200B)"),
        ("<a href=“/x”>uno</a>", "look-alike", "LEFT DOUBLE QUOTATION MARK (U+201C)"),
    ],
)
def test_what_is_not_read_as_it_looks_is_told(new_blog: NewBlog, body: str, rule: str, told: str) -> None:
    blog = new_blog({"posts/2018-07-17-x.md": f"---\ntitle: Uno\n---\n{body}\n"})
    said = blog.app.test_cli_runner().invoke(args=("posts", "check", "--no-share", "--json")).stdout
    found = [(one["rule"], one["reason"]) for one in json.loads(said)["findings"]]
    assert {(rule, True)} == {(name, told in reason) for name, reason in found if name == rule}


@pytest.mark.parametrize(
    ("alias", "aliases", "told"),
    [
        ("/a/#b", ("/a/",), "behind #"),
        ("#b", (), "behind #"),
        ("/a/*", ("/a/*",), "one address alone"),
        ("/:year/a/", ("/:year/a/",), "one address alone"),
        ("/a/ /b/", ("/a/%20/b/",), "as one address"),
        ("/a/, /b/", ("/a/,%20/b/",), "as one address"),
        ("/?a=/b, /c", ("/?a=/b,%20/c",), ""),
        ("https://blog.example/a/", ("/a/",), ""),
        ("/a b/", ("/a%20b/",), ""),
    ],
)
def test_an_old_address_that_cannot_work_is_told(alias: str, aliases: tuple[str, ...], told: str) -> None:
    source = f"---\ntitle: Uno\naliases: ['{alias}']\n---\n".encode()
    post = read_post(source, PATH, Site(url="https://blog.example"))
    assert post.aliases == aliases
    assert [remark.mistake.rule for remark in post.remarks] == ["alias-useless"] * bool(told)
    assert all(told in remark.reason for remark in post.remarks)
