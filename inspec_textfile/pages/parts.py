"""Pieces of a report's page above its controls: the verdict, counts as a table, the tools of the script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.verdict import coverage, tests, verdict
from inspec_textfile.pages.words import STATUS_NAMES, count, number
from inspec_textfile.report.model import STATUSES
from inspec_textfile.summary import Summary, Tally

_BAR_WIDTH = 1000


def facts(rows: Iterable[tuple[str, Markup | None]]) -> Markup:
    """Return a description list of what is known."""
    shown = [html("<div><dt>{}</dt><dd>{}</dd></div>", name, value) for name, value in rows if value is not None]
    return html('<dl class="facts">{}</dl>', join(shown))


def verdict_block(summary: Summary, news: Markup) -> Markup:
    """Return the sentence that matters, how much of the report it rests on, and what is new since the run before."""
    status, sentence = verdict(summary)
    return html(
        '<section class="verdict {}" aria-label="Verdict"><p class="say">{}</p><p class="cov">{}. {}.</p>{}</section>\n',
        status,
        sentence,
        coverage(summary.tally).rstrip("."),
        tests(summary.results).capitalize(),
        news,
    )


def bar(tally: Tally) -> Markup:
    """Return the proportions as a bar."""
    counts = {status: many for status, many in tally.by_status.items() if many}
    total = sum(counts.values())
    if not total:
        return NOTHING
    pieces, done = [], 0
    for status, many in counts.items():
        left, right = done * _BAR_WIDTH // total, (done + many) * _BAR_WIDTH // total
        pieces.append(html('<rect class="{}" x="{}" width="{}" height="10"/>', status, left, max(right - left, 2)))
        done += many
    spoken = ", ".join(f"{many} {STATUS_NAMES[status].lower()}" for status, many in counts.items())
    return html(
        '<svg class="bar" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>\n',
        _BAR_WIDTH,
        f"Controls: {spoken}",
        join(pieces),
    )


# --- counts -------------------------------------------------------------------------------------------------------------------


def counts_table(summary: Summary) -> Markup:
    """Return the controls by severity and status that occur; every number is a link that filters."""
    tally = summary.tally
    by_status = tally.by_status
    statuses = [status for status in STATUSES if by_status[status]]
    rows = [
        html(
            '<tr class="all"><th scope="row">All</th>{}</tr>\n',
            join([filter_cell(by_status[status], status, "") for status in statuses]),
        )
    ]
    for level in tally.severities:
        cells = join([filter_cell(tally.counts.get((level, status), 0), status, f"severity={level}") for status in statuses])
        head = html('<a href="#controls" data-f="severity={}">{}</a>', level, level.capitalize())
        rows.append(html('<tr><th scope="row">{}</th>{}</tr>\n', head, cells))
    return html(
        '<table class="m"><caption>{} by severity</caption><thead><tr><th scope="col">Severity</th>{}</tr></thead>'
        "<tbody>\n{}</tbody></table>\n",
        count(tally.total, "control"),
        status_heads(statuses),
        join(rows),
    )


def status_heads(statuses: Iterable[str]) -> Markup:
    """Return the heads of the columns of a table by status."""
    return join([html('<th scope="col" class="{}"><span>{}</span></th>', status, STATUS_NAMES[status]) for status in statuses])


def filter_cell(many: int, status: str, more: str) -> Markup:
    """Return a cell with a number of controls of a status, as a link that filters by it and by `more` (`severity=high`)."""
    if not many:
        return html('<td class="zero">0</td>')
    chosen = f"status={status}&{more}" if more else f"status={status}"
    return html('<td class="{}"><a href="#s-{}" data-f="{}">{}</a></td>', status, status, chosen, number(many))


# --- tools --------------------------------------------------------------------------------------------------------------------


def toolbar(summary: Summary) -> Markup:
    """Return search, filters and sorting; hidden until the script makes them work."""
    tally = summary.tally
    by_status = tally.by_status
    statuses = [
        box("status", status, STATUS_NAMES[status], by_status[status], status) for status in STATUSES if by_status[status]
    ]
    by_level = {level: sum(tally.counts.get((level, status), 0) for status in STATUSES) for level in tally.severities}
    levels = [box("severity", level, level.capitalize(), many, level) for level, many in by_level.items()]
    changes = (("new", "New", summary.newly_failing), ("worse", "Worse", summary.worse), ("fixed", "Fixed", summary.fixed))
    changed = [box("change", value, shown, many, "") for value, shown, many in changes if many]
    return html(
        """<form class="tools" id="tools" role="search" aria-label="Controls" hidden>
<p class="grow"><label for="q">Search</label>
<input type="search" id="q" autocomplete="off" spellcheck="false" placeholder="id, title, text, tag:AC-2" aria-keyshortcuts="/">
<output id="count" aria-live="polite"></output> <button type="button" id="reset" hidden>Show all</button>
<button type="button" id="more" aria-expanded="false" aria-controls="filters">Filters</button></p>
<p class="acts"><label for="sort">Sort</label> <select id="sort"><option value="">worst first</option>{}
<option value="id">by id</option><option value="title">by title</option><option value="time">slowest first</option></select>
<button type="button" id="fold">Expand all</button> <button type="button" id="csv">Download CSV</button>
<button type="button" id="copy">Copy list</button>
<button type="button" id="help" aria-haspopup="dialog" aria-keyshortcuts="?">Help</button></p>
<div id="filters">{}{}{}</div></form>
""",
        html('<option value="since">failing longest</option>') if summary.oldest else NOTHING,
        boxes("Status", statuses),
        boxes("Severity", levels if len(levels) > 1 else ()),
        boxes("Since the run before", changed),
    )


def boxes(legend: str, found: Sequence[Markup]) -> Markup:
    """Return a group of chips, nothing without any."""
    return html("<fieldset><legend>{}</legend>{}</fieldset>\n", legend, join(found)) if found else NOTHING


def box(name: str, value: str, shown: str, many: int, css_class: str) -> Markup:
    """Return a chip that filters: what it is, and how many."""
    return html(
        '<label class="{}"><input type="checkbox" name="{}" value="{}"> {} <b>{}</b></label> ',
        css_class,
        name,
        value,
        shown,
        number(many),
    )


_SHARED_KEYS = (("/", "search"), ("Esc", "clear the search"), ("?", "this help"))
_SEARCH_HELP = (
    ("two words", "both of them, anywhere"),
    ('"two words"', "just as they stand"),
    ("tag:CCI-000366", "the tag itself"),
    ("nist:AC", "a family of NIST SP 800-53"),
)


def report_help() -> Markup:
    """Return the help of a report's page."""
    keys = (("j", "next control"), ("k", "previous control"), ("Enter", "fold or unfold it"), ("e", "expand or fold all"))
    return _help((*keys, *_SHARED_KEYS), _SEARCH_HELP)


def index_help() -> Markup:
    """Return the help of the index."""
    keys = (("j", "next report"), ("k", "previous report"), ("Enter", "open it"))
    words = (
        ("two words", "both of them, in name, profile, host or reason"),
        ("column heading", "click to sort, again to reverse, once more for worst first"),
    )
    return _help((*keys, *_SHARED_KEYS), words)


def controls_help() -> Markup:
    """Return the help of the list of controls."""
    keys = (("j", "next control"), ("k", "previous control"), ("Enter", "fold or unfold it"))
    words = (
        ("two words", "both of them, in control, title, profile or report"),
        ("column heading", "click to sort, again to reverse, once more for worst first"),
    )
    return _help((*keys, *_SHARED_KEYS), words)


def _help(keys: Iterable[tuple[str, str]], words: Iterable[tuple[str, str]]) -> Markup:
    return html(
        '<dialog id="keys" aria-labelledby="h-keys"><h2 id="h-keys">Help</h2><dl class="keys">{}</dl><h3>Search and sort</h3>'
        '<dl class="keys">{}</dl><p><label><input type="checkbox" id="usekeys" checked> Use these keys</label></p>'
        '<form method="dialog"><button>Close</button></form></dialog>\n',
        join([html("<div><dt><kbd>{}</kbd></dt><dd>{}</dd></div>", key, what) for key, what in keys]),
        join([html("<div><dt><code>{}</code></dt><dd>{}</dd></div>", word, what) for word, what in words]),
    )
