"""Reports as static HTML pages: nothing fetched, everything escaped, the same report and past give the same bytes.

`render_report` and `render_index` make whole pages, `summarize` returns what the index needs of a report, and `with_notice`
marks a page that is no longer the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from inspec_textfile.history import History

# Imported when something is rendered: a run that finds nothing changed needs nothing but `pages.files`.
if TYPE_CHECKING:
    from inspec_textfile.pages.index import Index, KnownRow
    from inspec_textfile.pages.summary import Summary
    from inspec_textfile.report.model import Report, Unreadable

_NO_HISTORY = History()


def load() -> None:
    """Load all that a report's page takes, so that processes which part afterwards share it."""
    from inspec_textfile.pages import markdown, report  # noqa: F401

    markdown.parser()


def render_report(report: Report, history: History = _NO_HISTORY, *, inputs: bool = True) -> str:
    """Return the page of a report. `inputs`: whether the inputs of its profiles are on it."""
    from inspec_textfile.pages import report as page

    return page.render(report, history, inputs=inputs)


def summarize(report: Report, history: History = _NO_HISTORY) -> Summary:
    """Return what the index tells of a report."""
    from inspec_textfile.pages import summary

    return summary.summarize(report, history)


def with_notice(page: bytes, reason: str, since: float | None) -> bytes | None:
    """Return a page with a notice that newer results could not be read; see `notice.with_notice`."""
    from inspec_textfile.pages import notice

    return notice.with_notice(page, reason, since)


def render_index(
    summaries: Sequence[Summary],
    unreadable: Sequence[Unreadable],
    last_good: Mapping[str, Summary | None],
    known: Mapping[str, KnownRow] = MappingProxyType({}),
) -> Index:
    """Return index.html, and its rows.

    `last_good`: by name, the last summaries of unreadable reports whose last good page still stands; None where the page
    stands but its summary is not known. `known`: by name, the rows that were made of the same summaries before.
    """
    from inspec_textfile.pages import index

    return index.render(summaries, unreadable, last_good, known)
