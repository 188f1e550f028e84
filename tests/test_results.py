"""Everything that section 3 of the contract lists is read; what is no report is told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspec_textfile.model import Ref, Report
from inspec_textfile.results import NotAReport, parse_report

from conftest import REPORTS


def read(document: Any) -> Report:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse_report(data, "x", 0)


def one_control(**fields: Any) -> dict[str, Any]:
    return {"profiles": [{"name": "p", "controls": [{"id": "c", **fields}]}]}


def entry_of(**fields: Any) -> Any:
    return read(one_control(**fields)).profiles[0].controls[0].entry


def reason(data: bytes) -> str:
    with pytest.raises(NotAReport) as caught:
        parse_report(data, "x", 0)
    return str(caught.value)


# --- what is no report -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"no JSON", "is not JSON; run InSpec with --reporter json"),
        (b"\x00\x01\x02\x03", "is not JSON"),
        (b"[]", "a list instead of a report"),
        (b'"profiles"', "a text instead of a report"),
        (b"12", "a number instead of a report"),
        (b"null", "null instead of a report"),
        (b"true", "true or false instead of a report"),
        (b"{}", "an empty object"),
        (b'{"runs": [], "version": "2.1.0"}', "an object with the keys runs, version"),
        (b'{"profiles": null}', "an object with the keys profiles"),
        (b'{"profiles": {"a": 1}}', "an object with the keys profiles"),
        (b'{"\\u001b[2J": 1}', r"the keys \x1b[2J"),
        (b'{"name": "p", "controls": [{"id": "a", "impact": 1}]}', "describes a profile"),
        (b'<?xml version="1.0"?><testsuites/>', "XML (--reporter junit or junit2?)"),
        (b"<testsuites></testsuites>", "XML"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"Profile:   Acme\nVersion:   1\n\nTest Summary: 1 successful", "--reporter cli?"),
        (b'{"profiles": [{"name": "p", "contr', "is cut short"),
        (b'{"profiles": [{"name": "p"}', "is cut short"),
        (b'{"profiles": [] "x": 1}', "is broken JSON"),
        (b'{"profiles": [],}', "is broken JSON"),
        (b'{"profiles": []}{"profiles": []}', "more than one document"),
        (b'{"profiles": []}\n{"profiles": []}\n', "more than one document"),
        (b'{"profiles": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"profiles": [], "x": ' + b"9" * 5000 + b"}", "thousands of digits"),
    ],
)
def test_what_is_no_report_is_named(data: bytes, expected: str) -> None:
    found = reason(data)

    assert expected in found
    assert found.isprintable()


def test_yaml_is_named() -> None:
    assert "YAML (--reporter yaml?)" in reason((REPORTS / "7.1.16" / "ssh-baseline.yaml").read_bytes())


def test_every_cut_of_a_report_is_no_report() -> None:
    data = (REPORTS / "7.1.16" / "all-pass.json").read_bytes()

    for end in range(1, len(data)):
        assert "is cut short" in reason(data[:end])


# --- encodings and what stands around a report -----------------------------------------------------------------------------


def test_encodings() -> None:
    text = (REPORTS / "7.1.16" / "edge-outcomes.json").read_text()
    expected = read(text.encode()).entries

    for data in (
        text.encode("utf-8-sig"),
        text.encode("utf-16"),  # with a byte order mark
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode("utf-32"),
        b"\r\n \t" + text.encode() + b"\r\n",
    ):
        assert read(data).entries == expected


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert entry_of(title="caf@").title == "caf@"
    data = json.dumps(one_control(title="caf@")).encode().replace(b"@", b"\xe9")

    assert read(data).profiles[0].controls[0].entry.title == "caf\ufffd"


def test_raw_control_characters_in_strings_are_read() -> None:
    data = json.dumps(one_control(title="a@b")).encode().replace(b"@", b"\x00\t\n\x1b")

    assert read(data).profiles[0].controls[0].entry.title == "a\x00\t\n\x1bb"


@pytest.mark.parametrize("case", ["5.24.24/noisy", "5.24.24/target-id"])
def test_log_lines_before_the_report_are_passed_over(case: str) -> None:
    report = read((REPORTS / f"{case}.json").read_bytes())

    assert report.inspec_version == "5.24.24"
    assert not report.notes


def test_many_log_lines_that_look_like_json() -> None:
    noise = b'{"level": "info"}\n{broken\n[1] {"x": 1}\n'

    assert len(read(noise * 30 + json.dumps(one_control()).encode()).profiles) == 1


def test_lines_that_look_like_json_are_tried_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def raw_decode(_: json.JSONDecoder, text: str, start: int) -> None:
        tried.append(start)
        raise json.JSONDecodeError("no", text, start)

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", raw_decode)

    reason(b"{broken\n" * 20_000)

    assert 10 < len(tried) < 100


def test_log_lines_after_the_report_are_passed_over() -> None:
    assert read(json.dumps(one_control()).encode() + b"\nWARN: something\n").profiles


# --- what is odd but read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b'{"profiles": [], "statistics": {"duration": NaN}}', "NaN is not JSON"),
        (b'{"profiles": [], "version": "1", "version": "2"}', "'version' twice"),
        (b'{"profiles": [null, 5, {"name": "p"}]}', "something else than objects in a list of profiles"),
        (b'{"profiles": [{"name": "p", "controls": {"id": 1}}]}', "an object where the list of controls should be"),
        (b'{"profiles": [{"name": "p", "controls": [{"id": "a", "results": "x"}]}]}', "a text where the list of results"),
    ],
)
def test_oddities_are_noted(data: bytes, note: str) -> None:
    (found,) = read(data).notes

    assert note in found


def test_results_under_a_key_that_is_named_twice_are_all_read() -> None:
    data = b'{"profiles": [{"controls": [{"results": [{"status": "failed"}], "results": [{"status": "passed"}]}]}]}'

    assert [result.status for result in read(data).entries[0].controls[0].results] == ["failed", "passed"]


@pytest.mark.parametrize("value", [1e999, -1e999, 10**400, True, "0.5", [], {}])
def test_numbers_that_are_none(value: Any) -> None:
    document = one_control(results=[{"status": "passed", "run_time": value}]) | {"statistics": {"duration": value}}

    report = read(json.dumps(document).replace("Infinity", "1e999").encode())

    assert report.duration is None
    assert report.entries[0].controls[0].results[0].run_time is None


@pytest.mark.parametrize(
    ("impact", "expected"),
    [
        (0.5, 0.5),
        (1, 1.0),
        ("0.7", 0.7),
        ("high", 0.7),
        ("None", 0.0),
        ("severe", None),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_impact(impact: Any, expected: float | None) -> None:
    assert entry_of(impact=impact).impact == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [("passed", "passed"), ("skipped", "skipped"), ("error", "error"), (None, "error"), ("weird", "error"), ([1], "error")],
)
def test_status_of_a_result_that_nobody_knows_is_an_error(status: Any, expected: str) -> None:
    assert entry_of(results=[{"status": status}]).results[0].status == expected


@pytest.mark.parametrize(
    ("own_status", "expected"),
    [("failed", "failed"), ("not_applicable", "not_applicable"), ("waived", None), ("x", None), (None, None), ([], None)],
)
def test_own_status(own_status: Any, expected: str | None) -> None:
    assert entry_of(status=own_status).own_status == expected


@pytest.mark.parametrize(
    ("descriptions", "expected"),
    [
        ([{"label": "fix", "data": "do"}, 5, {"label": None}], (("fix", "do"), ("", ""))),
        ({"fix": "do"}, (("fix", "do"),)),
        (None, ()),
        ("text", ()),
    ],
)
def test_descriptions(descriptions: Any, expected: Any) -> None:
    assert entry_of(descriptions=descriptions).descriptions == expected


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        ([{"ref": "a"}, {"url": "u"}, {"ref": "b", "url": "v"}, {"ref": "c", "uri": "w"}], ["a|", "|u", "b|v", "c|w"]),
        ([{"ref": [{"ref": "a", "url": "u"}]}, {"ref": []}, {}, None, "plain"], ["a|u", "plain|"]),
        ({"ref": "a"}, ["a|"]),
        (None, []),
    ],
)
def test_refs(refs: Any, expected: list[str]) -> None:
    assert [f"{ref.text}|{ref.url}" for ref in entry_of(refs=refs).refs] == expected
    assert all(isinstance(ref, Ref) for ref in entry_of(refs=refs).refs)


@pytest.mark.parametrize(
    ("source", "expected"),
    [({"ref": "a.rb", "line": 3}, "a.rb:3"), ({"ref": "a.rb"}, "a.rb"), ({}, ""), ("a.rb:3", "a.rb:3"), (None, "")],
)
def test_source_location(source: Any, expected: str) -> None:
    assert entry_of(source_location=source).source == expected


@pytest.mark.parametrize("tags", [["a"], "a", 5, {"a": [{}]}])
def test_tags_of_any_type(tags: Any) -> None:
    assert entry_of(tags=tags).tags in (tags, {"tags": tags})


def test_waiver() -> None:
    waiver = entry_of(
        waiver_data={
            "expiration_date": "2020-01-01",
            "run": "false",
            "justification": "because",
            "ticket": 1234,
            "message": "Waiver expired on 2020-01-01, evaluating control normally",
            "skipped_due_to_waiver": False,
        }
    ).waiver

    assert waiver.expired
    assert waiver.run is False
    assert waiver.expires == 1577836800
    assert waiver.extra == (("ticket", "1234"),)
    assert entry_of(waiver_data={}).waiver is None
    assert entry_of(waiver_data={"run": None, "justification": "x"}).waiver.run is None


def test_everything_may_be_absent_or_null() -> None:
    for fields in ({}, dict.fromkeys(("title", "desc", "results", "impact", "tags", "refs", "code", "waiver_data"))):
        entry = entry_of(**fields)
        assert (entry.title, entry.impact, entry.results, entry.code) == (None, None, (), "")
    report = read({"profiles": [{}, {"name": None, "controls": None, "status": None}]})
    assert [one.name for one in report.entries] == ["unnamed", "unnamed"]
    assert (report.started, report.duration, report.platform, report.target) == (None, None, "", "")


def test_controls_without_an_id_are_counted_each() -> None:
    report = read({"profiles": [{"name": "p", "controls": [{}, {"id": None}, {"id": ""}]}]})

    assert len(report.profiles[0].controls) == 3


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({}, "loaded"),
        ({"status": "skipped", "skip_message": "wrong platform"}, "skipped"),
        ({"status": "failed", "status_message": "broken"}, "failed"),
        ({"status": "exploded"}, "failed"),
        ({"status": "exploded", "controls": [{"id": "a"}]}, "loaded"),
    ],
)
def test_status_of_a_profile(profile: Any, expected: str) -> None:
    entry = read({"profiles": [profile]}).entries[0]

    assert entry.status == expected
    assert entry.message == profile.get("skip_message", profile.get("status_message", ""))


def test_ids_and_names_are_clean_and_texts_are_as_they_stand() -> None:
    document = {"profiles": [{"name": "p\x00\ud800", "controls": [{"id": "a\nb\x1b", "title": "t\x1b[31m\ud800"}]}]}

    (entry,) = read(document).entries

    assert entry.name == "p\ufffd\ufffd"
    assert entry.controls[0].id == "a\nb\ufffd"
    assert entry.controls[0].title == "t\x1b[31m\ud800"


def test_the_run() -> None:
    report = read((REPORTS / "7.1.16" / "multi-three.automate.json").read_bytes())

    assert report.inspec_version == "7.1.16"
    assert (report.platform, report.platform_release) == ("debian", "12.11")
    assert report.target == "f7767a46-386a-56c4-94df-13f192200202"
    assert report.started == pytest.approx(1795479166, abs=3600)
    assert report.duration == pytest.approx(0.1, abs=0.2)
