"""A table of histories: what the file says after each step."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inspec_textfile.memory import sealed

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
    assert len(noticed) < len(page) + 500

    assert host.run().returncode == 1  # and again: figures are carried from a file of carried ones
    assert host.series()[FAILED] == good[FAILED]
    assert of_report(host, "ssh-baseline") == {s: v for s, v in good.items() if s in of_report(host, "ssh-baseline")}
    assert (host.reports / "inspec-ssh-baseline.json.html").read_bytes() == noticed

    host.add("7.1.16/all-pass", "ssh-baseline.json")
    assert "takes the place of the last results, which are of another profile" in host.run().stderr
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
    assert "cannot be listed" in done.stderr
    assert host.series()[FAILED] == before[FAILED]
    assert readable(host) == {"ssh-baseline": 0}


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-70],
        lambda _: b"not ours",
        lambda data: data.replace(b"failed", b"passed"),
        lambda data: data.replace(b'"format":2', b'"format":3'),
        lambda data: b"\xff" + data,
        lambda data: data + data,
        lambda _: b"[" * 100_000,
    ],
)
def test_a_memory_that_is_damaged_or_foreign_costs_the_past_only(host: Host, damage: Callable[[bytes], bytes]) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.add("7.1.16/all-pass")
    host.run()
    break_(path)
    state = host.textfiles / ".inspec.prom.state"
    state.write_bytes(damage(state.read_bytes()))

    done = host.run()

    assert done.returncode == 1
    assert f"{state}: " in done.stderr
    assert "history starts over" in done.stderr
    assert "Traceback" not in done.stderr
    assert readable(host) == {"ssh-baseline": 0, "all-pass": 1}
    assert not of_report(host, "ssh-baseline")
    assert host.run().stderr.count("state") == 0, "it is whole again"


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

    assert done.stderr == f"inspec-textfile: {state}: is over 256 MiB, so history starts over\n"
    assert host.series()[FAILED] == 5
    assert state.stat().st_size < 100_000


def test_a_memory_that_would_grow_too_large_begins_anew(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    limited = "from inspec_textfile import memory; memory.MAX_BYTES = 5000; from inspec_textfile.__main__ import main; main()"
    command = [sys.executable, "-c", limited, *host.options()]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert "would be over 0 MiB: history starts over" in done.stderr
    assert host.series()[FAILED] == 5
    assert (host.textfiles / ".inspec.prom.state").stat().st_size < 5000


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


@pytest.mark.parametrize(
    ("line", "damage"),
    [
        (0, ('"prom":[', '"prom":[],"x":[')),
        (1, ('"a",', '"a",null,')),
        (1, ('"a",', '"\\ud800",')),
        (1, (",false]", ',"false",1]')),
        (1, (",false]", ",0]")),
        (2, ('"inspec_controls":"', '"inspec_controls":0,"x":"')),
        (2, ('"acme-ssh-baseline":[', '"acme-ssh-baseline":["x",')),
        (3, ("[[[", '[[["x",')),
    ],
)
def test_a_memory_of_another_form_costs_the_past_and_no_figures(host: Host, line: int, damage: tuple[str, str]) -> None:
    """With a right digest: another program wrote it, or a version between two releases."""
    path = host.add("7.1.16/ssh-baseline", "a.json")
    host.run()
    expected = host.series()
    forge(host, line, damage)
    path.write_text(path.read_text() + "\n")  # so that it is read again

    done = host.run()

    assert "Traceback" not in done.stderr
    assert "unexpected error" not in done.stderr
    assert part(host.series(), "inspec_controls{") == part(expected, "inspec_controls{")


def part(series: dict[str, float], text: str) -> dict[str, float]:
    """Return the series whose name or labels hold a text."""
    return {name: value for name, value in series.items() if text in name}


def forge(host: Host, line: int, damage: tuple[str, str]) -> None:
    """Change a line of the memory, and seal it."""
    state = host.textfiles / ".inspec.prom.state"
    lines = state.read_text().splitlines()[:-1]
    assert damage[0] in lines[line]
    lines[line] = lines[line].replace(*damage, 1)
    state.write_bytes(sealed("".join(f"{text}\n" for text in lines).encode()))


@pytest.mark.parametrize(
    ("line", "damage"),
    [
        (2, ('"inspec_controls":"', '"inspec_controls":"\\ud800')),
        (2, ('"acme-ssh-baseline":[', '"acme-ssh-baseline":[1e400,')),
        (2, ('"platform":', '"platform":1,"x":')),
        (4, ("[", "[1,")),
        (4, ("<tr", "\\ud800<tr")),
    ],
)
def test_what_the_memory_cannot_tell_of_a_report_is_made_again(host: Host, line: int, damage: tuple[str, str]) -> None:
    host.add("7.1.16/ssh-baseline", "a.json")
    other = host.add("7.1.16/waivers", "b.json")
    host.run()
    expected = host.series()
    index = (host.reports / "index.html").read_text()
    forge(host, line, damage)
    other.write_text(other.read_text() + "\n")

    assert host.run().returncode == 0

    assert part(host.series(), 'report="a"') == part(expected, 'report="a"')
    assert (host.reports / "index.html").read_text() == index


def test_results_that_do_not_say_when_the_run_began_go_by_their_mtime(host: Host) -> None:
    """What waivers count depends on it, so the same bytes at another time are another run."""
    path = host.add("7.1.16/waivers")
    path.write_text(re.sub(r'"start_time": ?"[^"]*"', '"start_time": ""', path.read_text()))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    host.run()
    before = part(host.series(), "inspec_controls{")
    os.utime(path, (5_000_000_000, 5_000_000_000))  # long after the waivers have ended

    host.run()
    touched = part(host.series(), "inspec_controls{")
    shutil.rmtree(host.textfiles)
    host.textfiles.mkdir()
    host.run()

    assert touched == part(host.series(), "inspec_controls{") != before


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
