"""Reports that are broken, too many or gone. None of them may silently resolve an alert."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from inspec_textfile import memory, pages
from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputError
from inspec_textfile.job import Job, Run, replace_file
from inspec_textfile.memory import Output, ReportMemory, with_output
from inspec_textfile.metrics.exposition import MAX_SERIES
from inspec_textfile.pages.files import page_file
from inspec_textfile.report.model import Unreadable
from inspec_textfile.report.sources import Source, modified_ns_of, unreadable
from inspec_textfile.text import digest_of

_ALL_GONE = "its results file is gone, as are all others"
_HIDDEN = "its folder could not be listed"


def unreadable_report(this: Run, source: Source, reason: str) -> Unreadable:
    """Return what to say about a report that cannot be read: why, and since when."""
    last = this.last.reports.get(source.name)
    since_ns = last.unreadable_since_ns if last else None
    since_ns = modified_ns_of(source.path) if since_ns is None else since_ns
    return unreadable(source, reason)._replace(since=since_ns / 1e9 if since_ns else None)


def over_limit(this: Run, reports: dict[str, ReportMemory]) -> list[Unreadable]:
    """Take out the oldest reports that would exceed the limit of the .prom, and return them."""
    if sum(report.series for report in reports.values()) <= MAX_SERIES:
        return []
    series = 0
    dropped = []
    paths = {source.name: source for source in this.sources.found}
    for report in sorted(reports.values(), key=lambda report: -report.modified_ns):
        series += report.series
        if series > MAX_SERIES:
            reason = f"would take the .prom over {MAX_SERIES:,} series, and the other reports are newer: split the run"
            dropped.append(unreadable(paths[report.name], reason))
            reports[report.name] = with_output(report, Output())
    return dropped


def missing_reports(this: Run, reports: Mapping[str, ReportMemory]) -> list[Unreadable]:
    """Return the reports of the last run that are not there but must not be forgotten; report those that are dropped.

    `reports`: what is known about those that could be read. One with the bytes of a missing report is the same, renamed.
    """
    found = {source.name for source in this.sources.found}
    missing = [name for name in this.last.present if name not in found]
    digests = {report.digest for report in reports.values()}
    renamed = {name for name in missing if this.last.reports[name].digest in digests}
    hidden = [name for name in missing if this.sources.may_hide(name)]
    dropped = [name for name in missing if name not in hidden]
    if dropped and not found:
        this.messages.error(
            f"{' '.join(this.job.arguments) or this.job.results_dir}: holds no results, and the last run had "
            f"{len(dropped)}: their last figures and pages are kept. Is a file system not mounted? "
            f"To start over on purpose, remove {_memory_of(this.job)}"
        )
        return [Unreadable(name=name, path=name, reason=_ALL_GONE, missing=True) for name in missing]
    if hidden:
        this.messages.error(f"not read this time, so their last figures and pages are kept: {', '.join(hidden)}")
    removed = [name for name in dropped if name not in renamed]
    if removed and (this.sources.named or not found & this.last.present.keys()):
        this.messages.error(
            f"{len(removed):,} of the last run's reports are not among the results of this run, so their series and pages are "
            f"removed; to keep them, pass the results of all hosts in one run: {', '.join(removed)}"
        )
    else:
        for name in removed:
            this.messages.info(f"{name}: its results file is gone, so its series and page are removed")
    _remove_pages(this, [this.last.reports[name] for name in dropped])
    return [Unreadable(name=name, path=name, reason=_HIDDEN, missing=True) for name in hidden]


def _memory_of(job: Job) -> str:
    return os.path.join(job.output_dir or ".", memory.file_name(job.output_file))


def _remove_pages(this: Run, reports: Iterable[ReportMemory]) -> None:
    """Remove the pages of reports that are gone, unless somebody changed them: an old link must not show an old verdict."""
    folder = this.reports_folder
    for report in reports if folder else ():
        name = page_file(report.name)
        if folder and report.page and folder.digest(name) == report.page:
            try:
                folder.remove(name)
                this.messages.info(f"{folder.path}/{name}: removed")
            except OutputError as error:
                this.messages.error(str(error))


def last_good(this: Run, broken: Unreadable, limited: ReportMemory | None) -> ReportMemory:
    """Return what is remembered about a report whose results cannot be read, and put a notice on its last good page."""
    last = limited or this.last.reports.get(broken.name) or ReportMemory(broken.name)
    since_ns = int(broken.since * 1e9) if broken.since else 0
    page = last.page
    folder, name = this.reports_folder, page_file(broken.name)
    if folder and page and folder.digest(name) == page:
        old = folder.read(name, MAX_OUTPUT_BYTES) or b""
        new = pages.with_notice(old, broken.reason, broken.since)
        if new is not None and new != old and replace_file(folder, name, new, None, this.messages, durable=False):
            page = digest_of(new)
    return last._replace(page=page, gone=False, unreadable_since_ns=since_ns)
