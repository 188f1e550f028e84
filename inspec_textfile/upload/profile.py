"""The small page at a profile's address: it leads to the reports that show the profile, and holds none of what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inspec_textfile.pages.markup import NOTHING, Markup, html, join


class Way(NamedTuple):
    """The way to a report that shows the profile."""

    link: str
    """Relative, escaped as a URL."""
    report: str
    """The report's name."""
    verdict: str
    """A sentence."""


def profile_page(profile: str, instance: str, ways: Sequence[Way]) -> bytes:
    """Return the page. A single report is opened at once. Of several none hides another: they are listed in the given order."""
    title = html("{} on {}", profile, instance)
    refresh = html('<meta http-equiv="refresh" content="0; url={}">\n', ways[0].link) if len(ways) == 1 else NOTHING
    page = html(
        """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
{}<title>{}</title>
</head>
<body>
<h1>{}</h1>
<ul>
{}
</ul>
</body>
</html>
""",
        refresh,
        title,
        title,
        join([_item(way, alone=len(ways) == 1) for way in ways], "\n"),
    )
    return page.encode()


def _item(way: Way, *, alone: bool) -> Markup:
    # A page for one report says nothing that changes, so it is sent once, and not with each run of InSpec.
    verdict = NOTHING if alone else html(": {}", way.verdict)
    return html('<li><a href="{}">{}</a>{}</li>', way.link, way.report, verdict)
