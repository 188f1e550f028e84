"""A table of histories: what the file says after each step."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.host import Host, parse_series

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
        'inspec_textfile_reports{state="read"}',
        'inspec_textfile_reports{state="unreadable"}',
        "inspec_textfile_last_run_timestamp_seconds",
        "inspec_textfile_run_duration_seconds",
    }
    assert good.keys() == broken.keys()
    noticed = (host.reports / "inspec-ssh-baseline.json.html").read_bytes()
    assert b"Newer results could not be read" in noticed
    assert b"is cut short" in noticed
    assert len(noticed) < len(page) + 1_000

    assert host.run().returncode == 1  # and again: figures are carried from a file of carried ones
    assert host.series()[FAILED] == good[FAILED]
    assert of_report(host, "ssh-baseline") == {s: v for s, v in good.items() if s in of_report(host, "ssh-baseline")}
    assert (host.reports / "inspec-ssh-baseline.json.html").read_bytes() == noticed

    host.add("7.1.16/all-pass", "ssh-baseline.json")
    assert "replaces results of another profile (acme-ssh-baseline)" in host.run().stderr
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
    host.add("7.1.16/all-pass")
    break_(path)
    host.run()
    path.unlink()

    assert host.run().returncode == 0
    assert readable(host) == {"all-pass": 1}
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
    assert "the folder does not exist" in done.stderr
    assert host.series()[FAILED] == before[FAILED]
    assert readable(host) == {"ssh-baseline": 0}


DAMAGE: list[Callable[[bytes], bytes]] = [
    lambda _: b"",
    lambda data: data[: len(data) // 2],
    lambda data: data[:-70],
    lambda _: b"not ours",
    lambda data: data.replace(b"failed", b"passed"),
    lambda data: b"\xff" + data,
    lambda data: data + data,
    lambda _: b"[" * 100_000,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_if_the_memory_is_damaged_that_of_the_run_before_serves(host: Host, damage: Callable[[bytes], bytes]) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.run()
    host.add("7.1.16/all-pass")
    host.run()  # the second run keeps the memory of the first
    before = of_report(host, "ssh-baseline")
    break_(path)
    state = host.textfiles / ".inspec.prom.state"
    fallback = state.with_name(".inspec.prom.state.before")
    kept = fallback.read_bytes()
    state.write_bytes(damage(state.read_bytes()))

    done = host.run()

    assert done.returncode == 1
    assert f"{state}: " in done.stderr
    assert "the memory of the run before is used" in done.stderr
    assert "Traceback" not in done.stderr
    assert readable(host) == {"ssh-baseline": 0, "all-pass": 1}
    assert of_report(host, "ssh-baseline") == before
    assert fallback.read_bytes() == kept, "the damaged file does not take its place"
    assert host.run().stderr.count("state") == 0, "it is whole again"


@pytest.mark.parametrize("damage", DAMAGE)
def test_without_any_memory_that_is_whole_history_starts_over(host: Host, damage: Callable[[bytes], bytes]) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.add("7.1.16/all-pass")
    host.run()
    started = host.series()["inspec_textfile_history_start_timestamp_seconds"]
    break_(path)
    state = host.textfiles / ".inspec.prom.state"
    state.write_bytes(damage(state.read_bytes()))

    done = host.run()

    assert done.returncode == 1
    assert f"{state}: " in done.stderr
    assert "history starts over" in done.stderr
    assert readable(host) == {"ssh-baseline": 0, "all-pass": 1}
    assert not of_report(host, "ssh-baseline")
    assert host.series()["inspec_textfile_history_start_timestamp_seconds"] > started


def test_a_memory_that_is_missing_beside_the_prom_is_told(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    assert host.run().returncode == 0
    (host.textfiles / ".inspec.prom.state").unlink()

    done = host.run()

    assert done.returncode == 1
    assert ".inspec.prom.state: is missing, so history starts over" in done.stderr
    assert host.run().returncode == 0


def test_an_empty_prom_is_none(host: Host) -> None:
    """contrib/systemd makes one for node_exporter before the first run."""
    host.add("7.1.16/ssh-baseline")
    host.prom.touch()

    done = host.run()

    assert (done.returncode, done.stderr) == (0, "")


def test_the_memory_is_for_its_user_only(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    host.run()

    assert (host.textfiles / ".inspec.prom.state").stat().st_mode & 0o7777 == 0o600


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "writable by others", "of another user"])
def test_a_memory_that_is_no_file_of_ours(host: Host, kind: str) -> None:
    host.add("7.1.16/ssh-baseline")
    host.run()
    state = host.textfiles / ".inspec.prom.state"
    if kind == "writable by others":
        state.chmod(0o666)
    elif kind == "of another user":
        os.chown(state, 12345, 12345)
    else:
        state.rename(host.root / "elsewhere")
        if kind == "link":
            state.symlink_to(host.root / "elsewhere")
        elif kind == "fifo":
            os.mkfifo(state)
        else:
            state.mkdir()

    done = host.run()

    assert done.returncode == 1
    assert f"{state}: " in done.stderr
    assert readable(host) == {"ssh-baseline": 1}
    assert host.series()[FAILED] == 5


def test_an_enormous_memory_is_not_read(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    host.run()
    state = host.textfiles / ".inspec.prom.state"
    os.truncate(state, 300 * 1024 * 1024)

    done = host.run()

    assert f"{state}: is over 256 MiB, so history starts over" in done.stderr
    assert host.series()[FAILED] == 5
    assert state.stat().st_size < 100_000


def test_a_memory_that_would_grow_too_large_loses_the_largest_pasts_only(host: Host) -> None:
    host.add("7.1.16/stig-style", "large.json")
    host.add("7.1.16/all-pass", "small.json")
    host.run()
    state = host.textfiles / ".inspec.prom.state"
    most = state.stat().st_size - 500
    shutil.rmtree(host.textfiles)
    host.textfiles.mkdir()
    limited = (
        f"from inspec_textfile import memory; memory.MAX_BYTES = {most}; from inspec_textfile.__main__ import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", limited, *host.options()], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "the largest pasts start over: large" in done.stderr
    assert state.stat().st_size <= most
    assert readable(host) == {"large": 1, "small": 1}
    parts = [json.loads(line.split("\t")[0])[1:] for line in state.read_text().splitlines() if line.startswith('["report"')]
    assert ["small", "past"] in parts
    assert ["large", "past"] not in parts
    assert ["large", "figures"] in parts


def test_a_memory_that_figures_alone_take_over_its_limit_loses_nothing_of_the_small_reports(host: Host) -> None:
    host.add("7.1.16/all-pass", "small.json")
    host.run()
    before = remembered(host)
    results = [{"status": "failed", "code_desc": "x", "start_time": "2026-11-24T00:12:26+00:00"}]
    profiles = [{"name": f"p{number}", "controls": [{"id": "c", "impact": 1, "results": results}]} for number in range(200)]
    for name in ("large1", "large2"):
        (host.results / f"{name}.json").write_text(json.dumps({"version": "7.1.16", "profiles": profiles}))
    most = 100_000  # the figures of one of them take more

    for _ in range(2):
        code = f"from inspec_textfile import memory; memory.MAX_BYTES = {most}; from inspec_textfile.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *host.options()], capture_output=True, text=True, check=False, timeout=60
        )

        assert done.returncode == 1
        assert "would be over" in done.stderr
        assert "small" not in done.stderr
        assert (host.textfiles / ".inspec.prom.state").stat().st_size <= most
        assert readable(host) == {"large1": 1, "large2": 1, "small": 1}
        assert before["small"] == remembered(host)["small"] == {"file", "figures", "summary", "past", "states"}


def remembered(host: Host) -> dict[str, set[str]]:
    """Return the parts that the memory has of each report."""
    parts: dict[str, set[str]] = {}
    for line in (host.textfiles / ".inspec.prom.state").read_text().splitlines():
        if line.startswith('["report"'):
            _, report, part = json.loads(line.split("\t")[0])
            parts.setdefault(report, set()).add(part)
    return parts


def test_two_files_of_metrics_from_the_same_results_remember_apart(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    other = host.textfiles / "other.prom"
    host.run()
    assert host.run("-o", str(other)).returncode == 0
    break_(path)

    host.run("-o", str(other))

    assert parse_series(other.read_text())['inspec_report_readable{report="ssh-baseline"}'] == 0
    assert readable(host) == {"ssh-baseline": 1}
    host.run()
    assert host.series()[FAILED] == 5


def test_printed_metrics_remember_nothing(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")

    done = host.start(["--no-reports", "-o", "-", str(host.results)])

    assert FAILED in parse_series(done.stdout)
    assert list(host.textfiles.iterdir()) == []


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

    for most, dropped in ((3, 2), (2, 3), (9, 0)):
        host.run("--control-series", "failing", "--max-control-series", str(most))
        assert host.series()['inspec_control_status_dropped{report="ssh-baseline"}'] == dropped


def forge(host: Host, report: str, part: str, value: str) -> None:
    """Put another value into a part of the memory, with a digest that is right."""
    state = host.textfiles / ".inspec.prom.state"
    label = json.dumps(["report", report, part], separators=(",", ":"))
    lines = state.read_text().splitlines()[:-1]
    (at,) = [number for number, line in enumerate(lines) if line.startswith(label)]
    lines[at] = f"{label}\t{value}"
    text = "".join(f"{line}\n" for line in lines)
    state.write_text(f"{text}{hashlib.sha256(text.encode()).hexdigest()}\n")


@pytest.mark.parametrize("part", ["figures", "summary"])
def test_a_part_that_cannot_be_read_is_made_again_where_the_results_are_there(host: Host, part: str) -> None:
    host.add("7.1.16/ssh-baseline", "a.json")
    host.add("7.1.16/waivers", "b.json")
    host.run()
    expected = of_report(host, "a")
    forge(host, "a", part, "[1]")

    assert host.run().returncode == 0

    assert of_report(host, "a") == expected


@pytest.mark.parametrize("part", ["states", "past"])
def test_a_history_that_cannot_be_read_starts_over_and_is_told(host: Host, part: str) -> None:
    path = host.add("7.1.16/ssh-baseline", "a.json")
    host.run()
    forge(host, "a", part, "[1]")
    path.write_text(path.read_text().replace("2026-11-24", "2026-11-25"))

    done = host.run()

    assert f"{path}: what the memory knows of its history cannot be read, so it starts over" in done.stderr
    assert done.returncode == 1
    assert host.run().returncode == 0


@pytest.mark.parametrize("part", ["figures", "summary"])
def test_a_part_that_cannot_be_read_is_lost_alone_and_told(host: Host, part: str) -> None:
    path = host.add("7.1.16/ssh-baseline", "a.json")
    host.add("7.1.16/waivers", "b.json")
    host.run()
    expected = of_report(host, "a"), of_report(host, "b")
    forge(host, "a", part, "[1]")
    break_(path)

    done = host.run()

    assert f"what the memory knows of its {part} cannot be read" in done.stderr
    assert of_report(host, "b") == expected[1]
    assert of_report(host, "a") == (expected[0] if part == "summary" else {})


def test_what_another_version_remembers_is_ignored(host: Host) -> None:
    """A new field of a part, and a new part, are no event."""
    path = host.add("7.1.16/ssh-baseline", "a.json")
    host.run()
    expected = of_report(host, "a")
    state = host.textfiles / ".inspec.prom.state"
    text = re.sub(r"\t\{", '\t{"new":[1],', "\n".join(state.read_text().splitlines()[:-1]))
    text += '\n["report","a","new part"]\t"x"\n["new"]\t1\n'
    state.write_text(f"{text}{hashlib.sha256(text.encode()).hexdigest()}\n")
    break_(path)

    done = host.run()

    assert "state" not in done.stderr
    assert of_report(host, "a") == expected


def controls_of(host: Host) -> dict[str, float]:
    return {series: value for series, value in host.series().items() if series.startswith("inspec_controls{")}


def test_results_that_do_not_say_when_the_run_began_go_by_their_mtime(host: Host) -> None:
    """What waivers count depends on it, so the same bytes at another time are another run."""
    path = host.add("7.1.16/waivers")
    path.write_text(re.sub(r'"start_time": ?"[^"]*"', '"start_time": ""', path.read_text()))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    host.run()
    before = controls_of(host)
    os.utime(path, (5_000_000_000, 5_000_000_000))  # long after the waivers have ended

    host.run()
    touched = controls_of(host)
    shutil.rmtree(host.textfiles)
    host.textfiles.mkdir()
    host.run()

    assert touched == controls_of(host) != before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_memory_of_another_user_is_refused_once(host: Host) -> None:
    host.add("7.1.16/ssh-baseline", "a.json")
    host.run()
    os.chown(host.textfiles / ".inspec.prom.state", 12345, 12345)

    first, second = host.run(), host.run()

    assert (first.returncode, "belongs to user 12345" in first.stderr) == (1, True)
    assert (second.returncode, second.stderr) == (0, "")


def test_a_warning_is_told_until_the_results_change(host: Host) -> None:
    """A waiver without an end that anybody can read must not fall silent after the first run."""
    path = host.add("7.1.16/waivers")
    path.write_text(re.sub(r'("expiration_date": ?)"[^"]*"', r'\1"soon"', path.read_text()))

    first, second = host.run(), host.run()

    assert first.returncode == second.returncode == 1
    assert "cannot be read" in first.stderr
    assert first.stderr == second.stderr
    host.add("7.1.16/waivers")
    assert host.run().returncode == 0


def test_the_page_of_a_report_that_went_without_pages_being_written_is_removed_by_the_next_run_that_writes_some(
    host: Host,
) -> None:
    host.add("7.1.16/ssh-baseline")
    gone = host.add("7.1.16/waivers")
    page = host.reports / "inspec-waivers.json.html"
    host.run()
    gone.unlink()

    host.run("--no-reports")
    host.run("--no-reports")
    assert page.exists()
    host.run()

    assert not page.exists()
    assert "waivers" not in (host.reports / "index.html").read_text()
