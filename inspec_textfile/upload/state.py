"""What is known to be in the store, from its answers to earlier uploads.

An upload never reads from the store, so the right to put is all it needs. It does not notice what somebody deletes there,
so all of this is forgotten once a day, and the next upload sends everything again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

UNKNOWN = ""
"""Instead of a digest: there is an object, but it must be sent again."""
MAX_AGE_SECONDS = 23 * 3600
"""An hour less than a day: if runs start once a day, a few minutes early or late, each of them sends everything."""


class UploadState(NamedTuple):
    """What is known after an upload."""

    place: str
    """Which store: text that differs for every store."""
    known_since: float
    """Every digest in `sent` was confirmed by the store at this time or later: Unix time, seconds."""
    sent: Mapping[str, str] = MappingProxyType({})
    """Key -> SHA-256 of the object in hexadecimal, or UNKNOWN."""
    last_success: float | None = None
    """When an upload, to any place, last sent everything: Unix time, seconds; None if none ever did."""

    def as_json(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        return {**self._asdict(), "sent": dict(self.sent)}

    @classmethod
    def from_json(cls, data: Any) -> UploadState:
        """Read what `as_json` returned. Raises ValueError, KeyError or TypeError where it is anything else."""
        return cls(data["place"], float(data["known_since"]), dict(data["sent"]), data["last_success"])


def before_upload(last: UploadState | None, place: str, keys: Collection[str], now: float) -> UploadState:
    """Return what an upload may rely on.

    `last`: what is known after the last one, if anything; `place` and `keys`: where this one puts what; `now`: Unix time,
    seconds. Objects that are no longer published are forgotten, and all of them if the place is another one.
    """
    if last is None or last.place != place:
        return UploadState(place, now, last_success=last.last_success if last else None)
    sent = {key: digest for key, digest in last.sent.items() if key in keys}
    if 0 <= now - last.known_since < MAX_AGE_SECONDS:
        return last._replace(sent=sent)
    return last._replace(sent=dict.fromkeys(sent, UNKNOWN), known_since=now)
