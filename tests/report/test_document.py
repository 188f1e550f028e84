"""A report is found in what was printed around it, and never half of one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspec_textfile.report.document import read_document
from inspec_textfile.report.problems import NotAReport, Warnings

RESULT = {"status": "failed", "code_desc": "{braces} [brackets]"}
PROFILE = {"version": "1", "controls": [{"id": "c", "results": [RESULT]}], "name": "p"}
REPORT = {"platform": {"name": "debian"}, "profiles": [PROFILE, PROFILE], "version": "7.1.16"}
TEXT = json.dumps(REPORT)


def read(text: str | bytes) -> Any:
    return read_document(text if isinstance(text, bytes) else text.encode(), Warnings())


def reason(text: str | bytes) -> str:
    with pytest.raises(NotAReport) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize("first", ["platform", "profiles", "version"])
@pytest.mark.parametrize(
    "before", ["audit_1  | ", "done", "\x1b[0m", "[2026-11-24T06:00:01.000Z] ", 'a {b} {"c": 1} ', "x\n   ", "{"]
)
@pytest.mark.parametrize(
    "after", ["", "\n", "\n[2026-11-24T06:00:02.000Z] done", " trailing {words}", "\naudit_1 exited with code 100\n"]
)
def test_a_report_after_something_on_its_line(first: str, before: str, after: str) -> None:
    document = {first: REPORT[first], **REPORT}

    assert read(before + json.dumps(document) + after) == REPORT


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("before", ["", "log\n", "audit_1  | "])
def test_every_cut_of_a_report_is_cut_short(before: str, indent: int | None) -> None:
    """A whole profile within half a report must not pass for one."""
    text = json.dumps(REPORT, indent=indent)
    start = text.index('"platform"') + len('"platform":')

    for end in range(start, len(text)):
        assert "is cut short" in reason(before + text[:end]), text[:end]


def test_every_cut_of_a_report_that_starts_with_something_else_is_none() -> None:
    text = json.dumps({"type": "inspec_report", **REPORT})

    for end in range(len(text)):
        reason(text[:end])
        reason(f"audit_1 | {text[:end]}")


@pytest.mark.parametrize("middle", ["", " ", "\n", "\naudit_2  | ", "\n  "])
def test_two_reports_in_one_file(middle: str) -> None:
    assert "holds more than one report" in reason(f"audit_1  | {TEXT}{middle}{TEXT}")


@pytest.mark.parametrize("first", ["passthrough", "node_name", "end_time"])
@pytest.mark.parametrize("middle", ["\n", ",", "\naudit_2  | "])
def test_another_report_is_seen_whatever_it_starts_with(first: str, middle: str) -> None:
    other = json.dumps({first: "x", **REPORT})

    assert "holds more than one report" in reason(f"{TEXT}{middle}{other}")
    assert "holds more than one report" in reason(f"{other}{middle}{other[:-20]}")


@pytest.mark.parametrize(
    "line", ['{"level": "info", "msg": "done"}', '{"controls": [], "reporter": {}}', "{", "[1, 2]", '{"a": "']
)
def test_lines_of_a_log_are_no_reports(line: str) -> None:
    assert read(f"{TEXT}\n{line}\n") == REPORT
    assert read(f"{line}\n{TEXT}\n") == REPORT


@pytest.mark.parametrize("line", ['DEPRECATION: {"version": 1.2.3}', '{"controls": [1, 2, ...]}'])
def test_lines_that_begin_as_a_report_does(line: str) -> None:
    assert read(f"{line}\n{TEXT}") == REPORT


@pytest.mark.parametrize("before", ['{"cmd": "x", "profiles": ["base"]}', '{"event": "start", "controls": [{"id": "c"}]}'])
def test_lists_of_names_are_no_reports(before: str) -> None:
    assert read(f"{before}\n{TEXT}") == REPORT


def test_a_report_after_many_lines_of_a_log() -> None:
    assert read('DEBUG: {"name"=>{"x"=>{"y"=>1}}}\n' * 500 + TEXT) == REPORT


ENHANCED = {"name": "p", "version": "1", "sha256": "0", "controls": [{"id": "c", "status": "passed", "results": [RESULT]}]}
REPORT_OF_ENHANCED = {"platform": {"name": "debian"}, "profiles": [ENHANCED, {**ENHANCED, "controls": []}], "version": "7.1.16"}


@pytest.mark.parametrize("middle", ["\n[06:00] WARN: reset\n", "\nx\n", "\n"])
def test_what_is_left_of_a_broken_report_is_none(middle: str) -> None:
    """With --enhanced-outcomes the controls in it have a status, as those of json-min do."""
    text = json.dumps(REPORT_OF_ENHANCED)
    for cut in [place for place in range(len(text)) if text.startswith('{"name": "p"', place)]:
        if middle.strip():
            assert "is broken JSON" in reason(f"{text[:cut]}{middle}{text[cut:]}")
        assert "findings may be lost" in reason(text[cut:]) or "not a report" in reason(text[cut:])
        assert reason(f"{text[: cut + 20]}{middle}{TEXT}"), "half a report, and another one"


@pytest.mark.parametrize("document", [{"controls": ENHANCED["controls"]}, ENHANCED])
def test_controls_without_their_report_are_none(document: Any) -> None:
    assert "findings may be lost" in reason(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24 06:00:00 ERROR inspec not found", "is not JSON"),
        ('"x" is not a command', "is not JSON"),
        (f"[{TEXT}, {TEXT}]", "is a list of 2 documents: write every report to a file of its own"),
        ("".join(f"web-1 | {line}\n" for line in json.dumps(REPORT, indent=2).splitlines()), "at the start of each line"),
        (
            "".join(f"2026-11-24T06:00Z {line}\n" for line in json.dumps(REPORT, indent=2).splitlines()),
            "at the start of each line",
        ),
        ('ok: [web01] => {"changed": false, "stdout": ' + json.dumps(TEXT) + "}", "within a text of another document"),
        ('{"reporter": {"cli": {}}, "controls": []}', "not a report: an object without profiles"),
    ],
)
def test_the_reason_is_true(text: str, expected: str) -> None:
    assert expected in reason(text)


def test_a_broken_report_after_something_else_says_where() -> None:
    assert "is broken JSON (Expecting ',' delimiter, line 2, column" in reason('[12:00] start\nx {"profiles": [] "version": 1}')


@pytest.mark.parametrize(
    ("start", "program"),
    [
        (b"\x1f\x8b\x08\x00", "gunzip"),
        (b"BZh91AY", "bunzip2"),
        (b"\xfd7zXZ\x00\x00", "unxz"),
        (b"\x28\xb5\x2f\xfd\x04", "unzstd"),
        (b"PK\x03\x04\x14", "unzip"),
    ],
)
def test_compressed_files(start: bytes, program: str) -> None:
    assert reason(start + b"\x00" * 20) == f"is compressed: {program} it"


@pytest.mark.parametrize("after", ['{"a": ' * 100_000, "[" * 100_000, '{"a": ' + "1" * 10_000 + "}", "1" * 10_000])
def test_nothing_after_a_report_can_break_the_reader(after: str) -> None:
    assert read(f"{TEXT}\n{after}") == REPORT
