"""What is remembered about the runs of a report, and what is shown of it: frozen data, no rules.

A run is one execution of InSpec that a report shows. All times are those of the runs, as Unix times in seconds, so the same
runs always give the same history.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

MAX_RUNS = 60
"""Runs of a report that are remembered."""
EARLIEST = 1446336000.0
"""November 2015, when InSpec was first released: a run that began before it had a wrong clock. Unix time, seconds."""
MAX_NOT_TESTED = 10_000
"""Findings of a report that are kept although its last run did not test them."""


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


class Finding(NamedTuple):
    """A control that failed when it was last tested: since when, and what is known about it."""

    title: str = ""
    severity: str = "unknown"
    """As last known: one of report.model.LEVELS."""
    status: str = "failed"
    """failed, error, waived (it fails below a waiver), or report.model.NOT_TESTED: the last run did not test it."""
    since: float = 0.0
    """Start of the first run of the streak: Unix time, seconds."""
    first_seen: bool = False
    """It already failed in the first run that is remembered, so it may have been failing for longer."""
    runs: int = 1
    """Runs of the streak in which it was seen to fail."""
    tests: int = 0
    """Single tests that failed when it was last tested."""
    total: int = 0
    """Single tests in all when it was last tested."""
    version: str = ""
    """Version of its profile when the control was last in the report."""
    waived: bool = False
    """It had a waiver, or an attestation that it passes, when it was last in the report."""
    waived_until: float | None = None
    """When that ends: Unix time, seconds; None if it has no end."""

    def is_open(self, at: float) -> bool:
        """Return whether it counts at a time (Unix time, seconds): it fails, or was not tested and no waiver covers it."""
        covered = self.waived and (self.waived_until is None or self.waived_until >= at)
        return self.status != "waived" and not (self.status == "not_tested" and covered)


class Change(NamedTuple):
    """A control whose outcome is not that of the run before."""

    key: ControlKey
    severity: str
    title: str = ""
    more_tests: int = 0
    """Of a control that failed before: how many more of its tests fail now."""


class Difference(NamedTuple):
    """Something that makes a run hard to compare with the one before. The pages put it into words."""

    kind: str
    """One of `report_older`, `other_host`, `other_machine`, `profile_missing`, `profile_not_loaded`, `profile_new`,
    `profile_renamed`, `profile_version`, `profile_controls`, `profile_tests`."""
    profile: str = ""
    old: str = ""
    """The host, version or name before."""
    new: str = ""
    added: int = 0
    """Controls that the run before did not have; for `profile_tests`, its tests now."""
    gone: int = 0
    """Controls that this run does not have; for `profile_tests`, its tests before."""


class Changes(NamedTuple):
    """What differs between this run and the one before."""

    previous: float | None = None
    """Start of the run before, Unix time in seconds; None if this is the first that is remembered."""
    newly_failing: tuple[Change, ...] = ()
    fixed: tuple[Change, ...] = ()
    """Controls that were failing, were tested now, and passed."""
    worse: tuple[Change, ...] = ()
    """Controls that failed before, and now fail in more tests."""
    not_tested: tuple[Change, ...] = ()
    """Controls that were failing, and were not tested now."""
    differences: tuple[Difference, ...] = ()


class History(NamedTuple):
    """What a report's page, its row in the index and its metrics show of the past."""

    runs: tuple[RunCounts, ...] = ()
    """The last MAX_RUNS, oldest first; the last one is the run that the report shows."""
    findings: Mapping[ControlKey, Finding] = MappingProxyType({})
    """Every open finding: what fails now, and what failed when it was last tested and was not tested now."""
    changes: Changes = Changes()
    states: Mapping[str, Any] = MappingProxyType({})
    """By name of a rule of `history.past.RULES`, its state after the run that the report shows."""

    @property
    def oldest_failure(self) -> Finding | None:
        """The open finding that has been failing for longest, None if there is none."""
        return min(self.findings.values(), key=lambda finding: finding.since, default=None)


class ProfileRun(NamedTuple):
    """What was last run of a profile; the next run is compared with it."""

    version: str = ""
    controls: tuple[str, ...] = ()
    """Ids of those that were listed."""
    tests: int = 0
    complete: int = 0
    """How many controls its last complete run listed."""
    unloaded: tuple[str, ...] | None = None
    """Profiles that it depends on and that did not load in its last complete run; None if that is not known."""
    findings_only: bool = False
    """A converter made it, and it has never shown a test that passed or was skipped: it lists what fails, and nothing else."""
    missed: int = 0
    """Runs since then in which the profile did not load or was not in the report."""
    age: int = MAX_RUNS
    """Runs since it was first in the report, that one included."""


class Snapshot(NamedTuple):
    """The state after one run: all that the next run is compared with."""

    started: float
    """Unix time, seconds."""
    told: float | None = None
    """The last start that results told, 0 if none did so far, None if that is not known: then `started` is a file's mtime."""
    host: str = ""
    """The host that was scanned; "" if no report so far has named it."""
    machine: str = ""
    """The id of the machine that was scanned, "" if no report so far had one."""
    machines_before: tuple[str, ...] = ()
    """The ids of other machines that had this report before, the last one first."""
    profiles: Mapping[str, ProfileRun] = MappingProxyType({})
    states: Mapping[str, Any] = MappingProxyType({})
    """By name of a rule of `history.past.RULES`, its state after the run."""


class Replaced(NamedTuple):
    """Whose results were under a report's name until its last run."""

    kind: str
    """`host`, `machine` or `profile`."""
    name: str
    """Of the host or profile, or the id of the machine."""


class Past(NamedTuple):
    """What is remembered about a report."""

    runs: tuple[RunCounts, ...] = ()
    before: Snapshot | None = None
    """After the run before the last one, also of another host: a corrected report of the last run is compared with it again."""
    last: Snapshot | None = None
    changes: Changes = Changes()
    replaced: Replaced | None = None
    """Set if the last run took the place of results of something else."""
