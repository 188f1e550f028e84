"""Reports that vanish, one by one or all at once: nothing resolves an alert in silence."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.host import Host
from helpers.paths import CASES, REPORTS

FAILED = 'inspec_checks_total{profile="acme-ssh-baseline",status="failed"}'


def reports(host: Host) -> dict[str, float]:
    series = host.series()
    return {state: series[f'inspec_textfile_reports{{state="{state}"}}'] for state in ("read", "unreadable")}


def runs(host: Host, report: str) -> list[float]:
    """Return when the runs of a report began that are remembered."""
    parts = dict(line.split("\t") for line in (host.textfiles / ".inspec.prom.state").read_text().splitlines()[:-1])
    return [run[0] for run in json.loads(parts[f'["report","{report}","past"]'])["runs"]["rows"]]


def page(host: Host, report: str) -> Path:
    return host.reports / f"inspec-{report}.json.html"


@pytest.fixture
def fleet(host: Host) -> Host:
    host.add("7.1.16/ssh-baseline", "web01.json")
    host.add("7.1.16/all-pass", "web02.json")
    assert host.run().returncode == 0
    assert reports(host) == {"read": 2, "unreadable": 0}
    return host


# --- all at once: an unmounted file system is an empty folder -----------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("FOLDER",)])
def test_an_emptied_folder_drops_nothing(fleet: Host, arguments: tuple[str, ...]) -> None:
    before = fleet.series()
    for path in fleet.results.iterdir():
        path.unlink()

    for _ in range(2):
        done = fleet.run(*(str(fleet.results) for _ in arguments))

        assert done.returncode == 1
        assert done.stderr == (
            f"inspec-textfile: {fleet.results}: holds no results, and the last run had 2: their last figures and "
            "pages are kept. Is a file system not mounted? To start over on purpose, remove "
            f"{fleet.textfiles}/.inspec.prom.state and {fleet.textfiles}/.inspec.prom.state.before\n"
        )
        assert fleet.series()[FAILED] == before[FAILED] == 5
        assert reports(fleet) == {"read": 0, "unreadable": 0}
        assert page(fleet, "web01").exists()
    assert "Newer results could not be read" in page(fleet, "web01").read_text()

    for name in (".inspec.prom.state", ".inspec.prom.state.before"):
        (fleet.textfiles / name).unlink()
    assert "history starts over" in fleet.run().stderr, "afresh, on purpose"
    assert fleet.run().returncode == 0
    assert FAILED not in fleet.series()
    assert reports(fleet) == {"read": 0, "unreadable": 0}


def test_they_come_back(fleet: Host) -> None:
    fleet.results.rename(fleet.root / "away")
    fleet.results.mkdir()
    fleet.run()
    fleet.results.rmdir()
    (fleet.root / "away").rename(fleet.results)

    assert fleet.run().returncode == 0

    assert reports(fleet) == {"read": 2, "unreadable": 0}
    assert "Newer results could not be read" not in page(fleet, "web01").read_text()


def test_another_folder_by_mistake_is_told(fleet: Host) -> None:
    other = fleet.root / "other"
    other.mkdir()
    shutil.copy(fleet.add("7.1.16/overlay"), other / "x.json")

    done = fleet.run(str(other))

    assert done.returncode == 1
    assert (
        "2 of the last run's reports are not among the results of this run, so their series and pages are removed; "
        in done.stderr
    )


# --- one by one ---------------------------------------------------------------------------------------------------------------


def test_a_results_file_that_was_removed_takes_its_page_with_it(fleet: Host) -> None:
    (fleet.results / "web01.json").unlink()

    done = fleet.run()

    assert (done.returncode, done.stderr) == (0, "")
    assert FAILED not in fleet.series()
    assert not page(fleet, "web01").exists()
    assert page(fleet, "web02").exists()
    assert "web01" not in (fleet.reports / "index.html").read_text()


def test_the_folder_of_the_last_page_goes_with_it(fleet: Host) -> None:
    fleet.add("7.1.16/all-pass", "db/01/ssh.json")
    fleet.add("7.1.16/all-pass", "db/02.json")
    fleet.run()
    assert page(fleet, "db/01/ssh").exists() or (fleet.reports / "inspec-db" / "01").is_dir()
    (fleet.results / "db" / "01" / "ssh.json").unlink()

    fleet.run()

    assert not (fleet.reports / "inspec-db" / "01").exists()
    assert (fleet.reports / "inspec-db").is_dir()


def test_a_page_that_somebody_changed_is_not_removed(fleet: Host) -> None:
    page(fleet, "web01").write_text("mine")
    (fleet.results / "web01.json").unlink()

    fleet.run()

    assert page(fleet, "web01").read_text() == "mine"


def test_a_page_that_was_cut_is_made_again(fleet: Host) -> None:
    whole = page(fleet, "web01").read_bytes()
    page(fleet, "web01").write_bytes(whole[: len(whole) // 2])

    assert fleet.run().returncode == 0

    assert page(fleet, "web01").read_bytes() == whole


def test_a_report_that_is_renamed_keeps_its_past(fleet: Host) -> None:
    (fleet.results / "web01.json").rename(fleet.results / "www.json")

    done = fleet.run()

    assert (done.returncode, done.stderr) == (0, "")
    assert not page(fleet, "web01").exists()
    assert page(fleet, "www").exists()
    assert len(runs(fleet, "www")) == 1, "one run is remembered"


def test_a_report_that_comes_back_keeps_its_past(fleet: Host) -> None:
    path = fleet.results / "web01.json"
    first = fleet.series()['inspec_run_timestamp_seconds{report="web01"}']
    text = path.read_text()
    path.unlink()
    fleet.run()
    path.write_text(text.replace("2026-11-2", "2026-12-2"))

    assert fleet.run().returncode == 0

    series = fleet.series()
    assert series['inspec_run_timestamp_seconds{report="web01"}'] > first
    assert {value for name, value in series.items() if name.startswith("inspec_oldest_failure_timestamp_seconds")} == {first}


def test_one_pipe_a_host_is_told(host: Host) -> None:
    for name, status in (("web01", 0), ("web02", 1)):
        data = (CASES / "07-one-pipe-a-host" / f"{name}.json").read_bytes()
        done = host.run("--report-name", name, "-", stdin=data)
        assert done.returncode == status

    assert done.stderr == (
        "inspec-textfile: 1 of the last run's reports is not among the results of this run, so its series and page are "
        "removed; to keep it, pass the results of all hosts in one run: web01\n"
    )
    assert "the results of all hosts go into one run" in " ".join(host.start(["--help"]).stdout.split())


# --- a scan that could not run ------------------------------------------------------------------------------------------------


def test_a_scan_that_failed_is_no_clean_result(host: Host) -> None:
    case = CASES / "01-client-failed-report"
    (before,) = (case / "before").iterdir()
    (after,) = (case / "after").iterdir()
    shutil.copy(before, host.results / "web01.json")
    assert host.run().returncode == 0
    good = host.series()
    shutil.copy(after, host.results / "web01.json")

    done = host.run()

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert json.loads(after.read_text())["status_message"][:40] in done.stderr
    assert host.series()['inspec_report_readable{report="web01"}'] == 0
    changing = ("readable", "_reports", "_last_run", "_duration")
    assert {series: value for series, value in good.items() if not any(part in series for part in changing)} == {
        series: value for series, value in host.series().items() if not any(part in series for part in changing)
    }


# --- one file a run, named by the time ----------------------------------------------------------------------------------------


def test_files_that_differ_in_a_time_stamp_are_runs_of_one_report(host: Host) -> None:
    for path in (CASES / "02-timestamped-pile").glob("*.json"):
        shutil.copy(path, host.results)

    assert host.run().returncode == 0

    series = host.series()
    assert {name for name in series if name.startswith("inspec_report_readable")} == {
        'inspec_report_readable{report="compliance"}'
    }
    assert [value for name, value in series.items() if name.startswith("inspec_checks_total") and "failed" in name] == [0]
    assert [value for name, value in series.items() if name.startswith("inspec_control_changes") and "fixed" in name] == [1]
    assert [path.name for path in host.reports.glob("inspec-*")] == ["inspec-compliance.json.html"]


def test_newer_files_of_a_pile_are_read_once(host: Host) -> None:
    """Two runs since the last time: both are part of the past."""
    paths = sorted((CASES / "02-timestamped-pile").glob("*.json"))
    for path in paths[:2]:
        shutil.copy(path, host.results)
    host.run()
    for path in paths[2:]:
        shutil.copy(path, host.results)

    assert host.run().returncode == 0

    starts = runs(host, "compliance")
    assert len(starts) == 4
    assert starts == sorted(starts)


def test_files_that_differ_in_a_time_stamp_alone_but_are_of_other_profiles_are_told(host: Host) -> None:
    """`inspec exec $profile --reporter json:$(date +%Y%m%d%H%M%S).json` in a loop: only the last one counts."""
    host.add("7.1.16/ssh-baseline", "20261122060000.json")
    host.add("7.1.16/all-pass", "20261122060001.json")

    run = host.run()

    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert "20261122060001.json: replaces results of another profile (acme-ssh-baseline)" in line


def test_two_files_renamed_into_each_other_keep_their_pasts(host: Host) -> None:
    one, other = host.add("7.1.16/ssh-baseline", "web01.json"), host.add("7.1.16/ssh-baseline", "web02.json")
    other.write_text(other.read_text().replace('"acme-ssh-baseline"', '"other"'))
    in_year(host, one, 2025)
    in_year(host, other, 2024)
    in_year(host, one, 2026)
    in_year(host, other, 2026)
    before = oldest(host)

    spare = host.root / "spare"
    for source, target in ((one, spare), (other, one), (spare, other)):
        source.rename(target)
    host.run()

    assert oldest(host) == before


def test_a_file_renamed_and_back_keeps_the_runs_between(host: Host) -> None:
    first = host.add("7.1.16/ssh-baseline", "web01.json")
    in_year(host, first, 2023)
    second = first.rename(host.results / "web02.json")
    for year in (2023, 2024, 2025):
        in_year(host, second, year)
    second.rename(first)

    host.run()

    assert len(runs(host, "web01")) == 3


def test_an_older_run_put_back_is_called_so_and_not_the_first(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline", "web01.json")
    for year in (2023, 2024, 2023):
        in_year(host, path, year)

    text = page(host, "web01").read_text()
    assert "These results are older than others that were read before, and are not compared with any." in text
    assert "the first run that is remembered" not in text


def in_year(host: Host, path: Path, year: int) -> None:
    """Run on a report as it would have been in another year."""
    path.write_text(re.sub('"20..-11-', f'"{year}-11-', path.read_text()))
    host.run()


def oldest(host: Host) -> dict[str, float]:
    """Return since when something fails, by profile and severity."""
    return {
        re.sub('report="[^"]*",', "", name): value
        for name, value in host.series().items()
        if name.startswith("inspec_oldest_failure")
    }


def of_host(case: str, started: str, target: str) -> str:
    document = json.loads((REPORTS / f"{case}.json").read_text())
    for one in document["profiles"]:
        for control in one["controls"]:
            for result in control.get("results", ()):
                result["start_time"] = started
    return json.dumps({**document, "node_name": target})


def test_a_file_that_was_added_later_is_of_another_profile(host: Host) -> None:
    """The converter runs after each scan, so it never sees both files for the first time."""
    host.add("7.1.16/ssh-baseline", "compliance-20261122060000.json")
    assert host.run().returncode == 0
    host.add("7.1.16/all-pass", "compliance-20261122060500.json")

    for _ in range(2):
        run = host.run()

        assert run.returncode == 1
        assert "20261122060500.json: replaces results of another profile (acme-ssh-baseline)" in run.stderr


def test_results_of_another_host_on_standard_input(host: Host) -> None:
    first = of_host("7.1.16/ssh-baseline", "2026-11-22T06:00:00Z", "web01")
    second = of_host("7.1.16/ssh-baseline", "2026-11-22T06:05:00Z", "web02").replace('"failed"', '"passed"')
    assert host.run("-", stdin=first.encode()).returncode == 0

    run = host.run("-", stdin=second.encode())

    assert run.returncode == 1
    assert "replaces results of another host (web01), whose findings no longer count" in run.stderr
    assert sum(value for series, value in host.series().items() if series.startswith("inspec_control_changes")) == 0
    assert "These results are of web02, and those before were of web01" in page(host, "stdin").read_text()


def test_results_of_another_host_that_are_not_the_newest(host: Host) -> None:
    """Two runs of the other one since the last time: the first starts the past over, the second is shown."""
    for number, (name, status) in enumerate([("web01", "failed"), ("web02", "passed"), ("web02", "passed")]):
        text = of_host("7.1.16/ssh-baseline", f"2026-11-22T06:0{number}:00Z", name).replace('"failed"', f'"{status}"')
        (host.results / f"compliance-202611220600{number}0.json").write_text(text)
        if number == 0:
            assert host.run().returncode == 0

    for _ in range(2):
        done = host.run()

        assert done.returncode == 1
        assert "replaces results of another host (web01)" in done.stderr


def test_the_index_leads_to_a_last_good_page_that_is_not_remembered(fleet: Host) -> None:
    for state in fleet.textfiles.glob(".inspec.prom.state*"):
        state.unlink()
    (fleet.results / "web01.json").write_text("")

    assert fleet.run().returncode == 1

    assert 'href="inspec-web01.json.html"' in (fleet.reports / "index.html").read_text()


@pytest.mark.parametrize(
    "damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x")], ids=["missing", "damaged"]
)
def test_a_page_of_the_run_after_the_memory_gets_its_notice(fleet: Host, damage: Callable[[Path], object]) -> None:
    """The memory of the run before does not know the last page, which would stay as if nothing were wrong."""
    fleet.add("5.24.24/ssh-baseline", "web01.json")
    fleet.run()
    damage(fleet.textfiles / ".inspec.prom.state")
    (fleet.results / "web01.json").write_text("{")

    for _ in range(2):
        assert fleet.run().returncode == 1
        assert page(fleet, "web01").read_text().count("Newer results could not be read since") == 1

    fleet.add("7.1.16/ssh-baseline", "web01.json")
    assert fleet.run().returncode == 0
    assert "Newer results could not be read since" not in page(fleet, "web01").read_text()


def test_a_file_that_is_renamed_twice_is_the_same_report(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline", "a.json")
    host.run()
    for name in ("b.json", "c.json"):
        path = path.rename(path.with_name(name))

        done = host.run()

        assert (done.returncode, done.stderr) == (0, "")
