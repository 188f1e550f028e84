"""What is remembered about the runs of a report, and what is shown of it: data, and its form in the memory.

A run is one execution of InSpec that a report shows. All times are those of the runs, as Unix times in seconds, so the same
runs always give the same history. docs/history.md explains the rules to users.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from inspec_textfile import plain

MAX_RUNS = 60
"""Runs of a report that are remembered; also how many runs may hide a failure before its streak ends."""


class ControlKey(NamedTuple):
    """What identifies a control within a report."""

    profile: str
    control: str


class RunCounts(NamedTuple):
    """One run, counted: its controls by status."""

    started: float
    """Unix time, seconds."""
    failed: int = 0
    error: int = 0
    not_reviewed: int = 0
    waived: int = 0
    not_applicable: int = 0
    passed: int = 0


class Failure(NamedTuple):
    """How long a control has been failing: a streak of runs."""

    since: float
    """Start of the first run of the streak: Unix time, seconds."""
    runs: int
    """Runs of the streak in which it was seen to fail."""
    first_seen: bool
    """It already failed in the first run that is remembered, so it may have been failing for longer."""
    tests: int
    """Single tests that failed when it was last seen to fail."""
    hidden: int = 0
    """Runs since then that did not show whether it still fails: it was waived, skipped or not run. 0: it fails now."""


class Regression(NamedTuple):
    """A control that failed before, and now fails in more tests."""

    key: ControlKey
    more_tests: int


class Changes(NamedTuple):
    """What differs between this run and the one before."""

    previous: float | None = None
    """Start of the run before, Unix time in seconds; None if this is the first that is remembered."""
    newly_failing: tuple[ControlKey, ...] = ()
    fixed: tuple[ControlKey, ...] = ()
    """Controls that were failing, were tested now, and passed."""
    regressions: tuple[Regression, ...] = ()
    notes: tuple[str, ...] = ()
    """What makes the two runs hard to compare, without a full stop: `profile ssh 1.0 -> 1.1: 3 controls added`."""


class History(NamedTuple):
    """What a report's page, its row in the index and its metrics show of the past."""

    runs: tuple[RunCounts, ...] = ()
    """The last MAX_RUNS, oldest first; the last one is the run that the report shows."""
    failures: Mapping[ControlKey, Failure] = MappingProxyType({})
    """Every control that fails (failed or error) now."""
    changes: Changes = Changes()

    @property
    def oldest_failure(self) -> float | None:
        """Since when the longest-failing control has been failing: Unix time in seconds, None if none fails."""
        return min((failure.since for failure in self.failures.values()), default=None)


class ProfileRun(NamedTuple):
    """What one run ran of a profile; the next run is compared with it."""

    version: str
    controls: tuple[str, ...]
    """Ids of those that were run."""
    tests: int
    missed: int = 0
    """Runs since then in which the profile did not load or was not in the report."""


class Snapshot(NamedTuple):
    """The state after one run: all that the next run is compared with."""

    started: float
    """Unix time, seconds."""
    failures: Mapping[ControlKey, Failure]
    """The streaks that have not ended, hidden ones included."""
    profiles: Mapping[str, ProfileRun]
    host: str = ""
    """The host that was scanned; "" if no report so far has named it."""


class Past(NamedTuple):
    """What is remembered about a report."""

    runs: tuple[RunCounts, ...] = ()
    before: Snapshot | None = None
    """After the run before the last one: a corrected report of the last run is compared with it again."""
    last: Snapshot | None = None
    changes: Changes = Changes()

    def as_json(self) -> list[Any]:
        """Return it as plain data for the memory."""
        changes = self.changes
        return [
            self.runs,
            *(snapshot and _snapshot_as_json(snapshot) for snapshot in (self.before, self.last)),
            [changes.previous, changes.newly_failing, changes.fixed, changes.regressions, changes.notes],
        ]

    @classmethod
    def from_json(cls, value: Any) -> Past:
        """Read what `as_json` returned. Raises ValueError or TypeError."""
        runs, before, last, (previous, newly_failing, fixed, regressions, notes) = value
        return cls(
            runs=tuple(RunCounts(plain.time(started), *map(plain.whole, counts)) for started, *counts in runs),
            before=_snapshot_from_json(before) if before else None,
            last=_snapshot_from_json(last) if last else None,
            changes=Changes(
                previous=plain.seconds(previous),
                newly_failing=tuple(map(_key, newly_failing)),
                fixed=tuple(map(_key, fixed)),
                regressions=tuple(Regression(_key(key), plain.whole(more)) for key, more in regressions),
                notes=tuple(map(plain.text, notes)),
            ),
        )


# --- plain data ---------------------------------------------------------------------------------------------------------------


def _snapshot_as_json(snapshot: Snapshot) -> list[Any]:
    return [
        snapshot.started,
        [[*key, *failure] for key, failure in snapshot.failures.items()],
        [[name, *profile] for name, profile in snapshot.profiles.items()],
        snapshot.host,
    ]


def _key(value: Any) -> ControlKey:
    return ControlKey(*map(plain.text, value))


def _snapshot_from_json(value: Any) -> Snapshot:
    started, failures, profiles, *host = value
    return Snapshot(
        started=plain.time(started),
        failures={
            _key((profile, control)): Failure(plain.time(since), plain.whole(runs), bool(first_seen), *map(plain.whole, counts))
            for profile, control, since, runs, first_seen, *counts in failures
        },
        profiles={
            plain.text(name): ProfileRun(plain.text(version), tuple(map(plain.text, ids)), *map(plain.whole, counts))
            for name, version, ids, *counts in profiles
        },
        host=plain.text(host[0]) if host else "",
    )
