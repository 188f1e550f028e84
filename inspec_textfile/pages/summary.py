"""What a report amounts to: the numbers and the sentence at the top of its page, and its row in the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inspec_textfile.model import (
    ERROR,
    FAILED,
    LOADED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    PASSED,
    SEVERITIES,
    STATUSES,
    UNKNOWN,
    WAIVED,
    Profile,
    Report,
)
from inspec_textfile.outcome import count_controls, count_results, severities

STATUS_NAMES: Mapping[str, str] = {
    FAILED: "Failed",
    ERROR: "Error",
    NOT_REVIEWED: "Not reviewed",
    WAIVED: "Waived",
    NOT_APPLICABLE: "Not applicable",
    PASSED: "Passed",
}
WORST_FIRST = (*SEVERITIES, UNKNOWN)


@dataclass(frozen=True)
class Tally:
    """Controls counted, as the metrics count them."""

    counts: Mapping[tuple[str, str], int]
    """By (severity, status)."""
    severities: tuple[str, ...]
    """Those that have a row."""

    @property
    def by_status(self) -> dict[str, int]:
        """Controls of each status, worst first."""
        return {status: sum(self.counts.get((level, status), 0) for level in WORST_FIRST) for status in STATUSES}

    @property
    def total(self) -> int:
        """All controls."""
        return sum(self.counts.values())

    def failing_by_severity(self) -> dict[str, int]:
        """Return how many controls failed or broke, of each severity, worst first; only those where any did."""
        found = {level: self.counts.get((level, FAILED), 0) + self.counts.get((level, ERROR), 0) for level in WORST_FIRST}
        return {level: number for level, number in found.items() if number}

    @property
    def judged(self) -> int:
        """Controls that count for compliance: passed, failed, error."""
        counts = self.by_status
        return counts[PASSED] + counts[FAILED] + counts[ERROR]

    @property
    def compliance(self) -> str:
        """The part of the judged controls that passed; rounded down, so that 100 % means all."""
        if not self.judged:
            return "\N{EN DASH}"
        permille = self.by_status[PASSED] * 1000 // self.judged
        return f"{permille // 10}.{permille % 10} %" if permille % 10 else f"{permille // 10} %"


@dataclass(frozen=True)
class Summary:
    """One report, without its controls."""

    name: str
    profiles: tuple[tuple[str, str], ...]
    """(title or name, version) of each profile."""
    target: str
    platform: str
    inspec_version: str
    started: float | None
    duration: float | None
    tally: Tally
    results: Mapping[str, int]
    """Single test results by status."""
    not_loaded: tuple[str, ...]
    """Names of profiles, and of those they depend on, that were skipped or failed to load."""
    broken: int
    """How many profiles failed to load."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key, worst first."""
        failing = self.tally.failing_by_severity()
        counts = self.tally.by_status
        return (
            -self.broken,
            *(-failing.get(level, 0) for level in WORST_FIRST),
            self.tally.total > 0,
            -counts[NOT_REVIEWED],
            -counts[WAIVED],
            self.name,
        )


def summarize(report: Report) -> Summary:
    """Return what a report amounts to."""
    return Summary(
        name=report.name,
        profiles=tuple((title(profile), profile.entry.version) for profile in report.profiles),
        target=report.target,
        platform=f"{report.platform} {report.platform_release}".strip(),
        inspec_version=report.inspec_version,
        started=report.started,
        duration=report.duration,
        tally=tally(*report.profiles),
        results=count_results(control for profile in report.profiles for control in profile.controls),
        not_loaded=tuple(
            dict.fromkeys(
                name
                for profile in report.profiles
                for name in (
                    *([profile.name] if profile.status != LOADED else []),
                    *(dependency.name for dependency in profile.dependencies),
                )
            )
        ),
        broken=sum(profile.status == FAILED for profile in report.profiles),
    )


def tally(*profiles: Profile) -> Tally:
    """Count the controls of some profiles."""
    controls = [control for profile in profiles for control in profile.controls]
    return Tally(count_controls(controls), severities(controls))


def title(profile: Profile) -> str:
    """Return what to call a profile. Some titles say nothing: `.`"""
    return profile.entry.title if any(map(str.isalnum, profile.entry.title)) else profile.name


def verdict(summary: Summary) -> tuple[str, str]:
    """Return the status that stands for the whole report ("" when there is nothing to say), and a sentence."""
    counts, total = summary.tally.by_status, summary.tally.total
    failing = counts[FAILED] + counts[ERROR]
    if not summary.profiles:
        return NOT_REVIEWED, "This report holds no profiles: nothing was tested."
    if failing:
        return FAILED if counts[FAILED] else ERROR, _failing_sentence(summary)
    if summary.broken:
        return ERROR, f"{_did_not_load(summary)} Nothing else failed."
    if not total:
        return NOT_REVIEWED, f"No control was run{': the profile was skipped' if summary.not_loaded else ''}."
    parts = []
    if counts[NOT_REVIEWED]:
        parts.append(f"{number(counts[NOT_REVIEWED])} of {number(total)} still {_need(counts[NOT_REVIEWED])} a review by hand")
    if counts[WAIVED]:
        parts.append(f"{number(counts[WAIVED])} {'is' if counts[WAIVED] == 1 else 'are'} waived")
    if parts:
        return NOT_REVIEWED if counts[NOT_REVIEWED] else WAIVED, f"No control failed; {', '.join(parts)}."
    if not counts[PASSED]:
        return NOT_APPLICABLE, "No control applies to this host."
    one = counts[PASSED] == 1
    applying = " that applies" * one + " that apply" * (not one) if counts[NOT_APPLICABLE] else ""
    return PASSED, f"The one control{applying} passed." if one else f"All {number(counts[PASSED])} controls{applying} passed."


def _failing_sentence(summary: Summary) -> str:
    counts, total = summary.tally.by_status, summary.tally.total
    of_all = f" of {number(total)} {_controls(total)}"
    parts = []
    if counts[FAILED]:
        parts.append(f"{number(counts[FAILED])}{of_all} failed")
    if counts[ERROR]:
        parts.append(f"{number(counts[ERROR])}{'' if parts else of_all} could not be tested (error)")
    failing = summary.tally.failing_by_severity()
    sentence = f"{' and '.join(parts)}; {_how_bad(failing)}."
    return f"{sentence} {_did_not_load(summary)}" if summary.broken else sentence


def _how_bad(failing: Mapping[str, int]) -> str:
    """Return the severities of failing controls in words: those above low, or the worst there is."""
    total = sum(failing.values())
    if len(failing) == 1:
        level = next(iter(failing))
        return f"{'its severity is' if total == 1 else 'all are of severity'} {level}"
    worst = [level for level in failing if level in ("critical", "high", "medium")] or list(failing)[:1]
    return f"{', '.join(f'{number(failing[level])} {level}' for level in worst)} in severity"


def _did_not_load(summary: Summary) -> str:
    which = "A profile" if summary.broken == 1 else f"{number(summary.broken)} profiles"
    return f"{which} did not load, so controls are missing here."


def _controls(count: int) -> str:
    return "control" if count == 1 else "controls"


def _need(count: int) -> str:
    return "needs" if count == 1 else "need"


def number(value: int) -> str:
    """Return a whole number with its thousands marked."""
    return f"{value:,}"
