"""Reports as static HTML pages: nothing fetched, everything escaped, the same input gives the same bytes.

`render_report` and `render_index` make whole pages. `fingerprint` and `fingerprint_of` tell without rendering whether a page
that stands on disk is still the right one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from inspec_textfile import __version__
from inspec_textfile.model import Report, Unreadable
from inspec_textfile.pages import index, shell
from inspec_textfile.pages import report as report_page
from inspec_textfile.pages.summary import Summary, summarize

__all__ = ["Summary", "fingerprint", "fingerprint_of", "render_index", "render_report", "summarize"]


def fingerprint(report: Report) -> str:
    """Return what the bytes of a report's page follow from, as a hexadecimal digest."""
    style, script, _ = shell.own()
    parts = ("report", __version__, style, script, report.name, report.digest)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint_of(head: bytes) -> str | None:
    """Return the fingerprint of a page, from its first thousand bytes; None if it has none."""
    return shell.read_fingerprint(head)


def render_report(report: Report) -> str:
    """Return the page of a report."""
    return report_page.render(report, fingerprint(report))


def render_index(reports: Sequence[Report | Summary], unreadable: Sequence[Unreadable], kept: Collection[str]) -> str:
    """Return index.html.

    A report may be given as its `summarize`d self, so that a thousand of them need not be held in memory. `kept`: the names of
    unreadable reports whose last good page still stands.
    """
    return index.render(reports, unreadable, kept)
