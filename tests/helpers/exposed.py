"""The written file for reports in memory, without a run."""

from __future__ import annotations

import json
from collections.abc import Iterable

from inspec_textfile.history.model import Past
from inspec_textfile.history.past import advance, shown
from inspec_textfile.metrics.exposition import exposition
from inspec_textfile.metrics.figures import Figures, figures
from inspec_textfile.metrics.of_run import ReportRow, RunFacts
from inspec_textfile.report.model import Report


def row_of(report: Report, control_series: str = "none") -> ReportRow:
    """Return a report as it is in the memory after its first run."""
    counted = figures(report, shown(advance(Past(), report), report), control_series)
    return ReportRow(name=report.name, figures=counted, modified_ns=report.modified_ns, readable=True)


def remembered(row: ReportRow) -> ReportRow:
    """Return the row of a report that cannot be read any more: its last good figures, from the memory."""
    counted = Figures.from_json(json.loads(json.dumps(row.figures.as_json()))) if row.figures else None
    return row._replace(figures=counted, readable=False)


def file_of(rows: Iterable[ReportRow], control_series: str = "none", limit: int = 1000) -> bytes:
    """Return the whole file."""
    reports = tuple(sorted(rows, key=lambda row: row.name))
    facts = RunFacts(reports, "1.2", now=1_700_000_001.5, elapsed=0.125)
    return exposition(facts._replace(control_series=control_series, max_control_series=limit))
