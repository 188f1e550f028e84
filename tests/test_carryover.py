"""A table of histories: what the file says after each step."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from inspec_textfile.carryover import NotOurs, read_back
from inspec_textfile.controlseries import ControlSeries
from inspec_textfile.metrics import exposition, figures
from inspec_textfile.model import ControlEntry, Report
from inspec_textfile.overlay import resolve

from conftest import Host
from make import profile, result

FAILED = 'inspec_checks_total{profile="acme-ssh-baseline",status="failed"}'
MTIME = 'inspec_checks_mtime{profile="acme-ssh-baseline"}'


def break_(path: Path) -> None:
    path.write_text('{"profiles": [{"na')


def readable(host: Host) -> dict[str, float]:
    return {
        series.split('"')[1]: value for series, value in host.series().items() if series.startswith("inspec_report_readable")
    }


def of_report(host: Host, report: str) -> dict[str, float]:
    return {
        series: value for series, value in host.series().items() if f'report="{report}"' in series and "_readable" not in series
    }


def test_good_broken_good(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.add("7.1.16/all-pass")
    assert host.run().returncode == 0
    good = host.series()
    page = (host.reports / "inspec-ssh-baseline.json.html").read_bytes()

    break_(path)
    done = host.run()

    assert done.returncode == 1
    assert f"{path}: is cut short" in done.stderr
    assert done.stderr.count("\n") == 1
    broken = host.series()
    assert readable(host) == {"ssh-baseline": 0, "all-pass": 1}
    changed = {series for series in good if good[series] != broken.get(series)}
    assert changed <= {
        'inspec_report_readable{report="ssh-baseline"}',
        "inspec_textfile_last_run_timestamp_seconds",
        "inspec_textfile_run_duration_seconds",
    }
    assert good.keys() == broken.keys()
    assert (host.reports / "inspec-ssh-baseline.json.html").read_bytes() == page

    assert host.run().returncode == 1  # and again: figures are carried from a file of carried ones
    assert host.series()[FAILED] == good[FAILED]
    assert of_report(host, "ssh-baseline") == {s: v for s, v in good.items() if s in of_report(host, "ssh-baseline")}

    host.add("7.1.16/all-pass", "ssh-baseline.json")
    assert host.run().returncode == 0
    assert readable(host) == {"ssh-baseline": 1, "all-pass": 1}
    assert FAILED not in host.series()


def test_broken_from_the_start(host: Host) -> None:
    break_(host.add("7.1.16/ssh-baseline"))

    assert host.run().returncode == 1

    assert readable(host) == {"ssh-baseline": 0}
    assert not of_report(host, "ssh-baseline")
    assert not any(series.startswith("inspec_checks") for series in host.series())


def test_removed(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.add("7.1.16/all-pass")
    host.run()
    path.unlink()

    assert host.run().returncode == 0

    assert readable(host) == {"all-pass": 1}
    assert FAILED not in host.series()


def test_broken_then_removed(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.run()
    break_(path)
    host.run()
    path.unlink()

    assert host.run().returncode == 0
    assert readable(host) == {}
    assert FAILED not in host.series()


def test_renamed(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.run()
    before = host.series()
    path.rename(path.with_name("renamed.json"))

    assert host.run().returncode == 0

    assert readable(host) == {"renamed": 1}
    assert host.series()[FAILED] == before[FAILED]


def test_two_reports_with_one_profile_of_which_one_breaks(host: Host) -> None:
    broken, whole = host.add("7.1.16/ssh-baseline", "a.json"), host.add("7.1.16/ssh-baseline", "b.json")
    for path, seconds in ((broken, 1_000_000), (whole, 2_000_000)):
        os.utime(path, (seconds, seconds))
    host.run()
    assert host.series()[FAILED] == 10

    break_(broken)
    host.run()
    assert host.series()[FAILED] == 10
    assert host.series()[MTIME] == 1e9

    host.add("7.1.16/all-pass", "b.json")  # the whole one turns good: its share goes, the broken one's stays
    host.run()
    assert host.series()[FAILED] == 5
    assert host.series()[MTIME] == 1e9


def test_a_wrapper(host: Host) -> None:
    path = host.add("7.1.16/nested-overlay")
    host.run()
    before = {s: v for s, v in host.series().items() if "inspec_textfile" not in s and "readable" not in s}
    assert 'inspec_checks_total{profile="acme-eu-prod",status="failed"}' in before

    break_(path)
    host.run()

    assert {s: v for s, v in host.series().items() if "inspec_textfile" not in s and "readable" not in s} == before


def test_a_file_that_vanishes_while_it_is_listed_is_carried_over(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    host.run()

    done = host.run(str(host.results / "ssh-baseline.json"), str(host.results / "gone.json"))

    assert done.returncode == 1
    assert "gone.json: does not exist" in done.stderr
    assert readable(host) == {"ssh-baseline": 1, "gone": 0}


def test_a_folder_that_is_gone_keeps_everything(host: Host) -> None:
    """A file system that is not mounted is not a host without results."""
    host.add("7.1.16/ssh-baseline")
    host.run()
    before = host.series()
    host.results.rename(host.root / "away")

    done = host.run()

    assert done.returncode == 1
    assert "cannot be listed" in done.stderr
    assert host.series()[FAILED] == before[FAILED]
    assert readable(host) == {"ssh-baseline": 0}


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda text: text[: len(text) // 2],
        lambda _: 'other_metric{a="b"} 1\n',
        lambda text: "\udcff".join(text),
        lambda text: text.replace("inspec_textfile_build_info", "x"),
        lambda text: text + "what is this\n",
        lambda text: text.replace("} 5.0", "} five"),
    ],
)
def test_a_last_file_that_is_damaged_or_foreign_is_not_carried_over(host: Host, damage: Callable[[str], str]) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.run()
    break_(path)
    host.prom.write_bytes(damage(host.prom.read_text()).encode("utf-8", "surrogateescape"))

    done = host.run()

    assert done.returncode == 1
    assert f"{host.prom}: is not of our making or damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert readable(host) == {"ssh-baseline": 0}
    assert not of_report(host, "ssh-baseline")


def test_a_last_file_that_is_no_file(host: Host) -> None:
    break_(host.add("7.1.16/ssh-baseline"))
    host.prom.mkdir()

    done = host.run()

    assert done.returncode == 2
    assert "is a folder" in done.stderr


def test_without_pages_and_with_others_options(host: Host) -> None:
    """What an option turned off does not come back from the last file."""
    path = host.add("7.1.16/ssh-baseline")
    host.run("--control-series", "all", "--no-reports")
    assert sum(s.startswith("inspec_control_status{") for s in host.series()) == 6
    break_(path)

    host.run("--control-series", "failing", "--no-reports")
    assert sum(s.startswith("inspec_control_status{") for s in host.series()) == 5
    host.run("--no-reports")
    assert not any(s.startswith("inspec_control_status") for s in host.series())


def test_dropped_series_stay_counted(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.run("--control-series", "failing", "--max-control-series", "3")
    break_(path)

    for most, dropped in ((3, 2), (2, 3), (9, 3)):
        host.run("--control-series", "failing", "--max-control-series", str(most))
        assert host.series()['inspec_control_status_dropped{report="ssh-baseline"}'] == dropped


def test_only_what_this_version_writes_is_read_back() -> None:
    text = """\
# TYPE inspec_textfile_build_info gauge
inspec_textfile_build_info{version="9"} 1
# TYPE inspec_controls gauge
inspec_controls{profile="p",report="r",severity="high",status="failed"} 3
inspec_controls{profile="p",report="r",severity="dire",status="failed"} 3
inspec_controls{profile="p",report="r",severity="high",status="exploded"} 3
inspec_controls{profile="p",report="r",severity="high"} 3
inspec_controls{profile="p",report="r",severity="high",status="passed"} NaN
# TYPE inspec_future gauge
inspec_future{report="r"} 1
inspec_report_readable{report="only"} 1
# inspec-textfile report {"report": "r", "mtime_ms": 5, "checks": {"p": [1, 2, 3]}}
# inspec-textfile report {"report": "r", "mtime_ms": 5, "checks": {"p": [1, 2]}}
# inspec-textfile report {"report": "r", "mtime_ms": 5, "checks": {"p": "abc"}}
# inspec-textfile report {"report": "r", "mtime_ms": 5, "checks": {"p": [1, 2, Infinity]}}
# inspec-textfile report {"report": "r", "mtime_ms": 5, "checks": {"p": [1, 2, 1000000000000000000000]}}
# inspec-textfile report {"report": "r", "mtime_ms": NaN, "checks": {"p": [3, 2, 1]}}
# inspec-textfile report ["r"]
# inspec-textfile report {
"""

    found = read_back(text.encode(), ControlSeries())

    assert found.keys() == {"r", "only"}
    assert not found["only"].readable
    assert found["r"].samples == {"inspec_controls": {("r", "p", "high", "failed"): 3}}
    assert found["r"].checks == {"p": (1, 2, 3)}
    assert found["r"].mtime_ms == 5
    assert not found["r"].readable


def test_what_is_not_ours_is_said() -> None:
    for data in (b"", b"\xff", b"x{y} z\n", b'# TYPE a gauge\na{b="c"} 1\n'):
        with pytest.raises(NotOurs):
            read_back(data, ControlSeries())


def test_a_label_cannot_forge_what_is_read_back() -> None:
    forged = '\u2028# inspec-textfile report {"report": "r", "mtime_ms": 5, "checks": {"p": [0, 0, 9]}}\u2028'
    made = ControlEntry("c", None, None, 0.5, (result("failed"),), None, None, (), {}, (), "", "")
    entries = (profile(forged, made),)
    report = Report("r", 5_000_000, "", "", "", "", None, None, entries, resolve(entries), "")
    text = exposition([figures(report, ControlSeries())], ControlSeries(), version="1", now=1.0, duration=1.0)

    assert read_back(text, ControlSeries())["r"].checks == {forged: (1, 0, 0)}
