"""How counts and names are written: one way on every page."""

from __future__ import annotations

from collections.abc import Mapping

from inspec_textfile.report.model import ERROR, FAILED, NOT_APPLICABLE, NOT_REVIEWED, NOT_TESTED, PASSED, WAIVED

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
