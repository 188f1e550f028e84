"""What one report may cost: one step over each budget costs that report alone, in the order figures, page, past."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from inspec_textfile import budget

from helpers.host import Host


def control(number: int, message: str = "", **more: Any) -> dict[str, Any]:
    results = [{"status": "failed", "code_desc": "x", "message": message, "start_time": "2026-11-24T00:12:26+00:00"}]
    return {"id": f"c{number}", "impact": 0.9, "results": results, **more}


def add(host: Host, profiles: list[dict[str, Any]], name: str = "greedy") -> None:
    (host.results / f"{name}.json").write_text(json.dumps({"version": "7.1.16", "profiles": profiles}))


def limited(host: Host, **constants: object) -> subprocess.CompletedProcess[str]:
    """Run the program with other constants in `budget`."""
    assert all(hasattr(budget, name) for name in constants)
    settings = "; ".join(f"budget.{name} = {value!r}" for name, value in constants.items())
    code = f"from inspec_textfile import budget; {settings}; from inspec_textfile.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *host.options()], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def fleet(host: Host) -> Host:
    """A host with a neighbour that was read before."""
    host.add("7.1.16/ssh-baseline", "neighbour.json")
    assert host.run().returncode == 0
    return host


def of(host: Host, report: str) -> dict[str, float]:
    return {series: value for series, value in host.series().items() if f'report="{report}"' in series}


def page(host: Host, report: str) -> str:
    path = host.reports / f"inspec-{report}.json.html"
    return path.read_text() if path.exists() else ""


def remembered(host: Host, report: str) -> set[str]:
    """Return the parts that the memory has of a report."""
    labels = [line.split("\t")[0] for line in (host.textfiles / ".inspec.prom.state").read_text().splitlines()[:-1]]
    return {label[2] for label in map(json.loads, labels) if label[:2] == ["report", report] and label[2:]}


def assert_neighbour_is_untouched(host: Host, before: dict[str, float], its_page: str) -> None:
    assert of(host, "neighbour") == before
    assert page(host, "neighbour") == its_page
    assert {"figures", "summary", "past", "states"} <= remembered(host, "neighbour")


@pytest.mark.parametrize("over", [0, 1])
def test_series_of_a_report(fleet: Host, over: int) -> None:
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    add(fleet, [{"name": "p", "controls": [control(1)]}])
    assert fleet.run().returncode == 0
    figures = of(fleet, "greedy")
    add(fleet, [{"name": "p", "controls": [control(1)]}, {"name": "q", "controls": [control(2)]}])
    series = 2 * len([name for name in figures if 'profile="p"' in name]) + 2 * 4 + 2  # checks, run and report

    done = limited(fleet, MAX_SERIES=series - over)

    assert done.returncode == over
    assert ("greedy.json: would make" in done.stderr) == bool(over)
    assert fleet.series()['inspec_report_readable{report="greedy"}'] == 1 - over
    kept = {name: value for name, value in figures.items() if "inspec_controls" in name}
    assert (kept.items() <= of(fleet, "greedy").items()) is True
    assert_neighbour_is_untouched(fleet, before, its_page)


def test_bytes_of_the_prom(fleet: Host) -> None:
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    add(fleet, [{"name": f"p{number}" + "x" * 250, "title": "t" * 250, "controls": [control(1)]} for number in range(30)])

    done = limited(fleet, MAX_PROM_BYTES=100_000)

    assert done.returncode == 1
    assert "greedy.json: would add" in done.stderr
    assert "its names are too long" in done.stderr
    assert fleet.series()['inspec_report_readable{report="greedy"}'] == 0
    assert_neighbour_is_untouched(fleet, before, its_page)


def test_bytes_of_the_page(fleet: Host) -> None:
    """One control with a long message below many wrappers: its page would have as many copies."""
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    wrappers = [{"name": f"w{number}", "controls": [], "depends": [{"name": "base"}]} for number in range(200)]
    add(fleet, [*wrappers, {"name": "base", "controls": [control(1, "long " * 20_000)]}])

    for _ in range(2):
        done = fleet.run()

        assert done.returncode == 1
        assert "greedy.json: has a page with less than it holds: The whole page would be over 4 MB" in done.stderr
        assert "The whole page would be over 4 MB" in page(fleet, "greedy")
        assert len(page(fleet, "greedy")) < 3_000_000
        assert fleet.series()['inspec_report_readable{report="greedy"}'] == 1
        assert sum(value for name, value in of(fleet, "greedy").items() if name.startswith("inspec_controls")) == 200
        assert_neighbour_is_untouched(fleet, before, its_page)


def test_controls_that_do_not_fit_on_the_page_are_counted_all_the_same(fleet: Host) -> None:
    add(fleet, [{"name": "p" * 900, "controls": [control(number) for number in range(3_000)]}])

    done = fleet.run()

    assert done.returncode == 1
    assert "of 3,000 controls, none worse than those here, are left out" in page(fleet, "greedy")
    assert "3,000 of 3,000 controls failed" in page(fleet, "greedy")
    assert sum(value for name, value in of(fleet, "greedy").items() if name.startswith("inspec_controls")) == 3_000


def test_seconds_of_the_page(fleet: Host) -> None:
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    prose = "a *b* c `d`\n\n" * 400
    add(fleet, [{"name": "p", "controls": [control(number, desc=f"{number} {prose}") for number in range(300)]}])

    done = limited(fleet, _BASE_SECONDS=0.3, _SECONDS_PER_MEGABYTE=0.0)

    assert done.returncode == 1
    assert "greedy.json: has a page with less than it holds: The whole page would take too long to make" in done.stderr
    assert "would take too long to make" in page(fleet, "greedy")
    assert fleet.series()['inspec_report_readable{report="greedy"}'] == 1
    assert_neighbour_is_untouched(fleet, before, its_page)


def test_seconds_of_reading(fleet: Host) -> None:
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    add(fleet, [{"name": "p", "controls": [control(number) for number in range(30_000)]}])

    done = limited(fleet, _BASE_SECONDS=0.1, _SECONDS_PER_MEGABYTE=0.0)

    assert done.returncode == 1
    assert "greedy.json: takes too long to read" in done.stderr
    assert fleet.series()['inspec_report_readable{report="greedy"}'] == 0
    assert_neighbour_is_untouched(fleet, before, its_page)


def test_seconds_of_reading_a_pile_of_dated_files(fleet: Host) -> None:
    """As many as are remembered are read at first: a pile that takes longer than its newest file may was never read."""
    for day in range(1, 29):
        add(fleet, [{"name": "p", "controls": [control(number) for number in range(1_000)]}], f"pile-202611{day:02}T060000")

    done = limited(fleet, _BASE_SECONDS=0.05, _SECONDS_PER_MEGABYTE=2.0)

    assert "takes too long to read" not in done.stderr
    assert fleet.series()['inspec_report_readable{report="pile"}'] == 1


@pytest.mark.parametrize(
    "limits", [{"MAX_PAST_BYTES": 50_000}, {"_ALL_PASTS": 100_000, "_LEAST_PAST_BYTES": 0}], ids=["of a report", "of a run"]
)
def test_bytes_of_the_past(fleet: Host, limits: dict[str, int]) -> None:
    """Its own past starts over with each run; its figures and its page are whole."""
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    add(fleet, [{"name": "p", "controls": [control(number, title="t" * 200) for number in range(200)]}])

    for _ in range(2):  # the second time, nothing has changed
        done = limited(fleet, **limits)

        assert done.returncode == 1
        assert "greedy.json: its history is over 48 KiB, so it starts over with the next run" in done.stderr
        assert fleet.series()['inspec_report_readable{report="greedy"}'] == 1
        assert sum(value for name, value in of(fleet, "greedy").items() if name.startswith("inspec_controls")) == 200
        assert {"figures", "summary"} <= remembered(fleet, "greedy")
        assert_neighbour_is_untouched(fleet, before, its_page)
        assert (fleet.reports / "findings.csv").read_text().count("\ngreedy,") == 200


def test_findings_in_the_files_that_show_all_reports(fleet: Host) -> None:
    """Each report has its share; figures and page have all."""
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    many = [control(number) for number in range(30)]
    add(fleet, [{"name": "p", "controls": [*many, {**control(31), "impact": 0.9}]}])

    for _ in range(2):  # the second time, nothing has changed
        done = limited(fleet, MAX_FINDINGS=40, _LEAST_FINDINGS=0)

        assert done.returncode == 1
        assert "greedy.json: has 31 open findings; its page has all" in done.stderr
        assert "neighbour" not in done.stderr
        listed = [line for line in (fleet.reports / "findings.csv").read_text().splitlines() if line.startswith("greedy,")]
        assert len(listed) == 20
        assert any("critical" in line for line in listed)
        assert sum(value for name, value in of(fleet, "greedy").items() if name.startswith("inspec_controls")) == 31
        assert_neighbour_is_untouched(fleet, before, its_page)
    assert limited(fleet, MAX_FINDINGS=62, _LEAST_FINDINGS=0).returncode == 0


def test_long_names_make_no_long_memory(fleet: Host) -> None:
    """A name of 2,000 control characters, each of which takes six bytes in JSON, on each of many findings."""
    before, its_page = of(fleet, "neighbour"), page(fleet, "neighbour")
    add(fleet, [{"name": "\x01" * 2000, "controls": [control(number) for number in range(5_000)]}])

    fleet.run()

    assert (fleet.textfiles / ".inspec.prom.state").stat().st_size < 2_000_000
    assert_neighbour_is_untouched(fleet, before, its_page)
