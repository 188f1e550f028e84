"""The order of things, and what happens when our own parts fail."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile import pages, run
from inspec_textfile.files import OutputFolder
from inspec_textfile.messages import Messages
from inspec_textfile.report.model import Report
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.sources import Sources, find_sources
from inspec_textfile.run import Clock

from helpers.host import Host
from helpers.jobs import job_of


def do(host: Host) -> list[str]:
    troubles: list[str] = []
    job = job_of(host.results, host.textfiles, host.reports)
    clock = Clock(now=time.time, elapsed=lambda: 0.5)
    run.run(job, clock=clock, write_stdout=lambda _: None, messages=Messages(troubles.append, lambda _: None))
    return troubles


def test_a_fault_in_a_page_costs_that_page_only(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.add("7.1.16/all-pass")
    host.add("7.1.16/ssh-baseline")
    render = pages.render_report

    def faulty(report: Report, *rest: Any, **options: Any) -> str:
        if report.name == "all-pass":
            raise KeyError("oops")
        return render(report, *rest, **options)

    monkeypatch.setattr(pages, "render_report", faulty)

    (trouble,) = do(host)

    assert "inspec-all-pass.json.html: cannot be converted: unexpected error, please report it: KeyError" in trouble
    assert (host.reports / "inspec-ssh-baseline.json.html").exists()
    assert host.series()['inspec_report_readable{report="all-pass"}'] == 1


@pytest.mark.parametrize(("error", "expected"), [(KeyError("oops"), "please report it"), (MemoryError(), "into memory")])
def test_a_fault_in_reading_costs_that_report_only(
    host: Host, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: str
) -> None:
    host.add("7.1.16/all-pass")
    host.add("7.1.16/ssh-baseline")
    assert do(host) == []

    def faulty(data: bytes, name: str, modified_ns: int) -> Report:
        if name == "ssh-baseline":
            raise error
        return parse_report(data, name, modified_ns)

    monkeypatch.setattr("inspec_textfile.convert.parse_report", faulty)
    with (host.results / "ssh-baseline.json").open("a") as file:  # else it is not read again
        file.write(" ")

    (trouble,) = do(host)

    assert expected in trouble
    assert host.series()['inspec_report_readable{report="ssh-baseline"}'] == 0
    assert host.series()['inspec_checks_total{profile="acme-ssh-baseline",status="failed"}'] == 5


def test_results_are_looked_for_under_the_lock(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two runs at once, the one that writes last must have looked last."""
    order: list[str] = []

    class Watched(OutputFolder):
        def __init__(self, path: str, *, create: bool) -> None:
            super().__init__(path, create=create)
            order.append(Path(path).name)

    def look(*arguments: Any) -> Sources:
        order.append("look")
        return find_sources(*arguments)

    monkeypatch.setattr("inspec_textfile.run.OutputFolder", Watched)
    monkeypatch.setattr("inspec_textfile.run.find_sources", look)

    do(host)

    assert order == ["textfiles", "reports", "look"]


def test_the_index_says_that_inspec_itself_fails_as_run_inspec_sh_tells(host: Host) -> None:
    host.add("7.1.16/all-pass")
    host.add("7.1.16/ssh-baseline")
    failing, good = ('inspec_exec_success{{report="{}"}} {}\n'.format(*one) for one in (("all-pass", 0), ("ssh-baseline", 1)))
    started = 'inspec_exec_last_start_timestamp_seconds{report="all-pass"} 1.7955e+09\n'
    (host.textfiles / "inspec_exec.prom").write_text(failing + started)
    (host.textfiles / "inspec_exec-tls.prom").write_text(good)
    (host.textfiles / "inspec_exec-odd.prom").write_text('inspec_exec_last_exit_status{report="x"} NaN\n')

    assert do(host) == []

    index = (host.reports / "index.html").read_text()
    assert index.count("InSpec itself fails</b>") == 1
    assert "It was last started <time" in index
    assert "InSpec itself fails for 1." in index
