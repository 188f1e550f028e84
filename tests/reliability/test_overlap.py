"""Many runs at once on the same folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from inspec_textfile.lock import LOCK_FILE

from helpers.generations import generation, leftovers, write_results
from helpers.host import COMMAND, Host
from helpers.servers import eventually
from helpers.strict import parse

SHORT_WAIT = (
    "from inspec_textfile.files import OutputFolder; OutputFolder.__init__.__kwdefaults__['wait'] = 0.3; "
    "from inspec_textfile.__main__ import main; main()"
)
RUNS = 25


def start(host: Host) -> subprocess.Popen[str]:
    return subprocess.Popen([COMMAND, *host.options()], stderr=subprocess.PIPE, text=True, cwd=host.root)


def test_many_runs_at_once(host: Host) -> None:
    """Each ends, the files are one run's whole output, the newest results win, and no reader sees time go back."""
    write_results(host, 1)
    host.run()
    seen: list[int] = []
    wrong: list[str] = []
    done = threading.Event()

    def read_on() -> None:
        while not done.wait(0.001):
            try:
                versions = {dict(labels).get("inspec_version") for _, labels in parse(host.prom.read_bytes())} - {None}
                (version,) = versions
                seen.append(int(str(version).removeprefix("9.")))
            except (OSError, ValueError) as error:
                wrong.append(repr(error))

    staging = Host(host.root / "staging")
    staging.results.mkdir(parents=True)
    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        processes = []
        for number in range(2, RUNS + 2):
            write_results(staging, number)
            os.replace(staging.results / "a.json", host.results / "a.json")
            processes.append(start(host))
        said = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        done.set()
        reader.join()

    assert said == [""] * RUNS
    assert [process.returncode for process in processes] == [0] * RUNS

    assert not wrong
    assert seen == sorted(seen)
    assert len(set(seen)) > 1
    assert generation(host) == RUNS + 1
    assert f"<dt>InSpec</dt><dd>9.{RUNS + 1}<" in (host.reports / "inspec-a.json.html").read_text()
    assert not leftovers(host)


def test_a_run_that_is_killed_leaves_no_lock_behind(host: Host) -> None:
    write_results(host, 1)
    holder = start(host)
    _until_locked(host, holder)
    holder.send_signal(signal.SIGSTOP)
    others = [start(host) for _ in range(5)]
    for other in others:
        _until_waiting(host, other)
    time.sleep(0.5)
    assert all(other.poll() is None for other in others), "one did not wait"

    holder.kill()
    holder.communicate()

    for other in others:
        assert (other.communicate(timeout=60)[1], other.returncode) == ("", 0)
    assert generation(host) == 1
    assert not leftovers(host)


def test_a_run_that_waited_in_vain_says_so(host: Host) -> None:
    write_results(host, 1)
    host.run()
    write_results(host, 2)
    holder = start(host)
    _until_locked(host, holder)
    holder.send_signal(signal.SIGSTOP)
    before = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", SHORT_WAIT, *host.options()], capture_output=True, text=True, check=False, timeout=60
    )

    assert 0.3 <= time.monotonic() - before < 30
    assert done.returncode == 1
    other = f"another run (process {holder.pid})"
    assert done.stderr == (
        f"inspec-textfile: {host.textfiles}: {other} has been writing here for over 0 s; find out why it hangs\n"
    )
    assert generation(host) == 1
    holder.send_signal(signal.SIGCONT)
    holder.communicate(timeout=60)
    assert generation(host) == 2


def _until_locked(host: Host, process: subprocess.Popen[str]) -> None:
    """Wait until a run holds a lock."""
    lock = host.textfiles / LOCK_FILE

    def locked() -> bool:
        inode = f":{_inode(lock)} "
        lines = Path("/proc/locks").read_text().splitlines()
        return any("FLOCK" in line and inode in line and f" {process.pid} " in line for line in lines)

    _until(locked, process)


def _until_waiting(host: Host, process: subprocess.Popen[str]) -> None:
    """Wait until a run has opened the folder whose lock another holds."""

    def opened() -> bool:
        folder = host.textfiles.stat().st_ino
        return any(_inode(path) == folder for path in Path(f"/proc/{process.pid}/fd").iterdir())

    _until(opened, process)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0  # closed meanwhile


def _until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    def look() -> bool:
        assert process.poll() is None, "ended before it was seen to lock or to wait"
        return true()

    eventually(look, 10, "it locks or waits", every=0.001)


def test_pages_and_metrics_in_one_folder(host: Host) -> None:
    """One folder is locked once: a run does not wait for itself."""
    write_results(host, 1)

    done = host.start(["--results-dir", str(host.results), "--reports-dir", f"{host.textfiles}/.", "-o", str(host.prom)])

    assert (done.returncode, done.stderr) == (0, "")
    assert {".inspec.prom.state", "index.html", "inspec-a.json.html", "inspec.prom"} <= set(os.listdir(host.textfiles))
