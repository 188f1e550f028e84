from __future__ import annotations

import ast
import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import inspec_textfile.pages
from inspec_textfile.pages.markup import Markup, defuse, escape, html, join, own_file, terminal_text

PAGES = Path(inspec_textfile.pages.__file__).parent


def test_what_is_put_into_a_template_is_escaped() -> None:
    shown = html('<a title="{}">{}</a>', 'x" onclick="y', "<b>&amp;")

    assert shown == '<a title="x&#34; onclick=&#34;y">&lt;b>&amp;amp;</a>'


def test_markup_passes_as_it_is_and_its_sum_with_a_text_does_not() -> None:
    bold = html("<b>{}</b>", "<")
    assert html("<i>{}</i>", bold) == "<i><b>&lt;</b></i>"
    assert html("{}", bold + "<i>") == "&lt;b>&amp;lt;&lt;/b>&lt;i>"
    assert type(join([bold, bold], ", ")) is Markup


def test_numbers_and_none_are_shown_as_python_does() -> None:
    assert html("{} {}", 3, None) == "3 None"


@given(st.text())
@example("\ud800<\x00>\u202e\x1b[31m\r\n")
def test_escaped_text_says_what_the_text_says(text: str) -> None:
    escaped = escape(text)
    escaped.encode("utf-8")
    assert not re.search(r'[<"]', escaped)
    assert unescape(escaped) == defuse(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x08c\x7f\x9f", "a\ufffdb\ufffdc\ufffd\ufffd"),
        ("\ud83d lone \udc00", "\ufffd lone \ufffd"),
        ("\ufffe\uffff\ufdd0\U0010ffff", "\ufffd" * 4),
        ("one\r\ntwo\rthree\n\tfour", "one\ntwo\nthree\n\tfour"),
        ("file\u202etxt.exe", "file[U+202E]txt.exe"),
        ("pass\u200bword\ufeff\u2066\u2069\u00ad", "pass[U+200B]word[U+FEFF][U+2066][U+2069][U+00AD]"),
        ("\x1b[31;1mred\x1b[0m\x1b]0;title\x07\x1b(B", "red"),
        ("\x1b]8;;http://evil.test\x1b\\link", "link"),
        ("Grüße 日本語 🔒 e\u0301 \u00a0", "Grüße 日本語 🔒 e\u0301 \u00a0"),
    ],
)
def test_what_a_browser_should_not_see_raw(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text(alphabet="a\x1b[]0123;mKh\x07\\\ud800<\u202e\n"))
def test_defused_text_is_safe_and_stays_as_it_is(text: str) -> None:
    once = defuse(text)
    assert defuse(once) == once
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\u202e]", once)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("plain <b>", "plain &lt;b>"),
        ("a \x1b[31mred\x1b[0m b", 'a <span class="a-red">red</span> b'),
        (
            "\x1b[1;92mgood\x1b[39m bold\x1b[22m not",
            '<span class="a-green a-bold">good</span><span class="a-bold"> bold</span> not',
        ),
        ("\x1b[38;5;196mx\x1b[m\x1b[2Ky", "xy"),
        ("\x1b[" + "9" * 5000 + "mx", "x"),
        ("\x1b[31m<script>", '<span class="a-red">&lt;script></span>'),
    ],
)
def test_colours_of_terminal_output(text: str, markup: str) -> None:
    assert terminal_text(text) == markup


# --- by construction: no code of ours can put a text into a page unescaped ----------------------------------------------------


def _calls() -> list[tuple[str, ast.Call, str]]:
    return [
        (file.name, node, getattr(node.func, "id", getattr(node.func, "attr", "")))
        for file in sorted(PAGES.glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def test_markup_is_made_in_one_place() -> None:
    makers = {(file, name) for file, _, name in _calls() if name in ("Markup", "from_parser", "own_file")}
    assert makers == {
        ("markup.py", "Markup"),
        ("markdown.py", "from_parser"),
        ("frame.py", "own_file"),
    }


def test_templates_are_written_in_the_code() -> None:
    templates = [(file, call.args[0]) for file, call, name in _calls() if name == "html"]
    assert len(templates) > 50
    for file, template in templates:
        written = isinstance(template, ast.Constant) or (isinstance(template, ast.Name) and template.id.isupper())
        assert written, f"{file}:{template.lineno} makes its template"


def test_attributes_are_quoted() -> None:
    for file, call, name in _calls():
        if name == "html" and isinstance(call.args[0], ast.Constant):
            template = str(call.args[0].value)
            assert not re.search(r"<[^>]*(?:\w=\{(?![^<>]*\")|=')", template), f"{file}: {template}"
            assert not re.search(r"<[^>]*\son\w+=|style=", template), f"{file}: {template}"


def test_separators_and_replacements_are_written_in_the_code() -> None:
    for file, call, name in _calls():
        if name in ("join", "replaced") and file != "markup.py":
            assert all(isinstance(argument, ast.Constant) for argument in call.args[1:]), f"{file}:{call.lineno}"


# --- style and script ---------------------------------------------------------------------------------------------------------


OWN_FILES = sorted(path for path in PAGES.iterdir() if path.suffix in (".css", ".js"))


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_what_stands_within_quotes_is_shipped_as_it_is(path: Path) -> None:
    source, shipped = path.read_text(encoding="utf-8"), own_file(path.name)
    quoted = r'"[^"\n]*"' if path.suffix == ".css" else r"""'[^'\n]*'|`[^`\n]*`"""
    code = re.sub(r"(?m)^ *(//|/\*).*\n", "", source)
    assert re.findall(quoted, shipped) == re.findall(quoted, code)


@pytest.mark.parametrize("path", [path for path in OWN_FILES if path.suffix == ".js"], ids=lambda path: path.name)
def test_no_text_of_a_script_spans_lines_since_indentation_is_left_out(path: Path) -> None:
    assert all(line.count("`") % 2 == 0 for line in path.read_text(encoding="utf-8").split("\n"))
