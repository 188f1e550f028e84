"""Characters that must never reach an output raw."""

from __future__ import annotations

import re
from typing import Any

_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSAFE_ON_TERMINAL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LONGEST_ON_TERMINAL = 300


def clean(text: str) -> str:
    """Return `text` with control characters (all but the newline) and lone surrogates replaced by U+FFFD.

    For ids and names: they become labels, and are compared, so what looks the same must be the same.
    """
    return text if text.isprintable() else _UNSAFE.sub("\ufffd", text)


def visible(text: str) -> str:
    """Return `text` on one line, safe to print on a terminal, and not too long.

    Control characters, directional overrides and lone surrogates are written as escapes: a file name must not be able to move
    the cursor or to fake another line.
    """
    text = _UNSAFE_ON_TERMINAL.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)
    return text if len(text) <= _LONGEST_ON_TERMINAL else text[:_LONGEST_ON_TERMINAL] + "..."


def as_text(value: Any) -> str:
    """Return a JSON value where a text is expected: texts as they are, null as "", others as `str` shows them."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
