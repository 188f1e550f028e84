"""Which results files there are, what they are called, and their bytes.

Everything is untrusted here: names, links, special files. Nothing is opened that could block.
"""

from __future__ import annotations

import errno
import math
import os
import re
import stat
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from inspec_textfile.files import read_at_most
from inspec_textfile.ownership import user_name
from inspec_textfile.text import clean, label

STDIN = "-"
MAX_BYTES = 128 * 1024 * 1024
"""Bytes of one results file. A run takes up to ten times as much memory, page included; InSpec's largest are some 20 MB."""
MAX_REPORTS = 10_000
"""Reports of one run."""

_SUFFIX = ".json"
_PAGE_SUFFIX = f"{_SUFFIX}.html"
_MOST_AHEAD_OF_UTC = 14 * 3600


class OlderRun(NamedTuple):
    """The results file of an earlier run, which differs from a report's newest file only in the time stamp of its name."""

    stamp: str
    """Digits that sort by time; "" for a file without one."""
    path: str


class Source(NamedTuple):
    """A results file that was found, not read yet."""

    name: str
    """The report's name, unique in a run."""
    path: str
    stamp: str = ""
    """The time stamp in the file's name, as digits that sort by time; "" if it has none."""
    older: tuple[OlderRun, ...] = ()
    """Earlier runs of the same report, in files of their own; oldest first."""


class Sources(NamedTuple):
    """The results files that the arguments of a run lead to."""

    found: tuple[Source, ...]
    problems: tuple[str, ...]
    """Sentences about folders that could not be listed, files that are dated ahead of the clock, and too many files."""
    unseen: tuple[str, ...]
    """Prefixes of the names of reports that may exist although they were not found: those in such folders."""
    named: bool = False
    """Whether files, or standard input, were named one by one, so that others may have been left out by mistake."""

    def may_hide(self, name: str) -> bool:
        """Return whether a report of that name may exist in a folder that could not be listed."""
        return name.startswith(self.unseen)


class SourceError(Exception):
    """A results file could not be read; the message is a sentence that says why and what to do."""


def find_sources(arguments: Sequence[str], results_dir: str, stdin_name: str, latest: float = math.inf) -> Sources:
    """Find results files: all `*.json` below the folders among the arguments, and the files among them; `-` is standard input.

    Without arguments, `results_dir` is the folder. A report's name is its path without `.json` below the folder that
    was given, or below `results_dir`; a file from elsewhere has its own name. Names that start with a dot are
    skipped, as by a shell's `*.json`: they are other programs' unfinished files. Files of one folder whose names differ in a
    time stamp alone are runs of one report, named without the stamp: the newest is its source. No run can have begun after
    `latest` (Unix time, seconds): a later stamp is told, and does not count beside others.
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
            unseen.extend(name for path in hidden for name in _prefixes(path, argument))
        else:
            below = os.path.relpath(os.path.abspath(argument), os.path.abspath(results_dir))
            outside = below.startswith(os.pardir + os.sep) or os.path.isabs(below)
            named.append((os.path.basename(argument) if outside else below, argument))
    reports = list(_reports(named, latest, problems))
    found = list(_unique_names(reports))
    if len(found) > MAX_REPORTS:
        found.sort(key=lambda source: (source.path == STDIN, modified_ns_of(source.path)), reverse=True)
        problems.append(
            f"{len(found):,} files with results are over the limit: a run reads the {MAX_REPORTS:,} newest; move old ones "
            "away, or split the run"
        )
        unseen.append("")
    by_hand = any(argument == STDIN or not _is_folder(argument) for argument in arguments)
    newest = sorted(found[:MAX_REPORTS], key=lambda source: source.name)
    return Sources(tuple(newest), tuple(problems), tuple(unseen), by_hand)


def read_source(source: Source) -> tuple[bytes, int]:
    """Return a results file's bytes and its mtime (Unix time, nanoseconds). Raises SourceError."""
    try:
        _refuse_special_file(os.stat(source.path))
        # It may have become a FIFO since the check: O_NONBLOCK does not wait for a writer.
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            _refuse_special_file(status)
            data = read_at_most(file, MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(_why(error)) from None
    refuse_too_large(data)
    return data, status.st_mtime_ns


def refuse_too_large(data: bytes) -> None:
    """Raise SourceError if a report is over MAX_BYTES."""
    if len(data) > MAX_BYTES:
        raise SourceError(f"is larger than {MAX_BYTES >> 20} MiB, and InSpec reports never are; remove it, or split the run")


def _refuse_special_file(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = "folder" if stat.S_ISDIR(status.st_mode) else "device, FIFO or socket"
    raise SourceError(f"is a {kind}, not a results file: move it elsewhere")


def _why(error: OSError) -> str:
    """Return why a file or folder cannot be read, as the rest of a sentence about it."""
    if error.errno == errno.ENOENT and os.path.islink(error.filename):
        return "is a link to what does not exist: mount or restore that, or remove the link"
    if error.errno == errno.ENOENT:
        return "does not exist; create it, mount it, or pass another one"
    if error.errno == errno.ENOTDIR:
        return "is a file: pass a folder, or pass the file as an argument"
    if error.errno == errno.EACCES:
        return f"cannot be read by user {user_name()} (permission denied): change its owner or mode, or run as another user"
    return f"cannot be read: {error.strerror}"


def _is_folder(argument: str) -> bool:
    """Return whether an argument is a folder. If it does not exist, all but `*.json` counts as one, on an unmounted disk."""
    return os.path.isdir(argument) or not (argument.endswith(_SUFFIX) or os.path.lexists(argument))


def _prefixes(path: str, argument: str) -> tuple[str, ...]:
    """Return the prefixes of the names of the reports in a folder, for both ways that `_unique_names` makes them.

    At most 500 characters: a label keeps more of a long name than that.
    """
    if path == argument:
        return ("",)
    return tuple(f"{_report_name(name)}/"[:500] for name in (os.path.relpath(path, argument), _name_by_folder(path)))


def _walk(folder: str, problems: list[str], hidden: list[str]) -> Iterator[str]:
    """Yield the paths of all `*.json` below a folder; also folders with such a name, so that they are reported.

    Folders that are not looked into go to `hidden`, and a sentence about each to `problems`: those that cannot be listed,
    links, and those whose reports' pages would be below the page of another report.
    """
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                listed = sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(f"{current}: the folder {_why(error)}")
            hidden.append(current)
            continue
        for entry in listed:
            if entry.name.endswith(_SUFFIX):
                yield entry.path
            if entry.is_dir(follow_symlinks=False) and entry.name.endswith(_PAGE_SUFFIX):
                problems.append(f"{entry.path}: the folder is called as a page is, which could not be written then; rename it")
                hidden.append(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                problems.append(f"{entry.path}: is a link to a folder, which is not followed; give it as an argument instead")
                hidden.append(entry.path)


def modified_ns_of(path: str) -> int:
    """Return a file's mtime (Unix time, nanoseconds), 0 if it is unknown."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


# --- names ------------------------------------------------------------------------------------------------------------------

# A date and a time of day, such as 20261122060000, 2026-11-22T06:00:00Z, 2026-11-22_06-00, and the separator before it.
_STAMP = r"""[-_.]? (?<!\d)
        (20\d\d) ([-_.]?) (0[1-9]|1[0-2]) \2 (0[1-9]|[12]\d|3[01])
        [-_.T\ ]*
        ([01]\d|2[0-3]) [-_.:]? ([0-5]\d) (?: [-_.:]? ([0-5]\d) (?: [.,]?\d{3,9} )? )?
        (?: Z | [+-](?:0\d|1[0-4]):?(?:00|15|30|45) )? (?!\d)"""
_DIGITS_OF_A_STAMP = 12
"""At least."""


def without_stamp(name: str) -> tuple[str, str]:
    """Return a file's name without its time stamp, and the stamp as digits; the name itself and "" where there is none."""
    if sum(map(str.isdigit, name)) < _DIGITS_OF_A_STAMP:  # compiling the pattern takes longer than all else that a name needs
        return name, ""
    match = re.search(_STAMP, name, re.VERBOSE)
    if not match:
        return name, ""
    year, _, month, day, hour, minute, second = match.groups()
    rest = name[: match.start()] + name[match.end() :]
    return rest.lstrip("-_.") if match.start() == 0 else rest, f"{year}{month}{day}{hour}{minute}{second or '00'}"


def _stamp_of(latest: float) -> str:
    """Return the last credible time stamp. A stamp is in its host's own time, which may be 14 hours ahead of UTC."""
    try:
        return time.strftime("%Y%m%d%H%M%S", time.gmtime(latest + _MOST_AHEAD_OF_UTC))
    except (OverflowError, ValueError, OSError):
        return "~"


def _runs(named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[OlderRun]]:
    """Return the files of each report, by its folder and its path below: files that differ in a time stamp alone are one."""
    files: dict[str, tuple[str, str]] = {}
    for item in sorted(named):
        real = os.path.realpath(item[1]) if item[1] != STDIN else STDIN
        # A file comes before links to it: `latest.json` is no report of its own.
        if real not in files or (os.path.islink(files[real][1]) and not os.path.islink(item[1])):
            files[real] = item
    groups: dict[tuple[str, str], list[OlderRun]] = {}
    for path_below, path in files.values():
        folder, base = os.path.split(path_below)
        rest, stamp = without_stamp(base) if path != STDIN else (base, "")
        name = rest if rest != _SUFFIX.lstrip(".") and rest != _SUFFIX else f"{os.path.basename(folder) or 'results'}{_SUFFIX}"
        groups.setdefault((os.path.dirname(path), os.path.join(folder, name)), []).append(OlderRun(stamp, path))
    return groups


def _reports(named: Iterable[tuple[str, str]], latest: float, problems: list[str]) -> Iterator[tuple[str, Source]]:
    """Yield (path below the folder, source) for each report. Files that are dated ahead of the clock go to `problems`."""
    last_stamp = _stamp_of(latest)
    for (_, path_below), group in _runs(named).items():
        ahead = {
            run.path
            for run in group
            if run.stamp > last_stamp
            # Without a stamp it is placed by its mtime, if there are others.
            or (not run.stamp and len(group) > 1 and modified_ns_of(run.path) / 1e9 > latest)
        }
        if ahead:
            more = f" (and {len(ahead) - 1} more)" if len(ahead) > 1 else ""
            problems.append(
                f"{max(ahead)}{more}: its name or mtime is dated ahead of this host's clock, so it does not count as "
                "the newest run: rename or remove it, and check the clocks"
            )
        # If all are ahead of the clock, it is the clock that is wrong, or there is nothing else to show.
        runs = [run for run in group if run.path not in ahead] or group
        *older, newest = sorted(runs, key=lambda run: (_order(run, runs), run.path))
        yield path_below, Source("", newest.path, newest.stamp, tuple(older))


def _order(run: OlderRun, runs: Sequence[OlderRun]) -> str:
    """Return the sort key of a run: its stamp; for a file without one, the last stamp before its mtime."""
    if run.stamp:
        return run.stamp
    earlier = [other.stamp for other in runs if other.stamp and modified_ns_of(other.path) <= modified_ns_of(run.path)]
    return f"{max(earlier)}~" if earlier else ""


def _unique_names(reports: Sequence[tuple[str, Source]]) -> Iterator[Source]:
    """Yield the sources with their names. Reports that would have the same one are all named by their folders.

    None of them has the plain name: which of them had it would depend on which others there are. Their labels differ, too: a
    file may be called what a label makes of a longer name.
    """
    wanted_by = Counter(_report_name(path_below) for path_below, _ in reports)
    named: list[tuple[str, Source]] = []
    for path_below, source in reports:
        name = _report_name(path_below)
        if wanted_by[name] > 1 and source.path != STDIN:
            folder, file = os.path.dirname(source.path), os.path.basename(path_below)
            name = _report_name(_name_by_folder(os.path.join(folder, file)))
        named.append((name, source))
    labels = set()
    for name, source in sorted(named, key=lambda item: label(item[0]) == item[0]):
        number = 1
        unique = name
        while label(unique) in labels:
            number += 1
            unique = f"{name}~{number}"
        labels.add(label(unique))
        yield source._replace(name=unique)


def _name_by_folder(path: str) -> str:
    return os.path.abspath(path).lstrip(os.sep)


def _report_name(path: str) -> str:
    """Return a path as a label: without `.json`, with bytes that are not UTF-8 and control characters made visible."""
    return clean(path.removesuffix(_SUFFIX)) or "unnamed"
