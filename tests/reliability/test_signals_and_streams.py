"""A run that is asked to end, and one whose streams are full, closed or no files."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_faults import generation, leftovers, write_results

from conftest import COMMAND, REPORTS, Host


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_at_any_moment(host: Host, number: signal.Signals) -> None:
    """Status 1 and one line; before the program's own first line, and when all is done, it is Python that ends."""
    chance = random.Random(number)  # noqa: S311  # no secret
    write_results(host, 1)
    started = time.monotonic()
    host.run()
    duration = time.monotonic() - started
    told = 0
    for run in range(2, 32):
        write_results(host, run)
        before = generation(host)
        with subprocess.Popen([COMMAND, *host.options()], stderr=subprocess.PIPE, text=True, cwd=host.root) as process:
            time.sleep(chance.uniform(0, duration * 1.1))
            process.send_signal(number)
            said = process.communicate()[1]
        assert generation(host) in (before, run), said
        assert not leftovers(host), said
        if process.returncode == 1 and not said.startswith("Fatal Python error: init"):
            told += 1
            assert said.splitlines() in (
                ["inspec-textfile: interrupted: what was not written yet stands as it was"],
                ["Aborted!"],  # click's word, while options are read
                ["", "Aborted!"],
            ), said
        elif process.returncode == 0:
            assert generation(host) == run
        else:
            assert process.returncode in (-number, 1, 130), said
    assert told >= 3, "no run was interrupted: this proves nothing"


def test_interrupted_while_it_writes(host: Host) -> None:
    """Exactly between the temporary file and its rename, by strace."""
    from tracing import on_our_folders, traced

    write_results(host, 1)
    host.run()
    for number in (1, 2, 3, 4):  # the page and its folder; then index.html, if it changed, or the .prom and its folder
        write_results(host, number + 1)
        before = generation(host)

        done = traced(host, *on_our_folders(host, "fsync", inject=f"signal=SIGTERM:when={number}"))

        assert (done.returncode, done.stderr.count("\n")) == (1, 1), number
        assert "interrupted: what was not written yet stands as it was" in done.stderr
        assert generation(host) in (before, number + 1)
        assert not leftovers(host)


def shell(host: Host, redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", f'"$@" {redirection}', "bash", COMMAND, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd=host.root, env={"PATH": os.environ["PATH"]}
    )


def test_a_full_log_does_not_stop_the_metrics(host: Host) -> None:
    """`2>> log` from cron, on a disk that is full: what is wrong cannot be told, and everything else is done."""
    (host.results / "a.json").write_text("{")
    host.add("7.1.16/ssh-baseline", "b.json")

    done = shell(host, "2> /dev/full", *host.options(), "-v")

    assert done.returncode in (1, 120)  # Python's own for a standard stream that could not be flushed at its end
    assert host.series()['inspec_report_readable{report="a"}'] == 0
    assert host.series()['inspec_report_readable{report="b"}'] == 1


@pytest.mark.parametrize("redirection", ["2>&-", "<&-", ">&-", "<&- >&- 2>&-", "2> /dev/null"])
def test_closed_streams_change_nothing(host: Host, redirection: str) -> None:
    host.add("7.1.16/ssh-baseline", "b.json")
    (host.results / "a.json").write_text("{")

    done = shell(host, redirection, *host.options())

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert host.series()['inspec_report_readable{report="b"}'] == 1
    assert (host.reports / "inspec-b.json.html").read_text().endswith("</html>\n")


@pytest.mark.parametrize("redirection", ["<&-", "< /", "< /dev/null"])
def test_standard_input_that_gives_nothing(host: Host, redirection: str) -> None:
    if redirection == "< /":
        redirection = f"< {host.root}"
    done = shell(host, redirection, *host.options(), "-")

    assert done.returncode == 1
    if redirection != f"< {host.root}":  # Python itself refuses to start with a folder as standard input
        assert "Traceback" not in done.stderr
        assert host.series()['inspec_report_readable{report="stdin"}'] == 0


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full"])
def test_standard_output_that_takes_nothing(host: Host, redirection: str) -> None:
    host.add("7.1.16/ssh-baseline")

    done = shell(host, redirection, "--results-dir", str(host.results), "--no-reports", "-o", "-")

    assert done.returncode == 1
    assert done.stderr.startswith("inspec-textfile: standard output: ")
    assert done.stderr.count("\n") == 1


def test_standard_input_without_end_is_refused(host: Host) -> None:
    """As much is read as a report may have, not as much as there is memory."""
    limited = f'ulimit -v 3000000; cat /dev/zero | "{sys.executable}" "{Path(COMMAND)}" --no-reports -o "{host.prom}" -'

    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 1
    assert "standard input: is larger than 128 MiB" in done.stderr
    assert host.series()['inspec_report_readable{report="stdin"}'] == 0


def test_a_report_of_the_largest_size_on_standard_input_is_still_read(host: Host) -> None:
    report = (REPORTS / "7.1.16" / "ssh-baseline.json").read_bytes()

    done = host.run("--no-reports", "-", stdin=report + b" " * 1_000_000)

    assert done.returncode == 0
