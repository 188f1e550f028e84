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
