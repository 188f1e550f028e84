"""Everything in real reports is read; files that are not reports are recognised."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from inspec_textfile.report.inputs import without_inputs
from inspec_textfile.report.model import Input, Ref, Report
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport, ScanFailed

from helpers.paths import REPORTS
from helpers.reports import every_file


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


# --- what is not a report --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"no JSON", "is not JSON; run InSpec with --reporter json"),
        (b"\x00\x01\x02\x03", "is not JSON"),
        (gzip.compress(b"{}", mtime=0), "is compressed: gunzip it"),
        (b"[]", "a list instead of a report"),
        (b'"profiles"', "a text instead of a report"),
        (b"12", "a number instead of a report"),
        (b"null", "null instead of a report"),
        (b"true", "true or false instead of a report"),
        (b"{}", "an empty object"),
        (b'{"runs": [], "version": "2.1.0"}', "not a report: an object without profiles"),
        (b'{"profiles": null}', "not a report: an object without profiles"),
        (b'{"profiles": {}}', "not a report: an object without profiles"),
        (b'{"profiles": null, "controls": null, "version": "7"}', "not a report: an object without profiles"),
        (b'{"profiles": {"a": 1}}', "has an object where the list of profiles should be: findings may be lost"),
        (b'{"name": "p", "controls": [{"id": "a", "impact": 1}]}', "describes a profile"),
        (b'<?xml version="1.0"?><testsuites/>', "XML (--reporter junit or junit2?)"),
        (b"<testsuites></testsuites>", "XML"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"Profile:   Acme\nVersion:   1\n\nTest Summary: 1 successful", "--reporter cli?"),
        (b'{"profiles": [{"name": "p", "contr', "is cut short"),
        (b'{"profiles": [{"name": "p"}', "is cut short"),
        (b'{"profiles": [] "x": 1}', "is broken JSON"),
        (b'{"profiles": [],}', "is broken JSON"),
        (b'{"baselines": [{"name": "b", "requirements": []}], "version": "3"}', "is HDF of the next schema"),
        (b'{"profiles": [], "baselines": [{"name": "b"}], "version": "3"}', "is HDF of the next schema"),
        (b"2026 starting\n   {", "is cut short"),
        (b'"a" and\n{"', "is cut short"),
        (b'{"profiles": []}{"profiles": []}', "more than one report"),
        (b'{"profiles": []}\n{"profiles": []}\n', "more than one report"),
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


def test_bytes_that_are_no_utf8_make_no_two_ids_one() -> None:
    controls = [{"id": "caf@", "results": []}, {"id": "caf#", "results": []}, {"id": "caf\x85", "results": []}]
    data = (
        json.dumps({"profiles": [{"name": "p", "controls": controls}]}).encode().replace(b"@", b"\xe9").replace(b"#", b"\x85")
    )

    assert [one.id for one in read(data).profiles[0].controls] == [r"caf\xe9", r"caf\x85", r"caf\u0085"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-le"])
def test_surrogates_in_utf_16_and_utf_32_make_no_two_ids_one(encoding: str) -> None:
    text = '{"profiles": [{"name": "p", "controls": [{"id": "\ud800", "impact": 1}, {"id": "\ud801", "impact": 1}]}]}'
    data = text.encode(encoding, "surrogatepass")

    assert [one.id for one in read(data).profiles[0].controls] == [r"\ud800", r"\ud801"]
    assert "is cut short" in reason(data[:-3])


@pytest.mark.parametrize("character", [b"\x00", b"\t", b"\n", b"\r\n", b"\x1b"])
@pytest.mark.parametrize("field", ["title", "id", "message@", "status@"])
def test_raw_control_characters_in_strings_are_damage(character: bytes, field: str) -> None:
    """Neither Ruby nor jq writes them: something broke the lines, perhaps within a key."""
    data = json.dumps(one_control(results=[{"status": "failed"}], **{field: "a@b"})).encode().replace(b"@", character)

    assert "is broken JSON (Invalid control character" in reason(data)


def test_no_report_at_hand_has_raw_control_characters() -> None:
    """Ours and those that others published: each that can be read at all is strict JSON."""
    count = 0
    for path in every_file():
        text = path.read_text(errors="replace")
        try:
            document, _ = json.JSONDecoder(strict=False).raw_decode(text, max(0, text.find("{")))
        except ValueError:
            continue
        assert json.JSONDecoder().raw_decode(text, text.find("{"))[0] == document, path
        count += 1
    assert count > 30


def test_escaped_control_characters_in_strings_are_read() -> None:
    assert entry_of(title="a\x00\t\n\x1bb").title == "a\x00\t\n\x1bb"


@pytest.mark.parametrize("case", ["5.24.24/noisy", "5.24.24/target-id"])
def test_log_lines_before_the_report_are_passed_over(case: str) -> None:
    report = read((REPORTS / f"{case}.json").read_bytes())

    assert report.inspec_version == "5.24.24"
    assert not report.warnings


def test_many_log_lines_that_look_like_json() -> None:
    noise = b'{"level": "info"}\n{broken\n[1] {"x": 1}\n'

    assert len(read(noise * 30 + json.dumps(one_control()).encode()).profiles) == 1


def test_lines_that_look_like_json_are_tried_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def raw_decode(_: json.JSONDecoder, text: str, start: int) -> None:
        tried.append(start)
        raise json.JSONDecodeError("no", text, start)

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", raw_decode)

    reason(b"{broken\n" * 2_000_000)

    assert 10 < len(tried) < 20_000


def test_log_lines_after_the_report_are_passed_over() -> None:
    assert read(json.dumps(one_control()).encode() + b"\nWARN: something\n").profiles


# --- what is odd but read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b'{"profiles": [], "statistics": {"duration": NaN}}', "holds NaN, which is not JSON"),
        (b'{"profiles": [], "version": "1", "version": "2"}', "'version' twice"),
    ],
)
def test_oddities_are_noted(data: bytes, note: str) -> None:
    (found,) = read(data).warnings

    assert note in found.text


def test_results_under_a_key_that_is_named_twice_are_all_read() -> None:
    data = (
        b'{"profiles": [{"name": "p", "controls": [{"results": [{"status": "failed"}], "results": [{"status": "passed"}]}]}]}'
    )

    assert [result.status for result in read(data).entries[0].controls[0].results] == ["failed", "passed"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b'{"a": {"status": "failed"}}', b'{"b": {"status": "passed"}}'),
        (b'[{"status": "failed"}]', b"null"),
        (b'[{"status": "failed"}]', b'{"status": "passed"}'),
    ],
)
def test_a_key_named_twice_loses_no_finding(first: bytes, second: bytes) -> None:
    found = reason(b'{"profiles": [{"controls": [{"results": %s, "results": %s}]}]}' % (first, second))

    assert "names the key 'results' twice" in found
    assert "findings may be lost" in found


def test_a_status_named_twice_loses_no_finding() -> None:
    found = reason(b'{"profiles": [{"controls": [{"results": [{"status": "failed", "status": "passed"}]}]}]}')

    assert "names the key 'status' twice" in found


RESULT = {"status": "failed", "code_desc": "x"}
CONTROL = {"id": "c", "impact": 1.0, "results": [RESULT]}
PROFILE = {"name": "p", "controls": [CONTROL]}
AS_A_LIST = {"profiles": [PROFILE]}


@pytest.mark.parametrize(
    "document",
    [
        {"profiles": {"p": {"controls": [CONTROL]}}},
        {"profiles": {"one": PROFILE}},
        {"profiles": PROFILE},
        {"profiles": [{"name": "p", "controls": {"c": {"impact": 1.0, "results": [RESULT]}}}]},
        {"profiles": [{"name": "p", "controls": CONTROL}]},
        {"profiles": [{"name": "p", "controls": [{**CONTROL, "results": {"0": RESULT}}]}]},
        {"profiles": [{"name": "p", "controls": [{**CONTROL, "results": RESULT}]}]},
        {"profiles": {"p": {"controls": {"c": {"impact": 1.0, "results": {"0": RESULT}}}}}},
    ],
)
def test_objects_for_lists_are_read(document: Any) -> None:
    assert read(document).entries == read(AS_A_LIST).entries


def test_json_min_with_an_object_for_its_list() -> None:
    result = {"id": "c", "profile_id": "p", "status": "failed"}

    assert read({"controls": {"0": result}}).entries == read({"controls": [result]}).entries


def test_json_min_with_an_empty_list_of_profiles() -> None:
    assert len(read({"profiles": [], "controls": [{"id": "c", "profile_id": "p", "status": "failed"}]}).profiles) == 1


@pytest.mark.parametrize("shape", ["failed", ["failed"], [None], [[RESULT]], [RESULT, None], {"a": RESULT, "b": 1}, 5, True])
@pytest.mark.parametrize("where", ["profiles", "controls", "results"])
def test_findings_are_never_lost_because_of_a_shape(shape: Any, where: str) -> None:
    document: Any = {
        "profiles": {"profiles": shape, "controls": []},
        "controls": {"profiles": [{"name": "p", "controls": shape}]},
        "results": one_control(results=shape),
    }[where]

    assert f"list of {where}" in reason(json.dumps(document).encode())


@pytest.mark.parametrize("nothing", [None, [], {}, ""])
def test_what_holds_nothing_is_an_empty_list(nothing: Any) -> None:
    assert entry_of(results=nothing).results == ()
    assert read({"profiles": [{"name": "p", "controls": nothing}]}).profiles[0].controls == ()


RESULT = {"status": "failed", "code_desc": "x"}
CONTROL = {"id": "c", "results": [RESULT]}


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (one_control(result=RESULT), "result"),
        (one_control(resu_lts=[RESULT], tags={"x": 1}), "resu_lts"),
        (one_control(results=[], Results=[RESULT]), "Results"),
        ({"profiles": [{"name": "p", "requirements": [CONTROL]}]}, "requirements"),
        ({"profiles": [{"name": "p", "controls": {}, "con\ntrols": [CONTROL]}]}, r"con\\ntrols"),
        ({"profiles": [], "profi": [{"name": "p", "controls": [CONTROL]}]}, "profi"),
    ],
)
def test_findings_under_an_unknown_name_are_not_lost(document: dict[str, Any], name: str) -> None:
    assert f"under another name, '{name}': findings may be lost" in reason(json.dumps(document).encode())


def test_fields_that_nobody_knows_are_ignored() -> None:
    more = {"reviews": [{"status": "open"}], "history": {"status": "passed", "code_desc": "x"}, "ids": ["c"], "none": []}
    document = one_control(results=[RESULT], **more)

    assert read(document | {"other": [{"name": "p"}]}).profiles == read(one_control(results=[RESULT])).profiles


@pytest.mark.parametrize("value", [1e999, -1e999, 1e300, -0.5, 10**400, True, "half", [], {}])
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
    assert waiver.expires_text == "2020-01-01"
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
        ({"status": "exploded", "controls": [{"id": "a", "impact": 0.5}]}, "loaded"),
    ],
)
def test_status_of_a_profile(profile: Any, expected: str) -> None:
    entry = read({"profiles": [profile]}).entries[0]

    assert entry.status == expected
    assert entry.message == profile.get("skip_message", profile.get("status_message", ""))


def test_ids_and_names_are_clean_and_texts_are_as_they_stand() -> None:
    document = {"profiles": [{"name": "p\x00\ud800", "controls": [{"id": "a\nb\x1b", "title": "t\x1b[31m\ud800"}]}]}

    (entry,) = read(document).entries

    assert entry.name == r"p\x00\ud800"
    assert entry.controls[0].id == r"a\x0ab\x1b"
    assert entry.controls[0].title == "t\x1b[31m\ud800"


def test_the_run() -> None:
    report = read((REPORTS / "7.1.16" / "multi-three.automate.json").read_bytes())

    assert report.inspec_version == "7.1.16"
    assert (report.platform, report.platform_release) == ("debian", "12.11")
    assert (report.target, report.target_id) == ("", "f7767a46-386a-56c4-94df-13f192200202")
    assert report.started == pytest.approx(1795479166, abs=3600)
    assert report.duration == pytest.approx(0.1, abs=0.2)


@pytest.mark.parametrize("seconds", [253402300800, -(10**11)])
def test_a_file_time_beyond_the_years_that_are_known_costs_nothing(seconds: int) -> None:
    assert parse_report(json.dumps(AS_A_LIST).encode(), "x", seconds * 10**9).profiles


# --- a scan that failed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"profiles": [], "status": "failed", "status_message": "no\nprofile"},
        {"profiles": [PROFILE], "status": "failed", "status_message": "no\nprofile"},
        {"profiles": [PROFILE], "status": "Failed", "status_message": "no\nprofile", "job_id": "1"},
        {"status": "failed", "status_message": "no\nprofile"},
        {"profiles": [], "status": "error", "status_message": "no\nprofile"},
        {"profiles": [PROFILE], "status": "interrupted", "status_message": "no\nprofile"},
    ],
)
def test_a_scan_that_failed_is_no_report(document: Any) -> None:
    with pytest.raises(ScanFailed, match=r"says that the scan failed: no\\nprofile"):
        read(document)


@pytest.mark.parametrize("document", [{"profiles": [], "status": "failed"}, AS_A_LIST | {"status": "failed"}])
def test_a_scan_that_failed_without_a_message(document: Any) -> None:
    with pytest.raises(ScanFailed, match="its status is failed, without a message"):
        read(document)


@pytest.mark.parametrize("status", ["passed", "loaded", "", None, 5, ["failed"]])
def test_a_scan_that_did_not_fail(status: Any) -> None:
    assert read(AS_A_LIST | {"status": status, "status_message": ""}).profiles


def test_the_verdict_in_a_report_from_automate_is_no_failed_scan() -> None:
    """Automate's status of a report is the worst of its controls."""
    assert read(AS_A_LIST | {"status": "failed", "status_message": "", "node_id": "1", "job_id": ""}).profiles


# --- the run ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["0001-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "2026-11-24T06:00:00Z"], 1795500000),
        (["0001-01-01T00:00:00Z"], None),
        (["1970-01-01 01:00:00 +0100"], None),
        (["1601-01-01T00:00:00Z", "1899-12-30", "1980-01-01", "9999-12-31T23:59:59Z"], None),
        (["soonish", "", "2026-11-24T06:00:00Z"], 1795500000),
        (["2026-11-24T06:00:00", "2026-11-24T06:30:00+01:00"], 1795498200),
    ],
)
def test_start_of_the_run(times: list[str], expected: float | None) -> None:
    report = read(one_control(results=[{"status": "passed", "start_time": time} for time in times]))

    assert report.started == expected


def test_a_duration_below_zero_is_none() -> None:
    assert read(AS_A_LIST | {"statistics": {"duration": -1.5}}).duration is None


# --- inputs ----------------------------------------------------------------------------------------------------------------


def inputs_of(*profiles: list[Any]) -> list[Any]:
    report = read({"profiles": [{"name": str(n), "attributes": items} for n, items in enumerate(profiles)]})
    return [entry.inputs for entry in report.entries]


def test_sensitive_inputs_are_masked_by_name_in_all_profiles() -> None:
    marked = {"name": "password", "options": {"sensitive": True, "value": "S3cr3t"}}
    wrapped = {"name": "Password ", "options": {"value": "S3cr3t"}}
    other = {"name": "user", "options": {"value": "audit"}}

    first, second = inputs_of([wrapped, other], [marked])

    assert [(one.value, one.sensitive) for one in (*first, *second)] == [(None, True), ("audit", False), (None, True)]
    assert "S3cr3t" not in repr((first, second))


@pytest.mark.parametrize(
    "item",
    [
        {"name": ":password", "value": "S3cr3t"},
        {"name": "child/password", "value": "S3cr3t"},
        {"name": "settings", "value": '{"password": "S3cr3t"}'},
        {"name": "settings", "value": {"text": '[{"password": "S3cr3t"}]'}},
        {"name": "settings", "value": [{"name": "password", "value": "S3cr3t"}]},
        {"name": "chef_node", "value": [{"secret": "S3cr3t"}]},
        {"name": "node", "value": '{"automatic": {}, "normal": {"secret": "S3cr3t"}}'},
    ],
)
def test_other_ways_to_give_a_sensitive_value(item: Any) -> None:
    marked = {"name": "password", "options": {"sensitive": True, "value": "S3cr3t"}}

    ((_, one),) = inputs_of([marked, item])

    assert "S3cr3t" not in str(one)


@pytest.mark.parametrize("name", ["certs/", "/", ":", "", "etc/path"])
def test_odd_names_of_sensitive_inputs_hide_nothing_else(name: str) -> None:
    marked = {"name": name, "options": {"sensitive": True, "value": "S3cr3t"}}
    others = [{"name": "settings", "value": {"value": 1, "/usr/bin/path": 2}}, {"value": "x"}, {"name": "path/x", "value": "y"}]

    ((_, *shown),) = inputs_of([marked, *others])

    assert [one.value for one in shown] == ['{"value": 1, "/usr/bin/path": 2}', "x", "y"]


@pytest.mark.parametrize("value", ['{"a":  1}', "[1,2]", "{", '{"a": NaN}', "[" * 100_000])
def test_a_text_with_nothing_sensitive_in_it_is_as_it_was(value: str) -> None:
    marked = {"name": "password", "options": {"sensitive": True, "value": "S3cr3t"}}

    ((_, one),) = inputs_of([marked, {"name": "settings", "value": value}])

    assert one.value == value


def test_what_is_sensitive_is_masked_within_other_inputs() -> None:
    marked = {"name": "password", "options": {"sensitive": True, "value": "S3cr3t"}}
    other = {"name": "db", "options": {"value": {"user": "audit", "hosts": [{"Password": "S3cr3t"}]}}}

    ((_, one),) = inputs_of([marked, other])

    assert one.value == '{"user": "audit", "hosts": [{"Password": "not shown: sensitive"}]}'


@pytest.mark.parametrize(
    "marked",
    [
        {"name": "p", "options": {"sensitive": "true", "value": "S3cr3t"}},
        {"name": "p", "sensitive": True, "value": "S3cr3t"},
        {"name": "p", "options": {"sensitive": True, "default": {"a": ["S3cr3t"]}}},
    ],
)
def test_marks_of_sensitive_inputs(marked: Any) -> None:
    ((one,),) = inputs_of([marked])

    assert one == Input(name="p", sensitive=True)


@pytest.mark.parametrize(
    "item",
    [
        {"name": "chef_node", "options": {"value": {"name": "web01", "normal": {"password": "S3cr3t"}}}},
        {"name": "node", "options": {"value": {"normal": {"password": "S3cr3t"}, "automatic": {}}}},
        {"name": "chef_node", "options": {"value": '{"password": "S3cr3t"}'}},
        {"name": "n", "options": {"value": {"chef": {"normal": {"password": "S3cr3t"}, "automatic": {}}}}},
        {"name": "n", "options": {"value": [{"normal": {"password": "S3cr3t"}, "automatic": {}}]}},
    ],
)
def test_whole_node_objects_are_name_and_size(item: Any) -> None:
    ((one,),) = inputs_of([item])

    assert (one.name, one.value, one.sensitive) == (item["name"], None, False)
    assert one.size > 20


def test_inputs_of_old_and_new_reports() -> None:
    ((old, new, hash_, none),) = inputs_of(
        [
            {"name": "a", "options": {"default": "x"}},
            {"name": "b", "options": {"value": "y", "default": "x"}},
            {"name": "c", "options": {"value": {"default": 1}}},
            {"name": "d", "options": {}},
        ]
    )

    assert [old.value, new.value, hash_.value, none.value] == ["x", "y", '{"default": 1}', "null"]


# --- left out, and never there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"failed": 947, "skipped": 0, "passed": 50}, {"failed": 947, "passed": 50}),
        ({"failed": -1, "passed": "many", "skipped": 1e300, "other": 7}, {"skipped": 10**9}),
        ({"failed": "947", "passed": "5"}, {"failed": 947, "passed": 5}),
        ({"failed": 1, "error": 2}, {"failed": 3}),
        (None, {}),
        ([1], {}),
    ],
)
def test_results_left_out(counts: Any, expected: dict[str, int]) -> None:
    assert entry_of(removed_results_counts=counts).removed == expected


# --- results beside the profiles -------------------------------------------------------------------------------------------


def test_a_test_outside_of_all_controls_counts() -> None:
    """InSpec 1 wrote a control without an id there, and nowhere else: profile crash-empty-id."""
    report = parse_report((REPORTS / "1.51.21/crash-empty-id.json").read_bytes(), "x", 0)

    assert [(one.id, one.status) for one in report.profiles[0].controls] == [("fine", "passed"), ("(no id 1)", "passed")]


@pytest.mark.parametrize("beside", ["other_checks", "controls"])
def test_failures_beside_the_profiles_are_not_lost(beside: str) -> None:
    failed = {"status": "failed", "code_desc": "x"}

    report = read({"version": "1.0.0", "profiles": [{"name": "p", "controls": []}], beside: [failed]})

    assert [(one.name, [control.status for control in one.controls]) for one in report.profiles] == [
        ("p", []),
        ("unnamed", ["failed"]),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"node_id": "x", "status": "failed"},
        {"status": "interrupted"},
        {"status_message": "Cannot connect to host"},
        {"status": "whatever", "status_message": "boom", "profiles": [{"name": "p", "controls": [{"id": "c", "results": []}]}]},
    ],
)
def test_a_scan_that_failed_in_other_words(fields: dict[str, Any]) -> None:
    with pytest.raises(ScanFailed):
        read({"version": "5", "profiles": [], **fields})


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "Failed"}, "failed"),
        ({"status": "error", "status_message": "boom"}, "failed"),
        ({"status": "ok"}, "loaded"),
        ({"status": None, "status_message": ""}, "loaded"),
    ],
)
def test_a_profile_that_failed_in_other_words(fields: dict[str, Any], status: str) -> None:
    (made,) = read({"profiles": [{"name": "p", "controls": [{"id": "c", "results": []}], **fields}]}).profiles

    assert made.status == status


@pytest.mark.parametrize("depends", [{"x": {"status": "failed"}}, [{"name": "x", "status_message": "boom"}]])
def test_a_dependency_that_failed_in_other_words(depends: Any) -> None:
    (made,) = read({"profiles": [{"name": "p", "controls": [], "depends": depends}]}).profiles

    assert [(one.name, one.status) for one in made.dependencies] == [("x", "failed")]


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_waiver_of_nulls_is_none(nothing: Any) -> None:
    failed = [{"status": "failed", "code_desc": "x"}]

    assert (
        entry_of(results=failed, waiver_data=dict.fromkeys(("expiration_date", "justification", "run"), nothing)).waiver is None
    )
    assert entry_of(results=failed, waiver_data={"skipped_due_to_waiver": False, "message": "", "port": 22}).waiver is None


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_an_export_of_automate_whose_profile_did_not_load_is_read(status: str) -> None:
    broken = {"name": "p", "status": "failed", "status_message": "boom", "controls": []}

    (made,) = read({"status": status, "node_id": "x", "profiles": [broken], "version": "5"}).profiles

    assert (made.status, made.message) == ("failed", "boom")


@pytest.mark.parametrize("depth", range(300, 1000, 50))
def test_a_text_that_nests_does_not_make_the_report_unreadable(depth: int) -> None:
    ((one,),) = inputs_of([{"name": "x", "value": "[" * depth + "]" * depth}])

    assert one.value or one.size


def test_a_profile_with_a_good_word_and_a_message_is_loaded() -> None:
    fields = {"status": "passed", "status_message": "ok"}

    (made,) = read({"profiles": [{"name": "p", "controls": [{"id": "c", "results": []}], **fields}]}).profiles

    assert made.status == "loaded"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [({"name": "Heimdall Tools", "release": "2.12.6"}, True), ({"name": "debian"}, False), ({}, False), (None, False)],
)
def test_a_report_that_a_converter_made(platform: Any, expected: bool) -> None:
    assert read(one_control() | {"platform": platform}).is_converted is expected


def test_a_report_without_its_inputs() -> None:
    report = read({"profiles": [{"name": "p", "attributes": [{"name": "x", "value": "y"}], "controls": []}]})

    assert "value='y'" in repr(report)
    assert repr(without_inputs(report)) == repr(report).replace(repr(report.entries[0].inputs), "()")


# --- reports that Chef stripped, and times that are none of a run ---------------------------------------------------------


STRIPPED = {"id": "c", "results": [{"status": "failed", "code_desc": "x"}]}


@pytest.mark.parametrize(
    "profile",
    [
        {"title": "P", "sha256": "f", "controls": [STRIPPED]},
        {"controls": [STRIPPED]},
        {"name": "", "controls": [STRIPPED | {"impact": None, "title": None}]},
        {"name": "p", "sha256": "f", "controls": [STRIPPED]},
        {"name": "p", "sha256": "f", "controls": [STRIPPED | {"impact": 0.9}, STRIPPED]},
        {"name": "p", "sha256": "f", "controls": [STRIPPED | {"title": "t"}]},
    ],
)
def test_a_profile_that_was_stripped_makes_the_report_unreadable(profile: dict[str, Any]) -> None:
    whole = {"name": "q", "controls": [STRIPPED | {"impact": 0.5}]}

    assert "list the reporter json-file before chef-automate" in reason(json.dumps({"profiles": [whole, profile]}).encode())


@pytest.mark.parametrize(
    "profile",
    [
        {"title": "P", "controls": [STRIPPED | {"impact": 0.5}, STRIPPED]},
        {"title": "P", "controls": [STRIPPED | {"title": "t"}]},
        {"title": "P", "sha256": "f", "controls": []},
        {"name": "p", "sha256": "f", "controls": [STRIPPED | {"impact": None, "title": None}]},
        {"name": "p", "controls": [STRIPPED]},
    ],
)
def test_a_profile_that_lacks_something_is_read(profile: dict[str, Any]) -> None:
    assert len(read({"profiles": [profile]}).profiles) == 1


def started(*times: str, attested: str | None = None) -> float | None:
    results = [{"status": "failed", "start_time": time} for time in times]
    if attested:
        results.append({"status": "passed", "code_desc": "Manually verified Status provided through attestation"})
        results[-1]["start_time"] = attested
    return read(one_control(results=results)).started


def test_times_that_spread_over_more_than_a_day_are_not_those_of_a_run() -> None:
    assert started("2025-03-02T04:00:00Z", "2025-03-01T04:00:01Z") == 1740801601
    assert started("2025-03-02T04:00:00Z", "2025-03-01T03:59:59Z") is None
    assert started("2025-03-02T04:00:00Z", "0001-01-01T00:00:00Z") == 1740888000


def test_old_findings_of_a_converter_are_not_its_run() -> None:
    document = one_control(results=[{"status": "failed", "start_time": "2024-06-09T11:21:11Z"}])
    converted = document | {"platform": {"name": "Heimdall Tools"}}
    times = [1717932071 + seconds for seconds in (-500_000_000, 0, 3600, 86_399, 86_401)]

    def starts(document: dict[str, Any]) -> list[float | None]:
        return [parse_report(json.dumps(document).encode(), "x", time * 10**9).started for time in times]

    assert starts(document) == [1717932071] * 5
    assert starts(converted) == [1717932071] * 4 + [None]


def test_what_an_attestation_added_is_no_test() -> None:
    assert started("2025-03-02T04:00:00Z", attested="2024-01-01T00:00:00Z") == 1740888000
    assert started(attested="2024-01-01T00:00:00Z") is None


def test_a_waiver_is_read_in_the_zone_of_times_that_are_not_those_of_a_run() -> None:
    results = [{"status": "failed", "start_time": time} for time in ("2024-01-01T00:00:00+09:00", "2025-01-01T00:00:00+09:00")]
    entry = entry_of(results=results, waiver_data={"run": True, "expiration_date": "2099-12-31"})

    assert entry.waiver.expires == 4102358400 - 9 * 3600 + 0


def test_keys_of_other_files_are_not_told() -> None:
    """A link in the results folder may lead to any file, and reasons stand on pages."""
    for document in (
        b'{"S3cr3t": 1}',
        b'{"profiles": null, "S3cr3t": [{"name": "p", "controls": []}]}',
        b'{"S3cr3t": [1], "S3cr3t": {"a": 1}}',
        b'{"a": "S3cr3t" "b"}',
    ):
        assert "S3cr3t" not in reason(document)


# --- facts ----------------------------------------------------------------------------------------------------------------


def test_what_people_route_by() -> None:
    facts = {
        "environment": "prod",
        "policy_group": "blue",
        "roles": ["web", "base"],
        "recipes": [],
        "chef_tags": ["pci", 7],
        "tags": {"team": "a"},
        "passthrough": {"ticket": "CHG1", "url": "https://a:S3cr3t@b", "nested": {"a": [1, True]}, "raw": {"x": "y" * 2000}},
        "other": "x",
    }

    assert read(one_control() | facts).facts == (
        ("environment", "prod"),
        ("policy_group", "blue"),
        ("roles", "web, base"),
        ("chef_tags", "pci, 7"),
        ("tags", '{"team": "a"}'),
        ("passthrough ticket", "CHG1"),
        ("passthrough url", "https://***@b"),
        ("passthrough nested", '{"a": [1, true]}'),
        ("passthrough raw", "not shown: 2,009 characters"),
    )


def test_facts_are_masked_as_inputs_are() -> None:
    document = one_control() | {
        "passthrough": {"pw": "S3cr3t-1", "db": {"pw": "S3cr3t-2"}, "note": "S3cr3t-3", "chef_node": {"a": 1}},
        "environment": "S3cr3t-3",
    }
    document["profiles"][0]["attributes"] = [{"name": "pw", "options": {"sensitive": True, "value": "S3cr3t-3"}}]

    assert read(document).facts == (
        ("environment", "***"),
        ("passthrough pw", "not shown: sensitive"),
        ("passthrough db", '{"pw": "not shown: sensitive"}'),
        ("passthrough note", "***"),
    )


@pytest.mark.parametrize(
    ("passthrough", "expected"),
    [("CHG1", (("passthrough", "CHG1"),)), (["a"], (("passthrough", "a"),)), (None, ()), ({}, ()), ("x" * 2000, None)],
)
def test_passthrough_of_any_type(passthrough: Any, expected: Any) -> None:
    facts = read(one_control() | {"passthrough": passthrough}).facts

    assert facts == expected or (expected is None and len(facts[0][1]) == 1003)


def test_facts_are_limited() -> None:
    assert len(read(one_control() | {"passthrough": {f"k{number}": "v" for number in range(1000)}}).facts) == 100
