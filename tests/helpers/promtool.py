"""`promtool check metrics`, and series that can be compared with what node_exporter serves."""

from __future__ import annotations

import subprocess

from helpers.host import Host
from helpers.needs import require

OBJECTION = 'inspec_checks_total non-counter metrics should not have "_total" suffix'
DAYS = 'inspec_remediation_limit_days use base unit "seconds" instead of "days"'
"""Always: a limit in days is one that people say and read."""


def split(series: str) -> list[str]:
    """Return a series' name and labels: node_exporter writes labels in an order of its own."""
    name, _, labels = series.partition("{")
    return [name, *labels.removesuffix("}").split('",')] if labels else [name]


def check_promtool(host: Host, *expected: str) -> None:
    done = subprocess.run(
        [require("promtool", "prometheus"), "check", "metrics"], input=host.prom.read_bytes(), capture_output=True, check=False
    )

    assert (done.stdout + done.stderr).decode().splitlines() == [*expected, DAYS]
