"""Reports as static HTML pages: nothing fetched, everything escaped, the same report and past give the same bytes.

`render_report` makes the page of a report, `summarize` returns what overviews need of it, `overviews` has the pages of all
reports, and `with_notice` marks a page that is no longer the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inspec_textfile.history.model import History
from inspec_textfile.pages import layout, markdown, report
from inspec_textfile.pages.notice import with_notice
from inspec_textfile.pages.shorten import page_size, shorten
from inspec_textfile.report.model import Report
from inspec_textfile.summary import summarize

__all__ = ["load", "render_cut", "render_report", "render_within", "with_notice"]

_NO_HISTORY = History()
_NO_LIMITS: Mapping[str, int] = MappingProxyType({})


def load() -> None:
    """Load all that a report's page takes, so that processes which part afterwards share it."""
    markdown.parser()


def render_report(report_: Report, history: History = _NO_HISTORY, limits: Mapping[str, int] = _NO_LIMITS) -> str:
    """Return the page of a report. `limits`: days that a failing control of a severity may stay open."""
    return report.render(report_, history, summarize(report_, history), limits)


def render_within(most: int, size: int, report_: Report, history: History, limits: Mapping[str, int]) -> tuple[str, str]:
    """Return the page of a report, cut if it would have more than `most` bytes, and a sentence on what is missing, or "".

    `size`: bytes of its results file.
    """
    if page_size(report_, history, size) <= most:
        return render_report(report_, history, limits), ""
    return render_cut(most, f"would be over {most / 1e6:,.0f} MB", report_, history, limits)


def render_cut(most: int, why: str, report_: Report, history: History, limits: Mapping[str, int]) -> tuple[str, str]:
    """Return the page of a report without Markdown and with its texts cut, and a sentence on what is missing and why."""
    short, shown, missing = shorten(report_, history, most, why)
    try:
        with markdown.as_plain_text():
            return report.render(short, shown, summarize(report_, history), limits, missing), missing
    finally:
        layout.prose.cache_clear()  # other reports may have the same texts
