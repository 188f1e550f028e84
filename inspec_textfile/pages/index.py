"""index.html: all reports of a run, worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from inspec_textfile import __version__, links
from inspec_textfile.model import STATUSES, Report, Unreadable
from inspec_textfile.pages.html import Markup, html, join
from inspec_textfile.pages.parts import bar, keys_dialog
from inspec_textfile.pages.shell import page
from inspec_textfile.pages.summary import STATUS_NAMES, Summary, number, summarize, verdict
from inspec_textfile.pages.times import moment


def render(reports: Sequence[Report | Summary], unreadable: Sequence[Unreadable], kept: Collection[str]) -> str:
    """Return the whole page."""
    summaries = sorted((one if isinstance(one, Summary) else summarize(one) for one in reports), key=lambda one: one.rank)
    return page("InSpec reports", None, _body(summaries, sorted(unreadable, key=lambda one: one.name), kept))


def _body(summaries: Sequence[Summary], unreadable: Sequence[Unreadable], kept: Collection[str]) -> Iterable[Markup]:
    yield html('<a class="skip" href="#ix">Skip to the reports</a>\n')
    yield html('<header class="top"><h1>InSpec reports</h1></header>\n<main>\n')
    yield _headline(summaries, unreadable)
    if summaries or unreadable:
        yield html(
            """<form class="tools" id="tools" role="search" aria-label="Reports" hidden>
<p class="grow"><label for="q">Search</label>
<input type="search" id="q" autocomplete="off" spellcheck="false" placeholder="report, profile, host" aria-keyshortcuts="/">
<output id="count" aria-live="polite"></output></p>
<p><button type="button" id="help" aria-haspopup="dialog" aria-keyshortcuts="?">Keys</button></p></form>
"""
        )
        heads = join([html('<th scope="col" class="num">{}</th>', STATUS_NAMES[status]) for status in STATUSES])
        yield html(
            '<table class="ix" id="ix"><caption>Reports, worst first</caption><thead><tr><th scope="col">Report</th>'
            '<th scope="col">Host</th><th scope="col">Run</th>{}'
            '<th scope="col" class="num">Compliance</th></tr></thead>\n<tbody>\n',
            heads,
        )
        for broken in unreadable:
            yield _unreadable_row(broken, broken.name in kept)
        for summary in summaries:
            yield _row(summary)
        yield html("</tbody></table>\n")
    yield html("</main>\n{}<footer>Made by inspec-textfile {}</footer>", keys_dialog(), __version__)


def _headline(summaries: Sequence[Summary], unreadable: Sequence[Unreadable]) -> Markup:
    failing = sum(bool(summary.tally.failing_by_severity()) for summary in summaries)
    total = len(summaries) + len(unreadable)
    if not total:
        status, say = "not_reviewed", "There are no reports: no results file was found."
    else:
        parts = []
        if unreadable:
            parts.append(f"{number(len(unreadable))} could not be read")
        if failing:
            parts.append(f"{number(failing)} {'has' if failing == 1 else 'have'} failing controls")
        status = "failed" if failing else "error" if unreadable else "passed"
        reports = f"{number(total)} {'report' if total == 1 else 'reports'}"
        say = f"Of {reports}, {' and '.join(parts)}." if parts else f"{reports}, and none has a failing control."
    return html('<section class="verdict {}" aria-label="Verdict"><p class="say">{}</p></section>\n', status, say)


def _unreadable_row(broken: Unreadable, has_page: bool) -> Markup:
    name = html('<a href="{}">{}</a>', links.page_link(broken.name), broken.name) if has_page else html("{}", broken.name)
    return html(
        '<tr class="error"><th scope="row">{} <span class="st">Unreadable</span></th>'
        '<td colspan="9"><code>{}</code> {}.{}</td></tr>\n',
        name,
        broken.path,
        broken.reason.rstrip("."),
        html(' <a href="{}">See its last good page</a>', links.page_link(broken.name)) if has_page else html(""),
    )


def _row(summary: Summary) -> Markup:
    counts = summary.tally.by_status
    status, sentence = verdict(summary)
    cells = join(
        [
            html('<td class="num {}" data-l="{}">{}</td>', name if count else "zero", STATUS_NAMES[name], number(count))
            for name, count in counts.items()
        ]
    )
    profiles = ", ".join(f"{name} {version}".strip() for name, version in summary.profiles)
    return html(
        '<tr class="{}"><th scope="row"><a href="{}">{}</a> <small>{}</small>{}{}</th>'
        '<td data-l="Host">{} <small>{}</small></td><td data-l="Run" data-k="{}">{}</td>'
        '{}<td class="num" data-l="Compliance">{}</td></tr>\n',
        status,
        links.page_link(summary.name),
        summary.name,
        profiles,
        html("<p>{}</p>", sentence) if summary.broken or not summary.tally.total else html(""),
        bar(summary.tally),
        summary.target,
        summary.platform,
        "" if summary.started is None else int(summary.started),
        moment(summary.started),
        cells,
        summary.tally.compliance,
    )
