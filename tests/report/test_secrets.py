"""The value of a sensitive input is nowhere in a report, except in ids, names and what findings are counted by."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import ScanFailed

SECRET = "S3cr3t/pass word"  # noqa: S105


def read(document: Any) -> Any:
    return parse_report(json.dumps(document).encode(), "x", 0)


def document_of(value: Any, *, profile: dict[str, Any] | None = None, **control: Any) -> dict[str, Any]:
    """Return a report with a wrapper that sets a sensitive input, and the profile that marks it."""
    wrapper = {"name": "top", "attributes": [{"name": "pw", "options": {"value": value}}], "controls": []}
    base = {"name": "base", "parent_profile": "top", **(profile or {})}
    base["attributes"] = [{"name": "pw", "options": {"sensitive": True, "value": "***"}}, *base.get("attributes", [])]
    base["controls"] = [{"id": "c", "impact": 0.9, "results": [{"status": "failed", "code_desc": "x"}], **control}]
    return {"profiles": [wrapper, base], "version": "7.0.0"}


@pytest.mark.parametrize(
    "control",
    [
        {"title": f"uses {SECRET}"},
        {"desc": SECRET},
        {"code": f'login "{SECRET}"'},
        {"descriptions": [{"label": "fix", "data": f"set {SECRET}"}]},
        {"descriptions": {"fix": f"set {SECRET}"}},
        {"descriptions": {SECRET: "set it"}},
        {"tags": {"deep": [{"a": SECRET}], "name": SECRET, "status": SECRET}},
        {"tags": {SECRET: 1, "deep": [{f"a {SECRET}": 1}]}},
        {"refs": [{"url": f"https://a:{SECRET}@b"}, {"ref": SECRET}]},
        {"refs": [{"url": "https://b/?pw=S3cr3t%2Fpass%20word"}, {"url": "https://b/?pw=S3cr3t%2Fpass+word"}]},
        {"results": [{"status": "failed", "code_desc": SECRET, "message": f"expected {SECRET}", "backtrace": [SECRET]}]},
        {"results": [{"status": "skipped", "skip_message": SECRET, "exception": SECRET}]},
        {"waiver_data": {"run": True, "justification": SECRET, "message": SECRET, "approver": SECRET}},
        {"attestation_data": {"status": "passed", "explanation": SECRET, "updated_by": SECRET}},
        {"source_location": {"ref": SECRET, "line": 1}},
    ],
)
def test_in_a_control(control: dict[str, Any]) -> None:
    report = read(document_of(SECRET, **control))

    assert "S3cr3t" not in repr(report)
    assert "***" in repr(report)
    assert report.profiles[0].controls[0].id == "c"


@pytest.mark.parametrize(
    "profile",
    [
        {"title": SECRET, "summary": SECRET, "maintainer": SECRET, "status_message": SECRET, "supports": [{"a": SECRET}]},
        {"attributes": [{"name": "url", "options": {"value": f"https://a:{SECRET}@b/?name={SECRET}"}}]},
        {"attributes": [{"name": "db", "options": {"value": {"name": SECRET, "status": SECRET}}}]},
        {"attributes": [{"name": "db", "options": {"value": {SECRET: 1, "x": {SECRET: 2}}, "default": {SECRET: 3}}}]},
        {"attributes": [{"name": "db", "options": {"value": json.dumps({"x": {"y": SECRET}})}}]},
        {"depends": [{"name": "z", "status": "failed", "status_message": SECRET}]},
    ],
)
def test_in_a_profile(profile: dict[str, Any]) -> None:
    assert "S3cr3t" not in repr(read(document_of(SECRET, profile=profile)))


def test_in_the_document() -> None:
    document = document_of(SECRET) | {"node_name": f"web-{SECRET}", "passthrough": {"note": SECRET}}
    document["other_checks"] = [{"status": "failed", "code_desc": SECRET}]

    assert "S3cr3t" not in repr(read(document))


def test_in_what_a_failed_scan_says() -> None:
    with pytest.raises(ScanFailed, match=r"connect with \*\*\*$"):
        read(document_of(SECRET) | {"status": "failed", "status_message": f"connect with {SECRET}"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345678, "port 12345678"),
        (["S3cr3t-1", {"a": "S3cr3t-2"}], "S3cr3t-1 and S3cr3t-2"),
        ('{"a": "S3cr3t-1"}', "S3cr3t-1"),
        ('quote"S3cr3t', 'say "quote\\"S3cr3t"'),
        ("  S3cr3t  ", "S3cr3t"),
        ("-----BEGIN-----\nS3cr3tS3cr3tS3cr3t\n-----END-----", "  +S3cr3tS3cr3tS3cr3t"),
        ("gehêim-S3cr3t", "geh\\u00eaim-S3cr3t"),
        ("S3cr3t", "S3cr3t"),
    ],
)
def test_values_of_every_form(value: Any, text: str) -> None:
    shown = repr(read(document_of(value, title=text)))

    assert "S3cr3t" not in shown
    assert "12345678" not in shown


@pytest.mark.parametrize("value", ["short", "******", "***", "", None, True, 12345])
def test_what_stands_in_other_texts_by_chance_stays(value: Any) -> None:
    title = f"short ****** *** true {value} 12345"

    assert read(document_of(value, title=title)).profiles[0].controls[0].entry.title == title


def test_ids_names_and_statuses_stay() -> None:
    for value in ("failed", "control-1", "medium", "profile"):
        document = document_of(value, id="control-1", results=[{"status": "failed", "code_desc": value}])
        document["profiles"][1]["name"] = document["profiles"][0]["name"] = "profile"
        (profile,) = read(document).profiles

        assert (profile.name, [(one.id, one.status, one.severity) for one in profile.controls]) == (
            "profile",
            [("control-1", "failed", "critical")],
        )


def test_the_names_of_inputs_stay() -> None:
    other = {"name": "password", "options": {"value": "x"}}
    report = read(document_of("password", profile={"attributes": [other]}))

    assert [[one.name for one in entry.inputs] for entry in report.entries] == [["pw"], ["pw", "password"]]


def test_a_report_without_sensitive_inputs_is_not_touched() -> None:
    document = document_of(SECRET, title=SECRET)
    del document["profiles"][1]["attributes"][0]["options"]["sensitive"]

    assert read(document).profiles[0].controls[0].entry.title == SECRET


def test_thousands_of_values_in_a_large_report_take_seconds() -> None:
    document = document_of([f"{'a' * number}-S3cr3t" for number in range(3000)], code="a" * 3_000_000)
    started = time.process_time()

    read(document)

    assert time.process_time() - started < 10
