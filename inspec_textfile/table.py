"""What a run shows at a terminal: one line for each report, worst first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import click

from inspec_textfile.pages.links import INDEX_FILE, page_file
from inspec_textfile.report.model import ERROR, FAILED, NOT_APPLICABLE, NOT_REVIEWED, NOT_TESTED, PASSED, WAIVED
from inspec_textfile.run import State
from inspec_textfile.summary import Summary
from inspec_textfile.text import age, visible
from inspec_textfile.verdict import verdict
from inspec_textfile.words import day_text

MAX_ROWS = 40
_HEAD = ("REPORT", "VERDICT", "FAILING", "NOT TESTED", "SINCE", "NEW", "FIXED", "RUN", "PAGE")
_NOT_TESTED = _HEAD.index("NOT TESTED")
"""The column of findings that the run did not test; it is there if there are any."""
_LEFT_OUT = ("PAGE", "RUN", "FIXED", "NEW", "SINCE")
"""What is left out of a table that would be too wide, in this order."""
_GAP = "  "
_MIN_WIDTH = 12
_MIN_NAME = 28
"""Names of reports are cut to that before any column but the pages is left out."""
_MOMENT = 60.0
"""Seconds that clocks may differ without a word."""
_UNREADABLE = "unreadable"
_MISSING = "missing"
_COLOURS = {
    FAILED: "red",
    ERROR: "magenta",
    _UNREADABLE: "magenta",
    NOT_TESTED: "yellow",
    NOT_REVIEWED: "yellow",
    WAIVED: "blue",
    PASSED: "green",
    NOT_APPLICABLE: None,
}


_Row = tuple[str, tuple[str, ...]]
"""The verdict, and the cells."""


def table(state: State, reports_dir: str | None, *, now: float, colour: bool, columns: int | None = None) -> Iterator[str]:
    """Yield the lines of the table.

    `now`: Unix time in seconds; `colour`: whether the terminal shows colours; `columns`: how wide it may be, None for any
    width. What does not fit is left out, the pages first; cells are cut.
    """
    rows = _rows(state, reports_dir, now)
    shown = [_HEAD, *(cells for _, cells in rows[:MAX_ROWS])]
    widths = [max(map(len, column)) for column in zip(*shown)]
    if not any(cells[_NOT_TESTED] for _, cells in rows):
        widths[_NOT_TESTED] = 0
    widths = _fitting(widths, columns)
    for cells, status in zip(shown, (None, *(status for status, _ in rows))):
        line = _line(cells, widths)
        yield click.style(line, fg=_COLOURS.get(status)) if colour and status else line
    index = f"see {visible(os.path.join(reports_dir, INDEX_FILE))}" if reports_dir else ""
    if len(rows) > MAX_ROWS:
        yield f"and {len(rows) - MAX_ROWS:,} more reports{'; ' if index else ''}{index}"
    elif index and not widths[_HEAD.index("PAGE")]:
        yield index


def _fitting(widths: Sequence[int], columns: int | None) -> list[int]:
    """Return the width of each column, 0 for those that are left out."""
    found = list(widths)
    if columns is None:
        return found
    spare = max(0, found[_HEAD.index("REPORT")] - _MIN_NAME)
    for name in _LEFT_OUT:
        if _total(found) - (0 if name == "PAGE" else spare) > columns:
            found[_HEAD.index(name)] = 0
    for index in (_HEAD.index("REPORT"), _HEAD.index("FAILING"), _NOT_TESTED):
        found[index] -= min(max(0, _total(found) - columns), max(0, found[index] - _MIN_WIDTH))
    return found


def _total(widths: Sequence[int]) -> int:
    return sum(width + len(_GAP) for width in widths if width) - len(_GAP)


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
        _levels(failing),
        _levels(summary.not_tested_by_level if summary else {}),
        day_text(summary.oldest.since) if summary and summary.oldest else "",
        str(summary.newly_failing or "") if summary else "",
        str(summary.fixed or "") if summary else "",
        _when(now - summary.started) if summary and summary.started is not None else "",
        visible(page),
    )
    return verdict_, cells


def _levels(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {severity}" for severity, count in counts.items())


def _when(seconds: float) -> str:
    """Return how long ago something was; a clock that is ahead is shown as such."""
    return f"{age(-seconds)} ahead" if seconds < -_MOMENT else f"{age(seconds)} ago"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(_cut(cell, width).ljust(width) for cell, width in zip(cells, widths) if width).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else f"{cell[: width - 1]}\N{HORIZONTAL ELLIPSIS}"
