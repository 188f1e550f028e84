"""What a person at a terminal sees, in a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

import pytest

from helpers.host import COMMAND, Host


def at_terminal(host: Host, *arguments: str, env: dict[str, str] | None = None, columns: int = 0) -> str:
    """Run the installed command with all its streams at a terminal of that width (0: unknown) and return what it shows."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **(env or {})}
    command: Sequence[str] = [COMMAND, *host.options(), *arguments]
    with subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment, cwd=host.root):
        os.close(side)
        shown = b""
        try:
            while chunk := os.read(main, 4096):
                shown += chunk
        except OSError:  # the other side is closed
            pass
    os.close(main)
    return shown.decode().replace("\r\n", "\n")


def table(shown: str) -> list[str]:
    """Return the lines of the table; before it may stand messages, and the progress of a run that takes long."""
    lines = shown.splitlines()
    lines = lines[next(number for number, line in enumerate(lines) if line.startswith("REPORT ")) :]
    return [line for line in lines if not line.startswith("written: ")]


@pytest.fixture
def fleet(host: Host) -> Host:
    for case in ("all-pass", "ssh-baseline", "broken-syntax"):
        host.add(f"7.1.16/{case}")
    return host


def test_a_line_a_report_worst_first(fleet: Host) -> None:
    head, *rows = table(at_terminal(fleet, env={"NO_COLOR": "1"}))

    assert head.split() == ["REPORT", "VERDICT", "FAILING", "SINCE", "NEW", "FIXED", "RUN", "PAGE"]
    assert [row.split()[:2] for row in rows] == [
        ["broken-syntax", "unreadable"],
        ["ssh-baseline", "failed"],
        ["all-pass", "passed"],
    ]
    assert "1 critical, 1 high, 2 medium, 1 low" in rows[1]
    assert rows[1].endswith(str(fleet.reports / "inspec-ssh-baseline.json.html"))


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_it_fits_the_terminal(fleet: Host, columns: int) -> None:
    fleet.add("7.1.16/ssh-baseline", f"{'long' * 20}/{'name' * 10}.json")

    head, *rows = table(at_terminal(fleet, env={"NO_COLOR": "1"}, columns=columns))

    assert max(map(len, (head, *rows[:4]))) <= columns
    assert all("1 critical" in row for row in rows if " failed " in row)
    if "PAGE" not in head:
        assert rows[-1] == f"see {fleet.reports}/index.html"
    assert ("NEW" in head) == (columns >= 120), "the long name is cut before what is new is left out"


def test_a_clock_that_is_ahead_is_shown(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    ahead = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 3 * 3600))
    path.write_text(re.sub(r'"start_time": *"[^"]*"', f'"start_time":"{ahead}"', path.read_text()))

    assert "  3 h ahead  " in table(at_terminal(host, env={"NO_COLOR": "1"}))[1]


def test_by_hand_it_says_where_it_wrote(fleet: Host) -> None:
    assert at_terminal(fleet).endswith(f"\nwritten: {fleet.prom}\n")


def test_new_and_fixed_are_counted(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    at_terminal(host)
    text = path.read_text().replace("2026-11-2", "2026-12-2")
    path.write_text(text.replace('"status":"failed"', '"status":"passed"', 1))

    rows = table(at_terminal(host, env={"NO_COLOR": "1"}))

    fixed = [count for name, count in host.series().items() if name.startswith('inspec_control_changes{change="fixed"')]
    assert sum(fixed) == 1
    head = rows[0]
    assert rows[-1][head.index("FIXED") :].split()[0] == "1"


def test_what_was_not_tested_is_told(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    host.run()
    text = path.read_text().replace("2026-11-2", "2026-12-2")
    path.write_text(re.sub(r'("id":"ssh-01".*?"status":)"failed"', r'\1"skipped"', text, flags=re.DOTALL))

    head, row = table(at_terminal(host, env={"NO_COLOR": "1"}))

    assert row[head.index("NOT TESTED") :].startswith("1 critical  ")
    assert "critical" not in row[head.index("FAILING") : head.index("NOT TESTED")]


def test_colour_is_for_terminals_that_want_it(fleet: Host) -> None:
    assert "\x1b[31m" in at_terminal(fleet)
    assert not re.search(r"\x1b\[\d+m", at_terminal(fleet, env={"NO_COLOR": "1"}))


def test_quiet_is_quiet(fleet: Host) -> None:
    assert at_terminal(fleet, "-q") == ""


def test_nothing_where_nobody_looks(fleet: Host) -> None:
    (fleet.results / "broken-syntax.json").unlink()

    done = fleet.run()

    assert (done.stdout, done.stderr) == ("", "")
    assert "ssh-baseline  failed" in fleet.run("-v").stderr


def test_of_a_large_fleet_the_worst_are_shown(host: Host) -> None:
    for number in range(45):
        host.add("7.1.16/all-pass", f"host{number}.json")

    lines = [
        line for line in at_terminal(host, env={"NO_COLOR": "1"}).splitlines() if line.startswith(("REPORT", "host", "and"))
    ]

    assert len(lines) == 1 + 40 + 1
    assert lines[-1] == f"and 5 more reports; see {host.reports}/index.html"
