"""What the last upload left in the store, kept in the reports folder.

It is a hint and no more: it counts only for the very place it was written for, and is put aside before anything is sent, so
that after a run which was killed everything is sent again. Losing it costs that, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

STATE_FILE = ".inspec-textfile-upload.json"
LARGEST = 64 * 1024 * 1024
_VERSION = 1
"""Of everything that decides what an object looks like besides its page: layout, headers."""


def load(data: bytes | None, place: str) -> dict[str, str]:
    """Return key -> what stands there, as far as a former upload to the same place knows."""
    try:
        kept = json.loads(data or b"null")
        if kept["version"] == _VERSION and kept["place"] == place:
            return {str(key): str(content) for key, content in kept["sent"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # of another version, or damaged: nothing is known
    return {}


def dump(sent: Mapping[str, str], place: str) -> bytes:
    """Return the file's content."""
    return json.dumps({"version": _VERSION, "place": place, "sent": sent}, indent=0, sort_keys=True).encode() + b"\n"
