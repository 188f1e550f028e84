"""Real system calls made to fail, to be late, or to be the last: strace's `inject`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.host import COMMAND, Host
from helpers.needs import missing, require


def traced_command(host: Host, *options: str) -> list[str]:
    """Return the command that runs inspec-textfile on a host under strace, whose options these are."""
    strace = require("strace", "strace")
    probe = subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, check=False)
    if probe.returncode:
        missing("the right to trace", "run the container with --cap-add SYS_PTRACE")
    return [strace, "-f", "-o", str(host.root / "trace"), *options, sys.executable, COMMAND, *host.options()]


def traced(host: Host, *options: str) -> subprocess.CompletedProcess[str]:
    """Run inspec-textfile on a host under strace."""
    return subprocess.run(
        traced_command(host, *options),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": "/"},  # or Python asks for the user's home, by a socket perhaps
    )


# Made for the files of a run only; the others Python makes by the hundred, to load modules.
_OWN = ("write", "fchmod", "fsync", "renameat", "flock")


def on_our_folders(host: Host, call: str, *, inject: str = "", folders: Sequence[Path] = ()) -> list[str]:
    """Return the options for one system call, where it has to do with the folders: by default those that are written to."""
    options = ["-e", f"trace={call}"]
    for folder in () if call in _OWN else folders or (host.textfiles, host.reports):
        options += ["-P", str(folder), *(part for path in folder.rglob("*") for part in ("-P", str(path)))]
    return [*options, "-e", f"inject={call}:{inject}"] if inject else options


def injected(host: Host) -> int:
    """Return how many errors strace made in the last traced run."""
    return (host.root / "trace").read_text().count("(INJECTED)")


def number_of_calls(host: Host, call: str) -> int:
    """Return how often a run makes a system call that has to do with the folders."""
    done = traced(host, *on_our_folders(host, call))
    assert done.returncode == 0, done.stderr
    return sum(f" {call}(" in line for line in (host.root / "trace").read_text().splitlines())
