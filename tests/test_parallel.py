from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence

import pytest

from inspec_textfile.parallel import Work, cores
from inspec_textfile.parallel import spread as spread_meanwhile


def spread(weights: Sequence[int], work: Work, processes: int, progress: Callable[[int], None]) -> list[bytes]:
    return spread_meanwhile(weights, work, processes, progress, lambda: None)


def own_pid(number: int) -> bytes:
    time.sleep(0.02)
    return f"{number}:{os.getpid()}".encode()


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_results_in_order_from_several_processes(processes: int) -> None:
    seen: list[int] = []

    found = spread([3, 1, 4, 1, 5, 9, 2, 6], own_pid, processes, seen.append)

    assert [one.decode().split(":")[0] for one in found] == list("01234567")
    assert len({one.decode().split(":")[1] for one in found}) <= processes
    assert seen[-1] == 8
    assert seen == sorted(seen)


def test_nothing_to_do() -> None:
    assert spread([], own_pid, 2, lambda _: None) == []


def test_the_heaviest_goes_first_and_who_is_done_draws_the_next() -> None:
    begin = time.monotonic()

    def work(number: int) -> bytes:
        time.sleep(0.4 if number == 2 else 0.1)
        return f"{time.monotonic() - begin:.2f} {os.getpid()}".encode()

    found = [one.decode().split() for one in spread([1, 1, 9, 1, 1], work, 2, lambda _: None)]

    slow = found.pop(2)
    assert {pid for _, pid in found} != {slow[1]}
    assert sum(pid != slow[1] for _, pid in found) >= 3


def test_more_than_the_queue_holds() -> None:
    assert spread([1] * 20_000, lambda number: str(number).encode(), 2, lambda _: None) == [
        str(n).encode() for n in range(20_000)
    ]


def test_large_results() -> None:
    assert [len(one) for one in spread([1, 1, 1], lambda number: bytes(3_000_000 + number), 2, lambda _: None)] == [
        3_000_000,
        3_000_001,
        3_000_002,
    ]


def test_what_a_killed_process_leaves_is_done_all_the_same() -> None:
    parent = os.getpid()

    def work(number: int) -> bytes:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return own_pid(number)

    found = spread([1] * 6, work, 2, lambda _: None)

    assert [one.decode().split(":")[0] for one in found] == list("012345")


def test_without_further_processes_it_is_all_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuses)

    assert {one.decode().split(":")[1] for one in spread([1] * 6, own_pid, 3, lambda _: None)} == {str(os.getpid())}


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


def test_cores() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
