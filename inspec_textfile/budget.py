"""What one report may cost, and what becomes of one that costs more: it loses something itself, never another report.

docs/security.md has these limits in a table, and says what each one takes away.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

MAX_SERIES = 20_000
"""Series of a report in the .prom, not counting those of single controls. Prometheus and node_exporter keep each in memory."""
MAX_PROM_BYTES = 8 * 1024 * 1024
"""Of its series, about."""
MAX_PAST_BYTES, _LEAST_PAST_BYTES, _ALL_PASTS = 4 * 1024 * 1024, 512 * 1024, 1024 * 1024 * 1024
"""Of its part of the memory that holds its past; less where a run has many reports, since it holds all pasts until its end."""
MAX_FINDINGS, _LEAST_FINDINGS = 1_000_000, 250
"""Open findings of all reports of a run, as the index, controls.html and findings.csv need them; and of one at least."""
_PAGE_BYTES, _PAGE_BYTES_A_BYTE = 4_000_000, 4
_BASE_SECONDS, _SECONDS_PER_MEGABYTE = 5.0, 1.0


class OutOfTime(BaseException):
    """A report took longer than it may. Not an Exception: whoever catches those must not go on with it."""


def past_bytes_for(reports: int) -> int:
    """Return how many bytes the past of each report may have. `reports`: of the run."""
    return min(MAX_PAST_BYTES, max(_LEAST_PAST_BYTES, _ALL_PASTS // max(1, reports)))


def findings_for(reports: int) -> int:
    """Return how many open findings of each report the files that show all reports may have. `reports`: of the run."""
    return max(_LEAST_FINDINGS, MAX_FINDINGS // max(1, reports))


def page_bytes_for(size: int) -> int:
    """Return how many bytes a report's page may have. `size`: bytes of its results file."""
    return _PAGE_BYTES + _PAGE_BYTES_A_BYTE * size


def seconds_for(size: int) -> float:
    """Return how many seconds the work on one step of a report may take. `size`: bytes of its results file."""
    return _BASE_SECONDS + _SECONDS_PER_MEGABYTE * size / 1e6


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block once it has taken so many seconds of this process's time."""

    def ring(_number: int, _frame: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
