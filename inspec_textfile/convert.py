"""One results file: read, judged, compared with its past, counted, shown. A failure here affects this file alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import markdown_it
import mdurl

import inspec_textfile
from inspec_textfile import budget, memory, pages
from inspec_textfile.budget import OutOfTime, time_limit
from inspec_textfile.files import OutputError, OutputFolder
from inspec_textfile.history.model import MAX_NOT_TESTED, MAX_RUNS, History, Past, Replaced
from inspec_textfile.history.past import advance, findings_of, replaced_by, same_report, shown, without_wrong_clock
from inspec_textfile.history.streaks import is_full
from inspec_textfile.memory import FileFacts, ReportMemory
from inspec_textfile.metrics.figures import Figures, figures
from inspec_textfile.pages.links import page_file
from inspec_textfile.parallel import Progress, cores, spread
from inspec_textfile.report.inputs import without_inputs
from inspec_textfile.report.model import Report
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport, ReportWarning, unexpected
from inspec_textfile.report.sources import MAX_BYTES, STDIN, OlderRun, Source, SourceError, read_source, without_stamp
from inspec_textfile.summary import Summary, summarize, worst_first
from inspec_textfile.text import digest_of

_WORTH_A_PROCESS = 1_000_000
"""Bytes of results from which a second process pays."""
_MAX_PROCESSES = 4
"""On any number of cores: production work comes first."""
_HASHED_ONLY = 20
"""How much faster a results file is read and hashed than converted."""


class Options(NamedTuple):
    """The options that affect a report's figures or page: all of them are part of what its reuse depends on."""

    control_series: str
    inputs: bool
    """Whether pages show the profiles' inputs."""
    limits: tuple[tuple[str, int], ...]
    """(severity, days) in which a finding must be repaired."""


class Context(NamedTuple):
    """What is the same for all files of a run."""

    read: Callable[[Source], tuple[bytes, int]]
    """Returns a report's bytes and its time (Unix time, nanoseconds). Raises SourceError."""
    reports_folder: OutputFolder | None
    """None for no pages."""
    options: Options
    cache_key: str
    """Digest of the code and of the options: the same key and the same bytes, the same output."""
    known: Mapping[str, ReportMemory]
    """By name, what is remembered about all reports but those of `moved`."""
    moved: Mapping[str, ReportMemory]
    """By path of their results, the reports whose file counts under another name now."""
    by_digest: Mapping[str, ReportMemory]
    """By SHA-256 of their last results, the reports that may have another name by now."""
    vanished: tuple[ReportMemory, ...]
    """The reports whose names are not among the results any more: those of the last run, and those that were gone before."""
    most_findings: int
    """Open findings of one report that the files which show all reports may have."""
    most_past: int
    """Bytes of the past of one report."""
    latest: float
    """No run can have begun after this: Unix time, seconds."""


class Converted(NamedTuple):
    """What became of one results file."""

    reason: str = ""
    """Why it could not be read, "" if it could."""
    memory: ReportMemory | None = None
    """What to remember about its report; None if it could not be read, as its figures and its summary are then."""
    figures: Figures | None = None
    summary: Summary | None = None
    continues: str = ""
    """The vanished report that it is, under another name."""
    moved_from: str = ""
    """The other file that the report was read from in the last run, "" for none."""
    errors: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


def cache_key(options: Options) -> str:
    """Return a digest of all that figures and pages depend on beside the results: code, packages and options."""
    return digest_of(f"{_program_digest()} {options!r}".encode())


@lru_cache(maxsize=1)
def _program_digest() -> str:
    """Return a digest of this program's code, templates and texts, and of the versions of what it renders with."""
    digest = hashlib.sha256()
    package = os.path.dirname(inspec_textfile.__file__)
    archive = getattr(inspec_textfile.__loader__, "archive", None)  # run from a single file (zipapp)
    paths = [archive] if archive else sorted(_code_files(package))
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            digest.update(file.read())
    digest.update(f"markdown-it-py {markdown_it.__version__} mdurl {mdurl.__version__}".encode())
    return digest.hexdigest()


def _code_files(package: str) -> list[str]:
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(package)
        for name in names
        if name.endswith((".py", ".css", ".js"))
    ]


def convert(sources: Sequence[Source], context: Context, progress: Progress) -> list[Converted]:
    """Convert results files and write their pages, on several cores if that pays. `progress`: called with how many are done."""
    weights = [_weight(source, context) for source in sources]
    processes = min(cores(), _MAX_PROCESSES, len(sources), 1 + sum(weights) // _WORTH_A_PROCESS)
    if processes > 1:
        pages.load()
        return spread(weights, lambda number: _convert(sources[number], context), processes, progress)
    converted = []
    for count, source in enumerate(sources, 1):
        converted.append(_convert(source, context))
        progress(count)
    return converted


def _weight(source: Source, context: Context) -> int:
    """Return how much work a results file is likely to be, in bytes that must be converted."""
    try:
        status = os.stat(source.path)
    except OSError:
        return 1
    last = context.known.get(source.name)
    is_same = last is not None and last.file.modified_ns == status.st_mtime_ns and last.file.cache_key == context.cache_key
    return max(1, status.st_size // _HASHED_ONLY if is_same else status.st_size)


def _convert(source: Source, context: Context) -> Converted:
    """Return what became of a results file: of its findings the worst, as many as there may be."""
    one = _converted_or_known(source, context)
    findings = one.summary.findings if one.summary else ()
    if not one.summary or len(findings) <= context.most_findings:
        return one
    kept = tuple(sorted(sorted(findings, key=worst_first)[: context.most_findings]))
    problem = (
        f"{source.path}: has {len(findings):,} open findings; its page has all, the files that show all reports have the worst "
        f"{len(kept):,} of them: split the run"
    )
    return one._replace(summary=one.summary._replace(findings=kept), errors=(*one.errors, problem))


def _converted_or_known(source: Source, context: Context) -> Converted:
    try:
        data, modified_ns = context.read(source)
        digest = digest_of(data)
        last = context.known.get(source.name)
        if last and _is_same(source, last, digest, modified_ns, context):
            counted, summary, lost = memory.output_of(last)
            if counted and summary and not lost:
                return Converted("", last.with_file(modified_ns=modified_ns, path=path_of(source)), counted, summary)
        older = sum(map(_size_of, _new_runs(source, last.file.stamp if last else "")))
        with time_limit(budget.seconds_for(len(data) + older)):
            judged = _judged(source, data, modified_ns, context)
        return _converted(source, judged, len(data), context)
    except (SourceError, NotAReport) as error:
        return Converted(reason=str(error))
    except OutOfTime:
        return Converted(reason="takes too long to read: split the run, or look for what is unusual in it")
    except Exception as error:
        return Converted(reason=unexpected(error))


def _is_same(source: Source, last: ReportMemory, digest: str, modified_ns: int, context: Context) -> bool:
    """Return whether a report's output would be the same again, and its page is complete: the one rule of reuse."""
    file = last.file
    if file.digest != digest or file.cache_key != context.cache_key or file.gone or not last.is_readable:
        return False
    if file.stamp != source.stamp or not {"figures", "summary", "past", "states"} <= last.parts.keys():
        return False
    if not file.is_dated and file.modified_ns != modified_ns:  # the mtime decides which waivers still count
        return False
    folder = context.reports_folder
    return not folder or bool(file.page and folder.digest(page_file(source.name)) == file.page)


class _Judged(NamedTuple):
    """A report with its past, and all that follows from them but its page."""

    report: Report
    last: ReportMemory
    continues: str
    past: Past
    is_lost: bool
    """What was remembered of its past cannot be read."""
    history: History
    figures: Figures


def _judged(source: Source, data: bytes, modified_ns: int, context: Context) -> _Judged:
    """Parse and judge a results file. Raises NotAReport, also for figures over their budget."""
    report = parse_report(data, source.name, modified_ns)
    report = report if context.options.inputs else without_inputs(report)
    last, continues = _last(source, report, context)
    known = memory.past_of(last)
    past = _past(source, report, known or Past(), last.file.stamp, context)
    history = shown(past, report)
    counted = figures(report, history, context.options.control_series)
    if counted.series > budget.MAX_SERIES:
        raise NotAReport(
            f"would make {counted.series:,} series, over the limit of {budget.MAX_SERIES:,} for one report: split the run"
        )
    if counted.size > budget.MAX_PROM_BYTES:
        most = f"{budget.MAX_PROM_BYTES >> 20} MiB for one report"
        raise NotAReport(f"would add {counted.size:,} bytes to the .prom, over the limit of {most}: its names are too long")
    return _Judged(report, last, continues, past, known is None, history, counted)


def _converted(source: Source, judged: _Judged, size: int, context: Context) -> Converted:
    """Write the page of a report that was judged, and return what became of it. `size`: bytes of its results file."""
    report, past = judged.report, judged.past
    warnings = [*report.warnings, *_warnings_of_past(past, report)]
    errors: list[str] = []
    infos: list[str] = []
    if judged.is_lost:
        errors.append(f"{source.path}: what the memory knows of its history cannot be read, so it starts over")
    page = judged.last.file.page
    if context.reports_folder:
        page, missing = _write_page(context.reports_folder, judged, size, context.options, errors, infos)
        warnings += [ReportWarning("page-cut", (missing,))] if missing else []
    summary = summarize(report, judged.history)
    file = FileFacts(
        digest=report.digest,
        modified_ns=report.modified_ns,
        path=path_of(source),
        cache_key=context.cache_key,
        page=page,
        stamp=source.stamp,
        is_dated=report.started is not None,
        series=judged.figures.series,
        warnings=tuple(warnings),
    )
    past_parts = memory.past_parts(past)
    if sum(map(len, past_parts.values())) > context.most_past:
        errors.append(
            f"{source.path}: its history is over {context.most_past >> 10:,} KiB, so it starts over with the next run"
        )
        past_parts = {"past": memory.past_parts(Past())["past"]}  # no states: it is read again, and told, in every run
    new = ReportMemory(source.name, file, {**memory.output_parts(judged.figures, summary), **past_parts})
    moved_from = "" if judged.continues else _other_file(source, judged.last)
    return Converted("", new, judged.figures, summary, judged.continues, moved_from, tuple(errors), tuple(infos))


# --- the past -----------------------------------------------------------------------------------------------------------------


def _last(source: Source, report: Report, context: Context) -> tuple[ReportMemory, str]:
    """Return what is remembered about a report, and under which other name it was in the last run, "" if under this one.

    The same file is the same report, and so are the same bytes, under whatever name; and a new name stands for a report that
    vanished if that is of the same host and profiles, and no other one is.
    """
    moved = context.moved.get(path_of(source))
    if moved:
        return _under_new_name(source, moved), moved.name
    last = context.known.get(source.name)
    if last and last.file.digest == report.digest:
        return last, ""
    same = context.by_digest.get(report.digest)
    if same and not (last and same.file.gone):
        return _under_new_name(source, same), same.name
    if last and last.file.digest:  # else no results under this name could be read so far
        return last, ""
    found = [other for other in context.vanished if same_report(_without_states(other.parts.get("past", b"")), report)]
    found = [other for other in found if not other.file.gone] or found
    if len(found) == 1:
        return _under_new_name(source, found[0]), found[0].name
    return ReportMemory(source.name), ""


@lru_cache(maxsize=2 * memory.MAX_GONE)  # each is compared with every report that is new
def _without_states(past: bytes) -> Past:
    return memory.past_of(ReportMemory("", parts={"past": past})) or Past()


def _under_new_name(source: Source, other: ReportMemory) -> ReportMemory:
    return ReportMemory(source.name, FileFacts(stamp=""), other.parts)


def _past(source: Source, report: Report, past: Past, stamp: str, context: Context) -> Past:
    """Return the past of a report with its run, and with those whose files are new since the last run, which had `stamp`."""
    older = _new_runs(source, stamp)
    replaced: Replaced | None = None
    for one in chain(map(_older_report, older), (report,)):  # one at a time: each may be large
        known = without_wrong_clock(past, context.latest)
        past = advance(known, one) if one else known
        if past is not known:  # whose results were replaced is told, also if that was not by the newest ones
            replaced = past.replaced or replaced
            past = past._replace(replaced=replaced)
    return past


def _new_runs(source: Source, stamp: str) -> list[OlderRun]:
    """Return the older files of a report that are new since the last run, which had `stamp`, as many as are remembered."""
    return [run for run in source.older if run.stamp > stamp][-MAX_RUNS:]


def _size_of(run: OlderRun) -> int:
    """Return how many bytes of a file would be read."""
    try:
        return min(os.stat(run.path).st_size, MAX_BYTES)
    except OSError:
        return 0


def _older_report(run: OlderRun) -> Report | None:
    """Return the report of an earlier run, None if it cannot be read: only the newest counts."""
    try:
        data, modified_ns = read_source(Source("", run.path))
        return parse_report(data, "", modified_ns)
    except Exception:
        return None


def _warnings_of_past(past: Past, report: Report) -> list[ReportWarning]:
    """Return what a person should know about a report's past: told in every run, until there are newer results."""
    warnings = []
    replaced = replaced_by(past, report)
    if replaced:
        warnings.append(ReportWarning(f"replaces-{replaced.kind}", (replaced.name,)))
    if is_full(findings_of(past.last).values()):
        warnings.append(ReportWarning("many-not-tested", (f"{MAX_NOT_TESTED:,}",)))
    return warnings


def path_of(source: Source) -> str:
    """Return where a results file is, without the time stamp in its name: files that differ in it are one report."""
    if source.path == STDIN:
        return STDIN
    folder, name = os.path.split(os.path.abspath(source.path))
    return os.path.join(folder, without_stamp(name)[0])


def _other_file(source: Source, last: ReportMemory) -> str:
    """Return the other file that a report was read from in the last run, "" for none: it may be another host's."""
    old = last.file.path
    return "" if last.file.gone or STDIN in (old, source.path) or old == path_of(source) else old


# --- the page -----------------------------------------------------------------------------------------------------------------


def _write_page(
    folder: OutputFolder, judged: _Judged, size: int, options: Options, errors: list[str], infos: list[str]
) -> tuple[str, str]:
    """Write a report's page; return its SHA-256, "" on failure, and a sentence on what is missing on it, "" for nothing."""
    name = page_file(judged.report.name)
    missing = ""
    try:
        text, missing = _rendered(judged, size, dict(options.limits))
        page = text.encode()
        digest = digest_of(page)
        if folder.digest(name) == digest:
            infos.append(f"{folder.path}/{name}: unchanged")
            return digest, missing
        folder.replace(name, page, durable=False)
    except OutputError as error:
        errors.append(str(error))
        return "", missing
    except OutOfTime:
        errors.append(f"{folder.path}/{name}: takes too long to make, so the old page stays; its figures are right")
        return "", missing
    except Exception as error:
        errors.append(f"{folder.path}/{name}: {unexpected(error)}")
        return "", missing
    infos.append(f"{folder.path}/{name}: written, {len(page):,} bytes")
    return digest, missing


def _rendered(judged: _Judged, size: int, limits: Mapping[str, int]) -> tuple[str, str]:
    """Return a report's page within its budget, and a sentence on what is missing on it. Raises OutOfTime."""
    report, history, most = judged.report, judged.history, budget.page_bytes_for(size)
    seconds = budget.seconds_for(size)
    try:
        with time_limit(seconds):
            return pages.render_within(most, size, report, history, limits)
    except (OutOfTime, MemoryError):
        with time_limit(seconds):
            return pages.render_cut(most, "would take too long to make", report, history, limits)
