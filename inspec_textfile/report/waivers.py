"""Waivers, and attestations of what cannot be tested.

Both are read in two steps: first what they say; then, once the start and time zone of the run are known, when they end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from inspec_textfile.report.dates import parse_time
from inspec_textfile.report.model import Attestation, ControlEntry, ProfileEntry, Waiver
from inspec_textfile.report.problems import Warnings
from inspec_textfile.text import as_text

_KNOWN = {"justification", "expiration_date", "run", "message", "skipped_due_to_waiver"}
_YES_AND_NO = {"true": True, "yes": True, "false": False, "no": False}

# mitre/heimdall2, libs/hdf-converters/src/utils/attestations.ts, `advanceDate`: (days, months)
_FREQUENCIES = {
    "annually": (0, 12),
    "semiannually": (0, 6),
    "quarterly": (0, 3),
    "monthly": (0, 1),
    "every2weeks": (14, 0),
    "fortnightly": (14, 0),
    "weekly": (7, 0),
    "every3days": (3, 0),
    "daily": (1, 0),
}
_FREQUENCY = re.compile(r"(\d{1,10}(?:\.\d{0,10})?)\s{0,10}([dwmy])", re.IGNORECASE | re.ASCII)
_UNITS = {"d": (1, 0), "w": (7, 0), "m": (0, 1), "y": (0, 12)}


class RunTime(NamedTuple):
    """What decides whether a waiver or an attestation still counted."""

    began: float
    """Unix time, seconds; the file's mtime if the results do not say."""
    zone: tzinfo | None
    """The zone that the results' start times show; None if they show none, which means this host's."""
    year: int
    """For dates that name no year."""


def read_waiver(item: Mapping[str, Any]) -> Waiver:
    """Return the waiver in a control's `waiver_data`."""
    run = item.get("run")
    if isinstance(run, str):  # from a CSV or quoted in YAML
        run = _YES_AND_NO.get(run.strip().lower())
    message = as_text(item.get("message"))
    return Waiver(
        justification=as_text(item.get("justification")),
        expires_text=as_text(item.get("expiration_date")),
        # lib/inspec/rule.rb, __apply_waivers: "Waiver expired on DATE, evaluating control normally"
        expired=message.startswith("Waiver expired"),
        run=run if isinstance(run, bool) else None,
        message=message,
        extra=tuple((as_text(key), as_text(value)) for key, value in item.items() if key not in _KNOWN),
    )


def read_attestation(item: Mapping[str, Any]) -> Attestation:
    """Return the attestation in a control's `attestation_data`."""
    return Attestation(
        status=as_text(item.get("status")),
        explanation=as_text(item.get("explanation")),
        updated=as_text(item.get("updated")),
        updated_by=as_text(item.get("updated_by")),
        frequency=as_text(item.get("frequency")),
    )


def with_ends(entries: tuple[ProfileEntry, ...], run: RunTime, warnings: Warnings) -> tuple[ProfileEntry, ...]:
    """Return the entries with the ends of their waivers and attestations. Dates that cannot be read add a warning."""
    return tuple(
        entry._replace(controls=tuple(_control(control, run, warnings) for control in entry.controls))
        if any(control.waiver or control.attestation for control in entry.controls)
        else entry
        for entry in entries
    )


def _control(control: ControlEntry, run: RunTime, warnings: Warnings) -> ControlEntry:
    waiver, attestation = control.waiver, control.attestation
    if waiver:
        ends = _read(waiver.expires_text, run)
        expires = ends.timestamp() if ends else None
        # InSpec 4.17 to 4.23.9 does not look at the date of a waiver whose `run` is true or absent.
        waiver = waiver._replace(expires=expires, expired=waiver.expired or _is_past(expires, run))
        if waiver.unreadable_date:
            warnings.add("waiver-date", control.id, waiver.expires_text)
    if attestation:
        expires = _attestation_ends(attestation, run)
        attestation = attestation._replace(expires=expires, expired=_is_past(expires, run))
        if attestation.unreadable_date:
            warnings.add("attestation-date", control.id, attestation.updated, attestation.frequency)
    return control._replace(waiver=waiver, attestation=attestation)


def _is_past(expires: float | None, run: RunTime) -> bool:
    return expires is not None and expires < run.began


def _read(text: str, run: RunTime) -> datetime | None:
    return parse_time(text, zone=run.zone, year=run.year)


def _attestation_ends(attestation: Attestation, run: RunTime) -> float | None:
    updated = _read(attestation.updated, run)
    lasts = _lasts(attestation.frequency)
    if not updated or not lasts:
        return None
    days, months = lasts
    try:
        return (_add_months(updated, months) + timedelta(days=days)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _lasts(frequency: str) -> tuple[int, int] | None:
    """Return how long an attestation holds, as (days, months)."""
    named = _FREQUENCIES.get(frequency.strip().lower())
    match = _FREQUENCY.search(frequency)
    if named or not match:
        return named
    days, months = _UNITS[match[2].lower()]
    number = float(match[1])
    return round(number * days), round(number * months)


def _add_months(moment: datetime, months: int) -> datetime:
    """Return the same day some months later, the month's last where it is shorter."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    next_month = datetime(year + month // 11, (month + 1) % 12 + 1, 1)
    last_day = (next_month - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))
