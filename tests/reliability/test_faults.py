"""Disks that are full, broken or read-only, and everything else that makes a system call fail: for real, on the whole program.

Whatever fails, and wherever: old files stand or new ones are whole, a clear line, exit status 1, nothing left behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from helpers.generations import generation, leftovers, write_results
from helpers.host import Host
from helpers.marks import long
from helpers.needs import missing
from helpers.tracing import injected, number_of_calls, on_our_folders, stopped_after, traced


def check_clear(done: subprocess.CompletedProcess[str]) -> None:
    lines = done.stderr.splitlines()
    assert done.returncode == (1 if lines else 0), done.stderr
    assert all(line.startswith("inspec-textfile: /") for line in lines), done.stderr
    assert len(lines) <= 4, done.stderr  # a page, the index, the memory, the metrics


@pytest.fixture
def second(host: Host) -> Host:
    """A host with files of generation 1 and results of generation 2."""
    write_results(host, 1)
    assert host.run().returncode == 0
    write_results(host, 2)
    return host


# --- at each system call ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["write", *map(long, ("openat", "renameat", "flock", "fchmod", "fsync"))])
def test_killed_at_each_system_call_of_the_writing_path(host: Host, call: str) -> None:
    write_results(host, 1)
    host.run()
    write_results(host, 2)
    calls = number_of_calls(host, call)
    assert calls >= 2
    killed = 0
    for number in range(1, calls + 1):
        write_results(host, number + 2)
        before = generation(host)

        done = traced(host, *on_our_folders(host, call, inject=f"signal=SIGKILL:when={number}"))

        assert done.returncode in (-9, 0), "a run after a killed one may make a call less"
        killed += done.returncode == -9
        assert generation(host) in (before, number + 2)
    assert killed >= 2
    assert host.run().returncode == 0
    assert generation(host) == calls + 2
    assert not leftovers(host)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("write", "ENOSPC"),
        ("renameat", "EIO"),
        long("fchmod", "EROFS"),
        long("fsync", "EIO"),
        long("openat", "ENOSPC"),
        long("write", "EIO"),
        long("read", "EIO"),
        long("flock", "ENOLCK"),
        long("close", "EIO"),
    ],
)
def test_a_failure_at_each_system_call(host: Host, call: str, error: str) -> None:
    write_results(host, 1)
    host.run()
    write_results(host, 2)
    calls = number_of_calls(host, call)
    assert calls
    failed = 0
    for number in range(1, calls + 1):
        write_results(host, number + 2)
        before = generation(host)

        done = traced(host, *on_our_folders(host, call, inject=f"error={error}:when={number}"))

        assert injected(host) == 1
        check_clear(done)
        assert generation(host) in ((number + 2,) if done.returncode == 0 else (before, number + 2))
        assert not leftovers(host)
        failed += done.returncode
    assert failed or call in ("flock", "close", "read"), "no failure was told"


@pytest.mark.parametrize("call", ["read", "write", *map(long, ("openat", "fsync", "flock"))])
def test_a_call_that_is_interrupted_is_made_again(second: Host, call: str) -> None:
    done = traced(second, *on_our_folders(second, call, inject="error=EINTR:when=1+2"))

    assert injected(second)
    assert (done.returncode, done.stderr) == (0, "")
    assert generation(second) == 2


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("openat", "EIO"),
        ("read", "ESTALE"),
        ("newfstatat", "EIO"),
        long("openat", "ESTALE"),
        long("read", "EIO"),
        long("newfstatat", "ESTALE"),
    ],
)
def test_results_that_cannot_be_read_keep_their_figures(second: Host, call: str, error: str) -> None:
    only = on_our_folders(second, call, inject=f"error={error}", folders=[second.results])

    done = traced(second, *only)

    assert injected(second)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert generation(second) == 1
    assert second.series()['inspec_report_readable{report="a"}'] == 0


# --- real file systems -----------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(where: Path, options: str) -> Iterator[None]:
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where)], capture_output=True, check=False
    ).returncode:
        missing("the right to mount a small disk", "run as root with CAP_SYS_ADMIN")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def fill(path: Path) -> None:
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    assert not os.statvfs(path).f_bavail


def check_stands(host: Host, expected: str, folder: Path) -> None:
    """The old files of a folder stand, and the rest was written."""
    before = {path: path.read_bytes() for path in sorted(folder.iterdir())}

    done = host.run()

    assert done.returncode == 1
    check_clear(done)
    assert expected in done.stderr
    assert {path: path.read_bytes() for path in sorted(folder.iterdir())} == before
    assert generation(host) == (1 if folder == host.textfiles else 2)


@pytest.mark.parametrize("where", ["textfiles", "reports"])
def test_a_full_disk(host: Host, where: str) -> None:
    folder = host.root / where
    with small_disk(folder, "size=256k"):
        write_results(host, 1)
        host.run()
        (folder / "other").write_bytes(b"x" * 4096)
        fill(folder / "other")
        write_results(host, 2)

        check_stands(host, "no space is left on the device; files there are unchanged", folder)

        (folder / "other").unlink()
        assert host.run().returncode == 0
        assert generation(host) == 2


@pytest.mark.parametrize("where", ["textfiles", "reports"])
def test_a_disk_without_inodes(host: Host, where: str) -> None:
    folder = host.root / where
    with small_disk(folder, "nr_inodes=8"):
        write_results(host, 1)
        host.run()
        with suppress(OSError):
            for number in range(9):
                (folder / f"other{number}").touch()
        assert not os.statvfs(folder).f_favail
        write_results(host, 2)

        check_stands(host, "no space is left on the device; files there are unchanged", folder)


@pytest.mark.parametrize("where", ["textfiles", "reports"])
def test_a_disk_that_became_read_only(host: Host, where: str) -> None:
    folder = host.root / where
    with small_disk(folder, "size=1m"):
        write_results(host, 1)
        host.run()
        write_results(host, 2)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)

        check_stands(host, "the file system is read-only; files there are unchanged", folder)


def test_a_file_size_limit(second: Host) -> None:
    """`ulimit -f`: the kernel sends SIGXFSZ, which Python ignores, and write fails."""
    limited = ["sh", "-c", 'ulimit -f 2; exec "$@"', "sh", sys.executable, str(Path(sys.executable).parent / "inspec-textfile")]

    done = subprocess.run([*limited, *second.options()], capture_output=True, text=True, check=False, timeout=60)

    check_clear(done)
    assert "File too large; the old file is unchanged" in done.stderr
    assert generation(second) == 1
    assert not leftovers(second)


@pytest.mark.parametrize("where", ["textfiles", "reports", "results"])
def test_a_folder_that_is_removed_in_mid_run(second: Host, where: str) -> None:
    folder = second.root / where
    with stopped_after(second, "flock", when=2) as run:  # before that, it would make them again
        shutil.rmtree(folder)
        status, said = run.go_on()

    assert status == 1, said
    assert "Traceback" not in said
    assert str(folder) in said
    assert not folder.exists()
    if where != "textfiles":
        assert generation(second) == (1 if where == "results" else 2)


# --- time ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "clock", ["lambda: 1e9 - next(steps) * 86400", "lambda: 2e11", *map(long, ("lambda: -5.0", "lambda: 0.0"))]
)
def test_a_clock_that_jumps(second: Host, clock: str) -> None:
    """Nothing but one metric depends on the clock; waiting goes by the monotonic one."""
    program = (
        f"import itertools, time; steps = itertools.count(); time.time = {clock}; "
        "from inspec_textfile.__main__ import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, *second.options()], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert generation(second) == 2


@pytest.mark.parametrize("seconds", [-1_000_000_000, 0, 4_000_000_000])
def test_results_from_another_time(host: Host, seconds: int) -> None:
    write_results(host, 1)
    os.utime(host.results / "a.json", (seconds, seconds))

    assert host.run().returncode == 0

    assert host.series()['inspec_checks_mtime{profile="acme-ssh-baseline"}'] == seconds * 1000
    (host.results / "a.json").write_text("{")
    host.run()
    assert host.series()['inspec_checks_mtime{profile="acme-ssh-baseline"}'] == seconds * 1000
