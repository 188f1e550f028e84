"""One run: results in, metrics and pages out, step by step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from inspec_textfile import __version__, memory
from inspec_textfile.files import OutputError, OutputFolder
from inspec_textfile.job import Clock, Job, Run, State, read, replace_file
from inspec_textfile.memory import Memory, ReportMemory
from inspec_textfile.messages import Messages
from inspec_textfile.pages.files import page_file
from inspec_textfile.report.sources import STDIN, Source, find_sources
from inspec_textfile.reuse import Unchanged, find_unchanged, kept_outputs, remembered, same_again
from inspec_textfile.text import digest_of

# Modules that parse and render are imported only if there is something to parse or render.
if TYPE_CHECKING:
    from inspec_textfile.convert import Converted, Task
    from inspec_textfile.metrics.exposition import ReportRow, RunFigures
    from inspec_textfile.pages.fleet import Fleet

__all__ = ["Clock", "Job", "run"]

_CLOCK_TOLERANCE = 3600.0
"""Seconds that the clock of the host that was scanned may be ahead of this host's."""


def run(job: Job, *, clock: Clock, write_stdout: Callable[[bytes], None], messages: Messages) -> State:
    """Do a job, and return what is known about every report at the end.

    Failures go to `messages.error`; everything else is still done.
    """
    with ExitStack() as stack:
        this = _prepared(stack, job, clock, messages)
        unchanged = find_unchanged(this)
        body = same_again(this, unchanged.reports)
        if body is not None:
            messages.info("nothing changed since the last run")
            state = State(unchanged.reports)
        else:
            state = _converted(this, unchanged)
            fleet = _fleet(this, state)
            overviews = _write_overviews(this, this.reports_folder, fleet) if this.reports_folder else this.last.index_digest
            body = _publish(this, state, fleet, overviews)
        _report_warnings(this, state)
        from inspec_textfile.metrics.exposition import own_times

        text = body + own_times(clock.now(), clock.elapsed())
        if this.output:
            replace_file(this.output, job.output_file, text, job.mode, messages)
        elif not job.output_dir:
            _print(text, write_stdout, messages)
        return state


def _report_warnings(this: Run, state: State) -> None:
    """Report what a person should know about results that were read: in every run, until they change."""
    for source in this.sources.found:
        report = state.reports[source.name]
        for warning in report.warnings if report.unreadable_since_ns is None else ():
            this.messages.error(f"{source.path}: {warning}")


# --- prepare ------------------------------------------------------------------------------------------------------------------


def _prepared(stack: ExitStack, job: Job, clock: Clock, messages: Messages) -> Run:
    """Open and lock the folders, read the memory and find the results."""
    output = _open(stack, job.output_dir, messages, create=False) if job.output_dir else None
    reports_folder: OutputFolder | None
    if output and job.reports_dir and _is_same_folder(output.path, job.reports_dir):
        reports_folder = output  # locked already
    else:
        reports_folder = _open(stack, job.reports_dir, messages, create=True) if job.reports_dir else None
    last = Memory()
    if output:
        last, problem = memory.load(output, job.output_file)
        if problem:
            messages.error(problem)
    # Only after the folders are locked: of two runs at once, the one that writes last must also have looked last.
    sources = find_sources(job.arguments, job.results_dir, job.stdin_name)
    made_by = digest_of(f"{memory.program_digest()} {job.control_series} {job.inputs}".encode())
    for_file = f"{made_by} {job.max_control_series} {job.reports_dir} {bool(job.upload)}"
    return Run(
        job=job,
        clock=clock,
        messages=messages,
        output=output,
        reports_folder=reports_folder,
        sources=sources,
        last=last,
        made_by=made_by,
        file_made_by=digest_of(for_file.encode()),
    )


def _open(stack: ExitStack, path: str, messages: Messages, *, create: bool) -> OutputFolder | None:
    try:
        return stack.enter_context(OutputFolder(path, create=create))
    except OutputError as error:
        messages.error(str(error))
        return None


def _is_same_folder(one: str, other: str) -> bool:
    with suppress(OSError):
        return os.path.samefile(one, other)
    return False


# --- convert ------------------------------------------------------------------------------------------------------------------


def _converted(this: Run, unchanged: Unchanged) -> State:
    """Convert what changed, and return what is known about every report."""
    from inspec_textfile import lost

    for problem in this.sources.problems:
        this.messages.error(problem)
    outputs = kept_outputs(unchanged.reports)
    reused = {name: unchanged.reports[name] for name in outputs}
    reports = dict(reused)
    broken = []
    for task, converted in _convert_rest(this, reused, unchanged.digests):
        for message in converted.errors:
            this.messages.error(message)
        for message in converted.infos:
            this.messages.info(message)
        if converted.memory:
            this.messages.info(f"{task.source.path}: read as the report {task.source.name}")
            reports[task.source.name] = converted.memory
        else:
            broken.append(lost.unreadable_report(this, task.source, converted.reason))
    broken += lost.over_limit(this, reports)
    for report in broken:
        this.messages.error(f"{report.path}: {report.reason}")
    broken += lost.missing_reports(this, reports)
    for report in broken:
        reports[report.name] = lost.last_good(this, report, reports.get(report.name))
    reports = dict(sorted(reports.items()))
    outputs = {name: outputs[name] if report is reused.get(name) else report.decoded() for name, report in reports.items()}
    return State(reports, tuple(broken), outputs)


def _convert_rest(
    this: Run, reused: Mapping[str, ReportMemory], digests: Mapping[str, str]
) -> Iterator[tuple[Task, Converted]]:
    """Convert the reports that are not reused. `digests`: see `Unchanged`."""
    from inspec_textfile.convert import Settings, Task, convert

    changed = [source for source in this.sources.found if source.name not in reused]
    tasks = [Task(source, _size(source, this.job), last) for source, last in zip(changed, remembered(this, changed, digests))]
    settings = Settings(
        read=lambda source: read(source, this.job),
        reports_folder=this.reports_folder,
        control_series=this.job.control_series,
        inputs=this.job.inputs,
        made_by=this.made_by,
        latest=this.clock.now() + _CLOCK_TOLERANCE,
    )
    return zip(tasks, convert(tasks, settings, lambda number: this.messages.progress(number, len(tasks))))


def _size(source: Source, job: Job) -> int:
    if source.path == STDIN and job.stdin:
        return len(job.stdin[0])
    try:
        return os.stat(source.path).st_size
    except OSError:
        return 0


# --- write --------------------------------------------------------------------------------------------------------------------


def _fleet(this: Run, state: State) -> Fleet:
    """Return what overviews show of all reports."""
    from inspec_textfile.pages.fleet import Fleet, FleetReport

    broken = {report.name: report for report in state.unreadable}
    folder = this.reports_folder
    return Fleet(
        tuple(
            FleetReport(
                name,
                output.summary,
                broken.get(name),
                has_page=name not in broken or bool(folder and folder.has(page_file(name))),
            )
            for name, output in state.outputs.items()
        )
    )


def _write_overviews(this: Run, folder: OutputFolder, fleet: Fleet) -> str:
    """Write the files that show all reports, unless they are the same; return their digest."""
    from inspec_textfile.pages.overviews import OVERVIEWS

    digests = []
    for overview in OVERVIEWS:
        data = overview.make(fleet).encode()
        digests.append(digest_of(data))
        if folder.digest(overview.file_name) != digests[-1]:
            replace_file(folder, overview.file_name, data, None, this.messages, durable=False)
    return " ".join(digests)


def _publish(this: Run, state: State, fleet: Fleet, overviews: str) -> bytes:
    """Upload the pages, write the memory, and return the .prom without its times.

    The memory is written before the .prom: a run that is killed between the two makes the .prom from it next time.
    """
    from inspec_textfile.metrics.exposition import RunFigures, exposition

    upload, run_figures = this.last.upload, RunFigures(__version__)
    if this.job.upload:  # now, so that its outcome is among the metrics
        upload, run_figures = _upload(this, state, fleet)
    body = exposition(
        _rows(state),
        run_figures,
        control_series=this.job.control_series,
        max_control_series=this.job.max_control_series,
    )
    if this.output:
        gone = [report for name, report in this.last.reports.items() if name not in state.reports]
        reports = {**state.reports, **{report.name: report for report in memory.kept_when_gone(gone)}}
        new = Memory(reports, (len(body), digest_of(body)), overviews, this.file_made_by, upload)
        problem = memory.save(this.output, this.job.output_file, new, this.last)
        if problem:
            this.messages.error(problem)
    return body


def _upload(this: Run, state: State, fleet: Fleet) -> tuple[object, RunFigures]:
    """Publish the pages, and return what to remember and the figures of the upload."""
    from inspec_textfile.metrics.exposition import RunFigures
    from inspec_textfile.upload.site import Site, publish_site
    from inspec_textfile.upload.state import UploadState

    assert this.job.upload  # noqa: S101  # the caller's condition
    known = None
    with suppress(ValueError, KeyError, TypeError):  # of another version, or nothing yet: everything is sent
        known = UploadState.from_json(this.last.upload)
    success = False
    if this.reports_folder:
        outputs = state.outputs
        site = Site(
            profiles={name: output.text.checks for name, output in outputs.items() if output.text},
            fleet=fleet,
        )
        success, known = publish_site(
            this.job.upload, this.reports_folder, site, state=known, now=this.clock.now(), messages=this.messages
        )
    last_success = known.last_success if known else None
    figures = RunFigures(__version__, upload_success=success, upload_last_success=last_success)
    return known.as_json() if known else None, figures


def _rows(state: State) -> Sequence[ReportRow]:
    from inspec_textfile.metrics.exposition import ReportRow

    missing = {report.name for report in state.unreadable if report.missing}
    return [
        ReportRow(
            name=name,
            text=state.outputs[name].text,
            modified_ns=report.modified_ns,
            readable=report.unreadable_since_ns is None,
            missing=name in missing,
        )
        for name, report in state.reports.items()
    ]


def _print(text: bytes, write_stdout: Callable[[bytes], None], messages: Messages) -> None:
    try:
        write_stdout(text)
    except OSError as error:
        messages.error(f"standard output: {error.strerror}")
