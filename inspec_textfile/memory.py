"""What earlier runs were: the one file of state, beside the .prom, read once and written once a run.

Each line is a part: a JSON list that names it, a tab, and its value as JSON. The parts of the file come first, then those of
each report; the SHA-256 of all lines ends it. A part that this version does not know is ignored, and one that it cannot read
is lost alone. The memory of the run before is kept beside it, in case it is lost or damaged.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from inspec_textfile import memory_format2
from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputError, OutputFolder
from inspec_textfile.history import codec
from inspec_textfile.history.codec import known_fields
from inspec_textfile.history.model import Past
from inspec_textfile.metrics.figures import Figures
from inspec_textfile.report.problems import ReportWarning
from inspec_textfile.summary import Summary

FORMAT = 3
MODE = 0o600
MAX_BYTES = MAX_OUTPUT_BYTES
"""Of the file. A report takes about 10 kB, one with thousands of findings a megabyte."""
MAX_GONE = 1000
"""Limit of the reports that are gone whose past is kept in case they come back."""
WRONG = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What comes of JSON that is not what this program writes."""


class Damaged(Exception):
    """The file cannot be used; the message says why."""


class FileFacts(NamedTuple):
    """What is remembered about a report's results file and its page."""

    digest: str = ""
    """SHA-256 of the last results file that could be read, "" if none ever could."""
    modified_ns: int = 0
    """Its mtime: Unix time, nanoseconds."""
    path: str = ""
    """Where it was."""
    cache_key: str = ""
    """Digest of the code and of the options that made figures and page."""
    page: str = ""
    """SHA-256 of its page, "" if there is none."""
    stamp: str = ""
    """The newest time stamp of a file name whose run is part of the past; "" if its files have none."""
    is_dated: bool = True
    """Whether the results say when their run began; else their mtime is the time of the run."""
    unreadable_since_ns: int | None = None
    """mtime of the first of the newer results files that could not be read, 0 if unknown; None if the last one could be."""
    series: int = 0
    """How many series its figures make."""
    warnings: tuple[ReportWarning, ...] = ()
    """What a person should know about the results file; told in every run."""
    gone: bool = False
    """It was not among the results of the last run; only its past is kept."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return self._asdict()

    @classmethod
    def from_json(cls, value: Any) -> FileFacts:
        """Return what `as_json` made data of. Raises TypeError or ValueError."""
        facts = known_fields(cls, value)
        return facts._replace(warnings=tuple(ReportWarning(kind, tuple(values)) for kind, values in facts.warnings))


class ReportMemory(NamedTuple):
    """What is remembered about one report."""

    name: str
    file: FileFacts = FileFacts()
    parts: Mapping[str, bytes] = MappingProxyType({})
    """The rest as JSON, by name; decoded by those who need it."""

    def with_file(self, **facts: Any) -> ReportMemory:
        """Return it with other facts about its file."""
        return self._replace(file=self.file._replace(**facts))

    @property
    def is_readable(self) -> bool:
        """Whether its last results file could be read."""
        return self.file.unreadable_since_ns is None


def output_of(report: ReportMemory) -> tuple[Figures | None, Summary | None, str]:
    """Return the last good figures and the last good summary of a report, None for what is not remembered.

    Also returns the name of a part that is there and cannot be read, "" if there is none.
    """
    figures: Figures | None = None
    summary: Summary | None = None
    part = "figures"
    try:
        if part in report.parts:
            figures = Figures.from_json(json.loads(report.parts[part]))
        part = "summary"
        if part in report.parts:
            states = json.loads(report.parts.get("states", b"{}"))
            summary = Summary.from_json(json.loads(report.parts[part]), codec.findings_from_json(states))
    except WRONG:
        return figures, summary, part
    return figures, summary, ""


def past_of(report: ReportMemory) -> Past | None:
    """Return the past of a report, an empty one if none is remembered, None if it cannot be read."""
    if "past" not in report.parts:
        return Past()
    try:
        value: Mapping[str, Any] = json.loads(report.parts["past"])
        return codec.past_from_json(value, json.loads(report.parts.get("states", b"{}")))
    except WRONG:
        return None


def past_parts(past: Past) -> dict[str, bytes]:
    """Return the parts of a report's memory that hold its past."""
    return {"past": line(codec.past_as_json(past)), "states": line(codec.states_as_json(past.last))}


def output_parts(figures: Figures, summary: Summary) -> dict[str, bytes]:
    """Return the parts of a report's memory that hold its figures and its summary."""
    return {"figures": line(figures.as_json()), "summary": line(summary.as_json())}


class Memory(NamedTuple):
    """Everything that is remembered between runs."""

    reports: Mapping[str, ReportMemory] = MappingProxyType({})
    """By name."""
    history_start: float | None = None
    """When the first run of this memory was: Unix time, seconds."""
    written: float = 0.0
    """When the last run was: Unix time, seconds."""
    upload: Any = None
    """What is known to be in the store: plain data of `upload.state`."""

    @property
    def present(self) -> dict[str, ReportMemory]:
        """The reports of the last run, by name."""
        return {name: report for name, report in self.reports.items() if not report.file.gone}


def file_name(output_file: str) -> str:
    """Return the memory's file name: node_exporter skips it because it does not end in .prom."""
    return f".{output_file}.state"


def fallback_name(output_file: str) -> str:
    """Return the file name of the memory of the run before."""
    return f".{output_file}.state.before"


def load(folder: OutputFolder, output_file: str) -> tuple[Memory, str]:
    """Return the memory beside a .prom, and a sentence that says what is wrong with it, "" if nothing is.

    If it is missing although there is a .prom that is not empty, or cannot be used, the memory of the run before serves.
    """
    name, fallback = file_name(output_file), fallback_name(output_file)
    # contrib/systemd makes an empty .prom, so that node_exporter's link to it leads somewhere before the first run.
    has_run = folder.has(name) or folder.has(fallback) or bool(folder.read(output_file, 1))
    if not has_run:
        return Memory(), ""
    try:
        return _read(folder, name), ""
    except Damaged as error:
        problem = str(error)
    try:
        return _read(folder, fallback), f"{problem}; the memory of the run before is used, so one run is missing in the history"
    except Damaged:
        return Memory(), f"{problem}, so history starts over"


def _read(folder: OutputFolder, name: str) -> Memory:
    """Return the memory in a file. Raises Damaged."""
    path = os.path.join(folder.path, name)
    try:
        data = folder.read_checked(name, MAX_BYTES + 1)
    except OutputError as error:
        raise Damaged(str(error)) from None
    if data is None:
        raise Damaged(f"{path}: is missing")
    try:
        return decode(data)
    except Damaged as error:
        raise Damaged(f"{path}: {error}") from None


def save(folder: OutputFolder, output_file: str, memory: Memory, *, keep_last: bool) -> str:
    """Write the memory; return what went wrong, "" if nothing did.

    `keep_last`: the present file is good, and becomes the memory of the run before.
    """
    name = file_name(output_file)
    data = encode(memory)
    problem = ""
    if len(data) > MAX_BYTES:
        data, dropped = _within_limit(memory)
        path = os.path.join(folder.path, name)
        problem = f"{path}: would be over {MAX_BYTES >> 20} MiB: the largest pasts start over: {', '.join(dropped)}"
    try:
        folder.replace(name, data, MODE, kept_as=fallback_name(output_file) if keep_last else "")
    except OutputError as error:
        return str(error)
    return problem


def _within_limit(memory: Memory) -> tuple[bytes, list[str]]:
    """Return the content of the file without the largest pasts, and whose they are.

    Figures stay, unless they alone are too much: then the largest go as well. No report loses anything that takes less than
    its share, so what all others lose is enough.
    """
    reports = dict(memory.reports)
    excess = sum(map(_size, reports.values())) - MAX_BYTES * 9 // 10
    share = MAX_BYTES * 9 // 10 // max(1, len(reports))
    dropped: dict[str, None] = {}
    for rest in (without_past, _without_parts):
        for name, report in sorted(reports.items(), key=lambda item: -_size(item[1])):
            if excess <= 0 or _size(report) <= share:
                break
            reports[name] = rest(report)
            saved = _size(report) - _size(reports[name])
            if saved:
                excess -= saved
                dropped[name] = None
    return encode(memory._replace(reports=reports)), list(dropped)


def _size(report: ReportMemory) -> int:
    return sum(map(len, report.parts.values()))


def _without_parts(report: ReportMemory) -> ReportMemory:
    return report._replace(parts={})


def without_past(report: ReportMemory) -> ReportMemory:
    """Return a report whose past starts over."""
    return report._replace(parts={name: data for name, data in report.parts.items() if name not in ("past", "states")})


def encode(memory: Memory) -> bytes:
    """Return the content of the file."""
    head = {"format": FORMAT, "history_start": memory.history_start, "written": memory.written, "reports": len(memory.reports)}
    pieces: list[bytes] = []

    def add(part: list[str], value: bytes) -> None:
        pieces.extend((line(part), b"\t", value, b"\n"))

    add(["head"], line(head))
    add(["upload"], line(memory.upload))
    for report in memory.reports.values():
        add(["report", report.name, "file"], line(report.file.as_json()))
        for name, data in report.parts.items():
            add(["report", report.name, name], data)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return b"".join((*pieces, digest.hexdigest().encode(), b"\n"))


def decode(data: bytes) -> Memory:
    """Read the content of the file. Raises Damaged."""
    if len(data) > MAX_BYTES:
        raise Damaged(f"is over {MAX_BYTES >> 20} MiB")
    end = data.rfind(b"\n", 0, -1) + 1  # the last line is the digest of all before it
    if hashlib.sha256(memoryview(data)[:end]).hexdigest().encode() != data[end:].rstrip(b"\n"):
        raise Damaged("is damaged")
    try:
        if data.startswith(b"{"):
            return _decode_format2(data[:end])
        return _decode(_lines(data, end))
    except WRONG:
        raise Damaged("is damaged") from None


def _lines(data: bytes, end: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and value of each part, without a copy of the whole."""
    start = 0
    while start < end:
        tab, stop = data.find(b"\t", start), data.index(b"\n", start)
        yield data[start:tab], data[tab + 1 : stop]
        start = stop + 1


def _decode(lines: Iterable[tuple[bytes, bytes]]) -> Memory:
    head: dict[str, Any] = {}
    upload: Any = None
    files: dict[str, FileFacts] = {}
    parts: dict[str, dict[str, bytes]] = {}
    for label, value in lines:
        kind, *path = json.loads(label)
        if kind == "head":
            head = json.loads(value)
        elif kind == "upload":
            upload = json.loads(value)
        elif kind == "report":
            name, part = path
            if part == "file":
                files[_checked_name(name)] = FileFacts.from_json(json.loads(value))
            else:
                parts.setdefault(name, {})[part] = value
    if head["format"] < FORMAT or head["reports"] != len(files):
        raise Damaged("is damaged")
    reports = {name: ReportMemory(name, file, parts.get(name, {})) for name, file in files.items()}
    return Memory(reports, head.get("history_start"), float(head.get("written") or 0.0), upload)


def _decode_format2(text: bytes) -> Memory:
    """Return the memory that version 0.1 wrote."""
    old = memory_format2.decode(text)
    reports = {}
    for report in old.reports:
        parts: dict[str, bytes] = {}
        if report.figures and report.summary:
            parts |= output_parts(report.figures, report.summary)
        if report.past.last:
            parts |= past_parts(report.past)
        reports[report.name] = ReportMemory(report.name, known_fields(FileFacts, report.file), parts)
    return Memory(reports, old.history_start, upload=old.upload)


def _checked_name(name: str) -> str:
    """Return a report's name that cannot lead out of the folder of the pages. Raises ValueError."""
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError("not the name of a report")
    return name


def kept_when_gone(reports: Iterable[ReportMemory], *, with_pages: bool) -> dict[str, ReportMemory]:
    """Return, by name, what stays of reports that are gone: their past, and which page they have if it could not be removed.

    Those that went last come first, so beyond MAX_GONE the oldest are dropped.
    """
    kept: dict[str, ReportMemory] = {}
    for report in reports:
        if "past" in report.parts and len(kept) < MAX_GONE:
            page = report.file.page if with_pages else ""
            file = FileFacts(digest=report.file.digest, stamp=report.file.stamp, page=page, gone=True)
            parts = {name: data for name, data in report.parts.items() if name in ("past", "states")}
            kept[report.name] = ReportMemory(report.name, file, parts)
    return kept


_encoder = json.JSONEncoder(separators=(",", ":"))


def line(value: Any) -> bytes:
    """Return plain data as one line of JSON."""
    return _encoder.encode(value).encode()
