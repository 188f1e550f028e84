"""Waivers and attestations end when InSpec and mitre/saf say so."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from inspec_textfile.report.model import Report
from inspec_textfile.report.parse import parse_report

RUN = "2026-11-24T06:00:00+00:00"


def read(start_time: str | None = RUN, modified_ns: int = 0, **fields: Any) -> Report:
    control = {"id": "c", "impact": 0.7, "results": [{"status": "failed", "start_time": start_time}], **fields}
    return parse_report(json.dumps({"profiles": [{"name": "p", "controls": [control]}]}).encode(), "x", modified_ns)


def waived(date: str | None, start_time: str | None = RUN, modified_ns: int = 0, **waiver: Any) -> Any:
    data = {"justification": "because", "run": True, "message": "", "expiration_date": date, **waiver}
    report = read(start_time, modified_ns, waiver_data=data)
    return report.profiles[0].controls[0], report.warnings


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=timezone.utc).timestamp()  # type: ignore[arg-type, misc]  # year, month, day are there


def test_a_waiver_whose_date_lies_before_the_run_has_expired_whatever_it_says() -> None:
    control, warnings = waived("2026-11-23")

    assert (control.status, control.entry.waiver.expired, warnings) == ("failed", True, ())


def test_a_waiver_that_says_that_it_expired_has() -> None:
    control, _ = waived(None, message="Waiver expired on 2020-01-01, evaluating control normally")

    assert control.status == "failed"


@pytest.mark.parametrize("date", ["2026-11-25", "25 Nov 2026", "2026-11-24T06:00:00Z", None, ""])
def test_a_waiver_in_force(date: str | None) -> None:
    control, warnings = waived(date)

    assert (control.status, control.entry.waiver.expired, warnings) == ("waived", False, ())


@pytest.mark.parametrize(
    ("start_time", "expected"),
    [
        ("2026-11-24T06:00:00+01:00", at(2099, 12, 30, 23)),
        ("2026-11-24T06:00:00-05:00", at(2099, 12, 31, 5)),
        ("2026-11-24T06:00:00Z", at(2099, 12, 31)),
    ],
)
def test_a_date_is_midnight_in_the_zone_of_the_results(start_time: str, expected: float) -> None:
    assert waived("31.12.2099", start_time)[0].entry.waiver.expires == expected


@pytest.mark.parametrize("date", ["when the vendor ships", "12/31/2099", "2099"])
def test_a_date_that_cannot_be_read_is_no_end_and_is_told(date: str) -> None:
    control, (warning,) = waived(date)
    waiver = control.entry.waiver

    assert (waiver.expires, waiver.expires_text, waiver.unreadable_date) == (None, date, True)
    assert f"expiration date {date!r} cannot be read" in warning.text
    assert "waiver for c " in warning.text


def test_without_a_date_nothing_is_told() -> None:
    control, warnings = waived(None)

    assert not control.entry.waiver.unreadable_date
    assert warnings == ()


def test_a_run_that_does_not_say_when_it_began_began_before_the_file_was_written() -> None:
    written = int(at(2026, 11, 24) * 1e9)

    assert waived("2026-11-23", None, written)[0].status == "failed"
    assert waived("2026-11-25", None, written)[0].status == "waived"


def attested(updated: str, frequency: str, start_time: str | None = RUN, modified_ns: int = 0) -> Any:
    data = {"status": "passed", "explanation": "seen", "updated": updated, "updated_by": "A", "frequency": frequency}
    report = read(start_time, modified_ns, attestation_data=data)
    return report.profiles[0].controls[0].entry.attestation, report.warnings


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        # mitre/heimdall2, libs/hdf-converters/src/utils/attestations.ts, advanceDate
        ("annually", at(2027, 1, 31)),
        ("semiannually", at(2026, 7, 31)),
        ("quarterly", at(2026, 4, 30)),
        ("monthly", at(2026, 2, 28)),
        ("every2weeks", at(2026, 2, 14)),
        ("fortnightly", at(2026, 2, 14)),
        ("weekly", at(2026, 2, 7)),
        ("every3days", at(2026, 2, 3)),
        ("daily", at(2026, 2, 1)),
        ("10d", at(2026, 2, 10)),
        ("2 weeks", at(2026, 2, 14)),
        ("3m", at(2026, 4, 30)),
        ("1.5y", at(2027, 7, 31)),
        ("13 months", at(2027, 2, 28)),
        ("Annually", at(2027, 1, 31)),
    ],
)
def test_when_an_attestation_ends(frequency: str, expected: float) -> None:
    assert attested("2026-01-31", frequency)[0].expires == expected


def test_what_an_attestation_says() -> None:
    found, warnings = attested("2026-05-02", "annually")

    assert found._asdict() == {
        "status": "passed",
        "explanation": "seen",
        "updated": "2026-05-02",
        "updated_by": "A",
        "frequency": "annually",
        "expires": at(2027, 5, 2),
        "expired": False,
        "extra": (),
        "expires_day": "2027-05-02",
    }
    assert warnings == ()


@pytest.mark.parametrize(("updated", "expired"), [("2025-11-23", True), ("2025-11-25", False)])
def test_an_attestation_that_ran_out_before_the_run(updated: str, expired: bool) -> None:
    assert attested(updated, "annually")[0].expired is expired


@pytest.mark.parametrize(
    ("updated", "frequency"),
    [("lately", "annually"), ("2026-01-31", "often"), ("2026-01-31", "9999999999y"), ("9999-12-31", "1y")],
)
def test_an_attestation_that_does_not_tell_its_end_is_told(updated: str, frequency: str) -> None:
    found, (warning,) = attested(updated, frequency)

    assert (found.expires, found.expired, found.unreadable_date) == (None, False, True)
    assert "its end is unknown" in warning.text


@pytest.mark.parametrize("data", [None, {}, [], "passed"])
def test_what_is_no_attestation(data: Any) -> None:
    assert read(attestation_data=data).profiles[0].controls[0].entry.attestation is None


# --- what is a waiver, and what it says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "is_waiver"),
    [
        ({"skipped_due_to_waiver": False, "message": "", "port": 22, "users": ["root"]}, False),
        ({"skipped_due_to_waiver": "false", "message": None, "valid_until": "2099-12-31"}, False),
        ({"skipped_due_to_waiver": False, "message": " ", "run": "", "justification": " "}, False),
        ({"skipped_due_to_waiver": True, "message": ""}, True),
        ({"skipped_due_to_waiver": False, "message": "Waiver expired on 2020-01-01, evaluating control normally"}, True),
        ({"run": False}, True),
        ({"run": "false"}, True),
        ({"justification": "because"}, True),
        ({"expiration_date": "2099-12-31"}, True),
        ([{"justification": "because"}], False),
    ],
)
def test_what_is_a_waiver(data: Any, is_waiver: bool) -> None:
    """InSpec takes any hash input that is named like a control for its waiver (inspec/inspec#5001)."""
    assert (read(waiver_data=data).profiles[0].controls[0].entry.waiver is not None) is is_waiver


@pytest.mark.parametrize(
    ("key", "date"),
    [
        ("expiry_date", "2020-01-01"),
        ("expires", "2020-01-01"),
        ("expires_on", "1 Jan 2020"),
        ("expirationDate", "2020-01-01"),
        ("expiration-date", "2020-01-01T00:00:00Z"),
        ("Expiration_Date", "01.01.2020"),
        ("exp_date", "01/02/2020"),
        ("end_date", "2020-01-01"),
        ("valid_until", "2020/01/01"),
        ("until", "2020-01-01"),
        ("deadline", "Jan 2020"),
        ("sunset", "2020-01-01"),
        ("date", "31.12.2020"),
    ],
)
def test_a_date_under_a_key_that_inspec_does_not_read_is_told(key: str, date: str) -> None:
    report = read(waiver_data={"justification": "because", "run": True, key: date})
    control, warnings = report.profiles[0].controls[0], report.warnings

    assert control.status == "waived"
    assert [warning.text for warning in warnings] == [
        f"has a waiver for c with a date under the key {key!r}, which InSpec does not read, so the waiver never ends: call it "
        "expiration_date"
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"approved_on": "2020-01-01", "created": "2020-01-01", "start_date": "2020-01-01", "last_review": "2020-01-01"},
        {"ticket": "CHG-2020-01-01", "approver": "May", "vendor": "expires never", "expires": "when the vendor ships"},
        {"expires": None, "until": ""},
    ],
)
def test_other_fields_of_a_waiver_are_no_end(fields: dict[str, Any]) -> None:
    assert waived(None, **fields)[1] == ()


def test_a_waiver_with_a_date_of_its_own_may_have_other_dates() -> None:
    assert waived("2099-12-31", review_by="2020-01-01", valid_until="2020-01-01")[1] == ()


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2099-12-31", "2099-12-31"),
        ("2099/12/31", "2099-12-31"),
        ("31.12.2099", "2099-12-31"),
        ("31 Dec 2099", "2099-12-31"),
        ("20991231", "2099-12-31"),
        ("Dec 2099", "2099-12-01"),
        ("2099-12-31 00:00:00 UTC", ""),
        ("2099-12-31T12:00:00+09:00", ""),
        ("31 Dec 2099 5pm", ""),
        ("20991231T120000Z", ""),
        ("some day", ""),
    ],
)
@pytest.mark.parametrize("zone", ["+09:00", "-11:00", "Z"])
def test_a_date_without_a_time_is_a_day(date: str, day: str, zone: str) -> None:
    control, _ = waived(date, f"2026-11-24T06:00:00{zone}")

    assert control.entry.waiver.expires_day == day


@pytest.mark.parametrize("key", ["reason", "rationale", "justification", "comment", "notes", "description"])
def test_an_explanation_under_another_name(key: str) -> None:
    data = {"status": "passed", key: "seen by A", "attested_by": "A"}
    attestation = read(attestation_data=data).profiles[0].controls[0].entry.attestation

    assert attestation is not None
    assert (attestation.explanation, attestation.extra) == ("seen by A", (("attested_by", "A"),))


def test_a_justification_under_another_name_and_the_last_of_several_attestations() -> None:
    control = (
        read(waiver_data={"run": True, "reason": "because"}, attestation_data=[{"status": "failed"}, {"status": "passed"}, {}])
        .profiles[0]
        .controls[0]
    )

    assert control.entry.waiver is not None
    assert (control.entry.waiver.justification, control.entry.waiver.extra) == ("because", ())
    assert control.entry.attestation is not None
    assert control.entry.attestation.status == "passed"


def test_an_attestation_of_nulls_is_none() -> None:
    data = dict.fromkeys(("status", "explanation", "updated"))

    assert read(attestation_data=data).profiles[0].controls[0].entry.attestation is None
