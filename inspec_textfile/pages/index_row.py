"""One line of the index: a report's figures, and folded in it what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from inspec_textfile.pages import links
from inspec_textfile.pages.fleet import FleetReport
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.parts import facts
from inspec_textfile.pages.past import difference_text
from inspec_textfile.pages.times import day, duration, minute, moment
from inspec_textfile.pages.verdict import coverage, tests, verdict
from inspec_textfile.pages.words import STATUS_NAMES, count, number
from inspec_textfile.report.model import ERROR, NOT_REVIEWED, PASSED, STATUSES, WAIVED, Unreadable
from inspec_textfile.summary import Summary

_OR_EARLIER = html('<span title="It failed in the first run that is remembered: it may have been failing for longer">≤ </span>')


class Row(NamedTuple):
    """One report of the index."""

    name: str
    summary: Summary | None
    """Of a report that could not be read: its last good one, if there is any."""
    unreadable: Unreadable | None
    has_page: bool
    verdict: tuple[str, str]
    """Status and sentence; ERROR and "" without a summary."""
    marks: tuple[str, ...]
    """What its filters are."""

    @classmethod
    def of(cls, report: FleetReport) -> Row:
        """Return a report's row."""
        name, summary, unreadable = report.name, report.summary, report.unreadable
        judged = verdict(summary) if summary else (ERROR, "")
        marks = ["unreadable"] if unreadable else []
        if summary:
            counts = summary.tally.by_status
            marks += ["failing"] if summary.tally.failing else []
            marks += ["new"] if summary.newly_failing else []
            marks += ["not_loaded"] if summary.not_loaded else []
            marks += ["not_reviewed"] if counts[NOT_REVIEWED] or not summary.tally.total else []
            marks += ["waived"] if counts[WAIVED] else []
            marks += ["passed"] if judged[0] == PASSED and not unreadable else []
        return cls(name, summary, unreadable, report.has_page, judged, tuple(marks))

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key: unreadable reports by name, then the others worst first."""
        return (0, self.name) if self.unreadable or not self.summary else (1, *self.summary.rank)


class Columns(NamedTuple):
    """The columns that hold anything."""

    statuses: tuple[str, ...]
    new: bool
    oldest: bool

    @classmethod
    def of(cls, summaries: Sequence[Summary]) -> Columns:
        """Return the columns of some reports."""
        return cls(
            tuple(status for status in STATUSES if any(summary.tally.by_status[status] for summary in summaries)),
            any(summary.newly_failing for summary in summaries),
            any(summary.oldest for summary in summaries),
        )

    @property
    def after_report(self) -> int:
        """How many there are beside the report's own."""
        return 3 + len(self.statuses) + self.new + self.oldest


def report_row(row: Row, columns: Columns, *, in_folder: str) -> Markup:
    """Return the line of a report, in the group of a folder or in none ("")."""
    name = html("{}", row.name)
    if in_folder:
        name = html('<span class="fo">{}/</span>{}', in_folder, row.name[len(in_folder) + 1 :])
    if row.has_page:
        name = html('<a href="{}" title="{}">{}</a>', links.page_link(row.name), row.name, name)
    summary = row.summary
    profiles = ", ".join(f"{title} {version}".strip() for _, title, version in summary.profiles) if summary else ""
    status = ERROR if row.unreadable else row.verdict[0]
    return html(
        '<tr class="r {}" data-is="{}"><th scope="row">{}{}{}{}</th>{}</tr>\n',
        f"{status} old" if row.unreadable and summary else status,
        " ".join(row.marks),
        _details(summary, row.verdict[1]) if summary else _reason(row),
        name,
        html(" <small>{}</small>", profiles) if profiles else NOTHING,
        _broken(row) if row.unreadable and summary else NOTHING,
        join(_cells(summary, columns, old=row.unreadable is not None))
        if summary
        else html('<td colspan="{}">{}</td>', columns.after_report, _broken(row)),
    )


def _broken(row: Row) -> Markup:
    """Return why a report's newest results could not be read, and since when."""
    broken = row.unreadable
    if not broken:
        return NOTHING
    since = html(" since {}", minute(broken.since, "utc")) if broken.since is not None else NOTHING
    if row.summary:
        last = html(" The figures are those of the last report that could be read.")
    else:
        last = html(' <a href="{}">See its last good page</a>', links.page_link(row.name)) if row.has_page else NOTHING
    return html(
        '<p><span class="st">Unreadable{}</span> <code>{}</code> {}.{}</p>', since, broken.path, broken.reason.rstrip("."), last
    )


def _reason(row: Row) -> Markup:
    """Return what the line has no room for."""
    broken = row.unreadable
    if not broken:
        return NOTHING
    since = ("Since", moment(broken.since) if broken.since is not None else None)
    return _folded(row.name, [("File", html("<code>{}</code>", broken.path)), ("Reason", html("{}", broken.reason)), since])


def _folded(name: str, rows: Sequence[tuple[str, Markup | None]]) -> Markup:
    return html('<details class="i"><summary aria-label="Details of {}">i</summary>{}</details> ', name, facts(rows))


def _details(summary: Summary, sentence: str) -> Markup:
    changes = [
        f"{number(many)} {what}"
        for many, what in (
            (summary.newly_failing, "newly failing"),
            (summary.fixed, "fixed"),
            (summary.worse, "failing in more tests"),
        )
        if many
    ]
    rows = [
        ("Verdict", html("{}", sentence)),
        ("Tested", html("{}; {}", coverage(summary.tally), tests(summary.results))),
        ("Host", html("{}", summary.target) if summary.target else None),
        ("Platform", html("{}", summary.platform) if summary.platform else None),
        ("Run", moment(summary.started) if summary.started is not None else None),
        ("Took", duration(summary.duration) if summary.duration is not None else None),
        ("InSpec", html("{}", summary.inspec_version) if summary.inspec_version else None),
        ("Did not run", html("{}", ", ".join(summary.not_loaded)) if summary.not_loaded else None),
        ("Since the run before", html("{}", ", ".join(changes)) if changes else None),
        (
            "Compare with care",
            html("{}", "; ".join(map(difference_text, summary.differences))) if summary.differences else None,
        ),
    ]
    return _folded(summary.name, rows)


def _cells(summary: Summary, columns: Columns, *, old: bool) -> Iterable[Markup]:
    counts = summary.tally.by_status
    yield html(
        '<td class="host" data-l="Host" title="{}">{} <small>{}</small></td>', summary.target, summary.target, summary.platform
    )
    started = "" if summary.started is None else int(summary.started)
    yield html('<td data-l="Run" data-k="{}">{}</td>', started, minute(summary.started, "age"))
    if columns.new:
        yield _number(summary.newly_failing, "new", "New")
    for status in columns.statuses:
        yield _number(counts[status], status, STATUS_NAMES[status])
    yield _passed(summary, old=old)
    if columns.oldest:
        oldest = int(summary.oldest.since) if summary.oldest else ""
        yield html('<td class="since" data-l="Failing since" data-k="{}">{}</td>', oldest, _since([summary]))


def _since(found: Iterable[Summary]) -> Markup:
    """Return since when the longest-failing control of some reports has been failing."""
    failing = [(summary.oldest.since, not summary.oldest.first_seen) for summary in found if summary.oldest]
    if not failing:
        return NOTHING
    since, is_known = min(failing)
    return html("{}{}", NOTHING if is_known else _OR_EARLIER, day(since))


def _number(many: int, css_class: str, name: str) -> Markup:
    return html('<td class="num {}" data-l="{}">{}</td>', css_class if many else "zero", name, number(many))


def _passed(summary: Summary, *, old: bool) -> Markup:
    """Return how many of the tested controls passed; as a percentage only where all that apply were tested."""
    tested, passed = summary.tally.tested, summary.tally.by_status[PASSED]
    if not tested:
        return html('<td class="num zero" data-l="Passed of tested" data-k="">none tested</td>')
    whole = tested == summary.tally.applicable and not summary.not_loaded and not old
    return html(
        '<td class="num" data-l="Passed of tested" data-k="{}">{} of {}{}</td>',
        f"{passed / tested:.4f}",
        number(passed),
        number(tested),
        html(" <small>{}</small>", summary.tally.compliance) if whole else NOTHING,
    )


def group_row(folder: str, rows: Sequence[Row], columns: Columns) -> Markup:
    """Return the line above the reports of a folder, with their totals."""
    found = [row.summary for row in rows if row.summary]
    lost = sum(row.unreadable is not None for row in rows)
    said = count(len(rows), "report") + (f", {number(lost)} unreadable" if lost else "")
    cells = [_number(sum(summary.newly_failing for summary in found), "new", "New")] if columns.new else []
    cells += [
        _number(sum(summary.tally.by_status[one_status] for summary in found), one_status, STATUS_NAMES[one_status])
        for one_status in columns.statuses
    ]
    cells.append(html("<td></td>"))
    if columns.oldest:
        cells.append(html('<td class="since" data-l="Failing since">{}</td>', _since(found)))
    return html(
        '<tr class="grp"><th scope="rowgroup" colspan="3">{} <small>{}</small></th>{}</tr>\n', folder, said, join(cells)
    )
