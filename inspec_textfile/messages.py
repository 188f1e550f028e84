"""The messages of a run to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Say = Callable[[str], None]


def _no_progress(_done: int, _total: int) -> None:
    """Show nothing."""


class Messages(NamedTuple):
    """Where the messages of a run go."""

    error: Say
    """Something could not be read or written; makes the exit status 1."""
    info: Say
    """What is read and written."""
    progress: Callable[[int, int], None] = _no_progress
    """Called with how many results files are done, and how many there are."""
