"""What a report amounts to, as plain data: the numbers at the top of its page, and its row in the index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from inspec_textfile.history import History
from inspec_textfile.plain import flag, list_of, name, seconds, text, whole
from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    LEVELS,
    LOADED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    PASSED,
    RESULT_STATUSES,
    STATUSES,
    WAIVED,
    Profile,
    Report,
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
            if status in (FAILED, ERROR):
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


class Summary(NamedTuple):
    """One report, without its controls."""

    name: str
    profiles: tuple[tuple[str, str], ...]
    """(title or name, version) of each profile."""
    target: str
    """What a person calls the host, "" if the report does not tell."""
    platform: str
    inspec_version: str
    started: float | None
    """Unix time, seconds."""
    duration: float | None
    """Seconds."""
    tally: Tally
    results: Mapping[str, int]
    """Single test results by status, one of RESULT_STATUSES."""
    not_loaded: tuple[str, ...]
    """Names of profiles, and of those they depend on, that were skipped or failed to load."""
    broken: int
    """How many profiles failed to load."""
    previous: float | None = None
    """Start of the run before, Unix time in seconds; None if none is remembered."""
    newly_failing: int = 0
    fixed: int = 0
    worse: int = 0
    """Controls that failed before, and now fail in more tests."""
    oldest_failure: float | None = None
    """Since when the longest-failing control has been failing: Unix time, seconds."""
    oldest_first_seen: bool = False
    """That control failed already in the first run that is remembered."""
    runs: int = 0
    """Runs that are remembered, this one included."""
    notes: tuple[str, ...] = ()
    """What makes this run hard to compare with the one before."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key, worst first."""
        failing = self.tally.failing
        counts = self.tally.by_status
        return (
            -self.broken,
            *(-failing.get(level, 0) for level in LEVELS),
            self.tally.total > 0,
            -counts[NOT_REVIEWED],
            -counts[WAIVED],
            self.name,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data, which `from_json` reads back."""
        plain = self._asdict()
        counts = [[severity, status, count] for (severity, status), count in sorted(self.tally.counts.items())]
        return {
            **plain,
            "profiles": [list(profile) for profile in self.profiles],
            "tally": counts,
            "results": dict(self.results),
            "not_loaded": list(self.not_loaded),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Any) -> Summary:
        """Return what `as_json` made data of. Raises ValueError, KeyError or TypeError for anything else."""
        if type(value) is not dict or value.keys() != _READ.keys():
            raise ValueError("not a summary")
        return cls(**{name: read(value[name]) for name, read in _READ.items()})


def summarize(report: Report, history: History | None = None) -> Summary:
    """Return what a report amounts to, now and compared with its past."""
    history = history or History()
    changes = history.changes
    oldest = min(history.failures.values(), key=lambda failure: failure.since, default=None)
    return Summary(
        name=report.name,
        profiles=tuple((title(profile), profile.entry.version) for profile in report.profiles),
        target=host(report),
        platform=f"{report.platform} {report.platform_release}".strip(),
        inspec_version=report.inspec_version,
        started=report.started,
        duration=report.duration,
        tally=tally(*report.profiles),
        results=count_results(control for profile in report.profiles for control in profile.controls),
        not_loaded=tuple(dict.fromkeys(name for profile in report.profiles for name in _not_loaded(profile))),
        broken=sum(profile.status == FAILED for profile in report.profiles),
        previous=changes.previous,
        newly_failing=len(changes.newly_failing),
        fixed=len(changes.fixed),
        worse=len(changes.regressions),
        oldest_failure=history.oldest_failure,
        oldest_first_seen=oldest is not None and oldest.first_seen,
        runs=len(history.runs),
        notes=changes.notes,
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


# --- the memory -------------------------------------------------------------------------------------------------------------


def _profile(value: Any) -> tuple[str, str]:
    name, version = list_of(text)(value)
    return name, version


def _count(value: Any) -> tuple[tuple[str, str], int]:
    severity, status, count = value
    if severity not in LEVELS or status not in STATUSES:
        raise ValueError("not a status")
    return (severity, status), whole(count)


def _results(value: Any) -> dict[str, int]:
    if type(value) is not dict or not value.keys() <= set(RESULT_STATUSES):
        raise ValueError("not results")
    return {status: whole(count) for status, count in value.items()}


_READ: Mapping[str, Callable[[Any], Any]] = {
    "name": name,
    "profiles": list_of(_profile),
    "target": text,
    "platform": text,
    "inspec_version": text,
    "started": seconds,
    "duration": seconds,
    "tally": lambda value: Tally.of(dict(list_of(_count)(value))),
    "results": _results,
    "not_loaded": list_of(text),
    "broken": whole,
    "previous": seconds,
    "newly_failing": whole,
    "fixed": whole,
    "worse": whole,
    "oldest_failure": seconds,
    "oldest_first_seen": flag,
    "runs": whole,
    "notes": list_of(text),
}
