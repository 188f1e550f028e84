"""Work is counted, not timed: what costs time must not be done more often than it has to be (tests/benchmark has the times)."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile import convert, run
from inspec_textfile.files import OutputFolder
from inspec_textfile.messages import Messages
from inspec_textfile.run import Clock

from helpers.host import COMMAND, Host
from helpers.jobs import job_of
from helpers.needs import require

# The metrics have the times of this run.
NOTHING_NEW = {"written": 1}
CASES = ("docs-markdown", "edge-outcomes", "all-pass")


@pytest.fixture
def count(host: Host, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Counter[str]]:
    """Return a function that does a run and counts what it does: in this process, on one core."""
    from inspec_textfile.pages import layout, markdown

    counts: Counter[str] = Counter()

    def counted(owner: Any, name: str, what: str) -> None:
        real = getattr(owner, name)

        def counting(*arguments: Any, **options: Any) -> Any:
            counts[what] += 1
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, counting)

    monkeypatch.setattr("inspec_textfile.parallel.cores", lambda: 1)
    counted(markdown, "parsed", "Markdown")
    counted(convert, "parse_report", "reports")
    counted(OutputFolder, "replace", "written")
    job = job_of(host.results, host.textfiles, host.reports)
    clock = Clock(now=time.time, elapsed=lambda: 0.5)

    def do() -> Counter[str]:
        counts.clear()
        layout.prose.cache_clear()
        run.run(job, clock=clock, write_stdout=lambda _: None, messages=Messages(pytest.fail, lambda _: None))
        return Counter(counts)

    return do


def test_work_of_a_run(host: Host, count: Callable[[], Counter[str]]) -> None:
    for case in CASES:
        host.add(f"7.1.16/{case}")

    cold = count()
    assert cold["reports"] == len(CASES)
    assert cold["written"] == len(CASES) + 3, "pages, index, memory, metrics"
    assert 0 < cold["Markdown"] < 30

    warm = count()
    assert warm == NOTHING_NEW

    path = host.results / "all-pass.json"
    path.write_text(path.read_text().replace('"passed"', '"failed"', 1))
    one_changed = count()
    assert one_changed["reports"] == 1
    assert one_changed["written"] == 4, "one page, the index, the memory, the metrics"
    assert one_changed["Markdown"] == 0

    assert count() == NOTHING_NEW


def test_a_text_is_rendered_once_however_often_it_occurs(host: Host, count: Callable[[], Counter[str]]) -> None:
    host.add("7.1.16/docs-markdown")
    once = count()["Markdown"]
    for number in range(3):
        host.add("7.1.16/docs-markdown", f"{number}.json")

    assert count()["Markdown"] <= once


def test_a_warm_run_imports_little(host: Host) -> None:
    for case in CASES:
        host.add(f"7.1.16/{case}")
    host.run()

    done = subprocess.run(
        [sys.executable, "-X", "importtime", COMMAND, *host.options()], capture_output=True, text=True, check=True
    )

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "inspec_textfile.reuse" in imported
    for package in ("prometheus_client", "markdown_it", "inspec_textfile.report.parse", "inspec_textfile.pages.report"):
        assert package not in imported


def system_calls(host: Host, log: Path) -> Counter[str]:
    command = [require("strace", "strace"), "-f", "-o", str(log), COMMAND, *host.options()]
    subprocess.run(command, check=True, capture_output=True)
    calls = re.findall(r"^\d+ +(\w+)\((.*)$", log.read_text(), re.MULTILINE)
    # What Python does to start is not ours to count.
    return Counter(name for name, rest in calls if name in ("fsync", "rename", "renameat") or str(host.root) in rest)


def test_system_calls_of_a_warm_run(host: Host, tmp_path: Path) -> None:
    host.add("7.1.16/all-pass", "0.json")
    host.run()
    few = system_calls(host, tmp_path / "few.log")
    for number in range(1, 11):
        host.add("7.1.16/all-pass", f"{number}.json")
    host.run()
    many = system_calls(host, tmp_path / "many.log")

    assert many["fsync"] == few["fsync"] == 2
    assert many["rename"] + many["renameat"] == 1
    assert sum((many - few).values()) <= 10 * 6, many - few
