"""What a page says about earlier runs: what is new, since when a control fails, how the last runs went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspec_textfile.history import ControlKey, Failure, History, RunCounts
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
    if changes.previous is None and changes.notes:  # older than others: there is a past, but not one of this run
        said = "; ".join(changes.notes)
        return html('<p class="news">{}.</p>', said[:1].upper() + said[1:])
    if changes.previous is None:
        return html('<p class="news">This is the first run that is remembered, so nothing can be called new.</p>')
    parts = []
    for keys, name, many in (
        (changes.newly_failing, "new", f"{number(len(changes.newly_failing))} newly failing"),
        (changes.fixed, "fixed", f"{number(len(changes.fixed))} fixed"),
        (changes.regressions, "worse", f"{count(len(changes.regressions), 'fails', 'fail')} in more tests"),
    ):
        if keys:
            parts.append(html('<a href="#changes" data-f="change={}">{}</a>', name, many))
    said = join(parts, ", ") if parts else html("Nothing newly failing, nothing fixed")
    notes = html(' <span class="note">Compare with care: {}.</span>', "; ".join(changes.notes)) if changes.notes else NOTHING
    return html(
        '<p class="news">{} since the run of {}.{}{}</p>', said, minute(changes.previous, "utc"), _longest(history), notes
    )


def _longest(history: History) -> Markup:
    if not history.failures:
        return NOTHING
    key, failure = min(history.failures.items(), key=lambda item: (item[1].since, item[0]))
    return html(
        " Failing for longest: {}, {} {}.",
        _link(key),
        "seen since" if failure.first_seen else "since",
        day(failure.since),
    )


def _link(key: ControlKey) -> Markup:
    return html('<a href="#{}">{}</a>', links.anchor(key.profile, key.control), key.control)


def since(failure: Failure) -> Markup:
    """Return since when a control has been failing: `failing since 12 Nov 2026 (13 runs)`."""
    said = "first seen failing" if failure.first_seen else "failing since"
    runs = f" ({count(failure.runs, 'run')})" if failure.runs > 1 else ""
    return html('<span class="sn">{} {}{}</span>', said, day(failure.since), runs)


def changes_section(history: History) -> Markup:
    """Return the controls that changed since the run before, listed with links; nothing where none did."""
    changes = history.changes
    regressions = [(one.key, f": {count(one.more_tests, 'more test fails', 'more tests fail')}") for one in changes.regressions]
    lists = [
        _list("Newly failing", [(key, "") for key in changes.newly_failing]),
        _list("Failing in more tests than before", regressions),
        _list("Fixed: failed before, tested now, and passed", [(key, "") for key in changes.fixed]),
    ]
    notes = join([html("<li>{}</li>", note) for note in changes.notes])
    if notes:
        lists.append(html("<h3>What makes the two runs hard to compare</h3><ul>{}</ul>", notes))
    if changes.previous is None or not any(lists):
        return NOTHING
    return html(
        '<section class="about" id="changes" aria-labelledby="h-changes"><h2 id="h-changes">Since the run of {}</h2>'
        "{}</section>\n",
        minute(changes.previous, "utc"),
        join(lists),
    )


def _list(title: str, found: Iterable[tuple[ControlKey, str]]) -> Markup:
    items = join([html("<li>{}{}</li>", _link(key), more) for key, more in found])
    return html('<h3>{}</h3><ul class="ids">{}</ul>', title, items) if items else NOTHING


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
