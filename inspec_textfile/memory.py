"""What earlier runs were: the one file of state, beside the .prom, read once and written once a run.

docs/architecture.md says what it holds. Figures do not need it: if it is missing or cannot be used, the past
starts over. Each report has four lines, so that a run decodes only what it needs: most reports never change.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from inspec_textfile import __version__, plain
from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputError, OutputFolder

if TYPE_CHECKING:  # imported only when something is decoded
    from inspec_textfile.history import Past
    from inspec_textfile.metrics.exposition import ReportText
    from inspec_textfile.pages.summary import Summary

_FORMAT = 2
MODE = 0o600
MAX_BYTES = MAX_OUTPUT_BYTES
"""Of the file. A report takes about 10 kB, one with thousands of failing controls a megabyte."""
MAX_GONE = 1000
"""Limit of the reports that are gone whose past is kept in case they come back."""
_NOTHING = b"null"
_WRONG = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What comes of JSON that is not what this program writes."""


class StateError(Exception):
    """The file cannot be used; the message is a sentence that says why."""


class Output(NamedTuple):
    """What a report adds to the files that show all reports."""

    text: ReportText | None = None
    """Its last good figures, None if there are none."""
    summary: Summary | None = None
    """Its last good summary, None if there is none."""


class ReportMemory(NamedTuple):
    """What is remembered about one report."""

    name: str
    digest: str = ""
    """SHA-256 of the last results file that could be read, "" if none ever could."""
    modified_ns: int = 0
    """Its mtime: Unix time, nanoseconds."""
    made_by: str = ""
    """Digest of the code and the options that made figures and page."""
    page: str = ""
    """SHA-256 of its page, "" if there is none."""
    stamp: str = ""
    """The newest time stamp of a file name whose run is part of the past; "" if its files have none."""
    unreadable_since_ns: int | None = None
    """mtime of the first of the newer results files that could not be read, 0 if unknown; None if the last one could be."""
    series: int = 0
    """How many series its figures make."""
    warnings: tuple[str, ...] = ()
    """What a person should know about the results file; told in every run."""
    gone: bool = False
    """It was not among the results of the last run; only its past is kept."""
    output: bytes = _NOTHING
    """JSON of its figures and summary."""
    past_line: bytes = _NOTHING
    """JSON of its past."""

    def decoded(self) -> Output:
        """Return its last good figures and summary: None for what cannot be read."""
        from inspec_textfile.metrics.exposition import ReportText
        from inspec_textfile.pages.summary import Summary

        output = Output()
        with suppress(*_WRONG):
            text, summary = json.loads(self.output) or (None, None)
            output = Output(text and ReportText.from_json(text), summary and Summary.from_json(summary))
        return output

    @property
    def past(self) -> Past:
        """Its past."""
        from inspec_textfile.history import Past

        try:
            value = json.loads(self.past_line)
            return Past.from_json(value) if value else Past()
        except _WRONG:
            return Past()


def with_output(report: ReportMemory, output: Output) -> ReportMemory:
    """Return a report with its figures and its summary."""
    text, summary = output
    line = _line([text and text.as_json(), summary and summary.as_json()])
    return report._replace(series=text.series if text else 0, output=line)


def encoded_past(past: Past) -> bytes:
    """Return what `ReportMemory.past_line` holds."""
    return _line(past.as_json())


class Memory(NamedTuple):
    """Everything that is remembered between runs."""

    reports: Mapping[str, ReportMemory] = MappingProxyType({})
    """By name."""
    prom: tuple[int, str] = (0, "")
    """Bytes of the .prom before the times of the run itself, and their SHA-256."""
    index_digest: str = ""
    """SHA-256 of each file that shows all reports."""
    made_by: str = ""
    """Digest of the code and of all options that made both."""
    upload: Any = None
    """What is known to be in the store: plain data of `upload.state`."""

    @property
    def present(self) -> dict[str, ReportMemory]:
        """The reports of the last run, by name."""
        return {name: report for name, report in self.reports.items() if not report.gone}


def file_name(output_file: str) -> str:
    """Return the memory's file name: node_exporter skips it because it does not end in .prom."""
    return f".{output_file}.state"


def load(folder: OutputFolder, output_file: str) -> tuple[Memory, str]:
    """Return the memory beside a .prom, and a sentence that names the file if it cannot be used, else ""."""
    path = os.path.join(folder.path, file_name(output_file))
    try:
        data = folder.read_checked(file_name(output_file), MAX_BYTES + 1)
    except OutputError as error:
        return Memory(), f"{error}; history starts over"
    if data is None:
        return Memory(), ""
    try:
        return decode(data), ""
    except StateError as error:
        return Memory(), f"{path}: {error}, so history starts over"


def save(folder: OutputFolder, output_file: str, memory: Memory, last: Memory) -> str:
    """Write the memory unless it equals the last one; return what went wrong, "" if nothing did."""
    if memory == last:
        return ""
    data = encode(memory)
    problem = ""
    if len(data) > MAX_BYTES:
        reports = {name: ReportMemory(name) for name in memory.present}
        data = encode(Memory(reports, upload=memory.upload))
        problem = (
            f"{os.path.join(folder.path, file_name(output_file))}: would be over {MAX_BYTES >> 20} MiB: history starts over"
        )
    try:
        folder.replace(file_name(output_file), data, MODE)
    except OutputError as error:
        return str(error)
    return problem


def encode(memory: Memory) -> bytes:
    """Return the content of the file."""
    head = {
        "format": _FORMAT,
        "prom": memory.prom,
        "index": memory.index_digest,
        "made_by": memory.made_by,
        "upload": memory.upload,
        "reports": len(memory.reports),
    }
    lines = [_line(head)]
    for report in memory.reports.values():
        key = [
            report.name,
            report.digest,
            report.modified_ns,
            report.made_by,
            report.page,
            report.stamp,
            report.unreadable_since_ns,
            report.series,
            report.warnings,
            report.gone,
        ]
        lines += [_line(key), report.output, report.past_line, _NOTHING]
    return sealed(b"\n".join(lines) + b"\n")


def sealed(text: bytes) -> bytes:
    """Return the lines of the file with their digest, which ends it."""
    return text + _digest(text) + b"\n"


def decode(data: bytes) -> Memory:
    """Read the content of the file. Raises StateError."""
    if len(data) > MAX_BYTES:
        raise StateError(f"is over {MAX_BYTES >> 20} MiB")
    text, _, digest = data.rstrip(b"\n").rpartition(b"\n")
    lines = text.split(b"\n")
    try:
        head = json.loads(lines[0])
        if head["format"] != _FORMAT:
            raise StateError("was written by another version of inspec-textfile")
        if digest != _digest(text + b"\n"):
            raise StateError("is damaged")
        if len(lines) != 1 + 4 * head["reports"]:
            raise StateError("is damaged")
        reports = [_report(*four) for four in zip(lines[1::4], lines[2::4], lines[3::4], lines[4::4])]
        return Memory(
            reports={report.name: report for report in reports},
            prom=(int(head["prom"][0]), str(head["prom"][1])),
            index_digest=str(head["index"]),
            made_by=str(head["made_by"]),
            upload=head["upload"],
        )
    except _WRONG:
        raise StateError("is damaged") from None


def _report(key: bytes, output: bytes, past: bytes, _row: bytes) -> ReportMemory:
    name, digest, modified_ns, made_by, page, stamp, unreadable_since_ns, series, warnings, gone = json.loads(key)
    numbers = (modified_ns, unreadable_since_ns or 0, series)
    if not all(isinstance(number, int) and abs(number) < plain.MAX_WHOLE for number in numbers):
        raise StateError("is damaged")
    return ReportMemory(
        name=plain.name(name),
        digest=plain.text(digest),
        modified_ns=modified_ns,
        made_by=plain.text(made_by),
        page=plain.text(page),
        stamp=plain.text(stamp),
        unreadable_since_ns=unreadable_since_ns,
        series=series,
        warnings=tuple(map(plain.text, warnings)),
        gone=plain.flag(gone),
        output=output,
        past_line=past,
    )


def kept_when_gone(reports: Iterable[ReportMemory]) -> list[ReportMemory]:
    """Return what stays of reports that are gone: their past.

    Those that went last come first, so beyond MAX_GONE the oldest are dropped.
    """
    found = [
        ReportMemory(name=report.name, digest=report.digest, stamp=report.stamp, gone=True, past_line=report.past_line)
        for report in reports
        if report.past_line != _NOTHING
    ]
    return found[:MAX_GONE]


def program_digest() -> str:
    """Return a digest of this program's code, templates and texts: if it changes, figures and pages are made again."""
    loader = globals().get("__loader__")
    archive = getattr(loader, "archive", None)  # run from a single file (zipapp)
    found = hashlib.sha256(__version__.encode())
    for path in [archive] if archive else sorted(_code_files(os.path.dirname(__file__))):
        with open(path, "rb", buffering=0) as file:
            found.update(file.read())
    return found.hexdigest()


def _code_files(package: str) -> Iterator[str]:
    for folder, _, names in os.walk(package):
        yield from (os.path.join(folder, name) for name in names if name.endswith((".py", ".css", ".js")))


_encoder = json.JSONEncoder(separators=(",", ":"))


def _line(value: Any) -> bytes:
    return _encoder.encode(value).encode()


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()
