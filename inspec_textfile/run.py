"""One run: results in, metrics and pages out. The order of things, and what happens when one of them fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from inspec_textfile import __version__, metrics, pages
from inspec_textfile.carryover import NotOurs, read_back
from inspec_textfile.links import INDEX_FILE, page_file
from inspec_textfile.metrics import ControlSeries, Figures
from inspec_textfile.model import Report, Unreadable
from inspec_textfile.results import NotAReport, parse_report
from inspec_textfile.sources import STDIN, Source, SourceError, find_sources, read_source, unreadable
from inspec_textfile.textfile import Folder, TextfileError

PAGE_MODE = 0o644
_HEAD = 2048
"""Bytes of a page in which its fingerprint stands."""
_LARGEST_TEXTFILE = 256 * 1024 * 1024


@dataclass(frozen=True)
class Job:
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
    series: ControlSeries
    mode: int


Say = Callable[[str], None]


@dataclass(frozen=True)
class Voice:
    """How a run talks to a person."""

    trouble: Say
    """Something could not be read or written; makes the exit status 1."""
    detail: Say


def run(job: Job, *, started: float, write_stdout: Callable[[bytes], None], voice: Voice) -> None:
    """Do a job.

    `started`: `time.monotonic()` at the program's start. Whatever fails is told to `voice.trouble`; the rest is done
    all the same.
    """
    with ExitStack() as stack:
        output = _open(stack, job.output_dir, voice, create=False) if job.output_dir else None
        shelf = _open(stack, job.reports_dir, voice, create=True) if job.reports_dir else None
        # Not before the folders are locked: of two runs at once, the one that writes last must have looked last.
        sources = find_sources(job.arguments, job.results_dir, job.stdin_name)
        for problem in sources.problems:
            voice.trouble(problem)
        found: list[Figures] = []
        summaries: list[pages.Summary] = []
        broken: list[Unreadable] = []
        for source in sources.found:
            try:
                report, one = _read(source, job)
            except (SourceError, NotAReport) as error:
                broken.append(unreadable(source, str(error)))
            except Exception as error:
                broken.append(unreadable(source, _our_fault(error)))
            else:
                found.append(one)
                for note in report.notes:
                    voice.trouble(f"{source.path}: {note}")
                if shelf:
                    _write_page(shelf, report, voice)
                    summaries.append(pages.summarize(report))
                continue
            voice.trouble(f"{broken[-1].path}: {broken[-1].reason}")
        readable = {one.report for one in found}
        if broken or not sources.complete:
            found += _last_good(_last_figures(output, job, voice), readable, broken, complete=sources.complete)
        if shelf:
            _write_index(shelf, summaries, broken, voice)
        text = metrics.exposition(
            sorted(found, key=lambda one: one.report),
            job.series,
            version=__version__,
            now=time.time(),
            duration=time.monotonic() - started,
        )
        if not job.output_dir:
            _print(text, write_stdout, voice)
        elif output:
            _replace(output, job.output_file, text, job.mode, voice)


def _open(stack: ExitStack, path: str, voice: Voice, *, create: bool) -> Folder | None:
    try:
        return stack.enter_context(Folder(path, create=create))
    except TextfileError as error:
        voice.trouble(str(error))
        return None


def _read(source: Source, job: Job) -> tuple[Report, Figures]:
    data, modified_ns = job.stdin if source.path == STDIN and job.stdin else read_source(source)
    report = parse_report(data, source.name, modified_ns)
    return report, metrics.figures(report, job.series)


def _our_fault(error: Exception) -> str:
    """Return the reason for which a report that we stumble over is left out: it must not take the others down."""
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    return f"cannot be shown, through a fault of inspec-textfile; please report it: {error!r}"


def _last_good(last: Mapping[str, Figures], readable: set[str], broken: list[Unreadable], *, complete: bool) -> list[Figures]:
    """Return the figures of the reports that could not be read: those of the last file, if it has any."""
    names = {metrics.label(one.name) for one in broken}
    if not complete:
        names |= last.keys() - readable  # perhaps in a folder that could not be listed
    return [last.get(name) or metrics.unreadable_figures(name) for name in names]


def _last_figures(output: Folder | None, job: Job, voice: Voice) -> Mapping[str, Figures]:
    data = output.read(job.output_file, _LARGEST_TEXTFILE) if output else None
    if data is None:
        return {}
    try:
        return read_back(data, job.series)
    except NotOurs as error:
        voice.trouble(f"{job.output_dir}/{job.output_file}: is not of our making or damaged ({error}): nothing carried over")
        return {}


def _write_page(shelf: Folder, report: Report, voice: Voice) -> None:
    """Write a report's page, unless the one that is there shows just that report."""
    name = page_file(report.name)
    fingerprint = pages.fingerprint(report)
    if pages.fingerprint_of(shelf.read(name, _HEAD) or b"") == fingerprint:
        voice.detail(f"{name}: unchanged")
        return
    try:
        page = pages.render_report(report).encode()
    except Exception as error:
        voice.trouble(f"{shelf.path}/{name}: {_our_fault(error)}")
        return
    _replace(shelf, name, page, PAGE_MODE, voice)


def _write_index(shelf: Folder, summaries: list[pages.Summary], broken: list[Unreadable], voice: Voice) -> None:
    kept = {one.name for one in broken if shelf.read(page_file(one.name), 1) is not None}
    page = pages.render_index(summaries, broken, kept).encode()
    if shelf.read(INDEX_FILE, len(page) + 1) != page:
        _replace(shelf, INDEX_FILE, page, PAGE_MODE, voice)


def _print(text: bytes, write_stdout: Callable[[bytes], None], voice: Voice) -> None:
    try:
        write_stdout(text)
    except OSError as error:
        voice.trouble(f"standard output: {error.strerror}")


def _replace(folder: Folder, name: str, data: bytes, mode: int, voice: Voice) -> None:
    try:
        folder.replace(name, data, mode)
        voice.detail(f"{folder.path}/{name}: written, {len(data):,} bytes")
    except TextfileError as error:
        voice.trouble(str(error))
