"""Markdown as markup, by markdown-it-py.

It is by far the slowest part of a page, so a text in which no Markdown can begin does without: `plain` makes of it what the
parser would (tests/pages/test_prose.py proves it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from inspec_textfile.pages.markup import Markup, escape, from_parser, html, join, replaced

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

BLANK_LINES = re.compile(r"\n(?: *\n)+")
"""What ends a paragraph."""
# Where Markdown can begin, in a text with a newline put before it. Every branch begins with a character of its own, for speed.
_CAN_BEGIN = re.compile(
    r"""`
      | \*[^*]*\*
      | \\[\ -/:-@\[-`{-~\n]
      | ~~
      | _(?<![^\W_]_)(?<!__)\S
      | \]\(
      | <[^<>\s]*[:@]
      | &(?:\#|[A-Za-z])\w*;
      | \n(?: [ ]{0,3}(?: [-+*](?:\s|\Z) | \d{1,9}[.)](?:\s|\Z) | > | \[ | [-:|][-:|\ ]*(?:\n|\Z) )
          | (?:[ ]*\n|(?<=\A\n))[ ]{4} )
    """,
    re.VERBOSE,
)
_DELIMITER_ROW = re.compile(r"^[ >\t]*[|:-][|:\- \t]*$", re.MULTILINE)
"""The line below the head of a table, in whatever block."""
_MAX_BRACKETS = 500
_MAX_DELIMITERS = 2_000
_MAX_CELLS = 5_000
_URL = re.compile(r"\bhttps?://[^\s<>\"'`|\\^{}\[\]]*[^\s<>\"'`|\\^{}\[\].,;:!?)(*_~]")
_MAY_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_REL = "noopener noreferrer nofollow"


def markdown(text: str) -> Markup:
    """Return defused Markdown as markup; as plain text if the parser could take long over it."""
    if _as_plain_text.get() or not _CAN_BEGIN.search(f"\n{text}") or _is_costly(text):
        return plain(text)
    return parsed(text)


_as_plain_text = ContextVar("_as_plain_text", default=False)


@contextmanager
def as_plain_text() -> Iterator[None]:
    """Show Markdown as it is in the block: for a report whose texts take too long."""
    token = _as_plain_text.set(True)
    try:
        yield
    finally:
        _as_plain_text.reset(token)


def _is_costly(text: str) -> bool:
    """Return whether a text has more than the parser should get of what costs it most.

    Brackets and tables take quadratic time and memory, delimiters of emphasis 15 kB each.

    Measured with 2.1.0, 3.0.0 and 4.0.0, each construct of Markdown at the length up to which texts are parsed
    (tests/pages/test_markdown_cost.py). A row of a table is filled up to the columns of its head, so each line may be as wide.
    """
    if text.count("[") > _MAX_BRACKETS or sum(map(text.count, "*_~")) > _MAX_DELIMITERS:
        return True
    columns = max((row.group().count("|") + 1 for row in _DELIMITER_ROW.finditer(text)), default=0)
    return columns * (text.count("\n") + 1) > _MAX_CELLS


def plain(text: str) -> Markup:
    """Return what `parsed` makes of a text in which no Markdown can begin: paragraphs, and links where a URL stands."""
    text = text.strip(" \n")
    odd = " \n" in text or "\n\n " in text or "\n\n\n" in text or "\t" in text or "://" in text
    even = text.isascii() and not odd
    if even and text:  # the usual case, in a few passes over the whole
        return html("<p>{}</p>\n", replaced(escape(text), "\n\n", "</p>\n<p>"))
    paragraphs = [_TRAILING.sub("\n", paragraph) for paragraph in BLANK_LINES.split(text)]
    shown = join([(_linked if "://" in paragraph else escape)(paragraph.strip()) for paragraph in paragraphs], "</p>\n<p>")
    return html("<p>{}</p>\n", shown) if text else shown


_TRAILING = re.compile(" +\n")


def _linked(text: str) -> Markup:
    """Return a text with its URLs as links."""
    pieces, at = [], 0
    for found in _URL.finditer(text):
        pieces += [escape(text[at : found.start()]), html('<a href="{}" rel="{}">{}</a>', found.group(), _REL, found.group())]
        at = found.end()
    return join([*pieces, escape(text[at:])])


def parsed(text: str) -> Markup:
    """Return what markdown-it-py makes of a text."""
    try:
        return from_parser(parser().render(text))
    except Exception:  # a bug of the parser's, such as CVE-2023-26303 in 2.1.0: the text counts more than its form
        return html("<pre>{}</pre>\n", text)


@cache
def parser() -> MarkdownIt:
    """Return the parser, made once."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("js-default")
    made.disable(["image", "heading", "lheading"])  # `# rpm -Va` is a shell prompt
    made.validateLink = lambda url: bool(_MAY_LINK.match(url))  # type: ignore[method-assign]
    made.inline.ruler.at("newline", _keep_newline)
    made.core.ruler.push("layout", _arrange)
    made.add_render_rule("text", _render_text)
    made.add_render_rule("softbreak", _render_break)
    made.add_render_rule("hardbreak", _render_break)
    return made


def _keep_newline(state: StateInline, silent: bool) -> bool:
    """Rule for a line break: keep it, and the indentation after it."""
    if state.src[state.pos] != "\n":
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ")
        state.push("softbreak", "br", 0)
    state.pos += 1
    return True


def _arrange(state: StateCore) -> None:
    """Rule that comes last: every paragraph is a `<p>`, no style attributes, links to the world outside marked as such."""
    for token in state.tokens:
        if token.type in ("paragraph_open", "paragraph_close"):
            token.hidden = False
        elif token.type in ("th_open", "td_open"):
            align = token.attrs.pop("style", None)
            if align:
                token.attrs["class"] = str(align).replace("text-align:", "to-")
        _arrange_links(token.children or ())


def _arrange_links(tokens: Sequence[Token]) -> None:
    hidden, in_link = False, False
    for token in tokens:
        if token.type == "link_open":
            hidden = not _MAY_LINK.match(str(token.attrs.get("href", "")))  # `[text]()` is no link
            token.attrs["rel"] = _REL
            token.attrs.pop("title", None)  # a tooltip could say that the link leads elsewhere
        if token.type in ("link_open", "link_close"):
            token.hidden = hidden
            in_link = token.nesting == 1
        token.meta = {"in_link": in_link}


def _render_text(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    return escape(token.content) if token.meta.get("in_link") else _linked(token.content)


def _render_break(*_: Any) -> str:
    return "\n"
