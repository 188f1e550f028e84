"""The memory of version 0.1 (format 2), read so that an upgrade loses nothing. To be removed after 1.x.

A head, then four lines for each report: facts, figures and summary, past, and a row of the index, all by position.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from inspec_textfile.history.codec import known_fields
from inspec_textfile.history.model import ControlKey, Finding, Past, ProfileRun, RunCounts, Snapshot
from inspec_textfile.history.streaks import STREAKS
from inspec_textfile.metrics import of_report
from inspec_textfile.metrics.families import Sample
from inspec_textfile.metrics.figures import ControlSample, Figures
from inspec_textfile.report.model import NOT_TESTED
from inspec_textfile.summary import ProfileLine, Summary, Tally

FORMAT = 2
_FACTS = ("name", "digest", "modified_ns", "cache_key", "page", "stamp", "unreadable_since_ns", "series", "warnings", "gone")


class OldReport(NamedTuple):
    """A report as format 2 has it."""

    name: str
    file: dict[str, Any]
    """Fields of `memory.FileFacts`."""
    figures: Figures | None
    summary: Summary | None
    past: Past


class OldMemory(NamedTuple):
    """A memory of format 2."""

    reports: tuple[OldReport, ...]
    history_start: float | None
    """Start of the first run that it knows of: Unix time, seconds."""
    upload: Any


def decode(text: bytes) -> OldMemory:
    """Return the memory in a file, whose digest has been checked. Raises what comes of data that is something else."""
    head, *lines = text.rstrip(b"\n").split(b"\n")
    facts = json.loads(head)
    if facts["format"] != FORMAT or len(lines) != 4 * facts["reports"]:
        raise ValueError("not the memory of version 0.1")
    reports = tuple(_report(*map(json.loads, four[:3])) for four in zip(lines[0::4], lines[1::4], lines[2::4]))
    starts = [report.past.runs[0].started for report in reports if report.past.runs]
    return OldMemory(reports, min(starts, default=None), facts["upload"])


def _report(facts: list[Any], output: list[Any] | None, past: list[Any] | None) -> OldReport:
    file = dict(zip(_FACTS, facts))
    name = file.pop("name")
    # Its warnings are sentences, and were made by another version: results that are still there are read again.
    file.update(warnings=(), cache_key="")
    text, summary = output or (None, None)
    return OldReport(name, file, _figures(text) if text else None, _summary(summary) if summary else None, _past(past or []))


def _figures(value: list[Any]) -> Figures:
    lines, _series, checks, controls, wanted = value
    samples = {family.name: tuple(_samples(family.labels, lines.get(family.name, ""))) for family in of_report.FAMILIES}
    return Figures(
        samples=samples,
        checks={profile: tuple(counts) for profile, counts in checks.items()},
        controls=tuple(ControlSample(*control) for control in controls),
        wanted=wanted,
    )


def _samples(labels: tuple[str, ...], text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield Sample(tuple(sample.labels.get(label, "") for label in labels), sample.value)


def _summary(value: dict[str, Any]) -> Summary:
    summary = known_fields(Summary, value)
    return summary._replace(
        profiles=tuple(ProfileLine(title, title, version) for title, version in value["profiles"]),
        tally=Tally.of({(severity, status): count for severity, status, count in value["tally"]}),
        not_loaded=tuple(summary.not_loaded),
        at=summary.started or 0.0,
    )


def _past(value: list[Any]) -> Past:
    if not value:
        return Past()
    runs, before, last, _changes = value
    return Past(
        runs=tuple(RunCounts(*run) for run in runs),
        before=_snapshot(before) if before else None,
        last=_snapshot(last) if last else None,
    )


def _snapshot(value: list[Any]) -> Snapshot:
    started, failures, profiles, *host = value
    return Snapshot(
        started=started,
        host=host[0] if host else "",
        profiles={name: _profile(*rest) for name, *rest in profiles},
        states={STREAKS.name: {ControlKey(profile, control): _finding(*rest) for profile, control, *rest in failures}},
    )


def _profile(version: str, controls: list[str], tests: int, missed: int = 0) -> ProfileRun:
    return ProfileRun(version, tuple(controls), tests, complete=len(controls), missed=missed)


def _finding(since: float, runs: int, first_seen: bool, tests: int, hidden: int = 0) -> Finding:
    return Finding(
        status=NOT_TESTED if hidden else "failed", since=since, first_seen=first_seen, runs=runs, tests=tests, total=tests
    )
