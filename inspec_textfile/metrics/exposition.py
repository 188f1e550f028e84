"""Figures -> text in Prometheus' exposition format, by prometheus_client.

The lines of a report are made once and kept in the memory: if one of a
thousand reports changed, a run makes the lines of that one only. https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from inspec_textfile import plain
from inspec_textfile.metrics import families
from inspec_textfile.metrics.families import FAMILIES, Family, Sample
from inspec_textfile.metrics.figures import CONTROL_SERIES, ControlSample, Figures, label, wants
from inspec_textfile.report.model import LEVELS, RESULT_STATUSES, STATUSES

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MAX_SERIES = 200_000
"""Series of one .prom, not counting those of single controls."""

_TIMES = (families.LAST_RUN, families.OWN_DURATION)
_Samples = Mapping[str, Iterable[Sample]]


class ReportText(NamedTuple):
    """The figures of a report, ready for the file."""

    lines: Mapping[str, str]
    """Name of the family -> its lines."""
    series: int
    checks: Mapping[str, tuple[int, ...]]
    controls: tuple[ControlSample, ...]
    wanted: Mapping[str, int]

    def as_json(self) -> list[Any]:
        """Return it as plain data for the memory."""
        return [dict(self.lines), self.series, dict(self.checks), self.controls, dict(self.wanted)]

    @classmethod
    def from_json(cls, value: Any) -> ReportText:
        """Read what `as_json` returned. Raises ValueError, TypeError, KeyError or AttributeError."""
        lines, series, checks, controls, wanted = value
        plain.output("".join(lines.values()))
        return cls(
            lines=lines,
            series=plain.whole(series),
            checks={plain.output(profile): tuple(map(plain.whole, counts)) for profile, counts in checks.items()},
            controls=tuple(map(_control, controls)),
            wanted={choice: plain.whole(wanted[choice]) for choice in CONTROL_SERIES},
        )


def _control(value: Any) -> ControlSample:
    control = ControlSample(*map(plain.output, value))
    if control.severity not in LEVELS or control.status not in STATUSES:
        raise ValueError("not a control")
    return control


class ReportRow(NamedTuple):
    """One report of a run, for the file."""

    name: str
    text: ReportText | None
    """None if it could never be read."""
    modified_ns: int
    """mtime of the results file behind the figures: Unix time, nanoseconds."""
    readable: bool
    """Whether its figures are those of the current results file."""
    missing: bool = False
    """There is no results file, or its folder cannot be listed."""


class RunFigures(NamedTuple):
    """What is known about this run of the program itself, except its times."""

    version: str
    upload_success: bool | None = None
    """None if there was nothing to upload."""
    upload_last_success: float | None = None
    """Unix time, seconds."""


def report_text(figures: Figures) -> ReportText:
    """Return the figures of a report as lines of the file."""
    lines = {name: text for name, _, text in _chunks(figures.samples) if text}
    return ReportText(lines, figures.series, figures.checks, figures.controls, figures.wanted)


def exposition(reports: Sequence[ReportRow], run: RunFigures, *, control_series: str, max_control_series: int) -> bytes:
    """Return the .prom without `own_times`, which come last.

    `control_series`: which single controls have series, one of CONTROL_SERIES; at most `max_control_series` of them.
    """
    ordered = sorted(reports, key=lambda row: row.name)
    samples: dict[str, Iterable[Sample]] = {
        **_original(ordered),
        **_states(ordered),
        **(_control_series(ordered, control_series, max_control_series) if control_series != "none" else {}),
        **_own(run),
    }
    parts = []
    for name, head, own in _chunks({family.name: samples.get(family.name, ()) for family in FAMILIES if family not in _TIMES}):
        parts.append(head)
        parts.extend(row.text.lines.get(name, "") for row in ordered if row.text)
        parts.append(own)
    return "".join(parts).encode()


def own_times(now: float, duration: float) -> bytes:
    """Return the families that end the file: when this run wrote it (Unix time) and how long it took so far, in seconds.

    Does not use prometheus_client: a run in which nothing changed need not import it.
    """
    return "".join(
        f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n{family.name} {value!r}\n"
        for family, value in zip(_TIMES, (now, duration))
    ).encode()


def load_library() -> None:
    """Import prometheus_client, which takes a while: a run on several cores does it while the other processes work."""
    import prometheus_client.core
    import prometheus_client.exposition  # noqa: F401


# --- families that are made of all reports ------------------------------------------------------------------------------------


def _original(reports: Iterable[ReportRow]) -> _Samples:
    """Return the original exporter's families: counts of one profile added up, the oldest mtime kept."""
    checks: Counter[tuple[str, str]] = Counter()
    oldest: dict[str, float] = {}
    for row in reports:
        modified_ms = float(row.modified_ns // 1_000_000)
        for profile, counts in row.text.checks.items() if row.text else ():
            for status, count in zip(RESULT_STATUSES, counts):
                checks[profile, status] += count
            oldest[profile] = min(modified_ms, oldest.get(profile, modified_ms))
    return {
        families.CHECKS.name: [
            families.CHECKS.sample(count, profile=profile, status=status) for (profile, status), count in sorted(checks.items())
        ],
        families.CHECKS_MTIME.name: [
            families.CHECKS_MTIME.sample(ms, profile=profile) for profile, ms in sorted(oldest.items())
        ],
    }


def _states(reports: Sequence[ReportRow]) -> _Samples:
    """Return what is known about every results file, readable or not."""
    read = sum(row.readable for row in reports)
    unreadable = sum(not row.readable and not row.missing for row in reports)
    return {
        families.MODIFIED.name: [
            families.MODIFIED.sample(row.modified_ns / 1e9, report=label(row.name)) for row in reports if row.text
        ],
        families.READABLE.name: [families.READABLE.sample(float(row.readable), report=label(row.name)) for row in reports],
        families.REPORTS.name: [
            families.REPORTS.sample(read, state="read"),
            families.REPORTS.sample(unreadable, state="unreadable"),
        ],
    }


def _control_series(reports: Iterable[ReportRow], control_series: str, limit: int) -> _Samples:
    """Return the series of single controls, the worst if there are too many, and how many were left out.

    The last good figures of an unreadable report may have been made without them; then all of its own are left out.
    """
    texts = {label(row.name): row.text for row in reports if row.text}
    found = [
        (control.rank, report, control)
        for report, text in texts.items()
        for control in text.controls
        if wants(control_series, control.status)
    ]
    kept = sorted(found)[:limit]
    shown = Counter(report for _, report, _ in kept)
    status, dropped = families.CONTROL_STATUS, families.CONTROL_STATUS_DROPPED
    return {
        status.name: sorted(status.sample(1, report=report, **control._asdict()) for _, report, control in kept),
        dropped.name: [
            dropped.sample(text.wanted[control_series] - shown[report], report=report) for report, text in texts.items()
        ],
    }


def _own(run: RunFigures) -> _Samples:
    found: dict[Family, float | None] = {
        families.UPLOAD_SUCCESS: None if run.upload_success is None else float(run.upload_success),
        families.UPLOAD_LAST_SUCCESS: run.upload_last_success,
    }
    samples = {family.name: [family.sample(value)] for family, value in found.items() if value is not None}
    return {**samples, families.BUILD_INFO.name: [families.BUILD_INFO.sample(1, version=run.version)]}


# --- prometheus_client --------------------------------------------------------------------------------------------------------


def _chunks(samples: _Samples) -> Iterator[tuple[str, str, str]]:
    """Yield for each family its name, its HELP and TYPE lines, and the lines of its samples."""
    from prometheus_client.core import CollectorRegistry
    from prometheus_client.exposition import generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(samples))
    by_family: dict[str, list[str]] = defaultdict(list)
    name = ""
    for line in generate_latest(registry).decode().split("\n")[:-1]:  # not splitlines(): a label may hold other separators
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
        by_family[name].append(f"{line}\n")
    for name, lines in by_family.items():
        yield name, "".join(lines[:2]), "".join(lines[2:])


class _Collector:
    """Families as prometheus_client wants them."""

    def __init__(self, samples: _Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        for family in FAMILIES:
            if family.name in self._samples:
                metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
                for labels, value in self._samples[family.name]:
                    metric.add_metric(labels, value)
                yield metric
