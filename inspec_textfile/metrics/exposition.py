"""Figures -> text in Prometheus' exposition format, by prometheus_client.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CollectorRegistry, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from inspec_textfile.metrics import of_report, of_run
from inspec_textfile.metrics.families import Family
from inspec_textfile.metrics.of_run import RunFacts

MAX_SERIES = 200_000
"""Series of one .prom, not counting those of single controls."""


def families() -> list[Family]:
    """Return all families, in the order of the file."""
    return [*of_run.FIRST, *of_report.FAMILIES, *of_run.FAMILIES]


def exposition(run: RunFacts) -> bytes:
    """Return the .prom."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_File(run))
    return generate_latest(registry)


class _File(Collector):
    """The families of a run as prometheus_client wants them."""

    def __init__(self, run: RunFacts) -> None:
        self._run = run

    def collect(self) -> Iterator[Metric]:
        """Yield every family, also those without samples."""
        for family in families():
            metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
            if family in of_report.FAMILIES:
                for row in self._run.reports:
                    for labels, value in row.figures.samples.get(family.name, ()) if row.figures else ():
                        metric.add_metric(labels, value)
            else:
                for labels, value in family.samples(self._run):
                    metric.add_metric(labels, value)
            yield metric
