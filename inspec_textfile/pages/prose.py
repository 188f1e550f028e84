"""Prose of a profile as markup: descriptions, check and fix texts, summaries, justifications.

They are Markdown by contract, but most are STIG and CIS texts that know nothing of it: hard-wrapped lines, paragraphs whose
first line is indented, commands that stand between paragraphs. So a text is taken apart first. What is code by its look stands
as it is. In the rest, lines that were broken only to fit a width are joined, all other line breaks and indentations are
kept (style: `white-space: pre-wrap`), and then it is Markdown.

markdown-it-py is by far the slowest part of a page, so a text in which no Markdown can begin does without: `_plain` makes of it
what the parser would (tests/pages/test_prose.py proves it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from inspec_textfile.pages.html import Markup, defuse, escape, from_parser, html, join, replaced

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_LONGEST_MARKDOWN = 20_000
"""Characters; a longer text is shown as it stands, since some input costs the parser the square of its length."""
_TEXTS_KEPT = 4096
"""Rendered texts remembered: hosts of one kind share a profile, and with it every text."""


@lru_cache(_TEXTS_KEPT)
def prose(text: str) -> Markup:
    """Return a text as markup."""
    text = _tidy(text)
    if len(text) > _LONGEST_MARKDOWN:
        return html("<pre>{}</pre>\n", text)
    if ("```" in text or "~~~" in text) and _FENCE.search(f"\n{text}"):  # somebody who writes fences writes Markdown
        return markdown(text)
    text = f"\n\n{text}"
    pieces, at = [], 0
    for found in _CODE.finditer(text):
        if found.start() > at:
            pieces.append(_passage(text[at : found.start()]))
        code = found.group().strip("\n")
        # Its first line may be set in further than the rest, as that of a paragraph.
        pieces.append(html("<pre>{}</pre>\n", dedented(f"\n{code}").lstrip("\n ")))
        at = found.end()
    pieces.append(_passage(text[at:]))
    return join(pieces)


# --- taking texts apart -------------------------------------------------------------------------------------------------------
#
# For speed every pattern begins with a newline, and texts get newlines put before them.

_FENCE = re.compile(r"\n {0,3}(?:```|~~~)")
_BLANK_LINES = re.compile(r"\n(?: *\n)+")
_INDENTATIONS = re.compile(r"\n( *)(?! |\n|\Z)")

# A block of lines, set off by blank ones, that is code by its look; or lines with a prompt inside of a block.
_CODE = re.compile(
    r"""\n(?:\n(?:
          [ ]*(?: [#$%][ ]\S                                  # shell prompts
                | -[A-Za-z][ ]\S                              # options alone, as in audit rules
                | \$\w+[ ]?=                                  # PowerShell: variables, cmdlets with options, the prompt
                | [A-Z][a-z]+-[A-Z][A-Za-z]+\b[^\n]*[ ](?:-[A-Z]|\|)
                | PS[ ][^\n>]*>
                | (?:sudo|systemctl|grep|chmod|chown|yum|dnf|apt-get|auditctl|sysctl|esxcli|telnet)[ ]
                | [\w./-]+[ ]?=[ ]?\S+(?:\n|\Z)               # settings
              )[^\n]*(?:\n[^\n]+)*
        | [^\n]*\{\n(?:[^\n]*\n){0,80}?[ ]*\}[^\n]*           # { a block, blank lines or not }
        | [ ]{4,}(?![A-Z"'(][^\n]*[.:,;]["')]?(?:\n|\Z))\S[^\n]*(?:\n[ ]{4}[^\n]+)*  # indented, and no sentence
        )(?=\n\n|\Z)
      | [ ]*[#$][ ]\S[^\n]*(?:\n[ ]*[#$][ ]\S[^\n]*)* )
    """,
    re.VERBOSE,
)

# A line break that only keeps the line from growing too long: the next word would not have fitted.
_WRAP = re.compile(
    r"""\n(?:(?<=[^\n]{60}\n)|(?<=[^\n]{52}\n)(?=\S{9})|(?<=[^\n]{44}\n)(?=\S{17}))(?<![^\n]{110}\n)(?<!:\n)
        (?![\s\-+*•>|\#$%{}]|o[ ]|\d{1,9}[.)]|\w+[ ]?=)""",
    re.VERBOSE,
)
_LIST = re.compile(r"\n {0,3}(?:[-+*]|\d{1,9}[.)]) ")
_INDENTED_BLOCK = re.compile(r"\n\n( +)([^\n]*(?:\n[^\n]+)*)")


def _tidy(text: str) -> str:
    """Return a text without tabs, trailing space, and the indentation that it has from the code around it."""
    text = defuse(text).expandtabs(4).strip("\n").rstrip()
    if "\n " not in text:
        return text
    if " \n" in text or "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    # A line and one block indented below it: that is an example, not the indentation of the source.
    return text if text.find("\n\n") == text.find("\n") and text.count("\n\n") == 1 else dedented(text)


def dedented(text: str) -> str:
    """Return a text without the indentation that all lines but the first share."""
    if "\n " not in text:
        return text
    least = min(map(len, _INDENTATIONS.findall(text)), default=0)
    return text.replace("\n" + " " * least, "\n") if least else text


def _passage(text: str) -> Markup:
    """Return what is no code: one or more paragraphs, with newlines before and after."""
    if "\n\n " in text and not _LIST.search(text):
        text = _INDENTED_BLOCK.sub(_flush_left, text)
    text = text.strip("\n")
    if "\n" in text and "\n|" not in text:
        text = _WRAP.sub(" ", text)
    return markdown(text)


def _flush_left(found: re.Match[str]) -> str:
    indentation, block = found.groups()
    flush = block.replace(f"\n{indentation}", "\n")
    return f"\n\n{flush}"


# --- Markdown -----------------------------------------------------------------------------------------------------------------

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
_URL = re.compile(r"\bhttps?://[^\s<>\"'`|\\^{}\[\]]*[^\s<>\"'`|\\^{}\[\].,;:!?)(*_~]")
_MAY_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_REL = "noopener noreferrer nofollow"


def markdown(text: str) -> Markup:
    """Return defused Markdown as markup."""
    return parsed(text) if _CAN_BEGIN.search(f"\n{text}") else plain(text)


def plain(text: str) -> Markup:
    """Return what `parsed` makes of a text in which no Markdown can begin: paragraphs, and links where a URL stands."""
    text = text.strip(" \n")
    even = text.isascii() and not any(uneven in text for uneven in (" \n", "\n\n ", "\n\n\n", "\t", "://"))
    if even and text:  # the usual case, in a few passes over the whole
        return html("<p>{}</p>\n", replaced(escape(text), "\n\n", "</p>\n<p>"))
    paragraphs = [_TRAILING.sub("\n", paragraph) for paragraph in _BLANK_LINES.split(text)]
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
        return from_parser(_parser().render(text))
    except Exception:  # a bug of the parser's, such as CVE-2023-26303 in 2.1.0: the text counts more than its form
        return html("<pre>{}</pre>\n", text)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("js-default")
    parser.disable(["image", "heading", "lheading"])  # `# rpm -Va` is a shell prompt
    parser.validateLink = lambda url: bool(_MAY_LINK.match(url))  # type: ignore[method-assign]
    parser.inline.ruler.at("newline", _keep_newline)
    parser.core.ruler.push("layout", _arrange)
    parser.add_render_rule("text", _render_text)
    parser.add_render_rule("softbreak", _render_break)
    parser.add_render_rule("hardbreak", _render_break)
    return parser


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
