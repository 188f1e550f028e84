"""What follows from a control's results: status, severity, and the original exporter's view. Pure rules, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    FAILING,
    LEAST_IMPACT,
    LEVELS,
    LOADED,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    PASSED,
    PROFILE_STATUSES,
    RESULT_STATUSES,
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
"""Statuses that InSpec's `--enhanced-outcomes` can give a control."""

# mitre/heimdall2, libs/hdf-converters/src/utils/attestations.ts: the `code_desc` of the result that an attestation adds.
# Older tools write "Status".
_ATTESTED = "manually verified status provided through attestation"
_MULTIPLE_FAILURES = "RSpec::Core::MultipleExceptionError"


def control_status(entry: ControlEntry) -> str:
    """Return the status of a control, one of STATUSES, waivers and attestations considered."""
    status = status_without_waiver(entry)
    if entry.waiver and not entry.waiver.expired and status not in (PASSED, NOT_APPLICABLE):
        return WAIVED
    return status


def status_without_waiver(entry: ControlEntry) -> str:
    """Return the status of a control by InSpec's own rule, as if nobody had waived it.

    An attestation that has run out no longer counts. What was tested without it does: usually nothing.
    """
    if not entry.attestation or not entry.attestation.expired:
        return _status_of_results(entry)
    tested = tuple(result for result in entry.results if not is_attested(result))
    own = entry.own_status if entry.own_status in FAILING else None
    status = _status_of_results(entry._replace(results=tested, own_status=own))
    # What an attestation added in another form cannot be told apart, so passed does not count; a failure does.
    return NOT_REVIEWED if status == PASSED and len(tested) == len(entry.results) else status


def rests_on_attestation(entry: ControlEntry) -> bool:
    """Return whether a control would have another status if nobody had attested one."""
    if not entry.attestation:
        return False
    unattested = entry._replace(attestation=entry.attestation._replace(expired=True))
    return status_without_waiver(unattested) != status_without_waiver(entry)


def is_attested(result: Result) -> bool:
    """Return whether an attestation added this result: somebody's word, not a test."""
    return result.code_desc.lower().startswith(_ATTESTED)


def _status_of_results(entry: ControlEntry) -> str:
    """Return the status by lib/inspec/enhanced_outcomes.rb, `EnhancedOutcomes.determine_status`.

    Except for a control without results, which InSpec calls passed: nothing was tested, so it needs a review. A verdict of the
    report itself counts if it is failed or error, even if no result beside it is: a finding is never lost. Another one decides
    if the results leave it open, not if they contradict it: then somebody added results afterwards.
    """
    statuses = {result.status for result in entry.results}
    statuses.update(entry.removed)
    own = entry.own_status
    if not statuses:
        return own if own in FAILING else NOT_APPLICABLE if entry.impact == 0 or own == NOT_APPLICABLE else NOT_REVIEWED
    if ERROR in statuses or any(result.exception and is_error(result) for result in entry.results):
        # Without backtraces an exception may be either.
        return FAILED if own == FAILED and not any(result.backtrace for result in entry.results) else ERROR
    if entry.impact == 0:
        return NOT_APPLICABLE
    if own in FAILING:
        return own
    if FAILED in statuses:
        return FAILED
    return NOT_REVIEWED if statuses == {SKIPPED} else PASSED


def is_error(result: Result) -> bool:
    """Return whether a test broke, rather than failed.

    An exception with a backtrace, unless InSpec made it up for a resource that refused to load (`noop`). Reports made with
    `--no-reporter-backtrace-inclusion` name the exception only; there, RSpec's collection of several failures is not an error.
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
    return next((name for name, least in LEAST_IMPACT.items() if impact >= least), "none")


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
    """Count controls by (severity, status). Metrics and pages both use this, so they agree."""
    return Counter((control.severity, control.status) for control in controls)


def count_results(controls: Iterable[Control]) -> dict[str, int]:
    """Count single test results by each of RESULT_STATUSES; those that the report says it left out too."""
    counts = dict.fromkeys(RESULT_STATUSES, 0)
    for control in controls:
        for result in control.entry.results:
            counts[result_status(result)] += 1
        for status, count in control.entry.removed.items():
            counts[status] += count
    return counts


def severities(controls: Iterable[Control]) -> tuple[str, ...]:
    """Return the severities that have a row, worst first: those of the controls, `none` for a profile without controls."""
    present = {control.severity for control in controls}
    return tuple(name for name in LEVELS if name in present) or ("none",)


def worst_first(control: Control) -> tuple[int, int, str]:
    """Sort key: status, then severity, then id."""
    return *rank(control.status, control.severity), control.id


def rank(status: str, severity: str) -> tuple[int, int]:
    """Sort key of a status and a severity, worst first."""
    return STATUSES.index(status), LEVELS.index(severity)
