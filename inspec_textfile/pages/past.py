"""What a page says about earlier runs: what is new, since when a control fails, how the last runs went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspec_textfile.history.model import Change, ControlKey, Difference, Finding, History, RunCounts
from inspec_textfile.pages import links
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.times import day, day_text, minute
from inspec_textfile.pages.words import count, number

_STEP, _HALF = 8, 30
"""Width of a run in the picture, and height of each of its halves."""


def news(history: History) -> Markup:
    """Return what changed since the run before, in a sentence with links, and what makes the two hard to compare."""
    changes = history.changes
    if not history.runs:
        return NOTHING
    if changes.previous is None and changes.differences:  # older than others: there is a past, but not one of this run
        said = _differences(history)
        return html('<p class="news">{}.</p>', said[:1].upper() + said[1:])
    if changes.previous is None:
        return html('<p class="news">This is the first run that is remembered, so nothing can be called new.</p>')
    parts = []
    for keys, name, many in (
        (changes.newly_failing, "new", f"{number(len(changes.newly_failing))} newly failing"),
        (changes.fixed, "fixed", f"{number(len(changes.fixed))} fixed"),
        (changes.worse, "worse", f"{count(len(changes.worse), 'fails', 'fail')} in more tests"),
    ):
        if keys:
            parts.append(html('<a href="#changes" data-f="change={}">{}</a>', name, many))
    said = join(parts, ", ") if parts else html("Nothing newly failing, nothing fixed")
    notes = (
        html(' <span class="note">Not directly comparable: {}.</span>', _differences(history))
        if changes.differences
        else NOTHING
    )
    return html(
        '<p class="news">{} since the run of {}.{}{}</p>', said, minute(changes.previous, "utc"), _longest(history), notes
    )


def _longest(history: History) -> Markup:
    if not history.findings:
        return NOTHING
    key, failure = min(history.findings.items(), key=lambda item: (item[1].since, item[0]))
    return html(
        " Failing for longest: {}, {} {}.",
        _link(key),
        "seen since" if failure.first_seen else "since",
        day(failure.since),
    )


def _link(key: ControlKey) -> Markup:
    return html('<a href="#{}">{}</a>', links.anchor(key.profile, key.control), key.control)


def since(failure: Finding) -> Markup:
    """Return since when a control has been failing: `failing since 12 Nov 2026 (13 runs)`."""
    said = "first seen failing" if failure.first_seen else "failing since"
    runs = f" ({count(failure.runs, 'run')})" if failure.runs > 1 else ""
    return html('<span class="sn">{} {}{}</span>', said, day(failure.since), runs)


def changes_section(history: History) -> Markup:
    """Return the controls that changed since the run before, listed with links; nothing where none did."""
    changes = history.changes
    lists = [
        _list("Newly failing", changes.newly_failing),
        _list("Failing in more tests than before", changes.worse),
        _list("Not tested any more: failed when last tested", changes.not_tested),
        _list("Fixed: failed before, tested now, and passed", changes.fixed),
    ]
    notes = join([html("<li>{}</li>", difference_text(one)) for one in changes.differences])
    if notes:
        lists.append(html("<h3>Differences between the two runs</h3><ul>{}</ul>", notes))
    if changes.previous is None or not any(lists):
        return NOTHING
    return html(
        '<section class="about" id="changes" aria-labelledby="h-changes"><h2 id="h-changes">Since the run of {}</h2>'
        "{}</section>\n",
        minute(changes.previous, "utc"),
        join(lists),
    )


def _list(title: str, changes: Iterable[Change]) -> Markup:
    items = join([html("<li>{}{}</li>", _link(one.key), _more(one)) for one in changes])
    return html('<h3>{}</h3><ul class="ids">{}</ul>', title, items) if items else NOTHING


def _more(change: Change) -> str:
    return f": {count(change.more_tests, 'more test fails', 'more tests fail')}" if change.more_tests else ""


def _differences(history: History) -> str:
    return "; ".join(map(difference_text, history.changes.differences))


def difference_text(one: Difference) -> str:
    """Return what makes two runs hard to compare, in words without a full stop."""
    gone, added = count(one.gone, "control"), count(one.added, "control")
    were_not_run = f"{gone} {'was' if one.gone == 1 else 'were'} not run"
    changed = ", ".join(
        [*([f"{added} added"] if one.added else []), *([f"{gone} removed"] if one.gone else [])] or ["the same controls"]
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


def runs_picture(runs: Sequence[RunCounts]) -> Markup:
    """Return the last runs as a small picture: failed upwards, passed downwards, so that it can be read without colour."""
    if len(runs) < 2:
        return NOTHING
    failed = [run.failed + run.error for run in runs]
    passed = [run.passed for run in runs]
    tops, bottoms = max(failed), max(passed)
    up = "".join(_bar(index, -_height(many, tops)) for index, many in enumerate(failed))
    down = "".join(_bar(index, _height(many, bottoms)) for index, many in enumerate(passed))
    days = f"{day_text(runs[0].started)} to {day_text(runs[-1].started)}"
    failed_text = f"Failed or error: {number(failed[0])} in the first, {number(failed[-1])} in the last, {number(tops)} at most"
    passed_text = f"Passed: {number(passed[0])} in the first, {number(passed[-1])} in the last"
    return html(
        '<div class="runs"><h2 id="h-runs">{}</h2>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="xMinYMid" role="img" aria-label="{}">'
        '<path class="failed" d="{}"/><path class="passed" d="{}"/></svg>'
        '<p class="dim">{}. Upwards: failed or error, {} at most; downwards: passed, {} at most.</p></div>\n',
        f"The last {number(len(runs))} runs",
        max(len(runs), 30) * _STEP,
        2 * _HALF,
        f"The last {len(runs)} runs, {days}. {failed_text}. {passed_text}.",
        up,
        down,
        days,
        number(tops),
        number(bottoms),
    )


def _bar(index: int, height: int) -> str:
    """Return a bar as part of a path: from the middle line, upwards where the height is negative."""
    return f"M{index * _STEP} {_HALF}v{height}h{_STEP - 2}v{-height}z" if height else ""


def _height(many: int, most: int) -> int:
    """Return the height of a bar; whatever is not zero can be seen."""
    return max(many * _HALF // most, 1) if many else 0
