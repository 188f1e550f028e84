"""Prose of a profile as markup: descriptions, check and fix texts, summaries, justifications.

They are Markdown by contract, but most are STIG and CIS texts that know nothing of it: hard-wrapped lines, paragraphs whose
first line is indented, commands that stand between paragraphs. So a text is taken apart first. What looks like code stands
as it is. In the rest, lines that were broken only to fit a width are joined, all other line breaks and indentations are
kept (style: `white-space: pre-wrap`), and then it is Markdown.
"""

from __future__ import annotations

import re
from functools import lru_cache

from inspec_textfile.pages.markdown import BLANK_LINES, markdown
from inspec_textfile.pages.markup import Markup, defuse, html, join

_MAX_MARKDOWN = 20_000
"""Characters; a longer text is shown as it stands, since some input costs the parser the square of its length."""
_TEXTS_KEPT = 4096
"""Rendered texts remembered: hosts of one kind share a profile, and with it every text."""


@lru_cache(_TEXTS_KEPT)
def prose(text: str) -> Markup:
    """Return a text as markup."""
    text = _tidy(text)
    if len(text) > _MAX_MARKDOWN:
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
        text = BLANK_LINES.sub("\n\n", text)
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
