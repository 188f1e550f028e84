"""What a person at a terminal sees of long work, and cron does not."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest

from inspec_textfile.console import Progress

from helpers.host import Host
from helpers.tracing import on_our_folders, traced, traced_command


def slow(host: Host) -> list[str]:
    """Return the options of strace that make each file take a tenth of a second."""
    return on_our_folders(host, "renameat", inject="delay_enter=100000")


def on_terminal(host: Host, *arguments: str, interrupt: bool = False) -> tuple[int, str]:
    """Run the command on a slow disk, with its standard error on a terminal; return exit status and what the terminal shows."""
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        [*traced_command(host, *slow(host)), *arguments], stderr=stderr, stdin=subprocess.DEVNULL, start_new_session=True
    )
    os.close(stderr)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        shown += part
        if not part:
            break
        if interrupt and b"/s" in shown:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
            interrupt = False
    os.close(terminal)
    return process.wait(), shown.decode()


@pytest.fixture
def much(host: Host) -> Host:
    """Work for some seconds, on that disk."""
    for number in range(50):
        host.add("7.1.16/edge-outcomes", f"{number}.json")
    return host


def test_long_work_shows_files_rate_and_time_left(much: Host) -> None:
    status, shown = on_terminal(much)

    assert status == 0
    assert re.search(r"reports +\[[#-]+\] +\d+/50( +\d\d:\d\d:\d\d)? +\d+\.\d/s", shown)
    assert "50/50" in shown


def test_nothing_for_quiet(much: Host) -> None:
    assert on_terminal(much, "--quiet") == (0, "")


def test_nothing_for_cron(much: Host) -> None:
    done = traced(much, *slow(much))

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("seconds", "shown"), [(0.9, False), (1.1, True)])
def test_nothing_for_short_work(seconds: float, shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(lambda: seconds, shown=True)

    progress(1, 2)
    progress.end()

    assert ("reports" in capsys.readouterr().err) == shown


def test_an_interruption_is_clean(much: Host) -> None:
    status, shown = on_terminal(much, interrupt=True)

    assert status == 1
    assert shown.rstrip().endswith("inspec-textfile: interrupted: files that were not written yet are unchanged")
    assert not leftovers(much.reports)
    assert not leftovers(much.textfiles)
    assert much.run().returncode == 0


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.startswith(".")]
