"""What a metric family is. A new one is one function in `of_report` or `of_run`: `family` declares it there.

HELP and TYPE of a family are constant: node_exporter drops a family whose HELP differs in two files.
Names and units: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from inspec_textfile.text import label

Rows = Iterable["tuple[dict[str, str], float]"]
"""Label values by name, and the value."""


class Sample(NamedTuple):
    """One series: its label values, in the order of its family's labels, and its value."""

    labels: tuple[str, ...]
    value: float


class Family(NamedTuple):
    """One metric family; all are gauges."""

    name: str
    labels: tuple[str, ...]
    help: str
    """What its value means: its HELP line, and its row in docs/metrics.md."""
    make: Callable[..., Rows]
    """Returns its rows; what it takes depends on what its samples are made of."""

    def samples(self, *facts: Any, **more: str) -> tuple[Sample, ...]:
        """Return its samples, sorted, no series twice. `facts`: what `make` takes; `more`: labels of all rows."""
        samples: dict[tuple[str, ...], float] = {}
        for labels, value in self.make(*facts):
            every = {**more, **labels}
            samples[tuple(label(every[name]) for name in self.labels)] = value
        return tuple(Sample(labels, value) for labels, value in sorted(samples.items()))


def family(
    families: list[Family], name: str, labels: tuple[str, ...], text: str
) -> Callable[[Callable[..., Rows]], Callable[..., Rows]]:
    """Return a decorator that declares the family whose rows a function makes, and adds it to `families`."""

    def declare(make: Callable[..., Rows]) -> Callable[..., Rows]:
        families.append(Family(name, labels, text, make))
        return make

    return declare
