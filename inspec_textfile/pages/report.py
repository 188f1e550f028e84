"""The page of one report: what is wrong first, then how to fix it, then everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspec_textfile import __version__
from inspec_textfile.history.model import History
from inspec_textfile.pages import links, past
from inspec_textfile.pages.about import about_section, not_loaded, profile_rows
from inspec_textfile.pages.control import context, control_markup
from inspec_textfile.pages.frame import REPORT, page
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.nist import families_section
from inspec_textfile.pages.notice import PLACE
from inspec_textfile.pages.parts import counts_table, facts, report_help, toolbar, verdict_block
from inspec_textfile.pages.register import register_section
from inspec_textfile.pages.times import duration, moment
from inspec_textfile.pages.verdict import verdict
from inspec_textfile.pages.words import STATUS_NAMES, number
from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    PASSED,
    STATUSES,
    WAIVED,
    Control,
    Profile,
    Report,
)
from inspec_textfile.report.status import worst_first
from inspec_textfile.summary import Summary, summarize

_MAX_UNFOLDED = 3
"""How many of the worst controls are open from the start."""
_FOLDED = (NOT_APPLICABLE, PASSED)
"""Controls that need no work."""
_MEANING = {
    FAILED: "These requirements are not met.",
    ERROR: "The test itself broke. Fix it, or what it depends on.",
    NOT_REVIEWED: "Not tested: review by hand.",
    WAIVED: "Waivers let these fail.",
    NOT_APPLICABLE: "Not for this host.",
    PASSED: "These requirements are met.",
}
_Row = tuple[Profile, Control]


def render(report: Report, history: History) -> str:
    """Return the whole page."""
    summary = summarize(report, history)
    name = heading(summary)
    title = f"{name} on {where}" if (where := summary.target) else name
    return page(REPORT, f"{title} · InSpec", verdict(summary)[0], _body(report, history, summary))


def heading(summary: Summary) -> str:
    """Return what the page is about: the profile's title, or how many there are."""
    if len(summary.profiles) == 1:
        return summary.profiles[0].title
    return f"{summary.name}: {number(len(summary.profiles))} profiles" if summary.profiles else summary.name


def _body(report: Report, history: History, summary: Summary) -> Iterable[Markup]:
    controls = [(profile, control) for profile in report.profiles for control in profile.controls]
    controls.sort(key=lambda pair: worst_first(pair[1]))
    yield html('<a class="skip" href="#controls">Skip to the controls</a>\n')
    yield _header(report, summary)
    yield html("<main>\n")
    yield PLACE
    yield verdict_block(summary, past.news(history))
    yield from not_loaded(report.profiles)
    several = len(report.profiles) > 1
    sections = [
        ("changes", "Since the run before", past.changes_section(history)),
        ("families", "By NIST family", families_section(control for _, control in controls)),
        ("register", "Waivers and attestations", register_section(controls)),
        ("profiles", "Profiles", profile_rows(report.profiles) if several else NOTHING),
        ("about", "About this report", about_section(report)),
    ]
    yield html(
        '<section class="sum" aria-label="Summary">{}<div>{}{}</div></section>\n',
        counts_table(summary) if controls else NOTHING,
        past.runs_picture(history.runs),
        _contents([(id_, name) for id_, name, section in sections if section]),
    )
    if controls:
        yield toolbar(summary)
    yield html('<p id="filtered"></p><p class="alert error" id="lost" role="status" hidden></p>\n<div id="controls">\n')
    yield html('<p class="alert" id="none" hidden>No control matches.</p>\n')
    yield from _groups(controls, history, several=several)
    yield html("</div>\n")
    for _, _, section in sections:
        yield section
    yield html("</main>\n{}<footer>Made by inspec-textfile {} from {}.json</footer>", report_help(), __version__, report.name)


def _header(report: Report, summary: Summary) -> Markup:
    one = summary.profiles[0] if len(summary.profiles) == 1 else None
    return html(
        '<header class="top"><nav aria-label="Reports"><a href="{}">All reports</a></nav>\n<h1>{}{}</h1>\n{}</header>\n',
        links.index_link(report.name),
        heading(summary),
        html(' <small class="ver">{}</small>', one[1]) if one and one[1] else NOTHING,
        facts(
            [
                ("Host", html("{}", report.target) if report.target else None),
                ("Host id", html("{}", report.target_id) if report.target_id else None),
                ("Platform", html("{}", summary.platform) if summary.platform else None),
                ("Run", moment(report.started) if report.started is not None else None),
                ("Took", duration(report.duration) if report.duration is not None else None),
                ("InSpec", html("{}", report.inspec_version) if report.inspec_version else None),
                ("Report", html("{}", report.name)),
            ]
        ),
    )


def _contents(sections: Iterable[tuple[str, str]]) -> Markup:
    """Return links to what stands below the controls, and the switch for paper, which works without the script."""
    return html(
        '<p class="to">{} <label><input type="checkbox" id="all"> Print everything</label></p>',
        join([html('<a href="#{}">{}</a> ', id_, name) for id_, name in sections]),
    )


def _groups(controls: Sequence[_Row], history: History, *, several: bool) -> Iterable[Markup]:
    """Return the controls, grouped by status, worst first, those that need no work folded."""
    open_left = _MAX_UNFOLDED
    around = context(history, several=several)
    for status in STATUSES:
        group = [(profile, control) for profile, control in controls if control.status == status]
        if not group:
            continue
        head = html('<h2 id="h-{}">{} <span class="hits">{}</span></h2>', status, STATUS_NAMES[status], number(len(group)))
        mean = html('<span class="mean">{}</span>', _MEANING[status])
        folded = status in _FOLDED
        yield html('<section class="g {}" id="s-{}" aria-labelledby="h-{}">\n', status, status, status)
        if folded:
            yield html('<details class="fold"><summary>{} {}</summary>\n', head, mean)
        else:
            yield html("<div>{} {}</div>\n", head, mean)
        for profile, control in group:
            unfold = status in (FAILED, ERROR) and open_left > 0
            open_left -= unfold
            yield from control_markup(profile, control, around, unfold=unfold)
        yield html("</details></section>\n") if folded else html("</section>\n")
