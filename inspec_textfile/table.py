"""What a run shows at a terminal: one line for each report, worst first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

from inspec_textfile.pages.files import INDEX_FILE, page_file
from inspec_textfile.pages.times import day_text
from inspec_textfile.pages.verdict import verdict
from inspec_textfile.report.model import ERROR, FAILED, NOT_APPLICABLE, NOT_REVIEWED, PASSED, WAIVED
from inspec_textfile.run import State
from inspec_textfile.summary import Summary
from inspec_textfile.text import age, visible

MAX_ROWS = 40
_HEAD = ("REPORT", "VERDICT", "FAILING", "SINCE", "NEW", "FIXED", "RUN", "PAGE")
_UNREADABLE = "unreadable"
_MISSING = "missing"
_COLOURS = {
    FAILED: "red",
    ERROR: "magenta",
    _UNREADABLE: "magenta",
    NOT_REVIEWED: "yellow",
    WAIVED: "blue",
    PASSED: "green",
    NOT_APPLICABLE: None,
}


class _Row(NamedTuple):
    verdict: str
    cells: tuple[str, ...]


def table(state: State, reports_dir: str | None, *, now: float, colour: bool) -> Iterator[str]:
    """Yield the lines of the table. `now`: Unix time in seconds; `colour`: whether the terminal shows colours."""
    rows = _rows(state, reports_dir, now)
    shown = rows[:MAX_ROWS]
    widths = [max(map(len, column)) for column in zip(_HEAD, *(row.cells for row in shown))]
    yield _line(_HEAD, widths)
    for row in shown:
        line = _line(row.cells, widths)
        yield click.style(line, fg=_COLOURS.get(row.verdict)) if colour else line
    if len(rows) > MAX_ROWS:
        where = f"; see {os.path.join(reports_dir, INDEX_FILE)}" if reports_dir else ""
        yield f"and {len(rows) - MAX_ROWS:,} more reports{where}"


def _rows(state: State, reports_dir: str | None, now: float) -> list[_Row]:
    rows: list[tuple[tuple[object, ...], _Row]] = []
    for name, report in state.reports.items():
        summary, broken = report.summary, report.unreadable
        page = os.path.join(reports_dir, page_file(name)) if reports_dir and report.memory.file.page else ""
        if broken or not summary:
            rows.append(((0, name), _row(name, _MISSING if broken and broken.missing else _UNREADABLE, summary, page, now)))
        else:
            rows.append(((1, *summary.rank), _row(name, verdict(summary)[0], summary, page, now)))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _row(name: str, verdict_: str, summary: Summary | None, page: str, now: float) -> _Row:
    failing = summary.tally.failing if summary else {}
    cells = (
        visible(name),
        verdict_.replace("_", " "),
        ", ".join(f"{count:,} {severity}" for severity, count in failing.items()),
        day_text(summary.oldest.since) if summary and summary.oldest else "",
        str(summary.newly_failing or "") if summary else "",
        str(summary.fixed or "") if summary else "",
        f"{age(now - summary.started)} ago" if summary and summary.started is not None else "",
        visible(page),
    )
    return _Row(verdict_, cells)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
