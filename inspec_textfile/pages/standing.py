"""Where each report of a fleet stands: its one state, what it has beside that, and its place among the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from inspec_textfile.history.model import Finding
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.times import age
from inspec_textfile.report.model import LEVELS, NOT_REVIEWED, NOT_TESTED, PASSED, WAIVED
from inspec_textfile.summary import Summary

DAY = 86_400.0
NEW_DAYS = 7
"""A failure is new for so many days after the first run that saw it."""

UNREADABLE, FAILING, NOT_LOADED, NOT_FULLY_TESTED, ALL_PASSED = "unreadable", "failing", "not_loaded", "partly", "passed"
STATES = (FAILING, UNREADABLE, NOT_LOADED, NOT_FULLY_TESTED, ALL_PASSED)
"""Every report is in exactly one of these."""
NEW, OVERDUE, INSPEC_FAILS = "new", "overdue", "inspec_fails"


class Standing(NamedTuple):
    """One report among the others."""

    report: FleetReport
    label: str
    """What a row calls it: its host, else its name; without the folder that it stands below."""
    group: str
    """The folder that it stands below, "" for none."""
    state: str
    """One of STATES."""
    now: float
    """Start of its run, from which ages are counted: Unix time, seconds; 0 if none is known."""
    new: int
    """Controls that began to fail within NEW_DAYS before its run."""
    overdue: int
    """Open findings that are older than the limit of their severity."""
    not_tested: int
    """Controls that failed when they were last tested, and were not tested by its run."""
    oldest: Finding | None
    """The finding that has been open for longest."""

    @property
    def name(self) -> str:
        """The report's name."""
        return self.report.name

    @property
    def summary(self) -> Summary | None:
        """What is known of it."""
        return self.report.summary

    @property
    def failing(self) -> Mapping[str, int]:
        """Controls that failed or broke, by severity."""
        return self.report.summary.tally.failing if self.report.summary else {}

    @property
    def marks(self) -> list[str]:
        """What it has beside its state. Last good figures of an unreadable report mark nothing: they may no longer hold."""
        found = [INSPEC_FAILS] if self.report.inspec_failed is not None else []
        if self.state != UNREADABLE:
            found += [mark for mark, count in self._counts if count]
        return found

    @property
    def _counts(self) -> tuple[tuple[str, int], ...]:
        return ((NEW, self.new), (OVERDUE, self.overdue), (NOT_TESTED, self.not_tested))

    @property
    def severities(self) -> list[str]:
        """Severities of its failing controls, worst first; none if it is in another state than FAILING."""
        return [*self.failing] if self.state == FAILING else []

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key within a group, worst first: critical failures, what cannot be judged, then the other failures."""
        failing = self.failing
        return (
            -failing.get(LEVELS[0], 0),
            STATES.index(self.state) if self.state in (UNREADABLE, NOT_LOADED) else len(STATES),
            *(-failing.get(level, 0) for level in LEVELS[1:]),
            -self.not_tested,
            STATES.index(self.state),
            self.label,
            self.name,
        )


def standings(fleet: Fleet) -> list[Standing]:
    """Return all reports of a fleet, by group and worst first."""
    hosts = _hosts(fleet.reports)
    groups = _groups(hosts)
    found = [_standing(report, hosts[report.name], groups[report.name], fleet.limits) for report in fleet.reports]
    return sorted(found, key=lambda one: (bool(one.group), one.group, *one.rank))


def _standing(report: FleetReport, host: str, group: str, limits: Mapping[str, int]) -> Standing:
    summary = report.summary
    findings = [one.finding for one in summary.findings] if summary else []
    now = summary.at if summary else 0.0
    return Standing(
        report=report,
        label=_label(report.name, host, group),
        group=group,
        state=_state(report),
        now=now,
        new=sum(is_new(finding, now) for finding in findings),
        overdue=sum(is_overdue(finding, now, limits) for finding in findings),
        not_tested=sum(finding.status == NOT_TESTED for finding in findings),
        oldest=min(findings, key=lambda finding: finding.since, default=None),
    )


def _state(report: FleetReport) -> str:
    summary = report.summary
    if report.unreadable or not summary:
        return UNREADABLE
    counts = summary.tally.by_status
    if summary.tally.failing:
        return FAILING
    if summary.failed_to_load:
        return NOT_LOADED
    left_out = counts[NOT_REVIEWED] or counts[WAIVED] or summary.findings or summary.not_loaded
    whole = counts[PASSED] and not left_out
    return ALL_PASSED if whole else NOT_FULLY_TESTED


def is_new(finding: Finding, now: float) -> bool:
    """Return whether a control began to fail within NEW_DAYS before a run. What failed in the first run of all may be old."""
    return finding.status != NOT_TESTED and not finding.first_seen and now - finding.since <= NEW_DAYS * DAY


def is_overdue(finding: Finding, now: float, limits: Mapping[str, int]) -> bool:
    """Return whether a finding has been open for longer than the limit of its severity."""
    limit = limits.get(finding.severity)
    return limit is not None and now - finding.since > limit * DAY


def open_for(finding: Finding, now: float) -> str:
    """Return for how long a finding has been open at a run: `41 d`; at least so long if the first run of all saw it already."""
    if now - finding.since < 60:
        return "first run" if finding.first_seen else "this run"
    return f"{'≥ ' if finding.first_seen else ''}{age(now - finding.since)}"


# --- groups -------------------------------------------------------------------------------------------------------------------


def _hosts(reports: Iterable[FleetReport]) -> dict[str, str]:
    """Return the host of each report, by name; the report's own name where its host is unknown.

    A report that tells no host, such as one that could never be read, is of the host that its folder is named after.
    """
    told = {report.name: report.summary.target if report.summary else "" for report in reports}
    of_folders = {_folder(name): host for name, host in told.items() if _is_of(_folder(name), host)}
    return {name: host or of_folders.get(_folder(name), name) for name, host in told.items()}


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _is_of(folder: str, host: str) -> bool:
    """Return whether a folder is named after a host, with or without its domain."""
    first, second = (name.rpartition("/")[2].partition(".")[0] for name in (folder, host))
    return bool(first) and first == second


def _label(name: str, host: str, group: str) -> str:
    """Return what a row calls a report: its host; its name if that is unknown, or no more than the name of its group."""
    known = name if f"/{group}".endswith(f"/{host}") else host
    return known.removeprefix(f"{group}/")


def hosts(found: Iterable[Standing]) -> int:
    """Return on how many hosts some reports are."""
    return len({(one.group, one.label) for one in found})


def _groups(hosts: Mapping[str, str]) -> dict[str, str]:
    """Return the group of each report, by name.

    A folder whose reports are all of one host stands for that host: its reports belong to the folder above it. A folder
    with one report only is no group.
    """
    of_folders: defaultdict[str, set[str]] = defaultdict(set)
    for name, host in hosts.items():
        of_folders[_folder(name)].add(host)
    folders = {name: _folder(name) for name in hosts}
    found = {name: _folder(folder) if len(of_folders[folder]) == 1 else folder for name, folder in folders.items()}
    sizes = Counter(found.values())
    return {name: group if sizes[group] > 1 else "" for name, group in found.items()}
