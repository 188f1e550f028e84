"""How counts, names and days are written: one way, on pages and at the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from inspec_textfile.report.model import ERROR, FAILED, NOT_APPLICABLE, NOT_REVIEWED, NOT_TESTED, PASSED, WAIVED

UNKNOWN = "\N{EN DASH}"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STATUS_NAMES: Mapping[str, str] = {
    FAILED: "Failed",
    ERROR: "Error",
    NOT_TESTED: "No longer tested",
    NOT_REVIEWED: "Not tested",
    WAIVED: "Waived",
    NOT_APPLICABLE: "Not applicable",
    PASSED: "Passed",
}
SHORT_NAMES: Mapping[str, str] = {**STATUS_NAMES, NOT_APPLICABLE: "N/A"}
"""Where there is little room: heads of columns, chips."""


def number(value: int) -> str:
    """Return a whole number with its thousands marked."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """Return a number and what it counts: `1 control`, `1,204 controls`. `many` defaults to `one` and an s."""
    return f"{value:,} {one if value == 1 else many or f'{one}s'}"


def listed(parts: list[str]) -> str:
    """Return parts of a sentence as a list: `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def day_text(seconds: float | None) -> str:
    """Return the day of a Unix time as text, in UTC: `12 Nov 2026`."""
    when = utc(seconds)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}" if when else UNKNOWN


def date_text(date: str) -> str:
    """Return a date of the form 2026-11-12 as `12 Nov 2026`; as it is if there is no such day."""
    try:
        when = datetime.strptime(date.strip(), "%Y-%m-%d")
    except ValueError:
        return date
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def utc(seconds: float | None) -> datetime | None:
    """Return a Unix time as a date and time in UTC, None if there is none or no calendar has it."""
    try:
        return None if seconds is None else _EPOCH + timedelta(seconds=int(seconds))
    except OverflowError:
        return None
