"""What did not change since the last run: decided by content, never by clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputFolder
from inspec_textfile.job import Run, read
from inspec_textfile.memory import Output, ReportMemory
from inspec_textfile.pages.files import page_file
from inspec_textfile.report.sources import Source, SourceError
from inspec_textfile.text import digest_of


class Unchanged(NamedTuple):
    """What did not change since the last run."""

    reports: dict[str, ReportMemory]
    """By name, what is remembered about the reports whose output would be the same again."""
    digests: dict[str, str]
    """By name, the SHA-256 of all results that were read to find out; "" if they could not be read."""


def find_unchanged(this: Run) -> Unchanged:
    """Find out what did not change since the last run."""
    reports, digests = {}, {}
    for source in this.sources.found:
        last = this.last.reports.get(source.name)
        if last and _may_be_used_again(this, source, last):
            digest, modified_ns = _digest(this, source)
            digests[source.name] = digest
            if digest == last.digest and (modified_ns == last.modified_ns or _says_when_it_began(last)):
                reports[source.name] = last._replace(modified_ns=modified_ns)
    return Unchanged(reports, digests)


def _may_be_used_again(this: Run, source: Source, last: ReportMemory) -> bool:
    """Return whether options and code are the same and a report's page is complete: reading it costs less than the results."""
    if last.gone or last.unreadable_since_ns is not None or last.made_by != this.made_by or last.stamp != source.stamp:
        return False
    return not this.reports_folder or bool(last.page and this.reports_folder.digest(page_file(source.name)) == last.page)


def _says_when_it_began(last: ReportMemory) -> bool:
    """Return whether results tell the time of their run; else it is their mtime, which decides what waivers still count."""
    summary = last.decoded().summary
    return summary is not None and summary.started is not None


def _digest(this: Run, source: Source) -> tuple[str, int]:
    """Return the SHA-256 of a results file, "" if it cannot be read, and its mtime (Unix time, nanoseconds)."""
    try:
        data, modified_ns = read(source, this.job)
    except SourceError:
        return "", 0
    return digest_of(data), modified_ns


def remembered(this: Run, changed: Sequence[Source], digests: Mapping[str, str]) -> list[ReportMemory]:
    """Return what is remembered about each changed report, from its old name if its file was renamed.

    `digests`: those that are known already.
    """
    if not this.last.reports:  # a first run: no file needs to be read to look for an old name
        return [ReportMemory(source.name) for source in changed]
    now = {source.name: digests.get(source.name) or _digest(this, source)[0] for source in changed}
    found = {source.name for source in this.sources.found}
    renamed: dict[str, list[ReportMemory]] = defaultdict(list)
    for last in this.last.reports.values():
        # A name that is in use again may hold other results by now: two files can be renamed into each other.
        if last.digest and (last.name not in found or now.get(last.name, last.digest) != last.digest):
            renamed[last.digest].append(last)
    return [_last(this.last.reports.get(name), name, digest, renamed.get(digest, ())) for name, digest in now.items()]


def _last(last: ReportMemory | None, name: str, digest: str, renamed: Sequence[ReportMemory]) -> ReportMemory:
    """Return what is remembered about a report of that name, or about the one that had its results under another name."""
    old = min(renamed, key=lambda report: report.gone, default=None)
    if (last and last.digest == digest) or not old or (last and old.gone):
        return last or ReportMemory(name)
    return ReportMemory(name, past_line=old.past_line)


def kept_outputs(reports: Mapping[str, ReportMemory]) -> dict[str, Output]:
    """Return, by name, what reports add to the files that show all.

    Those whose figures or summary cannot be read from the memory are left out: they are converted again.
    """
    outputs = {name: report.decoded() for name, report in reports.items()}
    return {name: output for name, output in outputs.items() if output.text and output.summary}


def same_again(this: Run, reused: Mapping[str, ReportMemory]) -> bytes | None:
    """Return the last .prom without its times, if all output would be the same again."""
    last, job = this.last, this.job
    if not this.output or job.upload or this.sources.problems or (job.reports_dir and not this.reports_folder):
        return None
    if reused != last.present or len(reused) != len(this.sources.found) or last.made_by != this.file_made_by:
        return None
    if this.reports_folder and not _has_overviews(this.reports_folder, last.index_digest.split()):
        return None
    size, digest = last.prom
    body = (this.output.read(job.output_file, MAX_OUTPUT_BYTES) or b"")[:size]
    return body if digest_of(body) == digest else None


def _has_overviews(folder: OutputFolder, digests: Sequence[str]) -> bool:
    """Return whether the files that show all reports are those of the last run."""
    from inspec_textfile.pages.overviews import OVERVIEWS

    return [folder.digest(overview.file_name) for overview in OVERVIEWS] == digests
