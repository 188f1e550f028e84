"""Files in Prometheus' text format that other programs wrote, read with prometheus_client's parser."""

from __future__ import annotations

import os
import stat

from prometheus_client.parser import text_string_to_metric_families

from inspec_textfile.files import MAX_OUTPUT_BYTES, read_at_most

Series = tuple[str, tuple[tuple[str, str], ...]]
"""Name and sorted labels. An empty label is the same as none, so it is left out."""
Prom = dict[Series, float]
"""What such a file says."""


def parse_prom(data: bytes) -> Prom:
    """Return what a text says. Raises ValueError for anything else; node_exporter is stricter than the parser."""
    found: Prom = {}
    try:
        for family in text_string_to_metric_families(data.decode()):
            for sample in family.samples:
                labels = tuple(sorted((name, value) for name, value in sample.labels.items() if value))
                found[sample.name, labels] = float(sample.value)
    except Exception as error:  # the parser raises whatever its own code stumbles on
        raise ValueError(f"is not in Prometheus' text format ({error})") from None
    return found


def read_prom(path: str) -> Prom:
    """Return what a file says. Raises OSError, ValueError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "is not a regular file")
        return parse_prom(read_at_most(file, MAX_OUTPUT_BYTES))


def shown(series: Series) -> str:
    """Return a series as the text format writes it, but for escapes."""
    name, labels = series
    inside = ",".join(f'{key}="{value}"' for key, value in labels)
    return f"{name}{{{inside}}}" if labels else name
