"""What run_inspec.sh says of InSpec itself: inspec_exec.prom and the like, beside our .prom.

Only that script knows which reports should be there, and whether InSpec made them.
"""

from __future__ import annotations

import glob
import os
from collections import defaultdict
from typing import NamedTuple

from inspec_textfile.prom_text import read_prom

FILES = "inspec_exec*.prom"
"""One for each config of run_inspec.sh."""
_PREFIX = "inspec_exec_"


class InspecRun(NamedTuple):
    """What is known of InSpec's last run for a report."""

    report: str
    path: str
    """The file that says so."""
    success: bool | None
    """Whether the last run that ended wrote the report; None if none has ended."""
    exit_status: int | None
    started: float | None
    """Unix time, seconds."""
    has_ended: bool
    """False if it has not ended since it was last started: it still goes on, or run_inspec.sh was killed."""


def inspec_runs(folder: str) -> list[InspecRun]:
    """Return what the files of run_inspec.sh in a folder say, by report. Files that cannot be read are left out."""
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), FILES))):
        try:
            reports: dict[str, dict[str, float]] = defaultdict(dict)
            for (name, labels), value in read_prom(path).items():
                reports[dict(labels).get("report", "")][name.removeprefix(_PREFIX)] = value
            found += [_run(report, path, metrics) for report, metrics in reports.items()]
        except (OSError, ValueError, OverflowError):
            continue
    return found


def _run(report: str, path: str, metrics: dict[str, float]) -> InspecRun:
    started, ended = metrics.get("last_start_timestamp_seconds"), metrics.get("last_end_timestamp_seconds")
    status, success = metrics.get("last_exit_status"), metrics.get("success")
    return InspecRun(
        report=report,
        path=path,
        success=None if success is None else success == 1,
        exit_status=None if status is None else int(status),
        started=started,
        has_ended=started is None or ended is None or ended >= started,
    )
