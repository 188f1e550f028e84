"""Markup, safe by construction: whatever is put into a template is escaped there, and only what was made here passes unescaped.

    html("<b>{}</b>", text)

The same place makes harmless what no browser should see raw: control characters, lone surrogates, terminal sequences, and
characters that hide text or turn its direction around. Pages quote every attribute with `"`, so `'` and `>` need no escape.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable
from functools import cache


class Markup(str):
    """Text that is HTML already. Only this module makes it."""

    __slots__ = ()


NOTHING = Markup("")


def html(template: str, *values: object) -> Markup:
    """Return a template, written in the code and never made from data, with every `{}` filled with an escaped value."""
    pieces = _pieces(template).copy()
    pieces[1::2] = [value if type(value) is Markup else _escaped(value) for value in values]
    return Markup("".join(pieces))


@cache
def _pieces(template: str) -> list[str]:
    """Return a template in pieces, every second one a place for a value."""
    first, *others = template.split("{}")
    return [first, *(piece for other in others for piece in ("", other))]


def join(parts: Iterable[Markup], separator: str = "") -> Markup:
    """Return markup put together; the separator is written in the code."""
    return Markup(separator.join(parts))


def escape(value: object) -> Markup:
    """Return any text, or what `str` makes of another value, as markup that shows it."""
    return Markup(_escaped(value))


def _escaped(value: object) -> str:
    # Pages make most of their calls here: with `html.escape` and `str.format`, `html` takes half as long again.
    text = value if type(value) is str else str(value)
    if not text.isprintable():
        text = defuse(text)
    # To look first is faster: most texts hold none of these.
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if '"' in text:
        text = text.replace('"', "&#34;")
    return text


def replaced(markup: Markup, old: str, new: str) -> Markup:
    """Return markup with one string in it replaced by another; both are written in the code."""
    return Markup(markup.replace(old, new))


def from_parser(markup: str) -> Markup:
    """Vouch for what the Markdown parser made of a defused text: it escapes by itself, and raw HTML is off."""
    return Markup(markup)


_STRING = re.compile(r'("[^"]*")')
_COMMENT_LINE = re.compile(r"(?m)^(?: *//.*| */\*.*\*/ *|)\n")


def own_file(name: str) -> Markup:
    """Return a file of this package, style or script, without indentation and lines that are comments.

    Of a style, also without the white space that separates nothing. What stands within quotes stays as it is.
    """
    text = _COMMENT_LINE.sub("", re.sub("(?m)^ +", "", (pkgutil.get_data(__package__, name) or b"").decode()))
    if name.endswith(".css"):
        pieces = _STRING.split(text)
        pieces[::2] = [re.sub(r"(?<=[:,])\s+", "", re.sub(r"\s*([{};])\s*", r"\1", piece)) for piece in pieces[::2]]
        text = "".join(pieces)
    return Markup(text)


# --- characters that must not reach a browser raw -----------------------------------------------------------------------------

_NONCHARACTERS = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)) + "\ufdd0-\ufdef"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
# Compiled when a text needs them, which is rare.
_SUSPECT = f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_NONCHARACTERS}{_INVISIBLE}]"
_IS_INVISIBLE = f"[{_INVISIBLE}]"
_TERMINAL = r"""(?x) \x1b\[ [0-?]* [\x20-/]* [@-~]  # colours, cursor movements
    | \x1b[\]PX^_] [^\x07\x1b]* (?:\x07|\x1b\\)?  # window titles, links
    | \x1b [\x20-/]* [0-~]"""


def defuse(text: str) -> str:
    """Return text without terminal sequences, with U+FFFD for what is no character, `[U+202E]` for what hides or reorders."""
    if text.replace("\n", "").isprintable():  # the usual case, ten times faster than the patterns
        return text
    if "\x1b" in text:
        text = re.sub(_TERMINAL, "", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(_SUSPECT, _shown, text)


def _shown(found: re.Match[str]) -> str:
    character = found.group()
    return f"[U+{ord(character):04X}]" if re.match(_IS_INVISIBLE, character) else "\ufffd"


# --- colours of terminal output -----------------------------------------------------------------------------------------------

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_COLOUR_SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m")


def terminal_text(text: str) -> Markup:
    """Return what a program printed, with its colours as classes: `a-red`, `a-bold`."""
    if "\x1b" not in text:
        return escape(text)
    pieces = _COLOUR_SEQUENCE.split(text)
    shown = [escape(pieces[0])]
    colour, bold = "", False
    for codes, piece in zip(pieces[1::2], pieces[2::2]):
        for code in codes.split(";"):
            number = int(code[-3:] or 0)
            if number == 0:
                colour, bold = "", False
            elif number in (1, 22):
                bold = number == 1
            elif 30 <= number <= 37 or 90 <= number <= 97:
                colour = _COLOURS[number % 10]
            elif number == 39:
                colour = ""
        classes = " ".join([f"a-{colour}"] * bool(colour) + ["a-bold"] * bold)
        if piece:
            shown.append(html('<span class="{}">{}</span>', classes, piece) if classes else escape(piece))
    return join(shown)
