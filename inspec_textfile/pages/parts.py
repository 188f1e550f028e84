"""Pieces that pages share: the verdict, counts as tiles, bar and table, the tools of the script."""

from __future__ import annotations

import math
from collections.abc import Iterable

from inspec_textfile.model import PASSED, STATUSES
from inspec_textfile.pages.html import Markup, html, join
from inspec_textfile.pages.summary import STATUS_NAMES, Summary, Tally, number, verdict

_BAR_WIDTH = 1000
_RING = 2 * math.pi * 15
"""Circumference."""


def facts(rows: Iterable[tuple[str, Markup | None]]) -> Markup:
    """Return a description list of what is known."""
    shown = [html("<div><dt>{}</dt><dd>{}</dd></div>", name, value) for name, value in rows if value is not None]
    return html('<dl class="facts">{}</dl>', join(shown))


def verdict_block(summary: Summary) -> Markup:
    """Return the sentence that matters, and the compliance with its formula."""
    status, sentence = verdict(summary)
    tally = summary.tally
    counts = tally.by_status
    if tally.judged:
        formula = html(
            "passed ÷ (passed + failed + error) = {} ÷ {}; {}",
            number(counts[PASSED]),
            number(tally.judged),
            "without what did not load" if summary.broken else "the others do not count",
        )
    else:
        formula = html("passed ÷ (passed + failed + error): nothing was judged")
    return html(
        '<section class="verdict {}" aria-label="Verdict"><p class="say">{}</p>{}'
        '<p class="comp"><b>{}</b> compliant <small>{}</small></p></section>\n',
        status,
        sentence,
        _ring(tally),
        tally.compliance,
        formula,
    )


def _ring(tally: Tally) -> Markup:
    """Return the compliance as a ring; the number stands beside it, so it is hidden from screen readers."""
    part = tally.by_status[PASSED] * _RING / tally.judged if tally.judged else 0
    return html(
        '<svg class="ring" viewBox="0 0 36 36" aria-hidden="true"><circle cx="18" cy="18" r="15"/>'
        '<circle class="on" cx="18" cy="18" r="15" stroke-dasharray="{} {}" transform="rotate(-90 18 18)"/></svg>',
        f"{part:.2f}",
        f"{_RING:.2f}",
    )


def status_tiles(tally: Tally, *, linked: bool) -> Markup:
    """Return how many controls have each status."""
    tiles = []
    for status, count in tally.by_status.items():
        inside = html("<b>{}</b> <span>{}</span>", number(count), STATUS_NAMES[status])
        if linked and count:
            tiles.append(html('<li class="{}"><a href="#s-{}">{}</a></li>', status, status, inside))
        else:
            tiles.append(html('<li class="{}">{}</li>', status if count else "zero", inside))
    return html('<ul class="tiles">{}</ul>\n', join(tiles))


def bar(tally: Tally) -> Markup:
    """Return the proportions as a bar."""
    counts = {status: count for status, count in tally.by_status.items() if count}
    total = sum(counts.values())
    if not total:
        return html("")
    pieces, done = [], 0
    for status, count in counts.items():
        left, right = done * _BAR_WIDTH // total, (done + count) * _BAR_WIDTH // total
        pieces.append(html('<rect class="{}" x="{}" width="{}" height="10"/>', status, left, max(right - left, 2)))
        done += count
    spoken = ", ".join(f"{count} {STATUS_NAMES[status].lower()}" for status, count in counts.items())
    return html(
        '<svg class="bar" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>\n',
        _BAR_WIDTH,
        f"Controls: {spoken}",
        join(pieces),
    )


def severity_table(tally: Tally) -> Markup:
    """Return the counts by severity and status."""
    heads = join([html('<th scope="col" class="{}"><span>{}</span></th>', status, STATUS_NAMES[status]) for status in STATUSES])
    rows = []
    for level in tally.severities:
        cells = [
            html('<td class="{}">{}</td>', status if count else "zero", number(count))
            for status in STATUSES
            for count in [tally.counts.get((level, status), 0)]
        ]
        rows.append(html('<tr><th scope="row">{}</th>{}</tr>\n', level.capitalize(), join(cells)))
    return html(
        '<table class="m"><caption>Controls by severity</caption><thead><tr><th scope="col">Severity</th>{}</tr></thead>'
        "<tbody>\n{}</tbody></table>\n",
        heads,
        join(rows),
    )


def toolbar(tally: Tally) -> Markup:
    """Return search, filters and sorting; hidden until the script makes them work."""
    counts = tally.by_status
    statuses = [_box("status", status, STATUS_NAMES[status]) for status in STATUSES if counts[status]]
    present = [level for level in tally.severities if any(tally.counts.get((level, status)) for status in STATUSES)]
    levels = [_box("severity", level, level.capitalize()) for level in present]
    return html(
        """<form class="tools" id="tools" role="search" aria-label="Controls" hidden>
<p class="grow"><label for="q">Search</label>
<input type="search" id="q" autocomplete="off" spellcheck="false" placeholder="id, title, text or tag" aria-keyshortcuts="/">
<output id="count" aria-live="polite"></output> <button type="button" id="reset" hidden>Show all</button></p>
<p><label for="sort">Sort</label> <select id="sort"><option value="">worst first</option><option value="id">by id</option>
<option value="title">by title</option><option value="time">slowest first</option></select>
<button type="button" id="fold">Expand all</button>
<button type="button" id="help" aria-haspopup="dialog" aria-keyshortcuts="?">Keys</button></p>
<fieldset><legend>Status</legend>{}</fieldset>
<fieldset><legend>Severity</legend>{}</fieldset></form>
""",
        join(statuses),
        join(levels),
    )


def _box(name: str, value: str, shown: str) -> Markup:
    return html('<label class="{}"><input type="checkbox" name="{}" value="{}"> {}</label> ', value, name, value, shown)


def keys_dialog() -> Markup:
    """Return the help on keys."""
    keys = (
        ("/", "search"),
        ("j", "next control"),
        ("k", "previous control"),
        ("Enter", "fold or unfold it"),
        ("e", "expand or fold all"),
        ("Esc", "clear the search"),
        ("?", "this help"),
    )
    rows = join([html("<div><dt><kbd>{}</kbd></dt><dd>{}</dd></div>", key, what) for key, what in keys])
    return html(
        '<dialog id="keys" aria-labelledby="h-keys"><h2 id="h-keys">Keys</h2><dl class="keys">{}</dl>'
        '<p><label><input type="checkbox" id="usekeys" checked> Use these keys</label></p>'
        '<form method="dialog"><button>Close</button></form></dialog>\n',
        rows,
    )
