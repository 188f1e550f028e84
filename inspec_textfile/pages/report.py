"""The page of one report: what is wrong first, then how to fix it, then everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspec_textfile import __version__, links
from inspec_textfile.model import (
    ERROR,
    FAILED,
    LOADED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    PASSED,
    STATUSES,
    WAIVED,
    Control,
    Profile,
    Report,
)
from inspec_textfile.outcome import worst_first
from inspec_textfile.pages.control import Backtraces, control_markup, message
from inspec_textfile.pages.html import Markup, html, join
from inspec_textfile.pages.parts import bar, facts, keys_dialog, severity_table, status_tiles, toolbar, verdict_block
from inspec_textfile.pages.prose import prose
from inspec_textfile.pages.shell import page
from inspec_textfile.pages.summary import STATUS_NAMES, Summary, number, summarize, tally, title
from inspec_textfile.pages.times import duration, moment

_UNFOLDED = 10
"""How many of the worst controls are open from the start."""
_MEANING = {
    FAILED: "What the profile asks for is not so on this host.",
    ERROR: "The test itself broke, so nobody knows. Repair the test or what it needs.",
    NOT_REVIEWED: "Nothing was tested. A person has to look: see “Check”.",
    WAIVED: "Somebody decided that these may fail.",
    NOT_APPLICABLE: "Impact 0: the profile says that these do not concern this host.",
    PASSED: "As it should be.",
}


def render(report: Report, fingerprint: str) -> str:
    """Return the whole page."""
    summary = summarize(report)
    name = heading(summary)
    where = f" on {report.target}" if report.target else ""
    return page(f"{name}{where} · InSpec", fingerprint, _body(report, summary, name))


def heading(summary: Summary) -> str:
    """Return what the page is about: the profile's title, or how many there are."""
    if len(summary.profiles) == 1:
        return summary.profiles[0][0]
    return f"{summary.name}: {number(len(summary.profiles))} profiles" if summary.profiles else summary.name


def _body(report: Report, summary: Summary, name: str) -> Iterable[Markup]:
    one = summary.profiles[0] if len(summary.profiles) == 1 else None
    yield html('<a class="skip" href="#controls">Skip to the controls</a>\n')
    yield html(
        '<header class="top"><nav aria-label="Reports"><a href="{}">All reports</a></nav>\n<h1>{}{}</h1>\n{}</header>\n',
        links.index_link(report.name),
        name,
        html(' <small class="ver">{}</small>', one[1]) if one and one[1] else html(""),
        facts(
            [
                ("Host", html("{}", report.target) if report.target else None),
                ("Platform", html("{}", summary.platform) if summary.platform else None),
                ("Run", moment(report.started) if report.started is not None else None),
                ("Took", duration(report.duration) if report.duration is not None else None),
                ("InSpec", html("{}", report.inspec_version) if report.inspec_version else None),
                ("Report", html("{}", report.name)),
            ]
        ),
    )
    yield html("<main>\n")
    yield verdict_block(summary)
    yield from _not_loaded(report.profiles)
    yield html(
        '<section class="sum" aria-label="Summary"><div>{}{}</div>{}{}</section>\n',
        status_tiles(summary.tally, linked=True),
        bar(summary.tally),
        severity_table(summary.tally),
        _profile_rows(report.profiles) if len(report.profiles) > 1 else html(""),
    )
    controls = [(profile, control) for profile in report.profiles for control in profile.controls]
    controls.sort(key=lambda pair: worst_first(pair[1]))
    yield toolbar(summary.tally)
    yield html('<div id="controls">\n')
    yield from _groups(controls, several=len(report.profiles) > 1)
    yield html("</div>\n")
    yield _about(report)
    yield html("</main>\n{}<footer>Made by inspec-textfile {} from {}.json</footer>", keys_dialog(), __version__, report.name)


def _groups(controls: Sequence[tuple[Profile, Control]], *, several: bool) -> Iterable[Markup]:
    """Return the controls, grouped by status, worst first, those that passed folded."""
    open_left = _UNFOLDED
    backtraces = Backtraces()
    for status in STATUSES:
        group = [(profile, control) for profile, control in controls if control.status == status]
        if not group:
            continue
        head = html('<h2 id="h-{}">{} <span>{}</span></h2>', status, STATUS_NAMES[status], number(len(group)))
        yield html('<section class="g {}" id="s-{}" aria-labelledby="h-{}">\n', status, status, status)
        if status == PASSED:
            yield html('<details class="fold"><summary>{}</summary>\n', head)
        else:
            yield html('{}<p class="mean">{}</p>\n', head, _MEANING[status])
        for profile, control in group:
            unfold = status in (FAILED, ERROR) and open_left > 0
            open_left -= unfold
            yield from control_markup(profile, control, backtraces, several=several, unfold=unfold)
        yield html("</details></section>\n") if status == PASSED else html("</section>\n")


def _not_loaded(profiles: Iterable[Profile]) -> Iterable[Markup]:
    """Return the profiles that did not run, with the reason: it may be thirty thousand characters of Ruby."""
    for profile in profiles:
        if profile.status != LOADED:
            failed = profile.status == FAILED
            yield html(
                '<section class="alert {}" aria-label="{}"><h2>{}</h2>{}</section>\n',
                "error" if failed else "not_reviewed",
                f"Profile {profile.name} did not run",
                f"Profile {profile.name} {'failed to load' if failed else 'was skipped'}",
                _reason(profile.message),
            )
        for dependency in profile.dependencies:
            yield html(
                '<section class="alert not_reviewed" aria-label="{}"><h2>{}</h2>{}</section>\n',
                f"Profile {dependency.name} below {profile.name} did not run",
                f"Profile {dependency.name}, which {profile.name} builds on: {dependency.status}",
                _reason(dependency.message),
            )


def _reason(text: str) -> Markup:
    text = text.strip()
    if len(text) <= 400:
        return html("<pre>{}</pre>", text) if text else html("<p>InSpec gives no reason.</p>")
    first = text[:300].split(" @", 1)[0].split("\n", 1)[0]
    return html(
        '<pre>{} …</pre><details class="x"><summary>All {} characters</summary>{}</details>',
        first,
        number(len(text)),
        message(text),
    )


def _profile_rows(profiles: Iterable[Profile]) -> Markup:
    """Return the counts of each profile, for a report of several."""
    rows = []
    for profile in profiles:
        counted = tally(profile)
        counts = [f"{number(count)} {STATUS_NAMES[status].lower()}" for status, count in counted.by_status.items() if count]
        rows.append(
            html(
                '<li><p><b>{}</b> <small>{}</small></p>{}<p class="dim">{}</p></li>\n',
                title(profile),
                profile.entry.version,
                bar(counted),
                f"{', '.join(counts)} · {counted.compliance} compliant" if counts else "no controls",
            )
        )
    return html('<div class="wide"><h2>Profiles</h2><ul class="profs">{}</ul></div>', join(rows))


def _about(report: Report) -> Markup:
    """Return everything else that the report says about itself and its profiles."""
    sections = [_about_profile(profile) for profile in report.profiles]
    notes = join([html("<li>It {}.</li>", note) for note in report.notes])
    return html(
        '<section class="about" aria-labelledby="h-about"><h2 id="h-about">About this report</h2>{}{}</section>\n',
        join(sections),
        html("<h3>What is odd about it</h3><ul>{}</ul>", notes) if notes else notes,
    )


def _about_profile(profile: Profile) -> Markup:
    entry = profile.entry
    rows = [
        ("Name", html("{}", profile.name)),
        ("Version", html("{}", entry.version) if entry.version else None),
        ("Summary", html('<div class="md">{}</div>', prose(entry.summary)) if entry.summary.strip() else None),
        ("Maintainer", html("{}", entry.maintainer) if entry.maintainer else None),
        ("License", html("{}", entry.license) if entry.license else None),
        ("Copyright", html("{}", entry.copyright) if entry.copyright else None),
        ("Supports", html("{}", "; ".join(entry.supports)) if entry.supports else None),
        ("Builds on", html("{}", ", ".join(profile.layers)) if profile.layers else None),
        ("State", html("{}", profile.status)),
    ]
    inputs = html("")
    if entry.inputs:
        inputs = html(
            '<details class="x"><summary>{}</summary><table class="in"><thead><tr><th scope="col">Input</th>'
            '<th scope="col">Value</th></tr></thead><tbody>{}</tbody></table></details>',
            "1 input" if len(entry.inputs) == 1 else f"{number(len(entry.inputs))} inputs",
            join([html('<tr><th scope="row">{}</th><td>{}</td></tr>', name, value) for name, value in entry.inputs]),
        )
    return html("<h3>{}</h3>{}{}", title(profile), facts(rows), inputs)
