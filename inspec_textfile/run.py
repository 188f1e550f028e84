"""One run: results in, metrics and pages out, step by step."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple

from inspec_textfile import __version__, budget, carryover, memory
from inspec_textfile.convert import Context, Converted, Options, cache_key, convert, path_of
from inspec_textfile.files import BusyError, OutputError, OutputFolder
from inspec_textfile.inspec_runs import inspec_runs
from inspec_textfile.memory import Memory, ReportMemory
from inspec_textfile.messages import Messages
from inspec_textfile.metrics.exposition import exposition
from inspec_textfile.metrics.figures import Figures
from inspec_textfile.metrics.of_run import ReportRow, RunFacts, dropped_controls
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.links import page_file
from inspec_textfile.pages.overviews import OVERVIEWS
from inspec_textfile.report.model import NOT_TESTED, Unreadable
from inspec_textfile.report.problems import unexpected
from inspec_textfile.report.sources import (
    STDIN,
    Source,
    SourceError,
    Sources,
    find_sources,
    modified_ns_of,
    read_source,
    refuse_too_large,
)
from inspec_textfile.summary import Summary
from inspec_textfile.text import digest_of

_MODE_OF_PAGES = 0o750
"""Of a new folder of pages, which show what is weak: whom to open it to is for a person to say."""
if TYPE_CHECKING:
    from inspec_textfile.upload.target import Publication

_CLOCK_TOLERANCE = 3600.0
"""Seconds that the clock of the host that was scanned may be ahead of this host's."""
_MAX_NAMED = 5
"""Of the things that one message names."""


class Job(NamedTuple):
    """What a run is to do."""

    arguments: tuple[str, ...]
    """Files, folders and `-`; none: `results_dir`."""
    results_dir: str
    stdin: tuple[bytes, int] | None
    """Bytes and time (Unix time, nanoseconds) of the report on standard input, if that is among the arguments."""
    stdin_name: str
    output_dir: str | None
    """None prints the metrics."""
    output_file: str
    reports_dir: str | None
    """None for no pages."""
    mode: int
    control_series: str = "none"
    """One of metrics.figures.CONTROL_SERIES."""
    max_control_series: int = 1000
    inputs: bool = True
    """Whether pages show the profiles' inputs."""
    limits: tuple[tuple[str, int], ...] = (("critical", 30), ("high", 30), ("medium", 90), ("low", 180))
    """(severity, days) in which a finding must be repaired."""
    upload: Publication | None = None
    """Where the pages are published; None for nowhere."""
    inspec_dirs: tuple[str, ...] = ()
    """Folders where run_inspec.sh may say how InSpec itself went; none: `output_dir`."""
    stdin_problem: str = ""
    """Why standard input cannot be read, "" if it can."""


class Clock(NamedTuple):
    """The time, read in one place."""

    now: Callable[[], float]
    """Returns the Unix time, in seconds."""
    elapsed: Callable[[], float]
    """Returns the seconds since the program started."""


class ReportState(NamedTuple):
    """What is known about a report at the end of a run."""

    memory: ReportMemory
    figures: Figures | None
    """Its last good ones; None if it could never be read."""
    summary: Summary | None
    """Its last good one."""
    unreadable: Unreadable | None = None
    """Set if its current results could not be read."""


class State(NamedTuple):
    """What is known at the end of a run."""

    reports: Mapping[str, ReportState]
    """By name, sorted."""
    is_complete: bool = True
    """Whether everything could be read and written, and nothing needs attention."""


def run(job: Job, *, clock: Clock, write_stdout: Callable[[bytes], None], messages: Messages) -> State:
    """Do a job, and return what is known about every report at the end.

    Failures go to `messages.error`; everything else is still done.
    """
    with ExitStack() as stack:
        try:
            output, reports_folder = _folders(stack, job, messages)
        except BusyError as error:  # another run does the same, or hangs: whatever this one wrote would be half of the truth
            messages.error(str(error))
            return State({}, is_complete=False)
        last, problem = memory.load(output, job.output_file) if output else (Memory(), "")
        if problem:
            messages.error(problem)
        # Only after the folders are locked: of two runs at once, the one that writes last must also have looked last.
        latest = max(clock.now(), last.written) + _CLOCK_TOLERANCE
        sources = find_sources(job.arguments, job.results_dir, job.stdin_name, latest)
        for problem_of_folder in sources.problems:
            messages.error(problem_of_folder)
        converted = _convert(job, sources, last, reports_folder, clock, messages)
        reports = _with_lost(job, sources, converted, last, reports_folder, messages)
        fleet = _fleet(reports, reports_folder, job)
        if reports_folder:
            _write_overviews(fleet, reports_folder, messages)
        facts, upload = _publish(job, reports, fleet, reports_folder, last, clock, messages)
        if output:
            renamed = {one.continues for one in converted.values()}
            # What goes on under another name must not go on under a third.
            last = last._replace(reports={name: report for name, report in last.reports.items() if name not in renamed})
            have_pages, is_good = reports_folder is not None, not problem
            _remember(output, job, reports, upload, last, facts, is_good=is_good, pages_are_written=have_pages, say=messages)
        _tell(sources, reports, facts, messages)
        facts = facts._replace(now=clock.now(), elapsed=clock.elapsed())
        _write_prom(job, output, exposition(facts), write_stdout, messages)
    return State(reports, is_complete=not messages.errors)


# --- prepare ------------------------------------------------------------------------------------------------------------------


def _folders(stack: ExitStack, job: Job, say: Messages) -> tuple[OutputFolder | None, OutputFolder | None]:
    """Open and lock the folders of the .prom and of the pages; None for one that is not wanted, or cannot be used.

    Raises BusyError if another run holds the lock of the first.
    """

    def opened(path: str, create: int | None) -> OutputFolder | None:
        try:
            return stack.enter_context(OutputFolder(path, create=create))
        except OutputError as error:
            if isinstance(error, BusyError) and path == job.output_dir:
                raise
            say.error(str(error))
            return None

    output = opened(job.output_dir, None) if job.output_dir else None
    if output and job.reports_dir and _is_same_folder(output.path, job.reports_dir):
        return output, output  # locked already
    return output, opened(job.reports_dir, _MODE_OF_PAGES) if job.reports_dir else None


def _is_same_folder(one: str, other: str) -> bool:
    with suppress(OSError):
        return os.path.samefile(one, other)
    return False


def _read(source: Source, job: Job) -> tuple[bytes, int]:
    """Return a report's bytes and its time (Unix time, nanoseconds). Raises SourceError."""
    if source.path == STDIN and job.stdin:
        if job.stdin_problem:
            raise SourceError(job.stdin_problem)
        refuse_too_large(job.stdin[0])
        return job.stdin
    return read_source(source)


# --- convert ------------------------------------------------------------------------------------------------------------------


def _convert(
    job: Job, sources: Sources, last: Memory, reports_folder: OutputFolder | None, clock: Clock, say: Messages
) -> dict[str, Converted]:
    """Convert all results files, and return what became of each, by the report's name."""
    options = Options(job.control_series, job.inputs, job.limits)
    paths = {source.name: source.path for source in sources.found}
    moved = _moved(sources, last)
    known = {name: report for name, report in last.reports.items() if report.file.path not in moved}
    # The last one of a digest counts: what was there in the last run, rather than what has been gone for longer.
    by_age = sorted(known.values(), key=lambda report: not report.file.gone)
    context = Context(
        read=lambda source: _read(source, job),
        reports_folder=reports_folder,
        options=options,
        cache_key=cache_key(options),
        known=known,
        moved=moved,
        by_digest={report.file.digest: report for report in by_age if _may_have_moved(report, paths)},
        vanished=tuple(report for name, report in known.items() if name not in paths),
        most_findings=budget.findings_for(len(sources.found)),
        most_past=budget.past_bytes_for(len(sources.found)),
        latest=max(clock.now(), last.written) + _CLOCK_TOLERANCE,
    )
    converted = convert(sources.found, context, lambda count: say.progress(count, len(sources.found)))
    converted = _each_past_once(sources, converted, context)
    for source, one in zip(sources.found, converted):
        for message in one.errors:
            say.error(message)
        for message in one.infos:
            say.info(message)
        if one.memory:
            say.info(f"{source.path}: read as the report {source.name}")
    others = [(source, one.moved_from) for source, one in zip(sources.found, converted) if one.moved_from]
    if others:
        shown = ", ".join(f"{source.name} from {source.path}, before from {old}" for source, old in others[:_MAX_NAMED])
        more = f" and {len(others) - _MAX_NAMED:,} more" if len(others) > _MAX_NAMED else ""
        say.error(f"read from other files than in the last run, so check that they are of the same hosts: {shown}{more}")
    return {source.name: one for source, one in zip(sources.found, converted)}


def _moved(sources: Sources, last: Memory) -> dict[str, ReportMemory]:
    """Return, by path, the reports whose file counts under another name now: a folder joined or left, or is given otherwise."""
    names = {path_of(source): source.name for source in sources.found if source.path != STDIN}
    return {
        report.file.path: report for report in last.present.values() if names.get(report.file.path, report.name) != report.name
    }


def _each_past_once(sources: Sources, converted: list[Converted], context: Context) -> list[Converted]:
    """Return what became of each file, again for those that may all be the same report that is gone: then none of them is."""
    claims = Counter(one.continues for one in converted if one.continues)
    if not claims or max(claims.values()) == 1:
        return converted
    context = context._replace(vanished=tuple(report for report in context.vanished if claims[report.name] < 2))
    pairs = zip(sources.found, converted)
    return [convert((source,), context, lambda _: None)[0] if claims[one.continues] > 1 else one for source, one in pairs]


def _may_have_moved(report: ReportMemory, paths: Mapping[str, str]) -> bool:
    """Return whether the last results of a report may have another name by now: there are none, or others, under its own."""
    path = paths.get(report.name)
    return bool(report.file.digest) and (path is None or modified_ns_of(path) != report.file.modified_ns)


def _with_lost(
    job: Job,
    sources: Sources,
    converted: Mapping[str, Converted],
    last: Memory,
    reports_folder: OutputFolder | None,
    say: Messages,
) -> dict[str, ReportState]:
    """Return the state of all reports, with the last good figures of those that cannot be read now."""
    reports = {name: ReportState(one.memory, one.figures, one.summary) for name, one in converted.items() if one.memory}
    by_name = {source.name: source for source in sources.found}
    reasons = {name: one.reason for name, one in converted.items() if not one.memory}
    over_limit = _over_limit(reports, last)
    for name, reason in (*reasons.items(), *over_limit.items()):
        broken = carryover.unreadable_report(by_name[name], reason, last.reports.get(name))
        say.error(f"{broken.path}: {broken.reason}")
        # A report over the limit has a page of its own results.
        reports[name] = _last_good(broken, last, None if name in over_limit else reports_folder, say)
    missing = carryover.missing_reports(
        last.present,
        sources,
        {one.continues for one in converted.values()},
        has_new=any(name not in last.reports and not one.continues for name, one in converted.items()),
        results=" ".join(job.arguments) or job.results_dir,
        memory_path=os.path.join(job.output_dir or ".", memory.file_name(job.output_file)),
    )
    for message in missing.errors:
        say.error(message)
    for message in missing.infos:
        say.info(message)
    if reports_folder:
        for gone in (*missing.removed, *(report for report in last.reports.values() if report.file.gone)):
            if gone.name not in reports:
                _remove_page(reports_folder, gone, say)
    for lost in missing.kept:
        reports[lost.name] = _last_good(lost, last, reports_folder, say)
    return dict(sorted(reports.items()))


def _over_limit(reports: Mapping[str, ReportState], last: Memory) -> dict[str, str]:
    series = {name: state.memory.file.series for name, state in reports.items()}
    before = {name: report.file.series for name, report in last.present.items()}
    modified_ns = {name: state.memory.file.modified_ns for name, state in reports.items()}
    return carryover.over_limit(series, before, modified_ns)


def _last_good(broken: Unreadable, last: Memory, reports_folder: OutputFolder | None, say: Messages) -> ReportState:
    """Return the state of a report whose results cannot be read now: what was last known of it."""
    kept, problem = carryover.last_good(broken, last.reports.get(broken.name), reports_folder)
    if problem:
        say.error(problem)
    figures, summary, lost = memory.output_of(kept)
    if lost:
        say.error(f"{broken.path}: what the memory knows of its {lost} cannot be read, so it is lost")
    return ReportState(kept, figures, summary, broken)


def _remove_page(reports_folder: OutputFolder, gone: ReportMemory, say: Messages) -> None:
    try:
        removed = carryover.remove_page(reports_folder, gone)
        if removed:
            say.info(removed)
    except OutputError as error:
        say.error(str(error))


# --- write --------------------------------------------------------------------------------------------------------------------


def _fleet(reports: Mapping[str, ReportState], reports_folder: OutputFolder | None, job: Job) -> Fleet:
    """Return what overviews show of all reports."""
    folders = job.inspec_dirs or ((job.output_dir,) if job.output_dir else ())
    runs = [one for folder in folders for one in inspec_runs(folder)]
    failed = {one.report: one.started for one in runs if one.success is False}
    return Fleet(
        reports=tuple(
            FleetReport(
                name,
                state.summary,
                state.unreadable,
                has_page=not state.unreadable or bool(reports_folder and reports_folder.has(page_file(name))),
                inspec_failed=failed.get(name),
            )
            for name, state in reports.items()
        ),
        limits=dict(job.limits),
    )


def _write_overviews(fleet: Fleet, folder: OutputFolder, say: Messages) -> None:
    """Write the files that show all reports, unless they are the same. One that fails does not stop the others."""
    for overview in OVERVIEWS:
        path = f"{folder.path}/{overview.file_name}"
        try:
            data = overview.make(fleet).encode()
            if folder.digest(overview.file_name) != digest_of(data):
                folder.replace(overview.file_name, data, durable=False)
                say.info(f"{path}: written, {len(data):,} bytes")
        except OutputError as error:
            say.error(str(error))
        except Exception as error:
            say.error(f"{path}: {unexpected(error)}")


def _publish(
    job: Job,
    reports: Mapping[str, ReportState],
    fleet: Fleet,
    reports_folder: OutputFolder | None,
    last: Memory,
    clock: Clock,
    say: Messages,
) -> tuple[RunFacts, object]:
    """Upload the pages if asked to; return the facts for the .prom, and what to remember of the upload."""
    facts = RunFacts(
        reports=tuple(_rows(reports)),
        version=__version__,
        now=clock.now(),
        elapsed=clock.elapsed(),
        control_series=job.control_series,
        max_control_series=job.max_control_series,
        limits=dict(job.limits),
        history_start=last.history_start or clock.now(),
    )
    if not job.upload:
        return facts, last.upload
    # Only an upload needs asyncio and what else its modules import.
    from inspec_textfile.upload.site import publish_site
    from inspec_textfile.upload.state import UploadState

    before = None
    with suppress(ValueError, KeyError, TypeError):  # of another version, or nothing yet: everything is sent
        before = UploadState.from_json(last.upload)
    success, after = False, before
    if reports_folder:
        profiles = {name: state.figures.checks for name, state in reports.items() if state.figures}
        success, after = publish_site(job.upload, reports_folder, fleet, profiles, last=before, now=clock.now(), messages=say)
    facts = facts._replace(upload_success=success, upload_last_success=after.last_success if after else None)
    return facts, after.as_json() if after else None


def _rows(reports: Mapping[str, ReportState]) -> Iterator[ReportRow]:
    for name, state in reports.items():
        yield ReportRow(
            name=name,
            figures=state.figures,
            modified_ns=state.memory.file.modified_ns,
            readable=state.unreadable is None,
            missing=state.unreadable is not None and state.unreadable.missing,
        )


def _remember(
    output: OutputFolder,
    job: Job,
    reports: Mapping[str, ReportState],
    upload: object,
    last: Memory,
    facts: RunFacts,
    *,
    is_good: bool,
    pages_are_written: bool,
    say: Messages,
) -> None:
    """Write the memory, unless it would be the same: before the .prom, so that a run that is killed between loses nothing.

    `is_good`: the present file is whole, and may become the memory of the run before. `pages_are_written`: by this run.
    """
    gone = memory.kept_when_gone(
        (report for name, report in last.reports.items() if name not in reports), with_pages=not pages_are_written
    )
    new = Memory({**{name: state.memory for name, state in reports.items()}, **gone}, facts.history_start, facts.now, upload)
    if is_good and new._replace(written=last.written) == last:
        return
    problem = memory.save(output, job.output_file, new, keep_last=is_good)
    if problem:
        say.error(problem)


def _tell(sources: Sources, reports: Mapping[str, ReportState], facts: RunFacts, say: Messages) -> None:
    """Report what a person should know about results that were read, in every run until they change, and what was left out."""
    for source in sources.found:
        state = reports[source.name]
        for warning in state.memory.file.warnings if not state.unreadable else ():
            say.error(f"{source.path}: {warning.text}")
        not_tested = [
            one.control for one in (state.summary.findings if state.summary else ()) if one.finding.status == NOT_TESTED
        ]
        if not_tested:
            shown = ", ".join(not_tested[:_MAX_NAMED]) + (", ..." if len(not_tested) > _MAX_NAMED else "")
            say.info(f"{source.path}: {len(not_tested):,} failed when last tested and were not tested now: {shown}")
    dropped = {report: count for report, count in dropped_controls(facts).items() if count}
    if dropped:
        worst = max(dropped, key=lambda report: dropped[report])
        say.error(
            f"{sum(dropped.values()):,} series of single controls are left out, most of them of {worst}: raise "
            "--max-control-series, or leave --control-series out"
        )


def _write_prom(
    job: Job, output: OutputFolder | None, text: bytes, write_stdout: Callable[[bytes], None], say: Messages
) -> None:
    """Write the .prom, or print it if it was asked for on standard output."""
    try:
        if output:
            output.replace(job.output_file, text, job.mode)
            say.info(f"{output.path}/{job.output_file}: written, {len(text):,} bytes")
        elif not job.output_dir:
            write_stdout(text)
    except OutputError as error:
        say.error(str(error))
    except OSError as error:
        say.error(f"standard output: {error.strerror}")
