"""index.html: the fleet, a line for each report, worst first within its group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from inspec_textfile.pages.fleet import Fleet
from inspec_textfile.pages.fleet_head import foot, head, headline, nothing_matches, sheet_head, toolbar
from inspec_textfile.pages.frame import OVERVIEW, page
from inspec_textfile.pages.index_row import HATCH, STATE_NAMES, Columns, Figures, report_rows
from inspec_textfile.pages.links import INDEX_FILE
from inspec_textfile.pages.markup import Markup, html, join
from inspec_textfile.pages.parts import chip, chips, index_help
from inspec_textfile.pages.standing import (
    ALL_PASSED,
    FAILING,
    INSPEC_FAILS,
    NEW,
    NEW_DAYS,
    OVERDUE,
    STATES,
    Standing,
    hosts,
    standings,
)
from inspec_textfile.report.model import LEVELS, NOT_REVIEWED, NOT_TESTED
from inspec_textfile.words import count, number

_MARKS = (
    (NEW, f"New in {NEW_DAYS} days", ""),
    (OVERDUE, "Overdue", "i overdue"),
    (NOT_TESTED, "No longer tested", "i not_tested"),
    (INSPEC_FAILS, "InSpec fails", "i error"),
)
"""(mark, words, class of its icon) of what reports have beside their state."""
_STALE = html(
    '<label class="chip i stale" title="Run more than 26 h ago" hidden><input type="checkbox" name="with" value="stale"> '
    "Stale <b>0</b></label>"
)
"""Only the browser knows the time of day."""
_MIN_FOLDED = 3
"""Reports of a group that passed are folded to one line if there are so many."""


def render(fleet: Fleet) -> str:
    """Return the whole page."""
    found = standings(fleet)
    status, bold, more = headline(found)
    body = [
        *head(found, status, bold, more),
        *_list(found),
        html("</main>\n{}{}", index_help(), foot()),
    ]
    return page(OVERVIEW, "InSpec reports", NOT_REVIEWED if status == NOT_TESTED else status, body, sheet_head(found))


def _list(found: Sequence[Standing]) -> Iterator[Markup]:
    columns = Columns.of(found)
    yield toolbar(INDEX_FILE, "reports", len(found), "Host, profile or report", *_chips(found))
    yield HATCH
    yield html('<table class="ix" id="ix" data-what="report"><caption class="heard">Reports, worst first</caption>\n')
    yield html("<thead><tr>{}</tr></thead>\n", join([*_heads(columns)]))
    groups = {one.group for one in found}
    if len(groups) > 1 or "" in groups:
        yield _totals("all", count(len(found), "report"), found, columns)
    twice = {key for key, times in Counter(map(_key, found)).items() if times > 1}
    for group, same in groupby(found, key=lambda one: one.group):
        rows = list(same)
        if group:
            yield _totals("grp", group, rows, columns)
        passed = [one for one in rows if one.state == ALL_PASSED]
        for one in rows:
            if len(passed) >= _MIN_FOLDED and one is passed[0]:
                yield _folded(passed, columns)
            yield report_rows(one, columns, show_name=_key(one) in twice)
    yield html("</table>\n{}", nothing_matches())


def _key(one: Standing) -> tuple[object, ...]:
    """Return what tells a report from the others of its group at a glance."""
    return one.group, one.label, one.summary.profiles if one.summary else ()


def _heads(columns: Columns) -> Iterator[Markup]:
    yield html('<td class="c-st"></td><th scope="col" class="c-name">Report</th>')
    for level in columns.levels:
        title = f"Controls of severity {level} that failed or could not be tested"
        yield html('<th scope="col" class="n c-{}" title="{}">{}</th>', level, title, level.capitalize())
    if columns.error:
        yield html('<th scope="col" class="n c-error" title="Of them, controls that could not be tested">Error</th>')
    if columns.not_tested:
        title = "Failed when last tested, and not tested by this run"
        yield html('<th scope="col" class="n c-not-tested" title="{}">No longer tested</th>', title)
    yield html('<th scope="col" class="n c-new" title="Failing since at most {} days">New in {} d</th>', NEW_DAYS, NEW_DAYS)
    yield html('<th scope="col" class="c-age" title="Age of the oldest finding at the time of the run">Failing since</th>')
    yield html('<th scope="col" class="c-runs" title="Failing controls in the last 12 runs">12 runs</th>')
    yield html('<th scope="col" class="c-run">Run</th>')
    yield html('<th scope="col" class="c-part" title="Of the controls that were tested">Passed</th><td class="c-x"></td>')


_NO_MORE = html('<td class="age"></td><td class="runs"></td><td class="run"></td><td class="part"></td><td class="x"></td>')


def _totals(css_class: str, name: str, rows: Sequence[Standing], columns: Columns) -> Markup:
    """Return the line of a group, or of all reports, with the sums of what is shown of it."""
    places, failing = hosts(rows), sum(one.state == FAILING for one in rows)
    on_hosts = f"of {count(places, 'host')}" if places < len(rows) else ""
    parts = [f"{count(len(rows), 'report')} {on_hosts}".strip() if css_class == "grp" else on_hosts]
    parts += [f"{number(failing)} failing"] if failing else []
    return html(
        '<tbody class="{}"><tr><td></td><th scope="rowgroup"><b>{}</b> <small>{}</small></th>{}{}</tr></tbody>\n',
        css_class,
        name,
        ", ".join(filter(None, parts)),
        Figures.of(rows).cells(columns),
        _NO_MORE,
    )


def _folded(passed: Sequence[Standing], columns: Columns) -> Markup:
    """Return the line above the reports of a group that passed, below which the script folds them."""
    places = hosts(passed)
    return html(
        '<tbody class="ok"><tr><td><span class="st passed"></span></td><th scope="row" colspan="{}"><b>{}: all passed</b>'
        ' <small>{}</small></th><td class="x"></td></tr></tbody>\n',
        columns.width - 1,
        count(len(passed), "report"),
        f"on {count(places, 'host')}" if places < len(passed) else "",
    )


def _chips(found: Sequence[Standing]) -> tuple[Markup, Markup]:
    """Return the filters: of the first, one chip fits each report; the others are what reports have beside their state."""
    states = Counter(one.state for one in found)
    levels = Counter(level for one in found for level in one.severities)
    marks = Counter(mark for one in found for mark in one.marks)
    by_state = [
        chip("state", one, f"st {STATE_NAMES[one][0]}", STATE_NAMES[one][1], states[one]) for one in STATES if states[one]
    ]
    by_level = [chip("severity", one, f"sv {one}", one.capitalize(), levels[one]) for one in LEVELS if levels[one]]
    by_mark = [chip("with", mark, icon, words, marks[mark]) for mark, words, icon in _MARKS if marks[mark]]
    return chips("State", by_state), join([chips("Failing, with", by_level), chips("With", [*by_mark, _STALE])])
