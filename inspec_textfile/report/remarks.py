"""What a person should know about the results files: files that are skipped although they look like results, piles of dated
files, two files that would have the same name. For -v and --check.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from inspec_textfile.report.sources import STDIN, Source, find_sources

_COMPRESSED = re.compile(r"\.json(?:[.-]\d[\d.T:_-]*)?\.(?:gz|tgz|bz2|xz|zst|zip|lz4|Z)(?:\.\d+)?\Z", re.IGNORECASE)
_OTHER_NAME = re.compile(r"\.json(?:l|\.txt)?\Z", re.IGNORECASE)
_ROTATED = re.compile(r"\.json(?:[.-]\d[\d.T:_-]*|\.(?:old|bak|orig|save|prev|rpmsave|rpmnew|dpkg-old)\d*|~)\Z", re.IGNORECASE)
_DATE = re.compile(
    r"""(?<!\d)(?:
        20\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])  # 20261122, 2026-11-22
        (?:[-_.T\ ]*[0-2]\d[-_.:]?[0-5]\d(?:[-_.:]?[0-5]\d)?Z?)?    # and a time of day
        | (?:0[1-9]|[12]\d|3[01])[-_.](?:0[1-9]|1[0-2])[-_.]20\d\d  # 22-11-2026
        | 1\d{9}(?:\d{3})?                                          # Unix time, in seconds or milliseconds
        )(?!\d)""",
    re.VERBOSE,
)
_MAX_NAMED = 5
_MIN_PILE = 3
"""Files that differ in a date alone; fewer may have got their names by chance."""


def remarks(arguments: Sequence[str], results_dir: str) -> Iterator[str]:
    """Yield all sentences of this module about the results of a run."""
    sources = find_sources(arguments, results_dir, "").found
    yield from skipped_results(filter(os.path.isdir, arguments or [results_dir]))
    yield from dated_piles(sources)
    yield from older_runs(sources)
    yield from renamed_reports(sources)


def skipped_results(folders: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each file below some folders that is skipped although it looks like results."""
    for folder in folders:
        for current, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            yield from skipped_files(os.path.join(current, name) for name in sorted(names))


def skipped_files(paths: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each file that is skipped, by its name, although it looks like results."""
    for path in paths:
        name = os.path.basename(path)
        if name.startswith(".") or name.endswith(".json"):
            continue
        if _COMPRESSED.search(name):
            yield f"{path}: is skipped because it is compressed: unpack it, or remove it"
        elif _OTHER_NAME.search(name):
            yield f"{path}: is skipped because its name does not end in .json: rename it"
        elif _ROTATED.search(name):
            yield f"{path}: is skipped because it is an old copy: remove it, and keep results out of logrotate"


def dated_piles(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each pile of files that look like runs of one report and count as reports of their own."""
    piles: dict[str, int] = defaultdict(int)
    for source in sources:
        pattern = _DATE.sub("DATE", source.path)
        if source.path not in (STDIN, pattern):
            piles[pattern] += 1
    for pattern, count in sorted(piles.items()):
        if count >= _MIN_PILE:
            yield (
                f"{pattern}: {count} files count as {count} reports; if they are runs of one, have InSpec overwrite one file, "
                "or put date and time into the names of files in one folder (NAME-20261122060000.json)"
            )


def older_runs(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each report that has files of earlier runs."""
    for source in sources:
        if source.older:
            names = [os.path.basename(run.path) for run in source.older]
            shown = ", ".join(names[-_MAX_NAMED:]) + (f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else "")
            yield f"{source.path}: is the newest run of the report {source.name}; the runs before it are history: {shown}"


def renamed_reports(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each report that could not get the name of its file because another report has it."""
    for source in sources:
        if source.wanted:
            yield f"{source.path}: is the report {source.name}, because another report is named {source.wanted}"
