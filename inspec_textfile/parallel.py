"""Work spread over the cores, in forked processes: they share what is already loaded, and need no threads."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

Work = Callable[[int], bytes]
Progress = Callable[[int], None]
_HEADER = 16
"""Bytes before each result: its number and its length, eight each."""
_TICKET = 4
"""Bytes of a number in the queue."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def spread(
    weights: Sequence[int], work: Work, processes: int, progress: Progress, meanwhile: Callable[[], None]
) -> list[bytes]:
    """Return `[work(0), work(1), ...]`, one for each weight, computed by that many `processes`.

    `weights` say how much work each one is: the heaviest goes first, so that all processes end at about the same time.
    `progress` is called with how many are done. This process calls `meanwhile` before it starts its share. Whatever a
    killed process leaves undone is done here at the end.
    """
    results: dict[int, bytes] = {}
    children: list[_Child] = []
    queue, filling = os.pipe()
    try:
        os.set_blocking(filling, False)
        with suppress(BlockingIOError):  # the queue is full: the lightest are left for the end
            for number in sorted(range(len(weights)), key=lambda number: -weights[number]):
                os.write(filling, number.to_bytes(_TICKET, "big"))
        os.close(filling)
        for _ in range(processes - 1):
            with suppress(OSError):  # no more processes allowed: the others do its share
                children.append(_Child(queue, work))
        meanwhile()
        for number in _drawn(queue):
            results[number] = work(number)
            progress(len(results) + sum(child.done() for child in children))
        for child in children:
            results.update(child.results())
        progress(len(results))
    finally:
        os.close(queue)
        for child in children:
            child.end()
    for number in range(len(weights)):
        if number not in results:
            results[number] = work(number)
            progress(len(results))
    return [results[number] for number in range(len(weights))]


def _drawn(queue: int) -> Iterator[int]:
    """Yield numbers from the queue that all processes draw from, until it is empty. Reads of four bytes are atomic."""
    while ticket := os.read(queue, _TICKET):
        yield int.from_bytes(ticket, "big")


class _Child:
    """A process that draws from the queue and leaves the results in a file without a name."""

    def __init__(self, queue: int, work: Work) -> None:
        self._file = os.memfd_create("inspec-textfile")
        self._done = self._seen = 0
        try:
            self._pid = os.fork()
        except OSError:
            os.close(self._file)
            raise
        if self._pid == 0:
            self._do(queue, work)

    def _do(self, queue: int, work: Work) -> None:
        status = 1
        try:
            with open(self._file, "wb", buffering=0) as file:
                for number in _drawn(queue):
                    result = work(number)
                    frame = number.to_bytes(8, "big") + len(result).to_bytes(8, "big") + result
                    while frame:
                        frame = frame[file.write(frame) :]
            status = 0
        finally:
            os._exit(status)  # cleaning up and printing is the parent's job

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
        """Stop the process if it still runs, and drop its results."""
        if self._pid:
            with suppress(OSError):
                os.kill(self._pid, signal.SIGTERM)
                os.waitpid(self._pid, 0)
        os.close(self._file)
