"""Work shared out over the cores, in forked processes: they share what is already loaded, and need no threads."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, TypeVar

_T = TypeVar("_T")
Work = Callable[[int], _T]
Progress = Callable[[int], None]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def spread(weights: Sequence[int], work: Work[_T], processes: int, progress: Progress) -> list[_T]:
    """Return `[work(0), work(1), ...]`, one for each weight, computed by that many `processes`.

    `weights` say how much work each one is: every process gets about the same. `progress` is called with how many this
    process has done, times the number of processes. What a process that was killed leaves undone is done here at the end.
    """
    shares = _shares(weights, processes)
    results: dict[int, _T] = {}
    children: list[tuple[int, BinaryIO]] = []
    try:
        for share in shares[1:]:
            with suppress(OSError):  # no more processes allowed: this one does its share
                children.append(_child(share, work))
        for count, number in enumerate(shares[0], 1):
            results[number] = work(number)
            progress(min(count * processes, len(weights)))
        while children:
            process, file = children.pop()
            with file:
                os.waitpid(process, 0)
                file.seek(0)
                results.update(_results(file))
    finally:
        for process, file in children:
            file.close()
            with suppress(OSError):
                os.kill(process, signal.SIGTERM)
                os.waitpid(process, 0)
    for number in range(len(weights)):
        if number not in results:
            results[number] = work(number)
    progress(len(weights))
    return [results[number] for number in range(len(weights))]


def _shares(weights: Sequence[int], processes: int) -> list[list[int]]:
    """Return the numbers of the work for each process: the heaviest first, each to the one that has least so far."""
    shares: list[list[int]] = [[] for _ in range(processes)]
    loads = [0] * processes
    for number in sorted(range(len(weights)), key=lambda number: -weights[number]):
        least = loads.index(min(loads))
        shares[least].append(number)
        loads[least] += weights[number]
    return shares


def _child(share: Sequence[int], work: Work[_T]) -> tuple[int, BinaryIO]:
    """Start a process that does a share, and return its id and the file that its results go to."""
    file = open(os.memfd_create("inspec-textfile"), "w+b")  # noqa: SIM115  # the caller closes it
    process = os.fork()
    if process:
        return process, file
    status = 1
    try:
        _be_killed_first()
        for number in share:
            pickle.dump((number, work(number)), file)
        file.flush()
        status = 0
    finally:
        os._exit(status)  # cleaning up and printing is the parent's job


def _be_killed_first() -> None:
    """Have the kernel end this process, and not its parent, which does what is left undone, if memory runs out."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def _results(file: BinaryIO) -> Iterator[tuple[int, _T]]:
    """Yield the results in a file; the last may be cut off, if its process was killed, or too large for this one."""
    with suppress(EOFError, pickle.UnpicklingError, MemoryError):
        while True:
            yield pickle.load(file)  # noqa: S301  # from our own child process
