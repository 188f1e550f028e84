"""What can be wrong with a results file: errors for a file that is refused, warnings for one that is read."""

from __future__ import annotations

from typing import Any

_MAX_WARNINGS = 20


class NotAReport(Exception):
    """The bytes are not an InSpec report; the message is a sentence that says what they are and what to do."""


class ScanFailed(NotAReport):
    """The file itself says that the scan failed; the message is a sentence that quotes it."""


class Warnings(list[str]):
    """What a person should know about a report that could be read: each thing once, up to a limit."""

    def add(self, warning: str) -> None:
        """Add a warning: a sentence without its subject, the report."""
        if len(self) <= _MAX_WARNINGS and warning not in self:
            self.append(warning if len(self) < _MAX_WARNINGS else "has more problems than are listed here")


def refuse_too_many(count: int, limit: int, what: str) -> None:
    """Raise NotAReport if there are more than `limit` of something."""
    if count > limit:
        raise NotAReport(f"holds about {count:,} {what}, over the limit of {limit:,}: split the run")


def kind_of(value: Any) -> str:
    """Return what a JSON value is, as a noun with its article."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def unexpected(error: Exception) -> str:
    """Return why a report that we cannot handle is left out, so that the others are still converted."""
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    return f"cannot be converted: unexpected error, please report it: {error!r}"
