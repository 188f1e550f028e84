"""The memory of an older version: an upgrade loses neither the past nor the last good figures of a report that is broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.host import Host, parse_series
from helpers.paths import REPOSITORY

VERSIONS = sorted(path for path in (REPOSITORY / "tests" / "data" / "memory").iterdir() if path.is_dir())
OWN = ("inspec_textfile_", "inspec_report_readable", "inspec_remediation", "inspec_control_failing_since")
"""Of the run itself, or new since then."""


def upgraded(host: Host, version: Path) -> dict[str, float]:
    """Put a version's files on a host, and return the series that it wrote."""
    state = host.textfiles / ".inspec.prom.state"
    shutil.copy(version / "state", state)
    state.chmod(0o600)
    shutil.copy(version / "inspec.prom", host.prom)
    return parse_series(host.prom.read_text())


def test_there_is_a_version_to_read() -> None:
    assert VERSIONS


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
def test_all_series_of_broken_reports_stay(host: Host, version: Path) -> None:
    before = upgraded(host, version)
    for name in ("web01", "web02"):
        (host.results / f"{name}.json").write_text("{")

    done = host.run("--control-series", "failing")

    assert done.returncode == 1
    assert "state" not in done.stderr
    after = host.series()
    kept = {series: value for series, value in before.items() if not series.startswith((*OWN, "inspec_control_changes"))}
    assert len(kept) > 80
    assert {series: after.get(series) for series in kept} == kept
    changes = [series for series in after if series.startswith("inspec_control_changes")]
    assert len(changes) == sum(series.startswith("inspec_control_changes") for series in before)
    assert after['inspec_report_readable{report="web01"}'] == 0


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
def test_streaks_go_on(host: Host, version: Path) -> None:
    before = upgraded(host, version)
    host.add("7.1.16/ssh-baseline", "web01.json")
    host.add("7.1.16/waivers", "web02.json")

    assert host.run("--control-series", "failing").returncode == 0

    name = "inspec_oldest_failure_timestamp_seconds"
    since = {series: value for series, value in before.items() if series.startswith(name)}
    assert since
    assert {series: value for series, value in host.series().items() if series.startswith(name)} == since
    started = "inspec_textfile_history_start_timestamp_seconds"
    assert host.series()[started] == before.get(started, min(since.values()))
