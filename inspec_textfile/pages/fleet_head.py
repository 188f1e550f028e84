"""The top of an overview: what the fleet amounts to in a sentence, the way to the other overviews, search and filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from inspec_textfile import __version__
from inspec_textfile.pages.files import CONTROLS_FILE, FINDINGS_FILE, INDEX_FILE
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
from inspec_textfile.pages.words import count, number
from inspec_textfile.report.model import ERROR, FAILED, LEVELS, NOT_REVIEWED, NOT_TESTED, PASSED

_VIEWS = ((INDEX_FILE, "By report"), (CONTROLS_FILE, "By control"))


def head(found: Sequence[Standing], status: str, bold: str, more: str, view: str) -> Iterator[Markup]:
    """Yield the top of an overview: title, verdict, and the way to the others. `view`: its file."""
    places, newest = hosts(found), max((one.now for one in found), default=0.0)
    facts = [html("{}{}", count(len(found), "report"), f" of {count(places, 'host')}" if places < len(found) else "")]
    if newest:
        facts.append(html("newest run {}", minute(newest, "age")))
    yield html(
        '<a class="skip" href="#ix">Skip to the list</a>\n<header class="top"><h1>InSpec reports</h1> <p class="dim">{}'
        '<span id="stale"></span></p></header>\n<main>\n',
        join(facts, ", "),
    )
    yield html('<p class="say st {}"><span><b>{}</b>{}</span></p>\n', status, bold, f" {more}" if more else "")
    yield html(
        '<div class="bar"><nav class="views" aria-label="Views">{}</nav>',
        join([html('<a href="{}"{}>{}</a>', file, _CURRENT if file == view else NOTHING, words) for file, words in _VIEWS]),
    )


_CURRENT = html(' aria-current="page"')


def toolbar(what: str, placeholder: str, chips: Markup) -> Markup:
    """Return the rest of the line with the views, and the filters; what needs the script is hidden until it runs."""
    return html(
        """<div class="tools" id="tools" role="search" aria-label="{}" hidden><label class="heard" for="q">Search</label>
<input type="search" id="q" autocomplete="off" spellcheck="false" placeholder="{}" aria-keyshortcuts="/">
<button type="button" id="more" aria-expanded="false" aria-controls="filters">Filters</button>
<output id="count" aria-live="polite"></output> <button type="button" id="reset" hidden>Clear filters</button>
<button type="button" id="help" aria-haspopup="dialog" aria-keyshortcuts="?">Help</button></div>
<a class="button" href="{}" download>Download CSV</a></div>
<div id="filters" hidden>{}</div>
<p id="filtered"></p>
""",
        what,
        placeholder,
        FINDINGS_FILE,
        chips,
    )


def foot() -> Markup:
    """Return the end of an overview."""
    return html("<footer>Made by inspec-textfile {}</footer>", __version__)


def chips(legend: str, found: Sequence[Markup]) -> Markup:
    """Return a group of filters, nothing without any."""
    return html('<fieldset class="chips"><legend>{}</legend>{}</fieldset>\n', legend, join(found, " ")) if found else NOTHING


def chip(name: str, value: str, words: str, icon: str, many: int) -> Markup:
    """Return a filter: what it is, and how many reports or controls it finds."""
    return html(
        '<label class="chip {}"><input type="checkbox" name="{}" value="{}"> {} <b>{}</b></label>',
        icon,
        name,
        value,
        words,
        number(many),
    )


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
    who = f"{number(len(failing))} of {number(total)} reports {'has' if len(failing) == 1 else 'have'} failing controls"
    return f"{who}, {number(critical)} a critical one" if critical else who


def _more(found: Sequence[Standing]) -> Iterable[str]:
    """Yield sentences on what reports have beside failing controls."""
    marks = Counter(mark for one in found for mark in one.marks)
    states = Counter(one.state for one in found)
    first = [f"{number(marks[NEW])} {_have(marks[NEW])} new failures in {NEW_DAYS} days"] if marks[NEW] else []
    first += [f"{number(marks[OVERDUE])} {_have(marks[OVERDUE])} overdue ones"] if marks[OVERDUE] else []
    untested = marks[NOT_TESTED]
    first += [f"{number(untested)} {_have(untested)} some that are no longer tested"] if untested else []
    yield ", ".join(first)
    words = {UNREADABLE: "could not be read", NOT_LOADED: "did not load", NOT_FULLY_TESTED: "{} not fully tested"}
    was = {state: word.format("was" if states[state] == 1 else "were") for state, word in words.items()}
    yield ", ".join(f"{number(states[state])} {word}" for state, word in was.items() if states[state])
    if marks[INSPEC_FAILS]:
        yield f"InSpec itself fails for {number(marks[INSPEC_FAILS])}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
