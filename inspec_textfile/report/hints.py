"""Hints on the results files, for -v and --check.

Files that are skipped although they look like results, groups of dated files, two files that would have the same name.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from inspec_textfile.report.sources import STDIN, Source, find_sources

# Names of results that `*.json` does not match: .JSON, .json.gz, .jsonl, .json.txt, .json.1, .json-20261122, .json.old, .json~
_OTHER_NAME = re.compile(
    r"""\.json(?: l | ~ | \.txt | [.-]\d[\d.T:_-]* | \.(?:old|bak|orig|save|prev|rpmsave|rpmnew|dpkg-old)\d* )?
        (?: \.(?:gz|tgz|bz2|xz|zst|zip|lz4|Z)(?:\.\d+)? )?\Z""",
    re.IGNORECASE | re.VERBOSE,
)
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
_PROCESS_ID = re.compile(r"\d{1,7}\.json\Z", re.ASCII)
_MIN_PROCESSES = 2
_MIN_GROUP = 3
"""Files that differ in a date alone; fewer may have got their names by chance."""


def hints(arguments: Sequence[str], results_dir: str) -> Iterator[str]:
    """Yield all hints of this module about the results of a run, as sentences."""
    sources = find_sources(arguments, results_dir, "").found
    yield from skipped_results(filter(os.path.isdir, arguments or [results_dir]))
    yield from dated_groups(sources)
    yield from process_ids(sources)
    yield from older_runs(sources)
    yield from renamed_reports(sources)


def skipped_results(folders: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each file below some folders that is skipped, by its name, although it looks like results."""
    for folder in folders:
        for current, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and not name.endswith(".json") and _OTHER_NAME.search(name):
                    path = os.path.join(current, name)
                    yield f"{path}: is skipped because its name does not end in .json: rename it, unpack it, or remove it"


def dated_groups(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each group of files that look like runs of one report and count as reports of their own."""
    groups: dict[str, int] = defaultdict(int)
    for source in sources:
        pattern = _DATE.sub("DATE", source.path)
        if source.path not in (STDIN, pattern):
            groups[pattern] += 1
    for pattern, count in sorted(groups.items()):
        if count >= _MIN_GROUP:
            yield (
                f"{pattern}: {count} files count as {count} reports; if they are runs of one, have InSpec overwrite one file, "
                "or put date and time into the names of files in one folder (NAME-20261122060000.json)"
            )


def process_ids(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each folder of files named by process ids, as `inspec parallel exec` names them: new in each run."""
    folders: dict[str, int] = defaultdict(int)
    for source in sources:
        folder, name = os.path.split(source.path)
        if _PROCESS_ID.match(name):
            folders[folder] += 1
    for folder, count in sorted(folders.items()):
        if count >= _MIN_PROCESSES:
            yield (
                f"{folder}/PID.json: {count} files are named by process ids, which are new in each run, so their history "
                "starts over: give each line of the option file a --reporter json:NAME.json of its own"
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
