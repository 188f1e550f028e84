"""One report of the index: a line of figures, a word on what they cannot show, and folded below it the worst findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from inspec_textfile.pages.links import anchor, page_link
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.past import hatch
from inspec_textfile.pages.standing import (
    ALL_PASSED,
    FAILING,
    NOT_FULLY_TESTED,
    NOT_LOADED,
    UNREADABLE,
    Standing,
    open_for,
)
from inspec_textfile.pages.times import day_and_time, duration, minute, moment
from inspec_textfile.pages.trend import trend
from inspec_textfile.report.model import ERROR, LEVELS, NOT_APPLICABLE, NOT_REVIEWED, NOT_TESTED, PASSED, WAIVED
from inspec_textfile.summary import Summary, Tally, worst_first
from inspec_textfile.verdict import tests, verdict
from inspec_textfile.words import UNKNOWN, number

STATE_NAMES = {
    FAILING: ("failed", "Failing"),
    UNREADABLE: ("unreadable", "Unreadable"),
    NOT_LOADED: ("not_loaded", "Not loaded"),
    NOT_FULLY_TESTED: ("not_reviewed", "Not fully tested"),
    ALL_PASSED: ("passed", "All passed"),
}
"""State -> class of its icon, words."""
_WORST = 5
"""Findings that a row's details show."""
_BAR = 60
"""Width of a bar."""
HATCH = html('<svg width="0" height="0" aria-hidden="true">{}</svg>\n', hatch())
"""What is not tested is hatched."""


class Columns(NamedTuple):
    """The columns of numbers: those that hold anything."""

    levels: tuple[str, ...]
    error: bool
    not_tested: bool

    @classmethod
    def of(cls, found: Sequence[Standing]) -> Columns:
        """Return the columns of some reports: the four severities, and others that occur."""
        summaries = [one.summary for one in found if one.summary]
        return cls(
            tuple(level for level in LEVELS if level in LEVELS[:4] or any(level in one.tally.failing for one in summaries)),
            any(summary.tally.by_status[ERROR] for summary in summaries),
            any(one.not_tested for one in found),
        )

    @property
    def width(self) -> int:
        """All columns but that of the icon."""
        return len(self.levels) + self.error + self.not_tested + 7


class Figures(NamedTuple):
    """What the columns of numbers show: of one report, or of several together."""

    failing: dict[str, int]
    error: int
    not_tested: int
    new: int

    @classmethod
    def of(cls, found: Iterable[Standing]) -> Figures:
        """Return the sums of some reports, the last good figures of unreadable ones included."""
        failing, error, not_tested, new = dict.fromkeys(LEVELS, 0), 0, 0, 0
        for one in found:
            for level, count in one.failing.items():
                failing[level] += count
            error += one.summary.tally.by_status[ERROR] if one.summary else 0
            not_tested += one.not_tested
            new += one.new
        return cls(failing, error, not_tested, new)

    def cells(self, columns: Columns) -> Markup:
        """Return the cells, each with the word that takes the place of its head where there is none."""
        cells = [_number(self.failing[level], level, level) for level in columns.levels]
        cells += [_number(self.error, "error", "error")] if columns.error else []
        cells += [_number(self.not_tested, "not_tested", "no longer tested")] if columns.not_tested else []
        return join([*cells, _number(self.new, "new", "new")])


def _number(count: int, css_class: str, word: str) -> Markup:
    if not count:
        return _ZERO
    return html('<td class="n {}" data-l="{}">{}</td>', css_class, word, number(count))


_ZERO = html('<td class="n zero">0</td>')


def report_rows(one: Standing, columns: Columns, *, show_name: bool) -> Markup:
    """Return the rows of a report. `show_name`: its host and profiles are also those of another report of its group."""
    css_class, words = STATE_NAMES[one.state]
    notes = join([*_notes(one)])
    return html(
        '<tbody class="r {}" data-state="{}" data-severity="{}" data-with="{}"><tr{}><td><span class="st {}" title="{}">'
        '<span class="heard">{}</span></span></td><th scope="row">{}</th>{}<td class="x">{}</td></tr>\n{}{}</tbody>\n',
        one.state,
        one.state,
        " ".join(one.severities),
        " ".join(one.marks),
        html(' class="said"') if notes else NOTHING,
        css_class,
        words,
        words,
        _name(one, show_name=show_name),
        _cells(one, columns),
        html('<details><summary class="chevron" aria-label="Details of {}"></summary></details>', one.name),
        html('<tr class="why"><td></td><td colspan="{}">{}</td></tr>\n', columns.width, notes) if notes else NOTHING,
        html('<tr class="under"><td></td><td colspan="{}">{}</td></tr>\n', columns.width, _details(one)),
    )


def _name(one: Standing, *, show_name: bool) -> Markup:
    name = html("{}", one.label)
    if one.report.has_page:
        name = html('<a href="{}" title="{}">{}</a>', page_link(one.name), one.name, one.label)
    group = html('<span class="in">{}</span> ', one.group) if one.group else NOTHING
    profiles = (
        ", ".join(f"{profile.title} {profile.version}".strip() for profile in one.summary.profiles) if one.summary else ""
    )
    is_unnamed = show_name if profiles else not one.name.endswith(one.label)
    return html("{} <small>{}{}{}</small>", name, group, profiles, f" ({one.name})" if is_unnamed else "")


def _cells(one: Standing, columns: Columns) -> Markup:
    summary = one.summary
    if not summary:
        return html('<td class="none" colspan="{}"></td>', columns.width - 2)
    return join(
        [
            Figures.of([one]).cells(columns),
            html('<td class="age"{}</td>', _open_for(one)),
            html('<td class="runs">{}</td>', trend([run.failed + run.error for run in summary.recent])),
            html('<td class="run" data-k="{}">{}</td>', int(one.now), day_and_time(one.now or None)),
            _passed(summary),
        ]
    )


def _open_for(one: Standing) -> Markup:
    """Return how long the oldest finding of a report has been open, and how many are overdue."""
    if not one.oldest:
        return html(' data-k=""><span class="none">\N{EN DASH}</span>')
    seconds = one.now - one.oldest.since
    overdue = html(' <b class="i overdue">{} overdue</b>', number(one.overdue)) if one.overdue else NOTHING
    shown = open_for(one.oldest, one.now)
    word = "failing since the" if shown.endswith("run") else "failing"
    return html(' data-k="{}"><span data-l="{}">{}</span>{}', int(seconds), word, shown, overdue)


def _passed(summary: Summary) -> Markup:
    """Return how many of the tested controls passed, as text and as a part of all that apply."""
    tally = summary.tally
    if not tally.applicable:
        return html('<td class="part" data-k="">\N{EN DASH}</td>')
    passed, tested = tally.by_status[PASSED], tally.tested
    return html(
        '<td class="part" data-k="{}"><span>{}</span> {}</td>',
        f"{passed / tally.applicable:.4f}",
        f"{number(passed)} of {number(tested)}" if tested else UNKNOWN,
        _bar(tally),
    )


def _bar(tally: Tally) -> Markup:
    """Return the passed, failing and not tested parts of all controls that apply."""
    ends = [round(_BAR * count / tally.applicable) for count in (tally.by_status[PASSED], tally.tested)]
    failing = tally.tested > tally.by_status[PASSED]
    passed = min(ends[0], _BAR - 2) if failing or ends[1] < _BAR else ends[0]  # what did not pass is never too little to see
    tested = max(ends[1], passed + 2) if failing else passed
    return html(
        '<svg class="part" viewBox="0 0 {} 6" aria-hidden="true"><path class="u" d="M0 0h{}v6H0z"/><path class="f" '
        'd="M0 0h{}v6H0z"/><path class="p" d="M0 0h{}v6H0z"/></svg>',
        _BAR,
        _BAR,
        tested,
        passed,
    )


# --- words --------------------------------------------------------------------------------------------------------------------


def _notes(one: Standing) -> Iterable[Markup]:
    """Yield what the figures cannot show."""
    broken, summary = one.report.unreadable, one.summary
    if broken:
        since = html(" since {}", minute(broken.since, "utc")) if broken.since is not None else NOTHING
        reason = broken.reason.rstrip(".") if broken.missing else f"the results file {broken.reason.rstrip('.')}"
        figures = " Figures: the last run that could be read." if summary else ""
        yield html('<p><b class="unreadable">Unreadable</b>{}: {}.{}</p>', since, reason, figures)
    if one.report.inspec_failed is not None:
        last, since = minute(one.report.inspec_failed, "utc"), minute(one.now or None, "utc")
        yield html('<p><b class="error">InSpec itself fails</b>: no results since {}. It was last started {}.</p>', since, last)
    if summary and summary.not_loaded:
        css, what = ("not_loaded", "Not loaded") if summary.failed_to_load else ("not_reviewed", "Skipped")
        yield html('<p><b class="{}">{}</b>: {}</p>', css, what, _did_not_run(summary.not_loaded))
    if summary and one.state == NOT_FULLY_TESTED and (summary.tally.total or not summary.not_loaded):
        yield html('<p><b class="not_reviewed">Not fully tested</b>: {}</p>', verdict(summary)[1])


def _did_not_run(names: Sequence[str]) -> str:
    return f"{'profile' if len(names) == 1 else 'profiles'} {', '.join(names)} did not run, so controls are missing here."


def _details(one: Standing) -> Markup:
    return html('<div class="two">{}{}</div>', _worst(one), _facts(one))


def _worst(one: Standing) -> Markup:
    """Return the worst open findings of a report, and a link to all."""
    findings = one.summary.findings if one.summary else ()
    if not findings:
        return html('<p class="dim">{}</p>', verdict(one.summary)[1] if one.summary else "Nothing is known of this report.")
    worst = sorted(findings, key=worst_first)[:_WORST]
    link = page_link(one.name)
    lines = [
        html(
            '<li><span class="sv {}">{}</span> <a href="{}#{}">{}</a> <span>{}</span> <span class="age">{}</span></li>',
            open_.finding.severity,
            open_.finding.severity.capitalize(),
            link,
            anchor(open_.profile, open_.control),
            open_.control,
            open_.finding.title,
            "no longer tested" if open_.finding.status == NOT_TESTED else open_for(open_.finding, one.now),
        )
        for open_ in worst
    ]
    head = f"Worst {len(worst)} of {number(len(findings))} open findings" if len(findings) > _WORST else "Open findings"
    rest = html('<p><a href="{}?status=failed,error">All failing controls</a></p>', link) if len(findings) > _WORST else NOTHING
    return html('<div><p class="dim">{}</p><ul class="worst">{}</ul>{}</div>', head, join(lines), rest)


def _facts(one: Standing) -> Markup:
    summary, broken = one.summary, one.report.unreadable
    rows = [("Report", html("{}", one.name))]
    if broken:
        rows.append(("Results file", html("<code>{}</code>", broken.path)))
    if summary:
        rows += _run_facts(summary)
    return html('<dl class="about">{}</dl>', join([html("<div><dt>{}</dt><dd>{}</dd></div>", *row) for row in rows]))


def _run_facts(summary: Summary) -> Iterable[tuple[str, Markup]]:
    counts = summary.tally.by_status
    if summary.started is not None:
        yield "Run", moment(summary.started)
    if summary.duration is not None:
        yield "Took", duration(summary.duration)
    about = ", ".join(filter(None, (summary.platform, summary.inspec_version and f"InSpec {summary.inspec_version}")))
    if about:
        yield "Platform", html("{}", about)
    untested = [
        f"{number(counts[status])} {word}"
        for status, word in ((NOT_REVIEWED, "not reviewed"), (WAIVED, "waived"), (NOT_APPLICABLE, "not applicable"))
        if counts[status]
    ]
    if untested:
        yield "Not tested", html("{}", ", ".join(untested))
    yield "Single tests", html("{}", tests(summary.results))
    changes = ((summary.newly_failing, "new"), (summary.worse, "worse"), (summary.fixed, "fixed"))
    changed = [f"{number(count)} {what}" for count, what in changes if count]
    if changed:
        yield "Since the run before", html("{}", ", ".join(changed))
