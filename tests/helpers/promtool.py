"""`promtool check metrics`, and series that can be compared with what node_exporter serves."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from helpers.host import Host
from helpers.needs import missing, require

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


def newest_promtool(root: Path) -> str:
    """Return the path of a promtool 3.x, extracted to a new folder from Debian unstable: Debian 12 has 2.42."""
    mmdebstrap = require("mmdebstrap", "mmdebstrap")
    if os.geteuid() != 0:
        missing("root", "only root can run mmdebstrap")
    command: list[str | Path] = [
        *(mmdebstrap, "--quiet", "--mode=root", "--variant=extract", "--include=promtool"),
        # The mirror in reach may be a copy that is some weeks old.
        *("--aptopt=Acquire::Check-Valid-Until false", "--dpkgopt=path-exclude=/usr/share/*"),
        *("sid", root, "http://deb.debian.org/debian"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return str(root / "usr" / "bin" / "promtool")
