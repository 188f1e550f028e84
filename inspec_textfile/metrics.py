"""Reports -> metric families -> text in Prometheus' exposition format.

`figures` says what one report amounts to; `exposition` puts the figures of all reports into one file. Between the two stands
`Figures`, because the figures of a report that cannot be read any more come from the last file instead (`carryover`).

https://prometheus.io/docs/instrumenting/exposition_formats/ and, for names, https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inspec_textfile.controlseries import ControlSeries
from inspec_textfile.model import (
    PROFILE_STATUSES,
    RESULT_STATUSES,
    SEVERITIES,
    STATUSES,
    UNKNOWN,
    Profile,
    Report,
)
from inspec_textfile.outcome import count_controls, count_results, exporter_status, severities, worst_first

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily, Metric

Labels = tuple[str, ...]
Samples = Mapping[Labels, float]
_Count = Callable[[Profile], Iterable[tuple[Labels, float]]]

CHECKS = "inspec_checks_total"
CHECKS_MTIME = "inspec_checks_mtime"
CONTROLS = "inspec_controls"
RESULTS = "inspec_results"
PROFILE_INFO = "inspec_profile_info"
PROFILE_STATUS = "inspec_profile_status"
WAIVER_EXPIRY = "inspec_waiver_expiry_timestamp_seconds"
RUN_TIMESTAMP = "inspec_run_timestamp_seconds"
RUN_DURATION = "inspec_run_duration_seconds"
MODIFIED = "inspec_report_modified_timestamp_seconds"
READABLE = "inspec_report_readable"
CONTROL_STATUS = "inspec_control_status"
DROPPED = "inspec_control_status_dropped"
LAST_RUN = "inspec_textfile_last_run_timestamp_seconds"
OWN_DURATION = "inspec_textfile_run_duration_seconds"
UPLOAD_SUCCESS = "inspec_upload_success"
UPLOAD_LAST_SUCCESS = "inspec_upload_last_success_timestamp_seconds"
BUILD_INFO = "inspec_textfile_build_info"

FAMILIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    CHECKS: ("Controls by the outcome of their results, as prometheus_inspec_exporter counted them.", ("profile", "status")),
    CHECKS_MTIME: ("When the oldest results file of the profile was modified, Unix time in milliseconds.", ("profile",)),
    CONTROLS: ("Controls, wrappers and the profiles below them seen as one.", ("report", "profile", "severity", "status")),
    RESULTS: ("Single test results.", ("report", "profile", "status")),
    PROFILE_INFO: (
        "The profiles that were asked for, always 1.",
        ("report", "profile", "title", "version", "inspec_version", "platform", "platform_release"),
    ),
    PROFILE_STATUS: ("1 for the state the profile is in, 0 for the others.", ("report", "profile", "status")),
    WAIVER_EXPIRY: ("When the waiver of the control runs out, Unix time in seconds.", ("report", "profile", "control")),
    RUN_TIMESTAMP: ("When InSpec started, Unix time in seconds.", ("report",)),
    RUN_DURATION: ("How long InSpec ran, in seconds.", ("report",)),
    MODIFIED: ("When the results file was modified, Unix time in seconds.", ("report",)),
    READABLE: ("1 if the results file could be read, 0 if the figures shown are its last good ones.", ("report",)),
    CONTROL_STATUS: ("The status of single controls, always 1.", ("report", "profile", "control", "severity", "status")),
    DROPPED: ("Series of single controls left out to stay below the limit.", ("report",)),
    LAST_RUN: ("When inspec-textfile wrote this file, Unix time in seconds.", ()),
    OWN_DURATION: ("How long inspec-textfile took, in seconds.", ()),
    UPLOAD_SUCCESS: ("1 if this run published all pages, 0 if it did not.", ()),
    UPLOAD_LAST_SUCCESS: ("When a run last published all pages, Unix time in seconds.", ()),
    BUILD_INFO: ("The version of inspec-textfile, always 1.", ("version",)),
}
"""Name -> (help, label names). The help texts never vary: two files that differ in one would lose a family (node_exporter)."""

CARRY_COMMENT = "# inspec-textfile report "
"""Starts a comment that holds a report's share of the families without a label `report`; see `carryover`."""

_LONGEST_LABEL = 1000

# Series of one file and of one report in it, those of single controls apart, which have a limit of their own. Prometheus and
# node_exporter hold every one of them in memory; a profile has about 50.
MOST_SERIES = 200_000
MOST_SERIES_OF_REPORT = 20_000


@dataclass(frozen=True)
class Figures:
    """What one report amounts to, by family."""

    report: str
    samples: Mapping[str, Samples]
    """Family -> label values in the order of FAMILIES -> value."""
    checks: Mapping[str, tuple[int, ...]]
    """Profile -> counts in the order of RESULT_STATUSES: the report's share of `inspec_checks_total`."""
    mtime_ms: float
    readable: bool
    dropped: int = 0
    """Series of single controls that were already left out, for figures from the last file."""


@dataclass(frozen=True)
class Upload:
    """What came of publishing the pages."""

    success: bool
    last_success: float | None
    """Unix time, seconds; None if no run ever succeeded."""


# --- one report ------------------------------------------------------------------------------------------------------------


def figures(report: Report, series: ControlSeries) -> Figures:
    """Return what a report amounts to."""
    name = label(report.name)
    modified = report.modified_ns / 1e9
    samples: dict[str, Samples] = {
        CONTROLS: _by_profile(report, _controls),
        RESULTS: _by_profile(report, _results),
        PROFILE_INFO: _profile_info(report),
        PROFILE_STATUS: _by_profile(report, _profile_status),
        WAIVER_EXPIRY: _by_profile(report, _waiver_expiry),
        RUN_TIMESTAMP: {(name,): report.started} if report.started is not None else {},
        RUN_DURATION: {(name,): report.duration} if report.duration is not None else {},
        MODIFIED: {(name,): modified},
    }
    if series.which != "none":
        samples[CONTROL_STATUS] = {
            (name, label(profile.name), label(control.id), control.severity, control.status): 1
            for profile in report.profiles
            for control in sorted(profile.controls, key=worst_first)
            if series.wants(control.status)
        }
    return Figures(name, samples, _checks(report), float(report.modified_ns // 1_000_000), readable=True)


def number_of_series(one: Figures) -> int:
    """Return how many series a report has, but for those of single controls."""
    own = sum(len(samples) for name, samples in one.samples.items() if name != CONTROL_STATUS)
    return own + len(one.checks) * (len(RESULT_STATUSES) + 1)


def unreadable_figures(report: str) -> Figures:
    """Return what is known of a report that could never be read."""
    return Figures(label(report), {}, {}, 0.0, readable=False)


def label(value: str) -> str:
    """Return a label's value, shortened if it is very long; two that differ stay different."""
    if len(value) <= _LONGEST_LABEL:
        return value
    return f"{value[:900]}... sha256:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()}"


def _by_profile(report: Report, count: _Count) -> Samples:
    return {
        (label(report.name), label(profile.name), *labels): value
        for profile in report.profiles
        for labels, value in count(profile)
    }


def _controls(profile: Profile) -> Iterator[tuple[Labels, float]]:
    counts = count_controls(profile.controls)
    for severity in severities(profile.controls):
        for status in STATUSES:
            yield (severity, status), counts[severity, status]


def _results(profile: Profile) -> Iterator[tuple[Labels, float]]:
    counts = count_results(profile.controls)
    for status in RESULT_STATUSES:
        yield (status,), counts[status]


def _profile_status(profile: Profile) -> Iterator[tuple[Labels, float]]:
    for status in PROFILE_STATUSES:
        yield (status,), float(profile.status == status)


def _waiver_expiry(profile: Profile) -> Iterator[tuple[Labels, float]]:
    for control in profile.controls:
        waiver = control.entry.waiver
        if waiver and waiver.expires is not None:
            yield (label(control.id),), waiver.expires


def _profile_info(report: Report) -> Samples:
    return {
        tuple(
            map(
                label,
                (
                    report.name,
                    profile.name,
                    profile.entry.title,
                    profile.entry.version,
                    report.inspec_version,
                    report.platform,
                    report.platform_release,
                ),
            )
        ): 1
        for profile in report.profiles
    }


def _checks(report: Report) -> dict[str, tuple[int, ...]]:
    """Return the counts of the original exporter, by the profiles as they stand in the report, wrappers included."""
    found: dict[str, Counter[str | None]] = defaultdict(Counter)
    for entry in report.entries:
        found[label(entry.name)].update(map(exporter_status, entry.controls))
    return {profile: tuple(counts[status] for status in RESULT_STATUSES) for profile, counts in found.items()}


def load_library() -> None:
    """Import what `exposition` needs, which takes a while: a run on several cores does it while others are at work."""
    import prometheus_client.core
    import prometheus_client.exposition  # noqa: F401


# --- all reports -----------------------------------------------------------------------------------------------------------


def exposition(
    found: Sequence[Figures], series: ControlSeries, *, version: str, now: float, duration: float, upload: Upload | None = None
) -> bytes:
    """Return the whole file.

    `now` is the Unix time and `duration` how long this run took so far, both in seconds. `upload`: None if none was asked for.
    """
    samples: dict[str, Samples] = {
        name: {labels: value for one in found for labels, value in one.samples.get(name, {}).items()} for name in FAMILIES
    }
    samples |= _original(found)
    samples[READABLE] = {(one.report,): float(one.readable) for one in found}
    samples |= _capped(found, series)
    samples |= {LAST_RUN: {(): now}, OWN_DURATION: {(): duration}, BUILD_INFO: {(version,): 1}}
    if upload:
        samples[UPLOAD_SUCCESS] = {(): float(upload.success)}
        samples[UPLOAD_LAST_SUCCESS] = {(): upload.last_success} if upload.last_success is not None else {}
    from prometheus_client.core import CollectorRegistry
    from prometheus_client.exposition import generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(samples))
    return generate_latest(registry) + "".join(map(_carry_comment, found)).encode()


def _original(found: Iterable[Figures]) -> dict[str, Samples]:
    """Return the original exporter's families: counts of one profile added up, the oldest mtime kept."""
    checks: Counter[Labels] = Counter()
    oldest: dict[Labels, float] = {}
    for one in found:
        for profile, counts in one.checks.items():
            for status, count in zip(RESULT_STATUSES, counts, strict=True):
                checks[profile, status] += count
            oldest[(profile,)] = min(one.mtime_ms, oldest.get((profile,), one.mtime_ms))
    return {CHECKS: checks, CHECKS_MTIME: oldest}


def _capped(found: Sequence[Figures], series: ControlSeries) -> dict[str, Samples]:
    """Return the series of single controls, the worst first when there are too many, and how many were left out."""
    if series.which == "none":
        return {}
    every = [labels for one in found for labels in one.samples.get(CONTROL_STATUS, {})]
    kept = sorted(every, key=_worst_first)[: series.most]
    left_out = Counter(labels[0] for labels in every)
    left_out.subtract(labels[0] for labels in kept)
    return {
        CONTROL_STATUS: dict.fromkeys(kept, 1.0),
        DROPPED: {(one.report,): left_out[one.report] + one.dropped for one in found},
    }


def _worst_first(labels: Labels) -> tuple[int, int, Labels]:
    return STATUSES.index(labels[4]), (*SEVERITIES, UNKNOWN).index(labels[3]), labels


def _family(name: str, samples: Samples) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    help_text, label_names = FAMILIES[name]
    family = GaugeMetricFamily(name, help_text, labels=label_names)
    for labels in sorted(samples):
        family.add_metric(labels, samples[labels])
    return family


def _carry_comment(one: Figures) -> str:
    """Return what the next run needs to carry a report's figures over, as a comment, which Prometheus' parsers pass over."""
    kept = {"report": one.report, "mtime_ms": one.mtime_ms, "checks": one.checks}
    return f"{CARRY_COMMENT}{json.dumps(kept)}\n" if one.checks else ""


class _Families:
    """Families as prometheus_client wants them, made one after the other: those of a thousand reports take memory."""

    def __init__(self, samples: Mapping[str, Samples]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        for name in FAMILIES:
            yield _family(name, self._samples[name])
