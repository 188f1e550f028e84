"""Pieces of a report's page above its controls: the verdict, counts as a table, the tools of the script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.report.model import NOT_TESTED, STATUSES
from inspec_textfile.summary import Summary
from inspec_textfile.verdict import verdict
from inspec_textfile.words import SHORT_NAMES, STATUS_NAMES, day_text, number


def facts(rows: Iterable[tuple[str, Markup | None]]) -> Markup:
    """Return a description list of what is known."""
    shown = [html("<div><dt>{}</dt><dd>{}</dd></div>", name, value) for name, value in rows if value is not None]
    return html('<dl class="facts">{}</dl>', join(shown))


def verdict_block(summary: Summary, more: Markup) -> Markup:
    """Return the sentence that matters, and what stands beside it. Its date is shown once newer results could not be read."""
    status, sentence = verdict(summary)
    then = html('<span class="then">On {}: </span>', day_text(summary.started)) if summary.started is not None else NOTHING
    return html(
        '<section aria-label="Verdict"><p class="say i {}"><span><b>{}{}</b> {}</span></p></section>\n',
        status,
        then,
        sentence,
        more,
    )


# --- counts -------------------------------------------------------------------------------------------------------------------


def counts_table(summary: Summary) -> Markup:
    """Return the controls by severity and status that occur; every number is a link that filters."""
    tally = summary.tally
    by_status = tally.by_status
    statuses = [status for status in STATUSES if by_status[status]]
    rows = []
    for level in tally.severities:
        cells = join([filter_cell(tally.counts.get((level, status), 0), status, f"severity={level}") for status in statuses])
        head = html('<a class="sv {}" href="#controls" data-f="severity={}">{}</a>', level, level, level.capitalize())
        rows.append(html('<tr><th scope="row">{}</th>{}</tr>\n', head, cells))
    total = join([filter_cell(by_status[status], status, "") for status in statuses])
    rows.append(html('<tr class="all"><th scope="row">All {}</th>{}</tr>\n', number(tally.total), total))
    return html(
        '<section aria-labelledby="h-counts"><h2 id="h-counts">By severity</h2>'
        '<table class="m"><thead><tr><th scope="col"><span class="heard">Severity</span></th>{}</tr></thead>'
        "<tbody>\n{}</tbody></table></section>\n",
        status_heads(statuses),
        join(rows),
    )


def status_heads(statuses: Iterable[str]) -> Markup:
    """Return the heads of the columns of a table by status."""
    return join([html('<th scope="col"><span class="i {}">{}</span></th>', status, SHORT_NAMES[status]) for status in statuses])


def filter_cell(many: int, status: str, more: str) -> Markup:
    """Return a cell with a number of controls of a status, as a link that filters by it and by `more` (`severity=high`).

    Its name says so: in a list of links, numbers alone tell nothing.
    """
    if not many:
        return html('<td class="zero">0</td>')
    chosen = f"status={status}&{more}" if more else f"status={status}"
    heard = f"{number(many)} {STATUS_NAMES[status].lower()} {re.split('[=:]', more)[-1]}".strip()
    return html(
        '<td class="{}"><a href="#s-{}" data-f="{}" aria-label="{}">{}</a></td>', status, status, chosen, heard, number(many)
    )


# --- tools --------------------------------------------------------------------------------------------------------------------


def toolbar(summary: Summary, host: str, overdue: int) -> Markup:
    """Return the bar that stays in sight, and what filters beside it; hidden until the script makes them work."""
    tally = summary.tally
    statuses = [
        chip("status", status, f"i {status}", SHORT_NAMES[status], many) for status, many in tally.by_status.items() if many
    ]
    by_level = {level: sum(tally.counts.get((level, status), 0) for status in STATUSES) for level in tally.severities}
    levels = [chip("severity", level, f"sv {level}", level.capitalize(), many) for level, many in by_level.items()]
    changes = (
        ("new", "", "New", summary.newly_failing),
        ("worse", "i worse", "Worse", summary.worse),
        (NOT_TESTED, "i not_tested", SHORT_NAMES[NOT_TESTED], summary.not_tested),
        ("overdue", "i overdue", "Overdue", overdue),
        ("fixed", "i passed", "Fixed", summary.fixed),
    )
    changed = [chip("change", value, css, shown, many) for value, css, shown, many in changes if many]
    failing = sum(tally.failing.values())
    return html(
        """<div class="tools" id="tools" role="search" aria-label="Controls" hidden>
<p class="host"><b>{}</b> <span id="at"></span></p>
<button type="button" id="more" aria-expanded="false" aria-controls="facets">Filters <output id="few"></output></button>
<button type="button" id="reset" aria-pressed="true">All <b>{}</b></button>
{}{}<input type="search" id="q" aria-label="Search" autocomplete="off" spellcheck="false" placeholder="Search"
aria-keyshortcuts="/">
<details class="menu"><summary aria-label="More"></summary><div>
<label>Sort <select id="sort"><option value="">worst first</option>{}<option value="id">by id</option>
<option value="title">by title</option><option value="time">slowest first</option></select></label>
<button type="button" id="fold">Expand all</button><button type="button" id="csv">Download CSV</button>
<button type="button" id="copy">Copy list</button>
<button type="button" id="help" aria-haspopup="dialog" aria-keyshortcuts="?">Help</button></div></details>
</div>
<div id="facets" role="group" aria-label="More filters" hidden>{}{}
<output id="count" aria-live="polite" aria-atomic="true"></output>
</div>
""",
        host,
        number(tally.total),
        chips("Status", statuses),
        html(
            '<span class="step"><button type="button" id="back" class="i chevron">Previous</button>'
            '<button type="button" id="next" class="i chevron">Next failing</button></span>'
        )
        if failing
        else NOTHING,
        html('<option value="since">failing longest</option>') if summary.oldest else NOTHING,
        chips("Severity", levels if len(levels) > 1 else ()),
        chips("Since the run before", changed),
    )


def chips(legend: str, found: Sequence[Markup]) -> Markup:
    """Return a group of chips, nothing without any."""
    if not found:
        return NOTHING
    return html('<fieldset class="chips"><legend class="heard">{}</legend>{}</fieldset>\n', legend, join(found))


def chip(name: str, value: str, css_class: str, shown: str, many: int) -> Markup:
    """Return a chip that filters: what it is, and how many."""
    return html(
        '<label class="chip {}"><input type="checkbox" name="{}" value="{}"> {} <b>{}</b></label> ',
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
        '<form method="dialog"><button type="submit">Close</button></form></dialog>\n',
        join([html("<div><dt><kbd>{}</kbd></dt><dd>{}</dd></div>", key, what) for key, what in keys]),
        join([html("<div><dt><code>{}</code></dt><dd>{}</dd></div>", word, what) for word, what in words]),
    )
