"""The written file for reports in memory, without a run."""

from __future__ import annotations

from collections.abc import Iterable

from inspec_textfile.compare import advance, history
from inspec_textfile.history import Past
from inspec_textfile.metrics.exposition import ReportRow, ReportText, RunFigures, exposition, own_times, report_text
from inspec_textfile.metrics.figures import figures
from inspec_textfile.report.model import Report


def row_of(report: Report, control_series: str = "none") -> ReportRow:
    """Return a report as it is in the memory after its first run."""
    counted = figures(report, history(advance(Past(), report), report), control_series)
    return ReportRow(name=report.name, text=report_text(counted), modified_ns=report.modified_ns, readable=True)


def remembered(row: ReportRow) -> ReportRow:
    """Return the row of a report that cannot be read any more: its last good figures, from the memory."""
    text = ReportText.from_json(row.text.as_json()) if row.text else None
    return row._replace(text=text, readable=False)


def file_of(rows: Iterable[ReportRow], control_series: str = "none", limit: int = 1000) -> bytes:
    """Return the whole file."""
    body = exposition(list(rows), RunFigures("1.2"), control_series=control_series, max_control_series=limit)
    return body + own_times(1_700_000_001.5, 0.125)
