"""What the memory keeps of a report for the index: written and read back, or refused."""

from __future__ import annotations

import json

import pytest

from inspec_textfile import verdict
from inspec_textfile.history.model import History
from inspec_textfile.summary import Summary, summarize

from helpers.pasts import index_of, past_of
from helpers.reports import load

CASES = ["7.1.16/edge-outcomes", "7.1.16/multi-with-broken", "7.1.16/edge-outcomes.min", "7.1.16/waivers"]
WHOLE = summarize(load(CASES[0]), past_of(load(CASES[0])))


@pytest.mark.parametrize("case", CASES)
def test_a_summary_is_read_back_as_it_was(case: str) -> None:
    report = load(case)
    for history in (History(), past_of(report)):
        summary = summarize(report, history)
        back = Summary.from_json(json.loads(json.dumps(summary.as_json())), history.findings)
        assert back == summary
        assert index_of([back], (), {}) == index_of([summary], (), {})


def test_a_field_that_another_version_has_is_no_event() -> None:
    plain = WHOLE.as_json()

    assert Summary.from_json({**plain, "more": 1}, {})._replace(findings=WHOLE.findings) == WHOLE
    assert Summary.from_json({"name": "web01"}, {}) == Summary("web01")


def test_tests_in_words() -> None:
    assert verdict.tests({"failed": 7, "passed": 2}) == "7 of 9 tests failed"
    assert verdict.tests({"failed": 1, "skipped": 1}) == "1 of 2 tests failed, 1 skipped"
    assert verdict.tests({"skipped": 2, "passed": 1}) == "2 of 3 tests skipped"
    assert verdict.tests({"passed": 1}) == "1 test passed"
    assert verdict.tests({}) == "no tests"
