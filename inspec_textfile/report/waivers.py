"""Waivers, and attestations of what cannot be tested.

Both are read in two steps: first what they say; then, once the start and time zone of the run are known, when they end.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple, TypeVar

from inspec_textfile.report.dates import names_a_day, parse_time
from inspec_textfile.report.model import Attestation, ControlEntry, ProfileEntry, Waiver
from inspec_textfile.report.problems import Warnings
from inspec_textfile.text import as_text

_T = TypeVar("_T", Waiver, Attestation)
_KNOWN = {"justification", "expiration_date", "run", "message", "skipped_due_to_waiver"}
_YES_AND_NO = {"true": True, "yes": True, "false": False, "no": False}
_OF_ATTESTATION = {"status", "explanation", "updated", "updated_by", "frequency"}
# What other writers call a waiver's justification and an attestation's explanation.
_REASONS = ("justification", "explanation", "reason", "rationale", "comment", "comments", "note", "notes", "description")
# Keys of a date that sound like the end of a waiver, and keys of any other date but these that do not.
_SOUNDS_LIKE_END = re.compile(r"expir|^exp|end|until|valid|deadline|due", re.IGNORECASE)
_SOUNDS_LIKE_START = re.compile(
    "approv|accept|creat|start|begin|from|since|grant|review|updat|request|record|add|sign|open|last", re.IGNORECASE
)
_A_DATE = re.compile(r"\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T\s].*)?\Z", re.DOTALL)

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


def read_waiver(value: Any) -> Waiver | None:
    """Return the waiver in a control's `waiver_data`, None if there is none.

    Without `--waiver-file` InSpec takes any hash input that is named like a control for its waiver, and adds
    `skipped_due_to_waiver` and `message` to it, false and empty (lib/inspec/rule.rb, __apply_waivers).
    """
    if not value or not isinstance(value, dict):
        return None
    run = value.get("run")
    if isinstance(run, str):  # from a CSV or quoted in YAML
        run = _YES_AND_NO.get(run.strip().lower())
    message, justification = as_text(value.get("message")), as_text(value.get("justification"))
    expires_text = as_text(value.get("expiration_date"))
    was_skipped = as_text(value.get("skipped_due_to_waiver")).strip().lower() not in ("", "false", "no", "0")
    if not (isinstance(run, bool) or was_skipped or any(text.strip() for text in (justification, expires_text, message))):
        return None
    reason, extra = _reason(value, "justification", _KNOWN)
    return Waiver(
        justification=reason,
        expires_text=expires_text,
        # lib/inspec/rule.rb, __apply_waivers: "Waiver expired on DATE, evaluating control normally"
        expired=message.startswith("Waiver expired"),
        run=run if isinstance(run, bool) else None,
        message=message,
        extra=extra,
    )


def read_attestation(value: Any) -> Attestation | None:
    """Return the attestation in a control's `attestation_data`, the last one of a list; None if there is none."""
    item = next((item for item in reversed(value) if item), None) if isinstance(value, list) else value
    if not isinstance(item, dict) or all(part in (None, "", [], {}) for part in item.values()):
        return None
    explanation, extra = _reason(item, "explanation", _OF_ATTESTATION)
    return Attestation(
        status=as_text(item.get("status")),
        explanation=explanation,
        updated=as_text(item.get("updated")),
        updated_by=as_text(item.get("updated_by")),
        frequency=as_text(item.get("frequency")),
        extra=extra,
    )


def _reason(item: Mapping[str, Any], name: str, known: Collection[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return why somebody decided so, under its own or another name, and the fields that nothing else reads."""
    key = next((key for key in (name, *_REASONS) if as_text(item.get(key)).strip()), name)
    extra = tuple((as_text(other), as_text(value)) for other, value in item.items() if other not in known and other != key)
    return as_text(item.get(key)), extra


def _other_end(waiver: Waiver) -> str:
    """Return the key of a date that was meant to end the waiver and that InSpec does not read, "" for none."""
    if waiver.expires_text:
        return ""
    for key, text in waiver.extra:
        if text.strip() and _SOUNDS_LIKE_END.search(key) and parse_time(text, year=2000):
            return key
        if _A_DATE.match(text) and not _SOUNDS_LIKE_START.search(key):
            return key
    return ""


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
        # InSpec 4.17 to 4.23.9 does not look at the date of a waiver whose `run` is true or absent.
        waiver = _with_end(waiver, _read(waiver.expires_text, run), waiver.expires_text, run)
        if waiver.unreadable_date:
            warnings.add("waiver-date", control.id, waiver.expires_text)
        if other := _other_end(waiver):
            warnings.add("waiver-key", control.id, other)
    if attestation:
        attestation = _with_end(attestation, _attestation_ends(attestation, run), attestation.updated, run)
        if attestation.unreadable_date:
            warnings.add("attestation-date", control.id, attestation.updated, attestation.frequency)
    return control._replace(waiver=waiver, attestation=attestation)


def _with_end(one: _T, ends: datetime | None, dated: str, run: RunTime) -> _T:
    """Return a waiver or an attestation with its end, which follows from the date `dated`."""
    if not ends:
        return one
    expires = ends.timestamp()
    day = ends.date().isoformat() if names_a_day(dated) else ""
    return one._replace(expires=expires, expired=one.expired or expires < run.began, expires_day=day)


def _read(text: str, run: RunTime) -> datetime | None:
    return parse_time(text, zone=run.zone, year=run.year)


def _attestation_ends(attestation: Attestation, run: RunTime) -> datetime | None:
    updated = _read(attestation.updated, run)
    lasts = _lasts(attestation.frequency)
    if not updated or not lasts:
        return None
    days, months = lasts
    try:
        ends = _add_months(updated, months) + timedelta(days=days)
        ends.timestamp()  # which not every time has
        return ends
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
