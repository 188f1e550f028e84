"""What a control's results amount to: status, severity, and the original exporter's view. Pure rules, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from inspec_textfile.model import (
    ERROR,
    FAILED,
    LOADED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    PASSED,
    PROFILE_STATUSES,
    RESULT_STATUSES,
    SEVERITIES,
    SKIPPED,
    STATUSES,
    UNKNOWN,
    WAIVED,
    Control,
    ControlEntry,
    ProfileEntry,
    Result,
)

OWN_STATUSES = frozenset(STATUSES) - {WAIVED}
"""What InSpec's `--enhanced-outcomes` can call a control."""

_MULTIPLE_FAILURES = "RSpec::Core::MultipleExceptionError"
_LEAST_IMPACT = (("critical", 0.9), ("high", 0.7), ("medium", 0.4), ("low", 0.1))


def control_status(entry: ControlEntry) -> str:
    """Return the status of a control, one of STATUSES, waivers considered."""
    status = status_without_waiver(entry)
    if entry.waiver and not entry.waiver.expired and status not in (PASSED, NOT_APPLICABLE):
        return WAIVED
    return status


def status_without_waiver(entry: ControlEntry) -> str:
    """Return the status of a control by InSpec's own rule, as if nobody had waived it.

    lib/inspec/enhanced_outcomes.rb, `EnhancedOutcomes.determine_status`, but for a control without results, which InSpec calls
    passed: nothing was tested, so it needs a review. A report's own verdict counts before ours.
    """
    results = entry.results
    if not results:
        return NOT_REVIEWED
    if entry.own_status:
        return entry.own_status
    statuses = {result.status for result in results}
    if ERROR in statuses or any(result.exception and is_error(result) for result in results):
        return ERROR
    if entry.impact == 0:
        return NOT_APPLICABLE
    if statuses == {SKIPPED}:
        return NOT_REVIEWED
    return FAILED if FAILED in statuses else PASSED


def is_error(result: Result) -> bool:
    """Tell a test that broke from one that failed.

    An exception with a backtrace, unless InSpec made it up for a resource that refused to load (`noop`). Reports made with
    `--no-reporter-backtrace-inclusion` name the exception only; then RSpec's collection of several failures is no error.
    """
    if result.status == ERROR:
        return True
    if not result.exception or result.resource == "noop":
        return False
    return bool(result.backtrace) or result.exception != _MULTIPLE_FAILURES


def severity(impact: float | None) -> str:
    """Return the severity of an impact (lib/inspec/impact.rb, `Impact.string_from_impact`), UNKNOWN for None."""
    if impact is None:
        return UNKNOWN
    return next((name for name, least in _LEAST_IMPACT if impact >= least), "none")


def exporter_status(entry: ControlEntry) -> str | None:
    """Return what the original exporter counts a control as, one of RESULT_STATUSES, or None if it does not count it."""
    statuses = {result.status for result in entry.results}
    if not statuses:
        return None
    return next((status for status in (FAILED, SKIPPED) if status in statuses), PASSED)


def result_status(result: Result) -> str:
    """Return what a single result is counted as, one of RESULT_STATUSES: an error is a failure."""
    return result.status if result.status in RESULT_STATUSES else FAILED


def profile_status(entries: Iterable[ProfileEntry]) -> str:
    """Return the worst state of any of the entries, LOADED for none."""
    states = {entry.status for entry in entries}
    return next((status for status in PROFILE_STATUSES if status in states), LOADED)


def count_controls(controls: Iterable[Control]) -> Counter[tuple[str, str]]:
    """Count controls by (severity, status). Metrics and pages both count here, so they agree."""
    return Counter((control.severity, control.status) for control in controls)


def count_results(controls: Iterable[Control]) -> Counter[str]:
    """Count single test results by status, one of RESULT_STATUSES."""
    return Counter(result_status(result) for control in controls for result in control.entry.results)


def severities(controls: Iterable[Control]) -> tuple[str, ...]:
    """Return the severities that have a row: the five, and UNKNOWN where it occurs."""
    unknown = any(control.severity == UNKNOWN for control in controls)
    return (*SEVERITIES, UNKNOWN) if unknown else SEVERITIES


def worst_first(control: Control) -> tuple[int, int, str]:
    """Sort key: status, then severity, then id."""
    severity_rank = (*SEVERITIES, UNKNOWN).index(control.severity)
    return STATUSES.index(control.status), severity_rank, control.id
