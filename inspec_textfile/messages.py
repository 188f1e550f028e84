"""The messages of a run to a person."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]


def _no_progress(_done: int, _total: int) -> None:
    """Show nothing."""


class Messages:
    """Where the messages of a run go, and how many of them were errors."""

    def __init__(self, error: Say, info: Say, progress: Callable[[int, int], None] = _no_progress) -> None:
        """`info`: what is read and written; `progress`: called with how many results files are done, and how many there are."""
        self.info, self.progress = info, progress
        self.errors = 0
        self._error = error

    def error(self, message: str) -> None:
        """Report that something could not be read or written, or needs attention: makes the exit status 1."""
        self.errors += 1
        self._error(message)
