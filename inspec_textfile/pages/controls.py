"""controls.html: the same fleet seen by control: which ones fail, in which reports, and since when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inspec_textfile.history.model import Finding
from inspec_textfile.pages.fleet import Fleet
from inspec_textfile.pages.fleet_head import foot, head, headline, nothing_matches, sheet_head, toolbar
from inspec_textfile.pages.frame import OVERVIEW, page
from inspec_textfile.pages.links import CONTROLS_FILE, FINDINGS_FILE, anchor, page_link
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.parts import chip, chips, controls_help
from inspec_textfile.pages.standing import (
    NEW,
    NEW_DAYS,
    OVERDUE,
    Standing,
    is_new,
    is_overdue,
    open_for,
    standings,
)
from inspec_textfile.report.model import LEVELS, NOT_REVIEWED, NOT_TESTED
from inspec_textfile.summary import severity_rank
from inspec_textfile.words import number

MAX_BYTES = 4_500_000
"""Limit of the rows; the page with its script stays below 5 MB."""
MAX_ROWS = 5_000
_REST = 200
"""Bytes of a row beside its line and its reports."""
ONE_HOST = "one"
_MARKS = (
    (NEW, f"New in {NEW_DAYS} days", ""),
    (OVERDUE, "Overdue", "i overdue"),
    (ONE_HOST, "In one report only", ""),
    (NOT_TESTED, "No longer tested", "i not_tested"),
)
_BAR = 72


class Place(NamedTuple):
    """A report in which a control is an open finding."""

    one: Standing
    finding: Finding

    @property
    def age(self) -> float:
        """How long it has been open at the report's run, in seconds."""
        return self.one.now - self.finding.since


class Control(NamedTuple):
    """A control that is an open finding of some reports."""

    profile: str
    id: str
    title: str
    severity: str
    """The worst of those that it has in the reports."""
    places: Sequence[Place]
    """Longest open first."""
    of: int
    """Reports with its profile."""
    marks: tuple[str, ...]

    @property
    def failing(self) -> int:
        """Reports in which it failed or broke."""
        return sum(place.finding.status != NOT_TESTED for place in self.places)

    @property
    def new(self) -> int:
        """Reports in which it began to fail lately."""
        return sum(is_new(place.finding, place.one.now) for place in self.places)


def render(fleet: Fleet) -> str:
    """Return the whole page."""
    found = standings(fleet)
    status, bold, more = headline(found)
    controls = _controls(found, fleet)
    body = [*head(found, status, bold, more), *_list(controls), html("</main>\n{}{}", controls_help(), foot())]
    return page(
        OVERVIEW, "InSpec reports by control", NOT_REVIEWED if status == NOT_TESTED else status, body, sheet_head(found)
    )


def _controls(found: Sequence[Standing], fleet: Fleet) -> list[Control]:
    """Return the controls of all open findings, worst first."""
    places: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    profiles: Counter[str] = Counter()
    for one in found:
        if one.summary:
            profiles.update(profile.name for profile in one.summary.profiles)
            for open_ in one.summary.findings:
                places[open_.profile, open_.control].append(Place(one, open_.finding))
    controls = [_control(*key, where, profiles[key[0]], fleet) for key, where in places.items()]
    return sorted(controls, key=_rank)


def _control(profile: str, control: str, where: list[Place], of: int, fleet: Fleet) -> Control:
    where.sort(key=lambda place: (-place.age, place.one.name))
    marks = {NOT_TESTED: False, NEW: False, OVERDUE: False, ONE_HOST: len(where) == 1}
    for one, finding in where:
        marks[NOT_TESTED] |= finding.status == NOT_TESTED
        marks[NEW] |= is_new(finding, one.now)
        marks[OVERDUE] |= is_overdue(finding, one.now, fleet.limits)
    return Control(
        profile=profile,
        id=control,
        title=next((place.finding.title for place in where if place.finding.title), ""),
        severity=min((place.finding.severity for place in where), key=severity_rank),
        places=where,
        of=max(of, len(where)),
        marks=tuple(mark for mark, holds in marks.items() if holds),
    )


def _rank(control: Control) -> tuple[object, ...]:
    return severity_rank(control.severity), -len(control.places), -control.places[0].age, control.id, control.profile


def _list(controls: Sequence[Control]) -> Iterator[Markup]:
    yield toolbar(CONTROLS_FILE, "controls", len(controls), "Control, title, profile or report", *_chips(controls))
    rows = _rows(controls[:MAX_ROWS])
    if len(rows) < len(controls):
        yield html(
            '<p class="alert">The worst {} of {} controls are listed here; <a href="{}">{}</a> has all.</p>\n',
            number(len(rows)),
            number(len(controls)),
            FINDINGS_FILE,
            FINDINGS_FILE,
        )
    yield html(
        '<table class="by" id="ix" data-what="control">'
        '<caption class="heard">Controls with open findings, worst first</caption>\n{}',
        _HEADS,
    )
    yield from rows
    yield html(
        "</table>\n{}",
        nothing_matches() if controls else html('<p class="alert">No control failed.</p>\n{}', nothing_matches()),
    )


_HEADS = html(
    '<thead><tr><th scope="col" class="c-sv">Severity</th><th scope="col" class="c-id">Control</th><th scope="col">Title</th>'
    '<th scope="col" class="c-pr">Profile</th><th scope="col" class="c-of" title="Of the reports with that profile">'
    "Fails in reports</th>"
    '<th scope="col" class="n c-new" title="Reports in which it has been failing for at most {} days">'
    "New in {} d</th>"
    '<th scope="col" class="c-age">Oldest</th><td class="c-x"></td></tr></thead>\n',
    NEW_DAYS,
    NEW_DAYS,
)


def _rows(controls: Sequence[Control]) -> list[Markup]:
    """Return the rows of controls, as many as fit: each has its share of the bytes that are left for its reports."""
    rows, left = [], MAX_BYTES
    most = max((control.of for control in controls), default=0)
    for index, control in enumerate(controls):
        row = _row(control, most, left // (len(controls) - index))
        left -= len(row.encode())
        if left < 0:
            break
        rows.append(row)
    return rows


def _row(control: Control, most: int, share: int) -> Markup:
    """Return the row of a control, with as many of its reports as its share of bytes has room for.

    `most`: in how many reports the most frequent control is. Bars have this one scale, so that 1 of 1 looks small beside
    24 of 101.
    """
    line = html(
        '<tbody class="r" data-severity="{}" data-with="{}"><tr><td class="c-sv"><span class="sv {}">{}</span></td>'
        '<td class="c-id mono">{}</td><th scope="row">{}</th><td class="dim">{}</td>{}{}<td class="age" data-k="{}">{}</td>'
        '<td class="x"><details><summary class="chevron" aria-label="Reports of {}"></summary></details></td></tr>\n',
        control.severity,
        " ".join(control.marks),
        control.severity,
        control.severity.capitalize(),
        control.id,
        control.title or control.id,
        control.profile,
        _fails_in(control, most),
        html('<td class="n new" data-l="new">{}</td>', number(control.new)) if control.new else _ZERO,
        int(control.places[0].age),
        _oldest(control),
        control.id,
    )
    places = _places(control, share - len(line.encode()) - _REST)
    return html('{}<tr class="under"><td></td><td colspan="7">{}</td></tr></tbody>\n', line, places)


_ZERO = html('<td class="n zero">0</td>')


def _oldest(control: Control) -> Markup:
    """Return for how long the oldest finding of a control has been open."""
    place = control.places[0]
    shown = open_for(place.finding, place.one.now)
    return html('<span class="i overdue">{} overdue</span>', shown) if OVERDUE in control.marks else html("{}", shown)


def _fails_in(control: Control, most: int) -> Markup:
    failing, not_tested = control.failing, len(control.places) - control.failing
    gone = html(' <small class="i not_tested">{}<span> no longer tested</span></small>', number(not_tested))
    return html(
        '<td class="of" data-k="{}"><span data-l="fails in"><b>{}</b> of {}</span> '
        '<svg class="of" viewBox="0 0 {} 6" aria-hidden="true">'
        '<path class="a" d="M0 0h{}v6H0z"/><path class="f" d="M0 0h{}v6H0z"/></svg>{}</td>',
        failing,
        number(failing),
        number(control.of),
        _BAR,
        max(2, round(_BAR * control.of / most)),
        max(2, round(_BAR * failing / most)) if failing else 0,
        gone if not_tested else NOTHING,
    )


def _places(control: Control, share: int) -> Markup:
    """Return the reports of a control, longest open first, as many as there is room for, and how many more there are."""
    hash_ = html("#{}", anchor(control.profile, control.id))
    lines: list[Markup] = []
    left = share
    for place in control.places:
        line = _place(place, hash_)
        left -= len(line.encode())
        if left < 0 and lines:
            break
        lines.append(line)
    more = len(control.places) - len(lines)
    rest = html('<p class="dim">And {} more, which are in <a href="{}">{}</a>.</p>', number(more), FINDINGS_FILE, FINDINGS_FILE)
    return html('<ul class="places">{}</ul>{}', join(lines), rest if more else NOTHING)


def _place(place: Place, hash_: Markup) -> Markup:
    one, finding = place
    name = (
        html('<a href="{}{}">{}</a>', page_link(one.name), hash_, one.label) if one.report.has_page else html("{}", one.label)
    )
    if finding.status == NOT_TESTED:
        return html('<li>{} <span class="i not_tested">no longer tested</span></li>', name)
    new = html("<b>new</b> ") if is_new(finding, one.now) else NOTHING
    return html("<li>{} <span>{}{}</span></li>", name, new, "" if new and not place.age else open_for(finding, one.now))


def _chips(controls: Sequence[Control]) -> tuple[Markup, Markup]:
    levels = Counter(control.severity for control in controls)
    marks = Counter(mark for control in controls for mark in control.marks)
    by_level = [chip("severity", one, f"sv {one}", one.capitalize(), levels[one]) for one in LEVELS if levels[one]]
    by_mark = [chip("with", mark, icon, words, marks[mark]) for mark, words, icon in _MARKS if marks[mark]]
    return chips("Severity", by_level), chips("With", by_mark)
