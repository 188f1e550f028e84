"""Hints on the results files, for -v and --check.

Files that are skipped although they look like results, links to files that are read, and groups of files that are runs of one
report.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from inspec_textfile.report.sources import Source, find_sources

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
# A pattern in a path, what is shown for it, how many files are no chance, and what to do. `inspec parallel exec` names files by
# process ids.
_GROUPS = (
    (
        _DATE,
        "DATE",
        3,
        "if they are runs of one, have InSpec overwrite one file, or put date and time into the names of files in one folder "
        "(NAME-20261122060000.json)",
    ),
    (
        re.compile(r"(?<![^/])\d{1,7}(?=\.json\Z)", re.ASCII),
        "PID",
        2,
        "if these are process ids, history starts over in each run: give each line of the option file a --reporter "
        "json:NAME.json of its own",
    ),
)
_MAX_NAMED = 5


def hints(arguments: Sequence[str], results_dir: str) -> Iterator[str]:
    """Yield all hints of this module about the results of a run, as sentences."""
    sources = find_sources(arguments, results_dir, "").found
    folders = list(filter(os.path.isdir, arguments or [results_dir]))
    yield from skipped_results(folders)
    yield from links(folders, sources)
    yield from runs_of_one(sources)
    yield from older_runs(sources)


def skipped_results(folders: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each file below some folders that is skipped, by its name, although it looks like results."""
    for folder in folders:
        for current, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and not name.endswith(".json") and _OTHER_NAME.search(name):
                    path = os.path.join(current, name)
                    yield f"{path}: is skipped because its name does not end in .json: rename it, unpack it, or remove it"


def links(folders: Iterable[str], sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each link below some folders that is no report of its own, because its file is read already."""
    read = {os.path.realpath(path): path for source in sources for path in (source.path, *(run.path for run in source.older))}
    for folder in folders:
        for current, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for path in (os.path.join(current, name) for name in sorted(names) if name.endswith(".json")):
                other = read.get(os.path.realpath(path), path) if os.path.islink(path) else path
                if other != path:
                    yield f"{path}: is a link to a file that is read as {other}, so it is no report of its own"


def runs_of_one(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each group of files that look like runs of one report and count as reports of their own."""
    for pattern, name, least, advice in _GROUPS:
        groups = Counter(pattern.sub(name, source.path) for source in sources if pattern.search(source.path))
        for group, count in sorted(groups.items()):
            if count >= least:
                yield f"{group}: {count} files count as {count} reports; {advice}"


def older_runs(sources: Iterable[Source]) -> Iterator[str]:
    """Yield a sentence for each report that has files of earlier runs."""
    for source in sources:
        if source.older:
            names = [os.path.basename(run.path) for run in source.older]
            shown = ", ".join(names[-_MAX_NAMED:]) + (f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else "")
            yield f"{source.path}: is the newest run of the report {source.name}; the runs before it are history: {shown}"
