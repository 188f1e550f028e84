"""Which results files there are, what they are called, and their bytes.

Everything found here is untrusted: names, links, files that are none. Nothing is opened that could block.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from inspec_textfile.model import Unreadable
from inspec_textfile.text import clean
from inspec_textfile.textfile import read_at_most

STDIN = "-"
LARGEST = 128 * 1024 * 1024
"""Bytes of one results file. A run takes up to ten times its size of memory, page included; InSpec's largest are some 20 MB."""
MOST = 10_000
"""Results files of one run."""

_SUFFIX = ".json"


@dataclass(frozen=True)
class Source:
    """A results file that was found, not read yet."""

    name: str
    """The report's name, unique in a run."""
    path: str
    refused: str = ""
    """Why it is not to be read, if so."""


@dataclass(frozen=True)
class Sources:
    """What the arguments of a run come to."""

    found: tuple[Source, ...]
    problems: tuple[str, ...]
    """Sentences about folders that could not be listed."""
    unseen: tuple[str, ...]
    """What the names of reports begin with that may exist though they were not found: those in such folders."""

    @property
    def complete(self) -> bool:
        """Tell whether everything could be listed."""
        return not self.unseen


class SourceError(Exception):
    """A results file could not be read; the message is a sentence that says why and what to do."""


def find_sources(arguments: Sequence[str], results_dir: str, stdin_name: str) -> Sources:
    """Find results files: all `*.json` below the folders among the arguments, and the files among them; `-` is standard input.

    Without arguments, `results_dir` is the folder. A report's name is its path without `.json` below the folder that
    was given, or below `results_dir`; a file from elsewhere has its own name. Names that start with a dot are passed
    over, as a shell's `*.json` does: they are other programs' unfinished files.
    """
    named: list[tuple[str, str]] = []
    problems: list[str] = []
    unseen: list[str] = []
    for argument in arguments or [results_dir]:
        if argument == STDIN:
            named.append((stdin_name, STDIN))
        elif not arguments or _is_folder(argument):
            hidden: list[str] = []
            named.extend((os.path.relpath(path, argument), path) for path in _walk(argument, problems, hidden))
            unseen.extend(name for path in hidden for name in _beginnings(path, argument))
        else:
            below = os.path.relpath(os.path.abspath(argument), os.path.abspath(results_dir))
            outside = below.startswith(os.pardir + os.sep) or os.path.isabs(below)
            named.append((os.path.basename(argument) if outside else below, argument))
    found = tuple(_unique_names(named))
    if len(found) > MOST:
        reason = (
            f"is the first of {len(found) - MOST:,} too many: a run reads {MOST:,}; move some away, or run on parts of them"
        )
        found = (*found[:MOST], replace(found[MOST], refused=reason))
        unseen.append("")
    return Sources(found, tuple(problems), tuple(unseen))


def read_source(source: Source) -> tuple[bytes, int]:
    """Return a results file's bytes and its mtime (Unix time, nanoseconds). Raises SourceError."""
    if source.refused:
        raise SourceError(source.refused)
    try:
        _refuse_what_is_no_file(os.stat(source.path))
        # Between the look and the opening it may have become a FIFO: O_NONBLOCK does not wait for its writer.
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            _refuse_what_is_no_file(status)
            data = read_at_most(file, LARGEST + 1)
    except OSError as error:
        raise SourceError(_why(error)) from None
    refuse_too_large(data)
    return data, status.st_mtime_ns


def refuse_too_large(data: bytes) -> None:
    """Raise SourceError if a report is larger than is read."""
    if len(data) > LARGEST:
        raise SourceError(f"is larger than {LARGEST >> 20} MiB: no report of InSpec's is; remove it, or split the run")


def unreadable(source: Source, reason: str) -> Unreadable:
    """Return what is left to say of a source that gave no report."""
    return Unreadable(source.name, "standard input" if source.path == STDIN else source.path, reason)


def _refuse_what_is_no_file(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    kind = kinds.get(stat.S_IFMT(status.st_mode), "a device")
    raise SourceError(f"is {kind}, not a results file: move it elsewhere")


def _why(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "does not exist (any more)"
    if error.errno == errno.EACCES:
        return "must not be read by this user: change its owner or mode, or run inspec-textfile as another user"
    return f"cannot be read: {error.strerror}"


def _is_folder(argument: str) -> bool:
    """Tell a folder from a file; what is not there and not called `*.json` was a folder, on a disk that is not mounted."""
    return os.path.isdir(argument) or not (argument.endswith(_SUFFIX) or os.path.lexists(argument))


def _beginnings(path: str, argument: str) -> tuple[str, ...]:
    """Return what the names of the reports in a folder begin with, both ways that `_unique_names` makes them.

    No longer than what a label has of a name however it is shortened.
    """
    if path == argument:
        return ("",)
    return tuple(f"{_report_name(name)}/"[:500] for name in (os.path.relpath(path, argument), _name_by_folder(path)))


def _walk(folder: str, problems: list[str], hidden: list[str]) -> Iterator[str]:
    """Yield the paths of all `*.json` below a folder; folders called so too, for somebody must be told.

    Folders that cannot be looked into go to `hidden`, and a sentence about each to `problems`.
    """
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                listed = sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(f"{current}: the folder cannot be listed: {error.strerror}; its reports keep their last figures")
            hidden.append(current)
            continue
        for entry in listed:
            if entry.name.endswith(_SUFFIX):
                yield entry.path
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                problems.append(f"{entry.path}: is a link to a folder, which is not followed; give it as an argument instead")
                hidden.append(entry.path)


def _unique_names(named: Iterable[tuple[str, str]]) -> Iterator[Source]:
    seen_files = set()
    taken = set()
    for path_below, path in sorted(named):
        real = os.path.realpath(path) if path != STDIN else STDIN
        if real in seen_files:
            continue
        seen_files.add(real)
        name = _report_name(path_below)
        if name in taken:  # two files of one name from two folders: tell them apart by their folders
            name = _report_name(_name_by_folder(path))
        number = 1
        unique = name
        while unique in taken:
            number += 1
            unique = f"{name}~{number}"
        taken.add(unique)
        yield Source(unique, path)


def _name_by_folder(path: str) -> str:
    return os.path.normpath(path).replace(os.pardir + os.sep, "").lstrip(os.sep)


def _report_name(path: str) -> str:
    """Return a path as a label: without `.json`, bytes that are no UTF-8 and control characters made visible."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return clean(text.removesuffix(_SUFFIX)).replace("\n", "\ufffd") or "unnamed"
