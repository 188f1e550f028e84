"""What a page says about earlier runs: what changed, for how long a control fails, how the last runs went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from inspec_textfile.history.model import Change, ControlKey, Difference, Finding, History, RunCounts
from inspec_textfile.pages import links
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.standing import is_overdue
from inspec_textfile.pages.times import age, day, minute
from inspec_textfile.report.model import NOT_TESTED
from inspec_textfile.words import count, day_text, number

_MAX_LISTED = 5
"""Changed controls of a kind that are listed before the rest is folded."""


# --- ages ---------------------------------------------------------------------------------------------------------------------


class Ages(NamedTuple):
    """For how long controls fail, counted from the run that the page shows: so the same input gives the same page."""

    now: float
    """Start of the run, or the file's mtime if the report does not say: Unix time, seconds."""
    runs: int
    """How many are remembered."""
    limits: Mapping[str, int]
    """Days that a failing control of a severity may stay open."""

    def is_overdue(self, finding: Finding) -> bool:
        """Return whether a finding has been open for longer than its severity allows."""
        return is_overdue(finding, self.now, self.limits)

    def cell(self, finding: Finding | None, change: str) -> Markup:
        """Return what a row says: `17 d`, `new`, `fixed`; nothing in a first run, which knows no ages."""
        if change in ("new", "fixed"):
            return html('<b class="ag">{}</b>', change)
        if not finding or self.runs < 2:
            return NOTHING
        overdue = " i overdue" if self.is_overdue(finding) else ""
        at_least = "\N{GREATER-THAN OR EQUAL TO} " if finding.first_seen else ""
        return html('<span class="ag{}">{}{}</span>', overdue, at_least, age(self.now - finding.since))

    def sentence(self, finding: Finding, change: str = "", more_tests: int = 0) -> Markup:
        """Return since when a control fails, in words, and whether that is longer than its severity allows.

        `change`: new, worse or ""; `more_tests`: how many more of its tests fail than in the run before.
        """
        since = html("{} {}", "at least since" if finding.first_seen else "since", day(finding.since))
        runs = f", {count(finding.runs, 'run')}" if finding.runs > 1 else ""
        if finding.status == NOT_TESTED:
            tests = f" {number(finding.tests)} of {count(finding.total, 'test')} failed then." if finding.total else ""
            said = html("Failed {}{} when last tested, and was not tested by this run.{}", since, runs, tests)
        elif change == "new":
            said = html("New in this run.")
        else:
            more = f" {count(more_tests, 'more test fails', 'more tests fail')} than in the run before." if more_tests else ""
            said = html("Failing {}{}.{}", since, runs, more)
        if not self.is_overdue(finding):
            return said
        return html("{} Overdue: the limit for {} is {}.", said, finding.severity, count(self.limits[finding.severity], "day"))


# --- what changed -------------------------------------------------------------------------------------------------------------

CHANGES: tuple[tuple[str, str, str], ...] = (
    ("new", "failed", "new"),
    ("worse", "worse", "worse"),
    ("not_tested", "not_tested", "no longer tested"),
    ("fixed", "passed", "fixed"),
)
"""Kinds of changes, worst first: the value that filters, the class of the icon, the words after a number."""


def changed(history: History) -> dict[str, tuple[Change, ...]]:
    """Return what changed since the run before, by kind, in the order of CHANGES; only kinds where anything did."""
    changes = history.changes
    by_kind = {
        "new": changes.newly_failing,
        "worse": changes.worse,
        "not_tested": changes.not_tested,
        "fixed": changes.fixed,
    }
    return {kind: tuple(by_kind[kind]) for kind, _, _ in CHANGES if by_kind[kind]}


def changes_section(history: History) -> Markup:
    """Return what changed since the run before, with titles, worst first; nothing where nothing is remembered."""
    changes = history.changes
    if not history.runs:
        return NOTHING
    texts = [difference_text(one) for one in changes.differences]
    if changes.previous is None:
        told = "; ".join(texts) or "this is the first run that is remembered, so nothing can be called new"
        return html(
            '<section id="changes" aria-label="Earlier runs"><p class="dim">{}{}.</p></section>\n', told[:1].upper(), told[1:]
        )
    by_kind = changed(history)
    lists = [_list(words, css, by_kind[kind]) for kind, css, words in CHANGES if kind in by_kind]
    if texts:
        notes = join([html("<li>{}</li>", text) for text in texts])
        lists.append(html('<h3>Differences between the two runs</h3><ul class="dim">{}</ul>', notes))
    return html(
        '<section id="changes" aria-labelledby="h-changes"><h2 id="h-changes">Since the run before <small>{}</small></h2>'
        "{}{}</section>\n",
        minute(changes.previous, "utc"),
        NOTHING if by_kind else html("<p>Nothing new, nothing fixed.</p>"),
        join(lists),
    )


def _list(words: str, css: str, found: Sequence[Change]) -> Markup:
    first, rest = found[:_MAX_LISTED], found[_MAX_LISTED:]
    return html(
        '<h3 class="i {}">{}</h3>{}{}',
        css,
        f"{number(len(found))} {words}",
        _items(first),
        html('<details class="x"><summary>{} more</summary>{}</details>', number(len(rest)), _items(rest)) if rest else NOTHING,
    )


def _items(found: Iterable[Change]) -> Markup:
    return html('<ul class="ids">{}</ul>', join([html("<li>{} {}</li>", link(one.key), one.title) for one in found]))


def link(key: ControlKey) -> Markup:
    """Return the id of a control as a link to it."""
    return html('<a href="#{}"><code>{}</code></a>', links.anchor(key.profile, key.control), key.control)


def difference_text(one: Difference) -> str:
    """Return what makes two runs hard to compare, in words without a full stop."""
    gone, added = count(one.gone, "control"), count(one.added, "control")
    lost = "no longer listed" if one.kind == "profile_controls" else "removed"  # by a filter, if the version is the same
    were_not_run = f"{gone} {'was' if one.gone == 1 else 'were'} not run"
    changed = ", ".join(
        [*([f"{added} added"] if one.added else []), *([f"{gone} {lost}"] if one.gone else [])] or ["the same controls"]
    )
    texts = {
        "report_older": "these results are older than others that were read before, and are not compared with any",
        "other_host": f"these results are of {one.new}, and those before were of {one.old}: they are not compared",
        "other_machine": f"these results are of the machine {one.new}, and those before were of {one.old}",
        "profile_missing": f"profile {one.profile} is not in this report: {were_not_run}",
        "profile_not_loaded": f"profile {one.profile} did not load: {were_not_run}",
        "profile_new": f"profile {one.profile} is new: {added}",
        "profile_renamed": f"profile {one.old} is called {one.new} now: {changed}",
        "profile_version": f"profile {one.profile} {one.old} -> {one.new}: {changed}",
        "profile_controls": f"profile {one.profile}: {changed}",
        "profile_tests": f"profile {one.profile}: only {count(one.added, 'test')}, {one.gone:,} in the run before",
    }
    return texts.get(one.kind, one.kind)


# --- the last runs as a picture -----------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT = 288, 70
_PARTS = {"failed": "failing", "not_reviewed": "not tested", "passed": "passed"}
"""Class of a part of a column, from the bottom up -> its word."""


def runs_picture(runs: Sequence[RunCounts]) -> Markup:
    """Return the last runs as stacked columns on one scale: failing at the bottom, then not tested, then passed."""
    totals = [_parts(run) for run in runs]
    most = max(map(sum, totals), default=0)
    if len(runs) < 2 or not any(failing or passed for failing, _, passed in totals):
        return NOTHING
    step = min(_WIDTH // len(runs), 24)
    width = step * len(runs)
    days = [day_text(run.started) for run in (runs[0], runs[len(runs) // 2], runs[-1])]
    titles = [
        html(
            '<path d="M{} 0v{}h{}V0z"><title>{}: {}</title></path>',
            index * step,
            _HEIGHT,
            step,
            day_text(run.started),
            _told(parts),
        )
        for index, (run, parts) in enumerate(zip(runs, totals))
    ]
    return html(
        '<section class="runs" aria-labelledby="h-runs"><h2 id="h-runs">{} runs <small>of {} that apply</small></h2>'
        '<div><p class="dim" aria-hidden="true"><span>{}</span> <span>{}</span> <span>0</span></p>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}{}</svg></div>'
        '<p class="days dim">{}</p><p class="key dim">{}</p></section>\n',
        number(len(runs)),
        count(most, "control"),
        number(most),
        number(most // 2),
        width,
        _HEIGHT,
        f"{days[0]}: {_told(totals[0])}. {days[-1]}: {_told(totals[-1])}.",
        hatch(width / _WIDTH),
        join([html('<path class="{}" d="{}"/>', css, _columns(totals, part, most, step)) for part, css in enumerate(_PARTS)]),
        join(titles),
        join([html("<span>{}</span> ", shown) for shown in (days if len(runs) > 7 else days[::2])]),
        join([html('<span class="{}">{} {}</span> ', css, number(n), _PARTS[css]) for css, n in zip(_PARTS, totals[-1])]),
    )


def hatch(stretched: float = 1) -> Markup:
    """Return the pattern of what is not tested: a hatching, which paper and forced colours show as well.

    `stretched`: how much wider than high a unit of the picture will not be shown.
    """
    return html(
        '<pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="scale({} 1) rotate(45)">'
        '<path d="M0 0h2v4H0z"/></pattern>',
        f"{stretched:.3g}",
    )


def _columns(totals: Sequence[tuple[int, int, int]], part: int, most: int, step: int) -> str:
    """Return one part of each column as a path: 0 at the bottom, 2 at the top."""
    pieces = []
    for index, parts in enumerate(totals):
        bottom, top = (_HEIGHT - round(sum(parts[:upto]) * _HEIGHT / most) for upto in (part, part + 1))
        if parts[part]:
            top = min(top, bottom - 1)  # whatever is not zero can be seen
            pieces.append(f"M{index * step} {bottom}V{top}h{max(step - 1, 2)}V{bottom}z")
    return "".join(pieces)


def _parts(run: RunCounts) -> tuple[int, int, int]:
    """Return how many controls of a run fail, were not tested, and passed."""
    return run.failed + run.error, run.not_reviewed + run.waived, run.passed


def _told(parts: tuple[int, int, int]) -> str:
    return ", ".join(f"{number(many)} {word}" for many, word in zip(parts, _PARTS.values()))
