"""Work spread over the cores: forked, so that nothing has to be loaded or handed over anew, and without pickle or threads."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

Work = Callable[[int], bytes]
Progress = Callable[[int], None]
_HEADER = 16
"""Bytes before each result: its number and its length, eight each."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def spread(weights: Sequence[int], work: Work, processes: int, progress: Progress) -> list[bytes]:
    """Return `[work(0), work(1), ...]`, one for each weight, made by so many processes.

    `weights` say how much work each is, for even shares. `progress` is told how many are done. What a process that is
    killed leaves undone is done here in the end.
    """
    own, *others = _shares(weights, processes)
    results: dict[int, bytes] = {}
    children: list[_Child] = []
    try:
        for share in others:
            with suppress(OSError):  # no more processes allowed: all the more is left for this one
                children.append(_Child(share, work))
        for number in own:
            results[number] = work(number)
            progress(len(results) + sum(child.done() for child in children))
        for child in children:
            results.update(child.results())
        progress(len(results))
    finally:
        for child in children:
            child.end()
    for number in range(len(weights)):
        if number not in results:
            results[number] = work(number)
            progress(len(results))
    return [results[number] for number in range(len(weights))]


def _shares(weights: Sequence[int], processes: int) -> list[list[int]]:
    """Return numbers in shares of about the same weight; the heaviest first, each to whom has the least."""
    shares: list[list[int]] = [[] for _ in range(processes)]
    loads = [0] * processes
    for number in sorted(range(len(weights)), key=lambda number: -weights[number]):
        least = loads.index(min(loads))
        shares[least].append(number)
        loads[least] += weights[number] + 1
    return shares


class _Child:
    """A process that does its share and leaves the results in a file without a name."""

    def __init__(self, share: Sequence[int], work: Work) -> None:
        self._file = os.memfd_create("inspec-textfile")
        self._done = self._seen = 0
        try:
            self._pid = os.fork()
        except OSError:
            os.close(self._file)
            raise
        if self._pid == 0:
            self._do(share, work)

    def _do(self, share: Sequence[int], work: Work) -> None:
        status = 1
        try:
            with open(self._file, "wb", buffering=0) as file:
                for number in share:
                    result = work(number)
                    frame = number.to_bytes(8, "big") + len(result).to_bytes(8, "big") + result
                    while frame:
                        frame = frame[file.write(frame) :]
            status = 0
        finally:
            os._exit(status)  # whatever is still to be cleaned up or printed is the parent's

    def done(self) -> int:
        """Return how many results there are so far."""
        for _, at, length in self._frames(self._seen):
            self._done += 1
            self._seen = at + length
        return self._done

    def results(self) -> dict[int, bytes]:
        """Wait for it to end and return what it did."""
        os.waitpid(self._pid, 0)
        self._pid = 0
        return {number: os.pread(self._file, length, at) for number, at, length in self._frames(0)}

    def _frames(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Yield number, place and length of the results that are whole, from a place on."""
        size = os.fstat(self._file).st_size
        while at + _HEADER <= size:
            header = os.pread(self._file, _HEADER, at)
            number, length = int.from_bytes(header[:8], "big"), int.from_bytes(header[8:], "big")
            at += _HEADER
            if at + length > size:
                break  # being written, or cut off by a signal
            yield number, at, length
            at += length

    def end(self) -> None:
        """End it, if it is still there, and forget what it did."""
        if self._pid:
            with suppress(OSError):
                os.kill(self._pid, signal.SIGTERM)
                os.waitpid(self._pid, 0)
        os.close(self._file)
