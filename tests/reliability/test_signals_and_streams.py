"""A run that is asked to end, and one whose streams are full, closed or no files."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inspec_textfile.lock import LOCK_FILE

from helpers.generations import generation, leftovers, write_results
from helpers.host import COMMAND, Host
from helpers.marks import long
from helpers.paths import REPORTS
from helpers.tracing import on_our_folders, traced, traced_command

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
INTERRUPTED = "inspec-textfile: interrupted: files that were not written yet are unchanged\n"


@pytest.mark.long
def test_a_signal_at_any_moment(host: Host) -> None:
    """No file is half written. Before the work, it ends without a word, unless Python has just started."""
    chance = random.Random(1)  # noqa: S311  # no secret
    duration = min(_seconds_of_a_run(host) for _ in range(3))
    for run in range(2, 32):
        write_results(host, run)
        before = generation(host)
        number = chance.choice(SIGNALS)
        with subprocess.Popen([COMMAND, *host.options()], stderr=subprocess.PIPE, text=True, cwd=host.root) as process:
            time.sleep(chance.uniform(0, duration * 1.1))
            process.send_signal(number)
            said = process.communicate()[1]
        assert generation(host) in (before, run), said
        assert set(leftovers(host)) <= {LOCK_FILE}, said  # unlocked, and removed by the next run
        if process.returncode == 0:
            assert generation(host) == run
        elif said == INTERRUPTED:
            assert process.returncode == 1
        else:
            assert not said or python_is_starting(said), said
            assert process.returncode in (-number, 1), said


@pytest.mark.parametrize(
    ("number", "call"),
    [
        (signal.SIGTERM, "write"),
        (signal.SIGINT, "renameat"),
        (signal.SIGHUP, "fsync"),
        *(long(signal.SIGTERM, call) for call in ("fsync", "renameat")),
        *(long(signal.SIGINT, call) for call in ("write", "fsync")),
        *(long(signal.SIGHUP, call) for call in ("write", "renameat")),
    ],
)
def test_a_signal_while_it_works(host: Host, number: signal.Signals, call: str) -> None:
    """Status 1 and one line."""
    write_results(host, 1)
    host.run()
    write_results(host, 2)

    done = traced(host, *on_our_folders(host, call, inject=f"signal={number.name}:when=1"))

    assert (done.returncode, done.stderr) == (1, INTERRUPTED)
    assert generation(host) == 1
    assert not leftovers(host)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_the_parent_ignores_is_ignored(host: Host, number: signal.Signals) -> None:
    """As by nohup, or by a shell for what it starts with `&`."""
    write_results(host, 1)
    command = traced_command(host, *on_our_folders(host, "fsync", inject=f"signal={number.name}:when=1"))

    done = subprocess.run(
        ["sh", "-c", f'trap "" {number.name.removeprefix("SIG")}; exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert generation(host) == 1


def _seconds_of_a_run(host: Host) -> float:
    """Return how long a run takes that converts something."""
    write_results(host, 1)
    shutil.rmtree(host.reports, ignore_errors=True)
    started = time.monotonic()
    host.run()
    return time.monotonic() - started


def python_is_starting(said: str) -> bool:
    """Tell whether a traceback is from before the program's first line of code, where nothing of it can be in charge yet."""
    return "KeyboardInterrupt" in said and "cli.py" not in said


@pytest.mark.parametrize("sent", [signal.SIGTERM, *map(long, (signal.SIGINT, signal.SIGHUP))])
def test_interrupted_while_it_writes(host: Host, sent: signal.Signals) -> None:
    """Exactly between the temporary file and its rename, by strace."""
    write_results(host, 1)
    host.run()
    for number in (1, 2, 3):  # the page; then index.html, if it changed, the memory and the .prom
        write_results(host, number + 1)
        before = generation(host)

        done = traced(host, *on_our_folders(host, "write", inject=f"signal={sent.name}:when={number}"))

        assert (done.returncode, done.stderr.count("\n")) == (1, 1), number
        assert "interrupted: files that were not written yet are unchanged" in done.stderr
        assert generation(host) in (before, number + 1)
        assert not leftovers(host)


def shell(host: Host, redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", f'"$@" {redirection}', "bash", COMMAND, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd=host.root, env={"PATH": os.environ["PATH"]}
    )


def test_a_full_log_does_not_stop_the_metrics(host: Host) -> None:
    """`2>> log` from cron, on a full disk: messages are lost, and everything else is done."""
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
