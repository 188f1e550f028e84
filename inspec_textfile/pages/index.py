"""index.html: the fleet, one line a report, worst first, reports of one folder together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from inspec_textfile import __version__
from inspec_textfile.pages.fleet import Fleet
from inspec_textfile.pages.frame import INDEX, page
from inspec_textfile.pages.index_row import Columns, Row, group_row, report_row
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.parts import box, boxes, index_help
from inspec_textfile.pages.words import STATUS_NAMES, count, listed, number
from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    PASSED,
    STATUSES,
)

_CHIPS = (
    ("unreadable", "Unreadable", "error"),
    ("failing", "Failing", "failed"),
    ("new", "Newly failing", "failed"),
    ("not_loaded", "Not loaded", "error"),
    ("not_reviewed", "Not reviewed", "not_reviewed"),
    ("waived", "Waived", "waived"),
    ("passed", "All passed", "passed"),
)
"""(value, text, class of its colour) of the filters."""


class _Block(NamedTuple):
    """Reports that stand together: those of a folder, or one alone ("")."""

    folder: str
    rows: tuple[Row, ...]


def render(fleet: Fleet) -> str:
    """Return the whole page."""
    rows = [Row.of(report) for report in fleet.reports]
    rows.sort(key=lambda row: row.rank)
    columns = Columns.of([row.summary for row in rows if row.summary])
    status, sentence = headline(rows)
    body = [_head(status, sentence), *(_table(rows, columns) if rows else ()), _end()]
    return page(INDEX, "InSpec reports", status, body)


def _head(status: str, sentence: str) -> Markup:
    return html(
        '<a class="skip" href="#ix">Skip to the reports</a>\n<header class="top"><h1>InSpec reports</h1></header>\n<main>\n'
        '<section class="verdict {}" aria-label="Verdict"><p class="say">{}</p></section>\n',
        status,
        sentence,
    )


def _table(rows: Sequence[Row], columns: Columns) -> Iterable[Markup]:
    yield _toolbar(rows)
    yield html('<p id="filtered"></p>\n<table class="ix" id="ix"><caption>Reports, worst first</caption>')
    yield html("<thead><tr>{}</tr></thead>\n", join([*_heads(columns)]))
    for folder, same in groupby(_blocks(rows), key=lambda block: block.folder):
        yield html("<tbody>\n")
        for block in same:
            yield group_row(folder, block.rows, columns) if folder else NOTHING
            yield from (report_row(row, columns, in_folder=block.folder) for row in block.rows)
        yield html("</tbody>\n")
    yield html('</table>\n<p class="alert" id="none" hidden>No report matches.</p>\n')


def _end() -> Markup:
    return html("</main>\n{}<footer>Made by inspec-textfile {}</footer>", index_help(), __version__)


def _blocks(rows: Sequence[Row]) -> list[_Block]:
    """Return rows with those of one folder together, where its worst one stands; a folder of one report is none."""
    folders: dict[str, list[Row]] = {}
    for row in rows:
        folders.setdefault(row.name.rpartition("/")[0] or f"/{row.name}", []).append(row)
    return [
        _Block(folder if len(found) > 1 and not folder.startswith("/") else "", tuple(found))
        for folder, found in folders.items()
    ]


def _heads(columns: Columns) -> Iterable[Markup]:
    yield html('<th scope="col">Report</th><th scope="col">Host</th><th scope="col">Run</th>')
    if columns.new:
        yield html('<th scope="col" class="num" title="Newly failing">New</th>')
    for status in columns.statuses:
        yield html('<th scope="col" class="num">{}</th>', "N/A" if status == NOT_APPLICABLE else STATUS_NAMES[status])
    yield html('<th scope="col" class="num" title="Of the tested controls">Passed of tested</th>')
    if columns.oldest:
        yield html('<th scope="col">Failing since</th>')


def _toolbar(rows: Sequence[Row]) -> Markup:
    found = [row.marks for row in rows]
    chips = [
        box("is", value, shown, many, css_class)
        for value, shown, css_class in _CHIPS
        for many in [sum(value in marks for marks in found)]
        if many
    ]
    return html(
        """<form class="tools" id="tools" role="search" aria-label="Reports" hidden>
<p class="grow"><label for="q">Search</label>
<input type="search" id="q" autocomplete="off" spellcheck="false" placeholder="report, profile, host" aria-keyshortcuts="/">
<output id="count" aria-live="polite"></output> <button type="button" id="reset" hidden>Show all</button>
<button type="button" id="more" aria-expanded="false" aria-controls="filters">Filters</button>
<button type="button" id="help" aria-haspopup="dialog" aria-keyshortcuts="?">Help</button></p>
<div id="filters">{}</div></form>
""",
        boxes("Show", chips),
    )


# --- the verdict on all -------------------------------------------------------------------------------------------------------


def headline(rows: Sequence[Row]) -> tuple[str, str]:
    """Return the status that stands for the fleet, and a sentence: green only if every report was read and passed."""
    if not rows:
        return NOT_REVIEWED, "There are no reports: no results file was found."
    by_status = dict.fromkeys(STATUSES, 0)
    for row in rows:
        if row.summary and not row.unreadable:
            by_status[row.verdict[0]] += 1
    lost = sum(row.unreadable is not None for row in rows)
    broken = sum(bool(row.summary and not row.unreadable and row.summary.not_loaded) for row in rows)
    failing = sum(bool(row.summary and not row.unreadable and row.summary.tally.failing) for row in rows)
    unreviewed, waived = (sum(mark in row.marks and not row.unreadable for row in rows) for mark in ("not_reviewed", "waived"))
    parts = [
        *([f"{number(lost)} could not be read"] if lost else []),
        *([f"{count(failing, 'has', 'have')} failing controls"] if failing else []),
        *([f"{count(broken, 'has', 'have')} profiles that did not run"] if broken else []),
        *([f"{count(unreviewed, 'is', 'are')} not fully reviewed"] if unreviewed else []),
        *([f"{count(waived, 'has', 'have')} waived controls"] if waived else []),
        *([f"{count(by_status[NOT_APPLICABLE], 'has', 'have')} no applicable controls"] if by_status[NOT_APPLICABLE] else []),
    ]
    total = count(len(rows), "report")
    if not parts:
        return PASSED, f"{total}: every control that applies was tested and passed."
    worst = next((status for status in STATUSES if by_status[status]), ERROR)
    status = ERROR if (lost or broken) and worst != FAILED else worst
    return status, f"Of {total}, {listed(parts)}."
