"""Bodies that are written to keep a machine busy: every sign that means something, repeated, nested, unclosed."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable, Iterator

REPEATED = (
    *"!\"#$%&'()*+,-./0:;<=>?@[\\]^_`{|}~a\t \nñ漢\u0301\u202e",
    # two and three of them
    "![[](", "![](", "![]()", "[[", "[](", "[a](", "[a](b", "[a](<", "[a](b \"", "[]:", "[^", "[^1]", "[a]", "[a][b]",
    "[x]: y\n", "[x]:\n", "\\[", "\\\\", "\\`", "`a", "``a`", "a*", "*a ", "**a ", "*a_", "**a*b_", "***a", "_a ", "_a_",
    "~~", "~~a", "~~a ", "~~a~~", "~a", "^a", "==a", "&amp", "&amp;", "&#", "&#1;", "&#x", "<<", "<a", "<a ", "<a>", "</a>",
    "<a href=", "<a href=\"", "<a href='x", "<a href=\"x\">", "<a b=\"c\" ", "<a:", "<a:b>", "<http://", "<a@", "<a@b.c>",
    "<!", "<!-", "<!--", "<!-->", "<!A ", "<![CDATA[", "]]>", "<?", "?>", "-->", "<b", "<b>", "<b></b>", "<b>a", "<i><b>", "<b></i>",
    "<img>", "<img ", "<img/", "<img src=", "<img src=x>", "<img src=\"", "<img src=\"x\">", "<img alt=\"", "<image", "<video>", "<source src=x>",
    "<figure>", "<figure><img>", "</figure>", "<figcaption>", "<figcaption", "<iframe>", "<iframe src=x>", "<iframe src=\"x\">", "</iframe>",
    "<script>", "</script ", "<script ", "<script></script ", "<script></script>", "<style>", "<svg>", "<svg ", "</svg ", "<math>", "<template>",
    "<textarea>", "<title>", "<select>", "<pre>", "</pre>", "<pre>a</pre>", "<details>", "<summary>", "<div>", "<div></div>", "<p>", "<table>", "<td>", "<li>", "<ul><li>",
    "<a id=x>", " id=", " id=x ", "<a id=\"", "<a id='x' ", "<a style=", "<Leader>", "<Leader ", "<x-y>", "<x-y ", "<input type=\"checkbox\">", "a=\"b\" ",
    "{{", "}}", "{{}}", "{{ a }}", "{%", "%}", "{%%}", "{% a %}", "{:", "{:}", "{:a}", "{: .a", "{::", "{:/", "{:/}", "{{<", "{{< figure ", "{{< figure src=\"", "{{< figure src=x >}}",
    "{% raw %}", "{% endraw %}", "{% raw %}{% endraw %}", "{% highlight", "{% highlight a %}", "{% comment %}", "{::comment}", "{% post_url", "{% link a %}", "{{ site.url", "{{ site.url }}",
    "](", "]({% link", "]({% link a %}", " href=\"", " href=\"{% link a %}", "[a]({% link b %})", "<a href=\"{% link a %}\">",
    "https://", "http://a ", "http://a.b/(", "http://a.b/)", "www.", "www.a.b ", "http://a.", "http://x/'", "a.b.", "a-", "a'", "a,b", "1.", "1) ", "1", "1 ",
    "漢字", "かな ", "e\u0301", "\u0301\u0300", "\u202ea", "👩\u200d", "🇪🇸", "\u200b", "\xa0", "\u2028", "\x0b", "\x0c", "\x01", "\x7f", "\ufffe",
    "a b ", "lorem ipsum dolor ", "aaaaaaaaaaaaaaaaaaaa", "x.x@x", "a:b:", "::", ":::", "- - -", "* * *", "_ _ _", "|||", "|a|b|", "| a ", "|-", "|:-:", "a|b",
    "> ", "> > > ", "- ", "- - ", "> - ", "1. - ", "+ * - ", "# ", "#", "## a ", "    ", "     a", "\t\t", "(", "((", "()", ")))", "\"a", "'a", "<\"", "<'", "=\"", "='",
)  # fmt: skip
"""Pieces of lines, again and again without a line's end."""

LINES = (
    "", "a", "#", "# a", "# a #", "## ñ", "###### a", "# {#a}", "# a {#b .c}", "# a {", "# <b>", "# *a*", "a\n=", "a\n-", "a\n===", "=", "==", "-", "--", "---", "***", "* * *", "___",
    "> a", ">", "> > a", "> - a", "> ```", "> # a", "> | a |", ">a\n", ">a\n\nb", "> a\nb",
    "- a", "-", "- a\n", "- [ ] a", "- [x] a", "* a", "+ a", "- a\n  - b", "- a\n\n  b\n", "- a\n- b\n\n+ c", "- # a", "- > a", "- ```", "- | a |", "1. a", "1) a", "2. a", "1.", "1. a\n2) b", "-\n\n  a", "- a\nb", "-\ta", "- - a",
    "    a", "\ta", "    a\n", " a", "  a", "   a\n", "a  ", "a\\",
    "```", "```\na\n```", "```a", "~~~", "~~~a", "~~~\na\n~~~", "````", "``` `", "  ```", "```python\nx\n```", "```{.a}", "```\n~~~",
    "| a |", "|a|b|\n|-|-|", "|a|\n|-|\n|b|", "|a|\n|-|\n|b|\n", "a|b\n-|-", "a|b\n-|-\nc|d\n", "a|b", "|", "|-|", "|a|\n|:|",
    "[a]: b", "[a]: b \"c\"", "[a]: <b", "[a]: b \"c", "[a]:", "[a]", "[a]:\nb", "[^a]: b", "[^a]: b\n\n    c", "[^a]:", "[^a]", "[^a]\n\n[^a]: b\n", "*[a]: b", "*[a]", "*[a",
    "a\n: b", ": b", "a\n\n: b\n", "a\n: b\n\n    c\n", "a\n:\tb",
    "<div>", "</div>", "<div>\n", "<div>\n\na\n\n</div>\n", "<p>a</p>", "<pre>", "<pre>\na\n</pre>", "<script>", "<script>\n\n</script>", "<style>", "<!-- a -->", "<!--", "<!-- a", "<!--more-->", "<? a", "<!A", "<![CDATA[", "<b>", "<b>\n", "</b>", "<a\nb", "<leader>", "<Leader>\n", "<table>\n<tr>\n<td>\n", "<figure>\n", "<figure>\n\n<img>\n", "<img>\n", "<details>\n", "<details>\n\na\n",
    "{: .a}", "{: #a}", "a\n{: .a}", "a\n{: .a}\n", "- a\n{: .a}\n", "{:toc}", "* a\n{:toc}\n", "{% a %}", "{{ a }}", "{% highlight a %}", "{% highlight a %}\nb\n{% endhighlight %}", "{% raw %}", "{::comment}", "{:/}", "[a]: {% link", "[a]: {% link b %}",
    "![a](b)", "![a](b c.png)", "![a](b \"c\")\n", "![a](b \"c\")", "[a](b)\n", "http://a.b", "**a**", "*a*\n", "~~a~~", "`a`", "`a", "a*", "a_b", "&", "\\",
    "> [!NOTE]", "> [!NOTE]\n> a\n", "[!NOTE]", "漢", "\u202e", "a: b", "a: 'b", "a: [b", "...", "+++", "title: a", "- a: b", "# a\n\n[a](#a)\n", "[a](#a)\n\n# a\n",
)  # fmt: skip
"""Whole lines, again and again."""

BETWEEN = (
    ("[", "]"), ("![", "]()"), ("[", "](a)"), ("(", ")"), ("*", "*"), ("**", "**"), ("_a ", " a_"), ("*a ", " a*"), ("~~a ", " a~~"), ("<b>", "</b>"), ("<div>", "</div>"),
    ("<div>\n\n", "\n\n</div>\n\n"), ("<details>", "</details>"), ("<figure>", "</figure>"), ("<span>", "</span>"), ("<script>", "</script>"), ("<svg>", "</svg>"), ("{% raw %}", "{% endraw %}"), ("{{", "}}"), ("{%", "%}"), ("{::comment}", "{:/}"),
    ("<", ">"), ("<!--", "-->"), ("\"", "'"), ("`", "``"), ("[a](", ")"), ("![[](", "))"), ("<a href=\"", "\">"), ("<img alt='", "'>"), ("|", "\n"), ("[^", "]"), ("<table><td>", "</td></table>"), ("<b><p>", "</p></b>"), ("<iframe src=\"a\">", "</iframe>"), ("<figure><img>", "</figure>"), ("<pre>", "</pre>"), ("<script ", "</script "), ("]]>", "<![CDATA["),
)  # fmt: skip
"""Half of it the one, then half of it the other."""


def _fill(piece: str, size: int) -> str:
    return piece * (size // max(1, len(piece.encode())))


def _numbered(form: str) -> Callable[[int], str]:
    """Lines with a number each, of about so many bytes."""
    return lambda size: "".join(form.format(n=n) for n in range(size // len(form.format(n=99_999))))


SPECIAL: dict[str, Callable[[int], str]] = {
    "headings alike": lambda size: _fill("# a\n\n", size),
    "headings that differ": _numbered("# a {n}\n\n"),
    "headings that are like made ids": _numbered("# a\n\n# a-{n}\n\n"),
    "links to anchors": _numbered("[a](#a-{n}) "),
    "ids": _numbered('<b id="a{n}">'),
    "definitions": _numbered("[a{n}]: /b\n"),
    "definitions and links": lambda size: (
        _numbered("[a{n}]: /b\n")(size // 2) + "\n" + _numbered("[a{n}] ")(size // 2)
    ),
    "one long definition": lambda size: f"[a]: /{'x' * 40_000}\n\n" + _fill("[a] ", size - 40_000),
    "footnotes": lambda size: _numbered("[^{n}]")(size // 2) + _numbered("\n\n[^{n}]: n")(size // 2),
    "footnotes in footnotes": _numbered("[^{n}]\n\n[^{n}]: n [^{n}1]\n\n"),
    "references to one footnote": lambda size: "[^1]: a\n\n" + _fill("[^1] ", size),
    "abbreviations": _numbered("*[w{n}]: x\n"),
    "abbreviated": lambda size: _numbered("*[w{n}]: x\n")(size // 2) + "\n" + _numbered("w{n} ")(size // 2),
    "abbreviations that begin alike": lambda size: (
        "".join(f"*[{'a' * n}b]: x\n" for n in range(1, 99)) + "\n" + "a" * size
    ),
    "a table of one very wide row": lambda size: _fill("|a", size // 2) + "|\n" + _fill("|-", size // 2) + "|\n",
    "a table of 5,000 columns": lambda size: (
        "|a" * 5_000 + "|\n" + "|-" * 5_000 + "|\n" + _fill("|a" * 5_000 + "|\n", size)
    ),
    "a table without pipes at its ends": lambda size: "a|b\n-|-\n" + _fill("c|d\n", size),
    "a table with a wrong last row": lambda size: "|a|b|\n|-|-|\n" + _fill("|c|d|\n", size) + "|e|\n",
    "backticks of growing length": lambda size: " ".join("`" * n for n in range(1, int((2 * size) ** 0.5))),
    "fences of growing length": lambda size: "\n".join("`" * n for n in range(3, int((2 * size) ** 0.5))),
    "fences of falling length": lambda size: "\n".join("~" * n for n in range(int((2 * size) ** 0.5), 2, -1)),
    "fences that no other ends": lambda size: "\n\n".join(
        "`" * n + "a\n" + "`" * (n - 1) for n in range(4, int(size**0.5))
    ),
    "lists that grow deeper": lambda size: "\n".join("  " * n + "- x" for n in range(int(size**0.5))),
    "lists as deep as may be": lambda size: _fill("\n".join("  " * n + "- x" for n in range(20)) + "\n", size),
    "quotes that grow deeper": lambda size: "\n".join("> " * n + "x" for n in range(1, int(size**0.5))),
    "quotes as deep as may be": lambda size: _fill("> " * 20 + "x\n", size),
    "quotes and lists as deep as may be": lambda size: _fill("> - " * 10 + "x\n", size),
    "a deep item with lines": lambda size: "- " * 20 + "x\n" + _fill("\n" + " " * 40 + "x", size),
    "a long item": lambda size: "- x\n" + _fill("  y\n", size),
    "a long item of paragraphs": lambda size: "- x\n" + _fill("\n  y\n", size),
    "a long lazy item": lambda size: "- x\n" + _fill("y\n", size),
    "a long lazy quote": lambda size: "> x\n" + _fill("y\n", size),
    "list items": _numbered("- a {n}\n"),
    "lists": lambda size: _fill("- a\n\n+ b\n\n", size),
    "numbers": _numbered("{n}. a\n"),
    "blank lines": lambda size: _fill("a\n" + "\n" * 99, size),
    "attribute names": lambda size: "<p " + _numbered("a{n} ")(size) + ">x",
    "one attribute name": lambda size: "<p " + "a" * size + ">x",
    "one attribute name of a picture": lambda size: "<img " + "a" * size + ">x",
    "one attribute name in a block": lambda size: "\n<div " + "a" * size + ">\n",
    "one attribute name that is not closed": lambda size: "<p " + "a" * size,
    "one attribute with blanks": lambda size: "<p a" + " " * size + "=x",
    "one name of a tag": lambda size: "<" + "a" * size,
    "one name of a tag before id": lambda size: "<" + "a-" * (size // 2) + " id",
    "one attribute without quotes": lambda size: "a <b c=" + "d\t" * (size // 2) + "=>",
    "one attribute without quotes in a block": lambda size: "\n<b c=" + "d\t" * (size // 2) + "=>\n",
    "definitions between lists": _numbered("[a{n}]: b\n\n- [c{n}]: d\n\n"),
    "a table that ends wrong": lambda size: _fill("a|b\n-|-\n", size) + "a|b|c\n",
    "abbreviations of words that begin alike": lambda size: (
        "".join(f"*[{'a ' * n}b]: x\n" for n in range(1, 50)) + "\n" + "a " * (size // 2)
    ),
    "one value": lambda size: '<p title="' + "a" * size + '">x',
    "one value of many lines": lambda size: '<p title="' + "a\n" * (size // 2) + '">x',
    "many classes": lambda size: '<p class="' + _numbered("a{n} ")(size) + '">x',
    "a style": lambda size: '<p style="' + _numbered("a:b{n};")(size) + '">x',
    "a srcset": lambda size: '<img src="x" srcset="' + _numbered("a{n} 1x, ")(size) + '">',
    "tags with values": _numbered('<p title="{n}">'),
    "pictures": _numbered("![a](b{n}.png) "),
    "pictures of HTML": _numbered('<img src="b{n}.png">'),
    "pictures without src inside figure": lambda size: "<figure>" + _fill("<img>", size) + "</figure>",
    "pictures without src and captions": lambda size: (
        "<figure>" + _fill("<img><figcaption>", size - 20) + "</figure>"
    ),
    "figures of pictures without src": lambda size: _fill("<figure><img></figure>", size),
    "formatting that is reopened": lambda size: (
        "<p>" + _numbered("<b title={n}>")(size // 2) + "</p>" + _fill("<p>x</p>", size // 2)
    ),
    "one very long word": lambda size: "a" * size,
    "a word with points": lambda size: "a." * (size // 2),
    "one address": lambda size: "http://" + "a" * size,
    "one address of brackets": lambda size: "http://x/" + ")" * size,
    "one address of both brackets": lambda size: "http://x/" + "(" * (size // 2) + ")" * (size // 2),
    "one address of points": lambda size: "http://x/" + "." * size,
    "addresses that end in points": lambda size: _fill("http://x/" + ")." * 900 + " ", size),
    "one line of code": lambda size: "```python\n" + "x" * size + "\n```",
    "code": lambda size: "```python\n" + _fill("x = 1 # a\n", size) + "```",
    "code of brackets": lambda size: "```js\n" + _fill("([{`${", size) + "\n```",
    "code of quotes": lambda size: "```python\n" + _fill("'\"\\", size) + "\n```",
    "blocks of code": lambda size: _fill("```python\nx\n```\n\n", size),
    "an attribute list": lambda size: "x\n{: " + ".a " * (size // 3) + "}",
    "attribute lists that are none": lambda size: _fill("x\n{: " + ".a" * 99 + "!}\n\n", size),
    "emphasis that does not pair": lambda size: _fill("*a ", size // 2) + _fill("b* ", size // 2),
    "a thousand signs in each paragraph": lambda size: _fill("*a_ " * 490 + "\n\n", size),
    "emphasis in emphasis": lambda size: _fill("*a **b " * 240 + " c** d*" * 240 + "\n\n", size),
    "brackets in each paragraph": lambda size: _fill("[" * 500 + "](a" * 500 + "\n\n", size),
    "definition lists": _numbered("a{n}\n: b\n\n"),
    "one definition of many terms": lambda size: _fill("a\n", size) + ": b\n",
    "one term of many definitions": lambda size: "a\n" + _fill(": b\n", size),
    "definitions in definitions": lambda size: "a\n" + _fill(": ", size) + "b\n",
    "summary": lambda size: "a" * (size // 2) + "\n\n<!-- more -->\n\n" + "a" * (size // 2),
    "no summary": lambda size: _fill("<!-- mor -->", size),
    "more with blanks": lambda size: _fill("<!--" + " " * 500, size),
    "blanks before more": lambda size: "<!--" + " " * size,
    "blanks at the ends of lines": lambda size: _fill("a" + " " * 999 + "\n", size),
    "blanks": lambda size: "a" + " " * size + "b",
    "tabs in a line": lambda size: "a" + "\t" * size + "b",
    "sharps at the end": lambda size: "# a" + " #" * (size // 2) + "b",
    "sharps and blanks": lambda size: "# a" + "#" * (size // 2) + " " * (size // 2) + "b",
    "a heading of blanks": lambda size: "# a" + " " * size + "b",
    "a heading in HTML": lambda size: "<h1>" + "a" * size,
    "headings in HTML": lambda size: _fill("<h1>a", size),
    "setext with blanks": lambda size: "a\n-" + " " * size + "b",
    "a break of signs": lambda size: "- " * (size // 2) + "b",
    "stars at the end of a break": lambda size: "*" * size + "b",
    "blanks in a table": lambda size: "|" + " " * size + "a",
    "blanks in a list": lambda size: "-" + " " * size + "a",
    "blanks of a definition": lambda size: "[a]:" + " " * size + "b c",
    "a title that is not closed": lambda size: _fill("[a]: b 'c\n\n", size),
    "titles that are not closed": lambda size: _fill("[a](b 'c ", size),
    "titles in lines that are not closed": lambda size: _fill("[a]: b 'c\n", size),
    "attributes of a shortcode": lambda size: "{{< figure " + _numbered("a{n}=b ")(size) + ">}}",
    "a shortcode of blanks": lambda size: "{{< figure" + " " * size,
    "a tag of blanks": lambda size: "{%" + " " * size,
    "tags of blanks": lambda size: _fill("{%" + " " * 999, size),
    "a task of blanks": lambda size: "- [ ] " + " " * size,
    "an alert of blanks": lambda size: "> [!NOTE]" + " " * size + "b",
    "a spaced picture": lambda size: "![a](" + "b " * (size // 2) + ".pn",
    "spaced pictures": lambda size: _fill("![a](b c.pn", size),
    "spaced pictures with titles": lambda size: _fill('![a](b c.png "', size),
    "a spaced picture with blanks": lambda size: "![a](b c.png" + " " * size,
    "marks": lambda size: "# a" + "\u0301" * (size // 2),
    "a heading of another script": lambda size: "# " + "漢" * (size // 3),
}  # fmt: skip
"""What needs more than a piece that repeats."""


def shapes(size: int) -> Iterator[tuple[str, str]]:
    """Names and bodies of about `size` bytes each."""
    for piece in dict.fromkeys(REPEATED):
        yield f"{piece!r} in a line", _fill(piece, size)
    for line in dict.fromkeys(LINES):
        yield f"{line!r} as lines", _fill(line + "\n", size)
    for one, other in BETWEEN:
        yield f"{one!r} then {other!r}", _fill(one, size // 2) + _fill(other, size // 2)
    for name, make in SPECIAL.items():
        yield name, make(size)
