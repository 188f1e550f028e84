"""Texts and bytes: safe to print, as plain text, as a digest, as an age."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

# Control characters, lone surrogates, and what is invisible or changes the direction of writing.
# Compiled when a text needs them, which is rare.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_LOOKS_ESCAPED = r"\\(?=x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_MAX_ON_TERMINAL = 600
_JSON = json.JSONEncoder(ensure_ascii=False)
MAX_NAME_BYTES = 1000
"""Of UTF-8, of an id or a name. Thousands of findings each have one."""
MAX_LABEL_BYTES = 300
"""Of UTF-8. A managed Prometheus refuses a whole scrape for one label over 1,023 bytes."""
_DIGEST_CHARACTERS = 16


def clean(text: str) -> str:
    r"""Return `text` on one line, with control, invisible and directional characters and lone surrogates written as escapes.

    For ids and names: they become labels, and are compared, so what looks the same must be the same, and what differs must
    stay different. `\x1b` is ESC, `\u202e` an override, `\xe9` a byte that is not UTF-8; a backslash that would look like the
    start of an escape is doubled.
    """
    if "\\" in text:
        text = re.sub(_LOOKS_ESCAPED, r"\\\\", text)
    text = text if text.isascii() and text.isprintable() else re.sub(_UNSAFE, _escaped, text)
    return shortened(text, MAX_NAME_BYTES)


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many bytes of UTF-8, cut between two characters. Two that differ stay different."""
    if len(text) * 4 <= most:
        return text
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= most:
        return text
    ending = f"... sha256:{hashlib.sha256(data).hexdigest()[:_DIGEST_CHARACTERS]}"
    return data[: most - len(ending)].decode("utf-8", "ignore") + ending


def label(text: str) -> str:
    """Return a text as a label's value, cut between two characters if it is very long. Two that differ stay different.

    Names and ids of reports are clean already.
    """
    return shortened(text, MAX_LABEL_BYTES)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # Python's form of a byte that is not UTF-8 (surrogateescape)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: str, longest: int = _MAX_ON_TERMINAL) -> str:
    """Return `text` on one line, safe to print on a terminal, and not too long.

    A file name must not be able to move the cursor or to fake another line, so what is unsafe is written as an escape.
    """
    if not (text.isascii() and text.isprintable()):
        text = re.sub(_UNSAFE, lambda match: _SHORT.get(match.group()) or _escaped(match), text)
    return text if len(text) <= longest else text[:longest] + "..."


def as_text(value: Any) -> str:
    """Return a JSON value as text: text as it is, null as "", anything else as JSON. Raises RecursionError."""
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    return "" if value is None else _JSON.encode(value)


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
