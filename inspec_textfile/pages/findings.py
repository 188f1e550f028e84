"""findings.csv: one line for each open finding of all reports, for spreadsheets and for programs that track remediation."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import lru_cache

from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.links import anchor, page_link
from inspec_textfile.pages.markup import defuse
from inspec_textfile.pages.standing import DAY, is_overdue
from inspec_textfile.pages.times import stamp
from inspec_textfile.summary import worst_first

COLUMNS = (
    *("report", "host", "profile", "version", "control", "title", "severity", "status", "since", "first_seen"),
    *("runs", "tests_failed", "tests", "days_open", "overdue", "page"),
)
"""`status`: failed, error or not_tested; `since`: UTC; `first_seen`: the first run of all saw it already, so it may be older;
`days_open`: at the report's last run; `page`: relative to this file."""
_FORMULA = re.compile(r"""(^|;)([\s"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""Where a spreadsheet would see a formula: at the start of a cell, also where semicolons part cells."""


def render(fleet: Fleet) -> str:
    """Return the whole file: reports by name, in each the worst findings first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for report in sorted(fleet.reports, key=lambda report: report.name):
        writer.writerows(_lines(report, fleet))
    return text.getvalue()


def _lines(report: FleetReport, fleet: Fleet) -> Iterator[tuple[object, ...]]:
    summary = report.summary
    if not summary:
        return
    now = summary.at
    link = cell(page_link(report.name)) if report.has_page else ""
    of_report = cell(report.name), cell("" if summary.target == report.name else summary.target)
    for one in sorted(summary.findings, key=worst_first):
        finding = one.finding
        limit = fleet.limits.get(finding.severity)
        yield (
            *of_report,
            cell(one.profile),
            cell(finding.version),
            cell(one.control),
            cell(finding.title),
            finding.severity,
            finding.status,
            stamp(finding.since),
            "yes" if finding.first_seen else "no",
            finding.runs,
            finding.tests,
            finding.total,
            max(0, int((now - finding.since) // DAY)),
            "" if limit is None else "yes" if is_overdue(finding, now, fleet.limits) else "no",
            link and f"{link}#{anchor(one.profile, one.control)}",
        )


@lru_cache(4096)
def cell(text: str) -> str:
    """Return a text of a report as a cell: in one line, and no formula for any spreadsheet.

    A quote before what would be a formula is the way that OWASP names (CSV injection). Where semicolons part cells, a
    semicolon within quotes still does if the quotes do not begin the cell, so what follows one counts as a start, too.
    """
    if text.isalnum():  # the usual id
        return text
    line = " ".join(defuse(text).split())
    return _FORMULA.sub(r"\1'\2", line)
