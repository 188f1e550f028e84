"""The notice on the last good page of a report whose newer results could not be read."""

from __future__ import annotations

import re

from inspec_textfile.pages.icon import icon_link
from inspec_textfile.pages.markup import NOTHING, Markup, html
from inspec_textfile.pages.times import moment
from inspec_textfile.report.model import ERROR

PLACE = html('<div id="notice"></div>\n')
"""Where the notice goes. No text of a report can look like it: all of them are escaped."""
_PLACE = re.compile(rb'<div id="notice">[^\n]*</div>\n')
_ICON = re.compile(rb'<link rel="icon" href="data:[^"]*">')


def with_notice(page: bytes, reason: str, since: float | None, path: str = "") -> bytes | None:
    """Return a page with a notice at the top that newer results could not be read; it replaces one that is there.

    `since`: Unix time in seconds of the first results that could not be read; `path`: where they are, as a person would type
    it. Returns None if the page has no place for a notice, so is not one of this version.
    """
    if not _PLACE.search(page):
        return None
    noticed = _PLACE.sub(lambda _: _notice(reason, since, path).encode("utf-8", "replace"), page, count=1)
    return _ICON.sub(lambda _: icon_link(ERROR).encode(), noticed, count=1)


def _notice(reason: str, since: float | None, path: str) -> Markup:
    when = html(" since {}", moment(since)) if since is not None else NOTHING
    why = " ".join(reason.split()).rstrip(".")
    file = html("<div><dt>File</dt><dd><code>{}</code></dd></div>", path) if path else NOTHING
    return html(
        '<div id="notice"><section class="alert error" aria-label="Newer results could not be read">'
        '<h2 class="i">Newer results could not be read{}</h2>'
        "<p>What follows is the last run that could be read. The host may be better or worse by now.</p>"
        '<dl class="facts">{}<div><dt>Reason</dt><dd>{}.</dd></div></dl></section></div>\n',
        when,
        file,
        why,
    )
