"""What a run is to do, for tests that call it in their own process."""

from __future__ import annotations

from pathlib import Path

from inspec_textfile.run import Job


def job_of(results: Path, textfiles: Path, reports: Path) -> Job:
    """Return the job that a host's folders make, with everything else as it is by default."""
    return Job(
        arguments=(),
        results_dir=str(results),
        stdin=None,
        stdin_name="stdin",
        output_dir=str(textfiles),
        output_file="inspec.prom",
        reports_dir=str(reports),
        mode=0o644,
    )
