"""The page of one report: the host and what is wrong with it first, then how to fix it, then everything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from inspec_textfile import __version__
from inspec_textfile.history.model import ControlKey, Finding, History
from inspec_textfile.pages import links, past
from inspec_textfile.pages.about import about_section, not_loaded, platform_name, profile_rows
from inspec_textfile.pages.control import Context, Row, control_markup, row
from inspec_textfile.pages.frame import REPORT, page
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.nist import families_section
from inspec_textfile.pages.notice import PLACE
from inspec_textfile.pages.parts import counts_table, facts, report_help, toolbar, verdict_block
from inspec_textfile.pages.register import register_section
from inspec_textfile.pages.results import Backtraces
from inspec_textfile.pages.times import duration, moment
from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    NOT_TESTED,
    PASSED,
    STATUSES,
    WAIVED,
    Control,
    Profile,
    Report,
)
from inspec_textfile.report.status import worst_first
from inspec_textfile.summary import Summary
from inspec_textfile.verdict import verdict
from inspec_textfile.words import STATUS_NAMES, count, day_text, listed, number

_FOLDED = (NOT_APPLICABLE, PASSED)
"""Controls that need no work."""
_GROUPS = (FAILED, ERROR, NOT_TESTED, *STATUSES[2:])
_MEANING = {
    ERROR: "The test itself broke. Fix it, or what it depends on.",
    NOT_TESTED: "Failed when last tested and were not tested now: not a fix.",
    NOT_REVIEWED: "Review by hand.",
    WAIVED: "Failures covered by a waiver.",
    NOT_APPLICABLE: "Do not apply to this host.",
}
_ID_WIDTHS = (8, 12, 16, 21, 34)
"""Widths of the column of ids, in characters: the style has a class for each."""
_Row = tuple[Profile, Control]


def render(report: Report, history: History, summary: Summary, limits: Mapping[str, int], missing: str = "") -> str:
    """Return the whole page.

    `limits`: days that a failing control of a severity may stay open; `missing`: a sentence on what is not on the page.
    """
    host, profiles = headings(summary)
    title = f"{host}: {profiles}" if profiles else host
    run = f", run of {day_text(report.started)}" if report.started is not None else ""
    return page(
        REPORT, f"{title} · InSpec", verdict(summary)[0], _body(report, history, summary, limits, missing), f"{host}{run}"
    )


def headings(summary: Summary) -> tuple[str, str]:
    """Return what the page is about: the host, or the report where it names none, and its profiles."""
    titles = [f"{profile.title} {profile.version}".strip() for profile in summary.profiles]
    if len(titles) > 3:
        titles = [*titles[:2], f"{number(len(titles) - 2)} more profiles"]
    return summary.target or summary.name, listed(titles)


def _body(report: Report, history: History, summary: Summary, limits: Mapping[str, int], missing: str) -> Iterable[Markup]:
    controls = [(profile, control) for profile in report.profiles for control in profile.controls]
    controls.sort(key=lambda pair: worst_first(pair[1]))
    ages = past.Ages(summary.at, len(history.runs), limits)
    overdue = sum(map(ages.is_overdue, history.findings.values()))
    host, profiles = headings(summary)
    yield html('<a class="skip" href="#controls">Skip to the controls</a>\n')
    yield _header(report, summary, host, profiles)
    yield html("<main>\n")
    yield PLACE
    yield verdict_block(summary, _beside_verdict(summary, overdue))
    if missing:
        yield html('<p class="alert error">{}</p>\n', missing)
    yield from not_loaded(report.profiles)
    if controls or history.findings:
        yield toolbar(summary, host, overdue)
    yield html('<p id="filtered"></p><p class="alert error" id="lost" role="status" hidden></p>\n')
    yield html('<div class="cols"><div id="controls" class="id{}">\n', _id_width(controls))
    yield html('<p class="alert" id="none" hidden><b> </b><button type="button">Clear filters</button></p>\n')
    yield from _groups(controls, history, ages)
    sections = [
        ("families", "By NIST 800-53 family", families_section(control for _, control in controls)),
        ("register", "Waivers and attestations", register_section(controls)),
        ("profiles", "Profiles", profile_rows(report.profiles) if len(report.profiles) > 1 else NOTHING),
        ("about", "About this report", about_section(report)),
    ]
    yield html("</div>\n<aside>{}<div>", past.changes_section(history))
    yield html("{}{}", counts_table(summary) if controls else NOTHING, past.runs_picture(history.runs))
    yield _contents([(id_, name) for id_, name, section in sections if section])
    yield html("</div></aside></div>\n")
    yield from (section for _, _, section in sections)
    made = f"Made by inspec-textfile {__version__} from {report.name}.json"
    yield html('</main>\n{}<footer>{}, SHA-256 <span class="mono">{}</span></footer>', report_help(), made, report.digest)


def _header(report: Report, summary: Summary, host: str, profiles: str) -> Markup:
    folder, _, _ = report.name.rpartition("/")
    return html(
        '<header class="top"><nav aria-label="Reports"><a href="{}">All reports</a>{}</nav>\n'
        '<div class="who"><h1>{}</h1> <p>{}</p></div>\n{}</header>\n',
        links.index_link(report.name),
        f" / {folder}" if folder else "",
        host,
        profiles,
        facts(
            [
                ("Run", moment(report.started, "run") if report.started is not None else None),
                ("Took", duration(report.duration) if report.duration is not None else None),
                (platform_name(report), html("{}", summary.platform) if summary.platform else None),
                ("InSpec", html("{}", summary.inspec_version) if summary.inspec_version else None),
                ("Report", html("{}", report.name)),
            ]
        ),
    )


def _beside_verdict(summary: Summary, overdue: int) -> Markup:
    """Return what changed, and what was not tested, in short sentences whose numbers filter."""
    counts, gone = summary.tally.by_status, summary.not_tested
    status = verdict(summary)[0]
    changes = [
        html('<a href="#controls" data-f="change={}">{} {}</a>', value, number(many), word)
        for value, many, word in (("new", summary.newly_failing, "new"), ("fixed", summary.fixed, "fixed"))
        if many
    ]
    untested = f"not tested{_worst_not_tested(summary)}"
    others = [
        (f"status={ERROR}", counts[ERROR] if status == FAILED else 0, "error"),
        (f"status={NOT_REVIEWED}", counts[NOT_REVIEWED] if status != NOT_REVIEWED else 0, untested),
        (f"change={NOT_TESTED}", gone if status != NOT_TESTED else 0, "no longer tested"),
        (f"status={WAIVED}", counts[WAIVED] if status != WAIVED else 0, "waived"),
        ("change=overdue", overdue, "overdue"),
    ]
    parts = [
        html('<a href="#controls" data-f="{}">{} {}</a>', query, number(many), word) for query, many, word in others if many
    ]
    said = []
    if changes:
        said.append(html("{} since {}. ", join(changes, ", "), day_text(summary.previous)))
    if parts:
        said.append(html("{}. ", join(parts, ", ")))
    if summary.broken and counts[FAILED] + counts[ERROR]:
        said.append(html("{} did not load, so controls are missing here.", count(summary.broken, "profile")))
    return join(said)


def _worst_not_tested(summary: Summary) -> str:
    """Return that critical or high controls were not tested: a verdict on the others alone would hide them."""
    for level in ("critical", "high"):
        many = summary.tally.counts.get((level, NOT_REVIEWED), 0)
        if many:
            return f" ({number(many)} {level})"
    return ""


def _contents(sections: Iterable[tuple[str, str]]) -> Markup:
    """Return links to what stands below the controls, and what to print, which works without the script."""
    return html(
        '<ul class="to">{}</ul><fieldset class="paper"><legend>On paper</legend>'
        '<label><input type="radio" name="paper" id="short"> Summary</label> '
        '<label><input type="radio" name="paper" checked> Findings</label> '
        '<label><input type="radio" name="paper" id="all"> Everything</label></fieldset>',
        join([html('<li><a href="#{}">{}</a></li>', id_, name) for id_, name in sections]),
    )


def _id_width(controls: Sequence[_Row]) -> int:
    """Return the width that fits nine of ten ids; longer ones take two lines."""
    lengths = sorted(len(control.id) for _, control in controls)
    most = lengths[len(lengths) * 9 // 10] if lengths else 0
    return next((width for width in _ID_WIDTHS if width >= most), _ID_WIDTHS[-1])


# --- the controls -------------------------------------------------------------------------------------------------------------


def _groups(controls: Sequence[_Row], history: History, ages: past.Ages) -> Iterable[Markup]:
    """Return the controls, grouped by status, worst first, those that need no work folded, the first finding open."""
    if not controls and not history.findings:
        return
    yield html(
        '<p class="heads" aria-hidden="true"><span>Severity</span><code>Control</code><span class="ti">Title</span>'
        '<span class="n">Tests failed</span><span class="ag">Failing for</span><span class="ni">NIST</span></p>\n'
    )
    context = _context(controls, history, ages)
    here = {ControlKey(profile.name, control.id) for profile, control in controls}
    gone = [(key, finding) for key, finding in history.findings.items() if key not in here]
    grouped: dict[str, list[_Row]] = {status: [] for status in _GROUPS}
    for profile, control in controls:
        finding = history.findings.get(ControlKey(profile.name, control.id))
        not_tested = finding is not None and finding.status == NOT_TESTED
        grouped[NOT_TESTED if not_tested else control.status].append((profile, control))
    unfold = True
    for status, group in grouped.items():
        absent = gone if status == NOT_TESTED else []
        if not group and not absent:
            continue
        yield _group_head(status, len(group) + len(absent))
        for key, finding in absent:
            yield _absent(key, finding, ages)
        for profile, control in group:
            yield from control_markup(profile, control, context, unfold=unfold and status in (FAILED, ERROR))
            unfold = False
        yield html("</details></section>\n")


def _group_head(status: str, many: int) -> Markup:
    return html(
        '<section class="g {}" id="s-{}" aria-labelledby="h-{}">\n<details class="fold"{}><summary>'
        '<h2 id="h-{}" class="i">{} <span class="hits">{}</span></h2>{}</summary>\n',
        status,
        status,
        status,
        NOTHING if status in _FOLDED else html(" open"),
        status,
        STATUS_NAMES[status],
        number(many),
        html(' <small class="mean">{}</small>', _MEANING[status]) if status in _MEANING else NOTHING,
    )


def _context(controls: Sequence[_Row], history: History, ages: past.Ages) -> Context:
    changed = {one.key: (kind, one) for kind, found in past.changed(history).items() if kind != NOT_TESTED for one in found}
    sizes: dict[str, int] = {}
    for profile, _ in controls:
        sizes[profile.name] = sizes.get(profile.name, 0) + 1
    largest = max(sizes, key=lambda name: sizes[name], default="")
    return Context(history, ages, changed, Backtraces(), largest)


def _absent(key: ControlKey, finding: Finding, ages: past.Ages) -> Markup:
    """Return an open finding on a control that is not in the report any more."""
    shown = Row(
        status=NOT_TESTED,
        severity=finding.severity,
        id=key.control,
        title=finding.title or key.control,
        tests=f"{number(finding.tests)} of {number(finding.total)}" if finding.total else "",
        finding=finding,
        change="",
        nist=(),
        profile=key.profile,
        took=0,
        why="",
        anchor=links.anchor(key.profile, key.control),
    )
    version = f" {finding.version}" if finding.version else ""
    return html(
        "{}<p>{}</p><p>The control is not in this report: profile {}{} was filtered, skipped or not run, or no longer has it. "
        "It stays open until a run tests it.</p></div>\n</details>\n",
        row(shown, ages),
        ages.sentence(finding),
        key.profile,
        version,
    )
