from __future__ import annotations

import re

import pytest

from inspec_textfile.report import problems
from inspec_textfile.report.problems import ReportWarning, Warnings


def test_a_warning_is_data_and_reads_as_a_sentence() -> None:
    warning = ReportWarning("waiver-date", ("c-1", "soon\n"))

    assert warning.text == (
        r"has a waiver for c-1 whose expiration date 'soon\\n' cannot be read: its end is unknown; write it as 2099-12-31"
    )


@pytest.mark.parametrize("kind", problems._SENTENCES)
def test_each_kind_has_a_sentence_for_its_values(kind: str) -> None:
    count = len(set(re.findall(r"\{(\d)", problems._SENTENCES[kind])))
    values = tuple(f"value {number}" for number in range(count))

    assert all(value in ReportWarning(kind, values).text for value in values)


@pytest.mark.parametrize("warning", [ReportWarning("of-the-future", ("a", "b")), ReportWarning("waiver-date", ("a",))])
def test_a_warning_of_another_version_is_still_told(warning: ReportWarning) -> None:
    assert warning.text == ": ".join((warning.kind, *warning.values))


def test_warnings_are_each_told_once_and_up_to_a_limit() -> None:
    warnings = Warnings()
    for number in range(100):
        warnings.add("constant", f"{number}" * 1000)
        warnings.add("constant", f"{number}" * 1000)

    assert len(warnings) == 21
    assert warnings[-1] == ReportWarning("more")
    assert max(len(value) for warning in warnings for value in warning.values) == 300
