"""One results file: read, judged, counted, compared with its past, shown. A failure here affects this file alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from inspec_textfile import compare, pages, parallel
from inspec_textfile.files import OutputError, OutputFolder
from inspec_textfile.history import MAX_RUNS, History, Past
from inspec_textfile.memory import Output, ReportMemory, encoded_past, with_output
from inspec_textfile.metrics.exposition import load_library, report_text
from inspec_textfile.metrics.figures import MAX_SERIES_OF_REPORT, Figures, figures
from inspec_textfile.pages.files import page_file
from inspec_textfile.pages.summary import Summary
from inspec_textfile.report.model import Report
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport, unexpected
from inspec_textfile.report.sources import OlderRun, Source, SourceError, read_source
from inspec_textfile.text import digest_of, visible

_WORTH_A_PROCESS = 1_000_000
"""Bytes of results from which a second process pays."""
_MAX_PROCESSES = 4
"""On any number of cores: production work comes first."""

Read = Callable[[Source], "tuple[bytes, int]"]


class Task(NamedTuple):
    """A results file to convert."""

    source: Source
    size: int
    """Approximate bytes, to share out the work."""
    last: ReportMemory
    """What is remembered about its report; empty if nothing is."""


class Settings(NamedTuple):
    """What is the same for all files of a run."""

    read: Read
    reports_folder: OutputFolder | None
    """None for no pages."""
    control_series: str
    inputs: bool
    """Whether pages show the profiles' inputs."""
    made_by: str
    latest: float
    """No run can have begun after this: Unix time, seconds."""


class Converted(NamedTuple):
    """What became of one results file."""

    reason: str = ""
    """Why it could not be read, "" if it could."""
    memory: ReportMemory | None = None
    """What to remember about its report; None if it could not be read."""
    errors: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


def convert(tasks: Sequence[Task], settings: Settings, progress: parallel.Progress) -> list[Converted]:
    """Convert results files and write their pages, on several cores if that pays. `progress`: called with how many are done."""
    processes = min(parallel.cores(), _MAX_PROCESSES, len(tasks), 1 + sum(task.size for task in tasks) // _WORTH_A_PROCESS)
    if processes < 2:
        done = []
        for number, task in enumerate(tasks, 1):
            done.append(_finish(_convert(task, settings)))
            progress(number)
        return done
    import pickle

    pages.load()
    packed = parallel.spread(
        [task.size for task in tasks],
        lambda index: pickle.dumps(_convert(tasks[index], settings)),
        processes,
        progress,
        load_library,
    )
    return [_finish(pickle.loads(data)) for data in packed]  # noqa: S301  # from our own child process


class _Half(NamedTuple):
    """A converted file whose figures are not text yet: prometheus_client is imported in one process only."""

    converted: Converted
    figures: Figures | None = None
    summary: Summary | None = None


def _finish(half: _Half) -> Converted:
    """Return what became of a file, its figures as text."""
    memory = half.converted.memory
    if not memory or not half.figures:
        return half.converted
    return half.converted._replace(memory=with_output(memory, Output(report_text(half.figures), half.summary)))


def _convert(task: Task, settings: Settings) -> _Half:
    source = task.source
    try:
        data, modified_ns = settings.read(source)
        report = parse_report(data, source.name, modified_ns)
        past, others = _past(task, settings, report)
        past = compare.advance(past, report)
        shown = compare.history(past, report)
        counted = figures(report, shown, settings.control_series)
    except (SourceError, NotAReport) as error:
        return _Half(Converted(reason=str(error)))
    except Exception as error:
        return _Half(Converted(reason=unexpected(error)))
    if counted.series > MAX_SERIES_OF_REPORT:
        reason = f"would make {counted.series:,} series, over the limit of {MAX_SERIES_OF_REPORT:,} for one report"
        return _Half(Converted(reason=reason))
    errors: list[str] = []
    infos: list[str] = []
    page = task.last.page
    if settings.reports_folder:
        page = _write_page(settings.reports_folder, report, shown, settings.inputs, errors, infos)
    memory = ReportMemory(
        name=source.name,
        digest=report.digest,
        modified_ns=modified_ns,
        made_by=settings.made_by,
        page=page,
        stamp=source.stamp,
        warnings=(*(warning.text for warning in report.warnings), *others),
        past_line=encoded_past(past),
    )
    summary = pages.summarize(report, shown)
    return _Half(Converted(memory=memory, errors=tuple(errors), infos=tuple(infos)), counted, summary)


def _past(task: Task, settings: Settings, report: Report) -> tuple[Past, list[str]]:
    """Return the past of a report, including the runs whose files are new since the last run.

    Also returns what to say if results of something else had the report's name until now.
    """
    past = task.last.past
    said: list[str] = []
    where = "the last results, which are"
    for run in [run for run in task.source.older if run.stamp > task.last.stamp][-MAX_RUNS:]:
        older = _older_report(run)
        if older:
            past = compare.without_future(past, settings.latest)
            said = _replaces(past, older, where) or said
            past = compare.advance(past, older)
            where = f"{os.path.basename(run.path)}, which is"
    past = compare.without_future(past, settings.latest)
    return past, _replaces(past, report, where) or said


def _replaces(past: Past, report: Report, where: str) -> list[str]:
    """Return what to say if a report is of another host, or of none of the profiles, that the results before it were of."""
    host, profile = compare.other_host(past, report), compare.other_profile(past, report)
    if not host and not profile:
        return []
    what = f"another host, {visible(host)}" if host else f"another profile, {visible(profile)}"
    return [
        f"takes the place of {where} of {what}, so the findings there do not count: "
        "give the results of each host and profile a name of their own"
    ]


def _older_report(run: OlderRun) -> Report | None:
    """Return the report of an earlier run, None if it cannot be read: only the newest counts."""
    try:
        data, modified_ns = read_source(Source("", run.path))
        return parse_report(data, "", modified_ns)
    except Exception:
        return None


def _write_page(folder: OutputFolder, report: Report, shown: History, inputs: bool, errors: list[str], infos: list[str]) -> str:
    """Write a report's page; return its SHA-256, "" on failure."""
    name = page_file(report.name)
    try:
        page = pages.render_report(report, shown, inputs=inputs).encode()
        digest = digest_of(page)
        if folder.digest(name) == digest:
            infos.append(f"{folder.path}/{name}: unchanged")
            return digest
        folder.replace(name, page, durable=False)
    except OutputError as error:
        errors.append(str(error))
        return ""
    except Exception as error:
        errors.append(f"{folder.path}/{name}: {unexpected(error)}")
        return ""
    infos.append(f"{folder.path}/{name}: written, {len(page):,} bytes")
    return digest
