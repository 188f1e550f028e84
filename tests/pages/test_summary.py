"""What the memory keeps of a report for the index: written and read back, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspec_textfile import pages
from inspec_textfile.pages import verdict
from inspec_textfile.pages.summary import Summary

from helpers.entries import control
from helpers.pasts import index_of, past_of
from helpers.reports import load, profile_of, report_of

CASES = ["7.1.16/edge-outcomes", "7.1.16/multi-with-broken", "7.1.16/edge-outcomes.min", "7.1.16/waivers"]
WHOLE = pages.summarize(load(CASES[0]), past_of(load(CASES[0])))


@pytest.mark.parametrize("case", CASES)
def test_a_summary_is_read_back_as_it_was(case: str) -> None:
    report = load(case)
    for summary in (pages.summarize(report), pages.summarize(report, past_of(report))):
        back = Summary.from_json(json.loads(json.dumps(summary.as_json())))
        assert back == summary
        assert index_of([back], (), {}) == index_of([summary], (), {})


DAMAGE: list[Callable[[dict[str, Any]], Any]] = [
    lambda _: None,
    lambda _: [],
    lambda value: value | {"more": 1},
    lambda value: {key: part for key, part in value.items() if key != "tally"},
    lambda value: value | {"name": 3},
    lambda value: value | {"tally": [["high", "failed", -1]]},
    lambda value: value | {"tally": [["high", "<b>", 1]]},
    lambda value: value | {"tally": [["<b>", "failed", 1]]},
    lambda value: value | {"tally": [[["high"], "failed", 1]]},
    lambda value: value | {"tally": [1]},
    lambda value: value | {"tally": [["high", "failed", True]]},
    lambda value: value | {"results": {"failed": 1.5}},
    lambda value: value | {"results": {"strange": 1}},
    lambda value: value | {"started": float("nan")},
    lambda value: value | {"started": float("inf")},
    lambda value: value | {"started": "2026"},
    lambda value: value | {"started": 10**400},
    lambda value: value | {"oldest_first_seen": 1},
    lambda value: value | {"profiles": [["a", "b", "c"]]},
    lambda value: value | {"profiles": ["ab"]},
    lambda value: value | {"not_loaded": "abc"},
    lambda value: value | {"notes": [None]},
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_summary_is_refused(damage: Callable[[dict[str, Any]], Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Summary.from_json(damage(WHOLE.as_json()))


@pytest.mark.slow
@given(
    st.sampled_from(sorted(WHOLE.as_json())),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    ),
)
def test_whatever_stands_in_a_field_is_read_or_refused(name: str, value: Any) -> None:
    try:
        read = Summary.from_json(WHOLE.as_json() | {name: value})
    except (ValueError, KeyError, TypeError):
        return
    index_of([read], (), {}).encode()


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        (["passed"] * 3, "3 of 3 tested passed"),
        (["passed", *["skipped"] * 99], "1 of 1 tested passed, 99 of 100 not tested"),
        (["passed", "failed", "failed"], "1 of 3 tested passed (33.3 %)"),
        (["skipped"], "None was tested, 1 of 1 not tested"),
        ([], "No control was tested."),
    ],
)
def test_no_percentage_stands_alone(statuses: list[str], said: str) -> None:
    controls = (control(f"c{number}", status) for number, status in enumerate(statuses))
    assert verdict.coverage(pages.summarize(report_of(profile_of(*controls))).tally) == said


def test_tests_in_words() -> None:
    assert verdict.tests({"failed": 7, "passed": 2}) == "7 of 9 tests failed"
    assert verdict.tests({"failed": 1, "skipped": 1}) == "1 of 2 tests failed, 1 skipped"
    assert verdict.tests({"skipped": 2, "passed": 1}) == "2 of 3 tests skipped"
    assert verdict.tests({"passed": 1}) == "1 test passed"
    assert verdict.tests({}) == "no tests"
