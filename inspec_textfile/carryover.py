"""The last file, read back, so that a report that cannot be read keeps its last good figures.

A file that breaks must not resolve an alert. Everything in the last file that is not our own and well-formed is left
out: it may be of another version, another program, or another user's making.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from inspec_textfile import metrics
from inspec_textfile.controlseries import ControlSeries
from inspec_textfile.metrics import Figures, Labels
from inspec_textfile.model import RESULT_STATUSES, SEVERITIES, STATUSES, UNKNOWN
from inspec_textfile.text import clean

_VALUES = {"severity": {*SEVERITIES, UNKNOWN}}
_STATUSES = {name: set(STATUSES) for name in (metrics.CONTROLS, metrics.CONTROL_STATUS)}
_CARRIED = (
    metrics.CONTROLS,
    metrics.RESULTS,
    metrics.PROFILE_INFO,
    metrics.PROFILE_STATUS,
    metrics.WAIVER_EXPIRY,
    metrics.RUN_TIMESTAMP,
    metrics.RUN_DURATION,
    metrics.MODIFIED,
    metrics.READABLE,  # a report that never could be read has nothing else
    metrics.CONTROL_STATUS,
)

_MOST = 1_000_000_000
"""Controls that one run of ours could have counted, and many more."""


class NotOurs(Exception):
    """The last file was not written by this program, or is damaged."""


def read_back(data: bytes, series: ControlSeries) -> dict[str, Figures]:
    """Return the figures of every report in the last file, as those of a report that cannot be read. Raises NotOurs.

    Single controls are read back as far as `series` still wants them.
    """
    try:
        text = data.decode()
        families = list(text_string_to_metric_families(text))
    except Exception as error:  # whatever prometheus_client's parser stumbles over
        raise NotOurs(str(error)) from None
    if not text.endswith("\n"):  # the last number may have lost digits
        raise NotOurs("it is cut short")
    if not any(family.name == metrics.BUILD_INFO for family in families):
        raise NotOurs(f"it has no {metrics.BUILD_INFO}")
    samples: dict[str, dict[str, dict[Labels, float]]] = {}
    dropped: dict[str, int] = {}
    for family in families:
        for sample in family.samples:
            report = sample.labels.get("report")
            if report is None or not math.isfinite(sample.value):
                continue
            if sample.name == metrics.DROPPED and series.which != "none":
                dropped[report] = max(0, int(sample.value))
            if sample.name not in _CARRIED:
                continue
            labels = _labels(sample.name, sample.labels)
            if labels and (sample.name != metrics.CONTROL_STATUS or series.wants(labels[4])):
                samples.setdefault(report, {}).setdefault(sample.name, {})[labels] = sample.value
    shares = _shares(text)
    return {
        report: Figures(report, found, *shares.get(report, ({}, 0.0)), readable=False, dropped=dropped.get(report, 0))
        for report, found in samples.items()
    }


def _labels(name: str, labels: Mapping[str, str]) -> Labels | None:
    """Return label values in order, None for a series that this version would not write."""
    _, names = metrics.FAMILIES[name]
    allowed = _VALUES | ({"status": _STATUSES[name]} if name in _STATUSES else {})
    if labels.keys() != set(names) or any(clean(value) != value for value in labels.values()):
        return None
    if any(labels[key] not in values for key, values in allowed.items() if key in labels):
        return None
    return tuple(labels[name] for name in names)


def _shares(text: str) -> dict[str, tuple[dict[str, tuple[int, ...]], float]]:
    """Return report -> (its share of `inspec_checks_total`, its mtime in milliseconds)."""
    found = {}
    for line in text.split("\n"):  # not splitlines(): a label may hold other line separators
        if line.startswith(metrics.CARRY_COMMENT):
            try:
                kept = json.loads(line.removeprefix(metrics.CARRY_COMMENT))
                checks = {clean(profile): _counts(counts) for profile, counts in kept["checks"].items()}
                mtime_ms = float(kept["mtime_ms"])
                if math.isfinite(mtime_ms):
                    found[str(kept["report"])] = (checks, mtime_ms)
            except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
                continue
    return found


def _counts(value: Any) -> tuple[int, ...]:
    counts = tuple(int(count) for count in value)
    if len(counts) != len(RESULT_STATUSES) or min(counts) < 0 or max(counts) > _MOST:
        raise ValueError(value)
    return counts
