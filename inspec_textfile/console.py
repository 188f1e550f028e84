"""The standard streams: what a run reads from them, and what a person sees there."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from typing import Any

import click

from inspec_textfile.text import visible

_STDIN, _STDOUT, _STDERR = 0, 1, 2
"""Descriptors: Python's own streams are None if the parent process closed them."""
_LONG_SECONDS = 1.0
"""How long a run must take before it shows progress at a terminal."""


class Console:
    """Prints the messages of a run, each of them once."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._said: set[str] = set()
        self._quiet = quiet
        self._verbose = verbose and not quiet

    def warn(self, message: str) -> None:
        """Report something that a person should know."""
        if not self._quiet and message not in self._said:
            self._said.add(message)
            print_line(f"inspec-textfile: {visible(message)}")

    def info(self, message: str) -> None:
        """Report what is read and written, with -v."""
        if self._verbose:
            print_line(f"inspec-textfile: {visible(message)}")


class Progress:
    """Files done, rate and time left, at a terminal, if the run takes long."""

    def __init__(self, elapsed: Callable[[], float], *, shown: bool) -> None:
        """`elapsed` returns the seconds since the program started; `shown`: whether stderr is a terminal."""
        self._elapsed = elapsed
        self._shown = shown
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Show how many files are done, out of how many."""
        seconds = self._elapsed()
        if not self._shown or seconds < _LONG_SECONDS:
            return
        if not self._bar:
            self._bar = click.progressbar(
                length=total, label="reports", file=sys.stderr, show_pos=True, item_show_func=lambda rate: rate
            )
        self._bar.update(done - self._bar.pos, f"{done / seconds:.1f}/s")
        if done == total:
            self.end()

    def end(self) -> None:
        """End the line of the progress bar."""
        if self._bar:
            self._bar.render_finish()
            self._bar = None


def print_line(text: str) -> None:
    """Print one line on standard error."""
    line = f"{text}\n".encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):  # a full disk behind stderr must not stop the metrics
        os.write(_STDERR, line)


def read_stdin() -> tuple[bytes, str]:
    """Return the bytes of standard input, and why it cannot be read, "" if it can."""
    from inspec_textfile.files import read_at_most
    from inspec_textfile.report.sources import MAX_BYTES

    try:
        with open(_STDIN, "rb", closefd=False) as stdin:
            return read_at_most(stdin, MAX_BYTES + 1), ""
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}"


def stdin_is_file() -> bool:
    """Return whether standard input is a file with something in it, as with `< results.json`."""
    with contextlib.suppress(OSError):
        status = os.fstat(_STDIN)
        return stat.S_ISREG(status.st_mode) and status.st_size > 0
    return False


def write_stdout(text: bytes) -> None:
    """Write to standard output. Raises OSError."""
    # Unbuffered, so that nothing is left to be written, and to fail, when the interpreter ends.
    with open(_STDOUT, "wb", buffering=0, closefd=False) as stdout:
        view = memoryview(text)
        while view:
            view = view[stdout.write(view) :]
