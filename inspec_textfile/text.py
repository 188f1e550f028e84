"""Texts and bytes: safe to print, as plain text, as a digest, as an age."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

# Compiled when a text needs them, which is rare.
_UNSAFE = "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
_UNSAFE_ON_TERMINAL = "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
_MAX_ON_TERMINAL = 600


def clean(text: str) -> str:
    """Return `text` with control characters (all but the newline) and lone surrogates replaced by U+FFFD.

    For ids and names: they become labels, and are compared, so what looks the same must be the same.
    """
    return text if text.isprintable() else re.sub(_UNSAFE, "\ufffd", text)


def visible(text: str, longest: int = _MAX_ON_TERMINAL) -> str:
    """Return `text` on one line, safe to print on a terminal, and not too long.

    Control characters, directional overrides and lone surrogates are written as escapes: a file name must not be able to move
    the cursor or to fake another line.
    """
    if not text.isprintable():
        text = re.sub(_UNSAFE_ON_TERMINAL, lambda found: found.group().encode("unicode_escape").decode("ascii"), text)
    return text if len(text) <= longest else text[:longest] + "..."


def as_text(value: Any) -> str:
    """Return a JSON value as text: text as it is, null as "", anything else as JSON. Raises RecursionError."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def age(seconds: float) -> str:
    """Return a time span as a person says it: `3 d`, `26 h`, `5 min`."""
    for size, unit, limit in ((1, "s", 60), (60, "min", 60), (3600, "h", 48)):
        count = round(max(0.0, seconds) / size)
        if count < limit:
            return f"{count} {unit}"
    return f"{round(seconds / 86400)} d"
