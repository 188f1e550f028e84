"""One results file: read, judged, counted, shown. What may fail here fails for this file alone."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from inspec_textfile import metrics, pages, parallel
from inspec_textfile.controlseries import ControlSeries
from inspec_textfile.links import PAGE_HEAD, PAGE_MODE, page_file
from inspec_textfile.metrics import Figures
from inspec_textfile.model import Report
from inspec_textfile.pages.summary import Tally
from inspec_textfile.results import NotAReport, parse_report
from inspec_textfile.sources import Source, SourceError
from inspec_textfile.textfile import Folder, TextfileError

_WORTH_A_PROCESS = 1_000_000
"""Bytes of results for which a second process is quicker than going on alone."""
_MOST_PROCESSES = 4
"""However many cores: production work comes first."""

Read = Callable[[Source], tuple[bytes, int]]


class Converted(NamedTuple):
    """What one results file came to."""

    reason: str
    """Why it could not be read, "" if it could."""
    figures: Figures | None
    summary: pages.Summary | None
    """For the index."""
    digest: str
    modified_ns: int
    fingerprint: str
    """Of its page, "" if there is none."""
    troubles: tuple[str, ...]
    details: tuple[str, ...]


def convert(
    sources: Sequence[Source],
    sizes: Sequence[int],
    read: Read,
    series: ControlSeries,
    shelf: Folder | None,
    progress: parallel.Progress,
) -> list[Converted]:
    """Convert results files and write their pages to `shelf`, on several cores if it is worth it.

    `sizes` are the files' bytes, to share the work; `progress` is told how many are done.
    """

    def one(number: int) -> Converted:
        return _convert(sources[number], read, series, shelf)

    processes = min(parallel.cores(), _MOST_PROCESSES, len(sources), 1 + sum(sizes) // _WORTH_A_PROCESS)
    if processes < 2:
        done = []
        for number in range(len(sources)):
            done.append(one(number))
            progress(number + 1)
        return done
    return list(
        map(_unpacked, parallel.spread(sizes, lambda number: _packed(one(number)), processes, progress, metrics.load_library))
    )


def _convert(source: Source, read: Read, series: ControlSeries, shelf: Folder | None) -> Converted:
    try:
        data, modified_ns = read(source)
        report = parse_report(data, source.name, modified_ns)
        figures = metrics.figures(report, series)
    except (SourceError, NotAReport) as error:
        return _unreadable(str(error))
    except Exception as error:
        return _unreadable(_our_fault(error))
    number = metrics.number_of_series(figures)
    if number > metrics.MOST_SERIES_OF_REPORT:
        return _unreadable(f"would make {number:,} series, more than the {metrics.MOST_SERIES_OF_REPORT:,} of one report")
    troubles = [f"{source.path}: {note}" for note in report.notes]
    details: list[str] = []
    summary, fingerprint = None, ""
    if shelf:
        summary = pages.summarize(report)
        fingerprint = _write_page(shelf, report, troubles, details)
    return Converted("", figures, summary, report.digest, modified_ns, fingerprint, tuple(troubles), tuple(details))


def _unreadable(reason: str) -> Converted:
    return Converted(reason, None, None, "", 0, "", (), ())


def _our_fault(error: Exception) -> str:
    """Return the reason for which a report that we stumble over is left out: it must not take the others down."""
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    return f"cannot be shown, through a fault of inspec-textfile; please report it: {error!r}"


def _write_page(shelf: Folder, report: Report, troubles: list[str], details: list[str]) -> str:
    """Write a report's page, unless the one that is there shows just that report; return its fingerprint, "" on failure."""
    name = page_file(report.name)
    fingerprint = pages.fingerprint(report)
    if pages.fingerprint_of(shelf.read(name, PAGE_HEAD) or b"") == fingerprint:
        details.append(f"{shelf.path}/{name}: unchanged")
        return fingerprint
    try:
        page = pages.render_report(report).encode()
        shelf.replace(name, page, PAGE_MODE)
    except TextfileError as error:
        troubles.append(str(error))
        return ""
    except Exception as error:
        troubles.append(f"{shelf.path}/{name}: {_our_fault(error)}")
        return ""
    details.append(f"{shelf.path}/{name}: written, {len(page):,} bytes")
    return fingerprint


# --- from one process to the other: plain data, for which marshal will do --------------------------------------------------


def _packed(done: Converted) -> bytes:
    figures = done.figures and {
        **vars(done.figures),
        "samples": {name: dict(samples) for name, samples in done.figures.samples.items()},
    }
    summary = done.summary and {
        **vars(done.summary),
        "tally": (dict(done.summary.tally.counts), done.summary.tally.severities),
        "results": dict(done.summary.results),
    }
    plain: Any = (tuple(done._replace(figures=None, summary=None)), figures, summary)
    return marshal.dumps(plain)


def _unpacked(data: bytes) -> Converted:
    plain, figures, summary = marshal.loads(data)  # noqa: S302  # made by a process of ours, in memory of ours
    return Converted(*plain)._replace(
        figures=figures and Figures(**figures),
        summary=summary and pages.Summary(**{**summary, "tally": Tally(*summary["tally"])}),
    )
