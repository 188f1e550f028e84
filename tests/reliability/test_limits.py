"""Over a limit there is a clear line and a metric, not an out-of-memory kill; and what is made to take long does not."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile.history.model import History
from inspec_textfile.metrics.figures import figures
from inspec_textfile.report import document, overlay, parse, sources
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport
from inspec_textfile.report.sources import SourceError, find_sources, read_source

from helpers.exposed import file_of, row_of
from helpers.host import Host
from helpers.marks import long

SECONDS = 10
"""What a few megabytes may take, on a slow machine that does other things too."""


def report(**parts: Any) -> bytes:
    return json.dumps({"profiles": [{"name": "p", **parts}]}).encode()


def try_to_parse(data: bytes) -> None:
    with suppress(NotAReport):
        parse_report(data, "x", 0)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"profiles":[' + b",".join([b"{}"] * (parse.MAX_PROFILES + 1)) + b"]}", "1,001 profiles"),
        (
            b'{"controls":[' + b",".join(b'{"profile_id":"%d"}' % n for n in range(parse.MAX_PROFILES + 1)) + b"]}",
            "1,001 profiles",
        ),
        (report(controls=[{"impact": 1}] * (parse.MAX_CONTROLS + 1)), "100,001 controls"),
        (b'{"profiles":[{"x":[' + b"0," * document.MAX_VALUES + b"0]}]}", "5,000,004 values"),
        (report(controls=[{"tags": json.loads("[" * 60 + "]" * 60)}]), "nested too deeply"),
    ],
)
def test_what_one_report_may_hold(data: bytes, expected: str) -> None:
    with pytest.raises(NotAReport, match=expected):
        parse_report(data, "x", 0)


def test_as_much_as_a_report_may_hold_is_read() -> None:
    profiles = [{"name": str(n), "controls": [{"id": str(c)} for c in range(100)]} for n in range(parse.MAX_PROFILES)]

    read = parse_report(json.dumps({"profiles": profiles}).encode(), "x", 0)

    assert sum(len(one.controls) for one in read.profiles) == parse.MAX_CONTROLS


def test_profiles_that_each_depend_on_all_others_are_refused() -> None:
    """Some 200 kilobytes that would come to 2,000,000 controls."""
    wrappers = [{"name": f"w{n}", "depends": [{"name": f"b{m}"} for m in range(100)]} for n in range(100)]
    bases = [{"name": f"b{n}", "controls": [{"id": f"{n}-{c}", "results": [{}]} for c in range(200)]} for n in range(100)]

    with pytest.raises(NotAReport, match=f"controls in nested profiles, over the limit of {overlay.MAX_COUNTED:,}"):
        parse_report(json.dumps({"profiles": wrappers + bases}).encode(), "x", 0)


_TEXT = "\n" * 200_000
SLOW = {
    "newlines after a report": b'{"profiles": []}' + _TEXT.encode() + b"x",
    "newlines before something": _TEXT.encode() + b"x",
    "newlines after a brace": b"x\n{" + _TEXT.encode() + b"x",
    "braces that never close": b"{\n" * 100_000,
    "objects that are none": b'{"a": 1}\n' * 100_000,
    "broken lines": b'{"a": \n' * 100_000,
    "spaces": b" " * 1_000_000 + b"{",
    "one list under one key, again and again": b'{"profiles": [], ' + b",".join([b'"x": [1]'] * 100_000) + b"}",
    "every key twice": b'{"profiles": [], ' + b",".join(b'"%d": 1, "%d": 2' % (n, n) for n in range(100_000)) + b"}",
    "times that are none": report(
        controls=[{"id": "c", "results": [{"start_time": f"{n} Foo 2026 " + "(" * 40} for n in range(20_000)]}]
    ),
    "copies of one profile": b'{"profiles":[' + b",".join([b'{"name":"a","controls":[{"id":"c"}]}'] * 1000) + b"]}",
    "a chain of wrappers": json.dumps(
        {"profiles": [{"name": str(n), "parent_profile": str(n + 1), "controls": [{"id": str(n)}]} for n in range(1000)]}
    ).encode(),
    "pairs in circles": json.dumps(
        {"profiles": [{"name": str(n), "parent_profile": str(n ^ 1)} for n in range(1000)]}
    ).encode(),
    "neighbours that share ids": json.dumps(
        {
            "profiles": [
                {"name": str(n), "controls": [{"id": str(c), "results": [{}] * ((c + n) % 2)} for c in range(30)]}
                for n in range(1000)
            ]
        }
    ).encode(),
}


@pytest.mark.parametrize("case", [case if number % 3 == 0 else long(case) for number, case in enumerate(SLOW)])
def test_nothing_takes_more_than_its_size_deserves(case: str) -> None:
    started = time.process_time()

    try_to_parse(SLOW[case])

    assert time.process_time() - started < SECONDS


def test_of_much_that_is_odd_some_is_told() -> None:
    read = parse_report(SLOW["every key twice"], "x", 0)

    assert len(read.warnings) == 21
    assert read.warnings[-1].text == "has more problems than are listed here"


def test_lists_under_one_key_are_joined_in_order() -> None:
    read = parse_report(b'{"profiles": [{"name": "a"}], "profiles": [{"name": "b"}], "profiles": [{"name": "c"}]}', "x", 0)

    assert [one.name for one in read.profiles] == ["a", "b", "c"]


def test_the_earliest_start_counts_though_some_cannot_be_read() -> None:
    times = ["nonsense", "2026-01-02", "2026-01-01", "rubbish"]

    read = parse_report(report(controls=[{"id": "c", "results": [{"start_time": time} for time in times]}]), "x", 0)

    assert read.started == 1767225600


# --- files and series ------------------------------------------------------------------------------------------------------


def test_a_file_of_300_megabytes_is_refused_at_once(host: Host) -> None:
    """In no more memory than the limit takes, and the others are read all the same."""
    large = host.results / "large.json"
    with large.open("wb") as file:
        file.truncate(300 * 1024**2)
    host.add("7.1.16/ssh-baseline")

    done = host.run(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1024**3, 1024**3)))

    assert done.returncode == 1
    assert (
        done.stderr
        == f"inspec-textfile: {large}: is larger than 128 MiB, and InSpec reports never are; remove it, or split the run\n"
    )
    assert host.series()['inspec_report_readable{report="large"}'] == 0
    assert host.series()['inspec_report_readable{report="ssh-baseline"}'] == 1


def test_memory_that_does_not_do_costs_one_report(host: Host) -> None:
    """A limit of the service's own, below ours: the report is left out, and the run goes on."""
    host.add("7.1.16/ssh-baseline")
    controls = b",".join(b'{"id":"%d","results":[{"status":"passed"},{},{}]}' % n for n in range(90_000))
    (host.results / "hungry.json").write_bytes(b'{"profiles":[{"name":"p","controls":[' + controls + b"]}]}")
    (host.results / "zlast.json").write_bytes((host.results / "ssh-baseline.json").read_bytes())

    done = host.run("--no-reports", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (150 * 1024**2, 150 * 1024**2)))

    assert done.returncode == 1
    assert "hungry.json: does not fit into memory" in done.stderr
    assert host.series()['inspec_report_readable{report="hungry"}'] == 0
    assert host.series()['inspec_report_readable{report="zlast"}'] == 1


def test_the_largest_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 100)
    (tmp_path / "x.json").write_bytes(b"x" * 100)
    (source,) = find_sources((), str(tmp_path), "stdin").found

    assert len(read_source(source)[0]) == 100
    (tmp_path / "x.json").write_bytes(b"x" * 101)
    with pytest.raises(SourceError, match="is larger than"):
        read_source(source)


def test_files_beyond_the_limit(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        path = host.add("7.1.16/all-pass", f"{number}.json")
        os.utime(path, (9 - number, 9 - number))

    monkeypatch.setattr(sources, "MAX_REPORTS", 3)
    found = find_sources((), str(host.results), "stdin")

    assert [source.name for source in found.found] == ["0", "1", "2"]
    (problem,) = found.problems
    assert problem.startswith("5 files with results are over the limit: a run reads the 3 newest")
    assert found.unseen == ("",), "what is left out keeps its last figures"
    monkeypatch.setattr(sources, "MAX_REPORTS", 5)
    assert not find_sources((), str(host.results), "stdin").unseen


def test_files_beyond_the_limit_in_a_run(host: Host) -> None:
    host.add("7.1.16/all-pass", "0.json")
    for number in range(1, 4):
        (host.results / f"{number}.json").symlink_to("0.json")  # one file, read once
        path = host.add("7.1.16/all-pass", f"{number}x.json")
        os.utime(path, (number, number))
    os.utime(host.results / "0.json", (0, 0))
    assert host.run().returncode == 0
    limited = (
        "from inspec_textfile.report import sources; sources.MAX_REPORTS = 2; from inspec_textfile.__main__ import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", limited, *host.options()], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert done.stderr == (
        "inspec-textfile: 4 files with results are over the limit: a run reads the 2 newest; move old ones away, or split the "
        "run\n"
        "inspec-textfile: not read this time, so their last figures and pages are kept: 0, 1x\n"
    )
    readable = {name: value for name, value in host.series().items() if name.startswith("inspec_report_readable")}
    assert readable == {f'inspec_report_readable{{report="{name}"}}': int(name > "2") for name in ("0", "1x", "2x", "3x")}


def test_a_report_of_too_many_series_is_refused(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    controls = [{"id": f"c{impact}", "impact": impact} for impact in (0.0, 0.1, 0.4, 0.7, 0.9)]  # a row for each severity
    profiles = [{"name": f"p{number}", "controls": controls} for number in range(600)]
    (host.results / "many.json").write_text(json.dumps({"profiles": profiles}))

    done = host.run()

    assert done.returncode == 1
    assert "many.json: would make 33,601 series, over the limit of 20,000 for one report" in done.stderr
    assert host.series()['inspec_report_readable{report="many"}'] == 0
    assert len(host.series()) < 200
    assert not (host.reports / "inspec-many.json.html").exists()


def test_a_file_of_too_many_series_leaves_reports_out(host: Host) -> None:
    for number in range(3):
        path = host.add("7.1.16/ssh-baseline", f"{number}.json")
        os.utime(path, (9 - number, 9 - number))
    limited = "from inspec_textfile import carryover; carryover.MAX_SERIES = 150; from inspec_textfile.cli import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", limited, *host.options()], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "2.json: would take the .prom over 150 series with its 54: split the run" in done.stderr
    assert host.series()['inspec_report_readable{report="1"}'] == 1
    assert host.series()['inspec_report_readable{report="2"}'] == 0


def test_the_number_of_series_is_that_of_the_file() -> None:
    read = parse_report(report(controls=[{"id": "c", "results": [{}]}], title="t"), "x", 0)
    row = row_of(read, "all")

    text = file_of([row], "all").decode()

    lines = [line for line in text.splitlines() if not line.startswith("#")]
    others = (
        "inspec_textfile_",
        "inspec_control_status",
        "inspec_control_failing_since",
        "inspec_remediation_limit",
        "inspec_report_readable",
        "inspec_report_modified",
    )
    assert row.figures
    assert row.figures.series == len([line for line in lines if not line.startswith(others)])


def test_no_label_is_longer_than_three_hundred_bytes() -> None:
    long = "x" * 5000
    read = parse_report(
        report(name=long, title=long, version=long, controls=[{"id": long, "waiver_data": {"expiration_date": "2099-01-01"}}]),
        long,
        0,
    )

    found = figures(read, History(), "all")

    labels = [label for samples in found.samples.values() for sample in samples for label in sample.labels]
    assert max(map(len, labels)) <= 300
    assert sum(len(label) > 290 for label in labels) > 4
