"""What a report amounts to, as plain data: the numbers at the top of its page, its rows in the files that show all reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from inspec_textfile.history.codec import known_fields
from inspec_textfile.history.model import ControlKey, Difference, Finding, History, RunCounts
from inspec_textfile.history.past import start_of
from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    LEVELS,
    LOADED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    NOT_TESTED,
    PASSED,
    STATUSES,
    WAIVED,
    Profile,
    Report,
    is_failing,
)
from inspec_textfile.report.status import count_controls, count_results


class Tally(NamedTuple):
    """Controls counted, as the metrics count them."""

    counts: Mapping[tuple[str, str], int]
    """By (severity, status)."""
    severities: tuple[str, ...]
    """Those that occur, worst first."""
    by_status: Mapping[str, int]
    """Controls of each status, worst first."""
    failing: Mapping[str, int]
    """How many controls failed or broke, of each severity, worst first; only those where any did."""

    @classmethod
    def of(cls, counts: Mapping[tuple[str, str], int]) -> Tally:
        """Return a tally of counts by (severity, status)."""
        by_status, by_level = dict.fromkeys(STATUSES, 0), dict.fromkeys(LEVELS, 0)
        failing = by_level.copy()
        for (level, status), many in counts.items():
            by_status[status] += many
            by_level[level] += many
            if is_failing(status):
                failing[level] += many
        return cls(
            counts=counts,
            severities=tuple(level for level, many in by_level.items() if many),
            by_status=by_status,
            failing={level: many for level, many in failing.items() if many},
        )

    @property
    def total(self) -> int:
        """All controls."""
        return sum(self.by_status.values())

    @property
    def tested(self) -> int:
        """Controls that a test decided: passed, failed, error."""
        counts = self.by_status
        return counts[PASSED] + counts[FAILED] + counts[ERROR]

    @property
    def applicable(self) -> int:
        """All controls but those that are not applicable."""
        return self.total - self.by_status[NOT_APPLICABLE]

    @property
    def compliance(self) -> str:
        """The part of the tested controls that passed; rounded down, so that 100 % means all."""
        if not self.tested:
            return "\N{EN DASH}"
        permille = self.by_status[PASSED] * 1000 // self.tested
        return f"{permille // 10}.{permille % 10} %" if permille % 10 else f"{permille // 10} %"


_RECENT = 12
"""Runs that the index shows as a picture."""


class ProfileLine(NamedTuple):
    """A requested profile, by name."""

    name: str
    title: str
    """Its title, or its name where the title says nothing."""
    version: str = ""


class OpenFinding(NamedTuple):
    """An open finding of a report, with the control that it is of."""

    profile: str
    control: str
    finding: Finding


class Summary(NamedTuple):
    """One report, without its controls."""

    name: str
    profiles: tuple[ProfileLine, ...] = ()
    target: str = ""
    """What a person calls the host, "" if the report does not tell."""
    platform: str = ""
    inspec_version: str = ""
    started: float | None = None
    """Unix time, seconds."""
    at: float = 0.0
    """What ages are counted to: the start of the run, or the file's mtime if the report does not say. Unix time, seconds."""
    duration: float | None = None
    """Seconds."""
    tally: Tally = Tally.of({})
    results: Mapping[str, int] = MappingProxyType({})
    """Single test results by status, one of RESULT_STATUSES."""
    not_loaded: tuple[str, ...] = ()
    """Names of profiles, and of those they depend on, that were skipped or failed to load."""
    broken: int = 0
    """How many profiles failed to load."""
    previous: float | None = None
    """Start of the run before, Unix time in seconds; None if none is remembered."""
    newly_failing: int = 0
    fixed: int = 0
    worse: int = 0
    """Controls that failed before, and now fail in more tests."""
    runs: int = 0
    """Runs that are remembered, this one included."""
    recent: tuple[RunCounts, ...] = ()
    """The last of them, oldest first."""
    differences: tuple[Difference, ...] = ()
    """What makes this run hard to compare with the one before."""
    findings: tuple[OpenFinding, ...] = ()
    """What fails, and what failed when it was last tested and was not tested now; without texts of tests."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key, worst first."""
        failing = self.tally.failing
        counts = self.tally.by_status
        return (
            -self.broken,
            *(-failing.get(level, 0) for level in LEVELS),
            -self.not_tested,
            self.tally.total > 0,
            -counts[NOT_REVIEWED],
            -counts[WAIVED],
            self.name,
        )

    @property
    def failed_to_load(self) -> bool:
        """Whether a profile, or one that it depends on, did not load; one that was skipped as a whole is none of them."""
        return bool(self.broken or set(self.not_loaded) - {profile.name for profile in self.profiles})

    @property
    def not_tested(self) -> int:
        """How many controls failed when they were last tested, and were not tested by this run."""
        return sum(one.finding.status == NOT_TESTED for one in self.findings)

    @property
    def not_tested_by_level(self) -> dict[str, int]:
        """How many of these there are by severity, worst first."""
        counts = Counter(one.finding.severity for one in self.findings if one.finding.status == NOT_TESTED)
        return {level: counts[level] for level in LEVELS if counts[level]}

    @property
    def oldest(self) -> Finding | None:
        """The finding that has been open for longest, None if there is none."""
        return min((one.finding for one in self.findings), key=lambda finding: finding.since, default=None)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data for the memory, without its findings: those are remembered as streaks."""
        counts = [[severity, status, count] for (severity, status), count in sorted(self.tally.counts.items())]
        plain = {**self._asdict(), "tally": counts, "results": dict(self.results)}
        plain["profiles"] = [profile._asdict() for profile in self.profiles]
        plain["recent"] = [run._asdict() for run in self.recent]
        plain["differences"] = [difference._asdict() for difference in self.differences]
        del plain["findings"]
        return plain

    @classmethod
    def from_json(cls, value: Any, findings: Mapping[ControlKey, Finding]) -> Summary:
        """Return the summary that `as_json` made data of, with the open ones of its findings.

        Unknown keys are ignored, absent ones have defaults. Raises ValueError, KeyError, TypeError or AttributeError for
        anything else.
        """
        summary = known_fields(cls, value)
        return summary._replace(
            profiles=tuple(known_fields(ProfileLine, profile) for profile in value.get("profiles", ())),
            tally=Tally.of({(severity, status): count for severity, status, count in value.get("tally", ())}),
            not_loaded=tuple(summary.not_loaded),
            recent=tuple(known_fields(RunCounts, run) for run in value.get("recent", ())),
            differences=tuple(known_fields(Difference, one) for one in value.get("differences", ())),
            findings=open_list(findings, summary.at),
        )


def severity_rank(severity: str) -> int:
    """Sort key of a severity, worst first."""
    return LEVELS.index(severity)


def worst_first(one: OpenFinding) -> tuple[object, ...]:
    """Sort key of open findings: by severity, longest open first."""
    return severity_rank(one.finding.severity), one.finding.since, one.profile, one.control


def open_list(findings: Mapping[ControlKey, Finding], at: float) -> tuple[OpenFinding, ...]:
    """Return the findings that are open at a time (Unix time, seconds), in the order of their controls."""
    return tuple(OpenFinding(*key, finding) for key, finding in sorted(findings.items()) if finding.is_open(at))


def summarize(report: Report, history: History | None = None) -> Summary:
    """Return what a report amounts to, now and compared with its past."""
    history = history or History()
    changes = history.changes
    return Summary(
        name=report.name,
        profiles=tuple(ProfileLine(profile.name, title(profile), profile.entry.version) for profile in report.profiles),
        target=host(report),
        platform=f"{report.platform} {report.platform_release}".strip(),
        inspec_version="" if report.is_converted else report.inspec_version,
        started=report.started,
        at=start_of(report),
        duration=report.duration,
        tally=tally(*report.profiles),
        results=count_results(control for profile in report.profiles for control in profile.controls),
        not_loaded=tuple(dict.fromkeys(name for profile in report.profiles for name in _not_loaded(profile))),
        broken=sum(profile.status == FAILED for profile in report.profiles),
        previous=changes.previous,
        newly_failing=len(changes.newly_failing),
        fixed=len(changes.fixed),
        worse=len(changes.worse),
        runs=len(history.runs),
        recent=history.runs[-_RECENT:],
        differences=changes.differences,
        findings=tuple(OpenFinding(*key, finding) for key, finding in sorted(history.findings.items())),
    )


def host(report: Report) -> str:
    """Return what a person calls the host: its name, and for a mere id the report's folder or file."""
    return report.target or ((report.name.rpartition("/")[0] or report.name) if report.target_id else "")


def _not_loaded(profile: Profile) -> list[str]:
    own = [profile.name] if profile.status != LOADED else []
    return own + [dependency.name for dependency in profile.dependencies]


def tally(*profiles: Profile) -> Tally:
    """Count the controls of some profiles."""
    counts = count_controls(control for profile in profiles for control in profile.controls)
    return Tally.of(dict(counts))


def title(profile: Profile) -> str:
    """Return what to call a profile. Some titles say nothing: `.`"""
    return profile.entry.title if any(map(str.isalnum, profile.entry.title)) else profile.name
