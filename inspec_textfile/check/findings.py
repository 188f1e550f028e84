"""What `--check` says of one thing that it looked at."""

from __future__ import annotations

from typing import NamedTuple

SETTING = "setting"
"""A setting in force, and where it comes from."""
OK = "ok"
NOTE = "note"
"""Neither good nor bad, or not known."""
PROBLEM = "PROBLEM"


class Finding(NamedTuple):
    """One thing that was looked at."""

    level: str
    """SETTING, OK, NOTE or PROBLEM."""
    text: str
    """A sentence. A problem also says what to do."""


def ok(text: str) -> Finding:
    """Return a finding about something that is right."""
    return Finding(OK, text)


def note(text: str) -> Finding:
    """Return a finding that a person should know about."""
    return Finding(NOTE, text)


def problem(text: str) -> Finding:
    """Return a finding about something that is wrong."""
    return Finding(PROBLEM, text)


def reason(error: OSError) -> str:
    """Return why a file could not be used: `permission denied`."""
    return (error.strerror or str(error)).lower()
