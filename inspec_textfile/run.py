"""One run: results in, metrics and pages out. The order of things, and what becomes of what fails."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inspec_textfile import __version__, unchanged
from inspec_textfile.controlseries import ControlSeries
from inspec_textfile.links import INDEX_FILE, PAGE_MODE, page_file
from inspec_textfile.sources import STDIN, Source, SourceError, Sources, find_sources, read_source, refuse_too_large, unreadable
from inspec_textfile.textfile import Folder, TextfileError

# What parses and renders is imported when there is something to parse or render.
if TYPE_CHECKING:
    from inspec_textfile.convert import Converted
    from inspec_textfile.metrics import Figures
    from inspec_textfile.model import Unreadable
    from inspec_textfile.pages import Summary
    from inspec_textfile.upload.target import Publication

_LARGEST_TEXTFILE = 256 * 1024 * 1024

Say = Callable[[str], None]


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
    upload: Publication | None = None
    """Where the pages are published; None for nowhere."""

    @property
    def options(self) -> str:
        """All that shows in the file or on the pages, but for the results."""
        return f"{__version__} {self.series} {self.reports_dir}"


@dataclass(frozen=True)
class Voice:
    """How a run talks to a person."""

    trouble: Say
    """Something could not be read or written; makes the exit status 1."""
    detail: Say
    progress: Callable[[int, int], None] = lambda _done, _total: None
    """Told how many results files are done, and of how many."""


def run(job: Job, *, started: float, write_stdout: Callable[[bytes], None], voice: Voice) -> None:
    """Do a job.

    `started`: `time.monotonic()` at the program's start. Whatever fails is told to `voice.trouble`; the rest is done
    all the same.
    """
    with ExitStack() as stack:
        output = _open(stack, job.output_dir, voice, create=False) if job.output_dir else None
        shelf: Folder | None
        if output and job.reports_dir and _is_same_folder(output.path, job.reports_dir):
            shelf = output  # locked already
        else:
            shelf = _open(stack, job.reports_dir, voice, create=True) if job.reports_dir else None
        # Not before the folders are locked: of two runs at once, the one that writes last must have looked last.
        sources = find_sources(job.arguments, job.results_dir, job.stdin_name)
        last = output.read(job.output_file, _LARGEST_TEXTFILE) if output else None
        text = None if job.upload else _same_again(last, sources, job, output, shelf, started)
        if text is None:
            text = _made_anew(last, sources, job, output, shelf, started, voice)
        else:
            voice.detail("nothing changed since the last run")
        if not job.output_dir:
            _print(text, write_stdout, voice)
        elif output:
            _replace(output, job.output_file, text, job.mode, voice)


def _same_again(
    last: bytes | None, sources: Sources, job: Job, output: Folder | None, shelf: Folder | None, started: float
) -> bytes | None:
    """Return the last file with the times of this run, if it and all pages were made from just what there is now."""
    if not last or not output or not output.is_own(job.output_file) or sources.problems or (job.reports_dir and not shelf):
        return None
    made = unchanged.origin_of(last)
    if not made:
        return None
    names = [source.name for source in sources.found]
    try:
        same = made.is_of(
            job.options,
            names,
            read=lambda number: _read(sources.found[number], job),
            page=lambda name, most: shelf.read(name, most) if shelf else None,
        )
    except SourceError:
        return None
    return unchanged.as_of(last, now=time.time(), duration=time.monotonic() - started) if same else None


def _made_anew(
    last: bytes | None, sources: Sources, job: Job, output: Folder | None, shelf: Folder | None, started: float, voice: Voice
) -> bytes:
    """Convert all results and return the file of metrics."""
    from inspec_textfile import metrics
    from inspec_textfile.convert import convert

    troubles: list[str] = []

    def trouble(message: str) -> None:
        troubles.append(message)
        voice.trouble(message)

    told = Voice(trouble, voice.detail)
    for problem in sources.problems:
        trouble(problem)
    total = len(sources.found)
    sizes = [_size(source, job) for source in sources.found]
    done = convert(
        sources.found, sizes, lambda source: _read(source, job), job.series, shelf, lambda number: voice.progress(number, total)
    )
    found: list[Figures] = []
    summaries: list[Summary] = []
    broken: list[Unreadable] = []
    series = 0
    for source, one in zip(sources.found, done, strict=True):
        for message in one.troubles:
            trouble(message)
        for message in one.details:
            voice.detail(message)
        reason = one.reason
        if one.figures:
            series += metrics.number_of_series(one.figures)
            if series > metrics.MOST_SERIES:
                reason = f"would make more series than the {metrics.MOST_SERIES:,} of one file: run on parts of the results"
            else:
                found.append(one.figures)
                summaries += [one.summary] if one.summary else []
        if reason:
            broken.append(unreadable(source, reason))
            trouble(f"{broken[-1].path}: {reason}")
    if broken or not sources.complete:
        known = {figures.report for figures in found}
        found += _last_good(_last_figures(last, output, job, trouble), known, broken, sources.unseen)
    index = _write_index(shelf, summaries, broken, told) if shelf else b""
    upload = None
    if job.upload:  # now, so that its outcome is among the metrics
        from inspec_textfile.upload.site import last_success, publish_site

        success = shelf is not None and publish_site(job.upload, shelf, found, summaries, broken, told)
        upload = metrics.Upload(success, time.time() if success else last_success(last))
    text = metrics.exposition(
        sorted(found, key=lambda figures: figures.report),
        job.series,
        version=__version__,
        now=time.time(),
        duration=time.monotonic() - started,
        upload=upload,
    )
    return text if troubles or job.upload or not output else unchanged.with_origin(text, _origin(job, sources, done, index))


def _origin(job: Job, sources: Sources, done: Sequence[Converted], index: bytes) -> unchanged.Made:
    """Return what a file was made from, for the next run."""
    named = list(zip(sources.found, done, strict=True))
    return unchanged.Made(
        options=job.options,
        reports=tuple((source.name, one.digest, one.modified_ns) for source, one in named),
        pages=tuple((page_file(source.name), one.fingerprint) for source, one in named if job.reports_dir),
        index=unchanged.digest_of(index) if job.reports_dir else "",
    )


def _open(stack: ExitStack, path: str, voice: Voice, *, create: bool) -> Folder | None:
    try:
        return stack.enter_context(Folder(path, create=create))
    except TextfileError as error:
        voice.trouble(str(error))
        return None


def _is_same_folder(one: str, other: str) -> bool:
    with suppress(OSError):
        return os.path.samefile(one, other)
    return False


def _read(source: Source, job: Job) -> tuple[bytes, int]:
    """Return a report's bytes and its time (Unix time, nanoseconds). Raises SourceError."""
    if source.path == STDIN and job.stdin:
        refuse_too_large(job.stdin[0])
        return job.stdin
    return read_source(source)


def _size(source: Source, job: Job) -> int:
    if source.path == STDIN and job.stdin:
        return len(job.stdin[0])
    try:
        return os.stat(source.path).st_size
    except OSError:
        return 0


def _last_good(
    last: Mapping[str, Figures], readable: set[str], broken: Sequence[Unreadable], unseen: tuple[str, ...]
) -> list[Figures]:
    """Return the figures of the reports that could not be read: those of the last file, if it has any."""
    from inspec_textfile import metrics

    names = {metrics.label(one.name) for one in broken}
    names |= {name for name in last.keys() - readable if name.startswith(unseen)}
    return [last.get(name) or metrics.unreadable_figures(name) for name in names]


def _last_figures(last: bytes | None, output: Folder | None, job: Job, trouble: Say) -> Mapping[str, Figures]:
    from inspec_textfile.carryover import NotOurs, read_back  # with a parser that a good run does not need

    if last is None:
        if output and output.has(job.output_file):
            trouble(f"{job.output_dir}/{job.output_file}: is no file that can be read: nothing carried over")
        return {}
    try:
        return read_back(last, job.series)
    except NotOurs as error:
        trouble(f"{job.output_dir}/{job.output_file}: is not of our making or damaged ({error}): nothing carried over")
        return {}


def _write_index(shelf: Folder, summaries: Sequence[Summary], broken: Sequence[Unreadable], voice: Voice) -> bytes:
    """Write index.html, unless it is the same, and return it."""
    from inspec_textfile import pages

    kept = {one.name for one in broken if shelf.read(page_file(one.name), 1) is not None}
    page = pages.render_index(summaries, broken, kept).encode()
    if shelf.read(INDEX_FILE, len(page) + 1) != page:
        _replace(shelf, INDEX_FILE, page, PAGE_MODE, voice)
    return page


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
