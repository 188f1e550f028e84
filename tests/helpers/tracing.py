"""Real system calls made to fail, to be late, or to be the last: strace's `inject`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.host import COMMAND, Host
from helpers.needs import missing, require
from helpers.servers import eventually


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


@dataclass(frozen=True)
class Stopped:
    """A run that is stopped."""

    tracer: subprocess.Popen[str]
    pid: int

    def go_on(self) -> tuple[int, str]:
        """Let it go on; return its exit status and what it said."""
        os.kill(self.pid, signal.SIGCONT)
        said = self.tracer.communicate(timeout=60)[1]
        return self.tracer.returncode, said

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.tracer.communicate()


@contextlib.contextmanager
def stopped_after(host: Host, call: str, when: int = 1) -> Iterator[Stopped]:
    """Run inspec-textfile until it has made a system call for the first time, or for the time `when`, and stop it there."""
    trace = host.root / "trace"
    trace.unlink(missing_ok=True)
    command = traced_command(host, *on_our_folders(host, call, inject=f"signal=SIGSTOP:when={when}"))

    def stopped() -> int:
        assert tracer.poll() is None, f"it ended before {call} {when}"
        found = re.search(r"(?m)^(\d+) +--- stopped by SIGSTOP", trace.read_text()) if trace.exists() else None
        return int(found[1]) if found else 0

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=host.root) as tracer:
        try:
            yield Stopped(tracer, eventually(stopped, 30, f"it stops after {call} {when}", every=0.005))
        finally:
            if tracer.poll() is None:
                tracer.kill()  # and the run with it
                tracer.wait()


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
