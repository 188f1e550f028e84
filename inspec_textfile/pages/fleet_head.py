"""The top of an overview: what the fleet amounts to in a sentence, the way to the other overviews, search and filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from inspec_textfile import __version__
from inspec_textfile.pages.links import CONTROLS_FILE, FINDINGS_FILE, INDEX_FILE
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.standing import (
    FAILING,
    INSPEC_FAILS,
    NEW,
    NEW_DAYS,
    NOT_FULLY_TESTED,
    NOT_LOADED,
    OVERDUE,
    UNREADABLE,
    Standing,
    hosts,
)
from inspec_textfile.pages.times import minute
from inspec_textfile.report.model import ERROR, FAILED, LEVELS, NOT_REVIEWED, NOT_TESTED, PASSED
from inspec_textfile.words import count, day_text, number

_VIEWS = ((INDEX_FILE, "By report"), (CONTROLS_FILE, "By control"))


def head(found: Sequence[Standing], status: str, bold: str, more: str) -> Iterator[Markup]:
    """Yield the top of an overview: title and verdict."""
    places, newest = hosts(found), _newest(found)
    facts = [html("{}{}", count(len(found), "report"), f" of {count(places, 'host')}" if places < len(found) else "")]
    if newest:
        facts.append(html("newest run {}", minute(newest, "age")))
    yield html(
        '<a class="skip" href="#ix">Skip to the list</a>\n<header class="top"><h1>InSpec reports</h1> <p class="dim">{}'
        '<span id="stale"></span></p></header>\n<main>\n',
        join(facts, ", "),
    )
    yield html('<p class="say st {}"><span><b>{}</b>{}</span></p>\n', status, bold, f" {more}" if more else "")


def sheet_head(found: Sequence[Standing]) -> str:
    """Return what stands on every sheet of paper: what it is, and of when."""
    newest = _newest(found)
    return f"InSpec reports, newest run {day_text(newest)}" if newest else "InSpec reports"


def _newest(found: Sequence[Standing]) -> float:
    """Return the start of the newest run: Unix time in seconds, 0 if none is known."""
    return max((one.now for one in found), default=0.0)


_CURRENT = html(' aria-current="page"')


def toolbar(view: str, things: str, count: int, placeholder: str, first: Markup, more: Markup) -> Markup:
    """Return the bar with the way to the other overviews, search and the `first` filters, and below it `more` filters.

    `view`: the file of this overview. `things`: what it lists, `count` of them. What needs the script is hidden without it.
    """
    return html(
        """<div class="tools" id="tools"><nav class="views" aria-label="Views">{}</nav>
<input type="search" id="q" aria-label="Search" autocomplete="off" spellcheck="false" placeholder="{}" aria-keyshortcuts="/">
<button type="button" id="more" aria-expanded="false" aria-controls="facets">Filters <output id="few"></output></button>
<div class="states" hidden><button type="button" id="reset" aria-pressed="true">All <b>{}</b></button> {}</div>
<a class="button" href="{}" download>Download CSV</a>
<button type="button" id="help" aria-haspopup="dialog" aria-keyshortcuts="?">Help</button></div>
<div id="facets" role="group" aria-label="{}" hidden>
{}<label class="sorts">Sort <select id="sort"><option value="">worst first</option></select></label>
<output id="count" aria-live="polite" aria-atomic="true"></output>
<span id="these" hidden><button type="button" id="csv">CSV of these</button>
<button type="button" id="copy">Copy hosts</button></span></div>
<p id="filtered"></p>
""",
        join([html('<a href="{}"{}>{}</a>', file, _CURRENT if file == view else NOTHING, words) for file, words in _VIEWS]),
        placeholder,
        number(count),
        first,
        FINDINGS_FILE,
        f"More filters of {things}",
        more,
    )


def nothing_matches() -> Markup:
    """Return what stands below a list of which the filters leave nothing."""
    return html('<p class="alert" id="none" hidden><b> </b><button type="button">Clear filters</button></p>\n')


def foot() -> Markup:
    """Return the end of an overview."""
    return html("<footer>Made by inspec-textfile {}</footer>", __version__)


# --- the verdict on all -------------------------------------------------------------------------------------------------------


def headline(found: Sequence[Standing]) -> tuple[str, str, str]:
    """Return the status that stands for the fleet, and what it amounts to: the sentence that matters, and more.

    Every number counts reports, as the filters do. Green only if every report was read, and everything in it was tested and
    passed.
    """
    if not found:
        return NOT_REVIEWED, "There are no reports: no results file was found.", ""
    failing = [one for one in found if one.state == FAILING]
    more = " ".join(f"{sentence}." for sentence in _more(found) if sentence)
    if failing:
        return FAILED, f"{_failing(failing, len(found))}.", more
    if not more:
        return PASSED, "The report passed." if len(found) == 1 else f"All {number(len(found))} reports passed.", ""
    states = {one.state for one in found}
    status = NOT_TESTED if any(NOT_TESTED in one.marks for one in found) else NOT_REVIEWED
    return ERROR if states & {UNREADABLE, NOT_LOADED} else status, "No report has failing controls.", more


def _failing(failing: Sequence[Standing], total: int) -> str:
    critical = sum(LEVELS[0] in one.severities for one in failing)
    if total == 1:
        return f"The report has failing controls{', a critical one among them' if critical else ''}"
    who = f"All {number(total)}" if len(failing) == total else f"{number(len(failing))} of {number(total)}"
    who += f" reports {'has' if len(failing) == 1 else 'have'} failing controls"
    return f"{who}, {number(critical)} a critical one" if critical else who


def _more(found: Sequence[Standing]) -> Iterable[str]:
    """Yield sentences on what reports have beside failing controls."""
    marks = Counter(mark for one in found for mark in one.marks)
    states = Counter(one.state for one in found)
    new, overdue, untested = marks[NEW], marks[OVERDUE], marks[NOT_TESTED]
    first = [f"{number(new)} {_have(new)} new failures in {NEW_DAYS} days"] if new else []
    first += [f"{number(overdue)} {'' if new else _have(overdue) + ' '}overdue ones"] if overdue else []
    some = "some" if first else "some that failed"
    first += [f"{number(untested)} no longer {'tests' if untested == 1 else 'test'} {some}"] if untested else []
    yield ", ".join(first)
    words = {UNREADABLE: "could not be read", NOT_LOADED: "did not load", NOT_FULLY_TESTED: "{} not fully tested"}
    was = {state: word.format("was" if states[state] == 1 else "were") for state, word in words.items()}
    yield ", ".join(f"{number(states[state])} {word}" for state, word in was.items() if states[state])
    if marks[INSPEC_FAILS]:
        yield f"InSpec itself fails for {number(marks[INSPEC_FAILS])}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
