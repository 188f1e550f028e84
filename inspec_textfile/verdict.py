"""The verdict on a report in words: green only if everything that applies was tested and passed."""

from __future__ import annotations

from collections.abc import Mapping

from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    LEVELS,
    NOT_APPLICABLE,
    NOT_REVIEWED,
    NOT_TESTED,
    PASSED,
    RESULT_STATUSES,
    SKIPPED,
    WAIVED,
)
from inspec_textfile.summary import Summary, Tally
from inspec_textfile.words import count, number


def verdict(summary: Summary) -> tuple[str, str]:
    """Return the status that stands for the whole report, and a sentence: one number, one base."""
    counts, total = summary.tally.by_status, summary.tally.total
    if counts[FAILED]:
        return FAILED, f"{number(counts[FAILED])} of {count(total, 'control')} failed: {_levels(summary.tally, FAILED)}."
    if counts[ERROR]:
        broke = f"{number(counts[ERROR])} of {count(total, 'control')} could not be tested (error)"
        return ERROR, f"{broke}: {_levels(summary.tally, ERROR)}."
    if not summary.tally.tested:
        return _nothing_tested(summary)
    if summary.broken:
        return ERROR, f"No control failed, but {count(summary.broken, 'profile')} did not load."
    if open_before := summary.not_tested:
        return NOT_TESTED, f"No control failed, but {number(open_before)} that failed before {_were(open_before)} not tested."
    return _not_failed(summary)


def _not_failed(summary: Summary) -> tuple[str, str]:
    counts, applicable = summary.tally.by_status, summary.tally.applicable
    if counts[NOT_REVIEWED]:
        untested = counts[NOT_REVIEWED]
        return NOT_REVIEWED, f"No control failed; {number(untested)} of {number(applicable)} {_were(untested)} not tested."
    if summary.not_loaded:
        return NOT_REVIEWED, f"No control failed; {count(len(summary.not_loaded), 'profile')} did not run."
    if counts[WAIVED]:
        return WAIVED, f"No control failed; {number(counts[WAIVED])} of {number(applicable)} {_are(counts[WAIVED])} waived."
    applying = ""
    if counts[NOT_APPLICABLE]:
        applying = " that applies" if counts[PASSED] == 1 else " that apply"
    if counts[PASSED] == 1:
        return PASSED, f"The one control{applying} passed."
    return PASSED, f"All {number(counts[PASSED])} controls{applying} passed."


def _nothing_tested(summary: Summary) -> tuple[str, str]:
    """Return the verdict on a report in which no test decided anything, and why none did."""
    counts, total = summary.tally.by_status, summary.tally.total
    if not summary.profiles:
        return NOT_REVIEWED, "Nothing was tested: the report holds no profiles."
    if summary.broken:
        return ERROR, f"Nothing was tested: {_profile(summary.broken)} did not load."
    if not total:
        why = "the profile was skipped" if summary.not_loaded else "the report holds no controls"
        return NOT_REVIEWED, f"Nothing was tested: {why}."
    if counts[NOT_APPLICABLE] == total:
        return NOT_APPLICABLE, "Nothing was tested: no control applies to this host."
    if counts[WAIVED] == summary.tally.applicable:
        return WAIVED, f"Nothing was tested: {_all(counts[WAIVED])} waived."
    skipped = f"{number(counts[NOT_REVIEWED])} of {count(total, 'control')} {_were(total)} skipped"
    return NOT_REVIEWED, f"Nothing was tested: {skipped}."


def _all(many: int) -> str:
    return "the one control is" if many == 1 else f"all {number(many)} controls are"


def _profile(many: int) -> str:
    return "a profile" if many == 1 else f"{number(many)} profiles"


def _are(many: int) -> str:
    return "is" if many == 1 else "are"


def _were(many: int) -> str:
    return "was" if many == 1 else "were"


def _levels(tally: Tally, status: str) -> str:
    """Return the controls of a status by severity, worst first: `9 high, 126 medium`."""
    found = [(level, tally.counts.get((level, status), 0)) for level in LEVELS]
    return ", ".join(f"{number(many)} {level}" for level, many in found if many)


def tests(results: Mapping[str, int]) -> str:
    """Return how single tests went: `7 of 9 tests failed, 1 skipped`, "no tests" where there were none."""
    total = sum(results.get(status, 0) for status in RESULT_STATUSES)
    failed, skipped = results.get(FAILED, 0), results.get(SKIPPED, 0)
    all_tests = count(total, "test")
    if not total:
        return "no tests"
    if failed:
        return f"{number(failed)} of {all_tests} failed" + (f", {number(skipped)} skipped" if skipped else "")
    return f"{number(skipped)} of {all_tests} skipped" if skipped else f"{all_tests} passed"
