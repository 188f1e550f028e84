"""What a metric family is. A new one is one function in `of_report` or `of_run`: `family` declares it there.

HELP and TYPE of a family are constant: node_exporter drops a family whose HELP differs in two files.
Names and units: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

MAX_LABEL_BYTES = 300
"""Of UTF-8. A managed Prometheus refuses a whole scrape for one label over 1,023 bytes."""
_DIGEST_CHARACTERS = 16
# Control characters, bidirectional and invisible ones, and U+FFFD, which Prometheus's templates take for an error.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\ud800-\udfff]"
)

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


def label(value: str) -> str:
    """Return a text as a label's value: what cannot be seen as escapes, and cut between two characters if it is very long.

    Two that differ stay different.
    """
    if not value.isprintable() or "\ufffd" in value or "\u200b" in value:
        value = _UNSAFE.sub(lambda unsafe: unsafe.group().encode("unicode_escape").decode("ascii"), value)
    data = value.encode("utf-8", "backslashreplace")
    if len(data) <= MAX_LABEL_BYTES:
        return value
    ending = f"... sha256:{hashlib.sha256(data).hexdigest()[:_DIGEST_CHARACTERS]}"
    return data[: MAX_LABEL_BYTES - len(ending)].decode("utf-8", "ignore") + ending
