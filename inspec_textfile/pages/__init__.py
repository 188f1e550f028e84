"""Reports as static HTML pages: nothing fetched, everything escaped, the same report and past give the same bytes.

`render_report` makes the page of a report, `overviews` has the pages of all reports, and `with_notice` marks a page that is no
longer the newest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspec_textfile.history.model import History

# Imported when something is rendered: a run that finds nothing changed needs nothing but `pages.files`.
if TYPE_CHECKING:
    from inspec_textfile.report.model import Report

_NO_HISTORY = History()


def load() -> None:
    """Load all that a report's page takes, so that processes which part afterwards share it."""
    from inspec_textfile.pages import markdown, report  # noqa: F401

    markdown.parser()


def render_report(report: Report, history: History = _NO_HISTORY) -> str:
    """Return the page of a report."""
    from inspec_textfile.pages import report as page

    return page.render(report, history)


def with_notice(page: bytes, reason: str, since: float | None) -> bytes | None:
    """Return a page with a notice that newer results could not be read; see `notice.with_notice`."""
    from inspec_textfile.pages import notice

    return notice.with_notice(page, reason, since)
