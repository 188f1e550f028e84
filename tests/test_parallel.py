from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inspec_textfile.parallel import cores, spread

pytestmark = pytest.mark.slow  # each starts processes
PATIENCE = 10
"""Seconds that a process waits for another before the test fails."""


def own_pid(number: int) -> bytes:
    time.sleep(0.02)
    return f"{number}:{os.getpid()}".encode()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true, in any process. If it never is, the test's assertions fail."""
    end = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < end:
        time.sleep(0.002)


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_results_in_order_from_as_many_processes(processes: int, tmp_path: Path) -> None:
    """Each waits until all are at work: fewer would wait in vain, and more would be seen."""
    seen: list[int] = []

    def work(number: int) -> bytes:
        (tmp_path / str(os.getpid())).touch()
        until(lambda: len(os.listdir(tmp_path)) >= processes)
        return own_pid(number)

    found = spread([3, 1, 4, 1, 5, 9, 2, 6], work, processes, seen.append)

    assert [one.decode().split(":")[0] for one in found] == list("01234567")
    assert len({one.decode().split(":")[1] for one in found}) == processes
    assert seen[-1] == 8
    assert seen == sorted(seen)


def test_nothing_to_do() -> None:
    assert spread([], own_pid, 2, lambda _: None) == []


def test_large_results() -> None:
    assert [len(one) for one in spread([1, 1, 1], lambda number: bytes(3_000_000 + number), 2, lambda _: None)] == [
        3_000_000,
        3_000_001,
        3_000_002,
    ]


def test_what_a_killed_process_leaves_is_done_all_the_same(tmp_path: Path) -> None:
    parent = os.getpid()

    def work(number: int) -> bytes:
        if os.getpid() != parent:
            (tmp_path / str(number)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        until(lambda: bool(os.listdir(tmp_path)))
        return own_pid(number)

    found = spread([1] * 6, work, 2, lambda _: None)

    (left,) = os.listdir(tmp_path)
    assert found[int(left)] == f"{left}:{parent}".encode()
    assert [one.decode().split(":")[0] for one in found] == list("012345")


def test_an_interruption_ends_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = os.getpid()
    children: list[int] = []
    fork = os.fork

    def noted() -> int:
        children.append(fork())
        return children[-1]

    monkeypatch.setattr(os, "fork", noted)

    def work(_: int) -> bytes:
        if os.getpid() == parent:
            raise KeyboardInterrupt
        time.sleep(60)
        return b""

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        spread([1, 1], work, 2, lambda _: None)

    assert time.monotonic() - begin < 30
    assert len(children) == 1
    with pytest.raises(ChildProcessError):
        os.waitpid(children[0], os.WNOHANG)


def test_if_memory_runs_out_the_kernel_ends_a_child_first() -> None:
    def work(number: int) -> tuple[int, int]:  # noqa: ARG001
        return os.getpid(), int(Path("/proc/self/oom_score_adj").read_text())

    found = dict(spread([1] * 6, work, 3, lambda _: None))
    own = found.pop(os.getpid())

    assert own < 1000
    assert list(found.values()) == [1000, 1000]


def test_cores_are_those_that_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    assert cores() == len(before)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)
