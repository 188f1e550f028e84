"""More histories of a results folder (`test_carryover.py` has the first): what goes, what stays, what must not come back."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspec_textfile.carryover import read_back
from inspec_textfile.controlseries import ControlSeries
from inspec_textfile.metrics import exposition, figures
from inspec_textfile.results import parse_report
from inspec_textfile.sources import find_sources

from conftest import REPORTS, Host
from strict import parse

FAILED = 'inspec_checks_total{profile="acme-ssh-baseline",status="failed"}'


def readable(host: Host) -> dict[str, float]:
    found = parse(host.prom.read_bytes())
    return {dict(labels)["report"]: value for (name, labels), value in found.items() if name == "inspec_report_readable"}


@pytest.fixture
def fleet(host: Host) -> Host:
    """Two hosts' results in folders of their own, and a report beside them; all were read once."""
    for name in ("web/ssh", "web/tls", "db/ssh", "local"):
        host.add("7.1.16/ssh-baseline", f"{name}.json")
    assert host.run().returncode == 0
    return host


def hide(folder: Path) -> None:
    """Make a folder that even root cannot list: a link in its place."""
    folder.rename(folder.parent.parent / "away")
    folder.symlink_to(folder.parent.parent / "away")


def test_of_a_folder_that_cannot_be_listed_only_its_own_reports_stay(fleet: Host) -> None:
    hide(fleet.results / "web")
    (fleet.results / "local.json").unlink()
    (fleet.results / "db" / "ssh.json").unlink()
    fleet.add("7.1.16/all-pass", "db/new.json")

    assert fleet.run().returncode == 1

    assert readable(fleet) == {"web/ssh": 0, "web/tls": 0, "db/new": 1}
    assert fleet.series()[FAILED] == 10

    (fleet.results / "web").unlink()
    (fleet.root / "away").rename(fleet.results / "web")
    (fleet.results / "web" / "tls.json").unlink()
    assert fleet.run().returncode == 0
    assert readable(fleet) == {"web/ssh": 1, "db/new": 1}


def test_a_broken_report_in_a_folder_that_cannot_be_listed_stays_broken(fleet: Host) -> None:
    """Its alert must not resolve because things got worse."""
    (fleet.results / "web" / "never.json").write_text("{")
    fleet.run()
    assert readable(fleet)["web/never"] == 0
    hide(fleet.results / "web")

    fleet.run()
    fleet.run()

    assert readable(fleet)["web/never"] == 0


def test_a_folder_given_as_argument_that_is_gone_keeps_everything(host: Host) -> None:
    disk = host.root / "disk"
    disk.mkdir()
    shutil.copy(host.add("7.1.16/ssh-baseline"), disk / "ssh.json")
    host.run(str(disk))
    disk.rename(host.root / "unmounted")

    done = host.run(str(disk))

    assert done.returncode == 1
    assert f"{disk}: the folder cannot be listed: No such file or directory; its reports keep their last figures" in done.stderr
    assert readable(host) == {"ssh": 0}
    assert host.series()[FAILED] == 5


def test_a_file_given_as_argument_that_is_gone_is_that_file(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.run(str(path))
    path.unlink()

    assert f"{path}: does not exist" in host.run(str(path)).stderr
    assert readable(host) == {"ssh-baseline": 0}


def test_which_names_a_hidden_folder_stands_for(tmp_path: Path) -> None:
    for name in ("one/web", "two/web"):
        (tmp_path / name).mkdir(parents=True)
        hide(tmp_path / name)
        (tmp_path / "away").rename(tmp_path / name.replace("/", "-"))
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to(tmp_path)

    found = find_sources((str(tmp_path / "one"), str(tmp_path / "two")), "none", "stdin")

    here = str(tmp_path).lstrip("/")
    assert set(found.unseen) == {"web/", f"{here}/one/web/", f"{here}/two/web/"}
    assert not found.complete


def test_a_name_that_only_begins_like_a_hidden_folder_goes(host: Host) -> None:
    host.add("7.1.16/ssh-baseline", "web/x.json")
    host.add("7.1.16/ssh-baseline", "webmail.json")
    host.run()
    hide(host.results / "web")
    (host.results / "webmail.json").unlink()

    host.run()

    assert readable(host) == {"web/x": 0}


def test_a_report_that_moves_leaves_nothing_behind(fleet: Host) -> None:
    """Renamed and broken at once: nobody can tell that it is the same, and the old name is gone."""
    (fleet.results / "local.json").rename(fleet.results / "elsewhere.json")
    (fleet.results / "elsewhere.json").write_text("{")

    fleet.run()

    assert readable(fleet) == {"web/ssh": 1, "web/tls": 1, "db/ssh": 1, "elsewhere": 0}
    assert fleet.series()[FAILED] == 15


def test_one_report_under_two_names_counts_once(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline", "a.json")
    (host.results / "b.json").symlink_to(path)
    host.run()
    assert host.series()[FAILED] == 5
    path.write_text("{")

    host.run()

    assert readable(host) == {"a": 0}
    assert host.series()[FAILED] == 5


def test_figures_of_a_run_with_pages_serve_one_without_and_back(fleet: Host) -> None:
    (fleet.results / "local.json").write_text("{")
    for options in (("--no-reports",), (), ("--control-series", "all"), ()):
        fleet.run(*options)
        assert fleet.series()[FAILED] == 20
        assert readable(fleet)["local"] == 0
    assert not any(series.startswith("inspec_control_status") for series in fleet.series())


def test_a_very_long_name_keeps_its_figures(host: Host) -> None:
    """Its label is shortened, the same way each time."""
    name = "/".join(["d" * 200] * 6) + "/x.json"
    path = host.add("7.1.16/ssh-baseline", name)
    assert host.run("--no-reports").returncode == 0
    (label,) = readable(host)
    assert len(label) < 1000
    path.write_text("{")

    for _ in range(2):
        host.run("--no-reports")
        assert readable(host) == {label: 0}
        assert host.series()[FAILED] == 5


def test_a_last_file_of_another_version(fleet: Host) -> None:
    """What this version would write is kept; labels, families and values that it does not know are not."""
    text = fleet.prom.read_text()
    text = text.replace('inspec_textfile_build_info{version="', 'inspec_textfile_build_info{version="9.')
    text = text.replace("inspec_results{", 'inspec_results{host="new",').replace('severity="critical"', 'severity="dire"')
    fleet.prom.write_text(text)
    (fleet.results / "local.json").write_text("{")

    done = fleet.run()

    assert "carried" not in done.stderr
    of_local = [series for series in fleet.series() if 'report="local"' in series]
    assert not any("dire" in series or series.startswith("inspec_results") for series in of_local)
    assert any(series.startswith("inspec_controls{") for series in of_local)


@pytest.mark.parametrize("damage", ["last digits", "last line", "unreadable"])
def test_a_last_file_whose_end_is_missing_is_not_believed(fleet: Host, damage: str) -> None:
    """12.0 could have been 123.0."""
    text = fleet.prom.read_text()
    if damage == "last digits":
        at = text.index('inspec_checks_total{profile="acme-ssh-baseline",status="failed"}')
        fleet.prom.write_text(text[: text.index("\n", at) - 1])
    elif damage == "last line":
        fleet.prom.write_text(text.rstrip("\n"))
    else:
        fleet.prom.rename(fleet.root / "precious")
        fleet.prom.symlink_to(fleet.root / "precious")
    (fleet.results / "local.json").write_text("{")

    done = fleet.run()

    assert done.returncode == 1
    assert f"{fleet.prom}: is " in done.stderr
    assert "nothing carried over" in done.stderr
    if damage != "unreadable":
        assert readable(fleet)["local"] == 0
        assert not [series for series in fleet.series() if 'report="local"' in series and "_readable" not in series]


def test_good_again_is_fresh_at_once_whatever_was_carried(fleet: Host) -> None:
    path = fleet.results / "local.json"
    good = path.read_bytes()
    times = path.stat()
    for broken in (b"", b"{", b"[]", b"\xff"):
        path.write_bytes(broken)
        fleet.run()
    path.write_bytes(good)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    before = fleet.series()

    assert fleet.run().returncode == 0

    changed = {series for series, value in fleet.series().items() if before.get(series) != value}
    own = {"inspec_textfile_last_run_timestamp_seconds", "inspec_textfile_run_duration_seconds"}
    assert changed - own == {'inspec_report_readable{report="local"}'}


# --- properties ------------------------------------------------------------------------------------------------------------

_texts = st.text(st.characters(), min_size=1, max_size=12) | st.sampled_from(
    ["\\", '"', "\\n", "\n", '"} 1', "# TYPE x gauge", "a,b=", "{", "}", " ", "\u2028", "\x85", "x" * 1200]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_texts, _texts, _texts), min_size=1, max_size=3), st.sampled_from(["none", "failing", "all"]))
def test_whatever_is_written_can_be_read_back(names: list[tuple[str, str, str]], which: str) -> None:
    """Every label that a report can make comes back as it was; so a figure that is carried over stays the same series."""
    series = ControlSeries(which)
    profiles = [
        {
            "name": name,
            "title": title,
            "controls": [
                {"id": id_, "results": [{"status": "failed"}], "waiver_data": {"expiration_date": "2099-01-01", "run": True}},
                {"id": "other", "results": [{"status": "failed"}]},
            ],
        }
        for name, title, id_ in names
    ]
    report = parse_report(json.dumps({"version": names[0][1], "profiles": profiles}).encode(), "r", 1_700_000_000_000_000_001)
    one = figures(report, series)

    text = exposition([one], series, version="1", now=1.0, duration=1.0)

    back = read_back(text, series)["r"]
    assert back.checks == one.checks
    assert back.mtime_ms == one.mtime_ms
    written = {name: dict(samples) for name, samples in one.samples.items() if samples}
    assert {name: samples for name, samples in back.samples.items() if name != "inspec_report_readable"} == written
    assert parse(exposition([back], series, version="1", now=1.0, duration=1.0)).keys() == parse(text).keys()


_NAMES = ("a", "b/c", "b/d", "e")
_STATES = st.sampled_from(["good", "better", "broken", "gone"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[_STATES] * len(_NAMES)), min_size=1, max_size=6))
def test_any_history(history: list[tuple[str, ...]]) -> None:
    """Against a model of three lines: a report shows its last good state, until its file is gone."""
    good = (REPORTS / "7.1.16" / "ssh-baseline.json").read_bytes()
    better = (REPORTS / "7.1.16" / "all-pass.json").read_bytes()
    series = ControlSeries()
    expected: dict[str, str] = {}
    text = exposition([], series, version="1", now=1.0, duration=1.0)
    for states in history:
        last = read_back(text, series)
        found = []
        for name, state in zip(_NAMES, states, strict=True):
            if state in ("good", "better"):
                expected[name] = state
                found.append(figures(parse_report(good if state == "good" else better, name, 5_000_000), series))
            elif state == "gone":
                expected.pop(name, None)
            elif name in last:
                found.append(last[name])
        text = exposition(sorted(found, key=lambda one: one.report), series, version="1", now=1.0, duration=1.0)

        shown = {
            dict(labels)["report"]: "good" if dict(labels)["profile"] == "acme-ssh-baseline" else "better"
            for name, labels in parse(text)
            if name == "inspec_profile_info"
        }
        assert shown == expected
        failed = parse(text).get(("inspec_checks_total", (("profile", "acme-ssh-baseline"), ("status", "failed"))), 0)
        assert failed == 5 * list(expected.values()).count("good")
