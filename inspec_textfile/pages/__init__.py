"""Reports as static HTML pages: nothing fetched, everything escaped, the same report and past give the same bytes.

`render_report` makes the page of a report, `summarize` returns what overviews need of it, `overviews` has the pages of all
reports, and `with_notice` marks a page that is no longer the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inspec_textfile.history.model import History
from inspec_textfile.pages import markdown, report
from inspec_textfile.pages.notice import with_notice
from inspec_textfile.report.model import Report

__all__ = ["load", "render_report", "with_notice"]

_NO_HISTORY = History()
_NO_LIMITS: Mapping[str, int] = MappingProxyType({})


def load() -> None:
    """Load all that a report's page takes, so that processes which part afterwards share it."""
    markdown.parser()


def render_report(report_: Report, history: History = _NO_HISTORY, limits: Mapping[str, int] = _NO_LIMITS) -> str:
    """Return the page of a report. `limits`: days that a failing control of a severity may stay open."""
    return report.render(report_, history, limits)
