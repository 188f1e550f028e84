"""The small page at a profile's address: it leads to the reports that show the profile, and holds none of what they say."""

from __future__ import annotations

from collections.abc import Mapping

from inspec_textfile.pages.markup import NOTHING, html, join


def profile_page(profile: str, instance: str, links: Mapping[str, str]) -> bytes:
    """Return the page. A single report is opened at once. Of several none hides another: they are listed in the given order.

    `links`: a report's name -> the relative link to its page, escaped as a URL.
    """
    title = html("{} on {}", profile, instance)
    opened_at_once = next(iter(links.values())) if len(links) == 1 else None
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
        html('<meta http-equiv="refresh" content="0; url={}">\n', opened_at_once) if opened_at_once else NOTHING,
        title,
        title,
        join([html('<li><a href="{}">{}</a></li>', link, report) for report, link in links.items()], "\n"),
    )
    return page.encode()
