"""Comments of all engines: out of everything that is made of a text, and never looked for in code."""

from __future__ import annotations

import time

import pytest
from blogs import post
from conftest import NewBlog
from test_findings import FILE, findings, run

from bitacora.markdown.comments import CLOSING_MARKS, code_in, comments_in, without_comments
from bitacora.markdown.writer import render

SECRET = "telefono5550199"

# A body in which SECRET must vanish, and what of it must stay, in words.
HIDDEN = {
    "obsidian in a line": ("uno %%SECRET%% dos", "uno dos"),
    "obsidian, twice in a line": ("%%SECRET%% uno %%SECRET%% dos", "uno dos"),
    "obsidian, lines": ("uno\n\n%%\nSECRET\n\n- SECRET\n%%\n\ndos", "uno dos"),
    "obsidian, paragraphs": ("%% SECRET\n\nSECRET %%\n\ndos", "dos"),
    "obsidian, a percent sign in lines": ("%%\nsubió 50%% SECRET\nSECRET\n%%\n\ndos", "dos"),
    "obsidian, lines that end otherwise": ("%%\nSECRET %%\n\nuno\n\n%%\nSECRET\n%%\n\ndos", "uno dos"),
    "obsidian, read in either way": ("%%\nSECRET %% cola\n\nSECRET\n\n%%\nSECRET\n%%\n\ndos", "dos"),
    "obsidian in a quotation": ("> %%\n> SECRET\n> %%\n\nuno", "uno"),
    "obsidian in an item": ("- uno\n  %%\n  SECRET\n  %%\n- dos", "uno dos"),
    "obsidian in a table": ("| a | b |\n|---|---|\n| uno %%SECRET%% | dos |", "a b uno dos"),
    "obsidian beside code": ("```mermaid\n%% nota\n```\n\n%%\nSECRET\n%%\n\nuno", "%% nota uno"),
    "obsidian, signs that cannot be seen": ("\u200b%%\xa0\nSECRET\n\nSECRET\n\xa0%%\n\nuno", "uno"),
    "html, signs that cannot be seen": ("\ufeff<!-- SECRET\n\nSECRET", ""),
    "obsidian, never ended": ("uno\n\n%%\nSECRET\n\nSECRET", "uno"),
    "obsidian, never ended in its paragraph": ("uno %%SECRET\n\ndos", "uno dos"),
    "html in a line": ("uno <!-- SECRET --> dos", "uno dos"),
    "html, lines": ("uno\n\n<!--\nSECRET\n\n# SECRET\n-->\n\ndos", "uno dos"),
    "html, from one paragraph to another": ("uno <!-- SECRET\n\nSECRET --> dos", "uno dos"),
    "html with code inside": ("<!-- `SECRET\n\n```\nSECRET -->\n\nuno", "uno"),
    "html, never ended": ("uno\n\n<!-- SECRET\n\nSECRET", "uno"),
    "html, never ended in its paragraph": ("uno <!-- SECRET\n\ndos", "uno dos"),
    "html beside what looks like a fence": ("<div>\n```\n%%SECRET%%\n</div>\n\nuno", "uno"),
    "html that never ends": ("uno\n\n<pre>\n> ```\n> %%SECRET%%", "uno"),
    "html of Gutenberg": ('<!-- wp:image {"id":"SECRET"} -->\n<p>uno</p>\n<!-- /wp:image -->', "uno"),
    "html in pre": ("<pre>uno <!-- SECRET --> dos</pre>", "uno dos"),
    "liquid": ("uno {% comment %}SECRET{% endcomment %} dos", "uno dos"),
    "liquid, paragraphs": ("{%- comment -%}\n\nSECRET\n\n{%- endcomment -%}\n\nuno", "uno"),
    "liquid, one in another": (
        "{% comment %}SECRET{% comment %}x{% endcomment %}SECRET{% endcomment %}uno",
        "uno",
    ),
    "liquid, never ended": ("uno {% comment %}SECRET\n\nSECRET", "uno"),
    "liquid in a line": ("uno {% # SECRET %} dos", "uno dos"),
    "liquid's doc": ("{% doc %}\nSECRET\n{% enddoc %}\n\nuno", "uno"),
    "django with a note": ('{% comment "SECRET" %}SECRET{% endcomment %}uno', "uno"),
    "definition": ("uno\n\n[//]: # (SECRET)\n\ndos", "uno dos"),
    "definition with quotes": ('[//]: # "SECRET"\n\nuno', "uno"),
    "definition in angle brackets": ("[//]: <> (SECRET\nSECRET)\n\nuno", "uno"),
    "definition on two lines": ("[//]: #\n(SECRET)\n\nuno", "uno"),
    "definition with brackets inside": ("[//]: # (SECRET (SECRET) SECRET)\n\nuno", "uno"),
    "definition in a paragraph": ("uno\n[//]: # (SECRET)\ndos", "uno dos"),
    "definition, never ended": ("[//]: # (SECRET\n\nuno", "uno"),
    "definition without a title": ("[//]: SECRET y SECRET\n\nuno", "uno"),
    "definition called comment": ('[comment]: # "SECRET"\n[comment]: <> (SECRET)\n\nuno', "uno"),
    "definition called comment, in brackets": (
        "[comment]: <SECRET SECRET>\n[//]:#(SECRET)\n[_]:#(SECRET)\n\nuno",
        "uno",
    ),
    "definition called anything": ("[nota 1]: # (SECRET)\n\nuno", "uno"),
    "definition without a name": ("[]: # (SECRET)\n\nuno", "uno"),
    "kramdown": ("uno {::comment}SECRET{:/comment} dos", "uno dos"),
    "kramdown, lines": ("{::comment}\nSECRET\n\nSECRET\n{:/}\n\nuno", "uno"),
    "kramdown, empty": ("{::comment title='SECRET' /}uno", "uno"),
    "kramdown, never ended": ("uno\n\n{::comment}\nSECRET\n\nSECRET", "uno"),
    "erb": ("uno <%# SECRET %> dos", "uno dos"),
    "jsp": ("uno <%-- SECRET --%> dos", "uno dos"),
    "jinja": ("uno {# SECRET #} dos", "uno dos"),
    "jinja without blanks": ("uno {#SECRET#} dos", "uno dos"),
    "jinja, lines": ("{#-\nSECRET\n\nSECRET\n-#}\n\nuno", "uno"),
    "jinja, never ended": ("uno\n\n{# SECRET\n\nSECRET", "uno"),
    "hugo": ("uno {{/* SECRET */}} dos {{- /* SECRET */ -}}", "uno dos"),
    "antlers": ("uno {{# SECRET #}} dos {{# SECRET {{ a }} #}}", "uno dos"),
    "serbea": ("uno {%# SECRET %} dos", "uno dos"),
    "a branch that is never taken": (
        "{% if false %}SECRET{% if a %}SECRET{% else %}SECRET{% endif %}SECRET{% else %}uno{% endif %} dos",
        "uno dos",
    ),
    "hugo's shortcode": ("{{% comment %}}\nSECRET\n\nSECRET\n{{% /comment %}}\n\nuno", "uno"),
    "hugo's other shortcode": ("{{< comment >}}SECRET{{< /comment >}}uno", "uno"),
    "handlebars": ("uno {{!-- SECRET }} SECRET --}} dos {{! SECRET }}", "uno dos"),
    "blade": ("uno {{-- SECRET --}} dos", "uno dos"),
    "mdx": ("{/* SECRET */}\n\nuno {/* SECRET\nSECRET */} dos", "uno dos"),
    "critic": ("uno{>>SECRET<<} dos", "uno dos"),
    "logseq": ("#+BEGIN_COMMENT\nSECRET\n\nSECRET\n#+END_COMMENT\n\nuno", "uno"),
    "a hidden element": ("uno <span hidden>SECRET <b>SECRET</b></span> dos", "uno dos"),
    "a hidden element of Markdown": (
        "<div hidden>\n\nSECRET\n\n<div>\n\nSECRET\n\n</div>\n\n</div>\n\nuno",
        "uno",
    ),
    "an element without a display": ('<p class="a" STYLE="color: red; Display : None">SECRET</p>\n\nuno', "uno"),
    "an element without visibility": ("<div style='visibility:hidden'>SECRET</div>\n\nuno", "uno"),
    "a hidden element, never ended": ('uno\n\n<section hidden="until-found">\n\nSECRET', "uno"),
    "members of Ghost": ("uno\n\n<!--members-only-->\n\nSECRET\n\n- SECRET", "uno"),
    "subscribers of WordPress": (
        "<!-- wp:premium-content/x -->\nSECRET\n<!-- /wp:premium-content/x -->\n\nuno",
        "uno",
    ),
    "members of WordPress": (
        "uno [private]SECRET[/private] dos\n\n[members level=2]\n\nSECRET\n\n[/members]",
        "uno dos",
    ),
    "liquid, lines": ("{% liquid\n # SECRET\n%}\n\nuno", "uno"),
    "critic, deleted": ("uno {--SECRET--} dos", "uno dos"),
    "quarto": ("::: {.content-hidden}\nSECRET\n\n::: {.callout-note}\nSECRET\n:::\n\nSECRET\n:::\n\nuno", "uno"),
    "quarto for another format": ('::: {.content-visible when-format="pdf"}\nSECRET\n:::\n\nuno', "uno"),
    "notes of a talk": ("::: notes\nSECRET\n:::\n\nuno", "uno"),
    "indented in a note": ("uno[^1]\n\n[^1]: dos\n\n    tres %%SECRET%%", "uno dos tres"),
    "indented in a definition": ("uno\n:   dos\n\n    tres <!-- SECRET -->", "uno dos tres"),
    "a comment before blanks": ("%%SECRET%%    uno", "uno"),
}

# A body in which KEPT must stay, for it is code, or is not meant as a comment.
SHOWN = {
    "fences": "```\n%% KEPT %%\n<!-- KEPT -->\n{# KEPT #}\n{% comment %}KEPT{% endcomment %}\n[//]: # (KEPT)\n```",
    "fences of tildes": "~~~text\n%%\nKEPT\n%%\n~~~",
    "indents": "uno\n\n    %% KEPT %%\n    {# KEPT #}\n    [//]: # (KEPT)\n    <!-- KEPT -->",
    "indents in an item": "- uno\n\n      {# KEPT #}",
    "spans": "`%%KEPT%%` ``{# KEPT ` #}`` `<!-- KEPT -->` `{/* KEPT */}` `{::comment}KEPT{:/}`",
    "spans behind a backtick in an address": "<https://x.org/`y> `%%KEPT%%` <b title='`'>uno</b> `{# KEPT #}`",
    "spans that begin before a tag": "`<b title='` %%uno `'>%%KEPT",
    "elements": "<pre>\n%%KEPT%%\n\n{# KEPT #}\n</pre>\n\n<code>{# KEPT #}</code>",
    "raw": "{% raw %}{# KEPT #} {/* KEPT */}{% endraw %}",
    "highlight": "{% highlight sh %}\n%% KEPT %%\n{% endhighlight %}",
    "escapes": "\\%\\%KEPT\\%\\% \\<!-- KEPT -->",
    "percent signs in two paragraphs": "Sube 50%% más.\n\nKEPT\n\nBaja 20%% menos.",
    "ids of headings": "## KEPT {#uno}\n\n## KEPT {#dos .clase}",
    "blocks of handlebars": "KEPT {{#if a}}x{{/if}} KEPT",
    "a link of that name": "[a] KEPT\n\n[a]: # (KEPT)",
    "other definitions": "[a] KEPT\n\n[a]: /b (KEPT)",
    "more": "KEPT\n\n<!--more-->\n\nKEPT",
    "hidden in a value": '<p title="a hidden <gem" class="hidden">KEPT</p>\n\n<p aria-hidden="true">KEPT</p>',
    "quarto for pages": '::: {.content-visible when-format="html"}\nKEPT\n:::',
    "quarto hidden elsewhere": '::: {.content-hidden when-format="pdf"}\nKEPT\n:::',
    "code below a note": "uno[^1]\n\n[^1]: dos\n\ntres\n\n    %%KEPT%%",
    "words in brackets": "[private] KEPT [hide](/a/) KEPT [members only] KEPT",
    "hidden in code": "`<p hidden>` KEPT\n\n```\n<div hidden>\nKEPT\n```",
    "another style": '<p style="color: none; display: block">KEPT</p>',
    "items": "- uno %%\n- KEPT %%nada%%",
    "an empty one of html": "<!--> KEPT\n\n<!---> KEPT",
}


def text(name: str, body: str) -> str:
    return body.replace("SECRET", SECRET)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_comment_is_left_out_with_any_ends_of_lines(name: str) -> None:
    body = text(name, HIDDEN[name][0])
    for written in (body, body.replace("\n", "\r\n"), f"> {body}".replace("\n", "\n> "), f"* item\n\n{body}"):
        assert SECRET not in without_comments(written), written


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_code_or_no_comment_stays(name: str) -> None:
    body = SHOWN[name]
    for written in (body, body.replace("\n", "\r\n")):
        assert without_comments(written).count("KEPT") == body.count("KEPT"), written


@pytest.mark.parametrize(
    "body",
    [
        "<https://x.org/`y> %%SECRET%% `uno`",
        "<a`b@x.org> {# SECRET #} `dos`",
        "<b title='`'>uno</b> %%SECRET%% <b title='``'>dos</b> {# SECRET #} `` `",
    ],
)
def test_a_backtick_in_an_address_or_a_tag_opens_no_code(body: str) -> None:
    assert "SECRET" not in without_comments(body)
    assert "SECRET" not in render(body, _AsWritten()).body


class _AsWritten:
    def link(self, href: str) -> str:
        return href

    def picture(self, src: str) -> tuple[str, int, int]:
        return src, 0, 0


@pytest.mark.parametrize("name", HIDDEN)
def test_neither_words_nor_excerpt_count_a_comment(name: str) -> None:
    body, words = HIDDEN[name]
    html = render(text(name, body), _AsWritten())
    assert SECRET not in html.body + html.excerpt
    trusted = render(text(name, body), _AsWritten(), trusted=True).body
    assert (SECRET in trusted) == ("element" in name)  # which scripts of a site that is trusted may show
    if "<pre>" not in body:  # code counts no words
        assert html.words == len(words.replace("%% nota", "").split())


def test_lists_that_a_comment_parts_stay_apart() -> None:
    html = render("- a\n\n<!-- x -->\n\n- b\n\n<!-- x -->\n\n    code", _AsWritten()).body
    assert (html.count("<ul>"), "code" in html, "<pre" in html, "<!--" in html) == (2, True, True, False)


def test_no_address_of_the_blog_has_a_word_of_a_comment(new_blog: NewBlog) -> None:
    files = {
        f"posts/2018-07-{number % 28 + 1:02}-p{number}.md": post(
            f"P{number}", f"{text(name, body)}\n", notas=f"'{SECRET}'", categories="[Una]"
        )
        for number, (name, (body, _)) in enumerate(HIDDEN.items())
    }
    files["posts/2018-06-01-sin-titulo.md"] = f"---\nlang: es\n---\n%%\n# {SECRET}\n%%\n\n# Visible\n"
    files["posts/2018-06-02-sin-titulo.md"] = (
        f"---\nlang: es\n---\n{{% comment %}}\n# {SECRET}\n{{% endcomment %}}\n"
    )
    files["posts/2018-06-03-lista.md"] = post("L", f"uno\n\n{{% include {SECRET}.html %}}\n\n[^1]: {SECRET}\n")
    files["pages/acerca.md"] = post("Acerca", f"<!-- {SECRET} -->Acerca", notas=SECRET)
    blog = new_blog(files, settings="per_page = 100\n")
    home = blog.get("/")
    posts = sorted({link for link in home.links if link.startswith("/2018/")})
    assert len(posts) == len(files) - 1
    below = [address for link in posts for address in (link, f"{link.removesuffix('/')}.md")]
    lists = ("/", "/archive/", "/category/una/", "/feed.xml", "/category/una/feed.xml", "/sitemap.xml")
    for address in (*lists, *below, *(f"{link}share/" for link in posts[::9]), "/acerca/", "/acerca.md"):
        answer = blog.get(address)
        assert (answer.status, SECRET in answer.text) == (200, False), address
    assert blog.get("/2018/06/01/sin-titulo/").words("h1") == ["Visible"]


# Bodies in which the page leaves out SECRET with the element that holds it, or with what defines nothing seen.
LEFT_OUT = (
    "<template>SECRET</template>\nuno",
    "<template>\n\nSECRET\n\n</template>\n\nuno",
    "uno <script>SECRET</script> dos",
    "uno **dos <style>SECRET</style>**",
    "> <svg>\n>\n> SECRET\n>\n> </svg>\n>\n> uno",
    "<select><option>SECRET</option></select>\n\nuno",
    "<svg><svg>SECRET</svg>\n\nuno",
    "<? SECRET ?>\n\nuno <?php SECRET ?>",
    "<!--> SECRET -->\n\nuno",
    "uno\n\n[notas]: SECRET\n[más]: /x 'SECRET'",
    "[notas]:\n  SECRET\n\nuno",
    "<b data-note=\"SECRET\" title='uno'>uno</b> <p onclick=\"SECRET\"\nstyle='SECRET' DATA-X=SECRET>dos</p>",
    "<form action='SECRET'>uno</form> <br data-b='SECRET'/>",
    "uno\n{: data-note='SECRET' .c}\n\n## Dos {#dos data-x=SECRET}\n\nTres {data-y='SECRET'}\n---",
    '[uno](/x){: data-x="SECRET"} `dos`{: .a note=SECRET}',
    "*[ABC]: SECRET\n\nuno, ABCD, [x](/ABC/) y `ABC`\n\n![ABC](/x.png)",
    "uno ABC\n\n*[ABC]: SECRET\n*[ABC]: dos",
)
KEPT_IN_SOURCE = (
    "[uno][a], véase [a]: sí\n\n[a]: /KEPT",
    "uno\n[a]: KEPT",
    "uno\n\n[a]: /b\n\n(KEPT)",
    "```\n[a]: KEPT\n<template>KEPT</template>\n```",
    "`<script>KEPT</script>`",
    "uno ABC\n\n*[ABC]: KEPT",
    "<abbr title='KEPT'>uno</abbr> <a HREF=/KEPT aria-label='KEPT'>dos</a> {tres='KEPT'} \\<p data-x='KEPT'>",
    "> uno\n>\n> *[ABC]: KEPT",
    "<!-->\n\nKEPT\n\n<!-- uno -->",
)


def test_what_a_page_leaves_out_is_in_nothing_that_is_made_of_its_text(new_blog: NewBlog) -> None:
    bodies = [body.replace("SECRET", SECRET) for body in (*LEFT_OUT, *KEPT_IN_SOURCE)]
    files = {f"posts/2018-07-{n:02}-p.md": post(f"P{n}", body) for n, body in enumerate(bodies, 1)}
    blog = new_blog(files, settings="per_page = 100\n")
    for n, body in enumerate(bodies, 1):
        for address in (f"/2018/07/{n:02}/p/", f"/2018/07/{n:02}/p.md", f"/2018/07/{n:02}/p/share/"):
            answer = blog.get(address)
            assert (answer.status, SECRET in answer.text) == (200, False), (address, body)
        assert blog.get(f"/2018/07/{n:02}/p.md").text.count("KEPT") == body.count("KEPT"), body
        assert ("KEPT" in blog.get(f"/2018/07/{n:02}/p/").text) == ("KEPT" in body), body
    for address in ("/", "/feed.xml", "/archive/"):
        assert SECRET not in blog.get(address).text


def test_a_site_that_trusts_its_html_gives_its_elements_in_the_source_too(new_blog: NewBlog) -> None:
    files = {"posts/2018-07-01-p.md": post("P", "<select><option>KEPT</option></select>")}
    blog = new_blog(files, settings='html = "trusted"\n')
    assert "KEPT" in blog.get("/2018/07/01/p/").text
    assert "KEPT" in blog.get("/2018/07/01/p.md").text


def test_an_intro_has_no_comment_either(new_blog: NewBlog) -> None:
    intro = f"'Uno %%{SECRET}%% dos {{% comment %}}{SECRET}{{% endcomment %}}<!-- {SECRET} --> 50%% tres'"
    blog = new_blog({FILE: post(intro=intro)})
    for address in ("/", "/2018/07/17/x/", "/2018/07/17/x.md", "/feed.xml"):
        assert SECRET not in blog.get(address).text
    assert "Uno dos 50%% tres" in blog.get("/").text


def test_no_text_of_the_head_below_the_title_has_a_comment(new_blog: NewBlog) -> None:
    head = f"single_image: [{{img: a.jpg, caption: 'Uno %%{SECRET}%%', alt: 'Dos <!-- {SECRET} -->'}}]"
    head += f"\nshare_title: 'Tres %%{SECRET}%%'\nshare_message: 'Cuatro {{# {SECRET} #}}'"
    blog = new_blog({FILE: f"---\ntitle: X\n{head}\n---\nTexto.\n", "posts/a.jpg": b"x"})
    for address in ("/2018/07/17/x/", "/2018/07/17/x.md", "/2018/07/17/x/share/", "/feed.xml"):
        assert SECRET not in blog.get(address).text
    assert "Uno" in blog.get("/2018/07/17/x/").text


# --- what an editor is told


def test_what_is_hidden_by_signs_that_are_easily_typed_is_told_with_its_length(new_blog: NewBlog) -> None:
    blog = new_blog({FILE: post(body="Uno.\n\nDos %%cuatro más%% tres {# a #} <!-- b -->")})
    told = [(one["rule"], one["line"], one["column"], one["reason"]) for one in _told(blog)]
    assert told == [
        ("text-hidden", 6, 5, "10 characters between %% and %% are a comment, and not shown."),
        ("text-hidden", 6, 25, "3 characters between {# and #} are a comment, and not shown."),
    ]


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        ("Uno.\n\n<!-- dos\n\ntres", (6, 1), "<!-- never ends, so that 14 characters are not shown."),
        ("Uno %% dos\n\ntres", (4, 5), "%% never ends, so that 6 characters are not shown."),
        ("{% comment %}\ndos\n", (4, 1), "{% comment %} never ends, so that 17 characters are not shown."),
        ("Uno\n\n{::comment}\na", (6, 1), "{::comment} never ends, so that 13 characters are not shown."),
        ("[//]: # (a\n", (4, 1), "[//]: # never ends, so that 10 characters are not shown."),
    ],
)
def test_a_comment_that_never_ends_is_told(
    new_blog: NewBlog, body: str, place: tuple[int, int], said: str
) -> None:
    (one,) = _told(new_blog({FILE: post(body=body)}))
    assert (one["rule"], (one["line"], one["column"])) == ("comment-open", place)
    assert said in one["reason"]


def test_what_is_wrong_below_a_comment_is_told_at_its_line_and_what_is_wrong_inside_is_not(
    new_blog: NewBlog,
) -> None:
    body = "<!--\n[a](/nada/)\n\n{% x %}\n\n```\n-->\n\n%%\n[a](/nada/)\n%%\n\nUno [a](/nada/) {% x %}"
    told = [(one["rule"], one["line"], one["column"]) for one in _told(new_blog({FILE: post(body=body)}))]
    assert told == [("text-hidden", 12, 1), ("link-dead", 16, 9), ("left-out", 16, 17)]


def _told(blog: object) -> list[dict[str, object]]:
    return findings(run(blog, "--no-share", "--json"))  # type: ignore[arg-type, return-value]


# --- what it costs


SIGNS = (
    *CLOSING_MARKS, "%%\n", "%%\nb %% c\n", "a %% b\n", "{#a", "{%", "{{", "`", " `a", "` `` ``` ",
    "<pre>", "<code>", "- ", "1. ", "> ", "    ", "```\n", "[x]: # (\n", "| %% ", "{% raw %}", "<div>\n", "\n>",
    "\\", "-\n", "<!-->",
)  # fmt: skip


@pytest.mark.parametrize("sign", SIGNS)
def test_a_text_of_any_signs_is_read_in_linear_time(sign: str) -> None:
    """By the ratio of two sizes, six times at most: what is quadratic takes nine times as long."""

    def seconds(size: int) -> float:
        body = (sign + " ") * (size // (len(sign) + 1)) + "%% {# <!--"
        begun = time.thread_time()
        comments_in(body)
        code_in(body)
        return time.thread_time() - begun

    assert any(seconds(60_000) < max(0.01, 5.5 * seconds(20_000)) for _ in range(6))


def test_an_element_that_its_writer_hides_is_told_and_kept_where_html_is_trusted(new_blog: NewBlog) -> None:
    files = {FILE: post(body=f'Uno <span style="display:none">{SECRET}</span>.')}
    blog = new_blog(files)
    assert SECRET not in blog.get("/2018/07/17/x/").text
    ((rule, reason),) = [(one["rule"], str(one["reason"])) for one in _told(blog)]
    assert (rule, "is hidden" in reason) == ("text-hidden", True)
    trusted = new_blog(files, settings='html = "trusted"\n')
    assert f'<span style="display:none">{SECRET}</span>' in trusted.get("/2018/07/17/x/").text
    assert not _told(trusted)
