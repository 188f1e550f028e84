"""InSpec itself, as run_inspec.sh tells of it: results that were never made have no file to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from inspec_textfile.check.findings import Finding, ok, problem
from inspec_textfile.inspec_runs import inspec_runs
from inspec_textfile.text import age
from inspec_textfile.words import count

_LONGEST = 2 * 3600
"""Seconds. run_inspec.sh ends InSpec after half an hour, unless RUN_INSPEC_TIMEOUT says otherwise."""


def inspec_findings(folders: Iterable[Path], now: float) -> Iterator[Finding]:
    """Say whether InSpec makes its reports. `folders`: where run_inspec.sh may put its metrics; `now`: Unix time in seconds."""
    runs = [run for folder in folders for run in inspec_runs(str(folder))]
    good = 0
    for run in runs:
        ago = f"{age(now - run.started)} ago" if run.started is not None else "at an unknown time"
        if run.success is False:
            status = "" if run.exit_status is None else f" (exit status {run.exit_status})"
            log = f"read its log, {run.report}.log in /var/log/inspec or the folder of RUN_INSPEC_LOGS"
            yield problem(f"InSpec: made no report {run.report} when it was last started, {ago}{status}: {log}")
        elif not run.has_ended and run.started is not None and now - run.started > _LONGEST:
            yield problem(
                f"InSpec: was started for {run.report} {ago} and has not ended: if `pgrep -af 'inspec exec'` shows nothing, "
                "run_inspec.sh was killed; start it again"
            )
        else:
            good += 1
    if good and good == len(runs):
        yield ok(f"InSpec: run_inspec.sh made {count(good, 'report')}")
