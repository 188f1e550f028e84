"""What a run is to do, what all its steps share, and the reads and writes that they have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from inspec_textfile.files import OutputError, OutputFolder
from inspec_textfile.memory import Memory, Output, ReportMemory
from inspec_textfile.messages import Messages
from inspec_textfile.report.sources import STDIN, Source, SourceError, Sources, read_source, refuse_too_large

if TYPE_CHECKING:
    from inspec_textfile.report.model import Unreadable
    from inspec_textfile.upload.target import Publication


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
    stdin_problem: str = ""
    """Why standard input cannot be read, "" if it can."""


class Clock(NamedTuple):
    """The time, read in one place."""

    now: Callable[[], float]
    """Returns the Unix time, in seconds."""
    elapsed: Callable[[], float]
    """Returns the seconds since the program started."""


class Run(NamedTuple):
    """What all steps of a run share."""

    job: Job
    clock: Clock
    messages: Messages
    output: OutputFolder | None
    """None if the metrics are printed, or the folder cannot be used."""
    reports_folder: OutputFolder | None
    sources: Sources
    last: Memory
    made_by: str
    """Digest of the code and the options that affect a report's figures or page."""
    file_made_by: str
    """Digest of the code and the options that affect the .prom or the index."""


class State(NamedTuple):
    """What is known about every report at the end of a run."""

    reports: dict[str, ReportMemory]
    unreadable: tuple[Unreadable, ...] = ()
    """Those whose current results could not be read."""
    outputs: Mapping[str, Output] = MappingProxyType({})
    """What every report adds to the files that show all; empty if nothing changed."""


def read(source: Source, job: Job) -> tuple[bytes, int]:
    """Return a report's bytes and its time (Unix time, nanoseconds). Raises SourceError."""
    if source.path == STDIN and job.stdin:
        if job.stdin_problem:
            raise SourceError(job.stdin_problem)
        refuse_too_large(job.stdin[0])
        return job.stdin
    return read_source(source)


def replace_file(
    folder: OutputFolder, name: str, data: bytes, mode: int | None, messages: Messages, *, durable: bool = True
) -> bool:
    """Write a file and return whether that worked. `durable`: see `OutputFolder.replace`."""
    try:
        folder.replace(name, data, mode, durable=durable)
        messages.info(f"{folder.path}/{name}: written, {len(data):,} bytes")
        return True
    except OutputError as error:
        messages.error(str(error))
        return False
