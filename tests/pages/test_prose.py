from __future__ import annotations

import re
import time

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inspec_textfile.pages import markdown as module
from inspec_textfile.pages.layout import prose
from inspec_textfile.pages.markdown import markdown, parsed, plain
from inspec_textfile.pages.markup import Markup, defuse

from helpers.dom import ALLOWED, local
from helpers.reports import every_file, readable

# Pieces that Markdown is made of, and that commands and STIG texts are made of.
PIECES = st.sampled_from(
    [
        *[
            "*",
            "_",
            "`",
            "~",
            "~~",
            "[",
            "]",
            "(",
            ")",
            "](",
            "![",
            "<",
            ">",
            "&",
            ";",
            ":",
            "\\",
            "#",
            "-",
            "+",
            "=",
            "|",
            ".",
            "1.",
            "1)",
            "0.",
            "!",
            "@",
            "/",
        ],
        *[
            "**",
            "__",
            "```",
            "~~~",
            "---",
            "===",
            "***",
            "&amp;",
            "&#x3c;",
            "<a@b.c>",
            "<http://a.b>",
            "http://a.b/c_d",
            "https://x.y?a=1&b=2,",
            "[a]:",
            "{}",
            "$",
            "%",
            "•",
        ],
        *["a", "b", "word", "snake_case", "_x", "x_", "*.conf", "/etc/ssh", "ü", "日本", "�", "9"],
        *(" ", " ", "  ", "    ", "\n", "\n", "\n\n", "\n    ", "\n  ", "\\\n", "  \n"),
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(TEXTS | st.text(max_size=60))
@example("a_b _c\n 1")
@example("a\n\n    b")
@example("x  \n   y \n\n\n z\u3000")
@example("(http://a.b/c).")
@example("\\  \n_")
@example("\u00a0")
def test_text_in_which_no_markdown_can_begin_needs_no_parser(text: str) -> None:
    text = defuse(text).expandtabs(4)
    if not module._CAN_BEGIN.search(f"\n{text}"):
        assert plain(text) == parsed(text)


@pytest.mark.slow
@pytest.mark.shared
def test_real_texts_in_which_no_markdown_can_begin_need_no_parser() -> None:
    texts = {
        text
        for _, report in readable(file for file in every_file("shared") if file.parent.name == "corpus")
        for profile in report.profiles
        for control in profile.controls
        for text in (control.entry.desc or "", *(text for _, text in control.entry.descriptions))
    }
    compared = 0
    for text in texts:
        passage = defuse(text).expandtabs(4)
        if not module._CAN_BEGIN.search(f"\n{passage}"):
            assert plain(passage) == parsed(passage)
            compared += 1
    assert compared > 100


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(TEXTS | st.text(max_size=80))
@example("|a|b|\n|:-|-:|\n|1|2|")
@example("[x](javascript:alert(1)) <javascript:alert(1)> ![x](http://a.b) [y](/local) [z]()")
@example("<img src=x onerror=alert(1)><script>alert(1)</script>")
def test_prose_holds_harmless_markup_only(text: str) -> None:
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(prose(text), container="div")
    for element in tree.iter():
        if element.tag == "DOCUMENT_FRAGMENT":
            continue
        assert local(element.tag) in ALLOWED
        assert set(element.attrib) <= {"href", "rel", "class", "start", "title"}
        assert re.match(r"https?://|mailto:", element.get("href", "http://"))
        assert "style" not in element.attrib


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("", ""),
        ("  \n ", ""),
        ("One & <two>", "<p>One &amp; &lt;two></p>\n"),
        ("**bold** `code`", "<p><strong>bold</strong> <code>code</code></p>\n"),
        ("- one\n- two", "<ul>\n<li>\n<p>one</p>\n</li>\n<li>\n<p>two</p>\n</li>\n</ul>\n"),
        ('Set <placeholder> to "1"', "<p>Set &lt;placeholder> to &#34;1&#34;</p>\n"),
        # A shell prompt is no heading, and commands stand apart, as they are.
        ("Run:\n\n# rpm -Va *.conf _x_\nS.5....T", "<p>Run:</p>\n<pre># rpm -Va *.conf _x_\nS.5....T</pre>\n"),
        ("Run:\n$ one *a*\n$ two *b*\nThen look.", "<p>Run:</p>\n<pre>$ one *a*\n$ two *b*</pre>\n<p>Then look.</p>\n"),
        ("Add:\n\n-w /etc/shadow -p wa", "<p>Add:</p>\n<pre>-w /etc/shadow -p wa</pre>\n"),
        ("Set:\n\nserver {\n\n  x on;\n}", "<p>Set:</p>\n<pre>server {\n\n  x on;\n}</pre>\n"),
        ("Set:\n\n    Compression no", "<p>Set:</p>\n<pre>Compression no</pre>\n"),
        ("Run:\n\n    # one \\\ntwo", "<p>Run:</p>\n<pre># one \\\ntwo</pre>\n"),
        # Lines broken only because they were full are joined.
        (
            "Without generating audit records that are specific to the security and\nmission needs it would be difficult.",
            "<p>Without generating audit records that are specific to the security and mission needs it would be "
            "difficult.</p>\n",
        ),
        ("Name = value\nOther = value 2\nx", "<pre>Name = value\nOther = value 2\nx</pre>\n"),
        ("Short line\nand another", "<p>Short line\nand another</p>\n"),
        # An indented first line is how paragraphs were set, not code.
        ("One.\n\n    Two starts here and goes\non.", "<p>One.</p>\n<p>Two starts here and goes\non.</p>\n"),
        ("One.\n         Two.\n           Three.", "<p>One.\nTwo.\n  Three.</p>\n"),
        (
            "In the UI:\n        1. Open it\n        2. Close it",
            "<p>In the UI:</p>\n<ol>\n<li>\n<p>Open it</p>\n</li>\n<li>\n<p>Close it</p>\n</li>\n</ol>\n",
        ),
        ("# Title?\n---\nx", "<pre># Title?\n---\nx</pre>\n"),
        ("a\n---", "<p>a</p>\n<hr>\n"),
    ],
)
def test_texts_as_a_person_wants_to_read_them(text: str, markup: str) -> None:
    assert prose(text) == markup


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see http://a.test/x_y?b=1&c=2.", "http://a.test/x_y?b=1&amp;c=2"),
        ("(https://a.test/)", "https://a.test/"),
        ('[a](https://a.test "t")', "https://a.test"),
        ("<mailto:a@b.test>", "mailto:a@b.test"),
        ("**x** http://a.test", "http://a.test"),
    ],
)
def test_links(text: str, link: str) -> None:
    assert f'<a href="{link}"' in prose(text)
    assert 'rel="noopener noreferrer nofollow"' in prose(text)


@pytest.mark.parametrize(
    "text",
    [
        *("[a](javascript:alert(1))", "[a](data:text/html,x)", "[a](/local)", "[a](file:///etc/passwd)", "<javascript:x>"),
        *(
            "[a](vbscript:x)",
            "[a]()",
            "javascript:alert(1)",
            "[a]: javascript:x\n\n[a]",
            "![a](javascript:x)",
            "[a](//evil.test)",
        ),
    ],
)
def test_no_links(text: str) -> None:
    assert "href" not in prose(text)


def test_an_image_is_not_fetched() -> None:
    assert "<img" not in prose("![a](http://a.test/x.png)")


def test_a_table_has_no_style_attributes() -> None:
    assert '<td class="to-right">2</td>' in prose("|a|b|\n|---|--:|\n|1|2|")


def test_a_text_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[str] = []

    def noted(text: str) -> Markup:
        times.append(text)
        return plain(text)

    monkeypatch.setattr(module, "parsed", noted)
    prose.cache_clear()
    for _ in range(3):
        prose("**one**")
    prose.cache_clear()
    assert len(times) == 1


def test_a_bug_of_the_parser_costs_the_form_not_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def render(self, text: str) -> str:
            raise IndexError(text)

    monkeypatch.setattr(module, "parser", Broken)
    assert markdown("**<x>**") == "<pre>**&lt;x>**</pre>\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["[", "`a", "*a **b ", "<", "[a](", "![[", "> ", "- ", "1. ", "|a\n|-\n", "{\n", "a{\n\n", "    x\n"]
)
def test_no_text_takes_long(piece: str) -> None:
    """Not a benchmark: some of these took the parser, or a pattern of ours, minutes."""
    start = time.process_time()
    for length in (19_000, 1_000_000):
        prose(piece * (length // len(piece)))
    assert time.process_time() - start < 20
