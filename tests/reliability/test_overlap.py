"""Many runs at once on the same folders."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from helpers.generations import generation, leftovers, write_results
from helpers.host import COMMAND, Host
from helpers.servers import eventually
from helpers.strict import parse
from helpers.tracing import stopped_after

SHORT_WAIT = (
    "from inspec_textfile.files import OutputFolder; OutputFolder.__init__.__kwdefaults__['wait'] = 0.3; "
    "from inspec_textfile.__main__ import main; main()"
)
RUNS = 12


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
        eventually(lambda: seen, 30, "the first results are seen")
        processes = []
        for number in range(2, RUNS + 2):
            write_results(staging, number)
            os.replace(staging.results / "a.json", host.results / "a.json")
            processes.append(start(host))
        said = [process.communicate(timeout=120)[1] for process in processes]
        eventually(lambda: seen[-1] == RUNS + 1, 30, "the newest results are seen")
    finally:
        done.set()
        reader.join()

    assert said == [""] * RUNS
    assert [process.returncode for process in processes] == [0] * RUNS

    assert not wrong
    assert seen == sorted(seen)
    assert generation(host) == RUNS + 1
    assert f"<dt>InSpec</dt><dd>9.{RUNS + 1}<" in (host.reports / "inspec-a.json.html").read_text()
    assert not leftovers(host)


def test_a_run_that_is_killed_leaves_no_lock_behind(host: Host) -> None:
    write_results(host, 1)
    with stopped_after(host, "write") as holder:
        others = [start(host) for _ in range(5)]
        for other in others:
            _until_waiting(host, other)
        time.sleep(0.5)
        assert all(other.poll() is None for other in others), "one did not wait"

        holder.kill()

    for other in others:
        assert (other.communicate(timeout=60)[1], other.returncode) == ("", 0)
    assert generation(host) == 1
    assert not leftovers(host)


def test_a_run_that_waited_in_vain_says_so(host: Host) -> None:
    write_results(host, 1)
    host.run()
    write_results(host, 2)
    with stopped_after(host, "write") as holder:
        before = time.monotonic()

        done = subprocess.run(
            [sys.executable, "-c", SHORT_WAIT, *host.options()], capture_output=True, text=True, check=False, timeout=60
        )

        assert time.monotonic() - before >= 0.3
        assert done.returncode == 1
        other = f"another run (process {holder.pid})"
        assert done.stderr == (
            f"inspec-textfile: {host.textfiles}: {other} has been writing here for over 0 s; find out why it hangs\n"
        )
        assert generation(host) == 1
        assert holder.go_on() == (0, "")
    assert generation(host) == 2


def _until_waiting(host: Host, process: subprocess.Popen[str]) -> None:
    """Wait until a run has opened the folder whose lock another holds."""
    folder = host.textfiles.stat().st_ino

    def opened() -> bool:
        assert process.poll() is None, "it ended instead of waiting"
        return any(_inode(path) == folder for path in Path(f"/proc/{process.pid}/fd").iterdir())

    eventually(opened, 30, "it waits", every=0.01)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0  # closed meanwhile


def test_pages_and_metrics_in_one_folder(host: Host) -> None:
    """One folder is locked once: a run does not wait for itself."""
    write_results(host, 1)

    done = host.start(["--results-dir", str(host.results), "--reports-dir", f"{host.textfiles}/.", "-o", str(host.prom)])

    assert (done.returncode, done.stderr) == (0, "")
    assert {".inspec.prom.state", "index.html", "inspec-a.json.html", "inspec.prom"} <= set(os.listdir(host.textfiles))
