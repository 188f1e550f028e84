"""A finding is open until a run tests it and it does not fail: through whole runs, as an operator sees it."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timezone
from typing import Any

import pytest

from helpers.host import Host


def put(
    host: Host, name: str, day: int, profiles: dict[str, dict[str, str]], *, version: str = "1", target: str = "h1"
) -> None:
    """Write results. `profiles`: name -> id -> status; `waived` fails below a waiver."""
    document = {
        "version": "7.1.16",
        "platform": {"name": "debian", "target_id": ""},
        "node_name": target,
        "profiles": [
            {"name": profile, "version": version, "controls": [control(id_, status, day) for id_, status in controls.items()]}
            for profile, controls in profiles.items()
        ],
    }
    path = host.results / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document))


def control(id_: str, status: str, day: int) -> dict[str, Any]:
    waived = {"waiver_data": {"justification": "known", "run": True, "message": "", "skipped_due_to_waiver": False}}
    result = {
        "status": "failed" if status == "waived" else status,
        "code_desc": "x",
        "start_time": f"2026-11-{day:02}T00:00:00+00:00",
        **({"skip_message": "no"} if status == "skipped" else {}),
    }
    return {"id": id_, "title": f"Title of {id_}", "impact": 0.9, "results": [result], **(waived if status == "waived" else {})}


def metric(host: Host, name: str, *parts: str) -> float:
    return sum(value for series, value in host.series().items() if series.startswith(name) and all(p in series for p in parts))


def at(day: int) -> float:
    return datetime(2026, 11, day, tzinfo=timezone.utc).timestamp()


def not_tested(host: Host) -> float:
    return metric(host, "inspec_findings_not_tested{")


def test_all_places_tell_what_was_not_tested(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed", "b": "failed", "c": "passed"}})
    host.run()
    put(host, "web01", 2, {"p": {"a": "skipped", "b": "failed", "c": "passed"}})

    done = host.run("-v")

    assert done.returncode == 0
    assert not_tested(host) == 1
    assert "1 failed when last tested and were not tested now: a" in done.stderr
    assert "Title of a" in (host.reports / "inspec-web01.json.html").read_text()
    assert "not_tested" in (host.reports / "findings.csv").read_text().replace("not tested", "not_tested")


def test_a_file_that_was_renamed_and_run_again_goes_on(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}})
    put(host, "db01", 1, {"p": {"a": "passed"}}, target="h2")
    host.run()
    (host.results / "web01.json").unlink()
    put(host, "www", 2, {"p": {"a": "failed"}})

    done = host.run()

    assert (done.returncode, done.stderr) == (0, "")
    assert metric(host, "inspec_control_changes", "newly_failing") == 0
    first = metric(host, "inspec_run_timestamp_seconds", "www") - 86_400
    assert metric(host, "inspec_oldest_failure_timestamp_seconds", "www") == first


@pytest.mark.parametrize("target", ["h2", ""])
def test_a_file_that_may_be_of_another_host_is_told(host: Host, target: str) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}})
    put(host, "db01", 1, {"p": {"a": "passed"}}, target="h3")
    host.run()
    (host.results / "web01.json").unlink()
    put(host, "www", 2, {"p": {"a": "failed"}}, target=target)

    done = host.run()

    assert done.returncode == 1
    assert "1 of the last run's reports is not among the results of this run" in done.stderr
    assert "web01" in done.stderr


def test_a_file_that_was_renamed_and_cannot_be_read_is_told(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}})
    put(host, "db01", 1, {"p": {"a": "passed"}}, target="h3")
    host.run()
    (host.results / "web01.json").unlink()
    (host.results / "www.json").write_text("{")

    assert "removed; to keep it, pass the results of all hosts in one run: web01" in host.run().stderr

    put(host, "www", 2, {"p": {"a": "skipped"}})
    assert host.run().returncode == 0
    assert not_tested(host) == 1


def test_a_file_that_was_gone_for_a_run_goes_on_under_a_new_name(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}})
    put(host, "db01", 1, {"p": {"a": "passed"}}, target="h3")
    host.run()
    (host.results / "web01.json").unlink()
    host.run()
    for day, name in ((2, "www"), (3, "web")):
        put(host, name, day, {"p": {"a": "skipped"}})
        assert host.run().returncode == 0
        assert not_tested(host) == 1
        (host.results / f"{name}.json").unlink()


def test_two_that_are_gone_and_fit_are_not_guessed(host: Host) -> None:
    for name in ("web01", "web02"):
        put(host, name, 1, {"p": {"a": "failed"}})
    host.run()
    for name in ("web01", "web02"):
        (host.results / f"{name}.json").unlink()
    put(host, "www", 2, {"p": {"a": "failed"}})

    assert host.run().returncode == 1


def test_two_that_are_new_and_fit_are_not_guessed(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}})
    host.run()
    (host.results / "web01.json").unlink()
    put(host, "www", 2, {"p": {"a": "failed"}})
    put(host, "www-2", 2, {"p": {"a": "passed"}})

    done = host.run()

    assert (done.returncode, "web01" in done.stderr) == (1, True)
    assert metric(host, "inspec_control_changes") == 0
    assert metric(host, "inspec_oldest_failure_timestamp_seconds") == at(2)


def test_a_file_whose_name_changes_with_its_neighbours_takes_its_past_along_alone(host: Host) -> None:
    put(host, "nginx/last", 1, {"p": {"a": "failed"}})
    host.run(str(host.results / "nginx"))
    put(host, "nginx/last", 2, {"p": {"a": "failed"}})
    put(host, "audit/last", 2, {"p": {"a": "passed"}})

    done = host.run(str(host.results / "audit"), str(host.results / "nginx"))

    assert (done.returncode, done.stderr) == (0, "")
    assert metric(host, "inspec_control_changes") == 0, "audit is new: nobody fixed anything"
    assert metric(host, "inspec_oldest_failure_timestamp_seconds", "/nginx/last") == at(1)
    assert metric(host, "inspec_oldest_failure_timestamp_seconds", "/audit/last") == 0
    assert host.run(str(host.results / "audit")).returncode == 1
    assert metric(host, "inspec_control_changes") == 0, "the plain name goes back to another file"


def test_standard_input_that_takes_a_name_does_not_take_the_past(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}})
    host.run()
    put(host, "other", 2, {"p": {"a": "passed"}})
    new = (host.results / "other.json").read_bytes()
    (host.results / "other.json").unlink()

    done = host.run(str(host.results), "-", "--report-name", "web01", stdin=new)

    assert (done.returncode, done.stderr) == (0, "")
    assert metric(host, "inspec_control_changes") == 0
    assert metric(host, "inspec_oldest_failure_timestamp_seconds") == at(1)


def test_a_report_that_is_read_from_another_file_is_told(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}})
    host.run()
    other = host.root / "other"
    shutil.copytree(host.results, other)
    put(host, "web01", 2, {"p": {"a": "failed"}})
    shutil.copy(host.results / "web01.json", other / "web01.json")

    done = host.run(str(other))

    assert done.returncode == 1
    assert f"web01 from {other}/web01.json, before from {host.results}/web01.json" in done.stderr
    assert host.run(str(other)).returncode == 0


@pytest.mark.parametrize("machines", [2, 3])
def test_machines_that_write_one_file_in_turn_are_told(host: Host, machines: int) -> None:
    for day in range(1, 6):
        put(host, "web01", day, {"p": {"a": "failed" if day % machines else "passed"}}, target="")
        path = host.results / "web01.json"
        machine = f"a7b1a5c4-0000-4000-8000-00000000000{day % machines}"
        path.write_text(path.read_text().replace('"target_id": ""', f'"target_id": "{machine}"'))

        done = host.run()

        assert metric(host, "inspec_control_changes") == 0, "another machine makes nothing fixed or new"
        assert done.returncode == (1 if day > machines else 0)
    assert "is of several machines in turn" in done.stderr


def test_a_profile_that_is_gone_has_rows(host: Host) -> None:
    put(host, "web01", 1, {"p": {"a": "failed"}, "q": {"b": "passed", "c": "passed"}})
    host.run()
    put(host, "web01", 2, {"q": {"b": "passed", "c": "passed"}})
    host.run()

    assert metric(host, "inspec_findings_not_tested{", 'profile="p"', 'severity="critical"') == 1
    assert metric(host, "inspec_oldest_failure_timestamp_seconds", 'profile="p"') > 0


def test_tests_outside_of_controls_are_the_same_ones_in_the_next_run(host: Host) -> None:
    """InSpec gives them another id in each run."""
    path = host.add("1.51.21/bare-tests")
    host.run()
    before, text = metric(host, "inspec_oldest_failure_timestamp_seconds"), path.read_text()
    path.write_text(re.sub(r"[0-9a-f]{32}\)", f"{'0' * 32})", text.replace('"2026-11-24 ', '"2026-11-25 ')))
    assert path.read_text() != text

    assert host.run().returncode == 0

    assert (not_tested(host), metric(host, "inspec_control_changes")) == (0, 0)
    assert metric(host, "inspec_oldest_failure_timestamp_seconds") == before > 0


def test_findings_without_a_series_of_their_own_are_counted(host: Host) -> None:
    """The controls of the report alone are within the limit."""
    put(host, "web01", 1, {"p": {"a": "failed", "b": "failed"}, "q": {"c": "failed"}})
    host.run()
    put(host, "web01", 2, {"q": {"c": "failed"}})

    done = host.run("--control-series", "failing", "--max-control-series", "2")

    assert metric(host, "inspec_control_status_dropped") == 1
    assert (done.returncode, "series of single controls are left out" in done.stderr) == (1, True)


def test_a_partial_run_of_a_new_version_removes_nothing(host: Host) -> None:
    ids = {f"c{number}": "passed" for number in range(9)}
    put(host, "web01", 1, {"p": {"a": "failed", **ids}}, version="1")
    host.run()
    put(host, "web01", 2, {"p": {"c1": "passed"}}, version="2")
    host.run()
    assert not_tested(host) == 1

    put(host, "web01", 3, {"p": dict(ids)}, version="2")
    host.run()
    assert not_tested(host) == 0, "a complete run of another version than the one it was last seen in"


def test_a_dependency_that_did_not_load_removes_nothing(host: Host) -> None:
    """The wrapper loaded, and has another version; it lists half of its controls."""
    put(host, "web01", 1, {"wrapper": {"own": "passed", "a": "failed"}})
    host.run()
    put(host, "web01", 2, {"wrapper": {"own": "passed"}}, version="2")
    path = host.results / "web01.json"
    document = json.loads(path.read_text())
    skipped = {"name": "base", "status": "skipped", "skip_message": "not for this platform"}
    document["profiles"][0]["depends"] = [skipped]
    path.write_text(json.dumps(document))

    assert host.run().returncode == 0
    assert not_tested(host) == 1

    put(host, "web01", 3, {"wrapper": {"own": "passed"}}, version="3")
    host.run()
    assert not_tested(host) == 0
