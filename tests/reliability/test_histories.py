"""More histories of a results folder (`test_carryover.py` has the first): what goes, what stays, what must not come back."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.sources import find_sources

from helpers.exposed import file_of, remembered, row_of
from helpers.host import Host
from helpers.strict import parse

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
    assert done.stderr.splitlines() == [
        f"inspec-textfile: {disk}: the folder does not exist; create it, mount it, or pass another one",
        "inspec-textfile: not read this time, so their last figures and pages are kept: ssh",
    ]
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
    assert found.unseen


def test_a_name_that_only_begins_like_a_hidden_folder_goes(host: Host) -> None:
    host.add("7.1.16/ssh-baseline", "web/x.json")
    host.add("7.1.16/ssh-baseline", "webmail.json")
    host.add("7.1.16/all-pass", "other.json")
    host.run()
    hide(host.results / "web")
    (host.results / "webmail.json").unlink()

    host.run()

    assert readable(host) == {"web/x": 0, "other": 1}


def test_a_report_that_moves_leaves_nothing_behind(fleet: Host) -> None:
    """Renamed and broken at once: it cannot be recognised, and the old name is gone."""
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
    states = {f'inspec_textfile_reports{{state="{state}"}}' for state in ("read", "unreadable")}
    assert changed - own == {'inspec_report_readable{report="local"}', *states}


# --- properties ------------------------------------------------------------------------------------------------------------

_texts = st.text(st.characters(), min_size=1, max_size=12) | st.sampled_from(
    ["\\", '"', "\\n", "\n", '"} 1', "# TYPE x gauge", "a,b=", "{", "}", " ", "\u2028", "\x85", "x" * 1200]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_texts, _texts, _texts), min_size=1, max_size=3), st.sampled_from(["none", "failing", "all"]))
def test_whatever_is_remembered_is_written_again(names: list[tuple[str, str, str]], which: str) -> None:
    """Every label that a report can make stays the same series when its figures come from the memory."""
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
    row = row_of(report, which)

    text, again = file_of([row], which), file_of([remembered(row)], which)

    assert {name: value for name, value in parse(text).items() if "readable" not in name[0] and "_reports" not in name[0]} == {
        name: value for name, value in parse(again).items() if "readable" not in name[0] and "_reports" not in name[0]
    }
