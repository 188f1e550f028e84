"""The verdict on a report in words: green only if everything that applies was tested and passed."""

from __future__ import annotations

from collections.abc import Mapping

from inspec_textfile.pages.words import count, listed, number
from inspec_textfile.report.model import ERROR, FAILED, NOT_APPLICABLE, NOT_REVIEWED, PASSED, RESULT_STATUSES, SKIPPED, WAIVED
from inspec_textfile.summary import Summary, Tally


def verdict(summary: Summary) -> tuple[str, str]:
    """Return the status that stands for the whole report, and a sentence."""
    counts, total = summary.tally.by_status, summary.tally.total
    if not summary.profiles:
        return NOT_REVIEWED, "This report holds no profiles: nothing was tested."
    if counts[FAILED] or counts[ERROR]:
        return FAILED if counts[FAILED] else ERROR, _failing_sentence(summary)
    if summary.broken:
        return ERROR, f"{_did_not_load(summary)} Nothing else failed."
    if not total:
        return NOT_REVIEWED, f"No control was run{': the profile was skipped' if summary.not_loaded else ''}."
    open_parts = _not_tested(summary.tally)
    if open_parts or summary.not_loaded:
        parts = open_parts + ([_skipped(summary)] if summary.not_loaded else [])
        status = WAIVED if counts[WAIVED] and not counts[NOT_REVIEWED] and not summary.not_loaded else NOT_REVIEWED
        return status, f"No control failed; {listed(parts)}."
    if not counts[PASSED]:
        return NOT_APPLICABLE, "No control applies to this host."
    applying = ""
    if counts[NOT_APPLICABLE]:
        applying = " that applies" if counts[PASSED] == 1 else " that apply"
    if counts[PASSED] == 1:
        return PASSED, f"The one control{applying} passed."
    return PASSED, f"All {number(counts[PASSED])} controls{applying} passed."


def _not_tested(tally: Tally) -> list[str]:
    counts, total = tally.by_status, number(tally.total)
    parts = []
    if counts[NOT_REVIEWED]:
        need = "needs" if counts[NOT_REVIEWED] == 1 else "need"
        parts.append(f"{number(counts[NOT_REVIEWED])} of {total} still {need} a review by hand")
    if counts[WAIVED]:
        parts.append(f"{number(counts[WAIVED])} {'is' if counts[WAIVED] == 1 else 'are'} waived")
    return parts


def _skipped(summary: Summary) -> str:
    return f"{count(len(summary.not_loaded), 'profile')} did not run"


def _failing_sentence(summary: Summary) -> str:
    counts, total = summary.tally.by_status, summary.tally.total
    of_all = f" of {count(total, 'control')}"
    parts = []
    if counts[FAILED]:
        parts.append(f"{number(counts[FAILED])}{of_all} failed")
    if counts[ERROR]:
        parts.append(f"{number(counts[ERROR])}{'' if parts else of_all} could not be tested (error)")
    failing = summary.tally.failing
    sentence = f"{' and '.join(parts)}; {_how_bad(failing)}."
    return f"{sentence} {_did_not_load(summary)}" if summary.broken else sentence


def _how_bad(failing: Mapping[str, int]) -> str:
    """Return the severities of failing controls in words: those above low one by one, or the worst there is."""
    total = sum(failing.values())
    if len(failing) == 1:
        level = next(iter(failing))
        return f"{'its severity is' if total == 1 else 'all are of severity'} {level}"
    worst = [level for level in failing if level in ("critical", "high", "medium")] or list(failing)[:1]
    lower = total - sum(failing[level] for level in worst)
    parts = [f"{number(failing[level])} {level}" for level in worst] + ([f"{number(lower)} lower"] if lower else [])
    return f"{', '.join(parts)} in severity"


def _did_not_load(summary: Summary) -> str:
    which = "A profile" if summary.broken == 1 else f"{number(summary.broken)} profiles"
    return f"{which} did not load, so controls are missing here."


def coverage(tally: Tally) -> str:
    """Return how many of the tested controls passed, and how many were not tested: a percentage never stands alone."""
    counts, tested = tally.by_status, tally.tested
    if not tally.total:
        return "No control was tested."
    if tested:
        part = f" ({tally.compliance})" if tally.compliance != "100 %" else ""
        parts = [f"{number(counts[PASSED])} of {number(tested)} tested passed{part}"]
    else:
        parts = ["None was tested"]
    skipped = "not reviewed" if counts[WAIVED] else "not tested"
    base = f" of {number(tally.applicable)}"
    for status, what in ((NOT_REVIEWED, skipped), (WAIVED, "waived")):
        if counts[status]:
            parts.append(f"{number(counts[status])}{base} {what}")
            base = ""
    if counts[NOT_APPLICABLE]:
        parts.append(f"{number(counts[NOT_APPLICABLE])} not applicable")
    return ", ".join(parts)


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
